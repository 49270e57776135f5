"""Minimum vertex cuts of large graphs: ways that share no agency, sought one after another on rows of bits, compiled.

Each agency lets one way through. A search may go back along a way that was found and undo a part of it, as maximum
flows do; once it finds nothing, what it still reached tells the cut. Every row of bits is read once in a search.
"""

import numpy as np

from helpers.network.kernels import compiled

# What stands for no agency: nothing yet; the sources or the target; the way through the agency itself; a way undone.
_NONE, _END, _THROUGH, _UNDONE = -1, -2, -3, -4


@compiled
def _search(bits, mask, starts, is_last, before, after, into, out):
    """Search for one more way, and write down where each agency was entered (into) and left (out) from.

    Returns the last agency of a way, or -1.
    """
    rows, width = bits.shape
    into[:] = _NONE
    out[:] = _NONE
    unseen, waiting, done, count = mask.copy(), np.empty(2 * rows, np.int64), 0, 0
    for v in starts:
        into[v] = _END
        unseen[v >> 3] &= ~np.uint8(128 >> (v & 7))
        waiting[count] = v
        count += 1
    while done < count:
        v = waiting[done]
        done += 1
        if v < rows:  # entered: on through it, or back along the way that uses it
            u, how = (v, _THROUGH) if before[v] == _NONE else (before[v], v)
            if u >= 0 and out[u] == _NONE:
                out[u] = how
                if is_last[u]:
                    return u
                waiting[count] = rows + u
                count += 1
            continue
        v -= rows  # left: on to all it shares with, or back through it
        if before[v] != _NONE and into[v] == _NONE:
            into[v] = _UNDONE
            unseen[v >> 3] &= ~np.uint8(128 >> (v & 7))
            waiting[count] = v
            count += 1
        for b in range(width):
            fresh = bits[v, b] & unseen[b]
            if fresh:
                unseen[b] ^= fresh
                for k in range(8):
                    if fresh & (128 >> k):
                        into[b * 8 + k] = v
                        waiting[count] = b * 8 + k
                        count += 1
    return -1


@compiled
def _add_way(last, before, after, into, out):
    """Go back from the last agency of a way, and write down before and after whom each one stands now."""
    after[last], v = _END, last
    while True:
        w = v if out[v] == _THROUGH else out[v]
        while into[w] == _UNDONE:
            before[w] = after[w] = _NONE
            w = out[w]
        before[w] = into[w]
        if into[w] == _END:
            return
        v = into[w]
        after[v] = w


@compiled
def cut_ways(bits, back_bits, mask, starts, lasts):
    """Cut all ways from the starts to the lasts, both possibly in the cut.

    Parameters
    ----------
    bits, back_bits
        Rows of bits, and those of the graph turned round.
    mask
        One row of bits: the agencies in between.
    starts, lasts
        Numbers of those that a source shares with, and of those that share with a target.

    Returns
    -------
    Masks of the minimum cut nearest to the sources, and of the one nearest to the targets.
    """
    rows = bits.shape[0]
    before, after = np.full(rows, _NONE, np.int32), np.full(rows, _NONE, np.int32)
    into, out = np.empty(rows, np.int32), np.empty(rows, np.int32)
    is_last, is_start = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    is_last[lasts] = True
    while True:
        last = _search(bits, mask, starts, is_last, before, after, into, out)
        if last < 0:
            break
        _add_way(last, before, after, into, out)
    near = (into != _NONE) & (out == _NONE)
    _search(back_bits, mask, lasts, is_start, after, before, into, out)
    return near, (into != _NONE) & (out == _NONE)
