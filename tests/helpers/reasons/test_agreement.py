"""Cohen's kappa: published examples, the textbook formula and statsmodels say the same."""

from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from helpers.reasons import arrange_kappa, load_rule_sets, measure_agreement, tally_reasons
from helpers.reasons.agreement import compute_kappa
from helpers.searches import engine


@pytest.mark.parametrize(
    ("cells", "kappa"),
    [
        # the worked examples of the encyclopedia article on Cohen's kappa
        ((20, 5, 10, 15), Fraction(2, 5)),
        ((45, 15, 25, 15), Fraction(3, 23)),
        ((25, 35, 5, 35), Fraction(7, 27)),
        ((7, 0, 0, 9), Fraction(1)),
        ((0, 5, 5, 0), Fraction(-1)),
        ((9, 0, 0, 0), None),
        ((0, 0, 0, 9), None),
        ((0, 0, 0, 0), None),
    ],
)
def test_known_values(cells, kappa):
    """Exact fractions; none where chance alone would agree on everything."""
    assert kappa == compute_kappa(*cells)


@given(st.tuples(*[st.integers(0, 60)] * 4))
def test_kappa_is_the_textbook_formula(cells):
    """(observed - expected) / (1 - expected), in fractions; and statsmodels' figure."""
    a, b, c, d = cells
    n = sum(cells)
    found = compute_kappa(*cells)
    if not n:
        assert found is None
        return
    observed = Fraction(a + d, n)
    expected = Fraction(a + b, n) * Fraction(a + c, n) + Fraction(c + d, n) * Fraction(b + d, n)
    if expected == 1:
        assert found is None
        return

    assert (observed - expected) / (1 - expected) == found
    assert cohens_kappa([[a, b], [c, d]], return_results=False) == pytest.approx(float(found), abs=1e-12)


def test_rules_are_compared_row_by_row(make_log):
    """Rules that find as many rows and not the same ones disagree; rows without a text are left out."""
    sets = load_rule_sets(["word-boundary", "whole-cell", "newsroom-contains"])
    log = make_log(["ICE", "ICE hold", "police", "theft", "theft", "<masked>", "<empty>"])
    measured = measure_agreement(tally_reasons(engine.read_log(engine.connect(), log), sets), sets, fewest=0)
    cells = measured[["both_n", "only_rule_n", "only_other_n", "neither_n"]]

    assert [[1, 1, 0, 3], [2, 0, 1, 2], [1, 0, 2, 2]] == cells.to_numpy().tolist()
    assert [0.8, 0.8, 0.6] == measured["agree_share"].tolist()
    assert [float(compute_kappa(*row)) for row in cells.to_numpy().tolist()] == measured["kappa"].tolist()


def test_a_pair_that_few_rows_tell_apart_is_not_told(make_log):
    """One row that only one rule finds: no count and no kappa, from which it could be had."""
    sets = load_rule_sets(["word-boundary", "whole-cell"])
    log = make_log(["ICE"] * 20 + ["ICE hold"] + ["theft"] * 40)
    (row,) = measure_agreement(tally_reasons(engine.read_log(engine.connect(), log), sets), sets).to_dict("records")

    assert pd.isna([row["both_n"], row["only_rule_n"], row["only_other_n"], row["agree_share"], row["kappa"]]).all()


def test_square_is_even():
    """The square holds each pair twice, 1 on the diagonal, a gap where there is no kappa."""
    measured = pd.DataFrame({"rule": ["a", "a", "b"], "other": ["b", "c", "c"], "kappa": [0.5, None, -0.25]})
    square = arrange_kappa(measured)

    assert ["a", "b", "c"] == square.index.tolist() == square.columns.tolist()
    assert (1.0, 0.5, 0.5, -0.25) == (
        square.loc["a", "a"],
        square.loc["a", "b"],
        square.loc["b", "a"],
        square.loc["c", "b"],
    )
    assert pd.isna(square.loc["a", "c"]) and pd.isna(square.loc["c", "a"])
