"""Reads a PDF inside the sandbox with pdfplumber; never imported by the parent.

pdfplumber gives letters, boxes and pictures in the order in which they were drawn, and makes words of them.
Added here are limits that a sandbox reaches late or not at all, and which words a reader of the page can see.
"""

import logging
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from types import SimpleNamespace

import pdfplumber.page
from pdfminer import cmapdb, pdftypes
from pdfminer.layout import LTChar, LTContainer, LTImage
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfinterp import PDFPageInterpreter
from pdfminer.pdftypes import dict_value, resolve1
from pdfplumber.utils.exceptions import PdfminerException
from pdfplumber.utils.text import WordExtractor

from helpers.errors import IngestError

# Letters further apart than this, in parts of their size, are two words; a space is 0.22 to 0.3 mostly.
APART = 0.15
FIGURES, CODES, STREAM = 10_000, 300_000, 64 << 20
UNREADABLE = "\ufffd"
# Whether a reader of the page sees a word, and if not, why.
SEEN, INKLESS, WHITE, COVERED, OUTSIDE, ASKEW = "", "inkless", "white", "covered", "outside", "askew"
# Nobody sees type of less, in points; no page is so large.
SMALL, FAR = 1.0, 1e6
_LIGATURES = dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
# Hyphens that print alike; a soft hyphen that was drawn is a hyphen.
_PRINT = _LIGATURES | {0x00AD: "-", 0x2010: "-", 0x2011: "-"}
_PRINT_ANEW = "Print it to a new PDF from a viewer."
_SPLIT = "Split the PDF by pages and read the parts."


def read_pages(
    path: str, name: str, pages_cap: int, chars_cap: int, page_chars_cap: int, unpacked_cap: int
) -> Iterator[dict]:
    """Give each page: number, size, words, what it holds but does not show, notes that lie over it."""
    logging.disable(logging.CRITICAL)
    Device.name, Device.chars_cap, Device.page_chars_cap = name, chars_cap, page_chars_cap
    pdfplumber.page.PDFPageAggregatorWithMarkedContent = Device
    pdfplumber.page.PDFPageInterpreter = Painter
    cap_unpacked(name, unpacked_cap)
    cap_codes(name)
    try:
        with pdfplumber.open(path) as document:
            root = resolve1(document.doc.catalog.get("Pages"))
            said = resolve1(root.get("Count")) if isinstance(root, dict) else 0
            said = said if isinstance(said, int) else 0
            pages_n = len(document.pages) if said <= pages_cap else said
            if pages_n > pages_cap:
                found = f"{pages_n:,} pages, more than the {pages_cap:,} that are taken"
                raise IngestError(name, found, _SPLIT)
            # pdfminer passes over a page that the tree names twice, and over much that is damaged
            if pages_n < max(said, 1):
                found = f"{said or 'no'} pages, of which only {pages_n:,} can be read"
                raise IngestError(name, found, _PRINT_ANEW)
            for page in document.pages:
                yield read_page(page)
                page.close()
    except PdfminerException as error:
        cause = error.args[0] if error.args else error
        if isinstance(cause, PDFPasswordIncorrect):
            way_out = "Open it with the password and print it to a new PDF."
            raise IngestError(name, "a PDF locked with a password", way_out) from None
        raise cause from None


def cap_unpacked(name: str, cap: int) -> None:
    """Stop streams that unpack to more than `STREAM` bytes each, or `cap` in all."""
    left = cap

    def decompress(data: bytes) -> bytes:
        nonlocal left
        most = min(left, STREAM)
        unpacked = zlib.decompressobj().decompress(data, most + 1)
        if len(unpacked) > most:
            raise IngestError(name, f"content that unpacks to more than {most:,} bytes", _PRINT_ANEW)
        left -= len(unpacked)
        return unpacked

    names = {"decompress": decompress, "decompressobj": zlib.decompressobj, "error": zlib.error}
    pdftypes.zlib = SimpleNamespace(**names)


_ADD_LETTER, _ADD_CODE = cmapdb.FileUnicodeMap.add_cid2unichr, cmapdb.FileCMap.add_code2cid


def cap_codes(name: str) -> None:
    """Stop fonts that say of more codes than any script has which letters they are: few bytes can."""
    count = 0

    def cap(method):
        def add(self, *given):
            nonlocal count
            count += 1
            if count > CODES:
                raise IngestError(name, f"fonts with more than {CODES:,} codes of letters", _PRINT_ANEW)
            return method(self, *given)

        return add

    cmapdb.FileUnicodeMap.add_cid2unichr, cmapdb.FileCMap.add_code2cid = cap(_ADD_LETTER), cap(_ADD_CODE)


