"""Figures by month in a clerk's table: down and across, in every way of writing a month."""

import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made.tables import OFFICER, read, refuse, write_book, write_csv  # noqa: E402
from sidedoor.ingest.clerk_months import find_measure, read_month  # noqa: E402

ME = {"reported_by": "Exampleton ZZ PD"}


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("Jan 2025", (2025, 1)),
        ("January 2025", (2025, 1)),
        ("january, 2025", (2025, 1)),
        ("Sept. 2024", (2024, 9)),
        ("2025-01", (2025, 1)),
        ("2025/1", (2025, 1)),
        ("01/2025", (2025, 1)),
        ("1-2025", (2025, 1)),
        ("Dec-24", (2024, 12)),
        ("Feb '24", (2024, 2)),
        ("2024 February", (2024, 2)),
        ("2025-03-01", (2025, 3)),
        ("3/1/2025", (2025, 3)),
        ("March\u00a02025", (2025, 3)),
        ("2025-03-15", None),
        ("3/15/2025", None),
        ("2025", None),
        ("Q1 2025", None),
        ("13/2025", None),
        ("Total 2025", None),
        ("FY 2025", None),
        ("May", None),
        ("", None),
    ],
)
def test_ways_of_writing_a_month(text, month):
    """A month needs its year; a day within a month, a quarter and a fiscal year are none."""
    assert read_month(text) == month


@pytest.mark.parametrize("form", ["%b %Y", "%B %Y", "%Y-%m", "%b-%y", "%m/%Y"])
def test_months_that_run_down(tmp_path, form):
    """Each figure stands under what it counts; days of the period by the calendar (2024 has a 29th of
    February).
    """
    rows = [[date(2024, month, 1).strftime(form), f"{month},000", month] for month in (1, 2)]
    path = write_csv(
        tmp_path / "m.csv", [["Month", "Plates Read", "Hot list hits"], *rows, ["Total", "3,000", 4]]
    )
    reading = read(path, **ME)
    table = reading.tables["volumes"]
    assert table[["measure", "value", "period_start", "period_end", "scope"]].to_numpy().tolist() == [
        ["detections", 1000.0, "2024-01-01", "2024-01-31", "Plates Read"],
        ["hits", 1.0, "2024-01-01", "2024-01-31", "Hot list hits"],
        ["detections", 2000.0, "2024-02-01", "2024-02-29", "Plates Read"],
        ["hits", 2.0, "2024-02-01", "2024-02-29", "Hot list hits"],
    ]
    assert [(part.place, part.reason) for part in reading.report.set_aside] == [
        ("line 4, column B", "a total")
    ]
    assert "the printed total of Hot list hits is 4, its months add up to 3." in " ".join(
        reading.report.warnings
    )
    assert reading.report.rows_in == 6


def test_month_and_year_in_two_columns_and_dates_of_a_workbook(tmp_path):
    """January and 2025 side by side are one month; so is the first day of a month that a spreadsheet made of
    `Jan 2025`.
    """
    down = [["Year", "Month", "Searches"], [2025, "January", 5], [2025, 2, 6], [None, "March", 7]]
    reading = read(write_book(tmp_path / "a.xlsx", {"S": down}), **ME)
    assert reading.tables["volumes"]["period_end"].tolist() == ["2025-01-31", "2025-02-28"]
    assert [part.reason for part in reading.report.set_aside] == ["a row that is no month"]
    days = [["Month", "Queries", "Note"], *([date(2025, month, 1), month, ""] for month in (1, 2, 3))]
    table = read(write_book(tmp_path / "b.xlsx", {"S": days}), **ME).tables["volumes"]
    assert table["value"].tolist() == [1, 2, 3] and set(table["measure"]) == {"searches"}


def test_what_is_counted_is_asked_where_nothing_says_it(tmp_path):
    """A column Count needs --measure; a title, a sheet or the column itself answers as well."""
    path = write_csv(tmp_path / "m.csv", [["Month", "Count"], ["Jan 2025", 7], ["Feb 2025", 8]])
    error = refuse(path, **ME)
    assert (error.place, error.found) == (
        "m.csv, line 1",
        "figures by month, and nothing says what column 'Count' counts",
    )
    assert (error.code, error.asks_for) == ("no-measure", ("measure",))
    assert set(read(path, measure="hits", **ME).tables["volumes"]["measure"]) == {"hits"}
    assert refuse(path, measure="reads", **ME).code == "wrong-value"
    wide = [["Month", "2025", "2024"], ["January", 3, "-"]]
    assert "'2025' counts" in refuse(write_csv(tmp_path / "w.csv", wide), **ME).found
    titled = read(write_csv(tmp_path / "t.csv", [["Number of searches", "", ""], *wide]), **ME).tables[
        "volumes"
    ]
    assert titled[["measure", "scope"]].to_numpy().tolist() == [["searches", "Number of searches"]]
    assert find_measure(["Searches and hits"]) is None and find_measure(["Scans"]) == "detections"


@pytest.mark.parametrize(
    "rows",
    [
        [["Month", "Visitors", "Price"], ["Jan 2025", 1, 2]],
        [["Date", "Searches"], ["2025-01-02", 1], ["2025-01-03", 2]],
        [["Month", "Searches"], ["east", 1], ["west", 2]],
        [["Date", "2025"], ["x", 1]],
    ],
)
def test_other_tables_are_left_alone(tmp_path, rows):
    """Figures of other things, days, and rows that are no months are not taken for months."""
    assert "no reader knows" in refuse(write_csv(tmp_path / "x.csv", rows), **ME).found


