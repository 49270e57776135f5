"""Hostile files, each with its outcome, its time and its memory: the corpus that broke other readers.

The bombs are made here and are as large as it takes for a limit to trip, not larger. Every case runs under
1 GiB, 6 s of processor time and 20 s by the clock (which other work on the same machine slows down).
"""

import os
import pickle
import resource
import zipfile
import zlib

import pytest

from helpers.errors import IngestError
from sidedoor.ingest import inspect_file, portal
from sidedoor.ingest.pdf import read_pages
from sidedoor.ingest.source import FileLimits, open_source
from sidedoor.ingest.xlsx import read_workbook
from sidedoor.sandbox import Limits

MEMORY = 1 << 30
LIMITS = FileLimits(sandbox=Limits(memory_bytes=MEMORY, cpu_seconds=24, wall_seconds=240))


@pytest.fixture
def budget(monkeypatch):
    """Hold the child of a case to its memory."""
    peaks, wait = [], os.waitpid

    def watch(pid, options):
        try:
            pid, status, used = os.wait4(pid, options)
        except ChildProcessError:
            return wait(pid, options)
        peaks.append(used.ru_maxrss * 1024)
        return pid, status

    monkeypatch.setattr(os, "waitpid", watch)
    yield
    assert max(peaks, default=0) < MEMORY


def refuse(read, path, pattern: str) -> str:
    """Read a file that has to be refused; the error's text comes back."""
    with pytest.raises(IngestError, match=pattern) as caught:
        read(open_source(path, LIMITS))
    assert caught.value.way_out
    return str(caught.value)


def pack_zeros(mib: int) -> bytes:
    """Deflate so many MiB of blanks."""
    packer, part = zlib.compressobj(9), b" " * (1 << 20)
    return b"".join(packer.compress(part) for _ in range(mib)) + packer.flush()


# --- T4: PDF
# ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def write(tmp_path, pdf_writer):
    """Write the PDF that the writer holds."""

    def finish(root: int, trailer: str = "", name: str = "evil.pdf"):
        path = tmp_path / name
        path.write_bytes(pdf_writer.build(root, trailer))
        return path

    return finish


def test_nested_deflate(pdf_writer, write, budget):
    """Page content deflated twice, a kilobyte that unpacks to 128 MiB, is refused before the parser."""
    packed = zlib.compress(pack_zeros(128), 9)
    content = pdf_writer.add(
        f"<< /Length {len(packed)} /Filter [/FlateDecode /FlateDecode] >>\nstream\n".encode()
        + packed
        + b"\nendstream"
    )
    path = write(pdf_writer.add_pages([content]))
    assert path.stat().st_size < 10_000
    refuse(read_pages, path, "unpacks")


def test_deflate_bomb(pdf_writer, write, budget):
    """Page content of 130 KB that unpacks to 128 MiB is refused before the parser."""
    packed = pack_zeros(128)
    content = pdf_writer.add(
        f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"
    )
    refuse(read_pages, write(pdf_writer.add_pages([content])), "unpacks")


def test_two_million_glyphs(pdf_writer, write, budget):
    """Two million characters on a page are refused at the hundred-thousandth."""
    text = b"BT /F1 1 Tf 10 10 Td " + b"(" + b"a" * 2_000_000 + b") Tj ET"
    found = refuse(
        read_pages, write(pdf_writer.add_pages([pdf_writer.add_stream(text)])), "characters on one page"
    )
    assert "page 1" in found


def test_sixty_thousand_ruling_lines(pdf_writer, write, budget):
    """Lines drawn on a page cost nothing: its words are read."""
    lines = b"\n".join(b"0 %d m 600 %d l S" % (y % 792, y % 792) for y in range(60_000))
    content = pdf_writer.add_stream(lines + b" BT /F1 10 Tf 50 700 Td (Chino Police) Tj ET")
    pages = read_pages(open_source(write(pdf_writer.add_pages([content])), LIMITS))
    assert [word.text for word in pages[0].words] == ["Chino", "Police"]


