"""Export formats as data: their column names, date forms and marks, from `data/registry/formats/`."""

import functools
import tomllib

from helpers import paths

FORMATS = paths.DATA / "registry" / "formats"


@functools.cache
def load_format(name: str) -> dict:
    """Load what is known of a family of exports.

    Parameters
    ----------
    name
        Stem of the file: `flock`, `workbook`, `eff`, `cells`.

    Returns
    -------
    The file as nested dicts. It is shared: do not change it.
    """
    with (FORMATS / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
