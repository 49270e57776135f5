"""The structure of a sharing graph: is sharing returned, which agencies reach each other, how dense is the middle."""

import numpy as np
import pandas as pd

from helpers.network.bits import COMPILED_FROM, pack_mask, pad_words, unpack_row
from helpers.network.graph import SharingGraph
from helpers.network.reach import measure_hops

# Up to so many nodes, k-cores are peeled from a matrix of bytes.
_ADDED_TO = 2048


def measure_reciprocity(graph: SharingGraph) -> pd.DataFrame:
    """Measure which share of the edges is returned.

    Returns
    -------
    DataFrame: scope (`all edges`; `between reporters`), agencies_n, edges_n, returned_n (edges whose opposite is there,
    both counted), reciprocity_frac (missing without edges). Among all edges it is a floor: what agencies share whose
    lists were not released cannot be seen. Between reporters both sides were seen.
    """
    rows = [("all edges", graph)]
    if graph.is_reporter.any():
        rows.append(("between reporters", graph.select_nodes(graph.is_reporter)))
    counted = [(scope, part.nodes_n, part.edges_n, count_returned(part)) for scope, part in rows]
    table = pd.DataFrame(counted, columns=["scope", "agencies_n", "edges_n", "returned_n"])
    return table.assign(reciprocity_frac=(table["returned_n"] / table["edges_n"]).where(table["edges_n"] > 0))


def count_returned(graph: SharingGraph) -> int:
    """Count the edges whose opposite is there."""
    if "in_bits" not in graph.__dict__ and graph.edges_n >= COMPILED_FROM:
        from helpers.network import kernels

        return int(kernels.count_returned(pad_words(graph.out_bits).view(np.uint8)))
    total = 0
    for start in range(0, graph.nodes_n, 512):
        both = graph.out_bits[start : start + 512] & graph.in_bits[start : start + 512]
        total += int(np.bitwise_count(both).sum(dtype=np.int64))
    return total


def label_components(graph: SharingGraph) -> np.ndarray:
    """Number the strong components: agencies in the same one can read each other's data, in some number of hops.

    Returns
    -------
    One number per node; component 0 is the largest, and of equal size that with the first name comes first.

    Notes
    -----
    What a node of many edges reaches, and is reached from, is one component, found on rows of bits. Of the rest, nodes
    without edges on both sides stand alone, and SciPy finds the components of the others.
    """
    labels, out = np.arange(graph.nodes_n), graph.out_degrees
    if graph.nodes_n and _find_core(graph, int(np.argmax(out))).all():
        return np.zeros(graph.nodes_n, np.int64)
    into = graph.in_degrees
    is_open = (out > 0) & (into > 0)
    if is_open.any():
        hub = int(np.argmax(np.where(is_open, np.minimum(out, into), -1)))
        core = _find_core(graph, hub)
        labels[core] = hub
        rest = np.flatnonzero(is_open & ~core)
        rest = _trim(graph, rest)
        if len(rest):
            labels[rest] = rest[_label_rest(graph, rest)]
    found, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort([first, -counts])
    place = np.empty(len(found), np.int64)
    place[order] = np.arange(len(found))
    return place[np.searchsorted(found, labels)]


def list_components(graph: SharingGraph) -> pd.DataFrame:
    """List the strong components, the largest first.

    Returns
    -------
    DataFrame: component, agencies_n, reporters_n, agency_id (its first by name), edges_in_n and edges_out_n (edges
    from and to other components). An agency that did not report nearly always stands alone: its own edges are unknown.
    """
    labels = label_components(graph)
    flows = _count_flows(graph, labels)
    sizes = np.bincount(labels)
    first = np.zeros(len(sizes), np.int64)
    first[labels[::-1]] = np.arange(graph.nodes_n)[::-1]
    columns = {
        "component": np.arange(len(sizes)),
        "agencies_n": sizes,
        "reporters_n": np.bincount(labels, weights=graph.is_reporter, minlength=len(sizes)).astype(np.int64),
        "agency_id": graph.names[first],
    }
    between = flows[flows["from_component"] != flows["to_component"]]
    for name, end in (("edges_in_n", "to_component"), ("edges_out_n", "from_component")):
        columns[name] = np.bincount(between[end], weights=between["edges_n"], minlength=len(sizes)).astype(
            np.int64
        )
    return pd.DataFrame(columns).astype({"agency_id": "str"})


