"""Reasons read by rules: how many each finds, how the range moves with the month, where rules agree, where they err."""

import math
import textwrap

import pandas as pd
from matplotlib.patches import Rectangle

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import key_axes, title_figure, write_beside
from helpers.searches.suppression import FEWEST

_KINDS = {"ours": ("orange", "s"), "documented": ("blue", "o"), "reading": ("green", "^")}
_NAMES = {"ours": "our rule", "documented": "as published", "reading": "published words, our way of matching"}


# What stands where `suppression.hide_small` hides a count.
HIDDEN = f"fewer than {FEWEST}, or not shown"


def _say(count) -> str:
    return HIDDEN if pd.isna(count) else f"{count:,}"


def draw_rule_range(
    counts: pd.DataFrame, kinds: dict[str, str], *, what: str, source: str, period: str
) -> CitedFigure:
    """Draw how many rows each rule finds, and the range between the fewest and the most.

    Parameters
    ----------
    counts
        From `reasons.count_rules`, one row for each rule. Rules whose count is hidden stand first, without a dot.
    kinds
        Kind of each rule set, by its name: `ours`, `documented` or `reading`.
    what
        What the rules look for, and in which log: `immigration, simulated log`.
    source, period
        For the line at the foot.

    Raises
    ------
    DataError
        There are fewer than two rules.
    """
    if len(counts) < 2:
        raise DataError("figure `rule-range`", f"{len(counts)} rule", "A range needs two rules or more.")
    rows = counts.sort_values(["found_n", "rule"], kind="stable", na_position="first", ignore_index=True)
    shown = rows[rows["found_n"].notna()]
    low = int(shown["found_n"].iloc[0]) if len(shown) == len(rows) else 0
    high, text_n = int(shown["found_n"].max()) if len(shown) else 0, int(rows["text_n"].iloc[0])
    with new_figure(height=1.9 + 0.36 * len(rows)) as (figure, axes):
        axes.axvspan(low, high, color=COLORS["pale"], alpha=0.45, linewidth=0)
        for kind, (color, mark) in _KINDS.items():
            chosen = (rows["rule_set"].map(kinds) == kind) & rows["found_n"].notna()
            if chosen.any():
                axes.plot(
                    rows.loc[chosen, "found_n"],
                    rows.index[chosen],
                    mark,
                    color=COLORS[color],
                    markersize=8,
                    label=_NAMES[kind],
                )
        for place in rows.index[rows["found_n"].isna()]:
            write_beside(axes, HIDDEN, (0, place), (9, 0))
        for place, row in zip(shown.index, shown.itertuples(), strict=True):
            share = f" ({row.found_n / text_n:.1%})" if text_n else ""
            axes.hlines(place, 0, row.found_n, color=COLORS["gray"], linewidth=0.8, zorder=0)
            write_beside(axes, f"{row.found_n:,}{share}", (row.found_n, place), (9, 0))
        axes.set_yticks(range(len(rows)), rows["rule"])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(rows) - 0.4, -0.7)
        axes.set_xlim(0, max(1, high) * 1.26)
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        axes.set_xlabel("rows found [rows of the log; in brackets, share of rows that have a text]")
        axes.grid(axis="x")
        title_figure(figure, f"One log, {len(rows)} rules: {what}")
        key_axes(axes, *axes.get_legend_handles_labels())
    return finish_figure(
        figure,
        "rule-range",
        alt=f"Dot plot of {len(rows)} rules on {what}. Rows found: "
        + "; ".join(f"{row.rule} {_say(row.found_n)}" for row in rows.itertuples())
        + (f". The band runs from {low:,} to {high:,}." if len(shown) == len(rows) else "."),
        caption="Each dot is one rule on the same rows; the band is the range over rules. Rows are entries of a log, not searches: one "
        "search can stand in several logs.",
        source=source,
        n=int(rows["rows_n"].iloc[0]),
        period=period,
        data=rows[["rule", "rule_set", "found_n", "text_n", "rows_n"]],
    )


