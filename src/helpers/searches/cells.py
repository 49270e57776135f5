"""What the cells of a log hold besides values, which columns hold one value only, and when the form changed."""

import ibis
import pandas as pd

from helpers.canonical import CELL_STATES, WITHHELD
from helpers.formats import load_format
from helpers.searches import engine
from helpers.searches.clock import mark_days, name_months, number_months
from helpers.searches.logs import LEAST_ROWS, fold_name

_TESTED = (
    "reason_text",
    "networks_n",
    "devices_n",
    "search_type",
    "searcher_agency_as_printed",
    "plate_state",
    "has_case_number",
)
# What somebody filled in, or not, is a column that is shown; the form decides the other states.
_SHOWN = {"value": "shown", "empty": "shown", "placeholder": "shown"}
# A state holds for a day if most rows have it, and for a form if it does so on so many days in a row.
_LEAST_DAYS = 7


def count_cells(log) -> pd.DataFrame:
    """Count for each column that can be withheld what its cells hold.

    Parameters
    ----------
    log
        Ibis table of `searches`.

    Returns
    -------
    DataFrame: field, and a column of rows for each of `canonical.CELL_STATES`. Five ways to hold no value are five
    facts: an empty cell was left empty by someone, a masked one was hidden, a column that was not exported says nothing.
    """
    found = _count_patterns(log)
    counts = {field: found.groupby(f"{field}_cell")["rows_n"].sum() for field in WITHHELD}
    rows = [[field, *(int(counts[field].get(state, 0)) for state in CELL_STATES)] for field in WITHHELD]
    return pd.DataFrame(rows, columns=["field", *CELL_STATES])


def _count_patterns(log, *by: str) -> pd.DataFrame:
    """Count the rows of every combination of states that occurs: there are few, whatever the size of a log."""
    states = [f"{field}_cell" for field in WITHHELD]
    return engine.fetch(log.group_by(*by, *states).agg(rows_n=log.count()), by)


def find_constants(log, least_rows: int = LEAST_ROWS) -> pd.DataFrame:
    """Find columns of a file that hold one value in every row that has one, as after an overwrite.

    Parameters
    ----------
    log
        Ibis table of `searches`.
    least_rows
        Fewer rows with a value are no sign of anything.

    Returns
    -------
    DataFrame: source_id, field, rows_n (with a value). The value itself is not told.
    """
    counts, same = {}, {}
    for name in _TESTED:
        column = log[name].cast("int64") if log[name].type().is_boolean() else log[name]
        counts[f"{name}|n"] = column.count()
        same[f"{name}|one"] = column.min() == column.max()
        if name == "searcher_agency_as_printed":  # in a log of the host's own searches it is no wonder
            same[f"{name}|one"] &= fold_name(column.min()) != ibis.coalesce(
                fold_name(log.host_agency.min()), ibis.literal("")
            )
    found = engine.fetch(log.group_by("source_id").agg(**counts, **same), ["source_id"])
    rows = [
        (source, name, int(n))
        for name in _TESTED
        for source, n, one in zip(found["source_id"], found[f"{name}|n"], found[f"{name}|one"], strict=True)
        if n >= least_rows and one
    ]
    return pd.DataFrame(rows, columns=["source_id", "field", "rows_n"]).sort_values(
        ["source_id", "field"], ignore_index=True
    )


