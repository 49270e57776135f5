"""What a leak looks like: the patterns of `data/registry/leaks.toml`, applied to text."""

import re
import tomllib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from helpers import paths
from helpers.errors import DataError

REGISTRY = Path("registry") / "leaks.toml"
# Signs that show as nothing and may cut a value in two.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_BETWEEN = "[\\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff._\u00b7\u2010-\u2015-]*"
_SHAPES = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "#" * 10 + "@" * 26)
# One or two blocks of capital letters and digits, with what stands between them.
_BLOCKS = re.compile(
    r"(?<![A-Za-z0-9_])(?=([A-Z0-9]{1,8})(?:([ -])([A-Z0-9]{1,6})(?![A-Za-z0-9_]))?)"
    r"(?=[A-Z]{0,8}[ -]?[A-Z]{0,6}\d)"
)
_URL = re.compile(r"\b(?:https?|ftp)://[^\s\"'<>)\]}]+")
# What before and after it makes a plate the part of a link, of a number or of the name of a file.
_PART_OF_LINK = re.compile(r"[&+/]\Z"), re.compile(r"\+\w|/(?![A-Z]{2}\b)\w")
_PART_OF_NUMBER = re.compile(r"[.&+/-]\Z"), re.compile(r"[-/+]\w|\.\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [*range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10), *range(10)])
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
SHORTEST_CANARY = 4


@dataclass(frozen=True)
class Hit:
    """A leak in a text: where it begins and ends, and its kind. Never shown as it stands."""

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
    not_plates: frozenset[str]
    not_values: frozenset[str]
    not_names: frozenset[str]


@lru_cache(maxsize=2)
def load_rules(path: Path | None = None) -> Rules:
    """Load what counts as a leak.

    Raises
    ------
    DataError
        The file is no such list.
    """
    path = path or paths.DATA / REGISTRY
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        words = {name: frozenset(word.lower() for word in found) for name, found in content["words"].items()}
        plates = content["plate"]
        return Rules(
            shapes={plate["form"].replace("-", ""): plate for plate in plates},
            lower=tuple(_compile_lower(plate["form"]) for plate in plates if plate.get("lower")),
            patterns=tuple(
                (row["kind"], re.compile(row["regex"]), row.get("check", ""), tuple(row.get("needs", ())))
                for row in content["pattern"]
            ),
            labels=tuple(
                (row["kind"], re.compile(row["header"]), re.compile(row["value"]), row.get("check", ""))
                for row in content["label"]
            ),
            allowed=tuple(
                (frozenset(row.get("kinds", ())), re.compile(row["pattern"]), row.get("file", ""))
                for row in content["allow"]
            ),
            not_plates=words["not_plates"],
            not_values=words["not_values"],
            not_names=words["not_names"],
        )
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"data/{REGISTRY.as_posix()}", f"it is no list of leaks ({found})", "Restore it."
        ) from None


@lru_cache(maxsize=4096)
def find_label(header: str) -> str | None:
    """Say which kind of leak a column or key of that name holds, if any."""
    if len(header) > 60:
        return None
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", _Plain(header).text)
    plain = re.sub(r"[^a-z0-9]+", " ", spaced.lower()).strip()
    return next((kind for kind, name, *_ in load_rules().labels if name.fullmatch(plain)), None)


def _compile_lower(form: str) -> re.Pattern:
    body = form.replace("-", "").replace("#", "[0-9]").replace("@", "[a-z]")
    return re.compile(rf"(?<![\w.&/+=#-])(?![0-9a-f]+\b|0){body}(?![\w-])")


def mask(value: str) -> str:
    """Show a value so that it can be found again by who has it, and not be read by who has not."""
    value = value.strip()
    return value[:1] + "•" * min(len(value) - 1, 16)


