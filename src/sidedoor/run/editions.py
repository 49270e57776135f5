"""Editions: which records are read and which notebooks run, with which parameters. One TOML file each."""

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from helpers import paths
from helpers.errors import ParameterError, offer_nearest, show_value
from helpers.files import hash_text
from helpers.toml import load_toml
from sidedoor.run.notebooks import Notebook, find_notebook, list_notebooks, list_references, load_notebook
from sidedoor.run.parameters import SLUG, check_parameters, confine_path, is_result, parse_values

# The parameter that names the folder of ingested records.
RECORDS = "records"
_SUFFIXES = re.compile(r"(\.(csv|tsv|txt|pdf|xlsx|xlsm|gz|html?|mhtml?))+$")
_LONGEST_NAME = 64
_RESERVED = (paths.BY_HAND, paths.DEFAULTS, paths.FETCHED)


@dataclass(frozen=True)
class Run:
    """One notebook with the values of its parameters."""

    name: str  # of the result: the notebook's, or its number with the slug given by `as`
    notebook: Notebook
    slug: str = ""  # the value of `as`
    parameters: dict[str, object] = field(default_factory=dict, hash=False)  # every one, with its value

    @property
    def changed(self) -> dict[str, object]:
        """The parameters that differ from the notebook's own defaults."""
        declared = self.notebook.parameters
        return {name: value for name, value in self.parameters.items() if value != declared[name].default}

    @property
    def references(self) -> set[str]:
        """Every way to name this run on the command line."""
        return list_references(self.name) | list_references(self.notebook.name)


@dataclass(frozen=True)
class RawFile:
    """One raw file of an edition, checked but not read."""

    name: str  # of its folder among the ingested records
    path: Path
    options: tuple[tuple[str, object], ...] = ()  # for `ingest.source.ReadOptions`; `mapping` is a path


@dataclass(frozen=True)
class Edition:
    """The content of an edition file, checked."""

    name: str  # the stem of the file, which names the folder of results
    title: str
    runs: tuple[Run, ...]  # in the order of the file
    subtitle: str = ""
    authors: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()  # ids of the findings that open the site; empty for the site's own choice
    picture: str = ""  # id of the figure that opens the site; empty for the site's own choice
    folder: Path | None = None  # of the file, where its relative paths start; None for results by hand
    origin: str = ""  # tells files of one name apart: sha256 of the path, empty in `notebooks/editions/`
    raw_files: tuple[RawFile, ...] = ()  # the records that it lists, as they came
    records: tuple[dict, ...] | None = None  # what was read from them, by `intake.ingest_records`


def load_edition(reference: str | Path = paths.DEFAULT_EDITION) -> Edition:
    """Return an edition file, checked; no notebook is run and no record is opened.

    `reference` is a TOML file, or the name of one in `notebooks/editions/`. ParameterError if the file is
    missing or does not fit `data/registry/schemas/edition.json`, a notebook or a file is not there, or a
    parameter is not one that the notebook declares.
    """
    path = _find_file(reference)
    content = load_toml(path, "edition")
    folder = path.resolve().parent

    def build_all(key: str, build: Callable, name_key: str) -> tuple:
        """Build what stands in the tables below each `[[key]]`; their names are different."""
        built = {}
        for number, table in enumerate(content.get(key, []), start=1):
            place = f"{path.name}, {key} {number}"
            one = build(table, place, folder)
            if one.name in built:
                way_out = f'Add `{name_key} = "another-name"`.'
                raise ParameterError(place, f"{one.name} is there twice", way_out, code="twice")
            built[one.name] = one
        return tuple(built.values())

    runs, files = build_all("run", _build_run, "as"), build_all("record", _build_raw, "name")
    # does not say where the file is
    origin = "" if (paths.EDITIONS / path.name).is_file() else hash_text(path.resolve().as_posix())
    others = {key: value for key, value in content.items() if key not in ("run", "record")}
    shown = {key: tuple(value) if isinstance(value, list) else value for key, value in others.items()}
    return Edition(path.stem, runs=runs, raw_files=files, folder=folder, origin=origin, **shown)


def build_defaults() -> Edition:
    """Return the edition of all notebooks with their own defaults, as the repository shows them."""
    runs = tuple(_build_default(load_notebook(path)) for path in list_notebooks())
    return Edition(paths.DEFAULTS, "All notebooks with their defaults", runs)


def select_runs(edition: Edition, references: list[str]) -> tuple[Run, ...]:
    """Return the runs of an edition that are named by number or name, or all; ParameterError without one."""
    if not references:
        return edition.runs
    for reference in references:
        if not any(reference in run.references for run in edition.runs):
            found = f"it does not list the notebook {reference[:80]!r}"
            way_out = offer_nearest(reference, [run.name for run in edition.runs])
            raise ParameterError(f"edition {edition.name}", found, way_out, code="no-notebook")
    return tuple(run for run in edition.runs if run.references & set(references))


def give_records(edition: Edition, folder: Path, records: tuple[dict, ...]) -> Edition:
    """Return an edition with a folder of records for each notebook that declares one and names none.

    `records` are descriptions of what the folder holds, for the manifest.
    """
    runs = []
    for run in edition.runs:
        declared = run.notebook.parameters.get(RECORDS)
        if declared and declared.kind in ("folder", "path") and RECORDS not in run.changed:
            run = replace(run, parameters=run.parameters | {RECORDS: folder.as_posix()})
        runs.append(run)
    return replace(edition, runs=tuple(runs), records=records)


