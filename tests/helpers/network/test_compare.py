"""Two lists of one agency, account by account: the referee's counterexamples and the sheriff's lists."""

import pytest

from helpers.network import load_network
from helpers.network.compare import compare_lists, count_changes
from made.lists import make_data, make_list


def compare(before, after):
    data = make_data(make_list(before, date="2022-01-01"), make_list(after, date="2025-01-01"))
    first, second = data.lists.sort_values("as_of")["list_id"]
    return compare_lists(data.select_list(first), data.select_list(second))


SHERIFF, OTHER = "Orange County Sheriff", "Orange County Sheriff (FL)"
# before, after -> (status, name before, name after) of each row
CASES = {
    # E5a: the same name with Inactive before it is kept, and cannot search any more
    "inactive": (
        [("Alton PD", "IL"), ("Upton PD", "MA")],
        [("Inactive Alton PD", "IL", True), ("Upton PD", "MA")],
        [("kept", "Alton PD", "Inactive Alton PD"), ("kept", "Upton PD", "Upton PD")],
    ),
    # E5b: of two accounts of one name, that of the same state is the inactive one; the other is dropped
    "same place first": (
        [(SHERIFF, "CA"), (OTHER, "FL")],
        [(f"Inactive {SHERIFF}", "CA", True)],
        [("kept", SHERIFF, f"Inactive {SHERIFF}"), ("dropped", OTHER, None)],
    ),
    # E5c: leftovers of like place are one account or two
    "spellings": (
        ["Downers Grove IL PD", "Grants Pass OR DPS", "Gone TX PD"],
        ["Downers Grove Police Department (IL)", "Grants Pass OR PD", "Come NY PD"],
        [
            ("renamed", "Downers Grove IL PD", "Downers Grove Police Department (IL)"),
            ("unsure", "Grants Pass OR DPS", "Grants Pass OR PD"),
            ("new", None, "Come NY PD"),
            ("dropped", "Gone TX PD", None),
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_names_are_joined_as_by_hand(case):
    before, after, expected = CASES[case]
    found = compare(before, after)[["status", "name_before", "name_after"]]

    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == list(map(list, expected))


def test_counts_have_the_bounds_that_unsure_pairs_leave():
    """E5: inactive is a status; the low end of new and dropped falls by each unsure pair."""
    inactive, spellings = (
        count_changes(compare(*CASES[name][:2]), "IL").loc["all"] for name in ("inactive", "spellings")
    )

    ends = ["before_n", "after_n", "inactive_n", "dropped_n"]
    assert inactive[ends].tolist() == [2, 1, 1, 0]
    assert spellings[["new_n", "new_high_n", "dropped_n", "dropped_high_n"]].tolist() == [1, 2, 1, 2]


def test_every_name_is_in_one_row():
    """Rows in are rows out, whatever the names; a name is joined to one name at most."""
    before = ["Alton IL PD", "do not use", "FBI", "Upton PD", "Springfield PD"]
    after = ["Alton IL SO", "FBI Newark", "Upton PD", "Z Do not use"]
    changes = compare(before, [*after, ("Springfield PD", "IL"), ("Springfield PD", "MO")])

    assert sorted(changes["name_before"].dropna()) == sorted(before)
    assert sorted(changes["name_after"].dropna()) == sorted([*after, "Springfield PD", "Springfield PD"])


def test_regions_add_up_to_all():
    changes = compare([("Alton PD", "CA"), "FBI", "Upton PD"], [("Alton PD", "CA"), ("Ripon PD", "WI")])
    table = count_changes(changes, "CA")

    assert (table.drop("all").sum() == table.loc["all"]).all()
    assert table.loc["federal", "dropped_n"] == 1 and table.loc["another state", "new_n"] == 1


def test_the_sheriffs_lists_are_those_that_the_referee_compared_by_hand():
    """From 2020 to 2022 nobody is new and eight are dropped; 112 of 287 are kept to 2025."""
    county = load_network("orange-county")
    dates = county.list_dates("orange-county-so-ca")["list_id"]
    lists = [county.select_list(list_id) for list_id in dates[:3]]
    first = count_changes(compare_lists(*lists[:2]), "CA").loc["all"]
    changes = compare_lists(*lists[1:])
    table = count_changes(changes, "CA")

    assert first[["before_n", "after_n", "new_n", "dropped_n"]].tolist() == [295, 287, 0, 8]
    assert changes["status"].isin(["kept", "renamed", "unsure"]).sum() == 112
    assert table.loc["all", ["before_n", "after_n"]].tolist() == [287, 136]
    assert table.loc["federal", ["before_n", "kept_n"]].tolist() == [8, 0]
    assert table.loc[["another state", "unknown"], "after_n"].tolist() == [1, 0]
