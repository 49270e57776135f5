"""What a file is, by its first bytes."""

import gzip
import hashlib
import zipfile

import pytest

from helpers.errors import IngestError
from sidedoor.ingest.source import FileLimits, ReadOptions, open_source


@pytest.fixture
def write(tmp_path):
    def make(content: bytes, name: str = "data.csv"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return make


def test_facts_of_a_file(write):
    """Name without folders, checksum and size of the file as it lies there, kind by content."""
    source = open_source(write(b"a,b\n1,2\n", "sharing.pdf"))
    assert (source.name, source.kind, source.bytes_n) == ("sharing.pdf", "text", 8)
    assert source.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert source.id == f"file-{source.sha256[:12]}"
    assert source.head == source.open().read() == b"a,b\n1,2\n"


def test_kinds_by_content(write, tmp_path):
    """A PDF and a workbook are known under any name, a PDF also after some noise."""
    assert open_source(write(b"%PDF-1.7 ...", "x.csv")).kind == "pdf"
    assert open_source(write(b"\r\n\r\n%PDF-1.7 ...")).kind == "pdf"
    with zipfile.ZipFile(tmp_path / "x.txt", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert open_source(tmp_path / "x.txt").kind == "xlsx"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b'[{"id": "a", "reason": "x"}]', "json"),
        (b' {\n "agency": "Sample PD"}', "json"),
        (b"<?xml version='1.0'?><rows/>", "xml"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "old-office"),
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "locked"),
        (b"PAR1....", "parquet"),
        (b"SQLite format 3\x00", "sqlite"),
        (b"{\\rtf1", "document"),
        (b"\x89PNG\r\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"II*\x00", "picture"),
        (b"BZh91AY", "archive"),
        (b"7z\xbc\xaf", "archive"),
        (b"Rar!\x1a", "archive"),
    ],
)
def test_what_is_no_record(write, content, code):
    """Other kinds of files are refused by what they are, with the way out, whatever they are called."""
    with pytest.raises(IngestError) as caught:
        open_source(write(content))
    assert caught.value.code == code and caught.value.place.startswith("data.csv") and caught.value.way_out


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><html><title>403",
        b"\xef\xbb\xbf \n<HTML><body>",
        "\ufeff<html>".encode("utf-16-le"),
        b"<table><tr>",
    ],
)
def test_web_pages_are_a_kind_of_their_own(write, content):
    """A page is no text: only a reader of pages may take it."""
    assert open_source(write(content)).kind == "html"


@pytest.mark.parametrize(
    ("member", "content", "code"),
    [
        ("a.csv", b"a,b", "archive"),
        ("word/document.xml", b"", "document"),
        ("xl/workbook.bin", b"", "xlsb"),
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ],
)
def test_other_archives(tmp_path, member, content, code):
    """What a ZIP holds is known from its names; only workbooks are read."""
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    with pytest.raises(IngestError) as caught:
        open_source(path)
    assert caught.value.code == code


def test_missing_and_folders(tmp_path):
    """A path that is no file is refused; the error does not repeat its folders."""
    with pytest.raises(IngestError, match="^no.csv: there is no such file"):
        open_source(tmp_path / "no.csv")
    with pytest.raises(IngestError, match="a folder"):
        open_source(tmp_path)


def test_names_obey_nobody(write):
    """A file name with escape sequences does not reach a terminal by way of an error or a report."""
    assert open_source(write(b"a,b\n1,2\n", "a\x1b[2Jb.csv")).name == "a\ufffd[2Jb.csv"


def test_packed(write):
    """A gzip file is what it holds; its checksum is that of the packed file."""
    data = gzip.compress(b"a,b\n1,2\n")
    source = open_source(write(data))
    assert (source.kind, source.is_packed, source.head) == ("text", True, b"a,b\n1,2\n")
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert source.open().read() == b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (gzip.compress(b""), "compressed file is empty"),
        (gzip.compress(b"%PDF-1.7"), "compressed PDF.*Unpack"),
        (gzip.compress(gzip.compress(b"a")), "compressed twice"),
        (gzip.compress(b"<html>"), "compressed HTML"),
        (gzip.compress(bytes(range(256)) * 4000)[:-900], "breaks off|NUL"),
        (b"\x1f\x8bnot gzip at all", "damaged"),
    ],
    # a packed text holds the second in which it was packed; names of tests must not
    ids=["empty", "pdf", "twice", "page", "cut", "damaged"],
)
def test_packed_wrongly(write, content, pattern):
    """What is wrong with a packed file is found on opening or on reading."""
    with pytest.raises(IngestError, match=pattern):
        source = open_source(write(content))
        with source.open() as file:
            while file.read(1 << 16):
                pass


def test_packed_bombs(write):
    """A file that unpacks to more than it should is refused before it fills the memory."""
    bomb = write(gzip.compress(b"a,b\n" + b" " * (16 << 20)))
    source = open_source(bomb)
    with pytest.raises(IngestError, match="unpacks to more than"), source.open() as file:
        while file.read(1 << 16):
            pass
    usual = write(gzip.compress(b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(50_000))))
    with (
        pytest.raises(IngestError, match="unpacks to more than"),
        open_source(usual, FileLimits(unpacked_bytes=100_000)).open() as file,
    ):
        file.read()
    assert len(open_source(usual).open().read()) > 500_000


def test_too_large(write):
    """A file beyond the cap is refused by its size."""
    with pytest.raises(IngestError, match="8 bytes, more than the 5"):
        open_source(write(b"a,b\n1,2\n"), FileLimits(file_bytes=5))
    with pytest.raises(IngestError, match="more than the 5"):
        open_source(write(b"%PDF-1.7"), FileLimits(document_bytes=5))


def test_keys_are_not_shown():
    """Options can be printed without showing the key."""
    assert "hush" not in repr(ReadOptions(key=b"hush"))
