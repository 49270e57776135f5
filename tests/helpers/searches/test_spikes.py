"""Behaviour of `helpers.searches.spikes`: thresholds in whole numbers, against fractions."""

from fractions import Fraction

import numpy as np
import pandas as pd

from helpers.searches import engine, same, spikes
from helpers.simulate import world

from .conftest import ZONE, make_log, read


def make_searches(counts):
    """Make searches of two agencies with so many a day, from 1 July on."""
    rows = [
        {"searched_at": f"{pd.Timestamp('2025-07-01') + pd.Timedelta(days=day):%Y-%m-%d} 20:{number // 60:02d}:{number % 60:02d}",
         "searcher_agency_as_printed": agency, "networks_n": number}
        for agency, days in counts.items() for day, n in enumerate(days) for number in range(n)
    ]  # fmt: skip
    return same.build_searches(same.key_rows(read(make_log(rows))))


def judge_plainly(days, times=4):
    """Judge one agency's days in fractions, as the sentence says: n > mean + times * max(deviation, 1) over seven days."""
    flagged = []
    for place in range(7, len(days)):
        before = [Fraction(n) for n in days[place - 7 : place]]
        mean = sum(before) / 7
        variance = max(sum((n - mean) ** 2 for n in before) / 7, Fraction(1))
        excess = days[place] - mean
        flagged.append(days[place] > 0 and excess > 0 and excess**2 > times**2 * variance)
    return [place + 7 for place, is_flagged in enumerate(flagged) if is_flagged]


def test_flags_are_those_of_fractions():
    """Random days of two agencies, quiet days among them."""
    pick = np.random.default_rng(3)
    counts = {
        "S PD": pick.poisson(3, 40).tolist(),
        "T PD": (pick.poisson(1, 40) * pick.integers(0, 6, 40)).tolist(),
    }
    found = spikes.find_spikes(make_searches(counts), "UTC", 2, 1)
    # the whole begins with the first search of all
    start = min(next(day for day, n in enumerate(days) if n) for days in counts.values())
    expected = {
        (agency, day) for agency, days in counts.items() for day in judge_plainly(days, 2) if day >= start + 7
    }
    got = {(row.searcher, (row.day - pd.Timestamp("2025-07-01")).days) for row in found.itertuples()}

    assert expected == got and len(got) >= 3


def test_a_day_on_the_threshold_is_not_flagged():
    """Seven days of 1, so that a deviation counts as 1 and the threshold is 5: 5 is not above it, 6 is."""
    for n, flagged in ((5, []), (6, [6])):
        found = spikes.find_spikes(make_searches({"S PD": [1] * 7 + [n]}), "UTC", 4, 1)
        assert flagged == found["searches_n"].tolist()
    assert [6] == found["needed_n"].tolist() and [7] == found["before_n"].tolist()


def test_small_days_are_not_looked_at_and_all_others_are_counted():
    """Below `least_n` nothing is flagged; each day of an agency after the first week of the whole is one chance."""
    searches = make_searches({"S PD": [1] * 7 + [6, 1]})

    assert spikes.find_spikes(searches, "UTC", 4, 10).empty and 2 == spikes.count_judged(searches, "UTC")


def test_the_burst_of_the_simulated_log_stands_out(teaching):
    """The told agency on the told day, and hardly another day in thousands."""
    searches = same.build_searches(same.key_rows(read(teaching[0])))
    found = spikes.find_spikes(searches, ZONE, least_n=5)

    assert (world.BURST_BY, pd.Timestamp(world.BURST_ON)) in set(
        zip(found["searcher"], found["day"], strict=True)
    )
    assert len(found) <= 0.01 * spikes.count_judged(searches, ZONE)


def test_squares_and_sums_are_whole_numbers(teaching):
    """Nothing on the way to a flag is a fraction."""
    judged = spikes.judge_days(same.build_searches(same.key_rows(read(teaching[0]))), ZONE)

    assert all(judged[name].type().is_integer() for name in ("searches_n", "before_n", "squares_n", "day_no"))
    assert engine.fetch(judged)["before_n"].min() == 0
