"""Any edge list, search log or list of figures, read as a mapping says: an unknown vendor needs no code."""

from collections.abc import Iterator
from dataclasses import dataclass
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
from sidedoor.ingest.mapping_file import (
    ENDS,
    SHIPPED,
    check_sheets,
    find_column,
    list_mappings,
    list_matches,
    load_mapping,
)
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Reading, Report, Skipped
from sidedoor.ingest.source import Match, ReadOptions, Source, open_source
from sidedoor.ingest.text import RowBatch, TextTable, read_table
from sidedoor.ingest.times import DayOrder, compile_form, find_zone, list_days, read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILY = "mapping"
# As the name of a sheet: every sheet that has the columns. No sheet can be called so.
_ALL = "*"
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0", "")


def recognize(source: Source) -> Match | None:
    """Recognize a file for which the project has a mapping, by its columns."""
    path = find_mapping(source)
    if path is None:
        return None
    title = load_mapping(path).get("title", path.stem)
    return Match(FAMILY, title, f"its columns are those of mapping {path.stem}", 1.0)


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
        way_out = "Give one: --mapping FILE.toml."
        raise IngestError(source.name, "no mapping for this file", way_out, code="no-mapping")
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
    rows = _Rows(source, options, mapping, report)
    readers = {"sharing": _read_sharing, "searches": _read_searches, "volumes": _read_volumes}
    table = readers[mapping["table"]](rows)
    rows.finish()
    for text in mapping["notes"]:
        report.note("mapping", text)
    if constants := mapping["constants"]:
        said = ", ".join(f"{name} = {value!r}" for name, value in constants.items())
        report.note("constants", f"Of all rows the mapping says: {said}.")
    if precision := mapping["times"].get("precision"):
        report.note("precision", f"Times are given to the {precision} only.")
    report.check()
    return Reading({mapping["table"]: table}, report)


@dataclass
class _Table:
    """A text, or a sheet (`text` is None): the row of its header, and the names of its columns."""

    text: TextTable | None
    sheet: Sheet | None
    start: int
    header: list[str]


