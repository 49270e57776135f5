"""Vigilant's sharing reports for tests, and some of the ways in which programs write such pages as PDF."""

import random
from dataclasses import dataclass
from pathlib import Path

from made.learn_pages import WIDTHS, Layout
from made.pdf import PdfWriter, escape
from sidedoor.ingest.pdf import Page, Word
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


@dataclass(frozen=True)
class Ink:
    """How a program writes the texts of a page.

    One operator draws a `line`, a `word`, or an `array` of words without spaces (`unit`), the texts of a page
    follow in any order (`is_shuffled`). A viewer turns the page (`is_turned`), or texts are drawn twice for bold type (`is_twice`).
    """

    unit: str = "line"
    is_shuffled: bool = False
    is_turned: bool = False
    is_twice: bool = False


def write_ink(layout: Layout, path: Path, ink: Ink, extra=()) -> Path:
    """Write the pages of a report; `extra` are operators for the end of each page."""
    writer, (wide, high) = PdfWriter(), layout.size
    matrix = f"0 1 -1 0 {high} 0 cm" if ink.is_turned else ""
    contents = []
    for number, page in enumerate(layout.finish()):
        texts = [text for text in page if text[2]]
        if ink.is_shuffled:
            random.Random(number).shuffle(texts)
        drawn = [draw for text in texts for draw in draw_text(layout, ink, *text)]
        contents.append(writer.add_stream("\n".join([matrix, *drawn, *extra]).encode("cp1252")))
    root = writer.add_pages(contents, size=(high, wide) if ink.is_turned else (wide, high))
    turned = b"/Type /Page /Rotate %d " % (90 * ink.is_turned)
    for at, body in enumerate(writer.objects):
        if b"/Type /Page " in body:
            face = f"/{layout.face} /Encoding /WinAnsiEncoding".encode()
            writer.objects[at] = body.replace(b"/Type /Page ", turned).replace(b"/Helvetica", face)
    path.write_bytes(writer.build(root))
    return path


def draw_text(layout: Layout, ink: Ink, x: float, y: float, text: str, size: float) -> list[str]:
    """Draw a text, whole or in parts: where each begins, and what is shown."""
    if ink.unit == "array":
        space = f" {-WIDTHS[layout.face][' ']} "
        parts = [(x, f"[{space.join(f'({escape(word)})' for word in text.split(' '))}] TJ")]
    else:
        parts = []
        for part in text.split(" ") if ink.unit == "word" else [text]:
            parts.append((x, f"({escape(part)}) Tj"))
            x += layout.measure(f"{part} ", size)
    down = layout.size[1] - y
    return [
        f"BT /F1 {size} Tf {begin + more:.3f} {down:.3f} Td {show} ET"
        for begin, show in parts
        for more in ((0, 0.3) if ink.is_twice else (0,))
    ]
