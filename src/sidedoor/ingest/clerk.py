"""Tables that a clerk put together, as a workbook or as CSV: lists of agencies, logs of reasons and times,
figures by month. Each is recognized by what it holds, and read as a mapping would say.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from helpers.canonical import build_table
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest import clerk_lists, clerk_months
from sidedoor.ingest.flock_audit import find_tables
from sidedoor.ingest.flock_sharing import find_table
from sidedoor.ingest.headers import (
    HEADER_ROWS,
    bind_columns,
    check_day,
    drop_columns,
    list_first_rows,
    tidy_header,
)
from sidedoor.ingest.mapping_file import check_sheets
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.tables import Table, check_length, read_log
from sidedoor.ingest.text import TextTable, find_delimiter, read_table
from sidedoor.ingest.volumes import VolumeTable
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("xlsx", "text")
SUREST = 0.8
FAMILY, TEXT_FAMILY = "clerk's workbook", "clerk's table"
# Separates nothing: each line of a text is one cell.
_NONE = "\x1f"


def look_at_tables(source: Source) -> list[Table]:
    """Return the sheets of a workbook, each with what it holds, or a text; no text in an unknown layout."""
    if "clerk's tables" not in source.cache:
        if source.kind == "text":
            found = _look_at_text(source)
        else:
            found = [_look_at(source, sheet, list(sheet)) for sheet in read_workbook(source).sheets]
        source.cache["clerk's tables"] = found
    return source.cache["clerk's tables"]


def _look_at_text(source: Source) -> list[Table]:
    """Look at the first rows of a text, and read it whole if it is no log."""
    rows = list_first_rows(source)
    found = _look_at(source, None, rows)
    if found.kind == "searches":
        return [replace(found, origin=read_table(source, header_line=found.line))]
    widths = {len(cells) for _, cells in rows if any(cells)}
    is_table = found.kind == "months" or found.line and sum(map(bool, found.header)) > 1
    is_lines = 1 in widths and widths != {1} and not is_table  # names with commas in them
    delimiter = _NONE if is_lines else find_delimiter(source, max(found.line, 1))
    text, rows = read_table(source, header_line=0, delimiter=delimiter), []
    for row in text.rows():
        check_length(source, row[0] // 2)  # lines without a name count too
        rows.append(row)
    found = _look_at(source, text, rows)
    return [] if found.kind in ("other", "users") else [found]


def _look_at(source: Source, origin: TextTable | Sheet | None, rows: list[tuple[int, list[str]]]) -> Table:
    """Take a table for figures by month or a log by its header, for names by its cells, or for users."""
    known, width = load_format("workbook"), max((len(row) for _, row in rows), default=0)
    rows = [
        (number, row if len(row) == width else row + [""] * (width - len(row)))
        for number, row in rows
        if "".join(row).strip()
    ]
    titles, users = [], {tidy_header(name) for name in known["users"]["columns"]}
    found = Table(source, origin, kind="other", rows=rows)
    for at, (number, cells) in enumerate(rows[:HEADER_ROWS]):
        header = [cell.strip() for cell in cells]
        table = Table(source, origin, number, header, rows=rows[at + 1 :], titles=titles)
        filled = list(filter(None, header))
        if clerk_months.find_months(header, table.rows):
            return replace(table, kind="months")
        if _is_log_header(header, known["searches"]["columns"]):
            place = f"{source.name}, {table.name_row(number)}"
            columns = bind_columns(filled, known["searches"]["columns"], place)
            return replace(table, kind="searches", columns=columns, rows=[])
        if found.kind == "other" and users.issuperset(map(tidy_header, filled)):
            found = replace(table, kind="users")
        titles = [*titles, *filled]
    return clerk_lists.find_lists(source, origin, rows) or found


def _is_log_header(header: list[str], columns: dict[str, list[str]]) -> bool:
    """Return whether a row heads a log: a time, and beside it a reason, or an agency with something of a
    search.
    """
    tidy = {tidy_header(cell) for cell in header if cell}
    has = {name for name, names in columns.items() if tidy & set(map(tidy_header, names))}
    if not {"searched_at", "search_date"} & has:
        return False
    # an agency and a day alone may be when sharing with it began
    more = has & {"searched_at", "officer", "plate", "case_number", "networks_n"}
    is_search = bool(more) or any("search" in cell for cell in tidy)
    return "reason_text" in has or ("searcher_agency_as_printed" in has and is_search)


def recognize(source: Source) -> Match | None:
    """Recognize a workbook or a text by what its sheets hold; a vendor's own export is left to its reader."""
    if find_tables(source) or find_table(source):
        return None
    found = look_at_tables(source)
    known = [table.kind for table in found if table.kind != "other"]
    if not set(known) & {"names", "searches", "months"}:
        return None
    form = " + ".join(kind for kind in ("names", "searches", "months", "users") if kind in known)
    if source.kind == "text" and (line := found[0].line):
        return Match(TEXT_FAMILY, form, f"its header is in line {line}", SUREST)
    if source.kind == "text":
        why = "most rows hold a word of an agency, and no header does"
        return Match(TEXT_FAMILY, form, why, 0.6)
    why = ", ".join(f"{known.count(kind)} of {kind}" for kind in dict.fromkeys(known))
    return Match(FAMILY, form, f"of {say_number(len(found), 'sheet')}: {why}", SUREST)


