"""Pages of a PDF as words with their places, read in a child process under limits."""

from dataclasses import dataclass

from ..errors import IngestError
from ..sandbox import run_limited
from .source import Source


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box in points, measured from the top left corner of the page as one reads it."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float


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
    """A page: number from 1, size in points, its words in the order in which they are read.

    `is_scan` says that a picture covers the page, so that the words are the work of OCR.
    """

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    is_scan: bool


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
            "helpers.ingest._pdf_child:read_pages", arguments, limits.sandbox, place=source.name
        )
        pages = [
            Page(
                page["number"],
                page["width"],
                page["height"],
                tuple(Word(*word) for word in page["words"]),
                page["is_scan"],
            )
            for page in found
        ]
        if not any(page.words for page in pages):
            raise IngestError(
                source.name,
                f"{len(pages)} pages and no text layer: they are pictures",
                "Run ocrmypdf first: ocrmypdf IN.pdf OUT.pdf, and give OUT.pdf.",
            )
        source.cache["pages"] = pages
    return source.cache["pages"]


def build_lines(page: Page, tolerance: float = 3.0) -> list[Line]:
    """Gather the words of a page into lines, top to bottom.

    Parameters
    ----------
    page
        The page.
    tolerance
        How far the middles of words may lie above one another in a line, in points.
    """
    groups: list[list[Word]] = []
    middles: list[float] = []
    for word in sorted(page.words, key=lambda word: ((word.top + word.bottom) / 2, word.x0)):
        middle = (word.top + word.bottom) / 2
        if groups and middle - middles[-1] <= tolerance:
            groups[-1].append(word)
            middles[-1] += (middle - middles[-1]) / len(groups[-1])
        else:
            groups.append([word])
            middles.append(middle)
    return [
        Line(
            tuple(sorted(group, key=lambda word: word.x0)),
            min(word.top for word in group),
            max(word.bottom for word in group),
        )
        for group in groups
    ]
