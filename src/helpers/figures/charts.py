"""The chart types of the collection: bars, ranges, lines, a matrix, and states as tiles.

Each `draw_*` takes a small table and returns a `CitedFigure`. Its data are the table, its alt text is
written from the numbers, and it knows how to draw itself again for a telephone. All of them take

- figure_id, title, caption: short name; the result in at most twelve words; the sentence under the figure;
- unit: what is counted, which labels the axis;
- source, period, n: publishers and dates, the dates that the rows span, and how many rows there are (by
  default the sum of counts, or the number of rows or cells);
- width [inches]: below five, labels stand above what they label.

They raise DataError where there is nothing to draw, or more than can be told apart.
"""

import functools
import textwrap

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from helpers.errors import DataError
from helpers.figures._base import COLORS, NARROW, WIDE, CitedFigure, finish_figure, new_figure
from helpers.wording import format_number

# Color and hatching together, so that parts differ in print and for any color vision.
FILLS = tuple(
    zip(
        "blue orange green sky pink pale yellow".split(),
        ("", "//", "..", "\\\\", "xx", "", "||"),
        strict=True,
    )
)
MARKS = (("blue", "o"), ("orange", "s"), ("green", "^"), ("pink", "D"), ("black", "v"), ("sky", "P"))
# One word a tile, two dots for none: the arrangement that NPR made known in 2015.
TILES = """
AK .. .. .. .. .. .. .. .. .. ME
.. .. .. .. .. .. .. .. .. VT NH
WA ID MT ND MN IL WI MI NY RI MA
OR NV WY SD IA IN OH PA NJ CT ..
CA UT CO NE MO KY WV VA MD DE ..
.. AZ NM KS AR TN NC SC DC .. ..
.. .. .. OK LA MS AL GA .. .. ..
HI .. .. TX .. .. .. .. FL .. ..
"""


def in_two_widths(draw):
    """Give a `draw_*` function with a keyword `width` a second form: the same call, drawn for a telephone."""

    @functools.wraps(draw)
    def draw_both(*arguments, **options):
        figure = draw(*arguments, **{"width": WIDE, **options})
        figure.redraw = functools.partial(draw, *arguments, **{**options, "width": NARROW})
        return figure

    return draw_both


@in_two_widths
def draw_bars(
    counts: pd.DataFrame | pd.Series, figure_id: str, *, title: str, unit: str, width: float = WIDE, **about
) -> CitedFigure:
    """Draw counts as horizontal bars, in parts if the table has several columns.

    Parameters
    ----------
    counts
        Index: labels, from top to bottom. One column for each part of a bar [`unit`]; at most seven.
    """
    table = counts.to_frame(counts.name or unit) if isinstance(counts, pd.Series) else counts
    if table.empty or not 1 <= table.shape[1] <= len(FILLS):
        found = f"{table.shape[0]} bars of {table.shape[1]} parts"
        way_out = f"Give at least one bar and one to {len(FILLS)} parts."
        raise DataError(f"figure `{figure_id}`", found, way_out)
    totals = table.sum(axis="columns")
    with new_figure(width, _find_height(table.index, width, table.shape[1] > 1)) as (figure, axes):
        start = np.zeros(len(table))
        for part, (color, hatch) in zip(table.columns, FILLS, strict=False):
            style = {"color": COLORS[color], "hatch": hatch, "edgecolor": "white", "linewidth": 0.6}
            place = {"left": start, "height": 0.72 if width >= 5 else 0.42}
            axes.barh(range(len(table)), table[part], label=str(part), **place, **style)
            start = start + table[part].to_numpy()
        for place, total in enumerate(totals):
            _write(axes, format_number(total), (total, place), (5, 0))
        _label_rows(axes, table.index, width)
        _scale(axes, 0, totals.max(), unit)
        _head(figure, axes, title, width, table.shape[1] > 1)
    longest = totals.idxmax()
    most = f"Longest: {longest} with {format_number(totals[longest])} {unit}."
    alt = f"Bar chart with {len(table)} bars. {title}. {most}"
    data = table.rename_axis("label").reset_index()
    return finish_figure(figure, figure_id, alt=alt, data=data, **{"n": int(totals.sum()), **about})


