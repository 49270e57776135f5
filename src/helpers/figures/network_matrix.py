"""Draw a sharing network as matrices: from state to state, and from agency to agency in a stated order."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator

from helpers.errors import DataError
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import key_axes, title_figure
from helpers.figures.network import shorten_agency

UNKNOWN = "?"
_RAMP = ["#EAF3FA", "#BBD9EE", "#7FB8DD", "#3F8FC5", "#0072B2", "#004B78", "#002A47"]


def draw_state_matrix(edges: pd.DataFrame, lists_n: pd.Series, *, source: str, period: str) -> CitedFigure:
    """Draw how many shares lead from each state to each state.

    Parameters
    ----------
    edges
        from_state, to_state (postal code, `federal`, or empty where unknown), edges_n.
    lists_n
        Whole lists behind each owner's state, by state; a state without one shows what other lists say of it.
    source, period
        For the source line.

    Returns
    -------
    CitedFigure `state-matrix`; its data are the edges.

    Raises
    ------
    DataError
        There is no edge.
    """
    if edges.empty:
        raise DataError("figure `state-matrix`", "there is no edge", "Give lists that name somebody.")
    named = edges.assign(**{end: edges[end].replace("", UNKNOWN) for end in ("from_state", "to_state")})
    table = named.pivot_table(index="from_state", columns="to_state", values="edges_n", aggfunc="sum")
    table = table.reindex(index=_order(table.index), columns=_order(table.columns))
    owners_n, readers_n = table.shape
    small = max(owners_n, readers_n) <= 14
    side = 0.42 if small else 0.135
    height = max(3.1, 1.9 + side * 1.15 * owners_n)
    with new_figure(8.4, height) as (figure, axes):
        top = float(np.nanmax(table.to_numpy()))
        colors = mpl.colors.LinearSegmentedColormap.from_list("house", _RAMP)
        norm = LogNorm(1, max(top, 2))
        mesh = axes.pcolormesh(np.arange(readers_n + 1), np.arange(owners_n + 1), table.to_numpy(), cmap=colors, norm=norm,
                               edgecolors="white", linewidth=0.4)  # fmt: skip
        axes.set(xlim=(0, readers_n), ylim=(owners_n, 0))
        for y, owner in enumerate(table.index):
            if owner in table.columns and len(owner) == 2:
                x = table.columns.get_loc(owner)
                axes.add_patch(Rectangle((x, y), 1, 1, fill=False, ec=COLORS["orange"], lw=1.3))
            for x, count in enumerate(table.loc[owner]) if small else ():
                if count == count:
                    dark = norm(count) > 0.5
                    axes.text(
                        x + 0.5,
                        y + 0.5,
                        f"{int(count):,}",
                        ha="center",
                        va="center",
                        fontsize=8,
                        color="white" if dark else "black",
                    )
        counted = [f"{state} ({lists_n.get('' if state == UNKNOWN else state, 0)})" for state in table.index]
        size = 8.5 if small else 6.6
        axes.set_yticks(np.arange(owners_n) + 0.5, counted, fontsize=size)
        axes.set_xticks(np.arange(readers_n) + 0.5, table.columns, fontsize=size, rotation=0 if small else 90)
        axes.tick_params(length=0)
        axes.set_ylabel("data of agencies in\n(whole lists)")
        axes.set_xlabel("may be read by agencies in", loc="left")
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(mesh, ax=axes, shrink=min(1, 2.6 / height), aspect=16, pad=0.01, label="shares")
        bar.ax.yaxis.set_major_locator(LogLocator(10, subs=(1.0, 3.0) if top < 1000 else (1.0,)))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
        bar.ax.minorticks_off()
        handles, words = (
            [Rectangle((0, 0), 1, 1, fill=False, ec=COLORS["orange"], lw=1.3)],
            ["within the state"],
        )
        if UNKNOWN in table.index or UNKNOWN in table.columns:
            handles.append(Line2D([], [], ls=""))
            words.append("?  state unknown, or none")
        key_axes(axes, handles, words)
        title_figure(figure, "From which state to which")
        most = named.sort_values(["edges_n", "from_state", "to_state"], ascending=[False, True, True]).head(3)
        told = "; ".join(f"{row.from_state} to {row.to_state} {row.edges_n:,}" for row in most.itertuples())
        within = int(
            named.loc[
                (named["from_state"] == named["to_state"]) & (named["from_state"].str.len() == 2), "edges_n"
            ].sum()
        )
        return finish_figure(
            figure,
            "state-matrix",
            alt=f"Matrix of {owners_n} states of owners by {readers_n} states of readers, darker for more shares. Most: {told}. "
            f"Within one state: {within:,} of {int(edges['edges_n'].sum()):,}.",
            caption="A row holds the lists of that state's agencies that were released, and what other lists say of the rest. A state "
            "without a row is not known to share nothing. An empty cell is no share in these lists.",
            source=source,
            n=int(edges["edges_n"].sum()),
            period=period,
            data=edges,
        )


def _order(states) -> list[str]:
    return sorted(states, key=lambda state: (state == UNKNOWN, len(state) > 2, state))


def draw_adjacency(
    links: np.ndarray, agencies: pd.DataFrame, *, source: str, period: str, by: str = "state", then: str = "the number of shares",
    figure_id: str = "adjacency",
) -> CitedFigure:  # fmt: skip
    """Draw who shares with whom, agency by agency, and whether it is returned.

    Parameters
    ----------
    links
        Truth values, square: row u, column v says that v may read data of u.
    agencies
        One row per row of `links`, in the order drawn: name, group (rows of one group adjoin), is_reporter.
    source, period
        For the source line.
    by, then
        What a group is, and what the order within one follows.
    figure_id
        Short name.

    Returns
    -------
    CitedFigure; its data are the agencies with shared_n, received_n and returned_n.

    Raises
    ------
    DataError
        There is no agency, or the table does not fit the matrix.
    """
    n = len(agencies)
    if not n or links.shape != (n, n):
        raise DataError(
            f"figure `{figure_id}`", f"{links.shape} links and {n} agencies", "Give one row for each."
        )
    links = links.astype(bool)
    known = agencies["is_reporter"].to_numpy(bool)
    # 0 nothing listed, 1 row unknown, 2 one way, 3 returned
    picture = np.where(links & links.T, 3, np.where(links, 2, np.where(known[:, None], 0, 1)))
    colors = ["white", "#EDEDED", COLORS["orange"], COLORS["blue"]]
    with new_figure(8.4, 8.6) as (figure, axes):
        axes.imshow(
            picture, cmap=ListedColormap(colors), vmin=0, vmax=3, interpolation="nearest", aspect="equal"
        )
        groups = agencies["group"].fillna(UNKNOWN).to_numpy()
        starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
        ends = np.r_[starts[1:], n]
        for edge in starts[1:]:
            axes.axhline(edge - 0.5, color="#9A9A9A", lw=0.5)
            axes.axvline(edge - 0.5, color="#9A9A9A", lw=0.5)
        if n <= 40:
            places, labels = np.arange(n), [shorten_agency(name, 26) for name in agencies["name"]]
        else:
            wide = [(start + end - 1) / 2 for start, end in zip(starts, ends) if end - start >= n / 60]
            places, labels = (
                wide,
                [groups[start] for start, end in zip(starts, ends) if end - start >= n / 60],
            )
        axes.set_yticks(places, labels, fontsize=7.5)
        axes.set_xticks(places, labels, fontsize=7.5, rotation=90)
        axes.tick_params(length=0)
        axes.set_ylabel("data of")
        axes.set_xlabel("may be read by", loc="left")
        both, one = int((picture == 3).sum()), int((picture == 2).sum())
        handles = [Patch(color=colors[3]), Patch(color=colors[2]), Patch(fc="white", ec="#9A9A9A")]
        words = [f"returned ({both:,})", f"one way ({one:,})", "not on the list"]
        if not known.all():
            handles.append(Patch(color=colors[1]))
            words.append("list not released: unknown")
        key_axes(axes, handles, words, columns=4)
        title_figure(figure, f"Who shares with whom, ordered by {by}")
        data = agencies.assign(
            shared_n=links.sum(axis=1), received_n=links.sum(axis=0), returned_n=(links & links.T).sum(axis=1)
        )
        return finish_figure(
            figure,
            figure_id,
            alt=f"Square picture of {n} agencies, rows whose data, columns who may read them, ordered by {by}. {both:,} shares are "
            f"returned, {one:,} are not. The whole lists of {int(known.sum())} of these agencies were released.",
            caption=f"One row and one column per agency, in the same order: by {by}, then by {then}. A returned share is "
            "blue at both its places."
            + ("" if known.all() else " In gray rows nothing is known beyond what is marked."),
            source=source,
            n=both + one,
            period=period,
            data=data,
        )
