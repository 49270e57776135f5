"""What changes if agencies stop sharing: greedy order under a budget, scenarios, and hubs that leave."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.bits import count_common, pack_mask
from helpers.network.cuts import measure_steps
from helpers.network.graph import SharingGraph
from helpers.network.places import find_places, mark_places
from helpers.network.reach import find_senders
from helpers.network.structure import label_components

# Passes over the bits that settle who needs nobody.
_ROUNDS = 8


def rank_withdrawals(
    graph: SharingGraph, targets: Iterable[str], budget: int = 10, fixed: Iterable[str] = ()
) -> pd.DataFrame:
    """Rank agencies by how many a reader would lose if they stopped sharing, one after another.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    targets
        agency_id of the reader's accounts, taken together.
    budget
        Withdrawals at most [agencies], at least 1.
    fixed
        Agencies that will not stop.

    Returns
    -------
    DataFrame, one row per withdrawal: step_n, agency_id, closes_n (agencies whose last way it closes, itself
    included), left_n (agencies that still have a way), left_frac (of those at the start), is_pool. It ends when none
    is left or no single withdrawal closes anything.

    Raises
    ------
    DataError
        A target is not in the network, or the budget is below 1.

    Notes
    -----
    Each step takes the agency that closes most, the first by name among equals: the number of agencies that it
    dominates in the network of ways to the reader (every way of theirs leads through it). Greedy is not optimal: two
    agencies that together hold many ways open may be passed over, and `find_cut` finds them.
    """
    if budget < 1:
        raise DataError("budget", f"{budget} was given", "Allow at least one withdrawal.")
    targets, names = list(targets), graph.names
    end = find_places(graph, targets, "target")
    held = find_places(graph, fixed, "fixed") if (fixed := list(fixed)) else np.array([], dtype=int)
    is_out, steps = np.zeros(len(names), dtype=bool), measure_steps(graph, targets)
    rows, start, is_direct = [], int((steps > 0).sum()), steps == 1
    left = start
    for step in range(1, budget + 1):
        closes = _count_dominated(graph, ~is_out, is_direct, end)
        closes[held] = 0
        best = int(np.argmax(closes))
        if not left or not closes[best]:
            break
        is_out[best] = True
        left -= int(closes[best])
        rows.append((step, names[best], int(closes[best]), left, left / start, bool(graph.is_pool[best])))
    columns = ["step_n", "agency_id", "closes_n", "left_n", "left_frac", "is_pool"]
    return pd.DataFrame(rows, columns=columns).astype({"agency_id": "str"})


def _count_dominated(
    graph: SharingGraph, is_open: np.ndarray, is_direct: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Count, for each agency, those whose every way to the end leads through it, itself included; 0 without a way.

    One that shares straight needs no other way, and one that shares with two that need nobody needs nobody either: no
    third agency stands on all of its ways. In a dense network that settles nearly all. Only the ways of the rest, and of
    whom they share with, make a network in which dominators are looked for.
    """
    is_open[end] = False
    is_free = is_open & is_direct
    rest = np.flatnonzero(is_open & ~is_direct & (graph.out_degrees > 0))
    for _ in range(_ROUNDS):
        shared = count_common(graph.out_bits, rest, pack_mask(is_free))
        is_free[rest[shared > 1]] = True
        if not (shared > 1).any():
            break
        rest = rest[shared < 2]
    counts = is_free.astype(np.int64)
    waits = rest[count_common(graph.out_bits, rest, pack_mask(is_open)) > 0]
    if len(waits):
        below = _follow_rest(graph, waits, is_open, is_free)
        counts[below.index] = below.to_numpy()
    return counts


