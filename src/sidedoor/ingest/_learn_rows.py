"""The lists of a sharing report, read from the places of their words into records: one for each printed name.

No coordinate of any file is known here. Columns part at the strip where most lines are interrupted and
fewest run across. A line that follows the one above more closely than rows do belongs to the same cell. Cells
side by side are a row; in three columns, whose rows may stand as close as lines, each state is a row.
"""

import math
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median, median_high

from sidedoor.ingest._learn_form import TextLine, gather_lines, join_lines, load_form, squeeze
from sidedoor.ingest._learn_pages import Section, Sheet
from sidedoor.ingest.pdf import UNREADABLE, Word

AGENCY, CITY, STATE = 0, 1, 2
HOT_LIST = 1
GLUED = "glued"
# How far from the beginning of its heading a column may begin, in points.
_HEAD = 60.0
# Words further apart than this, in spaces, are of two cells.
_WIDE = 2.5
# How far apart wrapped lines are at most, in line heights: 1.5 in text PDFs seen, where rows are 2.5 apart.
_WRAPPED = 1.9
# How many missing places a row without an agency, or with two, weighs.
_ODD = 20
# So many rows of two cells say whether the second holds cities.
_PLACES = 20
# Where two names may meet without a space: `(CA)Riverside`, `DepartmentNapa`.
_SEAM = re.compile(r"(?<=\))(?=[A-Z0-9])|(?<=[a-z])(?=[A-Z])")

Row = dict[int, list[TextLine]]  # by number of column; a cell that is not there is missing


@dataclass(eq=False)
class Record:
    """A printed name with what stands beside it, lines joined.

    Attributes
    ----------
    reason
        Why it is skipped, as a code; empty for a row of the table.
    names_n
        How many names it is: two if they could not be parted.
    remark
        What was done or what looks odd, as a code.
    row_no
        Number in reading order.
    """

    section: Section
    page: int
    name: str
    hot_list: str | None = None
    city: str | None = None
    state: str | None = None
    reason: str = ""
    names_n: int = 1
    remark: str = ""
    row_no: int = 0


@dataclass(frozen=True)
class Type:
    """How a report is set: space between words and height of a line, in points.

    `by_line`: one operator of the PDF draws the words of a cell that stand in one line.
    """

    gap: float
    height: float
    by_line: bool


def read_sections(sections: list[Section], sheets: list[Sheet]) -> list[Record]:
    """Return the records of all lists: columns first, then how far apart wrapped lines are, then rows."""
    type_ = measure_type(sections, sheets)
    marks: dict[Word, str] = {}
    for section in sections:
        place_section(section, type_, marks)
    wrap = find_wrap([step for section in sections for step in list_steps(section, type_)], type_.height)
    records: list[Record] = []
    for section in sections:
        records += _read_section(section, gather_section(section, type_, wrap), type_, marks)
    for number, record in enumerate(records, 1):
        record.row_no = number
    return records


def measure_type(sections: list[Section], sheets: list[Sheet]) -> Type:
    """Return how the lists of a report are set."""
    words = [word for section in sections for block in section.blocks for word in block.words]
    height = median_high(word.bottom - word.top for word in words) if words else 10.0
    pairs = [pair for sheet in sheets for line in sheet.list_lines() for pair in pairwise(line.words)]
    gaps = [gap for one, other in pairs if 0 < (gap := other.x0 - one.x1) < 0.6 * height]
    gap = median(gaps) if gaps else 0.28 * height
    near = [one.run == other.run != 0 for one, other in pairs if other.x0 - one.x1 <= _WIDE * gap]
    is_ocr = any(sheet.is_ocr for sheet in sheets)
    return Type(gap, height, not is_ocr and sum(near) > 0.6 * len(near))


# ------------------------------------------------------------------------------------- columns


