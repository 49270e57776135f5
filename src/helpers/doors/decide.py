"""The decision table: from what is known of a search to the door that it came through, or to none."""

import itertools
import tomllib
from functools import lru_cache
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.doors.ways import describe_doors
from helpers.errors import DataError

FACTS = ("host", "searcher", "declared", "named")
_FILE = "doors.toml"
_KEYS = {"id", "verdict", "when", "why", "except"}


@lru_cache(maxsize=4)
def load_registry(path: str | Path | None = None) -> dict:
    """Load the registry of doors: facts and their states, decisions, words that name agencies.

    Parameters
    ----------
    path
        A TOML file; by default `data/registry/doors.toml`.

    Raises
    ------
    DataError
        It is no TOML, or a decision is not of the form that `check_decisions` asks for.
    """
    path = Path(path) if path else paths.DATA / "registry" / _FILE
    try:
        registry = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            path.name, f"it cannot be read ({type(error).__name__})", "Compare it with doors.toml."
        ) from None
    check_decisions(registry, path.name)
    return registry


def check_decisions(registry: dict, place: str = _FILE) -> None:
    """Check that exactly one decision fits any combination of facts, and that each fits some.

    Raises
    ------
    DataError
        An unknown key, fact, state or door; a combination without a decision or with two; a decision never reached.
    """
    states, decisions = registry.get("facts", {}), registry.get("decision", [])
    if tuple(states) != FACTS:
        raise DataError(place, f"facts {', '.join(states)}", f"The facts are {', '.join(FACTS)}.")
    doors = set(describe_doors(observed=True)["door"])
    for number, decision in enumerate(decisions, 1):
        where = f"{place}, decision {number} ({decision.get('id', 'no id')})"
        if odd := sorted(_KEYS ^ set(decision)):
            raise DataError(
                where, f"keys missing or unknown: {', '.join(odd)}", f"Keys: {', '.join(sorted(_KEYS))}."
            )
        if odd := sorted({decision["verdict"], *decision["except"]} - doors):
            raise DataError(where, f"unknown door {', '.join(odd)}", f"Doors: {', '.join(sorted(doors))}.")
        for fact, wanted in decision["when"].items():
            if odd := sorted(set(wanted) - set(states.get(fact, ()))) or fact not in states:
                raise DataError(
                    where, f"{fact}: unknown {odd}", "Use the facts and states of the table `facts`."
                )
    reached = set()
    for combination in itertools.product(*states.values()):
        facts = dict(zip(FACTS, combination, strict=True))
        fits = [decision["id"] for decision in decisions if _fits(decision, facts)]
        if len(fits) != 1:
            found = f"{', '.join(combination)} is decided by {', '.join(fits) or 'nothing'}"
            raise DataError(place, found, "Exactly one decision must fit any combination of facts.")
        reached.update(fits)
    ids = [decision["id"] for decision in decisions]
    if idle := sorted(set(ids) - reached) or sorted(name for name in set(ids) if ids.count(name) > 1):
        raise DataError(
            place, f"decisions never reached or named twice: {', '.join(idle)}", "Correct or remove them."
        )


def _fits(decision: dict, facts: dict) -> bool:
    return all(facts[fact] in wanted for fact, wanted in decision["when"].items())


def list_decisions(registry: dict | None = None) -> pd.DataFrame:
    """List the decisions for a reader.

    Returns
    -------
    DataFrame, one row per decision: decision, verdict, host, searcher, declared, named (states that it asks for, `any`
    where it asks for none), why, not_excluded (doors joined by `, `).
    """
    rows = []
    for decision in (registry or load_registry())["decision"]:
        asked = {fact: ", ".join(decision["when"].get(fact, ["any"])) for fact in FACTS}
        told = {"why": decision["why"], "not_excluded": ", ".join(decision["except"])}
        rows.append({"decision": decision["id"], "verdict": decision["verdict"], **asked, **told})
    return pd.DataFrame(rows)


def decide_doors(facts: pd.DataFrame, registry: dict | None = None) -> pd.DataFrame:
    """Decide for each row of facts.

    Parameters
    ----------
    facts
        One row per case: host, searcher, declared, named, in the states of the registry.
    registry
        From `load_registry`; by default the project's.

    Returns
    -------
    DataFrame with the index of `facts`: door, decision, why, not_excluded.

    Raises
    ------
    DataError
        A fact in a state that the registry does not know.
    """
    registry = registry or load_registry()
    for fact in FACTS:
        if odd := sorted(set(facts[fact].astype(str)) - set(registry["facts"][fact])):
            known = ", ".join(registry["facts"][fact])
            raise DataError(f"facts, column {fact}", f"`{odd[0]}`", f"States: {known}.")
    told = list_decisions(registry).set_index("decision")
    answers = {}
    for combination in facts[list(FACTS)].drop_duplicates().itertuples(index=False, name=None):
        known = dict(zip(FACTS, combination, strict=True))
        answers[combination] = next(d["id"] for d in registry["decision"] if _fits(d, known))
    decision = [answers[key] for key in facts[list(FACTS)].itertuples(index=False, name=None)]
    made = pd.DataFrame({"decision": pd.array(decision, dtype="str")}, index=facts.index)
    made["door"] = made["decision"].map(told["verdict"])
    made["why"] = made["decision"].map(told["why"])
    made["not_excluded"] = made["decision"].map(told["not_excluded"])
    return made[["door", "decision", "why", "not_excluded"]]
