"""Dated events as lines of text in order, tied to a true scale of years."""

from itertools import pairwise

import matplotlib.dates as mdates
import pandas as pd

from helpers.errors import DataError
from helpers.facts.dates import find_middle, span_date, state_period
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import title_figure

# One mark and one color for each lane, so that either alone tells them apart.
_LANES = {
    "procurement": ("o", "blue"),
    "policy": ("s", "black"),
    "law": ("D", "pink"),
    "records": ("^", "green"),
    "release": ("*", "red"),
    "reply": ("v", "orange"),
    "sharing": ("P", "sky"),
    "reporting": ("X", "gray"),
}
_HEDGES = {"at_least": "\u2265", "at_most": "\u2264"}
_KEY = (
    "Filled mark: source read as document or page.\n"
    "Hollow mark: only the opening of a press item.\n"
    "~ about, \u2265 or later, \u2264 or earlier"
)
_ROW = 0.2  # inches a line of a timeline takes
_WIDE = 12.2  # width of a timeline in the units of its columns
_READ = {"document", "publisher_page"}


def draw_timeline(events: pd.DataFrame, *, source: str) -> CitedFigure:
    """Draw dated events as lines of text, tied to a true scale of years, each with a mark in its lane.

    Parameters
    ----------
    events
        Rows of the table `timeline` in order of date (`dates.select_years`).
    source
        For the line at the foot.

    Raises
    ------
    DataError
        There is no row.
    """
    if events.empty:
        raise DataError("figure of dated events", "no rows to draw", "Widen the years.")
    lanes = [lane for lane in _LANES if lane in set(events["lane"])]
    rows_n = len(events)
    first = pd.Timestamp(min(span_date(text)[0] for text in events["event_on"])).to_period("Y").start_time
    last = pd.Timestamp(max(span_date(text)[1] for text in events["event_on"])).to_period("Y").end_time
    length = mdates.date2num(last) - mdates.date2num(first)

    def spot(day) -> float:
        return (mdates.date2num(day) - mdates.date2num(first)) / length * rows_n - 0.5

    columns = {lane: 4.25 + 0.4 * number for number, lane in enumerate(lanes)}
    label_x = 4.25 + 0.4 * len(lanes) + 0.05
    with new_figure(height=1.9 + _ROW * rows_n) as (figure, axes):
        _draw_year_scale(axes, first.year, last.year, spot)
        years = events["event_on"].str[:4].tolist()
        starts = [0, *(row for row, (one, two) in enumerate(pairwise(years), 1) if one != two), rows_n]
        for number, (start, stop) in enumerate(pairwise(starts)):
            if number % 2 == 0:
                axes.axhspan(start - 0.5, stop - 0.5, xmin=2.3 / _WIDE, color="#F3F3F3", lw=0)
        for y, row in enumerate(events.itertuples()):
            mark, color = _LANES[row.lane]
            axes.plot([0.75, 1.9, 2.3], [spot(find_middle(row.event_on)), y, y], color=COLORS[color], lw=0.8)
            # A month or a year says by itself that the day is not known.
            is_vague = row.qualifier == "about" and len(row.event_on) == 10
            hedge = "~" if is_vague else _HEDGES.get(row.qualifier, " ")
            axes.text(2.32, y, hedge + row.event_on, va="center", fontsize=9, family="DejaVu Sans Mono")
            is_read = row.read_as in _READ
            axes.plot(columns[row.lane], y, mark, color=COLORS[color], markersize=9 if mark == "*" else 6.5,
                      markerfacecolor=COLORS[color] if is_read else "white", markeredgewidth=1.3)  # fmt: skip
            axes.text(label_x, y, row.label, va="center", fontsize=9.5)
        axes.text(label_x + 0.45, -1, _KEY, va="bottom", fontsize=8.5, color=COLORS["gray"])
        for lane, x in columns.items():
            axes.text(x, -1, lane, rotation=55, ha="left", va="bottom", fontsize=9, color=COLORS["black"])
        axes.set_xlim(0, _WIDE)
        axes.set_ylim(rows_n - 0.4, -0.6)
        axes.set_axis_off()
        title_figure(figure, "The events in order, tied to the years they fell in")
        counts = events["lane"].value_counts()
        strands = ", ".join(f"{lane} {counts[lane]}" for lane in lanes)
        read_n = int(events["read_as"].isin(_READ).sum())
        return finish_figure(
            figure,
            "timeline",
            alt=f"A list of {rows_n} dated events, {state_period(events['event_on'])}, tied to a scale of "
            f"years, with a mark for the strand of each: {strands}. First: {events['label'].iloc[0]}. Last: "
            f"{events['label'].iloc[-1]}.",
            caption=f"Filled marks: the source was read as a document or as its publisher's page ({read_n}). "
            f"Hollow marks: only the opening of a press item was read ({rows_n - read_n}).",
            source=source,
            n=rows_n,
            period=state_period(events["event_on"]),
            data=events[["event_on", "qualifier", "lane", "label", "read_as", "source_id"]],
        )


def _draw_year_scale(axes, first: int, last: int, spot) -> None:
    ends = [pd.Timestamp(year, 1, 1) for year in range(first, last + 2)]
    axes.plot([0.7, 0.7], [spot(ends[0]), spot(ends[-1])], color="#444444", lw=1.2)
    for start, stop in pairwise(ends):
        axes.plot([0.6, 0.7], [spot(start)] * 2, color="#444444", lw=1.2)
        axes.text(0.55, (spot(start) + spot(stop)) / 2, str(start.year), ha="right", va="center", fontsize=9)
