"""The reader of Vigilant's sharing reports: pages are laid out here as the vendor does, in all its
layouts.
"""

import hashlib
import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.learn_pages import FACES, Layout, measure
from made.pdf import PdfWriter
from sidedoor.ingest import learn_sharing
from sidedoor.ingest._learn_form import load_form, squeeze
from sidedoor.ingest._learn_pages import find_heading
from sidedoor.ingest._pdf_child import clean
from sidedoor.ingest.files import read_source
from sidedoor.ingest.pdf import Word
from sidedoor.ingest.source import ReadOptions, open_source

sys.path.insert(0, str(Path(__file__).parent))
from made.reports import (  # noqa: E402
    AGENCY,
    LISTS,
    NAMES,
    PLACES,
    Ink,
    build_2020,
    build_2022,
    build_source,
    open_drawn,
    write_ink,
)  # fmt: skip


def list_names(reading, section: str) -> list[str]:
    """List the names of a section, in the order of the rows."""
    table = reading.tables["sharing"]
    table = table[table["section"] == section]
    return list(table["to_agency_as_printed" if section.endswith("shared") else "from_agency_as_printed"])


def read(source, **options):
    """Read a source made here."""
    return learn_sharing.read(source, ReadOptions(**options))


# ------------------------------------------------------------------------------------- whole PDFs


@pytest.fixture
def pdf_2020(write_pdf):
    """A PDF in the layout of 2020."""
    layout = build_2020()
    return write_pdf("anything.bin", layout.finish(), layout.size)


def test_read_2020_pdf(pdf_2020):
    """A text PDF of 2020 gives every name once, in order, with its section, page, date and the direction of
    its arrow.
    """
    reading = read_source(open_source(pdf_2020))
    report = reading.report
    assert report.form == "Agency Data Sharing Report, 2020 layout (LEARN), text PDF"
    assert list_names(reading, "detections_shared") == NAMES * 5
    assert list_names(reading, "detections_received") == list(reversed(NAMES)) * 3 + [
        "Yuma County Sheriffs Office (AZ)"
    ]
    assert list_names(reading, "hot_lists_received") == [name for name, _ in LISTS]
    assert report.rows_in == report.rows_out == 65 + 40 + 3 and not report.set_aside
    table = reading.tables["sharing"]
    assert list(table["row_no"]) == list(range(1, 109)) and set(table["as_of"]) == {"2020-02-06"}
    shared = table[table["section"] == "detections_shared"]
    assert set(shared["from_agency_as_printed"]) == set(shared["reported_by"]) == {AGENCY}
    assert set(shared["shares"]) == {"detections"}
    received = table[table["section"] == "hot_lists_received"]
    assert set(received["to_agency_as_printed"]) == {AGENCY} and list(received["hot_list"]) == [
        name for _, name in LISTS
    ]
    assert table["from_agency_id"].isna().all() and table["to_agency_id"].isna().all()
    assert list(table["page"]) == sorted(table["page"]) and table["page"].max() == len(
        report.details["pages"]
    )
    assert report.details["sections"]["hot_lists_shared"] == {
        "names": 0,
        "pages": [],
        "columns": 1,
        "says_none": True,
    }
    inactive = table[table["is_inactive"]]
    named = {*inactive["to_agency_as_printed"], *inactive["from_agency_as_printed"]}
    assert named == {AGENCY, "Inactive Aberdeen Police Department"}
    assert len(report.details["rows_told"]["demo"]) == [
        *table["to_agency_as_printed"],
        *table["from_agency_as_printed"],
    ].count("L6A UbiHub Demo")


@pytest.mark.parametrize("is_middle", [False, True])
def test_read_2022_pdf(write_pdf, is_middle):
    """Agency, City and State, centered, level at the top or in the middle, give names, cities and states."""
    layout = build_2022(is_middle=is_middle, size=(612, 792), foot=760)
    reading = read_source(open_source(write_pdf("r.pdf", layout.finish(), layout.size)))
    assert (
        reading.report.form == "Agency Data Sharing Report, 2022 layout (Vigilant VehicleManager), text PDF"
    )
    assert list_names(reading, "detections_received") == [name for name, _, _ in PLACES] * 6
    first = len(NAMES) * 3 + 1
    received = reading.tables["sharing"].query("section == 'detections_received'")
    placed = received[["row_no", "city_as_printed", "state_as_printed"]].values.tolist()
    assert placed == [[first + i, *row[1:]] for i, row in enumerate(PLACES * 6)]
    assert reading.report.columns_dropped == [] and received["doubt"].isna().all()
    counts = {name: part["names"] for name, part in reading.report.details["sections"].items()}
    assert [*counts.values()] == [39, 48, 3, 0]
    assert list_names(reading, "hot_lists_shared") == [name for name, _ in LISTS]
    assert set(reading.tables["sharing"]["as_of"]) == {"2022-09-22"}
    assert {warning.code for warning in reading.report.warnings} == {"twice"} and not reading.report.set_aside


