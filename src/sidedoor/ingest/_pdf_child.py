"""Reads a PDF inside the sandbox with pdfplumber; never imported by the parent.

pdfplumber gives letters, boxes and pictures, and makes words of letters by their distance in parts of their
size, as many programs print no space between words. Added here are limits, the order in which things were
drawn, and which words a reader of the page can see: what the page does not show is kept apart, with the
reason.
"""

import logging
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from helpers.errors import IngestError

# What pypdf would measure fonts with is a third of its imports; nothing of it is asked for in the child.
if sys.flags.isolated:
    sys.modules.setdefault("fontTools", None)

import pdfplumber.page
from pdfminer import cmapdb
from pdfminer.layout import LTChar, LTContainer
from pdfminer.pdfinterp import PDFPageInterpreter
from pdfminer.pdftypes import dict_value, resolve1
from pdfplumber.utils.text import WordExtractor

# Letters further apart than this, in parts of their size, are two words; a space is 0.22 to 0.3 mostly.
APART = 0.15
FIGURES, FILLS, CODES = 10_000, 2_000, 300_000
UNREADABLE = "\ufffd"
# Whether a reader of the page sees a word, and if not, why.
SEEN, INKLESS, WHITE, COVERED, OUTSIDE, ASKEW = "", "inkless", "white", "covered", "outside", "askew"
# Nobody sees type of less, in points; no page is so large.
SMALL, FAR = 1.0, 1e6
_LIGATURES = dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
# Hyphens that print alike; a soft hyphen that was drawn is a hyphen.
_PRINT = _LIGATURES | {0x00AD: "-", 0x2010: "-", 0x2011: "-"}
_PRINT_ANEW = "Print it to a new PDF from a viewer."


def read_pages(
    path: str, name: str, pages_cap: int, chars_cap: int, page_chars_cap: int, unpacked_cap: int
) -> Iterator[dict]:
    """Give each page: number, size, words, what it holds but does not show, notes that a viewer lays over
    it.
    """
    logging.disable(logging.CRITICAL)
    pages_n = check_document(path, name, pages_cap, unpacked_cap)
    Device.name, Device.chars_cap, Device.page_chars_cap = name, chars_cap, page_chars_cap
    pdfplumber.page.PDFPageAggregatorWithMarkedContent = Device
    pdfplumber.page.PDFPageInterpreter = Painter
    cap_codes(name)
    with pdfplumber.open(path) as document:
        # pdfminer passes over a page that the tree names twice, and over much that is damaged, without a word
        if len(document.pages) != pages_n:
            found = f"{pages_n:,} pages, of which only {len(document.pages):,} can be read"
            raise IngestError(name, found, _PRINT_ANEW)
        for page in document.pages:
            yield read_page(page)
            page.close()


def check_document(path: str, name: str, pages_cap: int, unpacked_cap: int) -> int:
    """Refuse what need not be parsed to be refused: locked, too many pages, page content that unpacks too
    far.

    Returns
    -------
    Number of pages.
    """
    import pypdf
    from pypdf.errors import LimitReachedError

    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            way_out = "Open it with the password and print it to a new PDF."
            raise IngestError(name, "a PDF locked with a password", way_out)
        pages_n = len(reader.pages)
        if pages_n > pages_cap:
            found = f"{pages_n:,} pages, more than the {pages_cap:,} that are taken"
            raise IngestError(name, found, "Split the PDF by pages and read the parts.")
        unpacked_n = 0
        for number, page in enumerate(reader.pages, 1):
            content = page.get("/Contents")
            content = content.get_object() if content is not None else None
            for part in content if isinstance(content, list) else [content]:
                part = part.get_object() if part is not None else None
                unpacked_n += len(part.get_data()) if hasattr(part, "get_data") else 0
            if unpacked_n > unpacked_cap:
                found = f"content that unpacks to more than {unpacked_cap:,} bytes"
                raise IngestError(f"{name}, page {number}", found, _PRINT_ANEW)
    except LimitReachedError:
        raise IngestError(name, "its content unpacks beyond all measure", _PRINT_ANEW) from None
    except RecursionError:
        raise IngestError(name, "a PDF that refers to itself without end", _PRINT_ANEW) from None
    if not pages_n:
        raise IngestError(name, "a PDF without pages", "Download it again.")
    return pages_n


