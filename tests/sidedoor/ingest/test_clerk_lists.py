"""Lists that a clerk typed: side by side, without a header, with totals and notes; nothing is guessed."""

import gzip

import pytest
import xlsxwriter

from made.tables import count_skipped, read, refuse, write_book, write_csv
from sidedoor.ingest import ingest_file, inspect_file
from sidedoor.ingest.source import ReadOptions

ME = {"reported_by": "Exampleton ZZ PD", "as_of": "2025-03-10"}
OUT = ["Sample Falls ZZ PD", "Inventory County ZZ SO", "Placeholder ZZ DPS"]
IN = ["Sample Falls ZZ PD", "Mock City ZZ PD"]
PAIRS = [[out, IN[at] if at < len(IN) else ""] for at, out in enumerate(OUT)]
SHARED, RECEIVED = "Agencies we share data with", "Agencies that share data with us"


def write_rows(path, rows: list[list]):
    """Write rows as a text or as a sheet, as the name says."""
    return write_book(path, {"Sheet1": rows}) if path.suffix == ".xlsx" else write_csv(path, rows)


def write_names(path, *names: str):
    """Write one column."""
    return write_rows(path, [[name] for name in names])


def list_ways(reading) -> dict[str, list[tuple[str, str]]]:
    """List the edges by section, in their order."""
    table = reading.tables["sharing"]
    ends = ["from_agency_as_printed", "to_agency_as_printed"]
    return {name: [*map(tuple, part[ends].to_numpy().tolist())] for name, part in table.groupby("section")}


def list_names(reading) -> list[str]:
    """List who may read the data."""
    return reading.tables["sharing"]["to_agency_as_printed"].tolist()


# By hand: three let Exampleton's data go out, two let theirs come in.
BOTH = {
    "detections_shared": [("Exampleton ZZ PD", name) for name in OUT],
    "detections_received": [(name, "Exampleton ZZ PD") for name in IN],
}


@pytest.mark.parametrize(
    "header",
    [
        ["Shared With", "Received From"],
        ["Sharing with", "Shared from"],
        ["Outgoing", "Incoming"],
        ["Agencies We Share With", "Agencies That Share With Us"],
        ["Networks I'm sharing", "Networks shared with me"],
    ],
)
@pytest.mark.parametrize(("turned", "kind"), [(False, "csv"), (True, "csv"), (False, "xlsx")])
def test_two_lists_side_by_side(tmp_path, header, turned, kind):
    """Each column goes the way that it says, whichever stands left; the shorter one ends where it ends."""
    rows = [row[::-1] if turned else row for row in [header, *PAIRS]]
    rows = rows if kind == "csv" else [["Sharing as of March"], [None], *rows]
    reading = read(write_rows(tmp_path / f"lists.{kind}", rows), **ME)
    assert list_ways(reading) == BOTH
    assert (reading.report.rows_in, reading.report.set_aside) == (5, [])


def test_a_column_between_and_states_beside(tmp_path):
    """An empty column parts the lists; a state beside one of two lists is dropped and said."""
    rows = [[out, "ZZ", None, name or None, "ZZ" if name else None] for out, name in PAIRS]
    header = ["Shared with", "State", None, "Received from", "ST"]
    reading = read(write_rows(tmp_path / "a.xlsx", [header, *rows]), **ME)
    assert list_ways(reading) == BOTH and reading.report.columns_dropped == ["State", "ST"]


def test_a_header_over_two_rows_with_merged_cells(tmp_path):
    """What stands over merged cells holds for the columns below them."""
    rows = [["Agency", "State"] * 2, *([out, "ZZ", name, "ZZ" if name else ""] for out, name in PAIRS)]
    with xlsxwriter.Workbook(tmp_path / "merged.xlsx") as book:
        sheet = book.add_worksheet("Sharing")
        sheet.merge_range(0, 0, 0, 1, "Outgoing")
        sheet.merge_range(0, 2, 0, 3, "Incoming")
        for at, row in enumerate(rows, 1):
            sheet.write_row(at, 0, row)
    reading = read(tmp_path / "merged.xlsx", **ME)
    assert list_ways(reading) == BOTH and reading.report.columns_dropped == ["State"]