@pytest.mark.parametrize("is_one", [False, True])
def test_split_glued_cells(write_pdf, is_one):
    """Cells without a space are split where each was drawn; drawn as one, where one place is possible, and
    that is told.
    """
    layout = build_2022()
    name = "Riverside County Sheriffs Office (CA)"
    layout.add_row(["Plainville Police Department", "Plainville", "CT"], layout.three, is_centered=True)
    pages = layout.finish()
    glued = [row for page in pages for row in page if row[2] == "Naples Police Department"]
    for page in pages:
        for at, (_, y, text, size) in enumerate(page):
            if text == "Naples Police Department":
                # The agency fills its column up to the city, which begins without a space.
                page[at] = (300 - measure(name, size) + 4, y, name + is_one * "Riverside and more", size)
            elif text == "Napes":
                page[at] = (304.5, y, "" if is_one else "Riverside and more", size)
    assert glued
    reading = read_source(open_source(write_pdf("r.pdf", pages, layout.size)))
    names = list_names(reading, "detections_received")
    assert names.count(name) == 6 and not any("(CA)R" in text for text in names)
    assert len(reading.report.details["rows_told"].get("split", [])) == 6 * is_one
    assert list(reading.tables["sharing"]["city_as_printed"]).count("Riverside and more") == 6


# ------------------------------------------------------------------------------------- sections and pages


def test_name_is_broken_by_a_page():
    """The rest of a name at the top of the next page belongs to the cell above it, in either column and in
    three.
    """
    long = "South Carolina Law Enforcement Division of Special Operations and Investigations (SC)"
    for at in range(20, 30):
        layout = Layout(may_split=True)
        names = [f"Place{n} Police Department" for n in range(60)]
        names[2 * at] = names[2 * at + 1] = (
            "Winnebago County Sheriff of the Greater Area (Machesney Park Division)"
        )
        layout.add_section("detections_shared", names)
        assert list_names(read(build_source(layout)), "detections_shared") == names
        for side in (0, 1):
            layout = Layout(may_split=True)
            names = [f"Place{n} Police Department" for n in range(60)]
            names[2 * at + side] = long
            layout.add_section("detections_shared", names)
            assert list_names(read(build_source(layout)), "detections_shared") == names
        layout = Layout(may_split=True, three=((60, 250), (260, 400), (410, 500)))
        rows = [(f"Place{n} Police Department", f"Place{n}", "CA") for n in range(40)]
        rows[at] = (long, "North Charleston", "SC")
        layout.add_section("detections_received", rows)
        assert list_names(read(build_source(layout)), "detections_received") == [row[0] for row in rows]


def test_heading_stands_at_the_bottom_of_a_page():
    """A heading whose sentence or names follow on the next page still opens its list."""
    for foot in range(500, 560, 6):
        layout = Layout(foot=foot)
        layout.add_section("detections_shared", NAMES)
        layout.add_section("detections_received", NAMES[::-1])
        reading = read(build_source(layout))
        assert list_names(reading, "detections_shared") == NAMES
        assert list_names(reading, "detections_received") == NAMES[::-1]


def test_sections_are_found_by_heading_or_sentence_alone():
    """A list without a heading, or without a sentence, is found; a repeated heading opens no second list."""
    layout = Layout()
    layout.add_section("detections_shared", NAMES, heading=False)
    layout.add_section("detections_received", NAMES, sentence=False)
    layout.start_page()
    layout.add_section("detections_received", NAMES[:4], sentence=False)
    reading = read(build_source(layout))
    assert list_names(reading, "detections_shared") == NAMES
    assert list_names(reading, "detections_received") == NAMES + NAMES[:4]
    assert "no-list" in reading.report.list_codes()


def test_long_reporter_wraps_the_sentence():
    """A reporting agency whose name breaks its sentence into lines, or ends in Agency, is read whole."""
    layout = Layout()
    layout.start_page()
    layout.put(60, 100, "The Drug Enforcement Agency Agency is Sharing its Detection", 8.5)
    layout.put(60, 112, "data with the following Agencies:", 8.5)
    layout.y = 130
    layout.add_section("detections_shared", NAMES, heading=False, sentence=False)
    reading = read(build_source(layout))
    assert list_names(reading, "detections_shared") == NAMES
    assert set(reading.tables["sharing"]["reported_by"]) == {"Drug Enforcement Agency"}


