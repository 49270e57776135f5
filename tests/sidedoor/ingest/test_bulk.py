"""Large logs: what is read in bulk is what the reader in memory reads, cell for cell and report for report."""

import json
import random
import resource
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from helpers.canonical import COLUMNS  # noqa: E402
from helpers.errors import IngestError  # noqa: E402
from helpers.formats import load_format  # noqa: E402
from made.tables import CANARIES, KEY, write_csv  # noqa: E402
from sidedoor.ingest import files, ingest_file, inspect_file  # noqa: E402
from sidedoor.ingest.files import read_source  # noqa: E402
from sidedoor.ingest.report import FileTable  # noqa: E402
from sidedoor.ingest.source import FileLimits, ReadOptions, open_source  # noqa: E402

AUDITS = {form["name"]: form["columns"] for form in load_format("flock")["audit"]["forms"]}
PORTALS = [
    ["id", "userId", "searchDate", "cameraCount", "reason"],
    ["id", "userId", "searchDate", "networkCount", "reason", "offenseType", "caseNumber"],
    ["id", "userId", "searchDate", "networkCount", "offenseType"],
    ["id", "userId", "searchDate", "networkCount", "caseNumber"],
    ["id", "userId", "searchDate", "networkCount"],
]
MAPPING = r"""
title = "Any log"
table = "searches"
notes = ["A note."]
[columns]
search_id = "No"
searched_at = "When"
searcher_agency_as_printed = "Who"
reason_text = "Why"
has_case_number = "Has case"
plate = "Plate"
plate_state = "State"
devices_n = "Cameras"
window_start = "From"
window_end = "To"
moderation = "Told"
[constants]
host_agency = "Example CA PD"
search_type = "lookup"
[times]
forms = ["%q/%q/%Y %H:%M[:%S]", "%Y-%m-%dT%H:%M:%S[.%f]%z", "%d %b %y"]
time_zone = "America/Los_Angeles"
[cells]
masked = ['hidden']
placeholder = ['not given', 'é+', 'y']
[[skip]]
column = "Who"
equals = ["TOTAL", "Sum"]
reason = "a total"
[[skip]]
column = "Why"
equals = ["skip me"]
"""
MAPPED = ["No", "When", "Who", "Why", "Has case", "Plate", "State", "Cameras", "From", "To", "Told", "More"]
TIMES = [
    "6/19/2025, 10:08:20 AM UTC", "06/19/2025, 10:08 PM UTC", "12/31/2025, 11:59:59 PM", "1/1/2026, 12:00:00 AM UTC",
    "2025-06-18 00:02:04.789", "2026-03-10T04:31:52.901Z", "2026-03-10T04:31:52.9014567Z", "2026-03-10", "2025-11-02 01:30:00",
    "2025-03-09 02:30:00", "3/9/2025 02:30", "13/4/2025 10:11", "25/03/2019 10:00:01", "02/30/2025, 10:08:20 AM UTC",
    "6/19/2025 10:08:20 AM UTC", "6/19/2025,  00:15:00 am UTC", "6/19/2025, 13:05:00 p.m. UTC", "1899-12-31 00:00:00",
    "9999-12-31 23:59:59", "2025-06-18T00:02:04+05:30", "6/19/2025, 10:08:20\u202fAM\u00a0UTC", "4 Jul 25", "04 July 99",
    "2025-06-18T00:00:00Z", "6/19/2025 10:08:20 GMT",
]  # fmt: skip
CELLS = [
    "", "", " ", "***", "**", "*", "REDACTED", "[redacted] and more", "Redacted: x", "###", "0", "-1", "1,000", "1,00", "840.0", "17",
    "999999999999999", "9999999999999999", "1e3", "NaN", "n/a", "N.A.", "None", "none", "-", "\u2014", "é", "ÉÉ", "x", "xx", "XXXX",
    "\u00a0value\u2009", "\u3000wide\u3000", "in\u00a0side", "a\nb", "a\r\nb", 'say "x"', "a,b", "(b)(6)", "ILCS 7", "5 ILCS 140/7", "Smith;1",
    "hidden", "not given", "true", "No", "yes", "allow", "BLOCK", "warn", "lookup", "search - Mobile", "[Federal] X PD", "TOTAL",
    "Sum", "skip me", "ID", "Org Name", "Search Time", "when", "Who", "why", "id", "searchDate", "'", "ſ", "İ", "ǅ",
    "6/18/2025, 10:08:20 AM UTC\n6/19/2025, 10:08:20 AM UTC", "6/18/2025, 10:08:20 AM UTC to 7/1/2025, 1:08:20 PM UTC", "a to b",
    "x" * 61, "n" * 70, "█", "░ ░", "y", "xy", "\u200b", "7ZZZ777", "Town CA PD", "City of \u201cQuotes\u201d PD",
]  # fmt: skip
USUAL = [
    "13/4/2025 10:11",
    "25/03/2019 10:00:01",
    "9/3/2025 02:30",
    "2/11/2025 01:30",
    "2026-03-10T04:31:52.901Z",
    "4 Jul 25",
]
MILD = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def read_both(path: Path, work: Path, **options) -> tuple:
    """Read a file in memory and in bulk, and demand the same; give what came out and whether it was read in bulk."""
    outcomes = []
    for folder in (None, work):
        source = open_source(path, FileLimits(bulk_bytes=0))
        source.work = folder
        try:
            reading = read_source(source, ReadOptions(keep_reasons=True, **options))
        except IngestError as error:
            outcomes.append(str(error))
            continue
        table = reading.tables["searches"]
        if isinstance(table, FileTable):
            table = pd.read_parquet(table.path)
            assert [*table.columns] == [*COLUMNS["searches"]]
            table = table.astype(COLUMNS["searches"])
        outcomes.append((table.reset_index(drop=True), reading.report.to_dict(), reading.tables["searches"]))
    first, second = outcomes
    if isinstance(first, str) or isinstance(second, str):
        assert first == second
        return first, False
    pd.testing.assert_frame_equal(first[0], second[0])
    for name, value in first[1].items():
        assert value == second[1][name], name
    assert json.dumps(first[1]) == json.dumps(second[1])
    return second[1], isinstance(second[2], FileTable)


