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
    "detections_shared (they may search this agency's data) or detections_received (it may search "
    "theirs); for hot lists "
    "hot_lists_shared or hot_lists_received"
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


@functools.cache
def _load() -> dict:
    """Load the words of headings as patterns and sets."""
    known = load_format("workbook")["names"]
    made = {name: re.compile(known[name]) for name in ("note", "heading", "ends", "ended", "denied")}
    for name in ("columns", "beside", "city", "state_columns", "status"):
        made[name] = {tidy_header(one) for one in known[name]}
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


def is_heading(text: str) -> bool:
    """Return whether a cell heads names: a column's name, a side such as `Incoming`, a plural, a sentence
    over a list.
    """
    plain = " ".join(text.split())
    sides = load_format("workbook")["sides"].values()
    known = _load()
    is_named = tidy_header(text) in known["columns"] or find_section([plain]) is not None
    return is_named or bool(known["heading"].search(plain)) or any(re.search(side, plain) for side in sides)


def _is_name(text: str) -> bool:
    return looks_like_agency(text) and not is_heading(text)


def check_lines(source: Source, rows: list[tuple[int, list[str]]]) -> None:
    """Refuse names that are all on one line."""
    filled = [
        [cell for cell in cells if cell.strip()] for _, cells in rows if any(cell.strip() for cell in cells)
    ]
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
    known = _load()
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    width = max((len(cells) for _, cells in filled), default=0)
    columns = {
        at: [(number, cells[at].strip() if at < len(cells) else "") for number, cells in filled]
        for at in range(width)
    }
    heads = {at: _find_head(column) for at, column in columns.items()}
    lists = {}
    for at, column in columns.items():
        head, text = heads[at]
        names = [name for number, name in column if number > head and name and not known["note"].search(name)]
        names = [name for name in names if not is_heading(name)]
        hits = sum(map(_is_name, names))
        is_told = find_section([text]) is not None or _is_side(text)
        is_told |= tidy_header(text) in known["columns"] and len(set(names)) >= len(names) / 2
        if tidy_header(text) in known["beside"] or not names or not (is_told or len(names) > 1):
            continue
        if is_told or hits >= _MOST * len(names) and len(set(names)) >= _DISTINCT * len(names):
            lists[at] = head
    if not lists or _list_search_headers() & {tidy_header(text) for _, text in heads.values()}:
        return None
    header_row = max(lists.values())
    if not header_row and not _are_bare(columns, lists):
        return None
    lists = [at for at, head in lists.items() if head == header_row or len(lists) == 1]
    header = [cell.strip() for cell in dict(filled).get(header_row, [""] * width)]
    header += [""] * (width - len(header))
    above = [cells for number, cells in filled if number < header_row]
    titles = [cell.strip() for cells in above for cell in cells if cell.strip()]
    if sum(map(_is_name, titles)) > _TITLES:
        return None
    if _are_ends(columns, header_row, header, lists) or not _is_narrow(header, lists):
        return None
    sections = _find_sections(header, above, titles, lists, sheet.name)
    return {"kind": "names", "header_row": header_row, "header": header, "titles": titles, "lists": sections}


def _are_bare(columns: dict[int, list], lists: dict[int, int]) -> bool:
    """Return whether beside names without a header nothing but states and numbers is: anything else may be a
    log.
    """
    rest = [text for at, column in columns.items() if at not in lists for _, text in column if text]
    return all(re.fullmatch(r"[A-Z]{2}|\d{1,4}\.?", text) for text in rest)


@functools.cache
def _list_search_headers() -> set[str]:
    """List the headers of what only a log of searches holds, tidy."""
    columns = load_format("workbook")["searches"]["columns"]
    return {tidy_header(name) for field in ("reason_text", "plate", "case_number") for name in columns[field]}


def _is_side(text: str) -> bool:
    return any(re.search(side, " ".join(text.split())) for side in load_format("workbook")["sides"].values())


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


def _are_ends(columns: dict, header_row: int, header: list[str], lists: list[int]) -> bool:
    """Return whether two columns hold the ends of shares: each row is then a share between the two."""
    known, ends_n = _load(), 0
    for at, column in columns.items():
        names = [text for number, text in column if number > header_row and text]
        is_agency = (
            sum(map(_is_name, names)) > _MOST * len(names) and tidy_header(header[at]) not in known["beside"]
        )
        if at in lists or is_agency:
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
    header: list[str], above: list[list[str]], titles: list[str], lists: list[int], sheet: str
) -> list[tuple[int, str | None]]:
    """Find the direction of each list: in its own heading, over it, or for a single list in a title or the
    sheet's name.
    """
    own = _find_sides({at: header[at] for at in lists})
    if len(lists) > 1:
        for cells in reversed(above):
            if len(own) < len(lists):
                # a merged cell keeps its text at its left end
                over = {
                    at: next(
                        (cells[n] for n in range(min(at, len(cells) - 1), -1, -1) if cells[n].strip()), ""
                    )
                    for at in lists
                }
                own = _find_sides(over)
        own = own if len(own) == len(set(own.values())) == len(lists) else {}
    elif not own:
        own = {lists[0]: find_section([*titles, header[lists[0]], sheet])}
    return [(at, own.get(at)) for at in lists]


