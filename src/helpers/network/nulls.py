"""Null models: what a network of the same numbers of shares would look like if everything else were chance.

Random networks are made by exchanging the ends of two shares, over and over, so that every agency keeps the
number of agencies that it shares with and that share with it.
"""

import random
from contextlib import contextmanager

import networkx as nx
import numpy as np
import pandas as pd

from helpers.errors import DataError

# Partitions that agree less from one start to the next (adjusted Rand index) are no groups (Steinley,
# Psychological Methods 2004).
FIRM = 0.8


def compare_reciprocity(graph: nx.DiGraph, samples: int = 100, seed: int = 0) -> dict[str, float]:
    """Return how many shares are returned, and how many would be by chance alone.

    Parameters
    ----------
    graph
        Best the part between reporters (`build.select_reporters`), as the shares of others are unknown.
    samples, seed
        Random networks with the same numbers of shares given and received, two or more, and their seed.

    Returns
    -------
    dict: observed, null_mean, null_sd, null_low and null_high (2.5 and 97.5 percent of the random networks),
    beyond_n (random networks with at least as many returned), samples_n. Fewer than 1 in samples_n + 1 would
    be as high if beyond_n is 0.

    Notes
    -----
    igraph's rewiring, ten attempts for each share between two samples. In a dense network with uneven
    agencies most shares are returned by chance alone: a plain proportion is no evidence of agreement
    (Garlaschelli and Loffredo, Physical Review Letters 2004).
    """
    import igraph

    walk = igraph.Graph(n=len(graph), edges=_list_edges(graph), directed=True)
    if samples < 2 or not walk.ecount():
        found = f"{samples} samples, {walk.ecount()} shares"
        raise DataError("null model", found, "Give at least two samples and one share.", code="no-sample")
    values = []
    with _seeded(seed):
        walk.rewire(100 * walk.ecount())
        for _ in range(samples):
            walk.rewire(10 * walk.ecount())
            values.append(walk.reciprocity())
    observed = nx.overall_reciprocity(graph)
    return {"observed": observed, **_describe(values, observed)}


def find_groups(
    graph: nx.DiGraph, samples: int = 100, starts: int = 10, seed: int = 0
) -> tuple[dict, pd.Series]:
    """Return whether agencies fall into groups that chance and returned shares do not explain.

    Parameters
    ----------
    graph
        Best the part between reporters.
    samples, starts, seed
        Random networks; starts of the method; seed of the random numbers.

    Returns
    -------
    result
        dict: observed (modularity), null_mean, null_sd, null_low, null_high, beyond_n, samples_n, agreement
        (lowest adjusted Rand index between two starts), is_firm (the modularity is above 97.5 percent of the
        random networks, and the starts agree by `FIRM` or more).
    members
        Group of each agency_id, 0 the largest, from the start with the highest modularity. Meaningless if
        not firm.

    Notes
    -----
    Leiden (Traag, Waltman and van Eck, Scientific Reports 2019) on the undirected network, a returned share
    counted twice. The random networks keep returned shares returned: otherwise reciprocity alone would pass
    for groups. An agreement of starts says nothing about who would be in a group had others reported.
    """
    import igraph

    with _seeded(seed):
        walk = _PairWalk(graph, random.Random(seed))
        found = [_divide(len(graph), *walk.give_pairs()) for _ in range(starts)]
        best = max(found, key=lambda parts: parts.modularity)
        others = [other for other in found if other.membership != best.membership]
        scores = [igraph.compare_communities(best, other, method="adjusted_rand") for other in others]
        values = []
        for _ in range(samples):
            walk.step()
            values.append(_divide(len(graph), *walk.give_pairs()).modularity)
    agreement = min(scores, default=1.0)
    result = {"observed": best.modularity, **_describe(values, best.modularity), "agreement": agreement}
    result["is_firm"] = best.modularity > result["null_high"] and result["agreement"] >= FIRM
    sizes = pd.Series(best.membership).value_counts(sort=False)
    order = {group: at for at, group in enumerate(sizes.sort_values(ascending=False, kind="stable").index)}
    members = pd.Series([order[group] for group in best.membership], index=sorted(graph), name="group")
    return result, members


@contextmanager
def _seeded(seed: int):
    """Give igraph a generator of its own, and take it away again."""
    import igraph

    igraph.set_random_number_generator(random.Random(seed))
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)


def _list_edges(graph: nx.DiGraph) -> list[tuple[int, int]]:
    """Return the shares by the places of their agencies in sorted order."""
    place = {agency: at for at, agency in enumerate(sorted(graph))}
    return sorted((place[owner], place[reader]) for owner, reader in graph.edges)


def _divide(size: int, pairs: list, weights: list):
    import igraph

    undirected = igraph.Graph(n=size, edges=pairs, directed=False)
    undirected.es["weight"] = weights
    return undirected.community_leiden("modularity", weights="weight", n_iterations=5)


class _PairWalk:
    """A random walk over networks in which each agency keeps the numbers of its returned and single shares.

    Two returned pairs exchange partners, or two single shares exchange recipients, if no pair would then
    share twice. Attempts that are refused count, so that all networks stay equally likely.
    """

    def __init__(self, graph: nx.DiGraph, rng: random.Random):
        edges = _list_edges(graph)
        there = set(edges)
        self.returned = [(u, v) for u, v in edges if u < v and (v, u) in there]
        self.single = [(u, v) for u, v in edges if (v, u) not in there]
        self.taken = {(min(pair), max(pair)) for pair in edges}
        self.rng = rng

    def step(self, attempts_per_edge: int = 10) -> None:
        """Attempt ten exchanges for each pair."""
        for pairs, is_directed in ((self.returned, False), (self.single, True)):
            for _ in range(attempts_per_edge * len(pairs) if len(pairs) > 1 else 0):
                i, j = self.rng.randrange(len(pairs)), self.rng.randrange(len(pairs))
                (a, b), (c, d) = pairs[i], pairs[j]
                if not is_directed and self.rng.random() < 0.5:
                    c, d = d, c
                one, other = (min(a, d), max(a, d)), (min(c, b), max(c, b))
                if len({a, b, c, d}) < 4 or one in self.taken or other in self.taken:
                    continue
                self.taken -= {(min(a, b), max(a, b)), (min(c, d), max(c, d))}
                self.taken |= {one, other}
                pairs[i], pairs[j] = (a, d), (c, b)

    def give_pairs(self) -> tuple[list, list]:
        """Return all pairs, and 2 for each that is returned, 1 for each that is not."""
        return [*self.returned, *self.single], [2] * len(self.returned) + [1] * len(self.single)


def _describe(values: list[float], observed: float) -> dict[str, float]:
    drawn = np.array(values)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {
        "null_mean": float(drawn.mean()),
        "null_sd": float(drawn.std(ddof=1)),
        "null_low": float(low),
        "null_high": float(high),
        "beyond_n": int((drawn >= observed - 1e-12).sum()),
        "samples_n": len(drawn),
    }
