"""From the rows of a search log to the table `searches` in a Parquet file, part by part: memory does not grow
with the log.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.canonical import COLUMNS, WITHHELD
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.log_part import SKIPPED, LogForm, Part
from sidedoor.ingest.log_table import SearchLog, open_parquet
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
_STATE_KIND = pa.dictionary(pa.int8(), pa.string())
SCHEMA = pa.schema(
    [
        (name, _STATE_KIND if name.endswith("_cell") else _KINDS[kind])
        for name, kind in COLUMNS["searches"].items()
    ]
)


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
        # of all rows; of those that are searches; of search times: see `log_checks`
        self.rows_n = self.kept_n = 0
        self.gaps_n = self.folds_n = self.local_n = self.utc_n = self.midnights_n = 0
        self.cleaned_n = self.other_types_n = 0
        self.moderation: Counter[str] = Counter()
        self.time_forms: Counter[str] = Counter()
        self.unread: dict[str, list] = {}
        self.states = {name: np.zeros(6, "int64") for name in WITHHELD}
        self.skipped: dict[str, Skipped] = {}
        self.left_out: dict[str, Skipped] = {}
        self.reasons = Reasons()
        self._file = None

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
        kept = (leave_out(batch, skips, self.left_out) for batch in read_ahead(iter(batches)))
        try:
            # one thread splits the text, one reads the cells, this one writes
            for table in read_ahead(self._read_part(batch, form) for batch in kept if batch.rows_n):
                self._write(table)
        except BaseException:
            if self._file is not None:
                self._file.close()
            raise

    def _read_part(self, batch: RowBatch, form: LogForm) -> pa.Table:
        """Read some rows: those of them that are searches."""
        part = Part(self, batch, form)
        part.read()
        numbers = np.arange(self.rows_n + 1, self.rows_n + batch.rows_n + 1)
        self.rows_n += batch.rows_n
        made, keep = part.made, part.keep
        made["row_no"] = pa.array(numbers)
        made["source_id"] = pa.repeat(self.options.source_id or self.source.id, batch.rows_n)
        arrays = [
            made[field.name].cast(field.type) if field.name in made else pa.nulls(batch.rows_n, field.type)
            for field in SCHEMA
        ]
        for name, counts in self.states.items():
            counts += np.bincount(part.codes[name][keep], minlength=len(counts))
        table = pa.Table.from_arrays(arrays, schema=SCHEMA)
        table = table if keep.all() else table.filter(pa.array(keep))
        self.midnights_n += count_midnights(table["searched_at"].to_numpy(), form.zone)
        return table

    def _write(self, table: pa.Table) -> None:
        """Count the reasons, and write some rows; reasons are left out unless they are kept."""
        self.reasons.add(table)
        if not self.options.keep_reasons:
            at = SCHEMA.get_field_index("reason_text")
            table = table.set_column(at, "reason_text", pa.nulls(len(table), pa.string()))
        if self._file is None:
            self._file = open_parquet(self.source.work / TABLE, SCHEMA)
        self._file.write_table(table, max(len(table), 1))
        self.kept_n += len(table)

    def skip(self, rows: np.ndarray, code: str, locate, what: str = "") -> None:
        """Note rows, by their positions, that enter no table."""
        if len(rows):
            entry = self.skipped.setdefault(code, Skipped(code, SKIPPED[code], what))
            for row in rows[:10]:
                entry.add(locate(int(row)))
            entry.rows_n += len(rows) - len(rows[:10])

    def close(self, report: Report) -> SearchLog:
        """Finish the table, and write into the report what became of the rows.

        Raises
        ------
        IngestError
            Most rows have no readable time: the layout is another one.
        """
        if self._file is None:
            self._write(SCHEMA.empty_table())
        self._file.close()
        misplaced = self.skipped.get("out-of-place")
        if misplaced and misplaced.rows_n > self.kept_n:
            raise IngestError(
                f"{self.source.name}, {misplaced.places[0]}",
                f"search times in a form that is not known ({misplaced.what}), in {misplaced.rows_n:,} of "
                f"{say_number(self.rows_n, 'row')}",
                "Compare the columns with the header; if the dates are only written in another way, "
                "give a mapping with their form: --mapping FILE.toml.",
                code="unknown-times",
            )
        report.skip(self.left_out)
        report.rows_in += self.kept_n
        report.rows_out += self.kept_n
        report.skip({code: self.skipped[code] for code in SKIPPED if code in self.skipped})
        pa.default_memory_pool().release_unused()  # what is measured of the file next needs it
        return SearchLog(self.source.work / TABLE, self.kept_n, self.source.work)


class Reasons:
    """What the report says of the reasons, counted while they are read: a table for publication does not hold
    them.

    Attributes
    ----------
    distinct
        The different reasons while they are few; None once there are more than a list of labels has.
    missing_n, partial_n, rows_n
        Rows without a reason, reasons of which a part is redacted, all rows.
    """

    LABELS, NEAR = 50, 5_000

    def __init__(self):
        self.distinct: set[str] | None = set()
        self.missing_n = self.partial_n = self.rows_n = 0
        # for each day on which reasons may change, the nearest ones before it and from it on
        self._near: dict[tuple[str, bool], pa.Table] = {
            (known["date"], is_late): SCHEMA.empty_table().select(["searched_at", "row_no", "reason_text"])
            for known in load_format("flock")["breaks"]
            if known["looks_at"] == "reasons"
            for is_late in (False, True)
        }

    def add(self, table: pa.Table) -> None:
        """Count the reasons of some rows."""
        reasons = table["reason_text"]
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
        for day, is_late in self._near:
            self._keep_nearest(day, is_late, table)

    def _keep_nearest(self, day: str, is_late: bool, table: pa.Table) -> None:
        held, times = self._near[day, is_late], table["searched_at"]
        day_start = datetime.fromisoformat(day)
        is_near = pc.greater_equal(times, day_start) if is_late else pc.less(times, day_start)
        if len(held) == self.NEAR:
            last = held["searched_at"][-1]
            is_near = pc.and_(
                is_near, pc.less_equal(times, last) if is_late else pc.greater_equal(times, last)
            )
        near = table.select(held.column_names).filter(pc.and_(is_near, pc.is_valid(table["reason_text"])))
        if len(near):
            # of two at one time the nearer row is the nearer one
            order = "ascending" if is_late else "descending"
            both = pa.concat_tables([held, near]).sort_by([("searched_at", order), ("row_no", order)])
            self._near[day, is_late] = both.slice(0, self.NEAR)

    def count_distinct(self, day: str) -> tuple[int, list[int]]:
        """Count the reasons nearest to a day that are compared, as many on each side, and their different
        texts.
        """
        sides = [self._near[day, is_late]["reason_text"] for is_late in (False, True)]
        count = min(map(len, sides))
        return count, [pc.count_distinct(side.slice(0, count)).as_py() for side in sides]

    def find_kind(self) -> str | None:
        """Return `labels` if the reasons are a handful of texts that come again and again, else `free_text`;
        None for none.
        """
        filled = self.rows_n - self.missing_n
        if not filled:
            return None
        is_few = self.distinct is not None and len(self.distinct) * 20 <= filled
        return "labels" if is_few else "free_text"


def count_midnights(times: np.ndarray, zone: ZoneInfo | None) -> int:
    """Count times in UTC that are midnight in a zone, in UTC without one."""
    # all zones are whole quarters of an hour from UTC; before 1972 they were not
    maybe = (times.astype("int64") % 900_000_000 < 1_000_000) | (times < np.datetime64("1972-01-01"))
    shown = pd.DatetimeIndex(times[maybe]).tz_localize("UTC").tz_convert(zone or "UTC")
    return int(((shown.hour == 0) & (shown.minute == 0) & (shown.second == 0)).sum())


def read_ahead(items: Iterator) -> Iterator:
    """Give what an iterator gives, the next of it made in a thread while the last is used."""
    with ThreadPoolExecutor(1, "sidedoor-read") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
