"""Mappings: a TOML file instead of code, checked key by key."""

from datetime import datetime

import pandas as pd
import pytest

from made.mappings import EDGES, EDGES_HEADER, LOG, LOG_HEADER
from made.tables import KEY, OFFICER, PLATE, REASON, count_skipped, read, refuse, write_book, write_csv
from sidedoor.ingest.mapping_file import list_mappings, load_mapping

HEADER = [*LOG_HEADER, "Cost"]
ROWS = [
    HEADER,
    ["03/25/2025 10:00", "Chino CA PD", REASON, PLATE, "1"],
    ["03/04/2025 11:30", "Chino CA PD", "hidden", "hidden", "2"],
    ["", "TOTAL", "", "", "3"],
]


@pytest.fixture
def mapped(tmp_path):
    """Write a mapping and a file, and read or refuse the file."""

    def make(mapping, rows, how=read, name="data.csv", **options):
        (tmp_path / "m.toml").write_text(mapping, encoding="utf-8")
        write = write_book if name.endswith("xlsx") else write_csv
        return how(write(tmp_path / name, rows), mapping=tmp_path / "m.toml", **options)

    return make


def test_a_log_of_an_unknown_vendor(mapped):
    """Columns become fields, own marks count, totals are left out; what the person gives goes first."""
    reading = mapped(LOG, ROWS)
    table, report = reading.tables["searches"], reading.report
    assert table["searched_at"].tolist() == [datetime(2025, 3, 25, 17, 0), datetime(2025, 3, 4, 19, 30)]
    assert table["reason_text_cell"].tolist() == ["value", "masked"]
    assert table["plate_cell"].tolist() == ["value", "masked"]
    assert set(table["host_agency"]) == {"Town CA PD"}
    assert count_skipped(report) == {"mapping": 1} and report.rows_in == 3
    assert report.columns_dropped[0] == "Plate" and report.private["column"] == {5: "Cost"}
    assert report.time_zone == "America/Los_Angeles, as the mapping says"
    table = mapped(LOG, ROWS, key=KEY, time_zone="UTC", reported_by="Other CA PD").tables["searches"]
    assert table["plate_token"].notna().tolist() == [True, False]
    assert table["searched_at"][0] == datetime(2025, 3, 25, 10, 0)
    assert set(table["host_agency"]) == {"Other CA PD"}


def test_a_sheet_is_read_alike(mapped):
    """The same mapping reads the same rows from a sheet; of two that fit, the longer one."""
    text = mapped(LOG, ROWS, source_id="x").tables["searches"]
    book = mapped(LOG, {"Log": ROWS}, name="data.xlsx", source_id="x").tables["searches"]
    pd.testing.assert_frame_equal(text, book)
    both = mapped(LOG, {"Log": ROWS[:2], "More": ROWS}, name="two.xlsx")
    assert both.report.rows_out == 2 and count_skipped(both.report)["other-sheet"] == 2
    told = LOG.replace("[columns]", "[file]\nheader_line = 1\n[columns]")
    assert mapped(told, {"Log": ROWS[:2], "More": ROWS}, refuse, "two.xlsx").code == "no-sheet"


SHEETS = """[file]
sheet = "*"
[aliases]
"When" = ["Time of search", "WHEN?"]
[sheets.March]
header_line = 1
header = ["When", "Who", "Why", "Plate", "Cost"]
[sheets.May]
header = ["When", "Who", "Why", "Plate", "Cost", "Empty throughout"]
[sheets.Cover]
skip = true
[columns]"""


