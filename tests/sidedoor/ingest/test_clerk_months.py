"""Figures by month in a clerk's table: down and across, in every way of writing a month."""

from datetime import date

import pytest

from made.tables import OFFICER, count_skipped, read, refuse, write_book, write_csv
from sidedoor.ingest.clerk_months import find_measure, read_month

ME = {"reported_by": "Exampleton ZZ PD"}
WAYS = {
    (2025, 1): "Jan 2025|January 2025|january, 2025|2025-01|2025/1|01/2025|1-2025|Jan-25|2025-01-01|1/1/2025",
    (2024, 2): "Feb '24|2024 February|February\u00a02024|Feb. 2024",
    (2024, 9): "Sept. 2024",
    None: "2025-03-15|3/15/2025|2025|Q1 2025|13/2025|Total 2025|FY 2025|May|",
}


@pytest.mark.parametrize(("month", "texts"), WAYS.items())
def test_ways_of_writing_a_month(month, texts):
    """A month needs its year; a day within a month, a quarter and a fiscal year are none."""
    assert {text: read_month(text) for text in texts.split("|")} == dict.fromkeys(texts.split("|"), month)


def read_figures(path, *columns: str, **options) -> list:
    """Read a file, and list some columns of its figures."""
    return read(path, **ME, **options).tables["volumes"][[*columns]].to_numpy().tolist()


@pytest.mark.parametrize("form", ["%b %Y", "%Y-%m", "%b-%y"])
def test_months_that_run_down(tmp_path, form):
    """Each figure stands under what it counts; days of the period by the calendar (2024 has a 29th of
    February).
    """
    rows = [[date(2024, month, 1).strftime(form), f"{month},000", month] for month in (1, 2)]
    header = ["Month", "Plates Read", "Hot list hits"]
    reading = read(write_csv(tmp_path / "m.csv", [header, *rows, ["Total", "3,000", 4]]), **ME)
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
    """January and 2025 side by side are one month; so is the first day of a month that a spreadsheet made of
    `Jan 2025`.
    """
    down = [["Year", "Month", "Searches"], [2025, "January", 5], [2025, 2, 6], [None, "March", 7]]
    reading = read(write_book(tmp_path / "a.xlsx", {"S": down}), **ME)
    assert reading.tables["volumes"]["period_end"].tolist() == ["2025-01-31", "2025-02-28"]
    assert count_skipped(reading.report) == {"no-month": 1}
    days = [["Month", "Queries", "Note"], *([date(2025, month, 1), month, ""] for month in (1, 2, 3))]
    path = write_book(tmp_path / "b.xlsx", {"S": days})
    assert read_figures(path, "value", "measure") == [[1, "searches"], [2, "searches"], [3, "searches"]]


def test_what_is_counted_is_asked_where_nothing_says_it(tmp_path):
    """A column Count needs --measure; a title, a sheet or the column itself answers as well."""
    path = write_csv(tmp_path / "m.csv", [["Month", "Count"], ["Jan 2025", 7], ["Feb 2025", 8]])
    error = refuse(path, **ME)
    assert (error.place, error.code, error.asks_for) == ("m.csv, line 1", "no-measure", ("measure",))
    assert read_figures(path, "measure", measure="hits") == [["hits"], ["hits"]]
    assert refuse(path, measure="reads", **ME).code == "wrong-value"
    wide = [["Month", "2025", "2024"], ["January", 3, "-"]]
    assert refuse(write_csv(tmp_path / "w.csv", wide), **ME).code == "no-measure"
    titled = write_csv(tmp_path / "t.csv", [["Number of searches", "", ""], *wide])
    assert read_figures(titled, "measure", "scope") == [["searches", "Number of searches"]]
    assert find_measure(["Searches and hits"]) is None and find_measure(["Scans"]) == "detections"


@pytest.mark.parametrize(
    "rows",
    [
        [["Month", "Visitors", "Price"], ["Jan 2025", 1, 2]],
        [["Date", "Searches"], ["2025-01-02", 1], ["2025-01-03", 2]],
        [["Month", "Searches"], ["east", 1], ["west", 2]],
        [["Date", "2025"], ["x", 1]],
        [["Period", "Searches"], ["Jan 06", 1], ["Jan 13", 2], ["Jan 20", 3], ["Feb 03", 4]],
    ],
)
def test_other_tables_are_left_alone(tmp_path, rows):
    """Figures of other things, days, rows that are no months and weeks of one January (not Januaries of 2006
    and 2013) are not taken for months.
    """
    assert refuse(write_csv(tmp_path / "x.csv", rows), **ME).code == "unknown-layout"


