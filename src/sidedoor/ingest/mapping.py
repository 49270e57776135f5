"""Any edge list, search log or list of figures, read as a mapping says: an unknown vendor needs no code."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.canonical import MEASURES, SECTIONS, build_table
from helpers.errors import IngestError
from helpers.searches.logs import warn_of_rows
from helpers.wording import say_number
from sidedoor.ingest.cells import EMPTY, MASKED, REDACTED, find_states, load_marks
from sidedoor.ingest.headers import (
    HEADER_ROWS,
    check_day,
    drop_columns,
    list_beginnings,
    make_batches,
    tidy_header,
)
from sidedoor.ingest.log_checks import check_log
from sidedoor.ingest.log_part import PERSONAL, LogForm
from sidedoor.ingest.logs import LogReader, Skip, leave_out
from sidedoor.ingest.mapping_file import SHIPPED, find_column, list_mappings, list_matches, load_mapping
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Reading, Report, Skipped
from sidedoor.ingest.source import Match, ReadOptions, Source, open_source
from sidedoor.ingest.text import RowBatch, read_table
from sidedoor.ingest.times import DayOrder, compile_form, find_zone, list_days, read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILY = "mapping"
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0", "")
_NAMES = ("from_agency_as_printed", "to_agency_as_printed")


def recognize(source: Source) -> Match | None:
    """Recognize a file for which the project has a mapping, by its columns."""
    path = find_mapping(source)
    if path is None:
        return None
    return Match(
        FAMILY,
        load_mapping(path).get("title", path.stem),
        f"its columns are those of mapping {path.stem}",
        1.0,
    )


def find_mapping(source: Source) -> Path | None:
    """Find the mapping of the project whose columns a file has; of several the one that names most."""
    found = []
    for _, rows in list_beginnings(source):
        for _, cells in rows:
            tidy = set(map(tidy_header, cells))
            found += [(len(names), path) for path, names in list_matches().items() if names <= tidy]
    return max(found)[1] if found else None


def read(source: Source, options: ReadOptions) -> Reading:
    """Read a file as a mapping says.

    Parameters
    ----------
    source
        A text or a workbook.
    options
        `mapping` is a TOML file or the name of a mapping of the project; what else is given here goes before
        what the mapping says.

    Returns
    -------
    Reading with one table: `sharing`, `searches` or `volumes`; for a workbook those of its sheets.

    Raises
    ------
    IngestError
        The mapping is wrong or names columns that the file does not have, times have no zone, or dates two
        readings.
    """
    path = options.mapping or find_mapping(source)
    if path is None or source.kind not in KINDS:
        raise IngestError(
            source.name, "no mapping for this file", "Give one: --mapping FILE.toml.", code="no-mapping"
        )
    mapping = load_mapping(path)
    check_day(options.as_of)
    if mapping["table"] == "workbook":
        from sidedoor.ingest import clerk

        if source.kind != "xlsx":
            found = "no workbook, although the mapping says so"
            raise IngestError(source.name, found, "Give table another value.", code="wrong-value")
        return clerk.read(source, options, mapping["sheets"])
    why = "a mapping was given" if options.mapping else recognize(source).why
    title = mapping.get("title", Path(path).stem)
    report = Report(source.name, source.sha256, source.bytes_n, FAMILY, title, why)
    if SHIPPED in Path(path).parents or str(path) in list_mappings():
        source.cache["vendor prints agencies"] = True
    rows = _Rows(source, mapping, report)
    reader = {"sharing": _read_sharing, "searches": _read_searches, "volumes": _read_volumes}[
        mapping["table"]
    ]
    table = reader(source, options, mapping, rows, report)
    rows.finish(mapping)
    for text in mapping["notes"]:
        report.note("mapping", text)
    if constants := mapping["constants"]:
        said = ", ".join(f"{name} = {value!r}" for name, value in constants.items())
        report.note("constants", f"Of all rows the mapping says: {said}.")
    if precision := mapping["times"].get("precision"):
        report.note("precision", f"Times are given to the {precision} only.")
    report.check()
    return Reading({mapping["table"]: table}, report)


class _Rows:
    """The rows of the file in batches, and its header."""

    def __init__(self, source: Source, mapping: dict, report: Report):
        self.source, self.mapping, self.report = source, mapping, report
        self.skipped: dict[str, Skipped] = {}
        told = mapping["file"]
        line = told.get("header_line", 0 if "header" in told else None)
        self.sheet: Sheet | None = None
        if source.kind == "text":
            line = self._find_line(list_beginnings(source)[0][1]) if line is None else line
            self.table = read_table(source, header_line=line)
            self.header = [*self.table.header]
        else:
            self.sheet, line = self._find_sheet(told.get("sheet"), line)
            cells = dict(self.sheet).get(line, []) if line else []
            if line and not cells:
                found = f"no row {line} in {self.sheet.label}"
                raise IngestError(source.name, found, "Give file.header_line another value.", code="no-row")
            width = max(len(row) for row in self.sheet.rows)
            self.header = [cell.strip() for cell in cells] or [
                f"column_{number}" for number in range(1, width + 1)
            ]
        self.start = line
        if line == 0 and (given := told.get("header")):
            if len(given) != len(self.header):
                found = (
                    f"{say_number(len(self.header), 'column')} where the mapping's header has {len(given)}"
                )
                raise IngestError(source.name, found, "Correct file.header.", code="wrong-value")
            self.header = [*given]
            if source.kind == "text":
                self.table.header[:] = self.header
        place = source.name
        self.columns = {
            name: find_column(column, self.header, place) for name, column in mapping["columns"].items()
        }
        self.skips = []
        for part in mapping["skip"]:
            column = find_column(part["column"], self.header, place)
            reason = part.get("reason") or "left out by the mapping"
            self.skips.append(Skip(column, tuple(map(str, part["equals"])), reason))

    def _list_mapped(self) -> set[str]:
        return {*self.mapping["columns"].values(), *(part["column"] for part in self.mapping["figures"])}

    def _find_line(self, rows: list[tuple[int, list[str]]]) -> int:
        """Find the row that holds the names of the mapped columns; the first row if none does."""
        wanted = self._list_mapped()
        return next((number for number, cells in rows if wanted <= {cell.strip() for cell in cells}), 1)

    def _find_sheet(self, name: str | None, line: int | None) -> tuple[Sheet, int]:
        sheets = [sheet for sheet in read_workbook(self.source).sheets if sheet.rows]
        chosen = [sheet for sheet in sheets if sheet.name == name] if name else sheets
        if line is None:
            wanted = self._list_mapped()
            lines = {sheet.number: self._find_line(list(sheet)[:HEADER_ROWS]) for sheet in chosen}
            if not name:
                fitting = [
                    sheet
                    for sheet in chosen
                    if wanted <= {cell.strip() for cell in dict(sheet).get(lines[sheet.number], [])}
                ]
                # sheets that select from another one have fewer rows
                chosen = sorted(fitting, key=Sheet.count_rows)[-1:] or chosen
        if len(chosen) != 1:
            found = f"no sheet {name!r}" if name else say_number(len(sheets), "sheet")
            names = ", ".join(repr(sheet.name) for sheet in sheets[:20])
            raise IngestError(
                self.source.name, found, f"Say which one in [file] sheet: {names}.", code="no-sheet"
            )
        for sheet in sheets:
            if sheet is not chosen[0]:
                reason = "a sheet that the mapping does not read"
                self.report.put_aside(sheet.label, reason, sheet.count_rows(), "other-sheet")
        return chosen[0], lines[chosen[0].number] if line is None else line

    def batches(self) -> Iterator[RowBatch]:
        """Give all rows; those to be skipped are in them."""
        return (
            self.table.batches() if self.sheet is None else make_batches(self.sheet, self.start, self.header)
        )

    def frames(self) -> Iterator[tuple[pd.DataFrame, RowBatch]]:
        """Give the rows as frames of text, those to be skipped left out."""
        rows_n, cap = 0, self.source.limits.list_rows
        for batch in self.batches():
            batch = leave_out(batch, self.skips, self.skipped)
            rows_n += batch.rows_n
            if rows_n > cap:
                found = f"more than {cap:,} rows"
                raise IngestError(self.source.name, found, "Split the file.", code="too-large")
            if batch.rows_n:
                columns = {
                    name: pd.array(cells.cast(pa.large_string()), dtype="str")
                    for name, cells in batch.columns.items()
                }
                yield pd.DataFrame(columns), batch

    def skip(self, code: str, reason: str, hit: np.ndarray, batch: RowBatch) -> None:
        """Note rows of a batch, as a mask, that enter no table."""
        entry = self.skipped.setdefault(code + reason, Skipped(code, reason))
        for at in np.flatnonzero(hit):
            entry.add(batch.locate(int(at)))

    def finish(self, mapping: dict) -> None:
        """Write into the report what was noticed in a text, and which columns enter no table."""
        if self.sheet is None:
            self.table.describe(self.report)
        self.report.skip(self.skipped)
        kept = {name for part, name in self.columns.items() if part not in (*PERSONAL, "moderation")}
        kept |= {part["column"] for part in mapping["figures"]}
        drop_columns(
            self.report,
            self.header,
            [name for name in self.header if name and name not in kept],
            (*self._list_mapped(), *mapping["match"]),
        )

    def decide_order(self, options: ReadOptions, fields: tuple[str, ...]) -> bool:
        """Decide whether the month comes first, if a form leaves it open: by all rows."""
        forms = [form for form in self.mapping["times"].get("forms", []) if "q" in compile_form(form).parts]
        columns = [self.columns[name] for name in fields if name in self.columns]
        if "search_date" in self.columns and "searched_at" in fields:
            columns, forms = [self.columns["search_date"]], list_days(forms)
        if not forms or not columns:
            return True
        order = DayOrder()
        for batch in self.batches():
            batch = leave_out(batch, self.skips, {})
            for column in columns:
                order.add(batch.columns[column], forms)
        month_first, how = order.decide(options.day_first, self.source.name)
        self.report.note("day-order", how)
        return month_first


def _read_searches(source: Source, options: ReadOptions, mapping: dict, rows: _Rows, report: Report):
    times = mapping["times"]
    name = options.time_zone or times.get("time_zone")
    zone = find_zone(name) if name else None
    constants = dict(mapping["constants"])
    if options.reported_by:
        constants.pop("host_agency", None)
    form = LogForm(
        rows.columns, times.get("forms", []), zone,
        'Say it in the mapping, [times] time_zone = "UTC", or with --time-zone.',
        times.get("window", ""), constants, rows.decide_order(options, ("searched_at",)), mapping["marks"],
    )  # fmt: skip
    log = LogReader(source, options)
    log.read(rows.batches(), form, rows.skips)
    table = log.close(report)
    check_log(table, log, report, zone)
    told = "as given" if options.time_zone else "as the mapping says"
    printed = "UTC, printed with every time" if log.utc_n else "no times"
    report.time_zone = f"{zone.key}, {told}" if log.local_n else printed
    return table


@dataclass
class _Names:
    """A list of ids and names: for each field its column of ids, and what the comparison with the names of
    the file found.
    """

    columns: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def _read_sharing(
    source: Source, options: ReadOptions, mapping: dict, rows: _Rows, report: Report
) -> pd.DataFrame:
    names = _load_names(source, mapping, rows, report)
    month_first = rows.decide_order(options, ("as_of",))
    parts, row_no = [], 0
    for frame, batch in rows.frames():
        made = _read_edges(frame, options, mapping, rows, names, month_first)
        made["row_no"] = np.arange(row_no + 1, row_no + len(frame) + 1)
        made["source_id"] = options.source_id or source.id
        row_no += len(frame)
        parts.append(build_table("sharing", made[_check_edges(frame, made, rows, batch)]))
    table = pd.concat(parts, ignore_index=True) if parts else build_table("sharing", [])
    report.rows_out += len(table)
    report.rows_in += len(table)
    _describe_edges(table, report)
    return table


def _read_edges(
    frame, options: ReadOptions, mapping: dict, rows: _Rows, names: _Names, month_first: bool
) -> pd.DataFrame:
    given = {"reported_by": options.reported_by, "as_of": options.as_of}
    given = {name: value for name, value in given.items() if value}
    constants = {**mapping["constants"], **given}
    made: dict = {
        name: pd.Series(value, index=range(len(frame)), dtype="str") for name, value in constants.items()
    }
    for name, column in rows.columns.items():
        if name in given:
            continue
        text = frame[column].str.strip()
        if name == "as_of":
            values = read_times(text, mapping["times"]["forms"], month_first=month_first).values
            text = pd.Series(pd.DatetimeIndex(values).strftime("%Y-%m-%d"), dtype="str")
        elif name == "is_inactive":
            lower = text.str.lower()
            text = lower.isin(_TRUE).astype("boolean").where(lower.isin(_TRUE + _FALSE))
        elif name == "page":
            text = pd.to_numeric(text.where(text.str.fullmatch(r"\d{1,6}")), errors="coerce").astype("Int64")
        else:
            text = text.map(remove_hidden).where(text != "").astype("str")
        made[name] = text
    for name, column in names.columns.items():
        listed = frame[column].str.strip().map(names.known).astype("str")
        counts = names.counts.setdefault(name, {"not_in_the_list": 0, "printed_otherwise": 0})
        counts["not_in_the_list"] += int(listed.isna().sum())
        if name in made:
            counts["printed_otherwise"] += int((listed.notna() & (listed != made[name])).sum())
        else:
            made[name] = listed
    if "shares" not in made and "section" in made:
        kinds = {name: "detections" if name.startswith("d") else "hot_list" for name in SECTIONS}
        made["shares"] = made["section"].map(kinds).astype("str")
    return pd.DataFrame(made)


def _check_edges(frame: pd.DataFrame, made: pd.DataFrame, rows: _Rows, batch: RowBatch) -> np.ndarray:
    """Find the rows that are edges; the others are skipped with their reason."""
    keep = np.ones(len(frame), bool)

    def drop(code: str, reason: str, hit: np.ndarray) -> None:
        hit = np.asarray(hit) & keep
        if hit.any():
            rows.skip(code, reason, hit, batch)
            keep[hit] = False

    again = np.zeros(len(frame), "int8")
    for column in rows.columns.values():
        again += (frame[column].str.strip().str.lower() == tidy_header(column)).to_numpy().astype("int8")
    drop("header-again", "the header, repeated among the rows", again >= 2)
    for name in _NAMES:
        states = find_states(made[name].fillna(""), load_marks("name"))
        drop("no-name", f"no name in {name}", states == EMPTY)
        drop("masked-name", f"a masked name in {name}", np.isin(states, (MASKED, REDACTED)))
    for name, known in (("section", SECTIONS), ("shares", ("detections", "hot_list"))):
        if name in rows.columns:
            drop(f"wrong-{name}", f"{name} is none of {', '.join(known)}", ~made[name].isin(known).to_numpy())
    return keep


def _describe_edges(table: pd.DataFrame, report: Report) -> None:
    ends = [*_NAMES]
    counts = {
        "rows": len(table), "from": int(table[ends[0]].nunique()), "to": int(table[ends[1]].nunique()),
        "repeated": int(table.duplicated([*ends, "shares", "as_of"]).sum()),
        "to_itself": int((table[ends[0]] == table[ends[1]]).sum()),
    }  # fmt: skip
    report.details["edges"] = counts
    days = table["as_of"].dropna()
    report.span["sharing"] = [days.min(), days.max()] if len(days) else [None, None]
    for text in warn_of_rows(len(table)):
        report.warn("round-number", text)
    for name in ("repeated", "to_itself"):
        if counts[name]:
            said = say_number(counts[name], "edge is", "edges are")
            report.warn(
                f"edges-{name.replace('_', '-')}", f"{said} {name.replace('_', ' ')}; each row is kept."
            )
    if table["as_of"].isna().any():
        report.warn(
            "no-date", "Edges without a date: give one with --as-of, or as_of in the mapping.", "as_of"
        )


def _load_names(source: Source, mapping: dict, rows: _Rows, report: Report) -> _Names:
    """Load a list of ids and names that is beside the file, for columns that hold ids."""
    told = mapping["names"]
    if not told:
        return _Names()
    bound = {name: find_column(column, rows.header, source.name) for name, column in told["columns"].items()}
    name = told["file"]
    if Path(name).name != name or "\\" in name:
        found = f"names.file = {name[:80]!r}, which is not in the folder of the records"
        raise IngestError("the mapping", found, "Give the name of a file beside the records.", code="outside")
    beside = source.path.parent / name
    if beside.is_symlink() or beside.exists() and beside.resolve().parent != source.path.parent.resolve():
        raise IngestError(
            name, "the list of names is a link", "Put the file itself beside the records.", code="outside"
        )
    if not beside.is_file():
        needed = [one for one in bound if one not in rows.columns]
        if needed:
            found = f"the list of names for {', '.join(needed)} is missing"
            raise IngestError(name, found, f"Put it beside {source.name}.", code="no-file")
        report.details["names"] = {"file": name, "ids": 0, "fields": {}}
        report.note("names-not-compared", f"{name} is not beside the file: its names were not compared.")
        return _Names()
    table = read_table(open_source(beside, source.limits))
    key, shown = (table.header.index(find_column(told[part], table.header, name)) for part in ("key", "name"))
    known: dict[str, str] = {}
    for line, cells in table.rows():
        if cells[key].strip() in known:
            raise IngestError(
                f"{name}, line {line}", "an id that is there twice", "Correct the list.", code="id-twice"
            )
        known[cells[key].strip()] = remove_hidden(cells[shown].strip())
    names = _Names(bound, known)
    report.details["names"] = {"file": name, "ids": len(known), "fields": names.counts}
    return names


def _read_volumes(
    source: Source, options: ReadOptions, mapping: dict, rows: _Rows, report: Report
) -> pd.DataFrame:
    volumes, constants = VolumeTable(), dict(mapping["constants"])
    if options.reported_by:
        constants["reported_by"] = options.reported_by
    if "reported_by" not in {**rows.columns, **constants}:
        found, way_out = "figures of nobody named", "Say whose they are: --reported-by 'AGENCY'."
        raise IngestError(source.name, found, way_out, code="no-reporter", asks_for="reported_by")
    month_first = rows.decide_order(options, ("period_start", "period_end"))
    figures = mapping["figures"] or [{}]
    for part in figures:
        if part:
            find_column(part["column"], rows.header, source.name)
    for frame, batch in rows.frames():
        for name in ("period_start", "period_end"):
            if name in rows.columns:
                times = read_times(
                    frame[rows.columns[name]], mapping["times"]["forms"], month_first=month_first
                )
                frame[rows.columns[name]] = pd.DatetimeIndex(times.values).strftime("%Y-%m-%d").astype("str")
        for at, row in enumerate(frame.to_dict("records")):
            fields = {name: row[column] for name, column in rows.columns.items()}
            fields = {
                name: text.strip() or None if isinstance(text, str) else None for name, text in fields.items()
            }
            for part in figures:
                one = {**fields, **constants, **part, "source_id": options.source_id or source.id}
                if column := one.pop("column", None):
                    one["value"] = row[column]
                _add_figure(volumes, one, batch.locate(at), mapping)
    return volumes.close(report)


def _add_figure(volumes: VolumeTable, one: dict, place: str, mapping: dict) -> None:
    """Take a figure; one marked with * is a part of its period."""
    text = (one.pop("value") or "").strip()
    value = read_figure(text.rstrip("* "))
    if not one["reported_by"]:
        volumes.set_aside(place, "a row without an agency (a total?)", code="no-agency")
    elif value is None:
        meaning = find_sentinel(text.rstrip("* "), mapping["missing"])
        volumes.set_aside(place, meaning or "not a number", code="missing" if meaning else "no-figure")
    elif one["measure"] not in MEASURES:
        volumes.set_aside(place, f"measure is none of {', '.join(MEASURES)}", code="wrong-measure")
    else:
        if text.endswith("*"):
            one["scope"] = ", ".join(filter(None, (one.get("scope"), "part of the period (*)")))
        page = one.pop("page", None)
        one["reported_by"] = one["reported_by"].rstrip("* ")
        volumes.add(**one, value=value, page=int(page) if page and page.isdigit() else None)
