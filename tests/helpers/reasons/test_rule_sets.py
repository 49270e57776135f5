"""Rule files: those that come with the project hold what they promise, and a wrong one is refused with its place."""

import re
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.facts.tables import load_table
from helpers.reasons.rule_sets import SHIPPED, check_rule_set, list_rule_sets, load_rule_set, load_rule_sets

FILES = sorted(SHIPPED.glob("*.toml"))
NAMES = [path.stem for path in FILES]
# Words of police reasons that hold the letters of an agency, and words with another sense.
TRAPS = ["Office", "Police", "Justice", "notice", "device", "slice", "service", "price", "Investigation", "Inv", "hero",
         "in custody", "press charges", "church burglary", "bail jumping", "Temple TX"]  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_shipped_sets_are_sound_and_name_their_source(path):
    """Each loads, so its own tests come out; whoever published it is a source of the fact tables."""
    rules = load_rule_set(path)
    content = tomllib.loads(path.read_text(encoding="utf-8"))

    assert rules.labels and rules.note
    assert len(content["test"]) > len(rules.labels)
    assert bool(rules.source_id) == (rules.kind != "ours")
    assert not rules.source_id or rules.source_id in set(load_table("sources")["source_id"])


def test_there_are_enough_documented_families():
    """Four published families and our own on immigration; other subjects have two sets each."""
    immigration = load_rule_sets([], "immigration")

    assert len({rules.source_id for rules in immigration if rules.source_id}) >= 3
    assert len([rules for rules in immigration if rules.kind != "ours"]) >= 4
    for subject in ("protest", "reproductive health", "traffic", "no reason"):
        assert len(list_rule_sets(subject)) >= 2


def test_our_three_buckets():
    """The default set has the buckets explicit, agency named and ambiguous, read from the narrowest to the widest."""
    rules = load_rule_sets(["house-immigration"])[0]
    buckets = list(rules.readings.values())

    assert list(rules.list_rules()) == [
        f"house-immigration: {name}" for name in ("explicit", "explicit or agency", "any sense")
    ]
    assert buckets[-1] == ("explicit_civil_immigration", "agency_named", "ambiguous")
    assert all(set(one) < set(other) for one, other in zip(buckets, buckets[1:]))


@pytest.mark.parametrize("name", ["house-immigration", "word-boundary", "suncoast", "whole-cell"])
@pytest.mark.parametrize("text", TRAPS)
def test_no_immigration_in_the_words_of_police(name, text):
    """Whole-word rules find nothing in words that only hold the letters."""
    assert "" == load_rule_sets([name])[0].classify(text)


def test_letters_anywhere_fall_into_the_trap():
    """The naive rule finds `ice` in the same words: that is what it is there to show."""
    naive = load_rule_sets(["newsroom-contains"])[0]

    assert [bool(naive.classify(text)) for text in TRAPS[:8]] == [True] * 8


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("HSI", "agency_named"), ("Homeland Security Investigations", "agency_named"), ("ICE", "ambiguous"), ("ice", "ambiguous"),
        ("ICE/ERO", "explicit_civil_immigration"), ("immigration", "explicit_civil_immigration"), ("ice, 3 grams", "other_sense"),
        ("immigration scam", "ambiguous"), ("Immigration (civil/administrative) - HSI", "explicit_civil_immigration"),
    ],
)  # fmt: skip
def test_our_reading_of_hard_cases(text, bucket):
    """HSI is no civil immigration, a bare `ice` is not settled, a category of the form comes before its detail."""
    rules = load_rule_sets(["house-immigration"])[0]

    assert bucket == rules.find_bucket(rules.classify(text))


def independent_label(content, text):
    """Label a text from the rule file by a loop of its own, without the package's reader."""
    text = text.lower()
    for part in content.get("category", []):
        own = part["text"].lower()
        if text.strip() == own or re.match(f" *{re.escape(own)} +- ", text):
            return part["label"]
    for part in content["label"]:
        hit = any(re.search(re.sub(" (?![?])", " +", pattern), text) for pattern in part.get("any", []))
        words = " ".join(re.findall("[a-z0-9]+", text))
        hit = hit or any(re.fullmatch(pattern, words) for pattern in part.get("whole", []))
        if hit and not any(
            re.search(re.sub(" (?![?])", " +", pattern), text) for pattern in part.get("unless", [])
        ):
            return part["name"]
    return ""


