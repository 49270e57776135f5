"""From bytes to text: by the byte order mark, else UTF-8, else the encoding that gives words; what looks odd
is reported.
"""

import codecs
import re
from dataclasses import dataclass, field

from helpers.agencies.check import HIDDEN_CHARACTERS
from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.report import Report
from sidedoor.ingest.source import Source

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGES = ("cp1252", "mac_roman")
_ASCII = bytes(range(128))
# Tab, line ends, form feed (page ends of layout text) and vertical tab (line ends within a cell) are usual.
_USUAL = bytes([*range(9, 14), *range(32, 127)])
# Pairs of bytes of cp1252, a capital with an accent and a mark of print as in É’, that are UTF-8 by chance: a
# text in which nothing else is beyond ASCII is no UTF-8.
_BY_CHANCE = re.compile(rb"(?:[\xc6-\xdd][\x85\x92\x94\x96\x97\xa0])+")
# Signs of print that are usual in any text.
_PRINT = "\u2019\u2018\u201c\u201d\u2013\u2014\u2026\u00a0\u00b0\u00b7\u2022\u00ae\u2122"
# Characters that are the bytes of one UTF-8 character, read as cp1252 or latin-1.
_MAYBE_MOJIBAKE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{1,3}"
)
# What comes out if it was one: a letter of the Latin alphabets, an okina, a sign of print, a pictogram. No
# other result is likely: É before a curly apostrophe is correct, and the two would be a letter of phonetics.
_LIKELY = re.compile("[\u00a0-\u017f\u02bb-\u02bd\u2010-\u203a\u20ac\u2122\U0001f300-\U0001faff]")
# Mojibake in so many lines of a hundred, and in more than so many, runs through a file: it was saved wrongly.
_MOJIBAKE_PERCENT, _MOJIBAKE_FEW = 2, 2
# What looks odd: by code a pattern, and its name.
_ODD = {
    "control-characters": (re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]"), "control character"),
    "lost-characters": (re.compile("\ufffd"), "character lost before the file came here (U+FFFD)"),
    "hidden-characters": (
        re.compile(HIDDEN_CHARACTERS),
        "hidden character (without width, or turning the direction of writing)",
    ),
    "mojibake": (_MAYBE_MOJIBAKE, "line decoded wrongly before the file came here"),
}


@dataclass
class Encoding:
    """How bytes become text, how that was known, and what looks odd in it."""

    codec: str
    errors: str = "strict"  # or `replace`: bytes that the codec does not know become U+FFFD
    odd: dict[str, list[int]] = field(default_factory=dict)  # by code: how many, and the line of the first
    ends_with_newline: bool = True
    bytes_n: int = 0  # unpacked
    by_chance: bool | None = None  # no character beyond ASCII but those; None without any

    def describe(self, report: Report) -> None:
        """Write into the report how the text was read and what looks odd in it."""
        if (self.codec, self.errors) != ("utf-8", "strict"):
            report.note("encoding", f"Read as {self.codec}.")
        for code, (count, line) in self.odd.items():
            many = _ODD[code][1].replace("character", "characters").replace("line", "lines")
            report.warn(code, f"{say_number(count, _ODD[code][1], many)}, first in line {line:,}.")


def find_encoding(source: Source) -> Encoding:
    """Find the encoding of a text: by its byte order mark, else UTF-8, else the code page that gives words.

    The whole file is decoded, once. UTF-16 without its mark is refused, and so is what was decoded wrongly
    throughout.
    """
    if "encoding" in source.cache:
        return source.cache["encoding"]
    marked = next((codec for mark, codec in _BOMS if source.head.startswith(mark)), "")
    try:
        found = _scan_text(source, Encoding(marked or "utf-8"))
        if found.by_chance and not marked:
            found = _scan_text(source, Encoding("cp1252", "replace"))
    except UnicodeDecodeError:
        found = _scan_text(source, Encoding(marked or _choose(source), "replace"))
    source.cache["encoding"] = found
    return found