def _follow_rest(
    graph: SharingGraph, waits: np.ndarray, is_open: np.ndarray, is_free: np.ndarray
) -> pd.Series:
    """Count the dominated of agencies that are not free, and of those free ones that they share with, by place."""
    import igraph

    owners, readers = [], []
    for rows in np.array_split(waits, max(1, len(waits) // 512)):
        at, reader = np.nonzero(np.unpackbits(graph.out_bits[rows], axis=1, count=graph.nodes_n) & is_open)
        owners.append(rows[at])
        readers.append(reader)
    owners, readers = np.concatenate(owners), np.concatenate(readers)
    nodes = np.union1d(waits, readers)
    root = len(nodes)
    first = np.flatnonzero(is_free[nodes])
    tails = np.concatenate([np.searchsorted(nodes, readers), np.full(len(first), root)])
    heads = np.concatenate([np.searchsorted(nodes, owners), first])
    flow = igraph.Graph(root + 1, np.column_stack([tails, heads]), directed=True)
    above = np.array(flow.dominator(root), dtype=float)
    above = np.where(np.isnan(above), -2, above).astype(int)
    depth = np.full(root + 1, -1)
    depth[root] = 0
    waiting = np.flatnonzero(above >= 0)
    level, at = np.array([root]), 0
    while len(level):
        at += 1
        level = waiting[np.isin(above[waiting], level)]
        depth[level] = at
    counts = (depth > 0).astype(np.int64)
    for step in range(depth.max(), 1, -1):
        here = np.flatnonzero(depth == step)
        np.add.at(counts, above[here], counts[here])
    return pd.Series(counts[:root], index=nodes)


def compare_scenarios(
    graph: SharingGraph, targets: Iterable[str], scenarios: Mapping[str, Iterable[str]]
) -> pd.DataFrame:
    """Compare what a reader would lose if whole groups stopped sharing: a state that leaves, a pool that closes.

    Parameters
    ----------
    graph, targets
        As for `rank_withdrawals`.
    scenarios
        agency_id of those that stop, by the scenario's name. A target among them stops sharing, and still reads.

    Returns
    -------
    DataFrame, one row per scenario, most closed first, then by name: scenario, members_n, edges_n (edges from or to
    them), before_n (agencies with a way to the reader), after_n, members_closed_n, others_closed_n.

    Raises
    ------
    DataError
        An agency is not in the network, or a scenario has no member.
    """
    targets = list(targets)
    before, end = measure_steps(graph, targets) > 0, find_places(graph, targets, "target")
    rows = []
    for name, members in scenarios.items():
        places = np.setdiff1d(find_places(graph, members, f"scenario {name}"), end)
        is_out = mark_places(graph, places)
        inside = count_common(graph.out_bits, places, pack_mask(is_out)).sum()
        touched = (graph.out_degrees + graph.in_degrees)[places].sum() - inside
        after = _reach_back(graph, is_out, end)
        lost = before & ~after
        rows.append(
            (name, len(places), int(touched), int(before.sum()), int(after.sum()),
             int((lost & is_out).sum()), int((lost & ~is_out).sum()))
        )  # fmt: skip
    columns = [
        "scenario",
        "members_n",
        "edges_n",
        "before_n",
        "after_n",
        "members_closed_n",
        "others_closed_n",
    ]
    table = pd.DataFrame(rows, columns=columns).astype({"scenario": "str"})
    return table.sort_values(["after_n", "scenario"], ignore_index=True)


def _reach_back(graph: SharingGraph, is_out: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Tell which agencies still have a way to the end; the end itself does not count, and passes nothing on."""
    found = np.zeros(graph.nodes_n, dtype=bool)
    is_left = ~is_out
    is_left[end] = False
    front = end
    while len(front):
        front = find_senders(graph.out_bits, front, np.flatnonzero(is_left))
        found[front], is_left[front] = True, False
    return found


def group_by_state(graph: SharingGraph, agencies: pd.DataFrame) -> dict[str, list[str]]:
    """Group the agencies of a network by state, for `compare_scenarios`: one without a state is in no group.

    Parameters
    ----------
    graph
        The network.
    agencies
        agency_id and state (postal code or missing).
    """
    here = agencies[agencies["agency_id"].isin(list(graph.names))].dropna(subset=["state"])
    return {f"{state} leaves": sorted(part) for state, part in here.groupby("state", sort=True)["agency_id"]}


def remove_hubs(graph: SharingGraph, hubs: Iterable[str]) -> pd.DataFrame:
    """Follow what is left of a network as hubs leave it, one after another.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    hubs
        agency_id in the order in which they leave.

    Returns
    -------
    DataFrame, one row for the start (agency_id empty) and one per hub: step_n, agency_id, edges_n, edges_frac (of the
    start), owners_n (agencies that share with anybody), readers_n (agencies that read anybody's data), strong_n
    (the largest group in which data can reach everybody from everybody). It ends when no edge is left.

    Raises
    ------
    DataError
        A hub is not in the network or leaves twice, or the network has no edge.
    """
    hubs = list(hubs)
    if not graph.edges_n:
        raise DataError("network", "it has no edge", "Give lists that name somebody.")
    if len(set(hubs)) < len(hubs):
        raise DataError("hubs", "one leaves twice", "Name each once.")
    rows, is_out, bits = [], np.zeros(graph.nodes_n, dtype=bool), graph.out_bits.copy()
    for step, hub in enumerate(["", *hubs]):
        if hub:
            if not rows[-1][2]:
                break
            place = graph.find_node(hub)
            is_out[place], bits[place] = True, 0
            bits[:, place >> 3] &= 255 ^ (128 >> (place & 7))
        left = SharingGraph(graph.names, bits, graph.is_reporter, graph.is_pool)
        strong = np.bincount(label_components(left)[~is_out]).max(initial=0)
        readers_n = np.bitwise_count(np.bitwise_or.reduce(bits, axis=0)).sum(dtype=np.int64)
        rows.append(
            (
                step,
                hub,
                left.edges_n,
                left.edges_n / graph.edges_n,
                int((left.out_degrees > 0).sum()),
                int(readers_n),
                strong,
            )
        )
    columns = ["step_n", "agency_id", "edges_n", "edges_frac", "owners_n", "readers_n", "strong_n"]
    return pd.DataFrame(rows, columns=columns).astype({"agency_id": "str"})


def order_hubs(graph: SharingGraph, most: int = 10) -> list[str]:
    """Order agencies by the edges from and to them, most first, by name among equals."""
    degree = graph.out_degrees + graph.in_degrees
    return [str(graph.names[place]) for place in np.lexsort([np.arange(len(degree)), -degree])[:most]]
