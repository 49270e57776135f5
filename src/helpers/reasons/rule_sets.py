"""Rule sets as data: TOML files that say which words of a reason mean what, with tests of their own."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import DataError, offer_nearest
from helpers.files import hash_file
from helpers.reasons.labels import fold_text, name_label
from helpers.searches import engine
from helpers.toml import load_toml

SHIPPED = paths.DATA / "registry" / "reasons"
# Bucket of labels that name another sense of a word: such a reason is settled, and not found.
OTHER_SENSE = "other_sense"
_LARGEST = 1 << 16
_EDGE = "[^a-z0-9]"


@dataclass(frozen=True)
class Label:
    """One name for reasons and the bucket that it counts in.

    It applies if any pattern of `search` is in the reason, and none of `unless` is anywhere in it.
    """

    name: str
    bucket: str
    search: tuple[str, ...]
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleSet:
    """One way of finding a subject in reasons; labels are tried in order, the first that applies is given.

    Attributes
    ----------
    name, title, subject, kind, source_id, note
        What it is, what it looks for, and whose rule it is (`source_id` is empty for our own).
    labels
        Categories first, then labels in the order of the file.
    readings
        Buckets that count as found, by name of the reading, narrowest first; a set without readings has one,
        unnamed.
    sha256
        The beginning of the file's checksum, so that a result says which rule it was made by.
    """

    name: str
    title: str
    subject: str
    kind: str
    source_id: str
    note: str
    labels: tuple[Label, ...]
    readings: dict[str, tuple[str, ...]] = field(hash=False)
    sha256: str = ""

    def list_rules(self) -> dict[str, tuple[str, ...]]:
        """Return the rules that the set has: name of the rule, labels that it counts as found."""
        return {
            f"{self.name}: {reading}" if reading else self.name: tuple(
                label.name for label in self.labels if label.bucket in buckets
            )
            for reading, buckets in self.readings.items()
        }


def load_rule_sets(names: list[str], subject: str = "", folder: Path | str | None = None) -> list[RuleSet]:
    """Return rule sets by name.

    Parameters
    ----------
    names
        Names, in the order wanted; an empty list takes all on the subject.
    subject
        What the sets look for; empty for any.
    folder
        A folder with more rule sets, as TOML; one with a name that the project has replaces it.

    Raises
    ------
    DataError
        A set that is not there, is on another subject, or is not sound.
    """
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    if folder:
        files |= {path.stem: path for path in sorted(paths.find_facts(folder).glob("*.toml"))}
    if unknown := [name for name in names if name not in files]:
        way_out = offer_nearest(unknown[0], files)
        raise DataError("rule sets", f"none named {unknown[0]!r}", way_out, code="unknown-rule-set")
    loaded = [load_rule_set(files[name]) for name in dict.fromkeys(names or files)]
    found = [rules for rules in loaded if not subject or rules.subject == subject]
    if not found or (names and len(found) < len(loaded)):
        subjects = sorted({rules.subject for rules in loaded})
        way_out = offer_nearest(subject, subjects)
        raise DataError("rule sets", f"one or all are not on {subject!r}", way_out, code="other-subject")
    return found


def describe_rule_sets(rule_sets: list[RuleSet]) -> pd.DataFrame:
    """Return a row for each rule set: rule_set, title, kind, source_id (empty for ours), labels_n, sha256."""
    rows = [[one.name, one.title, one.kind, one.source_id, len(one.labels), one.sha256] for one in rule_sets]
    return pd.DataFrame(rows, columns=["rule_set", "title", "kind", "source_id", "labels_n", "sha256"])


def load_rule_set(path: Path | str) -> RuleSet:
    """Return a rule set whose own tests came out as the file says.

    Raises
    ------
    DataError
        The file does not fit the schema `rule-set`, a pattern is refused by the engine, a label has no test,
        or a test does not come out.
    """
    path = Path(path)
    content = load_toml(path, "rule-set", error=DataError, largest=_LARGEST)
    if content["kind"] != "ours" and "source" not in content:
        way_out = 'Write source = "...", a name in the table sources.'
        raise DataError(path.name, "a published rule without its source", way_out, code="missing-key")
    labels = [*map(_read_category, content.get("category", [])), *map(_read_label, content["label"])]
    names = [label.name for label in labels]
    if doubled := sorted(name for name in set(names) if names.count(name) > 1):
        found = f"two labels named {doubled[0]!r}"
        raise DataError(path.name, found, "Give each label a name of its own.", code="doubled")
    about = (content["title"], content["subject"], content["kind"])
    rules = RuleSet(
        path.stem,
        *about,
        content.get("source", ""),
        content.get("note", ""),
        tuple(labels),
        _read_readings(content, labels, path.name),
        hash_file(path)[:16],
    )
    _run_tests(rules, content["test"], path.name)
    return rules


def _read_category(part: dict) -> Label:
    """Read a category of a form: the reason is the category, or begins with it and a dash."""
    literal = re.sub(r"([^a-z0-9 ])", r"\\\1", part["text"].lower().strip())
    return Label(part["label"], part.get("bucket", "found"), (rf"^ ?{literal} ?\z", rf"^ ?{literal} - "))


def _read_label(part: dict) -> Label:
    whole = [rf"^{_EDGE}*(?:{text.replace(' ', f'{_EDGE}+')}){_EDGE}*\z" for text in part.get("whole", [])]
    search = (*part.get("any", []), *whole)
    return Label(part["name"], part.get("bucket", "found"), search, tuple(part.get("unless", [])))


def _read_readings(content: dict, labels: list[Label], place: str) -> dict[str, tuple[str, ...]]:
    buckets = list(dict.fromkeys(label.bucket for label in labels if label.bucket != OTHER_SENSE))
    readings, before = {}, set()
    for number, part in enumerate(content.get("reading", []), 1):
        where = f"{place}, reading {number}"
        if unknown := sorted(set(part["buckets"]) - set(buckets)):
            way_out = f"Buckets: {', '.join(buckets)}."
            raise DataError(where, f"a bucket {unknown[0]!r} that no label has", way_out, code="bucket")
        if not before <= set(part["buckets"]):
            found = "it leaves out a bucket of the reading before"
            raise DataError(where, found, "Write readings from the narrowest to the widest.", code="bucket")
        before = set(part["buckets"])
        readings[part["name"]] = tuple(part["buckets"])
    return readings or {"": tuple(buckets)}


_connect = cache(engine.connect)


def _run_tests(rules: RuleSet, tests: list[dict], place: str) -> None:
    """Give the file's own tests to the engine, which refuses patterns that it cannot read or run fast."""
    import ibis

    texts = ibis.memtable(pd.DataFrame({"text": [one["text"] for one in tests]}))
    try:
        found = _connect().execute(texts.select("text", label=name_label(fold_text(texts.text), rules)))
    except Exception as error:  # the errors of an engine are its own
        refused = next(filter(None, (_refuse(texts, label) for label in rules.labels)), "a pattern")
        way_out = "Write what RE2 and Java both read: no looking ahead or behind, no `\\1`."
        told = f"{refused} is refused by the engine ({type(error).__name__})"
        raise DataError(place, told, way_out, code="pattern") from None
    given = dict(zip(found["text"], found["label"], strict=True))
    for number, test in enumerate(tests, 1):
        if given[test["text"]] != test["label"]:
            told = f"{test['text']!r} is given {given[test['text']]!r}, not {test['label']!r}"
            way_out = "Correct the rule or the test; labels are tried in order."
            raise DataError(f"{place}, test {number}", told, way_out, code="test")
    if missing := sorted({"", *(label.name for label in rules.labels)} - {test["label"] for test in tests}):
        found = f"no test for {missing[0]!r}, where an empty label is a reason that is not found"
        raise DataError(place, found, "Add a [[test]] with text and label.", code="untested")


def _refuse(texts, label: Label) -> str:
    """Name the pattern of a label that the engine refuses, if it is one."""
    for pattern in (*label.search, *label.unless):
        try:
            _connect().execute(texts.select(found=texts.text.re_search(pattern)))
        except Exception:  # the errors of an engine are its own
            return f"label {label.name!r}: a pattern of {len(pattern)} characters, {pattern[:60]!r},"
    return ""
