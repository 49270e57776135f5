"""Check a cell that should hold an agency's name: hidden characters, mixed alphabets, a person's name."""

import re
import unicodedata
from functools import lru_cache

from helpers.agencies.parse import parse_name
from helpers.agencies.words import find_words, load_words

# Characters without width and characters that turn the direction of a line, as a regular expression that
# Python and DuckDB both read. Two names that differ only in them look alike; one can mirror the next words.
HIDDEN_CHARACTERS = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# These, and control characters but tab and line ends: nothing of them is shown in a name.
UNSHOWN_CHARACTERS = HIDDEN_CHARACTERS[:-1] + r"\x00-\x08\x0e-\x1f\x7f-\x9f]"
_HIDDEN = re.compile(UNSHOWN_CHARACTERS)
_WORD = re.compile(r"[^\W_]+")
# One account name of capitals alone: LVMPD, OCSD, TXDPS, LCSO. No vowel before SO: ALONSO is a surname.
_INITIALS = re.compile(r"[A-Z]{1,5}(?:PD|SD|DPS)|[B-DF-HJ-NP-TV-Z]{1,4}SO")


def clean_name(text: str) -> tuple[str, int]:
    """Return a name without hidden characters and double spaces, and how many hidden characters it had."""
    shown, removed = _HIDDEN.subn("", text)
    return " ".join(shown.split()), removed


def mixes_alphabets(text: str) -> bool:
    """Return whether letters of more than one of Latin, Greek, Cyrillic and others stand in one name.

    A Cyrillic letter that looks like a Latin one makes a second agency that nobody can tell from the first.
    """
    alphabets = {unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha()}
    return len(alphabets) > 1


@lru_cache(maxsize=65536)
def looks_like_agency(text: str) -> bool:
    """Return whether a text holds a word by which an agency names itself, and no rank of a person before it.

    Police, County, PD, University, Task Force or ICE do; `Jane Roe`, `Det. Roe` and a bare town do not.
    One name proves nothing: a column of which more than a small part fails holds something else.
    """
    words = load_words()
    name, _ = clean_name(text)
    printed = _WORD.findall(name)
    tokens = [word.lower() for word in printed]
    if not tokens or tokens[0] in words.kinds["person_ranks"]:
        return False
    known = words.kinds["agency_words"] | words.kinds["agency_abbreviations"]
    is_short_name = name.isupper() and any((name.lower(),) == short for short, *_ in words.aliases)
    if _INITIALS.fullmatch(name) or is_short_name or not known.isdisjoint(tokens):
        return True
    if any(find_words(tokens, phrase) >= 0 for phrase in words.kinds["agency_phrases"]):
        return True
    read = parse_name(name)
    if "," in name or printed[-1].istitle() and tokens[-1] in words.codes:
        return read.kind == "federal" and "," not in name  # Roe, Da; Ming So
    return bool(read.role) or read.kind not in ("other", "not_an_agency")
