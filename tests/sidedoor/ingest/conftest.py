"""Writers of small PDFs."""

from pathlib import Path

import pytest

from made import pdf


@pytest.fixture
def pdf_writer():
    """A writer of PDFs, object by object."""
    return pdf.PdfWriter()


@pytest.fixture
def write_pdf(tmp_path):
    """Write a text PDF into the test's folder: `write_pdf("name.pdf", [[(67, 80, "Chino Police Department"),
    ...], ...])`.
    """

    def write(name: str, pages: list[list[tuple]], size=(612, 792)) -> Path:
        return pdf.write_pdf(tmp_path / name, pages, size)

    return write


@pytest.fixture
def write_scan(pdf_writer, tmp_path):
    """Write a PDF of one page that a picture covers, with operators that follow it, or none."""

    def write(drawn: bytes = b"") -> Path:
        image = (
            "/Type /XObject /Subtype /Image /Width 10 /Height 10 /BitsPerComponent 8 /ColorSpace /DeviceGray"
        )
        at = pdf_writer.add_stream(bytes(100), image)
        content = pdf_writer.add_stream(b"q 612 0 0 792 0 0 cm /Im0 Do Q " + drawn)
        path = tmp_path / "scan.pdf"
        path.write_bytes(pdf_writer.build(pdf_writer.add_pages([content], f"/XObject << /Im0 {at} 0 R >>")))
        return path

    return write


@pytest.fixture
def cases(mirror):
    """The folder of files that were once misread, beside that of real records; without it the test is
    skipped.
    """
    folder = mirror.parent / "cases"
    if not folder.is_dir():
        pytest.skip("no folder of cases beside the real records")
    return folder
