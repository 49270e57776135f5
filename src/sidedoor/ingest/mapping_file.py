"""Mappings: TOML files that say which columns of an unknown layout mean what; every key is checked."""

import difflib
import functools
from collections.abc import Iterable
from pathlib import Path

from helpers.canonical import CELL_STATES
from helpers.errors import IngestError, offer_nearest
from helpers.formats import FORMATS, load_format
from helpers.toml import load_toml
from helpers.wording import say_number
from sidedoor.ingest import log_part
from sidedoor.ingest.cells import build_marks
from sidedoor.ingest.headers import tidy_header
from sidedoor.ingest.times import compile_form, find_zone

SHIPPED = FORMATS / "mappings"
ENDS = ("from_agency_as_printed", "to_agency_as_printed")
# Fields that a column or a constant may fill, by table.
FIELDS: dict[str, tuple[str, ...]] = {
    "sharing": (
        *ENDS, "shares", "reported_by", "section", "hot_list", "as_of", "city_as_printed",
        "state_as_printed",
    ),
    "searches": log_part.FIELDS,
    "volumes": ("reported_by", "measure", "value", "period_start", "period_end", "scope"),
    "workbook": (),
}  # fmt: skip
_LOG_CONSTANTS = ("host_agency", "searcher_agency_as_printed", "search_type")
_MOMENTS = {
    "searched_at", "search_date", "window", "window_start", "window_end", "as_of", "period_start",
    "period_end",
}  # fmt: skip
# Fields that are published as they are: no column that is known for persons may fill one.
_PUBLISHED = {
    *ENDS, "searcher_agency_as_printed", "host_agency", "search_type", "plate_state", "reported_by", "scope",
    "hot_list", "city_as_printed", "state_as_printed",
}  # fmt: skip
# What a mapping has to fill, by table: one field of each group.
_NEEDED = {
    "sharing": (*((name,) for name in ENDS), ("shares", "section")),
    "searches": (("searched_at", "reason_text", "search_id", "networks_n"),),
    "volumes": (("measure",), ("value",)),
    "workbook": (),
}
# Fields that one column may fill together: an agency that reports its own shares.
_TOGETHER = {"reported_by", *ENDS}
_LISTS = ("notes", "skip", "match", "figures")
_TABLES = ("file", "columns", "aliases", "constants", "times", "cells", "missing", "sheets")


def list_mappings() -> dict[str, Path]:
    """List the mappings that come with the project, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


@functools.cache
def list_matches() -> dict[Path, frozenset[str]]:
    """List the columns by which files of the project's mappings are recognized, tidy."""
    loaded = {path: load_mapping(path) for path in list_mappings().values()}
    return {path: frozenset(map(tidy_header, one["match"])) for path, one in loaded.items() if one["match"]}


def load_mapping(path: Path | str) -> dict:
    """Return a mapping with all its tables, empty ones included, and `marks` of cells by field.

    Parameters
    ----------
    path
        A TOML file, or the name of a mapping that comes with the project.

    Raises
    ------
    IngestError
        It is missing, no TOML, or holds a key, a field, a form or a zone that is not known; the nearest name
        is shown.
    """
    path, shipped = Path(path), list_mappings()
    if not path.is_file() and str(path) in shipped:
        path = shipped[str(path)]
    if not path.is_file():
        way_out = offer_nearest(path.name, shipped)
        raise IngestError(path.name, "there is no such mapping", way_out, code="no-mapping-file")
    mapping = {name: [] for name in _LISTS} | {name: {} for name in _TABLES}
    mapping |= load_toml(path, "mapping", error=IngestError)
    _check_fields(mapping, path.name)
    _check_persons(mapping, path.name)
    _check_times(mapping, path.name)
    mapping["marks"] = _build_marks(mapping["cells"])
    return mapping


def _refuse(place: str, found: str, way_out: str, code: str = "wrong-value") -> IngestError:
    return IngestError(place, found, way_out, code=code)


def _check_fields(mapping: dict, place: str) -> None:
    table, columns, constants = mapping["table"], mapping["columns"], mapping["constants"]
    for name in ("columns", "constants"):
        known = _LOG_CONSTANTS if name == "constants" and table == "searches" else FIELDS[table]
        for field in mapping[name]:
            if field not in known:
                found = f"a field {field!r} in [{name}] that {table} does not have"
                raise _refuse(place, found, offer_nearest(field, known), "unknown-key")
    if both := sorted(set(columns) & set(constants)):
        raise _refuse(place, f"{both[0]} is given by a column and as a constant", "Keep one of them.")
    has = {*columns, *constants, *(("measure", "value") if mapping["figures"] else ())}
    for fields in _NEEDED[table]:
        if not has & set(fields):
            way_out = "Say in [columns] which column holds it, or give it in [constants]."
            raise _refuse(place, f"no {' or '.join(fields)}", way_out, "missing-key")


