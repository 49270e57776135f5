"""The registry of published files: `data/registry/sources.toml`, checked."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from helpers import paths
from helpers.errors import DataError
from sidedoor.fetch.download import DownloadLimits, check_url

SCRIPT, HAND = "script", "hand"
# What is added to a file's name beside it.
PART, COPY, REJECTED, RECORD = ".part", ".copy", ".rejected", ".fetched.json"

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FetchSource:
    """A file of the registry.

    Attributes
    ----------
    name, title, what
        Its name for the command; what it is called; what it is.
    url
        Where it is; for a file saved by hand, the address to open.
    file
        Under which name it is kept.
    license
        As stated by its publisher.
    by
        `script`, or `hand` if a person has to save it.
    source_id
        Its row in the table `sources`, if it has one.
    sha256, bytes_n
        As we found them. Without a sha256, bytes_n is the size when last seen, and the first fetch records both.
    click, obstacles
        For a file saved by hand: where to click, and what is known to stand in the way.
    page
        The publisher's page to look on if the address leads nowhere.
    """

    name: str
    title: str
    what: str
    url: str
    file: str
    license: str
    by: str
    source_id: str = ""
    sha256: str = ""
    bytes_n: int = 0
    click: str = ""
    obstacles: str = ""
    page: str = ""


def load_fetch_sources(path: Path | None = None) -> dict[str, FetchSource]:
    """Load the registry of files that can be fetched or saved.

    Parameters
    ----------
    path
        By default `data/registry/sources.toml`.

    Returns
    -------
    The files by name, in the order of the registry.

    Raises
    ------
    DataError
        An entry is incomplete, has a field that is not known, a name twice, an unsafe file name or address.
    """
    path = path or paths.DATA / "registry" / "sources.toml"
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["file"]
    except (OSError, ValueError, KeyError) as error:
        found = f"it is no registry ({type(error).__name__})"
        raise DataError(path.name, found, "Give it tables [[file]].") from None
    sources: dict[str, FetchSource] = {}
    files: set[str] = set()
    for number, row in enumerate(rows, start=1):
        source = _check_entry(row, f"{path.name}, file {number}")
        if source.name in sources or source.file.lower() in files:
            found = f"`{source.name}` or its file name stands twice"
            raise DataError(f"{path.name}, file {number}", found, "Rename one.")
        sources[source.name] = source
        files.add(source.file.lower())
    return sources


def _check_entry(row: dict, place: str) -> FetchSource:
    types = {field.name: field.type for field in fields(FetchSource)}
    needed = [field.name for field in fields(FetchSource)[:7]]
    way_out = "See the head of data/registry/sources.toml for the fields."
    if unknown := [key for key in row if key not in types]:
        raise DataError(place, f"unknown field `{unknown[0]}`", way_out)
    if missing := [key for key in needed if not row.get(key)]:
        raise DataError(place, f"no `{missing[0]}`", way_out)
    if wrong := [key for key, value in row.items() if type(value) is not types[key]]:
        raise DataError(place, f"`{wrong[0]}` is of another type than {types[wrong[0]].__name__}", way_out)
    source = FetchSource(**row)
    checks = {
        "name": _NAME.fullmatch(source.name),
        "file": _FILE.fullmatch(source.file) and not source.file.endswith((PART, COPY, REJECTED, RECORD)),
        "sha256": not source.sha256 or (SHA256.fullmatch(source.sha256) and source.bytes_n),
        "bytes_n": 0 <= source.bytes_n <= DownloadLimits.bytes_n,
        "by": source.by in (SCRIPT, HAND),
        "click": bool(source.click) == (source.by == HAND),
    }
    for key, is_right in checks.items():
        if not is_right:
            raise DataError(place, f"`{key}` is not as it has to be", way_out)
    check_url(source.url)
    if source.page:
        check_url(source.page)
    return source


def find_source(name: str, sources: dict[str, FetchSource]) -> FetchSource:
    """Find a file by its name."""
    if name in sources:
        return sources[name]
    raise DataError(
        "sources.toml", f"no file is called {name!r}", "See `sidedoor fetch --list` for the names."
    )
