"""Behaviour of `helpers.searches.records`: what an ingest wrote is found and read back."""

import pytest

from helpers.canonical import COLUMNS
from helpers.errors import DataError
from helpers.searches.records import list_files, list_records, load_records
from made.example import write_example
from sidedoor.ingest import ingest_file


@pytest.fixture
def folder(tmp_path):
    """Two records, ingested from one simulated audit."""
    source = write_example(tmp_path)
    for name in ("first", "second"):
        ingest_file(source, tmp_path / "records" / name)
    return tmp_path / "records"


def test_records_of_a_folder_are_listed(folder):
    """Each record once, by name, with what its report says; rows in are rows out and rows set aside."""
    records = list_records(folder)

    assert records["record"].tolist() == ["first", "second"]
    assert (records["rows_in"] == records["rows_out"] + records["aside_n"]).all() and (
        records["tables"] == "searches"
    ).all()
    assert list_records(folder / "first")["record"].tolist() == ["first"]


def test_tables_are_joined_in_order(folder):
    """The canonical table of all records has its columns and types, and the rows of each."""
    table = load_records(folder, "searches")

    assert {name: str(kind) for name, kind in table.dtypes.items()} == COLUMNS["searches"]
    assert len(table) == list_records(folder)["rows_out"].sum() and len(list_files(folder, "searches")) == 2


def test_what_is_not_there_is_said(folder, tmp_path):
    """A folder without records, a table that none holds, and a broken report are errors with a way out."""
    with pytest.raises(DataError, match="holds no ingested record"):
        list_records(tmp_path / "nothing")
    with pytest.raises(DataError, match="none holds `sharing`, only searches"):
        list_files(folder, "sharing")
    (folder / "second" / "report.json").write_text("{")
    with pytest.raises(DataError, match="report cannot be read"):
        list_records(folder)
