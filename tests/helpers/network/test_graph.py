"""The sharing graph: bits, lists and names say the same; what is no graph is refused by row."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.network import bits, build_coded, build_graph

from .conftest import FEW, FIVE, make_graph

PAIRS = st.sets(st.tuples(st.integers(0, 20), st.integers(0, 20)).filter(lambda pair: pair[0] != pair[1]))


def name_pairs(pairs):
    """Name nodes so that their order as text is not that of their numbers."""
    return [(f"agency {u}", f"agency {v}") for u, v in pairs]


def test_five_agencies(five):
    """Bits are packed from the highest; degrees count them."""
    assert five.names.tolist() == list("abcde")
    assert five.out_bits.ravel().tolist() == [0b01100000, 0b10100000, 0b00010000, 0b00001000, 0]
    assert five.in_bits.ravel().tolist() == [0b01000000, 0b10000000, 0b11000000, 0b00100000, 0b00010000]
    assert five.out_degrees.tolist() == [2, 2, 1, 1, 0]
    assert five.in_degrees.tolist() == [1, 1, 2, 1, 1]
    assert five.is_reporter.tolist() == [True, True, True, False, False]
    assert (five.nodes_n, five.edges_n) == (5, 6)
    assert [part.tolist() for part in five.out_lists] == [[0, 2, 4, 5, 6, 6], [1, 2, 0, 2, 3, 4]]
    assert [part.tolist() for part in five.in_lists] == [[0, 1, 2, 4, 5, 6], [1, 0, 0, 1, 2, 3]]


@FEW
@given(PAIRS)
def test_graph_is_that_of_networkx(pairs):
    """Edges, degrees and lists are those of networkx, both ways, whatever the order of rows."""
    named = name_pairs(pairs)
    graph, there = make_graph(named), nx.DiGraph(named)
    assert (
        set(graph.to_networkx().edges)
        == set(there.edges)
        == set(graph.list_edges().itertuples(index=False, name=None))
    )
    assert dict(zip(graph.names, graph.out_degrees, strict=True)) == dict(there.out_degree)
    assert dict(zip(graph.names, graph.in_degrees, strict=True)) == dict(there.in_degree)
    indptr, indices = graph.in_lists
    for at, name in enumerate(graph.names):
        assert graph.names[indices[indptr[at] : indptr[at + 1]]].tolist() == sorted(there.predecessors(name))
    again = make_graph(sorted(named, reverse=True))
    assert np.array_equal(graph.out_bits, again.out_bits)
    assert np.array_equal(make_graph(named).in_degrees, np.diff(indptr))


@pytest.mark.parametrize("nodes_n", [1, 7, 8, 9, 63, 64, 65, 200])
def test_bits_are_flipped(nodes_n):
    """Flipping a matrix of bits is transposing it, at every width."""
    matrix = np.random.default_rng(nodes_n).random((nodes_n, nodes_n)) < 0.4
    packed = np.packbits(matrix, axis=1)
    for is_compiled in (False, True):
        assert np.array_equal(bits.flip_bits(packed, is_compiled), np.packbits(matrix.T, axis=1))


@pytest.mark.parametrize("nodes_n", [1, 9, 64, 200])
def test_bits_are_listed_and_counted(nodes_n, monkeypatch):
    """Lists, pairs and counts of bits are those of the matrix, compiled or not, in every type."""
    source = np.random.default_rng(nodes_n)
    matrix = source.random((nodes_n, nodes_n)) < source.random(nodes_n)[:, None]
    packed, expected = np.packbits(matrix, axis=1), np.argwhere(matrix)
    degrees = bits.count_rows(packed)
    assert degrees.tolist() == matrix.sum(axis=1).tolist()
    for share in (0.02, 0.7):
        mask, rows = source.random(nodes_n) < share, np.flatnonzero(source.random(nodes_n) < 0.5)
        found = bits.count_common(packed, rows, bits.pack_mask(mask))
        assert found.tolist() == (matrix[rows] & mask).sum(axis=1).tolist()
    for is_compiled in (False, True):
        monkeypatch.setattr(bits, "COMPILED_FROM", 0 if is_compiled else 1 << 20)
        for dtype in (np.int32, np.uint16):
            indptr, indices = bits.list_bits(packed, degrees, dtype)
            assert indices.dtype == dtype and indices.tolist() == expected[:, 1].tolist()
            assert indptr.tolist() == [0, *np.cumsum(matrix.sum(axis=1)).tolist()]
            pairs = bits.list_pairs(packed, len(expected), dtype, is_compiled)
            assert pairs.dtype == dtype and pairs.tolist() == expected.tolist()


def test_compiled_building_is_the_same(monkeypatch):
    """The compiled kernel for large graphs sets the same bits, and counts distinct edges alike."""
    codes = np.random.default_rng(1).integers(0, 300, (2, 5000)).astype(np.int32)
    codes = codes[:, codes[0] != codes[1]]
    plain = bits.pack_edges(300, *codes)
    monkeypatch.setattr(bits, "COMPILED_FROM", 0)
    compiled = bits.pack_edges(300, *codes)
    for wrong in ([4, 4], [-1, 4], [4, 300]):
        at = np.array(wrong, np.int32)
        assert bits.pack_edges(300, at[:1], at[1:])[1] == -1
    assert np.array_equal(plain[0], compiled[0])
    assert plain[1] == compiled[1] == len(set(zip(*codes.tolist(), strict=True)))


@pytest.mark.parametrize(
    ("pairs", "place", "found"),
    [
        ([("a", "b"), ("c", "c")], "row 2", "`c` shares with itself"),
        ([("a", "b"), ("b", "a"), ("a", "b")], "row 3", "the edge from `a` to `b` stands there twice"),
        ([("a", "b"), (None, "a")], "row 2", "from_id is missing"),
        ([("a", None)], "row 1", "to_id is missing"),
        ([("a", "b"), ("b", "")], "row 2", "to_id is no name"),
    ],
)
def test_what_is_no_graph_is_refused(pairs, place, found):
    """Loops, repetitions and gaps are refused; the message names the row."""
    with pytest.raises(DataError) as error:
        build_graph(pd.DataFrame(pairs, columns=["from_id", "to_id"]))
    assert error.value.place.endswith(place) and error.value.found == found


def test_columns_and_numbers_are_checked():
    """A table without its columns, numbers out of range and nameless reporters are refused."""
    with pytest.raises(DataError, match="no column to_id"):
        build_graph(pd.DataFrame({"from_id": ["a"]}))
    with pytest.raises(DataError, match="out of range"):
        build_coded(np.array(["a", "b"], object), np.array([0]), np.array([2]))
    with pytest.raises(DataError, match="reporters"):
        make_graph(FIVE, reporters=[None])


def test_agencies_without_edges_stand_in_the_graph():
    """Reporters that share with nobody, and further nodes, are there; an empty table gives an empty graph."""
    graph = make_graph([("b", "c")], reporters=["a"], pools=["c"], nodes=["d"])
    assert graph.names.tolist() == list("abcd")
    assert graph.is_pool.tolist() == [False, False, True, False]
    assert make_graph([]).edges_n == make_graph([]).nodes_n == 0


def test_nodes_are_found_and_selected(five):
    """A node is found by name, the nearest is offered otherwise; a part keeps its edges and flags."""
    assert five.find_node("c") == 2
    with pytest.raises(DataError, match="Did you mean San Jose PD"):
        make_graph([("San Jose PD", "b")]).find_node("San Jos PD")
    part = five.select_nodes(five.names != "b")
    assert part.list_edges().to_numpy().tolist() == [["a", "c"], ["c", "d"], ["d", "e"]]
    assert part.is_reporter.tolist() == [True, True, False, False]
    assert five.select_nodes(np.zeros(5, bool)).nodes_n == 0


def test_lists_are_taken_back(five):
    """Without the list of b its edges are gone; what a shares with it stays, and nothing else changes."""
    left = five.drop_lists(["b"])
    assert left.list_edges().to_numpy().tolist() == [["a", "b"], ["a", "c"], ["c", "d"], ["d", "e"]]
    assert left.is_reporter.tolist() == [True, False, True, False, False]
    assert five.edges_n == 6


def test_real_graph(real, private_eyes):
    """private_eyes: 4,620 agencies, 37,099 edges, 224 reporters; mean 165.6 recipients of a reporter, median 127."""
    assert (real.nodes_n, real.edges_n, int(real.is_reporter.sum())) == (4_620, 37_099, 224)
    known = real.out_degrees[real.is_reporter]
    assert round(known.mean(), 1) == 165.6 and np.median(known) == 127
    left = real.drop_lists(["Pittsboro IN PD"])
    assert left.edges_n == 33_238 and int((left.in_degrees > 0).sum()) == 4_260