def _find_sides(texts: dict[int, str]) -> dict[int, str]:
    """Find the directions that headings say: by themselves, or as the contrary of another."""
    plain = {at: " ".join(text.split()) for at, text in texts.items()}
    found = {at: section for at, text in plain.items() if (section := find_section([text]))}
    sides = {
        at: section
        for section, pattern in load_format("workbook")["sides"].items()
        for at, text in plain.items()
        if at not in found and re.search(pattern, text)
    }
    return found | sides if len({*found.values(), *sides.values()}) > 1 else found


def settle_sections(
    source: Source, options: ReadOptions, parts: list, sheets: Mapping, *, is_all: bool, report: Report
) -> None:
    """Give each list the direction that the person or a mapping says, where the file says none.

    Parameters
    ----------
    source, options
        The file, and what the person knows: `section` is one direction, or one for each list, joined by
        commas.
    parts
        The sheets (`clerk.Found`) that hold names, in their order; their `lists` are filled in.
    sheets
        What a mapping says.
    is_all
        Whether the file holds nothing else that can be read: then the directions are asked for. Otherwise a
        list without one is left for later, and a warning says how to have it read.
    report
        Is given that warning.

    Raises
    ------
    IngestError
        A direction is none, or there are more or fewer of them than lists without one, or all lists lack one.
    """
    for part in parts:
        given = sheets.get(part.sheet.name, {}).get("section")
        if given is not None:
            part.lists = [(at, check_section(given, part.sheet.label)) for at, _ in part.lists]
    open_ = [(part, at) for part in parts for at, section in part.lists if section is None]
    names = [f"{part.sheet.label}, column {name_column(at + part.sheet.first_column)}" for part, at in open_]
    where = " and ".join(names[:8])
    each = (
        f" One for each of {where}, in this order and joined by commas, or one for all."
        if len(open_) > 1
        else ""
    )
    ask = f"Say it: --section {_MEANING}.{each}"
    if options.section:
        given = [check_section(text.strip(), "--section") for text in options.section.split(",")]
        if not open_:
            found = "a direction, and no list of names that lacks one"
            raise IngestError(f"{source.name}, --section", found, "Leave it out.", code="section-not-needed")
        if len(given) not in (1, len(open_)):
            found = (
                f"{say_number(len(given), 'direction')} for {say_number(len(open_), 'list')} "
                f"without one: {where}"
            )
            way_out = "Give one for each in this order, or one for all."
            raise IngestError(f"{source.name}, --section", found, way_out, code="wrong-value")
        pairs = dict(
            zip([(id(part), at) for part, at in open_], given * (len(open_) // len(given)), strict=True)
        )
        for part in parts:
            part.lists = [(at, section or pairs[id(part), at]) for at, section in part.lists]
    elif open_:
        found = f"{say_number(len(open_), 'list')} of names, and nothing says which way the data flows"
        if is_all:
            raise IngestError(f"{source.name}, {where}", found, ask, code="no-section", asks_for="section")
        report.warn("no-direction", f"Skipped in {where}: {found}. {ask}", "section")


def check_section(text: str, place: str) -> str:
    """Check that a text is a direction, and return it.

    Raises
    ------
    IngestError
        It is none; the nearest is shown.
    """
    if text not in SECTIONS:
        raise IngestError(place, f"section {text!r}", offer_nearest(text, SECTIONS), code="wrong-value")
    return text


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
    cells = part.list_cells()
    if len(cells) > source.limits.list_rows:
        found = f"a list of more than {source.limits.list_rows:,} rows"
        raise IngestError(source.name, found, "Split the file.", code="too-large")
    used = [at for at, _ in part.lists]
    skipped = {code: Skipped(code, reason) for code, reason in _SKIPPED.items()}
    for number, row in cells:
        if not any(row[at].strip() for at in used if at < len(row)):
            skipped["no-name"].add(part.sheet.name_row(number))
    beside = _find_beside(part, used)
    rows = []
    for at, section in part.lists:
        rows += _read_list(source, options, part, at, section, beside, skipped, report)
    report.skip(skipped)
    unused = [name for at, name in enumerate(part.header) if name and at not in (*used, *beside.values())]
    drop_columns(report, part.header, unused if part.header_row else [])
    if "status" in beside:
        text = (
            "A column says whether a share is active: those that are not are marked as inactive, "
            "and are kept."
        )
        report.warn("status-column", text)
    return rows


def _find_beside(part, used: list[int]) -> dict[str, int]:
    """Find the columns of city, state and status beside a single list."""
    if len(used) > 1:
        return {}
    known = _load()
    tidy = [tidy_header(name) for name in part.header]
    kinds = {"city_as_printed": "city", "state_as_printed": "state_columns", "status": "status"}
    found = {
        name: next((at for at, one in enumerate(tidy) if one in known[kind]), None)
        for name, kind in kinds.items()
    }
    return {name: at for name, at in found.items() if at is not None}


def _read_list(
    source: Source, options: ReadOptions, part, at: int, section: str | None, beside: dict[str, int],
    skipped: dict[str, Skipped], report: Report,
) -> list[dict]:  # fmt: skip
    known = _load()
    inactive = re.compile(
        load_format("flock")["sharing"]["inactive"]
    )  # the vendor's marks, which clerks copy
    names = [
        (number, name, row)
        for number, row in part.list_cells()
        if at < len(row) and (name := row[at].strip())
    ]
    head = tidy_header(part.header[at]) if part.header_row else None
    rows, seen, twice, cleaned, counts = [], set(), 0, 0, {section: 0}
    for number, printed, row in names:
        place = part.sheet.name_row(number)
        if section is None:
            skipped["no-direction"].add(place)
            continue
        name = remove_hidden(printed)
        cleaned += name != printed
        if head and tidy_header(name) == head:
            skipped["header-again"].add(place)
            continue
        if known["note"].search(name):
            skipped["note"].add(place)
            continue
        if is_heading(name) and not _is_listed(name):
            section = _turn(source, name, place, section)
            counts.setdefault(section, 0)
            skipped["heading"].add(place)
            continue
        plain = " ".join(name.split())
        twice += plain in seen
        seen.add(plain)
        counts[section] += 1
        ends = (options.reported_by, name) if section.endswith("_shared") else (name, options.reported_by)
        extra = {field: (row[n].strip() if n < len(row) else "") or None for field, n in beside.items()}
        is_ended = bool(known["ended"].search(extra.pop("status", None) or ""))
        rows.append(
            {
                "from_agency_as_printed": ends[0],
                "to_agency_as_printed": ends[1],
                "shares": "detections" if section.startswith("detections") else "hot_list",
                "reported_by": options.reported_by,
                "section": section,
                "is_inactive": bool(inactive.search(name)) or is_ended,
                "as_of": options.as_of,
                "source_id": options.source_id or source.id,
                "row_no": number,
                **extra,
            }
        )
    label = part.sheet.label if len(part.lists) == 1 else f"{part.sheet.label}, column {name_column(at + 1)}"
    for section, names_n in counts.items():
        key = f"{label}, {section}" if len(counts) > 1 else label
        report.details.setdefault("sections", {})[key] = {"section": section, "names": names_n}
    if twice:
        report.warn(
            "listed-twice",
            f"{label}: {say_number(twice, 'name is', 'names are')} there again; each row is kept.",
        )
    if cleaned:
        report.warn(
            "cleaned-names",
            f"{label}: characters without width were removed from {say_number(cleaned, 'name')}.",
        )
    if part.titles and at == part.lists[0][0]:
        said = say_number(len(part.titles), "cell above the names was", "cells above the names were")
        report.note("titles", f"{label}: {said} taken for a title.")
        report.private.setdefault("title", []).extend(part.titles[:8])
    if rows and not part.header_row:
        report.private.setdefault("first name", []).append(names[0][1])
    return rows


def _is_listed(name: str) -> bool:
    """Return whether what looks like a heading is a name after all: `Partner PD` among names, with no
    direction in it.
    """
    return (
        looks_like_agency(name)
        and find_section([name]) is None
        and tidy_header(name) not in _load()["columns"]
    )


def _turn(source: Source, name: str, place: str, section: str) -> str:
    """Return the direction that a heading among the names says; the same if it says none and is the name of a
    column.
    """
    turn = find_section([name])
    if turn:
        return turn
    found = "a heading among the names, which does not say which way the data flows"
    way_out = "Put each list into a file of its own, or the lists side by side, each below its heading."
    raise IngestError(f"{source.name}, {place}", found, way_out, code="heading-without-direction")
