"""The engines that read and count a search log: ours, DuckDB, Polars, pandas and SQLite by hand, and floors.

By hand means: as a person writes it who knows the file. All write what they read as Parquet with zstd, and answer the same
questions of one and the same Parquet file, ours, with the same result. Who searched far more often than in the seven days before
is decided in whole numbers by all of them, as in `searches.spikes`.
"""

import csv
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import numpy as np

from .log_data import FORMS, PATTERNS

NAMES = ["id", "printed", "agency", "officer", "plate", "state", "networks", "reason", "case_no"]
TOP = 20


def open_engine(name: str, folder: Path) -> list:
    """Import an engine, and give its tasks as (name, prepare, call, check)."""
    return _ENGINES[name](folder)


def _tasks(**calls) -> list:
    """Turn tasks that need no preparation into what is asked for; their result is what must be equal."""
    return [
        (name, lambda: None, lambda _, call=call: call(), lambda made: made) for name, call in calls.items()
    ]


def _sum_up(path: Path, columns: str):
    """Sum up a Parquet file that was written, so that conversions can be compared."""
    import duckdb

    return np.array(
        duckdb.connect().sql(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()[0], np.int64
    )


# in whole numbers: a sum of times in floating point depends on the order of the rows
_SUMS = "count(*), count({at}), sum(epoch_ms({at}) // 1000), sum({n}), count(DISTINCT {who}), sum(strlen({why})), sum(strlen({why}) * (epoch_ms({at}) // 1000 % 97))"
_BY_HAND = _SUMS.format(at="moment", n="networks", who="agency", why="reason")


def _months(frame) -> np.ndarray:
    """Count what is equal of months by agency: rows of the table, searches, and a sum that depends on each pair."""
    months, counts = np.asarray(frame[0], np.int64), np.asarray(frame[1], np.int64)
    return np.array([len(counts), counts.sum(), (counts * months % 1_000_003).sum(), (counts**2).sum()])


def _open_sidedoor(folder: Path) -> list:
    import ibis
    import pandas as pd

    from helpers.reasons.classify import count_patterns
    from helpers.searches import engine
    from helpers.searches.same import count_searches, key_rows
    from helpers.searches.spikes import find_spikes
    from sidedoor.ingest import ingest_file
    from sidedoor.ingest.source import FileLimits, ReadOptions

    out, read = folder / "out-sidedoor", folder / "read" / "searches.parquet"
    options = ReadOptions(mapping=folder / "mapping.toml", keep_reasons=True)

    def ingest():
        shutil.rmtree(out, ignore_errors=True)
        return ingest_file(folder / "log.csv", out, options, FileLimits(bulk_bytes=1))

    def log():
        return engine.read_log(engine.connect(), [read])

    def monthly():
        table = log()
        table = table.filter(table.searched_at.notnull())
        month = (table.searched_at.year() * 12 + table.searched_at.month()).cast("int64")
        found = table.group_by(table.searcher_agency_as_printed, month=month).agg(n=ibis._.count())
        found = engine.fetch(found)
        return _months([found["month"], found["n"]])

    def patterns():
        return count_patterns(log(), PATTERNS)["rows_n"].to_numpy()

    def distinct():
        table = log()
        counted = engine.fetch(
            table.agg(a=table.searcher_agency_as_printed.nunique(), r=table.reason_text.nunique())
        )
        counts = table.group_by("searcher_agency_as_printed").agg(n=ibis._.count())
        top = engine.fetch(counts, ["-n", "searcher_agency_as_printed"], limit=TOP)
        return np.array([*counted.iloc[0], *top["n"]], np.int64)

    def spikes():
        table = log()
        found = find_spikes(table.mutate(searcher=table.searcher_agency_as_printed), "UTC", least_n=1)
        days = (found["day"] - pd.Timestamp(0)).dt.days
        return np.array(
            [len(found), found["searches_n"].sum(), found["before_n"].sum(), days.sum()], np.int64
        )

    def same():
        return np.array([count_searches(key_rows(log())).value])

    sums = _SUMS.format(at="searched_at", n="networks_n", who="searcher_agency_as_printed", why="reason_text")
    tasks = _tasks(monthly=monthly, patterns=patterns, distinct=distinct, spikes=spikes, same=same)
    return [
        ("ingest", lambda: None, lambda _: ingest(), lambda _: _sum_up(out / "searches.parquet", sums)),
        *tasks,
    ]


def _open_duckdb(folder: Path) -> list:
    import duckdb

    out, read = folder / "out-duckdb.parquet", f"read_parquet('{folder / 'read' / 'searches.parquet'}')"
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in NAMES)
    text = f"read_csv('{folder / 'log.csv'}', columns = {{{columns}}}, header = true, auto_detect = false, quote = '\"', escape = '\"', delim = ',')"

    def ask(sql: str):
        with duckdb.connect() as connection:
            return connection.execute(sql).fetchall()

    def ingest():
        moments = ", ".join(f"try_strptime(printed, '{form}')" for form in FORMS)
        kept = ", ".join(name for name in NAMES if name != "networks")
        with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
            connection.execute(
                f"COPY (SELECT {kept}, coalesce({moments}) AS moment, networks::BIGINT AS networks FROM {text}) "
                f"TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
            )

    def monthly():
        rows = ask(
            "SELECT year(searched_at) * 12 + month(searched_at), count(*) "
            f"FROM {read} WHERE searched_at IS NOT NULL GROUP BY searcher_agency_as_printed, 1"
        )
        return _months(np.array(rows).T)

    def patterns():
        sums = ", ".join(f"count_if(regexp_matches(t, '{pattern}'))" for pattern in PATTERNS)
        return np.array(ask(f"SELECT {sums} FROM (SELECT lower(reason_text) AS t FROM {read})")[0])

    def distinct():
        found = ask(
            f"SELECT count(DISTINCT searcher_agency_as_printed), count(DISTINCT reason_text) FROM {read}"
        )[0]
        top = ask(
            f"SELECT count(*) AS n FROM {read} GROUP BY searcher_agency_as_printed ORDER BY n DESC, searcher_agency_as_printed LIMIT {TOP}"
        )
        return np.array([*found, *(n for (n,) in top)])

    def spikes():
        found = ask(
            "WITH days AS (SELECT searcher_agency_as_printed AS who, datediff('day', DATE '1970-01-01', searched_at::DATE) AS day, "
            f"count(*) AS n FROM {read} WHERE searched_at IS NOT NULL AND who IS NOT NULL GROUP BY 1, 2), "
            "sums AS (SELECT day, n, min(day) OVER () AS first, coalesce(sum(n) OVER w, 0)::BIGINT AS s, "
            "coalesce(sum(n * n) OVER w, 0)::BIGINT AS q FROM days "
            "WINDOW w AS (PARTITION BY who ORDER BY day RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING)) "
            "SELECT count(*), coalesce(sum(n), 0), coalesce(sum(s), 0), coalesce(sum(day), 0) FROM sums WHERE day >= first + 7 AND 7 * n > s "
            "AND (7 * n - s) * (7 * n - s) > 16 * greatest(7 * q - s * s, 49)"
        )[0]
        return np.array(found, np.int64)

    def same():
        return np.array(ask(f"SELECT count(DISTINCT search_id) FROM {read}")[0])

    tasks = _tasks(monthly=monthly, patterns=patterns, distinct=distinct, spikes=spikes, same=same)
    return [("ingest", lambda: None, lambda _: ingest(), lambda _: _sum_up(out, _BY_HAND)), *tasks]


