"""The `sidedoor` command: reads what is typed, calls the module that does it, prints what came of it."""

import functools
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Literal

import typer

from helpers import __version__
from helpers.errors import ParameterError, SideDoorError, escape_controls
from helpers.wording import say_number
from sidedoor.progress import Progress, shorten_path

try:
    from helpers import paths
except FileNotFoundError as error:
    print(f"sidedoor: {error}", file=sys.stderr)
    sys.exit(2)

app = typer.Typer(
    name="sidedoor",
    help="Notebooks about license plate reader (ALPR) data: who shares it, and how ICE gets it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _option(kind, names: str, text: str, **more):
    """Return the annotation of an option."""
    return Annotated[kind, typer.Option(*names.split(), help=text, **more)]


def _argument(kind, text: str, metavar: str | None = None):
    """Return the annotation of an argument."""
    return Annotated[kind, typer.Argument(help=text, metavar=metavar, show_default=False)]


EDITION = "An edition file (TOML), or the name of one in notebooks/editions"
EditionOption = _option(str, "--edition", f"{EDITION}.")
LastEditionOption = _option(str | None, "--edition", f"{EDITION}; without it, the one run last.")
TimeoutOption = _option(int, "--timeout", "Longest time of one cell, in seconds.", min=1)
MemoryOption = _option(float, "--memory", "Memory that one notebook may use, in GiB.", min=0.5, max=4096)
WorkersOption = _option(int, "--workers", "How many notebooks run at a time.", min=1, max=16)
ValueOption = _option(
    list[str] | None,
    "-p --parameter",
    "A value of your own for one notebook; the result goes to runs/by-hand.",
    metavar="NAME=VALUE",
)
OutOption = _option(Path, "--out", "A new folder, or that of an earlier run of this command.", metavar="DIR")
FileArgument = _argument(Path, "A record as the agency released it: PDF, XLSX, CSV, text, page.", "FILE")
# What only the person who has a file can say: the fields of `ReadOptions` that `inspect` and `ingest` take.
_READING = {
    "time_zone": _option(
        str | None, "--time-zone", "Zone of times without one, such as America/Los_Angeles."
    ),
    "as_of": _option(str | None, "--as-of", "Date of a list without one, YYYY-MM-DD."),
    "reported_by": _option(str | None, "--reported-by", "Agency whose list or log it is."),
    "section": _option(str | None, "--section", "Direction of a list: detections_shared, for example."),
    "measure": _option(str | None, "--measure", "What figures by month count: searches, for example."),
    "mapping": _option(Path | None, "--mapping", "A TOML file that says what the columns of a file mean."),
    "day_first": _option(bool | None, "--day-first/--month-first", "How to read 03/04/2025."),
    "confirm_agencies": _option(
        bool | None, "--confirm-agencies", "You have looked: every name in the column is an agency's."
    ),
    "ocr": _option(bool, "--ocr", "Let ocrmypdf read the pages of a scan."),
}
_COMMANDS = "list run new site reproduce refresh verify lock inspect ingest simulate scan fetch".split()
_MENTION = re.compile(rf"(?<![\w/.-])sidedoor (?=(?:{'|'.join(_COMMANDS)})\b)")


def spell_command() -> str:
    """Return the command as it must be typed: its name, `.venv/bin/sidedoor`, `python -m sidedoor.cli`."""
    typed = Path(sys.argv[0])
    if typed.suffix == ".py":
        return f"{_quote(Path(sys.executable))} -m sidedoor.cli"
    found = shutil.which("sidedoor")
    is_found = found is not None and typed.exists() and Path(found).resolve() == typed.resolve()
    return "sidedoor" if is_found else _quote(typed)


def show(text: str, file=None) -> None:
    """Print a text for a person: commands in it as they must be typed, and nothing that a terminal obeys."""
    command = spell_command()
    print(escape_controls(_MENTION.sub(lambda _: f"{command} ", text)), file=file or sys.stdout, flush=True)


def _quote(path: Path) -> str:
    return shlex.quote(shorten_path(path))


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"sidedoor {__version__}")
        raise typer.Exit()


