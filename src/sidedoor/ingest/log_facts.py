"""A search log in its Parquet file, and what is measured of it for the report, by DuckDB in little memory."""

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.canonical import COLUMNS
from sidedoor.ingest.duck import connect, quote, quote_path
from sidedoor.ingest.report import FileTable

COUNTS = ("networks_n", "devices_n")
SAMPLE = 5_000
# All zones are whole quarters of an hour from UTC [us], and a midnight lasts a second; before 1972 they were
# not.
_QUARTER, _ODD_YEARS = 900_000_000, 1972
# Texts of a column that are looked through one by one; beyond, so many of each shape, if there are few
# shapes.
_TEXTS, _EACH, _SHAPES = 200_000, 1_000, 100
_SUMS = {
    "ids": "count(search_id)", "distinct_ids": "count(DISTINCT search_id)", "hosts": "count(host_agency)",
    "agencies": "count(DISTINCT searcher_agency_as_printed)", "times": "count(searched_at)",
    "first": "min(searched_at)", "last": "max(searched_at)", "windows": "count(coalesce(window_start, "
        "window_end))",
    "end_after_search": "count_if(window_end > searched_at)",
    "start_after_search": "count_if(window_start > searched_at)",
    "end_before_start": "count_if(window_end < window_start)",
    "least": "min(networks_n)", "most": "max(networks_n)",
    **{f"filled_{name}": f"count({name})" for name in COUNTS},
    **{f"zeros_{name}": f"count_if({name} = 0)" for name in COUNTS},
}  # fmt: skip


