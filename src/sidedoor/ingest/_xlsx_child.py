"""Reads a workbook inside the sandbox; never imported by the parent."""

import datetime
import html
import re
import zipfile
from collections import Counter
from collections.abc import Iterator

from helpers.errors import IngestError

PART = 1 << 20
ROWS = 5_000
_STYLES_CAP = 8 << 20
# Parts that no reader needs, unless the workbook names them as sheets.
PASSED_OVER = ("xl/media/", "docprops/thumbnail", "xl/printersettings/", "xl/embeddings/", "customxml/")
# A filled cell and where it says it is; a cell that closes itself is empty and takes no room.
_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*[\"']\$?([A-Za-z]{1,3})\$?(\d{1,7})[\"'][^<>]*(?<!/)>"
)
# What is counted in the parts: a formula whose result was not stored (an empty text would say `t="str"`), a
# cell that holds an error such as #N/A, rows and columns that do not show.
_ODD = {
    "formulas": re.compile(
        rb"<(?:\w+:)?c\s(?![^<>]*\bt=[\"']str)[^<>]*><(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
        rb"(?:<(?:\w+:)?v/>|<(?:\w+:)?v></(?:\w+:)?v>)?</"
    ),
    "errors": re.compile(rb"<(?:\w+:)?c\s[^<>]*?\bt=[\"']e[\"']"),
    "hidden_rows": re.compile(rb"<(?:\w+:)?row\s[^<>]*?\bhidden=[\"'](?:1|true)[\"']"),
    "hidden_columns": re.compile(rb"<(?:\w+:)?col\s[^<>]*?\bhidden=[\"'](?:1|true)[\"']"),
}
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_STYLE = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\bs=[\"'](\d{1,6})[\"'][^<>]*(?<!/)>")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")
_SAVE = "Open it in a spreadsheet program, save it anew as .xlsx, and give that."
# Why a workbook is refused: code, what was found, and the way out.
_REFUSED = {
    "damaged": ("damaged", "a damaged workbook", _SAVE),
    "zip": ("damaged", "a damaged workbook (its ZIP does not open)", f"Download it again. {_SAVE}"),
    "parts": ("too-large", "{:,} parts, more than are taken", _SAVE),
    "names": ("part-names", "parts with names that no workbook has, or that differ by case alone", _SAVE),
    "locked": ("locked", "a workbook locked with a password", "Open it with it and save it without."),
    "formulas": (
        "formulas",
        "formulas whose results were not stored ({:,}): they would be read as empty cells",
        _SAVE,
    ),
    "bomb": (
        "unpacks-too-far",
        "parts that unpack to {:,} bytes, or to more than {:,} times their size",
        "A record does not shrink that much: save the sheet that is needed as CSV.",
    ),
    "wide": ("utf-16", "a part in UTF-16", _SAVE),
    "doctype": (
        "doctype",
        "a DOCTYPE or ENTITY declaration, which no workbook needs",
        "Do not open it: it was made to do harm.",
    ),
    "cells": (
        "too-large",
        "cells that span a rectangle of more than {:,}",
        "A stray cell far out may be the cause: delete empty rows and columns, or save the sheet as CSV.",
    ),
}


def _refuse(what: str, place: str, *values: int) -> IngestError:
    code, found, way_out = _REFUSED[what]
    return IngestError(place, found.format(*values), way_out, code=code)


def read_sheets(path: str, name: str, caps: dict[str, int]) -> Iterator[dict]:
    """Give facts on the workbook, then for each sheet its name and place followed by parts of its rows.

    `caps` are numbers of `members` and `cells`, bytes `unpacked`, and the `ratio` of unpacked to packed size.
    """
    facts, odd = check_workbook(path, name, caps)
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        workbook = CalamineWorkbook.from_path(path)
        yield facts
        for about in workbook.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(about.name)
            row, column = sheet.start or (0, 0)
            yield {
                "name": about.name,
                "is_hidden": about.visible != SheetVisibleEnum.Visible,
                "first_row": row + 1,
                "first_column": column + 1,
                "odd": odd.get(about.name, {}),
            }
            yield from split_rows(sheet, row, column)
    except CalamineError:
        raise _refuse("damaged", name) from None


