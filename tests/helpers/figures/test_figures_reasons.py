"""Figures of reasons: what they hold is the table they were given, and their words say it."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers import figures
from helpers.errors import DataError

WORDS = {"what": "immigration, simulated log", "source": "simulated log", "period": "2025-06 to 2026-02"}
COUNTS = pd.DataFrame(
    {
        "rule": ["a", "b: narrow", "b: wide"], "rule_set": ["a", "b", "b"], "found_n": [30, 5, 20], "text_n": 100, "rows_n": 120,
    }
)  # fmt: skip
RANGES = pd.DataFrame(
    {
        "month": ["2025-12", "2026-01", "no time"], "form": ["free text", "categories", "no time"], "low_n": [2, 0, 1],
        "low_rule": ["b", "all rules", "a"], "high_n": [9, 0, 1], "high_rule": ["a", "all rules", "a"], "text_n": [50, 40, 1],
        "rows_n": [60, 41, 1],
    }
)  # fmt: skip
SQUARE = pd.DataFrame(
    [[1.0, 0.5, None], [0.5, 1.0, -0.25], [None, -0.25, 1.0]], index=list("xyz"), columns=list("xyz")
)
GRADES = pd.DataFrame(
    {
        "rule": ["a", "b"], "true_n": 40, "true_text_n": 30, "found_n": [30, 8], "hit_n": [20, 8], "false_n": [10, 0],
        "missed_n": [20, 32], "precision": [2 / 3, 1.0], "recall": [0.5, 0.2], "recall_text": [2 / 3, 8 / 30],
    }
)  # fmt: skip


def read_texts(figure):
    """Read all words on a figure."""
    figure.draw_without_rendering()
    found = [text.get_text() for axes in figure.axes for text in axes.findobj(plt.Text)]
    return " | ".join([*found, *(text.get_text() for text in figure.texts), figure.get_suptitle()])


@pytest.fixture(autouse=True)
def close():
    """Leave no figure open."""
    yield
    plt.close("all")


def test_range_shows_every_rule_from_the_fewest():
    """Counts and shares of rows with a text, rules in order of what they find."""
    figure = figures.draw_rule_range(COUNTS, {"a": "documented", "b": "ours"}, **WORDS)
    texts = read_texts(figure)

    assert ["b: narrow", "b: wide", "a"] == figure.data["rule"].tolist() and 120 == figure.n
    assert all(
        part in texts
        for part in ("5 (5.0%)", "20 (20.0%)", "30 (30.0%)", "our rule", "as published", "simulated")
    )
    assert "from 5 to 30" in figure.alt


def test_hidden_counts_are_no_dots_and_no_lines():
    """A hidden count is said in words, in the picture, in its description and as a gap in its data."""
    counts = COUNTS.assign(found_n=pd.array([30, None, 20], dtype="Int64"))
    figure = figures.draw_rule_range(counts, {"a": "documented", "b": "ours"}, **WORDS)
    months = RANGES.assign(low_n=pd.array([None, 0, 1], dtype="Int64"), high_n=pd.array([12, None, 1], dtype="Int64"))
    by_month = figures.draw_range_months(months, **WORDS)

    assert 2 == sum(len(line.get_xdata()) for line in figure.axes[0].lines)
    assert 1 == figure.data["found_n"].isna().sum() and "fewer than 10" in read_texts(figure) and "fewer than 10" in figure.alt
    assert [12] == [int(bar.get_height()) for bar in by_month.axes[0].patches] and 2 == by_month.alt.count("fewer than 10")


def test_months_stand_on_their_side_of_the_break():
    """Each month has its ends; the line of the break is named on both sides; rows without a time are left out."""
    figure = figures.draw_range_months(RANGES, **WORDS)
    texts = read_texts(figure)

    assert ["2025-12", "2026-01"] == figure.data["month"].tolist() and 101 == figure.n
    assert "free text \u2190" in texts and "\u2192 categories" in texts
    lines = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert [[0.5, 0.5]] == [list(line.get_xdata()) for line in lines]


def test_agreement_shows_each_pair_once():
    """Half the square, a gap where there is no kappa, a true minus; the table holds all pairs."""
    figure = figures.draw_agreement(SQUARE, n=100, **WORDS)
    texts = read_texts(figure)

    assert 3 == len(figure.axes[0].patches) and 9 == len(figure.data)
    assert all(part in texts for part in ("0.50", "\u22120.25", "n/a"))
    assert "Lowest -0.25 (z with y), highest 0.50 (y with x)" in figure.alt


def test_grades_part_hits_misses_and_mistakes():
    """Bars of what is found and missed to the right, of mistakes to the left."""
    figure = figures.draw_grades(GRADES, truth="searches for it", **WORDS)
    widths = sorted(patch.get_width() for patch in figure.axes[0].patches)

    assert [-10, 0, 8, 20, 20, 32] == widths
    assert all(
        part in read_texts(figure) for part in ("50% found", "20% found", "searches for it", "simulated")
    )
    assert 40 == figure.n


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda: figures.draw_rule_range(COUNTS[:1], {}, **WORDS), "two rules"),
        (lambda: figures.draw_range_months(RANGES[2:], **WORDS), "no month"),
        (lambda: figures.draw_agreement(SQUARE.iloc[:1, :1], n=1, **WORDS), "Two rules"),
        (lambda: figures.draw_grades(GRADES.assign(true_n=0), truth="t", **WORDS), "no true row"),
    ],
)
def test_nothing_to_draw_is_refused(draw, told):
    """One rule, no month, no truth."""
    with pytest.raises(DataError, match=told):
        draw()
