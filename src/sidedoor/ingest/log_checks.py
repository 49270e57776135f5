"""What a person should know about a search log before counting in it: spans, repeats, zeros, changes of the
export.
"""

from zoneinfo import ZoneInfo

import pandas as pd

from helpers.formats import load_format
from helpers.searches.logs import warn_of_rows
from helpers.wording import say_number
from sidedoor.ingest.log_facts import COUNTS, SearchLog
from sidedoor.ingest.log_part import ANOTHER_TYPE
from sidedoor.ingest.logs import LogReader
from sidedoor.ingest.report import Report, warn_of_constants

_TRACKED = (
    "search_id", "officer", "plate", "case_number", "devices_n", "reason_text", "window_start", "search_type"
)  # fmt: skip


def check_log(table: SearchLog, log: LogReader, report: Report, zone: ZoneInfo | None = None) -> None:
    """Write into the report what was noticed in a log.

    Parameters
    ----------
    table
        `searches`.
    log
        What read it.
    report
        Is filled in.
    zone
        Where the agency is: for local dates. None if it was not given.
    """
    details = report.details
    details["cells"] = {name: dict(sorted(counts.items())) for name, counts in log.cells.items()}
    details["date_forms"] = dict(sorted(log.time_forms.items()))
    if log.moderation:
        details["moderation"] = dict(sorted(log.moderation.items()))
    _check_cells(log, report)
    for text in warn_of_rows(log.rows_n):
        report.warn("round-number", text)
    _check_clock(log, report)
    _check_ids(table, report)
    midnights_n = table.count_midnights(zone) if table.sums["times"] >= 20 else 0
    if midnights_n > 0.9 * table.sums["times"] > 0:
        text = "Nearly all times are midnight: the column holds dates without a time of day."
        report.warn("all-midnight", text)
    _check_numbers(table, report)
    _check_windows(table, report)
    _check_types(table, log, report)
    _check_span(table, report, zone)
    _check_breaks(table, log, report)
    _check_reasons(table, log, report)
    details["searcher_agencies_n"] = table.sums["agencies"]
    if not table.sums["hosts"] and len(table):
        text = "The file does not say whose log it is: say so with --reported-by."
        report.note("no-host", text, "reported_by")


def _check_cells(log: LogReader, report: Report) -> None:
    for name, (count, place, shape) in sorted(log.unread.items()):
        said = say_number(count, f"cell of {name} holds", f"cells of {name} hold")
        report.warn("unread-cells", f"{said} something else, first at {place} (like {shape!r}).")
    if log.cleaned_n:
        said = say_number(log.cleaned_n, "name of an agency", "names of agencies")
        report.warn("cleaned-names", f"{said}: characters without width or that turn the line were removed.")
    states = log.cells["searched_at"]
    untimed = {state: n for state, n in states.items() if n and state not in ("value", "not_exported")}
    if untimed and states.get("value"):
        said = say_number(sum(untimed.values()), "row prints", "rows print")
        counts = ", ".join(f"{n:,} {state}" for state, n in sorted(untimed.items()))
        report.note("no-times", f"{said} no search time ({counts}): kept, and in no span or count by day.")
    if misplaced := log.skipped.get("out-of-place"):
        said = say_number(misplaced.rows_n, "row has", "rows have")
        report.warn(
            "shifted-rows", f"{said} no time where it should be: compare the header with the rows below it."
        )


def _check_clock(log: LogReader, report: Report) -> None:
    if log.gaps_n:
        report.warn(
            "clock-gap",
            f"Times in an hour that the clocks skipped in spring: {log.gaps_n:,}. The time zone may "
            "be another. They are "
            "read with the offset before the change.",
        )
    if log.folds_n:
        report.warn(
            "clock-fold",
            f"Times in an hour that the clocks showed twice in autumn: {log.folds_n:,}. They are read "
            "as its first "
            "passing, and may be an hour later.",
        )
    if log.local_n and log.utc_n:
        said = say_number(log.local_n, "time prints", "times print")
        report.warn("mixed-zones", f"{said} no zone and {log.utc_n:,} do: the rows come from two layouts.")


def _check_ids(table: SearchLog, report: Report) -> None:
    rows_n, distinct = table.sums["ids"], table.sums["distinct_ids"]
    if rows_n:
        report.details["search_ids"] = {"rows_with_id": rows_n, "distinct": distinct}
    if distinct < rows_n:
        said = say_number(rows_n - distinct, "row repeats", "rows repeat")
        text = (
            f"{said} the search id of another row ({distinct:,} distinct ids): count ids, not "
            "rows. Nothing was removed."
        )
        report.warn("repeated-ids", text)


