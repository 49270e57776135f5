"""Behaviour of `helpers.searches.clock`: what the clocks of a zone showed, at every turn of them."""

import ibis
import pandas as pd
import pytest

from helpers.searches import engine
from helpers.searches.clock import list_offsets, shift_to_local
from made.refusal import refused


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "America/New_York", "America/Phoenix", "Australia/Lord_Howe", "UTC"]
)
def test_local_time_is_that_of_pandas(zone):
    """Every hour of four years, and the seconds around each change of the clocks."""
    hours = pd.date_range("2023-01-01", "2026-12-31", freq="3h")
    turns = [moment + pd.Timedelta(seconds=step) for moment, _ in list_offsets(zone) for step in (-1, 0, 1)]
    times = pd.DatetimeIndex([*hours, *[turn for turn in turns if turn.year > 2000]]).astype("datetime64[us]")
    table = ibis.memtable(pd.DataFrame({"row_no": range(len(times)), "at": times}))
    expression = table.select("row_no", at=shift_to_local(table["at"].cast("timestamp(6)"), zone))
    found = engine.fetch(expression, ["row_no"])["at"]

    expected = times.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    pd.testing.assert_index_equal(pd.DatetimeIndex(found), expected, check_names=False, exact=False)


@pytest.mark.parametrize("zone", ["California", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(zone):
    """A zone that is none is an error with a way out."""
    with refused("unknown-zone"):
        list_offsets(zone)
