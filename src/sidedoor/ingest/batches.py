"""The rows of a large text as Arrow batches, numbered: split by Arrow where the text is plain, by our own reader elsewhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from sidedoor.ingest.source import Source
from sidedoor.ingest.text import Skip, TextTable, split_rows

BLOCK = 4 << 20
PART_ROWS = 50_000
_LINE_END = re.compile(rb"\r\n|\r|\n")


class NotPlainError(Exception):
    """Arrow reads another row than ours would, or none: the text has to be split by our own reader."""


@dataclass
class RowStream:
    """The rows of a text, as often as they are asked for; each time they are counted anew.

    Attributes
    ----------
    table
        The text.
    header
        Names of its columns.
    skips
        Rows that are left out and counted.
    is_plain
        Arrow may split the text.
    rows_n, blank_n
        Rows given, rows without any cell passed over; after the last batch.
    skipped
        For each of `skips`, the number of rows and the lines of the first ten; lines only where lines were asked for.
    """

    table: TextTable
    header: list[str]
    skips: list[Skip] = field(default_factory=list)
    is_plain: bool = True
    rows_n: int = 0
    blank_n: int = 0
    skipped: list[tuple[int, list[int]]] = field(default_factory=list)

    def __post_init__(self):
        quotes = self.table.encoding.quotes
        self.is_plain = bool(self.is_plain and quotes and quotes.is_plain(self.table.delimiter))

    def batches(self, fields: dict[str, str], *, has_lines: bool = False) -> Iterator[pa.RecordBatch]:
        """Give the rows.

        Parameters
        ----------
        fields
            Name in the batch -> column.
        has_lines
            Add `line`, the line of the file at which each row begins.

        Yields
        ------
        RecordBatch of row_no (from 1), perhaps line, and the fields as text, never missing.

        Raises
        ------
        NotPlainError
            Only if `is_plain`: set it to False and begin again.
        IngestError
            As `TextTable.rows`.
        """
        self.rows_n, self.blank_n, self.skipped = 0, 0, [(0, []) for _ in self.skips]
        plain = self.is_plain and not (has_lines and self.table.encoding.quotes.blanks)
        parts = self._split_plain() if plain else self._split_slowly()
        at = {column: number for number, column in reversed([*enumerate(self.header)])}
        line = 0
        for cells, lines in parts:
            if has_lines and lines is None:
                lines, line = _count_lines(cells, line or self._find_start()[1])
            keep = self._find_rows([cells[at[skip.column]] for skip in self.skips], _find_blank(cells), lines)
            chosen = {name: cells[at[column]] for name, column in fields.items()}
            if has_lines:
                chosen = {"line": lines, **chosen}
            if keep is not None:
                chosen = {name: column.filter(keep) for name, column in chosen.items()}
            rows_n = len(cells[0]) if keep is None else int(pc.sum(keep).as_py() or 0)
            row_no = pa.array(np.arange(self.rows_n + 1, self.rows_n + rows_n + 1))
            self.rows_n += rows_n
            yield pa.RecordBatch.from_arrays([row_no, *chosen.values()], ["row_no", *chosen])
        if plain:
            start = self._find_start()[0]
            self.blank_n += sum(at >= start for at in self.table.encoding.quotes.blanks)

    def _find_rows(
        self, columns: list[pa.Array], blank: pa.Array | None, lines: pa.Array | None
    ) -> pa.Array | None:
        """Find the rows that stay; None for all."""
        keep = None
        if blank is not None:
            self.blank_n += int(pc.sum(blank).as_py() or 0)
            keep = pc.invert(blank)
        for number, (skip, column) in enumerate(zip(self.skips, columns, strict=True)):
            hit = pc.is_in(pc.utf8_trim_whitespace(column), pa.array(skip.values, pa.string()))
            hit = hit if keep is None else pc.and_(hit, keep)
            if count := int(pc.sum(hit).as_py() or 0):
                rows_n, first = self.skipped[number]
                if lines is not None:
                    first += lines.filter(hit)[: 10 - len(first)].to_pylist()
                self.skipped[number] = (rows_n + count, first)
                keep = pc.invert(hit) if keep is None else pc.and_not(keep, hit)
        return keep

    def _split_plain(self) -> Iterator[tuple[list[pa.Array], None]]:
        source, names = self.table.source, [str(number) for number in range(len(self.header))]
        with source.open() as file:
            start = self._find_start()[0]
            _pass_over(file, start)
            done = _Followed(file, source, start)
            try:
                reader = pa_csv.open_csv(
                    pa.PythonFile(done, "r"),
                    pa_csv.ReadOptions(block_size=BLOCK, column_names=names, use_threads=False),
                    pa_csv.ParseOptions(delimiter=self.table.delimiter, newlines_in_values=True),
                    pa_csv.ConvertOptions(
                        check_utf8=False,
                        column_types=dict.fromkeys(names, pa.string()),
                        strings_can_be_null=False,
                    ),
                )
                for batch in reader:
                    for column in batch.columns:
                        longest = pc.max(pc.binary_length(column)).as_py()
                        if longest is not None and longest > source.limits.field_chars:
                            raise NotPlainError
                    if batch.num_rows:
                        yield batch.columns, None
            except pa.ArrowInvalid:
                raise NotPlainError from None

    def _split_slowly(self) -> Iterator[tuple[list[pa.Array], pa.Array]]:
        blank_n, part = 0, []

        def build() -> tuple[list[pa.Array], pa.Array]:
            lines, cells = zip(*part, strict=True)
            return [pa.array(column, pa.string()) for column in zip(*cells, strict=True)], pa.array(lines)

        for row in self.table.rows():
            part.append(row)
            if len(part) == PART_ROWS:
                yield build()
                part = []
        if part:
            yield build()
        self.blank_n = blank_n + self.table.blank_n

    def _find_start(self) -> tuple[int, int]:
        """Find where the first row after the header begins: position in the file and line."""
        table = self.table
        key = f"start of rows {table.header_line}"
        if key not in table.source.cache:
            next_line = 1
            if table.header_line:
                rows = split_rows(table.source, table.encoding, table.delimiter)
                next(line for line, _ in rows if line == table.header_line)
                next_line = next(rows, (table.header_line + 1, []))[0]
            table.source.cache[key] = (_find_line(table.source, next_line), next_line)
        return table.source.cache[key]


class _Followed:
    """A file whose reading is told to whoever follows it."""

    def __init__(self, file, source: Source, start: int):
        self._file, self._source, self._done, self.closed = file, source, start, False

    def read(self, size: int = -1) -> bytes:
        """Read and tell."""
        data = self._file.read(size)
        self._done += len(data)
        if self._source.follow:
            self._source.follow(self._done, self._source.cache["encoding"].bytes_n)
        return data

    def close(self) -> None:
        """Leave the file to whoever opened it."""
        self.closed = True


def _find_line(source: Source, line: int) -> int:
    """Find the position in the file at which a line begins."""
    if line == 1:
        return 3 if source.head.startswith(b"\xef\xbb\xbf") else 0
    number, seen, rest = 1, 0, b""
    with source.open() as file:
        while data := file.read(1 << 16):
            data, rest = rest + data, b""
            if data.endswith(b"\r"):  # perhaps half of a line end
                data, rest = data[:-1], b"\r"
            for found in _LINE_END.finditer(data):
                number += 1
                if number == line:
                    return seen + found.end()
            seen += len(data)
    return seen + len(rest)


def _pass_over(file, bytes_n: int) -> None:
    if file.seekable():
        file.seek(bytes_n)
    else:
        file.read(bytes_n)


def _find_blank(cells: list[pa.Array]) -> pa.Array | None:
    """Find rows without any cell; None if there are none."""
    blank = None
    for column in cells:
        lengths = pc.binary_length(column)
        if pc.min(lengths).as_py():
            return None
        empty = pc.equal(lengths, 0)
        blank = empty if blank is None else pc.and_(blank, empty)
    return blank if blank is not None and pc.any(blank).as_py() else None


def _count_lines(cells: list[pa.Array], first: int) -> tuple[pa.Array, int]:
    """Give the line of each row, and that of the row after them: cells may hold line ends of three kinds."""
    count = np.ones(len(cells[0]), "int64")
    for column in cells:
        count += pc.count_substring_regex(column, r"\r\n|\r|\n").to_numpy(zero_copy_only=False)
    ends = first + np.cumsum(count)
    return pa.array(ends - count), int(ends[-1])
