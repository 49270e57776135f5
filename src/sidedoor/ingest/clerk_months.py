"""Figures by month in a clerk's table: months by years, or months that run down beside their figures."""

import calendar
import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from helpers.canonical import MEASURES
from helpers.errors import IngestError, offer_nearest
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import drop_columns, tidy_header
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import ReadOptions
from sidedoor.ingest.tables import Table, decide_order
from sidedoor.ingest.times import read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure

_BETWEEN = re.compile(r"[\s,./'’-]+")
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
    """

    month: int
    year: int | None
    figures: dict[int, str | None]
    years: dict[int, str]

    def label(self, cells: list[str], at: int = -1) -> str:
        """Return the month of a figure as printed, with its year."""
        year = cells[self.year] if self.year is not None else self.years.get(at, "")
        return f"{cells[self.month]} {year}".strip()


def find_months(header: list[str], rows: list[tuple[int, list[str]]]) -> MonthColumns | None:
    """Find the columns of a table of months; None if a header heads none: months that run down have to be
    what most of the rows begin with.
    """
    known = load_format("workbook")["months"]
    tidy = [tidy_header(name) for name in header]
    month, year = (
        next((at for at, name in enumerate(tidy) if name in set(map(tidy_header, known[part]))), None)
        for part in ("columns", "year_columns")
    )
    if month is None:
        return None
    found = {at: re.fullmatch(known["year"], name.strip()) for at, name in enumerate(header)}
    years = {at: match[1] for at, match in found.items() if match}
    is_days = tidy[month] == "date"
    if years:
        return None if is_days else MonthColumns(month, None, dict.fromkeys(years), years)
    others = [at for at, name in enumerate(tidy) if name and at not in (month, year)]
    figures = {at: measure for at in others if (measure := find_measure([header[at]]))}
    if not figures and len(others) == 1 and not is_days:
        figures = {others[0]: None}
    columns = MonthColumns(month, year, figures, {})
    labels = [columns.label(cells) for _, cells in rows if "".join(cells[month : month + 1]).strip()]
    return columns if figures and _are_months(labels) else None


def _are_months(labels: list[str]) -> bool:
    for month_first in (True, False):
        months = read_months(labels, month_first)
        if sum(month is not None for month in months) * 2 >= len(labels) > 0:
            pairs = zip(months, labels, strict=True)
            short = [month for month, label in pairs if month and not re.search(r"(?:19|20)\d\d", label)]
            # `Jan 06, Jan 13` are days: no table goes from a January to that of seven years later
            return not any(a.month == b.month and a != b for a, b in itertools.pairwise(short))
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


def read_months(labels: list[str], month_first: bool) -> list[date | None]:
    """Read months with their years as their first days; None for what is none, or another day within one."""
    known = load_format("workbook")["months"]
    plain = [_BETWEEN.sub(" ", label).strip() for label in labels]
    months = read_times([f"1 {label}" for label in plain], known["forms"]).values
    days = read_times(plain, known["days"], month_first=month_first).values
    found = np.where(np.isnat(months), days, months).astype("datetime64[D]").tolist()
    return [day if day and day.day == 1 else None for day in found]


def read_figures(
    table: Table, told: Mapping, options: ReadOptions, volumes: VolumeTable, report: Report
) -> None:
    """Read the figures of a table; `told` is what a mapping says of it: `measure`, `scope`.

    Raises
    ------
    IngestError
        Nothing says what the figures count, or days such as 02/01/2025 may be the first of a month or not.
    """
    source, header, rows = table.source, table.header, table.rows
    columns, known = find_months(header, rows), load_format("workbook")["months"]
    titles = [text for text in table.titles if len(text) <= _TITLE and not re.search(known["maker"], text)]
    given = told.get("measure") or options.measure
    if given is not None and given not in MEASURES:
        raise IngestError("--measure", f"{given!r}", offer_nearest(given, MEASURES), code="wrong-value")
    general = given or find_measure([*titles, table.name])
    measures = {at: name or general for at, name in columns.figures.items()}
    if open_ := [header[at] for at, measure in measures.items() if measure is None]:
        place = f"{source.name}, {table.name_row(table.line)}"
        found = f"figures by month, and nothing says what column {open_[0]!r} counts"
        way_out = f"Say it: --measure {' or '.join(MEASURES)}."
        raise IngestError(place, found, way_out, code="no-measure", asks_for="measure")
    scope = told.get("scope") or " ".join(titles) or (table.label if table.name else "")
    # two columns of one measure are parts of each other, or of a third: each is of its own scope
    counts = Counter(measures.values())
    alike = [at for at, name in measures.items() if counts[name] > 1 and at not in columns.years]
    scopes = {
        at: ": ".join(filter(None, (scope, header[at] if at in alike or not scope else "")))
        for at in measures
    }
    labels = [_BETWEEN.sub(" ", cells[columns.month]).strip() for _, cells in rows]
    month_first = decide_order(source, options, report, [(labels, known["days"])])
    seen, sums, totals = Counter(), Counter(), {}
    months = {
        at: read_months([columns.label(cells, at) for _, cells in rows], month_first) for at in measures
    }
    for (row, (number, cells)), at in itertools.product(enumerate(rows), measures):
        place, value, first = table.locate(number, at), read_figure(cells[at]), months[at][row]
        if first is None and re.search(known["total"], cells[columns.month].strip()):
            totals |= {at: value} if value is not None else {}
            volumes.set_aside(place, "a total", code="total")
        elif first is None:
            volumes.set_aside(place, "a row that is no month", code="no-month")
        elif value is None:
            volumes.set_aside(place, find_sentinel(cells[at], known["sentinels"]) or "not a number")
        else:
            sums[at] += value
            seen[at, first] += 1
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
            volumes.add(
                reported_by=options.reported_by, measure=measures[at], value=value, scope=scopes[at],
                period_start=first.isoformat(), period_end=last.isoformat(),
                source_id=options.source_id or source.id,
            )  # fmt: skip
    for at, total in totals.items():
        if total != sums[at]:
            said = f"{header[at]} is {total:,.0f}, its months add up to {sums[at]:,.0f}."
            report.warn("wrong-total", f"{table.label}: the printed total of {said}")
    if twice := sum(count > 1 for count in seen.values()):
        said = f"{say_number(twice, 'month stands', 'months stand')} there more than once"
        report.warn("month-twice", f"{table.label}: {said}; each figure is kept.")
    for measure in sorted({measures[at] for at in alike}):
        names = " and ".join(repr(header[at]) for at in alike if measures[at] == measure)
        said = f"{names} all count {measure}: one may be part of another, so add none of them."
        report.warn("same-measure", f"{table.label}: {said}")
    used = {columns.month, columns.year, *measures}
    drop_columns(report, header, [name for at, name in enumerate(header) if name and at not in used])
    shown = f"scope as printed: {scope!r}" if scope else "scope as in the header"
    report.note("figures", f"{table.label}: figures are taken for {', '.join(counts)}, {shown}.")
    if not options.reported_by:
        text = f"{table.label}: the figures do not say whose they are: say so with --reported-by."
        report.warn("no-reporter", text)
