"""Files that people really bring: nothing is misread in silence, nothing of a person is published."""

import json
import zipfile
from datetime import datetime

import pytest
import xlsxwriter

from made.audits import AGENCIES, WIDE, build_row, lay_out
from made.tables import count_skipped, list_names, read, refuse, write_book, write_csv
from sidedoor.ingest import ingest_file, inspect_file
from sidedoor.ingest.published import NOT_AN_AGENCY, show_file_name
from sidedoor.ingest.source import ReadOptions

SHARED = ["Organization Name", "Networks Shared With Me", "Networks I'm Sharing"]
MINE = {"reported_by": "Exampleton ZZ PD", "as_of": "2025-01-01"}
PLAIN = dict.fromkeys(("Name", "License Plate", "Case #", "Filters"), "***")
PLAIN["Total Devices Searched"] = "17"  # without a comma


def build_rows(rows_n: int, **cells) -> list[list[str]]:
    """Build rows of an audit, persons masked, below their header."""
    return lay_out([build_row(n, **PLAIN | cells) for n in range(rows_n)])


def put(rows: list[list[str]], column: str, cell: str, every: int = 1) -> list[list[str]]:
    """Put a cell into some rows below their header."""
    at = rows[0].index(column)
    for row in rows[2::every]:
        row[at] = cell
    return rows


def write_raw(path, rows: list[list[str]]):
    """Write rows of which only cells with commas in times are quoted, as a vendor with a fault does."""
    lines = (",".join(f'"{cell}"' if "UTC" in cell else cell for cell in row) for row in rows)
    path.write_bytes("\n".join(lines).encode() + b"\n")
    return path


def test_rows_with_a_cell_too_many(tmp_path):
    """Of 30 rows 10 are shifted by an unquoted comma: counted and not read; if all are, none is read."""
    path = write_raw(tmp_path / "a.csv", put(build_rows(30), "Name", "CANARY, OFFICER", 3))
    reading = read(path)
    assert count_skipped(reading.report) == {"row-width": 10}
    assert reading.report.set_aside[0].place == "line 4" and "line 10" in reading.report.set_aside[0].what
    assert (reading.report.rows_in, reading.report.rows_out) == (30, 20)
    assert set(reading.tables["searches"]["searcher_agency_as_printed"]) == {AGENCIES[0], AGENCIES[2]}
    assert refuse(write_raw(path, build_rows(8, Name="CANARY, OFFICER"))).code == "row-width"


def test_a_surplus_of_empty_cells_in_every_row_is_read(tmp_path):
    """Each row ends with a comma, the header does not: nothing is shifted; one without it is another row."""
    header, *rows = build_rows(8)
    rows = [[*row, ""] for row in rows]
    assert read(write_raw(tmp_path / "a.csv", [header, *rows])).report.rows_out == 8
    rows[3] = rows[3][:-1]
    assert refuse(write_raw(tmp_path / "b.csv", [header, *rows])).code == "row-width"


@pytest.mark.parametrize("is_plain", [True, False])
def test_broken_rows_are_counted_together(tmp_path, is_plain):
    """Commas and quotes without quotes: all such rows are counted, whichever way the text is split."""
    rows = put(build_rows(40), "Reason", "immigration, follow up", 20)
    rows[5][WIDE.index("Reason")] = "welfare check"
    path, expected = write_raw(tmp_path / "a.csv", rows), {"row-width": 2}
    if not is_plain:
        path.write_text(path.read_text().replace("welfare check", '"per Sgt "Mac" theft"'))
        expected["broken-quote"] = 1
    report = read(path).report
    assert count_skipped(report) == expected and report.rows_out == 40 - sum(expected.values())


@pytest.mark.parametrize(("cell", "code"), [("near cafÃ©", "mojibake"), ("a\0b", "control-characters")])
def test_one_odd_cell_is_a_warning(tmp_path, cell, code):
    """It is counted and its row is kept; a file full of wrongly decoded text is refused."""
    rows = build_rows(200)
    rows[20][WIDE.index("Reason")] = cell
    report = read(write_raw(tmp_path / "a.csv", rows)).report
    assert report.rows_out == 200 and code in report.list_codes()
    if code == "mojibake":
        assert refuse(write_raw(tmp_path / "b.csv", build_rows(50, Reason=cell))).code == code


