"""Loops that NumPy has no words for, compiled. Loaded for large graphs only; everything here has a plain twin.

Compiled code is kept in the user's cache folder, never in the repository.
"""

import os
import sys
from pathlib import Path

import numba
import numpy as np


def _find_cache() -> Path | None:
    """Find the folder for compiled code: the one that NUMBA_CACHE_DIR names, or one in the user's cache folder."""
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "sidedoor" / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


_CACHE = _find_cache()
if _CACHE:
    numba.config.CACHE_DIR = str(_CACHE)
# Without a folder to keep it in, code is compiled anew in each session.
compiled = numba.njit(cache=_CACHE is not None, nogil=True)


@compiled
def set_bits(bits, from_codes, to_codes):
    """Set the bit of every edge; return how many were not set before, or -1 at a loop or a number out of range."""
    distinct, nodes_n = 0, bits.shape[0]
    for at in range(from_codes.size):
        u, v = np.int64(from_codes[at]), np.int64(to_codes[at])
        if u == v or u < 0 or v < 0 or u >= nodes_n or v >= nodes_n:
            return -1
        mark = np.uint8(128 >> (v & 7))
        cell = bits[u, v >> 3]
        distinct += (cell & mark) == 0
        bits[u, v >> 3] = cell | mark
    return distinct


