"""Figures of doors: what is drawn is what was given, nothing is left out, and what is open is shown as open."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from helpers.doors.ways import describe_doors
from helpers.errors import DataError
from helpers.figures import draw_door_grades, draw_door_matrix, draw_doors
from helpers.figures.doors import _FILLS

SAID = {"title": "T", "source": "simulated", "period": "2025"}
BOUNDS = pd.DataFrame(
    [("front", "Front door", 30, 12, 0), ("side", "Side door", 2, 12, 40), ("relay", "Relay", 0, 0, 0)],
    columns=["door", "label", "judged_n", "undetermined_n", "other_n"],
)
CROSSED = pd.DataFrame(
    [
        ("A PD", "local", "front", 6),
        ("A PD", "local", "undetermined", 2),
        ("A PD", "federal", "back", 4),
        ("B PD", "own", "own", 5),
    ],
    columns=["host", "party", "door", "rows_n"],
)
GRADES = pd.DataFrame(
    [("side", 10, 3, 5, 2), ("relay", 0, 0, 0, 0), ("account", 4, 0, 1, 3)],
    columns=["door", "true_n", "found_n", "undetermined_n", "taken_n"],
)


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure open for the next test."""
    yield
    plt.close("all")


def list_bars(axes):
    """List bars that have a width: (left, width, row), rounded."""
    bars = [bar for container in axes.containers for bar in container]
    return sorted(
        (round(bar.get_x(), 6), round(bar.get_width(), 6), round(bar.get_y() + bar.get_height() / 2))
        for bar in bars
        if bar.get_width()
    )


def test_judged_and_open_rows_are_drawn_end_to_end():
    """What is sure begins at zero, what is open follows it, and a door without rows is still named."""
    figure = draw_doors(BOUNDS, n=44, **SAID)
    axes = figure.axes[0]

    assert [(0, 2, 1), (0, 30, 0), (2, 12, 1), (30, 12, 0)] == list_bars(axes)
    assert BOUNDS["label"].tolist() == [label.get_text() for label in axes.get_yticklabels()]
    assert {"30   (+ 12 open)", "2   (+ 12 open)", "0"} <= {text.get_text() for text in axes.texts}
    assert (44, "add up to nothing" in figure.caption) == (figure.n, True)


def test_matrix_parts_each_cell_by_its_rows():
    """A cell's bar is parted in proportion, carries its number, and an empty cell has none."""
    figure = draw_door_matrix(CROSSED, **SAID)
    axes = figure.axes[0]
    widths = sorted(round(patch.get_width(), 4) for patch in axes.patches if isinstance(patch, Rectangle))
    shown = [text.get_text() for text in axes.texts]

    # six of eight rows, two of eight, all of four, all of five; a full bar is 0.92 wide
    assert [0.23, 0.69, 0.92, 0.92] == widths
    assert {"8", "4", "5"} <= set(shown) and 3 == shown.count("\u00b7")
    assert ["itself", "local", "federal"] == [label.get_text() for label in axes.get_xticklabels()]
    assert ["A PD", "B PD"] == [label.get_text() for label in axes.get_yticklabels()]
    assert 17 == figure.data["rows_n"].sum() == figure.n


def test_hosts_beyond_the_most_are_summed_up():
    """No row is dropped where there are more hosts than lines."""
    many = pd.concat([CROSSED, *(CROSSED.assign(host=f"H{number}", rows_n=1) for number in range(4))])
    figure = draw_door_matrix(many, most=2, **SAID)

    assert ["A PD", "B PD", "4 others"] == [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert many["rows_n"].sum() == figure.data["rows_n"].sum()


def test_grades_add_up_to_a_hundred():
    """Found, open and taken of each true door fill its line; a door without a true row has none."""
    figure = draw_door_grades(GRADES, **SAID)
    bars = list_bars(figure.axes[0])

    assert [(0, 25, 1), (0, 30, 0), (25, 75, 1), (30, 50, 0), (80, 20, 0)] == bars
    assert ["Side door\n10 rows", "Account\n4 rows"] == [
        label.get_text() for label in figure.axes[0].get_yticklabels()
    ]
    assert "simulated" in figure.caption.lower()


def test_every_door_has_a_look_of_its_own():
    """All doors can be drawn, and no two alike even without color."""
    assert set(describe_doors(observed=True)["door"]) == set(_FILLS)
    assert len(set(_FILLS.values())) == len(_FILLS)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_doors(BOUNDS, n=0, **SAID),
        lambda: draw_door_matrix(CROSSED.iloc[:0], **SAID),
        lambda: draw_door_grades(GRADES.assign(true_n=0), **SAID),
    ],
)
def test_nothing_to_draw_is_an_error(draw):
    """An empty figure is refused."""
    with pytest.raises(DataError, match="figure"):
        draw()
