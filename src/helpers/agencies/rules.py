"""The second half of a full reading: kind, role, state and place from the words of a name."""

import re
import unicodedata

from helpers.agencies.clean import (
    Reader,
    read_brackets,
    read_marks,
    read_prefix,
    read_unit,
    repair,
    tokenize,
    write_out,
)
from helpers.agencies.name import COUNTY_RULE, AgencyName
from helpers.agencies.words import STATE_WORDS, STATES, find_words, load_words, replace_words

LONGEST = 300  # characters; a name is a line, not a page
_SPACES = re.compile(r"\s+")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


def read_once(text: str, hint: str) -> AgencyName:
    reader = Reader(text)
    text = _SPACES.sub(" ", _DASHES.sub("-", unicodedata.normalize("NFKC", text))).strip()
    if len(text) > LONGEST:
        reader.note("kind: longer than a name")
        return AgencyName("", "", "", "not_an_agency", False, tuple(reader.rules))
    text = repair(reader, text)
    text = read_brackets(reader, text)
    tokens, printed = tokenize(text)
    read_prefix(reader, tokens, printed)
    read_marks(reader, tokens)
    write_out(reader, tokens)
    read_unit(reader, tokens)
    _find_kind(reader, tokens, printed)
    if reader.kind == "federal":
        return _finish_federal(reader, tokens)
    _find_role(reader, tokens)
    _read_tail(reader, tokens, hint)
    _clean_place(reader, tokens)
    return _finish(reader, tokens)


def _find_kind(reader: Reader, tokens: list[str], printed: list[str]) -> None:
    """Tell federal agencies, fusion centers, companies, pools, demonstrations and non-agencies apart."""
    kinds = load_words().kinds
    if not any(word != "-" for word in tokens) or tuple(tokens) in kinds["not_an_agency"]:
        reader.kind = reader.kind or "not_an_agency"
        reader.note("kind: no agency's name")
        return
    if load_words().kind_words.isdisjoint(tokens) and reader.kind != "federal":
        return
    # codes of agencies count in capitals only, and not in a name that is all in capitals, except at its start
    shouted = reader.given.isupper()
    for entry in load_words().federal:
        codes = [
            at
            for at, word in enumerate(printed)
            if word in entry["codes"] and (not shouted or at == 0 or printed[at - 1] in ("-", "DHS", "US"))
        ]
        start = entry.get("start", False)
        found = next((phrase for phrase in entry["phrases"] if find_words(tokens, phrase, start) >= 0), None)
        if found is None and start and tokens[0] in ("us", "united"):
            found = next((phrase for phrase in entry["phrases"] if find_words(tokens, phrase) >= 0), None)
        if found or codes:
            replace_words(tokens, found or (printed[codes[0]].lower(),), ())
            reader.kind, reader.role = "federal", entry["id"]
            reader.note(f"kind: federal, {entry['label']}")
            return
    if reader.kind == "federal" or tokens[0] == "us" or tuple(tokens[:2]) == ("united", "states"):
        reader.kind, reader.role = "federal", ""
        reader.note("kind: federal")
        return
    for kind in ("pool", "vendor_demo", "fusion_center", "company"):
        starts = kinds.get(f"{kind}_start", [])
        if any(find_words(tokens, phrase) >= 0 for phrase in kinds[kind]) or any(
            find_words(tokens, phrase, True) >= 0 for phrase in starts
        ):
            reader.kind = kind
            reader.note(f"kind: {kind.replace('_', ' ')}")
            return


def _finish_federal(reader: Reader, tokens: list[str]) -> AgencyName:
    """A federal office: the agency is the role, what is left tells the office."""
    fillers = load_words().kinds["federal_fillers"]
    while len(tokens) > 1 and not reader.state and tokens[-1].upper() in STATES:
        reader.state = tokens.pop().upper()
        reader.note("state: code at the end")
    left = [word for word in tokens if word not in fillers and word != "-"]
    name = tuple(left)
    if not reader.state and name in STATE_WORDS:
        reader.state, left = STATE_WORDS[name], []
        reader.note("state: written out")
    place = " ".join([*left, *reader.detail])
    return AgencyName(place, reader.role, reader.state, "federal", reader.is_inactive, tuple(reader.rules))


