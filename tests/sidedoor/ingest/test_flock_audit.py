"""Flock audits in all released forms: bound by name, cell states kept, times in UTC, nothing lost."""

import json
from datetime import datetime, timedelta

import pandas as pd
import pytest

from made.audits import FORMS, START, WIDE, build_row, lay_out, stamp
from made.tables import CASE, KEY, PLATE, REASON, count_skipped, read, refuse, write_book, write_csv


@pytest.fixture
def log(tmp_path):
    """Write rows as CSV in a form and read them."""

    def make(rows, columns=WIDE, **options):
        return read(write_csv(tmp_path / "log.csv", lay_out(rows, columns)), **options)

    return make


def build_rows(rows_n, **cells):
    """Build rows that differ in what is not given."""
    return [build_row(n, **cells) for n in range(rows_n)]


@pytest.mark.parametrize("form", FORMS, ids=[form["name"] for form in FORMS])
def test_every_released_form(log, tmp_path, form):
    """Each form is named and read; without its header it is refused with the header as the hint."""
    columns = form["columns"]
    reading = log(build_rows(30), columns)
    table, report = reading.tables["searches"], reading.report
    assert (report.family, report.form) == ("Flock audit", form["name"])
    assert report.rows_in == report.rows_out == 30
    assert table["searched_at"].tolist() == [START + timedelta(minutes=n) for n in range(30)]
    assert table["networks_n"].tolist() == list(range(800, 830))
    assert report.time_zone.startswith("UTC")
    printed = ("ID", "Total Devices Searched", "Time Frame", "Search Type")
    for field, column in zip(("search_id", "devices_n", "window_start", "search_type"), printed, strict=True):
        assert set(table[f"{field}_cell"]) == {"value" if column in columns else "not_exported"}
    if "Time Frame" in columns:
        assert (table["searched_at"] - table["window_start"] == pd.Timedelta(days=7)).all()
    bare = lay_out(build_rows(3), columns)[1:]
    for path in (write_csv(tmp_path / "bare.csv", bare), write_book(tmp_path / "bare.xlsx", {"S": bare})):
        error = refuse(path)
        assert error.code == "no-header" and error.way_out.endswith(",".join(columns))


def test_a_form_that_is_not_known(log):
    """Columns are bound by name all the same; an unknown one is dropped, and named for the person alone."""
    columns = ["Reason", "Org Name", "Camera Temperature", "Search Time", "Total Networks Searched"]
    report = log(build_rows(3, **{"Camera Temperature": PLATE}), columns).report
    assert report.form not in {form["name"] for form in FORMS} and "unknown-columns" in report.list_codes()
    assert report.private["column"] == {3: "Camera Temperature"}
    assert "Camera Temperature" not in json.dumps(report.to_dict())
    assert "Camera Temperature" in json.dumps(report.to_dict(is_private=True))


@pytest.mark.parametrize(
    ("join", "comma", "is_padded"), [("\n", ",", True), ("\r\n", "", False), (" to ", ",", False)]
)
def test_ways_of_printing_times(log, join, comma, is_padded):
    """A window's two times on two lines or on one; each with or without comma and leading zeros."""
    first, last = (
        stamp(at, comma, is_padded=is_padded) for at in (START, START + timedelta(days=9, hours=8))
    )
    table = log([build_row(0, **{"Search Time": last, "Time Frame": first + join + last})]).tables["searches"]
    assert table["window_start"].tolist() == [START]
    assert table["window_end"].tolist() == table["searched_at"].tolist() == [datetime(2025, 6, 10, 15, 0, 5)]


def test_a_workbook_gives_the_same_table(tmp_path):
    """CSV and XLSX of one log are one table; sheets without an audit are set aside, hidden ones named."""
    rows = lay_out(build_rows(4))
    path = write_csv(tmp_path / "SharedNetworks.pdf.txt", rows)
    path.write_bytes(b"Network Audit of an agency\r\n" + path.read_bytes())
    text = read(path, source_id="x")
    cover, second = [["A letter"], ["of two lines"]], [["Network Audit"], [], rows[0], *rows[3:]]
    sheets = {"Part 1": rows[:3], "Cover": cover, "Part 2": second}
    book = read(write_book(tmp_path / "a.xlsx", sheets, hide="Cover"), source_id="x")
    pd.testing.assert_frame_equal(text.tables["searches"], book.tables["searches"])
    assert [(part.place, part.rows_n) for part in book.report.set_aside] == [("sheet 2", 2)]
    about = {"form": "Audit, 14 columns", "first_row_no": 3, "rows": 2}
    assert book.report.details["sheets"]["sheet 3"] == about
    assert "hidden-sheet" in book.report.list_codes() and "Cover" not in json.dumps(book.report.to_dict())


