"""What is measured of a search log for its report, from a table in memory; `bulk_facts` measures the same from a file."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from sidedoor.ingest.logs import count_partial

SAMPLE = 5_000


@dataclass(frozen=True)
class TableFacts:
    """Measures a table `searches` in memory."""

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def count_ids(self) -> tuple[int, int]:
        """Count rows with a search id, and distinct ids."""
        ids = self.table["search_id"].dropna()
        return len(ids), int(ids.nunique())

    def count_midnights(self, zone: ZoneInfo | None) -> tuple[int, int]:
        """Count times, and those that are midnight in a zone, in UTC without one."""
        times = self.table["searched_at"].dropna()
        shown = times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone is not None else times
        return len(times), int(((shown.dt.hour == 0) & (shown.dt.minute == 0) & (shown.dt.second == 0)).sum())

    def count_numbers(self, name: str) -> tuple[int, int]:
        """Count rows with a number in a column, and zeros."""
        column = self.table[name]
        return int(column.notna().sum()), int((column == 0).sum())

    def is_constant(self, name: str) -> bool:
        """Say whether all rows hold one value, none missing; of `reason_text` and `networks_n`."""
        column = self.table[name]
        return bool(column.notna().all()) and column.nunique() == 1

    def count_windows(self) -> dict[str, int] | None:
        """Count time frames that end or start at odd times; None if the log has none."""
        start, end, asked = (self.table[name] for name in ("window_start", "window_end", "searched_at"))
        if not (start.notna().any() or end.notna().any()):
            return None
        return {
            "end_after_search": int((end > asked).sum()),
            "start_after_search": int((start > asked).sum()),
            "end_before_start": int((end < start).sum()),
        }

    def count_values(self, name: str) -> dict[str, int]:
        """Count rows by their text in a column, the most frequent first, missing ones left out."""
        return {str(value): int(count) for value, count in self.table[name].value_counts().items()}

    def count_agencies(self, prefix: str = "") -> int:
        """Count distinct searching agencies; with a prefix, rows whose agency begins with it."""
        names = self.table["searcher_agency_as_printed"]
        return int(names.str.startswith(prefix).sum()) if prefix else int(names.nunique())

    def has_host(self) -> bool:
        """Say whether any row says whose log it is."""
        return bool(self.table["host_agency"].notna().any())

    def find_span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Find the first and the last search time; NaT if there is none."""
        return self.table["searched_at"].min(), self.table["searched_at"].max()

    def count_sides(self, day: pd.Timestamp) -> tuple[int, int]:
        """Count searches before a day, and from it on."""
        when = self.table["searched_at"]
        return int((when < day).sum()), int((when >= day).sum())

    def take_states(self, day: pd.Timestamp, names: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Take the states of cells in the searches nearest to a day, before it and from it on."""
        columns = [f"{name}_cell" for name in names]
        return tuple(
            self.table[columns].iloc[rows] for rows in self._take_near(day, np.ones(len(self.table), bool))
        )

    def take_reasons(self, day: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
        """Take the reasons of the searches with one that are nearest to a day, in the order of their times."""
        reasons = self.table["reason_text"]
        return tuple(reasons.iloc[rows] for rows in self._take_near(day, reasons.notna().to_numpy()))

    def _take_near(self, day: pd.Timestamp, among: np.ndarray) -> list[np.ndarray]:
        when = self.table["searched_at"].to_numpy()
        found = []
        for rows, last in ((when < day.to_datetime64(), True), (when >= day.to_datetime64(), False)):
            at = np.flatnonzero(rows & among)
            at = at[np.argsort(when[at], kind="stable")]
            found.append(at[-SAMPLE:] if last else at[:SAMPLE])
        return found

    def count_partial(self) -> int:
        """Count reasons of which a part is redacted."""
        return count_partial(self.table["reason_text"])


def measure(searches) -> "TableFacts":
    """Give what measures a table: the table's own facts if it lies in a file."""
    return TableFacts(searches) if isinstance(searches, pd.DataFrame) else searches
