"""Behaviour of `helpers.searches.engine`: one table and one result, whichever engine counts."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import ibis
import pandas as pd
import pytest

from helpers.canonical import COLUMNS, build_table
from helpers.errors import DataError, ParameterError
from helpers.searches import engine
from made.refusal import refused

LATE = pd.Timestamp("2025-11-02 08:59:59.999999")


@pytest.fixture
def files(tmp_path):
    """Two Parquet files of searches; the second lacks the reasons, as a file that is to be published may."""
    first = {"source_id": "a", "row_no": 2, "searched_at": LATE, "networks_n": 7, "reason_text": "é"}
    second = {"source_id": "a", "row_no": 1, "searched_at": pd.NaT, "networks_n": None, "reason_text": "B"}
    table = build_table("searches", [first, second | {"has_case_number": True}])
    table.to_parquet(tmp_path / "one.parquet")
    more = build_table("searches", [{"source_id": "b", "row_no": 1, "networks_n": 7}])
    more.drop(columns="reason_text").to_parquet(tmp_path / "two.parquet")
    return [tmp_path / "one.parquet", tmp_path / "two.parquet"]


def ask(connection, files):
    """Bring what an engine makes of a few kinds of columns, in two orders."""
    log = engine.read_log(connection, files)
    kinds = log.select(
        "source_id",
        "row_no",
        "reason_text",
        "has_case_number",
        day=log.searched_at.date(),
        at=log.searched_at,
        local=log.searched_at - ibis.interval(hours=7),
        wide=log.networks_n > 5,
        total=log.networks_n.sum(),
        half=log.row_no.cast("float64") / 2,
    )
    return engine.fetch(kinds, ["-source_id"]), engine.fetch(kinds, ["reason_text", "row_no"])


KINDS = {
    "source_id": "str",
    "row_no": "int64",
    "reason_text": "str",
    "has_case_number": "boolean",
    "day": "datetime64[us]",
    "at": "datetime64[us]",
    "local": "datetime64[us]",
    "wide": "boolean",
    "total": "int64",
    "half": "float64",
}


def check_answer(whole, first):
    """Compare with what is in the files, by hand; nothing is moved by the session's own zone."""
    assert [("b", 1), ("a", 1), ("a", 2)] == list(zip(whole["source_id"], whole["row_no"], strict=True))
    assert whole.dtypes.astype(str).to_dict() == KINDS
    day, hours = pd.Timestamp("2025-11-02"), pd.Timedelta(hours=7)
    assert whole.loc[2, ["at", "day", "local"]].tolist() == [LATE, day, LATE - hours]
    assert [True, pd.NA, True] == whole["wide"].tolist() and [14, 14, 14] == whole["total"].tolist()
    # small letters and accents come after capitals, and missing texts last: by code point, not by a locale
    assert ["B", "é"] == first["reason_text"].tolist()[:2] and first["reason_text"].isna()[2]


def compare_frames(ones, others):
    for one, other in zip(ones, others, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_files_and_frames_are_one_table_in_canonical_form(files):
    """Columns and types are those of the canonical table; a column that a file lacks is missing there."""
    connection = engine.connect()
    log, frame = engine.read_log(connection, files), engine.read_log(connection, pd.read_parquet(files[0]))
    nothing = engine.fetch(engine.read_log(connection, build_table("searches", [])))

    assert list(COLUMNS["searches"]) == list(log.columns)
    assert "timestamp(6)" == str(log.searched_at.type()) and "int64" == str(log.networks_n.type())
    assert 2 == log.reason_text.count().execute()
    compare_frames([engine.fetch(frame)], [engine.fetch(engine.read_log(connection, files[0]))])
    assert COLUMNS["searches"]["searched_at"] == str(nothing["searched_at"].dtype)


def test_threads_and_memory_change_no_result(files):
    """Order, types, ties and missing values are as said, with one thread and little memory too."""
    answer = ask(engine.connect(), files)

    check_answer(*answer)
    compare_frames(answer, ask(engine.connect(threads=1, memory="200MB"), files))


def test_spark_answers_the_same(files, spark):
    """The same expressions on Spark: equal rows in equal order and types."""
    check_answer(*ask(spark, files))
    compare_frames(ask(engine.connect(), files), ask(spark, files))


# where Spark listens: on this machine alone, and with no web page
LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("nosuch", "unknown"),
        ("postgres://me:secret@host/db", "password"),
        ("clickhouse://host/db?password=secret", "password"),
        ("md:x?motherduck_token=secret", "password"),
        ("postgres://host/db", "not-confirmed"),
        ("duckdb:///home/x.duckdb", "not-confirmed"),
        ("pyspark://cluster:7077", "not-confirmed"),
        ("pyspark://?spark.master=spark://cluster:7077", "not-confirmed"),
        ("pyspark://?spark.jars.packages=a:b:1", "not-confirmed"),
        ("pyspark://?spark.driver.extraJavaOptions=-javaagent:x", "not-confirmed"),
        *(
            (f"pyspark://?spark.master=local[2]&{name}=0.0.0.0", "not-confirmed")
            for name in (*LOCAL, "spark.ui.port", "spark.driver.port", "spark.blockManager.port")
        ),
    ],
)
def test_engines_that_are_refused(monkeypatch, given, code):
    """Unknown engines, addresses with a password, and whatever an edition could send rows or fetch code by."""
    monkeypatch.delenv(engine.CONFIRMED, raising=False)
    with refused(code) as raised:
        engine.connect(given)
    assert "secret" not in str(raised.value)


