"""The documented kinds of access, on graphs small enough to work by hand and against brute force."""

import itertools

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.facts.tables import describe_table, load_table
from helpers.network import documented
from helpers.network.documented import PASSING, build_access, find_cut, find_reach, fold_units
from made.refusal import refused


def make_agencies(*rows):
    """Make agencies of (agency_id, kind, state, part_of); all after the id may be left out."""
    filled = [(*row, *("police", "CA", None)[len(row) - 1 :]) for row in rows]
    table = pd.DataFrame(filled, columns=["agency_id", "kind", "state", "part_of"])
    return table.assign(name=table["agency_id"].str.upper())


def make_paths(*rows):
    """Make paths of (from_id, to_id, door, standing, as_of, ended_on)."""
    rest = ("front", "documented", None, None)
    filled = [(f"path-{n:02d}", *row, *rest[len(row) - 2 :]) for n, row in enumerate(rows)]
    columns = ["path_id", "from_id", "to_id", "door", "standing", "as_of", "ended_on"]
    table = pd.DataFrame(filled, columns=columns).astype({"as_of": "str", "ended_on": "str"})
    flows = table["door"].map(lambda door: "hot_list" if door == "hot_list" else "detections")
    return table.assign(flows=flows, source_id="a-source", page="p. 1", read_as="document")


def test_every_kind_and_standing_of_the_schema_is_decided():
    """The kinds that pass data on are kinds of the schema; every standing counts as access or does not."""
    fields = {field["name"]: field for field in describe_table("access_paths")["schema"]["fields"]}

    assert set(PASSING) < set(documented.list_doors())
    assert {*documented.WAYS, "denied", "halted"} == set(fields["standing"]["constraints"]["enum"])


# What was given to a pool in 2018 does not reach a reader that had left it in 2012.
EARLY = ("pool", "ice", "pool", "disputed", "2012-07", "2012")
ENDED = ("hub", "ice", "relay", "ended", "2020-05-01")
TOWN = ("town", "pool", "pool")
REACH = [
    # E1: whoever shares with an agency that shares with ICE has opened nothing to ICE
    ([("hub", "ice"), *((f"town{at}", "hub") for at in range(9))], {"hub": 1}),
    # pools, contracts, relays and log-ins pass on what they receive; requests and hot lists do not
    *(([("town", "hub"), ("hub", "ice", door), ("far", "town")], {"hub": 1, "town": 2}) for door in PASSING),
    ([("town", "hub"), ("hub", "ice", "side")], {"hub": 1}),
    ([("town", "hub"), ("hub", "ice", "hot_list")], {}),
    # steps count only if all could be in force on one day
    ([EARLY, (*TOWN, "documented", "2018")], {"pool": 1}),
    ([EARLY, (*TOWN, "documented", "2012-03")], {"pool": 1, "town": 2}),
    ([EARLY, TOWN], {"pool": 1, "town": 2}),
    ([ENDED, ("town", "hub", "front", "documented", "2021")], {"hub": 1}),
]


@pytest.mark.parametrize(("rows", "steps"), REACH)
def test_who_reaches_ice_in_how_many_steps(rows, steps):
    table = make_paths(*rows)
    found = find_reach(table, "ice").set_index("agency_id")

    assert found["steps_n"].to_dict() == steps
    assert "town" not in steps or found.loc["town", "through"] in ("hub", "pool")
    assert (find_cut(found.reset_index(), table, "ice") == []) == (2 not in steps.values())


def test_the_graph_keeps_kinds_dates_and_sources():
    """Two rows of one pair are one edge; the strongest standing is said; the order of rows changes nothing."""
    links = [
        ("a", "ice", "side", "disputed", "2020"),
        ("a", "ice", "front", "ended", "2018", "2019"),
        ("b", "a"),
    ]
    paths, agencies = make_paths(*links), make_agencies(("a",), ("b",), ("ice", "federal", None))
    graph, turned = build_access(paths, agencies), build_access(paths.iloc[::-1], agencies)

    marks = {"doors": "front, side", "standing": "disputed", "dates": "2018, 2020", "sources": "a-source"}
    assert graph.edges["a", "ice"] == marks and list(graph.edges(data=True)) == list(turned.edges(data=True))
    assert graph.nodes["ice"] == {"name": "ICE", "kind": "federal", "state": ""}


