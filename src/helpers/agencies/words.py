"""The vocabulary of agency names: read from `data/registry/agency_words.toml`, arranged for lookup."""

import re
import tomllib
from functools import lru_cache
from typing import NamedTuple

import us
from rapidfuzz.distance import OSA

from helpers import paths

KINDS = (
    "police", "sheriff", "state_police", "campus_police", "district_attorney", "fusion_center", "federal", "company",
    "pool", "vendor_demo", "not_an_agency", "other",
)  # fmt: skip


class Role(NamedTuple):
    """A role: its short name, how it is written out, whose it is, its rank among roles found, and if states have it."""

    name: str
    label: str
    kind: str
    rank: int
    is_statewide: bool


class Words(NamedTuple):
    """The vocabulary, arranged for lookup. Phrases are tuples of words, the longest first."""

    roles: dict[str, Role]
    phrases: list[tuple[tuple[str, ...], str]]
    role_phrases: frozenset[tuple[str, ...]]
    codes: dict[str, str]
    ambiguous: dict[str, str]
    abbreviations: dict[str, str]
    directions: dict[str, str]
    aliases: list[tuple[tuple[str, ...], tuple[str, ...], bool, str]]
    federal: list[dict]
    kinds: dict[str, list]
    inactive: list[tuple[str, ...]]
    products: set[tuple[str, ...]]
    folds: list[tuple[str, str]]
    mend: list[str]
    role_index: dict[str, list[tuple[tuple[str, ...], str]]]
    role_words: frozenset[str]
    kind_words: frozenset[str]
    alias_words: frozenset[str]
    mark_words: frozenset[str]
    triggers: frozenset[str]


# Postal code -> name, and the name's words -> postal code; the territories and the District of Columbia included.
STATES = {state.abbr: state.name for state in [*us.STATES, us.states.DC, *us.TERRITORIES]}
STATE_WORDS = {tuple(name.lower().split()): code for code, name in STATES.items()}


def _split(phrases: list[str]) -> list[tuple[str, ...]]:
    return sorted((tuple(phrase.split()) for phrase in phrases), key=lambda words: (-len(words), words))


@lru_cache(maxsize=1)
def load_words() -> Words:
    """Load the vocabulary once per process."""
    raw = tomllib.loads((paths.DATA / "registry" / "agency_words.toml").read_text(encoding="utf-8"))
    roles, phrases, codes = {}, [], {}
    for rank, (name, role) in enumerate(raw["roles"].items()):
        roles[name] = Role(name, role["label"], role["kind"], rank, role.get("statewide", False))
        phrases += [(words, name) for words in _split(role["phrases"])]
        codes |= {code: name for code in role.get("codes", ())}
    phrases.sort(key=lambda item: (-len(item[0]), roles[item[1]].rank, item[0]))
    kinds = {name: set(value) if name in _SETS else _split(value) for name, value in raw["kinds"].items()}
    federal = [entry | {"phrases": _split(entry["phrases"])} for entry in raw["federal"]]
    aliases = [
        (
            tuple(entry["short"].split()),
            tuple(entry["long"].split()),
            entry.get("start", False),
            entry.get("state", ""),
        )
        for entry in raw["aliases"]
    ]
    words = Words(
        roles, phrases, frozenset(phrase for phrase, _ in phrases), codes, raw["ambiguous_codes"],
        raw["abbreviations"], raw["directions"], aliases, federal,
        kinds, _split(raw["marks"]["inactive"]), set(_split(raw["marks"]["products"])),
        [tuple(pair) for pair in raw["scan"]["folds"]], raw["scan"]["mend"], index_phrases(phrases),
        frozenset(word for phrase, _ in phrases for word in phrase),
        frozenset(phrase[0] for entry in federal for phrase in entry["phrases"])
        | {code.lower() for entry in federal for code in entry["codes"]}
        | {phrase[0] for name in _SEARCHED for phrase in kinds[name]} | {"us", "united"},
        frozenset(short[0] for short, *_ in aliases) | {"county", "state", "port"},
        frozenset(phrase[0] for phrase in _split(raw["marks"]["inactive"])) | {"-"}, frozenset(),
    )  # fmt: skip
    return words._replace(triggers=_find_triggers(words))


