"""Cited counts of queries with their bounds, and the log entries that were quoted."""

import math
import textwrap

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from helpers.errors import DataError
from helpers.facts.dates import add_months, count_months, state_period
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import HEDGES, key_axes, shorten_number, title_figure, write_above, write_beside

_LINE = 0.4  # inches a line of a panel takes
_ARROW = 26  # points that an arrow is long
_PANEL = 0.75  # inches for a panel's heading and axis
_CODES = {"ADMINISTRATIVE": ("o", "blue"), "INVESTIGATIONS": ("s", "orange"), "CRIMINAL": ("^", "green")}


def draw_volumes(
    listed: pd.DataFrame, *, source: str, figure_id: str = "volumes", title: str = "What has been counted"
) -> CitedFigure:
    """Draw cited counts with their bounds, one panel and one logarithmic axis for each measure.

    Parameters
    ----------
    listed
        Result of `volumes.group_series`.
    source, figure_id, title
        For the line at the foot, the figure's short name, and what it shows.

    Raises
    ------
    DataError
        There is no row, or a figure is not above zero.
    """
    if listed.empty:
        raise DataError("figure of query volumes", "no rows to draw", "Keep at least one measure.")
    if (listed["value"] <= 0).any():
        way_out = "A logarithmic axis needs counts above zero."
        raise DataError("figure of query volumes", "a count of zero", way_out)
    panels = [(key, rows) for key, rows in listed.groupby(["measure", "per"], sort=False)]
    lines = [rows["series"].nunique() for _, rows in panels]
    ratios = [0.01, *(_PANEL + _LINE * n for n in lines)]
    shape = {"nrows": len(ratios), "squeeze": False, "gridspec_kw": {"height_ratios": ratios}}
    with new_figure(height=sum(ratios) + 0.9, **shape) as (figure, grid):
        for axes, ((measure, per), rows) in zip(grid[1:, 0], panels, strict=True):
            _draw_panel(axes, rows, f"{measure.replace('_', ' ')}{', a month' if per == 'month' else ''}")
        title_figure(figure, f"{title} (one logarithmic axis for each measure)")
        handles = [
            Line2D([], [], marker="o", ls="", color=COLORS["blue"]),
            Line2D([], [], marker=">", ls="-", lw=2, color=COLORS["red"]),
            Line2D([], [], marker="|", ls="-", lw=4, color=COLORS["green"], markersize=9),
        ]
        grid[0, 0].set_axis_off()
        key_axes(grid[0, 0], handles, ["as printed", "at least: no upper bound", "rounded: between the bars"])
        said = [_describe_panel(measure, per, rows["value"]) for (measure, per), rows in panels]
        columns = ["measure", "per", "volume_id", "label", "value", "low", "high", "unit", "qualifier"]
        return finish_figure(
            figure,
            figure_id,
            alt=f"Dots with bounds on logarithmic axes, one axis for each measure. {'; '.join(said)}.",
            caption="Each panel counts another thing, so no dot compares with a dot of another panel. A line "
            "with several dots is a series of months.",
            source=source,
            n=len(listed),
            period=state_period(pd.concat([listed["period_start"], listed["period_end"]])),
            data=listed[[*columns, "source_id"]],
        )


def _describe_panel(measure: str, per: str, values: pd.Series) -> str:
    name = f"{measure.replace('_', ' ')}{' a month' if per == 'month' else ''}"
    if len(values) == 1:
        return f"{name}: one figure, {shorten_number(values.iloc[0])}"
    low, high = shorten_number(values.min()), shorten_number(values.max())
    return f"{name}: {len(values)} figures from {low} to {high}"