def test_what_stands_at_the_top():
    """Date and page number may stand at the top; what stands before the first list is not repeated, as it may
    name a person.
    """
    layout = build_2020()
    for page in layout.finish():
        for at, (x, y, text, size) in enumerate(page):
            if y == layout.size[1] - 12:
                page[at] = (x, 60, text, size)
    layout.pages[0].append((60, 75, "Report By: Wilhelmina Quickenborne", 9))
    layout.finish = lambda: layout.pages
    reading = read(build_source(layout))
    assert list_names(reading, "detections_shared") == NAMES * 5 and reading.report.span == {
        "sharing": ["2020-02-06"] * 2
    }
    assert [part.code for part in reading.report.set_aside] == ["before"]
    assert "Quickenborne" not in str(reading.report.to_dict())


def test_pool_at_the_foot():
    """A line `Shared NVLS` at the foot of the report is a row for the vendor's pool, under detections shared,
    and noted.
    """
    layout = build_2020()
    layout.need(40)
    layout.put(67, layout.y + 10, "Shared NVLS")
    reading = read(build_source(layout))
    assert list_names(reading, "detections_shared")[-1] == "Shared NVLS"
    assert len(list_names(reading, "hot_lists_received")) == len(LISTS)
    assert len(reading.report.details["rows_told"]["pool"]) == 1


def test_hot_lists_in_one_cell():
    """Several hot lists of one agency stay one row, parted by semicolons; an entry that labels itself is read
    as well.
    """
    layout = Layout()
    layout.add_section(
        "hot_lists_received",
        [*LISTS, ("Chino Police Department", "Stolen"), ("", "Persons of Interest"), LISTS[0]],
    )
    table = read(build_source(layout)).tables["sharing"]
    assert list(table["hot_list"])[3:] == ["Stolen; Persons of Interest", "Haze Template"]
    layout = Layout()
    layout.add_section("hot_lists_received", [])
    layout.pages[-1] = [row for row in layout.pages[-1] if row[2] not in ("None", "Agency:", "Hot List(s):")]
    for agency, lists in LISTS:
        layout.put(67, layout.y, f"Agency: {agency}")
        layout.put(67, layout.y + 14, f"Hot List(s): {lists}")
        layout.y += 40
    table = read(build_source(layout)).tables["sharing"]
    assert list(zip(table["from_agency_as_printed"], table["hot_list"])) == LISTS


def test_missing_pages_are_told():
    """A page that is not in the file is a warning, and so is one that stands in it twice or out of order."""
    pages = build_source(build_2020()).cache["pages"]
    for chosen, code in (
        ([0, 2, 3, 4], "pages-missing"),
        ([0, 1, 1, 2, 3, 4], "pages-twice"),
        ([0, 2, 1, 3, 4], "page-order"),
    ):
        source = build_source(build_2020())
        source.cache["pages"] = [
            replace(pages[at], number=n) for n, at in enumerate(chosen, 1) if at < len(pages)
        ]
        assert code in read(source).report.list_codes()
    codes = read(build_source(build_2020())).report.list_codes()
    assert not codes & {"pages-missing", "pages-twice", "page-order"}


def test_duplicates_are_counted_and_told():
    """A name that is printed twice in one list is two rows and a warning; names are never merged."""
    layout = Layout()
    layout.add_section("detections_shared", [*NAMES, NAMES[3]])
    reading = read(build_source(layout))
    assert Counter(list_names(reading, "detections_shared"))[NAMES[3]] == 2
    assert reading.report.details["rows_told"]["twice"] == [4, 14]


def test_what_only_the_person_knows():
    """A date or agency that the file lacks is taken from the options; one that it has is kept, with a
    warning.
    """
    layout = Layout(created="")
    layout.add_section("detections_shared", NAMES, sentence=False)
    with pytest.raises(IngestError) as error:
        read(build_source(layout))
    assert error.value.asks_for == ("reported_by",)
    layout = Layout(created="")
    layout.add_section("detections_shared", NAMES, sentence=False)
    table = read(
        build_source(layout), reported_by="Elsewhere PD", as_of="2021-05-06", source_id="my-file"
    ).tables["sharing"]
    found = [set(table[name]) for name in ("reported_by", "as_of", "source_id")]
    assert found == [{"Elsewhere PD"}, {"2021-05-06"}, {"my-file"}]
    reading = read(build_source(build_2020()), reported_by="Elsewhere PD", as_of="2021-05-06")
    assert set(reading.tables["sharing"]["reported_by"]) == {AGENCY}
    assert {"other-agency", "other-date"} <= reading.report.list_codes()


