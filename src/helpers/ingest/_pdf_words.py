"""Draws pages of a PDF without ink: which words stand where, and which of them a reader of the page can see.

Runs inside the sandbox only. Letters become words by their distance in parts of their size, not in points, as
many programs that write PDFs print no space between words. What is drawn twice at one place, for bold type or a
shadow, is one word. What the page does not show is kept apart, with the reason.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from typing import NamedTuple

from pdfminer.pdfdevice import PDFTextDevice
from pdfminer.pdffont import PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdftypes import dict_value, resolve1
from pdfminer.utils import apply_matrix_rect, mult_matrix

from ..errors import IngestError

FIGURES = 10_000
# More filled boxes than a form has: beyond them nothing is called hidden.
FILLS = 2_000
# Letters further apart than this, in parts of their size, are two words; a space is 0.22 to 0.3 in most fonts.
APART = 0.15
UNREADABLE = "\ufffd"

SEEN, INKLESS, WHITE, COVERED, OUTSIDE, ASKEW = "", "inkless", "white", "covered", "outside", "askew"

_NO_INK = (3, 7)
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
# Hyphens that print alike; a soft hyphen that was drawn is a hyphen.
_HYPHENS = {0x00AD: "-", 0x2010: "-", 0x2011: "-"}
_PRINT = _LIGATURES | _HYPHENS


class Letter(NamedTuple):
    """A letter as it was drawn: `run` numbers the drawing operators of the page, `slack` is spacing asked for."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    run: int
    state: str
    slack: float


class Fill(NamedTuple):
    """A filled box or picture: drawn after so many runs of letters; `light` from 0 to 1, None if not known."""

    after: int
    x0: float
    y0: float
    x1: float
    y1: float
    light: float | None


@dataclass(eq=False, slots=True)
class Run:
    """A word in the making: `first` and `run` are the operators that drew its first and its last letter.

    `seams` are the letters at which another operator begins, `last` is where its last letter begins.
    """

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    run: int
    state: str
    seams: list
    last: float
    first: int

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


class Canvas(PDFTextDevice):
    """Takes what pdfminer draws; stops at the character or figure that is one too many."""

    def __init__(self, name: str, chars_cap: int, page_chars_cap: int):
        super().__init__(PDFResourceManager())
        self.name, self.chars_cap, self.page_chars_cap = name, chars_cap, page_chars_cap
        self.all_n = 0

    def start(self, number: int) -> None:
        """Begin with the page of this number."""
        self.number = number
        self.letters: dict[int, list[Letter]] = defaultdict(list)  # by direction: 0 as the page, 4 askew
        self.fills: list[Fill] = []
        self.chars_n = self.figures_n = self.curves_n = self.run = 0
        self.is_translucent = False
        self.pictures: list[tuple] = []
        self.state, self.slack = SEEN, 0.0

    def begin_page(self, page, ctm) -> None:
        x0, y0, x1, y1 = apply_matrix_rect(ctm, page.mediabox)
        self.width, self.height = abs(x1 - x0), abs(y1 - y0)
        crop = apply_matrix_rect(ctm, page.cropbox)
        self.crop = max(0.0, crop[0]), max(0.0, crop[1]), min(self.width, crop[2]), min(self.height, crop[3])
        self.figure = (0.0, 0.0, 0.0, 0.0)

    def begin_figure(self, name, bbox, matrix) -> None:
        self.figures_n += 1
        if self.figures_n > FIGURES:
            raise self._refuse(f"more than {FIGURES:,} figures on one page", "Print it to a new PDF from a viewer.")
        self.figure = apply_matrix_rect(mult_matrix(matrix, self.ctm), bbox)

    def render_image(self, name, stream) -> None:
        self._add_fill(*self.figure, None)
        if len(self.pictures) < FILLS:
            self.pictures.append(self.figure)

    def paint_path(self, gstate, stroke, fill, evenodd, path) -> None:
        if not fill:
            return
        if len(path) > 8 or len(self.fills) > FILLS:
            self.curves_n += 1
            return
        points = [part[-2:] for part in path if len(part) > 2]
        if points:
            xs, ys = zip(*points)
            box = apply_matrix_rect(self.ctm, (min(xs), min(ys), max(xs), max(ys)))
            self._add_fill(*box, measure_light(gstate))

    def paint_all(self) -> None:
        """Take note of a shading, which may reach anywhere."""
        self._add_fill(0.0, 0.0, self.width, self.height, None)

    def _add_fill(self, x0, y0, x1, y1, light) -> None:
        if len(self.fills) <= FILLS:
            self.fills.append(Fill(self.run, x0, y0, x1, y1, light))

    def render_string(self, textstate, seq, ncs, graphicstate) -> None:
        self.run += 1
        self.state = SEEN
        if textstate.render in _NO_INK:
            self.state = INKLESS
        elif textstate.render in (0, 4) and (light := measure_light(graphicstate)) is not None and light > 0.97:
            self.state = WHITE
        self.slack = abs(textstate.charspace * textstate.scaling * 0.01)
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(self, matrix, font, fontsize, scaling, rise, cid, ncs, graphicstate) -> float:
        self.chars_n += 1
        self.all_n += 1
        if self.chars_n > self.page_chars_cap or self.all_n > self.chars_cap:
            cap = self.page_chars_cap if self.chars_n > self.page_chars_cap else self.chars_cap
            found = f"more than {cap:,} characters" + (" on one page" if cap == self.page_chars_cap else "")
            raise self._refuse(found, "Split the PDF by pages and read the parts.")
        try:
            text = font.to_unichr(cid)
        except PDFUnicodeNotDefined:
            text = UNREADABLE
        forward = font.char_width(cid) * fontsize * scaling
        if font.is_vertical():
            across, down = font.char_disp(cid)
            left = -(fontsize * 0.5 if across is None else across * fontsize * 0.001)
            high = (1000 - down) * fontsize * 0.001 + rise
            box = (left, high + forward, left + fontsize, high)
        else:
            low = font.get_descent() * fontsize + rise
            box = (0, low, forward, low + fontsize)
        a, b, c, d, _, _ = matrix
        x0, y0, x1, y1 = apply_matrix_rect(matrix, box)
        stretch = hypot(a, b)
        letter = Letter(
            text, x0, x1, y0, y1, hypot(c, d) * abs(fontsize), self.run, self.state, self.slack * stretch
        )
        self.letters[find_direction(a * scaling, b * scaling)].append(letter)
        return forward

    def _refuse(self, found: str, way_out: str) -> IngestError:
        return IngestError(f"{self.name}, page {self.number}", found, way_out)


