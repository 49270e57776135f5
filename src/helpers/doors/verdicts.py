"""A log reduced to its distinct cases, each with a door, and the rows of the log that support it."""

from collections.abc import Iterable

import pandas as pd

from helpers.agencies import Registry
from helpers.doors.decide import class_reasons, decide_doors
from helpers.doors.declared import Lists
from helpers.doors.parties import describe_parties, match_names
from helpers.doors.ways import describe_doors
from helpers.errors import DataError
from helpers.searches.suppression import FEWEST

# What tells one case from another; all rows of a log with the same values have the same verdict.
KEYS = ("source_id", "host", "searcher", "code", "month")
# Doors that only what a reason says tells apart.
DOORS_BY_REASON = ("side", "relay")
# How far from its date a list still counts [months]. In the lists of Orange County, 3.4 percent of names
# change in a month: 18 percent in six.
MONTHS = 2
_PARTY = {"company": "local", "pool": "unknown"}  # a company searches like any other named body
_HOST = {"company": "company", "unknown": "unknown", "pool": "unknown", "demo": "unknown"}


def key_rows(log):
    """Return each row of a log with the case it belongs to, as an Ibis table: row_no and KEYS.

    host and searcher are names as printed, empty where missing; code is from `decide.class_reasons`; month is
    year * 100 + month in UTC, 0 where unknown.
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
    """Return the cases of a log, as an Ibis table: KEYS, rows_n, first_row, last_row (numbers of rows)."""
    rows = key_rows(log)
    sums = {"rows_n": rows.count(), "first_row": rows.row_no.min(), "last_row": rows.row_no.max()}
    return rows.group_by(list(KEYS)).aggregate(**sums).order_by(list(KEYS))


def judge_cases(
    cases: pd.DataFrame,
    sharing: pd.DataFrame,
    registry: Registry | None = None,
    months: int = MONTHS,
    same: Iterable[tuple] = (),
) -> pd.DataFrame:
    """Return the door through which the searches of each case came.

    Parameters
    ----------
    cases
        From `group_cases`, fetched.
    sharing
        Canonical table `sharing`: the declared lists. Without one, neither front nor back door can be found.
    registry, same
        Agencies known, which settle names without a state; pairs of names that a person found to be one's.
    months
        How far from its date a list still counts [months].

    Returns
    -------
    DataFrame, one row per case in the order of KEYS: those columns, rows_n, first_row, last_row; the facts
    (host_party, party, host_state, state, federal_id, declared, named, named_for, listed_at); door,
    decision, why, not_excluded. It holds no text of the log but names of agencies.
    """
    cases = cases.sort_values(list(KEYS), kind="stable", ignore_index=True)
    parties = describe_parties([*cases["host"], *cases["searcher"]]).set_index("name")
    codes = cases["code"].astype("str").str.partition(":")
    made = cases.assign(named=codes[0], named_for=codes[2])
    made["host_party"] = cases["host"].map(parties["party"])
    made["host_state"] = cases["host"].map(parties["state"])
    for column in ("party", "state", "federal_id"):
        made[column] = cases["searcher"].map(parties[column])
    made["party"] = _find_own(made, registry, same)
    made = pd.concat([made, Lists(sharing, registry, months, same).find_statuses(cases)], axis="columns")
    facts = made[["declared", "named"]].assign(
        host=made["host_party"].map(lambda party: _HOST.get(party, "agency")),
        searcher=made["party"].map(lambda party: _PARTY.get(party, party)),
    )
    return pd.concat([made, decide_doors(facts)], axis="columns")


def _find_own(made: pd.DataFrame, registry: Registry | None, same: Iterable[tuple]) -> pd.Series:
    """Find the cases in which an agency searches its own data; a name that may be the host's is unknown."""
    matches = match_names(made["searcher"], made["host"], registry, same).itertuples(index=False)
    matched = {(row.name, row.other): row.outcome for row in matches}
    outcome = pd.Series([matched.get(pair, "") for pair in zip(made["searcher"], made["host"], strict=True)])
    names = outcome.map({"same": "own", "unsure": "unknown"}).set_axis(made.index)
    may_be = names.notna() & made["party"].isin(["local", "federal", "center", "company"])
    return made["party"].mask(may_be, names).astype("str")


def merge_few(verdicts: pd.DataFrame, fewest: int = FEWEST) -> pd.DataFrame:
    """Return verdicts in which doors read from reasons are `undetermined` where few rows came by them.

    All counts made from the result are of `fewest` rows or more, or sums that hold others as well: nothing
    is left to subtract.

    Parameters
    ----------
    fewest
        Rows of a side door or relay that a host and kind of searcher need for the door to be shown [rows].
    """
    sizes = verdicts.groupby(["host", "party", "door"])["rows_n"].transform("sum")
    few = verdicts["door"].isin(DOORS_BY_REASON) & (sizes < fewest)
    merged = {"door": "undetermined", "decision": "few-rows", "why": "too few rows to be shown"}
    merged |= {"named": "unsure", "named_for": "", "not_excluded": ", ".join(DOORS_BY_REASON)}
    return verdicts.assign(**{name: verdicts[name].mask(few, value) for name, value in merged.items()})