@in_two_widths
def draw_ranges(
    rows: pd.DataFrame,
    figure_id: str,
    *,
    title: str,
    unit: str,
    is_log: bool = False,
    width: float = WIDE,
    **about,
) -> CitedFigure:
    """Draw one line for each row: a point, an interval, or both; numbers or dates.

    Parameters
    ----------
    rows
        Columns `label`, `value` (may be missing), and optionally `low`, `high` (an infinite one is drawn as
        an arrow), `kind` (color and mark), `text` (written next to the mark instead of the number). Dates
        make a timeline.
    is_log
        Logarithmic axis, for values that differ by more than a factor of a hundred.
    """
    place = f"figure `{figure_id}`"
    if rows.empty:
        raise DataError(place, "no rows", "Give at least one row.")
    table = rows.reset_index(drop=True)
    for side in ("low", "high"):
        if side not in table:
            table[side] = table["value"]
    is_dated = pd.api.types.is_datetime64_any_dtype(table["value"])
    kinds = list(dict.fromkeys(table["kind"])) if "kind" in table else [None]
    if len(kinds) > len(MARKS):
        raise DataError(place, f"{len(kinds)} kinds", f"At most {len(MARKS)} can be told apart.")
    known = table[["low", "value", "high"]]
    known = known if is_dated else known.astype(float).where(lambda cells: np.isfinite(cells))
    least, most = known.min().min(), known.max().max()
    with new_figure(width, _find_height(table["label"], width, kinds != [None])) as (figure, axes):
        if is_log:
            axes.set_xscale("log")
        _scale(axes, least, most, unit, is_dated=is_dated, is_log=is_log)
        left, right = axes.get_xlim()
        for number, row in table.iterrows():
            color, mark = MARKS[kinds.index(row["kind"]) if "kind" in table else 0]
            style = {"color": COLORS[color]}
            ends = [row["low"], row["high"]]
            if not is_dated:
                for sign, (end, edge) in enumerate(zip(ends, (left, right), strict=True)):
                    if pd.notna(end) and np.isinf(float(end)):
                        ends[sign] = edge
                        axes.plot([edge], [number], marker="<>"[sign], clip_on=False, markersize=6, **style)
            if pd.notna(ends[0]) and pd.notna(ends[1]) and ends[0] != ends[1]:
                axes.plot(ends, [number, number], linewidth=5, alpha=0.45, solid_capstyle="butt", **style)
            if pd.notna(row["value"]):
                axes.plot([row["value"]], [number], marker=mark, markersize=7, linestyle="", **style)
            text = row["text"] if "text" in table else _describe(row, is_dated)
            ends = [end for end in (row["value"], ends[1]) if pd.notna(end)]
            if text and ends:
                _write(axes, textwrap.fill(str(text), 60 if width >= 5 else 26), (max(ends), number), (8, 0))
        for kind, (color, mark) in zip(kinds, MARKS, strict=False):
            if kind is not None:
                axes.plot([], [], marker=mark, linestyle="", color=COLORS[color], label=str(kind))
        _label_rows(axes, table["label"], width)
        _head(figure, axes, title, width, kinds != [None])
    shown = "; ".join(f"{row['label']}: {_describe(row, is_dated)}" for _, row in table.head(12).iterrows())
    alt = f"Chart of {len(table)} values with their ranges. {title}. {shown}."
    return finish_figure(figure, figure_id, alt=alt, data=rows, **{"n": len(rows), **about})


@in_two_widths
def draw_lines(
    rows: pd.DataFrame,
    figure_id: str,
    *,
    title: str,
    unit: str,
    x_unit: str = "",
    is_step: bool = False,
    is_log: bool = False,
    marks: dict | None = None,
    width: float = WIDE,
    **about,
) -> CitedFigure:
    """Draw values along an axis, often time, one line for each group, with a band where there are bounds.

    Parameters
    ----------
    rows
        Columns `x` (numbers or dates) and `y`; optionally `line` (name of the group), `low` and `high`. A
        missing `y` breaks its line: nothing is drawn across a gap.
    x_unit
        Label of the horizontal axis.
    is_step, is_log
        Draw steps instead of straight lines; a logarithmic horizontal axis.
    marks
        Vertical lines: position to text. A position may be a pair, drawn as a span.
    """
    groups = list(dict.fromkeys(rows["line"])) if "line" in rows else [unit]
    if rows.empty or len(groups) > len(MARKS):
        found = f"{len(rows)} rows in {len(groups)} lines"
        way_out = f"Give one row or more, and at most {len(MARKS)} lines."
        raise DataError(f"figure `{figure_id}`", found, way_out)
    is_dated = pd.api.types.is_datetime64_any_dtype(rows["x"])
    with new_figure(width, 4.4 if width >= 5 else 4.0) as (figure, axes):
        for group, (color, mark) in zip(groups, MARKS, strict=False):
            part = rows[rows["line"] == group] if "line" in rows else rows
            style = {"color": COLORS[color], "label": str(group)}
            if is_step:
                axes.step(part["x"], part["y"], where="post", linewidth=1.8, **style)
            else:
                point = mark if len(part) <= 40 else None
                axes.plot(part["x"], part["y"], marker=point, markersize=4, linewidth=1.8, **style)
            if {"low", "high"} <= set(part.columns):
                band = {"color": COLORS[color], "alpha": 0.18, "linewidth": 0}
                axes.fill_between(part["x"], part["low"], part["high"], **band)
        for position, text in (marks or {}).items():
            ends = position if isinstance(position, tuple) else (position, position)
            axes.axvspan(*ends, color=COLORS["gray"], alpha=0.35, linewidth=1)
            _write(axes, text, (ends[0], 1), (4, -4), xycoords=("data", "axes fraction"), va="top")
        if is_log:
            axes.set_xscale("log")
        highest = np.nanmax(rows[[name for name in ("y", "high") if name in rows]].to_numpy(float))
        axes.set_ylim(0, max(1e-9, highest) * 1.1)
        axes.yaxis.set_major_formatter(lambda number, _: format_number(number))
        axes.set_ylabel(unit)
        axes.grid(axis="y")
        axes.grid(visible=False, axis="x")
        if is_dated:
            _date_axis(axes)
        axes.set_xlabel(x_unit)
        _head(figure, axes, title, width, len(groups) > 1)
    top = rows.loc[rows["y"].idxmax()]
    place = f"{top['x']:%-d %B %Y}" if is_dated else format_number(float(top["x"]))
    most = f"Highest: {format_number(float(top['y']))} {unit} at {place}."
    alt = f"Line chart with {len(groups)} line(s). {title}. {most}"
    return finish_figure(figure, figure_id, alt=alt, data=rows, **{"n": len(rows), **about})


