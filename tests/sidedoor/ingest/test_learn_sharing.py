"""The reader of Vigilant's sharing reports: pages are laid out as the vendor does, in all its layouts."""

import hashlib
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.learn_pages import FACES, Layout, measure
from made.pdf import PdfWriter
from made.reports import (
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
)
from sidedoor.ingest import learn_sharing
from sidedoor.ingest._learn_form import load_form, squeeze
from sidedoor.ingest._learn_pages import find_heading
from sidedoor.ingest._pdf_child import clean
from sidedoor.ingest.files import read_source
from sidedoor.ingest.pdf import Word
from sidedoor.ingest.source import ReadOptions, open_source

SHARED, RECEIVED = "detections_shared", "detections_received"
LONG_AGENCY = "Office of the Attorney General of the State of Elsewhere and Bureau of Enforcement (NY)"


def list_names(reading, section: str = SHARED) -> list[str]:
    """List the names of a section, in the order of the rows."""
    table = reading.tables["sharing"]
    table = table[table["section"] == section]
    return list(table["to_agency_as_printed" if section.endswith("shared") else "from_agency_as_printed"])


def list_places(reading) -> list[tuple]:
    """List names, cities and states of the detections received."""
    table = reading.tables["sharing"].query("section == @RECEIVED")
    columns = ["from_agency_as_printed", "city_as_printed", "state_as_printed"]
    return list(table[columns].itertuples(index=False, name=None))


def read(source, **options):
    """Read a source made here."""
    return learn_sharing.read(source, ReadOptions(**options))


def read_layout(layout: Layout, shift=None, **options):
    """Read a layout without the detour through a PDF."""
    return read(build_source(layout, shift), **options)


def lay_out(rows, section: str = SHARED, **changes) -> Layout:
    """Lay out a report of one list."""
    layout = Layout(**changes)
    layout.add_section(section, rows)
    return layout


def list_numbered(count: int) -> list[str]:
    """List so many names that are alike."""
    return [f"Place{n} Police Department" for n in range(count)]


def edit_words(source, change) -> None:
    """Change the words of a source, page by page."""
    pages = source.cache["pages"]
    source.cache["pages"] = [replace(page, words=tuple(change(page.words))) for page in pages]


# ------------------------------------------------------------------------------------- whole PDFs


def test_read_2020_pdf(write_pdf):
    """Every name once, in order, with its section, page, date and the direction of its arrow."""
    layout = build_2020()
    reading = read_source(open_source(write_pdf("anything.bin", layout.finish(), layout.size)))
    report, table = reading.report, reading.tables["sharing"]
    assert report.form == "Agency Data Sharing Report, 2020 layout (LEARN), text PDF"
    assert list_names(reading) == NAMES * 5
    assert list_names(reading, RECEIVED) == NAMES[::-1] * 3 + ["Yuma County Sheriffs Office (AZ)"]
    assert list_names(reading, "hot_lists_received") == [name for name, _ in LISTS]
    assert report.rows_in == report.rows_out == 65 + 40 + 3 and not report.set_aside
    assert list(table["row_no"]) == list(range(1, 109)) and set(table["as_of"]) == {"2020-02-06"}
    shared, hot = (table[table["section"] == name] for name in (SHARED, "hot_lists_received"))
    assert set(shared["from_agency_as_printed"]) == set(table["reported_by"]) == {AGENCY}
    assert set(shared["shares"]) == {"detections"} and set(hot["shares"]) == {"hot_list"}
    assert set(hot["to_agency_as_printed"]) == {AGENCY}
    assert list(hot["hot_list"]) == [name for _, name in LISTS]
    assert table["from_agency_id"].isna().all() and table["to_agency_id"].isna().all()
    assert list(table["page"]) == sorted(table["page"])
    assert table["page"].max() == len(report.details["pages"])
    empty = report.details["sections"]["hot_lists_shared"]
    assert empty == {"names": 0, "pages": [], "columns": 1, "says_none": True}
    told, printed = report.details["rows_told"], list_names(reading) + list_names(reading, RECEIVED)
    assert len(told["demo"]) == printed.count("L6A UbiHub Demo")
    is_inactive = [name == "Inactive Aberdeen Police Department" for name in printed]
    assert list(table["is_inactive"]) == is_inactive + [False] * 3


