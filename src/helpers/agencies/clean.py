"""The first half of a full reading: a printed name becomes words; marks, brackets and abbreviations are dealt with."""

import re

from helpers.agencies.name import OUT_OF_USE_RULE
from helpers.agencies.words import (
    CAMEL,
    STATE_WORDS,
    STATES,
    find_words,
    load_words,
    mend_word,
    replace_words,
)

_GLUED_OF = re.compile(r"\bof(?=[A-Z]|the\b)")
_INNER = re.compile(r"(?<=[a-z])(H(?=l)|I(?=[a-z]))")
_US = re.compile(r"\bU\. ?S\. ?")
_GROUP = re.compile(r"[\(\[]([^()\[\]]*)[\)\]]")
_WORDS = re.compile(r"[^\W_]+|-")
_GLUED_CODES = re.compile(r"\b([A-Z]{2})(SO|PD)(?=\s*$)")
_SECOND = re.compile(r"\b(PD|SO) ?\d$", re.IGNORECASE)


class Reader:
    """One name while it is being read."""

    def __init__(self, text: str):
        self.rules: list[str] = []
        self.state = self.role = self.kind = self.alias_state = ""
        self.is_inactive = False
        self.detail: list[str] = []
        self.given = text

    def note(self, rule: str) -> None:
        if rule not in self.rules:
            self.rules.append(rule)


def repair(reader: Reader, text: str) -> str:
    """Undo what scans do to spaces and letters."""
    text = _US.sub("US ", text)
    fixed = _INNER.sub(
        lambda found: "il" if found[1] == "H" else "l", CAMEL.sub(" ", _GLUED_OF.sub("of ", text))
    )
    fixed = _GLUED_CODES.sub(lambda f: f"{f[1]} {f[2]}" if f[1] in STATES and " " in text else f[0], fixed)
    if fixed != text:
        reader.note("text: glued words or letters of a scan mended")
    return _SECOND.sub(_drop_number(reader), fixed.replace("'", "").replace("\u2019", "").replace("`", ""))


def _drop_number(reader: Reader):
    def drop(found):
        reader.note("account: number after the role left out")
        return found[1]

    return drop


def tokenize(text: str) -> tuple[list[str], list[str]]:
    """Split into lower-case words and dashes, and the same words as printed. A dash inside a name is a space."""
    printed = _WORDS.findall(re.sub(r"(?<=\w)-(?=\w)", " ", text.replace("/", " ").replace("&", " and ")))
    while printed and printed[0] == "-":
        printed = printed[1:]
    while printed and printed[-1] == "-":
        printed = printed[:-1]
    return [word.casefold() for word in printed], printed


def read_brackets(reader: Reader, text: str) -> str:
    """Take brackets out of the name: a state, a role, a mark of the account, or a detail."""
    words = load_words()
    before = text

    def take(found: re.Match) -> str:
        inner = tuple(tokenize(found[1])[0])
        outside = before.replace(found[0], " ")
        if not inner:
            return " "
        code = _read_state(inner, found[1])
        if code and not reader.state:
            reader.state = code
            reader.note("state: in brackets")
        elif inner in words.role_phrases or len(inner) == 1 and inner[0] in words.codes:
            return f" {' '.join(inner)} "
        elif inner == ("federal",):
            reader.kind = "federal"
            reader.note("kind: marked as federal")
        elif inner in words.products:
            reader.note("account: product or note left out")
        elif inner in words.inactive:
            reader.is_inactive = True
            reader.note(OUT_OF_USE_RULE)
        elif not re.search(r"\w", outside):
            return f" {found[1]} "
        elif len(inner) == 1 and found[1].strip().isupper() and len(inner[0]) > 2 and not outside.isupper():
            if inner[0] == "natl":
                reader.detail.append("national")
            else:
                reader.note("text: initials in brackets left out")
        else:
            tokens = [words.abbreviations.get(word, word) for word in inner if word != "-"]
            if len(tokens) > 1 and tokens[-1] in ("co", "county"):
                # Delaware County stays as it is: Delaware alone would be a state
                tokens = [*tokens[:-1], *(["county"] if tuple(tokens[:-1]) in STATE_WORDS else [])]
            if (
                len(tokens) > 1
                and tokens[-1].upper() in STATES
                and found[1].split()[-1].isupper()
                and not reader.state
            ):
                reader.state = tokens.pop().upper()
                reader.note("state: in brackets")
            reader.detail.append(" ".join(tokens))
            reader.note("detail: in brackets")
        return " "

    for _ in range(3):  # brackets inside brackets
        text = _GROUP.sub(take, before)
        if text == before:
            break
        before = text
    return text


def _read_state(words: tuple[str, ...], text: str = "") -> str:
    """Read a state's code or name; a scan prints I as l: (Ml), (lL)."""
    if len(words) == 1 and len(words[0]) == 2:
        code = words[0].upper()
        if code in STATES:
            return code
        if "l" in text:
            code = text.strip().replace("l", "I").upper()
            return code if code in STATES else ""
        return ""
    return STATE_WORDS.get(words, "")


