"""The house style, and a figure that carries its own source, description and numbers."""

import base64
import contextlib
import io
import re
import textwrap
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from helpers import paths
from helpers.errors import DataError
from helpers.export import write_csv
from helpers.files import format_json

# Okabe and Ito's palette (Color Universal Design, 2008): told apart with any common color vision.
COLORS = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "red": "#D55E00",
    "pink": "#CC79A7",
    "gray": "#6E6E6E",
    "pale": "#D9D9D9",
}
# Characters that a name in a record can have and XML cannot: with one of them no browser shows the figure.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.labelcolor": "#333333",
    "axes.axisbelow": True,
    "axes.grid.axis": "x",
    "grid.color": "#E3E3E3",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "legend.frameon": False,
    # a dollar sign in the data is a dollar sign, not the start of a formula
    "text.parse_math": False,
    "svg.hashsalt": "sidedoor",
    "svg.fonttype": "path",
}
# Inches at 100 dots: for a page, and for a telephone, where a wide figure would shrink its text below nine
# pixels.
WIDE, NARROW = 8.4, 3.9
# Metadata that would differ from one drawing to the next.
_UNDATED = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


class CitedFigure(Figure):
    """A matplotlib Figure that knows what it shows.

    Attributes
    ----------
    figure_id
        Short name, unique in a notebook.
    alt, caption
        What a reader sees in it, in words; one or two sentences under it.
    source_line
        Source, n and date range, as drawn at its foot.
    data
        The numbers drawn, one row per mark.
    n, period
        Rows behind the figure, and the dates that they span.
    redraw
        Draws the same figure for a telephone; None for a figure that has one form.
    saved
        The PNG that `save_figure` wrote, which a notebook then shows if nothing was changed since.
    """

    figure_id = alt = caption = source_line = period = ""
    n = 0
    saved = b""
    redraw = None
    data: pd.DataFrame

    def _ipython_display_(self):
        # IPython itself would lay it out and draw it once more, and not quite as it was saved.
        from IPython.display import display

        is_saved = self.saved and not self.stale
        picture = base64.b64encode(self.saved if is_saved else _draw_alike(self, "png")[0]).decode("ascii")
        about = {"image/png": {"alt": self.alt, "sidedoor": self.figure_id}}
        display({"image/png": picture, "text/plain": repr(self)}, metadata=about, raw=True)


@contextlib.contextmanager
def new_figure(width: float = WIDE, height: float = 4.6, **subplots):
    """Open a figure in the house style; yields `(figure, axes)`. Sizes in inches, at 100 dots per inch."""
    with mpl.rc_context(_STYLE):
        yield plt.subplots(figsize=(width, height), FigureClass=CitedFigure, layout="constrained", **subplots)


def finish_figure(
    figure: CitedFigure,
    figure_id: str,
    *,
    alt: str,
    caption: str,
    source: str,
    n: int,
    period: str,
    data: pd.DataFrame,
) -> CitedFigure:
    """Write the source line under a figure and attach its description and numbers, none of them empty."""
    if not all([alt, caption, source, period]) or data.empty:
        found = "alt text, caption, source, dates or data are missing"
        raise DataError(f"figure `{figure_id}`", found, "Give all five.")
    figure.figure_id, figure.alt, figure.caption, figure.n, figure.period = figure_id, alt, caption, n, period
    figure.data = data
    # records whose id says that they are invented; figures of a simulated log have it in their title as well
    invented = "Simulated data. " if "simulated-" in source else ""
    figure.source_line = f"{invented}Source: {source} · n = {n:,} · {period}"
    line = textwrap.fill(figure.source_line, int(figure.get_figwidth() * 14.5))
    figure.supxlabel(line, x=0.01, ha="left", fontsize=8, color=COLORS["gray"])
    return figure


def save_figure(figure: CitedFigure) -> None:
    """Save a figure as PNG and SVG, its numbers as CSV and its description as JSON, in the folder of the run.

    A figure that can be drawn for a telephone is saved for it as well, as `<id>-narrow.svg`. The files are
    the same bytes each time: no dates, fixed identifiers in the SVG. Characters that XML cannot have become
    U+FFFD.
    """
    folder = paths.find_figure_folder()
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / figure.figure_id
    figure.saved, svg = _draw_alike(figure, "png", "svg")
    figure.stale = False  # until something in it is changed
    stem.with_suffix(".png").write_bytes(figure.saved)
    _write_text(stem.with_suffix(".svg"), svg.decode("utf-8"))
    if figure.redraw is not None:
        narrow = figure.redraw()
        (svg,) = _draw_alike(narrow, "svg")
        plt.close(narrow)
        _write_text(stem.with_name(f"{stem.name}-narrow.svg"), svg.decode("utf-8"))
    write_csv(figure.data, stem.with_suffix(".csv"))
    names = ("figure_id", "alt", "caption", "source_line", "n", "period")
    _write_text(stem.with_suffix(".json"), format_json({name: getattr(figure, name) for name in names}))


def _write_text(path: Path, text: str) -> None:
    path.write_text(_UNFIT.sub("\ufffd", text), encoding="utf-8", newline="\n")


def save_table(table: pd.DataFrame, table_id: str) -> None:
    """Save a complete table as `<table_id>.csv` in the folder of the run: the site offers it for download.

    Its headers are for readers; the index is left out.
    """
    folder = paths.find_figure_folder()
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(table, folder / f"{table_id}.csv")


def _draw_alike(figure: CitedFigure, *formats: str) -> list[bytes]:
    """Draw a figure in each format; it is laid out once for all, which takes longer than to draw it."""
    pictures = []
    with mpl.rc_context(_STYLE):
        figure.draw_without_rendering()
        area = figure.get_tightbbox().padded(mpl.rcParams["savefig.pad_inches"])
        figure.set_layout_engine(None)
        for kind in formats:
            figure.savefig(drawn := io.BytesIO(), format=kind, bbox_inches=area, metadata=_UNDATED[kind])
            pictures.append(drawn.getvalue())
    return pictures
