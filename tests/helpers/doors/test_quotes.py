"""Behaviour of `helpers.doors.rules.quotes`: quoted entries say what was printed of them."""

from helpers.canonical import COLUMNS
from helpers.doors.rules import check_queries, load_rulebook, read_quotes
from helpers.facts.tables import load_table
from helpers.searches import engine


def test_quotes_are_checked_as_far_as_they_were_printed():
    """All entries show a code; vague ones refer to no case; whether the others do was not printed."""
    quotes, book = load_table("log_quotes"), load_rulebook("ice-2017")
    log = read_quotes(quotes, book)
    checked = engine.fetch(
        check_queries(engine.read_log(engine.connect(), log), book, {"lookback-ero": 5}), ["row_no"]
    )
    topics = quotes["topic"].value_counts()
    unseen = [
        "plate",
        "subject",
        "plate-state",
        "time-frame",
        "lookback-ero",
        "lookback-hsi",
        "on-behalf",
        "log-user",
        "log-time",
        "log-query",
    ]

    assert set(log.columns) <= set(COLUMNS["searches"]) and len(log) == len(checked) == len(quotes)
    assert {"met"} == set(checked["reason-code"])
    counted = checked["case-reference"].value_counts().to_dict()
    assert {"not met": topics["vague"], "cannot be seen": len(quotes) - topics["vague"]} == counted
    assert {"cannot be seen"} == set(checked[unseen].to_numpy().ravel())
