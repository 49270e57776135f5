"""Findings: numbers computed, sentences harmless, bounds kept; errors: fields for code, a line for a person."""

import html
from unittest.mock import MagicMock

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from helpers.errors import DataError, IngestError, SideDoorError
from helpers.findings import Summary, escape_markdown, state_finding
from helpers.wording import format_number, say_number
from made.refusal import refused

GIVEN = {"value": 48, "unit": "agencies", "sources": ["a"]}


def state(sentence="{value} agencies", **changes):
    """State a finding of 48 agencies."""
    return state_finding(**{"id": "x", "sentence": sentence, **GIVEN} | changes)


def test_sentence_is_filled_from_values():
    """Named values appear in the sentence as people write numbers.

    A notebook that runs on any data puts words before its sentence, such as the name of a log.
    """
    assert state("{value} of {total} agencies", total=12345.0).sentence == "48 of 12,345 agencies"
    stated = state("{value} agencies share.", simulated=True, opening="In simulated lists: ")
    assert stated.sentence == "In simulated lists: 48 agencies share."
    stated = state("{value} rows.", opening="In the log of Region 2 {ZZ}, ")
    assert stated.sentence == "In the log of Region 2 {ZZ}, 48 rows."


@pytest.mark.parametrize(
    "wrong",
    [
        {"sentence": "{value} of 80 agencies"},  # a typed digit, whatever its script
        {"sentence": "In 2018 {value}"},
        {"sentence": "{value} of ８０"},
        {"sentence": "{valeu}"},  # a field that was not passed, or that reaches into an object
        {"sentence": "{}"},
        {"sentence": "{value.__class__}"},
        {"sentence": "{value[a]}"},
        {"simulated": True},  # and the sentence does not say so
        {"value": float("nan")},
        {"value": float("inf")},
        {"sources": []},
        {"low": 49},
        {"high": 47},
        {"low": 150, "high": 200},
        {"id": "Two Words"},
    ],
)
def test_what_no_finding_may_hold_is_refused(wrong):
    """What is refused here is the one thing that differs from a finding that is accepted."""
    assert state().value == 48
    assert state("{value} simulated agencies", simulated=True).simulated
    with pytest.raises(DataError):
        state(**wrong)


def test_weak_sources_alone_carry_no_finding():
    """A machine-written page is cited beside a better source, and never alone."""
    weak = ["ainewsbrew-westchester"]
    with refused("weak-sources", DataError):
        state(sources=weak)
    assert state(sources=[*weak, "ocweekly"]).sources == (*weak, "ocweekly")


def test_rows_of_a_fact_table_carry_their_pages():
    """Given rows, a finding names each source once, with the pages of its rows."""
    rows = pd.DataFrame({"source_id": ["b", "a", "b", "b"], "page": ["p. 2", None, "p. 1", "p. 2"]})
    found = state(sources=rows)

    assert ("b", "a") == found.sources
    assert {"b": ("p. 2", "p. 1")} == found.pages


def test_unlimited_is_not_the_same_as_not_stated():
    """`at least 80` has no upper limit, and says so; a figure without stated bounds claims nothing."""
    at_least, bare = state("{low} to {high}", value=90, low=80, high=float("inf")), state()

    assert (80, None, ("high",)) == (at_least.low, at_least.high, at_least.unlimited)
    assert (None, None, ()) == (bare.low, bare.high, bare.unlimited)


def test_summary_shows_the_findings_where_it_was_displayed(monkeypatch):
    """The box at the top is filled from the findings; before the run it says that it is empty."""
    display = MagicMock()
    monkeypatch.setattr("IPython.display.display", display)
    summary = Summary()
    summary._ipython_display_()
    summary.fill(state("{value} of *all*"))

    (shown,) = display.return_value.update.call_args.args
    assert display.call_count == 1 and shown.data == r"- 48 of \*all\*"
    with pytest.raises(DataError):
        summary.fill()


def test_markup_in_values_takes_no_effect():
    """HTML, links and emphasis in a value are shown as text."""
    payload = "<img src=x onerror=alert(1)>[x](javascript:alert(1))**b**"
    bundle, metadata = state("{name}", name=payload)._repr_mimebundle_()

    shown = MarkdownIt("commonmark").render(bundle["text/markdown"])
    assert f"<p><strong>Finding.</strong> {html.escape(payload, quote=False)}</p>\n" == shown
    assert payload == metadata["sidedoor_finding"]["sentence"]
    assert r"\*a\_b\`c\$d\~" == escape_markdown("*a_b`c$d~")


NUMBERS = {
    0: "0", 9200: "9,200", 178_461_103: "178 million", 1_500_000_000: "1.5 billion", 6_373_488: "6.37 million",
    54.9134: "54.9", 3.2608695: "3.26", 0.00448: "0.00448", 1110.4: "1,110", -120.06: "-120", 2.5: "2.5",
}  # fmt: skip


def test_numbers_are_written_as_people_say_them():
    """Whole numbers in full, millions and more in words, fractions to three significant digits.

    A number agrees with its word: one alone is one, any other, zero too, is many.
    """
    assert {number: format_number(number) for number in NUMBERS} == NUMBERS
    said = [say_number(number, "row") for number in (1, 0, 2, 1234, -1)]
    assert said == ["1 row", "0 rows", "2 rows", "1,234 rows", "-1 rows"]
    assert [say_number(number, "entry", "entries") for number in (1, 3)] == ["1 entry", "3 entries"]


# --- errors ---------------------------------------------------------------------------------------


def test_fields_are_kept_and_changed_one_by_one():
    """Code reads fields; a changed error keeps its class and every other field."""
    error = IngestError("log.csv", "no zone", "Name it.", code="no-zone", asks_for="time_zone")
    changed, bare = error.change(place="log.csv, row 3"), SideDoorError("a", "b", "c")
    assert type(changed) is IngestError and changed.place == "log.csv, row 3"
    assert (changed.code, changed.asks_for, changed.found) == ("no-zone", ("time_zone",), "no zone")
    assert (bare.asks_for, bare.code) == ((), "")
    assert SideDoorError("a", "b", "c", asks_for=["as_of", "section"]).asks_for == ("as_of", "section")


def test_a_terminal_obeys_nothing_in_an_error():
    """Escape, bell and direction marks come out as text; line ends stay."""
    shown = str(SideDoorError("a\x1b[2J", "b\x07\u202e", "c\nd"))
    assert shown.isascii() and "\x1b" not in shown and "\x07" not in shown and shown.endswith("c\nd")
