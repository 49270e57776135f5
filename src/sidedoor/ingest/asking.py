"""Collect the options that the user must supply: all at once, with stand-ins for the answers meanwhile."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from helpers.errors import IngestError
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import ReadOptions, Source


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


def read_asking(read: Callable[..., Reading], source: Source, options: ReadOptions) -> Reading:
    """Read a file as far as it goes without what only a person knows; `read` is `files.read_source`.

    Returns
    -------
    Reading. `details["needed"]` of its report holds each option that is missing, with the reader's hint; the
    tables were
    then read with stand-ins and are for counting only, and no span or remark that rests on one is left in
    the report: where
    the order of day and month is open, a span stays if it is the same either way.

    Raises
    ------
    IngestError
        No reader can read the file.
    """
    needed: dict[str, str] = {}
    folder = source.work

    def read_again(name: str, options: ReadOptions) -> Reading:
        source.work = folder / name  # each attempt writes its table into a folder of its own
        source.work.mkdir()
        return read(source, options, is_tolerant=True)

    while True:
        reading = read_again(f"attempt-{len(needed)}", options)
        refused = reading.report.details.get("refused")
        asked = [name for name in refused["asks_for"] if name not in needed] if refused else []
        if not asked:
            break
        needed |= dict.fromkeys(asked, f"{refused['found']}. {refused['way_out']}")
        options = replace(options, **{name: QUESTIONS[name].stand_in for name in asked})
    if needed:
        _forget_stand_ins(reading.report, needed)
        if "day_first" in needed and not refused:
            other = read_again("other-order", replace(options, day_first=not options.day_first)).report
            spans = reading.report.span.items()
            reading.report.span = {name: days for name, days in spans if other.span.get(name) == days}
        reading.report.details["needed"] = {name: needed[name] for name in QUESTIONS if name in needed}
    return reading


def ask_for_all(
    error: IngestError, read: Callable[..., Reading], source: Source, options: ReadOptions
) -> IngestError:
    """Make of an error that asks for one option one that asks for all that are missing; any other stays as it
    is.
    """
    if not error.asks_for:
        return error
    needed = read_asking(read, source, options).report.details.get("needed", {})
    if len(needed) < 2:
        return error
    hints = [f"({number}) {hint}" for number, hint in enumerate(needed.values(), 1)]
    found = f"{len(needed)} things are missing that only you can know"
    return IngestError(source.name, found, " ".join(hints), code="options-missing", asks_for=needed)


def _forget_stand_ins(report: Report, needed: Iterable[str]) -> None:
    said = {_SAID.get(name) for name in needed}
    stand_in = QUESTIONS["reported_by"].stand_in if "reported_by" in needed else None

    def keep(texts: list) -> list:
        return [
            text
            for text in texts
            if getattr(text, "code", "") not in said and not (stand_in and stand_in in text)
        ]

    report.warnings, report.notes = keep(report.warnings), keep(report.notes)
    day = QUESTIONS["as_of"].stand_in
    if "as_of" in needed:
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
