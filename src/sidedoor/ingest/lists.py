"""What readers of lists share: the row of a name, the questions for what it does not print, tables."""

import re

from helpers.canonical import build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.report import Reading, Report

_ASKED = {
    "reported_by": ("no-reporter", "it does not say whose it is", "Say whose it is: --reported-by 'AGENCY'."),
    "as_of": ("no-date", "it does not say its date", "Give its date: --as-of YYYY-MM-DD."),
}
_DAYS = {"sharing": ("as_of",), "volumes": ("period_start", "period_end")}


def build_row(section: str, reported_by: str, name: str) -> dict:
    """Return the row of a name on a list: from whom data flows to whom, what flows, and whether the account
    is still in use.

    Parameters
    ----------
    section
        One of `canonical.SECTIONS`.
    reported_by, name
        Whose list it is; the name on it, as printed.
    """
    ends = (reported_by, name) if section.endswith("shared") else (name, reported_by)
    return {
        "from_agency_as_printed": ends[0],
        "to_agency_as_printed": ends[1],
        "shares": "detections" if section.startswith("detections") else "hot_list",
        "reported_by": reported_by,
        "section": section,
        "is_inactive": bool(re.search(load_format("flock")["sharing"]["inactive"], name)),
    }


def ask_for(option: str, place: str, hint: str = "") -> IngestError:
    """Return the error that asks whose a list is (`reported_by`), or of which day (`as_of`)."""
    code, found, way_out = _ASKED[option]
    return IngestError(place, found, f"{way_out} {hint}".strip(), code=code, asks_for=option)


def close_tables(report: Report, tables: dict[str, list[dict]]) -> Reading:
    """Return the reading of rows by table, each row a record; the report gets their number and their days."""
    for name, rows in tables.items():
        report.rows_in += len(rows)
        report.rows_out += len(rows)
        days = [row[column] for row in rows for column in _DAYS[name]]
        if days:
            report.span[name] = [min(days), max(days)]
    return Reading({name: build_table(name, rows) for name, rows in tables.items()}, report)
