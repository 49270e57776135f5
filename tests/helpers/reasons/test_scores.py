"""Grades against a truth by hand; intervals against statsmodels and against many simulated samples."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from helpers.reasons import compare_coders, grade_rules, load_rule_sets, score_rules, tally_reasons
from helpers.reasons.scores import _bound_total as bound_total
from made.logs import make_reasons, read_log


def test_grades_by_hand():
    """Five true rows, one of them masked: what a whole-word rule finds of them, and by mistake."""
    sets = load_rule_sets(["word-boundary", "house-immigration"])
    log = make_reasons(["ICE", "immigration", "inv", "HSI", "<masked>", "ice, 3 grams", "theft"])
    truth = [True] * 5 + [False] * 2
    table = read_log(log)
    tally = tally_reasons(table.mutate(is_true=table.row_no <= sum(truth)), sets, ["is_true"])
    grades = grade_rules(tally, sets, tally["is_true"]).set_index("rule")

    words = grades.loc["word-boundary"]
    counts = ["true_n", "true_text_n", "found_n", "hit_n", "false_n", "missed_n"]
    assert words[counts].tolist() == [5, 4, 3, 2, 1, 3]
    assert words[["precision", "recall", "recall_text"]].tolist() == [2 / 3, 2 / 5, 2 / 4]
    assert [1, 2, 3] == grades["hit_n"].tolist()[1:] and [0, 0, 0] == grades["false_n"].tolist()[1:]
    # no true row and nothing found: percentages are missing, not zero
    nothing = grade_rules(tally[:0], sets, pd.Series(dtype="bool"))
    assert nothing[["precision", "recall", "recall_text"]].isna().all(axis=None)


def make_strata(*rows):
    """Make strata of (yes, no, unclear, rows of the whole)."""
    return pd.DataFrame(rows, columns=["yes", "no", "unclear", "whole"])


def test_bounds_of_strata_by_hand():
    """One stratum: Wilson's bounds times its rows. Two: root of squares."""
    (l1, u1), (l2, u2) = (proportion_confint(*n, method="wilson") for n in ((3, 10), (0, 20)))

    assert (300, 1_000 * l1, 1_000 * u1) == pytest.approx(bound_total(make_strata((3, 7, 0, 1_000))))
    two = bound_total(make_strata((3, 7, 0, 1_000), (0, 20, 0, 500)))
    high = 300 + ((1_000 * (u1 - 0.3)) ** 2 + (500 * u2) ** 2) ** 0.5
    assert (300, 300 - 1_000 * (0.3 - l1), high) == pytest.approx(two)
    assert (1, 1, 1) == bound_total(make_strata((1, 3, 0, 4)))


def draw_coded(pick, stratum_n=30):
    """Draw a coded sample from three strata: found with share 0.8 and 0.4, not found with 0.05."""
    rows = []
    for stratum, whole, share in (("1a", 400, 0.8), ("1b", 900, 0.4), ("0", 4_000, 0.05)):
        true = np.zeros(whole, bool)
        true[: int(whole * share)] = True
        for is_true in pick.permutation(true)[:stratum_n]:
            rows.append((stratum, whole, stratum[0] == "1", "yes" if is_true else "no"))
    return pd.DataFrame(rows, columns=["stratum", "stratum_rows_n", "rule: r", "code"])


def test_intervals_hold_the_truth_in_most_samples():
    """Of 80 simulated samples at least 92 in 100 intervals of precision hold the true one."""
    pick = np.random.default_rng(5)
    precision, recall = (400 * 0.8 + 900 * 0.4) / 1_300, 680 / (680 + 200)
    scores = pd.concat([score_rules(draw_coded(pick)) for _ in range(80)], ignore_index=True)
    holds = [
        ((scores[f"{name}_low"] <= truth) & (truth <= scores[f"{name}_high"])).mean()
        for name, truth in (("precision", precision), ("recall", recall))
    ]

    assert holds[0] >= 0.92 and holds[1] >= 0.95
    assert abs(scores["precision"].mean() - precision) < 0.01
    assert (scores["rows_n"] == 1_300).all() and (scores["coded_n"] == 60).all()


def test_unclear_widens_and_one_unclear_stratum_blanks_no_interval():
    """`unclear` moves both ends and leaves the estimate."""
    coded = draw_coded(np.random.default_rng(1))
    doubtful = coded.assign(code=coded["code"].where(coded.index % 10 != 0, "unclear"))
    plain, wide = score_rules(coded[coded.index % 10 != 0]).iloc[0], score_rules(doubtful).iloc[0]
    lone = pd.DataFrame([("1c", 1, True, "unclear")], columns=coded.columns)
    more = score_rules(pd.concat([coded, lone], ignore_index=True)).iloc[0]
    open_ = score_rules(coded.assign(code=coded["code"].where(coded["stratum"] != "1b", ""))).iloc[0]

    assert plain["precision"] == wide["precision"]
    assert wide["precision_low"] < plain["precision_low"] and wide["precision_high"] > plain["precision_high"]
    assert more[["precision_low", "precision_high", "recall_low", "recall_high"]].notna().all()
    assert np.isnan(more["precision"])  # E12
    assert abs(more["precision_low"] - score_rules(coded).iloc[0]["precision_low"]) < 0.01
    assert open_["precision_high"] - open_["precision_low"] > 900 / 1_300


def test_coders_are_compared_by_kappa():
    """Cohen's example: 20, 5, 10 and 15 of 50 lines give 0.4."""
    sizes = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15, ("yes", ""): 1}
    pairs = [pair for pair, n in sizes.items() for _ in range(n)]
    coded = pd.DataFrame(pairs, columns=["code_first", "code_second"]).assign(line=range(51))
    found = compare_coders(coded)

    assert (50, 35) == (found["lines_n"], found["alike_n"]) and found["kappa"] == pytest.approx(0.4)
