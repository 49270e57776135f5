"""Reads the Dashboard Detection and Hit Ratio reports of Vigilant LEARN, later VehicleManager.

As PDF or as the text that was laid out from one. A file may hold several reports. Who asked for a report is
dropped.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from helpers.canonical import build_table
from helpers.errors import IngestError
from sidedoor.ingest._learn_form import check_pages, load_form, read_date, read_footer, squeeze
from sidedoor.ingest.decode import find_encoding
from sidedoor.ingest.pdf import build_lines, read_pages, warn_unseen
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import peek_text, read_text

KINDS = ("pdf", "text")
TOTAL = "total"
_TITLE = re.compile(r"Dashboard\s+(?:Detection|Hit\s+Ratio)\s+Report", re.I)
_PERSON = re.compile(r"Report\s*By\b", re.I)
_FRAME = re.compile(r"Time\s*Frame\s*:?\s*(.*?)\s*(?=Total\s+[A-Z]|Report\s*By\b|$)", re.I)
_TOTAL = re.compile(r"\bTotal\s+([A-Za-z]+)\s*:?\s*(\d[\d,.]*)?(?=\s|$)", re.I)
_DAY = r"(\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
_HOUR = r"(?:\s+(\d{1,2}(?::\d{2})?\s*[AP]\.?M\.?))?"
_ABSOLUTE = re.compile(rf"(?:From\s+)?{_DAY}{_HOUR}\s+(?:To|-)\s+(?:To\s+)?{_DAY}{_HOUR}", re.I)
_END = re.compile(rf"({_DAY}{_HOUR})", re.I)
_LAST_DAYS = re.compile(r"last\s+(\d{1,4})\s+days?", re.I)
_ROW = re.compile(r"(\d{1,6})\s+(?:(\S.*)\s+)?(\d[\d,.]*)")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")


@dataclass(frozen=True)
class Line:
    """A printed line: its page, how far down it stands, its text."""

    page: int
    at: float
    text: str


@dataclass(eq=False)
class Row:
    """A row of the table: its number and figure as printed, and the lines of its name."""

    rank: int
    line: Line
    digits: str
    names: list[Line]


@dataclass(eq=False)
class Dashboard:
    """One report within a file, as printed.

    `totals` gives the page for each measure and its digits, `strays` lines that are no row, each with the
    number of rows before it.
    """

    title: str
    page: int
    frame: str | None = None
    totals: dict[tuple[str, str], int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    strays: list[tuple[int, Line]] = field(default_factory=list)
    column: str = ""
    created: str | None = None
    is_over: bool = False


def recognize(source: Source) -> Match | None:
    """Return what a report is by its title, and by a time frame or a table of contributors."""
    if source.kind == "text":
        text, kind = peek_text(source), "layout text"
    else:
        text, kind = "\n".join(page.text for page in read_pages(source)), "text PDF"
    titles = sorted({squeeze(found) for found in _TITLE.findall(text)})
    if not titles or not re.search(r"Time\s*Frame|Contributor", text, re.I):
        return None
    form = " and ".join(load_form()["dashboard"]["titles"][title] for title in titles)
    why = f"it is titled {form} and has a time frame or contributors"
    return Match(load_form()["family"], f"{form}, {kind}", why, 0.95)


def read(source: Source, options: ReadOptions) -> Reading:
    """Read the reports of a file.

    Returns
    -------
    Reading with the table `volumes`: one row for each contributor (`scope` is its name as printed), and one
    for each printed total (`scope` is `total`). Reports do not name their agency: `reported_by` is what the
    person says.

    Raises
    ------
    IngestError
        No report, no table in one, or a date that is none.
    """
    match = recognize(source)
    if match is None:
        raise IngestError(source.name, "no Dashboard report", "Give the report as LEARN wrote it.")
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    boards = find_boards(_read_lines(source), source.name, options, report)
    if source.kind == "pdf":
        warn_unseen(read_pages(source), report)
    else:
        find_encoding(source).describe(report)
    rows = []
    for board in boards:
        start, end = _read_frame(board, options, source.name, report)
        base = {"period_start": start, "period_end": end}
        base |= {"reported_by": options.reported_by, "source_id": options.source_id or source.id}
        rows += [base | row for row in _build_rows(board, report)]
    if not rows:
        raise IngestError(source.name, "a Dashboard report without a single figure", "Give the whole report.")
    _compare_boards(boards, report)
    if options.reported_by is None:
        text = "The report does not name its agency: say which it is (--reported-by)."
        report.warn("no-agency", text, asks_for="reported_by")
    table = build_table("volumes", rows)
    report.rows_out = len(table)
    report.rows_in += len(table)
    starts, ends = ([row[name] for row in rows if row[name]] for name in ("period_start", "period_end"))
    report.span = {"volumes": [min(starts, default=None), max(ends, default=None)]}
    report.details["reports"] = [
        {"title": board.title, "page": board.page, "created": board.created, "rows": len(board.rows)}
        for board in boards
    ]
    report.check()
    return Reading({"volumes": table}, report)


def _read_lines(source: Source) -> Iterator[Line]:
    if source.kind == "pdf":
        for page in read_pages(source):
            for line in build_lines(page):
                yield Line(page.number, line.middle, line.text)
        return
    page, is_after = 1, False  # a page ends with a form feed or below its number
    for at, text in enumerate(read_text(source).split("\n")):
        if "\f" in text or (is_after and text.strip()):
            page += 1
            is_after = False
        if text := " ".join(text.split()):
            yield Line(page, float(at), text)
            is_after = is_after or read_footer(text, source.name).number is not None


def find_boards(lines: Iterator[Line], name: str, options: ReadOptions, report: Report) -> list[Dashboard]:
    """Return the reports that lines make up; who asked for them is left behind."""
    form = load_form()["dashboard"]
    boards: list[Dashboard] = []
    footers = []
    in_table = False
    for line in lines:
        squeezed = squeeze(line.text)
        footer = read_footer(line.text, f"{name}, page {line.page}", options.day_first)
        # a title is a line of its own, and not mentioned in one
        near = [key for key in form["titles"] if key in squeezed and len(squeezed) < len(key) + 30]
        titles = [form["titles"][key] for key in near]
        if footer.created or footer.number:
            footers.append((line.page, footer))
            in_table = False
            if boards:
                boards[-1].created = footer.created or boards[-1].created
                boards[-1].is_over = footer.number is not None and footer.number == footer.of
        elif titles:
            in_table = False
            # The title stands on each page: a report goes on until its last page, or another's title.
            if not boards or boards[-1].title != titles[0] or boards[-1].is_over:
                boards.append(Dashboard(titles[0], line.page))
        elif boards:
            in_table = _add_line(boards, line, in_table, report)
    check_pages(footers, report)
    return boards


def _add_line(boards: list[Dashboard], line: Line, in_table: bool, report: Report) -> bool:
    """Add a line to the last report; return whether the table has begun."""
    form, squeezed = load_form()["dashboard"], squeeze(line.text)
    if _PERSON.search(line.text) and form["person"] not in report.columns_dropped:
        report.columns_dropped.append(form["person"])
    frame, total = _FRAME.search(line.text), _TOTAL.search(line.text)
    if frame and boards[-1].frame not in (None, frame[1]):
        boards.append(Dashboard(boards[-1].title, line.page))
    board = boards[-1]
    if frame:
        board.frame = frame[1]
    measure = form["totals"].get(squeeze("total" + total[1])) if total else None
    if measure and not total[2]:
        report.warn("total-illegible", f"page {line.page}: the total of the {board.title} is not legible.")
    elif measure:  # it stands on each page again
        board.totals.setdefault((measure, total[2]), line.page)
    elif squeezed in form["columns"]:
        if board.column not in ("", squeezed):
            boards.append(board := Dashboard(board.title, line.page, board.frame))
        board.column = squeezed
        return True
    elif in_table and not frame:
        _add_row(board, line)
    elif board.frame and len(re.findall(_DAY, board.frame)) == 1 and (end := _END.search(line.text)):
        board.frame += f" To {end[1]}"  # the time frame is wrapped
    return in_table


def _add_row(board: Dashboard, line: Line) -> None:
    """Add a line of the table: a row, a row without a figure, or a part of a name that is wrapped."""
    if found := _ROW.fullmatch(line.text):
        name = [Line(line.page, line.at, found[2])] if found[2] else []
        board.rows.append(Row(int(found[1]), line, found[3], name))
    elif (first := re.match(r"(\d{1,6})\s", line.text)) and int(first[1]) == len(board.rows) + 1:
        board.rows.append(Row(int(first[1]), line, "", []))
    else:
        board.strays.append((len(board.rows), line))


def _build_rows(board: Dashboard, report: Report) -> list[dict]:
    """Return the rows of the table from one report, and check that its figures add up."""
    form, title = load_form()["dashboard"], board.title
    for at, line in board.strays:  # a name that is wrapped: its lines belong to the nearest row
        near = [row for row in board.rows[max(at - 1, 0) : at + 1] if row.line.page == line.page]
        if near and re.search(r"[^\W\d_]", line.text):
            min(near, key=lambda row: abs(row.line.at - line.at)).names.append(line)
        else:
            reason = "a line of the table that belongs to no row"
            report.put_aside(f"page {line.page}", reason, code="stray")
    rows, sums = [], Counter()
    is_ratio = "recordtype" in board.column
    for row in board.rows:
        name = " ".join(line.text for line in sorted(row.names, key=lambda line: line.at))
        measure = "hits" if board.column.endswith("hits") else "detections"
        measure = form["measures"].get(squeeze(name)) if is_ratio else measure
        value = _read_number(row.digits)
        if value is None or measure is None or not name:
            reason = "a row without a name, a whole number, or a known type of record"
            report.put_aside(f"page {row.line.page}, row {row.rank}", reason, code="no-figure")
            continue
        scope = TOTAL if is_ratio else name
        rows.append({"measure": measure, "value": value, "scope": scope, "page": row.line.page})
        sums[measure] += value
    if [row.rank for row in board.rows] != list(range(1, len(board.rows) + 1)):
        text = f"The rows of the {title} are not numbered from 1 to {len(board.rows)}: some may be missing."
        report.warn("row-numbers", text)
    if not board.totals:
        report.warn("no-total", f"The {title} prints no total to check its rows against.")
    for (measure, digits), page in board.totals.items():
        value = _read_number(digits)
        if value is None:
            report.put_aside(f"page {page}, total", "a figure that is no whole number", code="no-figure")
            continue
        rows.append({"measure": measure, "value": value, "scope": TOTAL, "page": page})
        if board.rows and sums.total() != value:
            parts = " and ".join(f"{sums[name]:,} {name}" for name in sums) or "no figure"
            text = f"page {page}: the {title} prints a total of {value:,}, but its rows hold {parts}."
            report.warn("total-differs", text)
        elif not is_ratio:
            text = f"page {page}: Total Detections is kept as printed, {value:,}; Vigilant's total counts "
            text += "detections and hits together (a Hit Ratio report of the same time tells them apart)."
            report.note("total-of-both", text)
    return rows


def _read_number(digits: str) -> int | None:
    return int(digits.replace(",", "")) if _NUMBER.fullmatch(digits) else None


def _read_frame(
    board: Dashboard, options: ReadOptions, name: str, report: Report
) -> tuple[str | None, str | None]:
    """Return first and last day of a report, from its dates, or from words and the day of its creation."""
    place, text = f"{name}, page {board.page}", " ".join((board.frame or "").split())
    said, created = f"The time frame of the {board.title}", board.created or options.as_of
    if found := _ABSOLUTE.search(text):
        start, end = (read_date(day, place, options.day_first) for day in (found[1], found[3]))
        if start > end:
            report.warn("frame-order", f"{said} ends before it begins: {start} to {end}.")
        if found[2] or found[4]:
            text = f"{said} begins at {found[2]} and ends at {found[4]}; the table has the days alone."
            report.note("frame-hours", text)
        return start, end
    if not text:
        report.warn("no-frame", f"The {board.title} prints no time frame.")
    elif created is None:
        text = f"{said} is in words, and no date of creation says when that was (--as-of)."
        report.warn("frame-undated", text, "as_of")
    elif frame := resolve_frame(text, date.fromisoformat(created)):
        start, end = (day.isoformat() for day in frame)
        report.note("frame-in-words", f"{said}, {text.title()!r}, is {start} to {end}: created on {created}.")
        return start, end
    else:
        report.warn("frame-unknown", f"{said} is in a form that is not known; its rows have no period.")
    return None, None


def resolve_frame(text: str, created: date) -> tuple[date, date] | None:
    """Return first and last day of a time frame in words.

    `This Year`, `Last Month`, `Last 30 Days` ... count from the day of creation, on which what is not over
    ends. None for words that are not known.
    """
    if found := _LAST_DAYS.fullmatch(text):
        return created - timedelta(days=int(found[1])), created
    frame = load_form()["dashboard"]["frames"].get(" ".join(text.lower().split()))
    if frame is None:
        return None
    import pandas as pd

    # weeks of the vendor's country end on Saturday
    units = {"day": "D", "week": "W-SAT", "month": "M", "quarter": "Q", "year": "Y"}
    period = pd.Period(created, units[frame["unit"]]) - frame["back"]
    return period.start_time.date(), created if frame.get("to_date") else period.end_time.date()


def _compare_boards(boards: list[Dashboard], report: Report) -> None:
    """Compare a Detection and a Hit Ratio report of one time frame in one file."""
    totals: dict[str, dict[str, int]] = {}
    for board in boards:
        digits = next((digits for _, digits in board.totals), "")
        if board.frame and (value := _read_number(digits)) is not None:
            totals.setdefault(board.frame, {})[board.title] = value
    for found in totals.values():
        if len(set(found.values())) > 1:
            shown = ", ".join(f"{title} {value:,}" for title, value in found.items())
            report.warn("totals-differ", f"Two reports of one time frame print different totals: {shown}.")
