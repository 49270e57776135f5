"""Findings: numbers computed, sentences harmless, bounds kept."""

import html

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from helpers.errors import DataError
from helpers.findings import Summary, escape_markdown, state_finding
from helpers.wording import format_number

GIVEN = {"value": 48, "unit": "agencies", "sources": ["a"]}


def test_sentence_is_filled_from_values():
    """Named values appear in the sentence as people write numbers."""
    found = state_finding("x", "{value} of {total} agencies", total=12345.0, **GIVEN)

    assert "48 of 12,345 agencies" == found.sentence


@pytest.mark.parametrize("typed", ["{value} of 80 agencies", "In 2018 {value}", "{value} of ８０"])
def test_typed_digit_is_refused(typed):
    """A number typed into the sentence is an error, whatever its script."""
    with pytest.raises(DataError, match="digit is typed"):
        state_finding("x", typed, **GIVEN)


@pytest.mark.parametrize("sentence", ["{valeu}", "{}", "{value.__class__}", "{value[a]}"])
def test_fields_name_passed_values_only(sentence):
    """A field that was not passed, or that reaches into an object, is refused."""
    with pytest.raises(DataError):
        state_finding("x", sentence, **GIVEN)


def test_simulated_data_must_be_called_simulated():
    """A finding from simulated data whose sentence does not say so is refused."""
    with pytest.raises(DataError, match="simulated"):
        state_finding("x", "{value} agencies", simulated=True, **GIVEN)

    assert state_finding("x", "{value} simulated agencies", simulated=True, **GIVEN).simulated


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_value_must_be_finite(value):
    """A finding is stated from a finite figure only."""
    with pytest.raises(DataError, match="finite"):
        state_finding("x", "{value}", value=value, unit="u", sources=["a"])


def test_finding_needs_a_source():
    """A finding without a source is refused."""
    with pytest.raises(DataError, match="source"):
        state_finding("x", "{value}", value=1, unit="u", sources=[])


def test_weak_sources_alone_carry_no_finding():
    """A machine-written page is cited beside a better source, and never alone."""
    weak = {**GIVEN, "sources": ["ainewsbrew-westchester"]}
    with pytest.raises(DataError) as refused:
        state_finding("x", "{value} agencies", **weak)
    assert refused.value.code == "weak-sources"
    weak["sources"] = ["ainewsbrew-westchester", "ocweekly"]
    assert state_finding("x", "{value} agencies", **weak).sources == ("ainewsbrew-westchester", "ocweekly")


def test_rows_of_a_fact_table_carry_their_pages():
    """Given rows, a finding names each source once, with the pages that its rows stand on."""
    rows = pd.DataFrame({"source_id": ["b", "a", "b", "b"], "page": ["p. 2", None, "p. 1", "p. 2"]})
    found = state_finding("x", "{value}", value=1, unit="u", sources=rows)

    assert ("b", "a") == found.sources
    assert {"b": ("p. 2", "p. 1")} == found.pages


def test_unlimited_is_not_the_same_as_not_stated():
    """`at least 80` has no upper limit, and says so; a figure without stated bounds claims nothing."""
    at_least = state_finding(
        "x", "{low} to {high}", value=90, low=80, high=float("inf"), unit="u", sources=["a"]
    )
    bare = state_finding("y", "{value}", value=90, unit="u", sources=["a"])

    assert (80, None, ("high",)) == (at_least.low, at_least.high, at_least.unlimited)
    assert (None, None, ()) == (bare.low, bare.high, bare.unlimited)


@pytest.mark.parametrize("bounds", [{"low": 49}, {"high": 47}, {"low": 150, "high": 200}])
def test_value_outside_its_bounds_is_refused(bounds):
    """Numbers meant for the sentence do not become bounds by mistake."""
    with pytest.raises(DataError):
        state_finding("x", "{value}", **GIVEN, **bounds)


def test_summary_shows_the_findings_where_it_was_displayed(monkeypatch):
    """The box at the top is filled from the findings; before the run it says that it is empty."""
    shown = []

    class Handle:
        def update(self, made):
            shown.append(made.data)

    monkeypatch.setattr(
        "IPython.display.display", lambda made, display_id: shown.append(made.data) or Handle()
    )
    summary = Summary()
    summary._ipython_display_()
    summary.fill(state_finding("x", "{value} of *all*", **GIVEN))

    assert len(shown) == 2 and shown[1] == r"- 48 of \*all\*"
    with pytest.raises(DataError):
        summary.fill()


def test_markup_in_values_takes_no_effect():
    """HTML, links and emphasis in a value are shown as text."""
    payload = "<img src=x onerror=alert(1)>[x](javascript:alert(1))**b**"
    bundle, metadata = state_finding("x", "{name}", name=payload, **GIVEN)._repr_mimebundle_()

    shown = MarkdownIt("commonmark").render(bundle["text/markdown"])
    assert f"<p><strong>Finding.</strong> {html.escape(payload, quote=False)}</p>\n" == shown
    assert payload == metadata["sidedoor_finding"]["sentence"]


def test_escape_covers_every_character_that_markdown_reads():
    """Each active character of Markdown is preceded by a backslash."""
    assert r"\*a\_b\`c\$d\~" == escape_markdown("*a_b`c$d~")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (9200, "9,200"),
        (178_461_103, "178 million"),
        (1_500_000_000, "1.5 billion"),
        (6_373_488, "6.37 million"),
        (54.9134, "54.9"),
        (3.2608695, "3.26"),
        (0.00448, "0.00448"),
        (1110.4, "1,110"),
        (-120.06, "-120"),
        (2.5, "2.5"),
    ],
)
def test_numbers_are_written_as_people_say_them(number, written):
    """Whole numbers in full, millions and more in words, fractions to three significant digits."""
    assert written == format_number(number)


def test_opening_says_that_data_are_simulated():
    """A notebook that runs on any data puts words before its sentence, such as the name of a log."""
    given = {"value": 3, "unit": "agencies", "sources": ["a"]}
    stated = state_finding(
        "a", "{value} agencies share.", **given, simulated=True, opening="In simulated lists: "
    )
    assert stated.sentence == "In simulated lists: 3 agencies share."
    stated = state_finding("a", "{value} rows.", **given, opening="In the log of Region 2 {ZZ}, ")
    assert stated.sentence == "In the log of Region 2 {ZZ}, 3 rows."
