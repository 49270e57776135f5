"""The site: complete, linked, the same bytes each time, with nothing from elsewhere and nothing that runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import networkx
import pandas
import pytest

import made.site_edition as made
from helpers import paths
from helpers.canonical import COLUMNS
from helpers.errors import ParameterError, RunError
from helpers.facts import tables
from helpers.facts.agencies import PHRASES
from helpers.facts.tables import describe_table
from helpers.files import hash_files
from sidedoor.publish.site import _html, _lookups, _sphinx, build_site
from sidedoor.publish.site._figures import place_figures
from sidedoor.publish.site._html import is_safe_link, link_sources
from sidedoor.publish.site._notebooks import clean_html, clean_markdown
from sidedoor.publish.site._pages import show_bounds
from sidedoor.publish.site._review import review_pages
from sidedoor.run.results import lock_edition


class Reader(HTMLParser):
    """Reads a page: its links, resources, names of places, tags, words, and what is folded away."""

    def __init__(self, page: Path):
        super().__init__()
        self.links, self.resources, self.names, self.tags = [], [], set(), []
        self.policy, self.shown, self.folded, self._depth, self._skip = "", "", "", 0, False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append((tag, values))
        self.names |= {values.get("id")}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in ("script", "img", "source") and "src" in values:
            self.resources.append(values["src"])
        if tag == "link":
            self.resources.append(values["href"])
        if tag == "meta" and values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        self._skip = tag in ("script", "style")
        self._depth += tag == "details"

    def handle_endtag(self, tag):
        self._skip = False
        self._depth -= tag == "details"

    def handle_data(self, data):
        if self._depth and not self._skip:
            self.folded += data
        elif not self._skip:
            self.shown += data

    def count_rows(self) -> int:
        """Count the rows of all tables but their heads."""
        tags = [tag for tag, _ in self.tags]
        return tags.count("tr") - tags.count("thead")


def read(folder: Path, page: str) -> Reader:
    """Read a page of an edition's site."""
    return Reader(folder / "site" / page)


def find_facts(folder: Path) -> Path:
    """Find the fact tables that an edition was made from."""
    return next(folder.glob("01-*/facts"))


def refuse(folder: Path, error: type = RunError) -> str:
    """Return the code with which an edition gets no site."""
    with pytest.raises(error) as raised:
        build_site(folder.name, folder.parent)
    assert raised.value.place.startswith(("runs/test-city", "edition test-city", "0"))
    return raised.value.code


def test_site_is_complete(edition):
    """Every page of the contract is there, with the tables and notebooks to download, and no working file."""
    files = set(hash_files(edition / "site"))
    names = (
        "index agencies sharing findings checks data sources methods glossary story corrections cite search"
    )
    names += " 01-read-the-release 02-map-the-access 05-oakland 05-irvine"
    data = "data/datapackage.json data/findings.json data/findings.csv data/agency-table.csv"

    assert {f"{name}.html" for name in names.split()} | set(data.split()) <= files
    assert "notebooks/01-read-the-release.ipynb" in files
    for name in tables.list_tables():
        assert {f"data/{name}.csv", f"table-{name}.html"} <= files
    working = re.compile(r"doctree|buildinfo|pickle|\.map$|\.rst$|jupyter_execute|objects.inv|furo.*js$")
    assert not list(filter(working.search, files)) and not list(edition.glob(".*"))


def test_front_page_opens_with_findings_and_what_was_not_seen(edition):
    """Title, authors, findings linked to their cell, their picture, sources not read, the notebooks."""
    page = read(edition, "index.html")
    unread = [
        row for row in made.read_rows(find_facts(edition) / "sources.csv") if row["read_as"] == "not_read"
    ]

    for words in (
        "Plate readers in Test City",
        "By A. Reporter, B. Editor",
        "Scans by year.",
        "By which doors?",
    ):
        assert words in page.shown
    assert "01-read-the-release.html#finding-scans-pooled" in page.links
    assert "figures/01-read-the-release/scans.svg" in page.resources
    assert unread and {row["url"] for row in unread} <= set(page.links)


def test_simulated_findings_have_a_page_of_their_own(edition):
    """What comes from invented data is on the page of method checks and on no other."""
    assert "stale" in read(edition, "checks.html").shown
    for page in ("index.html", "findings.html"):
        assert "stale" not in read(edition, page).shown and "simulated" not in read(edition, page).shown


