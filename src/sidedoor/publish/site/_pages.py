"""Write the site's own pages: front page, findings, sources, data, methods, corrections, how to cite."""

import csv
import html
import shutil
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.export import write_csv
from helpers.facts.tables import load_table
from helpers.files import format_json
from helpers.searches.suppression import OVERLAP
from helpers.wording import format_number, say_number
from sidedoor.publish.site._agencies import show_agencies, show_own_agencies
from sidedoor.publish.site._facts import PlacedTable, read_package
from sidedoor.publish.site._figures import PlacedFigure, show_figure
from sidedoor.publish.site._html import (
    build_table,
    is_safe_link,
    link,
    link_sources,
    list_items,
    offer,
    read_page,
    show,
    show_date,
    show_name,
    write_page,
)
from sidedoor.publish.site._lists import show_lists
from sidedoor.publish.site._records import name_record, show_limits, show_records

# Notebooks on methods: their code is shown, and what they find in simulated data is a check.
PART_2 = ("05", "06", "07", "10", "99")
_MOST_LEADS = 5
_NO_BOUND = "no bound stated"
_MOST_ROWS = 3_000
_READ_AS = {
    "document": "the document, or the part cited",
    "publisher_page": "the publisher's page",
    "press_excerpt": "only the opening",
    "derived": "computed from a file",
    "not_read": "not read",
}
_WEAK_AS = {
    "machine_written": "a machine wrote it",
    "aggregator": "from an aggregator",
    "copy": "from a copy",
}
_CHECKED_AS = {
    "full_text": "against its text",
    "excerpt": "against a part of its text",
    "file": "against the file",
    "not_reached": "not reached",
}
_PAGES = "agencies sharing findings data sources methods checks story glossary corrections cite".split()


