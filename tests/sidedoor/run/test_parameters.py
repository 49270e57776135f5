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


@pytest.fixture
def declared():
    return read_parameters(CELL, "01-test")


def test_read_parameters_takes_name_type_default_meaning_and_unit(declared):
    """Every part of a line is read, and the unit `path` marks a path."""
    minimum = declared["minimum"]
    assert (minimum.type, minimum.default, minimum.meaning, minimum.unit) == (
        "int",
        10,
        "smallest number of links kept",
        "links",
    )
    assert declared["facts"].is_path and not minimum.is_path
    assert declared["states"].default == ["CA", "IL"] and declared["is_strict"].default is True


@pytest.mark.parametrize(
    "line",
    [
        "minimum = 10  # links kept [links]",
        "minimum: int = 10",
        "minimum: int = 10  # links kept",
        "minimum: complex = 1  # links kept [links]",
        "minimum: int = len('abc')  # links kept [links]",
        "minimum: int  # links kept [links]",
        "import os",
        "print(1)  # hello [words]",
        "a: int = 1  # one [x]\na: int = 2  # two [x]",
        "where: list[str] = ['a']  # folders [path]",
        "n: int = 1  # number of files [file]",
        "a: int = ",
    ],
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
    default = 2012 if "year" in comment else 5
    (parameter,) = read_parameters(f"n: float = {default}  # {comment}", "01-test").values()
    assert (parameter.unit, parameter.low, parameter.high) == (unit, low, high)
    for value, fits in ((low, True), (high, True), (low - 1, False), (high + 1, False), (math.inf, False)):
        if fits:
            assert check_value(parameter, value, "01-test") == value
        else:
            with refused("out-of-range"):
                check_value(parameter, value, "01-test")


def test_range_holds_for_each_number_of_a_list_and_for_the_default():
    """A default below zero widens the range; one that its own comment excludes is a fault of the notebook."""
    (parameter,) = read_parameters("n: list[int] = [-3, 2]  # days [days]", "01-test").values()
    assert check_value(parameter, [-3], "01-test") == [-3]
    with refused("out-of-range"):
        check_value(parameter, [1, -4], "01-test")
    with refused("out-of-range"):
        read_parameters("n: int = 7  # days [days, 1 to 5]", "01-test")


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
    line = f'records: str = ""  # records of searches and sharing [{unit}]'
    (parameter,) = read_parameters(line, "01-test").values()
    assert (parameter.kind, parameter.tables, parameter.is_path) == (kind, tables, bool(kind))


@pytest.mark.parametrize(
    "name",
    [
        "x; import os",
        "import os; os.system('id'); x",
        "minimum\nimport os",
        "class",
        "",
        "a=1,b",
        "__import__('os')",
        "\u202eminimum",
        "minimum ",
        "{x.__class__}",
        "\x1b[31mred",
    ],
)
def test_hostile_names_are_refused(declared, name):
    """A name that papermill would paste into code never gets that far, nor are its control signs printed."""
    with refused("unknown-key") as raised:
        check_parameters(declared, {name: 1}, "01-test")
    assert raised.value.found.isprintable()


def test_misspelt_name_is_refused_with_the_nearest_name(declared):
    """A typing error does not silently run the defaults."""
    with refused("unknown-key", hint="`minimum`"):
        check_parameters(declared, {"minimun": 3}, "01-test")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("years", [16**50_000]),
        ("states", [16**50_000]),
        ("minimum", True),
        ("minimum", 1.0),
        ("minimum", "1"),
        ("minimum", 2**63),
        ("share", math.nan),
        ("share", math.inf),
        ("share", "0.5"),
        ("share", 2**53 + 1),
        ("is_strict", 1),
        ("states", "CA"),
        ("states", [1]),
        ("states", ["CA", None]),
        ("years", [True]),
        ("years", (1, 2)),
        ("facts", 3),
        ("states", ["\ud800"]),
        ("facts", "a\0b"),
    ],
)
def test_wrong_types_are_refused(declared, name, value):
    """No value is converted: true is not 1, 1.0 is not 1, a text is not a number."""
    with pytest.raises(ParameterError):
        check_parameters(declared, {name: value}, "01-test")


def test_whole_number_is_taken_for_a_float(declared):
    """`share = 1` in an edition means 1.0."""
    value = check_parameters(declared, {"share": 1}, "01-test")["share"]
    assert value == 1.0 and isinstance(value, float)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("minimum=7", 7),
        ("share=.25", 0.25),
        ("share=1e-3", 0.001),
        ("share=2", 2.0),
        ("is_strict=false", False),
        ('states=["AZ"]', ["AZ"]),
        ("years=[2020]", [2020]),
        ("years=[]", []),
    ],
)
def test_typed_values_are_read_by_the_declared_type(declared, typed, expected):
    """What is typed on a command line becomes a value of the declared type."""
    value = next(iter(parse_values([typed], declared, "01-test").values()))
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(
    "typed",
    [
        "minimum=007x",
        "minimum=1_000",
        "minimum=1e5",
        "minimum=",
        "minimum= 7",
        "minimum=\u0667",
        "minimum=" + "9" * 5000,
        "share=nan",
        "share=1e999",
        "share=0,5",
        "is_strict=True",
        "states=CA",
        "years=[1, 2.5]",
        "years=[NaN]",
        "years=" + "[" * 5000,
        "minimum",
        "=3",
    ],
)
def test_typed_values_of_another_form_are_refused(declared, typed):
    """Python's own leniency (underscores, other digits, words for infinity) is not the command's."""
    with pytest.raises(ParameterError):
        parse_values([typed], declared, "01-test")


