"""Figures by month in a clerk's table: months by years, or months that run down beside their figures."""

import calendar
import itertools
import re
from collections import Counter
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
} | {"sept": 9}
_YEAR = r"(?P<year>(?:19|20)\d{2})"
# A day whose month stands before or after it, and the notations by which the rows decide which.
_DAY = re.compile(rf"(?P<first>\d\d?)[/-](?P<second>\d\d?)[/-]{_YEAR}")
_DAYS = ["%q/%q/%Y", "%q-%q-%Y"]
# A month with its year: `Jan 2025`, `January, 2025`, `Jan-25`; `2025 January`; `2025-01`, `01/2025`; the
# first day of one.
_FORMS = (
    re.compile(rf"(?P<month>[A-Za-z]{{3,9}})\.?,?[\s/-]*(?:{_YEAR}|[\s/'’-](?P<short>\d\d))"),
    re.compile(rf"{_YEAR}[\s,/-]*(?P<month>[A-Za-z]{{3,9}})\.?"),
    re.compile(rf"{_YEAR}[/-](?P<month>\d\d?)(?:-01)?(?: 00:00:00)?"),
    re.compile(rf"(?P<month>\d\d?)[/-]{_YEAR}"),
    _DAY,
)
# Signs of a title; more are a paragraph.
_TITLE = 120


@dataclass(frozen=True)
class MonthColumns:
    """Which columns of a table hold what, by position.

    Attributes
    ----------
    month, year
        Columns of the months, and of their years where these stand in a column of their own.
    figures
        Columns of figures, each with what it counts; None where its name does not say.
    years
        Of the figures those that hold one year each.
    fiscal
        Columns of years that begin on some day of another.
    """

    month: int
    year: int | None = None
    figures: dict[int, str | None] = field(default_factory=dict)
    years: dict[int, int] = field(default_factory=dict)
    fiscal: tuple[int, ...] = ()


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
    found = [(at, re.fullmatch(known["year"], name.strip())) for at, name in enumerate(header)]
    wide = {at: int(year[1]) for at, year in found if year}
    fiscal = tuple(at for at, name in enumerate(header) if re.fullmatch(known["fiscal"], name.strip()))
    is_days = tidy[month] == "date"
    if wide or fiscal:
        return None if is_days else MonthColumns(month, None, dict.fromkeys(wide), wide, fiscal)
    year = next((at for at, name in enumerate(tidy) if name in years), None)
    others = [at for at, name in enumerate(tidy) if name and at not in (month, year)]
    figures = {at: measure for at in others if (measure := find_measure([header[at]]))}
    if not figures and len(others) == 1 and not is_days:
        figures = {others[0]: None}
    columns = MonthColumns(month, year, figures)
    return columns if figures and (rows is None or _has_months(columns, rows)) else None


def _has_months(columns: MonthColumns, rows: list[tuple[int, list[str]]]) -> bool:
    rows = [(_, cells) for _, cells in rows if cells[columns.month : columns.month + 1] not in ([], [""])]
    for month_first in (True, False):
        told = [read_label(columns, cells, month_first) for _, cells in rows]
        if sum(month is not None for month in told) * 2 >= len(told) > 0:
            short = [
                month
                for month, (_, cells) in zip(told, rows, strict=True)
                if month and not re.search(_YEAR, cells[columns.month])
            ]
            # `Jan 06, Jan 13` are days: no table goes from a January to that of seven years later
            is_days = any(a[1] == b[1] and a[0] != b[0] for a, b in itertools.pairwise(short))
            return columns.year is not None or not is_days
    return False


def find_measure(texts: list[str]) -> str | None:
    """Find what figures count in the words of a column, a title or a sheet; None if they say nothing, or two
    things.

    Rates, averages and running totals are figures of no month, whatever they are of.
    """
    known = load_format("workbook")["months"]
    texts = [text for text in texts if not re.search(known["derived"], text)]
    patterns = known["measures"].items()
    found = {name for name, pattern in patterns if any(re.search(pattern, text) for text in texts)}
    return found.pop() if len(found) == 1 else None


def read_month(text: str, month_first: bool = True) -> tuple[int, int] | None:
    """Read a month with its year, or the first day of one; None if it is none, or another day within one."""
    text = " ".join(text.split())
    parts = next((found.groupdict() for form in _FORMS if (found := form.fullmatch(text))), None)
    if parts is None:
        return None
    if "first" in parts:
        month, day = ("first", "second") if month_first else ("second", "first")
        parts["month"] = parts[month] if int(parts[day]) == 1 else ""
    number = _read_number(parts["month"])
    return (int(parts["year"] or f"20{parts['short']}"), number) if number else None


def _read_number(text: str) -> int | None:
    if re.fullmatch(r"0?[1-9]|1[0-2]", text):
        return int(text)
    return MONTHS.get(text.rstrip(".").casefold())


def read_label(columns: MonthColumns, cells: list[str], month_first: bool = True) -> tuple[int, int] | None:
    """Read the month of a row of figures that run down."""
    label = cells[columns.month].strip()
    if columns.year is None:
        return read_month(label, month_first)
    month, year = _read_number(label), cells[columns.year].strip()
    return (int(year), month) if month and re.fullmatch(_YEAR, year) else None


