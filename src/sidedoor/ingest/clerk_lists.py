"""Lists of agencies in a clerk's table: one, or several side by side, with or without a header."""

import functools
import re
from collections.abc import Mapping

from helpers.agencies.check import looks_like_agency
from helpers.canonical import SECTIONS
from helpers.errors import IngestError, offer_nearest
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import HEADER_ROWS, drop_columns, tidy_header
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Report, Skipped
from sidedoor.ingest.source import ReadOptions, Source
from sidedoor.ingest.xlsx import name_column

_MEANING = (
    "detections_shared (they may search this agency's data) or detections_received (it may search theirs); "
    "for hot lists hot_lists_shared or hot_lists_received"
)
# Of the cells of a column so many are names of agencies if it is a list; so many of its names are different.
_MOST, _DISTINCT = 0.8, 0.7
# Cells above a header that may hold a word of an agency: whose list it is, and a department of it.
_TITLES = 2
# Columns beside names whose headers are not known.
_MORE = 3
_SKIPPED = {
    "heading": "a heading among the names",
    "header-again": "the header, repeated among the rows",
    "note": "a total or a note, and no name",
    "no-name": "a row without a name",
    "no-direction": "a list of names that does not say which way the data flows",
}
_STATUS = "A column says whether a share is active: those that are not are marked as inactive, and are kept."


@functools.cache
def _load() -> dict:
    """Load the words of headings as patterns and sets."""
    known, flock = load_format("workbook")["names"], load_format("flock")
    made = {name: re.compile(known[name]) for name in ("note", "heading", "ends", "ended", "denied")}
    made["inactive"] = re.compile(flock["sharing"]["inactive"])  # the vendor's marks, which clerks copy
    for name in ("columns", "beside", "city", "state_columns", "status"):
        made[name] = {tidy_header(one) for one in known[name]}
    logs = load_format("workbook")["searches"]["columns"]
    only = [name for field in ("reason_text", "plate", "case_number") for name in logs[field]]
    made["searches"] = set(map(tidy_header, only))
    return made


def find_section(texts: list[str]) -> str | None:
    """Find the direction of a list in what is above it, in its column's name or in its sheet's name.

    A text that denies or limits what it says, as of agencies that no longer share, says no direction.
    """
    texts = [text for text in texts if not _load()["denied"].search(text)]
    for heading in load_format("workbook")["headings"]:
        if any(re.search(heading["pattern"], text) for text in texts):
            return heading["section"]
    return None


def _find_side(text: str) -> str | None:
    """Find the direction that a heading such as `Incoming` says beside its contrary."""
    sides = load_format("workbook")["sides"].items()
    return next((section for section, side in sides if re.search(side, " ".join(text.split()))), None)


def is_heading(text: str) -> bool:
    """Return whether a cell heads names: a column's name, a side such as `Incoming`, a plural, a sentence
    over a list.
    """
    plain, known = " ".join(text.split()), _load()
    is_told = find_section([plain]) is not None or _find_side(plain) is not None
    return is_told or tidy_header(text) in known["columns"] or bool(known["heading"].search(plain))


def _is_name(text: str) -> bool:
    return looks_like_agency(text) and not is_heading(text)


def check_lines(source: Source, rows: list[tuple[int, list[str]]]) -> None:
    """Refuse names that are all on one line."""
    filled = [[cell for cell in cells if cell.strip()] for _, cells in rows]
    filled = [cells for cells in filled if cells]
    if len(filled) == 1 and len(filled[0]) > 1 and sum(map(_is_name, filled[0])) * 2 >= len(filled[0]):
        found = f"{len(filled[0])} cells on a single line, which look like names of agencies"
        way_out = "Put each name on a line of its own, in a copy of the file."
        raise IngestError(source.name, found, way_out, code="one-line")


