"""From word boxes to the cells of a table that has no lines: cells by pitch, rows by height.

No coordinate of any file is known here. A line that follows its neighbour more closely than rows do belongs
to the same cell, and cells that stand side by side are a row. Everything is close to linear in the number of
words, as a file may be made to be slow.
"""

import math
import re
from bisect import bisect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from sidedoor.ingest.pdf import Word

# Lines that are compared when a word is put into one: neighbours in height, the latest first.
NEARBY = 40
# How far apart wrapped lines are at most, in line heights: 1.5 in text PDFs seen, where rows are 2.5 apart.
WRAPPED = 1.9


@dataclass(eq=False)
class Piece:
    """Words in one line of one column, from left to right."""

    words: list[Word]
    page: int = 0

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return max(word.x1 for word in self.words)

    @property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def middle(self) -> float:
        if len(self.words) == 1:
            return (self.words[0].top + self.words[0].bottom) / 2
        tall = max(word.bottom - word.top for word in self.words)
        return median((w.top + w.bottom) / 2 for w in self.words if w.bottom - w.top >= 0.6 * tall)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(eq=False)
class Cell:
    """Lines of one column that belong together; `text` joins them with spaces, after a hyphen without."""

    pieces: list[Piece]

    @property
    def top(self) -> float:
        return self.pieces[0].top

    @property
    def bottom(self) -> float:
        return self.pieces[-1].bottom

    @property
    def middle(self) -> float:
        return (self.pieces[0].middle + self.pieces[-1].middle) / 2

    @property
    def page(self) -> int:
        return self.pieces[0].page

    @property
    def text(self) -> str:
        return join_lines([piece.text for piece in self.pieces])


@dataclass(eq=False)
class Row:
    """Cells that stand side by side, by number of column; a column without a cell is missing."""

    cells: dict[int, Cell]

    @property
    def top(self) -> float:
        return min(cell.top for cell in self.cells.values())

    @property
    def bottom(self) -> float:
        return max(cell.bottom for cell in self.cells.values())

    @property
    def page(self) -> int:
        return next(iter(self.cells.values())).page


@dataclass(eq=False)
class Block:
    """What one page holds of one section."""

    page: int
    words: list[Word]
    pieces: dict[int, list[Piece]] = field(default_factory=dict)
    is_ocr: bool = False


@dataclass(frozen=True)
class Pitch:
    """How far lines of one cell are apart at most (`wrap`), in points, and how high a line is."""

    wrap: float | None
    height: float


def join_lines(lines: Iterable[str]) -> str:
    """Join the lines of a wrapped name: with a space, after `Athens-` without."""
    text = ""
    for line in lines:
        text = text + line if re.search(r"[^\W\d_]-$", text) else f"{text} {line}".strip()
    return text


