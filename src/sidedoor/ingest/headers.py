"""Which column is which: headers bound by name, and the first rows of a file looked at to find its header."""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import date

from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import Source
from sidedoor.ingest.text import HEADER_ROWS, PART_ROWS, RowBatch, build_batch, list_first_rows
from sidedoor.ingest.xlsx import Sheet, read_workbook, show_serial

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_QUOTES = str.maketrans("\u2018\u2019\u02bc`", "''''")


def tidy_header(name: str) -> str:
    """Normalize the name of a column: letter case, blanks and the kind of apostrophe do not count."""
    return " ".join(_INVISIBLE.sub("", name).translate(_QUOTES).split()).casefold()


def bind_columns(header: list[str], names: dict[str, list[str]], place: str = "") -> dict[str, str]:
    """Find which column of a file holds which field, by the column's name and never by its position.

    Returns
    -------
    For each field of `names` that is there, the column as printed; two columns for one field are refused.
    """
    printed = {tidy_header(column): column for column in header}
    bound = {}
    for field, known in names.items():
        found = [printed[name] for name in dict.fromkeys(map(tidy_header, known)) if name in printed]
        if len(found) > 1:
            said = f"two columns for the same thing: {found[0]!r} and {found[1]!r}"
            way_out = "Rename the one that is not meant in a copy of the file."
            raise IngestError(place or "the header", said, way_out, code="column-twice")
        if found:
            bound[field] = found[0]
    return bound


def list_beginnings(source: Source) -> list[tuple[Sheet | None, list[tuple[int, list[str]]]]]:
    """Give the first rows of each table that a file may hold: the text itself (sheet None), or each sheet."""
    if source.kind == "text":
        return [(None, list_first_rows(source))]
    return [(sheet, list(sheet)[:HEADER_ROWS]) for sheet in read_workbook(source).sheets]


def check_day(text: str | None) -> str | None:
    """Return what was given as a date, `YYYY-MM-DD`; anything else is refused."""
    try:
        if text is not None and date.fromisoformat(text).isoformat() != text:
            raise ValueError
    except ValueError:
        raise IngestError("--as-of", "not a date", "Write YYYY-MM-DD.", code="wrong-value") from None
    return text


def locate(source: Source, sheet: Sheet | None, number: int | str) -> str:
    """Name a row of a file in words, for an error."""
    return f"{source.name}, {sheet.name_row(number) if sheet else f'line {number}'}"


def make_batches(
    sheet: Sheet, header_row: int, header: list[str], moments: Iterable[str] = (), date_1904: bool = False
) -> Iterator[RowBatch]:
    """Give the rows of a sheet below its header; rows without any cell are passed over.

    Numbers in the columns `moments` are times that the sheet does not format as such.
    """
    dated = [at for at, name in enumerate(header) if name and name in moments]
    rows = ((number, cells) for number, cells in sheet if number > header_row and any(cells))
    while part := list(itertools.islice(rows, PART_ROWS)):
        made = [[*cells[: len(header)], *[""] * (len(header) - len(cells))] for _, cells in part]
        for cells, at in itertools.product(made, dated):
            cells[at] = show_serial(cells[at], date_1904)
        yield build_batch(header, made, [number for number, _ in part], sheet.name_row("{}"))


@functools.cache
def list_known_headers() -> frozenset[str]:
    """List the texts of the known layouts, headers of vendors and clerks: none names a person."""
    texts, rest = set(), [load_format("flock"), load_format("workbook")]
    while rest:
        part = rest.pop()
        if isinstance(part, str):
            texts.add(tidy_header(part))
        elif isinstance(part, dict | list):
            rest += part.values() if isinstance(part, dict) else part
    return frozenset(texts)


def drop_columns(report: Report, header: list[str], names: Iterable[str], known: Iterable[str] = ()) -> None:
    """Note columns of a file that enter no table; unknown headers by their number alone."""
    known = list_known_headers() | {tidy_header(name) for name in known}
    unknown = {}
    for name in dict.fromkeys(names):
        if tidy_header(name) in known:
            report.columns_dropped.append(name)
        else:
            number = header.index(name) + 1
            report.columns_dropped.append(f"{number} (its header is not known)")
            unknown[number] = name
    if unknown:
        report.private["column"] = report.private.get("column", {}) | unknown
        said = say_number(len(unknown), "column that is not known was", "columns that are not known were")
        report.warn("unknown-columns", f"{said} dropped.")
