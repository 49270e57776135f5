"""Fold texts and give them labels, as expressions of the engine that holds them."""

import unicodedata
from functools import cache

# Texts with anything but printable ASCII, or with two blanks in a row, are folded before the search.
ODD = "[^ -~]|  "
_FOREIGN = r"[^\x01-\x7f]"
# Characters that show as nothing or join the letter before them.
_NOTHING = "[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufeff]+"
_BLANKS = "[^!-~]+"
# Letters that Unicode does not take apart; Latin letters with accents, and wide forms.
_ALIKE = dict(zip("ıøØłŁđĐŧŦħĦ", "ioOlLdDtThH", strict=True))
_BLOCKS = ((0xC0, 0x17F), (0xFF01, 0xFF5E))


@cache
def list_folds() -> tuple[str, str]:
    """Return letters with accents and in wide forms, and the plain characters for them, as two texts."""
    folds = dict(_ALIKE)
    for first, last in _BLOCKS:
        for code in range(first, last + 1):
            parts = unicodedata.normalize("NFKD", chr(code))
            plain = "".join(part for part in parts if not unicodedata.combining(part))
            if len(plain) == 1 and plain.isascii():
                folds.setdefault(chr(code), plain)
    letters = sorted(folds)
    return "".join(letters), "".join(folds[letter] for letter in letters)


def fold_text(text):
    """Return a column of texts as printable ASCII in small letters, with single blanks.

    Accents are dropped, wide letters become plain, invisible characters vanish, runs of anything else that
    is not ASCII become one blank.
    """
    import ibis

    plain = text.translate(*list_folds()).re_replace(_NOTHING, "").re_replace(_BLANKS, " ")
    # Most texts are printable ASCII: the engine folds only the others, and each no more than it needs.
    blank = text.re_replace(_BLANKS, " ")
    return ibis.cases((text.re_search(_FOREIGN), plain), (text.re_search(ODD), blank), else_=text).lower()


def join_patterns(patterns) -> str:
    """Return one pattern that finds what any of some patterns finds."""
    return "|".join(f"(?:{pattern})" for pattern in dict.fromkeys(patterns))


def name_label(folded, rules):
    """Return the first label of a rule set that applies to each folded text, empty if none does."""
    import ibis

    branches = []
    for label in rules.labels:
        applies = folded.re_search(join_patterns(label.search))
        if label.unless:
            applies &= ~folded.re_search(join_patterns(label.unless))
        branches.append((applies, label.name))
    return ibis.cases(*branches, else_="")
