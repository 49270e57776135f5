"""What public portals show: search audits in all key sets, and figures of archived pages."""

import sys
from datetime import datetime
from itertools import product
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made.tables import CASE, KEY, OFFICER, REASON, read, refuse, write_csv  # noqa: E402

ID = "c2348746-65ce-4ae6-9a36-61114511{:04d}"
CELLS = {"reason": REASON, "offenseType": "Arson", "caseNumber": CASE}
SETS = [
    (),
    ("reason",),
    ("offenseType",),
    ("caseNumber",),
    ("reason", "caseNumber"),
    ("offenseType", "caseNumber"),
    ("reason", "offenseType", "caseNumber"),
]


def audit(path, count="networkCount", keys=("reason",), when="2026-03-10T04:31:52.901Z", rows_n=3, **cells):
    """Write a portal's search audit with some keys."""
    header = ["id", "userId", "searchDate", count, *keys]
    rows = [
        [ID.format(n), OFFICER, when, str(10 + n), *[cells.get(key, CELLS[key]) for key in keys]]
        for n in range(rows_n)
    ]
    return write_csv(path, [header, *rows])


@pytest.mark.parametrize(("keys", "count"), [*product(SETS, ["networkCount", "cameraCount"])])
def test_all_key_sets(tmp_path, keys, count):
    """Each key set is read; the reason comes from the first key that holds one, and its origin is kept."""
    reading = read(audit(tmp_path / "search_audit.csv", count, keys), reported_by="Town MI PD")
    table, report = reading.tables["searches"], reading.report
    counted, other = ("networks_n", "devices_n") if count == "networkCount" else ("devices_n", "networks_n")
    assert table[counted].tolist() == [10, 11, 12]
    assert table[other].isna().all()
    assert set(table[f"{other}_cell"]) == {"not_exported"}
    assert table["searched_at"][0] == datetime(2026, 3, 10, 4, 31, 52, 901000)
    origin = {"reason": "reason", "offenseType": "offense_type", "caseNumber": "case_number"}
    expected = next((origin[key] for key in ("reason", "offenseType", "caseNumber") if key in keys), None)
    assert set(table["reason_origin"].dropna()) == ({expected} if expected else set())
    assert table["reason_text"].notna().all() == (expected in ("reason", "offense_type"))
    assert set(table["reason_text_cell"]) == {
        "value" if expected in ("reason", "offense_type") else "not_exported"
    }
    assert table["has_case_number"].notna().all() == ("caseNumber" in keys)
    assert set(table["host_agency"]) == {"Town MI PD"}
    assert "userId" in report.columns_dropped
    assert report.details["keys"][3] == count


def test_users_are_dropped(tmp_path):
    """User ids can be traced to persons: they become tokens with a key, nothing without."""
    path = audit(tmp_path / "a.csv")
    assert read(path).tables["searches"]["officer_token"].isna().all()
    assert read(path, key=KEY).tables["searches"]["officer_token"].nunique() == 1


def test_the_first_key_that_holds_something(tmp_path):
    """A blank reason gives way to the offense type, whose own mask does not."""
    path = audit(tmp_path / "a.csv", keys=("reason", "offenseType"), reason="")
    table = read(path).tables["searches"]
    assert set(table["reason_origin"]) == {"offense_type"}
    assert set(table["reason_text_cell"]) == {"value"}
    table = read(
        audit(tmp_path / "b.csv", keys=("reason", "offenseType"), reason="***", offenseType="")
    ).tables["searches"]
    assert table["reason_origin"].isna().all()
    assert set(table["reason_text_cell"]) == {"masked"}


def test_times_of_2025_need_a_zone(tmp_path):
    """The form of 2025 prints no zone: refused, with what others do about it; then read as told."""
    path = audit(tmp_path / "a.csv", "cameraCount", when="2025-06-18 00:02:04.789")
    error = refuse(path)
    assert error.found == "times without a time zone"
    assert "treated as UTC" in error.way_out
    reading = read(path, time_zone="UTC")
    assert reading.tables["searches"]["searched_at"][0] == datetime(2025, 6, 18, 0, 2, 4, 789000)
    assert reading.report.time_zone == "UTC, as given"
    assert read(path, time_zone="America/Los_Angeles").tables["searches"]["searched_at"][0].hour == 7


def test_rows_without_a_header(tmp_path):
    """A portal's rows without their header are refused with a header to put on top."""
    path = write_csv(
        tmp_path / "a.csv", [[ID.format(n), "***", "2026-03-10T04:31:52.901Z", "3", REASON] for n in range(2)]
    )
    assert "without a header" in refuse(path).found


