"""Searches over time and over networks: months with the breaks between them, days with their level, and width."""

import matplotlib.dates as mdates
import matplotlib.ticker as ticker
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import key_axes, title_figure
from helpers.figures.logs import say_simulated
from helpers.searches.suppression import FEWEST, join_widths
from helpers.wording import say_number

_FORMS = ("blue", "green", "pink", "orange", "sky")
_LINES = (
    ("blue", "-"),
    ("orange", "--"),
    ("green", "-."),
    ("pink", ":"),
    ("red", (0, (5, 1))),
    ("black", (0, (1, 1))),
    ("gray", "-"),
)
_WIDTHS = {"networks_n": "networks", "devices_n": "devices"}
_SAID = {
    "type": "Types are the vendor's labels; none says whether a person or a machine searched.",
    "reason": "A reason is the bucket of one rule set; another set puts other searches there.",
}
_STEPS = f"Each step is of {FEWEST} searches or more; where a group's widest are fewer, its line ends below 100 percent."


def draw_search_months(
    months: pd.DataFrame, *, unit: str, source: str, period: str, is_simulated: bool
) -> CitedFigure:
    """Draw counts by month, each form of the log in a color of its own, months that are not whole hatched.

    Parameters
    ----------
    months
        Result of `searches.series.sum_months`.
    unit
        What is counted: searches, or rows where they cannot be told apart.
    source, period
        For the line at the foot.
    is_simulated
        Whether the log is invented; title and caption then say so.

    Raises
    ------
    DataError
        There is no row.
    """
    if months.empty:
        raise DataError("figure of months", "no rows to draw", "Give a log with times.")
    names = sorted(months["month"].unique())
    with new_figure(height=3.7) as (figure, axes):
        floor = dict.fromkeys(names, 0)
        for row in months.itertuples():
            x, color = names.index(row.month), COLORS[_FORMS[row.stretch % len(_FORMS)]]
            style = {} if row.is_whole else {"hatch": "///", "edgecolor": "white", "lw": 0}
            axes.bar(
                x,
                row.searches_n,
                bottom=floor[row.month],
                width=0.78,
                color=color,
                alpha=1 if row.is_whole else 0.55,
                **style,
            )
            floor[row.month] += row.searches_n
        top = max(floor.values()) or 1
        for stretch in sorted(months["stretch"].unique())[1:]:
            first = months[months["stretch"] == stretch].iloc[0]
            before = months[(months["month"] == first["month"]) & (months["stretch"] < stretch)]
            share = before["days_n"].sum() / first["month_days_n"]
            axes.axvline(names.index(first["month"]) - 0.5 + share, color=COLORS["red"], lw=1.6, ls="--")
        axes.set_ylim(0, 1.1 * top)
        axes.set_xticks(range(len(names)), names, fontsize=8.5, rotation=0 if len(names) <= 10 else 45)
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda number, _: f"{number:,.0f}"))
        axes.set_ylabel(f"{unit} a month")
        axes.grid(axis="y")
        axes.grid(axis="x", visible=False)
        handles = [
            Patch(facecolor=COLORS["blue"]),
            Patch(facecolor=COLORS["blue"], alpha=0.55, hatch="///", edgecolor="white", lw=0),
        ]
        labels = ["whole month", "part of a month, or a gap in it"]
        if months["stretch"].nunique() > 1:
            handles.append(Line2D([], [], color=COLORS["red"], lw=1.6, ls="--"))
            labels.append("the form changed: no trend across")
        key_axes(axes, handles, labels)
        title_figure(figure, say_simulated(f"{unit.capitalize()} by month, in local time", is_simulated))
        said = [f"{name} {floor[name]:,}" for name in names]
        return finish_figure(
            figure,
            "searches-by-month",
            alt=f"Bars by month, {say_number(len(names), 'month')}: {', '.join(said)}. "
            f"{say_number(months['stretch'].nunique(), 'form')} of the log, parted by dashed lines.",
            caption=("Simulated data. " if is_simulated else "")
            + "Only logs that are whole over the months compare. A color is one form of the export.",
            source=source,
            n=int(months["searches_n"].sum()),
            period=period,
            data=months,
        )


