"""The reader of Vigilant's Dashboard reports: totals, time frames, and nobody's name."""

import pytest

from helpers.errors import IngestError
from sidedoor.ingest.files import read_source
from sidedoor.ingest.source import ReadOptions, open_source

PERSON = "Sgt. Wilhelmina Quickenborne"
COUNT = "1,024,915"
SPAN = ("2018-01-01", "2018-12-01")


def build(
    rows=(("My Agency", COUNT),), total=COUNT, of="Agency", *, ratio=False, page="1 of 1",
    frame="From 01-01-18 To 12-01-18", created="02-06-20",
) -> list[str]:  # fmt: skip
    """Build the lines of a Detection or a Hit Ratio report."""
    title, counted, columns = "Detection", "Detections", f"{of}   Detections"
    if ratio:
        title, counted, columns = "Hit Ratio", "Records", "Record Type   Records"
        rows = [("Detections", "1,024,053"), ("Hits", "862")]
    head = [f"     {of}", f"     Dashboard {title} Report", "     Report Details", f"   Report By: {PERSON}"]
    head += [f"  Time Frame: {frame}     Total {counted}: {total}", f"   Contributor     {columns}"]
    numbered = [f"     {rank}     {name}     {count}" for rank, (name, count) in enumerate(rows, 1)]
    return [*head, *numbered, f"Date Created: {created}   LEARN Administrator List Report   Page {page}"]


@pytest.fixture
def read_lines(tmp_path):
    """Read lines as a file of layout text."""

    def read(lines, reported_by="T", **options):
        path = tmp_path / "report.dat"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_source(open_source(path), ReadOptions(reported_by=reported_by, **options))

    return read


def list_rows(reading) -> list[tuple]:
    """List measure, value, period and scope of each row."""
    columns = ["measure", "value", "period_start", "period_end", "scope"]
    return list(reading.tables["volumes"][columns].itertuples(index=False, name=None))


DETECTION = [("detections", 1_024_915, *SPAN, scope) for scope in ("My Agency", "total")]
RATIO = [("detections", 1_024_053), ("hits", 862), ("records", 1_024_915)]


def test_read_detection_report(read_lines):
    """Contributor and total, as printed, with a note that the total counts hits as well."""
    reading = read_lines(build(), reported_by="Testville PD", source_id="t-1")
    table, report = reading.tables["volumes"], reading.report
    assert list_rows(reading) == DETECTION
    found = [set(table[name]) for name in ("reported_by", "source_id", "page")]
    assert found == [{"Testville PD"}, {"t-1"}, {1}]
    assert report.columns_dropped == ["Report By"] and report.warnings == []
    assert "total-of-both" in report.list_codes()
    assert report.span == {"volumes": list(SPAN)} and report.rows_in == 2


def test_read_hit_ratio_report(read_lines):
    """Detections, hits and their sum; the sum is checked."""
    reading = read_lines(build(ratio=True))
    assert [row[:2] for row in list_rows(reading)] == RATIO
    assert {row[4] for row in list_rows(reading)} == {"total"} and reading.report.warnings == []
    reading = read_lines(build(ratio=True, total="1,024,916"))
    assert list_rows(reading)[2][1] == 1_024_916
    assert "total-differs" in reading.report.list_codes()


def test_reports_in_one_file(read_lines):
    """Reports that follow one another are told apart, also two of one title; their totals are compared."""
    systems = build([("Car 12 (Deleted)", "20"), ("Fixed North 3", "5")], "25", "System")
    reading = read_lines([*build(), *build(ratio=True), *systems])
    titles = [part["title"] for part in reading.report.details["reports"]]
    assert titles == [f"Dashboard {name} Report" for name in ("Detection", "Hit Ratio", "Detection")]
    scopes = [row[4] for row in list_rows(reading)]
    assert scopes == ["My Agency", *["total"] * 4, "Car 12 (Deleted)", "Fixed North 3", "total"]
    assert list(reading.tables["volumes"]["page"]) == [1, 1, 2, 2, 2, 3, 3, 3]
    reading = read_lines([*build([("My Agency", "1,000,000")], "1,000,000"), *build(ratio=True)])
    assert "totals-differ" in reading.report.list_codes()


def test_report_over_pages(read_lines):
    """Rows that go on over pages, whose heads repeat title and totals, are one report."""
    first = build([("Car 1", "1"), ("Car 2", "2")], "10", "System", page="1 of 2")
    second = build([], "10", "System", page="2 of 2")
    second[-1:-1] = ["     3     Car 3     3", "     4     Car 4     4"]
    reading = read_lines([*first, *second])
    assert [row[1] for row in list_rows(reading)] == [1, 2, 3, 4, 10]
    assert list(reading.tables["volumes"]["page"])[:4] == [1, 1, 2, 2] and reading.report.warnings == []


@pytest.mark.parametrize(
    ("frame", "created", "start", "end"),
    [
        ("From 01-01-18 To 12-01-18", "09-22-22", "2018-01-01", "2018-12-01"),
        ("From 1-01-19 12 AM To 03-11-25 12 AM", "09-22-22", "2019-01-01", "2025-03-11"),
        ("From 1/1/2019 To 12/31/2019", "09-22-22", "2019-01-01", "2019-12-31"),
        ("This Year", "09-22-22", "2022-01-01", "2022-09-22"),
        ("Last 30 Days", "09-22-22", "2022-08-23", "2022-09-22"),
        # a Monday; what is before it is of the year before, weeks begin on Sunday
        ("Last Month", "01-02-23", "2022-12-01", "2022-12-31"),
        ("Last Quarter", "01-02-23", "2022-10-01", "2022-12-31"),
        ("This Quarter", "01-02-23", "2023-01-01", "2023-01-02"),
        ("Last Week", "01-02-23", "2022-12-25", "2022-12-31"),
        ("This Week", "01-02-23", "2023-01-01", "2023-01-02"),
        ("Yesterday", "01-02-23", "2023-01-01", "2023-01-01"),
    ],
)
def test_time_frames(read_lines, frame, created, start, end):
    """Time frames in dates are read, those in words count from the day of creation, which is said."""
    reading = read_lines(build(frame=frame, created=created))
    assert {row[2:4] for row in list_rows(reading)} == {(start, end)} and reading.report.warnings == []
    codes = reading.report.list_codes()
    assert ("frame-in-words" in codes) == (not frame.startswith("From"))
    assert ("frame-hours" in codes) == ("AM" in frame)


