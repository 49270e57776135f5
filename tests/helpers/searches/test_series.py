"""Behaviour of `helpers.searches.series`: days, stretches that nothing cuts, weekdays, changes of level."""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.searches import coverage, same, series
from helpers.searches.logs import list_logs
from helpers.simulate import world
from made.logs import make_log, read_log

from .conftest import ZONE

WEEKDAYS = np.array([1.0, 1.2, 1.1, 1.1, 1.1, 0.8, 0.7])


def draw(seed, means):
    """Draw a daily series of Poisson counts with weekdays from daily means."""
    days = pd.date_range("2025-01-06", periods=len(means))
    counts = np.random.default_rng(seed).poisson(np.asarray(means, float) * WEEKDAYS[days.day_of_week])
    return pd.DataFrame({"day": days, "searches_n": counts})


def test_a_search_counts_once_on_its_local_day_and_in_its_panel():
    """Two logs hold the evening search of 30 June in California, which UTC has on 1 July."""
    other = {"source_id": "b", "host_agency": "B PD"}
    evening = {"searched_at": "2025-07-01 03:00:01"}
    keyed = same.key_rows(
        read_log(make_log([evening, evening | other, {"searched_at": "2025-07-02 20:00:01"} | other]))
    )
    days = series.count_by_day(keyed, ZONE)
    panel = series.count_by_day(keyed, ZONE, pd.DataFrame({"host": ["A PD"], "kind": ["network"]}))

    june = pd.Timestamp("2025-06-30")
    assert [[june, 2, 1], [pd.Timestamp("2025-07-02"), 1, 1]] == days.to_numpy().tolist()
    assert [[june, 1, 1]] == panel.to_numpy().tolist()


def test_stretches_end_at_breaks_and_gaps():
    """Quiet days are 0, days of a gap are missing, the first and last day are dropped."""
    lost, quiet = pd.Timestamp("2025-11-20"), pd.Timestamp("2025-11-10")
    days = pd.DataFrame({"day": pd.date_range("2025-11-01", "2025-12-31"), "rows_n": 10, "searches_n": 5})
    gap = {"host": "A", "kind": "network", "first": lost, "last": lost, "is_gap": True}
    days = days[~days["day"].isin([lost, quiet])]
    filled = series.fill_days(days, [pd.Timestamp("2025-12-17")], pd.DataFrame([gap]))
    parts = series.cut_stretches(filled)

    ends = [(f"{part['day'].iloc[0]:%m-%d}", f"{part['day'].iloc[-1]:%m-%d}", len(part)) for part in parts]
    assert [("11-02", "11-19", 18), ("11-21", "12-16", 26), ("12-17", "12-30", 14)] == ends
    assert [0] == parts[0].loc[parts[0]["day"] == quiet, "searches_n"].tolist()
    assert filled["searches_n"].isna().sum() == 1 and filled["month"].nunique() == 2


def test_weekdays_are_found_within_their_intervals():
    """With eight weeks, the intervals of 40 series hold the truth about as often as they say."""
    truth = WEEKDAYS * 7 / WEEKDAYS.sum()
    found = [series.measure_weekdays(draw(seed, [40] * 60)) for seed in range(40)]
    held = [((table["low"] <= truth) & (truth <= table["high"])).mean() for table in found]

    assert found[0]["weeks_n"].iloc[0] == 8 and 0.9 <= np.mean(held) <= 0.99


@pytest.mark.parametrize("means", [[10] * 55, [0] * 80])
def test_weekdays_of_a_short_or_empty_series_are_refused(means):
    """Seven weeks are too few, and a series without a search has no weekdays."""
    with pytest.raises(DataError):
        series.measure_weekdays(draw(1, means))


def test_a_step_is_found_where_it_is():
    """A rise by half after day 80 is found in nearly all of 8 series, within its intervals."""
    hits = []
    for seed in range(8):
        found = series.find_changes(draw(seed, [30] * 80 + [45] * 60))
        if found["kind"].tolist() == ["step"]:
            row = found.iloc[0]
            is_day = row["low"] <= pd.Timestamp("2025-03-27") <= row["high"]
            hits.append((is_day, row["factor_low"] <= 1.5 <= row["factor_high"]))

    assert len(hits) >= 7 and np.mean(hits, axis=0).min() >= 0.8


def test_growth_is_not_called_a_step():
    """A steady doubling is growth, by about the factor that was drawn."""
    found = series.find_changes(draw(3, 60 * 2 ** np.linspace(0, 1, 200)))

    assert found["kind"].tolist() == ["growth"] and found["factor_low"][0] <= 2 <= found["factor_high"][0]


def test_where_nothing_changes_little_is_found():
    """In series of one level, and of days that depend on each other, a change is rare."""
    flat = sum(len(series.find_changes(draw(seed, [20] * 100))) > 0 for seed in range(8))
    rng, dependent = np.random.default_rng(5), 0
    for seed in range(8):
        noise = np.zeros(150)
        for day in range(1, 150):
            noise[day] = 0.8 * noise[day - 1] + 0.12 * rng.normal()
        dependent += len(series.find_changes(draw(seed, 50 * np.exp(noise)))) > 0

    assert flat == 0 and dependent <= 3
    assert series.find_changes(draw(1, [10] * 20)).empty


def test_the_change_of_the_simulated_log_is_found(teaching):
    """One step in the panel before the format changed, on the day and by the factor that the world has."""
    log = read_log(teaching[0])
    files = list_logs(log)
    days = coverage.count_days(log, files, ZONE)
    panel = coverage.choose_panel(coverage.grid_months(days, coverage.find_gaps(days)))
    filled = series.fill_days(
        series.count_by_day(same.key_rows(log, files), ZONE, panel), [pd.Timestamp(world.BREAK_ON)]
    )
    first, *_ = series.cut_stretches(filled)
    (found,) = series.find_changes(first).to_dict("records")

    assert found["kind"] == "step" and found["low"] <= pd.Timestamp(world.CHANGE_ON) <= found["high"]
    assert found["factor_low"] <= world.CHANGE_FACTOR <= found["factor_high"]
