"""Pages of a PDF as words with their places, read in a child process under limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.report import Report
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
    """A word and its box in points, measured from the top left corner of the page as one reads it."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """How far down the page its middle stands."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """Words that stand beside one another, from left to right."""

    words: tuple[Word, ...]
    top: float
    bottom: float
    page: int = 0

    @property
    def text(self) -> str:
        """Its words with a space between them."""
        return " ".join(word.text for word in self.words)

    @property
    def middle(self) -> float:
        """How far down the page it stands, as most of its words do."""
        return median(word.middle for word in self.words)


@dataclass(frozen=True)
class Page:
    """A page: number from 1, size in points, its words in the order in which they were drawn.

    `is_scan` says that a picture shows what is read, so that the words are the work of OCR. `unseen` says why
    the page does not show some of what it holds, and `notes_n` counts the notes, stamps and fields that a
    viewer lays over it.
    """

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    is_scan: bool
    unseen: tuple[str, ...] = ()
    notes_n: int = 0

    @property
    def text(self) -> str:
        """Its words with a space between them."""
        return " ".join(word.text for word in self.words)


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
        function = "sidedoor.ingest._pdf_child:read_pages"
        found = run_limited(function, arguments, limits.sandbox, place=source.name)
        source.cache["pages_n"] = len(found)
        source.cache["pages"] = _refuse_unreadable([build_page(page) for page in found], source.name)
    return source.cache["pages"]


def build_page(found: dict) -> Page:
    """Build a page from what the child gave."""
    lists = {"words": tuple(Word(*word) for word in found["words"]), "unseen": tuple(found["unseen"])}
    return Page(**found | lists)


def _refuse_unreadable(pages: list[Page], name: str) -> list[Page]:
    """Return the pages, if they show words, and their fonts say which letters those are."""
    if not any(page.words for page in pages):
        if any(page.unseen for page in pages):
            found = "text, none of which its pages show"
            raise IngestError(name, found, "Open it: if names can be seen, print it to a new PDF.")
        found = f"{say_number(len(pages), 'page')} and no text layer: pictures"
        way_out = "Let OCR read it: add --ocr; or run ocrmypdf IN.pdf OUT.pdf, and give OUT.pdf."
        raise IngestError(name, found, way_out, code=PICTURES)
    letters_n = sum(len(word.text) for page in pages for word in page.words)
    lost_n = sum(word.text.count(UNREADABLE) for page in pages for word in page.words)
    if lost_n > 0.2 * letters_n:
        found = f"fonts that do not say which letters they draw ({lost_n:,} of {letters_n:,} are unreadable)"
        way_out = "Let OCR read it: add --ocr; or run ocrmypdf --force-ocr IN.pdf OUT.pdf, and give OUT.pdf."
        raise IngestError(name, found, way_out, code=UNREADABLE_FONTS)
    return pages


def warn_unseen(pages: Iterable[Page], report: Report) -> None:
    """Warn of what pages hold and do not show, and of notes that lie over them; neither is read."""
    for page in pages:
        for why in page.unseen:
            report.warn(f"unseen-{why}", f"Page {page.number} holds {UNSEEN[why]}; it was not read.")
        if page.notes_n:
            text = f"Notes, stamps or fields lie over page {page.number}; their text was not read: print the"
            report.warn("notes", f"{text} file to a new PDF, so that they become part of the pages.")


def split_line(line: Line, gap: float = 1.2) -> list[Line]:
    """Split a line where more than so many of its heights lie between two words."""
    groups: list[list[Word]] = []
    for word in line.words:
        if not groups or word.x0 - groups[-1][-1].x1 > gap * (word.bottom - word.top):
            groups.append([])
        groups[-1].append(word)
    return [Line(tuple(group), line.top, line.bottom, line.page) for group in groups]


def build_lines(page: Page, tolerance: float = 3.0) -> list[Line]:
    """Gather the words of a page into lines, top to bottom; their middles differ by at most `tolerance`
    points.
    """
    groups: list[list[Word]] = []
    mean = 0.0
    for word in sorted(page.words, key=lambda word: (word.middle, word.x0)):
        if groups and word.middle - mean <= tolerance:
            groups[-1].append(word)
            mean += (word.middle - mean) / len(groups[-1])
        else:
            groups.append([word])
            mean = word.middle
    lines = []
    for group in groups:
        top, bottom = min(word.top for word in group), max(word.bottom for word in group)
        lines.append(Line(tuple(sorted(group, key=lambda word: word.x0)), top, bottom, page.number))
    return lines
