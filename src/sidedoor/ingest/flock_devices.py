"""Reads Flock's page "Devices" printed to PDF: a row for each agency whose cameras an account can reach, or
that reaches them.

No sample of this page was at hand. What it says in words that are not known is asked for and never guessed.
"""

import re
from collections import Counter

from helpers.canonical import build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.flock_sharing import build_row
from sidedoor.ingest.headers import bind_columns, check_day, tidy_header
from sidedoor.ingest.pdf import read_pages, warn_unseen
from sidedoor.ingest.pdf_table import find_page_header, read_rows
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source

KINDS = ("pdf",)
FAMILY, FORM = "Flock devices", "agencies by row, printed to PDF"
_SECTIONS = {
    "both": ("detections_received", "detections_shared"),
    "received": ("detections_received",),
    "shared": ("detections_shared",),
}
_HOT_LISTS = {"detections_received": "hot_lists_received", "detections_shared": "hot_lists_shared"}


def _load() -> dict:
    return load_format("flock")["devices"]


def _list_names() -> set[str]:
    return {tidy_header(name) for names in _load()["columns"].values() for name in names}


def recognize(source: Source) -> Match | None:
    """Recognize the page by its columns: an agency, its relationship, and search or hot-list tool."""
    for page in read_pages(source)[:3]:
        header = find_page_header(page, _list_names(), 3)
        columns = bind_columns(list(header.names), _load()["columns"], source.name) if header else {}
        if {"organization", "relationship"} <= set(columns) and {"search", "hot_list"} & set(columns):
            return Match(FAMILY, FORM, f"columns {', '.join(map(repr, columns.values()))}", 0.9)
    return None


def read(source: Source, options: ReadOptions) -> Reading:
    """Read the page.

    Returns
    -------
    Reading with `sharing`: a row for each agency and direction whose search is on, and one for its hot-list
    tool; and `volumes`: the cameras that stand beside an agency's name.

    Raises
    ------
    IngestError
        It is not said whose page it is, of what day, or what a relationship or a setting means.
    """
    match = recognize(source)
    if not options.reported_by:
        found, way_out = "a page without its owner", "Say whose page it is: --reported-by 'AGENCY'."
        raise IngestError(source.name, found, way_out, code="agency", asks_for="reported_by")
    if not options.as_of:
        way_out = "Give its date: --as-of YYYY-MM-DD."
        raise IngestError(source.name, "a page without a date", way_out, code="date", asks_for="as_of")
    day = check_day(options.as_of)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    header, printed, _ = read_rows(read_pages(source), source.name, _list_names(), 3)
    columns = bind_columns(list(header.names), _load()["columns"], source.name)
    base = {"reported_by": options.reported_by, "source_id": options.source_id or source.id}
    rows, cameras, kinds = [], [], Counter()
    for number, row in enumerate(printed, 1):
        cells = dict(zip(header.names, (" ".join(lines) for lines in row.cells), strict=True))
        told = {field: cells[name].strip() for field, name in columns.items()}
        place = f"page {row.page} row {number}"
        name, count = _split_name(told["organization"])
        if count is not None:
            at = {"period_start": day, "period_end": day, "scope": name, "page": row.page}
            cameras.append(base | at | {"measure": "cameras", "value": count})
        kind = _name_kind(told["relationship"], options, place)
        kinds[kind] += 1
        if kind == "own" or not name:
            report.put_aside(place, "the account's own devices, or no name", code="own")
            continue
        if "search" in told and not _is_on(told["search"], place):
            report.put_aside(place, "an agency that cannot be searched", code="search-off")
            continue
        for section in _SECTIONS.get(kind, (kind,)):
            sections = [section]
            if "hot_list" in told and section in _HOT_LISTS and _is_on(told["hot_list"], place):
                sections.append(_HOT_LISTS[section])
            more = base | {"as_of": day, "page": row.page, "row_no": number}
            rows += [build_row(one, options.reported_by, name) | more for one in sections]
    tables = {"sharing": build_table("sharing", rows)}
    if cameras:
        tables["volumes"] = build_table("volumes", cameras)
    report.rows_out = len(rows) + len(cameras)
    report.rows_in += report.rows_out
    report.span = {name: [day, day] for name in tables}
    report.details["agencies_by_relationship"] = dict(kinds)
    said = "This form was read without a sample of it at hand: compare every column with the page."
    report.warn("no-sample", said)
    warn_unseen(read_pages(source), report)
    return Reading(tables, report)


def _split_name(text: str) -> tuple[str, int | None]:
    found = re.match(_load()["cameras"], text)
    return (found["name"], int(found["one"] or found["other"])) if found else (text, None)


def _name_kind(text: str, options: ReadOptions, place: str) -> str:
    for kind in ("both", "received", "shared", "own"):
        if re.match(_load()[kind], text):
            return kind
    if options.section:
        return options.section
    found = "a relationship in words that are not known"
    way_out = (
        "Look at the page, and say which way its data flows: --section detections_received, for example."
    )
    raise IngestError(place, found, way_out, code="relationship", asks_for="section")


def _is_on(text: str, place: str) -> bool:
    if re.match(_load()["yes"], text):
        return True
    if re.match(_load()["no"], text):
        return False
    way_out = "Bring the page into a CSV with columns that say yes or no, and read that with a mapping."
    raise IngestError(place, "a setting that is neither on nor off", way_out, code="setting")
