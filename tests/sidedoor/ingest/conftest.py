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
def cases(mirror):
    """The folder of files that were once misread, beside that of real records; without it the test is
    skipped.
    """
    folder = mirror.parent / "cases"
    if not folder.is_dir():
        pytest.skip("no folder of cases beside the real records")
    return folder
