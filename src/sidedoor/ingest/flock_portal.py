"""Archives of Flock's portal pages as CSV: figures of 30 days, one row a capture."""

import re
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import numpy as np

from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import bind_columns, check_day, drop_columns, list_first_rows
from sidedoor.ingest.lists import ask_for
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.times import read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure, state_dates

KINDS = ("text",)
FAMILY = "Flock portal page figures"
MEASURES = ("detections", "hits", "searches")
DAYS = 30
# Columns that are counted in the report: the detail, a number in a cell, and what else a cell is.
_COUNTED = {
    "retention": ("retention_days", r"(\d+) days?", "not a number of days"),
    "organizations": ("organizations_with_access", r"(\d+)", "names"),
}


def recognize(source: Source) -> Match | None:
    """Recognize an archive of portal pages by the names of its columns."""
    rows = list_first_rows(source, 1)
    if not rows:
        return None
    header = [cell.strip() for cell in rows[0][1]]
    page = bind_columns(header, load_format("flock")["page"]["columns"], source.name)
    if "captured_at" not in page or len(set(MEASURES) & set(page)) < 2:
        return None
    archive = "agencies by row" if "reported_by" in page else "captures of one portal"
    return Match(FAMILY, archive, f"columns {', '.join(map(repr, [*page.values()][:4]))} and others", 1.0)


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
        raise ask_for("reported_by", source.name)
    check_day(options.as_of)
    lines, rows = [], []
    for line, texts in table.rows():
        cells = dict(zip(table.header, texts, strict=False))
        lines.append(f"line {line}")
        rows.append({name: cells[column].strip() for name, column in columns.items()})
    volumes, days = VolumeTable(), defaultdict(list)
    captures = read_times([row["captured_at"] for row in rows], known["times"]["forms"]).values
    for place, row, captured in zip(lines, rows, captures, strict=True):
        day = options.as_of if str(captured) == "NaT" else str(captured)[:10]
        who = row.get("reported_by") or options.reported_by
        if day:
            days[who].append(day)
        for measure in (name for name in MEASURES if name in columns):
            scope, value = columns[measure], read_figure(row[measure])
            if value is None:
                meaning = find_sentinel(row[measure], known["sentinels"]) or "not a number"
                volumes.set_aside(place, f"{scope}: {meaning}", code="no-figure")
            elif day is None:
                reason = "no capture date: which days the figure covers is not known"
                volumes.set_aside(place, reason, code="no-capture-date")
            elif not who:
                volumes.set_aside(place, "a row without an agency", code="no-agency")
            else:
                start, end = state_dates(day, DAYS)
                more = {"period_start": start, "period_end": end, "source_id": options.source_id or source.id}
                volumes.add(value=value, measure=measure, scope=scope, reported_by=who, **more)
    undated_n = int(np.isnat(captures).sum())
    if undated_n and options.as_of:
        said = say_number(undated_n, "capture prints", "captures print")
        report.note("as-of-given", f"{said} no date: taken as of {options.as_of}, as given.")
    table.describe(report)
    frame = volumes.close(report)
    if not len(frame) and "no-capture-date" in report.list_codes():
        raise ask_for("as_of", source.name)
    report.details |= {"rows_in_file": len(rows), "portals_n": len(days)}
    for field, (detail, pattern, other) in _COUNTED.items():
        if field in columns:
            report.details[detail] = _count([row[field] for row in rows], pattern, other)
    used = {columns[name] for name in (*MEASURES, "reported_by", "captured_at") if name in columns}
    drop_columns(report, table.header, [name for name in table.header if name and name not in used])
    if overlapping := sum(_overlap(sorted(found)) for found in days.values()):
        said = f"Figures of {say_number(overlapping, 'portal')} were captured again within {DAYS} days"
        report.warn("overlapping-periods", f"{said}: their periods overlap, never add them.")
    said = f"A figure covers the {DAYS} days to its capture date; period_start is the day {DAYS} days before."
    report.note("period", said)
    return Reading({"volumes": frame}, report)


def _count(texts: list[str], pattern: str, other: str) -> dict[str, int]:
    """Count cells by their number, or by why they hold none."""
    sentinels = load_format("flock")["page"]["sentinels"]
    found = ((text, re.fullmatch(pattern, text)) for text in texts)
    named = (number[1] if number else find_sentinel(text, sentinels) or other for text, number in found)
    return dict(Counter(named).most_common())


def _overlap(days: list[str]) -> bool:
    found = [date.fromisoformat(day) for day in days]
    return any((later - earlier).days < DAYS for earlier, later in pairwise(found))