# Words of so many place names that no rule may hang on one of them alone.
_OFTEN = {
    "north", "south", "east", "west", "new", "county", "city", "town", "township", "village", "borough", "park", "lake",
    "port", "fort", "mount", "old", "high", "the", "los", "las", "saint", "hall", "center", "metro",
}  # fmt: skip


def _find_triggers(words: Words) -> frozenset[str]:
    """Collect words so that whenever any rule could fire, one of them is in the name. Without: place, role, state."""
    single = set(words.codes) | set(words.ambiguous) | set(words.abbreviations) | set(words.directions)
    single |= {code.lower() for entry in words.federal for code in entry["codes"]} | {
        code.lower() for code in STATES
    }
    single |= {"of", "count", "station", "precinct", "campus"} | words.kinds["campus"]
    phrases = (
        [phrase for phrase, _ in words.phrases] + [short for short, *_ in words.aliases] + list(STATE_WORDS)
    )
    phrases += [phrase for entry in words.federal for phrase in entry["phrases"]]
    phrases += [phrase for name in _SEARCHED for phrase in words.kinds[name]] + [
        *words.inactive,
        *words.products,
    ]
    for phrase in phrases:
        if single.isdisjoint(phrase):
            rare = [word for word in phrase if word not in _OFTEN] or phrase
            single.add(max(rare, key=lambda word: (len(word), word)))
    return frozenset(single)


_SETS = ("campus", "dps_is_state_police", "statewide", "place_before_state", "forms", "federal_fillers", "agency_words", "person_ranks")
# Kinds whose phrases are looked for anywhere in a name, or at its beginning (`_start`).
_SEARCHED = (
    "fusion_center", "fusion_center_start", "pool", "vendor_demo", "vendor_demo_start", "company", "not_an_agency",
)  # fmt: skip


def index_phrases(phrases: list[tuple]) -> dict[str, list[tuple]]:
    """Arrange phrases (or tuples that begin with one) by their first word, in the given order."""
    index: dict[str, list[tuple]] = {}
    for item in phrases:
        phrase = item[0] if isinstance(item[0], tuple) else item
        index.setdefault(phrase[0], []).append(item)
    return index


def replace_words(
    tokens: list[str], short: tuple[str, ...], long: tuple[str, ...], start: bool = False
) -> bool:
    """Replace a run of words in place; tell whether it was there."""
    size = len(short)
    for at in range(1 if start else len(tokens) - size + 1):
        if tuple(tokens[at : at + size]) == short:
            tokens[at : at + size] = long
            return True
    return False


def find_words(tokens: list[str], phrase: tuple[str, ...], start: bool = False) -> int:
    """Find where a run of words begins, or -1."""
    size = len(phrase)
    for at in range(min(1, len(tokens)) if start else len(tokens) - size + 1):
        if tokens[at] == phrase[0] and tuple(tokens[at : at + size]) == phrase:
            return at
    return -1


@lru_cache(maxsize=65536)
def mend_word(word: str) -> str:
    """Mend a word of the vocabulary in which one letter is wrong, missing, doubled or misread by a scan."""
    if len(word) < 5 or word in load_words().triggers:
        return word
    folded = ""
    for good, good_folded in _list_mendable():
        if word[0] != good[0] and word[-1] != good[-1] or abs(len(word) - len(good)) > 3:
            continue
        if word == good:
            return word
        folded = folded or fold_scan(word)
        if folded == good_folded or (len(word) > 5 and OSA.distance(word, good, score_cutoff=1) <= 1):
            return good
    return word


@lru_cache(maxsize=1)
def _list_mendable() -> list[tuple[str, str]]:
    return [(good, fold_scan(good)) for good in load_words().mend]


def fold_scan(text: str) -> str:
    """Fold letters that a scan confuses, so that two readings of one word become equal (Marin, Mann)."""
    for bad, good in load_words().folds:
        if bad in text:
            text = text.replace(bad, good)
    return text


# Where a scan has lost the space before a word of a role.
CAMEL = re.compile(
    "(?<=[a-z])(?=(?:Police|Sheriff|Department|Dept|Office|District|Attorney|Agency|County)(?![a-z]{3}))"
)
