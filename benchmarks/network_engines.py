"""The engines that measure sharing networks: ours, five peers, dense matrices, and a floor of reading once."""

from pathlib import Path

import numpy as np

PIVOTS, SEED, HOPS, DAMPING = 64, 7, 3, 0.85


def load_edges(folder: Path) -> tuple[int, np.ndarray, np.ndarray]:
    """Load the generated edges: number of nodes, owners, readers."""
    nodes_n = int((folder / "nodes.txt").read_text())
    return nodes_n, np.load(folder / "from.npy"), np.load(folder / "to.npy")


def open_engine(name: str, folder: Path) -> list:
    """Import an engine, warm it up, and give its tasks as (name, prepare, call, check)."""
    return _ENGINES[name](folder)


def draw_pivots(nodes_n: int) -> np.ndarray:
    """Draw the owners from which betweenness is sampled, the same for all engines."""
    return np.sort(np.random.default_rng(SEED).choice(nodes_n, min(PIVOTS, nodes_n), replace=False))


def number_parts(labels) -> np.ndarray:
    """Number the parts of a partition by their first node, so that the same partition is the same array."""
    labels = np.asarray(labels, np.int64)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse]


def _label_parts(parts, nodes_n: int) -> np.ndarray:
    labels = np.empty(nodes_n, np.int64)
    for number, part in enumerate(parts):
        labels[list(part)] = number
    return number_parts(labels)


def _mark(nodes, nodes_n: int) -> np.ndarray:
    mask = np.zeros(nodes_n, bool)
    mask[list(nodes)] = True
    return mask


class _Held:
    """What an engine built, for its other tasks."""

    graph = None

    def keep(self, graph):
        self.graph = graph
        return graph

    def give(self):
        return self.graph


def _check_degrees(out, into) -> np.ndarray:
    return np.concatenate([np.asarray(out, np.int64), np.asarray(into, np.int64)])


def _open_sidedoor(folder: Path) -> list:
    from helpers.network import bits, centrality, graph, kernels, nulls, reach, structure

    nodes_n, owners, readers = load_edges(folder)
    names = np.array([f"{at:06}" for at in range(nodes_n)], object)
    # Compiled code is loaded on a small graph, as imports are, whatever the size.
    tiny = [np.arange(9, dtype=np.int32), np.roll(np.arange(9, dtype=np.int32), 1)]
    small = graph.build_coded(names[:9], *tiny)
    if len(owners) >= bits.COMPILED_FROM:
        kernels.set_bits(small.out_bits.copy(), *tiny)
        kernels.measure_ahead(small.out_bits, 0, -1), kernels.measure_back(small.out_bits, 0, -1)
        words = bits.pad_words(small.out_bits)
        kernels.count_returned(words.view(np.uint8))
        kernels.flip_words(words), kernels.extend_reach(words, words, words, 9)
        indptr, _ = small.in_lists
        for dtype in (np.int32, np.uint16):
            places = np.zeros(9 + 8, dtype)
            kernels.list_bits(small.in_bits, indptr, places)
        kernels.measure_pagerank(indptr, places[:-8], small.out_degrees, 0.85, 1e-3)
    nulls.Rewiring(small, 1, True).walk(9)
    if len(owners) >= nulls.WINDOWED_FROM:
        walk = nulls.Rewiring(small, 1, True)
        kernels.exchange(
            walk.bits,
            small.out_lists[0],
            walk.ends,
            np.zeros((1, 2), np.int64),
            np.zeros((9, 2), np.uint16),
            9,
        )

    def build(_):
        return graph.build_coded(names, owners, readers)

    def rewire(given):
        walk = nulls.Rewiring(given, SEED, True)
        walk.walk(given.edges_n)
        return walk

    def measure_betweenness(given):
        table = centrality.measure_betweenness(given, PIVOTS, SEED)
        return (
            table["betweenness"].to_numpy() * (nodes_n - 1) * (nodes_n - 2) * min(PIVOTS, nodes_n) / nodes_n
        )

    def count_two(given):
        return np.bitwise_count(reach.extend_reach(given, given.out_bits)).sum(axis=1, dtype=np.int64)

    def fresh():
        return build(None)  # nothing that an earlier task found is at hand

    return [
        ("build", lambda: None, build, lambda made: _check_degrees(made.out_degrees, made.in_degrees)),
        ("reach-3", fresh, lambda g: reach.measure_hops(g, 0, HOPS, is_reader=True), lambda steps: steps >= 0),
        ("reciprocity", fresh, structure.count_returned, np.array),
        ("components", fresh, structure.label_components, number_parts),
        ("k-core", fresh, structure.measure_cores, np.array),
        ("pagerank", fresh, centrality.measure_pagerank, np.array),
        ("betweenness", fresh, measure_betweenness, np.array),
        ("reach-2-all", fresh, count_two, np.array),
        ("rewiring", fresh, rewire,
         lambda walk: _check_degrees(walk.give_graph().out_degrees, walk.give_graph().in_degrees)),
    ]  # fmt: skip


