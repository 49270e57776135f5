"""Files: hashed, written completely or not at all, removed by name, locked for one process."""

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

# What a killed process leaves behind begins like this.
TEMPORARY = ".tmp-"


def format_json(content) -> str:
    """Return JSON that is the same text for the same content."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def hash_file(path: Path) -> str:
    """Return the sha256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_text(text: str) -> str:
    """Return the sha256 of a text in UTF-8, as 64 hexadecimal digits."""
    # a path may contain bytes that are not UTF-8
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def hash_files(folder: Path, skip: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the sha256 of every regular file below a folder, by its path relative to it; without links.

    Parameters
    ----------
    skip
        Relative paths that are left out.
    """
    files = {path.relative_to(folder).as_posix(): path for path in _list_regular(folder)}
    return {name: hash_file(path) for name, path in sorted(files.items()) if name not in skip}


def find_irregular(folder: Path) -> Path | None:
    """Return the first link, pipe or device in a folder, or the folder itself if it is one; else None.

    Reading a pipe waits for ever, and a link leads to what nobody has checked.
    """
    modes = ((path, path.lstat().st_mode) for path in (folder, *_walk(folder)))
    return next((path for path, mode in modes if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)), None)


def remove_named(folder: Path, names: Iterable[str]) -> bool:
    """Remove files by name, in this order, and the folders that are empty then; return if the folder is gone.

    Everything else stays, and no link is followed.

    Parameters
    ----------
    names
        Paths relative to the folder.
    """
    if folder.is_dir() and not folder.is_symlink():
        files = {path.relative_to(folder).as_posix(): path for path in _list_regular(folder)}
        for name in names:
            if name in files:
                files[name].unlink()
        inside = [path for path in _walk(folder) if path.is_dir() and not path.is_symlink()]
        for path in sorted([folder, *inside], key=lambda path: len(path.parts), reverse=True):
            if not any(path.iterdir()):
                path.rmdir()
    return not folder.exists() and not folder.is_symlink()


def write_atomically(path: Path, content: str | bytes) -> bool:
    """Write a file so that it holds the old or the new content at any moment, even if the machine crashes.

    Returns whether anything had to be written.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == raw:
        return False
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return True


def try_lock(file) -> bool:
    """Lock an open file for this process alone and return True, or False if another process has it.

    The lock ends with the process. OSError if the file system has no locks.
    """
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def open_lock(path: Path):
    """Open a lock file, made if it is not there. A link in its place is refused: it would write elsewhere."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags, 0o600), "r+b")


def _list_regular(folder: Path) -> list[Path]:
    return [path for path in _walk(folder) if stat.S_ISREG(path.lstat().st_mode)]


def _walk(folder: Path):
    """Walk through everything below a folder, entering no link."""
    if folder.is_dir():
        for place, folders, files in os.walk(folder, onerror=_raise):
            yield from (Path(place, name) for name in (*folders, *files))


def _raise(error: OSError) -> None:
    # A folder that cannot be read must not look like an empty one.
    raise error
