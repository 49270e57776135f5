"""The reader of Vigilant's sharing reports: pages are laid out as the vendor does, in all its layouts."""

import hashlib
import random
from dataclasses import replace

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from made.learn_pages import Layout, measure
from made.pdf import write_pdf
from made.reports import LISTS, NAMES, PLACES, build_2020, build_2022, build_source, split_words
from made.tables import list_names
from sidedoor.ingest import learn_sharing
from sidedoor.ingest._pdf_child import clean
from sidedoor.ingest.files import read_source
from sidedoor.ingest.pdf import Word
from sidedoor.ingest.source import ReadOptions, open_source

SHARED, RECEIVED = "detections_shared", "detections_received"
LONG_AGENCY = "Office of the Attorney General of the State of Elsewhere and Bureau of Enforcement (NY)"
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


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


def print_layout(path, layout: Layout, **options):
    """Write a layout as PDF."""
    return write_pdf(path, layout.finish(), layout.size, **options)


def list_numbered(count: int) -> list[str]:
    """List so many names that are alike."""
    return [f"Place{n} Police Department" for n in range(count)]


def edit_words(source, change) -> None:
    """Change the words of a source, page by page."""
    pages = source.cache["pages"]
    source.cache["pages"] = [replace(page, words=tuple(change(page.words))) for page in pages]


def refuse(layout: Layout, **options) -> IngestError:
    """Read a layout that has to be refused, and give the error."""
    with pytest.raises(IngestError) as error:
        read_layout(layout, **options)
    return error.value


# ------------------------------------------------------------------------------------- whole PDFs


def test_read_2020_pdf(tmp_path):
    """Every name once, in order, with its section, page, date and the direction of its arrow."""
    layout = build_2020()
    reading = read_source(open_source(print_layout(tmp_path / "anything.bin", layout)))
    report, table = reading.report, reading.tables["sharing"]
    assert report.form == "Agency Data Sharing Report, 2020 layout (LEARN), text PDF"
    assert list_names(reading) == NAMES * 5
    assert list_names(reading, RECEIVED) == NAMES[::-1] * 3 + ["Yuma County Sheriffs Office (AZ)"]
    assert list_names(reading, "hot_lists_received") == [name for name, _ in LISTS]
    assert report.rows_in == report.rows_out == 65 + 40 + 3 and not report.set_aside
    assert list(table["row_no"]) == list(range(1, 109)) and set(table["as_of"]) == {"2020-02-06"}
    shared, hot = (table[table["section"] == name] for name in (SHARED, "hot_lists_received"))
    assert set(shared["from_agency_as_printed"]) == set(table["reported_by"]) == {Layout.agency}
    assert set(shared["shares"]) == {"detections"} and set(hot["shares"]) == {"hot_list"}
    assert set(hot["to_agency_as_printed"]) == {Layout.agency}
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


def test_read_2022_pdf(tmp_path):
    """Agency, City and State, centered; rows are level at the top, and refused if they are in the middle."""
    layout = build_2022(size=(612, 792), foot=760)
    reading = read_source(open_source(print_layout(tmp_path / "r.pdf", layout)))
    report = reading.report
    assert report.form == "Agency Data Sharing Report, 2022 layout (Vigilant VehicleManager), text PDF"
    assert list_places(reading) == PLACES * 6 and report.columns_dropped == []
    assert [part["names"] for part in report.details["sections"].values()] == [39, 48, 3, 0]
    assert list_names(reading, "hot_lists_shared") == [name for name, _ in LISTS]
    assert set(reading.tables["sharing"]["as_of"]) == {"2022-09-22"}
    assert {warning.code for warning in report.warnings} == {"twice"} and not report.set_aside
    assert refuse(build_2022(is_middle=True)).code == "columns"


