"""Tables of a file, whether a mapping says what their columns hold or they were recognized: where they are,
how their dates are written, and their rows read as a search log or whole.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.headers import HEADER_ROWS, drop_columns, list_beginnings, make_batches
from sidedoor.ingest.log_checks import check_log
from sidedoor.ingest.log_part import PERSONAL, LogForm
from sidedoor.ingest.logs import LogReader, Skip, leave_out
from sidedoor.ingest.mapping_file import check_sheets, find_column, spell_header
from sidedoor.ingest.report import FileTable, Report
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.text import RowBatch, TextTable, read_table
from sidedoor.ingest.times import DayOrder, compile_form, find_zone, list_days
from sidedoor.ingest.xlsx import Sheet, name_column, read_workbook

# As the name of a sheet: every sheet that has the columns. No sheet can be called so.
_ALL = "*"


@dataclass
class Table:
    """A table of a file.

    Attributes
    ----------
    origin
        The text or the sheet that it is in; None for the first rows of a text.
    line, header
        Row of the header (0 for none), and names of columns: of a mapping, as the mapping spells them.
    columns
        For each field that a column holds, the name of the column.
    kind, rows, titles, lists
        Of a table that was recognized, see `clerk`: `names`, `searches`, `months`, `users` or `other`; the
        rows below the header that hold something, with their numbers; the cells above it; for names the
        position of each column of them, and its direction, None if nothing says it.
    """

    source: Source
    origin: TextTable | Sheet | None
    line: int = 0
    header: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    lists: list[tuple[int, str | None]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name of the tab; nothing for a text."""
        return self.origin.name if isinstance(self.origin, Sheet) else ""

    @property
    def label(self) -> str:
        """Name the table in a report: tabs are of no vendor and are named by their number."""
        return self.origin.label if isinstance(self.origin, Sheet) else "the table"

    def name_row(self, number: int) -> str:
        """Name a row."""
        return self.origin.name_row(number) if isinstance(self.origin, Sheet) else f"line {number}"

    def locate(self, number: int, at: int) -> str:
        """Name a cell: `line 7, column B` or `sheet 1 B7`; `at` counts columns from 0."""
        if isinstance(self.origin, Sheet):
            return self.origin.locate(number - self.origin.first_row, at)
        return f"line {number}, column {name_column(at + 1)}"

    def batches(self, moments: Iterable[str] = ()) -> Iterator[RowBatch]:
        """Give the rows below the header; in columns of `moments` the serial numbers of a sheet are times."""
        if isinstance(self.origin, TextTable):
            return self.origin.batches()
        is_1904 = read_workbook(self.source).date_1904
        return make_batches(self.origin, self.line, self.header, moments, is_1904)

    def describe(self, report: Report) -> None:
        """Write into the report what was noticed in a text; of a workbook its own reader does so."""
        if isinstance(self.origin, TextTable):
            self.origin.describe(report)


