"""Lists of agencies in a clerk's table: one, or several side by side, with or without a header."""

import functools
import re

from helpers.agencies.check import looks_like_agency
from helpers.canonical import SECTIONS
from helpers.errors import IngestError, offer_nearest
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import HEADER_ROWS, drop_columns, tidy_header
from sidedoor.ingest.lists import ask_for, build_row
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Report, Skipped
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.tables import Table, check_length
from sidedoor.ingest.xlsx import name_column

_MEANING = (
    "detections_shared (they may search this agency's data) or detections_received (it may search theirs); "
    "for hot lists hot_lists_shared or hot_lists_received; joined by commas"
)
# Of the cells of a column so many are names of agencies if it is a list; so many of its names are different.
_MOST, _DISTINCT = 0.8, 0.7
# Cells above a header that may hold a word of an agency: whose list it is, and a department of it.
_TITLES = 2
# Columns beside names whose headers are not known.
_MORE = 3
# Columns beside a single list that are kept, by the words for their headers.
_BESIDE = {"city_as_printed": "city", "state_as_printed": "state_columns", "status": "status"}
_SKIPPED = {
    "heading": "a heading among the names",
    "header-again": "the header, repeated among the rows",
    "note": "a total or a note, and no name",
    "no-name": "a row without a name",
    "no-direction": "a list of names that does not say which way the data flows",
}


@functools.cache
def _list_headers(part: str) -> frozenset[str]:
    """List headers of columns, tidy: `columns` of names, `beside` them, of `city`, `status` and so on."""
    return frozenset(map(tidy_header, load_format("workbook")["names"][part]))


def _says(part: str, text: str) -> bool:
    """Return whether a text is of a kind: a `note`, a `heading`, an `ended` share and so on."""
    return bool(re.search(load_format("workbook")["names"][part], text))


def find_section(*texts: str) -> str | None:
    """Find the direction of a list in what is above it, in its column's name or in its sheet's name.

    A text that denies or limits what it says, as of agencies that no longer share, says no direction.
    """
    plain = [" ".join(text.split()) for text in texts if not _says("denied", text)]
    for heading in load_format("workbook")["headings"]:
        if any(re.search(heading["pattern"], text) for text in plain):
            return heading["section"]
    return None


def _find_side(text: str) -> str | None:
    """Find the direction that a heading such as `Incoming` says beside its contrary."""
    sides = load_format("workbook")["sides"].items()
    return next((section for section, side in sides if re.search(side, " ".join(text.split()))), None)


def _is_heading(text: str) -> bool:
    """Return whether a cell heads names: a column's name, a side, a plural, a sentence over a list."""
    is_told = find_section(text) or _find_side(text) or tidy_header(text) in _list_headers("columns")
    return bool(is_told) or _says("heading", " ".join(text.split()))


def _is_name(text: str) -> bool:
    return looks_like_agency(text) and not _is_heading(text)


def find_lists(source: Source, origin, rows: list[tuple[int, list[str]]]) -> Table | None:
    """Find the columns of agencies of a table and the row that heads them; None if no column holds names.

    Parameters
    ----------
    rows
        Those that hold something, of one length, each with its number.
    """
    plain = [(number, [cell.strip() for cell in cells]) for number, cells in rows]
    columns = [
        [(number, cells[at]) for number, cells in plain] for at in range(len(plain[0][1]) if plain else 0)
    ]
    heads = [_find_head(column) for column in columns]
    found = {at: heads[at][0] for at, column in enumerate(columns) if _is_list(column, *heads[at])}
    if not found:
        return None
    line = max(found.values())
    lists = [at for at, head in found.items() if head == line]
    header = dict(plain).get(line, [""] * len(columns))
    above = [cells for number, cells in plain if number < line]
    titles = [cell for cells in above for cell in cells if cell]
    names = [[text for number, text in column if number > line and text] for column in columns]
    tidy = [tidy_header(text) for _, text in heads]
    if sum(map(_is_name, titles)) > _TITLES or not _are_alone(line, header, tidy, names, lists):
        return None
    below = [row for row in rows if row[0] > line]
    table = Table(source, origin, line, header, kind="names", rows=below, titles=titles)
    table.lists = _find_sections(header, above, [*titles, table.name], lists)
    return table


