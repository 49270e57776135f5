"""Flock's Organization Audit, Network Audit, Federal searches and the portals' search audits, CSV or XLSX, in
all layouts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import (
    bind_columns,
    drop_columns,
    list_beginnings,
    list_unbound,
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
from sidedoor.ingest.times import find_zone, read_times
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILIES = {"audit": "Flock audit", "portal": "Flock portal search audit"}
# fields that are bound and still enter no table, or only as a state or a token
DROPPED = ("officer", "plate", "case_number", "moderation")
_NEEDED = ("networks_n", "devices_n", "searcher_agency_as_printed", "window", "search_type", "reason_text")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class AuditTable:
    """A table in the file: where its header is, and what its columns are. `sheet` is None for a text."""

    kind: str
    sheet: Sheet | None
    header_row: int
    header: list[str]
    columns: dict[str, str]
    form: str


def recognize(source: Source) -> Match | None:
    """Recognize an audit by the names of its columns.

    Raises
    ------
    IngestError
        It is an event log, which is no log of searches; or an audit whose header was left out.
    """
    tables = find_tables(source)
    if not tables:
        refuse_relatives(source)
        return None
    forms = list(dict.fromkeys(table.form for table in tables))
    some = ", ".join(repr(name) for name in list(tables[0].columns.values())[:5])
    known = {form["name"] for form in load_format("flock")["audit"]["forms"]}
    is_known = tables[0].kind == "portal" or set(forms) <= known
    why = f"columns {some} and others of Flock's audit"
    return Match(FAMILIES[tables[0].kind], "; ".join(forms), why, 1.0 if is_known else 0.9)


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
        for kind in FAMILIES:
            known = load_format("flock")[kind]["columns"]
            if not tidy & {tidy_header(name) for name in known["searched_at"]}:
                continue
            columns = bind_columns([cell for cell in header if cell], known, locate(source, sheet, number))
            if kind == "audit" and sum(part in columns for part in _NEEDED) >= 2:
                return AuditTable(kind, sheet, number, header, columns, name_form(header))
            if kind == "portal" and "search_id" in columns and {"devices_n", "networks_n"} & set(columns):
                return AuditTable(kind, sheet, number, header, columns, name_keys(columns))
    return None


def name_form(header: list[str]) -> str:
    """Name the layout of a header: one that is known, or the nearest with what is different."""
    tidy = {tidy_header(name) for name in header if name}
    forms = [
        (form["name"], {tidy_header(name) for name in form["columns"]})
        for form in load_format("flock")["audit"]["forms"]
    ]
    nearest, columns = min(forms, key=lambda form: len(form[1] ^ tidy))
    if columns == tidy:
        return nearest
    more, less = len(tidy - columns), len(columns - tidy)
    return f"Audit of {len(tidy)} columns, nearest to '{nearest}' ({more} more, {less} missing)"


def name_keys(columns: dict[str, str]) -> str:
    """Name the layout of a portal's audit by its year and by what it gives as justification."""
    count = "cameras (2025)" if "devices_n" in columns else "networks (2026)"
    reasons = [columns[name] for name in REASONS if name in columns]
    return f"{count}, {' + '.join(reasons) if reasons else 'no justification'}"


def refuse_relatives(source: Source) -> None:
    """Say what a file is that looks like an audit and is none.

    Raises
    ------
    IngestError
        An event log, or an audit without its header.
    """
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
        if rows and (form := guess_form(rows[0][1])):
            found = f"rows of an audit without a header; they look like '{form['name']}'"
            columns = ",".join(form["columns"])
            way_out = f"If that is right, put this line on top of a copy of the file: {columns}"
            raise IngestError(locate(source, sheet, rows[0][0]), found, way_out, code="no-header")