class Finder:
    """Finds leaks in text.

    Parameters
    ----------
    canaries
        Values that must not occur anywhere, in any notation of case, blanks and hyphens.
    file
        The file that is looked through, for exceptions that concern it alone.

    Raises
    ------
    DataError
        A canary is too short to be told from chance.
    """

    def __init__(self, canaries: tuple[str, ...] = (), file: Path | None = None):
        self._rules = load_rules()
        self.canaries = tuple(canaries)
        place = _find_place(file)
        self._allowed = [
            (kinds, regex) for kinds, regex, only in self._rules.allowed if not only or only == place
        ]
        bodies = []
        for canary in self.canaries:
            signs = re.sub(_BETWEEN[:-1], "", _Plain(str(canary)).text)
            if len(signs) < SHORTEST_CANARY:
                raise DataError(
                    "scan", f"a canary of fewer than {SHORTEST_CANARY} signs", "Give a longer one."
                )
            bodies.append(_BETWEEN.join(re.escape(sign) for sign in signs))
        self._canary = re.compile("|".join(sorted(bodies, key=len, reverse=True)), re.I) if bodies else None

    def find_canaries(self, text: str) -> Iterator[Hit]:
        """Find canaries, and nothing else."""
        if self._canary:
            plain = _Plain(text)
            for match in self._canary.finditer(plain.text):
                yield plain.relocate(Hit(match.start(), match.end(), "canary", match[0]))

    def find(self, text: str, *, cells: bool = False, is_url: bool = False) -> list[Hit]:
        """Find leaks of all kinds in a text.

        Parameters
        ----------
        text
            Any text.
        cells
            Commas and semicolons part cells.
        is_url
            The text is the address of a link.

        Returns
        -------
        Hits in the order of the text, none within another. Positions are those of `text`.
        """
        made = _Plain(text)
        plain = made.text
        hits = list(self.find_canaries(plain))
        urls = (
            [(0, len(plain))]
            if is_url
            else [match.span() for match in _URL.finditer(plain)]
            if "://" in plain
            else []
        )
        found = [*self._find_patterns(plain, urls), *self._find_plates(plain, cells, urls)]
        found = [hit for hit in found if not self._is_allowed(plain, hit)] if found else []
        taken: list[Hit] = sorted(hits, key=lambda hit: hit.start)
        starts = [hit.start for hit in taken]
        for hit in found:
            at = bisect_right(starts, hit.start)
            is_free = (not at or taken[at - 1].end <= hit.start) and (
                at == len(taken) or taken[at].start >= hit.end
            )
            if is_free:
                taken.insert(at, hit)
                starts.insert(at, hit.start)
        return [made.relocate(hit) for hit in taken]

    def is_leak(self, kind: str, value: str) -> bool:
        """Say whether a value under such a name is a leak, or only says that there is none."""
        value = _Plain(value).text.strip().strip("\"'")
        if value.lower() in self._rules.not_values or not re.search(r"\w", value):
            return False
        for of, _, regex, check in self._rules.labels:
            if of == kind and regex.fullmatch(value) and (not check or self._check(check, value)):
                return not self._is_allowed(value, Hit(0, len(value), kind, value))
        return False

    def mask(self, text: str) -> str:
        """Mask all leaks in a text that is to be shown, such as the name of a file."""
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
                if (not check or self._check(check, match[group])) and (
                    is_named or not _is_address(text, start, urls)
                ):
                    yield Hit(start, end, kind, match[group])

    def _find_plates(self, text: str, cells: bool, urls: list[tuple[int, int]]) -> Iterator[Hit]:
        shapes = self._rules.shapes
        end = -1
        for match in _BLOCKS.finditer(text):
            start, (one, gap, two) = match.start(), match.groups()
            if start < end:
                continue
            # a long block is not a plate with a tail
            after = text[start + len(one) : start + len(one) + 1]
            choices = [(one, "", "")] if not (after.isalnum() or after == "_") else []
            if gap:
                choices.append((one, gap, two))
            for first, between, second in reversed(choices):
                plate = shapes.get((first + second).translate(_SHAPES))
                stop = start + len(first) + len(between) + len(second)
                if plate and self._is_plate(text, start, stop, first, between, plate, cells):
                    if not _is_address(text, start, urls):
                        yield Hit(start, stop, "plate", text[start:stop])
                        end = stop
                        break
        for regex in self._rules.lower:
            for match in regex.finditer(text):
                if not _is_address(text, match.start(), urls):
                    yield Hit(*match.span(), "plate", match[0])

    def _is_plate(
        self, text: str, start: int, stop: int, first: str, between: str, plate: dict, cells: bool
    ) -> bool:
        """Say whether signs of the form of a plate stand where a plate may stand."""
        before, after = text[max(0, start - 3) : start], text[stop : stop + 4]
        if between and len(first) != plate["form"].find("-"):
            return False
        is_clear = (
            plate["form"] == "#@@@###"
        )  # nothing else looks like this, a state or a file's ending beside it
        parts = _PART_OF_LINK if is_clear else _PART_OF_NUMBER
        if parts[0].search(before) and not before.endswith(("--", "...")) or parts[1].match(after):
            return False
        signs = re.sub(r"[ -]", "", text[start:stop])
        letters, digits = re.sub(r"\d", "", signs), re.sub(r"\D", "", signs)
        is_color = len(signs) == 6 and not between and not set(letters) - set("ABCDEF")
        if is_clear:
            return first[0] != "0"
        if {re.match("[A-Z]*", signs)[0].lower(), letters.lower()} & self._rules.not_plates:
            return False
        if is_color or _YEAR.fullmatch(digits) and (between or plate["form"] == "####@@@"):
            return False
        where = plate["where"]
        if (
            where == "anywhere"
            or where == "joined"
            and between != " "
            or where == "hyphen"
            and between == "-"
        ):
            return True
        return _is_alone(text, start, stop, cells)

    def _check(self, check: str, value: str) -> bool:
        if check == "vin":
            return _check_vin(value)
        words = re.findall(r"[A-Za-z][A-Za-z'-]*", value)
        words = [word for word in words if len(word) > 1] or words
        return (
            not words
            or words[0].lower() not in self._rules.not_names
            and value.lower() not in self._rules.not_names
        )

    def _is_allowed(self, text: str, hit: Hit) -> bool:
        for kinds, regex in self._allowed:
            if kinds and hit.kind not in kinds:
                continue
            around = max(0, hit.start - 40)
            for match in regex.finditer(text, around, hit.end + 40):
                if match.start() <= hit.start and hit.end <= match.end():
                    return True
        return False


