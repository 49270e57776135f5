"""What is measured of a large search log for its report: as `log_facts`, from its Parquet file, in little memory."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

from .bulk_sql import OTHER_BIT, PARTIAL_BIT
from .canonical import COLUMNS
from .duck import connect, quote, quote_path
from .log_facts import SAMPLE
from .logs import LogTable
from .report import FileTable

# Before 1972 clocks stood apart by odd seconds.
_ODD_YEARS = 1972
# Texts of a column that are looked through one by one; beyond, so many of each shape, if there are few shapes.
_TEXTS, _EACH, _SHAPES = 200_000, 1_000, 100


@dataclass
class SearchesFile(FileTable):
    """A table `searches` in a file, with what measures it; `log` is what read it, and can read the text again."""

    log: LogTable

    def __len__(self) -> int:
        return self.rows_n

    def query(self, sql: str) -> list[tuple]:
        """Ask the file, which goes by the name of `log`."""
        return self._connection.execute(self._name_file(sql)).fetchall()

    def _name_file(self, sql: str) -> str:
        return sql.replace("FROM log", f"FROM read_parquet({quote_path(self.path)})")

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
        """List the distinct texts of each column that are not plain ones, in parts.

        Of a column with very many, such as ids that count up, some of each shape are given: signs of one kind in one
        order are what a scan goes by.
        """
        for column, kind in COLUMNS["searches"].items():
            if kind != "str" or column.endswith(("_token", "_cell")):
                continue
            where = f"{column} IS NOT NULL AND NOT regexp_full_match({column}, {quote(plain)})"
            sql = f"SELECT DISTINCT {column} FROM log WHERE {where}"
            if self.query(f"SELECT approx_count_distinct({column}) FROM log WHERE {where}")[0][0] > _TEXTS:
                shape = f"regexp_replace(regexp_replace(regexp_replace({column}, '[0-9]', '9', 'g'), '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g')"
                some = f"max({column}, {_EACH}), min({column}, {_EACH}), arg_min({column}, hash({column}), {_EACH})"
                lists = self.query(f"SELECT {some} FROM log WHERE {where} GROUP BY {shape} LIMIT {_SHAPES}")
                if len(lists) < _SHAPES:
                    texts = sorted({text for row in lists for part in row for text in part})
                    yield column, pd.Series(texts, dtype="str", name=column)
                    continue
            cursor = self._connection.execute(self._name_file(f"{sql} ORDER BY 1"))
            while rows := cursor.fetchmany(_TEXTS):
                yield column, pd.Series([text for (text,) in rows], dtype="str", name=column)

    def count_ids(self) -> tuple[int, int]:
        """Count rows with a search id, and distinct ids."""
        return self.query("SELECT count(search_id), count(DISTINCT search_id) FROM log")[0]

    def count_midnights(self, zone: ZoneInfo | None) -> tuple[int, int]:
        """Count times, and those that are midnight in a zone, in UTC without one."""
        ((times_n,),) = self.query("SELECT count(searched_at) FROM log")
        if times_n < 20:
            return times_n, 0
        rows = self.query(
            "SELECT searched_at, count(*) FROM log WHERE second(searched_at) = 0 AND minute(searched_at) % 15 = 0 "
            f"OR year(searched_at) < {_ODD_YEARS} GROUP BY 1"
        )
        times = pd.Series([time for time, _ in rows], dtype="datetime64[us]")
        shown = times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone is not None else times
        midnight = (shown.dt.hour == 0) & (shown.dt.minute == 0) & (shown.dt.second == 0)
        return times_n, sum(count for (_, count), hit in zip(rows, midnight, strict=True) if hit)

    def count_numbers(self, name: str) -> tuple[int, int]:
        """Count rows with a number in a column, and zeros."""
        return self.query(f"SELECT count({name}), count_if({name} = 0) FROM log")[0]

    def is_constant(self, name: str) -> bool:
        """Say whether all rows hold one value, none missing; of `reason_text` and `networks_n`."""
        if name == "reason_text":
            return self.log.tally.count_kept(OTHER_BIT) == 0 and self.log.first_reason is not None
        ((count, first, last),) = self.query(f"SELECT count({name}), min({name}), max({name}) FROM log")
        return 0 < count == self.rows_n and first == last

    def count_windows(self) -> dict[str, int] | None:
        """Count time frames that end or start at odd times; None if the log has none."""
        ((any_n, *counts),) = self.query(
            "SELECT count(coalesce(window_start, window_end)), count_if(window_end > searched_at), "
            "count_if(window_start > searched_at), count_if(window_end < window_start) FROM log"
        )
        names = ("end_after_search", "start_after_search", "end_before_start")
        # of nothing but missing values DuckDB counts NULL
        return {name: count or 0 for name, count in zip(names, counts, strict=True)} if any_n else None

    def count_values(self, name: str) -> dict[str, int]:
        """Count rows by their text in a column, the most frequent first, missing ones left out."""
        return dict(self.query(f"SELECT {name}, count(*) AS n FROM log WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"))

    def count_agencies(self, prefix: str = "") -> int:
        """Count distinct searching agencies; with a prefix, rows whose agency begins with it."""
        name = "searcher_agency_as_printed"
        what = f"count_if(starts_with({name}, {quote(prefix)}))" if prefix else f"count(DISTINCT {name})"
        return self.query(f"SELECT {what} FROM log")[0][0]

    def has_host(self) -> bool:
        """Say whether any row says whose log it is."""
        return self.query("SELECT count(host_agency) FROM log")[0][0] > 0

    def find_span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Find the first and the last search time; NaT if there is none."""
        return tuple(map(pd.Timestamp, self.query("SELECT min(searched_at), max(searched_at) FROM log")[0]))

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
        return self.log.tally.count_kept(PARTIAL_BIT)
