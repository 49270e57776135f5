"""The last gate: look through what is to be published for what must not be.

What counts as a leak is in `data/registry/leaks.toml`. HTML, notebooks, CSV, JSON, Parquet, SVG, the texts of
PNG, GraphML, GEXF, plain text, scripts and style sheets are looked through, in UTF-8; everything else is
reported as not looked into. Not found: what is only drawn in a picture, names and reasons in running text,
plates of rare or personal forms without a label, and what was encoded on purpose.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.errors import DataError, RunError, escape_controls
from helpers.leaks import Finder, Hit, mask
from sidedoor.publish.scan.readers import Cell, Piece, Unread, UnreadableError, read_file

UNREADABLE = "not looked into:"
# Leaks that are reported of one file: a log full of plates has made its point by then.
MOST = 1_000
_SKIPPED = {".git", "__pycache__", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints", "node_modules"}


@dataclass(frozen=True)
class Leak:
    """Something that must not be published, or that nobody has looked into.

    Attributes
    ----------
    file
        Path from the folder that was scanned; leaks in it are masked, control characters are written out.
    place
        Line, cell, column or the like, of the first time that the value occurs in the file.
    kind
        `plate`, `phone`, `email`, `ssn`, `vin`, `card`, `birth_date`, `position`, `case_number`, `officer`,
        `canary`; `UNREADABLE` for what is not looked into.
    shown
        The value with all but its first character masked; for what is not looked into the reason.
    """

    file: str
    place: str
    kind: str
    shown: str


def scan_path(path: Path | str, canaries: Iterable[str] = ()) -> list[Leak]:
    """Return the leaks in a file, or in all files below a folder.

    Parameters
    ----------
    path
        File or folder. Links to folders, and folders of git, caches and Python environments, are not looked
        into, and are reported as such.
    canaries
        Values that must not occur anywhere, however they are spaced and capitalized.

    Returns
    -------
    list of Leak, by file, then by place; each value once per file and kind, at most 1,000 per file.

    Raises
    ------
    DataError
        There is no such path, or a canary is too short.
    """
    path = Path(path)
    canaries = tuple(canaries)
    Finder(canaries)
    if not path.exists():
        found = "there is no such file or folder"
        raise DataError(path.name or "scan", found, "Give the path of what is to be published.")
    top = path if path.is_dir() else path.parent
    files = _list_files(path) if path.is_dir() else [(path, "" if path.is_file() else "not a file")]
    return [leak for file, reason in files for leak in _scan_file(file, top, reason, canaries)]


def load_canaries(path: Path | str) -> tuple[str, ...]:
    """Return the canaries in a text file: one a line, without blank lines.

    Raises
    ------
    DataError
        There is no such file, or it is no text.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        found = "no file of canaries"
        raise DataError(Path(path).name, found, "Give a text file with one value a line.") from None
    return tuple(line.strip() for line in lines if line.strip())


def check_publication(folder: Path | str) -> None:
    """Check that nothing in a folder leaks and that everything in it was looked into.

    Raises
    ------
    RunError
        Names the files, what kind of leak and where, with the values masked.
    """
    leaks = scan_path(folder)
    if not leaks:
        return
    files = list(dict.fromkeys(leak.file for leak in leaks))
    shown = [f"{leak.file}, {leak.place or 'whole file'}: {leak.kind} {leak.shown}" for leak in leaks[:5]]
    shown += [f"and {len(leaks) - 5} more"] if len(leaks) > 5 else []
    place = ", ".join(files[:5]) + (f" and {len(files) - 5} more files" if len(files) > 5 else "")
    way_out = "Remove or aggregate it where it comes from. If it is no leak, add why to "
    found = f"what must not be published ({'; '.join(shown)})"
    raise RunError(place, found, f"{way_out}data/registry/leaks.toml.", code="leak")


def _scan_file(path: Path, top: Path, reason: str, canaries: tuple[str, ...]) -> Iterator[Leak]:
    """Yield the leaks of one file, the name included, each value once; or the reason not to look into it."""
    finder, seen = Finder(canaries, path), set()
    name = path.relative_to(top).as_posix().encode("utf-8", "replace").decode()
    shown = escape_controls(name, kept="")
    for hit in reversed(hits := finder.find(re.sub(r"[._/]", " ", shown))):
        shown = shown[: hit.start] + mask(shown[hit.start : hit.end]) + shown[hit.end :]
    yield from (Leak(shown, "name of the file", hit.kind, mask(hit.value)) for hit in hits)
    try:
        if reason:
            raise UnreadableError(reason)
        for place, kind, value in _find_leaks(read_file(path), finder, seen):
            yield Leak(shown, escape_controls(finder.mask(place)).replace("\n", " "), kind, value)
            if len(seen) >= MOST:
                return
    except UnreadableError as error:
        yield Leak(shown, "", UNREADABLE, str(error))


def _find_leaks(pieces: Iterable, finder: Finder, seen: set) -> Iterator[tuple[str, str, str]]:
    """Yield place, kind and masked value of what is not among those seen, and add it to them."""
    for piece in pieces:
        if isinstance(piece, Unread):
            seen.add((UNREADABLE, piece.place))
            yield piece.place, UNREADABLE, piece.reason
            continue
        for hit in _find_hits(piece, finder):
            # the same value, however it is written
            value = hit.kind, "".join(filter(str.isalnum, hit.value.casefold()))
            if value not in seen:
                seen.add(value)
                place = piece.place if isinstance(piece, Cell) else piece.find_place(hit.start)
                yield place, hit.kind, mask(hit.value)


def _find_hits(piece: Piece | Cell, finder: Finder) -> Iterable[Hit]:
    if isinstance(piece, Cell):
        return [Hit(0, 0, piece.kind, piece.value)] if finder.is_leak(piece.kind, piece.value) else []
    if piece.mode == "canary":
        return finder.find_canaries(piece.text)
    return finder.find(piece.text, cells=piece.mode == "cells", is_url=piece.mode == "url")


def _list_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield files by name, and folders and special files that are not looked into with the reason."""
    for root, folders, files in os.walk(folder):
        here, passed = Path(root), {}
        for name in folders:
            if (here / name).is_symlink():
                passed[name] = "a link to a folder"
            elif name in _SKIPPED or (here / name / "pyvenv.cfg").exists():
                passed[name] = "a folder that is passed over"
        folders[:] = sorted(set(folders) - set(passed))
        yield from ((here / name, passed[name]) for name in sorted(passed))
        yield from ((here / name, "" if (here / name).is_file() else "not a file") for name in sorted(files))
