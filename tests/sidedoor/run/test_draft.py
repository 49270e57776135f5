"""Drafts: from a folder of files to an edition that loads, with what only a person knows asked."""

import os
import shutil
import sys
import tomllib

import pytest

from helpers import paths
from helpers.errors import RunError
from made.example import write_example
from made.refusal import refused
from sidedoor import cli
from sidedoor.run import draft
from sidedoor.run.draft import draft_edition, find_needs
from sidedoor.run.editions import load_edition
from sidedoor.run.notebooks import list_notebooks, load_notebook

FACTS, SCHEMA = paths.FACTS, paths.SCHEMA
DECLARED = 'records: str = ""  # folder of ingested records; empty for none [searches folder]'
COUNT = """from IPython.display import display
from helpers.searches.records import load_records
log = load_records(records, "searches")
print(len(log), "searches", log["source_id"].str.startswith("simulated-").all())"""
NETWORKS = (
    "Organization Name,Networks Shared With Me,Networks I'm Sharing\n"
    "Sample County ZZ SO,Sample County ZZ SO,Exampleton ZZ PD\nInventory Falls ZZ PD,,Exampleton ZZ PD\n"
)


@pytest.fixture
def city(house, tmp_path, monkeypatch):
    """A folder of files as a reporter has it.

    An audit, a list that says neither whose nor when, and a web page.
    """
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


