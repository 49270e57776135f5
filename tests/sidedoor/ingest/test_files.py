"""From a file to a folder of tables: all of it or nothing, and nothing private in it."""

import json
import os
import stat
import types

import pandas as pd
import pytest

from helpers.canonical import build_table
from helpers.errors import IngestError
from made.refusal import refused
from made.tables import write_csv
from sidedoor.ingest import files, ingest_file, inspect_file, published, sniff
from sidedoor.ingest.describe import describe_report
from sidedoor.ingest.report import Reading, Report, SetAside
from sidedoor.ingest.source import Match, ReadOptions

EVIL = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "Chino PD"]


@pytest.fixture
def reader(monkeypatch):
    """A reader that takes every text for a list of searches; a test may change what it reads, or its error."""

    def read(source, options):
        plan.seen.append(options)
        if plan.error:
            raise plan.error
        common = {"reason_text": "a private reason", "reason_text_cell": "value"}
        rows = [{"row_no": n, "searcher_agency_as_printed": name, **common} for n, name in enumerate(EVIL, 1)]
        report = Report(source.name, source.sha256, source.bytes_n, "test", "one", "told", 7, 7)
        reading = Reading({"searches": build_table("searches", rows)}, report)
        plan.change(reading)
        return reading

    match = Match("test", "one", "told")
    plan = types.SimpleNamespace(
        recognize=lambda source: match, read=read, error=None, change=lambda reading: None, seen=[]
    )
    monkeypatch.setattr(sniff, "list_readers", lambda: [plan])
    monkeypatch.setattr(published, "looks_like_agency", lambda name: True)
    return plan


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "in" / "log.csv"
    path.parent.mkdir()
    path.write_text("a,b\n1,2\n")
    return path


