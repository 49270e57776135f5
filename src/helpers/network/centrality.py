"""Centrality: PageRank and betweenness. Read them with care: they measure who answered as much as who is central.

An agency whose list was not released has no edges out. It passes nothing on in these measures, whatever it does in
truth, so its betweenness is 0 by construction and its PageRank spreads over everybody.
"""

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.bits import COMPILED_FROM, list_bits
from helpers.network.graph import SharingGraph

# Owners followed at a time.
_COLUMNS = 64


def measure_pagerank(graph: SharingGraph, damping: float = 0.85, tolerance: float = 1e-10) -> np.ndarray:
    """Measure PageRank: where somebody arrives who follows edges from owner to reader at random.

    Parameters
    ----------
    graph
        From `build_graph`.
    damping
        Share of steps that follow an edge; the others begin anew anywhere, as do those from a node without edges out.
    tolerance
        Iteration ends when all changes together are below it.

    Returns
    -------
    One number per node; they add up to 1.

    Raises
    ------
    DataError
        Damping is not between 0 and 1.
    """
    if not 0 <= damping < 1:
        raise DataError("damping", f"{damping} was given", "Give a share from 0 to below 1.")
    nodes_n = graph.nodes_n
    if not nodes_n:
        return np.zeros(0)
    degrees = graph.out_degrees
    if graph.edges_n >= COMPILED_FROM:
        from helpers.network import kernels

        # Owners' numbers in as few bytes as do: they are read over and over.
        indptr, owners = list_bits(
            graph.in_bits, graph.in_degrees, np.uint16 if nodes_n <= 1 << 16 else np.int32
        )
        return kernels.measure_pagerank(indptr, owners, degrees, damping, tolerance)
    indptr, owners = graph.in_lists
    owners = owners.astype(np.intp)
    is_read = np.flatnonzero(graph.in_degrees)
    rank, is_stuck = np.full(nodes_n, 1 / nodes_n), degrees == 0
    share, moved = np.zeros(nodes_n), np.zeros(nodes_n)
    while True:
        np.divide(rank, degrees, out=share, where=~is_stuck)
        if len(is_read):
            moved[is_read] = np.add.reduceat(share[owners], indptr[is_read])
        stuck = rank[is_stuck].sum()
        after = damping * (moved + stuck / nodes_n) + (1 - damping) / nodes_n
        change = np.abs(after - rank).sum()
        rank = after
        if change < tolerance:
            return rank / rank.sum()


def measure_betweenness(graph: SharingGraph, pivots: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Measure betweenness: on which share of the shortest ways between two others a node stands.

    Parameters
    ----------
    graph
        From `build_graph`.
    pivots
        Owners from which ways are followed, drawn at random; without it all of them, which is exact.
    seed
        Of the draw.

    Returns
    -------
    DataFrame, one row per agency by agency_id: agency_id, is_reporter, betweenness (mean over ordered pairs of others
    of the share of their shortest ways through it), error (standard error of the estimate; 0 where exact).

    Raises
    ------
    DataError
        Fewer than two pivots.

    Notes
    -----
    Brandes' algorithm, many owners at a time as products of a sparse matrix. The estimate draws without replacement; its error
    is that of a mean, corrected for the finite number of owners.
    """
    from scipy.sparse import csr_array

    nodes_n = graph.nodes_n
    if pivots is not None and pivots < 2:
        raise DataError("pivots", f"{pivots} was given", "Draw at least two, or give none for all.")
    if pivots is None or pivots >= nodes_n:
        # Nothing begins at a node without edges out.
        starts, drawn_n = np.flatnonzero(graph.out_degrees), nodes_n
    else:
        drawn_n = pivots
        starts = np.sort(np.random.default_rng(seed).choice(nodes_n, pivots, replace=False))
    indptr, indices = graph.out_lists
    edges = csr_array((np.ones(len(indices)), indices, indptr), shape=(nodes_n, nodes_n))
    sums, squares = np.zeros(nodes_n), np.zeros(nodes_n)
    for at in range(0, len(starts), _COLUMNS):
        depends = _follow_ways(edges, starts[at : at + _COLUMNS])
        sums += depends.sum(axis=1)
        squares += (depends**2).sum(axis=1)
    scale = max(1, (nodes_n - 1) * (nodes_n - 2))
    estimate = sums * (nodes_n / max(drawn_n, 1)) / scale
    error = np.zeros(nodes_n)
    if drawn_n < nodes_n:
        variance = np.maximum(0, squares - sums**2 / drawn_n) / (drawn_n - 1)
        error = nodes_n * np.sqrt(variance / drawn_n * (1 - drawn_n / nodes_n)) / scale
    table = {
        "agency_id": graph.names,
        "is_reporter": graph.is_reporter,
        "betweenness": estimate,
        "error": error,
    }
    return pd.DataFrame(table).astype({"agency_id": "str"})


def _follow_ways(edges, starts: np.ndarray) -> np.ndarray:
    """Follow the shortest ways from some owners: how much each node (row) is depended on by each owner (column).

    `edges` is a sparse matrix. Its products are sums in a fixed order, whatever the number of threads.
    """
    nodes_n, columns = edges.shape[0], np.arange(len(starts))
    depth = np.full((nodes_n, len(starts)), -1, np.int32)
    ways = np.zeros((nodes_n, len(starts)))
    depth[starts, columns], ways[starts, columns] = 0, 1
    level = 0
    while (depth < 0).any():
        rows, part = _select_rows(edges, (depth == level).any(axis=1))
        moved = part.T @ np.where(depth[rows] == level, ways[rows], 0)
        is_new = (moved > 0) & (depth < 0)
        if not is_new.any():
            break
        level += 1
        depth[is_new] = level
        ways[is_new] = moved[is_new]
    depends = np.zeros_like(ways)
    for back in range(level, 1, -1):
        share = np.zeros_like(ways)
        np.divide(1 + depends, ways, out=share, where=depth == back)
        rows, part = _select_rows(edges, (depth == back - 1).any(axis=1))
        depends[rows] += np.where(depth[rows] == back - 1, ways[rows] * (part @ share), 0)
    return depends


def _select_rows(edges, is_chosen: np.ndarray):
    """Select rows of a sparse matrix; all of them where that spares a copy of most."""
    if is_chosen.sum() * 2 > len(is_chosen):
        return np.arange(len(is_chosen)), edges
    rows = np.flatnonzero(is_chosen)
    return rows, edges[rows]
