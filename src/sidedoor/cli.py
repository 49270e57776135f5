"""The `sidedoor` command: parses what is typed, calls the module that does it, prints what came of it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from helpers import __version__
from helpers.errors import ParameterError, SideDoorError, escape_controls
from helpers.wording import say_number
from sidedoor.progress import FetchProgress, Progress
from sidedoor.progress import shorten_path as _shorten

try:
    from helpers import paths
except FileNotFoundError as error:
    print(f"sidedoor: {error}", file=sys.stderr)
    sys.exit(2)

app = typer.Typer(
    name="sidedoor",
    help="Notebooks on who shares license-plate reader data, who searches it, and through which door.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

EditionOption = Annotated[
    str, typer.Option("--edition", help="An edition file (TOML), or the name of one in notebooks/editions.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Run notebooks even if nothing has changed.")]
TimeoutOption = Annotated[int, typer.Option("--timeout", min=1, help="Longest time of one cell, in seconds.")]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, max=16, help="How many notebooks run at a time.")
]


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"sidedoor {__version__}")
        raise typer.Exit()


@app.callback()
def _start(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


@app.command(name="list")
def list_all() -> None:
    """List the notebooks with their questions and parameters."""
    from sidedoor.run.notebooks import list_notebooks, load_notebook

    for path in list_notebooks():
        book = load_notebook(path)
        print(f"{book.number}  {escape_controls(book.title)}")
        if book.question:
            print(f"    {escape_controls(book.question)}")
        for parameter in book.parameters.values():
            unit = f" [{parameter.unit}]" if parameter.unit else ""
            default = _show_value(parameter.default)
            line = f"    -p {parameter.name}={default}  {parameter.type}: {parameter.meaning}{unit}"
            print(escape_controls(line))


@app.command()
def run(
    notebooks: Annotated[
        list[str] | None,
        typer.Argument(help="Numbers or names of notebooks; all of the edition without any."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            "--parameter",
            metavar="NAME=VALUE",
            help="A value of your own for a parameter of one notebook; the result goes to runs/by-hand.",
        ),
    ] = None,
    edition: EditionOption = paths.DEFAULT_EDITION,
    force: ForceOption = False,
    timeout: TimeoutOption = 120,
    workers: WorkersOption = 2,
) -> None:
    """Run notebooks of an edition, those that have changed since."""
    from sidedoor.run.editions import load_edition, plan_run
    from sidedoor.run.intake import ingest_records
    from sidedoor.run.run import run_edition

    loaded = load_edition(edition)
    # What is typed is checked before a record is read, which may take minutes.
    plan, only = plan_run(loaded, notebooks or [], parameter or [])
    with Progress(len(only or plan.runs)) as progress:
        if loaded.raw_files:
            plan, only = plan_run(
                ingest_records(loaded, progress.tell_record), notebooks or [], parameter or []
            )
        run_edition(plan, only, force=force, workers=workers, timeout=timeout, report=progress)
    print(f"Results: {_shorten(paths.find_run_folder(plan.name))}")


@app.command()
def new(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Name of the edition, such as my-city; a folder may precede it."),
    ],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES...", help="Records as they came, or a folder of them.")
    ],
) -> None:
    """Look at records and write the edition that reads them: what each is, what only you know, which notebooks run."""
    from sidedoor.run.draft import draft_edition

    draft = draft_edition(
        name, files, lambda file: print(f"Looking at {escape_controls(file)}", file=sys.stderr)
    )
    for one in draft.files:
        state = (
            "not read"
            if one.trouble
            else f"needs {', '.join(one.needed)}"
            if one.needed
            else ", ".join(one.tables)
        )
        print(escape_controls(f"{one.file}: {state}"))
    shown = _shorten(draft.path)
    print(f"Written: {shown}")
    if any(one.trouble or one.needed for one in draft.files):
        print("Open it first: comments say what is needed, and why a file is not read.")
    print(f"Next:    sidedoor run --edition {shown}")
    print(f"Then:    sidedoor site --edition {shown}")


@app.command()
def site(
    edition: Annotated[
        str | None,
        typer.Option("--edition", help="An edition file (TOML) or its name; without it, the one run last."),
    ] = None,
) -> None:
    """Build the site of an edition from its results."""
    from sidedoor.publish.site import build_site
    from sidedoor.run.editions import load_edition
    from sidedoor.run.results import check_owner, find_last_edition

    if edition:
        plan = load_edition(edition)
        check_owner(plan.name, plan.origin)
    name = plan.name if edition else find_last_edition()
    build_site(name)
    _print_site(name)


@app.command()
def reproduce(timeout: TimeoutOption = 120) -> None:
    """Run the default edition, build its site, and say where it is."""
    from sidedoor.publish.site import build_site
    from sidedoor.run.editions import load_edition
    from sidedoor.run.intake import ingest_records
    from sidedoor.run.run import run_edition

    plan = load_edition()
    with Progress(len(plan.runs)) as progress:
        plan = ingest_records(plan, progress.tell_record)
        run_edition(plan, timeout=timeout, report=progress)
    build_site(plan.name)
    _print_site(plan.name)


@app.command()
def refresh(timeout: TimeoutOption = 120) -> None:
    """Run all notebooks with their defaults and write them back, executed, to where they are committed."""
    from sidedoor.run.notebooks import list_notebooks
    from sidedoor.run.run import refresh_notebooks

    with Progress(len(list_notebooks())) as progress:
        changed = refresh_notebooks(timeout=timeout, report=progress)
    for path in changed:
        print(f"Written: {_shorten(path)}")
    if not changed:
        print("The notebooks are what a run makes of them; nothing is written.")


@app.command()
def verify(edition: EditionOption = paths.DEFAULT_EDITION, timeout: TimeoutOption = 120) -> None:
    """Run an edition twice under other conditions and compare every byte."""
    from sidedoor.run.editions import load_edition
    from sidedoor.run.verify import verify_edition

    count, differences = verify_edition(load_edition(edition), edition, timeout=timeout)
    for difference in differences:
        print(escape_controls(f"{difference.file}: {difference.where}"), file=sys.stderr)
    if differences:
        raise typer.Exit(1)
    print(f"{say_number(count, 'file')} came out the same, byte for byte.")


@app.command()
def lock() -> None:
    """Resolve pyproject.toml anew into requirements.lock and environment.yml."""
    from sidedoor.lock import write_environment

    for path in write_environment():
        print(f"Written: {_shorten(path)}")


FileArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="A record as the agency released it: PDF, XLSX, CSV or text; .gz too."
    ),
]
ZoneOption = Annotated[
    str | None,
    typer.Option("--time-zone", help="Zone of times that carry none, such as America/Los_Angeles or UTC."),
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="Date of a list that prints none, YYYY-MM-DD.")
]
AgencyOption = Annotated[
    str | None, typer.Option("--reported-by", help="Agency whose list or log it is, if not said.")
]
SectionOption = Annotated[
    str | None,
    typer.Option(
        "--section",
        help="Which way a list of names flows: detections_shared or detections_received, for example.",
    ),
]
MeasureOption = Annotated[
    str | None,
    typer.Option("--measure", help="What figures by month count: detections, hits, searches or records."),
]
MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", help="A TOML file that says which columns of an unknown form mean what."),
]
DayFirstOption = Annotated[
    bool | None,
    typer.Option("--day-first/--month-first", help="How to read 03/04/2025 where the file leaves it open."),
]
OcrOption = Annotated[
    bool, typer.Option("--ocr", help="Let ocrmypdf read the pages of a scan, if it is installed.")
]


@app.command()
def inspect(
    file: FileArgument,
    time_zone: ZoneOption = None,
    as_of: AsOfOption = None,
    reported_by: AgencyOption = None,
    section: SectionOption = None,
    measure: MeasureOption = None,
    mapping: MappingOption = None,
    day_first: DayFirstOption = None,
    ocr: OcrOption = False,
) -> None:
    """Say what a record is, how much is in it, what is wrong with it and what would be dropped; write nothing."""
    from sidedoor.ingest import inspect_file
    from sidedoor.ingest.describe import describe_report
    from sidedoor.ingest.source import ReadOptions

    options = ReadOptions(
        time_zone,
        as_of,
        reported_by,
        mapping=mapping,
        day_first=day_first,
        section=section,
        measure=measure,
        ocr=ocr,
    )
    with FetchProgress() as progress:
        report = inspect_file(file, options, follow=progress.follow(escape_controls(file.name)))
    print(describe_report(report, str(file), options=options))
    if {"refused", "needed"} & set(report.details):
        raise typer.Exit(1)


@app.command()
def ingest(
    file: FileArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder, or that of an earlier ingest.")
    ],
    time_zone: ZoneOption = None,
    as_of: AsOfOption = None,
    reported_by: AgencyOption = None,
    section: SectionOption = None,
    measure: MeasureOption = None,
    mapping: MappingOption = None,
    day_first: DayFirstOption = None,
    ocr: OcrOption = False,
    source_id: Annotated[
        str | None, typer.Option("--source-id", help="Id under which rows cite this file.")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help="Secret that turns officers, plates and cases into tokens."),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Keep the text of reasons, in Parquet that only you can read.")
    ] = False,
) -> None:
    """Read a record into tables: Parquet, CSV and a report, in a folder."""
    from sidedoor.ingest import ingest_file
    from sidedoor.ingest.describe import describe_report
    from sidedoor.ingest.source import ReadOptions
    from sidedoor.publish.privacy import load_key

    key = load_key(key_file) if key_file else None
    options = ReadOptions(
        time_zone, as_of, reported_by, source_id, key, mapping, day_first, private, section, measure, ocr=ocr
    )
    with FetchProgress() as progress:
        reading = ingest_file(file, out, options, follow=progress.follow(escape_controls(file.name)))
    print(describe_report(reading.report, str(file), command="done"))
    for name, table in reading.tables.items():
        print(f"Table    {name}: {say_number(len(table), 'row')}")
    print(f"Written: {_shorten(out.absolute())}")


@app.command()
def simulate(
    what: Annotated[
        str, typer.Argument(metavar="log|town", help="A log with its truth, or a town's raw files.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="A new folder, or that of an earlier one.")
    ],
    rows: Annotated[
        int | None,
        typer.Option("--rows", min=1, help="Rows of the log.", show_default="20000; 2400 for a town"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed and rows, same log.")] = 2019,
) -> None:
    """Write simulated records: a search log with its truth, or a town's exports in every form; nothing in them is real."""
    if what == "town":
        from sidedoor.simulate.town import ROWS, write_town

        files = write_town(out, seed, rows or ROWS)
        print(f"Simulated: {say_number(len(files), 'file')} of an invented town and its neighbors")
        print(f"Written: {_shorten(out.absolute())}")
        print(f"Next:    sidedoor new {_shorten(out.absolute() / 'my-town')} {_shorten(out.absolute())}")
        return
    if what != "log":
        raise ParameterError(
            f"simulate {what}",
            "it is not known",
            "Write `sidedoor simulate log` or `sidedoor simulate town`.",
        )
    from sidedoor.simulate.files import write_log

    rows = rows or 20_000
    report = write_log(out, seed, rows)
    print(
        f"Simulated: {say_number(rows, 'row')} of searches, {' to '.join(report.span['searches'])}, and declared lists"
    )
    print(f"Written: {_shorten(out.absolute())}")


