"""Behaviour of `helpers.network.access` on graphs small enough to work by hand, and against networkx on random ones."""

import networkx as nx
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.facts.tables import describe_table, load_table
from helpers.network import access, exposure


def make_agencies(*rows):
    """Agencies from (agency_id, kind, state, part_of); everything after the id may be left out."""
    filled = [(*row, *("police", "CA", None)[len(row) - 1 :]) for row in rows]
    table = pd.DataFrame(filled, columns=["agency_id", "kind", "state", "part_of"])
    return table.assign(name=table["agency_id"].str.upper())


def make_paths(*rows):
    """Paths from (from_id, to_id, door, standing, as_of, ended_on); all after the reader may be left out."""
    rest = ("front", "documented", None, None)
    filled = [(f"path-{n:02d}", *row, *rest[len(row) - 2 :]) for n, row in enumerate(rows)]
    columns = ["path_id", "from_id", "to_id", "door", "standing", "as_of", "ended_on"]
    table = pd.DataFrame(filled, columns=columns).astype({"as_of": "str", "ended_on": "str"})
    queries = pd.array([pd.NA] * len(table), dtype="Int64")
    return table.assign(queries_n=queries, source_id="a-source", read_as="document")


# Five nodes by hand: `a` and `b` share with `relay` alone, `b` also straight with `ice`, `seller` sells to
# `ice`.
FIVE = make_agencies(
    ("a",),
    ("b", "sheriff", "TX"),
    ("relay", "fusion_center", "CA"),
    ("seller", "company", None),
    ("ice", "federal", None),
)
FIVE_PATHS = make_paths(
    ("a", "relay"), ("b", "relay"), ("b", "ice"), ("relay", "ice", "relay"), ("seller", "ice", "contract")
)


@pytest.fixture
def five():
    return access.build_network(FIVE_PATHS, FIVE)


def test_doors_are_those_of_the_schema():
    """The order of doors in every table is the order in which the schema lists them."""
    assert access.list_doors() == ["front", "contract", "pool", "account", "side", "relay"]


def test_every_standing_of_the_schema_is_a_way_or_no_way():
    """No standing of the schema is left without a decision whether it counts as a way."""
    fields = {field["name"]: field for field in describe_table("access_paths")["schema"]["fields"]}
    assert {*access.WAYS, *access.NO_WAYS} == set(fields["standing"]["constraints"]["enum"])


def test_every_kind_of_the_schema_is_counted_once():
    """Each kind of agency falls into exactly one of the counted groups."""
    fields = {field["name"]: field for field in describe_table("agencies")["schema"]["fields"]}
    groups = [*exposure.LOCAL, *exposure.UNNAMED, "federal", "company"]
    assert sorted(groups) == sorted(fields["kind"]["constraints"]["enum"])


def test_network_holds_each_path_as_an_edge_from_owner_to_reader(five):
    """Arrows follow the data; every column of the table comes along."""
    assert sorted(five.edges(keys=True)) == [
        ("a", "relay", "path-00"),
        ("b", "ice", "path-02"),
        ("b", "relay", "path-01"),
        ("relay", "ice", "path-03"),
        ("seller", "ice", "path-04"),
    ]
    assert five["relay"]["ice"]["path-03"]["door"] == "relay"
    assert five["relay"]["ice"]["path-03"]["source_id"] == "a-source"
    assert five.nodes["b"] == {"name": "B", "state": "TX", "kind": "sheriff", "part_of": None}
    assert five.nodes["ice"]["state"] is None


def test_two_doors_between_the_same_nodes_stay_two_edges():
    """A declared share and an account between the same two agencies do not merge."""
    graph = access.build_network(make_paths(("a", "ice"), ("a", "ice", "account")), FIVE)
    assert graph.number_of_edges("a", "ice") == 2


