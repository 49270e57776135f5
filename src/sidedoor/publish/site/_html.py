"""Write HTML from text, and pages from HTML: everything that comes from data is escaped here."""

import html
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from helpers.agencies.check import UNSHOWN_CHARACTERS
from helpers.facts.dates import write_date
from helpers.wording import say_number

_PAGES = Path(__file__).with_name("pages")
_FILES = "html|csv|ipynb|json|graphml|gexf|svg|png"
_LOCAL_LINK = re.compile(rf"#[\w.-]+|[\w./-]+\.({_FILES})(\?[\w.=&-]+)?(#[\w.-]+)?")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PAGE = re.compile(r"(PDF |)p\. (\d{1,9})", re.A)
# A list of more sources than this shows how many they are, and the rest when it is opened.
_MOST_SOURCES = 4
# A source that is cited at more places than this shows how many they are.
_MOST_PAGES = 6
# A table of more columns than this is set smaller, and its words may be broken.
_MOST_COLUMNS = 7


def show(text: object) -> str:
    """Return a text as HTML, without characters that are invisible or turn the text around."""
    return html.escape(re.sub(UNSHOWN_CHARACTERS, "", "" if text is None or text != text else str(text)))


def show_name(text: object) -> str:
    """Return a name as HTML in a box of its own: its writing direction changes nothing beside it."""
    return f"<bdi>{show(text)}</bdi>"


def show_date(text: object) -> str:
    """Return a date, known to the day, month or year, in words; nothing for none."""
    return show(write_date(str(text))) if isinstance(text, str) and text else ""


def is_safe_link(address: str) -> bool:
    """Return whether a link may be in the site: a web page, mail, or a file of the site; never code."""
    is_own = _LOCAL_LINK.fullmatch(address) and ".." not in address
    return bool(is_own or re.match(r"(https?://|mailto:)\S+$", address, re.I))


def link(address: str, inside: str, kind: str = "") -> str:
    """Return a link around HTML, with a class if given; only the HTML where the address is not safe."""
    if not is_safe_link(address):
        return inside
    extra = f' class="{kind}"' if kind else ""
    extra += ' rel="noopener noreferrer"' if "://" in address else ""
    return f'<a href="{html.escape(address)}"{extra}>{inside}</a>'


def offer(address: str, rows: int | None = None) -> str:
    """Return a link that downloads a file of the site, with its number of rows."""
    name = show(address.rpartition("/")[2])
    shown = f'<a href="{html.escape(address)}" download>{name}</a>'
    return shown if rows is None else f"{shown}, {say_number(rows, 'row')}"


def link_sources(names: Iterable[str], cited: dict[str, str], pages: dict | None = None) -> str:
    """Return sources as people cite them, linked to their rows on the page of sources.

    `cited` says how each source that the page has is cited, such as `Fresno Bee, 14 March 2019`; another one
    is not linked. `pages` holds pages by source, where they are known.
    """
    shown = []
    for name in map(str, names):
        # what is simulated has no row, and its name says so
        words = name.replace("-", " ") if name.startswith("simulated-") else name
        inside = show_name(cited.get(name, words)) + show(_write_pages((pages or {}).get(name)))
        has_row = name in cited and _ID.fullmatch(name)
        shown.append(link(f"sources.html#{name}", inside) if has_row else inside)
    text = "; ".join(shown)
    is_long = len(shown) > _MOST_SOURCES
    return f"<details><summary>{len(shown)} sources</summary>{text}</details>" if is_long else text


def _write_pages(pages: list | None) -> str:
    """Return pages as they follow the name of their source: `, p. 344`, `, PDF pp. 1, 2`."""
    texts = [f"p. {page}" if str(page).isdecimal() else str(page) for page in pages or []]
    kinds = [_PAGE.fullmatch(text) for text in texts]
    if len(texts) > 1 and all(kinds) and len({kind[1] for kind in kinds}) == 1:
        numbers = sorted({int(kind[2]) for kind in kinds})
        texts = [f"{kinds[0][1]}pp. {', '.join(map(str, numbers))}"]
    if len(texts) > _MOST_PAGES:
        return f", {len(texts)} rows"
    return "".join(f", {text}" for text in texts)


