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


def count(rows):
    """Count the searches of some rows: value, low, high."""
    found = same.count_searches(same.key_rows(read(make_log(rows))))
    return found.value, found.low, found.high


def count_off(rows):
    """Count the rows that each step takes off."""
    steps = same.count_steps(same.key_rows(read(make_log(rows)))).set_index("step")["rows_n"]
    return [int(steps[name]) for name in steps.index]


def test_one_id_is_one_search_in_all_logs():
    """By id, in capitals or not, whatever else the rows say."""
    rows = [
        {"search_id": ID},
        {"search_id": ID.upper(), "source_id": "b", "host_agency": "B PD", "networks_n": 3},
        {"search_id": OTHER},
    ]

    assert (2, 2, 2) == count(rows)


def test_an_id_that_is_no_uuid_counts_for_its_host_only():
    """Row numbers of two agencies are not one search."""
    rows = [
        {"search_id": "17"},
        {"search_id": "17", "source_id": "a2"},
        {"search_id": "17", "source_id": "b", "host_agency": "B PD"},
    ]

    assert 2 == count(rows)[0]


def test_rows_without_id_are_one_search_by_agency_second_networks_and_window():
    """All four parts decide; letter case and outer blanks of a name do not."""
    row = {"networks_n": 5, "window_start": "2025-06-01 00:00:00", "window_end": "2025-07-01 00:00:00"}
    changed = [
        {"searcher_agency_as_printed": "T PD"},
        {"searched_at": "2025-07-01 12:00:02"},
        {"networks_n": 6},
        {"window_start": "2025-06-02 00:00:00"},
    ]
    other_log = {"source_id": "b", "host_agency": "B PD"}

    assert (1, 1, 1) == count([row, row | other_log | {"searcher_agency_as_printed": " s pd "}])
    for change in changed:
        assert 2 == count([row, row | other_log | change])[0], change


def test_a_cut_reason_makes_no_second_search():
    """'Investigation' in one log and 'Inv' in another are one search: whole rows are not compared."""
    rows = [
        {"networks_n": 5, "reason_text": "Investigation"},
        {"networks_n": 5, "reason_text": "Inv", "source_id": "b", "host_agency": "B PD"},
    ]

    assert (1, 1, 1) == count(rows)


def test_a_row_without_id_joins_the_one_with_an_id():
    """The same fields in a log with ids and in one without are one search."""
    rows = [{"search_id": ID, "networks_n": 5}, {"networks_n": 5, "source_id": "b", "host_agency": "B PD"}]

    assert (1, 1, 1) == count(rows)


def test_zero_networks_is_a_value_of_the_key_and_no_reason_to_drop_a_row():
    """0 networks does not mean that nothing was searched."""
    assert 1 == count([{"networks_n": 0}, {"networks_n": 0, "source_id": "b", "host_agency": "B PD"}])[0]


def test_the_same_fields_twice_in_one_file_may_be_two_searches():
    """Two rows of one file with the same fields: one search or two, in the bounds."""
    assert (1, 1, 2) == count([{"networks_n": 5}, {"networks_n": 5}])


def test_an_id_without_a_name_may_be_a_search_known_by_its_fields():
    """A redacted agency keeps an id from being matched: the bounds allow for it."""
    rows = [
        {"search_id": ID, "searcher_agency_as_printed": None, "source_id": "b", "host_agency": "B PD"},
        {"source_id": "b", "host_agency": "B PD", "search_id": OTHER},
        {},
    ]

    assert 2 == count(rows)[0]
    rows[1]["networks_n"] = rows[0]["networks_n"] = 3
    assert (3, 2, 3) == count([*rows[:2], {"networks_n": 9}])


