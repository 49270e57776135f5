"""Draw a sharing network's numbers: degrees with what is unknown, ranks with intervals, what is left, what is to come."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import key_axes, title_figure, write_beside
from helpers.wording import say_number

_BINS = [(1, 2), (3, 9), (10, 29), (30, 99), (100, 299), (300, 999), (1000, None)]
_HATCH = {"facecolor": "white", "edgecolor": COLORS["gray"], "hatch": "////", "linewidth": 0.8}


def shorten_agency(name: str, letters: int = 34) -> str:
    """Shorten an agency's name for a row: the role stays readable."""
    for long, short in {
        " Police Department": " Police",
        " Sheriff's Office": " Sheriff",
        " Sheriff's Department": " Sheriff",
        " Sheriffs Department": " Sheriff",
        "U.S. ": "US ",
    }.items():
        name = name.replace(long, short)
    return textwrap.shorten(name, letters, placeholder=" …")


def draw_degrees(degrees: pd.DataFrame, *, source: str, period: str) -> CitedFigure:
    """Draw how many recipients agencies have, and of how many this is unknown.

    Parameters
    ----------
    degrees
        One row per agency: out_direct_n, is_out_censored (its own list was not released), is_pool.
    source, period
        For the source line.

    Returns
    -------
    CitedFigure `recipients-distribution`; its data are the bars.

    Raises
    ------
    DataError
        There is no agency.
    """
    if degrees.empty:
        raise DataError(
            "figure `recipients-distribution`", "there is no agency", "Give lists that name somebody."
        )
    agencies = degrees[~degrees["is_pool"]]
    known = agencies[~agencies["is_out_censored"]]
    silent = agencies[agencies["is_out_censored"]]
    bars = [("none" if high == 0 else f"{low:,} or more" if high is None else f"{low:,} to {high:,}",
             int(known["out_direct_n"].between(low, np.inf if high is None else high).sum()))
            for low, high in [(0, 0), *_BINS]]  # fmt: skip
    filled = [place for place, (_, count) in enumerate(bars) if count]
    bars = bars[filled[0] : filled[-1] + 1] if filled else []
    named = int((silent["out_direct_n"] > 0).sum())
    rows = [(label, "released", count) for label, count in bars]
    rows += [
        ("unknown, some named by others", "not released", named),
        ("unknown", "not released", len(silent) - named),
    ]
    data = pd.DataFrame(
        [row for row in rows if row[2] or row[1] == "released"], columns=["recipients", "list", "agencies_n"]
    )
    is_known = data["list"] == "released"
    most = data.loc[is_known, "agencies_n"].max() if is_known.any() else data["agencies_n"].max()
    # what is unknown may be twenty times as many: such a bar is cut, and says so
    edge = max(most, min(data["agencies_n"].max(), 1.6 * most))
    with new_figure(8.4, 1.75 + 0.36 * len(data)) as (figure, axes):
        for y, row in enumerate(data.itertuples()):
            length = min(row.agencies_n, edge)
            bar = axes.barh(y, length, 0.7)[0]
            bar.set(**({"color": COLORS["blue"]} if row.list == "released" else _HATCH))
            if length < row.agencies_n:
                for shift in (0.93, 0.945):
                    axes.plot(
                        [edge * (shift - 0.008), edge * (shift + 0.008)],
                        [y + 0.45, y - 0.45],
                        color="white",
                        lw=4,
                    )
                    axes.plot(
                        [edge * (shift - 0.008), edge * (shift + 0.008)],
                        [y + 0.45, y - 0.45],
                        color="#444444",
                        lw=1,
                    )
            words = f"{row.agencies_n:,}" + (" (bar cut)" if length < row.agencies_n else "")
            write_beside(axes, words, (length, y), (5, 0))
        axes.set_yticks(range(len(data)), data["recipients"])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(data) - 0.4, -0.6)
        axes.set_xlim(0, edge * 1.17)
        axes.set_ylabel("recipients")
        axes.set_xlabel("agencies", loc="left")
        axes.set_xticks(
            [tick for tick in MaxNLocator(nbins=6, integer=True).tick_values(0, most) if tick <= edge]
        )
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="x")
        used = [(Patch(color=COLORS["blue"]), "whole list released")] if is_known.any() else []
        used.append((Patch(**_HATCH), "list not released: unknown, not zero"))
        key_axes(axes, *map(list, zip(*used, strict=True)))
        title_figure(figure, "How many agencies an agency shares with")
        told = "; ".join(f"{row.recipients} recipients: {row.agencies_n:,}" for row in data.itertuples())
        return finish_figure(
            figure,
            "recipients-distribution",
            alt=f"Bars of agencies by the number of their recipients. Whole lists were released of {say_number(len(known), 'agency', 'agencies')}; "
            f"of {say_number(len(silent), 'other')} the number is unknown and drawn hatched. {told}.",
            caption="Only an agency whose whole list was released has a known number of recipients. What other lists show of "
            "the rest is a part, of unknown size.",
            source=source,
            n=len(agencies),
            period=period,
            data=data,
        )