@pytest.mark.parametrize("standing", access.NO_WAYS)
def test_denied_and_halted_paths_are_never_ways(standing):
    """A path that does not exist, or was never in force, is not in the network, and cannot be asked into it."""
    graph = access.build_network(make_paths(("a", "ice", "front", standing), ("b", "ice")), FIVE)
    assert list(graph.edges()) == [("b", "ice")]
    with pytest.raises(DataError, match="cannot count as a way"):
        access.build_network(FIVE_PATHS, FIVE, standings=("documented", standing))


def test_disputed_and_ended_paths_count_only_on_request():
    """The two switches drop exactly their own standing."""
    paths = make_paths(("a", "ice", "front", "disputed"), ("b", "ice", "front", "ended"), ("relay", "ice"))
    for disputed in (True, False):
        for ended in (True, False):
            standings = access.choose_standings(include_disputed=disputed, include_ended=ended)
            graph = access.build_network(paths, FIVE, standings=standings)
            assert ("a" in graph, "b" in graph, "relay" in graph) == (disputed, ended, True)


def test_reach_by_hand(five):
    """One hop: b, relay, seller. Two hops: also a, through the relay. b comes in by two doors."""
    reach = exposure.list_reach(five, "ice", 2).set_index("agency_id")
    assert reach["hops_n"].to_dict() == {"b": 1, "relay": 1, "seller": 1, "a": 2}
    assert reach["doors"].to_dict() == {
        "b": "front, relay",
        "relay": "relay",
        "seller": "contract",
        "a": "relay",
    }
    assert reach["is_local"].to_dict() == {"b": True, "relay": True, "seller": False, "a": True}


def test_reach_counts_by_hand(five):
    """Front door: b at once and nothing behind it. Relay: the relay, then a and b. Any: three, then four nodes."""
    counted = exposure.count_reach(five, "ice", 2).set_index(["door", "hops_n"])
    assert counted["nodes_n"].to_dict() == {
        ("front", 1): 1, ("front", 2): 1, ("contract", 1): 1, ("contract", 2): 1, ("pool", 1): 0, ("pool", 2): 0,
        ("account", 1): 0, ("account", 2): 0, ("side", 1): 0, ("side", 2): 0, ("relay", 1): 1, ("relay", 2): 3,
        ("any", 1): 3, ("any", 2): 4,
    }  # fmt: skip
    assert counted.loc[("any", 2), ["local_n", "federal_n", "company_n", "unnamed_n"]].tolist() == [
        3,
        0,
        1,
        0,
    ]
    assert not counted["is_floor"].any()


def test_reach_through_a_pool_is_a_floor():
    """Unnamed members count once as a group, and the row says that it is a floor."""
    agencies = make_agencies(("members", "unnamed", None), ("pool", "pool", None), ("ice", "federal", None))
    paths = make_paths(("members", "pool", "pool"), ("pool", "ice", "pool"))
    counted = exposure.count_reach(access.build_network(paths, agencies), "ice", 2).set_index(
        ["door", "hops_n"]
    )
    assert counted.loc[("pool", 2), "unnamed_n"] == 2
    assert counted.loc[("pool", 2), "local_n"] == 0
    assert counted["is_floor"].to_dict()[("any", 2)]


def test_no_way_leads_through_the_target_itself():
    """What the target passes on, and what comes back to it, does not lengthen its reach."""
    graph = access.build_network(make_paths(("a", "ice"), ("ice", "b"), ("b", "ice")), FIVE)
    assert exposure.list_reach(graph, "ice", 5)["hops_n"].tolist() == [1, 1]


def test_removals_by_hand(five):
    """Without the relay `a` loses its only way; `b` keeps its own edge, and no third node can close that."""
    removals = exposure.check_removals(five, "ice").set_index("agency_id")
    assert removals["closed_ids"].to_dict() == {"relay": ("a",)}
    assert removals["passes_n"].to_dict() == {"relay": 2}
    last = exposure.list_last_ways(five, "ice").set_index("agency_id")
    assert last["closed_by"].to_dict() == {
        "a": "one third node", "b": "itself", "relay": "itself", "seller": "itself",
    }  # fmt: skip
    assert last.loc["a", "through_ids"] == ("relay",)


