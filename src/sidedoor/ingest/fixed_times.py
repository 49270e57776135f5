"""Times of a fixed width, read from their bytes: a column of a hundred thousand in the time that a pattern takes for some hundreds.

A notation such as `%m/%d/%Y, %I:%M[:%S] %p[ %z]` stands for many shapes: each directive with so many signs, each sign in
its place. A shape is used only if no earlier notation fits what it fits and examples of it are read as `times` reads
them; whatever has another shape is left to `times`.
"""

import functools
import itertools
import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sidedoor.ingest.columns import view_bytes
from sidedoor.ingest.time_forms import build_moments, compile_form, read_slowly

# directive -> how many digits it may have
_DIGITS = {
    "Y": (4,), "y": (2,), "m": (2, 1), "d": (2, 1), "q": (2, 1), "r": (2, 1), "H": (2, 1), "I": (2, 1), "M": (2,), "S": (2,),
    "f": (3, 6),
}  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = ("UTC", "Z")
# Values of the examples by directive and number of digits.
_EXAMPLES = {
    "Y": ("2024", "1999", "2030"), "y": ("24", "99", "30"), "M": ("58", "00", "07"), "S": ("49", "59", "00"),
    **dict.fromkeys("m", ("11", "12", "01")), **dict.fromkeys("dqr", ("12", "09", "07")),
    "H": ("23", "00", "07"), "I": ("11", "12", "07"),
}  # fmt: skip
_SHORT = {**dict.fromkeys("mdqr", ("2", "9", "1")), **dict.fromkeys("HI", ("5", "1", "9"))}
# Shapes of one notation that are tried, and how many cells of one length there must be.
_LONGEST, _SHAPES, _FEWEST = 40, 256, 200


@dataclass(frozen=True)
class Shape:
    """One way in which a notation is written.

    Attributes
    ----------
    form
        Position of its notation.
    parts
        Directive and its place in the text, as (name, first, end).
    signs
        For each place the lowest code that may stand there, and how many above it.
    is_utc
        It prints UTC.
    """

    form: int
    parts: tuple[tuple[str, int, int], ...]
    signs: tuple[tuple[int, int], ...]
    is_utc: bool

    def find(self, text: np.ndarray) -> np.ndarray:
        """Find the texts that have this shape, given one row of bytes per place; a mask."""
        fits = np.ones(text.shape[1], bool)
        for at in sorted(range(len(self.signs)), key=lambda at: self.signs[at][1]):  # single signs first
            low, above = self.signs[at]
            fits &= (text[at] - np.uint8(low)) <= above
            if not above and not fits.any():
                return fits
        for name, first, end in self.parts:
            if name == "b":
                fits &= _find_month(text[first:end]) > 0
            elif name == "p":
                fits &= (text[first] == ord("A")) | (text[first] == ord("P"))
        return fits

    def read(self, text: np.ndarray, month_first: bool) -> np.ndarray:
        """Read texts of this shape; NaT where there is no such time."""
        found = {}
        for name, first, end in self.parts:
            if name == "b":
                found["m"] = _find_month(text[first:end])
            elif name == "p":
                found["p"] = text[first] == ord("P")
            else:
                number = np.zeros(text.shape[1], "int64")
                for at in range(first, end):
                    number = number * 10 + (text[at] - 48)
                found[name] = number * 10 ** (6 - end + first) if name == "f" else number
        if "q" in found:
            found["m"], found["d"] = (found["q"], found["r"]) if month_first else (found["r"], found["q"])
        year = found["Y"] if "Y" in found else found["y"] + 2000
        zero = np.zeros(text.shape[1], "int64")
        hour = found.get("I", found.get("H", zero))
        values = build_moments(
            year, found["m"], found["d"], hour, found.get("M", zero), found.get("S", zero), found.get("p"),
            ~found["p"] if "p" in found else None,
        )  # fmt: skip
        return values + found["f"] * np.timedelta64(1, "us") if "f" in found else values


