"""The list of agencies: names recovered, sources behind them, and answers."""

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.facts import release as sharing
from helpers.facts import tables

COLUMNS = [
    "claim_id",
    "agency_id",
    "agency_as_printed",
    "state",
    "claim_kind",
    "status",
    "is_in_release",
    "as_of",
]


def make_claims() -> pd.DataFrame:
    """Four listings of three agencies, one unnamed, replies, a correction, and another record."""
    rows = [
        ("a1", "a-pd-ca", "A", "CA", "listing", "listed", True, "2019-03-13", "post", "paper", "report"),
        ("b1", "b-pd-tx", "B", "TX", "listing", "listed", True, "2019-03-13", "paper", None, None),
        ("c1", "c-pd-tx", "C", "TX", "listing", "listed", True, "2019-03-13", "diary", None, None),
        ("u1", None, "(unnamed)", "NJ", "listing_unnamed", "listed", True, "2019-03-13", "diary", None, None),
        ("a4", "a-pd-ca", "A", "CA", "correction", "corrected", True, None, "post", None, None),
        ("a3", "a-pd-ca", "A", "CA", "reply", "denied_and_stopped", True, "2019-03-14", "city", None, None),
        ("a2", "a-pd-ca", "A", "CA", "reply", "denied", True, "2019-03", "paper", None, None),
        ("b2", "b-pd-tx", "B", "TX", "other_record", "denied", False, "2018-03-02", "weekly", None, None),
        ("d1", "d-pd-ca", "D", "CA", "reply", "denied", True, "2019-03-14", "paper", None, None),
    ]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "source_id", "corroborated_by", "account_source_id"])
    return table.assign(page=None, read_as="press_excerpt", statement="said")


@pytest.fixture
def claims():
    """The small table of claims."""
    return make_claims()


@pytest.fixture
def agencies():
    """Settled names of the agencies in it."""
    names = {"a-pd-ca": "A Police", "b-pd-tx": "B Police", "c-pd-tx": "C Police", "d-pd-ca": "D Police"}
    return pd.DataFrame({"agency_id": list(names), "name": list(names.values())})


def test_only_named_listings_of_the_release_are_recovered(claims, agencies):
    """Unnamed listings, replies and other records are no recovered names."""
    found = sharing.list_recovered(claims, agencies)
    assert found["agency_id"].tolist() == ["a-pd-ca", "b-pd-tx", "c-pd-tx"]
    assert found["sources_n"].tolist() == [2, 1, 1]
    assert found["has_account"].tolist() == [True, False, False]
    assert found["name"].tolist() == ["A Police", "B Police", "C Police"]


def test_an_account_in_another_report_is_no_second_source(claims, agencies):
    """`account_source_id` never raises the number of sources."""
    claims.loc[claims["agency_id"] == "b-pd-tx", "account_source_id"] = "report"
    found = sharing.list_recovered(claims, agencies).set_index("agency_id")
    assert found.loc["b-pd-tx", "sources_n"] == 1


def test_the_same_source_twice_counts_once(claims, agencies):
    """A name listed in two rows by one source has one source."""
    twice = pd.concat([claims, claims[claims["claim_id"] == "c1"].assign(claim_id="c2")])
    assert sharing.list_recovered(twice, agencies).set_index("agency_id").loc["c-pd-tx", "sources_n"] == 1


def test_more_sources_can_be_asked_for(claims, agencies):
    """With two sources demanded one name is left; with three, or none, an error says what to do."""
    assert sharing.list_recovered(claims, agencies, 2)["agency_id"].tolist() == ["a-pd-ca"]
    with pytest.raises(DataError, match="Lower min_sources"):
        sharing.list_recovered(claims, agencies, 3)
    with pytest.raises(DataError, match="at least one source"):
        sharing.list_recovered(claims, agencies, 0)


def test_names_are_counted_by_state_and_by_source(claims, agencies):
    """States and sources come with their counts, the larger first; names with one source are told apart."""
    found = sharing.list_recovered(claims, agencies)
    by_state = sharing.count_by_state(found).set_index("state")
    assert by_state.index.tolist() == ["TX", "CA"]
    assert by_state[["names_n", "single_n", "sources_n"]].to_numpy().tolist() == [[2, 2, 2], [1, 0, 2]]
    by_source = sharing.count_by_source(found).set_index("source_id")
    assert by_source["names_n"].to_dict() == {"paper": 2, "diary": 1, "post": 1}
    assert by_source["only_n"].to_dict() == {"paper": 1, "diary": 1, "post": 0}


