"""What the release says: the list recovered, the figures that contradict each other, the answers to it."""

import math
import textwrap

import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from helpers.errors import DataError
from helpers.facts.dates import span_date, state_period
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import HEDGES, key_axes, shorten_number, title_figure, write_above, write_beside

# Marks of a statement; the text beside each says the same.
_STATUS = {
    "listed": ("o", "gray"),
    "denied": ("X", "red"),
    "denied_agreement": ("X", "red"),
    "denied_and_stopped": ("X", "green"),
    "denied_and_suspended": ("X", "orange"),
    "stopped": ("s", "green"),
    "admitted_and_stopped": ("s", "green"),
    "confirmed_partly": ("o", "black"),
    "under_review": ("D", "orange"),
    "continues": (">", "blue"),
    "corrected": ("*", "pink"),
}
_GROUPS = {
    "list-length": "agencies on the list",
    "le-scans": "plate scans of the police",
    "contract-value": "value of the contract",
    "ice-users": "people at ICE with access",
    "release-pages": "pages of the release",
    "vendor-db-size-2018-01": "size of the vendor database, January 2018",
    "vendor-growth-2018-01": "growth of the vendor database, January 2018",
    "uw-doors-total": "agencies of Washington State",
}


def _demand_rows(table: pd.DataFrame, name: str) -> None:
    if table.empty:
        raise DataError(f"figure of {name}", "no rows to draw", "Widen the parameters.")


def draw_recovery(
    by_state: pd.DataFrame, listed_low: float, *, source: str, period: str, note: str = ""
) -> CitedFigure:
    """Draw one mark for each recovered name, by state, and one for each name that is missing at least.

    Parameters
    ----------
    by_state
        Result of `sharing.count_by_state`.
    listed_low
        Lower bound of the names on the list.
    source, period
        For the line at the foot.
    note
        What qualifies the sources of some names, for the caption.

    Raises
    ------
    DataError
        There is no row.
    """
    _demand_rows(by_state, "recovered names")
    found_n = int(by_state["names_n"].sum())
    missing_n = max(0, math.ceil(listed_low) - found_n)
    data = by_state[["state", "names_n", "single_n", "sources_n"]].copy()
    data.loc[len(data)] = ["not recovered, at least", missing_n, 0, 0]
    with new_figure(height=1.4 + 0.36 * len(data)) as (figure, axes):
        for y, row in enumerate(data.itertuples()):
            firm_n = row.names_n - row.single_n
            if y == len(data) - 1:
                axes.plot(range(row.names_n), [y] * row.names_n, "x", color=COLORS["gray"], markersize=6)
                label = f"{row.names_n}+"
            else:
                filled, hollow = range(firm_n), range(firm_n, row.names_n)
                axes.plot(filled, [y] * firm_n, "o", color=COLORS["blue"], markersize=9)
                marks = {"markerfacecolor": "white", "markeredgecolor": COLORS["red"], "markeredgewidth": 1.6}
                axes.plot(hollow, [y] * row.single_n, "o", markersize=8, **marks)
                label = f"{row.names_n}   ({row.sources_n} source{'s' if row.sources_n > 1 else ''})"
            write_beside(axes, label, (row.names_n - 1, y), (12, 0))
        axes.set_yticks(range(len(data)), data["state"])
        axes.set_ylim(len(data) - 0.5, -0.6)
        axes.set_xlim(-1, data["names_n"].max() * 1.25 + 3)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        title_figure(figure, "Names on the list that could be recovered, one mark each")
        handles = [
            Line2D([], [], marker="o", ls="", color=COLORS["blue"], markersize=9),
            Line2D([], [], marker="o", ls="", mfc="white", mec=COLORS["red"], mew=1.6, markersize=8),
            Line2D([], [], marker="x", ls="", color=COLORS["gray"], markersize=6),
        ]
        labels = [
            "printed by two or more pages\n(not always independent)",
            "by one page",
            "on the list,\nname not found",
        ]
        key_axes(axes, handles, labels)
        states = "; ".join(f"{row.state} {row.names_n}" for row in by_state.itertuples())
        single_n = int(by_state["single_n"].sum())
        return finish_figure(
            figure,
            "recovered-names",
            alt=f"Rows of marks, one for each agency name recovered from the list: {states}. {single_n} of "
            f"the {found_n} names stand on one page only. At least {missing_n} names are not recovered.",
            caption="Recovery follows where somebody published names. The rows are no shares of the list. Two "
            f"pages are not always two witnesses. {note}".rstrip(),
            source=source,
            n=found_n,
            period=period,
            data=data,
        )


