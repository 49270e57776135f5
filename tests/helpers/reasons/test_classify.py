"""Labels given in the engine: the same as by a plain loop, from DuckDB and Spark, in any order; texts stay where they are."""

import re
from collections import Counter

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.reasons import STATES, count_patterns, label_rows, load_rule_sets, name_states, tally_reasons
from helpers.reasons.fold import fold
from helpers.searches import engine
from helpers.simulate.log import build_log

SETS = load_rule_sets([], "immigration")
NAMES = [rules.name for rules in SETS]
HARD = [
    "Office", "Police", "Justice", "notice", "Inv", "Investigation", "ICE", "ice", "İCE", "éiceé", "ice\n", "ＩＣＥ", "i\u200bce",
    "ICE  hold", "ice\u00a0detainer", "police hold", "border\tpatrol", "BORDER   PATROL", "HSI", "Señor HSI", "naïve ice", "meth/ice",
    "Immigration (civil/administrative) - x", "immigration (CIVIL/ADMINISTRATIVE)", "it's 100% ICE's \\ \"quoted\"", "日本 ice", "ſice",
    "K\u212aICE", "", " ", "ice;drop table x", "{ice}", "$ice^", "deposit in", "287(g)", "i.c.e.", "ero", "hero", "<redacted>", "<masked>",
    "<empty>", "<placeholder>", "<not_exported>", "<case_number>", None,
]  # fmt: skip


def label_by_loop(texts, sets=SETS):
    """Label texts one by one in Python."""
    return [tuple(rules.classify(text) if isinstance(text, str) else "" for rules in sets) for text in texts]


def read(log):
    """Read a log into a fresh engine."""
    return engine.read_log(engine.connect(), log)


ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0<"), max_size=12)
PARTS = st.sampled_from(
    [
        "ICE",
        "police",
        "hold",
        "HSI",
        "immigration",
        "border",
        "patrol",
        "é",
        "\u0301",
        "İCE",
        "\n",
        "-",
        "meth",
        "ero",
        "inv",
    ]
)


@settings(deadline=None, max_examples=5)
@given(
    st.lists(
        st.one_of(ANY, st.lists(PARTS, max_size=5).map(" ".join), st.lists(PARTS, max_size=4).map("".join)),
        min_size=60,
        max_size=120,
    )
)
def test_labels_are_those_of_a_loop_over_the_rows(make_log, texts):
    """Random texts of Unicode, and of the words that rules look for: the engine's counts are a Python loop's."""
    tally = tally_reasons(read(make_log(texts)), SETS)
    counted = Counter({tuple(row[1:-1]): row[-1] for row in tally.itertuples(index=False)})

    assert Counter(label_by_loop(texts)) == counted


def test_every_row_has_its_label(make_log):
    """Row by row, hard cases included; what is no text has no label and keeps its state."""
    log = make_log(HARD)
    found = engine.fetch(label_rows(read(log), SETS).select("row_no", "reason_state", *NAMES), ["row_no"])

    assert label_by_loop(log["reason_text"]) == list(found[NAMES].itertuples(index=False, name=None))
    assert dict(
        zip(HARD[-7:-1], ["redacted", "masked", "empty", "placeholder", "not_exported", "case_number"])
    ) == dict(zip(HARD[-7:-1], found["reason_state"].tolist()[-7:-1]))
    assert {"text"} == set(found["reason_state"][:-7])
    assert found["reason_state"].iloc[-1] == "left_out"


def test_tally_is_the_sum_of_its_rows(make_log):
    """By agency and state: rows add up to the log, and no text of it is in the result."""
    log = make_log(
        [*HARD, "ICE canary", "canary"] * 3,
        searcher_agency_as_printed=["A ZZ PD", "B ZZ PD", None] * (len(HARD) + 2),
    )
    table = read(log)
    tally = tally_reasons(table, SETS, ["searcher_agency_as_printed"])
    rows = engine.fetch(label_rows(table, SETS).select("searcher_agency_as_printed", "reason_state", *NAMES))
    counted = rows.value_counts(dropna=False).rename("rows_n").reset_index()
    keys = list(tally.columns[:-1])

    assert len(log) == tally["rows_n"].sum()
    pd.testing.assert_frame_equal(
        counted.sort_values(keys, ignore_index=True),
        tally.sort_values(keys, ignore_index=True),
        check_dtype=False,
    )
    assert set(tally["reason_state"]) <= set(STATES)
    assert "canary" not in tally.to_csv() + rows.to_csv()


