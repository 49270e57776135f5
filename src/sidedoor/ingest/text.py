"""Text as text: split into rows by RFC 4180, and not one cell turned into anything else.

`NA`, plates that read like numbers and `0012345` stay what they are. Files are streamed: memory does not grow
with their length. A row with more or fewer cells than the others is never read: it is skipped and counted,
with its line.
"""

import codecs
import csv
import functools
import io
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
SAMPLE = 1 << 18
TEXT_CHARS = 64 << 20
PART_ROWS = 50_000
_BLOCK, _SAMPLE_ROWS, _BROKEN_ROWS = 4 << 20, 500, 1_000
ROW_WIDTH, BROKEN_QUOTE = "row-width", "broken-quote"


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
        raise IngestError(
            source.name, f"a text of more than {cap:,} characters", "Split the file.", code="too-large"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def peek_text(source: Source) -> str:
    """Read the beginning of a text (its first 64 KiB), to see what it is; line ends become `\\n`."""
    encoding = find_encoding(source)
    text = codecs.getincrementaldecoder(encoding.codec)(encoding.errors).decode(source.head)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


@dataclass
class RowBatch:
    """Some rows of a table, column by column.

    Attributes
    ----------
    columns
        For each header the cells as Arrow text, never missing.
    rows_n
        Number of rows.
    locate
        Returns the place of a row in words, from its position in the batch.
    """

    columns: dict[str, pa.Array]
    rows_n: int
    locate: Callable[[int], str]

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
    """A delimited text: its header, and its rows as they are read again from the file.

    Attributes
    ----------
    source, encoding, delimiter
        Where it is from and how it is read.
    header
        Names of columns without outer blanks; unnamed ones at the end are left out.
    header_line
        Line of the file in which the header is; 0 if it has none.
    width
        Cells of a row: those of the header, or with unnamed empty ones at the end if all rows have the same.
    skipped, blank_n
        Rows that were skipped, by code, and lines without any cell; complete once the rows were read to the
        end.
    """

    source: Source
    encoding: Encoding
    delimiter: str
    header: list[str]
    header_line: int
    width: int
    skipped: dict[str, Skipped] = field(default_factory=dict)
    blank_n: int = 0
    read_n: int = 0

    def _start(self) -> None:
        self.blank_n = self.read_n = 0
        self.skipped = {
            ROW_WIDTH: Skipped(
                ROW_WIDTH, f"a row that has not {say_number(self.width, 'cell')} as the header has"
            ),
            BROKEN_QUOTE: Skipped(BROKEN_QUOTE, "a row with a quote that is not doubled or never ends"),
        }

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
            if line <= self.header_line:
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
            raise _refuse_cut(self.source, line)
        self._check(at_end=True)

    def _check(self, *, at_end: bool) -> None:
        """Refuse a table of which most rows cannot be read."""
        bad = sum(entry.rows_n for entry in self.skipped.values())
        if bad > self.read_n and (at_end or bad > _BROKEN_ROWS):
            worst = max(self.skipped.values(), key=lambda entry: entry.rows_n)
            raise IngestError(
                f"{self.source.name}, {worst.places[0]}",
                f"{worst.reason}; so are {bad:,} of {bad + self.read_n:,} rows",
                "Cells may hold the separator or quotes without being quoted: ask for the original "
                "export, or save the "
                "table anew as CSV from a spreadsheet.",
                code=worst.code,
            )

    def batches(self) -> Iterator[RowBatch]:
        """Give the rows column by column; rows and errors as of `rows`."""
        is_plain = self.width > 1 and self.encoding.is_plain(self.delimiter)
        yield from self._split_fast() if is_plain else self._split_slowly()

    def _split_slowly(self) -> Iterator[RowBatch]:
        part: list[tuple[int, list[str]]] = []
        for row in self.rows():
            part.append(row)
            if len(part) == PART_ROWS:
                yield self._build(part)
                part = []
        if part:
            yield self._build(part)

    def _build(self, part: list[tuple[int, list[str]]]) -> RowBatch:
        lines, rows = zip(*part, strict=True)
        return build_batch(self.header, rows, lines, "line {}")

    def _split_fast(self) -> Iterator[RowBatch]:
        """Let Arrow split a plain text."""
        import pyarrow.csv as pa_csv

        self._start()
        first = self._find_first_line()
        names = [str(number) for number in range(self.width)]
        odd: list[tuple[int, str, int]] = []  # rows of other widths: number among all rows, text, cells

        def note_odd(row) -> str:
            odd.append((row.number - first, row.text, row.actual_columns))
            return "skip"

        line, number = first, 0
        with self.source.open() as file:
            reader = pa_csv.open_csv(
                pa.PythonFile(_Followed(file, self.source), "r"),
                pa_csv.ReadOptions(
                    block_size=_BLOCK, column_names=names, use_threads=False, skip_rows=first - 1
                ),
                pa_csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=note_odd,
                ),
                pa_csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=False,
                ),
            )
            batches = iter(reader)
            while (batch := self._next(batches, line)) is not None:
                lines = _BatchLines(batch.columns, line, number, odd)
                del odd[: len(lines.odd)]
                self._note_odd(lines)
                yield from self._make_batch(batch, lines)
                line, number = lines.find_end(), number + batch.num_rows + len(lines.odd)
            if odd:
                self._note_odd(_BatchLines([], line, number, odd))
        if not self.encoding.ends_with_newline and odd and odd[-1][2] < self.width:
            raise _refuse_cut(self.source, line)
        self._check(at_end=True)

    def _next(self, batches: Iterator, line: int):
        try:
            return next(batches, None)
        except pa.ArrowInvalid:
            raise _refuse_line(self.source, line, _BLOCK) from None

    def _note_odd(self, lines: "_BatchLines") -> None:
        for number, text, _ in lines.odd:
            if text.strip():
                self.skipped[ROW_WIDTH].add(f"line {lines.find_line(number)}")
            else:
                self.blank_n += 1
        self._check(at_end=False)

    def _make_batch(self, batch, lines: "_BatchLines") -> Iterator[RowBatch]:
        cap = self.source.limits.field_chars
        lengths = [pc.binary_length(column) for column in batch.columns]
        if any((pc.max(length).as_py() or 0) > cap for length in lengths):
            raise _refuse_line(self.source, lines.first, cap)
        columns = {name: cells for name, cells in zip(self.header, batch.columns, strict=False) if name}
        made = RowBatch(columns, batch.num_rows, lambda at: f"line {lines.find_line_of_row(at)}")
        if any(pc.min(length).as_py() for length in lengths):
            self.read_n += made.rows_n
            yield made
            return
        filled = np.zeros(batch.num_rows, bool)
        for length in lengths:
            filled |= np.asarray(length) > 0
        made = made.filter(filled)
        self.blank_n += batch.num_rows - made.rows_n
        self.read_n += made.rows_n
        if made.rows_n:
            yield made

    def _find_first_line(self) -> int:
        """Find the line of the first row after the header."""
        if not self.header_line:
            return 1
        rows = split_rows(self.source, self.encoding, self.delimiter)
        next(line for line, _ in rows if line == self.header_line)
        return next(rows, (self.header_line + 1, []))[0]

    def describe(self, report: Report) -> None:
        """Write into the report what was noticed, and account for the rows that were skipped."""
        self.encoding.describe(report)
        if self.delimiter in DELIMITERS and self.delimiter != ",":
            report.note("delimiter", f"Columns are separated by a {DELIMITERS[self.delimiter]}.")
        if extra := self.width - len(self.header):
            report.note("unnamed-columns", f"{say_number(extra, 'unnamed column')} at the end: not read.")
        if self.blank_n:
            report.note(
                "blank-lines",
                f"{say_number(self.blank_n, 'empty line was', 'empty lines were')} passed over.",
            )
        report.skip(self.skipped)


