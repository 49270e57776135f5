"""Draw the access network: who could read whose data by which door, and how far a reader's reach goes."""

import textwrap

import pandas as pd
from matplotlib.patches import FancyBboxPatch, Patch, PathPatch
from matplotlib.path import Path as Curve
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from helpers.doors.ways import describe_doors
from helpers.errors import DataError
from helpers.figures import _layers
from helpers.figures._base import COLORS, CitedFigure, finish_figure, new_figure
from helpers.figures._labels import key_axes, title_figure, write_beside

# Told apart twice: by color, and by line style for readers who see none.
DOOR_STYLES = {
    "front": (COLORS["blue"], "-"),
    "contract": (COLORS["orange"], (0, (7, 2))),
    "pool": (COLORS["gray"], (0, (1, 1.4))),
    "account": (COLORS["pink"], (0, (6, 1.6, 1.2, 1.6))),
    "side": (COLORS["red"], (0, (2.4, 1.6))),
    "relay": (COLORS["green"], (0, (5, 1.5, 1, 1.5, 1, 1.5))),
}
_STOPPED = ("ended", "denied", "halted")
_SET_OFF = "#FFD54F"


def draw_access(edges: pd.DataFrame, target: str, *, source: str, highlight: str = "") -> CitedFigure:
    """Draw the documented access network: owners at the left, readers at the right, go-betweens in the
    middle.

    Parameters
    ----------
    edges
        From `access.list_edges`; every row is one line.
    target
        agency_id of the reader that is set off.
    source
        Publishers for the source line.
    highlight
        agency_id of a node to mark with its lines; one that is in no line is passed over.

    Returns
    -------
    CitedFigure `access-network`; its data are the lines drawn.

    Raises
    ------
    DataError
        There is no edge, or the target is in none of them.
    """
    if edges.empty:
        raise DataError("access network", "there is no edge to draw", "Include more standings, or add paths.")
    if target not in set(edges["from_id"]) | set(edges["to_id"]):
        raise DataError(
            "access network", f"no path leads to or from `{target}`", "Name an agency_id of agencies.csv."
        )
    edges = edges.sort_values(["from_id", "to_id", "door", "standing"], ignore_index=True)
    nodes = _layers.list_nodes(edges)
    layout = _layers.place_nodes(edges, nodes)
    height = layout.bottom + 0.15
    legend, foot = 1.5, 0.35
    with new_figure(8.4, height + legend + foot) as (figure, axes):
        axes.set(xlim=(0, 8.36), ylim=(height, -legend))
        axes.axis("off")
        _draw_legend(axes, edges)
        _draw_owners(axes, nodes, layout, highlight)
        _draw_boxes(axes, nodes, layout, target, highlight)
        _draw_lines(axes, edges, layout, highlight)
        name = nodes.loc[target, "name"]
        axes.set_title("Who could read whose plate data, as documented")
        direct = edges[(edges["to_id"] == target) & ~edges["standing"].isin(["denied", "halted"])]
        labels = describe_doors().set_index("door")["label"].str.lower()
        by_door = (
            direct.groupby("door", sort=False)["from_id"].nunique().reindex(labels.index).dropna().astype(int)
        )
        told = ", ".join(f"{labels[door]} {number}" for door, number in by_door.items()) or "none"
        stopped = edges["standing"].value_counts()
        rows, marked = int(edges["paths_n"].sum()), ""
        if highlight in nodes.index:
            marked = f" Marked: {nodes.loc[highlight, 'name']}."
        standing = ", ".join(
            f"{stopped.get(key, 0)} {key}" for key in ("disputed", "ended", "denied", "halted")
        )
        return finish_figure(
            figure,
            "access-network",
            alt=f"Network of {len(nodes)} nodes and {len(edges)} lines from owners of plate data at the left to readers "
            f"at the right. Owners with a way straight to {name}, by door: {told}. Lines that are not plainly "
            f"documented: {standing}.{marked}",
            caption="Each line is a documented permission, purchase or search by proxy; none proves by itself that a scan "
            "moved. Lines come from different years. A hatched box stands for members that no source names. "
            f"n counts the {rows} rows of the table; they make {len(edges)} lines, as rows with one owner, reader, door and "
            f"standing share a line.{marked}",
            source=source,
            n=rows,
            period=_state_period(edges),
            data=edges,
        )


