"""Who must stop sharing so that a reader cannot reach an agency's data: exact minimum vertex cuts, shortest ways.

A cut is a set of agencies in between. One that shares straight with the reader has no agency in between: its way
is closed by itself or by the reader alone, so direct sharers are told apart first.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.bits import COMPILED_FROM, count_common, join_rows, pack_mask, unpack_row
from helpers.network.graph import SharingGraph
from helpers.network.places import find_places, list_ends, mark_places
from helpers.network.reach import measure_hops, trace_paths


def measure_steps(graph: SharingGraph, targets: Iterable[str]) -> np.ndarray:
    """Measure how many steps each agency's data are from the nearest target: 0 for a target, -1 where no way leads."""
    every = [
        measure_hops(graph, place, None, is_reader=True) for place in find_places(graph, targets, "target")
    ]
    steps = np.array(every)
    nearest = np.where(steps < 0, graph.nodes_n, steps).min(axis=0)
    return np.where(nearest < graph.nodes_n, nearest, -1)


def split_sources(graph: SharingGraph, sources: Iterable[str], targets: Iterable[str]) -> pd.DataFrame:
    """Say of each source how its data can reach a target.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    sources
        agency_id of the owners asked about. Targets among them are left out.
    targets
        agency_id of the reader's accounts, taken together.

    Returns
    -------
    DataFrame, one row per source, by agency_id: agency_id, way (`direct`: it shares with a target itself; `indirect`:
    only through others; `none`: no list shows a way), steps_n (missing where there is none).

    Raises
    ------
    DataError
        An agency is not in the network.
    """
    targets = list(targets)
    places = np.setdiff1d(find_places(graph, sources, "source"), find_places(graph, targets, "target"))
    steps = measure_steps(graph, targets)[places]
    way = np.select([steps == 1, steps > 1], ["direct", "indirect"], "none")
    steps_n = pd.array(np.where(steps > 0, steps, 0), dtype="Int64")
    steps_n[steps < 1] = pd.NA
    return pd.DataFrame({"agency_id": graph.names[places], "way": way, "steps_n": steps_n})


def find_cut(
    graph: SharingGraph, sources: Iterable[str], targets: Iterable[str], fixed: Iterable[str] = ()
) -> pd.DataFrame:
    """Find the fewest agencies that must stop sharing so that no way is left from any source to any target.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    sources
        agency_id of owners without a way of one step; see `split_sources`. They are not candidates themselves; without
        any, nobody has to stop.
    targets
        agency_id of the reader's accounts; not candidates either.
    fixed
        Agencies that will not stop.

    Returns
    -------
    DataFrame, one row per agency of a minimum cut, by agency_id: agency_id, is_in_every (whether every minimum cut
    holds it: where it is False, another agency can do as well), is_reporter, is_pool. No row where no way leads.

    Raises
    ------
    DataError
        A source shares straight with a target or is one, or agencies that will not stop hold a way open.

    Notes
    -----
    Menger: the size equals the greatest number of ways that share no agency. Solved exactly as a maximum flow on the
    split graph, for large graphs on rows of bits unless some are `fixed`. Ways that no released list shows are not cut:
    the true number is at least this one.
    """
    end, sources = find_places(graph, targets, "target"), list(sources)
    start = find_places(graph, sources, "source") if sources else np.array([], dtype=int)
    held = find_places(graph, fixed, "fixed") if (fixed := list(fixed)) else np.array([], dtype=int)
    names = graph.names
    straight = start[count_common(graph.out_bits, start, pack_mask(mark_places(graph, end))) > 0]
    if len(straight) or np.isin(start, end).any():
        place = straight[0] if len(straight) else start[np.isin(start, end)][0]
        found = f"`{names[place]}` shares straight with the target or is one"
        raise DataError(
            "source", found, "No third agency can close its way: take it out with `split_sources`."
        )
    if graph.edges_n >= COMPILED_FROM and not len(held):
        before, after = _cut_bits(graph, start, end)
    else:
        before, after = _cut_flow(*list_ends(graph), len(names), start, end, held)
    return pd.DataFrame(
        {
            "agency_id": names[before],
            "is_in_every": np.isin(before, after),
            "is_reporter": graph.is_reporter[before],
            "is_pool": graph.is_pool[before],
        }
    )


def _cut_bits(graph: SharingGraph, start, end) -> tuple[np.ndarray, np.ndarray]:
    """Cut as `_cut_flow` does, on rows of bits."""
    from helpers.network import flows

    is_between = np.ones(graph.nodes_n, bool)
    is_between[start] = is_between[end] = False
    mask = pack_mask(is_between)
    starts, lasts = (
        np.flatnonzero(unpack_row(join_rows(bits, places) & mask, graph.nodes_n))
        for bits, places in ((graph.out_bits, start), (graph.in_bits, end))
    )
    near, far = flows.cut_ways(graph.out_bits, graph.in_bits, mask, starts, lasts)
    return np.flatnonzero(near), np.flatnonzero(far)


