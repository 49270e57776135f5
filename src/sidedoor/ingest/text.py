"""Text as text: split into rows by RFC 4180, and not one cell turned into anything else.

`NA`, plates that read like numbers and `0012345` stay what they are. Files are streamed: memory does not grow
with their length. A row with more or fewer cells than the others is never read: it is skipped and counted,
with its line.
"""

import codecs
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.decode import Encoding, find_encoding
from sidedoor.ingest.report import Report, Skipped
from sidedoor.ingest.source import HEAD, Source

DELIMITERS = ",;\t|"
TEXT_CHARS = 64 << 20
PART_ROWS = 50_000
# A title or a note may stand above the header.
HEADER_ROWS = 12
_BLOCK, _SAMPLE_CHARS, _SAMPLE_ROWS, _BROKEN_ROWS = 4 << 20, 1 << 18, 500, 1_000
_SKIPPED = {
    "row-width": "a row that has not as many cells as the header",
    "broken-quote": "a row with a quote that is not doubled or never ends",
}
_UNQUOTED = (
    "Cells may hold the separator or quotes without being quoted: ask for the original export, or save the "
    "table anew as CSV from a spreadsheet."
)
_CUT = "The file was cut off on its way: download it again and compare its size or its rows."
# What may be wrong with a line or with the whole text: by code what was found, and the way out.
_WRONG = {
    "line-too-long": ("a line or a cell of more than {:,} characters", "It is no table: look at the file."),
    "cut-off": ("the last row breaks off, and no line end follows", _CUT),
    "empty": ("no line with anything in it", "Ask for the file again."),
    "no-rows": ("a header and not a single row", "Ask for the rows: the export may have failed."),
    "too-large": ("a text of more than {:,} characters", "Split the file."),
    "column-twice": ("column names that are there twice: {}", "Rename them in a copy of the file."),
}


def _refuse(code: str, source: Source, line: int = 0, value: object = "") -> IngestError:
    found, way_out = _WRONG[code]
    place = f"{source.name}, line {line}" if line else source.name
    return IngestError(place, found.format(value), way_out, code=code)


def open_text(source: Source, newline: str | None = "") -> io.TextIOWrapper:
    """Open a text decoded; its lines end as they do, or all with `\\n` if `newline` is None."""
    encoding = find_encoding(source)
    return io.TextIOWrapper(source.open(), encoding=encoding.codec, errors=encoding.errors, newline=newline)


def read_text(source: Source, cap: int = TEXT_CHARS) -> str:
    """Read a text of up to `cap` characters whole, for layouts that are pages and not columns."""
    with open_text(source, None) as file:
        text = file.read(cap + 1)
    if len(text) > cap:
        raise _refuse("too-large", source, value=cap)
    return text.replace("\0", "")


def peek_text(source: Source) -> str:
    """Read the beginning of a text, to see what it is."""
    with open_text(source, None) as file:
        return file.read(HEAD).replace("\0", "")


@dataclass
class RowBatch:
    """Some rows of a table, column by column."""

    columns: dict[str, pa.Array]  # for each header the cells as Arrow text, never missing
    numbers: np.ndarray  # of lines, rows or pages
    place: str  # a text with `{}` for such a number

    @property
    def rows_n(self) -> int:
        """Number of rows."""
        return len(self.numbers)

    def locate(self, at: int) -> str:
        """Name the place of a row in words, from its position in the batch."""
        return self.place.format(self.numbers[at])

    def filter(self, keep: np.ndarray) -> "RowBatch":
        """Return the rows of a mask."""
        if keep.all():
            return self
        columns = {name: cells.filter(pa.array(keep)) for name, cells in self.columns.items()}
        return RowBatch(columns, self.numbers[keep], self.place)


def build_batch(header: list[str], rows: list[list[str]], numbers: list, place: str) -> RowBatch:
    """Build a batch from rows of one length; `place` is a text with `{}` for the number of each row."""
    columns = zip(header, zip(*rows, strict=True), strict=False)
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns if name}
    return RowBatch(arrays, np.array(numbers), place)


