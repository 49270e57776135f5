"""SharedNetworks: who shares with whom, by organization and direction."""

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


def test_a_row_for_each_direction(tmp_path):
    """Data flows from the organization to the agency, or back; a blank cell is no share; nothing is lost."""
    reading = read(write_csv(tmp_path / "a.csv", [HEADER, *ROWS]), **ME)
    table, report = reading.tables["sharing"], reading.report
    got = [
        *zip(table["from_agency_as_printed"], table["to_agency_as_printed"], table["section"], strict=True)
    ]
    assert got == [
        ("Adams County MS SO", "Example CA PD", "detections_received"),
        ("Example CA PD", "Blue Town OH PD", "detections_shared"),
        ("Both TX PD", "Example CA PD", "detections_received"),
        ("Example CA PD", "Both TX PD", "detections_shared"),
        ("[INACTIVE] Old CA PD", "Example CA PD", "detections_received"),
        ("Example CA PD", "[INACTIVE] Old CA PD", "detections_shared"),
    ]
    assert table["is_inactive"].tolist() == [False] * 4 + [True] * 2
    assert set(table["as_of"]) == {"2025-12-30"}
    assert (report.rows_in, report.rows_out) == (7, 6)
    assert count_skipped(report) == {"no-share": 1} and report.details["rows_in_file"] == 5


def test_whose_list_and_of_which_day(tmp_path):
    """Neither is taken from the file's name: the file is refused."""
    path = write_csv(tmp_path / "SharedNetworks_2025_December_30.csv", [HEADER, *ROWS])
    error = refuse(path)
    assert error.asks_for == ("reported_by",) and "'Example CA PD'" in error.way_out
    error = refuse(path, reported_by="Example CA PD")
    assert error.asks_for == ("as_of",)
    assert refuse(path, reported_by="Example CA PD", as_of="30 December").code == "wrong-value"


def test_a_workbook_gives_the_same_table(tmp_path):
    """CSV and XLSX of one list are one table; another sheet is set aside, and if it is hidden, that is said."""
    text = read(write_csv(tmp_path / "a.csv", [HEADER, *ROWS]), source_id="x", **ME)
    sheets = {"List": [HEADER, *ROWS], "Note": [["A letter"]]}
    book = read(write_book(tmp_path / "a.xlsx", sheets, hide="Note"), source_id="x", **ME)
    pd.testing.assert_frame_equal(text.tables["sharing"], book.tables["sharing"])
    assert ("sheet 2", "other-sheet") in [(part.place, part.code) for part in book.report.set_aside]
    assert "hidden-sheet" in book.report.list_codes()


def test_pages_of_an_extracted_list(tmp_path):
    """A list that was read out of a PDF keeps the page of each row."""
    rows = [["Page", *HEADER], ["3", *ROWS[0]], ["", *ROWS[1]]]
    table = read(write_csv(tmp_path / "a.csv", rows), **ME).tables["sharing"]
    assert table["page"].fillna(0).tolist() == [3, 0]


def test_rows_that_are_none(tmp_path):
    """A repeated header and networks without an organization are set aside; a name that stands twice is
    warned of.
    """
    rows = [HEADER, ROWS[2], HEADER, ["", "Somebody", ""], ROWS[2]]
    report = read(write_csv(tmp_path / "a.csv", rows), **ME).report
    assert count_skipped(report) == {"no-name": 1, "header-again": 1}
    assert report.rows_out == 4
    assert report.details["listed_twice"] == 1


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
@pytest.mark.parametrize(
    "by_me", ["Networks I\u2019m Sharing", "networks i'm sharing", "Networks Im Sharing"]
)
def test_columns_by_their_names(tmp_path, order, by_me):
    """Columns are bound by their names, wherever they stand, with any kind of apostrophe or without one."""
    rows = [[row[at] for at in order] for row in ([*HEADER[:2], by_me], *ROWS)]
    table = read(write_csv(tmp_path / "a.csv", rows), **ME).tables["sharing"]
    assert table["section"].tolist().count("detections_received") == 3 and len(table) == 6


def test_a_direction_that_was_not_released_is_not_empty(tmp_path):
    """Without the column of what it shares, an organization is not said to share nothing."""
    report = read(write_csv(tmp_path / "a.csv", [[*HEADER[:2]], *(row[:2] for row in ROWS)]), **ME).report
    assert set(count_skipped(report)) == {"no-share"} and "direction-not-released" in report.list_codes()


DEVICES = [
    ["Name", "Relationship", "Search Enabled", "Hot List Tool"],
    ["Adams ZZ PD (12)", "Shared with me", "Enabled", "Enabled"],
    ["Baker ZZ SO (3 cameras)", "Shared by me", "Enabled", "Disabled"],
    ["Cedar ZZ PD", "Both", "Yes", "Off"],
    ["Example CA PD (42)", "Owned", "Enabled", "Enabled"],
    ["Dora ZZ PD 7 cameras", "Shared with me", "Disabled", "Disabled"],
]


def print_rows(path, rows, xs=(50, 230, 350, 450)):
    """Print a table to PDF."""
    return write_pdf(
        path, [[(x, 80 + 24 * y, text) for y, row in enumerate(rows) for x, text in zip(xs, row)]]
    )


def test_devices(tmp_path):
    """The page "Devices": its directions, its hot-list tool, the cameras of an agency; nobody that cannot be
    searched, and not the account's own devices.
    """
    reading = read(print_rows(tmp_path / "a.pdf", DEVICES), **ME)
    table = reading.tables["sharing"]
    assert [
        *zip(table["section"], table["from_agency_as_printed"], table["to_agency_as_printed"], strict=True)
    ] == [
        ("detections_received", "Adams ZZ PD", "Example CA PD"),
        ("hot_lists_received", "Adams ZZ PD", "Example CA PD"),
        ("detections_shared", "Example CA PD", "Baker ZZ SO"),
        ("detections_received", "Cedar ZZ PD", "Example CA PD"),
        ("detections_shared", "Example CA PD", "Cedar ZZ PD"),
    ]
    cameras = reading.tables["volumes"]
    assert [*zip(cameras["scope"], cameras["value"], strict=True)] == [
        ("Adams ZZ PD", 12), ("Baker ZZ SO", 3), ("Example CA PD", 42), ("Dora ZZ PD", 7),
    ]  # fmt: skip
    assert count_skipped(reading.report) == {"own": 1, "search-off": 1}
    assert "no-sample" in reading.report.list_codes()


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [(1, "Friendly", "relationship"), (2, "Maybe", "setting"), (3, "Some", "setting")],
)
def test_unknown_words_of_devices_are_asked_for(tmp_path, column, text, code):
    """A relationship or a setting in other words is never guessed."""
    row = [*DEVICES[1][:column], text, *DEVICES[1][column + 1 :]]
    path = print_rows(tmp_path / "a.pdf", [*DEVICES, row])
    assert refuse(path, **ME).code == code


def test_a_printed_list(tmp_path):
    """SharedNetworks printed to PDF gives the same table as the export; a total is no organization."""
    rows = [HEADER, *(row for row in ROWS if row[1] or row[2].strip()), ["Total: 4", "", "4"]]
    printed = read(print_rows(tmp_path / "a.pdf", rows, (50, 250, 450)), source_id="x", **ME)
    text = read(write_csv(tmp_path / "a.csv", rows), source_id="x", **ME)
    pd.testing.assert_frame_equal(printed.tables["sharing"], text.tables["sharing"])
    assert count_skipped(printed.report) == {"note": 1} and "printed" in printed.report.list_codes()
