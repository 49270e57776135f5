"""What a person should know about a search log before counting in it: spans, repeats, zeros, changes of the
export.
"""

from collections import Counter
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.canonical import CELL_STATES
from helpers.formats import load_format
from helpers.searches.logs import warn_of_rows
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
_WARNINGS = {
    "unread-cells": "Cells of {name} that hold something else: {n:,}, first at {place} (like {shape!r}).",
    "cleaned-names": "Names of agencies from which characters without width or that turn the line were "
    "removed: {n:,}.",
    "shifted-rows": "Rows with no time where it should be: {n:,}. Compare the header with the rows below it.",
    "clock-gap": "Times in an hour that the clocks skipped in spring: {n:,}. The time zone may be another. "
    "They are read with the offset before the change.",
    "clock-fold": "Times in an hour that the clocks showed twice in autumn: {n:,}. They are read as its "
    "first passing, and may be an hour later.",
    "mixed-zones": "Times that print no zone: {local:,}; times that do: {utc:,}. The rows come from two "
    "layouts.",
    "repeated-ids": "Rows that repeat the search id of another row: {n:,} ({distinct:,} distinct ids). Count "
    "ids, not rows. Nothing was removed.",
    "all-midnight": "Nearly all times are midnight: the column holds dates without a time of day.",
    "no-readable-time": "No row has a readable time.",
    "changed-cells": "Cells of {name} are mostly {first} before {day} and {second} after it.",
    "changed-reasons": "Reasons become categories about {day}: {first:,} distinct texts in {n:,} rows "
    "before, {second:,} in as many after.",
}
_NOTES = {
    "no-times": "Rows that print no search time: {n:,} ({states}). They are kept, and in no span or count by "
    "day.",
    "zero-networks": "Rows that say 0 networks searched: {n:,}. Kept, but it does not mean zero.",
    "odd-windows": "Time frames are the period asked for, not the time of the search: {counts}. Nothing was "
    "altered.",
    "other-types": "Rows of a search type that is not known: {n:,}, shown as {shown!r}.",
    "local-days": "The file begins at midnight in {zone} ({time:%H:%M} UTC): it is cut by local days, so "
    "that its first and last day in UTC are parts of days.",
    "break": "The file spans {day}: {what}. Draw no trend across that day.",
    "reason-labels": "The reasons are labels, no free text: {n:,} different. Count them, and search no words "
    "in them.",
    "partly-redacted": "Reasons of which a part is redacted: {n:,}. They count as values.",
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
    (row,) = table.query(f"SELECT {', '.join(_SUMS.values())} FROM log")
    sums = dict(zip(_SUMS, row, strict=True))
    for text in warn_of_rows(log.rows_n):
        report.warn("round-number", text)
    _check_cells(log, report)
    _check_counts(table, log, sums, report)
    _check_span(log, sums, report, zone)
    _check_breaks(table, log, sums, report)
    _check_reasons(len(table), log, sums, report)
    if not sums["hosts"] and len(table):
        text = "The file does not say whose log it is: say so with --reported-by."
        report.note("no-host", text, "reported_by")


def _warn(report: Report, code: str, **values) -> None:
    report.warn(code, _WARNINGS[code].format(**values))


def _note(report: Report, code: str, **values) -> None:
    report.note(code, _NOTES[code].format(**values))


def _check_cells(log: LogReader, report: Report) -> None:
    details = report.details
    states = {
        name: {state: int(n) for state, n in sorted(zip(CELL_STATES, counts, strict=True)) if n}
        for name, counts in log.states.items()
    }
    details["cells"] = states
    details["date_forms"] = dict(sorted(log.time_forms.items()))
    if log.moderation:
        details["moderation"] = dict(sorted(log.moderation.items()))
    for name, (count, place, shape) in sorted(log.unread.items()):
        _warn(report, "unread-cells", name=name, n=count, place=place, shape=shape)
    timed = dict(states["searched_at"])
    has_times = timed.pop(CELL_STATES[VALUE], 0)
    timed.pop(CELL_STATES[NOT_EXPORTED], 0)
    if timed and has_times:
        shown = ", ".join(f"{n:,} {state}" for state, n in timed.items())
        _note(report, "no-times", n=sum(timed.values()), states=shown)
    misplaced = log.skipped.get("out-of-place")
    for code, count in (
        ("cleaned-names", log.cleaned_n),
        ("shifted-rows", misplaced.rows_n if misplaced else 0),
        ("clock-gap", log.gaps_n),
        ("clock-fold", log.folds_n),
    ):
        if count:
            _warn(report, code, n=count)
    if log.local_n and log.utc_n:
        _warn(report, "mixed-zones", local=log.local_n, utc=log.utc_n)
    if log.other_types_n:
        _note(report, "other-types", n=log.other_types_n, shown=ANOTHER_TYPE)


def _check_counts(table: SearchLog, log: LogReader, sums: dict, report: Report) -> None:
    details, ids_n, distinct = report.details, sums["ids"], sums["distinct_ids"]
    details["searcher_agencies_n"] = sums["agencies"]
    if ids_n:
        details["search_ids"] = {"rows_with_id": ids_n, "distinct": distinct}
    if distinct < ids_n:
        _warn(report, "repeated-ids", n=ids_n - distinct, distinct=distinct)
    zeros = {name: sums[f"zeros_{name}"] for name in COUNTS if sums[f"filled_{name}"]}
    details["zeros"] = zeros
    if count := zeros.get("networks_n"):
        _note(report, "zero-networks", n=count)
    if count := zeros.get("devices_n"):
        text = f"Rows that say 0 devices searched: {count:,} of {sums['filled_devices_n']:,}. "
        if count >= 0.5 * sums["filled_devices_n"]:
            report.warn("zero-devices", text + "The export fills the column with 0.")
        else:
            report.note("zero-devices", text + "Kept.")
    if sums["windows"]:
        counts = details["windows"] = {name: sums[name] for name in _WINDOWS}
        said = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items() if count)
        if said:
            _note(report, "odd-windows", counts=said)
    types = table.count_values("search_type")
    if ANOTHER_TYPE in types:
        types["other"] = types.pop(ANOTHER_TYPE)
    if types:
        details["search_types"] = dict(sorted(types.items(), key=lambda pair: (-pair[1], pair[0])))