class Painter(PDFPageInterpreter):
    """pdfminer's interpreter, which passes over shadings, transparency and the first color of a color space."""

    def do_sh(self, name) -> None:
        self.device.paint_all()

    def do_cs(self, name) -> None:
        super().do_cs(name)
        self.graphicstate.ncolor = None

    def do_gs(self, name) -> None:
        states = dict_value(self.resources.get("ExtGState") or {})
        found = resolve1(states.get(getattr(name, "name", name)))
        if isinstance(found, dict):
            opaque, blend = resolve1(found.get("ca", 1)), resolve1(found.get("BM"))
            if opaque != 1 or (blend is not None and getattr(blend, "name", "") not in ("Normal", "Compatible")):
                self.device.is_translucent = True


def measure_light(state) -> float | None:
    """Measure how light a fill is: 1 is white, 0 black; None if that is not known."""
    color = state.ncolor
    if getattr(state.ncs, "name", None) in ("Separation", "DeviceN", "Indexed", "Lab", "Pattern"):
        return None
    parts = color if isinstance(color, tuple | list) else (color,)
    if not all(isinstance(part, int | float) for part in parts):
        return None
    if len(parts) == 1:
        return float(parts[0])
    if len(parts) == 3:
        return 0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2]
    if len(parts) == 4:
        return max(0.0, 1 - parts[3] - 0.3 * parts[0] - 0.59 * parts[1] - 0.11 * parts[2])
    return None


def find_direction(a: float, b: float) -> int:
    """Find where a line runs: 0 right, 1 up, 2 left, 3 down, 4 askew; a scan may lie a little askew."""
    if abs(b) <= 0.1 * abs(a):
        return 0 if a > 0 else 2
    if abs(a) <= 0.1 * abs(b):
        return 1 if b > 0 else 3
    return 4


def turn_box(letter: Letter, direction: int, width: float, height: float) -> Letter:
    """Turn the box of a letter, so that its line runs to the right and `top` counts downwards."""
    _, x0, x1, y0, y1 = letter[:5]
    box = (
        (x0, x1, height - y1, height - y0),
        (y0, y1, x0, x1),
        (width - x1, width - x0, y0, y1),
        (height - y1, height - y0, width - x1, width - x0),
    )[direction]
    return Letter(letter.text, *box, *letter[5:])


def clean(text: str) -> str:
    """Make of a glyph the letters that it prints: without ligatures, marks of direction and signs of no width."""
    if text.isascii() and text.isprintable():
        return text
    text = text.translate(_PRINT)
    kept = [sign if unicodedata.category(sign) != "Co" else UNREADABLE for sign in text]
    return "".join(sign for sign in kept if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))


