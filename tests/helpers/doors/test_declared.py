"""Behaviour of `helpers.doors.declared`: what lists say of a pair at a time, by hand."""

import pandas as pd
import pytest

from helpers.canonical import build_table
from helpers.doors.declared import Lists

HOST, OTHER = "Exampleton CA PD", "Sample County CA SO"


def write_list(names, owner=HOST, as_of="2025-03-10", source="list-a", outbound=True, **cells):
    """Write one list as rows of the canonical table."""
    rows = []
    for number, name in enumerate(names, 1):
        pair = (owner, name) if outbound else (name, owner)
        rows.append(
            {
                "from_agency_as_printed": pair[0],
                "to_agency_as_printed": pair[1],
                "reported_by": owner,
                "as_of": as_of,
                "shares": "detections",
                "source_id": source,
                "row_no": number,
                **cells,
            }
        )
    return build_table("sharing", rows)


def ask(lists, searcher, month=202503, host=HOST, **options):
    """Ask about one pair."""
    pair = pd.DataFrame([[host, searcher, month]], columns=["host", "searcher", "month"])
    return tuple(
        Lists(pd.concat(lists) if lists else build_table("sharing", []), **options)
        .find_statuses(pair)
        .iloc[0]
    )


@pytest.mark.parametrize(
    ("searcher", "declared"),
    [
        ("Sample County Sheriff's Office (CA)", "listed"),
        ("ICE", "listed"),
        ("HSI", "absent"),
        ("ICE - ERO Seattle", "unsure"),
        ("Sample County AZ SO", "absent"),
        ("Sample County Sheriff", "unsure"),
        ("Gone CA PD", "absent"),
    ],
)
def test_a_list_says_who_is_on_it(searcher, declared):
    """Names are compared by the agencies' rules; what they cannot settle stays unsure."""
    assert declared == ask([write_list([OTHER, "ICE"])], searcher)[0]


def test_the_line_of_the_list_is_kept():
    """A listing points to source, page and row."""
    assert ("listed", "list-a p. 3 row 2") == ask([write_list(["Else CA PD", OTHER], page=3)], OTHER)


def test_no_list_is_not_an_empty_list():
    """An agency that released none says nothing, nor does the list of another agency."""
    assert ("no_list", "") == ask([], OTHER)
    assert "no_list" == ask([write_list([OTHER], owner="Else CA PD")], OTHER)[0]


def test_a_pool_stands_for_whom_it_does_not_name():
    """Whoever is not listed may come through the pool; who is listed needs no pool."""
    lists = [write_list([OTHER, "National Lookup"])]

    assert "listed" == ask(lists, OTHER)[0]
    assert ("pool", "list-a row 2") == ask(lists, "ICE")


def test_a_share_out_of_use_is_told():
    """Listed as inactive is not listed as active; one active line outdoes it."""
    off = write_list([OTHER], is_inactive=True)

    assert "inactive" == ask([off], OTHER)[0]
    assert (
        "listed"
        == ask([off, write_list(["Sample County Sheriff's Office (CA)"], is_inactive=False)], OTHER)[0]
    )


def test_hot_lists_open_no_detections():
    """A list about hot lists is no list of who may read the data."""
    assert "no_list" == ask([write_list([OTHER], shares="hot_list")], OTHER)[0]


@pytest.mark.parametrize(
    ("month", "declared"),
    [
        (202503, "listed"),
        (202509, "listed"),
        (202409, "listed"),
        (202510, "other_time"),
        (202408, "other_time"),
        (0, "listed"),
    ],
)
def test_a_list_speaks_for_its_time(month, declared):
    """Six months to each side of March 2025, across the year's end; without a month it speaks."""
    assert declared == ask([write_list([OTHER])], OTHER, month)[0]


def test_the_span_is_a_parameter():
    """With no month to each side only the list's own month counts."""
    assert ["listed", "other_time"] == [
        ask([write_list([OTHER])], OTHER, m, months=0)[0] for m in (202503, 202504)
    ]


def test_between_two_lists_that_differ_nothing_is_certain():
    """Listed in March, gone in June: in April either may hold, outside them the nearest speaks."""
    lists = [write_list([OTHER]), write_list(["Else CA PD"], as_of="2025-06-01", source="list-b")]

    assert ["listed", "listed", "unsure", "unsure", "absent", "absent"] == [
        ask(lists, OTHER, month)[0] for month in (202502, 202503, 202504, 202505, 202506, 202507)
    ]


def test_an_undated_list_speaks_where_no_dated_one_does():
    """Undated alone: any time. Beside a dated one: only where that is too far."""
    undated = write_list([OTHER], as_of=None, source="list-u")
    dated = write_list(["Else CA PD"])

    assert "listed" == ask([undated], OTHER, 199901)[0]
    assert ["absent", "listed"] == [ask([undated, dated], OTHER, month)[0] for month in (202503, 202001)]


def test_what_the_searcher_says_it_receives_counts_too():
    """Named on both sides: listed.

    Named by the searcher only: the lists disagree. Its silence takes nothing away.
    """
    received = write_list([HOST], owner=OTHER, outbound=False, source="list-r")
    silent = write_list(["Else CA PD"], owner=OTHER, outbound=False, source="list-s")
    named, other = write_list([OTHER]), write_list(["Else CA PD"])

    assert "listed" == ask([received], OTHER)[0]
    assert "absent" == ask([silent], OTHER)[0]
    assert ["listed", "unsure", "listed", "absent"] == [
        ask(pair, OTHER)[0]
        for pair in ([named, received], [other, received], [named, silent], [other, silent])
    ]


def test_a_host_that_may_be_another_leaves_all_unsure():
    """A list of `Exampleton PD` may be of another state's, until a person says otherwise."""
    lists = [write_list([OTHER], owner="Exampleton PD")]

    assert "unsure" == ask(lists, OTHER)[0]
    assert "listed" == ask(lists, OTHER, same=[(HOST, "Exampleton PD")])[0]


def test_order_and_repeats_change_nothing():
    """Rows of a list in another order, or twice, say the same."""
    made = write_list([OTHER, "ICE", "National Lookup"])
    for lists in ([made.iloc[::-1]], [made, made], [made.sample(frac=1, random_state=1)]):
        assert ask([made], "ICE") == ask(lists, "ICE")
        assert ask([made], "HSI") == ask(lists, "HSI")
