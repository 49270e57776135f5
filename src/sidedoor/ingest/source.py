"""A file as it came: what it is by its first bytes, its checksum, and a way to read it within limits."""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from helpers.errors import IngestError
from sidedoor.sandbox import Limits

HEAD = 1 << 16


@dataclass(frozen=True)
class FileLimits:
    """How much of a file is taken before it is refused."""

    file_bytes: int = 64 << 30  # of a text file
    document_bytes: int = 256 << 20  # of a PDF or a workbook
    list_rows: int = 50_000  # of a sharing list, or of figures that are no search log
    unpacked_bytes: int = 64 << 30  # of what a compressed text unpacks to
    workbook_bytes: int = 2 << 30  # of what a workbook unpacks to
    ratio: int = 200  # of unpacked to packed size
    field_chars: int = 1 << 20  # of one field of a delimited text
    line_chars: int = 4 << 20  # of one line
    pages_n: int = 1_000  # of a PDF
    chars_n: int = 5_000_000  # on all its pages
    page_chars_n: int = 100_000  # on one page
    cells_n: int = 20_000_000  # of a workbook, counted as the rectangle that they span
    members_n: int = 2_000  # parts of its ZIP
    # of the child process that parses PDF and XLSX
    sandbox: Limits = field(default_factory=lambda: Limits(cpu_seconds=120, wall_seconds=240.0))


@dataclass(frozen=True)
class ReadOptions:
    """What only the person who has the file can know."""

    # zone of times that carry none, such as `America/Los_Angeles` or `UTC`
    time_zone: str | None = None
    # date of a list that prints none, `YYYY-MM-DD`
    as_of: str | None = None
    # agency whose list or log it is, where the file does not say
    reported_by: str | None = None
    # id under which rows cite this file; by default made from its checksum
    source_id: str | None = None
    # secret for tokens of officers, plates and case numbers; without it they are dropped
    key: bytes | None = field(default=None, repr=False)
    # TOML file that maps columns of an unknown vendor
    mapping: Path | str | None = None
    # how dates such as 03/04/2025 are to be read where the file leaves both readings open
    day_first: bool | None = None
    # keep the free text of reasons in what is written: private use only
    keep_reasons: bool = False
    # which way the data of a list of names flows where nothing says it: one of `canonical.SECTIONS`, or one
    # for each list, joined by commas
    section: str | None = None
    # what figures by month count where nothing says it: one of `canonical.MEASURES`
    measure: str | None = None
    # a person has looked: names that do not look like agencies are agencies, and may be shown
    confirm_agencies: bool | None = None
    # read the pages of a scan with `ocrmypdf`
    ocr: bool = False


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
    # folder into which a search log is written while it is read
    work: Path | None = None
    # called with the bytes read so far, and all bytes
    follow: Callable[[int, int], None] | None = field(default=None, repr=False)
    # what text, pdf and xlsx have read once already: several readers look at one file
    cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """Id that rows cite if the person gives none."""
        return f"file-{self.sha256[:12]}"

    def open(self) -> BinaryIO:
        """Open the content, unpacked within limits."""
        if self.is_packed:
            return io.BufferedReader(_Unpacked(self.path, self.name, self.limits), HEAD)
        return self.path.open("rb")


_AGAIN = "Download it again, or ask the agency for it again."


def open_source(path: Path | str, limits: FileLimits | None = None) -> Source:
    """Open a file from a records request, and refuse what is no record.

    Returns
    -------
    Source; its content has not been parsed.

    Raises
    ------
    IngestError
        It is missing, empty, too large, a web page, a picture, an archive, locked with a password, or of a
        form that has to be saved anew; the error says as what.
    """
    path, limits = Path(path), limits or FileLimits()
    # a file name may hold what a terminal obeys
    name = "".join(letter if letter.isprintable() else "\ufffd" for letter in path.name) or "the file"
    if not path.is_file():
        found = "it is a folder or device, not a file" if path.exists() else "there is no such file"
        raise IngestError(name, found, "Give the path of one file.", code="no-file")
    try:
        with path.open("rb") as file:
            bytes_n = file.seek(0, io.SEEK_END)
            _check_size(name, bytes_n, limits.file_bytes)
            file.seek(max(0, bytes_n - HEAD))
            tail = file.read(HEAD)
            file.seek(0)
            head = file.read(HEAD)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        found = f"it cannot be opened ({error.strerror})"
        raise IngestError(name, found, "Check its permissions.", code="no-access") from None
    is_packed = head.startswith(b"\x1f\x8b")
    source = Source(path, name, sha256, bytes_n, "text", head, is_packed, limits)
    if is_packed:
        with source.open() as file:
            source.head = file.read(HEAD)
        _check_size(name, len(source.head), HEAD)
    source.kind = _find_kind(source.head, b"" if is_packed else tail, name)
    if source.kind != "text":
        if is_packed:
            raise IngestError(name, f"a compressed {source.kind.upper()}", _UNPACK, code="archive")
        _check_size(name, bytes_n, limits.document_bytes)
    return source