def build_words(letters: list[Letter]) -> list[Run]:
    """Join letters into words: as they were drawn, and what was drawn elsewhere but stands right beside."""
    words: list[Run] = []
    word = None
    for letter in letters:
        text = letter.text if letter.text.isalnum() and letter.text.isascii() else clean(letter.text)
        if not text:
            continue
        if text.isspace():
            word = None
            continue
        if word is not None and letter.run != word.run and _is_again(word, text, letter):
            continue
        if word is not None and word.state == letter.state and _is_next(word, letter):
            if letter.run != word.run:
                word.seams.append([len(word.text), word.x1, letter.x0, letter.run])
                word.run = letter.run
            word.text += text
            word.last = letter.x0
            word.x1 = max(word.x1, letter.x1)
            word.top, word.bottom = min(word.top, letter.top), max(word.bottom, letter.bottom)
        else:
            _, x0, x1, top, bottom, size, run, state, _ = letter
            word = Run(text, x0, x1, top, bottom, size, run, state, [], x0, run)
            words.append(word)
    return join_beside(drop_twice(words))


def _is_next(word: Run, letter: Letter) -> bool:
    size, wide = max(letter.size, 0.1), letter.x1 - letter.x0
    gap = letter.x0 - word.x1
    back = min(0.4 * size, 0.5 * wide) if wide > 0 else 0.4 * size
    level = abs((letter.top + letter.bottom) / 2 - word.middle)
    return -back <= gap <= APART * size + letter.slack and level <= 0.35 * max(size, word.size)


def _is_again(word: Run, text: str, letter: Letter) -> bool:
    """Say whether a letter is the last one once more."""
    near = 0.12 * max(letter.size, 0.1)
    return word.text.endswith(text) and abs(letter.x0 - word.last) < near and abs(letter.top - word.top) < near