def draw_days(
    parts: list[pd.DataFrame],
    changes: pd.DataFrame,
    levels: list[pd.DataFrame],
    *,
    unit: str,
    source: str,
    is_simulated: bool,
) -> CitedFigure:
    """Draw counts by day with the level between changes, and where a change may lie.

    Parameters
    ----------
    parts
        Results of `searches.series.cut_stretches`.
    changes
        Results of `searches.changes.find_changes` of them, put together.
    levels
        Results of `searches.changes.split_season` of those that are long enough.
    unit, source, is_simulated
        As for `draw_search_months`.

    Raises
    ------
    DataError
        There is no day.
    """
    if not sum(map(len, parts)):
        raise DataError("figure of days", "no whole day to draw", "Give a log of more than two days.")
    with new_figure(height=3.6) as (figure, axes):
        for days in parts:
            axes.plot(days["day"], days["searches_n"], ".", color=COLORS["gray"], markersize=3.5)
            cuts = [day for day in changes["day"] if days["day"].iloc[0] < day <= days["day"].iloc[-1]]
            edges = [days["day"].iloc[0], *cuts, days["day"].iloc[-1] + pd.Timedelta(days=1)]
            for first, last in zip(edges, edges[1:], strict=False):
                level = days.loc[(days["day"] >= first) & (days["day"] < last), "searches_n"].mean()
                axes.plot([first, last], [level, level], color=COLORS["blue"], lw=2.2)
        for level in levels:
            axes.plot(level["day"], level["level"], color=COLORS["green"], lw=1.3, ls="--")
        for change in changes.itertuples():
            axes.axvspan(
                change.low - pd.Timedelta(hours=12),
                change.high + pd.Timedelta(hours=12),
                color=COLORS["orange"],
                alpha=0.4,
                lw=0,
            )
        for one, other in zip(parts, parts[1:], strict=False):
            axes.axvspan(one["day"].iloc[-1], other["day"].iloc[0], color=COLORS["pale"], alpha=0.8, lw=0)
        axes.set_ylim(0, None)
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(maxticks=10))
        axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m-%d"))
        axes.tick_params(axis="x", labelsize=8, rotation=20)
        axes.set_ylabel(f"{unit} a day")
        axes.grid(axis="y")
        axes.grid(axis="x", visible=False)
        handles = [
            Line2D([], [], marker=".", ls="", color=COLORS["gray"]),
            Line2D([], [], color=COLORS["blue"], lw=2.2),
        ]
        labels = ["one day", "mean between changes"]
        if levels:
            handles.append(Line2D([], [], color=COLORS["green"], lw=1.3, ls="--"))
            labels.append("level without weekdays (STL)")
        if len(changes):
            handles.append(Patch(color=COLORS["orange"], alpha=0.4))
            labels.append("a change lies here (95 %)")
        if len(parts) > 1:
            handles.append(Patch(color=COLORS["pale"]))
            labels.append("form changed, or days missing")
        key_axes(axes, handles, labels, columns=3)
        title_figure(figure, say_simulated(f"{unit.capitalize()} by day", is_simulated))
        days = pd.concat(parts, ignore_index=True)
        said = [f"{row.day:%Y-%m-%d}, times {row.factor:.2f}" for row in changes.itertuples()]
        return finish_figure(
            figure,
            "searches-by-day",
            alt=f"Dots, one for each of {len(days)} days, with steps for the mean level. Changes of level: {'; '.join(said) or 'none found'}.",
            caption=("Simulated data. " if is_simulated else "")
            + "Weekdays were allowed for. No level is drawn across a gray band.",
            source=source,
            n=int(days["searches_n"].sum()),
            period=f"{days['day'].min():%Y-%m-%d} to {days['day'].max():%Y-%m-%d}",
            data=days[["day", "rows_n", "searches_n"]],
        )