def _open_polars(folder: Path) -> list:
    import polars as pl

    out, read, name = (
        folder / "out-polars.parquet",
        folder / "read" / "searches.parquet",
        "searcher_agency_as_printed",
    )

    def ingest():
        frame = pl.scan_csv(folder / "log.csv", infer_schema=False, new_columns=NAMES)
        moments = [pl.col("printed").str.to_datetime(form, strict=False, time_unit="us") for form in FORMS]
        frame.with_columns(
            moment=pl.coalesce(moments), networks=pl.col("networks").cast(pl.Int64)
        ).sink_parquet(out, compression="zstd")

    def scan(*columns: str):
        return pl.scan_parquet(read).select(*columns)

    def monthly():
        at = pl.col("searched_at")
        month = (at.dt.year().cast(pl.Int64) * 12 + at.dt.month()).alias("month")
        found = scan("searched_at", "searcher_agency_as_printed").filter(at.is_not_null())
        found = found.group_by("searcher_agency_as_printed", month).len().collect(engine="streaming")
        return _months([found["month"].to_numpy(), found["len"].to_numpy()])

    def patterns():
        text = pl.col("reason_text").str.to_lowercase()
        return scan("reason_text").select(
            text.str.contains(pattern).sum().alias(str(at)) for at, pattern in enumerate(PATTERNS)
        ).collect(engine="streaming").to_numpy()[0]  # fmt: skip

    def distinct():
        counted = scan(name, "reason_text").select(
            pl.col(name).drop_nulls().n_unique(), pl.col("reason_text").drop_nulls().n_unique()
        )
        top = (
            scan(name)
            .group_by(name)
            .len()
            .sort(["len", name], descending=[True, False])
            .head(TOP)
            .collect(engine="streaming")
        )
        return np.array([*counted.collect(engine="streaming").row(0), *top["len"]], np.int64)

    def spikes():
        days = scan(name, "searched_at").drop_nulls()
        days = days.group_by(name, pl.col("searched_at").dt.epoch("d").cast(pl.Int64).alias("day")).len("n")
        days = days.with_columns(pl.col("n").cast(pl.Int64)).sort(name, "day").collect(engine="streaming")
        sums = [
            part.rolling_sum_by("day", "7i", closed="left").over(name).fill_null(0)
            for part in (pl.col("n"), pl.col("n") ** 2)
        ]
        days = days.with_columns(s=sums[0], q=sums[1]).filter(pl.col("day") >= pl.col("day").min() + 7)
        excess, spread = (
            7 * pl.col("n") - pl.col("s"),
            pl.max_horizontal(7 * pl.col("q") - pl.col("s") ** 2, 49),
        )
        found = days.filter((excess > 0) & (excess**2 > 16 * spread)).select(
            pl.len(), pl.col("n", "s", "day").sum()
        )
        return np.array(found.row(0), np.int64)

    def same():
        return (
            scan("search_id").select(pl.col("search_id").n_unique()).collect(engine="streaming").to_numpy()[0]
        )

    tasks = _tasks(monthly=monthly, patterns=patterns, distinct=distinct, spikes=spikes, same=same)
    return [("ingest", lambda: None, lambda _: ingest(), lambda _: _sum_up(out, _BY_HAND)), *tasks]


