"""Days on which an agency searched far more than in the week before, decided in whole numbers.

A mean and a standard deviation over a sliding window drift in floating point, and a day that lies exactly on the
threshold is then flagged by one engine and not by another. Here both sides are whole numbers.
"""

import math

import ibis
import pandas as pd

from helpers.searches import engine
from helpers.searches.clock import shift_to_local

BEFORE = 7


def count_agency_days(searches, zone: str):
    """Count searches by agency and local day, as an expression.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`.
    zone
        Time zone of the days.

    Returns
    -------
    Ibis table: searcher, day_no (days since 1970), searches_n; days without a search are not in it.
    """
    named = searches.filter(searches.searched_at.notnull() & searches.searcher.notnull())
    local = shift_to_local(named.searched_at, zone)
    named = named.mutate(day_no=(local.truncate("D").epoch_seconds().cast("int64") // 86_400).cast("int64"))
    return named.group_by("searcher", "day_no").agg(searches_n=named.count())


def find_spikes(searches, zone: str, times: int = 4, least_n: int = 10) -> pd.DataFrame:
    """Find days with more searches of an agency than the mean of the seven days before and some standard deviations.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`.
    zone
        Time zone of the days.
    times
        How many standard deviations [times].
    least_n
        Fewer searches in a day are not looked at [searches].

    Returns
    -------
    DataFrame, by day and agency: searcher, day, searches_n, before_n (searches in the seven days before), needed_n (the
    least number that would have been flagged). A day without a search counts as 0; a standard deviation below 1 counts
    as 1; the first seven days of the whole are not judged.

    Notes
    -----
    With k = 7 days, their sum S and sum of squares Q, a day of n searches is flagged if k n > S and
    (k n - S)^2 > times^2 max(k Q - S^2, k^2): no division and no root.
    """
    judged = judge_days(searches, zone, times)
    flagged = engine.fetch(
        judged.filter(judged.is_flagged & (judged.searches_n >= least_n)), ["day_no", "searcher"]
    )
    spread = [
        max(BEFORE * int(q) - int(s) ** 2, BEFORE**2)
        for s, q in zip(flagged["before_n"], flagged["squares_n"], strict=True)
    ]
    needed = [
        max((int(s) + math.isqrt(times**2 * part)) // BEFORE + 1, least_n)
        for s, part in zip(flagged["before_n"], spread, strict=True)
    ]
    day = pd.Timestamp(0) + pd.to_timedelta(flagged["day_no"], unit="D")
    columns = {
        "searcher": flagged["searcher"],
        "day": day.astype("datetime64[us]"),
        "searches_n": flagged["searches_n"],
    }
    return pd.DataFrame(
        columns | {"before_n": flagged["before_n"], "needed_n": pd.Series(needed, dtype="int64")}
    )


def judge_days(searches, zone: str, times: int = 4):
    """Judge each day of each agency, as an expression.

    Parameters
    ----------
    searches, zone, times
        As for `find_spikes`.

    Returns
    -------
    Ibis table: searcher, day_no, searches_n, before_n, squares_n (sum of squares of the seven days before), is_judged
    (not of the first seven days of the whole), is_flagged.
    """
    days = count_agency_days(searches, zone)
    start = days.agg(first_no=days.day_no.min())
    days = days.mutate(square_n=days.searches_n * days.searches_n)
    before = ibis.window(group_by=days.searcher, order_by=days.day_no, range=(-BEFORE, -1))
    days = days.mutate(
        before_n=ibis.coalesce(days.searches_n.sum().over(before), 0).cast("int64"),
        squares_n=ibis.coalesce(days.square_n.sum().over(before), 0).cast("int64"),
    )
    days = days.cross_join(start)
    excess = BEFORE * days.searches_n - days.before_n
    spread = ibis.greatest(BEFORE * days.squares_n - days.before_n * days.before_n, BEFORE * BEFORE)
    days = days.mutate(
        is_judged=days.day_no >= days.first_no + BEFORE,
        is_far=(excess > 0) & (excess * excess > times * times * spread),
    )
    return days.mutate(is_flagged=days.is_judged & days.is_far).drop("first_no", "square_n", "is_far")


def count_judged(searches, zone: str) -> int:
    """Count the days of agencies that `find_spikes` judges: so many chances for a flag that means nothing."""
    judged = judge_days(searches, zone)
    judged = judged.filter(judged.is_judged)
    return int(engine.fetch(judged.agg(days_n=judged.count()))["days_n"].iloc[0])
