"""What only a person can say: asked all at once, and the rest of the file reported meanwhile."""

import json
import shlex
import sys

import pytest

from helpers.errors import IngestError
from made.refusal import refused
from sidedoor import cli
from sidedoor.ingest import ingest_file, inspect_file
from sidedoor.ingest.asking import QUESTIONS, write_command
from sidedoor.ingest.describe import describe_report
from sidedoor.ingest.source import ReadOptions

NETWORKS = (
    "Organization Name,Networks Shared With Me,Networks I'm Sharing\n"
    "Sample County ZZ SO,Sample County ZZ SO,Exampleton ZZ PD\nInventory Falls ZZ PD,,Exampleton ZZ PD\n"
    "Nowhere ZZ PD,,\n"
)
# By hand: two local times in March 2026, no zone printed.
PORTAL = (
    "id,userId,searchDate,cameraCount,reason\n"
    "11111111-1111-4111-8111-111111111111,u,2026-03-02 08:00:00.000,3,Theft\n"
    "22222222-2222-4222-8222-222222222222,u,2026-03-09 20:00:00.000,3,Theft\n"
)


@pytest.fixture
def put(tmp_path):
    """Write a file and give its path."""
    path = tmp_path / "file.csv"
    return lambda text: path.write_text(text, encoding="utf-8") and path


def test_all_that_is_needed_is_said_at_once_beside_the_rows(put):
    """Three shares and one organization without any, whoever's and of whatever day; no day is shown."""
    report = inspect_file(put(NETWORKS))
    needed = report.details["needed"]
    assert list(needed) == ["reported_by", "as_of"] and "refused" not in report.details
    assert (report.rows_in, report.rows_out, report.span) == (4, 3, {})
    assert report.details["rows_in_file"] == 3 and "'Exampleton ZZ PD'" in needed["reported_by"]
    text = describe_report(report, "my file.csv")
    assert "Needed   --reported-by 'AGENCY': " in text and "\n         --as-of YYYY-MM-DD: " in text
    asked = "--reported-by 'AGENCY' --as-of YYYY-MM-DD"
    assert text.endswith(f"Next     sidedoor ingest 'my file.csv' {asked} --out DIR")
    written = json.dumps(report.to_dict())
    assert QUESTIONS["as_of"].stand_in not in written and QUESTIONS["reported_by"].stand_in not in written


def test_what_was_given_is_not_asked_again_and_stands_in_the_next_command(put):
    """One answer of two leaves one question; a given date is a fact and shown."""
    options = ReadOptions(as_of="2025-12-30", day_first=False)
    report = inspect_file(put(NETWORKS), options)
    assert list(report.details["needed"]) == ["reported_by"]
    assert report.span == {"sharing": ["2025-12-30"] * 2}
    command = "sidedoor ingest x.csv --as-of 2025-12-30 --month-first --reported-by 'AGENCY' --out DIR"
    assert describe_report(report, "x.csv", options=options).endswith(f"Next     {command}")
    typed = shlex.split(write_command("a'b", ReadOptions(reported_by="O'Neill PD"), []))
    assert typed[2:5] == ["a'b", "--reported-by", "O'Neill PD"]


def test_span_without_its_zone_is_said_to_be_as_printed(put):
    """The days on the page stand there; no time in UTC is claimed."""
    report = inspect_file(put(PORTAL))
    assert list(report.details["needed"]) == ["time_zone"] and report.rows_out == 2
    span = "searches: 2026-03-02 to 2026-03-09, as printed, zone not known"
    assert f"Span     {span}" in describe_report(report, "x")
    assert not {"span_utc", "span_local"} & set(report.details)


def test_order_of_days_is_no_fact_until_somebody_says_it(put):
    """Dates such as 03/04/2026 count as rows; which days they are is left open."""
    report = inspect_file(put("DateTime,Reason\n03/04/2026 10:00,Theft\n05/06/2026 11:00,Theft\n"))
    assert set(report.details["needed"]) == {"time_zone", "day_first"}
    assert report.rows_out == 2 and report.span == {}
    assert "day-order" not in report.list_codes()


def test_what_stops_a_file_besides_is_said_too(put):
    """A question answered by a stand-in does not hide the row that is broken."""
    report = inspect_file(put(NETWORKS), ReadOptions(as_of="yesterday"))
    assert list(report.details["needed"]) == ["reported_by"]
    assert report.details["refused"]["code"] == "wrong-value"
    lines = describe_report(report, "x").splitlines()
    assert [line.split()[0] for line in lines[3:]] == ["Needed", "Stopped", "Way"]


def test_command_fails_while_something_is_needed(put, monkeypatch, capsys):
    """Exit code 1 with the question, 0 once it is answered; an ingest asks as before and writes nothing."""
    path = put(NETWORKS)
    for arguments, code in (([], 1), (["--reported-by", "Exampleton ZZ PD", "--as-of", "2025-12-30"], 0)):
        monkeypatch.setattr(sys, "argv", ["sidedoor", "inspect", str(path), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out = capsys.readouterr().out
        assert (ended.value.code or 0) == code and ("Needed" in out) == bool(code) and "3 read" in out
    with refused("options-missing", IngestError) as caught:
        ingest_file(path, path.parent / "out")
    assert set(caught.value.asks_for) == {"reported_by", "as_of"}
    assert not (path.parent / "out").exists()
