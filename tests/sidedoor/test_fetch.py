"""Fetching: the file that is meant or none, from its publisher, a mirror or by hand; and the registry."""

import csv
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from helpers import paths
from helpers.errors import DataError, IngestError  # noqa: E402
from made.file_server import BODY, PAGE, serve  # noqa: E402
from sidedoor import cli, fetch  # noqa: E402
from sidedoor.fetch import DownloadLimits, describe_sources, fetch_source, load_fetch_sources  # noqa: E402

SHA256 = hashlib.sha256(BODY).hexdigest()
ZIP = b"PK\x05\x06" + b"\0" * 18


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
            "name": "town", "title": "Town", "what": "A list.", "url": f"{self.url}/{path}", "file": "town.csv",
            "license": "CC0", "by": "script", "sha256": SHA256, "bytes_n": len(BODY),
        } | fields  # fmt: skip
        self.registry.write_text(
            "[[file]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in row.items() if v)
        )

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


# --- from the publisher ---------------------------------------------------------------------------------


def test_file_is_fetched_once_and_recorded(shelf, server):
    """The file is in its place with its record; the second call asks nobody."""
    assert shelf.fetch() == shelf.path and shelf.path.read_bytes() == BODY
    record = shelf.read_record()
    assert (record["sha256"], record["bytes_n"], record["name"]) == (SHA256, len(BODY), "town")
    assert record["came_from"] == record["url"] == f"{server.url}/file/town.csv"
    assert shelf.list_names() == {"town.csv", "town.csv.fetched.json"}

    assert shelf.fetch() == shelf.path
    assert len(server.asked) == 1 and shelf.read_record() == record


def test_cut_fetch_goes_on_at_the_next_call(shelf, server):
    """After a break the file is not there, its part is; the next call brings the rest and leaves nothing over."""
    shelf.list_file("cut")
    with pytest.raises(IngestError, match="broke off"):
        shelf.fetch()
    assert shelf.list_names() == {"town.csv.part"}
    assert "kB of it" in describe_sources(shelf.folder, shelf.registry)

    shelf.list_file()
    assert shelf.fetch().read_bytes() == BODY
    assert server.asked[-1][1] == f"bytes={len(BODY) // 2}-"
    assert shelf.list_names() == {"town.csv", "town.csv.fetched.json"}


def test_part_of_another_version_is_begun_anew(shelf, server):
    """A part that does not fit is noticed by the checksum, and costs one more download, not the file."""
    shelf.folder.mkdir()
    (shelf.folder / "town.csv.part").write_bytes(b"x" * 1000)
    assert shelf.fetch().read_bytes() == BODY
    assert [ranged for _, ranged in server.asked] == ["bytes=1000-", None]


def test_wrong_content_is_refused_and_set_aside(shelf):
    """Another sha256 than the registry's: an error, the file kept for a look, and nothing in its place."""
    shelf.list_file(sha256="0" * 64)
    with pytest.raises(IngestError, match=f"town: its sha256 is {SHA256[:12]}.*town.csv.rejected"):
        shelf.fetch()
    assert shelf.list_names() == {"town.csv.rejected"}


@pytest.mark.parametrize("path", ["page", "hidden-page", "wide-page"])
@pytest.mark.parametrize("known", [True, False])
def test_web_page_in_a_files_place_is_refused(shelf, path, known):
    """Whatever it calls itself, with a known checksum or without: no web page is kept as the file or recorded."""
    shelf.list_file(path, **({} if known else {"sha256": "", "bytes_n": 0}))
    with pytest.raises(IngestError, match="got a web page, not the file. Save it by hand: open http"):
        shelf.fetch()
    assert not shelf.path.exists() and not (shelf.folder / "town.csv.fetched.json").exists()


def test_larger_file_than_the_registry_says_is_refused_at_its_head(shelf):
    """The size in the registry is the limit, and the general limit where it is lower or no size is known."""
    shelf.list_file(bytes_n=len(BODY) - 1)
    with pytest.raises(IngestError, match=f"announces {len(BODY):,} bytes"):
        shelf.fetch()
    shelf.list_file(sha256="", bytes_n=0)
    with pytest.raises(IngestError, match="expected at most"):
        shelf.fetch(limits=DownloadLimits(bytes_n=1000))
    assert not shelf.path.exists()


