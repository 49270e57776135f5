"""Behaviour of `helpers.searches.cells`: cells without a value, columns of one value, breaks of the form."""

import pandas as pd

from helpers.canonical import CELL_STATES
from helpers.searches import cells
from helpers.searches.logs import list_logs
from helpers.simulate import world
from made.logs import make_log, read_log

from .conftest import ZONE


def test_states_are_counted_apart():
    """Empty, masked, redacted, placeholder and not exported are five facts."""
    rows = [{"reason_text": None, "reason_text_cell": state} for state in CELL_STATES[1:]]
    rows += [{"reason_text": "x"}] * 2
    census = cells.count_cells(read_log(make_log(rows))).set_index("field")

    assert [2, 1, 1, 1, 1, 1] == census.loc["reason_text", list(CELL_STATES)].tolist()
    assert 7 == census.loc["plate", "not_exported"] and (census.sum(axis=1) == 7).all()


def test_columns_of_one_value_are_found_and_not_told():
    """An overwritten column is found in one file of two; 19 rows are too few."""
    rows = [{"reason_text": "CANARYREASON", "networks_n": n} for n in range(20)]
    other = {"source_id": "b", "searcher_agency_as_printed": "A PD"}
    rows += [other | {"reason_text": str(n)} for n in range(20)]
    found = cells.find_constants(read_log(make_log(rows)))

    names = ["reason_text", "searcher_agency_as_printed"]
    assert [["a", name, 20] for name in names] == found.to_numpy().tolist()
    assert "CANARY" not in found.to_json()
    assert cells.find_constants(read_log(make_log(rows[:19]))).empty


def make_days(states):
    """Make a log of one row a day, in which a column has one state after another."""
    days = pd.date_range("2025-07-01 20:00:01", periods=len(states))
    return [{"searched_at": day, "devices_n_cell": state} for day, state in zip(days, states, strict=True)]


def test_the_day_on_which_a_column_goes_is_found():
    """A column that is not exported any more is a break; three odd days are none, nor is one format."""
    states = ["value"] * 6 + ["empty"] * 2 + ["masked"] * 3 + ["value"] * 3 + ["not_exported"] * 10
    log, one = read_log(make_log(make_days(states))), read_log(make_log(make_days(["value"] * 20)))
    (found,) = cells.find_breaks(log, list_logs(log), "UTC").to_dict("records")

    assert (found["field"], found["before"], found["after"]) == ("devices_n", "shown", "not_exported")
    days = pd.Timestamp("2025-07-14"), pd.Timestamp("2025-07-15")
    assert (found["last_before"], found["first_after"]) == days
    assert cells.find_breaks(one, list_logs(one), "UTC").empty


def test_breaks_of_the_simulated_log_are_found(teaching):
    """The form loses columns on the told day in every network log that reaches it."""
    log = read_log(teaching[0])
    breaks = cells.find_breaks(log, list_logs(log), ZONE)
    network = breaks[breaks["kind"] == "network"]

    assert {pd.Timestamp(world.BREAK_ON)} == set(network["first_after"]) and 4 == network["host"].nunique()
    lost = {"devices_n", "officer", "plate", "case_number", "plate_state", "search_id"}
    assert lost == set(network["field"])


def test_known_breaks_are_those_within_the_span():
    """Both known days within the winter, none before, each with what changed."""
    known = cells.list_known_breaks(pd.Timestamp("2025-11-01"), pd.Timestamp("2026-02-01"))

    assert ["2025-12-17", "2026-01-01"] == known["day"].dt.strftime("%Y-%m-%d").tolist()
    assert known["what"].str.len().min() > 20
    assert cells.list_known_breaks(pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-16")).empty