def build_table(
    rows: list[dict[str, str]],
    caption: str,
    *,
    anchors: Iterable[str] = (),
    sortable: bool = False,
    numbers: Iterable[str] = (),
    choices: Iterable[str] = (),
) -> str:
    """Return an HTML table, which becomes cards on a narrow screen; only the caption where it has no row.

    Parameters
    ----------
    rows
        Cells as HTML, escaped before, by the names of their columns, which are text.
    caption
        What the table is, as text; shown above it.
    anchors
        An address for each row, so that it can be linked to.
    sortable
        True for a table that a reader can sort and filter where JavaScript runs.
    numbers
        Columns of numbers, which are set to the right.
    choices
        Columns whose values a reader can choose from, to filter the rows.
    """
    if not rows:
        return f"<p>{show(caption)}</p>"
    columns = {name: (' class="n"' if name in numbers else "", show(name)) for name in rows[0]}
    top = "".join(f'<th scope="col"{mark}>{name}</th>' for mark, name in columns.values())
    ids = [f' id="{show(anchor)}"' for anchor in anchors] or [""] * len(rows)
    opened = {name: f'<td{mark} data-name="{shown}">' for name, (mark, shown) in columns.items()}
    body = []
    for anchor, row in zip(ids, rows, strict=True):
        cells = "".join(f"{start}{row[name]}</td>" for name, start in opened.items())
        body.append(f"<tr{anchor}>{cells}</tr>")
    kind = "cards" + " sortable" * sortable + " wide" * (len(columns) > _MOST_COLUMNS)
    places = " ".join(str(at) for at, name in enumerate(columns) if name in choices)
    chosen = f' data-choices="{places}"' if places else ""
    text = f'<table class="{kind}"{chosen}><caption>{show(caption)}</caption><thead><tr>{top}</tr></thead>\n'
    return text + "<tbody>\n" + "\n".join(body) + "\n</tbody></table>"


def list_items(items: Iterable[str], kind: str = "") -> str:
    """Return HTML texts as a list; nothing for none."""
    shown = "\n".join(f"<li>{item}</li>" for item in items)
    mark = f' class="{kind}"' if kind else ""
    return f"<ul{mark}>{shown}</ul>" if shown else ""


def write_page(title: str, *parts: str) -> str:
    """Return a page of reStructuredText from parts in order.

    A part that starts with `## ` is a heading, with `.. ` a directive; any other is HTML, escaped before.
    """
    lines = _write_heading(title, "=")
    for part in parts:
        if part.startswith("## "):
            lines += _write_heading(part[3:], "-")
        elif part.startswith(".. "):
            lines += [part, ""]
        elif part:
            lines += [".. raw:: html", "", textwrap.indent(part, "   "), ""]
    return "\n".join(lines)


def read_page(name: str, *more: str, title: str = "", **blocks: str) -> str:
    """Return a page from its text in `pages/<name>.md`, followed by `more` parts as `write_page` takes them.

    `title` stands in place of the title of the text, `blocks` of HTML in place of its lines `{{name}}`; a
    section whose only content is empty is left out.
    """
    from markdown_it import MarkdownIt

    text = (_PAGES / f"{name}.md").read_text(encoding="utf-8")
    own_title, _, rest = text.removeprefix("# ").partition("\n")
    render = MarkdownIt("commonmark", {"html": False}).enable("table").render
    parts = []
    for number, section in enumerate(re.split(r"^## ", rest, flags=re.M)):
        heading, _, body = section.partition("\n") if number else ("", "", section)
        chunks = re.split(r"^\{\{(\w+)\}\}$", body, flags=re.M)
        made = [blocks.get(chunk, "") if at % 2 else render(chunk.strip()) for at, chunk in enumerate(chunks)]
        if any(made):
            parts += [f"## {heading.strip()}"] if number else []
            parts += made
    return write_page(title or own_title.strip(), *parts, *more)


def _write_heading(title: str, line: str) -> list[str]:
    title = re.sub(r"([\\*`|_<>:])", r"\\\1", " ".join(re.sub(UNSHOWN_CHARACTERS, "", title).split()))
    # What begins like a list, a comment or a line of its own is a heading all the same.
    title = re.sub(r"^([^\w\\])", r"\\\1", title)
    return [title, line * (2 * len(title) + 4), ""]
