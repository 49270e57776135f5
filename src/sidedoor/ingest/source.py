"""A file as it came: what it is by its first bytes, its checksum, and a way to read it within limits."""

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
    """How much of a file is taken before it is refused.

    Attributes
    ----------
    file_bytes, document_bytes
        Size of a text file; of a PDF or a workbook.
    unpacked_bytes, ratio
        Size of what a compressed text unpacks to, and how many times its packed size that may be.
    workbook_bytes
        Size of what a workbook unpacks to.
    list_rows
        Rows of a sharing list or of figures that is no search log.
    field_chars, line_chars
        Length of one field and of one line of a delimited text.
    pages_n, chars_n, page_chars_n
        Pages of a PDF, characters on all of them, characters on one.
    cells_n, members_n
        Cells of a workbook, counted as the rectangle they span; parts of its ZIP.
    sandbox
        Limits of the child process that parses PDF and XLSX.
    """

    file_bytes: int = 64 << 30
    document_bytes: int = 256 << 20
    list_rows: int = 50_000
    unpacked_bytes: int = 64 << 30
    workbook_bytes: int = 2 << 30
    ratio: int = 200
    field_chars: int = 1 << 20
    line_chars: int = 4 << 20
    pages_n: int = 1_000
    chars_n: int = 5_000_000
    page_chars_n: int = 100_000
    cells_n: int = 20_000_000
    members_n: int = 2_000
    sandbox: Limits = field(default_factory=lambda: Limits(cpu_seconds=120, wall_seconds=240.0))


@dataclass(frozen=True)
class ReadOptions:
    """What only the person who has the file can know.

    Attributes
    ----------
    time_zone
        Zone of times that carry none, such as `America/Los_Angeles` or `UTC`.
    as_of
        Date of a list that prints none, `YYYY-MM-DD`.
    reported_by
        Agency whose list or log it is, where the file does not say.
    source_id
        Id under which rows cite this file; by default made from its checksum.
    key
        Secret for tokens of officers, plates and case numbers; without it they are dropped.
    mapping
        TOML file that maps columns of an unknown vendor.
    section
        Which way the data of a list of names flows where nothing says it: one of `canonical.SECTIONS`, or one
        for each list, joined by commas.
    measure
        What figures by month count where nothing says it: one of `canonical.MEASURES`.
    day_first
        How dates such as 03/04/2025 are to be read where the file leaves both readings open.
    keep_reasons
        Keep the free text of reasons in what is written. Private use only.
    confirm_agencies
        A person has looked: names that do not look like agencies are agencies, and may be shown.
    ocr
        Read the pages of a scan with `ocrmypdf`.
    """

    time_zone: str | None = None
    as_of: str | None = None
    reported_by: str | None = None
    source_id: str | None = None
    key: bytes | None = field(default=None, repr=False)
    mapping: Path | str | None = None
    day_first: bool | None = None
    keep_reasons: bool = False
    section: str | None = None
    measure: str | None = None
    confirm_agencies: bool | None = None
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
    """A file that may be read.

    Attributes
    ----------
    path, name
        Where it is, and its name without folders, the only one that reports and errors use.
    sha256, bytes_n
        Of the file as it lies on disk.
    kind
        `text`, `pdf`, `xlsx` or `html`, from its content.
    head
        Its first 64 KiB, unpacked.
    is_packed
        It is compressed with gzip.
    limits
        How much is taken before it is refused.
    """

    path: Path
    name: str
    sha256: str
    bytes_n: int
    kind: str
    head: bytes
    is_packed: bool
    limits: FileLimits
    # Folder into which a search log is written while it is read, and what is called with the bytes read so
    # far.
    work: Path | None = None
    follow: Callable[[int, int], None] | None = field(default=None, repr=False)
    # What text, pdf and xlsx have read once already: several readers look at one file.
    cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """Id that rows cite if the person gives none."""
        return f"file-{self.sha256[:12]}"

    def open(self) -> BinaryIO:
        """Open the content, unpacked within limits."""
        if self.is_packed:
            return io.BufferedReader(_Unpacked(self.path, self.name, self.limits), 1 << 16)
        return self.path.open("rb")


