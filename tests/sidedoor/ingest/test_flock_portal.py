"""What public portals show: search audits in all key sets, and figures of archived pages."""

from datetime import datetime
from itertools import cycle

import pytest

from made.tables import CASE, KEY, OFFICER, REASON, count_skipped, read, refuse, write_csv

ID = "c2348746-65ce-4ae6-9a36-61114511{:04d}"
CELLS = {"reason": REASON, "offenseType": "Arson", "caseNumber": CASE}
ORIGINS = {"reason": "reason", "offenseType": "offense_type", "caseNumber": "case_number"}
SETS = [
    (), ("reason",), ("offenseType",), ("caseNumber",), ("reason", "caseNumber"),
    ("offenseType", "caseNumber"), ("reason", "offenseType", "caseNumber"),
]  # fmt: skip


def audit(path, count="networkCount", keys=("reason",), when="2026-03-10T04:31:52.901Z", **cells):
    """Write a portal's search audit with some keys."""
    found = CELLS | cells
    rows = [[ID.format(n), OFFICER, when, str(10 + n), *[found[key] for key in keys]] for n in range(3)]
    return write_csv(path, [["id", "userId", "searchDate", count, *keys], *rows])


@pytest.mark.parametrize(("keys", "count"), [*zip(SETS, cycle(["networkCount", "cameraCount"]))])
def test_all_key_sets(tmp_path, keys, count):
    """The reason is from the first key that holds one; users are dropped, or with a key become tokens."""
    path = audit(tmp_path / "search_audit.csv", count, keys)
    reading = read(path, reported_by="Town MI PD")
    table, report = reading.tables["searches"], reading.report
    counted, other = ("networks_n", "devices_n") if count == "networkCount" else ("devices_n", "networks_n")
    assert table[counted].tolist() == [10, 11, 12] and table[other].isna().all()
    assert set(table[f"{other}_cell"]) == {"not_exported"} and report.details["keys"][3] == count
    assert table["searched_at"][0] == datetime(2026, 3, 10, 4, 31, 52, 901000)
    expected = next((ORIGINS[key] for key in ORIGINS if key in keys), None)
    has_text = expected in ("reason", "offense_type")
    assert set(table["reason_origin"].dropna()) == ({expected} if expected else set())
    assert table["reason_text"].notna().all() == has_text
    assert set(table["reason_text_cell"]) == {"value" if has_text else "not_exported"}
    assert table["has_case_number"].notna().all() == ("caseNumber" in keys)
    assert set(table["host_agency"]) == {"Town MI PD"}
    assert "userId" in report.columns_dropped and table["officer_token"].isna().all()
    keyed = read(path, reported_by="Town MI PD", key=KEY).tables["searches"]
    assert keyed["officer_token"].nunique() == 1


@pytest.mark.parametrize(
    ("keys", "cells", "origin", "state"),
    [
        (("reason", "offenseType"), {"reason": ""}, {"offense_type"}, {"value"}),
        (("reason", "offenseType"), {"reason": "***", "offenseType": ""}, set(), {"masked"}),
        (SETS[-1], {"reason": "", "offenseType": ""}, {"case_number"}, {"empty"}),
    ],
)
def test_the_first_key_that_holds_something(tmp_path, keys, cells, origin, state):
    """A blank reason gives way to the offense type, a mask does not; without both, the case number is told."""
    table = read(audit(tmp_path / "a.csv", keys=keys, **cells)).tables["searches"]
    assert set(table["reason_origin"].dropna()) == origin and set(table["reason_text_cell"]) == state


def test_times_of_2025_need_a_zone(tmp_path):
    """The form of 2025 prints no zone: it is asked for; then read as told."""
    path = audit(tmp_path / "a.csv", "cameraCount", when="2025-06-18 00:02:04.789")
    assert refuse(path).code == "no-time-zone"
    for zone, hour in (("UTC", 0), ("America/Los_Angeles", 7)):
        table = read(path, time_zone=zone).tables["searches"]
        assert table["searched_at"][0] == datetime(2025, 6, 18, hour, 2, 4, 789000)


def test_rows_without_a_header(tmp_path):
    """A portal's rows without their header are refused."""
    rows = [[ID.format(n), "***", "2026-03-10T04:31:52.901Z", "3", REASON] for n in range(2)]
    assert refuse(write_csv(tmp_path / "a.csv", rows)).code == "no-header"