def test_two_separate_ways_are_closed_by_no_one_node():
    """An owner with two relays keeps one of them, whichever leaves."""
    paths = make_paths(("a", "b"), ("a", "relay"), ("b", "ice"), ("relay", "ice"))
    graph = access.build_network(paths, FIVE)
    assert exposure.check_removals(graph, "ice")["closes_n"].tolist() == [0, 0]
    assert exposure.list_last_ways(graph, "ice").set_index("agency_id").loc["a", "closed_by"] == "no one node"


def test_a_chain_is_closed_at_every_link():
    """a -> b -> relay -> ice: the relay closes a and b, b closes a; a names both links."""
    graph = access.build_network(make_paths(("a", "b"), ("b", "relay"), ("relay", "ice")), FIVE)
    removals = exposure.check_removals(graph, "ice")
    assert dict(zip(removals["agency_id"], removals["closed_ids"], strict=True)) == {
        "relay": ("a", "b"),
        "b": ("a",),
    }
    assert exposure.list_last_ways(graph, "ice").set_index("agency_id").loc["a", "through_ids"] == (
        "b",
        "relay",
    )


def test_steps_join_only_if_they_could_be_in_force_on_one_day():
    """A pool that a reader left in 2012 does not carry what an agency gave to it in 2018; what came earlier, it does."""

    def list_reached(first, last):
        graph = access.build_network(make_paths(("a", "relay", *first), ("relay", "ice", *last)), FIVE)
        return set(exposure.list_reach(graph, "ice", 2)["agency_id"])

    ended_2012 = ("pool", "ended", "2012-01-05", "2012-07")
    assert list_reached(("front", "documented", "2018-11"), ended_2012) == {"relay"}
    assert list_reached(("front", "documented", "2012-07-09"), ended_2012) == {"relay", "a"}
    assert list_reached(("front", "documented", "2011"), ended_2012) == {"relay", "a"}
    assert list_reached(("front", "documented"), ended_2012) == {"relay", "a"}
    assert list_reached(("front", "ended", "2010", "2011"), ended_2012) == {"relay"}
    # A disputed way that had an end is not open after it either.
    disputed = ("pool", "disputed", "2012-07-10", "2012")
    assert list_reached(("front", "documented", "2018-11"), disputed) == {"relay"}
    assert list_reached(("front", "documented", "2012-11"), disputed) == {"relay", "a"}
    # An end without a date is taken to be the last date for which the path is documented.
    assert list_reached(("front", "documented", "2018"), ("pool", "ended", "2012", None)) == {"relay"}
    assert list_reached(("front", "documented", "2018"), ("pool", "ended", None, None)) == {"relay", "a"}


def test_removal_respects_dates_too():
    """A second way that was over before the first step began saves nobody."""
    paths = make_paths(
        ("a", "b", "front", "documented", "2018"), ("b", "ice", "front", "ended", "2010", "2012"),
        ("a", "relay", "front", "documented", "2018"), ("relay", "ice", "relay", "documented", "2019"),
    )  # fmt: skip
    removals = exposure.check_removals(access.build_network(paths, FIVE), "ice").set_index("agency_id")
    assert removals["closed_ids"].to_dict() == {"relay": ("a",)}


def test_ways_longer_than_the_hops_do_not_count_in_removals():
    """With two hops, a chain of three has only its last two links."""
    graph = access.build_network(make_paths(("a", "b"), ("b", "relay"), ("relay", "ice")), FIVE)
    removals = exposure.check_removals(graph, "ice", 2)
    assert dict(zip(removals["agency_id"], removals["closed_ids"], strict=True)) == {"relay": ("b",)}


UNITS = make_agencies(
    ("ice", "federal", None),
    ("ice-hsi", "federal", None, "ice"),
    ("ice-hsi-x", "federal", None, "ice-hsi"),
    ("a",),
)