def draw_cell(rng: random.Random, column: str) -> str:
    """Draw a cell, mostly of what a column holds, sometimes of anything."""
    draw, name = rng.random(), column.casefold()
    if draw < 0.15:
        return rng.choice(CELLS + TIMES)
    if name in ("search time", "searchdate", "when", "from", "to"):
        usual = {"searchdate": TIMES[4:8], "search time": TIMES[:4]}.get(name, USUAL)
        return rng.choice(usual if draw < 0.8 else TIMES)
    if name == "time frame":
        return rng.choice(["\n", "\r\n", " to ", "  TO "]).join([rng.choice(TIMES), rng.choice(TIMES[:4])])
    if "count" in name or name.startswith("total") or name == "cameras":
        return str(rng.choice([0, 17, 840, "1,204", "3.0"]))
    return rng.choice(CELLS)


def write_messy(path: Path, header: list[str], rows_n: int, seed: int, **options) -> Path:
    """Write a log of messy cells."""
    rng = random.Random(seed)
    rows = [[draw_cell(rng, column) for column in header] for _ in range(rows_n)]
    rows.insert(rows_n // 2, list(header))
    rows.insert(rows_n // 3, [""] * len(header))
    return write_csv(path, [header, *rows], **options)


@pytest.mark.parametrize(
    "header", [*AUDITS.values(), *PORTALS], ids=lambda header: str(len(header)) + header[-1]
)
def test_forms_are_read_alike(tmp_path, header):
    """Every form of Flock's audits and of portals, with messy cells in every column."""
    zone = "UTC" if len(header) % 2 else "America/Los_Angeles"
    path = write_messy(tmp_path / "log.csv", header, 400, len(header), end="\n" if zone == "UTC" else "\r\n")

    report, is_bulk = read_both(path, tmp_path, time_zone=zone, reported_by="Town CA PD", key=KEY)

    assert is_bulk, report
    assert report["rows_in"] > 350


@pytest.fixture
def mapping(tmp_path) -> Path:
    """A mapping that uses whatever a mapping may use."""
    path = tmp_path / "any.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("encoding", "delimiter", "end"),
    [("utf-8", ",", "\n"), ("utf-8-sig", ";", "\r\n"), ("utf-16", "\t", "\n"), ("utf-8", "|", "\r\n")],
)
def test_mapped_logs_are_read_alike(tmp_path, mapping, encoding, delimiter, end):
    """A mapping with skipped rows, own marks, dates of an order that the rows decide, in any encoding and dialect."""
    path = write_messy(tmp_path / "log.csv", MAPPED, 500, 5, encoding=encoding, delimiter=delimiter, end=end)

    report, is_bulk = read_both(path, tmp_path, mapping=mapping)

    assert is_bulk, report
    assert {"a total", "left out by the mapping (Why)"} <= {part["reason"] for part in report["set_aside"]}


QUIET = ["1", "13/4/2025 10:11", "Town CA PD", "Investigation", "yes", "x", "CA", "7", "", "", "allow", ""]
ODD_LINES = {
    "blank lines": lambda line: f"{line}\n\n\r\n{line}\n",
    "extra empty cells": lambda line: f"{line},,\n{line}\n",
    "a quote within a cell": lambda line: line.replace("Investigation", 'In"vest') + "\n",
    "a blank before a quote": lambda line: line.replace("Investigation", ' "Investigation"') + "\n",
    "text after a quote": lambda line: line.replace("Investigation", '"Invest"igation') + "\n",
    "a blank after a quote": lambda line: line.replace("Investigation", '"Investigation" ') + "\n",
    "a quote that never ends": lambda line: line.replace("Investigation", '"Investigation') + "\n",
    "too few cells": lambda line: line.removesuffix(",") + "\n",
    "too many cells": lambda line: line + "more,and more\n",
    "broken off": lambda line: f"{line}\n{line[:40]}",
    "no line end": lambda line: line,
    "the end of a text of DOS": lambda line: f"{line}\n\x1a",
    "a long cell": lambda line: line.replace("Investigation", "I" * ((1 << 20) + 1)) + "\n",
    "a row of line ends": lambda line: (
        line.replace("Investigation", '"' + "\n" * 50 + '"') + "\n" + line + "\n"
    ),
    "mixed line ends": lambda line: f"{line}\r{line}\r\n{line}\n\r{line}\n",
    "a doubled quote alone": lambda line: line.replace("Investigation", '""""') + "\n",
    "quotes that hide a comma": lambda line: line.replace("Investigation", '""",""') + "\n",
}


@pytest.mark.parametrize("odd", ODD_LINES)
def test_odd_lines_are_read_alike(tmp_path, mapping, odd):
    """What a fast splitter reads in another way, or not at all, is read or refused as ever, with the same place."""
    line = ",".join(QUIET)
    aside = line.replace("13/4/2025 10:11", "elsewhere")
    text = ",".join(MAPPED) + "\n" + f"{line}\n" * 20 + ODD_LINES[odd](line) + f"{aside}\n" * 2
    if odd in ("broken off", "no line end", "the end of a text of DOS"):
        text = text.removesuffix(f"{aside}\n" * 2)
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode())

    read_both(path, tmp_path, mapping=mapping)


