"""Reach: who can read the data of an agency, and whose data one can read, within some hops.

Two edges in a row are two permissions, not one observed transfer: a reach of two hops says that somebody who may read
the data shares with somebody else, and where data are passed on at all. What is counted is a floor wherever an agency
on the way did not report.
"""

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.bits import (
    COMPILED_FROM,
    count_rows,
    flip_bits,
    join_rows,
    list_bits,
    pack_mask,
    pad_words,
    unpack_row,
)
from helpers.network.graph import SharingGraph


def measure_hops(
    graph: SharingGraph, node: int, hops: int | None = 2, *, is_reader: bool = False
) -> np.ndarray:
    """Measure the steps between one node and all others.

    Parameters
    ----------
    graph
        From `build_graph`.
    node
        Its number (`graph.find_node`).
    hops
        Longest way counted [steps]; without it, ways of any length.
    is_reader
        Whether the node is the reader at the end of the ways; otherwise it is the owner at their beginning.

    Returns
    -------
    One number per node: 0 for the node itself, -1 where no way is that short.
    """
    if graph.edges_n >= COMPILED_FROM:
        from helpers.network import kernels

        measure = kernels.measure_back if is_reader else kernels.measure_ahead
        return measure(graph.out_bits, node, -1 if hops is None else hops)
    steps = np.full(graph.nodes_n, -1, np.int32)
    steps[node] = 0
    frontier, step = np.array([node]), 0
    while len(frontier) and (hops is None or step < hops):
        step += 1
        if not is_reader:
            hit = unpack_row(join_rows(graph.out_bits, frontier), graph.nodes_n)
            frontier = np.flatnonzero(hit & (steps < 0))
        elif "in_bits" in graph.__dict__ and len(frontier) < graph.nodes_n // 8:
            hit = unpack_row(join_rows(graph.in_bits, frontier), graph.nodes_n)
            frontier = np.flatnonzero(hit & (steps < 0))
        else:
            frontier = find_senders(graph.out_bits, frontier, np.flatnonzero(steps < 0))
        steps[frontier] = step
    return steps


def list_readers(graph: SharingGraph, agency_id: str, hops: int = 2) -> pd.DataFrame:
    """List who can read the data of an agency within some hops.

    Returns
    -------
    DataFrame by hops_n and agency_id: agency_id, hops_n, is_reporter, is_pool.

    Raises
    ------
    DataError
        The graph has no such agency, or hops is below 1.
    """
    return _list_reached(graph, agency_id, hops, is_reader=False)


def list_owners(graph: SharingGraph, agency_id: str, hops: int = 2) -> pd.DataFrame:
    """List whose data an agency can read within some hops: as `list_readers`, the other way."""
    return _list_reached(graph, agency_id, hops, is_reader=True)


def count_reach(graph: SharingGraph, hops: int = 2) -> pd.DataFrame:
    """Count for every agency who can read its data, and whose data it can read, within each number of hops.

    Returns
    -------
    DataFrame, one row per agency by agency_id: agency_id, is_reporter, and for every step up to `hops` readers_1_n,
    owners_1_n, readers_2_n, owners_2_n, ... (the agency itself not counted). The readers of an agency that did not
    report are unknown: its count is of those that others' lists show.

    Raises
    ------
    DataError
        Hops is below 1.
    """
    _check_hops(hops)
    table = {"agency_id": graph.names, "is_reporter": graph.is_reporter}
    reach = graph.out_bits
    for step in range(1, hops + 1):
        reach = graph.out_bits if step == 1 else extend_reach(graph, reach)
        table[f"readers_{step}_n"] = count_rows(reach)
        table[f"owners_{step}_n"] = graph.in_degrees if step == 1 else count_rows(flip_bits(reach))
    return pd.DataFrame(table).astype({"agency_id": "str"})


def extend_reach(graph: SharingGraph, reach: np.ndarray) -> np.ndarray:
    """Extend rows of bits that say who reads each node within k hops to k + 1 hops; no node reads itself in them."""
    if graph.edges_n >= COMPILED_FROM:
        from helpers.network import kernels

        words, back = pad_words(reach), kernels.flip_words(pad_words(reach))
        wide = kernels.extend_reach(pad_words(graph.out_bits), words, back, graph.nodes_n)
        return np.ascontiguousarray(wide.view(np.uint8)[:, : reach.shape[1]])
    # A way goes on from senders only: the first ones of all owners are joined at once, then the second ones, and so on.
    wider, words = reach.copy(), pad_words(reach)
    senders = np.flatnonzero(graph.out_degrees)
    is_sender = np.zeros(graph.nodes_n, bool)
    is_sender[senders] = True
    linked = graph.out_bits & pack_mask(is_sender)
    degrees = count_rows(linked)
    indptr, indices = list_bits(linked, degrees)
    owners = np.argsort(-degrees, kind="stable")
    joined, most = words[owners], np.bitwise_or.reduce(words, axis=0)
    for place in range(int(degrees.max(initial=0))):
        if place % 16 == 0:  # leave out those that have nobody to join any more, or nothing to win
            is_left = (degrees[owners] > place) & (joined != most).any(axis=1)
            wider[owners[~is_left]] = joined[~is_left].view(np.uint8)[:, : reach.shape[1]]
            owners, joined = owners[is_left], joined[is_left]
            counts = -degrees[owners]
        active = int(
            np.searchsorted(counts, -place)
        )  # those with more than `place` senders among their recipients
        joined[:active] |= words[indices[indptr[owners[:active]] + place]]
    wider[owners] = joined.view(np.uint8)[:, : reach.shape[1]]
    at = np.arange(graph.nodes_n)
    wider[at, at >> 3] &= ~(128 >> (at & 7)).astype(np.uint8)
    return wider


