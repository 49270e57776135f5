"""A mapping: a TOML file that says which columns of an unknown form mean what; no code, and every key is checked."""

import difflib
import functools
import tomllib
from collections.abc import Iterable
from pathlib import Path

from helpers.canonical import CELL_STATES, MEASURES, SECTIONS
from helpers.errors import IngestError
from helpers.formats import FORMATS, load_format
from helpers.wording import say_number
from sidedoor.ingest.cells import build_marks
from sidedoor.ingest.log_form import FIELDS, MARK_KINDS
from sidedoor.ingest.times import compile_form, find_zone

SHIPPED = FORMATS / "mappings"
# Largest file, and longest line: on a key of thousands of parts TOML is minutes [bytes].
_CAP, _LINE = 1 << 18, 1 << 12
_FORMS = 30
# What each table of a mapping may hold: key -> type. `dict` of a table with free keys is checked apart.
_KEYS: dict[str, dict[str, type]] = {
    "": {"title": str, "table": str, "source": str, "sha256": str, "notes": list, "file": dict,
    "columns": dict, "constants": dict,
         "times": dict, "cells": dict, "names": dict, "skip": list, "sheets": dict},
    "file": {"header_line": int, "header": list, "sheet": str},
    "times": {"forms": list, "time_zone": str, "window": str, "precision": str},
    "cells": {"masked": list, "redacted": list, "placeholder": list},
    "names": {"file": str, "key": str, "name": str, "columns": dict},
    "skip": {"column": str, "equals": list, "reason": str},
    "sheets": {"section": str, "measure": str, "scope": str, "skip": bool},
}  # fmt: skip
# Fields that a column or a constant may fill, by table.
TABLE_FIELDS: dict[str, tuple[str, ...]] = {
    "sharing": ("from_agency_as_printed", "to_agency_as_printed", "shares", "reported_by", "section",
    "hot_list", "is_inactive",
                "as_of", "page"),
    "searches": FIELDS,
    "volumes": ("reported_by", "measure", "value", "period_start", "period_end", "scope", "page"),
    "workbook": (),
}  # fmt: skip
_LOG_CONSTANTS = ("host_agency", "searcher_agency_as_printed", "search_type")
_CHOICES = {"section": SECTIONS, "measure": MEASURES, "shares": ("detections", "hot_list")}
_MOMENTS = {"searched_at", "window", "window_start", "window_end", "as_of", "period_start", "period_end"}


