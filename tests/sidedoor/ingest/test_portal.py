"""Portal pages: whatever way they were saved in, the same names and figures; what is not printed is not
invented.
"""

import json
import re
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.pdf import write_pdf
from made.portals import Portal, write_labelled, write_print, write_redesign, write_rendered, write_text
from sidedoor.ingest import portal as reader
from sidedoor.ingest.files import examine_file, ingest_file
from sidedoor.ingest.source import ReadOptions, open_source

NAMES = [
    "San Example State University ZZ", "[Federal] Sample Healthcare System ZZ PD", "Adams County ZZ SO",
    "Bee  Town ZZ PD [Inactive]", "Cedar-Brook ZZ PD", "Dept. of Examples - Division 2 (ZZ)", "NCRIC",
    "Zed City ZZ PD",
]  # fmt: skip
WAYS = {
    "rendered": write_rendered,
    "labelled": write_labelled,
    "redesign": write_redesign,
    "text": write_text,
}


def save(folder, page: str | Portal, way: str = "rendered"):
    """Save a page in one of the ways."""
    if isinstance(page, Portal) and way == "print":
        return write_print(page, folder / "page.pdf")
    path = folder / ("page.txt" if way == "text" else "page.html")
    path.write_text(WAYS[way](page) if isinstance(page, Portal) else page, encoding="utf-8")
    return path


def list_names(reading, section: str) -> list[str]:
    """List the names of a direction."""
    if "sharing" not in reading.tables:
        return []
    table = reading.tables["sharing"].query("section == @section")
    return list(table["to_agency_as_printed" if section.endswith("shared") else "from_agency_as_printed"])


def list_figures(reading) -> dict[str, float]:
    """Give the figures by measure."""
    table = reading.tables["volumes"]
    return dict(zip(table["measure"], table["value"], strict=True))


@pytest.mark.parametrize("way", [*WAYS, "print"])
def test_a_page_reads_alike_however_it_was_saved(tmp_path, way):
    """Both directions, the page's own date, its figures with their period; nobody had to say anything."""
    made = Portal(shared=NAMES, received=NAMES[2:5])
    reading = examine_file(save(tmp_path, made, way))
    report = reading.report
    assert list_names(reading, "detections_shared") == [" ".join(name.split()) for name in NAMES]
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


@pytest.mark.parametrize("way", [*WAYS, "print"])
def test_no_list_is_not_an_empty_list(tmp_path, way):
    """A page without lists says that they are not published; no table says that nobody is shared with."""
    reading = examine_file(save(tmp_path, Portal(), way))
    assert "sharing" not in reading.tables
    assert {part["status"] for part in reading.report.details["lists"].values()} == {"not published"}
    assert "not-published" in reading.report.list_codes()


@pytest.mark.parametrize(
    ("heading", "value", "status"),
    [
        ("Organizations granted access to Exampleton ZZ PD data", "None", "says none"),
        ("None: Exampleton does not share with outside agencies", "", "says none"),
        ("External organizations with access", "988", "a count"),
        ("External organizations with access", "", "heading without names"),
    ],
)
def test_what_stands_instead_of_a_list(tmp_path, heading, value, status):
    """A word for nobody, a number, nothing at all: three things, and none of them a name."""
    made = Portal(
        figures={"Number of Owned Cameras": "3", heading: value, "Searches in the last 30 days": "9"}
    )
    reading = examine_file(save(tmp_path, made))
    assert "sharing" not in reading.tables and list_figures(reading) == {"cameras": 3, "searches": 9}
    assert reading.report.details["lists"]["detections_shared"]["status"] == status
    assert reading.report.rows_in == 2 + (status == "a count")


def test_an_empty_table_of_the_redesign_says_none(tmp_path):
    """The sentence that stands in place of the table is no agency."""
    reading = examine_file(save(tmp_path, Portal(shared=[], received=NAMES), "redesign"))
    assert list_names(reading, "detections_shared") == []
    assert reading.report.details["lists"]["detections_shared"]["status"] == "says none"
    assert len(list_names(reading, "detections_received")) == len(NAMES)


