"""Sharing lists of every kind, read into one form."""

import pandas as pd
import pytest

from helpers import paths
from helpers.canonical import build_table
from helpers.errors import DataError
from helpers.network import build_graph, load, load_network
from helpers.network.load import RECEIVED, SHARED
from made.lists import ME, make_data, make_list
from made.refusal import refused


def test_a_state_is_printed_carried_by_the_account_or_read_from_the_name():
    """Printed first, then the same account on another list, then the name."""
    data = make_data(
        make_list([("Alton PD", "IL"), ("Riverton PD", "WY"), "Benton WA PD"], date="2022-01-01"),
        make_list(["Alton PD", "Riverton PD", "Upton PD"], date="2025-01-01"),
        make_list([("Riverton PD", "UT")], reporter="Other ZZ PD"),
    )
    found = data.rows.set_index(["as_of", "name"])["state"]

    assert found["2022-01-01", "Benton WA PD"] == "WA"
    assert found["2025-01-01", "Alton PD"] == "IL"
    assert pd.isna(found["2025-01-01", "Riverton PD"]) and pd.isna(found["2025-01-01", "Upton PD"])
    irvine = make_data(make_list(["Alton IL PD"], "Irvine Police Department"), home="CA")
    assert load.find_state(irvine, irvine.find_agency("")) == "CA"


def test_federal_accounts_are_in_no_state():
    """An account of a federal agency keeps no state, whatever is printed beside it."""
    data = make_data(make_list([("DHS - HSI (Newark NJ)", "NJ"), ("ICE ERO", "DC")]))
    named = dict(zip(data.rows["name"], load.name_federal(data.rows["name"]), strict=True))

    assert data.rows["state"].tolist() == ["federal", "federal"]
    assert named["DHS - HSI (Newark NJ)"] == "Homeland Security Investigations"
    assert named["ICE ERO"] == "Immigration and Customs Enforcement"


def test_several_dates_of_one_agency_are_several_lists_and_the_latest_counts():
    """The network takes the latest list of each agency and section, or the latest up to a date."""
    data = make_data(
        make_list(["Alton IL PD", "Benton WA PD"], date="2022-01-01"),
        make_list(["Alton IL PD", "Upton MA PD"], date="2025-01-01"),
    )
    me = data.find_agency(ME)

    assert data.list_dates(me)["label"].tolist() == ["1 January 2022", "1 January 2025"]
    assert set(build_graph(data).successors(me)) == {"alton pd IL", "upton pd MA"}
    assert set(build_graph(data, "2024").successors(me)) == {"alton pd IL", "benton pd WA"}
    with refused("no-list", DataError):
        build_graph(data, "2021")


def test_spellings_of_one_agency_are_one_node_and_unsure_ones_stay_apart():
    """Place, role and state make one id; without a state a name stays as written, capitals aside.

    A Cyrillic letter makes another agency that looks the same: it is warned of.
    """
    data = make_data(
        make_list(["Alton IL PD", "Upton PD"]),
        make_list(["Alton Police Department (IL)", "UPTON PD", "Upton MA PD"], "Other ZZ PD"),
    )
    mixed = make_data(make_list(["Alton IL PD", "\u0410lton IL PD"]))

    assert sorted(data.rows["agency_id"].unique()) == ["Upton PD", "alton pd IL", "upton pd MA"]
    assert len(mixed.rows["agency_id"].unique()) == 2
    assert any("mix alphabets" in note and note.endswith(": 1.") for note in mixed.notes)


def test_hot_lists_open_no_detections_and_a_table_without_detections_is_refused():
    rows = [{**row, "shares": "hot_list"} for row in make_list(["Alton IL PD"])]

    assert len(make_data(rows, make_list(["Benton WA PD"])).rows) == 1
    with refused("no-detections", DataError):
        load.read_records(build_table("sharing", rows))


def test_an_agency_is_found_by_id_or_name_and_others_are_offered():
    data = make_data(make_list(["Alton IL PD"]))

    assert data.find_agency("alton pd IL") == data.find_agency("ALTON IL PD") == "alton pd IL"
    with refused("unknown-agency", DataError, hint="Alton IL PD"):
        data.find_agency("Altona IL PD")


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"network": "orange"}, "unknown-network"),
        ({"network": "records"}, "no-records"),
        ({"network": "documented", "home": "XX"}, "unknown-state"),
    ],
)
def test_wrong_choices_are_refused(choice, code):
    with refused(code, DataError):
        load_network(**choice)


def test_orange_county_holds_every_row_of_its_lists():
    """As many rows as the table of lists says."""
    data = load_network("orange-county")
    lists = pd.read_csv(paths.FACTS / "lists.csv")
    lists = lists[lists["section"].isin([SHARED, RECEIVED])].set_index(["list_id", "section"])
    counts = data.rows.groupby(["list_id", "section"]).size()
    whole = lists[lists["is_whole"].astype(bool)]["names_n"].dropna()

    assert (counts.reindex(whole.index, fill_value=0) == whole).all()


def test_documented_lines_are_no_list():
    data = load_network("documented")

    assert data.lists.empty and (data.rows["reported_by"] == "").all()
    assert not (data.rows["section"] == "hot_list").any()


def test_the_portals_file_is_checked_and_asked_of_no_server(tmp_path, monkeypatch):
    """Without the file the way out names the command; another file of that name is refused."""
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.delenv("SIDEDOOR_MIRROR", raising=False)
    with refused("not-fetched", DataError, hint="sidedoor fetch"):
        load.find_portals()

    (tmp_path / paths.FETCHED).mkdir()
    (tmp_path / paths.FETCHED / "agency_access20240426.csv").write_text("src_agency,external_agency\n")
    with refused("other-file", DataError):
        load.find_portals()