def guess_form(cells: list[str]) -> dict | None:
    """Guess which layout a row without a header is of: by where its ids, counts, times and time frames are.

    A sheet may end before columns that are empty throughout, so that a row can be shorter than its layout.
    """
    known = load_format("flock")
    cells = [cell.strip() for cell in cells]
    for form in sorted(known["audit"]["forms"], key=lambda form: len(form["columns"])):
        columns = [tidy_header(name) for name in form["columns"]]
        if len(cells) <= len(columns) <= len(cells) + 3:
            row = dict(zip(columns, cells, strict=False))
            if all(_fits(name, row.get(name, ""), known["audit"]) for name in columns):
                return form
    forms = known["portal"]["times"]["forms"]
    if cells and _UUID.fullmatch(cells[0]) and (read_times(cells[1:], forms).forms >= 0).any():
        name = f"a portal's search audit ({say_number(len(cells), 'column')})"
        return {"name": name, "columns": ["id", "userId", "searchDate", "networkCount", "reason"]}
    return None


def _fits(name: str, cell: str, known: dict) -> bool:
    """Return whether a cell can be of a column, for the columns whose cells have a form."""
    if name == "search time":
        return bool(read_times([cell], known["times"]["forms"]).forms[0] >= 0)
    if name == "time frame":
        return bool(re.match(known["times"]["window"], cell))
    if name == "id":
        return len(cell) == 36 or set(cell) <= {"*"}
    if name.startswith("total ") or name == "networkcount":
        return cell.replace(",", "").isdigit()
    return True


def read(source: Source, options: ReadOptions) -> Reading:
    """Read an audit.

    Returns
    -------
    Reading with the table `searches`, its times in UTC, and its report.

    Raises
    ------
    IngestError
        Times print no zone and none was given, or most rows have no search time where it should be.
    """
    match, tables = recognize(source), find_tables(source)
    audit = AuditReader(source, options, match, tables[0].kind)
    for table in tables:
        if table.sheet is None:
            text = read_table(source, header_line=table.header_row)
            audit.read(text.batches(), table.header, table.columns)
            text.describe(audit.report)
        else:
            _read_sheet(source, table, audit)
    if source.kind == "xlsx":
        _skip_sheets(source, tables, audit.report)
    reading = audit.close()
    if tables[0].kind == "portal":
        _describe_portal(reading.tables["searches"], tables[0], audit.report)
    return reading


class AuditReader:
    """Reads the tables of one audit, from whatever kind of file, and reports on it."""

    def __init__(self, source: Source, options: ReadOptions, match: Match, kind: str):
        self.kind, self.known, self.log = kind, load_format("flock")[kind], LogReader(source, options)
        self.zone = find_zone(options.time_zone) if options.time_zone else None
        about = (match.family, match.form, match.why)
        self.report = Report(source.name, source.sha256, source.bytes_n, *about)
        self._header: dict[str, None] = {}
        self._dropped: dict[str, None] = {}

    def read(self, batches: Iterable[RowBatch], header: list[str], columns: dict[str, str]) -> None:
        """Read the rows of a table whose columns are bound to fields."""
        times = self.known["times"]
        window = times.get("window", "")
        self.log.read(batches, LogForm(columns, times["forms"], self.zone, times["zone_hint"], window))
        self._header |= dict.fromkeys(header)
        self._dropped |= dict.fromkeys(list_unbound(header, columns))
        self._dropped |= dict.fromkeys(name for part, name in columns.items() if part in DROPPED)

    def close(self) -> Reading:
        """Finish the table, and say in the report what a person should know of the audit."""
        log, report = self.log, self.report
        searches = log.close(report)
        drop_columns(report, list(self._header), self._dropped)
        check_log(searches, log, report, self.zone)
        if log.local_n:
            report.time_zone = f"{self.zone.key}, as given" + ("; UTC where printed" if log.utc_n else "")
        else:
            report.time_zone = "UTC, printed with every time"
        if self.kind == "audit":
            _describe_audit(searches, report, self.known)
        report.check()
        return Reading({"searches": searches}, report)