def draw_ranks(ranked: pd.DataFrame, lists_n: int, *, source: str, period: str) -> CitedFigure:
    """Draw how many lists name an agency, with the share and the ranks that the data leave open.

    Parameters
    ----------
    ranked
        One row per agency, in order: name, lists_n, share_frac, share_low, share_high, rank, rank_low, rank_high (the
        last five missing without an interval), is_reporter.
    lists_n
        Whole lists there are; 0 if none was released and `lists_n` counts single lines.
    source, period
        For the source line.

    Returns
    -------
    CitedFigure `readers-ranked`; its data are the rows.

    Raises
    ------
    DataError
        There is no row.
    """
    if ranked.empty:
        raise DataError("figure `readers-ranked`", "no agency is named", "Give lists that name somebody.")
    has_bounds = bool(ranked["share_low"].notna().any())
    values = ranked["share_frac"] if has_bounds else ranked["lists_n"].astype(float)
    with new_figure(8.4, 1.85 + 0.31 * len(ranked)) as (figure, axes):
        for y, (value, row) in enumerate(zip(values, ranked.itertuples(), strict=True)):
            color = COLORS["blue"] if row.is_reporter else COLORS["red"]
            if has_bounds:
                axes.plot([row.share_low, row.share_high], [y, y], color=color, lw=1.6, solid_capstyle="butt")
                words = f"{row.lists_n:,} lists · rank {row.rank_low:,} to {row.rank_high:,}"
                if row.rank_low == row.rank_high:
                    words = f"{row.lists_n:,} lists · rank {row.rank_low:,}"
            else:
                axes.plot([0, value], [y, y], color=COLORS["pale"], lw=1.2, zorder=1)
                words = f"{row.lists_n:,}"
            axes.plot(
                value,
                y,
                "o" if row.is_reporter else "D",
                ms=6,
                color=color,
                mfc=color if row.is_reporter else "white",
            )
            at = row.share_high if has_bounds else value
            write_beside(axes, words, (at, y), (8, 0), fontsize=8.5, color="#444444")
        axes.set_yticks(range(len(ranked)), [shorten_agency(name, 42) for name in ranked["name"]])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(ranked) - 0.4, -0.7)
        top = float((ranked["share_high"] if has_bounds else values).max())
        axes.set_xlim(0, top * (1.42 if has_bounds else 1.12))
        if has_bounds:
            axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            axes.set_xticks([tick for tick in MaxNLocator(6).tick_values(0, min(1, top)) if tick <= 1])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.set_xlabel(
            f"share of {lists_n:,} whole lists that name it, with 95 % interval"
            if has_bounds
            else "agencies whose data it may read, as listed",
            loc="left",
        )
        axes.grid(axis="x")
        marks = [
            Line2D([], [], marker="D", ls="", color=COLORS["red"], mfc="white"),
            Line2D([], [], marker="o", ls="", color=COLORS["blue"]),
        ]
        key_axes(axes, marks, ["its own list was not released", "its own list was released"])
        title_figure(figure, "Which agencies are named as readers most")
        told = "; ".join(f"{row.name} {row.lists_n:,}" for row in ranked.head(5).itertuples(index=False))
        extra = (
            f" Of {lists_n:,} whole lists."
            if lists_n
            else " No interval is drawn: too few whole lists were released."
        )
        return finish_figure(
            figure,
            "readers-ranked",
            alt=f"{len(ranked)} agencies by the number of lists that name them as readers. First: {told}.{extra}",
            caption="Who is named most depends on whose lists were released. An interval shows what chance alone would leave "
            "open if those lists had been drawn at random, which they were not."
            if has_bounds
            else "Who is named most depends on whose lists, or which single lines, came to light. It is no measure of use.",
            source=source,
            n=lists_n or int(ranked["lists_n"].sum()),
            period=period,
            data=ranked,
        )


