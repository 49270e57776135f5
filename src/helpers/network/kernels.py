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


_ONE, _SEVEN = np.uint64(1), np.uint64(7)
# Where the bits of each byte are set, and how many.
_PLACES = np.zeros((256, 8), np.uint8)
for _byte in range(256):
    _set = [k for k in range(8) if _byte & (128 >> k)]
    _PLACES[_byte, : len(_set)] = _set
_COUNTS = np.bitwise_count(np.arange(256, dtype=np.uint8))


# Numbers of nodes and places are turned into unsigned ones: compiled code then need not ask whether they count from the end.
@compiled
def set_bits(bits, from_codes, to_codes):
    """Set the bit of every edge; return how many are set, or -1 at a loop or a number out of range."""
    nodes_n, width = np.uint64(bits.shape[0]), np.uint64(bits.shape[1])
    cells = bits.reshape(-1)
    for at in range(from_codes.size):
        u, v = np.uint64(np.int64(from_codes[at])), np.uint64(np.int64(to_codes[at]))
        if u >= nodes_n or v >= nodes_n or u == v:
            return -1
        cells[u * width + (v >> np.uint64(3))] |= np.uint8(np.uint32(128) >> np.uint32(v & _SEVEN))
    whole, total = cells.size // 8 * 8, 0
    for word in cells[:whole].view(np.uint64):
        total += _count_ones(word)
    for at in range(whole, cells.size):
        total += _COUNTS[cells[at]]
    return total


@compiled
def list_bits(bits, indptr, indices):
    """List the bits that are set in each row, sorted; `indices` has eight places more than there are bits."""
    for u in range(bits.shape[0]):
        at = np.uint64(indptr[u])
        for b in range(bits.shape[1]):
            cell = bits[u, b]
            for k in range(8):  # those beyond the last bit of the byte are written over
                indices[at + np.uint64(k)] = b * 8 + _PLACES[cell, k]
            at += np.uint64(_COUNTS[cell])


@compiled
def list_pairs(bits, ends):
    """List both ends of every edge, sorted; `ends` has eight rows more than there are edges."""
    at = np.uint64(0)
    for u in range(bits.shape[0]):
        for b in range(bits.shape[1]):
            cell = bits[u, b]
            for k in range(8):
                ends[at + np.uint64(k), 0] = u
                ends[at + np.uint64(k), 1] = b * 8 + _PLACES[cell, k]
            at += np.uint64(_COUNTS[cell])


@compiled
def flip_words(words):
    """Flip rows and columns, a square of 64 by 64 bits after the other: see `bits.flip_bits`."""
    rows, width = words.shape
    flipped = np.zeros((rows, width), np.uint64)
    square = np.zeros(64, np.uint64)
    for r in range(width):
        for c in range(width):
            for k in range(64):
                # Bits of a byte stand from the highest, bytes of a word from the lowest.
                square[k ^ 7] = words[r * 64 + k, c] if r * 64 + k < rows else np.uint64(0)
            half, mask = 32, np.uint64(0xFFFFFFFF)
            while half:
                for start in range(0, 64, 2 * half):
                    for k in range(start, start + half):
                        moved = ((square[k] >> np.uint64(half)) ^ square[k + half]) & mask
                        square[k + half] ^= moved
                        square[k] ^= moved << np.uint64(half)
                half >>= 1
                mask ^= mask << np.uint64(half)
            for k in range(min(64, rows - c * 64)):
                flipped[c * 64 + k, r] = square[k ^ 7]
    return flipped


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
def measure_ahead(bits, node, hops):
    """Measure the steps from one node to all others; every row of bits is read once at most. Hops below 0: any number."""
    rows, width = bits.shape
    steps = np.full(rows, -1, np.int32)
    front, front_n, step = np.empty(rows, np.int64), 1, 0
    front[0], steps[node] = node, 0
    full, joined = np.full(width, 255, np.uint8), np.zeros(width, np.uint8)
    full[width - 1] = 256 - (1 << (width * 8 - rows))
    while front_n and step != hops:
        step += 1
        for at in range(front_n):
            row = bits[front[at]]
            for b in range(width):
                joined[b] |= row[b]
            if at % 16 == 15:
                missing = np.uint8(0)
                for b in range(width):
                    missing |= joined[b] ^ full[b]
                if not missing:
                    break
        front_n = 0
        for v in range(rows):
            if steps[v] < 0 and joined[v >> 3] & (128 >> (v & 7)):
                steps[v], front[front_n] = step, v
                front_n += 1
    return steps


