"""Write the site's own pages: front page, findings, sources, data, methods, corrections, how to cite."""

import shutil
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.errors import ParameterError, offer_nearest
from helpers.export import neutralize_formulas, write_csv
from helpers.facts.tables import describe_table, list_tables, load_table
from helpers.files import format_json
from helpers.searches.records import SIMULATED
from helpers.searches.suppression import OVERLAP
from helpers.wording import format_number, say_number
from sidedoor.publish.site import _lookups
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

# Notebooks on methods: their code is shown, and what they find in simulated data is a check.
PART_2 = ("05", "06", "07", "10", "99")
_MOST_LEADS = 5
_NO_BOUND = "no bound stated"
_MOST_ROWS = 3_000
_LEAVES = {"table": "Table", "column": "Column", "leaves": "Leaves", "how": "In what form"}
_LEAVES_SETS = {"sortable": True, "choices": ["Table", "Leaves"]}
_WORDS = {
    "document": "the document, or the part cited",
    "publisher_page": "the publisher's page",
    "press_excerpt": "only the opening",
    "derived": "computed from a file",
    "not_read": "not read",
    "machine_written": "a machine wrote it",
    "aggregator": "from an aggregator",
    "copy": "from a copy",
    "full_text": "against its text",
    "excerpt": "against a part of its text",
    "file": "against the file",
    "not_reached": "not reached",
}


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
    def label(self) -> str:
        return f"{self.name[:2]} {self.title}"

    def link(self, anchor: str = "", text: str = "", kind: str = "") -> str:
        """Return a link to the page, or to a place on it."""
        return link(f"{self.name}.html{anchor}", show(text or self.label), kind)


@dataclass(frozen=True)
class Site:
    """What the pages are made from. An edition of own records has only the sources that it cites."""

    manifest: dict
    books: list[PlacedNotebook]
    sources: list[dict]  # rows of the table `sources`, with `cite_as`
    cited: dict[str, str]  # how each source that has a row on the page of sources is cited
    facts: Path
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


def name_record(record: dict) -> str:
    """Return how a record is cited: the agency that released it, where it is known, and the file."""
    return ", ".join(filter(None, (record.get("reported_by"), record["file"])))


def write_pages(site: Site) -> dict[str, str]:
    """Return every page of the site but the notebooks, by name, in the order of the contents.

    What readers can download is written to `site.extra`.
    """
    findings = [finding for book in site.books for finding in book.findings]
    (site.extra / "data" / "findings.json").write_text(format_json(findings), encoding="utf-8")
    pages, unlisted = {}, {}
    if not site.records:
        blocks = _lookups.show_agencies(site.facts, site.cited, site.extra)
        pages["agencies"] = read_page("agencies", **blocks)
        blocks, unlisted = _lookups.show_lists(site.facts, site.cited, site.extra)
        pages["sharing"] = read_page("sharing", **blocks)
    elif blocks := _lookups.show_own_agencies(site.folder / "records", site.records, site.extra):
        pages["agencies"] = read_page("agencies-own", **blocks)
    pages["findings"] = _write_findings(site)
    if not site.records:
        pages["data"], tables = _write_data(site)
        unlisted |= tables
    pages["sources"] = _write_sources(site)
    leaves = _show_registry("leaves", _LEAVES, "Columns of the private records", **_LEAVES_SETS)
    pages["methods"] = read_page("methods", *_show_limits(site.records), leaves=leaves)
    if site.list_findings(checks=True):
        pages["checks"] = _write_findings(site, checks=True)
    if not site.records:
        pages["story"] = read_page("story")
    pages["glossary"] = read_page("glossary")
    if not site.records:
        heads = {"date": "Date", "where": "Where", "what": "What was corrected"}
        pages["corrections"] = read_page("corrections", table=_show_registry("corrections", heads))
    pages["cite"] = _write_cite(site)
    return {"index": _write_index(site, list(pages))} | pages | unlisted