def test_what_a_workbook_does_not_show(tmp_path):
    """Merged agencies are filled, blank cells stay blank; what is hidden or struck is read, and reported."""
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet, struck = book.add_worksheet("A"), book.add_format({"font_strikeout": True})
        for y, row in enumerate(build_rows(12, **{"Org Name": ""})):
            sheet.write_row(y, 0, row, struck if y == 3 else None)
        sheet.merge_range(1, 2, 5, 2, AGENCIES[0])
        sheet.merge_range(6, 2, 9, 2, AGENCIES[1])
        sheet.set_row(4, None, None, {"hidden": True})
        sheet.set_column(7, 7, None, None, {"hidden": True})
        book.add_worksheet("B").write_row(0, 0, ["x"])
        book.get_worksheet_by_name("B").hide()
    reading = read(tmp_path / "a.xlsx")
    names = reading.tables["searches"]["searcher_agency_as_printed"].fillna("").tolist()
    assert names == [AGENCIES[0]] * 5 + [AGENCIES[1]] * 4 + [""] * 3
    codes = {"merged-cells", "hidden-rows", "hidden-columns", "hidden-sheet", "struck"}
    assert codes <= reading.report.list_codes()


def test_a_sheet_a_month_with_headers_edited_by_hand(tmp_path):
    """A sheet without a header is said to look like the others, one with a label too many not to fit it."""
    header, *rows = build_rows(20)
    wrong = [*header[:3], "Hits", *header[3:]]
    sheets = {"Jan": [header, *rows], "Feb": rows, "Mar": [wrong, *rows]}
    report = read(write_book(tmp_path / "a.xlsx", sheets)).report
    assert {"sheet-without-header", "misplaced-header"} <= report.list_codes()
    assert report.rows_out == 20 and report.rows_in == 60


@pytest.mark.parametrize(
    ("header", "says_section"),
    [
        (["Law Enforcement Agency"], False),
        (["Networks with access to Exampleton ZZ PD"], True),
        (["Participating Agencies", "State"], False),
        (["Name", "State", "Type"], False),
    ],
)
def test_headings_are_no_agencies(tmp_path, header, says_section):
    """Twenty agencies below whatever heads them, with whatever is beside them."""
    rest = ["ZZ", "Police Department"][: len(header) - 1]
    towns = "Alpha Beta Gamma Delta Eta Theta Iota Kappa Mu Nu".split()
    names = [f"{name}{kind}" for name in towns for kind in (" ZZ PD", " County ZZ SO")]
    path = write_csv(tmp_path / "a.csv", [header, *([name, *rest] for name in names)])
    assert says_section or refuse(path, **MINE).code == "no-section"
    reading = read(path, **MINE, section="detections_shared")
    assert list_names(reading) == names
    assert set(reading.tables["sharing"]["state_as_printed"].dropna()) == set(rest[:1])


def test_iso_8601_everywhere(tmp_path):
    """With T or a blank, an offset with or without a colon, a zone that the United States name."""
    times = {
        "2025-03-01T10:30:00Z": "2025-03-01 10:30",
        "2025-03-01T02:30:00-0800": "2025-03-01 10:30",
        "2025-03-01T02:30:00-08:00": "2025-03-01 10:30",
        "2025-03-01 10:30:00+00": "2025-03-01 10:30",
        "2025-11-02T01:30:00 PDT": "2025-11-02 08:30",
        "2025-03-01T10:30:00.5Z": "2025-03-01 10:30:00.5",
    }
    rows = [["Timestamp", "Agency", "Reason"], *[[time, AGENCIES[0], "theft"] for time in times]]
    table = read(write_csv(tmp_path / "a.csv", rows)).tables["searches"]
    assert table["searched_at"].tolist() == [datetime.fromisoformat(time) for time in times.values()]


def test_parts_of_a_workbook_that_are_no_sheets(tmp_path):
    """SharePoint's parts in UTF-16 are passed over."""
    path = write_book(tmp_path / "a.xlsx", {"A": build_rows(3)})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("customXml/item1.xml", "<?xml version='1.0'?><a/>".encode("utf-16"))
    assert read(path).report.rows_out == 3


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_canary_leaves(tmp_path, kind):
    """Canaries in cells of persons, headers, names of file and sheet: none is in a byte that is written."""
    header, *rows = build_rows(60)
    plain = ("ID", "Org Name", *header[3:6], "Search Time")  # networks, devices and time frame
    for at, name in enumerate(header):
        for row in rows[:: 30 if name == "Search Type" else 7] if name not in plain else ():
            row[at] = f"CANARY{at} Roe"
    rows[5][2] = "CANARYAGENCY Roe"  # one of sixty
    rows = [[*header, "CANARYHEADER notes"], *[[*row, "CANARYCELL"] for row in rows]]
    path, out = tmp_path / f"CANARYFILE Roe.{kind}", tmp_path / "out"
    write_book(path, {"CANARYSHEET of Jane": rows}) if kind == "xlsx" else write_csv(path, rows)
    ingest_file(path, out)
    written = b"\n".join(part.name.encode() + part.read_bytes() for part in sorted(out.iterdir()))
    assert b"CANARY" not in written and b"(another type)" in written and NOT_AN_AGENCY.encode() in written


