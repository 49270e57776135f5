"""What a file is, by its first bytes."""

import gzip
import hashlib
import zipfile

import pytest

from helpers.errors import IngestError
from made.refusal import refused
from sidedoor.ingest.source import FileLimits, ReadOptions, open_source


@pytest.fixture
def write(tmp_path):
    """Write a file: bytes, or a ZIP with one part."""

    def make(content: bytes | tuple[str, bytes], name: str = "data.csv"):
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(*content)
        return path

    return make


def test_facts_of_a_file(write):
    """Name without folders, checksum and size of the file as it is on disk, kind by content."""
    source = open_source(write(b"a,b\n1,2\n", "sharing\x1b[2J.pdf"))
    # no escape sequence in a name reaches a terminal by way of an error or a report
    assert (source.name, source.kind, source.bytes_n) == ("sharing\ufffd[2J.pdf", "text", 8)
    assert source.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert source.id == f"file-{source.sha256[:12]}"
    assert source.head == source.open().read() == b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7 ...", "pdf"),
        (b"\r\n\r\n%PDF-1.7 ...", "pdf"),
        (("xl/workbook.xml", b"<workbook/>"), "xlsx"),
        (b"<!DOCTYPE html><html><title>403", "html"),
        (b"\xef\xbb\xbf \n<HTML><body>", "html"),
        ("\ufeff<html>".encode("utf-16-le"), "html"),
        (b"<table><tr>", "html"),
    ],
)
def test_kinds_by_content(write, content, kind):
    """A PDF, a workbook and a web page are known under any name."""
    assert open_source(write(content)).kind == kind


OLE = b"\xd0\xcf\x11\xe0" + bytes(600)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b'[{"id": "a", "reason": "x"}]', "json"),
        (b' {\n "agency": "Sample PD"}', "json"),
        (b"<?xml version='1.0'?><rows/>", "xml"),
        (OLE, "old-office"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "locked"),
        (OLE + "__substg1.0_0037001F".encode("utf-16-le"), "email"),
        (b"PAR1....", "parquet"),
        (b"SQLite format 3\x00", "sqlite"),
        (b"{\\rtf1", "document"),
        (b"\x89PNG\r\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"II*\x00", "picture"),
        (b"BZh91AY", "archive"),
        (b"7z\xbc\xaf", "archive"),
        (b"Rar!\x1a", "archive"),
        (b"Received: by x\r\n\tfor y\r\nFrom: a@example.org\r\nSubject: log\r\n\r\nHello", "email"),
        (("a.csv", b"a,b"), "archive"),
        (("word/document.xml", b""), "document"),
        (("xl/workbook.bin", b""), "xlsb"),
        (("Index/Document.iwa", b""), "numbers"),
        (("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(b"%PDF-1.7", mtime=0), "archive"),
        (gzip.compress(gzip.compress(b"a", mtime=0), mtime=0), "archive"),
        (gzip.compress(b"<html>", mtime=0), "archive"),
        (b"\x1f\x8bnot gzip at all", "damaged"),
    ],
)
def test_what_is_no_record(write, content, code):
    """Other kinds of files are refused by what they are, with the way out, whatever they are called."""
    with refused(code, IngestError, place="data.csv") as caught:
        open_source(write(content))
    assert caught.value.way_out


def test_attachments_are_named(write):
    """Of an e-mail the error says what to save."""
    mail = b'From: a@x.org\nTo: b@x.org\nMIME-Version: 1.0\n\nx\nContent-Disposition: attachment; filename="log.csv"\n'
    with refused("email", IngestError) as caught:
        open_source(write(mail))
    assert "log.csv" in caught.value.found


def test_missing_and_folders(tmp_path):
    """A path that is no file is refused; the error does not repeat its folders."""
    for path in (tmp_path / "no.csv", tmp_path):
        with refused("no-file", IngestError) as caught:
            open_source(path)
        assert caught.value.place == path.name


def test_packed(write):
    """A gzip file is what it holds; its checksum is that of the packed file."""
    data = gzip.compress(b"a,b\n1,2\n")
    source = open_source(write(data))
    assert (source.kind, source.is_packed, source.head) == ("text", True, b"a,b\n1,2\n")
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert source.open().read() == b"a,b\n1,2\n"


NUMBERS = gzip.compress(b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(50_000)), mtime=0)


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (gzip.compress(b"a,b\n" + b" " * (16 << 20), mtime=0), {}, "unpacks-too-far"),
        (NUMBERS, {"unpacked_bytes": 100_000}, "unpacks-too-far"),
        (NUMBERS[:-900], {}, "damaged"),
        (NUMBERS + b"more", {}, "damaged"),
    ],
    ids=["by its ratio", "by its size", "cut", "followed by something else"],
)
def test_packed_wrongly(write, content, limits, code):
    """What is wrong with a packed file is found on reading, before it fills the memory."""
    source = open_source(write(content), FileLimits(**limits))
    with refused(code, IngestError), source.open() as file:
        while file.read(1 << 16):
            pass


def test_large_files_within_limits(write):
    """A packed file that shrinks as text does is read; a file beyond the cap is refused by its size."""
    assert len(open_source(write(NUMBERS)).open().read()) > 500_000
    for content, limits in ((b"a,b\n1,2\n", {"file_bytes": 5}), (b"%PDF-1.7", {"document_bytes": 5})):
        with refused("too-large", IngestError):
            open_source(write(content), FileLimits(**limits))


def test_keys_are_not_shown():
    """Options can be printed without showing the key."""
    assert "hush" not in repr(ReadOptions(key=b"hush"))
