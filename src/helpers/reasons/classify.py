"""Labels for reasons, computed where the log is: Ibis expressions, so that no text leaves the engine.

Most reasons hold none of the words that a rule set knows. So each reason is first compared with all patterns
joined into one; only what that finds is folded and labelled, and each distinct text once. What comes back
are counts.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from helpers.canonical import CELL_STATES
from helpers.errors import DataError
from helpers.formats import load_format
from helpers.reasons.labels import ODD, fold_text, join_patterns, name_label
from helpers.reasons.rule_sets import RuleSet
from helpers.searches import engine
from helpers.searches.clock import shift_to_local
from helpers.searches.logbook import Log
from helpers.searches.suppression import FEWEST

STATE = "reason_state"
# What a reason can be: text to search, or one of the ways of holding none. `case_number`: only a case number
# was given. `left_out`: there was a text, and this copy of the log is one for publication, without texts.
STATES = ("text", *CELL_STATES[1:], "case_number", "left_out")
# What is known of each row of a log that was made here, and of no other.
TRUTH = ("door", "purpose", "reason_bucket")
FREE_TEXT, CATEGORIES, UNDATED = "free text", "categories", "no time"
# A reason column with so few different texts, each so often, was chosen from a list and not typed.
MOST_LABELS, LEAST_EACH = 25, 20


def name_states(table):
    """Return for each row of a log what its reason is, one of STATES, as an Ibis column."""
    import ibis

    cell = table.reason_text_cell.fill_null("not_exported")
    return ibis.cases(
        (table.reason_text.notnull(), "text"),
        ((table.reason_origin == "case_number").fill_null(False), "case_number"),
        (cell == "value", "left_out"),
        else_=cell,
    )


def mark_log(log: Log, zone: str) -> Log:
    """Return a log with the columns `month` and `form`, and with those of TRUTH if its truth is known.

    `month` is that of a time zone (`YYYY-MM`, or `no time`); `form` is `free text` before the day on which
    Flock is known to have replaced free text by categories, `categories` from it on, or `no time`. Counts on
    the two sides answer two questions and are no trend.
    """
    import ibis

    table = log.table
    breaks = load_format("flock")["breaks"]
    changed_on = next(part["date"] for part in breaks if part["looks_at"] == "reasons")
    local = shift_to_local(table.searched_at, zone)
    month = local.year().cast("string").concat("-", local.month().cast("string").lpad(2, "0"))
    form = ibis.cases((local < ibis.timestamp(changed_on), FREE_TEXT), else_=CATEGORIES)
    no_time = table.searched_at.isnull()
    table = table.mutate(month=no_time.ifelse(UNDATED, month), form=no_time.ifelse(UNDATED, form))
    if log.has_truth:
        known = ibis.memtable(log.truth[["source_id", "row_no", *TRUTH]])
        table = table.left_join(known, ["source_id", "row_no"]).drop("source_id_right", "row_no_right")
    return replace(log, table=table)


def find_labels(table) -> pd.DataFrame | None:
    """Return how often each label occurs where the reason column holds a handful of labels and no free text.

    Parameters
    ----------
    table
        Ibis table with the columns of canonical `searches`.

    Returns
    -------
    DataFrame: label, rows_n; labels of fewer than ten rows, or with digits, are joined as `(other labels)`.
    None for free text. A rule set over words says nothing about labels: a class such as `other` may hold
    anything.
    """
    texts = table.filter(table.reason_text.notnull()).mutate(label=table.reason_text.strip().lower())
    rows_n, texts_n = engine.fetch(texts.agg(rows_n=texts.count(), texts_n=texts.label.nunique())).iloc[0]
    if not rows_n or texts_n > MOST_LABELS or rows_n < LEAST_EACH * texts_n:
        return None
    found = engine.fetch(texts.group_by("label").agg(rows_n=texts.count()), ["-rows_n", "label"])
    is_plain = ~found["label"].str.contains(r"\d") & (found["label"].str.len() <= 40)
    is_shown = is_plain & (found["rows_n"] >= FEWEST)
    rest_n = int(found.loc[~is_shown, "rows_n"].sum())
    if 0 < rest_n < FEWEST and is_shown.any():  # otherwise the total would give the few rows back
        is_shown.iloc[is_shown[is_shown].index[-1]] = False
    found["label"] = found["label"].where(is_shown, "(other labels)")
    return found.groupby("label", as_index=False, sort=False)["rows_n"].sum()


def _find_candidates(text, patterns: Sequence[str]):
    """Say of each text whether it may hold any of the patterns, at the price of one search."""
    return text.re_search("(?i)" + join_patterns([*patterns, ODD]))


def _list_patterns(rule_sets: Sequence[RuleSet]) -> list[str]:
    return [pattern for rules in rule_sets for label in rules.labels for pattern in label.search]


def label_rows(table, rule_sets: Sequence[RuleSet]):
    """Return a log with `reason_state` and, for each rule set, a column of its name with each reason's label.

    A label is empty where none applies or there is no text.
    """
    import ibis

    _check_names(table, rule_sets)
    is_candidate = _find_candidates(table.reason_text, _list_patterns(rule_sets)).fill_null(False)
    folded = fold_text(table.reason_text)
    labels = {
        rules.name: ibis.cases((is_candidate, name_label(folded, rules)), else_="") for rules in rule_sets
    }
    return table.mutate(**{STATE: name_states(table)}, **labels)


def tally_reasons(table, rule_sets: Sequence[RuleSet], by: Sequence[str] = ()) -> pd.DataFrame:
    """Return rows counted by what all rule sets together call their reason: the base of every other count.

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
    DataFrame, one row for each combination that occurs, in order: the columns of `by`, reason_state, one
    column for each rule set with its label (empty for none), rows_n. It holds no text of the log. Rows add
    up to the log's. Counts may be small: publish only what `counts` makes of them.
    """
    import ibis

    by = list(by)
    _check_names(table, rule_sets)
    if missing := [name for name in by if name not in table.columns]:
        raise DataError("log", f"no column {missing[0]!r} to count by", f"It has {', '.join(table.columns)}.")
    names = [rules.name for rules in rule_sets]
    states = table.mutate(**{STATE: name_states(table)}).group_by([*by, STATE])
    totals = engine.fetch(states.agg(rows_n=ibis._.count())).assign(**dict.fromkeys(names, ""))
    found = table.filter(_find_candidates(table.reason_text, _list_patterns(rule_sets)))
    texts = found.group_by([*by, "reason_text"]).agg(rows_n=ibis._.count())
    # Grouped once more, so that the folding is written once and not anew in every label.
    texts = texts.mutate(folded=fold_text(texts.reason_text)).group_by([*by, "folded"])
    texts = texts.agg(rows_n=ibis._.rows_n.sum())
    labelled = texts.mutate(**{rules.name: name_label(texts.folded, rules) for rules in rule_sets})
    hits = engine.fetch(labelled.group_by([*by, *names]).agg(rows_n=labelled.rows_n.sum()))
    hits = hits.assign(**{STATE: "text"})
    # beside the rows that a pattern found stand those that none did
    taken = hits.assign(**dict.fromkeys(names, ""), rows_n=-hits["rows_n"])
    keys = [*by, STATE, *names]
    parts = [part[[*keys, "rows_n"]] for part in (totals, taken, hits) if len(part)] or [totals]
    summed = pd.concat(parts, ignore_index=True).groupby(keys, dropna=False, as_index=False)["rows_n"].sum()
    return summed[summed["rows_n"] > 0].reset_index(drop=True)


def _check_names(table, rule_sets: Sequence[RuleSet]) -> None:
    if not rule_sets:
        raise DataError("rule sets", "there is none", "Name at least one.")
    taken = [rules.name for rules in rule_sets if rules.name in table.columns or rules.name == STATE]
    if taken:
        raise DataError("rule sets", f"`{taken[0]}` is a column of the log as well", "Rename the rule file.")
