"""Names of agencies: check a cell, read a name by rules, compare two, resolve many against a registry."""

from helpers.agencies.check import HIDDEN_CHARACTERS, clean_name, looks_like_agency, mixes_alphabets
from helpers.agencies.compare import compare_names
from helpers.agencies.parse import AgencyName, parse_name
from helpers.agencies.resolve import Registry, load_registry, resolve_names
from helpers.agencies.words import KINDS

__all__ = [
    "HIDDEN_CHARACTERS",
    "KINDS",
    "AgencyName",
    "Registry",
    "clean_name",
    "compare_names",
    "load_registry",
    "looks_like_agency",
    "mixes_alphabets",
    "parse_name",
    "resolve_names",
]