def test_front_page_opens_with_what_the_edition_names(tmp_path):
    """A finding or figure that no notebook has is refused, with its key."""
    folder = made.place_own_edition(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for key, wrong in (("lead", ["scans-poled"]), ("picture", "scan")):
        made.write_manifest(folder, manifest["notebooks"], records=manifest["records"], **{key: wrong})
        assert refuse(folder, ParameterError) == key


@pytest.mark.parametrize(
    ("bounds", "shown"),
    [
        ({"low": 45, "high": 59}, "45 to 59"),
        ({"low": 80, "high": 80}, "80"),
        ({"low": 80, "high": None, "unlimited": ["high"]}, "at least 80, no upper limit"),
        ({"low": 80, "high": None}, "at least 80"),
        ({"low": None, "high": None, "unlimited": ["low", "high"]}, "no lower limit, no upper limit"),
        ({"low": None, "high": None}, ""),
    ],
)
def test_no_limit_is_not_no_statement(bounds, shown):
    """A side on which the sources set no limit differs from one of which nothing is stated."""
    assert show_bounds(bounds) == shown


def test_links_within_the_site_lead_somewhere(edition):
    """Each names a file that exists and, behind a #, a place on that page; every page has the contents."""
    site = edition / "site"
    pages = {path.name: Reader(path) for path in site.glob("*.html")}
    contents = ["01-read-the-release", "02-map-the-access", "findings", "sources", "data", "cite"]
    dead = []
    for name, page in pages.items():
        assert {f"{one}.html" for one in contents} <= {*page.links, name}, name
        for link in page.links + page.resources:
            target, _, place = link.partition("#")
            target = target.partition("?")[0]
            file = target or name
            if re.match(r"https?:|mailto:|data:", target):
                continue
            if not (site / file).is_file() or (place and place not in pages[file].names):
                dead.append((name, link))

    assert dead == []
    assert not [link for link in pages["01-read-the-release.html"].links if link.endswith("README.md")]


def test_findings_page_links_cell_figure_and_sources(edition):
    """A row per finding, with bounds and links to cell, figure and source; the same as CSV."""
    page = read(edition, "findings.html")

    for words in ("5 billion", "at least 4.9 billion", "scans"):
        assert words in page.shown
    expected = {f"sources.html#{made.name_source()}", "01-read-the-release.html#finding-scans-pooled"}
    assert expected | {"01-read-the-release.html#figure-scans"} <= set(page.links)
    row = made.read_rows(edition / "site" / "data" / "findings.csv")[0]
    assert (row["Value"], row["Unit"]) == ("5000000000", "scans")


def test_each_agency_and_state_has_an_address(edition):
    """Every agency of the facts, with its statements in the order of their dates; each source is linked."""
    page = read(edition, "agencies.html")
    claims = made.read_rows(paths.FACTS / "sharing_claims.csv")
    claims = [row for row in claims if row["agency_id"] == "merced-pd-ca"]
    kinds = {"police", "sheriff", "campus_police", "fusion_center", "federal"}
    agencies = [row for row in made.read_rows(paths.FACTS / "agencies.csv") if row["kind"] in kinds]

    assert {row["agency_id"] for row in agencies} <= page.names
    assert {f"state-{row['state'].lower()}" for row in agencies if row["state"]} <= page.names
    assert len(claims) > 1
    for claim in claims:
        assert claim["statement"] in page.shown
        assert f"sources.html#{claim['source_id']}" in page.links
    table = {row["agency"]: row for row in made.read_rows(edition / "site" / "data" / "agency-table.csv")}
    assert len(table) == len(agencies)
    assert table["Union City Police Department"]["on ICE's list"] == "denied"


def test_every_status_of_a_claim_has_words():
    """What the schema allows is what the page can say."""
    fields = {field["name"]: field for field in describe_table("sharing_claims")["schema"]["fields"]}

    assert set(fields["status"]["constraints"]["enum"]) <= set(PHRASES)


def test_each_sharing_list_has_a_page_with_all_its_names(edition):
    """As many rows as the list has names; then and now is counted apart with plain sets."""
    names = made.read_rows(find_facts(edition) / "sharing_lists.csv")
    list_id = names[0]["list_id"]
    page = read(edition, f"list-{list_id}.html")

    assert page.count_rows() == sum(row["list_id"] == list_id for row in names)
    keys = {"irvine-learn-2020-03-02": set(), "irvine-learn-2025-03-11": set()}
    for row in _lookups.load_lists(find_facts(edition))[1].itertuples():
        if row.list_id in keys and row.section == "detections_shared":
            keys[row.list_id].add(row.key)
    before, after = keys.values()
    counts = [len(before), len(after), len(before & after), len(before - after), len(after - before)]
    text = (edition / "site" / "sharing.html").read_text(encoding="utf-8")
    cells = [re.findall(r'class="n"[^>]*>([\d,]+)<', row) for row in re.findall(r"<tr>.*?</tr>", text)]
    assert [f"{count:,}" for count in counts] in cells


def test_sharing_network_can_be_opened_elsewhere(edition):
    """Edges name nodes; GraphML and GEXF have as many edges as the CSV and no day of the build."""
    data = edition / "site" / "data"
    edges, nodes = (made.read_rows(data / f"sharing-network-{part}.csv") for part in ("edges", "nodes"))
    assert {row[end] for row in edges for end in ("Source", "Target")} == {row["Id"] for row in nodes}
    for read_graph, end in ((networkx.read_graphml, "graphml"), (networkx.read_gexf, "gexf")):
        graph = read_graph(data / f"sharing-network.{end}")
        assert (graph.number_of_edges(), graph.number_of_nodes()) == (len(edges), len(nodes))
    assert "lastmodified" not in (data / "sharing-network.gexf").read_text(encoding="utf-8")


def test_each_table_can_be_read_with_its_dictionary(edition):
    """Every column is explained, every row is shown; the names of lists have their own pages."""
    for name in tables.list_tables():
        page = read(edition, f"table-{name}.html")
        rows = made.read_rows(find_facts(edition) / f"{name}.csv")
        fields = [field["name"] for field in describe_table(name)["schema"]["fields"]]
        assert all(field in page.shown for field in fields), name
        assert page.count_rows() == len(fields) + (0 if name == "sharing_lists" else len(rows)), name
        copy = edition / "site" / "data" / f"{name}.csv"
        assert copy.read_bytes() == (find_facts(edition) / f"{name}.csv").read_bytes()


def test_list_says_which_of_its_sections_are_complete():
    """All, some by their names, or none."""
    frame = pandas.DataFrame({"section": list(_lookups.TITLES)[:2], "is_whole": [True, True]})

    shown = [
        _lookups._show_complete(frame.assign(is_whole=list(whole)))
        for whole in ((True, True), (True, False), (False, True), (False, False))
    ]
    assert shown[0] == "yes" and shown[3] == "no" and len(set(shown)) == 4


def place_books(folder: Path, *facts: Path | None) -> Path:
    """Place an edition of notebooks that were made from these fact tables, and kept them where there are any."""
    entries = []
    for number, kept in enumerate(facts, start=1):
        pointed = {"facts": "my-facts"}
        entries.append(
            made.place_result(folder, f"0{number}-read", "Read", "What?", [], facts=kept, parameters=pointed)
        )
    made.write_manifest(folder, entries)
    return folder


def test_a_site_shows_the_facts_that_it_was_made_from(tmp_path):
    """Results that kept none, and two that were made from different tables, are run again."""
    ours, other = paths.FACTS, made.copy_facts(tmp_path / "other", title="Another title")

    assert refuse(place_books(tmp_path / "1" / made.EDITION, None)) == "facts-missing"
    assert refuse(place_books(tmp_path / "2" / made.EDITION, ours, ours, other)) == "facts-differ"


@pytest.mark.parametrize(
    ("pages", "shown"),
    [
        (["p. 344"], "Town, 2019, p. 344"),
        (["344"], "Town, 2019, p. 344"),
        (["p. 391", "p. 344"], "Town, 2019, pp. 344, 391"),
        (["PDF p. 2", "PDF p. 1"], "Town, 2019, PDF pp. 1, 2"),
        (["pp. 5-6", "p. 9"], "Town, 2019, pp. 5-6, p. 9"),
        (["sheet <b>"], "Town, 2019, sheet &lt;b&gt;"),
        ([f"row {number}" for number in range(40)], "Town, 2019, 40 rows"),
    ],
)
def test_sources_are_cited_with_their_pages(pages, shown):
    """A source is called as people cite it, and pages of one kind stand together, within the link."""
    linked = link_sources(["a"], {"a": "Town, 2019"}, {"a": pages})

    assert re.sub(r"</?bdi>", "", linked) == f'<a href="sources.html#a">{shown}</a>'


def test_cite_page_names_version_and_results(edition):
    """What CITATION.cff says, the edition, and the key of each result."""
    page = read(edition, "cite.html")

    assert "The Side Door developers" in page.shown
    assert "@software{sidedoor," in page.shown
    for entry in json.loads((edition / "manifest.json").read_text())["notebooks"]:
        assert entry["key"][:12] in page.shown


def test_code_is_folded_in_part_1_and_open_in_part_2(edition):
    """A reader of part 1 sees what a cell printed, and its code on request; part 2 shows the code."""
    first, second = read(edition, "01-read-the-release.html"), read(edition, "05-irvine.html")

    assert "quokka" in first.folded and "quokka" not in first.shown and "rows: 2" in first.shown
    assert "wombat" in second.shown and "# removed" not in second.shown


def test_first_use_of_a_term_leads_to_the_glossary(edition):
    """Once a page, in prose only."""
    links = read(edition, "01-read-the-release.html").links

    assert [link for link in links if link.startswith("glossary.html#")] == ["glossary.html#hot-list"]


def test_figure_has_description_caption_and_files(edition):
    """A saved figure shows its alt text and caption, links to the drawing and to the run's own files."""
    page = read(edition, "01-read-the-release.html")
    site = edition / "site" / "figures" / "01-read-the-release"
    picture = next(values for tag, values in page.tags if tag == "img")
    saved = next(edition.glob("01-*/figures"))

    assert picture["alt"] == "Two dark bars on gray."
    assert (picture["width"], picture["height"]) == ("840", "460")
    assert "Scans by year." in page.shown and "Source: a test" in page.shown
    for kind in ("png", "svg", "csv"):
        assert f"figures/01-read-the-release/scans.{kind}" in page.links
        assert (site / f"scans.{kind}").read_bytes() == (saved / f"scans.{kind}").read_bytes()


def test_graph_beside_the_figures_can_be_downloaded(edition):
    """A graph and its tables are linked; one that a browser could run, or of another kind, is not."""
    place = "figures/01-read-the-release/"
    links = read(edition, "01-read-the-release.html").links
    placed = {path.name for path in (edition / "site" / place).iterdir()}

    assert {f"{place}net.csv", f"{place}net.graphml"} <= set(links)
    assert placed & set(made.BESIDE) == {"net.csv", "net.graphml"}


def test_picture_that_was_not_saved_is_shown_too(edition):
    """A picture drawn by hand becomes a file of the site, not a picture without a description."""
    pictures = [values for tag, values in read(edition, "02-map-the-access.html").tags if tag == "img"]

    assert [picture["alt"] for picture in pictures] == ["Picture without a description."]
    assert (edition / "site" / pictures[0]["src"]).read_bytes() == made.draw_png(300, 200)


def test_edition_may_run_a_notebook_twice(edition):
    """Two runs of one notebook are two pages, told apart by the edition's names, also in their findings."""
    page = read(edition, "05-irvine.html")

    assert "finding-irvine-scans" in page.names
    assert "Read a log (irvine)" in page.shown and "Read a log (oakland)" in page.shown


def test_same_run_gives_same_bytes_anywhere(edition, tmp_path):
    """Another folder, process and hash seed change no byte, and no path of the machine is in it."""
    copy = tmp_path / "elsewhere" / "and deeper"
    shutil.copytree(edition, copy / made.EDITION, ignore=shutil.ignore_patterns("site"))
    code = "import sys, pathlib; from sidedoor.publish.site import build_site;"
    code += "build_site(sys.argv[1], pathlib.Path(sys.argv[2]))"
    source = str(Path(paths.__file__).parents[1])
    env = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "PYTHONPATH": source}
    subprocess.run([sys.executable, "-c", code, made.EDITION, str(copy)], check=True, env=env, cwd=tmp_path)

    assert hash_files(copy / made.EDITION / "site") == hash_files(edition / "site")
    private = [str(tmp_path), str(edition.parent), str(paths.ROOT), str(Path.home() / ".cache")]
    for path in (edition / "site").rglob("*"):
        if path.is_file():
            assert [folder for folder in private if folder.encode() in path.read_bytes()] == [], path.name


