"""Reads a saved web page inside the sandbox as blocks of text: nothing is shown, run or followed."""

from email import message_from_bytes
from html.parser import HTMLParser

from helpers.errors import IngestError

NESTED, BLOCKS = 2_000, 200_000
SKIPPED = {"script", "style", "svg", "head", "template", "noscript", "iframe", "object", "select", "textarea"}
EMPTY = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
INLINE = set("a abbr b bdi code em font i label mark s small span strong sub sup u wbr".split())
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


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
    if not data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        # an MHTML file, which is built like an e-mail
        parts = (part for part in message_from_bytes(data).walk() if part.get_content_type() == "text/html")
        data = next((part.get_payload(decode=True) or b"" for part in parts), b"")
    reader = PageReader(name, chars_cap)
    # in one piece: a tag that ends in another piece is looked through again and again
    reader.feed(decode(data))
    reader.close()
    reader.end_block()
    kept = ("blocks", "asks_password", "has_download", "is_translated")
    title = " ".join("".join(reader.title).split())[:300]
    return {name: getattr(reader, name) for name in kept} | {"title": title}


def decode(data: bytes) -> str:
    """Decode a page: by its byte order mark, else UTF-8, else cp1252."""
    codec = next((codec for mark, codec in MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return data.decode("cp1252" if codec == "utf-8" else codec, "replace")


class PageReader(HTMLParser):
    """Gathers the text of a page, block by block; markup that is not closed does no harm."""

    def __init__(self, name: str, chars_cap: int):
        super().__init__(convert_charrefs=True)
        self.name, self.chars_cap, self.chars_n = name, chars_cap, 0
        # open elements: tag, whether it hides what is inside, whether it shows line ends as such
        self.open: list[tuple[str, bool, bool]] = []
        self.blocks: list[list] = []
        self.text: list[str] = []
        self.title: list[str] = []
        self.lowest, self.kind, self.is_cell = 0, "", False
        self.asks_password = self.has_download = self.is_translated = False

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = {name: value or "" for name, value in attributes}
        self.asks_password |= tag == "input" and given.get("type", "").lower() == "password"
        self.has_download |= tag == "a" and "download" in given
        self.is_translated |= tag == "html" and "translated-" in given.get("class", "")
        if tag not in INLINE:
            self.end_block()
        if tag in EMPTY:
            return
        if len(self.open) >= NESTED:
            raise self._refuse(f"elements nested more than {NESTED:,} deep")
        _, is_hidden, is_pre = self.open[-1] if self.open else ("", False, False)
        style = "".join(given.get("style", "").lower().split())
        is_hidden = is_hidden or tag in SKIPPED or "hidden" in given or "display:none" in style
        is_pre = is_pre or "white-space:pre" in style or "value" in given.get("class", "").split()
        self.open.append((tag, is_hidden, is_pre))
        if not is_hidden:
            self.kind = given.get("data-tp-entry-type") or self.kind
            self.is_cell = self.is_cell or "data-tp-access-cell-text" in given or tag == "li"

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self.end_block()
        at = next((at for at in reversed(range(len(self.open))) if self.open[at][0] == tag), None)
        if at is not None:
            del self.open[at:]
            self.lowest = min(self.lowest, at)

    def handle_data(self, data: str) -> None:
        tag, is_hidden, is_pre = self.open[-1] if self.open else ("", False, False)
        if tag == "title" and len(self.title) < 10:
            self.title.append(data)
        if is_hidden:
            return
        self.chars_n += len(data)
        if self.chars_n > self.chars_cap:
            raise self._refuse(f"more than {self.chars_cap:,} characters of text")
        *lines, last = data.split("\n") if is_pre else [data]
        for line in lines:  # the page shows these as lines
            self.text.append(line)
            self.end_block()
        self.text.append(last)

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