def _draw_panel(axes, rows: pd.DataFrame, heading: str) -> None:
    names = list(dict.fromkeys(rows["series"]))
    finite = rows["high"].where(rows["high"].map(math.isfinite), rows["value"])
    # Whole powers of ten on both sides leave room for arrows and for the numbers beside the dots.
    left = 10.0 ** math.floor(math.log10(rows["low"].where(rows["low"] > 0, rows["value"]).min()))
    right = 10.0 ** math.ceil(math.log10(finite.max()) + 0.35)
    right = max(right, left * 100)
    for y, name in enumerate(names):
        figures = rows[rows["series"] == name]
        for row in figures.itertuples():
            if math.isinf(row.high):
                arrow = {"arrowstyle": "<|-", "color": COLORS["red"], "lw": 2, "shrinkA": 0, "shrinkB": 0}
                # From the dot, whose place is data, to a tip whose distance is points.
                write_beside(axes, "", (row.value, y), (_ARROW, 0), arrowprops=arrow, zorder=1)
            elif row.low < row.high:
                axes.plot([row.low, row.high], [y, y], "|-", color=COLORS["green"], lw=4, markersize=9)
            axes.plot(row.value, y, "o", color=COLORS["blue"], markersize=5)
        low, high = figures["value"].min(), figures["value"].max()
        text = shorten_number(low) if low == high else f"{shorten_number(low)} to {shorten_number(high)}"
        hedge = figures["qualifier"].iloc[0] if figures["qualifier"].nunique() == 1 else "exact"
        text = f"{HEDGES[hedge]}{text}"
        end = max(high, figures["high"].where(figures["high"].map(math.isfinite), figures["value"]).max())
        is_open = math.isinf(figures["high"].max())
        write_beside(axes, text, (end, y), (_ARROW + 5 if is_open else 8, 0), fontsize=8.5)
    for y, name in enumerate(names):
        label = textwrap.shorten(rows.loc[rows["series"] == name, "label"].iloc[0], 130, placeholder=" ...")
        write_above(axes, label, y)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(names) - 0.5, -0.85)
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    decades = round(math.log10(right / left))
    axes.set_xticks([left * 10.0**step for step in range(0, decades + 1, math.ceil(decades / 5))])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda number, _: shorten_number(number))
    axes.tick_params(axis="x", labelsize=8.5)
    axes.set_title(heading.capitalize(), fontsize=10)
    axes.grid(axis="x")


def draw_months(months: pd.DataFrame, *, source: str) -> CitedFigure:
    """Draw series of monthly counts over time, one panel with an axis from zero for each series.

    Parameters
    ----------
    months
        Result of `volumes.list_months`.
    source
        For the line at the foot.

    Raises
    ------
    DataError
        There is no row.
    """
    if months.empty:
        raise DataError("figure of months", "no rows to draw", "Keep at least one series of months.")
    months = months.reset_index(drop=True)
    series = list(dict.fromkeys(months["series"]))
    with new_figure(height=1.1 + 2.2 * len(series), nrows=len(series), squeeze=False) as (figure, panels):
        for axes, name in zip(panels[:, 0], series, strict=True):
            _draw_line(axes, months[months["series"] == name])
        title_figure(figure, "Counts by month, each series on an axis of its own")
        said = [_describe_line(months[months["series"] == name]) for name in series]
        parts_n = int((~months["is_whole"]).sum())
        return finish_figure(
            figure,
            "months",
            alt=f"{len(series)} lines over time, each with an axis from zero. {'; '.join(said)}.",
            caption="The panels count different things and do not compare with each other. Hollow marks: the "
            f"figure covers a part of its month ({parts_n}). A month without a mark has no figure.",
            source=source,
            n=len(months),
            period=state_period(pd.concat([months["period_start"], months["period_end"]])),
            data=months[["series", "label", "month", "value", "unit", "is_whole", "source_id"]],
        )


def _draw_line(axes, rows: pd.DataFrame) -> None:
    places = [count_months(rows["month"].iloc[0], month) - 1 for month in rows["month"]]
    values = rows["value"].tolist()
    # A month without a figure breaks the line instead of being bridged.
    whole = dict(zip(places, values, strict=True))
    span = range(places[-1] + 1)
    axes.plot(list(span), [whole.get(place, math.nan) for place in span], "-", color=COLORS["blue"], lw=2)
    for place, value, is_whole in zip(places, values, rows["is_whole"], strict=True):
        face = COLORS["blue"] if is_whole else "white"
        axes.plot(place, value, "o", color=COLORS["blue"], markersize=6, markerfacecolor=face)
        if not is_whole:
            style = {"fontsize": 8, "color": COLORS["gray"], "ha": "center", "va": "top"}
            write_beside(axes, "part of\nthe month", (place, value), (0, -7), **style)
    for spot in dict.fromkeys([0, values.index(max(values)), len(values) - 1]):
        above = {
            "xytext": (0, 7),
            "textcoords": "offset points",
            "ha": "center",
            "va": "bottom",
            "fontsize": 9,
        }
        if spot == len(values) - 1:
            above |= {"xytext": (9, 0), "ha": "left", "va": "center"}
        axes.annotate(shorten_number(values[spot]), (places[spot], values[spot]), **above)
    step = max(1, math.ceil(len(span) / 7))
    months = [add_months(rows["month"].iloc[0], place) for place in span]
    axes.set_xticks(list(span)[::step], months[::step])
    axes.set_xlim(-0.6, places[-1] + 0.6 + len(span) * 0.08)
    top = max(values) * 1.22
    axes.set_ylim(0, top)
    axes.set_yticks([tick for tick in MaxNLocator(nbins=4).tick_values(0, top) if 0 <= tick <= top])
    axes.yaxis.set_major_formatter(lambda number, _: shorten_number(number))
    axes.grid(axis="y")
    head = f"{rows['label'].iloc[0]} ({rows['unit'].iloc[0]})"
    axes.set_title(textwrap.fill(head, 95), fontsize=10)