def test_months_that_stand_twice_are_said(tmp_path):
    """Both figures stay; nobody adds them unwarned."""
    path = write_csv(
        tmp_path / "m.csv", [["Month", "Searches"], ["Jan 2025", 7], ["2025-01", 8], ["Feb 2025", "n/a"]]
    )
    reading = read(path, **ME)
    assert len(reading.tables["volumes"]) == 2 and "1 months stand" not in " ".join(reading.report.warnings)
    assert "1 month stands there more than once" in " ".join(reading.report.warnings)
    assert [part.reason for part in reading.report.set_aside] == ["not available"]


def test_days_of_a_month_are_no_years(tmp_path):
    """`Jan 06, Jan 13` are weeks of one January, not Januaries of 2006 and 2013; Dec 24, Jan 25 are two
    months in a row.
    """
    weeks = [["Period", "Searches"], ["Jan 06", 1], ["Jan 13", 2], ["Jan 20", 3], ["Feb 03", 4]]
    assert "no reader knows" in refuse(write_csv(tmp_path / "w.csv", weeks), **ME).found
    months = [["Period", "Searches"], ["Nov 24", 1], ["Dec 24", 2], ["Jan 25", 3]]
    starts = read(write_csv(tmp_path / "m.csv", months), **ME).tables["volumes"]["period_start"].tolist()
    assert starts == ["2024-11-01", "2024-12-01", "2025-01-01"]
    sorted_ = [["Year", "Month", "Searches"], [2024, "Jan", 1], [2025, "Jan", 2], [2024, "Feb", 3]]
    assert len(read(write_csv(tmp_path / "s.csv", sorted_), **ME).tables["volumes"]) == 3


def test_first_days_whose_order_is_open(tmp_path):
    """01/01, 02/01, 03/01 are three months or three days of January: asked for, unless a row or the person
    decides.
    """
    rows = [["Date", "Searches"], ["01/01/2025", 1], ["02/01/2025", 2], ["03/01/2025", 3]]
    path = write_csv(tmp_path / "d.csv", rows)
    assert "--month-first or --day-first" in refuse(path, **ME).way_out
    assert read(path, day_first=False, **ME).tables["volumes"]["period_start"].tolist() == [
        "2025-01-01",
        "2025-02-01",
        "2025-03-01",
    ]
    days = read(path, day_first=True, **ME)
    assert days.tables["volumes"]["value"].tolist() == [1] and days.report.rows_in == 3
    british = [
        ["Date", "Searches"],
        ["01/01/2025", 1],
        ["01/02/2025", 2],
        ["01/03/2025", 3],
        ["15/03/2025", 9],
    ]
    table = read(write_csv(tmp_path / "b.csv", british), **ME).tables["volumes"]
    assert table["period_end"].tolist() == ["2025-01-31", "2025-02-28", "2025-03-31"]


def test_rates_and_averages_are_no_figures_of_a_month(tmp_path):
    """They say the word that counts, and count something else; `per month` is what is asked for."""
    header = [
        "Month",
        "Hits",
        "Hit Rate (%)",
        "Average searches per day",
        "Searches YTD",
        "Searches per officer",
    ]
    reading = read(
        write_csv(tmp_path / "m.csv", [header, ["Jan 2025", 2, 0.5, 3, 4, 5], ["Feb 2025", 6, 0.5, 3, 4, 5]]),
        **ME,
    )
    assert reading.tables["volumes"][["measure", "value"]].to_numpy().tolist() == [["hits", 2], ["hits", 6]]
    assert [*reading.report.private["column"].values()] == header[2:]
    assert (
        find_measure(["Searches per month"]) == "searches"
        and find_measure(["Average searches by month"]) is None
    )


def test_parts_of_one_measure_are_told_apart(tmp_path):
    """Patrol, detectives and their total have scopes of their own, and nobody adds them unwarned."""
    rows = [
        ["Plate reader use", "", ""],
        ["Month", "Searches (patrol)", "Searches, all"],
        ["Jan 2025", 1, 3],
        ["Feb 2025", 2, 5],
    ]
    reading = read(write_csv(tmp_path / "m.csv", rows), **ME)
    assert sorted(set(reading.tables["volumes"]["scope"])) == [
        "Plate reader use: Searches (patrol)",
        "Plate reader use: Searches, all",
    ]
    assert "'Searches (patrol)' and 'Searches, all' all count searches" in " ".join(reading.report.warnings)


@pytest.mark.parametrize(
    "line",
    [
        f"Prepared by Sgt. {OFFICER} #4411",
        f"Contact: {OFFICER}",
        f"Exported for {OFFICER}",
        f"Lt. {OFFICER}",
        f"Dear Ms Roe, {OFFICER} " + "of our records unit has looked into this and found what follows. " * 3,
    ],
)
def test_who_made_the_table_is_in_no_scope(tmp_path, line):
    """`read` looks through the report; the table says what is counted and not by whom it was typed."""
    rows = [["Searches by month", ""], [line, ""], ["Month", "Count"], ["Jan 2025", 1], ["Feb 2025", 2]]
    assert set(read(write_csv(tmp_path / "m.csv", rows), **ME).tables["volumes"]["scope"]) == {
        "Searches by month"
    }