def test_empty_answer_is_refused(shelf):
    """No bytes are no file."""
    shelf.list_file("empty", sha256="", bytes_n=0)
    with pytest.raises(IngestError, match="empty file"):
        shelf.fetch()


def test_disk_error_is_an_error_for_a_person(shelf):
    """A file where the folder should be: told with the file's name and a way out."""
    shelf.folder.write_text("in the way")
    with pytest.raises(DataError, match="town.csv: the disk refuses"):
        shelf.fetch()


# --- without a known checksum ---------------------------------------------------------------------------


def test_first_fetch_records_the_checksum_and_later_ones_compare(shelf, server, monkeypatch):
    """The record stands for the registry: a publisher's change is refused until a person accepts it."""
    shelf.list_file(sha256="", bytes_n=44_608)
    assert "44.6 kB, last seen" in describe_sources(shelf.folder, shelf.registry)
    shelf.fetch()
    assert shelf.read_record()["sha256"] == SHA256

    shelf.path.unlink()
    monkeypatch.setattr(server, "body", BODY + b"Newtown PD,1\n")
    with pytest.raises(
        IngestError, match="publisher has changed it.*To accept it, remove town.csv.fetched.json"
    ):
        shelf.fetch()
    assert shelf.list_names() == {"town.csv.rejected", "town.csv.fetched.json"}

    (shelf.folder / "town.csv.fetched.json").unlink()
    assert shelf.fetch().read_bytes() == BODY + b"Newtown PD,1\n"


def test_first_checksum_is_not_taken_from_what_cannot_be_the_file(shelf, server, monkeypatch):
    """Text under the name of an archive is refused; an archive is kept as it came, packed."""
    shelf.list_file(file="town.zip", sha256="", bytes_n=0)
    with pytest.raises(IngestError, match="does not begin like a .zip"):
        shelf.fetch()
    monkeypatch.setattr(server, "body", ZIP)
    assert shelf.fetch().read_bytes() == ZIP
    assert shelf.list_names() == {"town.zip", "town.zip.fetched.json", "town.zip.rejected"}


def test_damaged_record_is_named(shelf):
    """A record that is none is not passed over: it would accept anything."""
    shelf.list_file(sha256="", bytes_n=0)
    shelf.folder.mkdir()
    (shelf.folder / "town.csv.fetched.json").write_text('{"sha256": "')
    with pytest.raises(DataError, match="record is damaged.*Remove it"):
        shelf.fetch()


# --- what is there already ------------------------------------------------------------------------------


def test_changed_file_is_refused_and_left_where_it_is(shelf):
    """A file that was edited is neither used nor overwritten."""
    shelf.fetch()
    shelf.path.write_bytes(BODY + b"edited")
    with pytest.raises(IngestError, match="town.csv: its sha256 is .*Move it away"):
        shelf.fetch()
    assert shelf.path.read_bytes() == BODY + b"edited"
    assert "another file" in describe_sources(shelf.folder, shelf.registry)


def test_file_to_save_by_hand_tells_how_and_is_then_accepted(shelf, server):
    """The error is the instruction; the saved file is checked and recorded; no script ever asks the publisher."""
    hand = {"by": "hand", "click": "Choose Download.", "obstacles": "A wall.", "page": "https://example.org/"}
    shelf.list_file(**hand)
    with pytest.raises(DataError) as caught:
        shelf.fetch()
    steps = (
        f"{server.url}/file/town.csv",
        "Choose Download.",
        "fetched/town.csv",
        "sidedoor fetch town",
        "A wall.",
    )
    assert all(step in str(caught.value) for step in steps)

    shelf.path.write_bytes(PAGE)
    with pytest.raises(IngestError, match="got a web page"):
        shelf.fetch()
    shelf.path.write_bytes(BODY)
    assert shelf.fetch() == shelf.path
    assert shelf.read_record()["came_from"] == "hand" and not server.asked