@pytest.mark.parametrize("is_middle", [False, True])
def test_read_2022_pdf(write_pdf, is_middle):
    """Agency, City and State, centered, level at the top or in the middle."""
    layout = build_2022(is_middle=is_middle, size=(612, 792), foot=760)
    reading = read_source(open_source(write_pdf("r.pdf", layout.finish(), layout.size)))
    report = reading.report
    assert report.form == "Agency Data Sharing Report, 2022 layout (Vigilant VehicleManager), text PDF"
    assert list_places(reading) == PLACES * 6 and report.columns_dropped == []
    assert [part["names"] for part in report.details["sections"].values()] == [39, 48, 3, 0]
    assert list_names(reading, "hot_lists_shared") == [name for name, _ in LISTS]
    assert set(reading.tables["sharing"]["as_of"]) == {"2022-09-22"}
    assert {warning.code for warning in report.warnings} == {"twice"} and not report.set_aside


@pytest.mark.parametrize("is_one", [False, True])
def test_split_glued_cells(write_pdf, is_one):
    """Cells without a space are split where each was drawn; drawn as one, at the one possible place, as told."""
    layout, name = build_2022(), "Riverside County Sheriffs Office (CA)"
    pages = layout.finish()
    for page in pages:
        for at, (_, y, text, size) in enumerate(page):
            if text == "Naples Police Department":
                # The agency fills its column up to the city, which begins without a space.
                page[at] = (300 - measure(name, size) + 4, y, name + is_one * "Riverside and more", size)
            elif text == "Napes":
                page[at] = (304.5, y, "" if is_one else "Riverside and more", size)
    reading = read_source(open_source(write_pdf("r.pdf", pages, layout.size)))
    assert list_places(reading).count((name, "Riverside and more", "FL")) == 6
    assert len(reading.report.details["rows_told"].get("split", [])) == 6 * is_one


# ------------------------------------------------------------------------------------- sections and pages


@pytest.mark.parametrize("at", range(20, 30))
def test_name_is_broken_by_a_page(at):
    """The rest of a name at the top of the next page belongs to the cell above it."""
    long = "South Carolina Law Enforcement Division of Special Operations and Investigations (SC)"
    names = list_numbered(60)
    both = "Winnebago County Sheriff of the Greater Area (Machesney Park Division)"
    for changed, name in (((2 * at,), long), ((2 * at + 1,), long), ((2 * at, 2 * at + 1), both)):
        broken = [name if n in changed else other for n, other in enumerate(names)]
        assert list_names(read_layout(lay_out(broken, may_split=True))) == broken
    rows = [(name, f"Place{n}", "CA") for n, name in enumerate(names[:40])]
    rows[at] = (long, "North Charleston", "SC")
    layout = lay_out(rows, RECEIVED, may_split=True, three=((60, 250), (260, 400), (410, 500)))
    assert list_places(read_layout(layout)) == rows


def test_heading_stands_at_the_bottom_of_a_page():
    """A heading whose sentence or names follow on the next page still opens its list."""
    for foot in range(500, 560, 6):
        layout = lay_out(NAMES, foot=foot)
        layout.add_section(RECEIVED, NAMES[::-1])
        reading = read_layout(layout)
        assert list_names(reading) == NAMES and list_names(reading, RECEIVED) == NAMES[::-1]


def test_sections_are_found_by_heading_or_sentence_alone():
    """A list without a heading, or without a sentence, is found; a repeated heading opens no second list."""
    layout = Layout()
    layout.add_section(SHARED, NAMES, heading=False)
    layout.add_section(RECEIVED, NAMES, sentence=False)
    layout.start_page()
    layout.add_section(RECEIVED, NAMES[:4], sentence=False)
    reading = read_layout(layout)
    assert list_names(reading) == NAMES and list_names(reading, RECEIVED) == NAMES + NAMES[:4]
    assert "no-list" in reading.report.list_codes()


@pytest.mark.parametrize("agency", ["Drug Enforcement Agency", LONG_AGENCY])
@pytest.mark.parametrize("words_n", [8, 5, 3])
def test_long_reporter_wraps_the_sentence(agency, words_n):
    """Wherever the agency's name breaks the sentence into lines, it is read whole, and its list is found."""
    text = f"The {agency} Agency is Sharing its Detection data with the following Agencies:"
    layout = Layout()
    layout.start_page()
    *start, last = text.rsplit(" ", words_n)[0], " ".join(text.split()[-words_n:])
    for line in (*start, last):
        layout.put(60, layout.y, line, 8.5)
        layout.y += 12
    layout.y += 20
    layout.add_section(SHARED, NAMES, heading=False, sentence=False)
    reading = read_layout(layout)
    assert list_names(reading) == NAMES
    assert set(reading.tables["sharing"]["reported_by"]) == {agency}


