"""Flock audits in all released forms: bound by name, cell states kept, times in UTC, nothing lost."""

import json
from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.formats import load_format
from made.tables import CASE, KEY, OFFICER, PLATE, REASON, count_skipped, read, refuse, write_book, write_csv

FORMS = load_format("flock")["audit"]["forms"]
WIDE = FORMS[-1]["columns"]
START = datetime(2025, 6, 1, 7, 0, 5)


def stamp(moment, comma=",", padded=True):
    """A time as Flock prints it."""
    if padded:
        return f"{moment:%m/%d/%Y}{comma} {moment:%I:%M:%S %p} UTC"
    return f"{moment.month}/{moment.day}/{moment.year}{comma} {int(f'{moment:%I}')}:{moment:%M:%S %p} UTC"


def row(n=0, **cells):
    """A search as cells by column; `cells` replaces some of them."""
    moment = START + timedelta(minutes=n)
    frame = f"{stamp(moment - timedelta(days=7))}\n{stamp(moment - timedelta(minutes=1))}"
    known = {
        "ID": f"00000000-0000-4000-8000-{n:012d}", "Name": OFFICER, "Org Name": f"Town {n % 3} CA PD",
        "Total Networks Searched": str(800 + n), "Total Devices Searched": f"{17000 + n:,}",
        "Time Frame": frame, "License Plate": PLATE, "Reason": REASON, "Case #": CASE, "Filters": PLATE,
        "Search Time": stamp(moment), "Search Type": "lookup", "Text Prompt": "", "Moderation": "",
        "userID": "***", "networkCount": str(800 + n),
    }  # fmt: skip
    return known | cells


def lay_out(columns, rows):
    """Rows of cells under a header."""
    return [columns, *[[cells[name] for name in columns] for cells in rows]]


def list_times(reading):
    """List the search times of a log."""
    return reading.tables["searches"]["searched_at"].tolist()


@pytest.fixture
def log(tmp_path):
    """Write rows as CSV in a form and read them."""

    def make(rows, columns=WIDE, **options):
        return read(write_csv(tmp_path / "log.csv", lay_out(columns, rows)), **options)

    return make


@pytest.mark.parametrize("form", FORMS, ids=[form["name"] for form in FORMS])
def test_every_released_form(log, form):
    """Each form is named, its times and counts are read."""
    reading = log([row(n) for n in range(30)], form["columns"])
    table, report = reading.tables["searches"], reading.report
    assert (report.family, report.form) == ("Flock audit", form["name"])
    assert report.rows_in == report.rows_out == 30
    assert table["searched_at"].tolist() == [START + timedelta(minutes=n) for n in range(30)]
    assert table["networks_n"].tolist() == list(range(800, 830))
    assert report.time_zone.startswith("UTC")
    columns = {"search_id": "ID", "devices_n": "Total Devices Searched", "window_start": "Time Frame"}
    for field, column in columns.items():
        expected = "value" if column in form["columns"] else "not_exported"
        assert set(table[f"{field}_cell"]) == {expected}
    if "Time Frame" in form["columns"]:
        assert (table["searched_at"] - table["window_start"] == pd.Timedelta(days=7)).all()


def test_a_form_that_is_not_known(log):
    """Columns are bound by name all the same; an unknown one is dropped and named by its number, for the
    person alone by name.
    """
    columns = ["Reason", "Org Name", "Camera Temperature", "Search Time", "Total Networks Searched"]
    reading = log([row(n, **{"Camera Temperature": PLATE}) for n in range(3)], columns)
    report = reading.report
    assert report.form not in {form["name"] for form in FORMS} and "unknown-columns" in report.list_codes()
    assert report.private["column"] == {3: "Camera Temperature"}
    assert "Camera Temperature" not in json.dumps(report.to_dict())
    assert "Camera Temperature" in json.dumps(report.to_dict(is_private=True))


