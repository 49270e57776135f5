"""PageRank and betweenness against networkx, by hand, and in expectation."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.network import centrality, measure_betweenness, measure_pagerank

from .conftest import FEW, make_graph

PAIRS = st.sets(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda pair: pair[0] != pair[1]), min_size=1
)


def test_five_agencies(five):
    """c stands between a, b and d, e; d between a, b, c and e: four and three of twelve pairs."""
    assert measure_betweenness(five)["betweenness"].tolist() == pytest.approx([0, 0, 4 / 12, 3 / 12, 0])
    assert measure_betweenness(five)["error"].tolist() == [0] * 5


def test_two_shortest_ways_share():
    """In a diamond both sides stand on half of the one pair that needs them."""
    diamond = make_graph([("t", "m"), ("t", "l"), ("l", "f"), ("m", "f")])
    found = measure_betweenness(diamond).set_index("agency_id")["betweenness"]
    assert found.to_dict() == pytest.approx({"f": 0, "l": 0.5 / 6, "m": 0.5 / 6, "t": 0})


def test_pagerank_by_hand():
    """Without following edges all are equal; in a ring, too; a pair with one edge solves two equations."""
    assert measure_pagerank(make_graph([("a", "b"), ("a", "c")]), 0).tolist() == pytest.approx([1 / 3] * 3)
    assert measure_pagerank(make_graph([("a", "b"), ("b", "c"), ("c", "a")])).tolist() == pytest.approx(
        [1 / 3] * 3
    )
    # a = 0.075 + 0.425 b, b = 0.075 + 0.85 a + 0.425 b
    rank = measure_pagerank(make_graph([("a", "b")]))
    assert rank.tolist() == pytest.approx([0.5 / 1.425, 0.925 / 1.425])
    with pytest.raises(DataError, match="from 0 to below 1"):
        measure_pagerank(make_graph([("a", "b")]), 1)
    assert measure_pagerank(make_graph([])).tolist() == []


@FEW
@given(PAIRS)
def test_centrality_is_that_of_networkx(pairs):
    """Both measures equal those of networkx."""
    graph = make_graph((f"n{u:02}", f"n{v:02}") for u, v in pairs)
    there = graph.to_networkx()
    expected = nx.pagerank(there, tol=1e-12, max_iter=1000)
    assert measure_pagerank(graph).tolist() == pytest.approx(
        [expected[name] for name in graph.names], abs=1e-8
    )
    if graph.nodes_n > 2:
        expected = nx.betweenness_centrality(there)
        found = measure_betweenness(graph)["betweenness"].tolist()
        assert found == pytest.approx([expected[name] for name in graph.names])


def test_compiled_pagerank_is_the_same(monkeypatch):
    """The compiled kernel for large graphs gives the same ranks."""
    there = nx.gnp_random_graph(150, 0.05, seed=2, directed=True)
    graph = make_graph((f"{u:03}", f"{v:03}") for u, v in there.edges)
    plain = measure_pagerank(graph)
    monkeypatch.setattr(centrality, "COMPILED_FROM", 0)
    assert measure_pagerank(graph) == pytest.approx(plain, abs=1e-13)


def test_blocks_change_nothing(monkeypatch):
    """Pivots in small blocks give the same betweenness."""
    there = nx.gnp_random_graph(60, 0.06, seed=4, directed=True)
    graph = make_graph((f"{u:02}", f"{v:02}") for u, v in there.edges)
    whole = measure_betweenness(graph)["betweenness"]
    monkeypatch.setattr(centrality, "_COLUMNS", 5)
    assert measure_betweenness(graph)["betweenness"].tolist() == pytest.approx(whole.tolist())


def test_sampled_betweenness_errs_as_much_as_it_says():
    """Over many draws the estimate is right on average, and its error is the spread that is seen."""
    there = nx.gnp_random_graph(40, 0.1, seed=5, directed=True)
    graph = make_graph((f"{u:02}", f"{v:02}") for u, v in there.edges)
    exact = measure_betweenness(graph)["betweenness"].to_numpy()
    draws = [measure_betweenness(graph, 12, seed) for seed in range(200)]
    estimates = np.array([draw["betweenness"] for draw in draws])
    errors = np.sqrt(np.mean([draw["error"] ** 2 for draw in draws], axis=0))
    top = np.argsort(exact)[-10:]
    assert estimates.mean(axis=0)[top] == pytest.approx(exact[top], rel=0.08)
    assert errors[top] == pytest.approx(estimates.std(axis=0)[top], rel=0.15)
    with pytest.raises(DataError, match="at least two"):
        measure_betweenness(graph, 1)


def test_real_centrality(real):
    """private_eyes: who did not report is between nobody, by construction."""
    found = measure_betweenness(real)
    assert (found.loc[~found["is_reporter"], "betweenness"] == 0).all()
    assert found["betweenness"].max() > 0
    assert measure_pagerank(real).sum() == pytest.approx(1)
