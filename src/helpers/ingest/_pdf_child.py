"""Reads a PDF inside the sandbox; never imported by the parent."""

import logging
from collections.abc import Callable, Iterator

from ..errors import IngestError

FIGURES = 10_000


def read_pages(
    path: str, name: str, pages_cap: int, chars_cap: int, page_chars_cap: int, unpacked_cap: int
) -> Iterator[dict]:
    """Give each page: number, width, height, `is_scan`, and words as [text, x0, x1, top, bottom]."""
    logging.disable(logging.CRITICAL)
    pages_n = check_document(path, name, pages_cap, unpacked_cap)
    import pdfplumber

    count = limit_drawing(name, chars_cap, page_chars_cap)
    with pdfplumber.open(path) as document:
        # pdfminer passes over a page that the tree names twice, and over much that is damaged, without a word
        if len(document.pages) != pages_n:
            found = f"{pages_n:,} pages, of which only {len(document.pages):,} can be read"
            raise IngestError(name, found, "Print it to a new PDF from a viewer.")
        for number, page in enumerate(document.pages, 1):
            count(number)
            chars, images = list_objects(page)
            words = [
                [word["text"], *(round(float(word[side]), 2) for side in ("x0", "x1", "top", "bottom"))]
                for word in pdfplumber.utils.extract_words(chars)
            ]
            width, height = float(page.width), float(page.height)
            is_scan = any(area > 0.7 * width * height for area in images)
            yield {
                "number": number,
                "width": round(width, 2),
                "height": round(height, 2),
                "is_scan": is_scan,
                "words": words,
            }
            page.close()


def limit_drawing(name: str, chars_cap: int, page_chars_cap: int) -> Callable[[int], None]:
    """Let pdfplumber stop at the character that is one too many, and pass over lines and curves.

    Returns
    -------
    A function that has to be told the number of the page that comes next.
    """
    import pdfplumber.page

    at = {"page": 0, "chars": 0, "all": 0, "figures": 0}

    class Device(pdfplumber.page.PDFPageAggregatorWithMarkedContent):
        def render_char(self, *args, **kwargs):
            at["chars"] += 1
            at["all"] += 1
            if at["chars"] > page_chars_cap or at["all"] > chars_cap:
                cap = page_chars_cap if at["chars"] > page_chars_cap else chars_cap
                found = f"more than {cap:,} characters" + (" on one page" if cap == page_chars_cap else "")
                raise IngestError(
                    f"{name}, page {at['page']}", found, "Split the PDF by pages and read the parts."
                )
            return super().render_char(*args, **kwargs)

        def paint_path(self, *args, **kwargs):
            pass

        def begin_figure(self, *args, **kwargs):
            at["figures"] += 1
            if at["figures"] > FIGURES:
                found = f"more than {FIGURES:,} figures on one page"
                raise IngestError(f"{name}, page {at['page']}", found, "Print it to a new PDF from a viewer.")
            return super().begin_figure(*args, **kwargs)

    def start_page(number: int) -> None:
        at.update(page=number, chars=0, figures=0)

    pdfplumber.page.PDFPageAggregatorWithMarkedContent = Device
    return start_page


def list_objects(page) -> tuple[list[dict], list[float]]:
    """Give the characters of a page as pdfplumber's words need them, and the areas of its pictures.

    `page.chars` gives the same with twenty more facts on each, and takes more time than all the rest.
    """
    from pdfminer.layout import LTChar, LTContainer, LTImage

    left, above = page.mediabox[:2]
    base, chars, images = page.height + above, [], []

    def walk(objects) -> None:
        for found in objects:
            if isinstance(found, LTChar):
                top = base - found.y1
                chars.append(
                    {
                        "text": found.get_text(),
                        "upright": found.upright,
                        "x0": found.x0 + left,
                        "x1": found.x1 + left,
                        "top": top,
                        "bottom": base - found.y0,
                        "doctop": top,
                    }
                )
            elif isinstance(found, LTContainer):
                walk(found._objs)
            elif isinstance(found, LTImage):
                images.append(float(abs(found.width * found.height)))

    walk(page.layout._objs)
    return chars, images


def check_document(path: str, name: str, pages_cap: int, unpacked_cap: int) -> int:
    """Refuse what need not be parsed to be refused: locked, too many pages, page streams that unpack too far.

    Returns
    -------
    Number of pages.
    """
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
