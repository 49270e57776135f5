"""Behaviour of `helpers.doors.decide`: the decision table by hand and whole; what reasons name."""

import itertools

import pandas as pd
import pytest

from helpers.doors import decide_doors, list_decisions, load_registry, ways
from helpers.doors.decide import FACTS, class_reasons
from helpers.errors import DataError
from helpers.network import documented
from helpers.searches import engine
from made.logs import make_reasons, read_log
from made.refusal import refused

# Decided by hand from the taxonomy of the report and the words of `ways.describe_doors`.
BY_HAND = {
    "host-unknown": ("unknown federal listed nobody", "undetermined"),
    "searcher-unknown": ("agency unknown listed nobody", "undetermined"),
    "searcher-unknown-company": ("company unknown no_list federal", "undetermined"),
    "demo": ("agency demo absent nobody", "undetermined"),
    "demo-company": ("company demo no_list nobody", "undetermined"),
    "joint-account": ("agency joint no_list hidden", "account"),
    "own": ("agency own no_list nobody", "own"),
    "side": ("agency local listed federal", "side"),
    "center-for-another": ("agency center listed federal", "relay"),
    "local-for-another": ("agency local listed agency", "relay"),
    "ambiguous-own": ("agency own no_list unsure", "undetermined"),
    "ambiguous-company": ("company local no_list unsure", "undetermined"),
    "ambiguous-listed": ("agency local listed unsure", "undetermined"),
    "ambiguous-pool": ("agency local pool unsure", "undetermined"),
    "ambiguous-absent": ("agency center absent unsure", "undetermined"),
    "ambiguous-unknown": ("agency local no_list unsure", "undetermined"),
    "contract": ("company local no_list blank", "contract"),
    "contract-federal": ("company federal no_list federal", "contract"),
    "front": ("agency local listed blank", "front"),
    "front-federal": ("agency federal listed hidden", "front"),
    "pool": ("agency local pool nobody", "pool"),
    "pool-federal": ("agency federal pool federal", "pool"),
    "back": ("agency center absent hidden", "back"),
    "back-federal": ("agency federal absent nobody", "back"),
    "no-list": ("agency local no_list nobody", "undetermined"),
    "no-list-federal": ("agency federal no_list nobody", "undetermined"),
    "list-of-another-time": ("agency local inactive nobody", "undetermined"),
    "list-of-another-time-federal": ("agency federal other_time nobody", "undetermined"),
    "unsure-name": ("agency local unsure nobody", "undetermined"),
    "unsure-name-federal": ("agency federal unsure federal", "undetermined"),
}


def test_each_decision_is_reached_as_by_hand():
    """Every row of the table has a case, and the case is decided by that row with that verdict."""
    facts = pd.DataFrame([case.split() for case, _ in BY_HAND.values()], columns=FACTS)
    decided = decide_doors(facts)

    assert list(BY_HAND) == list_decisions()["decision"].tolist() == decided["decision"].tolist()
    assert [door for _, door in BY_HAND.values()] == decided["door"].tolist()
    with refused("state", DataError):
        decide_doors(facts.replace("listed", "rumour"))


def test_verdicts_of_all_combinations_never_say_more_than_the_facts():
    """One decision each. Front needs a listing, back a list without the name, side a federal name."""
    registry = load_registry()
    grid = pd.DataFrame(itertools.product(*registry["facts"].values()), columns=FACTS)
    for facts in grid.to_dict("records"):
        conditions = [decision["when"].items() for decision in registry["decision"]]
        assert sum(all(facts[fact] in wanted for fact, wanted in when) for when in conditions) == 1, facts
    decided = pd.concat([grid, decide_doors(grid)], axis="columns")

    def seen(door, fact):
        return set(decided.loc[decided["door"] == door, fact])

    assert {"listed"} == seen("front", "declared")
    assert {"absent"} == seen("back", "declared")
    assert {"federal"} == seen("side", "named") and {"own", "local"} == seen("side", "searcher")
    assert "federal" not in seen("relay", "searcher") | seen("account", "searcher")
    # and what the list says is not thrown away where only the reason is unclear
    for declared, door, other in (("listed", "front", "back"), ("absent", "back", "front")):
        unclear = decided.query("searcher in ['local', 'center'] and named == 'unsure' and host == 'agency'")
        kept = unclear.loc[unclear["declared"] == declared, "not_excluded"].str.split(", ")
        assert len(kept) and all(door in doors and other not in doors for doors in kept)
    # no federal name in a local reason does not exclude that a federal agency was behind it
    silent = decided.query(
        "searcher in ['own', 'local', 'center'] and named in ['nobody', 'blank', 'hidden']"
    )
    assert silent["not_excluded"].str.contains("side").all()


