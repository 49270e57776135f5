"""Behaviour of `helpers.doors.parties`: kinds of bodies, and names that are or may be one."""

import pandas as pd
import pytest

from helpers.doors import describe_parties, match_names


@pytest.mark.parametrize(
    ("name", "party"),
    [
        ("Exampleton ZZ PD", "local"),
        ("Sample County CA SO", "local"),
        # ICE never inside another word: a pattern that found it took sheriffs and police for federal agencies
        ("Sample County Sheriff's Office (CA)", "local"),
        ("Sample CA Police", "local"),
        ("Texas Department of Criminal Justice", "local"),
        ("Device Falls TX PD", "local"),
        ("ICE", "federal"),
        ("[Federal] Simulated Federal Agency", "federal"),
        ("U.S. Border Patrol", "federal"),
        ("DHS-HSI (Newark NJ)", "federal"),
        ("Northern California Regional Intelligence Center", "center"),
        ("NCRIC", "center"),
        ("Flock Safety LE Training", "demo"),
        ("Bailey Demo Cam", "demo"),
        ("Vigilant Solutions", "company"),
        ("National Lookup", "pool"),
        ("Org Name", "unknown"),
        ("", "unknown"),
        # one account, two bodies
        ("Loveland CO PD / ICE", "joint"),
        ("Exampleton CA PD - HSI Task Force", "joint"),
        ("Exampleton CA PD (DEA)", "joint"),
    ],
)
def test_bodies_are_told_apart(name, party):
    """Federal agencies, centers, companies, pools, joint and test accounts are told from local ones."""
    assert party == describe_parties([name])["party"].item()


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
