"""From word boxes to the cells of a table that has no lines: columns by gaps, cells by pitch, rows by height.

No coordinate of any file is known here. Columns are where most lines of a section are interrupted, a line
that follows its neighbour more closely than rows do belongs to the same cell, and cells that stand side by
side are a row. Everything is close to linear in the number of words, as a file may be made to be slow.
"""

import math
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from ._learn_form import is_one_name
from .pdf import Word

# Lines that are compared when a word is put into one: neighbours in height, the latest first.
NEARBY = 40
# How far apart wrapped lines are at most, in line heights: 1.5 in the text PDFs seen, where rows are 2.5 apart.
WRAPPED = 1.9
# How far from the beginning of its heading a column may begin, in points.
HEAD = 60.0
# Where two names may meet without a space: `(CA)Riverside`, `DepartmentNapa`.
_SEAMS = (re.compile(r"(?<=\))(?=[A-Z0-9])"), re.compile(r"(?<=[a-z])(?=[A-Z])"))


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
class Columns:
    """Where columns part.

    Attributes
    ----------
    edges
        A word that begins here, or in a centered table has its middle here, belongs to the column on the
        right.
    walls
        What reaches over this from one column far into the next is two cells without a space.
    is_flush
        Whether the cells of the column on the right begin at one place.
    slack
        How far a word may reach over a wall.
    """

    edges: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    is_flush: list[bool] = field(default_factory=list)
    slack: float = 2.0

    def move(self, by: float) -> "Columns":
        """Give the same columns further right by so much."""
        edges, walls = [edge + by for edge in self.edges], [wall + by for wall in self.walls]
        return replace(self, edges=edges, walls=walls)

    def find_wall(self, word: Word) -> int | None:
        """Find the wall that a word stands across."""
        for i, wall in enumerate(self.walls):
            if word.x0 < wall - self.slack and word.x1 > wall + self.slack:
                return i
        return None


@dataclass(eq=False)
class Block:
    """What one page holds of one section."""

    page: int
    words: list[Word]
    pieces: dict[int, list[Piece]] = field(default_factory=dict)


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


def is_drawn_by_line(lines: Iterable[Piece], gap: float) -> bool:
    """Say whether one operator draws the words of a cell that stand in one line: then what it draws is one cell."""
    pairs = [
        (a.run, b.run) for line in lines for a, b in zip(line.words, line.words[1:]) if b.x0 - a.x1 <= 2.5 * gap
    ]
    return bool(pairs) and sum(a == b != 0 for a, b in pairs) > 0.6 * len(pairs)


def split_runs(line: Piece, gap: float, by_line: bool = False) -> list[tuple[float, float]]:
    """Split a line where it is interrupted by more than two spaces, or where another operator draws on."""
    runs = [[line.words[0].x0, line.words[0].x1]]
    for before, word in zip(line.words, line.words[1:]):
        if word.x0 - runs[-1][1] > 2.5 * gap or (by_line and word.run != before.run and word.x0 > before.x1):
            runs.append([word.x0, word.x1])
        else:
            runs[-1][1] = max(runs[-1][1], word.x1)
    return [(start, end) for start, end in runs]


def cut_seams(word: Word) -> list[Word]:
    """Part a word where another operator draws on after a gap, or where two names meet: they are two cells."""
    cuts = {found.start() for seam in _SEAMS for found in seam.finditer(word.text)}
    parts, begin, x0, run = [], 0, word.x0, word.run
    for at, left, right, other in word.seams:
        if right - left > 0.02 * (word.bottom - word.top) or at in cuts:
            parts.append(replace(word, text=word.text[begin:at], x0=x0, x1=left, run=run, seams=()))
            begin, x0, run = at, right, other
    return [*parts, replace(word, text=word.text[begin:], x0=x0, run=run, seams=())] if parts else [word]


def find_gutter(lines: Iterable[list[tuple[float, float]]], low: float = -math.inf, high: float = math.inf):
    """Find the strip that parts two columns: most lines are interrupted there, fewest run across it.

    Parameters
    ----------
    lines
        Runs of each line, left to right.
    low, high
        Where to look. If both are given there is a strip, even if cells are level in the middle, so that no
        line has words on both its sides.

    Returns
    -------
    (left, right, score): the strip, and how many lines more are interrupted there than run across; None if no
    line is.
    """
    is_sure = math.isfinite(low) and math.isfinite(high)
    steps: dict[float, int] = {low: 0, high: 0} if is_sure else {}
    for runs in lines:
        spans = [(start, end, -1) for start, end in runs]
        spans += [(a[1], b[0], 1) for a, b in zip(runs, runs[1:])]
        for start, end, weight in spans:
            start, end = max(start, low), min(end, high)
            if start < end:
                steps[start] = steps.get(start, 0) + weight
                steps[end] = steps.get(end, 0) - weight
    best, strip, score, places = None, None, 0, sorted(steps)
    for start, end in zip(places, places[1:]):
        score += steps[start]
        strip = (strip[0], end, score) if strip and strip[1:] == (start, score) else (start, end, score)
        if score > 0 or is_sure:
            best = max(best or strip, strip, key=lambda one: (one[2], one[1] - one[0]))
    return best


