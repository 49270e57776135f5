"""From a file to its report, and from a file to a folder of tables: what the command offers.

One way for every file: open it, recognize its layout, read it, check what was read, write it.
"""

import glob
import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from helpers.errors import IngestError, RunError, SideDoorError
from helpers.files import open_lock, try_lock
from sidedoor.ingest import sniff
from sidedoor.ingest.asking import QUESTIONS, forget_stand_ins
from sidedoor.ingest.report import DEFECT, DefectError, FileTable, Reading, Report
from sidedoor.ingest.source import FileLimits, ReadOptions, Source, open_source

REPORT = "report.json"
CSV_ROWS = 1_048_575
# In a work folder: the lock of the process that works there, and the result that is being replaced.
_LOCK, _OLD = ".sidedoor-lock", "old"
_PART_ROWS, _LARGE = 100_000, 64 << 20
# Values that were made here or that cannot hold anything else: ids, tokens, dates, states of cells.
_PLAIN = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}"


def inspect_file(
    path: Path | str, options: ReadOptions | None = None, limits: FileLimits | None = None, follow=None
) -> Report:
    """Read a file and report on it, writing nothing.

    `follow` is called with the bytes read and all bytes, while a log is read.

    Returns
    -------
    Report. What only a person knows and did not say (whose list, which day, which zone) is in
    `details["needed"]`, by option, and the rest is reported all the same. If the file cannot be read,
    `details["refused"]` holds the fields of the error, and no row is counted.

    Raises
    ------
    IngestError
        The file is none that may be read.
    """
    return examine_file(path, options, limits, follow).report


def examine_file(
    path: Path | str, options: ReadOptions | None = None, limits: FileLimits | None = None, follow=None
) -> Reading:
    """Read a file as `inspect_file` does, and return its tables too: for counting only, as some cells may be
    stand-ins. The table of a log is a `FileTable` whose file is gone.
    """
    source = open_source(path, limits, follow)
    with tempfile.TemporaryDirectory(prefix="sidedoor-inspect-") as work:
        source.work = Path(work)
        reading = _read_asking(source, options or ReadOptions())
        _close(reading)
    return reading


def read_source(source: Source, options: ReadOptions | None = None, *, is_tolerant: bool = False) -> Reading:
    """Let the reader that knows a file read it, and check what it read.

    Returns
    -------
    Reading; its report has been checked: rows in are rows out and rows skipped. If `is_tolerant`, a file that
    is recognized but cannot be read is a reading without tables, and the report says what stops it.

    Raises
    ------
    IngestError
        The file cannot be read; as `DefectError` if the reader failed in a way that is its own fault.
    """
    from sidedoor.ingest.ocr import mark_tables, read_scan
    from sidedoor.ingest.published import check_names
    from sidedoor.ingest.xlsx import read_workbook

    options, match = options or ReadOptions(), None
    try:
        if options.ocr and source.kind == "pdf":
            read_scan(source)
        module, match = sniff.sniff(source, options)
        reading = module.read(source, options)
        if source.cache.get("ocr"):
            mark_tables(reading.tables, reading.report)
        reading.check()
        if source.kind == "xlsx":
            read_workbook(source).describe(reading.report)
        check_names(reading, source, options)
        return reading
    except SideDoorError as error:
        draft = source.cache.get("mapping draft")
        is_refusal = isinstance(error, IngestError) and not isinstance(error, DefectError)
        if not is_tolerant or not is_refusal or not (match or draft):
            raise
        # what it is, what stops it, and for an unknown layout a mapping to correct
        about = ("unknown", "no reader knows it", "none of its columns")
        about = (match.family, match.form, match.why) if match else about
        report = Report(source.name, source.sha256, source.bytes_n, *about)
        refused = {name: getattr(error, name) for name in ("place", "found", "way_out", "code", "asks_for")}
        report.details["refused"] = refused | ({"mapping": draft} if draft else {})
        return Reading({}, report)
    except OSError as error:
        raise _refuse_disk(error) from None
    except Exception as error:  # a message or a traceback may repeat what is in the file
        found = f"the reader failed ({type(error).__name__})"
        raise DefectError(source.name, found, DEFECT, code="defect") from error


