"""What only a person can say of a file: found all at once, with something standing in for the answers meanwhile."""

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from helpers.errors import IngestError
from sidedoor.ingest.report import Reading, Report
from sidedoor.ingest.source import ReadOptions, Source


@dataclass(frozen=True)
class Question:
    """An option that a reader may demand: how it asks, what stands in for the answer, how it is typed, and an example."""

    sign: str
    stand_in: str | bool
    typed: str
    example: str


QUESTIONS = {
    "reported_by": Question(
        r"--reported-by|\(reported_by\)",
        "Agency not yet named",
        "--reported-by 'AGENCY'",
        '"Exampleton ZZ PD"',
    ),
    "as_of": Question(r"--as-of|\(as_of\)", "2000-01-01", "--as-of YYYY-MM-DD", '"2025-12-31"'),
    "time_zone": Question(r"--time-zone|\(time_zone\)", "UTC", "--time-zone ZONE", '"America/Los_Angeles"'),
    "section": Question(
        r"--section\b|\(section\)", "detections_shared", "--section SECTION", '"detections_shared"'
    ),
    "measure": Question(r"--measure\b|\(measure\)", "detections", "--measure MEASURE", '"searches"'),
    "day_first": Question(r"--day-first|--month-first", True, "(--month-first or --day-first)", "false"),
}
# What a report says of an answer; of one that stands in it may not be repeated.
_SAID = {
    "reported_by": "Agency not yet named",
    "as_of": "2000-01-01",
    "day_first": "comes first in dates, as given",
}


def read_asking(read: Callable[..., Reading], source: Source, options: ReadOptions) -> Reading:
    """Read a file as far as it goes without what only a person knows; `read` is `files.read_source`.

    Returns
    -------
    Reading. `details["needed"]` of its report holds each option that is missing, with the reader's hint; the tables were
    then read with stand-ins and are for counting only, and no span or remark that rests on one is left in the report: where
    the order of day and month is open, a span stays if it is the same either way.

    Raises
    ------
    IngestError
        No reader can read the file.
    """
    needed: dict[str, str] = {}
    given = [name for name in QUESTIONS if getattr(options, name) is not None]
    folder = source.work
    while True:
        if folder:  # a large log spills into a folder of its own at each attempt
            source.work = folder / str(len(needed))
            source.work.mkdir()
        reading = read(source, options, is_tolerant=True)
        refused = reading.report.details.get("refused")
        asked = find_question(refused["way_out"], [*given, *needed]) if refused else None
        if asked is None:
            break
        needed[asked] = f"{refused['found']}. {refused['way_out']}"
        options = replace(options, **{asked: QUESTIONS[asked].stand_in})
    if needed:
        _forget_stand_ins(reading.report, needed)
        if "day_first" in needed and not refused:
            if folder:
                source.work = folder / "other-order"
                source.work.mkdir()
            other = read(source, replace(options, day_first=not options.day_first), is_tolerant=True).report
            spans = reading.report.span.items()
            reading.report.span = {name: days for name, days in spans if other.span.get(name) == days}
        reading.report.details["needed"] = {name: needed[name] for name in QUESTIONS if name in needed}
    return reading


def ask_for_all(
    error: IngestError, read: Callable[..., Reading], source: Source, options: ReadOptions
) -> IngestError:
    """Make of an error that asks for one option one that asks for all that are missing; any other stays as it is."""
    if find_question(error.way_out) is None:
        return error
    reading = read_asking(read, source, options)
    needed = reading.report.details.get("needed", {})
    if len(needed) < 2:
        return error
    hints = [f"({number}) {hint}" for number, hint in enumerate(needed.values(), 1)]
    return IngestError(
        source.name, f"{len(needed)} things are missing that only you can know", " ".join(hints)
    )


def list_questions(text: str) -> list[str]:
    """List the options that a text asks for."""
    return [name for name, one in QUESTIONS.items() if re.search(one.sign, text)]


def find_question(text: str, known: Iterable[str] = ()) -> str | None:
    """Find the option that a text asks for, other than those known."""
    return next(
        (name for name, one in QUESTIONS.items() if name not in known and re.search(one.sign, text)), None
    )


def _forget_stand_ins(report: Report, needed: Iterable[str]) -> None:
    said = [_SAID[name] for name in needed if name in _SAID]
    report.warnings = [text for text in report.warnings if not any(part in text for part in said)]
    report.notes = [text for text in report.notes if not any(part in text for part in said)]
    stand_in = QUESTIONS["as_of"].stand_in
    if "as_of" in needed:
        report.span = {name: days for name, days in report.span.items() if stand_in not in days}
    if {"time_zone", "day_first"} & set(needed):
        report.details.pop("span_utc", None)
        report.details.pop("span_local", None)
    if "time_zone" in needed:
        report.time_zone = "as printed, zone not known"


def write_command(path: str, options: ReadOptions | None, needed: Iterable[str]) -> str:
    """Write the command to type next, with what was given and a place for what is needed."""
    told = []
    if options:
        flags = {
            "time_zone": "--time-zone",
            "as_of": "--as-of",
            "reported_by": "--reported-by",
            "section": "--section",
            "measure": "--measure",
            "mapping": "--mapping",
        }
        told = [
            f"{flag} {shlex.quote(str(getattr(options, name)))}"
            for name, flag in flags.items()
            if getattr(options, name)
        ]
        if options.day_first is not None:
            told.append("--day-first" if options.day_first else "--month-first")
    told += [QUESTIONS[name].typed for name in needed]
    return " ".join(["sidedoor ingest", shlex.quote(path), *told, "--out DIR"])
