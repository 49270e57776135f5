"""Read the raw files that an edition lists, before any notebook runs, and keep what has not changed since.

`runs/<edition>/records/<name>/` holds the tables of one record, its report, and `result.json`, which says of
what they were made. Only this user can read them.
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from helpers import paths
from helpers.errors import IngestError, RunError
from helpers.files import format_json, hash_file, hash_files, hash_text
from sidedoor.run.editions import Edition, RawFile, give_records
from sidedoor.run.keys import hash_sources
from sidedoor.run.results import (
    RESULT,
    explain_disk,
    lock_edition,
    make_work_folder,
    read_result,
    refuse_foreign,
    remove_leftovers,
    remove_result,
    seal_result,
)

# The column of each table that names the agency whose records they are.
_REPORTERS = {"sharing": "reported_by", "searches": "host_agency", "volumes": "reported_by"}


def ingest_records(edition: Edition, report: Callable[..., None] | None = None) -> Edition:
    """Read the raw files of an edition that have changed, and return the edition with its folder of records.

    The free text of reasons is kept, for counting only: the folder is readable by its owner alone and
    outside every result, and what a notebook makes of it passes the same checks as any other output.
    `report` is called with what happens: `("reading", name)`, then `("read", name, rows, seconds)` or
    `("kept", name, rows)`.

    IngestError if files cannot be read: each is named, after the others have been read, and `asks_for` has
    every option missing. RunError if another run of the edition has not ended, the disk is full, a file is
    listed twice, or the folder of records contains what the command did not write.
    """
    if not edition.raw_files:
        return edition
    folder = paths.find_record_folder(edition.name)
    try:
        with lock_edition(edition.name, edition.origin) as results:
            remove_leftovers(results)
            records, errors = _ingest_all(edition, folder, report or (lambda *event: None))
    except OSError as error:
        raise explain_disk(error, f"runs/{edition.name}/records") from None
    if errors:
        raise _join_errors(errors, edition.name)
    return give_records(edition, folder, tuple(records))


def _ingest_all(edition: Edition, folder: Path, report: Callable[..., None]):
    """Return a description of each record that could be read, and the errors of the others."""
    if folder.is_symlink():
        # what it leads to may be readable by others
        found = "it is a link"
        raise RunError(f"runs/{edition.name}/records", found, "Remove it and run again.", code="link")
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chmod(folder, 0o700)
    names = {file.name for file in edition.raw_files}
    for path in sorted(folder.iterdir()):
        is_hidden = path.name.startswith(".") and path.is_file()  # a file manager's own
        if path.name not in names and not is_hidden and not remove_result(path):
            raise refuse_foreign(f"{edition.name}/records", path.name)
    keys = _compute_keys(edition)
    records, errors = [], []
    for file in edition.raw_files:
        try:
            records.append(_ingest_one(file, folder / file.name, keys[file.name], report))
        except IngestError as error:  # the others are read too, so that everything missing is said at once
            errors.append(_explain_missing(error, file, edition.name))
    return records, errors


def _ingest_one(file: RawFile, out: Path, key: str, report: Callable[..., None]) -> dict:
    """Return the description of a file, read unless the same code has read the same and it is still there."""
    known = read_result(out) or {}
    with suppress(KeyError, TypeError, AttributeError):  # somebody has changed it
        if known["key"] == key:
            report("kept", file.name, known["described"]["rows_out"])
            return known["described"]
    from sidedoor.ingest import ingest_file
    from sidedoor.ingest.source import ReadOptions

    report("reading", file.name)
    start = time.monotonic()
    with make_work_folder(out.parents[1]) as work:
        made = work / file.name
        options = ReadOptions(**dict(file.options), keep_reasons=True)
        reading = ingest_file(file.path, made, options)
        described = describe_record(made)
        seal_result(made, {"key": key, "described": described})
        (made / RESULT).chmod(0o600)  # it repeats headers and names of files
        if not remove_result(out):
            raise refuse_foreign(f"{out.parents[1].name}/records", out.name)
        os.replace(made, out)
    report("read", file.name, reading.report.rows_out, time.monotonic() - start)
    return described


def describe_record(folder: Path) -> dict:
    """Return what the manifest and the site of an edition say of an ingested record; no row of it.

    That is its report without samples, the name of the file as it may be shown, and `name`, `tables` (rows
    by table), `source_ids`, `reported_by` (the agency whose records they are, if it is one) and `set_aside`
    (rows by reason).
    """
    import pyarrow.parquet as pq

    from helpers.agencies import looks_like_agency
    from sidedoor.ingest.files import REPORT
    from sidedoor.ingest.published import show_file_name

    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    tables, sources, agencies = {}, set(), set()
    for path in sorted(folder.glob("*.parquet")):
        columns = ["source_id", _REPORTERS[path.stem]]
        with pq.ParquetFile(path, read_dictionary=columns) as file:
            tables[path.stem] = file.metadata.num_rows
            for part in file.iter_batches(columns=columns):
                sources |= set(part.column("source_id").unique().to_pylist()) - {None}
                agencies |= set(part.column(columns[1]).unique().to_pylist()) - {None}
    agencies = {name for name in agencies if looks_like_agency(name)}
    skipped: dict[str, int] = {}
    for part in report["set_aside"]:
        skipped[part["reason"]] = skipped.get(part["reason"], 0) + part["rows_n"]
    kept = ("sha256", "bytes_n", "family", "form", "why", "rows_in", "rows_out", "columns_dropped")
    described = {key: report[key] for key in (*kept, "span", "time_zone", "warnings", "notes")}
    return described | {
        "file": show_file_name(report["file"], agencies),
        "name": folder.name,
        "tables": tables,
        "source_ids": sorted(sources),
        "reported_by": min(agencies) if len(agencies) == 1 else "",
        "set_aside": skipped,
    }


def hash_readers() -> str:
    """Return the sha256 of what turns a file into a table: both packages, the layouts of files, the lock."""
    layouts = paths.DATA / "registry" / "formats"
    lock = hash_file(paths.LOCK) if paths.LOCK.is_file() else ""
    return hash_text(format_json([hash_sources(), hash_files(layouts), lock]))


def _compute_keys(edition: Edition) -> dict[str, str]:
    """Return the key of each raw file, by its record's name.

    A file that is listed twice, under whatever name, is refused: its rows would be counted twice.
    """
    code, seen, keys = hash_readers(), {}, {}
    for file in edition.raw_files:
        options = {key: hash_file(value) if isinstance(value, Path) else value for key, value in file.options}
        content = hash_text(format_json([hash_file(file.path), options, code]))
        other = seen.setdefault(content, file)
        if other is not file:
            found = f"it has the same content as {other.path.name} and would be counted twice"
            way_out = "Remove one of the two from the edition."
            raise RunError(f"{edition.name}, record {file.name}", found, way_out, code="twice")
        keys[file.name] = hash_text(f"{file.path.name} {content}")
    return keys


def _explain_missing(error: IngestError, file: RawFile, name: str) -> IngestError:
    """Say how an option that is missing is written in an edition."""
    if not error.asks_for:
        return error
    from sidedoor.ingest.asking import QUESTIONS

    lines = ", ".join(f"`{option} = {QUESTIONS[option].example}`" for option in error.asks_for)
    where = f'In {name}.toml, below `file = "{file.path.name}"`, write: {lines}.'
    return error.change(way_out=f"{error.way_out} {where}")


def _join_errors(errors: list[IngestError], name: str) -> IngestError:
    if len(errors) == 1:
        return errors[0]
    listed = "".join(f"\n- {error}" for error in errors)
    asked = dict.fromkeys(option for error in errors for option in error.asks_for)
    found, way_out = f"{len(errors)} of its records cannot be read", f"One by one:{listed}"
    return IngestError(f"edition {name}", found, way_out, code="many", asks_for=asked)
