"""Sharing networks: ours beside networkx, igraph, SciPy, rustworkx and networkit, on an invented network.

All ways start from the same numbers of agencies. Ours holds the network as rows of bits, and hands it over to
SciPy and igraph once, for components, cores, PageRank and betweenness.
"""

from functools import partial
from pathlib import Path

import numpy as np

SEED = 20261125
SIZES = {"vendor": (5_000, 4_000_000), "tiny": (60, 500)}
TINY = "tiny"
WAYS = ["sidedoor", "networkx", "igraph", "scipy", "rustworkx", "networkit"]
TASKS = [
    "build",
    "reach",
    "reciprocity",
    "two hops",
    "hand over",
    "components",
    "k-core",
    "pagerank",
    "betweenness",
]
LEFT_OUT = [("vendor", "networkx", task) for task in ("two hops", "k-core", "betweenness")]
HOPS, PIVOTS, DAMPING = 3, 16, 0.85


def prepare(folder: Path, size: str) -> str:
    """Write the edges of one network: owners and readers, by number."""
    nodes_n, wanted = SIZES[size]
    owners, readers = invent_edges(nodes_n, wanted)
    np.save(folder / "owners.npy", owners)
    np.save(folder / "readers.npy", readers)
    (folder / "nodes.txt").write_text(str(nodes_n), encoding="utf-8", newline="\n")
    return f"an invented network of {nodes_n:,} agencies and {len(owners):,} shares, seed {SEED}"


