"""Draw doors as a log shows them: verdicts with what stays open, hosts by kinds of searchers, grades against a truth."""

import pandas as pd
from matplotlib.patches import Patch, Rectangle

from helpers.doors.ways import describe_doors
from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure

# fill and hatch by door; told apart without color
_FILLS = {
    "front": (COLORS["blue"], ""),
    "back": (COLORS["black"], "..."),
    "contract": (COLORS["orange"], "xx"),
    "pool": (COLORS["sky"], "---"),
    "account": (COLORS["pink"], "++"),
    "side": (COLORS["red"], "\\\\"),
    "relay": (COLORS["green"], "xxx"),
    "own": (COLORS["yellow"], ""),
    "undetermined": ("white", "////"),
}
_PARTIES = {
    "own": "itself", "local": "local", "federal": "federal", "center": "fusion\ncenter", "joint": "joint\naccount",
    "company": "company", "demo": "test\naccount", "pool": "pool", "unknown": "not told",
}  # fmt: skip


def draw_doors(
    bounds: pd.DataFrame, *, title: str, source: str, period: str, n: int, figure_id: str = "doors"
) -> CitedFigure:
    """Draw the rows judged for each door, and those that may be of it.

    Parameters
    ----------
    bounds
        From `doors.list_bounds`: door, label, judged_n, undetermined_n, other_n [rows].
    title, source, period, figure_id
        Heading, source line, dates and short name.
    n
        Rows of the log.

    Raises
    ------
    DataError
        There is no row to draw.
    """
    if not n or bounds.empty:
        raise DataError(f"figure `{figure_id}`", "no row has a verdict", "Give a log with rows.")
    places = range(len(bounds))
    with new_figure(height=1.9 + 0.42 * len(bounds)) as (figure, axes):
        axes.barh(places, bounds["judged_n"], height=0.62, color=COLORS["blue"], label="judged so")
        axes.barh(
            places, bounds["undetermined_n"], left=bounds["judged_n"], height=0.62, color="white", hatch="////",
            edgecolor=COLORS["gray"], linewidth=0.7, label="undetermined, may be of it",
        )  # fmt: skip
        for place, row in zip(places, bounds.itertuples(), strict=True):
            text = f"{row.judged_n:,}" + (f"   (+ {row.undetermined_n:,} open)" if row.undetermined_n else "")
            axes.annotate(
                text,
                (row.judged_n + row.undetermined_n, place),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        axes.set_yticks(places, bounds["label"])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, max(1, (bounds["judged_n"] + bounds["undetermined_n"]).max()) * 1.32)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        axes.set_xlabel("rows of the log [rows]")
        axes.grid(axis="x")
        axes.set_title(title, pad=30)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 0.995), ncols=2, handlelength=1.8)
    told = "; ".join(
        f"{row.label} {row.judged_n:,} and {row.undetermined_n:,} open" for row in bounds.itertuples()
    )
    return finish_figure(
        figure,
        figure_id,
        alt=f"Bar chart, one bar per door. {title}. Rows judged, and rows left undetermined that may be of the door: {told}.",
        caption="A row left undetermined is counted at every door that it does not exclude, so the hatched parts overlap and add up to "
        "nothing. A row is not a search, and a door that is not seen is not a door that does not exist.",
        source=source,
        n=n,
        period=period,
        data=bounds.reset_index(drop=True),
    )


def draw_door_matrix(
    crossed: pd.DataFrame,
    *,
    title: str,
    source: str,
    period: str,
    figure_id: str = "door-matrix",
    most: int = 12,
) -> CitedFigure:
    """Draw hosts by kinds of searchers; each cell is one bar, parted by door.

    Parameters
    ----------
    crossed
        From `doors.cross_parties`: host, party, door, rows_n.
    title, source, period, figure_id
        Heading, source line, dates and short name.
    most
        Hosts drawn, those with the most rows first; the rest is summed up in one line.

    Raises
    ------
    DataError
        There is no row to draw.
    """
    if crossed.empty:
        raise DataError(f"figure `{figure_id}`", "no row has a verdict", "Give a log with rows.")
    totals = crossed.groupby("host")["rows_n"].sum().sort_index().sort_values(ascending=False, kind="stable")
    kept = list(totals.index[:most])
    rest = f"{len(totals) - len(kept)} others"
    table = crossed.assign(host=crossed["host"].where(crossed["host"].isin(kept), rest))
    hosts = [*kept, rest] if len(totals) > most else kept
    parties = [party for party in _PARTIES if (table["party"] == party).any()]
    order = describe_doors(observed=True).set_index("door")["label"]
    cells = table.groupby(["host", "party", "door"])["rows_n"].sum()
    with new_figure(1.9 + 1.42 * len(parties) + 1.2, 2.3 + 0.56 * len(hosts)) as (figure, axes):
        for y, host in enumerate(hosts):
            for x, party in enumerate(parties):
                _draw_cell(axes, x, y, cells, host, party, order.index)
        axes.set_xlim(-0.04, len(parties))
        axes.set_ylim(len(hosts), -0.02)
        axes.set_xticks([x + 0.46 for x in range(len(parties))], [_PARTIES[party] for party in parties])
        axes.set_yticks([y + 0.29 for y in range(len(hosts))], hosts)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(title, pad=14)
        shown = [door for door in order.index if (table["door"] == door).any()]
        marks = [
            Patch(fc=_FILLS[d][0], hatch=_FILLS[d][1], ec=_edge(d), lw=0.6, label=order[d]) for d in shown
        ]
        axes.legend(
            handles=marks,
            loc="upper left",
            bbox_to_anchor=(-0.01, 0.0),
            ncols=min(5, len(marks)),
            handlelength=1.8,
            fontsize=9,
        )
    return finish_figure(
        figure,
        figure_id,
        alt=f"Grid of {len(hosts)} hosts by {len(parties)} kinds of searchers. {title}. Each cell is a bar of equal length, parted by "
        f"door, with its rows. Most rows: {totals.index[0]}, {totals.iloc[0]:,}.",
        caption="Who searched whose data, and through which door. Bars are of equal length; the number below a bar is its rows. An empty "
        "cell is no row in this log, not a closed door.",
        source=source,
        n=int(crossed["rows_n"].sum()),
        period=period,
        data=table.groupby(["host", "party", "door"], as_index=False)["rows_n"].sum(),
    )


