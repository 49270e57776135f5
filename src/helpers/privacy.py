"""What may leave the house: secret keys and tokens, tables that no spreadsheet runs, and small counts hidden.

Tokens make rows of one person linkable with each other; they do not make them anonymous. Rows of single
vehicles or officers are not to be published, with tokens or without.
"""

import hmac
import itertools
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from . import _paths
from .errors import DataError

__all__ = ["load_key", "neutralize_formulas", "tokenize", "write_csv", "write_parquet", "write_xlsx"]

KEY_BYTES = 32
_KEY_CAP = 4096
_NEW_KEY = "Make one outside the repository, for example: (umask 077; openssl rand -hex 32 > KEYFILE)"
# What a spreadsheet may take for the beginning of a formula, in its wide forms too, after anything that shows
# as nothing.
_FORMULA = (
    r"(?s)\A(?:[\s\x00\u200b-\u200f\u2060\ufeff\u00ad]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]|[\t\r\n\x00])"
)
_QUOTED = re.compile(r'[,;|"\t\r\n\x00]')
# rows of a CSV that are written at a time
_LINES = 20_000
_EXCEL_ROWS, _EXCEL_COLUMNS, _EXCEL_TEXT = 1_048_576, 16_384, 32_767


def load_key(path: Path | str) -> bytes:
    """Load the secret for tokens from a file that only its owner can read and that no repository holds.

    Parameters
    ----------
    path
        A file of at least 32 random bytes. Its bytes are the key as they are, a last line break included.

    Returns
    -------
    The key.

    Raises
    ------
    DataError
        The file is missing, too short or too long, evidently not random, readable by others (where the
        platform knows permissions), inside this repository or tracked by any git repository; a symbolic link
        has to keep these rules both where it lies and where it leads. No message repeats any of the content.
    """
    path = Path(path)
    name = path.name or "key file"
    place = Path(os.path.abspath(path))
    try:
        real = place.resolve(strict=True)
    except (OSError, RuntimeError):
        raise DataError(name, "there is no such key file", _NEW_KEY) from None
    for spot in (place, place.parent.resolve() / place.name, real):
        if spot.is_relative_to(_paths.ROOT.resolve()) or spot.is_relative_to(_paths.ROOT):
            raise DataError(
                name,
                "the key lies inside the repository",
                "Move it out of it, so that it is never published.",
            )
        _check_untracked(spot, name)
    key, mode = _read_key(real, name)
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DataError(
            name,
            f"others can use the key file (mode {stat.S_IMODE(mode):04o})",
            "chmod 600 it, or make a new key.",
        )
    if len(key) < KEY_BYTES:
        raise DataError(name, f"the key has {len(key)} bytes, fewer than {KEY_BYTES}", _NEW_KEY)
    if len(key) > _KEY_CAP:
        raise DataError(name, f"more than {_KEY_CAP} bytes: that is no key", _NEW_KEY)
    if _is_guessable(key):
        raise DataError(name, "the key repeats itself and can be guessed", _NEW_KEY)
    return key


def tokenize(values: pd.Series | Iterable, key: bytes, field: str, digits: int = 16) -> pd.Series:
    """Replace values by tokens that cannot be reversed without the key.

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
    texts = [str(value) for value in unique]
    tokens = [
        hmac.digest(secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:digits]
        if text.strip()
        else None
        for text in texts
    ]
    # code -1 stands for missing: the last entry
    return pd.Series(pd.array([*tokens, None], dtype="str").take(codes), index=series.index, name=series.name)


def neutralize_formulas(frame: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Put an apostrophe before every text that a spreadsheet could take for a formula.

    Parameters
    ----------
    frame
        A table or a column. Numbers, dates and booleans are left as they are.

    Returns
    -------
    The same, as a copy, names of columns included. Texts that begin with = + - @ (also in their wide forms
    and after blanks) or with a tab, line break or NUL begin with an apostrophe; doing it again changes
    nothing.

    Notes
    -----
    OWASP ASVS 5.0, 1.2.10, and CWE-1236. It also concerns texts such as `-5`. What stood there cannot always
    be told from the result: the Parquet file is the lossless one.
    """
    if isinstance(frame, pd.Series):
        return _neutralize_column(frame)
    safe = frame.copy()
    for at in range(safe.shape[1]):
        column = frame.iloc[:, at]
        made = _neutralize_column(column)
        if made is not column:
            safe.isetitem(at, made)
    safe.columns = (
        frame.columns.map(lambda name: _neutralize_text(name)) if len(frame.columns) else frame.columns
    )
    return safe


