"""Null models: degrees are kept, every graph of them is reached equally often, z-scores tell order from chance."""

from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.network import Rewiring, compare_with_null, measure_assortativity, measure_clustering, nulls

from .conftest import FEW, make_graph

PAIRS = st.sets(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] != pair[1]), min_size=2
)


def list_all(graph):
    """List all simple directed graphs of the same degrees, by brute force."""
    nodes = range(graph.nodes_n)
    pairs = [(u, v) for u in nodes for v in nodes if u != v]
    found = []
    for edges in combinations(pairs, graph.edges_n):
        out, into = Counter(u for u, _ in edges), Counter(v for _, v in edges)
        if [out[u] for u in nodes] == graph.out_degrees.tolist() and [
            into[v] for v in nodes
        ] == graph.in_degrees.tolist():
            found.append(frozenset(edges))
    return found


@FEW
@given(PAIRS, st.integers(0, 3))
def test_walks_keep_degrees_and_are_one_compiled_or_not(pairs, seed):
    """Degrees stay, no loop and no parallel edge comes up, and compiled code takes the same walk, in windows or not."""
    graph = make_graph((f"n{u}", f"n{v}") for u, v in pairs)
    for window, windowed_from in ((4, 1 << 16), (4, 4)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nulls, "WINDOW", window)
            patch.setattr(nulls, "WINDOWED_FROM", windowed_from)
            check_walks(graph, seed)


def check_walks(graph, seed):
    """Compare the plain and the compiled walk."""
    walks = [Rewiring(graph, seed, is_compiled) for is_compiled in (False, True)]
    for walk in walks:
        walk.walk(150)
        walk.walk(150)
    ends = [walk.give_graph() for walk in walks]
    assert np.array_equal(ends[0].out_bits, ends[1].out_bits)
    assert walks[0].attempts_n == walks[1].attempts_n == 300
    assert walks[0].accepted_n == walks[1].accepted_n <= 300
    assert ends[0].out_degrees.tolist() == graph.out_degrees.tolist()
    assert ends[0].in_degrees.tolist() == graph.in_degrees.tolist()
    assert not any(ends[0].out_bits[at, at >> 3] & (128 >> (at & 7)) for at in range(graph.nodes_n))


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "b"), ("b", "c"), ("c", "a")],
        [("a", "b"), ("b", "a"), ("a", "c"), ("c", "d"), ("d", "b")],
        [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("a", "c")],
    ],
)
@pytest.mark.parametrize("windowed_from", [1 << 16, 1])
def test_every_graph_is_reached_equally_often(pairs, windowed_from, monkeypatch):
    """A ring of three can only be turned round. All graphs of the same degrees come up, none more than others."""
    monkeypatch.setattr(nulls, "WINDOW", 2)
    monkeypatch.setattr(nulls, "WINDOWED_FROM", windowed_from)
    graph = make_graph(pairs)
    every = list_all(graph)
    walk, seen, rounds = Rewiring(graph, 7, True), Counter(), 6000
    for _ in range(rounds):
        walk.walk(40)
        seen[frozenset(map(tuple, walk.ends.tolist()))] += 1
    assert set(seen) == set(every) and len(every) > 1
    expected = rounds / len(every)
    chi2 = sum((count - expected) ** 2 / expected for count in seen.values())
    assert chi2 < len(every) - 1 + 5 * (2 * (len(every) - 1)) ** 0.5


@FEW
@given(PAIRS)
def test_clustering_counts_closed_ways(pairs):
    """Of all u -> v -> w with u, v, w different, the share with u -> w: by brute force."""
    named = [(f"n{u}", f"n{v}") for u, v in pairs]
    there = nx.DiGraph(named)
    ways = [(u, w) for u, v in there.edges for w in there.successors(v) if w != u]
    found = measure_clustering(make_graph(named))
    if ways:
        assert found == pytest.approx(sum(there.has_edge(u, w) for u, w in ways) / len(ways))
    else:
        assert np.isnan(found)


def test_compiled_clustering_is_the_same(monkeypatch):
    """The compiled kernel counts the same closed ways."""
    there = nx.gnp_random_graph(90, 0.1, seed=1, directed=True)
    graph = make_graph((f"{u:02}", f"{v:02}") for u, v in there.edges)
    plain = nulls.count_closed(graph)
    monkeypatch.setattr(nulls, "CLOSED_FROM", 0)
    assert nulls.count_closed(graph) == plain > 0


def test_assortativity_is_that_of_networkx(five):
    """Newman's coefficient, on edges between agencies of known state; by hand where all stay at home."""
    states = pd.Series({"a": "CA", "b": "CA", "c": "TX", "d": "TX", "e": "CA"})
    there = five.to_networkx()
    nx.set_node_attributes(there, states.to_dict(), "state")
    assert measure_assortativity(five, states) == pytest.approx(
        nx.attribute_assortativity_coefficient(there, "state")
    )
    there.remove_node("d")
    known = measure_assortativity(five, states.drop("d"))
    assert known == pytest.approx(nx.attribute_assortativity_coefficient(there, "state"))
    assert known == measure_assortativity(five, states.mask(states.index == "d", "federal"))
    assert np.isnan(measure_assortativity(five, pd.Series({"a": "CA"})))


def test_order_stands_out_and_chance_does_not():
    """Pairs that return everything are far from the null; a graph drawn at random is not."""
    pairs = [(f"{u:02}", f"{(u + step) % 30:02}") for u in range(30) for step in (1, -1, 4, -4)]
    states = pd.Series({f"{u:02}": "AB"[u % 2] for u in range(30)})
    table = compare_with_null(make_graph(pairs), states, samples=60, seed=1).set_index("measure")
    assert table.loc["reciprocity", "observed"] == 1 and table.loc["reciprocity", "z"] > 5
    assert table.loc["reciprocity", "as_far_n"] == 0
    # 120 edges, 10 attempts each, 60 samples and ten times as many before the first
    assert (table["attempts_n"] == 120 * 10 * 69).all() and table["accepted_frac"].between(0.3, 1).all()
    chance = nx.gnp_random_graph(30, 0.12, seed=9, directed=True)
    other = compare_with_null(make_graph((f"{u:02}", f"{v:02}") for u, v in chance.edges), samples=60)
    assert other["measure"].tolist() == ["reciprocity", "clustering"] and (other["z"].abs() < 3).all()


def test_a_graph_that_has_no_other():
    """A star is the only graph of its degrees: nothing varies, and no z is invented."""
    table = compare_with_null(make_graph([("hub", "a"), ("hub", "b")]), samples=5)
    assert table.loc[0, ["observed", "null_mean", "null_sd"]].tolist() == [0, 0, 0] and pd.isna(
        table.loc[0, "z"]
    )
    with pytest.raises(DataError, match="at least two samples"):
        compare_with_null(make_graph([("a", "b")]), samples=1)
