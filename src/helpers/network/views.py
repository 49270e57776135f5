"""Tables that the pictures of a sharing network are drawn from: neighbors, ordered links, steps with names, leverage."""

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.network.degrees import FEDERAL
from helpers.network.graph import SharingGraph
from helpers.network.lists import UNNAMED_KINDS

HIDDEN, OTHER, SAME, LOCAL, NOWHERE = (
    "pool or company", "other state", "same state", "state or local", "state not in the name",
)  # fmt: skip


def find_regions(about: pd.DataFrame) -> pd.Series:
    """Find what a table by state calls each agency: its state, `federal` for federal accounts, else missing.

    Parameters
    ----------
    about
        One row per agency: agency_id, state (postal code or missing), kind.
    """
    states = about.set_index("agency_id")["state"].astype("object")
    return states.mask((about["kind"] == "federal").to_numpy(), FEDERAL)


def list_neighbors(graph: SharingGraph, about: pd.DataFrame, agency_id: str) -> pd.DataFrame:
    """List who shares with one agency and who may read its data, as far as any list says.

    Parameters
    ----------
    graph
        Node: agency. Edge u -> v: v may read data of u.
    about
        One row per agency: agency_id, name, state (postal code or missing), kind.
    agency_id
        The agency in the middle.

    Returns
    -------
    DataFrame, one row per neighbor by agency_id: agency_id, name, state, group (`federal`, `pool or company`, `same
    state`, `other state`, `state not in the name`; `state or local` where the agency's own state is unknown), reads (may
    read its data), shares (shares with it), lists_n (agencies known to share with the neighbor).
    """
    place = graph.find_node(agency_id)
    reads, shares = (
        np.unpackbits(bits[place], count=graph.nodes_n).astype(bool)
        for bits in (graph.out_bits, graph.in_bits)
    )
    table = about.set_index("agency_id").reindex(graph.names)[["name", "state", "kind"]]
    own = table["state"].iloc[place]
    table = table.assign(reads=reads, shares=shares, lists_n=graph.in_degrees)[reads | shares]
    is_hidden = table["kind"].isin([*UNNAMED_KINDS, "company"])
    choices = [
        table["kind"] == FEDERAL,
        is_hidden,
        pd.Series(pd.isna(own), table.index),
        table["state"].isna(),
        table["state"] == own,
    ]
    groups = np.select(choices, [FEDERAL, HIDDEN, LOCAL, NOWHERE, SAME], OTHER)
    columns = ["agency_id", "name", "state", "group", "reads", "shares", "lists_n"]
    return table.assign(group=groups).rename_axis("agency_id").reset_index()[columns]


def order_links(
    graph: SharingGraph, about: pd.DataFrame, most: int = 400, fewest: int = 8
) -> tuple[np.ndarray, pd.DataFrame]:
    """Order agencies by state for a picture of who shares with whom: those with a whole list, or, if fewer than `fewest`
    have one, the forty with most edges.

    Returns
    -------
    Truth values, square, in the order of the table; and the table: agency_id, name, group (region), is_reporter. Regions
    by name, unknown ones last; in each, most edges first.
    """
    degrees = graph.out_degrees + graph.in_degrees
    places = np.flatnonzero(graph.is_reporter)
    if len(places) < fewest:
        places = np.flatnonzero(degrees)
        most = min(most, 40)
    places = places[np.lexsort([places, -degrees[places]])][:most]
    table = pd.DataFrame(
        {"agency_id": graph.names[places], "is_reporter": graph.is_reporter[places], "place": places}
    )
    known = about.set_index("agency_id")
    table["name"] = table["agency_id"].map(known["name"])
    table["group"] = table["agency_id"].map(find_regions(about))
    table["edges_n"] = degrees[places]
    table = table.assign(last=table["group"].isna(), is_state=table["group"] == FEDERAL)
    table = table.sort_values(
        ["last", "is_state", "group", "edges_n", "agency_id"], ascending=[True, True, True, False, True]
    )
    order = table["place"].to_numpy()
    links = np.unpackbits(graph.out_bits[order], axis=1, count=graph.nodes_n)[:, order].astype(bool)
    return links, table[["agency_id", "name", "group", "is_reporter"]].reset_index(drop=True)