def place_section(section: Section, type_: Type, marks: dict[Word, str]) -> None:
    """Put the words of a list into columns, line by line (`columns` of its blocks).

    `marks` gets a remark for words that were parted, and `GLUED` for those that could not be.
    """
    if type_.by_line:
        for block in section.blocks:
            block.words = [part for word in block.words for part in cut_seams(word)]
    lines = [line for block in section.blocks for line in gather_lines(block.words)]
    edges = find_edges(section, lines, type_)
    section.columns_n = len(edges) + 1
    for block in section.blocks:
        slack = (2.25 if block.is_ocr else 1) * type_.gap
        words = [part for word in block.words for part in cut_glued(word, edges, slack, type_, marks)]
        placed: dict[int, list[Word]] = defaultdict(list)
        for line in gather_lines(words):
            for chunk in split_line(line, type_) if type_.by_line else ([word] for word in line.words):
                middle = (chunk[0].x0 + chunk[-1].x1) / 2
                at = AGENCY if marks.get(chunk[0]) == GLUED else bisect(edges, middle)
                placed[at] += chunk
        block.columns = {number: gather_lines(placed[number], block.page) for number in sorted(placed)}


def cut_seams(word: Word) -> list[Word]:
    """Return the cells of a word: another operator draws on after a gap, or where two names meet."""
    meets = {found.start() for found in _SEAM.finditer(word.text)}
    parts, begin, x0, run = [], 0, word.x0, word.run
    for at, left, right, other in word.seams:
        if right - left > 0.02 * (word.bottom - word.top) or at in meets:
            parts.append(replace(word, text=word.text[begin:at], x0=x0, x1=left, run=run, seams=()))
            begin, x0, run = at, right, other
    return [*parts, replace(word, text=word.text[begin:], x0=x0, run=run, seams=())]


def cut_glued(
    word: Word, edges: list[float], slack: float, type_: Type, marks: dict[Word, str]
) -> list[Word]:
    """Return the two cells that a word across an edge is, `(CA)Riverside`, if they part at one place only."""
    edge = next((edge for edge in edges if word.x0 < edge - slack and word.x1 > edge + slack), None)
    if edge is None:
        return [word]
    joined = load_form()["ocr"]["joined"]
    cuts = [found.start() for found in _SEAM.finditer(word.text)]
    cuts = [at for at in cuts if re.split("[^A-Za-z]", word.text[:at])[-1] not in joined]
    letter = (word.x1 - word.x0) / len(word.text)
    x = word.x0 + cuts[0] * letter if len(cuts) == 1 else math.inf
    # Letters are of different widths: the seam need only lie nearer to the edge than to an end.
    if abs(x - edge) > max(6 * letter, 0.35 * (word.x1 - word.x0)):
        if not type_.by_line:  # else drawn with its neighbors: it only reaches over the edge
            marks[word] = GLUED
        return [word]
    left = replace(word, text=word.text[: cuts[0]], x1=min(x, edge))
    marks[left] = "split"
    return [left, replace(word, text=word.text[cuts[0] :], x0=max(x, edge), run=-word.run)]


def split_line(line: TextLine, type_: Type) -> list[list[Word]]:
    """Return a line in parts: it is interrupted by more than two spaces, or where another operator draws."""
    parts = [[line.words[0]]]
    for before, word in pairwise(line.words):
        is_drawn_apart = type_.by_line and word.run != before.run
        if is_drawn_apart or word.x0 - max(one.x1 for one in parts[-1]) > _WIDE * type_.gap:
            parts.append([])
        parts[-1].append(word)
    return parts


def find_edges(section: Section, lines: list[TextLine], type_: Type) -> list[float]:
    """Return where the columns of a list part: what has its middle beyond an edge is of the next column."""
    spans = [
        [(part[0].x0, max(word.x1 for word in part)) for part in split_line(line, type_)] for line in lines
    ]
    if section.centers:
        windows = [(low, max(low + 0.1, high)) for low, high in pairwise(section.centers)]
        return [sum(find_gutter(spans, *window)[1:]) / 2 for window in windows]
    if not lines:
        return []
    if not section.is_hot and (edges := _find_state_edges(lines, spans, type_)):
        return edges
    score, left, right = find_gutter(spans)
    if score <= 0:  # short lists in which no two cells stand on one line: a strip that no line touches
        first, last = min(parts[0][0] for parts in spans), max(parts[-1][1] for parts in spans)
        quarter, head = (last - first) / 4, section.list_x
        window = (first + quarter, last - quarter) if head is None else (head - _HEAD, head + _HEAD)
        score, left, right = find_gutter(spans, *window)
        if score < 0 or right - left <= 0.3 * type_.gap:
            return [] if head is None else [head]
    return [(left + right) / 2]