def draw_conflicts(compared: pd.DataFrame, judged: pd.DataFrame, *, source: str) -> CitedFigure:
    """Draw figures that claim to measure the same thing as intervals, one panel and one axis for each group.

    Parameters
    ----------
    compared, judged
        Results of `volumes.compare_conflicts` and `volumes.judge_conflicts`.
    source
        For the line at the foot.

    Raises
    ------
    DataError
        There is no row.
    """
    _demand_rows(compared, "contradictions")
    groups = judged["conflict_group"].tolist()
    heights = [1.1 + 0.5 * n for n in judged["figures_n"]]
    shape = {"nrows": len(groups), "squeeze": False, "gridspec_kw": {"height_ratios": heights}}
    with new_figure(height=0.8 + 0.72 * sum(heights), **shape) as (figure, panels):
        for axes, row in zip(panels[:, 0], judged.itertuples(), strict=True):
            _draw_group(axes, compared[compared["conflict_group"] == row.conflict_group], row)
        title_figure(figure, "Figures for the same thing, side by side")
        said = [_describe_group(row) for row in judged.itertuples()]
        columns = ["conflict_group", "quantity_id", "value", "low", "high", "unit", "qualifier", "source_id"]
        return finish_figure(
            figure,
            "contradictions",
            alt=f"One panel for each of {len(groups)} groups of figures, each a bar between its bounds: "
            f"{'; '.join(said)}.",
            caption="A bar spans what the wording allows; an arrow means no bound on that side. The dot is "
            "the number as printed. Each panel has its own unit and axis.",
            source=source,
            n=len(compared),
            period=state_period(compared["period_start"]),
            data=compared[columns],
        )


