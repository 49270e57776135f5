"""Text as text: decoded in a stated order, split into rows, and not one cell turned into anything else.

`NA`, plates that read like numbers and `0012345` stay what they are. Files are streamed: memory does not grow with their length.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.decode import Encoding, find_encoding
from sidedoor.ingest.source import Source

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE = 1 << 18
TEXT_CHARS = 64 << 20


def read_text(source: Source, cap: int = TEXT_CHARS) -> str:
    """Read a text whole, for forms that are laid out on pages and not in columns; line ends become `\\n`.

    Raises
    ------
    IngestError
        As `find_encoding`, or it is longer than `cap` characters.
    """
    encoding = find_encoding(source)
    with source.open() as file, codecs.getreader(encoding.codec)(file) as reader:
        text = reader.read(cap + 1, cap + 1)
    if len(text) > cap:
        raise IngestError(source.name, f"a text of more than {cap:,} characters", "Split the file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def peek_text(source: Source) -> str:
    """Read the beginning of a text (its first 64 KiB), to see what it is; line ends become `\\n`."""
    codec = find_encoding(source).codec
    text = codecs.getincrementaldecoder(codec)().decode(source.head)
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class Skip:
    """Rows that a mapping leaves out: those whose cell in a column, without outer blanks, is one of some values."""

    column: str
    values: tuple[str, ...]
    reason: str


@dataclass
class TextTable:
    """A delimited text: its header, and its rows as they are read again from the file.

    Attributes
    ----------
    source, encoding, delimiter
        Where it is from and how it is read.
    header
        Names of columns, outer blanks removed; an unnamed column at the end is left out if it holds nothing.
    header_line
        Line of the file in which the header stands; 0 if it has none.
    notes, warnings
        For the report; complete once the rows have been read to the end.
    blank_n
        Lines without any cell that were passed over.
    """

    source: Source
    encoding: Encoding
    delimiter: str
    header: list[str]
    header_line: int
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    blank_n: int = 0

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give each row with the line at which it begins; every row has as many cells as the header.

        Raises
        ------
        IngestError
            A row with more or fewer cells, the last row broken off, a quote that never ends, a field or
            line too long.
        """
        width, self.blank_n, last = len(self.header), 0, None
        for line, cells in split_rows(self.source, self.encoding, self.delimiter):
            if line <= self.header_line:
                continue
            if not any(cells):
                self.blank_n += 1
                continue
            if last:
                yield self._fit_row(*last, width)
            last = (line, cells)
        if last:
            if len(last[1]) < width and not self.encoding.ends_with_newline:
                raise IngestError(
                    f"{self.source.name}, line {last[0]}",
                    f"the last row breaks off after {len(last[1])} of {say_number(width, 'cell')}, and no line end follows",
                    "The file was cut off on its way: download it again and compare its size or its rows.",
                )
            yield self._fit_row(*last, width)

    def _fit_row(self, line: int, cells: list[str], width: int) -> tuple[int, list[str]]:
        if len(cells) == width:
            return line, cells
        if len(cells) > width and not any(cells[width:]):
            return line, cells[:width]
        raise IngestError(
            f"{self.source.name}, line {line}",
            f"{say_number(len(cells), 'cell')} where the header has {width}",
            "A cell may hold the separator without quotes around it, or a line end: correct this row in a copy of "
            "the file, or ask for the original export.",
        )

    def frames(self, rows_n: int = 50_000) -> Iterator:
        """Give the rows as data frames of text, for files that do not fit in memory.

        Yields
        ------
        DataFrame with the columns of the header, all `str`, never missing; its index, `line`, is the line of
        the file.
        """
        import pandas as pd
        import pyarrow as pa

        def build(part):
            # column by column through Arrow: three times as fast as from rows
            lines, cells = zip(*part, strict=True)
            columns = {}
            for number, column in enumerate(zip(*cells, strict=True)):
                columns[number] = pd.array(pa.array(column, type=pa.large_string()), dtype="str")
            frame = pd.DataFrame(columns, index=pd.Index(lines, name="line"), copy=False)
            return frame.set_axis(self.header, axis=1)

        part = []
        for row in self.rows():
            part.append(row)
            if len(part) == rows_n:
                yield build(part)
                part = []
        if part:
            yield build(part)


def read_table(source: Source, *, header_line: int = 1) -> TextTable:
    """Read a text as a table: find its delimiter and its header. The result is kept with the source.

    Parameters
    ----------
    source
        A text.
    header_line
        Line of the header, counted from 1; 0 for a file without one (columns are then `column_1`,
        `column_2`, ...).

    Raises
    ------
    IngestError
        As `find_encoding`; or a header without rows, a name twice in the header, rows of different lengths
        throughout.
    """
    key = f"table {header_line}"
    if key not in source.cache:
        source.cache[key] = _read_table(source, header_line)
    return source.cache[key]


