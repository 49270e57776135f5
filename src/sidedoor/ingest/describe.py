"""A report in words: what a file is, what is wrong with it, what is dropped, what to type next."""

from collections.abc import Iterator

from helpers.errors import escape_controls
from helpers.wording import say_number
from sidedoor.ingest.asking import QUESTIONS, write_command
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import ReadOptions

SHOWN = 8


def describe_report(
    report: Report, path: str, *, command: str = "ingest", options: ReadOptions | None = None
) -> str:
    """Describe a report in lines of text without control characters, which a terminal may obey.

    With the command `ingest` the last one is the command to type next, with `path` as it was typed and the
    `options` that were given.
    """
    refused, needed = report.details.get("refused"), report.details.get("needed", {})
    asked = [("Needed", f"{QUESTIONS[name].typed}: {hint}") for name, hint in needed.items()]
    lines = [
        ("File", f"{report.file}, {report.bytes_n:,} bytes, sha256 {report.sha256[:12]}"),
        ("What", f"{report.family}: {report.form}"),
        ("Why", report.why),
    ]
    if refused:
        stopped = f"{refused['place']}: {refused['found']}"
        lines += [*asked, ("Stopped", stopped), ("Way out", refused["way_out"])]
    else:
        lines += _describe_rows(report)
        lines += [("Warning", text) for text in report.warnings]
        lines += [("Dropped", f"column {name}") for name in report.columns_dropped]
        for what, names in report.private.items():
            shown = names.items() if isinstance(names, dict) else enumerate(names, 1)
            lines += [("Private", f"{what}: {key} is {name!r}") for key, name in shown]
        lines += [("Note", text) for text in report.notes] + asked
        if command == "ingest":
            lines.append(("Next", write_command(str(path), options, needed)))
    texts = [f"{label:<9}{escape_controls(text, '')}" for label, text in _shorten(lines)]
    draft = (refused or {}).get("mapping", "")
    return "\n".join([*texts, "", escape_controls(draft)] if draft else texts)


def _describe_rows(report: Report) -> Iterator[tuple[str, str]]:
    aside = sum(part.rows_n for part in report.set_aside)
    held = report.details.get("rows_in_file")
    if held is None:
        yield "Rows", f"{report.rows_in:,} in the file, {report.rows_out:,} read, {aside:,} skipped"
    else:
        records = f"{report.rows_in:,} records: {report.rows_out:,} read, {aside:,} skipped"
        yield "Rows", f"{say_number(held, 'row')} in the file, which hold {records}"
    by_code: dict[str, list] = {}
    for part in report.set_aside:
        by_code.setdefault(part.code or part.reason, [part, 0])[1] += part.rows_n
    for part, count in by_code.values():
        more = f"; {part.what}" if part.what else ""
        yield "Skipped", f"{count:,}: {part.reason} (first at {part.place}{more})"
    for table, (first, last) in report.span.items():
        zone = f", {report.time_zone}" if report.time_zone and table == "searches" else ""
        yield "Span", f"{table}: {first or 'unknown'} to {last or 'unknown'}{zone}"


def _shorten(lines: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Show only the first few of each label, and how many there are more; a label is shown once."""
    counts: dict[str, int] = {}
    for at, (label, text) in enumerate(lines):
        counts[label] = counts.get(label, 0) + 1
        if counts[label] <= SHOWN:
            yield label if counts[label] == 1 else "", text
        elif at + 1 == len(lines) or lines[at + 1][0] != label:
            yield "", f"and {counts[label] - SHOWN:,} more, all in report.json"
