"""Dates known only to the year, the month or the day: first and last day, order, months between."""

import math
import re
from datetime import date, timedelta

import pandas as pd

from helpers.errors import DataError

_FORM = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def span_date(text: str) -> tuple[date, date]:
    """Return the first and the last day that a date as printed can mean: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.

    Raises
    ------
    DataError
        The text is no such date.
    """
    found = _FORM.fullmatch(str(text))
    try:
        year, month, day = (int(part) if part else None for part in found.groups())
        first = date(year, month or 1, day or 1)
    except (AttributeError, ValueError):
        raise DataError(f"date `{text}`", "not a date", "Write YYYY, YYYY-MM or YYYY-MM-DD.") from None
    if day:
        return first, first
    after = date(year + 1, 1, 1) if not month or month == 12 else date(year, month + 1, 1)
    return first, after - timedelta(days=1)


def write_date(text: str) -> str:
    """Return a date as printed in words, as precise as it is: `13 March 2019`, `March 2019`, `2019`."""
    first, _ = span_date(text)
    parts = [str(first.day)] if len(text) > len("YYYY-MM") else []
    parts += [first.strftime("%B")] if len(text) > len("YYYY") else []
    return " ".join([*parts, str(first.year)])


def find_middle(text: str) -> date:
    """Return the middle day of a date as printed, where a figure puts its mark."""
    first, last = span_date(text)
    return first + (last - first) // 2


def count_months(start: str, end: str | None = None) -> int:
    """Return how many calendar months a period touches, both ends included.

    DataError if it ends before it starts.
    """
    first, last = span_date(start)[0], span_date(end if isinstance(end, str) else start)[1]
    if last < first:
        raise DataError(f"period {start} to {end}", "it ends before it starts", "Exchange the two dates.")
    return (last.year - first.year) * 12 + last.month - first.month + 1


def covers_month(start: str, end: str) -> bool:
    """Return whether a period is all days of the month that it begins in."""
    return (span_date(start)[0], span_date(end)[1]) == span_date(start[:7])


def order_by_date(table: pd.DataFrame, column: str, by_first: bool = False) -> pd.DataFrame:
    """Sort rows by a column of dates as printed; undated rows come last, ties keep their order.

    Parameters
    ----------
    by_first
        True sorts a month or year by its first day; otherwise by its middle day.
    """
    place = (lambda text: span_date(text)[0]) if by_first else find_middle
    days = table[column].map(lambda text: place(text).toordinal() if isinstance(text, str) else math.inf)
    return table.iloc[days.astype("float64").argsort(kind="stable")].reset_index(drop=True)


def state_period(texts) -> str:
    """Return from when to when dates run, in words: `5 July 2012 to November 2025`, or the one date."""
    known = sorted({text for text in texts if isinstance(text, str) and text}, key=span_date)
    if not known:
        return "undated"
    last = max(known, key=lambda text: span_date(text)[1])
    return write_date(known[0]) if known[0] == last else f"{write_date(known[0])} to {write_date(last)}"
