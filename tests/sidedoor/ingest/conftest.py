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
    """Write a text PDF into the test's folder: `write_pdf("name.pdf", [[(67, 80, "Chino Police Department"), ...], ...])`."""

    def write(name: str, pages: list[list[tuple]], size=(612, 792)) -> Path:
        return pdf.write_pdf(tmp_path / name, pages, size)

    return write