cells = st.sampled_from(CELLS + TIMES) | st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=9
)


@MILD
@given(
    rows=st.lists(st.lists(cells, min_size=12, max_size=12), min_size=1, max_size=12), seed=st.integers(0, 99)
)
def test_any_cells_are_read_alike(tmp_path, rows, seed):
    """Whatever stands in the cells, under the one or the other form."""
    mapping = tmp_path / "any.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    path = write_csv(tmp_path / "log.csv", [MAPPED, QUIET, *rows])
    read_both(path, tmp_path, mapping=mapping, key=KEY)
    header = AUDITS["Audit, 13 columns"]
    messy = [[*row, random.Random(seed).choice(TIMES)] for row in rows]
    read_both(write_csv(path, [header, *messy]), tmp_path, time_zone="America/Denver")


@MILD
@given(text=st.text(st.sampled_from('",\n\r ab;1'), max_size=60))
def test_any_quotes_are_read_alike(tmp_path, text):
    """Whatever quotes, separators and line ends follow each other: the same cells, or the same refusal."""
    mapping = tmp_path / "two.toml"
    mapping.write_text('table = "searches"\n[columns]\nsearch_id = "No"\nreason_text = "Why"\n')
    path = tmp_path / "log.csv"
    path.write_bytes(b"No,Why\nfirst,reason\n" + text.encode())
    read_both(path, tmp_path, mapping=mapping)


LARGE = FileLimits(bulk_bytes=1)


