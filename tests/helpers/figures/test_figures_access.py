"""Behaviour of the figures of `helpers.figures.access` and `helpers.figures.tiles`."""

import itertools

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from helpers import figures
from helpers.doors import ways
from helpers.errors import DataError
from helpers.figures import tiles
from helpers.figures._layers import list_nodes, place_nodes
from helpers.figures.access import DOOR_STYLES
from helpers.network import access

SOURCE = "A source; Another source"


@pytest.fixture(autouse=True)
def close_figures():
    """Figures of one test do not stay open in the next."""
    yield
    plt.close("all")


def make_edges(*rows):
    """Edges as `access.list_edges` gives them, from (from_id, to_id, door, standing, queries_n)."""
    kinds = {"ice": "federal", "cbp": "federal", "seller": "company", "reseller": "company", "pool": "pool"}
    kinds |= {"members": "unnamed", "center": "fusion_center"}
    made = []
    for row in rows:
        start, end, door, standing, queries = (*row, *("front", "documented", pd.NA)[len(row) - 2 :])
        kind = kinds.get(start, "police")
        made.append(
            {"from_id": start, "to_id": end, "door": door, "standing": standing,
             "from_name": start.title() + " Police Department", "from_state": None if start in kinds else start[-2:].upper(), "from_kind": kind, "to_name": end.title(),
             "to_kind": kinds.get(end, "police"), "paths_n": 1, "queries_n": queries, "as_of_first": "2018-02",
             "as_of_last": "2019-03-13", "ended_on": "2020-12-01" if standing == "ended" else None}
        )  # fmt: skip
    return pd.DataFrame(made).astype({"queries_n": "Int64"})


SMALL = make_edges(
    ("town-ca", "ice"), ("town-ca", "ice", "account", "documented", 278), ("town-ca", "cbp", "front", "ended"),
    ("city-tx", "ice", "front", "disputed"), ("hamlet-tx", "ice"), ("seller", "reseller", "contract"),
    ("reseller", "ice", "contract"), ("members", "pool", "pool"), ("pool", "members", "pool"),
    ("pool", "ice", "pool", "denied"), ("port-wa", "center"), ("center", "cbp", "relay"), ("center", "ice", "side"),
)  # fmt: skip
MANY = pd.concat(
    [
        SMALL,
        make_edges(
            *[(f"place-{n:03d}-{state}", "ice") for n in range(45) for state in ("ca", "ct", "tx", "ny")]
        ),
    ],
    ignore_index=True,
)
COUNTS = pd.DataFrame(
    [(door, step, 3 * step, 1, 0, step - 1) for door in (*access.list_doors(), "any") for step in (1, 2)],
    columns=["door", "hops_n", "local_n", "federal_n", "company_n", "unnamed_n"],
).assign(nodes_n=lambda table: table.iloc[:, 2:6].sum(axis="columns"), is_floor=False)
STATES = pd.DataFrame({"state": ["CA", "CT", "TX"], "agencies_n": [22, 8, 1019]})


def draw_states(counts=STATES, **changes):
    settings = {
        "title": "Names",
        "counted": "agencies",
        "source": SOURCE,
        "period": "2019",
        "named_only": ["NJ"],
        "subtitle": "any door",
    }
    return figures.draw_states(counts, **settings | changes)


DRAWN = {
    "access": lambda: figures.draw_access(SMALL, "ice", source=SOURCE),
    "access of many": lambda: figures.draw_access(MANY, "ice", source=SOURCE),
    "access, one marked": lambda: figures.draw_access(SMALL, "ice", source=SOURCE, highlight="town-ca"),
    "access, a go-between marked": lambda: figures.draw_access(SMALL, "ice", source=SOURCE, highlight="pool"),
    "access of one": lambda: figures.draw_access(SMALL.head(1), "ice", source=SOURCE),
    "reach": lambda: figures.draw_reach(
        COUNTS, "U.S. Immigration and Customs Enforcement", source=SOURCE, period="2019"
    ),
    "reach of one step": lambda: figures.draw_reach(
        COUNTS[COUNTS["hops_n"] == 1], "ICE", source=SOURCE, period="2019"
    ),
    "states": draw_states,
    "states, long title": lambda: draw_states(
        title="Named state and local agencies whose data " + "X" * 30 + " could reach, 2012 to 2026"
    ),
}


