"""Doors: which way a search took into an agency's data, from a declared sharing list and an observed log."""

from .decide import decide_doors, list_decisions, load_registry
from .named import describe_named
from .parties import describe_parties, match_names
from .verdicts import bound_door, count_doors, group_cases, judge_cases, key_rows, list_evidence, mark_rows

__all__ = ["decide_doors", "list_decisions", "load_registry"]