def _describe_line(rows: pd.DataFrame) -> str:
    first, peak, last = rows.iloc[0], rows.loc[rows["value"].idxmax()], rows.iloc[-1]
    told = [f"{shorten_number(row['value'])} in {row['month']}" for row in (first, peak, last)]
    return f"{rows['label'].iloc[0]}: from {told[0]}, at most {told[1]}, at the end {told[2]}"


def draw_quotes(quotes: pd.DataFrame, *, source: str) -> CitedFigure:
    """Draw one mark for each quoted log entry, by topic and reason code: counts, never shares.

    Parameters
    ----------
    quotes
        Table `log_quotes`.
    source
        For the line at the foot.

    Raises
    ------
    DataError
        There is no row.
    """
    if quotes.empty:
        raise DataError("figure of quoted entries", "no rows to draw", "Take the whole table log_quotes.")
    counts = quotes["topic"].value_counts()
    topics = sorted(counts.index, key=lambda topic: (-counts[topic], topic))
    ordered = quotes.sort_values(["topic", "reason_code", "logged_on"], kind="stable")
    with new_figure(height=1.6 + 0.38 * len(topics)) as (figure, axes):
        for y, topic in enumerate(topics):
            for x, row in enumerate(ordered[ordered["topic"] == topic].itertuples()):
                mark, color = _CODES[row.reason_code]
                face = "white" if row.is_date_suspect else COLORS[color]
                style = {"markersize": 11, "markeredgewidth": 1.6, "markerfacecolor": face}
                axes.plot(x, y, mark, color=COLORS[color], **style)
                day = row.logged_on if row.is_date_suspect else row.logged_on[5:]
                style = {"ha": "center", "va": "center", "fontsize": 7, "color": COLORS["gray"]}
                axes.text(x, y + 0.42, day, **style)
            write_beside(axes, str(counts[topic]), (counts[topic] - 1, y), (22, 0), fontsize=10)
        axes.set_yticks(range(len(topics)), [topic.replace("_", " ") for topic in topics])
        axes.set_ylim(len(topics) - 0.3, -0.5)
        axes.set_xlim(-0.6, max(counts.max(), 8) + 0.4)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        title_figure(figure, "Log entries that the ACLU chose to quote, one mark each: not a sample")
        codes = [code for code in _CODES if code in set(quotes["reason_code"])]
        looks = [_CODES[code] for code in codes]
        handles = [Line2D([], [], marker=mark, ls="", color=COLORS[color]) for mark, color in looks]
        handles.append(Line2D([], [], marker="o", ls="", mfc="white", mec=COLORS["black"]))
        key_axes(axes, handles, [*codes, "printed date is suspect"], columns=4)
        by_code = quotes["reason_code"].value_counts()
        suspect_n = int(quotes["is_date_suspect"].sum())
        return finish_figure(
            figure,
            "quoted-entries",
            alt=f"{len(quotes)} marks, one for each quoted log entry, in rows by topic: "
            + ", ".join(f"{topic.replace('_', ' ')} {counts[topic]}" for topic in topics)
            + f". By reason code: {', '.join(f'{code} {by_code[code]}' for code in codes)}. Entries whose "
            f"date does not fit: {suspect_n}.",
            caption="Topics are our classes. The entries were picked by hand: no share of anything follows.",
            source=source,
            n=len(quotes),
            period=_state_days(quotes),
            data=ordered[["logged_on", "is_date_suspect", "reason_code", "topic"]],
        )


def _state_days(quotes: pd.DataFrame) -> str:
    """Say from when to when the entries run, and apart from that which printed dates do not fit."""
    fitting, odd = quotes[~quotes["is_date_suspect"]], quotes[quotes["is_date_suspect"]]
    told = state_period(fitting["logged_on"]) if len(fitting) else ""
    if odd.empty:
        return told
    days = f"{len(odd)} printed {state_period(odd['logged_on'])} (suspect)"
    return f"{told}, {days}" if told else days
