"""Values, and five ways of holding none."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.canonical import CELL_STATES
from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.cells import (
    build_marks,
    count_states,
    find_states,
    keep_values,
    load_marks,
    name_states,
    read_counts,
    set_state,
    show_shape,
)


def text(*cells):
    """A column of text."""
    return pd.Series(cells, dtype="str")


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("", "empty"), ("   ", "empty"), ("\u00a0", "empty"), ("***", "masked"), ("**", "masked"),
        ("REDACTED", "redacted"),
        (" [Redacted] ", "redacted"), ("###", "redacted"), ("* * *", "redacted"), ("█████", "redacted"),
        ("7923.600 GC", "redacted"), ("GC 7923.600(a)", "redacted"), ("Gov. Code § 7923.600", "redacted"),
        ("Civ. Code 1798.90.55", "redacted"), ("GC 6254(f)", "redacted"), ("(b)(7)(E)", "redacted"),
        ("(b)(6); (b)(7)(C)", "redacted"),
        ("ORS 192.345(3)", "redacted"), ("F.S. 119.071(2)(c)", "redacted"), ("None", "placeholder"),
        ("N/A", "placeholder"),
        ("na", "placeholder"), ("-", "placeholder"), ("...", "placeholder"), ("xx", "placeholder"),
        ("0", "placeholder"),
        ("stolen vehicle", "value"), ("19-004512", "value"), ("REDACTED, and a rest", "value"),
        ("***1", "value"),
    ],
)  # fmt: skip
def test_states_of_a_cell(cell, state):
    """Each marker that was seen in a released log is told from the others, and all of them from a value."""
    assert name_states(find_states(text(cell), load_marks())).tolist() == [state]


@pytest.mark.parametrize(
    "cell",
    ["VC 10851", "PC 459", "Penal Code 187", "RCW 46.61.502", "ORS 164.055", "F.S. 316.193", "10851 VC"],
)
def test_offense_codes_are_reasons(cell):
    """A law on crimes, cited as the reason of a search, is no exemption of a law on public records."""
    assert load_marks().find_state(cell) == "value"


def test_short_words_can_be_values():
    """A plate can read NONE or 000; an agency can be called NA; a count can be 0."""
    assert [load_marks("strict").find_state(cell) for cell in ("NONE", "None", "0", "X", "***")] == [
        "value", "placeholder", "value", "value", "masked",
    ]  # fmt: skip
    assert [load_marks("name").find_state(cell) for cell in ("NA", "None", "***", "REDACTED")] == [
        "value", "value", "masked", "redacted",
    ]  # fmt: skip
    assert [load_marks("label").find_state(cell) for cell in ("0", "N/A")] == ["value", "placeholder"]


SHORT = st.sampled_from(
    [
        "é",
        "犬",
        "ß!",
        "٣",
        "_",
        "…",
        "—*",
        "*",
        "** *",
        "Nil",
        "NULL",
        "xX",
        "x",
        "#",
        "0",
        "n/a",
        "GC 7923.6",
        "■",
    ]
)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=70) | SHORT, max_size=20))
def test_columns_agree_with_pythons_own_engine(cells):
    """A column is judged as Python judges each cell by the patterns of the registry, one after the other,
    whatever it holds.
    """
    cells = [cell.encode("utf-8", "ignore").decode() for cell in cells]
    known = load_format("cells")
    for kind in ("free", "strict", "label", "name"):
        last = {"free": known, "name": {"placeholder": []}, **known}[kind]["placeholder"]
        lists = {"masked": known["masked"], "redacted": known["redacted"], "placeholder": last}

        def judge(cell, lists=lists):
            cell = cell.strip()
            if not cell or len(cell) > known["longest"]:
                return "value" if cell else "empty"
            whole = (
                (state, part.replace(r"\pL\pN_", r"\w")) for state, parts in lists.items() for part in parts
            )
            return next((state for state, part in whole if re.fullmatch(part, cell, re.I)), "value")

        assert name_states(find_states(text(*cells), load_marks(kind))).tolist() == [
            judge(cell) for cell in cells
        ]


def test_values_are_kept_and_stripped():
    """Only cells in the state `value` keep their text; outer blanks go."""
    cells = text(" a b ", "***", "")
    codes = find_states(cells, load_marks())
    kept = keep_values(cells, codes)
    assert kept.tolist() == ["a b", None, None]
    assert count_states(codes) == {"value": 1, "empty": 1, "masked": 1}
    assert count_states(set_state(codes, codes == 0, "redacted")) == {"empty": 1, "masked": 1, "redacted": 1}
    assert set(count_states(codes)) <= set(CELL_STATES)


def test_counts():
    """Whole numbers with and without thousands; anything else is missing, never 0 and never cut."""
    found = read_counts(text("840", " 17,652 ", "840.0", "0", "1,2", "-1", "", "9" * 16, "1e5", "840.5"))
    assert found.tolist()[:4] == [840, 17652, 840, 0]
    assert found.tolist()[4:] == [None] * 6


def test_own_marks():
    """A mapping can name marks of its own; a pattern that is none is refused."""
    marks = build_marks(["hidden"], [], [r"\d+ miles?"])
    assert [marks.find_state(cell) for cell in ("HIDDEN", "3 miles", "***")] == [
        "masked",
        "placeholder",
        "value",
    ]
    with pytest.raises(IngestError, match="a pattern that is none"):
        build_marks(["("], [], [])


@pytest.mark.parametrize("pattern", [r"(?<=a)?b", r"(?=x)?(a+)+", r"(a)\1", "(((a{999}){999}){999})"])
def test_patterns_that_could_take_for_ever_are_refused(pattern):
    """What only a searching engine knows, and what grows beyond measure, enters no mapping."""
    with pytest.raises(IngestError, match="a pattern that is none"):
        build_marks([pattern], [], [])


def test_no_pattern_of_a_mapping_holds_up_the_reader():
    """A pattern that Python would try for longer than the world has stood, on a cell made for it."""
    marks = build_marks(["(a+)+"], ["a+b"], [])
    assert marks.find_state("a" * 50 + "b") == "redacted" and marks.find_state("a" * 50) == "masked"


def test_shapes_hold_no_content():
    """A shape shows digits and letters by kind only, and is short."""
    assert show_shape("7ABC123 at 4:05 PM") == "9aaa999 aa 9:99 aa"
    assert len(show_shape("x" * 500)) == 43
