"""Secret keys, and tokens in place of plates and names.

Tokens make rows of one person linkable with each other; they do not make them anonymous. Rows of single
vehicles or officers are not to be published, with tokens or without.
"""

import hmac
import os
import stat
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import DataError

KEY_BYTES = 32
_KEY_CAP = 4096
# Hexadecimal digits that are kept of a token: 64 bits.
_DIGITS = 16
_NEW_KEY = "Make one outside the repository, for example: (umask 077; openssl rand -hex 32 > KEYFILE)"


def load_key(path: Path | str) -> bytes:
    """Return the secret for tokens: the bytes of a file as they are, a last line break included.

    Raises
    ------
    DataError
        The file is missing, has fewer than 32 bytes or more than 4,096, is evidently not random, readable by
        others (where the platform knows permissions), or inside this or any git repository; a symbolic link
        has to keep these rules both where it is and where it leads. No message repeats any of the content.
    """
    place = Path(os.path.abspath(path))
    name = place.name or "key file"
    try:
        real = place.resolve(strict=True)
        if not real.is_file():  # a pipe would wait for a writer
            raise DataError(name, "the key is not a file", _NEW_KEY, code="key-unread")
        with real.open("rb") as file:
            key, mode = file.read(_KEY_CAP + 1), os.fstat(file.fileno()).st_mode
    except (OSError, RuntimeError) as error:
        found = f"the key cannot be read ({getattr(error, 'strerror', error)})"
        raise DataError(name, found, _NEW_KEY, code="key-unread") from None
    for spot in (place, place.parent.resolve() / place.name, real):
        is_inside = spot.is_relative_to(paths.ROOT.resolve()) or spot.is_relative_to(paths.ROOT)
        if is_inside or any((folder / ".git").exists() for folder in spot.parents):
            way_out = "Make a new key outside of it: what was in a repository may be in its history for good."
            raise DataError(name, "the key is inside a repository", way_out, code="key-place")
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        found = f"others can use the key file (mode {stat.S_IMODE(mode):04o})"
        raise DataError(name, found, "chmod 600 it, or make a new key.", code="key-mode")
    if not KEY_BYTES <= len(key) <= _KEY_CAP:
        found = f"the key has {len(key)} bytes, not {KEY_BYTES} to {_KEY_CAP}"
        raise DataError(name, found, _NEW_KEY, code="key-size")
    if _is_guessable(key):
        raise DataError(name, "the key repeats itself and can be guessed", _NEW_KEY, code="key-weak")
    return key


def tokenize(values: pd.Series | Iterable, key: bytes, field: str) -> pd.Series:
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

    Returns
    -------
    Series of text, with the index of `values`; missing and blank values are missing.

    Notes
    -----
    token = first 16 hexadecimal digits of HMAC-SHA-256(HMAC-SHA-256(key, field), value), in UTF-8.
    """
    if len(key) < KEY_BYTES:
        raise DataError("tokenize", f"a key of fewer than {KEY_BYTES} bytes", "Load one with load_key.")
    series = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype="object")
    secret = hmac.digest(key, field.encode("utf-8", "surrogatepass"), "sha256")
    codes, unique = pd.factorize(series)
    tokens = []
    for text in map(str, unique):
        token = hmac.digest(secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()
        tokens.append(token[:_DIGITS] if text.strip() else None)
    # code -1 stands for missing: the last entry
    return pd.Series(pd.array([*tokens, None], dtype="str").take(codes), index=series.index, name=series.name)


def _is_guessable(key: bytes) -> bool:
    """Return whether a key is one byte, a short pattern, a row of numbers, or of very few different bytes."""
    text = key.rstrip(b"\r\n") or key
    steps = {(b - a) % 256 for a, b in zip(text, text[1:])}
    repeats = any(text[period:] == text[:-period] for period in range(1, min(17, len(text))))
    return len(set(text)) < 8 or len(steps) == 1 or repeats
