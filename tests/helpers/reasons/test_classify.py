"""Labels given in the engine: the same as by a plain loop, in any order; texts stay where they are."""

from collections import Counter

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.reasons import STATES, find_labels, load_rule_sets, mark_log, tally_reasons
from helpers.reasons.classify import label_rows
from helpers.reasons.labels import fold_text
from helpers.searches import engine
from helpers.searches.logbook import Log
from helpers.simulate.log import build_log
from made.logs import make_reasons, read_log

from .conftest import fold, label_plainly

SETS = load_rule_sets([], "immigration")
NAMES = [rules.name for rules in SETS]
HARD = [
    "Office", "Police", "Justice", "notice", "Inv", "Investigation", "ICE", "ice", "İCE", "éiceé",
    "ice\n", "ＩＣＥ", "i\u200bce", "ICE  hold", "ice\u00a0detainer", "police hold", "border\tpatrol",
    "BORDER   PATROL", "HSI", "Señor HSI", "naïve ice", "meth/ice",
    "Immigration (civil/administrative) - x", "immigration (CIVIL/ADMINISTRATIVE)",
    "it's 100% ICE's \\ \"quoted\"", "日本 ice", "ſice", "K\u212aICE", "", " ", "ice;drop table x",
    "{ice}", "$ice^", "deposit in", "287(g)", "i.c.e.", "ero", "hero", "<redacted>", "<masked>",
    "<empty>", "<placeholder>", "<not_exported>", "<case_number>", None,
]  # fmt: skip
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0<"), max_size=12)
WORDS = "ICE police hold HSI immigration border patrol é \u0301 İCE \n - meth ero inv fraud".split(" ")
PARTS = st.lists(st.sampled_from(WORDS), max_size=5)
TEXTS = st.lists(st.one_of(ANY, PARTS.map(" ".join), PARTS.map("".join)), min_size=40, max_size=80)


def label_by_loop(texts):
    """Label texts one by one in Python."""
    return [
        tuple(label_plainly(name, text) if isinstance(text, str) else "" for name in NAMES) for text in texts
    ]


PLAIN = {
    "ICE": "ice", "İCE": "ice", "ıce": "ice", "ＩＣＥ": "ice", "éiceé": "eicee", "e\u0301ice": "eice",
    "i\u00adce": "ice", "i\u200bce": "ice", "ice\n": "ice ", "ice\u00a0hold": "ice hold",
    "a\r\n\tb": "a b", "Señor  Müller": "senor muller", "日本ice": " ice", "ice—ero": "ice ero",
    "ﬁne": " ne", "": "",
}  # fmt: skip


def test_characters_become_plain():
    """Small letters without accents; what shows as nothing vanishes; anything else becomes one blank."""
    table = ibis.memtable(pa.table({"text": list(PLAIN), "at": range(len(PLAIN))}))
    found = engine.fetch(table.select("at", plain=fold_text(table.text)), ["at"])["plain"].tolist()

    assert dict(zip(PLAIN, found, strict=True)) == PLAIN == {text: fold(text) for text in PLAIN}


@settings(max_examples=5)
@given(TEXTS)
@example([])
def test_labels_are_those_of_a_loop_over_the_rows(texts):
    """Random texts of Unicode, and of the words that rules look for; and no row at all."""
    log = make_reasons(texts)
    tally = tally_reasons(read_log(log), SETS)
    counted = Counter({key: int(rows["rows_n"].sum()) for key, rows in tally.groupby(NAMES)})

    assert Counter(label_by_loop(log["reason_text"])) == counted


def test_every_row_has_its_label():
    """Row by row, hard cases included; what is no text has no label and keeps its state."""
    log = make_reasons(HARD)
    found = engine.fetch(label_rows(read_log(log), SETS).select("row_no", "reason_state", *NAMES), ["row_no"])

    assert label_by_loop(log["reason_text"]) == list(found[NAMES].itertuples(index=False, name=None))
    assert [text.strip("<>") for text in HARD[-7:-1]] == found["reason_state"].tolist()[-7:-1]
    assert {"text"} == set(found["reason_state"][:-7]) and found["reason_state"].iloc[-1] == "left_out"


