"""Files that people really bring: nothing is misread in silence, nothing of a person is published, one odd
cell stops nothing.
"""

import json
import zipfile
from datetime import datetime, timedelta

import pytest
import xlsxwriter

from made.tables import count_skipped, read, refuse, write_book, write_csv
from sidedoor.ingest import ingest_file, inspect_file
from sidedoor.ingest.published import NOT_AN_AGENCY, show_file_name
from sidedoor.ingest.source import FileLimits, ReadOptions

HEADER = [
    *("ID", "Name", "Org Name", "Total Networks Searched", "Time Frame", "License Plate", "Reason", "Case #"),
    *("Filters", "Search Time", "Search Type", "Text Prompt", "Moderation"),
]
AGENCIES = ["Exampleton ZZ PD", "Sample County ZZ SO", "Hillside ZZ PD"]
SHARED = ["Organization Name", "Networks Shared With Me", "Networks I'm Sharing"]
REASONS = ["theft", "warrant", "welfare check", "stolen vehicle"]


def stamp(moment: datetime) -> str:
    return f"{moment:%m/%d/%Y, %I:%M:%S %p} UTC"


def search(n: int, **cells) -> list[str]:
    """A row of an audit; `cells` replaces some by their column."""
    moment = datetime(2025, 6, 1) + timedelta(minutes=37 * n)
    row = dict.fromkeys(HEADER, "") | dict.fromkeys(("Name", "License Plate", "Case #"), "***")
    row["ID"] = f"{n:08d}-0000-4000-8000-000000000000"
    row["Org Name"], row["Reason"] = AGENCIES[n % 3], REASONS[n % 4]
    row["Total Networks Searched"], row["Search Type"] = "840", "search"
    row["Time Frame"] = f"{stamp(moment - timedelta(days=7))}\n{stamp(moment)}"
    row["Search Time"] = stamp(moment)
    return [*(row | cells).values()]


def write_raw(path, rows: list[list[str]], end: str = "\n"):
    """Write rows of which only cells with line ends or commas in times are quoted, as a vendor with a fault
    does.
    """

    def show(cell: str) -> str:
        return f'"{cell}"' if "UTC" in cell else cell

    path.write_bytes((end.join(",".join(map(show, row)) for row in rows) + end).encode())
    return path


def test_rows_with_a_cell_too_many_are_skipped(tmp_path):
    """An unquoted comma in an officer's name: 10 of 30 rows are shifted, counted with their lines, and not
    read.
    """
    rows = [search(n, Name="CANARY, OFFICER" if n % 3 == 1 else "***") for n in range(30)]
    reading = read(write_raw(tmp_path / "a.csv", [HEADER, *rows]))
    assert count_skipped(reading.report) == {"row-width": 10}
    assert reading.report.set_aside[0].place == "line 4" and "line 10" in reading.report.set_aside[0].what
    assert (reading.report.rows_in, reading.report.rows_out) == (30, 20)
    assert set(reading.tables["searches"]["searcher_agency_as_printed"]) == {AGENCIES[0], AGENCIES[2]}


def test_a_surplus_of_empty_cells_in_every_row_is_read(tmp_path):
    """Each row ends with a comma and the header does not: nothing is shifted."""
    rows = [[*search(n), ""] for n in range(8)]
    assert read(write_raw(tmp_path / "a.csv", [HEADER, *rows])).report.rows_out == 8
    rows[3] = rows[3][:-1]  # one without it is another row
    assert refuse(write_raw(tmp_path / "b.csv", [HEADER, *rows])).code == "row-width"


def test_rows_that_are_all_shifted_are_refused(tmp_path):
    """An unquoted comma in every officer's name looks like a surplus of empty cells, but for its times."""
    rows = [search(n, Name="CANARY, OFFICER") for n in range(8)]
    assert refuse(write_raw(tmp_path / "a.csv", [HEADER, *rows])).code == "row-width"


