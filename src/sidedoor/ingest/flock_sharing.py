"""Flock's SharedNetworks export, CSV or XLSX: who shares networks with an agency, and with whom it shares."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from helpers.canonical import build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import (
    bind_columns,
    check_day,
    list_beginnings,
    list_unbound,
    locate,
    tidy_header,
)
from sidedoor.ingest.report import Reading, Report, SetAside
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILY, FORM = "Flock SharedNetworks", "organizations by row, networks by direction"
# direction -> section of the canonical table
SECTIONS = {"with_me": "detections_received", "by_me": "detections_shared"}
_NO_SHARE = "no share in either direction: an organization alone, or a note"
_NO_SHARE_HERE = "no share in the one direction that the file holds"
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass
class _Direction:
    """What was counted in one column: cells with networks, their pieces, odd pieces, blank cells."""

    cells: int = 0
    pieces: Counter = field(default_factory=Counter)
    fragments: Counter = field(default_factory=Counter)
    with_comma: int = 0
    blank: int = 0


def recognize(source: Source) -> Match | None:
    """Recognize the export by its three columns, in any order."""
    found = find_header(source)
    if not found:
        return None
    sheet, _, header, columns = found
    why = f"columns {', '.join(repr(name) for name in columns.values())}" + (
        f" in sheet {sheet.name!r}" if sheet else ""
    )
    # in a workbook, an audit beside it is the greater part
    return Match(FAMILY, FORM, why, 0.9 if sheet else 1.0)


def find_header(source: Source) -> tuple[Sheet | None, int, list[str], dict[str, str]] | None:
    """Find the sheet (None for a text), the row of the header, the header and its columns."""
    known = load_format("flock")["sharing"]["columns"]
    names = {tidy_header(name) for name in known["organization"]}
    for sheet, rows in list_beginnings(source):
        for number, cells in rows:
            if names & {tidy_header(cell) for cell in cells}:
                header = [cell.strip() for cell in cells]
                columns = bind_columns(
                    [name for name in header if name], known, locate(source, sheet, number)
                )
                if "organization" in columns and {"with_me", "by_me"} & set(columns):
                    return sheet, number, header, columns
    return None


def read(source: Source, options: ReadOptions) -> Reading:
    """Read the export: one row for each organization and direction.

    Returns
    -------
    Reading with the table `sharing` and its report. How many networks a row stands for is in the report's details.

    Raises
    ------
    IngestError
        The file names neither the agency whose list it is nor its date, and nobody said.
    """
    match = recognize(source)
    sheet, header_row, header, columns = find_header(source)
    _demand_options(source, options, sheet, header_row, header, columns)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    known = load_format("flock")["sharing"]
    inactive, fragment = re.compile(known["inactive"]), re.compile(known["fragments"])
    note = re.compile(load_format("workbook")["names"]["note"])
    counts = {name: _Direction() for name in SECTIONS if name in columns}
    rows, names, widest = [], Counter(), ("", 0)
    for row_no, (place, cells) in enumerate(_list_rows(source, sheet, header_row, header, report), 1):
        row = dict(zip(header, cells, strict=False))
        who = row[columns["organization"]].strip()
        told = {name: row[columns[name]].strip() for name in counts}
        if tidy_header(who) == tidy_header(columns["organization"]):
            _set_aside(report, place, "the header, repeated among the rows")
            continue
        if not who:
            _set_aside(report, place, "networks without the name of an organization")
            continue
        if note.search(who):
            _set_aside(report, place, "a total or a note, and no organization")
            continue
        names[who] += 1
        if not any(told.values()):
            _set_aside(report, place, _NO_SHARE if len(counts) == 2 else _NO_SHARE_HERE, who)
            continue
        for name, cell in told.items():
            pieces = _count_pieces(counts[name], cell, fragment)
            if not cell:
                continue
            widest = max(widest, (who, pieces), key=lambda pair: pair[1])
            mine, theirs = options.reported_by, who
            rows.append(
                {
                    "from_agency_as_printed": theirs if name == "with_me" else mine,
                    "to_agency_as_printed": mine if name == "with_me" else theirs,
                    "shares": "detections",
                    "reported_by": mine,
                    "section": SECTIONS[name],
                    "is_inactive": bool(inactive.search(who)),
                    "as_of": options.as_of,
                    "source_id": options.source_id or source.id,
                    "page": _read_page(row, columns),
                    "row_no": row_no,
                }
            )
    sharing = build_table("sharing", rows)
    report.rows_out = len(sharing)
    report.rows_in = report.rows_out + sum(part.rows_n for part in report.set_aside)
    report.span["sharing"] = [options.as_of, options.as_of]
    report.columns_dropped += list_unbound(header, columns)
    _describe(report, counts, names, widest, sharing)
    report.check()
    return Reading({"sharing": sharing}, report)


def _list_rows(source: Source, sheet, header_row: int, header: list[str], report: Report | None) -> Iterator:
    if sheet is None:
        table = read_table(source, header_line=header_row)
        for line, cells in table.rows():
            yield f"line {line}", cells
        if report:
            report.notes += table.notes
            report.warnings += table.warnings
        return
    for number, cells in sheet:
        if number > header_row and any(cells):
            yield f"{sheet.name} row {number}", cells
    if report:
        _set_sheets_aside(source, sheet, report)


def _set_sheets_aside(source: Source, used: Sheet, report: Report) -> None:
    for sheet in read_workbook(source).sheets:
        rows_n = sum(1 for _, cells in sheet if any(cells))
        if sheet.is_hidden:
            report.warnings.append(f"Sheet {sheet.name!r} is hidden.")
        if sheet is not used and rows_n:
            report.set_aside.append(
                SetAside(f"sheet {sheet.name}", "a sheet that is no SharedNetworks list", rows_n=rows_n)
            )


def _set_aside(report: Report, place: str, reason: str, what: str = "") -> None:
    report.set_aside.append(SetAside(place, reason, what))


def _read_page(row: dict, columns: dict) -> int | None:
    text = row[columns["page"]].strip() if "page" in columns else ""
    return int(text) if text.isdigit() and len(text) < 7 else None


def _count_pieces(count: _Direction, cell: str, fragment: re.Pattern) -> int:
    """Count the networks of a cell; a comma inside a name cannot be told from one between names."""
    if not cell:
        count.blank += 1
        return 0
    pieces = [piece.strip() for piece in cell.split(",") if piece.strip()]
    count.cells += 1
    count.with_comma += len(pieces) > 1
    count.pieces.update(pieces)
    count.fragments.update(piece for at, piece in enumerate(pieces) if at and fragment.search(piece))
    return len(pieces)


def _demand_options(
    source: Source, options: ReadOptions, sheet, header_row: int, header: list[str], columns: dict
) -> None:
    if not options.reported_by:
        hint = "Say whose list it is: --reported-by 'AGENCY'."
        if "by_me" in columns:
            rows = _list_rows(source, sheet, header_row, header, None)
            cells = Counter(
                dict(zip(header, cells, strict=False))[columns["by_me"]].strip() for _, cells in rows
            )
            cells.pop("", None)
            if cells:
                hint += (
                    f" The network that it shares most often is called {cells.most_common(1)[0][0][:80]!r}."
                )
        raise IngestError(source.name, "the file does not say whose list it is", hint)
    if not options.as_of:
        hint = "Give its date: --as-of YYYY-MM-DD."
        if found := re.search(load_format("flock")["sharing"]["file_date"], source.name):
            try:
                day = date(int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3])).isoformat()
                hint += f" The file's name says {day}; names are often wrong, so it is not taken by itself."
            except ValueError:
                pass
        raise IngestError(source.name, "a list without a date", hint)
    check_day(options.as_of)


def _describe(report: Report, counts: dict, names: Counter, widest: tuple[str, int], sharing) -> None:
    for name, count in counts.items():
        report.details[SECTIONS[name]] = {
            "organizations": count.cells,
            "blank": count.blank,
            "cells_with_commas": count.with_comma,
            "networks_if_every_comma_separates": sum(count.pieces.values()),
            "networks_at_least": count.cells,
            "pieces_that_are_hardly_names": dict(count.fragments.most_common(20)),
        }
        if count.fragments:
            report.warnings.append(
                f"{say_number(sum(count.fragments.values()), 'piece')} in {SECTIONS[name]} may be the rest of a name "
                "with a comma "
                "in it: the number of networks lies between the two counts in the details."
            )
    for name in SECTIONS.keys() - counts.keys():
        report.warnings.append(
            f"The file has no column for {SECTIONS[name]}: that direction was not released, which is not the same as no share."
        )
    is_out = sharing["section"] == SECTIONS["by_me"]
    who = sharing["to_agency_as_printed"].where(is_out, sharing["from_agency_as_printed"])
    ways = [set(sections) for _, sections in sharing["section"].groupby(who)]
    report.details["organizations"] = {
        "both_ways": sum(len(way) == 2 for way in ways),
        "shares_with_me_only": sum(way == {SECTIONS["with_me"]} for way in ways),
        "shared_by_me_only": sum(way == {SECTIONS["by_me"]} for way in ways),
    }
    report.details["most_networks"] = {"organization": widest[0], "networks": widest[1]}
    twice = {name: count for name, count in names.items() if count > 1}
    if twice:
        report.details["listed_twice"] = twice
        report.warnings.append(
            f"{say_number(len(twice), 'organization stands', 'organizations stand')} in more than one row; each row is kept."
        )
    report.notes.append(
        "A blank cell is no share in that direction. The list is a setting on one day, not a record of use."
    )
    report.notes.append(
        "Networks in a cell are separated by commas, and names can hold commas too: the count is a range."
    )
