"""Errors: fields for code, one line for a person."""

from helpers.errors import IngestError, SideDoorError


def test_fields_are_kept_and_changed_one_by_one():
    """Code reads fields; a changed error keeps its class and every other field."""
    error = IngestError("log.csv", "no zone", "Name it.", code="no-zone", asks_for="time_zone")
    changed = error.change(place="log.csv, row 3")
    assert type(changed) is IngestError and changed.place == "log.csv, row 3"
    assert (changed.code, changed.asks_for, changed.found) == ("no-zone", ("time_zone",), "no zone")
    assert SideDoorError("a", "b", "c").asks_for == () and SideDoorError("a", "b", "c").code == ""
    assert SideDoorError("a", "b", "c", asks_for=["as_of", "section"]).asks_for == ("as_of", "section")


def test_a_terminal_obeys_nothing_in_an_error():
    """Escape, bell and direction marks come out as text; line ends stay."""
    shown = str(SideDoorError("a\x1b[2J", "b\x07\u202e", "c\nd"))
    assert shown.isascii() and "\x1b" not in shown and "\x07" not in shown and shown.endswith("c\nd")
