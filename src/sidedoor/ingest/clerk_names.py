"""Lists of agencies in a clerk's table: one, or several side by side, with or without a header."""

import difflib
import re
from collections.abc import Mapping

from helpers.canonical import SECTIONS
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.clerk_sheets import Found, find_section, is_heading
from sidedoor.ingest.headers import tidy_header
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import ReadOptions, Source

_MEANING = (
    "detections_shared (they may read this agency's data) or detections_received (it may read theirs); for hot lists "
    "hot_lists_shared or hot_lists_received"
)


# Of the names in one of several lists so many at most are different if they are ends of shares.
_DISTINCT = 2 / 3
# Cells above a header that may hold a word of an agency: whose list it is, and a department of it.
_TITLES = 2


def settle_sections(
    source: Source, options: ReadOptions, parts: list[Found], sheets: Mapping, *, is_all: bool, report: Report
) -> None:
    """Give each list the direction that the person or a mapping says, where the file says none.

    Parameters
    ----------
    source, options
        The file, and what the person knows: `section` is one direction, or one for each list, joined by commas.
    parts
        The sheets that hold names, in their order; their `lists` are filled in.
    sheets
        What a mapping says.
    is_all
        Whether the file holds nothing else that can be read: then the directions are asked for. Otherwise a list
        without one is left for later, and its warning says how to have it read.
    report
        Is given that warning.

    Raises
    ------
    IngestError
        A direction is none, or there are more or fewer of them than lists without one, or all lists lack one.
    """
    for part in parts:
        told = sheets.get(part.sheet.name, {}).get("section")
        if told is not None:
            part.lists = [(at, check_section(told, part.place)) for at, _ in part.lists]
    open_ = [(part, at) for part in parts for at, section in part.lists if section is None]
    if options.section:
        given = [check_section(text.strip(), "--section") for text in options.section.split(",")]
        if not open_:
            found = (
                "a direction for lists that say theirs themselves"
                if parts
                else "a direction, and no list of names"
            )
            raise IngestError(f"{source.name}, --section", found, "Leave it out.")
        if len(given) not in (1, len(open_)):
            found = f"{say_number(len(given), 'direction')} for {say_number(len(open_), 'list')} that say none: {_name_lists(open_)}"
            raise IngestError(
                f"{source.name}, --section", found, "Give one for each in this order, or one for all."
            )
        told = dict(
            zip([(id(part), at) for part, at in open_], given * (len(open_) // len(given)), strict=True)
        )
        for part in parts:
            part.lists = [(at, section or told[id(part), at]) for at, section in part.lists]
    elif open_ and is_all:
        raise IngestError(f"{source.name}, {_name_lists(open_)}", _describe_open(open_), _ask(open_))
    elif open_:
        report.warnings.append(
            f"Set aside in {_name_lists(open_)}: {_describe_open(open_)}. {_ask(open_)} Or say it for each sheet in a "
            f'mapping: table = "workbook", [sheets."{open_[0][0].sheet.name}"] section = "detections_shared", for example.'
        )


def check_section(text: str, place: str) -> str:
    """Demand that a text is a direction, and give it back.

    Raises
    ------
    IngestError
        It is none; the nearest is shown.
    """
    if text not in SECTIONS:
        near = difflib.get_close_matches(text, SECTIONS, 1)
        raise IngestError(
            place,
            f"section {text!r}",
            f"Did you mean {near[0]!r}?" if near else f"It is one of {', '.join(SECTIONS)}.",
        )
    return text


def _name_lists(open_: list) -> str:
    """Name lists by their sheets, and by their columns where a sheet has several."""
    sheets = [id(part) for part, _ in open_]
    names = [
        f"{part.place}, {_name_column(part, at)}" if sheets.count(id(part)) > 1 else part.place
        for part, at in open_
    ]
    return " and ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _name_column(part: Found, at: int) -> str:
    cell = part.sheet.locate(0, at).rsplit("!", 1)[-1]
    return f"column {re.sub(r'.*column |[0-9]', '', cell)}"


def _describe_open(open_: list) -> str:
    bare = all(not part.header_row for part, _ in open_)
    what = "what looks like names of agencies, without a header" if bare else "a list of names"
    if len(open_) > 1:
        what = f"{len(open_)} lists of names{' without a header' if bare else ''} ({_name_lists(open_)})"
    return f"{what}, and nothing says which way the data flows"


def _ask(open_: list) -> str:
    each = (
        f" One for each of the {len(open_)}, in this order and joined by commas, or one for all."
        if len(open_) > 1
        else ""
    )
    return f"Say it: --section {_MEANING}.{each}"


def read_names(source: Source, options: ReadOptions, part: Found, report: Report) -> list[dict]:
    """Read the lists of a sheet into edges; those without a direction are set aside.

    A heading between names, as where one list stands below another, says the direction of those below it.

    Raises
    ------
    IngestError
        Nobody said whose list it is, or of which day; its columns hold the ends of edges; a heading between names says no
        direction; or names stand above the header.
    """
    _check_ends(source, part)
    _check_above(source, part)
    where = f"{source.name}, {part.place}" if not part.is_text else source.name
    if any(section for _, section in part.lists):
        if not options.reported_by:
            raise IngestError(
                where, "a list that does not say whose it is", "Say it: --reported-by 'AGENCY'."
            )
        if not options.as_of:
            raise IngestError(where, "a list without a date", "Give it: --as-of YYYY-MM-DD.")
    used = {at for at, _ in part.lists}
    if part.header_row:
        report.columns_dropped += dict.fromkeys(
            name for at, name in enumerate(part.header) if name and at not in used
        )
    rows = []
    for at, section in part.lists:
        rows += _read_list(source, options, part, at, section, report)
    filled = sum(any(cells[at].strip() for at in used) for _, cells in part.list_cells())
    if empty := len(part.list_cells()) - filled:
        first = next(
            number for number, cells in part.list_cells() if not any(cells[at].strip() for at in used)
        )
        report.put_aside(part.name_row(first), "a row without a name", empty)
    return rows


def _check_ends(source: Source, part: Found) -> None:
    """Refuse lists side by side of which one repeats its names: each row is then a share between the two."""
    for at, _ in part.lists if len(part.lists) > 1 else ():
        names = [" ".join(cells[at].split()) for _, cells in part.list_cells() if cells[at].strip()]
        if len(names) > 1 and len(set(names)) <= _DISTINCT * len(names):
            raise IngestError(
                f"{source.name}, {part.place}, {_name_column(part, at)}",
                "names that come again and again beside those of another column: ends of shares, not a list",
                'Say which column is which end in a mapping, table = "sharing": --mapping FILE.toml.',
            )


def _check_above(source: Source, part: Found) -> None:
    """Refuse a header below names: it heads a second list. The agency itself may stand in a title."""
    agency = re.compile(load_format("workbook")["names"]["agency"])
    above = [text for text in part.titles if agency.search(text) and not is_heading(text)]
    if len(above) > _TITLES:
        found = f"{len(above)} cells above the header that look like names of agencies"
        way_out = "Put each list into a file of its own, or the lists side by side, each below its heading."
        raise IngestError(f"{source.name}, {part.name_row(part.header_row)}", found, way_out)


def _read_list(
    source: Source, options: ReadOptions, part: Found, at: int, section: str | None, report: Report
) -> list[dict]:
    known = load_format("workbook")["names"]
    note, agency = (re.compile(known[name]) for name in ("note", "agency"))
    inactive = re.compile(
        load_format("flock")["sharing"]["inactive"]
    )  # the vendor's marks, which clerks copy
    names = [(number, name) for number, cells in part.list_cells() if (name := cells[at].strip())]
    if section is None:
        reason = "a list of names that does not say which way the data flows"
        report.put_aside(part.place, reason, len(names))
        return []
    rows, seen, twice, odd, counts = [], set(), 0, [], {section: 0}
    head = tidy_header(part.header[at]) if part.header_row else None
    for number, name in names:
        is_head = is_heading(name)
        turn = find_section([name]) if is_head else None
        if is_head and not turn and number != part.heading and tidy_header(name) != head:
            raise IngestError(
                f"{source.name}, {part.name_row(number)}", "a heading among the names, which does not say which way the data flows",
                "Put each list into a file of its own, or the lists side by side, each below its heading.",
            )  # fmt: skip
        if turn:
            section = turn
            counts.setdefault(section, 0)
        if reason := (
            "a heading among the names: it says which way the data below it flows" if turn else
            "the header, repeated among the rows" if tidy_header(name) == head
            else "a heading above the names: it holds no word of an agency" if number == part.heading
            else "a total or a note, and no name" if note.search(name) else ""
        ):  # fmt: skip
            report.put_aside(part.name_row(number), reason)
            continue
        plain = " ".join(name.split())
        twice += plain in seen
        seen.add(plain)
        if not agency.search(name):
            odd.append(number)
        counts[section] += 1
        is_out = section.endswith("_shared")
        rows.append(
            {
                "from_agency_as_printed": options.reported_by if is_out else name,
                "to_agency_as_printed": name if is_out else options.reported_by,
                "shares": "detections" if section.startswith("detections") else "hot_list",
                "reported_by": options.reported_by, "section": section, "is_inactive": bool(inactive.search(name)),
                "as_of": options.as_of, "source_id": options.source_id or source.id, "row_no": number,
            }
        )  # fmt: skip
    place = part.place if len(part.lists) == 1 else f"{part.place}, {_name_column(part, at)}"
    name = part.sheet.name if len(part.lists) == 1 else f"{part.sheet.name} {_name_column(part, at)}".strip()
    for section, names_n in counts.items():
        key = f"{name or 'list'}{f', {section}' if len(counts) > 1 else ''}"
        report.details.setdefault("sections", {})[key] = {"section": section, "names": names_n}
    if twice:
        said = say_number(twice, "name stands there again", "names stand there again")
        report.warnings.append(f"{place}: {said}; each row is kept.")
    if odd:
        said = say_number(len(odd), "entry holds", "entries hold")
        report.warnings.append(
            f"{place}: {said} no word of an agency, first in {part.name_row(odd[0])}: look whether it is one. Each is kept."
        )
    return rows
