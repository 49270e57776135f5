"""Files of any kind, as the pieces of text in them: by what their first bytes say, within limits."""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sidedoor.publish.scan.texts import (
    Column,
    Inner,
    Lines,
    Piece,
    Sealed,
    find_delimiter,
    join_texts,
    parse_json,
    read_delimited,
    read_json,
    read_markup,
    read_notebook,
    read_plain,
)

FILE_CAP = 1 << 30
# How much is unpacked from one file, how many parts it may have, how many files may be inside one another.
UNPACKED_CAP, PARTS_CAP, DEPTH_CAP = 512 << 20, 20_000, 5
# Text beyond this is looked through in parts that end with a line.
PART_CHARS = 16 << 20
_MARKUP = (".html", ".htm", ".xhtml", ".svg", ".xml", ".rels", ".vml", ".xmp", ".rdf")
_DELIMITED = (".csv", ".tsv", ".tab")
_STYLES = (".css", ".map")
_PROGRAMS = (".js", ".py", ".ts", ".c", ".h")
# Drawings of letters and the like: no text of ours is in them.
_SILENT = {b"wOFF", b"wOF2", b"\x00\x01\x00\x00", b"OTTO", b"true", b"ttcf", b"\x00\x00\x01\x00"}


class UnreadableError(Exception):
    """A file that cannot be looked into; says why, in words that repeat nothing of it."""


def read_bytes(data: bytes, name: str, before: str = "") -> Iterator[Piece | Column | Inner | Sealed]:
    """Read a file by what it is.

    Parameters
    ----------
    data
        Its content.
    name
        Its name: tells apart what the content leaves open.
    before
        The place that it stands in, if it is inside another.

    Returns
    -------
    Pieces of text; `Inner` for files inside it, `Sealed` for what has to be parsed in the sandbox.

    Raises
    ------
    UnreadableError
        It is damaged, locked, too large, or of a kind that cannot be looked into.
    """
    if not data.strip(b"\x00 \t\r\n"):
        return
    if data.startswith(b"PAR1"):
        yield Sealed(data, "parquet", before)
        return
    # readers of PDF forgive what stands before its mark; a text may mention the mark
    start = data[:1024].find(b"%PDF-")
    if start >= 0 and (not data[:start].strip() or name.lower().endswith(".pdf") or decode(data) is None):
        yield Sealed(data, "pdf", before)
        return
    made = _read_packed(data, name, before)
    yield from _read_text(data, name, before) if made is None else made


