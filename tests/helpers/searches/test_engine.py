"""Behaviour of `helpers.searches.engine`: one table and one result, whichever engine counts."""

import os
import stat
import subprocess
import sys
import types
from pathlib import Path

import ibis
import pandas as pd
import pytest

from helpers.canonical import COLUMNS, build_table
from helpers.errors import DataError, ParameterError
from helpers.searches import engine


@pytest.fixture
def files(tmp_path):
    """Two Parquet files of searches; the second lacks the reasons, as a file that is to be published may."""
    rows = [
        {
            "source_id": "a",
            "row_no": 2,
            "searched_at": pd.Timestamp("2025-11-02 08:59:59.999999"),
            "networks_n": 7,
            "reason_text": "é",
        },
        {
            "source_id": "a",
            "row_no": 1,
            "searched_at": pd.NaT,
            "networks_n": None,
            "has_case_number": True,
            "reason_text": "B",
        },
    ]
    build_table("searches", rows).to_parquet(tmp_path / "one.parquet")
    more = build_table("searches", [{"source_id": "b", "row_no": 1, "networks_n": 7}])
    more.drop(columns="reason_text").to_parquet(tmp_path / "two.parquet")
    return [tmp_path / "one.parquet", tmp_path / "two.parquet"]


def ask(connection, files):
    """Bring the log and what an engine makes of a few kinds of columns."""
    log = engine.read_log(connection, files)
    kinds = log.select(
        "source_id",
        "row_no",
        "reason_text",
        "has_case_number",
        day=log.searched_at.date(),
        at=log.searched_at,
        wide=log.networks_n > 5,
        total=log.networks_n.sum(),
        half=log.row_no.cast("float64") / 2,
    )
    return engine.fetch(kinds, ["-source_id"]), engine.fetch(kinds, ["reason_text", "row_no"])


def check_answer(whole, first):
    """Compare with what stands in the files, by hand."""
    assert [("b", 1), ("a", 1), ("a", 2)] == list(zip(whole["source_id"], whole["row_no"], strict=True))
    assert {
        "source_id": "str",
        "row_no": "int64",
        "reason_text": "str",
        "has_case_number": "boolean",
        "day": "datetime64[us]",
        "at": "datetime64[us]",
        "wide": "boolean",
        "total": "int64",
        "half": "float64",
    } == whole.dtypes.astype(str).to_dict()
    assert (
        pd.Timestamp("2025-11-02 08:59:59.999999") == whole["at"][2]
        and pd.Timestamp("2025-11-02") == whole["day"][2]
    )
    assert [True, pd.NA, True] == whole["wide"].tolist() and [14, 14, 14] == whole["total"].tolist()
    # small letters and accents come after capitals, and missing texts last: by code point, not by a locale
    assert ["B", "é"] == first["reason_text"].tolist()[:2] and first["reason_text"].isna()[2]


def test_files_are_one_table_in_canonical_form(files):
    """Columns and types are those of the canonical table; a column that a file lacks is missing there."""
    log = engine.read_log(engine.connect(), files)

    assert list(COLUMNS["searches"]) == list(log.columns)
    assert "timestamp(6)" == str(log.searched_at.type()) and "int64" == str(log.networks_n.type())
    assert 2 == log.reason_text.count().execute()


def test_duckdb_answers_by_hand(files):
    """Order, types, ties and missing values are as said."""
    check_answer(*ask(engine.connect(), files))


def test_spark_answers_the_same(files, spark):
    """The same expressions on Spark: equal rows in equal order and types."""
    check_answer(*ask(spark, files))
    for one, other in zip(ask(engine.connect(), files), ask(spark, files), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_table_in_memory_is_a_log_too(files):
    """A frame reads as the file it came from."""
    connection = engine.connect()
    table = pd.read_parquet(files[0])

    pd.testing.assert_frame_equal(
        engine.fetch(engine.read_log(connection, table)), engine.fetch(engine.read_log(connection, files[0]))
    )


def test_threads_and_memory_change_no_result(files):
    """One thread and little memory give what two threads give."""
    small = engine.connect(threads=1, memory="200MB")

    for one, other in zip(ask(engine.connect(), files), ask(small, files), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_nothing_left_is_still_typed():
    """An empty result has its columns and types."""
    log = engine.read_log(engine.connect(), build_table("searches", []))

    assert COLUMNS["searches"]["searched_at"] == str(engine.fetch(log)["searched_at"].dtype)


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
    ],
)
def test_engines_that_are_refused(monkeypatch, given, code):
    """Unknown engines, addresses with a password, and whatever an edition could send rows or fetch code by."""
    monkeypatch.delenv("SIDEDOOR_ENGINE", raising=False)
    with pytest.raises(ParameterError) as caught:
        engine.connect(given)
    assert caught.value.code == code and "secret" not in str(caught.value)


def test_engine_elsewhere_is_used_when_the_person_confirms_that_very_address(monkeypatch):
    """Only the address in the environment is taken, and then it is asked for."""
    monkeypatch.setenv("SIDEDOOR_ENGINE", "nosuch://host")
    with pytest.raises(ParameterError) as caught:
        engine.connect("nosuch://host")
    assert caught.value.code == "unreachable"
    with pytest.raises(ParameterError, match="leave this machine"):
        engine.connect("nosuch://other")