@pytest.fixture
def log(tmp_path):
    """An audit with canaries in every private column."""
    header = AUDITS["Audit, 14 columns"]
    row = dict.fromkeys(header, "") | {
        "ID": "11111111-2222-4333-8444-555555555555", "Org Name": "=Town CA PD", "Name": CANARIES[1], "License Plate": CANARIES[0],
        "Reason": CANARIES[3], "Case #": CANARIES[2], "Search Time": TIMES[0], "Total Networks Searched": "7",
    }  # fmt: skip
    (tmp_path / "in").mkdir()
    return write_csv(tmp_path / "in" / "log.csv", [header, *[list(row.values())] * 3000])


def list_names(folder: Path) -> list[str]:
    """List what lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_large_log_becomes_a_folder(log, tmp_path):
    """The same files as of a small log, nothing private in them, counts as whole numbers, and progress told on the way."""
    told = []
    reading = ingest_file(
        log, tmp_path / "big", limits=LARGE, follow=lambda done, all_: told.append((done, all_))
    )
    ingest_file(log, tmp_path / "small")

    assert isinstance(reading.tables["searches"], FileTable) and len(reading.tables["searches"]) == 3000
    assert (
        list_names(tmp_path / "big")
        == list_names(tmp_path / "small")
        == ["report.json", "searches.csv", "searches.parquet"]
    )
    for name in ("report.json", "searches.csv"):
        assert (tmp_path / "big" / name).read_bytes() == (tmp_path / "small" / name).read_bytes()
    first, second = (pd.read_parquet(tmp_path / name / "searches.parquet") for name in ("big", "small"))
    pd.testing.assert_frame_equal(first, second)
    assert "Int64" == str(first["networks_n"].dtype) and first["reason_text"].isna().all()
    parquet = (tmp_path / "big" / "searches.parquet").read_bytes()
    assert not any(canary.encode() in parquet for canary in CANARIES)
    assert told[-1] == (log.stat().st_size, log.stat().st_size)


def test_a_folder_whose_name_reads_as_a_pattern(log, tmp_path):
    """The engine reads the very file that was written, not others that a pattern would name."""
    reading = ingest_file(log, tmp_path / "o'ut [1]*?{a,b}", limits=LARGE)

    assert reading.report.rows_out == 3000 and list_names(tmp_path / "o'ut [1]*?{a,b}")[0] == "report.json"


def test_a_private_log_keeps_its_reasons(log, tmp_path):
    """For private use the reasons stay, in a file that nobody else can read, and there is no CSV."""
    ingest_file(log, tmp_path / "out", ReadOptions(keep_reasons=True), LARGE)

    assert list_names(tmp_path / "out") == ["report.json", "searches.parquet"]
    assert (tmp_path / "out" / "searches.parquet").stat().st_mode & 0o077 == 0
    assert pd.read_parquet(tmp_path / "out" / "searches.parquet")["reason_text"].unique().tolist() == [
        CANARIES[3]
    ]


def test_inspecting_leaves_nothing(log, tmp_path):
    """A large log is reported on as a small one, and no file is left."""
    assert inspect_file(log, limits=LARGE).to_dict() == inspect_file(log).to_dict()
    assert list_names(log.parent) == ["log.csv"]


def test_a_log_of_many_rows_has_no_csv(log, tmp_path, monkeypatch):
    """Where a spreadsheet would lose rows, no CSV is written, and the report says so."""
    monkeypatch.setattr(files, "CSV_ROWS", 2999)
    ingest_file(log, tmp_path / "out", limits=LARGE)

    assert list_names(tmp_path / "out") == ["report.json", "searches.parquet"]
    assert "No CSV was written" in json.loads((tmp_path / "out" / "report.json").read_text())["notes"][-1]


@pytest.mark.parametrize("texts", [200_000, 1])
def test_a_leak_is_found(log, tmp_path, monkeypatch, texts):
    """A phone number in place of an agency is not published, whether all texts are looked through or some of each shape."""
    from sidedoor.ingest import bulk_facts

    monkeypatch.setattr(bulk_facts, "_TEXTS", texts)
    log.write_text(log.read_text().replace("=Town CA PD", "Call 415-555-0134", 1))
    with pytest.raises(IngestError, match="phone"):
        ingest_file(log, tmp_path / "out", limits=LARGE)
    assert list_names(tmp_path) == ["in"]


def test_columns_of_which_some_texts_were_looked_through_are_named(log, tmp_path, monkeypatch):
    """The report says of which column not every text was looked through for leaks, and nothing where all were."""
    from sidedoor.ingest import bulk_facts

    all_notes = ingest_file(log, tmp_path / "out", limits=LARGE).report.notes
    monkeypatch.setattr(bulk_facts, "_TEXTS", 0)
    notes = ingest_file(log, tmp_path / "out", limits=LARGE).report.notes
    assert [note for note in notes if note not in all_notes] == json.loads(
        (tmp_path / "out" / "report.json").read_text()
    )["notes"][-3:]
    assert [note.split()[1] for note in notes if "look through" in note] == [
        "source_id",
        "searcher_agency_as_printed",
        "reason_origin",
    ]
    assert not any("look through" in note for note in all_notes)


def test_interruption_leaves_nothing(log, tmp_path):
    """Stopped while it reads, an ingest leaves the earlier result as it was and nothing beside it."""
    ingest_file(log, tmp_path / "out", limits=LARGE)
    before = (tmp_path / "out" / "searches.parquet").read_bytes()

    def stop(done, all_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest_file(log, tmp_path / "out", ReadOptions(source_id="other"), LARGE, stop)
    assert list_names(tmp_path) == ["in", "out"]
    assert (tmp_path / "out" / "searches.parquet").read_bytes() == before


def test_a_full_disk_is_named(log, tmp_path):
    """Where the table cannot be written, the error says so, and nothing is left."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limit[1]))
    try:
        with pytest.raises(IngestError, match="cannot be written"):
            ingest_file(log, tmp_path / "out", limits=LARGE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list_names(tmp_path) == ["in"]


def test_times_without_a_zone_are_refused_late(log, tmp_path):
    """A time without a zone is refused with its line, wherever it stands."""
    lines = log.read_text().splitlines()
    lines[2500] = lines[2500].replace(" UTC", "")
    log.write_text("\n".join(lines) + "\n")
    error, _ = read_both(log, tmp_path)

    assert "line 2501: times without a time zone" in error


def test_a_packed_log_is_read_alike(log, tmp_path):
    """A log compressed with gzip is unpacked as it is read."""
    import gzip

    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    report, is_bulk = read_both(packed, tmp_path)

    assert is_bulk and report["rows_out"] == 3000


def test_totals_headers_and_missing_ends_are_read_alike(tmp_path):
    """A repeated header, a total below the log, a search without its time, and time frames of which no end can be read."""
    header = "ID,Name,Org Name,Total Networks Searched,Time Frame,License Plate,Reason,Case #,Search Time"
    lines = [
        header, 'a1,***,Exampleton ZZ PD,3,"6/1/2025, 1:00:00 AM UTC\nnow",***,Theft,,"6/2/2025, 1:00:00 AM UTC"', header,
        "a2,***,Exampleton ZZ PD,3,,***,Theft,,", "Total rows: 2,,,,,,,,",
    ]  # fmt: skip
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report, is_bulk = read_both(path, tmp_path)
    assert is_bulk and (report["rows_in"], report["rows_out"]) == (4, 2)
    assert [part["rows_n"] for part in report["set_aside"]] == [1, 1]


def test_notes_in_a_log_of_two_columns_are_read_alike(tmp_path):
    """A total fills the only cell of its row, as a reason without its time may: it is set aside, and the reason is not."""
    path = tmp_path / "log.csv"
    path.write_text(
        "Reason,DateTime\nTheft,2025-03-01 10:00\nTotal loss vehicle,\nTotal: 2,\n,Page 1 of 2\n",
        encoding="utf-8",
    )
    report, is_bulk = read_both(path, tmp_path, time_zone="UTC")
    assert is_bulk and (report["rows_in"], report["rows_out"]) == (4, 2)
    assert [(part["place"], part["rows_n"]) for part in report["set_aside"]] == [("line 4", 2)]


def test_folder_named_like_a_column_changes_no_report(tmp_path):
    """The report of a large log is computed from its file, whatever the folders above it are called."""
    path = write_messy(tmp_path / "log.csv", AUDITS["Audit, 14 columns"], 40, 1)
    limits = FileLimits(bulk_bytes=0)
    told = []
    for name in (
        "plain",
        "searcher_agency_as_printed=CANARY CA PD/reason_text=CANARY/searched_at=2001-01-01/out",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        reading = ingest_file(path, tmp_path / name, ReadOptions(keep_reasons=True, time_zone="UTC"), limits)
        assert isinstance(reading.tables["searches"], FileTable)
        told.append(json.dumps(reading.report.to_dict()))
    assert told[0] == told[1] and "CANARY" not in told[1]
