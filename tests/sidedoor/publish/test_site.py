"""The site: complete, linked, the same bytes each time, with nothing from elsewhere and nothing that runs."""

import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import made.site_edition as made  # noqa: E402
from helpers import paths
from helpers.errors import DataError, ParameterError, RunError  # noqa: E402
from helpers.facts import tables  # noqa: E402
from sidedoor.publish.site import _cells, _pages, _sphinx, build_site, check_site  # noqa: E402
from sidedoor.publish.site._cells import clean_html, clean_markdown, is_plain_svg, is_safe_link, link_cells  # noqa: E402
from sidedoor.run.editions import load_edition  # noqa: E402
from sidedoor.run.results import lock_edition  # noqa: E402
from sidedoor.run.run import run_edition  # noqa: E402

SCHEMA, FACTS = paths.SCHEMA, paths.FACTS  # the repository's, also where a test lives in a house of its own


class Reader(HTMLParser):
    """Reads a page: its links, resources, names of places, words, and what is folded away."""

    def __init__(self, page: Path):
        super().__init__()
        self.links, self.resources, self.names, self.tags = [], [], set(), []
        self.policy, self.shown, self.folded, self._depth, self._skip = "", "", "", 0, False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append((tag, values))
        self.names |= {values[key] for key in ("id",) if key in values}
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
        if not self._skip:
            self.shown, self.folded = (
                self.shown + data * (not self._depth),
                self.folded + data * bool(self._depth),
            )


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """An ordinary edition with its site, built once."""
    folder = made.place_edition(tmp_path_factory.mktemp("runs"))
    build_site(made.EDITION, folder.parent)
    return folder


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    """An edition with hostile text in every place, on fact tables with hostile text, with its site."""
    base = tmp_path_factory.mktemp("poisoned")
    bad = made.MARKUP.replace("{port}", "9")
    facts = made.copy_facts(base / "facts", title=bad, publisher=bad, note=bad)
    folder = made.place_poisoned_edition(base / "runs", 9)
    build_site(made.EDITION, folder.parent, facts)
    return folder


def read(folder: Path, page: str) -> Reader:
    """Read a page of an edition's site."""
    return Reader(folder / "site" / page)


def digest(folder: Path) -> dict[str, str]:
    """Compute the sha256 of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_site_is_complete(edition):
    """Every page of the contract is there, beside the tables and notebooks to download."""
    files = set(digest(edition / "site"))

    assert {
        "index.html", "findings.html", "sources.html", "data.html", "cite.html", "search.html",
        "searchindex.js",
        "01-read-the-release.html", "02-map-the-access.html", "notebooks/01-read-the-release.ipynb",
        "data/datapackage.json", "data/findings.json", "figures/01-read-the-release/scans.svg",
    } <= files  # fmt: skip
    assert {f"data/{name}.csv" for name in tables.list_tables()} <= files


def test_site_holds_no_working_files(edition):
    """Neither caches of the builder nor its working folder stay behind."""
    files = set(digest(edition / "site"))

    assert not [
        name for name in files if re.search(r"doctree|buildinfo|pickle|\.map$|\.rst$|jupyter_execute", name)
    ]
    assert {path.name for path in edition.iterdir() if path.is_dir() and path.name.startswith(".")} == set()


def test_ordinary_edition_builds_without_a_warning(edition, caplog):
    """The builder has nothing to complain about: no broken reference, no page outside the contents."""
    with caplog.at_level(logging.WARNING):
        build_site(made.EDITION, edition.parent)

    assert [record.getMessage() for record in caplog.records if record.name.startswith("helpers")] == []


def test_front_page_says_what_the_records_show(edition):
    """Title, subtitle, authors, findings linked to where they were computed, a picture, and the questions."""
    page = read(edition, "index.html")

    for words in (
        "Plate readers in Test City", "What the records show", "By A. Reporter, B. Editor", "Scans by year.",
        "At least 5,000,000,000 scans were pooled.", "What do the records say?", "By which doors?",
    ):  # fmt: skip
        assert words in page.shown
    assert "01-read-the-release.html#finding-scans-pooled" in page.links
    assert "figures/01-read-the-release/scans.svg" in page.resources


def test_simulated_finding_is_not_on_the_front_page(edition):
    """What comes from invented data is no statement about the records."""
    assert "stale" not in read(edition, "index.html").shown


def test_front_page_shows_the_first_findings_where_there_are_many():
    """With many findings, the front page shows two of each notebook and says how many there are."""
    findings = [made.state(f"finding-{n}", f"Sentence {n}.", ["a"])[0] for n in range(9)]
    book = _pages.PlacedNotebook("01-read-the-release", "Read the release", "What?", findings=findings)

    page = _pages.write_index({"title": "A city"}, [book], ["findings"])

    assert "Sentence 1." in page
    assert "Sentence 2." not in page
    assert "(9)" in page


def test_front_page_of_own_records_opens_with_what_they_show():
    """An edition's own records come before what rests on our sources, simulated ones with their mark; so does a picture."""
    house = made.state("elsewhere", "A sentence of the house.", ["house"])[0]
    own = made.state("here", "A sentence of the city.", ["city-audit"], True)[0]
    figures = [_cells.PlacedFigure(name, name, "", "", {"png": f"{name}.png"}) for name in ("map", "log")]
    books = [
        _pages.PlacedNotebook("02-map", "Map", "What?", findings=[house], figures=figures[:1]),
        _pages.PlacedNotebook("05-read", "Read", "When?", findings=[house, own], figures=figures[1:]),
    ]

    page = _pages.write_index({"title": "A city", "records": [{"source_ids": ["city-audit"]}]}, books, [])

    assert re.findall(r"A sentence of the (\w+)", page) == ["city"]
    assert page.count('class="simulated"') == 1 and 'src="log.png"' in page
    # records that no finding rests on leave the front page to the others
    assert "of the house" in _pages.write_index({"title": "A", "records": [{"source_ids": ["b"]}]}, books, [])


