"""Drive Sphinx in process; loaded only while a site is built, because Sphinx is slow to import."""

import html
import io
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sidedoor.publish.site._cells import is_safe_link

_ASSETS = Path(__file__).with_name("assets")
_REPLACED = {"README.md": "index.html", "data/README.md": "data.html", "CITATION.cff": "cite.html"}


class _GateProse(SphinxTransform):
    """Lets prose of notebooks carry neither raw HTML nor pictures from elsewhere, and turns its links inward.

    Outputs were cleaned before; what stands outside of them is the authors' Markdown, which a notebook
    from elsewhere may have filled with anything.
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
            target = _turn_inward(node.get("refuri", ""), self.env.found_docs)
            if "refuri" not in node:
                continue
            if target:
                node["refuri"] = target
            else:
                node.replace_self(node.children)


def _is_output(node: nodes.Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if "cell_output" in node.get("classes", []):
            return True
    return False


def _turn_inward(address: str, pages: set[str]) -> str | None:
    """Turn a link of the repository into one of the site; None where the site has no such page."""
    path, mark, place = address.partition("#")
    if re.match(r"[a-z][\w+.-]*:", path, re.I) or not path:
        return address if is_safe_link(address) else None
    path = re.sub(r"^(\.{1,2}/)+", "", path)
    inside = _REPLACED.get(path) or re.sub(r"^(notebooks/)?([\w-]+)\.ipynb$", r"\2.html", path)
    page = inside.removesuffix(".html")
    return inside + mark + place if inside.endswith(".html") and page in pages else None


def render_site(source: Path, out: Path, extra: Path, title: str) -> list[str]:
    """Render a folder of pages and notebooks to HTML.

    Parameters
    ----------
    source
        Folder with `index.rst`, other pages and notebooks that were made safe.
    out
        Where the HTML goes; its parent is used for working files too.
    extra
        Folder whose content is copied into the site as it is.
    title
        Title of the edition.

    Returns
    -------
    list of str: Sphinx's warnings.
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
        "html_js_files": ["sidedoor.js"],
        "html_extra_path": [str(extra)],
        "html_sidebars": {
            "**": [
                f"sidebar/{part}.html"
                for part in ("brand", "search", "scroll-start", "navigation", "scroll-end")
            ]
        },
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_use_index": False,
        "html_show_search_summary": False,  # summaries are fetched, which browsers refuse for files
        "html_permalinks_icon": "#",
        "html_last_updated_fmt": None,
        "smartquotes": False,
        "keep_warnings": False,
        "pygments_style": "a11y-light",
        "exclude_patterns": [],
    }
    said = io.StringIO()
    with patch_docutils(None), docutils_namespace():
        app = Sphinx(
            source,
            None,
            out,
            out.parent / "doctree",
            "html",
            settings,
            status=None,
            warning=said,
            freshenv=True,
        )
        app.add_transform(_GateProse)
        app.build(force_all=True)
    return [line for line in said.getvalue().splitlines() if line.strip()]
