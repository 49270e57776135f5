"""The site in a real browser, opened from files: it asks nobody, fits, can be searched, heard and printed."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

import made.site_edition as made
from helpers import figures
from made import chromium

pytestmark = pytest.mark.skipif(
    not chromium.PROGRAM,
    reason="no Chromium on this machine: install the package `chromium` to test the site in a browser",
)
WIDTHS = [1400, 1024, 390]
# One of each kind of page; sharing lists and tables of facts have the same form, whatever is in them.
PAGES = """index agencies sharing findings checks data sources methods story glossary corrections cite search
01-read-the-release 02-map-the-access list-ocsd-learn-2022-11-18 table-log_quotes""".split()
FIGURE = "document.querySelector('.figure img')"
OPEN_FOLDS = "document.querySelectorAll('details').forEach(part => { part.open = true })"
TABLES = "[...document.querySelectorAll('table')].filter(table => table.checkVisibility())"
STICKS_OUT = "table => table.getBoundingClientRect().right > innerWidth + 1"
# The rows of a table are of one kind: axe looks at the first of them.
SHORTEN = "for (const t of document.querySelectorAll('tbody')) while (t.rows.length > 20) t.deleteRow(20)"
AXE = importlib.util.find_spec("axe_core_python")
AXE_SCRIPT = Path(AXE.origin).parent / "axe.min.js" if AXE else None


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with chromium.Chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(edition):
    """The site of an ordinary edition."""
    return edition / "site"


def find_outside(requests: list[str]) -> list[str]:
    """Find requests for anything but files and what stands in the styles themselves."""
    own = ("file:", "data:image/svg+xml", "about:")
    return [address for address in requests if not address.startswith(own)]


def find_violations(browser) -> list[str]:
    """Find the rules of WCAG 2.1 A and AA that the open page breaks."""
    browser.ask(f"{AXE_SCRIPT.read_text(encoding='utf-8')};0")
    rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations']}"
    return browser.ask(f"axe.run(document, {rules}).then(done => done.violations.map(one => one.id))")


@pytest.mark.skipif(not AXE, reason="axe-core-python is not installed: `make test` installs it from the lock")
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_ask_nobody_fit_and_can_be_used_by_all(width, browser, site, tmp_path):
    """No page asks a host or breaks its own policy; none, and no table, is wider than the window.

    With the folds open, axe finds no violation of WCAG 2.1 A and AA; the control is a picture without a
    description.
    """
    browser.resize(width)
    browser.requests.clear()
    browser.complaints.clear()
    too_wide, found = [], []
    for name in PAGES:
        browser.open(site / f"{name}.html")
        if browser.ask("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(name)
        too_wide += [name] * browser.ask(f"{TABLES}.filter({STICKS_OUT}).length")
        if width == 1024:  # from the widest only the wrapping and padding of tables differ
            continue
        if name != "agencies":  # which has thousands of lines of one kind in its folds
            browser.ask(OPEN_FOLDS)
        browser.ask(SHORTEN)
        found += [(name, rule) for rule in find_violations(browser)]

    assert len(browser.requests) > 10
    assert find_outside(browser.requests) == []
    assert browser.complaints == []
    assert too_wide == []
    assert found == []
    bare = tmp_path / "bare.html"
    bare.write_text("<!doctype html><html lang=en><title>a</title><img src='data:image/png;base64,AA=='>")
    browser.open(bare)
    assert "image-alt" in find_violations(browser)


def test_text_can_be_read_on_a_telephone(browser, site, tmp_path, monkeypatch):
    """On 390 pixels text has at least 16 pixels, in the narrow version of a figure at least 9."""
    monkeypatch.setenv("SIDEDOOR_FIGURES", str(tmp_path))
    counts = pd.DataFrame({"local": [20, 3]}, index=["Orange County Sheriff's Department", "Irvine"])
    figures.save_figure(
        figures.draw_bars(counts, "a", unit="agencies", title="A", source="B", period="2019", caption="C")
    )
    points = float(re.search(r'width="([\d.]+)pt"', (tmp_path / "a-narrow.svg").read_text())[1])
    browser.resize(390)
    browser.open(site / "01-read-the-release.html")

    assert browser.ask("parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)") >= 16
    assert browser.ask(f"{FIGURE}.currentSrc").endswith("scans-narrow.svg")
    left, right = (browser.ask(f"{FIGURE}.getBoundingClientRect().{side}") for side in ("left", "right"))
    assert right <= 390
    # no text of a chart has fewer than 8 points, by the tests of the charts
    assert 8 * (right - left) / points >= 9
    browser.resize(1400)
    browser.open(site / "01-read-the-release.html")
    assert browser.ask(f"{FIGURE}.currentSrc").endswith("scans.svg")


def test_menu_opens_by_keyboard_on_narrow_screens(browser, site):
    """Closed, nothing of the menu takes focus; the button opens it, Escape closes it again."""
    browser.resize(700)
    browser.open(site / "index.html")
    seen = "document.querySelector('.site-menu a').checkVisibility()"

    assert not browser.ask(seen)
    browser.ask("document.querySelector('.menu-button').focus()")
    browser.press("Enter")
    assert browser.ask(seen) and browser.ask("document.activeElement.closest('.site-menu') !== null")
    assert browser.ask("document.querySelector('.menu-button').getAttribute('aria-expanded')") == "true"
    browser.press("Escape")
    assert not browser.ask(seen) and browser.ask("document.activeElement.className") == "menu-button"


@pytest.fixture(scope="module")
def texts(site):
    """The text of the article of each page, apart from the site's own index."""
    found = {}
    for page in site.glob("*.html"):
        if page.name == "search.html" or page.name.startswith("table-"):
            continue
        article = re.search(r"<article.*</article>", page.read_text(encoding="utf-8"), re.S)[0]
        article = re.sub(r'<div class="cell_input.*?</pre>', " ", article, flags=re.S)
        text = " ".join(re.sub(r"<(td|th|li|p|tr|h\d|div|br|summary|caption)\b", " <\\1", article).split())
        found[page.name] = re.sub(r"<[^>]*>", "", text)
    return found


