"""Flock audits printed to PDF: whatever the layout, each row once, each cell in its column."""

import re
import textwrap
from datetime import datetime, timedelta

import pandas as pd
import pytest

from made.audits import stamp
from made.learn_pages import measure
from made.pdf import write_pdf
from made.tables import list_names, read, refuse

HEADER = {
    "ID": 0, "Org Name": 75, "Total Networks Searched": 175, "Total Devices Searched": 235,
    "Time Frame": 300, "Reason": 385,
    "Search Time": 480, "Search Type": 560, "Moderation": 620,
}  # fmt: skip
WIDTHS = (16, 22, 9, 9, 18, 20, 18, 12, 10)  # of columns, in letters
PAGE, LINE = (792, 612), 9


def read_log(path):
    """Read the table of a log."""
    return read(path).tables["searches"]


def make_rows(rows_n, reasons=("Investigation",), seed=0):
    """Simulated rows: id, agency, networks, devices, time frame, reason, search time, type, moderation."""
    rows = []
    for n in range(rows_n):
        when = datetime(2025, 11, 14, 9, 53, 36) + timedelta(minutes=17 * n)
        frame, reason = [stamp(when - timedelta(days=30)), stamp(when)], reasons[n % len(reasons)]
        cells = [make_id(seed + n), "Exampleton ZZ PD", "6,674", "77,771", frame, reason, stamp(when)]
        rows.append([*cells, "lookup", ""])
    return rows


def make_id(n):
    """Make the id of a search."""
    return f"{n:08x}-1234-4abc-8def-{n:012x}"


def wrap(text, width):
    """Wrap a text at blanks, and a long word at its width, as printers do."""
    return textwrap.wrap(text, width, break_on_hyphens=False)


def head_page():
    """Give the header of a page, its long names on two lines."""
    return [
        (40 + x, 40 + at * LINE, part, 7)
        for name, x in HEADER.items()
        for at, part in enumerate(wrap(name, 10 if name.startswith("Total") else 20))
    ]


def lay_out(rows, align="top", padding=6, header_on_each=True):
    """Lay rows out on pages: texts with their places, as `write_pdf` takes them."""
    pages, y = [], 999
    for row in rows:
        cells = [
            [line for part in (cell if isinstance(cell, list) else [cell]) for line in wrap(part, width)]
            for cell, width in zip(row, WIDTHS, strict=True)
        ]
        height = max(map(len, cells))
        if y + height * LINE > 585:
            has_header = header_on_each or not pages
            pages.append([*(head_page() if has_header else []), (380, 600, f"Page {len(pages) + 1} of 9", 7)])
            y = 40 + (3 * LINE + padding if has_header else 0)
        for x, lines in zip(HEADER.values(), cells, strict=True):
            skip = {"top": 0, "middle": 0.5, "bottom": 1}[align] * (height - len(lines))
            pages[-1] += [(40 + x, y + (skip + at) * LINE, line, 7) for at, line in enumerate(lines)]
        y += height * LINE + padding
    return pages


REASONS = ("Investigation", "simulated theft of a vehicle", "", "a", "welfare check " * 6, "abcdefghij" * 6)


@pytest.mark.parametrize(
    ("align", "header_on_each", "padding", "rows_n"),
    [("top", True, 3, 60), ("middle", False, 6, 40), ("bottom", True, 12, 40), ("top", False, 12, 1)],
)
def test_every_row_is_read_once(tmp_path, align, header_on_each, padding, rows_n):
    """With any reasons, alignment, distance, header: each id a row, in order, each cell in its column."""
    rows = make_rows(rows_n, REASONS)
    pages = lay_out(rows, align, padding, header_on_each)
    reading = read(write_pdf(tmp_path / "audit.pdf", pages, PAGE))
    table, report = reading.tables["searches"], reading.report
    assert report.family == "Flock audit" and "Organization Audit of late 2025" in report.form
    assert sum(report.details["rows_by_page"].values()) == report.rows_in == report.rows_out == rows_n
    assert table["search_id"].tolist() == [row[0] for row in rows]
    # a word longer than its column is cut, and the cut cannot be told from a space
    squeezed = [re.sub(r"\s", "", reason) for reason in table["reason_text"].fillna("")]
    assert squeezed == [re.sub(r"\s", "", row[5]) for row in rows]
    assert [stamp(when) for when in table["searched_at"]] == [row[6] for row in rows]
    assert [stamp(when) for when in table["window_start"]] == [row[4][0] for row in rows]
    assert (table["networks_n"] == 6674).all() and (table["devices_n"] == 77771).all()
    assert (table["search_type"] == "lookup").all()


def test_what_cannot_be_told_apart_is_refused(tmp_path):
    """Last columns on a page of their own, rows without ids and times: nothing is guessed."""
    names = ["Search Time", "Reason", "Case #", "Filters"]
    pages = [lay_out(make_rows(3))[0], [(40 + 70 * n, 40, name, 7) for n, name in enumerate(names)]]
    error = refuse(write_pdf(tmp_path / "audit.pdf", pages, PAGE))
    assert error.place.endswith("page 2") and "CSV or XLSX" in error.way_out
    rows = [["", *row[1:6], "", *row[7:]] for row in make_rows(5)]
    assert refuse(write_pdf(tmp_path / "audit.pdf", lay_out(rows), PAGE)).place


