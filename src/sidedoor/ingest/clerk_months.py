"""Figures by month in a clerk's table: months by years, or months that run down beside their figures."""

import calendar
import itertools
import re
from dataclasses import dataclass, field

from helpers.canonical import MEASURES
from helpers.errors import IngestError, offer_nearest
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import drop_columns, tidy_header
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.times import DayOrder
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure

MONTHS = {
    name.casefold(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
MONTHS["sept"] = 9
_YEAR = r"((?:19|20)\d{2})"
# A month with its year: `Jan 2025`, `January, 2025`, `Jan-25`; `2025 January`; `2025-01`, `01/2025`; the
# first day of one.
_NAMED = re.compile(rf"([A-Za-z]{{3,9}})\.?,?[\s/-]*(?:{_YEAR}|[\s/'’-](\d\d))")
_NAMED_LAST = re.compile(rf"{_YEAR}[\s,/-]*([A-Za-z]{{3,9}})\.?")
_NUMBERED = re.compile(rf"{_YEAR}[/-](\d\d?)(?:-01)?(?: 00:00:00)?")
_NUMBERED_LAST = re.compile(rf"(\d\d?)[/-]{_YEAR}")
# A day whose month stands before or after it; the notations by which the rows decide which.
_DAY = re.compile(rf"(\d\d?)[/-](\d\d?)[/-]{_YEAR}")
_DAYS = ["%q/%q/%Y", "%q-%q-%Y"]
# Signs of a title; more are a paragraph.
_TITLE = 120


@dataclass(frozen=True)
class MonthColumns:
    """Which columns of a table hold what.

    Attributes
    ----------
    month
        Column of the months.
    years
        Wide: columns of figures, each with its year.
    fiscal
        Columns of years that begin on some day of another.
    year
        Down: column of the years, where they do not stand beside the months.
    figures
        Down: columns of figures, each with what it counts; None where its name does not say.
    """

    month: int
    years: dict[int, int] = field(default_factory=dict)
    fiscal: tuple[int, ...] = ()
    year: int | None = None
    figures: dict[int, str | None] = field(default_factory=dict)


def find_months(header: list[str], rows: list[tuple[int, list[str]]] | None = None) -> MonthColumns | None:
    """Find the columns of a table of months; None if a header heads none.

    Where rows are given, months that run down have to be what most of them begin with.
    """
    known = load_format("workbook")["months"]
    months, years = ({tidy_header(name) for name in known[part]} for part in ("columns", "year_columns"))
    tidy = [tidy_header(name) for name in header]
    month = next((at for at, name in enumerate(tidy) if name in months), None)
    if month is None:
        return None
    wide = {
        at: int(found[1])
        for at, name in enumerate(header)
        if (found := re.fullmatch(known["year"], name.strip()))
    }
    fiscal = tuple(at for at, name in enumerate(header) if re.fullmatch(known["fiscal"], name.strip()))
    if wide or fiscal:
        return MonthColumns(month, wide, fiscal) if tidy[month] != "date" else None
    year = next((at for at, name in enumerate(tidy) if name in years), None)
    others = [at for at, name in enumerate(tidy) if name and at not in (month, year)]
    figures = {at: measure for at in others if (measure := find_measure([header[at]]))}
    if not figures and len(others) == 1 and tidy[month] != "date":
        figures = {others[0]: None}
    columns = MonthColumns(month, year=year, figures=figures)
    if not figures or rows is not None and not _has_months(columns, rows):
        return None
    return columns


def _has_months(columns: MonthColumns, rows: list[tuple[int, list[str]]]) -> bool:
    rows = [(_, cells) for _, cells in rows if cells[columns.month : columns.month + 1] not in ([], [""])]
    labels = [cells[columns.month].strip() for _, cells in rows]
    for month_first in (True, False):
        told = [read_label(columns, cells, month_first) for _, cells in rows]
        if sum(month is not None for month in told) * 2 >= len(told) > 0:
            return columns.year is not None or not _has_days(told, labels)
    return False


def _has_days(told: list[tuple[int, int] | None], labels: list[str]) -> bool:
    """Say whether what looks like months is days: no table goes from `Jan 06` to the January of seven years
    later.
    """
    short = [
        month for month, label in zip(told, labels, strict=True) if month and not re.search(_YEAR, label)
    ]
    return any(one[1] == other[1] and one[0] != other[0] for one, other in itertools.pairwise(short))


def find_measure(texts: list[str]) -> str | None:
    """Find what figures count in the words of a column, a title or a sheet; None if they say nothing, or two
    things.

    Rates, averages and running totals are figures of no month, whatever they are of.
    """
    known = load_format("workbook")["months"]
    texts = [text for text in texts if not re.search(known["derived"], text)]
    found = {
        measure
        for measure, pattern in known["measures"].items()
        for text in texts
        if re.search(pattern, text)
    }
    return found.pop() if len(found) == 1 else None


def read_month(text: str, month_first: bool = True) -> tuple[int, int] | None:
    """Read a month with its year, or the first day of one; None if it is none, or another day within one."""
    text = " ".join(text.split())
    if found := _NAMED.fullmatch(text):
        year, month = int(found[2] or f"20{found[3]}"), MONTHS.get(found[1].casefold(), 0)
    elif found := _NAMED_LAST.fullmatch(text):
        year, month = int(found[1]), MONTHS.get(found[2].casefold(), 0)
    elif found := _NUMBERED.fullmatch(text):
        year, month = int(found[1]), int(found[2])
    elif found := _NUMBERED_LAST.fullmatch(text):
        year, month = int(found[2]), int(found[1])
    elif found := _DAY.fullmatch(text):
        month, day = map(int, (found[1], found[2]) if month_first else (found[2], found[1]))
        year = int(found[3]) if day == 1 else 0
    else:
        return None
    return (year, month) if year and 1 <= month <= 12 else None


def read_label(columns: MonthColumns, cells: list[str], month_first: bool = True) -> tuple[int, int] | None:
    """Read the month of a row of figures that run down."""
    label = cells[columns.month].strip()
    if columns.year is None:
        return read_month(label, month_first)
    month, year = MONTHS.get(label.rstrip(".").casefold()), cells[columns.year].strip()
    if month is None and re.fullmatch(r"0?[1-9]|1[0-2]", label):
        month = int(label)
    return (int(year), month) if month and re.fullmatch(_YEAR, year) else None


def read_months(
    source: Source, options: ReadOptions, part, told, volumes: VolumeTable, report: Report
) -> None:
    """Read the figures of a sheet (`clerk_sheets.Found`); `told` is what a mapping says of it.

    Raises
    ------
    IngestError
        Nothing says what the figures count, or days such as 02/01/2025 may be the first of a month or not.
    """
    columns = find_months(part.header)
    known = load_format("workbook")["months"]
    titles = [text for text in part.titles if len(text) <= _TITLE and not re.search(known["maker"], text)]
    texts = [*titles, part.sheet.name]
    given = told.get("measure") or options.measure
    if given is not None and given not in MEASURES:
        raise IngestError("--measure", f"{given!r}", offer_nearest(given, MEASURES), code="wrong-value")
    measures = {at: name or given or find_measure(texts) for at, name in columns.figures.items()}
    measures |= dict.fromkeys(columns.years, given or find_measure(texts))
    if open_ := [at for at, measure in measures.items() if measure is None]:
        raise IngestError(
            f"{source.name}, {part.sheet.name_row(part.header_row)}",
            f"figures by month, and nothing says what column {part.header[open_[0]]!r} counts",
            f"Say it: --measure {' or '.join(MEASURES)}.",
            code="no-measure",
            asks_for="measure",
        )
    scope = told.get("scope") or " ".join(titles) or ("" if not part.sheet.name else part.sheet.label)
    # two columns of one measure are parts of each other, or of a third: each is of its own scope
    alike = {at for at in columns.figures if [*measures.values()].count(measures[at]) > 1}
    scopes = {
        at: ": ".join(filter(None, (scope, part.header[at] if at in alike or not scope else "")))
        for at in measures
    }
    month_first = _decide_order(source, options, part, columns, report)
    is_wide = bool(columns.years or columns.fiscal)
    cells = _list_wide(part, columns) if is_wide else _list_down(part, columns, month_first)
    sums, totals = dict.fromkeys(measures, 0.0), {}
    seen: dict[tuple, int] = {}
    for place, at, month, text, label in cells:
        value = read_figure(text)
        if at in columns.fiscal:
            volumes.set_aside(
                place, "a fiscal year: in which calendar year its months are is not said", code="fiscal-year"
            )
        elif month is None:
            is_total = bool(re.search(known["total"], label))
            if is_total and value is not None:
                totals[at] = value
            volumes.set_aside(
                place,
                *(("a total",) if is_total else ("a row that is no month",)),
                code="total" if is_total else "no-month",
            )
        elif value is None:
            volumes.set_aside(place, find_sentinel(text, known["sentinels"]) or "not a number")
        else:
            year, number = month
            sums[at] += value
            seen[at, month] = seen.get((at, month), 0) + 1
            volumes.add(
                reported_by=options.reported_by, measure=measures[at], value=value,
                period_start=f"{year}-{number:02d}-01",
                period_end=f"{year}-{number:02d}-{calendar.monthrange(year, number)[1]}",
                scope=scopes[at], source_id=options.source_id or source.id,
            )  # fmt: skip
    _describe(part, columns, measures, scope, sums, totals, seen, report)
    if not options.reported_by:
        report.warn(
            "no-reporter",
            f"{part.sheet.label}: the figures do not say whose they are: say so with --reported-by.",
        )


def _list_wide(part, columns: MonthColumns):
    """Give the cells of months by years: place, column, month, text, label of the row."""
    for number, cells in part.list_cells():
        label = cells[columns.month].strip()
        month = MONTHS.get(label.rstrip(".").casefold())
        for at in (*columns.fiscal, *columns.years):
            place = part.sheet.locate(number - part.sheet.first_row, at)
            yield (
                place,
                at,
                (columns.years[at], month) if month and at in columns.years else None,
                cells[at],
                label,
            )


def _decide_order(source: Source, options: ReadOptions, part, columns: MonthColumns, report: Report) -> bool:
    """Decide whether the month comes first where months are printed by their first day, as in 02/01/2025."""
    labels = [" ".join(cells[columns.month].split()) for _, cells in part.list_cells()]
    order = DayOrder()
    order.add([label for label in labels if _DAY.fullmatch(label)], _DAYS)
    month_first, how = order.decide(options.day_first, f"{source.name}, {part.sheet.label}")
    if order.rows_n:
        report.note("day-order", how)
    return month_first


def _list_down(part, columns: MonthColumns, month_first: bool):
    """Give the cells of months that run down: place, column, month, text, label of the row."""
    for number, cells in part.list_cells():
        for at in columns.figures:
            place = part.sheet.locate(number - part.sheet.first_row, at)
            yield place, at, read_label(columns, cells, month_first), cells[at], cells[columns.month].strip()


def _describe(
    part, columns: MonthColumns, measures, scope: str, sums: dict, totals: dict, seen: dict, report: Report
) -> None:
    """Compare printed totals with their months, and say what was taken for what."""
    for at, total in totals.items():
        if total != sums[at]:
            report.warn(
                "wrong-total",
                f"{part.sheet.label}: the printed total of {part.header[at]} is {total:,.0f}, its "
                f"months add up to {sums[at]:,.0f}.",
            )
    if twice := sum(count > 1 for count in seen.values()):
        report.warn(
            "month-twice",
            f"{part.sheet.label}: {say_number(twice, 'month stands', 'months stand')} there more than "
            "once; each figure is kept.",
        )
    for measure in sorted({measures[at] for at in columns.figures}):
        names = [repr(part.header[at]) for at in columns.figures if measures[at] == measure]
        if len(names) > 1:
            report.warn(
                "same-measure",
                f"{part.sheet.label}: {' and '.join(names)} all count {measure}: one may be part of "
                "another, so add none of them.",
            )
    used = {columns.month, columns.year, *columns.fiscal, *measures}
    drop_columns(
        report, part.header, [name for at, name in enumerate(part.header) if name and at not in used]
    )
    counted = ", ".join(dict.fromkeys(measures.values()))
    shown = f"scope as printed: {scope!r}" if scope else "scope as in the header"
    report.note("figures", f"{part.sheet.label}: figures are taken for {counted}, {shown}.")
