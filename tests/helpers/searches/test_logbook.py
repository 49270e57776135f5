"""Behaviour of `helpers.searches.logbook`: the simulated log with its truth, records without, and what each is called."""

import pandas as pd
import pytest

from helpers.canonical import COLUMNS
from helpers.errors import DataError
from helpers.searches import engine
from helpers.searches.logbook import load_lists, open_log
from helpers.simulate.log import build_lists, build_log
from sidedoor.ingest import ingest_file
from sidedoor.ingest.example import write_example
from sidedoor.ingest.source import ReadOptions


def test_without_records_the_log_is_simulated():
    """Rows, truth and lists are those of the seed, and every name for it says simulated."""
    log = open_log("", 300, 4)
    made, truth = build_log(4, 300)

    assert log.rows_n == len(made) and log.has_truth and log.is_simulated
    pd.testing.assert_frame_equal(truth, log.truth)
    assert sorted(made["source_id"].unique()) == list(log.source_ids)
    assert f"{made['searched_at'].min():%Y-%m-%d} to {made['searched_at'].max():%Y-%m-%d}" == log.period
    assert (
        log.kind == log.name == "simulated log"
        and "simulated" in log.opening
        and log.cited == ["simulated-log"]
    )
    pd.testing.assert_frame_equal(build_lists(4), load_lists("", 4))


@pytest.mark.parametrize(
    ("source_id", "is_simulated"), [("simulated-audit", True), ("exampleton-audit", False)]
)
def test_records_have_no_truth_and_are_called_by_their_source(tmp_path, source_id, is_simulated):
    """What an ingest wrote is opened whole; only ids of invented sources make it simulated; it holds no list."""
    ingest_file(write_example(tmp_path), tmp_path / "records" / "one", ReadOptions(source_id=source_id))
    log = open_log(str(tmp_path / "records"), 1, 1)

    assert log.rows_n == int(engine.fetch(log.table.aggregate(n=log.table.count()))["n"].iloc[0]) > 1
    assert not log.has_truth and log.made is None and log.is_simulated == is_simulated
    assert [source_id] == log.cited
    assert ("simulated log" if is_simulated else f"log of {source_id}") == log.name
    assert is_simulated == ("simulated" in log.opening) == ("simulated" in log.kind)
    lists = load_lists(str(tmp_path / "records"), 1)
    assert lists.empty and COLUMNS["sharing"] == {name: str(kind) for name, kind in lists.dtypes.items()}


def test_records_that_are_not_there_are_refused():
    """A folder without records is no reason to simulate some."""
    with pytest.raises(DataError):
        open_log("data/facts", 1, 1)
    with pytest.raises(DataError):
        load_lists("data/facts", 1)
