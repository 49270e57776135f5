"""Pictures of a sharing network: what is unknown is drawn as unknown, and every number drawn is in the data."""

import numpy as np
import pandas as pd
import pytest

from helpers import figures
from helpers.errors import DataError

ABOUT = {"source": "A made source", "period": "2020"}


def list_texts(figure):
    """List all words on a figure."""
    return [
        text.get_text()
        for axes in figure.axes
        for text in [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()]
    ]


def list_hatched(figure):
    """List the lengths of hatched bars."""
    return [patch.get_width() for patch in figure.axes[0].patches if patch.get_hatch()]


DEGREES = pd.DataFrame(
    {"out_direct_n": [5, 12, 0, 2], "is_out_censored": [False, False, True, True], "is_pool": [False] * 4}
)


def test_unknown_degrees_are_hatched_and_apart():
    """Two known bars; the two agencies without a list are unknown, one named by others."""
    figure = figures.draw_degrees(DEGREES, **ABOUT)

    assert [("3 to 9", 1), ("10 to 29", 1), ("unknown, some named by others", 1), ("unknown", 1)] == list(
        figure.data[["recipients", "agencies_n"]].itertuples(index=False, name=None)
    )
    assert [1, 1] == list_hatched(figure)
    assert "unknown" in figure.alt and 4 == figure.n


def test_a_bar_of_the_unknown_that_is_far_longer_is_cut_and_says_so():
    """Four hundred unknown beside two known: the bar is cut, its number stands beside it."""
    silent = pd.DataFrame({"out_direct_n": [0] * 400, "is_out_censored": True, "is_pool": False})
    figure = figures.draw_degrees(pd.concat([DEGREES[:2], silent]), **ABOUT)

    assert "400 (bar cut)" in list_texts(figure)
    assert max(list_hatched(figure)) < 3
    with pytest.raises(DataError, match="no agency"):
        figures.draw_degrees(DEGREES[:0], **ABOUT)


RANKED = pd.DataFrame(
    {"name": ["Exampleton ZZ PD", "Sampleville ZZ SO"], "lists_n": [9, 4], "share_frac": [0.9, 0.4], "share_low": [0.6, 0.2],
     "share_high": [0.98, 0.7], "rank": [1, 2], "rank_low": [1, 2], "rank_high": [2, 2], "is_reporter": [False, True]}
)  # fmt: skip


def test_ranks_carry_their_intervals():
    """The interval is drawn from its lower to its upper bound, and the open ranks stand beside it."""
    figure = figures.draw_ranks(RANKED, 10, **ABOUT)
    spans = [line.get_xdata() for line in figure.axes[0].lines if len(line.get_xdata()) == 2]

    assert [[0.6, 0.98], [0.2, 0.7]] == [list(span) for span in spans]
    assert {"9 lists · rank 1 to 2", "4 lists · rank 2"} <= set(list_texts(figure))


def test_without_intervals_none_is_drawn():
    """Too few lists: counts alone, and the description says so."""
    bare = RANKED.assign(share_frac=np.nan, share_low=np.nan, share_high=np.nan)
    figure = figures.draw_ranks(bare, 0, **ABOUT)

    assert not [text for text in list_texts(figure) if "rank" in text]
    assert "No interval is drawn" in figure.alt
    with pytest.raises(DataError, match="no agency is named"):
        figures.draw_ranks(RANKED[:0], 0, **ABOUT)


STEPS = pd.DataFrame({"name": ["at the start", "A", "B"], "left_n": [10, 5, 0]})


def test_decline_is_in_shares_of_the_start():
    """Ten, five, none: a whole, a half, nothing; the counts stand at the right."""
    words = dict(figure_id="x", title="What is left", axis="left", caption="A caption.")
    figure = figures.draw_decline(STEPS, {"left_n": "agencies"}, **words, **ABOUT)

    assert [1, 0.5, 0] == list(figure.axes[0].lines[0].get_xdata())
    assert {"10", "5", "0"} <= set(list_texts(figure))
    assert "agencies from 10 to 0" in figure.alt
    with pytest.raises(DataError, match="nothing to lose"):
        figures.draw_decline(STEPS[:1], {"left_n": "agencies"}, **words, **ABOUT)