@dataclass
class TextTable:
    """A delimited text: its header, and its rows as they are read again from the file."""

    source: Source
    encoding: Encoding
    delimiter: str
    header: list[str]  # without outer blanks; unnamed columns at the end are left out
    first_line: int  # of the rows below the header
    width: int  # cells of a row: as the header, or with unnamed empty ones at the end if all rows have them
    # complete once the rows were read to the end: rows that were skipped, by code; lines without any cell
    skipped: dict[str, Skipped] = field(default_factory=dict)
    blank_n: int = 0
    read_n: int = 0
    cut_line: int = 0  # of the last row, if it seems to break off

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give each row with the line at which it begins; every row has as many cells as the table.

        Raises
        ------
        IngestError
            The last row is broken off, a line is too long, or more rows are broken than are not.
        """
        self._start()
        with open_text(self.source) as text:
            yield from self._take(split_rows(text, self.source, self.delimiter), self.first_line)
        self._end()

    def batches(self) -> Iterator[RowBatch]:
        """Give the rows column by column; rows and errors as of `rows`.

        Arrow splits blocks of regular rows, several times as fast as Python.
        """
        self._start()
        line = self.first_line
        for block in self._cut_blocks():
            if not _is_regular(block, self.delimiter):  # the rest is read row by row
                with open_text(self.source) as text:
                    rows = split_rows(text, self.source, self.delimiter)
                    yield from self._make_batches(self._take(rows, line))
                break
            if batch := self._split_fast(block, line):
                self.cut_line = 0
                self.read_n += batch.rows_n
                yield batch
            else:
                text = io.StringIO(block.decode(), newline="")
                rows = split_rows(text, self.source, self.delimiter, line)
                yield from self._make_batches(self._take(rows))
            line += block.count(b"\n")
        self._end()

    def _start(self) -> None:
        self.skipped, self.blank_n, self.read_n, self.cut_line = {}, 0, 0, 0

    def _take(self, rows: Iterator[tuple[int, list[str] | None]], first_line: int = 1):
        """Give the rows that have as many cells as the table, and account for the others."""
        is_broken = False
        for line, cells in rows:
            if line < first_line:
                continue
            if cells is None:
                if not is_broken:
                    self._skip("broken-quote", line)
                is_broken = True
            elif not any(cells):
                self.blank_n += 1
            elif len(cells) == self.width:
                is_broken = False
                self.read_n += 1
                yield line, cells
            elif not is_broken:  # the rest of a row with a broken quote belongs to it
                self._skip("row-width", line)
            self.cut_line = line if is_broken or any(cells) and len(cells) < self.width else 0

    def _skip(self, code: str, line: int) -> None:
        self.skipped.setdefault(code, Skipped(code, _SKIPPED[code])).add(f"line {line}")
        self._check(_BROKEN_ROWS)

    def _check(self, least: int) -> None:
        """Refuse a table of which most rows cannot be read."""
        bad = sum(entry.rows_n for entry in self.skipped.values())
        if bad > max(self.read_n, least):
            worst = max(self.skipped.values(), key=lambda entry: entry.rows_n)
            found = f"{worst.reason}; so are {bad:,} of {bad + self.read_n:,} rows"
            place = f"{self.source.name}, {worst.places[0]}"
            raise IngestError(place, found, _UNQUOTED, code=worst.code)

    def _end(self) -> None:
        if self.cut_line and not self.encoding.ends_with_newline:
            raise _refuse("cut-off", self.source, self.cut_line)
        self._check(0)

    def _make_batches(self, rows: Iterator[tuple[int, list[str]]]) -> Iterator[RowBatch]:
        while part := list(itertools.islice(rows, PART_ROWS)):
            lines, cells = zip(*part, strict=True)
            yield build_batch(self.header, cells, lines, "line {}")

    def _cut_blocks(self) -> Iterator[bytes]:
        """Give the rows in blocks of UTF-8 that end where a row ends, as long as all quotes are regular."""
        source, codec, errors = self.source, self.encoding.codec, self.encoding.errors
        decoder = codecs.getincrementaldecoder(codec)(errors)
        block, data, above_n = b"", b"-", self.first_line - 1
        with source.open() as file:
            while data:
                data = file.read(_BLOCK)
                is_utf8 = codec == "utf-8" and errors == "strict"
                block += data if is_utf8 else decoder.decode(data, final=not data).encode()
                block, above_n = block.split(b"\n", above_n)[-1], 0
                cut = block.rfind(b"\n") + 1 if data else len(block)
                while data and cut and block.count(b'"', 0, cut) % 2:
                    cut = block.rfind(b"\n", 0, cut - 1) + 1
                if source.follow:
                    source.follow(file.tell(), self.encoding.bytes_n)
                if not cut and len(block) > source.limits.line_chars:
                    cut, data = len(block), b""
                if cut:
                    yield block[:cut]
                    block = block[cut:]

    def _split_fast(self, block: bytes, line: int) -> RowBatch | None:
        """Let Arrow split a block; None if a row of it is blank or of another width."""
        import pyarrow.csv as pa_csv

        names = [str(number) for number in range(self.width)]
        reading = pa_csv.ReadOptions(block_size=len(block) + 1, column_names=names, use_threads=False)
        parsing = pa_csv.ParseOptions(
            delimiter=self.delimiter, newlines_in_values=True, ignore_empty_lines=False
        )
        texts = dict.fromkeys(names, pa.string())
        converting = pa_csv.ConvertOptions(check_utf8=False, column_types=texts, strings_can_be_null=False)
        try:
            table = pa_csv.read_csv(pa.BufferReader(block), reading, parsing, converting)
        except pa.ArrowInvalid:
            return None
        columns = [column.combine_chunks() for column in table.columns]
        if not np.any([np.asarray(pc.binary_length(column)) for column in columns], axis=0).all():
            return None
        lines = np.ones(len(table), "int64")
        if block.count(b"\n") > len(table):  # some cells hold line ends
            lines += sum(pc.count_substring(column, "\n").to_numpy() for column in columns)
        named = {name: cells for name, cells in zip(self.header, columns, strict=False) if name}
        return RowBatch(named, line + np.cumsum(lines) - lines, "line {}")

    def describe(self, report: Report) -> None:
        """Write into the report what was noticed, and account for the rows that were skipped."""
        self.encoding.describe(report)
        if extra := self.width - len(self.header):
            report.note("unnamed-columns", f"{say_number(extra, 'unnamed column')} at the end: not read.")
        if self.blank_n:
            said = say_number(self.blank_n, "empty line was", "empty lines were")
            report.note("blank-lines", f"{said} passed over.")
        report.skip(self.skipped)


def _is_regular(block: bytes, delimiter: str) -> bool:
    """Return whether any CSV reader splits a block alike: quoted cells begin right after a separator and end
    right before one, quotes inside are doubled, and no line ends with a carriage return alone.
    """
    if b"\0" in block or block.count(b"\r") != block.count(b"\r\n"):
        return False
    letters = np.frombuffer(b"\n" + block + b"\n", "uint8")
    at = np.flatnonzero(letters == ord('"')) if b'"' in block else np.zeros(0, int)
    beside = np.concatenate([letters[at[::2] - 1], letters[at[1::2] + 1]])
    return len(at) % 2 == 0 and bool(np.isin(beside, list(f'{delimiter}"\r\n'.encode())).all())


def read_table(source: Source, *, header_line: int = 1, delimiter: str = "") -> TextTable:
    """Read a text as a table: find its delimiter, its header and its width. The result is kept with the
    source.

    `header_line` counts from 1; without a header it is 0, and columns are `column_1`, `column_2`, ... A
    header without rows, or with a name twice, is refused.
    """
    key = f"table {header_line} {delimiter!r}"
    if key not in source.cache:
        source.cache[key] = _read_table(source, header_line, delimiter or find_delimiter(source, header_line))
    return source.cache[key]


def _read_table(source: Source, header_line: int, delimiter: str) -> TextTable:
    with open_text(source) as text:
        rows = split_rows(text, source, delimiter)
        rows = ((line, cells or []) for line, cells in rows if line >= header_line)
        line, header = next(((line, cells) for line, cells in rows if any(cells)), (0, []))
        below = list(itertools.islice(rows, _SAMPLE_ROWS))
    if not header:
        raise _refuse("empty", source)
    if not header_line:
        below.insert(0, (1, header))
        header = [f"column_{number}" for number in range(1, len(header) + 1)]
    sample = [cells for _, cells in below if any(cells)]
    if not sample:
        raise _refuse("no-rows", source)
    width, widths = len(header), {len(cells) for cells in sample}
    header = [cell.strip() for cell in header]
    while len(header) > 1 and not header[-1]:
        header.pop()
    # unnamed empty cells at the end, the same in every row
    if len(widths) == 1 and min(widths) >= len(header) and not any(any(cells[width:]) for cells in sample):
        width = widths.pop()
    if twice := sorted(name for name, count in Counter(header).items() if count > 1 and name):
        names = ", ".join(repr(name[:60]) for name in twice[:5])
        raise _refuse("column-twice", source, line, names)
    return TextTable(source, find_encoding(source), delimiter, header, below[0][0], width)


def find_delimiter(source: Source, header_line: int = 1) -> str:
    """Find what separates columns: of comma, semicolon, tab and bar the one that gives most rows of a sample
    the same number of cells; a comma for a text in one column.
    """
    scores = {}
    for delimiter in DELIMITERS:
        rows = [row for row in _split_sample(source, delimiter) if row[0] >= header_line and any(row[1])]
        has_header = len(rows) == 1 or rows and len(rows[0][1]) > 1
        scores[delimiter] = _rate_widths(rows) if has_header else (0.0, 0)
    return max(scores, key=scores.get)


def list_first_rows(source: Source, rows_n: int = HEADER_ROWS) -> list[tuple[int, list[str]]]:
    """Split the first rows of a text, each with its line, by the delimiter that gives the largest part of
    them one width.
    """
    tables = [list(itertools.islice(_split_sample(source, delimiter), rows_n)) for delimiter in DELIMITERS]
    return max(tables, key=_rate_widths)


def _split_sample(source: Source, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    if "sample" not in source.cache:
        with open_text(source) as text:
            source.cache["sample"] = text.read(_SAMPLE_CHARS) + text.readline(source.limits.line_chars)
    rows = split_rows(io.StringIO(source.cache["sample"], newline=""), source, delimiter)
    return ((line, cells) for line, cells in rows if cells is not None)


def _rate_widths(rows: list[tuple[int, list[str]]]) -> tuple[float, int]:
    """Return the largest part of the rows that have the same number of cells, and that number.

    Not the number alone: a reason may hold more semicolons than the log has columns, but not every one does.
    """
    widths = Counter(len(cells) for _, cells in rows if any(cells))
    parts = ((round(count / widths.total(), 2), width) for width, count in widths.items() if width > 1)
    return max(parts, default=(0.0, 0))


def split_rows(
    text: io.TextIOBase, source: Source, delimiter: str, start: int = 1
) -> Iterator[tuple[int, list[str] | None]]:
    """Split a text, of which the first line has the number `start`, into rows by RFC 4180.

    Returns
    -------
    Each row with its first line; None for a row whose quotes are broken: after it, it begins anew at the next
    line. A line that is too long is refused, not held.
    """
    cap = source.limits.line_chars
    csv.field_size_limit(cap)
    taken, again = [], []  # lines of the row, and lines to read again, the next one last

    def feed() -> Iterator[str]:
        while line := again.pop() if again else text.readline(cap):
            if len(line) >= cap and line[-1] not in "\r\n":
                raise _refuse("line-too-long", source, start + len(taken), cap)
            taken.append(line)
            yield line.replace("\0", "")

    while True:
        try:
            for cells in csv.reader(feed(), delimiter=delimiter, strict=True):
                yield start, cells if cells != ["\x1a"] else []  # DOS ended texts with this character
                start += len(taken)
                taken.clear()
            return
        except csv.Error:
            yield start, None
            start += 1
            again += reversed(taken[1:])
            taken.clear()