def _read_asking(source: Source, options: ReadOptions) -> Reading:
    """Read a file as far as it goes without what only a person knows.

    Returns
    -------
    Reading. `details["needed"]` of its report holds each option that is missing, with the reader's hint; the
    tables were then read with stand-ins, and no span or remark that rests on one is left in the report: where
    the order of day and month is open, a span stays if it is the same either way.
    """
    needed: dict[str, str] = {}
    folder = source.work

    def read_again(options: ReadOptions) -> Reading:
        source.work = Path(tempfile.mkdtemp(dir=folder))  # each attempt writes a table of its own
        return read_source(source, options, is_tolerant=True)

    while True:
        reading = read_again(options)
        report = reading.report
        refused = report.details.get("refused")
        asked = [name for name in refused["asks_for"] if name not in needed] if refused else []
        if not asked:
            break
        needed |= dict.fromkeys(asked, f"{refused['found']}. {refused['way_out']}")
        options = replace(options, **{name: QUESTIONS[name].stand_in for name in asked})
    if needed:
        forget_stand_ins(report, needed)
        if "day_first" in needed and not refused:
            other = read_again(replace(options, day_first=not options.day_first)).report
            report.span = {name: days for name, days in report.span.items() if other.span.get(name) == days}
        report.details["needed"] = {name: needed[name] for name in QUESTIONS if name in needed}
    return reading


def ingest_file(
    path: Path | str,
    out: Path | str,
    options: ReadOptions | None = None,
    limits: FileLimits | None = None,
    follow=None,
) -> Reading:
    """Read a file and write its tables and its report into a folder, all of it or nothing.

    In publication mode, the default, `reason_text` is empty; its state column stays. With `keep_reasons` the
    tables are written as Parquet only, and only their owner can read them. A table of more rows than a
    spreadsheet holds is written as Parquet only, too.

    `out` is a new or empty folder, or one that holds an earlier ingest, which is replaced; the rest as for
    `inspect_file`.

    Returns
    -------
    Reading; its search log is the `FileTable` that was written.

    Raises
    ------
    IngestError
        The file cannot be read, or the folder cannot be written or holds something else.
    """
    options, out = options or ReadOptions(), Path(out).absolute()
    check_folder(out)
    source = open_source(path, limits, follow)
    with make_work_folder(out) as work:
        source.work = work / "reading"
        source.work.mkdir()
        reading = _read_or_ask(source, options)
        if not options.keep_reasons:
            _note_left_out(reading)
        try:
            _write(reading, work / "out", out, is_private=options.keep_reasons)
        except OSError as error:
            raise _refuse_disk(error, out) from None
    return reading


def _read_or_ask(source: Source, options: ReadOptions) -> Reading:
    """Read a file; if something is missing that only a person knows, ask for all that is missing."""
    try:
        return read_source(source, options)
    except IngestError as error:
        # to read all of a large log again, only to ask for more, may take minutes
        is_short = error.asks_for and source.bytes_n <= _LARGE
        needed = _read_asking(source, options).report.details.get("needed", {}) if is_short else {}
        if len(needed) < 2:
            raise
        hints = " ".join(f"({number}) {hint}" for number, hint in enumerate(needed.values(), 1))
        found = f"{len(needed)} things are missing that only you can know"
        raise IngestError(source.name, found, hints, code="options-missing", asks_for=needed) from None


@contextmanager
def make_work_folder(out: Path):
    """Make a folder on the disk of `out` that only its owner can read; it is gone at the end.

    It holds a lock, so that what a killed run for the same `out` left behind is known and goes first.
    """
    base = next(folder for folder in out.parents if folder.is_dir())
    try:
        for left in base.glob(f".{glob.escape(out.name)}-????????/{_LOCK}"):
            with suppress(OSError), open_lock(left) as lock:
                if not left.parent.is_symlink() and try_lock(lock):
                    _remove_work(left.parent, out)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=base))
        lock = open_lock(work / _LOCK)
    except OSError as error:
        raise _refuse_disk(error, out) from None
    with lock:
        try:
            with suppress(OSError):  # some network disks have no locks: what is left there stays
                try_lock(lock)
            yield work
        finally:
            with suppress(OSError):
                _remove_work(work, out)


def _remove_work(work: Path, out: Path) -> None:
    """Remove a work folder; a result that was to be replaced and was not goes back to its place first."""
    if (work / _OLD).is_dir() and not out.exists():
        os.replace(work / _OLD, out)
    shutil.rmtree(work, ignore_errors=True)


def _refuse_disk(error: OSError, out: Path | None = None) -> IngestError:
    found = f"the folder cannot be written ({error.strerror or type(error).__name__})"
    way_out = "Give --out a folder of your own on a disk with free space."
    return IngestError(out.name if out else "the results", found, way_out, code="cannot-write")


