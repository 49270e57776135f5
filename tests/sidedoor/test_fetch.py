"""Fetching: the file that is meant or none, from its publisher, a mirror or by hand; and the registry."""

import csv
import hashlib
import json
import sys
import threading
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import DataError, IngestError
from made.file_server import BODY, PAGE, serve
from made.refusal import refused
from sidedoor import cli, fetch
from sidedoor.fetch import DownloadLimits, check_url, describe_sources, fetch_source, load_fetch_sources

SHA256 = hashlib.sha256(BODY).hexdigest()
ZIP = b"PK\x05\x06" + b"\0" * 18
QUICK = DownloadLimits(silence_s=1, total_s=20)
RECORD = "town.csv.fetched.json"


@pytest.fixture(scope="module")
def server():
    with serve() as running:
        yield running


class Shelf:
    """A registry of one's own and a folder of fetched files."""

    def __init__(self, root: Path, url: str):
        self.registry, self.folder, self.url = root / "sources.toml", root / "fetched", url
        self.path = self.folder / "town.csv"

    def list_file(self, path: str = "file/town.csv", **fields) -> None:
        """Write a registry of one file, `town`."""
        row = {
            "name": "town",
            "title": "Town",
            "what": "A list.",
            "url": f"{self.url}/{path}",
            "file": "town.csv",
            "license": "CC0",
            "by": "script",
            "sha256": SHA256,
            "bytes_n": len(BODY),
        } | fields
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in row.items() if value != ""]
        self.registry.write_text("[[file]]\n" + "".join(lines))

    def fetch(self, **options) -> Path:
        return fetch_source("town", self.folder, registry=self.registry, **options)

    def list_names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - {".lock"}

    def read_record(self, file: str = "town.csv") -> dict:
        return json.loads((self.folder / f"{file}.fetched.json").read_text())


@pytest.fixture
def shelf(tmp_path, server, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(fetch.MIRROR, raising=False)
    server.asked.clear()
    made = Shelf(tmp_path, server.url)
    made.list_file()
    return made


def make_mirror(shelf, **files) -> Path:
    folder = shelf.folder.parent / "mirror" / "deep"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder.parent


# --- from the publisher -------------------------------------------------------------------------------


def test_file_is_fetched_once_and_recorded(shelf, server):
    """The file is in its place with its record; the second call asks nobody. Progress ends at its size."""
    seen = []
    assert shelf.fetch(progress=lambda *n: seen.append(n)) == shelf.path and shelf.path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY)) and seen == sorted(seen) and len(seen) > 3
    record = shelf.read_record()
    assert (record["sha256"], record["bytes_n"], record["name"]) == (SHA256, len(BODY), "town")
    assert record["came_from"] == record["url"] == f"{server.url}/file/town.csv"
    assert shelf.list_names() == {"town.csv", RECORD}
    assert shelf.fetch() == shelf.path
    assert len(server.asked) == 1 and shelf.read_record() == record


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("silent", "broken"),
        ("mute", "broken"),
        ("cut", "broken"),
        ("chunked-cut", "broken"),
        ("page", "web-page"),
        ("packed", "packed"),
        ("empty", "content"),
        ("status/401", "http-401"),
        ("status/403", "http-403"),
        ("status/404", "http-404"),
        ("status/503", "http-503"),
        ("status/206", "http-206"),
        ("status/304", "http-304"),
        ("loop", "redirects"),
        ("moved/6", "redirects"),
        ("to?https:///bad", "address"),
        ("to?http://example.org/town.csv", "address"),
        ("to?http://169.254.169.254/latest", "address"),
        ("to?file:///etc/hostname", "address"),
        ("to?ftp://127.0.0.1/x", "address"),
        ("to?https://me@127.0.0.1/x", "address"),
        ("to?http://127.0.0.1:9/x", "broken"),
    ],
)
def test_bad_answers_are_refused_and_leave_nothing(shelf, path, code):
    """Each refusal is an error for a person; neither a file nor a record of one is kept."""
    shelf.list_file(path)
    with pytest.raises((IngestError, DataError)) as raised:
        shelf.fetch(limits=QUICK)
    assert raised.value.code == code and raised.value.way_out
    assert shelf.list_names() == set()