def trace_paths(
    graph: SharingGraph, from_id: str, to_id: str, edges: pd.DataFrame | None = None, limit: int = 100
) -> pd.DataFrame:
    """Trace the shortest ways by which one agency could read the data of another, edge by edge.

    Parameters
    ----------
    graph
        From `build_graph`.
    from_id, to_id
        Whose data, and who reads them.
    edges
        What stands behind the edges, such as `SharingLists.edges`: its columns beyond from_id and to_id go along.
    limit
        How many ways are listed; they are in the order of names.

    Returns
    -------
    DataFrame, one row per edge of each way: way_no, step_no, from_id, to_id, columns of `edges`; no row where there is
    no way. `attrs["ways_n"]` is the number of all shortest ways.

    Raises
    ------
    DataError
        The graph has no such agency, or limit is below 1.
    """
    if limit < 1:
        raise DataError("limit", f"{limit} was given", "List at least one way.")
    start, end = graph.find_node(from_id), graph.find_node(to_id)
    left = measure_hops(graph, end, None, is_reader=True)
    ways_n = {end: 1}
    for distance in range(1, int(left[start]) + 1):
        for node in np.flatnonzero(left == distance).tolist():
            ways_n[node] = sum(ways_n[reader] for reader in _list_next(graph, node, left))
    ways, stack = [], [[start]] if left[start] > 0 else []
    while stack and len(ways) < limit:
        way = stack.pop()
        if way[-1] == end:
            ways.append(way)
        else:
            stack += [[*way, reader] for reader in reversed(_list_next(graph, way[-1], left))]
    rows = [
        (number, step, graph.names[owner], graph.names[reader])
        for number, way in enumerate(ways, 1)
        for step, (owner, reader) in enumerate(zip(way, way[1:], strict=False), 1)
    ]
    table = pd.DataFrame(rows, columns=["way_no", "step_no", "from_id", "to_id"])
    table = table.astype({"way_no": "int64", "step_no": "int64", "from_id": "str", "to_id": "str"})
    if edges is not None:
        table = table.merge(edges, on=["from_id", "to_id"], how="left", validate="m:1")
    table.attrs["ways_n"] = ways_n.get(start, 0) if left[start] > 0 else 0
    return table


def _list_next(graph: SharingGraph, node: int, left: np.ndarray) -> list[int]:
    """List the recipients of a node that are one step nearer."""
    shared = unpack_row(graph.out_bits[node], graph.nodes_n)
    return np.flatnonzero(shared & (left == left[node] - 1)).tolist()


def _list_reached(graph: SharingGraph, agency_id: str, hops: int, *, is_reader: bool) -> pd.DataFrame:
    _check_hops(hops)
    steps = measure_hops(graph, graph.find_node(agency_id), hops, is_reader=is_reader)
    at = np.flatnonzero(steps > 0)
    at = at[np.argsort(steps[at], kind="stable")]
    table = {
        "agency_id": graph.names,
        "hops_n": steps,
        "is_reporter": graph.is_reporter,
        "is_pool": graph.is_pool,
    }
    return pd.DataFrame({name: column[at] for name, column in table.items()}).astype({"agency_id": "str"})


def find_senders(bits: np.ndarray, frontier: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Find the rows with a bit of the frontier: part of the bits first, as most rows of a dense graph have one there."""
    if len(frontier) == 1:
        return rows[(bits[rows, frontier[0] >> 3] & (128 >> (frontier[0] & 7))) > 0]
    inside = np.zeros(len(bits), bool)
    inside[frontier] = True
    mask = pack_mask(inside)
    hits, start, width = [], 0, 8
    while len(rows) and start < len(mask):
        part = mask[start : start + width]
        if part.any():
            hit = np.bitwise_or.reduce(bits[rows, start : start + width] & part, axis=1) > 0
            hits.append(rows[hit])
            rows = rows[~hit]
        start, width = start + width, width * 4
    return np.sort(np.concatenate(hits)) if hits else np.zeros(0, np.int64)


def _check_hops(hops: int) -> None:
    if isinstance(hops, bool) or hops < 1:
        raise DataError("hops", f"{hops} was given", "Count at least one step.")
