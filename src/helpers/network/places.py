"""From names to places in a sharing graph, and its edges as pairs of places."""

from collections.abc import Iterable

import numpy as np

from helpers.errors import DataError
from helpers.network.graph import SharingGraph


def find_places(graph: SharingGraph, agencies: Iterable[str], what: str = "agency") -> np.ndarray:
    """Find the places of agencies in `graph.names`, sorted and each once.

    Raises
    ------
    DataError
        One is not in the graph, or there is none.
    """
    wanted = sorted(set(agencies))
    if not wanted:
        raise DataError(what, "none is given", "Give at least one agency_id.")
    return np.array([graph.find_node(name) for name in wanted])


def list_ends(graph: SharingGraph) -> tuple[np.ndarray, np.ndarray]:
    """List the edges as two arrays of places, owners and readers, in the order of names."""
    starts, readers = graph.out_lists
    return np.repeat(np.arange(graph.nodes_n), np.diff(starts)), readers.astype(np.int64)


def mark_places(graph: SharingGraph, places: np.ndarray) -> np.ndarray:
    """Mark some places in a mask over all nodes."""
    mask = np.zeros(graph.nodes_n, dtype=bool)
    mask[places] = True
    return mask
