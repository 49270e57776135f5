"""Which days the released files cover: months that are complete, partial or missing, and gaps."""

import math

import pandas as pd

from helpers.searches import engine
from helpers.searches.clock import mark_days

# Days without a row are a gap if the same weekdays around them let expect at least so many rows.
LEAST_LOST = 10
AROUND = 28  # days looked at on each side


def count_days(log, logs: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Return the rows of each file by local day.

    Parameters
    ----------
    log, logs
        Ibis table of `searches`, and its `list_logs`.
    zone
        Time zone of the days.

    Returns
    -------
    DataFrame: host, kind, source_id, day, rows_n; days without a row are not in it.
    """
    timed = mark_days(log, zone)
    days = engine.fetch(timed.group_by("source_id", "day").agg(rows_n=timed.count()), ["source_id", "day"])
    found = days.merge(logs[["source_id", "host", "kind"]], on="source_id", how="left", validate="m:1")
    columns = ["host", "kind", "source_id", "day", "rows_n"]
    return found[columns].sort_values(columns[:4], ignore_index=True)


def find_gaps(days: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of days without a row between the first and the last day of a log.

    Parameters
    ----------
    days
        Result of `count_days`.

    Returns
    -------
    DataFrame: host, kind, first, last (of a run of empty days), days_n, expected_n [rows], is_gap (a run that
    would hold fewer than `LEAST_LOST` rows may be quiet days).

    Notes
    -----
    Expected is the mean of the same weekday in the four weeks before and after, days without a row included.
    So weekends of an agency that works from Monday to Friday are no gaps.
    """
    rows = []
    for (host, kind), part in days.groupby(["host", "kind"], sort=True):
        counts = part.groupby("day")["rows_n"].sum()
        counts = counts.reindex(pd.date_range(counts.index.min(), counts.index.max()), fill_value=0)
        empty = counts == 0
        for _, run in counts[empty].groupby((~empty).cumsum()[empty]):
            first, last = run.index[0], run.index[-1]
            near = counts[first - pd.Timedelta(days=AROUND) : last + pd.Timedelta(days=AROUND)].drop(
                run.index
            )
            by_weekday = near.groupby(near.index.day_of_week).mean()
            expected = by_weekday.reindex(run.index.day_of_week).fillna(near.mean()).sum()
            rows.append((host, kind, first, last, len(run), expected, expected >= LEAST_LOST))
    columns = ["host", "kind", "first", "last", "days_n", "expected_n", "is_gap"]
    return pd.DataFrame(rows, columns=columns).astype({"is_gap": bool})


def list_gap_days(gaps: pd.DataFrame) -> pd.DataFrame:
    """Return the single days of gaps: host, kind, day."""
    real = gaps[gaps["is_gap"]]
    days = [pd.date_range(gap.first, gap.last) for gap in real.itertuples()]
    return real[["host", "kind"]].assign(day=days).explode("day", ignore_index=True)


def grid_months(days: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Return for each log and month how much of it is covered, from `count_days` and `find_gaps`.

    Returns
    -------
    DataFrame, a row for each log and each month from the first to the last of all logs: host, kind, month
    (`YYYY-MM`), state (`complete`, `partial` or `missing`), rows_n, days_n (days with a row), month_days_n,
    gap_days_n. A month is complete if the log reaches from its first to its last day without a gap; at the
    ends of the log, days count as quiet as long as fewer than `LEAST_LOST` rows are to be expected in them.
    """
    lost = list_gap_days(gaps)
    months = pd.period_range(days["day"].min(), days["day"].max(), freq="M")
    rows = []
    for (host, kind), part in days.groupby(["host", "kind"], sort=True):
        counts = part.groupby("day")["rows_n"].sum()
        first, last = _reach_ends(counts)
        gap_days = set(lost.loc[(lost["host"] == host) & (lost["kind"] == kind), "day"])
        for month in months:
            start, end = month.start_time, month.end_time.normalize()
            held = counts[start:end]
            gap_n = sum(day in gap_days for day in pd.date_range(start, end))
            is_complete = first <= start and end <= last and not gap_n and len(held)
            state = "complete" if is_complete else "partial" if len(held) else "missing"
            days_n = month.days_in_month
            rows.append((host, kind, str(month), state, int(held.sum()), len(held), days_n, gap_n))
    columns = ["host", "kind", "month", "state", "rows_n", "days_n", "month_days_n", "gap_days_n"]
    return pd.DataFrame(rows, columns=columns)


def _reach_ends(counts: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Find the days to which a log may reach: fewer than `LEAST_LOST` more rows are to be expected there."""
    first, last = counts.index[0], counts.index[-1]
    quiet = []
    for near in (counts[: first + pd.Timedelta(days=AROUND)], counts[last - pd.Timedelta(days=AROUND) :]):
        rate = near.sum() / ((near.index[-1] - near.index[0]).days + 1)
        quiet.append(pd.Timedelta(days=min(math.ceil(LEAST_LOST / rate) - 1, AROUND)))
    return first - quiet[0], last + quiet[1]


def choose_panel(grid: pd.DataFrame) -> pd.DataFrame:
    """Return the logs that can be compared over time: those complete in every month in which any log is.

    Parameters
    ----------
    grid
        Result of `grid_months`.

    Returns
    -------
    DataFrame: host, kind. Network logs only, where there is one: they hold the searches of the other kinds,
    too. If none is complete throughout, the log with most complete months.
    """
    logs = grid[grid["kind"] == "network"] if (grid["kind"] == "network").any() else grid
    logs = logs.assign(ok=logs["state"] == "complete")
    if logs["ok"].any():
        complete = logs.loc[logs["ok"], "month"]
        logs = logs[logs["month"].between(complete.min(), complete.max())]
    by_log = logs.groupby(["host", "kind"]).agg(
        ok_n=("ok", "sum"), n=("ok", "size"), rows_n=("rows_n", "sum")
    )
    chosen = by_log[by_log["ok_n"] == by_log["n"]]
    if chosen.empty:
        chosen = by_log.sort_values(["ok_n", "rows_n"], ascending=False, kind="stable").head(1)
    return chosen.index.to_frame(index=False)
