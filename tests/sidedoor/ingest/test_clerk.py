"""Workbooks that a clerk put together: sheets taken for what they hold."""

from datetime import datetime, time

import pytest

from made.tables import OFFICER, PLATE, REASON, count_skipped, read, refuse, write_book, write_csv
from sidedoor.ingest import inspect_file

WHO = {"reported_by": "Irvine CA PD", "as_of": "2025-03-10"}
ME = {**WHO, "time_zone": "America/Los_Angeles", "measure": "searches"}
UTC = {"reported_by": "Irvine CA PD", "time_zone": "UTC"}
NAMES = [["ORGANIZATION NAME"], ["Chino CA PD "], ["Brea CA PD"]]
SHEETS = {
    "Request": [["Please provide the lists A1 to A4"], ["and the log"]],
    "A1": NAMES,
    "A2": NAMES,
    "A3": NAMES,
    "A4": NAMES,
    "B1&2": [["1", "2"], ["x", "y"]],
    "Users": [["User Name"], [OFFICER], [OFFICER + " II"]],
    "Audit": [
        ["Reason", "DateTime"],
        [REASON, datetime(2025, 3, 1, 14, 5, 7)],
        ["", datetime(2025, 3, 9, 2, 30)],
        ["n/a", datetime(2025, 11, 2, 1, 30)],
    ],
    "OtherAgencies": [
        ["Month", 2025, 2024],
        ["January", 10, 1234],
        ["Feb", "-", 7],
        ["March", None, "1,000"],
        ["Total", 10, 2241],
    ],
}
MAPPING = """
table = "workbook"
[sheets."A1"]
section = "detections_shared"
[sheets."A2"]
section = "detections_received"
[sheets."A3"]
section = "hot_lists_shared"
[sheets."A4"]
section = "hot_lists_received"
[sheets."OtherAgencies"]
measure = "searches"
scope = "access by other agencies"
[sheets."Request"]
skip = true
"""


@pytest.fixture
def book(tmp_path):
    """Write sheets and give the path."""
    return lambda sheets=SHEETS, name="clerk.xlsx": write_book(tmp_path / name, sheets)


def list_times(path, **options) -> list[datetime]:
    """Read a log, and list its times."""
    return read(path, **options).tables["searches"]["searched_at"].tolist()


def test_sheets_are_taken_for_what_they_hold(book):
    """Log, months and users are found by their columns; lists that do not say their direction are set aside
    with a hint. Wall-clock times become UTC, odd hours are counted, empty and placeholder reasons told apart.
    """
    reading = read(book(), **ME)
    report, log = reading.report, reading.tables["searches"]
    kinds = ["other", "names", "names", "names", "names", "other", "users", "searches", "months"]
    assert report.details["sheets"] == {f"sheet {number}": kind for number, kind in enumerate(kinds, 1)}
    assert report.private["sheet"] == dict(enumerate(SHEETS, 1))
    assert sorted(reading.tables) == ["searches", "volumes"]
    assert report.rows_in == 2 + 8 + 2 + 2 + 3 + 8
    assert [text.asks_for for text in report.warnings if text.code == "no-direction"] == ["section"]
    assert report.details["users_n"] == 2 and "User Name" in report.columns_dropped
    assert log["searched_at"].tolist() == [
        datetime(2025, 3, 1, 22, 5, 7),
        datetime(2025, 3, 9, 10, 30),
        datetime(2025, 11, 2, 8, 30),
    ]
    assert log["reason_text_cell"].tolist() == ["value", "empty", "placeholder"]
    assert report.time_zone == "America/Los_Angeles, as given"
    assert {"clock-gap", "clock-fold"} <= report.list_codes()


def test_what_a_workbook_needs_to_be_told(book):
    """Spreadsheets keep no zone; a list with a direction has an agency whose it is, and a date."""
    error = refuse(book(), **WHO)
    assert error.asks_for == ("time_zone",) and "sheet 8 row 2" in error.place
    path = book({"List": [["Networks shared with me"], *NAMES]}, "list.xlsx")
    assert refuse(path).asks_for == ("reported_by",)
    assert refuse(path, reported_by="Irvine CA PD").asks_for == ("as_of",)


