"""Reach within some hops is that of a breadth-first search, both ways."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.network import bits, count_reach, list_owners, list_readers, measure_hops, reach, trace_paths

from .conftest import FEW, FIVE, make_graph

PAIRS = st.sets(
    st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] != pair[1]), min_size=1
)


def test_five_agencies(five):
    """d reads the data of c at once and of a and b by c; e reads theirs in three hops."""
    assert list_readers(five, "a", 2).iloc[:, :2].to_numpy().tolist() == [["b", 1], ["c", 1], ["d", 2]]
    assert list_owners(five, "e", 3).iloc[:, :2].to_numpy().tolist() == [
        ["d", 1],
        ["c", 2],
        ["a", 3],
        ["b", 3],
    ]
    assert list_readers(five, "e").empty
    counts = count_reach(five, 3).set_index("agency_id")
    assert counts["readers_1_n"].tolist() == [2, 2, 1, 1, 0]
    assert counts["readers_2_n"].tolist() == [3, 3, 2, 1, 0]
    assert counts["readers_3_n"].tolist() == [4, 4, 2, 1, 0]
    assert counts["owners_1_n"].tolist() == [1, 1, 2, 1, 1]
    assert counts["owners_2_n"].tolist() == [1, 1, 2, 3, 2]
    assert counts["owners_3_n"].tolist() == [1, 1, 2, 3, 4]


def test_shortest_ways_with_what_stands_behind(five):
    """From a to e there is one shortest way; from a diamond's top to its foot there are two, in the order of names."""
    edges = pd.DataFrame(FIVE, columns=["from_id", "to_id"]).assign(source_ids=[f"s{at}" for at in range(6)])
    way = trace_paths(five, "a", "e", edges)
    assert way["source_ids"].tolist() == ["s2", "s4", "s5"] and way["to_id"].tolist() == ["c", "d", "e"]
    assert trace_paths(five, "e", "a").empty and trace_paths(five, "e", "a").attrs["ways_n"] == 0
    diamond = make_graph([("t", "m"), ("t", "l"), ("l", "f"), ("m", "f")])
    assert trace_paths(diamond, "t", "f")["to_id"].tolist() == ["l", "f", "m", "f"]
    short = trace_paths(diamond, "t", "f", limit=1)
    assert (len(short), short.attrs["ways_n"]) == (2, 2)


def test_questions_are_checked(five):
    """No hops, no ways, nobody of that name: refused."""
    for call in (
        lambda: count_reach(five, 0),
        lambda: list_readers(five, "a", 0),
        lambda: list_readers(five, "z"),
    ):
        with pytest.raises(DataError):
            call()
    with pytest.raises(DataError, match="at least one way"):
        trace_paths(five, "a", "e", limit=0)


@FEW
@given(PAIRS, st.integers(1, 4))
def test_reach_is_that_of_networkx(pairs, hops):
    """Steps and counts equal those of networkx, with and without the rows of bits the other way."""
    named = [(f"n{u}", f"n{v}") for u, v in pairs]
    graph, there = make_graph(named), nx.DiGraph(named)
    counts = count_reach(graph, hops).set_index("agency_id")
    for at, name in enumerate(graph.names):
        for way, links in ((False, there), (True, there.reverse())):
            steps = nx.single_source_shortest_path_length(links, name, cutoff=hops)
            expected = [steps.get(other, -1) for other in graph.names]
            assert measure_hops(graph, at, hops, is_reader=way).tolist() == expected
            assert measure_hops(make_graph(named), at, hops, is_reader=way).tolist() == expected
            column = f"{'owners' if way else 'readers'}_{hops}_n"
            assert counts.loc[name, column] == len(steps) - 1


@pytest.mark.parametrize(("nodes_n", "density"), [(70, 0.02), (200, 0.05), (200, 0.5), (300, 0.01)])
def test_other_ways_of_extending_are_the_same(nodes_n, density, monkeypatch):
    """Rows joined in NumPy and by the compiled kernel are those of a product of matrices."""
    source = np.random.default_rng(nodes_n)
    matrix = source.random((nodes_n, nodes_n)) < density * source.lognormal(0, 1, nodes_n)[:, None]
    np.fill_diagonal(matrix, False)
    graph = make_graph((f"{u:03}", f"{v:03}") for u, v in zip(*np.nonzero(matrix), strict=True))
    plain = [reach.extend_reach(graph, graph.out_bits)]
    plain.append(reach.extend_reach(graph, plain[0]))
    wide = matrix = np.unpackbits(graph.out_bits, axis=1, count=graph.nodes_n).astype(int)
    for found in plain:
        wide = ((matrix @ wide + wide) > 0).astype(int)
        np.fill_diagonal(wide, 0)
        assert np.array_equal(found, np.packbits(wide.astype(bool), axis=1))
    monkeypatch.setattr(reach, "COMPILED_FROM", 0)
    assert np.array_equal(plain[0], reach.extend_reach(graph, graph.out_bits))
    assert np.array_equal(plain[1], reach.extend_reach(graph, plain[0]))


@pytest.mark.parametrize("density", [0.0, 0.004, 0.02, 0.3])
@pytest.mark.parametrize("nodes_n", [7, 64, 400])
def test_compiled_steps_are_those_of_networkx(nodes_n, density, monkeypatch):
    """The compiled kernels count the same steps, both ways, up to a limit or without one."""
    there = nx.gnp_random_graph(nodes_n, density, seed=nodes_n, directed=True)
    nodes = [f"{at:03}" for at in range(nodes_n)]
    graph = make_graph(((nodes[u], nodes[v]) for u, v in there.edges), nodes=nodes)
    monkeypatch.setattr(reach, "COMPILED_FROM", 0)
    for node in (0, nodes_n // 2, nodes_n - 1):
        for hops in (None, 1, 2, 3):
            for is_reader, links in ((False, there), (True, there.reverse())):
                steps = nx.single_source_shortest_path_length(links, node, cutoff=hops)
                found = measure_hops(graph, node, hops, is_reader=is_reader)
                assert found.tolist() == [steps.get(other, -1) for other in range(nodes_n)]


@pytest.mark.parametrize("density", [0.002, 0.3])
def test_many_nodes(density):
    """Wide rows, searched part by part, give what networkx finds."""
    there = nx.gnp_random_graph(520, density, seed=3, directed=True)
    graph = make_graph((f"{u:03}", f"{v:03}") for u, v in there.edges)
    for node in ("000", "519"):
        steps = nx.single_source_shortest_path_length(there.reverse(), int(node), cutoff=3)
        found = measure_hops(graph, graph.find_node(node), 3, is_reader=True)
        assert {int(graph.names[at]): int(step) for at, step in enumerate(found) if step >= 0} == steps
    assert (
        bits.unpack_row(bits.join_rows(graph.out_bits, np.arange(graph.nodes_n)), graph.nodes_n).sum()
        == (graph.in_degrees > 0).sum()
    )


def test_real_reach(real):
    """private_eyes: Houston reads 93 portals at once; who did not report has no known readers."""
    assert len(list_owners(real, "Houston TX PD", 1)) == 93
    assert (count_reach(real, 2).query("not is_reporter")["readers_2_n"] == 0).all()
