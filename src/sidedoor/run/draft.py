"""Draft the edition file for records that nobody has looked at yet: what can be found out is found out."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from helpers.errors import IngestError, ParameterError
from helpers.wording import say_number
from sidedoor.run.editions import LARGEST_FILE, RECORDS, check_file_name
from sidedoor.run.notebooks import Notebook, list_notebooks, load_notebook
from sidedoor.run.parameters import is_result
from sidedoor.run.raw import name_record

TABLES = ("sharing", "searches", "volumes")
# Words by which the comment of a parameter `records` says which tables it asks for.
_WORDS = {"sharing": r"sharing|lists?|network", "searches": r"searches|logs?", "volumes": r"volumes"}
# The parameter that takes a state which no report prints.
HOME = "home"
_MOST_WARNINGS, _WIDTH = 6, 320
_SIMULATED = "simulated-"
_MAPPING = '# mapping = "my-mapping.toml"  # to be made from data/registry/formats/mappings/example.toml'


@dataclass
class Examined:
    """What was found out about one file.

    Attributes
    ----------
    file
        Its path from the edition's folder.
    name
        Of its record.
    said
        What it is, in lines for a person.
    needed
        Options that only a person can give, each with the reader's hint.
    offered
        Options that may be given.
    tables
        Canonical tables that it is read into.
    trouble
        Why it cannot be read, and the way out; empty if it can.
    """

    file: str
    name: str
    said: list[str] = field(default_factory=list)
    needed: dict[str, str] = field(default_factory=dict)
    offered: dict[str, str] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    trouble: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Draft:
    """An edition file that was written, what it rests on, and which notebooks it runs."""

    path: Path
    files: tuple[Examined, ...]
    notebooks: tuple[str, ...]


def draft_edition(
    name: str,
    files: Iterable[Path | str],
    report: Callable[[str], None] | None = None,
    notebooks: Path | None = None,
) -> Draft:
    """Look at files and write an edition that reads them.

    Parameters
    ----------
    name
        Of the edition, with or without `.toml`; a folder before it says where the file is to be written.
    files
        Records, or folders of records: at or below the place of the edition file.
    report
        Called with the name of each file before it is looked at.
    notebooks
        The folder of notebooks, if not the repository's.

    Returns
    -------
    Draft.

    Raises
    ------
    ParameterError
        The name is taken or cannot be one, there is no file, or one lies elsewhere.
    """
    target = Path(name if name.endswith(".toml") else f"{name}.toml").absolute()
    check_file_name(target)
    if target.exists() or target.is_symlink():
        raise ParameterError(target.name, "it is there already", "Give another name, or remove it first.")
    folder = target.parent.resolve()
    if not folder.is_dir():
        raise ParameterError(target.name, "its folder does not exist", "Make the folder first.")
    paths = _list_files(files, folder)
    examined, taken = [], {}
    for path in paths:
        if report:
            report(path.name)
        one = _examine(path, path.relative_to(folder).as_posix())
        if one.sha256 in taken:
            one.trouble = f"The same bytes as {taken[one.sha256]}: it would be counted twice."
        taken.setdefault(one.sha256, one.file) if one.sha256 else None
        examined.append(one)
    _tell_apart(examined)
    held = {table for one in examined if not one.trouble for table in one.tables}
    books = [load_notebook(path) for path in list_notebooks(notebooks)]
    fitting = [book for book in books if (needs := find_needs(book)) is not None and needs <= held]
    text = _write_toml(target.stem, examined, fitting, books, held)
    if len(text.encode("utf-8")) > LARGEST_FILE:
        for one in examined:
            one.said = one.said[:1]
        text = _write_toml(target.stem, examined, fitting, books, held)
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return Draft(target, tuple(examined), tuple(book.number for book in fitting))


def find_needs(book: Notebook) -> set[str] | None:
    """Find the canonical tables that a notebook asks records for; None if it runs on no records.

    The comment of its parameter `records` names them, or else the cells that use it do.
    """
    parameter = book.parameters.get(RECORDS)
    if parameter is None:
        return None
    named = {table for table, words in _WORDS.items() if re.search(rf"\b({words})\b", parameter.meaning)}
    if named:
        return named
    cells = json.loads(book.path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    using = [text for text in code if re.search(rf"\b{RECORDS}\b", text)]
    return {table for table in TABLES for text in using if re.search(rf"""["']{table}["']""", text)}


def _list_files(files: Iterable[Path | str], folder: Path) -> list[Path]:
    found: dict[Path, None] = {}
    for given in map(Path, files):
        inside = sorted(given.iterdir()) if given.is_dir() else [given]
        for path in inside:
            if given.is_dir() and (not path.is_file() or path.name.startswith(".") or path.suffix == ".toml"):
                continue
            if not path.is_file():
                raise ParameterError(
                    path.name[:80], "there is no such file", "Give files, or a folder of files."
                )
            if not path.resolve().is_relative_to(folder):
                found_ = "it does not lie beside the edition file, or below it"
                way_out = "Go to the folder of the files first, or name the edition there: `sidedoor new FOLDER/my-city`."
                raise ParameterError(path.name[:80], found_, way_out)
            if is_result(path):
                found_ = "it lies in the folder of results, which is the command's own"
                raise ParameterError(path.name[:80], found_, "Move the records to a folder such as records/.")
            if not path.name.isprintable():
                raise ParameterError(
                    repr(path.name)[:80], "its name holds signs that cannot be shown", "Rename it."
                )
            found[path.resolve()] = None
    if not found:
        raise ParameterError(
            "sidedoor new", "there is no file", "Give the records, or the folder that holds them."
        )
    return list(found)


def _examine(path: Path, file: str) -> Examined:
    """Read a file as far as it goes without what only a person can say."""
    from sidedoor.ingest.files import examine_file

    one = Examined(file, name_record(file))
    try:
        reading = examine_file(path)
    except IngestError as error:
        one.trouble = str(error)
        return one
    details, one.sha256 = reading.report.details, reading.report.sha256
    one.needed = details.get("needed", {})
    if refused := details.get("refused"):
        one.trouble = f"{refused['place']}: {refused['found']}. {refused['way_out']}"
        return one
    one.tables = tuple(name for name in TABLES if len(reading.tables.get(name, ())))
    _describe(one, reading.report)
    return one


def _describe(one: Examined, report) -> None:
    """Say what a file is, in lines for a person."""
    from sidedoor.ingest.asking import find_question

    aside = sum(part.rows_n for part in report.set_aside)
    one.said = [f"{report.family}: {report.form}, because {report.why}"]
    rows = f"{say_number(report.rows_in, 'row')}: {report.rows_out:,} read, {aside:,} set aside"
    spans = [
        f"{name} from {first or 'unknown'} to {last or 'unknown'}"
        for name, (first, last) in report.span.items()
    ]
    printed = [f"times {report.time_zone}"] if "searches" in report.span and "time_zone" in one.needed else []
    one.said.append("; ".join([rows, *spans, *printed]))
    one.said += [f"Warning: {text}" for text in report.warnings[:_MOST_WARNINGS]]
    if len(report.warnings) > _MOST_WARNINGS:
        one.said.append(
            f"Warning: and {len(report.warnings) - _MOST_WARNINGS} more: `sidedoor inspect` shows all."
        )
    for text in [*report.warnings, *report.notes]:
        asked = find_question(text, one.needed)
        if asked:
            one.offered.setdefault(asked, text)


def _tell_apart(examined: list[Examined]) -> None:
    """Give each record a name of its own: the second `log` is `log-2`."""
    seen: dict[str, int] = {}
    for one in examined:
        seen[one.name] = seen.get(one.name, 0) + 1
        if seen[one.name] > 1:
            one.name = f"{one.name[:58]}-{seen[one.name]}"


def _write_toml(
    name: str, examined: list[Examined], fitting: list[Notebook], books: list[Notebook], held: set[str]
) -> str:
    invented = all(Path(one.file).name.startswith(_SIMULATED) for one in examined)
    town = name.replace("-", " ").capitalize()
    lines = [
        f"# Drafted by `sidedoor new` from {say_number(len(examined), 'file')}. Change what you know better, then:",
        f"#     sidedoor run --edition {name}.toml",
        f"#     sidedoor site --edition {name}.toml",
        f"title = {_quote(f'{town}: plate-reader records' + (' (simulated)' if invented else ''))}",
        '# subtitle = "One line below the title"',
        '# authors = ["Your name"]',
    ]
    for one in examined:
        lines += ["", *_write_record(one)]
    lines += ["", f"# Notebooks that run on records which hold {' and '.join(sorted(held)) or 'no table'}."]
    for book in fitting:
        lines += ["[[run]]", f'notebook = "{book.number}"  # {_shorten(book.title)}']
        lines += (
            [f'# parameters = {{ {HOME} = "CA" }}  # {_shorten(book.parameters[HOME].meaning)}']
            if HOME in book.parameters
            else []
        )
        lines.append("")
    if not fitting:
        start = books[0].number
        lines += [
            "# None of the notebooks does; this one says what there is.",
            "[[run]]",
            f'notebook = "{start}"',
            "",
        ]
    others = [book for book in books if RECORDS in book.parameters and book not in fitting]
    for book in others:
        needs = " and ".join(sorted((find_needs(book) or set()) - held))
        lines += [
            "# [[run]]",
            f'# notebook = "{book.number}"  # {_shorten(book.title)}: needs records that hold {needs}',
            "",
        ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _write_record(one: Examined) -> list[str]:
    head = [f"# {_shorten(text)}" for text in one.said]
    if one.trouble:
        commented = ["# Not read: " + _shorten(one.trouble), "# [[record]]", f"# file = {_quote(one.file)}"]
        return commented + ([_MAPPING] if "--mapping" in one.trouble else [])
    from sidedoor.ingest.asking import QUESTIONS

    lines = [*head, "[[record]]", f"file = {_quote(one.file)}"]
    if one.name != name_record(one.file):
        lines.append(f"name = {_quote(one.name)}")
    if Path(one.file).name.startswith(_SIMULATED):
        lines.append(f"source_id = {_quote(_SIMULATED + one.name.removeprefix(_SIMULATED))}")
    for option, hint in one.needed.items():
        lines += [
            f"# Needed, and only you know it: {_shorten(hint)}",
            f"# {option} = {QUESTIONS[option].example}",
        ]
    for option, hint in one.offered.items():
        lines += [f"# If you know it: {_shorten(hint)}", f"# {option} = {QUESTIONS[option].example}"]
    return lines


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _shorten(text: str) -> str:
    """Make one line of a text, without what a terminal or TOML would take for more than text."""
    plain = "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 3] + "..."
