"""Reads a page of Flock's transparency portal: saved as a web page, printed to PDF, or copied as text.

What it shows are a date, figures, and often the organizations that an agency shares its data with, or that
share theirs with it. Agencies reword and leave out what they like: what is not on the page is reported as not
published.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from helpers.agencies.check import looks_like_agency
from helpers.canonical import build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.decode import find_encoding
from sidedoor.ingest.headers import check_day
from sidedoor.ingest.pdf import Line, build_lines, read_pages, split_line, warn_unseen
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import peek_text, read_text
from sidedoor.ingest.volumes import read_figure, state_dates
from sidedoor.sandbox import run_limited

KINDS = ("html", "text", "pdf")
FAMILY = "Flock transparency portal page"
HTML_BYTES, NAME_CHARS = 32 << 20, 120
# So many names of agencies below a heading that is not known are a list.
UNKNOWN = 10
LISTS = ("detections_shared", "detections_received")
FIGURES = ("detections", "hits", "searches", "cameras", "retention_days")
_DAYS = ("%b %d %Y", "%B %d %Y", "%Y-%m-%d", "%m/%d/%Y")
_NUMBER = re.compile(r"(?P<number>[\d,]+)(?: days?)?", re.I)
# A heading printed on a narrow column is wrapped into at most so many lines.
_WRAPPED = 4


@dataclass(frozen=True)
class Block:
    """A piece of text of the page.

    Attributes
    ----------
    text
        One line, or what one element of the markup shows.
    outer
        How far the markup was closed since the block before: the smaller, the looser the two belong together.
    kind
        What the markup calls the entry that begins here.
    is_cell
        The markup lists it as one of several.
    is_line
        It is a printed line.
    is_next
        It follows the block before as lines of one paragraph do.
    is_bold
        It is printed bold.
    """

    text: str
    outer: int = 0
    kind: str = ""
    is_cell: bool = False
    is_line: bool = False
    is_next: bool = False
    is_bold: bool = False


@dataclass
class Entry:
    """What stands below one heading of the page; `about` is a sentence that explains the heading."""

    field: str
    heading: str
    about: str = ""
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Name:
    """A name of a list; `doubt` is `comma` if it was put together, or may be two."""

    text: str
    doubt: str | None = None


def recognize(source: Source) -> Match | None:
    """Recognize a portal page by its title, its date and one of its headings.

    Raises
    ------
    IngestError
        A web page that is none: what it seems to be, and what to do.
    """
    if source.kind == "text" and not _looks_right(peek_text(source)):
        return None
    page = read_blocks(source)
    if not _looks_right("\n".join(block.text for block in page)):
        if source.kind == "html":
            raise _refuse_page(source)
        return None
    entries = find_entries(page)
    if not entries:
        if source.kind == "html":
            raise _refuse_page(source)
        return None
    form = {"html": "saved web page", "pdf": "printed to PDF", "text": "copied as text"}[source.kind]
    why = f"the title {_load()['title']!r}, a date of its update, and {entries[0].heading[:60]!r}"
    return Match(FAMILY, form, why, 0.98)


def _looks_right(text: str) -> bool:
    return _load()["title"].casefold() in text.casefold() and bool(re.search(_load()["updated"], text))


def _refuse_page(source: Source) -> IngestError:
    """Say what a web page is that is no portal: a log-in, an error, an empty frame, or any other."""
    page = source.cache["page"]
    title = page["title"].casefold()
    code, found = "web-page", "a web page, not a table"
    way_out = "Download the file itself; a table on the page can be copied into a spreadsheet."
    if page["asks_password"] or re.search(r"\b(?:sign|log) ?in\b", title):
        code, found = "log-in-page", "a log-in page"
        way_out = "The file behind it was not downloaded: log in, and save the file itself."
    elif re.search(
        r"\b(?:4\d\d|5\d\d|error|not found|denied|forbidden|just a moment|attention required)\b", title
    ):
        code, found = "error-page", "an error page"
        way_out = "Open the address in a browser, wait until the page is there, and save it again."
    elif _load()["title"].casefold() in title:
        code, found = "empty-page", "a portal page without its content, which a script loads"
        way_out = "Open it in a browser, wait until it is there, and save it from there or copy its text."
    return IngestError(f"{source.name}, line 1", found, way_out, code=code)


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
        source.cache["blocks"] = read(source)
    return source.cache["blocks"]


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
    lines = [" ".join(line.split()) for line in read_text(source).split("\n")]
    return [
        Block(line, is_next=bool(above)) for above, line in zip(["", *lines], lines, strict=False) if line
    ]


def _read_print(source: Source) -> list[Block]:
    """Read the printed lines column by column, as they begin at one place from page to page."""
    pages = read_pages(source)
    lines = [(page.number, part) for page in pages for line in build_lines(page) for part in split_line(line)]
    if not any(_load()["title"].casefold() in line.text.casefold() for page, line in lines if page == 1):
        return []
    columns: dict[int, list[tuple[int, Line]]] = {}
    at = next((at for at, (_, line) in enumerate(lines) if re.search(_load()["updated"], line.text)), -1)
    for page, line in lines[at + 1 :]:
        x = round(line.words[0].x0)
        near = next((start for start in columns if abs(start - x) <= 4), x)
        columns.setdefault(near, []).append((page, line))
    steps = Counter(
        round(line.top - before.top)
        for column in columns.values()
        for (_, before), (_, line) in zip(column, column[1:], strict=False)
        if line.top > before.top
    )
    usual = steps.most_common(1)[0][0] if steps else 0
    blocks = [Block(line.text, is_line=True) for _, line in lines[: at + 1]]
    for start in sorted(columns):
        last_page, last_top = 0, 0.0
        for page, line in columns[start]:
            is_next = page == last_page and line.top - last_top <= 1.15 * usual + 1
            is_bold = all(word.is_bold for word in line.words)
            blocks.append(Block(line.text, is_line=True, is_next=is_next, is_bold=is_bold))
            last_page, last_top = page, line.top
    return blocks


@cache
def _compile(group: str) -> re.Pattern:
    known = _load()
    patterns = known["others"]["headings"] if group == "others" else known["headings"][group]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


def find_field(text: str) -> str | None:
    """Find what a heading says that stands below it: a list, a figure, or `others`; None if it is no known
    heading.
    """
    text = text.strip().rstrip(":").replace("\u2019", "'")
    if len(text) > 120 or text.endswith("."):
        return None
    for group in (*LISTS, *FIGURES, "others"):
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
        found, used_n = _find_wrapped(blocks, at) if block.is_line else (None, 1)
        found = found or types.get(block.kind) or find_field(block.text)
        if found:
            is_open = found != "others"
            if is_open:
                heading = " ".join(part.text for part in blocks[at : at + used_n])
                entries.append(Entry(found, heading))
                outer = None
        elif block.kind:
            is_open = False
        elif is_open:
            own = entries[-1].blocks
            is_bold_again = block.is_bold and own and not own[-1].is_bold
            if is_bold_again or (outer is not None and block.outer < outer):
                is_open = False
            elif not own and not block.is_cell and _is_sentence(block.text):
                entries[-1].about = block.text
            else:
                outer = block.outer if outer is None else outer
                own.append(block)
        at += used_n
    return entries


def _find_wrapped(blocks: list[Block], at: int) -> tuple[str | None, int]:
    for used_n in range(_WRAPPED, 1, -1):
        part = blocks[at : at + used_n]
        if len(part) == used_n and all(one.is_next and one.is_bold == part[0].is_bold for one in part[1:]):
            heading = " ".join(one.text for one in part)
            if "," not in heading and (found := find_field(heading)):
                return found, used_n
    return None, 1


def _is_sentence(text: str) -> bool:
    """Say whether a text explains a heading, and is no name that ends in `Inc.`."""
    is_company = re.search(r"(?i)\b(?:inc|corp|co|ltd|llc|dept)\.$", text)
    return text.endswith(".") and len(text.split()) > 2 and "," not in text and not is_company


def read_names(blocks: list[Block]) -> tuple[list[Name], bool]:
    """Read the names of a list.

    Parameters
    ----------
    blocks
        What stands below its heading.

    Returns
    -------
    The names in order; and whether the page says that there are none.
    """
    if not blocks:
        return [], False
    if blocks[0].is_line:
        pieces = re.split(r",(?:\s+|$)", _join_lines([block.text for block in blocks]))
    elif any(block.is_cell for block in blocks):
        pieces = [block.text for block in blocks if block.is_cell]
    elif "," in blocks[0].text:
        pieces = []
        for above, block in zip([None, *blocks], blocks, strict=False):
            if above and not (block.is_next or above.text.endswith(",")):
                break
            pieces += re.split(r",(?:\s+|$)", block.text)
    else:
        pieces = [block.text for block in blocks]
    pieces = [" ".join(piece.split()) for piece in pieces if piece.strip()]
    if len(pieces) == 1 and re.fullmatch(_load()["none"], pieces[0]):
        return [], True
    return list(_join_pieces(pieces)), False


def _join_lines(lines: list[str]) -> str:
    text = lines[0]
    for line in lines[1:]:
        text += line if re.search(r"[^\W_]-$", text) and line[:1].isalnum() else f" {line}"
    return text


def _join_pieces(pieces: list[str]) -> Iterator[Name]:
    """Join pieces that a comma within a name parted: `Example Corp, LLC`, `University of California,
    Riverside`.
    """
    known, name = _load(), None
    for at, piece in enumerate(pieces):
        goes_on = bool(re.search(known["goes_on"], piece))
        if name and not goes_on and re.search(known["wants_more"], name.text):
            # in a list by letters, what goes on is what stands out of order
            after = pieces[at + 1 : at + 2]
            goes_on = piece.casefold() < name.text.casefold() and (
                not after or after[0].casefold() > piece.casefold()
            )
        if name and goes_on:
            name = Name(f"{name.text}, {piece}", "comma")
            continue
        if name:
            yield name
        name = Name(piece, "comma" if goes_on else None)
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
        The page prints no date, or no name of its agency, and nobody said.
    """
    match = recognize(source)
    if match is None:
        raise IngestError(
            source.name, "no page of a transparency portal", "Save the whole page.", code="no-portal"
        )
    source.cache["vendor prints agencies"] = True
    blocks = read_blocks(source)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    agency, day = _read_head(blocks, source, options, report)
    base = {"reported_by": agency, "source_id": options.source_id or source.id}
    entries = find_entries(blocks)
    _take_unknown_list(blocks, entries, source, options)
    rows = _read_lists(entries, base | {"as_of": day}, report)
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
    report.span["volumes"] = [
        min((row["period_start"] for row in figures if row["period_start"]), default=None),
        max((row["period_end"] for row in figures if row["period_end"]), default=None),
    ]
    report.rows_out = len(rows) + len(figures)
    report.rows_in += report.rows_out
    report.check()
    return Reading(tables, report)