def test_contents_stand_on_every_page(edition):
    """From each page, all notebooks and reference pages are one click away."""
    pages = ["01-read-the-release", "02-map-the-access", "findings", "sources", "data", "cite"]

    for path in sorted((edition / "site").glob("*.html")):
        links = Reader(path).links
        assert [page for page in pages if f"{page}.html" not in links and path.stem != page] == [], path.name


def test_every_link_within_the_site_leads_somewhere(edition):
    """Each local link names a file that exists and, behind a #, a place that exists on that page."""
    site = edition / "site"
    pages = {path.name: Reader(path) for path in site.glob("*.html")}
    dead = []
    for name, page in pages.items():
        for link in page.links + page.resources:
            target, _, place = link.partition("#")
            target = target.partition("?")[0]
            if re.match(r"https?:|mailto:|data:", target):
                continue
            file = target or name
            if not (site / file).is_file() or (place and place not in pages[file].names):
                dead.append((name, link))

    assert dead == []


def test_findings_page_gives_value_bounds_and_sources(edition):
    """A row per finding: sentence, 5 billion, 4.9 billion or more, no upper bound, unit, source linked."""
    page = read(edition, "findings.html")

    for words in ("5,000,000,000", "4,900,000,000", "none", "scans", "simulated"):
        assert words in page.shown
    assert f"sources.html#{made.name_source()}" in page.links
    assert page.shown.count("simulated") == 2  # once in the sentence, once as a mark


def test_edition_shows_its_own_facts(house, tmp_path):
    """An edition elsewhere, with a town and a source of its own: its tables, its source, every place linked to.

    The folder is gone before the site is built: what the results were made from stands in the results.
    """
    shutil.copy(SCHEMA, house.data / "datapackage.json")
    place = tmp_path / "elsewhere"
    minutes = {"source_id": "quokka-minutes", "url": "https://example.org/minutes"}
    town = {"agency_id": "quokka-pd-ca", "name": "Quokka Police Department", "source_id": "quokka-minutes"}
    facts = made.copy_facts(place / "my-facts", FACTS)
    made.append_row(facts / "sources.csv", {**minutes, "title": "Minutes of Quokka"})
    made.append_row(facts / "agencies.csv", town)
    stated = {
        "id": "quokka",
        "sentence": "Quokka shares.",
        "value": 1,
        "low": 1,
        "high": 1,
        "simulated": False,
    }
    stated |= {"unit": "agencies", "sources": ["quokka-minutes"], "pages": {"quokka-minutes": ["p. 7"]}}
    shown_as = f"raw=True, metadata={{'sidedoor_finding': {stated!r}}}"
    code = f"from IPython.display import display\ndisplay({{'text/plain': 'x'}}, {shown_as})"
    house.write_notebook("01-read", code, parameters='facts: str = ""  # folder with the fact tables [path]')
    run = 'notebook = "01"\n[run.parameters]\nfacts = "my-facts"'
    run_edition(load_edition(house.write_edition(run, folder=place)))
    shown = (facts / "agencies.csv").read_bytes()
    shutil.rmtree(facts)

    site = build_site("town").parent

    assert (site / "data" / "agencies.csv").read_bytes() == shown and b"quokka-pd-ca" in shown
    assert "Quokka Police Department" in Reader(site / "data.html").folded
    assert "Minutes of Quokka" in Reader(site / "sources.html").shown
    anchors = Reader(site / "sources.html").names
    links = [link for page in site.glob("*.html") for link in Reader(page).links if "sources.html#" in link]
    assert links and [link for link in links if link.partition("#")[2] not in anchors] == []
    for page in ("findings.html", "01-read.html"):
        assert "sources.html#quokka-minutes" in Reader(site / page).links
        assert "quokka-minutes, p. 7" in Reader(site / page).shown


