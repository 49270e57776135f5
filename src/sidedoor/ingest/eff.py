"""EFF's Data Driven 1 (CSV) and Data Driven 2 (XLSX): detections and hits of agencies by year."""

import re
import statistics
from dataclasses import dataclass

from helpers.errors import IngestError
from helpers.formats import load_format
from helpers.wording import say_number
from sidedoor.ingest.headers import list_first_rows
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.text import read_table
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
ONE, TWO = "EFF Data Driven 1", "EFF Data Driven 2"
_MEASURES = {"detections": "detections", "scans": "detections", "hits": "hits"}


@dataclass(frozen=True)
class Figure:
    """A column of figures: what it counts, its years (None where it names none), and the words of its period."""

    column: str
    measure: str
    years: tuple[int, int] | None
    words: str


@dataclass(frozen=True)
class _Sheet:
    """A sheet with figures: its header, the columns of figures, of the reference and of the agency."""

    sheet: Sheet
    header_row: int
    header: list[str]
    figures: list[Figure]
    reference: int
    agency: int


def recognize(source: Source) -> Match | None:
    """Recognize either data set by its columns of agencies and of figures by year."""
    if source.kind == "text":
        rows = list_first_rows(source, 1)
        header = [cell.strip() for cell in rows[0][1]] if rows else []
        known = load_format("eff")["one"]
        figures = find_figures(header, known)
        lettered = any(re.match(r"(?i)^A\.\s*Agency$", name) for name in header)
        if lettered and len(figures) >= 2 and _find(header, known["degree"]) is not None:
            return Match(
                ONE,
                say_number(len(header), "column"),
                f"columns 'A. Agency', 'C. Direct Sharing' and {len(figures)} of figures",
                1.0,
            )
        return None
    sheets = find_sheets(source)
    if not sheets:
        return None
    return Match(
        TWO,
        say_number(len(read_workbook(source).sheets), "sheet"),
        f"columns of EFF Ref, agency and figures in {say_number(len(sheets), 'sheet')}",
        0.95,
    )


def find_figures(header: list[str], known: dict) -> list[Figure]:
    """Find the columns of figures of a header, by name."""
    found = []
    for name in header:
        if match := re.match(known["figure"], " ".join(name.split())):
            words = known.get("combined", "") if match["period"].casefold() == "combined" else match["period"]
            years = [int(year) for year in re.findall(r"\d{4}", words)]
            found.append(
                Figure(
                    name,
                    _MEASURES[match["measure"].casefold()],
                    (years[0], years[-1]) if years else None,
                    words,
                )
            )
    return found


def _find(header: list[str], pattern: str) -> int | None:
    return next((at for at, name in enumerate(header) if re.match(pattern, " ".join(name.split()))), None)


def read(source: Source, options: ReadOptions) -> Reading:
    """Read either data set.

    Returns
    -------
    Reading with the table `volumes`. The number of direct recipients (Data Driven 1) is in the report's details: it is a
    degree, not a volume. A record is one cell of a column of figures.
    """
    match = recognize(source)
    report = Report(source.name, source.sha256, source.bytes_n, match.family, match.form, match.why)
    volumes = VolumeTable()
    read_rows = _read_one if match.family == ONE else _read_two
    read_rows(source, options, volumes, report)
    table = volumes.close(report)
    report.check()
    return Reading({"volumes": table}, report)


def _take(
    volumes: VolumeTable, figure: Figure, cell: str, who: str, place: str, known: dict, source_id: str
) -> str:
    """Take a figure, or set its cell aside; what became of it comes back: `figure`, `partial` or the meaning."""
    text = cell.strip()
    is_partial = text.endswith("*")
    value = read_figure(text.rstrip("*").strip())
    if value is None:
        meaning = find_sentinel(text.rstrip("*"), known["sentinels"]) or "not a number"
        volumes.set_aside(place, meaning)
        return meaning
    start, end = figure.years or (None, None)
    volumes.add(
        reported_by=who, measure=figure.measure, value=value,
        period_start=f"{start}-01-01" if start else None,
        period_end=f"{end}-12-31" if end else None,
        scope=figure.words + (", part of the period (*)" if is_partial else ""),
        source_id=source_id,
    )  # fmt: skip
    return "partial" if is_partial else "figure"


def _read_one(source: Source, options: ReadOptions, volumes: VolumeTable, report: Report) -> None:
    known, table = load_format("eff")["one"], read_table(source)
    header = table.header
    figures = find_figures(header, known)
    at = {name: _find(header, known[name]) for name in ("agency", "state", "degree", "nvls")}
    meanings: dict[str, dict[str, int]] = {}
    states, degrees, nvls, see, partial, repeated = {}, {}, {}, {}, 0, 0
    for line, cells in table.rows():
        row = dict(zip(header, cells, strict=True))
        who = cells[at["agency"]].strip().rstrip("*").strip()
        if not who:
            for figure in figures:
                volumes.set_aside(f"line {line}", "a row without an agency (a total?)")
            continue
        repeated += who in states
        states[who] = cells[at["state"]].strip() if at["state"] is not None else ""
        for figure in figures:
            became = _take(
                volumes,
                figure,
                row[figure.column],
                who,
                f"line {line}",
                known,
                options.source_id or source.id,
            )
            partial += became == "partial"
            if became not in ("figure", "partial"):
                counts = meanings.setdefault(figure.column, {})
                counts[became] = counts.get(became, 0) + 1
                if became.startswith("See"):
                    see[who] = re.sub(r"(?i)^see:?\s*", "", row[figure.column].strip())
        _note_degree(cells[at["degree"]], who, degrees, report, known)
        if at["nvls"] is not None:
            label = cells[at["nvls"]].strip() or "blank"
            nvls[label] = nvls.get(label, 0) + 1
    report.notes += table.notes
    report.warnings += table.warnings
    report.columns_dropped += [name for name in header if re.match(known["link"], name)]
    _describe_one(report, states, degrees, nvls, see, meanings, partial, repeated)


