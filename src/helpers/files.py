"""Files as the house handles them: hashed, written whole or not at all, and locked for one process."""

import hashlib
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

# What a killed process leaves behind begins like this.
TEMPORARY = ".tmp-"


def hash_file(path: Path) -> str:
    """Compute the sha256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_text(text: str) -> str:
    """Compute the sha256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def hash_files(folder: Path, skip: tuple[str, ...] = ()) -> dict[str, str]:
    """Compute the sha256 of every regular file below a folder, by its path relative to it; links are passed over.

    Parameters
    ----------
    folder
        Where to look.
    skip
        Paths relative to it that are left out.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in _walk(folder)
        if stat.S_ISREG(path.lstat().st_mode)
    }
    return {name: hash_file(path) for name, path in sorted(files.items()) if name not in skip}


def find_irregular(folder: Path) -> Path | None:
    """Find what is neither a file nor a folder: a link, a pipe or a device, the folder itself included.

    Reading a pipe waits for ever, and a link leads to what nobody has checked.
    """
    modes = ((path, path.lstat().st_mode) for path in (folder, *_walk(folder)))
    return next((path for path, mode in modes if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)), None)


def remove_named(folder: Path, names: Iterable[str]) -> bool:
    """Remove files that were written below a folder, and the folders that are empty then; all else stays.

    Parameters
    ----------
    folder
        Where they are; nothing is done if it is a link.
    names
        Their paths relative to it; the last is removed last.

    Returns
    -------
    Whether the folder is gone.
    """
    if folder.is_dir() and not folder.is_symlink():
        found = list(_walk(folder))
        files = {
            path.relative_to(folder).as_posix(): path for path in found if stat.S_ISREG(path.lstat().st_mode)
        }
        for name in names:
            if name in files:
                files[name].unlink()
        inside = [path for path in found if path.is_dir() and not path.is_symlink()]
        for path in sorted([folder, *inside], key=lambda path: len(path.parts), reverse=True):
            if not any(path.iterdir()):
                path.rmdir()
    return not folder.exists() and not folder.is_symlink()


def write_atomically(path: Path, content: str | bytes) -> bool:
    """Write a file so that it holds either the old or the new content at any moment, a crash included.

    Returns
    -------
    Whether anything had to be written.
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
    sync_folder(path.parent)
    return True


def sync_file(path: Path) -> None:
    """Bring a file to the disk."""
    # opened for writing, since Windows synchronizes no other file
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def try_lock(file) -> bool:
    """Lock an open file for this process alone, unless another has; the lock ends with the process.

    Raises
    ------
    OSError
        The file system knows no locks.
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


def _walk(folder: Path):
    """Walk through everything below a folder, entering no link."""
    if folder.is_dir():
        for place, folders, files in os.walk(folder, onerror=_raise):
            yield from (Path(place, name) for name in (*folders, *files))


def _raise(error: OSError) -> None:
    # A folder that cannot be read must not look like an empty one.
    raise error