def test_months_by_years(book):
    """A figure for each month and year, whichever year comes first; `-`, blanks and totals are set aside
    apart.
    """
    reading = read(book(), **ME)
    table = reading.tables["volumes"]
    assert table[["period_start", "period_end", "value"]].to_numpy().tolist() == [
        ["2025-01-01", "2025-01-31", 10.0],
        ["2024-01-01", "2024-01-31", 1234.0],
        ["2024-02-01", "2024-02-29", 7.0],
        ["2024-03-01", "2024-03-31", 1000.0],
    ]
    assert set(table["measure"]) == {"searches"}
    assert set(table["scope"]) == {"sheet 9"}  # the sheet's name is no vendor's
    aside = {part.reason: (part.place, part.rows_n) for part in reading.report.set_aside}
    assert aside["none printed (-)"] == ("sheet 9 B3", 1)
    assert aside["empty"] == ("sheet 9 B4", 1)
    assert aside["a total"] == ("sheet 9 B5", 2)


def test_a_total_that_does_not_add_up(book):
    """A printed total is compared with its months; the title says what they are of."""
    rows = [["Access by other agencies"], ["Month", 2024], ["January", 5], ["February", 6], ["Total", 12]]
    reading = read(book({"Use": rows}), **ME)
    assert "wrong-total" in reading.report.list_codes()
    assert set(reading.tables["volumes"]["scope"]) == {"Access by other agencies"}


def test_fiscal_years_are_no_calendar_years(book):
    """July of FY 2025 may be July of 2024: its cells are set aside; a calendar year beside it is read."""
    header = ["Month", "FY 2025", "FY24-25", "2024-2025", "CY 2024"]
    reading = read(book({"Queries": [header, ["July", 1, 2, 3, 4], ["Aug.", 5, 6, 7, 8]]}), **ME)
    figures = reading.tables["volumes"][["period_start", "value"]]
    assert figures.to_numpy().tolist() == [["2024-07-01", 4], ["2024-08-01", 8]]
    assert count_skipped(reading.report) == {"fiscal-year": 6} and reading.report.rows_in == 8


def test_a_mapping_tells_the_directions(book, tmp_path):
    """With sections told, names become edges the right way round, and the scope is what the mapping says. A
    sheet that is not there is refused with the nearest name.
    """
    path = tmp_path / "irvine.toml"
    path.write_text(MAPPING)
    reading = read(book(), mapping=path, **ME)
    table = reading.tables["sharing"]
    columns = ["section", "from_agency_as_printed", "to_agency_as_printed", "shares"]
    assert table[columns].to_numpy().tolist()[::2] == [
        ["detections_shared", "Irvine CA PD", "Chino CA PD", "detections"],
        ["detections_received", "Chino CA PD", "Irvine CA PD", "detections"],
        ["hot_lists_shared", "Irvine CA PD", "Chino CA PD", "hot_list"],
        ["hot_lists_received", "Chino CA PD", "Irvine CA PD", "hot_list"],
    ]
    assert len(table) == 8 and set(table["as_of"]) == {"2025-03-10"}
    assert set(reading.tables["volumes"]["scope"]) == {"access by other agencies"}
    path.write_text('table = "workbook"\n[sheets."OtherAgency"]\nskip = true\n')
    error = refuse(book(), mapping=path, **ME)
    assert error.code == "no-sheet" and "OtherAgencies" in error.way_out