def list_folder(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_tables_and_report_are_written(reader, log, tmp_path):
    """A folder gets each table as Parquet and as CSV, and the report; the same file gives the same bytes. T7: no
    cell of the CSV begins a formula; the Parquet file holds every name as it was printed.
    """
    out = tmp_path / "new" / "out"
    reading = ingest_file(log, out)
    assert list_folder(out) == ["report.json", "searches.csv", "searches.parquet"]
    assert list_folder(out.parent) == ["out"]
    report = json.loads((out / "report.json").read_text())
    assert report == reading.report.to_dict()
    # its name may hold a person's
    assert report["file"] == f"file-{report['sha256'][:12]}.csv"
    assert (report["rows_in"], report["rows_out"]) == (7, 7)
    assert str(tmp_path) not in (out / "report.json").read_text()
    shown = pd.read_csv(out / "searches.csv", dtype=str)["searcher_agency_as_printed"]
    assert [name[0] for name in shown] == ["'"] * 6 + ["C"]
    exact = pd.read_parquet(out / "searches.parquet")
    assert list(exact["searcher_agency_as_printed"]) == EVIL
    assert list(exact.columns) == list(build_table("searches", []).columns)
    ingest_file(log, tmp_path / "again")
    for path in out.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_reasons_stay_here(tmp_path):
    """In publication mode the free text of reasons is in no file and not in the reading; that there was one
    is.
    """
    path = write_csv(
        tmp_path / "log.csv",
        [["Timestamp", "Agency", "Reason"], ["2025-03-01T10:30:00Z", "Mock ZZ PD", "private"]],
    )
    reading = ingest_file(path, tmp_path / "out")
    for part in (tmp_path / "out").iterdir():
        assert b"private" not in part.read_bytes()
    table = reading.tables["searches"].load()
    assert table["reason_text"].isna().all() and (table["reason_text_cell"] == "value").all()
    kept = ingest_file(path, tmp_path / "kept", ReadOptions(keep_reasons=True)).tables["searches"].load()
    assert kept["reason_text"].tolist() == ["private"]


def test_leaks_stop_the_export(reader, log, tmp_path):
    """A phone number among the names stops what is written for publication, masked; private work goes on."""

    def change(reading):
        reading.tables["searches"].loc[3, "searcher_agency_as_printed"] = "Chino PD 909-555-0142"

    reader.change = change
    place = "searches.searcher_agency_as_printed.csv"
    with refused("leak", IngestError, place=place, hint="--private") as caught:
        ingest_file(log, tmp_path / "out")
    assert "555-0142" not in str(caught.value) and list_folder(tmp_path) == ["in"]
    ingest_file(log, tmp_path / "out", ReadOptions(keep_reasons=True))


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")
def test_private_tables_replace_an_earlier_ingest(reader, log, tmp_path):
    """With reasons kept there is no CSV, and nobody else can read the folder or its files. The whole folder of
    an earlier run is replaced.
    """
    out = tmp_path / "out"
    ingest_file(log, out)
    (out / "volumes.csv").write_text("left over\n")
    ingest_file(log, out, ReadOptions(keep_reasons=True))
    assert list_folder(out) == ["report.json", "searches.parquet"] and list_folder(tmp_path) == ["in", "out"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    assert set(pd.read_parquet(out / "searches.parquet")["reason_text"]) == {"a private reason"}


def test_other_folders_are_left_alone(reader, log, tmp_path):
    """A folder with anything of somebody else's, a file, a link: refused before the file is read, and
    untouched.
    """
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "link").symlink_to(mine)
    reader.error = AssertionError("it was read")
    for name in ("thesis.txt", "report.json"):
        (mine / name).write_text("{}")
        with refused("other-files", IngestError, place="mine"):
            ingest_file(log, mine)
    for path in (log, tmp_path / "link"):
        with refused("no-folder", IngestError):
            ingest_file(log, path)
    assert list_folder(mine) == ["report.json", "thesis.txt"]


@pytest.mark.parametrize("broken", ["read", "write", "replace"])
def test_nothing_partial_is_left(reader, log, tmp_path, monkeypatch, broken):
    """If reading, writing or putting in place fails, the earlier result stands and no other trace is left."""
    out, replace = tmp_path / "out", os.replace
    ingest_file(log, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fail(*names, **_):
        if broken == "replace" and (names[1] != out or str(names[0]).endswith("old")):
            return replace(*names)
        raise OSError(28, "No space left on device")

    if broken == "read":
        reader.error = IngestError("log.csv, line 3", "x", "y.")
    elif broken == "write":
        monkeypatch.setattr(files, "write_table", fail)
    else:
        monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises((IngestError, OSError)):
        ingest_file(log, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert list_folder(tmp_path) == ["in", "out"]


@pytest.mark.parametrize("lost", ["from the report", "from a table"])
def test_lost_rows_are_noticed(reader, log, tmp_path, lost):
    """A reader whose numbers do not add up, or do not fit its tables, is refused, and nothing is written."""

    def change(reading):
        if lost == "from the report":
            reading.report.rows_out += 1
        else:
            reading.tables["searches"] = reading.tables["searches"].head(3)

    reader.change = change
    with refused("lost-rows", files.DefectError):
        ingest_file(log, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_defects_of_readers_are_told_as_such(reader, log, tmp_path, call):
    """An error that no reader may raise comes out by its kind alone, without the content of the file."""
    reader.error = KeyError("7ABC123")
    for read in (lambda: inspect_file(log), lambda: ingest_file(log, tmp_path / "out")):
        with refused("defect", files.DefectError) as caught:
            read()
        assert "7ABC123" not in str(caught.value) and "KeyError" in caught.value.found
    code, out, err = call("inspect", log)
    assert (code, out, "7ABC123" in err) == (1, "", False)


NO_ZONE = IngestError("log.csv", "times without a zone", "Give --time-zone.", code="no-zone")


def test_inspect_tells_what_stops_it(reader, log, call):
    """A file that is known but cannot be read yet is reported as what it is, with what stops it, and no command
    is offered that would fail; the command ends in an error.
    """
    reader.error = NO_ZONE
    report = inspect_file(log)
    assert (report.family, report.form, report.rows_out) == ("test", "one", 0)
    expected = {"place": "log.csv", "found": NO_ZONE.found, "way_out": NO_ZONE.way_out}
    assert report.details["refused"] == expected | {"code": "no-zone", "asks_for": ()}
    code, out, _ = call("inspect", log)
    assert code == 1 and NO_ZONE.found in out and NO_ZONE.way_out in out and "sidedoor ingest" not in out
    reader.error = None
    code, out, _ = call("inspect", log)
    assert code == 0 and "7 read" in out and f"sidedoor ingest {log} --out DIR" in out
    log.write_text("")
    code, out, err = call("inspect", log)
    assert (code, out) == (1, "") and err.startswith("sidedoor: log.csv: ")


def test_a_report_in_words():
    """Counts and places, what is dropped, what may be private, and the next command, ready to be pasted; long
    lists are cut, and nothing in it is obeyed by a terminal.
    """
    report = Report("my log.csv", "ab" * 32, 1234, "Flock", "audit of 13 columns", "its header", 1000, 990)
    report.set_aside = [SetAside(f"line {n}", "a total", rows_n=n, code="t") for n in (4, 6)]
    report.warnings = [f"slip {n}\x1b]0;evil\x07" for n in range(20)]
    report.columns_dropped = ["Name", "Case #"]
    report.private = {"column": {15: "Notes of Jane"}}
    text = describe_report(report, "in/my log.csv")
    assert text.replace("\n", "").isprintable() and text.count("slip") == 8 and "12 more" in text
    for part in ("1,000", "990", "10: a total (first at line 4)", "Case #", "Notes of Jane"):
        assert part in text
    assert text.endswith("\nNext     sidedoor ingest 'in/my log.csv' --out DIR")


def test_ingest_command(reader, log, tmp_path, call):
    """`sidedoor ingest` writes the folder, says what is in it, and hands every option on."""
    key = tmp_path / "key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    typed = "--time-zone America/Los_Angeles --as-of 2020-02-06 --month-first --source-id chino-log --private"
    options = [*typed.split(), "--reported-by", "Chino PD", "--key-file", key]
    code, out, _ = call("ingest", log, "--out", tmp_path / "out", *options)
    assert code == 0 and "Table    searches: 7 rows" in out
    assert list_folder(tmp_path / "out") == ["report.json", "searches.parquet"]
    expected = ReadOptions(
        "America/Los_Angeles", "2020-02-06", "Chino PD", "chino-log", key.read_bytes(), None, False, True
    )
    assert reader.seen == [expected]
    key.chmod(0o644)
    assert call("ingest", log, "--out", tmp_path / "out2", "--key-file", key)[0] == 1
    assert not (tmp_path / "out2").exists()
