"""Cite sources, and say at a notebook's foot what it was made from."""

import platform
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from helpers import __version__, paths
from helpers.errors import DataError
from helpers.facts.dates import write_date
from helpers.facts.tables import describe_table, load_table
from helpers.files import hash_file

_HOUSE = ("pandas", "matplotlib", "networkx")


def cite_sources(source_ids, facts: str | Path | None = None) -> pd.DataFrame:
    """Look up sources by name; repeated and missing names are passed over.

    Returns
    -------
    DataFrame, one row per source in the order of first mention: source_id, title, publisher, published_on,
    read_as, url, cite_as (how it is named in print: publisher and date, `The Fresno Bee, 18 March 2019`).

    Raises
    ------
    DataError
        A name that is not in the table.
    """
    wanted = list(dict.fromkeys(name for name in source_ids if isinstance(name, str) and name))
    known = load_table("sources", facts).set_index("source_id")
    unknown = [name for name in wanted if name not in known.index]
    if unknown:
        found = f"no source named {', '.join(unknown)}"
        raise DataError("sources.csv", found, "Add a row for it, or correct the name.")
    columns = ["title", "publisher", "published_on", "read_as", "url"]
    found = known.loc[wanted, columns].reset_index()
    dates = found["published_on"].map(write_date, na_action="ignore").fillna("undated")
    return found.assign(cite_as=(found["publisher"] + ", " + dates).astype("str"))


def name_publishers(source_ids, facts: str | Path | None = None) -> str:
    """Return the publishers of sources for a figure's foot, the most used first: `ACLU; DHS; and 4 more`."""
    publishers = cite_sources(source_ids, facts).set_index("source_id")["publisher"]
    counts = pd.Series(list(source_ids)).dropna().map(publishers).value_counts()
    names = sorted(counts.index, key=lambda name: (-counts[name], name))
    rest = f"; and {len(names) - 3} more" if len(names) > 3 else ""
    return "; ".join(names[:3]) + rest


def state_provenance(tables: list[str], parameters: dict, facts: str | Path | None = None) -> str:
    """Say what a notebook was made from, without a clock time, so that the same inputs give the same text.

    Parameters
    ----------
    tables
        Names of the fact tables it loaded; their checksums are given.
    parameters
        The notebook's parameters and their values.
    facts
        Folder with the tables.
    """
    folder = paths.find_facts(facts)
    files = [Path(describe_table(name)["path"]).name for name in tables]
    width = max(map(len, files))
    given = ", ".join(f"{key} = {value!r}" for key, value in parameters.items())
    versions = " · ".join(f"{name} {version(name)}" for name in _HOUSE)
    return "\n".join(
        [
            "Tables (SHA-256):",
            *(f"  {name:<{width}}  {hash_file(folder / name)}" for name in files),
            f"Parameters: {given or 'none'}",
            f"Side Door {__version__}, requirements.lock {hash_file(paths.LOCK)[:16]}",
            f"Versions: Python {platform.python_version()} · {versions}",
            "Cite: see CITATION.cff; name this notebook, its parameters and the table hashes above.",
        ]
    )
