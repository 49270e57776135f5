"""Files that tests of the table readers make: delimited texts, workbooks, and what must never be told about
them.
"""

import csv
import json
import tempfile
from datetime import date, datetime, time
from pathlib import Path

import xlsxwriter

from helpers.errors import IngestError
from sidedoor.ingest.files import read_source
from sidedoor.ingest.report import FileTable, Reading, Report
from sidedoor.ingest.source import ReadOptions, open_source

# Stand for what no report and no error may repeat.
PLATE, OFFICER, CASE, REASON = "7ZZZ777", "Quillfeather Xan", "CN-55-7788", "seen by the zanzibar fence"
CANARIES = (PLATE, "Quillfeather", CASE, "zanzibar")
KEY = b"k" * 16 + b"0123456789abcdef"


def write_csv(
    path: Path, rows: list[list], *, encoding: str = "utf-8", delimiter: str = ",", end: str = "\r\n"
) -> Path:
    """Write rows as a delimited text."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    return path


def write_book(path: Path, sheets: dict[str, list[list]], hide: str = "") -> Path:
    """Write sheets of a workbook; dates become date cells."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name == hide:
                sheet.hide()
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    if isinstance(cell, (datetime, date, time)):
                        sheet.write_datetime(y, x, cell, day)
                    elif cell is not None:
                        sheet.write(y, x, cell)
    return path


def read(path: Path, **options) -> Reading:
    """Read a file as the command does, with reasons, and check that no record was lost and nothing said that
    must not be.

    The table of a search log is loaded into memory.
    """
    source = open_source(path)
    with tempfile.TemporaryDirectory() as work:
        source.work = Path(work)
        reading = read_source(
            source, ReadOptions(**{"keep_reasons": True, "confirm_agencies": True, **options})
        )
        report = reading.report
        report.check()
        assert sum(map(len, reading.tables.values())) == report.rows_out
        tables = {
            name: table.load() if isinstance(table, FileTable) else table
            for name, table in reading.tables.items()
        }
        for table in reading.tables.values():
            if isinstance(table, FileTable):
                table.close()
    check_silence(json.dumps(report.to_dict(), ensure_ascii=False))
    return Reading(tables, report)


def count_skipped(report: Report) -> dict[str, int]:
    """Count the skipped rows of a report by code."""
    counts: dict[str, int] = {}
    for part in report.set_aside:
        counts[part.code] = counts.get(part.code, 0) + part.rows_n
    return counts


def list_names(reading: Reading, section: str = "detections_shared") -> list[str]:
    """List the names that a reading has in a section, in the order of the rows; none without a table."""
    if "sharing" not in reading.tables:
        return []
    table = reading.tables["sharing"].query("section == @section")
    return list(table["to_agency_as_printed" if section.endswith("shared") else "from_agency_as_printed"])


def refuse(path: Path, **options) -> IngestError:
    """Read a file that has to be refused, and give the error."""
    try:
        read(path, **options)
    except IngestError as error:
        check_silence(str(error))
        assert path.name in str(error) or "TOML" in str(error) or error.place
        return error
    raise AssertionError("the file was read")


def check_silence(text: str) -> None:
    """Demand that a text repeats no plate, officer, case number or reason."""
    for canary in CANARIES:
        assert canary not in text