def _find_place(file: Path | None) -> str:
    """Give the path of a file from the root of the repository, if it lies there."""
    try:
        return file.resolve().relative_to(paths.ROOT.resolve()).as_posix() if file else ""
    except (ValueError, OSError):
        return ""


class _Plain:
    """A text with wide, composed and accented signs in their plain form and without invisible ones."""

    def __init__(self, text: str):
        self.text, self._starts, self._origins = text, [0], [0]
        folds = (
            {sign: fold for sign in set(text) if (fold := _fold(sign)) != sign} if not text.isascii() else {}
        )
        self.is_same = not folds
        if folds:
            parts, end, at = [], 0, 0
            for match in re.finditer(f"[{re.escape(''.join(folds))}]", text):
                parts += (text[end : match.start()], folds[match[0]])
                at += match.start() - end
                self._mark(at, match.start())
                at += len(folds[match[0]])
                end = match.end()
                self._mark(at, end)
            self.text = "".join([*parts, text[end:]])

    def _mark(self, at: int, origin: int) -> None:
        self._starts.append(at)
        self._origins.append(origin)

    def find_origin(self, at: int) -> int:
        """Find where a place of the plain text is in the original."""
        part = bisect_right(self._starts, at) - 1
        end = self._origins[part + 1] if part + 1 < len(self._origins) else None
        origin = self._origins[part] + at - self._starts[part]
        return origin if end is None else min(origin, end)

    def relocate(self, hit: Hit) -> Hit:
        """Give a hit of the plain text its place in the original."""
        if self.is_same:
            return hit
        start = self.find_origin(hit.start)
        return Hit(start, max(start, self.find_origin(hit.end - 1) + 1), hit.kind, hit.value)


@lru_cache(maxsize=4096)
def _fold(sign: str) -> str:
    """Bring a sign to its plain form: nothing if it is invisible."""
    if sign.isascii():
        return sign
    parts = unicodedata.normalize("NFKD", sign)
    return "".join(part for part in parts if not unicodedata.combining(part) and not _INVISIBLE.match(part))


def _is_address(text: str, start: int, urls: list[tuple[int, int]]) -> bool:
    """Say whether a place lies in the path of a link: only what is asked for in it may be a leak."""
    at = bisect_right(urls, (start, len(text) + 1))
    if not at or urls[at - 1][1] <= start:
        return False
    return not re.search(r"[?&;]?[\w.-]+=[^&=]{0,12}\Z", text[urls[at - 1][0] : start])


def _is_alone(text: str, start: int, stop: int, cells: bool) -> bool:
    """Say whether signs fill a cell, a line or a quoted text by themselves."""
    ends = "\n\r\t|\"'>" + (",;" if cells else "")
    begins = "\n\r\t|\"'<" + (",;" if cells else "")
    before = text[max(0, start - 20) : start].rstrip(" ")
    after = text[stop : stop + 20].lstrip(" ")
    return (not before and start <= 20 or before[-1:] in ends and bool(before)) and (
        not after and stop + 20 >= len(text) or after[:1] in begins and bool(after)
    )


def _check_vin(value: str) -> bool:
    rest = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(value, _VIN_WEIGHTS)) % 11
    return value[8] == ("X" if rest == 10 else str(rest))
