"""Figures and graphs of a result: copied into the site if they are only drawings, and shown."""

import html
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from sidedoor.publish.site._html import offer

PNG = b"\x89PNG\r\n\x1a\n"
_SAVED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(csv|graphml|gexf)")
_GRAPHS = {"http://graphml.graphdrawing.org/xmlns", "http://gexf.net/1.3", "http://www.gexf.net/1.2draft"}
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance"
_SVG_ELEMENTS = set(
    "circle clipPath defs desc ellipse g image line linearGradient marker metadata path pattern polygon "
    "polyline rect stop style svg text title tspan use".split()
)
# The style sheet that matplotlib writes, and values of attributes that name nothing outside of the drawing.
_SVG_STYLE = re.compile(r"\s*\*\s*\{\s*stroke-linejoin:\s*round;\s*stroke-linecap:\s*butt;?\s*\}\s*")
_SVG_VALUE = re.compile(r"(?:[^\\(@]|url\(#[\w-]+\)|(?:matrix|translate|scale|rotate|rgba?|skew[XY])\()*")
_SVG_LINK = re.compile(r"#[\w-]+|data:image/png;base64,[A-Za-z0-9+/=\s]*")
# Who made it, with what: namespaces without any effect.
_SVG_ABOUT = {
    "{http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "{http://creativecommons.org/ns#",
    "{http://purl.org/dc/elements/1.1/",
}


@dataclass(frozen=True)
class PlacedFigure:
    """A figure in the site: its texts, its addresses by `png`, `svg`, `narrow`, `csv`, its size in pixels."""

    figure_id: str
    alt: str
    caption: str = ""
    source_line: str = ""
    links: dict[str, str] = field(default_factory=dict)
    width: int = 0
    height: int = 0


def place_figures(result: Path, name: str, extra: Path) -> tuple[list[PlacedFigure], list[str]]:
    """Copy the figures of a result, with their tables and graphs, into the site.

    Returns
    -------
    The figures, and links to the other files.
    """
    figures, taken, more = [], set(), []
    saved = [path for path in sorted((result / "figures").glob("*")) if path.is_file()]
    for about in [path for path in saved if path.suffix == ".json"]:
        described = json.loads(about.read_text(encoding="utf-8"))
        files = {kind: about.with_suffix(f".{kind}") for kind in ("png", "svg", "csv")}
        files["narrow"] = about.with_name(f"{about.stem}-narrow.svg")
        taken |= {about, *files.values()}
        # A drawing that could run code when it is opened by itself is left out; its PNG is there.
        whole = {kind: file for kind, file in files.items() if file.is_file() and _is_harmless(file)}
        links = {kind: _place(file, name, extra) for kind, file in whole.items()}
        size = measure_png(files["png"].read_bytes()) if "png" in links else (0, 0)
        texts = [str(described.get(key, "")) for key in ("alt", "caption", "source_line")]
        figures.append(PlacedFigure(about.stem, *texts, links, *size))
    for path in saved:
        if path not in taken and _SAVED.fullmatch(path.name) and _is_harmless(path):
            more.append(offer(_place(path, name, extra)))
    return figures, more


def _place(file: Path, name: str, extra: Path) -> str:
    """Copy a file into the site and return its address there."""
    place = f"figures/{name}/{file.name}"
    (extra / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, extra / place)
    return place


def show_figure(figure: PlacedFigure) -> str:
    """Return a figure as HTML: picture with its description, larger on click, caption, files to download."""
    links = {kind: html.escape(address) for kind, address in figure.links.items()}
    shown = links.get("svg") or links.get("png")
    size = f' width="{figure.width}" height="{figure.height}"' if figure.width else ""
    named = [(kind, links[kind]) for kind in ("png", "svg", "csv") if kind in links]
    files = " · ".join(f'<a href="{address}" download>{kind.upper()}</a>' for kind, address in named)
    narrow, wide = "", " only-wide"
    if "narrow" in links:
        narrow, wide = f'<source media="(max-width: 600px)" srcset="{links["narrow"]}">', ""
    # The source line is part of the picture; here it serves those who cannot see it.
    source = html.escape(figure.source_line)
    spoken = f'<span class="only-spoken"> {source}</span>' if source else ""
    return (
        f'<figure class="figure{wide}" id="figure-{html.escape(figure.figure_id)}">'
        f'<a class="figure-open" href="{shown}"><picture>{narrow}'
        f'<img src="{shown}" alt="{html.escape(figure.alt)}"{size} loading="lazy"></picture></a>'
        f"<figcaption>{html.escape(figure.caption)}{spoken}</figcaption>"
        f'<p class="downloads">Download: {files}</p></figure>'
    )


def measure_png(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG in pixels, from its head; zeros if it is none."""
    if not content.startswith(PNG) or len(content) < 24:
        return 0, 0
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def _is_harmless(file: Path) -> bool:
    """Return whether a browser can do nothing but show a file.

    Opened by itself, an SVG or a graph is a page without a policy: it could run what is in it, or ask a host
    for it. Elements, the style sheet, links and values of attributes are compared with what is allowed.
    """
    if file.suffix not in (".svg", ".graphml", ".gexf"):
        return True
    text = file.read_text(encoding="utf-8", errors="replace")
    if re.search(r"<!ENTITY|<!DOCTYPE[^>]*\[|<\?(?!xml\s)", text):
        return False
    try:
        elements = list(ElementTree.fromstring(text).iter())
    except ElementTree.ParseError:
        return False
    if file.suffix == ".svg":
        return all(map(_is_drawing, elements))
    spaces = {element.tag.rpartition("}")[0].lstrip("{") for element in elements}
    names = {name.rpartition("}")[0] for element in elements for name in element.attrib}
    return len(spaces) == 1 and spaces <= _GRAPHS and names <= {"", _SCHEMA_INSTANCE}


def _is_drawing(element: ElementTree.Element) -> bool:
    """Return whether an element is one that our figures consist of."""
    space, _, kind = element.tag.rpartition("}")
    if space != "{http://www.w3.org/2000/svg":
        return space in _SVG_ABOUT
    is_style = kind == "style" and not len(element) and _SVG_STYLE.fullmatch(element.text or "")
    if kind not in _SVG_ELEMENTS or kind == "style" and not is_style:
        return False
    for name, value in element.attrib.items():
        local = name.rpartition("}")[2].lower()
        allowed = _SVG_LINK if local in ("href", "src") else _SVG_VALUE
        if local.startswith("on") or not allowed.fullmatch(value):
            return False
    return True
