"""Write or update the edition file for records: what can be found out is filled in, the rest is asked."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers.canonical import COLUMNS
from helpers.errors import IngestError, ParameterError, RunError
from helpers.files import write_atomically
from helpers.toml import LARGEST_FILE
from helpers.wording import say_number
from sidedoor.run.editions import RECORDS, Edition, check_file_name, load_edition, name_record
from sidedoor.run.notebooks import Notebook, list_notebooks, load_notebook
from sidedoor.run.parameters import is_result

# The parameter that takes a state which no report prints.
HOME = "home"
_WIDTH = 320
_SIMULATED = "simulated-"
# The first lines of blocks that this module may replace: whatever else is in a file was written by a person.
_NOT_READ, _NEEDS = "# Not read: ", "# Needs records that hold "


@dataclass
class Examined:
    """What was found out about one file."""

    file: str  # its path from the edition's folder
    name: str  # of its record
    lines: list[str] = field(default_factory=list)  # what it is, for a person
    needed: dict[str, str] = field(default_factory=dict)  # options only a person knows, with a hint
    offered: dict[str, str] = field(default_factory=dict)  # options that may be given
    tables: tuple[str, ...] = ()  # canonical tables that it is read into
    trouble: str = ""  # why it cannot be read, and the way out
    mapping: str = ""  # name of the mapping that it is read with, if one was proposed
    sha256: str = ""


@dataclass(frozen=True)
class Draft:
    """An edition file that was written or updated, the files it is based on, and the notebooks it runs."""

    path: Path
    files: tuple[Examined, ...]
    notebooks: tuple[str, ...]
    is_new: bool


def draft_edition(
    name: str, files: Iterable[Path | str], report: Callable[[str], None] | None = None
) -> Draft:
    """Look at files and write an edition that reads them, or add them to one that is there.

    An edition that is there keeps every line that a person may have written: files and notebooks are added,
    and comments of an earlier draft about a file that can be read now are replaced.

    Parameters
    ----------
    name
        Of the edition, with or without `.toml`; a folder before it says where the file is.
    files
        Records, or folders of records, in the folder of the edition file or below it.
    report
        Called with the name of each file before it is looked at.
    """
    target = Path(name if name.endswith(".toml") else f"{name}.toml").absolute()
    check_file_name(target)
    if not target.parent.is_dir():
        way_out = "Make the folder first."
        raise ParameterError(target.name, "its folder does not exist", way_out, code="no-folder")
    edition = load_edition(target) if target.exists() or target.is_symlink() else None
    before = target.read_text(encoding="utf-8") if edition else ""
    found = _list_files(files, target.parent.resolve())
    examined = _examine_all(found, target.parent.resolve(), edition, report or (lambda name: None))
    text = _write_edition(target.stem, before, edition, examined)
    if len(text.encode("utf-8")) > LARGEST_FILE:
        for one in examined:
            one.lines = one.lines[:1]
        text = _write_edition(target.stem, before, edition, examined)
    tomllib.loads(text)
    try:
        write_atomically(target, text)
    except OSError as error:
        found = f"its folder cannot be written ({error.strerror or error})"
        way_out = "Copy the records into a folder of your own and try again there."
        raise RunError(target.name, found, way_out, code="disk") from None
    numbers = tuple(run.notebook.number for run in load_edition(target).runs)
    return Draft(target, tuple(examined), numbers, edition is None)


def find_needs(book: Notebook) -> frozenset[str] | None:
    """Return the canonical tables that a notebook needs from records; None if it takes no records."""
    parameter = book.parameters.get(RECORDS)
    return parameter.tables if parameter else None


def _list_files(files: Iterable[Path | str], folder: Path) -> list[Path]:
    """Return the records among files and in folders, each once; all are in the edition's folder."""
    found: dict[Path, None] = {}
    for given in map(Path, files):
        inside = sorted(given.iterdir()) if given.is_dir() else [given]
        for path in inside:
            is_other = not path.is_file() or path.name.startswith(".") or path.suffix == ".toml"
            if path is given or not is_other:
                _check_file(path, folder)
                found[path.resolve()] = None
    if not found:
        way_out = "Give the records, or the folder that contains them."
        raise ParameterError("sidedoor new", "there is no file", way_out, code="no-file")
    return list(found)


