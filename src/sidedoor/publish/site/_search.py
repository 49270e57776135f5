"""The index of the site's search: the text of every page by section, as a script that loads from files."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

INDEX = "searchdata.js"
_HEADINGS = ("h1", "h2", "h3", "h4")
_SKIPPED = ("script", "style", "select", "button")
_VOID = ("br", "hr", "img", "input", "meta", "link", "source", "wbr", "col")
# Tags that do not part words.
_INLINE = ("a", "b", "bdi", "code", "em", "i", "span", "strong", "sub", "sup", "small", "mark")


def write_index(out: Path) -> None:
    """Write what the search of a site looks through: `searchdata.js`, with pages and sections in order."""
    pages, sections = [], []
    for path in sorted(out.glob("*.html")):
        # The rows of a fact table are on the other pages as well.
        if path.name == "search.html" or path.name.startswith("table-"):
            continue
        reader = _Sections()
        reader.feed(path.read_text(encoding="utf-8"))
        pages.append([path.name, reader.title])
        for anchor, heading, words in reader.sections:
            text = re.sub(r"( ·)+", " ·", " ".join("".join(words).split())).strip(" ·")
            if text:
                sections.append([len(pages) - 1, anchor, heading or reader.title, text])
    content = json.dumps({"pages": pages, "sections": sections}, ensure_ascii=False, separators=(",", ":"))
    (out / INDEX).write_text(f"window.sidedoorSearch = {content};\n", encoding="utf-8")


class _Sections(HTMLParser):
    """Collects the text of an article by its headings and rows with an address."""

    def __init__(self):
        super().__init__()
        self.title, self.sections = "", []
        self._open: list[tuple[str, str, bool]] = []
        self._depth, self._anchor, self._heading = 0, "", None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "article":
            self._depth = 1
        if not self._depth or tag in _VOID:
            return
        classes = values.get("class") or ""
        is_hidden = tag in _SKIPPED or "headerlink" in classes or "cell_input" in classes
        self._open.append((tag, values.get("id") or "", is_hidden))
        if tag in _HEADINGS:
            self._heading = []
            ids = [name for _, name, _ in self._open if name]
            self.sections.append([ids[-1] if ids and tag != "h1" else "", "", []])
        elif values.get("id") and tag in ("tr", "div", "figure"):
            before = self.sections[-1][1] if self.sections else ""
            self.sections.append([values["id"], before, []])
        elif self.sections and (tag not in _INLINE or classes == "aside"):
            self.sections[-1][2].append(" · " if tag in ("td", "th", "li", "span") else " ")

    def handle_endtag(self, tag):
        if tag == "article":
            self._depth = 0
        while self._open and self._depth:
            closed = self._open.pop()[0]
            if closed == tag:
                break
        if tag in _HEADINGS and self._heading is not None:
            text = " ".join("".join(self._heading).split())
            self.title = self.title or text
            self.sections[-1][1] = text
            self._heading = None

    def handle_data(self, data):
        if not self._depth or any(hidden for *_, hidden in self._open):
            return
        if self._heading is not None:
            self._heading.append(data)
        if self.sections:
            self.sections[-1][2].append(data)
