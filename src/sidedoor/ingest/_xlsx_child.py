"""Reads a workbook inside the sandbox; never imported by the parent."""

import datetime
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

from helpers.errors import IngestError

PART = 1 << 20
ROWS = 5_000
# What is counted in the text of a sheet, as the parser passes it over: a formula whose result was not stored
# (an empty text would say `t="str"`), a cell that holds an error such as #N/A, what does not show.
_ODD = {
    "formulas": rb"<(?:\w+:)?c\s(?![^<>]*\bt=[\"']str)[^<>]*><(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v/>|<(?:\w+:)?v></(?:\w+:)?v>)?</",
    "cell-errors": rb"<(?:\w+:)?c\s[^<>]*?\bt=[\"']e[\"']",
    "hidden-rows": rb"<(?:\w+:)?row\s[^<>]*?\bhidden=[\"'](?:1|true)[\"']",
    "hidden-columns": rb"<(?:\w+:)?col\s[^<>]*?\bhidden=[\"'](?:1|true)[\"']",
}
_STRUCK = rb"<(?:\w+:)?c\s[^<>]*?\bs=[\"'](?:%s)[\"'][^<>]*(?<!/)>"
_DAMAGED = (zipfile.BadZipFile, ElementTree.ParseError, EOFError, OSError, RuntimeError, ValueError)
_SAVE = "Open it in a spreadsheet program, save it anew as .xlsx, and give that."
# Why a workbook is refused: by code what was found, and the way out.
_REFUSED = {
    "damaged": ("a damaged workbook, or one locked with a password", f"Download it again. {_SAVE}"),
    "part-names": ("parts whose names differ by case alone", _SAVE),
    "utf-16": ("a sheet in UTF-16", _SAVE),
    "formulas": ("formulas whose results were not stored ({:,}): they would be read as empty cells", _SAVE),
    "unpacks-too-far": ("parts that unpack to {:,} bytes", "Save the sheet that is needed as CSV."),
    "too-large": ("{:,} cells, more than are taken", "Delete empty rows and columns, or save it as CSV."),
}


def _refuse(code: str, place: str, value: int = 0) -> IngestError:
    found, way_out = _REFUSED[code]
    return IngestError(place, found.format(value), way_out, code=code)


def read_sheets(path: str, name: str, caps: dict[str, int]) -> Iterator[dict]:
    """Give a fact on the workbook, then for each sheet its name and place followed by parts of its rows.

    `caps` are numbers of `cells` and of bytes `unpacked`.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        date_1904, odd = check_parts(path, name, caps["unpacked"])
        yield {"date_1904": date_1904}
        workbook, cells_n = CalamineWorkbook.from_path(path), 0
        for about in workbook.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(about.name)
            cells_n += sheet.height * sheet.width
            if cells_n > caps["cells"]:
                raise _refuse("too-large", name, cells_n)
            row, column = sheet.start or (0, 0)
            yield {
                "name": about.name,
                "is_hidden": about.visible != SheetVisibleEnum.Visible,
                "first_row": row + 1,
                "first_column": column + 1,
                "odd": odd.get(about.name, {}),
            }
            yield from split_rows(sheet, row, column)
    except (CalamineError, *_DAMAGED):
        raise _refuse("damaged", name) from None


def split_rows(sheet, first_row: int, first_column: int) -> Iterator[dict]:
    """Give the rows of a sheet in parts, as texts; merged cells are filled downwards."""
    merged = {}
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
        if bottom > top and left >= first_column:
            merged.setdefault(top, []).append((left - first_column, bottom))
    rows, open_, filled_n = [], {}, 0
    # iter_rows gives the rows above the first filled one as well
    for number, cells in enumerate(sheet.iter_rows()):
        if number < first_row:
            continue
        texts = [show_cell(cell) for cell in cells]
        open_ = {at: (bottom, text) for at, (bottom, text) in open_.items() if number <= bottom}
        for at, (_, text) in open_.items():
            if not texts[at]:
                texts[at], filled_n = text, filled_n + 1
        for at, bottom in merged.get(number, ()):
            if at < len(texts) and texts[at]:
                open_[at] = (bottom, texts[at])
        rows.append(texts)
        if len(rows) == ROWS:
            yield {"rows": rows, "filled_n": filled_n}
            rows, filled_n = [], 0
    if rows:
        yield {"rows": rows, "filled_n": filled_n}


def show_cell(cell) -> str:
    """Write a cell as text: whole numbers without `.0`, midnight as a day."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        # rounded: serial numbers carry fractions of a second that nobody typed
        return (cell + datetime.timedelta(microseconds=500_000)).replace(microsecond=0).isoformat(" ")
    return cell.isoformat() if isinstance(cell, datetime.date) else str(cell)


def check_parts(path: str, name: str, cap: int) -> tuple[bool, dict[str, Counter]]:
    """Look through the parts of a workbook for what its parser passes over.

    Returns
    -------
    Whether it counts days from 1904, and for each sheet by name how many of what is odd in it.
    """
    with zipfile.ZipFile(path) as archive:
        members = {member.filename.lower(): member for member in archive.infolist()}
        if len(members) < len(archive.infolist()):
            raise _refuse("part-names", name)
        if (size := sum(member.file_size for member in members.values())) > cap:
            raise _refuse("unpacks-too-far", name, size)

        def parse(part: str) -> ElementTree.Element:
            return ElementTree.XML(archive.read(members[part]) if part in members else "<none/>")

        book, styles = parse("xl/workbook.xml"), find_struck_styles(parse("xl/styles.xml"))
        patterns = _ODD | ({"struck": _STRUCK % b"|".join(styles)} if styles else {})
        targets = {rel.get("Id"): rel.get("Target", "") for rel in parse("xl/_rels/workbook.xml.rels")}
        odd = {}
        for sheet in book.iterfind(".//{*}sheets/{*}sheet"):
            rel = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
            target = targets.get(rel, "")
            part = (target.lstrip("/") if target.startswith("/") else f"xl/{target}").lower()
            if part in members:
                with archive.open(members[part]) as file:
                    odd[sheet.get("name", "")] = count_odd(file, f"{name}, {part}", patterns)
    if formulas_n := sum(counts.pop("formulas", 0) for counts in odd.values()):
        raise _refuse("formulas", name, formulas_n)
    options = book.find("{*}workbookPr")
    return options is not None and options.get("date1904") in ("1", "true"), odd


def find_struck_styles(styles: ElementTree.Element) -> list[bytes]:
    """Find the numbers of cell styles whose font is struck through."""
    strikes = [font.find("{*}strike") for font in styles.iterfind("{*}fonts/{*}font")]
    struck = {
        str(at) for at, one in enumerate(strikes) if one is not None and one.get("val", "1") in ("1", "true")
    }
    formats = enumerate(styles.iterfind("{*}cellXfs/{*}xf"))
    return [str(at).encode() for at, form in formats if form.get("fontId") in struck]


def count_odd(part, place: str, patterns: dict[str, bytes]) -> Counter:
    """Count what is odd in the text of a sheet, which is cut after whole rows."""
    counts, rest, data = Counter(), b"", b"-"
    while data:
        data = part.read(PART)
        if b"\0" in data:  # its parser would read it as empty
            raise _refuse("utf-16", place)
        done, _, rest = (rest + data).rpartition(b"row>") if data else (rest, b"", b"")
        for what, pattern in patterns.items():
            counts[what] += len(re.findall(pattern, done))
    return +counts