def test_a_sheet_a_month_with_headers_edited_by_hand(mapped):
    """All months are read, whatever happened to their headers; what lacks the columns is counted and said."""
    sheets = {
        "Cover": [["Released in June"]],
        "January": ROWS,
        "February": [["Time of search", *HEADER[1:]], *ROWS[1:]],
        "March": [[*HEADER[:1], "Devices", *HEADER[1:]], *ROWS[1:]],
        "April": [["Town"], *(row[::-1] for row in [["WHEN?", *HEADER[1:]], *ROWS[1:]])],
        "May": ROWS[1:],
    }
    text = LOG.replace("[columns]", SHEETS)
    reading = mapped(text, sheets, name="months.xlsx")
    searches = reading.tables["searches"]
    moments = [datetime(2025, 3, 25, 17, 0), datetime(2025, 3, 4, 19, 30)]
    assert searches["searched_at"].tolist() == moments * 5
    assert searches["searcher_agency_as_printed"].tolist() == ["Chino CA PD"] * 10
    assert count_skipped(reading.report) == {"mapping": 5, "other-sheet": 1}
    assert "sheet-without-header" not in reading.report.list_codes()
    reading = mapped(text, sheets | {"June": [["Day", *HEADER[1:]], *ROWS[1:]]}, name="more.xlsx")
    assert count_skipped(reading.report)["other-sheet"] == 5
    assert "sheet-without-header" in reading.report.list_codes()
    lost = text.replace("[sheets.May]", "[sheets.May]\nheader_line = 1")
    assert mapped(lost, sheets, refuse, "lost.xlsx").code == "no-header"
    both = {"January": [[*HEADER, "WHEN?"], *([*row, row[0]] for row in ROWS[1:])]}
    assert mapped(text, sheets | both, refuse, "both.xlsx").code == "column-twice"


def test_open_dates_and_zones_are_asked_for(mapped):
    """Without a deciding row the order of day and month has to be told; so has a zone that nothing says."""
    rows = [ROWS[0], ROWS[2]]
    assert mapped(LOG, rows, refuse).asks_for == ("day_first",)
    assert mapped(LOG, rows, day_first=True).tables["searches"]["searched_at"][0].month == 4
    error = mapped(LOG.replace('time_zone = "America/Los_Angeles"', ""), ROWS, refuse)
    assert error.asks_for == ("time_zone",)


def test_a_file_without_a_header(mapped):
    """A mapping can name the columns of a file that has no header; a wrong number of names is refused."""
    text = LOG.replace("[columns]", '[file]\nheader = ["When", "Who", "Why", "Plate", "Cost"]\n[columns]')
    assert mapped(text, ROWS[1:]).report.rows_out == 2
    assert mapped(text.replace(', "Cost"', ""), ROWS[1:], refuse).code == "wrong-value"


def test_edges(mapped):
    """An edge list becomes sharing; nameless and masked ends are set aside, repeats and loops counted."""
    header, edge = EDGES_HEADER, ["A PD", "B PD", "2024-05-01"]
    more = [["A PD", "A PD", "2024-05-02"], ["NA", "B PD", ""], ["REDACTED", "B PD", ""], header]
    reading = mapped(EDGES, [header, edge, ["", "B PD", ""], edge, *more])
    table, report = reading.tables["sharing"], reading.report
    assert table["from_agency_as_printed"].tolist() == ["A PD", "A PD", "A PD", "NA"]
    assert table["row_no"].tolist() == [1, 3, 4, 5] and table.index.tolist() == [0, 1, 2, 3]
    assert set(table["shares"]) == {"detections"}
    assert report.details["edges"] == {"rows": 4, "from": 2, "to": 2, "repeated": 1, "to_itself": 1}
    assert report.span == {"sharing": ["2024-05-01", "2024-05-02"]}
    assert count_skipped(report) == {"no-name": 1, "masked-name": 1, "header-again": 1}
    assert "no-date" in report.list_codes()


def test_figures(mapped):
    """A list of figures becomes the table of volumes; what is no number or measure is set aside."""
    text = 'table = "volumes"\n[columns]\nvalue = "n"\nmeasure = "what"\nperiod_start = "from"\n'
    text += '[constants]\nreported_by = "A PD"\nscope = "all cameras"\n[times]\nforms = ["%m/%d/%Y"]\n'
    days = [["hits", "1,000", "3/4/2025"], ["hits", "n/a", "3/5/2025"], ["cars", "3", "3/5/2025"]]
    reading = mapped(text, [["what", "n", "from"], *days])
    figures = reading.tables["volumes"][["measure", "value", "period_start", "scope"]]
    assert figures.values.tolist() == [["hits", 1000.0, "2025-03-04", "all cameras"]]
    assert count_skipped(reading.report) == {"no-figure": 1, "wrong-measure": 1}