def test_dates_print_the_month_first():
    """02-13-20 is a date, 13-02-20 is refused with the page, unless the person says that the day comes
    first.
    """
    layout = build_2020(created="13-02-20")
    with pytest.raises(IngestError, match="page 1"):
        read(build_source(layout))
    assert read(build_source(build_2020(created="13-02-20")), day_first=True).report.span == {
        "sharing": ["2020-02-13"] * 2
    }
    assert read(build_source(build_2020(created="2-3-2024"))).report.span == {"sharing": ["2024-02-03"] * 2}


def test_other_pdfs_are_not_taken():
    """A PDF without the report's title and sentences is not recognized, however its words lie."""
    layout = build_2020()
    source = build_source(layout)
    for at, page in enumerate(source.cache["pages"]):
        words = tuple(word for word in page.words if word.text not in ("Sharing", "following"))
        source.cache["pages"][at] = replace(page, words=words)
    assert learn_sharing.recognize(source) is None


# ------------------------------------------------------------------------------------- glue, gaps, losses


def test_unsplittable_glue_is_set_aside():
    """Two cells run together without any sure place to part them are set aside, and nothing else is lost."""
    layout = build_2022()
    source = build_source(layout)
    page = source.cache["pages"][-1]
    for number, page in enumerate(source.cache["pages"]):
        words, at = list(page.words), None
        for i, word in enumerate(words):
            if word.text == "san":
                at = i
        if at is None:
            continue
        agency = max(
            (w for w in words if w.text == "Department" and abs(w.top - words[at].top) < 2),
            key=lambda w: w.x1,
        )
        words[words.index(agency)] = Word(
            "departmentsan", agency.x0, words[at].x1 - 2, agency.top, agency.bottom
        )
        words.pop(at)
        source.cache["pages"][number] = replace(page, words=tuple(words))
        break
    reading = read(source)
    aside = [part for part in reading.report.set_aside if part.code == "glued"]
    assert len(aside) == 1 and aside[0].rows_n == 1
    assert reading.report.rows_out == len(NAMES) * 3 + len(PLACES) * 6 + len(LISTS) - 1


def test_a_lost_name_is_told():
    """Where one of two names in a row is gone, the other is kept and the gap is a warning."""
    layout = Layout()
    names = [f"Place{n} Police Department" for n in range(30)]
    layout.add_section("detections_shared", names)
    lost = ("Place11 Police Department", "Place20 Police Department")
    for page in layout.pages:
        page[:] = [row for row in page if row[2] not in lost]
    reading = read(build_source(layout))
    assert list_names(reading, "detections_shared") == [name for name in names if name not in lost]
    assert len(reading.report.details["rows_told"]["alone"]) == 2


def test_table_without_space_between_rows():
    """Rows as close as lines are told apart: by states in three columns, by what had no room in two."""
    for is_middle in (False, True):
        layout = build_2022(pad=0.0, pitch=12.0, is_middle=is_middle)
        assert (
            list_names(read(build_source(layout)), "detections_received")
            == [name for name, _, _ in PLACES] * 6
        )
    layout = Layout(pad=0.0, pitch=12.0, two=((67, 250), (260, 440)))
    names = [f"Place{n} Police Department" for n in range(40)]
    names[7] = names[12] = "Winnebago County Sheriff (Machesney Park Division)"
    layout.add_section("detections_shared", names)
    assert list_names(read(build_source(layout)), "detections_shared") == names


def test_heads_of_columns_are_lost():
    """Three columns are found without their heads, as states stand alone at the end of most lines."""
    layout = build_2022()
    for page in layout.pages:
        page[:] = [
            row for row in page if not (row[2] in ("Agency", "City", "State") and row[3] == layout.font + 1)
        ]
    reading = read(build_source(layout))
    assert list_names(reading, "detections_received") == [name for name, _, _ in PLACES] * 6


# ------------------------------------------------------------------------------------- scans