def _find_head(column: list[tuple[int, str]]) -> tuple[int, str]:
    """Find the row that heads the names of a column: the last of the first rows that is none, with hardly a
    name above it.
    """
    found, names_n, is_headed = (0, ""), 0, False
    for number, text in column[:HEADER_ROWS]:
        if text and _is_name(text):
            names_n += 1
        elif text and names_n <= _TITLES:
            is_head = _is_heading(text)
            if is_head or not (is_headed or names_n or _says("note", text)):
                found, is_headed = (number, text), is_headed or is_head
    return found


def _is_list(column: list[tuple[int, str]], head: int, heading: str) -> bool:
    """Return whether the cells below a heading are names: its words say so, or nearly all of the cells do."""
    names = [name for number, name in column if number > head and name and not _says("note", name)]
    names = [name for name in names if not _is_heading(name)]
    if not names or tidy_header(heading) in _list_headers("beside"):
        return False
    if find_section(heading) or _find_side(heading):
        return True
    distinct = len(set(names)) / len(names)
    if tidy_header(heading) in _list_headers("columns") and distinct >= 0.5:
        return True
    return len(names) > 1 and sum(map(_is_name, names)) >= _MOST * len(names) and distinct >= _DISTINCT


def _are_alone(
    line: int, header: list[str], heads: list[str], names: list[list[str]], lists: list[int]
) -> bool:
    """Return whether nothing beside the lists says that the rows are something else: searches, shares between
    two agencies of a row, or what has ids or many columns.
    """
    others = [at for at in range(len(names)) if at not in lists]
    if not line:  # nothing but states and numbers
        return all(re.fullmatch(r"[A-Z]{2}|\d{1,4}\.?", text) for at in others for text in names[at])
    searches = load_format("workbook")["searches"]["columns"]
    fields = ("reason_text", "plate", "case_number")
    if {tidy_header(name) for part in fields for name in searches[part]} & set(heads):
        return False
    more = [at for at in others if header[at] and tidy_header(header[at]) not in _list_headers("beside")]
    if len(more) > _MORE or any(re.search(r"(?i)(?:^|[_ ])id$", header[at]) for at in others):
        return False
    ends = [*lists, *(at for at in more if sum(map(_is_name, names[at])) > _MOST * len(names[at]))]
    # names that come again and again beside those of another column
    again = [at for at in ends if len(names[at]) > 1 and len(set(names[at])) <= 2 / 3 * len(names[at])]
    return sum(_says("ends", header[at]) for at in ends) < 2 and not (again and len(ends) > 1)


def _find_sections(
    header: list[str], above: list[list[str]], texts: list[str], lists: list[int]
) -> list[tuple[int, str | None]]:
    """Find the direction of each list: of one in its heading, a title or the sheet's name; of several in a
    row in which each says another one.
    """
    if len(lists) == 1:
        return [(lists[0], find_section(header[lists[0]]) or find_section(*texts))]
    for cells in (header, *reversed(above)):
        # a merged cell keeps its text at its left end
        heads = [next(filter(None, cells[at::-1]), "") for at in lists]
        ways = [find_section(head) or _find_side(head) for head in heads]
        if all(ways) and len(set(ways)) == len(lists):
            return list(zip(lists, ways, strict=True))
    return [(at, None) for at in lists]


def settle_sections(tables: list[Table], options: ReadOptions, *, is_all: bool, report: Report) -> None:
    """Give each list the direction that the person says, where the file says none.

    Parameters
    ----------
    options
        `section` is one direction, or one for each list without one, joined by commas.
    is_all
        Whether the file holds nothing but lists. If none has a direction, they are asked for; otherwise a
        list without one is left for later, and a warning in the report says how to have it read.

    Raises
    ------
    IngestError
        A direction is none, or there are more or fewer of them than lists without one, or all lists lack one.
    """
    lists = [(table, at, section) for table in tables for at, section in table.lists]
    open_ = [f"{table.label}, column {name_column(at + 1)}" for table, at, section in lists if not section]
    where, open_n = " and ".join(open_[:8]), len(open_)
    given = [text.strip() for text in options.section.split(",")] if options.section else []
    for text in given:
        if text not in SECTIONS:
            found = f"section {text!r}"
            raise IngestError("--section", found, offer_nearest(text, SECTIONS), code="wrong-value")
    if given and not open_:
        place, found = f"{tables[0].source.name}, --section", "a direction, and each list says its own"
        raise IngestError(place, found, "Leave --section out.", code="section-not-needed")
    if given and len(given) not in (1, open_n):
        found = f"{say_number(len(given), 'direction')} for {say_number(open_n, 'list')} without one: {where}"
        way_out = "Give one for each in this order, or one for all."
        raise IngestError(f"{tables[0].source.name}, --section", found, way_out, code="wrong-value")
    if given:
        left = iter(given * open_n)
        for table in tables:
            table.lists = [(at, section or next(left)) for at, section in table.lists]
    elif open_:
        found = f"{say_number(open_n, 'list')} of names, and nothing says which way the data flows"
        ask = f"Say it: --section {_MEANING}. For {where} one each, in this order, or one for all."
        if is_all and open_n == len(lists):
            place = f"{tables[0].source.name}, {where}"
            raise IngestError(place, found, ask, code="no-section", asks_for="section")
        report.warn("no-direction", f"Skipped in {where}: {found}. {ask}", "section")


