"""Counts by rule and the range over rules, by hand."""

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.reasons import (
    count_buckets,
    count_rules,
    count_states,
    load_rule_sets,
    range_rules,
    range_subjects,
    tally_reasons,
)
from helpers.searches import engine

SETS = load_rule_sets(["house-immigration", "newsroom-contains", "word-boundary"])
# text: explicit, explicit or agency, any sense, letters anywhere, whole word
REASONS = {
    "immigration": (1, 1, 1, 1, 1),
    "HSI": (0, 1, 1, 0, 0),
    "ICE": (0, 0, 1, 1, 1),
    "meth/ice": (0, 0, 0, 1, 1),
    "Police assist": (0, 0, 0, 1, 0),
    "Inv": (0, 0, 0, 0, 0),
    "<masked>": (0, 0, 0, 0, 0),
    "<empty>": (0, 0, 0, 0, 0),
}
AGENCIES = ["A ZZ PD"] * 5 + ["B ZZ PD"] * 3


@pytest.fixture(scope="module")
def tally(make_log):
    """Count the eight reasons by agency."""
    log = make_log(list(REASONS), searcher_agency_as_printed=AGENCIES)
    return tally_reasons(engine.read_log(engine.connect(), log), SETS, ["searcher_agency_as_printed"])


def test_each_rule_finds_what_was_counted_by_hand(tally):
    """Readings of a set are rules of their own; rows without a text are in no rule's reach."""
    counts = count_rules(tally, SETS)

    assert [sum(column) for column in zip(*REASONS.values())] == counts["found_n"].tolist()
    assert {6} == set(counts["text_n"]) and {8} == set(counts["rows_n"])


def test_counts_by_agency_add_up(tally):
    """Agencies with nothing found keep their line with 0."""
    by = ["searcher_agency_as_printed"]
    counts = count_rules(tally, SETS, by)
    summed = counts.groupby("rule", sort=False)["found_n"].sum()

    assert [0] * 5 == counts.loc[counts[by[0]] == "B ZZ PD", "found_n"].tolist()
    assert count_rules(tally, SETS).set_index("rule")["found_n"].to_dict() == summed.to_dict()


def test_the_range_names_its_ends(tally):
    """Fewest and most, by which rule, and how many times more; no width names all rules, no low has no factor."""
    whole = range_rules(count_rules(tally, SETS)).iloc[0]
    by = range_rules(count_rules(tally, SETS, ["searcher_agency_as_printed"]), ["searcher_agency_as_printed"])

    assert (1, "house-immigration: explicit", 4, "newsroom-contains", 5, 4.0) == (
        whole["low_n"], whole["low_rule"], whole["high_n"], whole["high_rule"], whole["rules_n"], whole["factor"],
    )  # fmt: skip
    assert ("all rules", "all rules", 0, 1) == tuple(by.loc[1, ["low_rule", "high_rule", "high_n", "text_n"]])
    assert pd.isna(by.loc[1, "factor"])


def test_one_rule_has_no_range(tally):
    """A range over one rule would be the one number that nobody should print."""
    with pytest.raises(DataError, match="two rules or more"):
        range_rules(count_rules(tally, SETS[2:]))


def test_buckets_and_states(tally):
    """Three buckets, another sense, no label; states without a text apart from `none`."""
    buckets = count_buckets(tally, SETS[0]).iloc[0].to_dict()
    states = count_states(tally)

    assert {
        "explicit_civil_immigration": 1, "agency_named": 1, "ambiguous": 1, "other_sense": 1, "none": 2, "empty": 1, "masked": 1,
    } == buckets  # fmt: skip
    assert [("text", 6, 0.75), ("empty", 1, 0.125), ("masked", 1, 0.125)] == list(
        states.itertuples(index=False, name=None)
    )
    assert [1.0, 1.0] == count_states(tally, ["searcher_agency_as_printed"]).groupby(
        "searcher_agency_as_printed"
    )["share"].sum().tolist()
    assert [[1, 1, 1, 1], [0, 0, 0, 0]] == count_buckets(tally, SETS[0], ["searcher_agency_as_printed"]).iloc[
        :, :4
    ].to_numpy().tolist()


def test_a_rule_more_changes_the_range_and_not_the_log(tally):
    """Without the naive rule the range is narrower; what the others find, and the rows, stay."""
    wide, narrow = count_rules(tally, SETS), count_rules(tally, SETS[::2])
    shared = wide[wide["rule"].isin(narrow["rule"])].reset_index(drop=True)

    pd.testing.assert_frame_equal(shared, narrow)
    assert range_rules(wide)["high_n"][0] > range_rules(narrow)["high_n"][0]


def test_subjects_have_their_own_ranges(make_log):
    """One line for each subject with two rules or more."""
    sets = load_rule_sets(["traffic-contains", "traffic-house", "protest-house"])
    log = make_log(["drug trafficking", "traffic stop", "protest", "riot", "theft"])
    ranges = range_subjects(tally_reasons(engine.read_log(engine.connect(), log), sets), sets)

    assert [("traffic", 1, 2), ("protest", 1, 2)] == list(
        ranges[["subject", "low_n", "high_n"]].itertuples(index=False, name=None)
    )
