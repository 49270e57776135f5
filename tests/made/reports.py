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
    """Make a source of pages without a PDF; `shift(page, word)` moves words as a scanner does."""
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

    One operator draws a `line`, a `word`, a `letter`, or an `array` of words without spaces (`unit`); they
    follow one another as `drawn`, `shuffled`, or by `columns` (`order`). A viewer turns the page (`turn`),
    coordinates count from the top, texts lie in a form XObject, or are drawn twice for bold type; `shift` is
    where the corner of the page lies.
    """

    unit: str = "line"
    order: str = "drawn"
    turn: int = 0
    is_flipped: bool = False
    is_boxed: bool = False
    is_twice: bool = False
    shift: tuple = (0, 0)


def write_ink(writer, layout: Layout, path: Path, ink: Ink, extra=()) -> Path:
    """Write the pages of a report; `extra` are operators for the end of each page."""
    wide, high = layout.size
    contents, forms = [], []
    face = f"/{layout.face} /Encoding /WinAnsiEncoding"
    turns = {0: (1, 0, 0, 1, 0, 0), 90: (0, 1, -1, 0, high, 0), 180: (-1, 0, 0, -1, wide, high),
             270: (0, -1, 1, 0, 0, wide)}  # fmt: skip
    *turned, right, up = turns[ink.turn]
    matrix = " ".join(map(str, (*turned, right + ink.shift[0], up + ink.shift[1], "cm")))
    matrix += f" 1 0 0 -1 0 {high} cm" if ink.is_flipped else ""
    for number, page in enumerate(layout.finish()):
        texts = [text for text in page if text[2]]
        if ink.order == "shuffled":
            random.Random(number).shuffle(texts)
        elif ink.order == "columns":
            texts.sort(key=lambda text: (text[0] > wide / 2, text[0] > wide / 3, text[1]))
        body = "\n".join([*(draw for text in texts for draw in draw_text(layout, ink, *text)), *extra])
        if ink.is_boxed:
            font = f"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont {face} >> >> >>"
            form = f"/Type /XObject /Subtype /Form /BBox [0 0 {wide} {high}] {font}"
            forms.append(f"/X{number} {writer.add_stream(body.encode('cp1252'), form)} 0 R")
            body = f"/X{number} Do"
        contents.append(writer.add_stream(f"q {matrix}\n{body}\nQ".encode("cp1252")))
    size = (high, wide) if ink.turn % 180 else (wide, high)
    root = writer.add_pages(contents, f"/XObject << {' '.join(forms)} >>", size)
    left, low = ink.shift
    old = f"/MediaBox [0 0 {size[0]} {size[1]}]".encode()
    new = f"/MediaBox [{left} {low} {size[0] + left} {size[1] + low}] /Rotate {ink.turn}".encode()
    for at, body in enumerate(writer.objects):
        if b"/Type /Page " in body:
            writer.objects[at] = body.replace(old, new).replace(b"/Helvetica", face.encode())
    path.write_bytes(writer.build(root))
    return path


def draw_text(layout: Layout, ink: Ink, x: float, y: float, text: str, size: float) -> list[str]:
    """Draw a text, whole or in parts: where each begins, and what is shown."""
    if ink.unit == "array":
        space = f" {-WIDTHS[layout.face][' ']} "
        parts = [(x, f"[{space.join(f'({escape(word)})' for word in text.split(' '))}] TJ")]
    else:
        shown = {"line": [text], "word": text.split(" "), "letter": list(text)}[ink.unit]
        between = " " if ink.unit == "word" else ""
        parts, at = [], x
        for part in shown:
            parts.append((at, f"({escape(part)}) Tj"))
            at += layout.measure(part + between, size)
    flip, down = (-1, y) if ink.is_flipped else (1, layout.size[1] - y)
    return [
        f"BT /F1 {size} Tf 1 0 0 {flip} {begin + more:.3f} {down:.3f} Tm {show} ET"
        for begin, show in parts
        for more in ((0, 0.3) if ink.is_twice else (0,))
    ]


def escape(text: str) -> str:
    """Write a text as PDF does."""
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def open_drawn(path: Path) -> Source:
    """Open a PDF as a source whose pages were read in this process, which a child does otherwise."""
    drawn = list(read_pages(str(path), path.name, 1_000, 1_000_000, 100_000, 1 << 30))
    source = Source(path, path.name, "ab" * 32, path.stat().st_size, "pdf", b"%PDF", False, FileLimits())
    source.cache["pages"] = [build_page(page) for page in drawn]
    return source