def _check_persons(mapping: dict, place: str) -> None:
    """Refuse one column for two fields, and columns known for officers, plates, reasons and cases in
    published fields, under any of their spellings.
    """
    used: dict[str, str] = {}
    for field, column in mapping["columns"].items():
        for name in (column, *mapping["aliases"].get(column, [])):
            other = used.setdefault(tidy_header(name), field)
            if other != field and not {other, field} <= _TOGETHER:
                found = f"one column, {name!r}, for {other} and {field}"
                raise _refuse(place, found, "One column fills one field.", "column-twice")
            if field in _PUBLISHED and tidy_header(name) in list_person_headers(mapping["table"]):
                found = f"the column {name!r}, known for persons, plates or reasons, would fill {field}"
                way_out = "That is published. Bind it to officer, plate, case_number or reason_text."
                raise _refuse(place, found, way_out, "person-column")


@functools.cache
def list_person_headers(table: str) -> frozenset[str]:
    """List the headers known for officers, plates, reasons, cases and what officers type, tidy."""
    flock, workbook = load_format("flock"), load_format("workbook")
    groups = [flock["audit"]["dropped"]["columns"], workbook["users"]["columns"]]
    for known in (flock["audit"], flock["portal"], workbook["searches"]):
        fields = ("officer", "plate", "reason_text", "case_number")
        groups += [known["columns"].get(field, []) for field in fields]
    found = {tidy_header(name) for group in groups for name in group}
    return frozenset(found if table == "searches" else found - {"name"})  # of an agency, in a list


def _check_times(mapping: dict, place: str) -> None:
    times, bound = mapping["times"], _MOMENTS & set(mapping["columns"])
    for notation in times.get("forms", []):
        compile_form(notation)
    if bound and not times.get("forms"):
        way_out = 'Write [times] forms = ["%Y-%m-%d %H:%M:%S"].'
        raise _refuse(place, f"no form of dates for {', '.join(sorted(bound))}", way_out, "missing-key")
    if "time_zone" in times:
        find_zone(times["time_zone"])
    times["window"] = load_format("flock")["audit"]["times"]["window"]
    times["zone_hint"] = 'Say it in the mapping, [times] time_zone = "UTC", or with --time-zone.'


def _build_marks(cells: dict) -> dict:
    """Build the marks of cells for every field: those that the mapping names are added to the usual ones."""
    if not cells:
        return {}
    known = load_format("cells")
    usual = {"free": known["placeholder"], "name": []}
    usual |= {kind: known[kind]["placeholder"] for kind in ("strict", "label")}
    own = {state: cells.get(state, []) for state in CELL_STATES}
    masked, redacted = (known[state] + own[state] for state in ("masked", "redacted"))
    marks = {
        kind: build_marks(masked, redacted, texts + own["placeholder"], known["longest"])
        for kind, texts in usual.items()
    }
    return {field: marks[log_part.MARK_KINDS.get(field, "label")] for field in log_part.FIELDS}


def find_column(name: str, header: list[str], place: str) -> None:
    """Refuse a header without a column that a mapping names, exactly as in the file."""
    if name in header:
        return
    near = difflib.get_close_matches(name, header, n=1, cutoff=0.5)
    # no list of its columns: without a header they would be what its first row holds
    columns_n = say_number(len(header), "column")
    has = f"The file has {columns_n}: look whether line and spelling of its header are right."
    way_out = offer_nearest(name, near) if near else has
    raise _refuse(place, f"no column {name!r}, which the mapping names", way_out, "no-column")


def spell_header(cells: list[str], mapping: dict) -> list[str]:
    """Return the names of columns as the mapping spells them."""
    spellings = {other: name for name, others in mapping["aliases"].items() for other in others}
    return [spellings.get(name, name) for name in map(str.strip, cells)]


def check_sheets(told: Iterable[str], names: list[str], place: str) -> None:
    """Refuse a mapping that names a sheet which the workbook does not have."""
    for name in told:
        if name not in names:
            found = f"no sheet {name!r}, which the mapping names"
            raise _refuse(place, found, offer_nearest(name, names[:12]), "no-sheet")