def _write(reading: Reading, folder: Path, out: Path, *, is_private: bool) -> None:
    folder.mkdir()
    for name, table in reading.tables.items():
        write_table(table, folder, name, is_private=is_private)
    text = json.dumps(reading.report.to_dict(is_private=is_private), ensure_ascii=False, indent=2)
    (folder / REPORT).write_text(text + "\n", encoding="utf-8", newline="\n")
    if is_private:
        (folder / REPORT).chmod(0o600)
        folder.chmod(0o700)
    else:
        _check_leaks(reading.tables, folder)
    _close(reading, out)
    out.parent.mkdir(parents=True, exist_ok=True)
    put_in_place(folder, out)


def _close(reading: Reading, out: Path | None = None) -> None:
    """Let go of the files of tables; they are in `out` from now on."""
    for table in reading.tables.values():
        if isinstance(table, FileTable):
            table.close()
            table.path = out / table.path.name if out else table.path


def _note_left_out(reading: Reading) -> None:
    for table in reading.tables.values():
        for column in table.list_sampled(_PLAIN) if isinstance(table, FileTable) else ():
            said = (
                f"Column {column} holds too many different texts to look through each for plates, phone "
                "numbers and the like: of each shape (digits as 9, letters as a) some thousands were looked "
                "through."
            )
            reading.report.note("sampled-column", said)
    if (rows_n := max(map(len, reading.tables.values()), default=0)) > CSV_ROWS:
        said = (
            f"No CSV was written: a spreadsheet holds {CSV_ROWS:,} rows, and these are {rows_n:,}. The "
            "Parquet file holds them all; the notebooks read it, and so do DuckDB, pandas, Polars and R."
        )
        reading.report.note("no-csv", said)


def check_folder(out: Path, more: tuple[str, ...] = ()) -> None:
    """Refuse what is no folder, and one with other files in it than an ingest writes, or `more`."""
    from helpers.canonical import COLUMNS

    if out.is_symlink() or out.exists() and not out.is_dir():
        raise IngestError(out.name, "it is no folder", "Give --out a new folder.", code="no-folder")
    there = {path.name for path in out.iterdir()} if out.exists() else set()
    ours = {REPORT, *(f"{name}.{end}" for name in COLUMNS for end in ("parquet", "csv")), *more}
    if there and (REPORT not in there or there - ours):
        found = "the folder holds files that no ingest wrote"
        raise IngestError(out.name, found, "Give --out a new or empty folder.", code="other-files")


def _check_leaks(tables: dict, folder: Path) -> None:
    """Look through what is about to be written for plates, phone numbers and the like, each text once."""
    from helpers.export import write_csv
    from sidedoor.publish.scan import check_publication

    with tempfile.TemporaryDirectory(dir=folder) as seen:
        shutil.copy(folder / REPORT, seen)
        for name, table in tables.items():
            for column, values in _list_texts(table):
                if len(values):
                    # who reports is an agency here; in the reports of vendors the same words name a person
                    header = "agency" if column == "reported_by" else column
                    write_csv(values.to_frame(header), Path(seen, f"{name}.{column}.csv"))
        try:
            check_publication(seen)
        except RunError as error:
            way_out = "For private work use --private. If it is no leak, say why in data/registry/leaks.toml."
            raise IngestError(error.place, error.found, way_out, code="leak") from None


def _list_texts(table):
    """List the distinct texts of each column that may hold what must not leave."""
    if isinstance(table, FileTable):
        yield from table.list_texts(_PLAIN)
        return
    for column in table.select_dtypes(["str", "object"]):
        if not column.endswith(("_token", "_cell")):
            values = table[column].dropna().drop_duplicates()
            yield column, values[~values.astype("str").str.fullmatch(_PLAIN)]


def write_table(table, folder: Path, name: str, *, is_private: bool = False) -> None:
    """Write a table as Parquet, exact, and as CSV, safe in a spreadsheet; a private one as Parquet only."""
    from helpers.export import write_csv, write_parquet

    parts = table
    if isinstance(table, FileTable):
        table.move(folder)
        parts = table.parts(_PART_ROWS)
        if is_private:
            table.path.chmod(0o600)
    else:
        write_parquet(table, folder / f"{name}.parquet", private=is_private)
    if not is_private and len(table) <= CSV_ROWS:
        write_csv(parts, folder / f"{name}.csv")


def put_in_place(folder: Path, out: Path) -> None:
    """Put a finished folder from a work folder in place; an earlier one goes with the work folder."""
    if out.exists():
        os.replace(out, folder.with_name(_OLD))
    os.replace(folder, out)
