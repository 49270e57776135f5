"""The agency table against the CSV files, read without the package."""

import csv

import pytest

from helpers import paths
from helpers.facts import agencies


def read(name):
    """The rows of a fact table."""
    with (paths.FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def table():
    """The table by agency."""
    return agencies.build_agency_table().set_index("agency_id")


def test_every_agency_but_companies_pools_and_unnamed_groups_has_one_row(table):
    """No agency is lost or doubled."""
    kinds = {"police", "sheriff", "campus_police", "fusion_center", "federal"}
    assert sorted(table.index) == sorted(row["agency_id"] for row in read("agencies") if row["kind"] in kinds)


def test_an_agency_is_named_if_a_listing_of_the_release_names_it(table):
    """The names of the list are those of the rows `listing`; a reply or another record names nobody."""
    named = {
        row["agency_id"]
        for row in read("sharing_claims")
        if row["claim_kind"] == "listing" and row["is_in_release"] == "true"
    }
    assert named == set(table.index[table["on_ice_list"] != "not named"])


def test_only_a_full_denial_is_a_denial(table):
    """Three deny all of it; the chief who found ICE on his list the next day confirms it."""
    denied = {"union-city-pd-ca", "manteca-pd-ca", "san-luis-obispo-county-so-ca"}
    assert set(table.index[table["on_ice_list"] == "denied"]) == denied
    assert table.loc["wethersfield-pd-ct", "on_ice_list"] == "yes"
    assert table.loc["norwalk-pd-ct", "on_ice_list"] == "reported"


def test_the_status_is_the_latest_dated_statement(table):
    """A settlement that ended sharing outlasts the suit; a day within a month comes after the month."""
    assert table.loc["marin-county-so-ca", "status_on"] == "25 May 2022"
    assert table.loc["forest-park-pd-il", "status"] == agencies.PHRASES["stopped"]
    assert table.loc["merced-pd-ca", "status_on"] == "25 April 2026"


def test_a_reply_is_later_than_the_listing_that_it_is_about(table):
    """Both are of the same month, or the reply has no date: the listing is never the latest word."""
    for name in ("manteca-pd-ca", "enfield-pd-ct", "downers-grove-pd-il"):
        assert table.loc[name, "status"] != agencies.PHRASES["listed"]
    assert table.loc["downers-grove-pd-il", "status_on"] == "undated"


def test_lists_are_complete_ones_of_others_on_which_the_agency_is_active(table):
    """Counted again for every agency from the two tables of lists."""
    whole = {
        row["list_id"]: row["reported_by"]
        for row in read("lists")
        if row["section"] == "detections_shared" and row["is_whole"] == "true"
    }
    found = {}
    for row in read("sharing_lists"):
        is_active = row["section"] == "detections_shared" and row["is_inactive"] == "false"
        if is_active and whole.get(row["list_id"], row["agency_id"]) != row["agency_id"]:
            found.setdefault(row["agency_id"], set()).add(row["list_id"])
    found.pop("", None)
    assert {name: len(lists) for name, lists in found.items() if name in table.index} == table.loc[
        table["lists_n"] > 0, "lists_n"
    ].to_dict()


def test_every_status_has_a_phrase():
    """A new status in the table of claims needs a phrase for readers."""
    said = {row["status"] for row in read("sharing_claims") if row["claim_kind"] != "note"}
    assert said <= set(agencies.PHRASES)
