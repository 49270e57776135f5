"""A file as it came: what it is by its first bytes, its checksum, and a way to read it within limits."""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from helpers.errors import IngestError
from helpers.files import hash_file
from sidedoor.sandbox import Limits

HEAD, CHUNK = 1 << 16, 1 << 20


@dataclass(frozen=True)
class FileLimits:
    """How much of a file is taken before it is refused."""

    file_bytes: int = 64 << 30  # of a text file
    document_bytes: int = 256 << 20  # of a PDF or a workbook
    list_rows: int = 50_000  # of a sharing list, or of figures that are no search log
    unpacked_bytes: int = 64 << 30  # of what a compressed text unpacks to
    workbook_bytes: int = 2 << 30  # of what a workbook unpacks to
    ratio: int = 200  # of unpacked to packed size
    line_chars: int = 4 << 20  # of one line or cell of a text
    pages_n: int = 1_000  # of a PDF
    chars_n: int = 5_000_000  # on all its pages
    page_chars_n: int = 100_000  # on one page
    cells_n: int = 20_000_000  # of a workbook, counted as the rectangle that they span
    # of the child process that parses PDF and XLSX
    sandbox: Limits = field(default_factory=lambda: Limits(cpu_seconds=120, wall_seconds=240.0))


@dataclass(frozen=True)
class ReadOptions:
    """What only the person who has the file can know."""

    time_zone: str | None = None  # of times that carry none, such as `America/Los_Angeles` or `UTC`
    as_of: str | None = None  # date of a list that prints none, `YYYY-MM-DD`
    reported_by: str | None = None  # agency whose list or log it is, where the file does not say
    source_id: str | None = None  # id under which rows cite this file; else it is made from its checksum
    # secret for tokens of officers, plates and case numbers; without it they are dropped
    key: bytes | None = field(default=None, repr=False)
    mapping: Path | str | None = None  # TOML file that maps columns of an unknown vendor
    day_first: bool | None = None  # how 03/04/2025 is to be read where the file leaves both readings open
    keep_reasons: bool = False  # keep the free text of reasons in what is written: private use only
    # which way the data of a list of names flows where nothing says it: one of `canonical.SECTIONS`, or one
    # for each list, joined by commas
    section: str | None = None
    measure: str | None = None  # what figures by month count: one of `canonical.MEASURES`
    # a person has looked: names that do not look like agencies are agencies, and may be shown
    confirm_agencies: bool | None = None
    ocr: bool = False  # read the pages of a scan with `ocrmypdf`


@dataclass(frozen=True)
class Match:
    """A reader's claim to a file: `certainty` from 0 to 1, and `why` in words that a reporter can check."""

    family: str
    form: str
    why: str
    certainty: float = 1.0


@dataclass(eq=False)
class Source:
    """A file that may be read."""

    path: Path
    name: str  # without folders: the only name that reports and errors use
    sha256: str  # of the file as it is on disk
    bytes_n: int
    kind: str  # `text`, `pdf`, `xlsx` or `html`, from its content
    head: bytes  # its first 64 KiB, unpacked
    is_packed: bool  # with gzip
    limits: FileLimits
    work: Path | None = None  # folder into which a search log is written while it is read
    # called with the bytes read so far, and all bytes
    follow: Callable[[int, int], None] | None = field(default=None, repr=False)
    # what was read once already: several readers look at one file
    cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """Id that rows cite if the person gives none."""
        return f"file-{self.sha256[:12]}"

    def open(self) -> BinaryIO:
        """Open the content, unpacked; `read_chunks` checks it first."""
        return gzip.open(self.path) if self.is_packed else self.path.open("rb")

    def read_chunks(self) -> Iterator[bytes]:
        """Give the content, unpacked within limits, in chunks of 1 MiB; the last one is empty."""
        read_n, cap = 0, max(self.limits.ratio * self.bytes_n, CHUNK)
        try:
            with self.open() as file:
                while data := file.read(CHUNK):
                    read_n += len(data)
                    if self.is_packed and read_n > min(cap, self.limits.unpacked_bytes):
                        found = f"it unpacks to more than {read_n:,} bytes from {self.bytes_n:,}"
                        way_out = "A record does not shrink that much: unpack it, and look at what is inside."
                        raise IngestError(self.name, found, way_out, code="unpacks-too-far")
                    yield data
                yield data
        except (EOFError, gzip.BadGzipFile, zlib.error):
            found = "the compressed file is damaged or breaks off"
            raise IngestError(self.name, found, _AGAIN, code="damaged") from None


