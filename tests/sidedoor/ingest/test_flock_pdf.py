"""Flock audits printed to PDF: whatever the layout, each row once, each cell in its column."""

import dataclasses
import re
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.learn_pages import measure
from made.pdf import write_pdf as write_pdf_file
from sidedoor.ingest import inspect_file
from sidedoor.ingest.files import read_source
from sidedoor.ingest.source import ReadOptions, open_source

HEADER = {
    "ID": 0, "Org Name": 75, "Total Networks Searched": 175, "Total Devices Searched": 235,
    "Time Frame": 300, "Reason": 385,
    "Search Time": 480, "Search Type": 560, "Moderation": 620,
}  # fmt: skip
PAGE = (792, 612)
LINE = 9


def read_log(path):
    """Read a log: its table and its report."""
    source = open_source(path)
    with tempfile.TemporaryDirectory() as work:
        source.work = Path(work)
        reading = read_source(source, ReadOptions(keep_reasons=True))
        return reading.tables["searches"].load(), reading.report


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
    """Cells at the top, in the middle or at the bottom of their rows, with the header on each page or on the
    first.
    """
    rows = make_rows(
        60, ("Investigation", "simulated theft of a vehicle seen near the market", "", "welfare check")
    )
    path = write_pdf("audit.pdf", lay_out(rows, align, header_on_each=header_on_each), size=PAGE)
    table, report = read_log(path)

    assert report.rows_in == report.rows_out == len(table) == 60
    assert table["search_id"].tolist() == [row[0] for row in rows]
    assert table["reason_text"].fillna("").tolist() == [row[5] for row in rows]
    assert [f"{when:%m/%d/%Y, %I:%M:%S %p} UTC" for when in table["searched_at"]] == [row[6] for row in rows]
    assert [show(when) for when in table["window_start"]] == [row[4][0] for row in rows]
    assert (table["networks_n"] == 6674).all() and (table["devices_n"] == 77771).all()
    assert (table["search_type"] == "lookup").all() and "PDF" in report.form


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("abcdefg hij", max_size=90), min_size=1, max_size=9),
    st.sampled_from(["top", "middle", "bottom"]),
    st.integers(3, 12),
    st.integers(1, 45),
)
def test_layouts_lose_nothing(write_pdf, reasons, align, padding, rows_n):
    """With any reasons, alignment and distance of rows: as many rows as ids, in order, and all their
    words.
    """
    rows = make_rows(rows_n, tuple(reasons))
    path = write_pdf("audit.pdf", lay_out(rows, align, padding), size=PAGE)
    table = read_log(path)[0]

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
        read_log(path)


def test_rows_without_a_beginning_are_refused(write_pdf):
    """Without ids and times nothing says where a row begins: refused, never guessed."""
    rows = [["", *row[1:6], "", *row[7:]] for row in make_rows(5)]
    path = write_pdf("audit.pdf", lay_out(rows), size=PAGE)

    with pytest.raises(IngestError, match="rows cannot be told apart"):
        read_log(path)


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
    table = read_log(path)[0]

    assert more and len(table) == 5
    assert table["reason_text"].tolist()[1] == "Investigation went on here"


def test_inspect_says_what_it_is(write_pdf):
    """The report names the form, warns that places of words were read, and counts rows by page."""
    report = inspect_file(write_pdf("x.pdf", lay_out(make_rows(30)), size=PAGE))

    assert report.family == "Flock audit" and "Organization Audit of late 2025" in report.form
    assert sum(report.details["rows_by_page"].values()) == report.rows_out == 30
    assert any("blacked out" in text for text in report.warnings)


# -------------------- cells that do not begin below their heading

COLUMNS = {
    "ID": (40, 165), "Org Name": (170, 240), "Total Networks Searched": (245, 322),
    "Total Devices Searched": (326, 398),
    "Search Time": (402, 520), "Reason": (530, 640), "Search Type": (650, 720),
}  # fmt: skip


