"""Workbooks as text: the cells of each sheet, without a parser that could be made to run away."""

import html
import re
import zipfile
from collections.abc import Iterator

from helpers.leaks import find_label
from sidedoor.publish.scan.texts import Column, Piece, join_texts

_STRING = re.compile(r"<si\b[^<>]*>(.*?)</si>|<si\b[^<>]*/>", re.S)
_TEXT = re.compile(r"<(?:\w+:)?t\b[^<>]*>(.*?)</(?:\w+:)?t>", re.S)
_CELL = re.compile(r"<(?:\w+:)?c\b([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.S)
_VALUE = re.compile(r"<(?:\w+:)?(?:v|f)\b[^<>]*>(.*?)</", re.S)
# How workbooks write signs that XML does not have.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_workbook(archive: zipfile.ZipFile, before: str = "") -> Iterator[Piece | Column]:
    """Read the shared strings and every sheet: cells with their addresses, columns by their names."""
    lead = f"{before}, " if before else ""
    names = archive.namelist()
    shared = []
    if "xl/sharedStrings.xml" in names:
        text = archive.read("xl/sharedStrings.xml").decode("utf-8", "replace")
        shared = [_join(match[1] or "") for match in _STRING.finditer(text)]
    used: set[int] = set()
    for name in sorted(name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)):
        sheet = name.rpartition("/")[2].removesuffix(".xml")
        texts, places = [], []
        columns: dict[str, dict[str, str]] = {}
        kinds: dict[str, str | None] = {}
        text = archive.read(name).decode("utf-8", "replace")
        for match in _CELL.finditer(text):
            address = re.search(r'\br="([A-Z]{1,3})([0-9]{1,7})"', match[1])
            letters = address[1] if address else "?"
            place = f"{lead}{sheet}, cell {letters}{address[2] if address else ''}"
            value, number = _read_cell(match[1], match[2] or "", shared)
            if not value:
                continue
            if number is not None:
                used.add(number)
            texts.append(value)
            places.append(place)
            if letters not in kinds:
                kinds[letters] = find_label(value)
            elif kinds[letters]:
                columns.setdefault(kinds[letters], {}).setdefault(value, place)
        yield join_texts(texts, places)
        # the rest of a sheet: headers and footers, names, links
        rest = re.sub(r"<(?:\w+:)?sheetData\b.*?</(?:\w+:)?sheetData>", "", text, flags=re.S)
        yield Piece(
            html.unescape(re.sub(r"<[^<>]*>", "\n", rest)),
            lambda _, sheet=sheet: f"{lead}{sheet}, around the cells",
        )
        yield Piece(html.unescape(rest), lambda _, sheet=sheet: f"{lead}{sheet}, around the cells", "canary")
        yield from (Column(kind, values) for kind, values in columns.items())
    left = [number for number in range(len(shared)) if number not in used]
    yield join_texts([shared[number] for number in left], [f"{lead}a text in no cell"] * len(left))


def _read_cell(attributes: str, inside: str, shared: list[str]) -> tuple[str, int | None]:
    """Read a cell: its text, and which shared string it is."""
    if re.search(r'\bt="s"', attributes):
        value = _VALUE.search(inside)
        number = int(value[1]) if value and value[1].strip().isdecimal() and len(value[1]) < 10 else -1
        return (shared[number], number) if 0 <= number < len(shared) else ("", None)
    if "<is" in inside:
        return _join(inside), None
    return "\n".join(html.unescape(value) for value in _VALUE.findall(inside)), None


def _join(text: str) -> str:
    joined = html.unescape("".join(_TEXT.findall(text)))
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), joined) if "_x" in joined else joined
