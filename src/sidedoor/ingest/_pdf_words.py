"""Makes words of the letters of a page: where they stand, and which of them a reader of the page can see.

Runs inside the sandbox only. Letters become words by their distance in parts of their size, not in points, as
many programs that write PDFs print no space between words. What is drawn twice at one place, for bold type or
a shadow, is one word. What the page does not show is kept apart, with the reason.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pdfminer.pdftypes import resolve1

from sidedoor.ingest._pdf_canvas import (
    ASKEW,
    COVERED,
    FILLS,
    OUTSIDE,
    SEEN,
    UNREADABLE,
    WHITE,
    Canvas,
    Fill,
    Letter,
    Painter,
)

# Letters further apart than this, in parts of their size, are two words; a space is 0.22 to 0.3 mostly.
APART = 0.15

_LIGATURES = dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "st", "st")))
# Hyphens that print alike; a soft hyphen that was drawn is a hyphen.
_HYPHENS = {0x00AD: "-", 0x2010: "-", 0x2011: "-"}
_PRINT = _LIGATURES | _HYPHENS


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
    """Make of a glyph the letters that it prints: no ligature, mark of direction, or sign without width."""
    if text.isascii() and text.isprintable():
        return text
    text = text.translate(_PRINT)
    kept = [sign if unicodedata.category(sign) != "Co" else UNREADABLE for sign in text]
    return "".join(
        sign for sign in kept if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Cs")
    )


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
    is_near = abs(letter.x0 - word.last) < near and abs(letter.top - word.top) < near
    return is_near and word.text.endswith(text)


def drop_twice(words: list[Run]) -> list[Run]:
    """Drop a word that is drawn once more at its place; what can be seen is kept before what cannot."""
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
        while found := next(_find_beside(word, starts, gone), None):
            seams = [[part[0] + len(word.text), *part[1:]] for part in found.seams]
            word.seams += [[len(word.text), word.x1, found.x0, found.first], *seams]
            word.text += found.text
            word.x1, word.run = found.x1, max(word.run, found.run)
            word.top, word.bottom = min(word.top, found.top), max(word.bottom, found.bottom)
            gone.add(id(found))
    return [word for word in words if id(word) not in gone]


def _find_beside(word: Run, starts: dict[int, list[Run]], gone: set[int]) -> Iterator[Run]:
    at = int(word.x1 // 4)
    for near in (at - 1, at, at + 1):
        for other in starts.get(near, ())[:200]:
            if other is not word and id(other) not in gone and _is_beside(word, other):
                yield other


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
        "unseen": [
            *list_unseen(words),
            *list_askew(canvas, direction),
            *[[OUTSIDE, ""]] * (canvas.far_n > 0),
        ],
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
        if word.state == SEEN:
            later = (box for fill, box in covers if fill.after >= word.run and _is_within(x, y, box))
            if any(box[0] <= word.x0 + 2 and box[1] >= word.x1 - 2 for box in later):
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
