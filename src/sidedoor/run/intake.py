"""Read the raw files that an edition lists, before any notebook runs, and keep what has not changed since.

- `runs/<edition>/records/<name>/`: the tables of one record and its report, readable by this user only
- `runs/<edition>/.records.json`: from what each was read, and the sha256 of what was written
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from helpers import paths
from helpers.errors import IngestError, RunError
from helpers.files import format_json, hash_file, hash_files, hash_text, remove_named, write_atomically
from sidedoor.run.editions import Edition, RawFile, give_records
from sidedoor.run.keys import hash_sources
from sidedoor.run.results import explain_disk, lock_edition, make_work_folder, remove_leftovers

_MEMORY = ".records.json"
_REPORT = "report.json"
# The column of each table that names the agency whose records they are.
_REPORTERS = {"sharing": "reported_by", "searches": "host_agency", "volumes": "reported_by"}
_KEPT = {"key", "beside", "files", "described"}


def ingest_records(edition: Edition, report: Callable[..., None] | None = None) -> Edition:
    """Read the raw files of an edition that have changed, and return the edition with its folder of records.

    The free text of reasons is kept, for counting only: the folder is readable by its owner alone and
    outside every result, and what a notebook makes of it passes the same checks as any other output.

    Parameters
    ----------
    edition
        From `editions.load_edition`; one without raw files is returned as it was.
    report
        Called with what happens: `("reading", name)`, then `("read", name, rows, seconds)` or `("kept",
        name, rows)`.

    Raises
    ------
    IngestError
        Files cannot be read: each is named, after the others have been read. `asks_for` has every option
        missing.
    RunError
        Another run of the edition has not ended, the disk is full, a file is listed twice, or the folder of
        records contains what the command did not write.
    """
    if not edition.raw_files:
        return edition
    report = report or (lambda *event: None)
    folder = paths.find_record_folder(edition.name)
    try:
        with lock_edition(edition.name, edition.origin) as results:
            records, errors = _ingest_all(edition, folder, results, report)
    except OSError as error:
        raise explain_disk(error, f"runs/{edition.name}/records") from None
    if errors:
        raise _join_errors(errors, edition.name)
    return give_records(edition, folder, tuple(records))


def _ingest_all(edition: Edition, folder: Path, results: Path, report):
    """Return a description of each record that could be read, and the errors of the others."""
    if folder.is_symlink():
        # what it leads to may be readable by others
        found = "it is a link"
        raise RunError(f"runs/{edition.name}/records", found, "Remove it and run again.", code="link")
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chmod(folder, 0o700)
    memory, code = _load_memory(results / _MEMORY), hash_readers()
    names = {file.name for file in edition.raw_files}
    remove_leftovers(results)
    _remove_unlisted(folder, names, memory)
    _check_twins(edition, code)
    records, errors = [], []
    for file in edition.raw_files:
        try:
            known = memory.get(file.name)
            memory[file.name] = _ingest_one(file, folder / file.name, known, code, report, results)
        except IngestError as error:  # the others are read too, so that everything missing is said at once
            errors.append(_explain_missing(error, file, edition.name))
            continue
        # After each, so that it is not read again if a later one fails.
        kept = {name: memory[name] for name in sorted(memory.keys() & names)}
        _write_memory(results / _MEMORY, kept)
        records.append(memory[file.name]["described"])
    return records, errors


def hash_readers() -> str:
    """Return the sha256 of what turns a file into a table: both packages, the layouts of files, the lock."""
    layouts = paths.DATA / "registry" / "formats"
    lock = hash_file(paths.LOCK) if paths.LOCK.is_file() else ""
    return hash_text(format_json([hash_sources(), hash_files(layouts) if layouts.is_dir() else {}, lock]))


def describe_record(folder: Path) -> dict:
    """Return what the manifest and the site of an edition say of an ingested record; no row of it.

    That is its report without samples, the name of the file as it may be shown, and `name`, `tables` (rows
    by table), `source_ids`, `reported_by` (the agency whose records they are, if it is one) and `set_aside`
    (rows by reason).
    """
    import pyarrow.parquet as pq

    from helpers.agencies import looks_like_agency
    from sidedoor.ingest.published import show_file_name

    report = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
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


def _ingest_one(file: RawFile, out: Path, known: dict | None, code: str, report, results: Path) -> dict:
    """Read one file, unless the same was read before by the same code and what was written is still there."""
    key = _compute_key(file, code)
    is_same = known and known["key"] == key and known["beside"] == _hash_beside(file, known["beside"])
    if is_same and out.is_dir() and not out.is_symlink() and known["files"] == hash_files(out):
        report("kept", file.name, known["described"]["rows_out"])
        return known
    from sidedoor.ingest import ingest_file
    from sidedoor.ingest.source import ReadOptions

    report("reading", file.name)
    start = time.monotonic()
    work = make_work_folder(results)
    try:
        options = ReadOptions(**dict(file.options), keep_reasons=True)
        reading = ingest_file(file.path, work / "tables", options)
        _remove_earlier(file, out, known)
        os.replace(work / "tables", out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    report("read", file.name, reading.report.rows_out, time.monotonic() - start)
    names = reading.report.details.get("names", {}).get("file")
    return {
        "key": key,
        "beside": _hash_beside(file, [names] if names else []),
        "files": hash_files(out),
        "described": describe_record(out),
    }


def _remove_unlisted(folder: Path, names: set[str], memory: dict[str, dict]) -> None:
    """Remove the records that an earlier run wrote and the edition no longer lists; refuse anything else."""
    for path in sorted(folder.iterdir()):
        is_hidden = path.name.startswith(".") and path.is_file()  # a file manager's own
        if path.name in names or is_hidden:
            continue
        if not remove_named(path, memory.get(path.name, {}).get("files", ())):
            raise _refuse_foreign(folder, path.name)


def _remove_earlier(file: RawFile, out: Path, known: dict | None) -> None:
    """Make room for a record: an earlier reading of it goes, anything else in its place is refused."""
    names = list(known["files"]) if known else []
    if not known and not out.is_symlink() and (out / _REPORT).is_file():
        # A run that was killed may have put it there; the same file is read again, so nothing is lost.
        from helpers.canonical import COLUMNS

        try:
            read = json.loads((out / _REPORT).read_text(encoding="utf-8"))
            is_same = read["sha256"] == hash_file(file.path)
        except (ValueError, KeyError, TypeError, RecursionError):
            is_same = False
        names = [*(f"{table}.parquet" for table in COLUMNS), _REPORT] if is_same else []
    if not remove_named(out, names):
        raise _refuse_foreign(out.parent, out.name)


def _refuse_foreign(folder: Path, name: str) -> RunError:
    place = f"runs/{folder.parent.name}/records"
    found = f"it contains {name[:80]!r}, which this command did not write"
    way_out = "Move it to a folder of your own, such as records/, and run again; nothing was removed."
    return RunError(place, found, way_out, code="foreign-files")


def _hash_beside(file: RawFile, names) -> dict[str, str]:
    """Return the sha256 of files that were read with a record: a mapping may name a list of names."""
    places = {name: file.path.parent / name for name in names}
    return {name: hash_file(path) if path.is_file() else "" for name, path in places.items()}


def _check_twins(edition: Edition, code: str) -> None:
    """Refuse a file that is listed twice, under whatever name: its rows would be counted twice."""
    seen: dict[str, RawFile] = {}
    for file in edition.raw_files:
        other = seen.setdefault(_compute_key(file, code, name=""), file)
        if other is not file:
            found = f"it has the same content as {other.path.name} and would be counted twice"
            way_out = "Remove one of the two from the edition."
            raise RunError(f"{edition.name}, record {file.name}", found, way_out, code="twice")


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


def _compute_key(file: RawFile, code: str, name: str | None = None) -> str:
    options = {key: hash_file(value) if isinstance(value, Path) else value for key, value in file.options}
    named = file.path.name if name is None else name
    return hash_text(format_json([named, hash_file(file.path), options, code]))


def _load_memory(path: Path) -> dict[str, dict]:
    """Return what is known of each record; nothing if the file is missing or damaged."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        for one in known.values():
            tables = (one["beside"], one["files"], one["described"])
            is_complete = one.keys() == _KEPT and all(isinstance(table, dict) for table in tables)
            if not is_complete or "rows_out" not in one["described"]:
                return {}
        return known
    except (OSError, ValueError, AttributeError, TypeError, KeyError, RecursionError):
        return {}


def _write_memory(path: Path, content: dict) -> None:
    """Write the memory for this user only: it repeats headers and names of files."""
    write_atomically(path, format_json(content))
    path.chmod(0o600)