@pytest.mark.parametrize(
    ("title", "section"),
    [
        ("Agencies we share detections with", "detections_shared"),
        ("Networks shared with me", "detections_received"),
        ("Data shared with the following agencies", "detections_shared"),
        ("Detections Received", "detections_received"),
        ("Agencies sharing their data with us", "detections_received"),
        ("Hot Lists Shared", "hot_lists_shared"),
        ("Networks shared with Irvine PD", "none"),
        ("Hot lists shared with Irvine PD", "none"),
        ("Networks I'm sharing", "detections_shared"),
        ("Hot lists received", "hot_lists_received"),
        ("Sharing our hot lists with", "hot_lists_shared"),
        ("Agencies receiving data from us", "none"),
    ],
)
def test_headings_tell_the_direction(book, title, section):
    """A heading that leaves no doubt tells the direction; any other leaves the list aside."""
    reading = read(book({"List": [[title], *NAMES], "Log": SHEETS["Audit"]}), **ME)
    found = set(reading.tables["sharing"]["section"]) if "sharing" in reading.tables else {"none"}
    assert found == {section}


def test_other_workbooks_are_not_claimed(book):
    """A workbook of other things is not taken for one of these, and the ends of shares for no list."""
    assert refuse(book({"S": [["Item", "Price"], ["Pen", 3]]})).code == "unknown-layout"
    path = book({"S": [["Agency", "Shared With"], ["Chino PD", "Brea PD"]]}, "ends.xlsx")
    assert refuse(path, **ME).code in ("unknown-layout", "no-section")


def test_notes_and_totals_in_a_log_are_no_searches(book):
    """What stands alone and without a time is set aside if it reads like a total, a page or a note; other
    reasons stay.
    """
    rows = [["Audit log"], ["Reason", "DateTime"], ["INV", datetime(2025, 3, 1, 14, 5)]]
    rows += [["Total loss vehicle", None], [None, None]]
    notes = ["Total: 32", "Page 2 of 9", "* redacted by counsel", "Note: LEARN only"]
    reading = read(book({"Audit": [*rows, *([note, None] for note in notes)]}), **ME)
    assert reading.tables["searches"]["reason_text"].tolist() == ["INV", "Total loss vehicle"]
    assert count_skipped(reading.report) == {"note": 4} and reading.report.rows_in == 6
    assert "no-times" in reading.report.list_codes()


@pytest.mark.parametrize(
    "header", [["No.", "Organization Name"], ["Organization Name", "State"], ["Agency", "City", "State"]]
)
def test_what_is_beside_a_name(book, header):
    """The names are read from their own column, wherever it is; city and state go with them, a number is
    dropped.
    """
    known = {"No.": "x", "State": "ZZ", "City": "Chino"}
    rows = [[known.get(column, name) for column in header] for name in ("Chino PD ", "Brea PD")]
    reading = read(book({"S": [["Detections Shared"], header, *rows]}), **ME)
    table = reading.tables["sharing"]
    assert table["to_agency_as_printed"].tolist() == ["Chino PD", "Brea PD"]
    assert reading.report.columns_dropped == [name for name in header if name == "No."]
    for column, field in (("State", "state_as_printed"), ("City", "city_as_printed")):
        assert set(table[field].dropna()) == ({known[column]} if column in header else set())


# By hand: the third of April and the 25th of April, where a 25 says that the month comes first.
SPLIT = [["04/03/2025", "09:05"], ["04/25/2025", "23:59"]]


