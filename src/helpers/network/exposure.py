"""Measure exposure in the access graph: whose data one reader could get at, in how many steps, and through whom.

The graph is that of `access.build_network`. Steps of a path count only where they could have been in force on one day.
"""

import difflib

import networkx as nx
import pandas as pd

from helpers.errors import DataError
from helpers.facts.tables import describe_table
from helpers.network.access import list_doors

LOCAL = ("police", "sheriff", "campus_police", "fusion_center")
UNNAMED = ("pool", "unnamed")
ANY_DOOR = "any"


def list_reach(graph: nx.MultiDiGraph, target: str, hops: int = 2) -> pd.DataFrame:
    """List every node whose data the target could read within some hops.

    Parameters
    ----------
    graph
        From `build_network`.
    target
        agency_id of the reader.
    hops
        Longest path counted [steps], at least 1.

    Returns
    -------
    DataFrame, one row per node, by hops, state and agency_id: agency_id, name, state, kind, hops_n (shortest
    path to the target), doors (the doors by which such a path enters the target, in schema order, joined by
    `, `), is_local.

    Raises
    ------
    DataError
        The target has no path in the graph, or hops is below 1.

    Notes
    -----
    Being listed is permission; a path of two steps joins two statements. It counts only if both could have
    been in force on one day: an ended path joins no path first documented after its end. Neither a
    lower nor an upper bound: disputed ways may be in it, and most sharing lists were never published.
    """
    snapshots = _check_question(graph, target, hops)
    nearest, doors = {}, {}
    for door in list_doors():
        for agency, distance in _measure_distances(snapshots, target, hops, door).items():
            nearest[agency] = min(distance, nearest.get(agency, distance))
            doors.setdefault(agency, []).append(door)
    rows = [
        {
            "agency_id": agency,
            **{key: graph.nodes[agency][key] for key in ("name", "state", "kind")},
            "hops_n": nearest[agency],
            "doors": ", ".join(doors[agency]),
            "is_local": graph.nodes[agency]["kind"] in LOCAL,
        }
        for agency in nearest
    ]
    columns = ["agency_id", "name", "state", "kind", "hops_n", "doors", "is_local"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"hops_n": "int64", "is_local": "bool", "state": "str"}
    )
    return table.sort_values(["hops_n", "state", "agency_id"], na_position="last", ignore_index=True)


def count_reach(graph: nx.MultiDiGraph, target: str, hops: int = 2) -> pd.DataFrame:
    """Count the nodes whose data the target could read, by the door of the last step and the number of hops.

    Parameters
    ----------
    graph, target, hops
        As for `list_reach`.

    Returns
    -------
    DataFrame, one row per door and number of hops from 1 to `hops`, then the rows of `any` door: door,
    hops_n, local_n (police, sheriffs, campus police, fusion centers), federal_n, company_n, unnamed_n (pools
    and unnamed groups, each counted once whatever its size), nodes_n (all of these), is_floor (True where an
    unnamed group is among them, so that even the documented count has no upper bound).

    Raises
    ------
    DataError
        The target has no path in the graph, or hops is below 1.

    Notes
    -----
    Counts are cumulative in hops. A node reached by two doors counts at each, and once at `any`.
    """
    snapshots = _check_question(graph, target, hops)
    found = {door: _measure_distances(snapshots, target, hops, door) for door in list_doors()}
    found[ANY_DOOR] = _measure_distances(snapshots, target, hops)
    rows = []
    for door, distances in found.items():
        for step in range(1, hops + 1):
            kinds = [
                graph.nodes[agency]["kind"] for agency, distance in distances.items() if distance <= step
            ]
            rows.append((door, step, *_count_kinds(kinds)))
    counts = ["local_n", "federal_n", "company_n", "unnamed_n"]
    table = pd.DataFrame(rows, columns=["door", "hops_n", *counts])
    table["nodes_n"] = table[counts].sum(axis="columns")
    return table.assign(is_floor=table["unnamed_n"] > 0)