def _find_role(reader: Reader, tokens: list[str]) -> None:
    """Find the role written in words, take it out, and give the most special one found."""
    words = load_words()
    best, again = None, True
    while again:  # the longest phrase first, wherever it stands
        found = [
            (-len(phrase), words.roles[name].rank, at, phrase, name)
            for at, word in enumerate(tokens)
            if word in words.role_index
            for phrase, name in words.role_index[word]
            if tuple(tokens[at : at + len(phrase)]) == phrase
        ]
        again = bool(found)
        if again:
            _, rank, at, phrase, name = min(found)
            # County Attorney names its place as well
            tokens[at : at + len(phrase)] = ["county"] if phrase[0] == "county" and at else []
            if best is None or rank < words.roles[best].rank:
                best = name
            reader.note("role: written out")
    reader.role = best or ""


def _read_tail(reader: Reader, tokens: list[str], hint: str) -> None:
    """Read the codes at the end: roles, and the state among them."""
    words = load_words()
    while tokens and tokens[-1] == "-":
        tokens.pop()
    tail: list[str] = []
    while tokens and (tokens[-1] in words.codes or tokens[-1].upper() in STATES or tokens[-1] == "-"):
        word = tokens.pop()
        if word != "-":
            tail.insert(0, word)
    if not tokens and tail and not reader.detail:  # a code alone is a name
        while tail and tail[0].upper() not in STATES and len(tail) > 1 and tail[0] not in words.codes:
            tokens.append(tail.pop(0))
    roles = [word for word in tail if word in words.codes and word not in words.ambiguous]
    states = [word for word in tail if word.upper() in STATES]
    sure = [word for word in states if word not in words.ambiguous]
    if (
        not sure
        and "sd" in states
        and not roles
        and not reader.role
        and (reader.state or tokens[-1:] == ["county"])
    ):
        states.remove("sd")
        roles.append("so")
        reader.note("role: SD is Sheriff's Department after County")
    if reader.state:
        pass
    elif sure:
        reader.state = sure[-1].upper()
        reader.note("state: code at the end")
    elif states and not (states == ["co"] and hint and hint != "CO"):
        order = list(words.ambiguous)  # the likeliest role comes first in the file and is given up first
        reader.state = max(states, key=order.index).upper()
        reader.note("state: code at the end")
    rest = [
        word
        for word in states
        if word.upper() != reader.state or states.count(word) > 1 and word in words.ambiguous
    ]
    _spend_codes(reader, tokens, rest, roles)
    if roles or reader.role:
        reader.note("role: code at the end" if roles else "role: written out")
    found = [words.codes[word] for word in roles if word in words.codes] + (
        [reader.role] if reader.role else []
    )
    if found:
        reader.role = min(found, key=lambda name: words.roles[name].rank)
    _read_state_name(reader, tokens)


def _spend_codes(reader: Reader, tokens: list[str], rest: list[str], roles: list[str]) -> None:
    """Use the codes that are not the state: CO is County, SD a sheriff's department, others stay in the place."""
    for word in rest:
        if word == "co" and tokens and tokens[-1] != "county":
            if tokens[-1] == "count":
                tokens.pop()
            tokens.append("county")
            reader.note("place: CO is County, not Colorado")
        elif word == "sd" and not roles and not reader.role:
            roles.append("so")
            reader.note("role: SD is Sheriff's Department, not South Dakota")
        elif word not in ("co", "sd", "ms"):
            tokens.append(word)


