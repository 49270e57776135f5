"""Place an access network in three columns: owners, go-betweens, readers. All sizes are inches from the top left."""

import textwrap
from dataclasses import dataclass, field

import pandas as pd

ROW, PORT = 0.176, 0.135  # height of an owner's row; least distance between two line ends
DOT, MARK, WALL, EDGE = 3.3, 5.66, 6.57, 8.3  # owners' dots; marks on lines; readers' left and right side
MIDDLE = (4.23, 5.33)  # go-betweens' left and right side
WIDE, NARROW = 28, 19  # letters in a line of a reader's box and of a go-between's
HEADINGS = {
    "go_between": "THROUGH A GO-BETWEEN TO OTHERS",
    "several": "TO OTHER READERS, OR TO SEVERAL",
    "sellers": "COMPANIES, POOLS, GO-BETWEENS",
    "one": "TO {main} ALONE",
}


@dataclass
class Layout:
    """Where everything stands.

    Attributes
    ----------
    rows
        Height of each owner and go-between.
    boxes
        Left, top, width and height of each go-between and reader.
    ports
        Height at which each line ends, by row label of the edges.
    bands
        Owners from top to bottom, by band (a key of `HEADINGS`).
    headings
        Height of each band's heading.
    main
        The reader with the most owners, as tall as the picture.
    bottom
        Height of the whole.
    """

    rows: dict[str, float] = field(default_factory=dict)
    boxes: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    ports: dict[int, float] = field(default_factory=dict)
    bands: dict[str, list[str]] = field(default_factory=dict)
    headings: dict[str, float] = field(default_factory=dict)
    main: str = ""
    bottom: float = 0.0


def list_nodes(edges: pd.DataFrame) -> pd.DataFrame:
    """List the nodes of `access.list_edges`: id (index), name, state, kind, layer (owner, middle or reader)."""
    owners = edges[["from_id", "from_name", "from_state", "from_kind"]].set_axis(
        ["id", "name", "state", "kind"], axis=1
    )
    readers = edges[["to_id", "to_name", "to_kind"]].set_axis(["id", "name", "kind"], axis=1)
    nodes = pd.concat([owners, readers]).drop_duplicates("id").set_index("id").sort_index()
    gives, gets = _list_ends(edges)
    layers = {}
    for name in nodes.index:
        # Unnamed members that only get back from the pool they give to are owners still.
        back = nodes.loc[name, "kind"] == "unnamed" and not gets[name] - gives[name]
        layers[name] = "reader" if not gives[name] else "middle" if gets[name] and not back else "owner"
    if "reader" not in layers.values():
        layers |= {name: "reader" for name in nodes.index if gets[name]}
    return nodes.assign(layer=pd.Series(layers))


def place_nodes(edges: pd.DataFrame, nodes: pd.DataFrame) -> Layout:
    """Place rows, boxes and line ends. The same edges give the same places, whatever their order."""
    gives, gets = _list_ends(edges)
    layer = nodes["layer"]
    readers = [name for name in nodes.index if layer[name] == "reader"]
    layout = Layout(main=max(readers, key=lambda name: (len(gets[name]), name)))
    small = [name for name in readers if name != layout.main]
    middle = [name for name in nodes.index if layer[name] == "middle"]
    # A go-between that serves the main reader alone stands near it, the others on top beside the small boxes.
    near = {name: not gives[name] & set(small) for name in middle}
    feeders = {name: [] for name in middle}
    bands = layout.bands = {band: [] for band in HEADINGS}
    for name in nodes.index[layer == "owner"]:
        only = next(iter(gives[name])) if len(gives[name]) == 1 else None
        if only in feeders:
            feeders[only].append(name)
            bands["sellers" if near[only] else "go_between"].append(name)
        elif only == layout.main:
            bands["one"].append(name)
        else:
            bands["several"].append(name)
    far = [name for name in middle if not near[name]]
    close = sorted((name for name in middle if near[name]), key=lambda name: (bool(feeders[name]), name))
    _order_bands(bands["several"], small, far, gives, gets, layout.main, set(close))
    bands["one"].sort(key=lambda name: (str(nodes.loc[name, "state"]), name))
    bands["go_between"] = [owner for name in far for owner in feeders[name]]
    bands["sellers"] = [owner for name in close for owner in feeders[name]]

    at = _place_go_betweens(layout, nodes, "go_between", far, feeders, 0.0)
    tall = {name: _measure_box(edges, nodes, name) for name in small}
    entering = int(((edges["to_id"] == layout.main) & edges["from_id"].isin([*bands["several"], *far])).sum())
    stacked = sum(tall.values()) + 0.09 * len(small)
    if bands["several"]:
        layout.headings["several"] = at
        at += 0.14
        needed = max(ROW * len(bands["several"]), stacked + entering * PORT - at + 0.05)
        pitch = needed / len(bands["several"])
        layout.rows |= {name: at + pitch * (step + 0.5) for step, name in enumerate(bands["several"])}
        at += needed + 0.15
    top = max(stacked, at - entering * PORT - 0.2) if small else 0.0
    gap = (top - sum(tall.values())) / len(small) if small else 0.0
    y = 0.0
    for name in small:
        layout.boxes[name] = (WALL, y, EDGE - WALL, tall[name])
        y += tall[name] + gap
    at = _place_go_betweens(layout, nodes, "sellers", close, feeders, at)
    last = None
    if bands["one"]:
        layout.headings["one"] = at
        at += 0.2
    for name in bands["one"]:
        state = str(nodes.loc[name, "state"])
        at += 0.12 if last not in (None, state) else 0
        layout.rows[name], last = at, state
        at += ROW
    _place_ports(edges, nodes, layout, top)
    layout.bottom = max(top + 0.6, *layout.rows.values(), *layout.ports.values()) + 0.2
    layout.boxes[layout.main] = (WALL, top, EDGE - WALL, layout.bottom - top)
    return layout


