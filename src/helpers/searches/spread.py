"""How searches are spread: over agencies, and over networks and devices (width)."""

import ibis
import pandas as pd

from helpers.errors import DataError
from helpers.searches import engine


def count_agencies(searches) -> pd.DataFrame:
    """Return searches by the agency that searched, most first: searcher (missing without a name), searches_n.

    `searches` is from `same.build_searches`.
    """
    counted = searches.group_by("searcher").agg(searches_n=searches.count())
    return engine.fetch(counted, ["-searches_n", "searcher"])


def measure_concentration(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the proportion of searches that the one, five and ten agencies with most of them ran.

    Parameters
    ----------
    counts
        Result of `count_agencies`.

    Returns
    -------
    DataFrame: agencies_n, value, low, high. Low and high are those if no, or all, searches of unnamed
    agencies were theirs. DataError if no search names an agency.
    """
    named = counts.dropna(subset=["searcher"])["searches_n"]
    total, all_n = int(named.sum()), int(counts["searches_n"].sum())
    if not total:
        found = "no search names an agency"
        raise DataError("concentration", found, "Give a log that does.", code="no-names")
    rows = []
    for top in (1, 5, 10):
        held = int(named.nlargest(top).sum())
        rows.append((top, held / total, held / all_n, (held + all_n - total) / all_n))
    return pd.DataFrame(rows, columns=["agencies_n", "value", "low", "high"])


def count_widths(searches, field: str = "networks_n") -> pd.DataFrame:
    """Return searches by their type and by how many networks, or devices, each covered.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`.
    field
        `networks_n` or `devices_n`.

    Returns
    -------
    DataFrame: group (`(none)` where there is no type), width (missing where no log gives it), searches_n.
    """
    group = ibis.coalesce(searches.search_type, ibis.literal("(none)"))
    table = searches.mutate(group=group, width=searches[field])
    return engine.fetch(table.group_by("group", "width").agg(searches_n=table.count()), ["group", "width"])


def summarize_widths(widths: pd.DataFrame) -> pd.DataFrame:
    """Return how wide searches are, by group, most searches first.

    Parameters
    ----------
    widths
        Result of `count_widths`.

    Returns
    -------
    DataFrame: group, searches_n, known_n (searches with a width above zero; a zero does not mean that
    nothing was searched), and q25, q50, q75 and q95 of these: each is a width that was printed, the smallest
    that so many percent of the searches do not exceed; missing where there is none.
    """
    rows = []
    for group, part in widths.groupby("group", sort=True):
        known = part[part["width"] > 0].sort_values("width")
        total, cumulated = int(known["searches_n"].sum()), known["searches_n"].cumsum()
        row = {"group": group, "searches_n": int(part["searches_n"].sum()), "known_n": total}
        for share in (25, 50, 75, 95):  # in whole numbers, so that a tie is no matter of rounding
            reached = known.loc[100 * cumulated >= share * total, "width"]
            row[f"q{share}"] = int(reached.iloc[0]) if len(reached) else pd.NA
        rows.append(row)
    found = pd.DataFrame(rows).set_index("group").astype("Int64").reset_index()
    return found.sort_values(["searches_n", "group"], ascending=[False, True], ignore_index=True)
