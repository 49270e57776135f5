"""Counts of sharing lists, each of the referee's counterexamples among them (review of November 2026)."""

import random

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.network import build_graph, load_network, measure, nulls, sampling, select_reporters
from helpers.network.load import RECEIVED
from made.lists import ME, make_data, make_graph, make_list
from made.refusal import refused


def make_accounts(*states):
    """Make the rows of a list of one account for each state; `-` is unknown, lower case is inactive."""
    names = [
        (f"Town{at} PD", None if state == "-" else state.upper(), state.islower())
        for at, state in enumerate(states)
    ]
    data = make_data(make_list(names))
    return data.select_list(data.lists["list_id"].iloc[0])


def test_accounts_are_counted_by_where_they_are():
    """E2: inactive accounts are apart. E3: unknown states are bounds; federal accounts are in neither."""
    rows = [make_accounts("CA", "TX", "tx", "ca", "-", "-"), make_accounts("CA").assign(state="federal")]
    counts = measure.count_accounts(pd.concat(rows), "CA")

    assert counts[["names_n", "active_n", "inactive_n", "federal_n"]].tolist() == [7, 5, 2, 1]
    assert counts[["inside_n", "outside_n", "outside_high_n"]].tolist() == [1, 1, 3]
    assert counts[["outside_low_percent", "outside_high_percent"]].tolist() == [25.0, 75.0]


def test_out_of_state_is_that_of_the_reporters_own_list():
    """E4: senders from other states say nothing of whom the reporter lets search."""
    data = make_data(
        make_list([("Alton PD", "CA"), ("Benton PD", "CA")]),
        make_list([(f"Town{at} PD", "TX") for at in range(9)], section=RECEIVED),
    )
    own = data.list_dates(data.find_agency(ME))
    counts = measure.count_accounts(data.select_list(own["list_id"].iloc[0]), "CA")

    assert counts[["names_n", "outside_n"]].tolist() == [2, 0]


def test_a_share_whose_return_could_be_seen_is_the_base():
    """E10: where one agency released both its lists, all its shares are known."""
    shared = ["Alton IL PD", "Benton WA PD", "Upton MA PD"]
    both = make_graph({ME: shared}, {ME: ["Alton IL PD", "Benton WA PD", "Ripon WI PD"]})
    portals_only = make_graph({ME: ["Alton IL PD", "Other ZZ PD"], "Other ZZ PD": ["Alton IL PD", ME]})

    assert measure.count_returned(both) == {"edges_n": 6, "known_n": 6, "returned_n": 4}
    assert measure.count_returned(portals_only) == {"edges_n": 4, "known_n": 2, "returned_n": 2}


def test_lists_are_compared_above_a_floor_and_without_the_two_agencies():
    """One name of one in common beats 299 of 300: pairs below the floor are left out."""
    long = [f"Town{at} CA PD" for at in range(300)]
    graph = make_graph({"A ZZ PD": long, "B ZZ PD": [*long[:299], "Upton MA PD"], "C ZZ PD": long[:1]})
    columns = ["a_n", "b_n", "common_n"]
    small = make_graph({"A ZZ PD": ["B ZZ PD", "Alton IL PD"], "B ZZ PD": ["Alton IL PD", "Upton MA PD"]})
    pair = measure.compare_recipients(small, fewest=1)

    assert measure.compare_recipients(graph)[columns].to_numpy().tolist() == [[300, 300, 299]]
    assert len(measure.compare_recipients(graph, fewest=1)) == 3
    assert pair[[*columns, "common_percent"]].to_numpy().tolist() == [[1, 2, 1, 100.0]]
    assert sorted(measure.count_alone(small)) == [1, 1]  # B by A, and Upton by B


def test_ties_are_said_as_ties():
    """E9: two agencies on all eight lists share the first rank, and name order decides nothing."""
    links = {f"Reporter{at} ZZ PD": ["Alton IL PD", "Upton MA PD"] for at in range(8)}
    ranked = sampling.rank_recipients(make_graph(links), most=1)

    assert ranked[["rank", "tied_n", "rank_high"]].to_numpy().tolist() == [[1, 1, 2], [1, 1, 2]]


def test_a_reporter_is_ranked_by_the_lists_of_others():
    """E9: on 8 of 8 lists of others is a higher percentage than on 8 of 9."""
    links = {f"Reporter{at} ZZ PD": ["Reporter0 ZZ PD", "Alton IL PD"] for at in range(1, 9)}
    ranked = sampling.rank_recipients(make_graph(links | {"Reporter0 ZZ PD": ["Upton MA PD"]}))

    assert ranked[["lists_n", "of_n", "rank"]].iloc[:2].to_numpy().tolist() == [[8, 8, 1], [8, 9, 2]]


def test_few_lists_have_counts_and_no_interval():
    graph = make_graph({f"Reporter{at} ZZ PD": ["Alton IL PD"] for at in range(7)})

    assert "rank_low" not in sampling.rank_recipients(graph)
    for estimate in (sampling.bound_returned, sampling.estimate_unseen):
        with refused("few-lists", DataError):
            estimate(graph)