_ADD_LETTER, _ADD_CODE = cmapdb.FileUnicodeMap.add_cid2unichr, cmapdb.FileCMap.add_code2cid


def cap_codes(name: str) -> None:
    """Stop fonts that say of more codes than any script has which letters they are: a range of few bytes
    can.
    """
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
    """Adds to each thing drawn the number of its operator (as `mcid`) and what ink it has (as `tag`); stops
    at limits.

    The tag of a letter is (why it has no ink, spacing asked for), that of a filled box how light it is.
    """

    name, chars_cap, page_chars_cap, all_n = "the file", 0, 0, 0

    def begin_page(self, page, ctm) -> None:
        super().begin_page(page, ctm)
        self.run = self.chars_n = self.figures_n = self.fills_n = self.curves_n = 0
        self.is_translucent, self.shadings = False, []

    def receive_layout(self, page) -> None:
        super().receive_layout(page)
        page.is_translucent, page.fills_n = self.is_translucent, self.fills_n
        page.curves_n, page.shadings = self.curves_n, self.shadings

    def begin_figure(self, name, bbox, matrix) -> None:
        self.figures_n += 1
        if self.figures_n > FIGURES:
            raise self._refuse(f"more than {FIGURES:,} figures on one page", _PRINT_ANEW)
        super().begin_figure(name, bbox, matrix)

    def render_string(self, textstate, seq, ncs, graphicstate) -> None:
        self.run += 1
        state = SEEN
        if textstate.render in (3, 7):
            state = INKLESS
        elif textstate.render in (0, 4) and (measure_light(graphicstate) or 0) > 0.97:
            state = WHITE
        self.mark = (state, abs(textstate.charspace * textstate.scaling * 0.01))
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(self, *given) -> float:
        self.chars_n += 1
        Device.all_n += 1
        if self.chars_n > self.page_chars_cap or Device.all_n > self.chars_cap:
            is_page = self.chars_n > self.page_chars_cap
            cap = self.page_chars_cap if is_page else self.chars_cap
            found = f"more than {cap:,} characters" + (" on one page" if is_page else "")
            raise self._refuse(found, "Split the PDF by pages and read the parts.")
        return super().render_char(*given)

    def handle_undefined_char(self, font, cid: int) -> str:
        return UNREADABLE

    def render_image(self, *given) -> None:
        self.mark = None
        super().render_image(*given)

    def paint_path(self, gstate, stroke, fill, evenodd, path) -> None:
        if not fill:
            return
        if len(path) > 8:
            self.curves_n += 1
            return
        self.fills_n += 1
        if self.fills_n <= FILLS:
            self.mark = measure_light(gstate)
            super().paint_path(gstate, stroke, fill, evenodd, path)

    def tag_cur_item(self) -> None:
        if self.cur_item._objs:
            self.cur_item._objs[-1].mcid, self.cur_item._objs[-1].tag = self.run, self.mark

    def _refuse(self, found: str, way_out: str) -> IngestError:
        return IngestError(f"{self.name}, page {self.pageno}", found, way_out)


class Painter(PDFPageInterpreter):
    """pdfminer's interpreter, which passes over shadings, transparency and first colors of color spaces."""

    def do_sh(self, name) -> None:
        self.device.shadings.append(self.device.run)

    def do_cs(self, name) -> None:
        super().do_cs(name)
        self.graphicstate.ncolor = None

    def do_gs(self, name) -> None:
        found = resolve1(dict_value(self.resources.get("ExtGState") or {}).get(getattr(name, "name", name)))
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


