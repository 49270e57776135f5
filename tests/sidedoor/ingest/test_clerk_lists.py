"""Lists that a clerk typed: side by side, without a header, with totals and notes; nothing is guessed."""

import pytest
import xlsxwriter

from made.tables import count_skipped, list_names, read, refuse, write_book, write_csv
from sidedoor.ingest import inspect_file

ME = {"reported_by": "Exampleton ZZ PD", "as_of": "2025-03-10"}
SENT = {**ME, "section": "detections_shared"}
OUT = ["Sample Falls ZZ PD", "Inventory County ZZ SO", "Placeholder ZZ DPS"]
IN = ["Sample Falls ZZ PD", "Mock City ZZ PD"]
PAIRS = [[out, IN[at] if at < len(IN) else ""] for at, out in enumerate(OUT)]
SHARED, RECEIVED = "Agencies we share data with", "Agencies that share data with us"
# By hand: three let Exampleton's data go out, two let theirs come in.
BOTH = {
    "detections_shared": [("Exampleton ZZ PD", name) for name in OUT],
    "detections_received": [(name, "Exampleton ZZ PD") for name in IN],
}


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


@pytest.mark.parametrize("is_merged", [True, False])
def test_states_beside_two_lists(tmp_path, is_merged):
    """A merged heading holds for the columns below it, an empty column parts lists; states are dropped."""
    rows = [[out, "ZZ", None, name or None, "ZZ" if name else None] for out, name in PAIRS]
    header = ["Shared with", "State", None, "Received from", "ST"]
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("Sharing")
        if is_merged:
            header = ["Agency", "State", None, "Agency", "State"]
            sheet.merge_range(0, 0, 0, 1, "Outgoing")
            sheet.merge_range(0, 3, 0, 4, "Incoming")
        for at, row in enumerate([header, *rows], 1):
            sheet.write_row(at, 0, row)
    reading = read(tmp_path / "a.xlsx", **ME)
    assert list_ways(reading) == BOTH and set(reading.report.columns_dropped) == set(header[1::3])


def test_two_columns_that_say_nothing_are_asked_about(tmp_path):
    """Two lists called Agency need two answers or one for both; three are too many, misspelt ones mended."""
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
    assert refuse(told, **SENT).code == "section-not-needed"


@pytest.mark.parametrize(
    "rows",
    [
        [["From Agency", "To Agency"], *([out, name] for out in OUT for name in IN)],
        [["Agency", "Shared With"], ["Chino ZZ PD", "Brea ZZ PD"], ["Chino ZZ PD", "Orange ZZ PD"]],
        [["Shared From", "Shared With"], *(["Exampleton ZZ PD", name] for name in OUT)],
        [["Shared From", "Shared With"], *([name, "Exampleton ZZ PD"] for name in IN)],
        [["Agency", "Partner"], *([out, name] for out in OUT for name in IN)],
    ],
)
def test_the_ends_of_edges_are_not_two_lists(tmp_path, rows):
    """Names that come again and again beside others are an edge list, which only a mapping can explain."""
    refused = inspect_file(write_csv(tmp_path / "edges.csv", rows)).details["refused"]
    assert refused["code"] == "unknown-layout" and 'table = "sharing"' in refused["mapping"]


@pytest.mark.parametrize("kind", ["csv", "txt", "xlsx"])
def test_names_without_a_header_need_a_word(tmp_path, kind):
    """The question is one, names the option, and its answer reads every line, the first included."""
    path = write_names(tmp_path / f"names.{kind}", *OUT)
    assert refuse(path, **ME).asks_for == ("section",)
    assert list_names(read(path, **SENT)) == OUT
    assert list(inspect_file(path).details["needed"]) == ["reported_by", "as_of", "section"]


def test_a_title_and_a_total_among_names_without_a_header(tmp_path):
    """What names no agency above the names is their title; a total below is skipped, an odd name kept."""
    names = [*OUT, "Mock City ZZ PD", "Quorex", *(f"Town {n} PD" for n in range(20))]
    path = write_names(tmp_path / "a.txt", "LPR access list", *names, "Total: 25", "Updated 3/1/2025")
    reading = read(path, **SENT)
    assert count_skipped(reading.report) == {"note": 2} and list_names(reading) == names
    assert reading.tables["sharing"]["row_no"].tolist() == [*range(2, 27)]


