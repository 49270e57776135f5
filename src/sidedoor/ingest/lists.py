"""What readers of lists share: the row of a name, the questions for what it does not print, tables."""

import re

from helpers.canonical import build_table
from helpers.errors import IngestError
from helpers.formats import load_format
from sidedoor.ingest.pdf import read_pages
from sidedoor.ingest.pdf_table import find_page_header, read_rows
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import Source

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


def find_printed(source: Source, names: set[str], at_least: int) -> list[str]:
    """Find the header of a table printed to PDF on one of the first pages; empty without one."""
    headers = (find_page_header(page, names, at_least) for page in read_pages(source)[:3])
    header = next(filter(None, headers), None)
    return list(header.names) if header else []


def list_printed(source: Source, names: set[str], at_least: int) -> list[tuple[int, str, list[str]]]:
    """List the rows of a table printed to PDF, each with its page and its place; cells may be wrapped."""
    _, rows, _ = read_rows(read_pages(source), source.name, names, at_least)
    return [
        (row.page, f"page {row.page} row {at}", [" ".join(lines) for lines in row.cells])
        for at, row in enumerate(rows, 1)
    ]