def test_two_hundred_thousand_pages(pdf_writer, write, budget):
    """A page named 200,000 times in a file of a megabyte is refused by the number of pages."""
    content = pdf_writer.add_stream(b"BT /F1 10 Tf 50 700 Td (again) Tj ET")
    pdf_writer.add(
        f"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 612 792] /Contents {content} 0 R /Resources << "
        "/Font << /F1 "
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
    )
    tree = pdf_writer.add("<< /Type /Pages /Count 200000 /Kids [" + "2 0 R " * 200_000 + "] >>")
    refuse(
        read_pages,
        write(pdf_writer.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")),
        "pages|beyond all measure",
    )


def test_page_named_twice(pdf_writer, write, budget):
    """A page that the tree names twice is not passed over: what the parser leaves out is noticed."""
    content = pdf_writer.add_stream(b"BT /F1 10 Tf 50 700 Td (again) Tj ET")
    pdf_writer.add(
        f"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 612 792] /Contents {content} 0 R /Resources << "
        "/Font << /F1 "
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
    )
    tree = pdf_writer.add("<< /Type /Pages /Count 2 /Kids [2 0 R 2 0 R] >>")
    refuse(
        read_pages,
        write(pdf_writer.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")),
        "2 pages, of which only 1",
    )


def test_previous_table_loop(pdf_writer, tmp_path, budget):
    """A cross-reference table that names itself as its predecessor ends."""
    content = pdf_writer.add_stream(b"BT /F1 10 Tf 50 700 Td (loop) Tj ET")
    root = pdf_writer.add_pages([content])
    data = pdf_writer.build(root)
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    path = tmp_path / "prev.pdf"
    path.write_bytes(data.replace(b"/Root", b"/Prev %d /Root" % start))
    end_or_refuse(path)


def end_or_refuse(path) -> None:
    """Read a file that may be readable: what counts is that it ends, and in nothing but our own error."""
    try:
        read_pages(open_source(path, LIMITS))
    except IngestError as error:
        assert error.way_out


def test_page_tree_loop(pdf_writer, write, budget):
    """A page tree that holds itself ends."""
    pdf_writer.add("<< /Type /Pages /Count 1 /Kids [1 0 R] >>")
    refuse(read_pages, write(pdf_writer.add("<< /Type /Catalog /Pages 1 0 R >>")), ".")


def test_figure_in_itself(pdf_writer, write, budget):
    """A figure that draws itself ends."""
    form = len(pdf_writer.objects) + 1
    pdf_writer.add_stream(
        b"BT /F1 10 Tf 50 700 Td (x) Tj ET /X0 Do",
        f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /X0 {form} 0 R >> >>",
    )
    content = pdf_writer.add_stream(b"/X0 Do BT /F1 10 Tf 50 700 Td (here) Tj ET")
    end_or_refuse(write(pdf_writer.add_pages([content], f"/XObject << /X0 {form} 0 R >>")))


def test_figures_of_figures(pdf_writer, write, budget):
    """Eight floors of figures that each draw ten of the next, a hundred million in all, are refused."""
    form = pdf_writer.add_stream(b"0 0 m", "/Type /XObject /Subtype /Form /BBox [0 0 612 792]")
    for _ in range(8):
        form = pdf_writer.add_stream(
            b"/X0 Do " * 10,
            f"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /X0 {form} "
            "0 R >> >>",
        )
    content = pdf_writer.add_stream(b"/X0 Do")
    refuse(
        read_pages,
        write(pdf_writer.add_pages([content], f"/XObject << /X0 {form} 0 R >>")),
        "10,000 figures on one page",
    )


def test_deep_arrays(pdf_writer, write, budget):
    """Arrays nested 100,000 deep end."""
    content = pdf_writer.add_stream(b"BT /F1 10 Tf 50 700 Td (deep) Tj ET")
    pdf_writer.add("[" * 100_000 + "]" * 100_000)
    root = pdf_writer.add_pages([content], f"/Deep {len(pdf_writer.objects)} 0 R")
    end_or_refuse(write(root, "/Info 2 0 R"))


def test_font_of_endless_codes(pdf_writer, write, budget):
    """A range of four bytes that stands for four thousand million codes is refused at once, and the file is
    named.
    """
    ranges = b"/CIDInit /ProcSet findresource begin begincmap 1 beginbfrange "
    ranges += b"<00000000> <FFFFFFFF> <0041> endbfrange endcmap"
    codes = pdf_writer.add_stream(ranges)
    content = pdf_writer.add_stream(b"BT /F2 10 Tf 50 700 Td (abcd) Tj ET")
    fonts = (
        "/Font << /F2 << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode "
        f"{codes} 0 R /DescendantFonts "
        "[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) "
        "/Ordering (Identity) "
        "/Supplement 0 >> >>] >> >>"
    )
    path = write(pdf_writer.add_pages([content], fonts))
    assert refuse(read_pages, path, "codes of letters").startswith(path.name)


def test_truncated(write_pdf, budget):
    """A PDF that was cut in half is refused or read as far as it goes, and ends."""
    path = write_pdf("cut.pdf", [[(50, 80, "cut")]] * 20)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    end_or_refuse(path)


def test_empty_and_page_as_pdf(tmp_path, budget):
    """An empty file, a head alone and a web page under the name of a PDF are refused by what they are."""
    for content, pattern in ((b"", "empty"), (b"%PDF-1.7\n", "parser|damaged")):
        path = tmp_path / "file.pdf"
        path.write_bytes(content)
        refuse(read_pages, path, pattern)
    path.write_bytes(b"<!DOCTYPE html><title>403</title>")
    refuse(portal.recognize, path, "an error page")


def test_locked(tmp_path, write_pdf, budget):
    """A PDF with a password is refused with the way out."""
    import pypdf

    locked = pypdf.PdfWriter(clone_from=write_pdf("open.pdf", [[(50, 80, "secret")]]))
    locked.encrypt("password", algorithm="RC4-128")
    path = tmp_path / "locked.pdf"
    locked.write(path)
    assert refuse(read_pages, path, "locked with a password").startswith("locked.pdf")


def test_pickled_character_map(pdf_writer, write, tmp_path, budget):
    """A font that names a pickle on this machine as its character map runs nothing (CVE-2025-64512)."""
    proof = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(proof), "w"))

    import gzip

    evil = tmp_path / "evil.pickle.gz"
    evil.write_bytes(gzip.compress(pickle.dumps(Evil())))
    named = str(evil.with_name("evil")).replace("/", "#2F")
    content = pdf_writer.add_stream(b"BT /F2 10 Tf 50 700 Td (abcd) Tj ET")
    fonts = (
        f"/Font << /F2 << /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /{named} "
        "/DescendantFonts [<< /Type /Font "
        "/Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (A) /Ordering (B) "
        "/Supplement 0 >> >>] >> >>"
    )
    root = pdf_writer.add_pages([content])
    page = next(n for n, body in enumerate(pdf_writer.objects) if b"/Type /Page " in body)
    body = pdf_writer.objects[page]
    pdf_writer.objects[page] = body[: body.index(b"/Resources")] + f"/Resources << {fonts} >> >>".encode()
    end_or_refuse(write(root))
    assert not proof.exists()