def condense(graph: SharingGraph) -> pd.DataFrame:
    """Condense every strong component into one node: from_component, to_component, edges_n, no circle among them."""
    flows = _count_flows(graph, label_components(graph))
    return flows[flows["from_component"] != flows["to_component"]].reset_index(drop=True)


def measure_cores(graph: SharingGraph) -> np.ndarray:
    """Measure the core number of each node: the largest k such that it stands in a part of the graph where every node
    has at least k edges, in and out added (an edge that is returned counts twice).

    Returns
    -------
    One integer per node.
    """
    degrees = (graph.out_degrees + graph.in_degrees).copy()
    cores = np.zeros(graph.nodes_n, np.int64)
    left = np.ones(graph.nodes_n, bool)
    # A small graph is held as numbers of edges between two nodes, 0 to 2; a large one as bits, both ways.
    both = _add_ways(graph) if graph.nodes_n <= _ADDED_TO else None
    level, left_n = 0, graph.nodes_n
    while left_n:
        gone = np.flatnonzero(left & (degrees <= level))
        if not len(gone):
            level = int(degrees[left].min())
            continue
        cores[gone], left[gone] = level, False
        left_n -= len(gone)
        for start in range(0, len(gone), 64):
            rows = gone[start : start + 64]
            if both is not None:
                degrees -= both[rows[0]] if len(rows) == 1 else both[rows].sum(axis=0, dtype=np.uint8)
                continue
            for bits in (graph.out_bits, graph.in_bits):
                lost = np.unpackbits(bits[rows], axis=1, count=graph.nodes_n)
                degrees -= lost[0] if len(rows) == 1 else lost.sum(axis=0, dtype=np.uint8)
    return cores


def _add_ways(graph: SharingGraph) -> np.ndarray:
    """Count the edges between every two nodes, both ways added."""
    single = np.unpackbits(graph.out_bits, axis=1, count=graph.nodes_n)
    return single + single.T


def _find_core(graph: SharingGraph, node: int) -> np.ndarray:
    """Find the component of a node: what it reaches and is reached from."""
    ahead = measure_hops(graph, node, None) >= 0
    return ahead & (measure_hops(graph, node, None, is_reader=True) >= 0)


def _trim(graph: SharingGraph, rest: np.ndarray) -> np.ndarray:
    """Leave out nodes that have no edge in or none out among the rest, as they stand alone."""
    for _ in range(8):
        inside = np.zeros(graph.nodes_n, bool)
        inside[rest] = True
        mask = pack_mask(inside)
        goes = (graph.out_bits[rest] & mask).any(axis=1)
        comes = unpack_row(np.bitwise_or.reduce(graph.out_bits[rest], axis=0), graph.nodes_n)[rest]
        kept = rest[goes & comes]
        if len(kept) == len(rest):
            break
        rest = kept
    return rest


def _label_rest(graph: SharingGraph, rest: np.ndarray) -> np.ndarray:
    """Label the components among some nodes by the place of their first node."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    blocks = [
        np.unpackbits(graph.out_bits[rows], axis=1, count=graph.nodes_n)[:, rest]
        for rows in np.array_split(rest, max(1, len(rest) // 512))
    ]
    from_at, to_at = np.nonzero(np.concatenate(blocks))
    size = len(rest)
    links = csr_array((np.ones(len(from_at), np.int8), (from_at, to_at)), shape=(size, size))
    _, found = connected_components(links, directed=True, connection="strong")
    _, first = np.unique(found, return_index=True)
    return first[found]


def _count_flows(graph: SharingGraph, labels: np.ndarray) -> pd.DataFrame:
    """Count edges from component to component."""
    indptr, indices = graph.out_lists
    size = int(labels.max()) + 1 if len(labels) else 0
    pairs = np.repeat(labels, np.diff(indptr)) * size + labels[indices]
    found, counts = np.unique(pairs, return_counts=True)
    return pd.DataFrame(
        {"from_component": found // max(size, 1), "to_component": found % max(size, 1), "edges_n": counts}
    )
