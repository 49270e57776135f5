"""What is measured of a large search log for its report: as `log_facts`, from its Parquet file, in little memory."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.canonical import COLUMNS
from sidedoor.ingest.duck import connect, quote, quote_path
from sidedoor.ingest.log_facts import SAMPLE
from sidedoor.ingest.report import FileTable

_COUNTS = ("networks_n", "devices_n")
# All zones are whole quarters of an hour from UTC [us], and a midnight lasts a second; before 1972 they were not.
_QUARTER, _ODD_YEARS = 900_000_000, 1972
# Texts of a column that are looked through one by one; beyond, so many of each shape, if there are few shapes.
_TEXTS, _EACH, _SHAPES = 200_000, 1_000, 100


@dataclass
class SearchesFile(FileTable):
    """A table `searches` in a file, with what measures it; `log` is what read it, and can read the text again."""

    log: "BulkLog"
    _samples: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.rows_n

    def query(self, sql: str) -> list[tuple]:
        """Ask the file, which goes by the name of `log`."""
        return self._connection.execute(self._name_file(sql)).fetchall()

    def _name_file(self, sql: str) -> str:
        # a folder `column=value` on the path is no column
        return sql.replace("FROM log", f"FROM read_parquet({quote_path(self.path)}, hive_partitioning=false)")

    @functools.cached_property
    def _connection(self):
        return connect(self.path.parent)

    def close(self) -> None:
        """Let go of the file."""
        if "_connection" in self.__dict__:
            self.__dict__.pop("_connection").close()

    def parts(self, rows_n: int) -> Iterator[pd.DataFrame]:
        """Give the table as frames of so many rows."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(rows_n):
                yield batch.to_pandas().astype(COLUMNS["searches"])

    def list_texts(self, plain: str) -> Iterator[tuple[str, pd.Series]]:
        """List the distinct texts of each column that are not plain ones, in parts; of a column in `list_sampled` some of them."""
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
        """List the columns with so many texts that `list_texts` gives some of each shape: signs of one kind in one order."""
        return [*self._take_samples(plain)]

    def _take_samples(self, plain: str) -> dict[str, list[str]]:
        """Take some texts of each shape from columns with very many, such as ids that count up."""
        if plain not in self._samples:
            self._samples[plain] = {
                column: texts for column in _list_open() if (texts := self._take_sample(column, plain))
            }
        return self._samples[plain]

    def _take_sample(self, column: str, plain: str) -> list[str]:
        odd = _name_odd(column, plain)
        if self.query(f"SELECT approx_count_distinct({column}) FROM log {odd}")[0][0] <= _TEXTS:
            return []
        shape = f"regexp_replace(regexp_replace(regexp_replace({column}, '[0-9]', '9', 'g'), '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g')"
        some = f"max({column}, {_EACH}), min({column}, {_EACH}), arg_min({column}, hash({column}), {_EACH})"
        lists = self.query(f"SELECT {some} FROM log {odd} GROUP BY {shape} LIMIT {_SHAPES}")
        return (
            sorted({text for row in lists for part in row for text in part}) if len(lists) < _SHAPES else []
        )

    @functools.cached_property
    def _sums(self) -> dict:
        """What one look at the whole file tells."""
        asked = {
            "ids": "count(search_id)", "distinct ids": "count(DISTINCT search_id)", "hosts": "count(host_agency)",
            "agencies": "count(DISTINCT searcher_agency_as_printed)", "times": "count(searched_at)",
            "first": "min(searched_at)", "last": "max(searched_at)", "windows": "count(coalesce(window_start, window_end))",
            "end_after_search": "count_if(window_end > searched_at)", "start_after_search": "count_if(window_start > searched_at)",
            "end_before_start": "count_if(window_end < window_start)",
            "least": "min(networks_n)", "most": "max(networks_n)",
            **{f"filled {name}": f"count({name})" for name in _COUNTS},
            **{f"zeros {name}": f"count_if({name} = 0)" for name in _COUNTS},
        }  # fmt: skip
        ((*found,),) = self.query(f"SELECT {', '.join(asked.values())} FROM log")
        return dict(zip(asked, found, strict=True))

    def count_ids(self) -> tuple[int, int]:
        """Count rows with a search id, and distinct ids."""
        return self._sums["ids"], self._sums["distinct ids"]

    def count_midnights(self, zone: ZoneInfo | None) -> tuple[int, int]:
        """Count times, and those that are midnight in a zone, in UTC without one."""
        times_n = self._sums["times"]
        if times_n < 20:
            return times_n, 0
        rows = self.query(
            f"SELECT searched_at, count(*) FROM log WHERE epoch_us(searched_at) % {_QUARTER} < 1_000_000 "
            f"OR searched_at < TIMESTAMP '{_ODD_YEARS}-01-01' GROUP BY 1"
        )
        times = pd.Series([time for time, _ in rows], dtype="datetime64[us]")
        shown = times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone is not None else times
        midnight = (shown.dt.hour == 0) & (shown.dt.minute == 0) & (shown.dt.second == 0)
        return times_n, sum(count for (_, count), hit in zip(rows, midnight, strict=True) if hit)

    def count_numbers(self, name: str) -> tuple[int, int]:
        """Count rows with a number in a column, and zeros."""
        return self._sums[f"filled {name}"], self._sums[f"zeros {name}"] or 0

    def is_constant(self, name: str) -> bool:
        """Say whether all rows hold one value, none missing; of `reason_text` and `networks_n`."""
        if name == "reason_text":
            return self.rows_n > 0 and self.log.has_one_reason
        return (
            0 < self._sums["filled networks_n"] == self.rows_n and self._sums["least"] == self._sums["most"]
        )

    def count_windows(self) -> dict[str, int] | None:
        """Count time frames that end or start at odd times; None if the log has none."""
        names = ("end_after_search", "start_after_search", "end_before_start")
        # of nothing but missing values DuckDB counts NULL
        return {name: self._sums[name] or 0 for name in names} if self._sums["windows"] else None

    def count_values(self, name: str) -> dict[str, int]:
        """Count rows by their text in a column, the most frequent first, missing ones left out."""
        return dict(
            self.query(
                f"SELECT {name}, count(*) AS n FROM log WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"
            )
        )

    def count_agencies(self, prefix: str = "") -> int:
        """Count distinct searching agencies; with a prefix, rows whose agency begins with it."""
        if not prefix:
            return self._sums["agencies"]
        return (
            self.query(f"SELECT count_if(starts_with(searcher_agency_as_printed, {quote(prefix)})) FROM log")[
                0
            ][0]
            or 0
        )

    def has_host(self) -> bool:
        """Say whether any row says whose log it is."""
        return self._sums["hosts"] > 0

    def find_span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Find the first and the last search time; NaT if there is none."""
        return tuple(map(pd.Timestamp, (self._sums["first"], self._sums["last"])))

    def count_sides(self, day: pd.Timestamp) -> tuple[int, int]:
        """Count searches before a day, and from it on."""
        day = f"TIMESTAMP '{day}'"
        return self.query(f"SELECT count_if(searched_at < {day}), count_if(searched_at >= {day}) FROM log")[0]

    def take_states(self, day: pd.Timestamp, names: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Take the states of cells in the searches nearest to a day, before it and from it on."""
        columns = [f"{name}_cell" for name in names]
        return tuple(pd.DataFrame(rows, columns=columns) for rows in self._take_near(day, ", ".join(columns)))

    def take_reasons(self, day: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
        """Take the reasons of the searches with one that are nearest to a day, in the order of their times."""
        sides = self._take_near(day, "row_no", "AND reason_text_cell = 'value'")
        sides = [[row for (row,) in rows] for rows in sides]
        reasons = self.log.fetch_reasons([row for rows in sides for row in rows])
        return reasons.loc[sides[0]], reasons.loc[sides[1]]

    def _take_near(self, day: pd.Timestamp, columns: str, among: str = "") -> list[list[tuple]]:
        day, both = f"TIMESTAMP '{day}'", []
        for side, order in (("<", "DESC"), (">=", "ASC")):
            rows = self.query(
                f"SELECT {columns} FROM log WHERE searched_at {side} {day} {among} "
                f"ORDER BY searched_at {order}, row_no {order} LIMIT {SAMPLE}"
            )
            both.append(rows[::-1] if order == "DESC" else rows)
        return both

    def count_partial(self) -> int:
        """Count reasons of which a part is redacted."""
        return self.log.partial_n


def _list_open() -> list[str]:
    """List the columns of text that a table for publication shows as they are printed."""
    return [
        name
        for name, kind in COLUMNS["searches"].items()
        if kind == "str" and not name.endswith(("_token", "_cell"))
    ]


def _name_odd(column: str, plain: str) -> str:
    return f"WHERE {column} IS NOT NULL AND NOT regexp_full_match({column}, {quote(plain)})"