def _open_pandas(folder: Path, *, is_usual: bool = False) -> list:
    """Open pandas: with its C reader, forms of time and Arrow's patterns; or as it is usually written, all of it row by row."""
    import pandas as pd

    out, read = folder / f"out-pandas-{is_usual}.parquet", folder / "read" / "searches.parquet"

    def ingest():
        frame = pd.read_csv(folder / "log.csv", names=NAMES, header=0, dtype="str", keep_default_na=False)
        if is_usual:
            at = pd.to_datetime(frame["printed"], format="mixed", utc=True, errors="coerce").dt.tz_localize(
                None
            )
        else:
            first, *more = (pd.to_datetime(frame["printed"], format=form, errors="coerce") for form in FORMS)
            at = first.fillna(more[0]).fillna(more[1])
        frame.assign(moment=at, networks=frame["networks"].astype("int64")).to_parquet(
            out, compression="zstd", index=False
        )

    def load(*columns: str):
        return pd.read_parquet(read, columns=list(columns))

    def monthly():
        frame = load("searched_at", "searcher_agency_as_printed").dropna(subset="searched_at")
        month = frame["searched_at"].dt.year * 12 + frame["searched_at"].dt.month
        counts = frame.groupby(["searcher_agency_as_printed", month.rename("month")]).size()
        return _months([counts.index.get_level_values("month"), counts])

    def patterns():
        text = load("reason_text")["reason_text"].str.lower()
        if is_usual:
            searches = [re.compile(pattern).search for pattern in PATTERNS]
            return np.array([sum(map(bool, text.dropna().map(search))) for search in searches])
        return np.array([int(text.str.contains(pattern, regex=True).sum()) for pattern in PATTERNS])

    def distinct():
        frame = load("searcher_agency_as_printed", "reason_text")
        names = frame["searcher_agency_as_printed"]
        top = (
            names.value_counts()
            .rename_axis("name")
            .reset_index()
            .sort_values(["count", "name"], ascending=[False, True])
        )
        return np.array([names.nunique(), frame["reason_text"].nunique(), *top["count"].head(TOP)])

    def spikes():
        frame = load("searcher_agency_as_printed", "searched_at").dropna()
        days = (
            frame.groupby(["searcher_agency_as_printed", frame["searched_at"].dt.floor("D")])
            .size()
            .rename("n")
            .reset_index()
        )
        days["n2"] = days["n"] ** 2
        before = (
            days.groupby("searcher_agency_as_printed")
            .rolling("7D", on="searched_at", closed="left")[["n", "n2"]]
            .sum()
        )
        sums, squares = (before[part].fillna(0).astype("int64").to_numpy() for part in ("n", "n2"))
        n, day = days["n"].to_numpy(), (days["searched_at"] - pd.Timestamp(0)).dt.days.to_numpy()
        excess = 7 * n - sums
        hit = (day >= day.min() + 7) & (excess > 0) & (excess**2 > 16 * np.maximum(7 * squares - sums**2, 49))
        return np.array([hit.sum(), n[hit].sum(), sums[hit].sum(), day[hit].sum()], np.int64)

    def same():
        return np.array([load("search_id")["search_id"].nunique()])

    tasks = [("ingest", lambda: None, lambda _: ingest(), lambda _: _sum_up(out, _BY_HAND))]
    if is_usual:
        return [*tasks, *_tasks(patterns=patterns)]
    return [*tasks, *_tasks(monthly=monthly, patterns=patterns, distinct=distinct, spikes=spikes, same=same)]


