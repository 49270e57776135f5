"""From bytes to text: in a stated order, nothing guessed, and what looks odd is told or refused."""

import codecs
import re
from dataclasses import dataclass

import numpy as np

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.quotes import QuoteScan
from sidedoor.ingest.source import Source

# Two or more characters that are one, read in the wrong encoding: UTF-8 taken for cp1252.
_MAYBE_MOJIBAKE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]+"
)
_LOST = re.compile("\ufffd")
# Tab, line ends, form feed (page ends of layout text) and vertical tab (line ends within a cell) are usual.
_CONTROL = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x9f]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What a report calls one of them, and several.
_SAID = {
    _CONTROL: ("control character", "control characters"),
    _LOST: (
        "character that was lost before the file came here (U+FFFD)", "characters that were lost before the file came here (U+FFFD)"
    ),
    _DIRECTION: ("character that turns the direction of writing", "characters that turn the direction of writing"),
}  # fmt: skip
_ASCII = bytes(range(128))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


@dataclass(frozen=True)
class Encoding:
    """How bytes become text, how that was known, what looks odd in it, its size unpacked, and how it quotes.

    `quotes` is None where nobody looked: in a small text, and in one that is not UTF-8.
    """

    codec: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ends_with_newline: bool = True
    bytes_n: int = 0
    quotes: QuoteScan | None = None


def find_encoding(source: Source) -> Encoding:
    """Find the encoding of a text: by its byte order mark, else UTF-8, else cp1252; nothing is guessed.

    The whole file is decoded once. The result is kept with the source.

    Raises
    ------
    IngestError
        It is none of these, it holds NUL characters, or text that was decoded wrongly before it came here.
    """
    if "encoding" not in source.cache:
        source.cache["encoding"] = _find_encoding(source)
    return source.cache["encoding"]


def _find_encoding(source: Source) -> Encoding:
    for mark, codec, name in _BOMS:
        if source.head.startswith(mark):
            return _scan_text(source, codec, f"Read as {name}, which it is marked as.")
    try:
        return _scan_text(source, "utf-8", "")
    except UnicodeDecodeError:
        return _scan_text(source, "cp1252", "Read as Windows-1252 (cp1252): it is not valid UTF-8.")


def _scan_text(source: Source, codec: str, note: str) -> Encoding:
    decoder, odd, line, end, bytes_n = codecs.getincrementaldecoder(codec)(), {}, 1, "", 0
    is_utf8 = codec.startswith("utf-8")
    quotes = (
        QuoteScan() if is_utf8 and (source.is_packed or source.bytes_n >= source.limits.bulk_bytes) else None
    )
    with source.open() as file:
        while True:
            data = file.read(1 << 20)
            bytes_n += len(data)
            if quotes and data:
                quotes.add(data)
            if is_utf8 and data.isascii() and data and not decoder.getstate()[0] and not _has_controls(data):
                line += data.count(b"\n")
                end = chr(data[-1])
                continue
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                if codec == "utf-8":
                    raise
                raise IngestError(
                    f"{source.name}, near line {line + data[: error.start].count(10)}",
                    f"bytes that are no {codec.removesuffix('-sig')}",
                    "The encoding is unknown: open it in the program that made it and save it as UTF-8.",
                ) from None
            if text:
                if not is_utf8 or _has_controls(data) or _has_odd(text):
                    _check_part(text, source.name, line, odd)
                line += text.count("\n")
                end = text[-1]
            if not data:
                break
    return Encoding(
        codec,
        (note,) if note else (),
        tuple(
            f"{say_number(count, *what)}, first in line {first:,}." for what, (count, first) in odd.items()
        ),
        end in "\r\n\x0c\x1a",
        bytes_n,
        quotes,
    )


def _has_controls(data: bytes) -> bool:
    """Say whether NUL or control characters of ASCII stand in a text: a look at the bytes, before any pattern."""
    buffer = np.frombuffer(data, "uint8")
    return bool((buffer < 9).any() or (buffer - np.uint8(14) < 18).any() or (buffer == 127).any())


def _has_odd(text: str) -> bool:
    """Say whether characters beyond ASCII may be odd; they are looked at without those between them."""
    rest = text.encode("utf-8").translate(None, _ASCII).decode("utf-8")
    return any(pattern.search(rest) for pattern in (_MAYBE_MOJIBAKE, _LOST, _CONTROL, _DIRECTION))


def _check_part(text: str, name: str, line: int, odd: dict) -> None:
    """Refuse NUL and mojibake; count other odd characters into `odd`."""
    at = text.find("\0")
    if at >= 0:
        is_wide = text.count("\0") > len(text) // 4
        raise IngestError(
            f"{name}, line {line + text.count(chr(10), 0, at)}",
            "a NUL character, which no text holds",
            "It looks like UTF-16 without its mark: save it as UTF-8."
            if is_wide
            else "The file is damaged or no text: download it again, or ask for it as CSV.",
        )
    if text.isascii():
        parts = ((_CONTROL, _SAID[_CONTROL]),)
    else:
        parts = _SAID.items()
        for found in _MAYBE_MOJIBAKE.finditer(text):
            if is_mojibake(found.group()):
                raise IngestError(
                    f"{name}, line {line + text.count(chr(10), 0, found.start())}",
                    f"text that was decoded wrongly before ({found.group()[:2]!r} for one character)",
                    "Ask for the original export, or save it anew with the encoding UTF-8 chosen on opening.",
                )
    for pattern, what in parts:
        if first := pattern.search(text):
            count, at = odd.get(what, (0, line + text.count("\n", 0, first.start())))
            odd[what] = (count + sum(1 for _ in pattern.finditer(text)), at)


def is_mojibake(text: str) -> bool:
    """Say whether characters are the bytes of others, read as cp1252 or latin-1."""
    for codec in ("cp1252", "latin-1"):
        try:
            text.encode(codec).decode("utf-8")
            return True
        except UnicodeError:
            continue
    return False
