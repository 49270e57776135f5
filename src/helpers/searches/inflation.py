"""How far a count of rows is from a count of searches, and how that grows with the number of logs put together."""

from itertools import combinations
from math import comb

import ibis
import pandas as pd

from helpers.canonical import COLUMNS
from helpers.errors import DataError
from helpers.searches import engine
from helpers.searches.same import Keyed, count_searches

# Up to so many logs every choice of them is counted; beyond, only the mean over all choices, which needs no list.
EVERY_CHOICE = 12


def count_shared(keyed: Keyed) -> pd.DataFrame:
    """Count the searches by the logs that hold them.

    Parameters
    ----------
    keyed
        From `same.key_rows`; rows that cannot be told apart are left out.

    Returns
    -------
    DataFrame: hosts (names of the agencies in whose logs the search stands, as a tuple), searches_n, rows_n.

    Raises
    ------
    DataError
        No row can be told apart from another, or more than 60 agencies released logs.
    """
    hosts = sorted(keyed.logs["host"].unique())
    if len(hosts) > 60:
        raise DataError("inflation by log", f"{len(hosts)} agencies", "Choose at most 60 of them.")
    rows = keyed.rows.filter(keyed.rows.key_kind != "none")
    pairs = rows.group_by("search_key", "host").agg(rows_n=rows.count())
    bit = ibis.cases(*[(pairs.host == host, 2**place) for place, host in enumerate(hosts)], else_=0).cast(
        "int64"
    )
    keys = pairs.mutate(bit=bit).group_by("search_key").agg(mask=ibis._.bit.sum(), rows_n=ibis._.rows_n.sum())
    found = engine.fetch(
        keys.group_by("mask").agg(searches_n=keys.count(), rows_n=keys.rows_n.sum()), ["mask"]
    )
    if found.empty:
        way_out = "Say rows where it is rows: without ids and exact times nothing else can be counted."
        raise DataError("inflation by log", "no row can be told apart from another", way_out)
    named = [
        tuple(host for place, host in enumerate(hosts) if mask >> place & 1) for mask in found.pop("mask")
    ]
    found.insert(0, "hosts", named)
    return found


def count_hosts(keyed: Keyed) -> pd.Series:
    """Count the rows of each agency's logs, those that can be told apart."""
    rows = keyed.rows.filter(keyed.rows.key_kind != "none")
    found = engine.fetch(rows.group_by("host").agg(rows_n=rows.count()), ["host"])
    return found.set_index("host")["rows_n"]


def curve_inflation(shared: pd.DataFrame, by_host: pd.Series) -> pd.DataFrame:
    """Say how many rows and searches any number of agencies' logs hold together.

    Parameters
    ----------
    shared, by_host
        Results of `count_shared` and `count_hosts`.

    Returns
    -------
    DataFrame, one row per number of agencies: logs_n, rows_n and searches_n (means over all choices of so many), factor
    (of these), factor_low and factor_high (over the choices; missing above 12 agencies), seen_frac (searches_n of all
    that any log holds). Exact: nothing is drawn by lot.
    """
    hosts = list(by_host.index)
    total, all_rows = int(shared["searches_n"].sum()), int(by_host.sum())
    sizes = shared.assign(hosts_n=shared["hosts"].map(len)).groupby("hosts_n")["searches_n"].sum()
    masks = [
        (sum(1 << hosts.index(host) for host in names), int(n))
        for names, n in zip(shared["hosts"], shared["searches_n"], strict=True)
    ]
    curve = []
    for logs_n in range(1, len(hosts) + 1):
        choices_n = comb(len(hosts), logs_n)
        # a search in h of H logs is missed by comb(H - h, k) of the choices of k
        searches = (
            sum(int(n) * (choices_n - comb(len(hosts) - int(h), logs_n)) for h, n in sizes.items())
            / choices_n
        )
        rows = all_rows * logs_n / len(hosts)
        low, high = (
            _span_choices(hosts, logs_n, masks, by_host) if len(hosts) <= EVERY_CHOICE else (None, None)
        )
        curve.append((logs_n, rows, searches, rows / searches, low, high, searches / total))
    return pd.DataFrame(
        curve, columns=["logs_n", "rows_n", "searches_n", "factor", "factor_low", "factor_high", "seen_frac"]
    )


def _span_choices(
    hosts: list[str], logs_n: int, masks: list[tuple[int, int]], by_host: pd.Series
) -> tuple[float, float]:
    """Find the least and the greatest factor over all choices of logs."""
    factors = []
    for choice in combinations(range(len(hosts)), logs_n):
        chosen = sum(1 << place for place in choice)
        searches = sum(n for mask, n in masks if mask & chosen)
        factors.append(
            sum(int(by_host.iloc[place]) for place in choice) / searches if searches else float("nan")
        )
    return min(factors), max(factors)


def compare_methods(keyed: Keyed) -> pd.DataFrame:
    """Count the same log in the ways that are in use, from the rawest to the one of this house.

    Parameters
    ----------
    keyed
        From `same.key_rows`.

    Returns
    -------
    DataFrame: method, searches_n. `rows`: every line. `whole rows`: lines that differ in anything but their file, so that a
    cut reason makes two of one. `agency and second`: what is left if only these decide. `ids`: distinct search ids,
    rows without one left out. `largest log`: the rows of the agency with most. `id, else fields`: `same.count_searches`,
    missing where no row can be told apart.
    """
    rows = keyed.rows
    shown = [name for name in COLUMNS["searches"] if name not in ("source_id", "row_no", "host_agency")]
    whole = rows.select(*shown).distinct()
    rough = rows.select("searcher_agency_as_printed", "searched_at").distinct()
    counts = {
        "rows": int(keyed.logs["rows_n"].sum()),
        "whole rows": _count_rows(whole),
        "agency and second": _count_rows(rough),
        "ids": _count_rows(rows.filter(rows.search_id.notnull()).select("search_id").distinct()),
        "largest log": int(keyed.logs.groupby("host")["rows_n"].sum().max()),
        "id, else fields": count_searches(keyed).value or pd.NA,
    }
    return pd.DataFrame(counts.items(), columns=["method", "searches_n"]).astype({"searches_n": "Int64"})


def _count_rows(table) -> int:
    return int(engine.fetch(table.agg(n=table.count()))["n"].iloc[0])
