"""Doors: which way a search took into an agency's data, from a declared sharing list and an observed log."""

from helpers.doors.decide import decide_doors, list_decisions, load_registry
from helpers.doors.declared import list_leftovers
from helpers.doors.grade import cross_doors, grade_door, match_truth
from helpers.doors.named import describe_named
from helpers.doors.parties import describe_parties, match_names
from helpers.doors.verdicts import (
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
