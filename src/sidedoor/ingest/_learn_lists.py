"""The lists of a sharing report: pages are cut, headings open lists, columns and rows are found from places.

No coordinate of any file is known here. Columns part where most lines are interrupted and fewest run across.
A line that follows the one above more closely than rows do belongs to the same cell. Cells side by side are a
row; in three columns, whose rows may stand as close as lines, each state begins one.
"""

import re
from bisect import bisect
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

import numpy as np

from helpers.errors import IngestError
from sidedoor.ingest._learn_form import is_footer, load_form, squeeze
from sidedoor.ingest.pdf import UNREADABLE, Line, Page, Word, build_lines, split_line
from sidedoor.ingest.report import SetAside

AGENCY, CITY, STATE = 0, 1, 2
HOT_LIST = 1
# Words further apart than this, in heights of a line, are of two cells.
_WIDE = 0.7
# How far apart wrapped lines are at least and at most, in line heights: 1.5 in text PDFs seen, where rows are
# 2.5 apart. What is closer is a slip of OCR.
_CLOSE, _WRAPPED = 1.1, 1.75
# How far apart the middles of words in one line may stand, in points, as a scan is tilted.
_TILT = 4.0
# So many rows of two cells say whether the second holds cities.
_PLACES = 20
# Further down than any page is high.
_PAGE = 1e6
_TITLE = {"data", "sharing", "report"}
_NAMED = re.compile(r"^\W*The\s+(.+?)\s*Agency\s+is\b", re.S)
# What no speck on a scan is read as, besides letters and digits.
_HAS_SIGN = re.compile(r"[^\W_]|[&/()\-\u2013]")
# Where two names may meet without a space: `(CA)Riverside`, `DepartmentNapa`.
_SEAM = re.compile(r"(?<=\))(?=[A-Z0-9])|(?<=[a-z])(?=[A-Z])")
_COLUMNS = "Bring its rows into a CSV of names and read that with a mapping."

Row = dict[int, list[Line]]  # by number of column; a cell that is not there is missing


@dataclass(eq=False)
class Section:
    """One of the lists."""

    name: str  # one of the four sections
    created: str | None = None  # the date at the foot of its first page
    reporter: str | None = None  # the agency that its sentence names
    lines: list[Line] = field(default_factory=list)  # all that stands below its heads
    pools: list[Line] = field(default_factory=list)  # lines that name the vendor's pool, in no column
    is_empty: bool = False  # it says `None`
    is_ocr: bool = False
    is_places: bool = False  # city and state stand beside its names
    columns_n: int = 1

    @property
    def is_hot(self) -> bool:
        """Whether it is a list of hot lists."""
        return self.name.startswith("hot")


@dataclass(eq=False)
class Record:
    """A printed name with what stands beside it, lines joined."""

    section: Section
    page: int
    name: str
    hot_list: str | None = None
    city: str | None = None
    state: str | None = None
    reason: str = ""  # why it is skipped, as a code; empty for a row of the table
    names_n: int = 1  # how many names it is, if they could not be parted
    remark: str = ""  # what looks odd, as a code
    row_no: int = 0  # number in reading order


def _straighten(page: Page) -> Page:
    """Return a scanned page with its words level, as pages lie askew on a scanner."""
    steps = [
        (other.x0 - one.x0, other.middle - one.middle)
        for one, other in pairwise(page.words)
        if other.x0 > one.x1 and abs(other.middle - one.middle) < 0.5 * (one.bottom - one.top)
    ]
    tilt = sum(down for _, down in steps) / sum(right for right, _ in steps) if steps else 0.0
    return replace(page, words=tuple(_move(word, -tilt * word.x0) for word in page.words))


def _move(word: Word, down: float) -> Word:
    return replace(word, top=word.top + down, bottom=word.bottom + down)


def cut_page(page: Page) -> tuple[Page, list[str]]:
    """Return the body of a page, and the lines of its head and foot, with the specks of a scan."""
    form = load_form()["sharing"]
    page = _straighten(page) if page.is_scan else page
    head, foot, above = 0.0, page.height + 1.0, ()
    for line in build_lines(page, _TILT):
        is_part = form["title_squeezed"] in squeeze(line.text) or is_footer(line.text)
        if line.middle > 0.8 * page.height and is_part:
            foot = min(foot, *(word.middle for word in line.words))
        elif line.middle < 0.25 * page.height:
            # OCR may break the title into two lines
            title = [word for word in (*above, *line.words) if squeeze(word.text) in _TITLE]
            is_part = is_part or {squeeze(word.text) for word in title} == _TITLE
            head = max(head, *(word.bottom for word in title or line.words)) if is_part else head
            above = () if is_part else line.words
    body, beside = [], []
    for word in page.words:
        is_speck = page.is_scan and not _HAS_SIGN.search(word.text)
        (body if head <= word.middle < foot and not is_speck else beside).append(word)
    margin = [line.text for line in build_lines(replace(page, words=tuple(beside)))]
    return replace(page, words=tuple(body)), margin