def scan(seed: int, tilt: float = 0.004):
    """Move words as a scanner and its OCR do: pages lie askew and shifted, boxes are uneven."""
    chance = random.Random(seed)
    offsets = {}

    def shift(page: int, word: Word) -> Word:
        dx, dy, angle = offsets.setdefault(
            page, (chance.uniform(-4, 4), chance.uniform(-3, 3), chance.uniform(-tilt, tilt))
        )
        down = dy + angle * word.x0 + chance.uniform(-0.4, 0.4)
        side = dx - angle * word.top + chance.uniform(-0.8, 0.8)
        return Word(
            word.text,
            word.x0 + side,
            word.x1 + side,
            word.top + down,
            word.bottom + down + chance.uniform(0, 0.6),
        )

    return shift


@pytest.mark.parametrize("seed", range(4))
def test_scan_reads_as_the_print(seed):
    """A page that was scanned askew gives the same names as its print, in two and in three columns."""
    reading = read(build_source(build_2020(), scan(seed)))
    assert "scan with an OCR layer" in reading.report.form
    assert list_names(reading, "detections_shared") == NAMES * 5
    assert list_names(reading, "hot_lists_received") == [name for name, _ in LISTS]
    reading = read(build_source(build_2022(), scan(seed)))
    assert list_names(reading, "detections_received") == [name for name, _, _ in PLACES] * 6


def test_ocr_noise_and_slips():
    """What OCR made of the logo is set aside, misread names are kept as they are and listed with page and
    row.
    """
    slips = {
        "CBP - NTC": "CEP - NTC", "Athens-Clarke Police Department": "Athens-Clarke Potice Department",
        "McEwen Police Department": "McEwen PoliceDepartment",
        "Riverside County District Attorneys Office (CA)": "Riverside County District Attorneys Office (CP)",
    }  # fmt: skip
    layout = Layout()
    layout.add_section("detections_shared", [slips.get(name, name) for name in NAMES])
    layout.add_section("detections_received", NAMES)
    layout.pages[0] += [(47, 44, "LEA.J", 30), (190, 42, "I", 12), (420, 40, "\\", 20)]
    pages = layout.finish()
    pages[0][-1] = (
        (*pages[0][-1][:2], "Page 1 ofl", 9)
        if len(pages) == 1
        else (*pages[0][-1][:2], f"Page l of{len(pages)}", 9)
    )
    layout.finish = lambda: pages
    reading = read(build_source(layout, scan(5, 0.001)))
    report = reading.report
    assert list_names(reading, "detections_shared") == [slips.get(name, name) for name in NAMES]
    assert {part.code for part in report.set_aside} == {"noise"} and "LEA.J" not in str(report.to_dict())
    told = {text: (page, row) for page, row, text, _ in report.details["slips"]}
    assert set(slips.values()) <= set(told) and not set(told) & (set(NAMES) - set(slips))
    assert told["CEP - NTC"] == (1, 4)
    assert "slips" in report.list_codes()
    assert set(reading.tables["sharing"]["doubt"]) == {"ocr"}
    assert "pages-missing" not in report.list_codes()


@pytest.mark.parametrize("build", [build_2020, build_2022])
def test_text_pdf_over_a_picture_is_no_scan(build):
    """Straight words over a background are a text PDF: nothing is called noise and no name is suspected."""
    source = build_source(build())
    source.cache["pages"] = [replace(page, is_scan=True) for page in source.cache["pages"]]
    report = read(source).report
    assert report.form.endswith("text PDF") and not report.set_aside and "slips" not in report.details


# ------------------------------------------------------------------------------------- any names

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=11).map(str.title)
ROLES = st.sampled_from(
    ["Police Department", "County Sheriffs Office", "PD", "Department of Public Safety", ""]
)
STATES = st.sampled_from(["", "", " (CA)", " (TX)", " CA", " (Machesney Park Division)"])


def is_reserved(name: str) -> bool:
    """Say whether the form gives a name a meaning of its own: `None`, `NVLS`, headings."""
    form = load_form()["sharing"]
    reserved = [*form["empty"], *form["pools"], *form["hot_list_columns"], *form["three_columns"]]
    return squeeze(name) in reserved or find_heading(name) is not None


