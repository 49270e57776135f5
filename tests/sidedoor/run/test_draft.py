"""Drafts: from a folder of files to an edition that loads, with what only a person knows asked."""

import os
import shutil

import pytest

from helpers.errors import RunError
from made.example import write_example
from made.refusal import refused
from sidedoor.run import draft
from sidedoor.run.draft import draft_edition, find_needs
from sidedoor.run.editions import load_edition
from sidedoor.run.notebooks import list_notebooks, load_notebook

DECLARED = 'records: str = ""  # folder of ingested records; empty for none [searches folder]'
COUNT = """from helpers.searches.records import load_records
log = load_records(records, "searches")
print(len(log), "searches", log["source_id"].str.startswith("simulated-").all())"""
NETWORKS = (
    "Organization Name,Networks Shared With Me,Networks I'm Sharing\n"
    "Sample County ZZ SO,Sample County ZZ SO,Exampleton ZZ PD\nInventory Falls ZZ PD,,Exampleton ZZ PD\n"
)
AUDIT = "simulated-network-audit.csv"


@pytest.fixture
def city(house, tmp_path, monkeypatch):
    """A folder of files as a reporter has it: an audit, to begin with."""
    house.write_notebook("00-start", "print('start')")
    house.write_notebook("05-read", COUNT, parameters=DECLARED)
    house.write_notebook(
        "07-doors", 'load_records(records, "sharing")', parameters='records: str = ""  # own [sharing folder]'
    )
    house.folder = tmp_path / "files"
    house.folder.mkdir()
    write_example(house.folder)
    monkeypatch.chdir(house.folder)
    return house


def add_more(city):
    """Add a list that says neither whose nor when, and a web page."""
    (city.folder / "SharedNetworks.csv").write_text(NETWORKS)
    (city.folder / "page.csv").write_text("<!doctype html><html>log in</html>")


def test_files_become_an_edition_that_loads(city):
    """Whatever could be found out stands in it; what only a person knows is asked, with an example."""
    add_more(city)
    made = draft_edition("my-city", ["."])
    text = made.path.read_text(encoding="utf-8")
    networks, page, audit = made.files
    assert [one.file for one in made.files] == ["SharedNetworks.csv", "page.csv", AUDIT]
    assert set(networks.needed) == {"reported_by", "as_of"} and networks.tables == ("sharing",)
    assert page.trouble and '# file = "page.csv"' in text
    assert audit.tables == ("searches",) and not audit.needed
    assert "60 read, 1 skipped" in text and "searches: 2025-03-0" in text
    assert '# reported_by = "Exampleton ZZ PD"' in text
    assert "2000-01-01" not in text and "not yet named" not in text
    edition = load_edition(made.path)
    assert [(file.name, dict(file.options)) for file in edition.raw_files] == [
        ("sharednetworks", {}), ("simulated-network-audit", {"source_id": "simulated-network-audit"}),
    ]  # fmt: skip
    assert made.notebooks == tuple(run.notebook.number for run in edition.runs) == ("05", "07")


def test_two_commands_lead_from_files_to_results(city, call):
    """`new`, `run`: nothing is edited between, and the notebook has what was read."""
    code, out, _ = call("new", "my-city", AUDIT)
    assert code == 0 and f"{AUDIT}: searches" in out and "sidedoor run --edition my-city.toml" in out
    code, _, err = call("run", "--edition", "my-city.toml")
    assert code == 0 and "record simulated-network-audit  60 rows read in" in err
    assert city.read_output("my-city", "05-read") == "60 searches True\n"


def test_what_a_notebook_lacks_is_said_in_a_comment(city):
    """With a log alone the notebook on sharing lists is one; so is a state that no report prints.

    A comment is a right line without its sign.
    """
    meaning = 'home: str = ""  # state of agencies that print none [postal code]'
    city.write_notebook("05-read", COUNT, parameters=f"{DECLARED}\n{meaning}")
    made = draft_edition("my-city", [AUDIT])
    text = made.path.read_text(encoding="utf-8")
    assert made.notebooks == ("05",)
    assert '# Needs records that hold sharing:\n# [[run]]\n# notebook = "07"  # About doors' in text
    line = '# parameters = { home = "CA" }  # state of agencies that print none'
    edition = load_edition(made.path)
    assert edition.title == "My city: plate-reader records (simulated)"
    assert text.count(line) == 1 and edition.runs[0].parameters["home"] == ""
    made.path.write_text(text.replace(line, line.removeprefix("# ")), encoding="utf-8")
    assert load_edition(made.path).runs[0].parameters["home"] == "CA"


def test_same_bytes_are_counted_once_and_names_are_told_apart(city):
    """A copy under another name is left out; two files of one name in two folders become two records.

    A name with quotation marks, markup or TOML in it does not change what the edition says.
    """
    odd = 'a"]\\ [[run]] <b>#=.csv'
    shutil.copy(AUDIT, "again.csv")
    for number, name in enumerate(["log.csv", "log.csv", odd], start=1):
        (city.folder / str(number)).mkdir()
        write_example(city.folder / str(number), seed=number).rename(city.folder / str(number) / name)
    made = draft_edition("my-city", [AUDIT, "again.csv", "1/log.csv", "2/log.csv", f"3/{odd}"])
    names = [one.name for one in made.files]
    assert names == ["simulated-network-audit", "again", "log", "log-2", "a-run-b"]
    assert AUDIT in made.files[1].trouble
    files = load_edition(made.path).raw_files
    assert [file.name for file in files] == [name for name in names if name != "again"]
    assert files[-1].path.name == odd


