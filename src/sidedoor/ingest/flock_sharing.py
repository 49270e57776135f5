"""Flock's SharedNetworks export, CSV or XLSX: who shares networks with an agency, and with whom it shares."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from helpers.agencies.check import looks_like_agency
from helpers.canonical import build_table
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
from sidedoor.ingest.pdf import read_pages, warn_unseen
from sidedoor.ingest.pdf_table import find_page_header, read_rows
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
class _Table:
    """Where the list is: its sheet (None for a text), the row of its header, the header and its columns."""

    source: Source
    sheet: Sheet | None
    header_row: int
    header: list[str]
    columns: dict[str, str]
    printed: list[tuple[str, list[str]]] | None = None

    def rows(self, report: Report | None = None) -> Iterator[tuple[str, dict[str, str]]]:
        """Give the cells of each row by field, with its place; a report is given what was skipped."""
        text = None
        if self.printed is not None:
            rows = self.printed
        elif self.sheet is None:
            text = read_table(self.source, header_line=self.header_row)
            rows = ((f"line {line}", cells) for line, cells in text.rows())
        else:
            below = ((number, cells) for number, cells in self.sheet if number > self.header_row)
            rows = ((self.sheet.name_row(number), cells) for number, cells in below if any(cells))
        for place, cells in rows:
            row = dict(zip(self.header, cells, strict=False))
            yield place, {name: row.get(column, "").strip() for name, column in self.columns.items()}
        if report:
            self._describe(report, text)

    def _describe(self, report: Report, text) -> None:
        if self.printed is not None:
            warn_unseen(read_pages(self.source), report)
            report.warn("printed", "Read from the places of words on printed pages: compare a page by eye.")
        elif text:
            text.describe(report)
        else:
            for sheet in read_workbook(self.source).sheets:
                if sheet is not self.sheet:
                    reason = "a sheet that is no SharedNetworks list"
                    report.put_aside(sheet.label, reason, sheet.count_rows(), "other-sheet")


def recognize(source: Source) -> Match | None:
    """Recognize the export by its three columns, in any order."""
    found = find_table(source)
    if not found:
        return None
    why = f"columns {', '.join(repr(name) for name in found.columns.values())}"
    # in a workbook, an audit beside it is the greater part
    return Match(FAMILY, FORM, why, 0.9 if found.sheet else 1.0)


def find_table(source: Source) -> _Table | None:
    """Find the list in a file."""
    known = load_format("flock")["sharing"]["columns"]
    if source.kind == "pdf":
        return _find_printed(source, known)
    names = {tidy_header(name) for name in known["organization"]}
    for sheet, rows in list_beginnings(source):
        for number, cells in rows:
            if names & {tidy_header(cell) for cell in cells}:
                header = [cell.strip() for cell in cells]
                place = locate(source, sheet, number)
                columns = bind_columns([name for name in header if name], known, place)
                if "organization" in columns and {"with_me", "by_me"} & set(columns):
                    return _Table(source, sheet, number, header, columns)
    return None


def _find_printed(source: Source, known: dict[str, list[str]]) -> _Table | None:
    """Find the list printed to PDF: one row for each organization; cells may be wrapped."""
    names = {tidy_header(name) for part in known.values() for name in part}
    pages = read_pages(source)
    if not any(find_page_header(page, names, 2) for page in pages[:3]):
        return None
    header, rows, _ = read_rows(pages, source.name, names, 2)
    columns = bind_columns(list(header.names), known, source.name)
    if "organization" not in columns or not {"with_me", "by_me"} & set(columns):
        return None
    cells = [
        (f"page {row.page} row {at}", [" ".join(lines) for lines in row.cells])
        for at, row in enumerate(rows, 1)
    ]
    return _Table(source, None, 0, list(header.names), columns, cells)


def build_row(section: str, reported_by: str, name: str) -> dict:
    """Return the row of a name on a list: from whom data flows to whom, what flows, and whether the account
    is still in use.

    Parameters
    ----------
    section
        One of `canonical.SECTIONS`.
    reported_by, name
        Whose list it is; the name on it, as printed.
    """
    ends = (reported_by, name) if section.endswith("shared") else (name, reported_by)
    return {
        "from_agency_as_printed": ends[0],
        "to_agency_as_printed": ends[1],
        "shares": "detections" if section.startswith("detections") else "hot_list",
        "reported_by": reported_by,
        "section": section,
        "is_inactive": bool(re.search(load_format("flock")["sharing"]["inactive"], name)),
    }


def read(source: Source, options: ReadOptions) -> Reading:
    """Read the export: one row for each organization and direction.

    Returns
    -------
    Reading with the table `sharing` and its report. How many networks a row stands for is in the details.

    Raises
    ------
    IngestError
        The file names neither the agency whose list it is nor its date, and neither was given.
    """
    match, table = recognize(source), find_table(source)
    _check_options(table, options)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    note = re.compile(load_format("workbook")["names"]["note"])
    directions = [name for name in SECTIONS if name in table.columns]
    cells: dict[str, list[str]] = {name: [] for name in directions}
    skipped = {code: Skipped(code, reason) for code, reason in _SKIPPED.items()}
    rows, names, cleaned = [], Counter(), 0
    for row_no, (place, row) in enumerate(table.rows(report), 1):
        if row_no > source.limits.list_rows:
            found = f"a list of more than {source.limits.list_rows:,} rows"
            raise IngestError(source.name, found, "Split it.", code="too-large")
        who = remove_hidden(row["organization"])
        cleaned += who != row["organization"]
        code = _find_reason(who, row, directions, table, note)
        if code in ("", "no-share"):
            names[who] += 1
        if code:
            skipped[code].add(place)
            continue
        for name in directions:
            cells[name].append(row[name])
            if row[name]:
                page = row.get("page", "")
                page = int(page) if page.isdigit() and len(page) < 7 else None
                more = {"as_of": options.as_of, "source_id": options.source_id or source.id, "page": page}
                rows.append(build_row(SECTIONS[name], options.reported_by, who) | more | {"row_no": row_no})
    sharing = build_table("sharing", rows)
    report.rows_in += len(sharing)
    report.rows_out = len(sharing)
    report.skip(skipped)
    report.details["rows_in_file"] = sum(names.values()) + sum(
        entry.rows_n for code, entry in skipped.items() if code != "no-share"
    )
    report.span["sharing"] = [options.as_of, options.as_of]
    drop_columns(report, table.header, list_unbound(table.header, table.columns))
    if cleaned:
        report.warn("cleaned-names", f"Names with characters without width, which were removed: {cleaned:,}.")
    _describe(report, cells, names, sharing)
    report.check()
    return Reading({"sharing": sharing}, report)


def _find_reason(who: str, row: dict, directions: list[str], table: _Table, note: re.Pattern) -> str:
    """Return why a row is skipped; nothing for a row that is read."""
    if tidy_header(who) == tidy_header(table.columns["organization"]):
        return "header-again"
    if not who:
        return "no-name"
    if note.search(who):
        return "note"
    return "" if any(row[name] for name in directions) else "no-share"


def _count_networks(cells: list[str]) -> dict[str, int]:
    """Count the networks of a column; a comma inside a name cannot be told from one between names."""
    fragment = re.compile(load_format("flock")["sharing"]["fragments"])
    filled = [[piece.strip() for piece in cell.split(",") if piece.strip()] for cell in cells if cell]
    return {
        "organizations": len(filled),
        "blank": len(cells) - len(filled),
        "cells_with_commas": sum(len(pieces) > 1 for pieces in filled),
        "networks_if_every_comma_separates": len(set().union(*filled)),
        "networks_at_least": len(filled),
        "pieces_that_are_hardly_names": sum(
            bool(fragment.search(piece)) for pieces in filled for piece in pieces[1:]
        ),
    }


def _check_options(table: _Table, options: ReadOptions) -> None:
    name = table.source.name
    if not options.reported_by:
        hint = "Say whose list it is: --reported-by 'AGENCY'."
        cells = Counter(row.get("by_me", "") for _, row in table.rows())
        if names := [cell for cell, _ in cells.most_common() if looks_like_agency(cell)]:
            hint += f" The network that it shares most often is called {names[0][:80]!r}."
        found = "the file does not say whose list it is"
        raise IngestError(name, found, hint, code="no-reporter", asks_for="reported_by")
    if not options.as_of:
        hint = "Give its date: --as-of YYYY-MM-DD."
        if found := re.search(load_format("flock")["sharing"]["file_date"], name):
            with suppress(ValueError):
                day = datetime.strptime(" ".join(found.groups()), "%Y %B %d").date().isoformat()
                hint += f" The file's name says {day}; names are often wrong, so it is not taken by itself."
        raise IngestError(name, "a list without a date", hint, code="no-date", asks_for="as_of")
    check_day(options.as_of)


def _describe(report: Report, cells: dict[str, list[str]], names: Counter, sharing) -> None:
    for name, section in SECTIONS.items():
        if name not in cells:
            text = f"The file has no column for {section}: not released, which is not the same as no share."
            report.warn("direction-not-released", text)
            continue
        counts = report.details[section] = _count_networks(cells[name])
        if pieces_n := counts["pieces_that_are_hardly_names"]:
            said = (
                f"{say_number(pieces_n, 'piece')} in {section} may be the rest of a name with a comma in it"
            )
            report.warn("fragments", f"{said}: the number of networks lies between the two counts.")
    is_out = sharing["section"] == SECTIONS["by_me"]
    who = sharing["to_agency_as_printed"].where(is_out, sharing["from_agency_as_printed"])
    ways = [set(sections) for _, sections in sharing["section"].groupby(who)]
    report.details["organizations"] = {
        "both_ways": sum(len(way) == 2 for way in ways),
        "shares_with_me_only": sum(way == {SECTIONS["with_me"]} for way in ways),
        "shared_by_me_only": sum(way == {SECTIONS["by_me"]} for way in ways),
    }
    if twice := sum(count > 1 for count in names.values()):
        report.details["listed_twice"] = twice
        said = say_number(twice, "organization is", "organizations are")
        report.warn("listed-twice", f"{said} in more than one row; each row is kept.")
    text = (
        "A blank cell is no share in that direction. The list is a setting on one day, not a record of use."
    )
    report.note("setting", text)
    text = "Networks in a cell are separated by commas, and names can hold commas too: the count is a range."
    report.note("commas", text)