def list_drawn(container, high: float) -> Iterator[dict]:
    """List the letters, filled boxes and pictures of a page; `top` and `bottom` count downwards."""
    for item in container:
        if isinstance(item, LTContainer):
            yield from list_drawn(item, high)
            continue
        drawn = {"x0": item.x0, "x1": item.x1, "top": high - item.y1, "bottom": high - item.y0}
        drawn |= {"run": item.mcid, "kind": type(item).__name__}
        if isinstance(item, LTChar):
            state, slack = item.tag
            a, b = item.matrix[:2]
            size = abs(item.size)
            drawn |= {"text": clean(item.get_text()), "size": size, "direction": find_direction(a, b)}
            drawn |= {"state": state if size >= SMALL else INKLESS, "slack": slack * (a * a + b * b) ** 0.5}
            drawn |= {"is_bold": "bold" in str(item.fontname).casefold(), "upright": True}
        else:
            drawn["light"] = item.tag
        yield drawn


def read_page(page) -> dict:
    """Read a page, turned so that most of its text runs to the right."""
    layout = page.layout
    wide, high = float(layout.width), float(layout.height)
    letters: dict[int, list[dict]] = defaultdict(list)
    boxes, far_n = [], 0
    for drawn in list_drawn(layout, high):
        if not all(-FAR < drawn[side] < FAR for side in ("x0", "x1", "top", "bottom")):  # nor is a NaN
            far_n += drawn["kind"] == "LTChar"
        elif drawn["kind"] == "LTChar":
            letters[drawn["direction"]].append(drawn)
        else:
            boxes.append(drawn)
    for run in layout.shadings:  # each may reach anywhere
        everywhere = {"x0": 0.0, "x1": wide, "top": 0.0, "bottom": high}
        boxes.append(everywhere | {"run": run, "kind": "shading", "light": None})
    counts = Counter({n: len(part) for n, part in letters.items() if n < 4})
    direction = max(counts, key=lambda n: (counts[n], -n), default=0)
    words = build_words([turn_box(letter, direction, wide, high) for letter in letters.get(direction, ())])
    boxes = [turn_box(box, direction, wide, high) for box in boxes]
    left, top = page.mediabox[:2]
    x0, y0, x1, y1 = page.cropbox
    crop = {"x0": x0 - left, "x1": x1 - left, "top": y0 - top, "bottom": y1 - top}
    crop = turn_box(crop, direction, wide, high)
    if direction % 2:
        wide, high = high, wide
    covered = sum(
        max(0.0, min(box["x1"], wide) - max(box["x0"], 0))
        * max(0.0, min(box["bottom"], high) - max(box["top"], 0))
        for box in boxes
        if box["kind"] == "LTImage"
    )
    has_ink = any(word["state"] == SEEN for word in words)
    is_drawing = layout.curves_n > 300 or layout.fills_n > FILLS
    is_scan = covered > 0.7 * wide * high or (not has_ink and (covered > 0.2 * wide * high or is_drawing))
    mark_hidden(words, boxes, crop, is_scan, layout.is_translucent, layout.fills_n > FILLS)
    askew_n = sum(bool(build_words(letters[n])) for n in letters if n != direction)
    return {
        "number": page.page_number,
        "width": round(wide, 2),
        "height": round(high, 2),
        "is_scan": is_scan,
        "words": [pack_word(word) for word in words if word["state"] == SEEN],
        "unseen": [*list_unseen(words), *[ASKEW] * askew_n, *[OUTSIDE] * (far_n > 0)],
        "notes_n": count_notes(page.page_obj),
    }


def find_direction(a: float, b: float) -> int:
    """Find where a line runs: 0 right, 1 up, 2 left, 3 down, 4 askew; a scan may lie a little askew."""
    if abs(b) <= 0.1 * abs(a):
        return 0 if a > 0 else 2
    if abs(a) <= 0.1 * abs(b):
        return 1 if b > 0 else 3
    return 4


