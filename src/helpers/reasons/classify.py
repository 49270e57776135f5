"""Give reasons their labels where the log lies: Ibis expressions, one look for all patterns before any single one.

Most reasons hold none of the words that a rule set knows. So each reason is first compared with all patterns joined
into one; only what that finds is folded and labelled, and each distinct text once. The texts never leave the engine:
what comes back are counts.
"""

from collections.abc import Sequence

import pandas as pd

from helpers.canonical import CELL_STATES
from helpers.errors import DataError
from helpers.reasons.fold import ODD, fold_text
from helpers.reasons.patterns import Pattern, check_pattern, join_patterns
from helpers.reasons.rule_sets import RuleSet
from helpers.searches import engine

STATE = "reason_state"
# What a reason can be: text to search, or one of the ways of holding none. `case_number`: only a case number was given.
# `left_out`: there was a text, and this copy of the log is one for publication, without texts.
STATES = ("text", *CELL_STATES[1:], "case_number", "left_out")


def name_states(table):
    """Name what each row's reason is, one of STATES.

    Parameters
    ----------
    table
        Ibis table with the columns of canonical `searches`.

    Returns
    -------
    Ibis column of text.
    """
    import ibis

    cell = table.reason_text_cell.fill_null("not_exported")
    return ibis.cases(
        (table.reason_text.notnull(), "text"),
        ((table.reason_origin == "case_number").fill_null(False), "case_number"),
        (cell == "value", "left_out"),
        else_=cell,
    )


def find_candidates(text, patterns: Sequence[Pattern]):
    """Say of each text whether it may hold any of the patterns, at the price of one search.

    Parameters
    ----------
    text
        Ibis column of reasons as they are.
    patterns
        All that will be searched for.

    Returns
    -------
    Ibis column of truth: true for every text in which one is found, and for every text that has to be folded first;
    missing where the text is missing.
    """
    return text.re_search("(?i)" + join_patterns([*(pattern.search for pattern in patterns), ODD]))


def _list_patterns(rule_sets: Sequence[RuleSet]) -> list[Pattern]:
    return [pattern for rules in rule_sets for label in rules.labels for pattern in label.search]


def _name_label(folded, rules: RuleSet):
    """Give the first label of a rule set that applies to a folded text, empty if none does."""
    import ibis

    branches = []
    for label in rules.labels:
        applies = folded.re_search(join_patterns([pattern.search for pattern in label.search]))
        if label.unless:
            applies &= ~folded.re_search(join_patterns([pattern.search for pattern in label.unless]))
        branches.append((applies, label.name))
    return ibis.cases(*branches, else_="")


def label_rows(table, rule_sets: Sequence[RuleSet]):
    """Add to each row of a log what each rule set calls its reason.

    Parameters
    ----------
    table
        Ibis table with the columns of canonical `searches`.
    rule_sets
        From `load_rule_sets`.

    Returns
    -------
    The same Ibis table with `reason_state` and one column for each rule set, of its name: the label, empty where none
    applies or there is no text. The bucket of a label is `RuleSet.find_bucket`.
    """
    import ibis

    _check_names(table, rule_sets)
    is_candidate = find_candidates(table.reason_text, _list_patterns(rule_sets)).fill_null(False)
    folded = fold_text(table.reason_text)
    labels = {
        rules.name: ibis.cases((is_candidate, _name_label(folded, rules)), else_="") for rules in rule_sets
    }
    return table.mutate(**{STATE: name_states(table)}, **labels)


