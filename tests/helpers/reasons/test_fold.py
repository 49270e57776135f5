"""Folding: the same plain text from Python and from the engine, whatever was typed."""

import unicodedata

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.reasons.fold import fold, fold_text, list_folds
from helpers.searches import engine


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("ICE", "ice"), ("İCE", "ice"), ("ıce", "ice"), ("ＩＣＥ", "ice"), ("éiceé", "eicee"), ("e\u0301ice", "eice"),
        ("i\u00adce", "ice"), ("i\u200bce", "ice"), ("ice\n", "ice "), ("ice\u00a0hold", "ice hold"), ("a\r\n\tb", "a b"),
        ("Señor Müller", "senor muller"), ("日本ice", " ice"), ("ice—ero", "ice ero"), ("ﬁne", " ne"), ("", ""),
    ],
)  # fmt: skip
def test_signs_become_plain(typed, plain):
    """Small letters without accents; what shows as nothing vanishes; anything else becomes one blank."""
    assert plain == fold(typed)


def test_folds_are_what_unicode_says():
    """Each letter of the list is its own base letter and an accent, or stands among those that Unicode cannot part."""
    signs, plain = list_folds()
    parted = {
        sign: "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
        for sign in signs
    }
    unparted = {sign for sign in signs if parted[sign] == sign}

    assert unparted == set("ıøØłŁđĐŧŦħĦ")
    assert all(parted[sign] == to for sign, to in zip(signs, plain, strict=True) if sign not in unparted)
    assert {"é", "İ", "ñ", "Ｉ", "ç", "ž"} <= set(signs)


ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(deadline=None, max_examples=50)
@given(st.lists(ANY, min_size=1, max_size=20))
def test_the_engine_folds_as_python_does(texts):
    """DuckDB and Python agree on any text of Unicode, and what is left is printable ASCII in small letters."""
    table = ibis.memtable(pa.table({"n": range(len(texts)), "text": texts}))
    found = engine.fetch(table.select("n", plain=fold_text(table.text)))["plain"].tolist()

    assert [fold(text) for text in texts] == found
    assert all(
        sign.isascii() and sign.isprintable() and not sign.isupper() for text in found for sign in text
    )