def split_rows(sheet, first_row: int, first_column: int) -> Iterator[dict]:
    """Give the rows of a sheet in parts: texts, and a letter a cell that says its kind; merged cells are
    filled downwards.
    """
    merged = {}
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
        if bottom > top and left >= first_column:
            merged.setdefault(top, []).append((left - first_column, bottom))
    rows, kinds, open_, filled_n = [], [], {}, 0
    # iter_rows gives the rows above the first filled one as well
    for number, cells in enumerate(sheet.iter_rows()):
        if number < first_row:
            continue
        pairs = [show_cell(cell) for cell in cells]
        for at, (bottom, pair) in [*open_.items()]:
            if number > bottom:
                del open_[at]
            elif not pairs[at][0]:
                pairs[at], filled_n = pair, filled_n + 1
        for at, bottom in merged.get(number, ()):
            if at < len(pairs) and pairs[at][0]:
                open_[at] = (bottom, pairs[at])
        rows.append([text for text, _ in pairs])
        kinds.append("".join(kind for _, kind in pairs))
        if len(rows) == ROWS:
            yield {"rows": rows, "kinds": kinds, "filled_n": filled_n}
            rows, kinds, filled_n = [], [], 0
    if rows:
        yield {"rows": rows, "kinds": kinds, "filled_n": filled_n}