def tally_reasons(table, rule_sets: Sequence[RuleSet], by: Sequence[str] = ()) -> pd.DataFrame:
    """Count rows by what all rule sets together call their reason: what every other count here is made from.

    Parameters
    ----------
    table
        Ibis table with the columns of canonical `searches`, and any other to count by.
    rule_sets
        From `load_rule_sets`; at least one.
    by
        Columns to count by as well.

    Returns
    -------
    DataFrame, one row for each combination that occurs, in order: the columns of `by`, reason_state, one column for
    each rule set with its label (empty for none), rows_n. It holds no text of the log. Rows add up to the log's.

    Raises
    ------
    DataError
        No rule set, or a column that is not there.
    """
    import ibis

    by = list(by)
    _check_names(table, rule_sets)
    if missing := [name for name in by if name not in table.columns]:
        raise DataError("log", f"no column {missing[0]!r} to count by", f"It has {', '.join(table.columns)}.")
    names = [rules.name for rules in rule_sets]
    totals = engine.fetch(
        table.mutate(**{STATE: name_states(table)}).group_by([*by, STATE]).agg(rows_n=ibis._.count())
    )
    found = table.filter(find_candidates(table.reason_text, _list_patterns(rule_sets)))
    texts = found.group_by([*by, "reason_text"]).agg(rows_n=ibis._.count())
    # Grouped once more, so that the folding is written once and not anew in every label.
    texts = (
        texts.mutate(folded=fold_text(texts.reason_text))
        .group_by([*by, "folded"])
        .agg(rows_n=ibis._.rows_n.sum())
    )
    labelled = texts.mutate(**{rules.name: _name_label(texts.folded, rules) for rules in rule_sets})
    counted = labelled.group_by([*by, *names]).agg(rows_n=labelled.rows_n.sum())
    hits = engine.fetch(counted).assign(**{STATE: "text"})
    return _add_rest(totals, hits, by, names)


def _add_rest(totals: pd.DataFrame, hits: pd.DataFrame, by: list[str], names: list[str]) -> pd.DataFrame:
    """Put the rows that no pattern found beside those that one did."""
    keys = [*by, STATE]
    totals = totals.assign(**dict.fromkeys(names, ""))
    if hits.empty:
        return totals[[*keys, *names, "rows_n"]]
    taken = hits.assign(**dict.fromkeys(names, ""), rows_n=-hits["rows_n"])
    whole = pd.concat([part[[*keys, *names, "rows_n"]] for part in (totals, taken, hits)], ignore_index=True)
    summed = whole.groupby([*keys, *names], dropna=False, sort=True, as_index=False)["rows_n"].sum()
    return summed[summed["rows_n"] > 0].reset_index(drop=True)


def count_patterns(table, patterns: Sequence[str]) -> pd.DataFrame:
    """Count the rows whose reason holds each of some patterns.

    Parameters
    ----------
    table
        Ibis table with a column `reason_text`.
    patterns
        As in a rule file, in small letters.

    Returns
    -------
    DataFrame in the order given: pattern, rows_n.

    Raises
    ------
    DataError
        A pattern that engines would read differently, or none.
    """
    import ibis

    checked = [check_pattern(text, f"pattern {number}") for number, text in enumerate(patterns, 1)]
    if not checked:
        raise DataError("patterns", "there is none", "Give at least one.")
    found = table.filter(find_candidates(table.reason_text, checked))
    texts = found.group_by("reason_text").agg(rows_n=ibis._.count())
    texts = texts.select("rows_n", folded=fold_text(texts.reason_text))
    # most texts that had to be folded hold none of the patterns: one search more spares them one for each
    texts = texts.filter(texts.folded.re_search(join_patterns([pattern.search for pattern in checked])))
    sums = {
        f"p{number}": texts.folded.re_search(pattern.search).ifelse(texts.rows_n, ibis.literal(0)).sum()
        for number, pattern in enumerate(checked)
    }
    row = engine.fetch(texts.agg(**sums)).fillna(0).iloc[0]
    return pd.DataFrame({"pattern": list(patterns), "rows_n": [int(row[name]) for name in sums]})


def _check_names(table, rule_sets: Sequence[RuleSet]) -> None:
    if not rule_sets:
        raise DataError("rule sets", "there is none", "Name at least one; `list_rule_sets` shows them.")
    taken = [rules.name for rules in rule_sets if rules.name in table.columns or rules.name == STATE]
    if taken:
        raise DataError("rule sets", f"`{taken[0]}` is a column of the log as well", "Rename the rule file.")