@pytest.mark.parametrize("kind", ["edition", "poisoned"])
def test_nothing_is_loaded_from_elsewhere(kind, request):
    """No page names a file of another host to load; each forbids it as well, and code within the page."""
    for path in (request.getfixturevalue(kind) / "site").glob("*.html"):
        page = Reader(path)
        assert not [link for link in page.resources if re.match(r"([a-z]+:)?//", link)], path.name
        assert "default-src 'none'" in page.policy, path.name
        assert "unsafe" not in page.policy and "http" not in page.policy, path.name


def test_hostile_text_stays_text(poisoned):
    """Hostile text in cells, outputs, tables, titles and authors is text; none of it is markup or a formula."""
    for path in sorted((poisoned / "site").glob("*.html")):
        page = Reader(path)
        for tag, values in page.tags:
            assert tag not in ("iframe", "object", "embed", "base", "style", "foreignobject"), path.name
            assert not [name for name in values if name.startswith("on") or name == "srcdoc"], path.name
        assert [link for link in page.links if re.match(r"(javascript|data|file|vbscript):", link)] == []
        assert "OWNED" not in "".join(values.get("src", "") for tag, values in page.tags)
    for page in ("index.html", "findings.html", "sources.html", "01-read-the-release.html"):
        assert "<script>document.title='OWNED'</script>" in read(poisoned, page).shown, page
    assert made.read_rows(poisoned / "site" / "data" / "sources.csv")[0]["note"].startswith("'=1+1<img")


