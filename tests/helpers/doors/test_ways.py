"""Behaviour of `helpers.doors.ways`."""

import pandas as pd
import pytest

from helpers.doors import ways
from helpers.network import documented as access


def test_every_door_of_the_schema_is_described():
    """The descriptions cover the doors of the schema, in its order, and leave no cell empty."""
    table = ways.describe_doors()
    assert table["door"].tolist() == access.list_doors()
    assert table.notna().all(axis=None)
    assert not (table == "").any(axis=None)


def test_doors_are_named_in_schema_order():
    """Names join into a phrase, whatever order they are asked in."""
    assert ways.name_doors(["side", "front", "account"]) == "front door, account and side door"
    assert ways.name_doors(["relay"]) == "relay"
    assert ways.name_doors([]) == ""


def test_words_follow_the_number():
    """One takes the singular; none and many the plural."""
    assert [ways.choose_word(number, "path", "paths") for number in (0, 1, 2)] == ["paths", "path", "paths"]


@pytest.mark.parametrize(
    ("dates", "named", "told"),
    [
        (["2018-02", "2024-04-05", None], "2018 to 2024", "Between 2018 and 2024"),
        (["2019-03-13", "2019"], "2019", "In 2019"),
        ([None], "undated", "Without a date"),
        ([], "undated", "So far"),
    ],
)
def test_years_are_told_from_the_dates(dates, named, told):
    """Dates known to the day, month or year count by their year; undated rows say nothing."""
    dates = pd.Series(dates, dtype="str")
    assert ways.name_years(dates) == named
    assert ways.tell_span(dates) == told


@pytest.mark.parametrize(
    ("disputed", "ended", "lower", "standings"),
    [
        (
            True,
            True,
            "; 44 if ways that a party disputes or that ended are left out",
            "disputed and ended ways included",
        ),
        (
            True,
            False,
            "; 44 if ways that a party disputes are left out; ways that ended are not counted",
            "disputed ways included, ended ways left out",
        ),
        (
            False,
            True,
            "; 44 if ways that ended are left out; ways that a party disputes are not counted",
            "ended ways included, disputed ways left out",
        ),
        (
            False,
            False,
            "; ways that a party disputes or that ended are not counted",
            "disputed and ended ways left out",
        ),
    ],
)
def test_doubtful_ways_are_told_as_they_are_counted(disputed, ended, lower, standings):
    """What the parameters count and what they leave out is said in words, never the opposite."""
    chosen = access.choose_standings(disputed, ended)
    assert ways.tell_lower(chosen, 44) == lower
    assert ways.tell_standings(chosen) == standings


def make_ways(*rows):
    """Ways from (door, standing, statement)."""
    return pd.DataFrame(rows, columns=["door", "standing", "statement"])


def test_doors_without_a_documented_way_are_told_apart():
    """One doubtful way is told by the first clause of its statement, several by their standings.

    Documented doors not.
    """
    front = ("front", "documented", "Named on a list.")
    trial = ("pool", "disputed", "A six-month trial reported in 2012: it led to arrests.")
    assert ways.tell_doubted(make_ways(front, ("front", "ended", "Cut off."))) == ""
    assert ways.tell_doubted(make_ways(front, trial)) == (
        "; the pool only by a disputed way (a six-month trial reported in 2012)"
    )
    relays = [
        ("relay", "ended", "The DEA asked; it stopped."),
        ("side", "ended", "ICE asked."),
        ("side", "disputed", "X."),
    ]
    assert ways.tell_doubted(make_ways(front, *relays)) == (
        "; the side door only by ways that are disputed or ended; the relay only by an ended way (the DEA asked)"
    )


def test_paths_are_told_with_source_and_page():
    """A line names both ends, door, standing, dates, statement, source, page and how it was read.

    Gaps are said.
    """
    row = {
        "from_name": "Town Police",
        "to_name": "ICE",
        "door": "side",
        "standing": "ended",
        "as_of": "2018",
        "ended_on": "2020",
        "statement": "Asked.",
        "source_id": "a-source",
        "page": "p. 4",
        "read_as": "document",
    }
    gaps = row | {"as_of": None, "ended_on": None, "page": None, "standing": "documented"}
    assert ways.tell_ways(pd.DataFrame([row, gaps])) == [
        "Town Police to ICE, side door, ended, 2018, until 2020: Asked. [a-source, p. 4, read as document]",
        "Town Police to ICE, side door, documented, undated: Asked. [a-source, no page known, read as document]",
    ]
    assert ways.tell_ways(pd.DataFrame([row]).head(0)) == []


def test_a_log_shows_more_than_the_schema_knows():
    """With a log the back door stands beside the front door; own data and undetermined come last."""
    doors = ways.describe_doors(observed=True)["door"].tolist()

    assert ["front", "back"] == doors[:2] and ["own", "undetermined"] == doors[-2:]
    assert access.list_doors() == [door for door in doors if door in access.list_doors()]