def _check_size(name: str, bytes_n: int, cap: int) -> None:
    if not bytes_n:
        raise IngestError(name, "the file is empty", _AGAIN, code="empty")
    if bytes_n > cap:
        found = f"{bytes_n:,} bytes, more than the {cap:,} that are taken"
        raise IngestError(name, found, "Split the file.", code="too-large")


_COPY = (
    "Copy its table into a spreadsheet and save that as .xlsx or CSV; if it is a report of the vendor's, "
    "save it as PDF."
)
_PICTURE = "Make a PDF with a text layer from it: ocrmypdf --image-dpi 300 IN.{} OUT.pdf."
_UNPACK = "Unpack it and give the file inside."
_FOLDER = "Unpack it and give the folder to `sidedoor new NAME FOLDER`, or the files one by one."
_SAVE_ATTACHMENTS = "Open it, save its attachments, and give those."
_UNLOCK = "Open it with the password and save it without."
# First bytes of files that are refused: code, what it is, and the way out.
_OTHER = {
    b"PAR1": ("parquet", "a Parquet file", "Give the file that it was made from."),
    b"SQLite format 3": ("sqlite", "a SQLite database", "Export the table as CSV."),
    b"{\\rtf": ("document", "a rich text document", _COPY),
    b"\x89PNG": ("picture", "a picture", _PICTURE.format("png")),
    b"\xff\xd8\xff": ("picture", "a picture", _PICTURE.format("jpg")),
    b"II*\x00": ("picture", "a picture", _PICTURE.format("tif")),
    b"MM\x00*": ("picture", "a picture", _PICTURE.format("tif")),
    b"BZh": ("archive", "a bzip2 archive", _UNPACK),
    b"\xfd7zXZ": ("archive", "an xz archive", _UNPACK),
    b"(\xb5/\xfd": ("archive", "a zstandard archive", _UNPACK),
    b"7z\xbc\xaf": ("archive", "a 7z archive", _FOLDER),
    b"Rar!": ("archive", "a RAR archive", _FOLDER),
    b"\x1f\x8b": ("archive", "compressed twice", "Unpack it once and give the file inside."),
}
# Inside a ZIP, a name that says what it holds; `None` for the one kind that is read.
_APPLE = "In Numbers: File, Export To, CSV or Excel."
_ZIPPED = {
    b"xl/workbook.bin": ("xlsb", "a binary Excel workbook (.xlsb)", "Save it as .xlsx."),
    b"opendocument.spreadsheet": ("ods", "an OpenDocument spreadsheet (.ods)", "Save it as .xlsx."),
    b"opendocument": ("document", "an OpenDocument file", _COPY),
    b"word/document.xml": ("document", "a Word document", _COPY),
    b"ppt/presentation.xml": ("document", "a presentation", "Save it as PDF."),
    b".iwa": ("numbers", "a document of Apple's Numbers, Pages or Keynote", _APPLE),
    b"xl/": None,
    b"": ("archive", "a ZIP archive", _FOLDER),
}
# Inside Microsoft's older container.
_OLE = {
    "EncryptedPackage": ("locked", "a workbook locked with a password", _UNLOCK),
    "__substg1.0_": ("email", "an e-mail (.msg)", _SAVE_ATTACHMENTS),
    "__properties_version1.0": ("email", "an e-mail (.msg)", _SAVE_ATTACHMENTS),
    "": ("old-office", "an old Excel or Word file (.xls, .doc)", "Save it as .xlsx or CSV, or as PDF."),
}
_CONTAINERS = dict.fromkeys([b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"], _ZIPPED)
_CONTAINERS[b"\xd0\xcf\x11\xe0"] = {mark.encode("utf-16-le"): refusal for mark, refusal in _OLE.items()}


def _find_kind(head: bytes, tail: bytes, name: str) -> str:
    """Find what a file is by its first and last bytes; refuse what is no record."""
    if b"%PDF-" in head[:1024]:
        return "pdf"
    refusal = next((refusal for mark, refusal in _OTHER.items() if head.startswith(mark)), None)
    for start, marks in _CONTAINERS.items():
        if head.startswith(start):
            refusal = next(refusal for mark, refusal in marks.items() if mark in head + tail)
            if refusal is None:
                return "xlsx"
    if refusal:
        code, found, way_out = refusal
        raise IngestError(name, f"this is {found}", way_out, code=code)
    return "html" if _is_saved_page(head, name) else _find_text_kind(head, name)


_MAIL = re.compile(rb"(?:[\w-]{2,40}: ?[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){2,}", re.ASCII)
_MAIL_HEADERS = re.compile(rb"(?im)^(?:from|received|return-path|mime-version|message-id|delivered-to): ")
_ATTACHED = re.compile(rb'(?i)filename\*?="?([^";\r\n]{1,100})')


def _is_saved_page(head: bytes, name: str) -> bool:
    """Say whether this is a web page saved as one file (MHTML); an e-mail, which begins alike, is refused."""
    start = _MAIL.match(head.lstrip())
    if not start or len(_MAIL_HEADERS.findall(start.group())) < 2:
        return False
    if b"multipart/related" in start.group() or b"snapshot-content-location" in start.group().lower():
        return True
    names = [found.decode("utf-8", "replace") for found in _ATTACHED.findall(head)]
    shown = ", ".join(repr(part) for part in dict.fromkeys(names))
    found = "this is an e-mail" + (f" with attachments: {shown[:200]}" if shown else "")
    raise IngestError(name, found, _SAVE_ATTACHMENTS, code="email")


PAGE_FOUND = "a web page, not a table"
PAGE_WAY_OUT = (
    "Download the file itself: an error page or a log-in page may have come in its place. If the table is on "
    "the page, open it in a browser, copy it into a spreadsheet and save that as CSV."
)
_PAGE_MARKS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table")
_JSON = re.compile(rb"\[\s*\{\s*[\"}]|\{\s*\"[^\"]{0,200}\"\s*:|\[\s*\[\s*[\"\d\[]")
_FROM_JSON = "Open it in Excel with Data, Get Data, From JSON, and save the table as CSV; or ask for CSV."


def _find_text_kind(head: bytes, name: str) -> str:
    """Tell a web page from a text; XML and JSON are refused."""
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    start = head.replace(b"\x00", b"")[2:] if is_wide else head.removeprefix(b"\xef\xbb\xbf")
    start = start[:2000].lstrip().lower()
    if start.startswith(b"<"):
        if any(mark in start for mark in _PAGE_MARKS):
            return "html"
        found = "XML or a piece of a web page, not a table"
        raise IngestError(f"{name}, line 1", found, PAGE_WAY_OUT, code="xml")
    if _JSON.match(start):
        raise IngestError(f"{name}, line 1", "JSON, not a table", _FROM_JSON, code="json")
    return "text"


class _Unpacked(io.RawIOBase):
    """The content of a gzip file, refused where it grows past the limits."""

    def __init__(self, path: Path, name: str, limits: FileLimits):
        self._packed, self._name, self._limits, self._out_n = path.open("rb"), name, limits, 0
        self._file = gzip.GzipFile(fileobj=self._packed)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._packed.close()
        super().close()

    def tell(self) -> int:
        return self._out_n

    def readinto(self, target) -> int:
        try:
            data = self._file.read1(len(target))
        except EOFError:
            raise self._refuse("the compressed file breaks off", _AGAIN, "damaged") from None
        except (OSError, zlib.error):
            raise self._refuse("the compressed file is damaged", _AGAIN, "damaged") from None
        target[: len(data)] = data
        self._out_n += len(data)
        in_n, limits = self._packed.tell(), self._limits
        if self._out_n > limits.unpacked_bytes or self._out_n > max(limits.ratio * in_n, HEAD * 16):
            found = f"it unpacks to more than {self._out_n:,} bytes from {in_n:,}"
            way_out = "A record does not shrink that much: unpack it yourself and look at what is inside."
            raise self._refuse(found, way_out, "unpacks-too-far")
        return len(data)

    def _refuse(self, found: str, way_out: str, code: str) -> IngestError:
        return IngestError(self._name, found, way_out, code=code)
