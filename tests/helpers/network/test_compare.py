"""Two lists of one agency, account by account: the referee's counterexamples and the sheriff's lists."""

import pytest

from helpers.network import load_network
from helpers.network.compare import compare_lists, count_changes
from made.lists import make_data, make_list


def compare(before, after):
    data = make_data(make_list(before, date="2022-01-01"), make_list(after, date="2025-01-01"))
    first, second = data.lists.sort_values("as_of")["list_id"]
    return compare_lists(data.select_list(first), data.select_list(second))


def get_pairs(changes, status):
    rows = changes[changes["status"] == status]
    return list(zip(rows["name_before"].fillna(""), rows["name_after"].fillna(""), strict=True))


def test_inactive_is_a_status_and_no_new_name():
    """E5a: the same name with Inactive before it is kept, and cannot search any more."""
    changes = compare(
        [("Alton PD", "IL"), ("Upton PD", "MA")], [("Inactive Alton PD", "IL", True), ("Upton PD", "MA")]
    )
    counts = count_changes(changes, "IL").loc["all"]

    assert changes["status"].tolist() == ["kept", "kept"]
    assert (counts["before_n"], counts["after_n"], counts["inactive_n"], counts["dropped_n"]) == (2, 1, 1, 0)


def test_the_account_of_the_same_place_is_joined_first():
    """E5b: of two accounts of one name, that of the same state is the inactive one; the other is dropped."""
    changes = compare(
        [("Orange County Sheriff", "CA"), ("Orange County Sheriff (FL)", "FL")],
        [("Inactive Orange County Sheriff", "CA", True)],
    )

    assert get_pairs(changes, "kept") == [("Orange County Sheriff", "Inactive Orange County Sheriff")]
    assert get_pairs(changes, "dropped") == [("Orange County Sheriff (FL)", "")]


def test_other_spellings_are_renamed_and_unsure_pairs_give_the_bounds():
    """E5c: leftovers of like place are one account or two; the low end of new and dropped falls by them."""
    changes = compare(
        ["Downers Grove IL PD", "Grants Pass OR DPS", "Gone TX PD"],
        ["Downers Grove Police Department (IL)", "Grants Pass OR PD", "Come NY PD"],
    )
    counts = count_changes(changes, "CA").loc["all"]

    assert [changes["status"].tolist().count(word) for word in ("renamed", "unsure", "new", "dropped")] == [
        1,
        1,
        1,
        1,
    ]
    assert (counts["new_n"], counts["new_high_n"]) == (1, 2)
    assert (counts["dropped_n"], counts["dropped_high_n"]) == (1, 2)


def test_a_name_is_joined_to_one_name_at_most():
    changes = compare(["Springfield PD"], [("Springfield PD", "IL"), ("Springfield PD", "MO")])

    assert len(changes) == 2 and changes["status"].tolist().count("new") == 1


def test_every_name_is_in_one_row():
    """Rows in are rows out, whatever the names."""
    before = ["Alton IL PD", "do not use", "FBI", "Upton PD"]
    after = ["Alton IL SO", "FBI Newark", "Upton PD", "Z Do not use"]
    changes = compare(before, after)

    assert sorted(changes["name_before"].dropna()) == sorted(before)
    assert sorted(changes["name_after"].dropna()) == sorted(after)


def test_regions_add_up_to_all():
    changes = compare([("Alton PD", "CA"), "FBI", "Upton PD"], [("Alton PD", "CA"), ("Ripon PD", "WI")])
    table = count_changes(changes, "CA")

    assert (table.drop("all").sum() == table.loc["all"]).all()
    assert table.loc["federal", "dropped_n"] == 1 and table.loc["another state", "new_n"] == 1


@pytest.fixture(scope="module")
def county():
    return load_network("orange-county")


def test_the_sheriffs_list_of_2022_has_nobody_new(county):
    """The referee compared the reports of 2020 and 2022 by hand: nobody new, eight dropped."""
    dates = county.list_dates("orange-county-so-ca")["list_id"]
    counts = count_changes(compare_lists(*(county.select_list(key) for key in dates[:2])), "CA").loc["all"]

    assert (counts["before_n"], counts["after_n"]) == (295, 287)
    assert counts["new_n"] == 0 and counts["dropped_n"] == 8


def test_who_lost_access_from_2022_to_2025(county):
    """112 of 287 accounts are kept by the referee's count (111 by name, one renamed)."""
    dates = county.list_dates("orange-county-so-ca")["list_id"]
    changes = compare_lists(*(county.select_list(key) for key in dates[1:3]))
    table = count_changes(changes, "CA")
    joined = changes["status"].isin(["kept", "renamed", "unsure"])

    assert joined.sum() == 112
    assert (table.loc["all", "before_n"], table.loc["all", "after_n"]) == (287, 136)
    assert (table.loc["federal", "before_n"], table.loc["federal", "kept_n"]) == (8, 0)
    assert (table.loc["another state", "after_n"], table.loc["unknown", "after_n"]) == (1, 0)
