"""The site: complete, linked, the same bytes each time, with nothing from elsewhere and nothing that runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import networkx
import pandas
import pytest
from docutils.core import publish_doctree

import made.site_edition as made
from helpers import paths
from helpers.canonical import COLUMNS
from helpers.errors import ParameterError, RunError
from helpers.facts import tables
from helpers.facts.tables import describe_table
from helpers.files import hash_files
from sidedoor.publish.site import _html, _lookups, _sphinx, build_site
from sidedoor.publish.site._figures import place_figures
from sidedoor.publish.site._html import is_safe_link, link_sources
from sidedoor.publish.site._notebooks import clean_html
from sidedoor.publish.site._pages import show_bounds
from sidedoor.publish.site._review import review_pages
from sidedoor.run.results import lock_edition


class Reader(HTMLParser):
    """Reads a page: its tags, links and names of places, what it loads, its words, and those folded away."""

    def __init__(self, page: Path):
        super().__init__()
        self.tags, self.shown, self.folded, self._depth, self._skip = [], "", "", 0, False
        self.feed(page.read_text(encoding="utf-8"))
        self.names = {values.get("id") for _, values in self.tags}
        self.links = self.list_values("href", "a")
        self.loaded = self.list_values("src", "script", "img", "source") + self.list_values("href", "link")

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
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

    def list_values(self, name: str, *kinds: str) -> list[str]:
        """List the values of an attribute of some kinds of tags."""
        return [values[name] for tag, values in self.tags if tag in kinds and name in values]

    def count_rows(self) -> int:
        """Count the rows of all tables but their heads."""
        tags = [tag for tag, _ in self.tags]
        return tags.count("tr") - tags.count("thead")


@cache
def read(folder: Path, page: str) -> Reader:
    """Read a page of an edition's site, once for all tests."""
    return Reader(folder / "site" / page)


def read_pages(folder: Path) -> dict[str, Reader]:
    """Read all pages of an edition's site, by name."""
    return {path.name: read(folder, path.name) for path in sorted((folder / "site").glob("*.html"))}


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
    row = made.read_rows(edition / "site" / "data" / "findings.csv")[0]
    assert (row["Value"], row["Unit"]) == ("5000000000", "scans")
    working = re.compile(r"doctree|buildinfo|pickle|\.map$|\.rst$|jupyter_execute|objects.inv|furo.*js$")
    assert not list(filter(working.search, files)) and not list(edition.glob(".*"))


RESULT, FIGURE = "01-read-the-release.html", "figures/01-read-the-release/"


@pytest.mark.parametrize(
    ("name", "words", "links"),
    [
        (
            "index.html",
            ["Plate readers in Test City", "By A. Reporter, B. Editor", "Scans by year.", "By which doors?"],
            [f"{RESULT}#finding-scans-pooled"],
        ),
        # a row per finding, with bounds and links to cell, figure and source; two runs of one notebook apart
        (
            "findings.html",
            ["5 billion", "at least 4.9 billion", "scans"],
            [f"sources.html#{made.name_source()}", f"{RESULT}#finding-scans-pooled", f"{RESULT}#figure-scans"]
            + ["05-irvine.html#finding-irvine-scans", "05-oakland.html#finding-oakland-scans"],
        ),
        ("05-irvine.html", ["Read a log (irvine)", "Read a log (oakland)", "wombat"], []),
        ("02-map-the-access.html", ["bold"], ["https://example.org"]),
        # of the two lists of Irvine one is complete in all sections
        ("sharing.html", ["only who can search its data and who shares with it"], []),
        # what CITATION.cff says, and the key of each result
        (
            "cite.html",
            ["The Side Door developers", "@software{sidedoor,", made.build_key("05-irvine")[:12]],
            [],
        ),
        (
            RESULT,
            ["rows: 2", "Scans by year.", "Source: a test"],
            [f"{FIGURE}{file}" for file in ("scans.png", "scans.svg", "scans.csv", "net.csv", "net.graphml")],
        ),
    ],
)
def test_pages_say_and_link(edition, name, words, links):
    """What a reader is to find on a page without opening anything; where its links lead is seen below."""
    page = read(edition, name)

    assert [word for word in words if word not in page.shown] == []
    assert set(links) <= set(page.links)


def test_front_page_shows_a_picture_and_what_was_not_seen(edition):
    """The figure of its findings, and every source that was not read."""
    page, sources = read(edition, "index.html"), made.read_rows(find_facts(edition) / "sources.csv")
    unread = [row for row in sources if row["read_as"] == "not_read"]

    assert f"{FIGURE}scans.svg" in page.loaded
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
    pages = read_pages(edition)
    contents = ["01-read-the-release", "02-map-the-access", "findings", "sources", "data", "cite"]
    dead = []
    for name, page in pages.items():
        assert {f"{one}.html" for one in contents} <= {*page.links, name}, name
        for link in page.links + page.loaded:
            target, _, place = link.partition("#")
            file = target.partition("?")[0] or name
            if re.match(r"https?:|mailto:|data:", file):
                continue
            if not (edition / "site" / file).is_file() or (place and place not in pages[file].names):
                dead.append((name, link))

    assert dead == []
    assert not [link for link in pages[RESULT].links if link.endswith("README.md")]


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