@pytest.mark.parametrize("way", [*WAYS, "print"])
def test_names_with_commas_are_joined_and_marked(tmp_path, way):
    """A piece that only goes on belongs to the name before it, in every way of saving; such names are
    marked.
    """
    names = [
        "Apple ZZ PD",
        "Example Malls, Inc. (ZZ)",
        "University of California, Riverton ZZ PD",
        "Yolk ZZ PD",
    ]
    pieces = [piece for name in names for piece in name.split(", ")] if way == "redesign" else names
    reading = examine_file(save(tmp_path, Portal(shared=pieces), way))
    assert list_names(reading, "detections_shared") == names
    doubt = reading.tables["sharing"]["doubt"]
    assert list(doubt.fillna("")) == ["", "comma", "comma", ""] and "comma" in reading.report.list_codes()


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Only Agencies With External Access", "detections_shared"),
        ("External Organizations with Access", "detections_shared"),
        ("Sharing Network Data With", "detections_shared"),
        ("Agencies NCRIC Shares With", "detections_shared"),
        ("Organizations sharing their data with Any ZZ PD", "detections_received"),
        ("Receiving Network Data From", "detections_received"),
        ("Number of Owned Cameras", "cameras"), ("Total Cameras", "cameras"),
        ("Number of Flock LPR Cameras", "cameras"),
        ("Law Enforcement Agencies With Access", "detections_shared"),
        ("Vehicles detected (last 30 days)", "detections"),
        ("Number of LPRs", "cameras"), ("LPR Cameras", "cameras"),
        ("Number of Active LPR cameras", "cameras"),
        ("Data Retention", "retention_days"), ("Flock Data retention (in days)", "retention_days"),
        ("Data Retention for Flock Devices", "retention_days"), ("Data Retention (days)", "retention_days"),
        ("Unique vehicles detected in the last 30 days", "detections"),
        ("Unique Vehicles Detected", "detections"),
        ("Number of Hotlist Hits", "hits"), ("Hotlist Hits in the Last 30 Days", "hits"),
        ("Networks Shared With Me", "detections_received"), ("Networks I'm Sharing", "detections_shared"),
        ("Organizations that share data with Any ZZ PD", "detections_received"),
        ("Organizations that Any ZZ PD shares data with", "detections_shared"),
        ("Agencies granted access to our data (32)", "detections_shared"), ("Shared Networks", "unclear"),
        ("Any PD searches in the last 30 days", "searches"), ("Number of Searches", "searches"),
        ("Hotlists Alerted On (Not Pulling From NCIC)", "others"), ("Full ALPR Policy", "others"),
        ("Hotlist hits are required to be human verified prior to action.", None), ("Exampleton ZZ PD", None),
        ("Total hotlist hits over the last 30 days.", None), ("30 days", None),
    ],
)  # fmt: skip
def test_headings_that_agencies_use(heading, field):
    """Agencies reword their headings; a sentence about them is none."""
    assert reader.find_field(heading) == field


def test_lines_that_a_page_shows_are_names(tmp_path):
    """A list whose names stand on lines of their own, as the page shows them, is read line by line."""
    page = write_rendered(Portal(shared=NAMES))
    listed = ", ".join(NAMES).replace("&", "&amp;")
    shown = page.replace(f"<div> {listed}", "<div style='white-space: pre-line'> " + "\n".join(NAMES))
    assert shown != page
    reading = examine_file(save(tmp_path, shown))
    assert list_names(reading, "detections_shared") == [" ".join(name.split()) for name in NAMES]


