"""Behaviour of `helpers.searches.same`: rows made searches, with what cannot be decided in the bounds."""

import uuid

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.searches import engine, same
from helpers.simulate.log import build_log

from .conftest import make_log, read

ID, OTHER = str(uuid.UUID(int=5)), str(uuid.UUID(int=6))
B = {"source_id": "b", "host_agency": "B PD"}  # in the log of another agency
NAMELESS = {"searcher_agency_as_printed": None}
FIVE = {"networks_n": 5}
FULL = FIVE | {"window_start": "2025-06-01 00:00:00", "window_end": "2025-07-01 00:00:00"}


def count(rows):
    """Count the searches of some rows: value, low, high."""
    found = same.count_searches(same.key_rows(read(make_log(rows))))
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


def test_redacted_logs_stay_rows():
    """Without agency and id no row can be told from another: between one search and all rows."""
    rows = [NAMELESS | {"host_agency": None, "searched_at": "2018-03-01 00:00:00"}] * 3
    rows += [{"searcher_agency_as_printed": "S PD", "source_id": "n", "searched_at": "2018-03-01 00:00:05"}]
    table = make_log(rows)
    table.loc[:2, "searched_at"] = pd.NaT

    found = same.count_searches(same.key_rows(read(table)))
    assert (1, 1, 4, 3) == (found.value, found.low, found.high, found.lone_n)


def test_steps_take_off_each_kind_of_repeat_once():
    """Within a file, in a re-release, in both audits of an agency, in another agency's log: by hand."""
    own = {"search_id": ID, "searcher_agency_as_printed": "A PD"}
    other = {"search_id": OTHER}
    rows = [own | {"source_id": "net"}] * 2 + [own | {"source_id": name} for name in ("net-again", "org")]
    rows += [other | {"source_id": "net"}, other | {"source_id": "net-again"}]
    rows += [own | B, other | B, {"searched_at": None} | B]
    steps = same.count_steps(same.key_rows(read(make_log(rows))))

    # of 9 rows 1 again in a file, 2 in another file of the log, 1 in both audits, 2 in another log, 1 alone
    assert steps["rows_n"].tolist() == [9, 1, 2, 1, 2, 1, 2]


def test_a_search_keeps_the_most_that_any_log_says():
    """The widest numbers, a name where any log has one."""
    rows = [{"search_id": ID, "networks_n": 4}, B | NAMELESS | {"search_id": ID, "networks_n": 9}]
    (one,) = engine.fetch(same.build_searches(same.key_rows(read(make_log(rows))))).to_dict("records")

    assert (9, "S PD", 2) == (one["networks_n"], one["searcher"], one["rows_n"])


def test_truth_of_the_simulated_log_is_within_the_bounds(teaching):
    """The number of searches is found within one percent, and the bounds hold it."""
    log, truth = teaching
    found, true = same.count_searches(same.key_rows(read(log))), truth["event_n"].nunique()

    assert found.low <= true <= found.high
    assert abs(found.value - true) <= 0.01 * true < len(log) / 3
    methods = same.compare_methods(same.key_rows(read(log))).set_index("method")["searches_n"]
    assert methods["rows"] == len(log) > methods["whole rows"] > methods["agency and second"] > true
    assert methods["id, otherwise fields"] == found.value and methods["ids"] == log["search_id"].nunique()


@pytest.mark.parametrize("seed", range(20))
def test_without_ids_the_truth_is_within_the_bounds(seed):
    """Fields alone count a few percent too many or too few, and the bounds say so."""
    log, truth = build_log(seed, 1_500)
    log = log.assign(search_id=None, search_id_cell="not_exported").astype(log.dtypes)
    found = same.count_searches(same.key_rows(read(log)))

    assert found.by_id == 0 and found.low <= truth["event_n"].nunique() <= found.high


def test_organization_and_network_audit_are_not_added(teaching):
    """The organization audit adds only what the network audit missed of an agency's own."""
    log, truth = teaching
    own = log["source_id"].str.contains("exampleton")
    keyed, events = same.key_rows(read(log[own])), truth[own.to_numpy()]
    is_org = log.loc[own, "source_id"].str.endswith("-org").to_numpy()
    in_both = (events.assign(is_org=is_org).groupby("event_n")["is_org"].nunique() == 2).sum()
    steps = same.count_steps(keyed).set_index("step")

    assert same.count_searches(keyed).value == events["event_n"].nunique()
    assert steps.loc["own searches in both audits", "rows_n"] == in_both > 100


ROWS = st.lists(
    st.builds(
        lambda agency, second, networks, log: {
            "searcher_agency_as_printed": agency,
            "searched_at": f"2025-07-01 12:00:{second:02d}",
            "networks_n": networks,
            "source_id": log,
            "host_agency": f"{log} PD",
        },
        st.sampled_from(["S PD", "s pd", "T SO"]),
        st.integers(1, 3),
        st.integers(0, 2),
        st.sampled_from("abc"),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, data=st.data())
def test_order_and_split_of_the_files_change_nothing(rows, data):
    """Any order of the rows, and any split of a log into files, has the same searches: those of a set."""
    mixed = data.draw(st.permutations(rows))
    split = [row | {"source_id": f"{row['source_id']}{data.draw(st.integers(0, 1))}"} for row in mixed]
    names = ("searched_at", "networks_n")
    plain = {(row["searcher_agency_as_printed"].lower(), *(row[name] for name in names)) for row in rows}

    assert len(plain) == count(rows)[0] == count(split)[0]
