"""Figures of rules: strips that hold all queries, unseen ones shown as such."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.figures import draw_looks, draw_rules

SAID = {
    "title": "A heading long enough to be wrapped over two lines of the figure, as some are",
    "source": "S",
    "period": "2025",
}
COUNTS = pd.DataFrame(
    [("plate", "plate number", 0, 0, 20), ("case", "reference to a case", 5, 10, 5)],
    columns=["rule", "label", "met_n", "not_met_n", "unseen_n"],
)
LOOKS = pd.DataFrame(
    [("b", "a reader", status, rows) for status, rows in [("would need a look", 1), ("nothing seen", 7), ("cannot be seen", 2), ("before the rule", 0)]]
    + [("a", "another", status, rows) for status, rows in [("would need a look", 0), ("nothing seen", 10), ("cannot be seen", 0), ("before the rule", 0)]],
    columns=["rule", "label", "status", "rows_n"],
)  # fmt: skip


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure open for the next test."""
    yield
    plt.close("all")


def list_widths(figure):
    """List the widths of each strip's parts, from the first line down."""
    return [
        [round(bar.get_width(), 6) for bar in bars] for bars in zip(*figure.axes[0].containers, strict=True)
    ]


def test_strips_hold_all_queries():
    """Met, not met and unseen fill each strip in proportion; the order is that of the book."""
    figure = draw_rules(COUNTS, **SAID)

    assert [[0, 0, 100], [25, 50, 25]] == list_widths(figure)
    assert COUNTS["label"].tolist() == [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "Cannot be seen is no verdict" in figure.caption and 20 == figure.n
    assert "reference to a case: met 5, not met 10, cannot be seen in this export 5" in figure.alt


def test_looks_keep_the_order_of_the_rules():
    """Four parts, in the order of the words and not of the alphabet."""
    figure = draw_looks(LOOKS, caption="Invented.", **SAID)

    assert [[10, 70, 20, 0], [0, 100, 0, 0]] == list_widths(figure)
    assert ["a reader", "another"] == [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert figure.caption.startswith("Invented. A look is for a person")


@pytest.mark.parametrize("counts", [COUNTS.iloc[:0], COUNTS.assign(met_n=0, not_met_n=0, unseen_n=0)])
def test_nothing_to_draw_is_an_error(counts):
    """No rule, or no query, makes no figure."""
    with pytest.raises(DataError, match="figure"):
        draw_rules(counts, **SAID)