class _BatchLines:
    """Finds the lines of rows: cells hold line ends, and rows of other widths were left out between them.

    `odd` are the rows left out, from this batch on; those of this batch remain.
    """

    def __init__(self, columns: list[pa.Array], line: int, number: int, odd: list):
        self.columns, self.first, self.number, self.odd = columns, line, number, []
        room = len(columns[0]) if columns else len(odd)
        for row in odd:
            if row[0] >= number + room + len(self.odd):
                break
            self.odd.append(row)

    @functools.cached_property
    def _rows(self) -> np.ndarray:
        """Positions of the rows of the batch among all rows."""
        is_odd = np.zeros((len(self.columns[0]) if self.columns else 0) + len(self.odd), bool)
        is_odd[[number - self.number for number, _, _ in self.odd]] = True
        return np.flatnonzero(~is_odd)

    @functools.cached_property
    def _starts(self) -> np.ndarray:
        """The first line of each of all rows, and of what follows them."""
        lines = np.ones(len(self._rows) + len(self.odd), "int64")
        for column in self.columns:
            lines[self._rows] += pc.count_substring(column, "\n").to_numpy(zero_copy_only=False)
        for number, text, _ in self.odd:
            lines[number - self.number] += text.count("\n")
        return self.first + np.concatenate([[0], np.cumsum(lines)])

    def find_line(self, number: int) -> int:
        """Return the line of a row by its number in the file."""
        return int(self._starts[number - self.number])

    def find_line_of_row(self, at: int) -> int:
        """Return the line of a row by its position in the batch."""
        return int(self._starts[self._rows[at]])

    def find_end(self) -> int:
        """Return the line after the batch; in most batches no line is asked for, and bytes are counted."""
        if self.odd:
            return int(self._starts[-1])
        count = self.first + len(self.columns[0])
        for column in self.columns:
            _, offsets, data = column.buffers()
            if data is not None and len(column):
                at = np.frombuffer(offsets, "int32", len(column) + 1, column.offset * 4)
                count += int(np.count_nonzero(np.frombuffer(data, "uint8")[at[0] : at[-1]] == 10))
        return count


