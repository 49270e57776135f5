"""Hostile files, each with its outcome: the corpus that broke other readers.

The bombs are made here and are as large as it takes for a limit to trip, not larger. Every case runs under
1 GiB and 24 s of processor time, far more than it needs on a loaded machine.
"""

import gzip
import pickle
import zlib

import pypdf
import pytest

from helpers.errors import IngestError
from made.refusal import refused
from made.tables import SHEET, SHEET_PART, write_parts
from sidedoor.ingest import inspect_file
from sidedoor.ingest.pdf import read_pages
from sidedoor.ingest.source import FileLimits, open_source
from sidedoor.ingest.xlsx import read_workbook
from sidedoor.sandbox import Limits

LIMITS = FileLimits(sandbox=Limits(memory_bytes=1 << 30, cpu_seconds=24, wall_seconds=240))


def refuse(read, path, *codes: str, said: str = "") -> IngestError:
    """Read a file that has to be refused, and give the error; `said` is for errors that carry no code."""
    with pytest.raises(IngestError) as caught:
        read(open_source(path, LIMITS))
    error = caught.value
    assert error.code in codes if codes else said in error.found, f"{error.code}: {error}"
    assert error.way_out and error.place.startswith(path.name)
    return error


def end_or_refuse(path) -> None:
    """Read a file that may be readable: what counts is that it ends, and in nothing but our own error."""
    try:
        read_pages(open_source(path, LIMITS))
    except IngestError as error:
        assert error.way_out


# --- T4: PDF


@pytest.fixture
def write(tmp_path, pdf_writer):
    """Write the PDF that the writer holds, with one page of these contents, or from its own root."""

    def finish(content: bytes | int = b"", resources: str = "", root: int = 0, trailer: str = ""):
        if isinstance(content, bytes):
            content = 0 if root else pdf_writer.add_stream(content)
        root = root or pdf_writer.add_pages([content], resources)
        path = tmp_path / "evil.pdf"
        path.write_bytes(pdf_writer.build(root, trailer))
        return path

    return finish


def show(text: str, font: str = "F1") -> bytes:
    return f"BT /{font} 10 Tf 50 700 Td ({text}) Tj ET ".encode()


FORM = "/Type /XObject /Subtype /Form /BBox [0 0 612 792]"


def name_form(number: int) -> str:
    return f"/XObject << /X0 {number} 0 R >>"


@pytest.mark.parametrize("is_nested", [False, True])
def test_deflate_bombs(pdf_writer, write, is_nested):
    """Page content of 130 KB that unpacks to 128 MiB, or of 1 KB deflated twice, is refused before the
    parser.
    """
    packer, part = zlib.compressobj(9), b" " * (1 << 20)
    packed = b"".join(packer.compress(part) for _ in range(128)) + packer.flush()
    filters = "/FlateDecode"
    if is_nested:
        packed, filters = zlib.compress(packed, 9), "[/FlateDecode /FlateDecode]"
    path = write(pdf_writer.add_stream(packed, f"/Filter {filters}", packed=False))
    assert path.stat().st_size < (10_000 if is_nested else 200_000)
    refuse(read_pages, path, said="unpacks")


def test_twenty_thousand_ruling_lines(write):
    """Lines drawn on a page cost nothing: its words are read."""
    lines = b"\n".join(b"0 %d m 600 %d l S" % (y % 792, y % 792) for y in range(20_000))
    pages = read_pages(open_source(write(lines + b" " + show("Chino Police")), LIMITS))
    assert [word.text for word in pages[0].words] == ["Chino", "Police"]


@pytest.mark.parametrize(("times", "said"), [(2, "only 1"), (20_000, "")])
def test_page_named_many_times(pdf_writer, write, times, said):
    """A page that the tree names twice is not passed over, and 20,000 times is too many."""
    pdf_writer.add_pages([pdf_writer.add_stream(show("again"))])
    tree = pdf_writer.add(f"<< /Type /Pages /Count {times} /Kids [" + "2 0 R " * times + "] >>")
    root = pdf_writer.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")
    refuse(read_pages, write(root=root), said=said)


