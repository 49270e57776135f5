"""Build and measure the access graph: who could read whose plate data, by which documented way.

Node: an agency, company or pool. Edge u -> v: data of u may be read by v. An edge is a documented permission
or purchase, never proof that a scan moved; two edges in a row are two such statements, not one observed
transfer.
"""

import difflib

import networkx as nx
import pandas as pd

from .errors import DataError
from .tables import describe_table

WAYS = ("documented", "disputed", "ended")
NO_WAYS = ("denied", "halted")
LOCAL = ("police", "sheriff", "campus_police", "fusion_center")
UNNAMED = ("pool", "unnamed")
ANY_DOOR = "any"


def list_doors() -> list[str]:
    """List the doors in the order of the schema, which is the order of every table and figure."""
    fields = {field["name"]: field for field in describe_table("access_paths")["schema"]["fields"]}
    return list(fields["door"]["constraints"]["enum"])


def choose_standings(include_disputed: bool = True, include_ended: bool = True) -> tuple[str, ...]:
    """Choose the standings that count as ways; `denied` and `halted` never do."""
    dropped = {"disputed": not include_disputed, "ended": not include_ended}
    return tuple(standing for standing in WAYS if not dropped.get(standing, False))


def check_paths(paths: pd.DataFrame, agencies: pd.DataFrame) -> None:
    """Check that every edge leads from one known node to another, once.

    Raises
    ------
    DataError
        An edge from a node to itself, a node that `agencies` does not hold, or a path_id used twice.
    """
    place = "access_paths"
    loops = paths.loc[paths["from_id"] == paths["to_id"], "path_id"]
    if len(loops):
        at = f"{place}, {min(loops)}"
        raise DataError(at, "the path leads from a node to itself", "Name its owner and its reader.")
    known = set(agencies["agency_id"])
    unknown = sorted((set(paths["from_id"]) | set(paths["to_id"])) - known, key=str)
    if unknown:
        named = ", ".join(map(str, unknown))
        raise DataError(place, f"no agency named {named}", "Add it to agencies, or correct the name.")
    twice = paths.loc[paths["path_id"].duplicated(), "path_id"]
    if len(twice):
        raise DataError(f"{place}, {min(twice)}", "the path_id is used twice", "Give every path its own name.")


def find_agency(agencies: pd.DataFrame, agency_id: str) -> str:
    """Find the name of an agency.

    Raises
    ------
    DataError
        There is none of that agency_id; the message offers the nearest.
    """
    found = agencies.loc[agencies["agency_id"] == agency_id, "name"]
    if found.empty:
        near = difflib.get_close_matches(str(agency_id), sorted(agencies["agency_id"]), n=3, cutoff=0.4)
        hint = f"Did you mean {', '.join(near)}?" if near else "Names stand in the column agency_id."
        raise DataError("agencies", f"no agency named `{agency_id}`", hint)
    return found.iloc[0]


def find_parents(agencies: pd.DataFrame) -> dict[str, str]:
    """Find the agency that each node belongs to at the top of `part_of`; a node that is no unit stands for
    itself.

    Raises
    ------
    DataError
        `part_of` names an unknown agency or leads in a circle.
    """
    above = agencies.dropna(subset=["part_of"]).set_index("agency_id")["part_of"].to_dict()
    lost = sorted(set(above.values()) - set(agencies["agency_id"]))
    if lost:
        raise DataError("agencies, part_of", f"no agency named {', '.join(lost)}", "Add it, or correct the name.")
    tops = {}
    for unit in agencies["agency_id"]:
        top, seen = unit, {unit}
        while top in above:
            top = above[top]
            if top in seen:
                way_out = "A unit belongs to one agency above it."
                raise DataError(f"agencies, {unit}", "part_of leads in a circle", way_out)
            seen.add(top)
        tops[unit] = top
    return tops


