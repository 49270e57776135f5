"""The benchmark of search logs: a small log is written the same each time, and all engines find the same in it."""

import sys

import numpy as np
import pytest

from helpers import paths

sys.path.insert(0, str(paths.ROOT))
from benchmarks.measure import hash_file  # noqa: E402

from benchmarks import log_data, log_engines, logs  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A log of 12,000 rows, in which some days are spikes."""
    made = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(log_data.ROWS, "tiny", 12_000)
        logs.prepare(made, "tiny")
    return made


def test_the_log_is_the_same_each_time(folder, tmp_path, monkeypatch):
    """The same seed writes the same bytes."""
    monkeypatch.setitem(log_data.ROWS, "tiny", 12_000)
    log_data.write_log(tmp_path, "tiny")

    assert hash_file(folder / "log.csv") == hash_file(tmp_path / "log.csv")


def test_engines_agree(folder):
    """Ours, DuckDB and pandas convert and count alike; the measuring process compares the same values."""
    results = {}
    for engine in ("sidedoor", "duckdb", "pandas C"):
        for task, prepare, call, check in log_engines.open_engine(engine, folder):
            results.setdefault(task, []).append([*np.asarray(check(call(prepare())))])

    assert set(results) == set(logs.TASKS)
    for task, found in results.items():
        assert found[0] == found[1] == found[2], task
    assert results["ingest"][0][0] == 12_000 and results["spikes"][0][0] > 0


def test_floors_convert_nothing(folder):
    """Splitting the text and counting its lines give no result to compare."""
    for engine in ("floor", "wc -l"):
        assert all(
            check(call(prepare())) is None
            for _, prepare, call, check in log_engines.open_engine(engine, folder)[:1]
        )
