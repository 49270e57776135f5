"""Any edge list, search log or list of figures, read as a mapping says: an unknown vendor needs no code."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.canonical import MEASURES, SECTIONS, build_table
from helpers.errors import IngestError
from helpers.searches.logs import warn_of_rows
from helpers.wording import say_number
from sidedoor.ingest.bulk import read_order, start_log
from sidedoor.ingest.cells import find_states, is_state, load_marks
from sidedoor.ingest.headers import check_day, make_frames, tidy_header
from sidedoor.ingest.log_checks import check_log
from sidedoor.ingest.logs import LogForm
from sidedoor.ingest.mapping_file import find_column, list_checksums, load_mapping
from sidedoor.ingest.report import Reading, Report, SetAside
from sidedoor.ingest.source import Match, ReadOptions, Source, open_source
from sidedoor.ingest.text import Skip, read_table
from sidedoor.ingest.times import DayOrder, compile_form, find_zone, list_days, read_times
from sidedoor.ingest.volumes import VolumeTable, read_figure
from sidedoor.ingest.xlsx import Sheet, read_workbook

KINDS = ("text", "xlsx")
FAMILY = "mapping"
_TRUE, _FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0", "")
_SHOWN = 10


def recognize(source: Source) -> Match | None:
    """Recognize a file that a mapping of the project was written for, by its checksum and nothing else."""
    path = list_checksums().get(source.sha256)
    if path is None:
        return None
    return Match(
        FAMILY,
        load_mapping(path).get("title", path.stem),
        f"its sha256 is that of the file of mapping {path.stem}",
        1.0,
    )


def read(source: Source, options: ReadOptions) -> Reading:
    """Read a file as a mapping says.

    Parameters
    ----------
    source
        A text or a workbook.
    options
        `mapping` is a TOML file or the name of a mapping of the project; what else is given here goes before what the
        mapping says.

    Returns
    -------
    Reading with one table: `sharing`, `searches` or `volumes`; for `table = "workbook"` those of the clerk's workbook.

    Raises
    ------
    IngestError
        The mapping is wrong or names columns that the file does not have, times have no zone, or dates two readings.
    """
    path = options.mapping or list_checksums().get(source.sha256)
    if path is None:
        raise IngestError(source.name, "no mapping for this file", "Give one: --mapping FILE.toml.")
    mapping = load_mapping(path)
    check_day(options.as_of)
    if mapping["table"] == "workbook":
        from sidedoor.ingest import workbook

        if source.kind != "xlsx":
            raise IngestError(
                source.name, "no workbook, although the mapping says so", "Give table another value."
            )
        return workbook.read(source, options, mapping["sheets"])
    match = None if options.mapping else recognize(source)
    why = match.why if match else f"mapping {Path(path).name} was given"
    report = Report(
        source.name, source.sha256, source.bytes_n, FAMILY, mapping.get("title", Path(path).stem), why
    )
    rows = _Rows(source, mapping, report)
    reader = {"sharing": _read_sharing, "searches": _read_searches, "volumes": _read_volumes}[
        mapping["table"]
    ]
    table = reader(source, options, mapping, rows, report)
    report.columns_dropped += rows.list_dropped()
    report.notes += mapping["notes"]
    if precision := mapping["times"].get("precision"):
        report.notes.append(f"Times are given to the {precision} only.")
    report.check()
    return Reading({mapping["table"]: table}, report)


@dataclass
class _Names:
    """A list of ids and names: for each field its column of ids, and what the comparison with printed names found."""

    columns: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


class _Rows:
    """The rows of the file as frames, and its header."""

    def __init__(self, source: Source, mapping: dict, report: Report):
        self.source, self.mapping, self.report = source, mapping, report
        told = mapping["file"]
        line = told.get("header_line", 0 if "header" in told else 1)
        self.sheet: Sheet | None = None
        self.start = 0
        if source.kind == "text":
            self.table = read_table(source, header_line=line)
            self.header = [*self.table.header]
        else:
            self.sheet = self._find_sheet(told.get("sheet"))
            self.start = line
            cells = next((cells for number, cells in self.sheet if number == line), None) if line else None
            if line and cells is None:
                raise IngestError(
                    source.name,
                    f"no row {line} in sheet {self.sheet.name!r}",
                    "Give file.header_line another value.",
                )
            width = max(len(row) for row in self.sheet.rows)
            self.header = (
                [cell.strip() for cell in cells] if cells else [f"column_{n}" for n in range(1, width + 1)]
            )
        if line == 0 and told.get("header"):
            if len(told["header"]) != len(self.header):
                raise IngestError(
                    source.name,
                    f"{say_number(len(self.header), 'column')} where the mapping's header has {len(told['header'])}",
                    "Correct file.header."
                )  # fmt: skip
            self.header = [str(name) for name in told["header"]]
        place = source.name
        self.columns = {
            field: find_column(name, self.header, place) for field, name in mapping["columns"].items()
        }
        self.skips = [
            Skip(
                column := find_column(part["column"], self.header, place),
                tuple(str(value) for value in part["equals"]),
                part.get("reason") or f"left out by the mapping ({column})",
            )
            for part in mapping["skip"]
        ]

    @property
    def place(self) -> str:
        """Where a row stands, with `{}` for its number."""
        return f"{self.sheet.name} row {{}}" if self.sheet else "line {}"

    def _find_sheet(self, name: str | None) -> Sheet:
        sheets = [sheet for sheet in read_workbook(self.source).sheets if sheet.rows]
        chosen = [sheet for sheet in sheets if sheet.name == name] if name else sheets
        if len(chosen) != 1:
            found = f"no sheet {name!r}" if name else say_number(len(sheets), "sheet")
            names = ", ".join(repr(sheet.name) for sheet in sheets[:20])
            raise IngestError(self.source.name, found, f"Say which one in [file] sheet: {names}.")
        for sheet in sheets:
            if sheet is not chosen[0]:
                rows_n = sum(1 for _, cells in sheet if any(cells))
                self.report.rows_in += rows_n
                self.report.set_aside.append(
                    SetAside(f"sheet {sheet.name}", "a sheet that the mapping does not read", rows_n=rows_n)
                )
        return chosen[0]

    def frames(self, *, is_last: bool = True) -> Iterator[pd.DataFrame]:
        """Give the rows, those to be skipped left out; `is_last` accounts for them."""
        if self.sheet is None:
            parts = self.table.frames()
        else:
            parts = make_frames(self.sheet, self.start, self.header)
        for frame in parts:
            frame.columns = [*self.header[: frame.shape[1]]]
            for skip in self.skips:
                hit = frame[skip.column].str.strip().isin(skip.values)
                if hit.any() and is_last:
                    self.set_aside(frame, hit.to_numpy(), skip.reason)
                    self.report.rows_in += int(hit.sum())
                frame = frame[~hit]
            if len(frame):
                yield frame
        if is_last:
            self.tell()

    def tell(self) -> None:
        """Write into the report what was noticed in a text."""
        if self.sheet is None:
            self.report.notes += self.table.notes
            self.report.warnings += self.table.warnings

    def set_aside(self, frame: pd.DataFrame, hit: np.ndarray, reason: str) -> None:
        """Note rows of a frame, as a mask, that enter no table."""
        places = [self.place.format(at) for at in frame.index[hit][:_SHOWN]]
        more = f"also {', '.join(places[1:])}" if places[1:] else ""
        self.report.set_aside.append(SetAside(places[0], reason, more, int(hit.sum())))

    def list_dropped(self) -> list[str]:
        """List the columns that enter no table."""
        kept = {
            name
            for field, name in self.columns.items()
            if field not in ("officer", "plate", "case_number", "moderation")
        }
        return [name for name in self.header if name and name not in kept]

    def decide_order(self, options: ReadOptions, fields: tuple[str, ...]) -> bool:
        """Decide whether the month comes first, if a form leaves it open: by all rows."""
        forms = [form for form in self.mapping["times"].get("forms", []) if "q" in compile_form(form).parts]
        columns = [self.columns[field] for field in fields if field in self.columns]
        if "search_date" in self.columns and "searched_at" in fields:
            columns, forms = [self.columns["search_date"]], list_days(forms)
        if not forms or not columns:
            return True
        order = (
            read_order(self.table, self.header, self.skips, columns, forms) if self.sheet is None else None
        )
        if order is None:
            order = DayOrder()
            for frame in self.frames(is_last=False):
                for column in columns:
                    order.add(frame[column], forms)
        month_first, how = order.decide(options.day_first, self.source.name)
        self.report.notes.append(how)
        return month_first


def _pick_zone(options: ReadOptions, mapping: dict):
    name = options.time_zone or mapping["times"].get("time_zone")
    return find_zone(name) if name else None


def _read_searches(
    source: Source, options: ReadOptions, mapping: dict, rows: _Rows, report: Report
) -> pd.DataFrame:
    times, zone = mapping["times"], _pick_zone(options, mapping)
    form = LogForm(
        rows.columns, times.get("forms", []), zone,
        "Say it in the mapping, [times] time_zone = \"UTC\", or with --time-zone.",
        times.get("window", ""),
        {k: v for k, v in mapping["constants"].items() if not (k == "host_agency" and options.reported_by)},
        rows.decide_order(options, ("searched_at",)), mapping["marks"],
    )  # fmt: skip
    log = start_log(source, options)
    if rows.sheet is None:
        log.read_text(rows.table, form, rows.header, rows.skips)
        rows.tell()
    else:
        for frame in rows.frames():
            log.add(frame, form, rows.place)
    table = log.close(report)
    check_log(table, log, report, zone)
    told = "as given" if options.time_zone else "as the mapping says"
    printed = "UTC, printed with every time" if log.utc_n else "no times"
    report.time_zone = f"{zone.key}, {told}" if log.local_n else printed
    return table


def _read_sharing(
    source: Source, options: ReadOptions, mapping: dict, rows: _Rows, report: Report
) -> pd.DataFrame:
    names = _load_names(source, mapping, rows, report)
    month_first = rows.decide_order(options, ("as_of",))
    parts, row_no = [], 0
    for frame in rows.frames():
        made = _read_edges(frame, options, mapping, rows, names, month_first)
        made["row_no"] = np.arange(row_no + 1, row_no + len(frame) + 1)
        made["source_id"] = options.source_id or source.id
        row_no += len(frame)
        keep = _check_edges(frame, made, rows, report)
        parts.append(build_table("sharing", made[keep]))
    table = pd.concat(parts, ignore_index=True) if parts else build_table("sharing", [])
    report.rows_out += len(table)
    report.rows_in += row_no
    _describe_edges(table, report)
    if table["as_of"].isna().any():
        report.warnings.append("Edges without a date: give one with --as-of, or as_of in the mapping.")
    return table


def _read_edges(
    frame, options: ReadOptions, mapping: dict, rows: _Rows, names: _Names, month_first: bool
) -> pd.DataFrame:
    made: dict = {}
    given = {"reported_by": options.reported_by, "as_of": options.as_of}
    for field, value in {
        **mapping["constants"],
        **{name: value for name, value in given.items() if value},
    }.items():
        made[field] = pd.Series(value, index=range(len(frame)), dtype="str")
    for field, column in rows.columns.items():
        if field in given and given[field]:
            continue
        text = frame[column].str.strip().reset_index(drop=True)
        if field == "as_of":
            values = read_times(text, mapping["times"]["forms"], month_first=month_first).values
            text = pd.Series(pd.DatetimeIndex(values).strftime("%Y-%m-%d"), dtype="str")
        elif field == "is_inactive":
            lower = text.str.lower()
            text = lower.isin(_TRUE).astype("boolean").where(lower.isin(_TRUE + _FALSE))
        elif field == "page":
            text = pd.to_numeric(text.where(text.str.fullmatch(r"\d{1,6}")), errors="coerce").astype("Int64")
        else:
            text = text.where(text != "")
        made[field] = text
    for field_, column in names.columns.items():
        listed = frame[column].str.strip().map(names.known).reset_index(drop=True).astype("str")
        counts = names.counts.setdefault(field_, {"not_in_the_list": 0, "printed_otherwise": 0})
        counts["not_in_the_list"] += int(listed.isna().sum())
        if field_ in made:
            counts["printed_otherwise"] += int((listed.notna() & (listed != made[field_])).sum())
        else:
            made[field_] = listed
    if "shares" not in made and "section" in made:
        made["shares"] = (
            made["section"]
            .map({name: "detections" if name.startswith("d") else "hot_list" for name in SECTIONS})
            .astype("str")
        )
    return pd.DataFrame(made)


def _check_edges(frame: pd.DataFrame, made: pd.DataFrame, rows: _Rows, report: Report) -> np.ndarray:
    """Find the rows that are edges; the others are set aside with their reason."""
    keep = np.ones(len(frame), bool)

    def drop(hit: np.ndarray, reason: str) -> None:
        hit = hit & keep
        if hit.any():
            rows.set_aside(frame, hit, reason)
            keep[hit] = False

    again = np.zeros(len(frame), "int8")
    for column in rows.columns.values():
        again += (frame[column].str.strip().str.lower() == tidy_header(column)).to_numpy().astype("int8")
    drop(again >= 2, "the header, repeated among the rows")
    for field in ("from_agency_as_printed", "to_agency_as_printed"):
        states = find_states(made[field].fillna(""), load_marks("name"))
        drop(is_state(states, "empty"), f"no name in {field}")
        drop(is_state(states, "masked", "redacted"), f"a masked name in {field}")
    for field, known in (("section", SECTIONS), ("shares", ("detections", "hot_list"))):
        if field in rows.columns:
            drop(~made[field].isin(known).to_numpy(), f"{field} is none of {', '.join(known)}")
    return keep


def _describe_edges(table: pd.DataFrame, report: Report) -> None:
    ends = ["from_agency_as_printed", "to_agency_as_printed"]
    report.details["edges"] = {
        "rows": len(table), "from": int(table[ends[0]].nunique()), "to": int(table[ends[1]].nunique()),
        "repeated": int(table.duplicated([*ends, "shares", "as_of"]).sum()),
        "to_itself": int((table[ends[0]] == table[ends[1]]).sum()),
    }  # fmt: skip
    days = table["as_of"].dropna()
    report.span["sharing"] = [days.min(), days.max()] if len(days) else [None, None]
    report.warnings += warn_of_rows(len(table))
    for name in ("repeated", "to_itself"):
        if count := report.details["edges"][name]:
            report.warnings.append(
                f"{say_number(count, 'edge is', 'edges are')} {name.replace('_', ' ')}; each row is kept."
            )


def _load_names(source: Source, mapping: dict, rows: _Rows, report: Report) -> _Names:
    """Load a list of ids and names that lies beside the file, for columns that hold ids."""
    told = mapping["names"]
    if not told:
        return _Names()
    name = told.get("file", "")
    if Path(name).name != name or not name or not {"key", "name", "columns"} <= set(told):
        raise IngestError(
            "[names]",
            "no file name, key, name or columns",
            "file is a name without folders, beside the data.",
        )
    beside = source.path.parent / name
    bound = {
        field: find_column(column, rows.header, source.name) for field, column in told["columns"].items()
    }
    if not beside.is_file():
        needed = [field for field in bound if field not in rows.columns]
        if needed:
            raise IngestError(
                name, f"the list of names for {', '.join(needed)} is missing", f"Put it beside {source.name}."
            )
        report.details["names"] = {"file": name, "ids": 0, "fields": {}}
        report.notes.append(f"{name} does not lie beside the file: its names were not compared.")
        return _Names()
    table = read_table(open_source(beside, source.limits))
    key, shown = (table.header.index(find_column(told[part], table.header, name)) for part in ("key", "name"))
    known: dict[str, str] = {}
    for line, cells in table.rows():
        if cells[key].strip() in known:
            raise IngestError(f"{name}, line {line}", "an id that stands twice", "Correct the list.")
        known[cells[key].strip()] = cells[shown].strip()
    names = _Names(bound, known)
    report.details["names"] = {"file": name, "ids": len(known), "fields": names.counts}
    return names


def _read_volumes(
    source: Source, options: ReadOptions, mapping: dict, rows: _Rows, report: Report
) -> pd.DataFrame:
    volumes, constants = VolumeTable(), dict(mapping["constants"])
    if options.reported_by:
        constants["reported_by"] = options.reported_by
    month_first = rows.decide_order(options, ("period_start", "period_end"))
    for frame in rows.frames():
        for number, row in zip(frame.index, frame.to_dict("records"), strict=True):
            place = rows.place.format(number)
            fields = {
                **{field: row[column].strip() or None for field, column in rows.columns.items()},
                **constants,
            }
            value = read_figure(fields.pop("value") or "")
            if value is None:
                volumes.set_aside(place, "not a number")
                continue
            if fields["measure"] not in MEASURES:
                volumes.set_aside(place, f"measure is none of {', '.join(MEASURES)}")
                continue
            for field in ("period_start", "period_end"):
                if field in rows.columns and fields.get(field):
                    moment = read_times(
                        pd.Series([fields[field]], dtype="str"),
                        mapping["times"]["forms"],
                        month_first=month_first,
                    ).values[0]
                    fields[field] = None if np.isnat(moment) else str(moment)[:10]
            page = fields.pop("page", None)
            volumes.add(
                **fields,
                value=value,
                source_id=options.source_id or source.id,
                page=int(page) if page and page.isdigit() else None,
            )
    return volumes.close(report)
