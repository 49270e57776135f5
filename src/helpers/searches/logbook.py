"""The log and the lists that a notebook reads: ingested records, or simulated ones with their truth."""

from dataclasses import dataclass

import pandas as pd

from helpers.canonical import build_table
from helpers.searches import engine
from helpers.searches.records import SIMULATED, list_files, list_records, load_records
from helpers.simulate import log as simulated

# What findings from a log that was made here cite: it has no source outside. Records, simulated or not, cite themselves.
SIMULATED_LOG = "simulated-log"


@dataclass(frozen=True)
class Log:
    """A log in an engine.

    Attributes
    ----------
    table
        Ibis table with the canonical columns of `searches`, perhaps with more.
    rows_n
        Its rows [rows].
    source_ids
        What its rows name as their source, sorted.
    first, last
        Dates of its first and last search in UTC, as text; empty where no search has a time.
    truth
        Of a log that was made here: the second table of `simulate.log.build_log`. None of any other.
    made
        Of such a log: the first table of it.
    """

    table: object
    rows_n: int
    source_ids: tuple[str, ...]
    first: str
    last: str
    truth: pd.DataFrame | None = None
    made: pd.DataFrame | None = None

    @property
    def is_simulated(self) -> bool:
        """Say whether it is invented: made here, or read from files whose every source says so."""
        return bool(self.source_ids) and all(name.startswith(SIMULATED) for name in self.source_ids)

    @property
    def has_truth(self) -> bool:
        """Say whether the truth of each row is known."""
        return self.truth is not None

    @property
    def kind(self) -> str:
        """Call it `simulated log` or `log`, for titles."""
        return "simulated log" if self.is_simulated else "log"

    @property
    def name(self) -> str:
        """Name it with up to three of its sources, for the line under a figure."""
        if self.is_simulated:
            return self.kind
        return (
            "log of " + ", ".join(self.source_ids[:3]) + (" and others" if len(self.source_ids) > 3 else "")
        )

    @property
    def opening(self) -> str:
        """Begin a sentence about it, so that invented logs are never worded as facts."""
        return "In the simulated log, " if self.is_simulated else "In the log read here, "

    @property
    def period(self) -> str:
        """Say what it spans."""
        return f"{self.first} to {self.last}" if self.first else "without times"

    @property
    def cited(self) -> list[str]:
        """List what a finding from it cites [source_id]."""
        return [SIMULATED_LOG] if self.has_truth else list(self.source_ids)


def open_log(records: str, rows_n: int, seed: int, engine_name: str = engine.DUCKDB) -> Log:
    """Open ingested records as one log; without records, simulate one.

    Parameters
    ----------
    records
        Folder of ingested records, or nothing.
    rows_n, seed
        Size [rows] and seed of the simulated log.
    engine_name
        As `engine.connect` takes it.

    Raises
    ------
    DataError
        The folder holds no record, or none with searches.
    ParameterError
        There is no such engine.
    """
    connection = engine.connect(engine_name)
    made = truth = None
    if records:
        table = engine.read_log(connection, list_files(records, "searches"))
    else:
        made, truth = simulated.build_log(seed, rows_n)
        table = engine.read_log(connection, made)
    about = engine.fetch(
        table.agg(n=table.count(), first=table.searched_at.min(), last=table.searched_at.max())
    ).iloc[0]
    names = tuple(engine.fetch(table.select("source_id").distinct(), ["source_id"])["source_id"])
    first, last = ("" if pd.isna(moment) else f"{moment:%Y-%m-%d}" for moment in about[["first", "last"]])
    return Log(table, int(about["n"]), names, first, last, truth, made)


def load_lists(records: str, seed: int) -> pd.DataFrame:
    """Load the sharing lists beside a log: those of the records, none if they hold none; without records, simulated ones.

    Parameters
    ----------
    records
        Folder of ingested records, or nothing.
    seed
        Of the simulated lists, which belong to the simulated log of that seed.

    Returns
    -------
    Canonical table `sharing`.

    Raises
    ------
    DataError
        The folder holds no record.
    """
    if not records:
        return simulated.build_lists(seed)
    if list_records(records)["tables"].str.contains("sharing").any():
        return load_records(records, "sharing")
    return build_table("sharing", [])
