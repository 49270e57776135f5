"""Flock's Organization Audit, Network Audit, Federal searches and the portals' search audits, CSV or XLSX, in
all layouts.
"""

import re
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
from sidedoor.ingest.log_part import LogForm
from sidedoor.ingest.log_table import SearchLog
from sidedoor.ingest.logs import LogReader
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.times import find_zone, read_times
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILIES = {"audit": "Flock audit", "portal": "Flock portal search audit"}
# fields that are bound and still enter no table, or only as a state or a token
DROPPED = ("officer", "plate", "case_number", "moderation")
_NEEDED = ("networks_n", "devices_n", "searcher_agency_as_printed", "window", "search_type", "reason_text")
_REASONS = ("reason_text", "offense_type", "case_number")
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
    first = tables[0]
    forms = list(dict.fromkeys(table.form for table in tables))
    known = {form["name"] for form in load_format("flock")["audit"]["forms"]}
    some = ", ".join(repr(name) for name in list(first.columns.values())[:5])
    why = f"columns {some} and others of Flock's audit"
    is_known = first.kind == "portal" or set(forms) <= known
    return Match(FAMILIES[first.kind], "; ".join(forms), why, 1.0 if is_known else 0.9)


def find_tables(source: Source) -> list[AuditTable]:
    """Find the audit's tables in a file: the text itself, or the sheets of a workbook that hold one."""
    key = "flock audit tables"
    if key not in source.cache:
        found = [_find_header(source, sheet, rows) for sheet, rows in list_beginnings(source)]
        source.cache[key] = [
            table for table in found if table and table.kind == next(filter(None, found)).kind
        ]
    return source.cache[key]


def _find_header(source: Source, sheet: Sheet | None, rows: list[tuple[int, list[str]]]) -> AuditTable | None:
    known = load_format("flock")
    for number, cells in rows:
        header = [cell.strip() for cell in cells]
        tidy = {tidy_header(cell) for cell in header}
        for kind in FAMILIES:
            if not tidy & {tidy_header(name) for name in known[kind]["columns"]["searched_at"]}:
                continue
            place = locate(source, sheet, number)
            columns = bind_columns([cell for cell in header if cell], known[kind]["columns"], place)
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
    reasons = [columns[name] for name in _REASONS if name in columns]
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
                raise IngestError(
                    locate(source, sheet, number),
                    "an event log: what was changed in an account, not a query log",
                    "Its details hold plates and officers, so it is not read. Ask for the "
                    "Organization Audit or the "
                    "Network Audit.",
                    code="event-log",
                )
        if rows and (form := guess_form(rows[0][1])):
            raise IngestError(
                locate(source, sheet, rows[0][0]),
                f"rows of an audit without a header; they look like '{form['name']}'",
                f"If that is right, put this line on top of a copy of the file: {','.join(form['columns'])}",
                code="no-header",
            )


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
    known = load_format("flock")[tables[0].kind]
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    zone = find_zone(options.time_zone) if options.time_zone else None
    log = LogReader(source, options)
    for table in tables:
        times = known["times"]
        form = LogForm(table.columns, times["forms"], zone, times["zone_hint"], times.get("window", ""))
        first_row = log.rows_n + 1
        if table.sheet is None:
            text = read_table(source, header_line=table.header_row)
            log.read(text.batches(), form)
            text.describe(report)
        else:
            _read_sheet(source, table, form, log, report)
            rows_n = log.rows_n - first_row + 1
            about = {"form": table.form, "first_row_no": first_row, "rows": rows_n}
            report.details.setdefault("sheets", {})[table.sheet.label] = about
    searches = log.close(report)
    if source.kind == "xlsx":
        _skip_sheets(source, tables, report)
    names: dict[str, None] = {}
    for table in tables:
        names |= dict.fromkeys(list_unbound(table.header, table.columns))
        names |= dict.fromkeys(name for part, name in table.columns.items() if part in DROPPED)
    drop_columns(report, list(dict.fromkeys(name for table in tables for name in table.header)), names)
    describe_log(searches, log, report, tables[0].kind, zone)
    if tables[0].kind == "portal":
        _describe_portal(searches, tables[0], report)
    report.check()
    return Reading({"searches": searches}, report)


