"""Write a simulated log into a folder, in the form of an ingested record, with its truth beside it."""

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.export import write_csv, write_parquet
from helpers.files import hash_file
from helpers.simulate.log import build_lists, iterate_log
from helpers.simulate.world import ZONE
from sidedoor.ingest.files import CSV_ROWS, REPORT, check_folder, make_work_folder, put_in_place
from sidedoor.ingest.report import Report

TRUTH = "truth.parquet"
_FORM = "simulated log: nothing in it is real"


def write_log(out: Path | str, seed: int, rows_n: int) -> Report:
    """Write a simulated log, its declared lists and its truth into a folder, and return its report.

    `out` is new, empty, or holds an earlier simulated log or ingest, which is replaced; otherwise an
    IngestError. `seed` and `rows_n` are those of `log.build_log`.
    """
    out = Path(out).absolute()
    check_folder(out, (TRUTH,))
    with make_work_folder(out) as work:
        folder = work / "out"
        folder.mkdir()
        span = _write_parts(folder, seed, rows_n)
        lists = build_lists(seed)
        write_parquet(lists, folder / "sharing.parquet")
        write_csv(lists, folder / "sharing.csv")
        log = folder / "searches.parquet"
        if rows_n <= CSV_ROWS:
            write_csv(pd.read_parquet(log), folder / "searches.csv")
        why, total = f"sidedoor simulate log --seed {seed} --rows {rows_n}", rows_n + len(lists)
        about = ("simulated log", hash_file(log), log.stat().st_size, "simulated", _FORM, why)
        report = Report(*about, total, total)
        report.span = {"searches": span, "sharing": [lists["as_of"].min(), lists["as_of"].max()]}
        report.time_zone = f"UTC; the agencies are in {ZONE}"
        report.notes = [f"{_FORM[0].upper()}{_FORM[1:]}.", f"{TRUTH} holds what a method should find."]
        report.check()
        text = json.dumps(asdict(report), ensure_ascii=False, indent=2)
        (folder / REPORT).write_text(text + "\n", encoding="utf-8", newline="\n")
        put_in_place(folder, out)
    return report


def _write_parts(folder: Path, seed: int, rows_n: int) -> list[str]:
    """Write log and truth part by part; return the first and last day."""
    writers: list[pq.ParquetWriter] = []
    days: list[pd.Timestamp] = []
    try:
        for tables in iterate_log(seed, rows_n):
            days += [tables[0]["searched_at"].min(), tables[0]["searched_at"].max()]
            for place, (name, table) in enumerate(zip(("searches.parquet", TRUTH), tables, strict=True)):
                rows = pa.Table.from_pandas(table, preserve_index=False)
                if len(writers) == place:
                    writers.append(pq.ParquetWriter(folder / name, rows.schema, compression="zstd"))
                writers[place].write_table(rows)
    finally:
        for writer in writers:
            writer.close()
    return [f"{min(days):%Y-%m-%d}", f"{max(days):%Y-%m-%d}"]
