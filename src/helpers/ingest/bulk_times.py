"""Dates of a large log: the notations that its first rows use, as DuckDB reads them; the rest goes through `times`.

A notation such as `%m/%d/%Y, %I:%M[:%S] %p[ %z]` stands for many shapes. A shape is used only if no earlier notation can
fit it, and only for values that both ways read alike; whatever has another shape is read by `read_times` itself.
"""

import functools
import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .duck import quote
from .times import compile_form, read_times

# directive -> what a cell of the shape may hold there, the same for DuckDB, and examples
_PARTS = {
    "Y": (r"(?:19|20)\d\d", "%Y", ("1900", "2099")), "m": (r"(?:0?[1-9]|1[0-2])", "%m", ("1", "01", "12")),
    "d": (r"(?:0?[1-9]|[12]\d|3[01])", "%d", ("1", "01", "28")), "H": (r"(?:[01]?\d|2[0-3])", "%H", ("0", "00", "23")),
    "I": (r"(?:0?[1-9]|1[0-2])", "%I", ("1", "01", "12")), "M": (r"[0-5]\d", "%M", ("00", "59")),
    "S": (r"[0-5]\d", "%S", ("00", "59")), "p": (r"[AP]M", "%p", ("AM", "PM")),
    "b": (r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)", "%b", ("Jan", "Dec")),
}  # fmt: skip
_FRACTIONS = ((r"\d{3}", "%g", ("000", "789")), (r"\d{6}", "%f", ("000000", "999999")))
_ZONES = tuple((sign, sign, (sign,)) for sign in ("UTC", "Z"))
_EXAMPLES = 4_000
_SHAPES = 6
_CHANGED, _SIGNS, _FIRST = 1_500, " \t0123456789,:-/TZ.+aAPM", np.datetime64("1900-01-01", "us")


@dataclass(frozen=True)
class Shape:
    """One way in which a notation may be written: a pattern for whole cells, and the form of DuckDB's strptime.

    With a `length` all numbers have their full width; a cell of that length that strptime reads needs no pattern if
    signs stand where they should (`signs`, counted from 1): a number could be shorter beside a longer blank.
    """

    pattern: str
    strptime: str
    form: int
    is_utc: bool
    length: int = 0
    signs: tuple[int, ...] = ()

    def fits_sql(self, cell: str) -> str:
        """Write as SQL whether a cell has this shape."""
        if not self.length:
            return f"regexp_full_match({cell}, {quote(self.pattern)})"
        there = "".join(f" AND ascii({cell}[{at}]) > 32" for at in self.signs)
        return f"strlen({cell}) = {self.length}{there}"


def choose_shapes(cells: pa.Array, forms: list[str], *, month_first: bool) -> list[Shape]:
    """Choose the shapes that cells of the first rows have, the most frequent first."""
    rest, counts, lengths = cells.drop_null(), [], []
    for shape, chosen in _list_shapes(forms, month_first):
        hit = pc.match_substring_regex(rest, f"^(?:{shape.pattern})$")
        count = int(pc.sum(hit).as_py() or 0)
        if count and _is_alike(shape, chosen, tuple(forms), month_first):
            counts.append((-count, len(counts), shape))
            found, rest = rest.filter(hit), rest.filter(pc.invert(hit))
            widest = [max(piece[2], key=len) for piece in chosen]
            length = len("".join(widest))
            blanks = [sum(map(len, widest[:at])) + 1 for at, part in enumerate(widest) if part == " "]
            full = replace(shape, length=length, signs=tuple(sorted({at + side for at in blanks for side in (-1, 1)})))
            full_n = int(pc.sum(pc.equal(pc.binary_length(found), length)).as_py() or 0)
            if full_n and _is_sure(full, tuple(forms), month_first):
                lengths.append(((-full_n, len(lengths), full)))
    known = [full.length for _, _, full in lengths]
    lengths = [entry for entry in lengths if known.count(entry[2].length) == 1]
    return [shape for _, _, shape in [*sorted(lengths), *sorted(counts)[:_SHAPES]]]


def _list_shapes(forms: list[str], month_first: bool) -> Iterator[tuple[Shape, tuple]]:
    """List the shapes of notations that DuckDB may read, each with the pieces it is made of."""
    for number, notation in enumerate(forms):
        for parts in _expand(notation):
            pieces = [_name_piece(part, month_first) for part in parts]
            for chosen in itertools.product(*pieces):
                pattern, strptime = ("".join(piece[at] for piece in chosen) for at in (0, 1))
                yield Shape(pattern, strptime, number, any(piece in _ZONES for piece in chosen)), chosen