# ------------------------------------------------------------------------------------- sections


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


def find_sections(
    bodies: list[Page], dates: dict[int, str | None], first: str | None = None
) -> tuple[list[Section], list[SetAside]]:
    """Return the lists of a report, and what is set aside: lines before the first list.

    Parameters
    ----------
    bodies
        Pages without head and foot.
    dates
        The date at the foot of each page, by its number.
    first
        The section that lines before the first heading belong to, if a person said it.
    """
    lines = [line for page in bodies for line in build_lines(page, _TILT)]
    scans = {page.number for page in bodies if page.is_scan}
    sections = [Section(first, dates[lines[0].page])] if first and lines else []
    aside: list[SetAside] = []
    has_sentence, at = False, 0
    while at < len(lines):
        line = lines[at]
        heading = find_heading(line.text)
        sentence = None if heading else _find_sentence([part.text for part in lines[at : at + 3]])
        at += sentence[2] if sentence else 1
        if name := heading or (sentence and sentence[0]):
            # a heading may be repeated on each page, a sentence opens a list of its own
            if not sections or sections[-1].name != name or (sentence and has_sentence):
                sections.append(Section(name, dates[line.page]))
                has_sentence = False
            if sentence:
                sections[-1].reporter, has_sentence = sentence[1], True
        elif sections:
            sections[-1].is_ocr |= line.page in scans
            _add_line(sections, line)
        else:  # it may name a person, so that it is not repeated
            aside.append(SetAside(f"page {line.page}", "a line before the first list", code="before"))
    return [section for section in sections if section.lines or section.is_empty or not first], aside


def _add_line(sections: list[Section], line: Line) -> None:
    """Add a line to the open list: a name, `None`, the heads of columns, or the pool."""
    form, section, squeezed = load_form()["sharing"], sections[-1], squeeze(line.text)
    is_head = squeezed.startswith("agency") and "city" in squeezed and len(squeezed) < 40
    if squeezed in form["hot_list_columns"]:
        return
    if squeezed in form["empty"] and not section.lines:
        section.is_empty = True
    elif squeezed in form["pools"]:  # at the foot of the report, but one of the agencies that read detections
        name = "detections_shared" if "shared" in squeezed else "detections_received"
        next((one for one in reversed(sections) if one.name == name), section).pools.append(line)
    elif (
        is_head
        and squeezed not in form["three_columns"]
        or re.match(r"(agency|hot.?list\S*):", line.text, re.I)
    ):
        found = f"columns that no known layout has ({line.text[:60]!r})"
        raise IngestError(f"page {line.page}", found, _COLUMNS, code="columns")
    elif not is_head:
        section.lines.append(line)


# ------------------------------------------------------------------------------------- columns


def find_edges(section: Section) -> list[float]:
    """Return where the columns of a list part: where most lines are interrupted and fewest run across."""
    wide = max((word.x1 for line in section.lines for word in line.words), default=0.0)
    score = np.zeros(2 * int(min(wide, _PAGE)) + 4, dtype=int)  # by half points
    for line in section.lines:
        parts = [(2 * part.words[0].x0, 2 * part.words[-1].x1) for part in split_line(line, _WIDE)]
        for start, end in parts:
            score[int(start) : int(end) + 1] -= 1
        for (_, end), (start, _) in pairwise(parts):
            score[int(end) + 1 : int(start)] += 1
    is_gutter = score >= max(1, 0.5 * score.max())
    bounds = np.flatnonzero(np.diff(is_gutter, prepend=False, append=False))
    edges = []
    for start, end in bounds.reshape(-1, 2):
        best = start + np.flatnonzero(score[start:end] == score[start:end].max())
        edges.append(float(best.mean()) / 2)
    if section.is_hot and edges:
        return [max(edges, key=lambda edge: score[int(2 * edge)])]
    if len(edges) > 2:
        place = f"page {section.lines[0].page}"
        raise IngestError(place, f"a list of {len(edges) + 1} columns", _COLUMNS, code="columns")
    return edges


def place_words(section: Section) -> tuple[list[list[Line]], set[Word]]:
    """Return the lines of each column, and words that run over an edge and cannot be parted."""
    edges = find_edges(section)
    section.columns_n = len(edges) + 1
    columns: list[list[Line]] = [[] for _ in range(section.columns_n)]
    glued: set[Word] = set()
    for line in section.lines:
        placed: dict[int, list[Word]] = {}
        for word in line.words:
            for part in _cut_word(word, edges, glued):
                placed.setdefault(bisect(edges, (part.x0 + part.x1) / 2), []).append(part)
        for number, words in placed.items():
            top, bottom = min(word.top for word in words), max(word.bottom for word in words)
            columns[number].append(Line(tuple(words), top, bottom, line.page))
    may_be = section.is_ocr and not section.is_hot and len(columns) == 2
    section.is_places = len(columns) == 3 or (may_be and _hold_places(columns))
    return columns, glued


