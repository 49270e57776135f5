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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.decode import Encoding, find_encoding
from sidedoor.ingest.report import Report, Skipped
from sidedoor.ingest.source import Source

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
TEXT_CHARS = 64 << 20
PART_ROWS = 50_000
# A title or a note may stand above the header.
HEADER_ROWS = 12
_BLOCK, _SAMPLE_CHARS, _SAMPLE_ROWS, _BROKEN_ROWS = 4 << 20, 1 << 18, 500, 1_000
ROW_WIDTH, BROKEN_QUOTE = "row-width", "broken-quote"
# What may be wrong with a line or with the whole text: by code what was found, and the way out.
_WRONG = {
    "line-too-long": (
        "a line or a cell of more than {:,} characters",
        "It is no table of records: look at the file.",
    ),
    "cut-off": (
        "the last row breaks off, and no line end follows",
        "The file was cut off on its way: download it again and compare its size or its rows.",
    ),
    "empty": ("no line with anything in it", "Ask for the file again."),
    "no-rows": ("a header and not a single row", "Ask for the rows: the export may have failed."),
    "too-large": ("a text of more than {:,} characters", "Split the file."),
    "column-twice": (
        "column names that are there twice: {}",
        "Rename them in a copy of the file, so that it is clear which is meant.",
    ),
}
_UNQUOTED = (
    "Cells may hold the separator or quotes without being quoted: ask for the original export, or save the "
    "table anew as CSV from a spreadsheet."
)


def _refuse(code: str, source: Source, line: int = 0, value: object = "") -> IngestError:
    found, way_out = _WRONG[code]
    place = f"{source.name}, line {line}" if line else source.name
    return IngestError(place, found.format(value), way_out, code=code)


def read_text(source: Source, cap: int = TEXT_CHARS) -> str:
    """Read a text whole, for layouts that are pages and not columns; line ends become `\\n`.

    Raises
    ------
    IngestError
        As `find_encoding`, or it is longer than `cap` characters.
    """
    encoding = find_encoding(source)
    with source.open() as file, codecs.getreader(encoding.codec)(file, encoding.errors) as reader:
        text = reader.read(cap + 1, cap + 1)
    if len(text) > cap:
        raise _refuse("too-large", source, value=cap)
    return _unify(text)


def peek_text(source: Source) -> str:
    """Read the beginning of a text (its first 64 KiB), to see what it is; line ends become `\\n`."""
    encoding = find_encoding(source)
    return _unify(codecs.getincrementaldecoder(encoding.codec)(encoding.errors).decode(source.head))