class _Rows:
    """The rows of the file as the mapping finds them, in batches, and what is noticed on the way."""

    def __init__(self, source: Source, options: ReadOptions, mapping: dict, report: Report):
        self.source, self.options, self.mapping, self.report = source, options, mapping, report
        self.columns: dict[str, str] = mapping["columns"]
        self.skipped: dict[str, Skipped] = {}
        self.places: list[str] = []
        self.wanted = {*self.columns.values(), *(part["column"] for part in mapping["figures"])}
        self.spellings = {other: name for name, others in mapping["aliases"].items() for other in others}
        self.tables = [self._open_text()] if source.kind == "text" else self._open_sheets()
        self.header = list(dict.fromkeys(name for table in self.tables for name in table.header))
        self.skips = [
            Skip(
                part["column"],
                tuple(map(str, part["equals"])),
                part.get("reason") or "left out by the mapping",
            )
            for part in mapping["skip"]
        ]

    def _find_line(self, rows: list[tuple[int, list[str]]], told: dict) -> int | None:
        """Find the row of the header: as told, or the one that holds the names of the mapped columns."""
        if "header_line" in told or "header" in told:
            return told.get("header_line", 0)
        return next((number for number, cells in rows if self.wanted <= set(self._name(cells))), None)

    def _name(self, cells: list[str]) -> list[str]:
        """Name columns by their cells in the header; of several spellings the one that the mapping uses."""
        return [self.spellings.get(name, name) for name in map(str.strip, cells)]

    def _open_text(self) -> _Table:
        told = self.mapping["file"]
        line = self._find_line(list_beginnings(self.source)[0][1], told)
        line = 1 if line is None else line
        text = read_table(self.source, header_line=line)
        width = len(text.header)
        text.header[:] = self._name_columns(text.header, f"line {line}" if line else "", told, width)
        if len(text.header) != width:
            raise self._refuse_header(width, text.header)
        return _Table(text, None, 0, text.header)

    def _open_sheets(self) -> list[_Table]:
        """Open the sheets that are read, and account for the others."""
        sheets = [sheet for sheet in read_workbook(self.source).sheets if sheet.rows]
        general = self.mapping["file"]
        check_sheets(self.mapping["sheets"], [sheet.name for sheet in sheets], self.source.name)
        told = {sheet.number: general | self.mapping["sheets"].get(sheet.name, {}) for sheet in sheets}
        lines = {
            sheet.number: self._find_line(list(sheet)[:HEADER_ROWS], told[sheet.number]) for sheet in sheets
        }
        fitting = [sheet for sheet in sheets if lines[sheet.number] is not None]
        name = general.get("sheet")
        if name == _ALL:
            chosen = [sheet for sheet in fitting if not told[sheet.number].get("skip")]
        elif name:
            chosen = [sheet for sheet in sheets if sheet.name == name]
        elif {"header", "header_line"} & set(general):
            chosen = sheets
        else:  # sheets that select from another one have fewer rows
            chosen = sorted(fitting, key=Sheet.count_rows)[-1:] or sheets
        if len(chosen) != 1 and not (name == _ALL and chosen):
            found = f"no sheet {name!r}" if name else say_number(len(sheets), "sheet")
            names = ", ".join(repr(sheet.name) for sheet in sheets[:20])
            way_out = f"Say which one in [file] sheet: {names}."
            raise IngestError(self.source.name, found, way_out, code="no-sheet")
        for sheet in sheets:
            if sheet not in chosen:
                reason = "a sheet that the mapping does not read"
                self.report.put_aside(sheet.label, reason, sheet.count_rows(), "other-sheet")
                if name == _ALL and not told[sheet.number].get("skip"):
                    text = f"{sheet.label} does not have the columns: name its header in [sheets.NAME]."
                    self.report.warn("sheet-without-header", text)
        return [self._open_sheet(sheet, lines[sheet.number], told[sheet.number]) for sheet in chosen]

    def _open_sheet(self, sheet: Sheet, line: int | None, told: dict) -> _Table:
        line = 1 if line is None else line
        width = max(map(len, sheet.rows))
        cells = dict(sheet).get(line, []) if line else [f"column_{at}" for at in range(1, width + 1)]
        if not cells:
            found = f"no row {line} in {sheet.label}"
            raise IngestError(self.source.name, found, "Give header_line another value.", code="no-row")
        below = [row for number, row in sheet if number > line]
        filled_n = max((at for row in below for at, cell in enumerate(row, 1) if cell.strip()), default=0)
        header = self._name_columns(cells, sheet.name_row(line) if line else "", told, filled_n)
        return _Table(None, sheet, line, [*header, *[""] * (width - len(header))])

    def _name_columns(self, printed: list[str], place: str, told: dict, least_n: int) -> list[str]:
        """Return the names of columns: those told, or those printed in the place of the header; all that the
        mapping names have to be there.
        """
        header, given, mapping = self._name(printed), told.get("header"), self.mapping
        if given:
            if len(given) < least_n:  # more are columns that are empty throughout
                raise self._refuse_header(least_n, given)
            if place and not set(given) & set(header):
                found, way_out = "a row that is no header", "Write header_line = 0 where there is none."
                raise IngestError(f"{self.source.name}, {place}", found, way_out, code="no-header")
            header = [*given]
        needed = [*self.columns.values(), *mapping["names"].get("columns", {}).values()]
        for name in (*needed, *(part["column"] for part in (*mapping["skip"], *mapping["figures"]))):
            find_column(name, header, self.source.name)
        return header

    def _refuse_header(self, columns_n: int, given: list[str]) -> IngestError:
        found = f"{say_number(columns_n, 'column')} where the mapping's header has {len(given)}"
        return IngestError(self.source.name, found, "Correct the header.", code="wrong-value")

    def batches(self) -> Iterator[RowBatch]:
        """Give all rows; those to be skipped are in them."""
        for table in self.tables:
            if table.text is not None:
                yield from table.text.batches()
            else:
                yield from make_batches(table.sheet, table.start, table.header)

    def load(self) -> pd.DataFrame:
        """Load all rows as text, those to be skipped left out; `places` says where each is in the file."""
        cap, parts = self.source.limits.list_rows, [pd.DataFrame(columns=self.header, dtype="str")]
        for batch in self.batches():
            batch = leave_out(batch, self.skips, self.skipped)
            self.places += map(batch.locate, range(batch.rows_n))
            if len(self.places) > cap:
                found = f"more than {cap:,} rows"
                raise IngestError(self.source.name, found, "Split the file.", code="too-large")
            cells = {name: column.cast(pa.large_string()) for name, column in batch.columns.items()}
            parts.append(
                pd.DataFrame({name: pd.array(column, dtype="str") for name, column in cells.items()})
            )
        return pd.concat(parts, ignore_index=True)

    def skip(self, code: str, reason: str, hit: np.ndarray) -> None:
        """Note rows, as a mask, that enter no table."""
        entry = self.skipped.setdefault(code + reason, Skipped(code, reason))
        for at in np.flatnonzero(hit):
            entry.add(self.places[at])

    def finish(self) -> None:
        """Write into the report what was noticed in a text, and which columns enter no table."""
        for table in self.tables:
            if table.text is not None:
                table.text.describe(self.report)
        self.report.skip(self.skipped)
        kept = {name for part, name in self.columns.items() if part not in (*PERSONAL, "moderation")}
        kept |= {part["column"] for part in self.mapping["figures"]}
        dropped = [name for name in self.header if name and name not in kept]
        drop_columns(self.report, self.header, dropped, (*self.wanted, *self.mapping["match"]))

    def decide_order(self, *fields: str) -> bool:
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
        month_first, how = order.decide(self.options.day_first, self.source.name)
        self.report.note("day-order", how)
        return month_first

    def read_days(self, cells: pd.Series, month_first: bool) -> pd.Series:
        """Read days in the forms of the mapping, as YYYY-MM-DD."""
        times = read_times(cells, self.mapping["times"]["forms"], month_first=month_first)
        return pd.Series(pd.DatetimeIndex(times.values).strftime("%Y-%m-%d"), dtype="str")


