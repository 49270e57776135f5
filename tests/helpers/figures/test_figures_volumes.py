"""Figures of cited counts and of the quoted log entries."""

from itertools import combinations

import matplotlib
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.facts import tables, volumes
from helpers.figures import draw_months, draw_quotes, draw_volumes, save_figure

matplotlib.use("Agg")


def find_collisions(figure) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes overlap by more than a pixel."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    texts = [
        text
        for text in figure.findobj(matplotlib.text.Text)
        if text.get_visible() and text.get_text().strip()
    ]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    return [
        (one, two)
        for (one, a), (two, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


@pytest.fixture(autouse=True)
def close_figures():
    """No figure outlives its test."""
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def listed():
    """All cited counts of the real table, in lines."""
    return volumes.group_series(volumes.list_volumes(tables.load_table("query_volumes")))


def draw_real(name: str, listed: pd.DataFrame):
    """Draw one of the figures from the real tables."""
    if name == "quoted-entries":
        return draw_quotes(tables.load_table("log_quotes"), source="A")
    if name == "months":
        return draw_months(volumes.list_months(listed), source="A; B")
    own = listed["measure"].isin(["queries", "results"])
    return draw_volumes(listed[own if name == "volumes-own" else ~own], source="A; B", figure_id=name)


FIGURES = ["volumes-own", "volumes-other", "months", "quoted-entries"]


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_collides(name, listed):
    """On the real tables no two texts of a figure overlap."""
    assert find_collisions(draw_real(name, listed)) == []


@pytest.mark.parametrize("name", FIGURES)
def test_files_are_the_same_twice(name, listed, tmp_path, monkeypatch):
    """Drawing and saving again gives the same bytes in all four files, at a width that a page can hold."""
    saved = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        monkeypatch.setenv("SIDEDOOR_FIGURES", str(folder))
        save_figure(draw_real(name, listed))
        saved.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert saved[0] == saved[1]
    width = int.from_bytes(saved[0][f"{name}.png"][16:20], "big")
    assert 700 <= width <= 900


def test_two_measures_never_share_an_axis(listed):
    """There is one axis for each measure, a rate apart from totals, and each is logarithmic and says what it counts."""
    figure = draw_volumes(listed, source="A")
    panels = [axes for axes in figure.axes if axes.axison]
    kinds = listed.groupby(["measure", "per"], sort=False).ngroups
    assert len(panels) == kinds
    assert all(axes.get_xscale() == "log" for axes in panels)
    assert len({axes.get_title(loc="left") for axes in panels}) == kinds
    assert "logarithmic" in figure.get_suptitle()


def test_each_figure_is_one_dot_at_its_printed_value(listed):
    """The dots of all panels are the printed values, and so are the data attached."""
    figure = draw_volumes(listed, source="A")
    dots = [line.get_xdata()[0] for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    assert sorted(dots) == sorted(listed["value"]) == sorted(figure.data["value"])
    assert figure.n == len(listed)


def test_the_description_gives_ranges(listed):
    """The numbers of a panel stand in the text; a panel of one figure gives that figure."""
    figure = draw_real("volumes-own", listed)
    assert "queries: 3 figures from 1 to 578" in figure.alt
    assert "queries a month: one figure, 30,000" in figure.alt


def test_long_names_and_more_lines_fit(listed):
    """Three times as many lines with names of 200 letters do not collide."""
    more = pd.concat(
        [listed.assign(series=listed["series"] + f"-{n}", label="long name " * 20) for n in range(3)]
    )
    assert find_collisions(draw_volumes(more, source="A")) == []


def test_one_line_is_enough(listed):
    """A table of one figure draws."""
    assert draw_volumes(listed.iloc[:1], source="A").n == 1


def test_months_are_drawn_from_zero_at_their_values(listed):
    """Each month is a mark at its value above zero; a month told in part is hollow; the ends stand in the text."""
    figure = draw_real("months", listed)
    marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    assert sorted(mark.get_ydata()[0] for mark in marks) == sorted(figure.data["value"])
    # December 2025 and April 2026 of Conway, February 2025 of Irvine
    assert sum(mark.get_markerfacecolor() == "white" for mark in marks) == 3
    assert all(axes.get_ylim()[0] == 0 for axes in figure.axes)
    assert "from 18,453 in 2024-02, at most 352,289 in 2025-01, at the end 341,541 in 2025-02" in figure.alt


def test_a_month_without_a_figure_breaks_the_line(listed):
    """The line is not drawn across a missing month: its place is empty."""
    months = volumes.list_months(listed, ["irvine-accesses"])
    line = draw_months(months.drop(index=3), source="A").axes[0].lines[0]
    assert [place for place, value in zip(*line.get_data(), strict=True) if value != value] == [3]


@pytest.mark.parametrize("rows", [1, 39])
def test_one_month_and_three_times_as_many_fit(listed, rows):
    """A single month draws; thirty-nine months under a long name do not collide."""
    months = volumes.list_months(listed, ["irvine-accesses"]).iloc[:1]
    dates = pd.period_range("2022-01", periods=rows, freq="M").astype(str)
    months = pd.concat([months.assign(month=date, label="long name " * 15) for date in dates])
    assert find_collisions(draw_months(months, source="A")) == []


def test_nothing_or_zero_is_an_error_with_a_way_out(listed):
    """No row, and a count that a logarithmic axis cannot show, are refused."""
    with pytest.raises(DataError, match="at least one measure"):
        draw_volumes(listed.iloc[:0], source="A")
    with pytest.raises(DataError, match="above zero"):
        draw_volumes(listed.assign(value=0.0), source="A")
    with pytest.raises(DataError, match="at least one series"):
        draw_months(volumes.list_months(listed).iloc[:0], source="A")
    with pytest.raises(DataError, match="whole table"):
        draw_quotes(tables.load_table("log_quotes").iloc[:0], source="A")


def test_each_quoted_entry_is_one_mark(listed):
    """21 marks; the suspect date is drawn hollow and with its year; no percent sign stands anywhere."""
    figure = draw_real("quoted-entries", listed)
    axes = figure.axes[0]
    assert len(axes.lines) == len(figure.data) == 21
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    assert len(hollow) == 1
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    assert "2019-04-29" in texts
    assert figure.source_line.endswith("2018-02-08 to 2018-08-28, 1 printed 2019-04-29 (suspect)")
    assert not any("%" in text for text in texts)
    assert "INVESTIGATIONS 9" in figure.alt