class Device(pdfplumber.page.PDFPageAggregatorWithMarkedContent):
    """Says of each thing drawn what ink it has (as `tag`), and stops at limits.

    The tag of a letter is why it has no ink, that of a filled box how light it is.
    """

    name, chars_cap, page_chars_cap, all_n = "the file", 0, 0, 0

    def begin_page(self, page, ctm) -> None:
        super().begin_page(page, ctm)
        self.mark, self.chars_n, self.figures_n, self.has_effects = None, 0, 0, False
        self.tagged = None

    def receive_layout(self, page) -> None:
        super().receive_layout(page)
        page.has_effects = self.has_effects

    def begin_figure(self, name, bbox, matrix) -> None:
        self.figures_n += 1
        if self.figures_n > FIGURES:
            raise self._refuse(f"more than {FIGURES:,} figures on one page", _PRINT_ANEW)
        super().begin_figure(name, bbox, matrix)

    def render_string(self, textstate, seq, ncs, graphicstate) -> None:
        is_white = (measure_light(graphicstate) or 0) > 0.97 and textstate.render in (0, 4)
        self.mark = INKLESS if textstate.render in (3, 7) else WHITE if is_white else SEEN
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(self, *given) -> float:
        self.chars_n += 1
        Device.all_n += 1
        if self.chars_n > self.page_chars_cap:
            raise self._refuse(f"more than {self.page_chars_cap:,} characters on one page", _SPLIT)
        if Device.all_n > self.chars_cap:
            raise self._refuse(f"more than {self.chars_cap:,} characters", _SPLIT)
        return super().render_char(*given)

    def handle_undefined_char(self, font, cid: int) -> str:
        return UNREADABLE

    def render_image(self, *given) -> None:
        self.mark = None
        super().render_image(*given)

    def paint_path(self, gstate, stroke, fill, evenodd, path) -> None:
        if fill and len(path) <= 8:  # neither lines nor curves hide a word
            self.mark = measure_light(gstate)
            super().paint_path(gstate, stroke, fill, evenodd, path)

    def tag_cur_item(self) -> None:
        # A path may draw nothing: then the last item is what was drawn before, and keeps its tag.
        if self.cur_item._objs and self.cur_item._objs[-1] is not self.tagged:
            self.tagged = self.cur_item._objs[-1]
            self.tagged.tag = self.mark

    def _refuse(self, found: str, way_out: str) -> IngestError:
        return IngestError(f"{self.name}, page {self.pageno}", found, way_out)


class Painter(PDFPageInterpreter):
    """pdfminer's interpreter, which passes over shadings and transparency: what they cover is not known."""

    def do_sh(self, name) -> None:
        self.device.has_effects = True

    def do_gs(self, name) -> None:
        found = resolve1(dict_value(self.resources.get("ExtGState") or {}).get(getattr(name, "name", name)))
        if isinstance(found, dict):
            blend = getattr(resolve1(found.get("BM")), "name", "Normal")
            self.device.has_effects |= resolve1(found.get("ca", 1)) != 1 or blend != "Normal"


def measure_light(state) -> float | None:
    """Measure how light a fill is: 1 is white, 0 black; None if that is not known."""
    color = state.ncolor if isinstance(state.ncolor, tuple | list) else (state.ncolor,)
    is_special = getattr(state.ncs, "name", None) in ("Separation", "DeviceN", "Indexed", "Lab", "Pattern")
    if is_special or not all(isinstance(part, int | float) for part in color):
        return None
    weights = {1: (1,), 3: (0.3, 0.59, 0.11), 4: (-0.3, -0.59, -0.11, -1)}.get(len(color))
    if weights is None:
        return None
    light = sum(weight * part for weight, part in zip(weights, color, strict=True))
    return max(0.0, 1 + light) if len(color) == 4 else light


def list_drawn(container) -> Iterator:
    """List what a page shows, in the order in which it was drawn, also within figures."""
    for item in container:
        if isinstance(item, LTContainer):
            yield from list_drawn(item)
        else:
            yield item


