"""Local months and the break of the form."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.reasons import mark_months
from helpers.reasons.months import find_break
from helpers.searches import engine

ZONES = ["America/Los_Angeles", "America/Chicago", "UTC", "America/Phoenix"]


def mark(make_log, times, zone):
    """Mark a log of given times, in UTC."""
    log = make_log(["x"] * len(times), searched_at=pd.Series(times, dtype="datetime64[us]"))
    table = mark_months(engine.read_log(engine.connect(), log), zone)
    return engine.fetch(table.select("row_no", "month", "form"))


@settings(deadline=None, max_examples=5)
@given(
    st.lists(st.datetimes(pd.Timestamp(2024, 1, 1), pd.Timestamp(2026, 6, 1)), min_size=30, max_size=60),
    st.sampled_from(ZONES),
)
def test_months_are_local(make_log, times, zone):
    """Months and forms are those that pandas' own conversion gives, daylight saving included."""
    found = mark(make_log, times, zone)
    local = pd.Series(times).dt.tz_localize("UTC").dt.tz_convert(zone)

    assert local.dt.strftime("%Y-%m").tolist() == found["month"].tolist()
    assert [
        "categories" if day >= find_break() else "free text" for day in local.dt.strftime("%Y-%m-%d")
    ] == found["form"].tolist()


def test_the_break_is_at_local_midnight(make_log):
    """The last hours of December in California are January in UTC, and still free text."""
    found = mark(make_log, ["2026-01-01 07:59:59.999999", "2026-01-01 08:00", None], "America/Los_Angeles")

    assert "2026-01-01" == find_break()
    assert ["2025-12", "2026-01", "no time"] == found["month"].tolist()
    assert ["free text", "categories", "no time"] == found["form"].tolist()


def test_a_log_without_times_has_no_months(make_log):
    """Missing times are said to be missing."""
    none = mark(make_log, [None, None], "UTC")

    assert {"no time"} == set(none["month"]) == set(none["form"])


def test_an_unknown_zone_is_refused(make_log):
    """With the zone as given and a way out."""
    with pytest.raises(ParameterError, match="America/Chicago"):
        mark(make_log, ["2025-05-05"], "Pacific")
