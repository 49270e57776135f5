"""Bring reasons to one notation before they are searched: small letters, no accents, no invisible signs."""

import re
import unicodedata
from functools import cache

# Printable ASCII; every other sign sends a text through the whole folding.
ODD = "[^ -~]"
# Any sign that is not ASCII. Line ends and other control signs need no list of letters, which costs an engine most.
_FOREIGN = r"[^\x01-\x7f]"
# Signs that show as nothing or join the letter before them: soft hyphen, combining marks, zero-width signs.
_NOTHING = "[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufeff]+"
_ODD_RUN = "[^ -~]+"
# Letters that Unicode does not take apart.
_ALIKE = {
    "ı": "i",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ŧ": "t",
    "Ŧ": "T",
    "ħ": "h",
    "Ħ": "H",
}
# Latin letters with accents, and wide forms: a longer list slows the engine down for every text that needs it.
_BLOCKS = ((0xC0, 0x17F), (0xFF01, 0xFF5E))


@cache
def list_folds() -> tuple[str, str]:
    """List letters with accents and in wide forms, and the plain sign that each becomes, as two texts of one length."""
    folds = dict(_ALIKE)
    for first, last in _BLOCKS:
        for code in range(first, last + 1):
            parts = unicodedata.normalize("NFKD", chr(code))
            plain = "".join(part for part in parts if not unicodedata.combining(part))
            if len(plain) == 1 and plain.isascii():
                folds.setdefault(chr(code), plain)
    signs = sorted(folds)
    return "".join(signs), "".join(folds[sign] for sign in signs)


def fold_text(text):
    """Fold a column of texts in the engine that holds it.

    Parameters
    ----------
    text
        An Ibis column of text.

    Returns
    -------
    Ibis column: printable ASCII in small letters. Accents are dropped, wide letters become plain, signs that show as
    nothing vanish, runs of whatever else is not ASCII become one blank.
    """
    import ibis

    plain = text.translate(*list_folds()).re_replace(_NOTHING, "").re_replace(_ODD_RUN, " ")
    # Most texts are printable ASCII: the engine folds the others only, and each no more than it needs.
    blank = text.re_replace(_ODD_RUN, " ")
    return ibis.cases((text.re_search(_FOREIGN), plain), (text.re_search(ODD), blank), else_=text).lower()


def fold(text: str) -> str:
    """Fold one text, as `fold_text` folds a column."""
    plain = text.translate(str.maketrans(*list_folds()))
    return re.sub(_ODD_RUN, " ", re.sub(_NOTHING, "", plain)).lower()