SPLIT = ["Search Date", "Search Time", "Org Name", "Total Networks Searched", "Reason"]
SHORT = ["Org Name", "Total Networks Searched", "Reason", "Search Time"]


@pytest.mark.parametrize(
    ("header", "cells", "zone", "times"),
    [
        # San Jose's split sheets
        (SPLIT, ["2025-05-01", "09:11:16"], "UTC", datetime(2025, 5, 1, 9, 11, 16)),
        (SPLIT, ["2025-05-01", "09:11:16"], "America/Los_Angeles", datetime(2025, 5, 1, 16, 11, 16)),
        (SPLIT, ["2025-05-01 00:00:00", "1899-12-31 23:00:00"], "UTC", datetime(2025, 5, 1, 23, 0)),
        # as a spreadsheet shows and keeps them: month first, as Flock prints them
        (SHORT, ["6/1/25 4:03"], "UTC", datetime(2025, 6, 1, 4, 3)),
        (SHORT, ["6/13/25 1:03 PM"], "UTC", datetime(2025, 6, 13, 13, 3)),
        (SHORT, [datetime(2025, 3, 1, 14, 5, 7)], "UTC", datetime(2025, 3, 1, 14, 5, 7)),
        (SHORT, [45717.5], "UTC", datetime(2025, 3, 1, 12, 0)),
    ],
)
def test_times_that_print_no_zone(tmp_path, header, cells, zone, times):
    """Refused with what is known about them, then read as told, from cells of text, dates or numbers."""
    rest = ["Town CA PD", 7, REASON]
    rows = [header, [*cells, *rest] if header == SPLIT else [*rest, *cells]]
    path = write_book(tmp_path / "a.xlsx", {"Audit": rows})
    if all(isinstance(cell, str) for cell in cells):
        path = write_csv(tmp_path / "a.csv", rows)
    error = refuse(path)
    assert (error.code, error.asks_for) == ("no-time-zone", ("time_zone",))
    reading = read(path, time_zone=zone)
    assert reading.tables["searches"]["searched_at"].tolist() == [times]
    assert reading.report.time_zone == f"{zone}, as given"


def test_event_logs_are_no_query_logs(tmp_path):
    """A log of what administrators changed is refused by its columns, before anything of it is told."""
    columns = ["Timestamp", "User", "Event Type", "Entity Type", "Entity Details", "Event Id"]
    details = f"License: {PLATE}\nCase: {CASE}"
    rows = [columns, ["2025-08-01T00:00:00Z", "Roe", "create", "Custom Hotlist Entry", details, "1"]]
    for path in (write_csv(tmp_path / "e.csv", rows), write_book(tmp_path / "e.xlsx", {"E": rows})):
        assert refuse(path).code == "event-log"


def test_cell_states_stay_apart(log):
    """Empty, masked, redacted, placeholder and value are five facts; counts of each stand in the report."""
    cells = {"": "empty", "***": "masked", "REDACTED": "redacted", "N/A": "placeholder", REASON: "value"}
    fields = ("Reason", "Case #", "License Plate")
    reading = log([build_row(n, **dict.fromkeys(fields, cell)) for n, cell in enumerate(cells)])
    table, states = reading.tables["searches"], list(cells.values())
    for field in ("reason_text", "case_number", "plate"):
        assert table[f"{field}_cell"].tolist() == states
    assert table["reason_text"].notna().tolist() == [state == "value" for state in states]
    # what stands under a mask is unknown: neither a case number nor none
    assert table["has_case_number"].isna().tolist() == [state in ("masked", "redacted") for state in states]
    assert table["has_case_number"].fillna(False).tolist() == [state == "value" for state in states]
    assert reading.report.details["cells"]["plate"] == dict.fromkeys(states, 1)
    assert reading.report.details["cells"]["plate_state"] == {"not_exported": 5}