def test_names_with_commas_and_no_header(tmp_path):
    """A line is a name where lines have different numbers of commas."""
    names = ["Sample Falls PD", "Inventory County Sheriff, ZZ", "Mock City Police"]
    (tmp_path / "names.txt").write_text("\n".join(names))
    assert list_names(read(tmp_path / "names.txt", **SENT)) == names


@pytest.mark.parametrize(
    "text",
    [
        "Jane Roe\nJohn Doe\nMax Muster",
        "pen,3\nink,4",
        "a police report of many words\n" * 40,
        "We ask for the Dashboard Detection Report of 2018.\nThank you.",
        ", ".join(OUT),
        "Shared with,Received from",
        "Agency",
        "Month,Searches",
        "Date,Time,Reason",
    ],
)
def test_other_texts_are_not_taken_for_lists(tmp_path, text):
    """Persons, prices, prose, a request, names on one line, headers without rows: nothing was exported."""
    (tmp_path / "x.txt").write_text(text + "\n")
    error = refuse(tmp_path / "x.txt", **ME)
    assert error.code in ("unknown-layout", "no-rows") and "Roe" not in str(error)


def test_a_total_below_a_list_is_no_agency(tmp_path):
    """Totals, notes and page numbers are set aside; a name with another kind of space is the same name."""
    names = [*OUT, OUT[0].replace(" ", "\u00a0")]
    notes = ["Total", "Total agencies: 3", "Count: 3", "Page 1 of 2", "* as of March", "3", "5 agencies"]
    notes += ["Total 5 agencies", "Last updated 3/1/2025", "Total number of agencies sharing: 5"]
    reading = read(write_names(tmp_path / "a.csv", SHARED, *names, *notes), **ME)
    assert list_names(reading) == names
    assert count_skipped(reading.report) == {"note": 10} and reading.report.rows_in == 14
    assert "listed-twice" in reading.report.list_codes()


def test_sheets_of_one_kind_are_asked_about_together(tmp_path):
    """Two sheets of names: one question; beside a sheet that can be read they are set aside."""
    lists = {"One": [["Agency"], *([name] for name in OUT)], "Two": [["Agency"], *([name] for name in IN)]}
    path = write_book(tmp_path / "a.xlsx", lists, hide="Two")
    assert "sheet 1, column A and sheet 2, column A" in refuse(path, **ME).place
    assert list_ways(read(path, section="detections_shared, detections_received", **ME)) == BOTH
    known = {**lists, "Three": [["Networks shared with me"], ["Agency"], ["Mock City ZZ PD"]]}
    reading = read(write_book(tmp_path / "b.xlsx", known), **ME)
    assert len(reading.tables["sharing"]) == 1 and count_skipped(reading.report) == {"no-direction": 5}
    assert [text.asks_for for text in reading.report.warnings if text.code == "no-direction"] == ["section"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_lists_one_below_the_other(tmp_path, kind):
    """A heading between names turns the direction of those below it, and is no agency."""
    reading = read(write_names(tmp_path / f"a.{kind}", SHARED, *OUT, RECEIVED, *IN), **ME)
    assert list_ways(reading) == BOTH
    assert count_skipped(reading.report) == {"heading": 1}
    counts = {"detections_shared": {"names": 3}, "detections_received": {"names": 2}}
    assert reading.report.details["sections"] == counts


@pytest.mark.parametrize(
    "heading", ["Received From", "Incoming", "Agencies that no longer share data with us"]
)
def test_a_heading_that_says_no_direction_is_no_agency(tmp_path, heading):
    """What stands between names, is none, and leaves open how to read what follows, is refused."""
    error = refuse(write_names(tmp_path / "a.csv", SHARED, *OUT, heading, *IN), **ME)
    assert error.place == "a.csv, line 5" and error.code == "heading-without-direction"


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("Agencies we share detections with", "detections_shared"),
        ("Data shared with the following agencies", "detections_shared"),
        ("Networks I'm sharing", "detections_shared"),
        ("Networks shared with me", "detections_received"),
        ("Detections Received", "detections_received"),
        ("Agencies sharing their data with us", "detections_received"),
        ("Hot Lists Shared", "hot_lists_shared"),
        ("Sharing our hot lists with", "hot_lists_shared"),
        ("Hot lists received", "hot_lists_received"),
        ("Networks shared with Irvine PD", ""),  # which way depends on whose list it is
        ("Hot lists shared with Irvine PD", ""),
        ("Agencies receiving data from us", ""),
        ("Agencies that no longer share data with us", ""),
        ("Denied: data shared with us", ""),
        ("Not yet shared with us", ""),
    ],
)
def test_headings_tell_the_direction(tmp_path, heading, section):
    """A heading without doubt tells the direction; one that denies it, or points both ways, does not."""
    path = write_names(tmp_path / "a.csv", heading, "ORGANIZATION NAME", *OUT)
    if section:
        assert list(list_ways(read(path, **ME))) == [section]
    else:
        assert refuse(path, **ME).asks_for == ("section",)


