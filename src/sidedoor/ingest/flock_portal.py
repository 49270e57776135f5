"""What Flock's public portals show: search audits in all key sets, and archives of the pages' figures."""

import re

from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.bulk import start_log
from sidedoor.ingest.headers import bind_columns, check_day, list_first_rows, list_unbound
from sidedoor.ingest.log_checks import check_log, state_dates
from sidedoor.ingest.log_facts import measure
from sidedoor.ingest.logs import LogForm
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import TextTable, read_table
from sidedoor.ingest.times import find_zone, read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure

KINDS = ("text",)
AUDIT, PAGE = "Flock portal search audit", "Flock portal page figures"
MEASURES = ("detections", "hits", "searches")
DAYS = 30
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RETENTION = re.compile(r"(\d+) days?")


def recognize(source: Source) -> Match | None:
    """Recognize a portal's search audit, or an archive of portal pages, by the names of its columns.

    Raises
    ------
    IngestError
        Rows of a search audit without their header.
    """
    rows = list_first_rows(source, 1)
    if not rows:
        return None
    header = [cell.strip() for cell in rows[0][1]]
    known = load_format("flock")
    audit = bind_columns(header, known["portal"]["columns"], source.name)
    if {"search_id", "searched_at"} <= set(audit) and {"devices_n", "networks_n"} & set(audit):
        return Match(AUDIT, name_keys(audit), f"columns {', '.join(map(repr, audit.values()))}", 1.0)
    page = bind_columns(header, known["page"]["columns"], source.name)
    if "captured_at" in page and len(set(MEASURES) & set(page)) >= 2:
        archive = "agencies by row" if "reported_by" in page else "captures of one portal"
        return Match(PAGE, archive, f"columns {', '.join(map(repr, [*page.values()][:4]))} and others", 1.0)
    if _UUID.fullmatch(header[0]) and any(
        read_times(_as_cells(header), known["portal"]["times"]["forms"]).forms >= 0
    ):
        raise IngestError(
            f"{source.name}, line 1",
            f"rows without a header that look like a portal's search audit ({say_number(len(header), 'column')})",
            "Put the header on top of a copy of the file, for example: "
            "id,userId,searchDate,networkCount,reason",
        )
    return None


def _as_cells(cells: list[str]):
    import pandas as pd

    return pd.Series(cells, dtype="str")


def name_keys(columns: dict[str, str]) -> str:
    """Name the form of a search audit by its year and by what it gives as justification."""
    count = "cameras (2025)" if "devices_n" in columns else "networks (2026)"
    reasons = [columns[name] for name in ("reason_text", "offense_type", "case_number") if name in columns]
    return f"{count}, {' + '.join(reasons) if reasons else 'no justification'}"


def read(source: Source, options: ReadOptions) -> Reading:
    """Read a portal's search audit into `searches`, or figures of portal pages into `volumes`.

    Raises
    ------
    IngestError
        Times without a zone and none given; figures without a capture date, or of an agency that nobody named.
    """
    match = recognize(source)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    table = read_table(source)
    if match.family == AUDIT:
        reading = _read_audit(source, table, options, report)
    else:
        reading = _read_pages(source, table, options, report)
    report.notes += table.notes
    report.warnings += table.warnings
    report.check()
    return reading


def _read_audit(source: Source, table: TextTable, options: ReadOptions, report: Report) -> Reading:
    known = load_format("flock")["portal"]
    columns = bind_columns(table.header, known["columns"], source.name)
    zone = find_zone(options.time_zone) if options.time_zone else None
    form = LogForm(columns, known["times"]["forms"], zone, known["times"]["zone_hint"])
    log = start_log(source, options)
    log.read_text(table, form)
    searches = log.close(report)
    unknown = list_unbound(table.header, columns)
    report.columns_dropped += [
        columns[name] for name in ("officer", "case_number") if name in columns
    ] + unknown
    if unknown:
        report.warnings.append(
            f"Columns that are not known were dropped: {', '.join(repr(name[:60]) for name in unknown)}."
        )
    check_log(searches, log, report, zone)
    facts = measure(searches)
    report.details["keys"] = table.header
    report.details["reason_origin"] = dict(sorted(facts.count_values("reason_origin").items()))
    report.time_zone = f"{zone.key}, as given" if log.local_n else "UTC, printed with every time"
    if not {"reason_text", "offense_type", "case_number"} & set(columns):
        report.notes.append(
            "The portal publishes no justification at all: it is not exported, which is not the same as "
            "blank."
        )
    if "devices_n" in columns:
        report.notes.append(
            "cameraCount counts cameras (devices_n); the later networkCount counts networks: do not compare "
            "them."
        )
    report.notes.append(
        "A portal shows about 30 days: files saved at different times overlap; count distinct search ids."
    )
    if not facts.has_host():
        report.notes.append("The file does not say whose portal it is: say so with --reported-by.")
    return Reading({"searches": searches}, report)


