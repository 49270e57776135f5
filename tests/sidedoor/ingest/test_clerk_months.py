"""Figures by month in a clerk's table: down and across, in every way of writing a month."""

from datetime import date

import pytest

from made.tables import OFFICER, count_skipped, read, refuse, write_book, write_csv

ME = {"reported_by": "Exampleton ZZ PD"}


def read_rows(folder, rows: list[list], **options):
    """Read rows of a text."""
    return read(write_csv(folder / "m.csv", rows), **ME, **options)


def list_figures(folder, rows: list[list], *columns: str, **options) -> list:
    """Read rows of a text, and list some columns of their figures."""
    return read_rows(folder, rows, **options).tables["volumes"][[*columns]].to_numpy().tolist()


@pytest.mark.parametrize(
    ("month", "texts"),
    [
        ("2025-01-01", "Jan 2025|January 2025|january, 2025|2025-01|2025/1|01/2025|1-2025|Jan-25|2025-01-01"),
        ("2024-02-01", "Feb '24|2024 February|February\u00a02024|Feb. 2024"),
        ("2024-09-01", "Sept. 2024"),
        ("", "2025-03-15|3/1/2025|2025|Q1 2025|13/2025|Total 2025|FY 2025|May"),
    ],
)
def test_ways_of_writing_a_month(tmp_path, month, texts):
    """A month needs its year; a day within a month, a quarter and a fiscal year are none."""
    labels = texts.split("|")
    known = [[f"{name} 2001", 1] for name in ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep")]
    rows = [["Month", "Searches"], *known, *([label, 2] for label in labels)]
    found = list_figures(tmp_path, rows, "period_start", "value")
    assert [start for start, value in found if value == 2] == ([month] * len(labels) if month else [])


@pytest.mark.parametrize("form", ["%b %Y", "%Y-%m", "%b-%y"])
def test_months_that_run_down(tmp_path, form):
    """Each figure stands under what it counts (2024 has a 29th of February); a printed total is compared."""
    rows = [[date(2024, month, 1).strftime(form), f"{month},000", month] for month in (1, 2)]
    reading = read_rows(tmp_path, [["Month", "Plates Read", "Hot list hits"], *rows, ["Total", "3,000", 4]])
    columns = ["measure", "value", "period_start", "period_end", "scope"]
    assert reading.tables["volumes"][columns].to_numpy().tolist() == [
        ["detections", 1000.0, "2024-01-01", "2024-01-31", "Plates Read"],
        ["hits", 1.0, "2024-01-01", "2024-01-31", "Hot list hits"],
        ["detections", 2000.0, "2024-02-01", "2024-02-29", "Plates Read"],
        ["hits", 2.0, "2024-02-01", "2024-02-29", "Hot list hits"],
    ]
    assert [(part.place, part.code) for part in reading.report.set_aside] == [("line 4, column B", "total")]
    assert [text.code for text in reading.report.warnings] == ["wrong-total"]  # hits: 4 printed, 1 + 2 added
    assert reading.report.rows_in == 6


def test_month_and_year_in_two_columns_and_dates_of_a_workbook(tmp_path):
    """January and 2025 side by side are one month; so is the day that a spreadsheet made of `Jan 2025`."""
    down = [["Year", "Month", "Searches"], [2025, "January", 5], [2025, 2, 6], [None, "March", 7]]
    reading = read(write_book(tmp_path / "a.xlsx", {"S": down}), **ME)
    assert reading.tables["volumes"]["period_end"].tolist() == ["2025-01-31", "2025-02-28"]
    assert count_skipped(reading.report) == {"no-month": 1}
    days = [["Month", "Queries", "Note"], *([date(2025, month, 1), month, ""] for month in (1, 2, 3))]
    table = read(write_book(tmp_path / "b.xlsx", {"S": days}), **ME).tables["volumes"]
    assert table["value"].tolist() == [1, 2, 3] and set(table["measure"]) == {"searches"}


def test_what_is_counted_is_asked_where_nothing_says_it(tmp_path):
    """A column Count needs --measure; a title, a sheet or the column itself answers as well."""
    rows = [["Month", "Count"], ["Jan 2025", 7], ["Feb 2025", 8]]
    error = refuse(write_csv(tmp_path / "m.csv", rows), **ME)
    assert (error.place, error.code, error.asks_for) == ("m.csv, line 1", "no-measure", ("measure",))
    assert list_figures(tmp_path, rows, "measure", measure="hits") == [["hits"], ["hits"]]
    assert refuse(tmp_path / "m.csv", measure="reads", **ME).code == "wrong-value"
    wide = [["Month", "2025", "2024"], ["January", 3, "-"]]
    assert refuse(write_csv(tmp_path / "w.csv", wide), **ME).code == "no-measure"
    two = [["Searches and hits", "", ""], *wide]
    assert refuse(write_csv(tmp_path / "t.csv", two), **ME).code == "no-measure"
    titled = [["Number of searches", "", ""], *wide]
    found = list_figures(tmp_path, titled, "measure", "scope")
    assert found == [["searches", "Number of searches"]]


@pytest.mark.parametrize(
    "rows",
    [
        [["Month", "Visitors", "Price"], ["Jan 2025", 1, 2]],
        [["Date", "Searches"], ["2025-01-02", 1], ["2025-01-03", 2]],
        [["Month", "Searches"], ["east", 1], ["west", 2]],
        [["Date", "2025"], ["x", 1]],
        [["Period", "Searches"], ["Jan 06", 1], ["Jan 13", 2], ["Jan 20", 3], ["Feb 03", 4]],
        [["Month", "FY 2025"], ["July", 1], ["August", 2]],
        [["Date", "Searches"], ["01/01/2025", 1], ["02/01/2025", 2], ["03/01/2025", 3]],
    ],
)
def test_other_tables_are_left_alone(tmp_path, rows):
    """Figures of other things, days, rows that are no months, weeks of one January (not Januaries of 2006 and
    2013), fiscal years (July of which may be of the year before) and 02/01 (of February or of January) are no
    months.
    """
    assert refuse(write_csv(tmp_path / "x.csv", rows), **ME).code == "unknown-layout"


@pytest.mark.parametrize(
    ("rows", "starts"),
    [
        ([["Period", "Searches"], ["Dec 24", 1], ["Jan 25", 2]], ["2024-12-01", "2025-01-01"]),
        ([["Year", "Month", "Searches"], [2024, "Jan", 1], [2025, "Jan", 2]], ["2024-01-01", "2025-01-01"]),
        ([["Month", "FY 2025", "CY 2024"], ["July", 1, 2], ["Aug.", 3, 4]], ["2024-07-01", "2024-08-01"]),
    ],
)
def test_years_of_months(tmp_path, rows, starts):
    """Short years of months in a row, a column of years, and a calendar year beside a fiscal one."""
    assert list_figures(tmp_path, rows, "period_start", measure="searches") == [[start] for start in starts]


def test_months_that_stand_twice_are_said(tmp_path):
    """Both figures stay; nobody adds them unwarned."""
    reading = read_rows(
        tmp_path, [["Month", "Searches"], ["Jan 2025", 7], ["2025-01", 8], ["Feb 2025", "n/a"]]
    )
    assert reading.tables["volumes"]["value"].tolist() == [7, 8]
    assert "month-twice" in reading.report.list_codes()
    assert [part.reason for part in reading.report.set_aside] == ["not available"]


def test_rates_and_averages_are_no_figures_of_a_month(tmp_path):
    """They say the word that counts, and count something else; `per month` is what is asked for."""
    derived = ["Hit Rate (%)", "Average searches by month", "Searches YTD", "Searches per officer"]
    header = ["Month", "Hits", "Searches per month", *derived]
    rows = [[f"{month} 2025", 2, 7, 0.5, 3, 4, 5] for month in ("Jan", "Feb")]
    reading = read_rows(tmp_path, [header, *rows])
    figures = reading.tables["volumes"][["measure", "value"]].to_numpy().tolist()
    assert figures == [["hits", 2], ["searches", 7]] * 2
    assert [*reading.report.private["column"].values()] == derived


def test_parts_of_one_measure_are_told_apart(tmp_path):
    """Patrol, detectives and their total have scopes of their own, and nobody adds them unwarned."""
    header = ["Month", "Searches (patrol)", "Searches, all"]
    rows = [["Plate reader use", "", ""], header, ["Jan 2025", 1, 3], ["Feb 2025", 2, 5]]
    reading = read_rows(tmp_path, rows)
    assert set(reading.tables["volumes"]["scope"]) == {f"Plate reader use: {name}" for name in header[1:]}
    assert "same-measure" in reading.report.list_codes()


@pytest.mark.parametrize(
    "line",
    [
        f"Prepared by Sgt. {OFFICER} #4411",
        f"Contact: {OFFICER}",
        f"Dear Ms Roe, {OFFICER} " + "of our records unit has looked into this and found what follows. " * 3,
    ],
)
def test_who_made_the_table_is_in_no_scope(tmp_path, line):
    """`read` looks through the report; the table says what is counted and not by whom it was typed."""
    rows = [["Searches by month", ""], [line, ""], ["Month", "Count"], ["Jan 2025", 1], ["Feb 2025", 2]]
    assert list_figures(tmp_path, rows, "scope") == [["Searches by month"]] * 2