def place_two(folder: Path, tmp_path: Path, **changed) -> Path:
    """Place an edition of two notebooks: one on our tables, one on a copy with a source changed and one added."""
    entries = []
    for name, changes in (("01-read", {}), ("02-map", changed)):
        facts = made.copy_facts(tmp_path / name, **changes)
        if name == "02-map":
            added = {"source_id": "quokka-minutes", "url": "https://example.org/q"}
            made.append_row(facts / "sources.csv", added)
        entries.append(made.place_result(folder, name, "Read", "What?", [], facts=facts))
    made.write_manifest(folder, entries)
    return folder


def test_notebooks_on_different_facts_are_shown_with_both(tmp_path):
    """Sources are joined, a table that differs is offered in both versions, one that does not is offered once."""
    folder = place_two(tmp_path / "runs" / made.EDITION, tmp_path)

    site = build_site(made.EDITION, folder.parent).parent

    assert {"quokka-minutes", made.name_source()} <= read(folder, "sources.html").names
    files = {path.relative_to(site).as_posix() for path in (site / "data").rglob("*.csv")}
    expected = {f"data/{name}.csv" for name in tables.list_tables()} | {"data/02-map/sources.csv"}
    assert files == expected and expected <= set(read(folder, "data.html").links)
    assert "(of 02-map)" in read(folder, "data.html").shown


def test_sources_that_contradict_each_other_are_refused(tmp_path):
    """One name with two rows is an error that names the source, the notebooks and the columns."""
    folder = place_two(tmp_path / "runs" / made.EDITION, tmp_path, title="Another title")

    with pytest.raises(DataError, match=rf"{made.name_source()}`: 01-read and 02-map .*\(title\)"):
        build_site(made.EDITION, folder.parent)


def test_result_that_kept_no_facts_is_run_again(tmp_path):
    """A result that was pointed at tables and did not keep them is no reason to show others."""
    folder = tmp_path / made.EDITION
    entry = made.place_result(folder, "01-read", "Read", "What?", [], parameters={"facts": "my-facts"})
    made.write_manifest(folder, [entry])

    with pytest.raises(RunError, match="not in it. Run `sidedoor run --edition test-city`"):
        build_site(made.EDITION, tmp_path)


def test_source_that_no_table_has_is_not_linked(tmp_path, caplog):
    """A finding may name a source without a row: it is told, and leads nowhere rather than to a missing place."""
    folder = tmp_path / made.EDITION
    finding, shown = made.state("scans", "Scans.", ["no-such-source"])
    cells = [made.run_cell("state_finding()", shown)]
    made.write_manifest(folder, [made.place_result(folder, "01-read", "Read", "What?", cells, [finding])])

    build_site(made.EDITION, tmp_path)

    for page in ("findings.html", "01-read.html"):
        assert "no-such-source" in read(folder, page).shown
        assert not [link for link in read(folder, page).links if "no-such-source" in link]
    assert "finding scans: no source no-such-source" in caplog.text


@pytest.mark.parametrize(
    ("pages", "shown"),
    [
        (["p. 344"], "a, p. 344"),
        (["344"], "a, p. 344"),
        (["p. 391", "p. 344"], "a, pp. 344, 391"),
        (["PDF p. 2", "PDF p. 1"], "a, PDF pp. 1, 2"),
        (["pp. 5-6", "p. 9"], "a, pp. 5-6, p. 9"),
        (["sheet <b>"], "a, sheet &lt;b&gt;"),
    ],
)
def test_pages_stand_behind_their_source(pages, shown):
    """Pages are written as the tables write them, several of one kind together, and belong to the link."""
    linked = _pages.link_sources(["a"], {"a": pages}).replace('<span class="name">a</span>', "a")

    assert linked == f'<a href="sources.html#a">{shown}</a>'


