"""Secret keys, and tokens in place of plates and names.

Tokens make rows of one person linkable with each other; they do not make them anonymous. Rows of single
vehicles or officers are not to be published, with tokens or without.
"""

import hmac
import os
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import DataError

KEY_BYTES = 32
_KEY_CAP = 4096
_NEW_KEY = "Make one outside the repository, for example: (umask 077; openssl rand -hex 32 > KEYFILE)"
_MOVE = "Move it out of the repository, so that it is never published."
# a pipe would wait for a writer; a last link in the path was resolved before
_OPEN = [getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY")]
_ASK_GIT = "git -c core.fsmonitor=false ls-files --error-unmatch --".split()


def load_key(path: Path | str) -> bytes:
    """Return the secret for tokens: the bytes of a file as they are, a last line break included.

    Raises
    ------
    DataError
        The file is missing, has fewer than 32 bytes or more than 4,096, is evidently not random, readable by
        others (where the platform knows permissions), inside this repository or tracked by any git
        repository; a symbolic link has to keep these rules both where it is and where it leads. No message
        repeats any of the content.
    """
    path = Path(path)
    place = Path(os.path.abspath(path))
    try:
        real = place.resolve(strict=True)
    except (OSError, RuntimeError):
        raise DataError(path.name or "key file", "there is no such key file", _NEW_KEY) from None
    for spot in (place, place.parent.resolve() / place.name, real):
        if spot.is_relative_to(paths.ROOT.resolve()) or spot.is_relative_to(paths.ROOT):
            raise DataError(path.name, "the key is inside the repository", _MOVE, code="key-place")
        _check_untracked(spot, path.name)
    key, mode = _read_key(real, path.name)
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        found = f"others can use the key file (mode {stat.S_IMODE(mode):04o})"
        raise DataError(path.name, found, "chmod 600 it, or make a new key.", code="key-mode")
    if not KEY_BYTES <= len(key) <= _KEY_CAP:
        found = f"the key has {len(key)} bytes, not {KEY_BYTES} to {_KEY_CAP}"
        raise DataError(path.name, found, _NEW_KEY, code="key-size")
    if _is_guessable(key):
        raise DataError(path.name, "the key repeats itself and can be guessed", _NEW_KEY, code="key-weak")
    return key


def tokenize(values: pd.Series | Iterable, key: bytes, field: str, digits: int = 16) -> pd.Series:
    """Return tokens for values, which cannot be reversed without the key.

    Parameters
    ----------
    values
        Texts, already in one notation: the same plate in small and in capital letters has two tokens.
    key
        From `load_key`. Tokens of two releases can be joined only if they share the key: use a new one for
        each.
    field
        What the values are (`plate`, `officer`). The same text in two fields has two unrelated tokens.
    digits
        Hexadecimal digits that are kept of the HMAC-SHA-256: 16 to 64.

    Returns
    -------
    Series of text, with the index of `values`; missing and blank values are missing.

    Raises
    ------
    DataError
        The key is too short, the field has no name, or the digits are out of range.

    Notes
    -----
    token = first digits of HMAC(HMAC(key, field), value), in UTF-8.
    """
    if not isinstance(key, bytes) or len(key) < KEY_BYTES:
        raise DataError("tokenize", f"a key of fewer than {KEY_BYTES} bytes", "Load one with load_key.")
    if not isinstance(field, str) or not field:
        raise DataError("tokenize", "no name of the field", "Name it, for example plate.")
    if isinstance(digits, bool) or not isinstance(digits, int) or not 16 <= digits <= 64:
        raise DataError("tokenize", "digits out of range", "Keep 16 to 64 digits.")
    series = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype="object")
    secret = hmac.digest(key, field.encode("utf-8", "surrogatepass"), "sha256")
    codes, unique = pd.factorize(series)
    tokens = []
    for text in map(str, unique):
        token = hmac.digest(secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()
        tokens.append(token[:digits] if text.strip() else None)
    # code -1 stands for missing: the last entry
    return pd.Series(pd.array([*tokens, None], dtype="str").take(codes), index=series.index, name=series.name)


def _read_key(path: Path, name: str) -> tuple[bytes, int]:
    """Return a key, cut after too many bytes, and the mode of the very file that was read."""
    try:
        with open(os.open(path, os.O_RDONLY | sum(_OPEN)), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise DataError(name, "the key is no file", _NEW_KEY)
            return file.read(_KEY_CAP + 1), mode
    except OSError as error:
        found = f"the key cannot be read ({error.strerror})"
        raise DataError(name, found, "Check the file and its permissions.") from None


def _check_untracked(path: Path, name: str) -> None:
    """Refuse a file that git tracks; where git cannot answer, a file in any repository."""
    if not any((folder / ".git").exists() for folder in path.parents):
        return
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    about = {"capture_output": True, "env": kept, "timeout": 20, "stdin": subprocess.DEVNULL}
    try:
        code = subprocess.run([*_ASK_GIT, path.name], cwd=path.parent, **about).returncode
    except (OSError, subprocess.SubprocessError):
        code = -1
    if code == 0:
        way_out = "Make a new key elsewhere: this one is in the history for good."
        raise DataError(name, "the key is tracked by git", way_out, code="key-tracked")
    if code != 1:
        found = "the key is in a git repository that git cannot look into"
        raise DataError(name, found, _MOVE, code="key-place")


def _is_guessable(key: bytes) -> bool:
    """Return whether a key is one byte, a short pattern, a row of numbers, or of very few different bytes."""
    text = key.rstrip(b"\r\n") or key
    steps = {(b - a) % 256 for a, b in zip(text, text[1:])}
    repeats = any(text[period:] == text[:-period] for period in range(1, min(17, len(text))))
    return len(set(text)) < 8 or len(steps) == 1 or repeats
