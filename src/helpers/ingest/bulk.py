"""Large search logs, from text to a Parquet file: DuckDB does what `logs` does, and memory does not grow with the log.

The text is split by Arrow where it is plain and by our own reader elsewhere (`batches`); one query made from the form
(`bulk_sql`) turns cells into the columns of `searches`; what only Python says exactly is asked of the very functions of
the reader (`bulk_rules`). Cells and report are those of the reader in memory.
"""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from ..errors import IngestError
from .batches import NotPlainError, RowStream
from .canonical import build_table
from .cells import show_shape
from .decode import find_encoding
from .duck import connect, quote
from .logs import OUT_OF_PLACE, REASONS, LogForm, LogTable, _Aside, refuse_local
from .report import Report
from .source import ReadOptions, Source
from .text import Skip, TextTable
from .times import DayOrder, compile_form

TABLE = "searches.parquet"
_FIRST_ROWS = 20_000
_ROW_GROUP = 122_880


def start_log(source: Source, options: ReadOptions) -> LogTable:
    """Begin to collect a log: in bulk if it is large and there is a folder to write to, else in memory."""
    return BulkLog(source, options) if is_bulk(source) else LogTable(source, options)


def is_bulk(source: Source) -> bool:
    """Say whether a source is a text that is read in bulk."""
    if source.kind != "text" or source.work is None:
        return False
    return find_encoding(source).bytes_n >= source.limits.bulk_bytes


class BulkLog(LogTable):
    """Collects the rows of one large text into a file, as `LogTable` collects them into a table."""

    def __init__(self, source: Source, options: ReadOptions):
        super().__init__(source, options)
        self._stream: RowStream | None = None
        self._form: LogForm | None = None

    def read_text(self, table: TextTable, form: LogForm, header: list[str] | None = None, skips: list[Skip] = ()) -> None:
        """Read a text; as `LogTable.read_text`."""
        from .bulk_rules import Rules

        self._stream, self._form = RowStream(table, header or table.header, list(skips)), form
        first = self._read_first(table)
        scout = LogTable(self.source, self.options)
        first = scout.leave_out(first, self._stream.skips)
        rules = Rules(first, form, self.source, self.options) if len(first) else None
        if rules is None or not rules.is_known:
            super().read_text(table, form, header, skips)
            self._stream = None
            return
        self._run(rules)

    def _read_first(self, table: TextTable) -> pd.DataFrame:
        frames = table.frames(_FIRST_ROWS)
        first = next(frames, None)
        frames.close()
        if first is None:
            return pd.DataFrame()
        return first.set_axis(self._stream.header, axis=1)

    def _run(self, rules) -> None:
        from .bulk_rules import Tally

        try:
            tally, rows_out = self._write(rules, Tally())
        except NotPlainError:
            self._stream.is_plain = False
            tally, rows_out = self._write(rules, Tally())
        tally.finish()
        self._rows_out = rows_out
        self.rows_n = self._stream.rows_n
        self._stream.table.blank_n = self._stream.blank_n
        self.timed_n = rows_out
        self.gaps_n, self.folds_n = tally.gaps_n, tally.folds_n
        self.cells = tally.count_states()
        for code, count in tally.count_forms().items():
            notation = self._form.time_forms[(code - 1) // 2]
            self.time_forms[notation] = self.time_forms.get(notation, 0) + count
            if code % 2:
                self.local_n += count
            else:
                self.utc_n += count
        labels = [*rules.moderation[:-1], "empty", "other"]
        self.moderation = {labels[code - 1]: count for code, count in tally.count_moderation().items()}
        self._tally, self.first_reason = tally, rules.first_reason
        self._find_places(tally)

    def _write(self, rules, tally) -> tuple:
        """Run the query into the file."""
        import duckdb

        from .bulk_sql import Query

        keep = self.options.keep_reasons
        select = Query(self._form, rules).build("rows", keep)
        failure: list[BaseException] = []
        reader = _build_reader(self._stream, self._form.columns, failure)
        target = self.source.work / TABLE
        with connect(self.source.work) as connection:
            rules.register(connection, tally)
            connection.register("rows", reader)
            known = f"KV_METADATA {{pandas: {quote(_describe_types())}}}"
            settings = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {_ROW_GROUP}, {known}"
            try:
                (rows_out,) = connection.execute(f"COPY ({select}) TO {quote(str(target))} ({settings})").fetchone()
            except duckdb.Error as error:
                if failure:
                    raise failure[0] from None
                if isinstance(error, duckdb.InterruptException):
                    raise KeyboardInterrupt from None
                if isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException)):
                    raise IngestError(
                        self.source.name, "its table cannot be written", "Free space on the disk, and run it again."
                    ) from None
                raise
        return tally, rows_out

    def _find_places(self, tally) -> None:
        """Find the lines of the rows that the report names, and refuse times without a zone."""
        from .bulk_sql import MOMENTS, SETTLED

        wanted = sorted({int(row) for rows in tally.places.values() for row in rows})
        needs_lines = bool(wanted) or any(count for count, _ in self._stream.skipped)
        if not needs_lines:
            return
        counted = [count for count, _ in self._stream.skipped]
        found = self.fetch_rows(wanted, has_lines=True, to_the_end=any(counted))
        locals_ = {name: int(tally.places[f"local {name}"][0]) for name in MOMENTS if f"local {name}" in tally.places}
        if locals_:
            row = min(locals_.values())
            raise refuse_local(self.source, f"line {found.loc[row, 'line']}", self._form)
        for skip, count, (_, lines) in zip(self._stream.skips, counted, self._stream.skipped, strict=True):
            if count:
                entry = self.skipped.setdefault(skip.reason, _Aside())
                entry.rows_n += count
                entry.places += [f"line {line}" for line in lines][: 10 - len(entry.places)]
        for code, count in tally.count_aside().items():
            rows = tally.places[f"aside {code}"]
            entry = self._aside.setdefault(REASONS[code - 1], _Aside())
            entry.rows_n = count
            entry.places = [f"line {line}" for line in found.loc[rows, "line"]]
            if REASONS[code - 1] == OUT_OF_PLACE:
                cell = found.loc[int(rows[0]), "searched_at"]  # alone, as the reader shows it
                entry.what = f"the first reads like {show_shape(cell)!r}"
        for at, name in enumerate(SETTLED):
            if count := tally.count_unread(at):
                row = found.loc[int(tally.places[f"unread {name}"][0])]
                column = "window" if name.startswith("window") and "window" in self._form.columns else name
                self.unread[name] = [count, f"line {row['line']}", show_shape(row[column])]

    def fetch_rows(self, wanted: list[int], *, has_lines: bool = False, to_the_end: bool = False) -> pd.DataFrame:
        """Fetch the cells of some rows from the text, by row number, under the names of the fields.

        Returns
        -------
        DataFrame with row_no as its index, and the column `line` if it was asked for.
        """
        parts = []
        rows = pd.Index(wanted, dtype="int64")
        for batch in self._stream.batches(self._form.columns, has_lines=has_lines):
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
        from .bulk_facts import SearchesFile

        if self._stream is None:
            return super().close(report)
        self.check_places()
        self.account(report, self._rows_out)
        return SearchesFile(self.source.work / TABLE, self._rows_out, self)

    @property
    def tally(self):
        """What the query noted of each row."""
        return self._tally