def invent_edges(nodes_n: int, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Invent about that many shares: skewed numbers on both sides, a part of them returned, none twice."""
    source = np.random.default_rng([SEED, nodes_n])
    gives, reads = source.lognormal(0, 1, nodes_n), source.lognormal(0, 0.8, nodes_n)
    chance = np.outer(gives / gives.sum(), reads / reads.sum())
    np.fill_diagonal(chance, 0)
    scale = wanted / chance.sum()
    for _ in range(8):  # chances beyond one are lost: raise the others until the sum is what was asked for
        scale *= wanted / np.minimum(scale * chance, 0.98).sum()
    is_shared = source.random(chance.shape) < np.minimum(0.74 * scale * chance, 0.98)
    is_shared |= is_shared.T & (source.random(chance.shape) < 0.35)
    owners, readers = np.nonzero(is_shared)
    return owners.astype(np.int32), readers.astype(np.int32)


def open_way(way: str, folder: Path) -> dict:
    """Give the tasks of one way as {task: (call, check)}."""
    nodes_n = int((folder / "nodes.txt").read_text(encoding="utf-8"))
    return globals()[f"_open_{way}"](nodes_n, np.load(folder / "owners.npy"), np.load(folder / "readers.npy"))


def number_parts(labels) -> np.ndarray:
    """Number the parts of a partition by their first agency: the same partition is the same array."""
    _, first, inverse = np.unique(np.asarray(labels), return_index=True, return_inverse=True)
    return first[inverse]


def label_parts(nodes_n: int, parts) -> np.ndarray:
    """Turn sets of agencies into labels, as `number_parts` gives them."""
    labels = np.empty(nodes_n, np.int64)
    for number, part in enumerate(parts):
        labels[list(part)] = number
    return number_parts(labels)


def mark(nodes_n: int, nodes) -> np.ndarray:
    """Turn a set of agencies into one bool for each agency."""
    mask = np.zeros(nodes_n, bool)
    mask[list(nodes)] = True
    return mask


class _Held:
    """What was built, for the other tasks."""

    def keep(self, graph):
        self.graph = graph
        return graph


def _open_sidedoor(nodes_n, owners, readers) -> dict:
    import igraph
    import pandas as pd
    from scipy.sparse.csgraph import connected_components

    from helpers.network import bits

    names = [f"{at:06}" for at in range(nodes_n)]
    columns = {"from_id": owners, "to_id": readers}
    edges = pd.DataFrame({name: pd.Categorical.from_codes(codes, names) for name, codes in columns.items()})
    held, pivots = _Held(), list(range(PIVOTS))

    def hand_over():
        held.matrix = bits.to_csr(held.graph)
        pairs = np.column_stack(held.matrix.nonzero())
        held.other = igraph.Graph(n=nodes_n, edges=pairs, directed=True)
        return held.other.ecount()

    return {
        "build": (lambda: held.keep(bits.pack_edges(edges)), bits.count_edges),
        "reach": (lambda: bits.count_steps(bits.flip(held.graph), 0, HOPS), lambda steps: steps >= 0),
        "reciprocity": (lambda: bits.count_returned(held.graph), lambda returned: returned / len(owners)),
        "two hops": (lambda: bits.count_two_steps(held.graph), np.array),
        "hand over": (hand_over, np.array),
        "components": (lambda: connected_components(held.matrix, connection="strong")[1], number_parts),
        "k-core": (lambda: held.other.coreness(mode="all"), np.array),
        "pagerank": (lambda: held.other.pagerank(damping=DAMPING), np.array),
        "betweenness": (lambda: held.other.betweenness(sources=pivots), np.array),
    }


def _open_networkx(nodes_n, owners, readers) -> dict:
    import networkx as nx

    held, pivots = _Held(), list(range(PIVOTS))

    def build():
        graph = nx.DiGraph()
        graph.add_nodes_from(range(nodes_n))
        graph.add_edges_from(zip(owners.tolist(), readers.tolist(), strict=True))
        return held.keep(graph)

    def count_two():
        return [len(nx.single_source_shortest_path_length(held.graph, at, 2)) - 1 for at in range(nodes_n)]

    def arrange(found):
        return np.array([found[at] for at in range(nodes_n)])

    return {
        "build": (build, nx.DiGraph.number_of_edges),
        "reach": (lambda: nx.single_target_shortest_path_length(held.graph, 0, HOPS), partial(mark, nodes_n)),
        "reciprocity": (lambda: nx.overall_reciprocity(held.graph), np.array),
        "two hops": (count_two, np.array),
        "components": (
            lambda: list(nx.strongly_connected_components(held.graph)),
            partial(label_parts, nodes_n),
        ),
        "k-core": (lambda: nx.core_number(held.graph), arrange),
        "pagerank": (lambda: nx.pagerank(held.graph, DAMPING, tol=1e-10 / nodes_n, max_iter=1000), arrange),
        "betweenness": (lambda: nx.betweenness_centrality_subset(held.graph, pivots, held.graph), arrange),
    }


def _open_igraph(nodes_n, owners, readers) -> dict:
    import igraph

    held, pivots = _Held(), list(range(PIVOTS))
    pairs = np.column_stack([owners, readers])

    def build():
        return held.keep(igraph.Graph(n=nodes_n, edges=pairs, directed=True))

    return {
        "build": (build, igraph.Graph.ecount),
        "reach": (lambda: held.graph.neighborhood(0, order=HOPS, mode="in"), partial(mark, nodes_n)),
        "reciprocity": (lambda: held.graph.reciprocity(), np.array),
        "two hops": (lambda: held.graph.neighborhood_size(order=2, mode="out", mindist=1), np.array),
        "components": (lambda: held.graph.connected_components("strong").membership, number_parts),
        "k-core": (lambda: held.graph.coreness(mode="all"), np.array),
        "pagerank": (lambda: held.graph.pagerank(damping=DAMPING), np.array),
        "betweenness": (lambda: held.graph.betweenness(sources=pivots), np.array),
    }


def _open_scipy(nodes_n, owners, readers) -> dict:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, dijkstra

    held = _Held()

    def build():
        ones = np.ones(len(owners), np.int32)
        return held.keep(coo_array((ones, (owners, readers)), shape=(nodes_n, nodes_n)).tocsr())

    def count_two():
        wide = held.graph @ held.graph + held.graph
        wide.setdiag(0)
        wide.eliminate_zeros()
        return np.diff(wide.indptr)

    return {
        "build": (build, lambda matrix: matrix.nnz),
        "reach": (
            lambda: dijkstra(held.graph.T, indices=0, unweighted=True, limit=HOPS),
            lambda steps: np.isfinite(steps),
        ),
        "reciprocity": (lambda: held.graph.multiply(held.graph.T.tocsr()).sum() / len(owners), np.array),
        "two hops": (count_two, np.array),
        "components": (lambda: connected_components(held.graph, connection="strong")[1], number_parts),
    }


def _open_rustworkx(nodes_n, owners, readers) -> dict:
    import rustworkx as rx

    held = _Held()

    def build():
        graph = rx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(range(nodes_n))
        graph.extend_from_edge_list(list(zip(owners.tolist(), readers.tolist(), strict=True)))
        return held.keep(graph)

    return {
        "build": (build, lambda graph: graph.num_edges()),
        "components": (lambda: rx.strongly_connected_components(held.graph), partial(label_parts, nodes_n)),
        "pagerank": (
            lambda: rx.pagerank(held.graph, alpha=DAMPING, tol=1e-10 / nodes_n, max_iter=1000),
            lambda found: np.array([found[at] for at in range(nodes_n)]),
        ),
    }


def _open_networkit(nodes_n, owners, readers) -> dict:
    import networkit as nk

    held, pairs = _Held(), (owners.astype(np.uint64), readers.astype(np.uint64))

    def find_owners():
        search = nk.distance.BFS(nk.graphtools.transpose(held.graph), 0, storePaths=False)
        return search.run().getDistances()

    def label_components():
        return nk.components.StronglyConnectedComponents(held.graph).run().getPartition().getVector()

    def measure_pagerank():
        sinks = nk.centrality.SinkHandling.DistributeSinks
        return nk.centrality.PageRank(held.graph, DAMPING, 1e-10, distributeSinks=sinks).run().scores()

    return {
        "build": (
            lambda: held.keep(nk.GraphFromCoo(pairs, nodes_n, directed=True)),
            lambda graph: graph.numberOfEdges(),
        ),
        "reach": (find_owners, lambda steps: np.array(steps) <= HOPS),
        "components": (label_components, number_parts),
        "pagerank": (measure_pagerank, lambda found: np.array(found) / np.sum(found)),
    }
