"""Behaviour of `helpers.doors.rules`: what is met, not met or unseen, by hand; books lead to their sources."""

import copy

import pandas as pd
import pytest

from helpers.canonical import COLUMNS, build_table
from helpers.doors import rules
from helpers.doors.rules import (
    BOOKS,
    STATUSES,
    check_queries,
    check_sharing,
    count_checks,
    count_sharing,
    describe_rules,
    load_rulebook,
    read_quotes,
)
from helpers.errors import DataError
from helpers.facts.tables import load_table
from helpers.searches import engine
from helpers.simulate import log as simulated
from made.logs import read_log
from made.refusal import refused

ICE, CALIFORNIA = load_rulebook("ice-2017"), load_rulebook("us-ca-1798-90-55")
LIMITS = describe_rules(ICE)
CANARY = "QQ8CANARY8QQ"

# --- requirements on a query ----------------------------------------------------------------------


def check(rows, book=ICE, limits=LIMITS):
    """Check a log given as records."""
    made = [{"source_id": "a", "row_no": number, **row} for number, row in enumerate(rows, 1)]
    checked = check_queries(read_log(build_table("searches", made)), book, limits)
    return engine.fetch(checked, ["source_id", "row_no"])


# rule -> columns, and the cells of queries that meet it, do not, or cannot be seen to
QUERIES = {
    # a value meets, blanks do not, and what is masked, redacted or not exported cannot be seen
    "plate": (
        ["plate_cell"],
        [("value",)], [("empty",), ("placeholder",)], [("masked",), ("redacted",), ("not_exported",), (None,)],
    ),
    "plate-state": (["plate_state_cell"], [("value",)], [("empty",)], [(None,)]),
    "log-time": (["searched_at_cell"], [("value",)], [("empty",)], [(None,)]),
    "log-user": (["officer_cell"], [("value",)], [("placeholder",)], [(None,)]),
    # both ends given: met. One blank: not met, whatever the other is
    "time-frame": (
        ["window_start_cell", "window_end_cell"],
        [("value", "value")], [("value", "empty"), ("not_exported", "empty")], [("value", "masked")],
    ),
    # five years by the calendar, to the day
    "lookback-ero": (
        ["window_start", "searched_at"],
        [("2020-03-01", "2025-03-01"), ("2020-03-01 23:59", "2025-03-01"), ("2020-02-29", "2025-02-28"),
         ("2025-03-02", "2025-03-01")],
        [("2020-02-28", "2025-03-01"), ("2019-12-31", "2025-01-01")],
        [(None, "2025-03-01"), ("2020-03-01", None)],
    ),
    # known codes and drop-downs meet the rule; other words may be a code that we do not know
    "reason-code": (
        ["reason_text", "reason_text_cell", "reason_origin"],
        [("ADMINISTRATIVE SPOUSE", "value", "reason"), ("Criminal", "value", "reason"),
         ("Investigations - x", "value", "reason"), ("Property crime", "value", "offense_type")],
        [(None, "empty", None)],
        [("Investigation", "value", "reason"), ("the criminal", "value", "reason"), (None, "masked", None),
         (None, "value", "reason")],
    ),
    # sections of a code are no case; words may be one; what is hidden may be anything
    "case-reference": (
        ["has_case_number", "has_case_number_cell", "reason_text", "reason_text_cell"],
        [(True, "value", None, "masked"), (None, "not_exported", "case 19-004512", "value"),
         (None, "redacted", "20250012345", "value")],
        [(None, "empty", "theft 10851VC", "value"), (False, "value", None, "empty"),
         (None, "not_exported", None, "empty")],
        [(None, "not_exported", "a named operation", "value"), (None, "masked", "theft", "value"),
         (None, "masked", None, "empty"), (None, "empty", None, "redacted"), (None, "empty", None, "value")],
    ),
    # for whom, and under which statute: no log shows it
    "on-behalf": (["reason_text", "reason_text_cell"], [], [], [("on behalf of myself", "value")]),
    "lookback-hsi": (["window_start_cell"], [], [], [("value",)]),
}  # fmt: skip


@pytest.mark.parametrize("rule", QUERIES)
def test_a_query_meets_a_requirement_as_by_hand(rule):
    columns, *by_word = QUERIES[rule]
    rows, expected = [], []
    for word, cases in zip(STATUSES, by_word, strict=True):
        rows += [dict(zip(columns, cells, strict=True)) for cells in cases]
        expected += [word] * len(cases)
    if rule == "lookback-ero":
        for row in rows:
            row |= {f"{name}_cell": "value" if row[name] else "redacted" for name in columns}
            row |= {name: row[name] and pd.Timestamp(row[name]) for name in columns}

    assert check(rows)[rule].tolist() == expected