def test_units_fold_into_the_agency_at_the_top():
    """A share with an office of a division counts for the agency; paths inside it fall away."""
    paths = make_paths(("a", "ice-hsi-x"), ("ice-hsi", "ice"))
    assert list(access.build_network(paths, UNITS, fold=True).edges(keys=True)) == [("a", "ice", "path-00")]
    assert access.build_network(paths, UNITS).number_of_edges() == 2


def test_units_in_a_circle_or_of_an_unknown_agency_are_refused():
    """`part_of` must end somewhere."""
    with pytest.raises(DataError, match="circle"):
        access.find_parents(make_agencies(("a", "police", "CA", "b"), ("b", "police", "CA", "a")))
    with pytest.raises(DataError, match="nobody"):
        access.find_parents(make_agencies(("a", "police", "CA", "nobody")))


def test_loops_unknown_agencies_and_repeated_names_are_refused():
    """Each error names the path or the agency at fault."""
    with pytest.raises(DataError, match="path-01: the path leads from a node to itself"):
        access.build_network(make_paths(("a", "ice"), ("b", "b")), FIVE)
    with pytest.raises(DataError, match="no agency named nowhere"):
        access.build_network(make_paths(("a", "nowhere")), FIVE)
    with pytest.raises(DataError, match="path-00: the path_id is used twice"):
        access.build_network(pd.concat([FIVE_PATHS, FIVE_PATHS.head(1)]), FIVE)


def test_an_agency_without_a_way_is_kept_on_request():
    """A reader whose only path is denied stands alone in the graph, with nothing in reach."""
    paths = make_paths(("a", "ice", "front", "denied"), ("b", "relay"))
    graph = access.build_network(paths, FIVE, keep=("ice",))
    assert list(graph) == ["b", "ice", "relay"]
    assert exposure.count_reach(graph, "ice")["nodes_n"].sum() == 0
    with pytest.raises(DataError, match="no agency named `icee`.* Did you mean ice"):
        access.build_network(paths, FIVE, keep=("icee",))


def test_unknown_target_and_no_hops_are_refused(five):
    """A misspelt target is answered with the nearest names, and a reach of no steps makes no sense."""
    for measure in (
        exposure.list_reach,
        exposure.count_reach,
        exposure.check_removals,
        exposure.list_last_ways,
    ):
        with pytest.raises(DataError, match="Did you mean relay"):
            measure(five, "relais")
    for hops in (0, -1, True):
        with pytest.raises(DataError, match="at least one step"):
            exposure.list_reach(five, "ice", hops)


def test_a_node_that_nobody_shares_with_has_an_empty_reach(five):
    """Nothing in, nothing counted, and the tables keep their columns and types."""
    assert exposure.list_reach(five, "a").empty
    assert exposure.count_reach(five, "a")["nodes_n"].sum() == 0
    assert exposure.check_removals(five, "a").empty
    assert exposure.list_last_ways(five, "a").empty


def test_edges_join_paths_of_one_kind_and_keep_those_that_are_no_way():
    """Two units of one reader make one folded edge; denied and halted paths are listed, with their names."""
    paths = make_paths(
        ("a", "ice-hsi", "front", "documented", "2018"), ("a", "ice-hsi-x", "front", "documented", "2020"),
        ("a", "ice", "pool", "denied", "2018-02"),
    )  # fmt: skip
    edges = access.list_edges(paths, UNITS, fold=True)
    assert edges[["from_id", "to_id", "door", "standing", "paths_n"]].values.tolist() == [
        ["a", "ice", "front", "documented", 2],
        ["a", "ice", "pool", "denied", 1],
    ]
    assert edges.loc[0, ["from_name", "to_name", "as_of_first", "as_of_last"]].tolist() == [
        "A",
        "ICE",
        "2018",
        "2020",
    ]
    assert edges["queries_n"].isna().all()
    assert len(access.list_edges(paths, UNITS)) == 3


