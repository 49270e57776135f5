"""A table printed to PDF: its header found by names, its columns by gaps, its rows by what each begins with.

No line of a grid is looked at, as printers draw them in many ways or not at all. A page without a header goes
on with the columns of the page before.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from helpers.errors import IngestError
from sidedoor.ingest.headers import tidy_header
from sidedoor.ingest.pdf import Line, Page, Word, build_lines

# Words of one cell stand at most so far apart, in heights of a line.
_SPACE = 0.75
_HEADER_LINES = 4
_FOOT = re.compile(r"(?:page\s*)?\d+(?:\s*(?:of|/)\s*\d+)?", re.I)
# A number, and after it what is no unit of it.
_TWO = re.compile(r"[\d,]+ +\S|.*\S +[\d,]+$")
_WAY_OUT = "Ask the agency for the same records as CSV or XLSX, as its system exports them."


@dataclass(frozen=True)
class Header:
    """A printed header: names from left to right, where each begins and ends, the bottom of its last line."""

    names: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    bottom: float

    @property
    def tidy(self) -> list[str]:
        """Its names, tidied."""
        return [tidy_header(name) for name in self.names]


@dataclass(frozen=True)
class PrintedRow:
    """A row: the page it begins on, and the lines of each cell from left to right."""

    page: int
    cells: tuple[tuple[str, ...], ...]


def find_page_header(page: Page, known: set[str], at_least: int) -> Header | None:
    """Find the header of a table on a page: neighboring lines that together print names of columns.

    Parameters
    ----------
    page
        The page.
    known
        Names of columns, tidied.
    at_least
        How many of them have to be there.
    """
    vocabulary = {word for name in known for word in name.split()}
    lines = build_lines(page)
    for start in range(len(lines)):
        block: list[Line] = []
        best, best_n = None, at_least - 1
        for line in lines[start : start + _HEADER_LINES]:
            is_far = block and line.top - block[-1].bottom > 1.2 * (line.bottom - line.top)
            if is_far or not _is_of(line, vocabulary):
                break
            block.append(line)
            header = _join_header(block, known)
            found_n = sum(name in known for name in header.tidy)
            if found_n > best_n:
                best, best_n = header, found_n
        if best:
            return best
    return None


def _is_of(line: Line, vocabulary: set[str]) -> bool:
    words = [tidy_header(word.text) for word in line.words]
    return sum(word in vocabulary for word in words) >= max(1, 0.8 * len(words))


def _join_header(block: list[Line], known: set[str]) -> Header:
    """Join the words of a header to names: side by side without a gap, or one under the other."""
    cells: list[list[Word]] = []
    for line in block:
        for group in _split_header(line, known):
            above = [
                cell
                for cell in cells
                if min(word.x0 for word in cell) < group[-1].x1
                and max(word.x1 for word in cell) > group[0].x0
            ]
            if len(above) == 1:
                above[0].extend(group)
            else:
                cells.append(list(group))
    cells.sort(key=lambda cell: min(word.x0 for word in cell))
    names = tuple(" ".join(word.text for word in cell) for cell in cells)
    spans = tuple((min(word.x0 for word in cell), max(word.x1 for word in cell)) for cell in cells)
    return Header(names, spans, max(line.bottom for line in block))


def _split_header(line: Line, known: set[str]) -> Iterator[list[Word]]:
    """Split a line at gaps, and where two whole names stand side by side without one."""
    group: list[Word] = []
    for word in line.words:
        space = _SPACE * (word.bottom - word.top)
        is_name = tidy_header(" ".join(one.text for one in group)) in known
        goes_on = tidy_header(" ".join(one.text for one in [*group, word])) in known
        begins = any(name.startswith(tidy_header(word.text)) for name in known)
        if group and (word.x0 - group[-1].x1 > space or (is_name and begins and not goes_on)):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def read_rows(
    pages: list[Page], place: str, known: set[str], at_least: int, begins: dict[str, re.Pattern] | None = None
) -> tuple[Header, list[PrintedRow], list[str]]:
    """Read the rows of a table that runs over pages.

    Parameters
    ----------
    pages
        All pages of the document.
    place
        The file, for errors.
    known, at_least
        As for `find_page_header`.
    begins
        For tidied names of columns, in order of preference: what the first line of each of their cells looks
        like. The first column whose lines fit tells where a row begins. Without them the distance of lines
        does, or the first column.

    Returns
    -------
    The header, the rows in order, and texts that stand outside the table (titles, page numbers), first come
    first.

    Raises
    ------
    IngestError
        Pages print different columns, or no column tells where rows begin.
    """
    headers = [find_page_header(page, known, at_least) for page in pages]
    first = next(header for header in headers if header)
    vocabulary = {word for name in known for word in name.split()}
    bodies, outside = [], []
    for page, header in zip(pages, headers, strict=True):
        lines = build_lines(page)
        if header and header.tidy != first.tidy:
            found = f"other columns ({', '.join(header.names)[:120]}) than on the first page"
            way_out = f"Its rows are spread over pages. {_WAY_OUT}"
            raise IngestError(f"{place}, page {page.number}", found, way_out)
        if header is None and not bodies:
            outside += [line.text for line in lines]
            continue
        top = header.bottom if header else -1.0
        above = [line for line in lines if header and line.bottom <= top and not _is_of(line, vocabulary)]
        low = max(top, 0.9 * page.height, *(line.top for line in lines))
        foot = [line for line in lines if line.top == low and _FOOT.fullmatch(line.text)]
        outside += [line.text for line in (*above, *foot)]
        body = [line for line in lines if line.top >= top - 0.5 and line not in foot]
        bodies.append(replace(page, words=tuple(word for line in body for word in line.words)))
    edges = _find_edges(first, [word for body in bodies for word in body.words])
    if begins is None:
        parts = _cut_by_distance(bodies, edges)
    else:
        parts = _cut_by_anchor(bodies, edges, *_choose_anchor(first, bodies, edges, begins, place))
    rows = [_build_row(part, edges) for part in parts]
    _refuse_two_in_one(first, rows, place)
    return first, rows, outside


def _build_row(part: list[Page], edges: list[float]) -> PrintedRow:
    """Build a row from what each page holds of it."""
    columns = range(len(edges) + 1)
    cells = (tuple(line.text for one in part for line in _list_lines(one, edges, n)) for n in columns)
    return PrintedRow(part[0].number, tuple(cells))


def _find_edges(header: Header, words: list[Word]) -> list[float]:
    """Find where columns part: in a gap between two headings that the fewest words reach over.

    Of several such gaps, that before the right heading is taken if cells begin where it begins, that after
    the left one if cells end where it ends, else what holds for most headings: numbers stand to the right of
    theirs, dates in the middle.
    """
    sides = [
        (
            sum(abs(word.x0 - left) <= 1.5 for word in words),
            sum(abs(word.x1 - right) <= 1.5 for word in words),
        )
        for left, right in header.spans
    ]
    begins_n = sum(begin > 0 and begin >= end for begin, end in sides)
    ends_n = sum(end > begin for begin, end in sides)
    edges = []
    for (one, one_side), (other, other_side) in pairwise(zip(header.spans, sides, strict=True)):
        (left, left_end), (right, right_end) = one, other
        gaps = _list_gaps(words, (left + min(left_end, right)) / 2, (right + right_end) / 2)
        begins, ends = other_side[0] >= max(1, other_side[1]), one_side[1] > one_side[0]
        is_left = begins or (not ends and begins_n > ends_n)
        is_right = not is_left and (ends or ends_n > begins_n)
        before = [gap for gap in gaps if gap[0] <= right]
        after = [gap for gap in gaps if gap[1] >= left_end]
        if is_left and before:
            start, end = before[-1]
            edges.append(min(max(right - 1, (start + min(end, right)) / 2), end))
        elif is_right and after:
            start, end = after[0]
            edges.append(max(min(left_end + 1, (max(start, left_end) + end) / 2), start))
        else:
            start, end = max(gaps, key=lambda gap: gap[1] - gap[0])
            edges.append((start + end) / 2)
    return edges


def _list_gaps(words: list[Word], low: float, high: float) -> list[tuple[float, float]]:
    """List the stretches between two places that the fewest words reach over."""
    near = [word for word in words if word.x1 > low and word.x0 < high]
    stops = sorted({low, high, *(x for word in near for x in (word.x0, word.x1) if low < x < high)})
    begins, ends = sorted(word.x0 for word in near), sorted(word.x1 for word in near)
    middles = [(start + end) / 2 for start, end in pairwise(stops)]
    crossed = [bisect_left(begins, x) - bisect_right(ends, x) for x in middles]
    fewest = min(crossed, default=0)
    gaps: list[tuple[float, float]] = []
    for (start, end), count in zip(pairwise(stops), crossed, strict=True):
        if count == fewest and gaps and gaps[-1][1] == start:
            gaps[-1] = (gaps[-1][0], end)
        elif count == fewest:
            gaps.append((start, end))
    return gaps or [(low, high)]


def _refuse_two_in_one(header: Header, rows: list[PrintedRow], place: str) -> None:
    """Refuse a table with a column that is empty in every row, beside one whose cells hold two values."""
    for at, name in enumerate(header.names):
        if len(rows) < 3 or any(row.cells[at] for row in rows):
            continue
        for beside in {max(at - 1, 0), min(at + 1, len(header.names) - 1)} - {at}:
            filled = [row.cells[beside] for row in rows if row.cells[beside]]
            two_n = sum(any(_TWO.match(line) for line in lines) for lines in filled)
            if filled and two_n > 0.5 * len(filled):
                other = header.names[beside]
                found = f"{name!r} is empty in all rows, while cells of {other!r} hold two values"
                raise IngestError(place, found, _WAY_OUT, code="two-in-one")


def _list_lines(page: Page, edges: list[float], column: int) -> list[Line]:
    """List the lines of a column."""
    own = (word for word in page.words if bisect_left(edges, (word.x0 + word.x1) / 2) == column)
    return build_lines(replace(page, words=tuple(own)))


def _choose_anchor(
    header: Header, bodies: list[Page], edges: list[float], begins: dict[str, re.Pattern], place: str
) -> tuple[int, re.Pattern]:
    """Choose the column that tells where rows begin, and what its first lines look like."""
    for name, pattern in begins.items():
        if name in header.tidy:
            column = header.tidy.index(name)
            lines = [line for body in bodies for line in _list_lines(body, edges, column)]
            if lines and sum(bool(pattern.match(line.text)) for line in lines) >= 0.25 * len(lines):
                return column, pattern
    wanted = " or ".join(repr(name) for name in begins)
    found = f"a table whose rows cannot be told apart: no column {wanted} begins each of them"
    raise IngestError(place, found, _WAY_OUT)


def _cut_by_anchor(
    bodies: list[Page], edges: list[float], column: int, pattern: re.Pattern
) -> list[list[Page]]:
    """Cut pages into rows at the widest gap between two beginnings; what stands before the first gap that is
    as wide belongs to the last row of the page before.
    """
    rows: list[list[Page]] = []
    widths: list[float] = []
    for body in bodies:
        starts = [line for line in _list_lines(body, edges, column) if pattern.match(line.text)]
        if not starts:
            if rows:
                rows[-1].append(body)
            continue
        bands = _list_bands(body.words)
        found = [_find_cut(bands, one.middle, other) for one, other in pairwise(starts)]
        widths = [width for _, width in found] or widths  # of the page before, if there is one row on this
        top, first = min(word.top for word in body.words), -1.0
        if rows and top < starts[0].top:
            cut, width = _find_cut(bands, top, starts[0])
            is_gap = width >= 0.8 * median(widths) if widths else width > 0
            first = cut if is_gap else first
        for low, high in pairwise([-1.0, first, *(cut for cut, _ in found), float("inf")]):
            own = replace(body, words=tuple(word for word in body.words if low <= word.middle < high))
            if high > first:
                rows.append([own])
            elif rows:  # the end of the row before
                rows[-1].append(own)
    return rows


def _cut_by_distance(bodies: list[Page], edges: list[float]) -> list[list[Page]]:
    """Cut pages into rows where lines stand further apart than within a row; if all stand alike, at the first
    column.
    """
    lines = [(body, build_lines(body)) for body in bodies]
    steps = sorted(later.top - line.top for _, part in lines for line, later in pairwise(part))
    is_even = not steps or steps[-1] <= 1.3 * steps[0]
    rows: list[list[Page]] = []
    for body, part in lines:
        for before, line in pairwise([None, *part]):
            has_first = any((word.x0 + word.x1) / 2 <= edges[0] for word in line.words) if edges else True
            is_apart = before is None or is_even or line.top - before.top > 1.3 * steps[0]
            own = replace(body, words=line.words)
            if not rows or (has_first and is_apart):
                rows.append([own])
            else:
                rows[-1].append(own)
    return rows


def _list_bands(words: tuple[Word, ...]) -> list[list[float]]:
    """List the heights that hold words, from the top, as stretches without a gap."""
    bands: list[list[float]] = []
    for word in sorted(words, key=lambda word: word.top):
        if bands and word.top <= bands[-1][1]:
            bands[-1][1] = max(bands[-1][1], word.bottom)
        else:
            bands.append([word.top, word.bottom])
    return bands


def _find_cut(bands: list[list[float]], low: float, start: Line) -> tuple[float, float]:
    """Find the widest gap between a height and the line that begins a row, the lowest of equal ones: where it
    is, and how wide.
    """
    best = (start.top - 0.1, 0.0)
    for (_, end), (begin, _) in pairwise(bands):
        if low <= end and begin <= start.middle and begin - end >= best[1] - 0.05:
            best = ((end + begin) / 2, begin - end)
    return best