def test_hostile_notebook_reads_no_file_and_runs_nothing(poisoned):
    """Directives, roles, links and metadata of a notebook bring no file of the machine into the site."""
    page = read(poisoned, "01-read-the-release.html")
    secret = Path("/etc/hostname")

    assert not (poisoned / "site" / "_downloads").exists()
    assert not secret.exists() or secret.read_text().strip() not in page.shown.split()
    for path in (poisoned / "site").rglob("*.svg"):
        assert "OWNED" not in path.read_text(encoding="utf-8")
    assert "figures/01-read-the-release/scans.svg" not in page.links
    # outputs that can run leave no trace but, at most, their plain text
    assert "graph TD" not in page.shown
    assert [values for tag, values in page.tags if tag == "script" and "src" not in values] == []


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img onerror=alert(1)&gt;'>",
        "<a href='java\tscript:alert(1)'>a</a>",
        "<a href='&#106;avascript:alert(1)'>a</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>a</a>",
        "<table onclick=alert(1) style='background:url(//h/x)'><tr><td background=//h/x>a</td></tr></table>",
        "<form action=//h/x><button formaction=javascript:alert(1)>a</button></form>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<input type=checkbox id=__navigation checked>",
        "<p class='sidebar-drawer' id='furo-main-content'>a</p>",
    ],
)
def test_cleaned_html_cannot_act(hostile):
    """No script, handler, address to load from, or name and class that the page's own frame uses."""
    cleaned = clean_html(hostile)

    assert not re.search(
        r"<[^>]*(\son\w+|script:|style=|src=|background|action|\sid=|sidebar)|<(img|svg|input|form|script)",
        cleaned,
    )
    assert "alert" not in cleaned or "<a" not in cleaned


