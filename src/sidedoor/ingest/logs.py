"""From the rows of a search log to the table `searches` in a Parquet file, part by part: memory does not grow
with the log.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.log_part import LogForm, Part
from sidedoor.ingest.log_table import SCHEMA, SearchLog, open_parquet
from sidedoor.ingest.report import Report, Skipped
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.text import RowBatch

# Rows that are no search, by code.
SKIPPED = {
    "header-again": "the header, repeated among the rows",
    "note": "a total or a note, without a time",
    "no-search": "no time and hardly anything else: a total, a note or an empty row, not a search",
    "out-of-place": "what is in the place of the search time is no time: cells may be shifted",
}


@dataclass(frozen=True)
class Skip:
    """Rows that a mapping leaves out: those whose cell in a column, without outer blanks, is one of some
    values.
    """

    column: str
    values: tuple[str, ...]
    reason: str


def leave_out(batch: RowBatch, skips: Iterable[Skip], skipped: dict[str, Skipped]) -> RowBatch:
    """Leave out the rows that a mapping skips, and note where they are."""
    for skip in skips:
        cells = pc.utf8_trim_whitespace(batch.columns[skip.column])
        hit = np.asarray(pc.is_in(cells, pa.array(skip.values, pa.string())))
        entry = skipped.setdefault(skip.reason, Skipped("mapping", skip.reason))
        _note_rows(entry, np.flatnonzero(hit), batch.locate)
        batch = batch.filter(~hit)
    return batch


def _note_rows(entry: Skipped, rows: np.ndarray, locate) -> None:
    """Count rows, by their positions; the first with their places."""
    for row in rows[:10]:
        entry.add(locate(int(row)))
    entry.rows_n += len(rows[10:])


class LogReader:
    """Reads the rows of one file, writes those that are searches, collects what the table does not show."""

    def __init__(self, source: Source, options: ReadOptions):
        self.source, self.options = source, options
        self.rows_n = self.kept_n = 0
        # search times that the clocks skipped or showed twice, that print no zone, that do; names cleaned
        self.gaps_n = self.folds_n = self.local_n = self.utc_n = self.cleaned_n = 0
        # cells that hold something else than they should: by field their number, first place and shape
        self.unread: dict[str, list] = {}
        self.moderation: Counter[str] = Counter()
        self.skipped: dict[str, Skipped] = {}
        self.left_out: dict[str, Skipped] = {}
        path = source.work / "searches.parquet"
        # a table for publication holds no reasons: they are in a file of their own while they are counted
        reasons = path if options.keep_reasons else source.work / "reasons.parquet"
        self.table = SearchLog(path, 0, source.work, reasons)
        self._files = {}

    def read(self, batches: Iterable[RowBatch], form: LogForm, skips: Iterable[Skip] = ()) -> None:
        """Read the rows of a table of the file as a form says, but for those that are left out and counted.

        Raises
        ------
        IngestError
            Times without a zone, and none was given; or as the batches.
        """
        kept = (leave_out(batch, skips, self.left_out) for batch in read_ahead(iter(batches)))
        try:
            # one thread splits the text, one reads the cells, this one writes
            for table in read_ahead(self._read_part(batch, form) for batch in kept if batch.rows_n):
                self._write(table)
        except BaseException:
            self._close_files()
            raise

    def _read_part(self, batch: RowBatch, form: LogForm) -> pa.Table:
        """Read some rows: those of them that are searches."""
        part = Part(self, batch, form)
        part.made["row_no"] = pa.array(np.arange(self.rows_n + 1, self.rows_n + batch.rows_n + 1))
        part.made["source_id"] = pa.repeat(self.options.source_id or self.source.id, batch.rows_n)
        self.rows_n += batch.rows_n
        nothing = pa.nulls(batch.rows_n)
        arrays = [part.made.get(field.name, nothing).cast(field.type) for field in SCHEMA]
        table = pa.Table.from_arrays(arrays, schema=SCHEMA)
        return table if part.keep.all() else table.filter(pa.array(part.keep))

    def _write(self, table: pa.Table) -> None:
        self.kept_n += len(table)
        if not self.options.keep_reasons:
            self._append(self.table.reasons, table.select(["row_no", "searched_at", "reason_text"]))
            at = SCHEMA.get_field_index("reason_text")
            table = table.set_column(at, SCHEMA.field(at), pa.nulls(len(table), SCHEMA.field(at).type))
        self._append(self.table.path, table)

    def _append(self, path, table: pa.Table) -> None:
        if path not in self._files:
            self._files[path] = open_parquet(path, table.column_names)
        self._files[path].write_table(table, max(len(table), 1))

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()

    def skip(self, rows: np.ndarray, code: str, locate, what: str = "") -> None:
        """Note rows, by their positions, that enter no table."""
        if len(rows):
            entry = self.skipped.setdefault(code, Skipped(code, SKIPPED[code], what))
            _note_rows(entry, rows, locate)

    def count_skipped(self, code: str) -> int:
        """Count the rows that were skipped so far for a reason."""
        return self.skipped[code].rows_n if code in self.skipped else 0

    def close(self, report: Report) -> SearchLog:
        """Finish the table, and write into the report what became of the rows.

        Raises
        ------
        IngestError
            Most rows have no readable time: the layout is another one.
        """
        if not self._files:
            self._write(SCHEMA.empty_table())
        self._close_files()
        misplaced = self.skipped.get("out-of-place")
        if misplaced and misplaced.rows_n > self.kept_n:
            place, said = f"{self.source.name}, {misplaced.places[0]}", say_number(self.rows_n, "row")
            found = f"times in no known form ({misplaced.what}), in {misplaced.rows_n:,} of {said}"
            way_out = (
                "Compare the columns with the header; if the dates are only written in another way, give a "
                "mapping with their form: --mapping FILE.toml."
            )
            raise IngestError(place, found, way_out, code="unknown-times")
        report.skip(self.left_out)
        report.rows_in += self.kept_n
        report.rows_out += self.kept_n
        report.skip({code: self.skipped[code] for code in SKIPPED if code in self.skipped})
        pa.default_memory_pool().release_unused()  # what is measured of the file next needs it
        self.table.rows_n = self.kept_n
        return self.table


def read_ahead(items: Iterator) -> Iterator:
    """Give what an iterator gives, the next of it made in a thread while the last is used."""
    with ThreadPoolExecutor(1, "sidedoor-read") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
