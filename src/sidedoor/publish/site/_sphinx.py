"""Drive Sphinx in process; loaded only while a site is built, because Sphinx is slow to import."""

import html
import io
import re
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sidedoor.publish.site._html import is_safe_link

_ASSETS = Path(__file__).with_name("assets")
_GLOSSARY = Path(__file__).with_name("pages") / "glossary.md"
_REPLACED = {"README.md": "index.html", "data/README.md": "data.html", "CITATION.cff": "cite.html"}
# What Sphinx writes for programs, and for a search and an index that the site does not have.
_UNUSED = ("objects.inv", "searchindex.js", "genindex.html", ".buildinfo")
# What axe finds in the pages of myst-nb.
_WRONG_LABEL = ' aria-label="Toggle hidden content"'


class _GateProse(SphinxTransform):
    """Lets prose of notebooks carry neither raw HTML nor pictures from elsewhere, and turns its links inward.

    Outputs were cleaned before; what is outside of them is the authors' Markdown, which a notebook from
    elsewhere may have filled with anything. The first use of each term of the glossary is linked to it.
    """

    default_priority = 5

    def apply(self, **kwargs):
        if not str(self.document["source"]).endswith(".ipynb"):
            return
        for node in list(self.document.findall(nodes.raw)):
            if not _is_output(node):
                # GitHub's rules escape some tags already; as text they are escaped once, when written
                text = "" if node.astext().startswith("<!--") else html.unescape(node.astext())
                shown = nodes.Text(" " if re.fullmatch(r"<br\s*/?>", text) else text)
                inline = isinstance(node.parent, nodes.TextElement)
                node.replace_self(shown if inline else nodes.paragraph("", "", shown))
        for node in list(self.document.findall(nodes.image)):
            node.replace_self(nodes.Text(node.get("alt") or ""))
        for node in list(self.document.findall(nodes.reference)):
            if "refuri" not in node:
                continue
            target = _turn_inward(node["refuri"], self.env.found_docs)
            if target:
                node["refuri"] = target
            else:
                node.replace_self(node.children)
        if "glossary" in self.env.found_docs:
            self._link_terms()

    def _link_terms(self) -> None:
        left, texts = dict(_list_terms()), list(self.document.findall(nodes.Text))[::-1]
        while texts and left:
            node = texts.pop()
            if not isinstance(node.parent, nodes.paragraph):
                continue
            for term, anchor in left.items():
                found = re.search(rf"\b{re.escape(term)}s?\b", node, re.I)
                if found:
                    del left[term]
                    word = nodes.reference("", found[0], refuri=f"glossary.html#{anchor}", classes=["term"])
                    before, after = nodes.Text(node[: found.start()]), nodes.Text(node[found.end() :])
                    node.parent.replace(node, [before, word, after])
                    texts += [after, before]
                    break


@lru_cache(maxsize=1)
def _list_terms() -> tuple[tuple[str, str], ...]:
    """Return the terms of the glossary and their addresses on its page."""
    terms = re.findall(r"^## (.+)$", _GLOSSARY.read_text(encoding="utf-8"), flags=re.M)
    return tuple((term, nodes.make_id(term)) for term in terms)


def _is_output(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if "cell_output" in node.get("classes", []):
            return True
    return False


def _turn_inward(address: str, pages: set[str]) -> str | None:
    """Return a link of the repository as one of the site; None where the site has no such page."""
    path, mark, place = address.partition("#")
    if re.match(r"[a-z][\w+.-]*:", path, re.I) or not path:
        return address if is_safe_link(address) else None
    path = re.sub(r"^(\.{1,2}/)+", "", path)
    inside = _REPLACED.get(path) or re.sub(r"^(notebooks/)?([\w-]+)\.ipynb$", r"\2.html", path)
    page = inside.removesuffix(".html")
    return inside + mark + place if inside.endswith(".html") and page in pages else None


def render_site(source: Path, out: Path, extra: Path, title: str) -> list[str]:
    """Render a folder with `index.rst`, other pages and notebooks to HTML, and return Sphinx's warnings.

    `extra` is copied into the site as it is; the parent of `out` is used for working files too.
    """
    settings = {
        "project": "Side Door",
        "html_title": "Side Door",
        "html_short_title": title,
        "extensions": ["myst_nb"],
        "nb_execution_mode": "off",
        "nb_code_prompt_show": "Show the code",
        "nb_code_prompt_hide": "Hide the code",
        "nb_merge_streams": True,
        # GitHub's Markdown and nothing more: directives and roles could read files or run code.
        "myst_gfm_only": True,
        "suppress_warnings": ["myst.header", "mystnb.unknown_mime_type", "misc.highlighting_failure"],
        "html_theme": "furo",
        "templates_path": [str(_ASSETS / "templates")],
        "html_static_path": [str(_ASSETS / "static")],
        "html_css_files": ["sidedoor.css"],
        "html_extra_path": [str(extra)],
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_use_index": False,
        "html_permalinks_icon": "#",
        "html_last_updated_fmt": None,
        "smartquotes": False,
        "keep_warnings": False,
        "pygments_style": "a11y-light",
        "exclude_patterns": [],
    }
    said = io.StringIO()
    with patch_docutils(None), docutils_namespace():
        doctree = out.parent / "doctree"
        app = Sphinx(source, None, out, doctree, "html", settings, status=None, warning=said, freshenv=True)
        app.add_transform(_GateProse)
        app.builder.search = False  # the site has a search of its own
        app.build(force_all=True)
    index = (out / "index.html").read_text(encoding="utf-8")
    for path in [*(out / "_static").rglob("*.*"), *(out / name for name in _UNUSED)]:
        # of what theme and extensions ship, only what a page loads
        if path.is_file() and f'"{path.relative_to(out).as_posix()}' not in index:
            path.unlink()
    for page in out.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace(_WRONG_LABEL, ""), encoding="utf-8")
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in said.getvalue().splitlines() if line.strip()]
