"""Fetch published records: which there are, where they are kept, and whether they are what they were.

Fetched files live in `runs/fetched`, never in `data/`. Beside each stands a fetch record, `FILE.fetched.json`,
with the checksum that it had when it first came. Nothing is unpacked, and nothing of it is run.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from helpers import paths
from helpers.errors import DataError, IngestError, SideDoorError
from helpers.files import hash_file
from sidedoor.fetch.download import DownloadLimits, Progress, download_part, name_disk_errors
from sidedoor.fetch.files import keep_file, keep_present, lock_folder, read_record
from sidedoor.fetch.registry import COPY, HAND, PART, SCRIPT, FetchSource, find_source, load_fetch_sources

__all__ = [
    "MIRROR", "DownloadLimits", "FetchSource", "describe_click", "describe_sources", "fetch_source", "fetch_sources",
    "load_fetch_sources",
]  # fmt: skip

MIRROR = "SIDEDOOR_MIRROR"


def fetch_source(
    name: str,
    folder: Path | str | None = None,
    mirror: Path | str | None = None,
    progress: Progress | None = None,
    *,
    registry: Path | None = None,
    limits: DownloadLimits = DownloadLimits(),
) -> Path:
    """Make sure that a published file is there and is what it was.

    Parameters
    ----------
    name
        Its name in the registry.
    folder
        Where fetched files are kept; by default `runs/fetched`.
    mirror
        A folder that may hold the file already, at any depth, under its own name; by default what the environment
        variable SIDEDOOR_MIRROR names. Only what it does not hold is asked of the publisher.
    progress
        Called with the bytes there so far and those expected, None if unknown.
    registry
        Another registry than `data/registry/sources.toml`.
    limits
        How much of a server is put up with.

    Returns
    -------
    Where the file is. Its sha256 is the registry's, or that of the fetch record where the registry has none.

    Raises
    ------
    DataError
        No such name or mirror, a file to be saved by hand that is not there yet, or a disk that does not take it.
    IngestError
        What came or lies there is not the file that is meant. What came is kept as FILE.rejected for a look.
    """
    source = find_source(name, load_fetch_sources(registry))
    folder = Path(folder) if folder else paths.RUNS / paths.FETCHED
    mirror = _find_mirror(mirror)
    target = folder / source.file
    with name_disk_errors(target):
        folder.mkdir(parents=True, exist_ok=True)
        with lock_folder(folder, limits.total_s):
            wanted = source.sha256 or read_record(target).get("sha256", "")
            if target.is_file():
                return keep_present(source, target, wanted)
            if mirror and (found := _find_in_mirror(source, mirror, wanted)):
                return _copy_from_mirror(source, found, target, wanted)
            if source.by == HAND:
                raise DataError(source.name, "a person has to save this file", describe_click(source, folder))
            return _download(source, target, wanted, limits, progress)


def fetch_sources(
    names: list[str],
    mirror: Path | str | None = None,
    report: Callable[[str, object], None] | None = None,
    progress: Callable[[str], Progress] | None = None,
) -> int:
    """Fetch several files, each by itself: one that fails does not keep the others back.

    Parameters
    ----------
    names
        Names in the registry; without any, all that a script can fetch.
    mirror
        As `fetch_source` takes it.
    report
        Called for each with its name, and its path or the error.
    progress
        Called for each with its name; what it returns is told the bytes.

    Returns
    -------
    How many failed.

    Raises
    ------
    DataError
        A name that the registry does not hold, or a mirror that is not there, before anything is fetched.
    """
    sources = load_fetch_sources()
    wanted = [find_source(name, sources).name for name in dict.fromkeys(names)]
    mirror, failed = _find_mirror(mirror), 0
    for name in wanted or [source.name for source in sources.values() if source.by == SCRIPT]:
        try:
            outcome: object = fetch_source(name, mirror=mirror, progress=progress(name) if progress else None)
        except SideDoorError as error:
            outcome, failed = error, failed + 1
        if report:
            report(name, outcome)
    return failed


def describe_sources(folder: Path | str | None = None, registry: Path | None = None) -> str:
    """Describe all files of the registry: name, size, license, how it comes, whether it is there; what it is."""
    folder = Path(folder) if folder else paths.RUNS / paths.FETCHED
    rows = [("NAME", "SIZE", "LICENSE", "BY", "THERE", "")]
    for source in load_fetch_sources(registry).values():
        size = _format_size(source.bytes_n) + ("" if source.sha256 or not source.bytes_n else ", last seen")
        rows.append(
            (source.name, size, source.license, source.by, _describe_state(source, folder), source.what)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for *cells, what in rows:
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
        lines.extend([f"    {what}"] if what else [])
    return "\n".join(lines)


def describe_click(source: FetchSource, folder: Path) -> str:
    """Say what a person has to do for a file that no script fetches."""
    steps = [
        f"Open {source.url} in a browser. {source.click} Save it as {_shorten(folder / source.file)}, "
        f"then run `sidedoor fetch {source.name}` again.",
        source.obstacles,
        f"If the address leads nowhere, look on {source.page}." if source.page else "",
    ]
    return " ".join(step for step in steps if step)


def _find_mirror(mirror: Path | str | None) -> Path | None:
    given = mirror or os.environ.get(MIRROR)
    if not given:
        return None
    if not Path(given).is_dir():
        found = "there is no such folder"
        raise DataError(
            str(given), found, f"Name a folder with the files, or leave out --mirror and {MIRROR}."
        )
    return Path(given)


def _find_in_mirror(source: FetchSource, mirror: Path, wanted: str) -> Path | None:
    """Find a file in a mirror by name and sha256, under the name we keep it by or the one its publisher gave it."""
    published = unquote(urlsplit(source.url).path.rpartition("/")[2])
    others = []
    for folder, folders, files in os.walk(mirror):
        folders.sort()
        for name in sorted({source.file, published} & set(files)):
            path = Path(folder, name)
            if (not wanted and name == source.file) or (wanted and hash_file(path) == wanted):
                return path
            others.append(name)
    # A LICENSE of something else is no wrong file, but one of our own name is.
    if wanted and source.file in others:
        found = f"the mirror's {source.file} has another sha256 than {wanted[:12]}..."
        raise IngestError(source.name, found, "Put the right file there, or fetch without the mirror.")
    return None


def _copy_from_mirror(source: FetchSource, found: Path, target: Path, wanted: str) -> Path:
    # A copy, no link: who edits it must not edit the mirror. It is the copy that is checked.
    copy = target.with_name(target.name + COPY)
    shutil.copyfile(found, copy)
    return keep_file(source, copy, target, wanted, "mirror")


def _download(
    source: FetchSource, target: Path, wanted: str, limits: DownloadLimits, progress: Progress | None
) -> Path:
    part = target.with_name(target.name + PART)
    if source.sha256:
        limits = replace(limits, bytes_n=min(source.bytes_n, limits.bytes_n))
    done = download_part(source.url, part, limits, is_checked=bool(wanted), progress=progress)
    if done.is_resumed and hash_file(part) != wanted:
        # The part was of another version, or of something else: once more from the beginning.
        part.unlink()
        done = download_part(source.url, part, limits, is_checked=bool(wanted), progress=progress)
    # Without the query: that may be a pass for an hour.
    return keep_file(source, part, target, wanted, done.url.partition("?")[0])


def _describe_state(source: FetchSource, folder: Path) -> str:
    target = folder / source.file
    part = target.with_name(target.name + PART)
    if target.is_file():
        try:
            wanted = source.sha256 or read_record(target).get("sha256", "")
        except DataError:
            return "record damaged"
        return "unchecked" if not wanted else "yes" if hash_file(target) == wanted else "another file"
    return f"{_format_size(part.stat().st_size)} of it" if part.is_file() else "no"


def _format_size(bytes_n: int) -> str:
    if not bytes_n:
        return "?"
    return f"{bytes_n / 1e6:.1f} MB" if bytes_n >= 1e6 else f"{max(bytes_n / 1e3, 0.1):.1f} kB"


def _shorten(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
