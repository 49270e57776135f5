"""Behaviour of `helpers.searches.spread`: concentration and width, against their definitions."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.searches import same, spread
from made.logs import make_log, read_log
from made.refusal import refused


def make_counts(sizes, unnamed=0):
    """Make a result of `count_agencies`."""
    rows = [(f"{number} PD", n) for number, n in enumerate(sizes)] + ([(None, unnamed)] if unnamed else [])
    return pd.DataFrame(rows, columns=["searcher", "searches_n"])


def test_shares_of_the_largest_are_bounded_by_unnamed_searches():
    """Of 60, 30 and four times 10 named and 70 unnamed: the largest, the five largest, and all."""
    found = spread.measure_concentration(make_counts([30, 60, 10, 10, 10, 10], 70)).set_index("agencies_n")

    assert (60 / 130, 0.3, 0.65) == tuple(found.loc[1]) and (120 / 130, 0.6, 0.95) == tuple(found.loc[5])
    assert (1, 0.65, 1) == tuple(found.loc[10])
    with refused("no-names", DataError):
        spread.measure_concentration(make_counts([], 5))


def test_agencies_are_counted_by_search_and_not_by_row():
    """One search in two logs is one search of its agency; most first, nobody named last of its size."""
    rows = [
        {"searcher_agency_as_printed": name, "networks_n": n}
        for name, n in (("B PD", 1), ("A SO", 2), ("B PD", 3))
    ]
    rows += [row | {"source_id": "b", "host_agency": "B PD"} for row in rows]
    found = spread.count_agencies(same.build_searches(same.key_rows(read_log(make_log(rows)))))

    assert [("B PD", 2), ("A SO", 1)] == list(found.itertuples(index=False, name=None))


@given(widths=st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=1, max_size=40))
def test_quantiles_are_values_that_so_many_do_not_exceed(widths):
    """The smallest width that at least so many percent of the known ones do not exceed, in whole numbers.

    Zeros and gaps are counted apart.
    """
    known = sorted(width for width in widths if width)
    table = pd.DataFrame({"group": "g", "width": pd.array(widths, dtype="Int64"), "searches_n": 1})
    (found,) = spread.summarize_widths(table).to_dict("records")

    assert (len(widths), len(known)) == (found["searches_n"], found["known_n"])
    for percent in (25, 50, 75, 95):
        fits = [width for at, width in enumerate(known, 1) if 100 * at >= percent * len(known)]
        assert (None if pd.isna(found[f"q{percent}"]) else found[f"q{percent}"]) == min(fits, default=None)


def test_widths_are_counted_by_type():
    """By type, missing types and widths kept as groups of their own."""
    rows = [
        {"search_type": "lookup", "networks_n": 5},
        {"search_type": "lookup", "networks_n": 5, "searched_at": "2025-07-01 12:00:09"},
        {"networks_n": 0},
    ]
    found = spread.count_widths(same.build_searches(same.key_rows(read_log(make_log(rows)))))

    assert [("(none)", 0, 1), ("lookup", 5, 2)] == list(found.itertuples(index=False, name=None))
