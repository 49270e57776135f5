"""Tables that a clerk put together, as a workbook or as CSV: lists of names, logs of reasons and times, months, users."""

from collections.abc import Mapping
from dataclasses import replace

from helpers.canonical import build_table
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.bulk import start_log
from sidedoor.ingest.clerk_months import read_months
from sidedoor.ingest.clerk_names import read_names, settle_sections
from sidedoor.ingest.clerk_sheets import Found, check_sheet_names, look_at_sheets
from sidedoor.ingest.flock_audit import find_tables
from sidedoor.ingest.flock_sharing import find_header
from sidedoor.ingest.headers import check_day, make_frames
from sidedoor.ingest.log_checks import check_log
from sidedoor.ingest.logs import LogForm, LogTable
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.times import DayOrder, compile_form, find_zone, list_days
from sidedoor.ingest.volumes import VolumeTable
from sidedoor.ingest.xlsx import read_workbook

KINDS = ("xlsx", "text")
FAMILY, TEXT_FAMILY = "clerk's workbook", "clerk's table"


def recognize(source: Source) -> Match | None:
    """Recognize a workbook or a text by what its sheets hold; a vendor's own export is left to its reader."""
    if find_tables(source) or find_header(source):
        return None
    found = look_at_sheets(source)
    known = [part.kind for part in found if part.kind != "other"]
    if not set(known) & {"names", "searches", "months"}:
        return None
    form = " + ".join(kind for kind in ("names", "searches", "months", "users") if kind in known)
    if source.kind == "text":
        part = found[0]
        why = (
            f"its header, in line {part.header_row}, names such columns"
            if part.header_row
            else "most rows hold a word of an agency, and no header does"
        )
        return Match(TEXT_FAMILY, form, why, 0.8 if part.header_row else 0.6)
    why = ", ".join(f"{known.count(kind)} of {kind}" for kind in dict.fromkeys(known))
    return Match(FAMILY, form, f"of {say_number(len(found), 'sheet')}: {why}", 0.8)


def read(source: Source, options: ReadOptions, sheets: Mapping[str, Mapping] | None = None) -> Reading:
    """Read the sheets that are understood, and account for all others.

    Parameters
    ----------
    source, options
        The file, and what the person knows.
    sheets
        What a mapping says of sheets, by name: `section`, `measure`, `scope`, `skip`.

    Returns
    -------
    Reading with those of `sharing`, `searches` and `volumes` that it holds.

    Raises
    ------
    IngestError
        A log without a time zone, a list of names without its direction, agency or date, figures that may count anything, or
        dates that can be read in two ways.
    """
    sheets = sheets or {}
    check_day(options.as_of)
    found = [replace(part) for part in look_at_sheets(source)]  # which are kept with the source, as they are
    match = recognize(source) or Match(FAMILY, "as mapped", "a mapping was given")
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    check_sheet_names(source, found, sheets)
    for part in found:
        if part.kind == "users" and "section" in sheets.get(part.sheet.name, {}):
            part.kind, part.lists = "names", [(next(at for at, name in enumerate(part.header) if name), None)]
    in_use = [part for part in found if not sheets.get(part.sheet.name, {}).get("skip")]
    lists = [part for part in in_use if part.kind == "names"]
    is_all = not any(
        part.kind in ("searches", "months") or any(way for _, way in part.lists) for part in in_use
    )
    settle_sections(source, options, lists, sheets, is_all=is_all, report=report)
    tables = {}
    rows: list[dict] = []
    log, volumes = start_log(source, options), VolumeTable()
    order = _decide_order(source, options, [part for part in in_use if part.kind == "searches"], report)
    for part in found:
        if part.sheet.is_hidden:
            report.warnings.append(f"Sheet {part.sheet.name!r} is hidden.")
        report.details.setdefault("sheets", {})[part.sheet.name or "text"] = part.kind
        if part not in in_use:
            _skip(part, report, "left out by the mapping")
        elif part.kind == "names":
            rows += read_names(source, options, part, report)
        elif part.kind == "searches":
            _read_searches(source, options, part, log, order, report)
        elif part.kind == "months":
            read_months(source, options, part, sheets.get(part.sheet.name, {}), volumes, report)
        elif part.kind == "users":
            _drop_users(part, report)
        else:
            _skip(part, report, "a sheet in a form that is not known")
    if rows:
        tables["sharing"] = build_table("sharing", rows)
        report.rows_out += len(rows)
        report.rows_in += len(rows)
        report.span["sharing"] = [options.as_of, options.as_of]
    if log.rows_n:
        tables["searches"] = log.close(report)
        zone = find_zone(options.time_zone) if options.time_zone else None
        check_log(tables["searches"], log, report, zone)
        report.time_zone = f"{zone.key}, as given" if log.local_n else "UTC, printed with every time"
    if volumes.rows or any(part.kind == "months" for part in in_use):
        tables["volumes"] = volumes.close(report)
    _tell_text(source, found, report)
    report.check()
    return Reading(tables, report)


