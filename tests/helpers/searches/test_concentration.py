"""Behaviour of `helpers.searches.concentration`: by hand, and against all pairs in exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.searches.concentration import measure_gini, sum_largest


def test_concentration_by_hand():
    """Equal counts have Gini 0; one of four holding all has 3/4; nothing held has none."""
    assert measure_gini([3, 3, 3, 3]) == 0
    assert measure_gini([8, 0, 0, 0]) == 0.75
    assert measure_gini([0, 0]) is None and measure_gini([]) is None
    assert {0: 0, 1: 8, 2: 11, 9: 12} == sum_largest([1, 8, 3], [0, 1, 2, 9])


@pytest.mark.parametrize("measure", [measure_gini, lambda counts: sum_largest(counts, [1])])
@pytest.mark.parametrize("wrong", [-1, float("nan")])
def test_counts_that_are_none_are_refused(measure, wrong):
    """A negative or a missing count is no count."""
    with pytest.raises(DataError):
        measure([1, wrong])


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any))
def test_gini_is_the_mean_difference(counts):
    """The Gini coefficient is half the mean difference of all pairs, over the mean."""
    expected = Fraction(sum(abs(a - b) for a in counts for b in counts), 2 * len(counts) * sum(counts))
    assert measure_gini(counts) == pytest.approx(float(expected), abs=1e-12)