@pytest.mark.parametrize("is_plain", [True, False])
def test_broken_rows_are_counted_together(tmp_path, is_plain):
    """Commas and quotes without quotes: all such rows are counted, with the first lines, whichever way the
    text is split.
    """
    rows = [search(n) for n in range(40)]
    for n in (2, 11):
        rows[n][6] = "immigration, follow up"
    path = write_raw(tmp_path / "a.csv", [HEADER, *rows])
    expected = {"row-width": 2}
    if not is_plain:
        path.write_text(path.read_text().replace("welfare check", '"per Sgt "Mac" theft"', 1))
        expected["broken-quote"] = 1
    report = read(path).report
    assert count_skipped(report) == expected and report.rows_out == 40 - sum(expected.values())


@pytest.mark.parametrize(
    ("cell", "code"),
    [("near cafÃ©", "mojibake"), ("a\0b", "control-characters"), ("a\x07b", "control-characters")],
)
def test_one_odd_cell_is_a_warning(tmp_path, cell, code):
    """It is counted with its line and its row is kept; a file full of wrongly decoded text is refused."""
    rows = [search(n) for n in range(200)]
    rows[20][6] = cell
    path = tmp_path / "a.csv"
    write_raw(path, [HEADER, *rows])
    report = read(path).report
    assert report.rows_out == 200 and code in report.list_codes()
    if code == "mojibake":
        write_raw(path, [HEADER, *[search(n, Reason=cell) for n in range(50)]])
        assert refuse(path).code == code


def test_merged_agencies_are_filled_from_the_merge_list(tmp_path):
    """Each row of a block has its agency; a blank cell outside of a merged one stays blank."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("A")
        rows = [HEADER, *[search(n, **{"Org Name": ""}) for n in range(12)]]
        for y, row in enumerate(rows):
            sheet.write_row(y, 0, row)
        sheet.merge_range(1, 2, 5, 2, AGENCIES[0])
        sheet.merge_range(6, 2, 9, 2, AGENCIES[1])
    reading = read(path)
    names = reading.tables["searches"]["searcher_agency_as_printed"].fillna("").tolist()
    assert names == [AGENCIES[0]] * 5 + [AGENCIES[1]] * 4 + [""] * 3
    assert "merged-cells" in reading.report.list_codes()


def test_what_does_not_show_is_said(tmp_path):
    """Hidden rows, columns and sheets, and cells struck through: read, and reported."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, struck = book.add_worksheet("A"), book.add_format({"font_strikeout": True})
        for y, row in enumerate([HEADER, *[search(n) for n in range(6)]]):
            sheet.write_row(y, 0, row, struck if y == 3 else None)
        sheet.set_row(4, None, None, {"hidden": True})
        sheet.set_column(7, 7, None, None, {"hidden": True})
        book.add_worksheet("B").write_row(0, 0, ["x"])
        book.get_worksheet_by_name("B").hide()
    codes = read(path).report.list_codes()
    assert {"hidden-rows", "hidden-columns", "hidden-sheet", "struck"} <= codes


def test_a_sheet_a_month_with_headers_edited_by_hand(tmp_path):
    """A sheet without a header is said to look like the others."""
    rows = [search(n) for n in range(20)]
    wrong = [*HEADER[:3], "Total Devices Searched", *HEADER[3:]]
    sheets = {"Jan": [HEADER, *rows], "Feb": rows, "Mar": [wrong, *rows]}
    report = read(write_book(tmp_path / "a.xlsx", sheets)).report
    assert {"sheet-without-header", "misplaced-header"} <= report.list_codes()
    assert report.rows_out == 20 and report.rows_in == 60


LISTS = {
    "law enforcement agency": [["Law Enforcement Agency"]],
    "partners": [["Partner Police Departments"]],
    "networks": [["Networks with access to Exampleton ZZ PD"]],
    "titles": [["Exampleton Police Department"], ["ALPR data sharing list"], [""]],
    "state": [["Participating Agencies", "State"]],
    "status": [["Agency", "Status"]],
    "name": [["Name", "State", "Type"]],
}


