"""Write the site's own pages: front page, findings, sources, data, how to cite, limits; text is escaped."""

import html
import re
import textwrap
from dataclasses import dataclass, field

from helpers.wording import format_number
from sidedoor.publish.site._cells import (
    PlacedFigure,
    clean_markdown,
    is_safe_link,
    link_sources,
    show_figure,
    wrap_table,
)
from sidedoor.publish.site._facts import PlacedTable

_READ_AS = {
    "document": "the document itself, or the part cited",
    "publisher_page": "the page of the organization that published it",
    "press_excerpt": "only the opening of the page or article",
    "derived": "figures computed from a file, or taken from a recomputation by others",
    "not_read": "not read: out of our reach, and no fact rests on it",
}
_CHECKED_AS = {
    "full_text": "against a stored copy of its text",
    "excerpt": "against a part of its text",
    "file": "against the file itself",
    "not_reached": "not reached",
}
_README_PARTS = r"limit|privacy|harm|correction|licen[sc]e"
# Notebooks whose findings are about the collection, not about the records.
_ABOUT_THE_HOUSE = ("00", "99")
# From how many findings on the front page shows only the first ones of each notebook.
_MOST_LEADS, _LEADS_EACH = 8, 2


@dataclass(frozen=True)
class PlacedNotebook:
    """A notebook as the site shows it: name of its page, number, title, question, findings and figures."""

    name: str
    title: str
    question: str
    key: str = ""
    findings: list[dict] = field(default_factory=list)
    figures: list[PlacedFigure] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.name[:2]


def write_page(title: str, *parts: str) -> str:
    """Write a page of reStructuredText: headings and blocks of HTML that were escaped before.

    Parameters
    ----------
    title
        Of the page.
    parts
        In order: a text that starts with `## ` is a heading, any other is HTML.
    """
    lines = _head(title, "=")
    for part in parts:
        if part.startswith("## "):
            lines += _head(part[3:], "-")
        elif part.startswith(".. "):
            lines += [part, ""]
        elif part:
            lines += [".. raw:: html", "", textwrap.indent(part, "   "), ""]
    return "\n".join(lines)


def write_index(edition: dict, notebooks: list[PlacedNotebook], pages: list[str]) -> str:
    """Write the front page: title, what the records show, one picture, the notebooks, and the contents."""
    subtitle, authors = edition.get("subtitle"), edition.get("authors") or []
    parts = [f'<p class="standfirst">{html.escape(subtitle)}</p>' if subtitle else ""]
    parts += [f'<p class="byline">{html.escape("By " + ", ".join(authors)) if authors else "Side Door"}</p>']
    own = {name for record in edition.get("records") or [] for name in record["source_ids"]}
    leads, rest = _pick_leads(notebooks, edition.get("lead") or [], own)
    if leads:
        more = f'<p><a href="findings.html">All findings, with bounds and sources</a>{rest}</p>'
        parts += ["## What the records show", _list_leads(leads), more]
    picture = _pick_picture(notebooks, edition.get("picture") or "", own)
    parts += [show_figure(picture)] if picture else []
    rows = [
        [book.number, f'<a href="{book.name}.html">{html.escape(book.title)}</a>', html.escape(book.question)]
        for book in notebooks
    ]
    parts += ["## The notebooks", build_table(["No.", "Notebook", "Question"], rows)]
    entries = [f"   {_label(f'{book.number} {book.title}')} <{book.name}>" for book in notebooks]
    parts += [_contents("Notebooks", entries), _contents("Reference", [f"   {page}" for page in pages])]
    return write_page(edition["title"], *parts)