@pytest.mark.parametrize(
    ("name", "files", "code", "hint"),
    [
        ("My City", ["."], "bad-name", "my-city"),
        ("édition été", ["."], "bad-name", "edition-ete"),
        ("日本", ["."], "bad-name", "my-city"),
        ("defaults", ["."], "bad-name", ""),
        ("taken", ["."], "unreadable", ""),
        ("gone/my-city", ["."], "no-folder", ""),
        ("my-city", ["gone.csv"], "no-file", ""),
        ("my-city", ["empty"], "no-file", ""),
        ("my-city", ["../outside.csv"], "outside", ""),
        ("my-city", ["link.csv"], "outside", ""),
        ("my-city", ["bad\x1bname.csv"], "bad-name", ""),
        ("my-city", ["odd"], "bad-name", ""),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_nothing_is_written(city, name, files, code, hint):
    """No file that is not an edition is touched, and none from elsewhere is listed."""
    (city.folder / "taken.toml").write_text("mine")
    for folder in ("empty", "odd"):
        (city.folder / folder).mkdir()
    # a file system takes any bytes as a name; an edition takes text
    for file in (b"../outside.csv", b"bad\x1bname.csv", b"odd/log-\xff.csv"):
        with open(os.fsencode(city.folder) + b"/" + file, "w") as made:
            made.write("x")
    (city.folder / "link.csv").symlink_to(city.folder.parent / "outside.csv")
    with refused(code, hint=hint):
        draft_edition(name, files)
    assert (city.folder / "taken.toml").read_text() == "mine" and not (city.folder / "my-city.toml").exists()


def test_folder_that_cannot_be_written_is_a_message(city, monkeypatch):
    """A network share or a mounted disk: the way out is a folder of one's own."""

    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(draft, "write_atomically", fail)
    with refused("disk", RunError, place="my-city.toml"):
        draft_edition("my-city", ["."])


def test_edition_that_is_there_is_updated_and_keeps_what_a_person_wrote(city):
    """New files and the notebooks that run on them are added; every line of a person stays as it is."""
    made = draft_edition("my-city", [AUDIT])
    own = made.path.read_text(encoding="utf-8")
    own = own.replace("My city: plate-reader records (simulated)", "Mine # 1")
    own = own.replace(f'file = "{AUDIT}"', f'time_zone = "UTC"  # by phone\nfile = "{AUDIT}"')
    made.path.write_text(own, encoding="utf-8")
    add_more(city)
    again = draft_edition("my-city", ["."])
    text = again.path.read_text(encoding="utf-8")
    assert not again.is_new and again.notebooks == ("05", "07") and "# Needs records" not in text
    ours = ("# Needs", "# [[run]]", "# notebook")
    assert {line for line in own.splitlines() if not line.startswith(ours)} <= set(text.splitlines())
    edition = load_edition(again.path)
    assert edition.title == "Mine # 1"
    assert [(file.path.name, dict(file.options).get("time_zone")) for file in edition.raw_files] == [
        (AUDIT, "UTC"), ("SharedNetworks.csv", None),
    ]  # fmt: skip
    draft_edition("my-city", ["."])
    assert again.path.read_text(encoding="utf-8") == text, "a third time changes nothing"


def test_file_that_can_be_read_now_replaces_the_comment_about_it(city):
    """What an earlier draft said of a file goes; a notebook that a person took out does not come back."""
    add_more(city)
    (city.folder / "SharedNetworks.csv").unlink()
    made = draft_edition("my-city", ["."])
    text = made.path.read_text(encoding="utf-8")
    assert '# file = "page.csv"' in text and made.notebooks == ("05",)
    text = text.replace('[[run]]\nnotebook = "05"', '[[run]]\nnotebook = "00"')
    made.path.write_text(text, encoding="utf-8")
    write_example(city.folder / "..", seed=7).rename(city.folder / "page.csv")
    again = draft_edition("my-city", ["."])
    text = again.path.read_text(encoding="utf-8")
    assert '# file = "page.csv"' not in text and '\nfile = "page.csv"' in text
    assert again.notebooks == ("00",)


def test_comments_are_shortened_where_the_file_would_be_too_large(city, monkeypatch):
    """What an edition may hold is the same for those that are drafted."""
    whole = draft_edition("my-city", ["."]).path
    monkeypatch.setattr(draft, "LARGEST_FILE", len(whole.read_bytes()) - 1)
    short = draft_edition("my-town", ["."]).path
    assert "60 read" in whole.read_text() and "60 read" not in short.read_text()
    assert load_edition(short).raw_files == load_edition(whole).raw_files


def test_real_notebooks_say_what_they_need():
    """The unit of every parameter `records` names at least one table."""
    needs = {book.name: find_needs(book) for book in map(load_notebook, list_notebooks())}
    assert all(tables for tables in needs.values() if tables is not None), needs
    assert sum(tables is not None for tables in needs.values()) >= 3