def test_two_columns_that_say_nothing_are_asked_about(tmp_path):
    """Two lists called Agency need two answers, in their order, or one for both; three are too many, and a
    misspelt one is mended.
    """
    path = write_csv(tmp_path / "a.csv", [["Agency", "Agency"], *PAIRS])
    error = refuse(path, **ME)
    assert (error.code, error.asks_for) == ("no-section", ("section",))
    assert "column A" in error.place and "column B" in error.place
    assert list_ways(read(path, section="detections_shared,detections_received", **ME)) == BOTH
    assert list(list_ways(read(path, section="hot_lists_shared", **ME))) == ["hot_lists_shared"]
    assert refuse(path, section=",".join(["detections_shared"] * 3), **ME).code == "wrong-value"
    error = refuse(path, section="detection_shared", **ME)
    assert error.code == "wrong-value" and "detections_shared" in error.way_out
    told = write_csv(tmp_path / "b.csv", [["Shared with", "Received from"], *PAIRS])
    assert refuse(told, section="detections_shared", **ME).code == "section-not-needed"


@pytest.mark.parametrize(
    "header", [["Agency", "Shared With"], ["From Agency", "To Agency"], ["Agency", "Partner"]]
)
def test_the_ends_of_edges_are_not_two_lists(tmp_path, header):
    """Names that come again and again beside others are an edge list, which only a mapping can explain."""
    path = write_csv(tmp_path / "edges.csv", [header, *([out, name] for out in OUT for name in IN)])
    assert refuse(path, **ME).code == "unknown-layout"


@pytest.mark.parametrize(
    "rows",
    [
        [[out, name] for out in OUT for name in IN],
        [["Exampleton ZZ PD", name] for name in OUT],
        [[name, "Exampleton ZZ PD"] for name in IN],
    ],
)
def test_names_that_come_again_beside_others_are_ends_of_shares(tmp_path, rows):
    """Whoever heads the two ends of a share Shared From and Shared With does not mean two lists."""
    path = write_csv(tmp_path / "edges.csv", [["Shared From", "Shared With"], *rows])
    refused = inspect_file(path).details["refused"]
    assert refused["code"] == "unknown-layout" and 'table = "sharing"' in refused["mapping"]


@pytest.mark.parametrize("kind", ["csv", "txt", "xlsx"])
def test_names_without_a_header_need_a_word(tmp_path, kind):
    """The question is one, names the option, and its answer reads every line, the first included."""
    path = write_names(tmp_path / f"names.{kind}", *OUT)
    assert refuse(path, **ME).asks_for == ("section",)
    assert list_ways(read(path, section="detections_shared", **ME))["detections_shared"] == [
        ("Exampleton ZZ PD", name) for name in OUT
    ]
    assert list(inspect_file(path).details["needed"]) == ["reported_by", "as_of", "section"]


def test_a_title_and_a_total_among_names_without_a_header(tmp_path):
    """What names no agency above the names is their title; a total and a note below are skipped; an odd name
    is kept.
    """
    names = [*OUT, "Mock City ZZ PD", "Nlets", *(f"Town {n} PD" for n in range(20))]
    path = write_names(tmp_path / "a.txt", "LPR access list", *names, "Total: 25", "Updated 3/1/2025")
    reading = read(path, section="detections_shared", **ME)
    assert count_skipped(reading.report) == {"note": 2} and list_names(reading) == names
    assert reading.tables["sharing"]["row_no"].tolist() == [*range(2, 27)]