def _read_packed(data: bytes, name: str, before: str) -> Iterator[Piece | Column | Inner] | None:
    """Choose the reader of a file that is not text; None if it is text."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return read_png(data, before)
    if data.startswith(b"\xff\xd8\xff"):
        return read_jpeg(data, before)
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return read_zip(data, before)
    if data.startswith(b"\x1f\x8b"):
        return _read_gzip(data, name, before)
    if data.startswith(b"# Sphinx inventory"):
        return _read_inventory(data, before)
    if data[:4] in _SILENT:
        return iter([_silent(data, before)])
    if data.startswith((b"GIF8", b"RIFF")):
        return iter([_silent(data, before), _strings(data[:4096] + data[-4096:], before)])
    return None


def decode(data: bytes) -> str | None:
    """Decode text: byte order mark, UTF-8, UTF-16 by its zeros, else cp1252; None if it is no text."""
    for mark, code in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(code, "replace")
    try:
        text = data.decode("utf-8")
        if "\x00" not in text:
            return text
    except UnicodeDecodeError:
        pass
    head = data[:65_536]
    for code, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) > 0.4 * len(zeros) > 0:
            return data.decode(code, "replace")
    strange = sum(head.count(bytes([sign])) for sign in range(32) if sign not in (9, 10, 12, 13, 27))
    return data.decode("cp1252", "replace") if strange <= 0.01 * len(head) else None


def _read_text(data: bytes, name: str, before: str) -> Iterator[Piece | Column | Inner]:
    text = decode(data)
    if text is None:
        raise UnreadableError("a kind of file that cannot be looked into")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    suffix, start = PurePosixPath(name.lower()).suffix, text[:2000].lstrip().lower()
    if suffix in _STYLES:
        yield Piece(text, lambda _: before, "canary")
        return
    if (
        start.startswith(("{", "["))
        and suffix not in _DELIMITED
        and (content := parse_json(text)) is not None
    ):
        is_notebook = (
            isinstance(content, dict) and isinstance(content.get("cells"), list) and "nbformat" in content
        )
        yield from read_notebook(content, before) if is_notebook else read_json(content, before)
        # numbers, ids and checksums, which are no text
        yield from (Piece(part, where, "canary") for part, where in _cut(text, before))
    elif suffix in _MARKUP or start.startswith(("<!doctype", "<html", "<svg", "<?xml")):
        yield from read_markup(text, before)
        yield from (Piece(part, where, "canary") for part, where in _cut(text, before))
    elif suffix in _DELIMITED or suffix in ("", ".txt", ".log") and _is_delimited(text):
        yield from _read_parts(text, before, is_table=True)
    else:
        yield from _read_parts(text, before, is_table=False, is_prose=suffix not in _PROGRAMS)


def _is_delimited(text: str) -> bool:
    lines = text[:20_000].split("\n")[:5]
    return len(lines) > 2 and any(
        lines[0].count(sign) >= 2 and len({line.count(sign) for line in lines[:3]}) == 1 for sign in ",;\t|"
    )


def _read_parts(
    text: str, before: str, is_table: bool, is_prose: bool = True
) -> Iterator[Piece | Column | Inner]:
    """Read a long text in parts; columns keep the names from the first line."""
    header, first = None, 1
    for part, _ in _cut(text, before):
        if not is_table:
            yield from read_plain(part, before, first, has_tags=is_prose)
        else:
            yield from read_delimited(part, before, header, first)
            if header is None:
                header = next(csv.reader(io.StringIO(part), delimiter=find_delimiter(part)), [])
        first += part.count("\n")


def _cut(text: str, before: str) -> Iterator[tuple[str, Lines]]:
    """Cut a long text after lines."""
    start, first = 0, 1
    while start < len(text):
        end = (
            len(text) if len(text) - start <= PART_CHARS else text.rfind("\n", start, start + PART_CHARS) + 1
        )
        if end <= start:
            end = start + PART_CHARS
        part = text[start:end]
        yield part, Lines(part, before, first)
        first += part.count("\n")
        start = end


def read_png(data: bytes, before: str = "") -> Iterator[Piece | Inner]:
    """Read the texts of a PNG: tEXt, zTXt, iTXt, eXIf, and whatever follows its end. Not what is drawn."""
    at, lead = 8, f"{before}, " if before else ""
    while at + 12 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        place = f"{lead}chunk {kind.decode('latin-1') if kind.isalpha() else '?'}"
        if kind == b"tEXt":
            yield Piece(body.replace(b"\x00", b"\n").decode("latin-1"), lambda _, place=place: place)
        elif kind == b"zTXt":
            word, _, rest = body.partition(b"\x00")
            yield Piece(
                word.decode("latin-1") + "\n" + _inflate(rest[1:]).decode("latin-1"),
                lambda _, place=place: place,
            )
        elif kind == b"iTXt":
            word, _, rest = body.partition(b"\x00")
            language, _, more = rest[2:].partition(b"\x00")
            title, _, text = more.partition(b"\x00")
            text = _inflate(text) if rest[:1] == b"\x01" else text
            yield Piece(
                b"\n".join((word, language, title, text)).decode("utf-8", "replace"),
                lambda _, place=place: place,
            )
        elif kind not in (
            b"IHDR",
            b"IDAT",
            b"PLTE",
            b"tRNS",
            b"pHYs",
            b"gAMA",
            b"cHRM",
            b"sRGB",
            b"bKGD",
            b"tIME",
            b"IEND",
        ):
            yield _strings(_inflate(body.partition(b"\x00")[2][1:]) if kind == b"iCCP" else body, place)
        at += 12 + size
        if kind == b"IEND":
            break
    if at < len(data):
        yield Inner(data[at:], "tail.txt", f"{lead}after the end of the picture")


def read_jpeg(data: bytes, before: str = "") -> Iterator[Piece]:
    """Read the texts of a JPEG: comments, EXIF, XMP, IPTC, and what follows its end. Not what is drawn."""
    at, lead = 2, f"{before}, " if before else ""
    while at + 4 <= len(data) and data[at] == 0xFF:
        mark, size = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if mark == 0xDA:
            break
        if 0xE0 <= mark <= 0xEF or mark == 0xFE:
            yield _strings(data[at + 4 : at + 2 + size], f"{lead}segment {mark:X}")
        at += 2 + size
    end = data.rfind(b"\xff\xd9")
    if 0 <= end < len(data) - 2:
        yield _strings(data[end + 2 :], f"{lead}after the end of the picture")


def read_zip(data: bytes, before: str = "") -> Iterator[Piece | Column | Inner]:
    """Read a ZIP archive, a workbook among them: every part by what it is, names, comments."""
    lead = f"{before}, " if before else ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [part for part in archive.infolist() if not part.is_dir()]
            if len(parts) > PARTS_CAP or sum(part.file_size for part in parts) > UNPACKED_CAP:
                raise UnreadableError("an archive that unpacks beyond all measure")
            yield join_texts([part.filename for part in parts], [f"{lead}name of a part"] * len(parts))
            yield _strings(archive.comment, f"{lead}comment of the archive")
            names = {part.filename for part in parts}
            if "xl/workbook.xml" in names:
                from sidedoor.publish.scan.workbook import read_workbook

                yield from read_workbook(archive, before)
            for part in parts:
                if "xl/workbook.xml" in names and re.fullmatch(
                    r"xl/(worksheets/[^/]+|sharedStrings)\.xml", part.filename
                ):
                    continue
                if part.flag_bits & 1:
                    raise UnreadableError("an archive locked with a password")
                if re.fullmatch(r"xl/(theme/[^/]+|styles)\.xml", part.filename):  # colors and fonts
                    yield Piece(
                        _unzip(archive, part).decode("utf-8", "replace"), lambda _: f"{lead}styles", "canary"
                    )
                    continue
                yield Inner(_unzip(archive, part), part.filename, f"{lead}{part.filename}")
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        OSError,
        RuntimeError,
        struct.error,
    ):
        raise UnreadableError("a damaged archive") from None


def _unzip(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Unpack a part, no further than it says it is long."""
    with archive.open(part) as file:
        return file.read(part.file_size)


