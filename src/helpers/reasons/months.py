"""Local months of a log, and on which side of the form's break a search stands."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .. import engine
from ..dates import add_months
from ..errors import DataError
from ..ingest.formats import load_format

FREE_TEXT, CATEGORIES, UNDATED, EARLIER = "free text", "categories", "no time", "earlier"
# A stray date must not make a question of a thousand parts.
_MOST = 120


def find_break() -> str:
    """Find the day on which free-text reasons became categories in the exports known, from the registry of formats."""
    return next(part["date"] for part in load_format("flock")["breaks"] if part["looks_at"] == "reasons")


def mark_months(table, zone: str):
    """Add the local month of each search, and what its form asked for.

    Parameters
    ----------
    table
        Ibis table with `searched_at` in UTC.
    zone
        Name of the time zone that months are cut in, such as `America/Los_Angeles`.

    Returns
    -------
    The same Ibis table with `month` (`YYYY-MM`, `earlier` than the last 120 of them, or `no time`) and `form`: `free text` before the break, `categories` from
    it on, or `no time`. Counts on the two sides of the break are answers to two questions and are not a trend.

    Raises
    ------
    DataError
        There is no such time zone.
    """
    import ibis

    when = table.searched_at
    span = engine.fetch(table.agg(first=when.min(), last=when.max())).iloc[0]
    if span.isna().any():
        return table.mutate(month=ibis.literal(UNDATED), form=ibis.literal(UNDATED))
    first, last = (f"{moment + timedelta(days=shift):%Y-%m}" for moment, shift in ((span["first"], -1), (span["last"], 1)))
    months = [first]
    while months[-1] < last:
        months.append(add_months(months[-1], 1))
    months = months[-_MOST:]
    early = [(when < _find_start(f"{months[0]}-01", zone), EARLIER)] if len(months) == _MOST else []
    starts = [(when < _find_start(f"{add_months(month, 1)}-01", zone), month) for month in months]
    return table.mutate(
        month=ibis.cases((when.isnull(), UNDATED), *early, *starts, else_=last),
        form=ibis.cases((when.isnull(), UNDATED), (when < _find_start(find_break(), zone), FREE_TEXT), else_=CATEGORIES),
    )


def _find_start(day: str, zone: str) -> datetime:
    """Give the moment at which a local day begins, in UTC without a zone."""
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DataError(f"time zone {zone!r}", "it is not known", "Name one such as America/Los_Angeles.") from None
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), clock)
    return midnight.astimezone(timezone.utc).replace(tzinfo=None)
