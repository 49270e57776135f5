"""Where the columns of a list part that has no lines, and which of its words stand in which column.

Columns are where most lines of a section are interrupted. What one operator of the PDF draws is kept
together, if the program that wrote it draws each line of a cell in one piece.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sidedoor.ingest._learn_form import is_one_name
from sidedoor.ingest._learn_layout import Piece
from sidedoor.ingest.pdf import Word

# How far from the beginning of its heading a column may begin, in points.
HEAD = 60.0
# Where two names may meet without a space: `(CA)Riverside`, `DepartmentNapa`.
_SEAMS = (re.compile(r"(?<=\))(?=[A-Z0-9])"), re.compile(r"(?<=[a-z])(?=[A-Z])"))


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


def is_drawn_by_line(lines: Iterable[Piece], gap: float) -> bool:
    """Say whether one operator draws the words of a cell that stand in one line."""
    pairs = [pair for line in lines for pair in zip(line.words, line.words[1:])]
    pairs = [(a.run, b.run) for a, b in pairs if b.x0 - a.x1 <= 2.5 * gap]
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
    """Part a word where another operator draws on after a gap, or where two names meet: two cells."""
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
    """Find the one place near an edge where another operator draws on, after a gap or where names meet."""
    cuts = {found.start() for seam in _SEAMS for found in seam.finditer(word.text)}
    near = [
        seam
        for seam in word.seams
        if abs((seam[1] + seam[2]) / 2 - edge) <= 6 * letter
        and (seam[2] - seam[1] > 0.03 * (word.bottom - word.top) or seam[0] in cuts)
    ]
    return near[0] if len(near) == 1 else None
