"""The log whose reasons are read: ingested records, or the simulated log with its truth beside each row."""

from dataclasses import dataclass

import pandas as pd

from .. import engine
from ..records import SIMULATED, list_files
from ..simulate.log import build_log
from .months import mark_months

# What is known of each row of a simulated log, and of no other.
TRUTH = ("door", "purpose", "reason_bucket")


@dataclass(frozen=True)
class Log:
    """A log in an engine.

    Attributes
    ----------
    table
        Ibis table: canonical `searches`, `month`, `form`, and for a simulated log the columns of TRUTH.
    is_simulated
        Whether it is invented.
    name, source_ids
        What to call it, and what its rows name as their source.
    first, last
        Dates of its first and last search in UTC, as text; empty where no search has a time.
    """

    table: object
    is_simulated: bool
    name: str
    source_ids: tuple[str, ...]
    first: str
    last: str

    @property
    def has_truth(self) -> bool:
        """Say whether the truth of each row is known."""
        return "purpose" in self.table.columns

    @property
    def period(self) -> str:
        """Say what the log spans."""
        return f"{self.first} to {self.last}" if self.first else "without times"


def open_log(records: str, zone: str, *, rows_n: int, seed: int, engine_name: str = engine.DUCKDB) -> Log:
    """Open ingested records as one log; without records, simulate one.

    Parameters
    ----------
    records
        Folder of ingested records, or nothing.
    zone
        Time zone that months are cut in.
    rows_n, seed
        Of the simulated log.
    engine_name
        As `engine.connect` takes it.
    """
    connection = engine.connect(engine_name)
    if records:
        table, truth = engine.read_log(connection, list_files(records, "searches")), None
    else:
        built, truth = build_log(seed, rows_n)
        table = engine.read_log(connection, built)
    about = engine.fetch(table.agg(first=table.searched_at.min(), last=table.searched_at.max())).iloc[0]
    names = tuple(engine.fetch(table.select("source_id").distinct())["source_id"])
    table = mark_months(table, zone)
    if truth is not None:
        import ibis

        known = ibis.memtable(truth[["source_id", "row_no", *TRUTH]])
        table = table.left_join(known, ["source_id", "row_no"]).drop("source_id_right", "row_no_right")
    is_simulated = bool(names) and all(name.startswith(SIMULATED) for name in names)
    first, last = ("" if pd.isna(moment) else f"{moment:%Y-%m-%d}" for moment in about[["first", "last"]])
    name = "simulated log" if is_simulated else "log of " + ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
    return Log(table, is_simulated, name, ("simulated-log",) if truth is not None else names, first, last)
