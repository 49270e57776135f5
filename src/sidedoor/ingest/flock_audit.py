"""Flock's Organization Audit, Network Audit, Federal searches and the portals' search audits, CSV or XLSX, in
all layouts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.headers import (
    bind_columns,
    drop_columns,
    list_beginnings,
    locate,
    make_batches,
    tidy_header,
)
from sidedoor.ingest.log_checks import check_log
from sidedoor.ingest.log_part import REASONS, LogForm
from sidedoor.ingest.log_table import SearchLog
from sidedoor.ingest.logs import LogReader
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import RowBatch, read_table
from sidedoor.ingest.times import find_zone
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILIES = {"audit": "Flock audit", "portal": "Flock portal search audit"}
# fields that are bound and still enter no table, or only as a state or a token
_DROPPED = ("officer", "plate", "case_number", "moderation")
# Beside the time of the search two of these are there.
_NEEDED = {
    "audit": (
        "networks_n",
        "devices_n",
        "searcher_agency_as_printed",
        "window",
        "search_type",
        "reason_text",
    ),
    "portal": ("search_id", "networks_n", "devices_n"),
}
# What cells of some columns look like, to tell the layout of rows without a header.
_DAY, _COUNT = r"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}(?!\d)", r"[\d,]*\d"
_TIME = _DAY + r"[^\n]{0,20}"
_CELLS = {
    "id": r"[-\w]{36}|\**", "search time": _TIME, "searchdate": _TIME, "time frame": rf"{_DAY}.*",
    "total networks searched": _COUNT, "total devices searched": _COUNT, "networkcount": _COUNT,
}  # fmt: skip


@dataclass(frozen=True)
class AuditTable:
    """A table in the file: its kind, where its header is, and what its columns are; no sheet for a text."""

    kind: str
    header: list[str]
    columns: dict[str, str]
    header_row: int = 0
    sheet: Sheet | None = None

    def name_form(self) -> tuple[str, bool]:
        """Name the layout, or the nearest with what is different; and say whether it is known."""
        tidy = {tidy_header(name) for name in self.header if name}
        forms = [
            (form["name"], {tidy_header(name) for name in form["columns"]})
            for form in load_format("flock")[self.kind]["forms"]
        ]
        nearest, columns = min(forms, key=lambda form: len(form[1] ^ tidy))
        if columns == tidy:
            return nearest, True
        more, less = len(tidy - columns), len(columns - tidy)
        return f"{len(tidy)} columns, nearest to '{nearest}' ({more} more, {less} missing)", False


def recognize(source: Source) -> Match | None:
    """Recognize an audit by the names of its columns.

    Raises
    ------
    IngestError
        It is an event log, which is no log of searches; or an audit whose header was left out.
    """
    if tables := find_tables(source):
        return match_tables(tables)
    _refuse_relatives(source)
    return None


def match_tables(tables: list[AuditTable]) -> Match:
    """Say what tables of one audit are."""
    forms = dict(table.name_form() for table in tables)
    some = ", ".join(repr(name) for name in list(tables[0].columns.values())[:5])
    why = f"columns {some} and others of Flock's audit"
    return Match(FAMILIES[tables[0].kind], "; ".join(forms), why, 1.0 if any(forms.values()) else 0.9)


def find_tables(source: Source) -> list[AuditTable]:
    """Find the audit's tables in a file: the text itself, or the sheets of a workbook that hold one; all are
    of the kind of the first.
    """
    key = "flock audit tables"
    if key not in source.cache:
        found = [_find_header(source, sheet, rows) for sheet, rows in list_beginnings(source)]
        tables = [table for table in found if table]
        source.cache[key] = [table for table in tables if table.kind == tables[0].kind]
    return source.cache[key]


def _find_header(source: Source, sheet: Sheet | None, rows: list[tuple[int, list[str]]]) -> AuditTable | None:
    for number, cells in rows:
        header = [cell.strip() for cell in cells]
        tidy = {tidy_header(cell) for cell in header}
        for kind, needed in _NEEDED.items():
            known = load_format("flock")[kind]["columns"]
            if tidy.isdisjoint(map(tidy_header, known["searched_at"])):
                continue
            columns = bind_columns([cell for cell in header if cell], known, locate(source, sheet, number))
            if sum(part in columns for part in needed) >= 2:
                return AuditTable(kind, header, columns, number, sheet)
    return None


def _refuse_relatives(source: Source) -> None:
    """Refuse what looks like an audit and is none: an event log, or an audit without its header."""
    event_log = load_format("flock")["event_log"]
    names = {tidy_header(name) for name in event_log["columns"]}
    for sheet, rows in list_beginnings(source):
        for number, cells in rows:
            if len(names & {tidy_header(cell) for cell in cells}) >= event_log["at_least"]:
                found = "an event log: what was changed in an account, not a query log"
                way_out = (
                    "Its details hold plates and officers, so it is not read. Ask for the Organization Audit "
                    "or the Network Audit."
                )
                raise IngestError(locate(source, sheet, number), found, way_out, code="event-log")
        if rows and (form := _guess_form(rows[0][1])):
            found = f"rows of an audit without a header; they look like '{form['name']}'"
            columns = ",".join(form["columns"])
            way_out = f"If that is right, put this line on top of a copy of the file: {columns}"
            raise IngestError(locate(source, sheet, rows[0][0]), found, way_out, code="no-header")


def _guess_form(cells: list[str]) -> dict | None:
    """Guess which layout a row without a header is of: by where its ids, counts, times and time frames are.

    A sheet may end before columns that are empty throughout, so that a row can be shorter than its layout.
    """
    forms = [form for kind in FAMILIES for form in load_format("flock")[kind]["forms"]]
    for form in sorted(forms, key=lambda form: len(form["columns"])):
        missing_n = len(form["columns"]) - len(cells)
        row = zip(form["columns"], [*cells, *[""] * missing_n], strict=False)
        if 0 <= missing_n <= 3 and all(
            re.fullmatch(_CELLS.get(tidy_header(name), ".*"), cell.strip(), re.S) for name, cell in row
        ):
            return form
    return None


def read(source: Source, options: ReadOptions) -> Reading:
    """Read an audit: the table `searches`, its times in UTC.

    Raises
    ------
    IngestError
        Times print no zone and none was given, or most rows have no search time where it should be.
    """
    tables = find_tables(source)
    if source.kind == "text":
        text = read_table(source, header_line=tables[0].header_row)
        reading = read_tables(source, options, tables, [text.batches()])
        text.describe(reading.report)
        return reading
    date_1904, batches = read_workbook(source).date_1904, []
    for table in tables:
        moments = [table.columns[name] for name in ("searched_at", "search_date") if name in table.columns]
        batches.append(make_batches(table.sheet, table.header_row, table.header, moments, date_1904))
    reading = read_tables(source, options, tables, batches)
    _skip_sheets(source, {table.sheet.number for table in tables}, reading.report)
    return reading


def read_tables(
    source: Source, options: ReadOptions, tables: list[AuditTable], batches: list[Iterable[RowBatch]]
) -> Reading:
    """Read the tables of one audit, from whatever kind of file, and report on it."""
    kind, match = tables[0].kind, match_tables(tables)
    known, log = load_format("flock")[kind], LogReader(source, options)
    zone = find_zone(options.time_zone) if options.time_zone else None
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    header, dropped, times = [], [], known["times"]
    for table, rows in zip(tables, batches, strict=True):
        first_row, misplaced_n = log.rows_n + 1, log.count_skipped("out-of-place")
        form = LogForm(table.columns, times["forms"], zone, times["zone_hint"], times.get("window", ""))
        log.read(rows, form)
        header += table.header
        kept = [name for field, name in table.columns.items() if field not in _DROPPED]
        dropped += [name for name in table.header if name and name not in kept]
        if table.sheet:
            form, rows_n = table.name_form()[0], log.rows_n - first_row + 1
            about = {"form": form, "first_row_no": first_row, "rows": rows_n}
            report.details.setdefault("sheets", {})[table.sheet.label] = about
            if 2 * (log.count_skipped("out-of-place") - misplaced_n) > rows_n:
                _warn_of_header(table, report)
    searches = log.close(report)
    drop_columns(report, list(dict.fromkeys(header)), dropped)
    check_log(searches, log, report, zone)
    report.time_zone = "UTC, printed with every time"
    if log.local_n:
        report.time_zone = f"{zone.key}, as given" + ("; UTC where printed" if log.utc_n else "")
    if kind == "audit":
        _describe_audit(searches, report, known)
    else:
        _describe_portal(searches, tables[0].columns, report, known)
    return Reading({"searches": searches}, report)


def _warn_of_header(table: AuditTable, report: Report) -> None:
    labels_n = sum(bool(name) for name in table.header)
    below = [cells for number, cells in table.sheet if number > table.header_row]
    filled_n = max(at for cells in below for at, cell in enumerate(cells, 1) if cell.strip())
    report.warn(
        "misplaced-header",
        f"{table.sheet.label}: its rows do not fit its header of {labels_n} labels over at most {filled_n} "
        "cells: a label too many, or one missing. Correct the header in a copy of the file, or give it in a "
        "mapping: [sheets.NAME].",
    )


def _skip_sheets(source: Source, used: set[int], report: Report) -> None:
    """Account for the rows of sheets that hold no audit."""
    for sheet in read_workbook(source).sheets:
        if sheet.number in used:
            continue
        report.put_aside(sheet.label, "a sheet without an audit's columns", sheet.count_rows(), "other-sheet")
        first = next((cells for _, cells in sheet if any(cells)), [])
        if form := _guess_form(first):
            text = (
                f"{sheet.label} has no header, and its rows look like '{form['name']}': skipped. Put a "
                "header on top in a copy of the file, or name its columns in a mapping: [sheets.NAME]."
            )
            report.warn("sheet-without-header", text)


def _describe_audit(searches: SearchLog, report: Report, known: dict) -> None:
    """Say in the report which kind of audit it is."""
    names = searches.count_values("searcher_agency_as_printed")
    kind = "network" if len(names) > 1 else "organization" if names else "unknown"
    report.details["log"] = kind
    report.note(f"log-{kind}", known["notes"][kind])
    prefix = known["labels"]["federal_prefix"]
    if federal := sum(count for name, count in names.items() if name.startswith(prefix)):
        report.details["federal_rows"] = federal
        text = f"Rows of agencies whose name begins with {prefix.strip()!r}: {federal:,}, kept."
        report.note("federal", text)
        if federal == len(searches):
            report.form += "; Federal searches"


def _describe_portal(searches: SearchLog, columns: dict[str, str], report: Report, known: dict) -> None:
    """Say in the report what a portal's audit gives and what not."""
    report.details["keys"] = [*columns.values()]
    report.details["reason_origin"] = dict(sorted(searches.count_values("reason_origin").items()))
    notes = ["rolling-window"]
    notes += [] if set(REASONS) & set(columns) else ["no-justification"]
    notes += ["counts-cameras"] if "devices_n" in columns else []
    for code in notes:
        report.note(code, known["notes"][code])
