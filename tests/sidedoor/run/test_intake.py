"""Intake: raw files become records before any notebook runs, privately, and are not read twice."""

import shutil
import stat

import pandas as pd
import pytest

from helpers import paths
from helpers.errors import IngestError, RunError
from made.example import write_example
from made.kernels import pretend_to_run
from made.refusal import refused
from sidedoor.run.draft import draft_edition
from sidedoor.run.editions import load_edition
from sidedoor.run.intake import ingest_records
from sidedoor.run.keys import compute_key
from sidedoor.run.results import lock_edition
from sidedoor.run.run import run_edition

DECLARED = 'records: str = ""  # folder of records; empty for none [searches folder]'
SHOW = "import pathlib\nprint(sorted(path.name for path in pathlib.Path(records).iterdir()), records)"
PRIVATE = "simulated welfare check"


def list_records(city, *records, runs=('notebook = "05"', 'notebook = "06"')):
    """Write the edition `city` anew, with these tables `[[record]]`."""
    return city.write_edition(*runs, name="city", folder=city.folder, head="".join(records))


def make_record(file, *lines):
    """Write a table `[[record]]`."""
    return "\n".join(["[[record]]", f'file = "{file}"', *lines, ""])


RECORD = make_record("simulated-network-audit.csv", 'name = "audit"')


def read(city, events=None):
    """Read the records of the edition; what happens, and to which record, is added to `events`."""

    def report(event, name, *_):
        if events is not None:
            events.append((event, name))

    return ingest_records(load_edition(city.file), report)


@pytest.fixture
def city(house, tmp_path):
    """A newsroom's folder with one simulated audit, and an edition that lists it."""
    house.write_notebook("05-read", SHOW, parameters=DECLARED)
    house.write_notebook("06-other", "print('no records')")
    house.folder = tmp_path / "newsroom"
    house.folder.mkdir()
    write_example(house.folder)
    house.file = list_records(house, RECORD)
    house.records = house.runs / "city" / "records"
    return house


def test_records_are_read_once_and_given_to_the_notebooks_that_declare_them(city):
    """The second time nothing is read; the folder is the parameter `records` where one is declared."""
    events = []
    edition = read(city, events)
    assert [run.parameters for run in edition.runs] == [{"records": city.records.as_posix()}, {}]
    assert events == [("reading", "audit"), ("read", "audit")]
    assert read(city, events) == edition and events[2:] == [("kept", "audit")]
    (record,) = edition.records
    assert (record["file"], record["tables"]) == ("simulated-network-audit.csv", {"searches": 60})
    # the example repeats its header in the middle: one row set aside
    assert (record["rows_in"], record["rows_out"], sum(record["set_aside"].values())) == (61, 60, 1)
    # reasons are kept, for the owner alone; an edition may point a notebook elsewhere
    made = [city.records, *city.records.rglob("*")]
    assert {path.suffix for path in made} == {"", ".json", ".parquet"}
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in made)
    assert PRIVATE in set(pd.read_parquet(city.records / "audit" / "searches.parquet")["reason_text"])
    (city.folder / "mine").mkdir()
    list_records(city, RECORD, runs=['notebook = "05"\nparameters = { records = "mine" }'])
    assert read(city).runs[0].parameters == {"records": (city.folder / "mine").as_posix()}


@pytest.mark.parametrize("change", ["file", "option", "place", "damage", "memory", "code"])
def test_record_is_read_again_when_anything_has_changed(city, monkeypatch, tmp_path, change):
    """File, options, what was written, and the readers' code: each counts.

    The key of a result follows what was read, and not its place.
    """

    def read_key(events=None):
        edition = read(city, events)
        return edition, compute_key(edition.runs[0], edition.folder, {})

    _, key = read_key()
    if change == "file":
        write_example(city.folder, seed=7)
    elif change == "option":
        list_records(city, RECORD + 'source_id = "simulated-a"\n')
    elif change == "place":
        monkeypatch.setattr(paths, "RUNS", tmp_path / "elsewhere")
    elif change == "damage":
        (city.records / "audit" / "report.json").write_text("{}")
    elif change == "memory":
        path = city.records / "audit" / "result.json"
        path.write_text(path.read_text().replace('"described"', '"other"'))
    else:
        (city.source / "sidedoor" / "reader.py").write_text("")
    events = []
    edition, changed = read_key(events)
    assert events == [("reading", "audit"), ("read", "audit")]
    assert (edition.records[0]["source_ids"] == ["simulated-a"]) == (change == "option")
    assert (key == changed) == (change in ("place", "damage", "memory"))


def test_record_that_is_no_longer_listed_goes_and_one_that_is_listed_twice_is_refused(city):
    """Notebooks are given what the edition lists and nothing else; the same bytes read in the same way twice
    would be counted twice.
    """
    shutil.copy(city.folder / "simulated-network-audit.csv", city.folder / "b.csv")
    list_records(city, RECORD, make_record("b.csv"))
    with refused("twice", RunError, place="record b"):
        read(city)
    list_records(city, RECORD, make_record("b.csv", 'reported_by = "Exampleton ZZ PD"'))
    assert [record["name"] for record in read(city).records] == ["audit", "b"]
    list_records(city, RECORD)
    read(city)
    assert [path.name for path in city.records.iterdir()] == ["audit"]


