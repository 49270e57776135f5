"""Behaviour of `helpers.facts.retention`: stocks by hand, growth by another route, portals as printed."""

import math
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.facts import retention, tables
from helpers.facts.intervals import Interval

RULES = pd.DataFrame(
    {
        "quantity_id": ["retention-rule-a", "retention-rule-b", "pages"],
        "quantity": ["A", "B", "Pages"],
        "value": [30.0, 3.0, 7.0],
        "unit": ["days", "minutes", "pages"],
        "qualifier": "exact",
        "source_id": "a-source",
        "page": None,
        "read_as": "document",
    }
)


def test_rules_are_ordered_by_time_and_none_is_the_last():
    """Three minutes come before thirty days, and the absence of a rule is a row without a source."""
    rules = retention.list_rules(RULES)

    assert rules["rule"].tolist() == ["b", "a", "none"]
    assert rules["days"].tolist() == [3 / 1440, 30.0, math.inf] and pd.isna(rules["source_id"].iloc[-1])


def test_every_rule_of_the_fact_table_is_read():
    """The embedded rules run from minutes to years, each with a source."""
    rules = retention.list_rules(tables.load_table("quantities"))

    assert set(rules["unit"].dropna()) == {"minutes", "days", "years"}
    assert rules["source_id"].iloc[:-1].notna().all() and rules["days"].is_monotonic_increasing


def test_a_rule_in_another_unit_is_refused():
    """A retention of ten pages is an error that names the row."""
    with pytest.raises(DataError, match="retention-rule-a.*pages"):
        retention.list_rules(RULES.assign(unit="pages"))


def test_history_grows_until_the_rule_is_reached():
    """Ten to twenty reads a month: kept thirty days, no more than one month's less than half a day's; all kept, 120 to 240 after a year."""
    held = retention.fill_stock(Interval(10, 20), retention.list_rules(RULES), 12).set_index("rule")

    assert (
        held.loc["none", ["held_low", "held_high"]].tolist() == [120, 240] and not held.loc["none", "is_full"]
    )
    assert held.loc["a", "held_high"] == pytest.approx(20 * 30 * 12 / 365.2425) and held.loc["a", "is_full"]
    assert held.loc["b", "held_high"] == pytest.approx(20 * 12 / 365.2425 * 3 / 1440)


@given(st.floats(1, 1e9), st.integers(1, 240))
def test_history_is_the_sum_of_what_is_young_enough(rate, months):
    """The formula agrees with adding a month's reads at a time, under a rule of whole months."""
    rules = pd.DataFrame({"rule": ["six"], "label": ["six"], "days": [6 * retention.DAYS_PER_MONTH]})
    held = retention.accumulate_history(Interval(rate, rate), rules, months)["held_low"]

    arrived = [rate] * months
    assert held.tolist() == pytest.approx([sum(arrived[max(0, n - 6) : n]) for n in range(months + 1)])


def test_growth_of_two_paths():
    """From 100 to 800 in three months: 700/3 a month, or doubling, whose rate at the end is 800 ln 2."""
    paths = retention.compare_paths(100, 800, Interval(3, 3)).set_index("path")

    same, doubling = paths.iloc[0], paths.iloc[1]
    assert same["start_low"] == same["end_high"] == pytest.approx(700 / 3)
    assert doubling["end_low"] == pytest.approx(800 * math.log(2)) and doubling["start_low"] == pytest.approx(
        100 * math.log(2)
    )
    assert doubling["mean_low"] == pytest.approx(700 / 3)


def test_the_percentage_path_leads_from_one_total_to_the_other():
    """Small steps of growth by the rate at each moment, added up, arrive at the later total."""
    paths = retention.compare_paths(685e6, 5e9, Interval(66, 66)).set_index("path")
    factor = paths.loc["the same percentage each month", "end_low"] / 5e9
    total, step = 685e6, 1e-3
    for _ in range(66_000):
        total += total * factor * step

    assert total == pytest.approx(5e9, rel=1e-3)


@pytest.mark.parametrize(("first", "last", "months"), [(0, 5, Interval(1, 1)), (5, 9, Interval(0, 2))])
def test_growth_without_a_start_or_a_time_is_refused(first, last, months):
    """A percentage of nothing, and growth in no time, are errors."""
    with pytest.raises(DataError):
        retention.compare_paths(first, last, months)


def test_times_to_totals_keep_floors_open():
    """Over 300 at 10 to 20 a month takes 15 months or more; about 300, to ten, between 14.75 and 30.5."""
    totals = pd.DataFrame(
        {
            "quantity_id": ["floor", "rounded"], "quantity": "Total", "period_start": ["2018", "2019"], "value": 300.0,
            "qualifier": ["at_least", "about"], "rounded_to": [None, 10.0], "source_id": "a", "page": None, "read_as": "document",
        }
    )  # fmt: skip
    floor, rounded = retention.time_totals(totals, Interval(10, 20)).itertuples()

    assert (floor.months_low, floor.months_high) == (15, math.inf)
    assert (rounded.months_low, rounded.months_high) == (14.75, 30.5)


def test_portals_of_the_fact_table():
    """365 portals, 339 of them at thirty days, and the two states that are no number kept apart at the end."""
    portals = retention.describe_portals(tables.load_table("quantities"))

    assert portals["portals_n"].sum() == 365
    assert portals.set_index("retention").loc["30 days", "portals_n"] == 339
    assert portals["retention"].tolist()[-2:] == ["not a number of days", "not on the page"]


@pytest.mark.skipif(not os.environ.get("SIDEDOOR_MIRROR"), reason="SIDEDOOR_MIRROR is not set")
def test_counts_of_portals_are_those_of_the_file():
    """The fact table's counts are what the real file gives when it is read."""
    from sidedoor.ingest import inspect_file

    file = Path(os.environ["SIDEDOOR_MIRROR"], "private_eyes", "latest_usage04262023.csv")
    counted = inspect_file(file).details["retention_days"]
    facts = tables.load_table("quantities")

    pd.testing.assert_frame_equal(
        retention.describe_portals(facts, counted), retention.describe_portals(facts)
    )


def test_depths_by_hand():
    """Of five rows one asks for exactly a day, one for a second more, one for a year, two print no window."""
    from helpers.canonical import build_table
    from helpers.searches import engine

    at = pd.Timestamp("2025-06-01 12:00:00")
    starts = [
        at - pd.Timedelta(days=1),
        at - pd.Timedelta(days=1, seconds=1),
        at - pd.Timedelta(days=365, hours=1),
        None,
        None,
    ]
    rows = pd.DataFrame(
        {"source_id": "simulated-log", "row_no": range(1, 6), "searched_at": at, "window_start": starts}
    )
    log = engine.read_log(engine.connect(), build_table("searches", rows))
    table = retention.count_depths(log, [365, 1, 1])

    assert table["days"].tolist() == [1, 365] and table["older_n"].tolist() == [2, 1]
    assert (table["low_frac"].tolist(), table["high_frac"].tolist()) == ([0.4, 0.2], [0.8, 0.6])
    with pytest.raises(DataError):
        retention.count_depths(log, [])
    with pytest.raises(DataError, match="no row"):
        retention.count_depths(log.filter(log.row_no > 9), [1])