def test_what_stands_at_the_top():
    """Date and page number may stand there; what is above the first list is not repeated: it may be a person."""
    layout = build_2020()
    pages = [
        [(x, 60 if y == layout.size[1] - 12 else y, *rest) for x, y, *rest in page]
        for page in layout.finish()
    ]
    pages[0].append((60, 75, "Report By: Wilhelmina Quickenborne", 9))
    layout.finish = lambda: pages
    reading = read_layout(layout)
    assert list_names(reading) == NAMES * 5 and reading.report.span == {"sharing": ["2020-02-06"] * 2}
    assert [part.code for part in reading.report.set_aside] == ["before"]
    assert "Quickenborne" not in str(reading.report.to_dict())


def test_pool_at_the_foot():
    """A line `Shared NVLS` at the foot is a row for the vendor's pool, under detections shared, and noted."""
    layout = build_2020()
    layout.need(40)
    layout.put(67, layout.y + 10, "Shared NVLS")
    reading = read_layout(layout)
    assert list_names(reading)[-1] == "Shared NVLS"
    assert len(list_names(reading, "hot_lists_received")) == len(LISTS)
    assert len(reading.report.details["rows_told"]["pool"]) == 1


def test_hot_lists_in_one_cell():
    """Several hot lists of one agency stay one row; an entry that labels itself is read as well."""
    rows = [*LISTS, ("Chino Police Department", "Stolen"), ("", "Persons of Interest"), LISTS[0]]
    table = read_layout(lay_out(rows, "hot_lists_received")).tables["sharing"]
    assert list(table["hot_list"])[3:] == ["Stolen; Persons of Interest", "Haze Template"]
    layout = lay_out([], "hot_lists_received")
    layout.pages[-1] = [row for row in layout.pages[-1] if row[2] not in ("None", "Agency:", "Hot List(s):")]
    for agency, lists in LISTS:
        layout.put(67, layout.y, f"Agency: {agency}")
        layout.put(67, layout.y + 14, f"Hot List(s): {lists}")
        layout.y += 40
    table = read_layout(layout).tables["sharing"]
    assert list(zip(table["from_agency_as_printed"], table["hot_list"], strict=True)) == LISTS


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ([0, 2, 3], "pages-missing"),
        ([0, 1, 1, 2, 3], "pages-twice"),
        ([0, 2, 1, 3], "page-order"),
        ([0, 1, 2, 3], ""),
    ],
)
def test_missing_pages_are_told(chosen, code):
    """A page that is not in the file is a warning, and so is one that is there twice or out of order."""
    source = build_source(build_2020(foot=640))
    pages = source.cache["pages"]
    assert len(pages) == 4
    source.cache["pages"] = [replace(pages[at], number=n) for n, at in enumerate(chosen, 1)]
    codes = read(source).report.list_codes() & {"pages-missing", "pages-twice", "page-order"}
    assert codes == ({code} if code else set())


def test_duplicates_are_counted_and_told():
    """A name that is printed twice in one list is two rows and a warning; names are never merged."""
    reading = read_layout(lay_out([*NAMES, NAMES[3]]))
    assert Counter(list_names(reading))[NAMES[3]] == 2
    assert reading.report.details["rows_told"]["twice"] == [4, 14]


def test_what_only_the_person_knows():
    """A date or agency that the file lacks comes from the options; one that it has is kept, with a warning."""
    layout = Layout(created="")
    layout.add_section(SHARED, NAMES, sentence=False)
    layout.finish()
    layout.finish = lambda: layout.pages
    with pytest.raises(IngestError) as error:
        read_layout(layout)
    assert error.value.asks_for == ("reported_by",)
    given = {"reported_by": "Elsewhere PD", "as_of": "2021-05-06", "source_id": "my-file"}
    table = read_layout(layout, **given).tables["sharing"]
    assert {name: set(table[name]) for name in given} == {name: {value} for name, value in given.items()}
    reading = read_layout(build_2020(), **given)
    assert set(reading.tables["sharing"]["reported_by"]) == {AGENCY}
    assert {"other-agency", "other-date"} <= reading.report.list_codes()