def find_gutter(
    lines: Iterable[list[tuple[float, float]]], low: float = -math.inf, high: float = math.inf
) -> tuple[int, float, float]:
    """Return the strip that parts two columns: most lines are interrupted there, fewest run across it.

    Parameters
    ----------
    lines
        Parts of each line, left to right.
    low, high
        Where to look.

    Returns
    -------
    How many more lines are interrupted there than run across, and where it begins and ends.
    """
    steps: dict[float, int] = defaultdict(int, {low: 0, high: 0} if math.isfinite(low) else {})
    for parts in lines:
        spans = [(*part, -1) for part in parts] + [(one[1], other[0], 1) for one, other in pairwise(parts)]
        for start, end, weight in spans:
            start, end = max(start, low), min(end, high)
            if start < end:
                steps[start] += weight
                steps[end] -= weight
    score, strips = 0, [(-math.inf, 0.0, 0.0)]
    for start, end in pairwise(sorted(steps)):
        score += steps[start]
        start = strips.pop()[1] if strips[-1][0] == score else start
        strips.append((score, start, end))
    return max(strips, key=lambda strip: (strip[0], strip[2] - strip[1]))


def _find_state_edges(lines: list[TextLine], spans: list, type_: Type) -> list[float]:
    """Return where Agency, City and State part without their heads: most lines end in a lone state."""
    form = load_form()["sharing"]
    known = {*form["states"], *form["not_given"]}
    ends = [line.words for line in lines if len(line.words) > 2 and line.words[-1].text in known]
    ends = [words for words in ends if words[-1].x0 - words[-2].x1 > _WIDE * type_.gap]
    if len(ends) < max(3, 0.6 * len(lines)):
        return []
    starts = [words[-1].x0 for words in ends]
    if max(starts) - min(starts) > 8 * type_.gap:  # names may end in a state, but not all at one place
        return []
    high = min(starts)
    score, left, right = find_gutter([[part for part in parts if part[0] < high - 0.1] for parts in spans])
    before = max(word.x1 for words in ends for word in words[:-1])
    return [(left + right) / 2, (min(before, high) + high) / 2] if score > 0 else []


# ------------------------------------------------------------------------------------- rows


def join_cell(cell: list[TextLine]) -> str:
    """Return the text of a cell, its lines joined."""
    return join_lines(line.text for line in cell)


def would_fit(above: TextLine, line: TextLine, width: float, gap: float) -> bool:
    """Say whether the next line's first word would have fitted into a line: then it was no wrapped name."""
    return above.width + gap + line.words[0].x1 - line.words[0].x0 <= 0.985 * width


def measure_width(section: Section, number: int) -> float:
    """Return the width of the longest line of a column."""
    lines = (line for block in section.blocks for line in block.columns.get(number, ()))
    return max((line.width for line in lines), default=0.0)


def is_rest(above: str, text: str) -> bool:
    """Say whether a text reads as the rest of a name: `(CA)`, `Office (CA)`, a closing parenthesis."""
    if text[:1] == "(" or text[:1].islower() or above.count("(") > above.count(")"):
        return True
    if "".join(above.split()[-1:]).lower() in ("of", "the", "and", "&", "-", "for"):
        return True
    words = [squeeze(word) for word in re.sub(r"\([^)]*\)", " ", text).split()]
    return all(word in load_form()["sharing"]["rest"] for word in words)