def mark_rows(log, verdicts: pd.DataFrame):
    """Return each row of a log with the verdict on its case (Ibis): source_id, row_no, door, decision."""
    import ibis
    import pyarrow as pa

    known = verdicts[[*KEYS, "door", "decision"]].astype({"month": "int64"})
    known = ibis.memtable(pa.Table.from_pandas(known, preserve_index=False))
    joined = key_rows(log).inner_join(known, list(KEYS))
    return joined.select("source_id", "row_no", "door", "decision").order_by(["source_id", "row_no"])


def count_doors(verdicts: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return rows of the log by door, in the order of `ways.describe_doors`, doors without a row included.

    As rows_n and cases_n, or one column [rows] for each value of a column `by` of the verdicts.
    """
    order = describe_doors(observed=True)["door"].tolist()
    if by is None:
        counted = verdicts.groupby("door").agg(rows_n=("rows_n", "sum"), cases_n=("rows_n", "size"))
    else:
        counted = verdicts.pivot_table(index="door", columns=by, values="rows_n", aggfunc="sum", fill_value=0)
    return counted.reindex(order, fill_value=0).rename_axis("door").astype(int)


def list_bounds(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return for each door but `undetermined` what its verdicts say and what they leave open.

    Columns: door, label, judged_n (rows with this verdict), open_n (rows with another verdict, or none, that
    do not exclude this one). A verdict may be wrong, so judged_n is no lower bound of the truth.
    """
    rows = []
    for door, label in describe_doors(observed=True)[["door", "label"]].itertuples(index=False):
        mine = verdicts["door"] == door
        may_be = ~mine & verdicts["not_excluded"].str.split(", ").map(set([door]).issubset)
        rows.append((door, label, *(int(verdicts.loc[part, "rows_n"].sum()) for part in (mine, may_be))))
    made = pd.DataFrame(rows, columns=["door", "label", "judged_n", "open_n"])
    return made[made["door"] != "undetermined"].reset_index(drop=True)


def list_evidence(verdicts: pd.DataFrame, door: str, fewest: int = FEWEST) -> pd.DataFrame:
    """Return the evidence of a door, the largest case first; cases of fewer rows than `fewest` are left out.

    Names, row numbers and what lists say, never the text of a reason.
    """
    columns = "host searcher named_for month rows_n source_id first_row last_row".split()
    found = verdicts[(verdicts["door"] == door) & (verdicts["rows_n"] >= fewest)]
    found = found.sort_values(["rows_n", *KEYS], ascending=[False] + [True] * len(KEYS), kind="stable")
    return found[[*columns, "declared", "listed_at", "decision"]].reset_index(drop=True)


def match_truth(marked: pd.DataFrame, truth: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """Return the true door of each row of a simulated log with the verdict on it.

    Parameters
    ----------
    marked
        From `mark_rows`, fetched.
    truth, log
        Tables of `simulate.log.build_log`; DataError if their rows are not those that were marked.

    Returns
    -------
    DataFrame, one row per row of the log: source_id, row_no, event_n, door, true_door. Where the truth knows
    no federal agency, the true door is `own` for an agency in its own data, otherwise `front` or `back`, as
    the host declared the searcher or not; `none` where the log hides who searched.
    """
    keys = ["source_id", "row_no"]
    names = log[[*keys, "host_agency", "searcher_agency_as_printed"]]
    made = marked.merge(truth.rename(columns={"door": "true_door"}), on=keys, validate="1:1")
    made = made.merge(names, on=keys, validate="1:1")
    if not len(made) == len(marked) == len(truth):
        found = f"{len(made)} of {len(marked)} rows found in it"
        raise DataError("truth", found, "Give log and truth of one seed and size.", code="rows")
    searcher = made["searcher_agency_as_printed"]
    way = made["is_declared"].map({True: "front", False: "back"})
    way = way.mask(searcher == made["host_agency"], "own").mask(searcher.isna(), "none")
    made["true_door"] = made["true_door"].where(made["true_door"] != "none", way)
    return made[[*keys, "event_n", "door", "true_door"]]


def grade_doors(matched: pd.DataFrame) -> pd.DataFrame:
    """Return what became of the rows of each true door.

    Returns
    -------
    DataFrame (index: true door, in the order of `ways.describe_doors`): found_n (judged so), undetermined_n,
    taken_n (judged another door), true_n (their sum), false_n (rows judged so that truly are another).
    """
    order = [*describe_doors(observed=True)["door"], "none"]
    crossed = pd.crosstab(matched["true_door"], matched["door"])
    crossed = crossed.reindex(index=order, columns=order, fill_value=0)
    made = pd.DataFrame({"found_n": crossed.to_numpy().diagonal()}, index=crossed.index)
    made["undetermined_n"], made["true_n"] = crossed["undetermined"], crossed.sum(axis=1)
    made["taken_n"] = made["true_n"] - made["found_n"] - made["undetermined_n"]
    made["false_n"] = crossed.sum(axis=0) - made["found_n"]
    return made[made["true_n"] > 0].drop(index="undetermined", errors="ignore").astype(int)