def test_figures_in_columns_of_their_own(tmp_path):
    """EFF's Data Driven: a figure a column with its years, in any order; missing ones keep their meaning."""
    header = load_mapping("eff_data_driven_1")["match"]
    missing = "Not Provided;Data Incomplete;See Austin PD;See: Alpha PD;;?".split(";")
    rows = [
        ["Alpha PD", "160", "1,000*", "5", "2,000", "6", "3,000", "11", "n/a", "n/a"],
        ["Beta PD", "", *missing, "7", "8"],
        ["", "", "5", "", "", "", "", "", "", ""],
    ]
    reading = read(write_csv(tmp_path / "dd1.csv", [row[::-1] for row in (header, *rows)]))
    table = reading.tables["volumes"]
    assert table["value"].tolist() == [1000, 5, 2000, 6, 3000, 11, 7, 8]
    assert table["period_start"].fillna("").tolist()[4:] == ["2016-01-01", "2016-01-01", "", ""]
    assert table["scope"].tolist()[:2] == ["2016, part of the period (*)", "2016"]
    assert count_skipped(reading.report) == {"missing": 7, "no-figure": 1, "no-agency": 8}


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        ("[columns]", "[colums]", "unknown-key", "columns"),
        ("searched_at =", "searched_on =", "unknown-key", "searched_at"),
        ('table = "searches"', 'table = "serches"', "wrong-value", "searches"),
        ('table = "searches"', "", "missing-key", "table"),
        ("America/Los_Angeles", "America/Los Angeles", "unknown-zone", ""),
        ("%q/%q/%Y %H:%M", "%Q/%Y", "wrong-value", ""),
        ('forms = ["%q/%q/%Y %H:%M"]', "", "missing-key", "forms"),
        ("'hidden'", "'('", "wrong-value", ""),
        ('host_agency = "Town CA PD"', 'reason_text = "x"', "unknown-key", ""),
        ("[constants]", 'host_agency = "Who"\n[constants]', "wrong-value", ""),
        ('"When"', '"Whn"', "no-column", "When"),
        ('"When"', '"Something else"', "no-column", "5 columns"),
        ('equals = ["TOTAL"]', "", "missing-key", "equals"),
        ("[columns]", "[columns", "unreadable", ""),
        ("[columns]", '[aliases]\n"Who" = ["Officer Name"]\n[columns]', "person-column", ""),
        ("[columns]", '[aliases]\n"Who" = ["Reason"]\n[columns]', "person-column", ""),
        # one column fills one field, and none that is known for persons, plates or reasons a published one
        ("[columns]", '[aliases]\n"Who" = ["Why"]\n[columns]', "column-twice", ""),
        ("[columns]", '[columns]\nsearch_id = "Who"', "column-twice", ""),
        ('"Who"\n', '"Name"\n', "person-column", ""),
        ("[columns]", '[columns]\nsearch_type = "Reason"', "person-column", ""),
        ("[columns]", '[columns]\nsearch_type = "License Plate"', "person-column", ""),
        ("[columns]", '[aliases]\n"Who" = "Agency"\n[columns]', "wrong-value", ""),
    ],
)
def test_mistakes_are_named(mapped, old, new, code, hint):
    """What is wrong is refused with the nearest right one, and no cell is told."""
    assert old in LOG
    error = mapped(LOG.replace(old, new, 1), ROWS, refuse)
    assert error.code == code and hint in error.way_out + error.found


def test_two_times_in_one_cell(mapped):
    """A window comes apart as in a Flock audit."""
    text = LOG.replace('reason_text = "Why"', 'window = "Why"')
    rows = [HEADER, [ROWS[1][0], "Chino CA PD", "03/01/2025 00:00 to 03/02/2025 00:00", PLATE, ""]]
    assert mapped(text, rows).tables["searches"]["window_end"][0] == datetime(2025, 3, 2, 8, 0)


def test_a_mapping_that_is_not_there(tmp_path):
    """A missing mapping is refused with the nearest of the project's names, one far too large as well."""
    path, big = write_csv(tmp_path / "a.csv", ROWS), tmp_path / "big.toml"
    error = refuse(path, mapping="eugene_reducd")
    assert error.code == "no-mapping-file" and "eugene_reduced" in error.way_out
    big.write_text("#" * 300_000)
    assert refuse(path, mapping=big).code == "unreadable"