# --- T5: XLSX
# ---------------------------------------------------------------------------------------------------------

SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


@pytest.fixture
def write_xlsx(tmp_path):
    """Write a workbook from the XML of its only sheet, or with parts of one's own."""

    def make(sheet: str | bytes = "", parts: dict | None = None, name: str = "evil.xlsx", level: int = 1):
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        space = "http://schemas.openxmlformats.org"
        found = {
            "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            '<Override PartName="/xl/worksheets/sheet1.xml" '
            f'ContentType="{kind}.worksheet+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships">'
            '<Relationship Id="rId1" '
            f'Type="{space}/officeDocument/2006/relationships/officeDocument" '
            'Target="xl/workbook.xml"/>'
            "</Relationships>",
            "xl/workbook.xml": f'<workbook xmlns="{space}/spreadsheetml/2006/main" '
            f'xmlns:r="{space}/officeDocument/2006/relationships">'
            '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{space}/officeDocument/2006/relationships/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": SHEET.format(sheet) if isinstance(sheet, str) else sheet,
        } | (parts or {})
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            for member, content in found.items():
                archive.writestr(member, content)
        return path

    return make


def test_hand_made_workbook_reads(write_xlsx, budget):
    """The writer of this file makes workbooks that are read: what is refused below is refused for its own
    sake.
    """
    path = write_xlsx(
        '<row r="2"><c r="B2" t="inlineStr"><is><t>Chino PD</t></is></c><c r="C2"><v>7</v></c></row>'
    )
    sheet = read_workbook(open_source(path, LIMITS)).sheets[0]
    assert (sheet.rows, sheet.kinds, sheet.locate(0, 1)) == ([["Chino PD", "7"]], ["tn"], "sheet 1 C2")


def test_cell_at_the_far_corner(write_xlsx, budget):
    """One cell at XFD1048576, in 5 KB, is refused within a second of work: the rectangle would hold 17
    billion cells.
    """
    sheet = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    refuse(read_workbook, write_xlsx(sheet), "rectangle of more than 20,000,000")


@pytest.mark.parametrize(
    "cell",
    [
        "<c r='XFD1048576'><v>1</v></c>",
        '<c s="0"\n r = "XFD1048576"><v>1</v></c>',
        '<x:c r="XFD1048576"><x:v>1</x:v></x:c>',
    ],
)
def test_far_corner_in_other_spellings(write_xlsx, budget, cell):
    """Other quotes, blanks and prefixes do not hide a cell."""
    refuse(
        read_workbook,
        write_xlsx(f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{cell}</row>'),
        "rectangle",
    )


def test_far_corner_that_the_scan_misses(write_xlsx, budget):
    """A cell that hides from the scan makes the parser fail in its child, not here."""
    sheet = (
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c x=">" r="XFD1048576"><v>1</v></c></row>'
    )
    refuse(read_workbook, write_xlsx(sheet), "memory|damaged|crashed|parser|rectangle")


def test_ghost_formats_do_no_harm(write_xlsx, budget):
    """A formatted cell far out that holds nothing, as clerks' workbooks have them, is no reason to refuse."""
    sheet = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert read_workbook(open_source(write_xlsx(sheet), LIMITS)).sheets[0].rows == [["1"]]


def test_shared_string_bomb(write_xlsx, budget):
    """A shared string of 128 MiB in 130 KB is refused by the ratio, from the ZIP's directory alone."""
    strings = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + b"a" * (128 << 20)
        + b"</t></si></sst>"
    )
    path = write_xlsx(
        '<row r="1"><c r="A1" t="s"><v>0</v></c></row>', {"xl/sharedStrings.xml": strings}, level=9
    )
    refuse(read_workbook, path, "unpack to .* more than 200 times")