def test_frames_that_cannot_be_resolved(read_lines):
    """Without a day of creation, or in words that are not known, the period is empty; `as_of` helps."""
    lines = [line.replace("Date Created: 02-06-20", "") for line in build(frame="Last Year")]
    reading = read_lines(lines)
    assert reading.tables["volumes"]["period_start"].isna().all()
    asked = {notice.code: notice.asks_for for notice in reading.report.warnings}
    assert asked["frame-undated"] == "as_of"
    assert list_rows(read_lines(lines, as_of="2020-02-06"))[0][2:4] == ("2019-01-01", "2019-12-31")
    reading = read_lines(build(frame="Since the flood"))
    assert "frame-unknown" in reading.report.list_codes() and "flood" not in str(reading.report.to_dict())


def test_impossible_date_is_refused(read_lines):
    """A month 13 is refused with its place, unless the person says that the day comes first."""
    lines = build(frame="From 13-01-18 To 14-01-18", created="06-02-20")
    with pytest.raises(IngestError) as error:
        read_lines(lines)
    assert error.value.code == "date" and "page 1" in error.value.place
    assert list_rows(read_lines(lines, day_first=True))[0][2:4] == ("2018-01-13", "2018-01-14")


def test_rows_that_are_no_figures(read_lines):
    """A row without a whole number is set aside, a gap in the numbering is told."""
    lines = build([("Car 1", "1024915"), ("Car 2", "n/a"), ("Car 3", "1.5")], "1024915", "System")
    report = read_lines(lines).report
    assert report.rows_out == 2 and sum(part.rows_n for part in report.set_aside) == 2 and report.rows_in == 4
    del lines[6]
    assert "row-numbers" in read_lines(lines).report.list_codes()


def test_wrapped_names(read_lines):
    """A contributor whose name is wrapped is one row with the whole name."""
    lines = build([("Short", "1"), ("A Very Long Name of a", "2"), ("Other", "3")], "6", "System")
    lines[8:8] = ["                      System (Deleted)", ""]
    scopes = [row[4] for row in list_rows(read_lines(lines))]
    assert scopes == ["Short", "A Very Long Name of a System (Deleted)", "Other", "total"]


@pytest.mark.parametrize("fault", ["none", "total", "frame", "date", "table", "no agency"])
def test_the_person_is_never_named(read_lines, fault):
    """Whoever asked for the report is in no table, report or error, whatever else is wrong with it."""
    frames = {"frame": "Sometime", "date": "From 99-99-18 To 12-01-18"}
    lines = build(total="7" if fault == "total" else COUNT, frame=frames.get(fault, "Last Year"))
    if fault == "table":
        lines = [*lines[:4], "Time Frame:", lines[-1]]
    try:
        reading = read_lines(lines, reported_by=None if fault == "no agency" else "T")
    except IngestError as error:
        shown = str(error)
    else:
        shown = str(reading.report.to_dict()) + reading.tables["volumes"].to_csv()
    assert not any(part in shown for part in PERSON.split())


def test_read_pdf(write_pdf):
    """The PDF of a report gives the rows of its layout text; its time frame is wrapped."""
    page = [
        (220, 60, "Dashboard Detection Report", 14), (260, 110, "Report Details", 12),
        (80, 140, f"Report By: {PERSON}"), (70, 170, "Time Frame: From 1-01-19 12 AM To"),
        (130, 182, "03-11-25 12 AM"), (360, 170, "Total Detections: 1234567"),
        (80, 230, "Contributor", 11), (280, 230, "Agency", 11), (460, 230, "Detections", 11),
        (100, 255, "1"), (270, 255, "My Agency"), (470, 255, "1234567"),
        (6, 780, "Date Created: 03-12-25", 9), (220, 780, "VehicleManager Administrator List Report", 9),
        (540, 780, "Page 1 of 1", 9),
    ]  # fmt: skip
    reading = read_source(open_source(write_pdf("r.pdf", [page])), ReadOptions(reported_by="T"))
    span = ("2019-01-01", "2025-03-11")
    assert list_rows(reading) == [("detections", 1_234_567, *span, scope) for scope in ("My Agency", "total")]
    assert reading.report.form == "Dashboard Detection Report, text PDF"
    assert PERSON.split()[1] not in str(reading.report.to_dict())


def test_real_reports(mirror):
    """Orange County 2018: detections and hits of one report add up to what the other calls detections."""
    names = ("ocsd_2018_detection.layout.txt", "ocsd_2018_hit_ratio.layout.txt")
    options = ReadOptions(reported_by="T")
    detection, ratio = (read_source(open_source(mirror / "learn" / name), options) for name in names)
    assert list_rows(detection) == DETECTION
    assert [row[:2] for row in list_rows(ratio)] == RATIO
    assert detection.report.warnings == ratio.report.warnings == []
