"""Parameters: what a notebook may declare, and which values a run may give it."""

import math
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as some

from helpers.errors import ParameterError
from sidedoor.run.parameters import check_parameters, check_value, parse_values, read_parameters

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
    ("line", "found"),
    [
        ("minimum = 10  # links kept [links]", "is no parameter"),
        ("minimum: int = 10", "no comment"),
        ("minimum: int = 10  # links kept", "without unit"),
        ("minimum: int = '10'  # links kept [links]", "not of the type int"),
        ("minimum: complex = 1  # links kept [links]", "has the type complex"),
        ("minimum: int = len('abc')  # links kept [links]", "no literal"),
        ("minimum: int  # links kept [links]", "is no parameter"),
        ("import os", "is no parameter"),
        ("print(1)  # hello [words]", "is no parameter"),
        ("a: int = 1  # one [x]\na: int = 2  # two [x]", "declared twice"),
        ("where: list[str] = ['a']  # folders [path]", "is a path of type"),
        ("a: int = ", "no Python"),
        ("share: float = 1e999  # share [0-1]", "not finite"),
    ],
)
def test_read_parameters_refuses_other_lines(line, found):
    """A cell that a reader could not trust as documentation is refused, and the message says why."""
    with pytest.raises(ParameterError, match=found):
        read_parameters(line, "01-test")


@pytest.mark.parametrize(
    "name",
    [
        "x; import os",
        "import os; os.system('id'); x",
        "minimum\nimport os",
        "class",
        "",
        "1a",
        "a.b",
        "a=1,b",
        "__import__('os')",
        "\u202eminimum",
        "minimum ",
        "lambda: 0",
        "{x.__class__}",
        "\x1b[31mred",
    ],
)
def test_hostile_names_are_refused(declared, name):
    """A name that papermill would paste into code never gets that far, nor are its control signs printed."""
    with pytest.raises(ParameterError) as raised:
        check_parameters(declared, {name: 1}, "01-test")
    assert "cannot be the name" in str(raised.value) and raised.value.found.isprintable()


def test_misspelt_name_is_refused_with_the_nearest_name(declared):
    """A typing error does not silently run the defaults."""
    with pytest.raises(ParameterError, match="Did you mean `minimum`"):
        check_parameters(declared, {"minimun": 3}, "01-test")


def test_lookalike_letters_are_another_name(declared):
    """Python would read the mathematical letter in this name as the declared name; the runner does not."""
    with pytest.raises(ParameterError):
        check_parameters(declared, {"\U0001d426inimum": 3}, "01-test")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("years", [16**50_000]),
        ("states", [16**50_000]),
        ("minimum", True),
        ("minimum", 1.0),
        ("minimum", "1"),
        ("minimum", None),
        ("minimum", 2**63),
        ("share", math.nan),
        ("share", math.inf),
        ("share", True),
        ("share", "0.5"),
        ("share", 2**53 + 1),
        ("is_strict", 1),
        ("is_strict", "true"),
        ("states", "CA"),
        ("states", [1]),
        ("states", ["CA", None]),
        ("years", [True]),
        ("years", [1.5]),
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


def test_defaults_complete_what_is_not_given(declared):
    """Every declared parameter comes back, in the order declared."""
    values = check_parameters(declared, {"minimum": 3}, "01-test")
    assert list(values) == ["facts", "minimum", "share", "is_strict", "states", "years"]
    assert values["minimum"] == 3 and values["years"] == [2018, 2019]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("minimum=7", 7),
        ("minimum=-7", -7),
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
        "minimum=0x10",
        "minimum=",
        "minimum= 7",
        "minimum=\u0667",
        "minimum=" + "9" * 5000,
        "share=nan",
        "share=inf",
        "share=1e999",
        "share=0,5",
        "is_strict=True",
        "is_strict=1",
        "states=CA",
        "states=['CA']",
        "years=[1, 2.5]",
        "years=[NaN]",
        "years=" + "[" * 5000,
        "minimum",
        "=3",
        "minimun=3",
    ],
)
def test_typed_values_of_another_form_are_refused(declared, typed):
    """Python's own leniency (underscores, other digits, words for infinity) is not the command's."""
    with pytest.raises(ParameterError):
        parse_values([typed], declared, "01-test")


def test_value_given_twice_is_refused(declared):
    """Which of two values was meant cannot be known."""
    with pytest.raises(ParameterError, match="given twice"):
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
        ("file", "requirements.lock", "data"),
    ):
        declared = read_parameters(f'facts: str = ""  # where they are [{unit}]', "01-test")
        assert declared["facts"].is_path
        assert check_parameters(declared, {"facts": fits}, "01-test") == {"facts": fits}
        with pytest.raises(ParameterError, match=f"is no {unit}"):
            check_parameters(declared, {"facts": other}, "01-test")
    with pytest.raises(ParameterError, match="is a path of type"):
        read_parameters("n: int = 1  # number of files [file]", "01-test")


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
    with pytest.raises(ParameterError, match="neither a file nor a folder"):
        check_parameters(declared, {"facts": place.split("/")[0]}, "01-test")