@pytest.mark.parametrize("n", [8, 12, 30])
def test_the_median_interval_covers_the_median(n):
    """Order statistics are exact: of 2,000 skewed samples at least 95 percent hold the true median."""
    samples = np.random.default_rng(n).lognormal(0, 1.5, (2000, n))
    bounds = np.array([sampling.bound_median(values)[1:] for values in samples])

    assert ((bounds[:, 0] <= 1) & (bounds[:, 1] >= 1)).mean() >= 0.94


def test_unseen_agencies_are_a_lower_bound():
    """Chao's bound by hand: eight lists, three names once, one twice."""
    links = {f"Reporter{at} ZZ PD": ["Alton IL PD"] for at in range(8)}
    links["Reporter0 ZZ PD"] += ["Benton WA PD", "Upton MA PD", "Ripon WI PD", "Troy NY PD"]
    links["Reporter1 ZZ PD"] += ["Troy NY PD"]
    found = sampling.estimate_unseen(make_graph(links))

    assert (found["named_n"], found["once_n"], found["twice_n"]) == (5, 3, 1)
    assert found["at_least_n"] == pytest.approx(5 + 7 / 8 * 9 / 2)


def make_random(nodes, probability, seed, is_mutual=False):
    """Make a random network in which everybody reported; with `is_mutual` every share is returned."""
    graph = nx.gnp_random_graph(nodes, probability, seed, directed=not is_mutual)
    graph = nx.relabel_nodes(nx.DiGraph(graph), lambda node: f"agency {node:03d}")
    nx.set_node_attributes(graph, True, "is_reporter")
    return graph


def test_the_reciprocity_interval_covers_what_random_shares_return():
    """95 percent of intervals hold p where independent shares have probability p."""
    bounds = [sampling.bound_returned(make_random(20, 0.4, seed)) for seed in range(60)]

    # of 57 expected: fewer than 52 has a chance below one in a hundred
    assert sum(found["low"] <= 0.4 <= found["high"] for found in bounds) >= 52


def test_reciprocity_is_set_beside_what_chance_returns():
    """E10: random shares are returned as by chance; a network of returned shares stands out."""
    chance = nulls.compare_reciprocity(make_random(40, 0.5, 1), samples=50)
    mutual = nulls.compare_reciprocity(make_random(40, 0.2, 1, is_mutual=True), samples=50)

    assert chance["null_low"] <= chance["observed"] <= chance["null_high"] and chance["beyond_n"] > 0
    assert (mutual["observed"], mutual["beyond_n"]) == (1, 0) and mutual["null_mean"] < 0.4


def test_a_null_model_needs_a_share_and_two_samples():
    for graph, samples in ((make_random(5, 0, 1), 10), (make_random(5, 0.9, 1), 1)):
        with refused("no-sample", DataError):
            nulls.compare_reciprocity(graph, samples)


@pytest.mark.parametrize("nodes", [10, 14, 20])
def test_returned_shares_alone_are_no_groups(nodes):
    """E8: random networks with every share returned have no groups."""
    firm = [nulls.find_groups(make_random(nodes, 0.3, seed, True), 40)[0]["is_firm"] for seed in range(8)]

    assert sum(firm) <= 1


def test_real_groups_are_found():
    """Two halves that share inside and hardly across are two groups, the same from every start."""
    graph = nx.disjoint_union(make_random(15, 0.6, 1, True), make_random(15, 0.6, 2, True))
    graph.add_edge(0, 20)
    result, members = nulls.find_groups(graph, samples=40)

    assert result["is_firm"] and members.nunique() == 2
    assert members.loc[range(15)].nunique() == members.loc[range(15, 30)].nunique() == 1


def test_the_walk_keeps_every_agency_its_numbers():
    """Returned and single shares of every agency stay as many; no pair shares twice."""
    walk = nulls._PairWalk(make_random(25, 0.3, 5), random.Random(1))

    def count():
        ends = [sorted(end for pair in pairs for end in pair) for pairs in (walk.returned, walk.single)]
        return *ends, sorted(owner for owner, _ in walk.single)

    before, shares = count(), set(walk.single)
    walk.step()

    assert before == count() and shares != set(walk.single)
    pairs = [tuple(sorted(pair)) for pair in (*walk.returned, *walk.single)]
    assert len(set(pairs)) == len(pairs)


def test_portals_are_measured_as_published(mirror):
    """Returned are 0.0878 of all shares and 0.6848 of those between reporters, by chance 0.296.

    The first edition drew 100 samples. The ranks are held by a run of notebook 03.
    """
    portals = build_graph(load_network("private-eyes"))
    chance = nulls.compare_reciprocity(select_reporters(portals), samples=20)

    assert measure.count_returned(portals) == {"edges_n": 37_099, "known_n": 4_755, "returned_n": 3_256}
    assert chance["observed"] == pytest.approx(3_256 / 4_755)
    assert chance["null_mean"] == pytest.approx(0.2960, abs=0.0056)