@pytest.mark.parametrize(
    ("way", "face"), [("shuffled", "Helvetica"), ("twice", "Times-Roman"), ("turned", "Helvetica-Bold")]
)
def test_ways_of_drawing(tmp_path, way, face):
    """Whatever program writes the page, in whichever order, turned or bold, the names are the same."""
    more = {"is_two_centered": True, "has_heads": True, "agency": LONG_AGENCY, "font": 9.5, "face": face}
    layout = build_2022(size=(612, 792), foot=740, **more)
    pages = layout.finish()
    if way == "shuffled":
        pages = [random.Random(1).sample(page, len(page)) for page in pages]
        pages = [split_words(layout, page) for page in pages]
    elif way == "twice":
        pages = [[*page, *((x + 0.3, *rest) for x, *rest in page)] for page in pages]
    path = write_pdf(tmp_path / "r.pdf", pages, layout.size, font=f"/{face}")
    if way == "turned":
        book = pypdf.PdfWriter(clone_from=path)
        for page in book.pages:
            page.rotate(90).transfer_rotation_to_content()
            page.rotate(270)
        book.write(path)
    reading = read(open_source(path))
    assert list_names(reading) == NAMES * 3 and list_places(reading) == PLACES * 6
    assert list_names(reading, "hot_lists_shared") == [name for name, _ in LISTS]
    assert set(reading.tables["sharing"]["reported_by"]) == {LONG_AGENCY} and not reading.report.set_aside


def test_hidden_text_is_no_name(tmp_path):
    """Text without ink, white, below a box, askew or off the page is told, and not repeated."""
    drawn = [
        "BT /F1 10 Tf 3 Tr 67 400 Td (Inkless Police Department) Tj ET 0 Tr",
        "1 g BT /F1 10 Tf 67 370 Td (White Police Department) Tj ET 0 g",
        "BT /F1 10 Tf 67 340 Td (Covered Police Department) Tj ET 0 0 0 rg 60 335 200 16 re f",
        "BT /F1 30 Tf 0.7 0.7 -0.7 0.7 200 300 Tm (COPY) Tj ET",
        "BT /F1 10 Tf 67 -40 Td (Outside Police Department) Tj ET",
        "0 0.2 0.5 rg 60 300 200 20 re f 1 g BT /F1 10 Tf 67 306 Td (Seen Police Department) Tj ET 0 g",
    ]
    reading = read(open_source(print_layout(tmp_path / "r.pdf", lay_out(NAMES), extra=drawn)))
    assert list_names(reading) == [*NAMES, "Seen Police Department"]
    kinds = {f"unseen-{kind}" for kind in ("askew", "covered", "inkless", "outside", "white")}
    assert kinds <= reading.report.list_codes()
    shown = str(reading.report.to_dict())
    assert not any(word in shown for word in ("Inkless", "Covered", "COPY", "Outside"))


def test_letters_as_they_print(tmp_path):
    """Odd spaces, hyphens and quotes are read as they print; a letter that no font explains is set aside."""
    signs = ["\ufb01", "\xad", "\u2011", "\u200b", "\u202e", "\uf0b7", "\u2019"]
    assert list(map(clean, signs)) == ["fi", "-", "-", "", "", "\ufffd", "\u2019"]
    names = ["Alpha\xa0Police Department", "Beta\u2019s Police Department", *NAMES]
    font = "/Helvetica /Encoding /WinAnsiEncoding"
    reading = read(open_source(print_layout(tmp_path / "r.pdf", lay_out(names), font=font)))
    assert list_names(reading) == ["Alpha Police Department", names[1], *NAMES]
    source = build_source(lay_out(NAMES))
    lost = {"Athens-Clarke": "\ufffdurora"}
    edit_words(source, lambda words: [replace(word, text=lost.get(word.text, word.text)) for word in words])
    reading = read(source)
    assert [part.code for part in reading.report.set_aside] == ["unreadable"]
    assert len(list_names(reading)) == len(NAMES) - 1


# ------------------------------------------------------------------------------------- sections and pages


@pytest.mark.parametrize("foot", range(500, 560, 12))
def test_pages_break_anywhere(foot):
    """A name broken by a page is one, and a heading at the bottom opens the list on the next page."""
    names = list_numbered(40)
    names[5::3] = ["Winnebago County Sheriff (Machesney Park Division)"] * len(names[5::3])
    layout = lay_out(names, foot=foot, may_split=True)
    layout.add_section(RECEIVED, NAMES[::-1])
    reading = read_layout(layout)
    assert list_names(reading) == names and list_names(reading, RECEIVED) == NAMES[::-1]
    rows = PLACES * 5
    layout = lay_out(rows, RECEIVED, foot=foot, may_split=True, three=((60, 250), (260, 400), (410, 500)))
    assert list_places(read_layout(layout)) == rows


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


