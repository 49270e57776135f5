"""Errors that a reader can act on: each names the place, what was found there, and the way out."""


def escape_controls(text: str) -> str:
    """Write out whatever a terminal could obey, line ends excepted: a text may quote a file that nobody checked."""
    return "".join(
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


class SideDoorError(Exception):
    """An error meant for a person.

    Parameters
    ----------
    place
        File, and within it page, row or cell.
    found
        What stood there.
    way_out
        What the reader can do about it.
    """

    def __init__(self, place: str, found: str, way_out: str):
        self.place, self.found, self.way_out = place, found, way_out
        super().__init__(f"{place}: {found}. {way_out}")

    def __str__(self) -> str:
        return escape_controls(super().__str__())


class DataError(SideDoorError):
    """A table breaks its schema, or an argument makes no sense for it."""


class IngestError(SideDoorError):
    """A file from a records request cannot be read safely and completely."""


class ParameterError(SideDoorError):
    """A notebook parameter or an edition file is not what the notebook declares."""


class RunError(SideDoorError):
    """A notebook did not run to its end, or its result is not what it should be."""
