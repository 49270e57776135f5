"""Editions: a TOML file says which records are read and which notebooks run, and says nothing else."""

import pytest

from helpers import paths
from made.refusal import refused
from sidedoor.run.editions import build_defaults, load_edition, name_record, plan_run, select_runs
from sidedoor.run.notebooks import list_notebooks

LEAST = "least: int = 1  # smallest count [queries]"
HEAD = 'title = "x"\n[[run]]\nnotebook = "01"\n'


@pytest.fixture
def town(house):
    house.write_notebook("01-read", parameters=LEAST)
    house.write_notebook("02-map", parameters='facts: str = "data/facts"  # folder of fact tables [path]')
    house.write_notebook("03-measure")
    return house


def test_load_edition_reads_everything_that_it_says(town):
    """Each run has every parameter, and knows which differ from the notebook's own; `as` gives it a name."""
    first = 'notebook = "1"\n[run.parameters]\nleast = 5'
    head = 'authors = ["A. B."]\nlead = ["b-2", "a-1"]\npicture = "map"\n'
    path = town.write_edition(first, 'notebook = "02-map"', 'notebook = "01"\nas = "strict"', head=head)
    edition = load_edition(path)
    assert (edition.name, edition.title, edition.authors) == ("town", "A town", ("A. B.",))
    assert (edition.lead, edition.picture) == (("b-2", "a-1"), "map")
    assert [(run.name, run.parameters, run.changed) for run in edition.runs] == [
        ("01-read", {"least": 5}, {"least": 5}),
        ("02-map", {"facts": "data/facts"}, {}),
        ("01-strict", {"least": 1}, {}),
    ]
    assert load_edition("town") == edition
    # what `sidedoor refresh` runs is every notebook, with the values that it shows
    runs = build_defaults().runs
    assert [(run.name, run.changed) for run in runs] == [("01-read", {}), ("02-map", {}), ("03-measure", {})]


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ('title = "x"\n[[run]]\nnotebook = "77"', "no-notebook", "01-read"),
        (HEAD + '[[run]]\nnotebook = "01-read"', "twice", ""),
        (HEAD + "[run.parameters]\nleats = 1", "unknown-key", "least"),
        (HEAD + '[run.parameters]\nleast = "1"', "wrong-value", ""),
        (HEAD + "[run.parameters]\nleast = 0x" + "f" * 4000, "out-of-range", ""),
        (HEAD + "[run.parameters]\nleast = " + "[\n" * 200 + "]\n" * 200, "wrong-value", ""),
        ('title = "x"\n[[run]]\nnotebook = "02"\n[run.parameters]\nfacts = "../../.."', "outside", ""),
        (HEAD + 'as = "../x"', "wrong-value", ""),
    ],
)
def test_edition_that_says_anything_else_is_refused(town, text, code, hint):
    """What the schema cannot know is checked too, and nothing unknown is ignored."""
    path = town.editions / "town.toml"
    path.write_text(text)
    with refused(code, hint=hint):
        load_edition(path)


def test_edition_is_a_file_with_the_name_of_a_folder(town, tmp_path):
    """The stem names a folder of results; a folder, a device or nothing at all is answered with a message.

    Another file of the name of one of the repository's would replace its results; a link to it would not.
    """
    for name in ["Town", "a_b", "a b", "..", "a" * 65, "by-hand", "defaults", "-a"]:
        (town.root / f"{name}.toml").write_text(HEAD)
        with refused("bad-name"):
            load_edition(town.root / f"{name}.toml")
    (town.root / "folder.toml").mkdir()
    for no in (town.root / "folder.toml", "/dev/zero", "missing", "x.toml", "", "x" * 5000, "a\0b.toml"):
        with refused("no-edition"):
            load_edition(no)
    own, other = (town.write_edition('notebook = "01"', folder=folder) for folder in (None, tmp_path))
    with refused("bad-name"):
        load_edition(other)
    other.unlink()
    other.symlink_to(own)
    assert load_edition(other).origin == load_edition("town").origin == ""