def list_ways(graph: nx.MultiDiGraph, target: str, hops: int = 1) -> pd.DataFrame:
    """List the paths on which a reach rests: straight to the target, or to a node that has a way on.

    Parameters
    ----------
    graph, target
        As for `list_reach`.
    hops
        Longest path counted [steps]; with 1, only paths straight to the target.

    Returns
    -------
    DataFrame, rows of `access_paths` by path_id, ends folded as in the graph, and is_local (of the owner);
    no row where nothing is in reach.

    Raises
    ------
    DataError
        The target has no path in the graph, or hops is below 1.
    """
    nearest = _measure_distances(_check_question(graph, target, hops), target, hops)
    rows = [
        edge | {"is_local": graph.nodes[owner]["kind"] in LOCAL}
        for owner, reader, edge in graph.edges(data=True)
        if owner in nearest and (reader == target or nearest.get(reader, hops) < hops)
    ]
    fields = [field["name"] for field in describe_table("access_paths")["schema"]["fields"]]
    columns = list(rows[0]) if rows else [*fields, "is_local"]
    return (
        pd.DataFrame(rows, columns=columns)
        .astype({"is_local": "bool"})
        .sort_values("path_id", ignore_index=True)
    )


def check_removals(graph: nx.MultiDiGraph, target: str, hops: int | None = None) -> pd.DataFrame:
    """Check which single node's removal leaves which others without any way to the target.

    Parameters
    ----------
    graph, target
        As for `list_reach`.
    hops
        Longest way counted [steps]; without it, ways of any length.

    Returns
    -------
    DataFrame, one row per third node that stands on a way of another, by closes_n (most first) and agency_id:
    agency_id, name, kind, passes_n (others with some way through it), closes_n (others whose every way leads
    through it), closed_ids (tuple of their agency_id, sorted).

    Raises
    ------
    DataError
        The target has no path in the graph, or hops is below 1.

    Notes
    -----
    Each node is taken out in turn and the reach measured again. A node with a path of its own straight to the
    target cannot be closed by a third: see `list_last_ways`.
    """
    # Twice: the steps to a node in between and the steps on from it may each be as many as there are nodes.
    hops = 2 * graph.number_of_nodes() if hops is None else hops
    snapshots = _check_question(graph, target, hops)
    before = _measure_distances(snapshots, target, hops)
    rows = []
    for agency in before:
        passes = _list_passing(snapshots, target, agency, hops)
        if passes:
            after = _measure_distances(snapshots, target, hops, without=agency)
            closed = tuple(sorted(before.keys() - after.keys() - {agency}))
            node = graph.nodes[agency]
            rows.append((agency, node["name"], node["kind"], len(passes), len(closed), closed))
    columns = ["agency_id", "name", "kind", "passes_n", "closes_n", "closed_ids"]
    table = pd.DataFrame(rows, columns=columns).astype({"passes_n": "int64", "closes_n": "int64"})
    return table.sort_values(["closes_n", "agency_id"], ascending=[False, True], ignore_index=True)


def list_last_ways(graph: nx.MultiDiGraph, target: str, hops: int | None = None) -> pd.DataFrame:
    """Say of every node with a way to the target what it would take to close it.

    Returns
    -------
    DataFrame, one row per node, by agency_id: agency_id, name, state, kind, closed_by (`itself` where it has
    a path of its own straight to the target, so that no third node can close its way; `one third node` where
    all its ways lead through one; `no one node` where it has ways that share no node), through_ids (those
    third nodes, a sorted tuple), is_local.

    Raises
    ------
    DataError
        The target has no path in the graph, or hops is below 1.
    """
    removals = check_removals(graph, target, hops)
    through: dict[str, list[str]] = {}
    for agency, closed in zip(removals["agency_id"], removals["closed_ids"], strict=True):
        for owner in closed:
            through.setdefault(owner, []).append(agency)
    reach = list_reach(graph, target, graph.number_of_nodes() if hops is None else hops)
    through_ids = [tuple(sorted(through.get(agency, []))) for agency in reach["agency_id"]]
    closed_by = [
        "itself" if steps == 1 else "one third node" if ids else "no one node"
        for steps, ids in zip(reach["hops_n"], through_ids, strict=True)
    ]
    table = reach.assign(closed_by=closed_by, through_ids=pd.Series(through_ids, dtype="object"))
    columns = ["agency_id", "name", "state", "kind", "closed_by", "through_ids", "is_local"]
    return table[columns].sort_values("agency_id", ignore_index=True)


