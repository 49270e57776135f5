"""What changed between two dated reports of one agency: names kept, dropped, new, and renamed."""

import pandas as pd

from helpers.agencies import Registry, compare_names, load_registry, parse_name, resolve_names
from helpers.canonical import SECTIONS
from helpers.errors import DataError

DECIDED = "decided by a person"
STATUSES = ("kept", "renamed", "unsure", "new", "dropped")
_OTHER = {"shared": "to_agency_as_printed", "received": "from_agency_as_printed"}


def compare_reports(
    before: pd.DataFrame, after: pd.DataFrame, review: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Compare two sharing reports of one agency, list by list.

    Parameters
    ----------
    before, after
        Canonical tables `sharing`, each of one report; only lists that both hold are compared.
    review
        Decisions of a person on doubtful names, as `agencies.read_review` returns them; the agency_id there is the
        name as printed in the earlier report.

    Returns
    -------
    DataFrame, one row per name, by section, status and name: section, status (`kept`: printed alike; `renamed`: printed
    otherwise, and the same agency by the rules for names; `unsure`: perhaps the same, a person must say; `new`;
    `dropped`), name_before, name_after (missing where there is none), why. A doubtful pair is one row, counted neither as
    new nor as dropped.

    Raises
    ------
    DataError
        The reports are of two agencies, undated, out of order, or share no list.
    """
    _check_pair(before, after)
    sections = [name for name in SECTIONS if name in set(before["section"]) & set(after["section"])]
    if not sections:
        raise DataError("reports", "they hold no list of the same kind", "Give two reports of the same form.")
    rows = []
    for section in sections:
        column = _OTHER[section.rsplit("_", 1)[1]]
        old, new = (set(part.loc[part["section"] == section, column].dropna()) for part in (before, after))
        rows += [(section, *row) for row in _match_names(old, new, review)]
    table = pd.DataFrame(rows, columns=["section", "status", "name_before", "name_after", "why"])
    place = [table["section"].map(SECTIONS.index), table["status"].map(STATUSES.index)]
    shown = table["name_before"].fillna(table["name_after"])
    order = pd.DataFrame({"section": place[0], "status": place[1], "name": shown}).sort_values(
        ["section", "status", "name"]
    )
    return table.loc[order.index].reset_index(drop=True).astype("str")


def count_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Count the names of a comparison by list and status; with the doubtful ones, bounds for new and dropped.

    Parameters
    ----------
    changes
        From `compare_reports`.

    Returns
    -------
    DataFrame, one row per list (index: section): before_n, after_n, kept, renamed, unsure, new, dropped, new_high,
    dropped_high (if every doubtful pair is two agencies).
    """
    counts = pd.crosstab(changes["section"], changes["status"]).reindex(columns=list(STATUSES), fill_value=0)
    counts = counts.reindex([name for name in SECTIONS if name in counts.index]).rename_axis(columns=None)
    both = counts["kept"] + counts["renamed"] + counts["unsure"]
    counts.insert(0, "before_n", both + counts["dropped"])
    counts.insert(1, "after_n", both + counts["new"])
    return counts.assign(
        new_high=counts["new"] + counts["unsure"], dropped_high=counts["dropped"] + counts["unsure"]
    )


def _check_pair(before: pd.DataFrame, after: pd.DataFrame) -> None:
    whose = [set(part["reported_by"].dropna()) for part in (before, after)]
    dates = [sorted(set(part["as_of"].dropna())) for part in (before, after)]
    if any(len(found) != 1 for found in (*whose, *dates)):
        raise DataError(
            "reports", "one is of no agency, of several, or not of one day", "Give each report by itself."
        )
    names = [next(iter(found)) for found in whose]
    if names[0] != names[1] and compare_names(*names)[0] == "different":
        raise DataError(
            "reports", f"{names[0]} and {names[1]} are two agencies", "Compare two reports of one agency."
        )
    if not dates[0][0] < dates[1][0]:
        raise DataError("reports", f"dated {dates[0][0]} and {dates[1][0]}", "Give the earlier report first.")


def _list_registry(names) -> pd.DataFrame:
    names = sorted(names)
    states = [parse_name(name).state for name in names]
    return pd.DataFrame({"agency_id": names, "name": names, "state": states}, dtype="str")


def _compare_found(found: pd.DataFrame) -> pd.DataFrame:
    """Compare each name with its candidate anew: that the earlier list knows a place in one state only proves nothing."""
    known = Registry(load_registry())
    for row in found[found["outcome"].isin(["same", "unsure"]) & (found["why"] != DECIDED)].itertuples():
        outcome, _, why = compare_names(row.candidate_id, row.name, known)
        found.loc[row.Index, ["outcome", "why"]] = outcome, why
    return found


def _match_names(old: set[str], new: set[str], review: pd.DataFrame | None) -> list[tuple]:
    """Match the names of one list: printed alike first, the others by the rules for names, each to one at most."""
    rows = [("kept", name, name, "printed alike") for name in old & new]
    gone, come = sorted(old - new), sorted(new - old)
    if gone and come:
        found = _compare_found(resolve_names(come, Registry(_list_registry(gone)), review))
    else:
        found = pd.DataFrame({"name": come, "outcome": "new", "candidate_id": "", "why": ""})
    near = found[found["outcome"].isin(["same", "unsure"])]
    crowded = set(near.loc[near["candidate_id"].duplicated(keep=False), "candidate_id"])
    matched = set()
    for row in found.itertuples(index=False):
        candidate = row.candidate_id
        if (
            row.outcome not in ("same", "unsure")
            or not candidate
            or (candidate in crowded and candidate in matched)
        ):
            rows.append(("new", None, row.name, "no name of the earlier list is alike"))
            continue
        matched.add(candidate)
        if candidate in crowded:
            rows.append(("unsure", candidate, row.name, "several new names are near this one"))
        else:
            rows.append(("renamed" if row.outcome == "same" else "unsure", candidate, row.name, row.why))
    rows += [
        ("dropped", name, None, "no name of the later list is alike") for name in gone if name not in matched
    ]
    return rows
