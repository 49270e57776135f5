"""A page of Flock's transparency portal as headings, and below each of them a figure, a list or a text.

Agencies reword and leave out what they like: what a heading means is a table in `data/registry/formats/`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

from helpers.agencies.check import clean_name, looks_like_agency
from helpers.formats import load_format
from sidedoor.ingest.pdf import Line, build_lines, read_pages, split_line
from sidedoor.ingest.source import Source
from sidedoor.ingest.text import read_text
from sidedoor.sandbox import run_limited

HEADING_CHARS = 120
LISTS = ("detections_shared", "detections_received")
FIGURES = ("detections", "hits", "searches", "cameras", "retention_days")
NUMBER = re.compile(r"(?P<number>\d[\d,]*)(?: (?P<unit>\D.*))?")
_COMPANY = re.compile(r"\b(?:inc|corp|co|ltd|llc|dept)\.$", re.I)
_BULLET = re.compile(r"^(?:[\u2022\u25cf\u25aa\u25e6\u00b7*]|\d{1,3}[.)])\s+")
# A heading printed on a narrow column is wrapped into at most so many lines.
_WRAPPED = 4
# Printed lines of one paragraph begin at most so many heights of a line below one another.
_NEXT = 1.6
_PRINTED_EDGE = re.compile(r"https?://.*|(?:page )?\d+ ?(?:/|of) ?\d+|\d+/\d+/\d+,? .*", re.I)


@dataclass(frozen=True)
class Block:
    """A piece of text of the page: one line, or what one element of the markup shows."""

    text: str
    # In markup: how far it was closed since the block before (the smaller, the looser the two belong
    # together), what it calls the entry that begins here (in print: `column`, if a column does), and whether
    # it lists the text as one of several.
    outer: int = 0
    kind: str = ""
    is_cell: bool = False
    # It follows the block before as lines of one paragraph do.
    is_next: bool = True
    # In print: whether it is a printed line, and how many heights of a line it stands below the one
    # before (0 at the top of a page).
    is_line: bool = False
    gap: float = 0.0


@dataclass
class Entry:
    """What stands below one heading of the page; `about` is a sentence that explains the heading."""

    field: str
    heading: str
    about: str = ""
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Name:
    """A name of a list; `doubt` is `comma` or `line` if it was put together there, or may be two."""

    text: str
    doubt: str | None = None


def load_page() -> dict:
    """Return what is known of portal pages."""
    return load_format("flock")["portal_page"]


def read_blocks(source: Source) -> list[Block]:
    """Read the text of a page, whatever it was saved as. The result is kept with the source.

    Raises
    ------
    IngestError
        It cannot be read within the limits.
    """
    if "blocks" not in source.cache:
        read = {"html": _read_html, "text": _read_lines, "pdf": _read_print}[source.kind]
        tidy = (
            replace(block, text=clean_name(unicodedata.normalize("NFC", block.text))[0])
            for block in read(source)
        )
        source.cache["blocks"] = [block for block in tidy if block.text]
    return source.cache["blocks"]


def _read_html(source: Source) -> list[Block]:
    arguments = {"path": str(source.path.resolve()), "name": source.name, "chars_cap": source.limits.chars_n}
    function = "sidedoor.ingest._page_child:read_blocks"
    page = run_limited(function, arguments, source.limits.sandbox, place=source.name)
    source.cache["page"] = page
    return [Block(*block) for block in page["blocks"]]


def _read_lines(source: Source) -> list[Block]:
    lines = [line.strip() for line in read_text(source).split("\n")]
    return [Block(line, is_next=bool(above)) for above, line in pairwise(["", *lines])]


def _read_print(source: Source) -> list[Block]:
    """Read the printed lines column by column, as they begin at one place from page to page."""
    pages, title = read_pages(source), load_page()["title"].casefold()
    lines = [(page, part) for page in pages for line in build_lines(page) for part in split_line(line)]
    if not any(title in line.text.casefold() for page, line in lines if page is pages[0]):
        return []
    at = 1 + find_date([Block(line.text) for _, line in lines])
    columns: dict[int, list[tuple[int, Line]]] = {}
    for page, line in lines[at:]:
        is_edge = line.bottom < 0.05 * page.height or line.top > 0.95 * page.height
        if is_edge and (_PRINTED_EDGE.fullmatch(line.text) or title in line.text.casefold()):
            continue  # what a browser prints at the edge of each page: address, title, date, page
        x = round(line.words[0].x0)
        near = next((start for start in columns if abs(start - x) <= 4), x)
        columns.setdefault(near, []).append((page.number, line))
    blocks = [Block(line.text, is_line=True) for _, line in lines[:at]]
    for _, column in sorted(columns.items()):
        for above, (page, line) in pairwise([None, *column]):
            step = line.top - above[1].top if above and above[0] == page else 0.0
            gap = step / max(line.bottom - line.top, 1.0)
            kind = "" if above else "column"
            blocks.append(Block(line.text, kind=kind, is_next=0 < gap <= _NEXT, is_line=True, gap=gap))
    return list(_join_headings(blocks))


def _join_headings(lines: list[Block]) -> Iterator[Block]:
    """Join the printed lines of each heading, and of a sentence that explains one."""
    at = 0
    while at < len(lines):
        sizes = (size for size in range(_WRAPPED, 1, -1) if _is_wrapped(lines[at : at + size], size))
        size = next(sizes, 1)
        yield replace(lines[at], text=" ".join(line.text for line in lines[at : at + size]))
        at += size


def _is_wrapped(lines: list[Block], size: int) -> bool:
    """Say whether these lines are one heading, and no heading with the sentence that explains it."""
    if len(lines) < size or not all(line.is_next for line in lines[1:]):
        return False
    text = " ".join(line.text for line in lines)
    below = " ".join(line.text for line in lines[1:])
    if find_field(below.removesuffix(".")) in LISTS:
        return False
    return (text.endswith(".") or "," not in text) and find_field(text.removesuffix(".")) is not None


def find_date(blocks: list[Block]) -> int:
    """Find the block that says when the page was updated; -1 if there is none."""
    updated = re.compile(load_page()["updated"])
    return next((at for at, block in enumerate(blocks) if updated.search(block.text)), -1)


def find_title(blocks: list[Block]) -> Block | None:
    """Find the page's title: the last one above its date."""
    title = load_page()["title"].casefold()
    above = blocks[: find_date(blocks) + 1] or blocks[:100]
    return next((block for block in reversed(above) if title in block.text.casefold()), None)


