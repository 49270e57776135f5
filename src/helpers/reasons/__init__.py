"""Read the reasons of a log by rule sets: labels, counts as a range over rules, agreement, and a sheet to code by hand."""

from .classify import STATE, STATES, count_patterns, label_rows, name_states, tally_reasons
from .rule_sets import OTHER_SENSE, RuleSet, list_rule_sets, load_rule_set, load_rule_sets

__all__ = [
    "OTHER_SENSE",
    "RuleSet",
    "STATE",
    "STATES",
    "count_patterns",
    "label_rows",
    "list_rule_sets",
    "load_rule_set",
    "load_rule_sets",
    "name_states",
    "tally_reasons",
]