@pytest.mark.parametrize("query", ["Irvine", "Thomson Reuters", "30,000", "side door", "no such words"])
def test_search_answers_with_passages(query, browser, site, texts):
    """The page with most hits is first, passages show the words, and each leads to a place that exists."""
    end = r"(?![\w]|[.,]\d)" if query[-1].isdigit() else ""
    wanted = re.compile(rf"(?<![^\W_]){re.escape(query)}{end}", re.I)
    counts = {page: len(hits) for page, text in texts.items() if (hits := wanted.findall(text))}
    browser.resize(1400)
    browser.open(site / "search.html", f"?q={query.replace(' ', '+')}")
    browser.wait_until("document.querySelector('#search-results p')")
    shown = "[...document.querySelectorAll('.results > li > a')].map(link => link.getAttribute('href'))"
    pages = browser.ask(shown)

    assert bool(pages) == bool(counts)
    if counts:
        assert counts[pages[0]] == max(counts.values())
        marks = browser.ask("[...document.querySelectorAll('.passage mark')].map(mark => mark.textContent)")
        assert marks and {mark.lower() for mark in marks} == {query.lower()}
        places = "[...document.querySelectorAll('.results ul a')].map(link => link.getAttribute('href'))"
        for address in browser.ask(places)[:5]:
            page, _, anchor = address.partition("#")
            assert not anchor or f'id="{anchor}"' in (site / page).read_text(encoding="utf-8")


def test_tables_sort_and_filter(browser, site):
    """A click on a heading sorts by it; words and choices filter the rows; all rows are there without."""
    browser.resize(1400)
    browser.open(site / "agencies.html")
    rows = "[...document.querySelectorAll('table.sortable tbody tr')].filter(row => row.checkVisibility())"
    first = f"{rows}[0].cells[0].textContent"
    total = browser.ask(f"{rows}.length")
    browser.ask("document.querySelector('table.sortable button.sort').click()")
    names = browser.ask(f"{rows}.map(row => row.cells[0].textContent)")
    assert total == len(names) == len(made.read_rows(site / "data" / "agency-table.csv"))
    browser.ask("document.querySelector('table.sortable button.sort').click()")
    assert browser.ask(first) == names[-1] != names[0]
    field = "document.querySelector('.table-tools input')"
    browser.ask(f"{field}.value = 'merced', {field}.dispatchEvent(new Event('input'))")
    assert browser.ask(f"{rows}.map(row => row.cells[0].textContent)") == ["Merced Police Department"]


