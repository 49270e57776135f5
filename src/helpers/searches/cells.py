"""What the cells of a log hold besides values, which columns hold one value only, when the format changed."""

import itertools

import ibis
import pandas as pd

from helpers.canonical import CELL_STATES, WITHHELD
from helpers.formats import load_format
from helpers.searches import engine
from helpers.searches.clock import mark_days
from helpers.searches.logs import LEAST_ROWS, fold_name

_TESTED = (
    "reason_text networks_n devices_n search_type searcher_agency_as_printed plate_state has_case_number"
).split()
# Whether somebody filled in a cell or not, its column is shown; the format decides the other states.
_SHOWN = {"value": "shown", "empty": "shown", "placeholder": "shown"}
# A state holds for a day if most rows have it, and for a format if it does so on so many days in a row.
_LEAST_DAYS = 7


def count_cells(log) -> pd.DataFrame:
    """Return for each column that can be withheld how many cells hold a value, and why the others hold none.

    An empty cell was left empty by someone, a masked one was hidden, a column that was not exported says
    nothing.

    Returns
    -------
    DataFrame: field, and a column of rows for each of `canonical.CELL_STATES`.
    """
    found = _count_patterns(log)
    counts = {field: found.groupby(f"{field}_cell")["rows_n"].sum() for field in WITHHELD}
    rows = [[field, *(int(counts[field].get(state, 0)) for state in CELL_STATES)] for field in WITHHELD]
    return pd.DataFrame(rows, columns=["field", *CELL_STATES])


def _count_patterns(log, *by: str) -> pd.DataFrame:
    """Count the rows of every combination of states that occurs: few, whatever the size of a log."""
    states = [f"{field}_cell" for field in WITHHELD]
    return engine.fetch(log.group_by(*by, *states).agg(rows_n=log.count()), by)


def find_constants(log) -> pd.DataFrame:
    """Return the columns of a file that hold one value in every row that has one, as after an overwrite.

    Returns
    -------
    DataFrame: source_id, field, rows_n (with a value; fewer than `LEAST_ROWS` are no evidence). The value
    itself is not given.
    """
    counts, same = {}, {}
    for name in _TESTED:
        column = log[name].cast("int64") if log[name].type().is_boolean() else log[name]
        counts[f"{name}|n"] = column.count()
        same[f"{name}|one"] = column.min() == column.max()
        if name == "searcher_agency_as_printed":  # in a log of the host's own searches it is expected
            host = ibis.coalesce(fold_name(log.host_agency.min()), ibis.literal(""))
            same[f"{name}|one"] &= fold_name(column.min()) != host
    found = engine.fetch(log.group_by("source_id").agg(**counts, **same), ["source_id"])
    rows = [
        (source, name, int(n))
        for name in _TESTED
        for source, n, one in zip(found["source_id"], found[f"{name}|n"], found[f"{name}|one"], strict=True)
        if n >= LEAST_ROWS and one
    ]
    table = pd.DataFrame(rows, columns=["source_id", "field", "rows_n"])
    return table.sort_values(["source_id", "field"], ignore_index=True)


def find_breaks(log, logs: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Return the days on which the cells of a column went from one state to another and stayed there.

    Parameters are as for `coverage.count_days`.

    Returns
    -------
    DataFrame: host, kind, field, before, after (`shown`, whatever was filled in, or one of the other
    `canonical.CELL_STATES`), last_before, first_after (days): the format changed between them.
    """
    counts = _count_patterns(mark_days(log, zone), "source_id", "day")
    counts = counts.merge(logs[["source_id", "host", "kind"]], on="source_id", validate="m:1")
    rows = []
    for field in WITHHELD:
        marked = counts.assign(state=counts[f"{field}_cell"].replace(_SHOWN))
        daily = marked.groupby(["host", "kind", "day", "state"], as_index=False)["rows_n"].sum()
        daily = daily.sort_values(["rows_n", "state"], ascending=[False, True], kind="stable")
        daily = daily.drop_duplicates(["host", "kind", "day"]).sort_values("day")
        for (host, kind), part in daily.groupby(["host", "kind"], sort=True):
            for before, after in itertools.pairwise(_list_runs(part)):
                states = (before["state"], after["state"])
                rows.append((host, kind, field, *states, before["last"], after["first"]))
    columns = ["host", "kind", "field", "before", "after", "last_before", "first_after"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(["host", "kind"], kind="stable", ignore_index=True)


def _list_runs(daily: pd.DataFrame) -> list[dict]:
    """List runs of one state of at least a week; short ones in between belong to what is around them."""
    kept: list[dict] = []
    number = (daily["state"] != daily["state"].shift()).cumsum()
    for _, run in daily.groupby(number):
        made = {"state": run["state"].iloc[0], "first": run["day"].iloc[0], "last": run["day"].iloc[-1]}
        if kept and kept[-1]["state"] == made["state"]:
            kept[-1]["last"] = made["last"]
        elif len(run) >= _LEAST_DAYS:
            kept.append(made)
    return kept


def list_known_breaks(first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Return the days on which Flock is known to have changed its format, between two times: day, what.

    They are from the registry of formats, where each is cited.
    """
    entries = [(pd.Timestamp(entry["date"]), entry["what"]) for entry in load_format("flock")["breaks"]]
    known = pd.DataFrame(entries, columns=["day", "what"])
    return known[(known["day"] > first) & (known["day"] <= last)].reset_index(drop=True)
