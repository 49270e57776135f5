"""Reads a page of Flock's transparency portal: saved as a web page, printed to PDF, or copied as text.

What it shows are a date, figures, and often the organizations that an agency shares its data with, or that
share theirs with it. Agencies reword and leave out what they like: what is not on the page is reported as not
published.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import pairwise

from helpers.agencies.check import looks_like_agency
from helpers.canonical import build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.decode import find_encoding
from sidedoor.ingest.lists import build_row
from sidedoor.ingest.headers import check_day
from sidedoor.ingest.pdf import Line, build_lines, read_pages, split_line, warn_unseen
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import peek_text, read_text
from sidedoor.ingest.volumes import read_figure, state_dates
from sidedoor.sandbox import run_limited

KINDS = ("html", "text", "pdf")
FAMILY = "Flock transparency portal page"
HTML_BYTES, NAME_CHARS, HEADING_CHARS = 32 << 20, 120, 120
# So many names of agencies below a heading that is not known are a list.
UNKNOWN = 5
LISTS = ("detections_shared", "detections_received")
FIGURES = ("detections", "hits", "searches", "cameras", "retention_days")
_NUMBER = re.compile(r"(?P<number>\d[\d,]*)(?: (?P<unit>\D.*))?")
_COMPANY = re.compile(r"\b(?:inc|corp|co|ltd|llc|dept)\.$", re.I)
_SENTENCE = re.compile(r"(?!Dept|Corp)\b\w{4,}\.(?: [A-Z]|$)")
_BULLET = re.compile(r"^(?:[\u2022\u25cf\u25aa\u25e6\u00b7*]|\d{1,3}[.)])\s+")
# A heading printed on a narrow column is wrapped into at most so many lines.
_WRAPPED = 4
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
    # In print: whether it is a printed line, bold, and how many heights of a line it stands below the one
    # before (0 at the top of a page).
    is_line: bool = False
    is_bold: bool = False
    gap: float = 0.0
    # It follows the block before as lines of one paragraph do.
    is_next: bool = False


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


def recognize(source: Source) -> Match | None:
    """Recognize a portal page by its title, and by its date and headings.

    Raises
    ------
    IngestError
        A web page that is none: what it seems to be, and what to do.
    """
    if source.kind == "text" and not _find_title([Block(peek_text(source))]):
        return None
    blocks = read_blocks(source)
    known = [block.text for at, block in enumerate(blocks) if _read_heading(blocks, at)[0]]
    is_dated = any(re.search(_load()["updated"], block.text) for block in blocks)
    if not _find_title(blocks) or len(known) < (1 if is_dated else 3):
        if source.kind == "html":
            raise _refuse_page(source)
        return None
    if source.kind == "html" and source.cache["page"]["is_translated"]:
        raise IngestError(source.name, *_OTHER_PAGES["translated"], code="translated")
    form = {"html": "saved web page", "pdf": "printed to PDF", "text": "copied as text"}[source.kind]
    why = f"the title {_load()['title']!r}, a date of its update, and {known[0][:60]!r}"
    return Match(FAMILY, form, why, 0.98)


def _find_title(blocks: list[Block]) -> Block | None:
    """Find the page's title: the last one above its date."""
    end = next((at for at, block in enumerate(blocks) if re.search(_load()["updated"], block.text)), -1)
    title = _load()["title"].casefold()
    above = [block for block in blocks[: end + 1] or blocks[:100] if title in block.text.casefold()]
    return above[-1] if above else None


def _refuse_page(source: Source) -> IngestError:
    """Say what a web page is that is no portal: a log-in, an error, an empty frame, or any other."""
    page = source.cache["page"]
    title = page["title"].casefold()
    if page["asks_password"] or re.search(r"\b(?:sign|log) ?in\b", title):
        code = "log-in-page"
    elif _ERROR_TITLE.search(title):
        code = "error-page"
    elif page["is_translated"]:
        code = "translated"
    else:
        code = "empty-page" if _load()["title"].casefold() in title else "web-page"
    return IngestError(f"{source.name}, line 1", *_OTHER_PAGES[code], code=code)


