"""Behavior of `helpers.doors.ways`."""

from helpers.doors import ways
from helpers.network import documented

DOORS = documented.list_doors()


def test_every_kind_of_access_of_the_schema_is_described():
    """The descriptions cover the kinds of the schema, in its order, and leave no cell empty."""
    table = ways.describe_doors()

    assert table["door"].tolist() == DOORS
    assert table.notna().all(axis=None) and not (table == "").any(axis=None)


def test_a_log_shows_more_than_the_schema_knows():
    """With a log the back door comes after the front door; own data and undetermined come last."""
    doors = ways.describe_doors(observed=True)["door"].tolist()

    assert doors[:2] == ["front", "back"] and doors[-2:] == ["own", "undetermined"]
    assert [door for door in doors if door in DOORS] == DOORS
