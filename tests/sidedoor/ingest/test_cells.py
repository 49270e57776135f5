"""Values, and five ways of holding none."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.canonical import CELL_STATES
from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.cells import build_marks, find_states, load_marks, read_counts, show_shape


def name(cells, marks):
    """Name the states of cells."""
    return [CELL_STATES[code] for code in find_states(cells, marks)]


@pytest.mark.parametrize(
    ("kind", "state", "cells"),
    [
        ("free", "empty", ["", "   ", "\u00a0"]),
        ("free", "masked", ["***", "**"]),
        ("free", "redacted", ["REDACTED", " [Redacted] ", "###", "* * *", "█████", "7923.600 GC"]),
        ("free", "redacted", ["GC 6254(f)", "Gov. Code § 7923.600", "Civ. Code 1798.90.55", "(b)(7)(E)"]),
        ("free", "redacted", ["(b)(6); (b)(7)(C)", "ORS 192.345(3)", "F.S. 119.071(2)(c)"]),
        ("free", "placeholder", ["None", "N/A", "na", "-", "...", "xx", "0"]),
        ("free", "value", ["stolen vehicle", "19-004512", "REDACTED, and a rest", "***1"]),
        # a law on crimes, cited as the reason of a search, is no exemption of a law on public records
        ("free", "value", ["VC 10851", "Penal Code 187", "RCW 46.61.502", "ORS 164.055", "F.S. 316.193"]),
        # a plate can read NONE or 000; an agency can be called NA; a count can be 0
        ("strict", "value", ["NONE", "0", "X"]),
        ("strict", "placeholder", ["None"]),
        ("strict", "masked", ["***"]),
        ("name", "value", ["NA", "None"]),
        ("name", "redacted", ["REDACTED"]),
        ("label", "value", ["0"]),
        ("label", "placeholder", ["N/A"]),
    ],
)  # fmt: skip
def test_states_of_a_cell(kind, state, cells):
    """Each marker that was seen in a released log is told from the others, and all of them from a value."""
    assert name(cells, load_marks(kind)) == [state] * len(cells)


SHORT = st.sampled_from("é 犬 ß! ٣ _ … —* * **\u00a0* Nil NULL xX x # 0 n/a GC\u00a07923.6 ■".split(" "))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=70) | SHORT, max_size=20))
def test_columns_agree_with_pythons_own_engine(cells):
    """A column is judged as Python judges each cell by the patterns of the registry, one after another."""
    known = load_format("cells")
    for kind in ("free", "strict", "label", "name"):
        last = {"free": known, "name": {"placeholder": []}, **known}[kind]["placeholder"]
        lists = {"masked": known["masked"], "redacted": known["redacted"], "placeholder": last}
        whole = [(state, part.replace(r"\pL\pN_", r"\w")) for state, parts in lists.items() for part in parts]

        def judge(cell, whole=whole):
            cell = cell.strip()
            if not cell or len(cell) > known["longest"]:
                return "value" if cell else "empty"
            return next((state for state, part in whole if re.fullmatch(part, cell, re.I)), "value")

        assert name(cells, load_marks(kind)) == [judge(cell) for cell in cells]


def test_counts():
    """Whole numbers with and without thousands; anything else is missing, never 0 and never cut."""
    known = {"840": 840, " 17,652 ": 17652, "840.0": 840, "0": 0}
    others = ["1,2", "-1", "", "9" * 16, "1e5", "840.5"]
    assert read_counts([*known, *others]).to_pylist() == [*known.values(), *[None] * len(others)]


def test_marks_of_a_mapping():
    """A mapping can name marks of its own; none of them holds up the reader, on a cell made for it."""
    marks = build_marks(["hidden", "(a+)+"], ["a+b"], [r"\d+ miles?"])
    cells = {"HIDDEN": "masked", "3 miles": "placeholder", "***": "value", "a" * 50: "masked"}
    assert name([*cells, "a" * 50 + "b"], marks) == [*cells.values(), "redacted"]


@pytest.mark.parametrize("pattern", ["(", r"(?<=a)?b", r"(?=x)?(a+)+", r"(a)\1", "(((a{999}){999}){999})"])
def test_patterns_that_could_take_for_ever_are_refused(pattern):
    """No pattern, what only a searching engine knows, what grows beyond measure: none enters a mapping."""
    with pytest.raises(IngestError) as error:
        build_marks([pattern], [], [])
    assert error.value.code == "wrong-value"


def test_shapes_hold_no_content():
    """A shape shows digits and letters by kind only, and is short."""
    assert show_shape("7ABC123 at 4:05 PM") == "9aaa999 aa 9:99 aa"
    assert len(show_shape("x" * 500)) == 43
