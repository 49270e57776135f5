"""What a person should know about a search log before counting in it: spans, repeats, zeros, changes of the
export.
"""

from collections import Counter
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.canonical import WITHHELD
from helpers.formats import load_format
from helpers.searches.logs import warn_of_rows
from sidedoor.ingest.log_table import SearchLog, quote
from sidedoor.ingest.logs import LogReader
from sidedoor.ingest.report import Report, warn_of_constants

# Reasons are labels if they are so many different ones at most, and each comes so often on the average.
_LABELS, _REPEATS = 50, 20
# One look at the whole table.
_FACTS = """SELECT count(host_agency) AS hosts_n,
    count(DISTINCT searcher_agency_as_printed) AS agencies_n,
    count(search_id) AS ids_n, count(DISTINCT search_id) AS distinct_n, ids_n - distinct_n AS repeated_n,
    count(searched_at) AS timed_n, min(searched_at) AS first, max(searched_at) AS last,
    count_if(CASE WHEN epoch_us(searched_at) % 900000000 < 1000000
        THEN timezone({}, timezone('UTC', searched_at))::TIME < '00:00:01' ELSE false END) AS midnights_n,
    timed_n = 0 AS is_timeless, timed_n >= 20 AND midnights_n > 0.9 * timed_n AS is_daily,
    count(coalesce(window_start, window_end)) AS windows_n,
    count_if(window_end > searched_at) AS end_after_search,
    count_if(window_start > searched_at) AS start_after_search,
    count_if(window_end < window_start) AS end_before_start,
    count(networks_n) AS networks_n, count_if(networks_n = 0) AS zero_networks_n,
    count(networks_n) = count(*) AND min(networks_n) = max(networks_n) AS is_one_count,
    count(devices_n) AS devices_n, count_if(devices_n = 0) AS zero_devices_n,
    count_if(search_type = '(another type)') AS other_types_n
    FROM log"""
_REASON_FACTS = """SELECT count(reason_text) AS reasons_n, approx_count_distinct(reason_text) AS labels_n,
    count_if(regexp_matches(reason_text, {})) AS partial_n FROM reasons"""
# The reasons nearest to a day on which they changed, on one side of it.
_NEAREST = """SELECT reason_text FROM reasons WHERE searched_at {} '{}' AND reason_text IS NOT NULL
    ORDER BY searched_at {order}, row_no {order} LIMIT 5000"""
_WINDOWS = ("end_after_search", "start_after_search", "end_before_start")
# What is said if a fact is not zero, by code.
_WARNINGS = {
    "cleaned-names": ("cleaned_n", "Hidden characters removed from names of agencies: {cleaned_n:,}."),
    "shifted-rows": ("shifted_n", "Rows with no time where it should be: {shifted_n:,}. Look at the header."),
    "clock-gap": ("gaps_n", "Times in an hour that the clocks skipped in spring: {gaps_n:,}. The time zone "
        "may be another. They are read with the offset before the change."),
    "clock-fold": ("folds_n", "Times in an hour that the clocks showed twice in autumn: {folds_n:,}. They "
        "are read as its first passing, and may be an hour later."),
    "mixed-zones": ("mixed_n", "Times that print no zone: {local_n:,}; times that do: {utc_n:,}. The rows "
        "come from two layouts."),
    "repeated-ids": ("repeated_n", "Rows that repeat the search id of another row: {repeated_n:,} "
        "({distinct_n:,} distinct ids). Count ids, not rows. Nothing was removed."),
    "zero-devices": ("zero_devices_n", "Rows that say 0 devices searched: {zero_devices_n:,} of "
        "{devices_n:,}. If most do, the export fills the column with 0."),
    "no-readable-time": ("is_timeless", "No row has a readable time."),
    "all-midnight": ("is_daily", "Nearly all times are midnight: the column holds days."),
}  # fmt: skip
_NOTES = {
    "no-times": ("untimed_n", "Rows that print no search time: {untimed_n:,} ({untimed}). They are kept, and "
        "in no span or count by day."),
    "zero-networks": ("zero_networks_n", "Rows that say 0 networks searched: {zero_networks_n:,}. Kept, but "
        "it does not mean zero."),
    "odd-windows": ("odd_windows", "Time frames are the period asked for, not the time of the search: "
        "{odd_windows}. Nothing was altered."),
    "other-types": ("other_types_n", "Rows of a search type that is not known: {other_types_n:,}, shown as "
        "(another type)."),
    "reason-labels": ("is_labels", "The reasons are labels, no free text: {labels_n:,} different. Count "
        "them, and search no words in them."),
    "partly-redacted": ("partial_n", "Reasons of which a part is redacted, kept as values: {partial_n:,}."),
}  # fmt: skip


def check_log(table: SearchLog, log: LogReader, report: Report, zone: ZoneInfo | None = None) -> None:
    """Write into a report what was noticed in the log that a reader read; `zone` is where the agency is, for
    local dates, if it was given.
    """
    states = _count_states(table)
    facts = _find_facts(table, log, states, zone)
    for text in warn_of_rows(log.rows_n):
        report.warn("round-number", text)
    for name, (n, place, shape) in sorted(log.unread.items()):
        said = f"Cells of {name} that hold something else: {n:,}, first at {place} (like {shape!r})."
        report.warn("unread-cells", said)
    for say, notices in ((report.warn, _WARNINGS), (report.note, _NOTES)):
        for code, (fact, text) in notices.items():
            if facts[fact]:
                say(code, text.format(**facts))
    constant = {"reason_text": facts["is_one_reason"], "networks_n": facts["is_one_count"]}
    warn_of_constants(report, len(table), [name for name, is_so in constant.items() if is_so])
    _fill_details(table, log, states, facts, report.details)
    _describe_span(facts["first"], facts["last"], report, zone)
    if facts["timed_n"]:
        _check_breaks(table, f"{facts['first']}", f"{facts['last']}", report)
    if not facts["hosts_n"] and len(table):
        text = "The file does not say whose log it is: say so with --reported-by."
        report.note("no-host", text, "reported_by")