def _read_searches(rows: _Rows):
    options, mapping = rows.options, rows.mapping
    times, constants = mapping["times"], dict(mapping["constants"])
    name = options.time_zone or times.get("time_zone")
    zone = find_zone(name) if name else None
    if options.reported_by:
        constants.pop("host_agency", None)
    hint = 'Say it in the mapping, [times] time_zone = "UTC", or with --time-zone.'
    month_first = rows.decide_order("searched_at")
    form = LogForm(
        rows.columns, times.get("forms", []), zone, hint, times.get("window", ""), constants, month_first,
        mapping["marks"],
    )  # fmt: skip
    log = LogReader(rows.source, options)
    log.read(rows.batches(), form, rows.skips)
    table = log.close(rows.report)
    check_log(table, log, rows.report, zone)
    told = "as given" if options.time_zone else "as the mapping says"
    printed = "UTC, printed with every time" if log.utc_n else "no times"
    rows.report.time_zone = f"{zone.key}, {told}" if log.local_n else printed
    return table


def _read_sharing(rows: _Rows) -> pd.DataFrame:
    names, month_first = _load_names(rows), rows.decide_order("as_of")
    frame = rows.load()
    made = _read_edges(frame, rows, names, month_first)
    made["row_no"] = np.arange(1, len(frame) + 1)
    made["source_id"] = rows.options.source_id or rows.source.id
    table = build_table("sharing", made[_check_edges(frame, made, rows)])
    rows.report.rows_out += len(table)
    rows.report.rows_in += len(table)
    _describe_edges(table, rows.report)
    return table


