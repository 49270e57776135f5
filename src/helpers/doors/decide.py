"""The decision table: from what is known of a search to the door that it came through, or to none."""

import itertools
from functools import lru_cache

import pandas as pd

from helpers import paths
from helpers.canonical import BLANK, HIDDEN
from helpers.errors import DataError
from helpers.toml import load_toml

FACTS = ("host", "searcher", "declared", "named")


@lru_cache
def load_registry() -> dict:
    """Return `data/registry/doors.toml`: doors, facts and their states, decisions, words for agencies."""
    return load_toml(paths.DATA / "registry" / "doors.toml", "doors", error=DataError)


def list_decisions() -> pd.DataFrame:
    """Return the decisions for a reader: decision, door, host, searcher, declared, named, why, not_excluded.

    The columns of the four facts hold the states that a decision asks for, `any` where it asks for none.
    """
    rows = []
    for decision in load_registry()["decision"]:
        asked = {fact: ", ".join(decision["when"].get(fact, ["any"])) for fact in FACTS}
        answer = {"why": decision["why"], "not_excluded": ", ".join(decision["except"])}
        rows.append({"decision": decision["id"], "door": decision["verdict"], **asked, **answer})
    return pd.DataFrame(rows)


@lru_cache
def _decide_all() -> pd.DataFrame:
    """Decide every combination of facts: FACTS, decision. A test checks that each has exactly one."""
    registry = load_registry()
    rows = []
    for combination in itertools.product(*registry["facts"].values()):
        known = dict(zip(registry["facts"], combination, strict=True))
        rows += [
            {**known, "decision": decision["id"]}
            for decision in registry["decision"]
            if all(known[fact] in wanted for fact, wanted in decision["when"].items())
        ]
    return pd.DataFrame(rows)


def decide_doors(facts: pd.DataFrame) -> pd.DataFrame:
    """Return the door of each row of facts: door, decision, why, not_excluded, with the index of `facts`.

    Parameters
    ----------
    facts
        One row per case: host, searcher, declared, named, in states of the registry; DataError for others.
    """
    made = facts[list(FACTS)].merge(_decide_all(), how="left", on=list(FACTS), validate="m:1")
    if made["decision"].isna().any():
        odd = made[made["decision"].isna()].iloc[0]
        found = ", ".join(f"{fact} = {odd[fact]}" for fact in FACTS)
        raise DataError("facts", found, "Use the states of data/registry/doors.toml.", code="state")
    columns = ["door", "decision", "why", "not_excluded"]
    made = made[["decision"]].merge(list_decisions()[columns], on="decision", how="left")
    return made[columns].set_axis(facts.index)


def class_reasons(log):
    """Return for whom each search of a log was run, by its reason, as an Ibis column of codes.

    A code is `federal:ice`, `unsure:ice`, `agency:`, `nobody:`, `blank:` or `hidden:`. Words that name an
    agency surely come before others, federal agencies before other agencies: a reason that asks for help to
    a police department with an ICE arrest is unsure, not a relay. A sure word beside one that may change its
    sense (a drug, a fraud in the agency's name, a closed case) is unsure.
    """
    import ibis

    registry = load_registry()
    text, cell = log.reason_text.lower(), log.reason_text_cell
    sure, unsure = [], []
    for entry in registry["named"]:
        if entry["sure"]:
            doubt = "|".join([*registry["doubt"], *entry.get("doubt", [])])
            is_named = text.re_search("|".join(entry["sure"])) & ~text.re_search(doubt)
            sure.append((is_named, f"federal:{entry['id']}"))
        unsure.append((text.re_search("|".join([*entry["unsure"], *entry["sure"]])), f"unsure:{entry['id']}"))
    other = "|".join(registry["other_agency"]["patterns"])
    words = [pattern for entry in registry["named"] for pattern in (*entry["sure"], *entry["unsure"])]
    return ibis.cases(
        (cell.isin(HIDDEN), "hidden:"),
        (cell.isin(BLANK), "blank:"),
        (log.reason_text.isnull(), "hidden:"),  # there was a text, and it was not kept
        # most rows: one search of all patterns together
        (~text.re_search("|".join([*words, other])), "nobody:"),
        *sure,
        *unsure,
        (text.re_search(other), "agency:"),
        else_="nobody:",
    )