_ERROR_TITLE = re.compile(
    r"\b(?:4\d\d|5\d\d|error|not found|denied|forbidden|just a moment|attention required)\b"
)
# Pages that are no portal page, or none that can be read: what was found, and the way out.
_OTHER_PAGES = {
    "log-in-page": ("a log-in page", "The file behind it was not downloaded: log in, and save that file."),
    "error-page": (
        "an error page", "Open the address in a browser, wait until the page is there, and save it again.",
    ),
    "translated": ("a page that the browser translated, its names too", "Save it in its own language."),
    "empty-page": (
        "a portal page without its content, which a script loads",
        "Open it in a browser, wait until it is there, and save it from there or copy its text.",
    ),
    "web-page": (
        "a web page, not a table",
        "Download the file itself; a table on the page can be copied into a spreadsheet.",
    ),
}  # fmt: skip


def _load() -> dict:
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
        tidy = (replace(block, text=_tidy(block.text)) for block in read(source))
        source.cache["blocks"] = [block for block in tidy if block.text]
    return source.cache["blocks"]


def _tidy(text: str) -> str:
    """Return a text without double blanks and signs without width, its accents in one form."""
    return " ".join(unicodedata.normalize("NFC", remove_hidden(text)).split())


def _read_html(source: Source) -> list[Block]:
    if source.bytes_n > HTML_BYTES:
        found = f"a web page of {source.bytes_n:,} bytes, more than the {HTML_BYTES:,} that are taken"
        way_out = "Copy the text of the page into a .txt and give that."
        raise IngestError(source.name, found, way_out, code="page-size")
    arguments = {"path": str(source.path.resolve()), "name": source.name, "chars_cap": source.limits.chars_n}
    function = "sidedoor.ingest._page_child:read_blocks"
    page = run_limited(function, arguments, source.limits.sandbox, place=source.name)
    source.cache["page"] = page
    return [Block(*block, is_next=True) for block in page["blocks"]]


def _read_lines(source: Source) -> list[Block]:
    lines = [line.strip() for line in read_text(source).split("\n")]
    return [Block(line, is_next=bool(above)) for above, line in pairwise(["", *lines])]


def _read_print(source: Source) -> list[Block]:
    """Read the printed lines column by column, as they begin at one place from page to page."""
    pages = read_pages(source)
    lines = [(page.number, part) for page in pages for line in build_lines(page) for part in split_line(line)]
    if not any(_load()["title"].casefold() in line.text.casefold() for page, line in lines if page == 1):
        return []
    at = next((at for at, (_, line) in enumerate(lines) if re.search(_load()["updated"], line.text)), -1)
    heights = {page.number: page.height for page in pages}
    columns: dict[int, list[tuple[int, Line]]] = {}
    for page, line in lines[at + 1 :]:
        is_edge = line.bottom < 0.05 * heights[page] or line.top > 0.95 * heights[page]
        if is_edge and (_PRINTED_EDGE.fullmatch(line.text) or _load()["title"] in line.text):
            continue  # what a browser prints at the edge of each page: address, title, date, page
        x = round(line.words[0].x0)
        near = next((start for start in columns if abs(start - x) <= 4), x)
        columns.setdefault(near, []).append((page, line))
    neighbors = [pair for column in columns.values() for pair in pairwise(column)]
    steps = Counter(
        round(line.top - above.top)
        for (_, above), (_, line) in neighbors
        if 0 < line.top - above.top < 1.9 * (line.bottom - line.top)
    )
    usual = steps.most_common(1)[0][0] if steps else 0
    blocks = [Block(line.text, is_line=True) for _, line in lines[: at + 1]]
    for start in sorted(columns):
        for above, (page, line) in pairwise([None, *columns[start]]):
            kind = "" if above else "column"
            step = line.top - above[1].top if above and above[0] == page else 0.0
            is_bold = all(word.is_bold for word in line.words)
            is_next = 0 < step <= 1.15 * usual + 1
            gap = step / max(line.bottom - line.top, 1.0)
            blocks.append(Block(line.text, 0, kind, False, True, is_bold, gap, is_next))
    return blocks


@cache
def _compile(group: str) -> re.Pattern:
    known = _load()
    patterns = "|".join(known["others"]["headings"] if group == "others" else known["headings"][group])
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
    for group in (*LISTS, *FIGURES, "others", "unclear"):
        if _compile(group).fullmatch(text):
            return group
    return None


