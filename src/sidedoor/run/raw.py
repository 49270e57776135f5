"""The raw files that an edition lists: which record to read, and what only the person who has it can know."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from helpers import paths
from helpers.errors import ParameterError
from sidedoor.run.parameters import confine_path, offer_nearest, show_value

_TEXTS = ("time_zone", "as_of", "reported_by", "source_id", "mapping", "section", "measure")
KEYS = ("file", "name", *_TEXTS, "day_first")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 64
_MOST = 500


@dataclass(frozen=True)
class RawFile:
    """One raw file of an edition, checked but not read.

    Attributes
    ----------
    name
        Names its folder among the ingested records: what `name` says, or made from the file's name.
    path
        Where the file lies.
    options
        Values for `ingest.source.ReadOptions`; `mapping` is a path.
    """

    name: str
    path: Path
    options: tuple[tuple[str, object], ...] = ()


def list_raw_files(content: object, place: str, folder: Path) -> tuple[RawFile, ...]:
    """Check the `[[record]]` tables of an edition; no file is opened.

    Parameters
    ----------
    content
        What the TOML holds under `record`.
    place
        The edition file, for messages.
    folder
        The folder of the edition file, which holds the files.

    Raises
    ------
    ParameterError
        A key or value that is not known, a file that is not there or lies elsewhere, a name that is taken.
    """
    if not isinstance(content, list) or not all(isinstance(table, dict) for table in content):
        raise ParameterError(
            f"{place}, record", "it is no table", 'Write `[[record]]` and below it `file = "..."`.'
        )
    if len(content) > _MOST:
        raise ParameterError(f"{place}, record", f"it lists {len(content)} files", f"List at most {_MOST:,}.")
    files = [_check_record(table, f"{place}, record {n}", folder) for n, table in enumerate(content, start=1)]
    names = [file.name for file in files]
    for number, name in enumerate(names, start=1):
        if names.index(name) < number - 1:
            found = f"two records are called `{name}`"
            raise ParameterError(f"{place}, record {number}", found, 'Tell them apart with `name = "..."`.')
    return tuple(files)


def name_record(file: str) -> str:
    """Make the name of a record from that of its file: `SharedNetworks 2025.csv` is `sharednetworks-2025`."""
    stem = re.sub(r"(\.(csv|tsv|txt|pdf|xlsx|xlsm|gz))+$", "", PurePosixPath(file).name, flags=re.I)
    words = re.findall(r"[a-z0-9]+", stem.lower())
    return "-".join(words)[:_LONGEST].strip("-") or "record"


def _check_record(table: dict, place: str, folder: Path) -> RawFile:
    unknown = next((key for key in table if key not in KEYS), None)
    if unknown is not None:
        raise ParameterError(place, f"{unknown[:80]!r} is not known here", offer_nearest(unknown, KEYS))
    file = table.get("file")
    if not isinstance(file, str) or not file:
        raise ParameterError(place, "it names no file", 'Write `file = "log.csv"`, with quotation marks.')
    path = _find_own(file, folder, f"{place}, file")
    name = table.get("name", name_record(file))
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST:
        found = f"{show_value(name)} is no name of a folder"
        raise ParameterError(f"{place}, name", found, "Use lower-case words joined by hyphens.")
    options = {key: _check_text(table[key], f"{place}, {key}") for key in _TEXTS if key in table}
    if "mapping" in options:
        options["mapping"] = paths.ROOT / confine_path(
            options["mapping"], folder, f"{place}, mapping", "file"
        )
    if "as_of" in options:
        _check_date(options["as_of"], f"{place}, as_of")
    if "day_first" in table:
        if not isinstance(table["day_first"], bool):
            found = f"{show_value(table['day_first'])} is neither true nor false"
            raise ParameterError(f"{place}, day_first", found, "Write `day_first = true` for 31/12/2025.")
        options["day_first"] = table["day_first"]
    return RawFile(name, path, tuple(sorted(options.items())))


def _find_own(file: str, folder: Path, place: str) -> Path:
    """Find a file in the edition's own folder, links followed."""
    path = Path(confine_path(file, folder, place, "file"))
    path = path if path.is_absolute() else (folder / file).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        found = f"{show_value(file)} does not lie beside the edition file"
        raise ParameterError(place, found, "Put the file into the folder of the edition file, or below it.")
    return path


def _check_text(value: object, place: str) -> str:
    if isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 300:
        raise ParameterError(place, f"{show_value(value)} is no single line of text", 'Write it as `"..."`.')
    return value


def _check_date(text: str, place: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ParameterError(place, f"{show_value(text)} is no date", "Write it as 2025-12-31.") from None
