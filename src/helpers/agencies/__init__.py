"""Names of agencies: read them by rules, compare two, resolve many against a registry, ask a person where rules end."""

from helpers.agencies.check import HIDDEN_CHARACTERS, clean_name, looks_like_agency, mixes_alphabets
from helpers.agencies.compare import compare_names
from helpers.agencies.parse import AgencyName, format_name, parse_name
from helpers.agencies.registry import Registry, load_registry
from helpers.agencies.resolve import resolve_names
from helpers.agencies.review import read_review, write_review
from helpers.agencies.words import KINDS

__all__ = [
    "HIDDEN_CHARACTERS",
    "clean_name",
    "looks_like_agency",
    "mixes_alphabets",
    "KINDS",
    "AgencyName",
    "Registry",
    "compare_names",
    "format_name",
    "load_registry",
    "parse_name",
    "read_review",
    "resolve_names",
    "write_review",
]