def find_entries(blocks: list[Block]) -> list[Entry]:
    """Find the headings of lists and figures, each with what stands below it."""
    types = _load()["types"]
    start = next((at for at, block in enumerate(blocks) if re.search(_load()["updated"], block.text)), 0)
    entries: list[Entry] = []
    is_open, outer, at = False, None, start + 1
    while at < len(blocks):
        block = blocks[at]
        found, heading, used_n, rest = _read_heading(blocks, at)
        found = types.get(block.kind) or found
        if found == "about":
            if entries and not entries[-1].blocks:
                entries[-1].about = heading
        elif found:
            is_open = found != "others"
            if is_open:
                entries.append(Entry(found, heading, blocks=[replace(block, text=rest)] if rest else []))
                outer = None
        elif block.kind:
            is_open = False
        elif is_open:
            entry = entries[-1]
            is_bold_again = block.is_bold and entry.blocks and not entry.blocks[-1].is_bold
            is_apart = entry.blocks and block.gap > 1.6 * max(entry.blocks[0].gap, 1.5)
            if is_bold_again or is_apart or (outer is not None and block.outer < outer):
                is_open = False
            elif not entry.blocks and not block.is_cell and _is_about(block.text, entry.field):
                entry.about = block.text
            else:
                outer = block.outer if outer is None else outer
                entry.blocks.append(block)
        at += used_n
    return entries


def _read_heading(blocks: list[Block], at: int) -> tuple[str | None, str, int, str]:
    """Read the heading that begins at a block: its field (`about` for a printed sentence that explains one),
    its text, how many blocks it takes, and what stands behind its colon.
    """
    block = blocks[at]
    for used_n in range(_WRAPPED if block.is_line else 1, 0, -1):
        part = blocks[at : at + used_n]
        if len(part) == used_n and all(one.is_next and one.is_bold == block.is_bold for one in part[1:]):
            heading = " ".join(one.text for one in part)
            if find_field(" ".join(one.text for one in part[1:]).removesuffix(".")) in LISTS:
                continue  # a heading, and the sentence that explains it
            if used_n > 1 and heading.endswith(".") and find_field(heading[:-1]):
                return "about", heading, used_n, ""
            if (used_n == 1 or "," not in heading) and (found := find_field(heading)):
                return found, heading, used_n, ""
    heading, _, rest = (part.strip() for part in block.text.partition(":"))
    found = find_field(heading) if rest else None
    is_value = _NUMBER.fullmatch(rest) if found in FIGURES else found in LISTS and not rest.endswith(".")
    return (found, heading, 1, rest) if is_value else (None, block.text, 1, "")


def _is_about(text: str, about: str) -> bool:
    """Say whether a sentence explains a heading, and is no name that ends in `Inc.`."""
    if not text.endswith(".") or len(text.split()) < 3:
        return False
    return find_field(text[:-1]) == about or ("," not in text and not _COMPANY.search(text))


def read_names(blocks: list[Block]) -> list[Name]:
    """Read the names of a list, in order.

    Parameters
    ----------
    blocks
        What stands below its heading: cells, names between commas in one paragraph, or one name in each.
    """
    all_n, blocks = len(blocks), cut_list(blocks)
    if any(block.is_cell for block in blocks):
        pieces = [block.text for block in blocks if block.is_cell]
    elif _has_commas(blocks):
        pieces = _split_paragraph(_join_lines(blocks))
    elif blocks and blocks[0].is_line:
        return _read_printed_rows(blocks)
    else:
        pieces = [_BULLET.sub("", block.text) for block in blocks]
        if len(blocks) < all_n:  # the last may be a heading that is not known
            pieces[-1] = f"{pieces[-1]}\n"
    return list(_join_pieces([piece.strip(" ") for piece in pieces if piece.strip()]))