@dataclass
class SearchLog(FileTable):
    """The table `searches` in its file, and what measures it; `work` is a folder for what does not fit in
    memory.
    """

    work: Path | None = None
    _samples: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.rows_n

    def query(self, sql: str) -> list[tuple]:
        """Run SQL; the table is called `log`."""
        return self._connection.execute(self._name_file(sql)).fetchall()

    def _name_file(self, sql: str) -> str:
        return sql.replace(
            "FROM log", f"FROM read_parquet({quote_path(self.path)}, hive_partitioning = false)"
        )

    @functools.cached_property
    def _connection(self):
        return connect(self.work or self.path.parent)

    def close(self) -> None:
        """Let go of the file."""
        if "_connection" in self.__dict__:
            self.__dict__.pop("_connection").close()

    def move(self, folder: Path) -> None:
        """Move the file into a folder on the same disk."""
        self.close()
        os.replace(self.path, folder / self.path.name)
        self.path = folder / self.path.name

    def parts(self, rows_n: int) -> Iterator[pd.DataFrame]:
        """Give the table as frames of so many rows."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(rows_n):
                yield batch.to_pandas().astype(COLUMNS["searches"])

    def list_texts(self, plain: str) -> Iterator[tuple[str, pd.Series]]:
        """List the distinct texts of each column that are not plain ones, in parts; of a column in
        `list_sampled` some of them.
        """
        sampled = self._take_samples(plain)
        for column in _list_open():
            if column in sampled:
                yield column, pd.Series(sampled[column], dtype="str", name=column)
                continue
            sql = f"SELECT DISTINCT {column} FROM log {_name_odd(column, plain)} ORDER BY 1"
            cursor = self._connection.execute(self._name_file(sql))
            while rows := cursor.fetchmany(_TEXTS):
                yield column, pd.Series([text for (text,) in rows], dtype="str", name=column)

    def list_sampled(self, plain: str) -> list[str]:
        """List the columns with so many texts that `list_texts` gives some of each shape: characters of one
        kind in one order.
        """
        return [*self._take_samples(plain)]

    def _take_samples(self, plain: str) -> dict[str, list[str]]:
        """Take some texts of each shape from columns with very many, such as ids that count up."""
        if plain not in self._samples:
            found = {column: self._take_sample(column, plain) for column in _list_open()}
            self._samples[plain] = {column: texts for column, texts in found.items() if texts}
        return self._samples[plain]

    def _take_sample(self, column: str, plain: str) -> list[str]:
        odd = _name_odd(column, plain)
        if (
            self.rows_n <= _TEXTS
            or self.query(f"SELECT approx_count_distinct({column}) FROM log {odd}")[0][0] <= _TEXTS
        ):
            return []
        shape = column
        for kind, sign in (("[0-9]", "9"), ("[A-Z]", "A"), ("[a-z]", "a")):
            shape = f"regexp_replace({shape}, '{kind}', '{sign}', 'g')"
        some = f"max({column}, {_EACH}), min({column}, {_EACH}), arg_min({column}, hash({column}), {_EACH})"
        lists = self.query(f"SELECT {some} FROM log {odd} GROUP BY {shape} LIMIT {_SHAPES}")
        texts = {text for row in lists for part in row for text in part}
        return sorted(texts) if len(lists) < _SHAPES else []

    @functools.cached_property
    def sums(self) -> dict:
        """What one look at the whole file gives, by the names of `_SUMS`; a count of nothing is 0."""
        ((*found,),) = self.query(f"SELECT {', '.join(_SUMS.values())} FROM log")
        dates = ("first", "last", "least", "most")
        return {
            name: value if name in dates else value or 0 for name, value in zip(_SUMS, found, strict=True)
        }

    def count_midnights(self, zone: ZoneInfo | None) -> int:
        """Count times that are midnight in a zone, in UTC without one."""
        rows = self.query(
            f"SELECT searched_at, count(*) FROM log WHERE epoch_us(searched_at) % {_QUARTER} < 1_000_000 "
            f"OR searched_at < TIMESTAMP '{_ODD_YEARS}-01-01' GROUP BY 1"
        )
        times = pd.Series([time for time, _ in rows], dtype="datetime64[us]")
        shown = times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone is not None else times
        midnight = (shown.dt.hour == 0) & (shown.dt.minute == 0) & (shown.dt.second == 0)
        return sum(count for (_, count), hit in zip(rows, midnight, strict=True) if hit)

    def count_values(self, name: str) -> dict[str, int]:
        """Count rows by their text in a column, the most frequent first, missing ones left out."""
        sql = f"SELECT {name}, count(*) AS n FROM log WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"
        return dict(self.query(sql))

    def count_sides(self, day: str) -> tuple[int, int]:
        """Count searches before a day, and from it on."""
        day = f"TIMESTAMP '{day}'"
        return self.query(f"SELECT count_if(searched_at < {day}), count_if(searched_at >= {day}) FROM log")[0]

    def take_states(self, day: str, names: tuple[str, ...]) -> list[pd.DataFrame]:
        """Take the states of cells in the searches nearest to a day, before it and from it on."""
        columns, both = [f"{name}_cell" for name in names], []
        for side, order in (("<", "DESC"), (">=", "ASC")):
            rows = self.query(
                f"SELECT {', '.join(columns)} FROM log WHERE searched_at {side} TIMESTAMP '{day}' "
                f"ORDER BY searched_at {order}, row_no {order} LIMIT {SAMPLE}"
            )
            both.append(pd.DataFrame(rows, columns=columns))
        return both

    def replace_names(self, column: str, names: list[str], shown: str) -> None:
        """Write the file anew with `shown` in the place of some names of a column."""
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        self.close()
        new = self.path.with_suffix(".new")
        with pq.ParquetFile(self.path) as file:
            at, some = file.schema_arrow.get_field_index(column), pa.array(names, pa.string())
            with pq.ParquetWriter(
                new, file.schema_arrow, compression="zstd", compression_level=1, store_schema=False
            ) as out:
                out.add_key_value_metadata({"pandas": file.metadata.metadata[b"pandas"].decode()})
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group)
                    cells = table.column(at)
                    cells = pc.if_else(pc.is_in(cells, some), shown, cells)
                    out.write_table(table.set_column(at, column, cells))
        os.replace(new, self.path)
        self.__dict__.pop("sums", None)
        self._samples.clear()


def _list_open() -> list[str]:
    """List the columns of text that a table for publication shows as they are in the file."""
    kinds = COLUMNS["searches"].items()
    return [name for name, kind in kinds if kind == "str" and not name.endswith(("_token", "_cell"))]


def _name_odd(column: str, plain: str) -> str:
    return f"WHERE {column} IS NOT NULL AND NOT regexp_full_match({column}, {quote(plain)})"
