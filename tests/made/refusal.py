"""Check that something is refused: by the class and the code of the error, not by its words."""

from contextlib import contextmanager

import pytest

from helpers.errors import ParameterError, SideDoorError


@contextmanager
def refused(code: str, kind: type[SideDoorError] = ParameterError, place: str = "", hint: str = ""):
    """Demand an error of a class with a code; optionally its place, and a name that its way out offers."""
    with pytest.raises(kind) as raised:
        yield raised
    error = raised.value
    assert error.code == code, f"{error.code}: {error}"
    assert place in error.place and hint in error.way_out
    assert "\x1b" not in str(error)