def cut_list(blocks: list[Block]) -> list[Block]:
    """Cut what stands below a heading off where its list ends, and a heading that is not known may begin: at
    the end of a paragraph of several names, else before a sentence or a number, and what stands above that.
    """
    if not blocks or any(block.is_cell for block in blocks) or blocks[0].is_line:
        return blocks
    end = 1
    while end < len(blocks) and (blocks[end].is_next or blocks[end - 1].text.endswith(",")):
        end += 1
    is_paragraph = end > 1 or len([*_join_pieces(re.split("[,;] ", blocks[0].text))]) > 1
    for at, block in enumerate(blocks[: end if is_paragraph else None]):
        if at and (_is_prose(block.text) or _NUMBER.fullmatch(block.text)):
            is_heading = at > 1 and not looks_like_agency(blocks[at - 1].text)
            return blocks[: at - 1] if is_heading else blocks[:at]
    return blocks[:end] if is_paragraph else blocks


def _is_prose(text: str) -> bool:
    return text.endswith(".") and len(text.split()) > 4 and not _COMPANY.search(text)


def _has_commas(blocks: list[Block]) -> bool:
    """Say whether names stand between commas: most lines hold one, or one that goes on ends in one."""
    parted = sum("," in block.text or ";" in block.text for block in blocks)
    return 2 * parted > len(blocks) or any(block.text.endswith((",", ";")) for block in blocks)


def _split_paragraph(text: str) -> list[str]:
    """Split names at commas, or at semicolons, between which commas belong to names."""
    if text.count(";") >= max(1, text.count(",")):
        return text.split(";")
    pieces = re.split(r",(?:\s+|$)", text if _COMPANY.search(text) else text.removesuffix("."))
    is_last = len(pieces) > 2 and re.match(r"and\s", pieces[-1]) and looks_like_agency(pieces[-1])
    return [*pieces[:-1], pieces[-1].removeprefix("and") if is_last else pieces[-1]]


def _join_lines(blocks: list[Block]) -> str:
    """Join the lines of a paragraph; a line of a text that was not printed keeps its end."""
    text = blocks[0].text
    for block in blocks[1:]:
        is_hyphen = re.search(r"[^\W_]-$", text) and block.text[:1].isalnum()
        blank = " " if block.is_line else "\n"
        text += block.text if is_hyphen else f"{blank}{block.text}"
    return text


def _read_printed_rows(blocks: list[Block]) -> list[Name]:
    """Read names that are printed one below the other: the lines of one name stand closer than names do."""
    gaps = [block.gap for block in blocks[1:] if block.gap]
    is_even = not gaps or max(gaps) <= 1.25 * min(gaps)
    if is_even and not all(looks_like_agency(block.text) for block in blocks) and len(blocks) <= _WRAPPED:
        return [Name(" ".join(block.text for block in blocks), "line" if len(blocks) > 1 else None)]
    names: list[str] = []
    for block in blocks:
        if names and not is_even and 0 < block.gap <= 1.25 * min(gaps):
            names[-1] += f" {block.text}"
        else:
            names.append(block.text)
    doubt = "line" if is_even and len(blocks) > 1 else None
    return [Name(name, doubt) for name in names]


def _join_pieces(pieces: list[str]) -> Iterator[Name]:
    """Join pieces that a comma within a name parted: `Example Corp, LLC`, `University of California,
    Riverside`.
    """
    known, name = _load(), None
    for at, piece in enumerate(pieces):
        goes_on = bool(re.search(known["goes_on"], piece))
        if name and not goes_on and name.text.count("(") > name.text.count(")"):
            goes_on = ")" in piece
        elif name and not goes_on and re.search(known["wants_more"], name.text):
            # in a list by letters, what goes on is what stands out of order
            after = pieces[at + 1 : at + 2]
            goes_on = piece.casefold() < name.text.casefold() and (
                not after or after[0].casefold() > piece.casefold()
            )
        doubt = "comma" if goes_on else "line" if "\n" in piece else None
        piece = " ".join(piece.split())
        if name and goes_on:
            name = Name(f"{name.text}, {piece}", doubt)
            continue
        if name:
            yield name
        name = Name(piece, doubt)
    if name:
        yield name


