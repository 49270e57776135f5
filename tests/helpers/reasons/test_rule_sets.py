"""Rule files: those that come with the project do what they promise; a wrong one is refused with its place."""

import tomllib

import pytest

from helpers.errors import DataError
from helpers.facts.tables import load_table
from helpers.reasons import load_rule_set, load_rule_sets
from helpers.reasons.rule_sets import SHIPPED
from made.refusal import refused

from .conftest import label_plainly

FILES = sorted(SHIPPED.glob("*.toml"))
NAMES = [path.stem for path in FILES]
# Words of police reasons that hold the letters of an agency, and words with another sense.
TRAPS = [
    "Office", "Police", "Justice", "notice", "device", "slice", "service", "price", "Investigation",
    "Inv", "hero", "in custody", "press charges", "church burglary", "bail jumping", "Temple TX",
]  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_shipped_sets_are_sound_and_name_their_source(path):
    """Each loads, so its own tests come out in the engine; they come out in plain Python too."""
    rules = load_rule_set(path)
    content = tomllib.loads(path.read_text(encoding="utf-8"))

    assert rules.labels and rules.note and len(content["test"]) > len(rules.labels)
    assert all(label_plainly(path.stem, test["text"]) == test["label"] for test in content["test"])
    assert bool(rules.source_id) == (rules.kind != "ours")
    assert not rules.source_id or rules.source_id in set(load_table("sources")["source_id"])


def test_there_are_enough_documented_families():
    """Four published families and our own on immigration; other subjects have two sets each."""
    sets = load_rule_sets([])
    published = [rules for rules in sets if rules.subject == "immigration" and rules.kind != "ours"]

    assert len({rules.source_id for rules in published}) >= 3 and len(published) >= 4
    for subject in ("protest", "reproductive health", "traffic", "no reason"):
        assert len([rules for rules in sets if rules.subject == subject]) >= 2


@pytest.mark.parametrize("text", TRAPS)
def test_no_immigration_in_the_words_of_police(text):
    """Whole-word rules find nothing in words that only hold the letters."""
    rules = ["house-immigration", "word-boundary", "suncoast", "whole-cell"]
    assert [""] * 4 == [label_plainly(name, text) for name in rules]
    assert bool(label_plainly("newsroom-contains", text)) == (text in TRAPS[:8])


BUCKETS = {
    "HSI": "agency_named",
    "Homeland Security Investigations": "agency_named",
    "ICE": "ambiguous",
    "ice": "ambiguous",
    "ICE/ERO": "explicit_civil_immigration",
    "immigration": "explicit_civil_immigration",
    "ice, 3 grams": "other_sense",
    "immigration scam": "ambiguous",
    "Immigration (civil/administrative) - HSI": "explicit_civil_immigration",
}


def test_our_reading_of_hard_cases():
    """HSI is no civil immigration, a bare `ice` is not settled; three readings from narrow to wide."""
    (rules,) = load_rule_sets(["house-immigration"])
    buckets = {one.name: one.bucket for one in rules.labels}
    narrow, agency, wide = (set(one) for one in rules.readings.values())

    assert {text: buckets[label_plainly("house-immigration", text)] for text in BUCKETS} == BUCKETS
    names = ["explicit", "explicit or agency", "any sense"]
    assert [f"house-immigration: {name}" for name in names] == list(rules.list_rules())
    assert narrow < agency < wide


LABEL = '[[label]]\nname = "a"\nany = ["ab"]\n'
TESTS = '[[test]]\ntext = "ab"\nlabel = "a"\n[[test]]\ntext = "b"\nlabel = ""\n'
HEAD = 'title = "T"\nsubject = "s"\nkind = "ours"\n'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD.replace("title", "titel") + LABEL + TESTS, "unknown-key"),
        (HEAD.replace("ours", "documented") + LABEL + TESTS, "missing-key"),
        (HEAD + LABEL.replace('"ab"', '"AB"') + TESTS, "wrong-value"),
        (HEAD + LABEL.replace('"ab"', '"(?=x)"') + TESTS, "pattern"),
        (HEAD + LABEL.replace('"ab"', '"("') + TESTS, "pattern"),
        (HEAD + LABEL + LABEL + TESTS, "doubled"),
        (HEAD + LABEL + '[[reading]]\nname = "r"\nbuckets = ["x"]\n' + TESTS, "bucket"),
        (HEAD + LABEL + TESTS.replace('label = "a"', 'label = ""'), "test"),
        (HEAD + LABEL + TESTS.split('[[test]]\ntext = "b"')[0], "untested"),
        ("#" * 70_000, "unreadable"),
    ],
)
def test_a_wrong_rule_set_is_refused_with_its_place(tmp_path, text, code):
    """Keys, values, patterns that the engine refuses, doubled labels, readings and a file's own tests."""
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_rule_set(path)

    assert caught.value.code == code and caught.value.place.startswith("mine.toml") and caught.value.way_out


def test_a_pattern_that_python_would_run_for_ages_is_harmless(tmp_path):
    """Tests of a file run in the engine, whose patterns take linear time."""
    path = tmp_path / "mine.toml"
    text = HEAD + LABEL.replace('"ab"', '"ab", "(x+x+)+y"') + TESTS.replace('"b"', f'"{"x" * 290}"')
    path.write_text(text, encoding="utf-8")

    assert load_rule_set(path).labels[0].name == "a"


def test_sets_are_found_by_name_and_subject(tmp_path):
    """Order as asked for; a folder's own set replaces one of ours; unknown and foreign names are refused."""
    text = (SHIPPED / "word-boundary.toml").read_text(encoding="utf-8")
    (tmp_path / "word-boundary.toml").write_text(text.replace("as whole words", "mine"), encoding="utf-8")

    assert ["suncoast", "flock-flag"] == [rules.name for rules in load_rule_sets(["suncoast", "flock-flag"])]
    assert "mine" in load_rule_sets(["word-boundary"], folder=tmp_path)[0].title
    for names, subject, code in (
        (["suncost"], "", "unknown-rule-set"),
        (["suncoast"], "protest", "other-subject"),
        ([], "weather", "other-subject"),
    ):
        with refused(code, DataError):
            load_rule_sets(names, subject)
