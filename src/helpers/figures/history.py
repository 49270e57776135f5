"""How much history accumulates: stocks under rules, growth on two paths, what portals print, how far back searches ask."""

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullLocator

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import HEDGES, shorten_number, title_figure, write_beside

_HUES = ("blue", "orange", "green", "red", "pink", "sky", "gray", "black")


def draw_history(held: pd.DataFrame, *, source: str, period: str) -> CitedFigure:
    """Draw how many reads are held under each rule, month by month, on a logarithmic axis.

    Parameters
    ----------
    held
        Result of `retention.accumulate_history`.
    source, period
        For the line at the foot.
    """
    last = held["month"].max()
    rows = held[held["month"] > 0]
    with new_figure(width=9.2, height=5.0) as (figure, axes):
        spots = _spread(
            [
                rows.loc[(rows["rule"] == rule) & (rows["month"] == last), "held_high"].iloc[0]
                for rule in rows["rule"].unique()
            ]
        )
        for (rule, part), hue, spot in zip(
            rows.groupby("rule", sort=False), _cycle(rows["rule"].nunique()), spots, strict=True
        ):
            axes.fill_between(
                part["month"], part["held_low"], part["held_high"], color=COLORS[hue], alpha=0.35, lw=0
            )
            axes.plot(part["month"], part["held_high"], color=COLORS[hue], lw=1.6)
            low, high = part["held_low"].iloc[-1], part["held_high"].iloc[-1]
            text = f"{part['label'].iloc[0]}\n{shorten_number(float(f'{low:.3g}'))} to {shorten_number(float(f'{high:.3g}'))}"
            place = {
                "xytext": (last * 1.03, spot),
                "textcoords": "data",
                "va": "center",
                "fontsize": 8.5,
                "color": COLORS[hue],
            }
            axes.annotate(
                text,
                (last, high),
                **place,
                annotation_clip=False,
                arrowprops={"arrowstyle": "-", "color": COLORS[hue], "lw": 0.6, "relpos": (0, 0.5)},
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shorten_number(value)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_xlim(0, last * 1.02)
        axes.set_xlabel("months since the store was empty")
        axes.set_ylabel("plate reads held (log scale)")
        axes.grid(axis="y")
        title_figure(figure, "What a rule of retention leaves in the store")
    return finish_figure(
        figure,
        "history-held",
        alt=f"Line chart on a logarithmic axis over {last} months. Without a rule the reads held grow all the time; under each of "
        f"{rows['rule'].nunique() - 1} rules they stop growing once the oldest read is as old as the rule allows.",
        caption="The band is the quoted range of reads added a month. One constant rate from an empty store is an assumption: it shows what a "
        "rule does, not what any store holds.",
        source=source,
        n=held["rule"].nunique(),
        period=period,
        data=held,
    )


def draw_growth(
    paths: pd.DataFrame, months_n: float, rates: pd.DataFrame, *, source: str, period: str
) -> CitedFigure:
    """Draw growth a month on two paths between two printed totals, and the printed rates beside them.

    Parameters
    ----------
    paths
        Result of `retention.compare_paths`.
    months_n
        Months between the totals [months].
    rates
        Printed rates, as `volumes.bound_rows` gives them: quantity, value, low, high [records a month], qualifier.
    source, period
        For the line at the foot.
    """
    steady, compound = paths.iloc[0], paths.iloc[1]
    months = np.linspace(0, months_n, 101)
    with new_figure(width=9.2, height=4.4) as (figure, axes):
        for row, hue in ((steady, "gray"), (compound, "blue")):
            curves = {}
            for bound in ("low", "high"):
                start, end = row[f"start_{bound}"], row[f"end_{bound}"]
                curves[bound] = (
                    np.full_like(months, end)
                    if row is steady
                    else start * (end / start) ** (months / months_n)
                )
            axes.fill_between(months, curves["low"], curves["high"], color=COLORS[hue], alpha=0.3, lw=0)
            axes.plot(months, (curves["low"] + curves["high"]) / 2, color=COLORS[hue], lw=2)
            middle = (row["end_low"] + row["end_high"]) / 2
            at = 1 if row is steady else months_n * 0.5
            y = middle if row is steady else np.interp(at, months, (curves["low"] + curves["high"]) / 2)
            text = f"{row['path']}:\n{shorten_number(float(f'{middle:.3g}'))} at the end"
            write_beside(axes, text, (at, y), (2, 16) if row is steady else (10, -18), color=COLORS[hue])
        for value, same in rates.groupby("value"):
            is_floor = same["high"].map(math.isinf).any()
            hue = COLORS["red" if is_floor else "green"]
            if is_floor:
                arrow = {"arrowstyle": "-|>", "color": hue, "lw": 2}
                axes.annotate(
                    "", (months_n + 3, value * 1.15), xytext=(months_n + 3, value), arrowprops=arrow
                )
            axes.plot(
                [months_n + 3] * 2,
                [same["low"].max(), min(same["high"].min(), value * 2)] if not is_floor else [value] * 2,
                color=hue,
                lw=4,
            )
            axes.plot(months_n + 3, value, "o", color=hue, markersize=6)
            said = [
                textwrap.fill(
                    f"{HEDGES[one.qualifier]}{shorten_number(value)}: {one.quantity[0].lower()}{one.quantity[1:]}",
                    38,
                )
                for one in same.itertuples()
            ]
            write_beside(
                axes, "\n".join(said), (months_n + 3, value), (9, 0), fontsize=8, annotation_clip=False
            )
        axes.set_ylim(0, None)
        axes.set_xlim(0, months_n + 5)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shorten_number(value)))
        axes.set_xlabel("months after the earlier total; at the right, printed rates")
        axes.set_ylabel("records added a month")
        axes.grid(axis="y")
        title_figure(figure, "Does the vendor's growth add up?")
    told = "; ".join(
        f"{row.quantity}, {HEDGES[row.qualifier]}{shorten_number(row.value)}" for row in rates.itertuples()
    )
    return finish_figure(
        figure,
        "growth-paths",
        alt=f"Two curves of records added a month between two printed totals: a flat one at {shorten_number(float(format(steady['mean_low'], '.3g')))} and "
        f"one that rises to {shorten_number(float(format(compound['end_low'], '.3g')))}. Beside them printed rates: {told}.",
        caption="Bands come from not knowing the days within the months. Both totals are printed as floors, so the curves are "
        "what the figures as printed would give, not bounds. An arrow is a rate printed as a floor.",
        source=source,
        n=2 + len(rates),
        period=period,
        data=paths,
    )