@pytest.mark.parametrize("above", LISTS.values(), ids=LISTS)
def test_headings_and_titles_are_no_agencies(tmp_path, above):
    """Twenty agencies below whatever heads them, with whatever is beside them."""
    more = {"State": "ZZ", "Status": "Revoked 3/1/2025", "Type": "Police Department"}
    rest = [more[name] for name in above[-1][1:]]
    names = [
        f"{name}{kind}"
        for name in "Alpha Beta Gamma Delta Eta Theta Iota Kappa Mu Nu".split()
        for kind in (" ZZ PD", " County ZZ SO")
    ]
    path = write_csv(tmp_path / "a.csv", [*above, *[[name, *rest] for name in names]])
    options = {"reported_by": "Exampleton ZZ PD", "as_of": "2025-03-01"}
    if above == LISTS["networks"] or refuse(path, **options).code == "no-section":
        options["section"] = "detections_shared"
    reading = read(path, **options)
    table = reading.tables["sharing"]
    assert table["to_agency_as_printed"].tolist() == names
    assert set(table["state_as_printed"].dropna()) == ({"ZZ"} if "ZZ" in rest else set())
    assert table["is_inactive"].all() == ("Revoked 3/1/2025" in rest)


def test_columns_that_are_ends_of_shares_are_no_lists(tmp_path):
    """`Source Agency, Target Agency`: a mapping is proposed that binds them."""
    rows = [["Source Agency", "Target Agency"], ["Alpha ZZ PD", "Beta ZZ SO"]]
    draft = inspect_file(write_csv(tmp_path / "a.csv", rows)).details["refused"]["mapping"]
    assert 'from_agency_as_printed = "Source Agency"' in draft
    path = tmp_path / "m.toml"
    path.write_text(draft)
    table = read(tmp_path / "a.csv", mapping=path, reported_by="Alpha ZZ PD").tables["sharing"]
    assert table["to_agency_as_printed"].tolist() == ["Beta ZZ SO"]


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [
        ("2025-03-01T10:30:00Z", "2025-03-01 10:30"),
        ("2025-03-01T02:30:00-0800", "2025-03-01 10:30"),
        ("2025-03-01T02:30:00-08:00", "2025-03-01 10:30"),
        ("2025-03-01 10:30:00+00", "2025-03-01 10:30"),
        ("2025-11-02T01:30:00 PDT", "2025-11-02 08:30"),
        ("2025-03-01T10:30:00.5Z", "2025-03-01 10:30:00.5"),
    ],
)
def test_iso_8601_everywhere(tmp_path, printed, read_as):
    """With T or a blank, an offset with or without a colon, a zone that the United States name."""
    path = write_csv(tmp_path / "a.csv", [["Timestamp", "Agency", "Reason"], [printed, AGENCIES[0], "theft"]])
    assert read(path).tables["searches"]["searched_at"][0] == datetime.fromisoformat(read_as)


def change_book(path, parts: dict[str, bytes]):
    """Write a workbook with more parts in its ZIP."""
    write_book(path, {"A": [HEADER, *[search(n) for n in range(3)]]})
    with zipfile.ZipFile(path, "a") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_parts_of_a_workbook(tmp_path):
    """SharePoint's parts in UTF-16 are passed over; parts whose names differ by case alone are refused."""
    path = change_book(
        tmp_path / "a.xlsx", {"customXml/item1.xml": "<?xml version='1.0'?><a/>".encode("utf-16")}
    )
    assert read(path).report.rows_out == 3
    path = change_book(tmp_path / "b.xlsx", {"xl/worksheets/SHEET1.xml": b"<worksheet/>"})
    assert refuse(path).code == "part-names"


