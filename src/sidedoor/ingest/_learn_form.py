"""What the two readers of Vigilant reports share: the words of the form, dates and page numbers."""

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
    """Load the words of Vigilant's reports (`data/registry/formats/learn.toml`)."""
    return load_format("learn")


@functools.lru_cache(maxsize=1 << 14)
def squeeze(text: str) -> str:
    """Leave only letters and digits, in lower case: what survives when an OCR layer loses spaces."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def is_one_name(start: str) -> bool:
    """Say whether a capital may follow these letters within one word, as in McEwen and DeKalb."""
    return re.split(r"[^A-Za-z]", start)[-1] in load_form()["ocr"]["joined"]


def fold_digits(text: str) -> int:
    """Read a number in which OCR may have put letters for digits: `l7` is 17."""
    return int("".join(load_form()["ocr"]["digits"].get(letter, letter) for letter in text))


@dataclass(frozen=True)
class Footer:
    """What the foot of a page says; None for what it does not say.

    Attributes
    ----------
    created
        Date of the report, `YYYY-MM-DD`.
    number, of
        Of the page, as printed.
    is_misread
        The page number was only legible with letters taken for digits.
    """

    created: str | None = None
    number: int | None = None
    of: int | None = None
    is_misread: bool = False


def read_footer(text: str, place: str, day_first: bool | None = None) -> Footer:
    """Read the foot of a page: `Date Created: 02-06-20   LEARN ... Report   Page 1 of 14`.

    Raises
    ------
    IngestError
        The date is none.
    """
    created, number, of, is_misread = None, None, None, False
    if found := _CREATED.search(text):
        created = read_date("-".join(found.groups()), place, day_first)
    if found := _NUMBERED.search(text):
        number, of = (fold_digits(part) for part in found.groups())
        is_misread = not "".join(found.groups()).isdigit()
    return Footer(created, number, of, is_misread)


def is_footer(text: str) -> bool:
    """Say whether a line is the foot of a page, or a part of it: its date, or its number."""
    return bool(_CREATED.search(text) or _NUMBERED.search(text))


def find_product(text: str) -> int | None:
    """Find what the foot of a page calls the product; the index into `products` of the form file."""
    squeezed = squeeze(text).partition("report")[0]
    return next((i for i, row in enumerate(load_form()["products"]) if row["squeezed"] in squeezed), None)


def read_date(text: str, place: str, day_first: bool | None = None) -> str:
    """Read a date such as `02-06-20` or `1-01-2019`; the form prints the month first.

    Parameters
    ----------
    text
        The date alone.
    place
        File and page, for the error.
    day_first
        What the person who has the file said; None takes the form's own order.

    Returns
    -------
    `YYYY-MM-DD`; two digits of a year are of this century.

    Raises
    ------
    IngestError
        There is no such day.
    """
    found = re.fullmatch(_DATE, text.strip())
    if found:
        first, second, year = (fold_digits(part) for part in found.groups())
        if day_first if day_first is not None else load_form()["dates"]["day_first"]:
            first, second = second, first
        try:
            return date(year + 2000 if year < 100 else year, first, second).isoformat()
        except ValueError:
            pass
    raise IngestError(
        place,
        f"the date {text.strip()[:20]!r}, which is none with the month first, as this form prints it",
        "If the report prints the day first, say so: --day-first; else correct the date's digits.",
        code="date",
        asks_for="day_first",
    )


def check_pages(footers: Iterable[tuple[int, Footer]], report: Report) -> None:
    """Compare the printed page numbers with the pages that are there.

    Parameters
    ----------
    footers
        Number of the page in the file, and its foot; several reports may follow one another.
    report
        Gets warnings: pages missing, printed twice, out of order, or without a number.
    """
    reports: list[list[tuple[int, Footer]]] = []
    for at, footer in footers:
        previous = reports[-1][-1][1] if reports else None
        is_new = footer.number == 1 or (previous and footer.of and previous.of and footer.of != previous.of)
        if not reports or (is_new and reports[-1]):
            reports.append([])
        reports[-1].append((at, footer))
    for part in reports:
        printed = [footer.number for _, footer in part if footer.number]
        unnumbered = [at for at, footer in part if not footer.number]
        totals = {footer.of for _, footer in part if footer.of}
        if unnumbered:
            report.warn(
                "no-page-number", f"No page number is legible on {_say_pages(unnumbered)} of the file."
            )
        if not printed:
            continue
        total = max(totals)
        # A page whose number is illegible is one of those that seem to be missing.
        missing = sorted(set(range(1, min(total, 10_000) + 1)) - set(printed))
        if len(totals) > 1 or max(printed) > total:
            said = ", ".join(map(str, sorted(totals)))
            report.warn("page-numbers", f"The pages are numbered inconsistently: of {said}.")
        if len(missing) > len(unnumbered):
            said = _say_pages(missing).capitalize()
            report.warn("pages-missing", f"{said} of {total} are missing: the lists are not complete.")
        twice = sorted({number for number in printed if printed.count(number) > 1})
        if twice:
            said = _say_pages(twice).capitalize()
            report.warn(
                "pages-twice", f"{said} of {total} are in the file twice: names may be counted twice."
            )
        elif printed != sorted(printed):
            report.warn("page-order", "The pages are not in order: what belongs to which list may be wrong.")


def _say_pages(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:20])) + (", ..." if len(numbers) > 20 else "")
    return f"page{'s' if len(numbers) > 1 else ''} {shown}"