def _cut_word(word: Word, edges: list[float], glued: set[Word]) -> list[Word]:
    """Return the two cells that a word across an edge is, `(CA)Riverside`, if they part at one place only."""
    reach = 0.5 * (word.bottom - word.top)
    if not any(word.x0 + reach < edge < word.x1 - reach for edge in edges):
        return [word]
    joined = load_form()["ocr"]["joined"]
    cuts = [found.start() for found in _SEAM.finditer(word.text)]
    cuts = [at for at in cuts if re.split("[^A-Za-z]", word.text[:at])[-1] not in joined]
    if len(cuts) != 1:
        glued.add(word)
        return [word]
    x = word.x0 + (word.x1 - word.x0) * cuts[0] / len(word.text)
    return [replace(word, text=word.text[: cuts[0]], x1=x), replace(word, text=word.text[cuts[0] :], x0=x)]


# ------------------------------------------------------------------------------------- rows


def depth(line: Line) -> float:
    """Return how far down the report a line stands."""
    return line.page * _PAGE + line.middle


def join_lines(lines: list[str]) -> str:
    """Return the lines of a wrapped name as one: with a space between them, after `Athens-` without."""
    text = ""
    for line in lines:
        text = text + line if re.search(r"[^\W\d_]-$", text) else f"{text} {line}".strip()
    return text


def is_rest(above: str, text: str) -> bool:
    """Say whether a line goes on with the name in the line above: `(CA)`, `of Napa`, a parenthesis."""
    first = text.split()[0]
    is_small = first.islower() and first in load_form()["sharing"]["rest"]
    is_open = above.count("(") > above.count(")") and text.count("(") < text.count(")")
    return first[0] == "(" or is_small or is_open


def find_wrap(columns: list[list[Line]], height: float) -> float:
    """Return a distance between that of the lines of a wrapped name and that of rows, in points.

    Raises
    ------
    IngestError
        Rows stand as close as the lines of a name do, so that distance tells nothing.
    """
    steps = (depth(line) - depth(above) for lines in columns for above, line in pairwise(lines))
    steps = sorted(step for step in steps if _CLOSE * height < step < 8 * height)
    if not steps or steps[0] > _WRAPPED * height:
        return _WRAPPED * height
    for at, (last, down) in enumerate(pairwise(steps), 1):
        is_jump = down > 1.15 * last and down - last > 0.12 * height
        if is_jump and last <= _WRAPPED * height and at < 0.7 * len(steps):
            return last + min((down - last) / 2, 0.25 * last)
    found = "rows that stand as close as the lines of a name"
    page = next(lines[0].page for lines in columns if lines)
    raise IngestError(f"page {page}", found, _COLUMNS, code="close-rows")


def _goes_on(above: Line, line: Line, wrap: float) -> bool:
    """Say whether a line belongs to the cell of the one above, which may stand on the page before."""
    is_broken = above.page < line.page and is_rest(above.text, line.text)
    return depth(line) - depth(above) < wrap or is_broken


def gather_rows(columns: list[list[Line]], wrap: float) -> list[Row]:
    """Return rows: lines closer than rows are a cell, cells side by side a row."""
    cells: list[tuple[int, list[Line]]] = []
    for number, lines in enumerate(columns):
        for above, line in pairwise([None, *lines]):
            if above and _goes_on(above, line, wrap):
                cells[-1][1].append(line)
            else:
                cells.append((number, [line]))
    rows: list[Row] = []
    for number, cell in sorted(cells, key=lambda part: (part[1][0].page, part[1][0].top)):
        level = [one for part in rows[-1:] for lines in part.values() for one in lines]
        is_beside = any(one.page == cell[0].page and cell[0].middle < one.bottom for one in level)
        if is_beside and number not in rows[-1]:
            rows[-1][number] = cell
        else:
            rows.append({number: cell})
    return rows


def anchor_rows(columns: list[list[Line]], height: float, is_ocr: bool) -> list[Row]:
    """Return rows of names and places: one for each state, and what stands below it down to the next.

    Where OCR lost most states, cities stand in the last column. What it tilts may be a little uneven.

    Raises
    ------
    IngestError
        Cells are not level with their states.
    """
    tops: list[float] = []
    for line in columns[-1]:
        if not tops or depth(line) - tops[-1] > height:
            tops.append(depth(line) - 0.5 * height)
    rows: list[Row] = [{} for _ in range(len(tops) + 1)]
    for number, lines in enumerate(columns):
        for line in lines:
            rows[bisect(tops, depth(line))].setdefault(number, []).append(line)
    last = len(columns) - 1
    firsts = [(row[AGENCY][0], row[last][0]) for row in rows[1:] if AGENCY in row]
    unlevel_n = sum(depth(name) - depth(state) > 0.5 * height for name, state in firsts)
    if unlevel_n > (0.1 * len(tops) if is_ocr else 0):
        found = f"{unlevel_n} of {len(tops)} names that are not level with their states"
        raise IngestError(f"page {columns[last][0].page}", found, _COLUMNS, code="columns")
    return [row for row in rows if row]


