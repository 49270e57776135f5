"""Words on figures: short numbers, titles that start at the left edge, keys that sit under them."""

from helpers.figures._base import CitedFigure

# What a printed figure's qualifier puts before the number.
HEDGES = {"exact": "", "about": "about ", "just_under": "almost ", "at_least": "over ", "at_most": "at most "}


def shorten_number(number: float) -> str:
    """Write a number for a label: `1.5 billion`, `6.37 million`, `9,200`."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(number) >= size:
            return f"{number / size:,.4g} {word}"
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.4g}"


def title_figure(figure: CitedFigure, text: str) -> None:
    """Write a figure's title from its left edge."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=13, fontweight="bold")


def key_axes(axes, handles: list, labels: list[str], columns: int = 3) -> None:
    """Draw a key from the left edge of the figure, above the axes and under the title."""
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "borderaxespad": 0.2}
    axes.legend(handles, labels, **place, ncols=columns, fontsize=9, handletextpad=0.4, columnspacing=1.4)


def write_beside(axes, text: str, point: tuple, shift: tuple[float, float], **style) -> None:
    """Write a text at a distance in points from a point in data."""
    style = {"va": "center", "fontsize": 9} | style
    axes.annotate(text, point, xytext=shift, textcoords="offset points", **style)


def write_above(axes, text: str, y: float) -> None:
    """Write the text of a line from the left edge of the axes, above the line at `y`."""
    place = {"xycoords": ("axes fraction", "data"), "xytext": (2, 6), "textcoords": "offset points"}
    axes.annotate(text, (0, y), **place, va="bottom", fontsize=8.5)
