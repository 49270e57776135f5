"""From a file to its report, and from a file to a folder of tables: what the command offers."""

import json
import os
import shutil
import tempfile
import threading
from pathlib import Path

import pandas as pd

from helpers.errors import IngestError, SideDoorError
from sidedoor.ingest.duck import SPILLED
from sidedoor.ingest.report import FileTable
from sidedoor.ingest.source import FileLimits, ReadOptions, Source, open_source

REPORT = "report.json"
CSV_ROWS = 1_048_575
_PART_ROWS = 100_000


def inspect_file(
    path: Path | str, options: ReadOptions | None = None, limits: FileLimits | None = None, follow=None
):
    """Read a file and report on it, writing nothing.

    Parameters
    ----------
    path
        The file.
    options
        What only the person knows (`ReadOptions`).
    limits
        How much is taken (`FileLimits`).
    follow
        Is told the bytes read and all bytes, while a large log is read.

    Returns
    -------
    Report. What only a person knows and did not say (whose list, which day, which zone) is in `details["needed"]`, by option,
    and the rest is reported all the same. If the file was recognized but cannot be read (a row is broken), it says so:
    `details["refused"]` holds `place`, `found` and `way_out`, and no row is counted.

    Raises
    ------
    IngestError
        The file is none that may or can be read.
    """
    return examine_file(path, options, limits, follow).report


def examine_file(
    path: Path | str, options: ReadOptions | None = None, limits: FileLimits | None = None, follow=None
):
    """Read a file as `inspect_file` does, and give its tables too: for counting only, as some cells may be stand-ins.

    Returns
    -------
    Reading; the table of a large log is a `FileTable` whose file is gone.
    """
    from sidedoor.ingest.asking import read_asking

    source = _open(path, limits)
    with tempfile.TemporaryDirectory(prefix="sidedoor-inspect-") as work:
        source.work, source.follow = Path(work), follow
        return read_asking(read_source, source, options or ReadOptions())


def read_source(source: Source, options: ReadOptions | None = None, *, is_tolerant: bool = False):
    """Let the reader that knows a file read it.

    Returns
    -------
    Reading; its report has been checked: rows in are rows out and rows set aside.

    Raises
    ------
    IngestError
        The file cannot be read; as `DefectError` if the reader failed in a way that is its own fault.
    """
    from sidedoor.ingest.report import Reading, Report
    from sidedoor.ingest.sniff import sniff
    from sidedoor.ingest.xlsx import read_workbook

    options = options or ReadOptions()
    try:
        module, match = sniff(source, options)
        try:
            reading = module.read(source, options)
            _check_reading(reading)
            if source.kind == "xlsx":
                reading.report.warnings += read_workbook(source).warn()
        except IngestError as error:
            if not is_tolerant or isinstance(error, DefectError):
                raise
            report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
            report.details["refused"] = {"place": error.place, "found": error.found, "way_out": error.way_out}
            return Reading({}, report)
    except SideDoorError:
        raise
    except Exception as error:  # a message or a traceback may repeat what stands in the file
        raise DefectError(source.name, f"the reader failed ({type(error).__name__})", DEFECT) from error
    return reading


class DefectError(IngestError):
    """A reader did what no reader may do. The file is not to blame."""


DEFECT = "This is a defect of Side Door, not of the file: please report it with the form of the file."


def _check_reading(reading) -> None:
    """Demand that rows in are rows out and rows set aside, and that the tables hold the rows out."""
    report = reading.report
    try:
        report.check()
    except IngestError as error:
        raise DefectError(error.place, error.found, DEFECT) from None
    rows_n = sum(len(table) for table in reading.tables.values())
    if rows_n != report.rows_out:
        found = f"the tables hold {rows_n} rows where the report says {report.rows_out}"
        raise DefectError(report.file, found, DEFECT)


