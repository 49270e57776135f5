"""Pages of a PDF as words with their places, read in a child process under limits."""

from collections.abc import Iterable
from dataclasses import dataclass

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.report import Report, SetAside
from sidedoor.ingest.source import Source
from sidedoor.sandbox import run_limited

# Codes of errors for which OCR is the way out.
PICTURES, UNREADABLE_FONTS = "pictures", "unreadable-fonts"
# What stands for a letter of which the PDF only says how it looks.
UNREADABLE = "\ufffd"
UNSEEN = {
    "inkless": "text without ink, or too small to be seen",
    "white": "white text on white, which the page does not show",
    "covered": "text below a box that was drawn over it, perhaps redacted",
    "outside": "text outside of the part of the page that is shown",
    "askew": "text that runs in another direction, such as a stamp or a watermark",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box in points, measured from the top left corner of the page as one reads it.

    `run` numbers the operators of a page that draw letters: words of one were drawn together; 0 if it is not
    known. `seams` are the places within a word where another operator begins: number of the letter, right
    edge of the letter before, left edge of this one, the operator.
    """

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    run: int = 0
    seams: tuple[tuple[int, float, float, int], ...] = ()
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand beside one another, from left to right."""

    words: tuple[Word, ...]
    top: float
    bottom: float

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True)
class Page:
    """A page: number from 1, size in points, its words in the order in which they were drawn.

    `is_scan` says that a picture covers the page, so that the words are the work of OCR. `unseen` says why,
    for each line that the page holds and does not show as its own, and `notes_n` counts the notes, stamps
    and fields that a viewer lays over it.
    """

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    is_scan: bool
    unseen: tuple[str, ...] = ()
    notes_n: int = 0


def read_pages(source: Source) -> list[Page]:
    """Read all pages of a PDF. The result is kept with the source.

    Raises
    ------
    IngestError
        It is damaged, locked, beyond the limits (pages, characters, memory, time), or has no text layer.
    """
    if "pages" not in source.cache:
        limits = source.limits
        arguments = {
            "path": str(source.path.resolve()),
            "name": source.name,
            "pages_cap": limits.pages_n,
            "chars_cap": limits.chars_n,
            "page_chars_cap": limits.page_chars_n,
            "unpacked_cap": limits.ratio * max(source.bytes_n, 1 << 20),
        }
        found = run_limited(
            "sidedoor.ingest._pdf_child:read_pages", arguments, limits.sandbox, place=source.name
        )
        pages = [build_page(page) for page in found]
        source.cache["pages_n"] = len(pages)
        if not any(page.words for page in pages):
            if any(page.unseen for page in pages):
                found = "text, none of which its pages show"
                raise IngestError(source.name, found, "Open it: if names can be seen, print it to a new PDF.")
            what = "it is a picture" if len(pages) == 1 else "they are pictures"
            found = f"{say_number(len(pages), 'page')} and no text layer: {what}"
            way_out = "Let OCR read it: add --ocr; or run ocrmypdf IN.pdf OUT.pdf, and give OUT.pdf."
            raise IngestError(source.name, found, way_out, code=PICTURES)
        _refuse_unreadable(pages, source.name)
        source.cache["pages"] = pages
    return source.cache["pages"]


def build_page(found: dict) -> Page:
    """Build a page from what the child gave."""
    words = (
        Word(text, x0, x1, top, bottom, run, tuple(map(tuple, seams)), is_bold)
        for text, x0, x1, top, bottom, run, seams, is_bold in found["words"]
    )
    size = found["width"], found["height"]
    unseen = tuple(found["unseen"])
    return Page(found["number"], *size, tuple(words), found["is_scan"], unseen, found["notes_n"])


def _refuse_unreadable(pages: list[Page], name: str) -> None:
    """Refuse a PDF whose fonts do not say which letters their shapes are."""
    letters_n = sum(len(word.text) for page in pages for word in page.words)
    lost_n = sum(word.text.count(UNREADABLE) for page in pages for word in page.words)
    if lost_n > 0.2 * letters_n:
        found = f"fonts that do not say which letters they draw ({lost_n:,} of {letters_n:,} are unreadable)"
        way_out = (
            "Let OCR read the pages: add --ocr; or run ocrmypdf --force-ocr IN.pdf OUT.pdf, and give it."
        )
        raise IngestError(name, found, way_out, code=UNREADABLE_FONTS)


def report_unseen(pages: Iterable[Page], report: Report) -> None:
    """Set aside what pages hold and do not show, a row for each line, and say that notes lie over them."""
    noted = []
    for page in pages:
        report.set_aside += [SetAside(f"page {page.number}", UNSEEN[why]) for why in page.unseen]
        if page.notes_n:
            noted.append(str(page.number))
    if noted:
        report.warnings.append(
            f"Notes, stamps or fields lie over page {', '.join(noted)}; their text was not read: look at "
            "them, or print the file to a new PDF, so that they become part of the pages."
        )


def warn_unseen(pages: Iterable[Page], report: Report) -> None:
    """Warn of what pages hold and do not show, for tables whose rows are counted otherwise."""
    for page in pages:
        for why in dict.fromkeys(page.unseen):
            report.warnings.append(f"Page {page.number} holds {UNSEEN[why]}; it was not read.")


def split_line(line: Line, gap: float = 1.2) -> list[Line]:
    """Split a line where more than so many of its heights lie between two words."""
    groups: list[list[Word]] = []
    for word in line.words:
        if not groups or word.x0 - groups[-1][-1].x1 > gap * (word.bottom - word.top):
            groups.append([])
        groups[-1].append(word)
    return [Line(tuple(group), line.top, line.bottom) for group in groups]


def build_lines(page: Page, tolerance: float = 3.0) -> list[Line]:
    """Gather the words of a page into lines, top to bottom: their middles differ by at most `tolerance`
    points.
    """
    groups: list[list[Word]] = []
    mean = 0.0
    for word in sorted(page.words, key=lambda word: ((word.top + word.bottom) / 2, word.x0)):
        middle = (word.top + word.bottom) / 2
        if groups and middle - mean <= tolerance:
            groups[-1].append(word)
            mean += (middle - mean) / len(groups[-1])
        else:
            groups.append([word])
            mean = middle
    lines = (tuple(sorted(group, key=lambda word: word.x0)) for group in groups)
    return [Line(line, min(word.top for word in line), max(word.bottom for word in line)) for line in lines]