# --- from a mirror --------------------------------------------------------------------------------------


def test_mirror_is_asked_first_and_copied(shelf, server, monkeypatch):
    """By option or by environment, at any depth; the copy is the fetcher's own."""
    mirror = make_mirror(shelf, town__csv=BODY)
    assert shelf.fetch(mirror=mirror).read_bytes() == BODY
    assert not shelf.path.samefile(mirror / "deep" / "town.csv")
    assert shelf.read_record()["came_from"] == "mirror" and str(mirror) not in json.dumps(shelf.read_record())

    shelf.path.unlink()
    monkeypatch.setenv(fetch.MIRROR, str(mirror))
    assert shelf.fetch().read_bytes() == BODY and not server.asked


def test_mirror_without_the_file_leaves_it_to_the_publisher(shelf, server):
    """What a mirror does not hold is fetched."""
    assert shelf.fetch(mirror=make_mirror(shelf, village__csv=BODY)).read_bytes() == BODY
    assert len(server.asked) == 1


def test_wrong_file_in_a_mirror_is_refused(shelf, server):
    """A file of the right name and another sha256 is told, not silently replaced; the publisher is not asked."""
    with pytest.raises(IngestError, match="mirror's town.csv has another sha256"):
        shelf.fetch(mirror=make_mirror(shelf, town__csv=BODY + b"x"))
    assert not shelf.path.exists() and not server.asked


def test_mirror_may_use_the_publishers_name(shelf):
    """Kept as town_LICENSE.txt, published as LICENSE: found by checksum, and another LICENSE is passed over."""
    shelf.list_file("file/LICENSE", file="town_LICENSE.txt")
    mirror = make_mirror(shelf, LICENSE=b"of something else")
    assert shelf.fetch(mirror=mirror).name == "town_LICENSE.txt"
    assert shelf.read_record("town_LICENSE.txt")["came_from"].startswith(shelf.url)
    (shelf.folder / "town_LICENSE.txt").unlink()
    (mirror / "LICENSE").write_bytes(BODY)
    shelf.fetch(mirror=mirror)
    assert shelf.read_record("town_LICENSE.txt")["came_from"] == "mirror"


def test_web_page_in_a_mirror_is_refused(shelf):
    """A mirror is trusted no more than a server."""
    shelf.list_file(sha256="", bytes_n=0)
    with pytest.raises(IngestError, match="got a web page"):
        shelf.fetch(mirror=make_mirror(shelf, town__csv=PAGE))


def test_missing_mirror_is_named(shelf):
    """A mistyped folder is no empty one."""
    with pytest.raises(DataError, match="there is no such folder"):
        shelf.fetch(mirror=shelf.folder / "no")


# --- several at once ------------------------------------------------------------------------------------


