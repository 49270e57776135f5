"""Patterns that every engine reads alike: what is allowed, checked sign by sign, and how it is written out.

DuckDB searches with RE2, Spark with Java, the tests with Python. They differ on word edges beside accents, on `$`
before a line break, on classes in double brackets and on looking around. What is left here is the part that they
share, over texts that `fold` has brought to small letters, digits and the signs of a keyboard.
"""

import re
from dataclasses import dataclass

from helpers.errors import DataError

# Largest pattern [signs], largest repetition, and largest product of repetitions within each other.
LONGEST, MOST_OFTEN, MOST_NESTED = 200, 100, 400
_SIGNS = r"[^a-z0-9]"
_LITERAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789 !\"#%&',-/:;<=>@_`~")
_ESCAPED = frozenset("\\.+*?()[]{}|^$-/#&'\"@%!:;,=<>~ ")
_CLASSES = frozenset("dws")
_RANGE = re.compile(r"[a-z0-9]-([a-z0-9])")
_COUNTS = re.compile(r"\{(\d{1,3})(?:,(\d{1,3}))?\}")


@dataclass(frozen=True)
class Pattern:
    """A checked pattern.

    Attributes
    ----------
    text
        As written in the rule file.
    search
        What finds it in a folded text, the same in every engine.
    """

    text: str
    search: str


def check_pattern(text: object, place: str, *, whole: bool = False) -> Pattern:
    """Check a pattern and write it out for the engines.

    Parameters
    ----------
    text
        Small letters, digits, signs, `.`, `[...]`, `(...)`, `|`, `\\b \\d \\w \\s`, `^` at the beginning, and how often:
        `?`, `{2}`, `{0,20}`. A blank stands for one or more blanks.
    place
        File and place, for messages.
    whole
        The pattern has to be the whole reason, signs around it aside; a blank then stands for anything between two
        words that is neither letter nor digit.

    Returns
    -------
    Pattern. Groups keep nothing; `search` never needs the end sign `$`.

    Raises
    ------
    DataError
        It is none, or an engine would read it otherwise than another.
    """
    if not isinstance(text, str) or not text.strip():
        raise DataError(place, "no pattern", "Write it in single quotes: 'border patrol'.")
    place = f"{place}, pattern {_show(text)}"
    if len(text) > LONGEST:
        raise DataError(
            place, f"{len(text):,} signs", f"Write at most {LONGEST} signs a pattern; use several."
        )
    blank = f"{_SIGNS}+" if whole else " +"
    body = _Reader(text, place, blank).read()
    search = rf"^{_SIGNS}*(?:{body}){_SIGNS}*\z" if whole else body
    try:
        found = re.search(to_python(search), "")
    except (re.error, OverflowError, RecursionError) as error:
        raise DataError(place, f"it is no regular expression ({error})", "Correct it.") from None
    if found:
        raise DataError(
            place,
            "it finds the empty text, so it finds every reason",
            "Leave no part that may be nothing alone.",
        )
    return Pattern(text, search)


def to_python(search: str) -> re.Pattern:
    """Compile a checked pattern for Python's own engine, which the tests compare with."""
    return re.compile(search.replace(r"\z", r"\Z"), re.ASCII)


def join_patterns(patterns: list[str]) -> str:
    """Join checked patterns into one that finds what any of them finds."""
    return "|".join(f"(?:{search})" for search in dict.fromkeys(patterns))