def test_dates_print_the_month_first():
    """02-13-20 is a date, 13-02-20 is refused with the page, unless the person says that the day is first."""
    with pytest.raises(IngestError) as error:
        read_layout(build_2020(created="13-02-20"))
    assert error.value.code == "date" and "page 1" in error.value.place
    for created, options, day in (
        ("13-02-20", {"day_first": True}, "2020-02-13"),
        ("2-3-2024", {}, "2024-02-03"),
    ):
        reading = read_layout(build_2020(created=created), **options)
        assert reading.report.span == {"sharing": [day] * 2}


def test_other_pdfs_are_not_taken():
    """A PDF without the report's title and sentences is not recognized, however its words lie."""
    source = build_source(build_2020())
    edit_words(source, lambda words: [word for word in words if word.text not in ("Sharing", "following")])
    assert learn_sharing.recognize(source) is None


# ------------------------------------------------------------------------------------- glue, gaps, losses


def test_unsplittable_glue_is_set_aside():
    """Two cells run together without any sure place to part them are set aside, and nothing else is lost."""
    source = build_source(build_2022())
    city = next(word for page in source.cache["pages"] for word in page.words if word.text == "san")

    def glue(words):
        if city not in words:
            return words
        level = [word for word in words if word.text == "Department" and abs(word.top - city.top) < 2]
        agency = max(level, key=lambda word: word.x1)
        glued = replace(agency, text="departmentsan", x1=city.x1 - 2)
        return [*(word for word in words if word not in (agency, city)), glued]

    edit_words(source, glue)
    report = read(source).report
    assert [(part.code, part.rows_n) for part in report.set_aside] == [("glued", 1)]
    assert report.rows_out == len(NAMES) * 3 + len(PLACES) * 6 + len(LISTS) - 1


def test_a_lost_name_is_told():
    """Where one of two names in a row is gone, the other is kept and the gap is a warning."""
    names, lost = list_numbered(30), ("Place11 Police Department", "Place20 Police Department")
    layout = lay_out(names)
    layout.pages = [[row for row in page if row[2] not in lost] for page in layout.pages]
    reading = read_layout(layout)
    assert list_names(reading) == [name for name in names if name not in lost]
    assert len(reading.report.details["rows_told"]["alone"]) == 2


def test_table_without_space_between_rows():
    """Rows as close as lines are told apart: by states in three columns, by what had no room in two."""
    for is_middle in (False, True):
        layout = build_2022(pad=0.0, pitch=12.0, is_middle=is_middle)
        assert list_places(read_layout(layout)) == PLACES * 6
    names = list_numbered(40)
    names[7] = names[12] = "Winnebago County Sheriff (Machesney Park Division)"
    layout = lay_out(names, pad=0.0, pitch=12.0, two=((67, 250), (260, 440)))
    assert list_names(read_layout(layout)) == names


def test_heads_of_columns_are_lost():
    """Three columns are found without their heads, as states stand alone at the end of most lines."""
    layout = build_2022()
    heads = ("Agency", "City", "State")
    layout.pages = [[row for row in page if row[2] not in heads or row[3] != 11] for page in layout.pages]
    assert list_places(read_layout(layout)) == PLACES * 6


def test_unknown_columns_are_refused():
    """Columns that no known layout has are refused; two names run together in one column are told."""
    layout = lay_out(NAMES, RECEIVED)
    layout.put(67, layout.y, "Agency City State Type")
    with pytest.raises(IngestError) as error:
        read_layout(layout)
    assert error.value.code == "columns" and error.value.place == "page 1"
    layout = lay_out([])
    layout.pages[-1] = [row for row in layout.pages[-1] if row[2] != "None"]
    for name in NAMES:
        layout.add_row([f"{name} {name[::-1]}"], ((67, 580),))
    assert "one-column" in read_layout(layout).report.list_codes()


def test_names_like_a_footer():
    """`DuPage SO (FL)` at the top or bottom of a page is a name, though it reads like a page number."""
    for n in range(24, 30):
        names = [*list_numbered(2 * n), "DuPage SO (FL)", "DuPage SO (FL)", "Last Police Department"]
        assert list_names(read_layout(lay_out(names, foot=805))) == names


# ------------------------------------------------------------------------------------- scans


def scan(seed: int, tilt: float = 0.004):
    """Move words as a scanner and its OCR do: pages lie askew and shifted, boxes are uneven."""
    chance = random.Random(seed)
    offsets = {}

    def shift(page: int, word: Word) -> Word:
        moved = (chance.uniform(-4, 4), chance.uniform(-3, 3), chance.uniform(-tilt, tilt))
        dx, dy, angle = offsets.setdefault(page, moved)
        down = dy + angle * word.x0 + chance.uniform(-0.4, 0.4)
        side = dx - angle * word.top + chance.uniform(-0.8, 0.8)
        top, bottom = word.top + down, word.bottom + down + chance.uniform(0, 0.6)
        return Word(word.text, word.x0 + side, word.x1 + side, top, bottom)

    return shift


