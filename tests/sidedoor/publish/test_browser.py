"""The site in a real browser, opened from files: it asks nobody, searches, fits, and runs nothing hostile."""

import http.server
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import made.site_edition as made  # noqa: E402
from made import chromium  # noqa: E402
from sidedoor.publish.site import build_site  # noqa: E402

pytestmark = pytest.mark.skipif(
    not chromium.PROGRAM,
    reason="no Chromium on this machine: install the package `chromium` to test the site in a browser",
)
WIDTHS = [1400, 390]


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with chromium.Chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of an ordinary edition."""
    return build_site(made.EDITION, made.place_edition(tmp_path_factory.mktemp("runs")).parent).parent


@pytest.fixture(scope="module")
def host():
    """A server on this machine that notes what it is asked for."""

    class Note(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    asked: list[str] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Note)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()


def find_outside(requests: list[str]) -> list[str]:
    """Find requests for anything but files and what stands in the styles themselves."""
    return [
        address for address in requests if not address.startswith(("file:", "data:image/svg+xml", "about:"))
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_ask_nobody_and_fit(width, browser, site):
    """No page makes a request to a host, breaks its own policy, or is wider than the window."""
    browser.resize(width)
    browser.requests.clear()
    browser.complaints.clear()
    too_wide = []
    for page in sorted(site.glob("*.html")):
        browser.open(page)
        if browser.ask("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(page.name)

    assert len(browser.requests) > 10
    assert find_outside(browser.requests) == []
    assert browser.complaints == []
    assert too_wide == []


@pytest.mark.parametrize("width", WIDTHS)
def test_wide_table_scrolls_in_its_box(width, browser, site):
    """A table of 14 long columns is wider than its box, and the box scrolls."""
    browser.resize(width)
    browser.open(site / "01-read-the-release.html")

    box = "document.querySelector('.cell_output .scroll-box')"
    assert browser.ask(f"{box}.scrollWidth > {box}.clientWidth")
    assert browser.ask(f"{box}.scrollTo(200, 0), {box}.scrollLeft") == 200


def test_text_can_be_read_on_a_telephone(browser, site):
    """On 390 pixels text is at least 16 pixels high, and a figure keeps 600 pixels in a box that scrolls."""
    browser.resize(390)
    browser.open(site / "01-read-the-release.html")

    assert browser.ask("parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)") >= 16
    assert browser.ask("document.querySelector('.figure img').getBoundingClientRect().width") >= 600
    assert browser.ask("document.querySelector('.figure-box').getBoundingClientRect().right") <= 390


def test_identifiers_in_tables_stay_whole_on_a_telephone(browser, site):
    """On 390 pixels no name of a table, a column or an agency is broken within a cell: the box scrolls."""
    browser.resize(390)
    browser.open(site / "02-map-the-access.html")
    lines = "node => new Set([...node.getClientRects()].map(box => Math.round(box.top))).size"

    names = "[...document.querySelectorAll('td code, td .name')]"
    assert browser.ask(f"{names}.map(node => node.textContent)") == [
        "sharing_claims", "publisher_page", "press_excerpt", "stanislaus-county-so-ca",
    ]  # fmt: skip
    assert browser.ask(f"{names}.map({lines})") == [1, 1, 1, 1]


def test_search_works_from_a_file(browser, site):
    """A word typed into the search box leads to the page that holds it."""
    browser.resize(1400)
    browser.open(site / "index.html")
    browser.ask("document.querySelector('.sidebar-search').value = 'quokka'")
    browser.ask("document.querySelector('.sidebar-search-container').requestSubmit()")
    browser.wait_until(
        "location.pathname.endsWith('search.html') && document.querySelector('#search-results li a')"
    )

    found = browser.ask(
        "[...document.querySelectorAll('#search-results li a')].map(a => a.getAttribute('href'))"
    )
    assert [link.partition("#")[0].partition("?")[0] for link in found] == ["02-map-the-access.html"]


@pytest.mark.parametrize("width", WIDTHS)
def test_figure_opens_large_on_click(width, browser, site):
    """A click on a figure opens it, larger than on the page; the button closes it."""
    browser.resize(width)
    browser.open(site / "01-read-the-release.html")
    small = browser.ask("document.querySelector('.figure img').getBoundingClientRect().width")
    browser.ask("document.querySelector('a.figure-open').click()")
    browser.wait_until("document.querySelector('dialog img').naturalWidth > 0")

    assert browser.ask("document.querySelector('dialog').open")
    assert browser.ask("document.querySelector('dialog img').alt") == "Two dark bars on gray."
    assert browser.ask("document.querySelector('dialog img').getBoundingClientRect().width") > small
    browser.ask("document.querySelector('dialog button').click()")
    assert not browser.ask("document.querySelector('dialog').open")


def test_code_opens_on_request(browser, site):
    """Code is out of sight until its summary is clicked."""
    browser.resize(1400)
    browser.open(site / "01-read-the-release.html")

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

    assert "/seen.png" in asked


def test_hostile_records_do_nothing(browser, host, tmp_path):
    """Payloads in notebook, figures, findings, titles and sources change no title and reach no host."""
    port, asked = host
    bad = made.MARKUP.replace("{port}", str(port))
    facts = made.copy_facts(tmp_path / "facts", title=bad, publisher=bad, note=bad)
    made.place_poisoned_edition(tmp_path / "runs", port)
    site = build_site(made.EDITION, tmp_path / "runs", facts).parent
    asked.clear()
    browser.requests.clear()
    browser.complaints.clear()
    browser.resize(1400)
    for page in sorted(site.glob("*.html")):
        browser.open(page)
        browser.ask("document.querySelectorAll('details').forEach(part => { part.open = true })")
        browser.ask("document.querySelectorAll('article a:not([href])').forEach(link => link.click())")
        assert browser.ask("document.title") != "OWNED", page.name
        assert browser.ask("document.title").endswith("Side Door"), page.name
        assert browser.ask("location.pathname").endswith(page.name)
    browser.open(site / "search.html", "?q=section")
    browser.wait_until("document.querySelector('#search-results li')")

    assert browser.ask("document.title") != "OWNED"
    assert browser.ask("document.querySelectorAll('#search-results img, #search-results script').length") == 0
    assert asked == []
    assert find_outside(browser.requests) == []
    assert browser.complaints == []
