"""The documented kinds of access: which agency's data another can get at, by the table `access_paths`.

Node: an agency, company or pool. Edge u -> v: data of u may be read by v. An edge is a documented permission
or purchase, never proof that anybody searched.

A listing opens the sharer's own data and nothing that it receives, so no path runs through two listings. Only
pools, contracts, relays and log-ins on another's account pass on what their owner can read.
"""

import networkx as nx
import pandas as pd

from helpers.errors import DataError, offer_nearest
from helpers.facts.tables import describe_table

WAYS = ("documented", "disputed", "ended")
PASSING = ("pool", "contract", "relay", "account")
# Plates that an agency looks for, given to another's cameras: a match is an alert, and nobody's scans are
# opened.
HOT_LIST = "hot_list"
LOCAL = ("police", "sheriff", "campus_police", "fusion_center")


def list_doors() -> list[str]:
    """Return the kinds of access to data in the order of the schema; a hot list opens no data and is none."""
    fields = {field["name"]: field for field in describe_table("access_paths")["schema"]["fields"]}
    return [door for door in fields["door"]["constraints"]["enum"] if door != HOT_LIST]


def find_agency(agencies: pd.DataFrame, agency_id: str) -> str:
    """Return the name of an agency; DataError with the nearest names if there is none of that agency_id."""
    found = agencies.loc[agencies["agency_id"].str.casefold() == str(agency_id).casefold(), "name"]
    if found.empty:
        way_out = offer_nearest(agency_id, agencies["agency_id"]) or "Ids are in the column agency_id."
        raise DataError("agencies", f"no agency named `{agency_id}`", way_out, code="unknown-agency")
    return found.iloc[0]


def find_parents(agencies: pd.DataFrame) -> dict[str, str]:
    """Return the agency at the top of `part_of` for each agency; one that is no unit stands for itself.

    DataError if `part_of` names an unknown agency or leads in a circle.
    """
    above = nx.DiGraph()
    above.add_nodes_from(agencies["agency_id"])
    above.add_edges_from(agencies.dropna(subset=["part_of"])[["agency_id", "part_of"]].to_numpy())
    place = "agencies, part_of"
    if lost := sorted(set(above) - set(agencies["agency_id"])):
        raise DataError(place, f"no agency named {', '.join(lost)}", "Add it, or correct the name.")
    if not nx.is_directed_acyclic_graph(above):
        circle = sorted(min(nx.simple_cycles(above)))
        raise DataError(place, f"a circle: {', '.join(circle)}", "A unit belongs to one agency.")
    tops = {}
    for unit in reversed(list(nx.topological_sort(above))):
        tops[unit] = next((tops[parent] for parent in above.successors(unit)), unit)
    return tops


