"""Workbooks that a clerk put together: sheets taken for what they hold, and logs of days and hours."""

from datetime import datetime, time

import pytest

from made.tables import OFFICER, PLATE, REASON, count_skipped, read, refuse, write_book, write_csv
from sidedoor.ingest import inspect_file

WHO = {"reported_by": "Irvine CA PD", "as_of": "2025-03-10"}
ME = {**WHO, "time_zone": "America/Los_Angeles", "measure": "searches"}
UTC = {"reported_by": "Irvine CA PD", "time_zone": "UTC"}
NAMES = [["ORGANIZATION NAME"], ["Chino CA PD "], ["Brea CA PD"]]
SECTIONS = ["detections_shared", "detections_received", "hot_lists_shared", "hot_lists_received"]
SHEETS = {
    "Request": [["Please provide the lists A1 to A4"], ["and the log"]],
    **{f"A{number}": NAMES for number in (1, 2, 3, 4)},
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


def write_rows(folder, rows: list[list], kind: str = "csv"):
    """Write rows as a text or as a sheet."""
    path = folder / f"log.{kind}"
    return write_csv(path, rows) if kind == "csv" else write_book(path, {"Sheet1": rows})


def list_times(path, **options) -> list[datetime]:
    """Read a log, and list its times."""
    return read(path, **{**UTC, **options}).tables["searches"]["searched_at"].tolist()


def test_sheets_are_taken_for_what_they_hold(tmp_path):
    """Log, months and users are found by their columns; lists that do not say their direction are set aside
    with a hint. Wall-clock times become UTC, odd hours are counted; a figure for each month and year, and
    `-`, blanks and totals apart.
    """
    reading = read(write_book(tmp_path / "clerk.xlsx", SHEETS), **ME)
    report, log, table = reading.report, reading.tables["searches"], reading.tables["volumes"]
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
    assert table[["period_start", "period_end", "value"]].to_numpy().tolist() == [
        ["2025-01-01", "2025-01-31", 10.0],
        ["2024-01-01", "2024-01-31", 1234.0],
        ["2024-02-01", "2024-02-29", 7.0],
        ["2024-03-01", "2024-03-31", 1000.0],
    ]
    assert set(table["measure"]) == {"searches"} and set(table["scope"]) == {"sheet 9"}
    aside = {part.reason: (part.place, part.rows_n) for part in report.set_aside}
    for reason, place in (("none printed (-)", "B3"), ("empty", "B4"), ("a total", "B5")):
        assert aside[reason] == (f"sheet 9 {place}", 2 if reason == "a total" else 1)


def test_what_a_workbook_needs_to_be_told(tmp_path):
    """Spreadsheets keep no zone; a list with a direction has an agency whose it is, and a date."""
    error = refuse(write_book(tmp_path / "a.xlsx", SHEETS), **WHO)
    assert error.asks_for == ("time_zone",) and "sheet 8 row 2" in error.place
    path = write_book(tmp_path / "b.xlsx", {"List": [["Networks shared with me"], *NAMES]})
    assert refuse(path).asks_for == ("reported_by",)
    assert refuse(path, reported_by="Irvine CA PD").asks_for == ("as_of",)


def test_a_mapping_tells_the_directions(tmp_path):
    """With sections told, names become edges the right way round; a sheet that is not there is refused."""
    path, book = tmp_path / "irvine.toml", write_book(tmp_path / "clerk.xlsx", SHEETS)
    told = [f'[sheets."A{number}"]\nsection = "{name}"' for number, name in enumerate(SECTIONS, 1)]
    told += ['[sheets."OtherAgencies"]\nmeasure = "searches"\nscope = "access by other agencies"']
    path.write_text("\n".join(['table = "workbook"', *told, '[sheets."Request"]\nskip = true']))
    reading = read(book, mapping=path, **ME)
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
    error = refuse(book, mapping=path, **ME)
    assert error.code == "no-sheet" and "OtherAgencies" in error.way_out


def test_notes_and_totals_in_a_log_are_no_searches(tmp_path):
    """What stands alone, without a time, and reads like a total, a page or a note, is set aside."""
    rows = [["Audit log"], ["Reason", "DateTime"], ["INV", datetime(2025, 3, 1, 14, 5)]]
    rows += [["Total loss vehicle", None], [None, None]]
    notes = ["Total: 32", "Page 2 of 9", "* redacted by counsel", "Note: LEARN only"]
    reading = read(write_rows(tmp_path, [*rows, *([note, None] for note in notes)], "xlsx"), **ME)
    assert reading.tables["searches"]["reason_text"].tolist() == ["INV", "Total loss vehicle"]
    assert count_skipped(reading.report) == {"note": 4} and reading.report.rows_in == 6
    assert "no-times" in reading.report.list_codes()


@pytest.mark.parametrize("header", [("Date", "Time"), ("Date of Search", "Time of Search")])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_date_and_time_in_two_columns(tmp_path, header, kind):
    """Day and time of day are joined. By hand: the 25th of April says that the month comes first."""
    moments = [["04/03/2025", "09:05"], ["04/25/2025", "23:59"]]
    rows = [[*header, "Reason", "User", "Plate"], *([*when, REASON, OFFICER, PLATE] for when in moments)]
    reading = read(write_rows(tmp_path, rows, kind), **UTC)
    found = [datetime(2025, 4, 3, 9, 5), datetime(2025, 4, 25, 23, 59)]
    assert reading.tables["searches"]["searched_at"].tolist() == found
    assert "day-order" in reading.report.list_codes()
    assert set(reading.report.columns_dropped) == {"User", "Plate"}


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("2025-04-03", "9:05 AM"),
        ("4/3/2025", "9:05AM"),
        ("Apr 3, 2025", "09:05:00"),
        ("3-Apr-25", "9:05"),
        (datetime(2025, 4, 3), time(9, 5)),
        (45750, time(9, 5)),  # 45750 days after 1899-12-30, which nobody formatted
    ],
)
def test_ways_of_writing_day_and_time(tmp_path, day, hour):
    """All of them are the third of April, five past nine."""
    rows = [["Date", "Time", "Reason"], [day, hour, REASON]]
    path = write_rows(tmp_path, rows, "csv" if isinstance(day, str) else "xlsx")
    assert list_times(path, day_first=False) == [datetime(2025, 4, 3, 9, 5)]


