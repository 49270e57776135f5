"""Read the raw files that an edition lists, before any notebook runs, and keep what has not changed since.

runs/<edition>/records/<name>/      the tables of one record and its report, readable by nobody else
runs/<edition>/.records.json        from what each was read, and the sha256 of what was written
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from helpers import paths
from helpers.errors import IngestError, RunError
from helpers.files import hash_file, hash_files, hash_text, remove_named, write_atomically
from sidedoor.run.editions import Edition, give_records
from sidedoor.run.raw import RawFile
from sidedoor.run.results import check_owner, format_json, lock_edition, make_work_folder, remove_leftovers

_MEMORY = ".records.json"
_REPORT = "report.json"
_TABLES = ("sharing.parquet", "searches.parquet", "volumes.parquet")
# What turns a file into a table: a test compares it with what the readers import.
READER_CODE = (
    "helpers",
    "sidedoor/ingest",
    "sidedoor/publish/privacy.py",
    "sidedoor/sandbox.py",
    "sidedoor/_sandbox_child.py",
)


def ingest_records(edition: Edition, report: Callable[..., None] | None = None) -> Edition:
    """Read the raw files of an edition that have changed, and give their folder to its notebooks.

    The free text of reasons is kept, for the classifiers alone: the folder is readable by its owner only, lies
    outside of every result, and what a notebook makes of it passes the same gates as any other output.

    Parameters
    ----------
    edition
        As `editions.load_edition` gives it.
    report
        Called with what happens: `("reading", name)`, then `("read", name, rows, seconds)` or `("kept", name, rows)`.

    Returns
    -------
    The edition with its records described, and the parameter `records` set in every notebook that declares it. An
    edition without raw files comes back as it was.

    Raises
    ------
    IngestError
        Files cannot be read: each that cannot is named, after the others have been read.
    RunError
        Another run of the edition is under way, the disk is full, or a file stands there twice.
    """
    if not edition.raw_files:
        return edition
    report = report or (lambda *event: None)
    folder = paths.find_record_folder(edition.name)
    check_owner(edition.name, edition.origin)
    try:
        with lock_edition(edition.name) as results:
            check_owner(edition.name, edition.origin)
            if folder.is_symlink():
                # what it leads to is not ours to clear, and may be readable by others
                raise RunError(f"runs/{edition.name}/records", "it is a link", "Remove it and run again.")
            folder.mkdir(mode=0o700, exist_ok=True)
            os.chmod(folder, 0o700)
            memory, code = _load_memory(results / _MEMORY), hash_code()
            names = {file.name for file in edition.raw_files}
            remove_leftovers(results)
            _remove_unlisted(folder, names, memory)
            _check_twins(edition, code)
            records, errors = [], []
            for file in edition.raw_files:
                try:
                    known = memory.get(file.name)
                    memory[file.name] = _ingest_one(file, folder / file.name, known, code, report, results)
                except (
                    IngestError
                ) as error:  # the others are read, so that all that is missing is said at once
                    errors.append(_tell_edition(error, file, edition.name))
                    continue
                # After each, so that what was read is not read again if a later one fails.
                kept = {name: memory[name] for name in sorted(memory.keys() & names)}
                write_atomically(results / _MEMORY, format_json(kept))
                records.append(memory[file.name]["described"])
            if len(errors) > 1:
                told = "".join(f"\n- {error}" for error in errors)
                raise IngestError(
                    f"edition {edition.name}",
                    f"{len(errors)} of its records cannot be read",
                    f"One by one:{told}",
                )
            if errors:
                raise errors[0]
    except OSError as error:
        way_out = "Make room, or mend the permissions, and run again."
        raise RunError(f"runs/{edition.name}/records", error.strerror or str(error), way_out) from None
    return give_records(edition, folder, tuple(records))


def hash_code() -> str:
    """Compute the sha256 of everything that turns a file into a table: readers, forms, packages."""
    code = {}
    for name in READER_CODE:
        path = paths.SOURCE / name
        files = hash_files(path) if path.is_dir() else {"": hash_file(path)} if path.is_file() else {}
        code[name] = {part: digest for part, digest in files.items() if not part.endswith(".pyc")}
    folder = paths.DATA / "registry" / "formats"
    forms = hash_files(folder) if folder.is_dir() else {}
    lock = hash_file(paths.LOCK) if paths.LOCK.is_file() else ""
    return hash_text(format_json([code, forms, lock]))


def describe_record(folder: Path) -> dict:
    """Describe an ingested record for the manifest of an edition: what a reader of its site has to know.

    Returns
    -------
    dict: name, file, sha256, bytes_n, family, form, why, tables (rows by table), source_ids, rows_in, rows_out, set_aside
    (rows by reason), columns_dropped, span, time_zone, warnings, notes. No row of the record is in it.
    """
    import pyarrow.parquet as pq

    told = json.loads((folder / _REPORT).read_text(encoding="utf-8"))
    tables, sources = {}, set()
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path, read_dictionary=["source_id"]) as file:
            tables[path.stem] = file.metadata.num_rows
            for part in file.iter_batches(columns=["source_id"]):
                sources |= {value for value in part.column(0).unique().to_pylist() if value}
    aside: dict[str, int] = {}
    for part in told["set_aside"]:
        aside[part["reason"]] = aside.get(part["reason"], 0) + part["rows_n"]
    kept = (
        "file",
        "sha256",
        "bytes_n",
        "family",
        "form",
        "why",
        "rows_in",
        "rows_out",
        "columns_dropped",
        "span",
    )
    said = {key: told[key] for key in (*kept, "time_zone", "warnings", "notes")}
    return said | {"name": folder.name, "tables": tables, "source_ids": sorted(sources), "set_aside": aside}


def _ingest_one(file: RawFile, out: Path, known: dict | None, code: str, report, results: Path) -> dict:
    """Read one file unless the same was read before, by the same code, and what was written still stands."""
    key = _compute_key(file, code)
    is_same = known and known["key"] == key and known["beside"] == _hash_beside(file, known["beside"])
    if is_same and out.is_dir() and not out.is_symlink() and known["files"] == hash_files(out):
        report("kept", file.name, known["described"]["rows_out"])
        return known
    from sidedoor.ingest import ingest_file
    from sidedoor.ingest.source import ReadOptions

    report("reading", file.name)
    start = time.monotonic()
    work = make_work_folder(results, file.name)
    try:
        reading = ingest_file(
            file.path, work / "tables", ReadOptions(**dict(file.options), keep_reasons=True)
        )
        _remove_earlier(file, out, known)
        os.replace(work / "tables", out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    report("read", file.name, reading.report.rows_out, time.monotonic() - start)
    names = reading.report.details.get("names", {}).get("file")
    return {
        "key": key, "beside": _hash_beside(file, [names] if names else []), "files": hash_files(out),
        "described": describe_record(out),
    }  # fmt: skip


def _remove_unlisted(folder: Path, names: set[str], memory: dict[str, dict]) -> None:
    """Remove the records that an earlier run wrote and the edition no longer lists; refuse what is anybody else's."""
    for path in sorted(folder.iterdir()):
        is_hidden = path.name.startswith(".") and path.is_file()  # a file manager's own
        if path.name in names or is_hidden:
            continue
        if not remove_named(path, memory.get(path.name, {}).get("files", ())):
            raise _refuse_foreign(folder, path.name)