def _check_span(log: LogReader, sums: dict, report: Report, zone: ZoneInfo | None) -> None:
    if sums["first"] is None:
        report.span["searches"] = [None, None]
        _warn(report, "no-readable-time")
        return
    if sums["times"] >= 20 and log.midnights_n > 0.9 * sums["times"]:
        _warn(report, "all-midnight")
    first, last = (pd.Timestamp(sums[name]) for name in ("first", "last"))
    report.span["searches"] = [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
    report.details["span_utc"] = [f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in (first, last)]
    if zone is not None:
        start, end = (moment.tz_localize("UTC").tz_convert(zone) for moment in (first, last))
        days = {"first": f"{start:%Y-%m-%d}", "last": f"{end:%Y-%m-%d}"}
        report.details["span_local"] = {"time_zone": zone.key, **days}
        if start.minute < 15 and start.hour == 0 and zone.key != "UTC":
            _note(report, "local-days", zone=zone.key, time=first)
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
        _note(report, "break", day=day, what=known["what"])
        if known["looks_at"] == "cells":
            before, after = (_list_top_states(table, day, is_late) for is_late in (False, True))
            for name in _TRACKED:
                (first, first_share), (second, second_share) = before[name], after[name]
                if first != second and min(first_share, second_share) >= 0.6:
                    _warn(report, "changed-cells", name=name, day=day, first=first, second=second)
        else:
            count, (first, second) = log.reasons.count_distinct(day)
            if count >= 50 and first >= 5 * second:
                _warn(report, "changed-reasons", day=day, n=count, first=first, second=second)


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
    reasons, kind = log.reasons, log.reasons.find_kind()
    is_constant = {
        "reason_text": not reasons.missing_n and reasons.distinct is not None and len(reasons.distinct) == 1,
        "networks_n": sums["filled_networks_n"] == rows_n and sums["is_one_count"],
    }
    warn_of_constants(report, rows_n, [name for name, is_so in is_constant.items() if is_so])
    if kind:
        report.details["reason_kind"] = kind
    if kind == "labels":
        _note(report, "reason-labels", n=len(reasons.distinct))
    if reasons.partial_n:
        report.details["partly_redacted"] = {"reason_text": reasons.partial_n}
        _note(report, "partly-redacted", n=reasons.partial_n)