def _open_networkx(folder: Path) -> list:
    import networkx as nx

    nodes_n, owners, readers = load_edges(folder)
    held, pivots = _Held(), draw_pivots(nodes_n).tolist()

    def build(_):
        graph = nx.DiGraph()
        graph.add_nodes_from(range(nodes_n))
        graph.add_edges_from(zip(owners.tolist(), readers.tolist(), strict=True))
        return held.keep(graph)

    def measure(found) -> list:
        return [found[node] for node in range(nodes_n)]

    def count_two(graph):
        return [len(nx.single_source_shortest_path_length(graph, node, 2)) - 1 for node in range(nodes_n)]

    def rewire(graph):
        # Exchanges of three edges, as many as there are edges.
        return nx.directed_edge_swap(graph, nswap=len(owners), max_tries=100 * len(owners), seed=SEED)

    def check_degrees(graph):
        return _check_degrees(measure(dict(graph.out_degree)), measure(dict(graph.in_degree)))

    return [
        ("build", lambda: None, build, check_degrees),
        ("reach-3", held.give, lambda g: nx.single_target_shortest_path_length(g, 0, HOPS),
         lambda found: _mark(dict(found), nodes_n)),
        ("reciprocity", held.give, nx.overall_reciprocity, lambda share: np.array(round(share * len(owners)))),
        ("components", held.give, lambda g: list(nx.strongly_connected_components(g)),
         lambda parts: _label_parts(parts, nodes_n)),
        ("k-core", held.give, nx.core_number, lambda found: np.array(measure(found))),
        ("pagerank", held.give, lambda g: nx.pagerank(g, DAMPING, tol=1e-10 / nodes_n, max_iter=1000),
         lambda found: np.array(measure(found))),
        ("betweenness", held.give,
         lambda g: nx.betweenness_centrality_subset(g, pivots, range(nodes_n)), lambda found: np.array(measure(found))),
        ("reach-2-all", held.give, count_two, np.array),
        ("rewiring", held.give, rewire, check_degrees),
    ]  # fmt: skip


def _open_igraph(folder: Path) -> list:
    import igraph

    nodes_n, owners, readers = load_edges(folder)
    held, pivots = _Held(), draw_pivots(nodes_n).tolist()
    edges = np.column_stack([owners, readers])

    def rewire(graph):
        graph.rewire(n=len(owners))
        return graph

    def check_degrees(graph):
        return _check_degrees(graph.outdegree(), graph.indegree())

    return [
        ("build", lambda: None, lambda _: held.keep(igraph.Graph(n=nodes_n, edges=edges, directed=True)), check_degrees),
        ("reach-3", held.give, lambda g: g.neighborhood(0, order=HOPS, mode="in"), lambda found: _mark(found, nodes_n)),
        ("reciprocity", held.give, lambda g: g.reciprocity(), lambda share: np.array(round(share * len(owners)))),
        ("components", held.give, lambda g: g.connected_components("strong").membership, number_parts),
        ("k-core", held.give, lambda g: g.coreness(mode="all"), np.array),
        ("pagerank", held.give, lambda g: g.pagerank(damping=DAMPING), np.array),
        ("betweenness", held.give, lambda g: g.betweenness(directed=True, sources=pivots), np.array),
        ("reach-2-all", held.give, lambda g: g.neighborhood_size(order=2, mode="out", mindist=1), np.array),
        ("rewiring", held.give, rewire, check_degrees),
    ]  # fmt: skip


def _open_rustworkx(folder: Path) -> list:
    import rustworkx as rx

    nodes_n, owners, readers = load_edges(folder)
    held = _Held()

    def build(_):
        graph = rx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(range(nodes_n))
        graph.extend_from_edge_list(list(zip(owners.tolist(), readers.tolist(), strict=True)))
        return held.keep(graph)

    def find_owners(graph):
        seen, front = {0}, {0}
        for _ in range(HOPS):
            front = {owner for node in front for owner in graph.predecessor_indices(node)} - seen
            seen |= front
        return seen

    def measure_pagerank(graph):
        return rx.pagerank(graph, alpha=DAMPING, tol=1e-10 / nodes_n, max_iter=1000)

    return [
        ("build", lambda: None, build,
         lambda g: _check_degrees([g.out_degree(v) for v in range(nodes_n)], [g.in_degree(v) for v in range(nodes_n)])),
        ("reach-3", held.give, find_owners, lambda found: _mark(found, nodes_n)),
        ("components", held.give, rx.strongly_connected_components, lambda parts: _label_parts(parts, nodes_n)),
        ("pagerank", held.give, measure_pagerank, lambda found: np.array([found[v] for v in range(nodes_n)])),
    ]  # fmt: skip