WORDS = st.sampled_from(
    "ICE ice police hold ero detainer HSI hsi immigration imigration (civil/administrative) - border patrol meth grams fraud "
    "investigation inv 19-004 traffic stop trafficking protest riot aborted abortion pursuit n/a x test daytime search for best result "
    "no kings deposit in bank and customs assist 287(g) h&r".split()
)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
@settings(deadline=None, max_examples=60)
@given(words=st.lists(WORDS, max_size=6), gap=st.sampled_from([" ", "  ", "/", ". "]))
def test_labels_are_those_of_a_plain_loop(path, words, gap):
    """Python's own `re`, read from the file anew, gives every random text the same label."""
    text = gap.join(words)

    assert independent_label(tomllib.loads(path.read_text(encoding="utf-8")), text) == load_once(
        path
    ).classify(text)


_LOADED = {}


def load_once(path):
    """Load a rule set once for all random texts."""
    if path not in _LOADED:
        _LOADED[path] = load_rule_set(path)
    return _LOADED[path]


def make(**changes):
    """Build the content of a rule file, with changes."""
    content = {
        "title": "T", "subject": "s", "kind": "ours", "label": [{"name": "a", "any": ["ab"]}],
        "test": [{"text": "ab", "label": "a"}, {"text": "b", "label": ""}],
    }  # fmt: skip
    return content | changes


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"labels": []}, "Did you mean `label`?"),
        ({"title": 3}, "title is no str"),
        ({"kind": "theirs"}, "kind = 'theirs'"),
        ({"kind": "documented"}, "without its source"),
        ({"label": [{"name": "a", "any": ["AB"]}]}, "label 1, any 1, pattern 'AB'"),
        ({"label": [{"name": "a", "whole": ["a$"]}]}, "label 1, whole 1"),
        ({"label": [{"name": "a", "any": ["ab"], "unless": ["(?=x)"]}]}, "label 1, unless 1"),
        ({"label": [{"name": "a"}]}, "without a pattern"),
        ({"label": [{"any": ["ab"]}]}, "no name"),
        ({"label": ["ab"]}, "[[label]]"),
        ({"label": [{"name": "a", "any": ["ab"]}, {"name": "a", "any": ["c"]}]}, "two labels named 'a'"),
        ({"label": []}, "no pattern"),
        ({"category": [{"text": " ", "label": "c"}]}, "category 1"),
        ({"reading": [{"name": "r", "buckets": ["x"]}]}, "bucket 'x' that no label has"),
        ({"reading": [{"name": "r", "buckets": []}]}, "no bucket"),
        ({"test": [{"text": "ab", "label": ""}]}, "test 1: 'ab' is given 'a', not ''"),
        ({"test": [{"text": "ab", "label": "a"}]}, 'label = ""'),
        ({"test": [{"text": "b", "label": ""}]}, "no test for 'a'"),
    ],
)
def test_a_wrong_rule_set_is_refused_with_its_place(changes, told):
    """Keys, patterns, labels, readings and a rule's own tests; the file is named."""
    with pytest.raises(DataError, match=re.escape(told)) as caught:
        check_rule_set(make(**changes), "mine", "mine.toml")

    assert str(caught.value).startswith("mine.toml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"title = ", "no TOML"),
        (b"\xff\xfe", "no TOML"),
        (b"#" * 70_000, "more than 65,536 bytes"),
        (b"[" * 4_000, "no TOML"),
    ],
)
def test_a_file_that_is_no_rule_set_is_refused(tmp_path, content, told):
    """Not TOML, not UTF-8, or too large."""
    path = tmp_path / "mine.toml"
    path.write_bytes(content)

    with pytest.raises(DataError, match=told):
        load_rule_set(path)


def test_sets_are_found_by_name_and_subject(tmp_path):
    """Order as asked for; a folder's own set takes the place of one of ours; unknown and foreign names are refused."""
    text = FILES[NAMES.index("word-boundary")].read_text(encoding="utf-8")
    (tmp_path / "word-boundary.toml").write_text(text.replace("as whole words", "mine"), encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")

    assert ["suncoast", "flock-flag"] == [rules.name for rules in load_rule_sets(["suncoast", "flock-flag"])]
    assert "mine" in load_rule_sets(["word-boundary"], folder=tmp_path)[0].title
    assert "mine" in list_rule_sets("immigration", tmp_path)
    for names, subject, told in (
        (["suncost"], "", "Did you mean `suncoast`"), (["suncoast", "suncoast"], "", "twice"), (["suncoast"], "protest", "another subject"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=told):
            load_rule_sets(names, subject)
    with pytest.raises(DataError, match="Subjects: immigration"):
        list_rule_sets("weather")
