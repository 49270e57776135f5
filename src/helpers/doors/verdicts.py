"""Verdicts: a log brought down to its distinct cases, each with a door, and the rows of the log that it stands on."""

from collections.abc import Iterable

import pandas as pd

from helpers.agencies import Registry
from helpers.doors.decide import decide_doors
from helpers.doors.declared import Lists
from helpers.doors.named import class_reasons, split_codes
from helpers.doors.parties import describe_parties, match_names
from helpers.doors.ways import describe_doors
from helpers.searches.suppression import FEWEST

# What tells one case from another; all rows of a log with the same values have the same verdict.
KEYS = ("source_id", "host", "searcher", "code", "month")
# Doors that only what a reason says tells apart.
DOORS_BY_REASON = ("side", "relay")
_PARTY = {"company": "local", "pool": "unknown"}  # a company searches like any other named body
_HOST = {"company": "company", "unknown": "unknown", "pool": "unknown", "demo": "unknown"}


def key_rows(log):
    """Give each row of a log the case it belongs to, as an Ibis expression.

    Parameters
    ----------
    log
        Ibis table, canonical `searches`.

    Returns
    -------
    Ibis table, one row per row of the log: row_no and `KEYS`: source_id, host, searcher (names as printed, empty where
    missing), code (see `named.class_reasons`), month (year * 100 + month in UTC, 0 where unknown).
    """
    import ibis

    month = (log.searched_at.year() * 100 + log.searched_at.month()).cast("int64")
    return log.select(
        source_id=log.source_id,
        row_no=log.row_no.cast("int64"),
        host=ibis.coalesce(log.host_agency, ""),
        searcher=ibis.coalesce(log.searcher_agency_as_printed, ""),
        code=class_reasons(log),
        month=ibis.coalesce(month, 0),
    )


def group_cases(log):
    """Group the rows of a log into cases, as an Ibis expression: `KEYS`, rows_n, first_row, last_row (numbers of
    the first and the last row of the case in its source), ordered by `KEYS`.
    """
    rows = key_rows(log)
    counted = rows.group_by(list(KEYS)).aggregate(
        rows_n=rows.count(), first_row=rows.row_no.min(), last_row=rows.row_no.max()
    )
    return counted.order_by(list(KEYS))


def judge_cases(
    cases: pd.DataFrame,
    sharing: pd.DataFrame,
    registry: Registry | None = None,
    months: int = 6,
    same: Iterable[tuple] = (),
) -> pd.DataFrame:
    """Judge through which door the searches of each case came.

    Parameters
    ----------
    cases
        From `group_cases`, fetched.
    sharing
        Canonical table `sharing`: the declared lists. It may be empty; then no front and no back door can be told.
    registry
        Agencies known; settles names without a state.
    months
        How far from its date a list still speaks [months].
    same
        Pairs of names that a person found to be one agency's.

    Returns
    -------
    DataFrame, one row per case in the order of `KEYS`: those columns, rows_n, first_row, last_row; the facts
    (host_party, party, host_state, state, federal_id, declared, named, named_for, listed_at); door, decision, why,
    not_excluded. It holds no text of the log but names of agencies.
    """
    cases = cases.sort_values(list(KEYS), kind="stable", ignore_index=True)
    parties = describe_parties([*cases["host"], *cases["searcher"]]).set_index("name")
    made = pd.concat([cases, split_codes(cases["code"])], axis="columns")
    made["host_party"], made["host_state"] = (
        cases["host"].map(parties["party"]),
        cases["host"].map(parties["state"]),
    )
    for column in ("party", "state", "federal_id"):
        made[column] = cases["searcher"].map(parties[column])
    made["party"] = _find_own(made, registry, same)
    made = pd.concat([made, Lists(sharing, registry, months, same).find_statuses(cases)], axis="columns")
    facts = pd.DataFrame(
        {
            "host": made["host_party"].map(lambda party: _HOST.get(party, "agency")),
            "searcher": made["party"].map(lambda party: _PARTY.get(party, party)),
            "declared": made["declared"],
            "named": made["named"],
        }
    )
    return pd.concat([made, decide_doors(facts)], axis="columns")


def merge_few(verdicts: pd.DataFrame, fewest: int = FEWEST) -> pd.DataFrame:
    """Merge doors that are read from reasons into `undetermined` where few rows came by them, before counts are published.

    Parameters
    ----------
    verdicts
        From `judge_cases`.
    fewest
        Rows of a side door or relay that a host and kind of searcher need, for the door to be told [rows].

    Returns
    -------
    The same DataFrame; the few rows are `undetermined`, of no named agency, and exclude neither door. All counts made
    from it are counts of ten or more, or sums that hold others as well: nothing is left to subtract.
    """
    by_reason = verdicts["door"].isin(DOORS_BY_REASON)
    sizes = verdicts.groupby(["host", "party", "door"])["rows_n"].transform("sum")
    few = by_reason & (sizes < fewest)
    merged = {
        "door": "undetermined",
        "decision": "few-rows",
        "why": "too few rows to be told apart",
        "named": "unsure",
        "named_for": "",
    }
    merged["not_excluded"] = ", ".join(DOORS_BY_REASON)
    return verdicts.assign(**{name: verdicts[name].mask(few, value) for name, value in merged.items()})