def test_edition_chooses_what_its_front_page_opens_with():
    """The findings that an edition names stand alone and in its order; its picture is the one it names."""
    findings = [made.state(f"finding-{n}", f"Sentence {n}.", ["a"], n == 3)[0] for n in range(5)]
    figures = [_cells.PlacedFigure(name, name, "", "", {"png": f"{name}.png"}) for name in ("bars", "map")]
    book = _pages.PlacedNotebook("02-map", "Map", "What?", findings=findings, figures=figures)
    named = {"title": "A city", "lead": ["finding-3", "finding-1"], "picture": "map"}

    page = _pages.write_index(named, [book], ["findings"])

    assert re.findall(r"Sentence \d", page) == ["Sentence 3", "Sentence 1"]
    assert page.count('class="simulated"') == 1 and "(5)" in page
    assert 'src="map.png"' in page and "bars.png" not in page
    assert 'src="bars.png"' in _pages.write_index({"title": "A city"}, [book], [])


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"lead": ["scans-poold"]}, "lead: .*scans-poold.* mean `scans-pooled`"),
        ({"picture": "scan"}, "picture: .*`scan`.* mean `scans`"),
    ],
)
def test_front_page_of_unknown_findings_is_refused(named, found, tmp_path):
    """A finding or figure that no notebook has is named, with the nearest that there is; no site is built."""
    folder = made.place_edition(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | named))

    with pytest.raises(ParameterError, match=found):
        build_site(made.EDITION, tmp_path)

    assert not (folder / "site").exists()


def test_long_list_of_sources_is_folded():
    """A finding that rests on many sources shows their number first."""
    names = [f"source-{n}" for n in range(9)]

    assert "<summary>9 sources</summary>" in _pages.link_sources(names)
    assert "summary" not in _pages.link_sources(names[:3])


def test_sources_page_has_each_source(edition):
    """Each row of the table has a place of its own, its title, a link to where it is, and how it was read."""
    page, sources = read(edition, "sources.html"), tables.load_table("sources")

    assert set(sources["source_id"]) <= page.names
    assert set(sources["url"]) <= set(page.links)
    assert [title for title in sources["title"] if title not in page.shown] == []
    assert "only the opening of the page or article" in page.shown


def test_data_page_describes_each_column_and_offers_each_table(edition):
    """The dictionary names every column of the schema; the CSV files are those of the run, byte for byte."""
    page = read(edition, "data.html")

    for name in tables.list_tables():
        columns = [field["name"] for field in tables.describe_table(name)["schema"]["fields"]]
        assert [column for column in columns if column not in page.shown] == []
        file = f"data/{name}.csv"
        assert file in page.links
        assert (edition / "site" / file).read_bytes() == (paths.FACTS / f"{name}.csv").read_bytes()


def test_cite_page_names_version_and_results(edition):
    """What CITATION.cff says, the edition, and the key of each result."""
    page = read(edition, "cite.html")

    assert "The Side Door developers" in page.shown
    assert "@software{sidedoor," in page.shown
    for entry in json.loads((edition / "manifest.json").read_text())["notebooks"]:
        assert entry["key"] in page.shown


def test_limits_come_from_the_readme():
    """The README's parts on limits and privacy become a page; its other parts and its local links do not."""
    readme = "# X\n\n## Data\n\nTables.\n\n## Methods and limits\n\nNo [proof](docs/a.md).\n\n"
    readme += "## Privacy and harm\n\nNo plates.\n"

    page = _pages.write_limits(readme)

    assert "Methods and limits" in page and "No proof." in page and "No plates." in page
    assert "Tables." not in page and "docs/a.md" not in page
    assert _pages.write_limits("# X\n\n## Data\n\nTables.\n") is None


def test_code_is_folded_and_outputs_are_not(edition):
    """A reader sees what a cell printed; its code, the parameters included, opens on request."""
    page = read(edition, "01-read-the-release.html")

    assert "print" in page.folded and "data/facts" in page.folded
    assert "print" not in page.shown and "# removed" not in page.shown + page.folded
    assert "rows: 2" in page.shown
    assert all("open" not in values for tag, values in page.tags if tag == "details")


