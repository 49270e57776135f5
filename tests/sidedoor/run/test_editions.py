"""Editions: a TOML file says which notebooks run, and says nothing else."""

import pytest

from helpers import paths
from helpers.errors import ParameterError
from sidedoor.run.editions import build_defaults, load_edition, plan_run, select_runs
from sidedoor.run.notebooks import list_notebooks

LEAST = "least: int = 1  # smallest count [queries]"


@pytest.fixture
def town(house):
    house.write_notebook("01-read", parameters=LEAST)
    house.write_notebook("02-map", parameters='facts: str = "data/facts"  # folder of fact tables [path]')
    house.write_notebook("03-measure")
    return house


def test_load_edition_reads_title_notebooks_and_parameters(town):
    """Each run carries every parameter, and knows which differ from the notebook's own."""
    first = 'notebook = "01"\n[run.parameters]\nleast = 5'
    path = town.write_edition(first, 'notebook = "02-map"', head='authors = ["A. B."]\n')
    edition = load_edition(path)
    assert (edition.name, edition.title, edition.authors) == ("town", "A town", ("A. B.",))
    assert [run.name for run in edition.runs] == ["01-read", "02-map"]
    assert edition.runs[0].parameters == {"least": 5} == edition.runs[0].changed
    assert edition.runs[1].parameters == {"facts": "data/facts"} and edition.runs[1].changed == {}


def test_edition_may_say_what_opens_its_site(town):
    """Ids of findings and of a figure are taken in order: whether there are such shows once they are computed."""
    town.write_edition('notebook = "01"', head='lead = ["b-2", "a-1"]\npicture = "map"\n')
    edition = load_edition("town")
    assert (edition.lead, edition.picture) == (("b-2", "a-1"), "map")


def test_edition_is_found_by_name(town):
    """`--edition town` is the file in notebooks/editions."""
    town.write_edition('notebook = "01"')
    assert load_edition("town").name == "town"


def test_notebook_runs_twice_under_names_of_its_own(town):
    """`as` gives each run its own result; without it two runs of one notebook are refused."""
    town.write_edition('notebook = "01"', 'notebook = "01"\nas = "strict"\n[run.parameters]\nleast = 9')
    assert [run.name for run in load_edition("town").runs] == ["01-read", "01-strict"]
    town.write_edition('notebook = "01"', 'notebook = "01-read"')
    with pytest.raises(ParameterError, match="run twice"):
        load_edition("town")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('titel = "x"', "Did you mean `title`"),
        ('title = "x"\n[[run]]\nnotebok = "01"', "Did you mean `notebook`"),
        ('title = "x"\n[[run]]\nnotebook = 1', "names no notebook"),
        ('title = "x"\n[[run]]\nnotebook = "77"', "no notebook '77'"),
        ('title = "x"\n[[run]]\nnotebook = "../../etc/passwd"', "no notebook"),
        ('title = "x"', "names no notebook"),
        ('[[run]]\nnotebook = "01"', "no title"),
        ('title = 3\n[[run]]\nnotebook = "01"', "single line"),
        ('title = "a\\nb"\n[[run]]\nnotebook = "01"', "single line"),
        ('title = "x"\nlead = "a"\n[[run]]\nnotebook = "01"', "no list of ids"),
        ('title = "x"\nlead = ["A b"]\n[[run]]\nnotebook = "01"', "no list of ids"),
        ('title = "x"\nlead = ["a", "a"]\n[[run]]\nnotebook = "01"', "names `a` twice"),
        ('title = "x"\nlead = ["a","b","c","d","e","f","g","h","i"]\n[[run]]\nnotebook = "01"', "at most 8"),
        ('title = "x"\npicture = "../x"\n[[run]]\nnotebook = "01"', "no figure's id"),
        ('title = "x"\nauthors = "me"\n[[run]]\nnotebook = "01"', "list of names"),
        ('title = "x"\n[[run]]\nnotebook = "01"\nas = "../x"', "no slug"),
        ('title = "x"\n[[run]]\nnotebook = "01"\nas = ""\nparameters = 1', "no table"),
        ('title = "x"\n[[run]]\nnotebook = "01"\n[run.parameters]\nleats = 1', "Did you mean `least`"),
        ('title = "x"\n[[run]]\nnotebook = "01"\n[run.parameters]\n"x; import os" = 1', "cannot be the name"),
        ('title = "x"\n[[run]]\nnotebook = "01"\n[run.parameters]\nleast = "1"', "not of the type int"),
        (
            'title = "x"\n[[run]]\nnotebook = "01"\n[run.parameters]\nleast = 2020-01-01',
            "not of the type int",
        ),
        (
            'title = "x"\n[[run]]\nnotebook = "02"\n[run.parameters]\nfacts = "../../.."',
            "outside the allowed",
        ),
        ('title = "x', "no TOML"),
        ("x = " + "[\n" * 30_000, "no TOML"),
        ("x = " + "[" * 5000, "line 1: it is longer than 4 KiB"),
        ("title = 1\n" + ".".join("a" * 9) + " = 1", "line 2: its key has more than 8 parts"),
        ("x = {" + ".".join(["'a.b'"] * 9) + " = 1}", "more than 8 parts"),
        ("[" + ".".join(["run"] * 9) + "]", "more than 8 parts"),
        ('title = "x"\n[[run]]\nnotebook = "01"\nas = 0x' + "f" * 4000, "too long to show is no slug"),
        (
            'title = "x"\n[[run]]\nnotebook = "01"\n[run.parameters]\nleast = 0x' + "f" * 4000,
            "not of the type int",
        ),
        (
            'title = "x"\n[[run]]\nnotebook = "01"\n[run.parameters]\nleast = ' + "[\n" * 200 + "]\n" * 200,
            "type int",
        ),
        ("# " + "x" * 300_000, "larger than 256 KiB"),
        ('title = "\udcff"', "no TOML"),
    ],
)
def test_edition_that_says_anything_else_is_refused(town, text, found):
    """Every mistake is named with its way out; nothing unknown is passed over."""
    path = town.editions / "town.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ParameterError, match=found):
        load_edition(path)