def draw_range_months(ranges: pd.DataFrame, *, what: str, source: str, period: str) -> CitedFigure:
    """Draw the range over rules month by month; what the form asked for parts the months, and nothing is drawn across.

    Parameters
    ----------
    ranges
        From `reasons.range_rules`, by month and form. Months that are no month (`no time`) are left out.
    what, source, period
        As for `draw_rule_range`.

    Raises
    ------
    DataError
        There is no month.
    """
    rows = ranges[ranges["month"].str.fullmatch(r"\d{4}-\d{2}")].sort_values(
        ["month", "form"], ascending=[True, False], ignore_index=True
    )
    if rows.empty:
        raise DataError("figure `range-by-month`", "no month", "Take a log whose searches have times.")
    months = sorted(set(rows["month"]))
    forms = list(dict.fromkeys(rows["form"]))
    top = max(1, int(rows["high_n"].fillna(0).max()))
    with new_figure(height=4.3) as (figure, axes):
        for form in forms:
            part = rows[(rows["form"] == form) & rows["high_n"].notna()]
            places = [months.index(month) for month in part["month"]]
            least = part["low_n"].fillna(0)
            axes.bar(
                places,
                (part["high_n"] - least).astype(int),
                bottom=least.astype(int),
                width=0.5,
                color=COLORS["sky"],
                zorder=2,
            )
            for place, row in zip(places, part.itertuples(), strict=True):
                if pd.notna(row.low_n):
                    axes.plot(
                        [place - 0.25, place + 0.25],
                        [row.low_n] * 2,
                        color=COLORS["blue"],
                        linewidth=2.4,
                        zorder=3,
                    )
                axes.plot(
                    [place - 0.25, place + 0.25],
                    [row.high_n] * 2,
                    color=COLORS["blue"],
                    linewidth=2.4,
                    zorder=3,
                )
                if len(months) <= 18:
                    write_beside(
                        axes,
                        f"{row.high_n:,}",
                        (place, row.high_n),
                        (0, 4),
                        ha="center",
                        va="bottom",
                        fontsize=8.5,
                    )
                    if pd.notna(row.low_n) and row.low_n < row.high_n:
                        write_beside(
                            axes,
                            f"{row.low_n:,}",
                            (place, row.low_n),
                            (0, -4),
                            ha="center",
                            va="top",
                            fontsize=8.5,
                        )
        for before, after in zip(forms, forms[1:]):
            edge = months.index(rows.loc[rows["form"] == after, "month"].iloc[0]) - 0.5
            axes.axvline(edge, color=COLORS["red"], linewidth=1.4, linestyle="--")
            write_beside(
                axes, f"{before} \u2190", (edge, top * 1.24), (-5, 0), ha="right", color=COLORS["red"]
            )
            write_beside(axes, f"\u2192 {after}", (edge, top * 1.24), (5, 0), color=COLORS["red"])
        step = math.ceil(len(months) / 12)
        axes.set_xticks(range(0, len(months), step), months[::step])
        axes.set_xlim(-0.7, len(months) - 0.3)
        axes.set_ylim(-top * 0.08, top * 1.34)
        axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= top * 1.15])
        axes.set_ylabel("rows found: fewest to most")
        axes.grid(axis="y")
        title_figure(figure, f"The range over rules by month: {what}")
    said = "; ".join(
        f"{row.month} ({row.form}) {_say(row.low_n)} to {_say(row.high_n)}" for row in rows.itertuples()
    )
    return finish_figure(
        figure,
        "range-by-month",
        alt=f"Bars from the fewest to the most rows that any rule finds, by month: {said}.",
        caption="Months are local. A dashed line is a change of the form: what stands on its two sides answers two questions, so no "
        "trend crosses it. Single months may be partial. Where an end is hidden its line is not drawn: fewer than ten rows, or a "
        "count that would give another one back.",
        source=source,
        n=int(rows["rows_n"].sum()),
        period=period,
        data=rows[["month", "form", "low_n", "low_rule", "high_n", "high_rule", "text_n", "rows_n"]],
    )