ANY_NAME = st.builds(
    lambda head, words, role, state: f"{head}{' '.join(words)} {role}".strip() + state,
    st.sampled_from(["", "", "Inactive ", "DHS - ", "100th ", "Mc"]),
    st.lists(WORDS, min_size=1, max_size=5), ROLES, STATES,
).filter(lambda name: not is_reserved(name))  # fmt: skip
LOOKS = st.fixed_dictionaries(
    {
        "size": st.sampled_from([(595, 842), (612, 792)]),
        "font": st.sampled_from([8.0, 9.5, 10.0]),
        "pitch": st.sampled_from([13.0, 15.0, 16.5]),
        "pad": st.sampled_from([6.0, 9.0, 11.0]),
        "foot": st.sampled_from([400, 600, 740]),
    }
)
TEXTS = st.sampled_from(
    [
        "Agency:",
        "(CA)",
        "None",
        "Hot",
        "List(s):",
        "The",
        "\\",
        "a)b",
        "NVLS",
        "N/A",
        "Detections",
        "Shared",
        "\xa0",
        "State",
    ]
)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(
    st.lists(ANY_NAME, min_size=6, max_size=80), st.lists(ANY_NAME, min_size=5, max_size=50), LOOKS,
    st.integers(0, 20), st.integers(0, 20),
)  # fmt: skip
def test_any_names_in_two_columns(shared, received, looks, left, gutter):
    """Whatever the names, fonts, margins and page breaks, two columns give exactly the names that were
    printed.
    """
    layout = Layout(two=((40 + left, 290), (300 + gutter, 570)), **looks)
    layout.add_section("detections_shared", shared)
    layout.add_section("detections_received", received)
    layout.add_section("hot_lists_shared", [(name, f"LEARN_{name}") for name in shared[:9]])
    layout.add_section("hot_lists_received", [])
    reading = read(build_source(layout))
    assert list_names(reading, "detections_shared") == shared
    assert list_names(reading, "detections_received") == received
    assert list_names(reading, "hot_lists_shared") == shared[:9]
    assert (
        reading.report.rows_out == reading.report.rows_in == len(shared) + len(received) + min(9, len(shared))
    )


CITY = st.one_of(
    st.just("N/A"),
    st.lists(WORDS, min_size=1, max_size=3).map(" ".join),
    WORDS.map(str.upper),
    WORDS.map(str.lower),
)
PLACE = st.tuples(ANY_NAME, CITY, st.sampled_from(["CA", "TX", "N/A", "NY"]))


@QUICK
@given(st.lists(PLACE, min_size=4, max_size=60), LOOKS, st.booleans(), st.integers(0, 40))
def test_any_names_in_three_columns(rows, looks, is_middle, wider):
    """Whatever the names and cities, three centered columns give exactly the names, cities and states."""
    layout = Layout(
        three=((40, 260 + wider), (270 + wider, 410 + wider), (420 + wider, 500 + wider)),
        is_middle=is_middle,
        **looks,
    )
    layout.add_section("detections_received", rows)
    reading = read(build_source(layout))
    assert list_names(reading, "detections_received") == [row[0] for row in rows]
    placed = reading.tables["sharing"][["row_no", "city_as_printed", "state_as_printed"]].values.tolist()
    assert placed == [[at, *row[1:]] for at, row in enumerate(rows, 1)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(TEXTS, st.floats(0, 600), st.floats(60, 790), st.floats(1, 200), st.floats(0, 40)),
        max_size=60,
    )
)
def test_any_boxes_are_read_or_refused(boxes):
    """Words anywhere on a page are read or refused with an `IngestError`; no row is lost."""
    layout = Layout()
    layout.add_section("detections_shared", NAMES[:4])
    source = build_source(layout)
    page = source.cache["pages"][0]
    words = tuple(Word(text, x, x + width, top, top + height) for text, x, top, width, height in boxes)
    source.cache["pages"] = [replace(page, words=page.words + words)]
    try:
        read(source).report.check()
    except IngestError:
        pass


