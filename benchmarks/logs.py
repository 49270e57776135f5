"""Search logs: ours beside DuckDB and pandas by hand, on a simulated log.

By hand means: as a person writes it who knows the file. By hand all nine columns are written, officers and
plates too; ours writes the typed table without persons, the states of cells and a report, after checks of the
whole text. The counts are asked of one and the same Parquet file, ours through Ibis.
"""

import shutil
from pathlib import Path

import duckdb
import numpy as np

SIZES = {"1M": 1_000_000, "10M": 10_000_000, "30M": 30_000_000, "tiny": 5_000}
TINY = "tiny"
WAYS = ["sidedoor", "duckdb", "pandas"]
TASKS = ["ingest", "monthly", "patterns"]
LEFT_OUT = [("30M", "pandas", task) for task in TASKS]
FORMS = ("%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y, %I:%M:%S %p UTC", "%Y-%m-%d %H:%M:%S")
NAMES = ["id", "printed", "agency", "officer", "plate", "state", "networks", "reason", "case_no"]
MAPPING = r"""
title = "Simulated search log"
table = "searches"
[columns]
search_id = "Search ID"
searched_at = "Searched At"
searcher_agency_as_printed = "Agency"
officer = "Officer"
plate = "Plate"
plate_state = "Plate State"
networks_n = "Networks"
reason_text = "Reason"
case_number = "Case No"
[times]
forms = ["%Y-%m-%dT%H:%M:%S%z", "%m/%d/%Y, %I:%M:%S %p %z", "%Y-%m-%d %H:%M:%S"]
time_zone = "UTC"
"""
USUAL = (
    "stolen vehicle,burglary,warrant,follow up,welfare check,hit and run,investigation,homicide,robbery,"
    "assault,missing person,bolo,shots fired,fraud,traffic,vandalism,patrol,theft,amber alert,pursuit"
).split(",")
RARE = (
    "ice,immigration,ero,hsi,dhs,cbp,border,deport,287g,detainer,removal,visa,alien,customs,protest,rally,"
    "demonstration,abortion,clinic,church,press,union"
).split(",")
PATTERNS = [
    *(rf"\b{word}\b" for word in RARE),
    *(rf"\b{word} (?:case|op|detail)\b" for word in RARE[:18]),
    *(rf"\b(?:us|fed|federal) {word}\b" for word in RARE[:18]),
    r"\bcivil (?:imm|enf)",
    r"\bfed(?:eral)? assist",
    r"\btask force\b",
    r"\bassist other agency\b",
]
# Each cell follows from the number of its row. Three rows in a hundred come again, two times in a hundred
# cannot be read, one reason in twenty is rare; some hold a comma, a quote or the end of a line.
LOG = """
COPY (
    WITH rows AS (
        SELECT i, CASE WHEN draw(i, 1, 100) < 3 THEN greatest(i - 50, 0) ELSE i END AS first_i
        FROM range({rows_n}) AS numbers(i)
    ), moments AS (
        SELECT *, TIMESTAMP '2023-07-01'
            + to_seconds(first_i * 63072000 // {rows_n} + first_i * 7919 % 3600) AS moment
        FROM rows
    )
    SELECT
        'Q' || (first_i + 1000000000) AS "Search ID",
        CASE WHEN draw(i, 2, 100) < 2 THEN 'N/A' ELSE CASE draw(i, 3, 3)
            WHEN 0 THEN strftime(moment, '{forms[0]}')
            WHEN 1 THEN strftime(moment, '{forms[1]}')
            ELSE strftime(moment, '{forms[2]}') END END AS "Searched At",
        pick(draw(i, 4, 7), {places}) || pick(draw(i, 5, 7), {ends})
            || CASE WHEN i % 7 = 0 THEN ', Z' ELSE ' Z' END || pick(draw(i, 6, 5), ['A', 'B', 'C', 'D', 'E'])
            || pick(i, [' PD', ' SO']) AS "Agency",
        'Officer ' || draw(i, 7, 20000) AS "Officer",
        CASE WHEN draw(i, 8, 10) = 0 THEN '***'
            ELSE draw(i, 9, 9) || 'ZZZ' || draw(i, 10, 900) END AS "Plate",
        pick(draw(i, 11, 4), ['ZA', 'ZB', 'ZC', '']) AS "Plate State",
        draw(i, 12, 6000) AS "Networks",
        CASE WHEN draw(i, 13, 20) = 0 THEN pick(draw(i, 14, 100), {rare})
            ELSE pick(draw(i, 14, 100), {usual}) END
            || pick(draw(i, 15, 20), [', ', ', ', chr(10), ' "so called" ', ' '])
            || pick(draw(i, 16, 20), {usual})
            || CASE WHEN draw(i, 17, 3) = 0 THEN ' ' || draw(i, 18, 1000000) ELSE '' END AS "Reason",
        CASE WHEN draw(i, 19, 5) < 2 THEN '' ELSE 'C' || draw(i, 20, 1000000) END AS "Case No"
    FROM moments ORDER BY i
) TO '{path}' (HEADER)
"""