ARCHIVE = [
    "id",
    "agency",
    "updated",
    "accessed",
    "url",
    "data_retention_in_days",
    "number_of_owned_cameras",
    "external_organizations_with_access",
    "hotlists_alerted_on",
    "vehicles_detected_in_the_last_30_days",
    "hotlist_hits_in_the_last_30_days",
    "searches_in_the_last_30_days",
    "public_search_audit",
]


def page(
    agency,
    retention="30 days",
    vehicles="1,000",
    hits="10",
    searches="5",
    organizations="NA",
    day="2024-04-26",
):
    """A row of an archive of portal pages."""
    return [
        "1",
        agency,
        f"{day}T14:11:25Z",
        f"{day}T17:25:31Z",
        "u",
        retention,
        "6",
        organizations,
        "NCIC",
        vehicles,
        hits,
        searches,
        "0",
    ]


def test_figures_of_pages(tmp_path):
    """Three figures a page, each over the 30 days to its capture date; sentinels are set aside by meaning."""
    rows = [
        ARCHIVE,
        page("Avon IN PD", organizations="A PD, B PD"),
        page("B MI PD", "-Infinity days", searches="NA", organizations="988"),
        page("C PD", "NA", hits="Data Unavailable", vehicles="NA"),
        page("D PD", "365 days", vehicles="n. k."),
    ]
    reading = read(write_csv(tmp_path / "usage.csv", rows))
    table, report = reading.tables["volumes"], reading.report
    assert report.rows_in == 12
    assert {part.reason: part.rows_n for part in report.set_aside} == {
        "searches_in_the_last_30_days: not on the page": 1,
        "hotlist_hits_in_the_last_30_days: shown as unavailable": 1,
        "vehicles_detected_in_the_last_30_days: not on the page": 1,
        "vehicles_detected_in_the_last_30_days: not a number": 1,
    }
    first = table[table["reported_by"] == "Avon IN PD"]
    assert first["measure"].tolist() == ["detections", "hits", "searches"]
    assert first["value"].tolist() == [1000.0, 10.0, 5.0]
    assert set(first["period_start"]) == {"2024-03-27"}
    assert set(first["period_end"]) == {"2024-04-26"}
    assert report.details["retention_days"] == {
        "30": 1,
        "not a number of days": 1,
        "not on the page": 1,
        "365": 1,
    }
    assert report.details["organizations_with_access"] == {"names": 1, "a count": 1, "none": 2}


def test_captures_of_one_portal(tmp_path):
    """An archive of one portal names no agency: it has to be told; captures that overlap are warned of."""
    header = (
        "captured_at,last_updated,retention,lpr_cameras,unique_vehicles,searches,hotlists,hotlist_hits,"
        "audit_rows_new"
    ).split(",")
    rows = [
        ["2026-09-09T02:48:57Z", "Tue Sep 08 2026", "30 days", "3", "", "7", "NCMEC", "93", "7"],
        ["2026-09-10T17:23:26Z", "Thu Sep 10 2026", "30 days", "3", "71960", "7", "NCMEC", "91", "0"],
    ]
    path = write_csv(tmp_path / "stats.csv", [header, *rows])
    assert "--reported-by" in refuse(path).way_out
    reading = read(path, reported_by="Rockford MI DPS")
    assert len(reading.tables["volumes"]) == 5
    assert any("never add them" in text for text in reading.report.warnings)
    assert any("1 page was last updated on an earlier day" in text for text in reading.report.notes)


def test_figures_without_a_date(tmp_path):
    """Without a capture date a figure has no period: refused, unless the date is given."""
    path = write_csv(tmp_path / "usage.csv", [ARCHIVE, page("A PD", day="soon")])
    assert "--as-of" in refuse(path).way_out
    reading = read(path, as_of="2024-05-01")
    assert set(reading.tables["volumes"]["period_end"]) == {"2024-05-01"}
    assert any("as given" in text for text in reading.report.notes)


def test_real_pages(mirror):
    """The News & Observer's 365 portals: 339 keep data 30 days, 7 print -Infinity, 8 nothing; 226 list
    organizations.
    """
    reading = read(mirror / "private_eyes" / "latest_usage04262023.csv")
    details = reading.report.details
    assert reading.report.rows_in == 365 * 3
    assert details["retention_days"]["30"] == 339
    assert details["retention_days"]["not a number of days"] == 7
    assert details["retention_days"]["not on the page"] == 8
    assert (
        details["organizations_with_access"]["names"] + details["organizations_with_access"]["a count"] == 226
    )
    table = reading.tables["volumes"]
    assert set(table["period_end"]) == {"2024-04-26"}
    by = table.pivot_table(index="reported_by", columns="measure", values="value")
    both = by[(by["detections"] > 0)].dropna(subset=["detections", "hits"])
    # pooled share of hits among detections: 623,597 of 76,735,741 over 285 portals
    assert (len(both), both["hits"].sum(), both["detections"].sum()) == (285, 623_597, 76_735_741)
