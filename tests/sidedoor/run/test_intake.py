"""Intake: raw files become records before any notebook runs, privately, and are not read twice."""

import shutil
import stat

import pytest

from helpers import paths
from helpers.errors import IngestError, RunError
from made.example import write_example
from made.refusal import refused
from sidedoor.run import intake
from sidedoor.run.draft import draft_edition
from sidedoor.run.editions import load_edition, plan_run
from sidedoor.run.intake import ingest_records
from sidedoor.run.keys import compute_key, hash_inputs
from sidedoor.run.results import lock_edition
from sidedoor.run.run import run_edition

DECLARED = 'records: str = ""  # folder of records; empty for none [searches folder]'
SHOW = "import pathlib\nprint(sorted(path.name for path in pathlib.Path(records).iterdir()), records)"
RECORD = '[[record]]\nfile = "simulated-network-audit.csv"\nname = "audit"\n'
PRIVATE = "simulated welfare check"


def list_records(city, *records, runs=('notebook = "05"', 'notebook = "06"')):
    """Write the edition `city` anew, with these tables `[[record]]`."""
    return city.write_edition(*runs, name="city", folder=city.folder, head="".join(records))


def make_record(file, *lines):
    """Write a table `[[record]]`."""
    return "\n".join(["[[record]]", f'file = "{file}"', *lines, ""])


def read(city):
    """Read the records of the edition."""
    return ingest_records(load_edition(city.file))


@pytest.fixture
def city(house, tmp_path):
    """A newsroom's folder with one simulated audit, and an edition that lists it."""
    house.write_notebook("05-read", SHOW, parameters=DECLARED)
    house.write_notebook("06-other", "print('no records')")
    house.folder = tmp_path / "newsroom"
    house.folder.mkdir()
    write_example(house.folder)
    house.file = list_records(house, RECORD)
    return house


def note():
    """Make a `report` that keeps the kind of each event, and the record."""
    events = []
    return events, lambda event, name, *_: events.append((event, name))


def test_records_are_read_once_and_given_to_the_notebooks_that_declare_them(city):
    """The second time nothing is read; the folder is the parameter `records` where one is declared."""
    events, report = note()
    edition = ingest_records(load_edition(city.file), report)
    folder = city.runs / "city" / "records"
    assert [run.parameters for run in edition.runs] == [{"records": folder.as_posix()}, {}]
    assert events == [("reading", "audit"), ("read", "audit")]
    events, report = note()
    assert ingest_records(load_edition(city.file), report) == edition and events == [("kept", "audit")]
    (record,) = edition.records
    assert (record["file"], record["tables"]) == ("simulated-network-audit.csv", {"searches": 60})
    # the example repeats its header in the middle: one row set aside
    assert (record["rows_in"], record["rows_out"], sum(record["set_aside"].values())) == (61, 60, 1)


def test_reasons_are_kept_for_the_owner_alone(city):
    """Folder and files are readable by nobody else; no CSV is written."""
    read(city)
    folder = city.runs / "city" / "records"
    made = [folder, *folder.rglob("*")]
    assert {path.name for path in made} == {"records", "audit", "report.json", "searches.parquet"}
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in made)
    import pandas as pd

    assert PRIVATE in set(pd.read_parquet(folder / "audit" / "searches.parquet")["reason_text"])


def test_link_in_the_place_of_the_records_is_not_followed(city, tmp_path):
    """What it leads to is neither cleared nor filled."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    (city.runs / "city").mkdir(parents=True)
    (city.runs / "city" / "records").symlink_to(other)
    with refused("link", RunError):
        read(city)
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("change", ["file", "option", "damage", "memory", "code"])
def test_record_is_read_again_when_anything_has_changed(city, monkeypatch, change):
    """File, options, what was written, and the readers' code: each counts."""
    read(city)
    folder = city.runs / "city"
    if change == "file":
        write_example(city.folder, seed=7)
    elif change == "option":
        list_records(city, RECORD + 'source_id = "simulated-a"\n')
    elif change == "damage":
        (folder / "records" / "audit" / "report.json").write_text("{}")
    elif change == "memory":
        (folder / ".records.json").write_text("[")
    else:
        monkeypatch.setattr(intake, "hash_readers", lambda: "other")
    events, report = note()
    edition = ingest_records(load_edition(city.file), report)
    assert events == [("reading", "audit"), ("read", "audit")]
    assert (edition.records[0]["source_ids"] == ["simulated-a"]) == (change == "option")


def test_record_that_is_no_longer_listed_goes(city):
    """Notebooks are given what the edition lists and nothing else."""
    same = (city.folder / "simulated-network-audit.csv").read_bytes()
    (city.folder / "b.csv").write_bytes(same + b"\r\n")
    list_records(city, RECORD, make_record("b.csv"))
    assert [record["name"] for record in read(city).records] == ["audit", "b"]
    list_records(city, RECORD)
    read(city)
    assert sorted(path.name for path in (city.runs / "city" / "records").iterdir()) == ["audit"]


