"""What a log is: which months its files cover, what its cells hold, and how its rows become searches."""

import matplotlib.ticker as ticker
import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import key_axes, title_figure, write_beside

_STATES = {
    "whole": ("blue", "the whole month"),
    "partial": ("orange", "a part of it"),
    "missing": ("pale", "nothing"),
}
_CELLS = {
    "value": ("blue", ""), "empty": ("sky", ""), "placeholder": ("yellow", "..."), "masked": ("orange", "//"), "redacted": ("red", "xx"),
    "not_exported": ("pale", ""),
}  # fmt: skip
_NAMES = {"own": "own searches", "unnamed": "nobody named", "network": "network"}


def say_simulated(text: str, is_simulated: bool) -> str:
    """Say in a title that the data are invented, if they are."""
    return f"{text} (simulated log)" if is_simulated else text


def draw_coverage(grid: pd.DataFrame, *, source: str, period: str, is_simulated: bool) -> CitedFigure:
    """Draw which months each log covers: a row per log, a cell per month with its days.

    Parameters
    ----------
    grid
        Result of `searches.coverage.grid_months`.
    source, period
        For the line at the foot.
    is_simulated
        Whether the log is invented; title and caption then say so.

    Raises
    ------
    DataError
        There is no row.
    """
    if grid.empty:
        raise DataError("figure of coverage", "no rows to draw", "Give a log with times.")
    logs = list(dict.fromkeys(zip(grid["host"], grid["kind"], strict=True)))
    months = sorted(grid["month"].unique())
    with new_figure(height=1.5 + 0.36 * len(logs)) as (figure, axes):
        for row in grid.itertuples():
            x, y = months.index(row.month), logs.index((row.host, row.kind))
            color = COLORS[_STATES[row.state][0]]
            axes.barh(
                y,
                0.92,
                left=x - 0.46,
                height=0.84,
                color=color,
                hatch="//" if row.overlap_days_n else None,
                edgecolor="white",
                lw=0,
            )
            if row.state != "missing" and len(months) <= 18:
                ink = "white" if row.state == "whole" else "black"
                text = f"{row.days_n}" if row.days_n < row.month_days_n else "all"
                box = {"facecolor": color, "edgecolor": "none", "pad": 1.5}
                axes.text(x, y, text, ha="center", va="center", fontsize=8, color=ink, bbox=box)
        axes.set_yticks(range(len(logs)), [f"{host}\n{_NAMES[kind]}" for host, kind in logs], fontsize=8)
        axes.set_ylim(len(logs) - 0.45, -0.55)
        step = max(1, round(len(months) / 12))
        axes.set_xticks(
            range(0, len(months), step), months[::step], fontsize=8.5, rotation=0 if len(months) <= 10 else 45
        )
        axes.set_xlim(-0.6, len(months) - 0.4)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0)
        handles = [Patch(color=COLORS[color]) for color, _ in _STATES.values()]
        labels = [label for _, label in _STATES.values()]
        if grid["overlap_days_n"].any():
            handles.append(Patch(facecolor=COLORS["blue"], hatch="//", edgecolor="white", lw=0))
            labels.append("two files overlap")
        key_axes(axes, handles, labels, columns=4)
        title_figure(figure, say_simulated("Which months the logs cover", is_simulated))
        said = []
        for host, kind in logs:
            mine = grid[(grid["host"] == host) & (grid["kind"] == kind)]["state"].value_counts()
            said.append(
                f"{host}, {_NAMES[kind]}: "
                + ", ".join(f"{mine[state]} {state}" for state in _STATES if state in mine)
            )
        return finish_figure(
            figure,
            "coverage",
            alt=f"Grid of logs by month, {months[0]} to {months[-1]}. Months by state: {'; '.join(said)}.",
            caption=("Simulated data. " if is_simulated else "")
            + "A number is the days with a row. A month without rows is not a month without searches.",
            source=source,
            n=int(grid["rows_n"].sum()),
            period=period,
            data=grid,
        )


def draw_cells(census: pd.DataFrame, *, source: str, n: int, period: str, is_simulated: bool) -> CitedFigure:
    """Draw what the cells of each column hold, as shares of all rows.

    Parameters
    ----------
    census
        Result of `searches.cells.count_cells`.
    source, n, period, is_simulated
        As for `draw_coverage`; n rows.
    """
    with new_figure(height=1.4 + 0.27 * len(census)) as (figure, axes):
        left = np.zeros(len(census))
        for state, (color, hatch) in _CELLS.items():
            share = 100 * census[state].to_numpy() / max(n, 1)
            axes.barh(
                range(len(census)),
                share,
                left=left,
                color=COLORS[color],
                hatch=hatch,
                edgecolor="white",
                lw=0,
                height=0.74,
            )
            left += share
        axes.set_yticks(
            range(len(census)), [name.replace("_", " ") for name in census["field"]], fontsize=8.5
        )
        axes.set_ylim(len(census) - 0.4, -0.6)
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of rows [percent]")
        handles = [
            Patch(facecolor=COLORS[color], hatch=hatch, edgecolor="white", lw=0)
            for color, hatch in _CELLS.values()
        ]
        key_axes(axes, handles, [state.replace("_", " ") for state in _CELLS], columns=6)
        title_figure(figure, say_simulated("What the cells hold", is_simulated))
        withheld = [
            f"{row.field.replace('_', ' ')} {100 * row.value / max(n, 1):.0f} percent"
            for row in census.itertuples()
        ]
        return finish_figure(
            figure,
            "cells",
            alt=f"Stacked bars, one for each column of the log. Cells that hold a value: {', '.join(withheld)}.",
            caption=("Simulated data. " if is_simulated else "")
            + "Empty, hidden by marks, redacted, filled with a word that says nothing, and not exported are five different facts.",
            source=source,
            n=n,
            period=period,
            data=census,
        )


