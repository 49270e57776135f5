"""Local time from UTC, summer time included, as an expression that every engine reads alike."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ibis
import pandas as pd

from helpers.errors import ParameterError

# Between these years the clock of a zone is followed; nothing in plate readers is older.
_FIRST, _LAST = 2000, 2038


def load_zone(name: str) -> ZoneInfo:
    """Load a time zone by its name.

    Raises
    ------
    ParameterError
        There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ParameterError(
            f"time zone `{name}`", "it is not known", "Write one such as America/Chicago or UTC."
        ) from None


@lru_cache
def list_offsets(name: str) -> tuple[tuple[datetime, int], ...]:
    """List from which moment (UTC) a zone has which offset in seconds, in order of time.

    Parameters
    ----------
    name
        Such as `America/Los_Angeles`.
    """
    zone, day = load_zone(name), timedelta(days=1)
    at = datetime(_FIRST, 1, 1, tzinfo=UTC)
    found = [(at, _measure_offset(at, zone))]
    while at.year < _LAST:
        offset = _measure_offset(at + day, zone)
        if offset != found[-1][1]:
            low, high = at, at + day
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if _measure_offset(middle, zone) == found[-1][1] else (low, middle)
            found.append((high, offset))
        at += day
    return tuple((moment.replace(tzinfo=None), offset) for moment, offset in found)


def _measure_offset(moment: datetime, zone: ZoneInfo) -> int:
    return int(moment.astimezone(zone).utcoffset().total_seconds())


def shift_to_local(times, zone: str):
    """Shift times in UTC to what the clocks of a zone showed.

    Parameters
    ----------
    times
        Ibis expression of timestamps without a zone.
    zone
        Such as `America/Los_Angeles`.

    Returns
    -------
    Ibis expression of timestamps without a zone.
    """
    offsets = list_offsets(zone)
    if len(offsets) == 1 and offsets[0][1] == 0:
        return times
    newest_first = [
        (times >= ibis.timestamp(moment.isoformat()), times + ibis.interval(seconds=offset))
        for moment, offset in offsets[:0:-1]
    ]
    oldest = times + ibis.interval(seconds=offsets[0][1])
    return ibis.cases(*newest_first, else_=oldest) if newest_first else oldest


def mark_days(table, zone: str):
    """Keep the rows with a time, and add the local day of each: `day`."""
    timed = table.filter(table.searched_at.notnull())
    return timed.mutate(day=shift_to_local(timed.searched_at, zone).date())


def number_months(table, zone: str):
    """Keep the rows with a time, and number the local month of each: `month_no`, months since the year 0."""
    timed = table.filter(table.searched_at.notnull())
    local = shift_to_local(timed.searched_at, zone)
    return timed.mutate(month_no=(local.year() * 12 + local.month() - 1).cast("int64"))


def name_months(counts: pd.DataFrame) -> pd.DataFrame:
    """Replace `month_no` by `month` (`YYYY-MM`), which comes first."""
    months = [f"{number // 12}-{number % 12 + 1:02d}" for number in counts["month_no"]]
    named = counts.drop(columns="month_no")
    named.insert(0, "month", months)
    return named