def prepare(folder: Path, size: str) -> str:
    """Write `log.csv`, the mapping of its columns, and the Parquet file in which all ways count."""
    rows_n, path = SIZES[size], folder / "log.csv"
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8", newline="\n")
    places, ends = "Ash Beech Elm Oak Pine Cedar Fir".split(), "ton ville burg ford dale field wick".split()
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO draw(i, salt, n) AS (hash(i, salt) % n)::BIGINT")
        connection.execute("CREATE MACRO pick(i, words) AS words[1 + (i % len(words))::BIGINT]")
        parts = {"places": places, "ends": ends, "rare": RARE, "usual": USUAL}
        connection.execute(LOG.format(rows_n=rows_n, path=path, forms=FORMS, **parts))
    _ingest(folder, folder / "read")
    size_n, of = path.stat().st_size, len(PATTERNS)
    return f"a simulated log of {rows_n:,} rows, {size_n:,} bytes of CSV; {of} patterns over its reasons"


def _ingest(folder: Path, out: Path) -> None:
    from sidedoor.ingest import ingest_file
    from sidedoor.ingest.source import ReadOptions

    shutil.rmtree(out, ignore_errors=True)
    options = ReadOptions(mapping=folder / "mapping.toml", keep_reasons=True, confirm_agencies=True)
    ingest_file(folder / "log.csv", out, options)


def open_way(way: str, folder: Path) -> dict:
    """Give the tasks of one way as {task: (call, check)}."""
    return {"sidedoor": _open_sidedoor, "duckdb": _open_duckdb, "pandas": _open_pandas}[way](folder)


def sum_up(path: Path, at="moment", n="networks", who="agency", why="reason") -> np.ndarray:
    """Sum up a Parquet file that was written: rows, times, networks, agencies, reasons, reasons by time."""
    sums = (
        f"count(*), count({at}), sum(epoch_ms({at}) // 1000), sum({n}), count(DISTINCT {who}), "
        f"sum(strlen({why})), sum(strlen({why}) * (epoch_ms({at}) // 1000 % 97))"
    )
    return np.array(duckdb.sql(f"SELECT {sums} FROM read_parquet('{path}')").fetchall()[0], np.int64)


def sum_months(months, counts) -> np.ndarray:
    """Sum up counts by agency and month: how many, their sum, and sums that depend on each of them."""
    months, counts = np.asarray(months, np.int64), np.asarray(counts, np.int64)
    return np.array([len(counts), counts.sum(), (counts * months % 1_000_003).sum(), (counts**2).sum()])