def _note_degree(cell: str, who: str, degrees: dict, report: Report, known: dict) -> None:
    value = read_figure(cell.strip().rstrip("*"))
    if value is not None:
        degrees[who] = int(value)
    else:
        meaning = find_sentinel(cell.rstrip("* "), known["sentinels"]) or "not a number"
        counts = report.details.setdefault("direct_sharing_missing", {})
        counts[meaning] = counts.get(meaning, 0) + 1


def _describe_one(report: Report, states, degrees, nvls, see, meanings, partial: int, repeated: int) -> None:
    report.details["agencies_n"] = len(states)
    report.details["states"] = states
    report.details["missing"] = meanings
    report.details["see"] = see
    report.details["direct_sharing"] = degrees
    if degrees:
        report.details["direct_sharing_summary"] = {
            "agencies": len(degrees), "sum": sum(degrees.values()),
            "median": statistics.median(degrees.values()),
            "mean": round(statistics.fmean(degrees.values()), 1), "most": max(degrees.values()),
        }  # fmt: skip
    report.details["nvls"] = nvls
    if partial:
        report.warnings.append(
            f"Figures marked *, which cover part of their period: {partial:,}. Their scope says so."
        )
    if repeated:
        report.warnings.append(
            f"Rows that name an agency which another row names too: {repeated:,}. Each is kept."
        )
    others = sorted({state for state in states.values() if state == "US"})
    if others:
        report.notes.append("State US stands for a federal agency, not for a state.")
    report.notes.append(
        "Direct sharing counts recipients and names none; an agency in the NVLS pool shares with more."
    )


def find_sheets(source: Source) -> list[_Sheet]:
    """Find the sheets of Data Driven 2 that hold figures by agency."""
    known, found = load_format("eff")["two"], []
    for sheet in read_workbook(source).sheets:
        for number, cells in list(sheet)[:5]:
            header = [cell.strip() for cell in cells]
            figures = find_figures(header, known)
            reference, agency = _find(header, known["reference"]), _find(header, known["agency"])
            if figures and reference is not None and agency is not None:
                found.append(_Sheet(sheet, number, header, figures, reference, agency))
                break
    return found


def _read_two(source: Source, options: ReadOptions, volumes: VolumeTable, report: Report) -> None:
    known, sheets = load_format("eff")["two"], find_sheets(source)
    if not sheets:
        raise IngestError(source.name, "no sheet with figures by agency", "Download the workbook again.")
    # The other sheets select from the one with most agencies: a figure is taken where it stands first.
    sheets = sorted(
        sheets, key=lambda part: -sum(1 for _, cells in part.sheet if cells[part.reference].strip())
    )
    taken: dict[tuple, float] = {}
    different = 0
    agencies: dict[str, str] = {}
    meanings: dict[str, int] = {}
    for part in sheets:
        sums, totals = dict.fromkeys((figure.column for figure in part.figures), 0.0), {}
        for number, cells in part.sheet:
            if number <= part.header_row or not any(cell.strip() for cell in cells):
                continue
            row = dict(zip(part.header, cells, strict=False))
            reference, who = cells[part.reference].strip(), cells[part.agency].strip()
            place = f"{part.sheet.name} row {number}"
            for figure in part.figures:
                value = read_figure(row[figure.column].rstrip("*"))
                if not reference:
                    totals[figure.column] = value
                    volumes.set_aside(place, "a row without EFF Ref: a total, or no agency")
                    continue
                sums[figure.column] += value or 0.0
                key = (reference, figure.measure, figure.words)
                if key in taken and value is not None:
                    different += taken[key] != value
                    volumes.set_aside(place, "repeats an agency's figure from another sheet")
                    continue
                became = _take(
                    volumes, figure, row[figure.column], who, place, known, options.source_id or source.id
                )
                if value is not None:
                    taken[key] = value
                else:
                    meanings[became] = meanings.get(became, 0) + 1
                agencies[reference] = who
        for column, total in totals.items():
            if total is not None and abs(total - sums[column]) > 0.5:
                report.warnings.append(
                    f"Sheet {part.sheet.name!r}: the total printed for {column} is {total:,.0f}, its rows "
                    f"add up to {sums[column]:,.0f}."
                )
    used = {part.sheet.name for part in sheets}
    for sheet in read_workbook(source).sheets:
        rows_n = sum(1 for _, cells in sheet if any(cell.strip() for cell in cells))
        if sheet.name not in used and rows_n:
            volumes.set_aside(f"sheet {sheet.name}", "a sheet without figures by agency", rows_n)
    columns = {name for part in sheets for name in part.header if name}
    kept = {figure.column for part in sheets for figure in part.figures} | {
        part.header[at] for part in sheets for at in (part.agency,)
    }
    report.columns_dropped += sorted(columns - kept)
    report.details.update(
        agencies_n=len(agencies),
        sheets=[part.sheet.name for part in sheets],
        missing=meanings,
        agencies=agencies,
    )
    if different:
        report.warnings.append(
            f"Figures that differ between sheets: {different:,}. The one of {sheets[0].sheet.name!r} is kept."
        )
    if any(figure.words.casefold() == "30 day" for part in sheets for figure in part.figures):
        report.notes.append("Figures of 30 days (Flock) print no date: their period is left open.")
