"""Searches over time: by local month and day, in stretches that no break of the form and no gap of the files cuts."""

import pandas as pd

from helpers.searches import engine
from helpers.searches.clock import mark_days, name_months, number_months
from helpers.searches.coverage import keep_panel
from helpers.searches.same import Keyed


def count_by_day(keyed: Keyed, zone: str, panel: pd.DataFrame | None = None) -> pd.DataFrame:
    """Count rows and searches by local day.

    Parameters
    ----------
    keyed
        From `same.key_rows`.
    zone
        Time zone of the days.
    panel
        Only what stands in these logs (`coverage.choose_panel`); in all without it. Over time only the same logs compare.

    Returns
    -------
    DataFrame: day, rows_n, searches_n. A search belongs to the day of its time, the same in all logs. Rows that cannot be
    told apart count as one search each, so that searches_n is then a count of rows.
    """
    rows = keyed.rows.filter(keyed.rows.searched_at.notnull())
    if panel is not None:
        rows = rows.filter(rows.source_id.isin(list(keep_panel(keyed.logs, panel)["source_id"])))
    keys = rows.group_by("search_key").agg(searched_at=rows.searched_at.min(), rows_n=rows.count())
    keys = mark_days(keys, zone)
    return engine.fetch(keys.group_by("day").agg(rows_n=keys.rows_n.sum(), searches_n=keys.count()), ["day"])


def count_by_type(searches, zone: str) -> pd.DataFrame:
    """Count searches by local month and type.

    A type is the vendor's label; none says whether a person or a machine searched.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`.
    zone
        Time zone of the months.

    Returns
    -------
    DataFrame: month (`YYYY-MM`), search_type (missing where no log gives it), searches_n.
    """
    timed = number_months(searches, zone)
    counts = timed.group_by("month_no", "search_type").agg(searches_n=timed.count())
    return name_months(engine.fetch(counts, ["month_no", "search_type"]))


def sum_months(
    days: pd.DataFrame, breaks: list[pd.Timestamp], unsure: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Sum days to months, and part the months where the form changed.

    Parameters
    ----------
    days
        Result of `count_by_day`.
    breaks
        Days from which the form is another one.
    unsure
        Result of `coverage.find_gaps` for the logs that were counted, if any day is missing.

    Returns
    -------
    DataFrame: month (`YYYY-MM`), stretch (number of the form, from 0; a month with a break in it has two rows), rows_n,
    searches_n, days_n (days of the stretch within the month that the logs cover), month_days_n, is_whole (the whole
    month, in one form, without a gap). Trends run over whole months of one stretch only.
    """
    lost = _list_lost(unsure)
    first, last = days["day"].min(), days["day"].max()
    breaks = [day for day in sorted(breaks) if first < day <= last]
    rows = []
    for month in pd.period_range(first, last, freq="M"):
        start, end = month.start_time, month.end_time.normalize()
        cuts = [start, *[day for day in breaks if start < day <= end], end + pd.Timedelta(days=1)]
        for one, next_one in zip(cuts, cuts[1:], strict=False):
            part = days[(days["day"] >= one) & (days["day"] < next_one)]
            covered = pd.date_range(max(one, first), min(next_one - pd.Timedelta(days=1), last))
            days_n = sum(day not in lost for day in covered)
            stretch = sum(day <= one for day in breaks)
            rows.append(
                (
                    str(month),
                    stretch,
                    int(part["rows_n"].sum()),
                    int(part["searches_n"].sum()),
                    days_n,
                    month.days_in_month,
                )
            )
    found = pd.DataFrame(rows, columns=["month", "stretch", "rows_n", "searches_n", "days_n", "month_days_n"])
    return found.assign(is_whole=found["days_n"] == found["month_days_n"])


def cut_stretches(
    days: pd.DataFrame, breaks: list[pd.Timestamp], unsure: pd.DataFrame | None = None
) -> list[pd.DataFrame]:
    """Cut a daily series into stretches of one form without a gap; the parts of days at both ends are left out.

    Parameters
    ----------
    days, breaks, unsure
        As for `sum_months`.

    Returns
    -------
    Series as DataFrames (day, rows_n, searches_n) with every day once, quiet ones as 0. The first and last day of the
    whole are dropped: a file that is cut by days of UTC, or in the middle of one, holds parts of them.
    """
    lost, first, last = _list_lost(unsure), days["day"].min(), days["day"].max()
    full = days.set_index("day").reindex(pd.date_range(first, last, name="day"), fill_value=0).iloc[1:-1]
    number, stretches = 0, {}
    for day in full.index:
        if day in breaks or day in lost:
            number += 1
        if day not in lost:
            stretches.setdefault(number, []).append(day)
    return [full.loc[kept].reset_index() for kept in stretches.values()]


def _list_lost(gaps: pd.DataFrame | None) -> set[pd.Timestamp]:
    if gaps is None:
        return set()
    return {day for gap in gaps[gaps["is_gap"]].itertuples() for day in pd.date_range(gap.first, gap.last)}
