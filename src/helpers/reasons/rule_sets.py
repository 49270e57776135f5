"""Rule sets as data: TOML files that say which words of a reason mean what, checked before they are used."""

import difflib
import hashlib
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers import paths as _paths
from helpers.errors import DataError
from helpers.reasons.fold import fold
from helpers.reasons.patterns import Pattern, check_pattern, to_python

SHIPPED = _paths.DATA / "registry" / "reasons"
# Bucket of labels that name another sense of a word: such a reason is settled, and not found.
OTHER_SENSE = "other_sense"
# `documented`: patterns or words as published. `reading`: words as published, how they were matched is our reading.
KINDS = ("documented", "reading", "ours")
# Largest file, longest line (on a key of thousands of parts TOML is minutes) [bytes], and most patterns.
_CAP, _LINE, _MOST = 1 << 16, 1 << 12, 200
_NAME = r"[a-z0-9]+(-[a-z0-9]+)*"
_KEYS: dict[str, dict[str, type]] = {
    "": {"title": str, "subject": str, "kind": str, "source": str, "note": str, "category": list, "label": list,
         "reading": list, "test": list},
    "category": {"text": str, "label": str, "bucket": str},
    "label": {"name": str, "bucket": str, "any": list, "whole": list, "unless": list},
    "reading": {"name": str, "buckets": list},
    "test": {"text": str, "label": str},
}  # fmt: skip
_NEEDED = {"": ("title", "subject", "kind", "label", "test"), "category": ("text", "label"), "label": ("name",),
           "reading": ("name", "buckets"), "test": ("text", "label")}  # fmt: skip


@dataclass(frozen=True)
class Label:
    """One name for reasons, and the patterns that give it.

    Attributes
    ----------
    name, bucket
        The name, and the bucket that it counts in.
    search
        Any of these makes it apply.
    unless
        Any of these keeps it from applying, wherever it stands in the reason.
    category
        The label is a form's own category, read from the beginning of a reason.
    """

    name: str
    bucket: str
    search: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()
    category: bool = False


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
        Buckets that count as found, by name of the reading; a set without readings has one, unnamed.
    sha256
        The first signs of the file's checksum, so that a result says which rule it was made by.
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
        """List the rules that the set stands for: name of the rule, labels that it counts as found."""
        return {
            f"{self.name}: {reading}" if reading else self.name: tuple(
                label.name for label in self.labels if label.bucket in buckets
            )
            for reading, buckets in self.readings.items()
        }

    def find_bucket(self, label: str) -> str:
        """Give the bucket of a label, empty for none."""
        return next((own.bucket for own in self.labels if own.name == label), "")

    def classify(self, text: str) -> str:
        """Give the label of one reason, empty if none applies. For rule files' own tests; logs are read by engines."""
        text = fold(text)
        for label in self.labels:
            if _finds(label.search, text) and not _finds(label.unless, text):
                return label.name
        return ""


def list_rule_sets(subject: str = "", folder: Path | str | None = None) -> list[str]:
    """List the names of rule sets that come with the project, and of those in a folder, by subject if one is given.

    Raises
    ------
    DataError
        There is none on that subject.
    """
    sets = load_rule_sets([], folder=folder)
    found = [rules.name for rules in sets if not subject or rules.subject == subject]
    if not found:
        known = ", ".join(sorted({rules.subject for rules in sets}))
        raise DataError("rule sets", f"none on the subject {subject!r}", f"Subjects: {known}.")
    return found


