"""Minimum cuts and shortest ways: worked by hand, and against every subset of small networks."""

from itertools import combinations

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.network import cuts
from helpers.network.cuts import cite_paths, find_cut, measure_steps, split_sources

from .conftest import make_graph

# x shares with a and b, both share with c and d, c and d with ICE; y shares with ICE itself.
PAIRS = ["xa", "xb", "ac", "ad", "bc", "bd", "ci", "di", "yi", "ay"]


def has_way(pairs, source, target, without=()):
    """Tell by networkx whether a way is left."""
    graph = nx.DiGraph(list(map(tuple, pairs)))
    graph.remove_nodes_from(without)
    return source in graph and target in graph and nx.has_path(graph, source, target)


def test_steps_are_counted_from_the_nearest_target():
    """c, d and y are one step away, a and b two, x three; the target is none, a stranger has no way."""
    graph = make_graph([*PAIRS, "zx", "iz"], nodes=["w"])

    assert dict(zip("abcdiwxyz", [2, 2, 1, 1, 0, -1, 3, 1, 4])) == dict(
        zip(graph.names, measure_steps(graph, ["i"]))
    )


def test_a_target_passes_nothing_on_to_another_target():
    """Accounts of one reader are taken together: the way ends at the first."""
    assert [1, 0, 0, -1] == measure_steps(make_graph(["ai", "ij", "jz"]), ["i", "j"]).tolist()


def test_sources_are_split_by_their_ways():
    """Direct sharers are told apart from those who reach the reader through others, and from those who do not."""
    table = split_sources(make_graph(PAIRS, nodes=["w"]), ["x", "y", "w", "i"], ["i"])

    assert [("w", "none"), ("x", "indirect"), ("y", "direct")] == list(zip(table["agency_id"], table["way"]))
    assert [3, 1] == table["steps_n"].dropna().tolist()


def test_cut_of_a_diamond():
    """Two agencies suffice for x. With a third way through y only a and b do; without it, c and d do as well."""
    cut, other = (find_cut(make_graph(pairs), ["x"], ["i"]) for pairs in (PAIRS, PAIRS[:-1]))

    assert ["a", "b"] == cut["agency_id"].tolist() == other["agency_id"].tolist()
    assert [True, True] == cut["is_in_every"].tolist()
    assert [False, False] == other["is_in_every"].tolist()


def test_cut_through_one_agency():
    """A lone agency in between is in every minimum cut; who will not stop is gone round."""
    graph = make_graph(["xm", "ma", "mb", "ai", "bi"], reporters=["m"], pools=["a"])
    cut, other = find_cut(graph, ["x"], ["i"]), find_cut(graph, ["x"], ["i"], fixed=["m"])

    assert [("m", True, True, False)] == list(cut.itertuples(index=False, name=None))
    assert [("a", True, False, True), ("b", True, False, False)] == list(
        other.itertuples(index=False, name=None)
    )


def test_no_way_needs_no_cut():
    """Where no way leads, nobody has to stop."""
    assert find_cut(make_graph(["xa", "bi"]), ["x"], ["i"]).empty
    assert find_cut(make_graph(["xa", "bi"]), [], ["i"]).empty


@pytest.mark.parametrize("source", ["y", "i"])
def test_direct_sharers_are_refused(source):
    """No third agency closes the way of one that shares straight; the message says what to do."""
    with pytest.raises(DataError, match="take it out with `split_sources`"):
        find_cut(make_graph(PAIRS), [source], ["i"])


def test_agencies_that_will_not_stop_can_hold_a_way_open():
    """If all in between stay, no cut exists."""
    with pytest.raises(DataError, match="will not stop alone"):
        find_cut(make_graph(["xa", "ai"]), ["x"], ["i"], fixed=["a"])


@st.composite
def small_networks(draw):
    """Up to eight agencies with one or two sources and targets, no source sharing straight with a target."""
    names = "abcdefgh"[: draw(st.integers(4, 8))]
    every = [u + v for u in names for v in names if u != v]
    pairs = draw(st.lists(st.sampled_from(every), unique=True, min_size=3))
    sources, targets = draw(st.sampled_from([("a", "b"), ("ac", "b"), ("a", "bc")]))
    return (
        [pair for pair in pairs if not (pair[0] in sources and pair[1] in targets)],
        names,
        sources,
        targets,
    )


