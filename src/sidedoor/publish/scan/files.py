"""The kinds of files that are published, as pieces of text; every other kind is not looked into."""

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from helpers.errors import IngestError
from helpers.leaks import find_label
from sidedoor.publish.scan.texts import (
    MARKUP_STARTS,
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
_SILENT_CHUNKS = b"IHDR IDAT PLTE tRNS pHYs gAMA cHRM sRGB bKGD tIME IEND".split()
# What is written in plain characters and yet holds its text in another form.
_ENCODED = re.compile(r"\s*(?:%PDF-|%!PS|\{\\rtf|MIME-Version:|-----BEGIN |begin [0-7]{3,4} )")
_PARQUET_ROWS = 65_536


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
    text, suffix = decode(data), PurePosixPath(path.name.lower()).suffix
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
    is_json = start.startswith(("{", "[")) and suffix not in _DELIMITED
    content = parse_json(text) if is_json else None
    if content is not None or suffix in _MARKUP or start.startswith(MARKUP_STARTS):
        if content is None:
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
    if len(lines) < 3:
        return False
    counts = ([line.count(sign) for line in lines] for sign in ",;\t|")
    return any(first >= 2 and len({first, *others}) == 1 for first, *others in counts)


def _open_pictures(pieces: Iterator) -> Iterator[Piece | Column | Unread]:
    """Yield pieces with each picture inside a text replaced by what it contains."""
    for piece in pieces:
        if not isinstance(piece, Picture):
            yield piece
        elif not piece.data.startswith(_PNG):
            yield Unread(piece.place, "a file inside the file that is not looked into")
        else:
            try:
                yield from read_png(piece.data, f"{piece.place}, ")
            except UnreadableError as error:
                yield Unread(piece.place, str(error))


def read_png(data: bytes, before: str = "") -> Iterator[Piece | Unread]:
    """Yield the texts of a PNG, and the parts that are not looked into. What is drawn is not read."""
    at, drawn = len(_PNG), b""
    while data[at + 4 : at + 8] != b"IEND":
        if at + 12 > len(data):
            raise UnreadableError("a damaged picture")
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body, at = data[at + 8 : at + 8 + size], at + 12 + size
        place = f"{before}chunk {kind.decode('latin-1') if kind.isalpha() else '?'}"
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield Piece(_read_chunk(kind, body), lambda _, place=place: place)
        elif kind == b"IDAT":
            drawn += body
        elif kind not in _SILENT_CHUNKS:
            yield Unread(place, "a part of the picture that is not looked into")
    if len(data) > at + 12 or _inflate(drawn)[1]:
        yield Unread(f"{before}after the end of the picture", "bytes that are not looked into")


def _read_chunk(kind: bytes, body: bytes) -> str:
    """Return the text of a chunk: its keyword, and for `iTXt` its language and title, then the text."""
    word, _, rest = body.partition(b"\0")
    if kind == b"tEXt":
        return b"\n".join((word, rest)).decode("latin-1")
    if kind == b"zTXt":
        return b"\n".join((word, _inflate(rest[1:])[0])).decode("latin-1")
    language, title, text = [*rest[2:].split(b"\0", 2), b"", b""][:3]
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
        for kind, place, content in run_limited(f"{__name__}:parse_parquet", {"path": str(path)}, _LIMITS):
            if kind == "text":
                yield Piece(content, lambda at, place=place: place)
            elif kind == "unread":
                yield Unread(place, content)
            else:
                yield Column(kind, {value: place for value in content})
    except IngestError:
        raise UnreadableError("a damaged Parquet file, or one beyond the limits") from None


def parse_parquet(path: str) -> Iterator[list]:
    """Yield `[kind, place, content]` in the sandbox: texts, values of columns named like a leak, the rest."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        yield ["text", "names of columns", "\n".join(schema.names)]
        about = [value for key, value in (schema.metadata or {}).items() if key != b"ARROW:schema"]
        yield ["text", "metadata", b"\n".join(about).decode("utf-8", "replace")]
        row = 0
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
            for field, column in zip(schema, batch.columns, strict=True):
                place = f"column {field.name}, rows {row + 1} to {row + len(batch)}"
                if pa.types.is_dictionary(field.type):
                    column = column.dictionary_decode()
                if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
                    yield ["unread", f"column {field.name}", "values that are no text or number"]
                    continue
                label = find_label(field.name)
                is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
                values = pc.unique(column).drop_null().to_pylist() if is_text or label else []
                if is_text:
                    yield ["text", place, "\n".join(values)]
                if label:
                    yield [label, place, list(map(str, values))]
            row += len(batch)
