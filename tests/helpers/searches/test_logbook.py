"""Behaviour of `helpers.searches.logbook` and `records`: what an ingest wrote, and the simulated log."""

import json

import pandas as pd
import pytest

from helpers.canonical import COLUMNS, build_table
from helpers.errors import DataError
from helpers.searches import engine
from helpers.searches.logbook import load_lists, open_log
from helpers.searches.records import list_files, list_records, load_records
from helpers.simulate.log import build_lists, build_log
from made.example import write_example
from made.refusal import refused
from sidedoor.ingest import ingest_file
from sidedoor.ingest.source import ReadOptions


@pytest.fixture
def folder(tmp_path):
    """Two records, ingested from one simulated audit."""
    source = write_example(tmp_path)
    for name in ("first", "second"):
        ingest_file(source, tmp_path / "records" / name, ReadOptions(source_id=f"{name}-audit"))
    return tmp_path / "records"


def test_records_of_a_folder_are_listed_and_joined_in_order(folder):
    """Each record once, by name; rows in are rows out and rows set aside; tables are in canonical form."""
    records, table = list_records(folder), load_records(folder, "searches")

    assert records["record"].tolist() == ["first", "second"] and set(records["tables"]) == {"searches"}
    assert (records["rows_in"] == records["rows_out"] + records["aside_n"]).all()
    assert list_records(folder / "first")["record"].tolist() == ["first"]
    assert {name: str(kind) for name, kind in table.dtypes.items()} == COLUMNS["searches"]
    assert len(table) == records["rows_out"].sum() and len(list_files(folder, "searches")) == 2


def test_records_that_are_not_there_are_refused(folder, tmp_path):
    """A folder without records, a table that none holds, and a broken report are errors with a way out."""

    def refuse(call, *arguments):
        with pytest.raises(DataError) as error:
            call(*arguments)
        assert error.value.way_out and error.value.place.startswith("records ")

    (tmp_path / "nothing").mkdir()
    refuse(list_records, tmp_path / "nothing")
    refuse(list_files, folder, "sharing")
    refuse(open_log, "data/facts", 1, 1)  # no reason to simulate some
    refuse(load_lists, "data/facts", 1)
    (folder / "second" / "report.json").write_text("{")
    refuse(list_records, folder)


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
    records = str(tmp_path / "records")
    log, lists = open_log(records, 1, 1), load_lists(records, 1)

    assert log.rows_n == len(engine.fetch(log.table)) > 1
    assert not log.has_truth and log.made is None and log.is_simulated == is_simulated
    assert [source_id] == log.cited
    assert is_simulated == ("simulated" in log.opening) == ("simulated" in log.name)
    assert lists.empty and COLUMNS["sharing"] == {name: str(kind) for name, kind in lists.dtypes.items()}


def test_two_agencies_are_never_pooled(tmp_path):
    """Of two agencies' records one is read: that with the most rows, or the one that is named."""
    texts = dict.fromkeys(("file", "sha256", "family", "form"), "")
    for place, (agency, n) in enumerate((("A PD", 3), ("B PD", 5))):
        folder = tmp_path / f"{place}"
        folder.mkdir()
        rows = [{"source_id": agency, "row_no": row, "host_agency": agency} for row in range(n)]
        build_table("searches", rows).to_parquet(folder / "searches.parquet")
        report = texts | {"rows_in": n, "rows_out": n, "set_aside": [], "span": {}}
        (folder / "report.json").write_text(json.dumps(report))
    largest, named = open_log(str(tmp_path), 1, 1), open_log(str(tmp_path), 1, 1, agency="A PD")

    assert (largest.agency, largest.rows_n, named.rows_n) == ("B PD", 5, 3)
    assert largest.hosts.to_dict() == {"B PD": 5, "A PD": 3} and "B PD" in largest.opening
    with refused("unknown-agency", DataError):
        open_log(str(tmp_path), 1, 1, agency="C PD")