@in_two_widths
def draw_matrix(
    table: pd.DataFrame, figure_id: str, *, title: str, unit: str, width: float = WIDE, **about
) -> CitedFigure:
    """Draw a table of numbers as shaded cells with the number in each; a missing cell stays white.

    Parameters
    ----------
    table
        Index: rows from top to bottom; columns from left to right; values in `unit`. At most 20 columns.
    """
    if table.empty or table.shape[1] > 20 or not table.notna().any(axis=None):
        found = f"{table.shape[0]} rows and {table.shape[1]} columns"
        raise DataError(f"figure `{figure_id}`", found, "Give at least one value and at most twenty columns.")
    values = table.to_numpy(dtype=float)
    top = np.nanmax(values)
    is_narrow = width < 5
    with new_figure(width, 1.9 + 0.36 * len(table) + (0.9 if is_narrow else 0.5)) as (figure, axes):
        for (row, column), value in np.ndenumerate(values):
            if not np.isfinite(value):
                continue
            depth = 0.12 + 0.88 * (value / top if top > 0 else 0)
            fill = {"facecolor": COLORS["blue"], "alpha": depth, "edgecolor": "white"}
            axes.add_patch(Rectangle((column, row), 1, 1, **fill))
            style = {
                "ha": "center",
                "va": "center",
                "fontsize": 9,
                "color": "white" if depth > 0.55 else "black",
            }
            axes.text(column + 0.5, row + 0.5, format_number(value), **style)
        axes.set_xlim(0, table.shape[1])
        axes.set_ylim(len(table), 0)
        names = [textwrap.fill(str(name), 9 if is_narrow else 14) for name in table.columns]
        turn = 90 if table.shape[1] > (5 if is_narrow else 10) else 0
        axes.set_xticks(np.arange(table.shape[1]) + 0.5, names, rotation=turn)
        labels = [textwrap.fill(str(name), 16 if is_narrow else 36) for name in table.index]
        axes.set_yticks(np.arange(len(table)) + 0.5, labels)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        _head(figure, axes, title, width, False)
    at = np.unravel_index(np.nanargmax(values), values.shape)
    most = f"Highest: {table.index[at[0]]}, {table.columns[at[1]]}: {format_number(float(top))} {unit}."
    alt = f"Matrix of {len(table)} by {table.shape[1]}. {title}. {most}"
    data = table.rename_axis("label").reset_index()
    return finish_figure(
        figure, figure_id, alt=alt, data=data, **{"n": int(np.isfinite(values).sum()), **about}
    )


def place_states() -> dict[str, tuple[int, int]]:
    """Return the place of each state and the District of Columbia on the grid: code to (column, row)."""
    lines = [line.split() for line in TILES.split("\n") if line]
    return {code: (x, y) for y, line in enumerate(lines) for x, code in enumerate(line) if code != ".."}