def test_persons_are_dropped_or_tokens(log):
    """Without a key no trace of a person stays; with one, a plate in two notations has one token."""
    hidden = {"License Plate": "***", "Name": "***", "Case #": ""}
    rows = [build_row(0, **{"License Plate": "7zzz 777"}), build_row(1), build_row(2, **hidden)]
    reading, tokens = log(rows), ["officer_token", "plate_token", "case_number_token"]
    table = reading.tables["searches"]
    assert table[tokens].isna().all().all()
    assert not table.to_csv().upper().count("7ZZZ") and "Quillfeather" not in table.to_csv()
    dropped = {"Name", "License Plate", "Case #", "Filters", "Text Prompt"}
    assert dropped <= set(reading.report.columns_dropped)
    kept = log(rows, key=KEY).tables["searches"]
    assert kept["plate_token"][0] == kept["plate_token"][1] and len(kept["plate_token"][0]) >= 16
    assert kept.loc[2, tokens].isna().all()


def test_rows_that_are_none(log):
    """Headers, masks, shifted rows and totals are set aside with place; a search without its time stays."""
    empty = dict.fromkeys(WIDE, "")
    masked = empty | {"Name": "REDACTED", "License Plate": "REDACTED"}
    shifted, untimed = build_row(3, **{"Search Time": "allow"}), build_row(4, **{"Search Time": ""})
    header, total = {name: name for name in WIDE}, empty | {"ID": "Total rows: 2"}
    reading = log([build_row(0), header, masked, shifted, untimed, total])
    assert (reading.report.rows_in, reading.report.rows_out) == (6, 2)
    assert count_skipped(reading.report) == {"header-again": 1, "no-search": 2, "out-of-place": 1}
    # a header's cells are no odd cells of a search
    assert "unread-cells" not in reading.report.list_codes() and "no-times" in reading.report.list_codes()
    # two lines a row: the time frame
    assert [part.place for part in reading.report.set_aside] == ["line 4", "line 5", "line 6"]
    assert reading.tables["searches"]["row_no"].tolist() == [1, 5]


def test_a_shifted_file_is_refused(tmp_path):
    """Most rows without a time where it should be: refused, showing the shape of a cell, not the cell."""
    path = write_csv(tmp_path / "shifted.csv", lay_out(build_rows(4, **{"Search Time": PLATE})))
    error = refuse(path)
    assert error.code == "unknown-times" and "9aaa999" in error.found and "line 2" in error.place
    twice = lay_out([build_row(0, **{"Case Number": CASE})], [*WIDE, "Case Number"])
    assert refuse(write_csv(tmp_path / "two.csv", twice)).code == "column-twice"


def test_zeros_repeats_and_windows_are_told_and_left(log):
    """0 networks stays 0 with a note, devices filled with 0 and repeated ids are warned of."""
    late = f"{stamp(START)}\n{stamp(START + timedelta(days=1))}"
    backwards = f"{stamp(START - timedelta(days=1))}\n{stamp(START - timedelta(days=2))}"
    none = {"Total Devices Searched": "0"}
    rows = [
        build_row(0, **none, **{"Total Networks Searched": "0", "Time Frame": late}),
        build_row(0, **none, **{"Time Frame": backwards}),
        build_row(1, **none, **{"Time Frame": "last week"}),
    ]
    reading = log(rows)
    table, details = reading.tables["searches"], reading.report.details
    assert table["networks_n"].tolist() == [0, 800, 801]
    assert details["zeros"] == {"networks_n": 1, "devices_n": 3}
    assert details["search_ids"] == {"rows_with_id": 3, "distinct": 2}
    assert details["windows"] == {"end_after_search": 1, "start_after_search": 0, "end_before_start": 1}
    assert table["window_start_cell"].tolist() == ["value", "value", "placeholder"]
    codes = {"repeated-ids", "zero-devices", "zero-networks", "odd-windows", "unread-cells"}
    assert codes <= reading.report.list_codes()


def test_whose_log_it_is(log):
    """One agency makes an Organization Audit, several a Network Audit; whose it is must be told."""
    many = log(build_rows(6)).report
    assert many.details["log"] == "network"
    assert [text.asks_for for text in many.notes if text.code == "no-host"] == ["reported_by"]
    one = log(build_rows(6, **{"Org Name": "Town 1 CA PD"}), reported_by="Town 1 CA PD")
    assert one.report.details["log"] == "organization"
    assert set(one.tables["searches"]["host_agency"]) == {"Town 1 CA PD"}
    columns = next(form["columns"] for form in FORMS if "Federal" in form["name"])
    federal = log(build_rows(3, **{"Org Name": "[Federal] Postal Inspectors"}), columns)
    assert set(federal.tables["searches"]["searcher_agency_as_printed"]) == {"[Federal] Postal Inspectors"}
    assert federal.report.details["federal_rows"] == 3 and "Federal" in federal.report.form


