"""Draw the states as a grid of equal tiles: no geometry, no false precision."""

import textwrap

import pandas as pd
from matplotlib.patches import Rectangle

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure

# One word a tile, two dots for none; the arrangement is the one that NPR made known in 2015.
GRID = """
AK .. .. .. .. .. .. .. .. .. ME
.. .. .. .. .. .. .. .. .. VT NH
WA ID MT ND MN IL WI MI NY RI MA
OR NV WY SD IA IN OH PA NJ CT ..
CA UT CO NE MO KY WV VA MD DE ..
.. AZ NM KS AR TN NC SC DC .. ..
.. .. .. OK LA MS AL GA .. .. ..
HI .. .. TX .. .. .. .. FL .. ..
"""


_RECOVERED = (
    "Counts of recovered names only. What was recovered follows where a newspaper or an affiliate spoke, so no share may be "
    "computed from them."
)


def place_states() -> dict[str, tuple[int, int]]:
    """Place each state and the District of Columbia on the grid: postal code to (column, row)."""
    lines = [line.split() for line in GRID.split("\n") if line]
    return {
        code: (column, row)
        for row, line in enumerate(lines)
        for column, code in enumerate(line)
        if code != ".."
    }


def draw_states(
    counts: pd.DataFrame,
    *,
    title: str,
    counted: str,
    source: str,
    period: str,
    subtitle: str = "",
    named_only=(),
    figure_id: str = "states",
    absent: str = "not known (not zero)",
    caption: str = _RECOVERED,
) -> CitedFigure:
    """Draw counts of agencies by state; of recovered names, if nothing else is said.

    Parameters
    ----------
    counts
        One row per state with at least one name: state (postal code), agencies_n.
    title
        Neutral description, without a number.
    counted
        What one unit is, in the plural, for legend and alt text.
    source, period
        For the source line.
    subtitle
        What is counted in, under the title.
    named_only
        States that a source ties to the matter without printing a name.
    figure_id
        Short name of the figure.
    absent
        What a state without a count is.
    caption
        The sentence under the figure.

    Returns
    -------
    CitedFigure; its data are state, agencies_n and status (`names recovered`, `state named only`, or what `absent`
    says) for every tile. A state without a recovered name is not known, which is not zero.

    Raises
    ------
    DataError
        There is no count, a state is not on the grid or stands twice, or a count is below one.
    """
    place = place_states()
    if counts.empty:
        raise DataError(
            f"figure `{figure_id}`", "no state has a recovered name", "Widen the selection of paths."
        )
    odd = sorted((set(counts["state"]) | set(named_only)) - set(place))
    odd += sorted(counts.loc[counts["state"].duplicated(), "state"])
    if odd or (counts["agencies_n"] < 1).any():
        found = f"{', '.join(odd)} is no state or stands twice" if odd else "a count is below one"
        raise DataError(
            f"figure `{figure_id}`", found, "Give each state once, by postal code; leave out unknown ones."
        )
    known = counts.set_index("state")["agencies_n"].astype(int)
    only = set(named_only) - set(known.index)
    heading = textwrap.wrap(title, 68)
    with new_figure(8.4, 6.0 + 0.22 * len(heading) + (0.22 if subtitle else 0)) as (figure, axes):
        axes.set(xlim=(-0.1, 11.1), ylim=(8.1, -0.1), aspect="equal")
        axes.axis("off")
        for code, (x, y) in place.items():
            _draw_tile(axes, x, y, code, known.get(code), code in only)
        legend = [(1, False, f"{counted}, by name"), (None, True, "state named by a source, agencies not")]
        legend.append((None, False, absent))
        for row, (number, is_only, words) in enumerate(legend):
            if is_only and not only:
                continue
            _draw_tile(axes, 2.1, 0.06 + row * 0.6, "", number, is_only, size=0.46, show=False)
            axes.text(2.75, 0.29 + row * 0.6, words, va="center", fontsize=9.5)
        axes.set_title("\n".join(heading), pad=24 if subtitle else 6)
        axes.annotate(
            subtitle, (0, 1), (0, 8), xycoords="axes fraction", textcoords="offset points", fontsize=9.5
        )
        data = pd.DataFrame({"state": sorted(place)})
        data["agencies_n"] = data["state"].map(known).astype("Int64")
        status = {code: "names recovered" for code in known.index} | dict.fromkeys(only, "state named only")
        data["status"] = data["state"].map(status).fillna(absent.partition(" (")[0])
        ordered = (
            known.rename_axis("state")
            .reset_index()
            .sort_values(["agencies_n", "state"], ascending=[False, True])
        )
        told = ", ".join(f"{row.state} {row.agencies_n}" for row in ordered.itertuples())
        extra = f" Named as a state only: {', '.join(sorted(only))}." if only else ""
        return finish_figure(
            figure,
            figure_id,
            alt=f"Tile map of the United States. {title}{f' ({subtitle})' if subtitle else ''}. "
            f"{'Recovered ' if caption == _RECOVERED else ''}{counted} by state: {told}.{extra} All other states: {absent.partition(' (')[0]}.",
            caption=caption,
            source=source,
            n=int(known.sum()),
            period=period,
            data=data,
        )


def _draw_tile(axes, x, y, code, number, is_only, size=0.94, show=True) -> None:
    known = number is not None
    fill = COLORS["blue"] if known else "white"
    line = COLORS["blue"] if known or is_only else "#C8C8C8"
    axes.add_patch(Rectangle((x, y), size, size, fc=fill, ec=line, lw=1, hatch="////" if is_only else None))
    if not show:
        return
    ink = "white" if known else "black" if is_only else COLORS["gray"]
    box = {"boxstyle": "square,pad=0.12", "fc": "white", "ec": "none"} if is_only else None
    middle = x + size / 2
    if known:
        axes.text(middle, y + 0.27, code, ha="center", va="center", color=ink, fontsize=9)
        axes.text(
            middle, y + 0.63, f"{number:,}", ha="center", va="center", color=ink, fontsize=13, weight="bold"
        )
    else:
        axes.text(middle, y + size / 2, code, ha="center", va="center", color=ink, fontsize=9.5, bbox=box)