def print_sheet(path, rows, sides: dict[str, str], padding: float = 9, empty=()):
    """Print rows as a spreadsheet does: headings at the left of their columns, cells at the `left`, `middle`
    or `right`.
    """
    page = [(left, 40, name, 6) for name, (left, _) in COLUMNS.items()]
    for number, row in enumerate(rows):
        for (name, (left, right)), text in zip(COLUMNS.items(), row, strict=True):
            free = right - left - measure(text, 6)
            x = left + {"left": 0, "middle": free / 2, "right": free}[sides.get(name, "left")]
            page.append((x, 56 + number * padding, "" if name in empty else text, 6))
    return write_pdf_file(path, [page], PAGE)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    counts=st.lists(st.tuples(st.integers(0, 99_999), st.integers(0, 99_999)), min_size=3, max_size=40),
    sides=st.fixed_dictionaries(
        {
            name: st.sampled_from(["left", "middle", "right"])
            for name in ("Total Networks Searched", "Total Devices Searched")
        }
    ),
    time=st.sampled_from(["left", "middle"]),
)
def test_cells_belong_to_the_heading_above_them(tmp_path, counts, sides, time):
    """Numbers at the right or in the middle of their cells, and dates in the middle, stay in their
    columns.
    """
    first = datetime(2025, 3, 1, 14, 0, 8)
    rows = [
        [f"{n:08x}-1234-4abc-8def-{n:012x}", "Exampleton ZZ PD", str(one), str(other),
         show(first + timedelta(hours=n)),
         "stolen vehicle", "search"] for n, (one, other) in enumerate(counts)
    ]  # fmt: skip
    table, report = read_log(print_sheet(tmp_path / "sheet.pdf", rows, sides | {"Search Time": time}))
    assert table["search_id"].tolist() == [row[0] for row in rows]
    assert [*zip(table["networks_n"], table["devices_n"], strict=True)] == counts
    assert (
        table["reason_text"].tolist() == ["stolen vehicle"] * len(rows) and table["searched_at"].notna().all()
    )


def test_two_values_in_one_cell_are_refused(tmp_path):
    """A column that is empty in all rows beside cells of two values is a table misread, not a release blacked
    out.
    """
    page = [(left, 40, name, 6) for name, (left, _) in COLUMNS.items()]
    for n in range(8):
        cells = (
            f"{n:08x}-1234-4abc-8def-{n:012x}",
            "Exampleton ZZ PD",
            "840 17652",
            "",
            show(datetime(2025, 3, 1, 9, n)),
            "x",
            "search",
        )
        page += [(left, 56 + 9 * n, text, 6) for (left, _), text in zip(COLUMNS.values(), cells, strict=True)]
    with pytest.raises(IngestError) as error:
        read_log(write_pdf_file(tmp_path / "glued.pdf", [page], PAGE))
    assert error.value.code == "two-in-one"


def test_a_printed_sheet_whose_numbers_stand_at_the_right(cases):
    """The case that was misread: 24 rows, compared cell by cell with what was printed."""
    folder = cases / "01-pdf-numbers-right-of-their-heading"
    table, _ = read_log(folder / "print_right.pdf")
    truth = pd.read_csv(folder / "print_right.truth.csv", dtype=str)
    assert table["search_id"].tolist() == truth["ID"].tolist()
    assert table["networks_n"].astype(str).tolist() == truth["Total Networks Searched"].tolist()
    assert table["devices_n"].astype(str).tolist() == truth["Total Devices Searched"].tolist()
    windows = [
        f"{show(one)}\n{show(other)}"
        for one, other in zip(table["window_start"], table["window_end"], strict=True)
    ]
    assert windows == truth["Time Frame"].tolist()


