"""Local time from UTC, with daylight saving time, as an expression that every engine reads alike."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ibis
import pandas as pd

from helpers.errors import ParameterError


@lru_cache
def list_offsets(zone: str) -> tuple[tuple[pd.Timestamp, int], ...]:
    """Return from which moment (UTC) on a time zone has which offset [seconds], in order, from 2000 to 2037.

    ParameterError if there is no such time zone.
    """
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        way_out = "Write one such as America/Chicago or UTC."
        raise ParameterError(f"time zone `{zone}`", "it is not known", way_out, code="unknown-zone") from None
    # clocks change at whole quarters of an hour
    moments = pd.date_range("2000-01-01", "2038-01-01", freq="15min")
    local = moments.tz_localize("UTC").tz_convert(known).tz_localize(None)
    offsets = pd.Series((local - moments).total_seconds().astype(int), index=moments)
    changes = offsets[offsets != offsets.shift()]
    return tuple(zip(changes.index, changes.tolist(), strict=True))


def shift_to_local(times, zone: str):
    """Return times in UTC, an Ibis expression without a zone, as the clocks of a zone showed them."""
    offsets = list_offsets(zone)
    if offsets == ((offsets[0][0], 0),):
        return times
    newest_first = [
        (times >= ibis.timestamp(moment.isoformat()), times + ibis.interval(seconds=offset))
        for moment, offset in offsets[:0:-1]
    ]
    oldest = times + ibis.interval(seconds=offsets[0][1])
    return ibis.cases(*newest_first, else_=oldest) if newest_first else oldest


def mark_days(table, zone: str):
    """Return the rows with a time, with the local day of each: `day`."""
    timed = table.filter(table.searched_at.notnull())
    return timed.mutate(day=shift_to_local(timed.searched_at, zone).date())
