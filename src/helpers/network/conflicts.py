"""Where two lists contradict each other: one says that data are shared, the other, which should say so, does not.

Only two lists can speak of the same pair: the owner's list of recipients and the reader's list of those that share with
it. Vigilant's reports print both, public Flock portals only the first: between portals nothing can be compared.
"""

import pandas as pd

from helpers.errors import DataError

OWNERS, READERS = "detections_shared", "detections_received"
_COLUMNS = ["from_id", "to_id", "reported_by", "section", "as_of", "source_id", "page"]


def compare_lists(statements: pd.DataFrame) -> pd.DataFrame:
    """Compare the two lists that speak of a pair, wherever both were released.

    Parameters
    ----------
    statements
        Lines of lists: from_id, to_id, reported_by, section (`detections_shared`: the reporter is the owner;
        `detections_received`: the reporter is the reader), as_of, source_id, page.

    Returns
    -------
    DataFrame, one row per ordered pair with both lists that at least one of them names, by from_id and to_id: from_id,
    to_id, outcome (`both`, `owner_only`: the reader's list omits it, `reader_only`: the owner's list omits it),
    owner_as_of, reader_as_of (dates of the two lists), owner_page, reader_page, days_n (between the dates; missing where
    one is no day).

    Raises
    ------
    DataError
        A column is missing, or an agency released two lists of one kind: compare those with `change.compare_reports`.

    Notes
    -----
    Lists of different days can differ because sharing changed. A pair that neither list names is no conflict and no row.
    """
    if lost := [name for name in _COLUMNS if name not in statements.columns]:
        raise DataError("statements", f"no column {lost[0]}", f"Give {', '.join(_COLUMNS)}.")
    given = statements[
        (statements["section"] == OWNERS) & (statements["reported_by"] == statements["from_id"])
    ]
    taken = statements[
        (statements["section"] == READERS) & (statements["reported_by"] == statements["to_id"])
    ]
    dates = {}
    for name, part in (("owner", given), ("reader", taken)):
        lists = part[["reported_by", "as_of"]].drop_duplicates()
        if (twice := lists["reported_by"].duplicated()).any():
            found = f"`{lists.loc[twice, 'reported_by'].iloc[0]}` released two lists of the section"
            raise DataError(
                "statements", found, "Keep one of its dates, and compare the two with `compare_reports`."
            )
        dates[name] = lists.set_index("reported_by")["as_of"]
    keys = ["from_id", "to_id"]
    given, taken = (part.drop_duplicates(keys)[[*keys, "page"]] for part in (given, taken))
    both = given.merge(taken, how="outer", on=keys, suffixes=("_owner", "_reader"), indicator="outcome")
    both = both[both["from_id"].isin(dates["owner"].index) & both["to_id"].isin(dates["reader"].index)]
    words = {"both": "both", "left_only": "owner_only", "right_only": "reader_only"}
    table = both[keys].assign(
        outcome=both["outcome"].astype("str").map(words),
        owner_as_of=both["from_id"].map(dates["owner"]),
        reader_as_of=both["to_id"].map(dates["reader"]),
        owner_page=both["page_owner"],
        reader_page=both["page_reader"],
    )
    first, second = (
        pd.to_datetime(table[f"{name}_as_of"], format="%Y-%m-%d", errors="coerce") for name in dates
    )
    table["days_n"] = (second - first).dt.days.abs().astype("Int64")
    return table.sort_values(keys, ignore_index=True).astype({"outcome": "str"})


def count_conflicts(statements: pd.DataFrame) -> dict[str, int]:
    """Count what can be compared and what contradicts.

    Returns
    -------
    dict: owners_n, readers_n (agencies that released each kind of list), pairs_n (ordered pairs with both lists),
    named_n (of these, named by either), both_n, owner_only_n, reader_only_n.
    """
    table = compare_lists(statements)
    is_own = (statements["section"] == OWNERS) & (statements["reported_by"] == statements["from_id"])
    is_taken = (statements["section"] == READERS) & (statements["reported_by"] == statements["to_id"])
    owners, readers = set(statements.loc[is_own, "from_id"]), set(statements.loc[is_taken, "to_id"])
    counts = table["outcome"].value_counts()
    return {
        "owners_n": len(owners),
        "readers_n": len(readers),
        "pairs_n": len(owners) * len(readers) - len(owners & readers),
        "named_n": len(table),
        **{f"{name}_n": int(counts.get(name, 0)) for name in ("both", "owner_only", "reader_only")},
    }
