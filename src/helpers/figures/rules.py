"""Draw rules held against a log: a strip per rule, parted by what can be said of it."""

import textwrap

import pandas as pd

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure

_RULES = {
    "met_n": ("met", COLORS["blue"], "", "white"),
    "not_met_n": ("not met", COLORS["orange"], "xx", "white"),
    "unseen_n": ("cannot be seen in this export", "white", "////", COLORS["gray"]),
}
_LOOKS = {
    "would need a look": ("would need a look", COLORS["orange"], "xx", "white"),
    "nothing seen": ("nothing seen", COLORS["sky"], "", "white"),
    "cannot be seen": ("cannot be seen", "white", "////", COLORS["gray"]),
    "before the rule": ("before the rule", COLORS["pale"], "..", "white"),
}


def draw_rules(
    counts: pd.DataFrame,
    *,
    title: str,
    source: str,
    period: str,
    unit: str = "queries",
    figure_id: str = "rules",
) -> CitedFigure:
    """Draw what became of each requirement on a query.

    Parameters
    ----------
    counts
        From `rules.list_counts`: rule, label, met_n, not_met_n, unseen_n.
    title, source, period, figure_id
        Heading, source line, dates and short name.
    unit
        What is counted.

    Raises
    ------
    DataError
        There is no rule, or no query.
    """
    table = counts.set_index("label")[list(_RULES)]
    return _draw_strips(
        table, _RULES, title=title, source=source, period=period, unit=unit, figure_id=figure_id,
        caption="Cannot be seen is no verdict: the field is withheld, not exported, or not to be read by a machine. Not met is said only of "
        "what stands blank in the export or lies beyond a printed limit.",
        data=counts[["rule", "label", *_RULES]],
    )  # fmt: skip


def draw_looks(
    counted: pd.DataFrame,
    *,
    title: str,
    source: str,
    period: str,
    figure_id: str = "looks",
    caption: str = "",
) -> CitedFigure:
    """Draw what a state's rule on sharing asks of the rows of a log.

    Parameters
    ----------
    counted
        From `rules.count_sharing`: rule, label, status, rows_n.
    title, source, period, figure_id
        Heading, source line, dates and short name.
    caption
        Said under the figure before its own words.

    Raises
    ------
    DataError
        There is no rule, or no row.
    """
    table = counted.pivot(index="label", columns="status", values="rows_n")
    table = table.loc[counted["label"].drop_duplicates(), [status for status in _LOOKS if status in table]]
    return _draw_strips(
        table, _LOOKS, title=title, source=source, period=period, unit="rows of the log", figure_id=figure_id,
        caption=f"{caption} A look is for a person, and no finding of law: what the export does not show may settle it.".strip(),
        data=counted,
    )  # fmt: skip


def _draw_strips(
    table: pd.DataFrame, styles: dict, *, title, source, period, unit, figure_id, caption, data
) -> CitedFigure:
    """Draw a strip of equal length per row of a table, parted by its columns."""
    totals = table.sum(axis="columns")
    if table.empty or not (totals > 0).all():
        raise DataError(
            f"figure `{figure_id}`",
            "no rule, or none with a row",
            "Give a log with rows that the rules are about.",
        )
    shares = table.div(totals, axis="index") * 100
    places = range(len(table))
    heading = textwrap.wrap(title, 62)
    with new_figure(8.8, 1.9 + 0.22 * len(heading) + 0.46 * len(table)) as (figure, axes):
        left = pd.Series(0.0, index=table.index)
        for column in table.columns:
            label, color, hatch, edge = styles[column]
            axes.barh(
                places,
                shares[column],
                left=left,
                height=0.62,
                color=color,
                hatch=hatch,
                edgecolor=edge,
                lw=0.7,
                label=label,
            )
            for place, name in enumerate(table.index):
                if shares.loc[name, column] >= 9:
                    box = {"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none"}
                    middle = left[name] + shares.loc[name, column] / 2
                    axes.text(
                        middle,
                        place,
                        f"{table.loc[name, column]:,}",
                        ha="center",
                        va="center",
                        fontsize=8.5,
                        bbox=box,
                    )
            left = left + shares[column]
        axes.set_yticks(places, table.index)
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel(f"{unit} [percent; numbers in the strips are counts]")
        axes.set_title("\n".join(heading), pad=30)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.01, 0.995),
            ncols=len(table.columns),
            handlelength=1.8,
            fontsize=9,
        )
    told = "; ".join(
        f"{name}: " + ", ".join(f"{styles[column][0]} {count:,}" for column, count in row.items())
        for name, row in table.iterrows()
    )
    return finish_figure(
        figure,
        figure_id,
        alt=f"{len(table)} strips of equal length, one per rule. {title}. Counts of {unit}: {told}.",
        caption=caption,
        source=source,
        n=int(totals.max()),
        period=period,
        data=data.reset_index(drop=True),
    )
