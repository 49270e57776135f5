"""Rows of bits, packed from the highest: build, flip, list and combine them, in whole arrays."""

import numpy as np

# From this many edges on, a compiled kernel saves more than loading it costs a session that goes on to measure.
COMPILED_FROM = 1 << 20
_CHUNK = 1 << 16


def pack_edges(nodes_n: int, from_codes: np.ndarray, to_codes: np.ndarray) -> tuple[np.ndarray, int]:
    """Pack edges into rows of bits.

    Returns
    -------
    Bytes, one row per node and one bit per pair; and the number of distinct edges, -1 if one is a loop or out of range.
    """
    if len(from_codes) >= COMPILED_FROM:
        from helpers.network import kernels

        bits = np.zeros((nodes_n, (nodes_n + 7) // 8), np.uint8)
        return bits, int(kernels.set_bits(bits, from_codes, to_codes))
    if (from_codes == to_codes).any() or not all(
        0 <= int(codes.min()) and int(codes.max()) < nodes_n for codes in (from_codes, to_codes) if len(codes)
    ):
        return np.zeros((nodes_n, (nodes_n + 7) // 8), np.uint8), -1
    width = (nodes_n + 7) // 8 * 8
    marks = np.zeros(nodes_n * width, bool)
    places = np.empty(min(_CHUNK, len(from_codes)), np.intp)
    for start in range(0, len(from_codes), _CHUNK):
        rows = from_codes[start : start + _CHUNK]
        at = places[: len(rows)]
        np.multiply(rows, width, out=at, dtype=np.intp)
        at += to_codes[start : start + _CHUNK]
        marks[at] = True
    bits = np.packbits(marks).reshape(nodes_n, width // 8)
    return bits, int(np.bitwise_count(bits).sum(dtype=np.int64))


def pad_words(bits: np.ndarray) -> np.ndarray:
    """Give rows of bytes as rows of 64-bit numbers, filled up with zeros."""
    words = np.zeros((bits.shape[0], (bits.shape[1] + 7) // 8 * 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    return words.view(np.uint64)


def count_rows(bits: np.ndarray) -> np.ndarray:
    """Count the bits that are set in each row."""
    counts = np.empty(len(bits), np.int64)
    for start in range(0, len(bits), 1024):
        words = pad_words(bits[start : start + 1024])
        np.bitwise_count(words).sum(axis=1, dtype=np.int64, out=counts[start : start + 1024])
    return counts


def count_common(bits: np.ndarray, rows: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Count the bits that are set in each of some rows and in a mask as well."""
    parts = np.array_split(rows, max(1, len(rows) // 1024))
    some = np.flatnonzero(mask)
    if len(some) * 4 < len(mask):
        return np.concatenate([count_rows(bits[part[:, None], some] & mask[some]) for part in parts])
    return np.concatenate([count_rows(bits[part] & mask) for part in parts])


def flip_bits(bits: np.ndarray, is_compiled: bool = False) -> np.ndarray:
    """Flip rows and columns of a square matrix of bits.

    Eight rows by eight bits are one 64-bit number, which three exchanges of masked parts turn over. Compiled code turns
    64 rows by 64 bits at a time.
    """
    nodes_n, width = bits.shape
    if is_compiled:
        from helpers.network import kernels

        flipped = kernels.flip_words(pad_words(bits)).view(np.uint8)
        return np.ascontiguousarray(flipped[:, :width])
    flipped = np.empty((width * 8, width), np.uint8)
    for start in range(0, width, 8):
        stop = min(start + 8, width)
        rows = bits[start * 8 : stop * 8]
        block = np.zeros(((stop - start) * 8, width), np.uint8)
        block[: len(rows)] = rows
        # (byte row, row in it, byte column) -> (byte column, byte row, row in it): the eight rows of one square adjoin.
        squares = np.ascontiguousarray(block.reshape(stop - start, 8, width).transpose(2, 0, 1))
        turned = _turn_squares(squares.view("<u8")[..., 0]).view(np.uint8).reshape(width, stop - start, 8)
        flipped.reshape(width, 8, width)[:, :, start:stop] = turned.transpose(0, 2, 1)
    return np.ascontiguousarray(flipped[:nodes_n])


def _turn_squares(words: np.ndarray) -> np.ndarray:
    """Transpose eight by eight bits within each number, in place: row r, bit c stands at 8 r + 7 - c."""
    moved = np.empty_like(words)
    for shift, mask in ((9, 0x0055005500550055), (18, 0x0000333300003333), (36, 0x000000000F0F0F0F)):
        np.right_shift(words, np.uint64(shift), out=moved)
        moved ^= words
        moved &= np.uint64(mask)
        words ^= moved
        moved <<= np.uint64(shift)
        words ^= moved
    return words


def list_bits(bits: np.ndarray, degrees: np.ndarray, dtype: type = np.int32) -> tuple[np.ndarray, np.ndarray]:
    """List the bits that are set: (indptr, indices), sorted within each row."""
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    if indptr[-1] >= COMPILED_FROM:
        from helpers.network import kernels

        indices = np.empty(int(indptr[-1]) + 8, dtype)
        kernels.list_bits(bits, indptr, indices)
        return indptr, indices[:-8]
    indices = np.empty(int(indptr[-1]), dtype)
    step = max(1, (1 << 22) // max(1, bits.shape[1] * 8))
    for start in range(0, len(bits), step):
        stop = min(start + step, len(bits))
        found = np.flatnonzero(np.unpackbits(bits[start:stop]).view(bool))
        found -= np.repeat(np.arange(stop - start) * (bits.shape[1] * 8), degrees[start:stop])
        indices[indptr[start] : indptr[stop]] = found
    return indptr, indices


def list_pairs(bits: np.ndarray, edges_n: int, dtype: type, is_compiled: bool = False) -> np.ndarray:
    """List both ends of every bit that is set, sorted: one row per edge."""
    ends = np.empty((edges_n + 8, 2), dtype)
    if is_compiled:
        from helpers.network import kernels

        kernels.list_pairs(bits, ends)
    else:
        indptr, indices = list_bits(bits, count_rows(bits))
        ends[:edges_n, 0], ends[:edges_n, 1] = np.repeat(np.arange(len(bits)), np.diff(indptr)), indices
    return ends[:edges_n]


def join_rows(bits: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Join some rows: a bit of the result is set where it is in one of them; stops once no bit is left to set."""
    joined = np.zeros(bits.shape[1], np.uint8)
    full = pack_mask(np.ones(len(bits), bool))
    step = 32
    for start in range(0, len(rows), step):
        joined |= np.bitwise_or.reduce(bits[rows[start : start + step]], axis=0)
        if start % (8 * step) == 0 and np.array_equal(joined, full):
            break
    return joined


def pack_mask(mask: np.ndarray) -> np.ndarray:
    """Pack a mask over the nodes into one row."""
    return np.packbits(mask)


def unpack_row(row: np.ndarray, nodes_n: int) -> np.ndarray:
    """Unpack one row into a mask over the nodes."""
    return np.unpackbits(row, count=nodes_n).view(bool)