def test_listing_reply_and_correction_stay_separate_and_in_order(claims, agencies):
    """The listing comes first, the month before its days, the undated correction last; unlisted agencies are out."""
    found = sharing.list_recovered(claims, agencies)
    trace = sharing.trace_replies(claims, found)
    assert trace["agency_id"].unique().tolist() == ["a-pd-ca"]
    assert trace["status"].tolist() == ["listed", "denied", "denied_and_stopped", "corrected"]


def test_an_agency_that_denies_and_stops_counts_in_both(claims, agencies):
    """Groups of answers overlap, and silence is named as what was not found."""
    found = sharing.list_recovered(claims, agencies)
    answers = sharing.count_answers(sharing.trace_replies(claims, found), found).set_index("answer")[
        "agencies_n"
    ]
    assert answers["denies"] == answers["cut off"] == answers["any answer"] == 1
    assert answers["corrected by the publisher"] == 1
    assert answers["admits"] == 0
    assert answers["denies and cut off"] == 1
    assert answers["neither of the two"] == 0
    assert answers["none found"] == 2


def test_every_status_of_a_reply_is_an_answer():
    """No status that the schema allows for replies in the table falls through the groups."""
    claims = tables.load_table("sharing_claims")
    replies = set(claims.loc[claims["claim_kind"] == "reply", "status"])
    assert replies <= {status for statuses in sharing.ANSWERS.values() for status in statuses}


def test_one_agency_can_be_followed(claims):
    """All its claims come in order of date; an agency without claims is refused."""
    assert sharing.follow_agency(claims, "a-pd-ca")["claim_id"].tolist() == ["a2", "a1", "a3", "a4"]
    with pytest.raises(DataError, match="no claim about"):
        sharing.follow_agency(claims, "nobody")


def test_recovery_of_the_real_list_is_as_the_sources_have_it():
    """48 names: TX 19 (one article), CA 11, CT 8, IL 4, IN 3, GA 3, as the sources print them."""
    found = sharing.list_recovered(tables.load_table("sharing_claims"), tables.load_table("agencies"))
    by_state = sharing.count_by_state(found).set_index("state")["names_n"].to_dict()
    assert by_state == {"TX": 19, "CA": 11, "CT": 8, "IL": 4, "IN": 3, "GA": 3}
    only = sharing.count_by_source(found).set_index("source_id")["only_n"]
    assert only["diario-digital-2019"] == 19


def test_answers_to_the_real_list_are_no_partition():
    """13 answered: 3 denied, 4 denied in part, 5 cut off, 3 of them after a denial of either kind, 4 did neither.

    Denied: Union City, San Luis Obispo, Manteca. In part: Enfield, Wethersfield, Norwalk, SCSU.
    Cut off: Tulare, Manteca, Wethersfield, SCSU, Downers Grove; Merced's statement of 2026 does not
    name ICE. Neither: La Habra, Merced, Fairfield, Westport.
    """
    claims = tables.load_table("sharing_claims")
    found = sharing.list_recovered(claims, tables.load_table("agencies"))
    answers = sharing.count_answers(sharing.trace_replies(claims, found), found).set_index("answer")[
        "agencies_n"
    ]
    groups = ["any answer", "denies", "denies in part", "cut off", "denies and cut off", "neither of the two"]
    assert answers[groups].tolist() == [13, 3, 4, 5, 3, 4]


def test_tulare_merced_and_connecticut_have_a_second_witness():
    """Each of these names is tied to the list by two sources or more; Texas still has one."""
    found = sharing.list_recovered(tables.load_table("sharing_claims"), tables.load_table("agencies"), 2)
    again = set(found["agency_id"])
    assert {"tulare-pd-ca", "merced-pd-ca"} <= again
    assert sum(name.endswith("-ct") for name in again) == 8
    assert not any(name.endswith("-tx") for name in again)
    assert {"law-tribune-2019", "abc30-2019"} <= set(" ".join(found["source_ids"]).split())


def test_pages_of_one_newsroom_count_once():
    """GovTech reprinted the Fresno Bee: no name has both as its sources."""
    found = sharing.list_recovered(tables.load_table("sharing_claims"), tables.load_table("agencies"))
    newsroom = {"govtech-2019-03", "vcstar-2019", "fresnobee"}
    assert all(len(newsroom & set(names.split())) <= 1 for names in found["source_ids"])


def test_union_city_has_a_listing_denials_and_a_correction():
    """The disputed listing is never kept without what was said against it."""
    story = sharing.follow_agency(tables.load_table("sharing_claims"), "union-city-pd-ca")
    assert story["claim_kind"].value_counts().to_dict() == {"reply": 3, "listing": 1, "correction": 1}
    assert story["claim_kind"].iloc[-1] == "correction"
