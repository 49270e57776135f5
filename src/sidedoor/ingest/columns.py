"""A column of cells as it lies in memory: by its bytes, most cells are told apart before any pattern is tried."""

import functools
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_WIDE_SPACE = "[\u00a0\u2007\u2009\u202f]"
# one sign for all beyond ASCII, and the pairs of first signs
_BEYOND, _PAIRS = "\x80", 1 << 16
_ALL = frozenset(map(chr, range(129)))


class _UnsureError(Exception):
    """What a piece of a pattern may begin with is not sure."""


@dataclass(eq=False)
class Column:
    """Cells of one column, never missing; what is worked out of them is worked out once.

    Attributes
    ----------
    raw
        The cells as printed: Arrow text.
    """

    raw: pa.Array

    @functools.cached_property
    def is_ascii(self) -> bool:
        """Whether no cell holds a sign beyond ASCII."""
        offsets, signs = view_bytes(self.raw)
        signs = signs[offsets[0] :]
        return not len(signs) or bool(signs.max() < 128)

    @functools.cached_property
    def stripped(self) -> pa.Array:
        """The cells without outer blanks."""
        offsets, signs = view_bytes(self.raw)
        is_empty = offsets[1:] == offsets[:-1]
        if not len(signs):
            return self.raw
        ends = signs.take(offsets[:-1], mode="clip"), signs.take(offsets[1:] - 1, mode="clip")
        # visible signs of ASCII; in numbers of 8 bits what lies below wraps around
        if all((((end - np.uint8(33)) < 94) | is_empty).all() for end in ends):
            return self.raw
        return pc.utf8_trim_whitespace(self.raw)

    @functools.cached_property
    def plain(self) -> pa.Array:
        """The same with plain blanks in the place of wide ones: what states, dates and numbers are read from."""
        if self.is_ascii:
            return self.stripped
        return pc.utf8_trim_whitespace(pc.replace_substring_regex(self.raw, _WIDE_SPACE, " "))

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """Bytes of each plain cell."""
        return np.diff(view_bytes(self.plain)[0])

    @functools.cached_property
    def pairs(self) -> np.ndarray:
        """The first two bytes of each plain cell as one number, zero in the place of absent ones."""
        offsets, signs = view_bytes(self.plain)
        if not len(signs):
            return np.zeros(len(self.raw), "uint16")
        starts = offsets[:-1]
        first = signs.take(starts, mode="clip").astype("uint16") * (self.lengths > 0)
        return first << 8 | signs.take(starts + 1, mode="clip") * (self.lengths > 1)

    def find_maybe(self, pattern: str, *, is_whole: bool = False) -> np.ndarray:
        """Find the cells that a pattern may match from their first sign on, as a mask; see `list_pairs`."""
        return list_pairs(pattern, is_whole)[self.pairs]

    @functools.cached_property
    def is_digits(self) -> bool:
        """Whether nothing but digits stands in the whole column."""
        offsets, signs = view_bytes(self.plain)
        part = signs[offsets[0] : offsets[-1]]
        return not len(part) or bool(part.min() >= 48 and part.max() <= 57)

    def take(self, rows: np.ndarray) -> "Column":
        """Take some rows, by their numbers."""
        return Column(self.raw.take(pa.array(rows)))


def make_column(cells) -> Column:
    """Make a column of a pandas Series or an Arrow array of text."""
    if isinstance(cells, Column):
        return cells
    if isinstance(cells, pd.Series):
        cells = pa.array(cells, type=pa.large_string())
    return Column(cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells)


