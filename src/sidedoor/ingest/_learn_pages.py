"""Pages of a sharing report: head and foot cut off, and the lists that their bodies make up."""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from helpers.errors import IngestError
from sidedoor.ingest._learn_form import (
    Footer,
    TextLine,
    gather_lines,
    is_footer,
    join_lines,
    load_form,
    squeeze,
)
from sidedoor.ingest.pdf import Page, Word
from sidedoor.ingest.report import SetAside

_NAMED = re.compile(r"^\W*The\s+(.+?)\s*Agency\s+is\b", re.S)
# What no speck on a scan is read as, besides letters and digits.
_HAS_SIGN = re.compile(r"[^\W_]|[&/()\-\u2013]")
_ENTRY = re.compile(
    r"\W*(?:Agency:\s*(?P<agency>.*?))?\s*(?:Hot[\s-]?List(?:\(s\)|s)?:\s*(?P<lists>.*))?", re.I
)


@dataclass(eq=False)
class Sheet:
    """The words of a page, parted into head (title, logo), body, and foot (date, page number).

    `corner` is the place of the first word at the bottom; `is_ocr` says that the words are the work of OCR.
    """

    number: int
    head: list[Word] = field(default_factory=list)
    body: list[Word] = field(default_factory=list)
    foot: list[Word] = field(default_factory=list)
    corner: tuple[float, float] | None = None
    footer: Footer = Footer()
    is_ocr: bool = False

    def read_head(self) -> str:
        """Return what stands at the head."""
        return "\n".join(line.text for line in gather_lines(self.head))

    def read_margin(self) -> str:
        """Return what stands at the foot, or at the head if there is no foot."""
        return "\n".join(line.text for line in gather_lines(self.foot)) or self.read_head()

    def list_lines(self) -> list[TextLine]:
        """Return the lines of the body, without the specks of a scan."""
        return gather_lines((word for word in self.body if not self._is_speck(word)), self.number)

    def count_noise(self) -> int:
        """Return the number of lines that OCR made of logo and specks."""
        if not self.is_ocr:
            return 0
        logo = [word for word in self.head if not _is_title(word.text)]
        return len(gather_lines(logo)) + len(gather_lines(filter(self._is_speck, self.body)))

    def list_strange(self) -> set[str]:
        """Return the lines of head and foot that do not belong there, of a page that is no scan."""
        words = [] if self.is_ocr else [*self.head, *self.foot]
        return {line.text for line in gather_lines(word for word in words if _is_strange(word.text))}

    def _is_speck(self, word: Word) -> bool:
        return self.is_ocr and not _HAS_SIGN.search(word.text)


def _is_title(text: str) -> bool:
    return len(squeeze(text)) > 3 and squeeze(text) in squeeze(load_form()["sharing"]["title"])


def _is_strange(text: str) -> bool:
    is_word = bool(re.search(r"[^\W\d_]", squeeze(text)))
    return is_word and squeeze(text) not in load_form()["sharing"]["margin"]


def cut_pages(pages: list[Page]) -> list[Sheet]:
    """Return the sheets of a report, and say which of them OCR read.

    Words of OCR lie over a picture, as those of a text PDF with a background do; but those of a line are not
    quite on one height, or the feet of the pages not quite at one place.
    """
    sheets = [_cut_page(page) for page in pages]
    corners = [
        sheet.corner for page, sheet in zip(pages, sheets, strict=True) if page.is_scan and sheet.corner
    ]
    is_shifting = len(corners) > 1 and max(Counter(corners).values()) < 0.5 * len(corners)
    for page, sheet in zip(pages, sheets, strict=True):
        sheet.is_ocr = page.is_scan and (is_shifting or _is_uneven(page))
    return sheets


def _is_uneven(page: Page) -> bool:
    pairs = [pair for line in gather_lines(page.words) for pair in pairwise(line.words)]
    return sum(abs(one.top - other.top) > 0.3 for one, other in pairs) > 0.2 * len(pairs)