def _read_gzip(data: bytes, name: str, before: str) -> Iterator[Inner]:
    made, rest = bytearray(), data
    while rest.startswith(b"\x1f\x8b"):
        part = zlib.decompressobj(31)
        try:
            made += part.decompress(rest, UNPACKED_CAP - len(made))
        except zlib.error:
            raise UnreadableError("a damaged compressed file") from None
        if part.unconsumed_tail or len(made) >= UNPACKED_CAP:
            raise UnreadableError("a compressed file that unpacks beyond all measure")
        if not part.eof:
            raise UnreadableError("a compressed file that breaks off")
        rest = part.unused_data
    yield Inner(bytes(made), re.sub(r"(?i)\.gz\Z", "", name), f"{before}, unpacked" if before else "unpacked")


def _read_inventory(data: bytes, before: str) -> Iterator[Piece]:
    head = data.split(b"\n", 4)
    body = _inflate(head[4]) if len(head) > 4 else b""
    yield from read_plain((b"\n".join(head[:4]) + b"\n" + body).decode("utf-8", "replace"), before)


def _inflate(data: bytes) -> bytes:
    """Unpack as far as it goes, within the limit; what is packed otherwise is looked through as it is."""
    part = zlib.decompressobj()
    try:
        return part.decompress(data, UNPACKED_CAP)
    except zlib.error:
        return data


def _strings(data: bytes, place: str) -> Piece:
    """Take the readable runs out of bytes, in one and in two bytes a sign."""
    runs = [run.decode("ascii") for run in re.findall(rb"[\x20-\x7e\t]{4,}", data)]
    for start in (b"", b"\x00"):
        wide = (
            re.findall(rb"(?:[\x20-\x7e]\x00){4,}", data)
            if not start
            else re.findall(rb"(?:\x00[\x20-\x7e]){4,}", data)
        )
        runs += [run.replace(b"\x00", b"").decode("ascii") for run in wide]
    return Piece("\n".join(runs), lambda _: place)


def _silent(data: bytes, place: str) -> Piece:
    return Piece(data.decode("latin-1"), lambda _: place, "canary")


def load_file(path: Path) -> bytes:
    """Load a file within the limit.

    Raises
    ------
    UnreadableError
        It is too large or cannot be opened.
    """
    try:
        if path.stat().st_size > FILE_CAP:
            raise UnreadableError("a file larger than is looked into")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"it cannot be opened ({error.strerror})") from None