def test_tables_of_pandas_are_set_for_readers():
    """Words for truth, columns of numbers marked, the name of its column with each cell, no counter."""
    frame = pandas.DataFrame({"agency": ["a <b>", "b"], "ended": [True, False], "high": [1.5, float("inf")]})

    shown = clean_html(frame.to_html(), "Agencies")

    assert "<caption" in shown and "Agencies" in shown and "&lt;b&gt;" in shown and "<b>" not in shown
    assert re.findall(r"<bdi>(yes|no)</bdi>|>(yes|no)<", shown) == [("", "yes"), ("", "no")]
    assert re.findall(r'<td class="n" data-name="high">([^<]*)<', shown) == ["1.5", "∞"]
    assert shown.count('scope="col"') == 3 and not re.search(r"<t[hd][^>]*>[01]<", shown)
    kept = clean_html(frame.set_index("agency").to_html())
    assert kept.count('scope="row"') == 2
    assert "<th" in clean_html(pandas.DataFrame({"agency": [], "rows": []}).to_html())


def test_names_of_an_index_are_in_the_one_row_of_heads():
    """What pandas writes in a second row of heads; two levels of columns keep their rows."""
    frame = pandas.DataFrame({"agency": ["a", "a", "b"], "kind": ["x", "y", "x"], "rows": [1, 2, 3]})
    one = frame.set_index("agency")
    crossed = frame.pivot(index="agency", columns="kind", values="rows")
    tables = [one, frame.set_index(["agency", "kind"]), crossed, frame.pivot(index="agency", columns="kind")]

    found = []
    for table in tables:
        head = clean_html(table.to_html()).partition("</thead>")[0]
        rows = [re.findall(r"<th [^>]*>(?:<bdi>)?([^<]+)<", row) for row in head.split("</tr>")]
        found.append([row for row in rows if row])
    assert found[:3] == [
        [["agency", "kind", "rows"]],
        [["agency", "kind", "rows"]],
        [["agency / kind", "x", "y"]],
    ]
    assert len(found[3]) == 3


