"""Archives of Flock's portal pages as CSV: figures of 30 days, one row a capture."""

import re
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import bind_columns, check_day, drop_columns, list_first_rows
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.times import read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure, state_dates

KINDS = ("text",)
FAMILY = "Flock portal page figures"
MEASURES = ("detections", "hits", "searches")
DAYS = 30


def recognize(source: Source) -> Match | None:
    """Recognize an archive of portal pages by the names of its columns."""
    rows = list_first_rows(source, 1)
    if not rows:
        return None
    header = [cell.strip() for cell in rows[0][1]]
    page = bind_columns(header, load_format("flock")["page"]["columns"], source.name)
    if "captured_at" in page and len(set(MEASURES) & set(page)) >= 2:
        archive = "agencies by row" if "reported_by" in page else "captures of one portal"
        return Match(FAMILY, archive, f"columns {', '.join(map(repr, [*page.values()][:4]))} and others", 1.0)
    return None


def read(source: Source, options: ReadOptions) -> Reading:
    """Read the figures into `volumes`.

    Raises
    ------
    IngestError
        Figures without a capture date, or of an agency that is not named.
    """
    match, known = recognize(source), load_format("flock")["page"]
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    table = read_table(source)
    columns = bind_columns(table.header, known["columns"], source.name)
    if "reported_by" not in columns and not options.reported_by:
        found, way_out = "figures of a portal that is not named", "Say whose it is: --reported-by 'AGENCY'."
        raise IngestError(source.name, found, way_out, code="no-reporter", asks_for="reported_by")
    check_day(options.as_of)
    volumes = VolumeTable()
    rows = [(line, dict(zip(table.header, cells, strict=False))) for line, cells in table.rows()]
    days = {
        name: _read_days([row[columns[name]] for _, row in rows], known)
        for name in ("captured_at", "updated_at")
        if name in columns
    }
    retention, lists, captures = Counter(), Counter({"names": 0, "a count": 0, "none": 0}), defaultdict(list)
    for at, (line, row) in enumerate(rows):
        cells = {name: row[column].strip() for name, column in columns.items()}
        who = cells.get("reported_by") or options.reported_by
        if captured := days["captured_at"][at] or options.as_of:
            captures[who].append(captured)
        for measure in (name for name in MEASURES if name in columns):
            fields = {"reported_by": who, "measure": measure, "scope": columns[measure]}
            fields["source_id"] = options.source_id or source.id
            _take_figure(volumes, cells[measure], f"line {line}", captured, fields, known)
        if "retention" in cells:
            retention[_read_retention(cells["retention"], known)] += 1
        if "organizations" in cells:
            is_none = find_sentinel(cells["organizations"], known["sentinels"])
            lists["none" if is_none else "a count" if cells["organizations"].isdigit() else "names"] += 1
    table.describe(report)
    frame = volumes.close(report)
    report.details["rows_in_file"] = len(rows)
    if not len(frame) and "no-capture-date" in report.list_codes():
        found, way_out = (
            "figures without a capture date",
            "Say when the pages were saved: --as-of YYYY-MM-DD.",
        )
        raise IngestError(source.name, found, way_out, code="no-date", asks_for="as_of")
    used = {columns[name] for name in (*MEASURES, "reported_by", "captured_at") if name in columns}
    drop_columns(report, table.header, [name for name in table.header if name and name not in used])
    if retention:
        report.details["retention_days"] = dict(retention.most_common())
    if "organizations" in columns:
        report.details["organizations_with_access"] = dict(lists)
    report.details["portals_n"] = len(captures)
    _warn_of_dates(report, captures, days, options)
    report.check()
    return Reading({"volumes": frame}, report)


def _take_figure(
    volumes: VolumeTable, text: str, place: str, captured: str | None, fields: dict, known: dict
) -> None:
    value = read_figure(text)
    if value is None:
        meaning = find_sentinel(text, known["sentinels"]) or "not a number"
        volumes.set_aside(place, f"{fields['scope']}: {meaning}", code="no-figure")
    elif captured is None:
        reason = "no capture date: which days the figure covers is not known"
        volumes.set_aside(place, reason, code="no-capture-date")
    elif not fields["reported_by"]:
        volumes.set_aside(place, "a row without an agency", code="no-agency")
    else:
        start, end = state_dates(captured, DAYS)
        volumes.add(value=value, period_start=start, period_end=end, **fields)


def _warn_of_dates(report: Report, captures: dict, days: dict, options: ReadOptions) -> None:
    if overlapping := sum(_overlap(sorted(found)) for found in captures.values()):
        said = f"Figures of {say_number(overlapping, 'portal')} were captured again within {DAYS} days"
        report.warn("overlapping-periods", f"{said}: their periods overlap, never add them.")
    said = (
        f"A figure covers the {DAYS} days to its capture date; period_start is the day {DAYS} days before it."
    )
    report.note("period", said)
    dates = [*zip(days.get("updated_at", ()), days["captured_at"], strict=False)]
    if stale := sum((updated or captured) < captured for updated, captured in dates if captured):
        said = say_number(stale, "page was", "pages were")
        report.note("stale-pages", f"{said} last updated on an earlier day than captured.")
    undated = days["captured_at"].count(None)
    if undated and options.as_of:
        said = say_number(undated, "capture prints", "captures print")
        report.note("as-of-given", f"{said} no date: taken as of {options.as_of}, as given.")


def _read_days(texts: list[str], known: dict) -> list[str | None]:
    values = read_times(texts, known["times"]["forms"]).values
    return [None if str(value).startswith("NaT") else str(value)[:10] for value in values]


def _read_retention(text: str, known: dict) -> str:
    """Name a period of retention: its days, or why there is none."""
    if found := re.fullmatch(r"(\d+) days?", text):
        return found[1]
    return find_sentinel(text, known["sentinels"]) or "not a number of days"


def _overlap(days: list[str]) -> bool:
    found = [date.fromisoformat(day) for day in days]
    return any((later - earlier).days < DAYS for earlier, later in pairwise(found))