@in_two_widths
def draw_tiles(
    counts: pd.Series, figure_id: str, *, title: str, unit: str, width: float = WIDE, **about
) -> CitedFigure:
    """Draw counts by state as a grid of equal tiles; states without a value stay blank: no data.

    Parameters
    ----------
    counts
        Index: postal codes; values in `unit`.
    """
    spots = place_states()
    strange = sorted(set(counts.index) - set(spots))
    if counts.empty or strange:
        found = f"no state: {', '.join(strange) or 'none given'}"
        raise DataError(f"figure `{figure_id}`", found, "Give postal codes.")
    top = float(counts.max())
    with new_figure(width, width * 0.78 + 0.7) as (figure, axes):
        for code, (x, y) in spots.items():
            value = counts.get(code)
            depth = 0.0 if value is None or top <= 0 else 0.15 + 0.85 * float(value) / top
            fill = {"facecolor": COLORS["blue"], "alpha": depth} if depth else {"facecolor": "white"}
            axes.add_patch(Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, **fill))
            axes.add_patch(Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, fill=False, edgecolor=COLORS["pale"]))
            ink = "white" if depth > 0.55 else "black" if depth else COLORS["gray"]
            text = code if value is None else f"{code}\n{format_number(float(value))}"
            axes.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=9, color=ink)
        axes.set_xlim(0, 11)
        axes.set_ylim(8, 0)
        axes.set_aspect("equal")
        axes.axis("off")
        _head(figure, axes, title, width, False)
    first = counts.sort_values(ascending=False, kind="stable")
    listed = "; ".join(f"{code} {format_number(float(value))}" for code, value in first.items())
    alt = f"Map of the states as tiles. {title}. {listed} {unit}. Blank states: no data."
    data = counts.rename(unit).rename_axis("state").reset_index()
    return finish_figure(figure, figure_id, alt=alt, data=data, **{"n": int(counts.sum()), **about})


def _find_height(labels, width: float, has_key: bool) -> float:
    """Return a height in inches that leaves each row its lines of text."""
    lines = sum(max(1, len(textwrap.wrap(str(label), 44 if width >= 5 else 46))) for label in labels)
    if width >= 5:
        return 1.7 + 0.4 * has_key + 0.2 * lines + 0.14 * len(labels)
    return 2.1 + 0.6 * has_key + 0.2 * lines + 0.3 * len(labels)


def _label_rows(axes, labels, width: float) -> None:
    """Write the labels of rows: left of the axis, or above each row where the figure is narrow."""
    axes.set_ylim(len(labels) - 0.45, -0.8 if width < 5 else -0.6)
    if width >= 5:
        axes.set_yticks(range(len(labels)), [textwrap.fill(str(label), 44) for label in labels])
    else:
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        for place, label in enumerate(labels):
            text, style = textwrap.fill(str(label), 46), {"va": "bottom", "ha": "left", "fontsize": 9}
            axes.annotate(text, (0, place - 0.26), xycoords=("axes fraction", "data"), **style)
    axes.tick_params(axis="y", length=0)


def _scale(axes, least, most, unit: str, is_dated: bool = False, is_log: bool = False) -> None:
    """Set the horizontal axis: from zero for numbers, with room for the text at the right."""
    if is_dated:
        room = (most - least) / 20 or pd.Timedelta(days=30)
        axes.set_xlim(least - room, most + 12 * room)
        _date_axis(axes)
    elif is_log:
        axes.set_xlim(least / 2 if least > 0 else 0.5, most * 20)
        axes.xaxis.set_major_formatter(lambda number, _: format_number(number))
    else:
        axes.set_xlim(min(0, least * 1.1), max(most, 0) * 1.25 or 1)
        axes.xaxis.get_major_locator().set_params(nbins=5)
        axes.xaxis.set_major_formatter(lambda number, _: format_number(round(number, 10)))
    axes.set_xlabel(unit)
    axes.grid(axis="x")


def _date_axis(axes) -> None:
    locator = mdates.AutoDateLocator(minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def _head(figure: CitedFigure, axes, title: str, width: float, has_key: bool) -> None:
    """Write the title from the left edge, and the key between it and the axes."""
    text = textwrap.fill(title, 66 if width >= 5 else 38)
    figure.suptitle(text, x=0.01, ha="left", fontsize=13 if width >= 5 else 11.5, fontweight="bold")
    if has_key:
        columns = 3 if width >= 5 else 1
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, fontsize=9, borderaxespad=0.2)


def _describe(row, is_dated: bool) -> str:
    """Return the value of a row with its range, as text."""

    def say(value) -> str:
        return f"{value:%-d %B %Y}" if is_dated else format_number(float(value))

    low, value, high = row["low"], row["value"], row["high"]
    if pd.notna(low) and pd.notna(high) and low != high:
        if not is_dated and np.isinf(float(high)):
            return f"at least {say(low)}"
        if not is_dated and np.isinf(float(low)):
            return f"at most {say(high)}"
        return f"{say(low)} to {say(high)}"
    return say(value) if pd.notna(value) else ""


def _write(axes, text: str, point: tuple, shift: tuple[float, float], va: str = "center", **options) -> None:
    axes.annotate(text, point, xytext=shift, textcoords="offset points", va=va, fontsize=9, **options)
