"""Small logs for tests of `helpers.searches`, written by hand or simulated."""

import pandas as pd
import pytest

from helpers.canonical import WITHHELD, build_table
from helpers.searches import engine
from helpers.simulate.log import build_log

ZONE = "America/Los_Angeles"


def make_log(rows):
    """Make a table of searches: what is given holds a value, what is missing was not exported."""
    numbers = {}
    made = []
    for row in rows:
        row = {
            "source_id": "a",
            "host_agency": "A PD",
            "searcher_agency_as_printed": "S PD",
            "searched_at": "2025-07-01 12:00:01",
        } | row
        numbers[row["source_id"]] = row.get("row_no", numbers.get(row["source_id"], 0) + 1)
        row["row_no"] = numbers[row["source_id"]]
        for name in ("searched_at", "window_start", "window_end"):
            row[name] = pd.Timestamp(row[name]) if row.get(name) else pd.NaT
        states = {
            f"{name}_cell": "value" if not pd.isna(row.get(name)) else "not_exported" for name in WITHHELD
        }
        made.append(states | row)
    return build_table("searches", made)


_CONNECTION = engine.connect()


def read(table):
    """Read a table into DuckDB."""
    return engine.read_log(_CONNECTION, table)


@pytest.fixture(scope="session")
def teaching():
    """A simulated log and its truth."""
    return build_log(11, 9_000)