class _Followed:
    """A file whose reading is reported to whoever follows it."""

    def __init__(self, file, source: Source):
        self._file, self._source, self._done, self.closed = file, source, 0, False

    def read(self, size: int = -1) -> bytes:
        """Read and report."""
        data = self._file.read(size)
        self._done += len(data)
        if self._source.follow:
            self._source.follow(self._done, self._source.cache["encoding"].bytes_n)
        return data

    def close(self) -> None:
        """Leave the file to whoever opened it."""
        self.closed = True


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
    first = next(
        ((line, cells) for line, cells in rows if line >= max(header_line, 1) and cells and any(cells)), None
    )
    if first is None:
        raise IngestError(source.name, "no line with anything in it", "Ask for the file again.", code="empty")
    line, cells = first
    sample = [] if header_line else [cells]
    for _, more in rows:
        if more and any(more):
            sample.append(more)
        if len(sample) == _SAMPLE_ROWS:
            break
    if not sample:
        way_out = "Ask for the rows: the export may have failed."
        raise IngestError(source.name, "a header and not a single row", way_out, code="no-rows")
    if header_line:
        header = [cell.strip() for cell in cells]
    else:
        header = [f"column_{number}" for number in range(1, len(cells) + 1)]
    width = len(cells)
    while len(header) > 1 and not header[-1]:
        header.pop()
    widths = {len(row) for row in sample}
    if (
        len(widths) == 1
        and min(widths) >= len(header)
        and not any(cell for row in sample for cell in row[width:])
    ):
        width = widths.pop()
    twice = sorted(name for name, count in Counter(header).items() if count > 1 and name)
    if twice:
        raise IngestError(
            f"{source.name}, line {line}",
            f"column names that are there twice: {', '.join(repr(name[:60]) for name in twice[:5])}",
            "Rename them in a copy of the file, so that it is clear which is meant.",
            code="column-twice",
        )
    return TextTable(source, encoding, delimiter, header, line if header_line else 0, width)


def find_delimiter(source: Source, header_line: int = 1) -> str:
    """Find what separates columns: the character that gives most rows of the sample the same number of cells.

    Returns
    -------
    One of comma, semicolon, tab and bar; a comma for a text in one column.
    """
    encoding = find_encoding(source)
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        widths = [
            len(cells)
            for line, cells in split_rows(source, encoding, delimiter, sample=SAMPLE)
            if line >= header_line and cells and any(cells)
        ]
        counts = Counter(width for width in widths if width > 1)
        if not counts or len(widths) > 1 and widths[0] == 1:
            continue
        width, count = counts.most_common(1)[0]
        score = (round(count / len(widths), 2), width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


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
                raise _refuse_line(source, line, cap)
            yield part.replace("\0", "")
            read_n += len(part)
            if sample and read_n > sample:
                return


def _refuse_line(source: Source, line: int, cap: int) -> IngestError:
    found, way_out = (
        f"a line or a cell of more than {cap:,} characters",
        "It is no table of records: look at the file.",
    )
    return IngestError(f"{source.name}, line {line}", found, way_out, code="line-too-long")


def _refuse_cut(source: Source, line: int) -> IngestError:
    return IngestError(
        f"{source.name}, line {line}",
        "the last row breaks off, and no line end follows",
        "The file was cut off on its way: download it again and compare its size or its rows.",
        code="cut-off",
    )