def write_findings(notebooks: list[PlacedNotebook], known: set[str] | None = None) -> str:
    """Write the page of findings: one row each, with bounds, unit and sources; those `known` are linked."""
    rows, anchors = [], []
    for book in notebooks:
        for finding in book.findings:
            said = _link_finding(book, finding) + _mark_simulated(finding)
            bounds = [_write_number(finding.get(key)) for key in ("value", "low", "high")]
            where = f'<a href="{book.name}.html">{book.number}</a>'
            sources = link_sources(finding["sources"], finding.get("pages"), known)
            rows.append([said, *bounds, html.escape(finding["unit"]), where, sources])
            anchors.append(finding["id"])
    head = ["Finding", "Value", "Low", "High", "Unit", "Notebook", "Sources"]
    lead = (
        "<p>Each sentence was written by the notebook that computed its numbers. Low and high are the bounds "
        "that the wording of the sources allows; “none”: nothing in them limits the figure on that side.</p>"
    )
    table = (
        build_table(head, rows, anchors, long={0}, n={1, 2, 3})
        if rows
        else "<p>No notebook states a finding.</p>"
    )
    return write_page(
        "Findings",
        lead,
        table,
        '<p class="downloads">Download: <a href="data/findings.json" download>JSON</a></p>',
    )


def write_sources(sources: list[dict], records: list[str] | tuple = ()) -> str:
    """Write the page of sources from rows of the table `sources`, an anchor for each; parts on records come first."""
    lead = (
        "<p>What every fact rests on, how it was read, and how far our own check could reach. Nothing that "
        "was read only as an excerpt is worded in the notebooks as if the document had been seen.</p>"
    )
    rows = []
    for row in sources:
        title, address = html.escape(row["title"]), row.get("url") or ""
        linked = (
            f'<a href="{html.escape(address)}" rel="noopener noreferrer">{title}</a>'
            if is_safe_link(address)
            else title
        )
        note = f'<span class="aside">{html.escape(row["note"])}</span>' if row.get("note") else ""
        checked = _CHECKED_AS.get(row["checked_as"], row["checked_as"]) + (
            f", {row['checked_on']}" if row.get("checked_on") else ""
        )
        texts = [
            row["publisher"],
            row.get("published_on") or "",
            _READ_AS.get(row["read_as"], row["read_as"]),
            checked,
        ]
        name = html.escape(row["source_id"])
        rows.append([f'{linked}{note}<span class="aside">{name}</span>', *map(html.escape, texts)])
    head = ["Source", "Publisher", "Date", "Read as", "Checked"]
    table = build_table(head, rows, [row["source_id"] for row in sources], long={0}, short={2})
    heading = ["## Sources of the fact tables"] if records else []
    return write_page("Sources", *records, *heading, lead, table)


def write_data(package: dict, placed: dict[str, list[PlacedTable]], names: dict[str, list[str]]) -> str:
    """Write the data dictionary from the data package: per table its columns, units and the CSV file.

    Parameters
    ----------
    package
        Content of `data/datapackage.json`.
    placed
        The files by table; more than one where notebooks of the edition were made from different ones.
    names
        What rows of a table are called, for tables whose rows are named here.
    """
    lead = f"<p>{html.escape(package.get('description', ''))} The files are those that the notebooks of this "
    lead += "edition were made from. The schema for machines: "
    lead += '<a href="data/datapackage.json" download>datapackage.json</a>.</p>'
    parts = [lead]
    for resource in package["resources"]:
        name = resource["name"]
        about = f"<p>{html.escape(resource.get('description', ''))}</p>"
        if name in placed:
            about += f'<p class="downloads">Download: {"; ".join(map(_offer_table, placed[name]))}</p>'
        if called := names.get(name):
            listed = "; ".join(map(html.escape, called))
            about += f"<details><summary>Names in it ({len(called):,})</summary><p>{listed}</p></details>"
        rows = [_describe_column(column) for column in resource["schema"]["fields"]]
        parts += [
            f"## {resource.get('title', name)}",
            about,
            build_table(["Column", "Type", "Unit", "Meaning"], rows, long={3}),
        ]
    return write_page("Data", *parts)