def draw_agreement(square: pd.DataFrame, *, what: str, source: str, n: int, period: str) -> CitedFigure:
    """Draw Cohen's kappa of every two rules as a square of shades with its numbers.

    Parameters
    ----------
    square
        From `reasons.arrange_kappa`.
    what, source, period
        As for `draw_rule_range`.
    n
        Rows that the rules were compared on.

    Raises
    ------
    DataError
        There are fewer than two rules.
    """
    if len(square) < 2:
        raise DataError("figure `rule-agreement`", f"{len(square)} rule", "Two rules or more can agree.")
    names, size = list(square.index), len(square)
    with new_figure(width=9.0, height=1.9 + 0.5 * size) as (figure, axes):
        for y in range(size):
            for x in range(y):
                value = square.iloc[y, x]
                depth = 0.0 if pd.isna(value) else min(1.0, max(0.0, value))
                face = tuple(1 - depth * (1 - part) for part in (0.0, 0.447, 0.698))
                axes.add_patch(
                    Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face, edgecolor="white", linewidth=2)
                )
                said = "n/a" if pd.isna(value) else f"{value:.2f}".replace("-", "\u2212")
                axes.text(
                    x,
                    y,
                    said,
                    ha="center",
                    va="center",
                    fontsize=10,
                    color="white" if depth > 0.55 else COLORS["black"],
                )
        axes.set_yticks(range(1, size), names[1:])
        axes.set_xticks(range(size - 1), [textwrap.fill(name, 15) for name in names[:-1]], fontsize=8)
        axes.tick_params(length=0)
        axes.set_xlim(-0.5, size - 1.5)
        axes.set_ylim(size - 0.5, 0.5)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        title_figure(figure, f"Where rules agree beyond chance (Cohen's kappa): {what}")
    pairs = [
        (square.iloc[y, x], names[y], names[x])
        for y in range(size)
        for x in range(y)
        if not pd.isna(square.iloc[y, x])
    ]
    told = ""
    if pairs:
        least, most = min(pairs), max(pairs)
        told = f" Lowest {least[0]:.2f} ({least[1]} with {least[2]}), highest {most[0]:.2f} ({most[1]} with {most[2]})."
    data = square.rename_axis("rule").reset_index().melt(id_vars="rule", var_name="other", value_name="kappa")
    data["kappa"] = data["kappa"].round(2)  # with the counts, more places would give small ones back
    return finish_figure(
        figure,
        "rule-agreement",
        alt=f"Half a square of {size} rules by {size} rules, {what}, darker where two agree more.{told}",
        caption="1 is full agreement, 0 what chance alone would give. Rules that err together agree: kappa says nothing about the truth.",
        source=source,
        n=int(n),
        period=period,
        data=data,
    )


def draw_grades(
    grades: pd.DataFrame, *, what: str, truth: str, source: str, period: str, figure_id: str = "rule-grades"
) -> CitedFigure:
    """Draw each rule against a known truth: what it finds of it, what it misses, and what it finds by mistake.

    Parameters
    ----------
    grades
        From `reasons.grade_rules`.
    what, source, period
        As for `draw_rule_range`.
    truth
        What is true of the rows looked for: `searches for civil immigration`.
    figure_id
        Short name, where a notebook has several.

    Raises
    ------
    DataError
        Nothing is true, or there is no rule.
    """
    if grades.empty or not grades["true_n"].iloc[0]:
        raise DataError(f"figure `{figure_id}`", "no true row to find", "Take a truth that some rows have.")
    rows = grades.sort_values(["hit_n", "rule"], ascending=[False, True], kind="stable", ignore_index=True)
    true_n, places = int(rows["true_n"].iloc[0]), range(len(rows))
    with new_figure(width=9.0, height=2.0 + 0.4 * len(rows)) as (figure, axes):
        axes.barh(places, rows["hit_n"], height=0.62, color=COLORS["blue"], label="found, and true")
        axes.barh(
            places,
            rows["missed_n"],
            left=rows["hit_n"],
            height=0.62,
            color=COLORS["pale"],
            label="true, and missed",
        )
        axes.barh(
            places,
            -rows["false_n"],
            height=0.62,
            color=COLORS["orange"],
            hatch="//",
            edgecolor="white",
            label="found by mistake",
        )
        for place, row in enumerate(rows.itertuples()):
            write_beside(axes, f"{row.recall:.0%} found", (true_n, place), (6, 0))
            if row.false_n:
                write_beside(axes, f"{row.false_n:,}", (-row.false_n, place), (-5, 0), ha="right")
        axes.axvline(0, color=COLORS["black"], linewidth=0.9)
        axes.set_yticks(places, rows["rule"])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        widest = max(true_n, int(rows["false_n"].max()))
        axes.set_xlim(-max(int(rows["false_n"].max()) * 1.25, widest * 0.12), true_n + widest * 0.36)
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=7)
        axes.xaxis.set_major_formatter(lambda number, _: f"{abs(number):,.0f}")
        axes.set_xlabel(f"rows found by mistake  |  rows that are {truth}")
        axes.grid(axis="x")
        title_figure(figure, f"Rules against the truth: {what}")
        key_axes(axes, *axes.get_legend_handles_labels())
    said = "; ".join(
        f"{row.rule} finds {row.hit_n:,}, misses {row.missed_n:,}, errs on {row.false_n:,}"
        for row in rows.itertuples()
    )
    return finish_figure(
        figure,
        figure_id,
        alt=f"Bars for {len(rows)} rules, {what}; {true_n:,} rows are {truth}. {said}.",
        caption=f"To the right the {true_n:,} rows that are {truth}, to the left rows that are not and are found. The truth is known "
        "because the log is simulated; a real log has none.",
        source=source,
        n=true_n,
        period=period,
        data=rows[["rule", "true_n", "found_n", "hit_n", "false_n", "missed_n", "precision", "recall"]],
    )