def test_figure_has_description_caption_and_files(edition):
    """A saved figure shows its alt text and caption, links to the drawing and to the run's own files."""
    page, site = (
        read(edition, "01-read-the-release.html"),
        edition / "site" / "figures" / "01-read-the-release",
    )
    picture = next(values for tag, values in page.tags if tag == "img")
    saved = next(edition.glob("01-*/figures"))

    assert picture["alt"] == "Two dark bars on gray."
    assert (picture["width"], picture["height"]) == ("840", "460")
    assert "Scans by year." in page.shown and "Source: a test" in page.shown
    for kind in ("png", "svg", "csv"):
        assert f"figures/01-read-the-release/scans.{kind}" in page.links
        assert (site / f"scans.{kind}").read_bytes() == (saved / f"scans.{kind}").read_bytes()


def test_graph_beside_the_figures_can_be_downloaded(tmp_path):
    """A graph and its tables are linked at the foot of the page; one that a browser could run, or of another kind, is not."""
    folder = made.place_edition(tmp_path)
    entries = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["notebooks"]
    saved = folder / entries[0]["folder"] / "figures"
    graph = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">{}</graph></graphml>'
    texts = {"net.graphml": graph.format(""), "net.csv": "from_id,to_id\na,b\n", "net.html": "<p>a</p>",
             "bad.graphml": graph.format('<script xmlns="http://www.w3.org/1999/xhtml">x</script>'),
             "bad-link.graphml": graph.format('<node xmlns:x="http://www.w3.org/1999/xlink" x:type="simple" x:href="javascript:a()"/>'),
             "bad-style.graphml": '<?xml-stylesheet href="a.xsl"?>' + graph.format(""),
             "bad-entity.graphml": '<!DOCTYPE graphml [<!ENTITY a "b">]>' + graph.format("&a;")}  # fmt: skip
    for name, text in texts.items():
        (saved / name).write_text(text, encoding="utf-8")
    (saved / "bad-signs.graphml").write_bytes(b"\xff\xfe\x00")
    (saved / "a-folder.csv").mkdir()
    described = {key: value for key, value in entries[0].items() if key not in ("files", "folder")}
    entries[0] = made.seal_result_again(saved.parent, described) | {"folder": entries[0]["folder"]}
    made.write_manifest(folder, entries)
    build_site(made.EDITION, tmp_path)
    page = read(folder, "01-read-the-release.html")

    assert {"figures/01-read-the-release/net.csv", "figures/01-read-the-release/net.graphml"} <= set(
        page.links
    )
    assert ["net.csv", "net.graphml"] == sorted(
        path.name for path in (folder / "site/figures/01-read-the-release").glob("net*")
    )
    assert not [*folder.glob("site/**/bad*.graphml"), *folder.glob("site/**/a-folder.csv")]


def test_picture_that_was_not_saved_is_shown_too(edition):
    """A picture drawn by hand becomes a file of the site, not a picture without a description."""
    pictures = [values for tag, values in read(edition, "02-map-the-access.html").tags if tag == "img"]

    assert [picture["alt"] for picture in pictures] == ["Picture without a description."]
    assert (edition / "site" / pictures[0]["src"]).read_bytes() == made.draw_png(300, 200)


def test_links_between_notebooks_lead_to_pages(edition):
    """A link to a notebook or to the dictionary of the repository leads to the page of the site."""
    links = read(edition, "01-read-the-release.html").links

    assert "02-map-the-access.html" in links
    assert not [link for link in links if link.endswith("README.md")]


def test_edition_may_run_a_notebook_twice(tmp_path):
    """Two runs of one notebook are two pages, told apart by the edition's names, also in their findings."""
    folder = tmp_path / made.EDITION
    entries = []
    for slug in ("oakland", "irvine"):
        finding, shown = made.state("scans", "Scans.", [made.name_source()])
        cells = [made.run_cell("state_finding()", shown)]
        named = {**finding, "id": f"{slug}-scans"}
        entries.append(
            made.place_result(folder, f"01-{slug}", "Read", "What?", cells, [named], notebook="01-read")
        )
    made.write_manifest(folder, entries)

    build_site(made.EDITION, tmp_path)

    page = read(folder, "01-irvine.html")
    assert "finding-irvine-scans" in page.names
    assert "Read (irvine)" in page.shown and "Read (oakland)" in page.shown