def fold_units(paths: pd.DataFrame, agencies: pd.DataFrame) -> pd.DataFrame:
    """Move the ends of every path from a unit to the agency that it is part of.

    Parameters
    ----------
    paths
        The table `access_paths`.
    agencies
        The table `agencies`; `part_of` is followed to the top.

    Returns
    -------
    DataFrame like `paths`, in the same order; paths within one agency are left out.
    """
    check_paths(paths, agencies)
    tops = find_parents(agencies)
    folded = paths.assign(from_id=paths["from_id"].map(tops), to_id=paths["to_id"].map(tops))
    return folded[folded["from_id"] != folded["to_id"]]


def build_network(
    paths: pd.DataFrame,
    agencies: pd.DataFrame,
    *,
    standings: tuple[str, ...] = WAYS,
    fold: bool = False,
    keep: tuple[str, ...] = (),
) -> nx.MultiDiGraph:
    """Build the access graph from the documented paths.

    Parameters
    ----------
    paths
        The table `access_paths`, in any order.
    agencies
        The table `agencies`, in any order.
    standings
        Which standings count as a way, a choice out of `WAYS`.
    fold
        Whether a unit counts as the agency that it is part of.
    keep
        Names to hold in the graph even if no way leads to or from them.

    Returns
    -------
    MultiDiGraph. Node: agency_id, with name, state, kind and part_of (None where empty). Edge u -> v, key
    path_id: data of u may be read by v; all columns of `paths` as attributes. Nodes and edges are sorted by
    name, so that nothing computed from the graph depends on the order of rows or on the hash seed. Other
    agencies without a way are left out: nothing is documented about them, which is not the same as no access.

    Raises
    ------
    DataError
        An edge from a node to itself, an unknown agency, a path_id used twice, or a standing that is no way.
    """
    no_ways = sorted(set(standings) - set(WAYS))
    if no_ways:
        found = f"{', '.join(no_ways)} cannot count as a way"
        raise DataError("standings", found, f"Choose out of {', '.join(WAYS)}.")
    check_paths(paths, agencies)
    rows = fold_units(paths, agencies) if fold else paths
    rows = rows[rows["standing"].isin(standings)].sort_values("path_id")
    about = agencies[["agency_id", "name", "state", "kind", "part_of"]].set_index("agency_id")
    graph = nx.MultiDiGraph()
    for agency in keep:
        find_agency(agencies, agency)
    for agency in sorted({*rows["from_id"], *rows["to_id"], *keep}):
        known = {key: None if pd.isna(value) else value for key, value in about.loc[agency].items()}
        graph.add_node(agency, **known)
    for row in rows.to_dict("records"):
        graph.add_edge(row["from_id"], row["to_id"], key=row["path_id"], **row)
    return graph


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
    table = pd.DataFrame(rows, columns=columns).astype({"hops_n": "int64", "is_local": "bool", "state": "str"})
    return table.sort_values(["hops_n", "state", "agency_id"], na_position="last", ignore_index=True)


def count_reach(graph: nx.MultiDiGraph, target: str, hops: int = 2) -> pd.DataFrame:
    """Count the nodes whose data the target could read, by the door of the last step and the number of hops.

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
            kinds = [graph.nodes[agency]["kind"] for agency, distance in distances.items() if distance <= step]
            rows.append((door, step, *_count_kinds(kinds)))
    counts = ["local_n", "federal_n", "company_n", "unnamed_n"]
    table = pd.DataFrame(rows, columns=["door", "hops_n", *counts])
    table["nodes_n"] = table[counts].sum(axis="columns")
    return table.assign(is_floor=table["unnamed_n"] > 0)


def list_ways(graph: nx.MultiDiGraph, target: str, hops: int = 1) -> pd.DataFrame:
    """List the paths on which a reach rests: straight to the target, or to a node that has a way on.

    Parameters
    ----------
    graph
        From `build_network`.
    target
        agency_id of the reader.
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
    return pd.DataFrame(rows, columns=columns).astype({"is_local": "bool"}).sort_values("path_id", ignore_index=True)