@app.callback()
def _start(
    version: _option(
        bool, "--version", "Show the version and exit.", callback=_show_version, is_eager=True
    ) = False,
) -> None:
    pass


@app.command(name="list")
def list_all() -> None:
    """List the notebooks with their parameters."""
    from sidedoor.run.notebooks import list_notebooks, load_notebook

    for path in list_notebooks():
        book = load_notebook(path)
        show(f"{book.number}  {book.title}")
        if book.question:
            show(f"    {book.question}")
        for one in book.parameters.values():
            unit = f" [{one.unit}]" if one.unit else ""
            default = one.default if one.type == "str" else json.dumps(one.default, ensure_ascii=False)
            default = f"'{default}'" if isinstance(one.default, list) else default
            show(f"    -p {one.name}={default}  {one.type}: {one.meaning}{unit}")


@app.command()
def run(
    notebooks: _argument(
        list[str] | None, "Numbers or names of notebooks; all of the edition without any."
    ) = None,
    parameter: ValueOption = None,
    edition: EditionOption = paths.DEFAULT_EDITION,
    timeout: TimeoutOption = 120,
    memory: MemoryOption = 8.0,
    workers: WorkersOption = 2,
) -> None:
    """Run the notebooks of an edition that have changed."""
    from sidedoor.run.editions import load_edition, plan_run
    from sidedoor.run.intake import ingest_records
    from sidedoor.run.results import KernelLimits
    from sidedoor.run.run import run_edition

    loaded = load_edition(edition)
    # What is typed is checked before a record is read, which may take minutes.
    plan, only = plan_run(loaded, notebooks or [], parameter or [])
    with Progress(len(only or plan.runs)) as progress:
        if loaded.raw_files:
            loaded = ingest_records(loaded, progress)
            plan, only = plan_run(loaded, notebooks or [], parameter or [])
        run_edition(plan, only, workers=workers, limits=KernelLimits(timeout, memory), report=progress)
    show(f"Results: {shorten_path(paths.find_run_folder(plan.name))}")


@app.command()
def new(
    name: _argument(str, "Name of the edition, such as records/my-city.", "NAME"),
    files: _argument(list[Path], "Records as they came, or a folder of them.", "FILES..."),
) -> None:
    """Look at records and write the edition that reads them, or add them to one; what you wrote stays."""
    from sidedoor.run.draft import draft_edition

    def report(file: str) -> None:
        show(f"Looking at {escape_controls(file, '')}", sys.stderr)

    draft = draft_edition(name, files, report)
    for one in draft.files:
        missing = f"needs {', '.join(one.needed)}" if one.needed else ", ".join(one.tables)
        show(f"{escape_controls(one.file, '')}: {'not read' if one.trouble else missing}")
    show(f"{'Written' if draft.is_new else 'Updated'}: {shorten_path(draft.path)}")
    if any(one.trouble or one.needed for one in draft.files):
        show("Open it first: comments say what is needed, and why a file is not read.")
    show(f"Next:    sidedoor run --edition {_quote(draft.path)}")
    show(f"Then:    sidedoor site --edition {_quote(draft.path)}")


@app.command()
def site(edition: LastEditionOption = None) -> None:
    """Build the site of an edition from its results."""
    from sidedoor.publish.site import build_site
    from sidedoor.run.editions import load_edition
    from sidedoor.run.results import check_owner, find_last_edition

    if edition:
        plan = load_edition(edition)
        check_owner(plan.name, plan.origin)
    name = plan.name if edition else find_last_edition()
    build_site(name, reference=str(edition or ""))
    index = paths.find_run_folder(name) / "site" / "index.html"
    show(f"Site: {shorten_path(index)}")
    show(f"Open it in a browser: {index.resolve().as_uri()}")