def test_accumulation_draws_curve_and_bound():
    """The last point is what is named; the bound's ends stand beside it."""
    curve = pd.DataFrame({"lists_n": [1, 2, 3], "recipients_n": [10.0, 15.0, 17.0]})
    figure = figures.draw_accumulation({"all lists": curve}, {"all lists": (18.0, 25.0)}, **ABOUT)

    assert {"17", "at least 18\nto 25"} <= set(list_texts(figure))
    assert 3 == figure.n and len(figure.data) == 3
    with pytest.raises(DataError, match="no curve"):
        figures.draw_accumulation({}, {}, **ABOUT)


def test_pools_without_a_count_have_an_open_end():
    """Two named and no upper bound; with members the bar ends at their number."""
    rows = pd.DataFrame(
        {"name": ["A", "B"], "direct_n": [2, 1], "high_n": pd.array([None, 40], dtype="Int64")}
    )
    figure = figures.draw_pools(rows, **ABOUT)

    assert {"2 named, and no upper bound", "1 named, up to 40"} <= set(list_texts(figure))
    with pytest.raises(DataError, match="no agency gives"):
        figures.draw_pools(rows[:0], **ABOUT)


def test_state_matrix_holds_all_edges():
    """Rows are states of owners with their lists, unknown and federal last, and cells carry their counts."""
    edges = pd.DataFrame(
        {"from_state": ["CA", "CA", ""], "to_state": ["CA", "federal", "TX"], "edges_n": [7, 3, 1]}
    )
    figure = figures.draw_state_matrix(edges, pd.Series({"CA": 2}), **ABOUT)

    assert {"7", "3", "1", "CA (2)", "? (0)", "federal"} <= set(list_texts(figure))
    assert "Within one state: 7 of 11" in figure.alt and 11 == figure.n
    with pytest.raises(DataError, match="no edge"):
        figures.draw_state_matrix(edges[:0], pd.Series(dtype=int), **ABOUT)


def test_adjacency_tells_unknown_rows_from_empty_ones():
    """A returned pair, a one-way share, and a row that nobody released."""
    links = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0]], dtype=bool)
    agencies = pd.DataFrame(
        {"name": ["A", "B", "C"], "group": ["CA", "CA", None], "is_reporter": [True, True, False]}
    )
    figure = figures.draw_adjacency(links, agencies, **ABOUT)

    assert [[0, 3, 2], [3, 0, 0], [1, 1, 1]] == figure.axes[0].images[0].get_array().tolist()
    assert [(2, 1, 1), (1, 1, 1), (0, 1, 0)] == list(
        figure.data[["shared_n", "received_n", "returned_n"]].itertuples(index=False, name=None)
    )
    with pytest.raises(DataError, match="one row for each"):
        figures.draw_adjacency(links, agencies[:2], **ABOUT)


def test_adjacency_says_what_it_is_ordered_by():
    """Another order has another name, in title, caption and description."""
    agencies = pd.DataFrame({"name": ["A", "B"], "group": ["CA (2)"] * 2, "is_reporter": True})
    figure = figures.draw_adjacency(
        np.eye(2)[::-1], agencies, by="group", then="state", figure_id="other", **ABOUT
    )

    assert "ordered by group" in figure.alt and "by group, then by state." in figure.caption
    assert "Who shares with whom, ordered by group" == figure.get_suptitle() and "other" == figure.figure_id


def test_ego_writes_names_and_counts_the_rest():
    """Federal accounts first; beyond the room, one line per group says how many more."""
    count = 40
    near = pd.DataFrame(
        {"name": [f"Agency {at:02}" for at in range(count)], "state": "CA", "group": ["same state"] * (count - 1) + ["federal"],
         "reads": True, "shares": [True] * 3 + [False] * (count - 3), "lists_n": range(count)}
    )  # fmt: skip
    figure = figures.draw_ego(
        near, "Exampleton ZZ PD", is_owner_list=True, is_reader_list=False, most=10, **ABOUT
    )
    texts = list_texts(figure)

    assert {
        "Agency 39",
        "Agency 38",
        "and 31 more: same state",
        "May read its data: 40",
        "Share with it: 3 known",
    } <= set(texts)
    assert "Agency 05" not in texts
    with pytest.raises(DataError, match="no neighbor"):
        figures.draw_ego(near[:0], "A", is_owner_list=True, is_reader_list=True, **ABOUT)
