"""Write the site's own pages: front page, findings, sources, data, methods, corrections, how to cite."""

import csv
import html
import json
import shutil
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.export import write_csv
from helpers.facts.tables import load_table
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


@dataclass(frozen=True)
class PlacedNotebook:
    """A notebook as the site shows it.

    Attributes
    ----------
    name, title, question, key
        Of its page; the key names the result.
    findings, figures
        What it found and drew.
    figure_of
        The figure shown last before each finding, by the finding's id.
    """

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


@dataclass(frozen=True)
class Site:
    """What the pages are made from.

    Attributes
    ----------
    manifest
        Of the edition.
    books
        Its notebooks.
    sources
        Rows of the table `sources`; none for an edition of own records.
    cited
        How each source that has a row on the page of sources is cited.
    facts
        Folder of the fact tables.
    tables
        Fact tables in the site, by name; none for an edition of own records.
    folder, extra
        Folder of the edition, and the one whose content is copied into the site.
    """

    manifest: dict
    books: list[PlacedNotebook]
    sources: list[dict]
    cited: dict[str, str]
    facts: Path
    tables: dict[str, list[PlacedTable]]
    folder: Path
    extra: Path

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
    return ", ".join(
        filter(None, (row["publisher"], html.unescape(show_date(row.get("published_on")) or "undated")))
    )


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
    pages |= {
        "methods": read_page("methods", *show_limits(site.records), leaves=_show_leaves()),
        "glossary": read_page("glossary"),
        "cite": write_cite(site),
    }
    order = ["agencies", "sharing", "findings", "data", "sources", "methods", "checks", "story", "glossary"]
    order = [name for name in [*order, "corrections", "cite"] if name in pages]
    return {"index": write_index(site, order)} | {name: pages[name] for name in order} | lists


def _write_lookups(site: Site) -> dict[str, str]:
    if not site.records:
        return {"agencies": read_page("agencies", **show_agencies(site.facts, site.cited, site.extra))}
    blocks = show_own_agencies(site.folder / "records", site.records, site.extra)
    return {"agencies": read_page("agencies-own", **blocks)} if blocks else {}


def write_index(site: Site, pages: list[str]) -> str:
    """Return the front page: findings, one picture, what was not seen, the notebooks, and the contents."""
    edition, leads = site.manifest, _pick_leads(site)
    authors = edition.get("authors") or []
    unread = [row for row in site.sources if row["read_as"] == "not_read"]
    checked = max(
        (row["checked_on"] for row in site.sources if isinstance(row.get("checked_on"), str)), default=""
    )
    rows = [
        [book.number, link(f"{book.name}.html", show(book.title)), show(book.question)] for book in site.books
    ]
    picture = _pick_picture(site, leads)
    blocks = {
        "standfirst": f'<p class="standfirst">{show(edition.get("subtitle"))}</p>'
        if edition.get("subtitle")
        else "",
        "byline": f'<p class="byline">{show("By " + ", ".join(authors)) if authors else "Side Door"}</p>',
        "findings": _list_leads(site, leads),
        "picture": show_figure(picture) if picture else "",
        "unread": list_items(_show_unread(row) for row in unread),
        "date": f"<p>The facts were last checked against their sources on {show_date(checked)}.</p>"
        if checked
        else "",
        "records": list_items(show_name(name_record(record)) for record in site.records),
        "overlap": f"<p><strong>Before you publish:</strong> {show(OVERLAP)}</p>",
        "notebooks": build_table(["No.", "Notebook", "Question"], rows, caption="Notebooks of this edition"),
    }
    entries = [f"   {_label(f'{book.number} {book.title}')} <{book.name}>" for book in site.books]
    contents = [
        _list_contents("Look up", [f"   {page}" for page in pages]),
        _list_contents("Notebooks", entries),
    ]
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
    named = [
        site.manifest.get("picture") or "",
        *(book.figure_of.get(finding["id"], "") for book, finding in leads),
    ]
    return next((figures[name] for name in named if name in figures), None)