def find_breaks(log, logs: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Find the days on which the cells of a column went from one state to another and stayed there.

    Parameters
    ----------
    log, logs, zone
        As for `coverage.count_days`.

    Returns
    -------
    DataFrame: host, kind, field, before, after (`shown`, whatever was filled in, or one of the other
    `canonical.CELL_STATES`), last_before, first_after (days): the form changed between them.
    """
    counts = _count_patterns(mark_days(log, zone), "source_id", "day").merge(
        logs[["source_id", "host", "kind"]], on="source_id", validate="m:1"
    )
    rows = []
    for field in WITHHELD:
        cell = f"{field}_cell"
        states = counts.assign(**{cell: counts[cell].replace(_SHOWN)})
        states = states.groupby(["host", "kind", "day", cell], as_index=False)["rows_n"].sum()
        states = states.sort_values(
            ["host", "kind", "day", "rows_n", cell], ascending=[True, True, True, False, True]
        )
        daily = states.drop_duplicates(["host", "kind", "day"]).set_index("day")
        for (host, kind), part in daily.groupby(["host", "kind"], sort=True):
            runs = _list_runs(part[cell])
            for (before, _, last, days_n), (after, first, _, next_n) in zip(runs, runs[1:], strict=False):
                if min(days_n, next_n) >= _LEAST_DAYS:
                    rows.append((host, kind, field, before, after, last, first))
    columns = ["host", "kind", "field", "before", "after", "last_before", "first_after"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(["host", "kind"], kind="stable", ignore_index=True)


def sum_breaks(breaks: pd.DataFrame) -> pd.DataFrame:
    """Sum breaks by day.

    Parameters
    ----------
    breaks
        Result of `find_breaks`.

    Returns
    -------
    DataFrame: last_before, first_after, logs_n (how many logs changed between them), fields (names joined by `, `).
    """
    rows = [
        (*days, len(part[["host", "kind"]].drop_duplicates()), ", ".join(sorted(set(part["field"]))))
        for days, part in breaks.groupby(["last_before", "first_after"], sort=True)
    ]
    return pd.DataFrame(rows, columns=["last_before", "first_after", "logs_n", "fields"])


def _list_runs(states: pd.Series) -> list[tuple]:
    """List runs of one state as (state, first day, last day, days); short ones in between belong to what is around."""
    runs: list[list] = []
    for day, state in states.items():
        if runs and runs[-1][0] == state:
            runs[-1][2], runs[-1][3] = day, runs[-1][3] + 1
        else:
            runs.append([state, day, day, 1])
    kept: list[list] = []
    for run in runs:
        if kept and kept[-1][0] == run[0]:
            kept[-1][2], kept[-1][3] = run[2], kept[-1][3] + run[3]
        elif run[3] >= _LEAST_DAYS:
            kept.append(run)
    return [tuple(run) for run in kept]


def compare_reasons(log, zone: str) -> pd.DataFrame:
    """Compare the texts of reasons from month to month: where none goes on, the form offers other words.

    Parameters
    ----------
    log
        Ibis table of `searches`.
    zone
        Time zone of the months.

    Returns
    -------
    DataFrame: month (`YYYY-MM`), rows_n (with a reason that varies), texts_n (distinct ones), carried_n (rows whose text
    stood in the month before, too). No text is told. Files of one single reason are left out.
    """
    constant = find_constants(log)
    overwritten = list(constant.loc[constant["field"] == "reason_text", "source_id"])
    timed = number_months(log.filter(log.reason_text.notnull()), zone)
    timed = timed.filter(~timed.source_id.isin(overwritten)) if overwritten else timed
    timed = timed.mutate(folded=timed.reason_text.lower())
    texts = timed.group_by("month_no", "folded").agg(rows_n=timed.count())
    earlier = texts.select(before_no=texts.month_no + 1, before=texts.folded)
    joined = texts.left_join(
        earlier, (texts.month_no == earlier.before_no) & (texts.folded == earlier.before)
    )
    found = joined.group_by("month_no").agg(
        rows_n=joined.rows_n.sum(),
        texts_n=joined.count(),
        carried_n=joined.before.notnull().ifelse(joined.rows_n, 0).sum(),
    )
    return name_months(engine.fetch(found, ["month_no"]))


def find_other_words(months: pd.DataFrame) -> list[str]:
    """Find the months in which most reasons read otherwise than any of the month before, where before they went on.

    Parameters
    ----------
    months
        Result of `compare_reasons`.
    """
    goes_on = 2 * months["carried_n"] >= months["rows_n"]
    went_on = goes_on.shift(1, fill_value=False) & (months.index > 1)
    return list(months.loc[~goes_on & went_on, "month"])


def list_known_breaks(first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """List the days on which a vendor is known to have changed the form, within a span.

    Parameters
    ----------
    first, last
        Times of the first and the last row.

    Returns
    -------
    DataFrame: day, what. From the registry of formats, where each is cited.
    """
    known = pd.DataFrame(
        [(pd.Timestamp(entry["date"]), entry["what"]) for entry in load_format("flock")["breaks"]],
        columns=["day", "what"],
    )
    return known[(known["day"] > first) & (known["day"] <= last)].reset_index(drop=True)
