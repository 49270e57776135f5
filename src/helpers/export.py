"""Write tables that a spreadsheet can open safely: no cell runs as a formula."""

import itertools
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

# What a spreadsheet may take for the beginning of a formula, in its wide forms too, after anything that shows
# as nothing.
_FORMULA = (
    r"(?s)\A(?:[\s\x00\u200b-\u200f\u2060\ufeff\u00ad]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]|[\t\r\n\x00])"
)
# Control characters but tab and line ends: no program shows them, and a terminal obeys some.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTED = re.compile(r'[,;|"\t\r\n\x00]')
# rows of a CSV that are written at a time
_LINES = 20_000


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
    """Write a table, or its parts, as CSV that is safe to open in a spreadsheet: UTF-8, LF, no index.

    Control characters become U+FFFD. Missing cells are empty, booleans `true` and `false`, times
    `2024-05-31T14:00:00`. Texts that hold a separator of any spreadsheet are quoted, so that none of
    them begins a cell elsewhere.
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
        shown = pd.Series(np.datetime_as_string(column.to_numpy("datetime64[us]"))).str.removesuffix(
            ".000000"
        )
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
    text = _CONTROLS.sub("\ufffd", text)
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