class _Reader:
    """Reads a pattern from left to right and writes it out; stops at the first sign that engines differ on."""

    def __init__(self, text: str, place: str, blank: str):
        self.text, self.place, self.blank, self.at = text, place, blank, 0

    def read(self) -> str:
        body, _ = self._read_choice(depth=0)
        if self.at < len(self.text):
            self._refuse("a `)` without its `(`", "Write `\\)` for the sign itself.")
        return body

    def _refuse(self, found: str, way_out: str):
        raise DataError(self.place, f"{found}, at sign {self.at + 1}", way_out)

    def _read_choice(self, depth: int) -> tuple[str, int]:
        """Read alternatives up to the end or a closing bracket; give them and their largest repetition."""
        if depth > 10:
            self._refuse("more than ten groups within each other", "Write it in several patterns.")
        branches, most = [""], 1
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self._check_branch(branches[-1])
                branches.append("")
                self.at += 1
                continue
            part, size, may_repeat = self._read_part(depth, is_first=not branches[-1])
            part, size = self._read_count(part, size, may_repeat)
            branches[-1] += part
            most = max(most, size)
        self._check_branch(branches[-1])
        return "|".join(branches), most

    def _check_branch(self, branch: str) -> None:
        if not branch:
            self._refuse("an alternative that is empty", "Write `(a|b)?` for a part that may be missing.")

    def _read_part(self, depth: int, is_first: bool) -> tuple[str, int, bool]:
        sign = self.text[self.at]
        if sign == "(":
            return self._read_group(depth)
        if sign == "[":
            return self._read_class(), 1, True
        if sign == "\\":
            return self._read_escape()
        if sign == "^":
            if not is_first or depth:
                self._refuse(
                    "a `^` that is not at the beginning", "Write it first, or `\\^` for the sign itself."
                )
            self.at += 1
            return "^", 1, False
        if sign == "$":
            self._refuse(
                "a `$`, which Java also matches before a line break",
                "Put the pattern into `whole` instead of `any`, or write `\\$` for the sign itself.",
            )
        if sign in "*+?{":
            self._refuse(f"a {sign!r} that repeats nothing", f"Write `\\{sign}` for the sign itself.")
        if sign in "]}":
            self._refuse(f"a {sign!r} without its beginning", f"Write `\\{sign}` for the sign itself.")
        self.at += 1
        if sign == ".":
            return ".", 1, True
        if sign == " ":
            while self.text[self.at : self.at + 1] == " ":
                self.at += 1
            is_repeated = self.text[self.at : self.at + 1] in ("?", "{")
            return (f"(?:{self.blank})", 1, True) if is_repeated else (self.blank, 1, False)
        self._check_literal(sign)
        return sign, 1, True

    def _check_literal(self, sign: str) -> None:
        if sign in _LITERAL:
            return
        self.at -= 1
        if sign.isascii() and sign.isupper():
            self._refuse(
                f"the capital letter {sign!r}", "Write small letters: reasons are searched in small letters."
            )
        self._refuse(
            f"the sign {_show(sign)}",
            "Write plain letters, digits and signs: accents and wide signs are folded before the search.",
        )

    def _read_group(self, depth: int) -> tuple[str, int, bool]:
        start = self.text[self.at :]
        self.at += 1
        if start.startswith("(?:"):
            self.at += 2
        elif start.startswith(("(?=", "(?!", "(?<=", "(?<!")):
            self._refuse(
                "looking ahead or behind, which RE2 does not know",
                "Put what must not stand there into `unless`.",
            )
        elif start.startswith("(?"):
            self._refuse("a group with flags or a name", "Write plain `(...)`.")
        body, size = self._read_choice(depth + 1)
        if self.text[self.at : self.at + 1] != ")":
            self._refuse("a `(` without its `)`", "Close it, or write `\\(` for the sign itself.")
        self.at += 1
        return f"(?:{body})", size, True

    def _read_escape(self) -> tuple[str, int, bool]:
        sign = self.text[self.at + 1 : self.at + 2]
        if sign == "b":
            self.at += 2
            return r"\b", 1, False
        if sign in _CLASSES or sign in _ESCAPED and sign:
            self.at += 2
            return f"\\{sign}", 1, True
        if sign.isdigit():
            self._refuse(f"`\\{sign}`, which looks back at a group", "Write the words out.")
        self._refuse(
            f"`\\{_show(sign)[1:-1]}`", "Only \\b, \\d, \\w, \\s and signs after a backslash are read alike."
        )

    def _read_class(self) -> str:
        """Read `[...]`: signs, ranges and \\d \\w \\s."""
        start, self.at, made = self.at, self.at + 1, "["
        if self.text[self.at : self.at + 1] == "^":
            self.at, made = self.at + 1, "[^"
        head = len(made)
        while self.at < len(self.text) and self.text[self.at] != "]":
            sign = self.text[self.at]
            if sign == "[":
                self._refuse(
                    "a `[` in a class (or a class such as [:alpha:]), which Java reads otherwise",
                    "Write [a-z], [0-9], or `\\[` for the sign itself.",
                )
            if sign == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                if not escaped or escaped not in _CLASSES | _ESCAPED:
                    self._refuse("a backslash in a class", "Only \\d, \\w, \\s and signs may follow it.")
                made, self.at = f"{made}\\{escaped}", self.at + 2
                continue
            if sign in "&~^-":
                self._refuse(f"a {sign!r} in a class, which Java can read otherwise", f"Write `\\{sign}`.")
            self.at += 1
            if sign not in "().{}|*+?$":
                self._check_literal(sign)
            made += sign
            match = _RANGE.match(self.text, self.at - 1)
            if match:
                made, self.at = f"{made}-{match[1]}", match.end()
        if self.at >= len(self.text) or len(made) == head:
            self.at = start
            self._refuse("a class that is empty or not closed", "Write what it holds, and `]`.")
        self.at += 1
        return f"{made}]"

    def _read_count(self, part: str, size: int, may_repeat: bool) -> tuple[str, int]:
        sign = self.text[self.at : self.at + 1]
        if not sign or sign not in "*+?{":
            return part, size
        if sign in "*+":
            self._refuse(
                f"a `{sign}`, a repetition without bound",
                f"Say how often at most, for example {{{int(sign == '+')},20}}.",
            )
        if not may_repeat:
            self._refuse("a repetition of an edge or of the beginning", "Repeat a group, a class or a sign.")
        if sign == "?":
            self.at, count = self.at + 1, "?"
        else:
            match = _COUNTS.match(self.text, self.at)
            if not match:
                self._refuse(
                    "a `{` that is no number of times, or has no upper bound",
                    "Write {2} or {0,20}, or `\\{` for the sign itself.",
                )
            low, high = int(match[1]), int(match[2] or match[1])
            size *= high
            if not low <= high or not 1 <= high <= MOST_OFTEN or size > MOST_NESTED:
                self._refuse(
                    f"the repetition {match[0]}",
                    f"At most {MOST_OFTEN} times, {MOST_NESTED} within each other.",
                )
            self.at, count = match.end(), match[0]
        if self.text[self.at : self.at + 1] in ("?", "+", "*", "{"):
            self._refuse("a repetition of a repetition", "Say how often once.")
        return part + count, size


def _show(text: str) -> str:
    shown = ascii(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