@pytest.mark.parametrize(
    ("agency", "words_n"), [("Drug Enforcement Agency", 5), (LONG_AGENCY, 8), (LONG_AGENCY, 3)]
)
def test_long_reporter_wraps_the_sentence(agency, words_n):
    """Wherever the agency's name breaks the sentence into lines, it is read whole, and its list is found."""
    text = f"The {agency} Agency is Sharing its Detection data with the following Agencies:"
    layout = Layout()
    layout.start_page()
    for line in (text.rsplit(" ", words_n)[0], " ".join(text.split()[-words_n:])):
        layout.put(60, layout.y, line, 8.5)
        layout.y += 12
    layout.y += 20
    layout.add_section(SHARED, NAMES, heading=False, sentence=False)
    reading = read_layout(layout)
    assert list_names(reading) == NAMES
    assert set(reading.tables["sharing"]["reported_by"]) == {agency}


def test_what_stands_at_the_top():
    """Date and page number may stand there; what else is above the first list, a person, is not repeated."""
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


def test_report_that_begins_inside_a_list():
    """The list is asked for; with it, the names above the first heading are read, also without heads."""
    layout = build_2022()
    heads, start = ("Agency", "City", "State"), layout.pages[2]
    layout.pages = [[row for row in page if row[2] not in heads or row[3] != 11] for page in layout.pages[2:]]
    count = sum(text.endswith(("CA", "FL", "N/A", "TX", "DC")) and x > 440 for x, _, text, _ in start)
    source = build_source(layout)
    with pytest.raises(IngestError) as error:
        read(source)
    assert error.value.asks_for == ("section",)
    rows = list_places(read(source, section=RECEIVED))
    assert count > 10 and len(rows) >= count and set(rows) == set(PLACES)


def test_pool_at_the_foot():
    """A line `Shared NVLS` at the foot is a row for the vendor's pool, under detections shared, and noted."""
    layout = build_2020()
    layout.need(40)
    layout.put(67, layout.y + 10, "Shared NVLS")
    reading = read_layout(layout)
    assert list_names(reading)[-1] == "Shared NVLS"
    assert len(list_names(reading, "hot_lists_received")) == len(LISTS)
    assert len(reading.report.details["rows_told"]["pool"]) == 1


def test_hot_lists():
    """A list without an agency beside it is set aside; entries that label themselves are refused."""
    rows = [*LISTS, ("Chino Police Department", "Stolen"), ("", "Persons of Interest"), LISTS[0]]
    reading = read_layout(lay_out(rows, "hot_lists_received"))
    assert list(reading.tables["sharing"]["hot_list"])[3:] == ["Stolen", "Haze Template"]
    assert [part.code for part in reading.report.set_aside] == ["no-agency"]
    layout = lay_out(LISTS, "hot_lists_received")
    layout.put(67, layout.y + 20, "Agency: Chino Police Department")
    assert refuse(layout).code == "columns"


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


def test_pages_of_another_report():
    """Pages of a Dashboard report in the same file are told, and none of their lines is a name."""
    layout = lay_out(NAMES)
    layout.title = ("Dashboard Detection Report",)
    layout.start_page()
    layout.put(60, 300, "1 My Agency 1,024,915")
    reading = read_layout(layout)
    assert list_names(reading) == NAMES and "dashboard" in reading.report.list_codes()


def test_what_only_the_person_knows():
    """A date or agency that the file lacks is taken from the options; its own is kept, with a warning."""
    layout = Layout(created="")
    layout.add_section(SHARED, NAMES, sentence=False)
    layout.finish()
    layout.finish = lambda: layout.pages
    assert refuse(layout).asks_for == ("reported_by",)
    given = {"reported_by": "Elsewhere PD", "as_of": "2021-05-06", "source_id": "my-file"}
    table = read_layout(layout, **given).tables["sharing"]
    assert {name: set(table[name]) for name in given} == {name: {value} for name, value in given.items()}
    reading = read_layout(build_2020(), **given)
    assert set(reading.tables["sharing"]["reported_by"]) == {Layout.agency}
    assert {"other-agency", "other-date"} <= reading.report.list_codes()


def test_dates_print_the_month_first():
    """02-13-20 is a date, 13-02-20 is refused with the page, unless the person says that the day is first."""
    error = refuse(lay_out(NAMES, created="13-02-20"))
    assert error.code == "date" and "page 1" in error.place
    for created, day_first, day in (("13-02-20", True, "2020-02-13"), ("2-3-2024", None, "2024-02-03")):
        reading = read_layout(lay_out(NAMES, created=created), day_first=day_first)
        assert reading.report.span == {"sharing": [day] * 2}