def _count_states(table: SearchLog, where: str = "true") -> dict[str, dict[str, int]]:
    """Count the states of the cells of each field."""
    states = {name: Counter() for name in WITHHELD}
    cells = ", ".join(f"{name}_cell" for name in WITHHELD)
    for *row, n in table.query(f"SELECT {cells}, count(*) FROM log WHERE {where} GROUP BY ALL"):
        for name, state in zip(WITHHELD, row, strict=True):
            states[name][state] += n
    return {name: dict(sorted(counts.items())) for name, counts in states.items()}


def _find_facts(table: SearchLog, log: LogReader, states: dict, zone: ZoneInfo | None) -> dict:
    """Find what the texts of notices rest on."""
    facts = table.fetch(_FACTS.format(quote(zone.key if zone else "UTC")))
    facts |= table.fetch(_REASON_FACTS.format(quote(load_format("cells")["partial"])))
    if facts["labels_n"] <= 2 * _LABELS:  # it is about right: few texts are counted exactly
        facts |= table.fetch("SELECT count(DISTINCT reason_text) AS labels_n FROM reasons")
    reasons_n, labels_n, times = facts["reasons_n"], facts["labels_n"], states["searched_at"].items()
    untimed = {state: n for state, n in times if state not in ("value", "not_exported")}
    odd = ((name, facts[name]) for name in _WINDOWS)
    return facts | {
        "cleaned_n": log.cleaned_n, "gaps_n": log.gaps_n, "folds_n": log.folds_n,
        "shifted_n": log.count_skipped("out-of-place"),
        "local_n": log.local_n, "utc_n": log.utc_n, "mixed_n": min(log.local_n, log.utc_n),
        "untimed_n": sum(untimed.values()) if facts["timed_n"] else 0,
        "untimed": ", ".join(f"{n:,} {state}" for state, n in untimed.items()),
        "odd_windows": ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in odd if n),
        "is_labels": 0 < labels_n <= _LABELS and labels_n * _REPEATS <= reasons_n,
        "is_one_reason": labels_n == 1 and reasons_n == len(table),
    }  # fmt: skip


def _fill_details(table: SearchLog, log: LogReader, states: dict, facts: dict, details: dict) -> None:
    details |= {"cells": states, "searcher_agencies_n": facts["agencies_n"]}
    details["zeros"] = {name: facts[f"zero_{name}"] for name in ("networks_n", "devices_n") if facts[name]}
    if log.moderation:
        details["moderation"] = dict(sorted(log.moderation.items()))
    if facts["ids_n"]:
        details["search_ids"] = {"rows_with_id": facts["ids_n"], "distinct": facts["distinct_n"]}
    if facts["windows_n"]:
        details["windows"] = {name: facts[name] or 0 for name in _WINDOWS}
    if types := table.count_values("search_type"):
        details["search_types"] = types
    if facts["reasons_n"]:
        details["reason_kind"] = "labels" if facts["is_labels"] else "free_text"
    if facts["partial_n"]:
        details["partly_redacted"] = {"reason_text": facts["partial_n"]}


def _describe_span(first, last, report: Report, zone: ZoneInfo | None) -> None:
    """Say from when to when the log is, and whether it is cut by local days."""
    if first is None:
        report.span["searches"] = [None, None]
        return
    report.span["searches"] = [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
    report.details["span_utc"] = [f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in (first, last)]
    if zone is not None:
        start, end = (pd.Timestamp(moment, tz="UTC").tz_convert(zone) for moment in (first, last))
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


def _check_breaks(table: SearchLog, first: str, last: str, report: Report) -> None:
    """Compare the rows before and after the days on which the vendor's export changed."""
    for known in load_format("flock")["breaks"]:
        day = known["date"]
        if not first < day <= last:
            continue
        report.note("break", f"The file spans {day}: {known['what']}. Draw no trend across that day.")
        if known["looks_at"] == "cells":
            before, after = (_count_states(table, f"searched_at {sign} '{day}'") for sign in ("<", ">="))
            for name in WITHHELD:
                one, other = _find_main(before[name]), _find_main(after[name])
                if one and other and one != other:
                    text = f"Cells of {name} are mostly {one} before {day} and {other} after it."
                    report.warn("changed-cells", text)
        else:
            before, after = (
                table.query(_NEAREST.format(sign, day, order=order))
                for sign, order in (("<", "DESC"), (">=", "ASC"))
            )
            n = min(len(before), len(after))
            one, other = len(set(before[:n])), len(set(after[:n]))
            if n >= 50 and one >= 5 * other:
                text = (
                    f"Reasons become categories about {day}: {one:,} distinct texts in {n:,} rows before, "
                    f"{other:,} in as many after."
                )
                report.warn("changed-reasons", text)


def _find_main(states: dict[str, int]) -> str | None:
    """Return the state of most cells, if they are clearly most."""
    return next((state for state, n in states.items() if n >= 0.6 * sum(states.values())), None)