def open_tables(source: Source, mapping: dict, report: Report) -> list[Table]:
    """Open the tables that a mapping reads, and account for the other sheets.

    Raises
    ------
    IngestError
        A sheet, a header or a column that the mapping names is not there.
    """
    general = mapping["file"]
    if source.kind == "text":
        line = _find_line(list_beginnings(source)[0][1], general, mapping)
        line = 1 if line is None else line
        text = read_table(source, header_line=line)
        width = len(text.header)
        header = _name_columns(source, mapping, general, text.header, f"line {line}", width)[:width]
        return [Table(source, replace(text, header=header), line, header, mapping["columns"])]
    sheets = [sheet for sheet in read_workbook(source).sheets if sheet.rows]
    check_sheets(mapping["sheets"], [sheet.name for sheet in sheets], source.name)
    told = {sheet.number: general | mapping["sheets"].get(sheet.name, {}) for sheet in sheets}
    lines = {
        sheet.number: _find_line(list(sheet)[:HEADER_ROWS], told[sheet.number], mapping) for sheet in sheets
    }
    fitting = [sheet for sheet in sheets if lines[sheet.number] is not None]
    name = general.get("sheet")
    if name == _ALL:
        chosen = [sheet for sheet in fitting if not told[sheet.number].get("skip")]
    elif name or {"header", "header_line"} & set(general):
        chosen = [sheet for sheet in sheets if name in (None, sheet.name)]
    else:  # sheets that select from another one have fewer rows
        chosen = sorted(fitting, key=Sheet.count_rows)[-1:] or sheets
    if not chosen or len(chosen) > 1 and name != _ALL:
        found = f"no sheet {name!r}" if name else say_number(len(sheets), "sheet")
        names = ", ".join(repr(sheet.name) for sheet in sheets[:20])
        raise IngestError(source.name, found, f"Say which one in [file] sheet: {names}.", code="no-sheet")
    for sheet in sheets:
        if sheet not in chosen:
            reason = "a sheet that the mapping does not read"
            report.put_aside(sheet.label, reason, sheet.count_rows(), "other-sheet")
            if name == _ALL and not told[sheet.number].get("skip"):
                text = f"{sheet.label} does not have the columns: name its header in [sheets.NAME]."
                report.warn("sheet-without-header", text)
    return [_open_sheet(source, sheet, lines[sheet.number], told[sheet.number], mapping) for sheet in chosen]


def _find_line(rows: list[tuple[int, list[str]]], told: dict, mapping: dict) -> int | None:
    """Find the row of the header: as told, or the one that holds the names of the mapped columns."""
    if "header_line" in told or "header" in told:
        return told.get("header_line", 0)
    wanted = {*mapping["columns"].values(), *(part["column"] for part in mapping["figures"])}
    spelled = ((number, set(spell_header(cells, mapping))) for number, cells in rows)
    return next((number for number, names in spelled if wanted <= names), None)


def _open_sheet(source: Source, sheet: Sheet, line: int | None, told: dict, mapping: dict) -> Table:
    line, rows, width = 1 if line is None else line, dict(sheet), max(map(len, sheet.rows))
    cells = rows.get(line, []) if line else [f"column_{at}" for at in range(1, width + 1)]
    below = [cells for number, cells in rows.items() if number > line]
    filled_n = max((at for row in below for at, cell in enumerate(row, 1) if cell.strip()), default=0)
    header = _name_columns(source, mapping, told, cells, sheet.name_row(line), filled_n)
    return Table(source, sheet, line, header + [""] * (width - len(header)), mapping["columns"])


def _name_columns(
    source: Source, mapping: dict, told: dict, printed: list[str], place: str, least_n: int
) -> list[str]:
    """Return the names of columns: those told, or those printed in the place of the header; all that the
    mapping names have to be there.
    """
    header, given = spell_header(printed, mapping), told.get("header")
    if given and len(given) < least_n:  # more are columns that are empty throughout
        found = f"{say_number(least_n, 'column')} where the mapping's header has {len(given)}"
        raise IngestError(source.name, found, "Correct the header.", code="wrong-value")
    if given and told.get("header_line") and not set(given) & set(header):
        found, way_out = "a row that is no header", "Write header_line = 0 where there is none."
        raise IngestError(f"{source.name}, {place}", found, way_out, code="no-header")
    header = [*given] if given else header
    bound = [part["column"] for part in (*mapping["skip"], *mapping["figures"])]
    for name in (*mapping["columns"].values(), *bound):
        find_column(name, header, source.name)
        if header.count(name) > 1:
            way_out = "Rename the one that is not meant in a copy of the file."
            raise IngestError(source.name, f"two columns {name!r}", way_out, code="column-twice")
    return header


def drop_unused(tables: list[Table], used: Iterable[str], report: Report, known: Iterable[str] = ()) -> None:
    """Note the columns that enter no table of the project; headers that are `known` are named."""
    header = list(dict.fromkeys(name for table in tables for name in table.header))
    drop_columns(report, header, [name for name in header if name and name not in used], known)