@cache
def _compile(group: str) -> re.Pattern:
    known = load_page()
    patterns = "|".join(known["headings"][group])
    for name, pattern in known["words"].items():
        patterns = patterns.replace(f"{{{name}}}", pattern)
    return re.compile(patterns, re.I)


def find_field(text: str) -> str | None:
    """Find what a heading says that stands below it: a list, a figure, `unclear` (a list, and not which way
    its data flows), or `others`; None if it is no known heading.
    """
    text = re.sub(r"\s*\(\d+\)$", "", text.strip().rstrip(":").replace("\u2019", "'"))
    if len(text) > HEADING_CHARS or text.endswith(".") or text[:1].islower():
        return None
    groups = (*LISTS, *FIGURES, "others", "unclear")
    return next((group for group in groups if _compile(group).fullmatch(text)), None)


def read_heading(block: Block) -> tuple[str | None, str, str]:
    """Read a heading: its field, its text, and what stands behind its colon."""
    if found := find_field(block.text):
        return found, block.text, ""
    heading, _, rest = (part.strip() for part in block.text.partition(":"))
    found = find_field(heading) if rest else None
    if found in FIGURES and NUMBER.fullmatch(rest) or found in LISTS and not rest.endswith("."):
        return found, heading, rest
    return None, block.text, ""


def find_entries(blocks: list[Block]) -> list[Entry]:
    """Find the headings of lists and figures, each with what stands below it."""
    types = load_page()["types"]
    entries: list[Entry] = []
    is_open = False
    for block in blocks[max(find_date(blocks), 0) + 1 :]:
        found, heading, rest = read_heading(block)
        found = types.get(block.kind) or found
        if found:
            is_open = found != "others"
            if is_open:
                entries.append(Entry(found, heading, blocks=[replace(block, text=rest)] if rest else []))
        elif block.kind:
            is_open = False
        elif is_open:
            is_open = _take(entries[-1], block)
    return entries


def _take(entry: Entry, block: Block) -> bool:
    """Take a block into an entry; False if it ends before it, by markup or print."""
    if not entry.blocks and not block.is_cell and _is_about(block.text, entry.field):
        entry.about = block.text
        return True
    first = entry.blocks[0] if entry.blocks else block
    if block.gap > 1.6 * max(first.gap, 1.5) or block.outer < first.outer:
        return False
    entry.blocks.append(block)
    return True


def _is_about(text: str, about: str) -> bool:
    """Say whether a sentence explains a heading, and is no name that ends in `Inc.`."""
    if not text.endswith(".") or len(text.split()) < 3:
        return False
    return find_field(text[:-1]) == about or ("," not in text and not _COMPANY.search(text))


