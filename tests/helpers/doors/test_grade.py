"""Behaviour of `helpers.doors.grade`, and the truth of the simulated log recovered."""

import pandas as pd
import pytest

from helpers import doors
from helpers.errors import DataError
from helpers.searches import engine
from helpers.simulate import log as simulated


@pytest.fixture(scope="module")
def made():
    """A simulated log with its truth, lists and verdicts."""
    rows, truth = simulated.build_log(11, 20_000)
    lists = simulated.build_lists(11)
    log = engine.read_log(engine.connect(), rows)
    verdicts = doors.judge_cases(engine.fetch(doors.group_cases(log)), lists)
    marked = engine.fetch(doors.mark_rows(log, verdicts))
    return rows, truth, lists, verdicts, marked


@pytest.fixture(scope="module")
def matched(made):
    """Verdicts beside the truth."""
    rows, truth, _, _, marked = made
    return doors.match_truth(marked, truth, rows)


def test_grades_are_counted_by_hand():
    """Six rows: two side doors, one found, one left open; one false alarm."""
    marked = pd.DataFrame(
        {"source_id": "simulated", "row_no": range(1, 7), "decision": "x",
         "door": ["side", "undetermined", "side", "front", "own", "back"]}
    )  # fmt: skip
    truth = pd.DataFrame(
        {"source_id": "simulated", "row_no": range(1, 7), "event_n": [1, 1, 2, 3, 4, 5], "is_declared": [True] * 4 + [False] * 2,
         "door": ["side", "side", "account", "none", "none", "none"]}
    )  # fmt: skip
    log = pd.DataFrame(
        {"source_id": "simulated", "row_no": range(1, 7), "host_agency": "A",
         "searcher_agency_as_printed": ["B", "B", "B", "B", "A", None]}
    )  # fmt: skip
    matched = doors.match_truth(marked, truth, log)

    assert ["side", "side", "account", "front", "own", "none"] == matched["true_door"].tolist()
    assert {
        "true_n": 2, "found_n": 1, "undetermined_n": 1, "taken_n": 0, "judged_n": 2, "false_n": 1, "events_n": 1,
    } == doors.grade_door(matched, "side")  # fmt: skip
    assert 6 == doors.cross_doors(matched).sum().sum()
    with pytest.raises(DataError, match="rows found"):
        doors.match_truth(marked, truth.iloc[:5], log)


def test_ways_in_are_never_told_wrong(made, matched):
    """Where the truth has a declared share no back door is told, and no front door where it has none, over all rows."""
    rows, truth, *_ = made
    declared = matched.merge(truth, on=["source_id", "row_no"], suffixes=("", "_truth"))["is_declared"]

    assert not (declared & (matched["door"] == "back")).any()
    assert not (~declared & (matched["door"] == "front")).any()
    assert not ((matched["door"] == "own") != (matched["true_door"] == "own"))[
        matched["true_door"].isin(["front", "back"])
    ].any()


def test_side_doors_are_found_as_far_as_reasons_name_them(made, matched):
    """A side door is judged exactly where it can be read: no false alarm but borrowed accounts, which look the same."""
    graded = doors.grade_door(matched, "side")
    false = matched[(matched["door"] == "side") & (matched["true_door"] != "side")]

    assert {"account"} == set(false["true_door"])
    # stated error: a fifth or so is found for sure, half or more with what is left open
    assert 0.1 <= graded["found_n"] / graded["true_n"] <= 0.4
    assert 0.5 <= (graded["found_n"] + graded["undetermined_n"]) / graded["true_n"] <= 0.9


def test_traps_of_the_simulated_names_catch_nobody(made):
    """Office, Justice, Notice, Ice in names make no federal agency; only the three that are."""
    verdicts = made[3]
    federal = set(verdicts.loc[verdicts["party"] == "federal", "searcher"])

    assert federal and all(name.startswith("[Federal] ") for name in federal)
    traps = verdicts[
        verdicts["searcher"].str.contains("Office|Justice|Notice|Iceland|Police|Venice|Ricefield")
    ]
    assert {"local", "own"} == set(traps[~traps["searcher"].str.startswith("[Federal]")]["party"])


def test_a_person_settles_what_rules_leave_open(made):
    """Three names are printed otherwise on the lists: proposed first, and settled when a person says so."""
    rows, _, lists, _, _ = made
    left = doors.list_leftovers(lists, rows["searcher_agency_as_printed"])
    pairs = list(
        left.loc[left["outcome"] == "unsure", ["nearest", "listed"]].itertuples(index=False, name=None)
    )

    assert {
        "State Police of ZZ",
        "Prairie County Sheriff's Office ZZ",
        "Copperline Police Department (YY)",
    } >= {listed for _, listed in pairs} and pairs
    settled = doors.list_leftovers(lists, rows["searcher_agency_as_printed"], same=pairs)
    assert not (settled["outcome"] == "unsure").any()


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_keep_the_promises(seed):
    """No false front or back in other worlds either."""
    rows, truth = simulated.build_log(seed, 4_000)
    log = engine.read_log(engine.connect(), rows)
    verdicts = doors.judge_cases(engine.fetch(doors.group_cases(log)), simulated.build_lists(seed))
    matched = doors.match_truth(engine.fetch(doors.mark_rows(log, verdicts)), truth, rows)
    wrong = matched[
        (matched["door"] != matched["true_door"]) & matched["door"].isin(["front", "back", "side", "relay"])
    ]

    # whoever asks for a federal agency without saying so comes in by a door of his own; that is not excluded
    assert set(wrong["true_door"]) <= {"side", "account", "relay"}


def test_duckdb_and_spark_agree(spark, made, tmp_path):
    """Cases and marked rows are equal, row for row, on both engines."""
    rows, _, lists, _, _ = made
    rows.iloc[::50].to_parquet(tmp_path / "searches.parquet")
    tables = []
    for connection in (engine.connect(), spark):
        log = engine.read_log(connection, tmp_path / "searches.parquet")
        cases = engine.fetch(doors.group_cases(log))
        tables.append((cases, engine.fetch(doors.mark_rows(log, doors.judge_cases(cases, lists)))))

    assert len(tables[0][1]) == len(rows.iloc[::50])
    for one, other in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(one, other)
