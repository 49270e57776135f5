"""Doors on real records of the mirror: a LEARN report of 2020 as the list, and an audit of 2025."""

import pandas as pd

from helpers import agencies, doors
from helpers.canonical import build_table
from helpers.searches import engine
from made.logs import read_log
from made.tables import read

HOST = "Orange County Sheriffs Department"
# Looked up in the report by eye: page 1 ff., section Detections Shared.
ASKED = {
    "Irvine Police Department": "listed",
    "Irvine CA PD": "unsure",  # the list gives no state, and there is an Irvine in Kentucky
    "San Diego Sector Border Patrol (CA)": "listed",
    "ICE": "absent",  # it stands among those that the sheriff receives from
    "Exampleton Police Department (CA)": "absent",
}


def test_a_report_of_2020_answers_for_its_time(mirror):
    """Who is on the sheriff's list and who is not in March 2020; five years later the list says nothing."""
    sharing = read(mirror / "learn" / "ocsd_2020-02-06_data_sharing.pdf").tables["sharing"]
    cases = pd.DataFrame(
        [("x", HOST, name, "nobody:", month, 1, 1, 1) for name in ASKED for month in (202003, 202503)],
        columns=["source_id", "host", "searcher", "code", "month", "rows_n", "first_row", "last_row"],
    )
    verdicts = doors.judge_cases(cases, sharing, agencies.Registry(agencies.load_registry()), months=6)
    near = verdicts[verdicts["month"] == 202003].set_index("searcher")

    assert ASKED == near["declared"].to_dict()
    assert {"other_time"} == set(verdicts.loc[verdicts["month"] == 202503, "declared"])
    assert near.loc["Irvine Police Department", "listed_at"].startswith("file-24b8727c8395 p. ")


def test_an_audit_of_ones_own_searches_shows_no_door(mirror):
    """Okaloosa's organization audit holds the sheriff's own searches only."""
    path = mirror / "flock" / "okaloosa_fl_so_org_audit_reduced.csv.gz"
    rows = read(path).tables["searches"]
    log = read_log(rows)
    verdicts = doors.judge_cases(engine.fetch(doors.group_cases(log)), build_table("sharing", []))

    assert {"own": 7_273} == verdicts.groupby("door")["rows_n"].sum().to_dict()
    # the reasons were left out of the reduced file, so for whom cannot be seen, and a side door not excluded
    side = doors.list_bounds(verdicts).set_index("door").loc["side"]
    assert (side["judged_n"], side["open_n"]) == (0, 7_273)