@app.command()
def scan(
    path: Annotated[Path, typer.Argument(help="File or folder that is to be published.", show_default=False)],
    canaries: Annotated[
        Path | None,
        typer.Option("--canaries", metavar="FILE", help="Values that must not occur anywhere, one a line."),
    ] = None,
) -> None:
    """Look for plates, phone numbers, e-mail, SSNs, VINs, case numbers and officers; values are shown masked."""
    from sidedoor.publish.scan import load_canaries, scan_path

    leaks = scan_path(path, load_canaries(canaries) if canaries else ())
    for leak in leaks:
        print(f"{leak.file}, {leak.place or 'whole file'}: {leak.kind} {leak.shown}")
    if leaks:
        print(f"sidedoor: {len(leaks):,} found; none of this may be published.", file=sys.stderr)
        raise typer.Exit(1)
    print("Nothing was found.")


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names from the list; all that a script can fetch without any.")
    ] = None,
    mirror: Annotated[
        Path | None,
        typer.Option(
            "--mirror", metavar="DIR", help="A folder that holds files; SIDEDOOR_MIRROR names one, too."
        ),
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="List the files, and whether they are there; fetch none.")
    ] = False,
) -> None:
    """Fetch published records, checked and resumed, or say how to save them by hand; nothing is unpacked or run."""
    from sidedoor.fetch import describe_sources, fetch_sources

    if show_list:
        print(describe_sources())
        return
    with FetchProgress() as progress:
        failed = fetch_sources(names or [], mirror, progress.report, progress.follow)
    if failed:
        raise typer.Exit(1)


def _show_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        import json

        return f"'{json.dumps(value, ensure_ascii=False)}'"
    return str(value)


def _print_site(name: str) -> None:
    index = paths.find_run_folder(name) / "site" / "index.html"
    print(f"Site: {_shorten(index)}")
    print(f"Open it in a browser: {index.resolve().as_uri()}")


def main() -> None:
    """Run the command; an error for a person is one line, with exit code 2 if nothing was begun, else 1."""
    try:
        app()
    except SideDoorError as error:
        print(f"sidedoor: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, ParameterError) else 1)


if __name__ == "__main__":
    main()