def _cut_page(page: Page) -> Sheet:
    title = load_form()["sharing"]["title_squeezed"]
    head, foot = 0.0, page.height + 1.0
    for line in gather_lines(word for word in page.words if word.bottom < 0.25 * page.height):
        if title in squeeze(line.text):
            named = [word for word in line.words if _is_title(word.text)] or line.words
            head = max(head, *(word.bottom for word in named))
        elif is_footer(line.text):
            head = max(head, *(word.bottom for word in line.words))
    for line in gather_lines(word for word in page.words if word.top > 0.8 * page.height):
        if title in squeeze(line.text) or is_footer(line.text):
            foot = min(foot, *((word.top + word.bottom) / 2 - 0.1 for word in line.words))
    low = [(round(word.x0, 1), round(word.top, 1)) for word in page.words if word.top >= foot - 20]
    sheet = Sheet(page.number, corner=min(low, default=None))
    for word in page.words:
        middle = (word.top + word.bottom) / 2
        part = sheet.foot if middle >= foot else sheet.head if middle < head else sheet.body
        part.append(word)
    return sheet


@dataclass(eq=False)
class Block:
    """What one page holds of one list: its words, and later its lines by number of column."""

    page: int
    is_ocr: bool
    words: list[Word] = field(default_factory=list)
    columns: dict[int, list[TextLine]] = field(default_factory=dict)


@dataclass(eq=False)
class Section:
    """One of the lists.

    Attributes
    ----------
    name
        One of the four sections.
    reporter, created
        The agency that its sentence names, and the date at the foot of its first page.
    blocks
        The words of its names, page by page.
    centers, list_x
        Middles of the heads Agency, City and State, and where the head Hot List(s) begins, if it has them.
    entries
        Hot lists whose every entry is labeled: page, agency, lists.
    pools
        Lines that name the vendor's pool, in no column.
    is_empty
        It says `None`.
    columns_n
        How many columns were found.
    """

    name: str
    reporter: str | None = None
    created: str | None = None
    blocks: list[Block] = field(default_factory=list)
    centers: list[float] = field(default_factory=list)
    list_x: float | None = None
    entries: list[list] = field(default_factory=list)
    pools: list[TextLine] = field(default_factory=list)
    is_empty: bool = False
    columns_n: int = 0

    @property
    def is_hot(self) -> bool:
        return self.name.startswith("hot")


def find_heading(text: str) -> str | None:
    """Return the section that a heading names, letter by letter or, misread by OCR, nearly."""
    if not 12 <= len(squeeze(text)) <= 24 or len(text.split()) > 5:
        return None
    from rapidfuzz.fuzz import ratio

    headings = load_form()["sharing"]["headings"]
    score, name = max((ratio(squeeze(text), form), name) for name in headings for form in headings[name])
    return name if score >= 88 else None


def _find_sentence(lines: list[str]) -> tuple[str, str | None, int] | None:
    """Return the section that a sentence opens, the agency that it names, and how many lines it takes."""
    if not (squeeze(lines[0]).startswith("the") or "agencyis" in squeeze(lines[0])):
        return None
    from rapidfuzz.fuzz import partial_ratio

    for count, line in enumerate(lines, 1):  # a long name wraps it
        is_other = squeeze(line).startswith("the") and not squeeze(line).startswith("thefollowing")
        if count > 1 and (is_other or find_heading(line)):
            return None
        text = join_lines(lines[:count])
        squeezed = squeeze(text)
        if "followingagenc" not in squeezed and not squeezed.endswith("agencies"):
            continue
        tails = load_form()["sharing"]["sentences"].items()
        score, name = max((partial_ratio(tail, squeezed), name) for name, tail in tails)
        if score >= 85:
            named = _NAMED.search(text)
            return name, named[1].strip() if named else None, count
    return None