def read(source: Source, options: ReadOptions) -> Reading:
    """Read a portal page.

    Returns
    -------
    Reading with the table `sharing`, if the page prints a list, and `volumes`, each with the page's own date.
    A list that the page does not print is `not published` in the report's details, which is not the same as
    sharing with nobody.

    Raises
    ------
    IngestError
        The page prints no date, or no name of its agency, or a list without saying which way its data flows,
        and nobody said.
    """
    match = recognize(source)
    if match is None:
        found = "no page of a transparency portal"
        raise IngestError(source.name, found, "Save the whole page.", code="no-portal")
    source.cache["vendor prints agencies"] = True
    blocks = read_blocks(source)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    agency, day = _read_head(blocks, source, options, report)
    base = {"reported_by": agency, "source_id": options.source_id or source.id}
    entries = _settle_lists(blocks, find_entries(blocks), source, options)
    rows = _read_lists(entries, base | {"as_of": day}, options, report)
    figures = _read_figures(entries, base, day, report)
    if source.kind == "text":
        find_encoding(source).describe(report)
    if source.kind == "pdf":
        warn_unseen(read_pages(source), report)
    if source.kind == "html" and source.cache["page"]["has_download"]:
        report.note("download", "The page offers a file, such as its search audit; give that file itself.")
    tables = {}
    if rows:
        tables["sharing"] = build_table("sharing", rows)
        report.span["sharing"] = [day, day]
    tables["volumes"] = build_table("volumes", figures)
    if figures:
        report.span["volumes"] = [min(row["period_start"] for row in figures), day]
    report.rows_out = len(rows) + len(figures)
    report.rows_in += report.rows_out
    report.check()
    return Reading(tables, report)


def _settle_lists(
    blocks: list[Block], entries: list[Entry], source: Source, options: ReadOptions
) -> list[Entry]:
    """Settle which way the data flows of lists whose headings do not say it, or are not known."""
    used = {id(block) for entry in entries if entry.field in LISTS for block in cut_list(entry.blocks)}
    runs: list[list[Block]] = [[]]
    for block in blocks:
        is_heading = id(block) in used or _is_prose(block.text) or find_field(block.text)
        has_own = not block.is_line and "," in block.text
        if is_heading or has_own or not (block.is_next or block.is_cell):
            runs.append([])
        if not is_heading:
            runs[-1].append(block)
        if has_own:
            runs.append([])
    unknown = [Entry("unclear", "", blocks=run) for run in runs if _count_agencies(run) >= UNKNOWN]
    asked = [one for one in entries if one.field == "unclear" and _count_agencies(one.blocks)]
    inner = {id(block) for entry in asked for block in entry.blocks}
    asked += [one for one in unknown if not inner & {id(block) for block in one.blocks}]
    given = (options.section or "").split(",")
    if asked and (len(given) not in (1, len(asked)) or not set(given) <= set(LISTS)):
        count = _count_agencies(asked[0].blocks)
        where = f"{asked[0].heading!r}, which" if asked[0].heading else "a heading that"
        found = f"a list of {say_number(count, 'name')} below {where} does not say which way its data flows"
        way_out = "Say it: --section detections_shared, or detections_received; one for each list, by commas."
        raise IngestError(source.name, found, way_out, code="unknown-list", asks_for="section")
    for entry, section in zip(asked, given * len(asked), strict=False):
        entry.field = section
    return [*(one for one in entries if one.field != "unclear"), *(one for one in unknown if one in asked)]


def _count_agencies(blocks: list[Block]) -> int:
    """Count the names of a list of agencies; 0 if most of what it holds look like none, or it is prose."""
    if not blocks or _SENTENCE.search(" ".join(block.text for block in blocks)):
        return 0
    names = [name.text for name in read_names(blocks)]
    agencies_n = sum(
        looks_like_agency(text) and not re.fullmatch(_load()["described"], text) for text in names
    )
    return len(names) if agencies_n >= 0.7 * len(names) else 0


