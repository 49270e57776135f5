"""The last gate: look through files of any kind for what must not leave the house.

What counts as a leak stands in `data/registry/leaks.toml`. A file that cannot be looked into counts as one,
too: what nobody has seen is not published. Not seen: what is only drawn in a picture, names and reasons in
running text, plates of rare or personal forms where no label stands, and anything that was encoded on
purpose.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import DataError, IngestError, RunError
from helpers.leaks import Finder, mask
from sidedoor.publish.scan.files import DEPTH_CAP, UNPACKED_CAP, UnreadableError, load_file, read_bytes
from sidedoor.publish.scan.texts import Column, Inner, Piece, Sealed
from sidedoor.sandbox import Limits, run_limited

UNREADABLE = "unreadable"
# Leaks that are told of one file; a log full of plates has made its point by then.
MOST = 1_000
_SKIPPED = {".git", "__pycache__", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints", "node_modules"}
_LIMITS = Limits(memory_bytes=3 << 30, cpu_seconds=120, wall_seconds=180.0, output_bytes=16 << 20)


@dataclass(frozen=True)
class Leak:
    """Something that must not be published.

    Attributes
    ----------
    file
        Path from the folder that was scanned; a leak in it is masked.
    place
        Line, cell, column, page or the like, of the first time that the value occurs in the file.
    kind
        `plate`, `phone`, `email`, `ssn`, `vin`, `case_number`, `officer`, `canary`; `unreadable` for a file
        that cannot be looked into.
    shown
        The value with all but its first sign masked; for an unreadable file the reason.
    """

    file: str
    place: str
    kind: str
    shown: str


def scan_path(path: Path | str, canaries: Iterable[str] = ()) -> list[Leak]:
    """Look through a file, or all files below a folder.

    Parameters
    ----------
    path
        File or folder. Folders of git, of caches and of Python environments are passed over.
    canaries
        Values that must not occur anywhere, however they are spaced and capitalized.

    Returns
    -------
    Leaks by file, then by place; each value once per file and kind, at most 1,000 per file.

    Raises
    ------
    DataError
        There is no such path, or a canary is too short.
    """
    path = Path(path)
    canaries = (canaries,) if isinstance(canaries, str) else tuple(canaries)
    Finder(canaries)
    if path.is_dir():
        return [
            leak
            for file in _list_files(path)
            for leak in _scan_file(file, file.relative_to(path).as_posix(), canaries)
        ]
    if not path.is_file():
        raise DataError(
            path.name or "scan",
            "there is no such file or folder",
            "Give the path of what is to be published.",
        )
    return list(_scan_file(path, path.name, canaries))


def load_canaries(path: Path | str) -> tuple[str, ...]:
    """Load canaries from a text file: one a line, blank lines aside.

    Raises
    ------
    DataError
        There is no such file, or it is no text.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(
            Path(path).name, "no file of canaries", "Give a text file with one value a line."
        ) from None
    return tuple(line.strip() for line in lines if line.strip())


def check_publication(folder: Path | str, canaries: Iterable[str] = ()) -> None:
    """Demand that nothing in a folder leaks: the last gate before it is published.

    Raises
    ------
    RunError
        Names the files, what kind of leak and where, with the values masked.
    """
    leaks = scan_path(folder, canaries)
    if not leaks:
        return
    files = list(dict.fromkeys(leak.file for leak in leaks))
    shown = "; ".join(
        f"{leak.file}, {leak.place or 'whole file'}: {leak.kind} {leak.shown}" for leak in leaks[:5]
    )
    more = f"; and {len(leaks) - 5} more" if len(leaks) > 5 else ""
    place = ", ".join(files[:5]) + (f" and {len(files) - 5} more files" if len(files) > 5 else "")
    raise RunError(
        place,
        f"what must not be published ({shown}{more})",
        "Drop or aggregate it where it comes from. If it is no leak, say why in data/registry/leaks.toml.",
    )


def collect_leaks(
    pieces: Iterable[Piece | Column | Inner | Sealed],
    finder: Finder,
    *,
    in_child: bool = False,
    depth: int = 0,
) -> Iterator[tuple[str, ...]]:
    """Find the leaks in pieces: place, kind, masked value, and a mark that is the same for the same value."""
    unpacked_n = 0
    for piece in pieces:
        if isinstance(piece, Column):
            found = (
                (place, piece.kind, value)
                for value, place in piece.values.items()
                if finder.is_leak(piece.kind, value)
            )
        elif isinstance(piece, Piece):
            if piece.mode == "canary":
                hits = finder.find_canaries(piece.text)
            else:
                hits = finder.find(piece.text, cells=piece.mode == "cells", is_url=piece.mode == "url")
            found = ((piece.where(hit.start), hit.kind, hit.value) for hit in hits)
        else:
            unpacked_n += len(piece.data)
            try:
                if depth >= DEPTH_CAP or unpacked_n > UNPACKED_CAP:
                    raise UnreadableError("files inside files, more or deeper than is looked into")
                if isinstance(piece, Inner):
                    inside = read_bytes(piece.data, piece.name, piece.place)
                    yield from collect_leaks(inside, finder, in_child=in_child, depth=depth + 1)
                else:
                    yield from _look_inside(piece, finder, in_child)
            except UnreadableError as error:
                yield finder.mask(piece.place), UNREADABLE, str(error), _mark(UNREADABLE, piece.place)
            continue
        for place, kind, value in found:
            yield finder.mask(str(place)), kind, mask(value), _mark(kind, value)


def _mark(kind: str, value: str) -> str:
    signs = "".join(sign for sign in value.casefold() if sign.isalnum())
    return hashlib.sha256(f"{kind} {signs}".encode("utf-8", "replace")).hexdigest()


def _scan_file(path: Path, name: str, canaries: tuple[str, ...]) -> Iterator[Leak]:
    finder, seen = Finder(canaries, path), set()
    hits = finder.find(re.sub(r"[._/]", " ", name))
    for hit in hits:
        name = name[: hit.start] + name[hit.start] + "•" * (hit.end - hit.start - 1) + name[hit.end :]
    for hit in hits:
        yield Leak(name, "name of the file", hit.kind, mask(hit.value))
    try:
        for place, kind, shown, key in collect_leaks(read_bytes(load_file(path), path.name), finder):
            if key not in seen:
                seen.add(key)
                yield Leak(name, place, kind, shown)
            if len(seen) >= MOST:
                return
    except UnreadableError as error:
        yield Leak(name, "", UNREADABLE, str(error))


def _look_inside(piece: Sealed, finder: Finder, in_child: bool) -> Iterator[tuple[str, ...]]:
    """Look through a PDF or a Parquet file, in a child process under limits."""
    if in_child:
        raise UnreadableError("a document inside a document")
    handle, path = tempfile.mkstemp(prefix="sidedoor-scan-")
    try:
        with open(handle, "wb") as file:
            file.write(piece.data)
        arguments = {"path": path, "kind": piece.kind, "canaries": list(finder.canaries)}
        for place, kind, shown, key in run_limited(
            "sidedoor.publish.scan._child:find_leaks", arguments, _LIMITS
        ):
            yield ", ".join(part for part in (finder.mask(piece.place), place) if part), kind, shown, key
    except IngestError as error:
        raise UnreadableError(error.found) from None
    finally:
        os.unlink(path)


def _list_files(folder: Path) -> Iterator[Path]:
    """List files in the order of their names; links to folders are not followed."""
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not (here / name / "pyvenv.cfg").exists()
        )
        yield from (here / name for name in sorted(files) if (here / name).is_file())
