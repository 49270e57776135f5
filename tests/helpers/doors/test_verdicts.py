"""Behaviour of `helpers.doors.verdicts`: cases, verdicts, evidence, and what never comes out."""

import pandas as pd
import pytest

from helpers import doors
from helpers.canonical import COLUMNS, build_table
from helpers.errors import DataError
from helpers.searches import engine
from helpers.simulate import log as simulated
from helpers.simulate import world
from made.lists import make_list
from made.logs import make_log, read_log

CANARIES = ("QQ8CANARY8QQ", "9CNR777", "19-004512", "Officer Canary")


def write_log(rows):
    """Write a log: (source, host, searcher, reason, cell, time) per row."""
    names = ["source_id", "host_agency", "searcher_agency_as_printed", "reason_text", "reason_text_cell"]
    return make_log([dict(zip([*names, "searched_at"], row, strict=True)) for row in rows])


HOST = "Exampleton CA PD"
ROWS = [
    ("a", HOST, HOST, "stolen vehicle", "value", "2025-03-01"),
    ("a", HOST, HOST, "assist HSI", "value", "2025-03-02"),
    ("a", HOST, "Sample County CA SO", "theft", "value", "2025-03-03"),
    ("a", HOST, "Sample County CA SO", "theft again", "value", "2025-03-31 23:59:59"),
    ("a", HOST, "Sample County CA SO", "theft", "value", "2025-04-01"),
    ("a", HOST, "ICE", None, "redacted", "2025-03-05"),
    ("a", HOST, "HSI", None, "empty", "2025-03-05"),
    ("a", HOST, "NCRIC", "for Sample County SO", "value", "2025-03-06"),
    ("a", HOST, "Else CA PD", "ice", "value", "2025-03-07"),
    ("a", HOST, "Else CA PD", "theft", "value", "2025-03-07"),
    ("a", HOST, "Exampleton CA PD / DEA", "theft", "value", "2025-03-08"),
    ("a", HOST, "Flock Safety LE Training", "theft", "value", "2025-03-08"),
    ("a", HOST, None, "theft", "value", "2025-03-09"),
    ("b", "Vigilant Solutions", "ICE", "theft", "value", "2025-03-09"),
    ("b", "Other CA PD", "ICE", "theft", "value", "2025-03-09"),
    ("b", HOST, "ICE", "theft", "value", None),
    ("b", None, "ICE", "theft", "value", "2025-03-09"),
]
# By hand: the list of March names the county's sheriff and ICE, not HSI and not Else.
EXPECTED = [
    "own", "side", "front", "front", "front", "front", "back", "relay", "undetermined", "back",
    "account", "undetermined", "undetermined", "contract", "undetermined", "front", "undetermined",
]  # fmt: skip


# One list of March 2025.
SHARING = build_table(
    "sharing",
    make_list(["Sample County Sheriff's Office (CA)", "ICE"], HOST, date="2025-03-15", source="list"),
)
KEYS = ["source_id", "row_no"]


def judge(frame, sharing=SHARING, **options):
    """Judge a log, and mark its rows."""
    log = read_log(frame)
    verdicts = doors.judge_cases(engine.fetch(doors.group_cases(log)), sharing, **options)
    return verdicts, engine.fetch(doors.mark_rows(log, verdicts), KEYS)


@pytest.fixture(scope="module")
def judged():
    """Verdicts and marked rows of the log above."""
    return judge(write_log(ROWS))


def test_rows_are_decided_as_by_hand_each_in_one_case(judged):
    """Each row gets the door that its facts allow; counts of cases add up to the rows."""
    verdicts, marked = judged
    counts = doors.count_doors(verdicts)["rows_n"].to_dict()

    assert EXPECTED == marked["door"].tolist()
    assert len(ROWS) == verdicts["rows_n"].sum() == len(marked.drop_duplicates(KEYS))
    assert counts == {door: EXPECTED.count(door) for door in counts}


def test_evidence_points_to_rows_of_log_and_list(judged):
    """The front door of the sheriff in March is on rows 3 to 4 of the log and row 1 of the list."""
    found = doors.list_evidence(judged[0], "front", fewest=0)
    march = found[(found["searcher"] == "Sample County CA SO") & (found["month"] == 202503)]
    columns = ["rows_n", "source_id", "first_row", "last_row", "declared", "listed_at", "decision"]

    assert march[columns].to_numpy().tolist() == [[2, "a", 3, 4, "listed", "list p. 3 row 1", "front"]]


def test_bounds_hold_what_is_not_excluded(judged):
    """One search is judged a side door; local rows without a federal name may be one too."""
    side = doors.list_bounds(judged[0]).set_index("door").loc["side"]

    # not the five rows of federal searchers with a known host, and not the relay, whose reason names a sheriff
    assert (side["judged_n"], side["open_n"]) == (1, len(ROWS) - 5 - 1 - 1)


def test_few_side_doors_are_put_with_what_is_open(judged):
    """One side-door row is undetermined in what is published; other doors and the number of rows stay."""
    verdicts, merged = judged[0], doors.merge_few(judged[0])
    before, after = doors.count_doors(verdicts)["rows_n"], doors.count_doors(merged)["rows_n"]
    others = before.index.difference(["side", "relay", "undetermined"])

    assert 0 == after["side"] == after["relay"] and before["side"] == 1
    assert before[others].equals(after[others]) and before.sum() == after.sum()
    assert doors.list_evidence(verdicts, "side").empty


