"""Figures of claims and counts: what is drawn is what was given, and nothing touches."""

import itertools
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.figures import draw_counts, draw_verdicts, save_figure

CHECKED = pd.DataFrame(
    {
        "claim_id": ["a", "b", "c", "d", "e"],
        "statement": [
            "Ten of ten.",
            "A statement long enough to be wrapped over at least two lines of its label.",
            "Far.",
            "Low.",
            "?",
        ],
        "verdict": ["holds", "differs", "differs", "differs", "cannot be checked here"],
        "difference_percent": [0.0, -8.4, 1150.0, -67.0, 3.0],
    }
)
COUNTS = pd.DataFrame({"exact": [3, 0], "about": [1, 5]}, index=["press", "document"])


def draw_counts_here(counts):
    """Draw counts with texts that do not matter."""
    return draw_counts(counts, "x", title="T", unit="rows", source="S", period="2019", caption="C")


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure open for the next test."""
    yield
    plt.close("all")


def test_verdicts_with_a_place_are_drawn_at_their_difference():
    """Each claim with a verdict has one mark; one off the scale stands at the edge; one without a verdict has none."""
    figure = draw_verdicts(CHECKED, source="S", period="2019")
    marks = sorted(float(x) for points in figure.axes[0].collections for x, _ in _get_offsets(points))

    assert [-30.0, -8.4, 0.0, 30.0] == marks
    assert figure.n == 4


def _get_offsets(points):
    return points.get_offsets() if hasattr(points, "get_sizes") and len(points.get_sizes()) else []


def test_verdict_figure_says_its_numbers_in_words():
    """Alt text counts the verdicts, the data hold every claim, and what is off the scale is written out."""
    figure = draw_verdicts(CHECKED, source="S", period="2019")
    texts = [text.get_text() for text in figure.axes[0].texts]

    assert "1 hold and 3 differ. 1 more" in figure.alt
    assert list(CHECKED["claim_id"]) == list(figure.data["claim_id"])
    assert {"off the scale: +1,150 %", "off the scale: \u221267 %", "\u22128.4 %"} == set(texts)


def test_labels_of_verdicts_do_not_touch():
    """No two labels of the axis overlap, whatever their number of lines."""
    many = pd.concat(
        [CHECKED.assign(claim_id=CHECKED["claim_id"] + str(k)) for k in range(12)], ignore_index=True
    )
    figure = draw_verdicts(many, source="S", period="2019")
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]

    assert not [1 for one, two in itertools.pairwise(boxes) if one.overlaps(two)]


@pytest.mark.parametrize("spoiled", [CHECKED.iloc[4:], CHECKED.assign(verdict="perhaps")])
def test_nothing_to_draw_is_refused(spoiled):
    """No claim with a verdict, or an unknown verdict, is an error with a way out."""
    with pytest.raises(DataError, match="check_claims"):
        draw_verdicts(spoiled, source="S", period="2019")


def test_dollar_signs_are_dollar_signs(tmp_path, monkeypatch):
    """Text between dollar signs is no formula: it neither fails nor changes, and formulas of a spreadsheet stay text."""
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    hostile = CHECKED.assign(statement=[r"costs $\frac$ and $5$", "$5 to $6", "=1+1", "b", "c"])
    figure = draw_verdicts(hostile, source="$S$", period="2019")
    save_figure(figure)

    assert r"costs $\frac$ and $5$" in [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert ",'=1+1," in (tmp_path / "verdicts.csv").read_text(encoding="utf-8")


def test_names_that_xml_cannot_hold_spoil_no_figure(tmp_path, monkeypatch):
    """A control sign in the name of an agency, or markup, leaves the SVG well-formed and without elements of its own."""
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    hostile = CHECKED.assign(
        statement=["Bell\x07 PD", "Feed\x0c PD", "</text><script>alert(1)</script>", "\ufffe", "-->"]
    )
    save_figure(draw_verdicts(hostile, source="S", period="2019"))

    drawn = ElementTree.parse(tmp_path / "verdicts.svg").getroot()
    assert not [element for element in drawn.iter() if element.tag.endswith("script")]


def test_bars_are_as_long_as_the_counts():
    """The parts of each bar follow each other and have the lengths of the table."""
    figure = draw_counts_here(COUNTS)
    bars = [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches]

    assert [(0, 3), (0, 0), (3, 1), (0, 5)] == bars
    assert (9, 9) == (figure.n, figure.data["n"].sum())


@pytest.mark.parametrize("counts", [COUNTS.iloc[:0], pd.DataFrame([[1] * 8])])
def test_counts_that_cannot_be_told_apart_are_refused(counts):
    """No bar, or more parts than there are fills, is an error."""
    with pytest.raises(DataError):
        draw_counts_here(counts)


def test_files_are_the_same_bytes_again(tmp_path, monkeypatch):
    """PNG, SVG, CSV and JSON of a figure drawn twice do not differ."""
    saved = []
    for name in ("one", "two"):
        monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path / name))
        save_figure(draw_verdicts(CHECKED, source="S", period="2019"))
        saved.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})

    assert {"verdicts.png", "verdicts.svg", "verdicts.csv", "verdicts.json"} == set(saved[0])
    assert saved[0] == saved[1]
