"""Flock's Organization Audit, Network Audit and Federal searches, CSV or XLSX, in all forms that were released."""

import re
from dataclasses import dataclass

import pandas as pd

from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.bulk import start_log
from sidedoor.ingest.headers import (
    bind_columns,
    list_beginnings,
    list_unbound,
    locate,
    make_frames,
    tidy_header,
)
from sidedoor.ingest.log_checks import check_log
from sidedoor.ingest.log_facts import measure
from sidedoor.ingest.logs import LogForm, LogTable
from sidedoor.ingest.report import Reading, Report, SetAside
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.times import find_zone, read_times
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILY = "Flock audit"
# fields that are bound and still enter no table, or only as a state or a token
DROPPED = ("officer", "plate", "case_number", "moderation")
_NEEDED = ("networks_n", "devices_n", "searcher_agency_as_printed", "window", "search_type", "reason_text")


@dataclass(frozen=True)
class AuditTable:
    """A table in the file: where its header stands, and what its columns are. `sheet` is None for a text."""

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
    known = {form["name"] for form in load_format("flock")["audit"]["forms"]}
    some = ", ".join(repr(name) for name in list(tables[0].columns.values())[:4])
    why = f"columns {some} and others of Flock's audit"
    return Match(FAMILY, "; ".join(forms), why, 1.0 if set(forms) <= known else 0.9)


def find_tables(source: Source) -> list[AuditTable]:
    """Find the audit's tables in a file: the text itself, or the sheets of a workbook that hold one."""
    key = "flock audit tables"
    if key not in source.cache:
        found = (_find_header(source, sheet, rows) for sheet, rows in list_beginnings(source))
        source.cache[key] = [table for table in found if table]
    return source.cache[key]


def _find_header(source: Source, sheet: Sheet | None, rows: list[tuple[int, list[str]]]) -> AuditTable | None:
    known = load_format("flock")["audit"]["columns"]
    times = {tidy_header(name) for name in known["searched_at"]}
    for number, cells in rows:
        if times & {tidy_header(cell) for cell in cells}:
            header = [cell.strip() for cell in cells]
            columns = bind_columns([cell for cell in header if cell], known, locate(source, sheet, number))
            if sum(part in columns for part in _NEEDED) >= 2:
                return AuditTable(sheet, number, header, columns, name_form(header))
    return None


def name_form(header: list[str]) -> str:
    """Name the form of a header: one that is known, or the nearest with what is different."""
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
                    "Its details hold plates and officers, so it is not read. Ask for the Organization Audit "
                    "or the Network Audit.",
                )
        if rows and (form := guess_form(rows[0][1])):
            header = ",".join(form["columns"])
            raise IngestError(
                locate(source, sheet, rows[0][0]),
                f"rows of an audit without a header; they look like '{form['name']}'",
                f"If that is right, put this line on top of a copy of the file: {header}",
            )


def guess_form(cells: list[str]) -> dict | None:
    """Guess which form a row without a header is of: by where its ids, counts, times and time frames stand.

    A sheet may end before columns that are empty throughout, so that a row can be shorter than its form.
    """
    known = load_format("flock")["audit"]
    for form in sorted(known["forms"], key=lambda form: len(form["columns"])):
        columns = [tidy_header(name) for name in form["columns"]]
        if len(cells) <= len(columns) <= len(cells) + 3:
            row = dict(zip(columns, [cell.strip() for cell in cells], strict=False))
            if all(_fits(name, row.get(name, ""), known) for name in columns):
                return form
    return None