def _choose(source: Source) -> str:
    """Choose how to read a text that is not UTF-8 throughout."""
    passages: list[bytes] = []
    for data in source.read_chunks():
        passages += re.findall(rb"[\x00-\x7f]?[\x80-\xff]+[\x00-\x7f]?", data)
        if len(passages) > 10_000:
            break
    # More characters of UTF-8 than bytes that are none: some cells are damaged, the text is not. A code page
    # loses nothing of either, so it has to be more.
    as_utf8 = "".join(part.decode("utf-8", "replace") for part in passages)
    if len(_LIKELY.findall(as_utf8)) > as_utf8.count("\ufffd"):
        return "utf-8"
    scores = {codec: sum(_score(part.decode(codec, "replace")) for part in passages) for codec in _CODE_PAGES}
    return max(scores, key=scores.get)


def _score(text: str) -> int:
    """Return how well characters beyond ASCII fit where they are: letters within words."""
    score = 0
    for before, sign, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if sign in _PRINT:
            score += 1
        elif sign.isalpha() and "\u00c0" <= sign <= "\u00ff":
            is_alone = not before.isalpha() and after.isspace()
            score += -2 if sign.isupper() and (before.islower() or is_alone) else 2
        elif not sign.isascii():
            score -= 2
    return score


def _scan_text(source: Source, found: Encoding) -> Encoding:
    """Look through a text once for odd characters."""
    decoder = codecs.getincrementaldecoder(found.codec)(found.errors)
    is_utf8, line, end = found.codec.startswith("utf-8"), 1, ""
    for data in source.read_chunks():
        found.bytes_n += len(data)
        if is_utf8 and data and not decoder.getstate()[0] and not data.translate(None, _USUAL):
            line, end = line + data.count(b"\n"), chr(data[-1])
        elif text := decoder.decode(data, final=not data):
            if high := data.translate(None, _ASCII):
                found.by_chance = found.by_chance is not False and bool(_BY_CHANCE.fullmatch(high))
            _count_odd(text, source.name, line, found)
            line, end = line + text.count("\n"), text[-1]
    found.ends_with_newline = end in "\r\n\x0c\x1a\0"
    count, first = found.odd.get("mojibake", (0, 0))
    if count > max(_MOJIBAKE_FEW, line * _MOJIBAKE_PERCENT // 100):
        said = f"text that was decoded wrongly before, in {count:,} of {line:,} lines"
        way_out = "Ask for the original export, or save it anew with the encoding UTF-8 chosen on opening."
        raise IngestError(f"{source.name}, line {first}", said, way_out, code="mojibake")
    return found


def _count_odd(text: str, name: str, line: int, found: Encoding) -> None:
    """Count odd characters, and lines with mojibake; refuse UTF-16 without its mark."""
    if text.count("\0") > len(text) // 4:
        way_out = "It looks like UTF-16 without its mark: save it as UTF-8."
        raise IngestError(f"{name}, line {line}", "NUL characters throughout", way_out, code="nul")
    # patterns look at the text without ASCII letters first: few texts have what they look for
    rest = text.encode("utf-8", "replace").translate(None, _USUAL).decode()
    for code, (pattern, _) in _ODD.items():
        if not pattern.search(rest):
            continue
        at = [hit.start() for hit in pattern.finditer(text) if code != "mojibake" or _is_mojibake(hit[0])]
        lines = [line + text.count("\n", 0, start) for start in at[:1]]
        if code == "mojibake":
            at = lines = sorted({line + text.count("\n", 0, start) for start in at[:10_000]})
        if lines:
            found.odd.setdefault(code, [0, lines[0]])[0] += len(at)


def _is_mojibake(text: str) -> bool:
    """Return whether characters are the bytes of a likely other one, read as cp1252 or latin-1."""
    for codec in ("cp1252", "latin-1"):
        for length in range(2, len(text) + 1):
            try:
                made = text[:length].encode(codec).decode("utf-8")
            except UnicodeError:
                continue
            return bool(_LIKELY.fullmatch(made))
    return False