def test_doors_are_those_of_the_one_taxonomy():
    """Verdicts are words of `helpers.doors.ways`."""
    described = ways.describe_doors(observed=True)["door"].tolist()
    schema = ways.describe_doors()

    assert set(described) == set(list_decisions()["door"])
    assert described[:2] == ["front", "back"] and described[-2:] == ["own", "undetermined"]
    assert schema["door"].tolist() == documented.list_doors()
    assert [door for door in described if door not in ("back", "own", "undetermined")] == [*schema["door"]]
    assert schema.notna().all(axis=None) and not (schema == "").any(axis=None)


def class_texts(texts):
    """Class texts on DuckDB."""
    log = read_log(make_reasons(texts))
    return engine.fetch(log.select("row_no", code=class_reasons(log)), ["row_no"])["code"].tolist()


# code -> texts
CASES = {
    "federal:hsi": ["HSI", "assist Homeland Security Investigations", "assist PD with HSI case"],
    "federal:ice": ["ICE/ERO", "ICE + ERO"],
    "federal:border patrol": ["assist U.S. Border Patrol"],
    "federal:cbp": ["CBP"],
    "federal:fbi": ["fbi"],
    "federal:usms": ["US Marshals fugitive"],
    # the same letters, the same word in another sense, or a name that does not say for whom (E11)
    "unsure:ice": [
        "ice", "for ICE", "search warrant for ice and heroin", "ice investigation - meth", "assist ice dealer stop",
        "dealer selling ice case 22-1", "info from ice dealer", "assist Exampleton PD with ice arrest",
    ],
    "unsure:dhs": ["DHS"],
    "unsure:immigration": ["immigration"],
    "unsure:federal": ["federal warrant"],
    "unsure:usms": ["city marshal"],
    "unsure:irs": ["irs phone scam"],
    "unsure:dea": ["dea number fraud, pharmacy"],
    "unsure:atf": ["atf form 4473 straw purchase"],
    "unsure:secret service": ["secret service impersonator fraud"],
    "unsure:fbi": ["cold case - fbi most wanted"],
    "unsure:hsi": ["vehicle theft ref. hsi case closed 2019"],
    "nobody:": [
        "police notice of office theft, justice service device", "Investigation", "hsinvestigation", "Police assist",
    ],
    # another agency; a federal name goes before it
    "agency:": ["assist Sample County SO", "for State Police"],
    "unsure:another agency": ["Assist other agency"],
}  # fmt: skip


@pytest.mark.parametrize("write", [str, str.upper, str.title])
def test_reasons_are_classed_by_what_they_name(write):
    """Sure names are sure, words of two senses are unsure, letters inside other words are nothing."""
    texts = {write(text): code for code, texts in CASES.items() for text in texts}

    assert dict(zip(texts, class_texts(list(texts)), strict=True)) == texts


def test_cells_without_text_are_told_apart():
    """Blank and placeholder say nothing; masked, redacted, not exported and not kept cannot be seen."""
    texts = ["<empty>", "<placeholder>", "<masked>", "<redacted>", "<not_exported>", None]

    assert ["blank:", "blank:", "hidden:", "hidden:", "hidden:", "hidden:"] == class_texts(texts)
