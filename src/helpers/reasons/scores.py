"""How good a rule is: against a known truth, or against rows coded by hand, with intervals."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from helpers.errors import DataError
from helpers.facts.intervals import bound_share
from helpers.reasons.classify import STATE, STATES
from helpers.reasons.rule_sets import RuleSet

LEVEL = 0.95


def grade_rules(tally: pd.DataFrame, rule_sets: Sequence[RuleSet], is_true: pd.Series) -> pd.DataFrame:
    """Grade rules against a truth that is known for every row, as it is for a simulated log.

    Parameters
    ----------
    tally
        From `tally_reasons`, counted by a column of the truth as well.
    rule_sets
        Their readings are the rules.
    is_true
        For each row of the tally, whether its rows are what the rules look for.

    Returns
    -------
    DataFrame, one row for each rule: rule, true_n [rows that are], true_text_n [of them, rows that have a text], found_n,
    hit_n [found and true], false_n [found and not true], missed_n [true and not found], precision, recall, recall_text
    [of those with a text]; shares are missing where they divide by nothing.
    """
    n, has_text = tally["rows_n"], tally[STATE] == STATES[0]
    true_n, true_text_n = int(n[is_true].sum()), int(n[is_true & has_text].sum())
    rows = []
    for rules in rule_sets:
        for rule, labels in rules.list_rules().items():
            found = tally[rules.name].isin(labels)
            found_n, hit_n = int(n[found].sum()), int(n[found & is_true].sum())
            shares = [hit_n / whole if whole else None for whole in (found_n, true_n, true_text_n)]
            rows.append([rule, true_n, true_text_n, found_n, hit_n, found_n - hit_n, true_n - hit_n, *shares])
    columns = [
        "rule",
        "true_n",
        "true_text_n",
        "found_n",
        "hit_n",
        "false_n",
        "missed_n",
        "precision",
        "recall",
        "recall_text",
    ]
    return pd.DataFrame(rows, columns=columns).astype(
        {"precision": "float64", "recall": "float64", "recall_text": "float64"}
    )


class Stratum(NamedTuple):
    """Coded rows of one stratum: those that are, those looked at, and all that it has."""

    hits: int
    n: int
    whole: int


def bound_total(strata: Sequence[Stratum], level: float = LEVEL) -> tuple[float, float, float]:
    """Estimate how many rows of some strata are, from a sample of each.

    Parameters
    ----------
    strata
        One or more, each with a row looked at.
    level
        Confidence.

    Returns
    -------
    Estimate and its bounds [rows].

    Raises
    ------
    DataError
        A stratum has no row looked at, more hits than those, or fewer rows than were looked at.

    Notes
    -----
    Wilson's interval in each stratum, put together by the distances between estimate and bounds (the method of
    variance estimates recovery: Zou, Huang and Zhang 2009). It keeps its width where a sample holds no hit at all, and is
    Wilson's own for one stratum.
    """
    total = below = above = 0.0
    for hits, n, whole in strata:
        if n > whole:
            raise DataError(
                "stratum", f"{n} rows looked at of {whole}", "Count the rows of the whole stratum."
            )
        bounds, share = bound_share(hits, n, level), hits / n
        total += whole * share
        if n < whole:  # else every row was looked at, and nothing is open
            below += (whole * (share - bounds.low)) ** 2
            above += (whole * (bounds.high - share)) ** 2
    whole = float(sum(part.whole for part in strata))
    return total, max(0.0, total - math.sqrt(below)), min(whole, total + math.sqrt(above))


def score_rules(coded: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """Measure precision and recall of each rule from a sample coded by hand.

    Parameters
    ----------
    coded
        From `hand_coding.read_sheet`.
    level
        Confidence.

    Returns
    -------
    DataFrame, one row for each rule: rule, rows_n [rows it finds], coded_n [coded rows among them], precision,
    precision_low, precision_high, recall, recall_low, recall_high. Rows coded `unclear` widen the interval: they count as
    not true for its low end, and as true for its high end; the estimate leaves them out. Missing where a stratum has no
    coded row.

    Notes
    -----
    Bounds of recall put the low end of what the rule finds against the high end of what it misses, and the other way
    round: they are wider than they need to be. What no rule finds is a large stratum, so that a small sample of it
    leaves recall open.
    """
    codes = coded.groupby(["stratum", "code"]).size().to_dict()
    wholes = coded.groupby("stratum")["stratum_rows_n"].first().to_dict()
    rows = []
    for name in (column for column in coded.columns if column.startswith("rule: ")):
        own = set(coded.loc[coded[name], "stratum"])
        parts = [[stratum for stratum in wholes if (stratum in own) == is_own] for is_own in (True, False)]
        coded_n = sum(n for (stratum, code), n in codes.items() if stratum in own and code)
        rows_n = int(sum(wholes[stratum] for stratum in own))
        rows.append([name.removeprefix("rule: "), rows_n, coded_n, *_score(parts, codes, wholes, level)])
    columns = ["precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"]
    return pd.DataFrame(rows, columns=["rule", "rows_n", "coded_n", *columns]).astype(
        dict.fromkeys(columns, "float64")
    )


def _score(parts: list[list[str]], codes: dict, wholes: dict, level: float) -> list[float | None]:
    """Score one rule, given the strata that it finds and those that it does not: precision with bounds, recall with bounds."""
    ends = {}
    for end, hits, looked in (
        ("middle", ["yes"], ["yes", "no"]),
        ("low", ["yes"], ["yes", "no", "unclear"]),
        ("high", ["yes", "unclear"], ["yes", "no", "unclear"]),
    ):
        counted = [
            [
                Stratum(
                    *(sum(codes.get((name, code), 0) for code in some) for some in (hits, looked)),
                    int(wholes[name]),
                )
                for name in part
            ]
            for part in parts
        ]
        if any(stratum.n == 0 for part in counted for stratum in part):
            return [None] * 6
        ends[end] = [bound_total(part, level) for part in counted]
    rows_n = sum(wholes[name] for name in parts[0])
    (hits, _, _), (missed, _, _) = ends["middle"]
    (_, hits_low, _), (_, missed_low, _) = ends["low"]
    (_, _, hits_high), (_, _, missed_high) = ends["high"]
    precision = [value / rows_n if rows_n else None for value in (hits, hits_low, hits_high)]
    return [*precision, _share(hits, missed), _share(hits_low, missed_high), _share(hits_high, missed_low)]


def _share(part: float, rest: float) -> float | None:
    return part / (part + rest) if part + rest > 0 else None