def read_fixed(
    cells: pa.Array, forms: tuple[str, ...], month_first: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the cells of a fixed width.

    Parameters
    ----------
    cells
        Text without outer blanks.
    forms, month_first
        As for `times.read_times`.

    Returns
    -------
    As the attributes of `times.TimesRead`: values, is_utc, forms; a form of -1 where the cell is left to `times`.
    """
    values = np.full(len(cells), np.datetime64("NaT", "us"))
    is_utc, found = np.zeros(len(cells), bool), np.full(len(cells), -1, "int8")
    offsets, signs = view_bytes(cells)
    lengths = np.diff(offsets)
    counts = np.bincount(np.minimum(lengths, _LONGEST + 1), minlength=_LONGEST + 2)
    for length in np.flatnonzero(counts[: _LONGEST + 1] >= _FEWEST):
        shapes = list_shapes(forms, month_first, int(length))
        if not shapes:
            continue
        rows = np.flatnonzero(lengths == length)
        text = signs[offsets[rows] + np.arange(length)[:, None]]
        for shape in shapes:
            fits = shape.find(text)
            if not fits.any():
                continue
            here = text if fits.all() else text[:, fits]
            read, taken = shape.read(here, month_first), rows[fits]
            values[taken], is_utc[taken], found[taken] = (
                read,
                shape.is_utc,
                np.where(np.isnat(read), -1, shape.form),
            )
            rows, text = rows[~fits], text[:, ~fits]
            if len(rows) < _FEWEST:
                break
    is_utc &= found >= 0
    return values, is_utc, found


@functools.lru_cache(256)
def list_shapes(forms: tuple[str, ...], month_first: bool, length: int) -> list[Shape]:
    """List the shapes of one length of some notations that are safe to read from bytes."""
    found = []
    for number, notation in enumerate(forms):
        if re.search(r"\d", re.sub(r"%.", "", notation)) or not notation.isascii():
            break  # a literal digit makes no pattern that all digits fit alike
        earlier = [compile_form(form).pattern for form in forms[:number]]
        for shape, examples in _list_written(number, notation).get(length, []):
            if _is_alike(shape, examples, earlier, forms, month_first):
                found.append(shape)
    return found


@functools.lru_cache(64)
def _list_written(number: int, notation: str) -> dict[int, list[tuple[Shape, list[str]]]]:
    found: dict[int, list] = {}
    for shape, examples in itertools.islice(_write_out(number, notation), _SHAPES):
        found.setdefault(len(shape.signs), []).append((shape, examples))
    return found


def _write_out(number: int, notation: str):
    """Write out the shapes of a notation, each with three examples."""
    for pieces in _expand(notation):
        if "%a" in pieces or _touch(pieces):
            continue
        for widths in itertools.product(*map(_list_widths, pieces)):
            parts, signs, examples = [], [], ["", "", ""]
            for piece, width in zip(pieces, widths, strict=True):
                name, start = piece[1:] if len(piece) > 1 else "", len(signs)
                if not name or name == "z":
                    literal = width if name else piece
                    signs += [(ord(sign), 0) for sign in literal]
                    more = (literal,) * 3
                elif name == "b":
                    signs += [(ord("A"), 57)] * 3
                    more = _MONTHS[:3]
                elif name == "p":
                    signs += [(ord("A"), 15), (ord("M"), 0)]
                    more = ("AM", "PM", "AM")
                else:
                    signs += [(48, 9)] * width
                    more = ("123456"[:width], "0" * width, "9" * width) if name == "f" else (
                        _SHORT if width == 1 else _EXAMPLES)[name]  # fmt: skip
                if name and name != "z":
                    parts.append((name, start, len(signs)))
                examples = [text + part for text, part in zip(examples, more, strict=True)]
            yield Shape(number, tuple(parts), tuple(signs), "%z" in pieces), examples


def _list_widths(piece: str) -> tuple:
    if piece == "%z":
        return _ZONES
    return _DIGITS.get(piece[1:], (0,)) if len(piece) > 1 else (0,)


def _touch(pieces: list[str]) -> bool:
    """Say whether two numbers stand side by side: how many digits each has is then for the pattern to say."""
    is_number = [len(piece) > 1 and piece[1] in _DIGITS for piece in pieces]
    return any(first and second for first, second in itertools.pairwise(is_number))


def _expand(notation: str) -> list[list[str]]:
    """Write out what may be absent: lists of directives and signs."""
    stack: list[list[list[str]]] = [[[]]]
    at, seen_q = 0, False
    while at < len(notation):
        sign = notation[at]
        if sign == "[":
            stack.append([[]])
        elif sign == "]":
            inner = stack.pop()
            stack[-1] = [before + after for before in stack[-1] for after in (*inner, [])]
        else:
            if sign == "%":
                at += 1
                sign = "%" + notation[at]
                if sign == "%q":
                    sign, seen_q = ("%r" if seen_q else "%q"), True
            stack[-1] = [before + [sign] for before in stack[-1]]
        at += 1
    return stack[0]


def _is_alike(
    shape: Shape, examples: list[str], earlier: list[str], forms: tuple[str, ...], month_first: bool
) -> bool:
    """Try a shape: no earlier notation fits it, and its examples are read as `times` reads them."""
    if any(re.search(pattern, text) for pattern in earlier for text in examples):
        return False
    cells = pa.array(examples, pa.large_string())
    text = np.array([list(example.encode()) for example in examples], "uint8").T
    read = read_slowly(cells, list(forms), month_first=month_first)
    return bool(
        shape.find(text).all()
        and (shape.read(text, month_first) == read.values).all()
        and (read.forms == shape.form).all()
        and (read.is_utc == shape.is_utc).all()
    )


def _find_month(text: np.ndarray) -> np.ndarray:
    """Find the number of the month that three letters name; 0 for none."""
    code = (text[0].astype("int64") << 16) | (text[1].astype("int64") << 8) | text[2]
    number = np.zeros(text.shape[1], "int64")
    for at, name in enumerate(_MONTHS, 1):
        number[code == (ord(name[0]) << 16 | ord(name[1]) << 8 | ord(name[2]))] = at
    return number
