"""Read the plain majority of names fast: nothing but place, role and state in one of the usual orders."""

import re

from helpers.agencies.name import COUNTY_RULE, OUT_OF_USE_RULE, AgencyName
from helpers.agencies.words import STATES, load_words, mend_word


def read_plain(text: str) -> AgencyName | None:
    """Read a name of nothing but place, role and state, as most are, by looking its end and its beginning up.

    The result is that of the full reading, many times faster; what is not plain is left to the full reading.
    """
    last = text[-2:]
    if last[-1:] == ")":
        last = f"{text[-6:-5]})"
    elif last in STATES:
        last = f"{text[-4:-3]}#"
    for size in _END_SIZES.get(last, ()):
        end = _ENDS.get(text[-size:])
        if end is not None:
            break
    else:
        return None
    role, state, rules = end
    heads = _HEADS[role]
    head = text[:-size]
    known = heads.get(head, 0)
    if known == 0:
        known = _learn_head(head, role)
        if len(heads) < 100_000:
            heads[head] = known
    if known is None:
        return None
    place, kind, is_inactive, before, more = known
    if before:
        if state:
            return None
        state = before
    elif state == "CO" and role == "so" and not head.endswith("County"):
        return None  # CO may be County
    return _make(AgencyName, (place, role, state, kind, is_inactive, rules + more if more else rules, ""))


def _learn_head(head: str, role: str) -> tuple | None:
    """Read what stands before role and state, if no rule could fire on its words.

    Returns
    -------
    (place, kind, is_inactive, state before a dash, rules), or None for the full reading.
    """
    place = head.lower()
    words = place.split(" ")
    if _PLAIN.issuperset(words) and head.isascii() and (head.istitle() or head.isupper()) and len(head) < 60:
        if role == "pd":
            return place, "police", False, "", ()
        if words[-1] != "county" and words[-1] != "parish":
            return place, "sheriff", False, "", ()
        return (place[:-7], "sheriff", False, "", (COUNTY_RULE,)) if len(words) > 1 else None
    more: tuple[str, ...] = ()
    is_inactive, state = head.startswith("Inactive "), ""
    if is_inactive:
        head, more = head[9:], (OUT_OF_USE_RULE,)
    elif head[2:5] == " - " and head[:2] in STATES:
        head, state, more = head[5:], head[:2], ("state: code before a dash",)
    # a capital inside a word may be a glued word or a scan's slip
    words = head.lower().split(" ")
    if len(head) > 60 or not _PLAIN_HEAD(head):
        return None
    is_campus = False
    if not _PLAIN.issuperset(words):
        triggers = load_words().triggers.intersection(words)
        is_campus = triggers == {"university"} and role == "pd" and len(words) > 1
        if triggers and not is_campus or any(mend_word(word) != word for word in words):
            return None
        if is_campus and len(words) < 3 and words[0] == "university":
            return None  # University Park is a place
        if not is_campus and len(_PLAIN) < 100_000:
            _PLAIN.update(words)
    if role == "so" and words[-1] in ("county", "parish"):
        words, more = words[:-1], (*more, COUNTY_RULE)
    if not words or words[0] == "-":
        return None
    kind = "campus_police" if is_campus else {"pd": "police", "so": "sheriff"}[role]
    return " ".join(words), kind, is_inactive, state, more


_make = tuple.__new__
_PLAIN: set[str] = set()  # words on which no rule fires, as far as met
_HEADS: dict[str, dict[str, tuple | None]] = {"pd": {}, "so": {}}
_PLAIN_HEAD = re.compile("(?:[A-Z][a-z]*|[A-Z]+)(?: (?:[A-Z][a-z]*|[A-Z]+))*").fullmatch


def _list_ends() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """List the ends of plain names: role and state in the usual forms and orders."""
    roles = {
        "pd": ["PD", "Police Department", "Police Dept", "Police Dept."],
        "so": ["SO", "Sheriffs Office", "Sheriff's Office", "Sheriffs Department", "Sheriff's Department"],
    }
    ends = {}
    for role, forms in roles.items():
        for form in forms:
            ends[f" {form}"] = (role, "", ("role",))
            for state in STATES:
                ends[f" {state} {form}"] = ends[f" {form} {state}"] = (
                    role,
                    state,
                    ("role", "state: code at the end"),
                )
                ends[f" {form} ({state})"] = (role, state, ("role", "state: in brackets"))
    return ends


def _list_end_sizes() -> dict[str, list[int]]:
    """List how long the ends are, the longest first, by the last letter of the role and what follows it."""
    sizes: dict[str, set[int]] = {}
    for end in _ENDS:
        last = f"{end[-6]})" if end[-1] == ")" else f"{end[-4]}#" if end[-2:] in STATES else end[-2:]
        sizes.setdefault(last, set()).add(len(end))
    return {last: sorted(found, reverse=True) for last, found in sizes.items()}


_ENDS = _list_ends()
_END_SIZES = _list_end_sizes()
