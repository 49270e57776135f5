"""DuckDB for one large file: in little memory, with a folder for what does not fit in it."""

import os
from pathlib import Path

SPILLED = "spilled"


def connect(work: Path):
    """Open DuckDB with its memory limited, whatever the size of the file."""
    import duckdb

    threads = os.cpu_count() or 1
    settings = {"memory_limit": f"{128 + 64 * threads}MiB", "temp_directory": str(work / SPILLED), "threads": threads}
    return duckdb.connect(config=settings)


def quote(text: str) -> str:
    """Write a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
