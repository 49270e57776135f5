"""Draw one agency's neighborhood: who shares with it, who may read its data, with names that can be read."""

import pandas as pd
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path as Curve

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import title_figure
from helpers.figures.network import shorten_agency

ROW = 0.205
_LEFT, _RIGHT, _MIDDLE = 2.62, 5.74, (3.52, 4.84)
_COLORS = {"federal": COLORS["red"], "pool or company": COLORS["gray"], "other state": COLORS["orange"],
           "same state": COLORS["blue"], "state or local": COLORS["blue"],
           "state not in the name": COLORS["black"]}  # fmt: skip


def draw_ego(neighbors: pd.DataFrame, name: str, *, is_owner_list: bool, is_reader_list: bool, source: str, period: str,
             most: int = 24) -> CitedFigure:  # fmt: skip
    """Draw one agency between those that share with it and those that may read its data.

    Parameters
    ----------
    neighbors
        One row per neighbor: name, state, group (a key of the legend: `federal`, `pool or company`, `other state`, `same
        state`, `state or local`, `state not in the name`), reads (may read its data), shares (shares with it), lists_n (lists that name it).
    name
        The agency's name.
    is_owner_list, is_reader_list
        Whether its whole list of recipients, and its whole list of those that share with it, was released.
    source, period
        For the source line.
    most
        Names written on a side; the rest is counted by group.

    Returns
    -------
    CitedFigure `neighborhood`; its data are the neighbors.

    Raises
    ------
    DataError
        It has no neighbor, or a group that the legend does not know.
    """
    if neighbors.empty or set(neighbors["group"]) - set(_COLORS):
        raise DataError(
            "figure `neighborhood`", "no neighbor, or an unknown group", f"Groups: {', '.join(_COLORS)}."
        )
    sides = {side: _choose_rows(neighbors[neighbors[side]], most) for side in ("shares", "reads")}
    tallest = max(3, *(len(rows) for rows in sides.values()))
    height = tallest * ROW
    with new_figure(8.4, height + 2.25) as (figure, axes):
        axes.set(xlim=(0, 8.36), ylim=(height + 0.42, -0.62))
        axes.axis("off")
        middle = height / 2
        x, wide = _MIDDLE[0], _MIDDLE[1] - _MIDDLE[0]
        words = shorten_agency(name, 60)
        lines = _wrap(words)
        tall = 0.22 * len(lines) + 0.25
        box = FancyBboxPatch(
            (x, middle - tall / 2),
            wide,
            tall,
            boxstyle="round,pad=0,rounding_size=0.06",
            fc="#FFF6DC",
            ec="black",
            zorder=4,
        )
        axes.add_patch(box)
        axes.text(
            x + wide / 2,
            middle,
            "\n".join(lines),
            ha="center",
            va="center",
            fontsize=9.5,
            weight="bold",
            zorder=5,
        )
        both = set(neighbors.loc[neighbors["reads"] & neighbors["shares"], "name"])
        counts = {side: int(neighbors[side].sum()) for side in sides}
        heads = {"shares": (f"Share with it: {counts['shares']:,}" + ("" if is_reader_list else " known"), 0.0, "left"),
                 "reads": (f"May read its data: {counts['reads']:,}" + ("" if is_owner_list else " known"), 8.36, "right")}  # fmt: skip
        for side, (head, at, align) in heads.items():
            axes.text(at, -0.42, head, ha=align, fontsize=10.5, weight="bold")
            whole = is_reader_list if side == "shares" else is_owner_list
            axes.text(
                at,
                -0.22,
                "its whole list" if whole else "by other lists; its own was not released",
                ha=align,
                fontsize=8,
                color=COLORS["gray"],
            )
        for side, rows in sides.items():
            start = middle - len(rows) * ROW / 2
            for number, (label, group, count) in enumerate(rows):
                _draw_row(
                    axes, side, start + (number + 0.5) * ROW, label, group, count, label in both, middle
                )
        _draw_key(axes, neighbors, height)
        title_figure(figure, "Who shares with one agency, and who may read its data")
        told = ", ".join(
            f"{group} {int((neighbors['group'] == group).sum()):,}"
            for group in _COLORS
            if (neighbors["group"] == group).any()
        )
        return finish_figure(
            figure,
            "neighborhood",
            alt=f"{name} in the middle, {counts['shares']:,} agencies known to share with it at the left, {counts['reads']:,} that may "
            f"read its data at the right, {len(both):,} of them on both sides. All neighbors: {told}.",
            caption=f"At most {most} names are written on a side: federal accounts, pools and companies first, then those that most "
            "lists name. A ring marks an agency on both sides. Being listed is permission, not proof of use.",
            source=source,
            n=len(neighbors),
            period=period,
            data=neighbors,
        )


def _choose_rows(part: pd.DataFrame, most: int) -> list[tuple[str, str, int]]:
    """Choose the rows of a side: names, then one row for the rest of each group."""
    order = part.assign(place=part["group"].map(list(_COLORS).index))
    first = order["place"].clip(upper=2)
    order = order.assign(first=first).sort_values(["first", "lists_n", "name"], ascending=[True, False, True])
    room = most if len(order) <= most else most - order["group"].iloc[most - 3 :].nunique()
    shown, rest = order.iloc[:room], order.iloc[room:]
    shown = shown.sort_values(["place", "lists_n", "name"], ascending=[True, False, True])
    rows = []
    for group in _COLORS:
        rows += [(row.name, group, 1) for row in shown[shown["group"] == group].itertuples(index=False)]
        if more := int((rest["group"] == group).sum()):
            rows.append(("", group, more))
    return rows


def _draw_row(
    axes, side: str, y: float, label: str, group: str, count: int, is_both: bool, middle: float
) -> None:
    color = _COLORS[group]
    is_left = side == "shares"
    at, wall = (_LEFT, _MIDDLE[0]) if is_left else (_RIGHT, _MIDDLE[1])
    bend = (at + wall) / 2
    points = [(at, y), (bend, y), (bend, middle), (wall, middle)]
    line = PathPatch(
        Curve(points, [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]),
        fc="none",
        ec=color,
        lw=0.7 if label else 2.2,
        alpha=0.75,
    )
    axes.add_patch(line)
    axes.plot(
        at, y, "o", ms=4.2 if label else 7, color=color, mfc="white" if is_both else color, mew=1.3, zorder=3
    )
    shift, align = (-0.1, "right") if is_left else (0.1, "left")
    words = shorten_agency(label, 36) if label else f"and {count:,} more: {group}"
    axes.text(
        at + shift,
        y,
        words,
        ha=align,
        va="center",
        fontsize=8,
        style="normal" if label else "italic",
        color="black" if label else color,
    )


def _draw_key(axes, neighbors: pd.DataFrame, height: float) -> None:
    x, y = 0.1, height + 0.3
    for group in [group for group in _COLORS if (neighbors["group"] == group).any()]:
        axes.plot(x, y, "o", ms=4.2, color=_COLORS[group])
        axes.text(x + 0.1, y, group, va="center", fontsize=8)
        x += 0.42 + 0.075 * len(group)
    axes.plot(x, y, "o", ms=4.2, color=COLORS["gray"], mfc="white", mew=1.3)
    axes.text(x + 0.1, y, "on both sides", va="center", fontsize=8)


def _wrap(words: str) -> list[str]:
    import textwrap

    return textwrap.wrap(words, 17, max_lines=4, placeholder=" …")
