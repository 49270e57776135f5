"""Where things are: the only module that knows folder names."""

import os
from pathlib import Path


def find_root() -> Path:
    """Find the repository root: the nearest folder, up from this file, that holds `data/datapackage.json`.

    Raises
    ------
    FileNotFoundError
        The package was installed without its repository.
    """
    for folder in Path(__file__).resolve().parents:
        if (folder / "data" / "datapackage.json").is_file():
            return folder
    raise FileNotFoundError(
        "Side Door runs from a clone of its repository: no data/datapackage.json above "
        f"{Path(__file__).name}. Clone the repository and install it with `pip install -e .`."
    )


ROOT = find_root()
DATA = ROOT / "data"
FACTS = DATA / "facts"
SCHEMA = DATA / "datapackage.json"
NOTEBOOKS = ROOT / "notebooks"
EDITIONS = NOTEBOOKS / "editions"
LOCK = ROOT / "requirements.lock"
RUNS = Path(os.environ.get("SIDEDOOR_RUNS") or ROOT / "runs")


def find_figure_folder() -> Path:
    """Find where figures of the present run go: the runner's folder, or `runs/by-hand/figures` without a runner."""
    given = os.environ.get("SIDEDOOR_FIGURES")
    return Path(given) if given else RUNS / "by-hand" / "figures"
