"""Build and list the access graph: who could read whose plate data, by which documented way.

Node: an agency, company or pool. Edge u -> v: data of u may be read by v. An edge is a documented permission
or purchase, never proof that a scan moved; two edges in a row are two such statements, not one observed
transfer.
"""

import difflib

import networkx as nx
import pandas as pd

from helpers.errors import DataError
from helpers.facts.tables import describe_table

WAYS = ("documented", "disputed", "ended")
NO_WAYS = ("denied", "halted")
# Plates that one agency looks for, given to the readers of another: a match is an alert. It opens
# nobody's scans, so it is no way to data and stands in no graph of who could read whose.
HOT_LIST = "hot_list"


def list_doors() -> list[str]:
    """List the doors to data in the order of the schema, which is the order of every table and figure."""
    fields = {field["name"]: field for field in describe_table("access_paths")["schema"]["fields"]}
    return [door for door in fields["door"]["constraints"]["enum"] if door != HOT_LIST]


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
        raise DataError(
            f"{place}, {min(twice)}", "the path_id is used twice", "Give every path its own name."
        )


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
        raise DataError(
            "agencies, part_of", f"no agency named {', '.join(lost)}", "Add it, or correct the name."
        )
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
        Which standings count as a way, a choice out of `WAYS`. Hot lists never do.
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
    rows = rows[rows["standing"].isin(standings) & (rows["door"] != HOT_LIST)].sort_values("path_id")
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
            | {
                "as_of_first": dates.min() if len(dates) else None,
                "as_of_last": dates.max() if len(dates) else None,
            }
        )
    return pd.DataFrame(rows).astype({"as_of_first": "str", "as_of_last": "str"})


def list_edges(paths: pd.DataFrame, agencies: pd.DataFrame, *, fold: bool = False) -> pd.DataFrame:
    """List who could read whose data, by door and standing, with names.

    Denied and halted paths stay in; hot lists, which open no data, do not.

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
    rows = rows[rows["door"] != HOT_LIST]
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