def read_prefix(reader: Reader, tokens: list[str], printed: list[str]) -> None:
    """Read `IN - Angola PD`."""
    if len(tokens) > 2 and tokens[1] == "-" and tokens[0].upper() in STATES:
        if not reader.state or reader.state == tokens[0].upper():
            reader.state = tokens[0].upper()
            reader.note("state: code before a dash")
            del tokens[:2], printed[:2]


def read_marks(reader: Reader, tokens: list[str]) -> None:
    """Take marks of the account from the ends of the name."""
    words = load_words()
    again = not words.mark_words.isdisjoint(tokens)
    while again:
        again = False
        for phrase in words.inactive:
            size = len(phrase)
            if len(tokens) < size:
                continue
            if tuple(tokens[:size]) == phrase:
                del tokens[:size]
            elif tuple(tokens[-size:]) == phrase:
                del tokens[-size:]
            else:
                continue
            reader.is_inactive = again = True
            reader.note(OUT_OF_USE_RULE)
            break
        if "-" in tokens:
            at = len(tokens) - 1 - tokens[::-1].index("-")
            if tuple(tokens[at + 1 :]) in words.products:
                del tokens[at:]
                again = True
                reader.note("account: product or note left out")
        while tokens and tokens[-1] == "-":
            tokens.pop()
        while tokens and tokens[0] == "-":
            tokens.pop(0)


def write_out(reader: Reader, tokens: list[str]) -> None:
    """Write out abbreviations, mend misspelled role words, expand known short names."""
    words = load_words()
    for at, word in enumerate(tokens):
        full = words.abbreviations.get(word)
        if full and word.upper() in STATES and (at + 1 == len(tokens) or _is_code(tokens[at + 1])):
            continue  # MT is Montana here, not Mount
        if full is None and (good := mend_word(word)) != word:
            full = good
            reader.note("text: misspelled word mended")
        elif full is not None:
            reader.note("text: abbreviation written out")
        if full:
            tokens[at] = full
    if any(" " in word for word in tokens):
        tokens[:] = " ".join(tokens).split()
    if len(tokens) > 2 and tokens[0] in words.directions and tokens[1] != "-":
        tokens[0] = words.directions[tokens[0]]
        reader.note("text: abbreviation written out")
    if words.alias_words.isdisjoint(tokens):
        return
    for short, long, start, state in words.aliases:
        if short[0] not in tokens:
            continue
        if find_words(tokens, short, start) >= 0 and find_words(tokens, long, False) < 0:
            replace_words(tokens, short, long, start)
            reader.note(f"alias: {' '.join(short)}")
            reader.alias_state = state
        while (
            len(short) == 1
            and short[0] in tokens
            and short[0] not in long
            and find_words(tokens, long, False) >= 0
        ):
            tokens.remove(short[0])
            reader.note(f"alias: {' '.join(short)}")
    while tokens[:1] == ["-"]:
        tokens.pop(0)
    for first in (("county", "of"), ("state", "of"), ("port", "of")):
        if tuple(tokens[:2]) == first and len(tokens) > 2:
            _turn_round(reader, tokens, first[0])


def _is_code(word: str) -> bool:
    words = load_words()
    return word in words.codes or word in words.role_index or word.upper() in STATES


def _turn_round(reader: Reader, tokens: list[str], word: str) -> None:
    """Turn `County of San Mateo Sheriffs Office` into `San Mateo County Sheriffs Office`."""
    words = load_words()
    stop = len(tokens)
    for at in range(2, len(tokens)):
        here = tokens[at]
        is_tail = here == "-" or here in words.codes or here.upper() in STATES and at > 2
        if is_tail or any(tuple(tokens[at : at + len(phrase)]) == phrase for phrase, _ in words.phrases):
            stop = at
            break
    if stop > 2:
        tokens[:] = [*tokens[2:stop], *([] if word == "state" else [word]), *tokens[stop:]]
        reader.note(f"place: {word.title()} of turned round")


def read_unit(reader: Reader, tokens: list[str]) -> None:
    """Take out what tells units of one agency apart: a precinct's number, a station behind a dash."""
    for at in range(1, len(tokens) - 1):
        if tokens[at] == "precinct" and tokens[at + 1].isdigit():
            reader.detail.append(f"precinct {int(tokens[at + 1])}")
            del tokens[at : at + 2]
            reader.note("detail: precinct")
            break
    if tokens[-1:] == ["station"]:
        start = len(tokens) - tokens[::-1].index("-") if "-" in tokens else 0
        if start > 1:
            reader.detail.append(" ".join(tokens[start:]))
            del tokens[start - 1 :]
            reader.note("detail: station behind a dash")
    if tokens[-1:] == ["station"] and "sheriff" in tokens[1:] and "-" not in tokens:
        # LASD CA Crescenta Valley Station: what follows the state is the station
        at = next((at for at, word in enumerate(tokens) if word.upper() in STATES and at > 1), len(tokens))
        if at < len(tokens) - 1:
            reader.detail.append(" ".join(tokens[at + 1 :]))
            del tokens[at + 1 :]
            reader.note("detail: station after the state")
