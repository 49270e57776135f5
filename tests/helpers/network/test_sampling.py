"""Intervals cover a known truth at their nominal rate; what one more list would bring; a list left out."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.network import build_coded
from helpers.network.sampling import (
    accumulate_recipients,
    bound_degrees,
    bound_mean,
    bound_reciprocity,
    count_readers,
    find_largest_reporter,
    foresee_list,
    leave_out_reporter,
    rank_readers,
)

from .conftest import make_graph


def make_random_graph(links):
    """Build a graph from a matrix: row i is the list of reporter i, columns beyond the rows never answered."""
    names = np.array([f"a{at:03}" for at in range(links.shape[1])], dtype=object)
    owners, readers = np.nonzero(links)
    return build_coded(names, owners, readers, is_reporter=np.arange(len(names)) < len(links))


def test_interval_of_a_mean_covers_at_its_level():
    """Lengths of lists drawn from a skewed law with a known mean: 95 percent within three standard errors of 500 trials."""
    rng, truth = np.random.default_rng(4), np.exp(0.8**2 / 2)
    covered = 0
    for trial in range(500):
        low, high = bound_mean(rng.lognormal(0, 0.8, 80), 0.95, 400, trial)
        covered += low <= truth <= high

    assert 0.92 <= covered / 500 <= 0.98


def test_interval_of_a_median_is_that_of_the_tables():
    """For 20 values the 6th and the 15th are printed for 95 percent, for 100 the 40th and the 61st."""
    for n, low, high in ((20, 6, 15), (100, 40, 61)):
        links = np.zeros((n, 101 + n), dtype=bool)
        for at in range(n):
            links[at, n : n + at + 1] = True
        row = bound_degrees(make_random_graph(links), draws=50).loc["all lists"]

        assert (n, low, high) == (row["reporters_n"], row["median_low_n"], row["median_high_n"])


def test_degrees_with_and_without_the_longest_list():
    """Nine lists of one recipient and one of eleven: the mean is two, and one without it."""
    links = np.zeros((10, 25), dtype=bool)
    links[:9, 20] = True
    links[9, 10:21] = True
    table = bound_degrees(make_random_graph(links), draws=200)

    assert [2.0, 1.0] == table["mean_n"].tolist()
    assert [1.0, 1.0] == table["median_n"].tolist()
    assert (1.0, 1.0) == tuple(table.loc["without the longest list", ["low_n", "high_n"]])
    assert table.loc["all lists", "low_n"] <= 2.0 <= table.loc["all lists", "high_n"]


def test_interval_of_reciprocity_covers_at_its_level():
    """Agencies of unequal openness a, uniform in 0.1 to 0.9: a pair shares both ways with a * b, else each alone.

    The truth follows from the moments of a: (1/4 + 0.014219) / (1/4 + 0.1045).
    """
    rng, truth, covered, n = np.random.default_rng(5), 0.264219 / 0.3545, 0, 30
    for _ in range(400):
        a = rng.uniform(0.1, 0.9, n)
        both = np.triu(rng.random((n, n)) < np.outer(a, a), 1)
        alone = rng.random((n, n)) < 0.3 * a[:, None]
        links = both | both.T | alone
        np.fill_diagonal(links, False)
        found = bound_reciprocity(make_random_graph(links))
        covered += found["low"] <= truth <= found["high"]

    assert 0.92 <= covered / 400 <= 0.98


def test_rank_intervals_cover_the_true_rank():
    """Each agency's interval holds all ranks that are true of it, ties included, at least as often as stated.

    Lists are of unequal length: an agency is named with chance p times the list's openness.
    """
    rng, n, trials = np.random.default_rng(6), 50, 150
    chance = np.array([0.9, 0.7, 0.7, 0.7, 0.5, 0.5, 0.3, 0.3, 0.3, 0.2])
    best = 1 + (chance > chance[:, None]).sum(axis=1)
    worst = len(chance) - (chance < chance[:, None]).sum(axis=1)
    covered = np.zeros(len(chance))
    for trial in range(trials):
        openness = rng.uniform(0.4, 1, n)[:, None]
        links = np.hstack([np.zeros((n, n), dtype=bool), rng.random((n, len(chance))) < chance * openness])
        table = rank_readers(make_random_graph(links), most=len(chance), draws=300, seed=trial)
        table = table.set_index("agency_id").loc[[f"a{n + at:03}" for at in range(len(chance))]]
        covered += (table["rank_low"].to_numpy() <= best) & (worst <= table["rank_high"].to_numpy())

    # 0.95 less three standard errors of 150 trials
    assert covered.min() / trials >= 0.897
    assert covered.mean() / trials >= 0.95


def test_rank_intervals_tell_clear_differences():
    """An agency that all 60 lists name is first beyond doubt; two that half of them name cannot be told apart."""
    links = np.zeros((60, 64), dtype=bool)
    links[:, 60] = True
    links[::2, 61] = links[1::2, 62] = True
    links[0, 63] = True
    table = rank_readers(make_random_graph(links), most=4)

    assert [60, 30, 30, 1] == table["lists_n"].tolist()
    assert [1, 2, 2, 4] == table["rank"].tolist()
    assert [1, 2, 2, 4] == table["rank_low"].tolist()
    assert [1, 3, 3, 4] == table["rank_high"].tolist()
    # the longest list is the first one, with three names: without it the last agency is named by nobody
    assert [1, 3, 2, 4] == table["rank_without_longest"].tolist()


def test_seeds_and_names_decide_alone():
    """The same seed gives the same table; another order of rows changes nothing."""
    rng = np.random.default_rng(7)
    graph = make_random_graph(np.hstack([np.zeros((12, 12), dtype=bool), rng.random((12, 9)) < 0.5]))
    mixed = graph.list_edges().sample(frac=1, random_state=1)
    other = make_graph(
        mixed.itertuples(index=False), reporters=graph.names[graph.is_reporter], nodes=graph.names
    )
    first = rank_readers(graph, draws=100, seed=3)

    pd.testing.assert_frame_equal(first, rank_readers(other, draws=100, seed=3))
    assert bound_degrees(graph, seed=3, draws=50).equals(bound_degrees(other, seed=3, draws=50))


def test_recipients_accumulate_as_over_all_choices():
    """The mean over every choice of lists, counted one by one."""
    rng = np.random.default_rng(8)
    links = np.hstack([np.zeros((6, 6), dtype=bool), rng.random((6, 15)) < 0.3])
    table = accumulate_recipients(make_random_graph(links))
    by_hand = [
        np.mean([links[list(c)].any(axis=0).sum() for c in combinations(range(6), m)]) for m in range(1, 7)
    ]

    assert np.allclose(by_hand, table["recipients_n"])
    assert list(range(1, 7)) == table["lists_n"].tolist()


def test_foreseen_names_by_hand():
    """Ten lists, six names on one list, three on two: 0.6 new names in the next, 0.9 * 36 / 6 = 5.4 not yet seen."""
    links = np.zeros((10, 30), dtype=bool)
    links[range(6), range(10, 16)] = True
    links[:2, 16:19] = True
    found = foresee_list(make_random_graph(links))

    assert (10, 9, 6, 3) == tuple(found[key] for key in ("reporters_n", "recipients_n", "once_n", "twice_n"))
    assert (0.6, 0.5) == (found["next_new_n"], found["known_frac"])
    assert 5.4 == pytest.approx(found["unseen_n"])
    assert found["low"] < 14.4 < found["high"]


def test_foreseen_names_agree_with_the_next_list():
    """Over 300 simulated samples the foreseen number is that of a list drawn anew, and the unseen are not overstated."""
    rng, n = np.random.default_rng(9), 25
    chance = rng.beta(0.5, 4, 120)
    foreseen, unseen = [], []
    for _ in range(300):
        links = np.hstack([np.zeros((n, n), dtype=bool), rng.random((n, 120)) < chance])
        found = foresee_list(make_random_graph(links))
        foreseen.append(found["next_new_n"])
        unseen.append(found["recipients_n"] + found["unseen_n"])

    # the estimate is that of the list before the next one, by its own law
    assert np.mean(foreseen) == pytest.approx((chance * (1 - chance) ** (n - 1)).sum(), rel=0.05)
    assert np.mean(unseen) <= 120


def test_a_list_is_left_out_with_whom_it_alone_named():
    """Without a's list b goes, c stays as d names it, and a stays as a reader of d's data."""
    graph = make_graph(["ab", "ac", "dc", "da"], reporters=["a", "d", "e"], nodes=["e"])
    left = leave_out_reporter(graph, "a")

    assert "a" == find_largest_reporter(graph)
    assert ["a", "c", "d", "e"] == left.names.tolist()
    assert ["da", "dc"] == (left.list_edges()["from_id"] + left.list_edges()["to_id"]).tolist()
    assert [False, False, True, True] == left.is_reporter.tolist()


def test_readers_are_counted_without_intervals():
    """c reads two agencies, b one, nobody else any; nothing is said about ranks."""
    table = count_readers(make_graph(["ab", "ac", "dc"]))

    assert [("c", 2), ("b", 1)] == list(zip(table["agency_id"], table["lists_n"]))
    assert table[["share_low", "rank", "rank_high"]].isna().all(axis=None)


def test_too_few_lists_bear_no_interval():
    """Seven lists are too few: the counts stand alone."""
    graph = make_random_graph(np.hstack([np.zeros((7, 7), dtype=bool), np.ones((7, 2), dtype=bool)]))
    for measure in (bound_degrees, bound_reciprocity, rank_readers, foresee_list):
        with pytest.raises(DataError, match="needs at least 8"):
            measure(graph)
    with pytest.raises(DataError, match="no whole list"):
        accumulate_recipients(make_graph(["ab"]))


def test_real_lists_give_the_published_numbers(real):
    """Mean 165.6, median 127, 3,256 of 4,755 edges between lists returned; without Pittsboro 33,238 edges, 4,260 recipients."""
    table, returned = bound_degrees(real, draws=200), bound_reciprocity(real)
    without = leave_out_reporter(real, find_largest_reporter(real))

    assert (165.6, 127.0) == (round(table.loc["all lists", "mean_n"], 1), table.loc["all lists", "median_n"])
    assert (3256, 4755) == (returned["returned_n"], returned["edges_n"])
    assert "Pittsboro IN PD" == find_largest_reporter(real)
    assert (33238, 4260) == (without.edges_n, int((without.in_degrees > 0).sum()))
    assert ["US Postal Inspection Service", "Houston TX PD", "Vacaville CA PD", "El Cajon CA PD"] == [
        name.strip() for name in rank_readers(real, most=4, draws=50)["agency_id"]
    ]
