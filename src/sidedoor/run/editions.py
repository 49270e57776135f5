"""Editions: which notebooks run, with which parameters, under which title. One TOML file each."""

import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers import paths
from helpers.errors import ParameterError
from helpers.files import hash_text
from sidedoor.run.notebooks import Notebook, find_notebook, list_notebooks, load_notebook
from sidedoor.run.parameters import check_parameters, is_result, offer_nearest, parse_values, show_value
from sidedoor.run.raw import RawFile, list_raw_files

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LARGEST_FILE = 256 * 1024
_KEYS = ("title", "subtitle", "authors", "lead", "picture", "record", "run")
_MOST_LEADS = 8
_RUN_KEYS = ("notebook", "as", "parameters")
_LONGEST_LINE = 4096
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'""")
_DEEP_KEY = re.compile(r"(?:[\w-]+\s*\.\s*){8}[\w-]")
# The parameter that names the folder of ingested records.
RECORDS = "records"
_RESERVED = (paths.BY_HAND, paths.DEFAULTS, paths.FETCHED)


@dataclass(frozen=True)
class Run:
    """One notebook with the values of its parameters.

    Attributes
    ----------
    name
        The name of the result: the notebook's, or its number with the slug given by `as`.
    notebook
        What is run.
    slug
        What `as` says; empty without it.
    parameters
        Every parameter with its value for this run.
    changed
        Those of them that differ from the notebook's own defaults.
    """

    name: str
    notebook: Notebook
    slug: str = ""
    parameters: dict[str, object] = field(default_factory=dict, hash=False)

    @property
    def changed(self) -> dict[str, object]:
        declared = self.notebook.parameters
        return {name: value for name, value in self.parameters.items() if value != declared[name].default}


@dataclass(frozen=True)
class Edition:
    """What an edition file says, checked.

    Attributes
    ----------
    name
        The stem of the file, which names the folder of results.
    title, subtitle, authors
        For the site.
    lead
        Ids of the findings that open the site, the strongest first; without them the site's own choice.
    picture
        Id of the figure that opens the site; empty for the site's own choice.
    runs
        In the order of the file.
    folder
        Where the file lies: its relative paths start there. None for results by hand.
    origin
        Tells edition files of one name apart: sha256 of where the file lies, empty for one in `notebooks/editions/`.
    raw_files
        The records that it lists, as they came.
    records
        What was read from them, one description each: `intake.ingest_records` gives it. None before.
    """

    name: str
    title: str
    runs: tuple[Run, ...]
    subtitle: str = ""
    authors: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    picture: str = ""
    folder: Path | None = None
    origin: str = ""
    raw_files: tuple[RawFile, ...] = ()
    records: tuple[dict, ...] | None = None


