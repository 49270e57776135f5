"""Small counts of a class are hidden.

Every table that fits what is shown is tried, and none gives a count back.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.searches.suppression import hide_small


def lay_out(steps: list[list[int]]) -> tuple[pd.DataFrame, pd.Series]:
    """Make nested counts and wholes of what each class adds to the one before, the rest last."""
    counts = np.cumsum(np.array(steps), axis=1)
    return pd.DataFrame(counts[:, :-1]), pd.Series(counts[:, -1])


def list_splits(whole: int, parts: int) -> list[tuple[int, ...]]:
    """List all ways to part a whole number into so many, in order."""
    if parts == 1:
        return [(whole,)]
    return [(first, *rest) for first in range(whole + 1) for rest in list_splits(whole - first, parts - 1)]


def list_fitting(
    counts: pd.DataFrame, wholes: pd.Series, hidden: pd.DataFrame, told: np.ndarray
) -> np.ndarray:
    """List every table of steps that agrees with wholes, shown counts and class sums: groups by steps."""
    values, mask = counts.to_numpy(), hidden.to_numpy()
    choices = []
    for group, whole in enumerate(wholes):
        splits = np.array(list_splits(whole, values.shape[1] + 1))
        fits = (splits.cumsum(axis=1)[:, :-1] == values[group]) | mask[group]
        choices.append(splits[fits.all(axis=1)])
    tables = np.array([np.stack(rows) for rows in product(*choices)])
    sums = tables.cumsum(axis=2)[:, :, :-1].sum(axis=1)
    return tables[((sums == values.sum(axis=0)) | ~told).all(axis=1)]


@given(
    st.integers(1, 2),
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 7), min_size=3, max_size=3), min_size=n, max_size=n)
    ),
)
def test_every_small_count_may_be_anything_small(classes, steps):
    """Trying every table: a class or difference of 1 or 2 may be 0, 1 and 2."""
    fewest = 3
    counts, wholes = lay_out([row[-classes - 1 :] for row in steps])
    hidden = hide_small(counts, wholes, fewest)
    total = hide_small(counts.sum().to_frame().T, pd.Series([wholes.sum()]), fewest)
    told = ~total.to_numpy()[0]
    if len(counts) == 1:
        told[:] = False
    tables = list_fitting(counts, wholes, hidden, told)
    truth = np.diff(counts.to_numpy(), axis=1, prepend=0)
    everything = None
    for group, at in np.argwhere((truth > 0) & (truth < fewest)):
        wanted = set(range(min(fewest - 1, wholes[group]) + 1))
        found = set(tables[:, group, at])
        if not wanted <= found:
            if everything is None:
                everything = list_fitting(counts, wholes, hidden | True, told)
            assert hidden.all(axis=None) and found == set(everything[:, group, at])
    assert hidden.to_numpy()[counts.to_numpy() < fewest].all()


N = 3_000
# counts (a column for each class), wholes -> what is hidden
CASES = {
    # one row of a small town: its count is hidden, and the next smallest with it, since the sum is shown
    "one search": ([[1], [40], [200]], [1, 500, 900], [[True], [True], [False]]),
    # were a zero shown, a hidden count of a town with one search would be one
    "a zero": ([[0], [1], [30], [50]], [1, 1, 60, 60], [[True], [True], [False], [False]]),
    "counts of size": ([[10, 25], [60, 75]], [100, 100], [[False, False]] * 2),
    # explicit 15, explicit or agency 16: one of the two is hidden, for the difference is one search
    "a difference of one": ([[15, 16]], [400], [[True, False]]),
    "all of a small log": ([[1]], [401], [[True]]),
    # one search among thousands is covered by the cheaper of two large counts
    "thousands": (
        [[1], *[[0]] * N, [700], [900]], [5, *[5] * N, 1000, 1000], [*[[True]] * (N + 2), [False]],
    ),
    # many small counts cover one another
    "thousands of small ones": (
        [*([n % 4] for n in range(N)), [700], [900]], [*(4 + n % 5 for n in range(N)), 1000, 1000],
        [*[[True]] * N, [False], [False]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_hidden_by_hand(case):
    counts, wholes, expected = CASES[case]

    assert hide_small(pd.DataFrame(counts), pd.Series(wholes)).to_numpy().tolist() == expected


def test_classes_that_are_not_nested_are_refused():
    """A narrower class cannot hold more than a wider one."""
    with pytest.raises(DataError):
        hide_small(pd.DataFrame({"narrow": [20], "wide": [10]}), pd.Series([30]))