def _list_leads(site: Site, leads: list[tuple[PlacedNotebook, dict]]) -> str:
    items = []
    for book, finding in leads:
        place = link(f"{book.name}.html#finding-{finding['id']}", show(finding["sentence"]), class_="said")
        sources = link_sources(finding["sources"], site.cited)
        about = f"{_say_caveat(site, finding)} From {_link_book(book)}. {sources}"
        items.append(f'{place}{_mark_simulated(finding)}<div class="from">{about}</div>')
    return list_items(items, "lead-findings")


def _say_caveat(site: Site, finding: dict) -> str:
    """Return the one caveat of a finding: its bounds, or how its sources were read."""
    bounds = _show_bounds(finding)
    if bounds != "no bound stated" and finding.get("low") != finding.get("high"):
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
        places = [link(f"{book.name}.html#finding-{finding['id']}", show(f"{book.number} {book.title}"))]
        places += [link(f"{book.name}.html#figure-{figure}", "figure")] if figure else []
        value, bounds = format_number(finding["value"]), _show_bounds(finding)
        said = show(finding["sentence"]) + _mark_simulated(finding)
        sources = link_sources(finding["sources"], site.cited, finding.get("pages"))
        rows.append([said, value, bounds, show(finding["unit"]), ", ".join(places), sources])
        anchors.append(finding["id"])
        cited = "; ".join(site.cited.get(name, name) for name in finding["sources"])
        plain.append([finding["sentence"], finding["value"], bounds, finding["unit"], book.title, cited])
    kind, name = ("check", "checks") if checks else ("finding", "findings")
    file = site.extra / "data" / f"{name}.csv"
    write_csv(
        pd.DataFrame(plain, columns=["Finding", "Value", "Bounds", "Unit", "Notebook", "Sources"]), file
    )
    head = ["Method check" if checks else "Finding", "Value", "Bounds", "Unit", "Notebook", "Sources"]
    caption = say_number(len(rows), kind)
    table = build_table(head, rows, caption=caption, anchors=anchors, sortable=True, numbers={1}, choices={4})
    downloads = f"{offer(f'data/{name}.csv')} · {offer('data/findings.json')}"
    return read_page(name, table=table, downloads=f'<p class="downloads">Download: {downloads}</p>')


def _show_bounds(finding: dict) -> str:
    """Return the bounds of a finding; a side without a limit is not a side of which nothing is stated."""
    unlimited = finding.get("unlimited", ())
    low, high = finding.get("low"), finding.get("high")
    least = (
        "no lower limit" if "low" in unlimited else "" if low is None else f"at least {format_number(low)}"
    )
    most = (
        "no upper limit" if "high" in unlimited else "" if high is None else f"at most {format_number(high)}"
    )
    if low is not None and high is not None:
        return format_number(low) if low == high else f"{format_number(low)} to {format_number(high)}"
    return ", ".join(filter(None, (least, most))) or "no bound stated"


def write_sources(site: Site) -> str:
    """Return the page of sources, an address for each; the records of an edition have their own table."""
    if site.records:
        return read_page("sources-own", table=show_records(site.records))
    rows = []
    for row in site.sources:
        checked = _CHECKED_AS.get(row["checked_as"], row["checked_as"])
        day = show_date(row.get("checked_on"))
        read = [_READ_AS.get(row["read_as"], row["read_as"]), _WEAK_AS.get(row.get("weak_as"), "")]
        note = f'<span class="aside">{show(row["note"])}</span>' if row.get("note") else ""
        rows.append(
            [
                show_name(cite_source(row)),
                link(row.get("url") or "", show(row["title"])) + note,
                show("; ".join(filter(None, read))),
                show(checked) + (f", {day}" if day else ""),
            ]
        )
    head = ["Source", "Title", "What was read", "Checked"]
    anchors = [row["source_id"] for row in site.sources]
    caption = say_number(len(rows), "source")
    return read_page(
        "sources", table=build_table(head, rows, caption=caption, anchors=anchors, sortable=True, choices={2})
    )