def test_figures_that_are_none(tmp_path):
    """A figure that is unavailable, or no figure, is skipped with its heading; it is never a zero."""
    figures = {
        "Searches in the last 30 days": "NA",
        "Hotlist hits in the last 30 days": "about many",
        "Total Cameras": "0",
    }
    reading = examine_file(save(tmp_path, Portal(figures=figures)))
    assert list_figures(reading) == {"cameras": 0}
    assert {part.code for part in reading.report.set_aside} == {"unavailable", "no-figure"}
    assert reading.report.rows_in == 3


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
        (
            "<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body>No.</body></html>",
            "error-page",
        ),
        ("<html><head><title>Just a moment...</title></head><body></body></html>", "error-page"),
        (
            "<html><head><title>Flock Safety - X Transparency Portal</title></head><div "
            "id=root></div></html>",
            "empty-page",
        ),
        ("<html><body><table><tr><td>ID<td>Org Name</table></body></html>", "web-page"),
    ],
)
def test_other_pages_are_told_apart(tmp_path, page, code):
    """A log-in, an error, an empty frame and any other page are four things; none is a record."""
    with pytest.raises(IngestError) as error:
        examine_file(save(tmp_path, page))
    assert error.value.code == code


def test_nothing_of_a_page_is_shown_but_lists_and_figures(tmp_path):
    """Scripts, downloads, hidden parts, policies and stories leave nothing in what is written."""
    canaries = [f"CANARY{number}XQZ" for number in range(6)]
    extra = (
        f"<script>var a='{canaries[0]}'</script><p>Success Story</p><div>Officer {canaries[1]} found "
        "7ABC123.</div>"
        f"<a download='search_audit.csv' href='data:text/plain,id%2C{canaries[2]}'>Download CSV</a>"
        f"<div style='display:none'>{canaries[3]}</div><!-- {canaries[4]} --><img alt='{canaries[5]}' "
        "src=x onerror=alert(1)>"
    )
    path = tmp_path / "page.html"
    path.write_text(write_rendered(Portal(shared=NAMES), extra), encoding="utf-8")
    reading = ingest_file(path, tmp_path / "out")
    written = b"".join(one.read_bytes() for one in (tmp_path / "out").rglob("*") if one.is_file())
    assert not any(canary.encode() in written for canary in canaries)
    assert "download" in reading.report.list_codes() and b"onerror" not in written


def test_deep_nesting_is_refused(tmp_path):
    """Elements in elements without end are no page."""
    page = "<html><body>" + "<div>" * 200_000 + write_rendered(Portal(shared=NAMES))
    with pytest.raises(IngestError) as error:
        examine_file(save(tmp_path, page))
    assert error.value.code == "page-size"


def test_a_huge_page_is_refused_before_it_is_read(tmp_path):
    """A hundred million bytes of a page cost nothing."""
    path = tmp_path / "page.html"
    with path.open("wb") as file:
        file.write(b"<!DOCTYPE html><html>")
        file.truncate(100_000_000)
    with pytest.raises(IngestError) as error:
        examine_file(path)
    assert error.value.code == "page-size"


def test_entities_and_broken_markup_are_text(tmp_path):
    """Entities are read once and never expanded; tags that are never closed, or closed twice, lose no
    name.
    """
    page = write_rendered(Portal(shared=["A &amp; B ZZ PD", "Ca&ntilde;on ZZ PD", *NAMES]))
    page = page.replace("</p>", "").replace("</header>", "</div></p></header></b>") + "&lol;" * 50_000
    reading = examine_file(save(tmp_path, "<!DOCTYPE html [<!ENTITY lol 'lol'>]>" + page))
    assert len(list_names(reading, "detections_shared")) == len(NAMES) + 2
    assert list_names(reading, "detections_shared")[0] == "A &amp; B ZZ PD"


