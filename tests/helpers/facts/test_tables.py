"""Fact tables: the schema is enforced at load, once for all kernels of a run, and errors say where."""

import json
import shutil

import pandas as pd
import pytest

from helpers import paths
from helpers.errors import DataError, RunError
from helpers.facts import tables
from helpers.facts.tables import CHECKED, check_tables, describe_table, list_tables, load_table, vouch_for
from sidedoor.run.editions import load_edition
from sidedoor.run.run import run_edition

# The repository's own, also for a test that lives in a house in small.
FACTS, SCHEMA = paths.FACTS, paths.SCHEMA


@pytest.fixture
def facts(tmp_path):
    """A copy of the fact tables that a test may spoil; of the long ones the first rows, to be quick."""
    folder = shutil.copytree(FACTS, tmp_path / "my-facts")
    for name in ("sharing_lists", "agreements_287g", "metros", "search_counts"):
        lines = (folder / f"{name}.csv").read_bytes().splitlines(keepends=True)
        (folder / f"{name}.csv").write_bytes(b"".join(lines[:9]))
    return folder


def spoil(folder, name, change):
    """Rewrite one table with `change` applied to its frame."""
    path = folder / f"{name}.csv"
    change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False, lineterminator="\n")


def refuse(facts, name="timeline"):
    """Load a table that has to be refused, and give the error."""
    with pytest.raises(DataError) as refused:
        load_table(name, facts)
    assert refused.value.place.startswith(f"my-facts/{name}.csv") and str(refused.value).isprintable()
    return refused.value


@pytest.mark.parametrize("name", list_tables())
def test_every_table_loads_with_the_columns_of_the_schema(name):
    """Columns and order are the schema's, and there is at least one row."""
    table = load_table(name)

    assert [field["name"] for field in describe_table(name)["schema"]["fields"]] == list(table.columns)
    assert len(table) > 0


def test_types_are_the_schema_s():
    """Numbers are numbers, booleans booleans, and dates stay text; a misspelt name is answered with the list."""
    assert "float64" == load_table("quantities")["value"].dtype
    assert "boolean" == load_table("sharing_claims")["is_in_release"].dtype
    assert "Int64" == load_table("metros")["population"].dtype
    assert "str" == load_table("timeline")["event_on"].dtype
    with pytest.raises(DataError) as error:
        load_table("quantity")
    assert "quantities" in error.value.way_out


def test_error_names_the_first_row_by_its_id_and_counts_the_rules(facts):
    first = pd.read_csv(facts / "timeline.csv", dtype=str)["event_id"][0]
    spoil(facts, "timeline", lambda frame: frame.assign(event_on=["March", "April", *frame["event_on"][2:]]))
    error = refuse(facts)

    assert error.place == f"my-facts/timeline.csv, row 2 ({first})" and "2 rules broken" in error.found


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("quantities", "value", "many"),
        ("quantities", "qualifier", "roughly"),
        ("timeline", "event_on", "March 2019"),
        ("quantities", "source_id", "no-such-source"),
        ("quantities", "source_id", ""),
        ("sources", "url", "javascript:alert(1)"),
        # what would move a terminal's cursor or turn a line around is named by its number, never printed
        *(("agencies", "note", f"a{sign}b") for sign in ("\x1b]0;x\x07", "\u202e", "\n", "\x9b2K")),
    ],
)
def test_breaks_of_the_schema_are_refused(facts, name, column, value):
    """Types, enumerations, patterns, required cells and keys to other tables hold on every load."""
    spoil(facts, name, lambda frame: frame.assign(**{column: [value, *frame[column][1:]]}))
    line = 3 if value == "a\nb" else 2
    assert refuse(facts, name).place.split(" ")[1:3] in (["row", "2"], ["line", str(line)])