def test_all_that_is_missing_is_said_at_once_and_how_an_edition_says_it(city):
    """Two lists that lack something are named together, with the keys to write; the audit is read, and kept."""
    (city.folder / "list.csv").write_text("Agencies we share data with\nSample Falls ZZ PD\n")
    (city.folder / "names.csv").write_text("Sample Falls ZZ PD\nInventory County ZZ SO\n")
    day, agency = 'as_of = "2025-03-01"', 'reported_by = "Exampleton ZZ PD"'
    list_records(city, make_record("list.csv", day), make_record("names.csv", day), RECORD)
    events = []
    with refused("many", IngestError, place="edition city") as raised:
        read(city, events)
    assert set(raised.value.asks_for) == {"reported_by", "section"} and ("read", "audit") in events
    for line in ('`file = "list.csv"`', '`file = "names.csv"`', "`section = ", "`reported_by = "):
        assert line in raised.value.way_out
    first, second = (make_record(f"{name}.csv", day, agency) for name in ("list", "names"))
    list_records(city, first, second, RECORD)
    with pytest.raises(IngestError) as raised:
        read(city, events)
    assert raised.value.asks_for == ("section",) and "names.csv" in raised.value.place
    assert ("kept", "audit") in events
    list_records(city, first, second + 'section = "detections_received"\n', RECORD)
    tables = [record["tables"] for record in read(city).records]
    assert tables == [{"sharing": 1}, {"sharing": 2}, {"searches": 60}]


def test_no_run_without_records_nor_beside_another(city):
    """An edition whose records were not read is refused; two runs do not write one folder."""
    with pytest.raises(RunError):
        run_edition(load_edition(city.file))
    with lock_edition("city"), refused("locked", RunError):
        read(city)


def test_run_is_given_the_folder_and_shows_neither_its_place_nor_a_row(city, capsys):
    """The message of a notebook that stops names the kind of error; the rest stays in the owner's folder."""
    run_edition(read(city))
    assert city.read_output("city", "05-read") == "['audit'] <records>\n"
    city.write_notebook("05-read", f"raise KeyError({PRIVATE!r})", parameters=DECLARED)
    with refused("cell-failed", RunError) as caught:
        run_edition(read(city))
    failed = city.runs / "city" / "failed"
    assert PRIVATE not in str(caught.value) + "".join(capsys.readouterr())
    assert PRIVATE in (failed / "05-read.ipynb").read_text() and stat.S_IMODE(failed.stat().st_mode) == 0o700


# What the command did not write stays


@pytest.mark.parametrize(
    ("is_after_a_run", "place"),
    [
        (False, "raw.csv"),
        (False, "deep/er/raw.pdf"),
        (True, "log/searches.parquet"),
        # a file of the record's name, or in the record's folder, is not replaced
        (False, "audit"),
        (False, "audit/report.json"),
        (True, "audit/notes.txt"),
    ],
)
def test_no_file_is_removed_that_the_command_did_not_write(city, is_after_a_run, place):
    """Whatever lies among the records stays, and the run says what it found instead of going on."""
    if is_after_a_run:
        read(city)
    own = city.records / place
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("CANARY")
    with refused("foreign-files", RunError):
        read(city)
    assert own.read_text() == "CANARY"


@pytest.mark.parametrize(
    ("linked", "code"), [("", "link"), ("records", "link"), ("records/audit", "foreign-files")]
)
def test_what_a_link_leads_to_is_not_touched(city, tmp_path, linked, code):
    """The folder of results, of records or of a record is a link: nothing behind it changes."""
    read(city)
    other, place = tmp_path / "other", city.runs / "city" / linked
    shutil.move(place, other)
    if not linked:
        for name in (".tmp-1-abcdefgh", "05-read.0123456789ab"):
            (other / name).mkdir()
            (other / name / "own.txt").write_text("CANARY")
    place.symlink_to(other)
    before = city.list_files(other)
    with refused(code, RunError):
        read(city)
    if not linked:
        with refused("link", RunError):
            run_edition(load_edition(list_records(city, runs=['notebook = "06"'])))
    assert city.list_files(other) == before


def test_folder_that_looks_like_a_result_or_a_leftover_keeps_what_is_in_it(city, monkeypatch):
    """A result goes file by file, as its own list names them; a name alone makes nothing the command's."""
    pretend_to_run(monkeypatch)
    file = city.write_edition('notebook = "06"', name="plain")
    run_edition(load_edition(file))
    (result,) = (city.runs / "plain").glob("06-other.*")
    own = [
        result / "mine.txt",
        city.runs / "plain" / "06-other.0123456789ab" / "mine.txt",
        city.runs / "plain" / ".tmp-mine",
    ]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_text("CANARY")
    city.write_notebook("06-other", "print('changed')")
    run_edition(load_edition(file))
    assert all(path.read_text() == "CANARY" for path in own)
    assert [path.name for path in result.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("place", ["city/records", "."])
def test_editions_and_files_among_the_results_are_refused(city, place):
    """The command's folder holds no sources, its own or another's, and `new` writes none there.

    An edition above the folder of results names no file in it either, not even through a link.
    """
    folder = city.runs / place
    folder.mkdir(parents=True, exist_ok=True)
    raw = shutil.copy(city.folder / "simulated-network-audit.csv", folder / "raw.csv")
    (city.root / "link.csv").symlink_to(raw)
    named = ("raw.csv", folder), (f"runs/{place}/raw.csv", city.root), ("link.csv", city.root)
    for file, home in named:
        with refused("among-results"):
            load_edition(
                city.write_edition('notebook = "05"', name="city", folder=home, head=make_record(file))
            )
    for target in (folder, city.root):
        with refused("among-results"):
            draft_edition(str(target / "fresh"), [folder])
    assert raw.is_file() and not (folder / "fresh.toml").exists()
