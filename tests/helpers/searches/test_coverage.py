"""Behaviour of `helpers.searches.coverage`: whole, partial and missing months; gaps; overlaps; local days."""

import pandas as pd
import pytest

from helpers.searches import coverage
from helpers.searches.logs import list_logs
from made.logs import make_log, read_log

from .conftest import ZONE


def make_days(counts):
    """Make a result of `count_days` from a mapping of days to rows."""
    days = pd.DataFrame({"host": "A PD", "kind": "network", "source_id": "a"}, index=range(len(counts)))
    return days.assign(day=list(counts), rows_n=list(counts.values()))


def make_grid(days):
    """Cover months by days and their gaps."""
    return coverage.grid_months(days, coverage.find_gaps(days))


def span(first, last, n):
    """Map each day of a span to a number of rows."""
    return dict.fromkeys(pd.date_range(first, last), n)


def test_days_are_local():
    """06:59 UTC is the evening before in California, 07:00 UTC its midnight; in winter an hour later."""
    times = ("2025-07-01 06:59", "2025-07-01 07:00", "2025-12-01 07:59", "2025-12-01 08:00")
    log = read_log(make_log([{"searched_at": f"{at}:30"} for at in times]))
    days, utc = (coverage.count_days(log, list_logs(log), zone)["day"] for zone in (ZONE, "UTC"))

    assert ["2025-06-30", "2025-07-01", "2025-11-30", "2025-12-01"] == days.dt.strftime("%Y-%m-%d").tolist()
    assert 2 == len(utc)


JULY = pd.date_range("2025-07-01", "2025-07-31")
LOST = pd.Timestamp("2025-07-10")
LATER = span("2025-08-21", "2025-09-10", 1)


@pytest.mark.parametrize(
    ("days", "gaps"),
    [
        # an empty day among days of 30 rows is a gap, among days of 1 row it may be quiet
        (dict.fromkeys(JULY, 30), []),
        (dict.fromkeys(JULY.drop(LOST), 30), [[LOST, 1, True]]),
        (dict.fromkeys(JULY.drop(LOST), 1), [[LOST, 1, False]]),
        # and so are three weeks
        (dict.fromkeys(JULY, 1) | LATER, [[pd.Timestamp("2025-08-01"), 20, True]]),
    ],
)
def test_an_empty_day_is_a_gap_where_rows_are_many(days, gaps):
    assert coverage.find_gaps(make_days(days))[["first", "days_n", "is_gap"]].to_numpy().tolist() == gaps


def test_weekends_of_an_office_are_no_gaps():
    """E7: weekends without a row are no gap; a lost week is one."""
    office = {day: 8 for day in pd.date_range("2025-01-06", "2025-04-30") if day.day_of_week < 5}
    gaps = coverage.find_gaps(make_days(office))
    assert len(gaps) == 16 and not gaps["is_gap"].any()

    week = pd.date_range("2025-03-03", "2025-03-07")
    lost = make_days({day: n for day, n in office.items() if day not in week})
    (found,) = coverage.find_gaps(lost).query("is_gap").to_dict("records")
    assert (found["first"], found["last"]) == (pd.Timestamp("2025-03-01"), pd.Timestamp("2025-03-09"))
    assert found["expected_n"] == 40


def test_months_are_whole_partial_or_missing():
    """By hand: a log from 20 June to 31 October, without August, with a gap in September."""
    days = span("2025-06-20", "2025-07-31", 20) | span("2025-09-01", "2025-10-31", 20)
    for lost in pd.date_range("2025-09-10", "2025-09-12"):
        del days[lost]
    grid = make_grid(make_days(days)).set_index("month")

    assert ["partial", "complete", "missing", "partial", "complete"] == grid["state"].tolist()
    assert grid.loc["2025-06", "days_n"] == 11
    assert grid.loc["2025-09", ["month_days_n", "gap_days_n"]].tolist() == [30, 3]


def test_quiet_days_at_the_ends_do_not_make_a_month_partial():
    """A log with a row every fifth day may begin on the 4th; one with 20 a day may not."""
    few = dict.fromkeys(pd.date_range("2025-07-04", "2025-08-31", freq="5D"), 1)

    assert "complete" == make_grid(make_days(few))["state"].iloc[0]
    assert "partial" == make_grid(make_days(span("2025-07-04", "2025-08-31", 20)))["state"].iloc[0]


def test_panel_is_what_is_whole_throughout():
    """Only logs without a hole compare; organization audits are no part where there are network audits."""
    whole = make_days(span("2025-06-01", "2025-08-31", 20))
    holed = whole[whole["day"].dt.month != 7].assign(host="B PD")
    own = whole.assign(host="C PD", kind="own")
    grid = make_grid(pd.concat([whole, holed, own]))

    assert [["A PD", "network"]] == coverage.choose_panel(grid).to_numpy().tolist()
    assert ["B PD"] == coverage.choose_panel(grid[grid["host"] != "A PD"])["host"].tolist()
    assert ["C PD"] == coverage.choose_panel(grid[grid["kind"] == "own"])["host"].tolist()


def test_faults_of_the_simulated_log_are_found(teaching):
    """The missing month, the missing days, the file that was cut off."""
    log = read_log(teaching[0])
    days = coverage.count_days(log, list_logs(log), ZONE)
    gaps = coverage.find_gaps(days)
    grid = coverage.grid_months(days, gaps).set_index(["host", "kind", "month"])
    network = gaps[gaps["is_gap"] & (gaps["kind"] == "network")]

    assert {
        ("Sample County ZZ SO", pd.Timestamp("2025-08-01"), 31),
        ("Inventory Falls ZZ PD", pd.Timestamp("2025-10-10"), 3),
    } == set(network[["host", "first", "days_n"]].itertuples(index=False, name=None))
    assert "missing" == grid.loc[("Justice Harbor ZZ PD", "network", "2026-01"), "state"]
    assert {"Exampleton ZZ PD", "Officeville ZZ PD"} == set(coverage.choose_panel(grid.reset_index())["host"])
