"""Tables that a clerk made, in a workbook or as a text: what each sheet holds, and where its header stands."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.clerk_months import find_months
from sidedoor.ingest.decode import find_encoding
from sidedoor.ingest.headers import HEADER_ROWS, bind_columns, list_first_rows, tidy_header
from sidedoor.ingest.source import Source
from sidedoor.ingest.text import TEXT_CHARS, TextTable, find_delimiter
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("months", "searches", "names", "users")
# Of a list without a header so many names say that they are agencies; of all but a title above them so many do.
_MOST, _NEARLY_ALL = 0.5, 0.9
# Lines of a text that is held in memory: as many as a sheet has.
_LINES = 1 << 20
# Separates nothing: each line of a text is one cell.
_NONE = "\x1f"


class TextSheet(Sheet):
    """A delimited text as a sheet: its places are lines and columns."""

    def locate(self, row: int, column: int) -> str:
        """Name a cell: `line 7, column B`."""
        cell = super().locate(row, column).rsplit("!", 1)[1]
        return f"line {self.first_row + row}, column {cell.rstrip('0123456789')}"


@dataclass
class Found:
    """What a sheet was taken for, and where its header stands.

    Attributes
    ----------
    kind
        `names`, `searches`, `months`, `users` or `other`.
    header_row, header, columns
        Row of the header (0 for none), its cells, and for a log which of them holds which field.
    titles
        Cells above the header.
    lists
        For names: position of each column of names, and its direction; None where nothing says it.
    heading
        For names without a header: the row above them that names no agency, 0 if there is none.
    """

    sheet: Sheet
    kind: str
    header_row: int = 0
    header: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    lists: list[tuple[int, str | None]] = field(default_factory=list)
    heading: int = 0

    @property
    def is_text(self) -> bool:
        """Say whether it is no sheet of a workbook."""
        return isinstance(self.sheet, TextSheet)

    @property
    def place(self) -> str:
        """Name the sheet."""
        return "the table" if self.is_text else f"sheet {self.sheet.name}"

    def name_row(self, number: int | str) -> str:
        """Name a row."""
        return f"line {number}" if self.is_text else f"{self.sheet.name} row {number}"

    def list_cells(self) -> list[tuple[int, list[str]]]:
        """List the rows below the header that hold something, each with its number."""
        rows = [(number, cells) for number, cells in self.sheet if number > self.header_row]
        return [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]


def look_at_sheets(source: Source) -> list[Found]:
    """Say of each sheet of a workbook what it holds, or of a text; of a text whose form is not known, nothing."""
    if "workbook sheets" not in source.cache:
        if source.kind == "text":
            found = [part for part in [_look_at_text(source)] if part]
        else:
            found = [_look_at(source.name, sheet, list(sheet)) for sheet in read_workbook(source).sheets]
        source.cache["workbook sheets"] = found
    return source.cache["workbook sheets"]


def _look_at_text(source: Source) -> Found | None:
    """Look at the first rows of a text, and read it whole if it is no log."""
    rows, delimiter = list_first_rows(source), None
    if len({len(cells) for _, cells in rows if any(cells)}) > 1 and not _find_header(rows, ""):
        rows, delimiter = (
            [(number, [",".join(cells)]) for number, cells in rows],
            _NONE,
        )  # names with commas in them
    width = max((len(cells) for _, cells in rows), default=0)
    rows = [(number, [*cells, *[""] * (width - len(cells))]) for number, cells in rows]
    _check_lines(source, rows)
    found = _look_at(source.name, TextSheet("", False, 1, 1, [], []), rows)
    if found.kind in ("other", "users"):
        return None
    if found.kind == "searches":
        return found
    while len(found.header) > 1 and not found.header[-1]:
        found.header.pop()
    found.sheet = _read_text(source, found, delimiter)
    return (
        found if found.header_row else _find_bare(found.sheet, list(found.sheet))
    )  # by all rows, not the first


def _check_lines(source: Source, rows: list[tuple[int, list[str]]]) -> None:
    """Refuse names that all stand on one line; names of columns are none."""
    known = load_format("workbook")["names"]
    agency, columns = (
        re.compile(known["agency"]),
        {tidy_header(name) for part in ("columns", "beside") for name in known[part]},
    )
    filled = [
        [cell for cell in cells if cell.strip()] for _, cells in rows if any(cell.strip() for cell in cells)
    ]
    if len(filled) != 1 or len(filled[0]) < 2 or any(tidy_header(cell) in columns for cell in filled[0]):
        return
    if sum(bool(agency.search(cell)) for cell in filled[0]) >= _MOST * len(filled[0]):
        found = f"{len(filled[0])} cells on a single line, which look like names of agencies"
        raise IngestError(source.name, found, "Put each name on a line of its own, in a copy of the file.")


def _read_text(source: Source, found: Found, delimiter: str | None) -> TextSheet:
    """Read a text whole, as rows of one length from its header on; rows are numbered by their lines in the file."""
    delimiter = delimiter or find_delimiter(source, max(found.header_row, 1))
    table = TextTable(source, find_encoding(source), delimiter, found.header, found.header_row)
    first, held = max(found.header_row, 1), 0
    rows = [found.header] if found.header_row else []
    for line, cells in table.rows():
        held += sum(map(len, cells)) + len(cells)
        if held > TEXT_CHARS or line - first > _LINES:
            found = f"a list of more than {TEXT_CHARS:,} characters or {_LINES:,} lines"
            raise IngestError(
                source.name, found, "It is no list that a person made: split the file, or write a mapping."
            )
        rows += [[""] * len(cells)] * (line - first - len(rows))
        rows.append(cells)
    if len(rows) < 2:
        raise IngestError(
            source.name, "a header and not a single row", "Ask for the rows: the export may have failed."
        )
    return TextSheet("", False, first, 1, rows, [])


def _look_at(file: str, sheet: Sheet, rows: list[tuple[int, list[str]]]) -> Found:
    known = load_format("workbook")
    found = _find_header(rows[:HEADER_ROWS], sheet.name)
    if found is None:
        return _find_bare(sheet, rows) or Found(sheet, "other", titles=_list_titles(rows[:HEADER_ROWS]))
    number, kind, lists = found
    header = [cell.strip() for cell in dict(rows)[number]]
    titles = _list_titles([row for row in rows if row[0] < number])
    part = Found(sheet, kind, number, header, {}, titles, lists)
    if kind == "searches":
        names = [name for name in header if name]
        part.columns = bind_columns(names, known["searches"]["columns"], f"{file}, {part.name_row(number)}")
    elif kind == "months" and not find_months(header, [row for row in rows if row[0] > number]):
        part = replace(part, kind="other")
    return part


def _list_titles(rows: list[tuple[int, list[str]]]) -> list[str]:
    return [cell.strip() for _, cells in rows for cell in cells if cell.strip()]


def _find_header(rows: list[tuple[int, list[str]]], sheet: str) -> tuple[int, str, list] | None:
    """Find the row of the header, what it heads, and the columns of names."""
    above: list[list[str]] = []
    for number, cells in rows:
        for kind in KINDS:
            lists = _find_lists(cells, above, sheet) if kind == "names" else []
            if lists and (first := _find_heading(above, rows)):
                return first
            if lists or kind != "names" and _is_header(kind, cells):
                return number, kind, lists
        above.append(cells)
    # no name of a column, but a sentence over a list: "Agencies we share data with"
    for number, cells in rows:
        if lists := _find_lists(cells, [], "", by_heading=True):
            return number, "names", lists
    return None


def _find_heading(above: list[list[str]], rows: list) -> tuple[int, str, list] | None:
    """Find a sentence over names that stand above what looks like a header: that is the heading of a second list."""
    agency = re.compile(load_format("workbook")["names"]["agency"])
    for (number, cells), at in zip(rows, range(len(above)), strict=False):
        found = _find_lists(cells, [], "", by_heading=True)
        below = [line[column] for line in above[at + 1 :] for column, _ in found]
        if any(agency.search(text) and not is_heading(text) for text in below):
            return number, "names", found
    return None


def _is_header(kind: str, cells: list[str]) -> bool:
    known, tidy = load_format("workbook"), [tidy_header(cell) for cell in cells]
    filled = [cell.strip() for cell in cells if cell.strip()]
    if kind == "months":
        return bool(set(tidy) & {tidy_header(name) for name in known["months"]["columns"]}) and bool(
            find_months(filled)
        )
    if kind == "searches":
        columns = known["searches"]["columns"]
        has = {name for name, names in columns.items() if set(tidy) & {tidy_header(part) for part in names}}
        if not {"searched_at", "search_date"} & has:
            return False
        # an agency and a day alone may be when sharing with it began
        more = has & {"officer", "plate", "case_number", "networks_n"} or any(
            "search" in cell for cell in tidy
        )
        return (
            "reason_text" in has
            or "searcher_agency_as_printed" in has
            and ("searched_at" in has or bool(more))
        )
    names = {tidy_header(name) for name in known[kind]["columns"]}
    here = [cell for cell in tidy if cell]
    return sum(cell in names for cell in here) == 1 and all(cell in names for cell in here)


def _find_lists(
    cells: list[str], above: list[list[str]], sheet: str, *, by_heading: bool = False
) -> list[tuple[int, str | None]]:
    """Find the columns of names in a row that may be a header, each with its direction.

    Every cell has to be the name of such a column, or of one that may stand beside it. Of several columns either all or none
    may say a direction themselves: "Agency, Shared with" are the two ends of an edge.
    """
    known = load_format("workbook")["names"]
    names, beside = ({tidy_header(name) for name in known[part]} for part in ("columns", "beside"))
    own = _find_sides(cells)
    at = [n for n, cell in enumerate(cells) if (n in own if by_heading else tidy_header(cell) in names)]
    own = {n: section for n, section in own.items() if n in at}
    rest = [tidy_header(cell) for n, cell in enumerate(cells) if n not in at and cell.strip()]
    if not at or not all(cell in beside for cell in rest):
        return []
    if len(at) > 1 and own and len(own) < len(at):
        return []
    if not own and len(at) > 1:
        plain = {tidy_header(cells[n]) for n in at}
        if len(plain) > 1:
            return []
        own = next((sides for row in reversed(above) if (sides := _spread_sides(row, at))), {})
    elif not own:
        texts = [cell.strip() for row in above for cell in row if cell.strip()]
        own = {at[0]: find_section([*texts, cells[at[0]].strip(), sheet])}
    return [(n, own.get(n)) for n in at]


def find_section(texts: list[str]) -> str | None:
    """Find the direction of a list in what stands above it, in its column's name or in its sheet's name.

    A text that denies or limits what it says, as of agencies that no longer share, says no direction.
    """
    texts = [text for text in texts if not re.search(load_format("workbook")["names"]["denied"], text)]
    for heading in load_format("workbook")["headings"]:
        if any(re.search(heading["pattern"], text) for text in texts):
            return heading["section"]
    return None


def is_heading(text: str) -> bool:
    """Say whether a cell is the name of a column of names, a side such as `Incoming` or a sentence over a list, and no agency."""
    columns, pattern = _compile_headings()
    return bool(pattern.search(" ".join(text.split()))) or tidy_header(text) in columns


@functools.cache
def _compile_headings() -> tuple[frozenset[str], re.Pattern]:
    known = load_format("workbook")
    patterns = [*known["sides"].values(), *(heading["pattern"] for heading in known["headings"])]
    pattern = re.compile("|".join(f"(?i:{one.removeprefix('(?i)')})" for one in patterns))
    return frozenset(map(tidy_header, known["names"]["columns"])), pattern


def _find_sides(cells: list[str]) -> dict[int, str]:
    """Find the cells of a row that say a direction: by themselves, or as the contrary of another cell."""
    texts = [" ".join(cell.split()) for cell in cells]
    found = {n: section for n, text in enumerate(texts) if (section := find_section([text]))}
    sides = {
        n: section
        for section, pattern in load_format("workbook")["sides"].items()
        for n, text in enumerate(texts)
        if n not in found and re.search(pattern, text)
    }
    return found | sides if len({*found.values(), *sides.values()}) > 1 else found


def _spread_sides(cells: list[str], at: list[int]) -> dict[int, str]:
    """Give each column the direction that stands over it: a merged cell keeps its text at its left end."""
    sides = _find_sides(cells)
    over = {}
    for n in at:
        label = max((m for m, cell in enumerate(cells) if cell.strip() and m <= n), default=None)
        if label in sides:
            over[n] = sides[label]
    return over if len(over) == len(at) and len(set(over.values())) == len(at) else {}


def _find_bare(sheet: Sheet, rows: list[tuple[int, list[str]]]) -> Found | None:
    """Find a list of names without a header: most of its cells hold a word of an agency, beside them states or numbers."""
    known = load_format("workbook")["names"]
    agency, state, note = (re.compile(known[name]) for name in ("agency", "state", "note"))
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    names = {tidy_header(name) for name in known["columns"]}
    if any(tidy_header(cell) in names for _, cells in filled[:HEADER_ROWS] for cell in cells):
        return None  # there is a header, and it was not understood
    lists, heading = [], 0
    for at in range(max((len(cells) for _, cells in filled), default=0)):
        column = [
            (n, text)
            for n, cells in filled
            if at < len(cells) and (text := cells[at].strip()) and not note.search(text)
        ]
        if not column:
            continue
        hits = [bool(agency.search(text)) for _, text in column]
        if len(column) > 1 and sum(hits) >= _MOST * len(hits) and all(len(text) < 200 for _, text in column):
            if len({text for _, text in column}) < _NEARLY_ALL * len(column):
                return None  # names that come again and again are ends of edges
            lists.append((at, None))
            if (
                at == lists[0][0]
                and not hits[0]
                and len(hits) > 2
                and sum(hits) >= _NEARLY_ALL * (len(hits) - 1)
            ):
                heading = column[0][0]
        elif not all(state.fullmatch(text) for _, text in column):
            return None
    width = max((len(cells) for _, cells in filled), default=0)
    header = [f"column {chr(65 + at % 26)}" for at in range(width)]
    return Found(sheet, "names", 0, header, lists=lists, heading=heading) if lists else None


def check_sheet_names(source: Source, found: list[Found], sheets: Mapping) -> None:
    """Demand that the sheets which a mapping names are there.

    Raises
    ------
    IngestError
        One is not; the nearest is shown.
    """
    import difflib

    names = [part.sheet.name for part in found]
    for name in sheets:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            raise IngestError(
                source.name, f"no sheet {name!r}, which the mapping names",
                f"Did you mean {near[0]!r}?" if near else f"Its sheets are {', '.join(map(repr, names[:12]))}.",
            )  # fmt: skip
