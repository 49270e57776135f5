"""Rows of bits against networkx, on networks of every small size."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.network import bits
from made.refusal import refused


def make_pair(size, probability, seed):
    """Make one random network twice: of networkx and of bits. Repeats count once; texts give the same."""
    graph = nx.gnp_random_graph(size, probability, seed, directed=True)
    graph = nx.relabel_nodes(graph, lambda node: f"n{node:04d}")
    edges = pd.DataFrame(list(graph.edges), columns=["from_id", "to_id"])
    edges = pd.concat([edges.sample(frac=1, random_state=seed), edges.head(2)])
    ends = pd.CategoricalDtype(sorted(graph))
    texts, categories = bits.pack_edges(edges), bits.pack_edges(edges.astype(ends))
    assert set(texts.names) < set(graph) or np.array_equal(texts.bits, categories.bits)
    return graph, categories


@pytest.mark.parametrize(
    ("size", "probability"),
    [(1, 0), (2, 1), (7, 0.4), (63, 0.1), (64, 0.5), (65, 0.02), (130, 0.3), (700, 0.01)],
)
def test_bits_answer_as_networkx_does(size, probability):
    """Number of shares, returned ones, steps onward and back, two steps of all, sparse matrix."""
    graph, network = make_pair(size, probability, size)
    names = list(network.names)
    start = names[size // 2]
    onward = nx.single_source_shortest_path_length(graph, start, cutoff=3)
    back = nx.single_source_shortest_path_length(graph.reverse(), start, cutoff=3)
    two = [len(nx.single_source_shortest_path_length(graph, name, cutoff=2)) - 1 for name in names]

    assert bits.count_edges(network) == graph.number_of_edges()
    assert bits.count_returned(network) == sum(graph.has_edge(v, u) for u, v in graph.edges)
    for rows, expected in ((network.bits, onward), (bits.flip(network), back)):
        steps = bits.count_steps(rows, size // 2, 3)
        assert [expected.get(name, -1) for name in names] == steps.tolist()
    assert bits.count_two_steps(network).tolist() == two
    assert (bits.to_csr(network) != nx.to_scipy_sparse_array(graph, nodelist=names, weight=None)).nnz == 0


@pytest.mark.parametrize("row", [("a", "a"), (None, "a"), ("a", None)])
def test_wrong_rows_are_refused_by_number(row):
    edges = pd.DataFrame([("a", "b"), row], columns=["from_id", "to_id"])

    with refused("bad-edge", DataError, place="row 2"):
        bits.pack_edges(edges)
