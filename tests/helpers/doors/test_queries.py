"""Behaviour of `helpers.doors.rules.queries`: met, not met, cannot be seen, by hand on each kind of check."""

import pandas as pd
import pytest

from helpers.canonical import COLUMNS, build_table
from helpers.doors.rules import check_queries, count_checks, describe_rules, load_rulebook, read_quotes
from helpers.errors import DataError
from helpers.facts.tables import load_table
from helpers.searches import engine
from helpers.simulate import log as simulated

BOOK = load_rulebook("ice-2017")
LIMITS = describe_rules(BOOK)
CANARY = "QQ8CANARY8QQ"


def check(rows, book=BOOK, limits=LIMITS):
    """Check a log given as records."""
    made = [{"source_id": "a", "row_no": number, **row} for number, row in enumerate(rows, 1)]
    checked = check_queries(engine.read_log(engine.connect(), build_table("searches", made)), book, limits)
    return engine.fetch(checked, ["source_id", "row_no"])


def test_cells_decide_what_is_given():
    """A value meets, blanks do not, and what is masked, redacted or not exported cannot be seen."""
    cells = ["value", "empty", "placeholder", "masked", "redacted", "not_exported", None]
    words = ["met", "not met", "not met", *["cannot be seen"] * 4]
    checked = check([{"plate_cell": cell, "officer_cell": cell} for cell in cells])

    assert words == checked["plate"].tolist() == checked["log-user"].tolist()


def test_a_time_frame_has_two_ends():
    """Both ends given: met. One blank: not met, whatever the other is."""
    pairs = [("value", "value"), ("value", "empty"), ("not_exported", "empty"), ("value", "masked")]
    checked = check([{"window_start_cell": a, "window_end_cell": b} for a, b in pairs])

    assert ["met", "not met", "not met", "cannot be seen"] == checked["time-frame"].tolist()


def test_five_years_are_counted_by_the_calendar():
    """Five years to the day are within; a day more is not; without both times nothing is seen."""
    cases = [
        ("2020-03-01", "2025-03-01", "met"),
        ("2020-03-01 23:59", "2025-03-01", "met"),
        ("2020-02-29", "2025-02-28", "met"),
        ("2020-02-28", "2025-03-01", "not met"),
        ("2019-12-31", "2025-01-01", "not met"),
        ("2025-03-02", "2025-03-01", "met"),
        (None, "2025-03-01", "cannot be seen"),
        ("2020-03-01", None, "cannot be seen"),
    ]
    rows = [
        {
            "window_start": start and pd.Timestamp(start),
            "window_start_cell": "value" if start else "redacted",
            "searched_at": when and pd.Timestamp(when),
            "searched_at_cell": "value" if when else "not_exported",
        }
        for start, when, _ in cases
    ]

    assert [word for *_, word in cases] == check(rows)["lookback-ero"].tolist()


def test_a_code_stands_at_the_head_or_comes_from_a_list():
    """Known codes and drop-downs meet the rule; other words may be a code that we do not know."""
    cases = [
        ("ADMINISTRATIVE SPOUSE", "value", "reason", "met"),
        ("Criminal", "value", "reason", "met"),
        ("Investigations - x", "value", "reason", "met"),
        ("Investigation", "value", "reason", "cannot be seen"),
        ("the criminal", "value", "reason", "cannot be seen"),
        ("Property crime", "value", "offense_type", "met"),
        (None, "empty", None, "not met"),
        (None, "masked", None, "cannot be seen"),
        (None, "value", "reason", "cannot be seen"),
    ]
    rows = [
        {"reason_text": text, "reason_text_cell": cell, "reason_origin": origin}
        for text, cell, origin, _ in cases
    ]

    assert [word for *_, word in cases] == check(rows)["reason-code"].tolist()


