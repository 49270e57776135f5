"""Patterns: what engines read alike passes, everything else is refused with its place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.reasons.patterns import check_pattern, join_patterns, to_python

PLACE = "my-rule.toml, label 1, any 1"


def finds(pattern, text, *, whole=False):
    """Say whether a pattern of a rule file is found in a text."""
    return to_python(check_pattern(pattern, PLACE, whole=whole).search).search(text) is not None


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("ICE", "capital letter 'I', at sign 1"),
        ("hsi|ICE", "at sign 5"),
        ("ice$", "`\\$`"),
        (r"(?<!pol)ice", "unless"),
        ("ice(?! cream)", "unless"),
        ("(?=ice)", "unless"),
        ("(?i)ice", "flags"),
        ("(?P<word>ice)", "flags"),
        ("[[:alpha:]]", "[:alpha:]"),
        ("[a[b]]", "class"),
        ("[a&&b]", "class"),
        ("[a-z-9]", "class"),
        ("[]", "class"),
        ("[^]", "class"),
        ("[abc", "class"),
        (r"(ice)\1", "looks back"),
        (r"\pL", "backslash"),
        (r"\Bice", "backslash"),
        (r"\Aice", "backslash"),
        (r"ice\z", "backslash"),
        (r"\x41", "backslash"),
        ("ice\\", "backslash"),
        ("ice.*ero", "without bound"),
        ("ice +ero", "without bound"),
        ("a{2,}", "upper bound"),
        ("a{,3}", "upper bound"),
        ("a{3,2}", "repetition"),
        ("a{101}", "repetition"),
        ("(a{21}){20}", "within each other"),
        ("a{2}{3}", "repetition of a repetition"),
        ("a??", "repetition of a repetition"),
        (r"\b?ice", "edge"),
        ("?ice", "repeats nothing"),
        ("(ice", "without its"),
        ("ice)", "without its"),
        ("ice}", "without its"),
        ("ice||hsi", "empty"),
        ("(|ice)", "empty"),
        ("ice|", "empty"),
        ("im^igra", "beginning"),
        ("(^ice)", "beginning"),
        ("café", "accents"),
        ("ｉce", "accents"),
        ("ice\thold", "sign"),
        ("a?", "empty text"),
        ("a{0,3}", "empty text"),
        ("ice|a?", "empty text"),
        ("x" * 201, "at most 200"),
        ("(" * 11 + "a" + ")" * 11, "ten groups"),
        ("", "no pattern"),
        ("  ", "no pattern"),
        (7, "no pattern"),
        (None, "no pattern"),
    ],
)
def test_what_engines_read_differently_is_refused(pattern, told):
    """Lookaround, `$`, POSIX classes, references, capitals, unbounded size and slips of the pen, each with its place."""
    with pytest.raises(DataError) as caught:
        check_pattern(pattern, PLACE)

    assert caught.value.place.startswith(PLACE)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "found", "passed"),
    [
        (
            r"\bice\b",
            ["ice", "ice/ero", "the ice.", "(ice)"],
            ["police", "office", "justice", "notice", "device", "slice"],
        ),
        ("border patrol", ["border patrol", "us border    patrol"], ["borderpatrol", "border-patrol"]),
        ("pick ?up", ["pickup", "pick up", "pick  up"], ["pick-up"]),
        ("im{1,2}[aei]gra", ["immigration", "imigrant", "imegration"], ["migration"]),
        ("^ice", ["ice hold"], ["police", " ice"]),
        (r"287.{0,2}g", ["287(g)", "287g", "287 -g"], ["287 the g"]),
        ("(hold|detainer)s?", ["holds", "detainer"], ["held"]),
        (r"[^a-z]\d{2,3}[.\-]", ["a #12."], ["a12."]),
        (r"a\.b\?", ["a.b?"], ["axb?"]),
        (r"customs (and|\&) border", ["customs & border"], ["customs n border"]),
    ],
)
def test_what_is_allowed_finds_what_it_says(pattern, found, passed):
    """Edges of words, blanks, classes, bounded repetitions and plain signs."""
    assert [True] * len(found) == [finds(pattern, text) for text in found]
    assert [False] * len(passed) == [finds(pattern, text) for text in passed]


def test_a_whole_reason_may_have_signs_around_it():
    """`whole` is the whole reason: signs before, after and between its words are passed over, other words are not."""
    assert [finds("n a", text, whole=True) for text in ("n/a", " N.A. ".lower(), "n a", "-n - a?")] == [
        True
    ] * 4
    assert [finds("ice", text, whole=True) for text in ("ice", '"ice"!')] == [True] * 2
    assert [finds("ice|hsi", text, whole=True) for text in ("ice hold", "hsi 4", "police", "", " ")] == [
        False
    ] * 5


SIGNS = list("abices .?|(){}[]^$\\*+-,&2")


@settings(deadline=None)
@given(st.text(st.sampled_from(SIGNS), min_size=1, max_size=12), st.text("abice s2.-", max_size=12))
def test_a_pattern_that_passes_means_to_re2_what_it_means_to_python(pattern, text):
    """No spelling slips through the check that DuckDB reads otherwise; what Python's own reading finds, ours finds."""
    import duckdb

    try:
        search = check_pattern(pattern, PLACE).search
    except DataError:
        return
    python = to_python(search).search(text) is not None
    re2 = duckdb.connect().execute("select regexp_matches(?, ?, 's')", [text, search]).fetchone()[0]

    assert python == re2
    assert python == (
        re.search(re.sub(r" +", " +", pattern.replace(" ?", "(?: +)?").replace(" {", "(?: +){")), text)
        is not None
    )


def test_joined_patterns_find_what_any_of_them_finds():
    """The prefilter of patterns with alternatives of their own."""
    joined = to_python(join_patterns([check_pattern(text, PLACE).search for text in ("ab|cd", "^ef")]))

    assert [bool(joined.search(text)) for text in ("xab", "xcd", "ef", "xef", "ac")] == [
        True,
        True,
        True,
        False,
        False,
    ]