def _read_edges(frame: pd.DataFrame, rows: _Rows, names: dict[str, str], month_first: bool) -> pd.DataFrame:
    given = {"reported_by": rows.options.reported_by, "as_of": rows.options.as_of}
    given = {name: value for name, value in given.items() if value}
    made: dict = {
        name: pd.Series(value, index=frame.index, dtype="str")
        for name, value in {**rows.mapping["constants"], **given}.items()
    }
    for name, column in rows.columns.items():
        if name in given:
            continue
        text = frame[column].str.strip()
        if name == "as_of":
            text = rows.read_days(text, month_first)
        elif name == "is_inactive":
            lower = text.str.lower()
            text = lower.isin(_TRUE).astype("boolean").where(lower.isin(_TRUE + _FALSE))
        elif name == "page":
            text = pd.to_numeric(text.where(text.str.fullmatch(r"\d{1,6}")), errors="coerce").astype("Int64")
        else:
            text = text.map(remove_hidden).where(text != "").astype("str")
        made[name] = text
    counts = rows.report.details.get("names", {}).get("fields", {})
    for name, compared in counts.items():
        listed = frame[rows.mapping["names"]["columns"][name]].str.strip().map(names).astype("str")
        compared["not_in_the_list"] += int(listed.isna().sum())
        compared["printed_otherwise"] += int((listed.notna() & (listed != made.get(name, listed))).sum())
        made.setdefault(name, listed)
    if "shares" not in made and "section" in made:
        kinds = {name: "detections" if name.startswith("d") else "hot_list" for name in SECTIONS}
        made["shares"] = made["section"].map(kinds).astype("str")
    return pd.DataFrame(made)


def _check_edges(frame: pd.DataFrame, made: pd.DataFrame, rows: _Rows) -> np.ndarray:
    """Find the rows that are edges; the others are skipped with their reason."""
    keep = np.ones(len(frame), bool)

    def drop(code: str, reason: str, hit) -> None:
        hit = np.asarray(hit) & keep
        if hit.any():
            rows.skip(code, reason, hit)
            keep[hit] = False

    again = sum(
        (frame[column].str.strip().str.lower() == tidy_header(column)).to_numpy().astype("int8")
        for column in rows.columns.values()
    )
    drop("header-again", "the header, repeated among the rows", again >= 2)
    for name in ENDS:
        states = find_states(made[name].fillna(""), load_marks("name"))
        drop("no-name", f"no name in {name}", states == EMPTY)
        drop("masked-name", f"a masked name in {name}", np.isin(states, (MASKED, REDACTED)))
    for name, known in (("section", SECTIONS), ("shares", ("detections", "hot_list"))):
        if name in rows.columns:
            drop(f"wrong-{name}", f"{name} is none of {', '.join(known)}", ~made[name].isin(known))
    return keep


def _describe_edges(table: pd.DataFrame, report: Report) -> None:
    first, second = ENDS
    counts = {
        "rows": len(table), "from": int(table[first].nunique()), "to": int(table[second].nunique()),
        "repeated": int(table.duplicated([first, second, "shares", "as_of"]).sum()),
        "to_itself": int((table[first] == table[second]).sum()),
    }  # fmt: skip
    report.details["edges"] = counts
    days = table["as_of"].dropna()
    report.span["sharing"] = [days.min(), days.max()] if len(days) else [None, None]
    for text in warn_of_rows(len(table)):
        report.warn("round-number", text)
    for name in ("repeated", "to_itself"):
        if counts[name]:
            said = f"{say_number(counts[name], 'edge is', 'edges are')} {name.replace('_', ' ')}"
            report.warn(f"edges-{name.replace('_', '-')}", f"{said}; each row is kept.")
    if table["as_of"].isna().any():
        said = "Edges without a date: give one with --as-of, or as_of in the mapping."
        report.warn("no-date", said, "as_of")


