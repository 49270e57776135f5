"""TOML files: limits before parsing, one schema language, errors with codes, places and near names."""

import json

import pytest

from helpers import paths, toml
from helpers.errors import DataError
from helpers.toml import load_toml
from made.refusal import refused

GOOD = 'title = "A town"\n[[run]]\nnotebook = "01"\n'
RECORD = GOOD + '[[record]]\nfile = "a"\n'


@pytest.fixture
def load(tmp_path):
    """Load a text as an edition file."""

    def load(text: str | bytes, **options):
        path = tmp_path / "town.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_toml(path, "edition", **options)

    return load


def test_content_comes_back_with_dates_as_text(load):
    """JSON has no dates, and a schema checks texts."""
    content = load(GOOD + '[[record]]\nfile = "a.csv"\nas_of = 2025-12-31\n')
    assert content["record"] == [{"file": "a.csv", "as_of": "2025-12-31"}] and content["title"] == "A town"


@pytest.mark.parametrize(
    ("text", "code", "place", "hint"),
    [
        (GOOD + 'notebok = "02"\n', "unknown-key", "town.toml, run 1", "notebook"),
        ('titel = "x"\n', "unknown-key", "town.toml", "title"),
        ('title = "x"\n[[run]]\nas = "a"\n', "missing-key", "town.toml, run 1", "notebook"),
        (GOOD + "[[run]]\nnotebook = 2\n", "wrong-value", "town.toml, run 2, notebook", '"01"'),
        ('title = "x"\nrun = []\n', "wrong-value", "town.toml, run", "[[run]]"),
        ('lead = ["a", "a"]\n' + GOOD, "wrong-value", "town.toml, lead", "lead"),
        ('lead = ["a", "B"]\n' + GOOD, "wrong-value", "town.toml, lead 2", ""),
        ('subtitle = "\\u001b[2J"\n' + GOOD, "wrong-value", "town.toml, subtitle", ""),
        (RECORD + 'as_of = "2025-2-30"\n', "wrong-value", "town.toml, record 1, as_of", ""),
        (RECORD + "day_first = 1\n", "wrong-value", "town.toml, record 1, day_first", ""),
    ],
)
def test_first_key_that_does_not_fit_is_named(load, text, code, place, hint):
    """Where, what kind of error, and the nearest name or an example as the way out."""
    with refused(code, hint=hint) as raised:
        load(text)
    assert raised.value.place == place


@pytest.mark.parametrize(
    "text",
    [
        "title = ",
        b"\xff\xfe",
        "x = " + "[" * 60_000,
        "a" + ".a" * 1000 + " = 1",
        'title = "' + "x" * 5000 + '"',
        "a = { " + ".".join("b" * 9) + " = 1 }",
        ('"' + '\\"' * 2000 + "\n") * 60,
        ("'" + '"' * 4000 + "\n") * 60,
        ".a" * 2000 + "\n" + ".a" * 2000,
        "x" * (toml.LARGEST_FILE + 1),
    ],
)
def test_what_is_no_toml_or_costs_too_much_is_refused(load, text):
    """Within limits that are checked before parsing; the class of the error is the caller's."""
    with refused("unreadable", DataError):
        load(text, error=DataError)


def test_lists_of_numbers_are_no_deep_keys(load):
    """Dots within numbers, texts and comments part no key."""
    with refused("unknown-key"):
        load('x = [1.5, 2.5, 3, 4, 5, 6, 7, 8, 9, 10]  # a.b.c.d.e.f.g.h.i.j\n"a.b.c.d.e.f.g.h.i.j" = 1\n')


def test_every_schema_explains_itself():
    """Errors are made of descriptions and examples: each property of a schema has them, or by reference."""
    schemas = sorted((paths.DATA / "registry" / "schemas").glob("*.json"))
    assert schemas
    for path in schemas:
        schema = json.loads(path.read_text(encoding="utf-8"))
        for name, part in _list_properties(schema):
            target = schema["definitions"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
            assert target.get("description"), f"{path.name}: {name}"
            assert part.get("examples") or target.get("examples") or target.get("enum"), (
                f"{path.name}: {name}"
            )


def _list_properties(part):
    if isinstance(part, dict):
        yield from part.get("properties", {}).items()
        for value in part.values():
            yield from _list_properties(value)