def test_loops_end(pdf_writer, write):
    """A page tree that holds itself, a cross-reference table before itself, a figure that draws itself."""
    pdf_writer.add("<< /Type /Pages /Count 1 /Kids [1 0 R] >>")
    end_or_refuse(write(root=pdf_writer.add("<< /Type /Catalog /Pages 1 0 R >>")))
    form = pdf_writer.add_stream(b"", "")
    pdf_writer.objects.pop()
    pdf_writer.add_stream(show("x") + b"/X0 Do", f"{FORM} /Resources << {name_form(form)} >>")
    path = write(b"/X0 Do " + show("here"), name_form(form))
    end_or_refuse(path)
    data = path.read_bytes()
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    path.write_bytes(data.replace(b"/Root", b"/Prev %d /Root" % start))
    end_or_refuse(path)


def test_deep_arrays(pdf_writer, write):
    """Arrays nested 100,000 deep end."""
    deep = pdf_writer.add("[" * 100_000 + "]" * 100_000)
    end_or_refuse(write(show("deep"), f"/Deep {deep} 0 R", trailer=f"/Info {deep} 0 R"))


def name_font(encoding: str, more: str = "") -> str:
    """Name a font /F2 with this encoding."""
    system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    below = f"[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X {system} >>]"
    font = f"/Type /Font /Subtype /Type0 /BaseFont /X /Encoding /{encoding} /DescendantFonts {below} {more}"
    return f"/Font << /F2 << {font} >> >>"


def write_figures(writer, write):
    """Eight levels of figures that each draw ten of the next, a hundred million in all."""
    form = writer.add_stream(b"0 0 m", FORM)
    for _ in range(8):
        form = writer.add_stream(b"/X0 Do " * 10, f"{FORM} /Resources << {name_form(form)} >>")
    return write(b"/X0 Do", name_form(form))


def write_codes(writer, write):
    """A range of four bytes in a font that stands for four thousand million codes."""
    ranges = b"/CIDInit /ProcSet findresource begin begincmap 1 beginbfrange "
    codes = writer.add_stream(ranges + b"<00000000> <FFFFFFFF> <0041> endbfrange endcmap")
    return write(show("abcd", "F2"), name_font("Identity-H", f"/ToUnicode {codes} 0 R"))


@pytest.mark.parametrize(
    ("make", "said"), [(write_figures, "10,000 figures"), (write_codes, "300,000 codes")]
)
def test_endless_pages(pdf_writer, write, make, said):
    """What would take a parser for ever is refused at a number."""
    refuse(read_pages, make(pdf_writer, write), said=said)


def test_pickled_character_map(pdf_writer, write, tmp_path):
    """A font that names a pickle on this machine as its character map runs nothing (CVE-2025-64512)."""
    proof, evil = tmp_path / "ran", tmp_path / "evil.pickle.gz"

    class Evil:
        def __reduce__(self):
            return (open, (str(proof), "w"))

    evil.write_bytes(gzip.compress(pickle.dumps(Evil())))
    named = str(evil).removesuffix(".pickle.gz").replace("/", "#2F")
    root = pdf_writer.add_pages([pdf_writer.add_stream(show("abcd", "F2"))])
    page = pdf_writer.objects[1]
    fonts = f"/Resources << {name_font(named)} >> >>"
    pdf_writer.objects[1] = page[: page.index(b"/Resources")] + fonts.encode()
    end_or_refuse(write(root=root))
    assert not proof.exists()