def load_edition(reference: str | Path = paths.DEFAULT_EDITION, notebooks: Path | None = None) -> Edition:
    """Read and check an edition file; no notebook is run.

    Parameters
    ----------
    reference
        A TOML file, or the name of one in `notebooks/editions/`.
    notebooks
        The folder of notebooks, if not the repository's.

    Raises
    ------
    ParameterError
        A file that is missing, too large, no TOML, or says anything that is not known; a notebook that is not
        there; a parameter that a notebook does not declare.
    """
    path = _find_file(reference)
    content = _read_toml(path)
    _check_keys(content, _KEYS, path.name)
    title = _take_line(content, "title", path.name)
    if not title:
        raise ParameterError(path.name, "it has no title", 'Add `title = "..."` as its first line.')
    authors = content.get("authors", [])
    if not isinstance(authors, list) or not all(
        isinstance(one, str) and one.isprintable() for one in authors
    ):
        found = "it is no list of names"
        raise ParameterError(f"{path.name}, authors", found, 'Write `authors = ["A. Name"]`.')
    tables = content.get("run", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        found = "it names no notebook"
        raise ParameterError(path.name, found, 'Add `[[run]]` and below it `notebook = "01"`.')
    folder = path.resolve().parent
    numbered = enumerate(tables, start=1)
    runs = tuple(_build_run(table, f"{path.name}, run {n}", folder, notebooks) for n, table in numbered)
    names = [run.name for run in runs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        found = f"{twice} is run twice under one name"
        raise ParameterError(path.name, found, 'Tell them apart with `as = "..."`.')
    subtitle, picture = (_take_line(content, key, path.name) for key in ("subtitle", "picture"))
    if picture and not _NAME.fullmatch(picture):
        found = f"{picture[:80]!r} is no figure's id"
        raise ParameterError(f"{path.name}, picture", found, 'Write `picture = "reach-by-state"`.')
    lead = _take_lead(content, path.name)
    raw_files = list_raw_files(content.get("record", []), path.name, folder)
    about = (subtitle, tuple(authors), lead, picture, folder, _find_origin(path))
    return Edition(path.stem, title, runs, *about, raw_files)


def build_defaults(notebooks: Path | None = None) -> Edition:
    """Build the edition of all notebooks with their own defaults, which is what the repository shows."""
    runs = tuple(_build_default(load_notebook(path)) for path in list_notebooks(notebooks))
    return Edition(paths.DEFAULTS, "All notebooks with their defaults", runs)


def select_runs(edition: Edition, references: list[str]) -> tuple[Run, ...]:
    """Select runs of an edition by notebook number or name, or by the name of the result; all without any.

    Raises
    ------
    ParameterError
        The edition has no such notebook.
    """
    if not references:
        return edition.runs
    known = {word for run in edition.runs for word in _list_words(run)}
    unknown = next((reference for reference in references if reference not in known), None)
    if unknown is not None:
        names = [run.name for run in edition.runs]
        place, found = f"edition {edition.name}", f"it does not list the notebook {unknown[:80]!r}"
        raise ParameterError(place, found, offer_nearest(unknown, names))
    return tuple(run for run in edition.runs if _list_words(run) & set(references))


def give_records(edition: Edition, folder: Path, records: tuple[dict, ...]) -> Edition:
    """Give the folder of ingested records to every notebook that declares one, unless the edition names another.

    Parameters
    ----------
    edition
        As it was loaded.
    folder
        Of the ingested records.
    records
        A description of each.
    """
    runs = tuple(_give_folder(run, folder) for run in edition.runs)
    return replace(edition, runs=runs, records=records)


def _give_folder(run: Run, folder: Path) -> Run:
    declared = run.notebook.parameters.get(RECORDS)
    if not declared or not declared.is_path or declared.unit == "file" or RECORDS in run.changed:
        return run
    return replace(run, parameters=run.parameters | {RECORDS: folder.as_posix()})


def plan_run(edition: Edition, references: list[str], typed: list[str]) -> tuple[Edition, list[str]]:
    """Plan what a command line asks for; nothing is run or written.

    Notebooks of the edition run as the edition says. A value of one's own, or a notebook that the edition
    does not list, is run by hand: its result lies apart, so that it never takes the place of the edition's.

    Parameters
    ----------
    edition
        The edition named, or the default.
    references
        Numbers or names of notebooks; empty for all.
    typed
        `name=value`, for exactly one notebook.

    Returns
    -------
    The edition to run and which of its notebooks; an empty list for all.

    Raises
    ------
    ParameterError
        A notebook that does not exist, values for more than one notebook, or a value that does not fit.
    """
    if typed and len(references) != 1:
        raise _refuse_values(len(references) or len(edition.runs))
    known = {word for run in edition.runs for word in _list_words(run)}
    strangers = [reference for reference in references if reference not in known]
    if not typed and not strangers:
        return edition, references
    if not typed and len(strangers) < len(references):
        select_runs(edition, references)
    if strangers:
        runs = tuple(_build_default(load_notebook(find_notebook(reference))) for reference in strangers)
    else:
        runs = select_runs(edition, references)
    if typed and len(runs) != 1:
        raise _refuse_values(len(runs))
    planned = tuple(_change_run(run, typed) for run in runs) if typed else runs
    folder = None if strangers else edition.folder
    return Edition(paths.BY_HAND, "Results by hand", planned, folder=folder), []


def _refuse_values(runs_n: int) -> ParameterError:
    way_out = "Name exactly one notebook, as in `sidedoor run 01 -p name=value`."
    return ParameterError("-p", f"values are given for {runs_n} notebooks", way_out)


def _build_default(book: Notebook) -> Run:
    return Run(book.name, book, parameters=check_parameters(book.parameters, {}, book.name))


def _change_run(run: Run, typed: list[str]) -> Run:
    declared = run.notebook.parameters
    given = parse_values(typed, declared, run.notebook.name)
    changed = check_parameters(declared, given, run.notebook.name)
    # The other values are the edition's, checked when it was read.
    return replace(run, parameters=run.parameters | {name: changed[name] for name in given})


def _list_words(run: Run) -> set[str]:
    return {run.name, run.notebook.name, run.notebook.number, *([run.slug] if run.slug else [])}


def _find_file(reference: str | Path) -> Path:
    path = Path(reference)
    if not path.suffix and _NAME.fullmatch(str(reference)):
        path = paths.EDITIONS / f"{reference}.toml"
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        # longer than any name, or no name at all
        is_file = False
    if not is_file:
        known = [file.stem for file in sorted(paths.EDITIONS.glob("*.toml"))]
        place = f"edition {str(reference)[:200]!r}"
        raise ParameterError(place, "there is no such file", offer_nearest(path.stem, known))
    check_file_name(path)
    return path


def check_file_name(path: Path) -> None:
    """Check that a file, there or to be written, may be called an edition: its stem names a folder of results.

    Raises
    ------
    ParameterError
        The name is none, is reserved, or is that of an edition of the repository.
    """
    if path.suffix != ".toml" or not _NAME.fullmatch(path.stem) or len(path.stem) > 64:
        raise ParameterError(
            f"edition {path.name!r}", "its name names a folder of results", "Call it like `my-city.toml`."
        )
    if path.stem in _RESERVED:
        found = "that name is taken by the runner"
        raise ParameterError(f"edition {path.name}", found, "Give it another name.")
    if is_result(path):
        found = "it lies in the folder of results, where the command removes what it no longer needs"
        raise ParameterError(
            f"edition {path.name}", found, "Move it, and its records, to a folder such as records/."
        )
    own = paths.EDITIONS / path.name
    if own.is_file() and not (path.exists() and own.samefile(path)):
        found = f"that name belongs to another edition, notebooks/editions/{path.name}"
        raise ParameterError(f"edition {path.name}", found, "Rename the file.")


def _find_origin(path: Path) -> str:
    """Tell edition files of one name apart without saying where they lie; those of the repository are one each."""
    return "" if (paths.EDITIONS / path.name).is_file() else hash_text(path.resolve().as_posix())


def _read_toml(path: Path) -> dict:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        found = f"it cannot be read ({error.strerror})"
        raise ParameterError(path.name, found, "Mend its permissions.") from None
    if len(raw) > LARGEST_FILE:
        raise ParameterError(path.name, "it is larger than 256 KiB", "An edition is some lines of TOML.")
    try:
        text = raw.decode("utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            _check_line(line, f"{path.name}, line {number}")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = f"it is no TOML ({str(error)[:200]})"
        raise ParameterError(path.name, found, "Compare it with the default edition.") from None


def _check_line(line: str, place: str) -> None:
    """Refuse what tomllib would need minutes for: it looks at a key of many parts many times."""
    if len(line) > _LONGEST_LINE:
        raise ParameterError(place, "it is longer than 4 KiB", "An edition is a few short lines of TOML.")
    # Texts count as parts of a key, since they may be; what stands in them and in comments does not.
    bare = _QUOTED.sub("x", line).partition("#")[0]
    if _DEEP_KEY.search(bare):
        raise ParameterError(place, "its key has more than 8 parts", "An edition needs no more than two.")


def _check_keys(table: dict, known: tuple[str, ...], place: str) -> None:
    unknown = next((key for key in table if key not in known), None)
    if unknown is not None:
        raise ParameterError(place, f"{unknown[:80]!r} is not known here", offer_nearest(unknown, known))


def _take_line(content: dict, key: str, place: str) -> str:
    text = content.get(key, "")
    if not isinstance(text, str) or not text.isprintable() or len(text) > 300:
        raise ParameterError(f"{place}, {key}", "it is no single line of text", f'Write `{key} = "..."`.')
    return text.strip()


def _take_lead(content: dict, place: str) -> tuple[str, ...]:
    """Take the ids of findings that open the site. Whether there are such findings is known once they are computed."""
    lead = content.get("lead", [])
    if not isinstance(lead, list) or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in lead):
        found = "it is no list of ids of findings"
        raise ParameterError(f"{place}, lead", found, 'Write `lead = ["names-recovered"]`.')
    if len(lead) > _MOST_LEADS:
        found = f"it names {len(lead)} findings"
        raise ParameterError(f"{place}, lead", found, f"Name at most {_MOST_LEADS}.")
    twice = next((one for one in lead if lead.count(one) > 1), None)
    if twice:
        raise ParameterError(f"{place}, lead", f"it names `{twice}` twice", "Name each finding once.")
    return tuple(lead)


def _build_run(table: dict, place: str, folder: Path, notebooks: Path | None) -> Run:
    _check_keys(table, _RUN_KEYS, place)
    reference, slug, given = table.get("notebook"), table.get("as", ""), table.get("parameters", {})
    if not isinstance(reference, str):
        raise ParameterError(place, "it names no notebook", 'Write `notebook = "01"`, with quotation marks.')
    if not isinstance(slug, str) or (slug and not _NAME.fullmatch(slug)) or len(slug) > 64:
        found = f"{show_value(slug)} is no slug"
        raise ParameterError(f"{place}, as", found, "Use lower-case words joined by hyphens.")
    if not isinstance(given, dict):
        way_out = "Write `[run.parameters]` and lines `name = value`."
        raise ParameterError(f"{place}, parameters", "it is no table", way_out)
    book = load_notebook(find_notebook(reference, notebooks, place))
    values = check_parameters(book.parameters, given, f"{place}, {book.name}", folder)
    return Run(f"{book.number}-{slug}" if slug else book.name, book, slug, values)
