"""Behaviour of `helpers.searches.logbook`.

The simulated log with its truth, records without, and what each is called.
"""

import json

import pandas as pd
import pytest

from helpers.canonical import COLUMNS, build_table
from helpers.errors import DataError
from helpers.searches import engine
from helpers.searches.logbook import load_lists, open_log
from helpers.simulate.log import build_lists, build_log
from made.example import write_example
from sidedoor.ingest import ingest_file
from sidedoor.ingest.source import ReadOptions


def test_without_records_the_log_is_simulated():
    """Rows, truth and lists are those of the seed, and every name for it says simulated."""
    log = open_log("", 300, 4)
    made, truth = build_log(4, 300)

    assert log.rows_n == len(made) and log.has_truth and log.is_simulated
    pd.testing.assert_frame_equal(truth, log.truth)
    assert sorted(made["source_id"].unique()) == list(log.source_ids)
    assert f"{made['searched_at'].min():%Y-%m-%d} to {made['searched_at'].max():%Y-%m-%d}" == log.period
    assert log.name == "simulated log" and log.cited == ["simulated-log"]
    pd.testing.assert_frame_equal(build_lists(4), load_lists("", 4))


@pytest.mark.parametrize(
    ("source_id", "is_simulated"), [("simulated-audit", True), ("exampleton-audit", False)]
)
def test_records_have_no_truth_and_are_called_by_their_source(tmp_path, source_id, is_simulated):
    """What an ingest wrote is opened whole; only ids of invented sources make it simulated."""
    ingest_file(write_example(tmp_path), tmp_path / "records" / "one", ReadOptions(source_id=source_id))
    log = open_log(str(tmp_path / "records"), 1, 1)

    assert log.rows_n == int(engine.fetch(log.table.aggregate(n=log.table.count()))["n"].iloc[0]) > 1
    assert not log.has_truth and log.made is None and log.is_simulated == is_simulated
    assert [source_id] == log.cited
    assert is_simulated == ("simulated" in log.opening) == ("simulated" in log.name)
    lists = load_lists(str(tmp_path / "records"), 1)
    assert lists.empty and COLUMNS["sharing"] == {name: str(kind) for name, kind in lists.dtypes.items()}


def test_two_agencies_are_never_pooled(tmp_path):
    """Of two agencies' records one is read: that with the most rows, or the one that is named."""
    for place, (agency, n) in enumerate((("A PD", 3), ("B PD", 5))):
        folder = tmp_path / f"{place}"
        folder.mkdir()
        rows = [{"source_id": agency, "row_no": row, "host_agency": agency} for row in range(n)]
        build_table("searches", rows).to_parquet(folder / "searches.parquet")
        report = {
            "file": "f",
            "sha256": "",
            "family": "",
            "form": "",
            "rows_in": n,
            "rows_out": n,
            "set_aside": [],
            "span": {},
        }
        (folder / "report.json").write_text(json.dumps(report))
    largest, named = open_log(str(tmp_path), 1, 1), open_log(str(tmp_path), 1, 1, agency="A PD")

    assert (largest.agency, largest.rows_n, named.rows_n) == ("B PD", 5, 3)
    assert largest.hosts.to_dict() == {"B PD": 5, "A PD": 3} and "B PD" in largest.opening
    with pytest.raises(DataError) as caught:
        open_log(str(tmp_path), 1, 1, agency="C PD")
    assert caught.value.code == "unknown-agency"


def test_records_that_are_not_there_are_refused():
    """A folder without records is no reason to simulate some."""
    with pytest.raises(DataError):
        open_log("data/facts", 1, 1)
    with pytest.raises(DataError):
        load_lists("data/facts", 1)