def _unify(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


@dataclass
class RowBatch:
    """Some rows of a table, column by column."""

    columns: dict[str, pa.Array]  # for each header the cells as Arrow text, never missing
    rows_n: int
    locate: Callable[[int], str]  # the place of a row in words, from its position in the batch

    def filter(self, keep: np.ndarray) -> "RowBatch":
        """Return the rows of a mask."""
        if keep.all():
            return self
        rows, mask = np.flatnonzero(keep), pa.array(keep)
        columns = {name: cells.filter(mask) for name, cells in self.columns.items()}
        return RowBatch(columns, len(rows), lambda at: self.locate(int(rows[at])))


def build_batch(header: list[str], rows: list[list[str]], places: list, place: str) -> RowBatch:
    """Build a batch from rows of one length; `place` is a text with `{}` for the place of each row."""
    columns = zip(header, zip(*rows, strict=True), strict=False)
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns if name}
    return RowBatch(arrays, len(rows), lambda at: place.format(places[at]))


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

    def _start(self) -> None:
        self.blank_n = self.read_n = 0
        width = f"a row that has not {say_number(self.width, 'cell')} as the header has"
        quote = "a row with a quote that is not doubled or never ends"
        self.skipped = {ROW_WIDTH: Skipped(ROW_WIDTH, width), BROKEN_QUOTE: Skipped(BROKEN_QUOTE, quote)}

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give each row with the line at which it begins; every row has as many cells as the table.

        Raises
        ------
        IngestError
            The last row is broken off, a line is too long, or more rows are broken than are not.
        """
        self._start()
        broken = False
        for line, cells in split_rows(self.source, self.encoding, self.delimiter):
            if line < self.first_line:
                continue
            if cells is None:
                if not broken:
                    self.skipped[BROKEN_QUOTE].add(f"line {line}")
                broken = True
                self._check(at_end=False)
            elif not any(cells):
                self.blank_n += 1
            elif len(cells) == self.width:
                broken = False
                self.read_n += 1
                yield line, cells
            elif not broken:  # the rest of a row with a broken quote belongs to it
                self.skipped[ROW_WIDTH].add(f"line {line}")
                last = line, len(cells)
        short = self.skipped[ROW_WIDTH].rows_n and last[1] < self.width
        if not self.encoding.ends_with_newline and (broken or short and line == last[0]):
            raise _refuse("cut-off", self.source, line)
        self._check(at_end=True)

    def _check(self, *, at_end: bool) -> None:
        """Refuse a table of which most rows cannot be read."""
        bad = sum(entry.rows_n for entry in self.skipped.values())
        if bad > self.read_n and (at_end or bad > _BROKEN_ROWS):
            worst = max(self.skipped.values(), key=lambda entry: entry.rows_n)
            found = f"{worst.reason}; so are {bad:,} of {bad + self.read_n:,} rows"
            place = f"{self.source.name}, {worst.places[0]}"
            raise IngestError(place, found, _UNQUOTED, code=worst.code)

    def batches(self) -> Iterator[RowBatch]:
        """Give the rows column by column; rows and errors as of `rows`."""
        if self.width > 1 and self.encoding.is_plain(self.delimiter):
            yield from self._split_fast()
            return
        rows = self.rows()
        while part := list(itertools.islice(rows, PART_ROWS)):
            lines, cells = zip(*part, strict=True)
            yield build_batch(self.header, cells, lines, "line {}")

    def _split_fast(self) -> Iterator[RowBatch]:
        """Let Arrow split a plain text, several times as fast."""
        self._start()
        odd: list[tuple[int, str, int]] = []  # rows of other widths: number among all rows, text, cells
        line, number, follow = self.first_line, 0, self.source.follow
        with self.source.open() as file:
            batches = self._open_fast(file, odd)
            while (batch := self._next(batches, line)) is not None:
                # Arrow may have met rows of the next batch already
                here = [row for at, row in enumerate(odd) if row[0] < number + batch.num_rows + at]
                del odd[: len(here)]
                lines, odd_lines, line = _number_lines(batch.columns, here, number, line)
                number += batch.num_rows + len(here)
                self._note_odd(here, odd_lines)
                made = self._make_batch(batch, lines)
                if follow:
                    follow(file.tell(), self.encoding.bytes_n)
                if made.rows_n:
                    yield made
        if odd:
            self._note_odd(odd, _number_lines([], odd, number, line)[1])
            if not self.encoding.ends_with_newline and odd[-1][2] < self.width:
                raise _refuse("cut-off", self.source, line)
        self._check(at_end=True)

    def _open_fast(self, file, odd: list) -> Iterator[pa.RecordBatch]:
        import pyarrow.csv as pa_csv

        def note_odd(row) -> str:
            odd.append((row.number - self.first_line, row.text, row.actual_columns))
            return "skip"

        names = [str(number) for number in range(self.width)]
        reading = pa_csv.ReadOptions(
            block_size=_BLOCK, column_names=names, use_threads=False, skip_rows=self.first_line - 1
        )
        parsing = pa_csv.ParseOptions(
            delimiter=self.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=note_odd,
        )
        texts = dict.fromkeys(names, pa.string())
        converting = pa_csv.ConvertOptions(check_utf8=False, column_types=texts, strings_can_be_null=False)
        return iter(pa_csv.open_csv(pa.PythonFile(file, "r"), reading, parsing, converting))

    def _next(self, batches: Iterator, line: int):
        try:
            return next(batches, None)
        except pa.ArrowInvalid:
            raise _refuse("line-too-long", self.source, line, _BLOCK) from None

    def _note_odd(self, odd: list, lines: list[int]) -> None:
        for (_, text, _), line in zip(odd, lines, strict=True):
            if text.strip():
                self.skipped[ROW_WIDTH].add(f"line {line}")
            else:
                self.blank_n += 1
        self._check(at_end=False)

    def _make_batch(self, batch: pa.RecordBatch, lines: np.ndarray) -> RowBatch:
        """Make a batch without its blank rows."""
        cap, filled = self.source.limits.field_chars, np.zeros(batch.num_rows, bool)
        for column in batch.columns:
            lengths = np.asarray(pc.binary_length(column))
            if lengths.max(initial=0) > cap:
                raise _refuse("line-too-long", self.source, int(lines[0]), cap)
            filled |= lengths > 0
        columns = {name: cells for name, cells in zip(self.header, batch.columns, strict=False) if name}
        made = RowBatch(columns, batch.num_rows, lambda at: f"line {lines[at]}").filter(filled)
        self.blank_n += batch.num_rows - made.rows_n
        self.read_n += made.rows_n
        return made

    def describe(self, report: Report) -> None:
        """Write into the report what was noticed, and account for the rows that were skipped."""
        self.encoding.describe(report)
        if self.delimiter in DELIMITERS and self.delimiter != ",":
            report.note("delimiter", f"Columns are separated by a {DELIMITERS[self.delimiter]}.")
        if extra := self.width - len(self.header):
            report.note("unnamed-columns", f"{say_number(extra, 'unnamed column')} at the end: not read.")
        if self.blank_n:
            said = say_number(self.blank_n, "empty line was", "empty lines were")
            report.note("blank-lines", f"{said} passed over.")
        report.skip(self.skipped)


def _number_lines(columns: list[pa.Array], odd: list, number: int, line: int):
    """Find the first line of each row of a batch and of each row of another width, and the line after them.

    A cell may hold line ends. `number` and `line` are those of the first of all these rows.
    """
    rows_n = (len(columns[0]) if columns else 0) + len(odd)
    at_odd = np.array([row[0] - number for row in odd], "int64")
    lines, is_row = np.ones(rows_n, "int64"), np.ones(rows_n, bool)
    is_row[at_odd] = False
    lines[at_odd] = [1 + row[1].count("\n") for row in odd]
    for column in columns:
        letters = column.buffers()[2]
        if letters is not None and b"\n" in letters.to_pybytes():  # in most columns no cell has one
            lines[is_row] += pc.count_substring(column, "\n").to_numpy(zero_copy_only=False)
    starts = line + np.cumsum(lines) - lines
    return starts[is_row], starts[at_odd].tolist(), line + int(lines.sum())


def read_table(source: Source, *, header_line: int = 1, delimiter: str = "") -> TextTable:
    """Read a text as a table: find its delimiter, its header and its width. The result is kept with the
    source.

    Parameters
    ----------
    source
        A text.
    header_line
        Line of the header, counted from 1; 0 for a file without one (columns are then `column_1`,
        `column_2`, ...).
    delimiter
        What separates columns; it is looked for if it is not given.

    Raises
    ------
    IngestError
        As `find_encoding`; or a header without rows, or a name twice in the header.
    """
    key = f"table {header_line} {delimiter!r}"
    if key not in source.cache:
        source.cache[key] = _read_table(source, header_line, delimiter or find_delimiter(source, header_line))
    return source.cache[key]


def _read_table(source: Source, header_line: int, delimiter: str) -> TextTable:
    encoding = find_encoding(source)
    rows = split_rows(source, encoding, delimiter)
    rows = ((line, cells or []) for line, cells in rows if line >= header_line)
    line, cells = next(((line, cells) for line, cells in rows if any(cells)), (0, []))
    if not cells:
        raise _refuse("empty", source)
    first_line, sample = 0 if header_line else 1, [] if header_line else [cells]
    for number, more in rows:
        first_line = first_line or number
        if any(more):
            sample.append(more)
        if len(sample) == _SAMPLE_ROWS:
            break
    if not sample:
        raise _refuse("no-rows", source)
    header = [cell.strip() for cell in cells]
    if not header_line:
        header = [f"column_{number}" for number in range(1, len(cells) + 1)]
    width, widths = len(cells), {len(row) for row in sample}
    while len(header) > 1 and not header[-1]:
        header.pop()
    # unnamed empty cells at the end, the same in every row
    if len(widths) == 1 and min(widths) >= len(header) and not any(any(row[width:]) for row in sample):
        width = widths.pop()
    if twice := sorted(name for name, count in Counter(header).items() if count > 1 and name):
        names = ", ".join(repr(name[:60]) for name in twice[:5])
        raise _refuse("column-twice", source, line, names)
    return TextTable(source, encoding, delimiter, header, first_line, width)


def find_delimiter(source: Source, header_line: int = 1) -> str:
    """Find what separates columns: the character that gives most rows of the sample the same number of cells.

    Returns
    -------
    One of comma, semicolon, tab and bar; a comma for a text in one column.
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
    tables = [_split_sample(source, delimiter, rows_n) for delimiter in DELIMITERS]
    return max(tables, key=_rate_widths)


