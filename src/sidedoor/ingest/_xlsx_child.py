"""Reads a workbook inside the sandbox; never imported by the parent."""

import datetime
import html
import re
import zipfile
from collections import Counter
from collections.abc import Iterator

from helpers.errors import IngestError
from helpers.wording import say_number

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


def read_sheets(
    path: str, name: str, members_cap: int, unpacked_cap: int, ratio_cap: int, cells_cap: int
) -> Iterator[dict]:
    """Give facts on the workbook, then for each sheet its name and place followed by parts of its rows."""
    facts, odd = check_workbook(path, name, members_cap, unpacked_cap, ratio_cap, cells_cap)
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
        way_out = "Open it in a spreadsheet program and save it anew."
        raise IngestError(name, "a damaged workbook", way_out, code="damaged") from None


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


def check_workbook(
    path: str, name: str, members_cap: int, unpacked_cap: int, ratio_cap: int, cells_cap: int
) -> tuple[dict, dict[str, dict]]:
    """Refuse a workbook before its parser sees it: by the ZIP's directory, then by the text of its parts.

    Returns
    -------
    Facts on the workbook, and for each sheet by name what is odd in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_members(members, name, members_cap, unpacked_cap, ratio_cap)
            sheets, date_1904 = find_sheets(archive)
            struck = find_struck_styles(archive)
            cells_n, counts = 0, {}
            for member in members:
                part_name = member.filename.lower()
                if part_name.startswith(PASSED_OVER) and part_name not in sheets:
                    continue
                odd = counts[part_name] = Counter()
                with archive.open(member) as part:
                    cells_n += check_part(part, name, member.filename, cells_cap, odd, struck)
                if cells_n > cells_cap:
                    raise _refuse_cells(name, "its sheets", cells_cap)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError):
        way_out = "Download it again, or save it anew as .xlsx."
        raise IngestError(
            name, "a damaged workbook (its ZIP does not open)", way_out, code="damaged"
        ) from None
    total = sum(counts.values(), Counter())
    if total["formulas"]:
        said = say_number(total["formulas"], "formula")
        found = f"{said} whose results were not stored: they would be read as empty cells"
        way_out = "Open it in a spreadsheet program, save it anew as .xlsx, and give that."
        raise IngestError(name, found, way_out, code="formulas")
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


def check_members(members: list, name: str, members_cap: int, unpacked_cap: int, ratio_cap: int) -> None:
    """Refuse a ZIP by its directory alone."""
    if len(members) > members_cap:
        found = f"{len(members):,} parts, more than the {members_cap:,} that are taken"
        raise IngestError(name, found, "Save it anew as .xlsx.", code="too-large")
    names = [member.filename for member in members]
    if len({part.lower() for part in names}) < len(names) or any(
        ".." in part.split("/") or part.startswith(("/", "\\")) for part in names
    ):
        found = "parts with names that no workbook has, or that differ by case alone"
        raise IngestError(name, found, "Save it anew as .xlsx.", code="part-names")
    if any(member.flag_bits & 1 for member in members):
        way_out = "Open it with the password and save it without."
        raise IngestError(name, "a workbook locked with a password", way_out, code="locked")
    total = sum(member.file_size for member in members)
    steep = [
        m for m in members if m.file_size > 1 << 20 and m.file_size > ratio_cap * max(m.compress_size, 1)
    ]
    if total > unpacked_cap or steep:
        raise IngestError(
            name,
            f"parts that unpack to {total:,} bytes"
            + (f", more than {ratio_cap} times their size" if steep else ""),
            "A record does not shrink that much: save the sheet that is needed as CSV.",
            code="unpacks-too-far",
        )


def check_part(part, name: str, member: str, cells_cap: int, odd: Counter, struck: set[bytes]) -> int:
    """Read a part through once: no DOCTYPE, no cell so far out that the rectangle up to it cannot be held.

    Returns
    -------
    Cells of that rectangle. What is odd is counted in `odd`, cells of `struck` styles too.
    """
    rest, rows_n, columns_n, cells_n, first, is_last = b"", 0, 0, 0, True, False
    while not is_last:
        data = part.read(PART)
        is_last = not data
        if first and data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")):
            raise IngestError(
                f"{name}, {member}", "a part in UTF-16", "Save it anew as .xlsx.", code="utf-16"
            )
        first = False
        data = rest + data
        if _DECLARED.search(data):
            found = "a DOCTYPE or ENTITY declaration, which no workbook needs"
            raise IngestError(
                f"{name}, {member}", found, "Do not open it: it was made to do harm.", code="doctype"
            )
        # a cell that is not whole yet is looked at with what follows
        cut = max(data.rfind(b"<c ", -4096), data.rfind(b":c ", -4096)) if not is_last else -1
        cut = data.rfind(b"<", 0, cut + 1) if cut >= 0 else data.rfind(b"<", -4096)
        cut = cut if cut >= 0 and not is_last else len(data)
        data, rest = data[:cut], data[cut:]
        for what, pattern in _ODD.items():
            odd[what] += len(pattern.findall(data))
        if struck:
            odd["struck"] += sum(style in struck for style in _STYLE.findall(data))
        found = _CELL.findall(data)
        if not found:
            continue
        cells_n += len(found)
        columns_n = max(columns_n, *(number_column(letters) for letters in {letters for letters, _ in found}))
        rows_n = max(rows_n, *map(int, {digits for _, digits in found}))
        if cells_n > cells_cap or rows_n * columns_n > cells_cap:
            raise _refuse_cells(name, member, cells_cap)
    return rows_n * columns_n


def number_column(letters: bytes) -> int:
    """Turn `A`, `B`, ..., `XFD` into 1, 2, ..., 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _refuse_cells(name: str, member: str, cells_cap: int) -> IngestError:
    return IngestError(
        f"{name}, {member}",
        f"cells that span a rectangle of more than {cells_cap:,}",
        "A stray cell far out may be the cause: delete empty rows and columns, or save the sheet as CSV.",
        code="too-large",
    )
