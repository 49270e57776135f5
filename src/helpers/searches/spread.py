"""How searches are spread: over agencies (concentration), and over networks and devices (width)."""

import ibis
import pandas as pd

from helpers.errors import DataError
from helpers.searches import engine
from helpers.searches.concentration import measure_gini, sum_largest
from helpers.searches.suppression import FEWEST


def count_agencies(searches) -> pd.DataFrame:
    """Count searches by the agency that searched, as printed.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`.

    Returns
    -------
    DataFrame, most first: searcher (missing where no log names one), searches_n.
    """
    return engine.fetch(
        searches.group_by("searcher").agg(searches_n=searches.count()), ["-searches_n", "searcher"]
    )


def measure_concentration(counts: pd.DataFrame, tops: tuple[int, ...] = (1, 5, 10)) -> pd.DataFrame:
    """Measure how far few agencies do most of the searches.

    Parameters
    ----------
    counts
        Result of `count_agencies`.
    tops
        Of how many agencies to give the share.

    Returns
    -------
    DataFrame: measure (`gini`, `top 5` and so on), value, low, high. The Gini coefficient is of the agencies seen; one that
    never searched is not among them. Low and high of a share are those if no, or all, searches of unnamed agencies were
    theirs; without unnamed ones they are the value. Computed from whole numbers.

    Raises
    ------
    DataError
        No search names an agency.
    """
    named = counts.dropna(subset=["searcher"])
    sizes = named["searches_n"].tolist()
    total, unnamed = sum(sizes), int(counts.loc[counts["searcher"].isna(), "searches_n"].sum())
    if not total:
        raise DataError("concentration", "no search names an agency", "Give a log that does.")
    rows = [("gini", measure_gini(sizes), None, None)]
    for top, held in sum_largest(sizes, tops).items():
        rows.append(
            (f"top {top}", held / total, held / (total + unnamed), (held + unnamed) / (total + unnamed))
        )
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high"])


def count_widths(searches, by: str = "search_type", field: str = "networks_n") -> pd.DataFrame:
    """Count searches by how many networks, or devices, each went over.

    Parameters
    ----------
    searches
        Ibis table from `same.build_searches`, or any with the two columns.
    by
        Column that groups them, such as `search_type`.
    field
        `networks_n` or `devices_n`.

    Returns
    -------
    DataFrame: group (`(none)` where the column is empty), width (missing where no log gives it), searches_n.
    """
    table = searches.mutate(
        group=ibis.coalesce(searches[by].cast("string"), ibis.literal("(none)")), width=searches[field]
    )
    return engine.fetch(table.group_by("group", "width").agg(searches_n=table.count()), ["group", "width"])


def summarize_widths(
    widths: pd.DataFrame, shares: tuple[float, ...] = (0.25, 0.5, 0.75, 0.95), fewest: int = FEWEST
) -> pd.DataFrame:
    """Summarize how wide searches are, by group.

    Parameters
    ----------
    widths
        Result of `count_widths`.
    shares
        Which quantiles; each is a width that was printed, the smallest that so many searches do not exceed.
    fewest
        Of fewer searches with a width none is told: it would be that of single searches [searches].

    Returns
    -------
    DataFrame, one row per group, most searches first: group, searches_n, unknown_n (no width given), zero_n (0, which
    does not mean zero: left out of what follows), known_n (the others), and q25, q50 and so on, least and most; missing where too few are left.
    """
    rows = []
    for group, part in widths.groupby("group", sort=True):
        known = part[part["width"] > 0].sort_values("width")
        unknown = int(part.loc[part["width"].isna(), "searches_n"].sum())
        zero = int(part.loc[part["width"] == 0, "searches_n"].sum())
        row = {
            "group": group,
            "searches_n": int(part["searches_n"].sum()),
            "unknown_n": unknown,
            "zero_n": zero,
            "known_n": int(known["searches_n"].sum()),
        }
        known = known if known["searches_n"].sum() >= fewest else known[:0]
        total, cumulated = int(known["searches_n"].sum()), known["searches_n"].cumsum()
        for share in shares:
            # whole hundredths, so that a tie is no matter of rounding
            reached = (
                known.loc[100 * cumulated >= round(100 * share) * total, "width"] if total else known["width"]
            )
            row[f"q{round(100 * share)}"] = int(reached.iloc[0]) if len(reached) else pd.NA
        row |= {
            "least": known["width"].min() if total else pd.NA,
            "most": known["width"].max() if total else pd.NA,
        }
        rows.append(row)
    found = pd.DataFrame(rows)
    numbers = [name for name in found if name != "group"]
    found[numbers] = found[numbers].astype("Int64")
    return found.sort_values(["searches_n", "group"], ascending=[False, True], ignore_index=True)
