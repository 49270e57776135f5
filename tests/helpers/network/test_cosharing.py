"""Who shares with the same recipients, counted against sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.network import cosharing
from helpers.network.cosharing import list_cosharing

from .conftest import make_graph

PAIRS = ["ax", "ay", "az", "bx", "by", "ab", "cz", "cq"]


def test_pairs_by_hand():
    """a and b have x and y in common out of x, y, z, their own share apart; a and c have z out of four, b left in."""
    table = list_cosharing(make_graph(PAIRS, reporters=["a", "b", "c"]))

    assert [("a", "b", 2, 3, 2), ("a", "c", 1, 4, 2)] == list(
        table.iloc[:, :5].itertuples(index=False, name=None)
    )
    assert [2 / 3, 1 / 5] == table["alike_frac"].tolist()


def test_only_whole_lists_are_compared_unless_asked_for():
    """Without reporters there is nothing to compare; asked for, the known part of every list is."""
    graph = make_graph(PAIRS)

    assert list_cosharing(graph).empty
    assert 2 == len(list_cosharing(graph, only_reporters=False))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([u + v for u in "abcdefghij" for v in "abcdefghij" if u != v]), unique=True),
    st.integers(1, 9),
)
def test_pairs_agree_with_sets(pairs, rows):
    """All pairs, in order, whatever the size of a block."""
    sets = {name: {v for u, v in pairs if u == name} for name in "abcdefghij"}
    expected = []
    for a in sets:
        for b in sets:
            one, two = sets[a] - {b}, sets[b] - {a}
            if a < b and one & two:
                expected.append((-len(one & two) / len(one | two), -len(one & two), a, b))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosharing, "_ROWS", rows)
        table = list_cosharing(make_graph(pairs, nodes=list(sets)), most=100, only_reporters=False)

    assert [row[2:] for row in sorted(expected)] == list(zip(table["a_id"], table["b_id"]))
    assert np.allclose([-row[0] for row in sorted(expected)], table["alike_frac"])


def test_senseless_numbers_are_refused():
    """At least one pair, at least one common recipient."""
    with pytest.raises(DataError, match="at least 1"):
        list_cosharing(make_graph(PAIRS), fewest=0)
