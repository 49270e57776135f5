"""Portal pages: however they were saved, the same names and figures; nothing is invented."""

import re
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.pdf import write_pdf
from made.portals import WAYS, Portal, save, write_rendered
from made.tables import list_names
from sidedoor.ingest import portal, portal_page
from sidedoor.ingest._page_child import read_blocks
from sidedoor.ingest.files import examine_file, ingest_file
from sidedoor.ingest.source import ReadOptions, open_source

NAMES = [
    "San Example State University ZZ", "[Federal] Sample Healthcare System ZZ PD", "Adams County ZZ SO",
    "Bee  Town ZZ PD [Inactive]", "Cedar-Brook ZZ PD", "Dept. of Examples - Division 2 (ZZ)", "NCRIC",
    "Zed City ZZ PD",
]  # fmt: skip
TOWNS = ["Adams ZZ PD", "Baker County ZZ SO", "Cedar ZZ PD"]
SHARED = "Organizations granted access to Exampleton ZZ PD data"
HEAD = "Exampleton ZZ PD\nTransparency Portal\n\nLast Updated: Mon Apr 27 2026\n\n"
SEARCHES = "Searches in the last 30 days"


def copy(folder, text: str, head: str = HEAD):
    """Save a page as copied text."""
    path = folder / "page.txt"
    path.write_text(head + text, encoding="utf-8")
    return path