@dataclass(frozen=True)
class PlacedNotebook:
    """A notebook as the site shows it; `figure_of` is the figure shown last before a finding, by its id."""

    name: str
    title: str
    question: str = ""
    key: str = ""
    findings: list[dict] = field(default_factory=list)
    figures: list[PlacedFigure] = field(default_factory=list)
    figure_of: dict[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return self.name[:2]

    @property
    def page(self) -> str:
        return f"{self.name}.html"


@dataclass(frozen=True)
class Site:
    """What the pages are made from. An edition of own records has only the sources that it cites."""

    manifest: dict
    books: list[PlacedNotebook]
    sources: list[dict]  # rows of the table `sources`
    cited: dict[str, str]  # how each source that has a row on the page of sources is cited
    facts: Path
    tables: dict[str, list[PlacedTable]]  # those in the site, by name
    folder: Path  # of the edition
    extra: Path  # its content is copied into the site

    @property
    def records(self) -> list[dict]:
        return self.manifest.get("records") or []

    def list_findings(self, *, checks: bool = False) -> list[tuple[PlacedNotebook, dict]]:
        """Return the findings on sources, or with `checks` those on simulated data.

        In an edition of own records, findings are those that rest on them; other records are not its subject.
        """
        own = {name for record in self.records for name in record["source_ids"]}
        found = []
        for book in self.books:
            for finding in book.findings:
                is_own = bool(own.intersection(finding["sources"]))
                is_check = bool(finding.get("simulated")) and not is_own
                if is_check == checks and (checks or is_own or not own):
                    found.append((book, finding))
        return found


def cite_source(row: dict) -> str:
    """Return how a source is cited: `Fresno Bee, 14 March 2019`."""
    date = html.unescape(show_date(row.get("published_on")) or "undated")
    return ", ".join(filter(None, (row["publisher"], date)))


def cite_records(records: list[dict]) -> dict[str, str]:
    """Return how the records of an edition are cited: by the agency that released them and the file."""
    return {name: name_record(record) for record in records for name in record["source_ids"]}


def write_pages(site: Site) -> dict[str, str]:
    """Return every page of the site but the notebooks, by name, in the order of the contents."""
    pages = _write_lookups(site) | {"findings": write_findings(site)}
    if site.list_findings(checks=True):
        pages["checks"] = write_findings(site, checks=True)
    pages["sources"] = write_sources(site)
    lists = {}
    if not site.records:
        pages |= {"data": write_data(site), "story": read_page("story"), "corrections": _write_corrections()}
        blocks, lists = show_lists(site.facts, site.cited, site.extra)
        pages["sharing"] = read_page("sharing", **blocks)
        lists |= {f"table-{name}": _write_table(site, name) for name in site.tables}
    pages["methods"] = read_page("methods", *show_limits(site.records), leaves=_show_leaves())
    pages |= {"glossary": read_page("glossary"), "cite": write_cite(site)}
    order = [name for name in _PAGES if name in pages]
    return {"index": write_index(site, order)} | {name: pages[name] for name in order} | lists


def _write_lookups(site: Site) -> dict[str, str]:
    if not site.records:
        return {"agencies": read_page("agencies", **show_agencies(site.facts, site.cited, site.extra))}
    blocks = show_own_agencies(site.folder / "records", site.records, site.extra)
    return {"agencies": read_page("agencies-own", **blocks)} if blocks else {}


def write_index(site: Site, pages: list[str]) -> str:
    """Return the front page: findings, one picture, what was not seen, the notebooks, and the contents."""
    edition, leads = site.manifest, _pick_leads(site)
    authors, subtitle = ", ".join(edition.get("authors") or []), edition.get("subtitle")
    checked = max((row.get("checked_on") or "" for row in site.sources), default="")
    date = f"The facts were last checked against their sources on {show_date(checked)}."
    rows = [[book.number, link(book.page, show(book.title)), show(book.question)] for book in site.books]
    picture = _pick_picture(site, leads)
    blocks = {
        "standfirst": f'<p class="standfirst">{show(subtitle)}</p>' if subtitle else "",
        "byline": f'<p class="byline">{show(f"By {authors}") if authors else "Side Door"}</p>',
        "findings": _list_leads(site, leads),
        "picture": show_figure(picture) if picture else "",
        "unread": list_items(_show_unread(row) for row in site.sources if row["read_as"] == "not_read"),
        "date": f"<p>{date}</p>" if checked else "",
        "records": list_items(show_name(name_record(record)) for record in site.records),
        "overlap": f"<p><strong>Before you publish:</strong> {show(OVERLAP)}</p>",
        "notebooks": build_table(["No.", "Notebook", "Question"], rows, caption="Notebooks of this edition"),
    }
    entries = [f"{_label(f'{book.number} {book.title}')} <{book.name}>" for book in site.books]
    contents = [_list_contents("Look up", pages), _list_contents("Notebooks", entries)]
    name = "index-own" if site.records else "index"
    return read_page(name, *contents, title=edition["title"], **blocks)


def _pick_leads(site: Site) -> list[tuple[PlacedNotebook, dict]]:
    """Return the findings that open the site: those the edition names, else the first of each notebook."""
    found, named = site.list_findings(), site.manifest.get("lead") or []
    if named:
        stated = {finding["id"]: (book, finding) for book, finding in found}
        return [stated[one] for one in named if one in stated]
    firsts = {book.name: (book, finding) for book, finding in reversed(found)}
    chosen = list(reversed(firsts.values()))
    rest = [pair for pair in found if pair not in chosen]
    return (chosen + rest)[:_MOST_LEADS]


def _pick_picture(site: Site, leads: list[tuple[PlacedNotebook, dict]]) -> PlacedFigure | None:
    """Return the picture of the front page: the one named, else the one that shows its first finding."""
    figures = {figure.figure_id: figure for book in site.books for figure in book.figures if figure.links}
    named = [site.manifest.get("picture"), *(book.figure_of.get(one["id"]) for book, one in leads)]
    return next((figures[name] for name in named if name in figures), None)


def _list_leads(site: Site, leads: list[tuple[PlacedNotebook, dict]]) -> str:
    items = []
    for book, finding in leads:
        place = link(f"{book.page}#finding-{finding['id']}", show(finding["sentence"]), "said")
        sources = link_sources(finding["sources"], site.cited)
        about = f"{_say_caveat(site, finding)} From {_link_book(book)}. {sources}"
        items.append(f'{place}{_mark_simulated(finding)}<div class="from">{about}</div>')
    return list_items(items, "lead-findings")


def _say_caveat(site: Site, finding: dict) -> str:
    """Return the one caveat of a finding: its bounds, or how its sources were read."""
    bounds = _show_bounds(finding)
    if bounds and finding.get("low") != finding.get("high"):
        return f"By the wording of the sources: {bounds}."
    ways = {row["source_id"]: row["read_as"] for row in site.sources}
    if {ways.get(name) for name in finding["sources"]} == {"press_excerpt"}:
        return "Read only in the openings of news reports."
    return ""


def _show_unread(row: dict) -> str:
    return f"{link(row['url'], show(row['title']))}. {show(row['publisher'])}. {show(row.get('note'))}"


def write_findings(site: Site, *, checks: bool = False) -> str:
    """Return the page of findings, or of method checks: sentence, figure, bounds, unit, where, sources."""
    rows, anchors, plain = [], [], []
    for book, finding in site.list_findings(checks=checks):
        figure = book.figure_of.get(finding["id"], "")
        places = [link(f"{book.page}#finding-{finding['id']}", show(f"{book.number} {book.title}"))]
        places += [link(f"{book.page}#figure-{figure}", "figure")] if figure else []
        value, bounds = format_number(finding["value"]), _show_bounds(finding) or _NO_BOUND
        said = show(finding["sentence"]) + _mark_simulated(finding)
        sources = link_sources(finding["sources"], site.cited, finding.get("pages"))
        rows.append([said, value, bounds, show(finding["unit"]), ", ".join(places), sources])
        anchors.append(finding["id"])
        cited = "; ".join(site.cited.get(name, name) for name in finding["sources"])
        plain.append([finding["sentence"], finding["value"], bounds, finding["unit"], book.title, cited])
    kind, name = ("check", "checks") if checks else ("finding", "findings")
    rest = ["Value", "Bounds", "Unit", "Notebook", "Sources"]
    write_csv(pd.DataFrame(plain, columns=["Finding", *rest]), site.extra / "data" / f"{name}.csv")
    head, caption = ["Method check" if checks else "Finding", *rest], say_number(len(rows), kind)
    table = build_table(head, rows, caption=caption, anchors=anchors, sortable=True, numbers={1}, choices={4})
    downloads = f"{offer(f'data/{name}.csv')} · {offer('data/findings.json')}"
    return read_page(name, table=table, downloads=f'<p class="downloads">Download: {downloads}</p>')


def _show_bounds(finding: dict) -> str:
    """Return the bounds of a finding, if any: "no limit" is not the same as nothing stated."""
    low, high = (finding.get(side) for side in ("low", "high"))
    if low is not None and high is not None:
        return format_number(low) if low == high else f"{format_number(low)} to {format_number(high)}"
    said = []
    for side, words, none in (("low", "at least", "no lower limit"), ("high", "at most", "no upper limit")):
        if side in finding.get("unlimited", ()):
            said.append(none)
        elif finding.get(side) is not None:
            said.append(f"{words} {format_number(finding[side])}")
    return ", ".join(said)


def write_sources(site: Site) -> str:
    """Return the page of sources, an address for each; the records of an edition have their own table."""
    rows = []
    for row in site.sources:
        day, checked = show_date(row.get("checked_on")), _CHECKED_AS.get(row["checked_as"], row["checked_as"])
        read = [_READ_AS.get(row["read_as"], row["read_as"]), _WEAK_AS.get(row.get("weak_as"), "")]
        note = f'<span class="aside">{show(row["note"])}</span>' if row.get("note") else ""
        title = link(row.get("url") or "", show(row["title"])) + note
        dated = show(checked) + (f", {day}" if day else "")
        rows.append([show_name(cite_source(row)), title, show("; ".join(filter(None, read))), dated])
    head, caption = ["Source", "Title", "What was read", "Checked"], say_number(len(rows), "source")
    anchors = [row["source_id"] for row in site.sources]
    table = build_table(head, rows, caption=caption, anchors=anchors, sortable=True, choices={2})
    if site.records:
        table = table if rows else ""
        return read_page("sources-own", table=show_records(site.records), others=table)
    return read_page("sources", table=table)


def write_data(site: Site) -> str:
    """Return the page of the fact tables: what each is, to read and to download."""
    shutil.copyfile(paths.SCHEMA, site.extra / "data" / "datapackage.json")
    rows = []
    for resource in read_package()["resources"]:
        name = resource["name"]
        files = "; ".join(map(_offer_table, site.tables.get(name, ())))
        title = link(f"table-{name}.html", show(resource.get("title", name)))
        rows.append([title, show(resource.get("description", "")), files])
    table = build_table(["Table", "One row is", "Download"], rows, caption="Fact tables")
    schema = f"<p>The schema of all tables, for machines: {offer('data/datapackage.json')}.</p>"
    return read_page("data", table=table + schema)


def _write_table(site: Site, name: str) -> str:
    """Return the page of one fact table: its columns explained, and its rows."""
    resource = next(one for one in read_package()["resources"] if one["name"] == name)
    versions, fields = site.tables[name], resource["schema"]["fields"]
    about = f"<p>{show(resource.get('description', ''))} {link('data.html', 'All tables')}.</p>"
    files = f'<p class="downloads">Download: {"; ".join(map(_offer_table, versions))}</p>'
    described = list(map(_describe_column, fields))
    dictionary = build_table(["Column", "Type", "Unit", "Meaning"], described, caption="Columns")
    if versions[0].rows > _MOST_ROWS:
        place = link("sharing.html", "each list has a page of its own")
        rows = f"<p>{say_number(versions[0].rows, 'row')}: {place}.</p>"
    else:
        rows = _show_rows(site, name)
    parts = [about, files, "## Columns", dictionary, "## Rows", rows]
    return ":orphan:\n\n" + write_page(resource.get("title", name), *parts)


def _show_rows(site: Site, name: str) -> str:
    kinds = load_table(name, site.facts).dtypes
    numbers = [at for at, kind in enumerate(kinds) if pd.api.types.is_numeric_dtype(kind)]
    # The cells as they are in the file: a number keeps its digits.
    table = pd.read_csv(site.facts / f"{name}.csv", dtype="str", keep_default_na=False)
    shown = table.map(_show_cell)
    for column in table:
        if "source_id" in column and name != "sources":
            shown[column] = [link_sources([cell], site.cited) if cell else "" for cell in table[column]]
    head = [column.removesuffix("_id").replace("_", " ") for column in table]
    caption, rows = say_number(len(table), "row"), shown.to_numpy().tolist()
    return build_table(head, rows, caption=caption, sortable=True, numbers=numbers)


def _show_cell(cell: str) -> str:
    words = {"true": "yes", "false": "no"}
    return show(words.get(cell, cell)) if cell.isascii() else show_name(cell)


def _offer_table(table: PlacedTable) -> str:
    used = f" (of {show(', '.join(table.results))})" if table.results else ""
    return offer(table.link, table.rows) + used


def _describe_column(column: dict) -> list[str]:
    rules = column.get("constraints", {})
    kind = show(column["type"]) + (", required" if rules.get("required") else "")
    words = ", ".join(show(str(word).replace("_", " ")) for word in rules.get("enum", []))
    about = f'<span class="aside">One of: {words}</span>' if words else ""
    meaning = show(column.get("description", "")) + about
    return [f"<code>{show(column['name'])}</code>", kind, show(column.get("unit", "")), meaning]


def _write_corrections() -> str:
    rows = _read_registry("corrections.csv")
    shown = [[show_date(row["date"]), show(row["where"]), show(row["what"])] for row in rows]
    head, caption = ["Date", "Where", "What was corrected"], say_number(len(rows), "correction")
    return read_page("corrections", table=build_table(head, shown, caption=caption))


def _show_leaves() -> str:
    """Return what leaves the private records of an edition, column by column."""
    names = ("table", "column", "leaves", "how")
    rows = [[show(row[name]) for name in names] for row in _read_registry("leaves.csv")]
    head = ["Table", "Column", "Leaves", "In what form"]
    return build_table(head, rows, caption="Columns of the private records", choices={0, 2}, sortable=True)


def _read_registry(name: str) -> list[dict]:
    with (paths.DATA / "registry" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_cite(site: Site) -> str:
    """Return the page on how to cite, from CITATION.cff, the edition and the keys of the results."""
    import yaml

    file, edition = paths.ROOT / "CITATION.cff", site.manifest
    cited = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    people = []
    for author in cited.get("authors", []):
        names = [author.get("given-names"), author.get("family-names")]
        people.append(author.get("name") or " ".join(filter(None, names)))
    year, version = str(cited.get("date-released", ""))[:4], str(cited.get("version", ""))
    title = " ".join(str(cited.get("title", "Side Door")).split())
    address = str(cited.get("url") or cited.get("repository-code") or "")
    dated = f" ({year})" if year else ""
    line = f"{', '.join(people)}{dated}. {title}. Version {version}."
    line += f" {address}" if is_safe_link(address) else ""
    entry = {"author": " and ".join(f"{{{name}}}" for name in people), "title": f"{{{title}}}"}
    entry |= {"year": year, "version": version}
    bibtex = ",\n".join(f"  {key} = {{{value}}}" for key, value in entry.items() if value)
    rows = [[link(book.page, show(book.title)), f"<code>{show(book.key[:12])}</code>"] for book in site.books]
    blocks = {
        "message": f"<p>{show(' '.join(str(cited.get('message', '')).split()))}</p>",
        "line": f"<blockquote>{show(line)}</blockquote>",
        "bibtex": f"<pre>{show(f'@software{{sidedoor,{chr(10)}{bibtex}{chr(10)}}}')}</pre>",
        "edition": f"<p>Edition: {show(edition['title'])} ({show(edition['edition'])}).</p>",
        "results": build_table(["Notebook", "Key of its result"], rows, caption="Results of this edition"),
    }
    return read_page("cite", **blocks)


def save_findings(site: Site) -> None:
    """Write all findings as JSON."""
    findings = [finding for book in site.books for finding in book.findings]
    (site.extra / "data" / "findings.json").write_text(format_json(findings), encoding="utf-8")


def _mark_simulated(finding: dict) -> str:
    return ' <span class="simulated">simulated</span>' if finding.get("simulated") else ""


def _link_book(book: PlacedNotebook) -> str:
    return link(book.page, show(f"{book.number} {book.title}"))


def _list_contents(caption: str, entries: list[str]) -> str:
    lines = [".. toctree::", "   :hidden:", f"   :caption: {caption}", ""]
    return "\n".join([*lines, *(f"   {entry}" for entry in entries)])


def _label(title: str) -> str:
    # Sphinx takes an entry with `://` for an address
    for character in "<>\\`":
        title = title.replace(character, "")
    return textwrap.shorten(title, 200).replace("://", ": ")
