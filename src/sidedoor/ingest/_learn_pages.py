"""Pages of a sharing report: head, foot and noise of OCR cut off, and the lists that their bodies make up."""

import re
from collections import Counter
from dataclasses import dataclass, field

from helpers.errors import IngestError
from sidedoor.ingest._learn_form import Footer, is_footer, load_form, read_footer, squeeze
from sidedoor.ingest._learn_layout import Block, Piece, gather_lines, join_lines
from sidedoor.ingest.pdf import Page
from sidedoor.ingest.report import SetAside

_NAMED = re.compile(r"^\W*The\s+(.+?)\s*Agency\s+is\b", re.S)
# What no speck on a scan is read as, besides letters and digits.
_HAS_SIGN = re.compile(r"[^\W_]|[&/()\-\u2013]")
_ENTRY = re.compile(
    r"\W*(?:Agency:\s*(?P<agency>.*?))?\s*(?:Hot[\s-]?List(?:\(s\)|s)?:\s*(?P<lists>.*))?", re.I
)


@dataclass(eq=False)
class Sheet:
    """A page without head and foot, as lines from the top.

    `noise` is what OCR made of logo and specks, `margin` what head and foot hold beside what belongs there.
    """

    number: int
    lines: list[Piece]
    footer: Footer
    is_ocr: bool = False
    noise: list[str] = field(default_factory=list)
    margin: list[str] = field(default_factory=list)


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
    centers
        Middles of the headings Agency, City and State, if it has them.
    list_x
        Where the heading Hot List(s) begins, if there is one.
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
    pools: list[Piece] = field(default_factory=list)
    is_empty: bool = False
    columns_n: int = 0


def cut_page(page: Page, name: str, day_first: bool | None = None, is_ocr: bool = False) -> Sheet:
    """Part the body of a page from its head (title, logo) and its foot (date, page number).

    Raises
    ------
    IngestError
        The date at its foot is none.
    """
    head, foot = find_head(page), find_foot(page)
    footer = read_footer(read_foot(page), f"{name}, page {page.number}", day_first)
    sheet = Sheet(page.number, [], footer, is_ocr)
    above, body, below = [], [], []
    for word in page.words:
        middle = (word.top + word.bottom) / 2
        (below if middle >= foot else above if middle < head else body).append(word)
    if is_ocr:
        strange = [word for word in above if not _is_title(word.text)]
        specks = [word for word in body if not _HAS_SIGN.search(word.text)]
        body = [word for word in body if _HAS_SIGN.search(word.text)]
        sheet.noise = [line.text for part in (strange, specks) for line in gather_lines(part)]
    else:
        strange = (word for word in (*above, *below) if not _belongs_to_margin(word.text))
        sheet.margin = [line.text for line in gather_lines(strange)]
    sheet.lines = gather_lines(body, page.number)
    return sheet


def _is_title(text: str) -> bool:
    squeezed = squeeze(text)
    return len(squeezed) > 3 and squeezed in squeeze(load_form()["sharing"]["title"])


def _belongs_to_margin(text: str) -> bool:
    squeezed = squeeze(text)
    return squeezed in load_form()["sharing"]["margin"] or not re.search(r"[^\W\d_]", squeezed)


def find_head(page: Page) -> float:
    """Find how far down title, date and page number reach that stand at the top; 0 on a page without any."""
    head, title = 0.0, load_form()["sharing"]["title_squeezed"]
    for line in gather_lines(word for word in page.words if word.bottom < 0.25 * page.height):
        text = squeeze(line.text)
        if title in text or is_footer(line.text):
            named = [word for word in line.words if title not in text or _is_title(word.text)]
            head = max(head, *(word.bottom for word in named or line.words))
    return head


def find_foot(page: Page) -> float:
    """Find the height at which the foot of a page begins."""
    foot, title = page.height + 1.0, load_form()["sharing"]["title_squeezed"]
    for line in gather_lines(word for word in page.words if word.top > 0.8 * page.height):
        text = squeeze(line.text)
        if title in text or is_footer(line.text):
            foot = min(foot, *((word.top + word.bottom) / 2 - 0.1 for word in line.words))
    return foot


def read_foot(page: Page) -> str:
    """Read what a page prints in small: date, product and number, at its foot or else at its very top."""
    foot = find_foot(page)
    words = [word for word in page.words if (word.top + word.bottom) / 2 >= foot]
    return "\n".join(line.text for line in gather_lines(words)) or read_head(page)


def read_head(page: Page) -> str:
    """Read the title of a page and what stands above it."""
    head = find_head(page)
    words = [word for word in page.words if (word.top + word.bottom) / 2 < head]
    return "\n".join(line.text for line in gather_lines(words))


def find_ocr_pages(pages: list[Page]) -> set[int]:
    """Find the pages whose words are the work of OCR.

    They lie over a picture, as those of a text PDF with a background do; but the words of a line are not
    quite on one height, or the feet of the pages not quite at one place.
    """
    scans = [page for page in pages if page.is_scan]
    feet = Counter()
    for page in scans:
        foot = find_foot(page)
        low = [(round(word.x0, 1), round(word.top, 1)) for word in page.words if word.top >= foot - 20]
        feet.update([min(low)] if low else [])
    if len(scans) > 1 and feet and feet.most_common(1)[0][1] < 0.5 * feet.total():
        return {page.number for page in scans}
    return {page.number for page in scans if _is_uneven(page)}


def _is_uneven(page: Page) -> bool:
    lines = gather_lines(page.words)
    steps = [abs(a.top - b.top) for line in lines for a, b in zip(line.words, line.words[1:])]
    return sum(step > 0.3 for step in steps) > 0.2 * len(steps)


