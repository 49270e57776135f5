"""Communities: two groups that anyone would see, partitions compared by hand, answers that depend on no order."""

import numpy as np
import pytest

from helpers.errors import DataError
from helpers.network import compare_labels, find_communities

from .conftest import make_graph

GROUPS = [[f"a{i}" for i in range(6)], [f"b{i}" for i in range(5)]]
PAIRS = [(u, v) for group in GROUPS for u in group for v in group if u != v] + [("a0", "b0")]


def test_two_groups_are_found():
    """Two groups with one edge between them are two communities, whatever the seed."""
    members, stability = find_communities(make_graph(PAIRS), range(4))
    assert members["community"].tolist() == [0] * 6 + [1] * 5
    assert members["agreement_frac"].tolist() == [1] * 11
    assert len(stability) == 6 and (stability[["ari", "nmi"]] > 1 - 1e-12).all(axis=None)
    assert (stability["communities_a_n"] == 2).all()
    # Modularity by hand: 50 pairs count twice over both directions, one once.
    inside, ends = [30, 20], [61, 41]
    expected = sum(2 * w / 102 - (d / 102) ** 2 for w, d in zip(inside, ends, strict=True))
    assert stability["modularity_a"].tolist() == pytest.approx([expected] * 6)


def test_partitions_compared_by_hand():
    """The same groups under other numbers agree fully; crossed groups worse than chance; the textbook case by hand."""
    assert compare_labels(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])) == pytest.approx((1, 1))
    assert compare_labels(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx((-0.5, 0), abs=1e-12)
    # pairs together in both 2, in one 4, in the other 4, of 15: (2 - 16/15) / (4 - 16/15)
    one, other = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 0, 1, 1])
    in_both, in_one, in_other = 3, 4, 7
    expected = (in_both - in_one * in_other / 15) / ((in_one + in_other) / 2 - in_one * in_other / 15)
    assert compare_labels(one, other)[0] == pytest.approx(expected)
    assert compare_labels(np.zeros(3, int), np.zeros(3, int)) == (1, 1)


def test_answers_come_out_the_same():
    """Twice the same answer; the order of rows is no matter."""
    first, second = find_communities(make_graph(PAIRS)), find_communities(make_graph(PAIRS[::-1]))
    assert first[0].equals(second[0]) and first[1].equals(second[1])


def test_seeds_are_checked(five):
    """One seed says nothing of stability."""
    for seeds in ([1], [1, 1]):
        with pytest.raises(DataError, match="at least two"):
            find_communities(five, seeds)


def test_real_communities(real):
    """private_eyes has communities on which the seeds agree better than by chance."""
    members, stability = find_communities(real, range(3))
    assert members["community"].max() > 0 and stability["ari"].min() > 0.3
