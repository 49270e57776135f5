"""Which way a search took into an agency's data, from a sharing list and a log; and which rules it met."""

from helpers.doors.decide import decide_doors, list_decisions, load_registry
from helpers.doors.declared import list_leftovers
from helpers.doors.parties import describe_parties, match_names
from helpers.doors.verdicts import (
    MONTHS,
    count_doors,
    grade_doors,
    group_cases,
    judge_cases,
    list_bounds,
    list_evidence,
    mark_rows,
    match_truth,
    merge_few,
)

__all__ = [
    "MONTHS",
    "count_doors",
    "decide_doors",
    "describe_parties",
    "grade_doors",
    "group_cases",
    "judge_cases",
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