def pad_words(bits):
    """Give rows of bytes as rows of 64-bit numbers, filled up with zeros."""
    words = np.zeros((bits.shape[0], (bits.shape[1] + 7) // 8 * 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    return words.view(np.uint64)


@compiled
def list_bits(bits, indptr, indices):
    """List the bits that are set in each row, sorted."""
    for u in range(bits.shape[0]):
        at = indptr[u]
        for b in range(bits.shape[1]):
            cell = bits[u, b]
            if cell:
                for k in range(8):
                    indices[at] = b * 8 + k
                    at += (cell >> (7 - k)) & 1
                    if at == indices.size:
                        break


@compiled
def _turn_square(x):
    """Transpose eight by eight bits: row r, bit c stands at 8 r + 7 - c."""
    t = (x ^ (x >> np.uint64(9))) & np.uint64(0x0055005500550055)
    x ^= t ^ (t << np.uint64(9))
    t = (x ^ (x >> np.uint64(18))) & np.uint64(0x0000333300003333)
    x ^= t ^ (t << np.uint64(18))
    t = (x ^ (x >> np.uint64(36))) & np.uint64(0x000000000F0F0F0F)
    return x ^ t ^ (t << np.uint64(36))


@compiled
def _count_ones(x):
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def count_returned(bits):
    """Count the edges whose opposite is there, a square of eight by eight bits against its mirror image."""
    rows, width = bits.shape
    squares = (rows + 7) // 8
    mine, there = np.zeros(width, np.uint64), np.zeros(width, np.uint64)
    total = np.int64(0)
    for r in range(squares):
        mine[:] = 0
        there[:] = 0
        for k in range(min(8, rows - r * 8)):
            for c in range(r, squares):
                mine[c] |= np.uint64(bits[r * 8 + k, c]) << np.uint64(8 * k)
        for c in range(r, squares):
            for k in range(min(8, rows - c * 8)):
                there[c] |= np.uint64(bits[c * 8 + k, r]) << np.uint64(8 * k)
        total += _count_ones(mine[r] & _turn_square(there[r]))
        for c in range(r + 1, squares):
            total += 2 * _count_ones(mine[c] & _turn_square(there[c]))
    return total


@compiled
def extend_reach(out, reach, back, nodes_n):
    """Join, for every node, the reach of its recipients to its own: out, reach and back (its rows flipped) as words.

    Recipients are joined one after the other as long as each still adds a node on average. Nodes missing then are
    looked for one by one, where the recipients and the node's own row of `back` meet: most within a few words.
    """
    rows, width = out.shape
    wide = reach.copy()
    row_bytes, out_bytes = wide.view(np.uint8), out.view(np.uint8)
    bytes_n = (nodes_n + 7) // 8
    is_read = np.zeros(bytes_n * 8, np.bool_)
    for v in range(rows):
        for w in range(width):
            if back[v, w]:
                is_read[v] = True
                break
    for u in range(rows):
        joined, is_whole, before = 0, True, -1
        for byte in range(bytes_n):
            cell = out_bytes[u, byte]
            if cell == 0:
                continue
            for k in range(8):
                if cell & (128 >> k):
                    v = byte * 8 + k
                    for i in range(width):
                        wide[u, i] |= reach[v, i]
                    joined += 1
            if joined >= 16:
                ones = 0
                for i in range(width):
                    ones += _count_ones(wide[u, i])
                if before >= 0 and ones - before < joined:
                    is_whole = False
                    break
                joined, before = 0, ones
        if not is_whole:
            for byte in range(bytes_n):
                cell = row_bytes[u, byte]
                if cell == 255:
                    continue
                for k in range(8):
                    v = byte * 8 + k
                    if not cell & (128 >> k) and is_read[v]:
                        for w in range(width):
                            if out[u, w] & back[v, w]:
                                row_bytes[u, byte] |= np.uint8(128 >> k)
                                break
        row_bytes[u, u >> 3] &= np.uint8(255 ^ (128 >> (u & 7)))
    return wide


@compiled
def measure_pagerank(indptr, indices, damping, tolerance):
    """Spread rank over recipients until it changes no more."""
    nodes_n = indptr.size - 1
    rank = np.full(nodes_n, 1 / nodes_n)
    change = np.inf
    while change >= tolerance:
        after = np.zeros(nodes_n)
        stuck = 0.0
        for u in range(nodes_n):
            start, end = indptr[u], indptr[u + 1]
            if start == end:
                stuck += rank[u]
            else:
                share = rank[u] / (end - start)
                for at in range(start, end):
                    after[indices[at]] += share
        change = 0.0
        for v in range(nodes_n):
            after[v] = damping * (after[v] + stuck / nodes_n) + (1 - damping) / nodes_n
            change += abs(after[v] - rank[v])
        rank = after
    return rank / rank.sum()


@compiled
def count_closed(out, back, indptr, indices):
    """Count the ways of two hops along which an edge leads as well: out and back as words."""
    total = np.int64(0)
    for u in range(indptr.size - 1):
        for at in range(indptr[u], indptr[u + 1]):
            v = indices[at]
            for w in range(out.shape[1]):
                total += _count_ones(out[u, w] & back[v, w])
    return total


@compiled
def _has(bits, u, v):
    return (bits[u, v >> 3] >> np.uint8(7 - (v & 7))) & np.uint8(1)


@compiled
def _flip(bits, u, v):
    bits[u, v >> 3] ^= np.uint8(128 >> (v & 7))


@compiled
def exchange(bits, indptr, ends, draws):
    """Exchange ends of edges: see `nulls.Rewiring`. Return how many attempts changed the graph."""
    accepted = 0
    for at in range(draws.shape[0]):
        i, j = np.int64(draws[at, 0]), np.int64(draws[at, 1])
        a, b = np.int64(ends[i, 0]), np.int64(ends[i, 1])
        c, d = np.int64(ends[j, 0]), np.int64(ends[j, 1])
        if d == a:
            i, j = j, i
            a, b, c, d = c, d, a, b
        if b == c:
            if a == d or not _has(bits, d, a) or _has(bits, b, a) or _has(bits, d, b) or _has(bits, a, d):
                continue
            k = indptr[d]
            while ends[k, 1] != a:
                k += 1
            _flip(bits, a, b)
            _flip(bits, b, d)
            _flip(bits, d, a)
            _flip(bits, b, a)
            _flip(bits, d, b)
            _flip(bits, a, d)
            ends[i, 1], ends[j, 1], ends[k, 1] = d, a, b
        elif i == j or _has(bits, a, d) or _has(bits, c, b):
            continue
        else:
            _flip(bits, a, b)
            _flip(bits, c, d)
            _flip(bits, a, d)
            _flip(bits, c, b)
            ends[i, 1], ends[j, 1] = d, b
        accepted += 1
    return accepted
