"""Counts by rule and the range over rules, by hand."""

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.reasons import count_rules, count_states, load_rule_sets, range_rules, tally_reasons
from made.logs import make_reasons, read_log

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
def tally():
    """Count the eight reasons by agency."""
    log = make_reasons(list(REASONS), searcher_agency_as_printed=AGENCIES)
    return tally_reasons(read_log(log), SETS, ["searcher_agency_as_printed"])


BY = ["searcher_agency_as_printed"]


def test_each_rule_finds_what_was_counted_by_hand(tally):
    """Readings of a set are rules of their own; rows without a text are in no rule's reach.

    By agency, one with nothing found keeps its line with 0; without the naive rule the others stay.
    """
    counts, by = count_rules(tally, SETS, fewest=0), count_rules(tally, SETS, BY, fewest=0)
    narrow = count_rules(tally, SETS[::2], fewest=0)

    assert [sum(column) for column in zip(*REASONS.values())] == counts["found_n"].tolist()
    assert {6} == set(counts["text_n"]) and {8} == set(counts["rows_n"])
    assert [0] * 5 == by.loc[by[BY[0]] == "B ZZ PD", "found_n"].tolist()
    assert by.groupby("rule", sort=False)["found_n"].sum().tolist() == counts["found_n"].tolist()
    shared = counts[counts["rule"].isin(narrow["rule"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, narrow)


def test_the_range_names_its_ends(tally):
    """Fewest and most, by which rule, and how many times more; no width names all rules.

    A range over one rule would be the one number that nobody should print.
    """
    whole, narrow = (range_rules(tally, sets, fewest=0).iloc[0] for sets in (SETS, SETS[::2]))
    by = range_rules(tally, SETS, BY, fewest=0)

    columns = ["low_n", "low_rule", "high_n", "high_rule", "rules_n"]
    assert whole[columns].tolist() == [1, "house-immigration: explicit", 4, "newsroom-contains", 5]
    assert narrow["high_n"] < whole["high_n"]
    ends = by.loc[1, ["low_rule", "high_rule", "high_n", "text_n"]]
    assert ends.tolist() == ["all rules", "all rules", 0, 1]
    with pytest.raises(DataError) as error:
        range_rules(tally, SETS[2:])
    assert error.value.way_out


def test_states(tally):
    """Texts, and what has none, with their shares."""
    states = count_states(tally).to_numpy().tolist()

    assert [["text", 6, 0.75], ["empty", 1, 0.125], ["masked", 1, 0.125]] == states


def test_one_search_of_a_small_town_is_not_told():
    """A town with one search.

    By agency and by month its count is hidden, and one more, so that the sum does not tell it.
    """
    (rules,) = load_rule_sets(["no-reason-tcpd"])
    label = rules.labels[0].name
    rows = [
        ("Tinytown", 1, label),
        ("Midtown", 12, label),
        ("Bigtown", 300, label),
        ("Bigtown", 500, ""),
        ("Midtown", 90, ""),
    ]
    tally = pd.DataFrame(rows, columns=["agency", "rows_n", rules.name]).assign(reason_state="text")
    counts = count_rules(tally, [rules], ["agency"]).drop_duplicates("agency").set_index("agency")

    assert counts["found_n"].isna().to_dict() == {"Bigtown": False, "Midtown": True, "Tinytown": True}
    assert counts["rows_n"].to_dict() == {"Bigtown": 800, "Midtown": 102, "Tinytown": 1}
    assert pd.isna(count_rules(tally[:1], [rules])["found_n"]).all()