def test_cells_that_name_sources_cite_them():
    """A cell that contains only names of sources shows how each is cited, linked; any other cell stays."""
    cited = {"a-1": "Town, 2019", "b": "City, 2020"}
    table = "<table><tr><td>a-1</td><td>a-1, b</td><td>a-1 c</td></tr></table>"

    shown = re.sub("</?bdi>", "", clean_html(table, cited=cited))

    one, two = '<a href="sources.html#a-1">Town, 2019</a>', '<a href="sources.html#b">City, 2020</a>'
    assert f"<tr><td>{one}</td><td>{one}; {two}</td><td>a-1 c</td></tr>" in shown


def test_names_cannot_turn_the_text_around():
    """Direction and zero-width characters are left out, and each name has a box of its own."""
    assert _html.show_name("Irvine\u202e PD\u200b <i>") == "<bdi>Irvine PD &lt;i&gt;</bdi>"
    assert "\u202e" not in _html.write_page("A\u202eB")


def test_title_that_looks_like_markup_is_a_title(tmp_path):
    """Titles of editions come from files: whatever they begin with, the heading is there."""
    source, extra = tmp_path / "source", tmp_path / "extra"
    source.mkdir()
    extra.mkdir()
    titles = ["a", "- a", "+ a", ".. a", "=====", "+---+", "a | b", "*a*", "1. a"]
    for name, title in zip(["index", *"bcdefghi"], titles, strict=True):
        (source / f"{name}.rst").write_text(
            ":orphan:\n\n" + _html.write_page(title, "<p>x</p>"), encoding="utf-8"
        )

    assert _sphinx.render_site(source, tmp_path / "out", extra, "A") == []

    pages = [page.read_text(encoding="utf-8") for page in (tmp_path / "out").glob("*.html")]
    assert sorted(re.search("<h1>(.*?)<", page)[1] for page in pages) == sorted(titles)


def test_markdown_from_data_shows_html_as_text():
    """HTML within Markdown is escaped, a picture in it is not loaded, ordinary marks work."""
    shown = clean_markdown(
        "**A** <b onclick=x>b</b> ![p](http://h/x.png) [j](javascript:x) [ok](https://example.org)"
    )

    assert "<strong>A</strong>" in shown and "&lt;b onclick" in shown
    assert "<img" not in shown and 'href="javascript' not in shown
    assert 'href="https://example.org"' in shown


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://example.org/a?b=1#c", True),
        ("mailto:a@example.org", True),
        ("sources.html#aclu", True),
        ("#finding-a", True),
        ("data/sources.csv", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/hostname", False),
        ("//example.org/x", False),
        ("../../secret.csv", False),
        ("https://a b", False),
    ],
)
def test_safe_links(address, safe):
    """Web pages, mail and the site's own files may be linked; code, other schemes and other files may not."""
    assert is_safe_link(address) is safe