def test_what_goes_to_disk_is_readable_by_nobody_else(monkeypatch, tmp_path):
    """Reasons that do not fit in memory lie in a folder of the owner's, where the runner said."""
    monkeypatch.setenv("SIDEDOOR_SPILL", str(tmp_path))
    engine._make_spill.cache_clear()
    try:
        ((place,),) = engine.connect().raw_sql("SELECT current_setting('temp_directory')").fetchall()
        folder = Path(place).parent
        assert folder.parent == tmp_path and stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert not folder.name.endswith(f"-{os.getpid()}")
    finally:
        engine._make_spill.cache_clear()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this machine does not list its processes")
def test_what_a_killed_process_left_on_disk_is_removed(monkeypatch, tmp_path):
    """The folder of a process that lives stays; that of one that ended goes with the next."""
    monkeypatch.setenv("SIDEDOOR_SPILL", str(tmp_path))
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    left, held = (tmp_path / f"sidedoor-duckdb-{pid}-x" for pid in (child.stdout.strip(), os.getppid()))
    left.mkdir()
    held.mkdir()
    engine._make_spill.cache_clear()
    try:
        assert engine._make_spill().is_dir() and held.is_dir() and not left.exists()
    finally:
        engine._make_spill.cache_clear()


def test_files_that_are_no_log(tmp_path):
    """A missing file, another format, another table and a name that reads as a pattern are said."""
    connection = engine.connect()
    (tmp_path / "text.parquet").write_text("plate,8ABC123\n")
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "other.parquet")
    odd = tmp_path / "[a]"
    odd.mkdir()
    pd.DataFrame({"x": [1]}).to_parquet(odd / "log.parquet")
    for given, code in [
        ([], "absent"),
        (tmp_path / "none.parquet", "absent"),
        (tmp_path / "text.parquet", "no-parquet"),
        (tmp_path / "other.parquet", "no-log"),
        (odd / "log.parquet", "pattern"),
    ]:
        with pytest.raises(DataError) as caught:
            engine.read_log(connection, given)
        assert caught.value.code == code
        assert "8ABC123" not in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_local_times_are_plain_differences(files):
    """What is asked of times works without a zone: nothing is moved by the session's own zone."""
    log = engine.read_log(engine.connect(), files)
    moved = log.select(at=log.searched_at - ibis.interval(hours=7))

    assert pd.Timestamp("2025-11-02 01:59:59.999999") == engine.fetch(moved)["at"][0]


def test_folder_named_like_a_column_changes_no_column(tmp_path, files):
    """A path such as `reason_text=x/search_type=y/` is a path: what stands in the file counts."""
    odd = tmp_path / "reason_text=CANARY" / "search_type=CANARY" / "source_id=CANARY" / "row_no=9"
    odd.mkdir(parents=True)
    moved = [path.rename(odd / path.name) for path in files]

    log = engine.fetch(engine.read_log(engine.connect(), moved), ["source_id", "row_no"])

    assert [("a", 1), ("a", 2), ("b", 1)] == list(zip(log["source_id"], log["row_no"], strict=True))
    assert "CANARY" not in log.to_csv() and log["search_type"].isna().all()


def test_other_engines_refuse_folders_named_like_columns(tmp_path):
    """Nobody knows what each of them makes of such a path."""
    odd = tmp_path / "reason_text=CANARY"
    odd.mkdir()
    build_table("searches", [{"source_id": "a", "row_no": 1}]).to_parquet(odd / "log.parquet")
    with pytest.raises(DataError):
        engine.read_log(ibis.sqlite.connect(), odd / "log.parquet")


class _Builder:
    """Stands in for Spark's builder of sessions where Spark is not installed."""

    def __init__(self):
        self.settings = {}

    def config(self, name, value):
        self.settings[name] = value
        return self

    def getOrCreate(self):
        return self


LOCAL = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def test_spark_is_told_to_listen_on_this_machine_alone(monkeypatch):
    """No web page, and no port on any other address, whatever else an edition sets."""
    builder = _Builder()
    sql = types.SimpleNamespace(SparkSession=types.SimpleNamespace(builder=builder))
    monkeypatch.setitem(sys.modules, "pyspark", types.ModuleType("pyspark"))
    monkeypatch.setitem(sys.modules, "pyspark.sql", sql)
    monkeypatch.setitem(vars(ibis), "pyspark", types.SimpleNamespace(connect=lambda session: session))

    engine.connect("pyspark://?spark.master=local[2]&spark.driver.memory=1g")

    assert builder.settings == LOCAL | {"spark.master": "local[2]", "spark.driver.memory": "1g"}


@pytest.mark.parametrize("name", [*LOCAL, "spark.ui.port", "spark.driver.port", "spark.blockManager.port"])
def test_edition_cannot_make_spark_listen(monkeypatch, name):
    """An address that says where to listen has to be confirmed at this machine."""
    monkeypatch.delenv(engine.CONFIRMED, raising=False)
    with pytest.raises(ParameterError):
        engine.connect(f"pyspark://?spark.master=local[2]&{name}=0.0.0.0")