def _draw_group(axes, figures: pd.DataFrame, judged) -> None:
    low, high = figures["value"].min(), figures["value"].max()
    bounded = [bound for bound in [*figures["low"], *figures["high"]] if math.isfinite(bound) and bound > 0]
    low, high = min(low, *bounded), max(high, *bounded)
    # Figures that lie a factor apart are shown from zero, so that the factor can be seen.
    low = 0 if high >= 2 * low else low
    reach = (high - low) * 0.12 or high * 0.05
    left, right = low - reach * (low > 0), high + reach
    color = COLORS["green"] if judged.can_agree else COLORS["red"]
    for y, row in enumerate(figures.itertuples()):
        start = row.low if row.low > left else left
        end = row.high if row.high < right else right
        style = {"color": color, "lw": 5, "solid_capstyle": "butt", "alpha": 0.6}
        axes.plot([start, end], [y, y], ls="-" if judged.can_agree else (0, (2, 0.6)), **style)
        for bound, edge, mark in ((row.low, left, "<"), (row.high, right, ">")):
            if bound <= left or bound >= right:
                axes.plot(edge, y, mark, color=color, markersize=8, clip_on=False)
        axes.plot(row.value, y, "o", color=color, markersize=6)
        page = f", {row.page}" if isinstance(row.page, str) else ""
        number = f"{HEDGES[row.qualifier]}{shorten_number(row.value)}"
        label = textwrap.shorten(f"{number}: {row.quantity}{page}", 125, placeholder=" ...")
        write_above(axes, label, y)
    verdict = "one value can satisfy all" if judged.can_agree else "no value satisfies all"
    name, unit = _name_group(judged.conflict_group), judged.unit.replace("USD", "US dollars")
    # An axis that leaves zero out makes close figures look far apart: it must say so.
    apart = f"The largest is {judged.factor:.3g} times the smallest"
    apart += "; the axis does not start at zero" if left > 0 else ""
    heading = textwrap.fill(f"{name[0].upper()}{name[1:]} ({unit}): {verdict}", 95)
    axes.set_title(f"{heading}\n{apart}", fontsize=10, color=color)
    axes.set_xlim(left, right)
    axes.set_ylim(len(figures) - 0.6, -1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.xaxis.set_major_formatter(lambda number, _: shorten_number(number))
    axes.grid(axis="x")


def _describe_group(row) -> str:
    numbers = f"{shorten_number(row.smallest)} to {shorten_number(row.largest)} {row.unit}"
    verdict = "can agree" if row.can_agree else "cannot agree"
    return f"{_name_group(row.conflict_group)}: {numbers}, a factor of {row.factor:.3g} ({verdict})"


def _name_group(group: str) -> str:
    return _GROUPS.get(group, group.replace("-", " "))


def draw_replies(trace: pd.DataFrame, *, source: str) -> CitedFigure:
    """Draw what was said of listed agencies: one row for each, separate statements in columns by date.

    Parameters
    ----------
    trace
        Result of `sharing.trace_replies`.
    source
        For the line at the foot.

    Raises
    ------
    DataError
        There is no row.
    """
    _demand_rows(trace, "replies")
    kinds = trace["claim_kind"] == "listing"
    heads = ["the list", *sorted(trace.loc[~kinds, "as_of"].dropna().unique(), key=span_date)]
    heads += ["undated"] if trace.loc[~kinds, "as_of"].isna().any() else []
    agencies = trace[["agency_id", "name", "state"]].drop_duplicates("agency_id").reset_index(drop=True)
    row_of = {agency_id: y for y, agency_id in enumerate(agencies["agency_id"])}
    columns = trace["as_of"].fillna("undated").mask(kinds, "the list")
    groups = ["agency_id", "column", "status"]
    data = trace.assign(column=columns).groupby(groups, sort=False).size().reset_index(name="statements_n")
    with new_figure(height=1.4 + 0.46 * len(agencies)) as (figure, axes):
        for (agency_id, head), cell in data.groupby(["agency_id", "column"], sort=False):
            y = row_of[agency_id]
            # Two statements of one day stand side by side.
            for shift, row in enumerate(cell.itertuples()):
                x = heads.index(head) + 0.3 * shift
                mark, color = _STATUS.get(row.status, ("o", "black"))
                axes.plot(x, y, mark, color=COLORS[color], markersize=11 if mark == "*" else 8)
            words = [_name_status(row) for row in cell.itertuples()]
            place = {"xytext": (0, -7), "textcoords": "offset points", "ha": "center", "va": "top"}
            text = textwrap.fill("; ".join(words), 14)
            axes.annotate(text, (heads.index(head), y), **place, fontsize=7.5, linespacing=0.95)
        # A space that does not break keeps the state with the name's last word.
        names = agencies["name"] + ",\u00a0" + agencies["state"]
        names = [textwrap.fill(name, 30) for name in names]
        axes.set_yticks(range(len(agencies)), names, fontsize=9)
        axes.set_ylim(len(agencies) - 0.3, -0.5)
        axes.set_xlim(-0.5, len(heads) - 0.4)
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(heads)), [_name_column(head) for head in heads], fontsize=8.5)
        axes.tick_params(length=0)
        axes.spines[["bottom", "left"]].set_visible(False)
        axes.grid(axis="y")
        title_figure(figure, "What listed agencies answered, in the order of dates (not to scale)")
        last = trace.loc[~kinds].groupby("name", sort=False)["status"].last()
        return finish_figure(
            figure,
            "replies",
            alt=f"A row of dated statements for each of {len(agencies)} listed agencies. Last of each: "
            + "; ".join(f"{name}: {status.replace('_', ' ')}" for name, status in last.items())
            + ".",
            caption="Listing, reply and correction are separate statements. Being listed is permission to "
            "read, not proof that a scan moved.",
            source=source,
            n=len(trace),
            period=state_period(trace["as_of"]),
            data=data,
        )


def _name_status(row) -> str:
    return row.status.replace("_", " ") + (f" ({row.statements_n}x)" if row.statements_n > 1 else "")


def _name_column(head: str) -> str:
    if len(head) == 7 and head[4] == "-":
        return f"{head}\nday not given"
    return f"{head[:4]}\n{head[5:]}" if len(head) == 10 else head
