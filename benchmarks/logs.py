"""Search logs: ours against DuckDB, Polars, pandas and SQLite by hand, on a simulated log of 1, 10 or 30 million rows.

The conversion of ours is the whole command: checksum, checks of encoding and quotes, fourteen columns of cell states, the
report. The counts are those of the notebooks, in Ibis. All engines answer the same questions of the same Parquet file.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from sidedoor.ingest import ingest_file
from sidedoor.ingest.source import FileLimits, ReadOptions

from .log_data import write_log
from .measure import WARM, Target, compare, describe_machine, print_table, print_targets

ENGINES = ["sidedoor", "duckdb", "polars", "pandas C", "pandas usual", "sqlite text", "wc -l", "floor"]
# What needs more memory or time than there is for one row of a table.
LARGE = {"10M": ["pandas usual", "sqlite text"], "30M": ["pandas C", "pandas usual", "sqlite text"]}
TASKS = ["ingest", "monthly", "patterns", "distinct", "spikes", "same"]
# CPU seconds after which a task is stopped; what was stopped once, or took long, is not run again.
CAPS = {"tiny": 60.0, "1M": 120.0, "10M": 150.0, "30M": 200.0}
TARGETS = [
    Target("ingest", "pandas C", 5), Target("ingest", "pandas usual", 15), Target("ingest", "duckdb", 1 / 1.1),
    Target("ingest", "polars", 1 / 1.1), Target("ingest", "floor", 1 / 6), Target("monthly", "pandas C", 4),
    Target("patterns", "pandas usual", 60), Target("patterns", "floor", 1 / 6), Target("distinct", "pandas C", 2.5),
    Target("spikes", "pandas C", 2.5), Target("same", "pandas C", 1),
]  # fmt: skip
MEMORY = {"ingest": 512, "distinct": 1024, "spikes": 1024}
BEYOND = (
    "By hand all nine columns are written, officers and plates too, with the time as printed; ours writes the typed table without "
    "persons, 14 columns of cell states and a report, after a checksum and checks of the whole text. same: ours finds out that all "
    "rows have an id; by hand it is known. patterns: pandas C looks in Arrow's strings, pandas usual row by row with Python's re; floor: "
    "{floor}."
)
PACKAGES = ["duckdb", "polars", "pandas", "pyarrow", "ibis-framework"]


def measure(reps: int, size: str = "1M", engines: list[str] | None = None) -> None:
    """Print the table of one size, what became of the targets, and how many days floating point flags wrongly."""
    engines = engines or [name for name in ENGINES if name not in LARGE.get(size, [])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SIDEDOOR_SPILL"] = name  # what an engine that is stopped leaves goes with the folder
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
        print(prepare(folder, size), flush=True)
        prepare(folder / WARM, "tiny")
        found = compare("benchmarks.log_engines", folder, engines, TASKS, reps, CAPS[size])
        arrow = try_pandas_arrow(folder if size == "1M" else folder / WARM)
        flags = count_flags(folder / "read" / "searches.parquet")
    print(describe_machine(PACKAGES))
    print(
        "results are equal; >cap took longer than it may; * is fewer than 5 turns; `wc -l` and `floor` convert nothing"
    )
    print(
        BEYOND.format(
            floor="ripgrep on the reasons"
            if shutil.which("rg")
            else "one look for all patterns joined into one"
        )
    )
    print_table(found, engines, [*TASKS, "imports"], "floor")
    print_targets(found, engines, TARGETS, "floor")
    for task, most in MEMORY.items():
        peak = (
            max(found["sidedoor", task].peak, default=float("nan"))
            if ("sidedoor", task) in found
            else float("nan")
        )
        print(
            f"{task}: peak {peak:.0f} MB, wanted at most {most}: {'reached' if peak <= most else 'NOT reached'}"
        )
    exact = flags.pop("exact")
    print(f"pandas with engine='pyarrow' {arrow}")
    print(f"days flagged: {len(exact):,} in whole numbers; " + ", ".join(
        f"{name} flags {len(found_ ^ exact):,} of them otherwise" for name, found_ in flags.items()
    ))  # fmt: skip


def prepare(folder: Path, size: str) -> str:
    """Write a log, and the Parquet file in which all engines count."""
    told = write_log(folder, size)
    options = ReadOptions(mapping=folder / "mapping.toml", keep_reasons=True)
    ingest_file(folder / "log.csv", folder / "read", options, FileLimits(bulk_bytes=1))
    return told


def count_flags(path: Path) -> dict[str, set]:
    """Flag agency-days of more than the mean and four deviations of the seven rows before, in floats and in whole numbers."""
    import duckdb
    import polars as pl

    days = (
        duckdb.connect()
        .sql(
            "SELECT searcher_agency_as_printed AS who, searched_at::DATE::TIMESTAMP AS day, count(*) AS n "
            f"FROM read_parquet('{path}') WHERE searched_at IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
        )
        .df()
    )
    frame = pl.from_pandas(days)
    before = pl.col("n").cast(pl.Float64).shift(1)
    mean, spread = before.rolling_mean(7, min_samples=7), before.rolling_std(7, min_samples=7, ddof=0)
    flagged = {
        "polars": frame.select((pl.col("n") > mean + 4 * pl.max_horizontal(spread, 1.0)).over("who"))
        .to_series()
        .to_numpy()
    }
    rolled = days.groupby("who")["n"].transform(lambda n: n.shift(1).rolling(7).mean())
    spread = days.groupby("who")["n"].transform(lambda n: n.shift(1).rolling(7).std(ddof=0))
    flagged["pandas"] = (days["n"] > rolled + 4 * spread.clip(lower=1)).to_numpy()
    window = "OVER (PARTITION BY who ORDER BY day ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING)"
    sums = (
        duckdb.connect()
        .sql(
            f"SELECT avg(n) {window} AS m, stddev_pop(n) {window} AS s, sum(n) {window} AS total, sum(n * n) {window} AS squares, "
            f"count(*) {window} AS k, n FROM days ORDER BY who, day"
        )
        .df()
    )
    full = (sums["k"] == 7).to_numpy()
    flagged["duckdb"] = full & (sums["n"] > sums["m"] + 4 * sums["s"].clip(lower=1)).to_numpy()
    total, squares, n = (
        sums[name].fillna(0).to_numpy().astype("int64") for name in ("total", "squares", "n")
    )
    excess = 7 * n - total
    flagged["exact"] = full & (excess > 0) & (excess**2 > 16 * np.maximum(7 * squares - total**2, 49))
    return {name: set(np.flatnonzero(np.nan_to_num(hit.astype(float)) == 1)) for name, hit in flagged.items()}


def try_pandas_arrow(folder: Path) -> str:
    """Say what becomes of the log when pandas reads it with Arrow."""
    code = f"import pandas as pd; print(len(pd.read_csv({str(folder / 'log.csv')!r}, engine='pyarrow')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return (
        f"reads {done.stdout.strip()} rows"
        if not done.returncode
        else f"fails: {done.stderr.strip().splitlines()[-1][:120]}"
    )