def _write_index(site: Site, pages: list[str]) -> str:
    """Return the front page: findings, one picture, what was not seen, the notebooks, and the contents."""
    edition, leads = site.manifest, _pick_leads(site)
    authors, subtitle = ", ".join(edition.get("authors") or []), edition.get("subtitle")
    checked = max((row["checked_on"] or "" for row in site.sources), default="")
    date = f"The facts were last checked against their sources on {show_date(checked)}."
    books = [
        {"No.": book.name[:2], "Notebook": book.link(text=book.title), "Question": show(book.question)}
        for book in site.books
    ]
    unread = [
        f"{link(row['url'], show(row['title']))}. {show(row['publisher'])}. {show(row['note'])}"
        for row in site.sources
        if row["read_as"] == "not_read"
    ]
    picture = _pick_picture(site, leads)
    blocks = {
        "standfirst": f'<p class="standfirst">{show(subtitle)}</p>' if subtitle else "",
        "byline": f'<p class="byline">{show(f"By {authors}") if authors else "Side Door"}</p>',
        "findings": list_items((_show_lead(site, *lead) for lead in leads), "lead-findings"),
        "picture": show_figure(picture) if picture else "",
        "unread": list_items(unread),
        "date": f"<p>{date}</p>" if checked else "",
        "records": list_items(show_name(name_record(record)) for record in site.records),
        "overlap": f"<p><strong>Before you publish:</strong> {show(OVERLAP)}</p>",
        "notebooks": build_table(books, "Notebooks of this edition"),
    }
    entries = [f"{_label(book.label)} <{book.name}>" for book in site.books]
    contents = [_list_contents("Look up", pages), _list_contents("Notebooks", entries)]
    name = "index-own" if site.records else "index"
    return read_page(name, *contents, title=edition["title"], **blocks)


def _pick_leads(site: Site) -> list[tuple[PlacedNotebook, dict]]:
    """Return the findings that open the site: those the edition names, else the first of each notebook."""
    found = site.list_findings()
    if named := site.manifest.get("lead"):
        stated = {finding["id"]: (book, finding) for book, finding in found}
        return [_pick(site, "lead", one, stated) for one in named]
    firsts = {book.name: (book, finding) for book, finding in reversed(found)}
    chosen = list(reversed(firsts.values()))
    rest = [pair for pair in found if pair not in chosen]
    return (chosen + rest)[:_MOST_LEADS]


def _pick_picture(site: Site, leads: list[tuple[PlacedNotebook, dict]]) -> PlacedFigure | None:
    """Return the picture of the front page: the one named, else the one that shows its first finding."""
    figures = {figure.figure_id: figure for book in site.books for figure in book.figures if figure.links}
    if named := site.manifest.get("picture"):
        return _pick(site, "picture", named, figures)
    shown = (book.figure_of.get(finding["id"]) for book, finding in leads)
    return next((figures[name] for name in shown if name in figures), None)


def _pick(site: Site, key: str, name: str, known: dict):
    """Return what an edition names for its front page; ParameterError if none of its notebooks has it."""
    if name not in known:
        found = f"nothing in its notebooks is called `{name}`"
        raise ParameterError(
            f"edition {site.folder.name}, {key}", found, offer_nearest(name, known), code=key
        )
    return known[name]


def _show_lead(site: Site, book: PlacedNotebook, finding: dict) -> str:
    """Return a finding with its one caveat, its bounds or how its sources were read, and its sources."""
    bounds, caveat = show_bounds(finding), ""
    ways = {row["source_id"]: row["read_as"] for row in site.sources}
    if bounds and finding.get("low") != finding.get("high"):
        caveat = f"By the wording of the sources: {bounds}."
    elif {ways.get(name) for name in finding["sources"]} == {"press_excerpt"}:
        caveat = "Read only in the openings of news reports."
    place = book.link(f"#finding-{finding['id']}", finding["sentence"], "said")
    about = f"{caveat} From {book.link()}. {link_sources(finding['sources'], site.cited)}"
    return f'{place}{_mark_simulated(finding)}<div class="from">{about}</div>'


def _write_findings(site: Site, *, checks: bool = False) -> str:
    """Return the page of findings, or of method checks: sentence, figure, bounds, unit, where, sources."""
    rows, anchors, plain = [], [], []
    kind, name = ("Method check", "checks") if checks else ("Finding", "findings")
    for book, finding in site.list_findings(checks=checks):
        figure = book.figure_of.get(finding["id"], "")
        places = [book.link(f"#finding-{finding['id']}")]
        places += [book.link(f"#figure-{figure}", "figure")] if figure else []
        bounds = show_bounds(finding) or _NO_BOUND
        about = {"Value": format_number(finding["value"]), "Bounds": bounds, "Unit": show(finding["unit"])}
        about |= {"Notebook": ", ".join(places)}
        about |= {"Sources": link_sources(finding["sources"], site.cited, finding.get("pages"))}
        rows.append({kind: show(finding["sentence"]) + _mark_simulated(finding)} | about)
        anchors.append(finding["id"])
        cited = "; ".join(site.cited.get(name, name) for name in finding["sources"])
        plain.append([finding["sentence"], finding["value"], bounds, finding["unit"], book.title, cited])
    columns = ["Finding", "Value", "Bounds", "Unit", "Notebook", "Sources"]
    write_csv(pd.DataFrame(plain, columns=columns), site.extra / "data" / f"{name}.csv")
    caption = say_number(len(rows), "check" if checks else "finding")
    sets = {"sortable": True, "numbers": ["Value"], "choices": ["Notebook"]}
    table = build_table(rows, caption, anchors=anchors, **sets)
    downloads = f"{offer(f'data/{name}.csv')} · {offer('data/findings.json')}"
    return read_page(name, table=table, downloads=f'<p class="downloads">Download: {downloads}</p>')


