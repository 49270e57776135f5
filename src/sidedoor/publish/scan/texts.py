"""Text out of text files: plain, delimited, JSON, notebooks, HTML and SVG, each piece with its place."""

import base64
import csv
import html
import io
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from helpers.leaks import find_label

MARKUP_STARTS = ("<!doctype", "<html", "<svg", "<?xml")
_COMMENT = r"<!--(?P<comment>.*?)(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
_ATTRIBUTES = r"""(?:"[^"]*"|'[^']*'|[^'"<>])*+"""
_TAG = re.compile(
    rf"{_COMMENT}|<(?P<raw>script|style)\b(?P<of_raw>{_ATTRIBUTES})>(?P<code>.*?)(?:</(?P=raw)\s*>|\Z)"
    rf"|<(?P<end>/?)(?P<tag>[A-Za-z][\w:.-]*)(?P<of_tag>{_ATTRIBUTES})>|<[!?][^<>]*>",
    re.S | re.I,
)
_ATTRIBUTE = re.compile(r"""([A-Za-z_:@][\w:.@-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
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
_LONG = 500
# Text beyond this is searched in parts.
PART_CHARS = 4 << 20

Where = Callable[[int], str]


@dataclass
class Piece:
    """A text to look through. `mode` is `text`, `cells`, `url`, or `canary`: canaries only."""

    text: str
    where: Where
    mode: str = "text"


@dataclass
class Column:
    """Values that stand under a name by which they are leaks of a kind, each with its first place."""

    kind: str
    values: dict[str, str]


@dataclass
class Picture:
    """Bytes that a text carries in base64, and their place."""

    data: bytes
    place: str


@dataclass
class Unread:
    """A part of a file that is not looked into, and why."""

    place: str
    reason: str


class UnreadableError(Exception):
    """A file that is not looked into; says why, in words that repeat nothing of it."""


class Columns(dict):
    """Values by the kind of leak that their column is named for, each with its first place."""

    def add(self, kind: str | None, value: str, place: str) -> None:
        """Add a value, if it and the name of its column say something."""
        if kind and value:
            self.setdefault(kind, {}).setdefault(value, place)

    def list(self) -> list[Column]:
        return [Column(kind, values) for kind, values in self.items()]


class Lines:
    """Says in which line a place is."""

    def __init__(self, text: str, before: str = "", first: int = 1):
        self._text, self._before, self._first, self._starts = text, before, first, None

    def __call__(self, at: int) -> str:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self._text)), len(self._text)]
        line = bisect_right(self._starts, at, hi=len(self._starts) - 1) - 1
        start, end = self._starts[line : line + 2]
        shown = f"line {line + self._first}"
        if end - start > _LONG:
            shown += f", character {at - start + 1}"
        return f"{self._before}, {shown}" if self._before else shown


def read_plain(text: str, where: Where, *, has_tags: bool = True) -> Iterator:
    """Yield plain text, Markdown or code; tags and character references in it are read as well."""
    yield Piece(text, where)
    if has_tags and re.search("<[A-Za-z!]|&#", text):
        yield from read_markup(text, where(0).rpartition("line ")[0].rstrip(", "))


def cut_text(text: str) -> Iterator[tuple[str, Lines]]:
    """Yield a long text in parts that end with a line."""
    start, first = 0, 1
    while start < len(text):
        end = start + PART_CHARS
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        part = text[start:end]
        yield part, Lines(part, "", first)
        first += part.count("\n")
        start = end


def read_delimited(text: str) -> Iterator[Piece | Column | Unread]:
    """Yield CSV and the like: all of the text, in parts, and the columns by their names."""
    for part, lines in cut_text(text):
        yield Piece(part, lines, "cells")
        if re.search("<[A-Za-z!]|&#", part):
            yield from read_markup(part)
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=max(",;\t|", key=head.count))
    columns = Columns()
    try:
        kinds = [(at, kind) for at, name in enumerate(next(rows, [])) if (kind := find_label(name))]
        for row in rows if kinds else ():
            for at, kind in kinds:
                columns.add(kind, row[at] if at < len(row) else "", f"line {rows.line_num}")
    except csv.Error:
        yield Unread("columns", "a cell of more than 128 KiB")
        return
    yield from columns.list()


def read_json(content: object, before: str = "") -> Iterator[Piece | Column]:
    """Yield parsed JSON: every key and every text, and values by their keys."""
    texts, columns = [], Columns()
    stack = [(content, before)]
    while stack:
        value, place = stack.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                inside = f"{place}.{key}" if place else str(key)
                texts.append((str(key), f"{place or 'top'}, a key"))
                stack.append((item, inside))
                kind = find_label(str(key))
                for one in (item if isinstance(item, list) else [item]) if kind else ():
                    if isinstance(one, (str, int)) and not isinstance(one, bool):
                        columns.add(kind, str(one), inside)
        elif isinstance(value, list):
            stack.extend((item, f"{place}[{number}]") for number, item in reversed(list(enumerate(value))))
        elif isinstance(value, str):
            texts.append((value, place or "top"))
    yield join_texts(texts)
    yield from columns.list()


def join_texts(texts: Iterable[tuple[str, str]]) -> Piece:
    """Return many short texts with their places as one piece, each on a line of its own."""
    parts, places, starts, at = [], [], [], 0
    for text, place in texts:
        parts.append(text)
        places.append(place)
        starts.append(at)
        at += len(text) + 1
    return Piece("\n".join(parts), lambda at: places[max(0, bisect_right(starts, at) - 1)])


def read_notebook(content: dict) -> Iterator[Piece | Column | Picture | Unread]:
    """Yield a notebook: sources, outputs of every kind, and metadata."""
    yield from read_json(_leave_out(content, "cells"), "notebook")
    for number, cell in enumerate(content["cells"], 1):
        place = f"cell {number}"
        if not isinstance(cell, dict):
            yield Unread(place, "not a cell")
            continue
        yield from _read_lines(cell.get("source", ""), f"{place}, source")
        yield from read_json(_leave_out(cell, "source", "outputs", "attachments"), place)
        for name, bundle in (cell.get("attachments") or {}).items():
            yield from _read_bundle({f"name of an attachment {name}": "", **bundle}, f"{place}, attachment")
        for at, output in enumerate(cell.get("outputs") or [], 1):
            spot = f"{place}, output {at}"
            yield from _read_lines(output.get("text", ""), spot)
            yield from _read_bundle(output.get("data") or {}, spot)
            yield from read_json(_leave_out(output, "text", "data", "traceback"), spot)
            trace = "\n".join(map(str, output.get("traceback") or []))
            yield from _read_lines(re.sub(r"\x1b\[[0-9;]*m", "", trace), spot)


def _leave_out(content: dict, *names: str) -> dict:
    return {key: value for key, value in content.items() if key not in names}


def _read_lines(content: object, place: str) -> Iterator:
    text = _join(content)
    return read_plain(text, Lines(text, place))


def _read_bundle(bundle: dict, place: str) -> Iterator[Piece | Column | Picture | Unread]:
    for kind, content in bundle.items():
        spot = f"{place}, {kind}"
        yield from _read_lines(str(kind), f"{place}, kind")
        text = _join(content)
        if isinstance(content, (dict, list)) and kind.endswith("json"):
            yield from read_json(content, spot)
        elif kind in _MARKUP_KINDS:
            yield from read_markup(text, spot)
        elif data := b"" if kind.startswith("text/") else decode_base64(text):
            yield Picture(data, spot)
        else:
            yield from _read_lines(text, spot)


def _join(content: object) -> str:
    return "".join(map(str, content)) if isinstance(content, list) else str(content)


def decode_base64(text: str) -> bytes:
    """Return decoded base64; nothing if it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def read_markup(text: str, before: str = "") -> Iterator[Piece | Column | Picture | Unread]:
    """Yield HTML, SVG and XML: words joined over inline tags, comments, code, attributes and tables."""
    lines = Lines(text, before)
    parts, starts, origins, length = [], [], [], 0
    attributes: dict[str, dict[str, int]] = {}

    def add(part: str, origin: int) -> None:
        nonlocal length
        parts.append(part)
        starts.append(length)
        origins.append(origin)
        length += len(part)

    end = 0
    for match in _TAG.finditer(text):
        if match.start() > end:
            add(html.unescape(text[end : match.start()]), end)
        end, is_inline = match.end(), (match["tag"] or "").lower() in _INLINE
        # a declaration has no group
        if match.lastgroup and (not is_inline or _GRAPH_DATA.match(match[0])):
            add("\n", match.start())
        _collect(attributes, match["of_tag"] or match["of_raw"] or "", match.start())
        is_script = (match["raw"] or "").lower() == "script"
        inside = match["code"] if is_script else match["comment"] or match["cdata"]
        if inside and inside.strip():
            origin = match.start("code") if is_script else match.start()
            yield _place_inside(html.unescape(inside), origin, lines)
    add(html.unescape(text[end:]), end)

    def find_place(at: int) -> str:
        part = max(0, bisect_right(starts, at) - 1)
        # character references make the original longer than what is read: near enough for a line
        return lines(origins[part] + (at - starts[part] if parts[part] != "\n" else 0))

    yield Piece("".join(parts), find_place)
    yield from _read_attributes(attributes, lines)
    yield from _read_tables(text, lines)


def _place_inside(inside: str, origin: int, lines: Lines) -> Piece:
    return Piece(inside, lambda at: lines(origin + at))


def _collect(attributes: dict[str, dict[str, int]], text: str, at: int) -> None:
    """Add the attributes of a tag to the values of each name, with their first place."""
    for name, *values in _ATTRIBUTE.findall(text):
        name, value = name.lower(), "".join(values)
        if value and name not in _MACHINE:
            attributes.setdefault(name, {}).setdefault(value, at)


def _read_attributes(attributes: dict[str, dict[str, int]], lines: Lines) -> Iterator[Piece | Picture]:
    for name, values in attributes.items():
        texts = [(html.unescape(value), f"{lines(at)}, attribute {name}") for value, at in values.items()]
        if name not in _LINKS:
            yield join_texts(texts)
            continue
        for text, place in texts:
            if text.lstrip()[:5].lower() == "data:":
                yield from _open_data(text, place)
            elif not text.startswith("#"):
                yield Piece(unquote(text), lambda _, place=place: place, "url")


def _open_data(value: str, place: str) -> Iterator[Piece | Picture]:
    """Yield the file that an address carries in itself: as text if it is one."""
    head, _, body = value.partition(",")
    body = unquote(body)
    data = decode_base64(body) if "base64" in head.lower() else body.encode()
    try:
        yield from read_plain(data.decode("utf-8"), lambda _: place)
    except UnicodeDecodeError:
        yield Picture(data, place)


def _read_tables(text: str, lines: Lines) -> Iterator[Column]:
    """Yield the columns of tables by their names."""
    for table in _TABLE.finditer(text):
        kinds, columns = None, Columns()
        for row in _ROW.finditer(table[0]):
            texts = [html.unescape(re.sub(r"<[^<>]*>", "", cell)) for cell in _CELL.findall(row[0])]
            cells = [" ".join(cell.split()) for cell in texts]
            if kinds is None:
                kinds = list(map(find_label, cells))
                if not any(kinds):
                    break
                continue
            place = lines(table.start() + row.start())
            for kind, value in zip(kinds, cells):
                columns.add(kind, value, place)
        yield from columns.list()


def parse_json(text: str) -> object | None:
    """Return parsed JSON; None if it is none, or too deep to be one."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
