"""How searches are spread: over agencies, and over networks and devices (width)."""

import ibis
import pandas as pd

from helpers.errors import DataError
from helpers.searches import engine


def count_agencies(searches) -> pd.DataFrame:
    """Return searches by the agency that searched, most first.

    Searcher (missing where no log names one), searches_n.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`.
    """
    counted = searches.group_by("searcher").agg(searches_n=searches.count())
    return engine.fetch(counted, ["-searches_n", "searcher"])


def measure_concentration(counts: pd.DataFrame, tops: tuple[int, ...] = (1, 5, 10)) -> pd.DataFrame:
    """Return the proportion of searches that the agencies with most of them ran.

    Parameters
    ----------
    counts
        Result of `count_agencies`.
    tops
        For how many agencies.

    Returns
    -------
    DataFrame: agencies_n, value, low, high. Low and high are those if no, or all, searches of unnamed
    agencies were theirs.

    Raises
    ------
    DataError
        No search names an agency.
    """
    named = counts.dropna(subset=["searcher"])
    total, unnamed = (
        int(named["searches_n"].sum()),
        int(counts["searches_n"].sum() - named["searches_n"].sum()),
    )
    if not total:
        raise DataError(
            "concentration", "no search names an agency", "Give a log that does.", code="no-names"
        )
    rows = []
    for top in tops:
        held = int(named["searches_n"].nlargest(top).sum())
        rows.append((top, held / total, held / (total + unnamed), (held + unnamed) / (total + unnamed)))
    return pd.DataFrame(rows, columns=["agencies_n", "value", "low", "high"])


def count_widths(searches, by: str = "search_type", field: str = "networks_n") -> pd.DataFrame:
    """Return searches by how many networks, or devices, each covered.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`, or any with the two columns.
    by
        Column that groups them.
    field
        `networks_n` or `devices_n`.

    Returns
    -------
    DataFrame: group (`(none)` where the column is empty), width (missing where no log gives it), searches_n.
    """
    group = ibis.coalesce(searches[by].cast("string"), ibis.literal("(none)"))
    table = searches.mutate(group=group, width=searches[field])
    return engine.fetch(table.group_by("group", "width").agg(searches_n=table.count()), ["group", "width"])


def summarize_widths(widths: pd.DataFrame, shares: tuple[int, ...] = (25, 50, 75, 95)) -> pd.DataFrame:
    """Return how wide searches are, by group, most searches first.

    Parameters
    ----------
    widths
        Result of `count_widths`.
    shares
        Which quantiles [percent]; each is a width that was printed, the smallest that so many searches do
        not exceed.

    Returns
    -------
    DataFrame: group, searches_n, known_n (searches with a width above zero; a zero does not mean that
    nothing was searched), and q25, q50 and so on of these; missing where there is none.
    """
    rows = []
    for group, part in widths.groupby("group", sort=True):
        known = part[part["width"] > 0].sort_values("width")
        total, cumulated = int(known["searches_n"].sum()), known["searches_n"].cumsum()
        row = {"group": group, "searches_n": int(part["searches_n"].sum()), "known_n": total}
        for share in shares:  # in whole numbers, so that a tie is no matter of rounding
            reached = known.loc[100 * cumulated >= share * total, "width"]
            row[f"q{share}"] = int(reached.iloc[0]) if len(reached) else pd.NA
        rows.append(row)
    found = pd.DataFrame(rows)
    numbers = [name for name in found if name != "group"]
    found[numbers] = found[numbers].astype("Int64")
    return found.sort_values(["searches_n", "group"], ascending=[False, True], ignore_index=True)
