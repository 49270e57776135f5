"""EFF's data sets: figures by year, four meanings of a missing figure kept apart, totals not counted."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made.tables import read, write_book, write_csv  # noqa: E402

HEADER = [
    "A. Agency", "B. State", "C. Direct Sharing", "D. NVLS", "E1. 2016 Detections", "E2. 2016 Hits",
    "F1. 2017 Detections", "F2. 2017 Hits",
    "G1. 2016-2017 Detections", "G2. 2016-2017 Hits", "H. All Time Detections", "H2. All Time Hits",
    "R1. Data Sharing Link",
    "R2. 2016 Hit Ratio Report", "R3. 2017 Hit Ratio Report", "R4. 2016 Detection Report",
    "R5. 2016 Hit Report",
    "R6. 2017 Detection Report", "R7. 2017 Hit Report", "R8. Combined Detection/Hit Data",
]  # fmt: skip
ROWS = [
    ["Alpha Police Department", "CA", "160", "Y", "1,000*", "5", "2,000", "6", "3,000", "11", "n/a", "n/a",
    *["link"] * 8],
    ["Forest Service", "US", "0", "", "n/a", "Not Provided", "Data Incomplete",
    "See Austin Police Department",
     "See: Cincinnati Police Department", "", "7", "8", *[""] * 8],
    ["Gamma Police", "TX", "Not Provided", "N", *["Not Provided"] * 6, "?", "", *[""] * 8],
]  # fmt: skip


def test_figures_by_year(tmp_path):
    """Each figure is a row with its years; all-time figures leave their period open; a star is a part of the period."""
    reading = read(write_csv(tmp_path / "dd1.csv", [HEADER, *ROWS]))
    table, report = reading.tables["volumes"], reading.report
    assert (report.family, report.rows_in, report.rows_out) == ("EFF Data Driven 1", 24, 8)
    alpha = table[table["reported_by"] == "Alpha Police Department"]
    assert alpha["value"].tolist() == [1000, 5, 2000, 6, 3000, 11]
    assert alpha["measure"].tolist() == ["detections", "hits"] * 3
    assert alpha["period_start"].tolist() == ["2016-01-01"] * 2 + ["2017-01-01"] * 2 + ["2016-01-01"] * 2
    assert alpha["period_end"].tolist() == ["2016-12-31"] * 2 + ["2017-12-31"] * 4
    assert alpha["scope"].tolist()[:2] == ["2016, part of the period (*)", "2016"]
    ever = table[table["scope"] == "All Time"]
    assert ever["value"].tolist() == [7, 8]
    assert ever["period_start"].isna().all()


def test_meanings_of_a_missing_figure(tmp_path):
    """n/a, not provided, incomplete and reported elsewhere are four facts, and a blank a fifth."""
    report = read(write_csv(tmp_path / "dd1.csv", [HEADER, *ROWS])).report
    counts = {part.reason.split(":")[0]: part.rows_n for part in report.set_aside}
    assert counts == {
        "n/a": 3,
        "Not Provided": 7,
        "Data Incomplete": 1,
        "See": 2,
        "blank": 2,
        "not a number": 1,
    }
    assert report.details["missing"]["E2. 2016 Hits"] == {"Not Provided: the agency provided no records": 2}
    assert report.details["see"]["Forest Service"] == "Cincinnati Police Department"


def test_recipients_and_pool(tmp_path):
    """Direct sharing is a degree, kept in the details with its own missing cells; so is the NVLS flag; US is no state."""
    report = read(write_csv(tmp_path / "dd1.csv", [HEADER, *ROWS])).report
    assert report.details["direct_sharing"] == {"Alpha Police Department": 160, "Forest Service": 0}
    assert report.details["direct_sharing_missing"] == {"Not Provided: the agency provided no records": 1}
    assert report.details["direct_sharing_summary"]["mean"] == 80.0
    assert report.details["nvls"] == {"Y": 1, "blank": 1, "N": 1}
    assert report.details["states"]["Forest Service"] == "US"
    assert any("State US" in text for text in report.notes)
    assert report.columns_dropped == HEADER[12:]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("G1. 2016-2017 Detections", "G1. Combined Detections"),
        ("F2. 2017 Hits", "F2.2017 Hits"),
        ("H. All Time Detections", "H1. All Time Detections"),
    ],
)
def test_headers_of_the_description(tmp_path, old, new):
    """EFF's own description spells some columns otherwise: they mean the same."""
    header = [new if name == old else name for name in HEADER]
    first = read(write_csv(tmp_path / "a.csv", [HEADER, *ROWS])).tables["volumes"].drop(columns="source_id")
    other = read(write_csv(tmp_path / "b.csv", [header, *ROWS])).tables["volumes"].drop(columns="source_id")
    assert first.equals(other)


TWO = ["0. Notes", "1. CPRA Link", "2. EFF Ref", "3. Agency", "4a. Hit Ratio (Percent that are hits)",
"8. State", "9a. 2018 Detections",
       "9b. 2018 Hits", "10a. 2019 Detections", "10b. 2019 Hits", "13a. 30 Day Scans (Flock)",
       "13b. 30 Day Hits (Flock)"]  # fmt: skip
SHEETS = {
    "Main Sheet wFormulas": [
        TWO, ["", "u", "CAALPR000", "Alpha PD", 0.1, "CA", 100, 1, 200, 2, None, None],
        ["", "u", "CAALPR001", "Beta PD", 0.1, "CA", 300, 3, None, None, 2957671, 2012],
    ],
    "LEAs 2018-2019 Hit Ratio ": [
        ["2. EFF Ref", "3. Agency", "9a. 2018 Detections", "9b. 2018 Hits"],
        ["CAALPR000", "Alpha PD", 100, 1], ["CAALPR001", "Beta PD", 301, 3], [None, None, 401, 4],
    ],
    "Notes": [["A sentence"]],
}  # fmt: skip


def test_a_workbook_counts_each_figure_once(tmp_path):
    """Figures that another sheet repeats are set aside, the row of totals too; a difference is warned of."""
    reading = read(write_book(tmp_path / "dd2.xlsx", SHEETS))
    table, report = reading.tables["volumes"], reading.report
    assert report.family == "EFF Data Driven 2"
    assert table["value"].tolist() == [100, 1, 200, 2, 300, 3, 2957671, 2012]
    assert table[table["scope"] == "30 Day"]["period_end"].isna().all()
    counts = {part.reason: part.rows_n for part in report.set_aside}
    assert counts["a row without EFF Ref: a total, or no agency"] == 2
    assert counts["repeats an agency's figure from another sheet"] == 4
    assert counts["a sheet without figures by agency"] == 1
    assert any("differ between sheets: 1." in text for text in report.warnings)
    assert report.details["agencies_n"] == 2


def test_a_total_that_does_not_add_up(tmp_path):
    """The totals row of a sheet is compared with its rows."""
    sheets = {"Hits": [*SHEETS["LEAs 2018-2019 Hit Ratio "][:3], [None, None, 999, 4]]}
    reading = read(write_book(tmp_path / "dd2.xlsx", sheets))
    assert any("is 999, its rows add up to 401" in text for text in reading.report.warnings)
    assert reading.report.rows_out == 4
