"""A download: whole or not at all, continued where that is safe, and never led astray."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from helpers.errors import DataError, IngestError  # noqa: E402
from made.file_server import BODY, serve  # noqa: E402
from sidedoor.fetch.download import DownloadLimits, check_url, download_part  # noqa: E402

QUICK = DownloadLimits(silence_s=0.3, total_s=5)


@pytest.fixture(scope="module")
def server():
    with serve() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(server, monkeypatch):
    """Nothing asked yet, and no proxy between the test and its server."""
    monkeypatch.setenv("no_proxy", "*")
    server.asked.clear()


@pytest.fixture
def part(tmp_path):
    return tmp_path / "town.csv.part"


def test_whole_file_comes_with_progress(server, part):
    """Every byte arrives, and progress ends at the size that was announced."""
    seen = []
    done = download_part(
        f"{server.url}/file/town.csv", part, is_checked=True, progress=lambda *n: seen.append(n)
    )
    assert part.read_bytes() == BODY
    assert (done.url, done.is_resumed) == (f"{server.url}/file/town.csv", False)
    assert seen[-1] == (len(BODY), len(BODY)) and seen == sorted(seen) and len(seen) > 3
    assert server.asked == [("/file/town.csv", None)]


def test_cut_file_goes_on_where_it_broke_off(server, part):
    """What came before the break stays, the error says how much, and the next call asks only for the rest."""
    with pytest.raises(
        IngestError, match=f"broke off after {len(BODY) // 2:,} of {len(BODY):,} bytes.*goes on"
    ):
        download_part(f"{server.url}/cut", part, is_checked=True)
    assert part.read_bytes() == BODY[: len(BODY) // 2]

    done = download_part(f"{server.url}/file", part, is_checked=True)
    assert done.is_resumed and part.read_bytes() == BODY
    assert server.asked[-1] == ("/file", f"bytes={len(BODY) // 2}-")


def test_twice_cut_file_grows(server, part):
    """A second break keeps what both calls brought."""
    for size in (len(BODY) // 2, len(BODY) // 2 + (len(BODY) - len(BODY) // 2) // 2):
        with pytest.raises(IngestError, match="broke off"):
            download_part(f"{server.url}/cut", part, is_checked=True)
        assert part.read_bytes() == BODY[:size]


@pytest.mark.parametrize(
    ("path", "held", "is_checked"),
    [
        ("whole", BODY[:100], True),
        ("elsewhere", BODY[:100], True),
        ("file", BODY, True),
        ("file", BODY + b"more", True),
        ("file", b"x" * 100, False),
    ],
    ids=[
        "no ranges",
        "another range",
        "part as long as the file",
        "part longer than the file",
        "no checksum",
    ],
)
def test_part_that_cannot_go_on_is_begun_anew(server, part, path, held, is_checked):
    """Without ranges, with a wrong one, or without a checksum that would notice, the file comes whole."""
    part.write_bytes(held)
    done = download_part(f"{server.url}/{path}", part, is_checked=is_checked)
    assert not done.is_resumed and part.read_bytes() == BODY


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("silent", "said nothing for 0.3 seconds"),
        ("mute", "said nothing for 0.3 seconds"),
        ("page", "got a web page, not the file.*Save it by hand: open http"),
        ("packed", "packed as 'gzip'"),
        ("uninvited", "HTTP 206"),
        ("chunked-cut", "broke off"),
        ("status/401", "wants a login"),
        ("status/403", "refuses scripts.*Save it by hand: open http"),
        ("status/404", "not there.*https://web.archive.org/web/"),
        ("status/410", "taken away"),
        ("status/429", "in an hour"),
        ("status/503", "HTTP 503.*later"),
        ("status/304", "HTTP 304"),
        ("loop", "redirects more than 5 times"),
        ("moved/6", "redirects more than 5 times"),
        ("to?https://[bad", "no web address"),
        ("to?https://" + "a" * 300 + ".invalid/", "cannot be reached"),
        ("to?http://example.org/town.csv", "not https"),
        ("to?file:///etc/hostname", "no web address"),
        ("to?ftp://127.0.0.1/x", "not https"),
        ("to?https://me@127.0.0.1/x", "user name"),
        ("to?http://127.0.0.1:9/x", "cannot be reached"),
    ],
)
def test_bad_answers_are_refused_with_a_way_out(server, part, path, found):
    """Each refusal is an error for a person that says what came and what to do."""
    with pytest.raises((IngestError, DataError), match=found) as caught:
        download_part(f"{server.url}/{path}", part, QUICK, is_checked=True)
    assert caught.value.place and caught.value.way_out


def test_slow_answer_ends_in_time(server, part):
    """A server that is never silent cannot hold the download for longer than the limit."""
    with pytest.raises(IngestError, match="in 0.5 seconds, and no end"):
        download_part(f"{server.url}/drip", part, DownloadLimits(silence_s=1, total_s=0.5), is_checked=True)
    assert part.read_bytes() == BODY[: part.stat().st_size] and part.stat().st_size > 5


@pytest.mark.parametrize("steps", [1, 5])
def test_redirect_to_another_path_is_followed(server, part, steps):
    """Up to five steps on, and the address that answered is told."""
    done = download_part(f"{server.url}/moved/{steps}", part, is_checked=True)
    assert part.read_bytes() == BODY and done.url == f"{server.url}/file/town.csv"


def test_range_is_asked_behind_a_redirect_too(server, part):
    """A part goes on even if the address moved."""
    part.write_bytes(BODY[:5000])
    assert download_part(f"{server.url}/moved/2", part, is_checked=True).is_resumed
    assert server.asked[-1] == ("/file/town.csv", "bytes=5000-") and part.read_bytes() == BODY


def test_file_over_the_limit_is_refused_before_it_is_written(server, part):
    """An announced size over the limit stops the download at the head."""
    with pytest.raises(IngestError, match="announces .* expected at most"):
        download_part(f"{server.url}/file", part, DownloadLimits(bytes_n=len(BODY) - 1), is_checked=True)
    assert not part.exists()


def test_endless_file_is_cut_at_the_limit(server, part):
    """Where no size is announced, the bytes are counted, and nothing of them is kept."""
    with pytest.raises(IngestError, match="sends more than 1,000,000 bytes"):
        download_part(f"{server.url}/endless", part, DownloadLimits(bytes_n=1_000_000), is_checked=True)
    assert part.stat().st_size == 0


def test_end_has_to_be_known_without_a_checksum(server, part):
    """An answer that ends when the connection does may be cut: only a checksum can tell. Chunks tell their end."""
    with pytest.raises(IngestError, match="does not say how long"):
        download_part(f"{server.url}/unsaid", part, is_checked=False)
    download_part(f"{server.url}/unsaid", part, is_checked=True)
    assert part.read_bytes() == BODY
    download_part(f"{server.url}/chunked", part, is_checked=False)
    assert part.read_bytes() == BODY


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_full_disk_is_an_error_for_a_person(server, part):
    """A disk without space is named, without the folders of this machine."""
    part.symlink_to("/dev/full")
    with pytest.raises(DataError, match="town.csv.part: the disk refuses .*[Nn]o space.*Free space"):
        download_part(f"{server.url}/file", part, is_checked=True)


def test_missing_folder_is_an_error_for_a_person(server, tmp_path):
    """So is a folder that is not there."""
    with pytest.raises(DataError, match="the disk refuses"):
        download_part(f"{server.url}/file", tmp_path / "gone" / "town.csv.part", is_checked=True)


def test_only_https_is_asked_and_redirects_lead_only_to_it():
    """Plain http is for this machine alone, and nobody else can send the download there."""
    assert check_url("https://example.org/a%20b.csv")
    assert check_url("https://example.org/b", before="https://example.com/a")
    assert check_url("http://127.0.0.1:80/b", before="http://127.0.0.1:80/a")
    for url, before in [
        ("http://example.org/a", None),
        ("ftp://example.org/a", None),
        ("file:///etc/hostname", None),
        ("data:text/plain,x", None),
        ("https:///a", None),
        ("https://example.org:port/a", None),
        ("https://example.org/a b", None),
        ("https://example.org/\u202e", None),
        ("https://example.org/\r\nHost: x", None),
        ("https://me:secret@example.org/a", None),
        ("http://example.org/b", "https://example.org/a"),
        ("http://127.0.0.1/b", "https://example.org/a"),
        ("http://localhost/b", "https://example.org/a"),
    ]:
        with pytest.raises(DataError) as caught:
            check_url(url, before)
        assert str(caught.value).isprintable() and "secret" not in str(caught.value), url