def test_a_case_is_referred_to_by_number_only_as_far_as_a_machine_sees():
    """Sections of a code are no case; words may be one; what is hidden may be anything."""
    cases = [
        (True, "value", None, "masked", "met"),
        (None, "not_exported", "case 19-004512", "value", "met"),
        (None, "redacted", "20250012345", "value", "met"),
        (None, "empty", "theft 10851VC", "value", "not met"),
        (False, "value", None, "empty", "not met"),
        (None, "not_exported", None, "empty", "not met"),
        (None, "not_exported", "a named operation", "value", "cannot be seen"),
        (None, "masked", "theft", "value", "cannot be seen"),
        (None, "masked", None, "empty", "cannot be seen"),
        (None, "empty", None, "redacted", "cannot be seen"),
        (None, "empty", None, "value", "cannot be seen"),
    ]
    rows = [
        {
            "has_case_number": has,
            "has_case_number_cell": cell,
            "reason_text": text,
            "reason_text_cell": text_cell,
        }
        for has, cell, text, text_cell, _ in cases
    ]

    assert [word for *_, word in cases] == check(rows)["case-reference"].tolist()


def test_what_no_log_shows_is_said_so():
    """For whom, and under which statute: never seen."""
    checked = check([{"reason_text": "on behalf of myself", "reason_text_cell": "value"}])

    assert ["cannot be seen"] == checked["on-behalf"].tolist() == checked["lookback-hsi"].tolist()


@pytest.fixture(scope="module")
def simulated_log(tmp_path_factory):
    """A simulated log as a file."""
    path = tmp_path_factory.mktemp("log") / "searches.parquet"
    simulated.build_log(3, 3_000)[0].to_parquet(path)
    return path


def count_by_hand(frame):
    """Count met and not met of the simple checks in pandas."""
    cells = {
        "plate": ["plate"],
        "plate-state": ["plate_state"],
        "time-frame": ["window_start", "window_end"],
        "log-user": ["officer"],
        "log-time": ["searched_at"],
    }
    for rule, fields in cells.items():
        states = frame[[f"{field}_cell" for field in fields]]
        met = (states == "value").all(axis="columns")
        yield (
            rule,
            int(met.sum()),
            int((states.isin(["empty", "placeholder"]).any(axis="columns") & ~met).sum()),
        )


def test_sums_are_those_of_the_queries(simulated_log):
    """Counts by rule equal an independent count; each rule's three words add up to all queries."""
    log = engine.read_log(engine.connect(), simulated_log)
    counts = count_checks(check_queries(log, BOOK, LIMITS), BOOK).set_index("rule")

    for rule, met, not_met in count_by_hand(pd.read_parquet(simulated_log)):
        assert (met, not_met) == tuple(counts.loc[rule, ["met", "not met"]])
    assert {3_000} == set(counts[["met", "not met", "cannot be seen"]].sum(axis="columns"))


def test_quotes_are_checked_as_far_as_they_were_printed():
    """All quoted entries show a code; vague ones refer to no case; the rest cannot be seen."""
    quotes = load_table("log_quotes")
    log = read_quotes(quotes, BOOK)
    counts = count_checks(
        check_queries(engine.read_log(engine.connect(), log), BOOK, LIMITS), BOOK
    ).set_index("rule")
    vague = int((quotes["topic"] == "vague").sum())

    assert set(log.columns) <= set(COLUMNS["searches"]) and len(log) == len(quotes)
    assert (
        counts.loc["reason-code", "met"] == len(quotes) and counts.loc["case-reference", "not met"] == vague
    )
    rest = counts.drop(index=["reason-code", "case-reference"])
    assert (rest["cannot be seen"] == len(quotes)).all()


def test_duckdb_and_spark_agree(spark, simulated_log):
    """The same words for the same queries on both engines."""
    small = pd.read_parquet(simulated_log).iloc[::10]
    small.to_parquet(path := simulated_log.with_name("small.parquet"))
    one, other = (
        engine.fetch(check_queries(engine.read_log(connection, path), BOOK, LIMITS), ["source_id", "row_no"])
        for connection in (engine.connect(), spark)
    )

    assert len(small) == len(one)
    pd.testing.assert_frame_equal(one, other)


def test_nothing_of_the_text_comes_out():
    """Words of the three, and no other."""
    rows = [{"reason_text": CANARY, "reason_text_cell": "value", "plate_token": CANARY, "search_id": CANARY}]

    assert CANARY not in check(rows).to_csv()


def test_a_missing_limit_and_a_wrong_book_are_named():
    """A look-back without its limit is no check; a book on sharing is not for queries."""
    for options, code in (({"limits": None}, "limit"), ({"book": load_rulebook("us-il-2-130")}, "kind")):
        with pytest.raises(DataError) as caught:
            check([{}], **options)
        assert caught.value.code == code
