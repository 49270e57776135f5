"""Simulated transparency portal pages: one content, saved in the ways in which such pages come."""

import html
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap

from made.pdf import write_pdf

AGENCY, TITLE, UPDATED = "Exampleton ZZ PD", "Transparency Portal", "Mon Apr 27 2026"
FIGURES = {
    "Data retention (in days)": "30 days",
    "Number of LPR and other cameras": "42",
    "Vehicles detected in the last 30 days": "354,935",
    "Hotlist hits in the last 30 days": "7,880",
    "Searches in the last 30 days": "128",
}
POLICIES = {
    "What's Detected": "License Plates, Vehicles",
    "Prohibited Uses": "Immigration enforcement, usage based solely on a protected class (i.e. race, sex).",
    "Hotlist Policy": "Hotlist hits are required to be human verified prior to action.",
}


@dataclass
class Portal:
    """What a page shows: figures by heading, and two lists (None: no such list)."""

    figures: dict[str, str] = field(default_factory=lambda: {**FIGURES})
    shared: list[str] | None = None
    received: list[str] | None = None

    def list_entries(self) -> list[tuple[str, str]]:
        """List headings and what stands below them, in the order of a page."""
        entries = [*self.figures.items()]
        if self.shared is not None:
            entries.insert(2, (f"Organizations granted access to {AGENCY} data", ", ".join(self.shared)))
        entries.insert(3, ("Hotlists Alerted On", "ZZ SVS, Simulated Amber Alert"))
        if self.received is not None:
            entries.append((f"Organizations sharing their data with {AGENCY}", ", ".join(self.received)))
        return entries


def _fill(portal: Portal, box: str) -> str:
    entries = [*POLICIES.items(), *portal.list_entries()]
    return "".join(box.format(*map(html.escape, entry)) for entry in entries)


def write_rendered(portal: Portal, extra: str = "") -> str:
    """Write the page as a browser saves it: a paragraph over a box."""
    return (
        f"<!DOCTYPE html><html><head><title>Flock Safety - {AGENCY} {TITLE}</title><style>p {{}}</style>"
        f"</head><body><header><h1>{AGENCY}</h1><h2>{TITLE}</h2><p>Last Updated: "
        f"<span>{UPDATED}</span></p></header><h3>Overview</h3><p>{AGENCY} uses it.</p>"
        + _fill(portal, "<div><img src='data:image/png;base64,AA'><div><p>{}</p><div> {}</div></div></div>")
        + f"<h3>Additional Info</h3>{extra}<footer>Provided by <a>Flock Safety</a></footer></body></html>"
    )


def write_labelled(portal: Portal) -> str:
    """Write the page as it was until early 2026: labels and values in rows of their own."""
    row = "<div class=row><div class={}>{{}}</div></div>"
    return (
        f"<html><body><h1>{AGENCY}</h1><h4>{TITLE}</h4><h6>Last Updated: "
        f"<span>{UPDATED}</span></h6><h6>Overview</h6><h6>Usage</h6>"
        + _fill(portal, f"<div class=box>{row.format('label')}{row.format('value')}</div>")
        + "<footer>Provided by Flock Safety</footer></body></html>"
    )


def write_redesign(portal: Portal) -> str:
    """Write the page as redesigned in the spring of 2026: each entry is named, each name is a cell."""
    entry = "<div data-tp-entry-type={}><div><p>{}</p><p>{}</p></div><div>{}</div></div>"
    cell = "<div data-tp-access-row=true><div><div data-tp-access-cell-text=true>{}</div></div></div>"
    empty = f"<div>{AGENCY} is not sharing data with any partner networks.</div>"
    granted = f"Organizations granted access to {AGENCY} data."
    theirs = f"Organizations sharing their data with {AGENCY}."
    parts = []
    for kind, heading, about, names in (
        ("orgsWithAccess", "Sharing Network Data With", granted, portal.shared),
        ("accessibleOrgs", "Receiving Network Data From", theirs, portal.received),
    ):
        if names is not None:
            table = "".join(cell.format(html.escape(name)) for name in names) or empty
            parts.append(entry.format(kind, heading, html.escape(about), table))
    for kind, heading, about in (
        ("numberOfOwnedCameras", "Number of LPR and other cameras", "Number of cameras."),
        ("dataRetentionInDays", "Data retention (in days)", "The number of days data is retained."),
        ("searchesInLast30Days", "Searches in the last 30 days", "User searches over the last 30 days."),
    ):
        if heading in portal.figures:
            parts.append(entry.format(kind, heading, about, portal.figures[heading]))
    return (
        "<!DOCTYPE html><html><body><nav><a>Policy &amp; Trust</a></nav>"
        f"<h1>{AGENCY}<br>{TITLE}</h1><p>Last updated: <span>{UPDATED}</span></p>"
        f"<h2>Community Impact</h2>{''.join(parts)}<h2>Policy &amp; Trust</h2></body></html>"
    )


def write_text(portal: Portal) -> str:
    """Write the page as its text is copied."""
    entries = [*POLICIES.items(), *portal.list_entries()]
    head = f"{AGENCY}\n{TITLE}\n\nLast Updated: {UPDATED}\n\nOverview\n\nSuch technology.\n"
    body = "\n\n".join(f"{heading}\n\n{value}" for heading, value in entries)
    return f"{head}{body}\nAdditional Info\n\nProvided by Flock Safety"


def write_print(portal: Portal, path: Path) -> Path:
    """Print the page to PDF: policies on the left, figures and lists on the right, both wrapped."""
    pages: list[list[tuple]] = [[(230, 40, AGENCY, 18), (240, 60, TITLE, 12)]]
    pages[0].append((240, 78, f"Last Updated: {UPDATED}", 9))
    for x, entries in ((60, POLICIES.items()), (330, portal.list_entries())):
        page, y = 0, 120
        for heading, value in entries:
            for part in (heading, value):
                for line in wrap(part, 34, break_on_hyphens=False):
                    if y > 740:
                        page, y = page + 1, 40
                    if len(pages) <= page:
                        pages.append([])
                    pages[page].append((x, y, line, 10))
                    y += 14
                y += 6
            y += 20
    return write_pdf(path, pages)


WRITERS = {
    "rendered": write_rendered, "labelled": write_labelled, "redesign": write_redesign, "text": write_text,
}  # fmt: skip
WAYS = (*WRITERS, "print")


def save(folder: Path, page: str | Portal, way: str = "rendered") -> Path:
    """Save a page in one of the ways; a text is saved as it is."""
    if isinstance(page, Portal) and way == "print":
        return write_print(page, folder / "page.pdf")
    path = folder / ("page.txt" if way == "text" else "page.html")
    path.write_text(WRITERS[way](page) if isinstance(page, Portal) else page, encoding="utf-8")
    return path