def load_rule_sets(names: list[str], subject: str = "", folder: Path | str | None = None) -> list[RuleSet]:
    """Load rule sets by name.

    Parameters
    ----------
    names
        Names, in the order wanted; an empty list takes all on the subject.
    subject
        What the sets must look for; empty for any.
    folder
        A folder with more rule sets, as TOML; one of a name that the project has takes its place.

    Raises
    ------
    DataError
        A set that is not there, is on another subject, or is not sound.
    """
    paths = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    if folder:
        paths |= {path.stem: path for path in sorted(_paths.find_facts(folder).glob("*.toml"))}
    for name in names:
        if name not in paths:
            near = difflib.get_close_matches(name, paths, n=1)
            way_out = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(paths)}."
            raise DataError("rule sets", f"none named {name!r}", way_out)
    if len(set(names)) < len(names):
        raise DataError("rule sets", "one is named twice", "Name each once.")
    loaded = [load_rule_set(paths[name]) for name in names or paths]
    wrong = [rules.name for rules in loaded if subject and rules.subject != subject]
    if names and wrong:
        raise DataError(
            "rule sets", f"`{wrong[0]}` is on another subject than {subject!r}", "Name sets on one subject."
        )
    return [rules for rules in loaded if rules.name not in wrong]


def describe_rule_sets(rule_sets: list[RuleSet]):
    """Describe rule sets for readers.

    Returns
    -------
    DataFrame, one row for each set: rule_set, title, kind, source_id (empty for our own), labels_n, patterns_n, sha256 (of
    the file, its first signs).
    """
    import pandas as pd

    rows = [
        [
            one.name,
            one.title,
            one.kind,
            one.source_id,
            len(one.labels),
            sum(len(label.search) for label in one.labels),
            one.sha256,
        ]
        for one in rule_sets
    ]
    return pd.DataFrame(
        rows, columns=["rule_set", "title", "kind", "source_id", "labels_n", "patterns_n", "sha256"]
    )


def load_rule_set(path: Path | str) -> RuleSet:
    """Load a rule set, check it key by key and sign by sign, and run its own tests.

    Raises
    ------
    DataError
        With file and place: it is no TOML, too large, holds an unknown key, a pattern that engines read differently, a
        label twice, or a test that does not come out.
    """
    path = Path(path)
    place = path.name
    try:
        if not path.is_file():
            raise FileNotFoundError(0, "there is no such file")
        with path.open("rb") as file:
            data = file.read(_CAP + 1)
    except OSError as error:
        raise DataError(place, f"it cannot be read ({error.strerror})", "Check the path.") from None
    if len(data) > _CAP or max(map(len, data.splitlines()), default=0) > _LINE:
        found = f"more than {_CAP:,} bytes, or than {_LINE:,} in a line"
        raise DataError(place, found, "A rule set is a short list of words.")
    try:
        content = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            place, f"no TOML ({str(error)[:200]})", "Write patterns in single quotes: '\\bice\\b'."
        ) from None
    return replace(check_rule_set(content, path.stem, place), sha256=hashlib.sha256(data).hexdigest()[:16])


def check_rule_set(content: dict, name: str, place: str) -> RuleSet:
    """Check the content of a rule file and compile it."""
    if not re.fullmatch(_NAME, name):
        raise DataError(
            place, "a file name that is no plain name", "Use small letters, digits and hyphens: my-rule.toml."
        )
    _check_keys(content, "", place)
    if content["kind"] not in KINDS:
        raise DataError(place, f"kind = {content['kind']!r}", f"It is one of {', '.join(KINDS)}.")
    if content["kind"] != "ours" and not content.get("source"):
        raise DataError(
            place, "a published rule without its source", 'Write source = "...", a name in the table sources.'
        )
    labels = [
        *(_read_category(part, f"{place}, category {n}") for n, part in _walk(content, "category", place)),
        *(_read_label(part, f"{place}, label {n}") for n, part in _walk(content, "label", place)),
    ]
    names = [label.name for label in labels]
    twice = next((label for label in names if names.count(label) > 1), None)
    if twice or not 1 <= sum(len(label.search) for label in labels) <= _MOST:
        found = f"two labels named {twice!r}" if twice else f"no pattern, or more than {_MOST}"
        raise DataError(place, found, "Give each label a name of its own, and at least one pattern.")
    rules = RuleSet(
        name, content["title"], content["subject"], content["kind"], content.get("source", ""), content.get("note", ""),
        tuple(labels), _read_readings(content, labels, place),
    )  # fmt: skip
    _run_tests(rules, content, place)
    return rules


