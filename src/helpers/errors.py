"""Errors that a person can act on: what was found, where, and what to do about it."""

import difflib
from collections.abc import Iterable


def escape_controls(text: str, kept: str = "\n") -> str:
    """Return a text with control characters written out, so that a terminal obeys none of them.

    Parameters
    ----------
    text
        May quote a file that nobody has checked.
    kept
        Characters that stay: line ends in a message, none in the name of a file.
    """
    return "".join(
        sign if sign.isprintable() or sign in kept else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


def show_value(value: object) -> str:
    """Return a value as Python would write it, shortened and without control characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        # a number of more digits than Python writes, or a list of lists of lists
        return f"a value of the type {type(value).__name__} that is too long to show"
    return text if len(text) <= 80 else text[:77] + "..."


def offer_nearest(wrong: object, known: Iterable[str]) -> str:
    """Return a hint: "Did you mean `x`?" for the nearest known name, or a list of all of them."""
    known = list(known)
    near = difflib.get_close_matches(wrong[:200] if isinstance(wrong, str) else "", known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"There are: {', '.join(known)}." if known else "It takes none."


class SideDoorError(Exception):
    """An error meant for a person. Code decides by its fields, never by the words of its texts.

    Attributes
    ----------
    place
        The file, and within it the page, row or cell.
    found
        What was found there.
    way_out
        What the person can do about it.
    code
        What kind of error it is, in words joined by hyphens, for code and tests. May be empty.
    asks_for
        Names of the options that would answer it, for example `("time_zone",)`; a single one may be given
        as a text.
    """

    def __init__(
        self, place: str, found: str, way_out: str, *, code: str = "", asks_for: str | Iterable[str] = ()
    ):
        self.place, self.found, self.way_out, self.code = place, found, way_out, code
        self.asks_for = (asks_for,) if isinstance(asks_for, str) and asks_for else tuple(asks_for)
        super().__init__(f"{place}: {found}. {way_out}")

    def __str__(self) -> str:
        return escape_controls(super().__str__())

    def change(self, **fields) -> "SideDoorError":
        """Return the same error with other fields, for example another `place`."""
        kept = {
            name: getattr(self, name) for name in ("place", "found", "way_out", "code", "asks_for")
        } | fields
        return type(self)(kept.pop("place"), kept.pop("found"), kept.pop("way_out"), **kept)


class DataError(SideDoorError):
    """A table breaks its schema, or an argument makes no sense for it."""


class IngestError(SideDoorError):
    """A file from a records request cannot be read safely and completely."""


class ParameterError(SideDoorError):
    """A notebook parameter or an edition file is not what the notebook declares."""


class RunError(SideDoorError):
    """A notebook did not run to its end, or its result is not what it should be."""