def fold_units(paths: pd.DataFrame, agencies: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `access_paths` with the ends moved from units to the agency that they are part of.

    Paths within one agency are left out.

    Raises
    ------
    DataError
        A path from a node to itself, an unknown agency, or a path_id used twice.
    """
    _check_paths(paths, agencies)
    tops = find_parents(agencies)
    folded = paths.assign(from_id=paths["from_id"].map(tops), to_id=paths["to_id"].map(tops))
    return folded[folded["from_id"] != folded["to_id"]]


def _check_paths(paths: pd.DataFrame, agencies: pd.DataFrame) -> None:
    loops = paths.loc[paths["from_id"] == paths["to_id"], "path_id"]
    twice = paths.loc[paths["path_id"].duplicated(), "path_id"]
    unknown = sorted({*paths["from_id"], *paths["to_id"]} - set(agencies["agency_id"]), key=str)
    if unknown:
        found = f"no agency named {', '.join(map(str, unknown))}"
        raise DataError("access_paths", found, "Add it to agencies, or correct the name.")
    wrong = {"the path leads from a node to itself": loops, "the path_id is used twice": twice}
    for found, rows in wrong.items():
        if len(rows):
            raise DataError(f"access_paths, {min(rows)}", found, "Correct the row.")


def build_access(paths: pd.DataFrame, agencies: pd.DataFrame) -> nx.DiGraph:
    """Return the documented access as a graph.

    Parameters
    ----------
    paths, agencies
        Rows of `access_paths` that count as access, folded or not (hot lists are left out), and `agencies`.

    Returns
    -------
    DiGraph. Node: agency_id, with name, kind, state (empty where unknown). Edge u -> v: data of u may be
    read by v; with doors (kinds of access, joined by `, `), standing (the strongest), dates and sources.
    Sorted, so that nothing depends on the order of rows.
    """
    graph = nx.DiGraph()
    about = agencies.set_index("agency_id")[["name", "kind", "state"]].fillna("")
    paths = paths[paths["door"] != HOT_LIST]
    for agency in sorted({*paths["from_id"], *paths["to_id"]}):
        graph.add_node(agency, **about.loc[agency].to_dict())
    order = paths.sort_values(["from_id", "to_id", "path_id"])
    for (owner, reader), rows in order.groupby(["from_id", "to_id"], sort=True):
        standing = next(word for word in (*WAYS, "denied", "halted") if word in set(rows["standing"]))
        graph.add_edge(
            owner,
            reader,
            doors=", ".join(door for door in list_doors() if door in set(rows["door"])),
            standing=standing,
            dates=", ".join(sorted(set(rows["as_of"].dropna()))),
            sources=", ".join(sorted(set(rows["source_id"]))),
        )
    return graph


def find_reach(paths: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return whose data a reader can get at, directly or through others that pass on what they receive.

    Parameters
    ----------
    paths
        Rows of `access_paths` that count as access, folded or not. Hot lists are left out: they hold plates
        that an agency looks for, not sightings.
    target
        agency_id of the reader.

    Returns
    -------
    DataFrame, one row for each owner, sorted: agency_id, steps_n (1: directly), doors (of the direct access;
    empty for others), through (agency_ids of the last go-betweens, joined by `, `; empty for direct access).

    Notes
    -----
    Every step but the first must be a kind of access that passes on what its owner receives (`PASSING`): a
    listing opens the sharer's own data alone. Steps count only if all could have been in force on one day;
    an undated one could on any. A permission is no search, and most sharing lists were never published: the
    result is neither a lower nor an upper bound of what was used.
    """
    rows = paths[paths["door"] != HOT_LIST]
    start = rows["as_of"].fillna("")
    # an end that is open sorts behind every day of its year or month
    end = rows["ended_on"].fillna(start.where(rows["standing"] == "ended", "")) + "~"
    found: dict[str, int] = {}
    through: dict[str, set[str]] = {}
    for day in sorted(set(start)):
        valid = rows[(start <= day) & (day <= end)]
        everything = nx.from_pandas_edgelist(valid, "from_id", "to_id", create_using=nx.DiGraph)
        passing = valid[valid["door"].isin(PASSING)]
        onward = nx.from_pandas_edgelist(passing, "to_id", "from_id", create_using=nx.DiGraph)
        onward.add_node(target)
        if target not in everything:
            continue
        carriers = nx.single_source_shortest_path_length(onward, target)
        for carrier, steps in sorted(carriers.items()):
            for owner in everything.predecessors(carrier):
                if owner != target:
                    found[owner] = min(found.get(owner, steps + 1), steps + 1)
                    through.setdefault(owner, set()).update({carrier} - {target})
    direct = rows[rows["to_id"] == target].groupby("from_id")["door"].unique()
    table = pd.DataFrame({"agency_id": sorted(found)}, dtype="str")
    table["steps_n"] = table["agency_id"].map(found).astype("int64")
    order = list_doors()
    table["doors"] = [", ".join(sorted(direct.get(owner, ()), key=order.index)) for owner in sorted(found)]
    go_betweens = [sorted(through[owner]) if found[owner] > 1 else [] for owner in sorted(found)]
    return table.assign(through=[", ".join(names) for names in go_betweens])


def find_cut(reach: pd.DataFrame, paths: pd.DataFrame, target: str) -> list[str]:
    """Return a smallest set of go-betweens without which no agency has indirect access left, sorted.

    `reach` is from `find_reach`, given the same paths and target; agencies with direct access are passed
    over, as no third agency can close it.

    Notes
    -----
    A minimum vertex cut (Menger's theorem), by networkx, between one source that all indirect owners share
    and the target. It is at least what would be needed: access that no source documents stays open.
    """
    indirect = set(reach.loc[reach["steps_n"] > 1, "agency_id"])
    if not indirect:
        return []
    rows = paths[paths["door"] != HOT_LIST]
    passing = rows[rows["door"].isin(PASSING)]
    graph = nx.from_pandas_edgelist(passing, "from_id", "to_id", create_using=nx.DiGraph)
    first = rows[rows["from_id"].isin(indirect) & rows["to_id"].isin(graph) & (rows["to_id"] != target)]
    graph.add_edges_from(("", carrier) for carrier in first["to_id"])
    return sorted(nx.minimum_node_cut(graph, "", target))
