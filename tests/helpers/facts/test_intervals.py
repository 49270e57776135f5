"""Intervals of cited figures: bounds from the hedging words, and arithmetic that loses no possible value."""

import math

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.facts.intervals import Interval, bound_rows, bound_share, bound_value, is_bounded, overlaps

INF = math.inf
numbers = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


@st.composite
def intervals_with_member(draw):
    """An interval, open on either side at times, and a number inside it."""
    member = draw(numbers)
    low = draw(st.one_of(st.just(-INF), st.floats(min_value=-1e12, max_value=member)))
    high = draw(st.one_of(st.just(INF), st.floats(min_value=member, max_value=1e12)))
    return Interval(low, high), member


@pytest.mark.parametrize(
    ("arguments", "low", "high"),
    [
        ((6373488, "exact"), 6373488, 6373488),
        ((0.2, "exact", None), 0.2, 0.2),
        ((6100000, "about", 100000), 6050000, 6150000),
        ((60, "about", 1), 59.5, 60.5),
        ((60, "just_under", 1), 59.5, 60),
        ((10000, "just_under", 1000), 9500, 10000),
        ((9200, "at_least"), 9200, INF),
        ((2500, "at_most"), 0, 2500),
    ],
)
def test_qualifier_decides_the_bounds(arguments, low, high):
    """Each hedging word gives its own interval; half a step lies around `about`, below `just_under`.

    In rows of a table a step may be missing where the qualifier asks for none.
    """
    assert bound_value(*arguments) == Interval(low, high)
    value, qualifier, step = (*arguments, None)[:3]
    rows = pd.DataFrame([[value, qualifier, step]], columns=["value", "qualifier", "rounded_to"])
    assert bound_rows(rows)[["low", "high"]].iloc[0].tolist() == [low, high]


@pytest.mark.parametrize(
    "arguments",
    [(60, "about"), (60, "about", math.nan), (60, "about", -1), (60, "often", 1), (-1, "at_most")],
)
def test_figure_that_cannot_be_bounded_is_refused(arguments):
    """A missing step, an unknown word or a negative `at_most` raises an error that names the way out."""
    with pytest.raises(DataError) as error:
        bound_value(*arguments)
    assert error.value.way_out


@pytest.mark.parametrize("bounds", [(2, 1), (math.nan, 1), (1, math.nan), (INF, INF), (-INF, -INF)])
def test_bounds_that_hold_no_number_are_refused(bounds):
    with pytest.raises(DataError):
        Interval(*bounds)


# over 30,000 queries a month, over 9,200 accounts
QUERIES, ACCOUNTS, BOTH = Interval(30000, INF), Interval(9200, INF), Interval(2, 4)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        # lower bounds bound a product and no ratio or difference; no member of an open interval is infinite
        (QUERIES * Interval(7, 7), Interval(210000, INF)),
        (QUERIES / ACCOUNTS, Interval(0, INF)),
        (QUERIES - ACCOUNTS, Interval(-INF, INF)),
        (Interval(0, 0) * QUERIES, Interval(0, 0)),
        # a divisor with zero inside or at its edge leaves open the sides that it can reach
        (Interval(1, 2) / Interval(-1, 1), Interval(-INF, INF)),
        (Interval(1, 2) / Interval(0, 0), Interval(-INF, INF)),
        (Interval(1, 2) / Interval(0, 4), Interval(0.25, INF)),
        (Interval(-2, -1) / Interval(0, 4), Interval(-INF, -0.25)),
        (Interval(1, 2) / Interval(-4, 0), Interval(-INF, -0.25)),
        (Interval(-1, 2) / Interval(0, 4), Interval(-INF, INF)),
        (Interval(6, 8) / Interval(2, INF), Interval(0, 4)),
        (Interval(0, 0) / Interval(0, 4), Interval(0, 0)),
        # a plain number counts as the interval that holds only it, on both sides of the sign
        (1 + BOTH, Interval(3, 5)),
        (10 - BOTH, Interval(6, 8)),
        (3 * BOTH, Interval(6, 12)),
        (8 / BOTH, Interval(2, 4)),
    ],
)
def test_arithmetic_by_hand(result, expected):
    assert result == expected


@given(intervals_with_member(), intervals_with_member())
def test_results_hold_the_results_of_members_in_any_order(one, other):
    """Numbers picked from two intervals have their sum, difference, product and ratio in the result.

    Two intervals overlap if one holds a member of the other.
    """
    (a, x), (b, y) = one, other
    assert x + y in a + b and x - y in a - b and x * y in a * b
    assert a + b == b + a and a * b == b * a
    assert overlaps(a, b) == overlaps(b, a)
    assert overlaps(a, b) or (x not in b and y not in a)
    assume(y != 0)
    assert x / y in a / b


def test_touching_ends_overlap_and_only_two_finite_bounds_are_bounded():
    """1.5 billion and 500 million, each rounded to 100 million, do not overlap."""
    assert not overlaps(bound_value(1.5e9, "about", 1e8), bound_value(5e8, "about", 1e8))
    assert overlaps(Interval(1, 2), Interval(2, 3))
    assert is_bounded(Interval(0, 1))
    assert not is_bounded(Interval(0, INF)) and not is_bounded(Interval(-INF, 0))


@pytest.mark.parametrize(("part", "whole"), [(0, 10), (10, 10), (1, 29), (81, 263)])
def test_bounds_of_a_share_solve_the_equation_of_wilson(part, whole):
    """At either bound the sample is 1.96 standard errors of that bound away (Wilson 1927)."""
    bounds = bound_share(part, whole)

    for bound in (bounds.low, bounds.high):
        away = part / whole - bound
        assert away**2 == pytest.approx(1.959963985**2 * bound * (1 - bound) / whole, abs=1e-9) or away == 0
    assert (bounds.low == 0) == (part == 0) and (bounds.high == 1) == (part == whole)


@pytest.mark.parametrize("counts", [(0, 0), (3, 2), (-1, 2)])
def test_a_share_of_no_sample_is_refused(counts):
    with pytest.raises(DataError):
        bound_share(*counts)
