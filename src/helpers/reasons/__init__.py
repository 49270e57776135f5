"""Read the reasons of a log by rule sets: labels, counts as a range over rules, agreement, and a sheet to code by hand."""

from helpers.reasons.agreement import arrange_kappa, measure_agreement
from helpers.reasons.classify import STATE, STATES, count_patterns, label_rows, name_states, tally_reasons
from helpers.reasons.counts import count_rules, count_states, range_rules, range_subjects
from helpers.reasons.hand_coding import draw_sample, read_sheet, write_sheet
from helpers.reasons.log import TRUTH, mark_log
from helpers.reasons.months import mark_months
from helpers.reasons.rule_sets import (
    OTHER_SENSE,
    RuleSet,
    describe_rule_sets,
    list_rule_sets,
    load_rule_set,
    load_rule_sets,
)
from helpers.reasons.scores import grade_rules, score_rules
from helpers.reasons.widths import count_reason_widths

__all__ = [
    "OTHER_SENSE",
    "RuleSet",
    "STATE",
    "STATES",
    "TRUTH",
    "arrange_kappa",
    "count_patterns",
    "count_reason_widths",
    "count_rules",
    "count_states",
    "describe_rule_sets",
    "draw_sample",
    "grade_rules",
    "label_rows",
    "list_rule_sets",
    "load_rule_set",
    "load_rule_sets",
    "mark_log",
    "mark_months",
    "measure_agreement",
    "name_states",
    "range_rules",
    "range_subjects",
    "read_sheet",
    "score_rules",
    "tally_reasons",
    "write_sheet",
]