def open_source(path: Path | str, limits: FileLimits | None = None) -> Source:
    """Open a file from a records request, and refuse what is no record.

    Parameters
    ----------
    path
        The file.
    limits
        `FileLimits()` if not given.

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
            head, tail = _read_ends(file, bytes_n)
            if not bytes_n:
                raise IngestError(
                    name,
                    "the file is empty",
                    "Download it again, or ask the agency for it again.",
                    code="empty",
                )
            if bytes_n > limits.file_bytes:
                raise _refuse_size(name, bytes_n, limits.file_bytes)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise IngestError(
            name, f"it cannot be opened ({error.strerror})", "Check its permissions.", code="no-access"
        ) from None
    is_packed = head.startswith(b"\x1f\x8b")
    source = Source(path, name, sha256, bytes_n, "text", head, is_packed, limits)
    if is_packed:
        with source.open() as file:
            source.head = file.read(HEAD)
        if not source.head:
            raise IngestError(
                name, "the compressed file is empty", "Download it again, or ask for it again.", code="empty"
            )
    source.kind = _find_kind(source.head, b"" if is_packed else tail, name)
    if source.kind != "text" and is_packed:
        raise IngestError(name, f"a compressed {source.kind.upper()}", _UNPACK, code="archive")
    if source.kind != "text" and bytes_n > limits.document_bytes:
        raise _refuse_size(name, bytes_n, limits.document_bytes)
    return source


def _read_ends(file: BinaryIO, bytes_n: int) -> tuple[bytes, bytes]:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(max(0, bytes_n - HEAD))
    return head, file.read(HEAD)


_COPY = (
    "Copy its table into a spreadsheet and save that as .xlsx or CSV; if it is a report of the "
    "vendor's, save it as PDF."
)
_PICTURE = "Make a PDF with a text layer from it: ocrmypdf --image-dpi 300 {} OUT.pdf."
_UNPACK = "Unpack it and give the file inside."
_FOLDER = "Unpack it and give the folder to `sidedoor new NAME FOLDER`, or the files one by one."
# First bytes of files that are refused: code, what it is, and the way out.
_OTHER = {
    b"PAR1": ("parquet", "a Parquet file", "Give the file that it was made from."),
    b"SQLite format 3": ("sqlite", "a SQLite database", "Export the table as CSV."),
    b"{\\rtf": ("document", "a rich text document", _COPY),
    b"\x89PNG": ("picture", "a picture", _PICTURE.format("IN.png")),
    b"\xff\xd8\xff": ("picture", "a picture", _PICTURE.format("IN.jpg")),
    b"II*\x00": ("picture", "a picture", _PICTURE.format("IN.tif")),
    b"MM\x00*": ("picture", "a picture", _PICTURE.format("IN.tif")),
    b"BZh": ("archive", "a bzip2 archive", _UNPACK),
    b"\xfd7zXZ": ("archive", "an xz archive", _UNPACK),
    b"(\xb5/\xfd": ("archive", "a zstandard archive", _UNPACK),
    b"7z\xbc\xaf": ("archive", "a 7z archive", _FOLDER),
    b"Rar!": ("archive", "a RAR archive", _FOLDER),
    b"\x1f\x8b": ("archive", "compressed twice", "Unpack it once and give the file inside."),
}
# Inside a ZIP: a name that says what it holds.
_ZIPPED = (
    (b"xl/workbook.bin", "xlsb", "a binary Excel workbook (.xlsb)", "Save it as .xlsx."),
    (b"opendocument.spreadsheet", "ods", "an OpenDocument spreadsheet (.ods)", "Save it as .xlsx."),
    (b"opendocument", "document", "an OpenDocument file", _COPY),
    (b"word/document.xml", "document", "a Word document", _COPY),
    (b"ppt/presentation.xml", "document", "a presentation", "Save it as PDF."),
    (
        b".iwa",
        "numbers",
        "a document of Apple's Numbers, Pages or Keynote",
        "In Numbers: File, Export To, CSV or Excel.",
    ),
)
_SAVE_ATTACHMENTS = "Open it, save its attachments, and give those."
_MAIL = re.compile(rb"(?:[\w-]{2,40}: ?[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){2,}", re.ASCII)
_MAIL_HEADERS = re.compile(rb"(?im)^(?:from|received|return-path|mime-version|message-id|delivered-to): ")
_ATTACHED = re.compile(rb'(?i)filename\*?="?([^";\r\n]{1,100})')


def _find_kind(head: bytes, tail: bytes, name: str) -> str:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        ends = head + tail
        for mark, code, found, way_out in _ZIPPED:
            if mark in ends:
                raise IngestError(name, f"this is {found}", way_out, code=code)
        if b"xl/" in ends:
            return "xlsx"
        raise IngestError(name, "this is a ZIP archive", _FOLDER, code="archive")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refuse_ole(head + tail, name)
    for mark, (code, found, way_out) in _OTHER.items():
        if head.startswith(mark):
            raise IngestError(name, f"this is {found}", way_out, code=code)
    return "html" if _is_saved_page(head, name) else _find_text_kind(head, name)


def _refuse_ole(ends: bytes, name: str) -> IngestError:
    """Say which file of Microsoft's older container this is."""

    def holds(text: str) -> bool:
        return text.encode("utf-16-le") in ends

    if holds("EncryptedPackage"):
        way_out = "Open it with the password and save it without."
        return IngestError(name, "a workbook locked with a password", way_out, code="locked")
    if holds("__substg1.0_") or holds("__properties_version1.0"):
        return IngestError(name, "this is an e-mail (.msg)", _SAVE_ATTACHMENTS, code="email")
    way_out = "Save it as .xlsx or CSV, or as PDF."
    return IngestError(name, "an old Excel or Word file (.xls, .doc)", way_out, code="old-office")


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
    "Download the file itself: an error page or a log-in page may have come in its place. If the "
    "table is on the page, "
    "open it in a browser, copy it into a spreadsheet and save that as CSV."
)
_PAGE_MARKS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table")
_JSON = re.compile(rb"\[\s*\{\s*[\"}]|\{\s*\"[^\"]{0,200}\"\s*:|\[\s*\[\s*[\"\d\[]")


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
        way_out = (
            "Open it in Excel with Data, Get Data, From JSON, and save the table as CSV; or ask for CSV."
        )
        raise IngestError(f"{name}, line 1", "JSON, not a table", way_out, code="json")
    return "text"


