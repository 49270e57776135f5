"""Tables that pictures are drawn from: neighbors, ordered links, steps, leverage, givers."""

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.network.views import (
    count_leverage,
    count_own,
    count_states,
    find_regions,
    list_givers,
    list_neighbors,
    name_steps,
    order_groups,
    order_links,
    sum_state_shares,
)

from .conftest import make_graph

ABOUT = pd.DataFrame(
    {"agency_id": list("abcdfp"), "name": [f"Agency {name}" for name in "abcdfp"], "state": ["CA", "TX", "CA", None, "CA", None],
     "kind": ["police", "police", "sheriff", "police", "federal", "pool"]}
)  # fmt: skip
PAIRS = ["ab", "ba", "ac", "af", "ap", "da", "bf"]


def test_federal_accounts_are_a_region_of_their_own():
    """An account's state is not where a federal agency is; an unknown state stays missing."""
    regions = find_regions(ABOUT)

    assert ["CA", "TX", "CA", "federal"] == regions.dropna().tolist()
    assert ["d", "p"] == regions.index[regions.isna()].tolist()
    assert [("CA", 2), ("TX", 1)] == list(
        count_states(ABOUT, list("abcdfp")).itertuples(index=False, name=None)
    )


def test_neighbors_of_one_agency():
    """Both directions, in the groups of the legend."""
    table = list_neighbors(make_graph(PAIRS), ABOUT, "a").set_index("agency_id")

    assert list("bcdfp") == table.index.tolist()
    assert ["other state", "same state", "state not in the name", "federal", "pool or company"] == table[
        "group"
    ].tolist()
    assert [True, True, False, True, True] == table["reads"].tolist()
    assert [True, False, True, False, False] == table["shares"].tolist()
    assert [1, 1, 0, 2, 1] == table["lists_n"].tolist()
    assert [[1, 3, 1]] == count_own(table, "Agency a").to_numpy().tolist()


def test_neighbors_of_an_agency_without_a_state():
    """Whether a neighbor is in the same state cannot be said: it is state or local."""
    assert ["state or local"] == list_neighbors(make_graph(PAIRS), ABOUT, "d")["group"].tolist()


def test_links_are_ordered_by_state_and_size():
    """Whole lists only if there are enough; else those with most edges, unknown states last."""
    links, table = order_links(make_graph(PAIRS, reporters=["a", "b", "c"]), ABOUT, fewest=2)

    assert ["a", "c", "b"] == table["agency_id"].tolist()
    assert [[False, True, True], [False, False, False], [True, False, False]] == links.tolist()
    assert ["a", "c", "b", "f", "d", "p"] == order_links(make_graph(PAIRS), ABOUT)[1]["agency_id"].tolist()


def test_groups_are_ordered_by_size_and_state():
    """The largest group first, in it by state, unknown last; a title counts states, and its agencies."""
    graph = make_graph(PAIRS)
    members = pd.DataFrame(
        {"agency_id": list("abcdfp"), "is_reporter": False, "community": [0, 1, 0, 0, 0, 1]}
    )
    links, table = order_groups(graph, ABOUT, members)

    assert list("acfdbp") == table["agency_id"].tolist()
    assert ["CA, federal (4)"] * 4 + ["TX (2)"] * 2 == table["group"].tolist()
    assert [[False, True, True, False, True, True]] == links[:1].tolist()


def test_titles_of_groups_name_three_states():
    """The three states with most agencies, by name among equals, and how many more; nothing where none is known."""
    about = pd.DataFrame(
        {
            "agency_id": list("abcdefg"),
            "name": list("abcdefg"),
            "state": [*"WXYZZ", None, None],
            "kind": "police",
        }
    )
    members = pd.DataFrame(
        {"agency_id": list("abcdefg"), "is_reporter": True, "community": [0, 0, 0, 0, 0, 1, 1]}
    )
    table = order_groups(make_graph([], nodes=list("abcdefg")), about, members)[1]

    assert {"Z, W, X, 1 more (5)", "state unknown (2)"} == set(table["group"])


def test_shares_are_summed_by_state():
    """The states with most shares, then all owners without one, federal accounts among them."""
    shares = pd.DataFrame(
        [
            ("CA", 2, 1, 1, 0),
            ("CA", 1, 0, 0, 3),
            ("TX", 0, 5, 0, 0),
            ("AL", 1, 0, 0, 0),
            ("", 0, 0, 1, 4),
            ("federal", 0, 0, 0, 2),
            ("OR", 0, 0, 0, 0),
        ],
        columns=["state", "in_state_n", "out_of_state_n", "federal_n", "unknown_n"],
    )
    table = sum_state_shares(shares, most=2)

    assert ["CA", "TX", "no state in the name"] == table.index.tolist()
    assert [[3, 1, 1, 3], [0, 5, 0, 0], [0, 0, 1, 6]] == table.to_numpy().tolist()


def test_steps_get_names_and_a_start():
    """The start has no agency; counts at the start are those given."""
    steps = pd.DataFrame({"step_n": [1], "agency_id": ["a"], "left_n": [3]})
    named = name_steps(steps, ABOUT.set_index("agency_id")["name"], {"left_n": 5})

    assert ["at the start", "Agency a"] == named["name"].tolist()
    assert [5, 3] == named["left_n"].tolist()


def test_leverage_counts_what_stands_on_one_list():
    """x states two shares, one of which y states, too; c and d are named by one list each."""
    rows = [("a", "b", "x"), ("a", "c", "x"), ("a", "b", "y"), ("b", "d", "y"), ("b", "d", "y")]
    table = count_leverage(pd.DataFrame(rows, columns=["from_id", "to_id", "reported_by"]))

    assert [("x", 2, 1, 1), ("y", 2, 1, 1)] == list(table.itertuples(index=False, name=None))
    with pytest.raises(DataError, match="there is none"):
        count_leverage(pd.DataFrame(columns=["from_id", "to_id", "reported_by"]))


def test_givers_to_a_pool_have_bounds():
    """a gives to the pool p and shares with three others; without a count of members there is no upper bound."""
    graph = make_graph(PAIRS, pools=["p"])
    open_end, counted = list_givers(graph, ABOUT), list_givers(graph, ABOUT, 200)

    assert [("a", "Agency p", 3)] == list(
        open_end[["agency_id", "pools", "direct_n"]].itertuples(index=False, name=None)
    )
    assert open_end["high_n"].isna().all()
    assert [203] == counted["high_n"].tolist()
    assert list_givers(make_graph(PAIRS), ABOUT).empty
