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
    odd: dict[str, int] = field(default_factory=dict)  # numbers of hidden_rows, hidden_columns, struck cells

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


# What does not show, or is struck through, is read like the rest, and the report says so.
_NOT_MEANT = {"hidden_rows": "hidden row", "hidden_columns": "hidden column", "struck": "struck-through cell"}


@dataclass(frozen=True)
class Workbook:
    """Sheets in the order of their tabs."""

    sheets: list[Sheet]
    date_1904: bool  # from when serial numbers count
    errors_n: int = 0  # cells in which nothing but an error such as #N/A is stored: read as empty
    filled_n: int = 0  # cells that took the value of the merged cell that they belong to

    def describe(self, report: Report) -> None:
        """Write into the report what a person should know of the workbook."""
        if len(self.sheets) > 1 or self.sheets[0].name.casefold() not in ("sheet", "sheet1"):
            report.private["sheet"] = {sheet.number: sheet.name for sheet in self.sheets}
        if self.errors_n:
            said = say_number(self.errors_n, "cell of the workbook holds", "cells of the workbook hold")
            text = f"{said} an error such as #N/A or #REF!, and no value: read as empty."
            report.warn("cell-errors", f"{text} Ask for the file as it was before.")
        if self.filled_n:
            said = say_number(self.filled_n, "cell")
            report.note("merged-cells", f"{said} below the first of merged cells: filled with its value.")
        for sheet in self.sheets:
            if sheet.is_hidden:
                report.warn("hidden-sheet", f"{sheet.label} is hidden: it may not be meant for release.")
            for what, name in _NOT_MEANT.items():
                if count := sheet.odd.get(what):
                    text = f"{sheet.label}: {say_number(count, name)}: may not be meant, read like others."
                    report.warn(what.replace("_", "-"), text)


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
    facts, *parts = parts
    sheets: list[Sheet] = []
    filled_n = 0
    for part in parts:
        if "name" in part:
            sheets.append(Sheet(**part, rows=[], number=len(sheets) + 1))
        else:
            sheets[-1].rows.extend(part["rows"])
            filled_n += part["filled_n"]
    if not any(sheet.rows for sheet in sheets):
        found = "a workbook without a single filled cell"
        raise IngestError(source.name, found, "Ask for the file again.", code="empty")
    source.cache["workbook"] = Workbook(sheets, **facts, filled_n=filled_n)
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
