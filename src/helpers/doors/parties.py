"""Who they are: kinds of the agencies that lists and logs name, and which names may be one agency's."""

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers.agencies import Registry, compare_names, parse_name
from helpers.agencies.compare import ALIKE_FROM

# Where one account's name puts two bodies side by side.
_JOINTS = re.compile(r"\s[-\u2013/|]\s|/|\(|\)|\s(?:at|with)\s")
_NO_BODY = ("not_an_agency", "pool")
# Of kinds of agencies; all others are local.
_PARTIES = {"fusion_center": "center", "vendor_demo": "demo", "not_an_agency": "unknown"}
_PARTIES |= {kind: kind for kind in ("federal", "company", "pool")}
_ROWS = 512  # rows of a similarity matrix at a time: memory stays flat


def describe_parties(names: Iterable[str]) -> pd.DataFrame:
    """Return the bodies behind names as printed, one row per distinct name, sorted.

    Columns: name; party (`local`, `federal`, `center`, `joint`, `company`, `pool`, `demo` or `unknown`: a
    state of the fact `searcher` where it is one); state (postal code or empty); federal_id (of the federal
    agency, or empty).
    """
    rows = []
    for name in sorted({"" if _is_missing(name) else str(name) for name in names}):
        read = parse_name(name)
        rows.append((name, _find_party(name, read), read.state, read.role if read.kind == "federal" else ""))
    return pd.DataFrame(rows, columns=["name", "party", "state", "federal_id"], dtype="str")


def _is_missing(name) -> bool:
    return name is None or name is pd.NA or name != name


def _find_party(name: str, read) -> str:
    """Find the party; a name that joins a local and a federal body is told by its parts."""
    may_be_joint = read.kind in ("federal", "police", "sheriff", "other") and not name.startswith("[Federal]")
    if may_be_joint and _JOINTS.search(name):
        parts = [parse_name(part.strip()) for part in _JOINTS.split(name) if part.strip()]
        kinds = {part.kind for part in parts}
        local = {part.kind for part in parts if part.role and part.place}
        if "federal" in kinds and local & {"police", "sheriff", "state_police", "campus_police"}:
            return "joint"
    return _PARTIES.get(read.kind, "local")


def match_names(
    names: Iterable[str], others: Iterable[str], registry: Registry | None = None, same: Iterable[tuple] = ()
) -> pd.DataFrame:
    """Return the pairs of names, from two lists as printed, that are one agency's or may be.

    Parameters
    ----------
    registry
        Agencies known, as in `agencies.compare_names`: settles names without a state.
    same
        Pairs of names that a person found to be one agency's; they overrule every rule.

    Returns
    -------
    DataFrame, one row per pair that is the same or may be, sorted: name, other, outcome (`same` or
    `unsure`), why. Pairs that are different or have nothing alike are left out. Names of the same words in
    another order are never different, only unsure.
    """
    names, others = (sorted({str(n) for n in part if not _is_missing(n)} - {""}) for part in (names, others))
    decided = {frozenset((_fold(a), _fold(b))) for a, b in same}
    told = {name for pair in decided for name in pair}
    pairs = set(_find_near(names, others))
    pairs |= {(a, b) for a in names if _fold(a) in told for b in others if _fold(b) in told}
    rows = []
    for name, other in sorted(pairs):
        outcome, why = "same", "printed alike"
        if frozenset((_fold(name), _fold(other))) in decided:
            why = "decided by a person"
        elif _fold(name) != _fold(other):
            outcome, _, why = compare_names(name, other, registry)
            if outcome == "different" and _bag_words(name) == _bag_words(other):
                outcome, why = "unsure", "the same words in another order"
        if outcome in ("same", "unsure"):
            rows.append((name, other, outcome, why))
    return pd.DataFrame(rows, columns=["name", "other", "outcome", "why"], dtype="str")


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())


@lru_cache(maxsize=65536)
def _bag_words(name: str) -> tuple:
    """Gather role and words of a name, without order and small words."""
    read = parse_name(name)
    words = f"{read.place} {read.detail} {read.state.lower()}".split()
    return (read.role, *sorted(word for word in words if word not in ("of", "the", "county")))


def _find_near(names: list[str], others: list[str]):
    """Find the pairs worth comparing: printed alike, of like words or places, or of one federal agency."""
    from rapidfuzz import fuzz, process

    read = {name: parse_name(name) for name in {*names, *others}}
    bodies = [name for name in others if read[name].kind not in _NO_BODY]
    by_print: dict[str, list[str]] = {}
    by_federal: dict[str, list[str]] = {}
    by_words: dict[tuple, list[str]] = {}
    for other in others:
        by_print.setdefault(_fold(other), []).append(other)
    for other in bodies:
        by_words.setdefault(_bag_words(other), []).append(other)
        if read[other].kind == "federal":
            by_federal.setdefault(read[other].role, []).append(other)
    for name in names:
        yield from ((name, other) for other in by_print.get(_fold(name), ()))
        if read[name].kind == "federal":
            yield from ((name, other) for other in by_federal.get(read[name].role, ()))
        if read[name].kind not in _NO_BODY:
            yield from ((name, other) for other in by_words.get(_bag_words(name), ()))
    mine = [name for name in names if read[name].kind not in (*_NO_BODY, "federal")]
    theirs = [other for other in bodies if read[other].kind != "federal" and read[other].place]
    places = [read[other].place.replace(" ", "") for other in theirs]
    for start in range(0, len(mine) if places else 0, _ROWS):
        part = mine[start : start + _ROWS]
        asked = [read[name].place.replace(" ", "") for name in part]
        scores = process.cdist(asked, places, scorer=fuzz.ratio, score_cutoff=ALIKE_FROM, dtype=np.uint8)
        for row, column in zip(*np.nonzero(scores), strict=True):
            a, b = read[part[row]], read[theirs[column]]
            if not (a.state and b.state and a.state != b.state):
                yield part[row], theirs[column]
