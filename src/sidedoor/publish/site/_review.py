"""Read the finished pages once more: none may hold foreign code, and their texts are what search finds."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

from helpers.errors import RunError
from sidedoor.publish.site._html import is_safe_link

INDEX = "searchdata.js"
_BARRED = "iframe object embed base frame applet style".split()
_LOADED = "src srcset poster data action formaction background ping xlink:href".split()
_HEADINGS = ("h1", "h2", "h3", "h4")
_SKIPPED = ("script", "style", "select", "button")
_VOID = ("br", "hr", "img", "input", "meta", "link", "source", "wbr", "col")
# Tags that do not part words.
_INLINE = ("a", "b", "bdi", "code", "em", "i", "span", "strong", "sub", "sup", "small", "mark")


def review_pages(out: Path) -> None:
    """Check every page of a site, and write what its search looks through: pages and sections in order.

    Raises
    ------
    RunError
        A page holds code that is not the site's own, or loads something from elsewhere.
    """
    pages, sections = [], []
    for path in sorted(out.rglob("*.html")):
        page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
        if page.refused:
            place, way_out = path.relative_to(out), "Remove it from the notebook or table that it is in"
            found = f"it holds {page.refused[0]}"
            raise RunError(f"site, {place}", found, f"{way_out}, and run again.", code="unsafe-page")
        # The rows of a fact table are on the other pages as well.
        if path.name == "search.html" or path.name.startswith("table-"):
            continue
        pages.append([path.name, page.title])
        for anchor, heading, words in page.sections:
            text = re.sub(r"( ·)+", " ·", " ".join("".join(words).split())).strip(" ·")
            if text:
                sections.append([len(pages) - 1, anchor, heading or page.title, text])
    content = json.dumps({"pages": pages, "sections": sections}, ensure_ascii=False, separators=(",", ":"))
    (out / INDEX).write_text(f"window.sidedoorSearch = {content};\n", encoding="utf-8")


class _Page(HTMLParser):
    """Collects what no page may hold, and the text of the article by headings and rows with an address."""

    def __init__(self):
        super().__init__()
        self.title, self.sections, self.refused = "", [], []
        self._open: list[tuple[str, str, bool]] = []
        self._depth, self._heading, self._in_script = 0, None, False

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        self._in_script = tag == "script"
        self._check(tag, values)
        if tag == "article":
            self._depth = 1
        if not self._depth or tag in _VOID:
            return
        classes, name = values.get("class", ""), values.get("id", "")
        is_hidden = tag in _SKIPPED or "headerlink" in classes or "cell_input" in classes
        self._open.append((tag, name, is_hidden))
        if tag in _HEADINGS:
            self._heading = []
            ids = [name for _, name, _ in self._open if name]
            self.sections.append([ids[-1] if ids and tag != "h1" else "", "", []])
        elif name and tag in ("tr", "div", "figure"):
            before = self.sections[-1][1] if self.sections else ""
            self.sections.append([name, before, []])
        elif self.sections and (tag not in _INLINE or classes == "aside"):
            self.sections[-1][2].append(" · " if tag in ("td", "th", "li", "span") else " ")

    def _check(self, tag: str, values: dict[str, str]) -> None:
        """Note what may not be there. Cells, tables and prose were cleaned before: this is the last gate."""
        if tag in _BARRED:
            self.refused.append(f"<{tag}>")
        if tag == "meta" and values.get("http-equiv", "").lower() not in ("", "content-security-policy"):
            self.refused.append("a meta instruction")
        for name, value in values.items():
            is_link = name == "href" and tag == "a" and ":" in value.split("#")[0]
            is_loaded = name in _LOADED or (name == "href" and tag in ("link", "use", "image"))
            is_elsewhere = is_loaded and re.match(r"\s*([a-z][\w+.-]*:|//)", value, re.I)
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.refused.append(f"the attribute {name}")
            elif is_elsewhere or is_link and not is_safe_link(value):
                self.refused.append(f"{tag} {name}={value[:80]!r}")

    def handle_endtag(self, tag):
        self._in_script = False
        if tag == "article":
            self._depth = 0
        while self._open and self._depth:
            if self._open.pop()[0] == tag:
                break
        if tag in _HEADINGS and self._heading is not None:
            text = " ".join("".join(self._heading).split())
            self.title = self.title or text
            self.sections[-1][1] = text
            self._heading = None

    def handle_data(self, data):
        if self._in_script and data.strip():
            self.refused.append("a script written into the page")
        if not self._depth or any(hidden for *_, hidden in self._open):
            return
        if self._heading is not None:
            self._heading.append(data)
        if self.sections:
            self.sections[-1][2].append(data)
