"""Read an agency's name by rules: place, role, state, kind. Every rule that fires is named in the result."""

from functools import lru_cache

from helpers.agencies.name import AgencyName, format_name
from helpers.agencies.plain import read_plain
from helpers.agencies.rules import read_once
from helpers.agencies.words import STATES

__all__ = ["AgencyName", "format_name", "parse_name"]
# Kinds without a state of their own: a hint says nothing about them.
_STATELESS = ("federal", "not_an_agency", "vendor_demo", "pool", "company")
_ROUNDS = 8


def parse_name(text: str, state_hint: str | None = None) -> AgencyName:
    """Read an agency's name.

    Parameters
    ----------
    text
        The name as printed, from any list: `Aberdeen WA PD`, `Aberdeen Police Department (WA)`, `WA - Aberdeen PD`.
    state_hint
        Postal code to assume when the name gives no state (the list's own state, for example). Never overrides.

    Returns
    -------
    AgencyName. Never raises on text: what no rule understands stays in `place`, with kind `other`.
    """
    known = read_plain(text)
    if known is None:
        known = _read(text, state_hint if state_hint in STATES else "")
    if not known.state and state_hint in STATES and known.kind not in _STATELESS:
        known = known._replace(state=state_hint, rules=(*known.rules, "state: from the hint"))
    return known


@lru_cache(maxsize=65536)
def _read(text: str, hint: str) -> AgencyName:
    """Read a name by all rules, and its settled form again until it reads as itself.

    Real names settle at once. Odd texts (words of roles and states in a jumble) may need another round; without it
    a name written by `format_name` could be read otherwise than the name it was written from.
    """
    name = first = read_once(text, hint)
    for _ in range(_ROUNDS):
        settled = format_name(name)
        again = read_plain(settled) or read_once(settled, "")
        if again[:5] == name[:5] and again.detail == name.detail:
            return name
        name = again._replace(rules=(*name.rules, "text: settled in another round"))
    return first._replace(rules=(*first.rules, "text: does not settle"))
