"""Communities: two groups that anyone would see, partitions compared by hand, answers that depend on no order."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.network import (
    compare_labels,
    compare_with_null,
    count_whole_states,
    find_communities,
    measure_modularity,
)

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
    assert compare_labels(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx(
        (-0.5, 0), abs=1e-12
    )
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


def test_modularity_is_that_of_networkx():
    """The modularity of what is found, by networkx on the weighted pairs; none without an edge."""
    there = nx.Graph()
    for u, v in PAIRS:
        there.add_edge(u, v, weight=1 + ((v, u) in PAIRS))
    assert measure_modularity(make_graph(PAIRS)) == pytest.approx(
        nx.community.modularity(there, map(set, GROUPS))
    )
    assert measure_modularity(make_graph([], nodes=["a", "b"])) == 0


def test_two_groups_stand_out_from_random_networks():
    """No random network of the same degrees is divided as well as two groups that hardly share with each other."""
    row = (
        compare_with_null(make_graph(PAIRS), samples=40, more={"modularity": measure_modularity})
        .set_index("measure")
        .loc["modularity"]
    )
    assert row["observed"] > row["null_high"] and row["as_far_n"] == 0


def test_states_that_stay_whole_are_counted():
    """CA is in one group, TX in two; OR has one agency only, d has no state and e is federal."""
    members = pd.DataFrame({"agency_id": list("abcdefgh"), "community": [0, 0, 1, 1, 1, 1, 0, 1]})
    states = pd.Series(
        {"a": "CA", "b": "CA", "c": "TX", "g": "TX", "e": "federal", "h": "federal", "f": "OR"}
    )
    assert count_whole_states(members, states) == {"states_n": 2, "whole_n": 1}


def test_seeds_are_checked(five):
    """One seed says nothing of stability."""
    for seeds in ([1], [1, 1]):
        with pytest.raises(DataError, match="at least two"):
            find_communities(five, seeds)


def test_real_communities(real):
    """private_eyes has communities on which the seeds agree better than by chance."""
    members, stability = find_communities(real, range(3))
    assert members["community"].max() > 0 and stability["ari"].min() > 0.3


def test_real_groups_of_reporters_follow_states(real):
    """Among the 224 portals every start gives the same groups, and all of California's are in one."""
    members, stability = find_communities(real.select_nodes(real.is_reporter), range(3))
    is_ca = members["agency_id"].str.contains(r"\bCA\b")
    assert stability["ari"].min() > 1 - 1e-9
    assert 50 < is_ca.sum() == members.loc[is_ca, "community"].value_counts().iloc[0]