def _split_sample(source: Source, delimiter: str, rows_n: int | None = None) -> list[tuple[int, list[str]]]:
    rows = split_rows(source, find_encoding(source), delimiter, sample=_SAMPLE_CHARS)
    return list(itertools.islice(((line, cells) for line, cells in rows if cells is not None), rows_n))


def _rate_widths(rows: list[tuple[int, list[str]]]) -> tuple[float, int]:
    """Return the largest part of the rows that have the same number of cells, and that number.

    Not the number alone: a reason may hold more semicolons than the log has columns, but not every one does.
    """
    widths = Counter(len(cells) for _, cells in rows if any(cells))
    parts = ((round(count / widths.total(), 2), width) for width, count in widths.items() if width > 1)
    return max(parts, default=(0.0, 0))


class _Lines:
    """Lines of a text, with those of the record that is being read: a broken one is read again from its
    second line.
    """

    def __init__(self, lines: Iterator[str]):
        self._lines, self._again, self._taken, self.start = lines, [], [], 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self._taken.append(line)
        return line

    def end_record(self) -> None:
        """Begin a new record at the next line."""
        self.start += len(self._taken)
        self._taken = []

    def end_broken(self) -> None:
        """Begin a new record at the second line of this one."""
        self._again += reversed(self._taken[1:])
        self.start += 1
        self._taken = []