def _check_file(path: Path, folder: Path) -> None:
    code = "outside"
    if not path.is_file():
        code, found, way_out = "no-file", "there is no such file", "Give files, or a folder of files."
    elif not path.resolve().is_relative_to(folder):
        found = "it is not in the folder of the edition file, or below it"
        way_out = "Put the edition there: `sidedoor new FOLDER/my-city FOLDER`."
    elif is_result(path):
        code, found = "among-results", "it is in the folder of results, which is the command's own"
        way_out = "Move the records to a folder of your own, such as records/."
    elif not path.name.isprintable():  # bytes that are no UTF-8 neither
        code, found, way_out = "bad-name", "its name cannot be shown", "Rename it."
    else:
        return
    raise ParameterError(path.name[:80], found, way_out, code=code)


def _examine_all(
    files: list[Path], folder: Path, edition: Edition | None, report: Callable[[str], None]
) -> list[Examined]:
    """Examine the files of an edition that is there, and those that are new."""
    listed = {file.path: file for file in edition.raw_files} if edition else {}
    examined, taken, seen = [], {}, {}
    for path in dict.fromkeys([*listed, *files]):
        report(path.name)
        known = listed.get(path)
        one = Examined(path.relative_to(folder).as_posix(), known.name if known else name_record(path.name))
        _examine(one, path, dict(known.options) if known else {}, folder)
        if one.sha256 and taken.setdefault(one.sha256, one.file) != one.file:
            one.trouble = one.trouble or f"It has the same content as {taken[one.sha256]}."
        examined.append(one)
    for one in examined:  # the second `log` is `log-2`
        seen[one.name] = seen.get(one.name, 0) + 1
        if seen[one.name] > 1:
            one.name = f"{one.name[:58]}-{seen[one.name]}"
    return examined


def _examine(one: Examined, path: Path, options: dict, folder: Path) -> None:
    """Read a file as far as it goes without what only a person knows, and say what it is."""
    from sidedoor.ingest.describe import describe_report
    from sidedoor.ingest.files import examine_file
    from sidedoor.ingest.source import ReadOptions

    mapping = folder / f"{one.name}-mapping.toml"
    if not options and mapping.is_file():
        one.mapping, options = mapping.name, {"mapping": mapping}
    try:
        reading = examine_file(path, ReadOptions(**options))
    except IngestError as error:
        one.trouble = str(error)
        return
    report = reading.report
    one.needed, one.sha256 = report.details.get("needed", {}), report.sha256
    if refused := report.details.get("refused"):
        one.trouble = f"{refused['place']}: {refused['found']}. {refused['way_out']}"
        if refused.get("mapping") and not mapping.exists():
            write_atomically(mapping, refused["mapping"])
            one.mapping = mapping.name
        return
    one.tables = tuple(name for name in COLUMNS if len(reading.tables.get(name, ())))
    # as `inspect` says it, but for what is private and what is asked below
    shown = replace(report, private={}, notes=[], columns_dropped=[], details={})
    one.lines = describe_report(shown, one.file, command="").splitlines()[1:]
    for notice in [*report.warnings, *report.notes]:
        asked = getattr(notice, "asks_for", "")
        if asked and asked not in one.needed:
            one.offered.setdefault(asked, str(notice))