def _read_state_name(reader: Reader, tokens: list[str]) -> None:
    """Find a state written out: at the end, at the beginning, or in a campus name."""
    words = load_words()
    if not reader.state and "independent" in tokens[2:]:  # Tyler TX ISD PD
        at = tokens.index("independent", 2) - 1
        if tokens[at].upper() in STATES:
            reader.state = tokens.pop(at).upper()
            reader.note("state: code before ISD")
    before = words.kinds["place_before_state"]
    campus = any(word in words.kinds["campus"] for word in tokens)
    if tokens and not campus:
        for size in (3, 2, 1):
            name = tuple(tokens[-size:])
            if len(tokens) > size and name in STATE_WORDS and tokens[-size - 1] not in before:
                code = STATE_WORDS[name]
                if reader.state in ("", code) and not (code == "WA" and not reader.state):
                    if not reader.state:
                        reader.state = code
                        reader.note("state: written out")
                    del tokens[-size:]
                    while tokens and tokens[-1] == "-":
                        tokens.pop()
                    return
    if tokens and len(tokens) > 1 and tokens[0].upper() in STATES and find_statewide(tokens[1]):
        code = tokens[0].upper()
        if reader.state in ("", code):
            tokens[:1] = STATES[code].lower().split()
            reader.state = code
            reader.note("state: code before a body of the state")
    if reader.state:
        return
    for size in (3, 2, 1):
        for at in range(len(tokens) - size + 1):
            name = tuple(tokens[at : at + size])
            if name not in STATE_WORDS:
                continue
            after = tokens[at + size] if at + size < len(tokens) else ""
            statewide = reader.role and words.roles[reader.role].is_statewide
            body = at == 0 and (after == "-" or find_statewide(after) and after != "college")
            whole = len(tokens) == size and statewide or body
            of_state = campus and at > 1 and tuple(tokens[at - 2 : at]) == ("university", "of")
            state_campus = campus and after in ("state", "tech")
            if (whole and reader.kind != "company") or of_state or state_campus:
                if not ({"indiana", "university"} <= set(tokens) and "pennsylvania" in tokens):
                    reader.state = STATE_WORDS[name]
                    reader.note("state: in the name")
                    return


def find_statewide(word: str) -> bool:
    """Tell whether a word after a state's name or code makes it a body of the state."""
    return word in load_words().kinds["statewide"]


def _clean_place(reader: Reader, tokens: list[str]) -> None:
    """Settle the wording of the place."""
    words = load_words()
    if "-" in tokens:
        at = len(tokens) - 1 - tokens[::-1].index("-")
        left, right = [word for word in tokens[:at] if word != "-"], tokens[at + 1 :]
        tokens[:] = right if left == right else [word for word in tokens if word != "-"]
    if (
        len(tokens) > 1
        and tokens[-1] == "co"
        and reader.role in ("so", "da", "prosecutor", "dispatch", "constable")
    ):
        tokens[-1] = "county"
    if len(tokens) > 2 and tuple(tokens[:2]) in (("city", "of"), ("town", "of"), ("village", "of")):
        form = tokens[0]
        del tokens[:2]
        if form == "town" and tokens[-1] not in ("town", "township"):
            tokens.append("town")
        reader.note(f"place: {form.title()} of turned round")
    if len(tokens) > 1 and tokens[-1] == "campus":
        tokens.pop()
        reader.note("place: Campus left out")
    if any(word in ("university", "college") for word in tokens) and len(tokens) > 3:
        tokens[:] = [word for at, word in enumerate(tokens) if word != "at" or at == 0]
    if reader.role in ("so", "constable") and len(tokens) > 1 and tokens[-1] in ("county", "parish"):
        tokens.pop()
        reader.note(COUNTY_RULE)
    if not tokens and reader.state:
        tokens[:] = STATES[reader.state].lower().split()
        reader.note("place: the state itself")
    name = STATES.get(reader.state, "").lower().split()
    if name and len(tokens) == len(name) + 1 and tokens == [*name, "state"]:
        tokens.pop()
    if reader.role and len(words.roles) and tokens[-1:] == ["count"]:
        tokens[-1] = "county"


def _finish(reader: Reader, tokens: list[str]) -> AgencyName:
    words = load_words()
    if not reader.state and reader.alias_state:
        reader.state = reader.alias_state
        reader.note("state: of the alias")
    place = " ".join(tokens)
    role, kind = reader.role, reader.kind
    is_campus = any(word in words.kinds["campus"] for word in tokens) and not any(
        find_words(tokens, phrase) >= 0 for phrase in words.kinds["not_campus"]
    )
    if not kind:
        kind = words.roles[role].kind if role else "other"
        if role in ("pd", "dps", "") and is_campus:
            if not role and reader.state and ("university" in tokens or "college" in tokens):
                reader.note("role: the police of a campus, not written")
                role = "pd"
            kind = "campus_police" if role else kind
        elif role == "dps" and place == STATES.get(reader.state, "").lower():
            kind = "state_police" if reader.state in words.kinds["dps_is_state_police"] else "other"
        if reader.is_inactive and len(place) < 3:
            kind = "not_an_agency"
        elif not place and not role and not reader.state:
            kind = "not_an_agency"
    detail = " ".join(reader.detail)
    return AgencyName(place, role, reader.state, kind, reader.is_inactive, tuple(reader.rules), detail)
