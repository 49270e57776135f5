"""The table `searches` in its Parquet file, which DuckDB measures in little memory whatever its size."""

import functools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers.canonical import COLUMNS, build_table
from sidedoor.ingest.report import FileTable

# With the note that makes counts whole numbers again when pandas reads the file.
_EMPTY = pa.Schema.from_pandas(build_table("searches", []), preserve_index=False)
_STATE, _SHORT = pa.dictionary(pa.int8(), pa.string()), {pa.large_string(): pa.string()}
SCHEMA = pa.schema(
    [
        (field.name, _STATE if field.name.endswith("_cell") else _SHORT.get(field.type, field.type))
        for field in _EMPTY
    ],
    metadata=_EMPTY.metadata,
)
# Columns of few different texts, and those by which a reader may leave out whole groups of rows.
_FEW = r"source_id|searcher_agency_as_printed|host_agency|search_type|reason_origin|plate_state|.*_cell"
_SORTED = ("row_no", "searched_at")
# The columns of text that a table for publication shows as they are in the file.
_OPEN = [
    name
    for name, kind in COLUMNS["searches"].items()
    if kind == "str" and not name.endswith(("_token", "_cell"))
]
# Different texts of a column that are looked through one by one; of more, so many of each of few shapes.
_MANY, _EACH, _SHAPES = 200_000, 3_000, 100


def open_parquet(path: Path, columns: list[str]) -> pq.ParquetWriter:
    """Open a Parquet file for columns of the table `searches`."""
    return pq.ParquetWriter(
        path,
        pa.schema([SCHEMA.field(name) for name in columns], metadata=SCHEMA.metadata),
        compression="zstd",
        compression_level=1,
        use_dictionary=[name for name in columns if re.fullmatch(_FEW, name)],
        write_statistics=[name for name in columns if name in _SORTED],
        store_schema=False,
    )


@dataclass
class SearchLog(FileTable):
    """The table `searches` in its file."""

    work: Path  # a folder for what does not fit in memory
    reasons: Path  # while the file is read: its reasons, with time and number of the row

    def __len__(self) -> int:
        return self.rows_n

    def query(self, sql: str) -> list[tuple]:
        """Run SQL over the tables `log` and `reasons`."""
        return self._execute(sql).fetchall()

    def fetch(self, sql: str) -> dict:
        """Run SQL that gives one row, as a dict."""
        cursor = self._execute(sql)
        return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))

    def _execute(self, sql: str):
        for name, path in (("log", self.path), ("reasons", self.reasons)):
            # characters that DuckDB reads as a pattern of paths stand for themselves
            plain = quote(re.sub(r"[*?[]", r"[\g<0>]", str(path)))
            sql = sql.replace(f"FROM {name}", f"FROM read_parquet({plain}, hive_partitioning = false)")
        return self._connection.execute(sql)

    @functools.cached_property
    def _connection(self):
        import duckdb

        threads = os.cpu_count() or 1
        settings = {
            "memory_limit": f"{96 + 48 * threads}MiB",
            "temp_directory": str(self.work / "spilled"),
            "threads": threads,
            # no file makes it fetch code
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        return duckdb.connect(config=settings)

    def close(self) -> None:
        """Let go of the file."""
        if "_connection" in self.__dict__:
            self.__dict__.pop("_connection").close()

    def move(self, folder: Path) -> None:
        """Move the file into a folder on the same disk."""
        self.close()
        self.path = self.path.replace(folder / self.path.name)

    def parts(self, rows_n: int) -> Iterator[pd.DataFrame]:
        """Give the table as frames of so many rows."""
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(rows_n):
                yield batch.to_pandas().astype(COLUMNS["searches"])

    def count_values(self, name: str) -> dict[str, int]:
        """Count rows by their text in a column, the most frequent first, missing ones left out."""
        sql = f"SELECT {name}, count(*) AS n FROM log WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"
        return dict(self.query(sql))

    def list_sampled(self, plain: str) -> list[str]:
        """List the columns with very many texts of few shapes that are not plain ones, such as ids that count
        up.
        """

        def count(texts: str, column: str) -> int:
            where = _select_odd(column, plain)
            return self.query(f"SELECT approx_count_distinct({texts}) FROM log {where}")[0][0]

        large = [name for name in _OPEN if self.rows_n > _MANY and count(name, name) > _MANY]
        return [name for name in large if count(_write_shape(name), name) < _SHAPES]

    def list_texts(self, plain: str) -> Iterator[tuple[str, pd.Series]]:
        """List the distinct texts of each column that are not plain ones, in parts; of a column in
        `list_sampled` some of each shape.
        """
        sampled = self.list_sampled(plain)
        for column in _OPEN:
            texts, end = column, "ORDER BY 1"
            if column in sampled:
                texts = f"unnest(arg_min({column}, hash({column}), {_EACH}))"
                end = f"GROUP BY {_write_shape(column)}"
            cursor = self._execute(f"SELECT DISTINCT {texts} FROM log {_select_odd(column, plain)} {end}")
            while rows := cursor.fetchmany(_MANY):
                yield column, pd.Series([text for (text,) in rows], dtype="str", name=column)

    def replace_names(self, column: str, names: list[str], shown: str) -> None:
        """Write the file anew with `shown` in the place of some names of a column."""
        self.close()
        new, at = self.path.with_suffix(".new"), SCHEMA.get_field_index(column)
        with pq.ParquetFile(self.path) as file, open_parquet(new, SCHEMA.names) as out:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                is_odd = pc.is_in(table[column], pa.array(names, table[column].type))
                table = table.set_column(at, column, pc.if_else(is_odd, shown, table[column]))
                out.write_table(table.cast(out.schema))
        new.replace(self.path)


def quote(text: str) -> str:
    """Write a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _select_odd(column: str, plain: str) -> str:
    return f"WHERE {column} IS NOT NULL AND NOT regexp_full_match({column}, {quote(plain)})"


def _write_shape(column: str) -> str:
    """Write the shape of a column's texts in SQL: characters of one kind in one order."""
    for kind, sign in (("[0-9]", "9"), ("[A-Z]", "A"), ("[a-z]", "a")):
        column = f"regexp_replace({column}, '{kind}', '{sign}', 'g')"
    return column
