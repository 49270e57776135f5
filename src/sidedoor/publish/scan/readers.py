"""The kinds of files that are published, as pieces of text; every other kind is not looked into."""

import base64
import csv
import html
import io
import json
import re
import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from helpers.errors import IngestError
from helpers.leaks import find_label
from sidedoor.sandbox import Limits, run_limited

FILE_CAP = 1 << 30
# Text beyond this is searched in parts.
PART_CHARS = 4 << 20
_UNPACKED_CAP = 256 << 20
_LIMITS = Limits(memory_bytes=3 << 30, cpu_seconds=120, wall_seconds=240.0, output_bytes=64 << 20)
_MARKUP = (".html", ".htm", ".svg", ".xml", ".graphml", ".gexf")
_DELIMITED = (".csv", ".tsv")
_PROGRAMS = (".js", ".css", ".py", ".map")
_WORDS = ("", ".txt", ".md", ".rst", ".log", ".toml", ".yml", ".yaml", ".cff", ".lock")
_TEXTS = {*_MARKUP, *_DELIMITED, *_PROGRAMS, *_WORDS, ".json", ".jsonl", ".ipynb"}
_MARKUP_STARTS = ("<!doctype", "<html", "<svg", "<?xml")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
# What is written in plain characters and yet holds its text in another form.
_ENCODED = re.compile(r"\s*(?:%PDF-|%!PS|\{\\rtf|MIME-Version:|-----BEGIN |begin [0-7]{3,4} )")
_PNG = b"\x89PNG\r\n\x1a\n"
# Parts of a PNG that hold numbers or the drawing.
_SILENT_CHUNKS = b"IHDR IDAT PLTE tRNS pHYs gAMA cHRM sRGB bKGD tIME IEND".split()
_PARQUET_ROWS = 65_536