@app.command()
def reproduce(timeout: TimeoutOption = 120) -> None:
    """Run the default edition, build its site, and say where it is."""
    run(timeout=timeout)
    site(paths.DEFAULT_EDITION)


@app.command()
def refresh(timeout: TimeoutOption = 120) -> None:
    """Run all notebooks with their defaults and write them back, executed, to where they are committed."""
    from sidedoor.run.notebooks import list_notebooks
    from sidedoor.run.results import KernelLimits
    from sidedoor.run.run import refresh_notebooks

    with Progress(len(list_notebooks())) as progress:
        changed = refresh_notebooks(limits=KernelLimits(timeout), report=progress)
    for path in changed:
        show(f"Written: {shorten_path(path)}")
    if not changed:
        show("The notebooks are up to date; nothing was written.")


@app.command()
def verify(
    edition: EditionOption = paths.DEFAULT_EDITION, timeout: TimeoutOption = 120, memory: MemoryOption = 8.0
) -> None:
    """Run an edition twice under different conditions and compare every byte, with what is published too."""
    from sidedoor.run.editions import load_edition
    from sidedoor.run.results import KernelLimits
    from sidedoor.run.verify import verify_edition

    done = verify_edition(load_edition(edition), edition, limits=KernelLimits(timeout, memory))
    for file, where in done.differences:
        show(f"{file}: {where}", sys.stderr)
    for name in done.not_compared:
        why = "its inputs have changed since it was published; run it again"
        show(f"Not compared: {name} ({why})", sys.stderr)
    if not done.differences:
        show(f"{say_number(done.files_n, 'file')} came out the same in two runs, byte for byte.")
        show(f"{say_number(done.published_n, 'published file')} compared with them.")
    if done.differences or done.not_compared:
        raise typer.Exit(1)


@app.command()
def lock() -> None:
    """Resolve pyproject.toml anew into requirements.lock and environment.yml."""
    from sidedoor.lock import write_environment

    for path in write_environment():
        show(f"Written: {shorten_path(path)}")


def _take_reading(command: Callable) -> Callable:
    """Give a command the options of `_READING`; it gets them as `options`, a `ReadOptions`."""

    @functools.wraps(command)
    def call(**values) -> None:
        from sidedoor.ingest.source import ReadOptions

        given = {name: values.pop(name) for name in _READING}
        command(**values, options=ReadOptions(**given))

    own = [each for each in signature(command).parameters.values() if each.name != "options"]
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=False if name == "ocr" else None, annotation=option)
        for name, option in _READING.items()
    ]
    call.__signature__ = signature(command).replace(parameters=[*own, *added])
    return call


@app.command()
@_take_reading
def inspect(file: FileArgument, *, options) -> None:
    """Say what a record is, how much is in it, what is wrong with it and what is dropped; write nothing."""
    from sidedoor.ingest import inspect_file
    from sidedoor.ingest.describe import describe_report

    with Progress() as progress:
        report = inspect_file(file, options, follow=progress.follow(file.name))
    show(describe_report(report, str(file), options=options))
    if {"refused", "needed"} & set(report.details):
        raise typer.Exit(1)


@app.command()
@_take_reading
def ingest(
    file: FileArgument,
    out: OutOption,
    *,
    source_id: _option(str | None, "--source-id", "Id under which rows cite this file.") = None,
    key_file: _option(
        Path | None, "--key-file", "Secret that turns officers, plates and cases into tokens."
    ) = None,
    private: _option(
        bool, "--private", "Keep the text of reasons, in Parquet that only you can read."
    ) = False,
    options,
) -> None:
    """Read a record into tables: Parquet, CSV and a report, in a folder."""
    from sidedoor.ingest import ingest_file
    from sidedoor.ingest.describe import describe_report
    from sidedoor.publish.privacy import load_key

    key = load_key(key_file) if key_file else None
    options = replace(options, source_id=source_id, key=key, keep_reasons=private)
    with Progress() as progress:
        reading = ingest_file(file, out, options, follow=progress.follow(file.name))
    show(describe_report(reading.report, str(file), command="done"))
    for name, table in reading.tables.items():
        show(f"Table    {name}: {say_number(len(table), 'row')}")
    show(f"Written: {shorten_path(out.absolute())}")