def list_figures(reading) -> dict[str, float]:
    """Give the figures by measure."""
    table = reading.tables["volumes"]
    return dict(zip(table["measure"], table["value"], strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_a_page_reads_alike_however_it_was_saved(tmp_path, way):
    """Both directions, the page's own date, its figures with their period; nobody had to say anything."""
    reading = examine_file(save(tmp_path, Portal(shared=NAMES, received=NAMES[2:5]), way))
    report = reading.report
    assert list_names(reading) == [" ".join(name.split()) for name in NAMES]
    assert list_names(reading, "detections_received") == [" ".join(name.split()) for name in NAMES[2:5]]
    sharing = reading.tables["sharing"]
    assert set(sharing["as_of"]) == {"2026-04-27"} and set(sharing["reported_by"]) == {"Exampleton ZZ PD"}
    assert sharing["is_inactive"].sum() == 2 and sharing["doubt"].isna().all()
    expected = {"cameras": 42, "retention_days": 30, "searches": 128}
    if way != "redesign":
        expected |= {"detections": 354_935, "hits": 7_880}
    assert list_figures(reading) == expected
    volumes = reading.tables["volumes"].set_index("measure")
    assert tuple(volumes.loc["searches", ["period_start", "period_end"]]) == ("2026-03-28", "2026-04-27")
    assert tuple(volumes.loc["cameras", ["period_start", "period_end"]]) == ("2026-04-27", "2026-04-27")
    assert report.rows_in == report.rows_out == len(sharing) + len(volumes) and "needed" not in report.details


@pytest.mark.parametrize("way", WAYS)
def test_no_list_is_not_an_empty_list(tmp_path, way):
    """A page of policies alone publishes no lists; no table says that nobody is shared with."""
    reading = examine_file(save(tmp_path, Portal(figures={}), way))
    assert "sharing" not in reading.tables and not len(reading.tables["volumes"])
    assert {part["status"] for part in reading.report.details["lists"].values()} == {"not published"}
    assert "not-published" in reading.report.list_codes()


def test_an_empty_table_of_the_redesign_says_none(tmp_path):
    """The sentence that stands in place of the table is no agency."""
    reading = examine_file(save(tmp_path, Portal(shared=[], received=NAMES), "redesign"))
    assert list_names(reading) == []
    assert reading.report.details["lists"]["detections_shared"]["status"] == "says none"
    assert len(list_names(reading, "detections_received")) == len(NAMES)


@pytest.mark.parametrize("way", WAYS)
def test_names_with_commas_are_joined_and_marked(tmp_path, way):
    """A piece that only goes on belongs to the name before it, in every way of saving, and is marked."""
    names = ["Apple PD", "Example Malls, Inc. (ZZ)", "University of California, Riverton ZZ PD", "Yolk ZZ PD"]
    pieces = [piece for name in names for piece in name.split(", ")] if way == "redesign" else names
    reading = examine_file(save(tmp_path, Portal(shared=pieces), way))
    assert list_names(reading) == names
    doubt = reading.tables["sharing"]["doubt"]
    assert list(doubt.fillna("")) == ["", "comma", "comma", ""] and "comma" in reading.report.list_codes()


HEADINGS = {
    "detections_shared": [
        "Only Agencies With External Access", "External Organizations with Access",
        "Sharing Network Data With", "Agencies NCRIC Shares With",
        "Law Enforcement Agencies With Access", "Networks I'm Sharing",
        "Organizations that Any ZZ PD shares data with", "Agencies granted access to our data (32)",
    ],
    "detections_received": [
        "Organizations sharing their data with Any ZZ PD", "Receiving Network Data From",
        "Networks Shared With Me", "Organizations that share data with Any ZZ PD",
    ],
    "cameras": [
        "Number of Owned Cameras", "Total Cameras", "Number of Flock LPR Cameras", "Number of LPRs",
        "LPR Cameras", "Number of Active LPR cameras",
    ],
    "retention_days": [
        "Data Retention", "Flock Data retention (in days)", "Data Retention for Flock Devices",
        "Data Retention (days)",
    ],
    "detections": [
        "Vehicles detected (last 30 days)", "Unique vehicles detected in the last 30 days",
        "Unique Vehicles Detected",
    ],
    "hits": ["Number of Hotlist Hits", "Hotlist Hits in the Last 30 Days"],
    "searches": ["Any PD searches in the last 30 days", "Number of Searches"],
    "unclear": ["Shared Networks"],
    "others": ["Hotlists Alerted On (Not Pulling From NCIC)", "Full ALPR Policy"],
    None: [
        "Hotlist hits are required to be human verified prior to action.", "Exampleton ZZ PD", "30 days",
        "Total hotlist hits over the last 30 days.",
    ],
}  # fmt: skip


@pytest.mark.parametrize("field", HEADINGS)
def test_headings_that_agencies_use(field):
    """Agencies reword their headings; a sentence about them is none."""
    assert {heading: portal_page.find_field(heading) for heading in HEADINGS[field]} == dict.fromkeys(
        HEADINGS[field], field
    )


def test_lines_that_a_page_shows_are_names(tmp_path):
    """A list whose names stand on lines of their own, as the page shows them, is read line by line."""
    page = write_rendered(Portal(shared=NAMES))
    shown = page.replace(
        f"<div> {', '.join(NAMES)}", "<div style='white-space: pre-line'> " + "\n".join(NAMES)
    )
    assert shown != page
    reading = examine_file(save(tmp_path, shown))
    assert list_names(reading) == [" ".join(name.split()) for name in NAMES]


def test_the_page_says_whose_it_is_and_when(tmp_path):
    """What a person says otherwise is a warning, and the page is followed."""
    path = save(tmp_path, Portal(shared=NAMES))
    reading = examine_file(path, ReadOptions(reported_by="Other ZZ PD", as_of="2020-01-01"))
    assert set(reading.tables["sharing"]["reported_by"]) == {"Exampleton ZZ PD"}
    assert {"other-agency", "other-date"} <= reading.report.list_codes()


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("<html><title>Sign in</title><form><input type=password></form></html>", "log-in-page"),
        ("<!DOCTYPE html><html><title>403 Forbidden</title><body>No.</body></html>", "error-page"),
        ("<html><head><title>Just a moment...</title></head><body></body></html>", "error-page"),
        ("<html><title>Flock Safety - X Transparency Portal</title><div id=root></div>", "empty-page"),
        ("<html><body><table><tr><td>ID<td>Org Name</table></body></html>", "web-page"),
        (write_rendered(Portal()).replace("<html>", "<html class='translated-ltr'>"), "translated"),
        ("<html><body>" + "<div>" * 200_000 + write_rendered(Portal(shared=NAMES)), "page-size"),
        ("<!DOCTYPE html><html>" + "\0" * 100_000_000, "page-size"),
    ],
    ids=range(8),
)
def test_other_pages_are_told_apart(tmp_path, page, code):
    """A log-in, an error, an empty frame, a translation, a page without end, any other: none is a record."""
    with pytest.raises(IngestError) as error:
        examine_file(save(tmp_path, page))
    assert error.value.code == code