# ASCII and Latin letters: no two of them are one character of UTF-8, whatever the encoding
words = st.text(
    st.characters(
        min_codepoint=33,
        max_codepoint=255,
        categories=("L", "N", "P", "S"),
        exclude_characters=[chr(n) for n in range(127, 192)],
    ),
    min_size=3,
    max_size=30,
).map("case of {}".format)
times = st.datetimes(datetime(2022, 1, 1), datetime(2026, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
searches = st.fixed_dictionaries(
    {
        "org": words, "reason": words, "type": st.sampled_from(["lookup", "search - Mobile"]),
        "nets": st.integers(0, 10**6), "when": times, "days": st.integers(0, 365), "padded": st.booleans(),
        "comma": st.sampled_from([",", ""]), "join": st.sampled_from(["\n", "\r\n", " to "]),
    }
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(searches, min_size=1, max_size=8),
    st.permutations(WIDE),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    st.sampled_from([",", ";", "\t"]),
)
def test_round_trip_of_generated_logs(tmp_path, made, columns, encoding, delimiter):
    """Whatever stands in a log comes back: names and reasons as printed, numbers, times, windows, in the same
    order, whatever the order of the columns, the encoding and the delimiter.
    """
    rows = []
    for n, part in enumerate(made):
        start, end = stamp(part["when"] - timedelta(days=part["days"])), stamp(part["when"])
        cells = {
            "Org Name": part["org"],
            "Reason": part["reason"],
            "Search Type": part["type"],
            "Total Networks Searched": str(part["nets"]),
            "Search Time": stamp(part["when"], part["comma"], part["padded"]),
            "Time Frame": start + part["join"] + end,
        }
        rows.append(row(n, **cells))
    path = tmp_path / "round.csv"
    write_csv(path, lay_out(columns, rows), encoding=encoding, delimiter=delimiter)
    table = read(path).tables["searches"]
    columns = {"org": "searcher_agency_as_printed", "reason": "reason_text", "type": "search_type"}
    for name, column in {**columns, "nets": "networks_n", "when": "searched_at"}.items():
        assert table[column].tolist() == [part[name] for part in made]
    assert (table["window_end"] == table["searched_at"]).all()
    assert (table["window_end"] - table["window_start"]).dt.days.tolist() == [part["days"] for part in made]
    assert table["row_no"].tolist() == list(range(1, len(made) + 1))


def test_a_workbook_gives_the_same_table(tmp_path):
    """CSV and XLSX of one log are one table; sheets without an audit are set aside, hidden ones named."""
    rows = lay_out(WIDE, [row(n) for n in range(4)])
    text = read(write_csv(tmp_path / "a.csv", rows), source_id="x")
    cover, second = [["A letter"], ["of two lines"]], [["Network Audit"], [], rows[0], *rows[3:]]
    sheets = {"Part 1": rows[:3], "Cover": cover, "Part 2": second}
    book = read(write_book(tmp_path / "a.xlsx", sheets, hide="Cover"), source_id="x")
    pd.testing.assert_frame_equal(text.tables["searches"], book.tables["searches"])
    assert [(part.place, part.rows_n) for part in book.report.set_aside] == [("sheet 2", 2)]
    about = {"form": "Audit, 14 columns", "first_row_no": 3, "rows": 2}
    assert book.report.details["sheets"]["sheet 3"] == about
    assert "hidden-sheet" in book.report.list_codes() and "Cover" not in json.dumps(book.report.to_dict())


def test_an_audit_is_known_by_its_columns(tmp_path):
    """Whatever the file is called, and with a title above the header."""
    path = write_csv(tmp_path / "SharedNetworks.pdf.txt", lay_out(WIDE, [row(n) for n in range(3)]))
    path.write_bytes(b"Network Audit of an agency\r\n" + path.read_bytes())
    report = read(path).report
    assert (report.family, report.rows_out) == ("Flock audit", 3)


def test_times_on_their_own(tmp_path):
    """San Jose's split sheets print no zone: refused with what is known about them, then read as told."""
    rows = [
        ["Search Date", "Search Time", "Org Name", "Total Networks Searched", "Reason"],
        ["2025-05-01", "09:11:16", "Town CA PD", "632", REASON],
        ["2025-05-01 00:00:00", "1899-12-31 23:00:00", "Town CA PD", "5", ""],
    ]
    path = write_csv(tmp_path / "split.csv", rows)
    error = refuse(path)
    assert (error.code, error.asks_for) == ("no-time-zone", ("time_zone",))
    reading = read(path, time_zone="UTC")
    assert list_times(reading) == [datetime(2025, 5, 1, 9, 11, 16), datetime(2025, 5, 1, 23, 0)]
    assert reading.report.time_zone == "UTC, as given"
    assert list_times(read(path, time_zone="America/Los_Angeles"))[0] == datetime(2025, 5, 1, 16, 11, 16)


def test_dates_of_a_spreadsheet(tmp_path):
    """Date cells, and dates kept as bare numbers, are read once the zone is told."""
    header = ["Org Name", "Total Networks Searched", "Reason", "Search Time"]
    rows = [["Town CA PD", 7, REASON, time] for time in (datetime(2025, 3, 1, 14, 5, 7), 45717.5)]
    path = write_book(tmp_path / "dates.xlsx", {"Audit": [header, *rows]})
    assert refuse(path).code == "no-time-zone"
    times = list_times(read(path, time_zone="UTC"))
    assert times == [datetime(2025, 3, 1, 14, 5, 7), datetime(2025, 3, 1, 12, 0)]


@pytest.mark.parametrize("form", FORMS, ids=[form["name"] for form in FORMS])
def test_a_header_that_was_left_out(tmp_path, form):
    """Rows without a header are refused; the hint is the header of the form that they look like, and no cell
    is told.
    """
    rows = lay_out(form["columns"], [row(n) for n in range(3)])[1:]
    for path in (write_csv(tmp_path / "bare.csv", rows), write_book(tmp_path / "bare.xlsx", {"S": rows})):
        error = refuse(path)
        assert error.code == "no-header"
        assert error.way_out.endswith(",".join(form["columns"]))


def test_event_logs_are_no_query_logs(tmp_path):
    """A log of what administrators changed is refused by its columns, before anything of it is told."""
    columns = ["Timestamp", "User", "Event Type", "Entity Type", "Entity Details", "Event Id"]
    details = f"License: {PLATE}\nCase: {CASE}"
    rows = [columns, ["2025-08-01T00:00:00Z", OFFICER, "create", "Custom Hotlist Entry", details, "1"]]
    for path in (write_csv(tmp_path / "e.csv", rows), write_book(tmp_path / "e.xlsx", {"E": rows})):
        assert refuse(path).code == "event-log"


def test_cell_states_stay_apart(log):
    """Empty, masked, redacted, placeholder and value are five facts; counts of each stand in the report."""
    cells = {"": "empty", "***": "masked", "REDACTED": "redacted", "N/A": "placeholder", REASON: "value"}
    reading = log(
        [row(n, **{"Reason": cell, "Case #": cell, "License Plate": cell}) for n, cell in enumerate(cells)]
    )
    table, states = reading.tables["searches"], list(cells.values())
    for field in ("reason_text", "case_number", "plate"):
        assert table[f"{field}_cell"].tolist() == states
    assert table["reason_text"].notna().tolist() == [state == "value" for state in states]
    # what stands under a mask is unknown: neither a case number nor none
    assert table["has_case_number"].isna().tolist() == [state in ("masked", "redacted") for state in states]
    assert table["has_case_number"].fillna(False).tolist() == [state == "value" for state in states]
    assert reading.report.details["cells"]["plate"] == dict.fromkeys(states, 1)
    assert reading.report.details["cells"]["plate_state"] == {"not_exported": 5}


def test_parts_of_a_reason_that_are_redacted(log):
    """A reason of which a part is readable is a value; how many there are is told."""
    reading = log([row(0, Reason="REDACTED, traffic"), row(1)])
    assert reading.report.details["partly_redacted"] == {"reason_text": 1}
    assert reading.tables["searches"]["reason_text_cell"].tolist() == ["value", "value"]


def test_persons_are_dropped_or_tokens(log):
    """Without a key no trace of officer, plate and case stays; with one, a plate in two notations has one
    token.
    """
    hidden = {"License Plate": "***", "Name": "***", "Case #": ""}
    rows = [row(0, **{"License Plate": "7zzz 777"}), row(1), row(2, **hidden)]
    reading, tokens = log(rows), ["officer_token", "plate_token", "case_number_token"]
    table = reading.tables["searches"]
    assert table[tokens].isna().all().all()
    assert not table.to_csv().upper().count("7ZZZ") and "Quillfeather" not in table.to_csv()
    assert {"Name", "License Plate", "Case #", "Filters", "Text Prompt"} <= set(
        reading.report.columns_dropped
    )
    kept = log(rows, key=KEY).tables["searches"]
    assert kept["plate_token"][0] == kept["plate_token"][1] and len(kept["plate_token"][0]) >= 16
    assert kept.loc[2, tokens].isna().all()


def test_rows_that_are_none(log):
    """A repeated header, a row of masks and blanks, and a shifted row are set aside with place and reason."""
    empty = dict.fromkeys(WIDE, "") | {"Name": "REDACTED", "License Plate": "REDACTED"}
    shifted = row(3, **{"Search Time": "allow"})
    reading = log([row(0), {name: name for name in WIDE}, empty, shifted, row(4)])
    assert reading.report.rows_in == 5
    assert count_skipped(reading.report) == {"header-again": 1, "no-search": 1, "out-of-place": 1}
    # two lines a row: the time frame
    assert [part.place for part in reading.report.set_aside] == ["line 4", "line 5", "line 6"]
    assert reading.tables["searches"]["row_no"].tolist() == [1, 5]


def test_a_shifted_file_is_refused(tmp_path):
    """If most rows have no time where it should be, the file is refused, and the shape of the cell shown
    instead of it.
    """
    path = write_csv(
        tmp_path / "shifted.csv", lay_out(WIDE, [row(n, **{"Search Time": PLATE}) for n in range(4)])
    )
    error = refuse(path)
    assert error.code == "unknown-times" and "9aaa999" in error.found and "line 2" in error.place


def test_zeros_repeats_and_windows_are_told_and_left(log):
    """0 networks stays 0 with a note, devices filled with 0 and repeated ids are warned of, odd windows
    counted.
    """
    late = f"{stamp(START)}\n{stamp(START + timedelta(days=1))}"
    backwards = f"{stamp(START - timedelta(days=1))}\n{stamp(START - timedelta(days=2))}"
    none = {"Total Devices Searched": "0"}
    rows = [
        row(0, **none, **{"Total Networks Searched": "0", "Time Frame": late}),
        row(0, **none, **{"Time Frame": backwards}),
        row(1, **none, **{"Time Frame": "last week"}),
    ]
    reading = log(rows)
    table, details = reading.tables["searches"], reading.report.details
    assert table["networks_n"].tolist() == [0, 800, 801]
    assert details["zeros"] == {"networks_n": 1, "devices_n": 3}
    assert details["search_ids"] == {"rows_with_id": 3, "distinct": 2}
    assert details["windows"] == {"end_after_search": 1, "start_after_search": 0, "end_before_start": 1}
    assert table["window_start_cell"].tolist() == ["value", "value", "placeholder"]
    assert {"repeated-ids", "zero-devices", "zero-networks", "odd-windows"} <= reading.report.list_codes()


def test_federal_searches(log):
    """The prefix stays as printed, and the form is noted."""
    columns = next(form["columns"] for form in FORMS if "Federal" in form["name"])
    reading = log([row(n, **{"Org Name": "[Federal] Postal Inspectors"}) for n in range(3)], columns)
    assert set(reading.tables["searches"]["searcher_agency_as_printed"]) == {"[Federal] Postal Inspectors"}
    assert reading.report.details["federal_rows"] == 3 and "Federal" in reading.report.form


def test_organization_or_network(log):
    """One searching agency makes an Organization Audit likely; several make a Network Audit; whose it is must
    be told.
    """
    many, one = [row(n) for n in range(6)], [row(n, **{"Org Name": "Town 1 CA PD"}) for n in range(6)]
    assert log(many).report.details["log"] == "network"
    reading = log(one, reported_by="Town 1 CA PD")
    assert reading.report.details["log"] == "organization"
    assert set(reading.tables["searches"]["host_agency"]) == {"Town 1 CA PD"}
    assert [text.asks_for for text in log(many).report.notes if text.code == "no-host"] == ["reported_by"]


def test_local_days(log):
    """A file cut at local midnight begins at 07:00 UTC in June: its local dates are told if the zone is."""
    rows = [row(n) for n in (0, 60, 1438)]
    blind = log(rows).report
    assert blind.details["span_utc"] == ["2025-06-01T07:00:05Z", "2025-06-02T06:58:05Z"]
    assert "time_zone" in [text.asks_for for text in blind.notes]
    zone = "America/Los_Angeles"
    told = log(rows, time_zone=zone).report
    assert told.details["span_local"] == {"time_zone": zone, "first": "2025-06-01", "last": "2025-06-01"}
    assert "local-days" in told.list_codes()
    assert told.span == {"searches": ["2025-06-01", "2025-06-02"]}


def test_breaks_of_the_form(log):
    """Names that vanish on 17 December 2025 and reasons that become categories in 2026 are flagged."""
    rows = []
    for n in range(240):
        moment = datetime(2025, 12, 10) + timedelta(hours=4 * n)
        name = "***" if moment < datetime(2025, 12, 17) else ""
        reason = f"text {n}" if moment < datetime(2026, 1, 1) else "Stolen"
        rows.append(row(n, **{"Search Time": stamp(moment), "Name": name, "Reason": reason}))
    report = log(rows).report
    assert {"changed-cells", "changed-reasons"} <= report.list_codes()
    assert [text.code for text in report.notes].count("break") == 2
    quiet = log(rows[:20]).report
    assert not {"break", "changed-cells", "changed-reasons"} & quiet.list_codes()


def test_odd_counts_of_rows_and_constants(log):
    """A round number of rows and a reason that is the same throughout are warned of; the reason itself is not
    told.
    """
    assert {"round-number", "constant-column"} <= log([row(n) for n in range(1000)]).report.list_codes()


def test_agency_and_reason_survive_as_text(log):
    """An agency called NA, a reason 1E55555 and one with leading zeros are read as they are."""
    table = log([row(0, **{"Org Name": "NA", "Reason": "1E55555"}), row(1, Reason="0012345")]).tables[
        "searches"
    ]
    assert table["searcher_agency_as_printed"][0] == "NA"
    assert table["reason_text"].tolist() == ["1E55555", "0012345"]


def test_offense_type_stands_in(log):
    """Where the reason is empty the offense type is taken, else the case number is named as where it would
    stand.
    """
    pairs = [(REASON, "Arson"), ("", "Arson"), ("", "")]
    rows = [
        row(n, **{"Reason": reason, "Offense Type": offense}) for n, (reason, offense) in enumerate(pairs)
    ]
    table = log(rows, [*WIDE, "Offense Type"]).tables["searches"]
    assert table["reason_origin"].tolist() == ["reason", "offense_type", "case_number"]
    assert table["reason_text"].fillna("-").tolist() == [REASON, "Arson", "-"]


def test_two_columns_for_one_field(tmp_path):
    """Two columns that mean the same are refused: nothing tells which is right."""
    path = write_csv(tmp_path / "two.csv", lay_out([*WIDE, "Case Number"], [row(0, **{"Case Number": CASE})]))
    assert refuse(path).code == "column-twice"


def test_a_total_below_the_log_is_no_search(log):
    """One cell and no time, in whatever column; a search whose time alone is missing stays, and is told."""
    total = dict.fromkeys(WIDE, "") | {"ID": "Total rows: 2"}
    reading = log([row(0), row(1, **{"Search Time": ""}), total])
    assert (reading.report.rows_in, reading.report.rows_out) == (3, 2)
    assert count_skipped(reading.report) == {"no-search": 1} and "no-times" in reading.report.list_codes()


def test_a_repeated_header_alarms_nobody(log):
    """It is set aside; none of its cells is called an odd cell of a search."""
    report = log([row(0), {name: name for name in WIDE}, row(1)]).report
    assert count_skipped(report) == {"header-again": 1} and "unread-cells" not in report.list_codes()


def test_years_of_two_digits(log):
    """As a spreadsheet shows and saves them: month first, as Flock prints them; the zone has to be said."""
    rows = [row(0, **{"Search Time": time}) for time in ("6/1/25 4:03", "6/13/25 1:03 PM")]
    times = list_times(log(rows, time_zone="UTC"))
    assert times == [datetime(2025, 6, 1, 4, 3), datetime(2025, 6, 13, 13, 3)]


def test_columns_of_dates_and_odd_hours(log):
    """Nearly all times at midnight are dates; hours that the clocks skipped or showed twice are counted."""
    dates = [row(n, **{"Search Time": f"2025-06-{n + 1:02d}"}) for n in range(25)]
    assert "all-midnight" in log(dates, time_zone="America/Chicago").report.list_codes()
    odd = [row(n, **{"Search Time": time}) for n, time in enumerate(["2025-03-09 02:30", "2025-11-02 01:30"])]
    codes = log([*odd, row(3)], time_zone="America/Los_Angeles").report.list_codes()
    assert {"clock-gap", "clock-fold", "mixed-zones"} <= codes