@pytest.mark.parametrize("path", ["drip", "slow-head"])
def test_slow_answer_ends_in_time(shelf, path):
    """A server that is never silent cannot hold the download longer than the limit, in its head neither."""
    shelf.list_file(path)
    with refused("slow", IngestError):
        shelf.fetch(limits=DownloadLimits(silence_s=5, total_s=0.5))
    assert not shelf.path.exists()


@pytest.mark.parametrize("steps", [1, 5])
def test_redirect_to_another_path_is_followed(shelf, steps):
    """Up to five steps."""
    shelf.list_file(f"moved/{steps}")
    assert shelf.fetch().read_bytes() == BODY


def test_wrong_content_is_refused(shelf):
    """Another sha256 than the registry's: an error, and nothing in its place."""
    shelf.list_file(sha256="0" * 64)
    with refused("checksum", IngestError, place="town"):
        shelf.fetch()
    assert shelf.list_names() == set()


@pytest.mark.parametrize("path", ["page", "hidden-page", "wide-page"])
@pytest.mark.parametrize("known", [{}, {"sha256": "", "bytes_n": 0}])
def test_web_page_in_a_files_place_is_refused(shelf, path, known):
    """Whatever it calls itself, with a known checksum or without.

    No web page is kept as the file or recorded.
    """
    shelf.list_file(path, **known)
    with pytest.raises(IngestError) as raised:
        shelf.fetch()
    assert raised.value.code in ("web-page", "content") and shelf.list_names() == set()


def test_larger_file_than_expected_is_refused(shelf):
    """At its head if it announces its size, and where it ends otherwise: the registry's size is the limit."""
    shelf.list_file(bytes_n=len(BODY) - 1)
    with refused("too-large", IngestError):
        shelf.fetch()
    for path in ("file", "endless"):
        shelf.list_file(path, sha256="", bytes_n=0)
        with pytest.raises(IngestError) as raised:
            shelf.fetch(limits=DownloadLimits(bytes_n=1000))
        assert raised.value.code in ("too-large", "no-length")
    shelf.list_file("endless")
    with refused("too-large", IngestError):
        shelf.fetch()
    assert not shelf.path.exists()


def test_end_has_to_be_known_without_a_checksum(shelf):
    """An answer that ends when the connection does may be cut.

    Only a checksum, a length or chunks can tell.
    """
    shelf.list_file("unsaid", sha256="", bytes_n=0)
    with refused("no-length", IngestError):
        shelf.fetch()
    shelf.list_file("unsaid")
    assert shelf.fetch().read_bytes() == BODY
    shelf.path.unlink()
    (shelf.folder / RECORD).unlink()
    shelf.list_file("chunked", sha256="", bytes_n=0)
    assert shelf.fetch().read_bytes() == BODY


def test_disk_error_is_an_error_for_a_person(shelf):
    """A file where the folder should be."""
    shelf.folder.write_text("in the way")
    with refused("disk", DataError, place="town.csv"):
        shelf.fetch()


def test_links_that_others_prepared_are_not_followed(shelf, tmp_path):
    """Neither the lock nor the record nor a partial file writes to where a link leads."""
    other = tmp_path / "other"
    other.mkdir()
    shelf.folder.mkdir()
    for name in (RECORD, "town.csv.part", f"{RECORD}.part"):
        (shelf.folder / name).symlink_to(other / name)
    assert shelf.fetch().read_bytes() == BODY
    assert list(other.iterdir()) == [] and not (shelf.folder / RECORD).is_symlink()
    (shelf.folder / ".lock").unlink()
    (shelf.folder / ".lock").symlink_to(other / "lock")
    with refused("disk", DataError):
        shelf.fetch()
    assert list(other.iterdir()) == []


def test_only_https_is_asked_and_redirects_lead_only_to_it():
    """Plain http is for this machine alone, and nobody else can send the download there."""
    check_url("https://example.org/a%20b.csv")
    check_url("https://example.org/b", before="https://example.com/a")
    check_url("http://127.0.0.1:80/b", before="http://127.0.0.1:80/a")
    for url, before in [
        ("http://example.org/a", None),
        ("data:text/plain,x", None),
        ("https:///a", None),
        ("https://example.org:port/a", None),
        ("https://example.org/a b", None),
        ("https://example.org/\u202e", None),
        ("https://example.org/\r\nHost: x", None),
        ("https://me:secret@example.org/a", None),
        ("http://example.org/b", "https://example.org/a"),
        ("http://127.0.0.1/b", "https://example.org/a"),
    ]:
        with refused("address", DataError) as raised:
            check_url(url, before)
        assert str(raised.value).isprintable() and "secret" not in str(raised.value), url