def test_files_that_are_no_table_of_the_schema_are_refused(facts):
    """A header of another name, an unquoted comma that shifts cells, an encoding, a key twice, no file."""
    path, good = facts / "timeline.csv", (facts / "timeline.csv").read_bytes()
    spoil(facts, "timeline", lambda frame: frame.rename(columns={"label": "labels"}))
    error = refuse(facts)
    assert error.place == "my-facts/timeline.csv" and "Correct the file" in error.way_out
    latin = good.replace(b"ICE", "Ic\u00e9".encode("cp1252"), 1)
    lines = good.splitlines(keepends=True)
    shifted = b"".join([lines[0], lines[1].rstrip() + b",extra\n", *lines[2:]])
    for content in (latin, shifted, good + lines[-1]):
        path.write_bytes(content)
        check_tables.cache_clear()
        error = refuse(facts)
        assert content != latin or "UTF-8" in str(error)
    path.write_bytes(good)
    (facts / "metros.csv").unlink()
    with pytest.raises(DataError) as error:
        check_tables(facts)
    assert "metros" in str(error.value)


# --- once for all kernels of a run ----------------------------------------------------------------


def break_date(facts):
    """Write a date into a table that is none."""
    path = facts / "timeline.csv"
    path.write_bytes(path.read_bytes().replace(b",2019-", b",March 2019-", 1))


def test_tables_that_were_vouched_for_are_not_checked_again_until_they_change(facts, tmp_path, monkeypatch):
    """The same bytes are taken as they are, wherever they are; another value vouches for nothing."""
    other = shutil.copytree(facts, tmp_path / "other")
    break_date(other)
    checked, seen = vouch_for([facts, other, tmp_path / "none"]), []
    monkeypatch.setattr(tables, "_check_tables", seen.append)
    shutil.rmtree(other)
    shutil.copytree(facts, other)
    for folder, value in ((other, f"{'0' * 64} {checked}"), (facts, "0" * 64)):
        monkeypatch.setenv(CHECKED, value)
        load_table("sources", folder)
    monkeypatch.setenv(CHECKED, checked)
    break_date(other)
    check_tables.cache_clear()
    load_table("sources", other)

    # of three folders the broken one is left out, and so is one that is not there
    assert len(checked) == 64
    assert seen == [facts, other]


def test_a_swap_of_two_tables_and_another_schema_are_other_contents(facts, tmp_path, monkeypatch):
    """Names of tables and the rules that were read are part of what was checked."""
    other = tmp_path / "schema.json"
    shutil.copy(SCHEMA, other)
    monkeypatch.setattr(paths, "SCHEMA", other)
    before = vouch_for([facts])
    schema = json.loads(SCHEMA.read_text(encoding="utf-8")) | {"title": "other"}
    other.write_text(json.dumps(schema), encoding="utf-8")

    assert len(before) == 64
    tables._read_schema.cache_clear()
    after = vouch_for([facts])
    assert len(after) == 64 and after != before
    one, two = facts / "agencies.csv", facts / "metros.csv"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert vouch_for([facts]) == ""


def test_a_run_checks_once_and_its_notebook_shows_the_error(house, facts):
    """A kernel of the runner does not check; a broken folder stops the notebook in the cell that loads."""
    shutil.copy(SCHEMA, house.data)
    break_date(shutil.copytree(facts, facts.parent / "my-facts-broken"))
    load = "import sys\nfrom helpers.facts.tables import load_table\nload_table('sources', facts)"
    house.write_notebook(
        "01-read",
        f"{load}\nassert 'frictionless' not in sys.modules  # only a check loads it",
        "load_table('sources', facts + '-broken')",
        parameters='facts: str = ""  # folder with the fact tables [path]',
    )
    edition = house.write_edition(
        'notebook = "01"\n[run.parameters]\nfacts = "my-facts"', folder=facts.parent
    )
    with pytest.raises(RunError) as refused:
        run_edition(load_edition(edition))

    assert "01-read, cell 5: DataError: my-facts-broken/timeline.csv, row" in str(refused.value)
    assert "data/README.md" in str(refused.value)
