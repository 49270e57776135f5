"""The canonical tables that every reader returns, whatever the vendor called its columns."""

import pandas as pd

from helpers.errors import IngestError

SECTIONS = ("detections_shared", "detections_received", "hot_lists_shared", "hot_lists_received")
MEASURES = ("detections", "hits", "searches", "records", "cameras", "retention_days")
# What a cell of a log can be besides a value: five different facts, kept apart.
CELL_STATES = ("value", "empty", "not_exported", "masked", "redacted", "placeholder")
# Of these: nothing was written, or a word that says nothing; and what was written is not shown.
BLANK, HIDDEN = ("empty", "placeholder"), ("not_exported", "masked", "redacted")
# Fields of a search that an agency may withhold; each has a column `<field>_cell` with its state.
WITHHELD = (
    "search_id", "searched_at", "searcher_agency_as_printed", "search_type", "window_start", "window_end",
    "networks_n", "devices_n", "reason_text", "has_case_number", "plate_state", "officer", "plate",
    "case_number",
)  # fmt: skip

_TEXT, _COUNT, _FLAG, _TIME, _NUMBER = "str", "Int64", "boolean", "datetime64[us]", "float64"
COLUMNS: dict[str, dict[str, str]] = {
    "sharing": {
        "from_agency_as_printed": _TEXT, "to_agency_as_printed": _TEXT, "from_agency_id": _TEXT,
        "to_agency_id": _TEXT, "shares": _TEXT, "reported_by": _TEXT, "section": _TEXT, "hot_list": _TEXT,
        "is_inactive": _FLAG,
        "city_as_printed": _TEXT, "state_as_printed": _TEXT, "doubt": _TEXT,
        "as_of": _TEXT, "source_id": _TEXT, "page": _COUNT, "row_no": _COUNT,
    },
    "searches": {
        "source_id": _TEXT, "row_no": _COUNT, "search_id": _TEXT, "searched_at": _TIME,
        "searcher_agency_as_printed": _TEXT, "host_agency": _TEXT, "search_type": _TEXT,
        "window_start": _TIME,
        "window_end": _TIME, "networks_n": _COUNT, "devices_n": _COUNT, "reason_text": _TEXT,
        "reason_origin": _TEXT,
        "has_case_number": _FLAG, "plate_state": _TEXT, "officer_token": _TEXT, "plate_token": _TEXT,
        "case_number_token": _TEXT, **{f"{field}_cell": _TEXT for field in WITHHELD},
    },
    "volumes": {
        "reported_by": _TEXT, "measure": _TEXT, "value": _NUMBER, "period_start": _TEXT, "period_end": _TEXT,
        "scope": _TEXT, "source_id": _TEXT, "page": _COUNT,
    },
}  # fmt: skip


def build_table(name: str, rows: list[dict] | pd.DataFrame) -> pd.DataFrame:
    """Return a canonical table made of rows; columns that a reader does not know are missing, not invented.

    Parameters
    ----------
    name
        `sharing`, `searches` or `volumes`.
    rows
        Records or a frame with any of the table's columns. Times are UTC without a zone.

    Raises
    ------
    IngestError
        A column that the table does not have.
    """
    kinds = COLUMNS[name]
    frame = rows
    if not isinstance(rows, pd.DataFrame):
        frame = pd.DataFrame(rows, columns=None if rows else list(kinds))
    if unknown := [column for column in frame.columns if column not in kinds]:
        found = f"columns it does not have: {', '.join(unknown)}"
        raise IngestError(f"table {name}", found, "Correct the reader.")
    return frame.reindex(columns=list(kinds)).astype(kinds)