def test_same_run_gives_same_bytes_anywhere(edition, tmp_path):
    """Another folder, process and hash seed change no byte, and no path of the machine is in it."""
    copy = tmp_path / "elsewhere" / "and deeper"
    shutil.copytree(edition, copy / made.EDITION, ignore=shutil.ignore_patterns("site"))
    code = "import sys, pathlib, sidedoor.publish.site as s; s.build_site(sys.argv[1], pathlib.Path(sys.argv[2]))"
    source = str(Path(paths.__file__).parents[1])
    env = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "PYTHONPATH": source}
    subprocess.run([sys.executable, "-c", code, made.EDITION, str(copy)], check=True, env=env, cwd=tmp_path)
    before = digest(edition / "site")
    build_site(made.EDITION, edition.parent)

    assert digest(copy / made.EDITION / "site") == before
    assert digest(edition / "site") == before
    private = [str(tmp_path), str(edition.parent), str(paths.ROOT), str(Path.home() / ".cache")]
    for path in (edition / "site").rglob("*"):
        if path.is_file():
            assert [folder for folder in private if folder.encode() in path.read_bytes()] == [], path.name


def find_remote(site: Path) -> list[tuple[str, str]]:
    """Find everything in pages, styles and scripts that a browser would load from elsewhere."""
    found = []
    for path in sorted(site.rglob("*")):
        if path.suffix == ".html":
            found += [(path.name, link) for link in Reader(path).resources if re.match(r"([a-z]+:)?//", link)]
        elif path.suffix == ".css":
            text = path.read_text(encoding="utf-8")
            found += [
                (path.name, link)
                for link in re.findall(r"(?:url\(\s*[\"']?|@import\s*[\"'])((?:https?:)?//[^\"')]*)", text)
            ]
        elif path.suffix == ".js":
            text = path.read_text(encoding="utf-8")
            found += [
                (path.name, link)
                for link in re.findall(r"(?:src|href)\s*=\s*[\"'`]((?:https?:)?//[^\"'`]*)", text)
            ]
    return found


def test_search_for_remote_files_finds_them(tmp_path):
    """The control of the next test: a page, a style and a script that load something are all found."""
    (tmp_path / "a.html").write_text("<img src='https://example.org/a.png'><link href='//example.org/a.css'>")
    (tmp_path / "b.css").write_text(
        "@import 'https://example.org/b.css'; p { background: url(//example.org/b.png) }"
    )
    (tmp_path / "c.js").write_text("tag.src = 'https://example.org/c.js'")

    assert len(find_remote(tmp_path)) == 5


@pytest.mark.parametrize("kind", ["edition", "poisoned"])
def test_nothing_is_loaded_from_elsewhere(kind, request):
    """No page, style or script names a file of another host; each page forbids it as well."""
    site = request.getfixturevalue(kind) / "site"

    assert find_remote(site) == []
    for path in site.glob("*.html"):
        policy = Reader(path).policy
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy, path.name


def test_hostile_text_stays_text(poisoned):
    """Hostile text in cells, outputs, tables, titles and authors is shown as text: none of it is markup."""
    for path in sorted((poisoned / "site").glob("*.html")):
        page = Reader(path)
        for tag, values in page.tags:
            assert tag not in ("iframe", "object", "embed", "base", "style", "foreignobject"), path.name
            assert not [name for name in values if name.startswith("on") or name == "srcdoc"], path.name
        assert [link for link in page.links if re.match(r"(javascript|data|file|vbscript):", link)] == []
        assert "OWNED" not in "".join(values.get("src", "") for tag, values in page.tags)
    for page in ("index.html", "findings.html", "sources.html", "01-read-the-release.html"):
        assert "<script>document.title='OWNED'</script>" in read(poisoned, page).shown, page


def test_hostile_notebook_reads_no_file_and_runs_nothing(poisoned):
    """Directives, roles, links and metadata of a notebook bring no file of the machine into the site."""
    page = read(poisoned, "01-read-the-release.html")
    secret = Path("/etc/hostname")

    assert not (poisoned / "site" / "_downloads").exists()
    assert not secret.exists() or secret.read_text().strip() not in page.shown.split()
    assert "OWNED" not in "".join(
        path.read_text(encoding="utf-8") for path in (poisoned / "site").rglob("*.svg")
    )
    assert "figures/01-read-the-release/scans.svg" not in page.links


