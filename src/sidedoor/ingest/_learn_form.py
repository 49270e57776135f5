"""What the two readers of Vigilant's reports share: words of the form, dates, page numbers."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.report import Report

# A digit, or a letter that an OCR layer puts in its place.
_D = r"[0-9OolIi|SBZ]"
_DATE = rf"({_D}{{1,2}})[-/.]({_D}{{1,2}})[-/.]({_D}{{4}}|{_D}{{2}})"
_CREATED = re.compile(rf"Date\s*Created\W*{_DATE}(?!\d)", re.I)
_NUMBERED = re.compile(rf"(?<![A-Za-z])Page\s*({_D}{{1,4}})\s*of\s*({_D}{{1,4}})(?![A-Za-z0-9])", re.I)


def load_form() -> dict:
    """Return the words of Vigilant's reports (`data/registry/formats/learn.toml`)."""
    return load_format("learn")


@functools.lru_cache(maxsize=1 << 14)
def squeeze(text: str) -> str:
    """Return only letters and digits, in lower case: what survives when an OCR layer loses spaces."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


@dataclass(frozen=True)
class Footer:
    """What the foot of a page says: date of the report, number of the page and of how many; None if not."""

    created: str | None = None
    number: int | None = None
    of: int | None = None


def read_footer(text: str, place: str, day_first: bool | None = None) -> Footer:
    """Return what a foot says: `Date Created: 02-06-20   LEARN ... Report   Page 1 of 14`.

    Raises
    ------
    IngestError
        There is no such day.
    """
    created, numbered = _CREATED.search(text), _NUMBERED.search(text)
    day = read_date("-".join(created.groups()), place, day_first) if created else None
    return Footer(day, *map(_read_digits, numbered.groups() if numbered else ()))


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
        first, second, year = map(_read_digits, found.groups())
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
    of = None
    for at, footer in footers:
        if not parts or footer.number == 1 or (of and footer.of and footer.of != of):
            parts.append([])
        parts[-1].append((at, footer))
        of = footer.of
    for part in parts:
        printed = [footer.number for _, footer in part if footer.number]
        unnumbered = [at for at, footer in part if not footer.number]
        total = max((footer.of for _, footer in part if footer.of), default=0)
        missing = sorted(set(range(1, min(total, 10_000) + 1)) - set(printed))
        twice = sorted({number for number in printed if printed.count(number) > 1})
        if unnumbered:
            report.warn(
                "no-page-number", f"No page number is legible on {_say_pages(unnumbered)} of the file."
            )
        # a page whose number is illegible is one of those that seem to be missing
        if printed and len(missing) > len(unnumbered):
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