def write_cite(citation: dict, edition: dict, notebooks: list[PlacedNotebook]) -> str:
    """Write the page on how to cite, from CITATION.cff, the edition and the keys of the results."""
    people = [
        author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()
        for author in citation.get("authors", [])
    ]
    year, version = str(citation.get("date-released", ""))[:4], str(citation.get("version", ""))
    title = " ".join(str(citation.get("title", "Side Door")).split())
    address = str(citation.get("url") or citation.get("repository-code") or "")
    tail = f" {address}" if is_safe_link(address) else ""
    line = f"{', '.join(people)}{f' ({year})' if year else ''}. {title}. Version {version}.{tail}"
    entry = {
        "author": " and ".join(f"{{{name}}}" for name in people),
        "title": f"{{{title}}}",
        "year": year,
        "version": version,
    }
    bibtex = ",\n".join(f"  {key} = {{{value}}}" for key, value in entry.items() if value)
    parts = [
        f"<p>{html.escape(' '.join(str(citation.get('message', '')).split()))}</p>",
        "## The project",
        f"<blockquote><p>{html.escape(line)}</p></blockquote><pre>@software{{sidedoor,\n{html.escape(bibtex)}\n}}</pre>",
        "## This edition and its results",
        f"<p>Edition: <em>{html.escape(edition['title'])}</em>. A number is named by the notebook that "
        "computed it and the key of its result: the key changes when notebook, parameters, tables or code "
        "change.</p>",
        build_table(
            ["Notebook", "Key"],
            [
                [
                    f'<a href="{book.name}.html">{html.escape(f"{book.number} {book.title}")}</a>',
                    f"<code>{html.escape(book.key)}</code>",
                ]
                for book in notebooks
            ],
        ),
        "## Licenses",
        "<p>Code: MIT. Fact tables and their dictionary: Creative Commons Attribution 4.0 (CC BY 4.0). The "
        "documents and articles that the tables cite keep the rights of their own publishers.</p>",
    ]
    return write_page("How to cite", *parts)


def write_limits(readme: str, records: list[str] | tuple = ()) -> str | None:
    """Write the page on limits, privacy and corrections from the parts of the README on them, after those on records."""
    parts = [*records]
    for heading, text in re.findall(r"^## +(.+?)\s*$\n(.*?)(?=^## |\Z)", readme, re.M | re.S):
        if re.search(_README_PARTS, heading, re.I):
            # Links into the repository have no page here; their words stay.
            text = re.sub(r"(?<!!)\[([^\]]*)\]\((?!https?://)[^)]*\)", r"\1", text)
            parts += [f"## {heading}", clean_markdown(text)]
    return write_page("Limits and privacy", *parts) if parts else None


def build_table(head: list[str], rows: list[list[str]], anchors=(), **kinds: set[int]) -> str:
    """Build an HTML table in a box that scrolls.

    Parameters
    ----------
    head
        Names of the columns, as text.
    rows
        Cells, as HTML that was escaped before.
    anchors
        Name of each row, so that it can be linked to; none at all without it.
    kinds
        Places of the columns that hold `long` text, `short` text that may not be broken, or numbers (`n`).
    """
    kinds = {place: f' class="{kind}"' for kind, places in kinds.items() for place in places}
    top = "".join(
        f'<th scope="col"{kinds.get(place, "")}>{html.escape(name)}</th>' for place, name in enumerate(head)
    )
    # On a telephone each row of a wide table becomes a card, and each cell says what it is.
    kind = ' class="cards"' if len(head) > 3 else ""
    opened = [
        f'<td{kinds.get(place, "")} data-name="{html.escape(name)}">' for place, name in enumerate(head)
    ]
    marks = [f' id="{html.escape(anchor)}"' for anchor in anchors] or [""] * len(rows)
    body = "\n".join(
        f"<tr{mark}>"
        + "".join(f"{start}{cell}</td>" for start, cell in zip(opened, row, strict=True))
        + "</tr>"
        for mark, row in zip(marks, rows, strict=True)
    )
    return wrap_table(f"<table{kind}><thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table>")


def _offer_table(table: PlacedTable) -> str:
    link = html.escape(table.link)
    rows = f"{table.rows:,} row" + "s" * (table.rows != 1)
    shown = f'<a href="{link}" download>{link.rpartition("/")[2]}</a>, {rows}'
    return shown + (f" (of {html.escape(', '.join(table.results))})" if table.results else "")