def _check_numbers(table: SearchLog, report: Report) -> None:
    zeros = {name: table.sums[f"zeros_{name}"] for name in COUNTS if table.sums[f"filled_{name}"]}
    report.details["zeros"] = zeros
    if count := zeros.get("networks_n"):
        said = say_number(count, "row says", "rows say")
        report.note("zero-networks", f"{said} 0 networks searched: kept, but it does not mean zero.")
    if count := zeros.get("devices_n"):
        filled = table.sums["filled_devices_n"]
        if count >= 0.5 * filled:
            text = f"{count:,} of {filled:,} rows say 0 devices searched: the export fills the column with 0."
            report.warn("zero-devices", text)
        else:
            report.note(
                "zero-devices", f"{say_number(count, 'row says', 'rows say')} 0 devices searched: kept."
            )


def _check_windows(table: SearchLog, report: Report) -> None:
    if not table.sums["windows"]:
        return
    names = ("end_after_search", "start_after_search", "end_before_start")
    counts = {name: table.sums[name] for name in names}
    report.details["windows"] = counts
    said = [f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items() if count]
    if said:
        text = (
            f"Time frames are the period asked for, not the time of the search: {', '.join(said)}. "
            "Nothing was altered."
        )
        report.note("odd-windows", text)


def _check_types(table: SearchLog, log: LogReader, report: Report) -> None:
    found = table.count_values("search_type")
    if found:
        counts = {"other" if label == ANOTHER_TYPE else label: count for label, count in found.items()}
        report.details["search_types"] = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    if log.other_types_n:
        said = say_number(log.other_types_n, "row has", "rows have")
        report.note("other-types", f"{said} a search type that is not known: shown as {ANOTHER_TYPE!r}.")


def _check_span(table: SearchLog, report: Report, zone: ZoneInfo | None) -> None:
    if table.sums["first"] is None:
        report.span["searches"] = [None, None]
        report.warn("no-readable-time", "No row has a readable time.")
        return
    first, last = (pd.Timestamp(table.sums[name]) for name in ("first", "last"))
    report.span["searches"] = [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
    report.details["span_utc"] = [f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in (first, last)]
    if zone is not None:
        local = [moment.tz_localize("UTC").tz_convert(zone) for moment in (first, last)]
        days = {"first": f"{local[0]:%Y-%m-%d}", "last": f"{local[1]:%Y-%m-%d}"}
        report.details["span_local"] = {"time_zone": zone.key, **days}
        if local[0].minute < 15 and local[0].hour == 0 and zone.key != "UTC":
            report.note(
                "local-days",
                f"The file begins at midnight in {zone.key} ({first:%H:%M} UTC): it is cut by local "
                "days, so that its first "
                "and last day in UTC are parts of days.",
            )
    elif first.minute < 15 and first.hour in range(4, 11):
        report.note(
            "local-days",
            f"The first search is of {first:%H:%M} UTC, which is about midnight somewhere in the "
            "United States: the file "
            "may be cut by local days. Give --time-zone to see its local dates.",
            "time_zone",
        )


def _check_breaks(table: SearchLog, log: LogReader, report: Report) -> None:
    """Compare the rows before and after the days on which the vendor's export changed."""
    for known in load_format("flock")["breaks"]:
        day = known["date"]
        if not all(table.count_sides(day)):
            continue
        report.note("break", f"The file spans {day}: {known['what']}. Draw no trend across that day.")
        if known["looks_at"] == "cells":
            sides = table.take_states(day, _TRACKED)
            for name in _TRACKED:
                states = [side[f"{name}_cell"] for side in sides]
                first, second = (part.mode().iloc[0] for part in states)
                share = min((part == top).mean() for part, top in zip(states, (first, second), strict=True))
                if first != second and share >= 0.6:
                    text = f"Cells of {name} are mostly {first} before {day} and {second} after it."
                    report.warn("changed-cells", text)
        else:
            count, distinct = log.reasons.count_distinct(day)
            if count >= 50 and distinct[0] >= 5 * distinct[1]:
                report.warn(
                    "changed-reasons",
                    f"Reasons become categories about {day}: {distinct[0]:,} distinct texts in "
                    f"{count:,} rows before, "
                    f"{distinct[1]:,} in as many after.",
                )


def _check_reasons(table: SearchLog, log: LogReader, report: Report) -> None:
    reasons, sums = log.reasons, table.sums
    constant = []
    if len(table) and not reasons.missing_n and reasons.distinct is not None and len(reasons.distinct) == 1:
        constant.append("reason_text")
    if 0 < sums["filled_networks_n"] == len(table) and sums["least"] == sums["most"]:
        constant.append("networks_n")
    warn_of_constants(report, len(table), constant)
    if kind := reasons.find_kind():
        report.details["reason_kind"] = kind
    if kind == "labels":
        said = say_number(len(reasons.distinct), "different text")
        report.note(
            "reason-labels",
            f"The reasons are labels, no free text: {said}. Count them, and search no words in them.",
        )
    if partial := reasons.partial_n:
        report.details["partly_redacted"] = {"reason_text": partial}
        said = say_number(
            partial,
            "reason is redacted in part and counts as a value",
            "reasons are redacted in part; they count as values",
        )
        report.note("partly-redacted", f"{said}.")