def draw_decline(
    steps: pd.DataFrame,
    lines: dict[str, str],
    *,
    figure_id: str,
    title: str,
    axis: str,
    source: str,
    period: str,
    caption: str,
) -> CitedFigure:
    """Draw what is left of a network as agencies leave it, one after another.

    Parameters
    ----------
    steps
        One row for the start, then one per agency that leaves, in order: name (of the start: what it is called), and
        one column of counts per line.
    lines
        What each column counts, by its name; at most four.
    figure_id, title, axis, caption
        Short name, heading, what is in percent, and the sentence under the figure.
    source, period
        For the source line.

    Returns
    -------
    CitedFigure; its data are the steps.

    Raises
    ------
    DataError
        There is no step, or nothing at the start.
    """
    if len(steps) < 2 or not len(lines) or (steps[list(lines)].iloc[0] <= 0).any():
        raise DataError(
            f"figure `{figure_id}`",
            "there is nothing to lose, or nobody leaves",
            "Give a start and one step at least.",
        )
    styles = [(COLORS["blue"], "o", "-"), (COLORS["orange"], "s", (0, (6, 2))), (COLORS["green"], "^", (0, (2, 1.5))),
              (COLORS["pink"], "v", (0, (1, 1)))]  # fmt: skip
    with new_figure(8.4, 1.9 + 0.31 * len(steps)) as (figure, axes):
        handles = []
        for (column, words), (color, marker, style) in zip(lines.items(), styles, strict=False):
            share = steps[column] / steps[column].iloc[0]
            axes.plot(share, range(len(steps)), color=color, marker=marker, ls=style, ms=5, lw=1.5)
            handles.append(Line2D([], [], color=color, marker=marker, ls=style, ms=5, label=words))
        first = next(iter(lines))
        for y, count in enumerate(steps[first]):
            write_beside(axes, f"{int(count):,}", (1.04, y), (0, 0), fontsize=8.5, color=COLORS["blue"])
        labels = [shorten_agency(name) if y else name for y, name in enumerate(steps["name"])]
        axes.set_yticks(range(len(steps)), labels)
        axes.get_yticklabels()[0].set_style("italic")
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(steps) - 0.5, -0.6)
        axes.set_xlim(-0.02, 1.16)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_xlabel(axis, loc="left")
        axes.grid(axis="x")
        key_axes(axes, handles, list(lines.values()), columns=2)
        title_figure(figure, title)
        told = "; ".join(
            f"{words} from {int(steps[column].iloc[0]):,} to {int(steps[column].iloc[-1]):,}"
            for column, words in lines.items()
        )
        return finish_figure(
            figure,
            figure_id,
            alt=f"{title}. After {len(steps) - 1} leave, in this order ({', '.join(steps['name'].iloc[1:])}): {told}.",
            caption=caption,
            source=source,
            n=int(steps[first].iloc[0]),
            period=period,
            data=steps,
        )


def draw_accumulation(
    curves: dict[str, pd.DataFrame], bounds: dict[str, tuple[float, float]], *, source: str, period: str
) -> CitedFigure:
    """Draw how many recipients are named as more lists come to light, and the least that all such lists hold.

    Parameters
    ----------
    curves
        By what they rest on, at most two: lists_n, recipients_n (mean over all choices of that many lists).
    bounds
        For each curve the interval of the lower bound for all recipients.
    source, period
        For the source line.

    Returns
    -------
    CitedFigure `recipients-by-lists`; its data are the curves.

    Raises
    ------
    DataError
        There is no curve.
    """
    if not curves:
        raise DataError("figure `recipients-by-lists`", "there is no curve", "Give whole lists.")
    styles = [(COLORS["blue"], "-"), (COLORS["orange"], (0, (6, 2)))]
    longest = max(len(curve) for curve in curves.values())
    with new_figure(8.4, 4.6) as (figure, axes):
        for number, ((name, curve), (color, style)) in enumerate(zip(curves.items(), styles, strict=False)):
            axes.plot(curve["lists_n"], curve["recipients_n"], color=color, ls=style, lw=2, label=name)
            low, high = bounds[name]
            x = longest * 1.05
            axes.plot([x, x], [low, high], color=color, lw=3, solid_capstyle="butt")
            axes.plot(x, (low * high) ** 0.5, "_", color=color, ms=10, mew=2)
            up = 12 if number == 0 else -12
            words = f"at least {low:,.0f}\nto {high:,.0f}"
            write_beside(axes, words, (x, (low * high) ** 0.5), (9, up), color=color, fontsize=8.5)
            last = curve.iloc[-1]
            write_beside(
                axes,
                f"{last['recipients_n']:,.0f}",
                (last["lists_n"], last["recipients_n"]),
                (-8, up),
                ha="right",
                color=color,
            )
        axes.axvline(longest, color=COLORS["gray"], lw=0.8, ls=":")
        top = max(high for _, high in bounds.values())
        axes.set_xlim(0, longest * 1.24)
        axes.set_ylim(0, top * 1.12)
        axes.set_xticks(
            [tick for tick in MaxNLocator(nbins=6, integer=True).tick_values(0, longest) if tick <= longest]
        )
        axes.annotate(
            "released",
            (longest, 0),
            xytext=(-4, 6),
            textcoords="offset points",
            ha="right",
            fontsize=8.5,
            color="#444444",
        )
        axes.annotate(
            "all such lists",
            (longest, 0),
            xytext=(6, 6),
            textcoords="offset points",
            fontsize=8.5,
            color="#444444",
        )
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel("whole lists", loc="left")
        axes.set_ylabel("different recipients named")
        axes.grid(axis="y")
        axes.grid(axis="x", visible=False)
        key_axes(axes, *axes.get_legend_handles_labels(), columns=2)
        title_figure(figure, "How many recipients come to light with more lists")
        told = "; ".join(
            f"{name}: {curve['recipients_n'].iloc[-1]:,.0f} named by {len(curve):,} lists, at least {bounds[name][0]:,.0f} to "
            f"{bounds[name][1]:,.0f} in all such lists" for name, curve in curves.items()
        )  # fmt: skip
        data = pd.concat([curve.assign(rests_on=name) for name, curve in curves.items()], ignore_index=True)
        return finish_figure(
            figure,
            "recipients-by-lists",
            alt=f"Curves of the different recipients that a number of lists name on average; they flatten. {told}.",
            caption="Mean over all choices of that many lists. Bars at the right: a lower bound for the recipients that lists of "
            "this kind name at all, with its 95 percent interval (Chao). Lists of agencies of another kind may name others.",
            source=source,
            n=longest,
            period=period,
            data=data,
        )