def read_lists(table: Table, options: ReadOptions, report: Report) -> list[dict]:
    """Read the lists of a table into edges; those without a direction are skipped.

    A heading between names, as where one list is below another, says the direction of those below it.

    Raises
    ------
    IngestError
        It is not said whose list it is, or of which day; or a heading between names says no direction.
    """
    source, header, used = table.source, table.header, [at for at, _ in table.lists]
    check_length(source, len(table.rows))
    if any(section for _, section in table.lists):
        for asked in ("reported_by", "as_of"):
            if not getattr(options, asked):
                raise ask_for(asked, source.name)
    skipped = {code: Skipped(code, reason) for code, reason in _SKIPPED.items()}
    for number, cells in table.rows:
        if not any(remove_hidden(cells[at]).strip() for at in used):
            skipped["no-name"].add(table.name_row(number))
    beside: dict[str, int] = {}
    for at, name in enumerate(map(tidy_header, header)):
        for kept, kind in _BESIDE.items():
            if len(used) == 1 and name in _list_headers(kind):
                beside.setdefault(kept, at)
    edges, cleaned = [], 0
    for at, section in table.lists:
        for number, cells in table.rows:
            name, place = remove_hidden(cells[at]).strip(), table.name_row(number)
            if not name:
                continue
            code = _find_code(name, section, header[at])
            if code == "heading" and not (section := find_section(name)):
                found = "a heading among the names, which does not say which way the data flows"
                way_out = "Put each list into a file of its own, or side by side, each below its heading."
                place = f"{source.name}, {place}"
                raise IngestError(place, found, way_out, code="heading-without-direction")
            if code:
                skipped[code].add(place)
                continue
            cleaned += name != cells[at].strip()
            extra = {field: cells[column].strip() or None for field, column in beside.items()}
            is_ended = _says("ended", extra.pop("status", None) or "")
            edge = build_row(section, options.reported_by, name) | extra
            edge |= {"as_of": options.as_of, "row_no": number, "source_id": options.source_id or source.id}
            edges.append(edge | {"is_inactive": edge["is_inactive"] or is_ended})
    report.skip(skipped)
    if table.titles:
        said = say_number(len(table.titles), "cell above the names was", "cells above the names were")
        report.note("titles", f"{table.label}: {said} taken for a title.")
        report.private.setdefault("title", []).extend(table.titles[:8])
    ends = ("from_agency_as_printed", "to_agency_as_printed", "section")
    distinct = {tuple(" ".join(edge[end].split()) for end in ends) for edge in edges}
    if twice := len(edges) - len(distinct):
        said = say_number(twice, "name is", "names are")
        report.warn("listed-twice", f"{table.label}: {said} there again; each row is kept.")
    if cleaned:
        said = f"characters without width were removed from {say_number(cleaned, 'name')}."
        report.warn("cleaned-names", f"{table.label}: {said}")
    if edges and not table.line:
        report.private.setdefault("first name", []).append(table.rows[0][1][used[0]])
    unused = [name for at, name in enumerate(header) if name and at not in (*used, *beside.values())]
    drop_columns(report, header, unused)
    if "status" in beside:
        text = "A column says whether a share is active: those that are not are marked, and are kept."
        report.warn("status-column", text)
    return edges


def _find_code(name: str, section: str | None, header: str) -> str:
    """Return why a cell of a list is no edge; nothing for a name."""
    if section is None:
        return "no-direction"
    if header and tidy_header(name) == tidy_header(header):
        return "header-again"
    if _says("note", name):
        return "note"
    # `Partner PD` among names is one, if it says no direction
    is_listed = looks_like_agency(name) and tidy_header(name) not in _list_headers("columns")
    return "heading" if find_section(name) or _is_heading(name) and not is_listed else ""
