"""What a person should know about a search log before counting in it: spans, repeats, zeros, changes of the
export.
"""

from collections import Counter
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.canonical import CELL_STATES
from helpers.formats import load_format
from helpers.searches.logs import warn_of_rows
from helpers.wording import say_number
from sidedoor.ingest.cells import NOT_EXPORTED, VALUE
from sidedoor.ingest.log_part import ANOTHER_TYPE, COUNTS
from sidedoor.ingest.log_table import SearchLog
from sidedoor.ingest.logs import LogReader
from sidedoor.ingest.report import Report, warn_of_constants

_TRACKED = (
    "search_id", "officer", "plate", "case_number", "devices_n", "reason_text", "window_start", "search_type"
)  # fmt: skip
# Searches that are compared on each side of a day on which the export changed.
_SAMPLE = 5_000
_WINDOWS = {
    "end_after_search": "window_end > searched_at",
    "start_after_search": "window_start > searched_at",
    "end_before_start": "window_end < window_start",
}
# One look at the whole file.
_SUMS = {
    "ids": "count(search_id)",
    "distinct_ids": "count(DISTINCT search_id)",
    "hosts": "count(host_agency)",
    "agencies": "count(DISTINCT searcher_agency_as_printed)",
    "times": "count(searched_at)",
    "first": "min(searched_at)",
    "last": "max(searched_at)",
    "windows": "count(coalesce(window_start, window_end))",
    **{name: f"count_if({what})" for name, what in _WINDOWS.items()},
    "is_one_count": "min(networks_n) = max(networks_n)",
    **{f"filled_{name}": f"count({name})" for name in COUNTS},
    **{f"zeros_{name}": f"count_if({name} = 0)" for name in COUNTS},
}


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
    details["cells"] = {
        name: {state: int(n) for state, n in sorted(zip(CELL_STATES, counts, strict=True)) if n}
        for name, counts in log.states.items()
    }
    details["date_forms"] = dict(sorted(log.time_forms.items()))
    if log.moderation:
        details["moderation"] = dict(sorted(log.moderation.items()))
    _check_cells(log, report)
    for text in warn_of_rows(log.rows_n):
        report.warn("round-number", text)
    _check_clock(log, report)
    (row,) = table.query(f"SELECT {', '.join(_SUMS.values())} FROM log")
    sums = dict(zip(_SUMS, row, strict=True))
    _check_ids(sums, report)
    if sums["times"] >= 20 and log.midnights_n > 0.9 * sums["times"]:
        text = "Nearly all times are midnight: the column holds dates without a time of day."
        report.warn("all-midnight", text)
    _check_numbers(sums, report)
    _check_windows(sums, report)
    _check_types(table, log, report)
    _check_span(sums, report, zone)
    _check_breaks(table, log, sums, report)
    _check_reasons(len(table), log, sums, report)
    details["searcher_agencies_n"] = sums["agencies"]
    if not sums["hosts"] and len(table):
        text = "The file does not say whose log it is: say so with --reported-by."
        report.note("no-host", text, "reported_by")


def _check_cells(log: LogReader, report: Report) -> None:
    for name, (count, place, shape) in sorted(log.unread.items()):
        said = say_number(count, f"cell of {name} holds", f"cells of {name} hold")
        report.warn("unread-cells", f"{said} something else, first at {place} (like {shape!r}).")
    if log.cleaned_n:
        said = say_number(log.cleaned_n, "name of an agency", "names of agencies")
        report.warn("cleaned-names", f"{said}: characters without width or that turn the line were removed.")
    states = log.states["searched_at"]
    untimed = {
        state: states[code]
        for code, state in enumerate(CELL_STATES)
        if states[code] and code not in (VALUE, NOT_EXPORTED)
    }
    if untimed and states[VALUE]:
        said = say_number(int(sum(untimed.values())), "row prints", "rows print")
        counts = ", ".join(f"{n:,} {state}" for state, n in sorted(untimed.items()))
        report.note("no-times", f"{said} no search time ({counts}): kept, and in no span or count by day.")
    if misplaced := log.skipped.get("out-of-place"):
        said = say_number(misplaced.rows_n, "row has", "rows have")
        text = f"{said} no time where it should be: compare the header with the rows below it."
        report.warn("shifted-rows", text)


def _check_clock(log: LogReader, report: Report) -> None:
    if log.gaps_n:
        text = (
            f"Times in an hour that the clocks skipped in spring: {log.gaps_n:,}. The time zone may be "
            "another. They are read with the offset before the change."
        )
        report.warn("clock-gap", text)
    if log.folds_n:
        text = (
            f"Times in an hour that the clocks showed twice in autumn: {log.folds_n:,}. They are read as its "
            "first passing, and may be an hour later."
        )
        report.warn("clock-fold", text)
    if log.local_n and log.utc_n:
        said = say_number(log.local_n, "time prints", "times print")
        report.warn("mixed-zones", f"{said} no zone and {log.utc_n:,} do: the rows come from two layouts.")


def _check_ids(sums: dict, report: Report) -> None:
    rows_n, distinct = sums["ids"], sums["distinct_ids"]
    if rows_n:
        report.details["search_ids"] = {"rows_with_id": rows_n, "distinct": distinct}
    if distinct < rows_n:
        said = say_number(rows_n - distinct, "row repeats", "rows repeat")
        text = f"{said} the search id of another row ({distinct:,} distinct ids): count ids, not rows. "
        report.warn("repeated-ids", text + "Nothing was removed.")