def _take_unknown_list(
    blocks: list[Block], entries: list[Entry], source: Source, options: ReadOptions
) -> None:
    """Ask which way a list flows that stands below a heading that is not known, and is not to be lost."""
    used = {id(block) for entry in entries for block in entry.blocks}
    for above, block in zip(blocks, blocks[1:], strict=False):
        names = block.text.split(", ")
        if id(block) in used or len(names) < UNKNOWN or sum(map(looks_like_agency, names)) < 0.7 * len(names):
            continue
        if options.section not in LISTS:
            found = f"a list of {len(names)} names below a heading that is not known"
            way_out = "Say which way the data flows: --section detections_shared, or detections_received."
            raise IngestError(source.name, found, way_out, code="unknown-list", asks_for="section")
        entries.append(Entry(options.section, above.text[:NAME_CHARS], blocks=[block]))


def _read_head(blocks: list[Block], source: Source, options: ReadOptions, report: Report) -> tuple[str, str]:
    """Read whose page it is, and its day: `Last Updated` and the line above the title."""
    at = next(at for at, block in enumerate(blocks) if re.search(_load()["updated"], block.text))
    title = _load()["title"].casefold()
    above = [block.text for block in blocks[:at]]
    joined = re.split(re.escape(_load()["title"]), " ".join(above[-1:]), flags=re.I)[0].strip()
    printed = next(
        (text for text in reversed([*above[:-1], joined]) if text and text.casefold() != title), None
    )
    agency = (printed if printed and len(printed) <= NAME_CHARS else None) or options.reported_by
    if not agency:
        way_out = "Say whose it is: --reported-by 'AGENCY'."
        raise IngestError(
            source.name, "a page without a name", way_out, code="agency", asks_for="reported_by"
        )
    if printed and options.reported_by and options.reported_by != printed:
        report.warn(
            "other-agency", f"The page names {printed!r} as its agency, not the one given; it was followed."
        )
    text = re.search(_load()["updated"], blocks[at].text)["day"].replace(",", "").replace(".", "")
    day = next((day for form in _DAYS if (day := _read_day(text, form))), None)
    if day is None and not options.as_of:
        way_out = "Give its date: --as-of YYYY-MM-DD."
        raise IngestError(
            source.name, "a page without a legible date", way_out, code="date", asks_for="as_of"
        )
    if day and options.as_of and options.as_of != day:
        report.warn(
            "other-date", f"The page was last updated on {day}, not on {options.as_of}; it was followed."
        )
    check_day(day or options.as_of)
    report.details |= {"agency": agency, "as_of": day or options.as_of}
    return agency, day or options.as_of