def find_lists(sheet, rows: list[tuple[int, list[str]]]) -> dict | None:
    """Find the columns of agencies of a sheet and the row that heads them.

    Returns
    -------
    Fields of `clerk.Found`; None if no column holds names of agencies.
    """
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    width = max((len(cells) for _, cells in filled), default=0)
    columns = {
        at: [(number, cells[at].strip() if at < len(cells) else "") for number, cells in filled]
        for at in range(width)
    }
    heads = {at: _find_head(column) for at, column in columns.items()}
    found = {at: heads[at][0] for at, column in columns.items() if _is_list(column, *heads[at])}
    if not found or _load()["searches"] & {tidy_header(text) for _, text in heads.values()}:
        return None
    header_row = max(found.values())
    if not header_row and not _are_bare(columns, found):
        return None
    lists = [at for at, head in found.items() if head == header_row]
    header = [cell.strip() for cell in dict(filled).get(header_row, [])]
    header += [""] * (width - len(header))
    above = [cells for number, cells in filled if number < header_row]
    titles = [cell.strip() for cells in above for cell in cells if cell.strip()]
    if sum(map(_is_name, titles)) > _TITLES or not _is_narrow(header, lists):
        return None
    if _are_ends(columns, header_row, header, lists):
        return None
    sections = _find_sections(header, above, [*titles, header[lists[0]], sheet.name], lists)
    return {"kind": "names", "header_row": header_row, "header": header, "titles": titles, "lists": sections}


def _find_head(column: list[tuple[int, str]]) -> tuple[int, str]:
    """Find the row that heads the names of a column: the last of the first rows that is none, with hardly a
    name above it.
    """
    found, names_n, is_headed = (0, ""), 0, False
    for number, text in column[:HEADER_ROWS]:
        if text and _is_name(text):
            names_n += 1
        elif text and names_n <= _TITLES:
            is_head = is_heading(text)
            if is_head or not (is_headed or names_n or _load()["note"].search(text)):
                found, is_headed = (number, text), is_headed or is_head
    return found


def _is_list(column: list[tuple[int, str]], head: int, heading: str) -> bool:
    """Return whether the cells below a heading are names: its words say so, or nearly all of the cells do."""
    known, tidy = _load(), tidy_header(heading)
    names = [name for number, name in column if number > head and name and not known["note"].search(name)]
    names = [name for name in names if not is_heading(name)]
    if tidy in known["beside"] or not names:
        return False
    if find_section([heading]) or _find_side(heading):
        return True
    if tidy in known["columns"] and len(set(names)) >= len(names) / 2:
        return True
    agencies_n = sum(map(_is_name, names))
    return len(names) > 1 and agencies_n >= _MOST * len(names) and len(set(names)) >= _DISTINCT * len(names)


def _are_bare(columns: dict[int, list], lists: dict[int, int]) -> bool:
    """Return whether beside names without a header nothing but states and numbers is: anything else may be a
    log.
    """
    rest = [text for at, column in columns.items() if at not in lists for _, text in column if text]
    return all(re.fullmatch(r"[A-Z]{2}|\d{1,4}\.?", text) for text in rest)


def _are_ends(columns: dict, header_row: int, header: list[str], lists: list[int]) -> bool:
    """Return whether two columns hold the ends of shares: each row is then a share between the two."""
    known, ends_n = _load(), 0
    for at, column in columns.items():
        names = [text for number, text in column if number > header_row and text]
        is_known = tidy_header(header[at]) in known["beside"]
        if at in lists or (sum(map(_is_name, names)) > _MOST * len(names) and not is_known):
            ends_n += bool(known["ends"].search(header[at]))
            # names that come again and again beside those of another column
            if len({*lists, at}) > 1 and len(names) > 1 and len(set(names)) <= 2 / 3 * len(names):
                return True
    return ends_n > 1


def _is_narrow(header: list[str], lists: list[int]) -> bool:
    """Return whether hardly anything is beside the names: many columns, or ids, are a table of something
    else.
    """
    tidy = [tidy_header(name) for at, name in enumerate(header) if name and at not in lists]
    more = [name for name in tidy if name not in _load()["beside"]]
    return len(more) <= _MORE and not any(name == "id" or name.endswith(("_id", " id")) for name in tidy)


def _find_sections(
    header: list[str], above: list[list[str]], texts: list[str], lists: list[int]
) -> list[tuple[int, str | None]]:
    """Find the direction of each list: in its own heading, over it, or for a single list in a title or the
    sheet's name.
    """
    found = _find_sides({at: header[at] for at in lists})
    if len(lists) == 1:
        return [(lists[0], found.get(lists[0]) or find_section(texts))]
    for cells in reversed(above):
        if len(found) < len(lists):
            # a merged cell keeps its text at its left end
            left = {at: [cell for cell in cells[: at + 1] if cell.strip()] for at in lists}
            found = _find_sides({at: texts[-1] if texts else "" for at, texts in left.items()})
    is_whole = len(found) == len(set(found.values())) == len(lists)
    return [(at, found[at] if is_whole else None) for at in lists]