def order_groups(
    graph: SharingGraph, about: pd.DataFrame, members: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame]:
    """Order agencies by community, the largest first, in each by state and name, for a picture of who shares with whom.

    Parameters
    ----------
    graph
        The network that was divided.
    about
        One row per agency: agency_id, name, state (postal code or missing), kind.
    members
        From `communities.find_communities(graph)`.

    Returns
    -------
    Truth values, square, in the order of the table; and the table: agency_id, name, group (its states, those with most
    agencies first, and how many agencies it has), community, state (region, missing where unknown), is_reporter.
    """
    table = members.assign(place=range(graph.nodes_n), state=members["agency_id"].map(find_regions(about)))
    table["name"] = table["agency_id"].map(about.set_index("agency_id")["name"])
    titles = {}
    for community, part in table.groupby("community"):
        counts = part["state"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        named = [str(state) for state in counts.index[:3]]
        more = [f"{len(counts) - 3} more"] if len(counts) > 3 else []
        titles[community] = f"{', '.join(named + more) or 'state unknown'} ({len(part)})"
    table["group"] = table["community"].map(titles)
    table = table.sort_values(["community", "state", "name", "agency_id"], na_position="last")
    order = table["place"].to_numpy()
    links = np.unpackbits(graph.out_bits[order], axis=1, count=graph.nodes_n)[:, order].astype(bool)
    columns = ["agency_id", "name", "group", "community", "state", "is_reporter"]
    return links, table[columns].reset_index(drop=True)


def sum_state_shares(shares: pd.DataFrame, most: int = 12) -> pd.DataFrame:
    """Sum by the owner's state where shares lead.

    Parameters
    ----------
    shares
        From `degrees.measure_state_shares`.
    most
        States listed, those with most shares first [states].

    Returns
    -------
    DataFrame, one row per state (index; owners without a state last): shares `in the state`, `out of it`, with a `federal`
    account on a side, and `unknown` where the state of one side is.
    """
    names = {
        "in_state_n": "in the state",
        "out_of_state_n": "out of it",
        "federal_n": "federal",
        "unknown_n": "unknown",
    }
    table = shares.groupby("state")[list(names)].sum().rename(columns=names)
    table = table[table.sum(axis=1) > 0]
    table = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    has_state = table.index.str.len() == 2
    rest = table[~has_state].sum().to_frame("no state in the name").T
    return pd.concat([table[has_state].head(most), rest[rest.sum(axis=1) > 0]]).rename_axis("state")


def name_steps(steps: pd.DataFrame, names: pd.Series, start: dict[str, int] | None = None) -> pd.DataFrame:
    """Give the agencies that leave their names, with a first row for the start.

    Parameters
    ----------
    steps
        From `withdrawal.rank_withdrawals` or `remove_hubs`: agency_id, empty in a row for the start.
    names
        Name by agency_id.
    start
        Counts at the start, by column, where `steps` has no row for it.

    Returns
    -------
    DataFrame: name, then the columns of `steps`.
    """
    if start is not None:
        steps = pd.concat([pd.DataFrame([{"step_n": 0, "agency_id": "", **start}]), steps], ignore_index=True)
    named = steps["agency_id"].map(names).where(steps["agency_id"] != "", "at the start")
    return steps.assign(name=named)[["name", *steps.columns]]


def count_leverage(statements: pd.DataFrame) -> pd.DataFrame:
    """Count how much of a network hangs on each list or source.

    Parameters
    ----------
    statements
        Lines of lists: from_id, to_id, reported_by (the agency whose list it is, or the source that prints the line).

    Returns
    -------
    DataFrame, one row per reporter, most first, then by name: reported_by, edges_n, only_n (edges that nobody else
    states), agencies_only_n (agencies that nobody else names).

    Raises
    ------
    DataError
        There is no statement.
    """
    if statements.empty:
        raise DataError("statements", "there is none", "Give lists that name somebody.")
    pairs = statements[["from_id", "to_id", "reported_by"]].drop_duplicates()
    pairs = pairs.assign(is_only=~pairs.duplicated(["from_id", "to_id"], keep=False))
    ends = pd.concat(
        [
            pairs[["reported_by", end]].set_axis(["reported_by", "agency"], axis=1)
            for end in ("from_id", "to_id")
        ]
    )
    ends = ends.drop_duplicates()
    ends = ends[~ends["agency"].duplicated(keep=False) & (ends["agency"] != ends["reported_by"])]
    grouped = pairs.groupby("reported_by")
    table = grouped.agg(edges_n=("from_id", "size"), only_n=("is_only", "sum"))
    table["agencies_only_n"] = ends["reported_by"].value_counts().reindex(table.index, fill_value=0)
    table = table.reset_index().astype({"only_n": "int64", "agencies_only_n": "int64"})
    return table.sort_values(["edges_n", "reported_by"], ascending=[False, True], ignore_index=True)


def count_states(about: pd.DataFrame, agencies) -> pd.DataFrame:
    """Count agencies by state, most first, then by state: state, agencies_n; federal accounts and unknown states left out."""
    regions = find_regions(about)
    found = regions[regions.index.isin(list(agencies)) & (regions.str.len() == 2)].value_counts()
    table = found.rename_axis("state").reset_index(name="agencies_n").astype({"state": "str"})
    return table.sort_values(["agencies_n", "state"], ascending=[False, True], ignore_index=True)


def count_own(neighbors: pd.DataFrame, name: str) -> pd.DataFrame:
    """Count the neighbors of one agency by direction: one row (index: its name), `both ways`, `it shares only`, `it reads only`."""
    reads, shares = neighbors["reads"], neighbors["shares"]
    counts = {
        "both ways": reads & shares,
        "it shares only": reads & ~shares,
        "it reads only": shares & ~reads,
    }
    return pd.DataFrame({words: [int(chosen.sum())] for words, chosen in counts.items()}, index=[name])


def list_givers(graph: SharingGraph, about: pd.DataFrame, members_n: int = 0) -> pd.DataFrame:
    """List who gives to a pool, and how many readers that makes.

    Parameters
    ----------
    graph
        The network; `is_pool` marks the nodes that stand for unnamed members.
    about
        One row per agency: agency_id, name.
    members_n
        Members assumed for each pool [agencies]; 0 where nobody knows.

    Returns
    -------
    DataFrame, one row per node that gives to a pool, by name: agency_id, name, pools, direct_n (named recipients, pools not
    counted), high_n (with the pools' members; missing where nobody knows). A pool that gives to its own members is left out.
    """
    names = about.set_index("agency_id")["name"]
    pools = np.flatnonzero(graph.is_pool)
    given = np.unpackbits(graph.out_bits, axis=1, count=graph.nodes_n)[:, pools].astype(bool)
    places = np.flatnonzero(given.any(axis=1) & ~graph.is_pool)
    counts = given[places].sum(axis=1)
    direct = graph.out_degrees[places] - counts
    high = pd.array(direct + counts * members_n if members_n else [pd.NA] * len(places), dtype="Int64")
    ids = graph.names[places]
    told = [", ".join(names[graph.names[pool]] for pool in pools[row]) for row in given[places]]
    table = pd.DataFrame(
        {
            "agency_id": ids,
            "name": names.reindex(ids).to_numpy(),
            "pools": told,
            "direct_n": direct,
            "high_n": high,
        }
    )
    return table.sort_values(["name", "agency_id"], ignore_index=True)