def _edge(door: str) -> str:
    return COLORS["gray"] if door == "undetermined" else "white"


def _draw_cell(axes, x: int, y: int, cells: pd.Series, host: str, party: str, order) -> None:
    total = int(cells.get((host, party), pd.Series(0)).sum())
    if not total:
        axes.text(x + 0.46, y + 0.4, "\u00b7", ha="center", va="center", color=COLORS["gray"])
        return
    left = x
    for door in order:
        part = cells.get((host, party, door), 0) / total * 0.92
        if part:
            fill, hatch = _FILLS[door]
            axes.add_patch(
                Rectangle((left, y + 0.1), part, 0.38, fc=fill, hatch=hatch, ec=_edge(door), lw=0.6)
            )
            left += part
    axes.text(x + 0.46, y + 0.68, f"{total:,}", ha="center", va="center", fontsize=8.5, color="#333333")


def draw_door_grades(
    grades: pd.DataFrame, *, title: str, source: str, period: str, figure_id: str = "door-grades"
) -> CitedFigure:
    """Draw what became of the rows of each true door.

    Parameters
    ----------
    grades
        One row per true door: door, true_n, found_n, undetermined_n, taken_n [rows], as `doors.grade_door` counts them.
    title, source, period, figure_id
        Heading, source line, dates and short name.

    Raises
    ------
    DataError
        No door has a row.
    """
    grades = grades[grades["true_n"] > 0].reset_index(drop=True)
    if grades.empty:
        raise DataError(f"figure `{figure_id}`", "no door has a true row", "Give a longer simulated log.")
    labels = describe_doors(observed=True).set_index("door")["label"]
    parts = {
        "found_n": ("found", COLORS["blue"], "", "white"),
        "undetermined_n": ("left undetermined", "white", "////", COLORS["gray"]),
        "taken_n": ("judged another door", COLORS["orange"], "xx", "white"),
    }
    with new_figure(height=1.9 + 0.5 * len(grades)) as (figure, axes):
        left = pd.Series(0.0, index=grades.index)
        for column, (label, color, hatch, edge) in parts.items():
            share = grades[column] / grades["true_n"] * 100
            axes.barh(
                grades.index,
                share,
                left=left,
                height=0.6,
                color=color,
                hatch=hatch,
                edgecolor=edge,
                lw=0.7,
                label=label,
            )
            for place, (start, width) in enumerate(zip(left, share, strict=True)):
                if width >= 6:
                    box = {"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none"}
                    axes.text(
                        start + width / 2,
                        place,
                        f"{width:.0f} %",
                        ha="center",
                        va="center",
                        fontsize=8.5,
                        bbox=box,
                    )
            left = left + share
        ticks = [f"{labels[row.door]}\n{row.true_n:,} rows" for row in grades.itertuples()]
        axes.set_yticks(grades.index, ticks)
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("of the rows that truly are of this door [percent]")
        axes.set_title(title, pad=30)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 0.995), ncols=3, handlelength=1.8)
    told = "; ".join(
        f"{labels[row.door]}: {row.found_n:,} of {row.true_n:,} found, {row.undetermined_n:,} left undetermined"
        for row in grades.itertuples()
    )
    return finish_figure(
        figure,
        figure_id,
        alt=f"Stacked bars, one per true door. {title}. {told}.",
        caption="Simulated: the truth is known only because the log was made up. What a real log hides, it hides in the same places.",
        source=source,
        n=int(grades["true_n"].sum()),
        period=period,
        data=grades,
    )