def wrap_name(name: str, width: int = WIDE, lines: int = 3) -> list[str]:
    """Break a name into lines for a box."""
    return textwrap.wrap(name, width, max_lines=lines, placeholder=" …")


def _list_ends(edges) -> tuple[dict[str, set], dict[str, set]]:
    gives = {name: set() for name in sorted({*edges["from_id"], *edges["to_id"]})}
    gets = {name: set() for name in gives}
    for owner, reader in zip(edges["from_id"], edges["to_id"], strict=True):
        gives[owner].add(reader)
        gets[reader].add(owner)
    return gives, gets


def _order_bands(several, small, far, gives, gets, main, close) -> None:
    """Order owners and small readers by the mean place of their neighbors, in turn, so that few lines cross."""
    for _ in range(12):
        place = {name: step for step, name in enumerate([*small, main])}
        place |= dict.fromkeys(close, len(small) + 1) | dict.fromkeys(far, -1)
        several.sort(key=lambda name: (_mean([place.get(reader, -1) for reader in gives[name]]), name))
        origin = dict.fromkeys(far, -1) | {name: step for step, name in enumerate(several)}
        small.sort(key=lambda name: (_mean([origin[owner] for owner in gets[name] if owner in origin]), name))


def _mean(places: list[float]) -> float:
    return sum(places) / len(places) if places else 0.0


def _place_go_betweens(layout, nodes, band: str, names: list[str], feeders: dict, at: float) -> float:
    """Place go-betweens below one another, each level with the middle of the owners that send to it alone."""
    if not names:
        return at
    layout.headings[band] = at
    at += 0.12
    for name in names:
        tall = len(wrap_name(nodes.loc[name, "name"], NARROW)) * 0.115 + 0.09
        slot = max(tall + 0.06, ROW * len(feeders[name]) + 0.08)
        layout.rows[name] = at + slot / 2
        first = at + slot / 2 - ROW * (len(feeders[name]) - 1) / 2
        layout.rows |= {owner: first + ROW * step for step, owner in enumerate(feeders[name])}
        layout.boxes[name] = (MIDDLE[0], layout.rows[name] - tall / 2, MIDDLE[1] - MIDDLE[0], tall)
        at += slot
    return at + 0.15


def _measure_box(edges, nodes, name: str) -> float:
    lines = len(wrap_name(nodes.loc[name, "name"]))
    return max(lines * 0.13 + 0.1, int((edges["to_id"] == name).sum()) * PORT + 0.04)


def _place_ports(edges, nodes, layout: Layout, top: float) -> None:
    """Place where each line ends: level with its start where there is room, never two at one point."""
    for reader, part in edges.groupby("to_id", sort=True):
        part = part.assign(start=part["from_id"].map(layout.rows))
        part = part.sort_values(["start", "from_id", "door", "standing"])
        if reader == layout.main:
            last = top - PORT + 0.1
            for index, start in part["start"].items():
                last = max(start, last + PORT)
                layout.ports[index] = last
        elif reader in layout.boxes:
            _, y, _, tall = layout.boxes[reader]
            gap = min(PORT, tall / (len(part) + 1))
            first = y + (tall - gap * (len(part) - 1)) / 2
            layout.ports |= {index: first + gap * step for step, index in enumerate(part.index)}
        else:
            layout.ports |= dict.fromkeys(part.index, layout.rows[reader])