def test_file_under_two_names_would_be_counted_twice(city):
    """The same bytes read in the same way are refused; read in another way they are another record."""
    shutil.copy(city.folder / "simulated-network-audit.csv", city.folder / "b.csv")
    list_records(city, RECORD, make_record("b.csv"))
    with refused("twice", RunError, place="record b"):
        read(city)
    list_records(city, RECORD, make_record("b.csv", 'reported_by = "Exampleton ZZ PD"'))
    assert len(read(city).records) == 2


def test_all_that_is_missing_is_said_at_once_and_how_an_edition_says_it(city):
    """Two lists that lack something are named together, with the keys to write; the audit is read."""
    (city.folder / "list.csv").write_text("Agencies we share data with\nSample Falls ZZ PD\n")
    (city.folder / "names.csv").write_text("Sample Falls ZZ PD\nInventory County ZZ SO\n")
    day, agency = 'as_of = "2025-03-01"', 'reported_by = "Exampleton ZZ PD"'
    list_records(city, make_record("list.csv", day), make_record("names.csv", day), RECORD)
    events, report = note()
    with refused("many", IngestError, place="edition city") as raised:
        ingest_records(load_edition(city.file), report)
    assert set(raised.value.asks_for) == {"reported_by", "section"} and ("read", "audit") in events
    for line in ('`file = "list.csv"`', '`file = "names.csv"`', "`section = ", "`reported_by = "):
        assert line in raised.value.way_out
    first, second = (make_record(f"{name}.csv", day, agency) for name in ("list", "names"))
    list_records(city, first, second, RECORD)
    with pytest.raises(IngestError) as raised:
        read(city)
    assert raised.value.asks_for == ("section",) and "names.csv" in raised.value.place
    list_records(city, first, second + 'section = "detections_received"\n', RECORD)
    assert [record["tables"] for record in read(city).records] == [
        {"sharing": 1}, {"sharing": 2}, {"searches": 60},
    ]  # fmt: skip


def test_file_that_cannot_be_read_stops_the_run_and_says_why(city):
    """The error is that of `sidedoor ingest`, and names the file; what was read before is kept."""
    (city.folder / "page.csv").write_text("<!doctype html><html>log in</html>")
    list_records(city, RECORD, make_record("page.csv"))
    with pytest.raises(IngestError) as raised:
        read(city)
    assert "page.csv" in raised.value.place and not raised.value.asks_for
    events, report = note()
    with pytest.raises(IngestError):
        ingest_records(load_edition(city.file), report)
    assert events == [("kept", "audit"), ("reading", "page")]


def test_edition_that_sets_the_parameter_itself_keeps_its_value(city):
    """An edition may point one notebook elsewhere."""
    (city.folder / "mine").mkdir()
    own = 'notebook = "05"\nparameters = { records = "mine" }'
    list_records(city, RECORD, runs=[own])
    edition = read(city)
    assert edition.runs[0].parameters == {"records": (city.folder / "mine").as_posix()}


def test_error_of_a_library_repeats_no_record(city, capsys):
    """The message of a notebook that stops names the kind of error; the rest stays in the owner's folder."""
    city.write_notebook("05-read", f"raise KeyError({PRIVATE!r})", parameters=DECLARED)
    with refused("cell-failed", RunError) as caught:
        run_edition(read(city))
    failed = city.runs / "city" / "failed"
    assert PRIVATE not in str(caught.value) + "".join(capsys.readouterr())
    assert PRIVATE in (failed / "05-read.ipynb").read_text() and stat.S_IMODE(failed.stat().st_mode) == 0o700


def test_no_run_without_records_nor_beside_another(city):
    """An edition whose records were not read is refused; two runs do not write one folder."""
    with pytest.raises(RunError):
        run_edition(load_edition(city.file))
    with lock_edition("city"), refused("locked", RunError):
        read(city)


def test_key_follows_the_content_of_records_and_not_their_place(city, monkeypatch, tmp_path):
    """The same files, read elsewhere, give the same key; another file, another key."""

    def read_key():
        edition = read(city)
        return compute_key(edition.runs[0], edition.folder, hash_inputs())

    first = read_key()
    monkeypatch.setattr(paths, "RUNS", tmp_path / "elsewhere")
    assert read_key() == first
    write_example(city.folder, seed=7)
    assert read_key() != first


def test_run_shows_no_place_and_publishes_no_row(city):
    """Outputs and manifest show neither the folder of the records nor the text of a reason."""
    manifest = run_edition(read(city))
    assert city.read_output("city", "05-read") == "['audit'] <records>\n"
    assert manifest["notebooks"][0]["parameters"] == {"records": "<records>"}
    assert manifest["records"][0]["file"] == "simulated-network-audit.csv"
    for file in (city.runs / "city").rglob("*"):
        if file.is_file() and "records" not in file.relative_to(city.runs / "city").parts:
            text = file.read_text()
            assert str(city.root) not in text and str(city.folder) not in text and PRIVATE not in text, file


