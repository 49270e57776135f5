"""How the columns of a search log are read: what a form may bind, and which marks count in which field."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sidedoor.ingest.cells import Marks

# What marks count as no value, by field; `label` where none is named.
MARK_KINDS = {
    "search_id": "name", "searcher_agency_as_printed": "name", "host_agency": "name", "officer": "strict",
    "plate": "strict", "plate_state": "label", "reason_text": "free", "offense_type": "free",
    "case_number": "free",
}  # fmt: skip
# Columns of persons: dropped, and only their state or a token stays.
PERSONAL = ("officer", "plate", "case_number")
TEXTS = ("search_id", "searcher_agency_as_printed", "search_type", "plate_state")
# Everything that a form may bind a column to.
FIELDS = (
    *TEXTS, *PERSONAL, "host_agency", "search_date", "searched_at", "window", "window_start", "window_end",
    "networks_n",
    "devices_n", "reason_text", "offense_type", "has_case_number", "moderation",
)  # fmt: skip


# Of so many columns beside the time, one filled cell makes no search.
FEW = 3


@dataclass(frozen=True)
class LogForm:
    """How the columns of a log are read.

    Attributes
    ----------
    columns
        For each of `FIELDS` that is there, the column as printed.
    time_forms
        Notations of times, see `times`.
    zone
        Zone of times that print none; None if nobody said.
    zone_hint
        What to tell a person who has to say it.
    window
        Pattern with groups `window_start` and `window_end` for a column that holds both.
    constants
        Values of text fields that hold for all rows.
    month_first
        How `%q/%q` in a time is read.
    marks
        Marks of cells by field, where they are not those of `cells.toml`.
    note
        Pattern of a total or a note that fills the only cell of its row, in a log of so few columns that a search may do so.
    """

    columns: dict[str, str]
    time_forms: list[str]
    zone: ZoneInfo | None = None
    zone_hint: str = ""
    window: str = ""
    constants: dict[str, str] = field(default_factory=dict)
    month_first: bool = True
    marks: dict[str, Marks] = field(default_factory=dict)
    note: str = ""


def list_beside(form: LogForm) -> list[str]:
    """List the fields of a form whose cells tell of a search beside its time."""
    return [name for name in form.columns if name not in ("searched_at", "search_date", "moderation")]