def _check_numbers(sums: dict, report: Report) -> None:
    zeros = {name: sums[f"zeros_{name}"] for name in COUNTS if sums[f"filled_{name}"]}
    report.details["zeros"] = zeros
    if count := zeros.get("networks_n"):
        said = say_number(count, "row says", "rows say")
        report.note("zero-networks", f"{said} 0 networks searched: kept, but it does not mean zero.")
    if count := zeros.get("devices_n"):
        filled = sums["filled_devices_n"]
        said = f"{count:,} of {say_number(filled, 'row says', 'rows say')} 0 devices searched"
        if count >= 0.5 * filled:
            report.warn("zero-devices", f"{said}: the export fills the column with 0.")
        else:
            report.note("zero-devices", f"{said}: kept.")


def _check_windows(sums: dict, report: Report) -> None:
    if not sums["windows"]:
        return
    counts = report.details["windows"] = {name: sums[name] for name in _WINDOWS}
    said = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items() if count)
    if said:
        text = f"Time frames are the period asked for, not the time of the search: {said}. "
        report.note("odd-windows", text + "Nothing was altered.")


def _check_types(table: SearchLog, log: LogReader, report: Report) -> None:
    counts = table.count_values("search_type")
    if ANOTHER_TYPE in counts:
        counts["other"] = counts.pop(ANOTHER_TYPE)
    if counts:
        report.details["search_types"] = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    if log.other_types_n:
        said = say_number(log.other_types_n, "row has", "rows have")
        report.note("other-types", f"{said} a search type that is not known: shown as {ANOTHER_TYPE!r}.")


def _check_span(sums: dict, report: Report, zone: ZoneInfo | None) -> None:
    if sums["first"] is None:
        report.span["searches"] = [None, None]
        report.warn("no-readable-time", "No row has a readable time.")
        return
    first, last = (pd.Timestamp(sums[name]) for name in ("first", "last"))
    report.span["searches"] = [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
    report.details["span_utc"] = [f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in (first, last)]
    if zone is not None:
        start, end = (moment.tz_localize("UTC").tz_convert(zone) for moment in (first, last))
        days = {"first": f"{start:%Y-%m-%d}", "last": f"{end:%Y-%m-%d}"}
        report.details["span_local"] = {"time_zone": zone.key, **days}
        if start.minute < 15 and start.hour == 0 and zone.key != "UTC":
            text = (
                f"The file begins at midnight in {zone.key} ({first:%H:%M} UTC): it is cut by local days, so "
                "that its first and last day in UTC are parts of days."
            )
            report.note("local-days", text)
    elif first.minute < 15 and first.hour in range(4, 11):
        text = (
            f"The first search is of {first:%H:%M} UTC, which is about midnight somewhere in the United "
            "States: the file may be cut by local days. Give --time-zone to see its local dates."
        )
        report.note("local-days", text, "time_zone")


def _check_breaks(table: SearchLog, log: LogReader, sums: dict, report: Report) -> None:
    """Compare the rows before and after the days on which the vendor's export changed."""
    for known in load_format("flock")["breaks"]:
        day = known["date"]
        if not sums["times"] or not sums["first"] < pd.Timestamp(day) <= sums["last"]:
            continue
        report.note("break", f"The file spans {day}: {known['what']}. Draw no trend across that day.")
        if known["looks_at"] == "cells":
            before, after = (_list_top_states(table, day, is_late) for is_late in (False, True))
            for name in _TRACKED:
                (first, first_share), (second, second_share) = before[name], after[name]
                if first != second and min(first_share, second_share) >= 0.6:
                    text = f"Cells of {name} are mostly {first} before {day} and {second} after it."
                    report.warn("changed-cells", text)
        else:
            count, distinct = log.reasons.count_distinct(day)
            if count >= 50 and distinct[0] >= 5 * distinct[1]:
                text = (
                    f"Reasons become categories about {day}: {distinct[0]:,} distinct texts in {count:,} "
                    f"rows before, {distinct[1]:,} in as many after."
                )
                report.warn("changed-reasons", text)


def _list_top_states(table: SearchLog, day: str, is_late: bool) -> dict[str, tuple[str, float]]:
    """List for each column the most frequent state of the searches nearest to a day, and its share."""
    side, order = (">=", "ASC") if is_late else ("<", "DESC")
    rows = table.query(
        f"SELECT {', '.join(f'{name}_cell' for name in _TRACKED)} FROM log WHERE searched_at {side} "
        f"TIMESTAMP '{day}' ORDER BY searched_at {order}, row_no {order} LIMIT {_SAMPLE}"
    )
    tops = (Counter(states).most_common(1)[0] for states in zip(*rows, strict=True))
    return {name: (state, n / len(rows)) for name, (state, n) in zip(_TRACKED, tops, strict=True)}


def _check_reasons(rows_n: int, log: LogReader, sums: dict, report: Report) -> None:
    reasons = log.reasons
    is_constant = {
        "reason_text": not reasons.missing_n and reasons.distinct is not None and len(reasons.distinct) == 1,
        "networks_n": sums["filled_networks_n"] == rows_n and sums["is_one_count"],
    }
    warn_of_constants(report, rows_n, [name for name, is_so in is_constant.items() if is_so])
    if kind := reasons.find_kind():
        report.details["reason_kind"] = kind
    if kind == "labels":
        said = say_number(len(reasons.distinct), "different text")
        text = f"The reasons are labels, no free text: {said}. Count them, and search no words in them."
        report.note("reason-labels", text)
    if partial := reasons.partial_n:
        report.details["partly_redacted"] = {"reason_text": partial}
        said = say_number(partial, "reason is", "reasons are")
        report.note("partly-redacted", f"{said} redacted in part: counted as values.")
