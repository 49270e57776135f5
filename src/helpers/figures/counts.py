"""Draw counts of records: bars split by one more column."""

import pandas as pd

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure

_FILLS = [
    ("blue", ""),
    ("sky", "//"),
    ("orange", "xx"),
    ("pale", ".."),
    ("green", "\\\\"),
    ("pink", "--"),
    ("yellow", "||"),
]


def draw_counts(
    counts: pd.DataFrame, figure_id: str, *, title: str, unit: str, source: str, period: str, caption: str
) -> CitedFigure:
    """Draw a table of counts as horizontal bars.

    Parameters
    ----------
    counts
        One row per bar (the index is its label), one column per part [`unit`]; drawn top to bottom, left to right.
    figure_id, title, caption
        Short name, heading, and the sentence under the figure.
    unit
        What is counted; labels the axis.
    source, period
        Source line of the figure and the dates that the records span.

    Returns
    -------
    CitedFigure whose data are the counts, one row per bar and part.

    Raises
    ------
    DataError
        There is nothing to draw, or there are more parts than can be told apart.
    """
    if counts.empty or not 1 <= counts.shape[1] <= len(_FILLS):
        raise DataError(
            f"figure `{figure_id}`",
            f"{counts.shape[0]} bars of {counts.shape[1]} parts",
            f"Give at least one bar, and one to {len(_FILLS)} parts.",
        )
    totals = counts.sum(axis="columns")
    with new_figure(height=1.6 + 0.34 * len(counts)) as (figure, axes):
        start = pd.Series(0, index=counts.index)
        places = range(len(counts))
        for part, (color, hatch) in zip(counts.columns, _FILLS, strict=False):
            axes.barh(
                places, counts[part], left=start, height=0.72, label=str(part),
                color=COLORS[color], hatch=hatch, edgecolor="white", linewidth=0.6,
            )  # fmt: skip
            start = start + counts[part]
        for place, total in zip(places, totals, strict=True):
            axes.annotate(
                f"{total:,.0f}", (total, place), xytext=(5, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(places, [str(label) for label in counts.index])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, max(1, totals.max()) * 1.1)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel(unit)
        axes.grid(axis="x")
        axes.set_title(title, pad=30 if counts.shape[1] > 1 else 8)
        if counts.shape[1] > 1:
            axes.legend(
                loc="lower left",
                bbox_to_anchor=(-0.01, 0.995),
                ncols=min(4, counts.shape[1]),
                handlelength=1.6,
            )
    largest = totals.idxmax()
    data = counts.rename_axis("bar").reset_index().melt(id_vars="bar", var_name="part", value_name="n")
    return finish_figure(
        figure,
        figure_id,
        alt=f"Bar chart, {len(counts)} bars. {title}. Longest: {largest} with {totals[largest]:,.0f} {unit}; "
        f"all together {totals.sum():,.0f}.",
        caption=caption,
        source=source,
        n=int(totals.sum()),
        period=period,
        data=data,
    )
