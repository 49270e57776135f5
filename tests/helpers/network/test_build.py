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


def test_an_inactive_account_has_no_edge():
    """An account marked as inactive cannot search: it is on the list and not in the network."""
    data = make_data(make_list(["Alton IL PD", ("Inactive Benton WA PD", None, True)]))

    assert len(data.rows) == 2
    assert list(build_graph(data).edges) == [(data.find_agency(ME), "alton pd IL")]


def test_who_reported_is_known_of_every_node():
    """Only who released a list of recipients is a reporter, only who released one of senders a receiver."""
    graph = make_graph(
        {ME: ["Alton IL PD", "Other ZZ PD"], "Other ZZ PD": ["Alton IL PD"]}, {ME: ["Benton WA PD"]}
    )
    reporters = {name for name, is_it in graph.nodes(data="is_reporter") if is_it}

    assert len(reporters) == 2 and set(select_reporters(graph)) == reporters
    assert [name for name, is_it in graph.nodes(data="is_receiver") if is_it] == [
        name for name in reporters if graph.nodes[name]["name"] == ME
    ]


def test_two_lists_of_one_share_are_one_edge_with_both_sources():
    """The owner's list and the reader's list say the same: one edge, both dates, both sources."""
    data = make_data(
        make_list(["Other ZZ PD"], date="2024-01-01", source="mine"),
        make_list([ME], "Other ZZ PD", RECEIVED, "2025-01-01", source="theirs"),
    )
    graph = build_graph(data)
    ((_, _, about),) = graph.edges(data=True)

    assert about == {
        "sections": "detections_received, detections_shared",
        "dates": "2024-01-01, 2025-01-01",
        "sources": "mine, theirs",
    }


def test_an_agency_that_names_itself_has_no_loop():
    assert nx.number_of_selfloops(make_graph({ME: [ME, "Alton IL PD"]})) == 0


def test_the_matrix_of_lists_is_the_network():
    graph = make_graph({ME: ["Alton IL PD", "Benton WA PD"], "Other ZZ PD": ["Benton WA PD"]})
    lists = list_matrix(graph)

    assert lists.sum().to_dict() == {"alton pd IL": 1, "benton pd WA": 2}
    assert {(u, v) for u in lists.index for v in lists.columns if lists.at[u, v]} == set(graph.edges)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    graph = make_graph({ME: ["Alton & <Sons> IL PD", "=SUM(1) \x07PD"], "Other ZZ PD": [ME]})
    return graph, {name: tmp_path / name for name in save_network(graph, "net")}


def test_files_open_in_gephi_and_spreadsheets(saved):
    """Source and Target, Id and Label are the first headers; no cell is a formula."""
    graph, files = saved
    texts = {name: files[f"net-{name}.csv"].read_text(encoding="utf-8") for name in ("edges", "nodes")}
    tables = {name: list(csv.reader(text.splitlines())) for name, text in texts.items()}

    first, second, *others = tables["edges"][0]
    assert [first, second] == ["Source", "Target"] and others == sorted(others), "the same order in each run"
    assert tables["nodes"][0][:2] == ["Id", "Label"]
    assert len(tables["edges"]) == graph.number_of_edges() + 1
    assert len(tables["nodes"]) == graph.number_of_nodes() + 1
    assert not any(cell.startswith("=") for rows in tables.values() for row in rows for cell in row)


@pytest.mark.parametrize(("end", "read"), [(".graphml", nx.read_graphml), (".gexf", nx.read_gexf)])
def test_xml_files_read_back_to_the_same_network(saved, end, read):
    """Names with characters that XML cannot hold are kept readable; shares and marks are the same."""
    graph, files = saved
    found = read(files[f"net{end}"])

    assert found.number_of_edges() == graph.number_of_edges()
    assert sorted(about["is_reporter"] for _, about in found.nodes(data=True)) == sorted(
        about["is_reporter"] for _, about in graph.nodes(data=True)
    )


def test_files_are_the_same_bytes_on_another_day(saved, tmp_path, monkeypatch):
    graph, files = saved
    first = {name: path.read_bytes() for name, path in files.items()}
    monkeypatch.setattr(time, "strftime", lambda *_: "2001-01-01")
    save_network(graph, "net")

    assert {name: path.read_bytes() for name, path in files.items()} == first


def test_regions_of_accounts():
    """Without the state of the agency itself nothing is inside or outside."""
    states = pd.Series(["CA", "TX", "federal", None])

    assert name_regions(states, "CA").tolist() == ["in the state", "another state", "federal", "unknown"]
    assert name_regions(states, "").tolist() == ["unknown", "unknown", "federal", "unknown"]
