"""A table printed to PDF: its header found by names, its columns by gaps, its rows by what each begins with.

No line of a grid is looked at, as printers draw them in many ways or not at all. A page without a header goes
on with the columns of the page before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    """A printed header: names of columns from left to right, where each begins and ends, and the last line's
    bottom.
    """

    names: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    bottom: float


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
    best: Header | None = None
    for start in range(len(lines)):
        if not _is_of(lines[start], vocabulary):
            continue
        block: list[Line] = []
        for line in lines[start : start + _HEADER_LINES]:
            height = line.bottom - line.top
            if not _is_of(line, vocabulary) or (block and line.top - block[-1].bottom > 1.2 * height):
                break
            block.append(line)
            header = _join_header(block, known)
            found = sum(tidy_header(name) in known for name in header.names)
            if found >= at_least and (
                best is None or found > sum(tidy_header(name) in known for name in best.names)
            ):
                best = header
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
        for group in _split_line(line, known):
            x0, x1 = group[0].x0, group[-1].x1
            ends = [(min(word.x0 for word in cell), max(word.x1 for word in cell)) for cell in cells]
            above = [cell for cell, end in zip(cells, ends, strict=True) if min(x1, end[1]) > max(x0, end[0])]
            if len(above) == 1:
                above[0].extend(group)
            else:
                cells.append(list(group))
    cells.sort(key=lambda cell: min(word.x0 for word in cell))
    names = tuple(" ".join(word.text for word in cell) for cell in cells)
    spans = tuple((min(word.x0 for word in cell), max(word.x1 for word in cell)) for cell in cells)
    return Header(names, spans, max(line.bottom for line in block))


def _split_line(line: Line, known: set[str]) -> Iterator[list[Word]]:
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
    for page, header in zip(pages, headers, strict=True):
        if header and tuple(map(tidy_header, header.names)) != tuple(map(tidy_header, first.names)):
            found = f"other columns ({', '.join(header.names)[:120]}) than on the first page"
            way_out = f"Its rows are spread over pages. {_WAY_OUT}"
            raise IngestError(f"{place}, page {page.number}", found, way_out)
    vocabulary = {word for name in known for word in name.split()}
    bodies, outside = [], []
    for page, header in zip(pages, headers, strict=True):
        lines = build_lines(page)
        if header is None and not bodies:
            outside += [line.text for line in lines]
            continue
        top = header.bottom if header else -1.0
        above = [line for line in lines if header and line.bottom <= top and not _is_of(line, vocabulary)]
        low = max(top, 0.9 * page.height, *(line.top for line in lines))
        foot = [line for line in lines if line.top == low and _FOOT.fullmatch(line.text)]
        outside += [line.text for line in (*above, *foot)]
        words = [word for line in lines if line.top >= top - 0.5 and line not in foot for word in line.words]
        bodies.append((page, words))
    edges = _find_edges(first, [word for _, words in bodies for word in words])
    rows: list[PrintedRow] = []
    if begins is None:
        rows = _add_by_distance(bodies, edges)
    else:
        anchor, pattern = _choose_anchor(first, bodies, edges, begins, place)
        for page, words in bodies:
            rows = _add_page(rows, page, words, edges, anchor, pattern)
    _refuse_two_in_one(first, rows, place)
    return first, rows, outside


def _find_edges(header: Header, words: list[Word]) -> list[float]:
    """Find where columns part: in a gap between two headings that the fewest words reach over.

    Of several such gaps, that before the right heading is taken if cells begin where it begins, that after
    the left one if cells end where it ends, else what holds for most headings: numbers stand to the right of
    theirs, dates in the middle.
    """
    sides = [
        (_count_near(words, "x0", left), _count_near(words, "x1", right)) for left, right in header.spans
    ]
    begins_n = sum(begin > 0 and begin >= end for begin, end in sides)
    ends_n = sum(end > begin for begin, end in sides)
    edges = []
    for ((left, left_end), left_side), ((right, right_end), right_side) in pairwise(
        zip(header.spans, sides, strict=True)
    ):
        low, high = (left + min(left_end, right)) / 2, (right + right_end) / 2
        near = [word for word in words if word.x1 > low and word.x0 < high]
        stops = sorted({low, high, *(x for word in near for x in (word.x0, word.x1) if low < x < high)})
        gaps = {
            (start, end): sum(word.x0 < (start + end) / 2 < word.x1 for word in near)
            for start, end in pairwise(stops)
        }
        fewest = min(gaps.values(), default=0)
        open_gaps = _join_gaps([gap for gap, crossed in gaps.items() if crossed == fewest]) or [(low, high)]
        begins, ends = right_side[0] >= max(1, right_side[1]), left_side[1] > left_side[0]
        is_left = begins or (not ends and begins_n > ends_n)
        is_right = not is_left and (ends or ends_n > begins_n)
        before = [gap for gap in open_gaps if gap[0] <= right]
        after = [gap for gap in open_gaps if gap[1] >= left_end]
        if is_left and before:
            start, end = before[-1]
            edges.append(min(max(right - 1, (start + min(end, right)) / 2), end))
        elif is_right and after:
            start, end = after[0]
            edges.append(max(min(left_end + 1, (max(start, left_end) + end) / 2), start))
        else:
            start, end = max(open_gaps, key=lambda gap: gap[1] - gap[0])
            edges.append((start + end) / 2)
    return edges


def _count_near(words: list[Word], side: str, x: float) -> int:
    return sum(abs(getattr(word, side) - x) <= 1.5 for word in words)


def _join_gaps(gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in gaps:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _refuse_two_in_one(header: Header, rows: list[PrintedRow], place: str) -> None:
    """Refuse a table with a column that is empty in every row, beside one whose cells hold two values."""
    for at, name in enumerate(header.names):
        if len(rows) < 3 or any(row.cells[at] for row in rows):
            continue
        for beside in (at - 1, at + 1):
            if not 0 <= beside < len(header.names):
                continue
            filled = [row.cells[beside] for row in rows if row.cells[beside]]
            two_n = sum(any(_TWO.match(line) for line in lines) for lines in filled)
            if filled and two_n > 0.5 * len(filled):
                other = header.names[beside]
                found = f"{name!r} is empty in all rows, while cells of {other!r} hold two values"
                raise IngestError(place, found, _WAY_OUT, code="two-in-one")


def _find_column(word: Word, edges: list[float]) -> int:
    middle = (word.x0 + word.x1) / 2
    return sum(middle > edge for edge in edges)


def _gather(words: list[Word], edges: list[float], column: int) -> list[Line]:
    own = tuple(word for word in words if _find_column(word, edges) == column)
    return build_lines(Page(0, 0.0, 0.0, own, False))


def _choose_anchor(
    header: Header, bodies, edges, begins: dict[str, re.Pattern], place: str
) -> tuple[int, re.Pattern]:
    names = [tidy_header(name) for name in header.names]
    for name, pattern in begins.items():
        if name in names:
            column = names.index(name)
            lines = [line for _, words in bodies for line in _gather(words, edges, column)]
            if lines and sum(bool(pattern.match(line.text)) for line in lines) >= 0.25 * len(lines):
                return column, pattern
    wanted = " or ".join(repr(name) for name in begins)
    raise IngestError(
        place, f"a table whose rows cannot be told apart: no column {wanted} begins each of them", _WAY_OUT
    )


def _add_page(
    rows, page: Page, words: list[Word], edges: list[float], anchor: int, pattern: re.Pattern
) -> list[PrintedRow]:
    """Cut the words of a page into rows at the widest gap between two beginnings; what stands before the
    first gap
    that is as wide belongs to the last row of the page before.
    """
    starts = [line for line in _gather(words, edges, anchor) if pattern.match(line.text)]
    if not starts:
        return [*rows[:-1], _join(rows[-1], words, edges)] if rows and words else rows
    bands = _list_bands(words)
    cuts, widths = [], []
    for one, other in pairwise(starts):
        cut, width = _find_cut(bands, (one.top + one.bottom) / 2, (other.top + other.bottom) / 2, other.top)
        cuts.append(cut)
        widths.append(width)
    first_top = min(word.top for word in words)
    if first_top < starts[0].top and rows:
        cut, width = _find_cut(bands, first_top, (starts[0].top + starts[0].bottom) / 2, starts[0].top)
        if widths and width >= 0.8 * median(widths) or not widths and width > 0:
            before = [word for word in words if (word.top + word.bottom) / 2 < cut]
            rows = [*rows[:-1], _join(rows[-1], before, edges)]
            words = [word for word in words if (word.top + word.bottom) / 2 >= cut]
    limits = [-1.0, *cuts, float("inf")]
    made = []
    for low, high in pairwise(limits):
        own = [word for word in words if low <= (word.top + word.bottom) / 2 < high]
        made.append(PrintedRow(page.number, _cut_cells(own, edges)))
    return [*rows, *made]


def _add_by_distance(bodies: list[tuple[Page, list[Word]]], edges: list[float]) -> list[PrintedRow]:
    """Cut pages into rows where lines stand further apart than within a row; if all stand alike, at the first
    column.
    """
    lines = [(page, build_lines(Page(page.number, 0.0, 0.0, tuple(words), False))) for page, words in bodies]
    steps = sorted(later.top - line.top for _, part in lines for line, later in pairwise(part))
    is_even = not steps or steps[-1] <= 1.3 * steps[0]
    rows: list[tuple[Page, list[Word]]] = []
    for page, part in lines:
        for before, line in pairwise([None, *part]):
            has_first = any(_find_column(word, edges) == 0 for word in line.words)
            is_apart = before is None or is_even or line.top - before.top > 1.3 * steps[0]
            if not rows or (has_first and is_apart):
                rows.append((page, []))
            rows[-1][1].extend(line.words)
    return [PrintedRow(page.number, _cut_cells(words, edges)) for page, words in rows]


def _list_bands(words: list[Word]) -> list[tuple[float, float]]:
    """List the heights that hold words, from the top, as stretches without a gap."""
    bands: list[list[float]] = []
    for word in sorted(words, key=lambda word: word.top):
        if bands and word.top <= bands[-1][1]:
            bands[-1][1] = max(bands[-1][1], word.bottom)
        else:
            bands.append([word.top, word.bottom])
    return [tuple(band) for band in bands]


def _find_cut(bands, low: float, high: float, fallback: float) -> tuple[float, float]:
    """Find the widest gap between two heights, the lowest of equal ones: where it is, and how wide."""
    best = (fallback - 0.1, 0.0)
    for (_, end), (start, _) in pairwise(bands):
        if low <= end and start <= high and start - end >= best[1] - 0.05:
            best = ((end + start) / 2, start - end)
    return best


def _cut_cells(words: list[Word], edges: list[float]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple(line.text for line in _gather(words, edges, column)) for column in range(len(edges) + 1)
    )


def _join(row: PrintedRow, words: list[Word], edges: list[float]) -> PrintedRow:
    more = _cut_cells(words, edges)
    return PrintedRow(row.page, tuple((*had, *new) for had, new in zip(row.cells, more, strict=True)))