def test_outputs_that_can_run_are_dropped(poisoned):
    """Mermaid, JavaScript, SVG, LaTeX and widgets leave no trace but, at most, their plain text."""
    page = read(poisoned, "01-read-the-release.html")

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


def test_cleaned_table_keeps_its_content_and_sets_numbers_right():
    """A table of pandas keeps cells and spans; columns of numbers are marked, columns of words are not."""
    table = "<table class='dataframe'><thead><tr><th></th><th>n</th><th>name</th></tr></thead><tbody>"
    table += "<tr><th>0</th><td>1,500</td><td>a &lt;b&gt;</td></tr>"
    table += "<tr><th>1</th><td>NaN</td><td>2</td></tr></tbody></table>"

    cleaned = clean_html(table)

    assert '<td class="n">1,500</td><td>a &lt;b&gt;</td>' in cleaned
    assert '<th class="n">n</th><th>name</th>' in cleaned
    assert cleaned.startswith('<div class="scroll-box"')
    assert 'colspan="2"' in clean_html("<table><tr><td colspan='2'>a</td></tr></table>")
    # a table without rows: its head is all there is
    empty = clean_html(pandas.DataFrame({"agency": [], "rows": []}).to_html())
    assert "<th>agency</th>" in empty and "<th>rows</th>" in empty


def test_table_hides_an_index_that_only_counts():
    """Rows counted from 0 lose that column; an index of names, with a name, or of other numbers stays."""
    frame = pandas.DataFrame({"agency": ["a", "b"], "ended": [True, False]})

    plain = clean_html(frame.to_html())

    assert "<th></th>" not in plain and not re.search(r"<th[^>]*>\d", plain)
    assert re.findall(r"<td>(\w+)</td>", plain) == ["a", "yes", "b", "no"]
    for kept in (frame.set_index("agency"), frame.rename_axis("row"), frame.iloc[::-1]):
        assert len(re.findall(r"<tbody>.*?<th", clean_html(kept.to_html()), re.S)) == 1


def test_table_says_no_value_and_no_bound_in_signs():
    """A missing value is a dash and an open side a sign of infinity, in a column of numbers still; words stay."""
    frame = pandas.DataFrame({"high": [1.5, float("inf")], "page": [None, "p. 3"], "low": [float("nan"), 2]})

    shown = clean_html(frame.set_index(pandas.Index([True, False], name="is_open")).to_html())

    assert re.findall(r'<td class="n">([^<]*)<', shown) == ["1.5", "–", "∞", "2.0"]
    assert re.findall(r"<td>([^<]*)<", shown) == ["–", "p. 3"]
    assert re.findall(r"<tbody>.*", shown, re.S)[0].count("<th>yes</th>") == 1
    assert "<td>information</td>" in clean_html("<table><tr><td>information</td></tr></table>")


def test_long_texts_get_room():
    """A label or a cell that would be a tall stack of words gets a width of its own; short ones do not; names stay linked."""
    names = "first-source-of-all, second-source"
    frame = pandas.DataFrame(
        {"n": ["about the same matter as above", "1"], "s": [names, "a"]},
        index=["records in the vendor database", "b"],
    )

    shown = link_cells(clean_html(frame.to_html()), set(names.split(", ")))

    assert re.findall(r'<(t\w) class="roomy">(\w+)', shown) == [("th", "records"), ("td", "about")]
    assert shown.count('href="sources.html#') == 2


def test_identifiers_in_tables_stay_whole():
    """A cell that is one identifier is marked so that it is not broken; words and long texts are not."""
    table = "<table><tr><td>stanislaus-county-so-ca</td><td>police</td><td>a-b c</td><td>{}</td></tr></table>"

    shown = clean_html(table.format("a-" * 40 + "b"))

    assert re.findall(r'class="name">([^<]*)', shown) == ["stanislaus-county-so-ca"]


def test_leaks_stop_the_publication(tmp_path):
    """The scan for what must not be published looks at the whole site, files to download included, last of all."""
    folder = made.place_edition(tmp_path)
    build_site(made.EDITION, tmp_path)
    before = digest(folder / "site")
    cell = made.run_cell("print(x)", made.v4.new_output("stream", name="stdout", text="SSN 078-05-1120\n"))
    shutil.rmtree(next(folder.glob("01-*")))
    made.write_manifest(folder, [made.place_result(folder, "01-read-the-release", "Read", "What?", [cell])])

    with pytest.raises(RunError, match="01-read-the-release.html"):
        build_site(made.EDITION, tmp_path)

    assert digest(folder / "site") == before