def _read_head(blocks: list[Block], source: Source, options: ReadOptions, report: Report) -> tuple[str, str]:
    """Read whose page it is, and its day: `Last Updated` and what stands above the title."""
    known = _load()
    title = _find_title(blocks)
    above = [block.text for block in blocks[: blocks.index(title)]]
    beside = re.split(re.escape(known["title"]), title.text, flags=re.I)[0].removeprefix("Flock Safety - ")
    printed = beside.strip() or next(
        (text for text in reversed(above) if known["title"].casefold() not in text.casefold()), None
    )
    agency = (printed if printed and len(printed) <= NAME_CHARS else None) or options.reported_by
    if not agency:
        found, way_out = "a page without a name", "Say whose it is: --reported-by 'AGENCY'."
        raise IngestError(source.name, found, way_out, code="agency", asks_for="reported_by")
    if printed and options.reported_by and options.reported_by != printed:
        said = f"The page names {printed!r} as its agency, not the one given; it was followed."
        report.warn("other-agency", said)
    at = next((at for at, block in enumerate(blocks) if re.search(known["updated"], block.text)), len(blocks))
    day = _read_day(" ".join(block.text for block in blocks[at : at + 2]))
    if day is None and not options.as_of:
        found, way_out = "a page without a legible date", "Give its date: --as-of YYYY-MM-DD."
        raise IngestError(source.name, found, way_out, code="date", asks_for="as_of")
    if day and options.as_of and options.as_of != day:
        said = f"The page was last updated on {day}, not on {options.as_of}; it was followed."
        report.warn("other-date", said)
    check_day(day or options.as_of)
    report.details |= {"agency": agency, "as_of": day or options.as_of}
    return agency, day or options.as_of


def _read_day(text: str) -> str | None:
    """Read the date behind `Last Updated`; the portals are American, so that 4/5 is in April."""
    known = _load()
    found = re.search(known["day"], re.split(known["updated"], text, maxsplit=1)[-1].strip())
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|[,.]", "", found["day"]).replace("/", "-") if found else ""
    for form in known["days"]:
        try:
            return datetime.strptime(plain.replace("Sept ", "Sep "), form).date().isoformat()
        except ValueError:
            continue
    return None


_SAYS = {
    "not published": "the page prints no such list; that is not the same as sharing with nobody.",
    "says none": "the page says that there are none.",
    "heading without names": "there is a heading, and no name below it.",
    "a count": "the page prints how many there are, and not which.",
    "described": "the page says in words with whom, and names none of them.",
    "unavailable": "the page says that the list is not available.",
    "no agencies": "what stands below the heading does not look like agencies.",
}


def _read_lists(entries: list[Entry], base: dict, options: ReadOptions, report: Report) -> list[dict]:
    rows: list[dict] = []
    told = report.details["lists"] = {section: {"names": 0, "status": "not published"} for section in LISTS}
    for entry in (entry for entry in entries if entry.field in LISTS):
        part = told[entry.field]
        blocks, printed_n = _drop_controls(entry)
        names = read_names(blocks)
        status = _name_status(entry, blocks, names, options)
        if status != "printed":
            part["status"] = status if part["names"] == 0 else part["status"]
            if status in ("a count", "described", "no agencies"):
                report.put_aside(entry.heading, _SAYS[status], code=status.replace(" ", "-"))
            continue
        part["names"] += len(names)
        part["status"] = "printed"
        for name in names:
            row = build_row(entry.field, base["reported_by"], name.text)
            rows.append(base | row | {"doubt": name.doubt, "row_no": len(rows) + 1})
        _report_names(entry.field, names, len(rows) - len(names) + 1, printed_n, report)
    for section, part in told.items():
        if part["status"] in _SAYS:
            code = part["status"].replace(" ", "-")
            report.warn(code, f"{section}: {part['status']}; {_SAYS[part['status']]}")
    shown = ", ".join(f"{section} {part['names']:,}" for section, part in told.items() if part["names"])
    if shown:
        report.note("names", f"Names by list: {shown}. A list is a setting on one day, not a record of use.")
    return rows


def _drop_controls(entry: Entry) -> tuple[list[Block], int | None]:
    """Drop what stands beside names to page through them.

    Returns
    -------
    The other blocks, and the number of names that the page says there are; -1 if it says that there are more.
    """
    known, kept, printed_n = _load(), [], None
    if found := re.search(r"\((\d+)\)$", entry.heading):
        printed_n = int(found[1])
    for block in entry.blocks:
        found = None if block.is_cell else re.fullmatch(known["partly"], block.text)
        if found:
            printed_n = int(found["all"].replace(",", "")) if found["all"] else -1
        elif block.is_cell or not re.fullmatch(known["controls"], block.text):
            kept.append(block)
    return kept, printed_n


