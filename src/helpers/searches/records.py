"""The records of an edition: folders that `sidedoor ingest` wrote, read back as canonical tables."""

import json
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.canonical import COLUMNS
from helpers.errors import DataError

REPORT = "report.json"
# How ids of sources of invented data begin.
SIMULATED = "simulated-"


def list_records(folder: str | Path) -> pd.DataFrame:
    """Return the ingested records of a folder.

    Parameters
    ----------
    folder
        What an ingest wrote, or a folder of such folders; a relative path starts at the repository.

    Returns
    -------
    DataFrame, one row per record, by its folder's name: record (that name), file, sha256, family, form,
    rows_in, rows_out, aside_n (rows set aside), tables (names joined by `, `), first, last (earliest and
    latest date over its tables, as text; missing where it has none), path (of the folder, for `load_records`
    and engines; never to be shown).

    Raises
    ------
    DataError
        The folder is not there or holds no ingested record, or a report cannot be read.
    """
    home = (paths.ROOT / folder).resolve()
    own = [home] if (home / REPORT).is_file() else sorted(path.parent for path in home.glob(f"*/{REPORT}"))
    if not own:
        way_out = "Make one with `sidedoor ingest FILE --out DIR`, or list files in an edition."
        raise DataError(f"records {home.name}", "it holds no ingested record", way_out)
    return pd.DataFrame([_describe(path) for path in own])


def load_records(folder: str | Path, table: str) -> pd.DataFrame:
    """Return one canonical table from all records of a folder, in the order of `list_records`.

    For logs that may be large, hand `list_files` to `engine` instead. DataError if no record holds that
    table, or one is not of its form.
    """
    parts = [pd.read_parquet(path) for path in list_files(folder, table)]
    for part in parts:
        if list(part.columns) != list(COLUMNS[table]):
            found = f"a file {table}.parquet has other columns than the canonical table"
            raise DataError(f"records {Path(folder).name}", found, "Ingest the record again.")
    return pd.concat(parts, ignore_index=True).astype(COLUMNS[table])


def list_files(folder: str | Path, table: str) -> list[Path]:
    """Return the Parquet files of one canonical table over all records of a folder; DataError without any."""
    records = list_records(folder)
    files = [path / f"{table}.parquet" for path in records["path"]]
    found = [file for file in files if file.is_file()]
    if not found:
        held = ", ".join(sorted({name for names in records["tables"] for name in names.split(", ")}))
        way_out = f"Give a record that is read into `{table}`: see the list of forms in the README."
        place = f"records {Path(folder).name}"
        raise DataError(place, f"none holds `{table}`, only {held or 'no table'}", way_out)
    return found


def is_simulated(table: pd.DataFrame) -> bool:
    """Say whether a canonical table holds invented data only: every `source_id` begins with `simulated-`.

    Findings and figures from such a table are called simulated.
    """
    return len(table) > 0 and bool(table["source_id"].str.startswith(SIMULATED).fillna(False).all())


def _describe(path: Path) -> dict:
    try:
        report = json.loads((path / REPORT).read_text(encoding="utf-8"))
        spans = [date for span in report["span"].values() for date in span if date]
        return {
            "record": path.name,
            **{key: report[key] for key in ("file", "sha256", "family", "form", "rows_in", "rows_out")},
            "aside_n": sum(part["rows_n"] for part in report["set_aside"]),
            "tables": ", ".join(name for name in COLUMNS if (path / f"{name}.parquet").is_file()),
            "first": min(spans, default=None),
            "last": max(spans, default=None),
            "path": path,
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = f"the report cannot be read ({type(error).__name__})"
        raise DataError(f"records {path.name}", found, "Ingest the record again.") from None