def check_length(source: Source, rows_n: int) -> None:
    """Refuse a list or a table of figures that is too long to be one."""
    if rows_n > source.limits.list_rows:
        found, way_out = f"more than {source.limits.list_rows:,} rows", "Split the file, or write a mapping."
        raise IngestError(source.name, found, way_out, code="too-large")


def list_skips(mapping: dict) -> list[Skip]:
    """List the rows that a mapping leaves out."""
    reason = "left out by the mapping"
    return [
        Skip(part["column"], tuple(map(str, part["equals"])), part.get("reason", reason))
        for part in mapping["skip"]
    ]


def decide_order(
    source: Source, options: ReadOptions, report: Report, columns: Iterable[tuple[object, list[str]]]
) -> bool:
    """Return whether the month comes first in dates that leave it open: all rows of the file decide.

    `columns` are those of dates, or parts of them, each with the forms that its cells may have. An
    `IngestError` says that the rows contradict each other, or that none decides and nobody said.
    """
    order = DayOrder()
    for cells, forms in columns:
        order.add(cells, forms)
    month_first, how = order.decide(options.day_first, source.name)
    if order.rows_n:
        report.note("day-order", how)
    return month_first


def list_dates(
    table: Table, name: str | None, forms: list[str], mapping: dict
) -> Iterator[tuple[object, list[str]]]:
    """Give a column of dates, part by part, for `decide_order`; nothing if its forms leave nothing open."""
    if name and any("q" in compile_form(form).parts for form in forms):
        for batch in table.batches([name]):
            yield leave_out(batch, list_skips(mapping), {}).columns[name], forms


def read_log(tables: list[Table], mapping: dict, options: ReadOptions, report: Report) -> FileTable:
    """Read tables as one search log, the table `searches`.

    Parameters
    ----------
    tables
        With their `columns`, see `log_part.FIELDS`. Day and time of day in two columns are joined; a day
        alone is its beginning.
    mapping
        `times` (`forms`, `days` of a column that holds days alone, `time_zone`, `window`, `note`),
        `constants`, `marks` and `skip`.

    Raises
    ------
    IngestError
        Times without a zone, dates with two readings, or most rows without a time.
    """
    source, times, constants = tables[0].source, mapping["times"], dict(mapping["constants"])
    zone_name = options.time_zone or times.get("time_zone")
    zone = find_zone(zone_name) if zone_name else None
    if options.reported_by:
        constants.pop("host_agency", None)
    bound, dates = [], []
    for table in tables:
        columns, forms = dict(table.columns), times.get("forms", [])
        if "search_date" in columns and "searched_at" not in columns:
            columns["searched_at"], forms = columns.pop("search_date"), [*forms, *times.get("days", [])]
            text = "Where the log prints a day and no time, the search is put at the start of its day."
            report.note("days-only", text)
        is_split = "search_date" in columns
        day = columns.get("search_date" if is_split else "searched_at")
        dates.append(list_dates(table, day, list_days(forms) if is_split else forms, mapping))
        bound.append((table, columns, forms))
    month_first = decide_order(source, options, report, itertools.chain.from_iterable(dates))
    log = LogReader(source, options)
    for table, columns, forms in bound:
        hint, window, note = (times.get(name, "") for name in ("zone_hint", "window", "note"))
        form = LogForm(columns, forms, zone, hint, window, constants, month_first, mapping["marks"], note)
        moments = [columns[name] for name in ("search_date", "searched_at") if name in columns]
        log.read(table.batches(moments), form, list_skips(mapping))
    searches = log.close(report)
    check_log(searches, log, report, zone)
    told = "as given" if options.time_zone else "as the mapping says"
    printed = "UTC, printed with every time" if log.utc_n else "no times"
    report.time_zone = f"{zone.key}, {told}" if log.local_n else printed
    for table in tables:
        table.describe(report)
    named = {(kind, name) for table in tables for kind, name in table.columns.items()}
    kept = {name for kind, name in named if kind not in (*PERSONAL, "moderation")}
    known = {name for _, name in named} | {skip.column for skip in list_skips(mapping)}
    drop_unused(tables, kept, report, {*known, *mapping.get("match", ())})
    return searches
