"""Make an executed notebook safe to publish: text, cleaned tables and pictures pass, and code is folded."""

import base64
import html
import re
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import nh3

FINDING = "sidedoor_finding"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TAGS = set(
    "a b blockquote br caption code col colgroup dd del details div dl dt em h3 h4 h5 hr i li ol p pre s "
    "small span strong sub summary sup table tbody td tfoot th thead tr ul".split()
)
# With these tags the text between them goes too: it is code, or is read differently outside of them.
_DROPPED = set(
    "embed iframe math noembed noframes noscript object plaintext script select style svg template textarea "
    "title xmp".split()
)
_CLASSES = {"dataframe"}
_LOCAL_LINK = re.compile(r"#[\w.-]+|[\w./-]+\.(html|csv|ipynb)(#[\w.-]+)?")
_NUMBER = re.compile(r"[-+−]?(\d[\d,]*(\.\d+)?|\.\d+)\s*%?|–|−?∞|None|")
# A finding that rests on more sources than this shows their number, and their names when it is opened.
_MOST_SOURCES = 5
_SVG_ELEMENTS = set(
    "circle clipPath defs desc ellipse g image line linearGradient marker mask metadata path pattern polygon "
    "polyline radialGradient rect stop style svg text title tspan use".split()
)
# Who made it, with what: namespaces without any effect.
_SVG_ABOUT = {
    "{http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "{http://creativecommons.org/ns#",
    "{http://purl.org/dc/elements/1.1/",
}
# What pandas writes for truth, for a missing value and for a side without a bound.
_WORDS = {"True": "yes", "False": "no", "NaN": "–", "NaT": "–", "&lt;NA&gt;": "–", "inf": "∞", "-inf": "−∞"}
_WORD_CELL = re.compile(rf"<(t[dh])>\s*({'|'.join(_WORDS)})\s*</\1>")
# Identifiers up to this many characters fit on a telephone and are not broken at their hyphens.
_LONGEST_WHOLE = 40
_NAME_CELL = re.compile(rf"<(t[dh])>\s*((?=[^<]{{1,{_LONGEST_WHOLE}}}</)[a-z0-9]+(?:[-_][a-z0-9]+)+)\s*</\1>")
# Texts from this length on get room for some words a line.
_LONG_TEXT = re.compile(r"<(t[dh])>(?=[^<]{25})")
_PAGE = re.compile(r"(PDF |)p\. (\d{1,9})", re.A)
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class PlacedFigure:
    """A figure as it lies in the site.

    Attributes
    ----------
    figure_id, alt, caption, source_line
        As saved by `helpers.figures.save_figure`.
    links
        Address in the site by kind of file (`png`, `svg`, `csv`).
    width, height
        Size in pixels.
    """

    figure_id: str
    alt: str
    caption: str
    source_line: str
    links: dict[str, str] = field(default_factory=dict)
    width: int = 0
    height: int = 0


def clean_html(text: str) -> str:
    """Clean HTML that came from data: an allow-list that keeps tables, links and plain text marks.

    Parameters
    ----------
    text
        Any HTML, hostile or not.

    Returns
    -------
    HTML without scripts, styles, event handlers, pictures, forms and links other than to web pages, mail and
    files of the site. Tables lie in a box of their own that scrolls; columns of numbers are set flush right.
    """
    cleaned = nh3.clean(
        text,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes={
            "a": {"href", "title"},
            "table": {"class"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan", "scope"},
        },
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return re.sub(r"<table\b.*?</table>", lambda table: wrap_table(_set_table(table[0])), cleaned, flags=re.S)


def clean_markdown(text: str) -> str:
    """Turn Markdown that came from data into HTML: raw HTML in it is shown as text, pictures become links."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return clean_html(parser.render(text))


def wrap_table(table: str) -> str:
    """Put a table in a box that scrolls sideways, which the keyboard can reach."""
    return f'<div class="scroll-box" tabindex="0" role="region" aria-label="Table">{table}</div>'


def is_safe_link(address: str) -> bool:
    """Tell whether a link may stand in the site: a web page, mail, or a file of the site; never code."""
    return bool(re.match(r"(https?://|mailto:)\S+$", address, re.I)) or bool(
        _LOCAL_LINK.fullmatch(address) and ".." not in address
    )


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if is_safe_link(value) else None
    if attribute == "class":
        return " ".join(word for word in value.split() if word in _CLASSES) or None
    return value


def _set_table(table: str) -> str:
    """Set a table for readers: words for truth and for no value, no column that only counts, numbers flush right."""
    worded = _WORD_CELL.sub(lambda cell: f"<{cell[1]}>{_WORDS[cell[2]]}</{cell[1]}>", table)
    named = _NAME_CELL.sub(r'<\1><span class="name">\2</span></\1>', _align_numbers(_drop_counter(worded)))
    return _LONG_TEXT.sub(r'<\1 class="roomy">', named)


def _drop_counter(table: str) -> str:
    """Drop the first column of a pandas table if it only counts the rows, from 0; any other index stays."""
    rows = re.findall(r"<tr>.*?</tr>", table, re.S)
    if "span=" in table or len(rows) < 2 or not re.match(r"<tr>\s*<th></th>", rows[0]):
        return table
    counted = [re.match(r"<tr>\s*<th>(\d+)</th>\s*<td", row) for row in rows[1:]]
    if not all(counted) or [int(row[1]) for row in counted] != list(range(len(counted))):
        return table
    return re.sub(r"(<tr>\s*)<th>\d*</th>\s*", r"\1", table)


def _align_numbers(table: str) -> str:
    """Mark the cells of columns that hold only numbers, so that they are set flush right."""
    if re.search(r"(col|row)span=", table):
        return table
    head, rest = re.match(r"(.*?</thead>|)(.*)", table, re.S).groups()
    cell = re.compile(r"<(t[dh])((?: scope=\"\w*\")?)>(.*?)</\1>", re.S)
    rows = [
        [match[3].strip() for match in cell.finditer(row)] for row in re.findall(r"<tr>.*?</tr>", rest, re.S)
    ]
    width = max((len(row) for row in rows), default=0)
    full = [row for row in rows if len(row) == width]
    numeric = {
        place
        for place in range(width)
        if all(_NUMBER.fullmatch(row[place]) for row in full) and any(row[place] for row in full)
    }

    def mark_row(row: re.Match) -> str:
        # a head may be wider than a table without rows
        places = count()
        return cell.sub(
            lambda match: (
                f'<{match[1]}{match[2]} class="n">{match[3]}</{match[1]}>'
                if next(places, None) in numeric
                else match[0]
            ),
            row[0],
        )

    return re.sub(r"<tr>.*?</tr>", mark_row, head + rest, flags=re.S)


def show_figure(figure: PlacedFigure) -> str:
    """Write a figure as HTML: picture with its description, larger on click, caption, files to download."""
    links = {kind: html.escape(address) for kind, address in figure.links.items()}
    shown = links.get("svg") or links.get("png")
    size = f' width="{figure.width}" height="{figure.height}"' if figure.width else ""
    files = " · ".join(
        f'<a href="{links[kind]}" download>{kind.upper()}</a>'
        for kind in ("png", "svg", "csv")
        if kind in links
    )
    # The source line is drawn in the picture already; here it serves those who cannot see it.
    spoken = (
        f'<span class="only-spoken"> {html.escape(figure.source_line)}</span>' if figure.source_line else ""
    )
    return (
        f'<figure class="figure" id="figure-{html.escape(figure.figure_id)}">'
        f'<div class="figure-box" tabindex="0" role="region" aria-label="Figure">'
        f'<a class="figure-open" href="{shown}" title="Open large">'
        f'<img src="{shown}" alt="{html.escape(figure.alt)}"{size}></a></div>'
        f"<figcaption>{html.escape(figure.caption)}{spoken}</figcaption>"
        f'<p class="downloads"><span class="narrow-hint">Swipe to see the rest; tap to open it large.</span>'
        f"Download: {files}</p>"
        "</figure>"
    )


def show_finding(finding: dict, sources: set[str] | None = None) -> str:
    """Write a finding as HTML: the sentence, whether it is simulated, and links to sources that are known."""
    name = str(finding.get("id", ""))
    mark = f' id="finding-{name}"' if _ID.fullmatch(name) else ""
    linked = link_sources(finding.get("sources", []), finding.get("pages"), sources)
    label = "Finding, simulated data" if finding.get("simulated") else "Finding"
    return (
        f'<div class="finding"{mark}><p class="finding-label">{label}</p>'
        f'<p class="finding-sentence">{html.escape(str(finding.get("sentence", "")))}</p>'
        f'<div class="finding-sources">Sources: {linked}</div></div>'
    )


def link_cells(table: str, sources: set[str]) -> str:
    """Link the cells of cleaned tables that hold only names of sources to the page of sources."""

    def link(cell: re.Match) -> str:
        names = re.split(r"[ ,;]+", cell[3].strip())
        if not sources.issuperset(names):
            return cell[0]
        return f"<td{cell[1]}>{re.sub(r'[a-z0-9-]+', lambda name: link_sources([name[0]]), cell[3])}</td>"

    return re.sub(
        r'<td((?: class="roomy")?)>(<span class="name">)?([a-z0-9 ,;-]+)(?(2)</span>)</td>', link, table
    )


def link_sources(names: list[str], pages: dict | None = None, known: set[str] | None = None) -> str:
    """Link names of sources to their rows on the page of sources; a long list is folded.

    Parameters
    ----------
    names
        As a finding or a table gives them.
    pages
        Pages by source, where they are known: `aclu-nc-post-2019-03, p. 344`.
    known
        Sources that the page has; a name outside of it stays without a link. All have a row without it.
    """
    pages, links = pages or {}, []
    for name in map(str, names):
        whole = f'<span class="name">{name}</span>' if len(name) <= _LONGEST_WHOLE else name
        where = html.escape(_write_pages(pages.get(name)))
        if _ID.fullmatch(name) and (known is None or name in known):
            links.append(f'<a href="sources.html#{name}">{whole}{where}</a>')
        else:
            links.append(html.escape(name) + where)
    shown = ("; " if any(map(pages.get, map(str, names))) else ", ").join(links)
    if len(links) <= _MOST_SOURCES:
        return shown
    return f"<details><summary>{len(links)} sources</summary>{shown}</details>"


def _write_pages(pages: list | None) -> str:
    """Write pages behind the name of their source: `, p. 344`, `, PDF pp. 1, 2`; other words as they are."""
    texts = [f"p. {page}" if str(page).isdecimal() else str(page) for page in pages or []]
    kinds = [_PAGE.fullmatch(text) for text in texts]
    if len(texts) > 1 and all(kinds) and len({kind[1] for kind in kinds}) == 1:
        numbers = sorted({int(kind[2]) for kind in kinds})
        texts = [f"{kinds[0][1]}pp. {', '.join(map(str, numbers))}"]
    return "".join(f", {text}" for text in texts)


def publish_notebook(
    notebook: nbformat.NotebookNode,
    figures: dict[str, PlacedFigure],
    sources: set[str],
    *,
    foot: str,
    spare: Path,
    spare_link: str,
    slug: str = "",
) -> tuple[nbformat.NotebookNode, list[str]]:
    """Copy a notebook for the site.

    Parameters
    ----------
    notebook
        Executed notebook; it is not changed.
    figures
        Its figures by name.
    sources
        Names of sources, which are linked where a table shows them.
    foot
        HTML of ours that goes under the first cell.
    spare, spare_link
        Folder, and its address in the site, for pictures that the notebook drew without `save_figure`.
    slug
        Name that the edition gives to this run of the notebook: it stands behind the title, and before the
        ids of the findings.

    Returns
    -------
    Notebook with Markdown cells, code cells folded, and outputs reduced to text and cleaned HTML; and the
    names of the figures in the order shown. No metadata comes along: some could make the builder run code.
    """
    shelf = _Shelf(figures, sources, spare, spare_link, f"{slug}-" if slug else "")
    cells = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            source = cell.source
            if number == 0 and slug:
                source = re.sub(
                    r"^(# .*?)\s*$", rf"\1 ({slug.replace('-', ' ')})", source, count=1, flags=re.M
                )
            cells.append(nbformat.v4.new_markdown_cell(source, id=f"cell-{number}"))
        elif cell.cell_type == "code":
            outputs = [
                shelf.publish(output, f"output-{number}-{order}") for order, output in enumerate(cell.outputs)
            ]
            cells.append(
                _fold(cell.source, [output for output in outputs if output], f"cell-{number}", "hide-input")
            )
        if number == 0:
            cells.append(_fold("# removed", [_html_output(foot)], "cell-foot", "remove-input"))
    language = {"name": "python", "pygments_lexer": "ipython3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"language_info": language}), shelf.shown


def _fold(source: str, outputs: list, name: str, tag: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source, id=name, outputs=outputs, metadata={"tags": [tag]})
    cell.execution_count = 1
    return cell


def _html_output(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": text})


@dataclass
class _Shelf:
    """Reduces outputs to what may be shown, and remembers which figures were."""

    figures: dict[str, PlacedFigure]
    sources: set[str]
    spare: Path
    spare_link: str
    prefix: str
    shown: list[str] = field(default_factory=list)

    def publish(self, output: nbformat.NotebookNode, place: str) -> nbformat.NotebookNode | None:
        """Reduce one output; None where nothing of it may be shown."""
        if output.output_type == "stream":
            return nbformat.v4.new_output("stream", name=output.name, text=output.text)
        if output.output_type not in ("display_data", "execute_result"):
            return None
        data, about = output.get("data", {}), output.get("metadata", {})
        finding = about.get(FINDING)
        if isinstance(finding, dict):
            named = {**finding, "id": f"{self.prefix}{finding.get('id', '')}"}
            return _html_output(show_finding(named, self.sources))
        if isinstance(data.get("image/png"), str):
            figure = self._find_figure(data["image/png"], about.get("image/png") or {}, place)
            if figure:
                self.shown.append(figure.figure_id)
                return _html_output(show_figure(figure))
        if isinstance(data.get("text/html"), str):
            return _html_output(link_cells(clean_html(data["text/html"]), self.sources))
        if isinstance(data.get("text/markdown"), str):
            return _html_output(clean_markdown(data["text/markdown"]))
        if isinstance(data.get("text/plain"), str):
            return nbformat.v4.new_output("display_data", {"text/plain": data["text/plain"]})
        return None

    def _find_figure(self, encoded: str, described: dict, place: str) -> PlacedFigure | None:
        """Find the figure that a picture is; one that the notebook did not save is saved here."""
        name = str(described.get("sidedoor"))
        if name in self.figures and name not in self.shown:
            return self.figures[name]
        try:
            content = base64.b64decode(encoded)
        except ValueError:
            return None
        if not content.startswith(_PNG):
            return None
        self.spare.mkdir(parents=True, exist_ok=True)
        (self.spare / f"{place}.png").write_bytes(content)
        alt = str(described.get("alt") or "Picture without a description.")
        link = {"png": f"{self.spare_link}/{place}.png"}
        return PlacedFigure(place, alt, "", "", link, *measure_png(content))


def measure_png(content: bytes) -> tuple[int, int]:
    """Read width and height, in pixels, from the head of a PNG file; zeros if it is none."""
    if not content.startswith(_PNG) or len(content) < 24:
        return 0, 0
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def is_plain_svg(text: str) -> bool:
    """Tell whether an SVG holds only drawing: known elements, and no handler or address outside of itself.

    Opened by itself, an SVG is a page without a policy: it could run what is in it.
    """
    elements = _list_elements(text)
    return bool(elements) and all(map(_is_drawing, elements))


def is_plain_graph(text: str) -> bool:
    """Tell whether a GraphML file holds only a graph: no element or attribute of another kind, which a browser could obey."""
    elements = _list_elements(text)
    return bool(elements) and all(
        element.tag.startswith("{http://graphml.graphdrawing.org/xmlns}")
        and not any("}" in name for name in element.attrib)
        for element in elements
    )


def _list_elements(text: str) -> list[ElementTree.Element]:
    """List the elements of an XML file; none if it cannot be read or says more than they do."""
    if re.search(r"<!ENTITY|<!DOCTYPE[^>]*\[|<\?(?!xml\s)", text):
        return []
    try:
        return list(ElementTree.fromstring(text).iter())
    except ElementTree.ParseError:
        return []


def _is_drawing(element: ElementTree.Element) -> bool:
    space, _, kind = element.tag.rpartition("}")
    if space != "{http://www.w3.org/2000/svg":
        return space in _SVG_ABOUT
    texts = [*element.attrib.values(), element.text or ""]
    if kind not in _SVG_ELEMENTS or any(
        re.search(r"url\(\s*[\"']?[^#\"'\s]|@import", text, re.I) for text in texts
    ):
        return False
    for name, value in element.attrib.items():
        local = name.rpartition("}")[2].lower()
        if local.startswith("on") or (local == "href" and not re.match(r"#|data:image/png;base64,", value)):
            return False
    return True