@pytest.mark.parametrize("header", [("Date", "Time"), ("Date of Search", "Time of Search")])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_date_and_time_in_two_columns(tmp_path, header, kind):
    """Day and time of day are joined; the rows decide the order of day and month by the days alone."""
    rows = [[*header, "Reason", "User", "Plate"], *([*when, REASON, OFFICER, PLATE] for when in SPLIT)]
    path = tmp_path / f"log.{kind}"
    write_csv(path, rows) if kind == "csv" else write_book(path, {"Audit": rows})
    reading = read(path, **UTC)
    moments = [datetime(2025, 4, 3, 9, 5), datetime(2025, 4, 25, 23, 59)]
    assert reading.tables["searches"]["searched_at"].tolist() == moments
    assert "day-order" in reading.report.list_codes()
    assert set(reading.report.columns_dropped) == {"User", "Plate"}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_dates_whose_order_is_open(tmp_path, kind):
    """The order that one of the dates decides holds for all; without such a date it is asked for."""

    def write(*days: str):
        rows = [["Reason", "DateTime"], *([REASON, f"{day}/2025 10:00"] for day in days)]
        path = tmp_path / f"log.{kind}"
        return write_csv(path, rows) if kind == "csv" else write_book(path, {"Audit": rows})

    assert list_times(write("03/04", "03/25"), **UTC)[0] == datetime(2025, 3, 4, 10)
    assert list_times(write("03/04", "25/03"), **UTC)[0] == datetime(2025, 4, 3, 10)
    assert refuse(write("03/04"), **UTC).asks_for == ("day_first",)
    assert list_times(write("03/04"), day_first=True, **UTC) == [datetime(2025, 4, 3, 10)]


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("2025-04-03", "9:05 AM"),
        ("4/3/2025", "9:05AM"),
        ("Apr 3, 2025", "09:05:00"),
        ("3-Apr-25", "9:05"),
        ("4/3/25", "09:05"),
    ],
)
def test_ways_of_writing_day_and_time(tmp_path, day, hour):
    """All of them are the third of April, five past nine."""
    path = write_csv(tmp_path / "log.csv", [["Date", "Time", "Reason"], [day, hour, REASON]])
    assert list_times(path, day_first=False, **UTC) == [datetime(2025, 4, 3, 9, 5)]


def test_cells_of_days_and_hours_of_a_workbook(book):
    """A date cell and a time cell, and a serial number that nobody formatted, are one moment each."""
    days = [datetime(2025, 4, 3), 45750]  # 45750 days after 1899-12-30
    rows = [["Date", "Time", "Reason"], *([day, time(9, 5), REASON] for day in days)]
    assert list_times(book({"Audit": rows}), **UTC) == [datetime(2025, 4, 3, 9, 5)] * 2


def test_a_log_of_days(tmp_path):
    """Days without times stand at their beginning, and the report says so; a log that is asked about asks
    once.
    """
    rows = [["Date", "Agency", "Purpose"], ["2025-04-03", "Brea CA PD", REASON]]
    path = write_csv(tmp_path / "log.csv", rows)
    reading = read(path, **UTC)
    assert reading.tables["searches"]["searched_at"].tolist() == [datetime(2025, 4, 3)]
    assert "days-only" in reading.report.list_codes()
    assert list(inspect_file(path).details["needed"]) == ["time_zone"]


@pytest.mark.parametrize("header", [["Agency", "Date"], ["Organization", "State", "Date"]])
def test_an_agency_and_a_day_are_no_search(tmp_path, header):
    """The day on which sharing with an agency began makes no log of it; the day of a search does."""
    cells = {"State": "ZZ", "Date": "2025-03-01"}
    rows = [[cells.get(column, name) for column in header] for name in ("Brea CA PD", "Chino CA PD")]
    reading = read(write_csv(tmp_path / "a.csv", [header, *rows]), section="detections_shared", **WHO)
    assert list(reading.tables) == ["sharing"]
    told = [["Agency", "Search Date"], ["Brea CA PD", "2025-03-01"]]
    assert list(read(write_csv(tmp_path / "b.csv", told), **UTC).tables) == ["searches"]


def test_a_reason_with_many_semicolons_hides_no_log(tmp_path):
    """What separates columns is told by most rows, not by the widest."""
    reasons = ["a; b; c | d | e | f", "g", "h"]
    rows = [[f"2025-01-0{day} 10:00", reason] for day, reason in enumerate(reasons, 1)]
    path = write_csv(tmp_path / "a.csv", [["DateTime", "Reason"], *rows])
    assert read(path, **UTC).tables["searches"]["reason_text"].tolist() == reasons


def test_two_columns_of_one_field_are_named_with_the_file(tmp_path):
    """The error says in which file."""
    rows = [["DateTime", "Timestamp", "Reason"], ["2025-01-01 10:00", "x", "y"]]
    assert refuse(write_csv(tmp_path / "a.csv", rows), **UTC).place == "a.csv, line 1"
