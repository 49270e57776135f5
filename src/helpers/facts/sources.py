"""Cite sources, and say at a notebook's foot what it was made from."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from helpers import __version__, paths
from helpers.errors import DataError
from helpers.facts.dates import write_date
from helpers.facts.tables import describe_table, load_table

_HOUSE = ("pandas", "matplotlib", "networkx")


def cite_sources(source_ids, facts: str | Path | None = None) -> pd.DataFrame:
    """Look up sources by name.

    Parameters
    ----------
    source_ids
        Names in the table `sources`; repeated and missing ones are passed over.
    facts
        Folder with the tables; by default `data/facts`.

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
        raise DataError(
            "sources.csv", f"no source named {', '.join(unknown)}", "Add a row for it, or correct the name."
        )
    columns = ["title", "publisher", "published_on", "read_as", "url"]
    found = known.loc[wanted, columns].reset_index()
    dates = found["published_on"].map(write_date, na_action="ignore").fillna("undated")
    return found.assign(cite_as=(found["publisher"] + ", " + dates).astype("str"))


def name_publishers(source_ids, facts: str | Path | None = None, most: int = 3) -> str:
    """Return the publishers of sources for a figure's foot, the most used first: `ACLU; DHS; and 4 more`."""
    table = cite_sources(source_ids, facts)
    used = pd.Series(list(source_ids)).dropna().map(table.set_index("source_id")["publisher"])
    order = used.value_counts(sort=True).rename_axis("publisher").reset_index(name="n")
    names = order.sort_values(["n", "publisher"], ascending=[False, True])["publisher"].tolist()
    rest = len(names) - most
    return "; ".join(names[:most]) + (f"; and {rest} more" if rest > 0 else "")


def state_provenance(tables: list[str], parameters: dict, facts: str | Path | None = None) -> str:
    """Say what a notebook was made from, without a clock time, so that the same inputs give the same text.

    Parameters
    ----------
    tables
        Names of the fact tables it loaded.
    parameters
        Its parameters and their values.
    facts
        Folder with the tables; by default `data/facts`.

    Returns
    -------
    str: tables with their SHA-256, parameters, versions, the lock file, and how to cite.
    """
    folder = paths.find_facts(facts)
    files = [Path(describe_table(name)["path"]).name for name in tables]
    width = max(map(len, files))
    lines = ["Tables (SHA-256):"]
    lines += [f"  {name:<{width}}  {_sha256(folder / name)}" for name in files]
    lines += [
        "Parameters: " + (", ".join(f"{key} = {value!r}" for key, value in parameters.items()) or "none")
    ]
    lines += [f"Side Door {__version__}, requirements.lock {_sha256(paths.LOCK)[:16]}"]
    versions = " · ".join(f"{name} {version(name)}" for name in _HOUSE)
    lines += [f"Versions: Python {platform.python_version()} · {versions}"]
    lines += ["Cite: see CITATION.cff; name this notebook, its parameters and the table hashes above."]
    return "\n".join(lines)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