def test_local_days(log):
    """A file cut at local midnight begins at 07:00 UTC in June: its local dates are told if the zone is."""
    rows = [build_row(n) for n in (0, 60, 1438)]
    blind = log(rows).report
    assert blind.details["span_utc"] == ["2025-06-01T07:00:05Z", "2025-06-02T06:58:05Z"]
    assert "time_zone" in [text.asks_for for text in blind.notes]
    zone = "America/Los_Angeles"
    told = log(rows, time_zone=zone).report
    assert told.details["span_local"] == {"time_zone": zone, "first": "2025-06-01", "last": "2025-06-01"}
    assert "local-days" in told.list_codes()
    assert told.span == {"searches": ["2025-06-01", "2025-06-02"]}


@pytest.mark.parametrize("keep_reasons", [True, False])
def test_breaks_of_the_form(log, keep_reasons):
    """Names that vanish and reasons that become categories are flagged, with and without kept reasons."""
    rows = []
    for n in range(240):
        moment = datetime(2025, 12, 10) + timedelta(hours=4 * n)
        name = "***" if moment < datetime(2025, 12, 17) else ""
        reason = f"text {n}" if moment < datetime(2026, 1, 1) else "Stolen"
        rows.append(build_row(n, **{"Search Time": stamp(moment), "Name": name, "Reason": reason}))
    reading = log(rows, keep_reasons=keep_reasons)
    assert reading.tables["searches"]["reason_text"].notna().all() == keep_reasons
    assert {"changed-cells", "changed-reasons"} <= reading.report.list_codes()
    assert [text.code for text in reading.report.notes].count("break") == 2
    quiet = log(rows[:20]).report
    assert not {"break", "changed-cells", "changed-reasons"} & quiet.list_codes()


def name_times(*times):
    """Build rows with these search times."""
    return [build_row(n, **{"Search Time": time}) for n, time in enumerate(times)]


ODD_HOURS = [*name_times("2025-03-09 02:30", "2025-11-02 01:30"), build_row(3)]
MIDNIGHTS = name_times(*(f"2025-06-{n + 1:02d}" for n in range(25)))
LABELS = [build_row(n, Reason=("theft", "warrant")[n % 2]) for n in range(120)]
TEXTS = [build_row(n, Reason=f"case of {n}") for n in range(120)]


@pytest.mark.parametrize(
    ("rows", "zone", "codes", "others", "kind"),
    [
        (build_rows(1000), None, {"round-number", "constant-column"}, {"all-midnight"}, "labels"),
        (MIDNIGHTS, "America/Chicago", {"all-midnight"}, {"round-number"}, "labels"),
        (ODD_HOURS, "America/Los_Angeles", {"clock-gap", "clock-fold", "mixed-zones"}, set(), "free_text"),
        (LABELS, None, {"reason-labels"}, {"constant-column", "clock-gap"}, "labels"),
        (TEXTS, None, set(), {"reason-labels", "constant-column"}, "free_text"),
    ],
)
def test_what_a_person_should_know(log, rows, zone, codes, others, kind):
    """Round numbers of rows, constant columns, odd hours, reasons that are labels are told, only they."""
    report = log(rows, time_zone=zone).report
    assert codes <= report.list_codes() and not others & report.list_codes()
    assert report.details["reason_kind"] == kind


def test_agencies_and_reasons_survive_as_text(log):
    """An agency NA, a reason 1E55555, leading zeros are read as they are; partly redacted is a value."""
    reasons = ["1E55555", "0012345", "REDACTED, traffic"]
    reading = log([build_row(n, **{"Org Name": "NA", "Reason": reason}) for n, reason in enumerate(reasons)])
    assert reading.tables["searches"]["searcher_agency_as_printed"].tolist() == ["NA"] * 3
    assert reading.tables["searches"]["reason_text"].tolist() == reasons
    assert reading.report.details["partly_redacted"] == {"reason_text": 1}
