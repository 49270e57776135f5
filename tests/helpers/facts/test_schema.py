"""The schema is checked once for all kernels of a run; each kernel sees whether the tables changed."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from helpers import paths
from helpers.errors import DataError, RunError
from helpers.facts import tables
from helpers.facts.tables import CHECKED, check_tables, vouch_for
from sidedoor.run.editions import load_edition
from sidedoor.run.run import run_edition

# The repository's own, also for a test that lives in a house in small.
FACTS, SCHEMA = paths.FACTS, paths.SCHEMA
# Says whether tables were checked again: only that loads Frictionless.
LOAD = (
    "import sys\nfrom helpers.facts.tables import load_table\n"
    "load_table('sources', facts)\nprint('frictionless' in sys.modules)"
)


@pytest.fixture
def facts(tmp_path):
    """A copy of the fact tables that a test may spoil."""
    return shutil.copytree(FACTS, tmp_path / "my-facts")


def spoil(facts):
    """Write a date into a table that is none."""
    path = facts / "timeline.csv"
    path.write_bytes(path.read_bytes().replace(b",2019-", b",March 2019-", 1))


def load_elsewhere(facts, checked):
    """Load a table in a process of its own; what it said."""
    code = f"facts = {str(facts)!r}\n{LOAD}"
    env = {**os.environ, "PYTHONPATH": str(paths.SOURCE), CHECKED: checked}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=600)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_tables_that_were_vouched_for_are_not_checked_again(facts):
    """The same bytes are taken as they are, wherever they are; another value vouches for nothing."""
    checked = vouch_for([facts])

    assert checked == vouch_for([FACTS]) and len(checked) == 64
    assert load_elsewhere(facts, checked) == "False"
    assert load_elsewhere(facts, f"{'0' * 64} {checked}") == "False"
    assert (
        load_elsewhere(facts, "") == load_elsewhere(facts, "0" * 64) == load_elsewhere(facts, "1") == "True"
    )


def test_tables_changed_since_are_checked_again(facts):
    """A broken cell is refused with its place although the tables before were vouched for."""
    checked = vouch_for([facts])
    spoil(facts)

    assert "my-facts/timeline.csv, row" in load_elsewhere(facts, checked)


def test_nobody_vouches_for_tables_that_break_the_schema(facts):
    """Of two folders the broken one is left out, and so is one that is not there."""
    before = vouch_for([facts])
    spoil(facts)

    assert vouch_for([facts, FACTS, facts / "none"]) == before != ""
    with pytest.raises(DataError, match="timeline"):
        check_tables(facts)


def test_a_swap_of_two_tables_and_another_schema_are_other_contents(facts, tmp_path, monkeypatch):
    """Names of tables and the rules that were read are part of what was checked."""
    other = tmp_path / "schema.json"
    shutil.copy(SCHEMA, other)
    monkeypatch.setattr(paths, "SCHEMA", other)
    before = vouch_for([facts])
    other.write_text(
        json.dumps(json.loads(SCHEMA.read_text(encoding="utf-8")) | {"title": "other"}), encoding="utf-8"
    )

    assert len(before) == 64 and vouch_for([facts]) == before
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
    house.write_notebook("01-read", LOAD, parameters='facts: str = ""  # folder with the fact tables [path]')
    run = 'notebook = "01"\n[run.parameters]\nfacts = "my-facts"'
    edition = house.write_edition(run, folder=facts.parent)
    run_edition(load_edition(edition))
    assert house.read_output("town", "01-read") == "False\n"

    spoil(facts)
    with pytest.raises(RunError, match="01-read, cell 4: DataError: my-facts/timeline.csv, row") as refused:
        run_edition(load_edition(edition))
    assert "data/README.md" in str(refused.value)
