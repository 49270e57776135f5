"""How far two rules agree beyond chance: Cohen's kappa, from whole numbers."""

from collections.abc import Sequence
from fractions import Fraction

import pandas as pd

from helpers.reasons.classify import STATE, STATES
from helpers.reasons.rule_sets import RuleSet
from helpers.searches.suppression import FEWEST


def measure_agreement(
    tally: pd.DataFrame, rule_sets: Sequence[RuleSet], fewest: int = FEWEST
) -> pd.DataFrame:
    """Compare every two rules on the rows that have a text.

    Parameters
    ----------
    tally
        From `tally_reasons`, with the same rule sets.
    rule_sets
        Their readings are the rules.
    fewest
        Of pairs that agree on fewer rows, or on which only one of the two finds fewer, but not none, nothing is told.

    Returns
    -------
    DataFrame, one row for each pair, in the order of the rules: rule, other, both_n, only_rule_n, only_other_n, neither_n
    [rows], agree_share, kappa (missing where chance alone would agree on everything).
    Counts and kappa of a pair of which nothing is told are missing.

    Notes
    -----
    Kappa compares two rules with each other, not with the truth: two rules that are wrong together agree. Where few
    rows are found at all, agreement by chance is high and kappa is low for it.
    """
    texts = tally[tally[STATE] == STATES[0]]
    found = {
        rule: texts[rules.name].isin(labels)
        for rules in rule_sets
        for rule, labels in rules.list_rules().items()
    }
    rows, names = [], list(found)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            cells = [
                int(texts.loc[(found[one] == first) & (found[other] == second), "rows_n"].sum())
                for first, second in ((True, True), (True, False), (False, True), (False, False))
            ]
            kappa, total = compute_kappa(*cells), sum(cells)
            share = (cells[0] + cells[3]) / total if total else None
            rows.append([one, other, *cells, share, None if kappa is None else float(kappa)])
    columns = ["rule", "other", "both_n", "only_rule_n", "only_other_n", "neither_n", "agree_share", "kappa"]
    pairs = pd.DataFrame(rows, columns=columns).astype({"agree_share": "float64", "kappa": "float64"})
    parts = pairs[["both_n", "only_rule_n", "only_other_n"]]
    is_small = ((parts > 0) & (parts < fewest)).any(axis="columns")
    counts = {name: pairs[name].astype("Int64").mask(is_small) for name in columns[2:6]}
    return pairs.assign(**counts, **{name: pairs[name].mask(is_small) for name in columns[6:]})


def compute_kappa(both: int, only_one: int, only_other: int, neither: int) -> Fraction | None:
    """Compute Cohen's kappa of two yes-or-no judgments, exactly.

    Parameters
    ----------
    both, only_one, only_other, neither
        How often each pair of judgments occurs.

    Returns
    -------
    Fraction between -1 and 1; None where both judge everything alike and by chance would have to.

    Notes
    -----
    (observed - expected) / (1 - expected) of Cohen (1960), with the total multiplied out.
    """
    below = (both + only_one) * (only_one + neither) + (both + only_other) * (only_other + neither)
    return Fraction(2 * (both * neither - only_one * only_other), below) if below else None


def arrange_kappa(agreement: pd.DataFrame) -> pd.DataFrame:
    """Arrange kappa as a square table: rules by rules, 1 on the diagonal.

    Parameters
    ----------
    agreement
        From `measure_agreement`.

    Returns
    -------
    DataFrame whose index and columns are the rules, in their order.
    """
    names = list(dict.fromkeys([*agreement["rule"], *agreement["other"]]))
    square = pd.DataFrame(1.0, index=names, columns=names)
    for row in agreement.itertuples():
        square.loc[row.rule, row.other] = square.loc[row.other, row.rule] = row.kappa
    return square
