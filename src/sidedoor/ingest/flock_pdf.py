"""Flock's audits printed to PDF: the same columns as the CSV, read from where their words stand."""

import re
from collections import Counter

from helpers.formats import load_format
from sidedoor.ingest.flock_audit import AuditTable, match_tables, read_tables
from sidedoor.ingest.headers import bind_columns, tidy_header
from sidedoor.ingest.pdf import read_pages, warn_unseen
from sidedoor.ingest.pdf_table import find_page_header, read_rows
from sidedoor.ingest.report import Reading
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import build_batch

KINDS = ("pdf",)
_AT_LEAST = 4
# What the first line of a cell looks like, in the columns that begin every row: an id whole or cut by the
# width of its column, a date.
_DAY = r"(?:\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d{2}-\d{2})"
_BEGINS = {"id": re.compile(r"[0-9a-fA-F]{8}-"), "search time": re.compile(_DAY)}
_NEXT_DAY = re.compile(rf"(?<=\S)\s+(?={_DAY}\b)")


def list_names() -> set[str]:
    """List the names that columns of an audit go by, tidied."""
    audit = load_format("flock")["audit"]
    names = [name for known in audit["columns"].values() for name in known]
    return {tidy_header(name) for name in [*names, *audit["dropped"]["columns"]]}


def recognize(source: Source) -> Match | None:
    """Recognize an audit by the header that it prints on one of its first pages."""
    known = list_names()
    for page in read_pages(source)[:3]:
        if header := find_page_header(page, known, _AT_LEAST):
            return match_tables([_bind(header.names, source)])
    return None


def _bind(names: tuple[str, ...], source: Source) -> AuditTable:
    # a column whose heading was blacked out has none
    header = [name or f"(unnamed {number})" for number, name in enumerate(names, 1)]
    columns = bind_columns(header, load_format("flock")["audit"]["columns"], source.name)
    return AuditTable("audit", header, columns)


def read(source: Source, options: ReadOptions) -> Reading:
    """Read an audit from a PDF with a text layer.

    Returns
    -------
    Reading with the table `searches` and its report. A cell that was blacked out holds no text, so that it
    cannot be told from an empty one: the report says so.

    Raises
    ------
    IngestError
        Rows cannot be told apart, their columns are spread over pages, or times print no zone and none was
        given.
    """
    header, rows, outside = read_rows(read_pages(source), source.name, list_names(), _AT_LEAST, _BEGINS)
    table = _bind(header.names, source)
    kinds = {name: field for field, name in table.columns.items()}
    cells = [
        [_join(kinds.get(name), lines) for name, lines in zip(table.header, row.cells, strict=True)]
        for row in rows
    ]
    by_page: Counter[int] = Counter()
    places = []
    for row in rows:
        by_page[row.page] += 1
        places.append(f"{row.page} row {by_page[row.page]}")
    reading = read_tables(source, options, [table], [[build_batch(table.header, cells, places, "page {}")]])
    report = reading.report
    warn_unseen(read_pages(source), report)
    report.details["rows_by_page"] = {str(page): count for page, count in sorted(by_page.items())}
    report.details["texts_outside_the_table_n"] = len(outside)
    report.warn(
        "printed-places",
        "Read from the places of words on printed pages: compare a page or two by eye. A cell that was "
        "blacked out holds no text and counts as empty.",
    )
    return reading


def _join(field: str | None, lines: tuple[str, ...]) -> str:
    """Join the lines of a cell: ids without a space, two times of a window on two lines, all else with
    spaces.
    """
    if field == "search_id":
        return "".join(lines).replace(" ", "")
    text = " ".join(lines)
    return _NEXT_DAY.sub("\n", text) if field == "window" else text