def list_texts(figure):
    """Every text of a figure that shows, with its box in pixels."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    switched_off = [axis for axes in figure.axes if not axes.axison for axis in (axes.xaxis, axes.yaxis)]
    hidden = {label for axis in switched_off for label in axis.findobj(Text)}
    shown = [text for text in figure.findobj(Text) if text not in hidden and text.get_visible()]
    texts = [text for text in shown if text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts]


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_touches_another_or_leaves_the_page(name):
    """Labels do not collide, and all of them stand within 840 pixels and a little."""
    figure = DRAWN[name]()
    texts = list_texts(figure)
    for (one, first), (two, second) in itertools.combinations(texts, 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        tall = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert wide <= 1 or tall <= 1.5, f"`{one}` and `{two}` overlap by {wide:.0f} x {tall:.0f} pixels"
    page = figure.bbox
    for words, box in texts:
        assert box.x0 >= page.x0 - 12 and box.x1 <= page.x1 + 12, f"`{words}` leaves the page"
        assert box.y0 >= page.y0 - 2 and box.y1 <= page.y1 + 2, f"`{words}` leaves the page"


@pytest.mark.parametrize("name", DRAWN)
def test_figures_describe_themselves(name):
    """Alternative text, caption, source line and numbers are there."""
    figure = DRAWN[name]()
    assert len(figure.alt) > 60 and figure.caption and not figure.data.empty
    assert figure.source_line.startswith(f"Source: {SOURCE} · n = ")


@pytest.mark.parametrize("name", ["access", "reach", "states"])
def test_saving_twice_gives_the_same_bytes(name, tmp_path, monkeypatch):
    """PNG, SVG, CSV and JSON do not depend on when or how often they are written."""
    written = []
    for turn in ("one", "two"):
        monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path / turn))
        figures.save_figure(DRAWN[name]())
        written.append({file.name: file.read_bytes() for file in (tmp_path / turn).iterdir()})
    assert len(written[0]) == 4
    assert written[0] == written[1]


def test_every_line_of_the_table_is_drawn_in_the_style_of_its_door():
    """One line per row, in the color and line style of its door; a pool's way back is a second head on one line."""
    figure = DRAWN["access"]()
    lines = {
        patch.get_gid(): patch
        for patch in figure.findobj(PathPatch)
        if str(patch.get_gid()).startswith("line-")
    }
    pd.testing.assert_frame_equal(
        figure.data, SMALL.sort_values(["from_id", "to_id", "door", "standing"], ignore_index=True)
    )
    back = figure.data.index[(figure.data["from_id"] == "pool") & (figure.data["to_id"] == "members")]
    assert set(lines) == {f"line-{index}" for index in figure.data.index.difference(back)}
    for index, edge in figure.data.drop(back).iterrows():
        assert lines[f"line-{index}"].get_edgecolor() == pytest.approx(to_rgba(DOOR_STYLES[edge["door"]][0]))


def test_stopped_lines_do_not_reach_their_reader():
    """A line that ended, or never was, stops before the box; a documented one ends at it."""
    figure = DRAWN["access"]()
    nodes = list_nodes(figure.data)
    layout = place_nodes(figure.data, nodes)
    for patch in figure.findobj(PathPatch):
        if str(patch.get_gid()).startswith("line-"):
            edge = figure.data.loc[int(patch.get_gid()[5:])]
            gap = layout.boxes[edge["to_id"]][0] - patch.get_path().vertices[-1][0]
            assert (gap > 0.5) == (edge["standing"] in ("ended", "denied", "halted"))


def test_doors_differ_in_color_and_in_line_style():
    """Readers who see no color can tell the doors apart, and every door has a style."""
    colors, styles = zip(*DOOR_STYLES.values(), strict=True)
    assert len(set(colors)) == len(set(map(str, styles))) == len(DOOR_STYLES)
    assert list(DOOR_STYLES) == ways.describe_doors()["door"].tolist()


def test_marks_say_how_a_line_stands():
    """Dates of the end, disputes and counts of queries stand on the lines."""
    words = [text for text, _ in list_texts(DRAWN["access"]())]
    assert {"ended 2020-12", "? disputed", "278 queries", "denied 2019-03"} <= set(words)


def test_a_disputed_way_that_had_an_end_says_so():
    """The question mark of the dispute stands with the year of the end."""
    edges = SMALL.assign(ended_on=SMALL["ended_on"].where(SMALL["standing"] != "disputed", "2012"))
    words = [text for text, _ in list_texts(figures.draw_access(edges, "ice", source=SOURCE))]
    assert "? until 2012" in words and "? disputed" not in words


def test_caption_tells_rows_from_lines():
    """Two rows of the table on one line: n counts rows, and the caption says both numbers."""
    figure = figures.draw_access(SMALL.assign(paths_n=2), "ice", source=SOURCE)
    assert figure.n == 26
    assert "the 26 rows of the table; they make 13 lines" in figure.caption


