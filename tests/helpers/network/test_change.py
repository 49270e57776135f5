"""Two dated reports of one agency: kept, renamed, unsure, new and dropped, by hand."""

import pandas as pd
import pytest

from helpers.canonical import build_table
from helpers.errors import DataError
from helpers.network.change import compare_reports, count_changes


def make_report(as_of, shared=(), received=(), agency="Irvine Police Department"):
    """Make a canonical table of one report."""
    rows = [
        {"from_agency_as_printed": agency, "to_agency_as_printed": name, "section": "detections_shared"}
        for name in shared
    ]
    rows += [
        {"from_agency_as_printed": name, "to_agency_as_printed": agency, "section": "detections_received"}
        for name in received
    ]
    about = {"shares": "detections", "reported_by": agency, "as_of": as_of, "source_id": f"report-{as_of}"}
    return build_table("sharing", [row | about for row in rows])


BEFORE = make_report(
    "2020-03-02",
    [
        "Aberdeen Police Department (WA)",
        "Alton Police Department (IL)",
        "Corona Police Department (CA)",
        "Bell Police Department (CA)",
    ],
    ["Chino Police Department (CA)"],
)
AFTER = make_report(
    "2021-03-02",
    [
        "Aberdeen WA PD",
        "Altona Police Department (IL)",
        "Corona Police Department (CA)",
        "Bell Police Department",
    ],
    ["Chino Police Department (CA)", "Covina Police Department (CA)"],
)


def test_names_are_matched_by_the_rules():
    """Printed otherwise is renamed, Altona is not Alton, a name without its state is for a person to say."""
    table = compare_reports(BEFORE, AFTER)
    shared = table[table["section"] == "detections_shared"].set_index("status")

    assert ["kept", "renamed", "unsure", "new", "dropped"] == list(shared.index)
    assert (
        "Corona Police Department (CA)"
        == shared.loc["kept", "name_before"]
        == shared.loc["kept", "name_after"]
    )
    assert "Aberdeen WA PD" == shared.loc["renamed", "name_after"]
    assert "Bell Police Department" == shared.loc["unsure", "name_after"]
    assert "Altona Police Department (IL)" == shared.loc["new", "name_after"]
    assert "Alton Police Department (IL)" == shared.loc["dropped", "name_before"]
    assert table.loc[table["section"] == "detections_received", "status"].tolist() == ["kept", "new"]


def test_counts_add_up():
    """Every name of both lists is in exactly one row, and doubt gives bounds."""
    counts = count_changes(compare_reports(BEFORE, AFTER))

    assert ["detections_shared", "detections_received"] == counts.index.tolist()
    assert [4, 4, 1, 1, 1, 1, 1, 2, 2] == counts.loc["detections_shared"].tolist()
    assert [1, 2, 1, 0, 0, 1, 0, 1, 0] == counts.loc["detections_received"].tolist()


def test_two_new_names_near_one_are_for_a_person():
    """One earlier name cannot have become two: the first is unsure, the second new."""
    before = make_report("2020", ["Aberdeen Police Department (WA)"])
    after = make_report("2021", ["Aberdeen WA PD", "Aberdeen Police Dept. (WA)"])

    assert ["unsure", "new"] == compare_reports(before, after)["status"].tolist()


def test_a_persons_decision_overrules():
    """With a review the doubtful name is the same."""
    review = pd.DataFrame(
        {
            "name": ["Bell Police Department"],
            "decision": ["same"],
            "agency_id": ["Bell Police Department (CA)"],
        },
        dtype="str",
    )
    table = compare_reports(BEFORE, AFTER, review)

    assert 2 == (table["status"] == "renamed").sum()
    assert not (table["status"] == "unsure").any()


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (AFTER, BEFORE, "the earlier report first"),
        (BEFORE, make_report("2021", ["X"], agency="Tustin Police Department"), "two agencies"),
        (make_report("2019", ["X"]), make_report("2021", received=["X"]), "no list of the same kind"),
        (pd.concat([BEFORE, AFTER]), AFTER, "each report by itself"),
    ],
)
def test_reports_that_cannot_be_compared_are_refused(before, after, found):
    """The order of dates, the agency and the lists have to fit."""
    with pytest.raises(DataError, match=found):
        compare_reports(before, after)