def split_rows(
    source: Source, encoding: Encoding, delimiter: str, sample: int = 0
) -> Iterator[tuple[int, list[str] | None]]:
    """Split a text into rows by RFC 4180, each with its first line; None for a row whose quotes are broken.

    After such a row it begins anew at the next line. `sample` ends it after so many characters.
    """
    csv.field_size_limit(source.limits.field_chars)
    with source.open() as file:
        lines = _Lines(_split_lines(file, encoding, source, sample))
        while True:
            try:
                for cells in csv.reader(lines, delimiter=delimiter, strict=True):
                    start = lines.start
                    lines.end_record()
                    yield start, cells if cells != ["\x1a"] else []  # DOS ended texts with this character
                return
            except csv.Error:
                start = lines.start
                lines.end_broken()
                yield start, None


def _split_lines(file, encoding: Encoding, source: Source, sample: int) -> Iterator[str]:
    """Give lines with their ends, `\\n`, `\\r\\n` or `\\r`; a line that is too long is refused, not held."""
    cap, read_n, line = source.limits.line_chars, 0, 0
    with io.TextIOWrapper(file, encoding=encoding.codec, errors=encoding.errors, newline="") as text:
        while part := text.readline(cap):
            line += 1
            if len(part) >= cap and part[-1] not in "\r\n":
                raise _refuse("line-too-long", source, line, cap)
            yield part.replace("\0", "")
            read_n += len(part)
            if sample and read_n > sample:
                return
