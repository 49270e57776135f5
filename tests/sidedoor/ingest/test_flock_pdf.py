"""Flock audits printed to PDF: whatever the layout, each row once, each cell in its column."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from sidedoor.ingest import inspect_file
from sidedoor.ingest.files import read_source
from sidedoor.ingest.source import ReadOptions, open_source

HEADER = {
    "ID": 0, "Org Name": 75, "Total Networks Searched": 175, "Total Devices Searched": 235, "Time Frame": 300, "Reason": 385,
    "Search Time": 480, "Search Type": 560, "Moderation": 620,
}  # fmt: skip
PAGE = (792, 612)
LINE = 9


def show(when):
    """A time as the vendor prints it."""
    return f"{when:%m/%d/%Y, %I:%M:%S %p} UTC"


def make_rows(rows_n, reasons=("Investigation",), seed=0):
    """Simulated rows: id, agency, networks, devices, time frame, reason, search time, type, moderation."""
    first = datetime(2025, 11, 14, 9, 53, 36)
    rows = []
    for n in range(rows_n):
        when = first + timedelta(minutes=17 * n)
        identity = f"{seed + n:08x}-1234-4abc-8def-{n:012x}"
        frame = [show(when - timedelta(days=30)), show(when)]
        rows.append(
            [
                identity,
                "Exampleton ZZ PD",
                "6,674",
                "77,771",
                frame,
                reasons[n % len(reasons)],
                show(when),
                "lookup",
                "",
            ]
        )
    return rows


def wrap(text, width):
    """Wrap a text at blanks, and a long word at its width, as printers do."""
    lines = [""]
    for word in text.split(" "):
        while len(word) > width:
            lines.append(word[:width])
            word = word[width:]
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return [line for line in lines if line]


def lay_out(rows, align="top", padding=6, header_on_each=True, left=40, last_number=True):
    """Lay rows out on pages: texts with their places, as `write_pdf` takes them."""
    widths = [16, 22, 9, 9, 18, 20, 18, 12, 10]
    pages, page, y = [], [], 0

    def start_page():
        nonlocal page, y
        if page and last_number:
            page.append((380, 600, f"Page {len(pages) + 1} of 9", 7))
        if page:
            pages.append(page)
        page, y = [], 40
        if header_on_each or not pages:
            for name, x in HEADER.items():
                for at, part in enumerate(wrap(name, 10 if name.startswith("Total") else 20)):
                    page.append((left + x, y + at * LINE, part, 7))
            y += 3 * LINE + padding

    start_page()
    for row in rows:
        cells = [
            [line for part in cell for line in wrap(part, width)]
            if isinstance(cell, list)
            else wrap(cell, width)
            for cell, width in zip(row, widths, strict=True)
        ]
        height = max(map(len, cells))
        if y + height * LINE > 585:
            start_page()
        for x, lines in zip(HEADER.values(), cells, strict=True):
            free = height - len(lines)
            skip = {"top": 0, "middle": free / 2, "bottom": free}[align]
            page += [(left + x, y + (skip + at) * LINE, line, 7) for at, line in enumerate(lines)]
        y += height * LINE + padding
    start_page()
    return pages


@pytest.mark.parametrize("align", ["top", "middle", "bottom"])
@pytest.mark.parametrize("header_on_each", [True, False])
def test_every_row_is_read_once(write_pdf, align, header_on_each):
    """Cells at the top, in the middle or at the bottom of their rows, with the header on each page or on the first."""
    rows = make_rows(
        60, ("Investigation", "simulated theft of a vehicle seen near the market", "", "welfare check")
    )
    path = write_pdf("audit.pdf", lay_out(rows, align, header_on_each=header_on_each), size=PAGE)
    reading = read_source(open_source(path), ReadOptions())
    table = reading.tables["searches"]

    assert reading.report.rows_in == reading.report.rows_out == len(table) == 60
    assert table["search_id"].tolist() == [row[0] for row in rows]
    assert table["reason_text"].fillna("").tolist() == [row[5] for row in rows]
    assert [f"{when:%m/%d/%Y, %I:%M:%S %p} UTC" for when in table["searched_at"]] == [row[6] for row in rows]
    assert [show(when) for when in table["window_start"]] == [row[4][0] for row in rows]
    assert (table["networks_n"] == 6674).all() and (table["devices_n"] == 77771).all()
    assert (table["search_type"] == "lookup").all() and "PDF" in reading.report.form


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("abcdefg hij", max_size=90), min_size=1, max_size=9),
    st.sampled_from(["top", "middle", "bottom"]),
    st.integers(3, 12),
    st.integers(1, 45),
)
def test_layouts_lose_nothing(write_pdf, reasons, align, padding, rows_n):
    """With any reasons, alignment and distance of rows: as many rows as ids, in order, and all their words."""
    rows = make_rows(rows_n, tuple(reasons))
    path = write_pdf("audit.pdf", lay_out(rows, align, padding), size=PAGE)
    table = read_source(open_source(path), ReadOptions()).tables["searches"]

    assert table["search_id"].tolist() == [row[0] for row in rows]
    # a word longer than its column is cut, and the cut cannot be told from a space
    squeezed = [re.sub(r"\s", "", reason) for reason in table["reason_text"].fillna("")]
    assert squeezed == [re.sub(r"\s", "", row[5]) for row in rows]


def test_columns_spread_over_pages_are_refused(write_pdf):
    """A spreadsheet printed with its last columns on a page of their own is refused with a way out."""
    first = lay_out(make_rows(3))[0]
    second = [
        (40 + 70 * n, 40, name, 7) for n, name in enumerate(["Search Time", "Reason", "Case #", "Filters"])
    ]
    path = write_pdf("audit.pdf", [first, second], size=PAGE)

    with pytest.raises(IngestError, match="page 2.*other columns.*CSV or XLSX"):
        read_source(open_source(path), ReadOptions())


def test_rows_without_a_beginning_are_refused(write_pdf):
    """Without ids and times nothing says where a row begins: refused, never guessed."""
    rows = [["", *row[1:6], "", *row[7:]] for row in make_rows(5)]
    path = write_pdf("audit.pdf", lay_out(rows), size=PAGE)

    with pytest.raises(IngestError, match="rows cannot be told apart"):
        read_source(open_source(path), ReadOptions())


def test_a_row_broken_over_pages_stays_one_row(write_pdf):
    """The rest of a long reason on the next page belongs to the row that began before."""
    pages = lay_out(make_rows(2), last_number=False)
    more = [
        (40 + x, 40 + at * LINE, part, 7)
        for name, x in HEADER.items()
        for at, part in enumerate(wrap(name, 10 if name.startswith("Total") else 20))
    ]
    rows = make_rows(3, ("rest of it",), seed=900)
    second = lay_out(rows, last_number=False)[0]
    moved = [(x, y + 24 if y > 40 + 3 * LINE else y, text, size) for x, y, text, size in second]
    path = write_pdf(
        "audit.pdf",
        [pages[0], [*moved, (40 + HEADER["Reason"], 40 + 3 * LINE + 6, "went on here", 7)]],
        size=PAGE,
    )
    table = read_source(open_source(path), ReadOptions()).tables["searches"]

    assert more and len(table) == 5
    assert table["reason_text"].tolist()[1] == "Investigation went on here"


def test_inspect_says_what_it_is(write_pdf):
    """The report names the form, warns that places of words were read, and counts rows by page."""
    report = inspect_file(write_pdf("x.pdf", lay_out(make_rows(30)), size=PAGE))

    assert report.family == "Flock audit" and "Organization Audit of late 2025" in report.form
    assert sum(report.details["rows_by_page"].values()) == report.rows_out == 30
    assert any("blacked out" in text for text in report.warnings)