def test_a_site_shows_the_facts_that_it_was_made_from(tmp_path):
    """Results that kept none, and two that were made from different tables, are run again."""
    ours, other = paths.FACTS, made.copy_facts(tmp_path / "other", title="Another title")

    for code, facts in {"facts-missing": [None], "facts-differ": [ours, ours, other]}.items():
        folder = tmp_path / code / made.EDITION
        entries = []
        for number, kept in enumerate(facts, start=1):
            about = {"facts": kept, "parameters": {"facts": "my-facts"}}
            entries.append(made.place_result(folder, f"0{number}-read", "Read", "What?", [], **about))
        made.write_manifest(folder, entries)
        assert refuse(folder) == code


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


def test_notebook_is_set_for_readers(edition):
    """Part 1 folds its code; a term is linked once, in prose only; a figure has its description and size."""
    page, saved = read(edition, RESULT), next(edition.glob("01-*/figures"))
    picture = next(values for tag, values in page.tags if tag == "img")

    assert "quokka" in page.folded and "quokka" not in page.shown
    assert [link for link in page.links if link.startswith("glossary.html#")] == ["glossary.html#hot-list"]
    assert picture["alt"] == "Two dark bars on gray."
    assert (picture["width"], picture["height"]) == ("840", "460")
    for name in ("scans.png", "scans.svg", "scans.csv"):
        assert (edition / "site" / FIGURE / name).read_bytes() == (saved / name).read_bytes()


def test_graph_that_a_browser_could_run_is_left_out(edition):
    """Of the files beside the figures a graph and its table are placed, and nothing of another kind."""
    placed = {path.name for path in (edition / "site" / FIGURE).iterdir()}

    assert placed & set(made.BESIDE) == {"net.csv", "net.graphml"}


def test_picture_that_was_not_saved_is_shown_too(edition):
    """A picture drawn by hand becomes a file of the site, not a picture without a description."""
    pictures = [values for tag, values in read(edition, "02-map-the-access.html").tags if tag == "img"]

    assert [picture["alt"] for picture in pictures] == ["Picture without a description."]
    assert (edition / "site" / pictures[0]["src"]).read_bytes() == made.draw_png(300, 200)


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
    for name, page in read_pages(request.getfixturevalue(kind)).items():
        metas = [values for tag, values in page.tags if tag == "meta"]
        metas = [values for values in metas if values.get("http-equiv") == "Content-Security-Policy"]
        policy = metas[0]["content"]
        assert not [link for link in page.loaded if re.match(r"([a-z]+:)?//", link)], name
        assert "default-src 'none'" in policy and not re.search("unsafe|http", policy), name


def test_hostile_text_stays_text(poisoned):
    """Hostile text in cells, outputs, tables, titles and authors is text; none of it is markup or a formula."""
    for path, page in read_pages(poisoned).items():
        for tag, values in page.tags:
            assert tag not in ("iframe", "object", "embed", "base", "style", "foreignobject"), path
            assert not [name for name in values if name.startswith("on") or name == "srcdoc"], path
        assert [link for link in page.links if re.match(r"(javascript|data|file|vbscript):", link)] == []
        assert "OWNED" not in "".join(values.get("src", "") for tag, values in page.tags)
    for page in ("index.html", "findings.html", "sources.html", RESULT):
        assert "<script>document.title='OWNED'</script>" in read(poisoned, page).shown, page
    assert made.read_rows(poisoned / "site" / "data" / "sources.csv")[0]["note"].startswith("'=1+1<img")


def test_hostile_notebook_reads_no_file_and_runs_nothing(poisoned):
    """Directives, roles, links and metadata of a notebook bring no file of the machine into the site."""
    page = read(poisoned, RESULT)
    secret = Path("/etc/hostname")

    assert not (poisoned / "site" / "_downloads").exists()
    assert not secret.exists() or secret.read_text().strip() not in page.shown.split()
    for path in (poisoned / "site").rglob("*.svg"):
        assert "OWNED" not in path.read_text(encoding="utf-8")
    assert f"{FIGURE}scans.svg" not in page.links
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


@pytest.mark.parametrize("title", ["- a", "+ a", ".. a", "=====", "+---+", "a | b", "*a*", "1. a"])
def test_title_that_looks_like_markup_is_a_title(title):
    """Titles of editions come from files: whatever they begin with, the heading is there, without a warning."""
    page = publish_doctree(_html.write_page(title, "<p>x</p>"), settings_overrides={"halt_level": 2})

    assert page["title"] == title


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://example.org/a?b=1#c", True),
        ("mailto:a@example.org", True),
        ("sources.html#aclu", True),
        ("#finding-a", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
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
        ('<foreignObject><p xmlns="x"/></foreignObject>', False),
        ('<a href="javascript:x">a</a>', False),
        ('<image href="http://h/x.png"/>', False),
        ('<use href="other.svg#a"/>', False),
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


@pytest.mark.parametrize(
    ("name", "manifest"),
    [
        *[(name, None) for name in ("never-run", "../elsewhere", "a/b", "")],
        *[("city", text) for text in ("", "[]", '{"notebooks": []}', '{"title": "A", "notebooks": []}')],
    ],
)
def test_edition_without_a_complete_run_is_refused(name, manifest, tmp_path):
    """Without a run, or with a manifest that is none, there is no site, and nothing is made."""
    if manifest is not None:
        (tmp_path / "city").mkdir()
        (tmp_path / "city" / "manifest.json").write_text(manifest)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(RunError):
        build_site(name, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


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
    for name, page in read_pages(own).items():
        assert not [tag for tag, values in page.tags if "onerror" in values], name