def test_not_quite_pdfs(tmp_path, write_pdf):
    """Cut in half, a head alone, locked with a password."""
    path = write_pdf("cut.pdf", [[(50, 80, "cut")]] * 20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    end_or_refuse(path)
    path.write_bytes(b"%PDF-1.7\n")
    refuse(read_pages, path, "parser-failed", "damaged")
    locked = pypdf.PdfWriter(clone_from=write_pdf("open.pdf", [[(50, 80, "secret")]]))
    locked.encrypt("password", algorithm="RC4-128")
    locked.write(path)
    refuse(read_pages, path, said="locked")


# --- T5: XLSX

A1 = '<row r="1"><c r="A1"><v>1</v></c></row>'


@pytest.fixture
def write_xlsx(tmp_path):
    """Write a workbook from the XML of the rows of its only sheet, with parts of one's own."""
    return lambda rows, parts=None: write_parts(tmp_path / "evil.xlsx", rows, parts)


def put_far(cell: str) -> str:
    return f'{A1}<row r="1048576">{cell}</row>'


NAME = '<row r="2"><c r="B2" t="inlineStr"><is><t>Chino PD</t></is></c><c r="C2"><v>7</v></c></row>'
CORNER = '<c r="XFD1048576"><v>1</v></c>'
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(f'<!ENTITY {x} "&a;&a;">' for x in "bcdefg") + "]>"
STRINGS = "xl/sharedStrings.xml"
LIMIT = ("over-limit", "parser-crashed")
BOOKS = {
    # what is refused below is refused for its own sake
    "good": (NAME, {}, [["Chino PD", "7"]]),
    # a formatted cell far out that holds nothing, as clerks' workbooks have them
    "formatted far out": (put_far('<c r="XFD1048576" s="0"/>'), {}, [["1"]]),
    "a page of a cloud": (NAME, {"customXml/item1.xml": "<a>".encode("utf-16")}, [["Chino PD", "7"]]),
    "many parts": (NAME, {f"xl/{number}.xml": "" for number in range(3_000)}, [["Chino PD", "7"]]),
    "paths that climb": (NAME, {"../../evil.xml": "<a/>"}, [["Chino PD", "7"]]),
    # 128 MiB in 130 KB, which no cell shows
    "bomb": (NAME, {STRINGS: "<sst><si><t>" + "a" * (128 << 20) + "</t></si></sst>"}, [["Chino PD", "7"]]),
    # the rectangle would hold 17 billion cells
    "far corner": (put_far(CORNER), {}, LIMIT),
    "laughs": ("", {SHEET_PART: LAUGHS + SHEET % NAME.replace("Chino", "&g;")}, ("damaged",)),
    "laughs in strings": (A1, {STRINGS: LAUGHS + "<sst><si><t>&g;</t></si></sst>"}, ("damaged",)),
    "laughs in the book": (A1, {"xl/workbook.xml": LAUGHS}, ("damaged",)),
    "twice": (A1, {"XL/worksheets/Sheet1.xml": SHEET % NAME}, ("part-names",)),
    "wide": ("", {SHEET_PART: (SHEET % NAME).encode("utf-16")}, ("utf-16",)),
    "cut": ("", {SHEET_PART: "<row"}, ("damaged", "empty", "parser-failed")),
}


@pytest.mark.parametrize(("rows", "parts", "outcome"), BOOKS.values(), ids=BOOKS)
def test_workbooks(write_xlsx, rows, parts, outcome):
    """A workbook is read, or refused by its reader, its limits or ours; a sheet is never lost in silence."""
    path = write_xlsx(rows, parts)
    if isinstance(outcome, tuple):
        refuse(read_workbook, path, *outcome)
    else:
        assert read_workbook(open_source(path, LIMITS)).sheets[0].rows == outcome


def test_many_rows_are_read(write_xlsx):
    """The longest sheet that Excel holds, 1,048,576 rows, is no attack and is read within 1 GiB: here an eighth
    of it, in an eighth of the memory besides what the child itself takes.
    """
    rows = (f'<row r="{n}"><c r="A{n}"><v>{n % 9973}</v></c></row>' for n in range(1, 131_073))
    limits = FileLimits(sandbox=Limits(memory_bytes=384 << 20, cpu_seconds=24, wall_seconds=240))
    sheet = read_workbook(open_source(write_xlsx("".join(rows)), limits)).sheets[0]
    assert len(sheet.rows) == 131_072 and sheet.rows[-1] == [str(131_072 % 9973)]


def test_not_quite_workbooks(write_xlsx):
    """A cut workbook, a web page, a ZIP whose directory understates a part's size or is too large."""
    path = write_xlsx(A1, {STRINGS: b"<a>" + b"a" * (8 << 20)})
    small = FileLimits(sandbox=LIMITS.sandbox, workbook_bytes=1 << 20)
    with refused("unpacks-too-far", IngestError):
        read_workbook(open_source(path, small))
    data, size = path.read_bytes(), ((8 << 20) + 3).to_bytes(4, "little")
    assert data.count(size) == 2
    for content in (
        data[: len(data) // 2],
        data.replace(size, (1000).to_bytes(4, "little")),
        b"\xef\xbb\xbf  <html><body>Log in",
    ):
        path.write_bytes(content)
        refuse(read_workbook, path, "damaged", "archive")


def test_inspect_passes_the_limits_on(write_xlsx):
    """`inspect_file` refuses what its limits refuse."""
    with refused("too-large", IngestError):
        inspect_file(write_xlsx(NAME), limits=FileLimits(cells_n=1))