def open_source(path: Path | str, limits: FileLimits | None = None, follow=None) -> Source:
    """Open a file from a records request, and refuse what is no record.

    Returns
    -------
    Source; its content has not been parsed. A file that is missing, empty, too large, or of a kind that is
    not read is an `IngestError` with the way out.
    """
    path, limits = Path(path), limits or FileLimits()
    # a file name may hold what a terminal obeys
    name = "".join(letter if letter.isprintable() else "\ufffd" for letter in path.name) or "the file"
    if not path.is_file():
        found = "it is a folder or device, not a file" if path.exists() else "there is no such file"
        raise IngestError(name, found, "Give the path of one file.", code="no-file")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            bytes_n = file.seek(0, io.SEEK_END)
            _check_size(name, bytes_n, limits.file_bytes)
            file.seek(max(0, bytes_n - HEAD))
            tail = file.read(HEAD)
        sha256 = hash_file(path)
    except OSError as error:
        found = f"it cannot be opened ({error.strerror})"
        raise IngestError(name, found, "Check its permissions.", code="no-access") from None
    source = Source(path, name, sha256, bytes_n, "text", head, head.startswith(_GZIP), limits, follow=follow)
    if source.is_packed:
        source.head = tail = next(source.read_chunks())[:HEAD]
        _check_size(name, len(source.head), HEAD)
    source.kind = _find_kind(source.head, tail, name)
    if source.kind != "text":
        if source.is_packed:
            raise IngestError(name, f"a compressed {source.kind.upper()}", _UNPACK, code="archive")
        _check_size(name, bytes_n, limits.document_bytes)
    return source


def _check_size(name: str, bytes_n: int, cap: int) -> None:
    if not bytes_n:
        raise IngestError(name, "the file is empty", _AGAIN, code="empty")
    if bytes_n > cap:
        found = f"{bytes_n:,} bytes, more than the {cap:,} that are taken"
        raise IngestError(name, found, "Split the file.", code="too-large")