def show_bounds(finding: dict) -> str:
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


def _mark_simulated(finding: dict) -> str:
    return ' <span class="simulated">simulated</span>' if finding.get("simulated") else ""


def _write_sources(site: Site) -> str:
    """Return the page of sources, an address for each; the records of an edition have their own table."""
    rows = []
    for row in site.sources:
        read = [_WORDS.get(row[column], row[column]) for column in ("read_as", "weak_as")]
        checked = [show(_WORDS.get(row["checked_as"], row["checked_as"])), show_date(row["checked_on"])]
        note = f'<span class="aside">{show(row["note"])}</span>' if row["note"] else ""
        rows.append(
            {
                "Source": show_name(row["cite_as"]),
                "Title": link(row["url"] or "", show(row["title"])) + note,
                "What was read": show("; ".join(filter(None, read))),
                "Checked": ", ".join(filter(None, checked)),
            }
        )
    anchors, caption = [row["source_id"] for row in site.sources], say_number(len(rows), "source")
    table = build_table(rows, caption, anchors=anchors, sortable=True, choices=["What was read"])
    if site.records:
        return read_page("sources-own", table=show_records(site.records), others=table if rows else "")
    return read_page("sources", table=table)


def show_records(records: list[dict]) -> str:
    """Return the records of an edition as a table: which agency released each, and what was read."""
    rows, anchors = [], []
    for number, record in enumerate(records, start=1):
        names = record["source_ids"] or [f"record-{number}"]
        anchors.append(names[0])
        others = "".join(f'<span id="{show(name)}"></span>' for name in names[1:])
        mark = _mark_simulated({"simulated": _is_simulated(record)})
        digest = f'<span class="aside">sha256 <code>{show(record["sha256"])}</code></span>'
        rows.append(
            {
                "File": f"{others}{show_name(name_record(record))}{mark}{digest}",
                "Format": show(record["family"]),
                "Rows in the file": f"{record['rows_in']:,}",
                "Read": f"{record['rows_out']:,}",
                "Skipped": f"{sum(record['set_aside'].values()):,}",
                "Period": "; ".join(_show_span(*span) for span in record["span"].items()),
            }
        )
    numbers = ["Rows in the file", "Read", "Skipped"]
    return build_table(rows, say_number(len(rows), "record"), anchors=anchors, numbers=numbers)


def _show_span(table: str, days: list) -> str:
    first, last = (show_date(day) or "unknown" for day in days)
    return f"{show(table)}: {first}" + (f" to {last}" if last != first else "")


def _is_simulated(record: dict) -> bool:
    """Return whether a record is of invented data: every id under which its rows are cited says so."""
    names = record["source_ids"]
    return bool(names) and all(name.startswith(SIMULATED) for name in names)


def _show_limits(records: list[dict]) -> list[str]:
    """Return what limits the records of an edition, as parts of a page; nothing if there are none."""
    parts = ["## Limits of these records"] if records else []
    for record in records:
        said = ["This file is simulated: nothing in it happened."] if _is_simulated(record) else []
        said += record["warnings"]
        said += [f"{say_number(count, 'row')} skipped: {why}" for why, count in record["set_aside"].items()]
        if record["columns_dropped"]:
            said.append(f"{say_number(len(record['columns_dropped']), 'column')} of the file never taken in.")
        if record["time_zone"]:
            said.append(f"Times: {record['time_zone']}.")
        none = "<p>No warning. That is no proof that the file is complete.</p>"
        items = list_items(map(show, said)) or none
        parts.append(f"<p><strong>{show_name(name_record(record))}</strong></p>{items}")
    return parts


def _write_data(site: Site) -> tuple[str, dict[str, str]]:
    """Return the page of the fact tables, and a page for each table by its name; copy the tables."""
    shutil.copyfile(paths.SCHEMA, site.extra / "data" / "datapackage.json")
    rows, pages = [], {}
    for name in list_tables():
        about, file = describe_table(name), site.extra / "data" / f"{name}.csv"
        # The cells as they are in the file: a number keeps its digits.
        table = pd.read_csv(site.facts / file.name, dtype="str", keep_default_na=False)
        if neutralize_formulas(table).equals(table):
            shutil.copyfile(site.facts / file.name, file)
        else:
            write_csv(table, file)
        download = offer(f"data/{name}.csv", len(table))
        title, one = about.get("title", name), show(about.get("description"))
        rows.append(
            {"Table": link(f"table-{name}.html", show(title)), "One row is": one, "Download": download}
        )
        columns = build_table(list(map(_describe_column, about["schema"]["fields"])), "Columns")
        opening = f"<p>{one} {link('data.html', 'All tables')}.</p>"
        files = f'<p class="downloads">Download: {download}</p>'
        parts = [opening, files, "## Columns", columns, "## Rows", _show_rows(site, name, table)]
        pages[f"table-{name}"] = ":orphan:\n\n" + write_page(title, *parts)
    schema = f"<p>The schema of all tables, for machines: {offer('data/datapackage.json')}.</p>"
    return read_page("data", table=build_table(rows, "Fact tables") + schema), pages