def draw_widths(
    widths: pd.DataFrame,
    *,
    unit: str,
    source: str,
    period: str,
    is_simulated: bool,
    field: str = "networks_n",
    by: str = "type",
    most: int = 6,
) -> CitedFigure:
    """Draw, for each type of search or reason, the share that went over at most so many networks or devices.

    Parameters
    ----------
    widths
        Result of `searches.spread.count_widths`, or of `reasons.count_reason_widths`.
    unit, source, period, is_simulated
        As for `draw_search_months`.
    field
        What is counted: `networks_n` or `devices_n`.
    by
        What the groups are: `type` or `reason`.
    most
        How many groups are drawn, those with most searches first.

    Returns
    -------
    CitedFigure; its data are the widths drawn, joined by `suppression.join_widths` so that no search stands alone.

    Raises
    ------
    DataError
        No search has a width above zero.
    """
    known = join_widths(widths)
    if known.empty:
        raise DataError(
            "figure of width", "no search says over how many it went", "Give a log that exports the number."
        )
    sizes = (
        known.drop_duplicates("group")
        .sort_values(["group_n", "group"], ascending=[False, True])[:most]
        .set_index("group")["group_n"]
    )
    groups, widest = list(sizes.index), float(known["width"].max())
    known = known[known["group"].isin(groups)]
    with new_figure(height=3.8) as (figure, axes):
        for (color, dash), group in zip(_LINES, groups, strict=False):
            part = known[known["group"] == group]
            share = (100 * part["searches_n"].cumsum() / part["group_n"]).to_numpy(float)
            x = np.concatenate([[part["width"].iloc[0]], part["width"].to_numpy(float), [widest]])
            axes.step(
                x,
                np.concatenate([[0.0], share, share[-1:]]),
                where="post",
                color=COLORS[color],
                ls=dash,
                lw=1.9,
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda number, _: f"{number:,.0f}"))
        axes.xaxis.set_minor_formatter(ticker.NullFormatter())
        axes.set_ylim(0, 102)
        axes.set_xlabel(f"{_WIDTHS[field]} searched (log scale)")
        axes.set_ylabel(f"{unit} over at most so many\n[percent]")
        axes.grid(axis="both")
        handles = [
            Line2D([], [], color=COLORS[color], ls=dash, lw=1.9)
            for (color, dash), _ in zip(_LINES, groups, strict=False)
        ]
        labels = [f"{group} ({searches_n:,})" for group, searches_n in sizes.items()]
        key_axes(axes, handles, labels, columns=4 if max(map(len, labels)) < 24 else 2)
        title_figure(figure, say_simulated(f"How wide one search is, by {by}", is_simulated))
        medians = []
        for group in groups:
            part = widths[
                (widths["group"] == group) & widths["width"].notna() & (widths["width"] > 0)
            ].sort_values("width")
            half = part.loc[2 * part["searches_n"].cumsum() >= part["searches_n"].sum(), "width"]
            medians += [f"{group} {int(half.iloc[0]):,}"] if len(half) else []
        return finish_figure(
            figure,
            f"width-{_WIDTHS[field]}" + ("" if by == "type" else f"-by-{by}"),
            alt=f"Rising steps, one for each {by} of search, on a logarithmic axis of {_WIDTHS[field]}."
            + (f" Medians: {', '.join(medians)}." if medians else ""),
            caption=("Simulated data. " if is_simulated else "")
            + f"{_SAID[by]} Rows that say 0 are left out: it does not mean none."
            + (f" {_STEPS}" if known["searches_n"].min() >= FEWEST else ""),
            source=source,
            n=int(sizes.sum()),
            period=period,
            data=known,
        )
