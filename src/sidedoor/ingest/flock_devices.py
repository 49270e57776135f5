"""Reads Flock's page "Devices" printed to PDF: a row for each agency whose cameras an account can reach, or
that reaches them.

No sample of this page was at hand. What it says in words that are not known is asked for and never guessed.
"""

import re

from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.headers import bind_columns, check_day, tidy_header
from sidedoor.ingest.lists import ask_for, build_row, close_tables, find_printed, list_printed
from sidedoor.ingest.pdf import read_pages, warn_unseen
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source

KINDS = ("pdf",)
FAMILY, FORM = "Flock devices", "agencies by row, printed to PDF"
_SECTIONS = {
    "both": ("detections_received", "detections_shared"),
    "received": ("detections_received",),
    "shared": ("detections_shared",),
    "own": (),
}


def _list_names() -> set[str]:
    return {
        tidy_header(name) for names in load_format("flock")["devices"]["columns"].values() for name in names
    }


def _bind(source: Source, header: list[str]) -> dict[str, str]:
    return bind_columns(header, load_format("flock")["devices"]["columns"], source.name)


def recognize(source: Source) -> Match | None:
    """Recognize the page by its columns: an agency, its relationship, and search or hot-list tool."""
    columns = _bind(source, find_printed(source, _list_names(), 3))
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
    match, known = recognize(source), load_format("flock")["devices"]
    for option in ("reported_by", "as_of"):
        if not getattr(options, option):
            raise ask_for(option, source.name)
    day = check_day(options.as_of)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    header = find_printed(source, _list_names(), 3)
    columns = _bind(source, header)
    base = {"reported_by": options.reported_by, "source_id": options.source_id or source.id}
    sharing, cameras = [], []
    for row_no, (page, place, texts) in enumerate(list_printed(source, _list_names(), 3), 1):
        cells = dict(zip(header, map(str.strip, texts), strict=True))
        told = {field: cells[column] for field, column in columns.items()}
        name = told["organization"]
        if found := re.match(known["cameras"], name):
            name, count = found["name"], int(found["one"] or found["other"])
            at = {"period_start": day, "period_end": day, "scope": name, "page": page}
            cameras.append(base | at | {"measure": "cameras", "value": count})
        sections = _find_sections(told["relationship"], options, place)
        if not sections or not name:
            report.put_aside(place, "the account's own devices, or no name", code="own")
        elif not _is_on(told.get("search", "on"), place):
            report.put_aside(place, "an agency that cannot be searched", code="search-off")
        else:
            if _is_on(told.get("hot_list", "off"), place):
                hot_lists = [name.replace("detections", "hot_lists") for name in sections]
                sections = [one for pair in zip(sections, hot_lists, strict=True) for one in pair]
            more = base | {"as_of": day, "page": page, "row_no": row_no}
            sharing += [build_row(section, options.reported_by, name) | more for section in sections]
    said = "This form was read without a sample of it at hand: compare every column with the page."
    report.warn("no-sample", said)
    warn_unseen(read_pages(source), report)
    return close_tables(report, {"sharing": sharing} | ({"volumes": cameras} if cameras else {}))


def _find_sections(text: str, options: ReadOptions, place: str) -> tuple[str, ...]:
    known = load_format("flock")["devices"]
    for kind, sections in _SECTIONS.items():
        if re.match(known[kind], text):
            return sections
    if options.section:
        return (options.section,)
    found = "a relationship in words that are not known"
    way_out = (
        "Look at the page, and say which way its data flows: --section detections_received, for example."
    )
    raise IngestError(place, found, way_out, code="relationship", asks_for="section")


def _is_on(text: str, place: str) -> bool:
    known = load_format("flock")["devices"]
    if not (is_on := bool(re.match(known["yes"], text))) and not re.match(known["no"], text):
        way_out = "Bring the page into a CSV with columns that say yes or no, and read that with a mapping."
        raise IngestError(place, "a setting that is neither on nor off", way_out, code="setting")
    return is_on
