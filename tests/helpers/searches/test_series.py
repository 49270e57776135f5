"""Behaviour of `helpers.searches.series`: local months, and stretches that nothing cuts."""

import pandas as pd

from helpers.searches import coverage, same, series
from helpers.searches.logs import list_logs

from .conftest import ZONE, make_log, read


def make_series(first, last, n=5):
    """Make a result of `count_by_day` with the same number each day."""
    days = pd.date_range(first, last)
    return pd.DataFrame({"day": days, "rows_n": 2 * n, "searches_n": n})


def test_a_search_counts_once_on_its_local_day():
    """Two logs hold the evening search of 30 June in California, which UTC has on 1 July."""
    rows = [
        {"searched_at": "2025-07-01 03:00:01"},
        {"searched_at": "2025-07-01 03:00:01", "source_id": "b", "host_agency": "B PD"},
    ]
    days = series.count_by_day(same.key_rows(read(make_log(rows))), ZONE)

    assert [(pd.Timestamp("2025-06-30"), 2, 1)] == list(days.itertuples(index=False, name=None))


def test_a_panel_leaves_out_what_other_logs_hold():
    """Only the searches in the logs of the panel count."""
    rows = [
        {"searched_at": f"2025-07-0{day} 20:00:01", "source_id": host, "host_agency": f"{host} PD"}
        for day, host in ((1, "A"), (2, "B"))
    ]
    keyed = same.key_rows(read(make_log(rows)))
    days = series.count_by_day(keyed, ZONE, pd.DataFrame({"host": ["B PD"], "kind": ["network"]}))

    assert ["2025-07-02"] == days["day"].dt.strftime("%Y-%m-%d").tolist()


def test_months_are_parted_where_the_form_changed():
    """A break within December gives it two rows; the month after another break is a stretch of its own; a break before all is none."""
    breaks = [pd.Timestamp(day) for day in ("2024-01-01", "2025-12-17", "2026-01-01")]
    months = series.sum_months(make_series("2025-11-01", "2026-01-20"), breaks)

    assert [
        ("2025-11", 0, 30, True),
        ("2025-12", 0, 16, False),
        ("2025-12", 1, 15, False),
        ("2026-01", 2, 20, False),
    ] == list(months[["month", "stretch", "days_n", "is_whole"]].itertuples(index=False, name=None))
    assert [150, 80, 75, 100] == months["searches_n"].tolist()


def test_stretches_end_at_breaks_and_gaps():
    """Quiet days are 0, the first and last day are dropped, lost days and breaks cut."""
    days = make_series("2025-11-01", "2025-12-31")
    days = days[~days["day"].isin(pd.to_datetime(["2025-11-10", "2025-11-20"]))]
    gaps = pd.DataFrame(
        {"first": [pd.Timestamp("2025-11-20")], "last": [pd.Timestamp("2025-11-20")], "is_gap": [True]}
    )
    parts = series.cut_stretches(days, [pd.Timestamp("2025-12-17")], gaps)

    ends = [(f"{part['day'].iloc[0]:%m-%d}", f"{part['day'].iloc[-1]:%m-%d}", len(part)) for part in parts]
    assert [("11-02", "11-19", 18), ("11-21", "12-16", 26), ("12-17", "12-30", 14)] == ends
    assert [0] == parts[0].loc[parts[0]["day"] == "2025-11-10", "searches_n"].tolist()


def test_types_are_counted_by_label_and_month():
    """The vendor's label, by local month; a search without one is kept."""
    rows = [
        {"search_type": "lookup", "searched_at": "2025-08-01 06:59:59"},
        {"searched_at": "2025-08-01 07:00:01"},
    ]
    found = series.count_by_type(same.build_searches(same.key_rows(read(make_log(rows)))), ZONE)

    assert [("2025-07", "lookup", 1), ("2025-08", None, 1)] == [
        (row.month, None if pd.isna(row.search_type) else row.search_type, row.searches_n)
        for row in found.itertuples()
    ]


def test_no_trend_runs_over_a_log_that_was_cut_off(teaching):
    """The panel leaves out the log that ends in autumn: each of its months is whole."""
    log = read(teaching[0])
    files = list_logs(log)
    grid = coverage.grid_months(coverage.count_days(log, files, ZONE))
    keyed = same.key_rows(log, files)
    panel = series.sum_months(series.count_by_day(keyed, ZONE, coverage.choose_panel(grid)), [])

    assert panel[panel["month"].between("2025-06", "2025-12")]["is_whole"].all()
