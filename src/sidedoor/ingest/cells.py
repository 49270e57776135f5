"""What a cell of a log is: a value, or one of five ways of holding none, kept apart."""

import functools
import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.canonical import CELL_STATES
from helpers.errors import IngestError
from helpers.formats import load_format

# States as codes: positions in CELL_STATES.
VALUE, EMPTY, NOT_EXPORTED, MASKED, REDACTED, PLACEHOLDER = map(np.int8, range(6))
_COUNT = r"^(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.0+)?$"
_WIDE_SPACE = "[\u00a0\u2007\u2009\u202f]"


@dataclass(eq=False)
class Column:
    """Cells of one column as they are in the file, never missing; what is worked out of them is kept."""

    raw: pa.Array

    @functools.cached_property
    def stripped(self) -> pa.Array:
        """The cells without outer blanks."""
        return pc.utf8_trim_whitespace(self.raw)

    @functools.cached_property
    def plain(self) -> pa.Array:
        """The same with plain blanks in the place of wide ones: what states."""
        if pc.all(pc.string_is_ascii(self.raw)).as_py():
            return self.stripped
        return pc.utf8_trim_whitespace(pc.replace_substring_regex(self.raw, _WIDE_SPACE, " "))

    @functools.cached_property
    def is_filled(self) -> np.ndarray:
        """A mask of the plain cells that are not empty."""
        return np.asarray(pc.binary_length(self.plain)) > 0


def make_column(cells) -> Column:
    """Make a column of a pandas Series, a list or an Arrow array of text."""
    if isinstance(cells, Column):
        return cells
    return Column(cells if isinstance(cells, pa.Array) else pa.array(list(cells), pa.string()))


@dataclass(frozen=True)
class Marks:
    """Patterns of whole cells that hold no value, by state, and all in one; longer cells are values."""

    patterns: dict[np.int8, str]
    any_of_them: str
    longest: int


@functools.cache
def load_marks(kind: str = "free") -> Marks:
    """Load the marks of released logs, from `cells.toml`.

    Parameters
    ----------
    kind
        `free` for text that somebody typed; `strict` where a short word can be a value (plates); `label` for
        numbers, times and types; `name` where nothing but a mask is none (agencies, ids).
    """
    known = load_format("cells")
    placeholder = {"free": known, "name": {"placeholder": []}, **known}[kind]["placeholder"]
    return build_marks(known["masked"], known["redacted"], placeholder, known["longest"])


def build_marks(masked: list[str], redacted: list[str], placeholder: list[str], longest: int = 60) -> Marks:
    """Build marks from lists of patterns.

    Raises
    ------
    IngestError
        A pattern is no regular expression, or one that looks around or back at what it found.
    """
    lists = {MASKED: masked, REDACTED: redacted, PLACEHOLDER: placeholder}
    for state, pattern in ((state, part) for state, parts in lists.items() for part in parts):
        try:
            pc.match_substring_regex(pa.array([""]), f"(?i)^(?:{pattern})$")
        except pa.ArrowInvalid as error:
            found = f"a pattern that is none ({str(error).partition(':')[2].strip()[:120]})"
            way_out = "Correct it; looking around, as in (?=a), and back, as in \\1, are not known here."
            place = f"marks of {CELL_STATES[state]} cells"
            raise IngestError(place, found, way_out, code="wrong-value") from None
    either = {state: "|".join(f"(?:{part})" for part in parts) for state, parts in lists.items() if parts}
    whole = {state: f"(?i)^(?:{part})$" for state, part in either.items()}
    return Marks(whole, f"(?i)^(?:{'|'.join(either.values())})$", longest)


def find_states(cells, marks: Marks, values: np.ndarray | None = None) -> np.ndarray:
    """Find the state of each cell.

    Arrow's engine reads a cell once from left to right: no pattern of a mapping keeps it busy for longer.

    Parameters
    ----------
    cells
        Text, never missing: a `Column`, or what `make_column` takes.
    marks
        From `load_marks`.
    values
        A mask of cells that are known to hold a value, such as a time that was read.

    Returns
    -------
    Codes, positions in `CELL_STATES`, as int8.
    """
    column = make_column(cells)
    states = np.where(column.is_filled, VALUE, EMPTY)
    rows = np.flatnonzero(column.is_filled if values is None else column.is_filled & ~values)
    text = column.plain if len(rows) == len(states) else column.plain.take(pa.array(rows))
    odd = np.flatnonzero(np.asarray(pc.match_substring_regex(text, marks.any_of_them)))
    if len(odd):
        found = text.take(pa.array(odd)).dictionary_encode()
        codes = np.full(len(found.dictionary), VALUE)
        for state, pattern in reversed(marks.patterns.items()):
            codes[np.asarray(pc.match_substring_regex(found.dictionary, pattern))] = state
        codes[np.asarray(pc.utf8_length(found.dictionary)) > marks.longest] = VALUE
        states[rows[odd]] = codes[np.asarray(found.indices)]
    return states


def keep_values(cells, codes: np.ndarray) -> pa.Array:
    """Keep the text of cells that hold a value, without outer blanks; missing otherwise."""
    text, is_value = make_column(cells).stripped, codes == VALUE
    return text if is_value.all() else pc.if_else(pa.array(is_value), text, pa.scalar(None, text.type))


def read_counts(cells) -> pa.Array:
    """Read whole numbers such as `840`, `17,652` or `840.0`: Arrow int64, missing where a cell is none."""
    text = make_column(cells).plain
    text = pc.if_else(pc.match_substring_regex(text, _COUNT), text, pa.scalar(None, text.type))
    if pc.any(pc.match_substring_regex(text, "[,.]")).as_py():
        text = pc.replace_substring_regex(pc.replace_substring(text, ",", ""), r"\.0+$", "")
    return pc.cast(text, pa.int64())


def show_shape(text: str) -> str:
    """Return the shape of a cell and none of its content: digits as 9, letters as a."""
    shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", " ".join(text.split())))
    return shape if len(shape) <= 40 else shape[:40] + "..."
