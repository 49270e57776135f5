"""Width by what a reason says, against a plain loop over the texts."""

from collections import Counter

import ibis
import pandas as pd

from helpers.reasons import count_reason_widths, load_rule_sets
from helpers.searches import engine, same
from helpers.searches.spread import summarize_widths
from helpers.simulate.log import build_log

(RULES,) = load_rule_sets(["house-immigration"])


def test_each_search_stands_in_the_bucket_of_its_text():
    """A search per row: its bucket by `RuleSet.classify`, its width as it is, a cell without a text by its state."""
    texts = {
        "a": ("immigration", 7),
        "b": ("hsi request", 9),
        "c": ("stolen car", 9),
        "d": (None, 3),
        "e": ("stolen car", None),
    }
    searches = pd.DataFrame(
        [(key, text, "value" if text else "masked", width) for key, (text, width) in texts.items()],
        columns=["search_key", "reason_text", "reason_state", "networks_n"],
    ).astype({"networks_n": "Int64"})
    found = count_reason_widths(ibis.memtable(searches), RULES, fewest=0)
    buckets = {
        key: RULES.find_bucket(RULES.classify(text)).replace("_", " ") if text else ""
        for key, (text, _) in texts.items()
    }

    assert {"a": "explicit civil immigration", "b": "agency named", "c": "", "d": "", "e": ""} == buckets
    assert [
        ("agency named", 9, 1),
        ("explicit civil immigration", 7, 1),
        ("no label fits", 9, 1),
        ("no label fits", None, 1),
        ("no reason, masked", 3, 1),
    ] == [
        (row.group, None if pd.isna(row.width) else row.width, row.searches_n) for row in found.itertuples()
    ]
    assert 1 == summarize_widths(found).set_index("group").loc["no label fits", "unknown_n"]


def test_widths_of_a_log_add_up_to_its_searches():
    """Every search of the simulated log is in one group, and no text is told."""
    log = engine.read_log(engine.connect(), build_log(5, 3_000)[0])
    searches = same.build_searches(same.key_rows(log))
    found = count_reason_widths(searches, RULES, "devices_n", fewest=0)
    texts = searches.select("reason_text", "reason_state").execute()
    named = [
        RULES.find_bucket(RULES.classify(text)).replace("_", " ") or "no label fits"
        for text in texts["reason_text"].dropna()
    ]
    states = "no reason, " + texts.loc[texts["reason_text"].isna(), "reason_state"].str.replace("_", " ")

    assert Counter([*named, *states]) == Counter(found.groupby("group")["searches_n"].sum().to_dict())


def test_a_bucket_of_few_searches_is_no_group():
    """Nine explicit searches stand with those that no label fits; ten are a group."""
    texts = ["immigration"] * 9 + ["hsi request"] * 10 + ["stolen car"] * 20
    searches = pd.DataFrame(
        {"search_key": range(39), "reason_text": texts, "reason_state": "value", "networks_n": 5}
    ).astype({"networks_n": "Int64"})
    found = count_reason_widths(ibis.memtable(searches), RULES).groupby("group")["searches_n"].sum()

    assert {"agency named": 10, "no label fits": 29} == found.to_dict()