def _remove_earlier(file: RawFile, out: Path, known: dict | None) -> None:
    """Make room for a record: an earlier reading goes, anything else in its place is refused."""
    names = known["files"] if known else ()
    if not known and not out.is_symlink() and (out / _REPORT).is_file():
        # a run that was killed may have put it there without a word; the same file, read again, is no loss
        try:
            read = json.loads((out / _REPORT).read_text(encoding="utf-8"))
            names = [*_TABLES, _REPORT] if read["sha256"] == hash_file(file.path) else ()
        except (ValueError, KeyError, TypeError, RecursionError):
            names = ()
    if not remove_named(out, names):
        raise _refuse_foreign(out.parent, out.name)


def _refuse_foreign(folder: Path, name: str) -> RunError:
    place = f"runs/{folder.parent.name}/records"
    way_out = "Move it to a folder of your own, such as records/, and run again; nothing was removed."
    return RunError(place, f"it holds {name[:80]!r}, which this command did not write", way_out)


def _hash_beside(file: RawFile, names) -> dict[str, str]:
    """Compute the sha256 of files that were read beside a record: a mapping may name a list of names."""
    places = {name: file.path.parent / name for name in names}
    return {name: hash_file(path) if path.is_file() else "" for name, path in places.items()}


def _check_twins(edition: Edition, code: str) -> None:
    """Refuse a file that stands there twice, under whatever name: its rows would be counted twice."""
    seen: dict[str, RawFile] = {}
    for file in edition.raw_files:
        other = seen.setdefault(_compute_key(file, code, name=""), file)
        if other is not file:
            found = (
                f"the same bytes as {other.path.name}, read in the same way: its rows would be counted twice"
            )
            raise RunError(
                f"{edition.name}, record {file.name}", found, "Take one of the two out of the edition."
            )


def _tell_edition(error: IngestError, file: RawFile, name: str) -> IngestError:
    """Say how an answer that is missing is written in an edition."""
    from sidedoor.ingest.asking import QUESTIONS, list_questions

    asked = [f"{option} = {QUESTIONS[option].example}" for option in list_questions(error.way_out)]
    if not asked:
        return error
    way_out = f'{error.way_out} In {name}.toml, below `file = "{file.path.name}"`, write for example: {", ".join(asked)}.'
    return type(error)(error.place, error.found, way_out)


def _compute_key(file: RawFile, code: str, name: str | None = None) -> str:
    options = {name: hash_file(value) if isinstance(value, Path) else value for name, value in file.options}
    return hash_text(
        format_json([file.path.name if name is None else name, hash_file(file.path), options, code])
    )


def _load_memory(path: Path) -> dict[str, dict]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        keys = {"key", "beside", "files", "described"}
        whole = {
            name: one for name, one in known.items() if one.keys() == keys and isinstance(one["beside"], dict)
        }
        return whole if len(whole) == len(known) else {}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
