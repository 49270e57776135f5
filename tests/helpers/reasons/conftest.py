"""Labels of reasons by plain Python, without the package's reader and without an engine."""

import functools
import re
import tomllib
import unicodedata

from helpers.reasons.rule_sets import SHIPPED

_ALIKE = str.maketrans("ıøØłŁđĐŧŦħĦ", "ioOlLdDtThH")


@functools.cache
def read_rules(name: str) -> dict:
    """Read a shipped rule file as it is."""
    return tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def fold(text: str) -> str:
    """Fold one text by Python alone: Latin accents and wide letters become plain, other characters blanks."""
    made = ""
    for letter in text.translate(_ALIKE):
        code = ord(letter)
        is_nothing = (
            code == 0xAD or 0x300 <= code <= 0x36F or 0x200B <= code <= 0x200F or 0x2060 <= code <= 0x2064
        )
        if is_nothing or code == 0xFEFF:
            continue
        if 0xC0 <= code <= 0x17F or 0xFF01 <= code <= 0xFF5E:
            plain = "".join(p for p in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(p))
            letter = plain if len(plain) == 1 and plain.isascii() else " "
        made += letter if "!" <= letter <= "~" else " "
    return re.sub(" +", " ", made).lower()


@functools.cache
def label_plainly(name: str, text: str) -> str:
    """Label a text from a shipped rule file by a loop of its own, without the package's reader."""
    content, text = read_rules(name), fold(text)
    for part in content.get("category", []):
        own = part["text"].lower()
        if text.strip() == own or re.match(f" ?{re.escape(own)} - ", text):
            return part["label"]
    words = " ".join(re.findall("[a-z0-9]+", text))
    for part in content["label"]:
        hit = any(re.search(pattern, text, re.ASCII) for pattern in part.get("any", []))
        hit = hit or any(re.fullmatch(pattern, words, re.ASCII) for pattern in part.get("whole", []))
        if hit and not any(re.search(pattern, text, re.ASCII) for pattern in part.get("unless", [])):
            return part["name"]
    return ""
