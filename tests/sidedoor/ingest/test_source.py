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
            return path
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(*content)
        return path

    return make


@pytest.mark.parametrize("is_packed", [False, True])
def test_facts_of_a_file(write, is_packed):
    """Name without folders, checksum and size of the file as it is on disk, kind and text by content."""
    data = b"a,b\n1,2\n"
    stored = gzip.compress(data) if is_packed else data
    source = open_source(write(stored, "sharing\x1b[2J.pdf"))
    # no escape sequence in a name reaches a terminal by way of an error or a report
    assert (source.name, source.kind, source.bytes_n) == ("sharing\ufffd[2J.pdf", "text", len(stored))
    assert source.sha256 == hashlib.sha256(stored).hexdigest()
    assert source.id == f"file-{source.sha256[:12]}"
    assert (source.head, source.open().read(), source.is_packed) == (data, data, is_packed)
    # options can be printed without showing the key
    assert "hush" not in repr(ReadOptions(key=b"hush"))


OLE = b"\xd0\xcf\x11\xe0" + bytes(600)


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
        (b"From: <saved>\nSubject: page\nContent-Type: multipart/related;\n\n<html>", "html"),
        (b"From: 2020-01-01\nTo: 2020-12-31\nAgency: Sample PD\n\nHits: 7\n", "text"),
    ],
)
def test_kinds_by_content(write, content, kind):
    """A PDF, a workbook and a web page are known under any name; a report with a period is no e-mail."""
    assert open_source(write(content)).kind == kind


MAIL = b'From: a@x.org\nTo: b@x.org\nMIME-Version: 1.0\n\nx\nContent-Disposition: attachment; filename="log.csv"\n'


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
        (b"BZh91AY", "archive"),
        (MAIL, "email"),
        (b"Received: by x\r\n\tfor y\r\nFrom: a@example.org\r\nSubject: log\r\n\r\nHello", "email"),
        (b"From clerk@x.org Mon Jun 2 10:00:00 2025\nFrom: clerk@x.org\nSubject: log\n\nHello", "email"),
        (b"1234      \nFrom: clerk@x.org\nSubject: log\n\nHello", "email"),
        (b"From:\tClerk\r\nSent:\tMonday\r\nTo:\tReporter\r\nSubject:\tlog\r\n\r\nHello", "email"),
        (b"!BDN....", "email"),
        (("a.csv", b"a,b"), "archive"),
        (("word/document.xml", b""), "document"),
        (("xl/workbook.bin", b""), "xlsb"),
        (("Index/Document.iwa", b""), "numbers"),
        (("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(b"%PDF-1.7", mtime=0), "archive"),
        (gzip.compress(gzip.compress(b"a", mtime=0), mtime=0), "archive"),
        (b"\x1f\x8bnot gzip at all", "damaged"),
    ],
)
def test_what_is_no_record(write, content, code):
    """Other kinds of files are refused by what they are, with the way out, whatever they are called."""
    with refused(code, IngestError, place="data.csv") as caught:
        open_source(write(content))
    assert caught.value.way_out
    # of an e-mail the error says what to save
    assert "log.csv" in caught.value.found or content != MAIL


def test_missing_and_folders(tmp_path):
    """A path that is no file is refused; the error does not repeat its folders."""
    for path in (tmp_path / "no.csv", tmp_path):
        with refused("no-file", IngestError) as caught:
            open_source(path)
        assert caught.value.place == path.name


NUMBERS = gzip.compress(b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(50_000)), mtime=0)


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (gzip.compress(b"a,b\n" + b" " * (16 << 20), mtime=0), {}, "unpacks-too-far"),
        (NUMBERS, {"unpacked_bytes": 100_000}, "unpacks-too-far"),
        (NUMBERS[:-900], {}, "damaged"),
        (NUMBERS + b"more", {}, "damaged"),
        (b"a,b\n1,2\n", {"file_bytes": 5}, "too-large"),
        (b"%PDF-1.7", {"document_bytes": 5}, "too-large"),
    ],
)
def test_limits_and_damage(write, content, limits, code):
    """What is too large, or wrong with a packed file, is found before it fills the memory."""

    with refused(code, IngestError):
        list(open_source(write(content), FileLimits(**limits)).read_chunks())


def test_what_shrinks_as_text_does_is_read(write):
    """No limit stops a packed file of numbers."""
    assert sum(map(len, open_source(write(NUMBERS)).read_chunks())) > 500_000
