"""Draws a page of a PDF without ink: which letters stand where, drawn by what, and what was filled.

Runs inside the sandbox only.
"""

from collections import defaultdict
from math import hypot
from typing import NamedTuple

from pdfminer.pdfdevice import PDFTextDevice
from pdfminer.pdffont import PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdftypes import dict_value, resolve1
from pdfminer.utils import apply_matrix_rect, mult_matrix

from helpers.errors import IngestError

FIGURES = 10_000
# More filled boxes than a form has: beyond them nothing is called hidden.
FILLS = 2_000
UNREADABLE = "\ufffd"
# Whether a reader of the page sees a word, and if not, why.
SEEN, INKLESS, WHITE, COVERED, OUTSIDE, ASKEW = "", "inkless", "white", "covered", "outside", "askew"
_NO_INK = (3, 7)
# Nobody sees type of less, in points.
SMALL = 1.0
# No page is so large, in points.
FAR = 1e6


class Letter(NamedTuple):
    """A letter as it was drawn: `run` numbers the operators of the page, `slack` is spacing asked for."""

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
    """A filled box or picture, drawn after so many runs of letters; `light` from 0 to 1, or not known."""

    after: int
    x0: float
    y0: float
    x1: float
    y1: float
    light: float | None


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
        self.chars_n = self.figures_n = self.curves_n = self.run = self.far_n = 0
        self.is_translucent = False
        self.pictures: list[tuple] = []
        self.state, self.slack = SEEN, 0.0

    def begin_page(self, page, ctm) -> None:
        x0, y0, x1, y1 = apply_matrix_rect(ctm, page.mediabox)
        self.width, self.height = abs(x1 - x0), abs(y1 - y0)
        crop = apply_matrix_rect(ctm, page.cropbox)
        left, low = max(0.0, min(crop[0], crop[2])), max(0.0, min(crop[1], crop[3]))
        right, high = min(self.width, max(crop[0], crop[2])), min(self.height, max(crop[1], crop[3]))
        is_box = right - left > 1 and high - low > 1
        self.crop = (left, low, right, high) if is_box else (0.0, 0.0, self.width, self.height)
        self.figure = (0.0, 0.0, 0.0, 0.0)

    def begin_figure(self, name, bbox, matrix) -> None:
        self.figures_n += 1
        if self.figures_n > FIGURES:
            found = f"more than {FIGURES:,} figures on one page"
            raise self._refuse(found, "Print it to a new PDF from a viewer.")
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
        elif textstate.render in (0, 4) and (measure_light(graphicstate) or 0) > 0.97:
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
        a, b, c, d, e, f = matrix
        if b or c:
            x0, y0, x1, y1 = apply_matrix_rect(matrix, box)
        else:  # upright, as nearly all letters are
            x0, x1 = sorted((a * box[0] + e, a * box[2] + e))
            y0, y1 = sorted((d * box[1] + f, d * box[3] + f))
        if not (-FAR < x0 <= x1 < FAR and -FAR < y0 <= y1 < FAR):  # nor is it if it is no number
            self.far_n += 1
            return forward
        stretch = hypot(a, b)
        size = hypot(c, d) * abs(fontsize)
        state = self.state if size >= SMALL else INKLESS
        letter = Letter(text, x0, x1, y0, y1, size, self.run, state, self.slack * stretch)
        self.letters[find_direction(a * scaling, b * scaling)].append(letter)
        return forward

    def _refuse(self, found: str, way_out: str) -> IngestError:
        return IngestError(f"{self.name}, page {self.number}", found, way_out)


class Painter(PDFPageInterpreter):
    """pdfminer's interpreter, which passes over shadings, transparency and first colors of color spaces."""

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
            is_plain = blend is None or getattr(blend, "name", "") in ("Normal", "Compatible")
            self.device.is_translucent |= opaque != 1 or not is_plain


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