def test_quotes_are_checked_as_far_as_they_were_printed():
    """All quoted entries show a code; vague ones refer to no case; the rest cannot be seen."""
    quotes = load_table("log_quotes")
    log = read_quotes(quotes, ICE)
    checked = check_queries(read_log(log), ICE, LIMITS)
    counts = count_checks(checked, ICE).set_index("rule")
    vague = int((quotes["topic"] == "vague").sum())

    assert set(log.columns) <= set(COLUMNS["searches"]) and len(log) == len(quotes)
    assert counts.loc["reason-code", "met"] == len(quotes)
    assert counts.loc["case-reference", "not met"] == vague
    rest = counts.drop(index=["reason-code", "case-reference"])
    assert (rest["cannot be seen"] == len(quotes)).all()


def test_duckdb_and_spark_agree(spark):
    """The same words for the same queries of a simulated log on both engines."""
    log = simulated.build_log(3, 3_000)[0].iloc[::10].reset_index(drop=True)
    one, other = (
        engine.fetch(check_queries(table, ICE, LIMITS), ["source_id", "row_no"])
        for table in (read_log(log), engine.read_log(spark, log))
    )

    assert len(log) == len(one)
    pd.testing.assert_frame_equal(one, other)


def test_nothing_of_the_text_comes_out_and_wrong_books_are_refused():
    """A look-back without its limit is no check; a book on sharing is not for queries, nor the other way."""
    rows = [{"reason_text": CANARY, "reason_text_cell": "value", "plate_token": CANARY, "search_id": CANARY}]

    assert CANARY not in check(rows).to_csv()
    with refused("limit", DataError):
        check(rows, limits=None)
    with refused("kind", DataError):
        check(rows, CALIFORNIA)
    with refused("kind", DataError, hint="check_queries"):
        check_cases(ICE)


# --- rules on sharing -----------------------------------------------------------------------------

FACTS = ["host", "host_state", "searcher", "state", "party", "door", "named", "named_for", "month"]
CASES = [
    ("A CA PD", "CA", "B CA PD", "CA", "local", "front", "nobody", "", 202503),
    ("A CA PD", "CA", "B TX PD", "TX", "local", "back", "hidden", "", 202503),
    ("A CA PD", "CA", "B PD", "", "local", "front", "nobody", "", 202503),
    ("A CA PD", "CA", "ICE", "", "federal", "front", "nobody", "", 202503),
    ("A CA PD", "CA", "B CA PD", "CA", "local", "side", "federal", "hsi", 202503),
    ("A CA PD", "CA", "", "", "unknown", "undetermined", "nobody", "", 202503),
    ("A CA PD", "CA", "ICE", "", "federal", "front", "nobody", "", 201512),
    ("A CA PD", "CA", "A CA PD", "CA", "own", "own", "nobody", "", 202503),
    ("A CA PD", "CA", "A CA PD", "CA", "own", "side", "federal", "ice", 202503),
    ("A IL PD", "IL", "B IL PD", "IL", "local", "side", "federal", "ice", 202503),
    ("A IL PD", "IL", "B TX PD", "TX", "local", "undetermined", "unsure", "immigration", 202503),
]
LOOK, NOTHING, UNSEEN, BEFORE = "would need a look", "nothing seen", "cannot be seen", "before the rule"


def check_cases(book, **options):
    """Check the cases above against a book; also as a table of words: rows are cases, columns rules."""
    frame = pd.DataFrame(CASES, columns=FACTS).assign(rows_n=2, source_id="a", first_row=range(len(CASES)))
    checked = check_sharing(frame, book, **options)
    return checked, checked.pivot(index="first_row", columns="rule", values="status")


# state -> rules, and of each case that it binds what can be said
SHARING = {
    "us-ca-1798-90-55": (
        ["company", "federal", "for-federal", "other-state"],
        {
            0: [NOTHING, NOTHING, NOTHING, NOTHING],
            1: [NOTHING, NOTHING, UNSEEN, LOOK],
            2: [NOTHING, NOTHING, NOTHING, UNSEEN],
            3: [NOTHING, LOOK, NOTHING, NOTHING],
            4: [NOTHING, NOTHING, LOOK, NOTHING],
            5: [UNSEEN, UNSEEN, NOTHING, UNSEEN],
            6: [BEFORE, BEFORE, BEFORE, BEFORE],
            8: [NOTHING, NOTHING, LOOK, NOTHING],
        },
    ),
    "us-il-2-130": (["immigration", "other-state"], {9: [LOOK, NOTHING], 10: [LOOK, LOOK]}),
}


@pytest.mark.parametrize("name", SHARING)
def test_cases_need_a_look_as_by_hand(name):
    """Who is federal, of another state, or searched for a federal agency; in Illinois only its own hosts."""
    columns, expected = SHARING[name]
    checked, words = check_cases(load_rulebook(name), fewest=0)
    counted = count_sharing(checked, load_rulebook(name))

    assert {row: words.loc[row, columns].tolist() for row in words.index} == expected
    assert [LOOK, NOTHING, UNSEEN, BEFORE] == list(counted.columns) and len(counted) == len(columns)
    assert {2 * len(words)} == set(counted.sum(axis="columns"))