@pytest.mark.parametrize(
    ("counts", "shown"), [((278, pd.NA), 278), ((278, 578), None), ((pd.NA, pd.NA), None)]
)
def test_measures_are_never_added(counts, shown):
    """An edge of two paths carries the count of queries of the one that has it; two counts are not summed."""
    paths = make_paths(("a", "ice-hsi"), ("a", "ice-hsi-x")).assign(queries_n=pd.array(counts, dtype="Int64"))
    found = access.list_edges(paths, UNITS, fold=True)["queries_n"]
    assert found.dtype == "Int64"
    assert [None if pd.isna(count) else count for count in found] == [shown]


def test_ways_that_a_reach_rests_on(five):
    """One step: the paths into the target. Two: also those to the nodes that have a path into it."""
    straight = exposure.list_ways(five, "ice")
    assert straight["path_id"].tolist() == ["path-02", "path-03", "path-04"]
    assert straight["is_local"].tolist() == [True, True, False]
    assert exposure.list_ways(five, "ice", 2)["path_id"].tolist() == [f"path-{n:02d}" for n in range(5)]


def test_ways_into_a_node_without_any_keep_their_columns(five):
    """Nothing in reach: no row, and every column of the table is there to select from."""
    none = exposure.list_ways(five, "a")
    assert none.empty and {"path_id", "door", "source_id", "page", "is_local"} <= set(none.columns)
    assert none["is_local"].dtype == bool


def test_ways_of_an_agency_are_those_of_its_units_too():
    """Paths from and to the agency or a unit below it, of any standing, with names; a stranger's stay out."""
    paths = make_paths(("a", "ice-hsi-x"), ("a", "ice", "pool", "denied"), ("b", "a"))
    agencies = pd.concat([UNITS, make_agencies(("b",))], ignore_index=True)
    found = access.list_agency_ways(paths, agencies, "ice")
    assert found["path_id"].tolist() == ["path-00", "path-01"]
    assert found["to_name"].tolist() == ["ICE-HSI-X", "ICE"]
    assert access.list_agency_ways(paths, agencies, "a")["path_id"].tolist() == [
        "path-00",
        "path-01",
        "path-02",
    ]
    with pytest.raises(DataError, match="Did you mean ice"):
        access.list_agency_ways(paths, agencies, "icee")


def test_a_hot_list_opens_nobody_s_data():
    """Plates that one agency looks for are no way to scans: no graph, no list of edges, no count of doors has them."""
    paths = make_paths(("a", "ice", "hot_list"), ("b", "ice"))
    assert list(access.build_network(paths, FIVE).edges()) == [("b", "ice")]
    assert access.list_edges(paths, FIVE)["from_id"].tolist() == ["b"]
    assert "hot_list" not in access.count_doors(paths)["door"].tolist()
    real = load_table("access_paths")
    assert ((real["door"] == "hot_list") == (real["flows"] == "hot_list")).all()


def test_doors_are_counted_by_standing():
    """Paths by standing; queries are not among the columns, as counts of different sources do not add up."""
    paths = make_paths(("a", "ice"), ("b", "ice", "front", "denied"), ("a", "ice", "account"))
    paths["as_of"] = ["2019-03-13", None, "2016-11"]
    counted = access.count_doors(paths).set_index("door")
    assert counted.loc["front", ["owners_n", "documented", "denied"]].tolist() == [2, 1, 1]
    assert "queries_n" not in counted
    assert counted.loc["account", "documented"] == 1
    assert counted.loc["front", "as_of_last"] == "2019-03-13"
    assert counted.loc["relay", "owners_n"] == 0


def test_states_count_local_names_only(five):
    """Federal nodes and companies stand in no state's count; an absent state has no row."""
    counted = exposure.count_states(exposure.list_reach(five, "ice", 2))
    assert counted.to_dict("records") == [
        {"state": "CA", "agencies_n": 2, "direct_n": 1},
        {"state": "TX", "agencies_n": 1, "direct_n": 1},
    ]


