"""What the two readers of Vigilant's reports share: words of the form, printed lines, dates, page numbers."""

import functools
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from statistics import median

from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.pdf import Word
from sidedoor.ingest.report import Report

# A digit, or a letter that an OCR layer puts in its place.
_D = r"[0-9OolIi|SBZ]"
_DATE = rf"({_D}{{1,2}})[-/.]({_D}{{1,2}})[-/.]({_D}{{4}}|{_D}{{2}})"
_CREATED = re.compile(rf"Date\s*Created\W*{_DATE}(?!\d)", re.I)
_NUMBERED = re.compile(rf"(?<![A-Za-z])Page\s*({_D}{{1,4}})\s*of\s*({_D}{{1,4}})(?![A-Za-z0-9])", re.I)
# Lines that a word is compared with at its height, the latest first: a file may be made to be slow.
_NEARBY = 40


def load_form() -> dict:
    """Return the words of Vigilant's reports (`data/registry/formats/learn.toml`)."""
    return load_format("learn")


@functools.lru_cache(maxsize=1 << 14)
def squeeze(text: str) -> str:
    """Return only letters and digits, in lower case: what survives when an OCR layer loses spaces."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


@dataclass(eq=False)
class TextLine:
    """Words of a page in one line, from left to right; `middle` is its height on the page, in points."""

    words: list[Word]
    page: int = 0
    right: float = field(default=0.0, repr=False)
    middle: float = field(default=0.0, repr=False)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def width(self) -> float:
        return max(word.x1 for word in self.words) - self.x0

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def gather_lines(words: Iterable[Word], page: int = 0) -> list[TextLine]:
    """Return words as lines, from the top; each word is compared with the one before, as scans are tilted."""
    ordered = sorted(words, key=lambda word: (word.x0, word.top))
    usual = median(word.bottom - word.top for word in ordered) if ordered else 1.0
    usual = usual or 1.0
    lines: list[TextLine] = []
    by_height: dict[int, list[TextLine]] = defaultdict(list)
    for word in ordered:
        middle, height = (word.top + word.bottom) / 2, min(word.bottom - word.top, 1.6 * usual)
        at, reach = int(middle // usual), 0.5 * max(height, 0.9 * usual)
        near = [line for level in (at - 1, at, at + 1) for line in by_height[level][-_NEARBY:]]
        near = [line for line in near if line.right <= word.x0 + 0.3 * usual]
        line = min(near, key=lambda line: abs(line.middle - middle), default=None)
        if line is None or abs(line.middle - middle) > reach:
            line = TextLine([], page, word.x1, middle)
            lines.append(line)
            by_height[at].append(line)
        line.words.append(word)
        line.right = max(line.right, word.x1)
        if height > 0.6 * usual:  # a dash or a speck does not say where its line is
            if int(line.middle // usual) != at:
                by_height[at].append(line)
            line.middle = middle
    for line in lines:
        line.middle = median((word.top + word.bottom) / 2 for word in line.words)
    return sorted(lines, key=lambda line: (line.middle, line.x0))


def join_lines(lines: Iterable[str]) -> str:
    """Return the lines of a wrapped name as one: with a space between them, after `Athens-` without."""
    text = ""
    for line in lines:
        text = text + line if re.search(r"[^\W\d_]-$", text) else f"{text} {line}".strip()
    return text


@dataclass(frozen=True)
class Footer:
    """What the foot of a page says: date of the report, number of the page and of how many.

    None stands for what it does not say; `is_misread`: the number has letters for digits.
    """

    created: str | None = None
    number: int | None = None
    of: int | None = None
    is_misread: bool = False


def read_footer(text: str, place: str, day_first: bool | None = None) -> Footer:
    """Return what a foot says: `Date Created: 02-06-20   LEARN ... Report   Page 1 of 14`.

    Raises
    ------
    IngestError
        There is no such day.
    """
    created, number, of, is_misread = None, None, None, False
    if found := _CREATED.search(text):
        created = read_date("-".join(found.groups()), place, day_first)
    if found := _NUMBERED.search(text):
        number, of = (_read_digits(part) for part in found.groups())
        is_misread = not "".join(found.groups()).isdigit()
    return Footer(created, number, of, is_misread)


def is_footer(text: str) -> bool:
    """Say whether a line is the foot of a page, or a part of it: its date, or its number."""
    return bool(_CREATED.search(text) or _NUMBERED.search(text))


def _read_digits(text: str) -> int:
    return int("".join(load_form()["ocr"]["digits"].get(letter, letter) for letter in text))


def read_date(text: str, place: str, day_first: bool | None = None) -> str:
    """Return a date such as `02-06-20` or `1-01-2019` as `YYYY-MM-DD`; the form prints the month first.

    Raises
    ------
    IngestError
        There is no such day.
    """
    if found := re.fullmatch(_DATE, text.strip()):
        first, second, year = (_read_digits(part) for part in found.groups())
        if load_form()["dates"]["day_first"] if day_first is None else day_first:
            first, second = second, first
        try:
            return date(year + 2000 if year < 100 else year, first, second).isoformat()
        except ValueError:
            pass
    found = f"the date {text.strip()[:20]!r}, which is none with the month first, as this form prints it"
    way_out = "If the report prints the day first, say so: --day-first; else correct the date's digits."
    raise IngestError(place, found, way_out, code="date", asks_for="day_first")


def check_pages(footers: Iterable[tuple[int, Footer]], report: Report) -> None:
    """Warn of pages that are missing, there twice, out of order, or without a number.

    Parameters
    ----------
    footers
        Number of the page in the file, and its foot; several reports may follow one another.
    report
        Gets the warnings.
    """
    parts: list[list[tuple[int, Footer]]] = []
    for at, footer in footers:
        before = parts[-1][-1][1] if parts else None
        is_new = footer.number == 1 or (before and footer.of and before.of and footer.of != before.of)
        if before is None or is_new:
            parts.append([])
        parts[-1].append((at, footer))
    for part in parts:
        printed = [footer.number for _, footer in part if footer.number]
        unnumbered = [at for at, footer in part if not footer.number]
        totals = sorted({footer.of for _, footer in part if footer.of})
        if unnumbered:
            text = f"No page number is legible on {_say_pages(unnumbered)} of the file."
            report.warn("no-page-number", text)
        if not printed:
            continue
        total = totals[-1]
        # A page whose number is illegible is one of those that seem to be missing.
        missing = sorted(set(range(1, min(total, 10_000) + 1)) - set(printed))
        twice = sorted({number for number in printed if printed.count(number) > 1})
        if len(totals) > 1 or max(printed) > total:
            said = ", ".join(map(str, totals))
            report.warn("page-numbers", f"The pages are numbered inconsistently: of {said}.")
        if len(missing) > len(unnumbered):
            text = f"Not in the file: {_say_pages(missing)} of {total}; the lists are not complete."
            report.warn("pages-missing", text)
        if twice:
            text = f"In the file twice: {_say_pages(twice)} of {total}; names may be counted twice."
            report.warn("pages-twice", text)
        elif printed != sorted(printed):
            text = "The pages are not in order: what belongs to which list may be wrong."
            report.warn("page-order", text)


def _say_pages(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:20])) + (", ..." if len(numbers) > 20 else "")
    return f"page{'s' if len(numbers) > 1 else ''} {shown}"
