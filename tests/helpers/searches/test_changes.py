"""Behaviour of `helpers.searches.changes`: weekdays, levels and changes of series whose truth is drawn."""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.searches import changes, coverage, same, series
from helpers.searches.logs import list_logs
from helpers.simulate import world

from .conftest import ZONE, read

WEEKDAYS = np.array([1.0, 1.2, 1.1, 1.1, 1.1, 0.8, 0.7])


def draw(seed, levels, first="2025-01-06"):
    """Draw a daily series of Poisson counts with weekdays, and levels as (days, mean)."""
    means = np.concatenate([np.full(days, float(mean)) for days, mean in levels])
    days = pd.date_range(first, periods=len(means))
    counts = np.random.default_rng(seed).poisson(means * WEEKDAYS[days.day_of_week])
    return pd.DataFrame({"day": days, "rows_n": counts, "searches_n": counts})


def test_weekdays_are_found_within_their_intervals():
    """Of 7 weekdays in each of 40 series, about 95 percent of the intervals hold the truth."""
    held = [
        (row.low <= truth <= row.high)
        for seed in range(40)
        for row, truth in zip(
            changes.measure_weekdays(draw(seed, [(140, 40)])).itertuples(),
            WEEKDAYS * 7 / WEEKDAYS.sum(),
            strict=True,
        )
    ]

    assert 0.9 <= np.mean(held) <= 0.99


def test_weekdays_of_a_short_series_are_refused():
    """Three weeks are too few, and a series without a search has no weekdays."""
    with pytest.raises(DataError, match="3 whole weeks"):
        changes.measure_weekdays(draw(1, [(21, 10)]))
    with pytest.raises(DataError, match="no search"):
        changes.measure_weekdays(draw(1, [(70, 0)]))


def test_season_level_and_rest_add_up():
    """What STL splits is the series; a single wild day does not pull the level."""
    days = draw(2, [(84, 50)])
    days.loc[40, "searches_n"] = 5000
    found = changes.split_season(days)

    assert np.allclose(found["level"] + found["season"] + found["rest"], found["searches_n"])
    assert 40 < found["level"].iloc[40] < 60
    with pytest.raises(DataError, match="20 days"):
        changes.split_season(days.head(20))


def test_a_change_is_found_where_it_is():
    """A rise by half after day 80, in 20 series: found in nearly all, its day and factor within the intervals in most."""
    hits, in_days, in_factor = 0, 0, 0
    for seed in range(20):
        found = changes.find_changes(draw(seed, [(80, 30), (60, 45)]))
        if len(found) == 1:
            hits += 1
            in_days += found["low"][0] <= pd.Timestamp("2025-03-27") <= found["high"][0]
            in_factor += found["factor_low"][0] <= 1.5 <= found["factor_high"][0]

    assert hits >= 18 and in_days >= 0.8 * hits and in_factor >= 0.8 * hits


def test_where_nothing_changes_little_is_found():
    """In 15 series of one level, a change is found in one at most."""
    assert sum(len(changes.find_changes(draw(seed, [(100, 20)]))) > 0 for seed in range(100, 115)) <= 1


def test_short_series_have_no_changes():
    """Less than two least lengths: an empty table with its columns."""
    found = changes.find_changes(draw(1, [(20, 10)]))

    assert found.empty and "datetime64[us]" == str(found["day"].dtype)


def test_the_change_of_the_simulated_log_is_found(teaching):
    """One change in the panel before the form changed, on the told day, by the told factor, within the intervals."""
    log = read(teaching[0])
    files = list_logs(log)
    panel = coverage.choose_panel(coverage.grid_months(coverage.count_days(log, files, ZONE)))
    days = series.count_by_day(same.key_rows(log, files), ZONE, panel)
    first, *_ = series.cut_stretches(days, [pd.Timestamp(world.BREAK_ON)])
    (found,) = changes.find_changes(first).to_dict("records")

    assert found["low"] <= pd.Timestamp(world.CHANGE_ON) <= found["high"]
    assert found["factor_low"] <= world.CHANGE_FACTOR <= found["factor_high"]
