"""Which days the released files cover: months that are whole, partial or missing, empty days, files that overlap."""

import pandas as pd

from helpers.searches import engine
from helpers.searches.clock import mark_days

# Days without a row are a gap, not quiet ones, if the days around let expect at least so many rows in them.
LEAST_LOST = 10
AROUND = 14
STATES = ("whole", "partial", "missing")


def count_days(log, logs: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Count the rows of each file by local day.

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
    return found[["host", "kind", "source_id", "day", "rows_n"]].sort_values(
        ["host", "kind", "source_id", "day"], ignore_index=True
    )


def find_gaps(days: pd.DataFrame, least_lost: int = LEAST_LOST) -> pd.DataFrame:
    """Find days without a row between the first and the last day of a log.

    Parameters
    ----------
    days
        Result of `count_days`.
    least_lost
        Rows that a gap would hold at the rate of the days around; where fewer are lost, it may be chance [rows].

    Returns
    -------
    DataFrame: host, kind, first, last (of a run of empty days), days_n, around_n (rows of up to 14 days with rows on each
    side), around_days_n (days that these span, the gap left out), is_gap. What is no gap may be a day without a search.
    """
    rows = []
    for (host, kind), part in days.groupby(["host", "kind"], sort=True):
        counts = part.groupby("day")["rows_n"].sum()
        numbers = (counts.index - pd.Timestamp(0)).days.to_numpy()
        for place in range(1, len(numbers)):
            empty_n = int(numbers[place] - numbers[place - 1]) - 1
            if empty_n:
                near = counts.iloc[max(0, place - AROUND) : place + AROUND]
                first = counts.index[place - 1] + pd.Timedelta(days=1)
                last = counts.index[place] - pd.Timedelta(days=1)
                around_n, span = int(near.sum()), (near.index[-1] - near.index[0]).days + 1 - empty_n
                rows.append(
                    (
                        host,
                        kind,
                        first,
                        last,
                        empty_n,
                        around_n,
                        span,
                        empty_n * around_n >= least_lost * span,
                    )
                )
    columns = ["host", "kind", "first", "last", "days_n", "around_n", "around_days_n", "is_gap"]
    return pd.DataFrame(rows, columns=columns).astype({"is_gap": bool})


def grid_months(days: pd.DataFrame, gaps: pd.DataFrame | None = None) -> pd.DataFrame:
    """Say for each log and month how much of it is covered.

    Parameters
    ----------
    days
        Result of `count_days`.
    gaps
        Result of `find_gaps(days)`, if it is there already.

    Returns
    -------
    DataFrame, a row for each log and each month from the first to the last of all logs: host, kind, month (`YYYY-MM`),
    state (`whole`, `partial` or `missing`), rows_n, days_n (days with a row), month_days_n, gap_days_n, overlap_days_n
    (days that more than one file of the log holds). A month is whole if the log reaches from its first to its last day
    without a gap; days at the ends of the log count as quiet if hardly a row could be missing there.
    """
    gaps = find_gaps(days) if gaps is None else gaps
    lost = {
        (gap.host, gap.kind, day)
        for gap in gaps[gaps["is_gap"]].itertuples()
        for day in pd.date_range(gap.first, gap.last)
    }
    months = pd.period_range(days["day"].min(), days["day"].max(), freq="M")
    rows = []
    for (host, kind), part in days.groupby(["host", "kind"], sort=True):
        by_day = part.groupby("day").agg(rows_n=("rows_n", "sum"), files_n=("source_id", "nunique"))
        first, last = _reach_ends(by_day["rows_n"])
        for month in months:
            start, end = month.start_time, month.end_time.normalize()
            held = by_day[(by_day.index >= start) & (by_day.index <= end)]
            gap_n = sum((host, kind, day) in lost for day in pd.date_range(start, end))
            state = (
                "whole"
                if first <= start and end <= last and not gap_n
                else "partial"
                if len(held)
                else "missing"
            )
            if state == "whole" and held.empty:
                state = "missing"
            rows.append(
                (host, kind, str(month), state, int(held["rows_n"].sum()), len(held), month.days_in_month, gap_n,
                 int((held["files_n"] > 1).sum()))
            )  # fmt: skip
    columns = [
        "host",
        "kind",
        "month",
        "state",
        "rows_n",
        "days_n",
        "month_days_n",
        "gap_days_n",
        "overlap_days_n",
    ]
    return pd.DataFrame(rows, columns=columns)


def _reach_ends(counts: pd.Series) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Find the days to which a log may reach: so far out that its rate lets expect fewer than `LEAST_LOST` rows more."""
    ends = []
    for near, end, sign in (
        (counts.iloc[:AROUND], counts.index[0], -1),
        (counts.iloc[-AROUND:], counts.index[-1], 1),
    ):
        span = abs((near.index[-1] - near.index[0]).days) + 1
        quiet = (LEAST_LOST * span - 1) // int(near.sum())
        ends.append(end + sign * pd.Timedelta(days=min(quiet, AROUND)))
    return ends[0], ends[1]


def choose_panel(grid: pd.DataFrame) -> pd.DataFrame:
    """Choose the logs that can be compared over time: those that are whole in every month in which any log is.

    Parameters
    ----------
    grid
        Result of `grid_months`.

    Returns
    -------
    DataFrame: host, kind. Network logs only, where there is one: they hold the searches of the other kinds, too. If none is
    whole throughout, the log with most whole months.
    """
    logs = grid[grid["kind"] == "network"] if (grid["kind"] == "network").any() else grid
    whole = logs[logs["state"] == "whole"]
    if whole.empty:
        most = logs.groupby(["host", "kind"])["rows_n"].sum()
        return pd.DataFrame([most.idxmax()], columns=["host", "kind"])
    span = logs[logs["month"].between(whole["month"].min(), whole["month"].max())]
    by_log = span.assign(is_whole=span["state"] == "whole").groupby(["host", "kind"])["is_whole"]
    chosen = by_log.all()
    names = list(chosen.index[chosen]) or [by_log.sum().idxmax()]
    return pd.DataFrame(names, columns=["host", "kind"])


def keep_panel(table: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of a result that belong to the logs of a panel."""
    return table.merge(panel, on=["host", "kind"]).reset_index(drop=True)