def test_value_given_twice_is_refused(declared):
    """Which of two values was meant cannot be known."""
    with refused("twice"):
        parse_values(["minimum=1", "minimum=2"], declared, "01-test")


ANYTHING = some.text() | some.integers() | some.floats() | some.booleans() | some.none()


@given(ANYTHING | some.lists(ANYTHING))
def test_any_value_is_either_refused_or_exactly_kept(value):
    """For every type, a value passes unchanged (a whole number as a float) or is refused."""
    for parameter in read_parameters(CELL, "01-test").values():
        try:
            kept = check_value(parameter, value, "01-test")
        except ParameterError:
            continue
        assert kept == value and (type(kept) is type(value) or parameter.type == "float")


def test_path_inside_the_repository_comes_back_relative_to_it(house):
    """A path says nothing about where the repository lies."""
    declared = read_parameters(CELL, "01-test")
    for given_path in ("data/facts", str(house.facts), "data/../data/facts"):
        assert check_parameters(declared, {"facts": given_path}, "01-test")["facts"] == "data/facts"


def test_path_beside_the_edition_file_is_allowed_and_found_first(house, tmp_path):
    """A newsroom keeps its records beside its edition file."""
    declared = read_parameters(CELL, "01-test")
    own = tmp_path / "my-city"
    (own / "data" / "facts").mkdir(parents=True)
    value = check_parameters(declared, {"facts": "data/facts"}, "01-test", own)["facts"]
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
        check_parameters(read_parameters(CELL, "01-test"), {"facts": path}, "01-test")


def test_path_is_of_the_kind_that_its_unit_says(house):
    """A folder where a file is needed, or the other way round, is refused before any cell runs."""
    for unit, fits, other in (
        ("folder", "data/facts", "data/facts/counts.csv"),
        ("sharing folder", "data/facts", "data/facts/counts.csv"),
        ("file", "requirements.lock", "data"),
    ):
        declared = read_parameters(f'facts: str = ""  # where they are [{unit}]', "01-test")
        assert check_parameters(declared, {"facts": fits}, "01-test") == {"facts": fits}
        with refused("no-path"):
            check_parameters(declared, {"facts": other}, "01-test")


def test_rulebook_is_a_shipped_name_or_a_file_beside_the_edition(house, tmp_path):
    """A name passes as it is; a path is confined, links included."""
    declared = read_parameters('book: str = "ice-2017"  # requirements [rulebook file]', "08-test")
    own = tmp_path / "city"
    own.mkdir()
    (own / "book.toml").write_text("x = 1")
    (tmp_path / "secret.toml").write_text("x = 1")
    (own / "link.toml").symlink_to(tmp_path / "secret.toml")
    assert check_parameters(declared, {"book": "ice-2021"}, "08-test", own) == {"book": "ice-2021"}
    book = check_parameters(declared, {"book": "book.toml"}, "08-test", own)["book"]
    assert book == (own / "book.toml").as_posix()
    for path in ("../secret.toml", "link.toml", str(tmp_path / "secret.toml")):
        with refused("outside"):
            check_parameters(declared, {"book": path}, "08-test", own)


def test_results_are_no_source(house):
    """Records of another edition are private; fetched files may be read."""
    declared = read_parameters('records: str = ""  # records [searches folder]', "01-test")
    for folder in ("town/records", "town", "fetched"):
        (house.runs / folder).mkdir(parents=True, exist_ok=True)
    for path in ("runs/town/records", "runs/town", "runs", "data/../runs/town"):
        with refused("among-results"):
            check_parameters(declared, {"records": path}, "01-test")
    assert check_parameters(declared, {"records": "runs/fetched"}, "01-test") == {"records": "runs/fetched"}


@pytest.mark.parametrize("make", ["mkfifo", "bind", "link"])
@pytest.mark.parametrize("place", ["odd", "tree/odd"])
def test_path_holds_only_files_and_folders(house, make, place):
    """Reading a pipe would wait for ever; a link below a folder would not be part of a result's key."""
    (house.root / "tree").mkdir()
    path = house.root / place
    if make == "mkfifo":
        os.mkfifo(path)
    elif make == "bind":
        here = os.getcwd()
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("odd")
        os.chdir(here)
    else:
        path.symlink_to(house.facts)
    declared = read_parameters(CELL, "01-test")
    if (make, place) == ("link", "odd"):
        assert check_parameters(declared, {"facts": place}, "01-test")["facts"] == "data/facts"
        return
    with refused("irregular"):
        check_parameters(declared, {"facts": place.split("/")[0]}, "01-test")
