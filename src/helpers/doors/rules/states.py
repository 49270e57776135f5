"""Rules on sharing held against cases: what would need a look, where nothing is seen, what cannot be seen."""

import pandas as pd

from helpers.doors.rules.rulebooks import ASPECTS
from helpers.errors import DataError
from helpers.searches.suppression import FEWEST

STATUSES = ("would need a look", "nothing seen", "cannot be seen", "before the rule")


def asks_reasons(rule: dict) -> bool:
    """Say whether a rule on sharing looks at what reasons say: its counts by agency are counts of a class of reasons."""
    return bool({"door", "named", "named_for"} & set(rule["look"]))


def check_sharing(cases: pd.DataFrame, book: dict, fewest: int = FEWEST) -> pd.DataFrame:
    """Check cases against a rulebook on sharing.

    Parameters
    ----------
    cases
        From `doors.judge_cases`: host, host_state, searcher, state, party, door, named, named_for, month, rows_n.
    book
        Rulebook of the kind `sharing`. Only hosts of its state are checked.
    fewest
        Rows of a host and kind of searcher that need a look by what reasons say, below which they cannot be seen [rows].

    Returns
    -------
    DataFrame, one row per case of the state and rule: rule, label, host, searcher, party, where (`same_state`,
    `other_state`, `no_state`, or `none` for bodies that belong to no state), named_for, door, month, rows_n, source_id, first_row,
    status (of `STATUSES`). A search of one's own data is no sharing and left out, unless a reason names another agency.

    Raises
    ------
    DataError
        The book is about queries.
    """
    if book["kind"] != "sharing":
        raise DataError(
            "rulebook", f"its kind is {book['kind']}", "Hold it against a log with check_queries."
        )
    cases = place_cases(cases, book.get("codes", ()))
    cases = cases[(cases["host_state"] == book["state"]) & (cases["door"] != "own")]
    first = int(book.get("in_force_from", "0000-00")[:7].replace("-", ""))
    parts = []
    for rule in book["rule"]:
        status = pd.Series(STATUSES[1], index=cases.index, dtype="str")
        status[_fits(cases, rule["unseen"], any)] = STATUSES[2]
        status[_fits(cases, rule["look"], all)] = STATUSES[0]
        status[(cases["month"] > 0) & (cases["month"] < first)] = STATUSES[3]
        if asks_reasons(rule):
            sizes = (
                cases.assign(status=status).groupby(["host", "party", "status"])["rows_n"].transform("sum")
            )
            status[(status == STATUSES[0]) & (sizes < fewest)] = STATUSES[2]
        parts.append(cases.assign(rule=rule["id"], label=rule["label"], status=status))
    columns = [
        "rule",
        "label",
        "host",
        "searcher",
        "party",
        "where",
        "named_for",
        "door",
        "month",
        "rows_n",
        "source_id",
        "first_row",
        "status",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def place_cases(cases: pd.DataFrame, codes=()) -> pd.DataFrame:
    """Say where each searcher stands to the host.

    Parameters
    ----------
    cases
        From `doors.judge_cases`.
    codes
        Words of a name that stand for a state where no real one is read: for simulated lists only.

    Returns
    -------
    The cases with host_state and state filled from `codes`, and the column where.
    """
    made = cases.copy()
    for name, state in (("host", "host_state"), ("searcher", "state")):
        words = made[name].str.replace(r"[^A-Za-z]", " ", regex=True).str.split()
        found = words.map(lambda words: next((word for word in words if word in codes), ""))
        made[state] = made[state].where(made[state] != "", found)
    same = made["host_state"] == made["state"]
    made["where"] = same.map({True: "same_state", False: "other_state"})
    made.loc[made["state"] == "", "where"] = "no_state"
    made.loc[made["party"] == "federal", "where"] = "none"
    return made


def _fits(cases: pd.DataFrame, asked: dict, how) -> pd.Series:
    """Tell which cases fit one (any) or every (all) aspect asked for."""
    fits = pd.DataFrame(
        {aspect: cases[aspect].isin(values) for aspect, values in asked.items() if aspect in ASPECTS}
    )
    return fits.all(axis="columns") if how is all else fits.any(axis="columns")


def count_sharing(checked: pd.DataFrame, book: dict) -> pd.DataFrame:
    """Count what became of each rule.

    Returns
    -------
    DataFrame, one row per rule and status in their order: rule, label, status, rows_n [rows of the log], cases_n,
    searchers_n (distinct names).
    """
    grid = pd.MultiIndex.from_product(
        [[rule["id"] for rule in book["rule"]], STATUSES], names=["rule", "status"]
    )
    counted = checked.groupby(["rule", "status"]).agg(
        rows_n=("rows_n", "sum"), cases_n=("rows_n", "size"), searchers_n=("searcher", "nunique")
    )
    counted = counted.reindex(grid, fill_value=0).reset_index()
    labels = {rule["id"]: rule["label"] for rule in book["rule"]}
    counted.insert(1, "label", counted["rule"].map(labels))
    return counted.astype({"rows_n": int, "cases_n": int, "searchers_n": int})