def test_months_that_stand_twice_are_said(tmp_path):
    """Both figures stay; nobody adds them unwarned."""
    rows = [["Month", "Searches"], ["Jan 2025", 7], ["2025-01", 8], ["Feb 2025", "n/a"]]
    reading = read(write_csv(tmp_path / "m.csv", rows), **ME)
    assert reading.tables["volumes"]["value"].tolist() == [7, 8]
    assert "month-twice" in reading.report.list_codes()
    assert [part.reason for part in reading.report.set_aside] == ["not available"]


def test_short_years_of_months_in_a_row(tmp_path):
    """Dec 24, Jan 25 are two months in a row; a year column leaves no doubt."""
    months = [["Period", "Searches"], ["Nov 24", 1], ["Dec 24", 2], ["Jan 25", 3]]
    starts = read_figures(write_csv(tmp_path / "m.csv", months), "period_start")
    assert starts == [["2024-11-01"], ["2024-12-01"], ["2025-01-01"]]
    sorted_ = [["Year", "Month", "Searches"], [2024, "Jan", 1], [2025, "Jan", 2], [2024, "Feb", 3]]
    assert read_figures(write_csv(tmp_path / "s.csv", sorted_), "value") == [[1], [2], [3]]


def test_first_days_whose_order_is_open(tmp_path):
    """01/01, 02/01, 03/01 are three months or three days of January: asked for, unless a row or the person
    decides.
    """
    rows = [["Date", "Searches"], ["01/01/2025", 1], ["02/01/2025", 2], ["03/01/2025", 3]]
    path = write_csv(tmp_path / "d.csv", rows)
    assert refuse(path, **ME).asks_for == ("day_first",)
    months = [["2025-01-01"], ["2025-02-01"], ["2025-03-01"]]
    assert read_figures(path, "period_start", day_first=False) == months
    days = read(path, day_first=True, **ME)
    assert days.tables["volumes"]["value"].tolist() == [1] and days.report.rows_in == 3
    decided = [
        ["Date", "Searches"],
        ["01/01/2025", 1],
        ["01/02/2025", 2],
        ["01/03/2025", 3],
        ["15/03/2025", 9],
    ]
    assert read_figures(write_csv(tmp_path / "b.csv", decided), "period_start") == months


def test_rates_and_averages_are_no_figures_of_a_month(tmp_path):
    """They say the word that counts, and count something else; `per month` is what is asked for."""
    derived = ["Hit Rate (%)", "Average searches per day", "Searches YTD", "Searches per officer"]
    rows = [["Month", "Hits", *derived], ["Jan 2025", 2, 0.5, 3, 4, 5], ["Feb 2025", 6, 0.5, 3, 4, 5]]
    reading = read(write_csv(tmp_path / "m.csv", rows), **ME)
    assert reading.tables["volumes"][["measure", "value"]].to_numpy().tolist() == [["hits", 2], ["hits", 6]]
    assert [*reading.report.private["column"].values()] == derived
    assert find_measure(["Searches per month"]) == "searches"
    assert find_measure(["Average searches by month"]) is None


def test_parts_of_one_measure_are_told_apart(tmp_path):
    """Patrol, detectives and their total have scopes of their own, and nobody adds them unwarned."""
    header = ["Month", "Searches (patrol)", "Searches, all"]
    rows = [["Plate reader use", "", ""], header, ["Jan 2025", 1, 3], ["Feb 2025", 2, 5]]
    reading = read(write_csv(tmp_path / "m.csv", rows), **ME)
    scopes = {f"Plate reader use: {name}" for name in header[1:]}
    assert set(reading.tables["volumes"]["scope"]) == scopes
    assert "same-measure" in reading.report.list_codes()


@pytest.mark.parametrize(
    "line",
    [
        f"Prepared by Sgt. {OFFICER} #4411",
        f"Contact: {OFFICER}",
        f"Lt. {OFFICER}",
        f"Dear Ms Roe, {OFFICER} " + "of our records unit has looked into this and found what follows. " * 3,
    ],
)
def test_who_made_the_table_is_in_no_scope(tmp_path, line):
    """`read` looks through the report; the table says what is counted and not by whom it was typed."""
    rows = [["Searches by month", ""], [line, ""], ["Month", "Count"], ["Jan 2025", 1], ["Feb 2025", 2]]
    assert read_figures(write_csv(tmp_path / "m.csv", rows), "scope") == [["Searches by month"]] * 2
