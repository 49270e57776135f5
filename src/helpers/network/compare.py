"""Compare two lists of one agency: names kept, renamed, new and dropped, with bounds for unsure ones."""

import re

import pandas as pd

from helpers.agencies import compare_names, parse_name
from helpers.network.build import name_regions
from helpers.network.load import FEDERAL

STATUSES = ("kept", "renamed", "unsure", "new", "dropped")
_MARK = re.compile(r"^\W*inactive\W+|\W+inactive\W*$", re.IGNORECASE)


def choose_pair(rows: pd.DataFrame) -> list[str]:
    """Return the labels of the last two lists of one system, if an agency has two of one; else nothing.

    Rows of lists are from `SharingData.select_own`.
    """
    lists = rows.drop_duplicates("label")
    several = lists[lists["system"].duplicated(keep=False) & (lists["list_id"] != "")]
    return several.loc[several["system"].isin(several["system"].iloc[-1:]), "label"].tolist()[-2:]


def compare_lists(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each account name between two lists.

    Parameters
    ----------
    before, after
        Rows of two lists of one agency and section, from `SharingData.select_list`.

    Returns
    -------
    DataFrame, one row for each name, by status and name: status (`kept`: the same account name; `renamed`:
    another spelling of the same agency, by the rules for names; `unsure`: perhaps the same; `new`;
    `dropped`), name_before, name_after (missing where there is none), state (postal code, `federal`, or
    missing), active_before, active_after (False where marked as inactive or not on the list), why. An unsure
    pair is one row.

    Notes
    -----
    The mark Inactive is a status of the account and no part of its name: it is taken off first. Then names
    that are equal are joined, those of one state first; only what is left goes to the rules, the surest
    pairs first, each name to one at most. A list does not show when or why something changed.
    """
    before, after = _prepare(before), _prepare(after)
    rows: list[tuple] = []  # status, place before, place after, why
    left = before, after
    for columns in (["bare", "state"], ["bare"], ["agency_id"]):
        for old, new in _join_equal(*left, columns):
            status = "kept" if before.at[old, "bare"] == after.at[new, "bare"] else "renamed"
            rows.append((status, old, new, "the same account"))
        left = _drop_joined(rows, before, after)
    rows += _join_alike(*left)
    olds, news = _drop_joined(rows, before, after)
    rows += [("dropped", old, None, "") for old in olds.index]
    rows += [("new", None, new, "") for new in news.index]
    return _tell(rows, before, after)


def count_changes(changes: pd.DataFrame, home: str) -> pd.DataFrame:
    """Return how many accounts changed, by where they are, with bounds.

    Parameters
    ----------
    changes
        From `compare_lists`.
    home
        Postal code of the agency whose lists they are.

    Returns
    -------
    DataFrame, index region (`federal`, `another state`, `unknown`, `in the state`, `all`): before_n and
    after_n (active accounts on each list), kept_n, renamed_n, unsure_n, inactive_n (active before, marked as
    inactive after), new_n and dropped_n (if every unsure pair is one account), new_high_n and dropped_high_n
    (if every unsure pair is two).
    """
    status, active = changes["status"], changes["active_before"] & changes["active_after"]
    flags = pd.DataFrame(
        {
            "before_n": changes["active_before"],
            "after_n": changes["active_after"],
            "kept_n": (status == "kept") & active,
            "renamed_n": (status == "renamed") & active,
            "unsure_n": (status == "unsure") & active,
            "inactive_n": changes["active_before"] & ~changes["active_after"] & (status != "dropped"),
            "new_n": changes["active_after"] & ~changes["active_before"],
            "dropped_n": (status == "dropped") & changes["active_before"],
        }
    )
    regions = name_regions(changes["state"], home)
    table = flags.groupby(regions).sum()
    table = table.reindex(["federal", "another state", "unknown", "in the state"], fill_value=0)
    table.loc["all"] = table.sum()
    table["new_high_n"] = table["new_n"] + table["unsure_n"]
    table["dropped_high_n"] = table["dropped_n"] + table["unsure_n"]
    return table.rename_axis("region").astype(int)


def _prepare(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    bare = rows["name"].map(lambda name: " ".join(_MARK.sub("", name).casefold().split()))
    return rows.assign(bare=bare, state=rows["state"].fillna(""))


def _join_equal(before: pd.DataFrame, after: pd.DataFrame, columns: list[str]) -> list[tuple]:
    """Pair rows that are equal in some columns, where each is the only one left of its kind."""
    single = [table[~table.duplicated(columns, keep=False)].reset_index() for table in (before, after)]
    both = single[0].merge(single[1], on=columns, suffixes=("", "_after"))
    if "state" not in columns:
        states = both["state"], both["state_after"]
        both = both[(states[0] == states[1]) | (states[0] == "") | (states[1] == "")]
    return list(zip(both["index"], both["index_after"], strict=True))


def _drop_joined(rows: list[tuple], before: pd.DataFrame, after: pd.DataFrame) -> tuple:
    """Return what is left of both lists."""
    return before.drop([old for _, old, _, _ in rows]), after.drop([new for _, _, new, _ in rows])


def _join_alike(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple]:
    """Pair what is left by the rules for names, the surest pairs first."""
    found = []
    olds = [(row.Index, _read(row)) for row in before.itertuples()]
    news = [(row.Index, _read(row)) for row in after.itertuples()]
    for old, old_name in olds:
        for new, new_name in news:
            outcome, score, why = compare_names(old_name, new_name)
            if outcome != "different" and "not_an_agency" not in (old_name.kind, new_name.kind):
                found.append((outcome != "same", -score, old, new, why))
    same_n = pd.Series([old for is_unsure, _, old, _, _ in found if not is_unsure]).value_counts()
    rows, taken = [], (set(), set())
    for is_unsure, _, old, new, why in sorted(found):
        if old in taken[0] or new in taken[1]:
            continue
        status = "unsure" if is_unsure or same_n.get(old, 0) > 1 else "renamed"
        rows.append((status, old, new, why))
        taken[0].add(old), taken[1].add(new)
    return rows


def _read(row):
    name = parse_name(_MARK.sub("", row.name))
    is_state = len(row.state) == 2 and name.kind != FEDERAL
    return name._replace(state=name.state or row.state) if is_state else name


def _tell(rows: list[tuple], before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    told = []
    for status, old, new, why in rows:
        first = None if old is None else before.loc[old]
        last = None if new is None else after.loc[new]
        state = next((row["state"] for row in (first, last) if row is not None and row["state"]), None)
        names = [None if row is None else row["name"] for row in (first, last)]
        active = [row is not None and not row["is_inactive"] for row in (first, last)]
        told.append((status, *names, state, *active, why))
    columns = ["status", "name_before", "name_after", "state", "active_before", "active_after", "why"]
    table = pd.DataFrame(told, columns=columns)
    name = table["name_before"].fillna(table["name_after"])
    order = pd.DataFrame({"status": table["status"].map(STATUSES.index), "name": name})
    return table.loc[order.sort_values(["status", "name"]).index].reset_index(drop=True)