def test_names_of_sources_in_tables_are_linked():
    """A cell that holds only names of sources leads to them; any other cell stays as it is."""
    shown = link_cells("<td>a-1</td><td>a-1, b</td><td>a-1 c</td><td>police</td>", {"a-1", "b"})

    one, two = (f'<a href="sources.html#{n}"><span class="name">{n}</span></a>' for n in ("a-1", "b"))
    assert shown == f"<td>{one}</td><td>{one}, {two}</td><td>a-1 c</td><td>police</td>"


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


def test_unsafe_address_of_a_source_is_not_linked():
    """A source whose address is code keeps its title, without the link."""
    row = dict.fromkeys(["title", "publisher", "published_on", "note", "checked_on"], "A")
    row |= {"source_id": "a", "url": "javascript:alert(1)", "read_as": "document", "checked_as": "excerpt"}

    assert "javascript" not in _pages.write_sources([row])


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
    ],
)
def test_plain_svg(inside, plain):
    """Only drawings pass: an SVG opened by itself could run what is in it."""
    assert is_plain_svg(made.draw_svg(inside)) is plain


def test_figures_of_the_house_are_plain_svg(tmp_path):
    """What matplotlib writes passes, its document type and metadata included."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.scatter([1, 2], [1, 2], label="<script>")
    axes.legend()
    figure.savefig(tmp_path / "a.svg")
    plt.close(figure)

    assert is_plain_svg((tmp_path / "a.svg").read_text())


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

    with pytest.raises(RunError, match="page.html"):
        check_site(tmp_path)


@pytest.mark.parametrize("name", ["never-run", "../elsewhere", "a/b", ""])
def test_edition_without_a_run_says_what_to_do(name, tmp_path):
    """Without a complete run there is no site, and the message gives the command."""
    with pytest.raises(RunError, match="sidedoor run"):
        build_site(name, tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", '{"notebooks": []}', '{"title": "A", "notebooks": []}'])
def test_broken_manifest_says_what_to_do(content, tmp_path):
    """A manifest that is none stops the build with the command to run."""
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "manifest.json").write_text(content)

    with pytest.raises(RunError, match="sidedoor run --edition city|run the edition again"):
        build_site("city", tmp_path)


def test_changed_result_is_refused_and_the_site_before_stands(tmp_path):
    """A file of a result that is not what its run sealed stops the build; the site before is untouched."""
    folder = made.place_edition(tmp_path)
    build_site(made.EDITION, tmp_path)
    before = digest(folder / "site")
    next(folder.glob("01-*/figures/*.csv")).write_text("year,scans\n2017,9\n")

    with pytest.raises(RunError, match="changed since"):
        build_site(made.EDITION, tmp_path)

    assert digest(folder / "site") == before
    assert not list(folder.glob(".site-*"))


def test_failed_build_leaves_the_site_before(tmp_path, monkeypatch):
    """A build that breaks off while rendering changes nothing and leaves nothing."""
    folder = made.place_edition(tmp_path)
    build_site(made.EDITION, tmp_path)
    before = digest(folder)

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(_sphinx, "render_site", fail)
    with pytest.raises(OSError, match="disk full"):
        build_site(made.EDITION, tmp_path)

    assert digest(folder) == before


def test_swap_that_fails_puts_the_site_before_back(tmp_path, monkeypatch):
    """If the new site cannot take its place, the old one is there again."""
    from sidedoor.publish import site

    folder = made.place_edition(tmp_path)
    build_site(made.EDITION, tmp_path)
    before, rename = digest(folder / "site"), Path.rename

    def refuse(self, target):
        if self.name == "html":
            raise OSError("refused")
        return rename(self, target)

    monkeypatch.setattr(site.Path, "rename", refuse)
    with pytest.raises(OSError, match="refused"):
        build_site(made.EDITION, tmp_path)

    assert digest(folder / "site") == before


def test_build_waits_for_no_run(tmp_path, monkeypatch):
    """While a run holds the results, a build refuses instead of showing half of them."""
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    made.place_edition(tmp_path)

    with lock_edition(made.EDITION), pytest.raises(RunError, match="under way"):
        build_site(made.EDITION)