PIECES = [
    *"<>/&;=\"' ,", "div", "p", "li", "!--", "script", "\x00", "\ud7ff", "Transparency Portal", "None", "12",
    "Last Updated: Apr 1 2026", "Number of Searches", "Sharing Network Data With",
]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path, parts):
    """Whatever a page holds: an error with its place, or rows that add up."""
    path = tmp_path / "any.html"
    path.write_text("<html>" + "".join(parts), encoding="utf-8")
    source = open_source(path)
    source.cache["page"] = reader_page(path)
    source.cache["blocks"] = [reader.Block(*block) for block in source.cache["page"]["blocks"]]
    try:
        report = reader.read(source, ReadOptions()).report
    except IngestError:
        return
    assert report.rows_in == report.rows_out + sum(part.rows_n for part in report.set_aside)


def reader_page(path) -> dict:
    """Read a page in this process, which a child does otherwise."""
    from sidedoor.ingest._page_child import read_blocks

    return read_blocks(str(path), path.name, 1_000_000)


# ----------------------------------------------------------------------- as agencies and browsers vary them

SHARED = "Organizations granted access to Exampleton ZZ PD data"
TOWNS = ["Adams ZZ PD", "Baker County ZZ SO", "Cedar ZZ PD"]
HEAD = "Exampleton ZZ PD\nTransparency Portal\n\nLast Updated: Mon Apr 27 2026\n\n"


def copy(folder, text: str, head: str = HEAD):
    """Save a page as copied text."""
    path = folder / "page.txt"
    path.write_text(head + text, encoding="utf-8")
    return path


@pytest.mark.parametrize("way", ["rendered", "labelled", "text", "print"])
@pytest.mark.parametrize("names", [TOWNS[:1], TOWNS])
def test_a_list_ends_where_an_unknown_heading_begins(tmp_path, way, names):
    """One name or several: what stands below the next heading, known or not, is no name."""
    figures = {
        SHARED: ", ".join(names),
        "Our Own Words": "This is a sentence of a policy.",
        "Total Cameras": "42",
    }
    reading = examine_file(save(tmp_path, Portal(figures=figures), way))
    assert list_names(reading, "detections_shared") == names and list_figures(reading) == {"cameras": 42}


@pytest.mark.parametrize("way", ["rendered", "text", "print"])
@pytest.mark.parametrize("heading", ["Shared Networks", "Partner Agencies", "Friends of the department"])
def test_a_list_without_a_direction_is_asked_for(tmp_path, way, heading):
    """Names of agencies below words that do not say which way the data flows are not lost, and not guessed
    about.
    """
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
        (
            "Parole (Adults, Juveniles) ZZ, Sample, City of",
            ["Parole (Adults, Juveniles) ZZ", "Sample, City of"],
        ),
        ("St. Sample, ZZ PD, Zed ZZ PD", ["St. Sample, ZZ PD", "Zed ZZ PD"]),
    ],
)
def test_lists_as_copied(tmp_path, body, names):
    """Between commas, one in a line, one in a paragraph, wrapped, with accents, with commas of their own."""
    path = copy(tmp_path, f"{SHARED}\n\n{body}\n\nHotlists Alerted On\n\nNCIC\n")
    assert list_names(examine_file(path), "detections_shared") == names


def test_a_part_of_a_list_is_no_list(tmp_path):
    """A page that shows ten of many says so, and so does the report."""
    path = copy(tmp_path, "Sharing Network Data With\n\n" + "\n".join(TOWNS) + "\nShowing 1-3 of 340\n")
    reading = examine_file(path)
    assert list_names(reading, "detections_shared") == TOWNS and "incomplete" in reading.report.list_codes()


