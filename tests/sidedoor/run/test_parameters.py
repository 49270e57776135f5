"""Parameters: what a notebook may declare, and which values a run may give it."""

import math
import os

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


REFUSED_LINES = """minimum = 10  # links kept [links]
minimum: int = 10
minimum: int = 10  # links kept
minimum: complex = 1  # links kept [links]
minimum: int = len('abc')  # links kept [links]
minimum: int  # links kept [links]
import os
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
    ("line", "meaning", "unit", "low", "high"),
    [
        ("n: int = 5  # rows [rows, 1 to 5,000,000]", "rows", "rows", 1, 5_000_000),
        ("n: int = 2012  # year [2010 to 2019]", "year", "", 2010, 2019),
        ("n: float = 5  # change [percent, -5 to 5.5]", "change", "percent", -5, 5.5),
        ("n: float = 5  # rows [rows]", "rows", "rows", 0, MOST),
        ("n: int = -3  # days [days]", "days", "days", -3, MOST),
    ],
)
def test_comment_gives_meaning_unit_and_range(line, meaning, unit, low, high):
    """Without a range a number is at least 0, or its default, and at most a billion."""
    parameter = read_one(line)
    read = (parameter.meaning, parameter.unit, parameter.low, parameter.high)
    assert read == (meaning, unit, low, high)
    for value in (low - 1, high + 1, *([math.inf, math.nan] if parameter.type == "float" else [])):
        with refused("out-of-range"):
            check_value(parameter, value, "01-test")


def test_range_holds_for_each_number_of_a_list_and_for_the_default():
    """A default that its own comment excludes is a fault of the notebook."""
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
    assert (parameter.kind, parameter.tables) == (kind, tables)


HOSTILE_NAMES = (
    "x; import os", "import os; os.system('id'); x", "minimum\nimport os", "class", "", "a=1,b",
    "__import__('os')", "\u202eminimum", "minimum ", "{x.__class__}", "\x1b[31mred",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_refused(name):
    """A name that papermill would paste into code never gets that far, nor are its control signs printed.

    A typing error does not silently run the defaults, and is answered with the nearest name.
    """
    with refused("unknown-key") as raised:
        check({name: 1})
    assert raised.value.found.isprintable()
    with refused("unknown-key", hint="`minimum`"):
        check({"minimun": 3})


WRONG = {
    "minimum": (True, 1.0, "1", 2**63),
    "share": (math.nan, math.inf, "0.5", 2**53 + 1),
    "is_strict": (1,),
    "states": ("CA", [1], ["CA", None], ["\ud800"], [16**50_000]),
    "years": ([True], (1, 2), [16**50_000]),
    "facts": (3, "a\0b", "x" * 100_001),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_types_are_refused(name):
    """No value is converted: true is not 1, 1.0 is not 1, a text is not a number."""
    for value in WRONG[name]:
        with pytest.raises(ParameterError):
            check({name: value})


TYPED = {
    "minimum=7": 7, "share=1e-3": 0.001, "share=2": 2.0, "is_strict=false": False, 'states=["AZ"]': ["AZ"],
    "years=[2020]": [2020], "years=[]": [],
}  # fmt: skip
TYPED_WRONG = "minimum=007x minimum=1_000 minimum=1e5 minimum= minimum=\u0667 minimum share=nan share=1e999"
TYPED_WRONG += " minimum=007 share=0,5 is_strict=True states=CA years=[1,2.5] years=[NaN] =3 facts=a\0b"


def test_typed_values_are_read_by_the_declared_type():
    """What is typed on a command line becomes a value of the declared type, strictly."""
    for text, expected in TYPED.items():
        (value,) = parse_values([text], DECLARED, "01-test").values()
        assert value == expected and type(value) is type(expected), text
    for text in [*TYPED_WRONG.split(" "), "minimum=" + "9" * 5000, "years=" + "[" * 5000]:
        with pytest.raises(ParameterError):
            parse_values([text], DECLARED, "01-test")
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
        assert kept == value and (
            type(kept) is type(value) or (parameter.type, type(kept)) == ("float", float)
        )


# Paths


def test_path_is_found_beside_the_edition_file_first_and_then_in_the_repository(house, tmp_path):
    """A path says nothing about where the repository lies; a newsroom keeps records beside its edition."""
    (house.root / "link").symlink_to(house.facts)
    for given_path in ("data/facts", str(house.facts), "data/../data/facts", "link"):
        assert check({"facts": given_path})["facts"] == "data/facts"
    own = tmp_path / "my-city"
    (own / "data" / "facts").mkdir(parents=True)
    value = check({"facts": "data/facts"}, folder=own)["facts"]
    assert value == (own / "data" / "facts").resolve().as_posix()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../outside", "outside"), ("/etc", "outside"), ("link", "outside"), ("pipe", "irregular"),
        ("tree", "irregular"), ("missing", "no-path"), ("x" * 5000, "no-path"),
        ("runs/town/records", "among-results"), ("data/../runs", "among-results"),
    ],
)  # fmt: skip
def test_path_elsewhere_is_refused(house, tmp_path, path, code):
    """Neither `..` nor a link nor an absolute path leads a notebook out of the allowed folders.

    Records of another edition are private; fetched files may be read. Reading a pipe would wait for ever; a
    link below a folder would not be part of a result's key.
    """
    for folder in (tmp_path / "outside", house.root / "tree", house.runs / "town" / "records"):
        folder.mkdir(parents=True)
    (house.root / "link").symlink_to(tmp_path / "outside")
    (house.root / "tree" / "harmless.csv").symlink_to(house.facts / "counts.csv")
    os.mkfifo(house.root / "pipe")
    (house.runs / "fetched").mkdir()
    with refused(code):
        check({"facts": path})
    assert check({"facts": "runs/fetched"})["facts"] == "runs/fetched"


def test_path_is_of_the_kind_that_its_unit_says(house):
    """A folder where a file is needed, or the other way round, is refused before any cell runs."""
    for unit, fits, other in (
        ("sharing folder", "data/facts", "data/facts/counts.csv"),
        ("file", "requirements.lock", "data"),
    ):
        declared = read_parameters(f'facts: str = ""  # where they are [{unit}]', "01-test")
        assert check({"facts": fits}, declared) == {"facts": fits}
        with refused("no-path"):
            check({"facts": other}, declared)


def test_rulebook_is_a_shipped_name_or_a_file_beside_the_edition(house, tmp_path):
    """A name passes as it is; a path is confined."""
    declared = read_parameters('book: str = "ice-2017"  # requirements [rulebook file]', "08-test")
    own = tmp_path / "city"
    own.mkdir()
    for path in (own / "book.toml", tmp_path / "secret.toml"):
        path.write_text("x = 1")
    assert check({"book": "ice-2021"}, declared, own) == {"book": "ice-2021"}
    assert check({"book": "book.toml"}, declared, own)["book"] == (own / "book.toml").as_posix()
    with refused("outside"):
        check({"book": "../secret.toml"}, declared, own)