def count_states(reach: pd.DataFrame) -> pd.DataFrame:
    """Count the recovered local names by state.

    Parameters
    ----------
    reach
        From `list_reach`.

    Returns
    -------
    DataFrame, one row per state with at least one name, by state: state, agencies_n, direct_n (one hop).
    A state that is absent is not known, never zero; no share may be computed from these counts.
    """
    local = reach[reach["is_local"]].dropna(subset=["state"])
    grouped = local.assign(is_direct=local["hops_n"] == 1).groupby("state", sort=True)
    return grouped.agg(agencies_n=("agency_id", "size"), direct_n=("is_direct", "sum")).reset_index()


def _check_question(graph: nx.MultiDiGraph, target: str, hops: int) -> list:
    """Check target and hops, and return the snapshots to search in."""
    if target not in graph:
        near = difflib.get_close_matches(str(target), list(graph), n=3, cutoff=0.4)
        hint = (
            f"Did you mean {', '.join(near)}?" if near else "Names stand in agencies.csv, column agency_id."
        )
        raise DataError("target", f"no documented way leads to or from `{target}`", hint)
    if isinstance(hops, bool) or hops < 1:
        raise DataError("hops", f"{hops} was given", "Count at least one step.")
    return _list_snapshots(graph)


def _list_snapshots(graph: nx.MultiDiGraph) -> list[dict[str, list[tuple[str, str]]]]:
    """List which (owner, door) lead into each reader on every date on which a path began to be documented.

    A path is taken to be in force from `as_of` on, until `ended_on` where the table gives one, whatever its
    standing; a path that ended on no known date, until its own `as_of`. Dates are text of year, month or day: an
    open end sorts behind every day of its year or month.
    A graph without dates has one snapshot.
    """
    spans = []
    for owner, reader, edge in graph.edges(data=True):
        start = _read_date(edge.get("as_of"))
        end = _read_date(edge.get("ended_on")) or (start if edge["standing"] == "ended" else "")
        spans.append((start, end + "~", owner, reader, edge["door"]))
    snapshots = []
    for date in sorted({span[0] for span in spans}):
        into: dict[str, list[tuple[str, str]]] = {}
        for start, end, owner, reader, door in spans:
            if start <= date <= end:
                into.setdefault(reader, []).append((owner, door))
        snapshots.append(into)
    return snapshots


def _read_date(date) -> str:
    return "" if date is None or pd.isna(date) else str(date)


def _measure_distances(
    snapshots, target: str, hops: int, door: str | None = None, without: str | None = None
) -> dict[str, int]:
    """Measure steps to the target, by node, along paths in force together whose last step enters by `door`.

    `without` names a node that no path may touch; any door counts if `door` is None.
    """
    nearest: dict[str, int] = {}
    for into in snapshots:
        # Steps before the last may use any door, but never pass through the target itself.
        seen = {target, without}
        frontier = {owner for owner, entered in into.get(target, ()) if door in (None, entered)} - seen
        for step in range(1, hops + 1):
            if not frontier:
                break
            seen |= frontier
            for agency in frontier:
                nearest[agency] = min(step, nearest.get(agency, step))
            frontier = {owner for reader in frontier for owner, _ in into.get(reader, ())} - seen
    return dict(sorted(nearest.items()))


def _list_passing(snapshots, target: str, agency: str, hops: int) -> set[str]:
    """List the nodes with some way to the target through an agency, none longer than `hops`."""
    passing = set()
    for into in snapshots:
        rest = hops - _measure_distances([into], target, hops).get(agency, hops)
        if rest:
            # Ways of others to the agency, none of them over the target.
            behind = {reader: owners for reader, owners in into.items() if reader != target}
            passing |= set(_measure_distances([behind], agency, rest, without=target))
    return passing


def _count_kinds(kinds: list[str]) -> tuple[int, int, int, int]:
    groups = [LOCAL, ("federal",), ("company",), UNNAMED]
    return tuple(sum(kind in group for kind in kinds) for group in groups)