def test_few_reasons_are_not_told():
    """Two rows that name a federal agency at one host cannot be seen; who reads is no reason."""
    _, words = check_cases(CALIFORNIA)

    assert (UNSEEN, LOOK) == (words.loc[4, "for-federal"], words.loc[3, "federal"])


def test_states_of_invented_names_are_read_only_where_told():
    """ZZ is no state, but where the simulated list says so; inside a word it is nothing."""
    names = [("Exampleton ZZ PD", "", name, "", "local") for name in ("Copperline YY PD", "FizzZZy PD")]
    frame = pd.DataFrame(names, columns=["host", "host_state", "searcher", "state", "party"])

    assert ["no_state", "no_state"] == rules._place_cases(frame)["where"].tolist()
    assert ["other_state", "no_state"] == rules._place_cases(frame, ["ZZ", "YY"])["where"].tolist()


# --- rulebooks ------------------------------------------------------------------------------------


STATUTES = ["us-ca-1798-90-52", "us-ca-1798-90-55", "us-il-2-130"]


def test_every_book_is_listed_and_leads_to_its_source():
    """Each names sources that are in the table; each rule of a statute names its subdivision."""
    known = set(load_table("sources")["source_id"])
    names = {path.stem for path in BOOKS.glob("*.toml")}

    assert {"ice-2017", "ice-2021", "simulated-zz", *STATUTES} == names
    for name in names:
        described = describe_rules(book := load_rulebook(name))
        assert set(book.get("source_ids", ())) <= known
        if name in STATUTES:
            assert described[["source_id", "page", "requirement"]].notna().all(axis=None)
            assert described["page"].str.contains(r"\([a-z]\)").all()


def test_rules_of_ice_are_the_rows_of_the_table():
    """102 requirements of two documents, each read there, with its page; those of 2021 are a set of their own."""
    table = load_table("query_rules").set_index("rule_id")
    described = LIMITS.set_index("rule")
    asked = table[(table["subject"] == "query") & table["in_force_from"].str.startswith("2017")].index
    again, ended = table["earlier_rule_id"].dropna(), table["in_force_until"].dropna()

    for rule in ICE["rule"]:
        columns = ["requirement", "source_id"]
        assert described.loc[rule["id"], columns].tolist() == table.loc[rule["query_rule"], columns].tolist()
    limit = described.loc["lookback-ero", ["limit_value", "limit_unit", "page"]]
    assert limit.tolist() == [5.0, "years", "p. 3"]
    # how many photographs a hit brings, and that one may fill in a plate, is no requirement on who asks
    assert {"photos-per-hit", "query-photo"} == set(asked) - {rule["query_rule"] for rule in ICE["rule"]}
    assert table["page"].notna().all() and {"document"} == set(table["read_as"])
    assert {"ice-pia-039a-2017": 66, "ice-pia-039b-2021": 36} == table["source_id"].value_counts().to_dict()
    assert {"ice-pia-039b-2021"} == set(describe_rules(load_rulebook("ice-2021"))["source_id"])
    assert {"ice-pia-039a-2017"} == set(table.loc[again, "source_id"])
    assert {"ice-pia-039b-2021"} == set(table.loc[again.index, "source_id"])
    assert table.loc["query-plate-number", "in_force_until"] == "2021-05-21"
    assert (ended > table.loc[ended.index, "in_force_from"]).all()


HEAD = 'title = "Mine"\nkind = "sharing"\nbinds = "all"\nnote = "n"\nstate = "CA"\nsource_ids = ["ktvu"]\n'
RULE = '[[rule]]\nid = "a"\nasks = "A?"\ncite = "s. 1"\nlabel = "a"\n'
RULE += 'look = { party = ["federal"] }\nunseen_if = { party = ["demo"] }\n'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD.replace("sharing", "advice") + RULE, "wrong-value"),
        (HEAD + RULE.replace('party = ["federal"]', 'mood = ["bad"]'), "unknown-key"),
        (HEAD + RULE + RULE, "doubled"),
        (HEAD + RULE.replace("look =", "# look ="), "missing-key"),
        (HEAD.replace("sharing", "query") + RULE, "missing-key"),
        ("[" * 4_000, "unreadable"),
    ],
)
def test_a_book_of_ones_own_is_a_file_and_is_checked(tmp_path, text, code):
    """A path works as a name does; the first thing that is wrong is named."""
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + RULE)
    assert "Mine" == load_rulebook(path)["title"]
    path.write_text(text)
    with refused(code, DataError, place="mine.toml"):
        load_rulebook(path)


def test_what_leads_nowhere_is_named():
    """No such book; a rule that the table does not hold."""
    book = copy.deepcopy(ICE)
    book["rule"][0]["query_rule"] = "query-mood"
    with refused("unknown-rule", DataError):
        describe_rules(book)
    with refused("unknown-book", DataError):
        load_rulebook("no-such")