def test_names_with_commas_and_no_header(tmp_path):
    """A line is a name where lines have different numbers of commas; quoted, a comma is part of its cell."""
    path = tmp_path / "names.txt"
    path.write_text("Sample Falls PD\nInventory County Sheriff, ZZ\nMock City Police\n")
    names = ["Sample Falls PD", "Inventory County Sheriff, ZZ", "Mock City Police"]
    assert list_names(read(path, section="detections_shared", **ME)) == names


@pytest.mark.parametrize(
    "lines",
    [["Jane Roe", "John Doe", "Max Muster"], ["pen,3", "ink,4"], ["a police report of many words"] * 40],
)
def test_other_lists_are_not_taken_for_agencies(tmp_path, lines):
    """Persons, prices and prose are no list of agencies."""
    path = tmp_path / "x.txt"
    path.write_text("\n".join(lines) + "\n")
    error = refuse(path, **ME)
    assert error.code == "unknown-layout" and "Roe" not in str(error)


def test_a_total_below_a_list_is_no_agency(tmp_path):
    """Totals, notes and page numbers are set aside; non-breaking spaces in a name are kept as printed and
    count as one name.
    """
    names = [*OUT, OUT[0].replace(" ", "\u00a0")]
    notes = [
        "Total",
        "Total agencies: 3",
        "Count: 3",
        "Page 1 of 2",
        "* as of March",
        "3",
        "Total 5 agencies",
    ]
    notes += ["Last updated 3/1/2025", "Total number of agencies sharing: 5", "5 agencies"]
    reading = read(write_names(tmp_path / "a.csv", SHARED, *names, *notes), **ME)
    assert list_names(reading) == names
    assert count_skipped(reading.report) == {"note": 10} and reading.report.rows_in == 14
    assert "listed-twice" in reading.report.list_codes()


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("cp1252", ";")])
def test_encodings_and_separators(tmp_path, encoding, delimiter):
    """Side by side in any dress: a mark at the beginning, UTF-16, semicolons, tabs."""
    rows = [["Shared with", "Received from"], *PAIRS]
    path = write_csv(tmp_path / "a.csv", rows, encoding=encoding, delimiter=delimiter)
    assert list_ways(read(path, **ME)) == BOTH


def test_a_row_too_long_is_skipped(tmp_path):
    """A comma without quotes in a name shifts its row, which is skipped with its line."""
    path = tmp_path / "a.csv"
    path.write_text("Shared with,Received from\nSample PD,Mock PD\nInventory PD, ZZ,Mock PD\n")
    reading = read(path, **ME)
    assert [(part.place, part.code) for part in reading.report.set_aside] == [("line 3", "row-width")]
    assert len(reading.tables["sharing"]) == 2


@pytest.mark.parametrize(
    "header", ["Shared with,Received from", "Agency", "Month,Searches", "Date,Time,Reason"]
)
def test_a_header_without_rows_is_no_list(tmp_path, header):
    """Nothing was exported, which is not the same as nothing shared."""
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n")
    assert refuse(path, section=None, **ME).code in ("no-rows", "unknown-layout")


def test_sheets_of_one_kind_are_asked_about_together(tmp_path):
    """Two sheets that list names: one question; beside a sheet that can be read they are set aside, with the
    same way out.
    """
    lists = {"One": [["Agency"], *([name] for name in OUT)], "Two": [["Agency"], *([name] for name in IN)]}
    path = write_book(tmp_path / "a.xlsx", lists, hide="Two")
    assert "sheet 1, column A and sheet 2, column A" in refuse(path, **ME).place
    assert list_ways(read(path, section="detections_shared, detections_received", **ME)) == BOTH
    known = {**lists, "Three": [["Networks shared with me"], ["Agency"], ["Mock City ZZ PD"]]}
    reading = read(write_book(tmp_path / "b.xlsx", known), **ME)
    assert len(reading.tables["sharing"]) == 1 and count_skipped(reading.report) == {"no-direction": 5}
    assert [text.asks_for for text in reading.report.warnings if text.code == "no-direction"] == ["section"]