@pytest.mark.parametrize(
    ("inside", "plain"),
    [
        ("", True),
        ('<use href="#m1"/>', True),
        ('<image href="data:image/png;base64,AAAA"/>', True),
        ("<script>x</script>", False),
        ("<g onload='x'/>", False),
        ("<g\nonload='x'/>", False),
        ("<g/onload='x'/>", False),
        ('<foreignObject><p xmlns="x"/></foreignObject>', False),
        ("<svg:script>x</svg:script>", False),
        ('<a href="javascript:x">a</a>', False),
        ('<image href="http://h/x.png"/>', False),
        ('<use href="other.svg#a"/>', False),
        ("<style>@import url(http://h)</style>", False),
        ('<set attributeName="onload" to="x"/>', False),
        ('<p xmlns="http://www.w3.org/1999/xhtml">a</p>', False),
        ("<rect style='fill: url(#hatch)'/>", True),
        ("<rect style='fill: url(//example.org/x)'/>", False),
        ("<unclosed>", False),
        ("<style>*{stroke-linejoin: round; stroke-linecap: butt}</style>", True),
        ("<style>*{fill: \\75rl(//example.org/x)}</style>", False),
        ("<style>*{background: image-set('//example.org/x' 1x)}</style>", False),
        ("<style><g/>@import '//example.org/x'</style>", False),
        ("<rect fill='\\75 rl(//example.org/x)'/>", False),
    ],
)
def test_plain_svg(inside, plain, tmp_path):
    """Only drawings pass: an SVG opened by itself could run what is in it."""
    place_svg(tmp_path, made.draw_svg(inside))

    ((figure,), _) = place_figures(tmp_path, "01-read", tmp_path / "site")
    assert ("svg" in figure.links) is plain


def place_svg(result: Path, text: str) -> None:
    """Place a figure in the folder of a result."""
    (result / "figures").mkdir()
    (result / "figures" / "a.svg").write_text(text, encoding="utf-8")
    (result / "figures" / "a.json").write_text("{}")