def gather_lines(words: Iterable[Word], page: int = 0) -> list[Piece]:
    """Gather words into lines, top to bottom; each is compared with the one before, as scans are tilted."""
    ordered = sorted(words, key=lambda word: (word.x0, word.top))
    if not ordered:
        return []
    usual = median(word.bottom - word.top for word in ordered) or 1.0
    buckets: dict[int, list[list]] = {}  # height on the page -> lines: [words, middle, right edge]
    lines = []
    for word in ordered:
        height = min(word.bottom - word.top, 1.6 * usual)
        middle = (word.top + word.bottom) / 2
        at, best, best_off = int(middle // usual), None, math.inf
        for near in (at - 1, at, at + 1):
            for line in buckets.get(near, ())[-NEARBY:]:
                off = abs(line[1] - middle)
                is_level = off < best_off and off <= 0.5 * max(height, 0.9 * usual)
                if is_level and line[2] <= word.x0 + 0.3 * usual:
                    best, best_off = line, off
        if best is None:
            best = [[], middle, word.x1]
            lines.append(best)
            buckets.setdefault(at, []).append(best)
        best[0].append(word)
        best[2] = max(best[2], word.x1)
        if height > 0.6 * usual and middle != best[1]:  # a dash or a speck does not say where its line is
            was = int(best[1] // usual)
            best[1] = middle
            if was != at:
                buckets[was].remove(best)
                buckets.setdefault(at, []).append(best)
    return sorted((Piece(line[0], page) for line in lines), key=lambda piece: (piece.middle, piece.x0))


def measure_gap(lines: Iterable[Piece], height: float) -> float:
    """Measure the usual space between words of a name."""
    gaps = [b.x0 - a.x1 for line in lines for a, b in zip(line.words, line.words[1:])]
    gaps = [gap for gap in gaps if 0 < gap < 0.6 * height]
    return median(gaps) if gaps else 0.28 * height


def would_fit(first: Piece, second: Piece, width: float, gap: float) -> bool:
    """Say whether the next line's first word would have fitted into a line: then it was no wrapped name."""
    return (first.x1 - first.x0) + gap + (second.words[0].x1 - second.words[0].x0) <= 0.985 * width


@dataclass(frozen=True)
class Step:
    """How far a line stands below the one above it in its column, and whether both may be one name."""

    down: float
    would_fit: bool
    is_two: bool


def list_steps(pages: list[list[Piece]], gap: float, is_two: Callable[[str, str], bool]) -> list[Step]:
    """List the steps from line to line in one column, page by page.

    Parameters
    ----------
    pages
        Lines of the column.
    gap
        Space between words.
    is_two
        Says whether two lines read as two names.
    """
    width = max((piece.x1 - piece.x0 for pieces in pages for piece in pieces), default=0.0)
    pairs = [pair for pieces in pages for pair in zip(pieces, pieces[1:])]
    return [
        Step(two.middle - one.middle, would_fit(one, two, width, gap), is_two(one.text, two.text))
        for one, two in pairs
    ]


def find_pitch(steps: Iterable[Step], height: float) -> float | None:
    """Find how far apart lines of a wrapped name are at most.

    Parameters
    ----------
    steps
        From line to line.
    height
        Of a line.

    Returns
    -------
    A distance between that of wrapped lines and that of rows. None if rows stand as close as lines do, so
    that distance tells nothing: what stands close together would have fitted into one line, or reads as two
    names, and so was not wrapped.
    """
    steps = sorted((step for step in steps if 0 < step.down < 8 * height), key=lambda step: step.down)
    if steps and steps[0].down > WRAPPED * height:
        return WRAPPED * height
    for at in range(1, len(steps)):
        last, down = steps[at - 1].down, steps[at].down
        if down > 1.15 * last and down - last > 0.12 * height:
            close = steps[:at]
            fit_n, two_n = sum(step.would_fit for step in close), sum(step.is_two for step in close)
            is_wrap = last <= WRAPPED * height and fit_n <= 0.2 * at and two_n <= 0.5 * at
            return last + min((down - last) / 2, 0.25 * last) if is_wrap else None
    return None


def gather_cells(pieces: list[Piece], wrap: float | None) -> list[Cell]:
    """Join lines of a column that stand closer than rows do."""
    cells: list[Cell] = []
    for piece in pieces:
        if cells and wrap and piece.middle - cells[-1].pieces[-1].middle < wrap:
            cells[-1].pieces.append(piece)
        else:
            cells.append(Cell([piece]))
    return cells


def gather_rows(cells: dict[int, list[Cell]]) -> list[Row]:
    """Join cells of different columns that stand side by side, level at the top or in the middle."""
    rows: list[Row] = []
    every = [(number, cell) for number, column in cells.items() for cell in column]
    for number, cell in sorted(every, key=lambda pair: pair[1].top):
        if rows and number not in rows[-1].cells:
            row = rows[-1]
            overlap = min(row.bottom, cell.bottom) - max(row.top, cell.top)
            if overlap > 0.4 * min(row.bottom - row.top, cell.bottom - cell.top):
                row.cells[number] = cell
                continue
        rows.append(Row({number: cell}))
    for row in rows:
        row.cells = dict(sorted(row.cells.items()))
    return rows


def anchor_rows(pieces: dict[int, list[Piece]], key: int, height: float) -> list[Row]:
    """Build rows around a column that has one line in each, for tables whose rows stand as close as lines.

    Where every anchor has a line of the first column at its height, cells are level at the top: a line
    belongs to the anchor above it. Otherwise they are level in the middle: a line belongs to the nearest
    anchor.

    Parameters
    ----------
    pieces
        Lines by column.
    key
        The column of the anchors.
    height
        Of a line.
    """
    anchors = pieces.get(key) or []
    rows = [Row({key: Cell([anchor])}) for anchor in anchors]
    heights = [anchor.middle for anchor in anchors]
    firsts = sorted(piece.middle for piece in pieces.get(0, ()))
    is_top = all(bisect(firsts, y - 0.3 * height) < bisect(firsts, y + 0.3 * height) for y in heights)
    before: dict[int, Cell] = {}  # lines above the first anchor: the end of a row of the page before
    for number, column in pieces.items():
        if number == key:
            continue
        at = 0
        for piece in column:
            if is_top:
                while at + 1 < len(heights) and heights[at + 1] <= piece.middle + 0.3 * height:
                    at += 1
                is_before = not heights or piece.middle < heights[0] - 0.3 * height
            else:
                y = piece.middle
                while at + 1 < len(heights) and abs(heights[at + 1] - y) < abs(heights[at] - y):
                    at += 1
                is_before = not heights
            if is_before:
                before.setdefault(number, Cell([])).pieces.append(piece)
            elif number in rows[at].cells:
                rows[at].cells[number].pieces.append(piece)
            else:
                rows[at].cells[number] = Cell([piece])
    for row in rows:
        row.cells = dict(sorted(row.cells.items()))
    return ([Row(dict(sorted(before.items())))] if before else []) + rows
