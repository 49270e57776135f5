"""Which agencies share with the same recipients: the projection of a sharing network on common recipients."""

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.graph import SharingGraph

# Rows of agencies at a time: 1,024 by 18,000 counts in single precision are 74 MB.
_ROWS = 1024


def list_cosharing(
    graph: SharingGraph, most: int = 20, fewest: int = 1, only_reporters: bool = True
) -> pd.DataFrame:
    """List the pairs of agencies whose recipients are most alike.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    most
        Pairs listed [pairs].
    fewest
        Common recipients that a pair must have [agencies], at least 1.
    only_reporters
        Whether only agencies whose whole list is known are compared: of others, common recipients are a lower bound.

    Returns
    -------
    DataFrame, one row per pair, most alike first, then most common recipients, then by name: a_id, b_id, common_n,
    a_n, b_n (recipients of each but the other), alike_frac (common over either's: Jaccard).

    Raises
    ------
    DataError
        `most` or `fewest` is below 1.

    Notes
    -----
    Each of the two counts apart from the other's recipients, so that sharing with each other changes nothing. Counts
    of recipients are whole numbers below 2^24, so single precision is exact, whatever the number of threads.
    """
    if min(most, fewest) < 1:
        raise DataError("co-sharing", f"most={most}, fewest={fewest}", "Both are at least 1.")
    places = np.flatnonzero(graph.is_reporter) if only_reporters else np.flatnonzero(graph.out_degrees)
    lists = np.unpackbits(graph.out_bits[places], axis=1, count=graph.nodes_n).astype(np.float32)
    to_each = lists[:, places].astype(np.int64)
    sizes = graph.out_degrees[places]
    kept: list[np.ndarray] = []
    for start in range(0, len(places), _ROWS):
        part = lists[start : start + _ROWS]
        common = (part @ lists.T).astype(np.int64)
        rows = np.arange(start, start + len(part))
        a, b = np.nonzero((common >= fewest) & (rows[:, None] < np.arange(len(places))))
        a_n = sizes[rows[a]] - to_each[rows[a], b]
        b_n = sizes[b] - to_each[b, rows[a]]
        found = np.column_stack([rows[a], b, common[a, b], a_n, b_n])
        kept.append(_choose_alike(np.concatenate([*kept[-1:], found]) if kept else found, most))
    pairs = kept[-1] if kept else np.zeros((0, 5), dtype=np.int64)
    table = pd.DataFrame(pairs, columns=["a_id", "b_id", "common_n", "a_n", "b_n"])
    table["alike_frac"] = table["common_n"] / (table["a_n"] + table["b_n"] - table["common_n"])
    names = graph.names[places] if len(places) else graph.names
    return table.assign(a_id=names[table["a_id"]], b_id=names[table["b_id"]]).astype(
        {"a_id": "str", "b_id": "str"}
    )


def _choose_alike(pairs: np.ndarray, most: int) -> np.ndarray:
    """Keep the pairs that are most alike, in order; names are in the order of places."""
    a, b, common, a_n, b_n = pairs.T
    union = a_n + b_n - common
    order = np.lexsort([b, a, -common, -(common / np.maximum(union, 1))])
    return pairs[order[:most]]
