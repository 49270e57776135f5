"""Doors: which way a search took into an agency's data, from a declared sharing list and an observed log."""

from .decide import decide_doors, list_decisions, load_registry
from .declared import list_leftovers
from .grade import cross_doors, grade_door, match_truth
from .named import describe_named
from .parties import describe_parties, match_names
from .verdicts import (
    bound_door,
    count_doors,
    cross_parties,
    group_cases,
    judge_cases,
    key_rows,
    list_bounds,
    list_evidence,
    mark_rows,
    merge_few,
)

__all__ = [
    "bound_door",
    "count_doors",
    "cross_doors",
    "cross_parties",
    "decide_doors",
    "describe_named",
    "describe_parties",
    "grade_door",
    "group_cases",
    "judge_cases",
    "key_rows",
    "list_bounds",
    "list_decisions",
    "list_evidence",
    "list_leftovers",
    "load_registry",
    "mark_rows",
    "match_names",
    "match_truth",
    "merge_few",
]