def _fits(name: str, cell: str, known: dict) -> bool:
    """Say whether a cell can be of a column, for the columns whose cells have a form."""
    if name == "search time":
        return bool(read_times(pd.Series([cell], dtype="str"), known["times"]["forms"]).forms[0] >= 0)
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
    match = recognize(source)
    tables = find_tables(source)
    known = load_format("flock")["audit"]
    report = Report(source.name, source.sha256, source.bytes_n, FAMILY, match.form, match.why)
    zone = find_zone(options.time_zone) if options.time_zone else None
    log = start_log(source, options)
    header: dict[str, None] = {}
    for table in tables:
        form = LogForm(
            table.columns,
            known["times"]["forms"],
            zone,
            known["times"]["zone_hint"],
            known["times"]["window"],
        )
        header.update(dict.fromkeys(list_unbound(table.header, table.columns)))
        header.update(dict.fromkeys(name for part, name in table.columns.items() if part in DROPPED))
        first_row = log.rows_n + 1
        if table.sheet is None:
            text = read_table(source, header_line=table.header_row)
            log.read_text(text, form)
            report.notes += text.notes
            report.warnings += text.warnings
            if text.blank_n:
                report.notes.append(
                    f"{say_number(text.blank_n, 'empty line was', 'empty lines were')} passed over."
                )
        else:
            moments = tuple(
                table.columns[name] for name in ("searched_at", "search_date") if name in table.columns
            )
            for frame in make_frames(
                table.sheet, table.header_row, table.header, moments, read_workbook(source).date_1904
            ):
                log.add(frame, form, f"{table.sheet.name} row {{}}")
            report.details.setdefault("sheets", {})[table.sheet.name] = {
                "form": table.form, "first_row_no": first_row, "rows": log.rows_n - first_row + 1,
            }  # fmt: skip
    searches = log.close(report)
    if source.kind == "xlsx":
        set_sheets_aside(source, {table.sheet.name for table in tables}, report)
    list_dropped(list(header), known, report)
    describe_log(searches, log, report, known, zone)
    report.check()
    return Reading({"searches": searches}, report)


def set_sheets_aside(source: Source, used: set[str], report: Report) -> None:
    """Account for the rows of sheets that hold no audit."""
    for sheet in read_workbook(source).sheets:
        if sheet.is_hidden:
            report.warnings.append(f"Sheet {sheet.name!r} is hidden.")
        rows_n = sum(1 for _, cells in sheet if any(cells))
        if sheet.name not in used and rows_n:
            report.rows_in += rows_n
            report.set_aside.append(
                SetAside(f"sheet {sheet.name}", "a sheet without an audit's columns", rows_n=rows_n)
            )


def list_dropped(names: list[str], known: dict, report: Report) -> None:
    """Note the columns that enter no table, and warn of those that are not known."""
    expected = {tidy_header(name) for name in known["dropped"]["columns"]}
    expected |= {tidy_header(name) for part in DROPPED for name in known["columns"][part]}
    report.columns_dropped += names
    unknown = [name for name in names if tidy_header(name) not in expected]
    if unknown:
        report.warnings.append(
            f"Columns that are not known were dropped: {', '.join(repr(name[:60]) for name in unknown)}."
        )


def describe_log(searches, log: LogTable, report: Report, known: dict, zone) -> None:
    """Say in the report which kind of audit it is, in which zone its times are, and what else a person should know."""
    check_log(searches, log, report, zone)
    if log.local_n:
        report.time_zone = f"{zone.key}, as given" + ("; UTC where printed" if log.utc_n else "")
    else:
        report.time_zone = "UTC, printed with every time"
    agencies = report.details["searcher_agencies_n"]
    kind = "organization" if agencies == 1 else "network" if agencies else "unknown"
    report.details["log"] = kind
    if kind == "network":
        report.notes.append(
            f"Searches by {agencies:,} agencies: a Network Audit, which holds its producer's own searches "
            "too."
        )
    elif kind == "organization":
        report.notes.append(
            "All searches are by one agency: an Organization Audit, or a Network Audit cut down to it."
        )
    else:
        report.notes.append(
            "No agency is named in the rows: an Organization Audit logs the searches of its producer."
        )
    prefix = known["labels"]["federal_prefix"]
    facts = measure(searches)
    federal = facts.count_agencies(prefix)
    if federal:
        report.details["federal_rows"] = federal
        report.notes.append(
            f"{say_number(federal, 'name of an agency begins', 'names of agencies begin')} with {prefix.strip()!r}: kept as printed."
        )
        if federal == len(facts):
            report.form += "; Federal searches"
    if not facts.has_host():
        report.notes.append("The file does not say whose log it is: say so with --reported-by.")
