"""What a person should know about a search log before counting in it: spans, repeats, zeros, breaks of the form."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.formats import load_format
from helpers.searches.logs import warn_of_rows
from helpers.wording import say_number
from sidedoor.ingest.log_facts import TableFacts, measure
from sidedoor.ingest.logs import LogTable
from sidedoor.ingest.report import Report, warn_of_constants

_TRACKED = (
    "search_id",
    "officer",
    "plate",
    "case_number",
    "devices_n",
    "reason_text",
    "window_start",
    "search_type",
)


def check_log(table, log: LogTable, report: Report, zone: ZoneInfo | None = None) -> None:
    """Write into the report what was noticed in a log.

    Parameters
    ----------
    table
        `searches`: a DataFrame, or a `bulk_facts.SearchesFile`.
    log
        What collected it.
    report
        Is filled in.
    zone
        Where the agency is: for local dates. None if nobody said.
    """
    details, facts = report.details, measure(table)
    details["cells"] = {name: dict(sorted(counts.items())) for name, counts in log.cells.items()}
    details["date_forms"] = dict(sorted(log.time_forms.items()))
    if log.moderation:
        details["moderation"] = dict(sorted(log.moderation.items()))
    for name, (count, place, shape) in sorted(log.unread.items()):
        report.warnings.append(
            f"{say_number(count, 'cell')} of {name} {'holds' if count == 1 else 'hold'} something else, first at {place} (like {shape!r})."
        )
    untimed = {
        state: n
        for state, n in log.cells["searched_at"].items()
        if n and state not in ("value", "not_exported")
    }
    if untimed and log.cells["searched_at"].get("value"):
        report.notes.append(
            f"{say_number(sum(untimed.values()), 'row prints', 'rows print')} no search time "
            f"({', '.join(f'{n:,} {state}' for state, n in sorted(untimed.items()))}): kept, and in no span or count by day."
        )
    misplaced = sum(part.rows_n for part in report.set_aside if "shifted" in part.reason)
    if misplaced:
        report.warnings.append(
            f"{say_number(misplaced, 'row has', 'rows have')} no time where it should be: look whether a second export was put below "
            "the first."
        )
    report.warnings += warn_of_rows(log.rows_n)
    report.warnings += _check_clock(log)
    _check_ids(facts, report)
    _check_hours(facts, report, zone)
    _check_numbers(facts, report)
    _check_windows(facts, report)
    _check_types(facts, report)
    _check_span(facts, report, zone)
    _check_breaks(facts, report)
    constant = [name for name in ("reason_text", "networks_n") if facts.is_constant(name)]
    report.warnings += warn_of_constants(len(facts), constant)
    if partial := facts.count_partial():
        details["partly_redacted"] = {"reason_text": partial}
        report.notes.append(
            f"{say_number(partial, 'reason is redacted in part and counts as a value', 'reasons are redacted in part; they count as values')}."
        )
    details["searcher_agencies_n"] = facts.count_agencies()


def _check_clock(log: LogTable) -> list[str]:
    found = []
    if log.gaps_n:
        found.append(
            f"Times in an hour that the clocks skipped in spring: {log.gaps_n:,}. The time zone may be "
            "another. They are "
            "read with the offset before the change."
        )
    if log.folds_n:
        found.append(
            f"Times in an hour that the clocks showed twice in autumn: {log.folds_n:,}. They are read as its "
            "first "
            "passing, and may be an hour later."
        )
    if log.local_n and log.utc_n:
        found.append(
            f"{say_number(log.local_n, 'time prints', 'times print')} no zone and {log.utc_n:,} do: the rows come from two forms."
        )
    return found


def _check_ids(facts: TableFacts, report: Report) -> None:
    rows_n, distinct = facts.count_ids()
    if rows_n:
        report.details["search_ids"] = {"rows_with_id": rows_n, "distinct": distinct}
        if distinct < rows_n:
            report.warnings.append(
                f"{say_number(rows_n - distinct, 'row repeats', 'rows repeat')} the search id of another row ({distinct:,} distinct "
                "ids): count ids, "
                "not rows. Nothing was removed."
            )


def _check_hours(facts: TableFacts, report: Report, zone: ZoneInfo | None) -> None:
    """Warn of times that are all midnight: the column holds dates only."""
    times_n, midnights_n = facts.count_midnights(zone)
    if times_n >= 20 and midnights_n > 0.9 * times_n:
        report.warnings.append("Nearly all times are midnight: the column holds dates without a time of day.")


def _check_numbers(facts: TableFacts, report: Report) -> None:
    counts = {name: facts.count_numbers(name) for name in ("networks_n", "devices_n")}
    zeros = {name: zeros_n for name, (filled, zeros_n) in counts.items() if filled}
    report.details["zeros"] = zeros
    if count := zeros.get("networks_n"):
        report.notes.append(
            f"{say_number(count, 'row says', 'rows say')} 0 networks searched: kept as printed, but it does not mean zero."
        )
    if count := zeros.get("devices_n"):
        filled = counts["devices_n"][0]
        if count >= 0.5 * filled:
            report.warnings.append(
                f"{count:,} of {filled:,} rows say 0 devices searched: the export fills the column with 0."
            )
        else:
            report.notes.append(
                f"{say_number(count, 'row says', 'rows say')} 0 devices searched: kept as printed."
            )


def _check_windows(facts: TableFacts, report: Report) -> None:
    counts = facts.count_windows()
    if counts is None:
        return
    report.details["windows"] = counts
    said = [f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items() if count]
    if said:
        report.notes.append(
            f"Time frames are the period asked for, not the time of the search: {', '.join(said)}. Nothing "
            "was altered."
        )


def _check_types(facts: TableFacts, report: Report) -> None:
    found = facts.count_values("search_type")
    if not found:
        return
    labels = load_format("flock")["audit"]["labels"]
    known = {label + end for label in labels["search_types"] for end in ("", labels["search_type_suffix"])}
    counts: dict[str, int] = {}
    for label, count in found.items():
        label = label if label in known else "other"
        counts[label] = counts.get(label, 0) + count
    report.details["search_types"] = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _check_span(facts: TableFacts, report: Report, zone: ZoneInfo | None) -> None:
    first, last = facts.find_span()
    if pd.isna(first):
        report.span["searches"] = [None, None]
        report.warnings.append("No row has a readable time.")
        return
    report.span["searches"] = [f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"]
    report.details["span_utc"] = [f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in (first, last)]
    if zone is not None:
        local = [moment.tz_localize("UTC").tz_convert(zone) for moment in (first, last)]
        report.details["span_local"] = {
            "time_zone": zone.key,
            "first": f"{local[0]:%Y-%m-%d}",
            "last": f"{local[1]:%Y-%m-%d}",
        }
        if _is_midnight(local[0]) and local[0].hour == 0 and zone.key != "UTC":
            report.notes.append(
                f"The file begins at midnight in {zone.key} ({first:%H:%M} UTC): it is cut by local days, so "
                "that its "
                "first and last day in UTC are parts of days."
            )
    elif _is_midnight(first) and first.hour in range(4, 11):
        report.notes.append(
            f"The first search is of {first:%H:%M} UTC, which is about midnight somewhere in the United "
            "States: the file "
            "may be cut by local days. Give --time-zone to see its local dates."
        )


def _is_midnight(moment: pd.Timestamp) -> bool:
    return moment.minute < 15


def _check_breaks(facts: TableFacts, report: Report) -> None:
    """Compare the rows before and after the days on which the vendor's form changed."""
    for known in load_format("flock")["breaks"]:
        day = pd.Timestamp(known["date"])
        if not all(facts.count_sides(day)):
            continue
        report.notes.append(
            f"The file spans {known['date']}: {known['what']}. Draw no trend across that day."
        )
        if known["looks_at"] == "cells":
            sides = facts.take_states(day, _TRACKED)
            for name in _TRACKED:
                states = [side[f"{name}_cell"] for side in sides]
                first, second = (part.mode().iloc[0] for part in states)
                share = min((part == top).mean() for part, top in zip(states, (first, second), strict=True))
                if first != second and share >= 0.6:
                    report.warnings.append(
                        f"Cells of {name} are mostly {first} before {known['date']} and {second} after it."
                    )
        else:
            _check_categories(facts, day, report)


def _check_categories(facts: TableFacts, day: pd.Timestamp, report: Report) -> None:
    """Warn if free text turned into a few categories: far fewer distinct reasons in as many rows."""
    before, after = facts.take_reasons(day)
    count = min(len(before), len(after))
    if count < 50:
        return
    distinct = [int(before.iloc[-count:].nunique()), int(after.iloc[:count].nunique())]
    if distinct[0] >= 5 * distinct[1]:
        report.warnings.append(
            f"Reasons become categories about {day:%Y-%m-%d}: {distinct[0]:,} distinct texts in {count:,} rows "
            "before, "
            f"{distinct[1]:,} in as many after."
        )


def state_dates(last: str, days: int) -> tuple[str, str]:
    """Give the first and last day of a period that ends on a day, as `YYYY-MM-DD`."""
    end = date.fromisoformat(last)
    return (end - timedelta(days=days)).isoformat(), end.isoformat()
