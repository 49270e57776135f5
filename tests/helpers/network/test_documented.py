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


def list_reach(paths, target="ice"):
    return find_reach(paths, target).set_index("agency_id")["steps_n"].to_dict()


def test_every_kind_and_standing_of_the_schema_is_decided():
    """The kinds that pass data on are kinds of the schema; every standing counts as access or does not."""
    fields = {field["name"]: field for field in describe_table("access_paths")["schema"]["fields"]}

    assert set(PASSING) < set(documented.list_doors())
    assert {*documented.WAYS, "denied", "halted"} == set(fields["standing"]["constraints"]["enum"])


def test_no_path_runs_through_two_listings():
    """E1: whoever shares with an agency that shares with ICE has opened nothing to ICE."""
    star = make_paths(("hub", "ice"), *((f"town{at}", "hub") for at in range(9)))

    assert list_reach(star) == {"hub": 1}
    assert find_cut(find_reach(star, "ice"), star, "ice") == []


@pytest.mark.parametrize("door", PASSING)
def test_pools_contracts_relays_and_log_ins_pass_on_what_they_receive(door):
    paths = make_paths(("town", "hub"), ("hub", "ice", door), ("far", "town"))

    assert list_reach(paths) == {"hub": 1, "town": 2}
    assert find_reach(paths, "ice").set_index("agency_id").loc["town", "through"] == "hub"


@pytest.mark.parametrize("door", ["front", "side", "hot_list"])
def test_listings_requests_and_hot_lists_do_not(door):
    found = list_reach(make_paths(("town", "hub"), ("hub", "ice", door)))

    assert "town" not in found
    assert ("hub" in found) == (door != "hot_list")


def test_steps_count_only_if_all_could_be_in_force_on_one_day():
    """What was given to a pool in 2018 does not reach a reader that had left it in 2012."""
    early = ("pool", "ice", "pool", "disputed", "2012-07", "2012")
    assert list_reach(make_paths(early, ("town", "pool", "pool", "documented", "2018"))) == {"pool": 1}
    assert list_reach(make_paths(early, ("town", "pool", "pool", "documented", "2012-03"))) == {
        "pool": 1,
        "town": 2,
    }
    assert list_reach(make_paths(early, ("town", "pool", "pool"))) == {"pool": 1, "town": 2}
    ended = ("hub", "ice", "relay", "ended", "2020-05-01")
    assert list_reach(make_paths(ended, ("town", "hub", "front", "documented", "2021"))) == {"hub": 1}


def test_the_order_of_rows_changes_nothing():
    paths = make_paths(("a", "hub"), ("b", "hub"), ("hub", "ice", "relay"), ("b", "ice", "account"))
    agencies = make_agencies(("a",), ("b",), ("hub",), ("ice", "federal", None))
    turned = paths.iloc[::-1]

    assert find_reach(paths, "ice").equals(find_reach(turned, "ice"))
    one, other = build_access(paths, agencies), build_access(turned, agencies)
    assert list(one.edges(data=True)) == list(other.edges(data=True))


def test_the_graph_keeps_kinds_dates_and_sources():
    """Two rows of one pair are one edge; the strongest standing is said."""
    paths = make_paths(
        ("a", "ice", "side", "disputed", "2020"), ("a", "ice", "front", "ended", "2018", "2019")
    )
    graph = build_access(paths, make_agencies(("a",), ("ice", "federal", None)))

    assert graph.edges["a", "ice"] == {
        "doors": "front, side",
        "standing": "disputed",
        "dates": "2018, 2020",
        "sources": "a-source",
    }
    assert graph.nodes["ice"] == {"name": "ICE", "kind": "federal", "state": ""}


rows = st.lists(
    st.tuples(
        st.sampled_from("abcde"), st.sampled_from("bcdex"), st.sampled_from(["front", "relay", "pool"])
    ),
    max_size=9,
)


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


@pytest.mark.parametrize(
    ("paths", "agencies"),
    [
        (make_paths(("a", "a")), make_agencies(("a",))),
        (make_paths(("a", "b")), make_agencies(("a",))),
        (make_paths(("a", "b"), ("a", "b")).assign(path_id="one"), make_agencies(("a",), ("b",))),
        (make_paths(("a", "b")), make_agencies(("a", "police", "CA", "b"), ("b", "police", "CA", "a"))),
        (make_paths(("a", "b")), make_agencies(("a", "police", "CA", "c"), ("b",))),
    ],
)
def test_tables_that_contradict_themselves_are_refused(paths, agencies):
    """A loop, an unknown agency, a path_id twice, units in a circle, a unit of an unknown agency."""
    with pytest.raises(DataError):
        fold_units(paths, agencies)


def test_an_unknown_agency_is_refused_with_near_names():
    agencies = make_agencies(("irvine-pd-ca",), ("ice",))

    assert documented.find_agency(agencies, "ICE") == "ICE"
    with pytest.raises(DataError) as error:
        documented.find_agency(agencies, "irvine-pd")
    assert error.value.code == "unknown-agency" and "irvine-pd-ca" in error.value.way_out


def test_the_table_has_one_access_through_another_only():
    """By the sources nobody but the vendor reaches ICE through another: the company that sells its data."""
    agencies = load_table("agencies")
    paths = fold_units(load_table("access_paths"), agencies)
    reach = find_reach(paths[paths["standing"].isin(documented.WAYS)], "ice")

    assert reach.loc[reach["steps_n"] > 1, ["agency_id", "through"]].to_numpy().tolist() == [
        ["vigilant", "west-publishing"]
    ]
