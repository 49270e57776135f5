"""Flock's tables of organizations: SharedNetworks (who shares networks with an agency, and with whom it
shares) as CSV, XLSX or printed, and the page "Devices" printed (whose cameras an account can reach).

No sample of the page "Devices" was at hand. What it says in words that are not known is asked for.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from helpers.agencies.check import looks_like_agency
from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import bind_columns, check_day, drop_columns, list_beginnings, tidy_header
from sidedoor.ingest.lists import ask_for, build_row, close_tables
from sidedoor.ingest.pdf import read_pages, warn_unseen
from sidedoor.ingest.pdf_table import find_page_header, read_rows
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Reading, Report, Skipped
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx", "pdf")
FORMS = {
    "sharing": ("Flock SharedNetworks", "organizations by row, networks by direction"),
    "devices": ("Flock devices", "agencies by row, printed to PDF"),
}
# direction, as a column of SharedNetworks -> section of the canonical table
SECTIONS = {"with_me": "detections_received", "by_me": "detections_shared"}
# relationship, as the page "Devices" says it -> directions
_RELATIONS = {"both": ("with_me", "by_me"), "received": ("with_me",), "shared": ("by_me",), "own": ()}
_SKIPPED = {
    "header-again": "the header, repeated among the rows",
    "no-name": "networks without the name of an organization",
    "note": "a total or a note, and no organization",
    "no-share": "no share in a direction that the file holds: an organization alone, or a note",
    "own": "the account's own devices",
    "search-off": "an agency that cannot be searched",
}


@dataclass(frozen=True)
class _Table:
    """Where a table is: form, sheet (None for a text or a PDF), row of the header, header, columns."""

    form: str
    sheet: Sheet | None
    header_row: int
    header: list[str]
    columns: dict[str, str]

    @property
    def is_known(self) -> bool:
        """Whether the columns tell an organization, and which way its data flows."""
        has = self.columns.keys()
        if self.form == "devices":
            return {"organization", "relationship"} <= has and not {"search", "hot_list"}.isdisjoint(has)
        return "organization" in has and not SECTIONS.keys().isdisjoint(has)


def recognize(source: Source) -> Match | None:
    """Recognize a table by its columns, in any order."""
    found = find_table(source)
    if not found:
        return None
    why = f"columns {', '.join(repr(name) for name in found.columns.values())}"
    # in a workbook, an audit beside it is the greater part
    return Match(*FORMS[found.form], why, 0.9 if found.sheet else 1.0)


def find_table(source: Source) -> _Table | None:
    """Find the table in a file."""
    return next((table for table in _list_headers(source) if table.is_known), None)


def _list_headers(source: Source) -> Iterator[_Table]:
    """Give what may be the header of a table: a row with the column of organizations."""
    if source.kind == "pdf":
        for form in FORMS:
            headers = (find_page_header(page, *_list_names(form)) for page in read_pages(source)[:3])
            if header := next(filter(None, headers), None):
                names = list(header.names)
                yield _Table(form, None, 0, names, bind_columns(names, _load(form), source.name))
        return
    names = {tidy_header(name) for name in _load("sharing")["organization"]}
    for sheet, rows in list_beginnings(source):
        for number, cells in rows:
            if not names.isdisjoint(map(tidy_header, cells)):
                header = [cell.strip() for cell in cells]
                columns = bind_columns(list(filter(None, header)), _load("sharing"), source.name)
                yield _Table("sharing", sheet, number, header, columns)


def _load(form: str) -> dict[str, list[str]]:
    return load_format("flock")[form]["columns"]


def _list_names(form: str) -> tuple[set[str], int]:
    """List the names of columns, and how many of them a printed header has."""
    names = {tidy_header(name) for part in _load(form).values() for name in part}
    return names, 2 if form == "sharing" else 3


def _list_rows(source: Source, table: _Table, report: Report) -> Iterator[tuple[str, int | None, list[str]]]:
    """Give place, printed page and cells of each row; at the end, the report what else was seen."""
    if source.kind == "pdf":
        _, rows, _ = read_rows(read_pages(source), source.name, *_list_names(table.form))
        for at, row in enumerate(rows, 1):
            yield f"page {row.page} row {at}", row.page, [" ".join(lines) for lines in row.cells]
        warn_unseen(read_pages(source), report)
        report.warn("printed", "Read from the places of words on printed pages: compare a page by eye.")
    elif table.sheet is None:
        text = read_table(source, header_line=table.header_row)
        yield from ((f"line {line}", None, cells) for line, cells in text.rows())
        text.describe(report)
    else:
        for number, cells in table.sheet:
            if number > table.header_row and any(cells):
                yield table.sheet.name_row(number), None, cells
        for sheet in read_workbook(source).sheets:
            if sheet is not table.sheet:
                reason = "a sheet that is no SharedNetworks list"
                report.put_aside(sheet.label, reason, sheet.count_rows(), "other-sheet")


def read(source: Source, options: ReadOptions) -> Reading:
    """Read a table of organizations.

    Returns
    -------
    Reading with `sharing`: a row for each organization and direction; for devices also one for its hot-list
    tool, and in `volumes` the cameras beside its name. Names of networks in a cell are not counted: a comma
    inside a name cannot be told from one between two.

    Raises
    ------
    IngestError
        It is not said whose table it is, of what day, or what a relationship or a setting means.
    """
    match, table = recognize(source), find_table(source)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    cap, columns = source.limits.list_rows, table.columns
    rows = [
        (place, page, dict(zip(table.header, map(str.strip, cells), strict=False)))
        for place, page, cells in islice(_list_rows(source, table, report), cap + 1)
    ]
    if len(rows) > cap:
        said = f"a list of more than {cap:,} rows"
        raise IngestError(source.name, said, "Split it.", code="too-large")
    _check_options(source.name, [row.get(columns.get("by_me"), "") for *_, row in rows], options)
    base = {"reported_by": options.reported_by, "source_id": options.source_id or source.id}
    skipped = {code: Skipped(code, reason) for code, reason in _SKIPPED.items()}
    sharing, cameras, names, cleaned_n = [], [], Counter(), 0
    for row_no, (place, page, row) in enumerate(rows, 1):
        cells = {field: row.get(column, "") for field, column in columns.items()}
        name = remove_hidden(cells["organization"])
        cleaned_n += name != cells["organization"]
        if table.form == "devices":
            at = base | {"period_start": options.as_of, "period_end": options.as_of, "page": page}
            if found := re.match(load_format("flock")["devices"]["cameras"], name):
                name, value = found["name"], int(found["one"] or found["other"])
                cameras.append(at | {"scope": name, "measure": "cameras", "value": value})
            code, sections = _read_device(cells, options, place)
        else:
            page = int(cells["page"]) if re.fullmatch(r"\d{1,6}", cells.get("page", "")) else None
            sections = [section for field, section in SECTIONS.items() if cells.get(field)]
            code = "" if sections else "no-share"
        code = _find_reason(name, columns["organization"]) or code
        if code:
            skipped[code].add(place)
        if code in ("", "no-share"):
            names[name] += 1
        for section in () if code else sections:
            at = {"as_of": options.as_of, "page": page, "row_no": row_no}
            sharing.append(build_row(section, options.reported_by, name) | base | at)
    report.skip(skipped)
    report.details["rows_in_file"] = len(rows)
    unbound = [name for name in table.header if name and name not in columns.values()]
    drop_columns(report, table.header, unbound)
    if cleaned_n:
        report.warn(
            "cleaned-names", f"Names with characters without width, which were removed: {cleaned_n:,}."
        )
    if twice_n := sum(count > 1 for count in names.values()):
        report.details["listed_twice"] = twice_n
        said = say_number(twice_n, "organization is", "organizations are")
        report.warn("listed-twice", f"{said} in more than one row; each row is kept.")
    if table.form == "devices":
        said = "This form was read without a sample of it at hand: compare every column with the page."
        report.warn("no-sample", said)
    for section in (SECTIONS[name] for name in SECTIONS.keys() - columns if table.form == "sharing"):
        said = f"The file has no column for {section}: not released, which is not the same as no share."
        report.warn("direction-not-released", said)
    said = (
        "A blank cell is no share in that direction. The list is a setting on one day, not a record of use."
    )
    report.note("setting", said)
    return close_tables(report, {"sharing": sharing} | ({"volumes": cameras} if cameras else {}))


def _find_reason(name: str, column: str) -> str:
    """Return why a row is skipped, whatever it says of sharing; nothing for the row of an organization."""
    if tidy_header(name) == tidy_header(column):
        return "header-again"
    if not name:
        return "no-name"
    return "note" if re.search(load_format("workbook")["names"]["note"], name) else ""


def _check_options(name: str, networks: list[str], options: ReadOptions) -> None:
    """Ask whose list it is, with the network that it shares as a hint, and of which day."""
    if not options.reported_by:
        own = next((cell for cell, _ in Counter(networks).most_common() if looks_like_agency(cell)), None)
        hint = f"The network that it shares most often is called {own[:80]!r}." if own else ""
        raise ask_for("reported_by", name, hint)
    if not options.as_of:
        raise ask_for("as_of", name)
    check_day(options.as_of)


def _read_device(cells: dict[str, str], options: ReadOptions, place: str) -> tuple[str, list[str]]:
    """Read what a row of devices says: a reason to skip it, and the sections that it is in."""
    known = load_format("flock")["devices"]
    relation = next((name for name in _RELATIONS if re.match(known[name], cells["relationship"])), None)
    if relation is None and not options.section:
        found, way_out = (
            "a relationship in words that are not known",
            "Say which way its data flows: --section.",
        )
        raise IngestError(place, found, way_out, code="relationship", asks_for="section")
    sections = [SECTIONS[name] for name in _RELATIONS[relation]] if relation else [options.section]
    is_on = {}
    for field in ("search", "hot_list"):
        text = cells.get(field, "yes" if field == "search" else "no")
        is_on[field] = bool(re.match(known["yes"], text))
        if not is_on[field] and not re.match(known["no"], text):
            way_out = (
                "Bring the page into a CSV with columns that say yes or no, and read that with a mapping."
            )
            raise IngestError(place, "a setting that is neither on nor off", way_out, code="setting")
    if is_on["hot_list"]:
        pairs = ((section, section.replace("detections", "hot_lists")) for section in sections)
        sections = [section for pair in pairs for section in pair]
    if not sections:
        return "own", []
    return "" if is_on["search"] else "search-off", sections
