"""The fact tables: load one, checked against the one schema, `data/datapackage.json`."""

import csv
import json
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import DataError
from helpers.files import hash_file, hash_text

_DTYPES = {"string": "str", "date": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}
# Names, in a kernel's environment, the contents of folders that whoever started it has checked.
CHECKED = "SIDEDOOR_CHECKED"
# Control signs, a line end within a cell among them, and signs that turn the direction of writing.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@lru_cache(maxsize=4)
def _read_schema(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _schema() -> dict:
    return _read_schema(paths.SCHEMA)


def list_tables() -> list[str]:
    """Return the names of the fact tables, in the order of the schema."""
    return [resource["name"] for resource in _schema()["resources"]]


def describe_table(name: str) -> dict:
    """Return the schema's description of one table (a Frictionless resource); DataError if there is none."""
    for resource in _schema()["resources"]:
        if resource["name"] == name:
            return resource
    raise DataError("data/datapackage.json", f"no table `{name}`", f"Tables: {', '.join(list_tables())}.")


def load_table(name: str, facts: str | Path | None = None) -> pd.DataFrame:
    """Load one fact table.

    Parameters
    ----------
    name
        A name of `list_tables()`.
    facts
        Folder with the tables, from the repository's root; by default `data/facts`. All tables in it are
        checked once per session: types, constraints, primary keys and the keys that lead to other tables.

    Returns
    -------
    DataFrame, one row per record, columns and order as in the schema. Dates stay text (many are known only to
    the month or year), empty cells are missing.

    Raises
    ------
    DataError
        A table breaks the schema; the message names file, row and column.
    """
    resource = describe_table(name)
    folder = paths.find_facts(facts)
    check_tables(folder)
    types = {field["name"]: _DTYPES[field["type"]] for field in resource["schema"]["fields"]}
    table = pd.read_csv(find_table(resource, folder), dtype="str", keep_default_na=False, na_values=[""])
    booleans = [column for column, kind in types.items() if kind == "boolean"]
    table[booleans] = table[booleans].apply(lambda column: column.map({"true": True, "false": False}))
    return table.astype(types)


def find_table(resource: dict, folder: Path) -> Path:
    """Find the file of a table, described by `describe_table`, in a folder of facts."""
    return folder / Path(resource["path"]).name


@lru_cache(maxsize=8)
def check_tables(folder: Path = paths.FACTS) -> None:
    """Check every table in a folder against the schema, unless the runner has checked the same bytes.

    Raises
    ------
    DataError
        A file is missing, or the first rows and columns that break the schema.
    """
    if _hash_tables(folder) not in os.environ.get(CHECKED, "").split():
        _check_tables(folder)


def vouch_for(folders: Iterable[Path]) -> str:
    """Check folders of tables once, for all kernels of a run, and return what `CHECKED` is to hold in theirs.

    Folders that break the schema are left out: the notebook that loads them fails in its own cell.
    """
    kept = []
    for folder in folders:
        try:
            content = _hash_tables(folder)
            _check_tables(folder)
        except Exception:  # the notebook meets the same one
            continue
        kept.append(content)
    return " ".join(kept)


def _hash_tables(folder: Path) -> str:
    """Compute the sha256 of what a check reads: the schema of this session, and each table by name."""
    files = {resource["name"]: find_table(resource, folder) for resource in _schema()["resources"]}
    content = {name: hash_file(path) for name, path in files.items() if path.is_file()}
    return hash_text(json.dumps([_schema(), content]))


def _check_tables(folder: Path) -> None:
    # Frictionless loads its plugins on import: only sessions that read tables pay for that.
    from frictionless import Package, system

    descriptor = json.loads(json.dumps(_schema()))
    for resource in descriptor["resources"]:
        if not find_table(resource, folder).is_file():
            way_out = "Put every table of data/datapackage.json there, if only with its header line."
            raise DataError(f"{folder.name}/{resource['name']}.csv", "the file is missing", way_out)
        _check_letters(find_table(resource, folder))
        resource["path"] = find_table(resource, folder).name
    with system.use_context(trusted=False):
        report = Package.from_descriptor(descriptor, basepath=str(folder)).validate()
    if report.valid:
        return
    broken = [(task, error.to_descriptor()) for task in report.tasks for error in task.errors]
    broken = broken or [(None, error.to_descriptor()) for error in report.errors]
    task, first = broken[0]
    place = f"{folder.name}/{task.name}.csv" if task else folder.name
    row = first.get("rowNumber")
    if row:
        place += f", row {row}" + _name_row(task.name, task.labels, first.get("cells", []))
    count = "1 rule broken" if len(broken) == 1 else f"{len(broken)} rules broken in all"
    way_out = f"Correct the {'row' if row else 'file'}; data/README.md has the rules of each column."
    raise DataError(place, f"{first['message'].rstrip('.')}; {count}", way_out)


def _check_letters(path: Path) -> None:
    """Refuse characters that a terminal or a page obeys instead of showing them."""
    place = f"{path.parent.name}/{path.name}"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for cells in (reader := csv.reader(file)):
                for sign in filter(None, map(_UNSEEN.search, cells)):
                    found = f"a cell has the invisible character U+{ord(sign[0]):04X}"
                    where = f"{place}, line {reader.line_num}"
                    raise DataError(where, found, "Type the cell anew, on one line.")
    except (UnicodeDecodeError, csv.Error) as error:
        found = f"it cannot be read ({type(error).__name__})"
        raise DataError(place, found, "Save it as CSV in UTF-8.") from None


def _name_row(name: str, labels: list[str], cells: list[str]) -> str:
    """Name a row by its id, ` (pages-released)`: numbers of rows change with every row added above."""
    key = describe_table(name)["schema"]["primaryKey"][0]
    place = labels.index(key) if key in labels else len(cells)
    return f" ({cells[place]})" if place < len(cells) and cells[place] else ""