def draw_steps(steps: pd.DataFrame, *, source: str, period: str, is_simulated: bool) -> CitedFigure:
    """Draw how rows become searches, step by step.

    Parameters
    ----------
    steps
        Result of `searches.same.count_steps`.
    source, period, is_simulated
        As for `draw_coverage`.
    """
    last = len(steps) - 1
    total = int(steps["rows_n"].iloc[0])
    with new_figure(height=1.2 + 0.42 * len(steps)) as (figure, axes):
        for place, row in enumerate(steps.itertuples()):
            is_sum = place in (0, last)
            left = 0 if is_sum else row.left_n
            color = "blue" if is_sum else "gray" if row.step == "cannot be told apart" else "orange"
            axes.barh(place, row.rows_n, left=left, color=COLORS[color], height=0.62)
            text = f"{row.rows_n:,}" if is_sum or not row.rows_n else f"−{row.rows_n:,}"
            write_beside(axes, text, (left + row.rows_n, place), (5, 0), fontsize=8.5)
            if place < last:
                axes.plot(
                    [row.left_n, row.left_n], [place + 0.31, place + 0.69], color=COLORS["gray"], lw=0.8
                )
        axes.set_yticks(range(len(steps)), ["rows in all files", *steps["step"].iloc[1:]], fontsize=9)
        axes.set_ylim(last + 0.6, -0.6)
        axes.set_xlim(0, total * 1.14)
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda number, _: f"{number:,.0f}"))
        axes.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
        axes.set_xlabel("rows")
        axes.grid(axis="x")
        title_figure(figure, say_simulated("From rows to searches", is_simulated))
        said = ", ".join(f"{row.step} {row.rows_n:,}" for row in steps.itertuples())
        return finish_figure(
            figure,
            "rows-to-searches",
            alt=f"Falling bars from {total:,} rows to {int(steps['rows_n'].iloc[-1]):,} searches: {said}.",
            caption=("Simulated data. " if is_simulated else "")
            + "Each bar is what one kind of repeat takes off. Rows that cannot be told apart are no searches and no repeats: they stay rows.",
            source=source,
            n=total,
            period=period,
            data=steps,
        )


def draw_inflation(
    curve: pd.DataFrame, *, source: str, n: int, period: str, is_simulated: bool
) -> CitedFigure:
    """Draw how many rows there are to a search, and which share of the searches is seen, by number of agencies' logs.

    Parameters
    ----------
    curve
        Result of `searches.inflation.curve_inflation`.
    source, n, period, is_simulated
        As for `draw_coverage`; n rows.
    """
    with new_figure(height=3.6, ncols=2) as (figure, (left, right)):
        if curve["factor_low"].notna().all():
            left.fill_between(
                curve["logs_n"],
                curve["factor_low"].astype(float),
                curve["factor_high"].astype(float),
                color=COLORS["sky"],
                alpha=0.45,
                lw=0,
            )
        left.plot(curve["logs_n"], curve["factor"], "o-", color=COLORS["blue"], lw=1.8, markersize=5)
        left.set_ylabel("rows to one search")
        left.set_ylim(0, 1.12 * max(curve["factor"].max(), 1))
        end = curve.iloc[-1]
        write_beside(left, f"{end['factor']:.2f}", (end["logs_n"], end["factor"]), (-8, 8), ha="right")
        left.axhline(1, color=COLORS["gray"], lw=0.9, ls=":")
        right.plot(
            curve["logs_n"], 100 * curve["seen_frac"], "s-", color=COLORS["green"], lw=1.8, markersize=5
        )
        right.set_ylabel("searches seen, of all in any log\n[percent]")
        right.set_ylim(0, 106)
        write_beside(
            right, f"{100 * curve['seen_frac'].iloc[0]:.0f} %", (1, 100 * curve["seen_frac"].iloc[0]), (8, -6)
        )
        for axes in (left, right):
            axes.set_xlabel("agencies whose logs are put together")
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
            axes.set_xlim(0.7, curve["logs_n"].max() + 0.4)
            axes.grid(axis="y")
        title_figure(figure, say_simulated("What more logs do to a count", is_simulated))
        return finish_figure(
            figure,
            "inflation",
            alt=f"Two lines over the number of agencies, 1 to {len(curve)}. Rows to one search rise from {curve['factor'].iloc[0]:.2f} to "
            f"{curve['factor'].iloc[-1]:.2f}; the share of all searches seen rises from {100 * curve['seen_frac'].iloc[0]:.0f} to 100 percent.",
            caption=("Simulated data. " if is_simulated else "")
            + "Means over every choice of so many agencies; the band spans the choices. Dotted: one row, one search.",
            source=source,
            n=n,
            period=period,
            data=curve,
        )