def test_a_million_rows_are_read(write_xlsx, budget):
    """The longest sheet that Excel holds, 1,048,576 rows, is no attack: it is read, within 20 s of work and 1
    GiB.
    """
    path = write_xlsx(
        "".join(f'<row r="{n}"><c r="A{n}"><v>{n % 9973}</v></c></row>' for n in range(1, 1_048_577))
    )
    limits = FileLimits(sandbox=Limits(memory_bytes=MEMORY, cpu_seconds=20, wall_seconds=60))
    sheet = read_workbook(open_source(path, limits)).sheets[0]
    assert len(sheet.rows) == 1_048_576
    assert sheet.rows[-1] == [str(1_048_576 % 9973)]


def test_billion_laughs(write_xlsx, budget):
    """Entities that multiply are refused by their declaration, in whichever part they stand."""
    laughs = (
        '<!DOCTYPE lolz [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";" * 1}">' for n in range(9))
        + "]>"
    )
    for member in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"):
        path = write_xlsx("", {member: laughs + SHEET.format("")})
        refuse(read_workbook, path, "DOCTYPE")


def test_not_quite_workbooks(write_xlsx, tmp_path, budget):
    """A web page, a cut workbook, a damaged part, a part twice, a path that climbs: each ends in an error of
    ours.
    """
    good = write_xlsx('<row r="1"><c r="A1"><v>1</v></c></row>').read_bytes()
    cut, page = tmp_path / "cut.xlsx", tmp_path / "page.xlsx"
    cut.write_bytes(good[: len(good) // 2])
    refuse(read_workbook, cut, "damaged|ZIP")
    page.write_bytes(b"\xef\xbb\xbf  <html><body>Log in")
    refuse(read_workbook, page, "damaged")
    refuse(read_workbook, write_xlsx("<row", name="part.xlsx"), "damaged|without a single|gave it up")
    refuse(
        read_workbook,
        write_xlsx("", {"../../evil.xml": "<a/>"}, name="climb.xlsx"),
        "names that no workbook has",
    )
    refuse(
        read_workbook,
        write_xlsx("", {"xl/sharedStrings.xml": "<a>".encode("utf-16")}, name="wide.xlsx"),
        "UTF-16",
    )
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(tmp_path / "twice.xlsx", "w") as archive,
    ):
        for _ in range(2):
            archive.writestr("xl/workbook.xml", "<a/>")
    refuse(read_workbook, tmp_path / "twice.xlsx", "names that no workbook has")
    with zipfile.ZipFile(tmp_path / "many.xlsx", "w") as archive:
        for number in range(3_000):
            archive.writestr(f"xl/{number}.xml", "")
    refuse(read_workbook, tmp_path / "many.xlsx", "3,000 parts")


def test_lying_directory(write_xlsx, tmp_path, budget):
    """A ZIP whose directory understates a part's size is refused when the part goes on."""
    data = bytearray(write_xlsx("", {"xl/sharedStrings.xml": b"<a>" + b"a" * (8 << 20)}).read_bytes())
    size = (8 << 20) + 3
    assert data.count(size.to_bytes(4, "little")) == 2
    path = tmp_path / "lie.xlsx"
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    refuse(read_workbook, path, "damaged")


# --- all of them, by the front door
# -----------------------------------------------------------------------------------


def test_inspect_refuses_them_too(pdf_writer, write, write_xlsx, budget):
    """`inspect_file` passes the limits on and raises the same errors."""
    corner = write_xlsx('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    with pytest.raises(IngestError, match="rectangle"):
        inspect_file(corner, limits=LIMITS)
    content = pdf_writer.add_stream(b"BT /F1 1 Tf (" + b"a" * 200_000 + b") Tj ET")
    with pytest.raises(IngestError, match="characters on one page"):
        inspect_file(write(pdf_writer.add_pages([content])), limits=LIMITS)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 4 * MEMORY