def test_order_and_division_of_the_log_change_nothing(make_log):
    """Rows shuffled, or read as three parts, give the same tally."""
    log, sets = make_log(HARD * 2), SETS[:2]
    whole = tally_reasons(read(log), sets)
    shuffled = tally_reasons(read(log.sample(frac=1, random_state=4)), sets)
    parts = pd.concat([tally_reasons(read(log.iloc[at::3].reset_index(drop=True)), sets) for at in range(3)])
    summed = parts.groupby(list(whole.columns[:-1]), as_index=False)["rows_n"].sum()

    pd.testing.assert_frame_equal(whole, shuffled)
    pd.testing.assert_frame_equal(whole, summed)


def test_another_rule_leaves_the_others_and_the_log(make_log):
    """A rule set more or less changes no label that another gives."""
    table = read(make_log(HARD))
    alone = engine.fetch(label_rows(table, SETS[:1]).select("row_no", NAMES[0]))
    among = engine.fetch(label_rows(table, SETS).select("row_no", NAMES[0]))

    pd.testing.assert_frame_equal(alone, among)


def test_a_log_without_texts_says_so(make_log):
    """A copy for publication has states and no texts: counted as left out, not as other."""
    log = make_log(["ICE", "<masked>"]).assign(reason_text=None)
    tally = tally_reasons(read(log), SETS)

    assert {"left_out": 1, "masked": 1} == dict(zip(tally["reason_state"], tally["rows_n"], strict=True))


@pytest.mark.parametrize(("size", "seed"), [(0, 1), (3_000, 7)])
def test_simulated_log_is_labelled_as_by_the_loop(make_log, size, seed):
    """The teaching log, and an empty one."""
    log = build_log(seed, size)[0] if size else make_log([])
    tally = tally_reasons(read(log), SETS)
    expected = Counter(label_by_loop(log["reason_text"]))

    assert expected == Counter({key: int(rows["rows_n"].sum()) for key, rows in tally.groupby(NAMES)})
    assert len(log) == tally["rows_n"].sum()


PATTERNS = [
    r"\bice\b",
    "ice",
    "immigra",
    "border patrol",
    r"inv(est)?",
    r"[0-9]{2}",
    "^ice",
    r"\bpolice\b",
    "never there",
]


def test_patterns_are_counted_as_by_a_loop(make_log):
    """Sixty patterns or nine: each count is that of `re` over the folded rows."""
    texts = HARD + build_log(3, 2_000)[0]["reason_text"].tolist()
    log = make_log(texts)
    found = count_patterns(read(log), PATTERNS)
    rows = [fold(text) for text in log["reason_text"] if isinstance(text, str)]
    expected = [sum(bool(re.search(pattern.replace(" ", " +"), row)) for row in rows) for pattern in PATTERNS]

    assert PATTERNS == found["pattern"].tolist()
    assert expected == found["rows_n"].tolist()
    assert [0] * 2 == count_patterns(read(make_log([])), PATTERNS[:2])["rows_n"].tolist()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda table: tally_reasons(table, []), "there is none"),
        (lambda table: tally_reasons(table, SETS, ["town"]), "no column 'town'"),
        (lambda table: label_rows(table.mutate(suncoast=ibis.literal(1)), SETS), "column of the log"),
        (lambda table: count_patterns(table, []), "there is none"),
        (lambda table: count_patterns(table, ["ok", "ICE"]), "pattern 2"),
    ],
)
def test_what_makes_no_sense_is_refused(make_log, call, told):
    """No rule, no pattern, a column that is not there or is taken, a pattern in capitals."""
    with pytest.raises(DataError, match=told):
        call(read(make_log(["ICE"])))


def test_states_without_a_column_are_not_exported(make_log):
    """A log that says nothing of its reasons has none that were exported."""
    log = make_log(["ICE"]).assign(reason_text=None, reason_text_cell=None, reason_origin=None)
    table = read(log)

    assert ["not_exported"] == engine.fetch(table.select(state=name_states(table)))["state"].tolist()


def test_spark_labels_row_by_row_as_duckdb_does(make_log, spark):
    """Hard texts and the teaching log, all sets of all subjects: equal labels, equal tallies, equal counts of patterns."""
    sets = load_rule_sets([])
    columns = ["source_id", "row_no", "reason_state", *(rules.name for rules in sets)]
    log = pd.concat([make_log(HARD), build_log(5, 1_500)[0]], ignore_index=True)
    tables = [read(log), engine.read_log(spark, log)]
    rows = [engine.fetch(label_rows(table, sets).select(*columns)) for table in tables]
    tallies = [tally_reasons(table, SETS, ["host_agency"]) for table in tables]
    counts = [count_patterns(table, PATTERNS) for table in tables]

    for one, other in (rows, tallies, counts):
        pd.testing.assert_frame_equal(one, other)
    assert len(rows[0]) == len(log) and (rows[0]["house-immigration"] != "").sum() > 50
