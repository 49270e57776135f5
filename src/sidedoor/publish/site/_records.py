"""The records of an edition on its site: which agency released each, what was read, what to beware of."""

from helpers.searches.records import SIMULATED
from helpers.wording import say_number
from sidedoor.publish.site._html import build_table, list_items, show, show_date, show_name

_HEAD = ["File", "Format", "Rows in the file", "Read", "Skipped", "Period"]


def name_record(record: dict) -> str:
    """Return how a record is cited: the agency that released it, where it is known, and the file."""
    return ", ".join(filter(None, (record.get("reported_by"), record["file"])))


def show_records(records: list[dict]) -> str:
    """Return the records of an edition as a table, a row each."""
    rows, anchors = [], []
    for number, record in enumerate(records, start=1):
        names = record["source_ids"] or [f"record-{number}"]
        anchors.append(names[0])
        others = "".join(f'<span id="{show(name)}"></span>' for name in names[1:])
        mark = ' <span class="simulated">simulated</span>' if is_simulated(record) else ""
        digest = f'<span class="aside">sha256 <code>{show(record["sha256"])}</code></span>'
        counts = (record["rows_in"], record["rows_out"], sum(record["set_aside"].values()))
        spans = "; ".join(_show_span(*span) for span in record["span"].items())
        name = f"{others}{show_name(name_record(record))}{mark}{digest}"
        rows.append([name, show(record["family"]), *(f"{count:,}" for count in counts), spans])
    caption = say_number(len(rows), "record")
    return build_table(_HEAD, rows, caption=caption, anchors=anchors, numbers={2, 3, 4})


def show_limits(records: list[dict]) -> list[str]:
    """Return what limits the records of an edition, as parts of a page; nothing if there are none."""
    parts = ["## Limits of these records"] if records else []
    for record in records:
        said = ["This file is simulated: nothing in it happened."] if is_simulated(record) else []
        said += record["warnings"]
        said += [f"{say_number(count, 'row')} skipped: {why}" for why, count in record["set_aside"].items()]
        if record["columns_dropped"]:
            said.append(f"{say_number(len(record['columns_dropped']), 'column')} of the file never taken in.")
        if record["time_zone"]:
            said.append(f"Times: {record['time_zone']}.")
        none = "<p>No warning. That is no proof that the file is complete.</p>"
        items = list_items(map(show, said)) or none
        parts.append(f"<p><strong>{show_name(name_record(record))}</strong></p>{items}")
    return parts


def is_simulated(record: dict) -> bool:
    """Return whether a record is of invented data: every id under which its rows are cited says so."""
    names = record["source_ids"]
    return bool(names) and all(name.startswith(SIMULATED) for name in names)


def _show_span(table: str, days: list) -> str:
    first, last = (show_date(day) or "unknown" for day in days)
    return f"{show(table)}: {first}" + (f" to {last}" if last != first else "")
