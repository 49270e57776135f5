"""Communities: groups that share more among themselves than their degrees lead to expect, and how firm they are."""

import random
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.graph import SharingGraph

# Seeds whose partitions agree less (adjusted Rand index) tell no communities: below it agreement is called moderate
# (Steinley, Psychological Methods 2004).
FIRM = 0.8


def find_communities(
    graph: SharingGraph, seeds: Iterable[int] = range(10)
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find communities with Leiden, once per seed, and compare the answers.

    Parameters
    ----------
    graph
        From `build_graph`. Direction is put aside: a pair counts 1, or 2 if sharing is returned.
    seeds
        At least two.

    Returns
    -------
    members
        DataFrame by agency_id: agency_id, is_reporter, community (0 is the largest; that of the seed with the highest
        modularity), agreement_frac (share of the other seeds' partitions in which at least half of its community, as
        found here, is with it).
    stability
        DataFrame, one row per pair of seeds: seed_a, seed_b, communities_a_n, communities_b_n, modularity_a,
        modularity_b, ari (adjusted Rand index), nmi (normalized mutual information). Near 1 the seeds agree.

    Raises
    ------
    DataError
        Fewer than two seeds, or one twice.
    """
    seeds = list(seeds)
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise DataError(
            "seeds", f"{len(seeds)} given, {len(set(seeds))} different", "Give at least two, each once."
        )
    found = _divide(graph, seeds)
    best = max(seeds, key=lambda seed: (round(found[seed][1], 12), -seeds.index(seed)))
    labels = found[best][0]
    others = [found[seed][0] for seed in seeds if seed != best]
    members = {
        "agency_id": graph.names, "is_reporter": graph.is_reporter, "community": labels,
        "agreement_frac": np.mean([_find_kept(labels, other) for other in others], axis=0),
    }  # fmt: skip
    rows = [
        (a, b, found[a][0].max(initial=-1) + 1, found[b][0].max(initial=-1) + 1, found[a][1], found[b][1],
         *compare_labels(found[a][0], found[b][0]))
        for at, a in enumerate(seeds) for b in seeds[at + 1 :]
    ]  # fmt: skip
    columns = [
        "seed_a",
        "seed_b",
        "communities_a_n",
        "communities_b_n",
        "modularity_a",
        "modularity_b",
        "ari",
        "nmi",
    ]
    return pd.DataFrame(members).astype({"agency_id": "str"}), pd.DataFrame(rows, columns=columns)


def measure_modularity(graph: SharingGraph, seed: int = 0) -> float:
    """Measure how well Leiden divides a graph: the modularity of what it finds from one seed; 0 without an edge.

    A random graph is divided as well, at a modularity above 0: compare with `nulls.compare_with_null`.
    """
    modularity = _divide(graph, [seed])[seed][1]
    return modularity if modularity == modularity else 0.0


def count_whole_states(members: pd.DataFrame, states: pd.Series) -> dict[str, int]:
    """Count the states whose agencies all stand in one community.

    Parameters
    ----------
    members
        From `find_communities`.
    states
        State by agency_id; an empty or missing one, or one that is no postal code, is none.

    Returns
    -------
    dict: states_n (with at least two of the agencies), whole_n (of these, in one community whole).
    """
    of = members["agency_id"].map(states)
    named = members[of.str.len() == 2]
    grouped = named.groupby(of[named.index])["community"].agg(["size", "nunique"])
    several = grouped[grouped["size"] > 1]
    return {"states_n": len(several), "whole_n": int((several["nunique"] == 1).sum())}


def compare_labels(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Compare two partitions: adjusted Rand index, and mutual information over the mean of both entropies."""
    table = _cross(one, other)
    total, rows, columns = table.sum(), table.sum(axis=1), table.sum(axis=0)

    def count_pairs(counts):
        return float((counts * (counts - 1) // 2).sum())

    both, in_one, in_other = count_pairs(table), count_pairs(rows), count_pairs(columns)
    pairs = total * (total - 1) / 2
    expected = in_one * in_other / pairs if pairs else 0.0
    room = (in_one + in_other) / 2 - expected
    ari = (both - expected) / room if room else 1.0
    shares, at = table[table > 0] / max(total, 1), np.argwhere(table > 0)
    chance = rows[at[:, 0]] * columns[at[:, 1]] / max(total, 1) ** 2
    shared = float((shares * np.log(shares / chance)).sum())
    entropy = (
        sum(-float((p * np.log(p)).sum()) for p in (rows[rows > 0] / total, columns[columns > 0] / total)) / 2
    )
    return float(ari), (shared / entropy if entropy > 1e-15 else 1.0)


def _divide(graph: SharingGraph, seeds: Sequence[int]) -> dict[int, tuple[np.ndarray, float]]:
    """Divide the graph with Leiden, once per seed: labels and modularity by seed."""
    import igraph

    pairs, weights = _weigh_pairs(graph)
    undirected = igraph.Graph(n=graph.nodes_n, edges=pairs, directed=False)
    found = {}
    try:
        for seed in seeds:
            igraph.set_random_number_generator(random.Random(seed))
            parts = undirected.community_leiden("modularity", weights=weights, n_iterations=5)
            found[seed] = _order_labels(np.asarray(parts.membership, np.int64)), float(parts.modularity)
    finally:
        igraph.set_random_number_generator(random)
    return found


def _weigh_pairs(graph: SharingGraph) -> tuple[np.ndarray, list[float]]:
    indptr, indices = graph.out_lists
    owners = np.repeat(np.arange(graph.nodes_n), np.diff(indptr))
    low, high = np.minimum(owners, indices), np.maximum(owners, indices)
    keys, counts = np.unique(low * max(1, graph.nodes_n) + high, return_counts=True)
    return np.column_stack([keys // max(1, graph.nodes_n), keys % max(1, graph.nodes_n)]), counts.astype(
        float
    ).tolist()


def _order_labels(labels: np.ndarray) -> np.ndarray:
    """Number communities by size, the largest 0; of equal size, by their first member."""
    found, first, inverse, counts = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.empty(len(found), np.int64)
    place[np.lexsort([first, -counts])] = np.arange(len(found))
    return place[inverse]


def _cross(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    shape = (one.max(initial=-1) + 1, other.max(initial=-1) + 1)
    return np.bincount(one * max(1, shape[1]) + other, minlength=shape[0] * shape[1]).reshape(shape)


def _find_kept(labels: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Find the nodes that stand, in the other partition, with at least half of their community."""
    table = _cross(labels, other)
    return table[labels, other] * 2 >= table.sum(axis=1)[labels]
