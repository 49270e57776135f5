"""Sheets of a workbook as cells of text, read in a child process under limits."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import Source
from sidedoor.sandbox import run_limited


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. Reports name it by its number: names of tabs are of no vendor."""

    name: str
    is_hidden: bool
    first_row: int  # where the cells begin, counted from 1
    first_column: int
    # Cells as text: whole numbers without `.0`, dates as `YYYY-MM-DD HH:MM:SS`, or `YYYY-MM-DD` for midnight
    # and for days without a time (a workbook does not keep these apart), empty as ``""``. Merged cells are
    # filled downwards.
    rows: list[list[str]]
    number: int = 1  # position of the tab
    odd: dict[str, int] = field(default_factory=dict)  # how many of what is odd, by code

    @property
    def label(self) -> str:
        """Name the sheet by its position."""
        return f"sheet {self.number}"

    def name_row(self, number: int | str) -> str:
        """Name a row."""
        return f"{self.label} row {number}"

    def locate(self, row: int, column: int) -> str:
        """Name a cell, `rows[row][column]`: `sheet 1 B7`."""
        return f"{self.label} {name_column(self.first_column + column)}{self.first_row + row}"

    def count_rows(self) -> int:
        """Count the rows that hold something."""
        return sum(any(cell.strip() for cell in cells) for cells in self.rows)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Give each row with its number in the sheet."""
        yield from enumerate(self.rows, self.first_row)


def name_column(number: int) -> str:
    """Turn 1, 2, ... into the letters of a column."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# What a person should know of a sheet, by code: what is counted, and what became of it.
_SAID = {
    "cell-errors": (
        "cell",
        "with an error such as #N/A and no value, read as empty: ask for the file as it was",
    ),
    "hidden-rows": ("hidden row", "read like others: it may not be meant for release"),
    "hidden-columns": ("hidden column", "read like others: it may not be meant for release"),
    "struck": ("struck-through cell", "read like others: it may not be meant"),
    "merged-cells": ("cell", "below the first of merged cells, filled with its value"),
}


@dataclass(frozen=True)
class Workbook:
    """Sheets in the order of their tabs."""

    sheets: list[Sheet]
    date_1904: bool  # from when serial numbers count

    def describe(self, report: Report) -> None:
        """Write into the report what a person should know of the workbook."""
        if len(self.sheets) > 1 or self.sheets[0].name.casefold() not in ("sheet", "sheet1"):
            report.private["sheet"] = {sheet.number: sheet.name for sheet in self.sheets}
        for sheet in self.sheets:
            if sheet.is_hidden:
                report.warn("hidden-sheet", f"{sheet.label} is hidden: it may not be meant for release.")
            for code in sheet.odd:
                what, rest = _SAID[code]
                add = report.note if code == "merged-cells" else report.warn
                add(code, f"{sheet.label}: {say_number(sheet.odd[code], what)} {rest}.")


def read_workbook(source: Source) -> Workbook:
    """Read all sheets of a workbook, once. A damaged one, or one beyond the limits, is refused."""
    if "workbook" in source.cache:
        return source.cache["workbook"]
    caps = {"unpacked": source.limits.workbook_bytes, "cells": source.limits.cells_n}
    arguments = {"path": str(source.path.resolve()), "name": source.name, "caps": caps}
    # a sheet of a million rows is no attack
    box = replace(source.limits.sandbox, output_bytes=source.limits.sandbox.output_bytes * 8)
    try:
        parts = run_limited("sidedoor.ingest._xlsx_child:read_sheets", arguments, box, place=source.name)
    except IngestError as error:
        if error.code in ("over-limit", "parser-crashed"):
            way_out = "A stray cell far out may be the cause: delete empty columns, or save the sheet as CSV."
            raise error.change(way_out=way_out) from None
        raise
    sheets: list[Sheet] = []
    for part in parts[1:]:
        if "name" in part:
            sheets.append(Sheet(**part, rows=[], number=len(sheets) + 1))
        else:
            sheets[-1].rows.extend(part["rows"])
            if part["filled_n"]:
                sheets[-1].odd["merged-cells"] = sheets[-1].odd.get("merged-cells", 0) + part["filled_n"]
    if not any(sheet.rows for sheet in sheets):
        found = "a workbook without a single filled cell"
        raise IngestError(source.name, found, "Ask for the file again.", code="empty")
    source.cache["workbook"] = Workbook(sheets, parts[0]["date_1904"])
    return source.cache["workbook"]


def show_serial(text: str, date_1904: bool = False) -> str:
    """Write a serial number of a spreadsheet as a time without zone, to the nearest second.

    `43537.604` becomes `2019-03-13 14:29:46`: five digits after the point are not seconds, so it is rounded.
    What is no number stays as it is, and so does a number outside the years 1990 to 2200, which is no date.
    """
    try:
        start = datetime(1904, 1, 1) if date_1904 else datetime(1899, 12, 30)
        found = start + timedelta(seconds=round(float(text) * 86_400))
    except (ValueError, OverflowError):
        return text
    return found.isoformat(" ") if 1990 <= found.year <= 2200 else text
