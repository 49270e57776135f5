"""The records of an edition on its site: what each file was taken for, what was read, and what to beware of."""

import html

from helpers.searches.records import SIMULATED
from sidedoor.publish.site._pages import build_table

_LEAD = (
    "The files that were read for this edition, as they came. They are not part of this site: a sha256 says whether a "
    "file that you have is the same. Rows in the file are rows read and rows set aside, always."
)
_BEWARE = (
    "What the readers noticed in the files of this edition. A count made from a record with a warning stands on what "
    "the warning says."
)


def show_records(records: list[dict]) -> list[str]:
    """Show the records of an edition, a row each, for the page of sources; nothing if there are none."""
    if not records:
        return []
    rows, anchors = [], []
    for record in records:
        anchors.append((record["source_ids"] or [f"record-{record['name']}"])[0])
        others = "".join(f'<span id="{html.escape(name)}"></span>' for name in record["source_ids"][1:])
        cites = f'<span class="aside">{html.escape(", ".join(record["source_ids"]))}</span>'
        digest = f'<span class="aside">sha256 <code>{html.escape(record["sha256"])}</code></span>'
        mark = ' <span class="simulated">simulated</span>' if is_simulated(record) else ""
        counts = [record["rows_in"], record["rows_out"], sum(record["set_aside"].values())]
        rows.append(
            [
                f"{others}{html.escape(record['file'])}{mark}{cites}{digest}",
                f"{html.escape(record['family'])}: {html.escape(record['form'])}"
                f'<span class="aside">{html.escape(record["why"])}</span>',
                *(f"{count:,}" for count in counts),
                "; ".join(_show_span(*span) for span in record["span"].items()),
                _show_list(record["warnings"]),
            ]
        )
    head = ["File", "Taken for", "Rows in", "Read", "Set aside", "Span", "Warnings"]
    table = build_table(head, rows, anchors, long={0, 6}, n={2, 3, 4})
    return ["## Records of this edition", f"<p>{_LEAD}</p>", table]


def show_limits(records: list[dict]) -> list[str]:
    """Show what limits the records of an edition, for the page on limits; nothing if there are none."""
    parts = ["## Records of this edition", f"<p>{_BEWARE}</p>"] if records else []
    for record in records:
        said = [*record["warnings"]]
        said += [f"{count:,} rows set aside: {reason}" for reason, count in record["set_aside"].items()]
        if record["columns_dropped"]:
            said.append(f"Never taken in: {', '.join(record['columns_dropped'])}.")
        if record["time_zone"]:
            said.append(f"Times: {record['time_zone']}.")
        if is_simulated(record):
            said.insert(0, "This file is simulated: nothing in it happened.")
        shown = _show_list(said) or "<p>Nothing was noticed. That is no proof that the file is whole.</p>"
        parts.append(f"<p><strong>{html.escape(record['file'])}</strong></p>{shown}")
    return parts


def is_simulated(record: dict) -> bool:
    """Say whether a record is of invented data: every id under which its rows are cited begins with `simulated-`."""
    names = record["source_ids"]
    return bool(names) and all(name.startswith(SIMULATED) for name in names)


def _show_list(texts: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def _show_span(table: str, days: list) -> str:
    first, last = (day or "unknown" for day in days)
    return html.escape(f"{table}: {first}" + (f" to {last}" if last != first else ""))
