"""Parameters: what a notebook may declare, and which values a run may give it."""

import math
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as some

from helpers.errors import ParameterError
from made.refusal import refused
from sidedoor.run.parameters import MOST, check_parameters, check_value, parse_values, read_parameters

CELL = """
facts: str = ""  # folder of fact tables, the repository's if empty [path]
minimum: int = 10  # smallest number of links kept [links]
share: float = 0.5  # smallest share kept [0-1]
is_strict: bool = True  # whether a doubt is an error
states: list[str] = ["CA", "IL"]  # states shown
years: list[int] = [2018, 2019]  # years shown [years]
"""
DECLARED = read_parameters(CELL, "01-test")


def read_one(line):
    """Read the only parameter of a cell."""
    (parameter,) = read_parameters(line, "01-test").values()
    return parameter


def check(given, declared=DECLARED, folder=None):
    """Check values for a run."""
    return check_parameters(declared, given, "01-test", folder)


def test_read_parameters_takes_name_type_default_meaning_and_unit():
    """Every part of a line is read, and the unit `path` marks a path."""
    minimum = DECLARED["minimum"]
    read = (minimum.type, minimum.default, minimum.meaning, minimum.unit)
    assert read == ("int", 10, "smallest number of links kept", "links")
    assert DECLARED["facts"].is_path and not minimum.is_path
    assert DECLARED["states"].default == ["CA", "IL"] and DECLARED["is_strict"].default is True


REFUSED_LINES = """minimum = 10  # links kept [links]
minimum: int = 10
minimum: int = 10  # links kept
minimum: complex = 1  # links kept [links]
minimum: int = len('abc')  # links kept [links]
minimum: int  # links kept [links]
import os
print(1)  # hello [words]
where: list[str] = ['a']  # folders [path]
n: int = 1  # number of files [file]
a: int = """


@pytest.mark.parametrize(
    "line", [*REFUSED_LINES.splitlines(), "a: int = 1  # one [x]\na: int = 2  # two [x]"]
)
def test_read_parameters_refuses_other_lines(line):
    """A cell that a reader could not trust as documentation is refused."""
    with refused("no-parameter", place="01-test, cell `parameters`"):
        read_parameters(line, "01-test")


@pytest.mark.parametrize(
    ("comment", "unit", "low", "high"),
    [
        ("rows [rows, 1 to 5,000,000]", "rows", 1, 5_000_000),
        ("year of the estimates [2010 to 2019]", "", 2010, 2019),
        ("change [percent, -5 to 5.5]", "percent", -5, 5.5),
        ("rows [rows]", "rows", 0, MOST),
    ],
)
def test_comment_gives_unit_and_range(comment, unit, low, high):
    """Without a range a number is at least 0 and at most a billion."""
    parameter = read_one(f"n: float = {2012 if 'year' in comment else 5}  # {comment}")
    assert (parameter.unit, parameter.low, parameter.high) == (unit, low, high)
    assert [check_value(parameter, value, "01-test") for value in (low, high)] == [low, high]
    for value in (low - 1, high + 1, math.inf):
        with refused("out-of-range"):
            check_value(parameter, value, "01-test")


def test_range_holds_for_each_number_of_a_list_and_for_the_default():
    """A default below zero widens the range; one that its own comment excludes is a fault of the notebook."""
    parameter = read_one("n: list[int] = [-3, 2]  # days [days]")
    assert check_value(parameter, [-3], "01-test") == [-3]
    with refused("out-of-range"):
        check_value(parameter, [1, -4], "01-test")
    with refused("out-of-range"):
        read_one("n: int = 7  # days [days, 1 to 5]")


@pytest.mark.parametrize(
    ("unit", "kind", "tables"),
    [
        ("searches folder", "folder", {"searches"}),
        ("searches and sharing folder", "folder", {"searches", "sharing"}),
        ("volumes file", "file", set()),
        ("folder", "folder", set()),
        ("searches", "", set()),
    ],
)
def test_unit_of_a_place_names_its_kind_and_its_tables(unit, kind, tables):
    """The unit tells which records a notebook needs; no word of the comment does."""
    parameter = read_one(f'records: str = ""  # records of searches and sharing [{unit}]')
    assert (parameter.kind, parameter.tables, parameter.is_path) == (kind, tables, bool(kind))