def find_heading(text: str) -> str | None:
    """Find the section that a heading names, letter by letter or, misread by OCR, nearly."""
    squeezed = squeeze(text)
    if not 12 <= len(squeezed) <= 24 or len(text.split()) > 5:
        return None
    headings = load_form()["sharing"]["headings"]
    for name, known in headings.items():
        if squeezed in known:
            return name
    from rapidfuzz.fuzz import ratio

    score, name = max((ratio(squeezed, form), name) for name, known in headings.items() for form in known)
    return name if score >= 88 else None


def find_sentence(text: str) -> tuple[str, str | None] | None:
    """Find the section that a sentence opens, and the agency that it names."""
    squeezed = squeeze(text)
    if "followingagenc" not in squeezed and not squeezed.endswith("agencies"):
        return None
    sentences = load_form()["sharing"]["sentences"]
    name = next((name for name, tail in sentences.items() if tail in squeezed), None)
    if name is None:
        from rapidfuzz.fuzz import partial_ratio

        score, name = max((partial_ratio(tail, squeezed), name) for name, tail in sentences.items())
        if score < 85:
            return None
    named = _NAMED.search(text)
    return name, named.group(1).strip() if named else None


def find_sections(sheets: list[Sheet], first: str | None = None) -> tuple[list[Section], list[SetAside]]:
    """Part the lines of a report into its lists.

    What stands before the first heading is set aside, or belongs to the list that a person named (`first`).
    """
    lines = [(sheet, line) for sheet in sheets for line in sheet.lines]
    sections: list[Section] = []
    aside: list[SetAside] = []
    has_sentence, at = False, 0
    while at < len(lines):
        sheet, line = lines[at]
        at += 1
        if name := find_heading(line.text):
            if not sections or sections[-1].name != name:
                sections.append(Section(name, created=sheet.footer.created))
                has_sentence = False
            continue
        sentence, used_n = None, 0
        if squeeze(line.text).startswith("the") or "agencyis" in squeeze(line.text):
            for used_n in range(3):  # a long name wraps the sentence
                rest = [part.text for _, part in lines[at : at + used_n]]
                if any(find_heading(part) or squeeze(part).startswith("the") for part in rest):
                    break
                if sentence := find_sentence(join_lines([line.text, *rest])):
                    break
        if sentence:
            at += used_n
            name, reporter = sentence
            if not sections or sections[-1].name != name or has_sentence:
                sections.append(Section(name, created=sheet.footer.created))
            sections[-1].reporter, has_sentence = reporter, True
        elif not sections and first is not None:
            sections.append(Section(first, created=sheet.footer.created))
            _add_line(sections, sheet.number, line)
        elif not sections:
            # It may name a person, so that it is not repeated.
            aside.append(SetAside(f"page {sheet.number}", "a line before the first list", code="before"))
        else:
            _add_line(sections, sheet.number, line)
    return sections, aside


def _add_line(sections: list[Section], page: int, line: Piece) -> None:
    """Add a line to the open list: a name, `None`, the heads of columns, a labeled entry, or the pool."""
    form, section, squeezed = load_form()["sharing"], sections[-1], squeeze(line.text)
    is_head = squeezed in form["three_columns"] and 3 <= len(line.words) <= 4
    if squeezed in form["hot_list_columns"]:
        section.list_x = next((word.x0 for word in line.words if word.text.lower().startswith("hot")), None)
        return
    if squeezed in form["empty"] and not any(block.words for block in section.blocks):
        section.is_empty = True
    elif squeezed in form["pools"]:
        _find_pool_section(sections, squeezed).pools.append(line)
    elif is_unknown_head(squeezed, section.name):
        found = f"columns that no known layout has ({line.text[:60]!r})"
        way_out = "Bring its rows into a CSV of names and read that with a mapping."
        raise IngestError(f"page {page}", found, way_out, code="columns")
    elif is_head:
        first, last = (line.words[0].x0 + line.words[-3].x1) / 2, line.words[-2:]
        section.centers = [first, *((word.x0 + word.x1) / 2 for word in last)]
    elif section.name.startswith("hot") and (entry := _read_entry(line.text)):
        if entry[0]:
            section.entries.append([page, *entry])
        elif entry[1] and section.entries:
            section.entries[-1][2] = "; ".join(part for part in (section.entries[-1][2], entry[1]) if part)
    elif section.entries:
        section.entries[-1][2 if section.entries[-1][2] else 1] += f" {line.text}"
    else:
        if not section.blocks or section.blocks[-1].page != page:
            section.blocks.append(Block(page, []))
        section.blocks[-1].words += line.words


def is_unknown_head(squeezed: str, section: str) -> bool:
    """Say whether a line heads columns of detections, but not those that are known."""
    form = load_form()["sharing"]
    words = all(word in squeezed for word in ("agency", "city", "state"))
    return (
        section.startswith("detections")
        and words
        and squeezed not in form["three_columns"]
        and len(squeezed) < 40
    )


def _find_pool_section(sections: list[Section], squeezed: str) -> Section:
    """Find the list of detections that a line about the pool belongs to, as it may stand at the foot."""
    if sections[-1].name.startswith("detections"):
        return sections[-1]
    name = "detections_shared" if "shared" in squeezed else "detections_received"
    found = next((one for one in reversed(sections) if one.name == name), None)
    if found is None:
        found = Section(name, sections[-1].reporter, sections[-1].created)
        sections.insert(0, found)
    return found


def _read_entry(text: str) -> tuple[str, str] | None:
    """Read `Agency: ... Hot List(s): ...`; both are empty in the line that only heads the columns."""
    found = _ENTRY.fullmatch(text)
    if found is None or (found["agency"] is None and found["lists"] is None):
        return None
    return (found["agency"] or "").strip(), (found["lists"] or "").strip()
