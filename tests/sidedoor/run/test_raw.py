"""Raw files of an edition: what a `[[record]]` may say, and where its file may lie."""

import os

import pytest

from helpers.errors import ParameterError
from sidedoor.run.raw import list_raw_files, name_record


@pytest.fixture
def folder(tmp_path):
    """An edition's folder with two files, and one file outside of it."""
    made = tmp_path / "city"
    made.mkdir()
    for path in (made / "log.csv", made / "form.toml", tmp_path / "outside.csv"):
        path.write_text("x\n")
    return made


def test_options_are_taken_as_the_command_takes_them(folder):
    """Each option of `sidedoor ingest` has its key; paths are resolved beside the edition file."""
    table = {"file": "log.csv", "name": "audit", "time_zone": "UTC", "as_of": "2025-12-31", "reported_by": "Exampleton ZZ PD",
             "source_id": "simulated-audit", "mapping": "form.toml", "day_first": True}  # fmt: skip
    (file,) = list_raw_files([table], "city.toml", folder)
    assert (file.name, file.path) == ("audit", folder / "log.csv")
    assert dict(file.options) == {
        "time_zone": "UTC", "as_of": "2025-12-31", "reported_by": "Exampleton ZZ PD", "source_id": "simulated-audit",
        "mapping": folder / "form.toml", "day_first": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "name"),
    [("SharedNetworks 2025.CSV", "sharednetworks-2025"), ("a/b.csv.gz", "b"), ("Ünï.pdf", "n"), ("....csv", "record"),
     ("x" * 99 + ".csv", "x" * 64)],
)  # fmt: skip
def test_record_is_named_after_its_file(file, name):
    """The name is one of a plain folder, whatever the file is called."""
    assert name_record(file) == name


@pytest.mark.parametrize(
    ("tables", "found"),
    [
        ({}, "no table"),
        ([1], "no table"),
        ([{}], "record 1: it names no file"),
        ([{"file": "log.csv", "timezone": "UTC"}], "Did you mean `time_zone`"),
        ([{"file": "gone.csv"}], "nothing is at 'gone.csv'"),
        ([{"file": "../outside.csv"}], "outside the allowed"),
        ([{"file": "link.csv"}], "outside the allowed"),
        ([{"file": "README.md"}], "nothing is at|does not lie beside"),
        ([{"file": "below"}], "is no file"),
        ([{"file": "pipe.csv"}], "neither a file nor a folder"),
        ([{"file": "log.csv", "name": "../x"}], "no name of a folder"),
        ([{"file": "log.csv", "time_zone": ""}], "no single line"),
        ([{"file": "log.csv", "time_zone": "UTC\x1b[31m"}], "no single line"),
        ([{"file": "log.csv", "as_of": "31.12.2025"}], "no date"),
        ([{"file": "log.csv", "day_first": "yes"}], "neither true nor false"),
        ([{"file": "log.csv", "mapping": "gone.toml"}], "nothing is at"),
        ([{"file": "log.csv"}, {"file": "log.csv"}], "record 2: two records are called `log`"),
        ([{"file": "log.csv"}] * 501, "lists 501 files"),
    ],
)
def test_record_that_says_anything_else_is_refused(folder, tmp_path, tables, found):
    """Every mistake is named, with its record and the way out, before a file is opened."""
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "below").mkdir()
    os.mkfifo(folder / "pipe.csv")
    with pytest.raises(ParameterError, match=found):
        list_raw_files(tables, "city.toml", folder)


def test_date_may_be_written_as_toml_writes_dates(folder):
    """`as_of = 2025-12-31` without quotation marks is a date to TOML, and the same to us."""
    import tomllib

    content = tomllib.loads('[[record]]\nfile = "log.csv"\nas_of = 2025-12-31')
    assert dict(list_raw_files(content["record"], "city.toml", folder)[0].options) == {"as_of": "2025-12-31"}