def _read_day(text: str, form: str) -> str | None:
    try:
        return datetime.strptime(text, form).date().isoformat()
    except ValueError:
        return None


def _read_lists(entries: Iterable[Entry], base: dict, report: Report) -> list[dict]:
    inactive = re.compile(load_format("flock")["sharing"]["inactive"])
    rows: list[dict] = []
    told = report.details["lists"] = {section: {"names": 0, "status": "not published"} for section in LISTS}
    for entry in (entry for entry in entries if entry.field in LISTS):
        names, says_none = read_names(entry.blocks)
        part = told[entry.field]
        if not names:
            is_none = says_none or any(
                re.fullmatch(_load()["none"], text) for text in (entry.heading, entry.about)
            )
            if part["names"] == 0:
                part["status"] = "says none" if is_none else "heading without names"
            continue
        if len(names) == 1 and read_figure(names[0].text) is not None:
            part["status"] = "a count"
            report.put_aside(entry.heading, "a number instead of a list of names", code="a-count")
            continue
        part["names"] += len(names)
        part["status"] = "printed"
        for name in names:
            is_out = entry.field == "detections_shared"
            rows.append(
                base
                | {
                    "from_agency_as_printed": base["reported_by"] if is_out else name.text,
                    "to_agency_as_printed": name.text if is_out else base["reported_by"],
                    "shares": "detections",
                    "section": entry.field,
                    "is_inactive": bool(inactive.search(name.text)),
                    "doubt": name.doubt,
                    "row_no": len(rows) + 1,
                }
            )
        _report_names(entry.field, names, len(rows) - len(names) + 1, report)
    says = {
        "not published": "the page prints no such list; that is not the same as sharing with nobody.",
        "says none": "the page says that there are none.",
        "heading without names": "there is a heading, and no name below it.",
        "a count": "the page prints how many there are, and not which.",
    }
    for section, part in told.items():
        if part["status"] in says:
            report.warn(
                part["status"].replace(" ", "-"), f"{section}: {part['status']}; {says[part['status']]}"
            )
    shown = ", ".join(f"{section} {part['names']:,}" for section, part in told.items() if part["names"])
    if shown:
        report.note("names", f"Names by list: {shown}. A list is a setting on one day, not a record of use.")
    return rows


