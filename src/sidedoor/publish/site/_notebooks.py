"""Make an executed notebook safe to publish: text, cleaned tables and pictures pass; nothing that can run."""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import nh3

from helpers.agencies.check import UNSHOWN_CHARACTERS
from helpers.findings import KEY
from sidedoor.publish.site._figures import PNG, PlacedFigure, measure_png, show_figure
from sidedoor.publish.site._html import is_safe_link, link_sources, show

_TAGS = set(
    "a b blockquote br caption code col colgroup dd del details div dl dt em h3 h4 h5 hr i li ol p pre s "
    "small span strong sub summary sup table tbody td tfoot th thead tr ul".split()
)
# With these tags the text between them goes too: it is code, or is read differently outside of them.
_DROPPED = set(
    "embed iframe math noembed noframes noscript object plaintext script select style svg template textarea "
    "title xmp".split()
)
_NUMBER = re.compile(r"[-+−]?(\d[\d,]*(\.\d+)?|\.\d+)\s*%?|–|−?∞|None|")
# What pandas writes for truth, for a missing value and for a side without a bound.
_WORDS = {"True": "yes", "False": "no", "NaN": "–", "NaT": "–", "<NA>": "–", "inf": "∞", "-inf": "−∞"}
_SPANS = ("colspan", "rowspan")
_ATTRIBUTES = {"a": {"href", "title"}, "td": {*_SPANS}, "th": {*_SPANS, "scope"}}


def clean_html(text: str, caption: str = "", cited: dict[str, str] | None = None) -> str:
    """Return HTML from data, hostile or not, with tables, links and plain text marks only.

    Parameters
    ----------
    text
        HTML. Scripts, styles, handlers, pictures, forms, and links other than to web pages, mail and files of
        the site are taken out.
    caption
        What its tables are called, for those who hear them.
    cited
        How each source is cited: a cell that holds only names of sources shows and links them.
    """
    cleaned = nh3.clean(
        text,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=lambda _, name, value: value if name != "href" or is_safe_link(value) else None,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return _set_tables(cleaned, caption, cited or {}) if "<table" in cleaned else cleaned


def clean_markdown(text: str) -> str:
    """Return Markdown from data as HTML: raw HTML in it is shown as text, pictures become links."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return clean_html(parser.render(text))


def _set_tables(cleaned: str, caption: str, cited: dict[str, str]) -> str:
    """Set tables of pandas for readers: words for truth, numbers to the right, cards on narrow screens."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(cleaned, "html.parser")
    for table in soup.find_all("table"):
        if not table.find("caption") and caption:
            title = soup.new_tag("caption", attrs={"class": "only-spoken"})
            title.string = re.sub(UNSHOWN_CHARACTERS, "", caption)
            table.insert(0, title)
        _merge_heads(table)
        if not any(table.find(attrs={name: True}) for name in _SPANS):
            rows = [row.find_all(["th", "td"], recursive=False) for row in table.find_all("tr")]
            _drop_counter(rows)
            _mark_numbers(rows)
            _name_cells(table, rows)
        for cell in table.find_all(["th", "td"]):
            if cell.name == "th" and cell.get_text(strip=True):
                cell["scope"] = "col" if cell.find_parent("thead") else "row"
            else:
                cell.name = "td"
                del cell["scope"]
            _set_cell(cell, cited)
    return str(soup)


def _merge_heads(table) -> None:
    """Put the names of the index, which pandas writes in a row of their own, over its columns."""
    heads = [row.find_all(["th", "td"], recursive=False) for row in table.select("thead tr")]
    if len(heads) != 2 or any(cell.has_attr(name) for row in heads for cell in row for name in _SPANS):
        return
    names = [cell.get_text(strip=True) for cell in heads[1]]
    is_index = [bool(name) for name in names]
    if len(heads[0]) == len(names) and is_index == sorted(is_index, reverse=True) and not all(is_index):
        for cell, name in zip(heads[0], names, strict=True):
            # the columns have a name too: as in the corner of any table of two ways
            cell.string = " / ".join(filter(None, (name, cell.get_text(strip=True))))
        heads[1][0].parent.extract()


def _drop_counter(rows: list) -> None:
    """Drop the first column of a pandas table if it only counts the rows from 0; any other index stays."""
    firsts = [row[0].get_text(strip=True) for row in rows if row]
    body = list(map(str, range(len(firsts) - 1)))
    if len(firsts) > 1 and firsts == ["", *body] and all(row[0].name == "th" for row in rows):
        for row in rows:
            row.pop(0).extract()


def _mark_numbers(rows: list) -> None:
    """Mark the cells of columns that contain only numbers."""
    for column in zip(*rows):
        texts = [cell.get_text(strip=True) for cell in column if cell.name == "td"]
        if any(texts) and all(_NUMBER.fullmatch(_WORDS.get(text, text)) for text in texts):
            for cell in column:
                cell["class"] = "n"


def _name_cells(table, rows: list) -> None:
    """Give each cell the name of its column, so that rows can be cards on a narrow screen."""
    heads = [row for row in rows if row and row[0].find_parent("thead")]
    if len(heads) != 1 or len(heads[0]) < 3:
        return
    table["class"] = "cards wide" if len(heads[0]) > 7 else "cards"
    for row in rows:
        if row is not heads[0] and len(row) == len(heads[0]):
            for head, cell in zip(heads[0], row, strict=True):
                cell["data-name"] = head.get_text(strip=True)


def _set_cell(cell, cited: dict[str, str]) -> None:
    from bs4 import BeautifulSoup

    text = cell.get_text(strip=True)
    names = [name for name in re.split(r"[ ,;]+", text) if name]
    if text in _WORDS:
        cell.string = _WORDS[text]
        return
    if names and cited.keys() >= set(names):
        inside = link_sources(names, cited)
    elif text and "n" not in cell.get("class", ""):
        # An identifier may be broken after an underscore.
        broken = re.sub(r"_(?=[A-Za-z0-9])(?![^<]*>)", "_<wbr>", cell.decode_contents())
        inside = f"<bdi>{broken}</bdi>"
    else:
        return
    cell.clear()
    cell.append(BeautifulSoup(inside, "html.parser"))


def show_finding(finding: dict, cited: dict[str, str]) -> str:
    """Return a finding as HTML: the sentence, whether it is a check on simulated data, its sources."""
    name = str(finding.get("id", ""))
    mark = f' id="finding-{name}"' if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) else ""
    linked = link_sources(finding.get("sources", []), cited, finding.get("pages"))
    label = "Method check, simulated data" if finding.get("simulated") else "Finding"
    return (
        f'<div class="finding"{mark}><p class="finding-label">{label}</p>'
        f'<p class="finding-sentence">{show(finding.get("sentence", ""))}</p>'
        f'<div class="finding-sources">Sources: {linked}</div></div>'
    )