def _refuse_size(name: str, bytes_n: int, cap: int) -> IngestError:
    found = f"{bytes_n:,} bytes, more than the {cap:,} that are taken"
    return IngestError(name, found, "Split the file.", code="too-large")


class _Unpacked(io.RawIOBase):
    """The content of a gzip file, refused where it grows past the limits."""

    def __init__(self, path: Path, name: str, limits: FileLimits):
        self._file, self._name, self._limits = path.open("rb"), name, limits
        self._part, self._in_n, self._out_n = zlib.decompressobj(31), 0, 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, target) -> int:
        while True:
            if self._part.eof:  # gzip files may follow one another
                rest = self._part.unused_data or self._file.read(HEAD)
                if not rest.strip(b"\x00"):
                    return 0
                self._part, packed = zlib.decompressobj(31), rest
            elif self._part.unconsumed_tail:
                packed = self._part.unconsumed_tail
            else:
                packed = self._file.read(HEAD)
                self._in_n += len(packed)
            try:
                data = self._part.decompress(packed, len(target))
            except zlib.error:
                raise IngestError(
                    self._name, "the compressed file is damaged", "Download it again.", code="damaged"
                ) from None
            if not packed and not data and not self._part.eof:
                raise IngestError(
                    self._name, "the compressed file breaks off", "Download it again.", code="damaged"
                )
            self._out_n += len(data)
            limits = self._limits
            if self._out_n > limits.unpacked_bytes or self._out_n > max(limits.ratio * self._in_n, HEAD * 16):
                raise IngestError(
                    self._name,
                    f"it unpacks to more than {self._out_n:,} bytes from {self._in_n:,}",
                    "A record does not shrink that much: unpack it yourself and look at what is inside.",
                    code="unpacks-too-far",
                )
            if data:
                target[: len(data)] = data
                return len(data)