def test_ingest_asks_for_all_at_once(tmp_path):
    """Three things are missing: one error names them; with them the table is written."""
    path, packed = write_names(tmp_path / "names.csv", *OUT), tmp_path / "names.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for one in (path, packed):
        with pytest.raises(Exception) as raised:
            ingest_file(one, tmp_path / "out")
        assert raised.value.asks_for == ("reported_by", "as_of", "section")
        assert not any(entry.is_dir() for entry in tmp_path.iterdir())
    options = ReadOptions(section="detections_shared", **ME)
    assert ingest_file(path, tmp_path / "out", options).report.rows_out == 3


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_lists_one_below_the_other(tmp_path, kind):
    """A heading between names turns the direction of those below it, and is no agency."""
    reading = read(write_names(tmp_path / f"a.{kind}", SHARED, *OUT, RECEIVED, *IN), **ME)
    assert list_ways(reading) == BOTH
    assert count_skipped(reading.report) == {"heading": 1}
    assert sorted(part["names"] for part in reading.report.details["sections"].values()) == [2, 3]


@pytest.mark.parametrize(
    "heading", ["Received From", "Incoming", "Agencies that no longer share data with us"]
)
def test_a_heading_that_says_no_direction_is_no_agency(tmp_path, heading):
    """What stands between names and is none, and leaves open how to read what follows, is refused with its
    line.
    """
    error = refuse(write_names(tmp_path / "a.csv", SHARED, *OUT, heading, *IN), **ME)
    assert error.place == "a.csv, line 5" and error.code == "heading-without-direction"


@pytest.mark.parametrize(
    "heading",
    ["Agencies that no longer share data with us", "Denied: data shared with us", "Not yet shared with us"],
)
def test_a_heading_that_denies_says_no_direction(tmp_path, heading):
    """A list of those that do not share is not read as one of those that do."""
    assert refuse(write_names(tmp_path / "a.csv", heading, *OUT), **ME).code == "no-section"


@pytest.mark.parametrize("between", [", ", "; ", "\t"])
def test_names_on_one_line(tmp_path, between):
    """Nothing is missing but line ends."""
    (tmp_path / "a.txt").write_text(between.join(OUT))
    assert refuse(tmp_path / "a.txt", section="detections_shared", **ME).code == "one-line"


def test_a_list_too_long(tmp_path):
    """Rows are counted, and lines without any."""
    path = tmp_path / "a.csv"
    path.write_text("Agency\nA ZZ PD\n" + "\n" * 101_000 + "B ZZ PD\n")
    assert refuse(path, section="detections_shared", **ME).code == "too-large"


def test_names_above_a_header_are_not_lost(tmp_path):
    """Three names and then `Agency` is no list with three titles; two lines of whose list it is are."""
    codes = ("unknown-layout", "heading-without-direction")
    path = write_names(tmp_path / "a.csv", *OUT, "Agency", *IN)
    assert refuse(path, section="detections_shared", **ME).code in codes
    titles = ["City of Exampleton", "Police Department", "Sharing list", "Agency"]
    path = write_names(tmp_path / "b.csv", *titles, *IN)
    assert list_names(read(path, section="detections_shared", **ME)) == IN


def test_what_is_said_of_names_below_a_header(tmp_path):
    """Marks say who is inactive; a star before a name hides no agency, and a note that explains it is none;
    what holds no word of an agency is kept.
    """
    inactive = ["Falls ZZ PD (Inactive)", "Mock City ZZ PD - inactive", "(revoked MOU) Holder ZZ SO"]
    active = ["*Sample Falls ZZ PD", "Exampleville ZZ PD", "Nlets"]
    reading = read(write_names(tmp_path / "a.csv", SHARED, *inactive, *active, "* by contract"), **ME)
    assert list_names(reading) == [*inactive, *active]
    assert reading.tables["sharing"]["is_inactive"].tolist() == [True] * 3 + [False] * 3
    assert [(part.place, part.code) for part in reading.report.set_aside] == [("line 8", "note")]
