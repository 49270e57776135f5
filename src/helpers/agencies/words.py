"""The vocabulary of agency names: read from `data/registry/agency_words.toml`, arranged for lookup."""

import re
from functools import lru_cache
from typing import NamedTuple

import us
from rapidfuzz.distance import OSA

from helpers import paths
from helpers.toml import parse_toml

Phrase = tuple[str, ...]

KINDS = tuple(
    "police sheriff state_police campus_police district_attorney fusion_center federal company pool"
    " vendor_demo not_an_agency other".split()
)
# Postal code -> name, and the name's words -> postal code; the District of Columbia and territories included.
STATES = {state.abbr: state.name for state in [*us.STATES, us.states.DC, *us.TERRITORIES]}
STATE_WORDS = {tuple(name.lower().split()): code for code, name in STATES.items()}
_STATE_NAME_WORDS = {word for name in STATE_WORDS for word in name}
# Lists of `[kinds]` whose entries are single words; all others are phrases.
_WORD_SETS = frozenset(
    "campus dps_is_state_police statewide place_before_state forms federal_fillers agency_words"
    " agency_abbreviations person_ranks".split()
)
# Kinds whose phrases are looked for anywhere in a name, or at its beginning (`_start`), in this order.
SEARCHED_KINDS = ("pool", "vendor_demo", "fusion_center", "company")
# Where a scan has lost the space before a word of a role.
CAMEL = re.compile(
    "(?<=[a-z])(?=(?:Police|Sheriff|Department|Dept|Office|District|Attorney|Agency|County)(?![a-z]{3}))"
)


class Role(NamedTuple):
    """A role: the kind of agency that has it, its rank among several, whether states have it."""

    kind: str
    rank: int
    is_statewide: bool


class Words(NamedTuple):
    """The vocabulary, arranged for lookup. Phrases are tuples of words, the longest first."""

    roles: dict[str, Role]
    phrases: list[tuple[Phrase, str]]  # with the role that each one means
    codes: dict[str, str]
    ambiguous: dict[str, str]
    abbreviations: dict[str, str]
    directions: dict[str, str]
    aliases: list[tuple[Phrase, Phrase, bool, str]]  # short, long, only at the start, state
    federal: list[dict]
    kinds: dict[str, list | set]
    inactive: list[Phrase]
    products: set[Phrase]
    folds: list[list[str]]
    mend: list[str]
    first_words: frozenset[str]  # of the phrases of roles
    role_words: frozenset[str]
    known: frozenset[str]  # all words of the vocabulary


def _split(phrases: list[str]) -> list[Phrase]:
    return sorted((tuple(phrase.split()) for phrase in phrases), key=lambda words: (-len(words), words))


@lru_cache(maxsize=1)
def load_words() -> Words:
    """Return the vocabulary, read once per process."""
    raw = parse_toml(paths.DATA / "registry" / "agency_words.toml")
    roles, phrases, codes = {}, [], {}
    for rank, (name, role) in enumerate(raw["roles"].items()):
        roles[name] = Role(role["kind"], rank, role.get("statewide", False))
        phrases += [(words, name) for words in _split(role["phrases"])]
        codes |= {code: name for code in role.get("codes", ())}
    phrases.sort(key=lambda item: (-len(item[0]), roles[item[1]].rank, item[0]))
    kinds = {
        name: set(value) if name in _WORD_SETS else _split(value) for name, value in raw["kinds"].items()
    }
    federal = [entry | {"phrases": _split(entry["phrases"])} for entry in raw["federal"]]
    aliases = [
        (tuple(e["short"].split()), tuple(e["long"].split()), e.get("start", False), e.get("state", ""))
        for e in raw["aliases"]
    ]
    marks, scan = raw["marks"], raw.pop("scan")
    return Words(
        roles=roles,
        phrases=phrases,
        codes=codes,
        ambiguous=raw["ambiguous_codes"],
        abbreviations=raw["abbreviations"],
        directions=raw["directions"],
        aliases=aliases,
        federal=federal,
        kinds=kinds,
        inactive=_split(marks["inactive"]),
        products=set(_split(marks["products"])),
        folds=scan["folds"],
        mend=scan["mend"],
        first_words=frozenset(phrase[0] for phrase, _ in phrases),
        role_words=frozenset(word for phrase, _ in phrases for word in phrase),
        known=frozenset(word for text in _list_texts(raw) for word in text.split()) | _STATE_NAME_WORDS,
    )


def _list_texts(value) -> list[str]:
    """Return all texts of a part of the file, keys of tables included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *_list_texts(list(value.values()))]
    return [text for item in value for text in _list_texts(item)] if isinstance(value, list) else []


def find_words(tokens: list[str], phrase: Phrase, start: bool = False) -> int:
    """Return where a run of words begins, or -1; with `start` only at the beginning."""
    size = len(phrase)
    for at in range(min(1, len(tokens)) if start else len(tokens) - size + 1):
        if tokens[at] == phrase[0] and tuple(tokens[at : at + size]) == phrase:
            return at
    return -1


@lru_cache(maxsize=65536)
def mend_word(word: str) -> str:
    """Return a word of the vocabulary for one in which a letter is wrong, missing, doubled or misread."""
    words = load_words()
    if len(word) < 5 or word in words.known:
        return word
    folded = fold_scan(word)
    for good in words.mend:
        if word[0] != good[0] and word[-1] != good[-1] or abs(len(word) - len(good)) > 3:
            continue
        if folded == fold_scan(good) or len(word) > 5 and OSA.distance(word, good, score_cutoff=1) <= 1:
            return good
    return word


def fold_scan(text: str) -> str:
    """Return a text with letters that a scan confuses folded, so that two readings meet (Marin, Mann)."""
    for bad, good in load_words().folds:
        text = text.replace(bad, good)
    return text
