"""Behaviour of `helpers.searches.same`: rows made searches, with what cannot be decided in the bounds."""

import random
import uuid
from itertools import product

import pytest

from helpers.searches import engine, same
from helpers.simulate.log import build_log
from made.logs import make_log, read_log

ID, OTHER = str(uuid.UUID(int=5)), str(uuid.UUID(int=6))
B = {"source_id": "b", "host_agency": "B PD"}  # in the log of another agency
NAMELESS = {"searcher_agency_as_printed": None}
FIVE = {"networks_n": 5}
FULL = FIVE | {"window_start": "2025-06-01 00:00:00", "window_end": "2025-07-01 00:00:00"}


def count(rows):
    """Count the searches of some rows: value, low, high."""
    found = same.count_searches(same.key_rows(read_log(make_log(rows))))
    return found.value, found.low, found.high


# rows -> value, low, high
CASES = {
    # by id, in capitals or not, in all logs, whatever else the rows say
    "one id": ([{"search_id": ID}, B | {"search_id": ID.upper(), "networks_n": 3}, {"search_id": OTHER}], 2, 2, 2),
    # row numbers of two agencies are not one search
    "no uuid": ([{"search_id": "17"}, {"search_id": "17", "source_id": "a2"}, B | {"search_id": "17"}], 2, 2, 2),
    # without id all four parts decide; letter case and outer blanks of a name do not
    "same fields": ([FULL, B | FULL | {"searcher_agency_as_printed": " s pd "}], 1, 1, 1),
    "another agency": ([FULL, B | FULL | {"searcher_agency_as_printed": "T PD"}], 2, 2, 2),
    "another second": ([FULL, B | FULL | {"searched_at": "2025-07-01 12:00:02"}], 2, 1, 2),
    "other networks": ([FULL, B | FULL | {"networks_n": 6}], 2, 1, 2),
    "another window": ([FULL, B | FULL | {"window_start": "2025-06-02 00:00:00"}], 2, 1, 2),
    # whole rows are not compared: a reason that one log cuts makes no second search
    "cut reason": ([FIVE | {"reason_text": "Investigation"}, B | FIVE | {"reason_text": "Inv"}], 1, 1, 1),
    # a row without an id joins the one with an id and the same fields
    "one has an id": ([FIVE | {"search_id": ID}, B | FIVE], 1, 1, 1),
    # 0 networks does not mean that nothing was searched
    "zero networks": ([{"networks_n": 0}, B | {"networks_n": 0}], 1, 1, 1),
    # two rows of one file with the same fields: one search or two
    "twice in a file": ([FIVE, FIVE], 1, 1, 2),
    # a redacted agency keeps an id from being matched: the bounds allow for it
    "redacted name": ([B | NAMELESS | {"search_id": ID}, B | {"search_id": OTHER}, {}], 2, 2, 2),
    "redacted name, other networks": (
        [B | NAMELESS | {"search_id": ID, "networks_n": 3}, B | {"search_id": OTHER, "networks_n": 3},
         {"networks_n": 9}], 3, 2, 3,
    ),
    # without agency, time and id no row can be told from another: between one search and all rows
    "all redacted": (
        [NAMELESS | {"host_agency": None, "searched_at": None}] * 3 + [{"source_id": "n"}], 1, 1, 4
    ),
    # a log in whole hours has no key: its rows stay rows, and those that differ are the floor
    "whole hours": (
        [{"searched_at": f"2025-07-01 {hour:02d}:00:00", "networks_n": hour % 3} for hour in range(12)] * 2,
        0, 12, 24,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_rows_are_searches_as_by_hand(case):
    rows, *expected = CASES[case]

    assert count(rows) == tuple(expected)


def test_logs_that_print_one_search_differently_are_in_the_bounds():
    """100 searches in two logs without ids.

    In one, 20 print one network more and 10 a second more: 130, and maybe 100.
    """
    first = [FIVE | {"searched_at": f"2025-07-01 {n // 60:02d}:{n % 60:02d}:01"} for n in range(100)]
    other = [row | B for row in first]
    other[:20] = [row | {"networks_n": 6} for row in other[:20]]
    other[50:60] = [row | {"searched_at": row["searched_at"].replace(":01", ":02")} for row in other[50:60]]

    assert (130, 100, 130) == count([*first, *other])


def test_steps_take_off_each_kind_of_repeat_once():
    """Within a file, in a re-release, in both audits of an agency, in another agency's log: by hand."""
    own = {"search_id": ID, "searcher_agency_as_printed": "A PD"}
    other = {"search_id": OTHER}
    rows = [own | {"source_id": "net"}] * 2 + [own | {"source_id": name} for name in ("net-again", "org")]
    rows += [other | {"source_id": "net"}, other | {"source_id": "net-again"}]
    rows += [own | B, other | B, {"searched_at": None} | B]
    steps = same.count_steps(same.key_rows(read_log(make_log(rows))))

    # of 9 rows 1 again in a file, 2 in another file of the log, 1 in both audits, 2 in another log, 1 alone
    assert steps["rows_n"].tolist() == [9, 1, 2, 1, 2, 1, 2]


def test_a_search_keeps_the_most_that_any_log_says():
    """The widest numbers, a name where any log has one."""
    rows = [{"search_id": ID, "networks_n": 4}, B | NAMELESS | {"search_id": ID, "networks_n": 9}]
    (one,) = engine.fetch(same.build_searches(same.key_rows(read_log(make_log(rows))))).to_dict("records")

    assert (9, "S PD", 2) == (one["networks_n"], one["searcher"], one["rows_n"])


def test_truth_of_the_simulated_log_is_within_the_bounds(teaching):
    """The number of searches is found within one percent, and the bounds hold it."""
    log, truth = teaching
    found, true = same.count_searches(same.key_rows(read_log(log))), truth["event_n"].nunique()

    assert found.low <= true <= found.high
    assert abs(found.value - true) <= 0.01 * true < len(log) / 3
    methods = same.compare_methods(same.key_rows(read_log(log))).set_index("method")["searches_n"]
    assert methods["rows"] == len(log) > methods["whole rows"] > methods["agency and second"] > true
    assert methods["id, otherwise fields"] == found.value and methods["ids"] == log["search_id"].nunique()


@pytest.mark.parametrize("seed", range(8))
def test_without_ids_the_truth_is_within_the_bounds(seed):
    """Fields alone count a few percent too many or too few, and the bounds say so."""
    log, truth = build_log(seed, 1_500)
    log = log.assign(search_id=None, search_id_cell="not_exported").astype(log.dtypes)
    found = same.count_searches(same.key_rows(read_log(log)))

    assert found.by_id == 0 and found.low <= truth["event_n"].nunique() <= found.high


def test_order_and_split_of_the_files_change_nothing():
    """Any order of the rows, and any split of a log into files, has the same searches: those of a set."""
    pick = random.Random(5)
    rows = [
        {
            "searcher_agency_as_printed": agency,
            "searched_at": f"2025-07-01 12:00:{second:02d}",
            "networks_n": networks,
            "source_id": log,
            "host_agency": f"{log} PD",
        }
        for agency, second, networks, log in product(["S PD", "s pd", "T SO"], [1, 2, 3], [0, 1, 2], "abc")
    ]
    rows = pick.sample(rows, 30)
    split = [row | {"source_id": f"{row['source_id']}{pick.randrange(2)}"} for row in rows]
    names = ("searched_at", "networks_n")
    plain = {(row["searcher_agency_as_printed"].lower(), *(row[name] for name in names)) for row in rows}

    assert 1 < len(plain) < len(rows)
    assert [len(plain)] * 3 == [count(made)[0] for made in (rows, pick.sample(rows, 30), split)]