def test_logs_that_print_one_search_differently_are_in_the_bounds():
    """100 searches in two logs without ids.

    In one, 20 print one network more and 10 a second more: 130, and maybe 100.
    """
    first = [
        {"searched_at": f"2025-07-01 {n // 60:02d}:{n % 60:02d}:01", "networks_n": 5} for n in range(100)
    ]
    other = [row | {"source_id": "b", "host_agency": "B PD"} for row in first]
    other[:20] = [row | {"networks_n": 6} for row in other[:20]]
    other[50:60] = [row | {"searched_at": row["searched_at"].replace(":01", ":02")} for row in other[50:60]]

    assert (130, 100, 130) == count([*first, *other])


def test_redacted_logs_stay_rows():
    """Without agency and id no row can be told from another: between one search and all rows."""
    rows = [
        {"searcher_agency_as_printed": None, "host_agency": None, "searched_at": "2018-03-01 00:00:00"}
    ] * 3
    rows += [{"searcher_agency_as_printed": "S PD", "source_id": "n", "searched_at": "2018-03-01 00:00:05"}]
    table = make_log(rows)
    table.loc[:2, "searched_at"] = pd.NaT

    found = same.count_searches(same.key_rows(read(table)))
    assert (1, 1, 4, 3) == (found.value, found.low, found.high, found.lone_n)


def test_times_cut_to_the_hour_tell_no_search_apart():
    """A log in whole hours has no key: its rows stay rows, and those that differ are the floor."""
    rows = [{"searched_at": f"2025-07-01 {hour:02d}:00:00", "networks_n": hour % 3} for hour in range(12)] * 2

    assert (0, 12, 24) == count(rows)


def test_steps_take_off_each_kind_of_repeat_once():
    """Within a file, in a re-release, in both audits of an agency, in another agency's log: by hand."""
    rows = [
        {"search_id": ID, "source_id": "net", "searcher_agency_as_printed": "A PD"},
        {"search_id": ID, "source_id": "net", "searcher_agency_as_printed": "A PD"},
        {"search_id": ID, "source_id": "net-again", "searcher_agency_as_printed": "A PD"},
        {"search_id": OTHER, "source_id": "net"},
        {"search_id": OTHER, "source_id": "net-again"},
        {"search_id": ID, "source_id": "org", "searcher_agency_as_printed": "A PD"},
        {"search_id": ID, "source_id": "b", "host_agency": "B PD", "searcher_agency_as_printed": "A PD"},
        {"search_id": OTHER, "source_id": "b", "host_agency": "B PD"},
        {"searched_at": None, "source_id": "b", "host_agency": "B PD"},
    ]

    # 9 rows: 1 again in a file, 2 again in another file of the log, 1 in both audits, 2 in another agency's
    # log, 1 alone
    assert [9, 1, 2, 1, 2, 1, 2] == count_off(rows)


def test_a_search_keeps_the_most_that_any_log_says():
    """The widest numbers, a name where any log has one."""
    rows = [
        {"search_id": ID, "networks_n": 4},
        {
            "search_id": ID,
            "source_id": "c",
            "host_agency": "C PD",
            "networks_n": 9,
            "searcher_agency_as_printed": None,
        },
    ]
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
    keyed = same.key_rows(read(log[own]))

    assert same.count_searches(keyed).value == truth[own.to_numpy()]["event_n"].nunique()
    both = same.count_steps(keyed).set_index("step").loc["own searches in both audits", "rows_n"]
    pairs = (
        truth[own.to_numpy()]
        .assign(is_org=log.loc[own, "source_id"].str.endswith("-org").to_numpy())
        .groupby("event_n")["is_org"]
        .nunique()
    )
    assert (pairs == 2).sum() == both > 100


def count_plainly(rows):
    """Count searches over logs without ids by comparing what identifies one: a set."""
    return len(
        {(row["searcher_agency_as_printed"].lower(), row["searched_at"], row["networks_n"]) for row in rows}
    )


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
    """Any order of the rows, and any split of a log into files, has the same searches."""
    mixed = data.draw(st.permutations(rows))
    split = [row | {"source_id": f"{row['source_id']}{data.draw(st.integers(0, 1))}"} for row in mixed]

    assert count_plainly(rows) == count(rows)[0] == count(split)[0]