def show_cell(cell) -> tuple[str, str]:
    """Write a cell as text, and say what it was."""
    if isinstance(cell, str):
        return (cell, "t") if cell else ("", "_")
    if isinstance(cell, bool):
        return ("true" if cell else "false"), "b"
    if isinstance(cell, float):
        return (str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)), "n"
    if isinstance(cell, int):
        return str(cell), "n"
    if isinstance(cell, datetime.datetime):
        # rounded: serial numbers carry fractions of a second that nobody typed
        whole = (cell + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
        return whole.isoformat(" "), "d"
    if isinstance(cell, datetime.date):
        return cell.isoformat(), "d"
    return str(cell), "h"


def check_workbook(path: str, name: str, caps: dict[str, int]) -> tuple[dict, dict[str, dict]]:
    """Refuse a workbook before its parser sees it: by the ZIP's directory, then by the text of its parts.

    Returns
    -------
    Facts on the workbook, and for each sheet by name what is odd in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_members(members, name, caps)
            sheets, date_1904 = find_sheets(archive)
            struck = find_struck_styles(archive)
            cells_n, counts = 0, {}
            for member in members:
                part_name = member.filename.lower()
                if part_name.startswith(PASSED_OVER) and part_name not in sheets:
                    continue
                odd = counts[part_name] = Counter()
                with archive.open(member) as part:
                    cells_n += check_part(part, f"{name}, {member.filename}", caps["cells"], odd, struck)
                if cells_n > caps["cells"]:
                    raise _refuse("cells", name, caps["cells"])
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError):
        raise _refuse("zip", name) from None
    total = sum(counts.values(), Counter())
    if total["formulas"]:
        raise _refuse("formulas", name, total["formulas"])
    facts = {"date_1904": date_1904, "errors_n": total["errors"]}
    return facts, {sheet: dict(counts.get(part, {})) for part, sheet in sheets.items()}


def find_sheets(archive: zipfile.ZipFile) -> tuple[dict[str, str], bool]:
    """Find which part holds which sheet, in lower case, and whether days are counted from 1904."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}, False
    text = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    rels = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\s[^<>]*>", rels):
        given = dict(re.findall(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']", tag))
        target = given.get("Target", "")
        targets[given.get("Id")] = (target.lstrip("/") if target.startswith("/") else f"xl/{target}").lower()
    found = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^<>]*>", text):
        given = dict(re.findall(r"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']", tag))
        rel = next((value for key, value in given.items() if key.endswith(":id")), None)
        if rel in targets:
            found[targets[rel]] = html.unescape(given.get("name", ""))
    return found, bool(re.search(r"date1904\s*=\s*[\"'](?:1|true)", text))


def find_struck_styles(archive: zipfile.ZipFile) -> set[bytes]:
    """Find the numbers of cell styles whose font is struck through."""
    if "xl/styles.xml" not in archive.namelist() or archive.getinfo("xl/styles.xml").file_size > _STYLES_CAP:
        return set()
    text = archive.read("xl/styles.xml")
    fonts = re.findall(
        rb"<(?:\w+:)?font(?:\s[^<>]*)?(?:/>|>(.*?)</(?:\w+:)?font>)",
        text.partition(b"</fonts>")[0],
        re.DOTALL,
    )
    struck = {
        at
        for at, font in enumerate(fonts)
        if re.search(rb"<(?:\w+:)?strike(?:\s+val=[\"'](?:1|true)[\"'])?\s*/?>", font)
    }
    formats = text.partition(b"<cellXfs")[2].partition(b"</cellXfs>")[0]
    found = re.findall(rb"<(?:\w+:)?xf\s[^<>]*?\bfontId=[\"'](\d+)[\"']", formats)
    return {str(at).encode() for at, font in enumerate(found) if int(font) in struck}


def check_members(members: list[zipfile.ZipInfo], name: str, caps: dict[str, int]) -> None:
    """Refuse a ZIP by its directory alone."""
    if len(members) > caps["members"]:
        raise _refuse("parts", name, len(members))
    names = [member.filename for member in members]
    leave = [part for part in names if ".." in part.split("/") or part.startswith(("/", "\\"))]
    if leave or len({part.lower() for part in names}) < len(names):
        raise _refuse("names", name)
    if any(member.flag_bits & 1 for member in members):
        raise _refuse("locked", name)
    total = sum(member.file_size for member in members)
    large = [member for member in members if member.file_size > 1 << 20]
    is_steep = any(member.file_size > caps["ratio"] * max(member.compress_size, 1) for member in large)
    if total > caps["unpacked"] or is_steep:
        raise _refuse("bomb", name, total, caps["ratio"])


def check_part(part, place: str, cells_cap: int, odd: Counter, struck: set[bytes]) -> int:
    """Read a part through once: no DOCTYPE, no cell so far out that the rectangle up to it cannot be held.

    Returns
    -------
    Cells of that rectangle. What is odd is counted in `odd`, cells of `struck` styles too.
    """
    rest, rows_n, columns_n, cells_n, data = b"", 0, 0, 0, part.read(PART)
    if data.startswith(_WIDE):
        raise _refuse("wide", place)
    while data or rest:
        is_last = not data
        data = rest + data
        if _DECLARED.search(data):
            raise _refuse("doctype", place)
        # a cell that is not whole yet is looked at with what follows
        cut = max(data.rfind(b"<c ", -4096), data.rfind(b":c ", -4096)) if not is_last else -1
        cut = data.rfind(b"<", 0, cut + 1) if cut >= 0 else data.rfind(b"<", -4096)
        cut = cut if cut >= 0 and not is_last else len(data)
        data, rest = data[:cut], data[cut:]
        for what, pattern in _ODD.items():
            odd[what] += len(pattern.findall(data))
        if struck:
            odd["struck"] += sum(style in struck for style in _STYLE.findall(data))
        if found := _CELL.findall(data):
            cells_n += len(found)
            columns_n = max(columns_n, *(number_column(letters) for letters in {cell[0] for cell in found}))
            rows_n = max(rows_n, *(int(digits) for digits in {cell[1] for cell in found}))
            if cells_n > cells_cap or rows_n * columns_n > cells_cap:
                raise _refuse("cells", place, cells_cap)
        data = b"" if is_last else part.read(PART)
    return rows_n * columns_n


def number_column(letters: bytes) -> int:
    """Turn `A`, `B`, ..., `XFD` into 1, 2, ..., 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