def _read_sheet(source: Source, table: AuditTable, audit: AuditReader) -> None:
    sheet, log = table.sheet, audit.log
    before, first_row = _count_misplaced(log), log.rows_n + 1
    moments = [table.columns[name] for name in ("searched_at", "search_date") if name in table.columns]
    date_1904 = read_workbook(source).date_1904
    batches = make_batches(sheet, table.header_row, table.header, moments, date_1904)
    audit.read(batches, table.header, table.columns)
    about = {"form": table.form, "first_row_no": first_row, "rows": log.rows_n - first_row + 1}
    audit.report.details.setdefault("sheets", {})[sheet.label] = about
    if _count_misplaced(log) - before > sheet.count_rows() // 2:
        labels_n = sum(bool(name) for name in table.header)
        below = [cells for number, cells in sheet if number > table.header_row]
        filled_n = max(at for cells in below for at, cell in enumerate(cells, 1) if cell.strip())
        audit.report.warn(
            "misplaced-header",
            f"{sheet.label}: its rows do not fit its header of {labels_n} labels over at most {filled_n} "
            "cells: a label too many, or one missing. Correct the header in a copy of the file.",
        )


def _count_misplaced(log: LogReader) -> int:
    return log.skipped["out-of-place"].rows_n if "out-of-place" in log.skipped else 0


def _skip_sheets(source: Source, tables: list[AuditTable], report: Report) -> None:
    """Account for the rows of sheets that hold no audit."""
    used = {table.sheet.number for table in tables}
    for sheet in read_workbook(source).sheets:
        if sheet.number in used:
            continue
        rows_n = sheet.count_rows()
        report.put_aside(sheet.label, "a sheet without an audit's columns", rows_n, "other-sheet")
        first = next((cells for _, cells in sheet if any(cells)), [])
        if form := guess_form(first):
            text = (
                f"{sheet.label} has no header, and its rows look like '{form['name']}': "
                f"{say_number(rows_n, 'row')} were skipped. Put a header on top in a copy of the file."
            )
            report.warn("sheet-without-header", text)


_LOGS = {
    "network": "Searches by several agencies: a Network Audit, which holds its producer's own searches too.",
    "organization": "All searches are by one agency: an Organization Audit, or a Network Audit cut to it.",
    "unknown": "No agency is named in the rows: an Organization Audit logs the searches of its producer.",
}


def _describe_audit(searches: SearchLog, report: Report, known: dict) -> None:
    """Say in the report which kind of audit it is."""
    names = searches.count_values("searcher_agency_as_printed")
    kind = "network" if len(names) > 1 else "organization" if names else "unknown"
    report.details["log"] = kind
    report.note(f"log-{kind}", _LOGS[kind])
    prefix = known["labels"]["federal_prefix"]
    if federal := sum(count for name, count in names.items() if name.startswith(prefix)):
        report.details["federal_rows"] = federal
        text = f"Rows of agencies whose name begins with {prefix.strip()!r}: {federal:,}, kept."
        report.note("federal", text)
        if federal == len(searches):
            report.form += "; Federal searches"


_PORTAL_NOTES = {
    "no-justification": "The portal publishes no justification at all: it is not exported, which is not the "
    "same as blank.",
    "counts-cameras": "cameraCount counts cameras (devices_n); the later networkCount counts networks: do "
    "not compare them.",
    "rolling-window": "A portal shows about 30 days: files saved at different times overlap; count distinct "
    "search ids.",
}


def _describe_portal(searches: SearchLog, table: AuditTable, report: Report) -> None:
    report.details["keys"] = [*table.columns.values()]
    report.details["reason_origin"] = dict(sorted(searches.count_values("reason_origin").items()))
    codes = ["rolling-window"]
    if "devices_n" in table.columns:
        codes.append("counts-cameras")
    if not set(REASONS) & set(table.columns):
        codes.append("no-justification")
    for code in reversed(codes):
        report.note(code, _PORTAL_NOTES[code])
