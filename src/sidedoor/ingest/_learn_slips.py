"""Names that an OCR layer may have misread: found by their letters and by comparing lists, never corrected.

A reader keeps what the file holds. What is listed here is for a person who has the page before the eyes; a
suspicion may be wrong, as agencies misspell their names too.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sidedoor.ingest._learn_form import is_one_name, load_form, squeeze

# More names than a report has: comparing each with each would take too long.
NAMES_CAP = 4_000
OFTEN, SELDOM = 8, 3

# What OCR takes for one another: sequences of letters first.
_FOLDS = (
    ("rn", "m"), ("ri", "n"), ("tt", "ff"), ("cl", "d"), ("vv", "w"),
    ("i", "l"), ("1", "l"), ("|", "l"), ("0", "o"), ("5", "s"), ("8", "b"),
)  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_STATE = re.compile(r"\s*\(([^()]{2})\)$")


@dataclass(frozen=True)
class Slip:
    """A name that may be misread, where it stands, and why it is suspected."""

    page: int
    row_no: int
    text: str
    why: str


def find_slips(records: list) -> list[Slip]:
    """Find names that OCR may have misread.

    Parameters
    ----------
    records
        With `page`, `row_no`, `name`, `hot_list` and `section.name`.

    Returns
    -------
    One slip for each suspected record, in reading order.
    """
    texts = [f"{record.name} {record.hot_list or ''}" for record in records]
    counts = Counter(word for text in texts for word in _WORD.findall(text))
    often = {word for word, count in counts.items() if count >= OFTEN and len(word) > 3}
    often |= set(load_form()["ocr"]["words"])
    by_fold: dict[str, set[str]] = defaultdict(set)
    for word in often:
        by_fold[fold_letters(word)].add(word)
    odd = {}
    for name in {record.name for record in records}:
        if why := next(check_letters(name), None) or next(check_words(name, counts, often, by_fold), None):
            odd[name] = why
    near = find_near_names(records)
    slips = []
    for record in records:
        text, why = record.name, odd.get(record.name)
        # What is like a misread name need not be misread as well.
        if not why and record.name in near and near[record.name] not in odd:
            why = f"stands as {near[record.name]!r} in another list"
        if not why and (usual := _find_usual_list(record, records)):
            why, text = f"stands as {usual!r} in most rows", record.hot_list
        if why:
            slips.append(Slip(record.page, record.row_no, text, why))
    return slips


def fold_letters(text: str) -> str:
    """Make alike what OCR takes for one another: Corner and Comer, Mann and Marin, Caidwell and Caldwell."""
    text = text.lower()
    for found, put in _FOLDS:
        text = text.replace(found, put)
    return text


def check_letters(name: str) -> Iterator[str]:
    """Say what is odd in the letters of a name."""
    states = set(load_form()["sharing"]["states"])
    for word in re.findall(r"[A-Za-z]+", name):
        seams = [found.start() for found in re.finditer(r"(?<=[a-z])[A-Z]", word)]
        if not all(is_one_name(word[:seam]) for seam in seams):
            yield f"has a capital inside {word!r}: words run together, or a letter misread"
        elif re.match(r"(?:of|and|the)(?:the$|[A-Z])", word):
            yield f"has words run together in {word!r}"
        elif word[2:] in ("SO", "PD", "DA") and word[:2] in states:
            yield f"has words run together in {word!r}"
    for inner in re.findall(r"\(([^()]*)\)", name):
        if not inner.strip():
            yield "has an empty parenthesis"
        elif len(inner) == 2 and inner.isalpha() and inner.upper() not in states:
            yield f"has {inner!r}, which is no state"
    if name.count("(") != name.count(")"):
        yield "has a parenthesis that does not close"


def check_words(name: str, counts: Counter, often: set[str], by_fold: dict[str, set[str]]) -> Iterator[str]:
    """Say which word of a name is rare in this file and nearly one that is frequent."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import extractOne

    for word in _WORD.findall(name):
        if word in often or counts[word] > SELDOM or len(word) < 4 or word.isdigit():
            continue
        near = by_fold.get(fold_letters(word), set()) - {word}
        if word.isupper():  # NAIL for NATL
            near |= {other for other in often if other.isupper() and Levenshtein.distance(word, other) == 1}
        if near:
            yield f"has {word!r}, which may be {min(near)!r}"
        elif len(word) > 5:
            found = extractOne(word, often, scorer=Levenshtein.distance, score_cutoff=1)
            if found and found[0].lower() != word.lower() and not _is_plural(found[0], word):
                yield f"has {word!r}, which may be {found[0]!r}"


def _is_plural(one: str, other: str) -> bool:
    return one + "s" == other or other + "s" == one


def find_near_names(records: list) -> dict[str, str]:
    """Find names that differ by a letter or two from a name that stands only in other lists.

    Two lists of one report hold mostly the same names, each letter by letter alike unless OCR misread one.
    """
    import numpy as np
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    lists: dict[str, set[str]] = defaultdict(set)
    for record in records:
        lists[record.name].add(record.section.name)
    names = sorted(lists)
    if not 1 < len(names) <= NAMES_CAP:
        return {}
    squeezed = [squeeze(name) for name in names]
    far = cdist(squeezed, squeezed, scorer=Levenshtein.distance, score_cutoff=2, dtype=np.uint8)
    near: dict[str, str] = {}
    for i, j in zip(*np.nonzero(np.triu(far <= 2, 1))):
        one, other = names[i], names[j]
        if lists[one] & lists[other] or not _may_be_one(one, other):
            continue
        # The one that stands in fewer lists is the misread one; if both stand in one, either may be.
        if len(lists[one]) <= len(lists[other]):
            near[one] = other
        if len(lists[other]) <= len(lists[one]):
            near[other] = one
    known = load_form()["ocr"]["accounts"]
    return {name: other for name, other in near.items() if name not in known}


def _may_be_one(one: str, other: str) -> bool:
    """Say whether two names that differ little may be one: not if only the state differs."""
    if min(len(squeeze(one)), len(squeeze(other))) < 5 or fold_letters(one) == fold_letters(other):
        return fold_letters(one) == fold_letters(other)
    if _STATE.sub("", one) == _STATE.sub("", other):
        return False
    # Numbers are never misread into one another's neighbors often enough to suspect 21st and 31st.
    return re.sub(r"\d+", "", one) != re.sub(r"\d+", "", other)


def _find_usual_list(record, records: list) -> str | None:
    """Find the hot list of most rows of a list, where this row has one that differs by a letter or two."""
    if not record.hot_list:
        return None
    from rapidfuzz.distance import Levenshtein

    key = record.section
    if not hasattr(key, "usual_list"):
        lists = Counter(other.hot_list for other in records if other.section is key and other.hot_list)
        usual, count = lists.most_common(1)[0]
        key.usual_list = usual if count >= OFTEN and 2 * count > lists.total() else None
    usual = key.usual_list
    if not usual or usual == record.hot_list:
        return None
    return usual if Levenshtein.distance(usual, record.hot_list, score_cutoff=2) <= 2 else None