def write_data(site: Site) -> str:
    """Return the page of the fact tables: what each is, to read and to download."""
    shutil.copyfile(paths.SCHEMA, site.extra / "data" / "datapackage.json")
    rows = []
    for resource in read_package()["resources"]:
        name = resource["name"]
        files = "; ".join(map(_offer_table, site.tables.get(name, ())))
        title = link(f"table-{name}.html", show(resource.get("title", name)))
        rows.append([title, show(resource.get("description", "")), files])
    more = f"<p>The schema of all tables, for machines: {offer('data/datapackage.json')}.</p>"
    return read_page(
        "data", table=build_table(["Table", "One row is", "Download"], rows, caption="Fact tables") + more
    )


def _write_table(site: Site, name: str) -> str:
    """Return the page of one fact table: its columns explained, and its rows."""
    resource = next(one for one in read_package()["resources"] if one["name"] == name)
    versions = site.tables[name]
    about = f"<p>{show(resource.get('description', ''))} {link('data.html', 'All tables')}.</p>"
    files = f'<p class="downloads">Download: {"; ".join(map(_offer_table, versions))}</p>'
    dictionary = build_table(
        ["Column", "Type", "Unit", "Meaning"],
        [_describe_column(column) for column in resource["schema"]["fields"]],
        caption="Columns",
    )
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
    sources = {at for at, column in enumerate(table) if "source_id" in column and name != "sources"}
    rows = [
        [
            link_sources([cell], site.cited) if at in sources and cell else _show_cell(cell)
            for at, cell in enumerate(row)
        ]
        for row in table.itertuples(index=False, name=None)
    ]
    head = [column.removesuffix("_id").replace("_", " ") for column in table]
    return build_table(head, rows, caption=say_number(len(rows), "row"), sortable=True, numbers=numbers)


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
    table = build_table(
        ["Date", "Where", "What was corrected"], shown, caption=say_number(len(rows), "correction")
    )
    return read_page("corrections", table=table)


def _show_leaves() -> str:
    """Return what leaves the private records of an edition, column by column."""
    rows = [
        [show(row[name]) for name in ("table", "column", "leaves", "how")]
        for row in _read_registry("leaves.csv")
    ]
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
    people = [
        author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()
        for author in cited.get("authors", [])
    ]
    year, version = str(cited.get("date-released", ""))[:4], str(cited.get("version", ""))
    title = " ".join(str(cited.get("title", "Side Door")).split())
    address = str(cited.get("url") or cited.get("repository-code") or "")
    dated = f" ({year})" if year else ""
    line = f"{', '.join(people)}{dated}. {title}. Version {version}."
    line += f" {address}" if is_safe_link(address) else ""
    entry = {"author": " and ".join(f"{{{name}}}" for name in people), "title": f"{{{title}}}"}
    entry |= {"year": year, "version": version}
    bibtex = ",\n".join(f"  {key} = {{{value}}}" for key, value in entry.items() if value)
    rows = [
        [link(f"{book.name}.html", show(book.title)), f"<code>{show(book.key[:12])}</code>"]
        for book in site.books
    ]
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
    text = json.dumps(findings, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    (site.extra / "data" / "findings.json").write_text(text, encoding="utf-8")


def _mark_simulated(finding: dict) -> str:
    return ' <span class="simulated">simulated</span>' if finding.get("simulated") else ""


def _link_book(book: PlacedNotebook) -> str:
    return link(f"{book.name}.html", show(f"{book.number} {book.title}"))


def _list_contents(caption: str, entries: list[str]) -> str:
    return "\n".join([".. toctree::", "   :hidden:", f"   :caption: {caption}", "", *entries])


def _label(title: str) -> str:
    # Sphinx takes an entry with `://` for an address
    for character in "<>\\`":
        title = title.replace(character, "")
    return textwrap.shorten(title, 200).replace("://", ": ")
