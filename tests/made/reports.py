"""Vigilant's sharing reports for tests, and the many ways in which programs write such pages as PDF."""

import random
from dataclasses import dataclass
from pathlib import Path

from made.learn_pages import WIDTHS, Layout
from sidedoor.ingest._pdf_child import read_pages
from sidedoor.ingest.pdf import Page, Word, build_page
from sidedoor.ingest.source import FileLimits, Source

AGENCY = "Testville Police Department"


def build_source(layout: Layout, shift=None) -> Source:
    """Make a source of pages without the detour through a PDF; `shift(page, word)` moves words as a scanner
    does.
    """
    pages = []
    for number, page in enumerate(layout.finish(), 1):
        words = []
        for x, y, text, size in page:
            for word in text.split(" "):
                width = layout.measure(word, size)
                if word:
                    words.append(Word(word, x, x + width, y - 0.8 * size, y + 0.3 * size))
                x += width + layout.measure(" ", size)
        if shift:
            words = [shift(number, word) for word in words]
        pages.append(Page(number, *layout.size, tuple(words), shift is not None))
    source = Source(None, "report.pdf", "ab" * 32, 1000, "pdf", b"%PDF", False, FileLimits())
    source.cache["pages"] = pages
    return source


NAMES = [
    "100th Judicial District Attorney Traffic Enforcement", "17th Judicial Circuit Drug Task Force",
    "Athens-Clarke Police Department", "CBP - NTC", "DHS - HSI (Newark NJ)",
    "Inactive Aberdeen Police Department",
    "Winnebago County Sheriff (Machesney Park Division)", "L6A UbiHub Demo",
    "Riverside County District Attorneys Office (CA)", "ICE",
    "Office of the Attorney General of the State of Elsewhere (NY)",
    "San Joaquin County Sheriffs Department (CA)",
    "McEwen Police Department",
]  # fmt: skip
PLACES = [
    ("Escondido Police Department", "ESCONDIDO", "CA"), ("San Rafael Police Department", "san rafael", "CA"),
    ("Naples Police Department", "Napes", "FL"), ("L6A UbiHub Demo", "N/A", "N/A"),
    ("Inactive Example County Sheriffs Office", "Example", "TX"), ("CBP - NTC", "Washington", "DC"),
    ("Riverside County District Attorneys Office and Bureau of Investigation (CA)", "Riverside", "CA"),
    ("Rancho Example Police Department", "Rancho Santa Margarita Heights", "CA"),
]  # fmt: skip
LISTS = [
    ("Beaumont Police Department", "Haze Template"),
    ("Burnet County TX Law Enforcement", "BC F and M Warrants"),
    (
        "San Joaquin County Sheriffs Department of the Great Valley (CA)",
        "LEARN_San Joaquin County Sheriffs Department",
    ),
]


def build_2020(**changes) -> Layout:
    """Lay out a report of 2020 with all four lists, one of them empty."""
    layout = Layout(**changes)
    layout.add_section("detections_shared", NAMES * 5)
    layout.add_section(
        "detections_received", list(reversed(NAMES)) * 3 + ["Yuma County Sheriffs Office (AZ)"]
    )
    layout.add_section("hot_lists_shared", [])
    layout.add_section("hot_lists_received", LISTS)
    return layout


def build_2022(**changes) -> Layout:
    """Lay out a report of 2022 or 2025, with cities and states beside the agencies that data comes from."""
    given = {"three": ((60, 300), (310, 430), (440, 530)), "product": "Vigilant VehicleManager"}
    layout = Layout(**given | {"created": "09-22-22"} | changes)
    layout.add_section("detections_shared", NAMES * 3)
    layout.add_section("detections_received", PLACES * 6)
    layout.add_section("hot_lists_shared", LISTS)
    layout.add_section("hot_lists_received", [])
    return layout


# ------------------------------------------------------------------------------------- ink


@dataclass(frozen=True)
class Ink:
    """How a program writes the texts of a page.

    Attributes
    ----------
    unit
        What one operator draws: a `line`, a `word`, a `letter`, or an `array` of words without spaces.
    order
        `drawn`, `shuffled`, or by `columns`, in which the operators follow one another.
    turn
        By how much a viewer turns the page: 0, 90, 180, 270.
    is_flipped
        Coordinates count from the top, as browsers print.
    is_boxed
        The texts lie in a form XObject.
    is_twice
        Each text is drawn again a little to the right, for bold type.
    shift
        Where the corner of the page lies.
    """

    unit: str = "line"
    order: str = "drawn"
    turn: int = 0
    is_flipped: bool = False
    is_boxed: bool = False
    is_twice: bool = False
    shift: tuple = (0, 0)