def test_two_at_once_fetch_once(shelf, server):
    """The second waits for the first and finds the file there."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(shelf.fetch())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [shelf.path] * 4 and len(server.asked) == 1


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
def test_killed_fetch_leaves_a_part_and_no_lock(shelf, server):
    """A process that is killed holds nobody up; what it brought is continued."""
    shelf.list_file("silent")
    code = (
        "import sys; from pathlib import Path; from sidedoor.fetch import fetch_source; "
        "fetch_source('town', sys.argv[1], registry=Path(sys.argv[2]), "
        "progress=lambda done, total: print(done, flush=True))"
    )
    env = {**os.environ, "PYTHONPATH": str(paths.SOURCE)}
    arguments = [sys.executable, "-c", code, str(shelf.folder), str(shelf.registry)]
    with subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline()
        shelf.list_file()
        with pytest.raises(DataError, match="another fetch holds it"):
            shelf.fetch(limits=DownloadLimits(total_s=0.1))
        child.kill()
    assert shelf.fetch().read_bytes() == BODY


def test_matching_a_page_takes_no_time(shelf):
    """A file made of comments that never end in a page cannot hold the check up."""
    from sidedoor.fetch.files import check_content

    source = load_fetch_sources(shelf.registry)["town"]
    path = shelf.registry.parent / "bomb"
    for bomb in (b"<!---->" * 600, b"<!-- -->" * 300 + b" " * 2000, b" " * 5000, b"<?xml" * 900):
        path.write_bytes(bomb)
        began = time.monotonic()
        check_content(source, path)
        assert time.monotonic() - began < 0.5


# --- the registry ---------------------------------------------------------------------------------------


def test_registry_is_sound():
    """Names and file names are unique and safe, addresses https, checksums whole, cited sources known."""
    rows = tomllib.loads((paths.DATA / "registry" / "sources.toml").read_text(encoding="utf-8"))["file"]
    sources = load_fetch_sources()
    assert len(sources) == len(rows) == len({row["file"].lower() for row in rows})
    with (paths.FACTS / "sources.csv").open(encoding="utf-8", newline="") as file:
        known = {row["source_id"]: row for row in csv.DictReader(file)}
    for source in sources.values():
        assert source.url.startswith("https://") and source.page.startswith("https://" if source.page else "")
        assert "/" not in source.file and "\\" not in source.file and not source.file.startswith(".")
        if source.source_id:
            assert known[source.source_id]["url"] == source.url
            note = known[source.source_id]["note"]
            assert "sha256" not in note or source.sha256 in note
        if source.by == "script" and not source.sha256:
            assert source.name.startswith("eff-")


def test_registry_has_the_files_that_the_notebooks_speak_of():
    """The two data sets and two reports by script, the release, its logs and three requests by hand."""
    sources = load_fetch_sources()
    by_script = [source for source in sources.values() if source.by == "script"]
    private_eyes = [source for source in by_script if "/private_eyes/" in source.url]

    assert len(private_eyes) == 6 and all(
        source.sha256 and source.license == "MIT" for source in private_eyes
    )
    assert all("/00f29cadee8db87cb3b387caab15ab15aae893ad/" in source.url for source in private_eyes)
    assert sum(source.bytes_n for source in private_eyes) == 1086 + 170023 + 1695622 + 235159 + 801888 + 15407
    others = [source.name for source in by_script if source not in private_eyes]
    assert others == ["eff-data-driven-1", "eff-data-driven-2", "learn-orange-2022", "learn-ocsd-2025"]
    assert sources["aclu-p1822-agencies"].url.endswith("_1822.pdf")
    assert "dropbox.com" in sources["aclu-search-logs"].url
    for name in ("learn-irvine-2020", "learn-ocsd-2020", "irvine-workbook-2025", "ice-release-text"):
        assert "403" in sources[name].obstacles


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"name": "Town 1"}, "`name`"),
        ({"file": "../town.csv"}, "`file`"),
        ({"file": ".lock"}, "`file`"),
        ({"file": "town.csv.part"}, "`file`"),
        ({"file": "a\\b.csv"}, "`file`"),
        ({"sha256": "abc"}, "`sha256`"),
        ({"sha256": SHA256.upper()}, "`sha256`"),
        ({"bytes_n": 0}, "`sha256`"),
        ({"bytes_n": -1}, "`bytes_n`"),
        ({"bytes_n": 1 << 40}, "`bytes_n`"),
        ({"bytes_n": True}, "another type than int"),
        ({"license": 3}, "another type than str"),
        ({"by": "magic"}, "`by`"),
        ({"by": "hand"}, "`click`"),
        ({"url": "http://example.org/town.csv"}, "not https"),
        ({"page": "javascript:alert(1)"}, "no web address"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"title": ""}, "no `title`"),
    ],
)
def test_registry_entry_that_is_not_right_is_refused(shelf, fields, found):
    """Each rule of an entry, broken once, is named."""
    shelf.list_file(**fields)
    with pytest.raises(DataError, match=found):
        load_fetch_sources(shelf.registry)


def test_registry_refuses_a_name_twice_and_what_is_no_registry(shelf):
    """Two entries of one name or file, an empty file, and a missing one."""
    shelf.registry.write_text(shelf.registry.read_text() * 2)
    with pytest.raises(DataError, match="stands twice"):
        load_fetch_sources(shelf.registry)
    shelf.registry.write_text("[[file")
    with pytest.raises(DataError, match="no registry"):
        load_fetch_sources(shelf.registry)
    with pytest.raises(DataError, match="no registry"):
        load_fetch_sources(shelf.registry.parent / "no.toml")


@pytest.mark.skipif(not os.environ.get("SIDEDOOR_MIRROR"), reason="needs real records: set SIDEDOOR_MIRROR")
def test_real_mirror_serves_every_file_with_a_checksum(tmp_path, monkeypatch):
    """Thirteen files come from the mirror, each with the sha256 of the registry, and no server is asked."""
    import sidedoor.fetch as module

    monkeypatch.setattr(module, "download_part", None)
    named = [source for source in load_fetch_sources().values() if source.sha256]
    assert len(named) == 13
    for source in named:
        path = fetch_source(source.name, tmp_path)
        assert path.stat().st_size == source.bytes_n


# --- the command ----------------------------------------------------------------------------------------


def call(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["sidedoor", "fetch", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    return ended.value.code or 0, printed.out, printed.err


@pytest.fixture
def house_with_registry(shelf, house):
    shelf.registry = house.data / "registry" / "sources.toml"
    shelf.registry.parent.mkdir(exist_ok=True)
    shelf.folder = house.runs / "fetched"
    shelf.path = shelf.folder / "town.csv"
    shelf.list_file()
    return shelf


def test_command_fetches_all_that_a_script_can(house_with_registry, capsys, monkeypatch):
    """Without names; the path is printed, and no bar where there is no terminal."""
    code, out, err = call(capsys, monkeypatch)
    assert code == 0 and "town.csv" in out and err == ""
    assert house_with_registry.path.read_bytes() == BODY


def test_command_goes_on_after_a_failure_and_exits_with_1(house_with_registry, capsys, monkeypatch):
    """One line per error, the other files are there, the exit code is 1."""
    good = house_with_registry.registry.read_text()
    house_with_registry.list_file("status/403", name="village", file="village.csv")
    house_with_registry.registry.write_text(house_with_registry.registry.read_text() + good)

    code, out, err = call(capsys, monkeypatch)
    assert code == 1 and "town.csv" in out and "refuses scripts" in err and err.count("\n") == 1
    assert house_with_registry.path.is_file()


def test_command_refuses_unknown_names_before_it_fetches(house_with_registry, server, capsys, monkeypatch):
    """A name that is not in the registry stops the command with exit code 1, one line, and nothing asked."""
    code, out, err = call(capsys, monkeypatch, "town", "twon")
    assert (code, out) == (1, "") and "no file is called 'twon'" in err and "fetch --list" in err
    assert not server.asked


def test_command_lists_what_there_is(house_with_registry, server, capsys, monkeypatch):
    """Name, size, license, how, and whether it is there, before and after."""
    code, out, _ = call(capsys, monkeypatch, "--list")
    size = f"{len(BODY) / 1000:.1f}"
    assert code == 0 and out.splitlines()[1].split() == ["town", size, "kB", "CC0", "script", "no"]
    assert not server.asked
    call(capsys, monkeypatch, "town")
    _, out, _ = call(capsys, monkeypatch, "--list")
    assert out.splitlines()[1].split()[-1] == "yes"


def test_command_takes_a_mirror(house_with_registry, server, capsys, monkeypatch):
    """`--mirror DIR` serves the file."""
    mirror = make_mirror(house_with_registry, town__csv=BODY)
    code, _, _ = call(capsys, monkeypatch, "town", "--mirror", str(mirror))
    assert code == 0 and house_with_registry.path.is_file() and not server.asked


def test_progress_on_a_terminal_names_file_and_bytes(house_with_registry, capsys, monkeypatch):
    """A bar with the name while it runs."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    code, out, err = call(capsys, monkeypatch)
    assert code == 0 and "town.csv" in out and "town" in err