def read_page(page) -> dict:
    """Read a page: text that does not run to the right, or lies outside, is counted and not read."""
    layout = page.layout
    wide, high = float(layout.width), float(layout.height)
    letters, boxes, unseen = [], [], Counter()
    for order, item in enumerate(list_drawn(layout)):
        box = {"x0": item.x0, "x1": item.x1, "top": high - item.y1, "bottom": high - item.y0, "order": order}
        is_letter = isinstance(item, LTChar)
        if not all(-FAR < side < FAR for side in box.values()):  # nor is a NaN
            unseen[OUTSIDE] += is_letter
        elif not is_letter:
            boxes.append(box | {"light": item.tag, "is_picture": isinstance(item, LTImage)})
        elif item.matrix[0] <= 0 or abs(item.matrix[1]) > 0.1 * item.matrix[0]:
            unseen[ASKEW] += not item.get_text().isspace()
        elif text := clean(item.get_text()):
            state = item.tag if abs(item.size) >= SMALL else INKLESS
            more = {"text": text, "size": abs(item.size), "state": state}
            letters.append(box | more | {"upright": True, "doctop": box["top"]})
    covered, last = 0.0, -1
    for box in boxes:
        if box["is_picture"]:
            across = max(0.0, min(box["x1"], wide) - max(box["x0"], 0))
            share = across * max(0.0, min(box["bottom"], high) - max(box["top"], 0)) / (wide * high or 1)
            covered, last = covered + share, box["order"] if share > 0.5 else last
    # the picture shows what OCR read, below it or without ink
    read_n = sum(letter["state"] == INKLESS or letter["order"] < last for letter in letters)
    is_scan = covered > 0.2 and read_n >= 0.5 * len(letters)
    left, low = page.mediabox[:2]
    x0, y0, x1, y1 = page.cropbox
    crop = {"x0": x0 - left, "x1": x1 - left, "top": y0 - low, "bottom": y1 - low}
    shown = []
    for word in build_words(letters):
        state = find_state(word, boxes, crop, is_scan, layout.has_effects)
        unseen[state] += 1
        if state == SEEN:
            sides = (round(word[side], 2) for side in ("x0", "x1", "top", "bottom"))
            shown.append([unicodedata.normalize("NFC", word["text"]), *sides])
    return {
        "number": page.page_number,
        "width": round(wide, 2),
        "height": round(high, 2),
        "is_scan": is_scan,
        "words": shown,
        "unseen": [state for state, count in unseen.items() if count and state != SEEN],
        "notes_n": count_notes(page.page_obj),
    }


def clean(text: str) -> str:
    """Make of a glyph the letters that it prints: no ligature, mark of direction, or sign without width."""
    if text.isascii() and text.isprintable():
        return text
    kept = [sign if unicodedata.category(sign) != "Co" else UNREADABLE for sign in text.translate(_PRINT)]
    return "".join(
        sign for sign in kept if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Cs")
    )


def build_words(letters: list[dict]) -> list[dict]:
    """Join letters into words as they were drawn; one drawn twice at a place is bold type or a shadow."""
    extractor = WordExtractor(
        x_tolerance_ratio=APART, y_tolerance_ratio=0.35, use_text_flow=True, extra_attrs=["state"]
    )
    words, alike = [], defaultdict(list)
    for word in extractor.extract_words(letters, return_chars=True):
        first, last = word["chars"][0], word["chars"][-1]
        word["last"] = last["order"]
        near = 0.12 * first["size"]
        if not any(
            abs(one["x0"] - word["x0"]) < near and abs(one["top"] - word["top"]) < near
            for one in alike[word["text"]]
        ):
            alike[word["text"]].append(word)
            words.append(word)
    return words


def find_state(word: dict, boxes: list[dict], crop: dict, is_scan: bool, has_effects: bool) -> str:
    """Find whether a reader of the page sees a word. On a scan the picture shows it: it is OCR."""
    x, y = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
    is_box = crop["x1"] - crop["x0"] > 1 and crop["bottom"] - crop["top"] > 1
    if is_box and not _is_within(x, y, crop):
        return OUTSIDE
    if is_scan or has_effects and word["state"] == WHITE:
        return SEEN
    around = [box for box in boxes if _is_within(x, y, box)]
    below = [box["light"] for box in around if box["order"] < word["last"]]
    if word["state"] == WHITE and below and (below[-1] is None or below[-1] < 0.9):
        return SEEN
    for box in around:
        is_whole = box["x0"] <= word["x0"] + 2 and box["x1"] >= word["x1"] - 2
        hides = box["light"] is not None and not 0.25 <= box["light"] <= 0.97
        if word["state"] == SEEN and box["order"] > word["last"] and is_whole and hides and not has_effects:
            return COVERED
    return word["state"]


def _is_within(x: float, y: float, box: dict) -> bool:
    return box["x0"] <= x <= box["x1"] and box["top"] <= y <= box["bottom"]


def count_notes(page) -> int:
    """Count the notes, stamps and fields that a viewer lays over a page, and whose text is not read."""
    notes = resolve1(page.annots)
    kinds = (resolve1(note) for note in (notes if isinstance(notes, list) else [])[:1000])
    names = (getattr(resolve1(kind.get("Subtype")), "name", "") for kind in kinds if isinstance(kind, dict))
    return sum(name in ("FreeText", "Stamp", "Redact", "Widget") for name in names)