@settings(max_examples=120, deadline=None)
@given(small_networks())
def test_cut_cuts_and_no_smaller_one_does(case):
    """Against every subset: the cut closes all ways, none smaller does, and `is_in_every` is true of all smallest."""
    pairs, names, sources, targets = case
    graph = make_graph(pairs, nodes=list(names))
    cut = find_cut(graph, sources, targets)
    others = [name for name in names if name not in sources + targets]

    def closes(group):
        return not any(has_way(pairs, u, v, group) for u in sources for v in targets)

    smallest = next(
        found
        for size in range(len(others) + 1)
        if (found := [set(group) for group in combinations(others, size) if closes(group)])
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuts, "COMPILED_FROM", 0)
        compiled = find_cut(graph, sources, targets)
    assert set(cut["agency_id"]) in smallest
    assert set.intersection(*smallest) == set(cut.loc[cut["is_in_every"], "agency_id"])
    assert compiled.equals(cut)


@settings(max_examples=40, deadline=None)
@given(small_networks(), st.permutations("abcdefgh"))
def test_names_do_not_change_the_size_of_a_cut(case, order):
    """Renaming agencies renames the steps and leaves the size of the cut."""
    pairs, names, sources, targets = case
    new = dict(zip("abcdefgh", order))
    renamed = [new[u] + new[v] for u, v in reversed(pairs)]
    graph, other = (
        make_graph(pairs, nodes=list(names)),
        make_graph(renamed, nodes=[new[name] for name in names]),
    )
    cut = find_cut(other, [new[name] for name in sources], [new[name] for name in targets])
    steps = dict(zip(other.names, measure_steps(other, [new[name] for name in targets])))

    assert len(find_cut(graph, sources, targets)) == len(cut)
    assert [steps[new[name]] for name in graph.names] == measure_steps(graph, targets).tolist()


STATEMENTS = pd.DataFrame(
    [(u, v, f"list-{u}", f"p. {at}", "2020") for at, (u, v) in enumerate(PAIRS)]
    + [("x", "a", "other", None, "2021")],
    columns=["from_id", "to_id", "source_id", "page", "as_of"],
)


def test_paths_carry_the_source_of_every_step():
    """Five shortest ways lead from x; the first by name is listed, with both sources of its first step."""
    table = cite_paths(make_graph(PAIRS), "x", ["i"], STATEMENTS, most=1)

    assert ["xa", "ac", "ci"] == (table["from_id"] + table["to_id"]).tolist()
    assert ["list-x; other", "list-a", "list-c"] == table["source_ids"].tolist()
    assert ["p. 0", "p. 2", "p. 6"] == table["pages"].tolist()
    assert "2020; 2021" == table["as_of"].iloc[0]
    assert {5} == set(table["ways_n"])


def test_all_shortest_paths_are_those_of_networkx():
    """As many ways as networkx finds, none longer."""
    table = cite_paths(make_graph(PAIRS), "x", ["i"], STATEMENTS)
    found = {tuple(part["from_id"]) + ("i",) for _, part in table.groupby("way_no")}

    assert set(map(tuple, nx.all_shortest_paths(nx.DiGraph(list(map(tuple, PAIRS))), "x", "i"))) == found


def test_a_step_without_a_statement_is_refused():
    """A way is listed only if each step can be walked back to a source."""
    with pytest.raises(DataError, match="no statement for a to c"):
        cite_paths(make_graph(PAIRS), "x", ["i"], STATEMENTS[STATEMENTS["to_id"] != "c"])
    assert cite_paths(make_graph(PAIRS), "i", ["x"], STATEMENTS).empty


def test_unknown_agencies_are_refused():
    """A name that the network does not hold, or none, is an error and no empty answer."""
    with pytest.raises(DataError, match="no agency named `q`"):
        measure_steps(make_graph(PAIRS), ["q"])
    with pytest.raises(DataError, match="none is given"):
        find_cut(make_graph(PAIRS), ["x"], [])