def _cut_flow(owners, readers, n: int, start, end, held) -> tuple[np.ndarray, np.ndarray]:
    """Cut by maximum flow; returns the minimum cut nearest to the sources and the one nearest to the targets.

    Node v is split into v (in) and n + v (out) with an arc of capacity one; all other arcs cannot be cut.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    keep = ~np.isin(owners, end) & ~np.isin(readers, start)
    owners, readers = owners[keep], readers[keep]
    endless = n + 1
    through = np.ones(n, dtype=np.int32)
    through[np.concatenate([start, end, held])] = endless
    source, sink = 2 * n, 2 * n + 1
    every = np.arange(n)
    tails = np.concatenate([every, owners + n, np.full(len(start), source), end + n])
    heads = np.concatenate([every + n, readers, start, np.full(len(end), sink)])
    rest = np.full(len(tails) - n, endless, dtype=np.int32)
    arcs = csr_array(
        (np.concatenate([through, rest]), (tails, heads)), shape=(2 * n + 2, 2 * n + 2), dtype=np.int32
    )
    result = maximum_flow(arcs, source, sink)
    if result.flow_value >= endless:
        raise DataError(
            "cut", "a way leads through agencies that will not stop alone", "Take agencies out of `fixed`."
        )
    left = (arcs - csr_array(result.flow)).tocsr()
    left.data = (left.data > 0).astype(np.int8)
    left.eliminate_zeros()
    is_near = np.zeros(2 * n + 2, dtype=bool)
    is_near[breadth_first_order(left, source, return_predecessors=False)] = True
    is_far = np.zeros(2 * n + 2, dtype=bool)
    is_far[breadth_first_order(left.T.tocsr(), sink, return_predecessors=False)] = True
    return np.flatnonzero(is_near[:n] & ~is_near[n : 2 * n]), np.flatnonzero(~is_far[:n] & is_far[n : 2 * n])


def cite_paths(
    graph: SharingGraph, source: str, targets: Iterable[str], statements: pd.DataFrame, most: int = 10
) -> pd.DataFrame:
    """Cite the shortest documented ways from one agency's data to a reader, with the source of every step.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    source
        agency_id of the owner.
    targets
        agency_id of the reader's accounts.
    statements
        Lines of the lists behind the edges: from_id, to_id, source_id, page, as_of.
    most
        Ways listed [ways], at least 1; the first by target, then by the names on them.

    Returns
    -------
    DataFrame, one row per step: way_no, step_no, from_id, to_id, source_ids, pages, as_of (each joined by `; `),
    ways_n (how many shortest ways there are). No row where no way leads.

    Raises
    ------
    DataError
        An agency is not in the network, a step has no statement, or `most` is below 1.

    Notes
    -----
    Two steps in a row are two permissions, not one observed transfer.
    """
    targets = list(targets)
    steps = {
        place: measure_hops(graph, place, None, is_reader=True)[graph.find_node(source)]
        for place in find_places(graph, targets, "target")
    }
    shortest = min((step for step in steps.values() if step > 0), default=0)
    parts = [
        trace_paths(graph, source, graph.names[place], limit=most)
        for place, step in steps.items()
        if step == shortest > 0
    ]
    ways_n = sum(part.attrs["ways_n"] for part in parts)
    for part, before in zip(parts, np.cumsum([0, *(part["way_no"].max() for part in parts)]), strict=False):
        part["way_no"] += before
    table = pd.concat(parts) if parts else trace_paths(graph, source, source, limit=most)
    table = table[table["way_no"] <= most]
    own = statements.merge(table[["from_id", "to_id"]].drop_duplicates(), on=["from_id", "to_id"])
    cited = own.groupby(["from_id", "to_id"], as_index=False).agg(
        source_ids=("source_id", _join), pages=("page", _join), as_of=("as_of", _join)
    )
    table = table.merge(cited, how="left", on=["from_id", "to_id"], validate="m:1")
    if table["source_ids"].isna().any():
        lost = table[table["source_ids"].isna()].iloc[0]
        found = f"no statement for {lost['from_id']} to {lost['to_id']}"
        raise DataError("statements", found, "Give those that the graph was built from.")
    return table.assign(ways_n=ways_n)


def _join(values: pd.Series) -> str:
    return "; ".join(dict.fromkeys(str(value) for value in values.dropna()))