def test_without_a_list_no_front_and_no_back():
    """What is declared cannot be known: neither door is told, and both stay open."""
    verdicts, _ = judge(write_log(ROWS), build_table("sharing", []))

    assert not set(verdicts["door"]) & {"front", "back"}
    assert doors.list_bounds(verdicts).set_index("door").loc["back", "open_n"] > 0


@pytest.mark.parametrize("order", ["reversed", "shuffled", "split"])
def test_order_and_parts_change_nothing(order, judged):
    """Rows in another order, or a log in two parts, give the same verdicts."""
    frame = write_log(ROWS)
    if order == "split":
        parts = [judge(part)[1] for part in (frame.iloc[:7], frame.iloc[7:])]
        marked = pd.concat(parts, ignore_index=True)
    else:
        frame = frame.iloc[::-1] if order == "reversed" else frame.sample(frac=1, random_state=5)
        verdicts, marked = judge(frame)
        pd.testing.assert_frame_equal(judged[0], verdicts)

    pd.testing.assert_frame_equal(judged[1], marked)


def test_nothing_of_the_text_comes_out():
    """Reason, plate, officer and case number leave no trace in any table."""
    text = " ".join(CANARIES) + " assist HSI"
    frame = write_log([("a", HOST, "Sample County CA SO", text, "value", "2025-03-01")])
    frame = frame.assign(search_id=CANARIES[0], plate_token=CANARIES[1], case_number_token=CANARIES[2])
    verdicts, marked = judge(frame.astype(COLUMNS["searches"]))
    evidence = doors.list_evidence(verdicts, "side", fewest=0)
    tables = [verdicts, marked, evidence, doors.count_doors(verdicts, by="named_for")]

    assert "side" == verdicts["door"].item() and len(evidence) == 1
    for table in tables:
        assert not [canary for canary in CANARIES if canary.lower() in table.to_csv().lower()]


def test_a_name_that_may_be_the_hosts_is_nobody():
    """`Exampleton PD` may be Exampleton's own: neither own nor front nor back, until a person decides."""
    frame = write_log([("a", HOST, "Exampleton PD", "theft", "value", "2025-03-01")])

    assert "searcher-unknown" == judge(frame)[0]["decision"].item()
    assert "own" == judge(frame, same=[(HOST, "Exampleton PD")])[0]["decision"].item()


@pytest.mark.parametrize("seed", [11, 1])
def test_truth_of_the_simulated_log(seed):
    """Where a share is declared no back door is found, and no front door where it is not."""
    rows, truth = simulated.build_log(seed, 4_000)
    verdicts, marked = judge(rows, simulated.build_lists(seed), months=6)
    matched = doors.match_truth(marked, truth, rows)
    declared = matched.merge(truth, on=KEYS, suffixes=("", "_truth"))["is_declared"]
    federal = set(verdicts.loc[verdicts["party"] == "federal", "searcher"])
    mistaken = matched[(matched["door"] == "side") & (matched["true_door"] != "side")]
    graded = doors.grade_doors(matched)

    assert not (declared & (matched["door"] == "back")).any()
    assert not (~declared & (matched["door"] == "front")).any()
    assert set(mistaken["true_door"]) <= {"account"}
    assert federal and all(name.startswith("[Federal] ") for name in federal)  # not Office, Justice, Iceland
    assert graded["true_n"].sum() == len(rows)
    assert (graded["found_n"] + graded["undetermined_n"] + graded["taken_n"] == graded["true_n"]).all()
    with pytest.raises(DataError):
        doors.match_truth(marked, truth.iloc[1:], rows)


def test_grades_are_counted_by_hand():
    """Six rows: two side doors, one found, one left open; one false alarm."""
    keys = {"source_id": "simulated", "row_no": range(1, 7)}
    marked = pd.DataFrame(
        keys | {"door": ["side", "undetermined", "side", "front", "own", "back"], "decision": "x"}
    )
    truth = pd.DataFrame(
        keys
        | {"event_n": [1, 1, 2, 3, 4, 5], "is_declared": [True] * 4 + [False] * 2}
        | {"door": ["side", "side", "account", "none", "none", "none"]}
    )
    names = {"host_agency": "A", "searcher_agency_as_printed": ["B", "B", "B", "B", "A", None]}
    matched = doors.match_truth(marked, truth, pd.DataFrame(keys | names))

    assert ["side", "side", "account", "front", "own", "none"] == matched["true_door"].tolist()
    side = doors.grade_doors(matched).loc["side"].to_dict()
    assert side == {"found_n": 1, "undetermined_n": 1, "true_n": 2, "taken_n": 0, "false_n": 1}


def test_a_person_settles_what_rules_leave_open():
    """Names printed otherwise on the simulated lists are proposed, and settled by a person."""
    rows, lists = simulated.build_log(11, 2_000)[0], simulated.build_lists(11)
    names = rows["searcher_agency_as_printed"]
    unsure = doors.list_leftovers(lists, names).query("outcome == 'unsure'")
    pairs = list(unsure[["nearest", "listed"]].itertuples(index=False, name=None))

    assert pairs and {listed for _, listed in pairs} <= set(world.ALIASES.values())
    assert not (doors.list_leftovers(lists, names, same=pairs)["outcome"] == "unsure").any()
