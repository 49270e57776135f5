"""From the rows of a search log to the table `searches` in a Parquet file, part by part: memory does not grow
with the log.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers.canonical import COLUMNS, WITHHELD, build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.cells import count_states
from sidedoor.ingest.log_facts import SearchLog
from sidedoor.ingest.log_part import SKIPPED, LogForm, Part
from sidedoor.ingest.report import Report, Skipped
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.text import RowBatch

TABLE = "searches.parquet"
_KINDS = {
    "str": pa.string(),
    "Int64": pa.int64(),
    "boolean": pa.bool_(),
    "datetime64[us]": pa.timestamp("us"),
}
SCHEMA = pa.schema([(name, _KINDS[kind]) for name, kind in COLUMNS["searches"].items()])
_STATE_KIND = pa.dictionary(pa.int8(), pa.string())
_ROW_GROUP = 61_440
# Columns of few different texts, and those by which a reader may leave out whole groups of rows.
_FEW = (
    "source_id",
    "searcher_agency_as_printed",
    "host_agency",
    "search_type",
    "reason_origin",
    "plate_state",
)
_SORTED = ("row_no", "searched_at")


@dataclass(frozen=True)
class Skip:
    """Rows that a mapping leaves out: those whose cell in a column, without outer blanks, is one of some
    values.
    """

    column: str
    values: tuple[str, ...]
    reason: str

    def find(self, batch: RowBatch) -> np.ndarray:
        """Find these rows, as a mask."""
        cells = pc.utf8_trim_whitespace(batch.columns[self.column])
        return np.asarray(pc.is_in(cells, pa.array(self.values, pa.string())))


def leave_out(batch: RowBatch, skips: Iterable[Skip], skipped: dict[str, Skipped]) -> RowBatch:
    """Leave out the rows that a mapping skips, and note where they are."""
    for skip in skips:
        hit = skip.find(batch)
        for at in np.flatnonzero(hit):
            skipped.setdefault(skip.reason, Skipped("mapping", skip.reason)).add(batch.locate(int(at)))
        batch = batch.filter(~hit)
    return batch


class LogReader:
    """Reads the rows of one file, writes those that are searches, and collects what the report says of them.

    Parameters
    ----------
    source, options
        The file, with the folder to write to, and what the person knows.
    """

    def __init__(self, source: Source, options: ReadOptions):
        self.source, self.options = source, options
        self.rows_n = self.timed_n = self.gaps_n = self.folds_n = self.local_n = self.utc_n = 0
        self.cleaned_n = self.other_types_n = 0
        self.moderation: dict[str, int] = {}
        self.unread: dict[str, list] = {}
        self.time_forms: dict[str, int] = {}
        self.cells: dict[str, dict[str, int]] = {name: {} for name in WITHHELD}
        self.skipped: dict[str, Skipped] = {}
        self.left_out: dict[str, Skipped] = {}
        self.reasons = Reasons()
        self._writer = _Writer(source.work / TABLE, keep_reasons=options.keep_reasons)

    def read(self, batches: Iterable[RowBatch], form: LogForm, skips: Iterable[Skip] = ()) -> None:
        """Read a table of the file.

        Parameters
        ----------
        batches
            Its rows.
        form
            How its columns are read.
        skips
            Rows that are left out; they are counted as skipped with their reason.

        Raises
        ------
        IngestError
            Times without a zone, and none was given; or as the batches.
        """
        try:
            for batch in read_ahead(iter(batches)):
                batch = leave_out(batch, skips, self.left_out)
                if batch.rows_n:
                    table = self.read_part(batch, form)
                    self.reasons.add(table)
                    self._writer.write(table)
        except BaseException:
            self._writer.close(is_whole=False)
            raise

    def read_part(self, batch: RowBatch, form: LogForm) -> pa.Table:
        """Read some rows.

        Returns
        -------
        Arrow table of the rows that enter `searches`, with its columns; states of cells are dictionaries.
        """
        rows_n = batch.rows_n
        row_no = np.arange(self.rows_n + 1, self.rows_n + rows_n + 1)
        self.rows_n += rows_n
        part = Part(self, batch, form)
        keep = ~part.drop_headers()
        made = part.read_columns()
        keep &= ~part.drop_notes(keep)
        keep &= ~part.drop_rows_that_are_no_search(keep)
        keep &= ~part.drop_rows_out_of_place(keep)
        kept_n = int(keep.sum())
        self.timed_n += kept_n
        for name, counts in self.cells.items():
            codes = part.find_codes(name)
            for state, count in count_states(codes if kept_n == rows_n else codes[keep]).items():
                counts[state] = counts.get(state, 0) + count
        made["row_no"] = pa.array(row_no)
        made["source_id"] = pa.repeat(self.options.source_id or self.source.id, rows_n)
        arrays = []
        for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True):
            cells = made[name] if name in made else pa.nulls(rows_n, kind)
            arrays.append(cells if cells.type in (kind, _STATE_KIND) else cells.cast(kind))
        table = pa.Table.from_arrays(arrays, SCHEMA.names)
        return table if kept_n == rows_n else table.filter(pa.array(keep))

    def skip(self, rows: np.ndarray, code: str, where, what: str = "") -> None:
        """Note rows, as a mask, that enter no table."""
        found = np.flatnonzero(rows)
        if len(found):
            entry = self.skipped.setdefault(code, Skipped(code, SKIPPED[code], what))
            for row in found[:10]:
                entry.add(where(int(row)))
            entry.rows_n += len(found) - len(found[:10])

    def refuse_local(self, place: str, form: LogForm) -> IngestError:
        """Refuse times whose zone is not known."""
        way_out = form.zone_hint or "Say in which zone the times are, for example --time-zone UTC."
        return IngestError(
            f"{self.source.name}, {place}",
            "times without a time zone",
            way_out,
            code="no-time-zone",
            asks_for="time_zone",
        )

    def note_unread(self, name: str, count: int, place: str, shape: str) -> None:
        """Note cells of a kept row that hold something else than they should."""
        entry = self.unread.setdefault(name, [0, place, shape])
        entry[0] += count

    def close(self, report: Report) -> SearchLog:
        """Finish the table, and write into the report what became of the rows.

        Raises
        ------
        IngestError
            Most rows have no readable time: the layout is another one.
        """
        self._writer.close()
        self._check_places()
        report.skip(self.left_out)
        report.rows_in += self._writer.rows_n
        report.rows_out += self._writer.rows_n
        report.skip({code: self.skipped[code] for code in SKIPPED if code in self.skipped})
        pa.default_memory_pool().release_unused()  # what is measured of the file next needs it
        return SearchLog(self.source.work / TABLE, self._writer.rows_n, self.source.work)

    def _check_places(self) -> None:
        """Check that most rows have a search time where it should be."""
        misplaced = self.skipped.get("out-of-place")
        if misplaced and misplaced.rows_n > self.timed_n:
            raise IngestError(
                f"{self.source.name}, {misplaced.places[0]}",
                f"search times in a form that is not known ({misplaced.what}), in {misplaced.rows_n:,} of "
                f"{say_number(self.rows_n, 'row')}",
                "Compare the columns with the header; if the dates are only written in another way, "
                "give a mapping with "
                "their form: --mapping FILE.toml.",
                code="unknown-times",
            )


class Reasons:
    """What the report says of the reasons, counted while they are read: a table for publication does not hold
    them.

    Attributes
    ----------
    distinct
        The different reasons while they are few; None once there are more than a list of labels has.
    missing_n, partial_n, rows_n
        Rows without a reason, reasons of which a part is redacted, all rows.
    near
        For each day on which reasons may change, the nearest ones before it and from it on, with their
        distance.
    """

    LABELS, NEAR = 50, 5_000

    def __init__(self):
        self.distinct: set[str] | None = set()
        self.missing_n = self.partial_n = self.rows_n = 0
        days = [known["date"] for known in load_format("flock")["breaks"] if known["looks_at"] == "reasons"]
        nothing = (np.empty(0, "int64"), pa.array([], pa.string()))
        self.near: dict[tuple[str, bool], tuple] = {
            (day, is_late): nothing for day in days for is_late in (False, True)
        }

    def add(self, table: pa.Table) -> None:
        """Count the reasons of some rows."""
        reasons = table.column("reason_text").combine_chunks()
        self.rows_n += len(reasons)
        self.missing_n += reasons.null_count
        if reasons.null_count == len(reasons):
            return
        partial = pc.match_substring_regex(reasons, load_format("cells")["partial"])
        self.partial_n += pc.sum(partial).as_py() or 0
        if self.distinct is not None:
            self.distinct.update(pc.unique(reasons.drop_null()).to_pylist())
            if len(self.distinct) > self.LABELS:
                self.distinct = None
        times = table.column("searched_at").to_numpy()
        is_told = ~np.isnat(times) & np.asarray(reasons.is_valid())
        for (day, is_late), held in self.near.items():
            self.near[day, is_late] = self._take_near(day, is_late, held, times, is_told, reasons)

    def _take_near(self, day, is_late, held, times, is_told, reasons) -> tuple:
        distances = (times - np.datetime64(day, "us")).astype("int64")
        side = is_told & ((distances >= 0) == is_late)
        if len(held[0]) >= self.NEAR:
            side &= np.abs(distances) < held[0][-1]
        rows = np.flatnonzero(side)
        if not len(rows):
            return held
        if not is_late:
            rows = rows[::-1]  # of two at one time before the day, the later row is the nearer
        near, texts = np.abs(distances[rows]), reasons.take(pa.array(rows))
        both = (near, held[0]) if not is_late else (held[0], near)
        parts = (texts, held[1]) if not is_late else (held[1], texts)
        near = np.concatenate(both)
        order = np.argsort(near, kind="stable")[: self.NEAR]
        return near[order], pa.concat_arrays(parts).take(pa.array(order))

    def count_distinct(self, day: str) -> tuple[int, list[int]]:
        """Count the reasons nearest to a day that are compared, as many on each side, and their different
        texts.
        """
        before, after = (self.near[day, is_late][1] for is_late in (False, True))
        count = min(len(before), len(after))
        return count, [pc.count_distinct(side[:count]).as_py() for side in (before, after)]

    def find_kind(self) -> str | None:
        """Return `labels` if the reasons are a handful of texts that come again and again, else `free_text`;
        None for none.
        """
        filled = self.rows_n - self.missing_n
        if not filled:
            return None
        is_few = self.distinct is not None and len(self.distinct) * 20 <= filled
        return "labels" if is_few else "free_text"


class _Writer:
    """Writes `searches`, a group of rows at a time, in a thread of its own."""

    def __init__(self, path: Path, *, keep_reasons: bool):
        self.rows_n = 0
        self._path, self._keep_reasons = path, keep_reasons
        self._parts: list[pa.Table] = []
        self._held_n = 0
        self._file: pq.ParquetWriter | None = None
        self._pool = ThreadPoolExecutor(1, "sidedoor-write")
        self._last: Future | None = None

    def write(self, part: pa.Table) -> None:
        """Write some rows; reasons are left out unless they are kept."""
        if not self._keep_reasons:
            at = part.schema.get_field_index("reason_text")
            part = part.set_column(at, "reason_text", pa.nulls(len(part), pa.string()))
        self._parts.append(part)
        self._held_n += len(part)
        self.rows_n += len(part)
        if self._held_n >= _ROW_GROUP:
            self._pass_on()

    def _pass_on(self) -> None:
        group, self._parts, self._held_n = self._parts, [], 0
        if self._last is not None:
            self._last.result()
        self._last = self._pool.submit(self._write_group, group)

    def _write_group(self, parts: list[pa.Table]) -> None:
        table = pa.concat_tables(parts)
        if self._file is None:
            states = [name for name in COLUMNS["searches"] if name.endswith("_cell")]
            self._file = pq.ParquetWriter(
                self._path,
                table.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[*_FEW, *states],
                write_statistics=list(_SORTED),
                store_schema=False,
            )
            # the note that makes counts whole numbers again when pandas reads the file
            known = pa.Table.from_pandas(build_table("searches", []), preserve_index=False).schema.metadata
            self._file.add_key_value_metadata({"pandas": known[b"pandas"].decode()})
        self._file.write_table(table, max(len(table), 1))

    def close(self, *, is_whole: bool = True) -> None:
        """Write the rest, and close the file; an unfinished one is left."""
        try:
            if is_whole:
                if self._parts or self._last is None:
                    self._parts = self._parts or [SCHEMA.empty_table()]
                    self._pass_on()
                self._last.result()
        finally:
            self._pool.shutdown()
            if self._file is not None:
                self._file.close()


def read_ahead(items: Iterator) -> Iterator:
    """Give what an iterator gives, the next of it made in a thread while the last is used."""
    with ThreadPoolExecutor(1, "sidedoor-read") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
