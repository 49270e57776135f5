"""Pages of a PDF as words with places."""

import pytest

from helpers.errors import IngestError
from made.pdf import PdfWriter
from sidedoor.ingest.pdf import build_lines, read_pages
from sidedoor.ingest.source import FileLimits, open_source


def test_words_have_places(write_pdf):
    """Words come with their boxes in points from the top left corner, and make lines from left to right."""
    first = [(325, 81, "Cedar Rapids"), (67, 80, "Chino Police"), (67, 95, "below")]
    pages = read_pages(open_source(write_pdf("two.pdf", [first, [(67, 100, "Page two")]])))
    assert [page.number for page in pages] == [1, 2]
    assert (pages[0].width, pages[0].height) == (612, 792)
    assert [line.text for line in build_lines(pages[0])] == ["Chino Police Cedar Rapids", "below"]
    chino = pages[0].words[2]
    assert chino.text == "Chino"
    assert chino.x0 == pytest.approx(67, abs=0.5)
    assert chino.top < 80 < chino.bottom + 3
    assert [word.text for word in pages[1].words] == ["Page", "two"]
    assert not pages[0].is_scan


def test_pages_are_read_once(write_pdf, monkeypatch):
    """Several readers may ask for the pages of a source; the child runs once."""
    source = open_source(write_pdf("once.pdf", [[(67, 80, "once")]]))
    first = read_pages(source)
    monkeypatch.setattr("sidedoor.ingest.pdf.run_limited", lambda *_, **__: pytest.fail("read twice"))
    assert read_pages(source) is first


def test_pictures_are_told_apart(write_scan):
    """Words below a picture are the work of OCR, words over it are text; without any: see test_ocr."""
    path = write_scan(b"BT /F1 9 Tf 3 Tr 60 700 Td (Page 1 ofl7) Tj ET")
    page = read_pages(open_source(path))[0]
    assert page.is_scan and [word.text for word in page.words] == ["Page", "1", "ofl7"]
    path = write_scan(b"BT /F1 9 Tf 60 700 Td (Printed over a background) Tj ET")
    assert not read_pages(open_source(path))[0].is_scan


def test_a_path_that_draws_nothing_hides_no_text(tmp_path):
    """An empty path is filled between two words; what was drawn before keeps its ink."""
    writer = PdfWriter()
    drawn = b"BT /F1 9 Tf 60 700 Td (before) Tj ET 0 g f BT /F1 9 Tf 60 680 Td (after) Tj ET"
    path = tmp_path / "path.pdf"
    path.write_bytes(writer.build(writer.add_pages([writer.add_stream(drawn)])))
    page = read_pages(open_source(path))[0]
    assert [word.text for word in page.words] == ["before", "after"] and not page.unseen


@pytest.mark.parametrize(
    ("limits", "place"),
    [
        ({"pages_n": 3}, "long.pdf"),
        ({"chars_n": 30}, "long.pdf, page 3"),
        ({"page_chars_n": 5}, "long.pdf, page 1"),
    ],
)
def test_caps_name_themselves(write_pdf, limits, place):
    """Too many pages or characters, in all or on a page: the error says where, and how many are taken."""
    path = write_pdf("long.pdf", [[(67, 80, "twelve chars")]] * 4)
    with pytest.raises(IngestError) as error:
        read_pages(open_source(path, FileLimits(**limits)))
    assert error.value.place == place and str(*limits.values()) in error.value.found
