"""Degrees, with what nobody released kept apart: how many recipients, how concentrated, how far out of state.

A degree that was counted is a lower bound for whoever answered nobody's request. It is never filled up: the table says
which figure is counted, which is bounded, and which is unknown.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.graph import SharingGraph
from helpers.network.lists import SharingLists
from helpers.searches.concentration import measure_gini, sum_largest

# What a table by state calls the accounts that are in none.
FEDERAL = "federal"


def measure_degrees(graph: SharingGraph, pool_sizes: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Measure how many recipients and how many sources each agency has, as intervals.

    Parameters
    ----------
    graph
        From `build_graph`.
    pool_sizes
        Members of each pool, as far as somebody counted them [agencies].

    Returns
    -------
    DataFrame, one row per agency by agency_id: agency_id, is_reporter, is_pool, out_direct_n (named recipients, pools
    not counted), out_high_n (the members of its pools added; missing where unknown: it did not report, or a pool has no
    size), is_out_censored (its list was not released: the count is a floor), in_direct_n (named agencies whose data it
    may read), in_high_n (with every agency that did not report added; missing where it reads a pool of unknown size),
    is_in_censored.

    Raises
    ------
    DataError
        `pool_sizes` names no pool of the graph, or a size is negative.
    """
    sizes = _read_sizes(graph, pool_sizes or {})
    pools = np.flatnonzero(graph.is_pool)
    columns = np.unpackbits(graph.out_bits[:, pools >> 3], axis=1).reshape(graph.nodes_n, len(pools), 8)
    into_pools = columns[:, np.arange(len(pools)), pools & 7].astype(float)
    from_pools = np.unpackbits(graph.out_bits[pools], axis=1, count=graph.nodes_n).astype(float).T
    out_direct, in_direct = (
        graph.out_degrees - into_pools.sum(axis=1),
        graph.in_degrees - from_pools.sum(axis=1),
    )
    # 0 times an unknown size is nothing, not unknown
    more_out = np.where(into_pools > 0, into_pools * sizes, 0).sum(axis=1)
    more_in = np.where(from_pools > 0, from_pools * sizes, 0).sum(axis=1)
    is_silent = ~graph.is_reporter & ~graph.is_pool
    silent_to = np.zeros(graph.nodes_n)  # silent agencies already known to share with each node
    for rows in np.array_split(np.flatnonzero(is_silent), max(1, int(is_silent.sum()) // 128)):
        silent_to += np.unpackbits(graph.out_bits[rows], axis=1, count=graph.nodes_n).sum(
            axis=0, dtype=np.int64
        )
    unheard = is_silent.sum() - silent_to - is_silent
    table = pd.DataFrame(
        {"agency_id": graph.names, "is_reporter": graph.is_reporter, "is_pool": graph.is_pool}
    )
    table["out_direct_n"] = out_direct.astype(np.int64)
    table["out_high_n"] = pd.array(
        np.where(graph.is_reporter, out_direct + more_out, np.nan), dtype="Float64"
    )
    table["is_out_censored"] = ~graph.is_reporter
    table["in_direct_n"] = in_direct.astype(np.int64)
    table["in_high_n"] = pd.array(in_direct + more_in + unheard, dtype="Float64")
    table["is_in_censored"] = unheard > 0
    return table.astype({"agency_id": "str", "out_high_n": "Int64", "in_high_n": "Int64"})


def measure_strength(lists: SharingLists) -> pd.DataFrame:
    """Measure the strength of sharing by kind.

    Returns
    -------
    DataFrame, one row per agency by agency_id: agency_id, then for out and in the edges by which detections, hot lists
    or both are shared: out_detections_n, out_hot_lists_n, out_both_n, in_detections_n, in_hot_lists_n, in_both_n. An
    edge of both kinds counts in all three. Floors, as degrees are, for whoever did not report.
    """
    edges = lists.edges
    kinds = {"detections": edges["is_detections"], "hot_lists": edges["is_hot_list"]}
    kinds["both"] = kinds["detections"] & kinds["hot_lists"]
    names = sorted({*edges["from_id"], *edges["to_id"]})
    counts = {}
    for way, end in (("out", "from_id"), ("in", "to_id")):
        for kind, is_kind in kinds.items():
            counts[f"{way}_{kind}_n"] = edges.loc[is_kind, end].value_counts().reindex(names, fill_value=0)
    return pd.DataFrame(counts, index=pd.Index(names, name="agency_id", dtype="str")).reset_index()


def measure_concentration(counts: Iterable[int], top: Iterable[int] = (1, 5, 10)) -> pd.DataFrame:
    """Measure how unevenly counts are spread: the Gini coefficient and what the largest hold.

    Parameters
    ----------
    counts
        One count per agency, zeros included.
    top
        Numbers of largest agencies.

    Returns
    -------
    DataFrame: measure (`gini`, `top 1 share`, ...), value (0 to 1; missing where there is nothing to share).

    Raises
    ------
    DataError
        A count is missing or negative.
    """
    counts = list(counts)
    total, largest = sum(counts), sum_largest(counts, top)
    rows = [
        ("gini", measure_gini(counts)),
        *((f"top {k} share", held / total if total else None) for k, held in largest.items()),
    ]
    return pd.DataFrame(rows, columns=["measure", "value"]).astype({"value": "float64"})


def count_state_edges(graph: SharingGraph, states: pd.Series) -> pd.DataFrame:
    """Count edges from state to state.

    Parameters
    ----------
    graph
        From `build_graph`.
    states
        State by agency_id; an empty or missing one is unknown.

    Returns
    -------
    DataFrame, one row per pair of states with an edge, sorted: from_state, to_state (empty where unknown), edges_n.
    """
    codes, known = _code_states(graph, states)
    counts = np.zeros((len(known), len(known)), np.int64)
    for state in range(len(known)):
        rows = np.flatnonzero(codes == state)
        into = np.zeros(graph.nodes_n, np.int64)
        for part in np.array_split(rows, max(1, len(rows) // 128)):
            into += np.unpackbits(graph.out_bits[part], axis=1, count=graph.nodes_n).sum(
                axis=0, dtype=np.int64
            )
        counts[state] = np.bincount(codes, weights=into, minlength=len(known))
    at = np.argwhere(counts)
    frame = {
        "from_state": known[at[:, 0]],
        "to_state": known[at[:, 1]],
        "edges_n": counts[at[:, 0], at[:, 1]],
    }
    return pd.DataFrame(frame).astype({"from_state": "str", "to_state": "str"})


def measure_state_shares(graph: SharingGraph, states: pd.Series) -> pd.DataFrame:
    """Measure how much of each agency's sharing leaves its state.

    Parameters
    ----------
    graph
        From `build_graph`.
    states
        State by agency_id, `federal` for accounts that are in no state; an empty or missing one is unknown.

    Returns
    -------
    DataFrame, one row per agency by agency_id: agency_id, state, is_reporter, in_state_n, out_of_state_n, federal_n (with
    a federal account on either side: all of such an account's own), unknown_n (recipients without a known state, or all
    that are not federal if its own is unknown), out_of_state_low_frac and out_of_state_high_frac (of all but the federal
    ones, with the unknown ones counted as in and as out of state; missing without any).
    """
    codes, known = _code_states(graph, states)
    by_state = np.zeros((graph.nodes_n, len(known)), np.int64)
    for state in range(len(known)):
        mask = np.packbits(codes == state)
        by_state[:, state] = np.bitwise_count(graph.out_bits & mask).sum(axis=1, dtype=np.int64)
    own = by_state[np.arange(graph.nodes_n), codes]
    has_state = ~np.isin(known[codes], ["", FEDERAL])
    federal = np.where(known[codes] == FEDERAL, graph.out_degrees, by_state[:, known == FEDERAL].sum(axis=1))
    local = graph.out_degrees - federal
    unknown = np.where(has_state, by_state[:, known == ""].sum(axis=1), local)
    inside = np.where(has_state, own, 0)
    outside = local - inside - unknown
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = outside / local, (outside + unknown) / local
    table = pd.DataFrame({"agency_id": graph.names, "state": known[codes], "is_reporter": graph.is_reporter})
    table = table.assign(
        in_state_n=inside, out_of_state_n=outside, federal_n=federal, unknown_n=unknown, out_of_state_low_frac=low,
        out_of_state_high_frac=high,
    )  # fmt: skip
    return table.astype({"agency_id": "str", "state": "str"})


def _read_sizes(graph: SharingGraph, given: Mapping[str, int]) -> np.ndarray:
    pools = graph.names[graph.is_pool].tolist()
    wrong = sorted(set(given) - set(pools))
    if wrong:
        raise DataError(
            "pool_sizes", f"no pool named {', '.join(wrong)}", f"Pools are: {', '.join(pools) or 'none'}."
        )
    if any(not size >= 0 for size in given.values()):
        raise DataError("pool_sizes", "a size is negative or missing", "Leave unknown pools out.")
    return np.array([given.get(pool, np.nan) for pool in pools], dtype=float)


def _code_states(graph: SharingGraph, states: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    of = pd.Series(states).reindex(graph.names).astype("object")
    filled = of.where(of.notna(), "").to_numpy()
    known, codes = np.unique(filled.astype(str), return_inverse=True)
    return codes, known.astype(object)
