"""Errors that a person can act on: what was found, where, and what to do about it."""

from collections.abc import Iterable


def escape_controls(text: str) -> str:
    """Return a text with control characters written out, line ends excepted, so that a terminal obeys none of them."""
    return "".join(
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode("ascii") for sign in text
    )


class SideDoorError(Exception):
    """An error meant for a person. Code decides by its fields, never by the words of its texts.

    Parameters
    ----------
    place
        The file, and within it the page, row or cell.
    found
        What was found there.
    way_out
        What the person can do about it.
    code
        What kind of error it is, in words joined by hyphens, for code and tests; empty where none tells it from others.
    asks_for
        Names of the options that would answer it, for example `("time_zone",)`. One name may be given as a text.

    Attributes
    ----------
    place, found, way_out, code, asks_for
        As given; `asks_for` is a tuple.
    """

    def __init__(self, place: str, found: str, way_out: str, *, code: str = "", asks_for: str | Iterable[str] = ()):
        self.place, self.found, self.way_out, self.code = place, found, way_out, code
        self.asks_for = (asks_for,) if isinstance(asks_for, str) and asks_for else tuple(asks_for)
        super().__init__(f"{place}: {found}. {way_out}")

    def __str__(self) -> str:
        return escape_controls(super().__str__())

    def change(self, **fields) -> "SideDoorError":
        """Return the same error with other fields, for example another `place`."""
        kept = {name: getattr(self, name) for name in ("place", "found", "way_out", "code", "asks_for")} | fields
        return type(self)(kept.pop("place"), kept.pop("found"), kept.pop("way_out"), **kept)


class DataError(SideDoorError):
    """A table breaks its schema, or an argument makes no sense for it."""


class IngestError(SideDoorError):
    """A file from a records request cannot be read safely and completely."""


class ParameterError(SideDoorError):
    """A notebook parameter or an edition file is not what the notebook declares."""


class RunError(SideDoorError):
    """A notebook did not run to its end, or its result is not what it should be."""