def _tell_text(source: Source, found: list[Found], report: Report) -> None:
    """Say how a text was decoded; a log says it by its table."""
    if source.kind == "text" and found[0].kind != "searches":
        encoding = source.cache["encoding"]
        report.notes += encoding.notes
        report.warnings += encoding.warnings


def _skip(part: Found, report: Report, reason: str) -> None:
    rows_n = sum(1 for _, cells in part.sheet if any(cell.strip() for cell in cells))
    report.put_aside(part.place, reason, rows_n)


def _drop_users(part: Found, report: Report) -> None:
    rows_n = len(part.list_cells())
    report.columns_dropped += [name for name in part.header if name]
    report.details["users_n"] = report.details.get("users_n", 0) + rows_n
    said = say_number(rows_n, "name of a user", "names of users")
    report.notes.append(f"{said} in {part.place} {'was' if rows_n == 1 else 'were'} counted and dropped.")
    report.put_aside(part.place, "names of users, which enter no table", rows_n)


def _bind_times(part: Found) -> tuple[dict[str, str], list[str]]:
    """Say which columns hold the time, and in which forms: day and time of day joined, or the day alone."""
    known, columns = load_format("workbook")["searches"]["times"], dict(part.columns)
    if "searched_at" not in columns:
        columns["searched_at"] = columns.pop("search_date")
        return columns, [*known["forms"], *known["days"]]
    return columns, known["forms"]


def _decide_order(source: Source, options: ReadOptions, parts: list[Found], report: Report) -> bool:
    """Decide whether the month comes first in dates that are text, over all logs of the file."""
    order, known = DayOrder(), load_format("workbook")["searches"]["times"]
    for part in parts:
        columns, forms = _bind_times(part)
        column = columns.get("search_date", columns["searched_at"])
        if "search_date" in columns:
            forms = list_days(known["days"])
        forms = [form for form in forms if "q" in compile_form(form).parts]
        for frame in _list_frames(source, part, column):
            order.add(frame[column], forms)
    month_first, how = order.decide(options.day_first, source.name)
    if order.rows_n:
        report.notes.append(how)
    return month_first


def _list_frames(source: Source, part: Found, *moments: str):
    if part.is_text:
        return read_table(source, header_line=part.header_row).frames()
    return make_frames(part.sheet, part.header_row, part.header, moments, read_workbook(source).date_1904)


def _read_searches(
    source: Source, options: ReadOptions, part: Found, log: LogTable, month_first: bool, report: Report
) -> None:
    known = load_format("workbook")["searches"]["times"]
    zone = find_zone(options.time_zone) if options.time_zone else None
    columns, forms = _bind_times(part)
    form = LogForm(columns, forms, zone, known["zone_hint"], month_first=month_first, note=known["note"])
    if part.is_text:
        table = read_table(source, header_line=part.header_row)
        log.read_text(table, form)
        report.notes += table.notes
        report.warnings += table.warnings
    else:
        for frame in _list_frames(source, part, columns.get("search_date", columns["searched_at"])):
            log.add(frame, form, part.name_row("{}"))
    if "search_date" in part.columns and "search_date" not in columns:
        report.notes.append(
            "Where the log prints a day and no time, the search is put at the start of its day."
        )
    used = {name for field_, name in columns.items() if field_ not in ("officer", "plate", "case_number")}
    report.columns_dropped += [name for name in part.header if name and name not in used]