# ------------------------------------------------------------------------------------- records


def read_sections(sections: list[Section]) -> list[Record]:
    """Return the records of all lists, in reading order.

    Raises
    ------
    IngestError
        A list has other columns than are known, or its rows cannot be told apart.
    """
    words = [word for section in sections for line in section.lines for word in line.words]
    height = median(word.bottom - word.top for word in words) if words else 10.0
    placed = [(section, *place_words(section)) for section in sections]
    wrapping = [
        lines
        for section, columns, _ in placed
        if not section.is_places
        for lines in (columns[:1] if section.is_hot else columns)
    ]
    wrap = find_wrap(wrapping, height)
    records: list[Record] = []
    for section, columns, glued in placed:
        if section.is_places:
            rows = anchor_rows(columns, height, section.is_ocr)
        else:
            rows = gather_rows(columns, wrap)
        for at, row in enumerate(rows):
            found = _read_row(section, row, _WRAPPED * height, is_last=at + 1 == len(rows))
            lines = [line for cell in row.values() for line in cell]
            if glued and any(word in glued for line in lines for word in line.words):
                names_n = found[0].names_n if section.is_places or section.is_hot else 2
                found = [Record(section, lines[0].page, found[0].name, reason="glued", names_n=names_n)]
            records += found
        records += [Record(section, line.page, line.text, remark="pool") for line in section.pools]
    rest = load_form()["sharing"]["rest"]
    for number, (above, record) in enumerate(pairwise([None, *records]), 1):
        record.row_no = number
        record.reason = record.reason or _find_reason(record)
        if above and above.page < record.page and all(squeeze(word) in rest for word in record.name.split()):
            record.remark = "rest"
    return records


def _read_row(section: Section, row: Row, wrap: float, is_last: bool) -> list[Record]:
    text = {number: join_lines([line.text for line in cell]) for number, cell in row.items()}
    page = row[min(row)][0].page
    if section.is_places:
        city, state = text.get(CITY), text.get(STATE)
        if section.columns_n < 3:
            city, state = _split_place(city)
        found = Record(section, page, text.get(AGENCY, ""), None, city, state)
        found.names_n += sum(not _goes_on(*pair, wrap) for pair in pairwise(row.get(AGENCY, ())))
        found.reason = "no-state" if found.names_n > 1 else ""
        found.remark = "" if city or state else "no-place"
        return [found]
    if section.is_hot:
        return [Record(section, page, text.get(AGENCY, ""), text.get(HOT_LIST))]
    is_alone = len(row) < section.columns_n and not (is_last and AGENCY in row)
    remark = "alone" if is_alone else ""
    return [Record(section, row[number][0].page, text[number], remark=remark) for number in sorted(row)]


def _hold_places(columns: list[list[Line]]) -> bool:
    """Say whether the second of two columns holds cities, where OCR lost most states of three."""
    roles = load_form()["sharing"]["roles"]
    names, cities = (
        sum(any(squeeze(word.text) in roles for word in line.words) for line in lines) / max(len(lines), 1)
        for lines in columns
    )
    return len(columns[CITY]) >= _PLACES and names > 0.6 and cities < 0.2


def _split_place(text: str | None) -> tuple[str | None, str | None]:
    """Return the city and, if the last word is short enough for one, the state."""
    form = load_form()["sharing"]
    *city, last = (text or "").split() or [""]
    if last in (*form["states"], *form["not_given"]) or (city and len(last) < 3):
        return " ".join(city) or None, last
    return text, None


def _find_reason(record: Record) -> str:
    """Return why a record is no row, as a code; nothing for one that is."""
    words = re.findall(r"[^\W_]+", record.name)
    if not record.name:
        return "no-agency"
    if squeeze(record.name) in load_form()["sharing"]["empty"]:
        return "says-none"
    if UNREADABLE in f"{record.name}{record.hot_list}{record.city}{record.state}":
        return "unreadable"
    if not re.search(r"[^\W\d_]", record.name):
        return "no-letter"
    # what OCR makes of specks and cut lines: words, most of a letter or two
    is_noise = record.section.is_ocr and len(words) > 2 and sum(map(len, words)) < 3 * len(words)
    return "noise" if is_noise else ""