# -------------------- SharedNetworks and devices, printed


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_shared_networks_printed(tmp_path, is_wrapped):
    """A row for each organization and direction; a cell that is wrapped stays one, on the next page too."""
    names = [f"Organization {n} ZZ PD" for n in range(40)]
    pages, y = [], 999
    for n, name in enumerate(names):
        cells = [
            [name],
            [f"{name} Flex,", f"{name} Falcon"] if is_wrapped and n % 3 else [name],
            ["Exampleton ZZ PD"] if n % 2 else [],
        ]
        if y + 22 > 500:
            pages.append(
                [
                    (40, 40, "Organization Name", 8),
                    (230, 40, "Networks Shared With Me", 8),
                    (560, 40, "Networks I'm Sharing", 8),
                ]
            )
            y = 60
        for x, lines in zip((40, 230, 560), cells, strict=True):
            pages[-1] += [(x, y + 9 * at, line, 8) for at, line in enumerate(lines)]
        y += (9 * max(map(len, cells)) + 8) if is_wrapped else 16
    path = write_pdf_file(tmp_path / "shared.pdf", pages, PAGE)
    reading = read_source(open_source(path), ReadOptions(reported_by="Exampleton ZZ PD", as_of="2025-12-30"))
    sharing = reading.tables["sharing"]
    received = sharing.query("section == 'detections_received'")["from_agency_as_printed"]
    shared = sharing.query("section == 'detections_shared'")["to_agency_as_printed"]
    assert (
        received.tolist() == names
        and shared.tolist() == names[1::2]
        and "printed" in reading.report.list_codes()
    )


def print_devices(path, rows):
    """Print the page of devices."""
    page = [
        (40, 40, "Name", 8),
        (260, 40, "Relationship", 8),
        (400, 40, "Search Enabled", 8),
        (520, 40, "Hot List Tool", 8),
    ]
    for n, row in enumerate(rows):
        page += [(x, 60 + 16 * n, text, 8) for x, text in zip((40, 260, 400, 520), row, strict=True)]
    return write_pdf_file(path, [page], PAGE)


DEVICES = [
    ("Adams ZZ PD (12)", "Shared with me", "Enabled", "Disabled"),
    ("Baker ZZ SO (3 cameras)", "Shared by me", "Yes", "Yes"),
    ("Charlie ZZ PD", "Mutual", "On", "Off"), ("Delta ZZ PD (7)", "Shared with me", "Disabled", "On"),
    ("Exampleton ZZ PD (40)", "Owner", "Enabled", "Enabled"),
]  # fmt: skip


def test_the_printed_page_of_devices(tmp_path):
    """Directions by the relationship, hot lists by the tool; an agency that cannot be searched is skipped and
    counted.
    """
    path = print_devices(tmp_path / "devices.pdf", DEVICES)
    reading = read_source(open_source(path), ReadOptions(reported_by="Exampleton ZZ PD", as_of="2026-02-01"))
    rows = reading.tables["sharing"][
        ["section", "from_agency_as_printed", "to_agency_as_printed"]
    ].values.tolist()
    mine = "Exampleton ZZ PD"
    assert rows == [
        ["detections_received", "Adams ZZ PD", mine], ["detections_shared", mine, "Baker ZZ SO"],
        ["hot_lists_shared", mine, "Baker ZZ SO"], ["detections_received", "Charlie ZZ PD", mine],
        ["detections_shared", mine, "Charlie ZZ PD"],
    ]  # fmt: skip
    assert reading.tables["volumes"].set_index("scope")["value"].to_dict() == {
        "Adams ZZ PD": 12, "Baker ZZ SO": 3, "Delta ZZ PD": 7, "Exampleton ZZ PD": 40,
    }  # fmt: skip
    assert {part.code for part in reading.report.set_aside} == {"search-off", "own"}


def test_words_of_the_devices_page_that_are_not_known(tmp_path):
    """A relationship that nobody described is asked for; a setting that is neither on nor off is refused."""
    known = ReadOptions(reported_by="Exampleton ZZ PD", as_of="2026-02-01")
    path = print_devices(
        tmp_path / "devices.pdf", [(f"Agency {n} ZZ PD", "Friend", "Enabled", "Off") for n in range(5)]
    )
    with pytest.raises(IngestError) as error:
        read_source(open_source(path), known)
    assert error.value.code == "relationship" and error.value.asks_for == ("section",)
    told = read_source(open_source(path), dataclasses.replace(known, section="detections_received"))
    assert len(told.tables["sharing"]) == 5
    path = print_devices(
        tmp_path / "devices.pdf", [(f"Agency {n} ZZ PD", "Mutual", "Perhaps", "Off") for n in range(5)]
    )
    with pytest.raises(IngestError) as error:
        read_source(open_source(path), known)
    assert error.value.code == "setting"
