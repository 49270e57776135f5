"""Fact tables: the schema is enforced at load, and errors say where."""

import shutil

import pandas as pd
import pytest

from helpers import paths
from helpers.errors import DataError
from helpers.facts.tables import check_tables, describe_table, list_tables, load_table


@pytest.fixture
def facts(tmp_path):
    """A copy of the fact tables that a test may spoil."""
    return shutil.copytree(paths.FACTS, tmp_path / "facts")


def spoil(folder, name, change):
    """Rewrite one table with `change` applied to its frame."""
    path = folder / f"{name}.csv"
    change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False, lineterminator="\n")


@pytest.mark.parametrize("name", list_tables())
def test_every_table_loads_with_the_columns_of_the_schema(name):
    """Columns and order are the schema's, and there is at least one row."""
    table = load_table(name)

    assert [field["name"] for field in describe_table(name)["schema"]["fields"]] == list(table.columns)
    assert len(table) > 0


def test_types_are_the_schema_s():
    """Numbers are numbers, booleans booleans, and dates stay text."""
    assert "float64" == load_table("quantities")["value"].dtype
    assert "boolean" == load_table("sharing_claims")["is_in_release"].dtype
    assert "Int64" == load_table("metros")["population"].dtype
    assert "str" == load_table("timeline")["event_on"].dtype


def test_unknown_table_names_the_known_ones():
    """A misspelt table name is answered with the list."""
    with pytest.raises(DataError, match="quantities"):
        load_table("quantity")


def test_error_names_the_row_by_its_id_and_counts_the_rules(facts):
    """A row is named by number and id; one broken rule is one, two are two; no sentence ends twice."""
    first = pd.read_csv(facts / "timeline.csv", dtype=str)["event_id"][0]
    for row, count in ((0, "; 1 rule broken"), (1, "; 2 rules broken in all")):
        table = pd.read_csv(facts / "timeline.csv", dtype=str, keep_default_na=False)
        table.loc[row, "event_on"] = "March 2019"
        table.to_csv(facts / "timeline.csv", index=False)
        check_tables.cache_clear()
        with pytest.raises(DataError) as refused:
            check_tables(facts)
        assert refused.value.place == f"facts/timeline.csv, row 2 ({first})"
        assert refused.value.found.endswith(count)
        assert ".." not in str(refused.value) and ". ." not in str(refused.value)


def test_header_of_another_name_is_told_of_the_file(facts):
    """A break that belongs to no row names none."""
    spoil(facts, "timeline", lambda frame: frame.rename(columns={"label": "labels"}))
    with pytest.raises(DataError) as refused:
        check_tables(facts)
    assert refused.value.place == "facts/timeline.csv" and "Correct the file" in refused.value.way_out


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("quantities", "value", "many"),
        ("quantities", "qualifier", "roughly"),
        ("timeline", "event_on", "March 2019"),
        ("access_paths", "to_id", "no-such-agency"),
        ("quantities", "source_id", "no-such-source"),
        ("quantities", "source_id", ""),
        ("agencies", "state", "Calif."),
        ("sources", "url", "javascript:alert(1)"),
    ],
)
def test_breaks_of_the_schema_are_refused(facts, name, column, value):
    """Types, enumerations, patterns, required cells and keys to other tables hold on every load."""
    spoil(facts, name, lambda frame: frame.assign(**{column: [value, *frame[column][1:]]}))
    with pytest.raises(DataError) as refused:
        load_table(name, facts)
    assert refused.value.place.startswith(f"facts/{name}.csv, row 2")


def test_repeated_key_is_refused(facts):
    """Two rows of one primary key are refused."""
    spoil(facts, "quantities", lambda frame: pd.concat([frame, frame.head(1)]))
    with pytest.raises(DataError):
        load_table("quantities", facts)


def test_missing_file_is_named(facts):
    """A folder without one of the tables says which."""
    (facts / "metros.csv").unlink()
    with pytest.raises(DataError, match="metros"):
        check_tables(facts)


def test_row_with_too_many_cells_is_refused(facts):
    """An unquoted comma that shifts cells is no silent shift."""
    path = facts / "timeline.csv"
    lines = path.read_text().splitlines()
    lines[1] += ",extra"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError):
        load_table("timeline", facts)


@pytest.mark.parametrize("sign", ["\x1b]0;owned\x07", "\u202e", "\n", "\x00", "\x9b2K"])
def test_unseen_signs_are_refused(facts, sign):
    """What would move a terminal's cursor or turn a line around is named by its number and never printed."""

    note = f"before{sign}after"
    spoil(facts, "agencies", lambda frame: frame.assign(note=[note, *frame["note"][1:]]))
    with pytest.raises(DataError, match="agencies.csv") as refused:
        load_table("agencies", facts)

    assert str(refused.value).isprintable()


def test_table_in_another_encoding_is_refused(facts):
    """A table saved in another encoding than UTF-8 is an error that says so."""
    path = facts / "timeline.csv"
    path.write_bytes(path.read_bytes().replace(b"ICE", "Ic\u00e9".encode("cp1252"), 1))
    with pytest.raises(DataError, match="UTF-8"):
        load_table("timeline", facts)
