"""Draw what became of published claims."""

import textwrap

import pandas as pd

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure

# verdict: color and marker
_VERDICTS = {"differs": ("red", "D"), "holds": ("blue", "o")}
_UNCHECKED = "cannot be checked here"
_FARTHEST = 30.0  # percent; what is farther off stands at the edge with its figure beside it


def draw_verdicts(checked: pd.DataFrame, source: str, period: str) -> CitedFigure:
    """Draw each checked claim's computed figure against its printed one.

    Parameters
    ----------
    checked
        One row per claim: claim_id, statement, verdict, difference_percent [percent of the printed figure].
    source, period
        Source line of the figure and what the claims span.

    Returns
    -------
    CitedFigure: one line per claim with a verdict, those farthest off first. Claims that cannot be checked have
    no place on the axis; the title counts them and `data` lists them.

    Raises
    ------
    DataError
        An unknown verdict, or no claim that could be checked.
    """
    unknown = sorted(set(checked["verdict"]) - {*_VERDICTS, _UNCHECKED})
    placed = checked[checked["verdict"].isin(_VERDICTS)]
    if unknown or placed.empty:
        raise DataError(
            "figure `verdicts`",
            f"{len(placed)} claims with a verdict, unknown ones: {unknown}",
            "Use check_claims.",
        )
    rows = placed.assign(off=placed["difference_percent"].abs()).sort_values(
        ["verdict", "off", "claim_id"], ascending=[True, False, True], ignore_index=True
    )
    where = rows["difference_percent"].clip(-_FARTHEST, _FARTHEST)
    n = checked["verdict"].value_counts()
    labels = [textwrap.fill(statement, 54) for statement in rows["statement"]]
    lines = sum(label.count("\n") + 1 for label in labels)

    with new_figure(width=9.2, height=1.6 + 0.165 * lines + 0.1 * len(rows)) as (figure, axes):
        axes.axvline(0, color=COLORS["black"], linewidth=0.9)
        spots = _stack(labels)
        beyond = rows["difference_percent"].abs() > _FARTHEST
        for verdict, (color, marker) in _VERDICTS.items():
            chosen = rows["verdict"] == verdict
            axes.scatter(
                where[chosen & ~beyond], spots[chosen & ~beyond], color=COLORS[color], marker=marker, s=36, zorder=3,
                label=f"{verdict} ({n.get(verdict, 0)})",
            )  # fmt: skip
            for side, arrow in ((1, ">"), (-1, "<")):
                off = chosen & beyond & (rows["difference_percent"] * side > 0)
                axes.scatter(where[off], spots[off], color=COLORS[color], marker=arrow, s=64, zorder=3)
        differs = rows["verdict"] == "differs"
        axes.hlines(spots[differs], 0, where[differs], color=COLORS["red"], linewidth=1.4, linestyle="--")
        for spot, off, place, is_beyond in zip(spots, rows["difference_percent"], where, beyond, strict=True):
            if abs(off) >= 0.05:
                side = (-1 if off > 0 else 1) if is_beyond else (1 if off > 0 else -1)
                text = _write_percent(off)
                axes.annotate(
                    f"off the scale: {text}" if is_beyond else text, (place, spot), xytext=(side * 9, 0),
                    textcoords="offset points", ha="left" if side > 0 else "right", va="center", fontsize=8.5,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8}, zorder=4,
                )  # fmt: skip
        axes.set_yticks(spots, labels, fontsize=8.5, linespacing=1.15)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(spots.max() + 1.2, spots.min() - 1.2)
        axes.set_xlim(-_FARTHEST * 1.12, _FARTHEST * 1.12)
        axes.set_xlabel(
            "figure computed or cited here, against the printed one\n[percent of the printed one]"
        )
        axes.grid(axis="x")
        figure.suptitle(
            "Published numbers, computed again", x=0.01, ha="left", fontweight="bold", fontsize=13
        )
        axes.legend(
            loc="lower left", handletextpad=0.2, alignment="left", title_fontsize=9,
            title=textwrap.fill(f"{_UNCHECKED} ({n.get(_UNCHECKED, 0)}): not drawn, listed in the table", 30),
        )  # fmt: skip
    return finish_figure(
        figure,
        "verdicts",
        alt=f"Dot chart of {len(rows)} published claims that could be computed: {n.get('holds', 0)} hold and "
        f"{n.get('differs', 0)} differ. {n.get(_UNCHECKED, 0)} more cannot be checked here and are not drawn. Each mark stands at the "
        f"difference between the computed and the printed figure; the farthest is off by {rows['off'].max():,.0f} percent.",
        caption="One line is one published claim. A dot was computed as printed, within the rounding and tolerance of the claim; a diamond "
        f"differs by more. Arrows at the edges are farther off than {_FARTHEST:.0f} percent. The computed figure can be another cited one.",
        source=source,
        n=len(rows),
        period=period,
        data=checked[["claim_id", "statement", "verdict", "difference_percent"]].reset_index(drop=True),
    )


def _write_percent(off: float) -> str:
    """Write a difference with a true minus sign, without decimals from ten percent on."""
    return (f"{off:+,.0f} %" if abs(off) >= 10 else f"{off:+.1f} %").replace("-", "\u2212")


def _stack(labels: list[str]) -> pd.Series:
    """Place labels below each other by the number of their lines, so that none touches the next."""
    heights = pd.Series([label.count("\n") + 1.7 for label in labels])
    return heights.cumsum() - heights / 2
