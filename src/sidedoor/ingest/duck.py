"""DuckDB for one large file: in little memory, with a folder for what does not fit in it."""

import os
import re
from pathlib import Path

SPILLED = "spilled"


def connect(work: Path):
    """Open DuckDB with its memory limited, whatever the size of the file."""
    import duckdb

    threads = os.cpu_count() or 1
    settings = {
        "memory_limit": f"{96 + 48 * threads}MiB", "temp_directory": str(work / SPILLED), "threads": threads,
        # no file makes it fetch code
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
    }  # fmt: skip
    return duckdb.connect(config=settings)


def quote(text: str) -> str:
    """Write a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def quote_path(path: Path) -> str:
    """Write the path of one file as a literal of SQL; signs that DuckDB reads as a pattern of paths stand for
    themselves.
    """
    return quote(re.sub(r"[*?[]", r"[\g<0>]", str(path)))