def ingest_file(
    path: Path | str,
    out: Path | str,
    options: ReadOptions | None = None,
    limits: FileLimits | None = None,
    follow=None,
):
    """Read a file and write its tables and its report into a folder, all of it or nothing.

    In publication mode, the default, `reason_text` is emptied in what is written; its state column stays.
    With `keep_reasons` the tables are written as Parquet only, readable by nobody else. A log of more rows than a
    spreadsheet holds is written as Parquet only, too.

    Parameters
    ----------
    path
        The file.
    out
        A folder: new, empty, or one that holds an earlier ingest of ours, which is replaced.
    options, limits, follow
        As for `inspect_file`.

    Returns
    -------
    Reading, as it was read, reasons included; the table of a large log is the `FileTable` that was written.

    Raises
    ------
    IngestError
        The file cannot be read, or the folder holds something else.
    """
    options, out = options or ReadOptions(), Path(out).absolute()
    check_folder(out)
    source = _open(path, limits)
    is_large = source.is_packed or source.bytes_n >= source.limits.bulk_bytes
    reading = None if is_large else _read_or_ask(source, options)
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        if is_large:
            source.work, source.follow = work, follow
            reading = _read_or_ask(source, options)
        tables = reading.tables if options.keep_reasons else empty_reasons(reading.tables)
        _note_left_out(reading, options)
        for name, table in tables.items():
            write_table(table, work, name, is_private=options.keep_reasons)
        text = json.dumps(reading.report.to_dict(), ensure_ascii=False, indent=2, sort_keys=False)
        (work / REPORT).write_text(text + "\n", encoding="utf-8", newline="\n")
        if options.keep_reasons:
            (work / REPORT).chmod(0o600)
        else:
            check_leaks(tables, work)
            work.chmod(0o755)
        for table in tables.values():
            if isinstance(table, FileTable):
                table.close()
                table.path = out / table.path.name
                shutil.rmtree(work / SPILLED, ignore_errors=True)
        put_in_place(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return reading


def _read_or_ask(source: Source, options: ReadOptions):
    """Read a file; if something is missing that only a person knows, ask for all of it."""
    try:
        return read_source(source, options)
    except IngestError as error:
        from sidedoor.ingest.asking import ask_for_all
        from sidedoor.ingest.bulk import is_bulk

        if is_bulk(source):  # to read all of a large log, only to ask for more, may take minutes
            raise
        raise ask_for_all(error, read_source, source, options) from None


def _note_left_out(reading, options: ReadOptions) -> None:
    tables = (
        [table for table in reading.tables.values() if isinstance(table, FileTable)]
        if not options.keep_reasons
        else []
    )
    for column in [name for table in tables for name in table.list_sampled(_PLAIN)]:
        reading.report.notes.append(
            f"Column {column} holds too many different texts to look through each for plates, phone numbers and the like: of "
            "each shape (digits as 9, letters as a) some thousands were looked through, the first, the last and others between."
        )
    rows_n = max(map(len, reading.tables.values()), default=0)
    if rows_n > CSV_ROWS and not options.keep_reasons:
        reading.report.notes.append(
            f"No CSV was written: a spreadsheet holds {CSV_ROWS:,} rows, and these are {rows_n:,}. The Parquet file holds "
            "them all; the notebooks read it, and so do DuckDB, pandas, Polars and R."
        )


def check_folder(out: Path, more: tuple[str, ...] = ()) -> None:
    """Refuse a folder that is not ours to replace: each file in it has to be one that an ingest writes, or one of `more`.

    Raises
    ------
    IngestError
        It is a file, or it holds other files.
    """
    if not out.exists() and not out.is_symlink():
        return
    if out.is_symlink() or not out.is_dir():
        raise IngestError(out.name, "it is no folder", "Give --out a new folder.")
    there = {path.name for path in out.iterdir()}
    if not there:
        return
    from helpers.canonical import COLUMNS

    ours = {REPORT, *(f"{name}.{end}" for name in COLUMNS for end in ("parquet", "csv")), *more}
    if REPORT not in there or there - ours:
        raise IngestError(
            out.name, "the folder holds files that no ingest wrote", "Give --out a new or empty folder."
        )


def empty_reasons(tables: dict) -> dict:
    """Empty the free text of reasons; the column that tells their state stays."""
    return {
        name: table.assign(reason_text=table["reason_text"].where(table["reason_text"].isna()))
        if isinstance(table, pd.DataFrame) and "reason_text" in table
        else table
        for name, table in tables.items()
    }


# Values that were made here or that cannot hold anything else: ids, tokens, dates, states of cells.
_PLAIN = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}"


def check_leaks(tables: dict, folder: Path) -> None:
    """Look through what is about to be written for plates, phone numbers and the like, each text once.

    Raises
    ------
    IngestError
        There is one; its column is named, its value masked.
    """
    from helpers.errors import RunError
    from helpers.export import write_csv
    from sidedoor.publish.scan import check_publication

    with tempfile.TemporaryDirectory(dir=folder) as seen:
        shutil.copy(folder / REPORT, seen)
        for name, table in tables.items():
            for column, values in _list_texts(table):
                if len(values):
                    # who reports is an agency here; in the reports of vendors the same words stand over a person
                    header = "agency" if column == "reported_by" else column
                    write_csv(values.to_frame(header), Path(seen, f"{name}.{column}.csv"))
        try:
            check_publication(seen)
        except RunError as error:
            raise IngestError(
                error.place,
                error.found,
                "For private work use --private. If it is no leak, say why in data/registry/leaks.toml.",
            ) from None


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

    if isinstance(table, FileTable):  # its Parquet file is there already
        if is_private:
            table.path.chmod(0o600)
        elif len(table) <= CSV_ROWS:
            write_csv(table.parts(_PART_ROWS), folder / f"{name}.csv")
        return
    write_parquet(table, folder / f"{name}.parquet", private=is_private)
    if not is_private and len(table) <= CSV_ROWS:
        write_csv(table, folder / f"{name}.csv")


def put_in_place(work: Path, out: Path) -> None:
    """Put a finished folder where an earlier one may stand: all of it, or nothing."""
    if not out.exists():
        os.replace(work, out)
        return
    old = out.with_name(f"{work.name}-old")
    os.replace(out, old)
    try:
        os.replace(work, out)
    except OSError:
        os.replace(old, out)
        raise
    shutil.rmtree(old)


def _open(path: Path | str, limits: FileLimits | None) -> Source:
    # The readers' libraries load while the sandbox's child is at work on a PDF or a workbook.
    threading.Thread(target=_load_readers, daemon=True).start()
    return open_source(path, limits)


def _load_readers() -> None:
    from sidedoor.ingest.sniff import list_readers

    list_readers()