_AGAIN = "Download it again, or ask the agency for it again."
_UNPACK = "Unpack it and give the file inside."
_FOLDER = "Unpack it and give the folder to `sidedoor new NAME FOLDER`, or the files one by one."
_COPY = "Copy its table into a spreadsheet and save that as .xlsx or CSV; a report of the vendor's, as PDF."
_ATTACHMENTS = "Open it, save its attachments, and give those."
_UNLOCK = "Open it with the password and save it without."
_OCR = "Make a PDF with a text layer from it: ocrmypdf --image-dpi 300 PICTURE OUT.pdf."
_APPLE = "In Numbers: File, Export To, CSV or Excel."
_JSON_OUT = "Open it in Excel with Data, Get Data, From JSON, and save the table as CSV; or ask for CSV."
_PAGE_OUT = (
    "Download the file itself: an error page or a log-in page may have come in its place. If the table is on "
    "the page, open it in a browser, copy it into a spreadsheet and save that as CSV."
)
WEB_PAGE = ("web-page", "a web page, not a table", _PAGE_OUT)
_XML = ("xml", "XML or a piece of a web page, not a table", _PAGE_OUT)
_JSON = ("json", "JSON, not a table", _JSON_OUT)
_EMAIL = ("email", "an e-mail", _ATTACHMENTS)
_GZIP, _ZIP, _OLE = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), b"\xd0\xcf\x11\xe0"
# Kinds of files by their first bytes and by what is in their first or last 64 KiB, the first that fits. Of
# kinds that are not read: the code, what it is, and the way out.
_BINARY = (
    (_ZIP, b"xl/workbook.bin", ("xlsb", "a binary Excel workbook (.xlsb)", "Save it as .xlsx.")),
    (_ZIP, b"opendocument.spreadsheet", ("ods", "an OpenDocument spreadsheet", "Save it as .xlsx.")),
    (_ZIP, b"opendocument", ("document", "an OpenDocument file", _COPY)),
    (_ZIP, b"word/document.xml", ("document", "a Word document", _COPY)),
    (_ZIP, b"ppt/presentation.xml", ("document", "a presentation", "Save it as PDF.")),
    (_ZIP, b".iwa", ("numbers", "a document of Apple's Numbers, Pages or Keynote", _APPLE)),
    (_ZIP, b"xl/", "xlsx"),
    (_ZIP, b"", ("archive", "a ZIP archive", _FOLDER)),
    (_OLE, "EncryptedPackage".encode("utf-16-le"), ("locked", "a workbook locked with a password", _UNLOCK)),
    (_OLE, "__substg1.0_".encode("utf-16-le"), _EMAIL),
    (_OLE, "__properties_version1.0".encode("utf-16-le"), _EMAIL),
    (_OLE, b"", ("old-office", "an old Excel or Word file (.xls, .doc)", "Save it as .xlsx, CSV or PDF.")),
    ((b"!BDN", b"\x78\x9f\x3e\x22"), b"", ("email", "mail of Outlook (.pst, winmail.dat)", _ATTACHMENTS)),
    (b"PAR1", b"", ("parquet", "a Parquet file", "Give the file that it was made from.")),
    (b"SQLite format 3", b"", ("sqlite", "a SQLite database", "Export the table as CSV.")),
    (b"{\\rtf", b"", ("document", "a rich text document", _COPY)),
    ((b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*"), b"", ("picture", "a picture", _OCR)),
    ((b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd", _GZIP), b"", ("archive", "a compressed file", _UNPACK)),
    ((b"7z\xbc\xaf", b"Rar!"), b"", ("archive", "an archive of files", _FOLDER)),
)
# Kinds of texts by a pattern of their beginning, in lower case and without byte order mark, blanks and NUL.
_TEXTS = (
    (rb"(?=<).*?(?:<!doctype html|<html|<head|<body|<table)", "html"),
    (rb"<", _XML),
    (rb"\[\s*\{\s*[\"}]|\{\s*\"[^\"]{0,200}\"\s*:|\[\s*\[\s*[\"\d\[]", _JSON),
)
# The headers of an e-mail, after what mailboxes (mbox) and Apple Mail (.emlx) put before them.
_MAIL = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:From \S+@\S+ [^\r\n]*\r?\n|\d{1,10} *\r?\n)?"
    rb"((?:[\w-]{2,40}: ?[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){2,})",
    re.ASCII,
)
_MAIL_HEADERS = re.compile(
    rb"(?im)^(?:from|sent|subject|received|return-path|mime-version|message-id|delivered-to):[ \t]"
)
_ATTACHED = re.compile(rb'(?i)filename\*?="?([^";\r\n]{1,100})')


def _find_kind(head: bytes, tail: bytes, name: str) -> str:
    """Find what a file is by its first and last bytes; refuse what is no record."""
    if b"%PDF-" in head[:1024]:
        return "pdf"
    start = head.removeprefix(b"\xef\xbb\xbf")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start[2:].replace(b"\0", b"")
    start = start[:2000].lstrip().lower()
    kinds = [kind for starts, mark, kind in _BINARY if head.startswith(starts) and mark in head + tail]
    kinds += [kind for pattern, kind in _TEXTS if re.match(pattern, start, re.DOTALL)]
    kind = kinds[0] if kinds else _find_mail(head)
    if isinstance(kind, str):
        return kind
    code, found, way_out = kind
    raise IngestError(name, f"this is {found}", way_out, code=code)


def _find_mail(head: bytes) -> str | tuple[str, str, str]:
    """Tell an e-mail, which is refused, from a web page saved as one file (MHTML) and from any other text."""
    start = _MAIL.match(head)
    if not start or len(_MAIL_HEADERS.findall(start[1])) < 2:
        return "text"
    if b"multipart/related" in start[1] or b"snapshot-content-location" in start[1].lower():
        return "html"
    code, found, way_out = _EMAIL
    attached = dict.fromkeys(name.decode("utf-8", "replace") for name in _ATTACHED.findall(head))
    shown = f" with attachments: {', '.join(map(repr, attached))[:200]}" if attached else ""
    return code, found + shown, way_out
