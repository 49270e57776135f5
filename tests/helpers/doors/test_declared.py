"""Behaviour of `helpers.doors.declared`: what lists say of a pair at a time, by hand."""

import pandas as pd
import pytest

from helpers.canonical import build_table
from helpers.doors.declared import Lists
from helpers.network.load import RECEIVED, SHARED
from made.lists import make_list

HOST, OTHER = "Exampleton CA PD", "Sample County CA SO"


def write_list(names, owner=HOST, as_of="2025-03-10", source="list-a", outbound=True, **cells):
    """Write one list as rows of the canonical table."""
    made = make_list(names, owner, SHARED if outbound else RECEIVED, as_of, source)
    return build_table("sharing", [row | {"page": None, "section": None} | cells for row in made])


def ask(lists, searcher, month=202503, host=HOST, **options):
    """Ask about one pair."""
    pair = pd.DataFrame([[host, searcher, month]], columns=["host", "searcher", "month"])
    table = pd.concat(lists) if lists else build_table("sharing", [])
    return tuple(Lists(table, **options).find_statuses(pair).iloc[0])


RECORD = {"owner": OTHER, "outbound": False}  # a list of those that the searcher receives from
LISTED = write_list([OTHER])
ELSE = write_list(["Else CA PD"])
OFF = write_list([OTHER], is_inactive=True)
POOL = write_list([OTHER, "National Lookup"])
JUNE = write_list(["Else CA PD"], as_of="2025-06-01", source="list-b")
UNDATED = write_list([OTHER], as_of=None, source="list-u")
RECEIVED_IT = write_list([HOST], source="list-r", **RECORD)
SILENT = write_list(["Else CA PD"], source="list-s", **RECORD)
NAMED = write_list([OTHER, "ICE"])
MAY_BE = write_list([OTHER], owner="Exampleton PD")

# lists, searcher, other arguments -> what they say
CASES = {
    # names are compared by the agencies' rules; what they cannot settle stays unsure
    "another spelling": ([NAMED], "Sample County Sheriff's Office (CA)", {}, "listed"),
    "federal": ([NAMED], "ICE", {}, "listed"),
    "not on it": ([NAMED], "HSI", {}, "absent"),
    "a unit of one on it": ([NAMED], "ICE - ERO Seattle", {}, "unsure"),
    "another state": ([NAMED], "Sample County AZ SO", {}, "absent"),
    "no state": ([NAMED], "Sample County Sheriff", {}, "unsure"),
    "gone": ([NAMED], "Gone CA PD", {}, "absent"),
    # no list is not an empty list; a list about hot lists opens no detections
    "no list": ([], OTHER, {}, "no_list"),
    "of another agency": ([write_list([OTHER], owner="Else CA PD")], OTHER, {}, "no_list"),
    "hot list": ([write_list([OTHER], shares="hot_list")], OTHER, {}, "no_list"),
    # whoever is not listed may come through the pool; who is listed needs no pool
    "beside a pool": ([POOL], OTHER, {}, "listed"),
    "through a pool": ([POOL], "ICE", {}, "pool"),
    # listed as inactive is not listed as active; one active line outdoes it
    "inactive": ([OFF], OTHER, {}, "inactive"),
    "once active": (
        [OFF, write_list(["Sample County Sheriff's Office (CA)"], is_inactive=False)], OTHER, {}, "listed"
    ),
    # named on both sides: listed; by the searcher only: the lists disagree; its silence takes nothing away
    "received": ([RECEIVED_IT], OTHER, {}, "listed"),
    "silent": ([SILENT], OTHER, {}, "absent"),
    "both": ([LISTED, RECEIVED_IT], OTHER, {}, "listed"),
    "they disagree": ([ELSE, RECEIVED_IT], OTHER, {}, "unsure"),
    "named, silent": ([LISTED, SILENT], OTHER, {}, "listed"),
    "absent, silent": ([ELSE, SILENT], OTHER, {}, "absent"),
    # a list of `Exampleton PD` may be of another state's, until a person says otherwise
    "a host that may be another": ([MAY_BE], OTHER, {}, "unsure"),
    "a person decided": ([MAY_BE], OTHER, {"same": [(HOST, "Exampleton PD")]}, "listed"),
    # no month to each side: only the list's own month counts
    "its month": ([LISTED], OTHER, {"months": 0}, "listed"),
    "the next": ([LISTED], OTHER, {"months": 0, "month": 202504}, "other_time"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_list_says_who_is_on_it(case):
    lists, searcher, options, declared = CASES[case]

    assert declared == ask(lists, searcher, **options)[0]


def test_the_line_of_the_list_is_kept():
    """A listing points to source, page and row; so does a pool; no list points nowhere."""
    assert ("listed", "list-a p. 3 row 2") == ask([write_list(["Else CA PD", OTHER], page=3)], OTHER)
    assert ("pool", "list-a row 2") == ask([POOL], "ICE")
    assert ("no_list", "") == ask([], OTHER)


TIMES = [
    # six months to each side of March 2025, across the year's end; without a month it speaks
    ([LISTED], {202503: "listed", 202509: "listed", 202409: "listed", 0: "listed"}),
    ([LISTED], {202510: "other_time", 202408: "other_time"}),
    # listed in March, gone in June: in between either may hold, outside them the nearest speaks
    ([LISTED, JUNE], {202502: "listed", 202503: "listed", 202504: "unsure", 202505: "unsure"}),
    ([LISTED, JUNE], {202506: "absent", 202507: "absent"}),
    # undated alone: any time; beside a dated one only where that is too far
    ([UNDATED], {199901: "listed"}),
    ([UNDATED, ELSE], {202503: "absent", 202001: "listed"}),
]


@pytest.mark.parametrize(("lists", "expected"), TIMES)
def test_a_list_speaks_for_its_time(lists, expected):
    assert {month: ask(lists, OTHER, month)[0] for month in expected} == expected


def test_order_and_repeats_change_nothing():
    """Rows of a list in another order, or twice, say the same."""
    made = write_list([OTHER, "ICE", "National Lookup"])
    for lists in ([made.iloc[::-1]], [made, made], [made.sample(frac=1, random_state=1)]):
        assert ask([made], "ICE") == ask(lists, "ICE")
        assert ask([made], "HSI") == ask(lists, "HSI")
