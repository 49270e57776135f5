"""Sheets of a workbook as cells of text with their kind, read in a child process under limits."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import Source
from sidedoor.sandbox import Limits, run_limited

# One letter a cell says what the workbook stored.
KINDS = {
    "t": "text",
    "n": "number",
    "d": "date",
    "h": "time of day or duration",
    "b": "true or false",
    "_": "empty",
}


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook.

    Attributes
    ----------
    name, number
        As on its tab, and the position of the tab from 1. Reports name sheets by their numbers: names are of
        no vendor.
    is_hidden
        It does not show in the program.
    first_row, first_column
        Where the cells begin, counted from 1.
    rows
        Cells as text: whole numbers without `.0`, dates as `YYYY-MM-DD HH:MM:SS`, or `YYYY-MM-DD` for
        midnight and for days without a time (a workbook does not keep these apart), empty as ``""``. Merged
        cells are filled downwards.
    kinds
        For each row a string with one letter of `KINDS` a cell.
    odd
        Numbers of hidden_rows, hidden_columns and struck cells.
    """

    name: str
    is_hidden: bool
    first_row: int
    first_column: int
    rows: list[list[str]]
    kinds: list[str]
    number: int = 1
    odd: dict[str, int] = field(default_factory=dict)

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


@dataclass(frozen=True)
class Workbook:
    """Sheets in the order of their tabs; `date_1904` says from when serial numbers count.

    Of `errors_n` cells nothing but an error such as #N/A is stored: they are read as empty. `filled_n` cells
    took the value of the merged cell that they belong to.
    """

    sheets: list[Sheet]
    date_1904: bool
    errors_n: int = 0
    filled_n: int = 0

    def describe(self, report: Report) -> None:
        """Write into the report what a person should know of the workbook."""
        if len(self.sheets) > 1 or self.sheets[0].name.casefold() not in ("sheet", "sheet1"):
            report.private["sheet"] = {sheet.number: sheet.name for sheet in self.sheets}
        if self.errors_n:
            said = say_number(self.errors_n, "cell of the workbook holds", "cells of the workbook hold")
            text = (
                f"{said} an error such as #N/A or #REF!, and no value: read as empty. Ask for the "
                "file as it was before."
            )
            report.warn("cell-errors", text)
        if self.filled_n:
            said = say_number(self.filled_n, "cell")
            report.note("merged-cells", f"{said} below the first of merged cells: filled with its value.")
        for sheet in self.sheets:
            if sheet.is_hidden:
                report.warn("hidden-sheet", f"{sheet.label} is hidden: it may not be meant for release.")
            for what, code in (
                ("hidden_rows", "hidden row"),
                ("hidden_columns", "hidden column"),
                ("struck", "cell struck through"),
            ):
                if count := sheet.odd.get(what):
                    said = say_number(count, code, "cells struck through" if what == "struck" else "")
                    report.warn(
                        what.replace("_", "-"),
                        f"{sheet.label}: {said}: they may not be meant, and are read like others.",
                    )


def read_workbook(source: Source) -> Workbook:
    """Read all sheets of a workbook. The result is kept with the source.

    Raises
    ------
    IngestError
        It is damaged, or beyond the limits (parts, size unpacked, cells, memory, time).
    """
    if "workbook" not in source.cache:
        limits = source.limits
        arguments = {
            "path": str(source.path.resolve()),
            "name": source.name,
            "members_cap": limits.members_n,
            "unpacked_cap": limits.workbook_bytes,
            "ratio_cap": limits.ratio,
            "cells_cap": limits.cells_n,
        }
        box = limits.sandbox
        # a sheet of a million rows is no attack
        wide = Limits(**{**vars(box), "output_bytes": box.output_bytes * 8})
        facts, *parts = run_limited(
            "sidedoor.ingest._xlsx_child:read_sheets", arguments, wide, place=source.name
        )
        sheets: list[Sheet] = []
        filled_n = 0
        for part in parts:
            if "name" in part:
                sheets.append(Sheet(**part, rows=[], kinds=[], number=len(sheets) + 1))
            else:
                sheets[-1].rows.extend(part["rows"])
                sheets[-1].kinds.extend(part["kinds"])
                filled_n += part["filled_n"]
        if not any(sheet.rows for sheet in sheets):
            found = "a workbook without a single filled cell"
            raise IngestError(source.name, found, "Ask for the file again.", code="empty")
        source.cache["workbook"] = Workbook(sheets, **facts, filled_n=filled_n)
    return source.cache["workbook"]


def convert_serial(text: str, date_1904: bool = False) -> datetime:
    """Turn a serial number of a spreadsheet into a time without zone, to the nearest second.

    `43537.604` becomes 2019-03-13 14:29:46: five digits after the point are not seconds, so it is rounded.

    Raises
    ------
    IngestError
        It is no number, or lies outside the years 1901 to 2200.
    """
    try:
        days = float(text)
        start = datetime(1904, 1, 1) if date_1904 else datetime(1899, 12, 30)
        found = start + timedelta(seconds=round(days * 86_400))
    except (ValueError, OverflowError):
        found = None
    if found is None or not 1901 <= found.year <= 2200:
        raise IngestError(
            "a date cell",
            "a number that is no date",
            "Format the column as a date and save it anew.",
            code="no-date",
        )
    return found