def draw_portals(portals: pd.DataFrame, *, source: str, period: str) -> CitedFigure:
    """Draw how many portals print which time of retention; states that are no number of days are hatched.

    Parameters
    ----------
    portals
        Result of `retention.describe_portals`.
    source, period
        For the line at the foot.
    """
    if portals.empty:
        raise DataError("figure of portals", "no portal", "Give at least one.")
    with new_figure(height=1.5 + 0.36 * len(portals)) as (figure, axes):
        is_state = portals["days"].isna()
        bars = axes.barh(
            portals["retention"],
            portals["portals_n"],
            color=[COLORS["pale" if state else "blue"] for state in is_state],
        )
        for bar, state, count in zip(bars, is_state, portals["portals_n"], strict=True):
            if state:
                bar.set(hatch="///", edgecolor=COLORS["gray"])
            write_beside(axes, f"{count:,}", (count, bar.get_y() + bar.get_height() / 2), (5, 0))
        axes.invert_yaxis()
        axes.set_xlim(0, portals["portals_n"].max() * 1.1)
        axes.set_xlabel("portals")
        axes.tick_params(axis="y", length=0)
        title_figure(figure, "What portals print as their retention")
    total = int(portals["portals_n"].sum())
    return finish_figure(
        figure,
        "portal-retention",
        alt="Bar chart: "
        + "; ".join(f"{row.retention} {row.portals_n}" for row in portals.itertuples())
        + ".",
        caption="What a page prints is what the agency or the vendor says, not a check of what is deleted. Hatched: no number of days.",
        source=source,
        n=total,
        period=period,
        data=portals,
    )


def draw_depths(depths: pd.DataFrame, *, source: str, n: int, period: str, is_simulated: bool) -> CitedFigure:
    """Draw the share of searches that asked for reads older than some days.

    Parameters
    ----------
    depths
        One row per age: days, low_frac (0-1 of all searches, those without a window counted as not older), high_frac (counted as older).
    source, n, period
        For the line at the foot.
    is_simulated
        Whether the log is invented; the title then says so.
    """
    with new_figure(height=3.9) as (figure, axes):
        axes.fill_between(
            depths["days"],
            100 * depths["low_frac"],
            100 * depths["high_frac"],
            color=COLORS["sky"],
            alpha=0.5,
            lw=0,
        )
        axes.plot(depths["days"], 100 * depths["low_frac"], "o-", color=COLORS["blue"], lw=1.8, markersize=5)
        for row in depths.itertuples():
            write_beside(
                axes,
                f"{100 * row.low_frac:.0f} %",
                (row.days, 100 * row.low_frac),
                (5, 7),
                ha="left",
                fontsize=8.5,
            )
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xticks(depths["days"], [f"{days:,}" for days in depths["days"]])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_ylim(0, 108)
        axes.set_xlabel("days before the search (log scale)")
        axes.set_ylabel("searches that asked for\nolder reads [percent]")
        axes.grid(axis="y")
        title_figure(figure, f"How far back searches ask{' (simulated log)' if is_simulated else ''}")
    return finish_figure(
        figure,
        "search-depth",
        alt="Falling line: "
        + "; ".join(
            f"older than {row.days} days {100 * row.low_frac:.0f} percent" for row in depths.itertuples()
        )
        + ".",
        caption=("Simulated data. " if is_simulated else "")
        + "A window is what was asked for, not proof that reads of that age were there or were needed. The band is for searches without a readable window.",
        source=source,
        n=n,
        period=period,
        data=depths,
    )


def _cycle(n: int) -> list[str]:
    return [_HUES[place % len(_HUES)] for place in range(n)]


def _spread(values: list[float], apart: float = 0.62) -> list[float]:
    """Move labels on a logarithmic axis apart, downwards, so that each keeps its own place; order stays."""
    logs, above = [0.0] * len(values), math.inf
    for place in sorted(range(len(values)), key=values.__getitem__, reverse=True):
        above = logs[place] = min(math.log10(values[place]), above - apart)
    return [10**one for one in logs]