def _read_pages(source: Source, table: TextTable, options: ReadOptions, report: Report) -> Reading:
    known = load_format("flock")["page"]
    columns = bind_columns(table.header, known["columns"], source.name)
    if "reported_by" not in columns and not options.reported_by:
        raise IngestError(
            source.name, "figures of a portal that is not named", "Say whose it is: --reported-by 'AGENCY'."
        )
    check_day(options.as_of)
    volumes, retention, lists = VolumeTable(), {}, {"names": 0, "a count": 0, "none": 0}
    captures: dict[str, list[str]] = {}
    stale = undated = 0
    rows = [(line, dict(zip(table.header, cells, strict=True))) for line, cells in table.rows()]
    days = {
        name: _read_days([row[columns[name]] for _, row in rows], known)
        for name in ("captured_at", "updated_at")
        if name in columns
    }
    for at, (line, row) in enumerate(rows):
        who = (row[columns["reported_by"]] if "reported_by" in columns else options.reported_by).strip()
        printed = days["captured_at"][at]
        captured = printed or options.as_of
        undated += not printed
        if "updated_at" in columns and printed:
            stale += (days["updated_at"][at] or printed) < printed
        for measure in MEASURES:
            if measure in columns:
                _take_figure(
                    volumes, source, options, line, who, captured, measure, columns[measure], row, known
                )
        if "retention" in columns:
            label = _read_retention(row[columns["retention"]], known)
            retention[label] = retention.get(label, 0) + 1
        if "organizations" in columns:
            cell = row[columns["organizations"]].strip()
            kind = (
                "none"
                if find_sentinel(cell, known["sentinels"])
                else "a count"
                if cell.isdigit()
                else "names"
            )
            lists[kind] += 1
        if captured:
            captures.setdefault(who, []).append(captured)
    frame = volumes.close(report)
    if not len(frame) and any("no capture date" in part.reason for part in report.set_aside):
        raise IngestError(
            source.name,
            "figures without a capture date",
            "Say when the pages were saved: --as-of YYYY-MM-DD.",
        )
    used = {columns[name] for name in (*MEASURES, "reported_by", "captured_at") if name in columns}
    report.columns_dropped += [name for name in table.header if name and name not in used]
    if retention:
        report.details["retention_days"] = dict(sorted(retention.items(), key=lambda pair: -pair[1]))
    if "organizations" in columns:
        report.details["organizations_with_access"] = lists
    report.details["portals_n"] = len(captures)
    overlapping = sum(1 for days in captures.values() if _overlap(sorted(days)))
    if overlapping:
        report.warnings.append(
            f"Figures of {say_number(overlapping, 'portal')} were captured again within {DAYS} days: their periods "
            "overlap, never add them."
        )
    report.notes.append(
        f"A figure covers the {DAYS} days to its capture date; period_start is the day {DAYS} days before "
        "it, a part of which counts."
    )
    if stale:
        report.notes.append(
            f"{say_number(stale, 'page was last updated on an earlier day than it was', 'pages were last updated on an earlier day than they were')} captured on."
        )
    if undated and options.as_of:
        report.notes.append(
            f"{say_number(undated, 'capture prints', 'captures print')} no date: taken as of {options.as_of}, as given."
        )
    return Reading({"volumes": frame}, report)


def _take_figure(volumes, source, options, line, who, captured, measure, column, row, known) -> None:
    place, value = f"line {line}", read_figure(row[column])
    if value is None:
        meaning = find_sentinel(row[column], known["sentinels"]) or "not a number"
        volumes.set_aside(place, f"{column}: {meaning}")
    elif not captured:
        volumes.set_aside(place, f"{column}: no capture date")
    else:
        start, end = state_dates(captured, DAYS)
        volumes.add(
            reported_by=who, measure=measure, value=value, period_start=start, period_end=end, scope=column,
            source_id=options.source_id or source.id,
        )  # fmt: skip


def _read_days(texts: list[str], known: dict) -> list[str | None]:
    values = read_times(_as_cells(texts), known["times"]["forms"]).values
    return [None if str(value).startswith("NaT") else str(value)[:10] for value in values]


def _read_retention(text: str, known: dict) -> str:
    """Name a period of retention: its days, or why there is none."""
    if found := _RETENTION.fullmatch(text.strip()):
        return found[1]
    if meaning := find_sentinel(text, known["sentinels"]):
        return meaning
    return "not a number of days"


def _overlap(days: list[str]) -> bool:
    from datetime import date

    found = [date.fromisoformat(day) for day in days]
    return any((later - earlier).days < DAYS for earlier, later in zip(found, found[1:], strict=False))
