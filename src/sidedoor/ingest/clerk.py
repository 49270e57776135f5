"""Tables that a clerk put together, as a workbook or as CSV: lists of agencies, logs of reasons and times,
figures by month.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from helpers.canonical import build_table
from helpers.errors import IngestError
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
    make_batches,
    tidy_header,
)
from sidedoor.ingest.log_checks import check_log
from sidedoor.ingest.log_part import PERSONAL, LogForm
from sidedoor.ingest.logs import LogReader
from sidedoor.ingest.mapping_file import check_sheets
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import RowBatch, find_delimiter, read_table
from sidedoor.ingest.times import DayOrder, compile_form, find_zone, list_days
from sidedoor.ingest.volumes import VolumeTable
from sidedoor.ingest.xlsx import Sheet, name_column, read_workbook

KINDS = ("xlsx", "text")
FAMILY, TEXT_FAMILY = "clerk's workbook", "clerk's table"
# Separates nothing: each line of a text is one cell.
_NONE = "\x1f"


class TextSheet(Sheet):
    """A delimited text as a sheet: its places are lines and columns."""

    @property
    def label(self) -> str:
        """Name the text."""
        return "the table"

    def name_row(self, number: int | str) -> str:
        """Name a row."""
        return f"line {number}"

    def locate(self, row: int, column: int) -> str:
        """Name a cell: `line 7, column B`."""
        return f"line {self.first_row + row}, column {name_column(self.first_column + column)}"


@dataclass
class Found:
    """What a sheet was taken for, and where its header is.

    Attributes
    ----------
    kind
        `names`, `searches`, `months`, `users` or `other`.
    header_row, header, columns
        Row of the header (0 for none), its cells, and for a log which of them holds which field.
    titles
        Cells above the header.
    lists
        For names: position of each column of names, and its direction; None if nothing says it.
    """

    sheet: Sheet
    kind: str
    header_row: int = 0
    header: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    lists: list[tuple[int, str | None]] = field(default_factory=list)

    def list_cells(self) -> list[tuple[int, list[str]]]:
        """List the rows below the header that hold something, each with its number."""
        rows = [(number, cells) for number, cells in self.sheet if number > self.header_row]
        return [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]


def look_at_sheets(source: Source) -> list[Found]:
    """Say of each sheet of a workbook what it holds, or of a text; of a text in an unknown layout."""
    if "clerk's sheets" not in source.cache:
        if source.kind == "text":
            found = list(filter(None, [_look_at_text(source)]))
        else:
            found = [_look_at(source, sheet, list(sheet)) for sheet in read_workbook(source).sheets]
        source.cache["clerk's sheets"] = found
    return source.cache["clerk's sheets"]


def _look_at_text(source: Source) -> Found | None:
    """Look at the first rows of a text, and read it whole if it is no log."""
    rows = list_first_rows(source)
    clerk_lists.check_lines(source, rows)
    width = max((len(cells) for _, cells in rows), default=0)
    even = [(number, [*cells, *[""] * (width - len(cells))]) for number, cells in rows]
    found = _look_at(source, TextSheet("", False, 1, 1, [], []), even)
    if found.kind == "searches":
        return found
    widths = {len(cells) for _, cells in rows if any(cells)}
    is_table = found.kind == "months" or found.header_row and sum(map(bool, found.header)) > 1
    is_lines = 1 in widths and widths != {1} and not is_table  # names with commas in them
    delimiter = _NONE if is_lines else find_delimiter(source, max(found.header_row, 1))
    sheet = _read_text(source, delimiter)
    found = _look_at(source, sheet, list(sheet))
    return None if found.kind in ("other", "users") else found


def _read_text(source: Source, delimiter: str) -> TextSheet:
    """Read a text whole, as rows of one length, numbered by their lines in the file."""
    table, cap = read_table(source, header_line=0, delimiter=delimiter), source.limits.list_rows
    rows: list[list[str]] = []
    for line, cells in table.rows():
        if line > cap * 2:
            found = f"a list of more than {cap:,} rows"
            raise IngestError(source.name, found, "Split the file, or write a mapping.", code="too-large")
        rows += [[""] * len(cells)] * (line - 1 - len(rows))
        rows.append(cells)
    source.cache["clerk's text"] = table
    return TextSheet("", False, 1, 1, rows, [])


def _look_at(source: Source, sheet: Sheet, rows: list[tuple[int, list[str]]]) -> Found:
    """Take a sheet for figures by month or a log by its header, for names by its cells, or for users."""
    known, titles = load_format("workbook"), []
    users = {tidy_header(name) for name in known["users"]["columns"]}
    headers = [(number, [cell.strip() for cell in cells]) for number, cells in rows[:HEADER_ROWS]]
    for at, (number, header) in enumerate(headers):
        part = Found(sheet, "months", number, header, titles=[*titles])
        if clerk_months.find_months(header, rows[at + 1 :]):
            return part
        if _is_log_header(header, known["searches"]["columns"]):
            place = f"{source.name}, {sheet.name_row(number)}"
            columns = bind_columns(list(filter(None, header)), known["searches"]["columns"], place)
            return replace(part, kind="searches", columns=columns)
        titles += filter(None, header)
    if found := clerk_lists.find_lists(sheet, rows):
        return Found(sheet, **found)
    for number, header in headers:
        if users.issuperset(filled := [tidy_header(cell) for cell in header if cell]) and filled:
            return Found(sheet, "users", number, header)
    return Found(sheet, "other", titles=titles)


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
    found = look_at_sheets(source)
    known = [part.kind for part in found if part.kind != "other"]
    if not set(known) & {"names", "searches", "months"}:
        return None
    form = " + ".join(kind for kind in ("names", "searches", "months", "users") if kind in known)
    if source.kind == "text" and (line := found[0].header_row):
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
    parts = _apply_mapping(source, sheets)
    used = [part for part in parts if not sheets.get(part.sheet.name, {}).get("skip")]
    lists, logs, months = (
        [part for part in used if part.kind == kind] for kind in ("names", "searches", "months")
    )
    has_more = logs or months or any(way for part in lists for _, way in part.lists)
    clerk_lists.settle_sections(source, options, lists, sheets, is_all=not has_more, report=report)
    tables, rows, volumes = {}, [], VolumeTable()
    log = LogReader(source, options) if logs else None
    month_first = _decide_order(source, options, logs, report)
    for part in parts:
        told, label = sheets.get(part.sheet.name, {}), part.sheet.label
        report.details.setdefault("sheets", {})[label] = part.kind
        if told.get("skip"):
            report.put_aside(label, "left out by the mapping", part.sheet.count_rows(), "mapping")
        elif part.kind == "names":
            rows += clerk_lists.read_lists(source, options, part, report)
        elif part.kind == "searches":
            _read_searches(source, options, part, log, month_first, report)
        elif part.kind == "months":
            clerk_months.read_months(source, options, part, told, volumes, report)
        elif part.kind == "users":
            _drop_users(part, report)
        else:
            reason = "a sheet in a layout that is not known"
            report.put_aside(label, reason, part.sheet.count_rows(), "other-sheet")
    if rows:
        tables["sharing"] = build_table("sharing", rows)
        report.rows_out += len(rows)
        report.rows_in += len(rows)
        report.span["sharing"] = [options.as_of, options.as_of]
    if log:
        tables["searches"] = log.close(report)
        zone = find_zone(options.time_zone) if options.time_zone else None
        check_log(tables["searches"], log, report, zone)
        report.time_zone = f"{zone.key}, as given" if log.local_n else "UTC, printed with every time"
    elif source.kind == "text":
        source.cache["clerk's text"].describe(report)
    if months:
        tables["volumes"] = volumes.close(report)
    report.check()
    return Reading(tables, report)


def _apply_mapping(source: Source, sheets: Mapping[str, Mapping]) -> list[Found]:
    """List what the sheets hold; one of users is a list of names if the mapping says its direction."""
    parts = [replace(part) for part in look_at_sheets(source)]  # which are kept with the source, as they are
    check_sheets(sheets, [part.sheet.name for part in parts], source.name)
    for part in parts:
        if part.kind == "users" and "section" in sheets.get(part.sheet.name, {}):
            first = next(at for at, name in enumerate(part.header) if name)
            part.kind, part.lists = "names", [(first, None)]
    return parts


def _drop_users(part: Found, report: Report) -> None:
    rows_n = len(part.list_cells())
    drop_columns(report, part.header, filter(None, part.header))
    report.details["users_n"] = report.details.get("users_n", 0) + rows_n
    report.put_aside(part.sheet.label, "names of users, which enter no table", rows_n, "users")


def _bind_times(part: Found) -> tuple[dict[str, str], list[str], str]:
    """Say which columns hold the time, in which forms, and which of them holds the day: day and time of day
    are joined, or the day stands alone.
    """
    known, columns = load_format("workbook")["searches"]["times"], dict(part.columns)
    if "searched_at" in columns:
        return columns, known["forms"], columns.get("search_date", columns["searched_at"])
    columns["searched_at"] = columns.pop("search_date")
    return columns, [*known["forms"], *known["days"]], columns["searched_at"]


def _decide_order(source: Source, options: ReadOptions, logs: list[Found], report: Report) -> bool:
    """Decide whether the month comes first in dates that are text, over all logs of the file."""
    order, days = DayOrder(), load_format("workbook")["searches"]["times"]["days"]
    for part in logs:
        columns, forms, day = _bind_times(part)
        forms = list_days(days) if "search_date" in columns else forms
        forms = [form for form in forms if "q" in compile_form(form).parts]
        for batch in _list_batches(source, part, day):
            order.add(batch.columns[day], forms)
    month_first, how = order.decide(options.day_first, source.name)
    if order.rows_n:
        report.note("day-order", how)
    return month_first


def _list_batches(source: Source, part: Found, day: str) -> Iterator[RowBatch]:
    if isinstance(part.sheet, TextSheet):
        return read_table(source, header_line=part.header_row).batches()
    return make_batches(part.sheet, part.header_row, part.header, [day], read_workbook(source).date_1904)


def _read_searches(
    source: Source, options: ReadOptions, part: Found, log: LogReader, month_first: bool, report: Report
) -> None:
    known = load_format("workbook")["searches"]["times"]
    zone = find_zone(options.time_zone) if options.time_zone else None
    columns, forms, day = _bind_times(part)
    form = LogForm(columns, forms, zone, known["zone_hint"], month_first=month_first, note=known["note"])
    log.read(_list_batches(source, part, day), form)
    if isinstance(part.sheet, TextSheet):
        read_table(source, header_line=part.header_row).describe(report)
    if "search_date" in part.columns and "search_date" not in columns:
        text = "Where the log prints a day and no time, the search is put at the start of its day."
        report.note("days-only", text)
    used = {name for field_, name in columns.items() if field_ not in PERSONAL}
    drop_columns(report, part.header, [name for name in part.header if name and name not in used])