def test_tally_is_the_sum_of_its_rows_in_any_order():
    """By agency and state: rows add up to the log, whatever their order."""
    by = "searcher_agency_as_printed"
    agencies = ["A ZZ PD", "B ZZ PD", None] * (len(HARD) + 2)
    log = make_reasons([*HARD, "ICE canary", "canary"] * 3, **{by: agencies})
    tally = tally_reasons(read_log(log), SETS, [by])
    rows = engine.fetch(label_rows(read_log(log), SETS).select(by, "reason_state", *NAMES))
    counted = rows.value_counts(dropna=False).rename("rows_n").reset_index()
    keys = list(tally.columns[:-1])

    assert len(log) == tally["rows_n"].sum() and set(tally["reason_state"]) <= set(STATES)
    shuffled = read_log(log.sample(frac=1, random_state=4))
    pd.testing.assert_frame_equal(tally, tally_reasons(shuffled, SETS, [by]))
    tables = (table.sort_values(keys, ignore_index=True) for table in (counted, tally))
    pd.testing.assert_frame_equal(*tables, check_dtype=False)
    assert "canary" not in tally.to_csv() + rows.to_csv()


def test_a_log_without_texts_says_so():
    """A copy for publication has states and no texts: counted as left out, not as other."""
    log = make_reasons(["ICE", "<masked>"]).assign(reason_text=None)
    tally = tally_reasons(read_log(log), SETS)
    bare = log.assign(reason_text_cell=None, reason_origin=None)

    assert {"left_out": 1, "masked": 1} == dict(zip(tally["reason_state"], tally["rows_n"], strict=True))
    assert ["not_exported"] == tally_reasons(read_log(bare), SETS)["reason_state"].tolist()


def test_a_handful_of_labels_is_no_free_text():
    """Eleven classes of many rows are labels and are counted; small ones and numbers are joined."""
    labels = {"Investigation_generic": 700, "other text": 90, "warrant": 9, "case 17": 30, "<empty>": 50}
    found = find_labels(read_log(make_reasons([label for label, n in labels.items() for _ in range(n)])))

    counts = {"investigation_generic": 700, "other text": 90, "(other labels)": 39}
    assert found.set_index("label")["rows_n"].to_dict() == counts
    for log in (build_log(3, 3_000)[0], make_reasons(["ice", "theft"]), make_reasons(["<empty>"])):
        assert find_labels(read_log(log)) is None


def test_months_are_local_and_the_format_changes_at_local_midnight():
    """The last hours of December in California are January in UTC, and still free text."""
    times = ["2026-01-01 07:59:59.999999", "2026-01-01 08:00", None]
    log = make_reasons(["x"] * 3, searched_at=pd.Series(times, dtype="datetime64[us]"))
    marked = mark_log(Log(read_log(log), pd.Series(), "", 3, (), "", ""), "America/Los_Angeles")
    found = engine.fetch(marked.table.select("row_no", "month", "form"), ["row_no"])

    assert ["2025-12", "2026-01", "no time"] == found["month"].tolist()
    assert ["free text", "categories", "no time"] == found["form"].tolist()


def test_what_makes_no_sense_is_refused():
    """No rule, a column that is not there, a column of a rule set's name."""
    table = read_log(make_reasons(["ICE"]))
    for call in (
        lambda: tally_reasons(table, []),
        lambda: tally_reasons(table, SETS, ["town"]),
        lambda: label_rows(table.mutate(suncoast=ibis.literal(1)), SETS),
    ):
        with pytest.raises(DataError):
            call()


def test_spark_labels_row_by_row_as_duckdb_does(spark):
    """Hard texts and the teaching log, all sets of all subjects: equal labels and equal tallies."""
    sets = load_rule_sets([])
    columns = ["source_id", "row_no", "reason_state", *(rules.name for rules in sets)]
    log = pd.concat([make_reasons(HARD), build_log(5, 1_500)[0]], ignore_index=True)
    tables = [read_log(log), engine.read_log(spark, log)]

    pd.testing.assert_frame_equal(
        *(engine.fetch(label_rows(table, sets).select(*columns)) for table in tables)
    )
    pd.testing.assert_frame_equal(*(tally_reasons(table, SETS, ["host_agency"]) for table in tables))
