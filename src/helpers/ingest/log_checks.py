"""What a person should know about a search log before counting in it: spans, repeats, zeros, breaks of the form."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from .formats import load_format
from .logs import LogTable, count_partial
from .report import Report, warn_of_constants, warn_of_rows

_SAMPLE = 5_000
_TRACKED = (
    "search_id", "officer", "plate", "case_number", "devices_n", "reason_text", "window_start", "search_type"
)


def check_log(table: pd.DataFrame, log: LogTable, report: Report, zone: ZoneInfo | None = None) -> None:
    """Write into the report what was noticed in a log.

    Parameters
    ----------
    table
        `searches`.
    log
        What collected it.
    report
        Is filled in.
    zone
        Where the agency is: for local dates. None if nobody said.
    """
    details = report.details
    details["cells"] = {name: dict(sorted(counts.items())) for name, counts in log.cells.items()}
    details["date_forms"] = dict(log.time_forms)
    if log.moderation:
        details["moderation"] = log.moderation
    for name, (count, place, shape) in log.unread.items():
        report.warnings.append(
            f"{count:,} cells of {name} hold something else, first at {place} (like {shape!r})."
        )
    misplaced = sum(part.rows_n for part in report.set_aside if "shifted" in part.reason)
    if misplaced:
        report.warnings.append(
            f"{misplaced:,} rows have no time where it should be: look whether a second export was put below "
            "the first."
        )
    report.warnings += warn_of_rows(log.rows_n)
    report.warnings += _check_clock(log)
    _check_ids(table, report)
    _check_hours(table, report, zone)
    _check_numbers(table, report)
    _check_windows(table, report)
    _check_types(table, report)
    _check_span(table, report, zone)
    _check_breaks(table, report)
    report.warnings += warn_of_constants(
        table, [name for name in ("reason_text", "networks_n") if table[name].notna().any()]
    )
    if partial := count_partial(table):
        details["partly_redacted"] = {"reason_text": partial}
        report.notes.append(f"{partial:,} reasons are redacted in part; they count as values.")
    agencies = int(table["searcher_agency_as_printed"].nunique())
    details["searcher_agencies_n"] = agencies


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
            f"{log.local_n:,} times print no zone and {log.utc_n:,} do: the rows come from two forms."
        )
    return found


def _check_ids(table: pd.DataFrame, report: Report) -> None:
    ids = table["search_id"].dropna()
    if len(ids):
        distinct = int(ids.nunique())
        report.details["search_ids"] = {"rows_with_id": len(ids), "distinct": distinct}
        if distinct < len(ids):
            report.warnings.append(
                f"{len(ids) - distinct:,} rows repeat the search id of another row ({distinct:,} distinct "
                "ids): count ids, "
                "not rows. Nothing was removed."
            )


def _check_hours(table: pd.DataFrame, report: Report, zone: ZoneInfo | None) -> None:
    """Warn of times that are all midnight: the column holds dates only."""
    times = table["searched_at"].dropna()
    if len(times) >= 20:
        shown = times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone is not None else times
        if ((shown.dt.hour == 0) & (shown.dt.minute == 0) & (shown.dt.second == 0)).mean() > 0.9:
            report.warnings.append(
                "Nearly all times are midnight: the column holds dates without a time of day."
            )


def _check_numbers(table: pd.DataFrame, report: Report) -> None:
    zeros = {
        name: int((table[name] == 0).sum())
        for name in ("networks_n", "devices_n")
        if table[name].notna().any()
    }
    report.details["zeros"] = zeros
    if count := zeros.get("networks_n"):
        report.notes.append(
            f"{count:,} rows say 0 networks searched: kept as printed, but it does not mean zero."
        )
    if count := zeros.get("devices_n"):
        filled = int(table["devices_n"].notna().sum())
        if count >= 0.5 * filled:
            report.warnings.append(
                f"{count:,} of {filled:,} rows say 0 devices searched: the export fills the column with 0."
            )
        else:
            report.notes.append(f"{count:,} rows say 0 devices searched: kept as printed.")


def _check_windows(table: pd.DataFrame, report: Report) -> None:
    start, end, asked = table["window_start"], table["window_end"], table["searched_at"]
    if not (start.notna().any() or end.notna().any()):
        return
    counts = {
        "end_after_search": int((end > asked).sum()),
        "start_after_search": int((start > asked).sum()),
        "end_before_start": int((end < start).sum()),
    }
    report.details["windows"] = counts
    said = [f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items() if count]
    if said:
        report.notes.append(
            f"Time frames are the period asked for, not the time of the search: {', '.join(said)}. Nothing "
            "was altered."
        )


def _check_types(table: pd.DataFrame, report: Report) -> None:
    if not table["search_type"].notna().any():
        return
    labels = load_format("flock")["audit"]["labels"]
    known = {label + end for label in labels["search_types"] for end in ("", labels["search_type_suffix"])}
    counts: dict[str, int] = {}
    for label, count in table["search_type"].value_counts().items():
        label = label if label in known else "other"
        counts[label] = counts.get(label, 0) + int(count)
    report.details["search_types"] = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _check_span(table: pd.DataFrame, report: Report, zone: ZoneInfo | None) -> None:
    first, last = table["searched_at"].min(), table["searched_at"].max()
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


def _check_breaks(table: pd.DataFrame, report: Report) -> None:
    """Compare the rows before and after the days on which the vendor's form changed."""
    when = table["searched_at"]
    for known in load_format("flock")["breaks"]:
        day = pd.Timestamp(known["date"])
        before, after = (when < day).to_numpy(), (when >= day).to_numpy()
        if not (before.any() and after.any()):
            continue
        report.notes.append(
            f"The file spans {known['date']}: {known['what']}. Draw no trend across that day."
        )
        if known["looks_at"] == "cells":
            near_before, near_after = _take_near(when, before, last=True), _take_near(when, after, last=False)
            for name in _TRACKED:
                states = table[f"{name}_cell"]
                first, second = (states.iloc[rows].mode().iloc[0] for rows in (near_before, near_after))
                share = min(
                    (states.iloc[rows] == top).mean()
                    for rows, top in ((near_before, first), (near_after, second))
                )
                if first != second and share >= 0.6:
                    report.warnings.append(
                        f"Cells of {name} are mostly {first} before {known['date']} and {second} after it."
                    )
        else:
            _check_categories(table, known["date"], before, after, report)