def list_agency_ways(paths: pd.DataFrame, agencies: pd.DataFrame, agency_id: str) -> pd.DataFrame:
    """List every path from or to one agency or a unit of it, of any standing, with the names of both ends.

    Returns
    -------
    DataFrame, rows of `paths` in the same order, with from_name and to_name.

    Raises
    ------
    DataError
        There is no agency of that name; the message offers the nearest.
    """
    find_agency(agencies, agency_id)
    parts, more = set(), {agency_id}
    while more:
        parts |= more
        more = set(agencies.loc[agencies["part_of"].isin(more), "agency_id"]) - parts
    names = agencies.set_index("agency_id")["name"]
    own = paths[paths["from_id"].isin(parts) | paths["to_id"].isin(parts)]
    return own.assign(from_name=own["from_id"].map(names), to_name=own["to_id"].map(names))


def check_removals(graph: nx.MultiDiGraph, target: str, hops: int | None = None) -> pd.DataFrame:
    """Check which single node's removal leaves which others without any way to the target.

    Parameters
    ----------
    graph
        From `build_network`.
    target
        agency_id of the reader.
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


def count_doors(paths: pd.DataFrame) -> pd.DataFrame:
    """Count the documented paths by door and standing.

    Returns
    -------
    DataFrame, one row per door in schema order: door, owners_n, readers_n, documented, disputed, ended,
    denied, halted (numbers of paths), as_of_first, as_of_last. Queries are not among them: sources count
    them over different times and by different measures, so they do not add up.
    """
    rows = []
    for door in list_doors():
        part = paths[paths["door"] == door]
        standing = part["standing"].value_counts()
        dates = part["as_of"].dropna()
        rows.append(
            {"door": door, "owners_n": part["from_id"].nunique(), "readers_n": part["to_id"].nunique()}
            | {name: int(standing.get(name, 0)) for name in (*WAYS, *NO_WAYS)}
            | {"as_of_first": dates.min() if len(dates) else None, "as_of_last": dates.max() if len(dates) else None}
        )
    return pd.DataFrame(rows).astype({"as_of_first": "str", "as_of_last": "str"})


def list_edges(paths: pd.DataFrame, agencies: pd.DataFrame, *, fold: bool = False) -> pd.DataFrame:
    """List who could read whose data, by door and standing, with names: denied and halted paths stay in.

    Parameters
    ----------
    paths, agencies
        The tables `access_paths` and `agencies`, in any order.
    fold
        Whether a unit counts as the agency that it is part of.

    Returns
    -------
    DataFrame, one row per owner, reader, door and standing, sorted by these: from_id, to_id, door, standing,
    from_name, from_state, from_kind, to_name, to_kind, paths_n, queries_n (of the one path that counts them;
    missing where none or several do, as measures are never added), as_of_first, as_of_last, ended_on (the
    latest).

    Raises
    ------
    DataError
        An edge from a node to itself, an unknown agency, or a path_id used twice.
    """
    check_paths(paths, agencies)
    rows = fold_units(paths, agencies) if fold else paths
    keys = ["from_id", "to_id", "door", "standing"]
    edges = rows.groupby(keys, sort=True, as_index=False).agg(
        paths_n=("path_id", "size"),
        queries_n=("queries_n", lambda counts: counts.max() if counts.count() == 1 else pd.NA),
        as_of_first=("as_of", "min"),
        as_of_last=("as_of", "max"),
        ended_on=("ended_on", "max"),
    )
    edges = edges.astype({"queries_n": "Int64"})
    about = agencies.set_index("agency_id")[["name", "state", "kind"]]
    for end, columns in {"from": ["name", "state", "kind"], "to": ["name", "kind"]}.items():
        for column in columns:
            edges[f"{end}_{column}"] = edges[f"{end}_id"].map(about[column])
    order = [*keys, "from_name", "from_state", "from_kind", "to_name", "to_kind"]
    return edges[[*order, "paths_n", "queries_n", "as_of_first", "as_of_last", "ended_on"]]


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
        hint = f"Did you mean {', '.join(near)}?" if near else "Names stand in agencies.csv, column agency_id."
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