@pytest.mark.parametrize("header", [["No.", "Organization Name"], ["Agency", "City", "State", "Status"]])
def test_what_is_beside_a_name(tmp_path, header):
    """City and state go with the names, a number is dropped, and a share that was revoked is inactive."""
    known = {"No.": "x", "State": "ZZ", "City": "Chino", "Status": "Revoked 3/1/2025"}
    rows = [[known.get(column, name) for column in header] for name in ("Chino PD ", "Brea PD")]
    reading = read(write_rows(tmp_path / "a.xlsx", [["Detections Shared"], header, *rows]), **ME)
    table = reading.tables["sharing"]
    assert list_names(reading) == ["Chino PD", "Brea PD"]
    assert reading.report.columns_dropped == [name for name in header if name == "No."]
    for column, field in (("State", "state_as_printed"), ("City", "city_as_printed")):
        assert set(table[field].dropna()) == ({known[column]} if column in header else set())
    assert set(table["is_inactive"]) == {"Status" in header}


def test_a_list_too_long(tmp_path):
    """Rows are counted, and lines without any."""
    path = tmp_path / "a.csv"
    path.write_text("Agency\nA ZZ PD\n" + "\n" * 101_000 + "B ZZ PD\n")
    assert refuse(path, **SENT).code == "too-large"


def test_names_above_a_header_are_not_lost(tmp_path):
    """Three names and then `Agency` is no list with three titles; two lines of whose list it is are."""
    path = write_names(tmp_path / "a.csv", *OUT, "Agency", *IN)
    assert refuse(path, **SENT).code in ("unknown-layout", "heading-without-direction")
    titles = ["City of Exampleton", "Police Department", "Sharing list", "Agency"]
    assert list_names(read(write_names(tmp_path / "b.csv", *titles, *IN), **SENT)) == IN


def test_what_is_said_of_names_below_a_header(tmp_path):
    """Marks say who is inactive; a star hides no agency; odd names are kept, what does not show is not."""
    inactive = ["Falls ZZ PD (Inactive)", "Mock City ZZ PD - inactive", "(revoked MOU) Holder ZZ SO"]
    active = ["*Sample Falls ZZ PD", "Exampleville ZZ PD", "Quorex", "Hidden ZZ PD"]
    printed = [*inactive, *active[:-1], "Hid\u200bden ZZ PD", "* by contract"]
    reading = read(write_names(tmp_path / "a.csv", SHARED, *printed), **ME)
    assert list_names(reading) == [*inactive, *active] and "cleaned-names" in reading.report.list_codes()
    assert reading.tables["sharing"]["is_inactive"].tolist() == [True] * 3 + [False] * 4
    assert [(part.place, part.code) for part in reading.report.set_aside] == [("line 9", "note")]
