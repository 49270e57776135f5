"""Behaviour of `helpers.doors.rules.states`.

What would need a look, by hand, and what an export cannot show.
"""

import pandas as pd
import pytest

from helpers.doors.rules import _place_cases as place_cases
from helpers.doors.rules import check_sharing, count_sharing, load_rulebook
from helpers.errors import DataError

COLUMNS = ["host", "host_state", "searcher", "state", "party", "door", "named", "named_for", "month"]
CASES = [
    ("A CA PD", "CA", "B CA PD", "CA", "local", "front", "nobody", "", 202503),
    ("A CA PD", "CA", "B TX PD", "TX", "local", "back", "hidden", "", 202503),
    ("A CA PD", "CA", "B PD", "", "local", "front", "nobody", "", 202503),
    ("A CA PD", "CA", "ICE", "", "federal", "front", "nobody", "", 202503),
    ("A CA PD", "CA", "B CA PD", "CA", "local", "side", "federal", "hsi", 202503),
    ("A CA PD", "CA", "", "", "unknown", "undetermined", "nobody", "", 202503),
    ("A CA PD", "CA", "ICE", "", "federal", "front", "nobody", "", 201512),
    ("A CA PD", "CA", "A CA PD", "CA", "own", "own", "nobody", "", 202503),
    ("A CA PD", "CA", "A CA PD", "CA", "own", "side", "federal", "ice", 202503),
    ("A IL PD", "IL", "B IL PD", "IL", "local", "side", "federal", "ice", 202503),
    ("A IL PD", "IL", "B TX PD", "TX", "local", "undetermined", "unsure", "immigration", 202503),
]
LOOK, NOTHING, UNSEEN, BEFORE = "would need a look", "nothing seen", "cannot be seen", "before the rule"


def check(name, order=1):
    """Check the cases above against a book; also as a table of words: rows are cases, columns rules."""
    frame = pd.DataFrame(CASES, columns=COLUMNS).assign(rows_n=2, source_id="a", first_row=range(len(CASES)))
    checked = check_sharing(frame.iloc[::order], load_rulebook(name), fewest=0)
    return checked, checked.pivot(index="first_row", columns="rule", values="status")


def test_california_by_hand():
    """Who is federal, of another state, or searched for a federal agency needs a look."""
    _, words = check("us-ca-1798-90-55")

    assert {
        0: [NOTHING, NOTHING, NOTHING, NOTHING],
        1: [NOTHING, NOTHING, UNSEEN, LOOK],
        2: [NOTHING, NOTHING, NOTHING, UNSEEN],
        3: [NOTHING, LOOK, NOTHING, NOTHING],
        4: [NOTHING, NOTHING, LOOK, NOTHING],
        5: [UNSEEN, UNSEEN, NOTHING, UNSEEN],
        6: [BEFORE, BEFORE, BEFORE, BEFORE],
        8: [NOTHING, NOTHING, LOOK, NOTHING],
    } == {
        row: words.loc[row, ["company", "federal", "for-federal", "other-state"]].tolist()
        for row in words.index
    }


def test_illinois_by_hand():
    """Only hosts of Illinois; ICE or immigration in a reason, and a reader of another state."""
    _, words = check("us-il-2-130")

    assert {9: [LOOK, NOTHING], 10: [LOOK, LOOK]} == {
        row: words.loc[row, ["immigration", "other-state"]].tolist() for row in words.index
    }


def test_few_reasons_are_not_told():
    """Two rows that name a federal agency at one host cannot be seen; who reads is no reason."""
    frame = pd.DataFrame(CASES, columns=COLUMNS).assign(rows_n=2, source_id="a", first_row=range(len(CASES)))
    checked = check_sharing(frame, load_rulebook("us-ca-1798-90-55"))
    words = checked.pivot(index="first_row", columns="rule", values="status")

    assert (UNSEEN, LOOK) == (words.loc[4, "for-federal"], words.loc[3, "federal"])


def test_counts_hold_every_status():
    """Each rule has all four words, and the rows add up."""
    checked, words = check("us-ca-1798-90-55")
    counted = count_sharing(checked, load_rulebook("us-ca-1798-90-55"))

    assert [LOOK, NOTHING, UNSEEN, BEFORE] == list(counted.columns) and len(counted) == 4
    assert {2 * len(words)} == set(counted.sum(axis="columns"))


def test_states_of_invented_names_are_read_only_where_told():
    """ZZ is no state, but where the simulated list says so; inside a word it is nothing."""
    frame = pd.DataFrame(
        [
            ("Exampleton ZZ PD", "", "Copperline YY PD", "", "local"),
            ("Exampleton ZZ PD", "", "FizzZZy PD", "", "local"),
        ],
        columns=["host", "host_state", "searcher", "state", "party"],
    )

    assert ["no_state", "no_state"] == place_cases(frame)["where"].tolist()
    assert ["other_state", "no_state"] == place_cases(frame, ["ZZ", "YY"])["where"].tolist()


def test_a_book_of_queries_is_not_for_cases():
    """The two kinds are told apart."""
    with pytest.raises(DataError, match="check_queries"):
        check("ice-2017")


def test_order_changes_nothing():
    """The cases in another order give the same counts."""
    book = load_rulebook("us-ca-1798-90-55")
    one, other = (count_sharing(check("us-ca-1798-90-55", order)[0], book) for order in (1, -1))

    pd.testing.assert_frame_equal(one, other)
