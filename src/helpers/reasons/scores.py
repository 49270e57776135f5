"""How good a rule is: compared with a known truth, or with rows coded by hand, with intervals."""

import math
from collections.abc import Sequence

import pandas as pd

from helpers.facts.intervals import bound_share
from helpers.reasons.classify import STATE, STATES
from helpers.reasons.rule_sets import RuleSet


def grade_rules(tally: pd.DataFrame, rule_sets: Sequence[RuleSet], is_true: pd.Series) -> pd.DataFrame:
    """Return how each rule does against a truth that is known for every row, as it is for a simulated log.

    Parameters
    ----------
    tally, rule_sets
        From `tally_reasons`, counted by a column of the truth as well; and the same rule sets.
    is_true
        For each row of the tally, whether its rows are what the rules look for.

    Returns
    -------
    DataFrame, one row for each rule: rule, true_n (rows that are), true_text_n (of them, rows with a text),
    found_n, hit_n (found and true), false_n, missed_n, precision, recall, recall_text (of those with a
    text).
    """
    n, has_text = tally["rows_n"], tally[STATE] == STATES[0]
    true_n, true_text_n = int(n[is_true].sum()), int(n[is_true & has_text].sum())
    rows = []
    for rules in rule_sets:
        for rule, labels in rules.list_rules().items():
            found = tally[rules.name].isin(labels)
            rows.append((rule, true_n, true_text_n, int(n[found].sum()), int(n[found & is_true].sum())))
    made = pd.DataFrame(rows, columns=["rule", "true_n", "true_text_n", "found_n", "hit_n"])
    made = made.assign(false_n=made["found_n"] - made["hit_n"], missed_n=true_n - made["hit_n"])
    wholes = {"precision": "found_n", "recall": "true_n", "recall_text": "true_text_n"}
    return made.assign(
        **{name: made["hit_n"] / made[whole].where(made[whole] > 0) for name, whole in wholes.items()}
    )


def score_rules(coded: pd.DataFrame) -> pd.DataFrame:
    """Return precision and recall of each rule, from a sample coded by hand (`hand_coding.read_sheet`).

    Returns
    -------
    DataFrame, one row for each rule: rule, rows_n (rows it finds), coded_n (coded rows among them),
    precision, precision_low, precision_high, recall, recall_low, recall_high. Rows coded `unclear` widen the
    interval: they count as not true for its low end, and as true for its high end; the estimate leaves them
    out. A stratum without a row coded yes or no leaves the estimate missing and is open, from none to all,
    in the bounds.

    Notes
    -----
    Wilson's interval of 95 percent in each stratum, combined by the distances between estimate and bounds
    (method of variance estimates recovery: Zou, Huang and Zhang 2009). Bounds of recall put the low end of
    what the rule finds against the high end of what it misses, and the other way round, and are wider than
    they need to be.
    """
    codes = pd.crosstab(coded["stratum"], coded["code"])
    codes = codes.reindex(columns=["yes", "no", "unclear"], fill_value=0)
    strata = codes.join(coded.groupby("stratum")["stratum_rows_n"].first().rename("whole"))
    rows = []
    for name in (column for column in coded.columns if column.startswith("rule: ")):
        is_own = strata.index.isin(coded.loc[coded[name], "stratum"])
        own, rest = strata[is_own], strata[~is_own]
        hits, missed, rows_n = _bound_total(own), _bound_total(rest), int(own["whole"].sum())
        precision = [value / rows_n if rows_n else math.nan for value in hits]
        recall = [_share(hits[0], missed[0]), _share(hits[1], missed[2]), _share(hits[2], missed[1])]
        coded_n = int(own[["yes", "no", "unclear"]].sum().sum())
        rows.append([name.removeprefix("rule: "), rows_n, coded_n, *precision, *recall])
    columns = ["precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"]
    return pd.DataFrame(rows, columns=["rule", "rows_n", "coded_n", *columns])


def _bound_total(strata: pd.DataFrame) -> tuple[float, float, float]:
    """Return how many rows of some strata are true: estimate (missing if a stratum has none), low, high."""
    estimate = low_n = high_n = low_off = high_off = 0.0
    for row in strata.itertuples():
        settled, n = row.yes + row.no, row.yes + row.no + row.unclear
        estimate += row.whole * row.yes / settled if settled else math.nan
        if not n:
            high_n += row.whole
            continue
        low_n += row.whole * row.yes / n
        high_n += row.whole * (row.yes + row.unclear) / n
        if n < row.whole:  # otherwise every row was looked at, and nothing is open
            low_off += (row.whole * (row.yes / n - bound_share(row.yes, n).low)) ** 2
            hits = row.yes + row.unclear
            high_off += (row.whole * (bound_share(hits, n).high - hits / n)) ** 2
    whole = float(strata["whole"].sum())
    return estimate, max(0.0, low_n - math.sqrt(low_off)), min(whole, high_n + math.sqrt(high_off))


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest > 0 else math.nan


def compare_coders(coded: pd.DataFrame) -> dict[str, float]:
    """Return how far two coders agree: lines_n (coded by both), alike_n, kappa (missing if undefined).

    `coded` is from `hand_coding.read_sheet`, with a second sheet. Kappa is Cohen's.
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    lines = coded.drop_duplicates("line")
    both = lines[(lines["code_first"] != "") & (lines["code_second"] != "")]
    names = sorted({*both["code_first"], *both["code_second"]})
    table = pd.crosstab(both["code_first"], both["code_second"])
    table = table.reindex(index=names, columns=names, fill_value=0).to_numpy()
    kappa = float(cohens_kappa(table, return_results=False)) if len(names) > 1 else math.nan
    return {"lines_n": len(both), "alike_n": int(table.trace()), "kappa": kappa}