_COMMENT = r"<!--(?P<comment>.*?)(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
_ATTRIBUTES = r"""(?:"[^"]*"|'[^']*'|[^'"<>])*+"""
_TAG = re.compile(
    rf"{_COMMENT}|<(?P<raw>script|style)\b(?P<of_raw>{_ATTRIBUTES})>(?P<code>.*?)(?:</(?P=raw)\s*>|\Z)"
    rf"|</?(?P<tag>[A-Za-z][\w:.-]*)(?P<of_tag>{_ATTRIBUTES})>|<[!?][^<>]*>",
    re.S | re.I,
)
_ATTRIBUTE = re.compile(r"""([A-Za-z_:@][\w:.@-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
_MAY_BE_MARKUP = re.compile("<[A-Za-z!]|&#")
_TABLE = re.compile(r"<table\b.*?(?:</table\s*>|\Z)", re.S | re.I)
_ROW = re.compile(r"<tr\b.*?(?=<tr\b|</table|\Z)", re.S | re.I)
_CELL = re.compile(r"<t[hd]\b[^<>]*>(.*?)(?=<t[hd]\b|</tr|\Z)", re.S | re.I)
# Tags that do not part words.
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small"
    " span strike strong sub sup time tspan tt u var wbr".split()
)
# In GraphML values stand side by side in tags that HTML has within words.
_GRAPH_DATA = re.compile(r"<data\s[^>]*\bkey\s*=")
# Attributes that are for programs: names, drawing instructions, checksums.
_MACHINE = frozenset(
    "id class style d points transform for viewbox integrity nonce width height x y x1 x2 y1 y2 cx cy r"
    " rx ry dx dy rel type xmlns fill stroke color bgcolor stop-color flood-color theme-color clip-path"
    " mask marker-end marker-start headers scope aria-labelledby aria-describedby aria-controls aria-owns"
    " tabindex colspan rowspan charset lang dir role sizes media preserveaspectratio gradienttransform"
    " offset".split()
)
_LINKS = frozenset("href src srcset action data poster cite formaction xlink:href longdesc".split())
_MARKUP_KINDS = ("text/html", "image/svg+xml", "text/xml", "application/xml")

# A text, the place where it begins, and the number of its first line; 0 where lines are not counted.
Part = tuple[str, str, int]


@dataclass(frozen=True)
class Piece:
    """A text to look through, in parts. `mode` is `text`, `cells`, `url`, or `canary`: canaries only."""

    parts: list[Part]
    mode: str = "text"

    @cached_property
    def text(self) -> str:
        return "".join(text for text, *_ in self.parts)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(text) for text, *_ in self.parts)][: len(self.parts)]

    def find_place(self, at: int) -> str:
        number = bisect_right(self._starts, at) - 1
        text, place, line = self.parts[number]
        # character references make the original longer than what is read: near enough for a line
        line = f"line {line + text.count(chr(10), 0, at - self._starts[number])}" if line else ""
        return ", ".join(filter(None, (place, line)))


@dataclass(frozen=True)
class Cell:
    """A value that stands under a name by which it is a leak of a kind."""

    kind: str
    value: str
    place: str


@dataclass(frozen=True)
class Unread:
    """A part of a file that is not looked into, and why."""

    place: str
    reason: str


class UnreadableError(Exception):
    """A file that is not looked into; says why, in words that repeat nothing of it."""


def read_file(path: Path) -> Iterator[Piece | Cell | Unread]:
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
        return _read_png(data, "")
    text, suffix = _decode(data), PurePosixPath(path.name.lower()).suffix
    if text is None or suffix not in _TEXTS or _ENCODED.match(text):
        raise UnreadableError("not a kind of file that is looked into")
    return _read_text(text, suffix)


def _decode(data: bytes) -> str | None:
    """Return UTF-8 text without control characters; None for anything else."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def _read_text(text: str, suffix: str) -> Iterator[Piece | Cell | Unread]:
    start = text[:2000].lstrip().lower()
    is_json = start.startswith(("{", "[")) and suffix not in _DELIMITED
    content = _parse_json(text) if is_json else None
    if content is not None:
        yield from _read_json(content)
    elif suffix in _MARKUP or start.startswith(_MARKUP_STARTS):
        yield from read_markup(text)
    else:
        is_table = suffix in _DELIMITED or suffix in _WORDS and _is_delimited(text)
        for part in _cut_text(text):
            yield from _read_plain(part, "cells" if is_table else "text", has_tags=suffix not in _PROGRAMS)
        if is_table:
            yield from _read_columns(text)
        return
    # Numbers, names for programs and checksums are no text: a canary may be in them all the same.
    yield from (Piece([part], "canary") for part in _cut_text(text))


def _parse_json(text: str) -> object | None:
    """Return parsed JSON; None if it is none, or too deep to be one."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_delimited(text: str) -> bool:
    lines = text[:20_000].split("\n")[:3]
    if len(lines) < 3:
        return False
    counts = ([line.count(sign) for line in lines] for sign in ",;\t|")
    return any(first >= 2 and len({first, *others}) == 1 for first, *others in counts)


def _cut_text(text: str) -> Iterator[Part]:
    """Yield a long text in parts that end with a line."""
    start, first = 0, 1
    while start < len(text):
        end = start + PART_CHARS
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        part = text[start:end]
        yield part, "", first
        first += part.count("\n")
        start = end


def _read_plain(part: Part, mode: str = "text", *, has_tags: bool = True) -> Iterator[Piece | Cell | Unread]:
    """Yield plain text, Markdown or code; tags and character references in it are read as well."""
    yield Piece([part], mode)
    if has_tags and _MAY_BE_MARKUP.search(part[0]):
        yield from read_markup(*part)


def _read_columns(text: str) -> Iterator[Cell | Unread]:
    """Yield the values of CSV and the like that stand under a name for a kind of leak."""
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(",;\t|", key=head.count))
    try:
        kinds = [(at, kind) for at, name in enumerate(next(rows, [])) if (kind := find_label(name))]
        for row in rows if kinds else ():
            for at, kind in kinds:
                if at < len(row):
                    yield Cell(kind, row[at], f"line {rows.line_num}")
    except csv.Error:
        yield Unread("columns", "a cell of more than 128 KiB")


# Where a notebook holds a text as a list of its lines.
_LINES = r"cell \d+\.(?:source|outputs\[\d+\]\.text)"


def _read_json(content: object) -> Iterator[Piece | Cell | Unread]:
    """Yield parsed JSON: every key and text, values by their keys; in a notebook texts by their kind."""
    is_notebook = isinstance(content, dict) and "cells" in content and "nbformat" in content
    texts, stack = [], [(content, "", "")]
    while stack:
        value, place, key = stack.pop()
        is_kind = is_notebook and re.fullmatch(r"[a-z]+/[\w.+-]+", key, re.I)
        # a list inside a JSON output holds values of its own, and no lines of a text
        is_lines = is_kind and not key.lower().endswith("json") or re.fullmatch(_LINES, place)
        if is_notebook and isinstance(value, list) and is_lines:
            value = "".join(map(str, value))
        if isinstance(value, dict):
            for name, item in value.items():
                inside = f"{place}.{name}" if place else str(name)
                texts.append((f"{name}\n", f"{place or 'top'}, a key", 0))
                stack.append((item, inside, name))
                kind = find_label(name)
                for one in (item if isinstance(item, list) else [item]) if kind else ():
                    if isinstance(one, (str, int)) and not isinstance(one, bool):
                        yield Cell(kind, str(one), inside)
        elif isinstance(value, list):
            name = "cell {}" if is_notebook and place == "cells" else f"{place}[{{}}]"
            first = 1 if is_notebook and place == "cells" else 0
            stack.extend((item, name.format(number), "") for number, item in enumerate(value, first))
        elif isinstance(value, str) and is_notebook:
            yield from _read_output(value, place, key.lower() if is_kind else "text/plain")
        elif isinstance(value, str):
            texts.append((f"{value}\n", place or "top", 0))
    yield Piece(texts)


def _read_output(text: str, place: str, kind: str) -> Iterator[Piece | Cell | Unread]:
    """Yield a text of a notebook: prose, code, or an output of a kind such as `text/html`."""
    if kind in _MARKUP_KINDS:
        yield from read_markup(text, place)
    elif data := b"" if kind.startswith("text/") else _decode_base64(text):
        yield from _read_inside(data, place)
    else:
        yield from _read_plain((re.sub(r"\x1b\[[0-9;]*m", "", text), place, 1))


def _decode_base64(text: str) -> bytes:
    """Return decoded base64; nothing if it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def _read_inside(data: bytes, place: str) -> Iterator[Piece | Cell | Unread]:
    """Yield a file that a text carries within it: text or a PNG."""
    text = _decode(data)
    if data.startswith(_PNG):
        try:
            yield from _read_png(data, f"{place}, ")
        except UnreadableError as error:
            yield Unread(place, str(error))
    elif text is not None:
        yield from _read_plain((text, place, 0))
    else:
        yield Unread(place, "a file inside the file that is not looked into")


def read_markup(text: str, place: str = "", line: int = 1) -> Iterator[Piece | Cell | Unread]:
    """Yield HTML, SVG and XML: words joined over inline tags, comments, code, attributes and tables."""
    first, end = line, 0
    parts: list[Part] = []
    attributes: dict[tuple[str, str], int] = {}
    for match in _TAG.finditer(text):
        parts.append((html.unescape(text[end : match.start()]), place, line))
        line += text.count("\n", end, match.start())
        is_inline = (match["tag"] or "").lower() in _INLINE and not _GRAPH_DATA.match(match[0])
        # a declaration has no group
        if match.lastgroup and not is_inline:
            parts.append(("\n", place, line))
        for name, *values in _ATTRIBUTE.findall(match["of_tag"] or match["of_raw"] or ""):
            if any(values) and name.lower() not in _MACHINE:
                attributes.setdefault((name.lower(), "".join(values)), line)
        inside = match["comment"] or match["cdata"] or match["code"]
        if inside and inside.strip():
            yield Piece([(html.unescape(inside), place, line)])
        line, end = line + match[0].count("\n"), match.end()
    yield Piece([*parts, (html.unescape(text[end:]), place, line)])
    before = f"{place}, " if place else ""
    yield from _read_attributes(attributes, before)
    for table in _TABLE.finditer(text):
        yield from _read_table(table[0], before, first + text.count("\n", 0, table.start()))


def _read_attributes(attributes: dict[tuple[str, str], int], before: str) -> Iterator[Piece | Cell | Unread]:
    texts = []
    for (name, value), line in attributes.items():
        value, place = html.unescape(value), f"{before}line {line}, attribute {name}"
        if name not in _LINKS:
            texts.append((f"{value}\n", place, 0))
        elif value.lstrip()[:5].lower() == "data:":
            head, _, body = value.partition(",")
            body = unquote(body)
            is_packed = "base64" in head.lower()
            yield from _read_inside(_decode_base64(body) if is_packed else body.encode(), place)
        elif not value.startswith("#"):
            yield Piece([(unquote(value), place, 0)], "url")
    yield Piece(texts)


def _read_table(table: str, before: str, line: int) -> Iterator[Cell]:
    """Yield the cells of an HTML table that stand under a name for a kind of leak."""
    kinds, end = None, 0
    for row in _ROW.finditer(table):
        line, end = line + table.count("\n", end, row.start()), row.start()
        cells = [html.unescape(re.sub(r"<[^<>]*>", "", cell)) for cell in _CELL.findall(row[0])]
        cells = [" ".join(cell.split()) for cell in cells]
        if kinds is None:
            kinds = list(map(find_label, cells))
            if not any(kinds):
                return
            continue
        yield from (Cell(kind, value, f"{before}line {line}") for kind, value in zip(kinds, cells) if kind)


def _read_png(data: bytes, before: str) -> Iterator[Piece | Unread]:
    """Yield the texts of a PNG, and the parts that are not looked into. What is drawn is not read."""
    at, drawn = len(_PNG), b""
    while data[at + 4 : at + 8] != b"IEND":
        if at + 12 > len(data):
            raise UnreadableError("a damaged picture")
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body, at = data[at + 8 : at + 8 + size], at + 12 + size
        place = f"{before}chunk {kind.decode('latin-1') if kind.isalpha() else '?'}"
        if kind == b"tEXt":
            yield Piece([(body.replace(b"\0", b"\n").decode("latin-1"), place, 0)])
        elif kind == b"iTXt" and body.partition(b"\0")[2][:1] == b"\0":
            yield Piece([(body.replace(b"\0", b"\n").decode("utf-8", "replace"), place, 0)])
        elif kind == b"IDAT":
            drawn += body
        elif kind not in _SILENT_CHUNKS:
            yield Unread(place, "a part of the picture that is not looked into")
    drawing = zlib.decompressobj()
    try:
        drawing.decompress(drawn, _UNPACKED_CAP)
    except zlib.error:
        raise UnreadableError("a damaged picture") from None
    if not drawing.eof:
        raise UnreadableError("a damaged picture, or one that unpacks to more than 256 MiB")
    if len(data) > at + 12 or drawing.unused_data:
        yield Unread(f"{before}after the end of the picture", "bytes that are not looked into")


def _read_parquet(path: Path) -> Iterator[Piece | Cell | Unread]:
    """Yield the pieces of a Parquet file, which is parsed in a process of its own under limits."""
    try:
        for kind, place, content in run_limited(f"{__name__}:parse_parquet", {"path": str(path)}, _LIMITS):
            if kind == "text":
                yield Piece([(content, place, 0)])
            elif kind == "unread":
                yield Unread(place, content)
            else:
                yield from (Cell(kind, value, place) for value in content)
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
            for name, column in zip(schema.names, batch.columns, strict=True):
                place, label = f"column {name}, rows {row + 1} to {row + len(batch)}", find_label(name)
                if pa.types.is_dictionary(column.type):
                    column = column.dictionary_decode()
                kind = column.type
                is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
                is_number = pa.types.is_primitive(kind) or pa.types.is_decimal(kind)
                if not (is_text or is_number or pa.types.is_null(kind)):
                    yield ["unread", f"column {name}", "values that are no text or number"]
                    continue
                values = pc.unique(column).drop_null().to_pylist() if is_text or label else []
                if is_text:
                    yield ["text", place, "\n".join(values)]
                if label:
                    yield [label, place, list(map(str, values))]
            row += len(batch)