@pytest.mark.parametrize("name", ["Town", "a_b", "a b", "..", "a" * 65, "by-hand", "defaults", "-a"])
def test_edition_name_is_a_plain_folder_name(town, name):
    """The file's stem names a folder of results, so it may not be anything else."""
    (town.root / f"{name}.toml").write_text('title = "x"\n[[run]]\nnotebook = "01"\n')
    with pytest.raises(ParameterError):
        load_edition(town.root / f"{name}.toml")


def test_texts_and_comments_may_hold_many_dots(town):
    """Only keys are limited to 8 parts."""
    head = (
        "authors = ['"
        + ".".join("abcdefghijkl")
        + "', \""
        + ".".join("mnopqrstuvw")
        + '"] # '
        + ".".join("a" * 12)
    )
    town.write_edition('notebook = "01"', head=head + "\n")
    assert load_edition("town").authors[0] == "a.b.c.d.e.f.g.h.i.j.k.l"


def test_name_of_an_edition_of_the_repository_is_taken(town, tmp_path):
    """Another file of that name would replace its results; a link to the very file is no other."""
    own = town.write_edition('notebook = "01"')
    other = town.write_edition('notebook = "01"', folder=tmp_path)
    with pytest.raises(ParameterError, match="that name belongs to another edition"):
        load_edition(other)
    other.unlink()
    other.symlink_to(own)
    assert load_edition(other).origin == load_edition("town").origin == ""


def test_edition_must_be_a_file(town):
    """A folder, a device or nothing at all is answered with a message."""
    (town.root / "folder.toml").mkdir()
    for reference in (
        town.root / "folder.toml",
        "/dev/zero",
        "missing",
        "missing.toml",
        "",
        "x" * 5000,
        "a\0b.toml",
    ):
        with pytest.raises(ParameterError):
            load_edition(reference)


def test_select_runs_by_number_name_or_slug(town):
    """What is typed after `sidedoor run` picks from the edition, in the edition's order."""
    town.write_edition('notebook = "03"', 'notebook = "01"\nas = "strict"', 'notebook = "01"')
    edition = load_edition("town")
    assert [run.name for run in select_runs(edition, ["01", "03"])] == ["03-measure", "01-strict", "01-read"]
    assert [run.name for run in select_runs(edition, ["strict"])] == ["01-strict"]
    with pytest.raises(ParameterError, match="does not list"):
        select_runs(edition, ["02"])


def test_values_of_ones_own_are_planned_by_hand(town):
    """A value given on the command line never goes into the edition's own result."""
    town.write_edition('notebook = "01"\n[run.parameters]\nleast = 5', 'notebook = "02"')
    edition = load_edition("town")
    plan, only = plan_run(edition, ["01"], ["least=7"])
    assert (plan.name, only, plan.runs[0].parameters) == (paths.BY_HAND, [], {"least": 7})
    assert plan_run(edition, ["01"], []) == (edition, ["01"])
    for references in ([], ["01", "02"], ["01", "03"], ["03", "01"], ["01", "01"]):
        with pytest.raises(ParameterError, match="exactly one notebook"):
            plan_run(edition, references, ["least=7"])


def test_notebook_outside_the_edition_is_planned_by_hand(town):
    """`sidedoor run 03` works whether or not the edition lists 03; a mixture is refused."""
    town.write_edition('notebook = "01"')
    plan, _ = plan_run(load_edition("town"), ["03"], [])
    assert (plan.name, [run.name for run in plan.runs]) == (paths.BY_HAND, ["03-measure"])
    with pytest.raises(ParameterError, match="does not list"):
        plan_run(load_edition("town"), ["01", "03"], [])


def test_defaults_hold_every_notebook_unchanged(town):
    """What `sidedoor refresh` runs is every notebook, with the values that it shows."""
    assert [(run.name, run.changed) for run in build_defaults().runs] == [
        ("01-read", {}),
        ("02-map", {}),
        ("03-measure", {}),
    ]


def test_default_edition_of_the_repository_loads():
    """The edition that `sidedoor run` takes by itself runs every notebook but the template, in order."""
    numbers = [path.name[:2] for path in list_notebooks()]

    assert [run.notebook.number for run in load_edition().runs] == [
        number for number in numbers if number != "99"
    ]
