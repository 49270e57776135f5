"""Write or update the edition file for records: what can be found out is filled in, the rest is asked."""

import itertools
import json
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
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
_MOST_WARNINGS, _WIDTH = 6, 320
_SIMULATED = "simulated-"
# The first lines of blocks that this module may replace: whatever else is in a file was written by a person.
_NOT_READ, _NEEDS = "# Not read: ", "# Needs records that hold "


@dataclass
class Examined:
    """What was found out about one file."""

    file: str  # its path from the edition's folder
    name: str  # of its record
    lines: list[str] = field(default_factory=list)  # what it is, for a person
    needed: dict[str, str] = field(
        default_factory=dict
    )  # options only a person knows, with the reader's hint
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

    Raises
    ------
    ParameterError
        The name cannot be used, the file that is there is not an edition, there is no record, or one is
        elsewhere.
    """
    target = Path(name if name.endswith(".toml") else f"{name}.toml").absolute()
    check_file_name(target)
    if not target.parent.is_dir():
        way_out = "Make the folder first."
        raise ParameterError(target.name, "its folder does not exist", way_out, code="no-folder")
    edition = load_edition(target) if target.exists() or target.is_symlink() else None
    examined = _examine_all(_list_files(files, target.parent.resolve()), target, edition, report)
    held = {table for one in examined if not one.trouble for table in one.tables}
    books = [load_notebook(path) for path in list_notebooks()]
    before = "" if edition is None else target.read_text(encoding="utf-8")

    def write() -> str:
        if edition is None:
            return _write_new(target.stem, examined, books, held)
        return _write_update(before, edition, examined, books, held)

    text = write()
    if len(text.encode("utf-8")) > LARGEST_FILE:
        for one in examined:
            one.lines = one.lines[:1]
        text = write()
    tomllib.loads(text)
    try:
        write_atomically(target, text)
    except OSError as error:
        found = f"its folder cannot be written ({error.strerror or error})"
        way_out = "Copy the records into a folder of your own and try again there."
        raise RunError(target.name, found, way_out, code="disk") from None
    edition = load_edition(target)
    return Draft(target, tuple(examined), tuple(run.notebook.number for run in edition.runs), not before)


def find_needs(book: Notebook) -> frozenset[str] | None:
    """Return the canonical tables that a notebook needs from records; None if it takes no records."""
    parameter = book.parameters.get(RECORDS)
    return parameter.tables if parameter else None


def _list_files(files: Iterable[Path | str], folder: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for given in map(Path, files):
        inside = sorted(given.iterdir()) if given.is_dir() else []
        usable = [path for path in inside if path.is_file() and not path.name.startswith(".")]
        for path in [path for path in usable if path.suffix != ".toml"] if given.is_dir() else [given]:
            _check_file(path, folder)
            found[path.resolve()] = None
    if not found:
        way_out = "Give the records, or the folder that contains them."
        raise ParameterError("sidedoor new", "there is no file", way_out, code="no-file")
    return list(found)


def _check_file(path: Path, folder: Path) -> None:
    def refuse(found: str, way_out: str, code: str) -> ParameterError:
        return ParameterError(path.name[:80], found, way_out, code=code)

    if not path.is_file():
        raise refuse("there is no such file", "Give files, or a folder of files.", "no-file")
    if not path.resolve().is_relative_to(folder):
        way_out = "Put the edition into the folder of the records: `sidedoor new FOLDER/my-city FOLDER`."
        raise refuse("it is not in the folder of the edition file, or below it", way_out, "outside")
    if is_result(path):
        way_out = "Move the records to a folder of your own, such as records/."
        raise refuse("it is in the folder of results, which is the command's own", way_out, "among-results")
    if not path.name.isprintable():  # bytes that are no UTF-8 neither
        raise refuse("its name contains characters that cannot be shown", "Rename it.", "bad-name")


def _examine_all(files: list[Path], target: Path, edition: Edition | None, report) -> list[Examined]:
    folder = target.parent.resolve()
    listed = {file.path: file for file in edition.raw_files} if edition else {}
    paths = [*listed, *(path for path in files if path not in listed)]
    examined, taken = [], {}
    for path in paths:
        if report:
            report(path.name)
        file = path.relative_to(folder).as_posix()
        known = listed.get(path)
        one = Examined(file, known.name if known else name_record(file))
        _examine(one, path, dict(known.options) if known else {}, folder)
        if one.sha256 and one.sha256 in taken:
            one.trouble = one.trouble or f"It has the same content as {taken[one.sha256]}."
        elif one.sha256:
            taken[one.sha256] = one.file
        examined.append(one)
    seen: dict[str, int] = {}
    for one in examined:  # the second `log` is `log-2`
        seen[one.name] = seen.get(one.name, 0) + 1
        if seen[one.name] > 1:
            one.name = f"{one.name[:58]}-{seen[one.name]}"
    return examined


def _examine(one: Examined, path: Path, options: dict, folder: Path) -> None:
    """Read a file as far as it goes without what only a person knows."""
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
    details, one.sha256 = reading.report.details, reading.report.sha256
    one.needed = details.get("needed", {})
    if refused := details.get("refused"):
        one.trouble = f"{refused['place']}: {refused['found']}. {refused['way_out']}"
        if refused.get("mapping") and not mapping.exists():
            write_atomically(mapping, refused["mapping"])
            one.mapping = mapping.name
        return
    one.tables = tuple(name for name in COLUMNS if len(reading.tables.get(name, ())))
    _describe(one, reading.report)


def _describe(one: Examined, report) -> None:
    """Say what a file is, in lines for a person."""
    skipped = sum(part.rows_n for part in report.set_aside)
    rows = f"{say_number(report.rows_in, 'row')}: {report.rows_out:,} read, {skipped:,} skipped"
    spans = [f"{name} from {first or '?'} to {last or '?'}" for name, (first, last) in report.span.items()]
    zone = [f"times {report.time_zone}"] if "searches" in report.span and "time_zone" in one.needed else []
    one.lines = [f"{report.family}: {report.form}, because {report.why}", "; ".join([rows, *spans, *zone])]
    one.lines += [f"Warning: {text}" for text in report.warnings[:_MOST_WARNINGS]]
    if (more := len(report.warnings) - _MOST_WARNINGS) > 0:
        one.lines.append(f"Warning: and {more} more: `sidedoor inspect` shows all.")
    for notice in [*report.warnings, *report.notes]:
        asked = getattr(notice, "asks_for", "")
        if asked and asked not in one.needed:
            one.offered.setdefault(asked, str(notice))


def _write_new(name: str, examined: list[Examined], books: list[Notebook], held: set[str]) -> str:
    """Write the text of an edition from its first to its last line."""
    is_invented = all(Path(one.file).name.startswith(_SIMULATED) for one in examined)
    town = name.replace("-", " ").capitalize()
    title = f"{town}: plate-reader records" + (" (simulated)" if is_invented else "")
    files = say_number(len(examined), "file")
    head = [
        f"# Drafted by `sidedoor new` from {files}. Change what you know better; `sidedoor new` keeps it.",
        f"title = {_quote(title)}",
        '# subtitle = "One line below the title"',
        '# authors = ["Your name"]',
    ]
    missing = _list_missing(books, held)
    if all(missing.values()):
        note = "# No notebook runs on these records alone; this one shows what there is."
        alone = [[note, "[[run]]", f'notebook = "{books[0].number}"']]
    else:
        alone = []
    return _join(
        [head, *map(_write_record, examined), *alone, *itertools.starmap(_write_run, missing.items())]
    )


def _write_update(
    before: str, edition: Edition, examined: list[Examined], books: list[Notebook], held: set[str]
) -> str:
    """Write the text of an edition again, with new records and notebooks and without outdated comments."""
    listed = {file.path for file in edition.raw_files}
    new = [one for one in examined if (edition.folder / one.file).resolve() not in listed]
    drafted = {f"# file = {_quote(one.file)}" for one in new}
    ours = {f'# notebook = "{book.number}"' for book in books}
    kept, waiting = [], set()
    for block in re.split(r"\n(?:[ \t]*\n)+", before.strip("\n")):
        lines = block.splitlines()
        bare = {line.partition("  #")[0] for line in lines}
        if lines[0].startswith(_NOT_READ) and bare & drafted:
            continue
        if lines[0].startswith(_NEEDS) and bare & ours:
            waiting |= bare & ours  # a notebook that a person has removed or commented out stays so
            continue
        kept.append(lines)
    starts = [n for n, block in enumerate(kept) if any(line.startswith("[[run]]") for line in block)]
    first = starts[0] if starts else len(kept)
    present = {run.notebook.number for run in edition.runs}
    runs = [
        _write_run(book, missing)
        for book, missing in _list_missing(books, held).items()
        if book.number not in present and f'# notebook = "{book.number}"' in waiting
    ]
    return _join([*kept[:first], *map(_write_record, new), *kept[first:], *runs])


def _list_missing(books: list[Notebook], held: set[str]) -> dict[Notebook, set[str]]:
    """Return the notebooks that take records, those that can run first, with the tables that are missing."""
    missing = {book: needs - held for book in books if (needs := find_needs(book)) is not None}
    return dict(sorted(missing.items(), key=lambda item: bool(item[1])))


def _join(blocks: list[list[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _write_run(book: Notebook, missing: set[str]) -> list[str]:
    title = f'notebook = "{book.number}"  # {_shorten(book.title)}'
    if missing:
        return [f"{_NEEDS}{' and '.join(sorted(missing))}:", "# [[run]]", f"# {title}"]
    home = book.parameters.get(HOME)
    more = [f'# parameters = {{ {HOME} = "CA" }}  # {_shorten(home.meaning)}'] if home else []
    return ["[[run]]", title, *more]


def _write_record(one: Examined) -> list[str]:
    mapping = [f"mapping = {_quote(one.mapping)}"] if one.mapping else []
    if one.trouble:
        block = ["[[record]]", f"file = {_quote(one.file)}", *mapping]
        return [_NOT_READ + _shorten(one.trouble), *(f"# {line}" for line in block)]
    from sidedoor.ingest.asking import QUESTIONS

    lines = [f"# {_shorten(text)}" for text in one.lines]
    lines += ["[[record]]", f"file = {_quote(one.file)}", *mapping]
    if one.name != name_record(one.file):
        lines.append(f"name = {_quote(one.name)}")
    if Path(one.file).name.startswith(_SIMULATED):
        lines.append(f"source_id = {_quote(_SIMULATED + one.name.removeprefix(_SIMULATED))}")
    for why, asked in (("Needed, only you know it", one.needed), ("If you know it", one.offered)):
        for option, hint in asked.items():
            lines += [f"# {why}: {_shorten(hint)}", f"# {option} = {QUESTIONS[option].example}"]
    return lines


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _shorten(text: str) -> str:
    """Return one line of a text, without what a terminal or TOML would take for more than text."""
    plain = "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 3] + "..."
