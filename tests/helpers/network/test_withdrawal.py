"""Agencies that stop sharing: greedy order, scenarios and hubs, by hand and against networkx."""

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.network.withdrawal import (
    compare_scenarios,
    group_by_state,
    order_hubs,
    rank_withdrawals,
    remove_hubs,
)

from .conftest import make_graph

# a, b and c reach i through m only, d through m or n; e shares with i itself; s and t share with each other only.
PAIRS = ["am", "bm", "cb", "dm", "dn", "mi", "ni", "ei", "st", "ts"]


def count_ways(pairs, target, without=()):
    """Count by networkx who has a way to the target."""
    graph = nx.DiGraph(list(map(tuple, pairs)))
    graph.remove_nodes_from(without)
    return len(nx.ancestors(graph, target)) if target in graph else 0


def test_greedy_order_by_hand():
    """m closes a, b, c and itself; then n closes d and itself; then e itself; nobody is left."""
    table = rank_withdrawals(make_graph(PAIRS, pools=["n"]), ["i"])

    assert [("m", 4, 3), ("n", 2, 1), ("e", 1, 0)] == list(
        zip(table["agency_id"], table["closes_n"], table["left_n"])
    )
    assert [3 / 7, 1 / 7, 0] == table["left_frac"].tolist()
    assert [False, True, False] == table["is_pool"].tolist()


def test_greedy_order_without_those_who_stay():
    """If m stays, b is next best: it closes c and itself, before those who close one."""
    table = rank_withdrawals(make_graph(PAIRS), ["i"], budget=2, fixed=["m"])

    assert ["b", "a"] == table["agency_id"].tolist()


@st.composite
def networks(draw):
    """Up to seven agencies, some shares, target g."""
    every = [u + v for u in "abcdefg" for v in "abcdefg" if u != v]
    return draw(st.lists(st.sampled_from(every), unique=True, min_size=1))


@settings(max_examples=80, deadline=None)
@given(networks())
def test_every_step_closes_most(pairs):
    """Each step removes the agency that leaves fewest with a way, by networkx, the first by name among equals."""
    out, last = [], count_ways(pairs, "g")
    for row in rank_withdrawals(make_graph(pairs, nodes=list("abcdefg")), ["g"], budget=7).itertuples():
        left = {name: count_ways(pairs, "g", [*out, name]) for name in "abcdef" if name not in out}
        best = min(left, key=lambda name: (left[name], name))

        assert (best, left[best], last - left[best]) == (row.agency_id, row.left_n, row.closes_n)
        out.append(best)
        last = left[best]
    assert 0 == last


@pytest.mark.parametrize("edges_n", [60, 110, 400])
def test_dominated_agencies_are_those_of_networkx(edges_n):
    """On larger networks, sparse and dense, the first step closes most by networkx's dominators."""
    there = nx.gnm_random_graph(60, edges_n, seed=edges_n, directed=True)
    names = [f"{at:02}" for at in range(60)]
    graph = make_graph(((names[u], names[v]) for u, v in there.edges), nodes=names)
    above = nx.immediate_dominators(there.reverse(), 0)
    tree = nx.DiGraph((up, node) for node, up in above.items() if node != 0 and up is not None)
    closes = {node: 1 + len(nx.descendants(tree, node)) for node in tree if node != 0}
    best = min(closes, key=lambda node: (-closes[node], node))
    row = rank_withdrawals(graph, ["00"], budget=1).iloc[0]
    assert (row["agency_id"], row["closes_n"], row["left_n"]) == (
        names[best],
        closes[best],
        len(closes) - closes[best],
    )


def test_several_accounts_of_a_reader_are_taken_together():
    """Who shares with two accounts is closed by its own withdrawal only."""
    table = rank_withdrawals(make_graph(["ai", "aj", "bi", "ij"]), ["i", "j"])

    assert [("a", 1), ("b", 0)] == list(zip(table["agency_id"], table["left_n"]))


def test_scenarios_tell_members_from_others():
    """If m and d leave, they, a, b and c lose their ways; s and t change nothing."""
    graph = make_graph(PAIRS)
    table = compare_scenarios(graph, ["i"], {"first": ["m", "d"], "second": ["s", "t"], "third": ["n", "i"]})

    assert [
        ("first", 2, 5, 7, 2, 2, 3), ("third", 1, 2, 7, 6, 1, 0), ("second", 2, 2, 7, 7, 0, 0),
    ] == list(table.itertuples(index=False, name=None))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(networks(), st.sets(st.sampled_from("abcdef"), min_size=1))
def test_scenarios_agree_with_networkx(pairs, members):
    """What is left after a group stops is what networkx counts."""
    row = compare_scenarios(make_graph(pairs, nodes=list("abcdefg")), ["g"], {"x": members}).iloc[0]

    assert (count_ways(pairs, "g"), count_ways(pairs, "g", members)) == (row["before_n"], row["after_n"])
    assert row["before_n"] - row["after_n"] == row["members_closed_n"] + row["others_closed_n"]


def test_states_are_groups_and_an_unknown_state_is_none():
    """Agencies that are in the network, by state, sorted."""
    about = pd.DataFrame({"agency_id": ["m", "a", "b", "zz", "n"], "state": ["TX", "CA", "CA", "CA", None]})

    assert {"CA leaves": ["a", "b"], "TX leaves": ["m"]} == group_by_state(make_graph(PAIRS), about)


def test_hubs_leave_one_after_another():
    """i has most edges of all after m; what is left is counted by hand."""
    graph = make_graph(PAIRS)
    table = remove_hubs(graph, ["m", "s"])

    assert ["m", "i"] == order_hubs(graph, 2)
    assert ["", "m", "s"] == table["agency_id"].tolist()
    assert [10, 6, 4] == table["edges_n"].tolist()
    assert [1, 0.6, 0.4] == table["edges_frac"].tolist()
    assert [9, 6, 4] == table["owners_n"].tolist()  # a b c d e m n s t; c d e n s t; c d e n
    assert [6, 5, 3] == table["readers_n"].tolist()  # m b n i s t; b n i s t; b n i
    assert [2, 2, 1] == table["strong_n"].tolist()


def test_questions_without_sense_are_refused():
    """No budget, no member, a hub twice, a network without an edge."""
    graph = make_graph(PAIRS)
    with pytest.raises(DataError, match="at least one withdrawal"):
        rank_withdrawals(graph, ["i"], budget=0)
    with pytest.raises(DataError, match="none is given"):
        compare_scenarios(graph, ["i"], {"nobody": []})
    with pytest.raises(DataError, match="one leaves twice"):
        remove_hubs(graph, ["m", "m"])
    with pytest.raises(DataError, match="no edge"):
        remove_hubs(make_graph([], nodes=["a"]), [])