def test_runs_are_selected_in_the_order_of_the_edition(town):
    """What is typed after `sidedoor run` picks from the edition; a notebook run twice is picked twice."""
    town.write_edition('notebook = "03"', 'notebook = "01"\nas = "strict"', 'notebook = "01"')
    edition = load_edition("town")
    for typed, names in (
        (["1", "measure"], ["03-measure", "01-strict", "01-read"]),
        (["strict"], ["01-strict"]),
        ([], ["03-measure", "01-strict", "01-read"]),
    ):
        assert [run.name for run in select_runs(edition, typed)] == names
    with refused("no-notebook"):
        select_runs(edition, ["02"])


def test_values_of_ones_own_and_other_notebooks_are_planned_by_hand(town):
    """Neither goes into the edition's own results; a mixture, or values for several notebooks, is refused."""
    town.write_edition('notebook = "01"\n[run.parameters]\nleast = 5', 'notebook = "02"')
    edition = load_edition("town")
    plan, only = plan_run(edition, ["1"], ["least=7"])
    assert (plan.name, only, plan.runs[0].parameters) == (paths.BY_HAND, [], {"least": 7})
    plan, _ = plan_run(edition, ["03"], [])
    assert (plan.name, [run.name for run in plan.runs]) == (paths.BY_HAND, ["03-measure"])
    assert plan_run(edition, ["01"], []) == (edition, ["01"])
    for references in ([], ["01", "02"], ["01", "01"]):
        with refused("many-notebooks"):
            plan_run(edition, references, ["least=7"])
    with refused("no-notebook"):
        plan_run(edition, ["01", "03"], [])


def test_default_edition_of_the_repository_loads():
    """The edition that `sidedoor run` takes by itself runs every notebook but the template, in order."""
    numbers = [path.name[:2] for path in list_notebooks()]
    assert [run.notebook.number for run in load_edition().runs] == [n for n in numbers if n != "99"]


@pytest.fixture
def folder(town, tmp_path):
    """An edition's folder with two files, and links to one file outside of it."""
    made = tmp_path / "city"
    made.mkdir()
    for path in (made / "log.csv", made / "form.toml", tmp_path / "outside.csv"):
        path.write_text("x\n")
    for name in ("link.csv", "form-link.toml"):
        (made / name).symlink_to(tmp_path / "outside.csv")
    return made


RECORD = """[[record]]
file = "log.csv"
name = "audit"
time_zone = "UTC"
as_of = 2025-12-31
reported_by = "Exampleton ZZ PD"
mapping = "form.toml"
day_first = true
"""


def test_options_are_taken_as_the_command_takes_them(town, folder):
    """Each option of `sidedoor ingest` has its key; files are looked for beside the edition file."""
    path = town.write_edition('notebook = "01"', head=RECORD, name="city", folder=folder)
    (file,) = load_edition(path).raw_files
    assert (file.name, file.path) == ("audit", folder / "log.csv")
    assert dict(file.options) == {
        "time_zone": "UTC", "as_of": "2025-12-31", "reported_by": "Exampleton ZZ PD",
        "mapping": folder / "form.toml", "day_first": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ('file = "gone.csv"', "no-path"),
        ('file = "link.csv"', "outside"),
        ('file = "notebooks/01-read.ipynb"', "outside"),
        ('file = "log.csv"\nname = "../x"', "wrong-value"),
        ('file = "log.csv"\nmapping = "form-link.toml"', "outside"),
        ('file = "log.csv"\n[[record]]\nfile = "log.csv"', "twice"),
    ],
)
def test_record_elsewhere_is_refused(town, folder, record, code):
    """Links included, every file that an edition names is in its folder; none is opened before."""
    file = town.write_edition('notebook = "01"', head=f"[[record]]\n{record}\n", name="city", folder=folder)
    with refused(code, place="city.toml, record"):
        load_edition(file)


def test_record_is_named_after_its_file():
    """The name is one of a plain folder, whatever the file is called."""
    names = {
        "SharedNetworks 2025.CSV": "sharednetworks-2025",
        "a/b.csv.gz": "b",
        "log.2025.csv": "log-2025",
        "Ünï.pdf": "uni",
        "....csv": "record",
        "x" * 99 + ".csv": "x" * 64,
    }
    assert {file: name_record(file) for file in names} == names
