"""Rule sets over the reasons of a log: labels, counts as a range over rules, and samples coded by hand."""

from helpers.reasons.classify import STATE, STATES, TRUTH, find_labels, mark_log, tally_reasons
from helpers.reasons.counts import count_rules, count_states, range_rules
from helpers.reasons.hand_coding import draw_sample, read_sheet, write_sheet
from helpers.reasons.rule_sets import RuleSet, describe_rule_sets, load_rule_set, load_rule_sets
from helpers.reasons.scores import compare_coders, grade_rules, score_rules

__all__ = [
    "STATE",
    "STATES",
    "TRUTH",
    "RuleSet",
    "compare_coders",
    "count_rules",
    "count_states",
    "describe_rule_sets",
    "draw_sample",
    "find_labels",
    "grade_rules",
    "load_rule_set",
    "load_rule_sets",
    "mark_log",
    "range_rules",
    "read_sheet",
    "score_rules",
    "tally_reasons",
    "write_sheet",
]