def describe_log(searches: SearchLog, log: LogReader, report: Report, kind: str, zone) -> None:
    """Write into the report what a person should know of an audit: its zone, its kind, what is odd in it."""
    check_log(searches, log, report, zone)
    if log.local_n:
        report.time_zone = f"{zone.key}, as given" + ("; UTC where printed" if log.utc_n else "")
    else:
        report.time_zone = "UTC, printed with every time"
    if kind == "audit":
        _describe_audit(searches, report, load_format("flock")["audit"])


def _read_sheet(source: Source, table: AuditTable, form: LogForm, log: LogReader, report: Report) -> None:
    moments = [table.columns[name] for name in ("searched_at", "search_date") if name in table.columns]
    date_1904 = read_workbook(source).date_1904
    before = _count_misplaced(log)
    log.read(make_batches(table.sheet, table.header_row, table.header, moments, date_1904), form)
    if _count_misplaced(log) - before > table.sheet.count_rows() // 2:
        labels_n = sum(bool(name) for name in table.header)
        filled_n = max(_count_filled(cells) for number, cells in table.sheet if number > table.header_row)
        report.warn(
            "misplaced-header",
            f"{table.sheet.label}: its rows do not fit its header of {labels_n} labels over at most "
            f"{filled_n} cells: a label "
            "too many, or one missing. Correct the header in a copy of the file.",
        )


def _count_misplaced(log: LogReader) -> int:
    return log.skipped["out-of-place"].rows_n if "out-of-place" in log.skipped else 0


def _count_filled(cells: list[str]) -> int:
    return next((at for at in range(len(cells), 0, -1) if cells[at - 1].strip()), 0)


def _skip_sheets(source: Source, tables: list[AuditTable], report: Report) -> None:
    """Account for the rows of sheets that hold no audit."""
    used = {table.sheet.number for table in tables}
    for sheet in read_workbook(source).sheets:
        if sheet.number in used:
            continue
        report.put_aside(sheet.label, "a sheet without an audit's columns", sheet.count_rows(), "other-sheet")
        first = next((cells for _, cells in sheet if any(cells)), [])
        if form := guess_form(first):
            report.warn(
                "sheet-without-header",
                f"{sheet.label} has no header, and its rows look like '{form['name']}': "
                f"{say_number(sheet.count_rows(), 'row')} "
                "were skipped. Put a header on top in a copy of the file.",
            )


def _describe_audit(searches: SearchLog, report: Report, known: dict) -> None:
    """Say in the report which kind of audit it is."""
    agencies = report.details["searcher_agencies_n"]
    kind = "organization" if agencies == 1 else "network" if agencies else "unknown"
    report.details["log"] = kind
    said = {
        "network": f"Searches by {agencies:,} agencies: a Network Audit, which holds its producer's "
        "own searches too.",
        "organization": "All searches are by one agency: an Organization Audit, or a Network Audit "
        "cut down to it.",
        "unknown": "No agency is named in the rows: an Organization Audit logs the searches of its producer.",
    }
    report.note(f"log-{kind}", said[kind])
    prefix = known["labels"]["federal_prefix"]
    names = searches.count_values("searcher_agency_as_printed")
    if federal := sum(count for name, count in names.items() if name.startswith(prefix)):
        report.details["federal_rows"] = federal
        text = say_number(federal, "name of an agency begins", "names of agencies begin")
        report.note("federal", f"{text} with {prefix.strip()!r}: kept.")
        if federal == len(searches):
            report.form += "; Federal searches"


def _describe_portal(searches: SearchLog, table: AuditTable, report: Report) -> None:
    report.details["keys"] = [*table.columns.values()]
    report.details["reason_origin"] = dict(sorted(searches.count_values("reason_origin").items()))
    if not set(_REASONS) & set(table.columns):
        text = (
            "The portal publishes no justification at all: it is not exported, which is not the "
            "same as blank."
        )
        report.note("no-justification", text)
    if "devices_n" in table.columns:
        text = (
            "cameraCount counts cameras (devices_n); the later networkCount counts networks: do "
            "not compare them."
        )
        report.note("counts-cameras", text)
    text = "A portal shows about 30 days: files saved at different times overlap; count distinct search ids."
    report.note("rolling-window", text)
