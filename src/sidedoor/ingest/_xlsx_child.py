"""Reads a workbook inside the sandbox; never imported by the parent."""

import datetime
import re
import zipfile
from collections import Counter
from collections.abc import Iterator

from helpers.errors import IngestError
from helpers.wording import say_number

PART = 1 << 20
ROWS = 5_000
# All other parts are read through, whatever they are called: a sheet may bear any name.
PICTURES = ("xl/media/", "docprops/thumbnail", "xl/printersettings/", "xl/embeddings/")
# A filled cell and where it says it stands; a cell that closes itself is empty and takes no room.
_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*[\"']\$?([A-Za-z]{1,3})\$?(\d{1,7})[\"'][^<>]*(?<!/)>"
)
# A formula whose result was not stored: an empty text would say `t="str"`. And a cell that holds an error such as #N/A.
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s(?![^<>]*\bt=[\"']str)[^<>]*><(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)(?:<(?:\w+:)?v/>|<(?:\w+:)?v></(?:\w+:)?v>)?</"
)
_ERROR = re.compile(rb"<(?:\w+:)?c\s[^<>]*?\bt=[\"']e[\"']")
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def read_sheets(
    path: str, name: str, members_cap: int, unpacked_cap: int, ratio_cap: int, cells_cap: int
) -> Iterator[dict]:
    """Give facts on the workbook, then for each sheet its name and place followed by parts of its rows."""
    facts = check_workbook(path, name, members_cap, unpacked_cap, ratio_cap, cells_cap)
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        workbook = CalamineWorkbook.from_path(path)
        yield facts
        for about in workbook.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_name(about.name)
            row, column = sheet.start or (0, 0)
            is_hidden = about.visible != SheetVisibleEnum.Visible
            yield {
                "name": about.name,
                "is_hidden": is_hidden,
                "first_row": row + 1,
                "first_column": column + 1,
            }
            yield from split_rows(sheet, row)
    except CalamineError:
        raise IngestError(
            name, "a damaged workbook", "Open it in a spreadsheet program and save it anew."
        ) from None


def split_rows(sheet, first_row: int) -> Iterator[dict]:
    """Give the rows of a sheet in parts: texts, and a letter a cell that tells its kind."""
    rows, kinds = [], []
    # iter_rows gives the rows above the first filled one as well
    for number, cells in enumerate(sheet.iter_rows()):
        if number < first_row:
            continue
        pairs = [show_cell(cell) for cell in cells]
        rows.append([text for text, _ in pairs])
        kinds.append("".join(kind for _, kind in pairs))
        if len(rows) == ROWS:
            yield {"rows": rows, "kinds": kinds}
            rows, kinds = [], []
    if rows:
        yield {"rows": rows, "kinds": kinds}


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
) -> dict:
    """Refuse a workbook before its parser sees it: by the ZIP's directory, then by the text of its parts."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_members(members, name, members_cap, unpacked_cap, ratio_cap)
            cells_n, date_1904, odd = 0, False, Counter()
            for member in members:
                if not member.filename.lower().startswith(PICTURES):
                    with archive.open(member) as part:
                        cells_n += check_part(part, name, member.filename, cells_cap, odd)
                    if cells_n > cells_cap:
                        raise _refuse_cells(name, "its sheets", cells_cap)
            if "xl/workbook.xml" in archive.namelist():
                text = archive.read("xl/workbook.xml")
                date_1904 = bool(re.search(rb"date1904\s*=\s*[\"'](?:1|true)", text))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError):
        raise IngestError(
            name, "a damaged workbook (its ZIP does not open)", "Download it again, or save it anew as .xlsx."
        ) from None
    if odd["formulas"]:
        found = f"{say_number(odd['formulas'], 'formula')} whose results were not stored: they would be read as empty cells"
        raise IngestError(
            name, found, "Open it in a spreadsheet program, save it anew as .xlsx, and give that."
        )
    return {"date_1904": date_1904, "errors_n": odd["errors"]}


def check_members(members: list, name: str, members_cap: int, unpacked_cap: int, ratio_cap: int) -> None:
    """Refuse a ZIP by its directory alone."""
    if len(members) > members_cap:
        found = f"{len(members):,} parts, more than the {members_cap:,} that are taken"
        raise IngestError(name, found, "Save it anew as .xlsx.")
    names = [member.filename for member in members]
    if len(set(names)) < len(names) or any(
        ".." in part.split("/") or part.startswith(("/", "\\")) for part in names
    ):
        raise IngestError(name, "parts with names that no workbook has", "Save it anew as .xlsx.")
    if any(member.flag_bits & 1 for member in members):
        raise IngestError(
            name, "a workbook locked with a password", "Open it with the password and save it without."
        )
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
        )


def check_part(part, name: str, member: str, cells_cap: int, odd: Counter) -> int:
    """Read a part through once: no DOCTYPE, no cell so far out that the rectangle up to it cannot be held.

    Returns
    -------
    Cells of that rectangle. Formulas without a result, and errors, are counted in `odd`.
    """
    rest, rows_n, columns_n, cells_n, first, is_last = b"", 0, 0, 0, True, False
    while not is_last:
        data = part.read(PART)
        is_last = not data
        if first and data.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")):
            raise IngestError(f"{name}, {member}", "a part in UTF-16", "Save it anew as .xlsx.")
        first = False
        data = rest + data
        if _DECLARED.search(data):
            found = "a DOCTYPE or ENTITY declaration, which no workbook needs"
            raise IngestError(f"{name}, {member}", found, "Do not open it: it was made to do harm.")
        # a cell that is not whole yet is looked at with what follows
        cut = max(data.rfind(b"<c ", -4096), data.rfind(b":c ", -4096)) if not is_last else -1
        cut = data.rfind(b"<", 0, cut + 1) if cut >= 0 else data.rfind(b"<", -4096)
        cut = cut if cut >= 0 and not is_last else len(data)
        data, rest = data[:cut], data[cut:]
        odd["formulas"] += len(_FORMULA.findall(data))
        odd["errors"] += len(_ERROR.findall(data))
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
    )