def is_whole(text: str) -> bool:
    """Say whether a text reads as a name of its own: a place, and what kind of agency is there."""
    form, words = load_form()["sharing"], [squeeze(word) for word in text.split()] or [""]
    return words[0] not in form["rest"] and any(word in form["roles"] for word in words[1:])


def _are_two(above: str, text: str) -> bool:
    return is_whole(above) and is_whole(text) and not is_rest(above, text)


def list_steps(section: Section, type_: Type) -> Iterator[tuple[float, bool, bool]]:
    """Yield how far each line stands below the one above it, whether it would have fitted there, and whether
    both read as two names.

    Hot lists may share a cell, and three columns are read by their states, so that neither says how rows
    are set.
    """
    for number in () if section.columns_n == 3 else (AGENCY,) if section.is_hot else (AGENCY, AGENCY + 1):
        width = measure_width(section, number)
        for block in section.blocks:
            for above, line in pairwise(block.columns.get(number, ())):
                fits = would_fit(above, line, width, type_.gap)
                yield line.middle - above.middle, fits, _are_two(above.text, line.text)


def find_wrap(steps: Iterable[tuple[float, bool, bool]], height: float) -> float | None:
    """Return a distance between that of the lines of a wrapped name and that of rows.

    None if rows stand as close as lines do, so that distance tells nothing: what stands close together would
    have fitted into one line, or reads as two names, and so was not wrapped.
    """
    steps = sorted(step for step in steps if 0 < step[0] < 8 * height)
    if steps and steps[0][0] > _WRAPPED * height:
        return _WRAPPED * height
    for at, ((last, *_), (down, *_)) in enumerate(pairwise(steps), 1):
        if down > 1.15 * last and down - last > 0.12 * height:
            fit_n, two_n = (sum(step[i] for step in steps[:at]) for i in (1, 2))
            is_wrap = last <= _WRAPPED * height and fit_n <= 0.2 * at and two_n <= 0.5 * at
            return last + min((down - last) / 2, 0.25 * last) if is_wrap else None
    return None


def gather_section(section: Section, type_: Type, wrap: float | None) -> list[Row]:
    """Return the rows of a list over all its pages, the rest of a name on the next page included."""
    widths = [measure_width(section, number) for number in range(section.columns_n)]
    gather = anchor_rows if section.columns_n == 3 else gather_rows
    by_block = [gather(block.columns, wrap, type_.height) for block in section.blocks]
    left_n = sum(map(len, by_block))
    rows: list[Row] = []
    for found in by_block:
        for at, row in enumerate(found):
            left_n -= 1
            may_continue = rows and (at == 0 or wrap is None)
            if may_continue and _is_rest_of(rows[-1], row, section, widths, type_.gap, is_last=left_n == 0):
                for number, cell in row.items():
                    rows[-1].setdefault(number, []).extend(cell)
            else:
                rows.append(row)
    return rows


def gather_rows(columns: dict[int, list[TextLine]], wrap: float | None, height: float) -> list[Row]:
    """Return rows of two columns: lines closer than rows are a cell, cells side by side a row."""
    cells: list[tuple[int, list[TextLine]]] = []
    for number, lines in columns.items():
        for above, line in pairwise([None, *lines]):
            if above and wrap and line.middle - above.middle < wrap:
                cells[-1][1].append(line)
            else:
                cells.append((number, [line]))
    rows: list[Row] = []
    spans: list[tuple[float, float]] = []
    for number, cell in sorted(cells, key=lambda part: part[1][0].middle):
        top, bottom = cell[0].middle - height / 2, cell[-1].middle + height / 2
        if rows and number not in rows[-1]:
            overlap = min(spans[-1][1], bottom) - max(spans[-1][0], top)
            if overlap > min(spans[-1][1] - spans[-1][0], bottom - top) / 3:
                rows[-1][number] = cell
                spans[-1] = min(spans[-1][0], top), max(spans[-1][1], bottom)
                continue
        rows.append({number: cell})
        spans.append((top, bottom))
    return [dict(sorted(row.items())) for row in rows]