def view_bytes(text: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Give the positions at which cells begin, with the end of the last, and the bytes of all."""
    _, offsets, signs = text.buffers()
    kind = "int64" if pa.types.is_large_string(text.type) else "int32"
    if not len(text):
        return np.zeros(1, kind), np.empty(0, "uint8")
    at = np.frombuffer(offsets, kind, len(text) + 1, text.offset * np.dtype(kind).itemsize)
    # no byte beyond the last cell is looked at
    return at, np.empty(0, "uint8") if signs is None else np.frombuffer(signs, "uint8", at[-1])


@functools.lru_cache(256)
def list_pairs(pattern: str, is_whole: bool) -> np.ndarray:
    """List the pairs of bytes with which a text may begin that a pattern matches from its first sign on.

    Letter case is not looked at, and bytes beyond ASCII may be anything. A pattern with signs whose meaning is not sure
    may begin with any pair.

    Parameters
    ----------
    pattern
        A regular expression.
    is_whole
        It matches whole texts only.

    Returns
    -------
    Truth by pair, as `Column.pairs` numbers them.
    """
    begins = _list_begins(pattern)
    if begins is None or ("" in begins and not is_whole):
        return np.ones(_PAIRS, bool)
    table = np.zeros((256, 256), bool)
    table[128:] = True
    table[0, 0] = "" in begins
    for begin in begins - {""}:
        for first in {begin[0].lower(), begin[0].upper()}:
            table[ord(first), 128:] = True
            if len(begin) == 1:
                table[ord(first), slice(0, 1) if is_whole else slice(None)] = True
            else:
                table[ord(first), [ord(begin[1].lower()), ord(begin[1].upper())]] = True
    return table.reshape(_PAIRS)


def _list_begins(pattern: str) -> set[str] | None:
    """List the first two signs of what a pattern matches; None where that is not known for sure."""
    outside = re.sub(r"\[\^?\]?(?:\\.|[^\\\]])*\]", "", pattern)
    if "[:" in pattern or r"\pL" in outside or r"\pN" in outside:
        return None
    try:
        from re import _parser  # a part of Python that it does not promise: without it every cell is tried

        # letters and digits of any script: those of ASCII, and whatever is beyond it
        tree = _parser.parse(pattern.replace(r"\pL", "a-zA-Z").replace(r"\pN", "0-9"), re.IGNORECASE)
        return _begin(tree)
    except (_UnsureError, ImportError, re.error, RecursionError, OverflowError):
        return None


def _begin(tree) -> set[str]:
    found = {""}
    for name, given in tree:
        if all(len(text) == 2 for text in found):
            break
        found = _join(found, _begin_one(str(name), given))
    return found


def _join(first: set[str], second: set[str]) -> set[str]:
    return {text for text in first if len(text) == 2} | {
        (text + more)[:2] for text in first if len(text) < 2 for more in second
    }


def _begin_one(name: str, given) -> set[str]:
    """List the first two signs of one piece of a pattern."""
    if name == "LITERAL":
        return {_name_sign(given)}
    if name in ("ANY", "NOT_LITERAL"):
        return set(_ALL)
    if name == "IN":
        return _list_class(given)
    if name == "AT":
        return {""}
    if name == "SUBPATTERN":
        return _begin(given[3])
    if name == "BRANCH":
        return set().union(*map(_begin, given[1]))
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, part = given
        once = _begin(part)
        times = [{""}, once, _join(once, once)]
        return set().union(*times[min(least, 2) : min(most, 2) + 1])
    raise _UnsureError(name)


def _list_class(given) -> set[str]:
    found, is_negated = set(), False
    for name, what in given:
        name = str(name)
        if name == "NEGATE":
            is_negated = True
        elif name == "LITERAL":
            found.add(_name_sign(what))
        elif name == "RANGE":
            found |= {_name_sign(code) for code in range(what[0], min(what[1], 128) + 1)} | {
                _name_sign(what[1])
            }
        elif str(what) in ("CATEGORY_DIGIT", "CATEGORY_SPACE", "CATEGORY_WORD"):
            sign = {"D": r"\d", "S": r"\s", "W": r"\w"}[str(what)[9]]
            found |= {sign_ for sign_ in _ALL if sign_ != _BEYOND and re.match(sign, sign_)} | {_BEYOND}
        else:
            raise _UnsureError(name)
    return (set(_ALL) - found) | {_BEYOND} if is_negated else found


def _name_sign(code: int) -> str:
    return chr(code) if code < 128 else _BEYOND
