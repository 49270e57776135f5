"""Measure what sharing lists say, and keep apart what they leave open.

What networkx says in one line (degrees, paths, components) is not repeated here. These functions know who
reported: an absent edge of an agency without a released list is unknown.
"""

import networkx as nx
import numpy as np
import pandas as pd

from helpers.network.build import list_matrix, name_regions
from helpers.network.load import SHARED, SharingData, find_state, shorten_name

# How columns are called where a reader sees them.
HEADERS = {
    "names_n": "names",
    "active_n": "can search",
    "inactive_n": "marked inactive",
    "federal_n": "federal",
    "inside_n": "in the state",
    "outside_n": "another state",
    "unknown_n": "state unknown",
    "outside": "outside the state",
    "lists_n": "lists that name it",
    "of_n": "lists of others",
    "rank_low": "best rank",
    "rank_high": "worst rank",
    "a_id": "one agency",
    "b_id": "the other",
    "a_n": "names of one",
    "b_n": "names of the other",
    "common_n": "in common",
    "common_percent": "percent",
}
REGIONS = ("federal", "another state", "unknown", "in the state")


def count_accounts(rows: pd.DataFrame, home: str) -> pd.Series:
    """Return how many accounts of one list can search, by where they are, with bounds.

    Parameters
    ----------
    rows
        Rows of one list, from `SharingData.select_list`.
    home
        Postal code of the agency whose list it is.

    Returns
    -------
    Series: names_n (on the list), inactive_n (marked as inactive: these cannot search and are in no other
    count), active_n, federal_n, outside_n (another state), unknown_n (no state known), inside_n,
    outside_high_n (if all unknown ones are in another state), outside_low_percent and outside_high_percent
    (of the active accounts that are not federal; missing without any).
    """
    active = rows[~rows["is_inactive"]]
    regions = name_regions(active["state"], home).value_counts().reindex(REGIONS, fill_value=0)
    federal, outside, unknown, inside = (int(count) for count in regions)
    local = outside + unknown + inside
    return pd.Series(
        {
            "names_n": len(rows),
            "inactive_n": len(rows) - len(active),
            "active_n": len(active),
            "federal_n": federal,
            "outside_n": outside,
            "unknown_n": unknown,
            "inside_n": inside,
            "outside_high_n": outside + unknown,
            "outside_low_percent": 100 * outside / local if local else float("nan"),
            "outside_high_percent": 100 * (outside + unknown) / local if local else float("nan"),
        },
        dtype="object",
    )


def count_lists(rows: pd.DataFrame, home: str) -> pd.DataFrame:
    """Return `count_accounts` for each list, by its label, with outside and federal also in words.

    Rows are from `SharingData.select_own`.
    """
    parts = {name: count_accounts(part, home) for name, part in rows.groupby("label", sort=False)}
    table = pd.DataFrame(parts).T.rename_axis("label")
    bounds = zip(table["outside_n"], table["outside_high_n"], strict=True)
    federal = [say_range(count, count) for count in table["federal_n"]]
    return table.assign(outside=[say_range(*pair) for pair in bounds], federal=federal)


def count_reporters(data: SharingData, date: str = "", home: str = "") -> pd.DataFrame:
    """Return `count_accounts` for the latest complete list of every agency and system.

    Most accounts from outside come first.

    Parameters
    ----------
    date
        Leave out lists that are later.
    home
        Postal code of the state of agencies whose state is not known.
    """
    lists = data.list_latest(date)
    lists = lists[(lists["section"] == SHARED) & lists["is_whole"].astype(bool)].set_index("list_id")
    rows = data.rows[(data.rows["section"] == SHARED) & data.rows["list_id"].isin(lists.index)]
    found = {}
    for list_id, part in rows.groupby("list_id"):
        who, system = lists.loc[list_id, ["reported_by", "system"]]
        label = f"{shorten_name(data.agencies['name'][who])}, {system}".removesuffix(", ")
        found[label] = count_accounts(part, find_state(data, who) or home)
    order = ["outside_n", "federal_n", "active_n"]
    table = pd.DataFrame(found).T.rename_axis("agency")
    return table.sort_values(order, ascending=False, kind="stable") if len(table) else table


def say_range(low: float, high: float) -> str:
    """Return two bounds in words: `161 to 168`, one number where they are equal, `none` for zero."""
    if low == high:
        return f"{low:,.0f}" if low else "none"
    return f"{low:,.0f} to {high:,.0f}"


def count_returned(graph: nx.DiGraph) -> dict[str, int]:
    """Return how many shares are returned, of those of which it is known: edges_n, known_n, returned_n.

    Whether u -> v is returned is known if v's complete list of recipients or u's complete list of senders is
    here. Among all other shares, an answer would say more about whose lists are missing.
    """
    reporter, receiver = graph.nodes(data="is_reporter"), graph.nodes(data="is_receiver")
    known = [(u, v) for u, v in graph.edges if reporter[v] or receiver[u]]
    returned = sum(graph.has_edge(v, u) for u, v in known)
    return {"edges_n": graph.number_of_edges(), "known_n": len(known), "returned_n": returned}


def compare_recipients(graph: nx.DiGraph, fewest: int = 20) -> pd.DataFrame:
    """Return how alike the lists of each two reporters are.

    Parameters
    ----------
    fewest
        Names that both lists must have; of shorter ones, a few names in common prove nothing.

    Returns
    -------
    DataFrame, one row for each pair, most alike first: a_id, b_id, a_n, b_n (names on each list but the
    other), common_n, common_percent (of the shorter list).

    Notes
    -----
    The overlap coefficient (Szymkiewicz and Simpson): a short list that lies within a long one is alike to
    the full. Set it beside the mean of all pairs: like lists may come from a vendor's defaults, a region or
    a state's law.
    """
    lists = list_matrix(graph)
    bits = lists.to_numpy("float32")
    common = (bits @ bits.T).astype(int)  # exact below 2^24
    to_each = lists.reindex(columns=lists.index, fill_value=False).to_numpy(int)
    a, b = np.triu_indices(len(lists), k=1)
    sizes = lists.sum(axis=1).to_numpy()
    names = lists.index.to_numpy()
    table = pd.DataFrame({"a_id": names[a], "b_id": names[b]}, dtype="str")
    table["a_n"], table["b_n"] = sizes[a] - to_each[a, b], sizes[b] - to_each[b, a]
    table["common_n"] = common[a, b]
    table = table[table[["a_n", "b_n"]].min(axis=1) >= fewest]
    table["common_percent"] = 100 * table["common_n"] / table[["a_n", "b_n"]].min(axis=1)
    order = ["common_percent", "common_n", "a_id", "b_id"]
    return table.sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def count_alone(graph: nx.DiGraph) -> pd.Series:
    """Return how many agencies each reporter's list alone names, by agency_id of the reporter.

    The spread of these numbers is what one more list may add, without any model.
    """
    lists = list_matrix(graph)
    once = lists.columns[lists.sum() == 1]
    return lists[once].sum(axis=1).rename("named_alone_n")