def ingest_with_canaries(tmp_path, rows, name: str) -> bytes:
    """Ingest for publication, and return every byte that was written."""
    path = tmp_path / name
    write_book(path, {"CANARYSHEET of Jane": rows}) if name.endswith("xlsx") else write_csv(path, rows)
    out = tmp_path / "out"
    ingest_file(path, out)
    return b"\n".join(part.name.encode() + part.read_bytes() for part in sorted(out.iterdir()))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_canary_leaves(tmp_path, kind):
    """A canary in every column that can hold a person, in headers."""
    header = [*HEADER, "CANARYHEADER notes"]
    rows = [[*search(n), "CANARYCELL"] for n in range(60)]
    plain = ("ID", "Org Name", "Total Networks Searched", "Time Frame", "Search Time")
    for at, name in enumerate(HEADER):
        for row in rows[:: 30 if name == "Search Type" else 7] if name not in plain else ():
            row[at] = f"CANARY{at} Roe"
    rows[5][2] = "CANARYAGENCY Roe"  # one of sixty
    written = ingest_with_canaries(tmp_path, [header, *rows], f"CANARYFILE Roe.{kind}")
    assert b"CANARY" not in written and b"(another type)" in written and NOT_AN_AGENCY.encode() in written


def swap(rows):
    """Exchange the cells of agencies and reasons under their headers."""
    at, other = HEADER.index("Org Name"), HEADER.index("Reason")
    for row in rows:
        row[at], row[other] = row[other], row[at]
    return rows


def test_exchanged_headers_stop_until_a_person_has_looked(tmp_path):
    """Victims' names under `Org Name`: refused, and asked for; a person who says that they are agencies is
    believed.
    """
    rows = [HEADER, *swap([search(n, Reason=f"stalking of CANARY {n}") for n in range(30)])]
    path = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(Exception) as raised:
        ingest_file(path, tmp_path / "out")
    assert (raised.value.code, raised.value.asks_for) == ("agencies-to-confirm", ("confirm_agencies",))
    assert "CANARY" not in str(raised.value) and not (tmp_path / "out").exists()
    assert list(inspect_file(path).details["needed"]) == ["confirm_agencies"]
    ingest_file(path, tmp_path / "out", ReadOptions(confirm_agencies=True))


def test_persons_in_a_list_of_agencies_stop_it_too(tmp_path):
    """A list headed `Agency` that holds persons; a single one is shown as none, and the others stay
    different.
    """
    options = {"reported_by": "Exampleton ZZ PD", "as_of": "2025-01-01", "section": "detections_shared"}
    persons = [["Agency"], *[[f"Jane Roe{n}"] for n in range(50)]]
    error = refuse(write_csv(tmp_path / "a.csv", persons), confirm_agencies=False, **options)
    assert error.code == "agencies-to-confirm"
    mixed = [["Agency"], *[[f"Town{n} ZZ PD"] for n in range(40)], ["Jane Roe"], ["John Roe"]]
    table = read(write_csv(tmp_path / "b.csv", mixed), confirm_agencies=False, **options).tables["sharing"]
    assert (
        table["to_agency_as_printed"].nunique() == 42
        and not table["to_agency_as_printed"].str.contains("Roe").any()
    )


MAPPING = """table = "searches"
[columns]
searched_at = "When"
{}
[constants]
host_agency = "Hillside ZZ PD"
[times]
forms = ["%Y-%m-%d %H:%M:%S"]
time_zone = "UTC"
"""


@pytest.mark.parametrize(
    ("bound", "code"),
    [
        ('searcher_agency_as_printed = "Name"\nreason_text = "Reason"', "person-column"),
        ('search_type = "Reason"', "person-column"),
        ('search_type = "License Plate"', "person-column"),
        ('search_id = "Agency"\nsearcher_agency_as_printed = "Agency"', "column-twice"),
    ],
)
def test_a_mapping_publishes_no_person(tmp_path, bound, code):
    """One column fills one field, and none that is known for persons, plates or reasons fills a published
    one.
    """
    header = ["Name", "Agency", "License Plate", "Reason", "When"]
    row = ["Roe", "Hillside ZZ PD", "ABC0000", "ice", "2025-06-01 02:01:00"]
    path = write_csv(tmp_path / "a.csv", [header, row])
    (tmp_path / "m.toml").write_text(MAPPING.format(bound))
    assert refuse(path, mapping=tmp_path / "m.toml").code == code