# ------------------------------------------------------------------------------------- glue, gaps, losses


@pytest.mark.parametrize(("text", "is_split"), [("(CA)Riverside", True), ("(CA)SomeWhere", False)])
def test_glued_cells(text, is_split):
    """Cells without a space part at the one possible place; else they are set aside, and nothing is lost."""
    layout = build_2022()
    name = "Riverside County Sheriffs Office"
    x = 305 - measure(text, 10) * (4 / len(text) if is_split else 0.5)
    for page in layout.pages:
        for at, (_, y, shown, size) in enumerate(page):
            if shown == "Naples Police Department":
                page[at] = (x - measure(f"{name} ", size), y, f"{name} {text}", size)
        page[:] = [row for row in page if row[2] != "Napes"]
    reading = read_layout(layout)
    aside = [(part.code, part.rows_n) for part in reading.report.set_aside]
    if is_split:
        assert not aside and list_places(reading).count((f"{name} (CA)", "Riverside", "FL")) == 6
    else:
        assert aside == [("glued", 1)] * 6 and len(list_places(reading)) == 6 * (len(PLACES) - 1)


def test_lost_and_doubled_names_are_told():
    """A lone name and one printed twice are rows, and told; names without a state between them are none."""
    names, lost = [*list_numbered(30), "Place3 Police Department"], ("Place11 Police Department",)
    layout = lay_out(names)
    layout.pages = [[row for row in page if row[2] not in lost] for page in layout.pages]
    reading = read_layout(layout)
    assert list_names(reading) == [name for name in names if name not in lost]
    told = reading.report.details["rows_told"]
    assert told["alone"] == [11] and told["twice"] == [4, 30]
    assert {"alone", "twice"} <= reading.report.list_codes()
    layout = build_2022()
    page = next(page for page in layout.pages if any(row[2] == "FL" for row in page))
    page.remove(next(row for row in page if row[2] == "FL"))
    reading = read_layout(layout)
    assert [(part.code, part.rows_n) for part in reading.report.set_aside] == [("no-state", 2)]
    assert len(list_places(reading)) == 6 * len(PLACES) - 2


def test_rows_as_close_as_lines():
    """They are told apart by states in three columns, and refused in two."""
    layout = Layout(three=((60, 300), (310, 430), (440, 530)), pad=0.0, pitch=12.0)
    layout.add_section(RECEIVED, PLACES * 6)
    assert list_places(read_layout(layout)) == PLACES * 6
    assert refuse(lay_out(list_numbered(40), pad=0.0, pitch=14.0)).code == "close-rows"


def test_unknown_columns_are_refused():
    """Columns that no known layout has are refused; two names run together in one column are told."""
    layout = lay_out(NAMES, RECEIVED)
    layout.put(67, layout.y, "Agency City State Type")
    error = refuse(layout)
    assert error.code == "columns" and error.place == "page 1"
    layout = lay_out([])
    for name in NAMES * 2:
        for at in range(4):
            layout.put(20 + 140 * at, layout.y, f"{name[:10]} PD")
        layout.y += 24
    assert refuse(layout).code == "columns"
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
    reading = read_layout(build_2020(), scan(seed, 0.01))
    assert "scan with an OCR layer" in reading.report.form
    assert list_names(reading) == NAMES * 5
    assert list_names(reading, "hot_lists_received") == [name for name, _ in LISTS]
    assert set(reading.tables["sharing"]["doubt"]) == {"ocr"}
    assert list_places(read_layout(build_2022(), scan(seed, 0.01))) == PLACES * 6


def test_states_that_ocr_lost():
    """A column of cities is no column of names, though OCR lost the states beside most of them."""
    layout = lay_out(PLACES[:7] * 6, RECEIVED, three=((60, 300), (310, 430), (440, 530)))
    layout.pages = [
        [row for row in page if row[0] < 440 or row[2] in ("N/A", "State")] for page in layout.pages
    ]
    rows = list_places(read_layout(layout, scan(1)))
    assert [row[:2] for row in rows] == [row[:2] for row in PLACES[:7]] * 6
    assert {state for _, city, state in rows if city == "N/A"} == {"N/A"}


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
    assert {part.code for part in report.set_aside} == {"margin"} and "LEA.J" not in str(report.to_dict())
    told = {text: (page, row) for page, row, text, _ in report.details["slips"]}
    assert set(slips.values()) <= set(told) and not set(told) & (set(NAMES) - set(slips))
    assert told["CEP - NTC"] == (1, 4) and "slips" in report.list_codes()
    assert "pages-missing" not in report.list_codes()