def read_months(
    source: Source, options: ReadOptions, part, told: dict, volumes: VolumeTable, report: Report
) -> None:
    """Read the figures of a sheet (`clerk.Found`); `told` is what a mapping says of it.

    Raises
    ------
    IngestError
        Nothing says what the figures count, or days such as 02/01/2025 may be the first of a month or not.
    """
    columns, header, sheet = find_months(part.header), part.header, part.sheet
    known = load_format("workbook")["months"]
    titles = [text for text in part.titles if len(text) <= _TITLE and not re.search(known["maker"], text)]
    given = told.get("measure") or options.measure
    if given is not None and given not in MEASURES:
        raise IngestError("--measure", f"{given!r}", offer_nearest(given, MEASURES), code="wrong-value")
    general = given or find_measure([*titles, sheet.name])
    measures = {at: name or general for at, name in columns.figures.items()}
    if open_ := [header[at] for at, measure in measures.items() if measure is None]:
        place = f"{source.name}, {sheet.name_row(part.header_row)}"
        found = f"figures by month, and nothing says what column {open_[0]!r} counts"
        way_out = f"Say it: --measure {' or '.join(MEASURES)}."
        raise IngestError(place, found, way_out, code="no-measure", asks_for="measure")
    scope = told.get("scope") or " ".join(titles) or (sheet.label if sheet.name else "")
    # two columns of one measure are parts of each other, or of a third: each is of its own scope
    counts = Counter(measures.values())
    alike = [at for at, name in measures.items() if counts[name] > 1 and at not in columns.years]
    scopes = {
        at: ": ".join(filter(None, (scope, header[at] if at in alike or not scope else "")))
        for at in measures
    }
    month_first = _decide_order(source, options, part, columns, report)
    sums, totals, seen = dict.fromkeys(measures, 0.0), {}, Counter()
    for row, at, month, text, label in _list_figures(part, columns, month_first):
        place, value = sheet.locate(row - sheet.first_row, at), read_figure(text)
        if at in columns.fiscal:
            reason = "a fiscal year: in which calendar year its months are is not said"
            volumes.set_aside(place, reason, code="fiscal-year")
        elif month is None and re.search(known["total"], label):
            if value is not None:
                totals[at] = value
            volumes.set_aside(place, "a total", code="total")
        elif month is None:
            volumes.set_aside(place, "a row that is no month", code="no-month")
        elif value is None:
            volumes.set_aside(place, find_sentinel(text, known["sentinels"]) or "not a number")
        else:
            year, number = month
            first, days_n = f"{year}-{number:02d}", calendar.monthrange(year, number)[1]
            sums[at] += value
            seen[at, month] += 1
            volumes.add(
                reported_by=options.reported_by, measure=measures[at], value=value, scope=scopes[at],
                period_start=f"{first}-01", period_end=f"{first}-{days_n}",
                source_id=options.source_id or source.id,
            )  # fmt: skip
    for at, total in totals.items():
        if total != sums[at]:
            said = f"{header[at]} is {total:,.0f}, its months add up to {sums[at]:,.0f}."
            report.warn("wrong-total", f"{sheet.label}: the printed total of {said}")
    if twice := sum(count > 1 for count in seen.values()):
        said = f"{say_number(twice, 'month stands', 'months stand')} there more than once"
        report.warn("month-twice", f"{sheet.label}: {said}; each figure is kept.")
    for measure in sorted({measures[at] for at in alike}):
        names = " and ".join(repr(header[at]) for at in alike if measures[at] == measure)
        said = f"{names} all count {measure}: one may be part of another, so add none of them."
        report.warn("same-measure", f"{sheet.label}: {said}")
    used = {columns.month, columns.year, *columns.fiscal, *measures}
    drop_columns(report, header, [name for at, name in enumerate(header) if name and at not in used])
    shown = f"scope as printed: {scope!r}" if scope else "scope as in the header"
    report.note("figures", f"{sheet.label}: figures are taken for {', '.join(counts)}, {shown}.")
    if not options.reported_by:
        text = f"{sheet.label}: the figures do not say whose they are: say so with --reported-by."
        report.warn("no-reporter", text)


def _list_figures(part, columns: MonthColumns, month_first: bool):
    """Give the cells of figures: row, column, month, text, label of the row."""
    for row, cells in part.list_cells():
        label = cells[columns.month].strip()
        for at in (*columns.fiscal, *columns.figures):
            if columns.years or columns.fiscal:
                number = MONTHS.get(label.rstrip(".").casefold())
                month = (columns.years[at], number) if number and at in columns.years else None
            else:
                month = read_label(columns, cells, month_first)
            yield row, at, month, cells[at], label


def _decide_order(source: Source, options: ReadOptions, part, columns: MonthColumns, report: Report) -> bool:
    """Decide whether the month comes first where months are printed by their first day, as in 02/01/2025."""
    labels = [" ".join(cells[columns.month].split()) for _, cells in part.list_cells()]
    order = DayOrder()
    order.add([label for label in labels if _DAY.fullmatch(label)], _DAYS)
    month_first, how = order.decide(options.day_first, f"{source.name}, {part.sheet.label}")
    if order.rows_n:
        report.note("day-order", how)
    return month_first
