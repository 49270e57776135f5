"""Sharing lists become edges, with whose lists they are."""

import pandas as pd
import pytest

from helpers.canonical import build_table
from helpers.errors import DataError
from helpers.facts import tables
from helpers.network import build_sharing, find_states, list_paths, list_sharing


def make_lists(*rows):
    """Make a canonical table of (from, to, shares, reported_by, section, as_of)."""
    columns = ["from_agency_as_printed", "to_agency_as_printed", "shares", "reported_by", "section", "as_of"]
    frame = pd.DataFrame(list(rows), columns=columns)
    frame["source_id"] = [f"s{at}" for at in range(len(rows))]
    frame["from_agency_id"], frame["to_agency_id"] = frame.iloc[:, 0] + "-id", frame.iloc[:, 1] + "-id"
    return build_table("sharing", frame)


ROWS = [
    ("A", "B", "detections", "A", "detections_shared", "2020"),
    ("A", "B", "hot_list", "A", "hot_lists_shared", "2020"),
    ("B", "A", "detections", "A", "detections_received", "2020"),
    ("A", "B", "detections", "B", "detections_received", "2019"),
    ("C", "National Lookup", "detections", "C", None, None),
]


def test_lists_state_edges_from_either_end():
    """The same edge in two lists is one row that says so; who only received is no reporter."""
    lists = list_sharing(make_lists(*ROWS))
    edges = lists.edges.set_index(["from_id", "to_id"])
    assert edges.index.tolist() == [("A", "B"), ("B", "A"), ("C", "National Lookup")]
    assert edges["is_hot_list"].tolist() == [True, False, False]
    assert edges["is_from_list"].tolist() == [True, False, True]
    assert edges["is_to_list"].tolist() == [True, True, False]
    assert edges["rows_n"].tolist() == [3, 1, 1]
    assert edges.loc[("A", "B"), ["as_of_first", "as_of_last", "source_ids"]].tolist() == [
        "2019",
        "2020",
        "s0, s1, s3",
    ]
    assert lists.reporters == ("A", "C")
    assert lists.pools == ("National Lookup",)
    assert lists.reporters_of == {"detections": ("A", "C"), "hot_list": ("A",)}


def test_graphs_by_kind():
    """A graph of one kind keeps all agencies, and the reporters of that kind."""
    lists = list_sharing(make_lists(*ROWS))
    hot = lists.build(["hot_list"])
    assert (lists.build().edges_n, hot.edges_n, hot.nodes_n) == (3, 1, 4)
    assert hot.names[hot.is_reporter].tolist() == ["A"]
    with pytest.raises(DataError, match="Choose out of"):
        lists.build(["faces"])


def test_names_are_printed_or_ids():
    """Agencies go by their printed names or by their ids; a missing id is refused by row."""
    table = make_lists(*ROWS[:3])
    assert build_sharing(table, by="id").names.tolist() == ["A-id", "B-id"]
    table.loc[2, "to_agency_id"] = None
    with pytest.raises(DataError, match="row 3: the reader has no name"):
        build_sharing(table, by="id")
    with pytest.raises(DataError, match="Read its parameters"):
        build_sharing(table, by="color")


def test_loops_are_refused_or_left_out():
    """An agency that shares with itself is refused by row, or left out; it stays a reporter."""
    table = make_lists(ROWS[0], ("D", "D", "detections", "D", "detections_shared", "2020"))
    with pytest.raises(DataError, match="row 2: an agency shares with itself"):
        list_sharing(table)
    lists = list_sharing(table, loops="leave_out")
    assert len(lists.edges) == 1 and lists.reporters == ("A", "D")


def test_the_latest_list_counts():
    """Of two dated lists of one agency the later counts, unless all are asked for; other sections are no matter."""
    table = make_lists(
        ("A", "B", "detections", "A", "detections_shared", "2019-01-01"),
        ("A", "C", "detections", "A", "detections_shared", "2020-01-01"),
        ("A", "D", "hot_list", "A", "hot_lists_shared", "2018-01-01"),
    )
    assert list_sharing(table).edges["to_id"].tolist() == ["C", "D"]
    assert list_sharing(table, is_latest=False).edges["to_id"].tolist() == ["B", "C", "D"]


def test_documented_paths():
    """The documented paths become edges; nobody's whole list is among them, and pools are told apart."""
    paths, known = tables.load_table("access_paths"), tables.load_table("agencies")
    lists = list_paths(paths, known)
    ways = paths[paths["standing"].isin(["documented", "disputed", "ended"])]
    assert set(zip(ways["from_id"], ways["to_id"], strict=True)) == set(
        zip(lists.edges["from_id"], lists.edges["to_id"], strict=True)
    )
    assert lists.reporters == () and "nvls" in lists.pools
    assert not lists.build().is_reporter.any()
    assert len(list_paths(paths, known, ["documented"]).edges) < len(lists.edges)


def test_states_are_read_from_names():
    """The state stands in the name, or is not known."""
    found = find_states(pd.Series({"x": "Pittsboro IN PD", "y": "Postal Inspection Service"}))
    assert found.to_dict() == {"x": "IN", "y": ""}


def test_real_lists(private_eyes):
    """private_eyes: the reporter of each row is its owner; no name is a pool."""
    assert len(private_eyes.reporters) == 224 and private_eyes.pools == ()
    assert private_eyes.edges["is_from_list"].all() and len(private_eyes.edges) == 37_099