# --- without a known checksum, and what is there already ----------------------------------------------


def test_first_fetch_records_the_checksum_and_later_ones_compare(shelf, server, monkeypatch):
    """The record replaces the registry: a publisher's change is refused until a person accepts it."""
    shelf.list_file(sha256="", bytes_n=44_608)
    shelf.fetch()
    assert shelf.read_record()["sha256"] == SHA256
    shelf.path.unlink()
    monkeypatch.setattr(server, "body", BODY + b"Newtown PD,1\n")
    with refused("checksum", IngestError, hint=RECORD):
        shelf.fetch()
    assert shelf.list_names() == {RECORD}
    (shelf.folder / RECORD).unlink()
    assert shelf.fetch().read_bytes() == BODY + b"Newtown PD,1\n"


def test_first_checksum_is_not_taken_from_what_cannot_be_the_file(shelf, server, monkeypatch):
    """Text under the name of an archive is refused; an archive is kept as it came, not unpacked."""
    shelf.list_file(file="town.zip", sha256="", bytes_n=0)
    with refused("content", IngestError):
        shelf.fetch()
    monkeypatch.setattr(server, "body", ZIP)
    assert shelf.fetch().read_bytes() == ZIP
    assert shelf.list_names() == {"town.zip", "town.zip.fetched.json"}


def test_damaged_record_is_named(shelf):
    """A record that cannot be read is not ignored: anything would be accepted."""
    shelf.list_file(sha256="", bytes_n=0)
    shelf.folder.mkdir()
    (shelf.folder / RECORD).write_text('{"sha256": "')
    with refused("damaged", DataError):
        shelf.fetch()


def test_changed_file_is_refused_and_left_where_it_is(shelf):
    """A file that was edited is neither used nor overwritten."""
    shelf.fetch()
    shelf.path.write_bytes(BODY + b"edited")
    with refused("checksum", IngestError):
        shelf.fetch()
    assert shelf.path.read_bytes() == BODY + b"edited"
    assert "another file" in describe_sources(shelf.folder, shelf.registry)


def test_file_to_save_by_hand_tells_how_and_is_then_accepted(shelf, server):
    """The error is the instruction.

    The saved file is checked and recorded; no script ever asks the publisher.
    """
    shelf.list_file(by="hand", click="Choose Download.", obstacles="A wall.", page="https://example.org/")
    with refused("hand", DataError) as raised:
        shelf.fetch()
    for step in (f"{server.url}/file/town.csv", "Choose Download.", "fetched/town.csv", "A wall."):
        assert step in raised.value.way_out
    shelf.path.write_bytes(PAGE)
    with refused("content", IngestError):
        shelf.fetch()
    shelf.path.write_bytes(BODY)
    assert shelf.fetch() == shelf.path
    assert shelf.read_record()["came_from"] == "hand" and not server.asked


# --- from a mirror ------------------------------------------------------------------------------------


def test_mirror_is_asked_first_and_copied(shelf, server, monkeypatch):
    """By option or by environment, at any depth; the copy is the fetcher's own."""
    mirror = make_mirror(shelf, town__csv=BODY)
    assert shelf.fetch(mirror=mirror).read_bytes() == BODY
    assert not shelf.path.samefile(mirror / "deep" / "town.csv")
    assert shelf.read_record()["came_from"] == "mirror" and str(mirror) not in json.dumps(shelf.read_record())
    shelf.path.unlink()
    monkeypatch.setenv(fetch.MIRROR, str(mirror))
    assert shelf.fetch().read_bytes() == BODY and not server.asked


def test_what_a_mirror_lacks_is_fetched_and_what_is_wrong_there_is_refused(shelf, server):
    """A file of the right name and another sha256 is an error; the publisher is not asked."""
    mirror = make_mirror(shelf, village__csv=BODY)
    assert shelf.fetch(mirror=mirror).read_bytes() == BODY and len(server.asked) == 1
    shelf.path.unlink()
    (mirror / "town.csv").write_bytes(BODY + b"x")
    with refused("checksum", IngestError):
        shelf.fetch(mirror=mirror)
    shelf.list_file(sha256="", bytes_n=0)
    (shelf.folder / RECORD).unlink()
    (mirror / "town.csv").write_bytes(PAGE)
    with refused("content", IngestError):
        shelf.fetch(mirror=mirror)
    assert not shelf.path.exists() and len(server.asked) == 1
    with refused("no-folder", DataError):
        shelf.fetch(mirror=shelf.folder / "no")


