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
        from . import kernels

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


def flip_bits(bits: np.ndarray) -> np.ndarray:
    """Flip rows and columns of a square matrix of bits.

    Eight rows by eight bits are one 64-bit number, which three exchanges of masked parts turn over.
    """
    nodes_n, width = bits.shape
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


def list_bits(bits: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List the bits that are set: (indptr, indices), sorted within each row."""
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    indices = np.empty(int(indptr[-1]), np.int32)
    if len(indices) >= COMPILED_FROM:
        from . import kernels

        kernels.list_bits(bits, indptr, indices)
        return indptr, indices
    step = max(1, (1 << 22) // max(1, bits.shape[1] * 8))
    for start in range(0, len(bits), step):
        stop = min(start + step, len(bits))
        found = np.flatnonzero(np.unpackbits(bits[start:stop]))
        found %= bits.shape[1] * 8
        indices[indptr[start] : indptr[stop]] = found
    return indptr, indices


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
