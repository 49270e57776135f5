"""A figure is laid out once: its files and the picture in the notebook are of one drawing."""

import base64
import re

import IPython.display
import pandas as pd
import pytest
from PIL import Image

from helpers.figures import _base
from helpers.figures._base import finish_figure, new_figure, save_figure


def draw_bars():
    """A figure whose long labels the layout has to make room for."""
    with new_figure() as (figure, axes):
        axes.barh(["one", "a much longer name of an agency than that"], [1, 20])
        axes.set_title("Bars of $5")
        data = pd.DataFrame({"name": ["one", "two"], "bars_n": [1, 20]})
        return finish_figure(
            figure, "bars", alt="Bars.", caption="C.", source="S", n=2, period="2019", data=data
        )


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show, one call of `display` each."""
    calls = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **how: calls.append((data, how)))
    return calls


def test_notebook_shows_the_saved_file(shown, tmp_path, monkeypatch):
    """Byte for byte and not drawn again, with its description; a figure that was not saved is shown as it
    would be.
    """
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    draw, drawn = _base._draw_alike, []
    monkeypatch.setattr(
        _base, "_draw_alike", lambda figure, *formats: drawn.append(formats) or draw(figure, *formats)
    )
    saved, unsaved = draw_bars(), draw_bars()
    save_figure(saved)
    for figure in (saved, unsaved):
        figure._ipython_display_()

    for data, how in shown:
        assert base64.b64decode(data["image/png"]) == (tmp_path / "bars.png").read_bytes()
        assert data["text/plain"] == "<CitedFigure size 840x460 with 1 Axes>" and how["raw"] is True
        assert how["metadata"] == {"image/png": {"alt": "Bars.", "sidedoor": "bars"}}
    assert len(shown) == 2 and drawn == [("png", "svg"), ("png",)]


def test_figure_changed_after_it_was_saved_is_shown_as_it_is(shown, tmp_path, monkeypatch):
    """A new title is seen, though the file has the old one; shown twice it is the same."""
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    figure = draw_bars()
    save_figure(figure)
    figure.axes[0].set_title("Other bars")
    figure._ipython_display_()
    figure._ipython_display_()

    (first, _), (second, _) = shown
    assert base64.b64decode(first["image/png"]) != (tmp_path / "bars.png").read_bytes()
    assert first == second


def test_file_is_what_matplotlib_saves_tightly(tmp_path, monkeypatch):
    """To lay it out by hand changes nothing: the PNG is that of `bbox_inches="tight"`, the SVG as large, in
    points.
    """
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    save_figure(draw_bars())
    draw_bars().savefig(tmp_path / "plain.png", bbox_inches="tight", dpi=100, metadata={"Software": None})

    assert (tmp_path / "bars.png").read_bytes() == (tmp_path / "plain.png").read_bytes()
    size = re.search(
        r'width="([\d.]+)pt" height="([\d.]+)pt"', (tmp_path / "bars.svg").read_text(encoding="utf-8")
    )
    with Image.open(tmp_path / "bars.png") as image:
        pixels = image.size
    assert [float(side) / 0.72 for side in size.groups()] == pytest.approx(pixels, abs=1)


@pytest.mark.parametrize(
    ("source", "foot"),
    [("simulated-list, b", "Simulated data. Source: simulated-list, b"), ("b", "Source: b")],
)
def test_figure_of_invented_records_says_so(source, foot):
    """Whatever its title says, its foot does."""
    with new_figure() as (figure, axes):
        axes.barh(["one"], [1])
        figure = finish_figure(
            figure,
            "bars",
            alt="Bars.",
            caption="C.",
            source=source,
            n=1,
            period="2019",
            data=pd.DataFrame({"n": [1]}),
        )

    assert figure.get_supxlabel() == figure.source_line == f"{foot} · n = 1 · 2019"