def anchor_rows(columns: dict[int, list[TextLine]], wrap: float | None, height: float) -> list[Row]:
    """Return rows of three columns: one for each state, and what is level with it at the top or the middle.

    Lines above the first state are the end of a row of the page before, and come first.
    """
    key = STATE if STATE in columns else CITY
    heights = [line.middle for line in columns.get(key, ())]
    between = [(one + other) / 2 for one, other in pairwise(heights)]
    tops = [y - 0.3 * height for y in heights]
    choices = []
    for is_top in (True, False):
        rows: list[Row] = [{} for _ in range(len(heights) + 1)]
        for number, lines in columns.items():
            for line in lines:
                at = bisect(tops, line.middle) if is_top or not heights else 1 + bisect(between, line.middle)
                rows[at].setdefault(number, []).append(line)
        choices.append((_count_misfits(rows, heights, is_top, height), rows))
    rows = min(choices, key=lambda choice: choice[0])[1]
    return [dict(sorted(row.items())) for row in rows if row]


def _count_misfits(rows: list[Row], heights: list[float], is_top: bool, height: float) -> tuple:
    """Return how many cells are not level with their state, how odd rows are, and how long cells are.

    An odd row has no agency, or two, or no city.
    """
    unlevel_n, odd_n, length = 0, 0, 0.0
    for y, row in zip(heights, rows[1:], strict=True):
        odd_n += (CITY not in row) + _ODD * (AGENCY not in row or _holds_two(row[AGENCY]))
        for cell in row.values():
            level = cell[0].middle if is_top else (cell[0].middle + cell[-1].middle) / 2
            unlevel_n += abs(level - y) > 0.3 * height
            length += cell[-1].middle - cell[0].middle
    return unlevel_n, odd_n, length


def _holds_two(cell: list[TextLine]) -> bool:
    """Say whether the lines of a cell read as two names."""
    texts = [line.text for line in cell]
    return any(_are_two(" ".join(texts[:at]), " ".join(texts[at:])) for at in range(1, len(texts)))


def _is_rest_of(
    last: Row, row: Row, section: Section, widths: list[float], gap: float, *, is_last: bool
) -> bool:
    """Say whether a row is the rest of the one above it, on the page before or in a table without padding.

    Names run row by row, so that only the last row may lack a cell: any other with one cell is the rest of a
    name, if its first word had no room in the line above.
    """
    may, rest = {}, {}
    for number, cell in row.items():
        above = last.get(number)
        may[number] = bool(above) and not would_fit(above[-1], cell[0], widths[number], gap)
        rest[number] = may[number] and is_rest(join_cell(above), join_cell(cell))
    if section.columns_n == 3:
        if AGENCY not in row:
            return all(number not in last or may[number] for number in row)
        return len(row) == 1 and may[AGENCY]
    if len(row) == section.columns_n:
        return all(rest.values())
    if AGENCY in row and is_last:
        return rest[AGENCY]
    return all(
        may[number]
        and (rest[number] or not (is_whole(join_cell(last[number])) and is_whole(join_cell(cell))))
        for number, cell in row.items()
    )


# ------------------------------------------------------------------------------------- records


def _read_section(section: Section, rows: list[Row], type_: Type, marks: dict[Word, str]) -> Iterator[Record]:
    """Yield the records of a list, in reading order."""
    form = load_form()["sharing"]
    is_ocr = any(block.is_ocr for block in section.blocks)
    for page, agency, lists in section.entries:
        yield Record(section, page, agency, lists or None)
    glued_n = 1
    if section.columns_n == 3:
        found = _read_places(section, rows)
    elif is_ocr and not section.is_hot and _hold_places(rows):
        found = _read_lost_places(section, rows)
    elif section.is_hot:
        found = _read_hot_lists(section, rows, type_.gap)
    else:
        found, glued_n = _read_names(section, rows), 2
    for record, lines in found:
        remarks = [marks[word] for line in lines for word in line.words if word in marks]
        if GLUED in remarks:
            record.reason, record.names_n = GLUED, glued_n
        elif not record.reason and squeeze(record.name) in form["empty"]:
            record.reason = "says-none"
        elif UNREADABLE in f"{record.name}{record.hot_list}{record.city}{record.state}":
            record.reason = "unreadable"
        elif not record.reason and not re.search(r"[^\W\d_]", record.name):
            record.reason = "no-letter"
        elif is_ocr and not record.reason and _is_noise(record.name):
            record.reason = "noise"
        record.remark = next((remark for remark in remarks if remark != GLUED), record.remark)
        yield record
    for line in section.pools:
        yield Record(section, line.page, line.text, remark="pool")


