"""For whom a search was run, by its reason: a class for each row, never the text."""

from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from helpers.canonical import BLANK, HIDDEN
from helpers.doors.decide import load_registry


class Patterns(NamedTuple):
    """Patterns of the registry: (code, pattern) in the order in which they are tried, and one that fits any of them."""

    ordered: tuple[tuple[str, str], ...]
    any: str


@lru_cache(maxsize=1)
def list_patterns() -> Patterns:
    """List the patterns that name an agency.

    Returns
    -------
    Patterns; a code is `federal:ice`, `unsure:ice` or `agency:`. Sure words of any agency come before unsure ones,
    federal agencies before others: a reason that asks for help to a police department with an ICE arrest is unsure,
    not a relay.
    """
    registry = load_registry()
    ordered = [
        (f"{code}:{entry['id']}", "|".join(entry[part]))
        for part, code in (("sure", "federal"), ("unsure", "unsure"))
        for entry in registry["named"]
        if entry[part]
    ]
    ordered.append(("agency:", "|".join(registry["other_agency"]["patterns"])))
    return Patterns(tuple(ordered), "|".join(pattern for _, pattern in ordered))


def class_reasons(log):
    """Class the reasons of a log as an Ibis expression.

    Parameters
    ----------
    log
        Ibis table with the columns reason_text and reason_text_cell of the canonical table `searches`.

    Returns
    -------
    Ibis string column: a code of `list_patterns`, or `nobody:`, `blank:`, `hidden:`. One combined pattern is tried
    first: most rows name nobody.
    """
    import ibis

    known = list_patterns()
    text, cell = log.reason_text.lower(), log.reason_text_cell
    branches = [
        (cell.isin(HIDDEN), "hidden:"),
        (cell.isin(BLANK), "blank:"),
        (log.reason_text.isnull(), "hidden:"),  # there was a text, and it was not kept
        (~text.re_search(known.any), "nobody:"),
        *((text.re_search(pattern), code) for code, pattern in known.ordered),
    ]
    return ibis.cases(*branches, else_="nobody:")


def split_codes(codes: pd.Series) -> pd.DataFrame:
    """Split codes into their parts.

    Returns
    -------
    DataFrame with the index of `codes`: named (a state of the fact `named`), named_for (id of the agency in
    the registry, or empty).
    """
    parts = codes.astype("str").str.partition(":")
    return pd.DataFrame({"named": parts[0], "named_for": parts[2]}, index=codes.index)


def describe_named() -> pd.DataFrame:
    """Describe the agencies whose names are looked for: named_for, label, sure and unsure patterns joined by spaces."""
    rows = [
        (e["id"], e["label"], "  ".join(e["sure"]), "  ".join(e["unsure"])) for e in load_registry()["named"]
    ]
    return pd.DataFrame(rows, columns=["named_for", "label", "sure", "unsure"])
