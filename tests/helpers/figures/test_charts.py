"""Chart types: what is drawn is the table, also for a telephone, and bad tables are refused."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from helpers import figures
from helpers.errors import DataError

ABOUT = {"title": "Agencies by kind", "source": "Fresno Bee", "period": "2019", "caption": "One bar each."}
COUNTS = pd.DataFrame(
    {"local": [20, 3], "federal": [5, 0]}, index=["Orange County Sheriff's Department", "Irvine"]
)
RANGES = pd.DataFrame(
    {"label": ["users", "searches"], "value": [9.0, 30.0], "low": [9.0, 30.0], "high": [9.0, np.inf]}
)
LINE = pd.DataFrame({"x": pd.date_range("2025-01-01", periods=4), "y": [4.0, np.nan, 2.0, 1.0]})
CALLS = {
    "bars": lambda **more: figures.draw_bars(COUNTS, "a", unit="agencies", **ABOUT, **more),
    "ranges": lambda **more: figures.draw_ranges(RANGES, "a", unit="searches", **ABOUT, **more),
    "lines": lambda **more: figures.draw_lines(LINE, "a", unit="searches", **ABOUT, **more),
    "matrix": lambda **more: figures.draw_matrix(COUNTS, "a", unit="agencies", **ABOUT, **more),
    "tiles": lambda **more: figures.draw_tiles(
        pd.Series({"CA": 21, "TX": 3}), "a", unit="agencies", **ABOUT, **more
    ),
}


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure open."""
    yield
    plt.close("all")


@pytest.mark.parametrize("name", CALLS)
def test_every_chart_has_a_narrow_version_with_the_same_numbers(name):
    """The version for a telephone is half as wide, shows the same data, and its text is not smaller."""
    wide = CALLS[name]()
    narrow = wide.redraw()

    assert narrow.get_figwidth() < wide.get_figwidth() / 2
    pd.testing.assert_frame_equal(wide.data, narrow.data)
    assert ABOUT["title"] in wide.alt and wide.source_line.startswith("Source: Fresno Bee")


@pytest.mark.parametrize("name", CALLS)
def test_no_text_is_cut_off_or_smaller_than_eight_points(name):
    """All text is within the picture that is saved, and legible at its own width."""
    wide = CALLS[name]()
    for figure in (wide, wide.redraw()):
        figure.draw_without_rendering()
        area = figure.get_tightbbox().padded(0.2)
        # labels of ticks beyond the axis exist, but are not drawn
        ticks = {id(tick.label1) for axes in figure.axes for tick in axes.xaxis.get_major_ticks()}
        for text in figure.findobj(plt.Text):
            if text.get_text().strip() and text.get_visible() and id(text) not in ticks:
                box = text.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
                assert area.x0 <= box.x0 and box.x1 <= area.x1, text.get_text()
                assert text.get_fontsize() >= 8


def test_bars_are_as_long_as_their_numbers():
    """The parts of each bar add up to its number."""
    axes = CALLS["bars"]().axes[0]
    widths = [patch.get_width() for patch in axes.patches]

    assert widths == [20, 3, 5, 0]


def test_unlimited_side_is_an_arrow():
    """`At least 30` is drawn with an arrow at its open side, and the alt text says so."""
    figure = CALLS["ranges"]()
    marks = [line.get_marker() for line in figure.axes[0].lines]

    assert ">" in marks and "at least 30" in figure.alt


def test_gap_breaks_the_line():
    """A missing day is not drawn across."""
    assert np.isnan(CALLS["lines"]().axes[0].lines[0].get_ydata()).sum() == 1


def test_no_value_is_no_line():
    """A log of fewer than seven days has no mean of seven days: the figure says so."""
    figure = figures.draw_lines(LINE.assign(y=np.nan), "a", unit="searches", **ABOUT)
    assert "Highest" not in figure.alt and figure.axes[0].get_ylim()[0] == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: figures.draw_bars(COUNTS.iloc[:0], "a", unit="u", **ABOUT),
        lambda: figures.draw_ranges(RANGES.iloc[:0], "a", unit="u", **ABOUT),
        lambda: figures.draw_lines(LINE.iloc[:0], "a", unit="u", **ABOUT),
        lambda: figures.draw_matrix(pd.DataFrame(1, index=[1], columns=range(21)), "a", unit="u", **ABOUT),
        lambda: figures.draw_tiles(pd.Series({"ZZ": 1}), "a", unit="u", **ABOUT),
    ],
)
def test_tables_that_cannot_be_drawn_are_refused(call):
    """Empty tables, too many columns, and codes that are no state."""
    with pytest.raises(DataError):
        call()


def test_saved_files(tmp_path, monkeypatch):
    """PNG, SVG, narrow SVG, numbers and description; the same bytes each time; a table by its own name."""
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    figures.save_figure(CALLS["bars"]())
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    figures.save_figure(CALLS["bars"]())
    figures.save_table(COUNTS.reset_index(names="agency"), "complete")

    assert {"a.png", "a.svg", "a-narrow.svg", "a.csv", "a.json"} == set(first)
    assert all((tmp_path / name).read_bytes() == content for name, content in first.items())
    assert (tmp_path / "complete.csv").read_text().splitlines()[0] == "agency,local,federal"
