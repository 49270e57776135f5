"""Graphs of sharing lists, and the files that other programs open."""

import csv
import time

import networkx as nx
import pandas as pd
import pytest

from helpers.network import build_graph, save_network, select_reporters
from helpers.network.build import list_matrix, name_regions
from helpers.network.load import RECEIVED
from made.lists import ME, make_data, make_graph, make_list


def test_inactive_accounts_and_the_agency_itself_have_no_edge():
    """An account marked as inactive cannot search: it is on the list and not in the network."""
    data = make_data(make_list(["Alton IL PD", ("Inactive Benton WA PD", None, True), ME]))

    assert len(data.rows) == 3
    assert list(build_graph(data).edges) == [(data.find_agency(ME), "alton pd IL")]


def test_who_reported_is_known_of_every_node():
    """Only who released a list of recipients is a reporter, only who released one of senders a receiver."""
    graph = make_graph(
        {ME: ["Alton IL PD", "Benton WA PD"], "Other ZZ PD": ["Benton WA PD"]}, {ME: ["Upton MA PD"]}
    )
    reporters = {name for name, is_it in graph.nodes(data="is_reporter") if is_it}
    receivers = [about["name"] for _, about in graph.nodes(data=True) if about["is_receiver"]]
    lists = list_matrix(graph)

    assert len(reporters) == 2 and set(select_reporters(graph)) == reporters and receivers == [ME]
    assert lists.sum().to_dict() == {"alton pd IL": 1, "benton pd WA": 2}
    told = {(u, v) for u in lists.index for v in lists.columns if lists.at[u, v]}
    assert told == {(u, v) for u, v in graph.edges if u in reporters}


def test_two_lists_of_one_share_are_one_edge_with_both_sources():
    """The owner's list and the reader's list say the same: one edge, both dates, both sources."""
    data = make_data(
        make_list(["Other ZZ PD"], date="2024-01-01", source="mine"),
        make_list([ME], "Other ZZ PD", RECEIVED, "2025-01-01", source="theirs"),
    )
    ((_, _, about),) = build_graph(data).edges(data=True)

    sections, dates = "detections_received, detections_shared", "2024-01-01, 2025-01-01"
    assert about == {"sections": sections, "dates": dates, "sources": "mine, theirs"}


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    graph = make_graph({ME: ["Alton & <Sons> IL PD", "=SUM(1) \x07PD"], "Other ZZ PD": [ME]})
    return graph, {name: tmp_path / name for name in save_network(graph, "net")}


def test_files_open_in_gephi_and_spreadsheets(saved):
    """Source and Target, Id and Label are the first headers; no cell is a formula."""
    graph, files = saved
    tables = {}
    for name in ("edges", "nodes"):
        with files[f"net-{name}.csv"].open(encoding="utf-8", newline="") as file:
            tables[name] = list(csv.reader(file))

    first, second, *others = tables["edges"][0]
    assert [first, second] == ["Source", "Target"] and others == sorted(others), "the same order in each run"
    assert tables["nodes"][0][:2] == ["Id", "Label"]
    sizes = graph.number_of_edges(), graph.number_of_nodes()
    assert (len(tables["edges"]) - 1, len(tables["nodes"]) - 1) == sizes
    assert not any(cell.startswith("=") for rows in tables.values() for row in rows for cell in row)


def test_xml_files_read_back_and_are_the_same_bytes_on_another_day(saved, monkeypatch):
    """Names with characters that XML cannot hold are kept readable; shares and marks are the same."""
    graph, files = saved
    first = {name: path.read_bytes() for name, path in files.items()}
    monkeypatch.setattr(time, "strftime", lambda *_: "2001-01-01")
    save_network(graph, "net")

    assert {name: path.read_bytes() for name, path in files.items()} == first
    for found in (nx.read_graphml(files["net.graphml"]), nx.read_gexf(files["net.gexf"])):
        assert found.number_of_edges() == graph.number_of_edges()
        marks = [sorted(is_it for _, is_it in one.nodes(data="is_reporter")) for one in (found, graph)]
        assert marks[0] == marks[1]


def test_regions_of_accounts():
    """Without the state of the agency itself nothing is inside or outside."""
    states = pd.Series(["CA", "TX", "federal", None])

    assert name_regions(states, "CA").tolist() == ["in the state", "another state", "federal", "unknown"]
    assert name_regions(states, "").tolist() == ["unknown", "unknown", "federal", "unknown"]