@app.command()
def simulate(
    what: _argument(Literal["log"], "A search log with its truth.", "log"),
    out: OutOption,
    rows: _option(int, "--rows", "Rows of the log.", min=1, max=10**8) = 20_000,
    seed: _option(int, "--seed", "Same seed and rows, same log.", min=0) = 2019,
) -> None:
    """Write simulated records: a search log with its truth."""
    from sidedoor.simulate import write_log

    report = write_log(out, seed, rows)
    span = " to ".join(report.span["searches"])
    show(f"Simulated: {say_number(rows, 'row')} of searches, {span}, and declared lists")
    show(f"Written: {shorten_path(out.absolute())}")


@app.command()
def scan(
    path: _argument(Path, "File or folder that is to be published."),
    canaries: _option(
        Path | None, "--canaries", "Values that must not occur anywhere, one a line.", metavar="FILE"
    ) = None,
) -> None:
    """Look for plates, phone numbers, e-mail, SSNs, VINs, case numbers and officers; show them masked."""
    from sidedoor.publish.scan import load_canaries, scan_path

    leaks = scan_path(path, load_canaries(canaries) if canaries else ())
    for leak in leaks:
        place = f"{leak.file}, {leak.place or 'whole file'}: {leak.kind} {leak.shown}"
        show(escape_controls(place, ""))
    if leaks:
        show(f"sidedoor: {len(leaks):,} found; none of this may be published.", sys.stderr)
        raise typer.Exit(1)
    show("Nothing was found.")


@app.command()
def fetch(
    names: _argument(
        list[str] | None, "Names from the list; all that a script can fetch without any."
    ) = None,
    mirror: _option(
        Path | None, "--mirror", "A folder with the files; SIDEDOOR_MIRROR also names one.", metavar="DIR"
    ) = None,
    show_list: _option(bool, "--list", "List the files, and whether they are there; fetch none.") = False,
) -> None:
    """Fetch published records, or say how to save them by hand; nothing is unpacked or run."""
    from sidedoor.fetch import SCRIPT, describe_sources, fetch_source, load_fetch_sources

    if show_list:
        show(describe_sources())
        return
    code = 0
    with Progress() as progress:
        scripted = [source.name for source in load_fetch_sources().values() if source.by == SCRIPT]
        for name in dict.fromkeys(names or scripted):
            try:
                path = fetch_source(name, mirror=mirror, progress=progress.follow(name))
                print(f"{name}: {shorten_path(path)}", flush=True)
            except SideDoorError as error:  # the others are fetched all the same
                progress.print(f"sidedoor: {error}")
                code = 1
    raise typer.Exit(code)


def main() -> None:
    """Run the command; an error is a sentence, never a traceback, with exit code 2 if nothing was begun."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a console that lacks a letter shows its number
    try:
        app()
    except SideDoorError as error:
        show(f"sidedoor: {error}", sys.stderr)
        sys.exit(2 if isinstance(error, ParameterError) else 1)
    except OSError as error:
        name = Path(error.filename).name if isinstance(error.filename, str | Path) else "disk"
        way_out = "Free space, or change the permissions."
        show(f"sidedoor: {name}: {error.strerror or error}. {way_out}", sys.stderr)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("SIDEDOOR_DEBUG"):
            raise
        kind = type(error).__name__
        show(f"sidedoor: {kind}: this is a defect of Side Door; please report it.", sys.stderr)
        show("To see where, set SIDEDOOR_DEBUG=1; the text may repeat your records.", sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
