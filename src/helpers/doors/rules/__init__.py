"""Rules: what ICE's own documents and state laws ask, held against a log. Never legal advice: a `look` is for a person."""

from helpers.doors.rules.queries import check_queries, count_checks, count_seen, list_counts, read_limits
from helpers.doors.rules.quotes import read_quotes
from helpers.doors.rules.rulebooks import describe_rules, list_rulebooks, load_rulebook
from helpers.doors.rules.states import asks_reasons, check_sharing, count_sharing, place_cases

__all__ = [
    "asks_reasons",
    "check_queries",
    "check_sharing",
    "count_checks",
    "count_seen",
    "count_sharing",
    "describe_rules",
    "list_counts",
    "list_rulebooks",
    "load_rulebook",
    "place_cases",
    "read_limits",
    "read_quotes",
]
