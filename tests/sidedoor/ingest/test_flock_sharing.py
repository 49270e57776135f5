"""Flock's tables of organizations: SharedNetworks by organization and direction, and the page "Devices"."""

import pandas as pd
import pytest

from made.pdf import write_pdf
from made.tables import count_skipped, read, refuse, write_book, write_csv

HEADER = ["Organization Name", "Networks Shared With Me", "Networks I'm Sharing"]
ME = {"reported_by": "Example CA PD", "as_of": "2025-12-30"}
ROWS = [
    ["Adams County MS SO ", "Adams County MS SO, Adams (LR) ", ""],
    ["Blue Town OH PD", "", "Example CA PD"],
    ["Both TX PD", "Both TX PD", "Example CA PD"],
    ["None NV PD", "", " "],
    ["[INACTIVE] Old CA PD", "Old", "Example CA PD"],
]


def list_ends(table) -> list[tuple[str, str, str]]:
    """List who shares with whom, in which section."""
    return [*table[["from_agency_as_printed", "to_agency_as_printed", "section"]].itertuples(False, None)]


def print_rows(path, rows, xs=(50, 230, 350, 450)):
    """Print a table to PDF."""
    words = [(x, 80 + 24 * y, row[at]) for y, row in enumerate(rows) for at, x in enumerate(xs) if row[at]]
    return write_pdf(path, [words])


def test_a_row_for_each_direction(tmp_path):
    """Data flows from the organization to the agency, or back; a blank cell is no share; nothing is lost."""
    reading = read(write_csv(tmp_path / "a.csv", [HEADER, *ROWS]), **ME)
    table, report = reading.tables["sharing"], reading.report
    assert list_ends(table) == [
        ("Adams County MS SO", "Example CA PD", "detections_received"),
        ("Example CA PD", "Blue Town OH PD", "detections_shared"),
        ("Both TX PD", "Example CA PD", "detections_received"),
        ("Example CA PD", "Both TX PD", "detections_shared"),
        ("[INACTIVE] Old CA PD", "Example CA PD", "detections_received"),
        ("Example CA PD", "[INACTIVE] Old CA PD", "detections_shared"),
    ]
    assert table["is_inactive"].tolist() == [False] * 4 + [True] * 2
    assert set(table["as_of"]) == {"2025-12-30"} and report.span["sharing"] == ["2025-12-30"] * 2
    assert (report.rows_in, report.rows_out, report.details["rows_in_file"]) == (7, 6, 5)


def test_whose_list_and_of_which_day(tmp_path):
    """Neither is taken from the file's name: the file is refused."""
    path = write_csv(tmp_path / "SharedNetworks_2025_December_30.csv", [HEADER, *ROWS])
    error = refuse(path)
    assert error.asks_for == ("reported_by",) and "'Example CA PD'" in error.way_out
    assert refuse(path, reported_by="Example CA PD").asks_for == ("as_of",)
    assert refuse(path, reported_by="Example CA PD", as_of="30 December").code == "wrong-value"


def test_a_workbook_and_a_print_give_the_same_table(tmp_path):
    """CSV, XLSX and PDF of one list are one table; another sheet is set aside, a hidden one is said."""
    rows = [HEADER, *ROWS]
    text = read(write_csv(tmp_path / "a.csv", rows), source_id="x", **ME)
    sheets = {"List": rows, "Note": [["A letter"]]}
    book = read(write_book(tmp_path / "a.xlsx", sheets, hide="Note"), source_id="x", **ME)
    printed = read(print_rows(tmp_path / "a.pdf", rows, (50, 230, 450)), source_id="x", **ME)
    for other in (book, printed):
        pd.testing.assert_frame_equal(text.tables["sharing"], other.tables["sharing"])
    assert {"other-sheet", "hidden-sheet"} <= book.report.list_codes()
    assert "printed" in printed.report.list_codes()


def test_pages_of_an_extracted_list(tmp_path):
    """A list that was read out of a PDF keeps the page of each row."""
    rows = [["Page", *HEADER], ["3", *ROWS[0]], ["", *ROWS[1]]]
    table = read(write_csv(tmp_path / "a.csv", rows), **ME).tables["sharing"]
    assert table["page"].fillna(0).tolist() == [3, 0]


