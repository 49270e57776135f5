"""Behaviour of `helpers.searches.logs`: what kind of log a file is, and how exactly its rows are told apart."""

import pandas as pd
import pytest

from helpers.canonical import build_table
from helpers.errors import DataError
from helpers.searches.logs import list_logs
from made.logs import make_log, read_log


def list_one(rows):
    """List the one log made of some rows."""
    (found,) = list_logs(read_log(make_log(rows))).to_dict("records")
    return found


NAMES = "searcher_agency_as_printed"


@pytest.mark.parametrize(
    ("rows", "column", "expected"),
    [
        # only the host searches in an organization audit, others do in a network audit
        ([{NAMES: " a pd"}, {NAMES: "A PD"}], "kind", "own"),
        ([{NAMES: "A PD"}, {}], "kind", "network"),
        ([{NAMES: None}], "kind", "unnamed"),
        # a file of which nobody said whose it is stands for itself
        ([{"host_agency": None}], "host", "a"),
    ],
)
def test_kinds_of_logs(rows, column, expected):
    assert list_one(rows)[column] == expected


@pytest.mark.parametrize(
    ("times", "precision"),
    [
        (["12:00:00", "13:30:00"], "minute"),
        (["12:00:00", "13:00:00"], "hour"),
        (["00:00:00", "00:00:00"], "day"),
        (["12:00:01", "13:00:00"], "second"),
    ],
)
def test_precision_is_the_finest_step(times, precision):
    """Times cut to the hour say so; few rows say nothing."""
    rows = [{"searched_at": f"2025-07-01 {time}"} for time in times]

    assert precision == list_one(rows * 10)["precision"]
    assert "second" == list_one(rows)["precision"]


@pytest.mark.parametrize(
    ("rows_n", "warned"),
    [(1_000, "round number"), (1_001, ""), (65_535, "old Excel"), (1_048_575, "Excel holds")],
)
def test_round_numbers_of_rows_are_said(rows_n, warned):
    """A file that ends where a spreadsheet or a page does may have been cut off."""
    table = pd.DataFrame({"source_id": "a", "row_no": range(rows_n)}).astype({"source_id": "str"})
    (found,) = list_logs(read_log(table)).to_dict("records")

    assert rows_n == found["rows_n"] and bool(warned) == bool(found["warning"]) and warned in found["warning"]


def test_counts_are_those_of_the_columns():
    """Rows with a time, a name, an id, networks and a window are counted apart; no rows is an error."""
    found = list_one(
        [
            {"search_id": "x", "networks_n": 0},
            {"searched_at": None, "window_start": "2025-01-01"},
            {NAMES: None},
        ]
    )

    counts = {"rows_n": 3, "timed_n": 2, "named_n": 2, "ids_n": 1, "networks_n": 1, "windows_n": 1}
    assert {name: found[name] for name in counts} == counts
    assert pd.Timestamp("2025-07-01 12:00:01") == found["first"] == found["last"]
    with pytest.raises(DataError) as error:
        list_logs(read_log(build_table("searches", [])))
    assert "no row" in error.value.found
