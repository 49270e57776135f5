"""Exported graphs are read by others as they were, odd names included, and are the same bytes each time."""

import csv
import xml.etree.ElementTree as ET

import networkx as nx
import pandas as pd
import pytest

from helpers import paths
from helpers.errors import DataError
from helpers.network import export_graph, save_graph
from sidedoor.publish.scan import scan_path

from .conftest import make_graph

ODD = ["<b>\"A\" & 'B'</b>", "line\nend\tand\rmore", "bell\x07", "Ñuñoa 警察", "=1+1"]


@pytest.fixture
def odd():
    """A ring of odd names."""
    return make_graph(zip(ODD, [*ODD[1:], ODD[0]], strict=True), reporters=ODD[:1], pools=ODD[1:2])


@pytest.mark.parametrize("suffix", ["graphml", "gexf"])
def test_xml_is_read_back(odd, suffix, tmp_path):
    """networkx reads the same edges and names; only what XML cannot hold is written out."""
    (path,) = export_graph(odd, tmp_path / f"g.{suffix}")
    read = nx.read_graphml(path) if suffix == "graphml" else nx.read_gexf(path, version="1.3")
    shown = {node: data["name" if suffix == "graphml" else "label"] for node, data in read.nodes(data=True)}
    fit = [name.replace("\x07", "\\x07") for name in odd.names]
    assert [shown[f"n{at}"] for at in range(5)] == fit
    assert {(shown[u], shown[v]) for u, v in read.edges} == {
        (fit[odd.find_node(u)], fit[odd.find_node(v)]) for u, v in zip(ODD, [*ODD[1:], ODD[0]], strict=True)
    }
    flags = {shown[node]: (data["is_reporter"], data["is_pool"]) for node, data in read.nodes(data=True)}
    assert flags[ODD[0]] == (True, False) and flags[ODD[1]] == (False, True)


def test_csv_holds_names_whole(odd, tmp_path):
    """CSV keeps every sign; a formula is no formula any more; nodes stand in a file beside."""
    edges, nodes = export_graph(odd, tmp_path / "g.csv")
    with edges.open(newline="", encoding="utf-8", errors="surrogatepass") as file:
        rows = list(csv.reader(file))
    safe = {name: "'" + name if name.startswith("=") else name for name in ODD}
    pairs = {(safe[u], safe[v]) for u, v in zip(ODD, [*ODD[1:], ODD[0]], strict=True)}
    assert rows[0] == ["from_id", "to_id"] and {tuple(row) for row in rows[1:]} == pairs
    assert nodes.name == "g-nodes.csv"
    assert nodes.read_bytes().startswith(b"agency_id,is_reporter,is_pool\n")


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "csv"])
def test_same_graph_same_bytes(suffix, tmp_path):
    """The order of rows changes no byte."""
    pairs = [("c", "a"), ("a", "b"), ("b", "c"), ("a", "c")]
    for name, given in (("one", pairs), ("two", pairs[::-1])):
        export_graph(make_graph(given), tmp_path / f"{name}.{suffix}")
    assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


def test_more_about_nodes(five, tmp_path):
    """Measures go along, with their types; a node without a row has none."""
    nodes = pd.DataFrame({"agency_id": ["a", "b"], "in_n": [1, 2], "state": ["CA", None]})
    (path,) = export_graph(five, tmp_path / "g.graphml", nodes)
    read = nx.read_graphml(path)
    assert read.nodes["n1"] == {"name": "b", "is_reporter": True, "is_pool": False, "in_n": 2.0}
    assert read.nodes["n0"]["state"] == "CA" and "in_n" not in read.nodes["n4"]
    ET.parse(export_graph(five, tmp_path / "g.gexf", nodes)[0])


def test_saved_beside_the_figures(five, tmp_path, monkeypatch):
    """GraphML and CSV go where the present run keeps its figures, and are what an export writes."""
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path / "figures"))

    assert save_graph(five, "net") == ["net.graphml", "net.csv", "net-nodes.csv"]
    for form in ("graphml", "csv"):
        export_graph(five, tmp_path / f"net.{form}")
    for name in ("net.graphml", "net.csv", "net-nodes.csv"):
        assert (paths.find_figure_folder() / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "csv"])
def test_last_gate_reads_every_form(suffix, tmp_path):
    """A plate in a name or in what is told of a node is found in each form; a graph without one passes."""
    nodes = pd.DataFrame({"agency_id": ["a & b"], "note": ['"7ABC123" <seen>']})
    export_graph(make_graph([("a & b", "c")]), tmp_path / f"clean.{suffix}")
    assert not scan_path(tmp_path)
    export_graph(make_graph([("a & b", "c")]), tmp_path / f"told.{suffix}", nodes)
    export_graph(make_graph([("8XYZ987", "Case 24-0012345")]), tmp_path / f"named.{suffix}")
    assert {("named", "plate"), ("named", "case_number"), ("told", "plate")} == {
        (leak.file.split(".")[0].split("-")[0], leak.kind) for leak in scan_path(tmp_path)
    }


def test_other_forms_are_refused(five, tmp_path):
    """A suffix that is no form of a graph, and a node described twice, are refused."""
    with pytest.raises(DataError, match="no form of a graph"):
        export_graph(five, tmp_path / "g.dot")
    with pytest.raises(DataError, match="twice"):
        export_graph(five, tmp_path / "g.csv", pd.DataFrame({"agency_id": ["a", "a"]}))