def test_a_folder_named_like_a_partition_is_a_folder(tmp_path):
    """DuckDB takes no column from a path."""
    out = tmp_path / "search_type=EVIL" / "out"
    path = write_csv(tmp_path / "a.csv", [HEADER, *[search(n) for n in range(5)]])
    reading = ingest_file(path, out)
    assert reading.report.details["search_types"] == {"search": 5}
    assert set(reading.tables["searches"].load()["search_type"]) == {"search"}


def test_hidden_characters_leave_names(tmp_path):
    """A name that turns the direction of writing, or holds characters without width, is the name without
    them.
    """
    rows = [search(n, **{"Org Name": "Hill\u200bside ZZ \u202ePD"}) for n in range(3)]
    reading = read(write_csv(tmp_path / "a.csv", [HEADER, *rows]))
    assert set(reading.tables["searches"]["searcher_agency_as_printed"]) == {"Hillside ZZ PD"}
    assert {"hidden-characters", "cleaned-names"} <= reading.report.list_codes()
    path = write_csv(tmp_path / "b.csv", [SHARED, ["Hill\u200bside ZZ PD", "x", ""]])
    reading = read(path, reported_by="Exampleton ZZ PD", as_of="2025-01-01")
    assert reading.tables["sharing"]["from_agency_as_printed"][0] == "Hillside ZZ PD"


def test_lists_have_a_longest_length(tmp_path):
    """A list of more rows than any agency has partners is refused before it fills the memory."""
    path = write_csv(tmp_path / "a.csv", [SHARED, *[[f"T{n} ZZ PD", "x", ""] for n in range(60)]])
    options = ReadOptions(reported_by="A ZZ PD", as_of="2025-01-01")
    with pytest.raises(Exception) as raised:
        ingest_file(path, tmp_path / "out", options, FileLimits(list_rows=50))
    assert raised.value.code == "too-large"


def test_a_report_for_publication_repeats_no_cell(tmp_path):
    """Pieces of SharedNetworks cells stay in the file; so do rows that are counted and not read."""
    mixed = ["Alpha ZZ PD", "Alpha ZZ PD, canary abuse victim", "Exampleton ZZ PD"]
    rows = [SHARED, mixed, ["Canary Roe", "", ""]]
    reading = read(write_csv(tmp_path / "a.csv", rows), reported_by="Exampleton ZZ PD", as_of="2025-01-01")
    assert "canary" not in json.dumps(reading.report.to_dict()).casefold()
    assert reading.report.details["rows_in_file"] == 2


def test_reasons_that_are_labels_are_said_to_be(tmp_path):
    """A handful of texts that come again and again is no free text."""
    few, many = [search(n) for n in range(120)], [search(n, Reason=f"case of {n}") for n in range(120)]
    few = read(write_csv(tmp_path / "a.csv", [HEADER, *few])).report
    many = read(write_csv(tmp_path / "b.csv", [HEADER, *many])).report
    assert (few.details["reason_kind"], many.details["reason_kind"]) == ("labels", "free_text")


def test_folders_that_cannot_be_written(tmp_path):
    """A sentence with a way out, before and after the file is read."""
    path = write_csv(tmp_path / "a.csv", [HEADER, *[search(n) for n in range(3)]])
    (tmp_path / "file").write_text("x")
    with pytest.raises(Exception) as raised:
        ingest_file(path, tmp_path / "file" / "out")
    assert raised.value.code == "cannot-write"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Jane Roe request.csv", "CSV file"),
        ("det-roe_2025-06.xlsx", "XLSX file"),
        ("officer list.pdf", "PDF file"),
        ("roe.csv.gz", "CSV file"),
        ("roe.d", "file"),
        ("exampleton_pd_network-audit_June-2025.csv", "exampleton_pd_network-audit_June-2025.csv"),
        ("181267_doc5.xlsx", "181267_doc5.xlsx"),
    ],
)
def test_a_file_is_shown_by_name_only_if_the_name_can_name_nobody(name, shown):
    """Words of agencies, of exports and of dates pass; any other may be a person's."""
    assert show_file_name(name, {"Exampleton ZZ PD"}) == shown
