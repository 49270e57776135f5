"""Flock's SharedNetworks export, CSV, XLSX or printed: who shares networks with an agency, and with whom it
shares.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from helpers.agencies.check import looks_like_agency
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import (
    bind_columns,
    check_day,
    drop_columns,
    list_beginnings,
    list_unbound,
    locate,
    tidy_header,
)
from sidedoor.ingest.lists import ask_for, build_row, close_tables, find_printed, list_printed
from sidedoor.ingest.pdf import read_pages, warn_unseen
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Reading, Report, Skipped
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx", "pdf")
FAMILY, FORM = "Flock SharedNetworks", "organizations by row, networks by direction"
# direction -> section of the canonical table
SECTIONS = {"with_me": "detections_received", "by_me": "detections_shared"}
_SKIPPED = {
    "header-again": "the header, repeated among the rows",
    "no-name": "networks without the name of an organization",
    "note": "a total or a note, and no organization",
    "no-share": "no share in a direction that the file holds: an organization alone, or a note",
}


@dataclass(frozen=True)
class _Place:
    """Where the list is: its sheet (None for a text or a PDF), the row of its header, and its columns."""

    sheet: Sheet | None
    header_row: int
    header: list[str]
    columns: dict[str, str]


def recognize(source: Source) -> Match | None:
    """Recognize the export by its three columns, in any order."""
    found = find_table(source)
    if not found:
        return None
    why = f"columns {', '.join(repr(name) for name in found.columns.values())}"
    # in a workbook, an audit beside it is the greater part
    return Match(FAMILY, FORM, why, 0.9 if found.sheet else 1.0)


def find_table(source: Source) -> _Place | None:
    """Find the list in a file."""
    known = load_format("flock")["sharing"]["columns"]
    if source.kind == "pdf":
        header = find_printed(source, _list_names(), 2)
        columns = bind_columns(header, known, source.name)
        return _Place(None, 0, header, columns) if _is_list(columns) else None
    names = {tidy_header(name) for name in known["organization"]}
    for sheet, rows in list_beginnings(source):
        for number, cells in rows:
            if names & {tidy_header(cell) for cell in cells}:
                header = [cell.strip() for cell in cells]
                columns = bind_columns(list(filter(None, header)), known, locate(source, sheet, number))
                if _is_list(columns):
                    return _Place(sheet, number, header, columns)
    return None


def _list_names() -> set[str]:
    return {
        tidy_header(name) for part in load_format("flock")["sharing"]["columns"].values() for name in part
    }


def _is_list(columns: dict[str, str]) -> bool:
    return "organization" in columns and not SECTIONS.keys().isdisjoint(columns)


def _list_rows(source: Source, found: _Place, report: Report) -> Iterator[tuple[str, list[str]]]:
    """Give the place and the cells of each row; at the end, the report what else was seen."""
    if source.kind == "pdf":
        yield from ((place, cells) for _, place, cells in list_printed(source, _list_names(), 2))
        warn_unseen(read_pages(source), report)
        report.warn("printed", "Read from the places of words on printed pages: compare a page by eye.")
    elif found.sheet is None:
        table = read_table(source, header_line=found.header_row)
        yield from ((f"line {line}", cells) for line, cells in table.rows())
        table.describe(report)
    else:
        for number, cells in found.sheet:
            if number > found.header_row and any(cells):
                yield found.sheet.name_row(number), cells
        for sheet in read_workbook(source).sheets:
            if sheet is not found.sheet:
                reason = "a sheet that is no SharedNetworks list"
                report.put_aside(sheet.label, reason, sheet.count_rows(), "other-sheet")


def read(source: Source, options: ReadOptions) -> Reading:
    """Read the export: one row for each organization and direction.

    Returns
    -------
    Reading with the table `sharing` and its report. Names of networks in a cell are not counted: a comma
    inside a name cannot be told from one between two.

    Raises
    ------
    IngestError
        The file names neither the agency whose list it is nor its date, and neither was given.
    """
    match, found = recognize(source), find_table(source)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    cap = source.limits.list_rows
    rows = [
        (place, dict(zip(found.header, map(str.strip, cells), strict=False)))
        for place, cells in islice(_list_rows(source, found, report), cap + 1)
    ]
    if len(rows) > cap:
        said = f"a list of more than {cap:,} rows"
        raise IngestError(source.name, said, "Split it.", code="too-large")
    columns = found.columns
    _check_options(source.name, [row.get(columns.get("by_me"), "") for _, row in rows], options)
    base = {"as_of": options.as_of, "source_id": options.source_id or source.id}
    skipped = {code: Skipped(code, reason) for code, reason in _SKIPPED.items()}
    sharing, names, cleaned_n = [], Counter(), 0
    for row_no, (place, row) in enumerate(rows, 1):
        cells = {field: row.get(column, "") for field, column in columns.items()}
        name = remove_hidden(cells["organization"])
        cleaned_n += name != cells["organization"]
        sections = [section for field, section in SECTIONS.items() if cells.get(field)]
        if code := _find_reason(name, columns["organization"], sections):
            skipped[code].add(place)
        if code in ("", "no-share"):
            names[name] += 1
        page = cells.get("page", "")
        at = {"page": int(page) if page.isdigit() and len(page) < 7 else None, "row_no": row_no}
        for section in () if code else sections:
            sharing.append(build_row(section, options.reported_by, name) | base | at)
    report.skip(skipped)
    report.details["rows_in_file"] = len(rows)
    drop_columns(report, found.header, list_unbound(found.header, columns))
    if cleaned_n:
        report.warn(
            "cleaned-names", f"Names with characters without width, which were removed: {cleaned_n:,}."
        )
    for field, section in SECTIONS.items():
        if field not in columns:
            said = f"The file has no column for {section}: not released, which is not the same as no share."
            report.warn("direction-not-released", said)
    if twice_n := sum(count > 1 for count in names.values()):
        report.details["listed_twice"] = twice_n
        said = say_number(twice_n, "organization is", "organizations are")
        report.warn("listed-twice", f"{said} in more than one row; each row is kept.")
    said = (
        "A blank cell is no share in that direction. The list is a setting on one day, not a record of use."
    )
    report.note("setting", said)
    return close_tables(report, {"sharing": sharing})


def _find_reason(name: str, column: str, sections: list[str]) -> str:
    """Return why a row is skipped; nothing for a row that is read."""
    if tidy_header(name) == tidy_header(column):
        return "header-again"
    if not name:
        return "no-name"
    if re.search(load_format("workbook")["names"]["note"], name):
        return "note"
    return "" if sections else "no-share"


def _check_options(name: str, networks: list[str], options: ReadOptions) -> None:
    """Ask whose list it is and of which day, with what the file hints at: the network that it shares."""
    if not options.reported_by:
        own = next((cell for cell, _ in Counter(networks).most_common() if looks_like_agency(cell)), None)
        hint = f"The network that it shares most often is called {own[:80]!r}." if own else ""
        raise ask_for("reported_by", name, hint)
    if not options.as_of:
        hint = ""
        if found := re.search(load_format("flock")["sharing"]["file_date"], name):
            with suppress(ValueError):
                day = datetime.strptime(" ".join(found.groups()), "%Y %B %d").date().isoformat()
                hint = f"The file's name says {day}; names are often wrong, so it is not taken by itself."
        raise ask_for("as_of", name, hint)
    check_day(options.as_of)