def turn_box(box: dict, direction: int, wide: float, high: float) -> dict:
    """Turn a box, so that a line of this direction runs to the right and `top` counts downwards."""
    x0, x1, top, bottom = box["x0"], box["x1"], box["top"], box["bottom"]
    turned = (
        (x0, x1, top, bottom),
        (high - bottom, high - top, x0, x1),
        (wide - x1, wide - x0, high - bottom, high - top),
        (top, bottom, wide - x1, wide - x0),
    )[direction]
    return box | dict(zip(("x0", "x1", "top", "bottom"), turned, strict=True))


def clean(text: str) -> str:
    """Make of a glyph the letters that it prints: no ligature, mark of direction, or sign without width."""
    if text.isascii() and text.isprintable():
        return text
    kept = [sign if unicodedata.category(sign) != "Co" else UNREADABLE for sign in text.translate(_PRINT)]
    return "".join(
        sign for sign in kept if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Cs")
    )


def build_words(letters: list[dict]) -> list[dict]:
    """Join letters into words: as they were drawn, and what was drawn elsewhere but stands right beside."""
    drawn = drop_twice([letter for letter in letters if letter["text"]])
    for letter in drawn:
        letter["x1"] += letter["slack"]
        letter["doctop"] = letter["top"]
    extractor = WordExtractor(
        x_tolerance_ratio=APART, y_tolerance_ratio=0.35, use_text_flow=True, extra_attrs=["state"]
    )
    words = []
    for word in extractor.extract_words(drawn, return_chars=True):
        chars = word.pop("chars")
        word |= {"x1": chars[-1]["x1"] - chars[-1]["slack"], "run": chars[0]["run"], "last": chars[-1]["run"]}
        word |= {"size": chars[0]["size"], "seams": [], "is_bold": chars[0]["is_bold"]}
        at = 0
        for before, char in pairwise(chars):
            at += len(before["text"])
            if char["run"] != before["run"]:
                word["seams"].append([at, before["x1"] - before["slack"], char["x0"], char["run"]])
        words.append(word)
    return join_beside(words)


def drop_twice(letters: list[dict]) -> list[dict]:
    """Drop a letter that another operator draws once more at its place, for bold type or a shadow."""
    places: dict[tuple, list[dict]] = defaultdict(list)
    gone = set()
    # what can be seen is kept first
    for letter in sorted(letters, key=lambda letter: letter["state"] != SEEN):
        x, y = round(letter["x0"] / 2), round(letter["top"] / 2)
        around = [places.get((letter["text"], x + i, y + j), ())[:20] for i in (-1, 0, 1) for j in (-1, 0, 1)]
        near = (one for part in around for one in part)
        reach = 0.12 * max(abs(letter["size"]), 0.1)
        if not letter["text"].isspace() and any(
            abs(one["x0"] - letter["x0"]) < reach
            and abs(one["top"] - letter["top"]) < reach
            and one["run"] != letter["run"]
            for one in near
        ):
            gone.add(id(letter))
        else:
            places[letter["text"], x, y].append(letter)
    return [letter for letter in letters if id(letter) not in gone]