def write_csv(frame: pd.DataFrame | Iterable[pd.DataFrame], path: Path | str) -> None:
    """Write a table, or its parts one after the other, as CSV that is safe to open in a spreadsheet: UTF-8, LF, no index.

    Missing cells are empty, booleans `true` and `false`, times `2024-05-31T14:00:00`. Texts that hold a
    separator of any spreadsheet are quoted, so that none of them begins a cell elsewhere.
    """
    with _replace(path) as file:
        for number, part in enumerate([frame] if isinstance(frame, pd.DataFrame) else frame):
            safe = neutralize_formulas(part)
            rows = zip(*[_show_cells(safe.iloc[:, at]) for at in range(safe.shape[1])])
            if not number:
                rows = itertools.chain([[_quote(str(name)) for name in safe.columns]], rows)
            # pandas has one way to quote for all columns; this one quotes by the cell
            lines = (",".join(row) if len(row) > 1 or row[0] else '""' for row in rows)
            while block := list(itertools.islice(lines, _LINES)):
                file.write(("\n".join(block) + "\n").encode("utf-8", "surrogatepass"))


def write_parquet(frame: pd.DataFrame, path: Path | str, *, private: bool = False) -> None:
    """Write a table as Parquet, lossless, the index left out; a private one is readable by its owner only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    with _replace(path, private) as file:
        pq.write_table(table, file, compression="zstd")


def write_xlsx(frame: pd.DataFrame, path: Path | str, sheet: str = "data") -> None:
    """Write a table as a workbook without formulas and links, the same bytes each time; no index.

    Raises
    ------
    DataError
        More rows, columns or text in a cell than a workbook holds.
    """
    import io

    import xlsxwriter

    name = Path(path).name
    if len(frame) >= _EXCEL_ROWS or frame.shape[1] > _EXCEL_COLUMNS:
        raise DataError(name, "more rows or columns than a workbook holds", "Use CSV or Parquet.")
    safe, made = neutralize_formulas(frame), io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties({"created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
        page = book.add_worksheet(sheet)
        for at, label in enumerate(safe.columns):
            page.write_string(0, at, str(label))
            for row, value in enumerate(safe.iloc[:, at], 1):
                if _write_cell(page, row, at, value) < 0:
                    place = f"{name}, row {row + 1}, column {at + 1}"
                    raise DataError(
                        place, f"more than {_EXCEL_TEXT:,} characters in a cell", "Use CSV or Parquet."
                    )
    with _replace(path) as file:
        file.write(made.getvalue())


def _write_cell(page, row: int, at: int, value: object) -> int:
    """Write a cell as what it is; text where a workbook has no such thing."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return 0
    if isinstance(value, (bool,)) or type(value).__name__ == "bool":
        return page.write_boolean(row, at, bool(value))
    if isinstance(value, pd.Timestamp) and value.tzinfo is None and value.year >= 1900:
        return page.write_datetime(row, at, value.to_pydatetime(warn=False))
    # beyond this a workbook's numbers are no longer exact
    if pd.api.types.is_number(value) and not isinstance(value, complex) and abs(value) <= 2**53:
        return page.write_number(row, at, value)
    return page.write_string(row, at, str(value))


