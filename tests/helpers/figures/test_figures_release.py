"""Figures of the release: the list recovered, contradictions, answers, events."""

from itertools import combinations

import matplotlib
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.facts import dates, tables, volumes
from helpers.facts import release as sharing
from helpers.figures import release, save_figure, timeline

matplotlib.use("Agg")


def find_collisions(figure) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes overlap by more than a pixel; slanted texts are left out, their boxes are larger."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    texts = [
        text
        for text in figure.findobj(matplotlib.text.Text)
        if text.get_visible() and text.get_text().strip()
    ]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts if not text.get_rotation()]
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
def recovered():
    """The names recovered from the real table."""
    return sharing.list_recovered(tables.load_table("sharing_claims"), tables.load_table("agencies"))


def draw_real(name: str, recovered: pd.DataFrame):
    """Draw one of the four figures from the real tables."""
    if name == "recovered-names":
        by_state = sharing.count_by_state(recovered)
        return release.draw_recovery(by_state, 80, source="A; B; and 3 more", period="2019-03-13")
    if name == "contradictions":
        compared = volumes.compare_conflicts(tables.load_table("quantities"))
        return release.draw_conflicts(compared, volumes.judge_conflicts(compared), source="A; B")
    if name == "replies":
        trace = sharing.trace_replies(tables.load_table("sharing_claims"), recovered)
        return release.draw_replies(trace, source="A; B")
    events = dates.select_years(tables.load_table("timeline"), "event_on", 2012, 2025)
    return timeline.draw_timeline(events, source="A; B")


FIGURES = ["recovered-names", "contradictions", "replies", "timeline"]


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_collides(name, recovered):
    """On the real tables no two texts of a figure overlap."""
    assert find_collisions(draw_real(name, recovered)) == []


@pytest.mark.parametrize("name", FIGURES)
def test_files_are_the_same_twice(name, recovered, tmp_path, monkeypatch):
    """Drawing and saving again gives the same bytes in all four files, at a width that a page can hold."""
    saved = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        monkeypatch.setenv("SIDEDOOR_FIGURES", str(folder))
        save_figure(draw_real(name, recovered))
        saved.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert saved[0] == saved[1]
    assert sorted(saved[0]) == [f"{name}.csv", f"{name}.json", f"{name}.png", f"{name}.svg"]
    width = int.from_bytes(saved[0][f"{name}.png"][16:20], "big")
    assert 700 <= width <= 900


def test_recovery_draws_one_mark_for_each_name(recovered):
    """48 marks by state, 32 for what is missing at least; both numbers stand in the description."""
    figure = draw_real("recovered-names", recovered)
    marks = sum(len(line.get_xdata()) for line in figure.axes[0].lines)
    assert marks == figure.data["names_n"].sum() == 80
    assert figure.data["names_n"].iloc[-1] == 32
    assert "TX 19" in figure.alt and "At least 32" in figure.alt
    assert figure.n == 48


def test_recovery_survives_a_longer_list_and_a_complete_one(recovered):
    """A list of 240 draws 192 missing names; a list no longer than what was found draws none."""
    by_state = sharing.count_by_state(recovered)
    longer = release.draw_recovery(by_state, 240, source="A", period="2019")
    assert longer.data["names_n"].iloc[-1] == 192
    assert find_collisions(longer) == []
    assert release.draw_recovery(by_state, 40, source="A", period="2019").data["names_n"].iloc[-1] == 0


def test_contradictions_draw_each_figure_in_its_own_panel(recovered):
    """One panel for each group; the data drawn are the figures with their bounds; the verdict is in the text."""
    figure = draw_real("contradictions", recovered)
    assert len(figure.axes) == figure.data["conflict_group"].nunique()
    drawn = figure.data.set_index("quantity_id")
    assert drawn.loc["law-enforcement-records", ["low", "high"]].tolist() == [1.45e9, 1.55e9]
    assert "500 million to 1.5 billion plate scans, a factor of 3 (cannot agree)" in figure.alt


def test_an_axis_that_leaves_out_zero_says_so(recovered):
    """Each panel gives the factor between its outer figures; those whose axis starts above zero say that, and only those."""
    for axes in draw_real("contradictions", recovered).axes:
        title = axes.get_title(loc="left")
        assert "times the smallest" in title
        assert ("does not start at zero" in title) == (axes.get_xlim()[0] > 0)


def test_figures_printed_as_almost_are_called_so(recovered):
    """Nearly 6.1 million dollars is drawn up to 6.1 million, and its label says almost."""
    figure = draw_real("contradictions", recovered)
    assert figure.data.set_index("quantity_id").loc["contract-value-fresno-bee", "high"] == 6_100_000
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    assert any(text.startswith("almost 6.1 million") for text in texts)


def test_recovery_does_not_call_two_pages_two_witnesses(recovered):
    """The key says that pages are not always independent; the note of the caller ends the caption."""
    by_state = sharing.count_by_state(recovered)
    figure = release.draw_recovery(by_state, 80, source="A", period="2019", note="One is a reprint.")
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    assert "printed by two or more pages\n(not always independent)" in texts
    assert figure.caption.endswith("One is a reprint.")


def test_replies_count_statements_of_one_day(recovered):
    """Two denials of one day are one mark with its number; all statements are in the data."""
    figure = draw_real("replies", recovered)
    trace = sharing.trace_replies(tables.load_table("sharing_claims"), recovered)
    assert figure.data["statements_n"].sum() == len(trace) == figure.n
    assert "Union City Police Department: corrected" in figure.alt


def test_timeline_ties_each_event_to_its_date(recovered):
    """Each connector starts at the event's place on the scale of years: inside it, and in the order of dates."""
    figure = draw_real("timeline", recovered)
    axes = figure.axes[0]
    starts = [line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 3]
    assert len(starts) == len(figure.data) == figure.n
    assert starts == sorted(starts)
    assert -0.5 <= starts[0] and starts[-1] <= len(starts) - 0.5


@pytest.mark.parametrize("copies", [1, 3])
def test_timeline_stands_one_event_and_three_times_as_many(copies):
    """One event draws; three times the table draws without a collision."""
    events = dates.select_years(tables.load_table("timeline"), "event_on", 2012, 2025)
    events = events.iloc[:1] if copies == 1 else pd.concat([events] * copies)
    events = dates.order_by_date(events.assign(label="W" * 34), "event_on")
    assert find_collisions(timeline.draw_timeline(events, source="A")) == []


def test_nothing_to_draw_is_an_error_with_a_way_out(recovered):
    """Empty tables raise an error that tells what to change."""
    by_state = sharing.count_by_state(recovered)
    events = tables.load_table("timeline")
    with pytest.raises(DataError, match="Widen"):
        release.draw_recovery(by_state.iloc[:0], 80, source="A", period="2019")
    with pytest.raises(DataError, match="Widen"):
        timeline.draw_timeline(events.iloc[:0], source="A")
    trace = sharing.trace_replies(tables.load_table("sharing_claims"), recovered)
    with pytest.raises(DataError, match="Widen"):
        release.draw_replies(trace.iloc[:0], source="A")
