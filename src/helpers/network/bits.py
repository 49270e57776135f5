"""Large networks as rows of bits: build, reciprocity, reach and two steps, many times faster than with lists.

A sharing network has few agencies and many shares. One bit for each ordered pair holds 5,000 agencies in 3
MB, however many shares there are. For everything else use networkx, or igraph and SciPy by way of `to_csr`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import DataError

_ROWS = 512  # rows of bits unpacked at a time: 5,000 agencies take 2.5 MB


@dataclass(frozen=True, eq=False)
class BitNetwork:
    """A directed network without loops.

    Attributes
    ----------
    names
        Sorted agency ids: agency i is `names[i]`.
    bits
        uint64, one row for each agency: bit v of row u (from the lowest) says that v can search data of u.
    """

    names: np.ndarray
    bits: np.ndarray


def pack_edges(edges: pd.DataFrame) -> BitNetwork:
    """Return the network of a table of shares; a share that is there twice counts once.

    Parameters
    ----------
    edges
        Columns from_id (whose data) and to_id (who can search them): text, or categories of the same names.

    Raises
    ------
    DataError
        A missing name, or an agency that shares with itself.
    """
    ends = [edges[column] for column in ("from_id", "to_id")]
    if isinstance(ends[0].dtype, pd.CategoricalDtype) and ends[0].dtype == ends[1].dtype:
        names, codes = ends[0].cat.categories.to_numpy(), [end.cat.codes.to_numpy() for end in ends]
    else:
        found, names = pd.factorize(pd.concat(ends, ignore_index=True), sort=True)
        codes = [found[: len(edges)], found[len(edges) :]]
    is_wrong = (codes[0] < 0) | (codes[1] < 0) | (codes[0] == codes[1])
    if is_wrong.any():
        row = int(np.argmax(is_wrong))
        found = "a name is missing, or an agency shares with itself"
        way_out = "Correct the row, or leave it out."
        raise DataError(f"edge table, row {row + 1}", found, way_out, code="bad-edge")
    width = -(-len(names) // 64) * 64
    marks = np.zeros(len(names) * width, dtype=bool)
    marks[codes[0].astype(np.intp) * width + codes[1]] = True
    bits = np.packbits(marks.reshape(len(names), width), axis=1, bitorder="little").view("<u8")
    return BitNetwork(np.asarray(names), bits)


def count_edges(network: BitNetwork) -> int:
    """Return the number of shares."""
    return int(np.bitwise_count(network.bits).sum(dtype=np.int64))


def unpack_rows(network: BitNetwork, rows=slice(None)) -> np.ndarray:
    """Return some rows as bool, one column for each agency."""
    part = np.unpackbits(
        network.bits[rows].view(np.uint8), axis=1, count=len(network.names), bitorder="little"
    )
    return part.view(bool)


def to_csr(network: BitNetwork):
    """Return the network as a sparse matrix of SciPy."""
    from scipy.sparse import csr_array

    size = len(network.names)
    counts = np.bitwise_count(network.bits).sum(axis=1, dtype=np.int64)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    indices = np.empty(indptr[-1], np.int32)
    for start in range(0, size, _ROWS):
        stop = min(start + _ROWS, size)
        indices[indptr[start] : indptr[stop]] = np.nonzero(unpack_rows(network, slice(start, stop)))[1]
    return csr_array((np.ones(len(indices), np.int8), indices, indptr), shape=(size, size))


def flip(network: BitNetwork) -> np.ndarray:
    """Return the rows of bits the other way: bit u of row v says that v can search data of u."""
    size, width = network.bits.shape
    flipped = np.zeros((width * 64, width * 8), np.uint8)
    for start in range(0, size, _ROWS):
        part = unpack_rows(network, slice(start, start + _ROWS))
        packed = np.packbits(np.ascontiguousarray(part.T), axis=1, bitorder="little")
        flipped[:size, start // 8 : start // 8 + packed.shape[1]] = packed
    return flipped[:size].view("<u8")


def count_returned(network: BitNetwork) -> int:
    """Return the number of shares that are returned, both of a pair counted."""
    return int(np.bitwise_count(network.bits & flip(network)).sum(dtype=np.int64))


def count_steps(rows: np.ndarray, start: int, steps: int) -> np.ndarray:
    """Return in how many steps each agency is met from the one at place `start`; -1 where it is not met.

    Parameters
    ----------
    rows
        `network.bits` to follow shares onward, `flip(network)` to go back.
    steps
        Steps at most.
    """
    size = len(rows)
    met = np.full(size, -1, np.int16)
    met[start] = 0
    frontier = np.array([start])
    for step in range(1, steps + 1):
        ahead = np.unpackbits(_join(rows, frontier).view(np.uint8), count=size, bitorder="little").view(bool)
        frontier = np.flatnonzero(ahead & (met < 0))
        if not len(frontier):
            break
        met[frontier] = step
    return met


def count_two_steps(network: BitNetwork) -> np.ndarray:
    """Return how many agencies each one meets in one or two steps, itself not counted."""
    counts = np.empty(len(network.names), np.int64)
    for at in range(len(network.names)):
        row = network.bits[at]
        near = np.flatnonzero(np.unpackbits(row.view(np.uint8), bitorder="little"))
        both = _join(network.bits, near) | row
        both[at // 64] &= ~(np.uint64(1) << np.uint64(at % 64))
        counts[at] = np.bitwise_count(both).sum()
    return counts


def _join(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Join some rows; stop once every bit is set."""
    joined = np.zeros(rows.shape[1], "<u8")
    full_n = len(rows)
    for start in range(0, len(places), 32):
        joined |= np.bitwise_or.reduce(rows[places[start : start + 32]], axis=0)
        if start % 128 == 0 and int(np.bitwise_count(joined).sum()) == full_n:
            break
    return joined
