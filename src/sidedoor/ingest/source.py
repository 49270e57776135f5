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
    bulk_bytes
        Size of a text from which on a log is read in bulk, into a file and not into memory.
    unpacked_bytes, ratio
        Size of what a compressed text unpacks to, and how many times its packed size that may be.
    workbook_bytes
        Size of what a workbook unpacks to.
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
    bulk_bytes: int = 64 << 20
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
        Which way the data of a list of names flows where nothing says it: one of `canonical.SECTIONS`, or one for each list,
        joined by commas.
    measure
        What figures by month count where nothing says it: one of `canonical.MEASURES`.
    day_first
        How dates such as 03/04/2025 are to be read where the file leaves both readings open.
    keep_reasons
        Keep the free text of reasons in what is written. Private use only.
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
        `text`, `html`, `pdf` or `xlsx`, from its content.
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
    # Folder for what is too large for memory, and who is told of bytes read; set by whoever wants a large log read.
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
        raise IngestError(name, found, "Give the path of one file.")
    try:
        with path.open("rb") as file:
            bytes_n = file.seek(0, io.SEEK_END)
            head, tail = _read_ends(file, bytes_n)
            if not bytes_n:
                raise IngestError(
                    name, "the file is empty", "Download it again, or ask the agency for it again."
                )
            if bytes_n > limits.file_bytes:
                raise _refuse_size(name, bytes_n, limits.file_bytes)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise IngestError(name, f"it cannot be opened ({error.strerror})", "Check its permissions.") from None
    is_packed = head.startswith(b"\x1f\x8b")
    source = Source(path, name, sha256, bytes_n, "text", head, is_packed, limits)
    if is_packed:
        with source.open() as file:
            source.head = file.read(HEAD)
        if not source.head:
            raise IngestError(name, "the compressed file is empty", "Download it again, or ask for it again.")
    source.kind = _find_kind(source.head, b"" if is_packed else tail, name)
    if source.kind != "text" and is_packed:
        raise IngestError(name, f"a compressed {source.kind.upper()}", "Unpack it and give the file inside.")
    if source.kind != "text" and bytes_n > limits.document_bytes:
        raise _refuse_size(name, bytes_n, limits.document_bytes)
    return source


def _read_ends(file: BinaryIO, bytes_n: int) -> tuple[bytes, bytes]:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(max(0, bytes_n - HEAD))
    return head, file.read(HEAD)


_COPY = "Copy its table into a spreadsheet and save that as .xlsx or CSV; if it is a report of the vendor's, save it as PDF."
# First bytes of forms that are refused: what it is, and the way out.
_OTHER = {
    b"PAR1": ("a Parquet file", "Give the file that it was made from."),
    b"SQLite format 3": ("a SQLite database", "Export the table as CSV."),
    b"{\\rtf": ("a rich text document", _COPY),
    b"\x89PNG": (
        "a picture",
        "Make a PDF with a text layer from it: ocrmypdf --image-dpi 300 IN.png OUT.pdf.",
    ),
    b"\xff\xd8\xff": (
        "a picture",
        "Make a PDF with a text layer from it: ocrmypdf --image-dpi 300 IN.jpg OUT.pdf.",
    ),
    b"II*\x00": ("a picture", "Make a PDF with a text layer from it: ocrmypdf IN.tif OUT.pdf."),
    b"MM\x00*": ("a picture", "Make a PDF with a text layer from it: ocrmypdf IN.tif OUT.pdf."),
    b"BZh": ("a bzip2 archive", "Unpack it and give the file inside."),
    b"\xfd7zXZ": ("an xz archive", "Unpack it and give the file inside."),
    b"(\xb5/\xfd": ("a zstandard archive", "Unpack it and give the file inside."),
    b"7z\xbc\xaf": ("a 7z archive", "Unpack it and give the files inside one by one."),
    b"Rar!": ("a RAR archive", "Unpack it and give the files inside one by one."),
}
# Inside a ZIP: a name that tells what it holds.
_ZIPPED = (
    (b"xl/workbook.bin", "a binary Excel workbook (.xlsb)", "Save it as .xlsx."),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", "Save it as .xlsx."),
    (b"opendocument", "an OpenDocument file", _COPY),
    (b"word/document.xml", "a Word document", _COPY),
    (b"ppt/presentation.xml", "a presentation", "Save it as PDF."),
)


def _find_kind(head: bytes, tail: bytes, name: str) -> str:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        ends = head + tail
        for mark, found, way_out in _ZIPPED:
            if mark in ends:
                raise IngestError(name, f"this is {found}", way_out)
        if b"xl/" in ends:
            return "xlsx"
        raise IngestError(name, "this is a ZIP archive", "Unpack it and give the files inside one by one.")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        if any("EncryptedPackage".encode("utf-16-le") in part for part in (head, tail)):
            raise IngestError(
                name, "a workbook locked with a password", "Open it with the password and save it without."
            )
        raise IngestError(
            name, "an old Excel or Word file (.xls, .doc)", "Save it as .xlsx or CSV, or as PDF."
        )
    for mark, (found, way_out) in _OTHER.items():
        if head.startswith(mark):
            raise IngestError(name, f"this is {found}", way_out)
    if head.startswith(b"\x1f\x8b"):
        raise IngestError(name, "compressed twice", "Unpack it once and give the file inside.")
    return "html" if _is_page(head, name) else "text"


_JSON = re.compile(rb"\[\s*\{\s*[\"}]|\{\s*\"[^\"]{0,200}\"\s*:|\[\s*\[\s*[\"\d\[]")


def _is_page(head: bytes, name: str) -> bool:
    """Say whether a file is a web page; XML and JSON are refused."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    start = head.replace(b"\x00", b"")[2:] if wide else head.removeprefix(b"\xef\xbb\xbf")
    start = start[:2000].lstrip().lower()
    if start.startswith(b"<"):
        if any(mark in start for mark in (b"<!doctype html", b"<html", b"<head", b"<body", b"<table")):
            return True
        way_out = "Download the file itself: an error page or a log-in page may have come in its place."
        raise IngestError(f"{name}, line 1", "XML or a piece of a web page, not a table", way_out)
    if _JSON.match(start):
        way_out = (
            "Open it in Excel with Data, Get Data, From JSON, and save the table as CSV; or ask for CSV."
        )
        raise IngestError(f"{name}, line 1", "JSON, not a table", way_out)
    return False


def _refuse_size(name: str, bytes_n: int, cap: int) -> IngestError:
    return IngestError(name, f"{bytes_n:,} bytes, more than the {cap:,} that are taken", "Split the file.")


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
                    self._name, "the compressed file is damaged", "Download it again."
                ) from None
            if not packed and not data and not self._part.eof:
                raise IngestError(self._name, "the compressed file breaks off", "Download it again.")
            self._out_n += len(data)
            limits = self._limits
            if self._out_n > limits.unpacked_bytes or self._out_n > max(limits.ratio * self._in_n, HEAD * 16):
                raise IngestError(
                    self._name,
                    f"it unpacks to more than {self._out_n:,} bytes from {self._in_n:,}",
                    "A record does not shrink that much: unpack it yourself and look at what is inside.",
                )
            if data:
                target[: len(data)] = data
                return len(data)
