"""Text out of text files: plain, delimited, JSON, notebooks, HTML and SVG, each piece with its place."""

import base64
import binascii
import csv
import html
import io
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from helpers.leaks import find_label

_COMMENT = r"<!--(?P<comment>.*?)(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
_ATTRIBUTES = r"""(?:"[^"]*"|'[^']*'|[^'"<>])*+"""
_TAG = re.compile(
    rf"{_COMMENT}|<(?P<raw>script|style)\b(?P<of_raw>{_ATTRIBUTES})>(?P<code>.*?)(?:</(?P=raw)\s*>|\Z)"
    rf"|<(?P<end>/?)(?P<tag>[A-Za-z][\w:.-]*)(?P<of_tag>{_ATTRIBUTES})>|<[!?][^<>]*>",
    re.S | re.I,
)
_ATTRIBUTE = re.compile(r"""([A-Za-z_:@][\w:.@-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
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
_LONG = 500
# Text beyond this is searched in parts.
PART_CHARS = 4 << 20


@dataclass
class Piece:
    """A text to look through. `mode` is `text`, `cells`, `url`, or `canary`: canaries only."""

    text: str
    where: Callable[[int], str]
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


class Lines:
    """Says in which line a place is."""

    def __init__(self, text: str, before: str = "", first: int = 1):
        self._text, self._before, self._first, self._starts = text, before, first, None

    def __call__(self, at: int) -> str:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        line = bisect_right(self._starts, at) - 1
        start = self._starts[line]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        shown = f"line {line + self._first}" + (
            f", character {at - start + 1}" if end - start > _LONG else ""
        )
        return f"{self._before}, {shown}" if self._before else shown


def read_plain(text: str, where: Callable[[int], str], *, has_tags: bool = True) -> Iterator:
    """Yield plain text, Markdown or code; tags and character references in it are read as well."""
    yield Piece(text, where)
    if has_tags and (re.search("<[A-Za-z!]", text) or "&#" in text):
        yield from read_markup(text, where(0).rpartition("line ")[0].rstrip(", "))


def cut_text(text: str) -> Iterator[tuple[str, "Lines"]]:
    """Yield a long text in parts that end with a line."""
    start, first = 0, 1
    while start < len(text):
        end = len(text)
        if end - start > PART_CHARS:
            end = text.rfind("\n", start, start + PART_CHARS) + 1
            end = end if end > start else start + PART_CHARS
        part = text[start:end]
        yield part, Lines(part, "", first)
        first += part.count("\n")
        start = end


def read_delimited(text: str) -> Iterator[Piece | Column]:
    """Yield CSV and the like: all of the text, in parts, and the columns by their names."""
    sign = find_delimiter(text)
    for part, lines in cut_text(text):
        yield Piece(part, lines, "cells")
        if re.search("<[A-Za-z!]|&#", part):
            yield from read_markup(part)
    rows = csv.reader(io.StringIO(text), delimiter=sign)
    try:
        kinds = [(at, kind) for at, name in enumerate(next(rows, [])) if (kind := find_label(name))]
        columns: dict[int, dict[str, str]] = {at: {} for at, _ in kinds}
        for row in rows if kinds else ():
            for at, values in columns.items():
                if at < len(row) and row[at]:
                    values.setdefault(row[at], f"line {rows.line_num}")
    except csv.Error:
        yield Unread("columns", "a cell of more than 128 KiB")
        return
    yield from (Column(kind, columns[at]) for at, kind in kinds)


def find_delimiter(text: str) -> str:
    """Find what parts the cells of the first line."""
    line = text[: text.find("\n")] if "\n" in text else text
    return max(",;\t|", key=line.count)


def read_json(content: object, before: str = "") -> Iterator[Piece | Column]:
    """Read parsed JSON: every key and every text, and values by their keys."""
    texts: list[str] = []
    places: list[str] = []
    columns: dict[str, dict[str, str]] = {}
    stack = [(content, before)]
    while stack:
        value, place = stack.pop()
        if isinstance(value, dict):
            for key, item in value.items():
                inside = f"{place}.{key}" if place else str(key)
                texts.append(str(key))
                places.append(f"{place or 'top'}, a key")
                stack.append((item, inside))
                kind = find_label(str(key))
                for one in (item if isinstance(item, list) else [item]) if kind else ():
                    if isinstance(one, (str, int)) and not isinstance(one, bool):
                        columns.setdefault(kind, {}).setdefault(str(one), inside)
        elif isinstance(value, list):
            stack.extend((item, f"{place}[{number}]") for number, item in reversed(list(enumerate(value))))
        elif isinstance(value, str):
            texts.append(value)
            places.append(place or "top")
    yield join_texts(texts, places)
    yield from (Column(kind, values) for kind, values in columns.items())


def join_texts(texts: list[str], places: list[str], mode: str = "text") -> Piece:
    """Join many short texts into one piece, each on a line of its own."""
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    return Piece(
        "\n".join(texts), lambda at: places[max(0, bisect_right(starts, at) - 1)] if places else "", mode
    )


def read_notebook(content: dict) -> Iterator[Piece | Column | Picture | Unread]:
    """Yield a notebook: sources, outputs of every kind, and metadata."""
    yield from read_json({key: value for key, value in content.items() if key != "cells"}, "notebook")
    for number, cell in enumerate(content["cells"], 1):
        place = f"cell {number}"
        if not isinstance(cell, dict):
            yield Unread(place, "not a cell")
            continue
        yield from _read_lines(cell.get("source", ""), f"{place}, source")
        known = ("source", "outputs", "attachments")
        yield from read_json({key: value for key, value in cell.items() if key not in known}, place)
        for name, bundle in (cell.get("attachments") or {}).items():
            yield from _read_bundle({f"name of an attachment {name}": "", **bundle}, f"{place}, attachment")
        for at, output in enumerate(cell.get("outputs") or [], 1):
            spot = f"{place}, output {at}"
            if "text" in output:
                yield from _read_lines(output["text"], spot)
            yield from _read_bundle(output.get("data") or {}, spot)
            rest = {key: value for key, value in output.items() if key not in ("text", "data", "traceback")}
            yield from read_json(rest, spot)
            trace = "\n".join(map(str, output.get("traceback") or []))
            yield from _read_lines(re.sub(r"\x1b\[[0-9;]*m", "", trace), spot)


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
        elif kind in ("text/html", "image/svg+xml", "text/xml", "application/xml"):
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
    except (ValueError, binascii.Error):
        return b""


def read_markup(text: str, before: str = "") -> Iterator[Piece | Column | Picture | Unread]:
    """Read HTML, SVG and XML: text with words joined over inline tags, comments, code, attributes, tables."""
    lines = Lines(text, before)
    parts, starts, origins, at = [], [], [], 0
    attributes: dict[str, dict[str, int]] = {}

    def add(part: str, origin: int) -> None:
        nonlocal at
        parts.append(part)
        starts.append(at)
        origins.append(origin)
        at += len(part)

    end = 0
    for match in _TAG.finditer(text):
        if match.start() > end:
            add(html.unescape(text[end : match.start()]), end)
        end = match.end()
        if (tag := match["tag"]) is not None:
            if tag.lower() not in _INLINE or _GRAPH_DATA.match(match[0]):
                add("\n", match.start())
            if "=" in match["of_tag"]:
                _collect(attributes, match["of_tag"], match.start())
        elif match["raw"]:
            add("\n", match.start())
            _collect(attributes, match["of_raw"], match.start())
            if match["raw"].lower() == "script":
                yield from _shift(match["code"], match.start("code"), lines)
        elif (inside := match["comment"] or match["cdata"]) is not None:
            add("\n", match.start())
            yield from _shift(inside, match.start(), lines)
    if end < len(text):
        add(html.unescape(text[end:]), end)

    def place(at: int) -> str:
        part = max(0, bisect_right(starts, at) - 1)
        # character references make the original longer than what is read: near enough for a line
        return lines(origins[part] + (at - starts[part] if parts[part] != "\n" else 0)) if parts else before

    yield Piece("".join(parts), place)
    yield from _read_attributes(attributes, lines)
    if "<table" in text or "<TABLE" in text:
        yield from _read_tables(text, lines)


def _shift(text: str, origin: int, lines: Lines) -> Iterator[Piece]:
    if text.strip():
        yield Piece(html.unescape(text), lambda at: lines(origin + min(at, len(text))))


def _collect(attributes: dict[str, dict[str, int]], text: str, at: int) -> None:
    for name, *values in _ATTRIBUTE.findall(text):
        name = name.lower()
        value = values[0] or values[1] or values[2]
        if value and name not in _MACHINE and value not in (found := attributes.setdefault(name, {})):
            found[value] = at


def _read_attributes(attributes: dict[str, dict[str, int]], lines: Lines) -> Iterator[Piece | Picture]:
    for name, values in attributes.items():
        is_link = name in _LINKS
        texts, origins = [], []
        for value, at in values.items():
            value = html.unescape(value)
            if is_link and value.lstrip()[:5].lower() == "data:":
                yield from _open_data(value, f"{lines(at)}, attribute {name}")
            elif not (is_link and value.startswith("#")):
                texts.append(unquote(value) if is_link else value)
                origins.append(at)
        if is_link:
            for text, at in zip(texts, origins):
                yield Piece(text, lambda _, at=at, name=name: f"{lines(at)}, attribute {name}", "url")
        elif texts:
            yield join_texts(texts, [f"{lines(at)}, attribute {name}" for at in origins])


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
    """Read the columns of tables by their names."""
    for table in re.finditer(r"<table\b.*?(?:</table\s*>|\Z)", text, re.S | re.I):
        kinds: list[str | None] = []
        columns: dict[str, dict[str, str]] = {}
        for row in re.finditer(r"<tr\b.*?(?=<tr\b|</table|\Z)", table[0], re.S | re.I):
            cells = [
                " ".join(html.unescape(re.sub(r"<[^<>]*>", "", cell)).split())
                for cell in re.findall(r"<t[hd]\b[^<>]*>(.*?)(?=<t[hd]\b|</tr|\Z)", row[0], re.S | re.I)
            ]
            if not kinds:
                kinds = [find_label(name) for name in cells]
                if not any(kinds):
                    break
                continue
            place = lines(table.start() + row.start())
            for kind, value in zip(kinds, cells):
                if kind and value:
                    columns.setdefault(kind, {}).setdefault(value, place)
        yield from (Column(kind, values) for kind, values in columns.items())


def parse_json(text: str) -> object | None:
    """Parse JSON; None if it is none, or too deep to be one."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