def test_figures_of_the_house_are_plain_svg(tmp_path):
    """What matplotlib writes passes, its document type and metadata included."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.scatter([1, 2], [1, 2], label="<script>")
    axes.legend()
    figure.savefig(tmp_path / "a.svg")
    plt.close(figure)
    place_svg(tmp_path, (tmp_path / "a.svg").read_text())

    assert "svg" in place_figures(tmp_path, "01-read", tmp_path / "site")[0][0].links


@pytest.mark.parametrize(
    "planted",
    [
        "<script>x</script>",
        "<script src='https://example.org/x.js'></script>",
        "<img src='//example.org/x.png'>",
        "<p onclick=x>",
        "<iframe></iframe>",
        "<base href='http://example.org'>",
        "<a href='javascript:x'>",
        "<meta http-equiv=refresh content='0;url=//h'>",
        "<link rel=stylesheet href='http://example.org/x.css'>",
    ],
)
def test_last_gate_refuses(planted, tmp_path):
    """Should something pass all cleaning, the site is not published, and the page is named."""
    (tmp_path / "page.html").write_text(f"<!doctype html><title>a</title>{planted}")

    with pytest.raises(RunError) as raised:
        review_pages(tmp_path)
    assert (raised.value.code, raised.value.place) == ("unsafe-page", "site, page.html")


@pytest.mark.parametrize("name", ["never-run", "../elsewhere", "a/b", ""])
def test_edition_without_a_run_is_refused(name, tmp_path):
    """Without a complete run there is no site, and nothing is made."""
    with pytest.raises(RunError):
        build_site(name, tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", '{"notebooks": []}', '{"title": "A", "notebooks": []}'])
def test_broken_manifest_is_refused(content, tmp_path):
    """A manifest that is none stops the build."""
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "manifest.json").write_text(content)

    with pytest.raises(RunError):
        build_site("city", tmp_path)


def copy_site(folder: Path, runs: Path) -> Path:
    """Copy an edition; its owner put into the site what publishes it from there."""
    copy = shutil.copytree(folder, runs / folder.name)
    (copy / "site" / ".git").mkdir()
    (copy / "site" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (copy / "site" / "CNAME").write_text("plates.example.org\n")
    (copy / "site" / "old.html").write_text("x")
    return copy


@pytest.fixture
def standing(own, tmp_path):
    """A copy of a small edition with its site; after a build that fails all of its site is the same."""
    folder = copy_site(own, tmp_path)
    before = hash_files(folder / "site")
    yield folder
    assert hash_files(folder / "site") == before and not list(folder.glob(".site-*"))


def test_changed_result_is_refused(standing):
    """A file of a result that is not what its run sealed stops the build."""
    next(standing.glob("03-*/findings.json")).write_text("[]")

    refuse(standing)


def test_leaks_stop_the_publication(standing):
    """The whole site is scanned, files to download included, last of all."""
    cell = made.run_cell("print(x)", made.v4.new_output("stream", name="stdout", text="SSN 078-05-1120\n"))
    entry = made.place_result(standing, "01-read", "Read", "What?", [cell])
    made.write_manifest(standing, [entry], records=[made.build_record()])

    assert refuse(standing) == "leak"


@pytest.mark.parametrize("step", ["render", "swap"])
def test_failed_build_leaves_the_site_before(step, standing, monkeypatch):
    """A disk that is full while rendering, or a folder that cannot take its place, is an error with a way out."""
    rename = Path.rename

    def fail(source, target, *_):
        if step == "render" or source.name == "html":
            raise OSError(28, "No space left on device")
        return rename(source, target)

    monkeypatch.setattr(*((_sphinx, "render_site") if step == "render" else (Path, "rename")), fail)

    assert refuse(standing) == "disk"


def test_new_site_keeps_what_its_owner_put_there(own, tmp_path):
    """A repository and the name of a domain in the folder of the site outlive the next build."""
    site = copy_site(own, tmp_path) / "site"

    build_site(made.EDITION, tmp_path)

    assert (site / ".git" / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert (site / "CNAME").read_text() == "plates.example.org\n" and not (site / "old.html").exists()


def test_build_waits_for_no_run(tmp_path, monkeypatch):
    """While a run holds the results, a build refuses instead of showing half of them."""
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    made.place_own_edition(tmp_path)

    with lock_edition(made.EDITION), pytest.raises(RunError) as refused:
        build_site(made.EDITION)
    assert refused.value.code == "locked"


def test_site_of_own_records_holds_nothing_national(own):
    """Front page, agencies, findings and sources are the reporter's; sources are called as their files."""
    site = own / "site"
    names = {path.name for path in site.glob("*.html")}

    assert not names & {"data.html", "sharing.html", "story.html"} and not list(site.glob("data/sources.csv"))
    assert not [name for name in names if name.startswith(("table-", "list-"))]
    for page in ("index.html", "findings.html"):
        shown = read(own, page).shown
        assert "Quokka police let 2 agencies search." in shown and "national finding" not in shown
        assert "Quokka Police Department, list.csv" in shown and "file-0a1b" not in shown
    assert "Wombat County Sheriff" in read(own, "agencies.html").shown
    assert "1,000 rows is a round number." in read(own, "methods.html").shown
    assert "1,061" in read(own, "sources.html").shown and "file-0a1b" in read(own, "sources.html").names
    # a source without a row is named and not linked
    assert "no-such-source" in read(own, "findings.html").shown
    assert not [link for link in read(own, "findings.html").links if "no-such-source" in link]


def test_what_does_not_leave_the_records_is_not_in_the_site(own):
    """The table names every column; no byte of the site holds one that stays, nor a person, nor their markup."""
    rows = made.read_rows(paths.DATA / "registry" / "leaves.csv")
    content = b"".join(path.read_bytes() for path in (own / "site").rglob("*") if path.is_file()).lower()

    known = {(row["table"], row["column"]) for row in rows if row["table"] != "the file"}
    assert known == {(table, column) for table, columns in COLUMNS.items() for column in columns}
    assert {row["leaves"] for row in rows} == {"yes", "no", "counts"}
    stays = [row["column"] for row in rows if row["table"] == "sharing" and row["leaves"] == "no"]
    assert stays and not [column for column in stays if f"canary {column}".encode() in content]
    assert b"wombat county sheriff" in content and b"jane roe" not in content
    assert b"&lt;img src=x" in content
    for path in (own / "site").glob("*.html"):
        assert not [tag for tag, values in Reader(path).tags if "onerror" in values], path.name