def _neutralize_column(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("object")
    if pd.api.types.is_object_dtype(column.dtype):
        is_text = column.map(lambda value: isinstance(value, str))
        if not is_text.any():
            return column
        hit = is_text & column.where(is_text, "").astype("str").str.contains(_FORMULA, regex=True)
    elif pd.api.types.is_string_dtype(column.dtype):
        codes, unique = pd.factorize(column)
        found = pd.Series(unique).str.contains(_FORMULA, regex=True)
        # code -1 stands for missing: the last entry
        hit = pd.Series(np.array([*found, False], dtype=bool)[codes], index=column.index)
    else:
        return column
    return column.where(~hit, "'" + column[hit]) if hit.any() else column


def _neutralize_text(value: object) -> object:
    return _neutralize_column(pd.Series([value], dtype="object")).iloc[0]


def _show_cells(column: pd.Series) -> list[str]:
    """Turn a column into CSV cells."""
    is_of = pd.api.types
    if is_of.is_bool_dtype(column.dtype):
        shown = column.astype("object").map({True: "true", False: "false"})
    elif column.dtype in ("datetime64[s]", "datetime64[ms]", "datetime64[us]"):
        # as isoformat writes each, at a tenth of the cost
        shown = pd.Series(np.datetime_as_string(column.to_numpy("datetime64[us]"))).str.removesuffix(".000000")
        return shown.where(column.notna().to_numpy(), "").tolist()
    elif is_of.is_datetime64_any_dtype(column.dtype):
        shown = column.map(lambda time: time.isoformat(), na_action="ignore")
    elif is_of.is_object_dtype(column.dtype) or is_of.is_float_dtype(column.dtype):
        # equal values may be written in different ways: 1 and True, 0.0 and -0.0
        return ["" if is_missing else _quote(str(value)) for value, is_missing in zip(column, column.isna())]
    else:
        shown = column.astype("object")
    # most columns of a log repeat themselves: each text is shown once
    codes, unique = pd.factorize(shown)
    texts = [_quote(str(value)) for value in unique]
    # code -1 stands for missing: the last entry
    return np.array([*texts, ""], dtype="object")[codes].tolist()


def _quote(text: str) -> str:
    if _QUOTED.search(text) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


@contextmanager
def _replace(path: Path | str, private: bool = False):
    """Open a temporary file that takes its place when it is complete."""
    path = Path(path)
    handle, made = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            yield file
        if not private:
            mask = os.umask(0o022)
            os.umask(mask)
            os.chmod(made, 0o666 & ~mask)
        os.replace(made, path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def _read_key(path: Path, name: str) -> tuple[bytes, int]:
    """Read a key and the mode of the very file that was read."""
    try:
        # a pipe would wait for a writer; a last link in the path was resolved before
        handle = os.open(
            path,
            os.O_RDONLY
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_NOFOLLOW", 0)
            | getattr(os, "O_BINARY", 0),
        )
        with open(handle, "rb") as file:
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                raise DataError(name, "the key is no file", _NEW_KEY)
            return file.read(_KEY_CAP + 1), mode
    except OSError as error:
        raise DataError(
            name, f"the key cannot be read ({error.strerror})", "Check the file and its permissions."
        ) from None


def _check_untracked(path: Path, name: str) -> None:
    """Refuse a file that git tracks; where git cannot say, a file in any repository."""
    if not any((folder / ".git").exists() for folder in path.parents):
        return
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-C",
        str(path.parent),
        "ls-files",
        "--error-unmatch",
        "--",
        path.name,
    ]
    try:
        code = subprocess.run(
            command, capture_output=True, env=kept, timeout=20, stdin=subprocess.DEVNULL
        ).returncode
    except (OSError, subprocess.SubprocessError):
        code = -1
    if code == 0:
        raise DataError(
            name,
            "the key is tracked by git",
            "Make a new key elsewhere: this one is in the history for good.",
        )
    if code != 1:
        raise DataError(
            name,
            "the key lies in a git repository that git cannot look into",
            "Move it out of the repository.",
        )


def _is_guessable(key: bytes) -> bool:
    """Say whether a key is one byte, a short pattern, a row of numbers, or of very few different bytes."""
    text = key.rstrip(b"\r\n") or key
    steps = {(b - a) % 256 for a, b in zip(text, text[1:])}
    repeats = any(text[period:] == text[:-period] for period in range(1, min(17, len(text))))
    return len(set(text)) < 8 or len(steps) == 1 or repeats