def draw_reach(counts: pd.DataFrame, target_name: str, *, source: str, period: str) -> CitedFigure:
    """Draw how many owners a reader could reach, by door and number of hops.

    Parameters
    ----------
    counts
        From `access.count_reach`.
    target_name
        The reader, as the title calls it.
    source, period
        For the source line.

    Returns
    -------
    CitedFigure `reach-by-door`.

    Raises
    ------
    DataError
        Nothing is reached by any door.
    """
    if counts.empty or not counts["nodes_n"].sum():
        raise DataError("reach by door", "nothing is reached", "Choose a target with a documented way to it.")
    kinds = {
        "local_n": ("state or local", "state or local", COLORS["blue"]),
        "federal_n": ("federal", "federal", COLORS["sky"]),
        "company_n": ("company", "companies", COLORS["orange"]),
        "unnamed_n": ("pool or group", "pools or groups", COLORS["gray"]),
    }
    labels = describe_doors().set_index("door")["label"].to_dict() | {"any": "Any door"}
    doors = list(dict.fromkeys(counts["door"]))
    hops = int(counts["hops_n"].max())
    direct, all_steps = (
        counts[counts["hops_n"] == step].set_index("door")[list(kinds)] for step in (1, hops)
    )
    further = all_steps - direct
    with new_figure(8.4, 1.5 + 0.5 * len(doors)) as (figure, axes):
        heights = [place + (0.3 if door == "any" else 0) for place, door in enumerate(doors)]
        for y, door in zip(heights, doors, strict=True):
            left = 0
            for table, hatched in ((direct, False), (further, True)):
                for column in [column for column in kinds if table.loc[door, column]]:
                    color = kinds[column][-1]
                    bar = axes.barh(y, table.loc[door, column], 0.42, left=left, ec=color, lw=0.8)[0]
                    bar.set(facecolor="white" if hatched else color, hatch="//////" if hatched else None)
                    left += table.loc[door, column]
            words = _tell_bar(direct.loc[door], further.loc[door], kinds, hops)
            if left:
                ground = [withStroke(linewidth=3, foreground="white")]
                write_beside(
                    axes, words, (0, y - 0.21), (1, 2), va="bottom", fontsize=8.5, path_effects=ground
                )
            else:
                write_beside(axes, words, (0, y), (4, 0), fontsize=8.5, color=COLORS["gray"])
        axes.set_yticks(heights, [labels[door] for door in doors])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(max(heights) + 0.4, -0.65)
        axes.set_xlim(0, int(counts["nodes_n"].max()) * 1.03)
        most = int(counts["nodes_n"].max())
        axes.set_xticks(
            [tick for tick in MaxNLocator(nbins=6, integer=True).tick_values(0, most) if tick <= most]
        )
        axes.set_xlabel(f"Owners whose data {_shorten(target_name)} could read, at some time", loc="left")
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        used = [
            (Patch(color=color), many)
            for column, (_, many, color) in kinds.items()
            if all_steps[column].any()
        ]
        if further.any(axis=None):
            within = Patch(fc="white", ec=COLORS["gray"], hatch="//////")
            used.append((within, f"reached only within {hops} steps"))
        key_axes(axes, *map(list, zip(*used, strict=True)), columns=5)
        title_figure(figure, "Owners within reach, by door and number of steps")
        told = "; ".join(
            f"{labels[door].lower()} {all_steps.loc[door].sum()}"
            + (f" ({direct.loc[door].sum()} straight)" if further.loc[door].any() else "")
            for door in doors
        )
        return finish_figure(
            figure,
            "reach-by-door",
            alt=f"Bars of the owners whose data {target_name} could reach within {hops} "
            f"step{'s' if hops > 1 else ''}: {told}. Of those by any door, {all_steps.loc['any', 'local_n']} are state or "
            "local agencies.",
            caption="Counts of recovered names; permissions of different years. A door with nothing documented is not "
            "known to be closed, and a pool or group counts once, whatever its size.",
            source=source,
            n=int(all_steps.loc["any"].sum()),
            period=period,
            data=counts,
        )


def _tell_bar(direct, further, kinds: dict, hops: int) -> str:
    """Say in words what a bar shows: `3 state or local, +1 company within 2 steps`."""
    straight, more = (
        ", ".join(f"{sign}{part[key]:,} {kinds[key][int(part[key] > 1)]}" for key in kinds if part[key])
        for part, sign in ((direct, ""), (further, "+"))
    )
    if more:
        more += f" within {hops} steps"
    return ", ".join(filter(None, [straight, more])) or "none documented"


