"""Names of agencies: read them by rules, compare two, resolve many against a registry, ask a person where rules end."""

from .compare import compare_names
from .parse import AgencyName, format_name, parse_name
from .registry import Registry, load_registry
from .resolve import resolve_names
from .review import read_review, write_review
from .words import KINDS

__all__ = [
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
