"""Charts: what is drawn is the table, also for a telephone; what a notebook shows is the saved file."""

import base64
import re

import IPython.display
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from PIL import Image

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
# chart -> its function, a table that it draws, tables that it refuses
CHARTS = {
    "bars": (figures.draw_bars, COUNTS, COUNTS.iloc[:0]),
    "ranges": (figures.draw_ranges, RANGES, RANGES.iloc[:0]),
    "lines": (figures.draw_lines, LINE, LINE.iloc[:0]),
    "matrix": (figures.draw_matrix, COUNTS, pd.DataFrame(1, index=[1], columns=range(21))),
    "tiles": (figures.draw_tiles, pd.Series({"CA": 21, "TX": 3}), pd.Series({"ZZ": 1})),
}
EACH = pytest.mark.parametrize("name", CHARTS)


def draw(name, table=None, **about):
    function, usual, _ = CHARTS[name]
    return function(usual if table is None else table, "a", unit="agencies", **ABOUT | about)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where figures of the test go; no figure stays open."""
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    yield tmp_path
    plt.close("all")


@EACH
def test_every_chart_has_a_narrow_version_with_the_same_numbers(name):
    """The version for a telephone is half as wide, and shows the same data."""
    wide = draw(name)
    narrow = wide.redraw()

    assert narrow.get_figwidth() < wide.get_figwidth() / 2
    pd.testing.assert_frame_equal(wide.data, narrow.data)
    assert ABOUT["title"] in wide.alt and wide.source_line.startswith("Source: Fresno Bee")


@EACH
def test_no_text_is_cut_off_or_smaller_than_eight_points(name):
    """All text is within the picture that is saved, and legible at its own width."""
    wide = draw(name)
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


@EACH
def test_tables_that_cannot_be_drawn_are_refused(name):
    """Empty tables, too many columns, and codes that are no state."""
    with pytest.raises(DataError):
        draw(name, CHARTS[name][2])


def test_marks_are_the_numbers():
    """Parts of bars are as long as their numbers; `at least 30` is an arrow; a missing day is not drawn across.

    A log of fewer than seven days has no mean of seven days: the figure says so.
    """
    bars, ranges, lines = (draw(name) for name in ("bars", "ranges", "lines"))
    none = draw("lines", LINE.assign(y=np.nan))

    assert [patch.get_width() for patch in bars.axes[0].patches] == [20, 3, 5, 0]
    assert ">" in [line.get_marker() for line in ranges.axes[0].lines] and "at least 30" in ranges.alt
    assert np.isnan(lines.axes[0].lines[0].get_ydata()).sum() == 1
    assert "Highest" not in none.alt and none.axes[0].get_ylim()[0] == 0


def test_saved_files(folder):
    """PNG, SVG, narrow SVG, numbers and description; the same bytes each time; a table by its own name."""
    figures.save_figure(draw("bars"))
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    figures.save_figure(draw("bars"))
    figures.save_table(COUNTS.reset_index(names="agency"), "complete")

    assert {"a.png", "a.svg", "a-narrow.svg", "a.csv", "a.json"} == set(first)
    assert all((folder / name).read_bytes() == content for name, content in first.items())
    assert (folder / "complete.csv").read_text().splitlines()[0] == "agency,local,federal"


# --- the layout of a figure -----------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show, one call of `display` each."""
    calls = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **how: calls.append((data, how)))
    return calls


def test_notebook_shows_the_saved_file_and_a_figure_changed_since_as_it_is(shown, folder):
    """Byte for byte, with its description; so is a figure that was not saved. A new title is seen."""
    saved, unsaved = draw("bars"), draw("bars")
    figures.save_figure(saved)
    for figure in (saved, unsaved):
        figure._ipython_display_()
    saved.axes[0].set_title("Other bars")
    for _ in range(2):
        saved._ipython_display_()

    file = (folder / "a.png").read_bytes()
    assert [base64.b64decode(data["image/png"]) == file for data, _ in shown] == [True, True, False, False]
    assert shown[2] == shown[3]
    for data, how in shown:
        assert data["text/plain"].startswith("<CitedFigure size ") and how["raw"] is True
        assert how["metadata"] == {"image/png": {"alt": saved.alt, "sidedoor": "a"}}


def test_file_is_what_matplotlib_saves_tightly(folder):
    """The PNG is that of `bbox_inches="tight"`, byte for byte; the SVG is as large, in points."""
    figures.save_figure(draw("bars"))
    draw("bars").savefig(folder / "plain.png", bbox_inches="tight", dpi=100, metadata={"Software": None})
    svg = (folder / "a.svg").read_text(encoding="utf-8")
    points = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg).groups()

    assert (folder / "a.png").read_bytes() == (folder / "plain.png").read_bytes()
    with Image.open(folder / "a.png") as image:
        assert [float(side) / 0.72 for side in points] == pytest.approx(image.size, abs=1)


@pytest.mark.parametrize(
    ("source", "foot"),
    [("simulated-list, b", "Simulated data. Source: simulated-list, b"), ("b", "Source: b")],
)
def test_figure_of_invented_records_says_so(source, foot):
    """Whatever its title says, its foot does."""
    figure = draw("bars", source=source)

    assert figure.get_supxlabel() == figure.source_line == f"{foot} · n = 28 · 2019"