def _write_edition(name: str, before: str, edition: Edition | None, examined: list[Examined]) -> str:
    """Return the text of an edition: `before`, with new records and notebooks, without outdated comments."""
    held = {table for one in examined if not one.trouble for table in one.tables}
    books = [load_notebook(path) for path in list_notebooks()]
    missing = {book: needs - held for book in books if (needs := find_needs(book)) is not None}
    runs = {book: _write_run(book, missing[book]) for book in sorted(missing, key=lambda b: bool(missing[b]))}
    if edition is None:
        blocks = [_write_head(name, examined), *map(_write_record, examined)]
        if all(missing.values()):
            note = "# No notebook runs on these records alone; this one shows what there is."
            blocks.append([note, "[[run]]", f'notebook = "{books[0].number}"'])
        return _join([*blocks, *runs.values()])
    listed = {file.path for file in edition.raw_files}
    new = [one for one in examined if (edition.folder / one.file).resolve() not in listed]
    drafted = {f"# file = {_quote(one.file)}" for one in new}
    ours = {f'# notebook = "{book.number}"': book for book in books}
    kept, waiting = [], set()
    for block in re.split(r"\n(?:[ \t]*\n)+", before.strip("\n")):
        lines = block.splitlines()
        bare = {line.partition("  #")[0] for line in lines}
        if lines[0].startswith(_NEEDS) and bare & ours.keys():
            waiting |= {ours[line] for line in bare & ours.keys()}
        elif not (lines[0].startswith(_NOT_READ) and bare & drafted):
            kept.append(lines)
    starts = [n for n, block in enumerate(kept) if any(line.startswith("[[run]]") for line in block)]
    first = starts[0] if starts else len(kept)
    present = {run.notebook.number for run in edition.runs}
    # a notebook that a person has removed or commented out stays so
    added = [run for book, run in runs.items() if book in waiting and book.number not in present]
    return _join([*kept[:first], *map(_write_record, new), *kept[first:], *added])


def _join(blocks: list[list[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _write_head(name: str, examined: list[Examined]) -> list[str]:
    is_invented = all(Path(one.file).name.startswith(_SIMULATED) for one in examined)
    town = name.replace("-", " ").capitalize()
    title = f"{town}: plate-reader records" + (" (simulated)" if is_invented else "")
    files = say_number(len(examined), "file")
    return [
        f"# Drafted by `sidedoor new` from {files}. Change what you know better; `sidedoor new` keeps it.",
        f"title = {_quote(title)}",
        '# subtitle = "One line below the title"',
        '# authors = ["Your name"]',
    ]


def _write_run(book: Notebook, missing: set[str]) -> list[str]:
    title = f'notebook = "{book.number}"  # {_shorten(book.title)}'
    if missing:
        return [f"{_NEEDS}{' and '.join(sorted(missing))}:", "# [[run]]", f"# {title}"]
    home = book.parameters.get(HOME)
    more = [f'# parameters = {{ {HOME} = "CA" }}  # {_shorten(home.meaning)}'] if home else []
    return ["[[run]]", title, *more]


def _write_record(one: Examined) -> list[str]:
    block = ["[[record]]", f"file = {_quote(one.file)}"]
    if one.mapping:
        block.append(f"mapping = {_quote(one.mapping)}")
    if one.trouble:
        return [_NOT_READ + _shorten(one.trouble), *(f"# {line}" for line in block)]
    from sidedoor.ingest.asking import QUESTIONS

    if one.name != name_record(one.file):
        block.append(f"name = {_quote(one.name)}")
    if Path(one.file).name.startswith(_SIMULATED):
        block.append(f"source_id = {_quote(_SIMULATED + one.name.removeprefix(_SIMULATED))}")
    for why, asked in (("Needed, only you know it", one.needed), ("If you know it", one.offered)):
        for option, hint in asked.items():
            block += [f"# {why}: {_shorten(hint)}", f"# {option} = {QUESTIONS[option].example}"]
    return [*(f"# {line[:_WIDTH]}" for line in one.lines), *block]


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _shorten(text: str) -> str:
    """Return one line of a text, without what a terminal or TOML would take for more than text."""
    plain = "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 3] + "..."
