"""Fetching: the file that is meant or none, from its publisher, a mirror or by hand; and the registry."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from helpers import paths
from helpers.errors import DataError, IngestError
from made.file_server import BODY, PAGE, ZIP, serve
from made.refusal import refused
from sidedoor import fetch
from sidedoor.fetch import DownloadLimits, check_url, fetch_source, load_fetch_sources

SHA256 = hashlib.sha256(BODY).hexdigest()
RECORD = "town.csv.fetched.json"
UNKNOWN = {"sha256": "", "bytes_n": 0}
# A first checksum is not taken from what cannot be the file.
NO_ZIP = {**UNKNOWN, "file": "town.zip"}


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
        row = {"name": "town", "title": "Town", "what": "A list.", "url": f"{self.url}/{path}"}
        row |= {"file": "town.csv", "license": "CC0", "by": "script"}
        row |= {"sha256": SHA256, "bytes_n": len(BODY)} | fields
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in row.items() if value != ""]
        self.registry.write_text("[[file]]\n" + "".join(lines))

    def fetch(self, **options) -> Path:
        return fetch_source("town", self.folder, registry=self.registry, **options)

    def list_names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    def read_record(self) -> dict:
        return json.loads((self.folder / RECORD).read_text())


@pytest.fixture
def shelf(tmp_path, server, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(fetch.MIRROR, raising=False)
    server.asked.clear()
    made = Shelf(tmp_path, server.url)
    made.list_file()
    return made


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


# What a server may answer, by the code of the error: its path, and what the registry knows of the file.
BAD_ANSWERS = {
    "broken": ["silent", "mute", "cut", "chunked-cut", "to?http://127.0.0.1:9/x"],
    "web-page": ["page", ("page", UNKNOWN)],
    "packed": ["packed"],
    "content": ["empty", "hidden-page", ("wide-page", UNKNOWN), ("file", NO_ZIP)],
    "checksum": [("file", {"sha256": "0" * 64})],
    "too-large": [("file", {"bytes_n": len(BODY) - 1}), ("file", UNKNOWN), "endless"],
    # an answer that ends when the connection does may be cut: only a checksum, a length or chunks can tell
    "no-length": [("endless", UNKNOWN), ("unsaid", UNKNOWN)],
    **{f"http-{status}": [f"status/{status}"] for status in (403, 404, 206)},
    "redirects": ["moved/6"],
    "address": ["to?https:///bad", "to?http://example.org/town.csv", "to?file:///etc/hostname"],
    # never silent for long, in its head neither
    "slow": ["slow-head"],
}


@pytest.mark.parametrize(
    ("code", "answer"), [(code, answer) for code, answers in BAD_ANSWERS.items() for answer in answers]
)
def test_bad_answers_are_refused_and_leave_nothing(shelf, code, answer):
    """Each refusal is an error for a person; neither a file nor a record of one is kept."""
    path, known = answer if isinstance(answer, tuple) else (answer, {})
    shelf.list_file(path, **known)
    most = 1000 if known == UNKNOWN and path == "file" else 1 << 30
    limits = DownloadLimits(most, silence_s=1, total_s=0.5 if code == "slow" else 20)
    with pytest.raises((IngestError, DataError)) as raised:
        shelf.fetch(limits=limits)
    assert raised.value.code == code and raised.value.way_out
    assert not shelf.path.exists() and (code == "slow" or shelf.list_names() == set())


@pytest.mark.parametrize(
    ("path", "known", "body"),
    [("moved/5", {}, BODY), ("unsaid", {}, BODY), ("chunked", UNKNOWN, BODY), ("zip", NO_ZIP, ZIP)],
)
def test_answers_that_are_taken(shelf, path, known, body):
    """Up to five redirects, an end that a checksum or chunks confirm; an archive is not unpacked."""
    shelf.list_file(path, **known)
    assert shelf.fetch().read_bytes() == body


def test_disk_error_is_an_error_for_a_person(shelf):
    """A file where the folder should be."""
    shelf.folder.write_text("in the way")
    with refused("disk", DataError, place="town.csv"):
        shelf.fetch()


def test_links_that_others_prepared_are_not_followed(shelf, tmp_path):
    """Nothing is written to where a link leads."""
    other = tmp_path / "other"
    other.mkdir()
    shelf.folder.mkdir()
    for name in (RECORD, "town.csv.part", f"{RECORD}.part", ".lock"):
        (shelf.folder / name).symlink_to(other / name)
    assert shelf.fetch().read_bytes() == BODY
    assert list(other.iterdir()) == [] and not (shelf.folder / RECORD).is_symlink()


@pytest.mark.parametrize(
    ("url", "before"),
    [
        ("http://example.org/a", None),
        ("https:///a", None),
        ("https://example.org:port/a", None),
        ("https://example.org/\u202e", None),
        ("https://example.org/\r\nHost: x", None),
        ("https://me:secret@example.org/a", None),
        ("http://example.org/b", "https://example.org/a"),
        ("http://127.0.0.1/b", "https://example.org/a"),
    ],
)
def test_only_https_is_asked_and_redirects_lead_only_to_it(url, before):
    """Plain http is for this machine alone, and nobody else can send the download there."""
    check_url("https://example.org/b%20c", before="https://example.com/a")
    check_url("http://127.0.0.1:80/b", before="http://127.0.0.1:80/a")
    with refused("address", DataError) as raised:
        check_url(url, before)
    assert str(raised.value).isprintable() and "secret" not in str(raised.value)


# --- without a known checksum, and what is there already ----------------------------------------------


def test_first_fetch_records_the_checksum_and_later_ones_compare(shelf, server, monkeypatch):
    """The record replaces the registry: a publisher's change is refused until a person accepts it.

    A record that cannot be read is not ignored: anything would be accepted.
    """
    shelf.list_file(sha256="", bytes_n=44_608)
    shelf.fetch()
    assert shelf.read_record()["sha256"] == SHA256
    shelf.path.unlink()
    monkeypatch.setattr(server, "body", BODY + b"Newtown PD,1\n")
    with refused("checksum", IngestError, hint=RECORD):
        shelf.fetch()
    assert shelf.list_names() == {RECORD}
    (shelf.folder / RECORD).write_text('{"sha256": "')
    with refused("damaged", DataError):
        shelf.fetch()
    (shelf.folder / RECORD).unlink()
    assert shelf.fetch().read_bytes() == BODY + b"Newtown PD,1\n"
    # a file that was edited is neither used nor overwritten
    shelf.path.write_bytes(b"edited")
    with refused("checksum", IngestError):
        shelf.fetch()
    assert shelf.path.read_bytes() == b"edited"


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
    """By option or by environment, at any depth; the copy is the fetcher's own.

    A file of the right name and another sha256 is an error; the publisher is asked for what is not there.
    """
    mirror = shelf.folder.parent / "mirror"
    there = mirror / "deep" / "town.csv"
    there.parent.mkdir(parents=True)
    there.write_bytes(BODY)
    assert shelf.fetch(mirror=mirror).read_bytes() == BODY and not shelf.path.samefile(there)
    assert shelf.read_record()["came_from"] == "mirror" and str(mirror) not in json.dumps(shelf.read_record())
    shelf.path.unlink()
    monkeypatch.setenv(fetch.MIRROR, str(mirror))
    assert shelf.fetch().read_bytes() == BODY
    for path in shelf.folder.iterdir():
        path.unlink()
    for content, known, code in ((BODY + b"x", {}, "checksum"), (PAGE, UNKNOWN, "content")):
        there.write_bytes(content)
        shelf.list_file(**known)
        with refused(code, IngestError):
            shelf.fetch()
    assert not shelf.path.exists() and not server.asked
    there.unlink()
    assert shelf.fetch().read_bytes() == BODY and len(server.asked) == 1
    with refused("no-folder", DataError):
        shelf.fetch(mirror=shelf.folder / "no")


# --- the registry -------------------------------------------------------------------------------------


def test_registry_agrees_with_the_table_of_sources():
    """Names and files are different, addresses https; cited sources are known and have the same address."""
    sources = load_fetch_sources()
    with (paths.FACTS / "sources.csv").open(encoding="utf-8", newline="") as file:
        known = {row["source_id"]: row for row in csv.DictReader(file)}
    text = (paths.DATA / "registry" / "sources.toml").read_text(encoding="utf-8")
    assert len(sources) == text.count("\n[[file]]") > 30
    assert len({source.file.lower() for source in sources.values()}) == len(sources)
    for source in sources.values():
        for url in filter(None, (source.url, source.page)):
            assert url.startswith("https://")
            check_url(url)
        assert bool(source.click) == (source.by == "hand") and (source.bytes_n or not source.sha256)
        assert not source.file.endswith(".fetched.json")
        if source.source_id:
            assert known[source.source_id]["url"] == source.url
            note = known[source.source_id]["note"]
            assert "sha256" not in note or source.sha256 in note


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("wrong-value", {"name": "Town 1"}),
        ("wrong-value", {"file": "../town.csv"}),
        ("wrong-value", {"file": "a\\b.csv"}),
        ("wrong-value", {"bytes_n": 1 << 40}),
        ("wrong-value", {"by": "magic"}),
        ("unknown-key", {"colour": "red"}),
        ("missing-key", {"title": ""}),
    ],
)
def test_registry_entry_that_is_not_right_is_refused(shelf, code, fields):
    """Each rule of an entry, broken once."""
    shelf.list_file(**fields)
    with refused(code, DataError):
        load_fetch_sources(shelf.registry)


# --- the command --------------------------------------------------------------------------------------


def test_command_fetches_what_it_can_and_lists_what_there_is(shelf, house, call):
    """One line per error, the other files are there, exit code 1; the nearest name is offered.

    The list says whether a file is there, before and after.
    """
    shelf.registry = house.data / "registry" / "sources.toml"
    shelf.list_file()
    good = shelf.registry.read_text()
    shelf.list_file("status/403", name="village", file="village.csv")
    shelf.registry.write_text(shelf.registry.read_text() + good)
    code, out, _ = call("fetch", "--list")
    assert code == 0 and [line.split()[-1] for line in out.splitlines()[1::2]] == ["no", "no"]
    code, _, err = call("fetch", "twon")
    assert code == 1 and "`town`" in err
    code, out, err = call("fetch")
    assert code == 1 and "town.csv" in out and "HTTP 403" in err and err.count("\n") == 1
    assert (house.runs / "fetched" / "town.csv").read_bytes() == BODY
    _, out, _ = call("fetch", "--list")
    assert [line.split()[-1] for line in out.splitlines()[1::2]] == ["no", "yes"]