def _name_status(entry: Entry, blocks: list[Block], names: list[Name], options: ReadOptions) -> str:
    """Name what stands below the heading of a list: `printed` if it is one, else a key of `_SAYS`."""
    known = _load()
    whole = " ".join(block.text for block in blocks)
    if any(re.fullmatch(known["none"], text) for text in (entry.heading, entry.about, whole)):
        return "says none" if len(names) <= 1 or re.fullmatch(known["none"], whole) else "printed"
    if not names:
        return "heading without names"
    if re.fullmatch(known["unknown"], whole):
        return "unavailable"
    if _NUMBER.fullmatch(names[0].text) and len(names) == 1:
        return "a count"
    if len(names) <= 2 and "," not in whole and re.fullmatch(known["described"], whole):
        return "described"
    if len(names) <= 2 and not options.confirm_agencies:
        return "printed" if any(looks_like_agency(name.text) for name in names) else "no agencies"
    return "printed"


def _report_names(section: str, names: list[Name], first: int, printed_n: int | None, report: Report) -> None:
    for doubt in ("comma", "line"):
        doubtful = [str(first + at) for at, name in enumerate(names) if name.doubt == doubt]
        if doubtful:
            said = f"{say_number(len(doubtful), 'name')} may be parted or joined wrongly at a {doubt}"
            report.warn(doubt, f"{section}: {said}: row {', '.join(doubtful[:20])}.")
    if printed_n is not None and printed_n != len(names):
        said = f"{printed_n:,}" if printed_n >= 0 else "more"
        found = f"{section}: {len(names):,} names were read, and the page says that there are {said}."
        report.warn("incomplete", f"{found} Show all of them, and save it again.")
    twice_n = sum(count > 1 for count in Counter(name.text for name in names).values())
    if twice_n:
        said = say_number(twice_n, "name stands", "names stand")
        report.warn("twice", f"{section}: {said} there more than once; each row is kept.")


_NO_FIGURE = {
    "unavailable": "shown as unavailable",
    "no-figure": "a heading without a figure in plain digits",
}


def _read_value(blocks: list[Block]) -> tuple[float | None, str]:
    """Read the figure below a heading; without one, a code for what stands there."""
    known = _load()
    texts = [block.text for block in blocks[:3]]
    at = next((at for at, text in enumerate(texts[:2]) if _NUMBER.fullmatch(text)), None)
    if at is None:
        return None, "unavailable" if texts and re.fullmatch(known["unknown"], texts[0]) else "no-figure"
    found = _NUMBER.fullmatch(texts[at])
    below = texts[at + 1] if at + 1 < len(texts) else ""
    if found["unit"] and not re.fullmatch(known["units"], found["unit"]):
        return None, "no-figure"
    if not found["unit"] and re.fullmatch(known["other_units"], below):
        return None, "no-figure"
    return read_figure(found["number"]), "no-figure"


def _read_figures(entries: list[Entry], base: dict, day: str, report: Report) -> list[dict]:
    """Read the figures, each with its period: the days that its heading names, or the day of the page."""
    rows, seen = [], {}
    for entry in (entry for entry in entries if entry.field in FIGURES):
        number, code = _read_value(entry.blocks)
        if number is None:
            report.put_aside(entry.heading, _NO_FIGURE[code], code=code)
            continue
        start = end = day
        if entry.field in ("detections", "hits", "searches"):
            found = re.search(_load()["period"], f"{entry.heading} {entry.about}", re.I)
            days = int(found[1]) if found else 30
            start, end = state_dates(day, days)
            if not found:
                report.note("period", f"{entry.heading}: no period is printed; portals count 30 days.")
        if seen.setdefault(entry.heading.casefold(), number) != number:
            said = f"{entry.heading}: two figures stand below this heading; both are kept."
            report.warn("two-figures", said)
        more = {"measure": entry.field, "value": number, "scope": entry.heading}
        rows.append(base | more | {"period_start": start, "period_end": end})
    report.details["figures"] = {name: int(n) for name, n in Counter(row["measure"] for row in rows).items()}
    missing = [name for name in FIGURES if name not in {entry.field for entry in entries}]
    if missing:
        report.note("missing", f"Not on the page: {', '.join(missing)}.")
    return rows