def _show_rows(site: Site, name: str, table: pd.DataFrame) -> str:
    caption = say_number(len(table), "row")
    if len(table) > _MOST_ROWS:
        return f"<p>{caption}: {link('sharing.html', 'each list has a page of its own')}.</p>"
    shown = table.map(_show_cell)
    for column in table:
        if "source_id" in column and name != "sources":
            shown[column] = [link_sources([cell], site.cited) if cell else "" for cell in table[column]]
    # without "id", where that leaves the name of no other column
    named = {column: column.removesuffix("_id") for column in table}
    heads = {column: (column if one in table else one).replace("_", " ") for column, one in named.items()}
    kinds = load_table(name, site.facts).dtypes
    numbers = [heads[column] for column in table if pd.api.types.is_numeric_dtype(kinds[column])]
    rows = shown.rename(columns=heads).to_dict("records")
    return build_table(rows, caption, sortable=True, numbers=numbers)


def _show_cell(cell: str) -> str:
    words = {"true": "yes", "false": "no"}
    return show(words.get(cell, cell)) if cell.isascii() else show_name(cell)


def _describe_column(column: dict) -> dict[str, str]:
    rules = column.get("constraints", {})
    words = ", ".join(show(str(word).replace("_", " ")) for word in rules.get("enum", []))
    about = f'<span class="aside">One of: {words}</span>' if words else ""
    return {
        "Column": f"<code>{show(column['name'])}</code>",
        "Type": show(column["type"]) + (", required" if rules.get("required") else ""),
        "Unit": show(column.get("unit", "")),
        "Meaning": show(column.get("description", "")) + about,
    }


def _show_registry(name: str, heads: dict[str, str], caption: str = "", **sets) -> str:
    """Return columns of a table of `data/registry` under the heads that readers see."""
    table = pd.read_csv(paths.DATA / "registry" / f"{name}.csv", dtype="str", keep_default_na=False).map(show)
    if "date" in table:
        table["date"] = table["date"].map(show_date)
    rows = table[list(heads)].rename(columns=heads).to_dict("records")
    return build_table(rows, caption or say_number(len(rows), "correction"), **sets)


def _write_cite(site: Site) -> str:
    """Return the page on how to cite, from CITATION.cff, the edition and the keys of the results."""
    import yaml

    edition = site.manifest
    cited = yaml.safe_load((paths.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    people = [
        author.get("name") or f"{author['given-names']} {author['family-names']}"
        for author in cited["authors"]
    ]
    year, version = str(cited["date-released"])[:4], str(cited["version"])
    title, address = cited["title"], cited.get("url") or cited.get("repository-code") or ""
    line = f"{', '.join(people)} ({year}). {title}. Version {version}."
    line += f" {address}" if is_safe_link(address) else ""
    entry = {"author": " and ".join(f"{{{name}}}" for name in people), "title": f"{{{title}}}"}
    entry |= {"year": year, "version": version}
    bibtex = "".join(f",\n  {key} = {{{value}}}" for key, value in entry.items())
    rows = [
        {"Notebook": book.link(text=book.title), "Key of its result": f"<code>{show(book.key[:12])}</code>"}
        for book in site.books
    ]
    blocks = {
        "message": f"<p>{show(cited['message'])}</p>",
        "line": f"<blockquote>{show(line)}</blockquote>",
        "bibtex": f"<pre>{show(f'@software{{sidedoor{bibtex}{chr(10)}}}')}</pre>",
        "edition": f"<p>Edition: {show(edition['title'])} ({show(edition['edition'])}).</p>",
        "results": build_table(rows, "Results of this edition"),
    }
    return read_page("cite", **blocks)


def _list_contents(caption: str, entries: list[str]) -> str:
    lines = [".. toctree::", "   :hidden:", f"   :caption: {caption}", ""]
    return "\n".join([*lines, *(f"   {entry}" for entry in entries)])


def _label(title: str) -> str:
    # Sphinx takes an entry with `://` for an address
    for character in "<>\\`":
        title = title.replace(character, "")
    return textwrap.shorten(title, 200).replace("://", ": ")
