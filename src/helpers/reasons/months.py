"""Local months of a log, and on which side of the form's break a search stands."""

from helpers.formats import load_format
from helpers.searches.clock import shift_to_local

FREE_TEXT, CATEGORIES, UNDATED = "free text", "categories", "no time"


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
    The same Ibis table with `month` (`YYYY-MM`, or `no time`) and `form`: `free text` before the break, `categories` from
    it on, or `no time`. Counts on the two sides of the break are answers to two questions and are not a trend.

    Raises
    ------
    ParameterError
        There is no such time zone.
    """
    import ibis

    local = shift_to_local(table.searched_at, zone)
    month = local.year().cast("string").concat("-", local.month().cast("string").lpad(2, "0"))
    form = ibis.cases((local < ibis.timestamp(find_break()), FREE_TEXT), else_=CATEGORIES)
    no_time = table.searched_at.isnull()
    return table.mutate(month=no_time.ifelse(UNDATED, month), form=no_time.ifelse(UNDATED, form))
