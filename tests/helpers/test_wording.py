"""Numbers with their words."""

import pytest

from helpers.wording import say_number


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [(1, ("row",), "1 row"), (0, ("row",), "0 rows"), (2, ("row",), "2 rows"), (1234, ("row",), "1,234 rows"),
     (1, ("entry", "entries"), "1 entry"), (3, ("entry", "entries"), "3 entries"), (-1, ("row",), "-1 rows")],
)  # fmt: skip
def test_a_number_agrees_with_its_word(number, words, said):
    """One stands alone; any other number, zero too, is many."""
    assert say_number(number, *words) == said