def test_record_folder_is_git_ignored():
    """Records lie below `runs/`, which never enters the repository."""
    lines = (paths.ROOT / ".gitignore").read_text().splitlines()
    assert "runs/" in lines and paths.find_record_folder("city").is_relative_to(paths.RUNS)


def plant(folder):
    """Put files of somebody's own into a folder: raw ones, one named like a table, one in a folder."""
    kept = {"raw.csv": "a", "log/searches.parquet": "b", "log/report.json": "{}", "deep/er/raw.pdf": "c"}
    for name, text in kept.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"CANARY {text}")
    return {folder / name for name in kept}


@pytest.mark.parametrize("when", ["before the first run", "after it", "after the memory is lost"])
def test_no_file_is_removed_that_the_command_did_not_write(city, when):
    """Whatever lies among the records stays, and the run says what it found instead of going on."""
    records = city.runs / "city" / "records"
    if when != "before the first run":
        read(city)
    if when == "after the memory is lost":
        (city.runs / "city" / ".records.json").unlink()
    own = plant(records)
    with refused("foreign-files", RunError):
        read(city)
    assert all(path.read_text().startswith("CANARY") for path in own)


@pytest.mark.parametrize("place", ["audit", "audit/notes.txt"])
def test_own_file_in_the_place_of_a_record_stays(city, place):
    """A folder of the record's name, or a file in the record's folder: neither is replaced."""
    if place != "audit":
        read(city)
        write_example(city.folder, seed=7)
    own = city.runs / "city" / "records" / place
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("CANARY")
    with refused("foreign-files", RunError):
        read(city)
    assert own.read_text() == "CANARY"


def test_linked_folder_in_the_place_of_a_record_is_not_entered(city, tmp_path):
    """A record that was read before and is a link now: what it leads to stays."""
    read(city)
    record = city.runs / "city" / "records" / "audit"
    shutil.move(record, tmp_path / "elsewhere")
    record.symlink_to(tmp_path / "elsewhere")
    before = city.list_files(tmp_path / "elsewhere")
    with pytest.raises(RunError):
        read(city)
    assert city.list_files(tmp_path / "elsewhere") == before and before


def test_linked_folder_of_results_is_not_touched(city, tmp_path):
    """Neither records nor leftovers nor results below what it leads to are changed."""
    other = tmp_path / "other"
    plant(other / "records")
    for name in (".tmp-1-abcdefgh", "05-read.0123456789ab"):
        (other / name).mkdir()
        (other / name / "own.txt").write_text("CANARY")
    before = city.list_files(other)
    (city.runs / "city").symlink_to(other)
    with pytest.raises(RunError):
        read(city)
    with pytest.raises(RunError):
        run_edition(load_edition(city.write_edition('notebook = "06"', name="city", folder=city.folder)))
    assert city.list_files(other) == before


def test_folder_that_looks_like_a_result_or_a_leftover_keeps_what_is_in_it(city):
    """A result goes file by file, as its own list names them; a name alone makes nothing the command's."""
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


@pytest.mark.parametrize("place", ["city", "city/records", "other/deeper", "."])
def test_editions_among_the_results_are_refused(city, place):
    """The command's folder holds no sources, its own or another's, and `new` writes none there."""
    folder = city.runs / place
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "raw.csv"
    shutil.copy(city.folder / "simulated-network-audit.csv", raw)
    file = city.write_edition(
        'notebook = "05"', name="city", folder=folder, head='[[record]]\nfile = "raw.csv"\n'
    )
    with refused("among-results"):
        load_edition(file)
    with refused("among-results"):
        draft_edition(str(folder / "fresh"), [folder])
    with refused("among-results"):
        draft_edition(str(city.root / "fresh"), [folder])
    assert raw.is_file() and not (folder / "fresh.toml").exists()


@pytest.mark.parametrize(
    "head", ['[[record]]\nfile = "runs/city/records/raw.csv"\n', '[[record]]\nfile = "link.csv"\n']
)
def test_raw_files_among_the_results_are_refused(city, head):
    """An edition above the folder of results names no file in it, through a link neither."""
    raw = city.runs / "city" / "records" / "raw.csv"
    raw.parent.mkdir(parents=True)
    shutil.copy(city.folder / "simulated-network-audit.csv", raw)
    (city.root / "link.csv").symlink_to(raw)
    file = city.write_edition('notebook = "05"', name="city", folder=city.root, head=head)
    with refused("among-results"):
        load_edition(file)
    assert raw.is_file()


def test_records_of_another_edition_cannot_be_read(city):
    """They are private: no parameter of an edition, nor one that is typed, names them."""
    read(city)
    file = city.write_edition(
        'notebook = "05"\nparameters = { records = "runs/city/records" }', name="oracle", folder=city.root
    )
    with refused("among-results"):
        load_edition(file)
    with refused("among-results"):
        plan_run(load_edition(city.file), ["05"], ["records=runs/city/records"])