def _check_keys(part: object, kind: str, place: str) -> None:
    if not isinstance(part, dict):
        raise DataError(place, "it is no table", f"Write [[{kind}]] and its keys below.")
    known = _KEYS[kind]
    for key, value in part.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise DataError(
                place,
                f"a key {key!r} that is not known",
                f"Did you mean `{near[0]}`?" if near else f"Keys: {', '.join(known)}.",
            )
        if not isinstance(value, known[key]):
            raise DataError(
                place, f"{key} is no {known[key].__name__}", "Texts stand in quotes, lists in [ ]."
            )
    for key in _NEEDED[kind]:
        if key not in part:
            raise DataError(place, f"no {key}", f"Write {key} = ...")


def _walk(content: dict, kind: str, place: str):
    for number, part in enumerate(content.get(kind, []), 1):
        _check_keys(part, kind, f"{place}, {kind} {number}")
        yield number, part


def _read_category(part: dict, place: str) -> Label:
    """Read a category of a form: the reason is the category, or begins with it and a dash."""
    text = fold(part["text"]).strip()
    if not text:
        raise DataError(place, "a category without text", "Write it as the form prints it.")
    literal = "".join(f"\\{sign}" if sign in "\\.+*?()[]{}|^$" else sign for sign in text)
    patterns = [Pattern(part["text"], search) for search in (rf"^ *{literal} *\z", rf"^ *{literal} +- ")]
    return Label(part["label"], part.get("bucket", "found"), tuple(patterns), category=True)


def _read_label(part: dict, place: str) -> Label:
    made = {
        key: tuple(
            check_pattern(text, f"{place}, {key} {n}", whole=key == "whole")
            for n, text in enumerate(part.get(key, []), 1)
        )
        for key in ("any", "whole", "unless")
    }
    if not made["any"] + made["whole"]:
        raise DataError(place, "a label without a pattern", "Write any = ['...'] or whole = ['...'].")
    return Label(part["name"], part.get("bucket", "found"), made["any"] + made["whole"], made["unless"])


def _read_readings(content: dict, labels: list[Label], place: str) -> dict[str, tuple[str, ...]]:
    buckets = list(dict.fromkeys(label.bucket for label in labels if label.bucket != OTHER_SENSE))
    readings = {}
    for number, part in _walk(content, "reading", place):
        unknown = [bucket for bucket in part["buckets"] if bucket not in buckets]
        if unknown or not part["buckets"]:
            found = f"a bucket {unknown[0]!r} that no label has" if unknown else "no bucket"
            raise DataError(f"{place}, reading {number}", found, f"Buckets: {', '.join(buckets)}.")
        readings[part["name"]] = tuple(part["buckets"])
    return readings or {"": tuple(buckets)}


def _run_tests(rules: RuleSet, content: dict, place: str) -> None:
    tried = set()
    for number, part in _walk(content, "test", place):
        found = rules.classify(part["text"])
        tried.add(part["label"])
        if found != part["label"]:
            told = f"{part['text']!r} is given {found!r}, not {part['label']!r}"
            raise DataError(
                f"{place}, test {number}", told, "Correct the rule or the test; labels are tried in order."
            )
    missing = [label for label in ("", *(label.name for label in rules.labels)) if label not in tried]
    if missing:
        told = (
            f"no test for {missing[0]!r}"
            if missing[0]
            else 'no test of a reason that is not found (label = "")'
        )
        raise DataError(place, told, "Add a [[test]] with text and label.")


def _finds(patterns: tuple[Pattern, ...], text: str) -> bool:
    return any(to_python(pattern.search).search(text) for pattern in patterns)
