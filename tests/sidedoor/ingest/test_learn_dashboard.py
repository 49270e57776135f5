"""The reader of Vigilant's Dashboard reports: totals, time frames, and nobody's name."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from sidedoor.ingest.files import inspect_file, read_source
from sidedoor.ingest.learn_dashboard import resolve_frame
from sidedoor.ingest.source import ReadOptions, open_source

FRAME = "From 01-01-18 To 12-01-18"
PERSON = "Sgt. Wilhelmina Quickenborne"
FOOT = "Date Created: {created}       LEARN Administrator List Report        Page {page}"


def build_detection(
    rows=(("My Agency", "1,024,915"),),
    frame=FRAME,
    total="1,024,915",
    created="02-06-20",
    of="Agency",
    page="1 of 1",
) -> list[str]:
    """Build the lines of a Detection report."""
    return [
        f"                         {of}",
        "               Dashboard Detection Report",
        "",
        "                     Report Details",
        f"          Report By: {PERSON}",
        "",
        f"    Time Frame: {frame}         Total Detections: {total}",
        "",
        f"     Contributor           {of}          Detections",
        *(
            f"          {rank}            {name}            {count}"
            for rank, (name, count) in enumerate(rows, 1)
        ),
        "",
        FOOT.format(created=created, page=page),
    ]


def build_ratio(total="1,024,915", frame="From 01-01-18 To 12-01-18", created="02-06-20") -> list[str]:
    """Build the lines of a Hit Ratio report."""
    return [
        "                       Hit Ratio",
        "             Dashboard Hit Ratio Report",
        "                     Report Details",
        f"          Report By: {PERSON}",
        f"    Time Frame: {frame}      Total Records: {total}",
        "     Contributor      Record Type         Records",
        "          1           Detections         1,024,053",
        "          2              Hits               862",
        FOOT.format(created=created, page="1 of 1"),
    ]


@pytest.fixture
def read_lines(tmp_path):
    """Read lines as a file of layout text."""

    def read(lines, **options):
        path = tmp_path / "report.dat"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_source(open_source(path), ReadOptions(**options))

    return read


def list_rows(reading) -> list[tuple]:
    """List measure, value, period and scope of each row."""
    columns = ["measure", "value", "period_start", "period_end", "scope"]
    return list(reading.tables["volumes"][columns].itertuples(index=False, name=None))


def test_read_detection_report(read_lines):
    """A Detection report gives its contributor and its total, as printed, with a note that the total counts
    hits as well.
    """
    reading = read_lines(build_detection(), reported_by="Testville PD", source_id="t-1")
    assert list_rows(reading) == [
        ("detections", 1_024_915, "2018-01-01", "2018-12-01", "My Agency"),
        ("detections", 1_024_915, "2018-01-01", "2018-12-01", "total"),
    ]
    table = reading.tables["volumes"]
    assert (
        set(table["reported_by"]) == {"Testville PD"}
        and set(table["source_id"]) == {"t-1"}
        and set(table["page"]) == {1}
    )
    report = reading.report
    assert report.columns_dropped == ["Report By"] and report.warnings == []
    assert "total-of-both" in report.list_codes()
    assert report.span == {"volumes": ["2018-01-01", "2018-12-01"]} and report.rows_in == 2


def test_read_hit_ratio_report(read_lines):
    """A Hit Ratio report gives detections, hits and their sum; the sum is checked."""
    reading = read_lines(build_ratio(), reported_by="Testville PD")
    assert [row[:2] for row in list_rows(reading)] == [
        ("detections", 1_024_053),
        ("hits", 862),
        ("records", 1_024_915),
    ]
    assert {row[4] for row in list_rows(reading)} == {"total"} and reading.report.warnings == []
    reading = read_lines(build_ratio(total="1,024,916"), reported_by="Testville PD")
    assert list_rows(reading)[2][1] == 1_024_916
    differs = next(warning for warning in reading.report.warnings if warning.code == "total-differs")
    assert all(number in differs for number in ("1,024,916", "1,024,053", "862"))


def test_reports_in_one_file(read_lines):
    """Reports that follow one another are told apart, also two of one title; their totals are compared."""
    systems = build_detection(
        rows=[("Car 12 (Deleted)", "20"), ("Fixed North 3", "5")], total="25", of="System"
    )
    lines = build_detection() + build_ratio() + systems
    reading = read_lines(lines, reported_by="Testville PD")
    assert [part["title"] for part in reading.report.details["reports"]] == [
        "Dashboard Detection Report", "Dashboard Hit Ratio Report", "Dashboard Detection Report"]  # fmt: skip
    scopes = [row[4] for row in list_rows(reading)]
    assert scopes == ["My Agency", *["total"] * 4, "Car 12 (Deleted)", "Fixed North 3", "total"]
    assert list(reading.tables["volumes"]["page"]) == [1, 1, 2, 2, 2, 3, 3, 3]
    assert "deleted" in reading.report.list_codes()
    reading = read_lines(
        build_detection(total="1,000,000", rows=[("My Agency", "1,000,000")]) + build_ratio(), reported_by="T"
    )
    assert "totals-differ" in reading.report.list_codes()


def test_report_over_pages(read_lines):
    """Rows that go on over pages, whose heads repeat title and totals, are one report."""
    first = build_detection(rows=[("Car 1", "1"), ("Car 2", "2")], total="10", of="System", page="1 of 2")
    second = build_detection(rows=[], total="10", of="System", page="2 of 2")
    second[9:9] = ["          3            Car 3            3", "          4            Car 4            4"]
    reading = read_lines([*first, *second], reported_by="T")
    assert [row[1] for row in list_rows(reading)] == [1, 2, 3, 4, 10]
    assert list(reading.tables["volumes"]["page"])[:4] == [1, 1, 2, 2] and reading.report.warnings == []


@pytest.mark.parametrize(
    "frame, start, end",
    [
        ("From 01-01-18 To 12-01-18", "2018-01-01", "2018-12-01"),
        ("From 1-01-19 12 AM To 03-11-25 12 AM", "2019-01-01", "2025-03-11"),
        ("From 1/1/2019 To 12/31/2019", "2019-01-01", "2019-12-31"),
        ("This Year", "2022-01-01", "2022-09-22"),
        ("Last Year", "2021-01-01", "2021-12-31"),
        ("Last Month", "2022-08-01", "2022-08-31"),
        ("Last 30 Days", "2022-08-23", "2022-09-22"),
    ],
)
def test_time_frames(read_lines, frame, start, end):
    """Time frames in dates are read, those in words are resolved against the day of creation, which is
    said.
    """
    reading = read_lines(build_detection(frame=frame, created="09-22-22"), reported_by="T")
    assert {row[2:4] for row in list_rows(reading)} == {(start, end)} and reading.report.warnings == []
    is_relative = not frame.startswith("From")
    assert is_relative == ("frame-in-words" in reading.report.list_codes())
    assert ("AM" in frame) == ("frame-hours" in reading.report.list_codes())


def test_frames_around_the_turn_of_a_year():
    """Months, quarters and weeks before January are those of the year before."""
    day = date(2023, 1, 2)  # a Monday
    assert resolve_frame("last month", day) == (date(2022, 12, 1), date(2022, 12, 31))
    assert resolve_frame("Last Quarter", day) == (date(2022, 10, 1), date(2022, 12, 31))
    assert resolve_frame("this quarter", day) == (date(2023, 1, 1), day)
    assert resolve_frame("last week", day) == (date(2022, 12, 25), date(2022, 12, 31))
    assert resolve_frame("this week", day) == (date(2023, 1, 1), day)
    assert resolve_frame("yesterday", day) == (date(2023, 1, 1),) * 2
    assert resolve_frame("since spring", day) is None


def test_frames_that_cannot_be_resolved(read_lines):
    """Words without a day of creation, and words that are not known, leave the period empty, with a warning;
    `as_of` helps.
    """
    lines = [line.replace("Date Created: 02-06-20", "") for line in build_detection(frame="Last Year")]
    reading = read_lines(lines, reported_by="T")
    assert reading.tables["volumes"]["period_start"].isna().all()
    assert [warning.asks_for for warning in reading.report.warnings if warning.code == "frame-undated"] == [
        "as_of"
    ]
    assert list_rows(read_lines(lines, reported_by="T", as_of="2020-02-06"))[0][2] == "2019-01-01"
    reading = read_lines(build_detection(frame="Since the flood"), reported_by="T")
    assert "frame-unknown" in reading.report.list_codes() and "flood" not in str(reading.report.to_dict())


def test_impossible_date_is_refused(read_lines):
    """A time frame whose month is 13 is refused with its place, unless the person says that the day comes
    first.
    """
    with pytest.raises(IngestError, match="page 1.*13-01-18"):
        read_lines(build_detection(frame="From 13-01-18 To 14-01-18"))
    lines = build_detection(frame="From 13-01-18 To 14-01-18", created="06-02-20")
    assert list_rows(read_lines(lines, day_first=True))[0][2:4] == ("2018-01-13", "2018-01-14")


def test_rows_that_are_no_figures(read_lines):
    """A row without a whole number is set aside, a gap in the numbering is told, counts without commas are
    read.
    """
    lines = build_detection(
        rows=[("Car 1", "1024915"), ("Car 2", "n/a"), ("Car 3", "1.5")], total="1024915", of="System"
    )
    report = read_lines(lines, reported_by="T").report
    assert report.rows_out == 2 and sum(part.rows_n for part in report.set_aside) == 2 and report.rows_in == 4
    del lines[9]
    assert "row-numbers" in read_lines(lines, reported_by="T").report.list_codes()


def test_wrapped_names(read_lines):
    """A contributor whose name is wrapped is one row with the whole name."""
    lines = build_detection(
        rows=[("Short", "1"), ("A Very Long Name of a", "2"), ("Other", "3")], total="6", of="System"
    )
    lines.insert(11, "                      System (Deleted)")
    lines.insert(12, "")
    scopes = [row[4] for row in list_rows(read_lines(lines, reported_by="T"))]
    assert scopes == ["Short", "A Very Long Name of a System (Deleted)", "Other", "total"]


@pytest.mark.parametrize("fault", ["none", "total", "frame", "date", "table", "no agency"])
def test_the_person_is_never_named(read_lines, tmp_path, fault):
    """Whoever asked for the report is in no table, report, warning or error, whatever else is wrong with
    it.
    """
    lines = build_detection(
        total="7" if fault == "total" else "1,024,915",
        frame={"frame": "Sometime", "date": "From 99-99-18 To 12-01-18"}.get(
            fault, "From 01-01-18 To 12-01-18"
        ),
    )
    if fault == "table":
        lines = lines[:6] + lines[-1:]
        lines.insert(5, "Time Frame:")
    try:
        reading = read_lines(lines, reported_by=None if fault == "no agency" else "T")
    except IngestError as error:
        shown = str(error)
    else:
        shown = str(reading.report.to_dict()) + reading.tables["volumes"].to_csv()
    assert not any(part in shown for part in PERSON.split())


def test_read_pdf(write_pdf):
    """The PDF of a report gives the same rows as its layout text, with commas or without."""
    page = [
        (280, 40, "Agency", 16), (220, 60, "Dashboard Detection Report", 14),
            (260, 110, "Report Details", 12),
        (80, 140, f"Report By: {PERSON}"), (70, 170, "Time Frame: From 1-01-19 12 AM To"),
            (130, 182, "03-11-25 12 AM"), (360, 170, "Total Detections: 1234567"),
        (80, 230, "Contributor", 11), (280, 230, "Agency", 11), (460, 230, "Detections", 11),
        (100, 255, "1"), (270, 255, "My Agency"), (470, 255, "1234567"),
        (6, 780, "Date Created: 03-12-25", 9), (220, 780, "VehicleManager Administrator List Report", 9),
        (540, 780, "Page 1 of 1", 9),
    ]  # fmt: skip
    reading = read_source(open_source(write_pdf("r.pdf", [page])), ReadOptions(reported_by="T"))
    assert list_rows(reading) == [
        ("detections", 1_234_567, "2019-01-01", "2025-03-11", "My Agency"),
        ("detections", 1_234_567, "2019-01-01", "2025-03-11", "total"),
    ]
    assert reading.report.form == "Dashboard Detection Report, text PDF" and PERSON.split()[1] not in str(
        reading.report.to_dict()
    )


def test_other_texts_are_not_taken(tmp_path):
    """A text that only mentions a Dashboard report is refused by the sniffer, as one that no reader knows."""
    path = tmp_path / "x.txt"
    path.write_text("We ask for the Dashboard Detection Report of 2018.\nThank you.\n")
    with pytest.raises(IngestError):
        inspect_file(path)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.booleans())
def test_any_counts(read_lines, counts, has_commas):
    """Whatever the counts, with commas or without, they come back exactly and add up."""
    shown = [f"{count:,}" if has_commas else str(count) for count in counts]
    total = f"{sum(counts):,}" if has_commas else str(sum(counts))
    rows = [(f"System {chr(65 + at % 26)}{at}", text) for at, text in enumerate(shown)]
    reading = read_lines(build_detection(rows=rows, total=total, of="System"), reported_by="T")
    assert [row[1] for row in list_rows(reading)] == [*counts, sum(counts)] and reading.report.warnings == []
    assert [row[4] for row in list_rows(reading)] == [name for name, _ in rows] + ["total"]


def test_real_reports(mirror):
    """Orange County's reports of 2018: detections and hits of one add up to what the other calls
    detections.
    """
    detection = read_source(
        open_source(mirror / "learn" / "ocsd_2018_detection.layout.txt"), ReadOptions(reported_by="T")
    )
    ratio = read_source(
        open_source(mirror / "learn" / "ocsd_2018_hit_ratio.layout.txt"), ReadOptions(reported_by="T")
    )
    frame = ("2018-01-01", "2018-12-01")
    assert list_rows(detection) == [
        ("detections", 1_024_915, *frame, "My Agency"),
        ("detections", 1_024_915, *frame, "total"),
    ]
    assert [row[:2] for row in list_rows(ratio)] == [
        ("detections", 1_024_053),
        ("hits", 862),
        ("records", 1_024_915),
    ]
    assert detection.report.warnings == ratio.report.warnings == []