NODES = [f"n{number}" for number in range(8)]
EDGES = st.lists(
    st.tuples(
        st.sampled_from(NODES), st.sampled_from(NODES), st.sampled_from(["front", "pool", "relay"])
    ).filter(lambda edge: edge[0] != edge[1]),
    min_size=1,
    max_size=24,
)
AGENCIES = make_agencies(*[(node,) for node in NODES])


@settings(deadline=None, max_examples=60)
@given(EDGES, st.integers(1, 5))
def test_reach_agrees_with_networkx(edges, hops):
    """Distances, the union over doors, and the door of the last step are what networkx finds."""
    graph = access.build_network(make_paths(*edges), AGENCIES)
    target = edges[0][1]
    plain = nx.DiGraph((start, end) for start, end, _ in edges)
    expected = nx.single_source_shortest_path_length(plain.reverse(), target, cutoff=hops)
    expected.pop(target)
    reach = exposure.list_reach(graph, target, hops).set_index("agency_id")
    assert reach["hops_n"].to_dict() == expected
    counted = exposure.count_reach(graph, target, hops).set_index(["door", "hops_n"])["nodes_n"]
    assert counted["any", hops] == len(expected)
    for door in ("front", "pool", "relay"):
        cut = nx.DiGraph((s, e) for s, e, d in edges if (e != target or d == door) and s != target)
        cut.add_node(target)
        expected = nx.single_source_shortest_path_length(cut.reverse(), target, cutoff=hops)
        assert counted[door, hops] == len(expected) - 1
        assert set(reach.index[reach["doors"].str.contains(door)]) == set(expected) - {target}


@settings(deadline=None, max_examples=60)
@given(EDGES)
@example([("n0", "n1", "front"), ("n0", "n3", "front"), ("n2", "n0", "front"), ("n3", "n2", "front")])
def test_removals_agree_with_brute_force(edges):
    """Taking each node out in turn and searching again in networkx gives the same closed ways."""
    graph = access.build_network(make_paths(*edges), AGENCIES)
    target = edges[0][1]
    plain = nx.DiGraph((start, end) for start, end, _ in edges)
    before = nx.ancestors(plain, target)
    closed, passing = {}, {}
    for node in before:
        rest = plain.subgraph(set(plain) - {node})
        closed[node] = before - nx.ancestors(rest, target) - {node}
        passing[node] = nx.ancestors(plain.subgraph(set(plain) - {target}), node)
    removals = exposure.check_removals(graph, target).set_index("agency_id")
    assert {name: set(names) for name, names in removals["closed_ids"].items()} == {
        node: shut for node, shut in closed.items() if passing[node]
    }
    assert removals["passes_n"].to_dict() == {node: len(others) for node, others in passing.items() if others}
    last = exposure.list_last_ways(graph, target).set_index("agency_id")
    assert set(last.index) == before
    for node in before:
        through = {third for third, shut in closed.items() if node in shut}
        expected = (
            "itself" if plain.has_edge(node, target) else "one third node" if through else "no one node"
        )
        assert last.loc[node, "closed_by"] == expected
        assert set(last.loc[node, "through_ids"]) == through


@settings(deadline=None, max_examples=40)
@given(EDGES, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(edges, random):
    """Shuffled paths and agencies give the same graph, in the same order, and the same tables."""
    paths = make_paths(*edges)
    order, others = list(paths.index), list(AGENCIES.index)
    random.shuffle(order)
    random.shuffle(others)
    one = access.build_network(paths, AGENCIES)
    two = access.build_network(paths.loc[order], AGENCIES.loc[others])
    assert list(one.nodes(data=True)) == list(two.nodes(data=True))
    assert list(one.edges(keys=True)) == list(two.edges(keys=True))
    target = edges[0][1]
    for measure in (
        exposure.list_reach,
        exposure.count_reach,
        exposure.check_removals,
        exposure.list_last_ways,
    ):
        pd.testing.assert_frame_equal(measure(one, target), measure(two, target))
    pd.testing.assert_frame_equal(access.count_doors(paths), access.count_doors(paths.loc[order]))