def test_two_at_once_fetch_once_and_a_lock_that_stays_is_named(shelf, server):
    """The second waits for the first and finds the file there."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(shelf.fetch())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [shelf.path] * 4 and len(server.asked) == 1
    with fetch._lock_folder(shelf.path, 1), refused("locked", DataError):
        shelf.fetch(limits=DownloadLimits(total_s=0.1))


# --- the registry -------------------------------------------------------------------------------------


def test_registry_agrees_with_the_table_of_sources():
    """Addresses are https, cited sources are known and have the same address."""
    sources = load_fetch_sources()
    with (paths.FACTS / "sources.csv").open(encoding="utf-8", newline="") as file:
        known = {row["source_id"]: row for row in csv.DictReader(file)}
    assert len(sources) > 30
    for source in sources.values():
        assert source.url.startswith("https://") and source.page.startswith("https://" if source.page else "")
        if source.source_id:
            assert known[source.source_id]["url"] == source.url
            note = known[source.source_id]["note"]
            assert "sha256" not in note or source.sha256 in note


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "Town 1"}, "wrong-value"),
        ({"file": "../town.csv"}, "wrong-value"),
        ({"file": ".lock"}, "wrong-value"),
        ({"file": "town.csv.fetched.json"}, "wrong-value"),
        ({"file": "a\\b.csv"}, "wrong-value"),
        ({"sha256": "abc"}, "wrong-value"),
        ({"sha256": SHA256.upper()}, "wrong-value"),
        ({"bytes_n": 0}, "wrong-value"),
        ({"bytes_n": -1}, "wrong-value"),
        ({"bytes_n": 1 << 40}, "wrong-value"),
        ({"bytes_n": True}, "wrong-value"),
        ({"license": 3}, "wrong-value"),
        ({"by": "magic"}, "wrong-value"),
        ({"by": "hand"}, "wrong-value"),
        ({"url": "http://example.org/town.csv"}, "address"),
        ({"page": "javascript:alert(1)"}, "address"),
        ({"colour": "red"}, "unknown-key"),
        ({"title": ""}, "missing-key"),
    ],
)
def test_registry_entry_that_is_not_right_is_refused(shelf, fields, code):
    """Each rule of an entry, broken once."""
    shelf.list_file(**fields)
    with refused(code, DataError):
        load_fetch_sources(shelf.registry)


# --- the command --------------------------------------------------------------------------------------


def call(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["sidedoor", "fetch", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    return ended.value.code or 0, printed.out, printed.err


@pytest.fixture
def house_with_registry(shelf, house):
    shelf.registry = house.data / "registry" / "sources.toml"
    shelf.folder = house.runs / "fetched"
    shelf.path = shelf.folder / "town.csv"
    shelf.list_file()
    return shelf


def test_command_goes_on_after_a_failure_and_exits_with_1(house_with_registry, capsys, monkeypatch):
    """One line per error, the other files are there; no bar where there is no terminal."""
    good = house_with_registry.registry.read_text()
    house_with_registry.list_file("status/403", name="village", file="village.csv")
    house_with_registry.registry.write_text(house_with_registry.registry.read_text() + good)
    code, out, err = call(capsys, monkeypatch)
    assert code == 1 and "town.csv" in out and "HTTP 403" in err and err.count("\n") == 1
    assert house_with_registry.path.read_bytes() == BODY


def test_command_refuses_an_unknown_name_and_lists_what_there_is(house_with_registry, capsys, monkeypatch):
    """The nearest name is offered; the list says whether a file is there, before and after."""
    code, _, err = call(capsys, monkeypatch, "twon")
    assert code == 1 and "`town`" in err
    code, out, _ = call(capsys, monkeypatch, "--list")
    assert code == 0 and out.splitlines()[1].split()[::5] == ["town", "no"]
    mirror = make_mirror(house_with_registry, town__csv=BODY)
    assert call(capsys, monkeypatch, "town", "--mirror", str(mirror))[0] == 0
    _, out, _ = call(capsys, monkeypatch, "--list")
    assert out.splitlines()[1].split()[-1] == "yes"