def _pick_leads(
    notebooks: list[PlacedNotebook], named: list[str], own: set[str]
) -> tuple[list[tuple[PlacedNotebook, dict]], str]:
    """Pick the findings of the front page: those that the edition names, in its order.

    Where it names none: those on its `own` records; without any, on sources, not simulated. Of many, the first of each
    notebook.
    """
    books = [book for book in notebooks if book.number not in _ABOUT_THE_HOUSE] or notebooks
    firm = [
        [(book, finding) for finding in book.findings if own.intersection(finding["sources"])]
        for book in books
    ]
    if not any(firm):
        firm = [
            [(book, finding) for finding in book.findings if not finding.get("simulated")] for book in books
        ]
    count = sum(len(book.findings) for book in notebooks)
    short = sum(map(len, firm)) <= _MOST_LEADS
    if named:
        stated = {finding["id"]: (book, finding) for book in notebooks for finding in book.findings}
        leads = [stated[one] for one in named if one in stated]
    else:
        leads = [lead for group in firm for lead in (group if short else group[:_LEADS_EACH])]
    return leads, f" ({count})." if count > len(leads) else "."


def _list_leads(leads: list[tuple[PlacedNotebook, dict]]) -> str:
    items = [
        f"<li>{_link_finding(book, finding)}{_mark_simulated(finding)}"
        f'<span class="from">From {_link_page(book)}</span></li>'
        for book, finding in leads
    ]
    return '<ul class="lead-findings">' + "\n".join(items) + "</ul>"


def _mark_simulated(finding: dict) -> str:
    return ' <span class="simulated">simulated</span>' if finding.get("simulated") else ""


def _link_page(book: PlacedNotebook) -> str:
    return f'<a href="{book.name}.html">{html.escape(f"{book.number} {book.title}")}</a>'


def _link_finding(book: PlacedNotebook, finding: dict) -> str:
    place = f"{book.name}.html#finding-{finding['id']}"
    return f'<a class="said" href="{html.escape(place)}">{html.escape(finding["sentence"])}</a>'


def _pick_picture(notebooks: list[PlacedNotebook], named: str, own: set[str]) -> PlacedFigure | None:
    """Pick the picture of the front page: the one named, else one wider than tall.

    That is one of a notebook that found something in the edition's `own` records, else of the map of the access.
    """

    def rank(book: PlacedNotebook) -> tuple[bool, bool]:
        return not any(own.intersection(finding["sources"]) for finding in book.findings), book.number != "02"

    books = sorted(notebooks, key=rank)
    figures = [figure for book in books for figure in book.figures if figure.links]
    chosen = [figure for figure in figures if figure.figure_id == named]
    wide = [figure for figure in figures if figure.height <= figure.width]
    return next(iter(chosen or wide or figures), None)


def _describe_column(column: dict) -> list[str]:
    rules = column.get("constraints", {})
    kind = html.escape(column["type"]) + (", required" if rules.get("required") else "")
    words = ", ".join(f"<code>{html.escape(str(word))}</code>" for word in rules.get("enum", []))
    meaning = html.escape(column.get("description", "")) + (
        f'<span class="aside">One of: {words}</span>' if words else ""
    )
    return [f"<code>{html.escape(column['name'])}</code>", kind, html.escape(column.get("unit", "")), meaning]


def _write_number(number: float | None) -> str:
    return "none" if number is None else format_number(number)


def _contents(caption: str, entries: list[str]) -> str:
    return "\n".join([".. toctree::", "   :hidden:", f"   :caption: {caption}", "", *entries])


def _head(title: str, line: str) -> list[str]:
    title = re.sub(r"([\\*`|_<>:])", r"\\\1", " ".join(title.split()))
    return [title, line * (2 * len(title) + 4), ""]


def _label(title: str) -> str:
    # Sphinx takes an entry with `://` for an address
    return re.sub(r"[<>\\`]", "", " ".join(title.split())).replace("://", ": ")