INKS = st.builds(
    Ink, st.sampled_from(["line", "line", "word", "array"]),
    st.sampled_from(["drawn", "shuffled", "columns"]),
    st.sampled_from([0, 0, 90, 180, 270]), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from([(0, 0), (30, -20)]),
)  # fmt: skip
FORMS = st.fixed_dictionaries(
    {
        "face": st.sampled_from(FACES[:3]),
        "font": st.sampled_from([8.0, 9.5, 11.0]),
        "is_middle": st.booleans(),
        "is_two_centered": st.booleans(),
        "has_heads": st.booleans(),
        "title": st.sampled_from(
            [("Agency", "Data Sharing Report"), ("VehicleManager", "Agency Data Sharing Report")]
        ),
        "product": st.sampled_from(["Vigilant VehicleManager", "VehicleManager"]),
        "agency": st.sampled_from(
            [
                AGENCY,
                "Office of the Attorney General of the State of Elsewhere and Bureau of Enforcement (NY)",
            ]
        ),
        "foot": st.sampled_from([500, 740]),
    }
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(ink=INKS, form=FORMS, wider=st.integers(0, 30), data=st.data())
def test_any_ink(tmp_path, ink, form, wider, data):
    """Whatever program writes the page, in whichever order, turned, flipped or bold, every name is counted
    once in its list.
    """
    names = data.draw(
        st.lists(
            st.sampled_from([*NAMES, "DuPage SO (FL)", "Prince George's County Sheriff's Office"]),
            min_size=12,
            max_size=40,
        )
    )
    places = data.draw(st.lists(st.sampled_from(PLACES), min_size=8, max_size=30))
    layout = Layout(
        size=(612, 792),
        two=((40, 300), (312, 590)),
        three=((40, 270 + wider), (276 + wider, 440), (446, 520)),
        pitch=14.5,
        pad=9.0,
        **form,
    )
    layout.add_section("detections_shared", names)
    layout.add_section("detections_received", places)
    layout.add_section("hot_lists_shared", LISTS)
    layout.add_section("hot_lists_received", [])
    reading = read(open_drawn(write_ink(PdfWriter(), layout, tmp_path / "r.pdf", ink)))
    assert list_names(reading, "detections_shared") == names
    assert list_names(reading, "detections_received") == [row[0] for row in places]
    received = reading.tables["sharing"].query("section == 'detections_received'")
    assert received[["city_as_printed", "state_as_printed"]].values.tolist() == [
        list(row[1:]) for row in places
    ]
    assert list_names(reading, "hot_lists_shared") == [name for name, _ in LISTS]
    assert set(reading.tables["sharing"]["reported_by"]) == {layout.agency} and not reading.report.set_aside


def test_hidden_text_is_no_name(tmp_path):
    """Text without ink, white on white, below a box, askew or off the page is set aside with its page, and
    not repeated.
    """
    drawn = [
        "BT /F1 10 Tf 3 Tr 67 400 Td (Inkless Police Department) Tj ET 0 Tr",
        "1 g BT /F1 10 Tf 67 370 Td (White Police Department) Tj ET 0 g",
        "BT /F1 10 Tf 67 340 Td (Covered Police Department) Tj ET 0 0 0 rg 60 335 200 16 re f",
        "BT /F1 30 Tf 0.7 0.7 -0.7 0.7 200 300 Tm (COPY) Tj ET",
        "BT /F1 10 Tf 67 -40 Td (Outside Police Department) Tj ET",
        "0 0.2 0.5 rg 60 300 200 20 re f 1 g BT /F1 10 Tf 67 306 Td (Seen Police Department) Tj ET 0 g",
    ]
    layout = Layout()
    layout.add_section("detections_shared", NAMES)
    reading = read(open_drawn(write_ink(PdfWriter(), layout, tmp_path / "r.pdf", Ink(), extra=drawn)))
    assert list_names(reading, "detections_shared") == [*NAMES, "Seen Police Department"]
    reasons = [(part.place, part.reason) for part in reading.report.set_aside]
    assert len(reasons) == 5 and {place for place, _ in reasons} == {"page 1"}
    for words in ("without ink", "white text on white", "below a box", "another direction", "outside of"):
        assert sum(words in reason for _, reason in reasons) == 1
    assert not any(
        word in str(reading.report.to_dict()) for word in ("Inkless", "Covered", "COPY", "Outside")
    )


def test_letters_as_they_print(tmp_path, pdf_writer):
    """Ligatures, hyphens and spaces of all kinds are read as they print; a letter that no font explains sets
    its name aside.
    """
    layout = Layout()
    assert list(map(clean, ("ﬁ", "\xad", "\u2011", "\u200b", "\u202e", "\uf0b7", "’"))) == [
        "fi",
        "-",
        "-",
        "",
        "",
        "\ufffd",
        "’",
    ]
    names = ["Alpha\xa0Police Department", "Beta\u2019s Police Department", *NAMES]
    layout.add_section("detections_shared", names)
    reading = read(open_drawn(write_ink(pdf_writer, layout, tmp_path / "r.pdf", Ink())))
    assert list_names(reading, "detections_shared")[:2] == [
        "Alpha Police Department",
        "Beta’s Police Department",
    ]
    layout = Layout()
    layout.add_section("detections_shared", NAMES)
    source = build_source(layout)
    page = source.cache["pages"][0]
    words = tuple(
        replace(word, text="\ufffdurora") if word.text == "Athens-Clarke" else word for word in page.words
    )
    source.cache["pages"] = [replace(page, words=words)]
    reading = read(source)
    assert [part.reason for part in reading.report.set_aside] == [
        "a letter of which the PDF does not say which it is"
    ]
    assert len(list_names(reading, "detections_shared")) == len(NAMES) - 1


def test_unknown_columns_are_refused():
    """A list with columns that no known layout has is refused with the page; two names run together in one
    column are told.
    """
    layout = Layout()
    layout.add_section("detections_received", NAMES)
    layout.put(67, layout.y, "Agency City State Type")
    with pytest.raises(IngestError, match="page 1") as error:
        read(build_source(layout))
    assert error.value.code == "columns"
    layout = Layout()
    layout.add_section("detections_shared", [])
    layout.pages[-1] = [row for row in layout.pages[-1] if row[2] != "None"]
    for name in NAMES:
        layout.add_row([f"{name} {name[::-1]}"], ((67, 580),))
    assert "one-column" in read(build_source(layout)).report.list_codes()


def test_names_like_a_footer():
    """`DuPage SO (FL)` at the top or at the bottom of a page is a name, though it reads like a page
    number.
    """
    for n in range(24, 30):
        layout = Layout(foot=805)
        names = [
            *(f"Place{at} Police Department" for at in range(2 * n)),
            "DuPage SO (FL)",
            "DuPage SO (FL)",
            "Last Police Department",
        ]
        layout.add_section("detections_shared", names)
        assert list_names(read(build_source(layout)), "detections_shared") == names


# -------------------- commands and real reports


def hash_names(names: list[str]) -> str:
    """Hash a list of names: they are compared exactly, and not copied from the record."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def test_real_text_report(mirror):
    """Orange County's report of 2020: 295 agencies shared with, 311 received from; the end of a wrapped name
    is no name.

    The names were compared, letter by letter, with what pdfium reads from the left and the right half of each
    page, and their number with the lines of ink in each half of the rendered pages. The two lists have 296
    and 321 lines in their cells; 1 and 10 of them are ends of names that wrap: `Division)`; and `(CA)`
    thrice, `(SC)`, `(MI)`, `Office (CA)`, `Park Division)`, `General`, `Force`, `Enforcement`. Whoever counts
    as names the ends of one word that is no lone state gets 295 + 1 = 296 and 311 + 3 = 314, the figures that
    were first noted.
    """
    path = mirror / "learn" / "ocsd_2020-02-06_data_sharing.pdf"
    reading = read_source(open_source(path))
    shared, received = list_names(reading, "detections_shared"), list_names(reading, "detections_received")
    assert (len(shared), len(received)) == (295, 311)
    assert (hash_names(shared), hash_names(received)) == ("14a09f631fc3d225", "b0f86340435468a1")
    wrapped = ("Division)", "Park Division)", "General", "Force", "Enforcement", "Office (CA)")
    assert not any(name.startswith("(") or name in wrapped for name in shared + received)
    assert (
        list_names(reading, "hot_lists_shared") == [] and len(list_names(reading, "hot_lists_received")) == 29
    )
    assert reading.report.details["agency"] == "Orange County Sheriffs Department"
    assert reading.report.warnings == [] and not reading.report.set_aside
    assert reading.report.span == {"sharing": ["2020-02-06"] * 2}


def test_real_scan(mirror):
    """Irvine's scan of 2020: 342 shared, 310 received, 60 and 28 hot lists, and slips that can be seen on its
    pages.

    On the rendered pages each cell was boxed as it was read: no name is without a box on any of the 17, and
    all rows of both lists are full: 24 + 5 x 27 + 12 rows of two, and 11 + 27 + 4 x 25 + 17.
    """
    reading = read_source(open_source(mirror / "learn" / "irvine_2020-03-02_data_sharing_scan.pdf"))
    counts = {name: part["names"] for name, part in reading.report.details["sections"].items()}
    assert list(counts.values()) == [342, 310, 60, 28]
    told = {(page, text) for page, _, text, _ in reading.report.details["slips"]}
    seen = {
        (1, "Caidwell Police Department (NJ)"), (2, "CEP - NTC"),
        (2, "Drug Enforcement Agency (NAIL)"), (3, "Fayeffeville Police Department"),
        (4, "Mann County Sheriffs Office"),
        (4, "Livingston County Sheriffs Office (Ml)"), (7, "Westminster Potice Department"),
        (9, "Corner Police Department"), (11, "Jefferson CO TXSO"), (14, "China Police Department")
    }  # fmt: skip
    assert seen <= told and len(told) < 35
    assert "noise" in reading.report.list_codes()
    assert not reading.report.list_codes() & {"pages-missing", "alone"}
