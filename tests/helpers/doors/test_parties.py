"""Behaviour of `helpers.doors.parties`: kinds of bodies, and names that are or may be one."""

import pandas as pd
import pytest

from helpers.doors import describe_parties, match_names

PARTIES = {
    # ICE never inside another word: a pattern that found it took sheriffs and police for federal agencies
    "local": "Exampleton ZZ PD|Sample County CA SO|Sample County Sheriff's Office (CA)|Sample CA Police"
    "|Texas Department of Criminal Justice|Device Falls TX PD",
    "federal": "ICE|[Federal] Simulated Federal Agency|U.S. Border Patrol|DHS-HSI (Newark NJ)",
    "center": "Northern California Regional Intelligence Center|NCRIC",
    "demo": "Flock Safety LE Training|Bailey Demo Cam",
    "company": "Vigilant Solutions",
    "pool": "National Lookup",
    "unknown": "Org Name|",
    # one account, two bodies
    "joint": "Loveland CO PD / ICE|Exampleton CA PD - HSI Task Force|Exampleton CA PD (DEA)",
}


@pytest.mark.parametrize("party", PARTIES)
def test_bodies_are_told_apart(party):
    names = PARTIES[party].split("|")
    found = describe_parties(names).set_index("name")["party"]

    assert found.to_dict() == dict.fromkeys(names, party)


def test_missing_names_are_nobody():
    """A missing name is described once, as nobody, and never dropped."""
    table = describe_parties([None, pd.NA, float("nan"), "ICE", "ICE"])

    assert [["", "unknown", "", ""], ["ICE", "federal", "", "ice"]] == table.to_numpy().tolist()


COUNTY = "Orange County Sheriff's Department"


def test_names_are_matched_as_the_agencies_rules_compare_them():
    """Same in another order; another state or role is another agency; without a state nothing is certain.

    Names printed alike are one, even where no rule reads them; nobody matches nobody.
    """
    names = [
        "Aberdeen WA PD",
        "Orange County CA SO",
        "ICE - ERO Seattle",
        "Office Police",
        "org  name",
        "",
        None,
    ]
    lists = ["Aberdeen Police Department (WA)", "Aberdeen MD PD", COUNTY, "ICE", "HSI", "Org Name", ""]
    found = match_names(names, lists)[["name", "other", "outcome"]]

    assert [
        ("Aberdeen WA PD", "Aberdeen Police Department (WA)", "same"),
        ("ICE - ERO Seattle", "ICE", "unsure"),
        ("Orange County CA SO", COUNTY, "unsure"),
        ("org  name", "Org Name", "same"),
    ] == list(found.itertuples(index=False, name=None))


def test_a_person_decides_what_rules_cannot():
    """A pair that a person found to be one is the same, however little alike."""
    found = match_names(["OCSD"], [COUNTY, "ICE"], same=[("OCSD", COUNTY)])

    assert found.to_numpy().tolist() == [["OCSD", COUNTY, "same", "decided by a person"]]
