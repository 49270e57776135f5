"""What is read from a name, and its settled form."""

from typing import NamedTuple

from helpers.agencies.words import load_words

COUNTY_RULE = "place: County left out, a sheriff's is the county"
OUT_OF_USE_RULE = "account: marked as out of use"


class AgencyName(NamedTuple):
    """What a name says.

    `place` is the lower-case name without role and state; `role` and `state` are empty if the name does not give
    them; `kind` is one of `KINDS`; `detail` is what tells two units of one place apart (a precinct, a station, the
    county in brackets); `rules` names the rules that fired, in order.
    """

    place: str
    role: str
    state: str
    kind: str
    is_inactive: bool
    rules: tuple[str, ...]
    detail: str = ""


def format_name(name: AgencyName) -> str:
    """Write a name in its settled form: `Inactive Los Angeles County Sheriff's Office (Lomita Station) (CA)`.

    `parse_name` reads the settled form back to the same place, role, state, kind and detail.
    """
    words = load_words()
    federal = {entry["id"]: entry["label"] for entry in words.federal}
    label = federal.get(name.role) or (words.roles[name.role].label if name.role in words.roles else "")
    place = " ".join(word.capitalize() for word in name.place.split())
    if name.role == "so" and name.kind == "sheriff" and place:
        place += " Parish" if name.state == "LA" else " County"
    parts = [label or "US", place] if name.kind == "federal" else [place, label]
    if name.is_inactive:
        parts.insert(0, "Inactive")
    if name.detail:
        parts.append(f"({name.detail.title()})")
    if name.state:
        parts.append(f"({name.state})")
    return " ".join(part for part in parts if part)
