"""Reads a saved web page inside the sandbox as blocks of text: nothing is shown, run or followed."""

from email import message_from_bytes
from html.parser import HTMLParser

from helpers.errors import IngestError

HEAD, NESTED, BLOCKS = 4_096, 2_000, 200_000
SKIPPED = {"script", "style", "svg", "head", "template", "noscript", "iframe", "object", "select", "textarea"}
EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
INLINE = set("a abbr b bdi code em font i label mark s small span strong sub sup u wbr".split())


def read_blocks(path: str, name: str, chars_cap: int) -> dict:
    """Read the text of a page, saved as HTML or as MHTML.

    Returns
    -------
    dict: `blocks`, each a text, how far the elements closed since the block before it (a depth), what the
    markup calls the entry that it begins, and whether it is a cell of a list; `title`; `asks_password`;
    `has_download`; `is_translated`, by the browser.

    Raises
    ------
    IngestError
        It is nested deeper, or holds more, than any page does.
    """
    with open(path, "rb") as file:
        data = file.read()
    if not data[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        data = find_page(data)
    reader = PageReader(name, chars_cap)
    # in one piece: a tag that ends in another piece is looked through again and again
    reader.feed(decode(data))
    reader.close()
    reader.end_block()
    kept = ("blocks", "asks_password", "has_download", "is_translated")
    return {name: getattr(reader, name) for name in kept} | {
        "title": " ".join("".join(reader.title).split())[:300]
    }


def find_page(data: bytes) -> bytes:
    """Find the page in an MHTML file, which is built like an e-mail: its first part of HTML."""
    for part in message_from_bytes(data).walk():
        if part.get_content_type() == "text/html":
            return part.get_payload(decode=True) or b""
    return b""


def decode(data: bytes) -> str:
    """Decode a page: by its byte order mark, else UTF-8, else cp1252."""
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(codec, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


class PageReader(HTMLParser):
    """Gathers the text of a page, block by block; markup that is not closed does no harm."""

    def __init__(self, name: str, chars_cap: int):
        super().__init__(convert_charrefs=True)
        self.name, self.chars_cap, self.chars_n = name, chars_cap, 0
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.skipped_from: int | None = None
        self.blocks: list[list] = []
        self.text: list[str] = []
        self.title: list[str] = []
        self.lowest, self.kind, self.is_cell, self.pre_from = 0, "", False, None
        self.asks_password = self.has_download = self.is_translated = False

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        self.asks_password |= tag == "input" and (given.get("type") or "").lower() == "password"
        self.has_download |= tag == "a" and "download" in given
        self.is_translated |= tag == "html" and "translated-" in (given.get("class") or "")
        if tag not in INLINE:
            self.end_block()
        if tag in EMPTY:
            return
        if len(self.open) >= NESTED:
            raise self._refuse(f"elements nested more than {NESTED:,} deep")
        self.open.append(tag)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        style = "".join((given.get("style") or "").lower().split())
        if self.skipped_from is None and (tag in SKIPPED or "hidden" in given or "display:none" in style):
            self.skipped_from = len(self.open)
        if self.pre_from is None and (
            "white-space:pre" in style or "value" in (given.get("class") or "").split()
        ):
            self.pre_from = len(self.open)
        if self.skipped_from is None:
            self.kind = given.get("data-tp-entry-type") or self.kind
            self.is_cell = self.is_cell or "data-tp-access-cell-text" in given or tag == "li"

    def handle_startendtag(self, tag: str, attributes: list) -> None:
        if tag in EMPTY:
            self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self.end_block()
        if not self.counts.get(tag):
            return
        while self.open:
            last = self.open.pop()
            self.counts[last] -= 1
            if last == tag:
                break
        self.lowest = min(self.lowest, len(self.open))
        if self.skipped_from is not None and len(self.open) < self.skipped_from:
            self.skipped_from = None
        if self.pre_from is not None and len(self.open) < self.pre_from:
            self.pre_from = None

    def handle_data(self, data: str) -> None:
        if "title" in self.open[-1:] and len(self.title) < 10:
            self.title.append(data)
        if self.skipped_from is None:
            self.chars_n += len(data)
            if self.chars_n > self.chars_cap:
                raise self._refuse(f"more than {self.chars_cap:,} characters of text")
            lines = data.split("\n") if self.pre_from is not None else [data]
            for line in lines[:-1]:  # the page shows these as lines
                self.text.append(line)
                self.end_block()
            self.text.append(lines[-1])

    def end_block(self) -> None:
        """Take the text gathered so far as a block, if there is any."""
        text = " ".join("".join(self.text).split())
        self.text.clear()
        if not text:
            return
        if len(self.blocks) >= BLOCKS:
            raise self._refuse(f"more than {BLOCKS:,} pieces of text")
        self.blocks.append([text, self.lowest, self.kind, self.is_cell])
        self.lowest, self.kind, self.is_cell = len(self.open), "", False

    def _refuse(self, found: str) -> IngestError:
        way_out = "Save the page anew, or copy its text into a .txt."
        return IngestError(self.name, f"a web page with {found}", way_out, code="page-size")