@pytest.mark.parametrize("seed", range(3))
def test_scan_reads_as_the_print(seed):
    """A page that was scanned askew gives the same names as its print, in two and in three columns."""
    reading = read_layout(build_2020(), scan(seed))
    assert "scan with an OCR layer" in reading.report.form
    assert list_names(reading) == NAMES * 5
    assert list_names(reading, "hot_lists_received") == [name for name, _ in LISTS]
    assert list_places(read_layout(build_2022(), scan(seed))) == PLACES * 6


def test_ocr_noise_and_slips():
    """What OCR made of the logo is set aside; misread names are kept as they are, and listed."""
    slips = {
        "CBP - NTC": "CEP - NTC", "Athens-Clarke Police Department": "Athens-Clarke Potice Department",
        "McEwen Police Department": "McEwen PoliceDepartment",
        "Riverside County District Attorneys Office (CA)": "Riverside County District Attorneys Office (CP)",
    }  # fmt: skip
    layout = lay_out([slips.get(name, name) for name in NAMES])
    layout.add_section(RECEIVED, NAMES)
    layout.pages[0] += [(47, 44, "LEA.J", 30), (190, 42, "I", 12), (420, 40, "\\", 20)]
    pages = layout.finish()
    pages[0][-1] = (*pages[0][-1][:2], "Page 1 ofl", 9)
    layout.finish = lambda: pages
    reading = read_layout(layout, scan(5, 0.001))
    report = reading.report
    assert list_names(reading) == [slips.get(name, name) for name in NAMES]
    assert {part.code for part in report.set_aside} == {"noise"} and "LEA.J" not in str(report.to_dict())
    told = {text: (page, row) for page, row, text, _ in report.details["slips"]}
    assert set(slips.values()) <= set(told) and not set(told) & (set(NAMES) - set(slips))
    assert told["CEP - NTC"] == (1, 4) and "slips" in report.list_codes()
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
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


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
ANY_CITY = st.one_of(
    st.just("N/A"), st.lists(WORDS, min_size=1, max_size=3).map(" ".join), WORDS.map(str.upper), WORDS
)
ANY_PLACE = st.tuples(ANY_NAME, ANY_CITY, st.sampled_from(["CA", "TX", "N/A", "NY"]))
LOOKS = st.fixed_dictionaries(
    {
        "size": st.sampled_from([(595, 842), (612, 792)]),
        "font": st.sampled_from([8.0, 9.5, 10.0]),
        "pitch": st.sampled_from([13.0, 15.0, 16.5]),
        "pad": st.sampled_from([6.0, 9.0, 11.0]),
        "foot": st.sampled_from([400, 600, 740]),
        "is_middle": st.booleans(),
    }
)


@QUICK
@given(
    st.lists(ANY_NAME, min_size=6, max_size=80), st.lists(ANY_PLACE, min_size=4, max_size=60), LOOKS,
    st.integers(0, 20), st.integers(0, 40),
)  # fmt: skip
def test_any_names(shared, received, looks, left, wider):
    """Whatever the names, fonts, margins and page breaks, exactly the names that were printed are read."""
    three = ((40, 260 + wider), (270 + wider, 410 + wider), (420 + wider, 500 + wider))
    layout = lay_out(shared, two=((40 + left, 290), (300 + left, 570)), three=three, **looks)
    layout.add_section(RECEIVED, received)
    layout.add_section("hot_lists_shared", [(name, f"LEARN_{name}") for name in shared[:9]])
    layout.add_section("hot_lists_received", [])
    reading = read_layout(layout)
    assert list_names(reading) == shared and list_places(reading) == received
    assert list_names(reading, "hot_lists_shared") == shared[:9]
    assert reading.report.rows_out == reading.report.rows_in == len(shared + received) + min(9, len(shared))


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
    ]
)
BOX = st.tuples(TEXTS, st.floats(0, 600), st.floats(60, 790), st.floats(1, 200), st.floats(0, 40))


