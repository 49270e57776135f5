"""The kinds of files that are published, as pieces of text; every other kind is not looked into."""

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from helpers.errors import IngestError
from sidedoor.publish.scan.texts import (
    Column,
    Picture,
    Piece,
    Unread,
    UnreadableError,
    cut_text,
    parse_json,
    read_delimited,
    read_json,
    read_markup,
    read_notebook,
    read_plain,
)
from sidedoor.sandbox import Limits, run_limited

FILE_CAP = 1 << 30
_UNPACKED_CAP = 256 << 20
_LIMITS = Limits(memory_bytes=3 << 30, cpu_seconds=120, wall_seconds=240.0, output_bytes=64 << 20)
_MARKUP = (".html", ".htm", ".svg", ".xml", ".graphml", ".gexf")
_DELIMITED = (".csv", ".tsv")
_PROGRAMS = (".js", ".css", ".py", ".map")
_WORDS = ("", ".txt", ".md", ".rst", ".log", ".toml", ".yml", ".yaml", ".cff", ".lock")
_TEXTS = {*_MARKUP, *_DELIMITED, *_PROGRAMS, *_WORDS, ".json", ".jsonl", ".ipynb"}
_PNG = b"\x89PNG\r\n\x1a\n"
# Parts of a PNG that hold numbers or the drawing.
_SILENT_CHUNKS = (
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
)
# What is written in plain characters and yet holds its text in another form.
_ENCODED = re.compile(r"\s*(?:%PDF-|%!PS|\{\\rtf|MIME-Version:|-----BEGIN |begin [0-7]{3,4} )")


def read_file(path: Path) -> Iterator[Piece | Column | Unread]:
    """Yield the pieces of a file: its text, and what of it is not looked into.

    Raises
    ------
    UnreadableError
        The file is damaged, too large, or of a kind that is not looked into.
    """
    try:
        if path.stat().st_size > FILE_CAP:
            raise UnreadableError("larger than 1 GiB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"it cannot be opened ({error.strerror})") from None
    if data.startswith(b"PAR1"):
        return _read_parquet(path)
    if data.startswith(_PNG):
        return read_png(data)
    text = decode(data)
    suffix = PurePosixPath(path.name.lower()).suffix
    if text is None or suffix not in _TEXTS or _ENCODED.match(text):
        raise UnreadableError("not a kind of file that is looked into")
    return _open_pictures(_read_text(text.replace("\r\n", "\n").replace("\r", "\n"), suffix))


def decode(data: bytes) -> str | None:
    """Return UTF-8 text without control characters; None for anything else."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if re.search(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]", text) else text


def _read_text(text: str, suffix: str) -> Iterator[Piece | Column | Picture | Unread]:
    start = text[:2000].lstrip().lower()
    content = None
    if start.startswith(("{", "[")) and suffix not in _DELIMITED:
        content = parse_json(text)
    is_markup = suffix in _MARKUP or start.startswith(("<!doctype", "<html", "<svg", "<?xml"))
    if content is not None or is_markup:
        if is_markup and content is None:
            yield from read_markup(text)
        elif isinstance(content, dict) and isinstance(content.get("cells"), list) and "nbformat" in content:
            yield from read_notebook(content)
        else:
            yield from read_json(content)
        # Numbers, names for programs and checksums are no text: a canary may be in them all the same.
        yield from (Piece(part, where, "canary") for part, where in cut_text(text))
    elif suffix in _DELIMITED or suffix in _WORDS and _is_delimited(text):
        yield from read_delimited(text)
    else:
        for part, where in cut_text(text):
            yield from read_plain(part, where, has_tags=suffix not in _PROGRAMS)


def _is_delimited(text: str) -> bool:
    lines = text[:20_000].split("\n")[:3]
    return len(lines) > 2 and any(
        lines[0].count(sign) >= 2 and len({line.count(sign) for line in lines}) == 1 for sign in ",;\t|"
    )


def _open_pictures(pieces: Iterator) -> Iterator[Piece | Column | Unread]:
    """Yield pieces with each picture inside a text replaced by what it contains."""
    for piece in pieces:
        if not isinstance(piece, Picture):
            yield piece
        elif not piece.data.startswith(_PNG):
            yield Unread(piece.place, "a file inside the file that is not looked into")
        else:
            try:
                yield from read_png(piece.data, piece.place)
            except UnreadableError as error:
                yield Unread(piece.place, str(error))


def read_png(data: bytes, before: str = "") -> Iterator[Piece | Unread]:
    """Yield the texts of a PNG, and the parts that are not looked into. What is drawn is not read."""
    at, lead, drawn = len(_PNG), f"{before}, " if before else "", b""
    while data[at + 4 : at + 8] != b"IEND":
        if at + 12 > len(data):
            raise UnreadableError("a damaged picture")
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body, at = data[at + 8 : at + 8 + size], at + 12 + size
        place = f"{lead}chunk {kind.decode('latin-1') if kind.isalpha() else '?'}"
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield Piece(_read_chunk(kind, body), lambda _, place=place: place)
        elif kind == b"IDAT":
            drawn += body
        elif kind not in _SILENT_CHUNKS:
            yield Unread(place, "a part of the picture that is not looked into")
    if len(data) > at + 12 or _inflate(drawn)[1]:
        yield Unread(f"{lead}after the end of the picture", "bytes that are not looked into")


def _read_chunk(kind: bytes, body: bytes) -> str:
    """Return the text of a chunk: its keyword, and for `iTXt` its language and title, then the text."""
    word, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        return f"{word.decode('latin-1')}\n{rest.decode('latin-1')}"
    if kind == b"zTXt":
        return f"{word.decode('latin-1')}\n{_inflate(rest[1:])[0].decode('latin-1')}"
    language, _, more = rest[2:].partition(b"\0")
    title, _, text = more.partition(b"\0")
    text = _inflate(text)[0] if rest[:1] == b"\1" else text
    return b"\n".join((word, language, title, text)).decode("utf-8", "replace")


def _inflate(data: bytes) -> tuple[bytes, bytes]:
    """Return what data unpack to, and what follows them."""
    part = zlib.decompressobj()
    try:
        made = part.decompress(data, _UNPACKED_CAP)
    except zlib.error:
        raise UnreadableError("a damaged picture") from None
    if data and not part.eof:
        raise UnreadableError("a damaged picture, or one that unpacks to more than 256 MiB")
    return made, part.unused_data


def _read_parquet(path: Path) -> Iterator[Piece | Column | Unread]:
    """Yield the pieces of a Parquet file, which is parsed in a process of its own under limits."""
    try:
        found = run_limited("sidedoor.publish.scan._child:read_parquet", {"path": str(path)}, _LIMITS)
        for kind, place, content in found:
            if kind == "text":
                yield Piece(content, lambda at, place=place: place)
            elif kind == "unread":
                yield Unread(place, content)
            else:
                yield Column(kind, {value: place for value in content})
    except IngestError:
        raise UnreadableError("a damaged Parquet file, or one beyond the limits") from None