def test_exchanged_headers_stop_until_a_person_has_looked(tmp_path):
    """Victims' names under `Org Name`: asked about; who says that they are agencies is believed."""
    rows = build_rows(30, Reason="Hillside ZZ PD", **{"Org Name": "stalking of CANARY"})
    path = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(Exception) as raised:
        ingest_file(path, tmp_path / "out")
    assert (raised.value.code, raised.value.asks_for) == ("agencies-to-confirm", ("confirm_agencies",))
    assert "CANARY" not in str(raised.value) and not (tmp_path / "out").exists()
    assert list(inspect_file(path).details["needed"]) == ["confirm_agencies"]
    ingest_file(path, tmp_path / "out", ReadOptions(confirm_agencies=True))


def test_persons_in_a_list_of_agencies_stop_it_too(tmp_path):
    """Persons under `Agency`; a single one is shown as none, and the others stay different."""
    options = {**MINE, "section": "detections_shared", "confirm_agencies": False}
    persons = [["Agency"], *[[f"Jane Roe{n}"] for n in range(50)]]
    assert refuse(write_csv(tmp_path / "a.csv", persons), **options).code == "agencies-to-confirm"
    mixed = [["Agency"], *[[f"Town{n} ZZ PD"] for n in range(40)], ["Jane Roe"], ["John Roe"]]
    names = read(write_csv(tmp_path / "b.csv", mixed), **options).tables["sharing"]["to_agency_as_printed"]
    assert names.nunique() == 42 and not names.str.contains("Roe").any()


def test_a_folder_named_like_a_partition_is_a_folder(tmp_path):
    """DuckDB takes no column from a path."""
    out = tmp_path / "search_type=EVIL" / "out"
    reading = ingest_file(write_csv(tmp_path / "a.csv", build_rows(5)), out)
    assert reading.report.details["search_types"] == {"lookup": 5}
    assert set(reading.tables["searches"].load()["search_type"]) == {"lookup"}


def test_hidden_characters_leave_names(tmp_path):
    """A name with turning characters, or some without width, is the name without them."""
    path = write_csv(tmp_path / "a.csv", build_rows(3, **{"Org Name": "Hill\u200bside ZZ \u202ePD"}))
    reading = read(path)
    assert set(reading.tables["searches"]["searcher_agency_as_printed"]) == {"Hillside ZZ PD"}
    assert {"hidden-characters", "cleaned-names"} <= reading.report.list_codes()
    path = write_csv(tmp_path / "b.csv", [SHARED, ["Hill\u200bside ZZ PD", "x", ""]])
    assert read(path, **MINE).tables["sharing"]["from_agency_as_printed"][0] == "Hillside ZZ PD"


def test_a_report_for_publication_repeats_no_cell(tmp_path):
    """Pieces of SharedNetworks cells stay in the file; so do rows that are counted and not read."""
    mixed = ["Alpha ZZ PD", "Alpha ZZ PD, canary abuse victim", "Exampleton ZZ PD"]
    reading = read(write_csv(tmp_path / "a.csv", [SHARED, mixed, ["Canary Roe", "", ""]]), **MINE)
    assert "canary" not in json.dumps(reading.report.to_dict()).casefold()
    assert reading.report.details["rows_in_file"] == 2


def test_folders_that_cannot_be_written(tmp_path):
    """A sentence with a way out, before and after the file is read."""
    path = write_csv(tmp_path / "a.csv", build_rows(3))
    with pytest.raises(Exception) as raised:
        ingest_file(path, path / "out")
    assert raised.value.code == "cannot-write"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Jane Roe request.csv", "CSV file"),
        ("det-roe_2025-06.xlsx", "XLSX file"),
        ("roe.csv.gz", "CSV file"),
        ("roe.d", "file"),
        ("exampleton_pd_network-audit_June-2025.csv", "exampleton_pd_network-audit_June-2025.csv"),
        ("181267_doc5.xlsx", "181267_doc5.xlsx"),
    ],
)
def test_a_file_is_shown_by_name_only_if_the_name_can_name_nobody(name, shown):
    """Words of agencies, of exports and of dates pass; any other may be a person's."""
    assert show_file_name(name, {"Exampleton ZZ PD"}) == shown
