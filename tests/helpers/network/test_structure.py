"""Reciprocity, strong components, cores: by hand, against networkx, and on the real lists."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.network import (
    condense,
    count_returned,
    label_components,
    list_components,
    measure_cores,
    measure_reciprocity,
    reach,
    structure,
)
from helpers.network import graph as graph_module

from .conftest import FEW, make_graph

PAIRS = st.sets(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda pair: pair[0] != pair[1]), min_size=1
)


def test_five_agencies(five):
    """Two of six edges are returned; of the four between a, b and c two are. a and b are one component."""
    table = measure_reciprocity(five)
    assert table.iloc[:, :4].to_numpy().tolist() == [["all edges", 5, 6, 2], ["between reporters", 3, 4, 2]]
    assert table["reciprocity_frac"].tolist() == [2 / 6, 2 / 4]
    assert label_components(five).tolist() == [0, 0, 1, 2, 3]
    parts = list_components(five)
    assert parts["agency_id"].tolist() == ["a", "c", "d", "e"] and parts["agencies_n"].tolist() == [
        2,
        1,
        1,
        1,
    ]
    assert parts["reporters_n"].tolist() == [2, 1, 0, 0]
    assert parts["edges_in_n"].tolist() == [0, 2, 1, 1] and parts["edges_out_n"].tolist() == [2, 1, 1, 0]
    assert condense(five).to_numpy().tolist() == [[0, 1, 2], [1, 2, 1], [2, 3, 1]]
    # a, b and c have four edges among them: two each at least, three of a and of b
    assert measure_cores(five).tolist() == [2, 2, 2, 1, 1]


@FEW
@given(PAIRS)
def test_structure_is_that_of_networkx(pairs):
    """Reciprocity, components, condensation and cores equal those of networkx."""
    graph = make_graph((f"n{u:02}", f"n{v:02}") for u, v in pairs)
    there = graph.to_networkx()
    assert measure_reciprocity(graph).loc[0, "reciprocity_frac"] == pytest.approx(
        nx.overall_reciprocity(there)
    )
    labels = label_components(graph)
    found = {frozenset(graph.names[labels == label]) for label in range(labels.max() + 1)}
    assert found == set(map(frozenset, nx.strongly_connected_components(there)))
    assert list(np.bincount(labels)) == sorted(np.bincount(labels), reverse=True)
    expected = nx.condensation(there, scc=[graph.names[labels == label] for label in range(labels.max() + 1)])
    assert set(map(tuple, condense(graph).to_numpy()[:, :2])) == set(expected.edges)
    assert dict(zip(graph.names, measure_cores(graph), strict=True)) == nx.core_number(there)


def test_many_small_components():
    """Rings of three beside a large component and a long chain are found by the second way."""
    pairs = [(f"r{k}-{i}", f"r{k}-{(i + 1) % 3}") for k in range(40) for i in range(3)]
    pairs += [(f"big{i}", f"big{(i + step) % 50}") for i in range(50) for step in (1, 2, 7)]
    pairs += [(f"chain{i}", f"chain{i + 1}") for i in range(60)] + [("chain60", "r0-0")]
    graph = make_graph(pairs)
    assert np.bincount(label_components(graph)).tolist() == [50, *[3] * 40, *[1] * 61]


@pytest.mark.parametrize("is_small", [True, False])
@pytest.mark.parametrize("density", [0.02, 0.2])
def test_components_and_cores_are_those_of_networkx(density, is_small, monkeypatch):
    """Compiled or not, from bytes or from bits: the components of networkx, and its cores with both ways added."""
    there = nx.gnp_random_graph(120, density, seed=4, directed=True)
    graph = make_graph(
        ((f"{u:03}", f"{v:03}") for u, v in there.edges), nodes=[f"{at:03}" for at in range(120)]
    )
    if not is_small:
        for module in (graph_module, reach):
            monkeypatch.setattr(module, "COMPILED_FROM", 0)
        monkeypatch.setattr(structure, "_ADDED_TO", 0)
    parts = sorted(
        (sorted(part) for part in nx.strongly_connected_components(there)),
        key=lambda part: (-len(part), part[0]),
    )
    labels = label_components(graph)
    assert [np.flatnonzero(labels == at).tolist() for at in range(len(parts))] == parts
    cores, left, level = {}, nx.MultiDiGraph(there), 0
    while left:
        node, degree = min(left.degree, key=lambda pair: pair[1])
        level = max(level, degree)
        cores[node] = level
        left.remove_node(node)
    assert measure_cores(graph).tolist() == [cores[at] for at in range(120)]


@pytest.mark.parametrize("nodes_n", [5, 8, 9, 64, 130])
def test_compiled_count_is_the_same(nodes_n, monkeypatch):
    """The compiled kernel counts returned edges as the plain way and as a matrix do."""
    matrix = np.random.default_rng(nodes_n).random((nodes_n, nodes_n)) < 0.4
    np.fill_diagonal(matrix, False)
    pairs = [(f"{u:03}", f"{v:03}") for u, v in zip(*np.nonzero(matrix), strict=True)]
    monkeypatch.setattr(structure, "COMPILED_FROM", 0)
    fresh, flipped = make_graph(pairs), make_graph(pairs)
    assert flipped.in_bits.any()
    assert count_returned(fresh) == count_returned(flipped) == int((matrix & matrix.T).sum())


def test_renaming_changes_nothing(five):
    """Names backward: the same sizes and counts."""
    edges = five.list_edges().map(lambda name: chr(ord("z") - ord(name) + ord("a")))
    other = make_graph(edges.to_numpy().tolist(), reporters=["z", "y", "x"])
    assert measure_reciprocity(other).equals(measure_reciprocity(five))
    assert measure_cores(other).tolist() == measure_cores(five).tolist()[::-1]


def test_real_structure(real):
    """private_eyes: reciprocity 0.088, 0.685 between reporters; the largest strong component has 207 agencies."""
    table = measure_reciprocity(real)
    assert table["reciprocity_frac"].round(3).tolist() == [0.088, 0.685]
    assert table["edges_n"].tolist() == [37_099, 4_755]
    parts = list_components(real)
    assert parts.loc[0, "agencies_n"] == parts.loc[0, "reporters_n"] == 207
    assert nx.core_number(real.to_networkx()) == dict(zip(real.names, measure_cores(real), strict=True))
