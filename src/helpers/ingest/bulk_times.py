"""Dates of a large log: the notations that its first rows use, as DuckDB reads them; the rest goes through `times`.

A notation such as `%m/%d/%Y, %I:%M[:%S] %p[ %z]` stands for many shapes. A shape is used only if no earlier notation can
fit it, and only for values that both ways read alike; whatever has another shape is read by `read_times` itself.
"""

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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


@dataclass(frozen=True)
class Shape:
    """One way in which a notation may be written: a pattern for whole cells, and the form of DuckDB's strptime."""

    pattern: str
    strptime: str
    form: int
    is_utc: bool


def choose_shapes(cells: pa.Array, forms: list[str], *, month_first: bool) -> list[Shape]:
    """Choose the shapes that cells of the first rows have, the most frequent first."""
    rest, counts = cells.drop_null(), []
    for shape, chosen in _list_shapes(forms, month_first):
        hit = pc.match_substring_regex(rest, f"^(?:{shape.pattern})$")
        count = int(pc.sum(hit).as_py() or 0)
        if count and _is_alike(shape, chosen, tuple(forms), month_first):
            counts.append((-count, len(counts), shape))
            rest = rest.filter(pc.invert(hit))
    return [shape for _, _, shape in sorted(counts)[:_SHAPES]]


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
    import duckdb

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
    with duckdb.connect() as connection:
        connection.register("examples", pa.table({"t": cells}))
        sql = "SELECT try_strptime(t, $form) AS at, regexp_full_match(t, $pattern) AS fits FROM examples"
        given = {"form": shape.strptime, "pattern": shape.pattern}
        there = connection.sql(sql, params=given).to_arrow_table()
    values = pc.cast(there["at"], pa.timestamp("us")).to_numpy()
    return bool((values == read.values).all() and pc.all(there["fits"]).as_py())
