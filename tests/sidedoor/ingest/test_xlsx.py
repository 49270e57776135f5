"""Sheets as cells of text."""

import itertools
from datetime import date, datetime, time

import pytest

from helpers.errors import IngestError
from made.refusal import refused
from made.tables import write_book, write_parts
from sidedoor.ingest import _xlsx_child, inspect_file
from sidedoor.ingest.source import ReadOptions, open_source
from sidedoor.ingest.xlsx import read_workbook, show_serial


@pytest.fixture
def book(tmp_path):
    """Write sheets, a dict of name to rows, and read them."""
    path = tmp_path / "book.xlsx"
    return lambda sheets, **options: read_workbook(open_source(write_book(path, sheets, **options)))


def test_cells_are_text(book):
    """Numbers without `.0`, dates as ISO to the nearest second, booleans as words, text as it is."""
    row = ["0012345", "NA", 7, 2.5, True, datetime(2025, 3, 9, 2, 30, 1), None, time(10, 8), "end"]
    shown = ["0012345", "NA", "7", "2.5", "true", "2025-03-09 02:30:01", "", "10:08:00", "end"]
    assert book({"S": [row]}).sheets[0].rows == [shown]
    days = [datetime(2025, 1, 1, *parts) for parts in itertools.product(range(24), (7, 59), (0, 59))]
    odd = [datetime(2019, 3, 13, 14, 29, 45, 600_000), date(2025, 1, 1)]
    cells = [cell for (cell,) in book({"S": [[moment] for moment in [*odd, *days]]}).sheets[0].rows]
    assert cells == ["2019-03-13 14:29:46", "2025-01-01", *(moment.isoformat(" ") for moment in days)]
    assert book({"S": [[datetime(2025, 3, 9, 12)]]}, date_1904=True).date_1904


@pytest.mark.parametrize(
    ("text", "date_1904", "shown"),
    [
        ("43537.604", False, "2019-03-13 14:29:46"),  # as measured from the real workbooks
        ("42075.604", True, "2019-03-13 14:29:46"),
        ("43537", False, "2019-03-13 00:00:00"),
        *((text, False, text) for text in ("x", "", "nan", "inf", "-5", "1e9", "1400", "2025")),
    ],
)
def test_serials(text, date_1904, shown):
    """A number in a column of times is a date; what cannot be one stays as it is."""
    assert show_serial(text, date_1904) == shown


def test_sheets_and_places(book):
    """Sheets come in order, hidden ones marked, empty ones without rows; cells know where they are."""
    far = [None] * 26
    sheets = {"One": [[], [], [*far, "a", "b"], [*far, "c", "d"]], "Two": [["x"]], "Empty": []}
    found = book(sheets, hide="Two")
    about = [(sheet.name, sheet.is_hidden, len(sheet.rows)) for sheet in found.sheets]
    assert about == [("One", False, 2), ("Two", True, 1), ("Empty", False, 0)]
    one = found.sheets[0]
    assert (one.first_row, one.first_column, one.locate(1, 1)) == (3, 27, "sheet 1 AB4")
    assert list(one) == [(3, ["a", "b"]), (4, ["c", "d"])] and not found.date_1904
    with refused("empty", IngestError):
        book({"Empty": []})


def write_cell(path, cell: str):
    """Write a workbook whose cell A2 is given as it is in its file."""
    agency, mock = (f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in ("Agency", "Mock PD"))
    return write_parts(path, f"<row r='1'>{agency}</row><row r='2'>{cell}</row><row r='3'>{mock}</row>")


@pytest.mark.parametrize("part", [1 << 20, 7])
@pytest.mark.parametrize(
    ("cell", "is_refused"),
    [
        ('<c r="A2"><f>B2&amp;" PD"</f></c>', True),
        ('<c r="A2"><f>B2</f><v></v></c>', True),
        ('<c r="A2" s="1"><f t="shared" si="0"/><v/></c>', True),
        ('<c r="A2" t="str"><f>IF(B2,B2,"")</f><v></v></c>', False),
    ],
)
def test_formulas_without_results_are_refused(tmp_path, monkeypatch, cell, is_refused, part):
    """A program that writes formulas and works none out leaves cells that read as empty: the name would be
    lost. It is found wherever the file is cut for reading.
    """
    monkeypatch.setattr(_xlsx_child, "PART", part)
    path = write_cell(tmp_path / "a.xlsx", cell)
    if not is_refused:
        assert _xlsx_child.check_parts(path, "a.xlsx", 1 << 30) == (False, {"S": {}})
        return
    with refused("formulas", IngestError):
        _xlsx_child.check_parts(path, "a.xlsx", 1 << 30)


def test_formulas_are_values_and_errors_are_said(tmp_path):
    """Of a formula the stored value is read, and it is never worked out; #N/A is no empty cell."""
    path = write_cell(tmp_path / "a.xlsx", '<c r="A2" t="str"><f>HYPERLINK("http://x")</f><v>shown</v></c>')
    assert read_workbook(open_source(path)).sheets[0].rows == [["Agency"], ["shown"], ["Mock PD"]]
    path = write_cell(tmp_path / "a.xlsx", '<c r="A2" t="e"><f>VLOOKUP(B2,C:C,1)</f><v>#N/A</v></c>')
    options = ReadOptions(reported_by="Town CA PD", as_of="2025-01-01", section="detections_shared")
    report = inspect_file(path, options)
    assert report.rows_out == 1 and "cell-errors" in report.list_codes()
