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
    kinds = {"police", "sheriff", "campus_police", "fusion_center", "federal"}
    assert sorted(table.index) == sorted(row["agency_id"] for row in read("agencies") if row["kind"] in kinds)


def test_an_agency_is_named_by_a_listing_and_denied_by_a_full_denial_only(table):
    """A reply or another record names nobody; three deny all of it.

    The chief who found ICE on his list the next day confirms it.
    """
    listings = [row for row in read("sharing_claims") if row["claim_kind"] == "listing"]
    named = {row["agency_id"] for row in listings if row["is_in_release"] == "true"}
    is_listed = table["on_ice_list"]
    assert named == set(table.index[is_listed != "not named"])
    denied = {"union-city-pd-ca", "manteca-pd-ca", "san-luis-obispo-county-so-ca"}
    assert set(table.index[is_listed == "denied"]) == denied
    assert (is_listed["wethersfield-pd-ct"], is_listed["norwalk-pd-ct"]) == ("yes", "reported")


def test_the_status_is_the_latest_dated_statement(table):
    """A settlement that ended sharing outlasts the suit; a day within a month comes after the month.

    A reply is later than the listing that it is about, of the same month or without a date.
    """
    on = table["status_on"]
    assert (on["marin-county-so-ca"], on["merced-pd-ca"]) == ("25 May 2022", "25 April 2026")
    assert table.loc["forest-park-pd-il", "status"] == agencies.PHRASES["stopped"]
    replied = table.loc[["manteca-pd-ca", "enfield-pd-ct", "downers-grove-pd-il"], "status"]
    assert agencies.PHRASES["listed"] not in set(replied) and on["downers-grove-pd-il"] == "undated"


def test_lists_are_complete_ones_of_others_on_which_the_agency_is_active(table):
    """Counted again for every agency from the two tables of lists."""
    lists = [row for row in read("lists") if row["section"] == "detections_shared"]
    whole = {row["list_id"]: row["reported_by"] for row in lists if row["is_whole"] == "true"}
    found = {}
    for row in read("sharing_lists"):
        is_active = row["section"] == "detections_shared" and row["is_inactive"] == "false"
        if is_active and whole.get(row["list_id"], row["agency_id"]) != row["agency_id"]:
            found.setdefault(row["agency_id"], set()).add(row["list_id"])
    counted = {name: len(found[name]) for name in found if name in table.index}
    assert counted == table.loc[table["lists_n"] > 0, "lists_n"].to_dict()


def test_every_status_has_a_phrase():
    """A new status in the table of claims needs a phrase for readers."""
    said = {row["status"] for row in read("sharing_claims") if row["claim_kind"] != "note"}
    assert said <= set(agencies.PHRASES)