def find_strip(
    lines: list[list[tuple[float, float]]], gap: float, near: float | None = None
) -> tuple[float, float, int] | None:
    """Find the strip that no line touches, for short lists in which no two cells stand on one line.

    Parameters
    ----------
    lines
        Runs of each line, left to right.
    gap
        Space between words.
    near
        Where the heading of the second column begins; else the strip has to lie near the middle.

    Returns
    -------
    As `find_gutter`; None if there is no such strip.
    """
    spans = sorted(run for runs in lines for run in runs)
    if not spans:
        return None
    strips, reach, first, last = [], spans[0][1], spans[0][0], max(end for _, end in spans)
    for start, end in spans:
        if start - reach > 0.3 * gap:
            if near is not None or 0.25 < ((start + reach) / 2 - first) / (last - first) < 0.75:
                strips.append((reach, start, 0))
        reach = max(reach, end)
    if near is not None:
        strips = [strip for strip in strips if abs(strip[1] - near) < HEAD]
    return max(strips, key=lambda strip: strip[1] - strip[0], default=None)


def find_columns(
    lines: list[Piece], gap: float, centers: Sequence[float] = (), sway: float = 0.5, by_line: bool = False
) -> Columns:
    """Find the columns of a section.

    Parameters
    ----------
    lines
        Its lines, from all its pages.
    gap
        Space between words.
    centers
        Middles of the headings of its columns, if it has any; without them there are two columns, or one.
    sway
        How far before its column a word may begin, as pages of a scan lie differently.
    by_line
        One operator draws what stands in one line of a cell.
    """
    runs = [split_runs(line, gap, by_line) for line in lines]
    spans = [(low, max(low + 0.1, high)) for low, high in zip(centers, centers[1:])]
    spans = spans or [(-math.inf, math.inf)]
    columns = Columns(slack=gap + sway / 2)
    for low, high in spans:
        gutter = find_gutter(runs, low, high) or find_strip(runs, gap)
        if gutter is None:
            continue
        left, right, _ = gutter
        starts = sorted(start for line in runs for start, _ in line if left < start < high)
        edge = wall = (left + right) / 2
        is_flush = False
        if starts:
            # Names that begin at one place, or nearly so on a tilted scan: the column is flush left.
            usual = starts[len(starts) // 2]
            near = [start for start in starts if abs(start - usual) <= 0.6 * gap + 1]
            if len(near) >= 0.7 * len(starts) and not centers:
                edge, wall, is_flush = max(min(near) - sway, left), usual, True
        columns.edges.append(edge)
        columns.walls.append(wall)
        columns.is_flush.append(is_flush)
    return columns


def place_words(
    words: Iterable[Word], columns: Columns, gap: float, by_line: bool = False
) -> tuple[list[list[Word]], list[Word]]:
    """Put each word into its column.

    Parameters
    ----------
    words
        Of one page.
    columns
        Where they part.
    gap
        Space between words.
    by_line
        One operator draws what stands in one line of a cell, so that its words are not parted.

    Returns
    -------
    The words of each column, and those that reach from one column far into the next: two cells without a
    space.
    """
    placed: list[list[Word]] = [[] for _ in range(len(columns.edges) + 1)]
    glued = []
    for part in gather_drawn(words, gap) if by_line else ([word] for word in words):
        x0, x1, at = part[0].x0, part[-1].x1, 0
        for edge, is_flush in zip(columns.edges, columns.is_flush):
            if (x0 >= edge) if is_flush else ((x0 + x1) / 2 >= edge):
                at += 1
        placed[at] += part
        glued += [word for word in part if columns.find_wall(word) is not None]
    return placed, glued


def gather_drawn(words: Iterable[Word], gap: float) -> list[list[Word]]:
    """Gather words that one operator drew next to one another."""
    parts: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.run, word.x0)):
        last = parts[-1][-1] if parts else None
        if last and last.run == word.run != 0 and abs(last.top - word.top) < 0.3 * (word.bottom - word.top):
            if word.x0 - last.x1 <= 2.5 * gap:
                parts[-1].append(word)
                continue
        parts.append([word])
    return parts


def split_glued(word: Word, columns: Columns) -> tuple[Word, Word] | None:
    """Part two cells printed without a space, `(CA)Riverside`, if there is one place where they can part.

    Returns
    -------
    The two words; None if the place is not certain.
    """
    edge = columns.walls[columns.find_wall(word)]
    letter = (word.x1 - word.x0) / len(word.text)
    if seam := _find_seam(word, edge, letter):
        at, left, right, _ = seam
        return (
            replace(word, text=word.text[:at], x1=left, seams=tuple(s for s in word.seams if s[0] < at)),
            replace(word, text=word.text[at:], x0=right, seams=()),
        )
    for seam in _SEAMS:
        cuts = [found.start() for found in seam.finditer(word.text)]
        cuts = [cut for cut in cuts if not is_one_name(word.text[:cut])]
        if len(cuts) == 1:
            x = word.x0 + cuts[0] * letter
            # Letters are of different widths: the seam need only lie nearer to the edge than to an end.
            if abs(x - edge) > max(6 * letter, 0.35 * (word.x1 - word.x0)):
                return None
            left, right = word.text[: cuts[0]], word.text[cuts[0] :]
            return replace(word, text=left, x1=x), replace(word, text=right, x0=x)
        if cuts:
            return None
    return None


def _find_seam(word: Word, edge: float, letter: float) -> tuple[int, float, float, int] | None:
    """Find the one place near an edge where the program that wrote the page began anew, and left a gap or a seam."""
    cuts = {found.start() for seam in _SEAMS for found in seam.finditer(word.text)}
    near = [
        seam
        for seam in word.seams
        if abs((seam[1] + seam[2]) / 2 - edge) <= 6 * letter
        and (seam[2] - seam[1] > 0.03 * (word.bottom - word.top) or seam[0] in cuts)
    ]
    return near[0] if len(near) == 1 else None


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
    return [
        Step(second.middle - first.middle, would_fit(first, second, width, gap), is_two(first.text, second.text))
        for pieces in pages
        for first, second in zip(pieces, pieces[1:])
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
