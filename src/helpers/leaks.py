"""What a leak looks like: the patterns of `data/registry/leaks.toml`, applied to text."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from helpers import paths
from helpers.errors import DataError
from helpers.toml import load_toml

REGISTRY = Path("registry") / "leaks.toml"
SHORTEST_CANARY = 4
_BETWEEN = r"[\s._\u00b7\u2010-\u2015-]*"
_SHAPES = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "#" * 10 + "@" * 26)
# Up to three blocks of capitals and digits, a space or hyphen between them, with a digit early on.
_BLOCKS = re.compile(
    r"(?<![A-Za-z0-9_])(?=[A-Z]{0,8}[ -]?[A-Z]{0,6}[0-9])(?=([A-Z0-9]{1,8})(?![A-Za-z0-9_])"
    r"(?:([ -])([A-Z0-9]{1,6})(?![A-Za-z0-9_])(?:([ -])([A-Z0-9]{1,6})(?![A-Za-z0-9_]))?)?)"
)
_URL = re.compile(r"\b(?:https?|ftp)://[^\s\"'<>)\]}]+")
# What before and after a plate makes it part of a link, of a number or of the name of a file.
_PART_OF_LINK = re.compile(r"[&+/]\Z"), re.compile(r"\+\w|/(?![A-Z]{2}\b)\w")
_PART_OF_NUMBER = re.compile(r"[.&+/-]\Z"), re.compile(r"[-/+]\w|\.\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [*range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10), *range(10)])
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
# Letters of other alphabets that look like Latin ones, dashes, and what takes no ink but is called a letter.
_LOOK_ALIKE = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο" + "‐‑‒–—―−﹘﹣－" + "⠀ᅟᅠㅤ",
    "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXo" + "-" * 10 + "    ",
)


@dataclass(frozen=True)
class Hit:
    """A leak in a text: where it begins and ends, and its kind. The value itself is never shown."""

    start: int
    end: int
    kind: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Rules:
    """The content of `leaks.toml`, compiled."""

    shapes: dict[str, dict]
    lower: tuple[re.Pattern, ...]
    patterns: tuple[tuple[str, re.Pattern, str, tuple[str, ...]], ...]
    labels: tuple[tuple[str, re.Pattern, re.Pattern, str], ...]
    allowed: tuple[tuple[frozenset[str], re.Pattern, str], ...]
    words: dict[str, frozenset[str]]


@lru_cache(maxsize=2)
def load_rules(path: Path | None = None) -> Rules:
    """Return what counts as a leak; DataError if the file does not fit its schema or a pattern is wrong."""
    content = load_toml(path or paths.DATA / REGISTRY, "leaks", error=DataError)
    plates = content["plate"]
    try:
        return Rules(
            {plate["form"].replace("-", ""): plate | {"gaps": _find_gaps(plate["form"])} for plate in plates},
            tuple(_compile_lower(plate["form"]) for plate in plates if plate.get("lower")),
            tuple(
                (row["kind"], re.compile(row["regex"]), row.get("check", ""), tuple(row.get("needs", ())))
                for row in content["pattern"]
            ),
            tuple(
                (row["kind"], re.compile(row["header"]), re.compile(row["value"]), row.get("check", ""))
                for row in content["label"]
            ),
            tuple(
                (frozenset(row.get("kinds", ())), re.compile(row["pattern"]), row.get("file", ""))
                for row in content["allow"]
            ),
            {name: frozenset(map(str.lower, words)) for name, words in content["words"].items()},
        )
    except re.error as error:
        found = f"the pattern {error.pattern!r} cannot be compiled ({error.msg})"
        raise DataError(f"data/{REGISTRY.as_posix()}", found, "Correct it.") from None


def _find_gaps(form: str) -> frozenset[int]:
    """Return after how many characters of a plate a space or hyphen may stand."""
    parts = form.split("-")
    return frozenset(len("".join(parts[:number])) for number in range(1, len(parts)))


def _compile_lower(form: str) -> re.Pattern:
    body = form.replace("-", "-?").replace("#", "[0-9]").replace("@", "[A-Za-z]")
    return re.compile(rf"(?<![\w.&/+=#-])(?![0-9a-f]+\b|0){body}(?![\w-])")


@lru_cache(maxsize=4096)
def find_label(header: str) -> str | None:
    """Return which kind of leak a column or key of that name contains, or None."""
    if len(header) > 60:
        return None
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", _Plain(header).text)
    plain = re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()
    return next((kind for kind, name, *_ in load_rules().labels if name.fullmatch(plain)), None)


def mask(value: str) -> str:
    """Return a value masked: who has it can find it again, and nobody else can read it."""
    value = value.strip()
    return value[:1] + "•" * min(len(value) - 1, 16)


class Finder:
    """Finds leaks in text.

    Parameters
    ----------
    canaries
        Values that must not occur anywhere, however they are capitalized or spaced; DataError for one too
        short to be told from chance.
    file
        The file that is searched, for exceptions that concern it alone.
    """

    def __init__(self, canaries: tuple[str, ...] = (), file: Path | None = None):
        self._rules, self.canaries = load_rules(), tuple(canaries)
        place = _find_place(file)
        self._allowed = [(kinds, regex) for kinds, regex, only in self._rules.allowed if only in ("", place)]
        bodies = []
        for canary in self.canaries:
            letters = re.sub(_BETWEEN[:-1], "", _Plain(str(canary)).text)
            if len(letters) < SHORTEST_CANARY:
                found = f"a canary of fewer than {SHORTEST_CANARY} characters"
                raise DataError("scan", found, "Give a longer one.")
            bodies.append(_BETWEEN.join(map(re.escape, letters)))
        self._canary = re.compile("|".join(sorted(bodies, key=len, reverse=True)), re.I) if bodies else None

    def find_canaries(self, text: str) -> Iterator[Hit]:
        """Yield the canaries in a text, and nothing else."""
        if self._canary:
            plain = _Plain(text)
            for match in self._canary.finditer(plain.text):
                yield plain.relocate(Hit(match.start(), match.end(), "canary", match[0]))

    def find(self, text: str, *, cells: bool = False, is_url: bool = False) -> list[Hit]:
        """Return the leaks of all kinds in a text, in order, none within another.

        Parameters
        ----------
        cells
            Commas and semicolons part cells.
        is_url
            The text is the address of a link.
        """
        made = _Plain(text)
        plain = made.text
        if is_url:
            urls = [(0, len(plain))]
        else:
            urls = [match.span() for match in _URL.finditer(plain)] if "://" in plain else []
        found = [*self._find_patterns(plain, urls), *self._find_plates(plain, cells, urls)]
        taken = sorted(self.find_canaries(plain), key=lambda hit: hit.start)
        starts = [hit.start for hit in taken]
        for hit in found:
            at = bisect_right(starts, hit.start)
            is_free = all(
                one.end <= hit.start or one.start >= hit.end for one in taken[max(0, at - 1) : at + 1]
            )
            if is_free and not self._is_allowed(plain, hit):
                taken.insert(at, hit)
                starts.insert(at, hit.start)
        return [made.relocate(hit) for hit in taken]

    def is_leak(self, kind: str, value: str) -> bool:
        """Return whether a value in a column of such a name is a leak, not a word for a missing value."""
        value = _Plain(value).text.strip().strip("\"'")
        if value.lower() in self._rules.words["not_values"] or not re.search(r"\w", value):
            return False
        return any(
            of == kind and regex.fullmatch(value) and self._check(check, value)
            for of, _, regex, check in self._rules.labels
        ) and not self._is_allowed(value, Hit(0, len(value), kind, value))

    def mask(self, text: str) -> str:
        """Return a text that is to be shown, such as the name of a file, with all leaks masked."""
        for hit in reversed(self.find(text)):
            text = text[: hit.start] + mask(text[hit.start : hit.end]) + text[hit.end :]
        return text

    def _find_patterns(self, text: str, urls: list[tuple[int, int]]) -> Iterator[Hit]:
        small = text.lower()
        for kind, regex, check, needs in self._rules.patterns:
            if needs and not any(word in small for word in needs):
                continue
            group = "value" if "value" in regex.groupindex else 0
            for match in regex.finditer(text):
                start, end = match.span(group)
                is_named = kind == "email" or group == "value"
                if self._check(check, match[group]) and (is_named or not _is_address(text, start, urls)):
                    yield Hit(start, end, kind, match[group])

    def _find_plates(self, text: str, cells: bool, urls: list[tuple[int, int]]) -> Iterator[Hit]:
        end = -1
        for match in _BLOCKS.finditer(text):
            if match.start() < end:
                continue
            for count in (3, 2, 1):
                group = 2 * count - 1
                if match[group] is None:
                    continue
                start, stop = match.start(), match.end(group)
                plate = self._rules.shapes.get(re.sub("[ -]", "", text[start:stop]).translate(_SHAPES))
                if plate and self._is_plate(text, start, stop, plate, cells):
                    if not _is_address(text, start, urls):
                        yield Hit(start, stop, "plate", text[start:stop])
                        end = stop
                        break
        for regex in self._rules.lower:
            for match in regex.finditer(text):
                word = re.sub(r"[^A-Za-z]", "", match[0]).lower()
                is_word = "-" in match[0] and word in self._rules.words["not_plates"]
                if not is_word and not _is_address(text, match.start(), urls):
                    yield Hit(*match.span(), "plate", match[0])

    def _is_plate(self, text: str, start: int, stop: int, plate: dict, cells: bool) -> bool:
        """Return whether characters in the form of a plate stand where a plate may stand."""
        blocks = re.split("[ -]", text[start:stop])
        gaps = {len("".join(blocks[:number])) for number in range(1, len(blocks))}
        if not gaps <= plate["gaps"]:
            return False
        # Nothing else looks like this, whatever stands beside it: a state, the suffix of a file.
        is_clear = plate["where"] == "anywhere" and plate.get("lower", False)
        before, after = text[max(0, start - 3) : start], text[stop : stop + 4]
        parts = _PART_OF_LINK if is_clear else _PART_OF_NUMBER
        if parts[0].search(before) and not before.endswith(("--", "...")) or parts[1].match(after):
            return False
        signs = "".join(blocks)
        letters, digits = re.sub(r"\d", "", signs), re.sub(r"\D", "", signs)
        if (gaps or not is_clear) and letters.lower() in self._rules.words["not_plates"]:
            return False
        if is_clear:
            return signs[0] != "0"
        if re.match("[A-Z]*", signs)[0].lower() in self._rules.words["not_plates"]:
            return False
        is_color = len(signs) == 6 and not gaps and not set(letters) - set("ABCDEF")
        if is_color or _YEAR.fullmatch(digits) and (gaps or signs[0].isdigit()):
            return False
        is_joined = " " not in text[start:stop]
        fits = {"anywhere": True, "joined": is_joined, "hyphen": bool(gaps) and is_joined}
        return fits.get(plate["where"], False) or _is_alone(text, start, stop, cells)

    def _check(self, check: str, value: str) -> bool:
        """Return whether a value passes the check that its pattern names."""
        if check in _CHECKS:
            return _CHECKS[check](value)
        words = re.findall(r"[A-Za-z][A-Za-z'-]*", value)
        words = [word for word in words if len(word) > 1] or words
        known = self._rules.words["not_names"]
        return not words or words[0].lower() not in known and value.lower() not in known

    def _is_allowed(self, text: str, hit: Hit) -> bool:
        return any(
            match.start() <= hit.start and hit.end <= match.end()
            for kinds, regex in self._allowed
            if not kinds or hit.kind in kinds
            for match in regex.finditer(text, max(0, hit.start - 40), hit.end + 40)
        )


def _find_place(file: Path | None) -> str:
    """Return the path of a file from the root of the repository, if it is there."""
    try:
        return file.resolve().relative_to(paths.ROOT.resolve()).as_posix() if file else ""
    except (ValueError, OSError):
        return ""


class _Plain:
    """A text without invisible characters, accents and look-alike letters, and where each character was."""

    def __init__(self, text: str):
        self.text, self._origins = text, None
        if not text.isascii():
            parts = [_fold(character) for character in text]
            self.text = "".join(parts)
            if any(len(part) != 1 for part in parts):
                self._origins = [at for at, part in enumerate(parts) for _ in part]

    def relocate(self, hit: Hit) -> Hit:
        """Return a hit of the plain text with its place in the original."""
        if self._origins is None:
            return hit
        return Hit(self._origins[hit.start], self._origins[hit.end - 1] + 1, hit.kind, hit.value)


@lru_cache(maxsize=65_536)
def _fold(character: str) -> str:
    """Return the plain form of a character: nothing if it is invisible."""
    if character.isascii():
        return character
    plain = character.translate(_LOOK_ALIKE)
    if plain != character:
        return plain.strip()
    parts = unicodedata.normalize("NFKD", character).translate(_LOOK_ALIKE)
    return "".join(part for part in parts if unicodedata.category(part) not in ("Cf", "Mn", "Me"))


def _is_address(text: str, start: int, urls: list[tuple[int, int]]) -> bool:
    """Return whether a place is in the path of a link: only what a link asks for may be a leak."""
    at = bisect_right(urls, (start, len(text) + 1))
    if not at or urls[at - 1][1] <= start:
        return False
    return not re.search(r"[?&;]?[\w.-]+=[^&=]{0,12}\Z", text[urls[at - 1][0] : start])


def _is_alone(text: str, start: int, stop: int, cells: bool) -> bool:
    """Return whether characters fill a cell, a line or a quoted text by themselves."""
    parting = "\n\r\t|\"'" + (",;" if cells else "")
    before = text[max(0, start - 20) : start].rstrip(" ")
    after = text[stop : stop + 20].lstrip(" ")
    opens = before[-1] in parting + ">" if before else start <= 20
    closes = after[0] in parting + "<" if after else stop + 20 >= len(text)
    return opens and closes


def _check_vin(value: str) -> bool:
    value = value.upper()
    rest = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(value, _VIN_WEIGHTS)) % 11
    return value[8] == ("X" if rest == 10 else str(rest))


def _check_card(value: str) -> bool:
    """Return whether digits pass the Luhn check."""
    digits = [int(digit) for digit in reversed(re.sub(r"\D", "", value))]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


_CHECKS = {"": lambda value: True, "vin": _check_vin, "card": _check_card}