DOORS = st.sampled_from(["front", "relay", "pool"])
rows = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("bcdex"), DOORS), max_size=9)


@given(rows)
def test_reach_and_cut_are_those_of_brute_force(links):
    """Every simple path is tried: reach is by paths whose later steps pass data on; no smaller cut does."""
    links = sorted({link for link in links if link[0] != link[1]})
    if not links:
        return
    paths = make_paths(*links)
    graph = nx.MultiDiGraph([(u, v, {"door": door}) for u, v, door in links])
    graph.add_node("x")

    def reach(left):
        found = {}
        for owner in sorted(set(graph) & set(left) - {"x"}):
            for path in nx.all_simple_edge_paths(graph.subgraph(left), owner, "x"):
                if all(graph.edges[step]["door"] in PASSING for step in path[1:]):
                    found[owner] = min(found.get(owner, len(path)), len(path))
        return found

    found = find_reach(paths, "x")
    assert found.equals(find_reach(paths.iloc[::-1], "x")), "the order of rows changes nothing"
    assert found.set_index("agency_id")["steps_n"].to_dict() == reach(list(graph))
    indirect = {owner for owner, steps in reach(list(graph)).items() if steps > 1}
    cut = find_cut(found, paths, "x")
    assert not indirect & set(reach([node for node in graph if node not in cut]))
    between = set(graph) - indirect - {"x"}  # no owner closes its access by leaving the network itself
    for size in range(len(cut)):
        for group in itertools.combinations(sorted(between), size):
            left = [node for node in graph if node not in group]
            assert (indirect - set(group)) & set(reach(left)), (cut, group)


def test_units_count_as_the_agency_above_them():
    agencies = make_agencies(
        ("a",), ("ice", "federal", None), ("hsi", "federal", None, "ice"), ("newark", "federal", None, "hsi")
    )
    folded = fold_units(make_paths(("a", "newark"), ("hsi", "ice"), ("a", "ice")), agencies)

    assert folded[["from_id", "to_id"]].to_numpy().tolist() == [["a", "ice"], ["a", "ice"]]


PAIR, BOTH = make_paths(("a", "b")), make_agencies(("a",), ("b",))
CONTRADICTIONS = {
    "a loop": (make_paths(("a", "a")), BOTH),
    "an unknown agency": (PAIR, make_agencies(("a",))),
    "a path_id twice": (make_paths(("a", "b"), ("a", "b")).assign(path_id="one"), BOTH),
    "units in a circle": (PAIR, make_agencies(("a", "police", "CA", "b"), ("b", "police", "CA", "a"))),
    "a unit of nobody": (PAIR, make_agencies(("a", "police", "CA", "c"), ("b",))),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_tables_that_contradict_themselves_are_refused(name):
    with pytest.raises(DataError):
        fold_units(*CONTRADICTIONS[name])


def test_an_unknown_agency_is_refused_with_near_names():
    agencies = make_agencies(("irvine-pd-ca",), ("ice",))

    assert documented.find_agency(agencies, "ICE") == "ICE"
    with refused("unknown-agency", DataError, hint="irvine-pd-ca"):
        documented.find_agency(agencies, "irvine-pd")


def test_the_table_has_one_access_through_another_only():
    """By the sources nobody but the vendor reaches ICE through another: the company that sells its data."""
    paths = fold_units(load_table("access_paths"), load_table("agencies"))
    reach = find_reach(paths[paths["standing"].isin(documented.WAYS)], "ice")
    through = reach.loc[reach["steps_n"] > 1, ["agency_id", "through"]]

    assert through.to_numpy().tolist() == [["vigilant", "west-publishing"]]
