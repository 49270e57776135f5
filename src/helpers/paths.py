"""Where files and folders are: the only module that knows their names."""

import os
from pathlib import Path


def find_root() -> Path:
    """Return the root of the repository: the nearest folder above that holds `data/datapackage.json`."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "data" / "datapackage.json").is_file():
            return folder
    raise FileNotFoundError(
        "this installation has no data: Side Door runs from a clone of its repository only. "
        "Clone it and install it there with `pip install -e .`."
    )


ROOT = find_root()
SOURCE = ROOT / "src"
PACKAGES = ("helpers", "sidedoor")
DATA = ROOT / "data"
FACTS = DATA / "facts"
SCHEMA = DATA / "datapackage.json"
NOTEBOOKS = ROOT / "notebooks"
EDITIONS = NOTEBOOKS / "editions"
# The README opens with a figure of a notebook; `refresh` copies it.
FRONT_FIGURE = "accounts-by-list"
FRONT_PICTURE = ROOT / "README.png"
LOCK = ROOT / "requirements.lock"
RUNS = Path(os.environ.get("SIDEDOOR_RUNS") or ROOT / "runs").absolute()


def find_figure_folder() -> Path:
    """Return where figures of this run go: the runner's folder, or `runs/by-hand/figures` without one."""
    given = os.environ.get("SIDEDOOR_FIGURES")
    return Path(given) if given else RUNS / "by-hand" / "figures"


DEFAULT_EDITION = "aclu-release"
# Results of no edition file: notebooks run with a parameter of one's own, and all notebooks with defaults.
BY_HAND = "by-hand"
DEFAULTS = "defaults"
FETCHED = "fetched"


def find_run_folder(edition: str) -> Path:
    """Return the folder that holds the results of an edition."""
    return RUNS / edition


def find_record_folder(edition: str) -> Path:
    """Return the folder of what was read from the raw files of an edition; nothing in it is published."""
    return find_run_folder(edition) / "records"


def find_facts(facts: str | Path | None = None) -> Path:
    """Return a folder of fact tables. A relative path starts at the repository, wherever it is called."""
    return (ROOT / facts).resolve() if facts else FACTS