def _find_own(made: pd.DataFrame, registry: Registry | None, same: Iterable[tuple]) -> pd.Series:
    """Find the cases in which an agency searches its own data; a name that may be the host's is nobody's."""
    matched = {
        (row.name, row.other): row.outcome
        for row in match_names(made["searcher"], made["host"], registry, same).itertuples(index=False)
    }
    outcome = [matched.get(pair, "") for pair in zip(made["searcher"], made["host"], strict=True)]
    names = {"same": "own", "unsure": "unknown"}
    party = [
        names.get(found, was) if was in ("local", "federal", "center", "company") else was
        for found, was in zip(outcome, made["party"], strict=True)
    ]
    return pd.Series(party, index=made.index, dtype="str")


def mark_rows(log, verdicts: pd.DataFrame):
    """Mark each row of a log with the verdict on its case, as an Ibis expression: the evidence of every verdict.

    Returns
    -------
    Ibis table, ordered: source_id, row_no, door, decision.
    """
    import ibis
    import pyarrow as pa

    rows = key_rows(log)
    known = verdicts[[*KEYS, "door", "decision"]].astype({"month": "int64"})
    known = ibis.memtable(pa.Table.from_pandas(known, preserve_index=False))
    joined = rows.inner_join(known, list(KEYS))
    return joined.select("source_id", "row_no", "door", "decision").order_by(["source_id", "row_no"])


def count_doors(verdicts: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Count rows of the log by door.

    Parameters
    ----------
    verdicts
        From `judge_cases`.
    by
        A column of it to split by (`party`, `host`, `named_for`).

    Returns
    -------
    DataFrame, one row per door in the order of `ways.describe_doors(observed=True)` (index: door), doors without
    a row included: rows_n, cases_n; or one column per value of `by` [rows].
    """
    order = describe_doors(observed=True)["door"].tolist()
    if by is None:
        counted = verdicts.groupby("door").agg(rows_n=("rows_n", "sum"), cases_n=("rows_n", "size"))
    else:
        counted = verdicts.pivot_table(index="door", columns=by, values="rows_n", aggfunc="sum", fill_value=0)
        counted.columns.name = by
    return counted.reindex(order, fill_value=0).rename_axis("door").astype(int)


def bound_door(verdicts: pd.DataFrame, door: str) -> tuple[int, int]:
    """Bound the rows of one door.

    Returns
    -------
    (low, high): rows with this verdict, and rows whose verdict is this one or does not exclude it.
    """
    mine = verdicts["door"] == door
    open_to = verdicts["not_excluded"].map(lambda text: door in text.split(", "))
    return int(verdicts.loc[mine, "rows_n"].sum()), int(verdicts.loc[mine | open_to, "rows_n"].sum())


def list_bounds(verdicts: pd.DataFrame) -> pd.DataFrame:
    """List for each door what is sure, and what is open.

    Returns
    -------
    DataFrame, one row per door but `undetermined`, in the order of `ways.describe_doors(observed=True)`: door, label, judged_n
    (rows with this verdict), undetermined_n (rows without a verdict that may be of this door), other_n (rows judged
    another door, which does not exclude this one).
    """
    described = describe_doors(observed=True)
    is_open = verdicts["door"] == "undetermined"
    rows = []
    for door, label in described[["door", "label"]].itertuples(index=False):
        judged, high = bound_door(verdicts, door)
        undetermined = bound_door(verdicts[is_open], door)[1]
        rows.append((door, label, judged, undetermined, high - judged - undetermined))
    made = pd.DataFrame(rows, columns=["door", "label", "judged_n", "undetermined_n", "other_n"])
    return made[made["door"] != "undetermined"].reset_index(drop=True)


def cross_parties(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Cross hosts with the kinds of searchers and the doors they came through.

    Returns
    -------
    DataFrame, one row per host, party and door with rows, ordered: host (`not known` where the log names none), party, door, rows_n.
    """
    counted = verdicts.assign(host=verdicts["host"].replace("", "not known")).groupby(
        ["host", "party", "door"], as_index=False
    )
    return counted.agg(rows_n=("rows_n", "sum"))


def list_evidence(verdicts: pd.DataFrame, door: str, fewest: int = FEWEST) -> pd.DataFrame:
    """List the evidence of a door, the largest case first: who, whose data, when, and where it stands in the log and on
    the list. Cases of fewer rows are left out: each is a class of reason in one month.

    Returns
    -------
    DataFrame: host, searcher, named_for, month, rows_n, source_id, first_row, last_row, declared, listed_at, decision.
    Never the text of a reason.
    """
    columns = [
        "host",
        "searcher",
        "named_for",
        "month",
        "rows_n",
        "source_id",
        "first_row",
        "last_row",
        "declared",
    ]
    found = verdicts[(verdicts["door"] == door) & (verdicts["rows_n"] >= fewest)]
    found = found.sort_values(["rows_n", *KEYS], ascending=[False] + [True] * len(KEYS), kind="stable")
    return found[[*columns, "listed_at", "decision"]].reset_index(drop=True)
