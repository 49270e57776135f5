"""Reads a PDF inside the sandbox; never imported by the parent."""

import logging
import sys
from collections.abc import Iterator

from helpers.errors import IngestError


def read_pages(
    path: str, name: str, pages_cap: int, chars_cap: int, page_chars_cap: int, unpacked_cap: int
) -> Iterator[dict]:
    """Give each page as `_pdf_words.read_page` does."""
    logging.disable(logging.CRITICAL)
    pages_n = check_document(path, name, pages_cap, unpacked_cap)
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdfparser import PDFParser

    from sidedoor.ingest._pdf_words import Canvas, read_page

    with open(path, "rb") as file:
        pages = list(PDFPage.create_pages(PDFDocument(PDFParser(file))))
        # pdfminer passes over a page that the tree names twice, and over much that is damaged, without a word
        if len(pages) != pages_n:
            found = f"{pages_n:,} pages, of which only {len(pages):,} can be read"
            raise IngestError(name, found, "Print it to a new PDF from a viewer.")
        canvas = Canvas(name, chars_cap, page_chars_cap)
        for number, page in enumerate(pages, 1):
            yield read_page(canvas, page, number)


def check_document(path: str, name: str, pages_cap: int, unpacked_cap: int) -> int:
    """Refuse what need not be parsed to be refused: locked, too many pages, page streams that unpack too far.

    Returns
    -------
    Number of pages.
    """
    # what pypdf would draw pictures and measure fonts with is a third of its imports, and nothing of it is asked for here
    for name in ("PIL", "fontTools"):
        sys.modules.setdefault(name, None)
    import pypdf
    from pypdf.errors import LimitReachedError

    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise IngestError(
                name, "a PDF locked with a password", "Open it with the password and print it to a new PDF."
            )
        pages_n = len(reader.pages)
        if pages_n > pages_cap:
            raise _refuse_pages(name, f"{pages_n:,}", pages_cap)
        check_streams(reader, name, unpacked_cap)
    except LimitReachedError:
        raise IngestError(
            name, "its content unpacks beyond all measure", "Print it to a new PDF from a viewer."
        ) from None
    except RecursionError:
        raise IngestError(
            name, "a PDF that refers to itself without end", "Print it to a new PDF from a viewer."
        ) from None
    if not pages_n:
        raise IngestError(name, "a PDF without pages", "Download it again.")
    return pages_n


def check_streams(reader, name: str, unpacked_cap: int) -> None:
    """Refuse page content that unpacks to more than a record could; pypdf limits each stream, too."""
    unpacked_n = 0
    for number, page in enumerate(reader.pages, 1):
        content = page.get("/Contents")
        content = content.get_object() if content is not None else None
        for part in content if isinstance(content, list) else [content]:
            part = part.get_object() if part is not None else None
            if hasattr(part, "get_data"):
                unpacked_n += len(part.get_data())
        if unpacked_n > unpacked_cap:
            raise IngestError(
                f"{name}, page {number}",
                f"content that unpacks to more than {unpacked_cap:,} bytes",
                "Print it to a new PDF from a viewer.",
            )


def _refuse_pages(name: str, found: str, cap: int) -> IngestError:
    return IngestError(
        name,
        f"{found} pages, more than the {cap:,} that are taken",
        "Split the PDF by pages and read the parts.",
    )