def _expand(notation: str) -> list[list[str]]:
    """Write out what may be absent: lists of directives and signs."""
    compile_form(notation)
    stack: list[list[list[str]]] = [[[]]]
    at, seen_q = 0, False
    while at < len(notation):
        sign = notation[at]
        if sign == "[":
            stack.append([[]])
        elif sign == "]":
            inner = stack.pop()
            stack[-1] = [before + after for before in stack[-1] for after in ([], *inner)]
        else:
            if sign == "%":
                at += 1
                sign = "%" + notation[at]
                if sign == "%q":
                    sign, seen_q = ("%r" if seen_q else "%q"), True
            stack[-1] = [before + [sign] for before in stack[-1]]
        at += 1
    return stack[0]


def _name_piece(part: str, month_first: bool) -> tuple:
    """Give the choices for one directive or sign: pattern, strptime, examples; none if DuckDB reads it otherwise."""
    if part[0] != "%" or len(part) == 1:
        return ((re.escape(part), part.replace("%", "%%"), (part,)),)
    name = part[1]
    if name in "qr":
        name = "m" if (name == "q") == month_first else "d"
    if name == "f":
        return _FRACTIONS
    if name == "z":
        return _ZONES
    return (_PARTS[name],) if name in _PARTS else ()


@functools.lru_cache(512)
def _is_alike(shape: Shape, chosen: tuple, forms: tuple[str, ...], month_first: bool) -> bool:
    """Try a shape: no earlier notation fits any of its examples, and both ways read all of them alike."""
    choices = [piece[2] for piece in chosen]
    size = int(np.prod([len(choice) for choice in choices]))
    every = max(1, size // _EXAMPLES)
    texts = ["".join(parts) for parts in itertools.islice(itertools.product(*choices), 0, None, every)]
    cells = pa.array(texts, pa.large_string())
    for notation in forms[: shape.form]:
        if pc.any(pc.match_substring_regex(cells, compile_form(notation).pattern)).as_py():
            return False
    read = read_times(cells, list(forms), month_first=month_first)
    if not ((read.forms == shape.form) & (read.is_utc == shape.is_utc)).all():
        return False
    values, fits = _ask_duckdb(shape, cells)
    return bool((values == read.values).all() and fits)


@functools.lru_cache(256)
def _is_sure(shape: Shape, forms: tuple[str, ...], month_first: bool) -> bool:
    """Try a shape of full width on cells with one and two signs changed: what strptime reads, both ways read alike."""
    source, start = random.Random(0), datetime(2024, 11, 28, 23, 58, 49, 123456).strftime(shape.strptime.replace("%g", "123"))
    texts = {start}
    while len(texts) < _CHANGED:
        signs = list(start)
        for _ in range(source.choice((1, 1, 2))):
            at = source.randrange(len(signs))
            signs[at] = source.choice(_SIGNS)
            if source.random() < 0.3:  # a blank moves to another place, so that the length stays
                signs.insert(source.randrange(len(signs)), signs.pop(at))
        texts.add("".join(signs).strip())
    fine = [text for text in texts if len(text) == shape.length and all(ord(text[at - 1]) > 32 for at in shape.signs)]
    cells = pa.array(sorted(fine), pa.large_string())
    if start not in cells.to_pylist():
        return False
    values, _ = _ask_duckdb(shape, cells)
    read = read_times(cells, list(forms), month_first=month_first)
    taken = ~np.isnat(values) & (values >= _FIRST)
    return bool(((values == read.values) & (read.forms == shape.form) & (read.is_utc == shape.is_utc))[taken].all())


def _ask_duckdb(shape: Shape, cells: pa.Array) -> tuple[np.ndarray, bool]:
    """Read cells with strptime, and say whether all fit the pattern."""
    import duckdb

    with duckdb.connect() as connection:
        connection.register("examples", pa.table({"t": cells}))
        sql = "SELECT try_strptime(t, $form) AS at_, regexp_full_match(t, $pattern) AS fits FROM examples"
        given = {"form": shape.strptime, "pattern": shape.pattern}
        there = connection.sql(sql, params=given).to_arrow_table()
    return pc.cast(there["at_"], pa.timestamp("us")).to_numpy(), pc.all(there["fits"]).as_py()
