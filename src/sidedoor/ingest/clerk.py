"""Tables that a clerk put together, as a workbook or as CSV: lists of agencies, logs of reasons and times,
figures by month.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
FAMILY, TEXT_FAMILY = "clerk's workbook", "clerk's table"
# Separates nothing: each line of a text is one cell.
_NONE = "\x1f"
_Rows = list[tuple[int, list[str]]]


@dataclass
class Found:
    """What a sheet or a text was taken for.

    Attributes
    ----------
    table
        Where it is, with its header.
    kind
        `names`, `searches`, `months`, `users` or `other`.
    rows
        Rows below the header that hold something, each with its number; of a log that is a text none.
    titles
        Cells above the header.
    lists
        For names: position of each column of names, and its direction; None if nothing says it.
    """

    table: Table
    kind: str
    rows: _Rows = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    lists: list[tuple[int, str | None]] = field(default_factory=list)

    @property
    def sheet_name(self) -> str:
        """Return the name of the tab; nothing for a text."""
        return getattr(self.table.origin, "name", "")


def look_at_tables(source: Source) -> list[Found]:
    """Say of each sheet of a workbook what it holds, or of a text; nothing of a text in an unknown layout."""
    if "clerk's tables" not in source.cache:
        if source.kind == "text":
            found = _look_at_text(source)
        else:
            found = [_look_at(source, sheet, list(sheet)) for sheet in read_workbook(source).sheets]
        source.cache["clerk's tables"] = found
    return source.cache["clerk's tables"]


def _look_at_text(source: Source) -> list[Found]:
    """Look at the first rows of a text, and read it whole if it is no log."""
    rows = list_first_rows(source)
    found = _look_at(source, None, rows)
    if found.kind == "searches":
        found.table.origin = read_table(source, header_line=found.table.line)
        return [found]
    widths = {len(cells) for _, cells in rows if any(cells)}
    is_table = found.kind == "months" or found.table.line and sum(map(bool, found.table.header)) > 1
    is_lines = 1 in widths and widths != {1} and not is_table  # names with commas in them
    delimiter = _NONE if is_lines else find_delimiter(source, max(found.table.line, 1))
    text, rows = read_table(source, header_line=0, delimiter=delimiter), []
    for row in text.rows():
        check_length(source, row[0] // 2)  # lines without a name count too
        rows.append(row)
    found = _look_at(source, text, rows)
    return [] if found.kind in ("other", "users") else [found]


def _look_at(source: Source, origin: TextTable | Sheet | None, rows: _Rows) -> Found:
    """Take a table for figures by month or a log by its header, for names by its cells, or for users."""
    known, titles = load_format("workbook"), []
    users = {tidy_header(name) for name in known["users"]["columns"]}
    width, found = max((len(cells) for _, cells in rows), default=0), None
    rows = [
        (number, [*cells, *[""] * (width - len(cells))]) for number, cells in rows if "".join(cells).strip()
    ]
    for at, (number, cells) in enumerate(rows[:HEADER_ROWS]):
        header, below = [cell.strip() for cell in cells], rows[at + 1 :]
        table, filled = Table(source, origin, number, header), list(filter(None, header))
        if clerk_months.find_months(header, below):
            return Found(table, "months", below, titles)
        if _is_log_header(header, known["searches"]["columns"]):
            place = f"{source.name}, {table.name_row(number)}"
            table.columns = bind_columns(filled, known["searches"]["columns"], place)
            return Found(table, "searches", below, titles)
        if not found and users.issuperset(map(tidy_header, filled)):
            found = Found(table, "users", below)
        titles = [*titles, *filled]
    name = origin.name if isinstance(origin, Sheet) else ""
    if lists := clerk_lists.find_lists(name, rows):
        line, header, titles, sections = lists
        below = [row for row in rows if row[0] > line]
        return Found(Table(source, origin, line, header), "names", below, titles, sections)
    return found or Found(Table(source, origin), "other", rows, titles)


def _is_log_header(header: list[str], columns: dict[str, list[str]]) -> bool:
    """Return whether a row heads a log: a time, and beside it a reason, or an agency with something of a
    search.
    """
    tidy = {tidy_header(cell) for cell in header if cell}
    has = {name for name, names in columns.items() if tidy & {tidy_header(part) for part in names}}
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
    known = [part.kind for part in found if part.kind != "other"]
    if not set(known) & {"names", "searches", "months"}:
        return None
    form = " + ".join(kind for kind in ("names", "searches", "months", "users") if kind in known)
    if source.kind == "text" and (line := found[0].table.line):
        return Match(TEXT_FAMILY, form, f"its header is in line {line}", 0.8)
    if source.kind == "text":
        why = "most rows hold a word of an agency, and no header does"
        return Match(TEXT_FAMILY, form, why, 0.6)
    why = ", ".join(f"{known.count(kind)} of {kind}" for kind in dict.fromkeys(known))
    return Match(FAMILY, form, f"of {say_number(len(found), 'sheet')}: {why}", 0.8)


def read(source: Source, options: ReadOptions, sheets: Mapping[str, Mapping] | None = None) -> Reading:
    """Read the sheets that are understood, and account for all others.

    Parameters
    ----------
    source, options
        The file, and what the person knows.
    sheets
        What a mapping says of sheets, by name: `section`, `measure`, `scope`, `skip`.

    Returns
    -------
    Reading with those of `sharing`, `searches` and `volumes` that it holds.

    Raises
    ------
    IngestError
        A log without a time zone, a list without its direction, agency or date, figures that may count
        anything, or dates with two readings.
    """
    check_day(options.as_of)
    match = recognize(source) or Match(FAMILY, "as mapped", "a mapping was given")
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    sheets = sheets or {}
    parts = [replace(part) for part in look_at_tables(source)]  # which are kept with the source, as they are
    check_sheets(sheets, [part.sheet_name for part in parts], source.name)
    used: dict[str, list[tuple[Found, Mapping]]] = {"names": [], "searches": [], "months": []}
    for part in parts:
        told = sheets.get(part.sheet_name, {})
        if part.kind == "users" and "section" in told:
            first = next(at for at, name in enumerate(part.table.header) if name)
            part.kind, part.lists = "names", [(first, None)]
        if "section" in told:
            part.lists = [(at, told["section"]) for at, _ in part.lists]
        report.details.setdefault("sheets", {})[part.table.label] = part.kind
        if part.kind in used and not told.get("skip"):
            used[part.kind].append((part, told))
        else:
            _put_aside(part, told, report)
    tables, lists, logs = {}, [part for part, _ in used["names"]], [part for part, _ in used["searches"]]
    clerk_lists.settle_sections(source, options, lists, is_all=not (logs or used["months"]), report=report)
    if rows := [row for part in lists for row in clerk_lists.read_lists(source, options, part, report)]:
        tables["sharing"] = build_table("sharing", rows)
        report.rows_out += len(rows)
        report.rows_in += len(rows)
        report.span["sharing"] = [options.as_of, options.as_of]
    if logs:
        mapping = {
            "times": load_format("workbook")["searches"]["times"],
            "constants": {},
            "marks": {},
            "skip": [],
        }
        tables["searches"] = read_log([part.table for part in logs], mapping, options, report)
    elif source.kind == "text":
        parts[0].table.describe(report)
    if used["months"]:
        volumes = VolumeTable()
        for part, told in used["months"]:
            clerk_months.read_figures(source, options, part, told, volumes, report)
        tables["volumes"] = volumes.close(report)
    report.check()
    return Reading(tables, report)


def _put_aside(part: Found, told: Mapping, report: Report) -> None:
    """Account for a sheet that is not read."""
    label, rows_n = part.table.label, part.table.origin.count_rows()
    if told.get("skip"):
        report.put_aside(label, "left out by the mapping", rows_n, "mapping")
    elif part.kind == "users":
        drop_columns(report, part.table.header, filter(None, part.table.header))
        report.details["users_n"] = report.details.get("users_n", 0) + len(part.rows)
        report.put_aside(label, "names of users, which enter no table", len(part.rows), "users")
    else:
        report.put_aside(label, "a sheet in a layout that is not known", rows_n, "other-sheet")