@pytest.mark.parametrize(
    ("rows", "counts", "skipped", "code"),
    [
        ([[row[2], row[0], row[1]] for row in (HEADER, *ROWS)], (3, 3), {"no-share": 1}, "setting"),
        ([[*HEADER[:2], "Networks I\u2019m Sharing"], *ROWS], (3, 3), {"no-share": 1}, "setting"),
        ([["organization name", "", "networks im sharing"], *ROWS], (0, 3), {"no-share": 2}, "setting"),
        ([HEADER, ROWS[2], ROWS[2]], (2, 2), {}, "listed-twice"),
        (
            [HEADER, HEADER, ["", "Somebody", ""], ROWS[2]],
            (1, 1),
            {"header-again": 1, "no-name": 1},
            "no-name",
        ),
        ([HEADER, ROWS[2], ["Total: 1", "1", "1"]], (1, 1), {"note": 1}, "note"),
        ([row[:2] for row in (HEADER, *ROWS)], (3, 0), {"no-share": 2}, "direction-not-released"),
    ],
)
def test_columns_and_rows(tmp_path, rows, counts, skipped, code):
    """Columns are bound by name; rows that are none are skipped; a direction without a column is no zero."""
    reading = read(write_csv(tmp_path / "a.csv", rows), **ME)
    sections = reading.tables["sharing"]["section"].tolist()
    assert (sections.count("detections_received"), sections.count("detections_shared")) == counts
    assert count_skipped(reading.report) == skipped and code in reading.report.list_codes()


DEVICES = [
    ["Name", "Relationship", "Search Enabled", "Hot List Tool"],
    ["Adams ZZ PD (12)", "Shared with me", "Enabled", "Enabled"],
    ["Baker ZZ SO (3 cameras)", "Shared by me", "Enabled", "On"],
    ["Cedar ZZ PD", "Mutual", "Yes", "Off"],
    ["Example CA PD (42)", "Owned", "Enabled", "Enabled"],
    ["Dora ZZ PD 7 cameras", "Shared with me", "Disabled", "Disabled"],
]


def test_devices(tmp_path):
    """Directions, hot-list tool and cameras; not the account's own devices, nor who cannot be searched."""
    reading = read(print_rows(tmp_path / "a.pdf", DEVICES), **ME)
    assert list_ends(reading.tables["sharing"]) == [
        ("Adams ZZ PD", "Example CA PD", "detections_received"),
        ("Adams ZZ PD", "Example CA PD", "hot_lists_received"),
        ("Example CA PD", "Baker ZZ SO", "detections_shared"),
        ("Example CA PD", "Baker ZZ SO", "hot_lists_shared"),
        ("Cedar ZZ PD", "Example CA PD", "detections_received"),
        ("Example CA PD", "Cedar ZZ PD", "detections_shared"),
    ]
    cameras = dict(reading.tables["volumes"][["scope", "value"]].itertuples(False, None))
    assert cameras == {"Adams ZZ PD": 12, "Baker ZZ SO": 3, "Example CA PD": 42, "Dora ZZ PD": 7}
    assert count_skipped(reading.report) == {"own": 1, "search-off": 1}
    assert "no-sample" in reading.report.list_codes()


@pytest.mark.parametrize(
    ("column", "code", "asked"), [(1, "relationship", ("section",)), (2, "setting", ()), (3, "setting", ())]
)
def test_unknown_words_of_devices_are_not_guessed(tmp_path, column, code, asked):
    """A relationship that nobody described is asked for; a setting that is neither on nor off is refused."""
    row = [*DEVICES[1][:column], "Friendly", *DEVICES[1][column + 1 :]]
    path = print_rows(tmp_path / "a.pdf", [*DEVICES, row])
    error = refuse(path, **ME)
    assert (error.code, error.asks_for or ()) == (code, asked)
    if asked:
        found = list_ends(read(path, section="detections_received", **ME).tables["sharing"])
        assert found[-2:] == found[:2]  # the same agency again