def _take_near(when: pd.Series, rows: np.ndarray, *, last: bool) -> np.ndarray:
    found = np.flatnonzero(rows)
    found = found[np.argsort(when.to_numpy()[found], kind="stable")]
    return found[-_SAMPLE:] if last else found[:_SAMPLE]


def _check_categories(
    table: pd.DataFrame, day: str, before: np.ndarray, after: np.ndarray, report: Report
) -> None:
    """Warn if free text turned into a few categories: far fewer distinct reasons in as many rows."""
    reasons, has = table["reason_text"], table["reason_text"].notna().to_numpy()
    near = [
        _take_near(table["searched_at"], rows & has, last=last)
        for rows, last in ((before, True), (after, False))
    ]
    count = min(map(len, near))
    if count < 50:
        return
    distinct = [int(reasons.iloc[rows].nunique()) for rows in (near[0][-count:], near[1][:count])]
    if distinct[0] >= 5 * distinct[1]:
        report.warnings.append(
            f"Reasons become categories about {day}: {distinct[0]:,} distinct texts in {count:,} rows "
            "before, "
            f"{distinct[1]:,} in as many after."
        )


def state_dates(last: str, days: int) -> tuple[str, str]:
    """Give the first and last day of a period that ends on a day, as `YYYY-MM-DD`."""
    end = date.fromisoformat(last)
    return (end - timedelta(days=days)).isoformat(), end.isoformat()
