"""The options that only the user can supply: how each is asked for, and what stands in for it meanwhile."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from sidedoor.ingest.report import Report
from sidedoor.ingest.source import ReadOptions


@dataclass(frozen=True)
class Question:
    """An option that a reader may ask for: what stands in for the answer, how it is typed, and an example for
    TOML.
    """

    stand_in: str | bool
    typed: str
    example: str


QUESTIONS = {
    "reported_by": Question("Agency not yet named PD", "--reported-by 'AGENCY'", '"Exampleton ZZ PD"'),
    "as_of": Question("2000-01-01", "--as-of YYYY-MM-DD", '"2025-12-31"'),
    "time_zone": Question("UTC", "--time-zone ZONE", '"America/Los_Angeles"'),
    "section": Question("detections_shared", "--section SECTION", '"detections_shared"'),
    "measure": Question("detections", "--measure MEASURE", '"searches"'),
    "day_first": Question(True, "(--month-first or --day-first)", "false"),
    "confirm_agencies": Question(True, "(--confirm-agencies)", "true"),
}
# Notices that would repeat a stand-in.
_SAID = {"day_first": "day-order", "as_of": "as-of-given"}


def forget_stand_ins(report: Report, needed: Iterable[str]) -> None:
    """Remove from a report what rests on answers that stand in for those of the person."""
    codes = {_SAID[name] for name in needed if name in _SAID}
    stand_ins = {name: QUESTIONS[name].stand_in for name in needed}
    agency, day = (stand_ins.get(name, "\0") for name in ("reported_by", "as_of"))
    for notices in (report.warnings, report.notes):
        notices[:] = [
            text for text in notices if getattr(text, "code", "") not in codes and agency not in text
        ]
    report.span = {name: days for name, days in report.span.items() if day not in days}
    if {"time_zone", "day_first"} & set(needed):
        report.details.pop("span_utc", None)
        report.details.pop("span_local", None)
    if "time_zone" in needed:
        report.time_zone = "as printed, zone not known"


_FLAGS = ("time_zone", "as_of", "reported_by", "section", "measure", "mapping")


def write_command(path: str, options: ReadOptions | None, needed: Iterable[str]) -> str:
    """Write the command to type next, with what was given and a place for what is needed."""
    given = []
    if options:
        for name in _FLAGS:
            if value := getattr(options, name):
                given.append(f"--{name.replace('_', '-')} {shlex.quote(str(value))}")
        if options.day_first is not None:
            given.append("--day-first" if options.day_first else "--month-first")
        if options.confirm_agencies:
            given.append("--confirm-agencies")
    given += [QUESTIONS[name].typed for name in needed if name != "confirm_agencies"]
    return " ".join(["sidedoor ingest", shlex.quote(path), *given, "--out DIR"])
