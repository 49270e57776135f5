"""Degrees as intervals, strength by kind, concentration and states, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.network import (
    count_state_edges,
    find_states,
    list_sharing,
    measure_concentration,
    measure_degrees,
    measure_state_shares,
    measure_strength,
)

from .conftest import FIVE, make_graph
from .test_lists import ROWS, make_lists


def test_five_agencies(five):
    """Three reported: their recipients are known. d and e did not, so each may be read by them, if it is not yet."""
    table = measure_degrees(five).set_index("agency_id")
    assert table["out_direct_n"].tolist() == [2, 2, 1, 1, 0]
    assert table["out_high_n"].tolist()[:3] == [2, 2, 1] and table["out_high_n"].isna().tolist()[3:] == [
        True,
        True,
    ]
    assert table["is_out_censored"].tolist() == [False, False, False, True, True]
    assert table["in_direct_n"].tolist() == [1, 1, 2, 1, 1]
    # e already reads d and cannot read itself; d may yet read e
    assert table["in_high_n"].tolist() == [3, 3, 4, 2, 1]
    assert table["is_in_censored"].tolist() == [True, True, True, True, False]


def test_pools_widen_degrees():
    """Sharing with a pool of 300 unnamed members adds up to 300; a pool of unknown size leaves no upper bound."""
    graph = make_graph(
        [("a", "b"), ("a", "pool"), ("b", "a"), ("pool", "b")], reporters=["a", "b"], pools=["pool"]
    )
    known = measure_degrees(graph, {"pool": 300}).set_index("agency_id")
    assert known.loc["a", ["out_direct_n", "out_high_n"]].tolist() == [1, 301]
    assert known.loc["b", ["out_direct_n", "out_high_n", "in_direct_n", "in_high_n"]].tolist() == [
        1,
        1,
        1,
        301,
    ]
    unknown = measure_degrees(graph).set_index("agency_id")
    assert unknown.loc["a", "out_direct_n"] == 1 and pd.isna(unknown.loc["a", "out_high_n"])
    assert unknown.loc["b", "out_high_n"] == 1 and pd.isna(unknown.loc["b", "in_high_n"])
    with pytest.raises(DataError, match="no pool named a"):
        measure_degrees(graph, {"a": 3})
    with pytest.raises(DataError, match="negative"):
        measure_degrees(graph, {"pool": -1})


def test_strength_by_kind():
    """A shares detections and hot lists with B: once in each column, and once in both."""
    table = measure_strength(list_sharing(make_lists(*ROWS))).set_index("agency_id")
    columns = [
        "out_detections_n",
        "out_hot_lists_n",
        "out_both_n",
        "in_detections_n",
        "in_hot_lists_n",
        "in_both_n",
    ]
    assert table.columns.tolist() == columns
    assert table.loc["A"].tolist() == [1, 1, 1, 1, 0, 0]
    assert table.loc["B"].tolist() == [1, 0, 0, 1, 1, 1]


def test_concentration_by_hand():
    """Equal shares have Gini 0; one of four holding all has 3/4; nothing shared has none."""
    assert measure_concentration([3, 3, 3, 3], [1])["value"].tolist() == [0, 0.25]
    assert measure_concentration([0, 0, 0, 8], [1, 9])["value"].tolist() == [0.75, 1, 1]
    assert measure_concentration([0, 0])["value"].isna().all()
    with pytest.raises(DataError):
        measure_concentration([1, -1])


def test_states(five):
    """a, b in CA, c in TX, d unknown: of a's two edges one leaves the state; c's recipient may be anywhere."""
    states = pd.Series({"a": "CA", "b": "CA", "c": "TX", "e": "TX"})
    pairs = count_state_edges(five, states)
    assert pairs.to_numpy().tolist() == [["", "TX", 1], ["CA", "CA", 2], ["CA", "TX", 2], ["TX", "", 1]]
    table = measure_state_shares(five, states).set_index("agency_id")
    assert table["out_of_state_n"].tolist() == [1, 1, 0, 0, 0]
    assert table["in_state_n"].tolist() == [1, 1, 0, 0, 0]
    assert table["unknown_n"].tolist() == [0, 0, 1, 1, 0]
    assert table["out_of_state_low_frac"].tolist()[:4] == [0.5, 0.5, 0, 0]
    assert table["out_of_state_high_frac"].tolist()[:4] == [0.5, 0.5, 1, 1]
    assert table["out_of_state_low_frac"].isna().tolist() == [False] * 4 + [True]


def test_federal_accounts_are_in_no_state(five):
    """c is federal: a and b share with one agency of their state and with it; what it shares itself leaves no state."""
    table = measure_state_shares(
        five, pd.Series({"a": "CA", "b": "CA", "c": "federal", "d": "CA", "e": "federal"})
    )
    assert table["federal_n"].tolist() == [1, 1, 1, 1, 0]
    assert table[["in_state_n", "out_of_state_n", "unknown_n"]].to_numpy().tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0] * 3,
        [0] * 3,
        [0] * 3,
    ]
    assert (
        table["out_of_state_low_frac"].tolist()[:2] == table["out_of_state_high_frac"].tolist()[:2] == [0, 0]
    )
    assert table["out_of_state_high_frac"].isna().tolist() == [False, False, True, True, True]


def test_order_of_rows_changes_nothing():
    """The same edges in another order give the same tables."""
    one, other = make_graph(FIVE, reporters=["a"]), make_graph(FIVE[::-1], reporters=["a"])
    assert measure_degrees(one).equals(measure_degrees(other))


def test_real_degrees(real, private_eyes):
    """private_eyes: USPIS is read into by 110 portals, Houston 93, Vacaville 81; every agency's in-degree is open."""
    table = measure_degrees(real).sort_values("in_direct_n", ascending=False)
    assert table["in_direct_n"].tolist()[:3] == [110, 93, 81]
    assert int((~table["is_out_censored"]).sum()) == 224
    states = find_states(pd.Series(real.names, index=real.names))
    pairs = count_state_edges(real, states)
    assert pairs["edges_n"].sum() == 37_099
    shares = measure_state_shares(real, states)
    assert np.array_equal(shares[["in_state_n", "out_of_state_n", "unknown_n"]].sum(axis=1), real.out_degrees)