def is_prose(text: str) -> bool:
    """Say whether a text is a sentence, and no name that ends in `Inc.`."""
    return text.endswith(".") and len(text.split()) > 4 and not _COMPANY.search(text)


def read_names(blocks: list[Block]) -> list[Name]:
    """Read the names of a list, in order.

    Parameters
    ----------
    blocks
        What stands below its heading: cells, names between commas in one paragraph, or one name in each.
    """
    listed = cut_list(blocks)
    parted_n = sum("," in block.text or ";" in block.text for block in listed)
    if any(block.is_cell for block in listed):
        pieces = [block.text for block in listed if block.is_cell]
    elif 2 * parted_n > len(listed) or any(block.text.endswith((",", ";")) for block in listed):
        pieces = _split_paragraph(listed)
    elif listed and listed[0].is_line:
        return _read_printed_rows(listed)
    else:
        pieces = [_BULLET.sub("", block.text) for block in listed]
        if len(listed) < len(blocks):  # the last may be a heading that is not known
            pieces[-1] = f"{pieces[-1]}\n"
    return _join_pieces([piece.strip(" ") for piece in pieces if piece.strip()])


def cut_list(blocks: list[Block]) -> list[Block]:
    """Cut what stands below a heading off where its list ends, and a heading that is not known may begin: at
    the end of a paragraph of several names, else before a sentence or a number, and what stands above that.
    """
    if not blocks or any(block.is_cell for block in blocks) or blocks[0].is_line:
        return blocks
    end = 1
    while end < len(blocks) and (blocks[end].is_next or blocks[end - 1].text.endswith(",")):
        end += 1
    is_paragraph = end > 1 or len(_join_pieces(re.split("[,;] ", blocks[0].text))) > 1
    part = blocks[:end] if is_paragraph else blocks
    for at, block in enumerate(part):
        if at and (is_prose(block.text) or NUMBER.fullmatch(block.text)):
            is_heading = at > 1 and not looks_like_agency(blocks[at - 1].text)
            return blocks[: at - 1] if is_heading else blocks[:at]
    return part


def _split_paragraph(blocks: list[Block]) -> list[str]:
    """Split names at commas, or at semicolons, between which commas belong to names.

    A line of a text that was not printed keeps its end.
    """
    text = blocks[0].text
    for block in blocks[1:]:
        is_hyphen = re.search(r"[^\W_]-$", text) and block.text[:1].isalnum()
        blank = " " if block.is_line else "\n"
        text += block.text if is_hyphen else f"{blank}{block.text}"
    if text.count(";") >= max(1, text.count(",")):
        return text.split(";")
    pieces = re.split(r",(?:\s+|$)", text if _COMPANY.search(text) else text.removesuffix("."))
    if len(pieces) > 2 and re.match(r"and\s", pieces[-1]) and looks_like_agency(pieces[-1]):
        pieces[-1] = pieces[-1].removeprefix("and")
    return pieces


def _read_printed_rows(blocks: list[Block]) -> list[Name]:
    """Read names that are printed one below the other: the lines of one name stand closer than names do."""
    gaps = [block.gap for block in blocks[1:] if block.gap]
    is_even = not gaps or max(gaps) <= 1.25 * min(gaps)
    doubt = "line" if is_even and len(blocks) > 1 else None
    if is_even and len(blocks) <= _WRAPPED and not all(looks_like_agency(block.text) for block in blocks):
        return [Name(" ".join(block.text for block in blocks), doubt)]
    names: list[str] = []
    for block in blocks:
        if names and not is_even and 0 < block.gap <= 1.25 * min(gaps):
            names[-1] += f" {block.text}"
        else:
            names.append(block.text)
    return [Name(name, doubt) for name in names]


def _join_pieces(pieces: list[str]) -> list[Name]:
    """Join pieces that a comma within a name parted: `Example Corp, LLC`, `University of California,
    Riverside`.
    """
    names: list[Name] = []
    for piece in pieces:
        goes_on = _goes_on(names[-1].text if names else "", piece)
        doubt = "comma" if goes_on else "line" if "\n" in piece else None
        text = " ".join(piece.split())
        names.append(Name(f"{names.pop().text}, {text}" if names and goes_on else text, doubt))
    return names


def _goes_on(name: str, piece: str) -> bool:
    """Say whether a piece goes on with the name before it; in a list by letters it stands out of order."""
    known = load_page()
    is_open = name.count("(") > name.count(")") and ")" in piece
    is_half = re.search(known["wants_more"], name) and piece.casefold() < name.casefold()
    return bool(is_open or is_half or re.search(known["goes_on"], piece))
