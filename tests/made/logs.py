"""Small logs of searches, written by hand, and how tests read a log into DuckDB."""

import pandas as pd

from helpers.canonical import WITHHELD, build_table
from helpers.searches import engine

_CONNECTION = engine.connect()


def read_log(table):
    """Read a canonical table, or Parquet files of it, into DuckDB."""
    return engine.read_log(_CONNECTION, table)


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
        numbers[row["source_id"]] = row["row_no"] = numbers.get(row["source_id"], 0) + 1
        for name in ("searched_at", "window_start", "window_end"):
            row[name] = pd.Timestamp(row[name]) if row.get(name) else pd.NaT
        states = {
            f"{name}_cell": "value" if not pd.isna(row.get(name)) else "not_exported" for name in WITHHELD
        }
        made.append(states | row)
    return build_table("searches", made)


def make_reasons(reasons, **columns):
    """Make a log from its reasons alone; a state in place of a text is written `<masked>`."""
    reasons = pd.Series(reasons, dtype="object")
    states = reasons.str.extract(r"^<(.*).$")[0].fillna("value")
    rows = {
        "source_id": "simulated-test",
        "row_no": range(1, len(reasons) + 1),
        "reason_text": reasons.where(states == "value", None),
        "reason_text_cell": states.replace("case_number", "empty"),
        "reason_origin": states.map({"value": "reason", "case_number": "case_number"}),
    }
    return build_table("searches", pd.DataFrame(rows | columns))
