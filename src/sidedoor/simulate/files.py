"""A simulated log in a folder, in the form of an ingested record, with its truth beside it."""

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.export import write_csv, write_parquet
from helpers.files import hash_file
from helpers.simulate.log import build_lists, iterate_log
from helpers.simulate.world import ZONE
from sidedoor.ingest.files import REPORT, check_folder, put_in_place
from sidedoor.ingest.report import Report

TRUTH = "truth.parquet"
CSV_ROWS = 1_000_000  # longer logs are written as Parquet only: a spreadsheet holds no more
_FORM = "simulated log: nothing in it is real"


def write_log(out: Path | str, seed: int, rows_n: int) -> Report:
    """Write a simulated log, its declared lists and its truth into a folder that `records` reads.

    Parameters
    ----------
    out
        A folder: new, empty, or one that holds an earlier simulated log or ingest, which is replaced.
    seed, rows_n
        As for `log.build_log`.

    Returns
    -------
    Report, as it stands in `report.json`.

    Raises
    ------
    IngestError
        The folder holds something else.
    """
    out = Path(out).absolute()
    check_folder(out, (TRUTH,))
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        span = _write_parts(work, seed, rows_n)
        lists = build_lists(seed)
        write_parquet(lists, work / "sharing.parquet")
        write_csv(lists, work / "sharing.csv")
        if rows_n <= CSV_ROWS:
            write_csv(pd.read_parquet(work / "searches.parquet"), work / "searches.csv")
        log = work / "searches.parquet"
        why = f"sidedoor simulate log --seed {seed} --rows {rows_n}"
        total = rows_n + len(lists)
        report = Report(
            "simulated log", hash_file(log), log.stat().st_size, "simulated", _FORM, why, total, total
        )
        report.span = {"searches": span, "sharing": [lists["as_of"].min(), lists["as_of"].max()]}
        report.time_zone = f"UTC; the agencies are in {ZONE}"
        report.notes = [f"{_FORM[0].upper()}{_FORM[1:]}.", f"{TRUTH} holds what a method should find."]
        report.check()
        text = json.dumps(asdict(report), ensure_ascii=False, indent=2)
        (work / REPORT).write_text(text + "\n", encoding="utf-8", newline="\n")
        work.chmod(0o755)
        put_in_place(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return report


def _write_parts(work: Path, seed: int, rows_n: int) -> list[str]:
    """Write log and truth part by part; return the first and last day."""
    writers: list[pq.ParquetWriter] = []
    days: list[pd.Timestamp] = []
    try:
        for tables in iterate_log(seed, rows_n):
            days += [tables[0]["searched_at"].min(), tables[0]["searched_at"].max()]
            for place, (name, table) in enumerate(zip(("searches.parquet", TRUTH), tables, strict=True)):
                rows = pa.Table.from_pandas(table, preserve_index=False)
                if len(writers) == place:
                    writers.append(pq.ParquetWriter(work / name, rows.schema, compression="zstd"))
                writers[place].write_table(rows)
    finally:
        for writer in writers:
            writer.close()
    return [f"{min(days):%Y-%m-%d}", f"{max(days):%Y-%m-%d}"]
