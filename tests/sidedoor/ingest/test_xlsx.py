"""Sheets as cells of text with their kind."""

import zipfile
from datetime import date, datetime, time

import pytest
import xlsxwriter

from helpers.errors import IngestError
from sidedoor.ingest import _xlsx_child, inspect_file
from sidedoor.ingest.source import FileLimits, ReadOptions, open_source
from sidedoor.ingest.xlsx import convert_serial, read_workbook


@pytest.fixture
def book(tmp_path):
    """Write sheets, a dict of name to rows, and read them."""

    def make(sheets: dict, limits: FileLimits | None = None, hide: str = "", start=(0, 0), **options):
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(
            path, {"strings_to_formulas": False, "strings_to_urls": False, **options}
        ) as workbook:
            day = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            for name, rows in sheets.items():
                sheet = workbook.add_worksheet(name)
                if name == hide:
                    sheet.hide()
                for y, row in enumerate(rows, start[0]):
                    for x, cell in enumerate(row, start[1]):
                        if isinstance(cell, (datetime, date, time)):
                            sheet.write_datetime(y, x, cell, day)
                        elif cell is not None:
                            sheet.write(y, x, cell)
        return read_workbook(open_source(path, limits))

    return make


def test_cells_are_text(book):
    """Numbers without `.0`, dates as ISO, booleans as words, text as it is."""
    sheet = book(
        {"S": [["0012345", "NA", 7, 2.5, True, datetime(2025, 3, 9, 2, 30, 1), None, "end"]]}
    ).sheets[0]
    assert sheet.rows == [["0012345", "NA", "7", "2.5", "true", "2025-03-09 02:30:01", "", "end"]]
    assert sheet.kinds == ["ttnnbd_t"]


def test_times_are_rounded(book):
    """A time that the workbook stores a fraction of a second short of is the second that was meant."""
    moment = datetime(2019, 3, 13, 14, 29, 45, 600_000)
    assert book({"S": [[moment]]}).sheets[0].rows == [["2019-03-13 14:29:46"]]
    times = [
        datetime(2025, 1, 1, hour, minute, second)
        for hour in range(24)
        for minute in (0, 7, 59)
        for second in (0, 59)
    ]
    rows = book({"S": [[moment] for moment in times]}).sheets[0].rows
    assert [cell for (cell,) in rows[1:]] == [moment.isoformat(" ") for moment in times[1:]]
    # a workbook does not tell midnight from a day without a time
    assert rows[0] == ["2025-01-01"]


def test_serials():
    """43537.604 is 2019-03-13 14:29:46, as measured from the real workbooks; other numbers are refused."""
    assert convert_serial("43537.604") == datetime(2019, 3, 13, 14, 29, 46)
    assert convert_serial("43537") == datetime(2019, 3, 13)
    assert convert_serial("42075.604", date_1904=True) == datetime(2019, 3, 13, 14, 29, 46)
    for text in ("x", "", "nan", "inf", "-5", "1e9"):
        with pytest.raises(IngestError) as caught:
            convert_serial(text)
        assert caught.value.code == "no-date"


def test_the_other_epoch(book):
    """A workbook of an old Mac counts from 1904: its dates come out right, and it says so."""
    found = book({"S": [[datetime(2025, 3, 9, 12)]]}, date_1904=True)
    assert found.date_1904
    assert found.sheets[0].rows == [["2025-03-09 12:00:00"]]


def test_sheets_and_places(book):
    """Sheets come in order, hidden ones marked; cells know where they stand."""
    found = book({"One": [["a", "b"], ["c", "d"]], "Two": [["x"]]}, hide="Two", start=(2, 26))
    assert [(sheet.name, sheet.is_hidden) for sheet in found.sheets] == [("One", False), ("Two", True)]
    one = found.sheets[0]
    assert (one.first_row, one.first_column) == (3, 27)
    assert one.locate(1, 1) == "sheet 1 AB4"
    assert list(one) == [(3, ["a", "b"]), (4, ["c", "d"])]
    assert not found.date_1904


def test_empty_sheets(book):
    """An empty sheet among others is one without rows; a workbook of empty sheets is refused."""
    found = book({"Empty": [], "Full": [["x"]]})
    assert [len(sheet.rows) for sheet in found.sheets] == [0, 1]
    with pytest.raises(IngestError) as caught:
        book({"Empty": []})
    assert caught.value.code == "empty"


def test_formulas_are_values(tmp_path):
    """Of a formula the stored value is read, and it is never worked out."""
    path = tmp_path / "formula.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_worksheet("S").write_formula(0, 0, '=HYPERLINK("http://x")', value="shown")
    assert read_workbook(open_source(path)).sheets[0].rows == [["shown"]]


def test_cells_are_capped(book):
    """A rectangle of more cells than are taken is refused before it is read."""
    with pytest.raises(IngestError) as caught:
        book({"S": [["x"] * 11] * 10}, FileLimits(cells_n=100))
    assert caught.value.code == "too-large"
    assert len(book({"S": [["x"] * 10] * 10}, FileLimits(cells_n=100)).sheets[0].rows) == 10


def write_cell(path, cell: bytes):
    """Write a workbook whose cell A2 is given as it lies in its file."""
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("S")
        sheet.write_column(0, 0, ["Agency", 4711, "Mock PD"])
    with zipfile.ZipFile(path) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert parts[name].count(b'<c r="A2"><v>4711</v></c>') == 1
    parts[name] = parts[name].replace(b'<c r="A2"><v>4711</v></c>', cell)
    with zipfile.ZipFile(path, "w") as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="A2"><f>B2&amp;" PD"</f></c>',
        b'<c r="A2"><f>B2</f><v></v></c>',
        b'<c r="A2" s="1"><f t="shared" si="0"/><v/></c>',
    ],
)
@pytest.mark.parametrize("part", [1 << 20, 7, 64])
def test_formulas_without_results_are_refused(tmp_path, monkeypatch, cell, part):
    """A program that writes formulas and works none out leaves cells that read as empty: the name would be
    lost.
    """
    monkeypatch.setattr(_xlsx_child, "PART", part)
    path = write_cell(tmp_path / "a.xlsx", cell)
    caps = {"members": 99, "unpacked": 1 << 30, "ratio": 99, "cells": 99}
    with pytest.raises(IngestError) as caught:
        _xlsx_child.check_workbook(path, "a.xlsx", caps)
    assert caught.value.code == "formulas"
    empty = write_cell(tmp_path / "b.xlsx", b'<c r="A2" t="str"><f>IF(B2,B2,"")</f><v></v></c>')
    assert _xlsx_child.check_workbook(empty, "b.xlsx", caps)[0]["errors_n"] == 0


def test_errors_in_cells_are_said(tmp_path):
    """#N/A is no empty cell, though nothing of it can be read."""
    path = write_cell(tmp_path / "a.xlsx", b'<c r="A2" t="e"><f>VLOOKUP(B2,C:C,1)</f><v>#N/A</v></c>')
    report = inspect_file(
        path, ReadOptions(reported_by="Town CA PD", as_of="2025-01-01", section="detections_shared")
    )
    assert report.rows_out == 1 and "cell-errors" in report.list_codes()