def _list_lines(row: Row) -> list[TextLine]:
    return [line for cell in row.values() for line in cell]


def _read_names(section: Section, rows: list[Row]) -> Iterator[tuple[Record, list[TextLine]]]:
    for at, row in enumerate(rows):
        is_alone = len(row) < section.columns_n and (at + 1 < len(rows) or AGENCY not in row)
        for cell in row.values():
            remark = "alone" if is_alone else ""
            yield Record(section, cell[0].page, join_cell(cell), remark=remark), cell


def _read_hot_lists(section: Section, rows: list[Row], gap: float) -> Iterator[tuple[Record, list[TextLine]]]:
    width = measure_width(section, HOT_LIST)
    found: list[tuple[Record, list[TextLine]]] = []
    for row in rows:
        lists = _join_lists(row[HOT_LIST], width, gap) if HOT_LIST in row else None
        if AGENCY not in row and found:  # one more list of the agency above
            record, lines = found[-1]
            record.hot_list = "; ".join(filter(None, (record.hot_list, lists)))
            lines += _list_lines(row)
        else:
            lines = _list_lines(row)
            found.append((Record(section, lines[0].page, join_cell(row.get(AGENCY, [])), lists), lines))
    yield from found


def _join_lists(cell: list[TextLine], width: float, gap: float) -> str:
    """Return the lists of a cell: a line that would have had room in the one above is a list of its own."""
    text = cell[0].text
    for above, line in pairwise(cell):
        is_other = would_fit(above, line, width, gap) and above.page == line.page
        text += ("; " if is_other else " ") + line.text
    return text


def _read_places(section: Section, rows: list[Row]) -> Iterator[tuple[Record, list[TextLine]]]:
    for row in rows:
        name, city, state = (join_cell(row[n]) if n in row else None for n in (AGENCY, CITY, STATE))
        record = Record(section, _list_lines(row)[0].page, name or "", city=city, state=state)
        if name is None:
            record.name = " ".join(filter(None, (city, state)))
            record.reason = "no-agency"
        elif city is None and state is None:
            record.remark = "no-place"
        yield record, _list_lines(row)


def _hold_places(rows: list[Row]) -> bool:
    """Say whether the second of two columns holds cities, where OCR lost the heads or the states of three."""
    pairs = [row for row in rows if len(row) == 2]
    shares = [sum(_has_role(join_cell(row[number])) for row in pairs) for number in (AGENCY, CITY)]
    return len(pairs) >= _PLACES and shares[0] > 0.6 * len(pairs) and shares[1] < 0.2 * len(pairs)


def _has_role(text: str) -> bool:
    return any(squeeze(word) in load_form()["sharing"]["roles"] for word in text.split())


def _read_lost_places(section: Section, rows: list[Row]) -> Iterator[tuple[Record, list[TextLine]]]:
    """Yield records of an agency and a place: its last word is the state, if it is short enough for one."""
    form = load_form()["sharing"]
    for record, lines in _read_places(section, rows):
        *city, last = (record.city or "").split() or [""]
        if last in (*form["states"], *form["not_given"]) or (city and len(last) < 3):
            record.city, record.state = " ".join(city) or None, last
        yield record, lines


def _is_noise(name: str) -> bool:
    """Say whether a text is what OCR makes of specks and cut lines: words, most of a letter or two."""
    words = re.findall(r"[^\W_]+", name)
    return len(words) > 2 and sum(map(len, words)) < 3 * len(words)
