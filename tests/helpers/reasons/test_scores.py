"""Grades against a truth by hand; intervals against statsmodels and against many simulated samples."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from helpers.errors import DataError
from helpers.reasons import grade_rules, load_rule_sets, score_rules, tally_reasons
from helpers.reasons.scores import Stratum, bound_total
from helpers.searches import engine
from helpers.simulate.log import build_log


def test_grades_by_hand(make_log):
    """Five true rows, one of them masked: what a whole-word rule finds of them, and by mistake."""
    sets = load_rule_sets(["word-boundary", "house-immigration"])
    log = make_log(["ICE", "immigration", "inv", "HSI", "<masked>", "ice, 3 grams", "theft"])
    truth = [True] * 5 + [False] * 2
    table = engine.read_log(engine.connect(), log)
    tally = tally_reasons(table.mutate(is_true=table.row_no <= sum(truth)), sets, ["is_true"])
    grades = grade_rules(tally, sets, tally["is_true"]).set_index("rule")

    assert (5, 4, 3, 2, 1, 3) == tuple(
        grades.loc["word-boundary", ["true_n", "true_text_n", "found_n", "hit_n", "false_n", "missed_n"]]
    )
    assert (2 / 3, 2 / 5, 2 / 4) == tuple(grades.loc["word-boundary", ["precision", "recall", "recall_text"]])
    assert [1, 2, 3] == grades["hit_n"].tolist()[1:]
    assert [0, 0, 0] == grades["false_n"].tolist()[1:]


def test_grades_of_the_simulated_log_are_those_of_a_loop():
    """The teaching log row by row in Python, truth beside it."""
    sets = load_rule_sets(["flock-flag", "whole-cell"])
    log, truth = build_log(11, 2_500)
    wanted = engine.read_log(engine.connect(), log.assign(host_agency=truth["purpose"]))
    tally = tally_reasons(wanted, sets, ["host_agency"])
    grades = grade_rules(tally, sets, tally["host_agency"] == "civil_immigration")
    is_true = (truth["purpose"] == "civil_immigration").to_numpy()
    for rules, row in zip(sets, grades.itertuples(), strict=True):
        found = np.array(
            [isinstance(text, str) and bool(rules.classify(text)) for text in log["reason_text"]]
        )
        assert (is_true.sum(), found.sum(), (found & is_true).sum()) == (row.true_n, row.found_n, row.hit_n)


def test_grades_without_truth_divide_by_nothing(make_log):
    """No true row and nothing found: shares are missing, not zero."""
    sets = load_rule_sets(["word-boundary"])
    tally = tally_reasons(engine.read_log(engine.connect(), make_log(["theft"])), sets)
    grades = grade_rules(tally, sets, pd.Series(False, index=tally.index))

    assert grades[["precision", "recall", "recall_text"]].isna().all(axis=None)


def test_a_stratum_looked_through_is_known():
    """Nothing is open where all rows were coded."""
    assert (1, 1, 1) == bound_total([Stratum(1, 4, 4)])
    total, low, high = bound_total([Stratum(1, 4, 5)])
    assert low < total == 1.25 < high
    for wrong in (Stratum(5, 4, 9), Stratum(-1, 4, 9), Stratum(0, 0, 9), Stratum(1, 4, 3)):
        with pytest.raises(DataError):
            bound_total([wrong])


def test_total_of_one_stratum_is_wilsons_and_of_two_is_narrower_than_their_sum():
    """One stratum: Wilson's own bounds times its rows. Two: root of squares of the distances, by hand."""
    one, two = [Stratum(3, 10, 1_000)], [Stratum(3, 10, 1_000), Stratum(0, 20, 500)]
    (l1, u1), (l2, u2) = (
        proportion_confint(3, 10, method="wilson"),
        proportion_confint(0, 20, method="wilson"),
    )
    total, low, high = bound_total(two)

    assert (300, 1_000 * l1, 1_000 * u1) == pytest.approx(bound_total(one))
    assert 300 == pytest.approx(total)
    assert 300 - 1_000 * (0.3 - l1) == pytest.approx(low)
    assert 300 + ((1_000 * (u1 - 0.3)) ** 2 + (500 * u2) ** 2) ** 0.5 == pytest.approx(high)


def draw_coded(pick, stratum_n=30):
    """Draw a coded sample from three strata whose truth is known: found with share 0.8, 0.4; not found with 0.05."""
    rows = []
    for stratum, whole, share in (("1a", 400, 0.8), ("1b", 900, 0.4), ("0", 4_000, 0.05)):
        true = np.zeros(whole, bool)
        true[: int(whole * share)] = True
        for is_true in pick.permutation(true)[:stratum_n]:
            rows.append((stratum, whole, stratum[0] == "1", "yes" if is_true else "no"))
    return pd.DataFrame(rows, columns=["stratum", "stratum_rows_n", "rule: r", "code"])


def test_intervals_hold_the_truth_in_most_samples():
    """Of 150 simulated samples at least 92 in 100 intervals of precision hold the true one, and of recall at least 95."""
    pick = np.random.default_rng(5)
    precision, recall = (400 * 0.8 + 900 * 0.4) / 1_300, 680 / (680 + 200)
    scores = pd.concat([score_rules(draw_coded(pick)) for _ in range(150)], ignore_index=True)
    holds = [((scores[f"{name}_low"] <= truth) & (truth <= scores[f"{name}_high"])).mean()
             for name, truth in (("precision", precision), ("recall", recall))]  # fmt: skip

    assert holds[0] >= 0.92 and holds[1] >= 0.95
    assert abs(scores["precision"].mean() - precision) < 0.01
    assert (scores["rows_n"] == 1_300).all() and (scores["coded_n"] == 60).all()


def test_unclear_widens_and_a_stratum_without_codes_says_nothing():
    """`unclear` moves both ends outwards and leaves the estimate; an uncoded stratum leaves every score missing."""
    coded = draw_coded(np.random.default_rng(1))
    doubtful = coded.assign(code=coded["code"].where(coded.index % 10 != 0, "unclear"))
    plain = score_rules(coded[coded.index % 10 != 0]).iloc[0]
    wide = score_rules(doubtful).iloc[0]
    none = score_rules(coded.assign(code=coded["code"].where(coded["stratum"] != "1b", ""))).iloc[0]

    assert plain["precision"] == wide["precision"]
    assert wide["precision_low"] < plain["precision_low"] and wide["precision_high"] > plain["precision_high"]
    assert none[["precision", "recall_high"]].isna().all()
