"""Any edge list, search log or list of figures, read as a mapping says: an unknown vendor needs no code."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.canonical import MEASURES, SECTIONS, build_table
from helpers.errors import IngestError
from helpers.searches.logs import warn_of_rows
from helpers.wording import say_number
from sidedoor.ingest import clerk
from sidedoor.ingest.cells import EMPTY, MASKED, REDACTED, find_states, load_marks
from sidedoor.ingest.headers import check_day, list_beginnings, tidy_header
from sidedoor.ingest.lists import ask_for
from sidedoor.ingest.logs import leave_out
from sidedoor.ingest.mapping_file import ENDS, FIELDS, SHIPPED, list_mappings, list_matches, load_mapping
from sidedoor.ingest.published import remove_hidden
from sidedoor.ingest.report import Reading, Report, Skipped
from sidedoor.ingest.source import Match, ReadOptions, Source
from sidedoor.ingest.tables import (
    Table,
    check_length,
    decide_order,
    drop_unused,
    list_dates,
    list_skips,
    open_tables,
    read_log,
)
from sidedoor.ingest.times import read_times
from sidedoor.ingest.volumes import VolumeTable, find_sentinel, read_figure

KINDS = ("text", "xlsx")
FAMILY = "mapping"
_DAYS = {"as_of", "period_start", "period_end"}
# What flows, by section of a report.
_SHARED = {name: "detections" if name.startswith("detections") else "hot_list" for name in SECTIONS}


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
    """Read a text or a workbook as a mapping says, into one table; `workbook` into those of its sheets.

    Parameters
    ----------
    options
        `mapping` is a TOML file or the name of a mapping of the project; what else is given here goes before
        what the mapping says.

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
        if source.kind != "xlsx":
            found = "no workbook, although the mapping says so"
            raise IngestError(source.name, found, "Give table another value.", code="wrong-value")
        return clerk.read(source, options, mapping["sheets"])
    why = "a mapping was given" if options.mapping else recognize(source).why
    title = mapping.get("title", Path(path).stem)
    report = Report(source.name, source.sha256, source.bytes_n, FAMILY, title, why)
    if SHIPPED in Path(path).parents or str(path) in list_mappings():
        source.cache["vendor prints agencies"] = True
    tables = open_tables(source, mapping, report)
    readers = {"sharing": _read_sharing, "searches": read_log, "volumes": _read_volumes}
    table = readers[mapping["table"]](tables, mapping, options, report)
    for text in mapping["notes"]:
        report.note("mapping", text)
    if constants := mapping["constants"]:
        said = ", ".join(f"{name} = {value!r}" for name, value in constants.items())
        report.note("constants", f"Of all rows the mapping says: {said}.")
    if precision := mapping["times"].get("precision"):
        report.note("precision", f"Times are given to the {precision} only.")
    report.check()
    return Reading({mapping["table"]: table}, report)


def _load_rows(tables: list[Table], mapping: dict, report: Report) -> tuple[pd.DataFrame, list[str]]:
    """Return all rows as text, without those that the mapping leaves out, and the place of each."""
    places, skipped, skips = [], {}, list_skips(mapping)
    names = dict.fromkeys(name for table in tables for name in table.header)
    parts = [pd.DataFrame(columns=[*names], dtype="str")]
    for table in tables:
        for batch in table.batches():
            batch = leave_out(batch, skips, skipped)
            places += map(batch.locate, range(batch.rows_n))
            check_length(table.source, len(places))
            cells = {name: column.to_pylist() for name, column in batch.columns.items()}
            parts.append(pd.DataFrame(cells, dtype="str"))
        table.describe(report)
    report.skip(skipped)
    return pd.concat(parts, ignore_index=True), places


def _read_records(tables: list[Table], mapping: dict, options: ReadOptions, report: Report):
    """Read rows, and account for those left out and for the columns that enter no table.

    Returns
    -------
    The rows as printed, the same by field of the table, empty cells as None, and their places in the file.
    """
    source, columns = tables[0].source, mapping["columns"]
    forms, days = mapping["times"].get("forms", []), sorted(_DAYS & set(columns))
    dates = [list_dates(table, columns[name], forms, mapping) for table in tables for name in days]
    month_first = decide_order(source, options, report, itertools.chain.from_iterable(dates))
    frame, places = _load_rows(tables, mapping, report)
    fields = pd.DataFrame({"source_id": options.source_id or source.id}, frame.index)
    for name, column in columns.items():
        text = frame[column].str.strip()
        if name in days:
            times = pd.DatetimeIndex(read_times(text, forms, month_first=month_first).values)
            fields[name] = times.strftime("%Y-%m-%d")
        else:
            fields[name] = text.map(remove_hidden)
    given = {"reported_by": options.reported_by, "as_of": options.as_of}
    told = {name: value for name, value in given.items() if value and name in FIELDS[mapping["table"]]}
    for name, value in {**mapping["constants"], **told}.items():
        fields[name] = value
    used = {*columns.values(), *(part["column"] for part in mapping["figures"])}
    drop_unused(tables, used, report, mapping["match"])
    return frame, fields.astype(object).where(fields.notna() & (fields != ""), None), places


def _read_sharing(tables: list[Table], mapping: dict, options: ReadOptions, report: Report) -> pd.DataFrame:
    frame, edges, places = _read_records(tables, mapping, options, report)
    if "shares" not in edges:
        edges["shares"] = edges["section"].map(_SHARED)
    edges["row_no"] = np.arange(1, len(frame) + 1)
    skipped, keep = {}, np.ones(len(frame), bool)
    for code, reason, hit in _list_faults(frame, edges, mapping["columns"]):
        for at in np.flatnonzero(hit & keep):
            skipped.setdefault(code + reason, Skipped(code, reason)).add(places[at])
        keep &= ~hit
    report.skip(skipped)
    table = build_table("sharing", edges[keep].reset_index(drop=True))
    report.rows_out += len(table)
    report.rows_in += len(table)
    _describe_edges(table, report)
    return table


def _list_faults(frame: pd.DataFrame, edges: pd.DataFrame, columns: dict[str, str]):
    """Give why rows are no edges: code, reason, and the rows as a mask."""
    again = sum(
        (frame[column].str.strip().str.lower() == tidy_header(column)).to_numpy().astype("int8")
        for column in columns.values()
    )
    yield "header-again", "the header, repeated among the rows", again >= 2
    for name in ENDS:
        states = find_states(edges[name].fillna(""), load_marks("name"))
        yield "no-name", f"no name in {name}", states == EMPTY
        yield "masked-name", f"a masked name in {name}", np.isin(states, (MASKED, REDACTED))
    for name, known in (("section", SECTIONS), ("shares", dict.fromkeys(_SHARED.values()))):
        if name in columns:
            is_wrong = ~edges[name].isin(known).to_numpy()
            yield f"wrong-{name}", f"{name} is none of {', '.join(known)}", is_wrong


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


def _read_volumes(tables: list[Table], mapping: dict, options: ReadOptions, report: Report) -> pd.DataFrame:
    volumes, frame, fields, places = VolumeTable(), *_read_records(tables, mapping, options, report)
    if "reported_by" not in fields:
        raise ask_for("reported_by", tables[0].source.name)
    for at, one in enumerate(fields.to_dict("records")):
        for part in mapping["figures"] or [{}]:
            figure = {**one, **part}
            if column := figure.pop("column", None):
                figure["value"] = frame.at[at, column]
            _add_figure(volumes, figure, places[at], mapping["missing"])
    return volumes.close(report)


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
        one["reported_by"] = one["reported_by"].rstrip("* ")
        volumes.add(**one, value=value)