def drop_twice(words: list[Run]) -> list[Run]:
    """Drop a word that is drawn once more at its place; one that can be seen is kept before one that cannot."""
    kept: list[Run] = []
    places: dict[tuple, list[Run]] = defaultdict(list)
    for word in sorted(words, key=lambda word: word.state != SEEN):
        x, y = int((word.x0 + word.x1) // 20), int(word.middle // 10)
        near = (places.get((word.text, x + i, y + j), ()) for i in (-1, 0, 1) for j in (-1, 0, 1))
        if any(_is_same_place(word, other) for part in near for other in part[:20]):
            continue
        places[word.text, x, y].append(word)
        kept.append(word)
    order = {id(word): at for at, word in enumerate(words)}
    return sorted(kept, key=lambda word: order[id(word)])


def _is_same_place(one: Run, other: Run) -> bool:
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    return wide > 0.7 * max(one.x1 - one.x0, other.x1 - other.x0) and high > 0.6 * max(
        one.bottom - one.top, other.bottom - other.top
    )


def join_beside(words: list[Run]) -> list[Run]:
    """Join what stands right beside one another but was not drawn one after the other."""
    starts: dict[int, list[Run]] = defaultdict(list)
    for word in words:
        starts[int(word.x0 // 4)].append(word)
    gone: set[int] = set()
    for word in sorted(words, key=lambda word: word.x0):
        if id(word) in gone:
            continue
        at = int(word.x1 // 4)
        while found := next((other for n in (at - 1, at, at + 1) for other in starts.get(n, ())[:200]
                             if other is not word and id(other) not in gone and _is_beside(word, other)), None):  # fmt: skip
            seams = [[part[0] + len(word.text), *part[1:]] for part in found.seams]
            word.seams += [[len(word.text), word.x1, found.x0, found.first], *seams]
            word.text += found.text
            word.x1, word.run = found.x1, max(word.run, found.run)
            word.top, word.bottom = min(word.top, found.top), max(word.bottom, found.bottom)
            gone.add(id(found))
            at = int(word.x1 // 4)
    return [word for word in words if id(word) not in gone]


def _is_beside(word: Run, other: Run) -> bool:
    size = min(word.size, other.size)
    is_level = abs(word.middle - other.middle) <= 0.2 * size and word.state == other.state
    return is_level and abs(other.x0 - word.x1) <= 0.08 * size and other.x1 > word.x1


def read_page(canvas: Canvas, page, number: int) -> dict:
    """Draw a page, and give its number, size, words, and what it holds but does not show."""
    canvas.start(number)
    Painter(canvas.rsrcmgr, canvas).process_page(page)
    counts = Counter({n: len(letters) for n, letters in canvas.letters.items() if n < 4})
    direction = max(counts, key=lambda n: (counts[n], -n), default=0)
    wide, high = canvas.width, canvas.height
    turned = [turn_box(letter, direction, wide, high) for letter in canvas.letters.get(direction, ())]
    words = build_words(turned)
    picture = sum(max(0.0, min(x1, wide) - max(x0, 0)) * max(0.0, min(y1, high) - max(y0, 0))
                  for x0, y0, x1, y1 in canvas.pictures)  # fmt: skip
    has_ink = any(letter.state == SEEN for letter in turned)
    is_traced = not has_ink and (picture > 0.2 * wide * high or canvas.curves_n > 300)
    is_scan = picture > 0.7 * wide * high or is_traced
    mark_hidden(words, canvas, direction, is_scan)
    if direction % 2:
        wide, high = high, wide
    return {
        "number": number,
        "width": round(wide, 2),
        "height": round(high, 2),
        "is_scan": is_scan,
        "words": [pack_word(word) for word in words if word.state == SEEN],
        "unseen": [*list_unseen(words), *list_askew(canvas, direction)],
        "notes_n": count_notes(page),
    }


def pack_word(word: Run) -> list:
    """Give a word as JSON carries it."""
    text = unicodedata.normalize("NFC", word.text)
    packed = [text, *(round(side, 2) for side in (word.x0, word.x1, word.top, word.bottom)), word.first]
    if word.seams and len(text) == len(word.text) and len(word.seams) < 40:
        packed.append([[at, round(left, 2), round(right, 2), run] for at, left, right, run in word.seams])
    return packed


def mark_hidden(words: list[Run], canvas: Canvas, direction: int, is_scan: bool) -> None:
    """Mark the words that a reader of the page cannot see. On a scan the picture shows them: they are OCR."""
    fills = canvas.fills if len(canvas.fills) <= FILLS else None
    boxes = [(fill, turn_fill(fill, direction, canvas)) for fill in fills or ()]
    covers = [] if canvas.is_translucent else [pair for pair in boxes if pair[0].light is not None]
    covers = [pair for pair in covers if pair[0].light < 0.25 or pair[0].light > 0.97]
    left, right, top, bottom = turn_fill(Fill(0, *canvas.crop, None), direction, canvas)
    for word in words:
        x, y = (word.x0 + word.x1) / 2, word.middle
        if not (left <= x <= right and top <= y <= bottom):
            word.state = OUTSIDE
            continue
        if is_scan:
            word.state = SEEN
            continue
        if word.state == WHITE:
            below = [fill for fill, box in boxes if fill.after < word.run and _is_within(x, y, box)]
            if fills is None or (below and (below[-1].light is None or below[-1].light < 0.9)):
                word.state = SEEN
        if word.state == SEEN and any(
            fill.after >= word.run and _is_within(x, y, box) and box[0] <= word.x0 + 2 and box[1] >= word.x1 - 2
            for fill, box in covers
        ):
            word.state = COVERED


def turn_fill(fill: Fill, direction: int, canvas: Canvas) -> tuple:
    """Turn a box as the letters of the page are turned: left, right, top, bottom."""
    box = Letter("", fill.x0, fill.x1, fill.y0, fill.y1, 0.0, 0, SEEN, 0.0)
    return tuple(turn_box(box, direction, canvas.width, canvas.height)[1:5])


def _is_within(x: float, y: float, box: tuple) -> bool:
    return box[0] <= x <= box[1] and box[2] <= y <= box[3]


def list_unseen(words: list[Run]) -> Iterator[list[str]]:
    """List what the page holds and does not show, line by line, with why."""
    line: list[Run] = []
    for word in words:
        if word.state == SEEN:
            continue
        if line and (line[-1].state != word.state or abs(line[-1].middle - word.middle) > 0.5 * word.size):
            yield [line[0].state, " ".join(part.text for part in line)[:200]]
            line = []
        line.append(word)
    if line:
        yield [line[0].state, " ".join(part.text for part in line)[:200]]


def list_askew(canvas: Canvas, direction: int) -> Iterator[list[str]]:
    """List what runs in another direction than the page: stamps, watermarks, numbers along an edge."""
    for other, letters in sorted(canvas.letters.items()):
        runs: dict[int, list[str]] = defaultdict(list)
        for letter in letters if other != direction else ():
            runs[letter.run].append(clean(letter.text))
        if text := " ".join("".join("".join(run).split()) for run in runs.values() if "".join(run).strip()):
            yield [ASKEW, text[:200]]


def count_notes(page) -> int:
    """Count the notes, stamps and fields that a viewer lays over a page, and whose text is not read."""
    notes = resolve1(page.annots)
    kinds = (resolve1(note) for note in (notes if isinstance(notes, list) else [])[:1000])
    names = (getattr(resolve1(kind.get("Subtype")), "name", "") for kind in kinds if isinstance(kind, dict))
    return sum(name in ("FreeText", "Stamp", "Redact", "Widget") for name in names)
