"""Cuts of large graphs on rows of bits: against networkx and against maximum flows."""

import networkx as nx
import pytest

from helpers.network import cuts
from helpers.network.cuts import find_cut

from .conftest import make_graph


@pytest.mark.parametrize(("nodes_n", "density"), [(40, 0.06), (120, 0.04), (120, 0.3), (300, 0.02)])
def test_large_cuts_are_those_of_networkx(nodes_n, density, monkeypatch):
    """Ways sought on rows of bits: as many agencies as networkx cuts, the same ones as by maximum flow."""
    names = [f"{at:03}" for at in range(nodes_n)]
    there = nx.gnp_random_graph(nodes_n, density, seed=nodes_n, directed=True)
    there.remove_edges_from([(u, v) for u in (0, 1, 2) for v in (nodes_n - 1, nodes_n - 2)])
    graph = make_graph(((names[u], names[v]) for u, v in there.edges), nodes=names)
    for sources, targets in ((names[:1], names[-1:]), (names[:3], names[-2:])):
        flow = find_cut(graph, sources, targets)
        with monkeypatch.context() as patch:
            patch.setattr(cuts, "COMPILED_FROM", 0)
            assert find_cut(graph, sources, targets).equals(flow)
    assert len(find_cut(graph, names[:1], names[-1:])) == nx.node_connectivity(there, 0, nodes_n - 1)
