"""The agency table against the CSV files, read without the package."""

import pytest

from helpers.facts import agencies
from made.notebooks import read


@pytest.fixture(scope="module")
def table():
    return agencies.build_agency_table().set_index("agency_id")


def test_every_agency_but_companies_pools_and_unnamed_groups_has_one_row(table):
    named = read("agencies")
    named = named[named["kind"].isin(["police", "sheriff", "campus_police", "fusion_center", "federal"])]
    assert sorted(table.index) == sorted(named["agency_id"])


def test_an_agency_is_named_by_a_listing_and_denied_by_a_full_denial_only(table):
    """A reply or another record names nobody; three deny all of it.

    The chief who found ICE on his list the next day confirms it.
    """
    listings = read("sharing_claims").query("claim_kind == 'listing' and is_in_release == 'true'")
    is_listed = table["on_ice_list"]
    assert set(listings["agency_id"]) == set(table.index[is_listed != "not named"])
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
    lists = read("lists").query("section == 'detections_shared' and is_whole == 'true'")
    names = read("sharing_lists").query("section == 'detections_shared' and is_inactive == 'false'")
    rows = names.merge(lists[["list_id", "reported_by"]], on="list_id").query("agency_id != reported_by")
    counted = rows[rows["agency_id"].isin(table.index)].groupby("agency_id")["list_id"].nunique()
    assert counted.to_dict() == table.loc[table["lists_n"] > 0, "lists_n"].to_dict()


def test_every_status_has_a_phrase():
    """A new status in the table of claims needs a phrase for readers."""
    assert set(read("sharing_claims").query("claim_kind != 'note'")["status"]) <= set(agencies.PHRASES)