def _report_names(section: str, names: list[Name], first: int, report: Report) -> None:
    doubtful = [str(first + at) for at, name in enumerate(names) if name.doubt]
    if doubtful:
        report.warn(
            "comma",
            f"{section}: {say_number(len(doubtful), 'name')} may be parted or joined wrongly, as names can "
            "hold commas: row "
            f"{', '.join(doubtful[:20])}.",
        )
    twice_n = sum(count > 1 for count in Counter(name.text for name in names).values())
    if twice_n:
        said = say_number(twice_n, "name stands", "names stand")
        report.warn("twice", f"{section}: {said} there more than once; each row is kept.")


def _read_figures(entries: Iterable[Entry], base: dict, day: str, report: Report) -> list[dict]:
    """Read the figures, each with its period: the days that its heading names, or the day of the page."""
    rows, seen = [], {}
    for entry in (entry for entry in entries if entry.field in FIGURES):
        value = next(
            (text for text in (block.text for block in entry.blocks[:2]) if _NUMBER.fullmatch(text)), None
        )
        if value is None:
            word = entry.blocks[0].text if entry.blocks else ""
            is_told = re.fullmatch(_load()["unknown"], word)
            reason = "shown as unavailable" if is_told else "a heading without a figure"
            report.put_aside(entry.heading, reason, code="unavailable" if is_told else "no-figure")
            continue
        start = end = day
        if entry.field in ("detections", "hits", "searches"):
            found = re.search(_load()["period"], f"{entry.heading} {entry.about}", re.I)
            days = int(found[1]) if found else 30
            start, end = state_dates(day, days)
            if not found:
                report.note("period", f"{entry.heading}: no period is printed; portals count 30 days.")
        number = read_figure(_NUMBER.fullmatch(value)["number"])
        if seen.setdefault(entry.heading.casefold(), number) != number:
            report.warn(
                "two-figures", f"{entry.heading}: two figures stand below this heading; both are kept."
            )
        rows.append(
            base
            | {
                "measure": entry.field,
                "value": number,
                "period_start": start,
                "period_end": end,
                "scope": entry.heading,
            }
        )
    report.details["figures"] = {name: int(n) for name, n in Counter(row["measure"] for row in rows).items()}
    missing = [name for name in FIGURES if name not in report.details["figures"]]
    if missing:
        report.note("missing", f"Not on the page: {', '.join(missing)}.")
    return rows