def list_mappings() -> dict[str, Path]:
    """List the mappings that come with the project, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


@functools.cache
def list_checksums() -> dict[str, Path]:
    """List the checksums of files that a mapping of the project was written for."""
    found = {}
    for path in list_mappings().values():
        with path.open("rb") as file:
            sha256 = tomllib.load(file).get("sha256")
        if sha256:
            found[sha256] = path
    return found


def load_mapping(path: Path | str) -> dict:
    """Load a mapping and check it.

    Parameters
    ----------
    path
        A TOML file, or the name of a mapping that comes with the project.

    Returns
    -------
    The mapping with all its tables, empty ones included, and `marks` of cells by field.

    Raises
    ------
    IngestError
        It is missing, no TOML, or holds a key, a field, a form or a zone that is not known; the nearest name is shown.
    """
    path, shipped = Path(path), list_mappings()
    if not path.is_file() and str(path) in shipped:
        path = shipped[str(path)]
    place = path.name or "the mapping"
    if not path.is_file():
        raise IngestError(
            place,
            "there is no such mapping",
            _hint(place, shipped) or f"The project has {', '.join(shipped)}.",
        )
    with path.open("rb") as file:
        data = file.read(_CAP + 1)
    if len(data) > _CAP or max(map(len, data.splitlines()), default=0) > _LINE:
        found = f"a mapping of more than {_CAP:,} bytes, or than {_LINE:,} in a line"
        raise IngestError(place, found, "It should hold names of columns only.")
    try:
        mapping = tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IngestError(
            place, f"no TOML ({str(error)[:200]})", 'Quote names of columns: field = "Name of the column".'
        ) from None
    return check_mapping(mapping, place)


def check_mapping(mapping: dict, place: str) -> dict:
    """Check a mapping key by key, and fill in the tables that it leaves out."""
    _check_keys(mapping, "", place)
    mapping = {
        "notes": [],
        "skip": [],
        "file": {},
        "columns": {},
        "constants": {},
        "times": {},
        "cells": {},
        "names": {},
        "sheets": {},
        **mapping,
    }
    for name in ("file", "times", "cells", "names"):
        _check_keys(mapping[name], name, place)
    for number, part in enumerate(mapping["skip"], 1):
        if not isinstance(part, dict):
            raise IngestError(
                place, f"skip {number} is no table", "Write [[skip]] and below it column and equals."
            )
        _check_keys(part, "skip", place)
        if not {"column", "equals"} <= set(part):
            raise IngestError(place, f"skip {number} lacks column or equals", "Write both.")
    for name, part in mapping["sheets"].items():
        if not isinstance(part, dict):
            raise IngestError(place, f"sheets.{name} is no table", f'Write [sheets."{name}"].')
        _check_keys(part, "sheets", place)
        _check_choices(part, place)
    _check_table(mapping, place)
    _check_times(mapping, place)
    for name in ("masked", "redacted", "placeholder"):
        _check_texts(mapping["cells"].get(name, []), f"cells.{name}", place)
    mapping["marks"] = _build_marks(mapping)
    return mapping


def _check_keys(part: dict, name: str, place: str) -> None:
    known = _KEYS[name]
    where = f"[{name}]" if name else "the mapping"
    for key, value in part.items():
        if key not in known:
            raise IngestError(
                place,
                f"a key {key!r} in {where} that is not known",
                _hint(key, known) or f"It has {', '.join(known)}.",
            )
        if not isinstance(value, known[key]) or (known[key] is int and isinstance(value, bool)):
            raise IngestError(place, f"{key} in {where} is no {known[key].__name__}", "Correct it.")


def _check_table(mapping: dict, place: str) -> None:
    table = mapping.get("table")
    if table not in TABLE_FIELDS:
        raise IngestError(
            place,
            f"table = {table!r}" if table else "no table",
            f"Write table = one of {', '.join(TABLE_FIELDS)}.",
        )
    fields = TABLE_FIELDS[table]
    for name in ("columns", "constants"):
        known = _LOG_CONSTANTS if name == "constants" and table == "searches" else fields
        for field, value in mapping[name].items():
            if field not in known:
                hint = _hint(field, known) or (
                    f"It has {', '.join(known)}." if known else "A workbook has [sheets] only."
                )
                raise IngestError(place, f"a field {field!r} in [{name}] that {table} does not have", hint)
            if not isinstance(value, str) or not value.strip():
                raise IngestError(
                    place, f"{field} in [{name}] is no text", f'Write {field} = "..." in quotes.'
                )
    both = sorted(set(mapping["columns"]) & set(mapping["constants"]))
    if both:
        raise IngestError(place, f"{both[0]} is given by a column and as a constant", "Keep one of them.")
    _check_choices(mapping["constants"], place)
    has = set(mapping["columns"]) | set(mapping["constants"])
    has |= set(mapping["names"].get("columns", {}))
    needed = {
        "sharing": ("from_agency_as_printed", "to_agency_as_printed"),
        "volumes": ("measure", "value"),
    }.get(table, ())
    for field in needed:
        if field not in has:
            raise IngestError(
                place, f"no {field}", "Say in [columns] which column holds it, or give it in [constants]."
            )
    if table == "sharing" and not has & {"section", "shares"}:
        raise IngestError(
            place, "nothing says what is shared", 'Write shares = "detections" or "hot_list" in [constants].'
        )
    if table == "searches" and not has & {"searched_at", "reason_text", "search_id", "networks_n"}:
        raise IngestError(
            place,
            "no column of a search log",
            "Bind at least one of searched_at, reason_text, search_id, networks_n.",
        )


def _check_choices(part: dict, place: str) -> None:
    for field, known in _CHOICES.items():
        if field in part and part[field] not in known:
            raise IngestError(
                place,
                f"{field} = {part[field]!r}",
                _hint(part[field], known) or f"It is one of {', '.join(known)}.",
            )


def _check_times(mapping: dict, place: str) -> None:
    times, bound = mapping["times"], _MOMENTS & set(mapping["columns"])
    _check_texts(times.get("forms", []), "times.forms", place)
    if len(times.get("forms", [])) > _FORMS:
        raise IngestError(place, f"more than {_FORMS} forms of dates", "Name those that the file has.")
    for notation in times.get("forms", []):
        compile_form(notation)
    if bound and not times.get("forms"):
        raise IngestError(
            place,
            f"no form of dates for {', '.join(sorted(bound))}",
            'Write [times] forms = ["%Y-%m-%d %H:%M:%S"].',
        )
    if "window" in mapping["columns"]:
        times.setdefault("window", load_format("flock")["audit"]["times"]["window"])
        _check_window(times["window"], place)
    if "time_zone" in times:
        find_zone(times["time_zone"])


def _check_window(pattern: str, place: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        groups = [field.name for field in pc.extract_regex(pa.array([""]), pattern).type]
    except pa.ArrowInvalid:
        groups = []
    if sorted(groups) != ["window_end", "window_start"]:
        raise IngestError(
            place, "times.window is no pattern with two named groups",
            "Name them window_start and window_end, (?P<window_start>.+?), and use (?:...) for all others.",
        )  # fmt: skip


def _check_texts(values: list, name: str, place: str) -> None:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise IngestError(place, f"{name} is no list of texts", 'Write it like ["a", "b"].')


def _build_marks(mapping: dict) -> dict:
    """Build the marks of cells for every field: those that the mapping names come on top of the usual ones."""
    if not mapping["cells"]:
        return {}
    known = load_format("cells")
    usual = {
        "free": known["placeholder"],
        "strict": known["strict"]["placeholder"],
        "label": known["label"]["placeholder"],
        "name": [],
    }

    def build(kind: str):
        own = {state: mapping["cells"].get(state, []) for state in CELL_STATES}
        return build_marks(
            known["masked"] + own["masked"],
            known["redacted"] + own["redacted"],
            usual[kind] + own["placeholder"],
            known["longest"],
        )

    return {field: build(MARK_KINDS.get(field, "label")) for field in FIELDS}


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f"Did you mean {near[0]!r}?" if near else ""


def find_column(name: str, header: list[str], place: str) -> str:
    """Find a column that a mapping names, exactly as printed.

    Raises
    ------
    IngestError
        The file has no such column; the nearest name is shown.
    """
    if name in header:
        return name
    # no list of its columns: without a header they would be what its first row holds
    hint = (
        _hint(name, header)
        or f"It has {say_number(len(header), 'column')}: look whether line and spelling of its header are right."
    )
    raise IngestError(place, f"no column {name!r}, which the mapping names", hint)