def test_the_marked_agency_is_set_off_with_its_lines():
    """Its name stands in bold, its lines are thicker than all others, and caption and alt text name it."""
    figure = DRAWN["access, one marked"]()
    assert figure.caption.endswith("Marked: Town-Ca Police Department.") and "Marked: Town-Ca" in figure.alt
    assert [
        text.get_text()
        for text in figure.findobj(Text)
        if text.get_weight() == "bold" and "Town" in text.get_text()
    ]
    lines = {
        patch.get_gid(): patch
        for patch in figure.findobj(PathPatch)
        if str(patch.get_gid()).startswith("line-")
    }
    thick = {gid for gid, line in lines.items() if line.get_linewidth() > 2}
    assert thick == {f"line-{index}" for index in figure.data.index[figure.data["from_id"] == "town-ca"]}
    assert "Marked" not in figures.draw_access(SMALL, "ice", source=SOURCE, highlight="nobody").caption


def test_bars_show_each_door_once_and_what_more_steps_add_hatched():
    """One row per door; the plain part is what one step reaches, the hatched part what further steps add."""
    figure = DRAWN["reach"]()
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        *ways.describe_doors()["label"],
        "Any door",
    ]
    plain = sum(bar.get_width() for bar in axes.patches if not bar.get_hatch())
    hatched = sum(bar.get_width() for bar in axes.patches if bar.get_hatch())
    assert (plain, hatched) == (7 * 4, 7 * 4)
    words = [text for text, _ in list_texts(figure)]
    assert words.count("3 state or local, 1 federal, +3 state or local, +1 pool or group within 2 steps") == 7
    assert not any(bar.get_hatch() for bar in DRAWN["reach of one step"]().axes[0].patches)


def test_places_do_not_depend_on_the_order_of_rows():
    """Shuffled rows give the same layout."""
    shuffled = SMALL.sample(frac=1, random_state=3)
    one, two = (place_nodes(table, list_nodes(table)) for table in (SMALL, shuffled))
    assert (one.rows, one.boxes, one.bands, one.ports) == (two.rows, two.boxes, two.bands, two.ports)


def test_layers_follow_what_a_node_gives_and_gets():
    """Owners give, readers get, go-betweens do both; members who read what they give stay owners."""
    layer = list_nodes(SMALL)["layer"].to_dict()
    assert {name for name, where in layer.items() if where == "reader"} == {"ice", "cbp"}
    assert {name for name, where in layer.items() if where == "middle"} == {"reseller", "pool", "center"}
    assert layer["members"] == "owner"


def test_alternative_texts_carry_the_numbers():
    """What the picture shows is said in words: owners by door, reach within two steps, counts by state."""
    assert "front door 3, contract 1, account 1, side door 1" in DRAWN["access"]().alt
    assert "1 disputed, 1 ended, 1 denied, 0 halted" in DRAWN["access"]().alt
    assert "within 2 steps: front door 8 (4 straight); contract 8 (4 straight);" in DRAWN["reach"]().alt
    assert "6 are state or local agencies" in DRAWN["reach"]().alt
    assert "within 1 step: front door 4; contract 4;" in DRAWN["reach of one step"]().alt
    assert "Names (any door)." in draw_states().alt
    assert "TX 1019, CA 22, CT 8. Named as a state only: NJ." in draw_states().alt


def test_states_without_a_name_are_not_known_never_zero():
    """Every tile has a row; absent states have no number."""
    data = draw_states().data.set_index("state")
    assert len(data) == 51
    assert data.loc["CA", "agencies_n"] == 22
    assert data.loc["NJ", "status"] == "state named only"
    assert data.loc["WY", "status"] == "not known"
    assert data.loc[["NJ", "WY"], "agencies_n"].isna().all()


def test_the_grid_holds_every_state_once():
    """Fifty states and the District of Columbia, each on its own tile; neighbors stand where readers look for them."""
    place = tiles.place_states()
    assert len(place) == len(set(place.values())) == 51
    assert place["WA"][1] < place["CA"][1] and place["CA"][0] < place["NY"][0] and place["ME"][1] == 0


@pytest.mark.parametrize(
    ("draw", "problem"),
    [
        (lambda: figures.draw_access(SMALL.head(0), "ice", source=SOURCE), "no edge"),
        (lambda: figures.draw_access(SMALL, "fbi", source=SOURCE), "fbi"),
        (
            lambda: figures.draw_reach(COUNTS.head(0), "ICE", source=SOURCE, period="2019"),
            "nothing is reached",
        ),
        (lambda: draw_states(STATES.head(0)), "no state"),
        (lambda: draw_states(STATES.assign(state=["CA", "CA", "TX"])), "stands twice"),
        (lambda: draw_states(STATES.assign(state=["CA", "CT", "ZZ"])), "ZZ is no state"),
        (lambda: draw_states(STATES.assign(agencies_n=[0, 1, 2])), "below one"),
    ],
)
def test_nothing_to_draw_is_said(draw, problem):
    """Empty or impossible tables end in an error with a way out."""
    with pytest.raises(DataError, match=problem):
        draw()