def test_mappings_of_the_project():
    """Each mapping that comes with the project is right, and says where its file is from."""
    for name in list_mappings():
        mapping = load_mapping(name)
        assert mapping["title"] and mapping["source"]
        assert name == "example" or len(mapping["match"]) > 2


def test_a_mapping_beside_the_file_is_offered(tmp_path):
    """One that names its columns, in any of their spellings."""
    (tmp_path / "own.toml").write_text(EDGES + '[aliases]\n"reader" = ["may read"]\n')
    (tmp_path / "other.toml").write_text(LOG)
    path = write_csv(tmp_path / "a.csv", [["owner", "may read", "day", "how"], ["A", "B", "2024-05-01", "c"]])
    error = refuse(path)
    assert error.code == "unknown-layout"
    assert "own.toml" in error.way_out and "other.toml" not in error.way_out


def test_the_example_reads_what_it_describes(tmp_path):
    """The example mapping is one that works."""
    row = ["25/03/2025 10:00", "A PD", REASON, OFFICER, PLATE]
    rows = [["When?", "Who", "Why", "Operator", "Plate"], row, ["", "TOTAL", "", "", ""]]
    reading = read(write_csv(tmp_path / "log.csv", rows), mapping="example")
    assert reading.tables["searches"]["searched_at"][0] == datetime(2025, 3, 25, 17, 0)


def test_real_edges(mirror):
    """private_eyes: 37,099 edges from 224 sources to 4,619 recipients; its columns tell the mapping."""
    reading = read(mirror / "private_eyes" / "agency_access20240426.csv")
    details = reading.report.details
    assert details["edges"] == {"rows": 37_099, "from": 224, "to": 4_619, "repeated": 0, "to_itself": 0}
    # Pittsboro IN lists 3,861 organizations, a tenth of all edges
    assert reading.tables["sharing"]["from_agency_as_printed"].value_counts().iloc[0] == 3_861


def test_real_logs(mirror):
    """The reduced logs of Eugene and Okaloosa are read whole, as their mappings say."""
    eugene = read(mirror / "flock" / "eugene_or_pd_search_audit_reduced.csv.gz")
    assert eugene.report.rows_out == 4_294
    assert eugene.report.time_zone == "UTC, as the mapping says"
    okaloosa = read(mirror / "flock" / "okaloosa_fl_so_org_audit_reduced.csv.gz")
    assert okaloosa.report.rows_out == 7_273
    types = {"lookup": 5504, "search": 1517, "freeform": 186, "visual": 51, "multiGeo": 12, "convoy": 3}
    assert okaloosa.report.details["search_types"] == types
    # moderation is there on the 186 freeform rows only
    assert okaloosa.report.details["moderation"] == {"empty": 7087, "allow": 172, "block": 12, "warn": 2}


def test_day_and_hour_in_two_columns(mapped):
    """By hand: 04:30 PM of 25 March in Los Angeles (UTC-7) is 23:30 in UTC, 00:15 AM of 4 March (UTC-8) is
    08:15. The 25th decides that the month comes first; the second column alone holds no date.
    """
    mapping = LOG.replace('searched_at = "When"', 'search_date = "Day"\nsearched_at = "Hour"')
    mapping = mapping.replace("%H:%M", "%I:%M %p")
    header = ["Day", "Hour", "Who", "Why", "Plate"]
    days, hours = ["03/25/2025", "03/04/2025", "03/05/2025"], ["04:30 PM", "12:15 AM", ""]
    rows = [[*moment, "Chino CA PD", REASON, PLATE] for moment in zip(days, hours, strict=True)]
    reading = mapped(mapping, [header, *rows])
    table = reading.tables["searches"]
    assert table["searched_at"][:2].tolist() == [datetime(2025, 3, 25, 23, 30), datetime(2025, 3, 4, 8, 15)]
    assert table["searched_at_cell"].tolist() == ["value", "value", "empty"]
    assert table["searched_at"].isna()[2] and "day-order" in reading.report.list_codes()
    open_ = [header, ["03/04/2025", *rows[0][1:]]]
    assert mapped(mapping, open_, refuse).code == "open-day-order"
    swapped = mapped(mapping, open_, day_first=True).tables["searches"]["searched_at"].tolist()
    assert swapped == [datetime(2025, 4, 3, 23, 30)]
