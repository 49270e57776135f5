"""Large search logs, from text to a Parquet file: part by part as `logs` reads them, and memory does not grow with the log.

The text is split by Arrow where it is plain and by our own reader elsewhere (`batches`); each part is read by the very
functions that read a small log, and written while the next one is split. Cells and report are those of the reader in memory.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.formats import load_format
from sidedoor.ingest.batches import NotPlainError, RowStream
from sidedoor.ingest.bulk_file import SearchesWriter
from sidedoor.ingest.columns import Column
from sidedoor.ingest.decode import find_encoding
from sidedoor.ingest.logs import LogForm, LogTable, _Aside, count_partial
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.text import Skip, TextTable
from sidedoor.ingest.times import DayOrder

TABLE = "searches.parquet"


def start_log(source: Source, options: ReadOptions) -> LogTable:
    """Begin to collect a log: in bulk if it is large and there is a folder to write to, else in memory."""
    return BulkLog(source, options) if is_bulk(source) else LogTable(source, options)


def is_bulk(source: Source) -> bool:
    """Say whether a source is a text that is read in bulk."""
    if source.kind != "text" or source.work is None:
        return False
    return find_encoding(source).bytes_n >= source.limits.bulk_bytes


class BulkLog(LogTable):
    """Collects the rows of one large text into a file, as `LogTable` collects them into a table.

    Attributes
    ----------
    partial_n
        Reasons of which a part is redacted.
    has_one_reason
        All rows have one and the same reason.
    """

    def _start(self) -> None:
        super()._start()
        self._stream: RowStream | None = None
        self._form: LogForm | None = None
        self._rows_out = self.partial_n = 0
        self.has_one_reason, self._first_reason = True, None

    def read_text(
        self, table: TextTable, form: LogForm, header: list[str] | None = None, skips: list[Skip] = ()
    ) -> None:
        """Read a text; as `LogTable.read_text`."""
        stream = RowStream(table, header or table.header, list(skips))
        for is_plain in (True, False):
            stream.is_plain &= is_plain
            self._start()  # what was counted of a text that is not plain is counted anew
            self._stream, self._form = stream, form
            try:
                self._write()
                break
            except NotPlainError:
                continue
        table.blank_n = stream.blank_n
        self._name_places()

    def _write(self) -> None:
        """Read all rows, and write those that enter the table."""
        columns = self._form.columns
        with SearchesWriter(
            self.source.work / TABLE, self.source.name, keep_reasons=self.options.keep_reasons
        ) as writer:
            for batch in read_ahead(self._stream.batches(columns)):
                before = self.rows_n
                cells = {column: Column(batch.column(name)) for name, column in columns.items()}
                # where a row stands is its number: its line is looked for if it is needed
                part = self.read_columns(
                    cells, batch.num_rows, self._form, lambda row, before=before: int(before + row + 1)
                )
                self._note_reasons(part["reason_text"])
                writer.write(part)
            self._rows_out = writer.rows_n
        pa.default_memory_pool().release_unused()  # what is measured of the file next has need of it

    def _note_reasons(self, reasons: pa.ChunkedArray) -> None:
        """Note whether there are several reasons, and how many are redacted in part."""
        begins = load_format("cells")["partial_begins"]
        for chunk in reasons.chunks if reasons.null_count < len(reasons) else ():
            some = chunk.filter(pa.array(Column(chunk.fill_null("")).find_maybe(begins)))
            some = some.filter(pc.match_substring_regex(some, begins))
            self.partial_n += count_partial(some.to_pandas()) if len(some) else 0
        if self.has_one_reason and len(reasons):
            self._first_reason = self._first_reason or reasons[0].as_py()
            self.has_one_reason = (
                not reasons.null_count and pc.all(pc.equal(reasons, self._first_reason)).as_py()
            )

    def refuse_local(self, place, form: LogForm):
        """Refuse times whose zone is not known; as `LogTable.refuse_local`."""
        return super().refuse_local(
            f"line {self.fetch_rows([place], has_lines=True).loc[place, 'line']}", form
        )

    def _name_places(self) -> None:
        """Put lines in the place of the numbers of the rows that the report names."""
        entries = self._aside.values()
        wanted = sorted(
            {*(row for entry in entries for row in entry.places), *(told[1] for told in self.unread.values())}
        )
        counted = [count for count, _ in self._stream.skipped]
        if not wanted and not any(counted):
            return
        stream = replace(self._stream)
        found = self.fetch_rows(wanted, has_lines=True, to_the_end=any(counted), stream=stream)
        for entry in entries:
            entry.places = [f"line {line}" for line in found.loc[entry.places, "line"]]
        for told in self.unread.values():
            told[1] = f"line {found.loc[told[1], 'line']}"
        for skip, count, (_, lines) in zip(stream.skips, counted, stream.skipped, strict=True):
            if count:
                entry = self.skipped.setdefault(skip.reason, _Aside())
                entry.rows_n += count
                entry.places += [f"line {line}" for line in lines][: 10 - len(entry.places)]

    def fetch_rows(
        self,
        wanted: list[int],
        *,
        has_lines: bool = False,
        to_the_end: bool = False,
        stream: RowStream | None = None,
    ) -> pd.DataFrame:
        """Fetch the cells of some rows from the text, by row number, under the names of the fields.

        Returns
        -------
        DataFrame with row_no as its index, and the column `line` if it was asked for.
        """
        parts = []
        rows = pd.Index(wanted, dtype="int64")
        for batch in (stream or replace(self._stream)).batches(self._form.columns, has_lines=has_lines):
            first, count = batch.column("row_no")[0].as_py() if batch.num_rows else 0, batch.num_rows
            here = rows[(rows >= first) & (rows < first + count)] - first
            if count and len(here):
                parts.append(batch.take(pa.array(here)).to_pandas())
            if not to_the_end and len(rows) and first + count > rows[-1]:
                break
        if not parts:
            return pd.DataFrame(columns=["row_no", "line", *self._form.columns]).set_index("row_no")
        return pd.concat(parts).set_index("row_no")

    def fetch_reasons(self, wanted: list[int]) -> pd.Series:
        """Fetch the reasons of some rows from the text, by row number, as the reader keeps them."""
        fetched = self.fetch_rows(sorted(wanted))
        frame = pd.DataFrame(
            {column: pd.array(fetched[name], dtype="str") for name, column in self._form.columns.items()},
            index=fetched.index,
        )
        table = LogTable(self.source, self.options).read_part(frame, self._form, "row {}")
        return pd.Series(table["reason_text"].to_numpy(), index=fetched.index, dtype="str").loc[wanted]

    def close(self, report: Report):
        """Give the table as a file, and write into the report what became of the rows; as `LogTable.close`."""
        from sidedoor.ingest.bulk_facts import SearchesFile

        if self._stream is None:
            return super().close(report)
        self.check_places()
        self.account(report, self._rows_out)
        return SearchesFile(self.source.work / TABLE, self._rows_out, self)


def read_order(
    table: TextTable, header: list[str], skips: list[Skip], columns: list[str], forms: list[str]
) -> DayOrder | None:
    """Count the rows of a large text that decide whether day or month comes first; None if it is not large."""
    if not is_bulk(table.source):
        return None
    stream, fields = (
        RowStream(table, header, list(skips)),
        {f"c{at}": column for at, column in enumerate(columns)},
    )
    for is_plain in (True, False):
        stream.is_plain &= is_plain
        order = DayOrder()
        try:
            for batch in read_ahead(stream.batches(fields)):
                for name in fields:
                    order.add(batch.column(name), forms)
            return order
        except NotPlainError:
            continue
    return None


def read_ahead(items: Iterator) -> Iterator:
    """Give what an iterator gives, the next of it made in a thread while the last is used."""
    with ThreadPoolExecutor(1, "sidedoor-read") as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item
