"""The Parquet file that a large search log is written to, while the log is still read."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from helpers.canonical import COLUMNS, build_table
from helpers.errors import IngestError

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


class SearchesWriter:
    """Writes `searches`, a group of rows at a time, in a thread of its own.

    Parameters
    ----------
    path
        The file.
    name
        What the log is called in an error.
    keep_reasons
        Write the free text of reasons, too.

    Attributes
    ----------
    rows_n
        Rows that were given.
    """

    def __init__(self, path: Path, name: str, *, keep_reasons: bool):
        self._path, self._name, self._keep_reasons = path, name, keep_reasons
        self._pool, self._parts, self._held_n, self.rows_n = ThreadPoolExecutor(1, "sidedoor-write"), [], 0, 0
        self._file: pq.ParquetWriter | None = None
        self._last: Future | None = None

    def __enter__(self) -> "SearchesWriter":
        return self

    def write(self, part: pa.Table) -> None:
        """Take rows.

        Raises
        ------
        IngestError
            The file cannot be written.
        """
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
        self._wait()
        self._last = self._pool.submit(self._write_group, group)

    def _wait(self) -> None:
        if self._last is not None:
            try:
                self._last.result()
            except OSError:
                raise IngestError(
                    self._name, "its table cannot be written", "Free space on the disk, and run it again."
                ) from None

    def _write_group(self, parts: list[pa.Table]) -> None:
        table = pa.concat_tables(parts)
        if self._file is None:
            states = [name for name in COLUMNS["searches"] if name.endswith("_cell")]
            self._file = pq.ParquetWriter(
                self._path, table.schema, compression="zstd", compression_level=1, use_dictionary=[*_FEW, *states],
                write_statistics=list(_SORTED), store_schema=False,
            )  # fmt: skip
            # the note that makes counts whole numbers again when pandas reads the file
            known = pa.Table.from_pandas(build_table("searches", []), preserve_index=False).schema.metadata
            self._file.add_key_value_metadata({"pandas": known[b"pandas"].decode()})
        self._file.write_table(table, max(len(table), 1))

    def __exit__(self, kind, error, trace) -> None:
        try:
            if error is None:
                if self._parts or self._last is None:
                    self._parts = self._parts or [self._build_empty()]
                    self._pass_on()
                self._wait()
                self._last = self._pool.submit(self._file.close)
                self._wait()
        finally:
            self._pool.shutdown()
            self._file = None

    def _build_empty(self) -> pa.Table:
        from sidedoor.ingest.logs import SCHEMA

        return SCHEMA.empty_table()
