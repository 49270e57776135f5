"""Behaviour of `helpers.searches.inflation`: exact means over every choice of logs, against choosing them all."""

import uuid
from itertools import combinations
from statistics import mean

import pytest

from helpers.errors import DataError
from helpers.searches import inflation, same

from .conftest import make_log, read

# Which logs hold which search, by hand; the first search stands twice in the log of A.
HELD = {1: "AAB", 2: "ABC", 3: "C", 4: "BC", 5: "A"}


def key_held():
    """Key the rows of the searches above."""
    rows = [
        {"search_id": str(uuid.UUID(int=number)), "source_id": log.lower(), "host_agency": f"{log} PD"}
        for number, logs in HELD.items()
        for log in logs
    ]
    return same.key_rows(read(make_log(rows)))


def test_curve_is_the_mean_over_all_choices():
    """For one, two and three logs: rows and searches of every choice, counted plainly."""
    keyed = key_held()
    curve = inflation.curve_inflation(inflation.count_shared(keyed), inflation.count_hosts(keyed)).set_index(
        "logs_n"
    )

    for logs_n in (1, 2, 3):
        rows, searches = [], []
        for choice in combinations("ABC", logs_n):
            rows.append(sum(log in choice for logs in HELD.values() for log in logs))
            searches.append(sum(bool(set(logs) & set(choice)) for logs in HELD.values()))
        factors = [one / other for one, other in zip(rows, searches, strict=True)]
        row = curve.loc[logs_n]
        assert (
            pytest.approx(
                [
                    mean(rows),
                    mean(searches),
                    mean(rows) / mean(searches),
                    min(factors),
                    max(factors),
                    mean(searches) / 5,
                ]
            )
            == row.tolist()
        )


def test_shared_searches_name_their_logs():
    """Each combination of agencies that occurs, with its searches and rows."""
    shared = inflation.count_shared(key_held())

    assert {
        ("A PD", "B PD"): (1, 3),
        ("A PD", "B PD", "C PD"): (1, 3),
        ("C PD",): (1, 1),
        ("B PD", "C PD"): (1, 2),
        ("A PD",): (1, 1),
    } == {row.hosts: (row.searches_n, row.rows_n) for row in shared.itertuples()}


def test_rows_that_cannot_be_told_apart_have_no_curve():
    """A log without ids and exact times is refused, with the way out."""
    rows = [{"searched_at": f"2025-07-01 {hour:02d}:00:00"} for hour in range(22)]
    keyed = same.key_rows(read(make_log(rows)))

    with pytest.raises(DataError, match="Say rows where it is rows"):
        inflation.count_shared(keyed)
    assert inflation.compare_methods(keyed).set_index("method")["searches_n"].isna()["id, else fields"]


def test_usual_counts_are_off_as_the_literature_says(teaching):
    """Rows count several times too many, whole rows still twice; ids alone miss searches without one."""
    log, truth = teaching
    counts = inflation.compare_methods(same.key_rows(read(log))).set_index("method")["searches_n"]
    true = truth["event_n"].nunique()

    assert len(log) == counts["rows"] > 3 * true and counts["whole rows"] > 1.5 * true
    assert counts["ids"] < true and abs(counts["id, else fields"] - true) < 0.01 * true