def _open_networkit(folder: Path) -> list:
    import networkit as nk

    nodes_n, owners, readers = load_edges(folder)
    held = _Held()

    def build(_):
        return held.keep(
            nk.GraphFromCoo((owners.astype(np.uint64), readers.astype(np.uint64)), nodes_n, directed=True)
        )

    def find_owners(graph):
        search = nk.distance.BFS(nk.graphtools.transpose(graph), 0, storePaths=False)
        return search.run().getDistances()

    def label_components(graph):
        return nk.components.StronglyConnectedComponents(graph).run().getPartition().getVector()

    def measure_pagerank(graph):
        rank = nk.centrality.PageRank(
            graph, DAMPING, 1e-10, distributeSinks=nk.centrality.SinkHandling.DistributeSinks
        )
        return rank.run().scores()

    def estimate_betweenness(graph):
        return nk.centrality.EstimateBetweenness(graph, PIVOTS).run().scores()

    def rewire(graph):
        switch = nk.randomization.EdgeSwitching(graph, 1.0)
        switch.run()
        return switch.getGraph()

    def check_degrees(graph):
        return _check_degrees(
            [graph.degreeOut(v) for v in range(nodes_n)], [graph.degreeIn(v) for v in range(nodes_n)]
        )

    def check_rank(found):
        rank = np.array(found)
        return rank / rank.sum()

    return [
        ("build", lambda: None, build, check_degrees),
        ("reach-3", held.give, find_owners, lambda steps: np.array(steps) <= HOPS),
        ("components", held.give, label_components, number_parts),
        ("pagerank", held.give, measure_pagerank, check_rank),
        ("betweenness", held.give, estimate_betweenness, lambda _: None),  # it draws its own pivots
        ("rewiring", held.give, rewire, check_degrees),
    ]  # fmt: skip


def _open_scipy(folder: Path) -> list:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes_n, owners, readers = load_edges(folder)
    held = _Held()

    def build(_):
        ones = np.ones(len(owners), np.int32)
        return held.keep(coo_array((ones, (owners, readers)), shape=(nodes_n, nodes_n)).tocsr())

    def find_owners(matrix):
        seen = np.zeros(nodes_n, np.int32)
        seen[0] = 1
        front = seen
        for _ in range(HOPS):
            front = ((matrix @ front > 0) & (seen == 0)).astype(np.int32)
            seen = seen | front
        return seen > 0

    def measure_pagerank(matrix):
        degrees = np.diff(matrix.indptr)
        back = matrix.T.tocsr().astype(float)
        rank = np.full(nodes_n, 1 / nodes_n)
        while True:
            share = np.divide(rank, degrees, out=np.zeros(nodes_n), where=degrees > 0)
            after = DAMPING * (back @ share + rank[degrees == 0].sum() / nodes_n) + (1 - DAMPING) / nodes_n
            if np.abs(after - rank).sum() < 1e-10:
                return after
            rank = after

    def count_two(matrix):
        wide = matrix @ matrix + matrix
        wide.setdiag(0)
        wide.eliminate_zeros()
        return np.diff(wide.indptr)

    return [
        ("build", lambda: None, build,
         lambda a: _check_degrees(np.diff(a.indptr), np.bincount(a.indices, minlength=nodes_n))),
        ("reach-3", held.give, find_owners, np.array),
        ("reciprocity", held.give, lambda a: a.multiply(a.T.tocsr()).sum(), np.array),
        ("components", held.give, lambda a: connected_components(a, connection="strong")[1], number_parts),
        ("pagerank", held.give, measure_pagerank, np.array),
        ("reach-2-all", held.give, count_two, np.array),
    ]  # fmt: skip


def _open_dense(folder: Path) -> list:
    nodes_n, owners, readers = load_edges(folder)
    held = _Held()

    def build(_):
        matrix = np.zeros((nodes_n, nodes_n), bool)
        matrix[owners, readers] = True
        return held.keep(matrix)

    def count_two(matrix):
        single = matrix.astype(np.float32)
        wide = (single @ single > 0) | matrix
        np.fill_diagonal(wide, False)
        return wide.sum(axis=1)

    return [
        ("build", lambda: None, build, lambda a: _check_degrees(a.sum(axis=1), a.sum(axis=0))),
        ("reciprocity", held.give, lambda a: np.count_nonzero(a & a.T), np.array),
        ("reach-2-all", held.give, count_two, np.array),
    ]


def _open_floor(folder: Path) -> list:
    nodes_n, owners, readers = load_edges(folder)
    words = np.ones(nodes_n * ((nodes_n + 7) // 8) // 8 + 1, np.uint64)

    def read_edges(_):
        return int(owners.sum()) + int(readers.sum())

    def read_bits(_):
        return int(words.sum())

    once = ["reach-3", "reciprocity", "components", "k-core"]
    tasks = [("build", lambda: None, read_edges, lambda _: None)]
    tasks += [(task, lambda: None, read_bits, lambda _: None) for task in once]
    return [*tasks, ("pagerank", lambda: None, read_edges, lambda _: None)]


_ENGINES = {
    "sidedoor": _open_sidedoor, "networkx": _open_networkx, "igraph": _open_igraph, "rustworkx": _open_rustworkx,
    "networkit": _open_networkit, "scipy": _open_scipy, "numpy dense": _open_dense, "floor": _open_floor,
}  # fmt: skip
