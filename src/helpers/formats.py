"""Export formats as data: their column names, date forms and marks, from `data/registry/formats/`."""

import functools

from helpers import paths
from helpers.toml import parse_toml

FORMATS = paths.DATA / "registry" / "formats"


@functools.cache
def load_format(name: str) -> dict:
    """Return what is known of a family of exports, such as `flock`. It is shared: do not change it."""
    return parse_toml(FORMATS / f"{name}.toml")