def call(monkeypatch, *arguments):
    """Call the command in this process."""
    monkeypatch.setattr(sys, "argv", ["sidedoor", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0


def test_files_become_an_edition_that_loads(city):
    """Whatever could be found out stands in it.

    Notebooks that need other tables are named, but do not run.
    """
    (city.folder / "SharedNetworks.csv").write_text(NETWORKS)
    (city.folder / "page.csv").write_text("<!doctype html><html>log in</html>")
    made = draft_edition("my-city", ["."])
    text = made.path.read_text(encoding="utf-8")
    assert made.notebooks == ("05", "07") and [one.file for one in made.files] == [
        "SharedNetworks.csv", "page.csv", "simulated-network-audit.csv",
    ]  # fmt: skip
    networks, page, audit = made.files
    assert set(networks.needed) == {"reported_by", "as_of"} and networks.tables == ("sharing",)
    assert "a web page, not a table" in page.trouble and '# file = "page.csv"' in text
    assert audit.tables == ("searches",) and not audit.needed
    assert "61 rows: 60 read, 1 skipped; searches from 2025-03-0" in text
    assert (
        '# reported_by = "Exampleton ZZ PD"' in text
        and "2000-01-01" not in text
        and "not yet named" not in text
    )
    edition = load_edition(made.path)
    assert [(file.name, dict(file.options)) for file in edition.raw_files] == [
        ("sharednetworks", {}), ("simulated-network-audit", {"source_id": "simulated-network-audit"}),
    ]  # fmt: skip
    assert [run.notebook.number for run in edition.runs] == ["05", "07"]


def test_notebook_that_needs_another_table_is_left_out(city):
    """With a log alone the notebook on sharing lists stands as a comment that says why."""
    made = draft_edition("my-city", ["simulated-network-audit.csv"])
    assert made.notebooks == ("05",)
    text = made.path.read_text(encoding="utf-8")
    assert '# Needs records that hold sharing:\n# [[run]]\n# notebook = "07"  # About doors' in text
    assert tomllib.loads(made.path.read_text())["title"] == "My city: plate-reader records (simulated)"


def test_three_commands_lead_from_files_to_a_site(city, monkeypatch, capsys):
    """`new`, `run`, `site`: nothing is edited between, and the site says what was read."""
    shutil.copytree(FACTS, city.facts, dirs_exist_ok=True)
    shutil.copy(SCHEMA, city.data / "datapackage.json")
    assert call(monkeypatch, "new", "my-city", "simulated-network-audit.csv") == 0
    out = capsys.readouterr().out
    assert (
        "simulated-network-audit.csv: searches" in out
        and "Next:    sidedoor run --edition my-city.toml" in out
    )
    assert call(monkeypatch, "run", "--edition", "my-city.toml") == 0
    assert "record simulated-network-audit  60 rows read in" in capsys.readouterr().err
    assert call(monkeypatch, "site", "--edition", "my-city.toml") == 0
    assert city.read_output("my-city", "05-read") == "60 searches True\n"
    site = city.runs / "my-city" / "site"
    assert "simulated-network-audit.csv" in (site / "sources.html").read_text(encoding="utf-8")
    assert not list(site.rglob("*.parquet"))


def test_a_state_that_no_report_prints_is_asked_for(city):
    """Below a notebook that takes it stands a comment, which is a right line without its sign."""
    meaning = 'home: str = ""  # state of agencies that print none [postal code]'
    city.write_notebook("05-read", COUNT, parameters=f"{DECLARED}\n{meaning}")
    made = draft_edition("my-city", ["simulated-network-audit.csv"])
    text = made.path.read_text(encoding="utf-8")
    line = '# parameters = { home = "CA" }  # state of agencies that print none'

    assert 1 == text.count(line) and "" == load_edition(made.path).runs[0].parameters["home"]
    made.path.write_text(text.replace(line, line.removeprefix("# ")), encoding="utf-8")
    assert "CA" == load_edition(made.path).runs[0].parameters["home"]


def test_same_bytes_are_counted_once_and_names_are_told_apart(city):
    """A copy under another name is left out; two files of one name in two folders become two records."""
    shutil.copy("simulated-network-audit.csv", "again.csv")
    for number in (1, 2):
        (city.folder / str(number)).mkdir()
        write_example(city.folder / str(number), seed=number).rename(city.folder / str(number) / "log.csv")
    made = draft_edition("my-city", ["simulated-network-audit.csv", "again.csv", "1/log.csv", "2/log.csv"])
    assert [one.name for one in made.files] == ["simulated-network-audit", "again", "log", "log-2"]
    assert "simulated-network-audit.csv" in made.files[1].trouble
    assert [file.name for file in load_edition(made.path).raw_files] == [
        "simulated-network-audit",
        "log",
        "log-2",
    ]


def test_names_of_files_are_text_and_nothing_else(city):
    """A name with quotation marks, markup or TOML in it does not change what the edition says."""
    name = 'a"]\\ [[run]] <b>#=.csv'
    shutil.copy("simulated-network-audit.csv", name)
    assert load_edition(draft_edition("my-city", [name]).path).raw_files[0].path.name == name


@pytest.mark.parametrize(
    ("name", "files", "code"),
    [
        ("My City", ["."], "bad-name"),
        ("defaults", ["."], "bad-name"),
        ("taken", ["."], "unreadable"),
        ("gone/my-city", ["."], "no-folder"),
        ("my-city", ["gone.csv"], "no-file"),
        ("my-city", ["empty"], "no-file"),
        ("my-city", ["../outside.csv"], "outside"),
        ("my-city", ["link.csv"], "outside"),
        ("my-city", ["bad\x1bname.csv"], "bad-name"),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_nothing_is_written(city, name, files, code):
    """No file that is not an edition is touched, and none from elsewhere is listed."""
    (city.folder / "taken.toml").write_text("mine")
    (city.folder / "empty").mkdir()
    for file in ("../outside.csv", "bad\x1bname.csv"):
        (city.folder / file).write_text("x")
    (city.folder / "link.csv").symlink_to(city.folder.parent / "outside.csv")
    with refused(code):
        draft_edition(name, files)
    assert (city.folder / "taken.toml").read_text() == "mine" and not (city.folder / "my-city.toml").exists()


def test_name_that_is_no_utf8_is_a_message(city):
    """A file system takes any bytes as a name; an edition takes text."""
    path = os.fsencode(city.folder) + b"/log-\xff.csv"
    with open(path, "w") as file:
        file.write("x")
    with refused("bad-name"):
        draft_edition("my-city", ["."])


def test_folder_that_cannot_be_written_is_a_message(city, monkeypatch):
    """A network share or a mounted disk: the way out is a folder of one's own."""

    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(draft, "write_atomically", fail)
    with refused("disk", RunError, place="my-city.toml"):
        draft_edition("my-city", ["."])


@pytest.mark.parametrize(
    ("name", "better"), [("édition été", "edition-ete"), ("My City", "my-city"), ("日本", "my-city")]
)
def test_name_that_cannot_be_one_is_answered_with_one_that_can(city, name, better):
    """With accents and blanks taken out."""
    with refused("bad-name", hint=better):
        draft_edition(name, ["."])


def test_edition_that_is_there_is_updated_and_keeps_what_a_person_wrote(city):
    """New files and the notebooks that run on them are added; every line of a person stays as it is."""
    made = draft_edition("my-city", ["simulated-network-audit.csv"])
    own = made.path.read_text(encoding="utf-8").replace(
        "My city: plate-reader records (simulated)", "Mine # 1"
    )
    zone = 'time_zone = "UTC"  # by phone\n'
    own = own.replace('file = "simulated-network-audit.csv"', zone + 'file = "simulated-network-audit.csv"')
    made.path.write_text(own, encoding="utf-8")
    (city.folder / "SharedNetworks.csv").write_text(NETWORKS)
    (city.folder / "page.csv").write_text("<!doctype html><html>log in</html>")

    again = draft_edition("my-city", ["."])

    text = again.path.read_text(encoding="utf-8")
    assert not again.is_new and again.notebooks == ("05", "07") and "# Needs records" not in text
    written = [
        line for line in own.splitlines() if not line.startswith(("# Needs", "# [[run]]", "# notebook"))
    ]
    assert set(written) <= set(text.splitlines())
    edition = load_edition(again.path)
    assert edition.title == "Mine # 1"
    assert [(file.path.name, dict(file.options).get("time_zone")) for file in edition.raw_files] == [
        ("simulated-network-audit.csv", "UTC"),
        ("SharedNetworks.csv", None),
    ]
    assert draft_edition("my-city", ["."]).path.read_text(encoding="utf-8") == text, (
        "a third time changes nothing"
    )


def test_file_that_can_be_read_now_replaces_the_comment_about_it(city):
    """What an earlier draft said of a file goes; a notebook that a person took out does not come back."""
    (city.folder / "page.csv").write_text("<!doctype html><html>log in</html>")
    made = draft_edition("my-city", ["."])
    text = made.path.read_text(encoding="utf-8")
    assert '# file = "page.csv"' in text and made.notebooks == ("05",)
    made.path.write_text(
        text.replace('[[run]]\nnotebook = "05"', '[[run]]\nnotebook = "00"'), encoding="utf-8"
    )
    shutil.copy("simulated-network-audit.csv", "page.csv")
    with (city.folder / "page.csv").open("a") as file:
        file.write("\n")
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