def read_order(
    table: TextTable, header: list[str], skips: list[Skip], columns: list[str], forms: list[str]
) -> DayOrder | None:
    """Count the rows of a large text that decide whether day or month comes first; None if it is not large."""
    if not is_bulk(table.source):
        return None
    stream, fields = RowStream(table, header, list(skips)), {f"c{at}": column for at, column in enumerate(columns)}
    parts = []
    for name in fields:
        for form in map(compile_form, forms):
            groups = re_groups(form.pattern)
            cell = f"regexp_replace(trim({name}), '[\u00a0\u2007\u2009\u202f]', ' ', 'g')"
            found = f"regexp_extract({cell}, {quote(form.pattern)}, [{', '.join(map(quote, groups))}])"
            parts.append(f"CASE WHEN regexp_matches({cell}, {quote(form.pattern)}) THEN {found} END AS {name}_{len(parts)}")
    order = DayOrder()
    for is_plain in (True, False):
        stream.is_plain = stream.is_plain and is_plain
        failure: list[BaseException] = []
        with connect(table.source.work) as connection:
            connection.register("rows", _build_reader(stream, fields, failure))
            names = [part.rsplit(" ", 1)[1] for part in parts]
            counts = ", ".join(
                f"count_if({name}.q::INT > 12), count_if({name}.r::INT > 12), count({name})" for name in names
            )
            try:
                row = connection.execute(f"SELECT {counts} FROM (SELECT {', '.join(parts)} FROM rows)").fetchone()
            except Exception:
                if failure and isinstance(failure[0], NotPlainError):
                    continue
                raise failure[0] if failure else None from None
        order.first_n, order.second_n, order.rows_n = (sum(row[at::3]) for at in range(3))
        return order
    return None


def re_groups(pattern: str) -> list[str]:
    """List the named groups of a pattern in their order."""
    import re

    return list(re.compile(pattern).groupindex)


def _build_reader(stream: RowStream, fields: dict[str, str], failure: list[BaseException]) -> pa.RecordBatchReader:
    """Give the rows to DuckDB; what goes wrong on the way is kept, as DuckDB would only repeat its words."""
    schema = pa.schema([("row_no", pa.int64()), *((name, pa.string()) for name in fields)])

    def give() -> Iterator[pa.RecordBatch]:
        try:
            yield from stream.batches(fields)
        except BaseException as error:
            failure.append(error)
            raise

    return pa.RecordBatchReader.from_batches(schema, give())


def _describe_types() -> str:
    """Give the note for pandas that makes counts whole numbers again when the file is read."""
    return pa.Table.from_pandas(build_table("searches", []), preserve_index=False).schema.metadata[b"pandas"].decode()