def test_a_log_of_days(tmp_path):
    """Days without times stand at their beginning, and the report says so; the zone is asked for once."""
    path = write_rows(tmp_path, [["Date", "Agency", "Purpose"], ["2025-04-03", "Brea CA PD", REASON]])
    reading = read(path, **UTC)
    assert reading.tables["searches"]["searched_at"].tolist() == [datetime(2025, 4, 3)]
    assert "days-only" in reading.report.list_codes()
    assert list(inspect_file(path).details["needed"]) == ["time_zone"]


@pytest.mark.parametrize(
    ("header", "row", "table"),
    [
        (["Agency", "Date"], ["Brea CA PD", "2025-03-01"], "sharing"),  # when sharing with it began
        (["Organization", "State", "Date"], ["Brea CA PD", "ZZ", "2025-03-01"], "sharing"),
        (["Agency", "Search Date"], ["Brea CA PD", "2025-03-01"], "searches"),
        (["DateTime", "Reason"], ["2025-01-01 10:00", "a; b; c | d | e | f"], "searches"),  # two columns
    ],
)
def test_what_a_table_is_taken_for(tmp_path, header, row, table):
    """An agency and a day are no search; what separates columns is told by most rows, not by the widest."""
    path = write_rows(tmp_path, [header, row, [cell.replace("Brea", "Chino") for cell in row]])
    more = {"section": "detections_shared", **WHO} if table == "sharing" else UTC
    assert list(read(path, **more).tables) == [table]


def test_tables_that_are_refused(tmp_path):
    """Other things are not claimed; two columns of one field are named with the file."""
    assert refuse(write_rows(tmp_path, [["Item", "Price"], ["Pen", 3]], "xlsx")).code == "unknown-layout"
    rows = [["DateTime", "Timestamp", "Reason"], ["2025-01-01 10:00", "x", "y"]]
    assert refuse(write_rows(tmp_path, rows), **UTC).place == "log.csv, line 1"