def test_nothing_of_a_page_is_shown_but_lists_and_figures(tmp_path):
    """Scripts, downloads, hidden parts, policies and stories leave nothing in what is written."""
    canaries = [f"CANARY{number}XQZ" for number in range(6)]
    extra = (
        f"<script>var a='{canaries[0]}'</script><p>Success Story</p><div>Officer {canaries[1]} found 7ABC123."
        f"</div><a download='audit.csv' href='data:text/plain,id%2C{canaries[2]}'>Download CSV</a>"
        f"<div style='display:none'>{canaries[3]}</div><!-- {canaries[4]} --><img alt='{canaries[5]}' "
        "src=x onerror=alert(1)>"
    )
    reading = ingest_file(save(tmp_path, write_rendered(Portal(shared=NAMES), extra)), tmp_path / "out")
    written = b"".join(one.read_bytes() for one in (tmp_path / "out").rglob("*") if one.is_file())
    assert b"Adams County" in written and "download" in reading.report.list_codes()
    assert not any(mark.encode() in written for mark in (*canaries, "onerror"))


def test_entities_and_broken_markup_are_text(tmp_path):
    """Entities are read once and never expanded; tags never closed, or closed twice, lose no name."""
    page = write_rendered(Portal(shared=["A &amp; B ZZ PD", "Ca&ntilde;on ZZ PD", *NAMES]))
    page = page.replace("</p>", "").replace("</header>", "</div></p></header></b>") + "&lol;" * 50_000
    reading = examine_file(save(tmp_path, "<!DOCTYPE html [<!ENTITY lol 'lol'>]>" + page))
    assert len(list_names(reading)) == len(NAMES) + 2 and list_names(reading)[0] == "A &amp; B ZZ PD"


PIECES = [
    *"<>/&;=\"' ,", "div", "p", "li", "!--", "script", "\x00", "\ud7ff", "Transparency Portal", "None", "12",
    "Last Updated: Apr 1 2026", "Number of Searches", "Sharing Network Data With",
]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path, monkeypatch, parts):
    """Whatever a page holds: an error with its place, or rows that add up."""
    monkeypatch.setattr(portal_page, "run_limited", lambda _, given, *more, **others: read_blocks(**given))
    try:
        report = portal.read(open_source(save(tmp_path, "<html>" + "".join(parts))), ReadOptions()).report
    except IngestError:
        return
    report.check()


@pytest.mark.parametrize("way", ["rendered", "labelled", "text", "print"])
@pytest.mark.parametrize("names", [TOWNS[:1], TOWNS])
def test_a_list_ends_where_an_unknown_heading_begins(tmp_path, way, names):
    """One name or several: what stands below the next heading, known or not, is no name."""
    more = {"Our Own Words": "This is a sentence of a policy.", "Total Cameras": "42"}
    reading = examine_file(save(tmp_path, Portal(figures={SHARED: ", ".join(names), **more}), way))
    assert list_names(reading) == names and list_figures(reading) == {"cameras": 42}


@pytest.mark.parametrize("way", ["rendered", "text", "print"])
@pytest.mark.parametrize("heading", ["Shared Networks", "Friends of the department"])
def test_a_list_without_a_direction_is_asked_for(tmp_path, way, heading):
    """Names below words that leave open which way the data flows are not lost, and not guessed about."""
    names = [*TOWNS, "Dora ZZ PD", "Elm ZZ PD"]
    path = save(tmp_path, Portal(figures={"Total Cameras": "4", heading: ", ".join(names)}), way)
    assert set(examine_file(path).report.details["needed"]) == {"section"}
    reading = examine_file(path, ReadOptions(section="detections_received"))
    assert list_names(reading, "detections_received") == names


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("\n".join(TOWNS), TOWNS),
        ("\n\n".join(TOWNS), TOWNS),
        ("Adams ZZ PD, Baker County\nZZ SO, Cedar ZZ PD", TOWNS),
        ("Adams ZZ PD,\n\nBaker County ZZ SO,\n\nCedar ZZ PD", TOWNS),
        ("Cañon ZZ PD, Saint-E\u0301tienne ZZ PD", ["Cañon ZZ PD", "Saint-Étienne ZZ PD"]),
        ("Parole (Adults, Juveniles), Sample, City of", ["Parole (Adults, Juveniles)", "Sample, City of"]),
        ("St. Sample, ZZ PD, Zed ZZ PD", ["St. Sample, ZZ PD", "Zed ZZ PD"]),
        ("Adams ZZ PD, Baker County ZZ SO, and Cedar ZZ PD.", TOWNS),
        ("Adams ZZ PD; Baker County ZZ SO; Cedar ZZ PD", TOWNS),
        ("\n".join([*TOWNS, "We do not share data with federal immigration agencies."]), TOWNS),
        ("\n".join(f"\u2022 {name}" for name in TOWNS), TOWNS),
    ],
)
def test_lists_as_copied(tmp_path, body, names):
    """Between commas, one in a line, one in a paragraph, wrapped, with accents, with commas of their own."""
    path = copy(tmp_path, f"{SHARED}\n\n{body}\n\nHotlists Alerted On\n\nNCIC\n")
    assert list_names(examine_file(path)) == names


