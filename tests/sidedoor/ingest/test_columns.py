"""Columns of cells: what their bytes tell is what the texts tell, however the cells lie in memory."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidedoor.ingest.cells import load_marks
from sidedoor.ingest.columns import Column, list_pairs, make_column

TEXTS = st.lists(st.text(st.sampled_from("ab1 \t\x1f\u00a0\u202f\u3000é犬*"), max_size=4), max_size=8)


@given(TEXTS, st.integers(0, 3), st.sampled_from([pa.string(), pa.large_string()]))
@settings(deadline=None)
def test_blanks_lengths_and_first_signs(texts, start, kind):
    """Blanks go and lengths come out as Python says, of a slice and of either kind of text."""
    cells = Column(pa.array(texts, kind).slice(start))
    texts = texts[start:]
    plain = [re.sub("[\u00a0\u2007\u2009\u202f]", " ", text).strip() for text in texts]
    assert cells.stripped.to_pylist() == [text.strip() for text in texts]
    assert cells.plain.to_pylist() == plain
    assert cells.lengths.tolist() == [len(text.encode()) for text in plain]
    pairs = [int.from_bytes(text.encode()[:2].ljust(2, b"\0"), "big") for text in plain]
    assert cells.pairs.tolist() == pairs
    assert cells.is_ascii or any(not text.isascii() for text in texts)


def test_columns_of_digits():
    """A column is one of digits if no cell holds anything else; empty cells are no other thing."""
    assert make_column(pd.Series(["1", "", "23"], dtype="str")).is_digits
    assert Column(pa.array(["", ""])).is_digits and Column(pa.array([], pa.string())).is_digits
    assert not Column(pa.array(["1", "1,000"])).is_digits
    assert Column(pa.array(["x", "1", "y"]).slice(1, 1)).is_digits


PATTERNS = [
    "abc", "a?b", "(?:ab|c+)d", "[a-c]{2,}", r"\d\s*x", "[^ab]", ".", r"x{4,}", "", "a*", r"\(?b\)?\s*\(\d\)", "(?-i:No|no)",
    r"[^\pL\pN_*#]+", "é+", "[█-▓]x", r"n\.?/?a\.?", "k|s", "(?:a|)b", "(a{2}){3}", r"\w\W", r"^a$",
    r"\pL+", r"x?\pN", r"[\]a]\pL",
]  # fmt: skip
SIGNS = st.text(st.sampled_from("abcdkKsSſKxX1 *(_)#é░█./nNoO-\n"), max_size=6)


@given(SIGNS)
@settings(deadline=None, max_examples=300)
def test_what_matches_may_begin_so(text):
    """Whatever Arrow's engine finds from the first sign on, the look at two signs does not rule out."""
    cells = pa.array([text])
    column = Column(cells)
    marks = [load_marks(kind).quick for kind in ("free", "strict", "label", "name")]
    for part in PATTERNS:
        for pattern, is_whole in ((f"(?i)^(?:{part})$", True), (f"(?i)^(?:{part})", False)):
            if text == text.strip() and pc.match_substring_regex(cells, pattern)[0].as_py():
                assert column.find_maybe(pattern, is_whole=is_whole)[0], pattern
    for pattern in marks:
        if pc.match_substring_regex(column.plain, pattern)[0].as_py():
            assert column.find_maybe(pattern, is_whole=True)[0]


def test_most_cells_are_ruled_out():
    """Usual cells of a log are told from marks by their first two signs."""
    usual = Column(
        pa.array(["stolen vehicle", "Officer 12", "7ZZZ777", "2025-06-18", "Town CA PD", "840", "C123456"])
    )
    for kind in ("free", "strict", "label", "name"):
        assert not usual.find_maybe(load_marks(kind).quick, is_whole=True).any()


@pytest.mark.parametrize("pattern", [r"\p{Greek}a", "(?=a)b", "[[:alpha:]]", "(a", r"\Qa\E", r"(a)\1"])
def test_patterns_that_are_not_sure_rule_nothing_out(pattern):
    """Where it is not known how a text begins, any may."""
    assert list_pairs(pattern, True).all()