def join_beside(words: list[dict]) -> list[dict]:
    """Join what stands right beside one another but was not drawn one after the other."""
    starts: dict[int, list[dict]] = defaultdict(list)
    for word in words:
        starts[int(word["x0"] // 4)].append(word)
    gone: set[int] = set()
    for word in sorted(words, key=lambda word: word["x0"]):
        while id(word) not in gone and (found := find_beside(word, starts, gone)):
            seams = [[at + len(word["text"]), *rest] for at, *rest in found["seams"]]
            word["seams"] += [[len(word["text"]), word["x1"], found["x0"], found["run"]], *seams]
            word["text"] += found["text"]
            word["x1"], word["last"] = found["x1"], max(word["last"], found["last"])
            word["top"], word["bottom"] = min(word["top"], found["top"]), max(word["bottom"], found["bottom"])
            gone.add(id(found))
    return [word for word in words if id(word) not in gone]


def find_beside(word: dict, starts: dict[int, list[dict]], gone: set[int]) -> dict | None:
    """Find the word that begins where this one ends, on its line."""
    at, middle = int(word["x1"] // 4), word["top"] + word["bottom"]
    for other in (one for near in (at - 1, at, at + 1) for one in starts.get(near, ())[:200]):
        size = min(word["size"], other["size"])
        is_level = (
            abs(middle - other["top"] - other["bottom"]) <= 0.4 * size and word["state"] == other["state"]
        )
        is_close = abs(other["x0"] - word["x1"]) <= 0.08 * size and other["x1"] > word["x1"]
        if other is not word and id(other) not in gone and is_level and is_close:
            return other
    return None


def pack_word(word: dict) -> list:
    """Give a word as JSON carries it."""
    text = unicodedata.normalize("NFC", word["text"])
    sides = (round(word[side], 2) for side in ("x0", "x1", "top", "bottom"))
    seams = word["seams"] if len(text) == len(word["text"]) and len(word["seams"]) < 40 else []
    rounded = [[at, round(left, 2), round(right, 2), run] for at, left, right, run in seams]
    return [text, *sides, word["run"], rounded, word["is_bold"]]


def mark_hidden(
    words: list[dict], boxes: list[dict], crop: dict, is_scan: bool, is_translucent: bool, is_full: bool
):
    """Mark the words that a reader of the page cannot see. On a scan the picture shows them: they are OCR."""
    covers = [] if is_full or is_translucent else [box for box in boxes if box["light"] is not None]
    covers = [box for box in covers if not 0.25 <= box["light"] <= 0.97]
    is_box = crop["x1"] - crop["x0"] > 1 and crop["bottom"] - crop["top"] > 1
    for word in words:
        x, y = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
        if is_box and not _is_within(x, y, crop):
            word["state"] = OUTSIDE
            continue
        if is_scan:
            word["state"] = SEEN
            continue
        if word["state"] == WHITE:
            below = [box for box in boxes if box["run"] < word["last"] and _is_within(x, y, box)]
            if is_full or (below and (below[-1]["light"] is None or below[-1]["light"] < 0.9)):
                word["state"] = SEEN
        if word["state"] == SEEN:
            later = [box for box in covers if box["run"] >= word["last"] and _is_within(x, y, box)]
            if any(box["x0"] <= word["x0"] + 2 and box["x1"] >= word["x1"] - 2 for box in later):
                word["state"] = COVERED


def _is_within(x: float, y: float, box: dict) -> bool:
    return box["x0"] <= x <= box["x1"] and box["top"] <= y <= box["bottom"]


def list_unseen(words: list[dict]) -> list[str]:
    """List why the page does not show what it holds, once for each line; its text stays here, as it may be a
    person's, or redacted.
    """
    hidden = [word for word in words if word["state"] != SEEN]
    begins = [
        word
        for above, word in pairwise([None, *hidden])
        if above is None
        or word["state"] != above["state"]
        or abs(word["top"] - above["top"]) > 0.5 * word["size"]
    ]
    return [word["state"] for word in begins]


def count_notes(page) -> int:
    """Count the notes, stamps and fields that a viewer lays over a page, and whose text is not read."""
    notes = resolve1(page.annots)
    kinds = (resolve1(note) for note in (notes if isinstance(notes, list) else [])[:1000])
    names = (getattr(resolve1(kind.get("Subtype")), "name", "") for kind in kinds if isinstance(kind, dict))
    return sum(name in ("FreeText", "Stamp", "Redact", "Widget") for name in names)