def test_a_part_of_a_list_is_no_list(tmp_path):
    """A page that shows ten of many says so, and so does the report."""
    path = copy(tmp_path, "Sharing Network Data With\n\n" + "\n".join(TOWNS) + "\nShowing 1-3 of 340\n")
    reading = examine_file(path)
    assert list_names(reading) == TOWNS and "incomplete" in reading.report.list_codes()


@pytest.mark.parametrize(
    ("heading", "value", "status", "skipped_n"),
    [
        (SHARED, "None", "says none", 0),
        ("None: Exampleton does not share with outside agencies", "", "says none", 0),
        (SHARED, "It is shared with no agencies, departments, or cities", "says none", 0),
        (SHARED, "", "heading without names", 0),
        (SHARED, "N/A", "unavailable", 0),
        (SHARED, "988", "a count", 1),
        (SHARED, "All law enforcement agencies in the State of ZZ", "described", 1),
        (SHARED, "See https://example.org/list.pdf", "described", 1),
        (SHARED, "Something else", "no agencies", 1),
    ],
)
@pytest.mark.parametrize("way", ["rendered", "text", "print"])
def test_what_stands_instead_of_a_list(tmp_path, way, heading, value, status, skipped_n):
    """A word for nobody, a number, a description, a way to a list, nothing at all: none of them is a name."""
    figures = {"Total Cameras": "3", heading: value, SEARCHES: "9"}
    reading = examine_file(save(tmp_path, Portal(figures=figures), way))
    assert "sharing" not in reading.tables and list_figures(reading) == {"cameras": 3, "searches": 9}
    assert reading.report.details["lists"]["detections_shared"]["status"] == status
    assert reading.report.rows_in == 2 + skipped_n


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Total Searches\n\nNA", "unavailable"), ("Total Searches\n\nabout many", "no-figure"),
        ("Total Searches\n\n0", 0), (f"{SEARCHES}\n\n1,234", 1234), (f"{SEARCHES}: 1,234", 1234),
        (f"{SEARCHES}\n\n1,234\nsearches", 1234), ("Total Searches\n\n1,234 searches", 1234),
        (f"{SEARCHES}\n\n1.2K", "no-figure"), (f"{SEARCHES}\n\n1.2\nthousand", "no-figure"),
        (f"{SEARCHES}\n\n12\nthousand", "no-figure"), (f"{SEARCHES}\n\n1,23", "no-figure"),
        ("Data retention\n\n12 months", "no-figure"), ("Data retention\n\n12\nmonths", "no-figure"),
    ],
)  # fmt: skip
def test_figures_as_printed(tmp_path, text, value):
    """A number in plain digits, whatever stands beside it; another is skipped, and never a zero."""
    reading = examine_file(copy(tmp_path, text + "\n"))
    is_number = not isinstance(value, str)
    assert list_figures(reading) == ({"searches": value} if is_number else {})
    assert [part.code for part in reading.report.set_aside] == ([] if is_number else [value])


@pytest.mark.parametrize(
    ("printed", "is_read"),
    [
        ("Last Updated: Apr 27, 2026", True), ("Last Updated: 27 April 2026", True),
        ("Last Updated: 4/27/26", True), ("Last Updated: 2026-04-27T17:19:12.845Z", True),
        ("Last Updated: April 27th, 2026", True),
        ("Last Updated: \nMonday, Apr. 27 2026", True), ("", False), ("Last Updated: 27/04/2026", False),
        ("Last Updated: Smarch 12 2026", False), ("Last Updated: recently", False),
    ],
)  # fmt: skip
def test_dates_as_printed(tmp_path, printed, is_read):
    """The date of the page in the forms that people print; one that cannot be read is asked for."""
    head = f"Exampleton ZZ PD Transparency Portal\nPowered by Flock Safety\n{printed}\n\n"
    path = copy(tmp_path, "Total Cameras\n\n3\n\nData retention\n\n30 days\n\nSearches\n\n5\n", head)
    report = examine_file(path).report
    assert set(report.details.get("needed", ())) == (set() if is_read else {"as_of"})
    report = examine_file(path, ReadOptions(as_of="2026-04-27")).report
    assert (report.details["agency"], report.details["as_of"]) == ("Exampleton ZZ PD", "2026-04-27")