def read(source: Source, options: ReadOptions, sheets: Mapping[str, Mapping] | None = None) -> Reading:
    """Read the tables that are understood, and account for all others.

    Parameters
    ----------
    sheets
        What a mapping says of sheets, by name: `section`, `measure`, `scope`, `skip`.

    Raises
    ------
    IngestError
        A log without a time zone, a list without its direction, agency or date, figures that may count
        anything, or dates with two readings.
    """
    check_day(options.as_of)
    match = recognize(source) or Match(FAMILY, "as mapped", "a mapping was given")
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    found, sheets = look_at_tables(source), sheets or {}
    check_sheets(sheets, [table.name for table in found], source.name)
    used: dict[str, list[Table]] = {"names": [], "searches": [], "months": []}
    for table in map(replace, found):  # those found are kept with the source, as they are
        told = sheets.get(table.name, {})
        if "section" in told:
            table.lists = [(at, told["section"]) for at, _ in table.lists]
        report.details.setdefault("sheets", {})[table.label] = table.kind
        if table.kind in used and not told.get("skip"):
            used[table.kind].append(table)
        else:
            _put_aside(table, told, report)
    lists, logs, months = used.values()
    tables = {}
    clerk_lists.settle_sections(lists, options, is_all=not (logs or months), report=report)
    if edges := [edge for table in lists for edge in clerk_lists.read_lists(table, options, report)]:
        tables["sharing"] = build_table("sharing", edges)
        report.rows_out += len(edges)
        report.rows_in += len(edges)
        report.span["sharing"] = [options.as_of, options.as_of]
        counts = Counter(edge["section"] for edge in edges)
        report.details["sections"] = {name: {"names": count} for name, count in counts.items()}
    if logs:
        times = load_format("workbook")["searches"]["times"]
        mapping = {"times": times, "constants": {}, "marks": {}, "skip": []}
        tables["searches"] = read_log(logs, mapping, options, report)
    elif source.kind == "text":
        found[0].describe(report)
    if months:
        volumes = VolumeTable()
        for table in months:
            clerk_months.read_figures(table, sheets.get(table.name, {}), options, volumes, report)
        tables["volumes"] = volumes.close(report)
    report.check()
    return Reading(tables, report)


def _put_aside(table: Table, told: Mapping, report: Report) -> None:
    """Account for a sheet that is not read."""
    if told.get("skip"):
        report.put_aside(table.label, "left out by the mapping", table.origin.count_rows(), "mapping")
    elif table.kind == "users":
        drop_columns(report, table.header, filter(None, table.header))
        rows_n = len(table.rows)
        report.details["users_n"] = report.details.get("users_n", 0) + rows_n
        report.put_aside(table.label, "names of users, which enter no table", rows_n, "users")
    else:
        reason = "a sheet in a layout that is not known"
        report.put_aside(table.label, reason, table.origin.count_rows(), "other-sheet")