def write_ink(writer, layout: Layout, path: Path, ink: Ink, seed: int = 0, extra=()) -> Path:
    """Write the pages of a report; `extra` are operators for the end of each page."""
    wide, high = layout.size
    contents, forms = [], []
    face = f"/{layout.face} /Encoding /WinAnsiEncoding"
    for number, page in enumerate(layout.finish()):
        texts = [(x, y, text, size) for x, y, text, size in page if text]
        if ink.order == "shuffled":
            random.Random(seed + number).shuffle(texts)
        elif ink.order == "columns":
            texts.sort(key=lambda text: (text[0] > wide / 2, text[0] > wide / 3, text[1]))
        drawn = [draw for text in texts for draw in draw_text(layout, ink, *text)]
        turns = {
            0: (1, 0, 0, 1, 0, 0),
            90: (0, 1, -1, 0, high, 0),
            180: (-1, 0, 0, -1, wide, high),
            270: (0, -1, 1, 0, 0, wide),
        }
        a, b, c, d, e, f = turns[ink.turn]
        matrix = f"{a} {b} {c} {d} {e + ink.shift[0]} {f + ink.shift[1]} cm"
        if ink.is_flipped:
            matrix += f" 1 0 0 -1 0 {high} cm"
        body = "\n".join([*drawn, *extra])
        if ink.is_boxed:
            font = f"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont {face} >> >> >>"
            form = f"/Type /XObject /Subtype /Form /BBox [0 0 {wide} {high}] {font}"
            forms.append(writer.add_stream(body.encode("cp1252"), form))
            body = f"/X{number} Do"
        contents.append(writer.add_stream(f"q {matrix}\n{body}\nQ".encode("cp1252")))
    named = " ".join(f"/X{at} {form} 0 R" for at, form in enumerate(forms))
    size = (high, wide) if ink.turn % 180 else (wide, high)
    root = writer.add_pages(contents, f"/XObject << {named} >>", size)
    left, low = ink.shift
    box = f"[{left} {low} {size[0] + left} {size[1] + low}]"
    for at, body in enumerate(writer.objects):
        if b"/Type /Page " in body:
            body = body.replace(
                b"/MediaBox [0 0 %d %d]" % size, f"/MediaBox {box} /Rotate {ink.turn}".encode()
            )
            writer.objects[at] = body.replace(b"/Helvetica", face.encode())
    path.write_bytes(writer.build(root))
    return path


def draw_text(layout: Layout, ink: Ink, x: float, y: float, text: str, size: float) -> list[str]:
    """Draw a text, whole or in parts."""
    parts, at = [], x
    if ink.unit == "line":
        parts = [(x, text)]
    elif ink.unit == "letter":
        for letter in text:
            parts.append((at, letter))
            at += layout.measure(letter, size)
    else:
        for word in text.split(" "):
            parts.append((at, word))
            at += layout.measure(f"{word} ", size)
    if ink.unit == "array":
        space = -WIDTHS[layout.face][" "]
        shown = [f" {space} ".join(f"({escape(word)})" for word in text.split(" "))]
        parts = [(x, None)]
    else:
        shown = [f"({escape(part)})" for _, part in parts]
    drawn = []
    flip = -1 if ink.is_flipped else 1
    down = y if ink.is_flipped else layout.size[1] - y
    for (begin, _), part in zip(parts, shown):
        show = f"[{part}] TJ" if ink.unit == "array" else f"{part} Tj"
        for more in (0, 0.3) if ink.is_twice else (0,):
            drawn.append(f"BT /F1 {size} Tf 1 0 0 {flip} {begin + more:.3f} {down:.3f} Tm {show} ET")
    return drawn


def escape(text: str) -> str:
    """Write a text as PDF does."""
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def open_drawn(path: Path) -> Source:
    """Open a PDF as a source whose pages were read in this process, which a child does otherwise."""
    drawn = list(read_pages(str(path), path.name, 1_000, 1_000_000, 100_000, 1 << 30))
    source = Source(path, path.name, "ab" * 32, path.stat().st_size, "pdf", b"%PDF", False, FileLimits())
    source.cache["pages"] = [build_page(page) for page in drawn]
    return source