def plan_run(edition: Edition, references: list[str], typed: list[str]) -> tuple[Edition, list[str]]:
    """Return what a command line asks for: an edition, and which of its notebooks (an empty list for all).

    Notebooks of the edition run as the edition says. With a value of one's own, or a notebook that the
    edition does not list, the result goes to `runs/by-hand`, so that it never replaces one of the edition's.

    `typed` are texts `name=value`, for exactly one notebook. ParameterError for a notebook that is not there,
    values for more than one notebook, or a value that does not fit.
    """
    known = {word for run in edition.runs for word in run.references}
    strangers = [reference for reference in references if reference not in known]
    if not typed and not strangers:
        return edition, references
    if strangers and len(strangers) < len(references):
        select_runs(edition, references)
    if strangers:
        runs = tuple(_build_default(load_notebook(find_notebook(reference))) for reference in strangers)
    else:
        runs = select_runs(edition, references)
    if typed:
        if len(references) != 1 or len(runs) != 1:
            found = f"values are given for {len(runs)} notebooks"
            way_out = "Name one notebook, as in `sidedoor run 01 -p name=value`."
            raise ParameterError("-p", found, way_out, code="many-notebooks")
        book, values = runs[0].notebook, runs[0].parameters
        given = parse_values(typed, book.parameters, book.name)
        checked = check_parameters(book.parameters, given, book.name)
        # The other values are the edition's, checked when it was read.
        runs = (replace(runs[0], parameters=values | {name: checked[name] for name in given}),)
    folder = None if strangers else edition.folder
    return Edition(paths.BY_HAND, "Results by hand", runs, folder=folder), []


def _build_default(book: Notebook) -> Run:
    return Run(book.name, book, parameters=check_parameters(book.parameters, {}, book.name))


def _build_run(table: dict, place: str, folder: Path) -> Run:
    book = load_notebook(find_notebook(table["notebook"], place))
    values = check_parameters(book.parameters, table.get("parameters", {}), f"{place}, {book.name}", folder)
    slug = table.get("as", "")
    return Run(f"{book.number}-{slug}" if slug else book.name, book, slug, values)


def _build_raw(table: dict, place: str, folder: Path) -> RawFile:
    options = {key: value for key, value in table.items() if key not in ("file", "name")}
    path = paths.ROOT / confine_path(table["file"], folder, f"{place}, file", "file")
    if not path.is_relative_to(folder):
        found = f"{show_value(table['file'])} is not in the folder of the edition file"
        way_out = "Put the file into that folder, or below it."
        raise ParameterError(f"{place}, file", found, way_out, code="outside")
    if "mapping" in options:
        confined = confine_path(options["mapping"], folder, f"{place}, mapping", "file")
        options["mapping"] = paths.ROOT / confined
    return RawFile(table.get("name", name_record(table["file"])), path, tuple(sorted(options.items())))


def name_record(file: str) -> str:
    """Return the name of a record from that of its file: `log-2025` for `Log 2025.csv`."""
    return _make_slug(_SUFFIXES.sub("", PurePosixPath(file).name.lower())) or "record"


def _make_slug(text: str) -> str:
    """Return a text as the name of a folder: small letters without accents, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:_LONGEST_NAME].strip("-")


def _find_file(reference: str | Path) -> Path:
    path = Path(reference)
    if not path.suffix and SLUG.fullmatch(str(reference)):
        path = paths.EDITIONS / f"{reference}.toml"
    if not os.path.isfile(path):  # which answers for what is no name at all, too
        known = [file.stem for file in sorted(paths.EDITIONS.glob("*.toml"))]
        place, way_out = f"edition {str(reference)[:200]!r}", offer_nearest(path.stem, known)
        raise ParameterError(place, "there is no such file", way_out, code="no-edition")
    check_file_name(path)
    return path


def check_file_name(path: Path) -> None:
    """Check that a file, there or to be written, may be an edition: its stem names a folder of results.

    ParameterError if its name cannot be used, is reserved, or is that of an edition of the repository; or if
    it is among the results.
    """
    own, code = paths.EDITIONS / path.name, "bad-name"
    better = _make_slug(path.stem if path.suffix == ".toml" else path.name) or "my-city"
    way_out = f"Call it `{better}.toml`."
    if path.suffix != ".toml" or not SLUG.fullmatch(path.stem):
        found = "its name has other characters than small letters a to z, digits and hyphens"
    elif len(path.stem) > _LONGEST_NAME:
        found = f"its name is longer than {_LONGEST_NAME} characters"
    elif path.stem in _RESERVED:
        found, way_out = "the command itself uses that name", "Choose another name."
    elif is_result(path):
        found = "it is in the folder of results, where the command removes what it no longer needs"
        way_out = "Move it, and its records, to a folder of your own such as records/."
        code = "among-results"
    elif own.is_file() and not (path.exists() and own.samefile(path)):
        found, way_out = f"notebooks/editions/{path.name} has that name", "Choose another name."
    else:
        return
    raise ParameterError(f"edition {show_value(path.name)}", found, way_out, code=code)