# ------------------------------------------------------------------------------------- any names

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=11).map(str.title)
# with a role no name is one of those to which the form gives a meaning, such as `None` and `NVLS`
ROLES = st.sampled_from(["Police Department", "County Sheriffs Office", "PD", "Department of Public Safety"])
STATES = st.sampled_from(["", "", " (CA)", " (TX)", " CA", " (Machesney Park Division)"])
ANY_NAME = st.sampled_from(NAMES) | st.builds(
    "{}{} {}{}".format,
    st.sampled_from(["", "", "Inactive ", "DHS - ", "100th ", "Mc"]),
    st.lists(WORDS, min_size=1, max_size=5).map(" ".join),
    ROLES,
    STATES,
)
ANY_CITY = st.one_of(st.just("N/A"), st.lists(WORDS, min_size=1, max_size=3).map(" ".join))
ANY_PLACE = st.tuples(ANY_NAME, ANY_CITY, st.sampled_from(["CA", "TX", "N/A", "NY"]))
LOOKS = st.fixed_dictionaries(
    {
        "size": st.sampled_from([(595, 842), (612, 792)]),
        "font": st.sampled_from([9.5, 10.0]),
        "pitch": st.sampled_from([13.0, 15.0, 16.5]),
        "pad": st.sampled_from([6.0, 9.0, 11.0]),
        "foot": st.sampled_from([400, 600, 740]),
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
    "Agency: (CA) None Hot List(s): The \\ a)b NVLS N/A Detections Shared \xa0".split(" ")
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


# ------------------------------------------------------------------------------------- real reports


def hash_names(names: list[str]) -> str:
    """Hash a list of names: they are compared exactly, and not copied from the record."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def test_real_text_report(mirror):
    """Orange County's report of 2020, 14 pages: 295 agencies shared with, 311 received from.

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
    assert list_names(reading, "hot_lists_shared") == []
    assert len(list_names(reading, "hot_lists_received")) == 29
    assert reading.report.details["agency"] == "Orange County Sheriffs Department"
    assert len(reading.report.details["pages"]) == 14
    assert reading.report.warnings == [] and not reading.report.set_aside
    assert reading.report.span == {"sharing": ["2020-02-06"] * 2}


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("ocsd_2022-11-18_data_sharing", [287, 466, 0, 38]),
        ("ocsd_2025-03-11_data_sharing", [149, 138, 0, 19]),
        ("irvine_2020-03-02_data_sharing_scan", [342, 310, 60, 28]),
    ],
)
def test_counts_of_real_reports(mirror, name, counts):
    """The lists of three more reports have as many names as were counted on their pages.

    Irvine's is a scan. On its rendered pages each cell was boxed as it was read: no name is without a box on
    any of the 17, and all rows of both lists are full: 24 + 5 x 27 + 12 rows of two, and 11 + 27 + 4 x 25 +
    17. Slips that can be seen on its pages are told.
    """
    report = read_source(open_source(mirror / "learn" / f"{name}.pdf")).report
    assert [part["names"] for part in report.details["sections"].values()] == counts
    assert not report.list_codes() & {"pages-missing", "alone", "no-place"}
    told = {(page, text) for page, _, text, _ in report.details.get("slips", [])}
    seen = {
        (1, "Caidwell Police Department (NJ)"), (2, "CEP - NTC"),
        (2, "Drug Enforcement Agency (NAIL)"), (3, "Fayeffeville Police Department"),
        (4, "Mann County Sheriffs Office"),
        (4, "Livingston County Sheriffs Office (Ml)"), (7, "Westminster Potice Department"),
        (9, "Corner Police Department"), (11, "Jefferson CO TXSO"), (14, "China Police Department")
    }  # fmt: skip
    if "scan" in name:
        # the scanner laid its pages on the side
        assert seen <= told and len(told) < 35 and len(report.details["pages"]) == 17
    else:
        assert not told