@pytest.mark.parametrize(
    ("value", "status", "skipped_n"),
    [
        ("N/A", "unavailable", 0),
        ("All law enforcement agencies in the State of ZZ", "described", 1),
        ("See https://example.org/list.pdf", "described", 1),
        ("Something else", "no agencies", 1),
    ],
)
def test_words_in_place_of_a_list_are_no_name(tmp_path, value, status, skipped_n):
    """A description, an address, a way to a list: counted as skipped, never as an agency."""
    reading = examine_file(copy(tmp_path, f"{SHARED}\n\n{value}\n\nTotal Cameras\n\n3\n"))
    assert "sharing" not in reading.tables and list_figures(reading) == {"cameras": 3}
    assert reading.report.details["lists"]["detections_shared"]["status"] == status
    assert reading.report.rows_in == 1 + skipped_n


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Searches in the last 30 days\n\n1,234", 1234), ("Searches in the last 30 days: 1,234", 1234),
        ("Searches in the last 30 days\n\n1,234\nsearches", 1234), ("Total Searches\n\n1,234 searches", 1234),
        ("Searches in the last 30 days\n\n1.2K", None), ("Searches in the last 30 days\n\n1.2\nthousand", None),
        ("Searches in the last 30 days\n\n12\nthousand", None), ("Searches in the last 30 days\n\n1,23", None),
    ],
)  # fmt: skip
def test_figures_as_printed(tmp_path, text, value):
    """A number in plain digits, whatever stands beside it; a rounded or a damaged one is skipped."""
    reading = examine_file(copy(tmp_path, text + "\n"))
    assert list_figures(reading) == ({"searches": value} if value else {})
    assert [part.code for part in reading.report.set_aside] == ([] if value else ["no-figure"])


def test_months_are_no_days(tmp_path):
    """A retention in months is not a number of days."""
    for text in ("12 months", "12\nmonths"):
        reading = examine_file(copy(tmp_path, f"Data retention\n\n{text}\n\nTotal Cameras\n\n3\n"))
        assert list_figures(reading) == {"cameras": 3}


@pytest.mark.parametrize(
    "printed",
    [
        "Apr 27, 2026",
        "27 April 2026",
        "4/27/26",
        "2026-04-27T17:19:12.845Z",
        "April 27th, 2026",
        "\nMonday, Apr. 27 2026",
    ],
)
def test_dates_as_printed(tmp_path, printed):
    """The date of the page in the forms that people print."""
    head = f"Exampleton ZZ PD Transparency Portal\nPowered by Flock Safety\nLast Updated: {printed}\n\n"
    report = examine_file(copy(tmp_path, "Total Cameras\n3\n", head)).report
    assert (report.details["agency"], report.details["as_of"]) == ("Exampleton ZZ PD", "2026-04-27")


@pytest.mark.parametrize("updated", ["", "Last Updated: 27/04/2026\n", "Last Updated: recently\n"])
def test_a_page_without_a_date_asks_for_it(tmp_path, updated):
    """No date, or none that can be read: it is asked for, not guessed."""
    body = "Total Cameras\n\n3\n\nData retention\n\n30 days\n\nSearches\n\n5\n"
    path = copy(tmp_path, body, f"Exampleton ZZ PD\nTransparency Portal\n\n{updated}\n")
    assert set(examine_file(path).report.details["needed"]) == {"as_of"}
    assert examine_file(path, ReadOptions(as_of="2026-04-27")).report.details["as_of"] == "2026-04-27"


@pytest.mark.parametrize("way", ["rendered", "text", "print"])
def test_a_page_with_policies_alone(tmp_path, way):
    """It is a portal page, and publishes neither a list nor a figure."""
    reading = examine_file(save(tmp_path, Portal(figures={}), way))
    assert not len(reading.tables["volumes"]) and "sharing" not in reading.tables
    assert {part["status"] for part in reading.report.details["lists"].values()} == {"not published"}


def test_what_browsers_add(tmp_path):
    """A banner about cookies changes nothing; a page that was translated is refused; MHTML is read."""
    page = write_rendered(Portal(shared=TOWNS))
    banner = page.replace("<body>", "<body><div><p>We use cookies.</p><button>Accept</button></div>")
    assert list_names(examine_file(save(tmp_path, banner)), "detections_shared") == TOWNS
    with pytest.raises(IngestError) as error:
        examine_file(save(tmp_path, page.replace("<html>", "<html class='translated-ltr'>")))
    assert error.value.code == "translated"
    saved = EmailMessage()
    saved["From"], saved["Snapshot-Content-Location"] = "<Saved by Blink>", "https://example.org/"
    saved.set_content(page, subtype="html", cte="quoted-printable")
    saved.make_related()
    path = tmp_path / "page.mhtml"
    path.write_bytes(saved.as_bytes())
    assert list_names(examine_file(path), "detections_shared") == TOWNS


