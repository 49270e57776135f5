"""A workbook that a clerk put together: lists of names, a log of reasons and times, months by years, users."""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import IngestError
from .canonical import MEASURES, SECTIONS, build_table
from .flock_audit import find_tables
from .flock_sharing import find_header
from .formats import load_format
from .headers import HEADER_ROWS, bind_columns, check_day, make_frames, tidy_header
from .log_checks import check_log
from .logs import LogForm, LogTable
from .report import Reading, Report, SetAside
from .source import Match, ReadOptions, Source
from .times import DayOrder, compile_form, find_zone
from .volumes import VolumeTable, find_sentinel, read_figure
from .xlsx import Sheet, read_workbook

KINDS = ("xlsx",)
FAMILY = "clerk's workbook"
MONTHS = {
    name.casefold(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
MONTHS["sept"] = 9


@dataclass
class Found:
    """What a sheet was taken for: `names`, `searches`, `months`, `users` or `other`, and where its header stands."""

    sheet: Sheet
    kind: str
    header_row: int = 0
    header: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Name the sheet."""
        return f"sheet {self.sheet.name}"


def recognize(source: Source) -> Match | None:
    """Recognize a workbook by what its sheets hold; a vendor's own export is left to its reader."""
    if find_tables(source) or find_header(source):
        return None
    kinds = [found.kind for found in look_at_sheets(source)]
    known = [kind for kind in kinds if kind != "other"]
    if not set(known) & {"names", "searches", "months"}:
        return None
    why = ", ".join(f"{known.count(kind)} of {kind}" for kind in dict.fromkeys(known))
    form = " + ".join(kind for kind in ("names", "searches", "months", "users") if kind in known)
    return Match(FAMILY, form, f"of {len(kinds)} sheets: {why}", 0.8)


def look_at_sheets(source: Source) -> list[Found]:
    """Say of each sheet what it holds."""
    if "workbook sheets" not in source.cache:
        source.cache["workbook sheets"] = [_look_at(sheet) for sheet in read_workbook(source).sheets]
    return source.cache["workbook sheets"]


def _look_at(sheet: Sheet) -> Found:
    known = load_format("workbook")
    titles: list[str] = []
    for number, cells in list(sheet)[:HEADER_ROWS]:
        filled = [cell.strip() for cell in cells if cell.strip()]
        tidy = [tidy_header(cell) for cell in cells]
        for kind in ("months", "searches", "names", "users"):
            if _is_header(kind, tidy, filled, known):
                header = [cell.strip() for cell in cells]
                columns = {}
                if kind == "searches":
                    columns = bind_columns(
                        [name for name in header if name],
                        known["searches"]["columns"],
                        f"{sheet.name} row {number}",
                    )
                return Found(sheet, kind, number, header, columns, titles)
        titles += filled
    return Found(sheet, "other", titles=titles)


def _is_header(kind: str, tidy: list[str], filled: list[str], known: Mapping) -> bool:
    if kind == "months":
        forms = [known["months"][form] for form in ("year", "fiscal")]
        years = sum(any(re.fullmatch(form, cell) for form in forms) for cell in filled)
        return years >= 1 and bool(set(tidy) & {tidy_header(name) for name in known["months"]["columns"]})
    if kind == "searches":
        columns = known["searches"]["columns"]
        has = {name for name, names in columns.items() if set(tidy) & {tidy_header(part) for part in names}}
        return "searched_at" in has and bool(has & {"reason_text", "searcher_agency_as_printed"})
    names, beside = ({tidy_header(name) for name in known[kind].get(part, ())} for part in ("columns", "beside"))
    here = [cell for cell in tidy if cell]
    return sum(cell in names for cell in here) == 1 and all(cell in names | beside for cell in here)


def read(source: Source, options: ReadOptions, sheets: Mapping[str, Mapping] | None = None) -> Reading:
    """Read the sheets that are understood, and account for all others.

    Parameters
    ----------
    source, options
        The file, and what the person knows.
    sheets
        What a mapping says of sheets, by name: `section`, `measure`, `scope`, `skip`, `column`.

    Returns
    -------
    Reading with those of `sharing`, `searches` and `volumes` that it holds.

    Raises
    ------
    IngestError
        A log without a time zone, a list of names without its agency or date, or dates that can be read in two ways.
    """
    sheets = sheets or {}
    check_day(options.as_of)
    found = look_at_sheets(source)
    match = recognize(source) or Match(FAMILY, "as mapped", "a mapping was given")
    report = Report(source.name, source.sha256, source.bytes_n, FAMILY, match.form, match.why)
    _check_sheet_names(source, found, sheets)
    tables = {}
    rows: list[dict] = []
    log, volumes = LogTable(source, options), VolumeTable()
    order = _decide_order(source, options, found, sheets, report)
    for part in found:
        told = sheets.get(part.sheet.name, {})
        if part.sheet.is_hidden:
            report.warnings.append(f"Sheet {part.sheet.name!r} is hidden.")
        report.details.setdefault("sheets", {})[part.sheet.name] = part.kind
        if told.get("skip"):
            _skip(part, report, "left out by the mapping")
        elif part.kind == "names" or (part.kind == "users" and "section" in told):
            rows += _read_names(source, options, part, told, report)
        elif part.kind == "searches":
            _read_searches(source, options, part, log, order, report)
        elif part.kind == "months":
            _read_months(source, options, part, told, volumes, report)
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
    if volumes.rows or any(part.kind == "months" for part in found):
        tables["volumes"] = volumes.close(report)
    _warn_of_direction(report)
    report.check()
    return Reading(tables, report)


def _warn_of_direction(report: Report) -> None:
    if names := report.details.get("without_direction"):
        report.warnings.append(
            f"Sheets {', '.join(map(repr, names))} list names and do not say which way the data flows. Say "
            "it in a mapping: "
            f'table = "workbook", and for each [sheets."{names[0]}"] section = "detections_shared", for '
            'example.'
        )


def _set_aside(report: Report, place: str, reason: str, rows_n: int = 1) -> None:
    """Note rows of a list or a whole sheet; logs and figures account for their own."""
    if rows_n:
        report.set_aside.append(SetAside(place, reason, rows_n=rows_n))
        report.rows_in += rows_n


def _check_sheet_names(source: Source, found: list[Found], sheets: Mapping) -> None:
    import difflib

    names = [part.sheet.name for part in found]
    for name in sheets:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            raise IngestError(
                source.name, f"no sheet {name!r}, which the mapping names",
                f"Did you mean {near[0]!r}?" if near else f"Its sheets are {', '.join(map(repr, names[:12]))}.",
            )  # fmt: skip


def _list_cells(part: Found) -> list[tuple[int, list[str]]]:
    return [
        (number, cells)
        for number, cells in part.sheet
        if number > part.header_row and any(cell.strip() for cell in cells)
    ]


def _skip(part: Found, report: Report, reason: str) -> None:
    rows_n = sum(1 for _, cells in part.sheet if any(cell.strip() for cell in cells))
    _set_aside(report, part.place, reason, rows_n)


def _drop_users(part: Found, report: Report) -> None:
    rows_n = len(_list_cells(part))
    report.columns_dropped += [name for name in part.header if name]
    report.details["users_n"] = report.details.get("users_n", 0) + rows_n
    report.notes.append(f"{rows_n:,} names of users in {part.place} were counted and dropped.")
    _set_aside(report, part.place, "names of users, which enter no table", rows_n)


def find_section(part: Found) -> str | None:
    """Find the direction of a list in what stands above it, in its column's name or in its sheet's name."""
    for heading in load_format("workbook")["headings"]:
        if any(re.search(heading["pattern"], text) for text in (*part.titles, *part.header, part.sheet.name)):
            return heading["section"]
    return None


def _read_names(
    source: Source, options: ReadOptions, part: Found, told: Mapping, report: Report
) -> list[dict]:
    cells = _list_cells(part)
    section = told.get("section") or find_section(part)
    if section is None:
        _set_aside(
            report, part.place, "a list of names that does not say which way the data flows", len(cells)
        )
        report.details.setdefault("without_direction", []).append(part.sheet.name)
        return []
    if section not in SECTIONS:
        raise IngestError(part.place, f"section {section!r}", f"It is one of {', '.join(SECTIONS)}.")
    if not options.reported_by:
        raise IngestError(
            f"{source.name}, {part.place}",
            "a list that does not say whose it is",
            "Say it: --reported-by 'AGENCY'.",
        )
    if not options.as_of:
        raise IngestError(
            f"{source.name}, {part.place}", "a list without a date", "Give it: --as-of YYYY-MM-DD."
        )
    inactive = re.compile(load_format("workbook")["names"]["inactive"])
    named = {tidy_header(name) for kind in ("names", "users") for name in load_format("workbook")[kind]["columns"]}
    column = next(at for at, name in enumerate(part.header) if tidy_header(name) in named)
    report.columns_dropped += [name for at, name in enumerate(part.header) if name and at != column]
    rows, seen, twice = [], set(), 0
    for number, row in cells:
        name = row[column].strip()
        if not name or tidy_header(name) == tidy_header(part.header[column]):
            reason = "the header, repeated among the rows" if name else "a row without a name"
            _set_aside(report, f"{part.sheet.name} row {number}", reason)
            continue
        twice += name in seen
        seen.add(name)
        is_out = section.endswith("_shared")
        rows.append(
            {
                "from_agency_as_printed": options.reported_by if is_out else name,
                "to_agency_as_printed": name if is_out else options.reported_by,
                "shares": "detections" if section.startswith("detections") else "hot_list",
                "reported_by": options.reported_by, "section": section,
                "is_inactive": bool(inactive.search(name)),
                "as_of": options.as_of, "source_id": options.source_id or source.id, "row_no": number,
            }
        )  # fmt: skip
    report.details.setdefault("sections", {})[part.sheet.name] = {"section": section, "names": len(rows)}
    if twice:
        report.warnings.append(f"{part.place}: {twice:,} names stand there more than once; each row is kept.")
    return rows


def _decide_order(
    source: Source, options: ReadOptions, found: list[Found], sheets: Mapping, report: Report
) -> bool:
    """Decide whether the month comes first in dates that are text, over all logs of the workbook."""
    order, forms = DayOrder(), load_format("workbook")["searches"]["times"]["forms"]
    for part in found:
        if part.kind == "searches" and not sheets.get(part.sheet.name, {}).get("skip"):
            for frame in _list_frames(source, part):
                order.add(
                    frame[part.columns["searched_at"]],
                    [name for name in forms if "q" in compile_form(name).parts],
                )
    month_first, how = order.decide(options.day_first, source.name)
    if order.rows_n:
        report.notes.append(how)
    return month_first


def _list_frames(source: Source, part: Found):
    return make_frames(
        part.sheet,
        part.header_row,
        part.header,
        (part.columns["searched_at"],),
        read_workbook(source).date_1904,
    )


def _read_searches(
    source: Source, options: ReadOptions, part: Found, log: LogTable, month_first: bool, report: Report
) -> None:
    known = load_format("workbook")["searches"]["times"]
    zone = find_zone(options.time_zone) if options.time_zone else None
    form = LogForm(part.columns, known["forms"], zone, known["zone_hint"], month_first=month_first)
    for frame in _list_frames(source, part):
        # a log of two columns: a note in one of them looks like a search without its time
        filled = frame.apply(lambda cells: cells.str.strip() != "")
        text = frame.agg("".join, axis=1).str.strip()
        is_note = (filled.sum(axis=1) == 1) & text.str.contains(known["note"])
        if is_note.any():
            _set_aside(report, f"{part.sheet.name} row {frame.index[is_note][0]}", "a total or a note, without a time", int(is_note.sum()))
        log.add(frame[~is_note], form, f"{part.sheet.name} row {{}}")
    used = {
        name
        for field_, name in part.columns.items()
        if field_ not in ("officer", "plate", "case_number")
    }
    report.columns_dropped += [name for name in part.header if name and name not in used]


def _read_months(
    source: Source, options: ReadOptions, part: Found, told: Mapping, volumes: VolumeTable, report: Report
) -> None:
    known = load_format("workbook")["months"]
    month_column = next(
        at
        for at, name in enumerate(part.header)
        if tidy_header(name) in {tidy_header(n) for n in known["columns"]}
    )
    years = {
        at: int(found[1])
        for at, name in enumerate(part.header)
        if (found := re.fullmatch(known["year"], name))
    }
    fiscal = [at for at, name in enumerate(part.header) if re.fullmatch(known["fiscal"], name)]
    measure = told.get("measure", known["measure"])
    if measure not in MEASURES:
        raise IngestError(part.place, f"measure {measure!r}", f"It is one of {', '.join(MEASURES)}.")
    scope = told.get("scope") or " ".join(part.titles) or part.sheet.name
    totals: dict[int, float] = {}
    sums = dict.fromkeys(years, 0.0)
    reported_by = options.reported_by
    for number, cells in _list_cells(part):
        label = cells[month_column].strip()
        month = MONTHS.get(label.rstrip(".").casefold())
        for at in fiscal:
            place = part.sheet.locate(number - part.sheet.first_row, at)
            volumes.set_aside(place, "a fiscal year: in which calendar year its months lie is not said")
        for at, year in years.items():
            place, value = part.sheet.locate(number - part.sheet.first_row, at), read_figure(cells[at])
            if month is None:
                is_total = bool(re.search(known["total"], label))
                if is_total and value is not None:
                    totals[at] = value
                volumes.set_aside(place, "a total" if is_total else "a row that is no month")
            elif value is None:
                volumes.set_aside(place, find_sentinel(cells[at], known["sentinels"]) or "not a number")
            else:
                sums[at] += value
                last = calendar.monthrange(year, month)[1]
                volumes.add(
                    reported_by=reported_by, measure=measure, value=value,
                    period_start=f"{year}-{month:02d}-01",
                    period_end=f"{year}-{month:02d}-{last}", scope=scope,
                    source_id=options.source_id or source.id,
                )  # fmt: skip
    for at, total in totals.items():
        if total != sums[at]:
            report.warnings.append(
                f"{part.place}: the printed total of {years[at]} is {total:,.0f}, its months add up to "
                f"{sums[at]:,.0f}."
            )
    report.columns_dropped += [
        name for at, name in enumerate(part.header) if name and at not in (*years, *fiscal, month_column)
    ]
    report.notes.append(f"{part.place}: figures are taken for {measure}, scope as printed: {scope!r}.")
    if not reported_by:
        report.warnings.append(
            f"{part.place}: the figures do not say whose they are: say so with --reported-by."
        )

