"""The log and the lists that a notebook reads: one agency's records, or simulated ones with their truth."""

from dataclasses import dataclass

import ibis
import pandas as pd

from helpers.canonical import build_table
from helpers.errors import DataError, offer_nearest
from helpers.searches import engine
from helpers.searches.records import SIMULATED, list_files, list_records, load_records
from helpers.simulate import log as simulated

# What findings from a log that was made here cite: it has no source outside. Records cite themselves.
SIMULATED_LOG = "simulated-log"


@dataclass(frozen=True)
class Log:
    """A log in an engine.

    Attributes
    ----------
    table
        Ibis table with the canonical columns of `searches`, perhaps with more.
    hosts
        Agencies that released logs (index), most rows first, with their rows: also those that are not read.
    agency
        Agency whose log is read; empty where it is those of all simulated ones.
    rows_n, source_ids
        Rows read, and what they name as their source, sorted.
    first, last
        Dates of the first and last search in UTC, as text; empty where no search has a time.
    made, truth
        Of a log that was made here: the tables of `simulate.log.build_log`. None of any other.
    """

    table: object
    hosts: pd.Series
    agency: str
    rows_n: int
    source_ids: tuple[str, ...]
    first: str
    last: str
    made: pd.DataFrame | None = None
    truth: pd.DataFrame | None = None

    @property
    def is_simulated(self) -> bool:
        """Whether it is invented: made here, or read from files whose every source says so."""
        return bool(self.source_ids) and all(name.startswith(SIMULATED) for name in self.source_ids)

    @property
    def has_truth(self) -> bool:
        """Whether the truth of each row is known."""
        return self.truth is not None

    @property
    def name(self) -> str:
        """Name for titles and the line under a figure: `simulated log`, `log of Exampleton PD`."""
        of = f" of {self.agency}" if self.agency else ""
        return f"simulated log{of}" if self.is_simulated else f"log{of}"

    @property
    def opening(self) -> str:
        """Beginning of a sentence about it, so that invented logs are never worded as facts."""
        return f"In the {self.name}, "

    @property
    def period(self) -> str:
        """What it spans."""
        return f"{self.first} to {self.last}" if self.first else "without times"

    @property
    def cited(self) -> list[str]:
        """What a finding from it cites [source_id]."""
        return [SIMULATED_LOG] if self.has_truth else list(self.source_ids)


def open_log(records: str, rows_n: int, seed: int, engine_name: str = engine.DUCKDB, agency: str = "") -> Log:
    """Return the log of one agency; without records, a simulated one.

    Logs of different agencies are never pooled: each is evidence of one agency's own use.

    Parameters
    ----------
    records
        Folder of ingested records, or nothing.
    rows_n, seed
        Size [rows] and seed of the simulated log.
    engine_name
        As `engine.connect` takes it.
    agency
        Whose log is read. Empty: of records, that with the most rows; of simulated logs, all of them, since
        they are one invented world.

    Raises
    ------
    DataError
        The folder holds no record, none with searches, or none of that agency.
    """
    connection = engine.connect(engine_name)
    made = truth = None
    if records:
        table = engine.read_log(connection, list_files(records, "searches"))
    else:
        made, truth = simulated.build_log(seed, rows_n)
        table = engine.read_log(connection, made)
    host = ibis.coalesce(table.host_agency, table.source_id)
    hosts = engine.fetch(table.group_by(host=host).agg(rows_n=table.count()), ["-rows_n", "host"])
    hosts = hosts.set_index("host")["rows_n"]
    if agency and agency not in hosts.index:
        way_out = offer_nearest(agency, list(hosts.index)) or f"There are: {', '.join(hosts.index[:12])}."
        raise DataError("log", f"no row of the agency `{agency}`", way_out, code="unknown-agency")
    if records and len(hosts):
        agency = agency or hosts.index[0]
    if agency:
        table = table.filter(host == agency)
    about = table.agg(n=table.count(), first=table.searched_at.min(), last=table.searched_at.max())
    about = engine.fetch(about).iloc[0]
    names = tuple(engine.fetch(table.select("source_id").distinct(), ["source_id"])["source_id"])
    first, last = ("" if pd.isna(moment) else f"{moment:%Y-%m-%d}" for moment in about[["first", "last"]])
    if made is not None:
        made, truth = (part[part["source_id"].isin(names)] for part in (made, truth))
    return Log(table, hosts, agency, int(about["n"]), names, first, last, made, truth)


def load_lists(records: str, seed: int) -> pd.DataFrame:
    """Return the sharing lists that come with a log, as the canonical table `sharing`, perhaps an empty one.

    Parameters
    ----------
    records
        Folder of ingested records, or nothing: then the lists are simulated.
    seed
        Of the simulated lists, which belong to the simulated log of that seed.
    """
    if not records:
        return simulated.build_lists(seed)
    if list_records(records)["tables"].str.contains("sharing").any():
        return load_records(records, "sharing")
    return build_table("sharing", [])