@dataclass
class OutputFilter:
    """Reduces the outputs of one notebook to what may be shown."""

    figures: dict[str, PlacedFigure]  # by name
    cited: dict[str, str]  # how each source that the site has is cited
    extra: Path  # its content is copied into the site
    name: str
    slug: str = ""  # how the edition calls this run of the notebook, for the title and the ids of findings
    shown: list[str] = field(default_factory=list)  # names of the figures in the order shown
    figure_of: dict[str, str] = field(default_factory=dict)  # the figure shown last before each finding

    def publish(self, notebook: nbformat.NotebookNode, foot: str, *, is_open: bool) -> nbformat.NotebookNode:
        """Return a copy of an executed notebook for the site, with cleaned outputs and no metadata.

        Some metadata could make the builder run code. `foot` is HTML of ours that goes under the first cell;
        where code is not `is_open`, each piece of it is folded.
        """
        cells, heading = [], ""
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type == "markdown":
                source = cell.source
                if number == 0 and self.slug:
                    title = rf"\1 ({self.slug.replace('-', ' ')})"
                    source = re.sub(r"^(# .*?)\s*$", title, source, count=1, flags=re.M)
                found = re.findall(r"^#+ +(.+?)\s*$", source, flags=re.M)
                heading = found[-1] if found else heading
                cells.append(nbformat.v4.new_markdown_cell(source, id=f"cell-{number}"))
            elif cell.cell_type == "code":
                places = (f"output-{number}-{order}" for order in range(len(cell.outputs)))
                outputs = [self._reduce(*pair, heading) for pair in zip(cell.outputs, places)]
                tags = [] if is_open else ["hide-input"]
                cells.append(_make_cell(cell.source, filter(None, outputs), f"cell-{number}", tags))
            if number == 0:
                cells.append(_make_cell("# removed", [_html_output(foot)], "cell-foot", ["remove-input"]))
        language = {"name": "python", "pygments_lexer": "ipython3"}
        return nbformat.v4.new_notebook(cells=cells, metadata={"language_info": language})

    def _reduce(self, output, place: str, heading: str) -> nbformat.NotebookNode | None:
        """Return one output reduced; None where nothing of it may be shown."""
        if output.output_type == "stream":
            return nbformat.v4.new_output("stream", name=output.name, text=output.text)
        if output.output_type not in ("display_data", "execute_result"):
            return None
        data, about = output.get("data", {}), output.get("metadata", {})
        finding = about.get(KEY)
        if isinstance(finding, dict):
            name = f"{self.slug}-{finding.get('id', '')}" if self.slug else str(finding.get("id", ""))
            if self.shown:
                self.figure_of[name] = self.shown[-1]
            return _html_output(show_finding({**finding, "id": name}, self.cited))
        if isinstance(data.get("image/png"), str):
            figure = self._find_figure(data["image/png"], about.get("image/png") or {}, place)
            if figure:
                self.shown.append(figure.figure_id)
                return _html_output(show_figure(figure))
        if isinstance(data.get("text/html"), str):
            return _html_output(clean_html(data["text/html"], heading, self.cited))
        if isinstance(data.get("text/markdown"), str):
            return _html_output(clean_markdown(data["text/markdown"]))
        if isinstance(data.get("text/plain"), str):
            return nbformat.v4.new_output("display_data", {"text/plain": data["text/plain"]})
        return None

    def _find_figure(self, encoded: str, described: dict, place: str) -> PlacedFigure | None:
        """Return the figure that a picture is; one that the notebook did not save is saved here."""
        name = str(described.get("sidedoor"))
        if name in self.figures and name not in self.shown:
            return self.figures[name]
        try:
            content = base64.b64decode(encoded)
        except ValueError:
            return None
        if not content.startswith(PNG):
            return None
        address = f"figures/{self.name}/{place}.png"
        (self.extra / address).parent.mkdir(parents=True, exist_ok=True)
        (self.extra / address).write_bytes(content)
        alt = str(described.get("alt") or "Picture without a description.")
        width, height = measure_png(content)
        return PlacedFigure(place, alt, links={"png": address}, width=width, height=height)


def _make_cell(source: str, outputs, name: str, tags: list[str]) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source, id=name, outputs=list(outputs), metadata={"tags": tags})
    cell.execution_count = 1
    return cell


def _html_output(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("display_data", {"text/html": text})
