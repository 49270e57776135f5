"""Vigilant's sharing reports for tests."""

from made.learn_pages import Layout
from sidedoor.ingest.pdf import Page, Word
from sidedoor.ingest.source import FileLimits, Source


def split_words(layout: Layout, page: list[tuple]) -> list[tuple]:
    """Place every word of a page on its own."""
    words = []
    for x, y, text, size in page:
        for word in text.split(" "):
            if word:
                words.append((x, y, word, size))
            x += layout.measure(f"{word} ", size)
    return words


def build_source(layout: Layout, shift=None) -> Source:
    """Make a source of pages without a PDF; `shift(page, word)` moves words as a scanner does."""
    pages = []
    for number, page in enumerate(layout.finish(), 1):
        words = [
            Word(word, x, x + layout.measure(word, size), y - 0.8 * size, y + 0.3 * size)
            for x, y, word, size in split_words(layout, page)
        ]
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
        "LEARN_San Joaquin Sheriffs Department",
    ),
]


def build_2020(**changes) -> Layout:
    """Lay out a report of 2020 with all four lists, one of them empty."""
    layout = Layout(**changes)
    layout.add_section("detections_shared", NAMES * 5)
    layout.add_section("detections_received", NAMES[::-1] * 3 + ["Yuma County Sheriffs Office (AZ)"])
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