def test_a_row_broken_over_pages_stays_one_row(tmp_path):
    """The rest of a long reason on the next page belongs to the row that began before."""
    first, second = (lay_out(rows)[0] for rows in (make_rows(2), make_rows(3, ("rest of it",), seed=900)))
    moved = [(x, y + 24 if 40 + 3 * LINE < y < 600 else y, text, size) for x, y, text, size in second]
    rest = (40 + HEADER["Reason"], 40 + 3 * LINE + 6, "went on here", 7)
    table = read_log(write_pdf(tmp_path / "audit.pdf", [first, [*moved, rest]], PAGE))
    reasons = ["Investigation", "Investigation went on here", *["rest of it"] * 3]
    assert table["reason_text"].tolist() == reasons


# -------------------- cells that do not begin below their heading

COLUMNS = {
    "ID": (40, 165), "Org Name": (170, 240), "Total Networks Searched": (245, 322),
    "Total Devices Searched": (326, 398),
    "Search Time": (402, 520), "Reason": (530, 640), "Search Type": (650, 720),
}  # fmt: skip


def print_sheet(path, rows, sides: dict[str, str]):
    """Print rows as a spreadsheet does: headings at the left, cells at the `left`, `middle` or `right`."""
    page = [(left, 40, name, 6) for name, (left, _) in COLUMNS.items()]
    for number, row in enumerate(rows):
        for (name, (left, right)), text in zip(COLUMNS.items(), row, strict=True):
            free = right - left - measure(text, 6)
            x = left + {"left": 0, "middle": free / 2, "right": free}[sides.get(name, "left")]
            page.append((x, 56 + number * 9, text, 6))
    return write_pdf(path, [page], PAGE)


@pytest.mark.parametrize(
    ("networks", "devices", "time", "rows_n"),
    [("left", "right", "middle", 3), ("middle", "left", "left", 40), ("right", "middle", "left", 40)],
)
def test_cells_belong_to_the_heading_above_them(tmp_path, networks, devices, time, rows_n):
    """Numbers at the right or in the middle of their cells, and dates in the middle, keep their columns."""
    counts = [(7919 * n % 10 ** (1 + n % 3), 104_729 * n % 10 ** (1 + n % 5)) for n in range(rows_n)]
    rows = []
    for n, pair in enumerate(counts):
        when = stamp(datetime(2025, 3, 1, 14, 0, 8) + timedelta(hours=n))
        rows.append([make_id(n), "Exampleton ZZ PD", *map(str, pair), when, "stolen vehicle", "search"])
    sides = {"Total Networks Searched": networks, "Total Devices Searched": devices, "Search Time": time}
    table = read_log(print_sheet(tmp_path / "sheet.pdf", rows, sides))
    assert table["search_id"].tolist() == [row[0] for row in rows]
    assert [*zip(table["networks_n"], table["devices_n"], strict=True)] == counts
    assert (table["reason_text"] == "stolen vehicle").all() and table["searched_at"].notna().all()


def test_two_values_in_one_cell_are_refused(tmp_path):
    """An empty column beside cells of two values is a table misread, not a release blacked out."""
    rest = ["Exampleton ZZ PD", "840 17652", "", stamp(datetime(2025, 3, 1, 9)), "x", "search"]
    rows = [[make_id(n), *rest] for n in range(8)]
    assert refuse(print_sheet(tmp_path / "glued.pdf", rows, {})).code == "two-in-one"


def test_a_printed_sheet_whose_numbers_stand_at_the_right(cases):
    """The case that was misread: 24 rows, compared cell by cell with what was printed."""
    folder = cases / "01-pdf-numbers-right-of-their-heading"
    table = read_log(folder / "print_right.pdf")
    truth = pd.read_csv(folder / "print_right.truth.csv", dtype=str)
    assert table["search_id"].tolist() == truth["ID"].tolist()
    assert table["networks_n"].astype(str).tolist() == truth["Total Networks Searched"].tolist()
    assert table["devices_n"].astype(str).tolist() == truth["Total Devices Searched"].tolist()
    ends = zip(table["window_start"], table["window_end"], strict=True)
    assert [f"{stamp(one)}\n{stamp(other)}" for one, other in ends] == truth["Time Frame"].tolist()


# -------------------- SharedNetworks, printed over pages

MINE = {"reported_by": "Exampleton ZZ PD", "as_of": "2026-02-01"}
SHARED = {40: "Organization Name", 230: "Networks Shared With Me", 560: "Networks I'm Sharing"}


def test_shared_networks_printed(tmp_path):
    """A row for each organization and direction; a cell that is wrapped stays one, on the next page too."""
    names, pages, y = [f"Organization {n} ZZ PD" for n in range(40)], [], 999
    for n, name in enumerate(names):
        with_me = [f"{name} Flex,", f"{name} Falcon"] if n % 3 else [name]
        cells = [[name], with_me, [MINE["reported_by"]] if n % 2 else []]
        if y > 480:
            pages.append([(x, 40, title, 8) for x, title in SHARED.items()])
            y = 60
        for x, lines in zip(SHARED, cells, strict=True):
            pages[-1] += [(x, y + 9 * at, line, 8) for at, line in enumerate(lines)]
        y += 9 * len(with_me) + 8
    reading = read(write_pdf(tmp_path / "shared.pdf", pages, PAGE), **MINE)
    assert list_names(reading, "detections_received") == names and list_names(reading) == names[1::2]
    assert "printed" in reading.report.list_codes()
