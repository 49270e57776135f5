"""Rulebooks: requirements on a query or on a share, as data, each with its source."""

import tomllib
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import DataError
from helpers.facts.tables import load_table

KINDS = ("query", "sharing")
# Largest file, and longest line: on a key of thousands of parts TOML is minutes [bytes].
_CAP, _LINE = 1 << 16, 1 << 12
CHECKS = ("given", "code", "reference", "lookback", "unseen")
# Fields of a log that a check may ask for; each has a column `<field>_cell` in the canonical table.
FIELDS = (
    "plate", "plate_state", "reason_text", "has_case_number", "window_start", "window_end", "searched_at", "officer",
    "searcher_agency_as_printed", "search_type",
)  # fmt: skip
_BOOK = {"title", "kind", "binds", "note", "rule"}
_MAY = {"state", "source_ids", "in_force_from", "unseen", "codes"}
_RULE = {"id", "label", "unseen"}
_BY_KIND = {
    "query": (
        {"check", "fields"},
        {"query_rule", "asks", "cite", "codes", "origins", "pattern", "topics_met", "topics_not_met"},
    ),
    "sharing": ({"asks", "cite", "look"}, set()),
}
# Columns of a case that a rule about sharing may look at.
ASPECTS = ("party", "door", "named", "named_for", "where")


def list_rulebooks() -> pd.DataFrame:
    """List the rulebooks of the project: name, kind, title, binds, rules_n."""
    rows = []
    for path in sorted((paths.DATA / "registry" / "rules").glob("*.toml")):
        book = load_rulebook(path)
        rows.append(
            {
                "name": path.stem,
                **{key: book[key] for key in ("kind", "title", "binds")},
                "rules_n": len(book["rule"]),
            }
        )
    return pd.DataFrame(rows)


def load_rulebook(name: str | Path) -> dict:
    """Load a rulebook and check its form.

    Parameters
    ----------
    name
        Name of one of the project's (`ice-2017`), or a TOML file of one's own.

    Raises
    ------
    DataError
        There is none of that name, it is no TOML, or a key, check or field is not known.
    """
    path = paths.DATA / "registry" / "rules" / f"{name}.toml"
    path = path if path.is_file() else Path(name)
    try:
        if not path.is_file():
            raise FileNotFoundError  # a pipe or a device would never end
        with path.open("rb") as file:
            text = file.read(_CAP + 1)
        if len(text) > _CAP or max(map(len, text.splitlines()), default=0) > _LINE:
            found = f"more than {_CAP:,} bytes, or than {_LINE:,} in a line"
            raise DataError(f"rulebook {path.name}", found, "A rulebook is a short list of rules.")
        book = tomllib.loads(text.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        known = ", ".join(sorted(file.stem for file in (paths.DATA / "registry" / "rules").glob("*.toml")))
        raise DataError(
            f"rulebook {path.name}", f"it cannot be read ({type(error).__name__})", f"There are {known}."
        ) from None
    check_rulebook(book, path.name)
    return book


def check_rulebook(book: dict, place: str) -> None:
    """Check the form of a rulebook.

    Raises
    ------
    DataError
        The first key, kind, check, field or aspect that is missing or not known.
    """
    odd = sorted(_BOOK - set(book)) + sorted(set(book) - _BOOK - _MAY)
    if odd or book.get("kind") not in KINDS:
        raise DataError(
            place,
            f"missing or unknown: {', '.join(odd) or 'kind'}",
            f"Keys: {', '.join(sorted(_BOOK | _MAY))}.",
        )
    needed, may = _BY_KIND[book["kind"]]
    for number, rule in enumerate(book["rule"], 1):
        where = f"{place}, rule {number} ({rule.get('id', 'no id')})"
        if odd := sorted((_RULE | needed) - set(rule)) + sorted(set(rule) - _RULE - needed - may):
            raise DataError(
                where, f"missing or unknown: {', '.join(odd)}", "Compare it with a rule of the project's."
            )
        if book["kind"] == "sharing":
            if odd := sorted({*rule["look"], *rule["unseen"]} - set(ASPECTS)):
                raise DataError(where, f"unknown aspect {', '.join(odd)}", f"Aspects: {', '.join(ASPECTS)}.")
        elif rule["check"] not in CHECKS or (odd := sorted(set(rule["fields"]) - set(FIELDS))):
            found = (
                f"unknown check {rule['check']}"
                if rule["check"] not in CHECKS
                else f"unknown field {', '.join(odd)}"
            )
            raise DataError(where, found, f"Checks: {', '.join(CHECKS)}. Fields: {', '.join(FIELDS)}.")
        if book["kind"] == "query" and not ("query_rule" in rule or {"asks", "cite"} <= set(rule)):
            raise DataError(where, "no source", "Name a row of the table query_rules, or give asks and cite.")
    ids = [rule["id"] for rule in book["rule"]]
    if len(ids) != len(set(ids)):
        raise DataError(place, "an id stands twice", "Give each rule an id of its own.")


def describe_rules(book: dict, facts: str | Path | None = None) -> pd.DataFrame:
    """Describe the rules of a book with their sources.

    Parameters
    ----------
    book
        From `load_rulebook`.
    facts
        Folder with the fact tables; by default `data/facts`.

    Returns
    -------
    DataFrame, one row per rule: rule, label, requirement, applies_to, limit (number or missing), unit, source_id, page,
    read_as. For a statute the page holds the section, and applies_to is whom the book binds.

    Raises
    ------
    DataError
        A rule points to no row of `query_rules`.
    """
    known = load_table("query_rules", facts).set_index("rule_id")
    sources = load_table("sources", facts).set_index("source_id")
    rows = []
    for rule in book["rule"]:
        made = {"rule": rule["id"], "label": rule["label"]}
        if "query_rule" in rule:
            if rule["query_rule"] not in known.index:
                raise DataError(
                    f"rule {rule['id']}", f"no row `{rule['query_rule']}` in query_rules", "Correct the name."
                )
            row = known.loc[rule["query_rule"]]
            made |= {
                "requirement": row["requirement"],
                "applies_to": row["applies_to"],
                "limit": row["limit_value"],
            }
            made |= {
                "unit": row["limit_unit"],
                "source_id": row["source_id"],
                "page": row["page"],
                "read_as": row["read_as"],
            }
        else:
            source = book["source_ids"][0]
            made |= {"requirement": rule["asks"], "applies_to": book["binds"], "limit": None, "unit": None}
            made |= {"source_id": source, "page": rule["cite"], "read_as": sources["read_as"].get(source)}
        rows.append(made)
    return pd.DataFrame(rows).astype({"limit": "float64", "unit": "str", "page": "str", "read_as": "str"})
