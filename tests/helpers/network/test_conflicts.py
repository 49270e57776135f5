"""Two lists that contradict each other, by hand."""

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.network.conflicts import compare_lists, count_conflicts

COLUMNS = ["from_id", "to_id", "reported_by", "section", "as_of", "source_id", "page"]
GIVEN, TAKEN = "detections_shared", "detections_received"


def make_statements(*rows):
    """Make lines of lists from (from, to, reporter, section, date, page)."""
    return pd.DataFrame([(*row[:5], f"list-{row[2]}", row[5]) for row in rows], columns=COLUMNS)


# a and b print both lists, c only whom it shares with. a says it shares with b, b does not list a; b says that a reads
# its data and a agrees; b says that c shares with it, c's list omits it.
LISTS = make_statements(
    ("a", "b", "a", GIVEN, "2020-02-01", "p. 1"),
    ("a", "c", "a", GIVEN, "2020-02-01", "p. 1"),
    ("b", "a", "a", TAKEN, "2020-02-01", "p. 2"),
    ("b", "a", "b", GIVEN, "2020-03-02", "p. 4"),
    ("c", "b", "b", TAKEN, "2020-03-02", "p. 5"),
    ("c", "d", "c", GIVEN, "2020", None),
)


def test_outcomes_by_hand():
    """One pair agrees, one stands on the owner's list alone, one on the reader's; a to c cannot be compared."""
    table = compare_lists(LISTS)

    assert [("a", "b", "owner_only"), ("b", "a", "both"), ("c", "b", "reader_only")] == list(
        table[["from_id", "to_id", "outcome"]].itertuples(index=False, name=None)
    )
    assert ["p. 1", "p. 4"] == table["owner_page"].dropna().tolist()
    assert ["p. 2", "p. 5"] == table["reader_page"].dropna().tolist()
    assert [30, 30] == table["days_n"].dropna().tolist()
    assert table["days_n"].isna().tolist() == [False, False, True]


def test_counts_say_what_could_be_compared():
    """Three owners' lists, two readers': three by two pairs less a to a and b to b."""
    counts = count_conflicts(LISTS)

    assert (3, 2, 4, 3) == tuple(counts[key] for key in ("owners_n", "readers_n", "pairs_n", "named_n"))
    assert (1, 1, 1) == tuple(counts[key] for key in ("both_n", "owner_only_n", "reader_only_n"))


def test_order_of_lines_and_repeats_change_nothing():
    """Lines in another order, one of them twice, give the same table."""
    mixed = pd.concat([LISTS, LISTS.iloc[:1]]).sample(frac=1, random_state=2)

    pd.testing.assert_frame_equal(compare_lists(LISTS), compare_lists(mixed))


def test_one_kind_of_list_bears_no_comparison():
    """Portals print recipients only: no pair can be compared, which is no agreement."""
    counts = count_conflicts(LISTS[LISTS["section"] == GIVEN])

    assert (3, 0, 0, 0) == tuple(counts[key] for key in ("owners_n", "readers_n", "pairs_n", "named_n"))


def test_two_dates_of_one_list_are_refused():
    """Which of them counts is for the reader to say."""
    later = make_statements(("a", "d", "a", GIVEN, "2021-01-01", None))
    with pytest.raises(DataError, match="`a` released two lists"):
        compare_lists(pd.concat([LISTS, later]))
    with pytest.raises(DataError, match="no column page"):
        compare_lists(LISTS.drop(columns="page"))