def find_sections(sheets: list[Sheet], first: str | None = None) -> tuple[list[Section], list[SetAside]]:
    """Return the lists of a report, and what is set aside: lines before the first list.

    They belong to a list if a person said which (`first`).
    """
    lines = [(sheet, line) for sheet in sheets for line in sheet.list_lines()]
    sections: list[Section] = []
    aside: list[SetAside] = []
    has_sentence, at = False, 0
    while at < len(lines):
        sheet, line = lines[at]
        heading = find_heading(line.text)
        sentence = None if heading else _find_sentence([part.text for _, part in lines[at : at + 3]])
        at += sentence[2] if sentence else 1
        if name := heading or (sentence and sentence[0]):
            # a heading may be repeated on each page, a sentence opens a list of its own
            if not sections or sections[-1].name != name or (sentence and has_sentence):
                sections.append(Section(name, created=sheet.footer.created))
                has_sentence = False
            if sentence:
                sections[-1].reporter, has_sentence = sentence[1], True
            continue
        if not sections and first is not None:
            sections.append(Section(first, created=sheet.footer.created))
        if sections:
            _add_line(sections, sheet, line)
        else:  # it may name a person, so that it is not repeated
            aside.append(SetAside(f"page {sheet.number}", "a line before the first list", code="before"))
    return sections, aside


def _add_line(sections: list[Section], sheet: Sheet, line: TextLine) -> None:
    """Add a line to the open list: a name, `None`, the heads of columns, a labeled entry, or the pool."""
    form, section, squeezed = load_form()["sharing"], sections[-1], squeeze(line.text)
    if squeezed in form["hot_list_columns"]:
        section.list_x = next((word.x0 for word in line.words if word.text.lower().startswith("hot")), None)
    elif squeezed in form["empty"] and not section.blocks:
        section.is_empty = True
    elif squeezed in form["pools"]:
        _find_pool_section(sections, squeezed).pools.append(line)
    elif squeezed in form["three_columns"] and 3 <= len(line.words) <= 4:
        *first, city, state = line.words
        edges = ((first[0].x0, first[-1].x1), (city.x0, city.x1), (state.x0, state.x1))
        section.centers = [(left + right) / 2 for left, right in edges]
    elif not section.is_hot and _is_unknown_head(squeezed):
        found = f"columns that no known layout has ({line.text[:60]!r})"
        way_out = "Bring its rows into a CSV of names and read that with a mapping."
        raise IngestError(f"page {sheet.number}", found, way_out, code="columns")
    elif section.is_hot and (entry := _read_entry(line.text)):
        if entry[0]:
            section.entries.append([sheet.number, *entry])
        elif entry[1] and section.entries:
            section.entries[-1][2] = "; ".join(filter(None, (section.entries[-1][2], entry[1])))
    elif section.entries:
        section.entries[-1][2 if section.entries[-1][2] else 1] += f" {line.text}"
    else:
        if not section.blocks or section.blocks[-1].page != sheet.number:
            section.blocks.append(Block(sheet.number, sheet.is_ocr))
        section.blocks[-1].words += line.words


def _is_unknown_head(squeezed: str) -> bool:
    """Say whether a line heads columns of detections, but not those that are known."""
    has_heads = all(word in squeezed for word in ("agency", "city", "state"))
    return has_heads and squeezed not in load_form()["sharing"]["three_columns"] and len(squeezed) < 40


def _find_pool_section(sections: list[Section], squeezed: str) -> Section:
    """Return the list of detections that a line about the pool belongs to, as it may stand at the foot."""
    if not sections[-1].is_hot:
        return sections[-1]
    name = "detections_shared" if "shared" in squeezed else "detections_received"
    found = next((one for one in reversed(sections) if one.name == name), None)
    if found is None:
        found = Section(name, sections[-1].reporter, sections[-1].created)
        sections.insert(0, found)
    return found


def _read_entry(text: str) -> tuple[str, str] | None:
    """Return agency and lists of `Agency: ... Hot List(s): ...`; both are empty if it only heads columns."""
    found = _ENTRY.fullmatch(text)
    if found is None or (found["agency"] is None and found["lists"] is None):
        return None
    return (found["agency"] or "").strip(), (found["lists"] or "").strip()