def _open_sidedoor(folder: Path) -> dict:
    import ibis

    from helpers.reasons.labels import ODD, fold_text, join_patterns
    from helpers.searches import engine

    out, read = folder / "out", folder / "read" / "searches.parquet"

    def read_log():
        return engine.read_log(engine.connect(), [read])

    def count_months():
        table = read_log()
        month = (table.searched_at.year() * 12 + table.searched_at.month()).cast("int64")
        dated = table.filter(table.searched_at.notnull())
        return engine.fetch(dated.group_by("searcher_agency_as_printed", month=month).agg(n=ibis._.count()))

    def count_patterns():
        # as rule sets are looked up: all patterns at once, then each distinct text that one of them found
        table = read_log()
        found = table.filter(table.reason_text.re_search("(?i)" + join_patterns([*PATTERNS, ODD])))
        texts = found.group_by("reason_text").agg(rows_n=ibis._.count())
        texts = texts.select("rows_n", folded=fold_text(texts.reason_text))
        texts = texts.filter(texts.folded.re_search(join_patterns(PATTERNS)))
        hits = [texts.folded.re_search(one).ifelse(texts.rows_n, 0).sum() for one in PATTERNS]
        return engine.fetch(texts.agg(**{f"p{n:02d}": hit for n, hit in enumerate(hits)})).fillna(0)

    def check_ingest(_):
        names = ("searched_at", "networks_n", "searcher_agency_as_printed", "reason_text")
        return sum_up(out / "searches.parquet", *names)

    return {
        "ingest": (lambda: _ingest(folder, out), check_ingest),
        "monthly": (count_months, lambda found: sum_months(found["month"], found["n"])),
        "patterns": (count_patterns, lambda found: found.iloc[0].to_numpy(np.int64)),
    }


def _open_duckdb(folder: Path) -> dict:
    out, read = folder / "out-duckdb.parquet", f"read_parquet('{folder / 'read' / 'searches.parquet'}')"
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in NAMES)

    def ask(sql: str):
        with duckdb.connect() as connection:
            return connection.execute(sql).fetchall()

    def ingest():
        moments = ", ".join(f"try_strptime(printed, '{form}')" for form in FORMS)
        kept = ", ".join(name for name in NAMES if name != "networks")
        text = (
            f"read_csv('{folder / 'log.csv'}', columns = {{{columns}}}, header = true, auto_detect = false)"
        )
        ask(
            f"COPY (SELECT {kept}, coalesce({moments}) AS moment, networks::BIGINT AS networks FROM {text}) "
            f"TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
        )

    def count_months():
        return ask(
            f"SELECT year(searched_at) * 12 + month(searched_at), count(*) FROM {read} "
            "WHERE searched_at IS NOT NULL GROUP BY searcher_agency_as_printed, 1"
        )

    def find_patterns():
        sums = ", ".join(f"count_if(regexp_matches(text, '{pattern}'))" for pattern in PATTERNS)
        return ask(f"SELECT {sums} FROM (SELECT lower(reason_text) AS text FROM {read})")[0]

    return {
        "ingest": (ingest, lambda _: sum_up(out)),
        "monthly": (count_months, lambda rows: sum_months(*zip(*rows, strict=True))),
        "patterns": (find_patterns, np.array),
    }


def _open_pandas(folder: Path) -> dict:
    import pandas as pd

    out, read = folder / "out-pandas.parquet", folder / "read" / "searches.parquet"

    def ingest():
        frame = pd.read_csv(folder / "log.csv", names=NAMES, header=0, dtype="str", keep_default_na=False)
        first, *more = (pd.to_datetime(frame["printed"], format=form, errors="coerce") for form in FORMS)
        frame["moment"] = first.fillna(more[0]).fillna(more[1])
        frame["networks"] = frame["networks"].astype("int64")
        frame.to_parquet(out, compression="zstd", index=False)

    def count_months():
        frame = pd.read_parquet(read, columns=["searched_at", "searcher_agency_as_printed"]).dropna()
        month = frame["searched_at"].dt.year * 12 + frame["searched_at"].dt.month
        counts = frame.groupby(["searcher_agency_as_printed", month.rename("month")]).size()
        return counts.index.get_level_values("month"), counts

    def find_patterns():
        text = pd.read_parquet(read, columns=["reason_text"])["reason_text"].str.lower()
        return [int(text.str.contains(pattern, regex=True).sum()) for pattern in PATTERNS]

    return {
        "ingest": (ingest, lambda _: sum_up(out)),
        "monthly": (count_months, lambda found: sum_months(*found)),
        "patterns": (find_patterns, np.array),
    }
