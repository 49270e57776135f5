"""How few sightings single out a vehicle: always of simulated traffic, and always called so."""

import pandas as pd

from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import title_figure, write_beside

_MARKS = (("blue", "o"), ("orange", "s"), ("green", "^"), ("red", "D"), ("pink", "v"), ("gray", "P"))
PERIOD = "simulated days, no dates"
SIMULATED_TRAFFIC = "simulated traffic of an invented town"


def draw_town(sightings, *, source: str = SIMULATED_TRAFFIC) -> CitedFigure:
    """Draw where the plate readers of the simulated town stand and how many passes each recorded.

    Parameters
    ----------
    sightings
        `simulate.traffic.Sightings`.
    source
        For the line at the foot.
    """
    cameras = pd.DataFrame({"x": sightings.camera_x, "y": sightings.camera_y})
    cameras["passes_n"] = pd.Series(sightings.camera).value_counts().reindex(cameras.index, fill_value=0)
    side = sightings.city.blocks_n
    with new_figure(width=6.2, height=5.6) as (figure, axes):
        axes.hlines(range(side), 0, side - 1, color=COLORS["pale"], lw=0.8)
        axes.vlines(range(side), 0, side - 1, color=COLORS["pale"], lw=0.8)
        size = 12 + 240 * cameras["passes_n"] / max(1, cameras["passes_n"].max())
        axes.scatter(
            cameras["x"],
            cameras["y"],
            s=size,
            color=COLORS["blue"],
            alpha=0.75,
            zorder=3,
            edgecolor="white",
            lw=0.6,
        )
        axes.set_aspect("equal")
        axes.set_axis_off()
        title_figure(figure, "A simulated town and its plate readers")
    busiest = int(cameras["passes_n"].max())
    return finish_figure(
        figure,
        "simulated-town",
        alt=f"Grid of {side} by {side} simulated streets with {len(cameras)} readers as dots, larger and denser towards the middle; the busiest recorded {busiest:,} passes.",
        caption="Simulated. A dot is a plate reader at a crossing; its size is the number of passes it recorded.",
        source=source,
        n=int(cameras["passes_n"].sum()),
        period=PERIOD,
        data=cameras,
    )


def draw_unicity(table: pd.DataFrame, published: pd.DataFrame, *, source: str) -> CitedFigure:
    """Draw the share of vehicles that a number of sightings singles out, one line per resolution.

    Parameters
    ----------
    table
        Results of `traces.measure_unicity`, joined: points_n, place, time, unique_frac, low, high, sampled_n.
    published
        Values to set beside it: points_n, value [percent], label.
    source
        For the line at the foot.
    """
    with new_figure(width=9.2, height=4.7) as (figure, axes):
        for ((place, time), rows), (hue, mark) in zip(
            table.groupby(["place", "time"], sort=False), _MARKS, strict=False
        ):
            shares = 100 * rows["unique_frac"]
            axes.fill_between(
                rows["points_n"], 100 * rows["low"], 100 * rows["high"], color=COLORS[hue], alpha=0.2, lw=0
            )
            axes.plot(
                rows["points_n"], shares, marker=mark, color=COLORS[hue], lw=1.8, label=f"{place} and {time}"
            )
        for row in published.itertuples():
            axes.plot(row.points_n, row.value, "*", color=COLORS["black"], markersize=13, zorder=4)
            write_beside(axes, row.label, (row.points_n, row.value), (-10, 2), fontsize=8.5, ha="right")
        _frame(axes, table["points_n"], "sightings known")
        axes.legend(
            title="known to the", alignment="left", loc="upper left", bbox_to_anchor=(1.0, 0.62), fontsize=9
        )
        title_figure(figure, "How few sightings single out one vehicle (simulated)")
    last = table[table["points_n"] == table["points_n"].max()]
    told = "; ".join(
        f"{row.place} and {row.time} {100 * row.unique_frac:.0f} percent" for row in last.itertuples()
    )
    return finish_figure(
        figure,
        "unicity-points",
        alt=f"Rising lines of simulated vehicles that are unique by the number of sightings known. At {table['points_n'].max()} sightings: {told}.",
        caption="Simulated traffic. Bands are 95 percent intervals of the sample of vehicles. The star is a published value for phones, not for vehicles.",
        source=source,
        n=int(table["sampled_n"].sum()),
        period=PERIOD,
        data=table,
    )


def draw_thinning(
    table: pd.DataFrame, column: str, label: str, *, figure_id: str, title: str, source: str
) -> CitedFigure:
    """Draw the share of unique vehicles against the size of the network or the days kept, one line per number of sightings.

    Parameters
    ----------
    table
        Results of `traces.measure_unicity` with the column `column`.
    column, label
        What goes along the axis, and its words.
    figure_id, title, source
        The figure's short name, what it shows, and the line at its foot.
    """
    with new_figure(height=4.1) as (figure, axes):
        for (points, rows), (hue, mark) in zip(table.groupby("points_n"), _MARKS, strict=False):
            axes.fill_between(
                rows[column], 100 * rows["low"], 100 * rows["high"], color=COLORS[hue], alpha=0.2, lw=0
            )
            axes.plot(rows[column], 100 * rows["unique_frac"], marker=mark, color=COLORS[hue], lw=1.8)
            text = f"{points} sighting{'s' if points > 1 else ''}"
            write_beside(
                axes,
                text,
                (rows[column].iloc[-1], 100 * rows["unique_frac"].iloc[-1]),
                (8, 0),
                color=COLORS[hue],
                annotation_clip=False,
            )
        _frame(axes, table[column], label)
        title_figure(figure, title)
    ends = table[table["points_n"] == table["points_n"].max()]
    return finish_figure(
        figure,
        figure_id,
        alt=f"Lines of unique simulated vehicles against {label}. With {table['points_n'].max()} sightings known: "
        + "; ".join(f"{row[column]:,} {100 * row['unique_frac']:.0f} percent" for _, row in ends.iterrows())
        + ".",
        caption="Simulated traffic. Bands are 95 percent intervals of the sample of vehicles.",
        source=source,
        n=int(table["sampled_n"].sum()),
        period=PERIOD,
        data=table,
    )


def _frame(axes, along: pd.Series, label: str) -> None:
    axes.set_xticks(sorted(along.unique()))
    axes.set_ylim(-2, 104)
    axes.set_xlabel(label)
    axes.set_ylabel("vehicles that are unique [percent]")
    axes.grid(axis="y")