def test_what_browsers_add(tmp_path):
    """A banner about cookies changes nothing; MHTML is read."""
    page = write_rendered(Portal(shared=TOWNS))
    banner = page.replace("<body>", "<body><div><p>We use cookies.</p><button>Accept</button></div>")
    assert list_names(examine_file(save(tmp_path, banner))) == TOWNS
    saved = EmailMessage()
    saved["From"], saved["Snapshot-Content-Location"] = "<Saved by Blink>", "https://example.org/"
    saved.set_content(page, subtype="html", cte="quoted-printable")
    saved.make_related()
    path = tmp_path / "page.mhtml"
    path.write_bytes(saved.as_bytes())
    assert list_names(examine_file(path)) == TOWNS


@pytest.mark.parametrize("step", [14, 30])
def test_names_printed_one_below_the_other(tmp_path, step):
    """In print, too, a list may have a row for each name, and what a browser prints at the edges is none."""
    lines = {60: "Exampleton ZZ PD", 90: "Transparency Portal", 110: "Last Updated: Apr 27 2026"}
    lines |= {200: "Sharing Network Data With", 212: "Organizations granted access to Exampleton"}
    lines |= {224: "ZZ PD data."} | {260 + at * step: f"Town {at} ZZ PD" for at in range(9)}
    edge = [(60, 20, "4/27/26, 10:12 AM"), (60, 780, "https://transparency.example.org/x 1/2")]
    first = [(60, y, text) for y, text in lines.items()]
    path = write_pdf(tmp_path / "page.pdf", [[*edge, *first], [*edge, (60, 60, "Town 9 ZZ PD")]])
    assert list_names(examine_file(path)) == [f"Town {at} ZZ PD" for at in range(10)]


# Recipients and senders, counted in the text of each page at its commas (two names hold one).
COUNTS = {
    "amberley-village-oh-pd_2026-04-26": (0, 0), "buena-park-ca-pd_2026-04-21": (324, 0),
    "costa-mesa-ca-pd_2026-04-26": (354, 0), "el-cerrito-ca-pd_2026-03-28": (324, 285),
    "el-cerrito-ca-pd_2026-04-28": (322, 282), "fountain-valley-ca-pd_2026-04-26": (270, 0),
    "fullerton-ca-pd_2026-04-26": (326, 291), "newport-beach-pd-ca_2026-04-28": (303, 0),
    "oakland-ca-pd_2026-04-28": (0, 0), "orange-ca-pd_2026-04-28": (293, 305),
    "oroville-ca-pd_2026-04-28": (0, 0), "santa-ana-ca-pd_2026-04-21": (177, 0),
    "westminster-ca-pd_2026-04-24": (329, 0),
}  # fmt: skip


@pytest.mark.parametrize("page", COUNTS)
def test_real_pages(mirror, page):
    """The ways of saving one page give the same names, as many as are known, and the same figures."""
    ends = ("html", "txt", "pdf") if page[0] in "abos" else ("html", "txt")
    paths = [mirror / "portals" / f"{page}.{end}" for end in ends]
    readings = [examine_file(path) for path in paths]
    found = [[list_names(reading, section) for section in portal_page.LISTS] for reading in readings]
    assert tuple(map(len, found[0])) == COUNTS[page] and all(lists == found[0] for lists in found)
    figures = [
        sorted(reading.tables["volumes"][["measure", "value", "scope"]].values.tolist())
        for reading in readings
    ]
    assert all(rows == figures[0] for rows in figures)
    text = paths[1].read_text(encoding="utf-8")
    for _, value, heading in figures[0]:
        assert re.search(re.escape(heading) + rf"\s+{int(value):,}\b", text), heading


def test_real_raw_pages(mirror):
    """Pages saved in another way in January give the names that stand in their markup between commas."""
    pages = sorted((mirror / "portals").glob("*_raw.html"))
    assert len(pages) == 5
    for path in pages:
        shared = list_names(examine_file(path))
        markup = path.read_text(encoding="utf-8")
        value = re.search(r"granted access.*?class=\"value[^>]*>([^<]*)<", markup, re.S)[1]
        joined_n = value.count("University of California, ")
        assert len(shared) == value.count(", ") + 1 - joined_n
        assert sum("University of California, " in name for name in shared) == joined_n