def _open_sqlite(folder: Path) -> list:
    def ingest():
        path = folder / "out.sqlite"
        path.unlink(missing_ok=True)
        with (
            (folder / "log.csv").open(encoding="utf-8", newline="") as file,
            sqlite3.connect(path) as connection,
        ):
            connection.execute(f"CREATE TABLE log ({', '.join(NAMES)})")
            rows = csv.reader(file)
            next(rows)
            connection.executemany(f"INSERT INTO log VALUES ({', '.join('?' * len(NAMES))})", rows)

    return _tasks(ingest=ingest)


def _open_floor(folder: Path) -> list:
    """Split the text and no more; for patterns ripgrep on the reasons alone or, without it, one look for all patterns as one."""
    import duckdb

    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in NAMES)

    def ingest():
        counts = ", ".join(f"count({name})" for name in NAMES)
        duckdb.connect().sql(
            f"SELECT {counts} FROM read_csv('{folder / 'log.csv'}', columns = {{{columns}}}, header = true, "
            "auto_detect = false, quote = '\"', escape = '\"', delim = ',')"
        ).fetchall()

    def combined():
        pattern = "|".join(f"(?:{part})" for part in PATTERNS)
        duckdb.connect().sql(
            f"SELECT count_if(regexp_matches(lower(reason_text), '{pattern}')) FROM read_parquet('{folder / 'read' / 'searches.parquet'}')"
        ).fetchall()

    if not shutil.which("rg"):
        return _tasks(ingest=ingest, patterns=combined)
    (folder / "patterns.txt").write_text("\n".join(PATTERNS))
    reasons = folder / "reasons.txt"
    if not reasons.is_file():
        read = folder / "read" / "searches.parquet"
        duckdb.connect().sql(
            f"COPY (SELECT replace(reason_text, chr(10), ' ') FROM '{read}') TO '{reasons}' (FORMAT csv, HEADER false)"
        )
    command = ["rg", "-ic", "-f", str(folder / "patterns.txt"), str(reasons)]
    return _tasks(
        ingest=ingest,
        patterns=lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True) and None,
    )


def _open_lines(folder: Path) -> list:
    command = ["wc", "-l", str(folder / "log.csv")]
    return _tasks(ingest=lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True) and None)


_ENGINES = {
    "sidedoor": _open_sidedoor, "duckdb": _open_duckdb, "polars": _open_polars, "pandas C": _open_pandas,
    "pandas usual": lambda folder: _open_pandas(folder, is_usual=True), "sqlite text": _open_sqlite, "wc -l": _open_lines,
    "floor": _open_floor,
}  # fmt: skip