ARCHIVE = {
    "id": "1", "agency": "Avon IN PD", "updated": "2024-04-26T14:11:25Z", "accessed": "2024-04-26T17:25:31Z",
    "url": "u", "data_retention_in_days": "30 days", "number_of_owned_cameras": "6",
    "external_organizations_with_access": "NA", "hotlists_alerted_on": "NCIC",
    "vehicles_detected_in_the_last_30_days": "1,000", "hotlist_hits_in_the_last_30_days": "10",
    "searches_in_the_last_30_days": "5", "public_search_audit": "0",
}  # fmt: skip
RETENTION, VEHICLES, HITS, SEARCHES = [*ARCHIVE][5], *[*ARCHIVE][9:12]
ORGANIZATIONS = "external_organizations_with_access"


def archive(path, *rows: dict):
    """Write an archive of portal pages; each row is what differs from the first page."""
    return write_csv(path, [[*ARCHIVE], *[[*(ARCHIVE | row).values()] for row in rows]])


def test_figures_of_pages(tmp_path):
    """Three figures a page, each over the 30 days to its capture date; sentinels are set aside by meaning."""
    path = archive(
        tmp_path / "usage.csv",
        {ORGANIZATIONS: "A PD, B PD"},
        {"agency": "B MI PD", RETENTION: "-Infinity days", SEARCHES: "NA", ORGANIZATIONS: "988"},
        {"agency": "C PD", RETENTION: "NA", HITS: "Data Unavailable", VEHICLES: "NA"},
        {"agency": "D PD", RETENTION: "365 days", VEHICLES: "n. k."},
    )
    reading = read(path)
    table, details = reading.tables["volumes"].set_index("reported_by"), reading.report.details
    assert reading.report.rows_in == 12 and count_skipped(reading.report) == {"no-figure": 4}
    assert len(reading.report.set_aside) == 4  # one for each column and meaning
    first = table.loc["Avon IN PD"]
    figures = {"detections": 1000, "hits": 10, "searches": 5}
    assert dict(zip(first["measure"], first["value"], strict=True)) == figures
    assert set(first["period_start"]) == {"2024-03-27"} and set(first["period_end"]) == {"2024-04-26"}
    retention = {"30": 1, "not a number of days": 1, "not on the page": 1, "365": 1}
    assert details["retention_days"] == retention
    assert details["organizations_with_access"] == {"names": 1, "988": 1, "not on the page": 2}


def test_captures_of_one_portal(tmp_path):
    """An archive of one portal names no agency: it has to be told; captures that overlap are warned of."""
    header = ["captured_at", "last_updated", "retention", "unique_vehicles", "searches", "hotlist_hits"]
    rows = [
        ["2026-09-09T02:48:57Z", "Tue Sep 08 2026", "30 days", "", "7", "93"],
        ["2026-09-10T17:23:26Z", "Thu Sep 10 2026", "30 days", "71960", "7", "91"],
    ]
    path = write_csv(tmp_path / "stats.csv", [header, *rows])
    assert refuse(path).asks_for == ("reported_by",)
    reading = read(path, reported_by="Rockford MI DPS")
    assert len(reading.tables["volumes"]) == 5 and "overlapping-periods" in reading.report.list_codes()


def test_figures_without_a_date(tmp_path):
    """Without a capture date a figure has no period: refused, unless the date is given."""
    path = archive(tmp_path / "usage.csv", {"accessed": "soon"})
    assert refuse(path).asks_for == ("as_of",)
    reading = read(path, as_of="2024-05-01")
    assert set(reading.tables["volumes"]["period_end"]) == {"2024-05-01"}
    assert "as-of-given" in reading.report.list_codes()


def test_real_pages(mirror):
    """The News & Observer's 365 portals: 339 keep data 30 days, 7 print -Infinity, 226 list organizations."""
    reading = read(mirror / "private_eyes" / "latest_usage04262023.csv")
    details, table = reading.report.details, reading.tables["volumes"]
    assert reading.report.rows_in == 365 * 3 and set(table["period_end"]) == {"2024-04-26"}
    retention, access = details["retention_days"], details["organizations_with_access"]
    assert (retention["30"], retention["not a number of days"], retention["not on the page"]) == (339, 7, 8)
    assert sum(access.values()) - access["not on the page"] == 226
    by = table.pivot_table(index="reported_by", columns="measure", values="value")
    both = by[(by["detections"] > 0)].dropna(subset=["detections", "hits"])
    # pooled share of hits among detections: 623,597 of 76,735,741 over 285 portals
    assert (len(both), both["hits"].sum(), both["detections"].sum()) == (285, 623_597, 76_735_741)