@compiled
def measure_back(bits, node, hops):
    """Measure the steps from all others to one node: of each row, bits are read until one is in the last front."""
    rows, width = bits.shape
    steps = np.full(rows, -1, np.int32)
    steps[node] = 0
    mask = np.zeros(width, np.uint8)
    mask[node >> 3] = 128 >> (node & 7)
    first, last = node >> 3, node >> 3
    left, left_n, step, found_n = np.arange(rows), rows, 0, 1
    while found_n and step != hops:
        step += 1
        kept, found_n = 0, 0
        for at in range(left_n):
            u = left[at]
            row, b, hit = bits[u], first, np.uint8(0)
            while not hit and b + 16 <= last + 1:
                for k in range(16):
                    hit |= row[b + k] & mask[b + k]
                b += 16
            while not hit and b <= last:
                hit = row[b] & mask[b]
                b += 1
            if hit and steps[u] < 0:
                steps[u] = step
                found_n += 1
            elif steps[u] < 0:
                left[kept] = u
                kept += 1
        left_n = kept
        mask[:] = 0
        first, last = width, -1
        for u in range(rows):
            if steps[u] == step:
                mask[u >> 3] |= np.uint8(128 >> (u & 7))
                first, last = min(first, u >> 3), u >> 3
    return steps


@compiled
def measure_pagerank(indptr, owners, degrees, damping, tolerance):
    """Gather rank from the owners that each node reads until it changes no more; sums are in a fixed order."""
    nodes_n = indptr.size - 1
    rank, share = np.full(nodes_n, 1 / nodes_n), np.zeros(nodes_n)
    change = np.inf
    while change >= tolerance:
        stuck, change = 0.0, 0.0
        for u in range(nodes_n):
            if degrees[u]:
                share[u] = rank[u] / degrees[u]
            else:
                stuck += rank[u]
        for v in range(nodes_n):
            at, end = np.uint64(indptr[v]), np.uint64(indptr[v + 1])
            a, b, c, d = 0.0, 0.0, 0.0, 0.0  # four sums at once: none waits for another
            for _ in range((end - at) >> np.uint64(2)):
                a += share[np.uint32(owners[at])]
                b += share[np.uint32(owners[at + np.uint64(1)])]
                c += share[np.uint32(owners[at + np.uint64(2)])]
                d += share[np.uint32(owners[at + np.uint64(3)])]
                at += np.uint64(4)
            while at < end:
                a += share[np.uint32(owners[at])]
                at += _ONE
            after = damping * (a + b + (c + d) + stuck / nodes_n) + (1 - damping) / nodes_n
            change += abs(after - rank[v])
            rank[v] = after
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
def _turn_triangle(bits, indptr, ends, i, j):
    """Turn round the triangle of two edges that follow each other, where it is there and its opposite is not."""
    if ends[i, 0] == ends[j, 1]:
        i, j = j, i
    a, b, d = np.int64(ends[i, 0]), np.int64(ends[i, 1]), np.int64(ends[j, 1])
    if (
        b != ends[j, 0]
        or a == d
        or not _has(bits, d, a)
        or _has(bits, b, a)
        or _has(bits, d, b)
        or _has(bits, a, d)
    ):
        return 0
    k = indptr[d]
    while ends[k, 1] != a:
        k += 1
    for u, v in ((a, b), (b, d), (d, a)):
        _flip(bits, u, v)
        _flip(bits, v, u)
    ends[i, 1], ends[j, 1], ends[k, 1] = d, a, b
    return 1


@compiled
def exchange(bits, indptr, ends, starts, draws, window):
    """Exchange ends of edges: see `nulls.Rewiring`. Return how many attempts changed the graph.

    Whether an attempt holds is a number, 0 or 1, and everything is written either way: nothing has to be guessed.
    """
    cells, width, three, accepted = bits.reshape(-1), np.uint64(bits.shape[1]), np.uint64(3), 0
    edges_n = np.uint64(ends.shape[0])
    for turn in range(starts.shape[0]):
        first, second = np.uint64(starts[turn, 0]), np.uint64(starts[turn, 1])
        for at in range(turn * window, min((turn + 1) * window, draws.shape[0])):
            i, j = first + np.uint64(draws[at, 0]), second + np.uint64(draws[at, 1])
            i -= edges_n * np.uint64(i >= edges_n)
            j -= edges_n * np.uint64(j >= edges_n)
            a, b, c, d = (
                np.uint64(ends[i, 0]),
                np.uint64(ends[i, 1]),
                np.uint64(ends[j, 0]),
                np.uint64(ends[j, 1]),
            )
            if b == c or d == a:
                accepted += _turn_triangle(bits, indptr, ends, i, j)
                continue
            row, other, byte, far = a * width, c * width, b >> three, d >> three
            right, left = _SEVEN - (b & _SEVEN), _SEVEN - (d & _SEVEN)
            is_there = (np.uint64(cells[row + far]) >> left) | (np.uint64(cells[other + byte]) >> right)
            holds = ~is_there & _ONE  # an edge with itself never does: it is there
            mark, mark_far = np.uint8(holds << right), np.uint8(holds << left)
            cells[row + byte] ^= mark
            cells[other + far] ^= mark_far
            cells[row + far] ^= mark_far
            cells[other + byte] ^= mark
            ends[i, 1], ends[j, 1] = b ^ ((b ^ d) * holds), d ^ ((b ^ d) * holds)
            accepted += np.int64(holds)
    return accepted