def _find_sides(texts: dict[int, str]) -> dict[int, str]:
    """Find the directions that headings say: by themselves, or as the contrary of another."""
    found = {at: find_section([" ".join(text.split())]) for at, text in texts.items()}
    sides = {at: section or _find_side(texts[at]) for at, section in found.items()}
    are_contrary = len({*filter(None, sides.values())}) > 1
    return {at: section for at, section in (sides if are_contrary else found).items() if section}


def settle_sections(
    source: Source, options: ReadOptions, parts: list, sheets: Mapping, *, is_all: bool, report: Report
) -> None:
    """Give each list (`clerk.Found.lists`) the direction that the person or a mapping says, where the file
    says none.

    Parameters
    ----------
    source, options, parts, sheets
        The file, what the person knows (`section` is one direction, or one for each list, joined by commas),
        the sheets that hold names, what a mapping says of sheets.
    is_all
        Whether the file holds nothing else that can be read: then the directions are asked for. Otherwise a
        list without one is left for later, and a warning in the report says how to have it read.

    Raises
    ------
    IngestError
        A direction is none, or there are more or fewer of them than lists without one, or all lists lack one.
    """
    for part in parts:
        if given := sheets.get(part.sheet.name, {}).get("section"):
            part.lists = [(at, given) for at, _ in part.lists]
    open_ = [(part, at) for part in parts for at, section in part.lists if section is None]
    names = [f"{part.sheet.label}, column {name_column(at + part.sheet.first_column)}" for part, at in open_]
    where = " and ".join(names[:8])
    if options.section:
        given = [text.strip() for text in options.section.split(",")]
        for text in given:
            if text not in SECTIONS:
                found = f"section {text!r}"
                raise IngestError("--section", found, offer_nearest(text, SECTIONS), code="wrong-value")
        place = f"{source.name}, --section"
        if not open_:
            found = "a direction, and no list of names that lacks one"
            raise IngestError(place, found, "Leave it out.", code="section-not-needed")
        if len(given) not in (1, len(open_)):
            lists = say_number(len(open_), "list")
            found = f"{say_number(len(given), 'direction')} for {lists} without one: {where}"
            way_out = "Give one for each in this order, or one for all."
            raise IngestError(place, found, way_out, code="wrong-value")
        left = iter(given * (len(open_) // len(given)))
        for part in parts:
            part.lists = [(at, section or next(left)) for at, section in part.lists]
    elif open_:
        found = f"{say_number(len(open_), 'list')} of names, and nothing says which way the data flows"
        ask = f"Say it: --section {_MEANING}."
        if len(open_) > 1:
            ask += f" One for each of {where}, in this order and joined by commas, or one for all."
        if is_all:
            raise IngestError(f"{source.name}, {where}", found, ask, code="no-section", asks_for="section")
        report.warn("no-direction", f"Skipped in {where}: {found}. {ask}", "section")


def read_lists(source: Source, options: ReadOptions, part, report: Report) -> list[dict]:
    """Read the lists of a sheet (`clerk.Found`) into edges; those without a direction are skipped.

    A heading between names, as where one list is below another, says the direction of those below it.

    Raises
    ------
    IngestError
        It is not said whose list it is, or of which day; or a heading between names says no direction.
    """
    if any(section for _, section in part.lists):
        if not options.reported_by:
            found, way_out = "a list that does not say whose it is", "Say it: --reported-by 'AGENCY'."
            raise IngestError(source.name, found, way_out, code="no-reporter", asks_for="reported_by")
        if not options.as_of:
            way_out = "Give it: --as-of YYYY-MM-DD."
            raise IngestError(source.name, "a list without a date", way_out, code="no-date", asks_for="as_of")
    cells, header, sheet = part.list_cells(), part.header, part.sheet
    if len(cells) > source.limits.list_rows:
        found = f"a list of more than {source.limits.list_rows:,} rows"
        raise IngestError(source.name, found, "Split the file.", code="too-large")
    used = [at for at, _ in part.lists]
    skipped = {code: Skipped(code, reason) for code, reason in _SKIPPED.items()}
    for number, row in cells:
        if not any(row[at].strip() for at in used if at < len(row)):
            skipped["no-name"].add(sheet.name_row(number))
    beside = {} if len(used) > 1 else _find_beside(header)
    rows = []
    for at, section in part.lists:
        rows += _read_list(source, options, part, at, section, beside, skipped, report)
    if part.titles:
        said = say_number(len(part.titles), "cell above the names was", "cells above the names were")
        report.note("titles", f"{sheet.label}: {said} taken for a title.")
        report.private.setdefault("title", []).extend(part.titles[:8])
    report.skip(skipped)
    unused = [name for at, name in enumerate(header) if name and at not in (*used, *beside.values())]
    drop_columns(report, header, unused if part.header_row else [])
    if "status" in beside:
        report.warn("status-column", _STATUS)
    return rows


def _find_beside(header: list[str]) -> dict[str, int]:
    """Find the columns of city, state and status beside a single list."""
    kinds = {"city_as_printed": "city", "state_as_printed": "state_columns", "status": "status"}
    found = {}
    for at, name in enumerate(map(tidy_header, header)):
        for field, kind in kinds.items():
            if name in _load()[kind]:
                found.setdefault(field, at)
    return found


def _read_list(
    source: Source, options: ReadOptions, part, at: int, section: str | None, beside: dict[str, int],
    skipped: dict[str, Skipped], report: Report,
) -> list[dict]:  # fmt: skip
    known, sheet = _load(), part.sheet
    head = tidy_header(part.header[at]) if part.header_row else None
    cells = [(number, row[at].strip(), row) for number, row in part.list_cells() if at < len(row)]
    names = [(number, name, row) for number, name, row in cells if name]
    rows, seen, cleaned, counts = [], [], 0, {section: 0}
    for number, printed, row in names:
        name, place = remove_hidden(printed), sheet.name_row(number)
        is_read = section is not None
        cleaned += is_read and name != printed
        if not is_read:
            skipped["no-direction"].add(place)
        elif head and tidy_header(name) == head:
            skipped["header-again"].add(place)
        elif known["note"].search(name):
            skipped["note"].add(place)
        elif is_heading(name) and not _is_listed(name):
            section = _turn(source, name, place)
            counts.setdefault(section, 0)
            skipped["heading"].add(place)
        else:
            seen.append(" ".join(name.split()))
            counts[section] += 1
            extra = {field: row[n].strip() or None for field, n in beside.items() if n < len(row)}
            rows.append(_make_edge(name, section, extra, options) | {"row_no": number})
    for row in rows:
        row["source_id"] = options.source_id or source.id
    label = sheet.label if len(part.lists) == 1 else f"{sheet.label}, column {name_column(at + 1)}"
    for section, names_n in counts.items():
        key = f"{label}, {section}" if len(counts) > 1 else label
        report.details.setdefault("sections", {})[key] = {"section": section, "names": names_n}
    if twice := len(seen) - len(set(seen)):
        said = say_number(twice, "name is", "names are")
        report.warn("listed-twice", f"{label}: {said} there again; each row is kept.")
    if cleaned:
        said = f"characters without width were removed from {say_number(cleaned, 'name')}."
        report.warn("cleaned-names", f"{label}: {said}")
    if rows and not part.header_row:
        report.private.setdefault("first name", []).append(names[0][1])
    return rows


def _make_edge(name: str, section: str, extra: dict[str, str | None], options: ReadOptions) -> dict:
    """Make the edge of a name; `extra` holds the cells of city, state and status beside it."""
    is_ended = bool(_load()["ended"].search(extra.pop("status", None) or ""))
    ends = (options.reported_by, name) if section.endswith("_shared") else (name, options.reported_by)
    return {
        "from_agency_as_printed": ends[0],
        "to_agency_as_printed": ends[1],
        "shares": "detections" if section.startswith("detections") else "hot_list",
        "reported_by": options.reported_by,
        "section": section,
        "is_inactive": is_ended or bool(_load()["inactive"].search(name)),
        "as_of": options.as_of,
        **extra,
    }


def _is_listed(name: str) -> bool:
    """Return whether what looks like a heading is a name after all: `Partner PD` among names, with no
    direction in it.
    """
    is_column = tidy_header(name) in _load()["columns"]
    return looks_like_agency(name) and find_section([name]) is None and not is_column


def _turn(source: Source, name: str, place: str) -> str:
    """Return the direction that a heading among the names says."""
    if section := find_section([name]):
        return section
    found = "a heading among the names, which does not say which way the data flows"
    way_out = "Put each list into a file of its own, or the lists side by side, each below its heading."
    raise IngestError(f"{source.name}, {place}", found, way_out, code="heading-without-direction")
