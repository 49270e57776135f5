"""Counts by rule, and the range over rules: what is published is never one number."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.reasons.classify import STATE, STATES
from helpers.reasons.rule_sets import RuleSet
from helpers.searches.suppression import FEWEST, hide_small

_TEXT = STATES[0]
# Stands at both ends of a range that has no width.
ALL_RULES = "all rules"


def count_rules(
    tally: pd.DataFrame, rule_sets: Sequence[RuleSet], by: Sequence[str] = (), fewest: int = FEWEST
) -> pd.DataFrame:
    """Return the rows that each rule finds, small counts hidden.

    Parameters
    ----------
    tally, rule_sets
        From `tally_reasons`, and the same rule sets: their readings are the rules.
    by
        Columns of the tally to count by. Publish counts by one thing, not by two that cross.
    fewest
        The smallest count of a class that is shown [rows]; 0 shows all, for what is not published.

    Returns
    -------
    DataFrame, one row for each group and rule, rules in the order of the sets and from the narrowest
    reading: by, rule, rule_set, found_n [rows; missing where `suppression.hide_small` hides it], text_n
    [rows that have a text], rows_n [all rows]. A rule can only find what has a text.
    """
    counted = _count_all(tally, rule_sets, list(by))
    is_hidden = _hide(counted, list(by), fewest)
    return counted.assign(found_n=counted["found_n"].astype("Int64").mask(is_hidden))


def _count_all(tally: pd.DataFrame, rule_sets: Sequence[RuleSet], by: list[str]) -> pd.DataFrame:
    """Count what each rule finds, however few."""
    sizes = _sum(tally, by).rename(columns={"n": "rows_n"})
    texts = _sum(tally[tally[STATE] == _TEXT], by).rename(columns={"n": "text_n"})
    parts = []
    for rules in rule_sets:
        for rule, labels in rules.list_rules().items():
            found = _sum(tally[tally[rules.name].isin(labels)], by).rename(columns={"n": "found_n"})
            part = _join(_join(sizes, texts, by), found, by)
            parts.append(part.assign(rule=rule, rule_set=rules.name, order=len(parts)))
    counted = pd.concat(parts, ignore_index=True).sort_values(
        [*by, "order"], kind="stable", ignore_index=True
    )
    counts = counted[["found_n", "text_n", "rows_n"]].fillna(0).astype("int64")
    return pd.concat([counted[[*by, "rule", "rule_set"]], counts], axis="columns")


def _hide(counted: pd.DataFrame, by: list[str], fewest: int) -> pd.Series:
    """Say which counts of rules are to be hidden; the readings of a set are parts of one another."""
    is_hidden = pd.Series(False, index=counted.index)
    rules_n = counted["rule"].nunique()
    for _, part in counted.groupby("rule_set", sort=False):
        # rows lie group by group, the rules of a set in their order
        shape = (len(counted) // rules_n, -1)
        counts = part["found_n"].to_numpy().reshape(shape)
        wholes = part["text_n"].to_numpy().reshape(shape)[:, 0]
        order = np.argsort(counts.sum(axis=0), kind="stable")
        hidden = hide_small(pd.DataFrame(counts[:, order]), pd.Series(wholes), fewest).to_numpy()
        is_hidden[part.index] = hidden[:, np.argsort(order)].ravel()
    return is_hidden


def range_rules(
    tally: pd.DataFrame, rule_sets: Sequence[RuleSet], by: Sequence[str] = (), fewest: int = FEWEST
) -> pd.DataFrame:
    """Return the range over rules: the fewest and the most rows that any of two or more rules finds.

    Parameters
    ----------
    tally, rule_sets, by, fewest
        As for `count_rules`.

    Returns
    -------
    DataFrame, one row for each group: by, low_n, low_rule, high_n, high_rule [rows; of rules that tie, the
    first; `all rules` where all do; missing where the count is hidden], rules_n, text_n, rows_n.
    """
    by = list(by)
    counted = _count_all(tally, rule_sets, by)
    counted["is_hidden"] = _hide(counted, by, fewest)
    if counted["rule"].nunique() < 2:
        raise DataError("range over rules", f"{counted['rule'].nunique()} rule", "Take two rules or more.")
    rows = []
    for key, group in counted.groupby(by, sort=True, dropna=False) if by else [((), counted)]:
        low, high = group.loc[group["found_n"].idxmin()], group.loc[group["found_n"].idxmax()]
        ends = []
        for end in (low, high):
            rule = end["rule"] if low["found_n"] < high["found_n"] else ALL_RULES
            ends += [pd.NA, None] if end["is_hidden"] else [end["found_n"], rule]
        rows.append([*key, *ends, len(group), group["text_n"].iloc[0], group["rows_n"].iloc[0]])
    columns = [*by, "low_n", "low_rule", "high_n", "high_rule", "rules_n", "text_n", "rows_n"]
    found = pd.DataFrame(rows, columns=columns)
    return found.astype({"low_n": "Int64", "high_n": "Int64", "low_rule": "str", "high_rule": "str"})


def count_states(tally: pd.DataFrame) -> pd.DataFrame:
    """Return rows by what their reason is, in the order of STATES: reason_state, rows_n, share [of rows]."""
    counted = tally.groupby(STATE, as_index=False)["rows_n"].sum()
    counted = counted.assign(share=counted["rows_n"] / counted["rows_n"].sum())
    return counted.sort_values(STATE, key=lambda states: states.map(STATES.index), ignore_index=True)


def _sum(tally: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    if not by:
        return pd.DataFrame({"n": [tally["rows_n"].sum()]})
    return tally.groupby(by, dropna=False, as_index=False)["rows_n"].sum().rename(columns={"rows_n": "n"})


def _join(left: pd.DataFrame, right: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return (
        left.merge(right, how="left", on=by, validate="1:1")
        if by
        else pd.concat([left, right], axis="columns")
    )