def _load_names(rows: _Rows) -> dict[str, str]:
    """Load a list of ids and names that is beside the file, for columns that hold ids; none if there is none.

    The report is given the fields that are compared with it, each with its counts.
    """
    told, source = rows.mapping["names"], rows.source
    if not told:
        return {}
    name = told["file"]
    if Path(name).name != name or "\\" in name:
        found = f"names.file = {name[:80]!r}, which is not in the folder of the records"
        raise IngestError("the mapping", found, "Give the name of a file beside the records.", code="outside")
    beside = source.path.parent / name
    if beside.is_symlink() or beside.exists() and beside.resolve().parent != source.path.parent.resolve():
        found, way_out = "the list of names is a link", "Put the file itself beside the records."
        raise IngestError(name, found, way_out, code="outside")
    if not beside.is_file():
        if needed := [one for one in told["columns"] if one not in rows.columns]:
            found = f"the list of names for {', '.join(needed)} is missing"
            raise IngestError(name, found, f"Put it beside {source.name}.", code="no-file")
        rows.report.details["names"] = {"file": name, "ids": 0, "fields": {}}
        text = f"{name} is not beside the file: its names were not compared."
        rows.report.note("names-not-compared", text)
        return {}
    table = read_table(open_source(beside, source.limits))
    key, shown = (table.header.index(find_column(told[part], table.header, name)) for part in ("key", "name"))
    known: dict[str, str] = {}
    for line, cells in table.rows():
        if cells[key].strip() in known:
            place, found = f"{name}, line {line}", "an id that is there twice"
            raise IngestError(place, found, "Correct the list.", code="id-twice")
        known[cells[key].strip()] = remove_hidden(cells[shown].strip())
    counts = {field: {"not_in_the_list": 0, "printed_otherwise": 0} for field in told["columns"]}
    rows.report.details["names"] = {"file": name, "ids": len(known), "fields": counts}
    return known


def _read_volumes(rows: _Rows) -> pd.DataFrame:
    volumes, mapping, constants = VolumeTable(), rows.mapping, dict(rows.mapping["constants"])
    if rows.options.reported_by:
        constants["reported_by"] = rows.options.reported_by
    if "reported_by" not in {**rows.columns, **constants}:
        found, way_out = "figures of nobody named", "Say whose they are: --reported-by 'AGENCY'."
        raise IngestError(rows.source.name, found, way_out, code="no-reporter", asks_for="reported_by")
    constants["source_id"] = rows.options.source_id or rows.source.id
    month_first = rows.decide_order("period_start", "period_end")
    frame = rows.load()
    fields = pd.DataFrame({name: frame[column].str.strip() for name, column in rows.columns.items()})
    for name in {"period_start", "period_end"} & set(rows.columns):
        fields[name] = rows.read_days(fields[name], month_first)
    fields = fields.astype(object).where(fields.notna() & (fields != ""), None)
    for at, one in enumerate(fields.to_dict("records")):
        for part in mapping["figures"] or [{}]:
            figure = {**one, **constants, **part}
            if column := figure.pop("column", None):
                figure["value"] = frame.at[at, column]
            _add_figure(volumes, figure, rows.places[at], mapping["missing"])
    return volumes.close(rows.report)


def _add_figure(volumes: VolumeTable, one: dict, place: str, missing: dict) -> None:
    """Take a figure; one marked with * is a part of its period."""
    text = (one.pop("value") or "").strip()
    value = read_figure(text.rstrip("* "))
    if not one["reported_by"]:
        volumes.set_aside(place, "a row without an agency (a total?)", code="no-agency")
    elif value is None:
        meaning = find_sentinel(text.rstrip("* "), missing)
        volumes.set_aside(place, meaning or "not a number", code="missing" if meaning else "no-figure")
    elif one["measure"] not in MEASURES:
        volumes.set_aside(place, f"measure is none of {', '.join(MEASURES)}", code="wrong-measure")
    else:
        if text.endswith("*"):
            one["scope"] = ", ".join(filter(None, (one.get("scope"), "part of the period (*)")))
        page = one.pop("page", None)
        one["reported_by"] = one["reported_by"].rstrip("* ")
        volumes.add(**one, value=value, page=int(page) if page and page.isdigit() else None)