def test_two_lists_can_be_compared(browser, site):
    """What the page counts for two lists is what plain sets give for the downloads."""
    rows = made.read_rows(site / "data" / "sharing-network-edges.csv")
    lists = ["irvine-learn-2020-03-02", "irvine-learn-2025-03-11"]
    sets = [
        {row["Target"] for row in rows if row["Label"] == name and row["Source"] == "irvine-pd-ca"}
        for name in lists
    ]
    query = "&".join(
        f"{place}={name}.detections_shared" for place, name in zip(("first", "second"), lists, strict=True)
    )
    browser.open(site / "sharing.html", f"?{query}")
    browser.wait_until("document.querySelector('.list-compare .count').textContent")
    said = browser.ask("document.querySelector('.list-compare .count').textContent")

    assert list(map(int, re.findall(r"\d+", said))) == [
        len(sets[0] - sets[1]),
        len(sets[0] & sets[1]),
        len(sets[1] - sets[0]),
    ]


def test_print_is_complete(browser, site):
    """On paper no table is cut, no menu and no link to skip is printed."""
    browser.resize(718)
    browser.print_as(True)
    try:
        for name in PAGES:
            browser.open(site / f"{name}.html")
            cells = "[...document.querySelectorAll('article td')]"
            assert browser.ask(f"{cells}.filter(c => c.getBoundingClientRect().right > 719).length") == 0, (
                name
            )
            hidden = "[...document.querySelectorAll('.skip-link, .site-menu, .site-header')]"
            assert not any(browser.ask(f"{hidden}.map(part => part.checkVisibility())")), name
    finally:
        browser.print_as(False)


@pytest.mark.parametrize("width", WIDTHS)
def test_figure_and_code_open_on_click(width, browser, site):
    """A figure opens larger than on the page, and closes again; code is out of sight until it is opened."""
    browser.resize(width)
    browser.open(site / "01-read-the-release.html")
    small = browser.ask(f"{FIGURE}.getBoundingClientRect().width")
    browser.ask("document.querySelector('a.figure-open').click()")
    browser.wait_until("document.querySelector('dialog img').naturalWidth > 0")

    assert browser.ask("document.querySelector('dialog').open")
    assert browser.ask("document.querySelector('dialog img').alt") == "Two dark bars on gray."
    assert browser.ask("document.querySelector('dialog img').getBoundingClientRect().width") > small
    browser.ask("document.querySelector('dialog button').click()")
    assert not browser.ask("document.querySelector('dialog').open")
    visible = "document.querySelector('.cell_input').checkVisibility()"
    assert not browser.ask(visible)
    browser.ask("document.querySelector('details.hide summary').click()")
    assert browser.ask(visible)


def test_payloads_run_where_nothing_stops_them(browser, host, tmp_path):
    """The control: on a bare page the same payloads do change the title and do reach the host."""
    port, asked = host
    page = tmp_path / "bare.html"
    page.write_text(
        f"<!doctype html><title>bare</title>{made.MARKUP.replace('{port}', str(port)).split('<iframe')[0]}"
    )
    browser.open(page)
    browser.wait_until("document.title == 'OWNED'")

    assert "/empty/seen.png" in asked


def test_hostile_records_do_nothing(browser, host, poisoned):
    """Payloads in notebook, figures, findings, titles and sources change no title and reach no host."""
    _, asked = host
    site = poisoned / "site"
    asked.clear()
    browser.requests.clear()
    browser.complaints.clear()
    browser.resize(1400)
    for page in [site / f"{name}.html" for name in PAGES if (site / f"{name}.html").exists()]:
        browser.open(page)
        browser.ask(OPEN_FOLDS)
        browser.ask("document.querySelectorAll('article a:not([href])').forEach(link => link.click())")
        assert browser.ask("document.title").endswith("Side Door"), page.name
        assert browser.ask("location.pathname").endswith(page.name)
    browser.open(site / "search.html", "?q=section")
    browser.wait_until("document.querySelector('#search-results p')")

    assert browser.ask("document.title") != "OWNED"
    assert browser.ask("document.querySelectorAll('#search-results img, #search-results script').length") == 0
    assert asked == []
    assert find_outside(browser.requests) == []
    assert browser.complaints == []