def _draw_owners(axes, nodes, layout, highlight: str) -> None:
    for band, names in layout.bands.items():
        groups: dict = {}
        for name in names:
            _draw_owner(
                axes, nodes.loc[name], layout.rows[name], with_state=band != "one", marked=name == highlight
            )
            groups.setdefault(nodes.loc[name, "state"], []).append(layout.rows[name])
        for state, heights in groups.items() if band == "one" else ():
            axes.plot([0.3, 0.3], [heights[0] - 0.06, heights[-1] + 0.06], color=COLORS["gray"], lw=1)
            words = "" if pd.isna(state) else state
            axes.text(0.24, heights[0], words, ha="right", va="center", fontsize=9, weight="bold")
    for band, y in layout.headings.items():
        words = _layers.HEADINGS[band].format(main=_shorten(nodes.loc[layout.main, "name"]).upper())
        axes.text(0.02, y, words, va="center", fontsize=6.8, color=COLORS["gray"])


def _draw_owner(axes, node, y: float, with_state: bool, marked: bool) -> None:
    hidden = node["kind"] in ("pool", "unnamed")
    state = f", {node['state']}" if with_state and not pd.isna(node["state"]) else ""
    text = axes.text(
        _layers.DOT - 0.1, y, _shorten(node["name"]) + state, ha="right", va="center", fontsize=8.2
    )
    if hidden:
        text.set_style("italic")
        box = {"boxstyle": "square,pad=0.2", "fc": "white", "ec": COLORS["gray"], "lw": 0.6}
        text.set_bbox(box | {"hatch": "////", "hatchcolor": "#CFCFCF"})
        _whiten(text)
    if marked:
        text.set_weight("bold")
        text.set_bbox({"boxstyle": "square,pad=0.15", "fc": _SET_OFF, "ec": "black", "lw": 0.8})
    axes.plot(_layers.DOT, y, "o", ms=3.6, color="black", mfc="white" if hidden else "black", zorder=4)


def _draw_boxes(axes, nodes, layout, target: str, highlight: str) -> None:
    for name, (x, y, wide, tall) in layout.boxes.items():
        hidden, chosen = nodes.loc[name, "kind"] in ("pool", "unnamed"), name == target
        face = FancyBboxPatch((x, y), wide, tall, boxstyle="round,pad=0,rounding_size=0.04", zorder=3)
        face.set(facecolor="#FFF6DC" if chosen else "white" if hidden else "#F3F3F3")
        face.set(hatch="////" if hidden else None, hatchcolor="#CFCFCF")
        face.set(edgecolor="black" if chosen else COLORS["gray"], linewidth=1.6 if chosen else 0.8)
        if name == highlight:
            face.set(facecolor=_SET_OFF, edgecolor="black", linewidth=1.6)
        axes.add_patch(face)
        middle, big = nodes.loc[name, "layer"] == "middle", name == layout.main
        letters, most = (15, 6) if big else (_layers.NARROW, 3) if middle else (_layers.WIDE, 3)
        lines = _layers.wrap_name(nodes.loc[name, "name"], letters, most)
        # A tall box says its name again and again, for readers who scroll.
        times = max(1, round(tall / 4))
        for turn in range(times):
            shown = axes.text(x + wide / 2, y + tall * (turn + 0.5) / times, "\n".join(lines))
            shown.set(
                ha="center",
                va="center",
                zorder=5,
                linespacing=1.05,
                fontsize=12 if big else 6.8 if middle else 7.6,
            )
            shown.set_weight("bold" if chosen else "normal")
            if hidden:
                _whiten(shown)


def _draw_lines(axes, edges, layout, highlight: str) -> None:
    keys = ["from_id", "to_id", "door", "standing"]
    drawn = set(edges[keys].itertuples(index=False, name=None))
    for index, edge in edges.iterrows():
        owner, reader = layout.boxes.get(edge["from_id"]), layout.boxes.get(edge["to_id"])
        if owner and not reader and (edge["to_id"], edge["from_id"], edge["door"], edge["standing"]) in drawn:
            # Members of a pool read what they give: one line with a head at each end.
            color, _ = DOOR_STYLES[edge["door"]]
            axes.plot(_layers.DOT + 0.1, layout.rows[edge["to_id"]], "<", ms=3.6, color=color)
            continue
        color, style = DOOR_STYLES[edge["door"]]
        start = (owner[0] + owner[2] if owner else _layers.DOT, layout.rows[edge["from_id"]])
        wall = reader[0] if reader else _layers.DOT
        y, stopped = layout.ports[index], edge["standing"] in _STOPPED
        mark = _layers.MARK if wall == _layers.WALL else _layers.DOT + 0.1
        end = (mark if stopped else wall - 0.015, y)
        # Lines run level before they end, so that marks and words stand on level ground.
        bend = min(end[0], _layers.MARK - 0.06) if wall == _layers.WALL else end[0] - 0.04
        half = (start[0] + bend) / 2
        codes = [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4, Curve.LINETO]
        points = [start, (half, start[1]), (half, y), (bend, y), end]
        line = PathPatch(Curve(points, codes), fc="none", ec=color, ls=style, gid=f"line-{index}")
        front = edge["door"] == "front"
        line.set(lw=1.1 if front else 1.5, zorder=1.5 if front else 2, capstyle="butt")
        if highlight in (edge["from_id"], edge["to_id"]):
            line.set(lw=2.8)
        axes.add_patch(line)
        _mark_line(axes, edge, color, mark, y, end[0])


