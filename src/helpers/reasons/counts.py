"""Counts by rule, and the range over rules: what is published is never one number."""

from collections.abc import Sequence

import pandas as pd

from helpers.errors import DataError
from helpers.reasons.classify import STATE, STATES
from helpers.reasons.rule_sets import RuleSet

_TEXT, _NONE = STATES[0], "none"
# Stands at both ends of a range that has no width.
ALL_RULES = "all rules"


def count_rules(tally: pd.DataFrame, rule_sets: Sequence[RuleSet], by: Sequence[str] = ()) -> pd.DataFrame:
    """Count the rows that each rule finds.

    Parameters
    ----------
    tally
        From `tally_reasons`, with the same rule sets.
    rule_sets
        Their readings are the rules.
    by
        Columns of the tally to count by.

    Returns
    -------
    DataFrame, one row for each group and rule, rules in the order of the sets and from the narrowest reading: by, rule,
    rule_set, found_n [rows], text_n [rows that have a text], rows_n [all rows]. A rule can only find what has a text.
    """
    by = list(by)
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


def range_rules(counts: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Give the range over rules: the fewest and the most rows that any of them finds.

    Parameters
    ----------
    counts
        From `count_rules`.
    by
        As given there.

    Returns
    -------
    DataFrame, one row for each group: by, low_n, low_rule, high_n, high_rule [rows; of rules that tie, the first; `all rules` where all do], rules_n,
    text_n, rows_n, factor (high over low; missing where the low is 0).

    Raises
    ------
    DataError
        Fewer than two rules: one rule has no range.
    """
    by = list(by)
    if counts["rule"].nunique() < 2:
        raise DataError("range over rules", f"{counts['rule'].nunique()} rule", "Take two rules or more.")
    rows = []
    for key, group in counts.groupby(by, sort=True, dropna=False) if by else [((), counts)]:
        low, high = group.loc[group["found_n"].idxmin()], group.loc[group["found_n"].idxmax()]
        factor = high["found_n"] / low["found_n"] if low["found_n"] else None
        sizes = [len(group), group["text_n"].iloc[0], group["rows_n"].iloc[0]]
        names = [low["rule"], high["rule"]] if low["found_n"] < high["found_n"] else [ALL_RULES] * 2
        rows.append([*key, low["found_n"], names[0], high["found_n"], names[1], *sizes, factor])
    columns = [*by, "low_n", "low_rule", "high_n", "high_rule", "rules_n", "text_n", "rows_n", "factor"]
    return pd.DataFrame(rows, columns=columns).astype({"factor": "float64"})


def count_buckets(tally: pd.DataFrame, rules: RuleSet, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count rows by the buckets of one rule set.

    Returns
    -------
    DataFrame, one row for each group that occurs (the index, if `by` is given) and one column for each bucket, in the
    order of the file, then `none` (a text that no label fits) and one column for each state without a text that occurs.
    """
    by = list(by)
    buckets = list(dict.fromkeys(label.bucket for label in rules.labels))
    order = [*buckets, _NONE, *STATES[1:]]
    counted = (
        tally.assign(place=name_places(tally, rules)).groupby([*by, "place"], dropna=False)["rows_n"].sum()
    )
    wide = counted.unstack("place", fill_value=0) if by else counted.to_frame().T.reset_index(drop=True)
    kept = [name for name in order if name in wide.columns or name in order[: len(buckets) + 1]]
    return wide.reindex(columns=kept, fill_value=0).rename_axis(None, axis="columns").astype("int64")


def name_places(tally: pd.DataFrame, rules: RuleSet, none: str = _NONE, before_state: str = "") -> pd.Series:
    """Name where each row of a tally belongs: a bucket, `none` for a text that no label fits, or its state without a text."""
    buckets = {label.name: label.bucket for label in rules.labels}
    return (
        tally[rules.name].map(buckets).fillna(none).where(tally[STATE] == _TEXT, before_state + tally[STATE])
    )


def count_states(tally: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Count rows by what their reason is: a text, or one of the ways of holding none.

    Returns
    -------
    DataFrame, one row for each group and state that occurs, states in the order of STATES: by, reason_state, rows_n, share
    [of the group's rows].
    """
    by = list(by)
    counted = tally.groupby([*by, STATE], dropna=False, as_index=False)["rows_n"].sum()
    total = counted.groupby(by, dropna=False)["rows_n"].transform("sum") if by else counted["rows_n"].sum()
    counted = counted.assign(share=counted["rows_n"] / total, order=counted[STATE].map(STATES.index))
    return counted.sort_values([*by, "order"], ignore_index=True).drop(columns="order")


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


def range_subjects(tally: pd.DataFrame, rule_sets: Sequence[RuleSet]) -> pd.DataFrame:
    """Give the range over rules for each subject that some rule sets look for.

    Parameters
    ----------
    tally
        From `tally_reasons`, with the same rule sets, of one subject or more.

    Returns
    -------
    DataFrame, one row for each subject with two rules or more, in the order of the sets: subject, and the columns of
    `range_rules`.
    """
    subjects = dict.fromkeys(rules.subject for rules in rule_sets)
    parts = []
    for subject in subjects:
        counts = count_rules(tally, [rules for rules in rule_sets if rules.subject == subject])
        if len(counts) > 1:
            parts.append(range_rules(counts).assign(subject=subject))
    whole = pd.concat(parts, ignore_index=True)
    return whole[["subject", *(name for name in whole.columns if name != "subject")]]
