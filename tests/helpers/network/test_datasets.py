"""The networks that a notebook can be pointed at: documented ways, lists of portals, one's own records."""

import os

import pandas as pd
import pytest

from helpers import paths
from helpers.canonical import build_table
from helpers.errors import DataError
from helpers.facts import tables
from helpers.network import datasets

NEEDS_MIRROR = pytest.mark.skipif(
    not os.environ.get("SIDEDOOR_MIRROR"), reason="SIDEDOOR_MIRROR names no folder of real records"
)


@pytest.fixture(scope="module")
def documented():
    """The default network."""
    return datasets.load_network("documented")


def test_documented_ways_have_no_reporter(documented):
    """Sources print single lines: nobody's whole list is known, units count as their agency, denied ways do not count."""
    edges = documented.lists.edges
    pairs = set(zip(edges["from_id"], edges["to_id"]))

    assert () == documented.lists.reporters
    assert {"nvls", "nvls-members-undisclosed", "ncric-requesters-undisclosed"} == set(documented.lists.pools)
    assert ("la-habra-pd-ca", "ice") in pairs and not any("ice-hsi" in pair for pair in pairs)
    assert ("nvls", "ice") not in pairs
    assert any("nvls-to-ice-trial-2012" in note for note in documented.notes)


def test_every_documented_statement_is_a_row_of_the_table(documented):
    """Each statement keeps the source and page of a path."""
    rows = tables.load_table("access_paths")
    known = set(zip(rows["source_id"], rows["page"].fillna("")))

    assert set(zip(documented.statements["source_id"], documented.statements["page"].fillna(""))) <= known
    publishers = tables.load_table("sources").set_index("source_id")["publisher"]
    assert (
        documented.statements["source_id"].map(publishers).tolist()
        == documented.statements["reported_by"].tolist()
    )


def test_accounts_of_a_reader_are_found(documented):
    """ICE is one node of the documented network; an agency can be named by its id, and nobody by an unknown word."""
    assert ["ice"] == datasets.find_targets(documented, "ice")
    assert ["irvine-pd-ca"] == datasets.find_targets(documented, "irvine-pd-ca")
    assert [] == datasets.find_targets(documented, "nobody")


def test_an_agency_is_chosen_or_found(documented):
    """Without a name the owner with most documented readers, by id among equals; a wrong one gets an offer."""
    counts = documented.lists.edges["from_id"].value_counts()
    most = sorted(counts.index[counts == counts.max()])[0]

    assert most == datasets.choose_agency(documented)
    assert "ncric" == datasets.choose_agency(documented, "ncric")
    with pytest.raises(DataError, match="Did you mean irvine-pd-ca"):
        datasets.choose_agency(documented, "irvine-pd")


def make_sharing(*rows):
    """Make a canonical table of (from, to, reporter, section, date)."""
    columns = ["from_agency_as_printed", "to_agency_as_printed", "reported_by", "section", "as_of"]
    return build_table(
        "sharing", pd.DataFrame(rows, columns=columns).assign(shares="detections", source_id="file-x", page=3)
    )


RECORDS = make_sharing(
    (
        "Irvine Police Department (CA)",
        "DHS - HSI (Newark NJ)",
        "Irvine Police Department (CA)",
        "detections_shared",
        "2020",
    ),
    (
        "Irvine Police Department (CA)",
        "Exampleton ZZ PD",
        "Irvine Police Department (CA)",
        "detections_shared",
        "2020",
    ),
    (
        "Irvine Police Department (CA)",
        "Irvine PD CA",
        "Irvine Police Department (CA)",
        "detections_shared",
        "2020",
    ),
    ("Exampleton  ZZ PD", "Irvine PD (CA)", "Irvine Police Department (CA)", "detections_received", "2020"),
)


def test_names_of_records_are_resolved():
    """Spellings of one agency are one node; a name unknown to the registry stays as printed; a list's own name is left out."""
    data = datasets.read_records(RECORDS)

    assert [
        ("Exampleton ZZ PD", "irvine-pd-ca"),
        ("irvine-pd-ca", "Exampleton ZZ PD"),
        ("irvine-pd-ca", "ice-hsi-newark"),
    ] == list(data.lists.edges[["from_id", "to_id"]].itertuples(index=False, name=None))
    assert ("irvine-pd-ca",) == data.lists.reporters
    assert ["ice-hsi-newark"] == datasets.find_targets(data, "ice")
    assert {"p. 3"} == set(data.statements["page"])
    assert any(
        note.startswith("1 line that names the reporting agency itself is left out") for note in data.notes
    )
    assert "CA" == data.agencies.set_index("agency_id").loc["irvine-pd-ca", "state"]
    assert ("2020", "file-x", ["file-x"]) == (data.period, data.publishers, data.sources)


def test_a_report_without_its_own_state_takes_the_given_one():
    """Irvine's own report prints no state: given one, its list is that of the Irvine which another list names; no name that has a state changes."""
    printed = RECORDS.replace({"Irvine Police Department (CA)": "Irvine Police Department"})
    without, given = datasets.read_records(printed), datasets.read_records(printed, "CA")

    assert ("Irvine Police Department",) == without.lists.reporters and (
        "irvine-pd-ca",
    ) == given.lists.reporters
    assert datasets.read_records(RECORDS).lists.edges.equals(given.lists.edges)
    assert any(
        note.startswith("CA is taken for the state of 1 reporting agency that prints none")
        for note in given.notes
    )
    with pytest.raises(DataError, match="`California` is no state"):
        datasets.read_records(printed, "California")


def test_records_without_shares_of_detections_are_refused():
    """A list of hot lists alone is no network of detections."""
    with pytest.raises(DataError, match="no list shares detections"):
        datasets.read_records(RECORDS.assign(shares="hot_list"))


@pytest.mark.parametrize(
    ("network", "found"), [("everything", "there is no network"), ("records", "no folder is given")]
)
def test_unknown_networks_are_refused(network, found):
    """The error names the networks, or the parameter that is missing."""
    with pytest.raises(DataError, match=found):
        datasets.load_network(network)


def test_a_notebook_asks_no_server(tmp_path, monkeypatch):
    """Lists that were not fetched are an error that names the command."""
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.delenv("SIDEDOOR_MIRROR", raising=False)
    with pytest.raises(DataError, match="sidedoor fetch private-eyes-edges"):
        datasets.load_network("private-eyes")


@NEEDS_MIRROR
def test_lists_of_portals_are_the_published_ones(tmp_path, monkeypatch):
    """4,620 agencies, 37,099 edges, 224 lists; no account of ICE, and the FBI once."""
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    data = datasets.load_network("private-eyes")

    assert (4620, 37099, 224) == (len(data.agencies), len(data.lists.edges), len(data.lists.reporters))
    assert [] == datasets.find_targets(data, "ice")
    assert ["FBI"] == datasets.find_targets(data, "fbi")
    assert "Pittsboro IN PD" == datasets.choose_agency(data)
    assert not data.agencies["agency_id"].str.contains(r"^\s|\s$|\s\s").any()