@QUICK
@given(st.lists(BOX, max_size=60))
def test_any_boxes_are_read_or_refused(boxes):
    """Words anywhere on a page are read or refused with an `IngestError`; no row is lost."""
    source = build_source(lay_out(NAMES[:4]))
    more = [Word(text, x, x + width, top, top + height) for text, x, top, width, height in boxes]
    edit_words(source, lambda words: [*words, *more])
    try:
        read(source).report.check()
    except IngestError as error:
        assert error.place and error.way_out


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
        "agency": st.sampled_from([AGENCY, LONG_AGENCY]),
        "foot": st.sampled_from([500, 740]),
    }
)
INK_NAMES = st.sampled_from([*NAMES, "DuPage SO (FL)", "Prince George's County Sheriff's Office"])


@settings(QUICK, max_examples=12)
@given(
    INKS, FORMS, st.integers(0, 30), st.lists(INK_NAMES, min_size=12, max_size=40),
    st.lists(st.sampled_from(PLACES), min_size=8, max_size=30),
)  # fmt: skip
def test_any_ink(tmp_path, ink, form, wider, names, places):
    """Whatever program writes the page, in whichever order, turned, flipped or bold, the names are the same."""
    columns = {"two": ((40, 300), (312, 590)), "three": ((40, 270 + wider), (276 + wider, 440), (446, 520))}
    layout = lay_out(names, size=(612, 792), pitch=14.5, pad=9.0, **columns, **form)
    layout.add_section(RECEIVED, places)
    layout.add_section("hot_lists_shared", LISTS)
    layout.add_section("hot_lists_received", [])
    reading = read(open_drawn(write_ink(PdfWriter(), layout, tmp_path / "r.pdf", ink)))
    assert list_names(reading) == names and list_places(reading) == places
    assert list_names(reading, "hot_lists_shared") == [name for name, _ in LISTS]
    assert set(reading.tables["sharing"]["reported_by"]) == {layout.agency} and not reading.report.set_aside


def test_hidden_text_is_no_name(tmp_path):
    """Text without ink, white, below a box, askew or off the page is set aside, and not repeated."""
    drawn = [
        "BT /F1 10 Tf 3 Tr 67 400 Td (Inkless Police Department) Tj ET 0 Tr",
        "1 g BT /F1 10 Tf 67 370 Td (White Police Department) Tj ET 0 g",
        "BT /F1 10 Tf 67 340 Td (Covered Police Department) Tj ET 0 0 0 rg 60 335 200 16 re f",
        "BT /F1 30 Tf 0.7 0.7 -0.7 0.7 200 300 Tm (COPY) Tj ET",
        "BT /F1 10 Tf 67 -40 Td (Outside Police Department) Tj ET",
        "0 0.2 0.5 rg 60 300 200 20 re f 1 g BT /F1 10 Tf 67 306 Td (Seen Police Department) Tj ET 0 g",
    ]
    source = open_drawn(write_ink(PdfWriter(), lay_out(NAMES), tmp_path / "r.pdf", Ink(), extra=drawn))
    reading = read(source)
    assert list_names(reading) == [*NAMES, "Seen Police Department"]
    kinds = [kind for page in source.cache["pages"] for kind in page.unseen]
    assert sorted(kinds) == ["askew", "covered", "inkless", "outside", "white"]
    assert [part.place for part in reading.report.set_aside] == ["page 1"] * 5
    shown = str(reading.report.to_dict())
    assert not any(word in shown for word in ("Inkless", "Covered", "COPY", "Outside"))


def test_letters_as_they_print(tmp_path):
    """Ligatures, hyphens and spaces are read as they print; a letter that no font explains is set aside."""
    signs = ["\ufb01", "\xad", "\u2011", "\u200b", "\u202e", "\uf0b7", "\u2019"]
    assert list(map(clean, signs)) == ["fi", "-", "-", "", "", "\ufffd", "\u2019"]
    names = ["Alpha\xa0Police Department", "Beta\u2019s Police Department", *NAMES]
    source = open_drawn(write_ink(PdfWriter(), lay_out(names), tmp_path / "r.pdf", Ink()))
    assert list_names(read(source)) == [names[0].replace("\xa0", " "), *names[1:]]
    source = build_source(lay_out(NAMES))
    lost = {"Athens-Clarke": "\ufffdurora"}
    edit_words(source, lambda words: [replace(word, text=lost.get(word.text, word.text)) for word in words])
    reading = read(source)
    assert [part.code for part in reading.report.set_aside] == ["unreadable"]
    assert len(list_names(reading)) == len(NAMES) - 1


# ------------------------------------------------------------------------------------- real reports


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
    shared, received = list_names(reading), list_names(reading, RECEIVED)
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