def test_engine_elsewhere_is_used_when_the_person_confirms_that_very_address(monkeypatch):
    """Only the address in the environment is taken, and then it is asked for."""
    monkeypatch.setenv(engine.CONFIRMED, "nosuch://host")
    for given, code in (("nosuch://host", "unreachable"), ("nosuch://other", "not-confirmed")):
        with refused(code, ParameterError):
            engine.connect(given)


@pytest.fixture
def spill(monkeypatch, tmp_path):
    """Where the runner said that DuckDB may put what does not fit in memory."""
    monkeypatch.setenv(engine.SPILL, str(tmp_path))
    engine._make_spill.cache_clear()
    yield tmp_path
    engine._make_spill.cache_clear()


def test_what_goes_to_disk_is_readable_by_nobody_else(spill):
    """Reasons that do not fit in memory lie in a folder of the owner's."""
    ((place,),) = engine.connect().raw_sql("SELECT current_setting('temp_directory')").fetchall()
    folder = Path(place).parent

    assert folder.parent == spill and stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.name.endswith(f"-{os.getpid()}")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this machine does not list its processes")
def test_what_a_killed_process_left_on_disk_is_removed(spill):
    """The folder of a process that lives stays; that of one that ended goes with the next."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, held = (spill / f"sidedoor-duckdb-{pid}-x" for pid in (ended.pid, os.getppid()))
    left.mkdir()
    held.mkdir()

    assert engine._make_spill().is_dir() and held.is_dir() and not left.exists()


def test_files_that_are_no_log(tmp_path):
    """A missing file, another format, another table and a name that reads as a pattern are said.

    Nobody knows what another engine makes of a folder that is named like a column.
    """
    connection, lite = engine.connect(), ibis.sqlite.connect()
    (tmp_path / "text.parquet").write_text("plate,8ABC123\n")
    for folder in ("", "[a]", "reason_text=CANARY"):
        (tmp_path / folder).mkdir(exist_ok=True)
        pd.DataFrame({"x": [1]}).to_parquet(tmp_path / folder / "other.parquet")
    for asked, given, code in [
        (connection, [], "absent"),
        (connection, tmp_path / "none.parquet", "absent"),
        (connection, tmp_path / "text.parquet", "no-parquet"),
        (connection, tmp_path / "other.parquet", "no-log"),
        (connection, tmp_path / "[a]" / "other.parquet", "pattern"),
        (lite, tmp_path / "reason_text=CANARY" / "other.parquet", "pattern"),
    ]:
        with refused(code, DataError) as caught:
            engine.read_log(asked, given)
        assert "8ABC123" not in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_folder_named_like_a_column_changes_no_column(tmp_path, files):
    """A path such as `reason_text=x/search_type=y/` is a path: what stands in the file counts."""
    odd = tmp_path / "reason_text=CANARY" / "search_type=CANARY" / "source_id=CANARY" / "row_no=9"
    odd.mkdir(parents=True)
    moved = [path.rename(odd / path.name) for path in files]
    log = engine.fetch(engine.read_log(engine.connect(), moved), ["source_id", "row_no"])

    assert [("a", 1), ("a", 2), ("b", 1)] == list(zip(log["source_id"], log["row_no"], strict=True))
    assert "CANARY" not in log.to_csv() and log["search_type"].isna().all()


def test_spark_is_told_to_listen_on_this_machine_alone(monkeypatch):
    """No web page, and no port on any other address, whatever else an edition sets; Spark is not needed."""
    pyspark = MagicMock()
    builder = pyspark.sql.SparkSession.builder
    builder.config.return_value = builder
    for name, module in (("pyspark", pyspark), ("pyspark.sql", pyspark.sql)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(vars(ibis), "pyspark", MagicMock())
    engine.connect("pyspark://?spark.master=local[2]&spark.driver.memory=1g")

    told = dict(call.args for call in builder.config.call_args_list)
    assert told == LOCAL | {"spark.master": "local[2]", "spark.driver.memory": "1g"}
