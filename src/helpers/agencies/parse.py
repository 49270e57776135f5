"""Read an agency's name by rules: place, role, state and kind."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from helpers.agencies.words import (
    CAMEL,
    SEARCHED_KINDS,
    STATE_WORDS,
    STATES,
    Phrase,
    find_words,
    load_words,
    mend_word,
)

LONGEST = 300  # characters; a name is a line, not a page
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_GLUED_OF = re.compile(r"\bof(?=[A-Z]|the\b)")
_INNER = re.compile(r"(?<=[a-z])(H(?=l)|I(?=[a-z]))")
_US = re.compile(r"\bU\. ?S\. ?")
_GROUP = re.compile(r"[\(\[]([^()\[\]]*)[\)\]]")
_WORDS = re.compile(r"[^\W_]+|-")
_GLUED_CODES = re.compile(r"\b([A-Z]{2})(SO|PD)(?=\s*$)")
_SECOND = re.compile(r"\b(PD|SO) ?\d$", re.IGNORECASE)


class AgencyName(NamedTuple):
    """What a name says.

    `place` is the lower-case name without role and state; `role` and `state` are empty if the name does not
    give them; `kind` is one of `KINDS`; `detail` tells two units of one place apart (a precinct, a station,
    the county in brackets); `is_inactive` says that the account is marked as out of use.
    """

    place: str
    role: str
    state: str
    kind: str
    is_inactive: bool
    detail: str = ""


@lru_cache(maxsize=65536)
def parse_name(text: str) -> AgencyName:
    """Return what an agency's name says, from any list: `Aberdeen WA PD`, `WA - Aberdeen PD`.

    Never raises on text: what no rule understands stays in `place`, with kind `other`.
    """
    plain = " ".join(_DASHES.sub("-", unicodedata.normalize("NFKC", text)).split())
    if len(plain) > LONGEST:
        return AgencyName("", "", "", "not_an_agency", False)
    return _Reader(text).read(plain)


def _tokenize(text: str) -> tuple[list[str], list[str]]:
    """Return lower-case words and dashes, and the same as written. A dash inside a name is a space."""
    printed = _WORDS.findall(re.sub(r"(?<=\w)-(?=\w)", " ", text.replace("/", " ").replace("&", " and ")))
    while printed and printed[0] == "-":
        printed.pop(0)
    while printed and printed[-1] == "-":
        printed.pop()
    return [word.casefold() for word in printed], printed


def _read_code(words: Phrase, text: str) -> str:
    """Return the state that a code or a name in brackets means; a scan prints I as l: (Ml), (lL)."""
    if len(words) == 1 and len(words[0]) == 2:
        code = words[0].upper()
        if code not in STATES and "l" in text:
            code = text.strip().replace("l", "I").upper()
        return code if code in STATES else ""
    return STATE_WORDS.get(words, "")


class _Reader:
    """One name while it is read: each step takes what it understands from `tokens`; the rest is the place."""

    def __init__(self, given: str):
        self.words = load_words()
        self.given = given
        self.state = self.role = self.kind = self.alias_state = ""
        self.is_inactive = False
        self.detail: list[str] = []
        self.tokens: list[str] = []

    def read(self, text: str) -> AgencyName:
        self.tokens, printed = _tokenize(self._read_brackets(self._repair(text)))
        self._read_prefix(printed)
        self._read_marks()
        self._write_out()
        self._expand_aliases()
        self._read_unit()
        self._find_kind(printed)
        if self.kind == "federal":
            return self._finish_federal()
        self._find_role()
        self._read_tail()
        self._read_state_name()
        self._clean_place()
        return self._finish()

    def _repair(self, text: str) -> str:
        """Undo what scans do to spaces and letters; leave out the number of a second account."""
        text = CAMEL.sub(" ", _GLUED_OF.sub("of ", _US.sub("US ", text)))
        text = _INNER.sub(lambda found: "il" if found[1] == "H" else "l", text)
        text = _GLUED_CODES.sub(lambda f: f"{f[1]} {f[2]}" if f[1] in STATES and " " in text else f[0], text)
        return _SECOND.sub(r"\1", re.sub("['\u2019`]", "", text))

    def _read_brackets(self, text: str) -> str:
        """Take brackets out of the name, those inside others first."""
        for _ in range(3):
            before = text
            text = _GROUP.sub(lambda found: self._read_bracket(found, before), before)  # noqa: B023
            if text == before:
                break
        return text

    def _read_bracket(self, found: re.Match, text: str) -> str:
        """Read one bracket (a state, role, mark or detail) and return what stays in the name."""
        words = self.words
        inner = tuple(_tokenize(found[1])[0])
        outside = text.replace(found[0], " ")
        if not inner:
            return " "
        code = _read_code(inner, found[1])
        if code and not self.state:
            self.state = code
        elif inner in dict(words.phrases) or len(inner) == 1 and inner[0] in words.codes:
            return f" {' '.join(inner)} "
        elif inner == ("federal",):
            self.kind = "federal"
        elif inner in words.inactive:
            self.is_inactive = True
        elif inner in words.products:
            pass
        elif not re.search(r"\w", outside):
            return f" {found[1]} "
        elif inner == ("natl",):
            self.detail.append("national")
        elif len(inner) == 1 and found[1].strip().isupper() and len(inner[0]) > 2 and not outside.isupper():
            pass  # initials
        else:
            self._read_detail(inner, found[1])
        return " "

    def _read_detail(self, inner: Phrase, printed: str) -> None:
        tokens = [self.words.abbreviations.get(word, word) for word in inner if word != "-"]
        if len(tokens) > 1 and tokens[-1] in ("co", "county"):
            # Delaware County stays as it is: Delaware alone would be a state
            tokens = [*tokens[:-1], *(["county"] if tuple(tokens[:-1]) in STATE_WORDS else [])]
        is_code = len(tokens) > 1 and tokens[-1].upper() in STATES and printed.split()[-1].isupper()
        if is_code and not self.state:
            self.state = tokens.pop().upper()
        self.detail.append(" ".join(tokens))

    def _read_prefix(self, printed: list[str]) -> None:
        """Read `IN - Angola PD`."""
        tokens = self.tokens
        if len(tokens) > 2 and tokens[1] == "-" and tokens[0].upper() in STATES:
            if self.state in ("", tokens[0].upper()):
                self.state = tokens[0].upper()
                del tokens[:2], printed[:2]

    def _read_marks(self) -> None:
        """Take marks of the account from the ends of the name."""
        tokens, before = self.tokens, None
        while before != tokens:
            before = list(tokens)
            for phrase in self.words.inactive:
                size = len(phrase)
                at_start, at_end = tuple(tokens[:size]) == phrase, tuple(tokens[-size:]) == phrase
                if at_start or at_end:
                    tokens[:] = tokens[size:] if at_start else tokens[:-size]
                    self.is_inactive = True
                    break
            if "-" in tokens:
                at = len(tokens) - 1 - tokens[::-1].index("-")
                if tuple(tokens[at + 1 :]) in self.words.products:
                    del tokens[at:]
            while tokens and tokens[-1] == "-":
                tokens.pop()
            while tokens and tokens[0] == "-":
                tokens.pop(0)

    def _write_out(self) -> None:
        """Write out abbreviations and mend misspelled words."""
        words, tokens = self.words, self.tokens
        for at, word in enumerate(tokens):
            full = words.abbreviations.get(word)
            if full and word.upper() in STATES and (at + 1 == len(tokens) or self._is_code(tokens[at + 1])):
                continue  # MT is Montana here, not Mount
            tokens[at] = full or mend_word(word)
        tokens[:] = " ".join(tokens).split()
        if len(tokens) > 2 and tokens[0] in words.directions and tokens[1] != "-":
            tokens[0] = words.directions[tokens[0]]

    def _is_code(self, word: str) -> bool:
        return word in self.words.codes or word in self.words.first_words or word.upper() in STATES

    def _expand_aliases(self) -> None:
        """Expand known short names, and turn `County of San Mateo` round."""
        tokens = self.tokens
        for short, long, start, state in self.words.aliases:
            if short[0] not in tokens:
                continue
            at = find_words(tokens, short, start)
            if at >= 0 and find_words(tokens, long) < 0:
                tokens[at : at + len(short)] = long
                self.alias_state = state
            if len(short) == 1 and short[0] not in long and find_words(tokens, long) >= 0:
                tokens[:] = [word for word in tokens if word != short[0]]
        while tokens[:1] == ["-"]:
            tokens.pop(0)
        for word in ("county", "state", "port"):
            if tokens[:2] == [word, "of"] and len(tokens) > 2:
                self._turn_round(word)

    def _turn_round(self, word: str) -> None:
        """Turn `County of San Mateo Sheriffs Office` into `San Mateo County Sheriffs Office`."""
        words, tokens = self.words, self.tokens
        stop = len(tokens)
        for at in range(2, len(tokens)):
            here = tokens[at]
            is_tail = here == "-" or here in words.codes or here.upper() in STATES and at > 2
            if is_tail or any(tuple(tokens[at : at + len(phrase)]) == phrase for phrase, _ in words.phrases):
                stop = at
                break
        if stop > 2:
            tokens[:] = [*tokens[2:stop], *([] if word == "state" else [word]), *tokens[stop:]]

    def _read_unit(self) -> None:
        """Take out what tells units of one agency apart: a precinct's number, a station."""
        tokens = self.tokens
        for at in range(1, len(tokens) - 1):
            if tokens[at] == "precinct" and tokens[at + 1].isdigit():
                self.detail.append(f"precinct {int(tokens[at + 1])}")
                del tokens[at : at + 2]
                break
        if tokens[-1:] != ["station"]:
            return
        if "-" in tokens:
            start = len(tokens) - tokens[::-1].index("-")
            if start > 1:
                self.detail.append(" ".join(tokens[start:]))
                del tokens[start - 1 :]
        elif "sheriff" in tokens[1:]:
            # LASD CA Crescenta Valley Station: what follows the state is the station
            at = next((at for at in range(2, len(tokens)) if tokens[at].upper() in STATES), len(tokens))
            if at < len(tokens) - 1:
                self.detail.append(" ".join(tokens[at + 1 :]))
                del tokens[at + 1 :]

    def _find_kind(self, printed: list[str]) -> None:
        """Tell federal agencies, fusion centers, companies, pools, demonstrations and non-agencies apart."""
        tokens, kinds = self.tokens, self.words.kinds
        if not any(word != "-" for word in tokens) or tuple(tokens) in kinds["not_an_agency"]:
            self.kind = self.kind or "not_an_agency"
            return
        for entry in self.words.federal:
            at, phrase = self._find_federal(entry, printed)
            if at >= 0:
                del tokens[at : at + len(phrase)]
                self.kind, self.role = "federal", entry["id"]
                return
        if self.kind == "federal" or tokens[0] == "us" or tokens[:2] == ["united", "states"]:
            self.kind, self.role = "federal", ""
            return
        tokens = [word for word in tokens if word != "-"]
        for kind in SEARCHED_KINDS:
            starts = kinds.get(f"{kind}_start", ())
            found = [*(find_words(tokens, phrase, True) for phrase in starts)]
            if max([*found, *(find_words(tokens, phrase) for phrase in kinds[kind])]) >= 0:
                self.kind = kind
                return

    def _find_federal(self, entry: dict, printed: list[str]) -> tuple[int, Phrase]:
        """Return where a federal agency is named, and by which words; -1 if it is not."""
        tokens, start = self.tokens, entry.get("start", False)
        only_start = start and tokens[0] not in ("us", "united")
        for phrase in entry["phrases"]:
            if (at := find_words(tokens, phrase, only_start)) >= 0:
                return at, phrase
        # codes count in capitals only, and not in a name that is all in capitals, except at its start
        shouted = self.given.isupper()
        for at, word in enumerate(printed):
            if word in entry["codes"] and (not shouted or at == 0 or printed[at - 1] in ("-", "DHS", "US")):
                at = find_words(tokens, (word.lower(),))
                return (at, (word.lower(),)) if at >= 0 else (0, ())
        return -1, ()

    def _finish_federal(self) -> AgencyName:
        """Finish a federal office: the agency is the role, what is left names the office."""
        tokens, fillers = self.tokens, self.words.kinds["federal_fillers"]
        while len(tokens) > 1 and not self.state and (tokens[-1].upper() in STATES or tokens[-1] in fillers):
            last = tokens.pop().upper()
            self.state = last if last in STATES else ""
        left = [word for word in tokens if word not in fillers and word != "-"]
        if not self.state and tuple(left) in STATE_WORDS:
            self.state, left = STATE_WORDS[tuple(left)], []
        return AgencyName(" ".join([*left, *self.detail]), self.role, self.state, "federal", self.is_inactive)

    def _find_role(self) -> None:
        """Take the roles written in words out, the longest phrase first, and keep the most special one."""
        words, tokens = self.words, self.tokens
        if words.first_words.isdisjoint(tokens):
            return
        found = []
        for phrase, name in words.phrases:
            while (at := find_words(tokens, phrase)) >= 0:
                # County Attorney names its place as well
                tokens[at : at + len(phrase)] = ["county"] if phrase[0] == "county" and at else []
                found.append(name)
        self.role = min(found, key=lambda name: words.roles[name].rank, default="")

    def _read_tail(self) -> None:
        """Read the codes at the end: roles, and the state among them."""
        words, tokens = self.words, self.tokens
        while tokens and tokens[-1] == "-":
            tokens.pop()
        tail: list[str] = []
        while tokens and (tokens[-1] in words.codes or tokens[-1].upper() in STATES or tokens[-1] == "-"):
            word = tokens.pop()
            if word != "-":
                tail.insert(0, word)
        if not tokens and not self.detail:  # a code alone is a name
            while len(tail) > 1 and tail[0].upper() not in STATES and tail[0] not in words.codes:
                tokens.append(tail.pop(0))
        roles = [word for word in tail if word in words.codes and word not in words.ambiguous]
        states = [word for word in tail if word.upper() in STATES]
        sure = [word for word in states if word not in words.ambiguous]
        after_county = self.state or tokens[-1:] == ["county"]
        if not sure and "sd" in states and not roles and not self.role and after_county:
            states.remove("sd")
            roles.append("so")
        if not self.state and sure:
            self.state = sure[-1].upper()
        elif not self.state and states:
            # the likeliest role comes first in the file and is given up first
            self.state = max(states, key=list(words.ambiguous).index).upper()
        for word in states:
            if word.upper() != self.state or states.count(word) > 1 and word in words.ambiguous:
                self._spend_code(word, roles)
        found = [words.codes[word] for word in roles if word in words.codes]
        found += [self.role] if self.role else []
        self.role = min(found, key=lambda name: words.roles[name].rank, default="")

    def _spend_code(self, word: str, roles: list[str]) -> None:
        """Use a code that is not the state: CO is County, SD a sheriff's department."""
        tokens = self.tokens
        if word == "co" and tokens and tokens[-1] != "county":
            if tokens[-1] == "count":
                tokens.pop()
            tokens.append("county")
        elif word == "sd" and not roles and not self.role:
            roles.append("so")
        elif word not in ("co", "sd", "ms"):
            tokens.append(word)

    def _read_state_name(self) -> None:
        """Find a state written out: at the end, at the beginning, or in a campus name."""
        tokens, kinds = self.tokens, self.words.kinds
        if not self.state and "independent" in tokens[2:]:  # Tyler TX ISD PD
            at = tokens.index("independent", 2) - 1
            if tokens[at].upper() in STATES:
                self.state = tokens.pop(at).upper()
        is_campus = not kinds["campus"].isdisjoint(tokens)
        if not is_campus and self._read_last_state():
            return
        if len(tokens) > 1 and tokens[0].upper() in STATES and tokens[1] in kinds["statewide"]:
            code = tokens[0].upper()
            if self.state in ("", code):  # NC Wildlife Commission
                tokens[:1] = STATES[code].lower().split()
                self.state = code
        if not self.state:
            self.state = self._find_state_inside(is_campus)

    def _read_last_state(self) -> bool:
        tokens = self.tokens
        for size in (3, 2, 1):
            code = STATE_WORDS.get(tuple(tokens[-size:])) if len(tokens) > size else None
            if code is None or tokens[-size - 1] in self.words.kinds["place_before_state"]:
                continue  # Port Washington
            if self.state == code or not self.state and code != "WA":
                self.state = code
                del tokens[-size:]
                while tokens and tokens[-1] == "-":
                    tokens.pop()
                return True
        return False

    def _find_state_inside(self, is_campus: bool) -> str:
        """Return the state of a body of the state or of a state's university, or nothing."""
        tokens, words = self.tokens, self.words
        statewide = bool(self.role) and words.roles[self.role].is_statewide
        in_pennsylvania = {"indiana", "university", "pennsylvania"} <= set(tokens)  # its town is Indiana
        for size in (3, 2, 1):
            for at in range(len(tokens) - size + 1):
                code = STATE_WORDS.get(tuple(tokens[at : at + size]))
                if code is None or in_pennsylvania:
                    continue
                after = tokens[at + size] if at + size < len(tokens) else ""
                is_body = after == "-" or after in words.kinds["statewide"] and after != "college"
                is_whole = len(tokens) == size and statewide or at == 0 and is_body
                of_state = is_campus and at > 1 and tokens[at - 2 : at] == ["university", "of"]
                state_campus = is_campus and after in ("state", "tech")
                if is_whole and self.kind != "company" or of_state or state_campus:
                    return code
        return ""

    def _clean_place(self) -> None:
        """Settle the wording of the place."""
        tokens = self.tokens
        if "-" in tokens:
            at = len(tokens) - 1 - tokens[::-1].index("-")
            left, right = [word for word in tokens[:at] if word != "-"], tokens[at + 1 :]
            tokens[:] = right if left == right else [word for word in tokens if word != "-"]
        if len(tokens) > 1 and tokens[-1] == "co":
            if self.role in ("so", "da", "prosecutor", "dispatch", "constable"):
                tokens[-1] = "county"
        if len(tokens) > 2 and tokens[0] in ("city", "town", "village") and tokens[1] == "of":
            form = tokens[0]
            del tokens[:2]
            if form == "town" and tokens[-1] not in ("town", "township"):
                tokens.append("town")
        if len(tokens) > 1 and tokens[-1] == "campus":
            tokens.pop()
        if ("university" in tokens or "college" in tokens) and len(tokens) > 3:
            tokens[1:] = [word for word in tokens[1:] if word != "at"]
        if self.role in ("so", "constable") and len(tokens) > 1 and tokens[-1] in ("county", "parish"):
            tokens.pop()  # a sheriff's is the county
        name = STATES.get(self.state, "").lower().split()
        if not tokens:
            tokens[:] = name
        elif name and tokens == [*name, "state"]:
            tokens.pop()
        if self.role and tokens[-1:] == ["count"]:
            tokens[-1] = "county"

    def _finish(self) -> AgencyName:
        kinds, tokens = self.words.kinds, self.tokens
        self.state = self.state or self.alias_state
        place, role, kind = " ".join(tokens), self.role, self.kind
        is_campus = not kinds["campus"].isdisjoint(tokens) and not any(
            find_words(tokens, phrase) >= 0 for phrase in kinds["not_campus"]
        )
        if not kind:
            kind = self.words.roles[role].kind if role else "other"
            if role in ("pd", "dps", "") and is_campus:
                if not role and self.state and ("university" in tokens or "college" in tokens):
                    role = "pd"
                kind = "campus_police" if role else kind
            elif role == "dps" and place == STATES.get(self.state, "").lower():
                kind = "state_police" if self.state in kinds["dps_is_state_police"] else "other"
            if self.is_inactive and len(place) < 3 or not (place or role or self.state):
                kind = "not_an_agency"
        return AgencyName(place, role, self.state, kind, self.is_inactive, " ".join(self.detail))
