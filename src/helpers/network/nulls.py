"""Null models: what would a network look like in which every agency shared as much and read as much, but with anybody?

Random graphs with the same degrees are made by exchanging the ends of two edges, over and over. Where two chosen edges
follow each other, a triangle that they are part of is turned round instead: without that some graphs of the same
degrees could never be reached. Every attempt counts; one that would make a loop or a parallel edge leaves the graph as
it is, which keeps all reachable graphs equally likely.

In a large graph two windows of the list of edges are drawn first, and then as many pairs across them as a window is
long. Which pairs are tried does not depend on where the walk stands, so all graphs stay equally likely; and what the
attempts read lies close together in memory. A walk in windows wants about a third more attempts to forget as much of
where it began; eight per edge leave no difference that could be measured.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.bits import list_pairs, pack_edges, pad_words
from helpers.network.degrees import FEDERAL
from helpers.network.graph import SharingGraph
from helpers.network.structure import count_returned

# From so many attempts, or so many edges to close ways, compiled code saves more than loading it costs.
COMPILED_FROM, CLOSED_FROM = 2_500_000, 100_000
# From so many edges on, 100 samples do.
LARGE = 1 << 20
_DRAWS = 1 << 18
# Which shares of the samples lie at most at `null_low` and at `null_high`.
SPAN = 0.025, 0.975
# Edges in a window, and from how many edges on there are windows.
WINDOW, WINDOWED_FROM = 1 << 13, 1 << 16


class Rewiring:
    """A random walk over the graphs with the same degrees: simple, directed, seeded.

    Parameters
    ----------
    graph
        Where the walk begins.
    seed
        Of all draws; the same seed gives the same walk, compiled or not.
    is_compiled
        Whether compiled code walks: many times faster, once it is loaded.
    """

    def __init__(self, graph: SharingGraph, seed: int = 0, is_compiled: bool = False):
        self.nodes_n = graph.nodes_n
        self.bits = graph.out_bits.copy()
        # Both ends of an edge beside each other, in as few bytes as do.
        self.ends = list_pairs(
            self.bits, graph.edges_n, np.uint16 if graph.nodes_n <= 1 << 16 else np.int32, is_compiled
        )
        self.attempts_n = self.accepted_n = 0
        self._graph, self._random = graph, np.random.default_rng(seed)
        self._starts = np.concatenate([[0], np.cumsum(graph.out_degrees)])
        self._is_compiled = is_compiled

    def walk(self, attempts: int) -> None:
        """Attempt a number of exchanges."""
        edges_n = len(self.ends)
        while attempts and edges_n > 1:
            count = min(attempts, _DRAWS)
            starts, draws, window = self._draw(count)
            if self._is_compiled:
                from helpers.network import kernels

                accepted = kernels.exchange(self.bits, self._starts, self.ends, starts, draws, window)
            else:
                pairs = np.repeat(starts, window, axis=0)[:count] + draws
                accepted = self._exchange(pairs % edges_n)
            self.attempts_n += count
            self.accepted_n += int(accepted)
            attempts -= count

    def give_graph(self) -> SharingGraph:
        """Give the graph where the walk stands."""
        graph = self._graph
        return SharingGraph(graph.names, self.bits.copy(), graph.is_reporter, graph.is_pool)

    def _draw(self, count: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Draw pairs of edges: where two windows begin, steps from there, and how many steps belong to one pair of windows."""
        edges_n = len(self.ends)
        if edges_n < WINDOWED_FROM:
            return (
                np.zeros((1, 2), np.int64),
                self._random.integers(0, edges_n, (count, 2), dtype=np.int32),
                count,
            )
        starts = self._random.integers(0, edges_n, (-(-count // WINDOW), 2))
        steps = (
            np.frombuffer(self._random.bytes(4 * count), "<u2")
            .astype(np.uint16, copy=False)
            .reshape(count, 2)
        )
        return starts, steps & np.uint16(WINDOW - 1), WINDOW

    def _exchange(self, draws: np.ndarray) -> int:
        """Exchange ends of edges: the plain twin of `kernels.exchange`."""
        # Every owner keeps its places in the list of edges, so that only readers move.
        owners, readers = self.ends.T.tolist()
        there, accepted = set(zip(owners, readers, strict=True)), 0
        for i, j in draws.tolist():
            a, b, c, d = owners[i], readers[i], owners[j], readers[j]
            if d == a:
                i, j, a, b, c, d = j, i, c, d, a, b
            if b == c:
                # a -> b -> d: turned round if d -> a closes a triangle that is not there the other way
                if a == d or (d, a) not in there or (b, a) in there or (d, b) in there or (a, d) in there:
                    continue
                k = readers.index(a, int(self._starts[d]))
                there -= {(a, b), (b, d), (d, a)}
                there |= {(b, a), (d, b), (a, d)}
                readers[i], readers[j], readers[k] = d, a, b
            elif i == j or (a, d) in there or (c, b) in there:
                continue
            else:
                there -= {(a, b), (c, d)}
                there |= {(a, d), (c, b)}
                readers[i], readers[j] = d, b
            accepted += 1
        self.ends[:, 1] = readers
        self.bits, _ = pack_edges(self.nodes_n, self.ends[:, 0], self.ends[:, 1])
        return accepted


def measure_clustering(graph: SharingGraph) -> float:
    """Measure transitivity: of all ways of two hops u -> v -> w to another agency, the share where u -> w as well."""
    out, into = graph.out_degrees, graph.in_degrees
    ways = int((out * into).sum()) - count_returned(graph)
    return count_closed(graph) / ways if ways else float("nan")


def count_closed(graph: SharingGraph) -> int:
    """Count the ways of two hops u -> v -> w where u -> w is an edge too."""
    if graph.edges_n >= CLOSED_FROM:
        from helpers.network import kernels

        indptr, indices = graph.out_lists
        return int(kernels.count_closed(pad_words(graph.out_bits), pad_words(graph.in_bits), indptr, indices))
    indptr, indices = graph.out_lists
    total = 0
    for u in np.flatnonzero(graph.out_degrees):
        shared = graph.in_bits[indices[indptr[u] : indptr[u + 1]]] & graph.out_bits[u]
        total += int(np.bitwise_count(shared).sum(dtype=np.int64))
    return total


def measure_assortativity(graph: SharingGraph, states: pd.Series) -> float:
    """Measure state assortativity (Newman's): 1 if sharing stays within states, 0 if state plays no part.

    Only edges between agencies of known state count, federal accounts left out; missing without any.
    """
    codes = _code_known(graph, states)
    return _compare_states(graph.out_lists, codes)


def compare_with_null(
    graph: SharingGraph,
    states: pd.Series | None = None,
    *,
    samples: int | None = None,
    attempts_per_edge: int = 10,
    seed: int = 0,
    more: Mapping[str, Callable[[SharingGraph], float]] | None = None,
) -> pd.DataFrame:
    """Compare reciprocity, clustering and state assortativity with graphs of the same degrees.

    Parameters
    ----------
    graph
        From `build_graph`; best the part between reporters (`graph.select_nodes(graph.is_reporter)`), as the edges of
        others are unknown.
    states
        State by agency_id, `federal` for accounts that are in no state; without it assortativity is left out.
    samples
        Random graphs; by default 1,000, and 100 from a million edges on.
    attempts_per_edge
        Exchanges attempted between two samples, per edge; ten times as many go before the first.
    seed
        Of the walk.
    more
        Further measures by name.

    Returns
    -------
    DataFrame, one row per measure: measure, observed, null_mean, null_sd, z (missing where the samples do not vary),
    null_low and null_high (2.5 and 97.5 percent of the samples), as_far_n (samples at least as far from the mean as the
    observed), samples_n, attempts_n, accepted_frac.

    Raises
    ------
    DataError
        Fewer than two samples, or no attempt per edge.
    """
    samples = (100 if graph.edges_n >= LARGE else 1000) if samples is None else samples
    if samples < 2 or attempts_per_edge < 1:
        found = f"{samples} samples, {attempts_per_edge} attempts per edge"
        raise DataError("compare_with_null", found, "Give at least two samples and one attempt.")
    measures: dict[str, Callable[[SharingGraph], float]] = {
        "reciprocity": lambda part: count_returned(part) / part.edges_n if part.edges_n else float("nan"),
        "clustering": measure_clustering,
    }
    if states is not None:
        codes = _code_known(graph, states)
        measures["state assortativity"] = lambda part: _compare_states(part.out_lists, codes)
    measures |= more or {}
    per_sample = attempts_per_edge * graph.edges_n
    total = per_sample * (samples + 9)
    walk = Rewiring(graph, seed, total >= COMPILED_FROM)
    walk.walk(9 * per_sample)
    drawn = {name: np.empty(samples) for name in measures}
    for at in range(samples):
        walk.walk(per_sample)
        part = walk.give_graph()
        for name, measure in measures.items():
            drawn[name][at] = measure(part)
    rows = []
    for name, measure in measures.items():
        observed, values = measure(graph), drawn[name]
        mean, sd = values.mean(), values.std(ddof=1)
        z = (observed - mean) / sd if sd > 1e-12 else np.nan
        low, high = np.quantile(values, SPAN)
        far = int((np.abs(values - mean) >= abs(observed - mean) - 1e-12).sum())
        rows.append((name, observed, mean, sd, z, low, high, far))
    columns = ["measure", "observed", "null_mean", "null_sd", "z", "null_low", "null_high", "as_far_n"]
    accepted = walk.accepted_n / walk.attempts_n if walk.attempts_n else np.nan
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(samples_n=samples, attempts_n=walk.attempts_n, accepted_frac=accepted)


def _code_known(graph: SharingGraph, states: pd.Series) -> np.ndarray:
    """Number the states of the nodes; -1 is unknown, or a federal account, which is in none."""
    of = pd.Series(states).reindex(graph.names).astype("object")
    return pd.factorize(of.where(of.notna() & ~of.isin(["", FEDERAL]), None), sort=True)[0]


def _compare_states(lists: tuple[np.ndarray, np.ndarray], codes: np.ndarray) -> float:
    indptr, indices = lists
    ends = np.repeat(codes, np.diff(indptr)), codes[indices]
    is_known = (ends[0] >= 0) & (ends[1] >= 0)
    if not is_known.any():
        return float("nan")
    size = int(codes.max()) + 1
    table = np.bincount(ends[0][is_known] * size + ends[1][is_known], minlength=size * size).reshape(
        size, size
    )
    shares = table / table.sum()
    expected = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return (float(np.trace(shares)) - expected) / (1 - expected) if expected < 1 else float("nan")