def _read_table(source: Source, header_line: int) -> TextTable:
    encoding = find_encoding(source)
    delimiter = find_delimiter(source, header_line)
    rows = split_rows(source, encoding, delimiter)
    first = next(((line, cells) for line, cells in rows if line >= max(header_line, 1) and any(cells)), None)
    if first is None:
        raise IngestError(source.name, "no line with anything in it", "Ask for the file again.")
    line, cells = first
    header = (
        [cell.strip() for cell in cells] if header_line else [f"column_{n}" for n in range(1, len(cells) + 1)]
    )
    table = TextTable(source, encoding, delimiter, header, line if header_line else 0)
    table.notes += encoding.notes
    table.warnings += encoding.warnings
    while len(header) > 1 and not header[-1]:
        header.pop()
    if len(header) < len(cells):
        table.notes.append(
            f"{say_number(len(cells) - len(header), 'unnamed column')} at the end {'holds' if len(cells) - len(header) == 1 else 'hold'} nothing."
        )
    twice = sorted(name for name, count in Counter(header).items() if count > 1 and name)
    if twice:
        raise IngestError(
            f"{source.name}, line {line}",
            f"column names that stand twice: {', '.join(repr(name[:60]) for name in twice[:5])}",
            "Rename them in a copy of the file, so that it is clear which is meant.",
        )
    if delimiter != ",":
        table.notes.append(f"Columns are separated by a {DELIMITERS[delimiter]}.")
    if next((cells for line, cells in rows if any(cells)), None) is None and header_line:
        raise IngestError(
            source.name, "a header and not a single row", "Ask for the rows: the export may have failed."
        )
    return table


def find_delimiter(source: Source, header_line: int = 1) -> str:
    """Find what separates columns: the character that gives most rows of the sample the same number of cells.

    Returns
    -------
    One of comma, semicolon, tab and bar; a comma for a text in one column.
    """
    encoding = find_encoding(source)
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        widths = []
        try:
            for line, cells in split_rows(source, encoding, delimiter, sample=SAMPLE):
                if line >= header_line and any(cells):
                    while len(cells) > 1 and not cells[-1] and widths and len(cells) > widths[0]:
                        cells.pop()
                    widths.append(len(cells))
        except IngestError:
            pass  # a quote or a line that this delimiter cannot explain ends its sample
        if not widths or widths[0] == 1:
            continue
        score = (round(widths.count(widths[0]) / len(widths), 2), widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def split_rows(
    source: Source, encoding: Encoding, delimiter: str, sample: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Split a text into rows by RFC 4180, each with its first line; `sample` ends it after so many bytes."""
    limits = source.limits
    csv.field_size_limit(limits.field_chars)
    with source.open() as file:
        lines = _split_lines(file, encoding.codec, source, sample)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        start = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise _explain(error, source, start, limits.field_chars, bool(sample)) from None
            yield start, cells if cells != ["\x1a"] else []  # DOS ended texts with this character
            start = reader.line_num + 1


def _split_lines(file, codec: str, source: Source, sample: int) -> Iterator[str]:
    """Give lines with their ends, `\\n`, `\\r\\n` or `\\r`; a line that is too long is refused, not held."""
    cap, read_n, line = source.limits.line_chars, 0, 0
    with io.TextIOWrapper(file, encoding=codec, newline="") as text:
        while part := text.readline(cap):
            line += 1
            if len(part) >= cap and part[-1] not in "\r\n":
                raise IngestError(
                    f"{source.name}, line {line}",
                    f"a line of more than {cap:,} characters",
                    "It is no table of records: look at the file in an editor.",
                )
            yield part
            read_n += len(part)
            if sample and read_n > sample:
                return


def _explain(error: csv.Error, source: Source, line: int, cap: int, is_sample: bool) -> IngestError:
    message, place = str(error), f"{source.name}, row that begins in line {line}"
    if "unexpected end" in message:
        way_out = "The file was cut off, or a quote is missing: download it again, or correct this row."
        return IngestError(place, "a quoted cell that never ends", way_out)
    if "field larger" in message:
        found = f"a cell of more than {cap:,} characters"
        return IngestError(
            place, found, "A quote is missing, or this is no table of records: look at the row."
        )
    return IngestError(
        place, "a quote in the middle of a cell", "Quotes inside a cell have to be doubled: correct this row."
    )