def _mark_line(axes, edge, color, mark: float, y: float, end: float) -> None:
    """Mark how a line stands: an arrow head, a question mark, or the place where it stops."""
    box = {"boxstyle": "square,pad=0.08", "fc": "white", "ec": "none"}
    small = {"va": "center", "ha": "left", "fontsize": 6.8, "zorder": 6, "bbox": box}
    standing = edge["standing"]
    if standing in _STOPPED:
        axes.plot(mark, y, marker="|" if standing == "ended" else "x", ms=6.5, mew=1.6, color=color, zorder=7)
        when = edge["ended_on"] if standing == "ended" else edge["as_of_last"]
        words = f"{standing}, undated" if pd.isna(when) else f"{standing} {when[:7]}"
        axes.text(mark + 0.08, y, words, color="#555555", **small)
        return
    axes.plot(end - 0.03, y, marker=">", ms=3.6, color=color, zorder=5)
    if standing == "disputed":
        words = "? disputed" if pd.isna(edge["ended_on"]) else f"? until {edge['ended_on'][:4]}"
        axes.text(mark + 0.1, y, words, color="black", **small)
    elif not pd.isna(edge["queries_n"]):
        axes.text(mark + 0.1, y, f"{edge['queries_n']:,} queries", color="black", **small)


def _draw_legend(axes, edges) -> None:
    """Name the doors and the marks above the picture."""
    doors = describe_doors()
    for number, door in enumerate(doors.itertuples()):
        x, y = 0.05 + (number % 3) * 2.75, -1.38 + (number // 3) * 0.24
        color, style = DOOR_STYLES[door.door]
        axes.plot([x, x + 0.5], [y, y], color=color, ls=style, lw=2)
        used = (edges["door"] == door.door).any()
        axes.text(x + 0.6, y, door.label + ("" if used else ": none documented"), va="center", fontsize=8.6)
    gray = COLORS["gray"]
    marks = {
        ">": "documented",
        "?": "disputed by a party",
        "|": "ended: cut off later",
        "x": "denied or halted: no way",
    }
    for x, (marker, words) in zip((0.05, 1.75, 3.85, 6.0), marks.items(), strict=True):
        y, end = -0.78, x + (0.44 if marker in ">?" else 0.36)
        axes.plot([x, end], [y, y], color=gray, lw=1.1)
        if marker == "?":
            box = {"boxstyle": "square,pad=0.08", "fc": "white", "ec": "none"}
            axes.text(x + 0.22, y, "?", va="center", ha="center", fontsize=8, bbox=box)
        else:
            axes.plot(end, y, marker=marker, ms=4 if marker == ">" else 6.5, mew=1.6, color=gray)
        axes.text(x + 0.54, y, words, va="center", fontsize=8.6)
    middle = sum(_layers.MIDDLE) / 2
    heads = {"Owner of the data": (_layers.DOT - 0.1, "right"), "Go-between": (middle, "center")}
    for words, (x, align) in (heads | {"Could read it, at some time": (_layers.EDGE, "right")}).items():
        axes.text(x, -0.32, words, ha=align, va="center", fontsize=9.5, weight="bold", color="#333333")


def _shorten(name: str) -> str:
    """Shorten an agency's name for a row: the role stays readable."""
    roles = {
        " Police Department": " Police",
        " Sheriff's Office": " Sheriff",
        " Sheriff's Department": " Sheriff",
    }
    for long, short in roles.items():
        name = name.replace(long, short)
    return textwrap.shorten(name, 46, placeholder=" …")


def _whiten(text) -> None:
    """Keep words readable on a hatched ground."""
    text.set_path_effects([withStroke(linewidth=3, foreground="white")])


def _state_period(edges: pd.DataFrame) -> str:
    dates = pd.concat([edges["as_of_first"], edges["as_of_last"]]).dropna()
    if dates.empty:
        return "undated"
    first, last = dates.min()[:4], dates.max()[:4]
    return first if first == last else f"{first} to {last}"