def draw_pools(bounds: pd.DataFrame, *, source: str, period: str) -> CitedFigure:
    """Draw named recipients, and how far a pool's members would carry the number.

    Parameters
    ----------
    bounds
        One row per agency that gives to a pool: name, direct_n (recipients named), high_n (with the pool's members;
        missing where nobody counted them).
    source, period
        For the source line.

    Returns
    -------
    CitedFigure `pool-bounds`; its data are the rows.

    Raises
    ------
    DataError
        There is no row.
    """
    if bounds.empty:
        raise DataError("figure `pool-bounds`", "no agency gives to a pool", "Say so in words.")
    top = float(max(bounds["direct_n"].max(), bounds["high_n"].fillna(0).max(), 1))
    with new_figure(8.4, 1.8 + 0.42 * len(bounds)) as (figure, axes):
        for y, row in enumerate(bounds.itertuples()):
            axes.barh(y, row.direct_n, 0.5, color=COLORS["blue"])
            is_open = pd.isna(row.high_n)
            end = top * 1.15 if is_open else float(row.high_n)
            axes.barh(y, end - row.direct_n, 0.5, left=row.direct_n, **_HATCH)
            if is_open:
                axes.plot(end, y, ">", ms=9, color=COLORS["gray"], clip_on=False)
            words = (
                f"{row.direct_n:,} named, and no upper bound"
                if is_open
                else f"{row.direct_n:,} named, up to {int(row.high_n):,}"
            )
            write_beside(axes, words, (end, y), (12, 0), fontsize=8.5)
        axes.set_yticks(range(len(bounds)), [shorten_agency(name) for name in bounds["name"]])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(bounds) - 0.4, -0.6)
        axes.set_xlim(0, top * 1.75)
        axes.set_xticks(
            [tick for tick in MaxNLocator(nbins=5, integer=True).tick_values(0, top) if tick <= top]
        )
        axes.set_xlabel("recipients", loc="left")
        axes.grid(axis="x")
        key_axes(
            axes,
            [Patch(color=COLORS["blue"]), Patch(**_HATCH)],
            ["named by a source", "members of a pool, named by none"],
        )
        title_figure(figure, "What a pool adds to the number of recipients")
        told = "; ".join(
            f"{row.name} {row.direct_n:,} named, {'no upper bound' if pd.isna(row.high_n) else f'up to {int(row.high_n):,}'}"
            for row in bounds.itertuples(index=False)
        )
        return finish_figure(
            figure,
            "pool-bounds",
            alt=f"Bars of named recipients, continued by a hatched part for the members of a pool. {told}.",
            caption="The pool is not counted as a recipient; its members are. Where nobody counted them, the number of recipients "
            "has no upper bound.",
            source=source,
            n=len(bounds),
            period=period,
            data=bounds,
        )
