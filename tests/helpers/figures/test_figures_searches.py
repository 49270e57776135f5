"""Pictures of searches: what is drawn is in the data, what is not whole is marked, invented data is called so."""

import pandas as pd
import pytest

from helpers import figures
from helpers.errors import DataError

ABOUT = {"unit": "searches", "source": "logs of A", "period": "2025", "is_simulated": False}
WIDTHS = pd.DataFrame(
    {
        "group": ["a", "a", "a", "b", "b"],
        "width": pd.array([0, 2, 8, 5, None], dtype="Int64"),
        "searches_n": [70, 30, 10, 40, 20],
    }
)


def test_widths_leave_out_zero_and_unknown():
    """Two groups, forty of a's searches and forty of b's with a number above zero; half of a's went over at most 2."""
    figure = figures.draw_widths(WIDTHS, **ABOUT)
    steps = [list(zip(*line.get_data(), strict=True)) for line in figure.axes[0].lines[:2]]

    assert [[(2, 0), (2, 75), (8, 100), (8, 100)], [(5, 0), (5, 100), (8, 100)]] == steps
    assert ["a (40)", "b (40)"] == [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert "Medians: a 2, b 5." in figure.alt and 80 == figure.n and "width-networks" == figure.figure_id


def test_widths_by_reason_say_so():
    """Another name, title and caption; a simulated log is called that."""
    figure = figures.draw_widths(WIDTHS, by="reason", field="devices_n", **ABOUT | {"is_simulated": True})

    assert "width-devices-by-reason" == figure.figure_id and "by reason" in figure.get_suptitle()
    assert figure.caption.startswith("Simulated data.") and "one rule set" in figure.caption
    assert "devices searched (log scale)" == figure.axes[0].get_xlabel()


def test_no_search_stands_alone_in_the_picture():
    """Beside larger groups one of two is left out, and twelve with it; one joins the next step, the two widest of b none."""
    more = pd.DataFrame(
        {"group": ["b", "c", "d"], "width": pd.array([7, 3, 9], dtype="Int64"), "searches_n": [2, 12, 2]}
    )
    figure = figures.draw_widths(pd.concat([WIDTHS.assign(searches_n=[70, 1, 40, 38, 20]), more]), **ABOUT)

    assert [("a", 8, 41, 41), ("b", 5, 38, 40)] == list(
        figure.data.itertuples(index=False, name=None)
    ) and 81 == figure.n
    assert (8, 95) == tuple(figure.axes[0].lines[1].get_xydata()[-1])
    assert (
        "Each step is of 10 searches or more; where a group's widest are fewer, its line ends below"
        in figure.caption
    )


def test_a_few_searches_are_drawn_as_one_group():
    """Eight searches: how many, and the most that one went over."""
    figure = figures.draw_widths(WIDTHS.assign(searches_n=[7, 3, 1, 4, 2]), **ABOUT)

    assert [("all", 8, 8, 8)] == list(figure.data.itertuples(index=False, name=None))
    assert "Medians" not in figure.alt and "Each step" not in figure.caption


def test_widths_of_nothing_are_refused():
    """Zeros alone are no width."""
    with pytest.raises(DataError, match="over how many"):
        figures.draw_widths(WIDTHS[:1], **ABOUT)


def test_months_that_are_not_whole_are_hatched_and_forms_parted():
    """Three months, the middle one in two forms: two hatched parts, one line between the forms."""
    months = pd.DataFrame(
        [
            ("2025-01", 0, 9, 5, 31, 31, True),
            ("2025-02", 0, 4, 2, 14, 28, False),
            ("2025-02", 1, 4, 3, 14, 28, False),
            ("2025-03", 1, 8, 6, 31, 31, True),
        ],
        columns=["month", "stretch", "rows_n", "searches_n", "days_n", "month_days_n", "is_whole"],
    )
    figure = figures.draw_search_months(months, **ABOUT)
    bars = figure.axes[0].patches

    assert [5, 2, 3, 6] == [bar.get_height() for bar in bars] and [False, True, True, False] == [
        bool(bar.get_hatch()) for bar in bars
    ]
    assert [1.0] == [line.get_xdata()[0] for line in figure.axes[0].lines]
    assert "2025-02 5" in figure.alt and 16 == figure.n
    with pytest.raises(DataError, match="no rows"):
        figures.draw_search_months(months[:0], **ABOUT)