@pytest.mark.parametrize("step", [14, 30])
def test_names_printed_one_below_the_other(tmp_path, step):
    """In print, too, a list may have a row for each name, and what a browser prints at the edges is none."""
    texts = [
        (60, 60, "Exampleton ZZ PD", 18),
        (60, 90, "Transparency Portal"),
        (60, 110, "Last Updated: Apr 27 2026"),
    ]
    texts += [(60, 200, "Sharing Network Data With")]
    texts += [(60, 240 + at * step, f"Town {at} ZZ PD") for at in range(9)]
    edge = [(60, 20, "4/27/26, 10:12 AM"), (60, 780, "https://transparency.example.org/x 1/2")]
    path = write_pdf(tmp_path / "page.pdf", [[*edge, *texts], [*edge, (60, 60, "Town 9 ZZ PD")]])
    assert list_names(examine_file(path), "detections_shared") == [f"Town {at} ZZ PD" for at in range(10)]


# --------------------------------------------------------------------------------------- real pages

# Recipients and senders, counted in the text of each page at its commas (two names hold one).
COUNTS = {
    "amberley-village-oh-pd_2026-04-26": (0, 0), "buena-park-ca-pd_2026-04-21": (324, 0),
    "costa-mesa-ca-pd_2026-04-26": (354, 0), "el-cerrito-ca-pd_2026-03-28": (324, 285),
    "el-cerrito-ca-pd_2026-04-28": (322, 282), "fountain-valley-ca-pd_2026-04-26": (270, 0),
    "fullerton-ca-pd_2026-04-26": (326, 291), "newport-beach-pd-ca_2026-04-28": (303, 0),
    "oakland-ca-pd_2026-04-28": (0, 0),
    "orange-ca-pd_2026-04-28": (293, 305), "oroville-ca-pd_2026-04-28": (0, 0),
    "santa-ana-ca-pd_2026-04-21": (177, 0),
    "westminster-ca-pd_2026-04-24": (329, 0),
}  # fmt: skip


@pytest.mark.parametrize("page", COUNTS)
def test_real_pages(mirror, page):
    """The three ways of saving one page give the same names, as many as are known, and the same figures."""
    folder = mirror / "portals"
    readings = [examine_file(folder / f"{page}.{end}") for end in ("html", "txt", "pdf")]
    found = [[list_names(reading, section) for section in reader.LISTS] for reading in readings]
    assert tuple(map(len, found[0])) == COUNTS[page] and found[0] == found[1] == found[2]
    figures = [
        reading.tables["volumes"][["measure", "value", "scope"]].values.tolist() for reading in readings
    ]
    assert figures[0] == figures[1] and sorted(figures[0]) == sorted(figures[2])
    text = (folder / f"{page}.txt").read_text(encoding="utf-8")
    for _, value, heading in figures[0]:
        assert re.search(re.escape(heading) + rf"\s+{int(value):,}\b", text), heading


def test_real_raw_pages(mirror):
    """Pages saved in another way in January give the names that stand in their markup between commas."""
    pages = sorted((mirror / "portals").glob("*_raw.html"))
    assert len(pages) == 5
    for path in pages:
        shared = list_names(examine_file(path), "detections_shared")
        markup = path.read_text(encoding="utf-8")
        value = re.search(r"granted access.*?class=\"value[^>]*>([^<]*)<", markup, re.S)[1]
        joined = len(re.findall("University of California, ", value))
        assert (
            len(shared) == value.count(", ") + 1 - joined
            and json.dumps(shared).count("University of") >= joined
        )
