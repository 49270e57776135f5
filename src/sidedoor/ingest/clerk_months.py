"""Figures by month in a clerk's table: months by years, or months that run down beside their figures."""

import calendar
import itertools
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date

import numpy as np

from helpers.canonical import MEASURES
from helpers.errors import IngestError, offer_nearest
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import drop_columns, tidy_header
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import ReadOptions
from sidedoor.ingest.tables import Table
from sidedoor.ingest.times import read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure

_BETWEEN = re.compile(r"[\s,./'’-]+")
# Signs of a title; more are a paragraph.
_TITLE = 120


def find_months(header: list[str], rows: list[tuple[int, list[str]]]) -> dict[int, list[str]] | None:
    """Return, for each column of figures by its position, the month of each row as printed with its year.

    None if a header heads no months: those that run down have to be what most of the rows begin with.
    """
    month, year = (_find_column(header, part) for part in ("columns", "year_columns"))
    if month is None:
        return None
    is_days = tidy_header(header[month]) == "date"
    found = {at: re.fullmatch(_load()["year"], name) for at, name in enumerate(header)}
    years = {at: match[1] for at, match in found.items() if match}
    if years and not is_days:
        return {at: [f"{cells[month]} {one}" for _, cells in rows] for at, one in years.items()}
    others = [at for at, name in enumerate(header) if name and at not in (month, year)]
    figures = [at for at in others if find_measure([header[at]])]
    if not figures and len(others) == 1 and not is_days:
        figures = others
    labels = [f"{cells[month]} {cells[year] if year is not None else ''}" for _, cells in rows]
    filled = [label for label, (_, cells) in zip(labels, rows, strict=True) if cells[month].strip()]
    return dict.fromkeys(figures, labels) if figures and _are_months(filled) else None


def _load() -> dict:
    return load_format("workbook")["months"]


def _find_column(header: list[str], part: str) -> int | None:
    names = set(map(tidy_header, _load()[part]))
    return next((at for at, name in enumerate(header) if tidy_header(name) in names), None)


def _are_months(labels: list[str]) -> bool:
    months = read_months(labels)
    pairs = zip(months, labels, strict=True)
    short = [month for month, label in pairs if month and not re.search(r"(?:19|20)\d\d", label)]
    # `Jan 06, Jan 13` are days: no table goes from a January to that of seven years later
    are_days = any(a.month == b.month and a != b for a, b in itertools.pairwise(short))
    return sum(month is not None for month in months) * 2 >= len(labels) > 0 and not are_days


def find_measure(texts: list[str]) -> str | None:
    """Find what figures count in the words of a column, a title or a sheet; None if they say nothing, or two
    things.

    Rates, averages and running totals are figures of no month, whatever they are of.
    """
    texts = [text for text in texts if not re.search(_load()["derived"], text)]
    patterns = _load()["measures"].items()
    found = {name for name, pattern in patterns if any(re.search(pattern, text) for text in texts)}
    return found.pop() if len(found) == 1 else None


def read_months(labels: list[str]) -> list[date | None]:
    """Read months with their years as their first days; None for what is none, or another day within one."""
    known = _load()
    plain = [_BETWEEN.sub(" ", label).strip() for label in labels]
    months = read_times([f"1 {label}" for label in plain], known["forms"]).values
    days = read_times(plain, known["days"]).values
    found = np.where(np.isnat(months), days, months).astype("datetime64[D]").tolist()
    return [day if day and day.day == 1 else None for day in found]


def read_figures(
    table: Table, told: Mapping, options: ReadOptions, volumes: VolumeTable, report: Report
) -> None:
    """Read the figures of a table; `told` is what a mapping says of it: `measure`, `scope`.

    Raises
    ------
    IngestError
        Nothing says what the figures count.
    """
    source, header, rows, known = table.source, table.header, table.rows, _load()
    labels, month = find_months(header, rows), _find_column(header, "columns")
    titles = [text for text in table.titles if len(text) <= _TITLE and not re.search(known["maker"], text)]
    given = told.get("measure") or options.measure
    if given is not None and given not in MEASURES:
        raise IngestError("--measure", f"{given!r}", offer_nearest(given, MEASURES), code="wrong-value")
    own = {at: find_measure([header[at]]) for at in labels}
    general = given or find_measure([*titles, table.name])
    measures = {at: name or general for at, name in own.items()}
    if open_ := [header[at] for at, measure in measures.items() if measure is None]:
        place = f"{source.name}, {table.name_row(table.line)}"
        found = f"figures by month, and nothing says what column {open_[0]!r} counts"
        way_out = f"Say it: --measure {' or '.join(MEASURES)}."
        raise IngestError(place, found, way_out, code="no-measure", asks_for="measure")
    scope = told.get("scope") or " ".join(titles) or (table.label if table.name else "")
    # two columns of one measure are parts of each other, or of a third: each is of its own scope
    alike = [at for at, name in own.items() if name and list(own.values()).count(name) > 1]
    scopes = {
        at: ": ".join(filter(None, (scope, header[at] if at in alike or not scope else ""))) for at in labels
    }
    months = {at: read_months(labels[at]) for at in labels}
    seen, sums, totals = Counter(), Counter(), {}
    for (row, (number, cells)), at in itertools.product(enumerate(rows), labels):
        place, value, first = table.locate(number, at), read_figure(cells[at]), months[at][row]
        if first is None and re.search(known["total"], cells[month].strip()):
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
    if alike:
        names = " and ".join(repr(header[at]) for at in alike)
        said = f"of {names} one may be part of another, so add none of them."
        report.warn("same-measure", f"{table.label}: {said}")
    used = {month, _find_column(header, "year_columns"), *labels}
    drop_columns(report, header, [name for at, name in enumerate(header) if name and at not in used])
    if not options.reported_by:
        text = f"{table.label}: the figures do not say whose they are: say so with --reported-by."
        report.warn("no-reporter", text)