HOSTILE_NAMES = (
    "x; import os", "import os; os.system('id'); x", "minimum\nimport os", "class", "", "a=1,b",
    "__import__('os')", "\u202eminimum", "minimum ", "{x.__class__}", "\x1b[31mred",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_refused(name):
    """A name that papermill would paste into code never gets that far, nor are its control signs printed."""
    with refused("unknown-key") as raised:
        check({name: 1})
    assert raised.value.found.isprintable()


def test_misspelt_name_is_refused_with_the_nearest_name():
    """A typing error does not silently run the defaults."""
    with refused("unknown-key", hint="`minimum`"):
        check({"minimun": 3})


WRONG = {
    "minimum": (True, 1.0, "1", 2**63),
    "share": (math.nan, math.inf, "0.5", 2**53 + 1),
    "is_strict": (1,),
    "states": ("CA", [1], ["CA", None], ["\ud800"], [16**50_000]),
    "years": ([True], (1, 2), [16**50_000]),
    "facts": (3, "a\0b"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_types_are_refused(name):
    """No value is converted: true is not 1, 1.0 is not 1, a text is not a number."""
    for value in WRONG[name]:
        with pytest.raises(ParameterError):
            check({name: value})


def test_whole_number_is_taken_for_a_float():
    """`share = 1` in an edition means 1.0."""
    value = check({"share": 1})["share"]
    assert value == 1.0 and isinstance(value, float)


def test_typed_values_are_read_by_the_declared_type():
    """What is typed on a command line becomes a value of the declared type."""
    typed = {
        "minimum=7": 7, "share=.25": 0.25, "share=1e-3": 0.001, "share=2": 2.0, "is_strict=false": False,
        'states=["AZ"]': ["AZ"], "years=[2020]": [2020], "years=[]": [],
    }  # fmt: skip
    for text, expected in typed.items():
        (value,) = parse_values([text], DECLARED, "01-test").values()
        assert value == expected and type(value) is type(expected), text


TYPED_WRONG = "minimum=007x minimum=1_000 minimum=1e5 minimum= minimum=\u0667 minimum share=nan share=1e999"
TYPED_WRONG += " share=0,5 is_strict=True states=CA years=[1,2.5] years=[NaN] =3"


@pytest.mark.parametrize(
    "typed", [*TYPED_WRONG.split(" "), "minimum= 7", "minimum=" + "9" * 5000, "years=" + "[" * 5000]
)
def test_typed_values_of_another_form_are_refused(typed):
    """Python's own leniency (underscores, other digits, words for infinity) is not the command's."""
    with pytest.raises(ParameterError):
        parse_values([typed], DECLARED, "01-test")


def test_value_given_twice_is_refused():
    """Which of two values was meant cannot be known."""
    with refused("twice"):
        parse_values(["minimum=1", "minimum=2"], DECLARED, "01-test")


ANYTHING = some.text() | some.integers() | some.floats() | some.booleans() | some.none()


@given(ANYTHING | some.lists(ANYTHING))
def test_any_value_is_either_refused_or_exactly_kept(value):
    """For every type, a value passes unchanged (a whole number as a float) or is refused."""
    for parameter in DECLARED.values():
        try:
            kept = check_value(parameter, value, "01-test")
        except ParameterError:
            continue
        assert kept == value and (type(kept) is type(value) or parameter.type == "float")


def test_path_is_found_beside_the_edition_file_first_and_then_in_the_repository(house, tmp_path):
    """A path says nothing about where the repository lies; a newsroom keeps records beside its edition."""
    for given_path in ("data/facts", str(house.facts), "data/../data/facts"):
        assert check({"facts": given_path})["facts"] == "data/facts"
    own = tmp_path / "my-city"
    (own / "data" / "facts").mkdir(parents=True)
    value = check({"facts": "data/facts"}, folder=own)["facts"]
    assert value == (own / "data" / "facts").resolve().as_posix()


@pytest.mark.parametrize(
    "path",
    ["../outside", "..", "/etc", "data/../../outside", "~", "missing", "link", "tree", "nul\0", "x" * 5000],
)
def test_path_elsewhere_is_refused(house, tmp_path, path):
    """Neither `..` nor a link nor an absolute path leads a notebook out of the allowed folders."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("x")
    os.symlink(outside, house.root / "link")
    (house.root / "tree").mkdir()
    os.symlink(outside / "secret.csv", house.root / "tree" / "harmless.csv")
    with pytest.raises(ParameterError):
        check({"facts": path})


def test_path_is_of_the_kind_that_its_unit_says(house):
    """A folder where a file is needed, or the other way round, is refused before any cell runs."""
    for unit, fits, other in (
        ("folder", "data/facts", "data/facts/counts.csv"),
        ("sharing folder", "data/facts", "data/facts/counts.csv"),
        ("file", "requirements.lock", "data"),
    ):
        declared = read_parameters(f'facts: str = ""  # where they are [{unit}]', "01-test")
        assert check({"facts": fits}, declared) == {"facts": fits}
        with refused("no-path"):
            check({"facts": other}, declared)


def test_rulebook_is_a_shipped_name_or_a_file_beside_the_edition(house, tmp_path):
    """A name passes as it is; a path is confined, links included."""
    declared = read_parameters('book: str = "ice-2017"  # requirements [rulebook file]', "08-test")
    own = tmp_path / "city"
    own.mkdir()
    (own / "book.toml").write_text("x = 1")
    (tmp_path / "secret.toml").write_text("x = 1")
    (own / "link.toml").symlink_to(tmp_path / "secret.toml")
    assert check({"book": "ice-2021"}, declared, own) == {"book": "ice-2021"}
    assert check({"book": "book.toml"}, declared, own)["book"] == (own / "book.toml").as_posix()
    for path in ("../secret.toml", "link.toml", str(tmp_path / "secret.toml")):
        with refused("outside"):
            check({"book": path}, declared, own)


def test_results_are_no_source(house):
    """Records of another edition are private; fetched files may be read."""
    declared = read_parameters('records: str = ""  # records [searches folder]', "01-test")
    for folder in ("town/records", "town", "fetched"):
        (house.runs / folder).mkdir(parents=True, exist_ok=True)
    for path in ("runs/town/records", "runs/town", "runs", "data/../runs/town"):
        with refused("among-results"):
            check({"records": path}, declared)
    assert check({"records": "runs/fetched"}, declared) == {"records": "runs/fetched"}


@pytest.mark.parametrize("make", ["mkfifo", "bind", "link"])
@pytest.mark.parametrize("place", ["odd", "tree/odd"])
def test_path_holds_only_files_and_folders(house, monkeypatch, make, place):
    """Reading a pipe would wait for ever; a link below a folder would not be part of a result's key."""
    (house.root / "tree").mkdir()
    path = house.root / place
    if make == "mkfifo":
        os.mkfifo(path)
    elif make == "bind":
        monkeypatch.chdir(path.parent)  # the whole path is too long for a socket
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("odd")
    else:
        path.symlink_to(house.facts)
    if (make, place) == ("link", "odd"):
        assert check({"facts": place})["facts"] == "data/facts"
        return
    with refused("irregular"):
        check({"facts": place.split("/")[0]})
