"""Times in named forms, time zones, and days that may be months."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import IngestError
from sidedoor.ingest.times import DayOrder, compile_form, convert_to_utc, find_zone, read_times

FLOCK = "%m/%d/%Y, %I:%M[:%S] %p[ %z]"
ISO = "%Y-%m-%d[ %H:%M[:%S[.%f]]][%z]"
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


def show(values):
    """Times as ISO text, None for none."""
    return [None if np.isnat(value) else str(value)[:23].removesuffix(".000") for value in values]


@pytest.mark.parametrize(
    ("cell", "form", "time", "is_utc"),
    [
        ("6/19/2025, 10:08:20 AM UTC", FLOCK, "2025-06-19T10:08:20", True),
        ("06/19/2025 10:08:20 PM UTC", FLOCK, "2025-06-19T22:08:20", True),
        ("11/14/2025, 09:53\u202fPM UTC", FLOCK, "2025-11-14T21:53:00", True),
        ("12/1/2025, 12:05:00 AM", FLOCK, "2025-12-01T00:05:00", False),
        ("12/1/2025, 13:05:00 PM", FLOCK, "2025-12-01T13:05:00", False),
        ("12/1/2025, 1:05 p.m. EST", FLOCK, "2025-12-01T18:05:00", True),
        ("2025-01-02", ISO, "2025-01-02T00:00:00", False),
        ("2025-01-02Z", ISO, "2025-01-02T00:00:00", True),
        ("9/8", "%m/%d[/%Y]", None, False),
        ("Tue Sep 08 2026", "%a %b %d %Y", "2026-09-08T00:00:00", False),
        ("2/30/2025, 1:00:00 AM UTC", FLOCK, None, False),
        ("13/1/2025, 1:00:00 AM UTC", FLOCK, None, False),
        ("1/1/2025, 25:00:00 AM UTC", FLOCK, None, False),
        ("1/1/2025, 13:00:00 AM UTC", FLOCK, None, False),
        ("1/1/2025, 1:61:00 AM", FLOCK, None, False),
        ("0001-01-01", ISO, None, False),
        ("allow", FLOCK, None, False),
        ("", FLOCK, None, False),
    ],
)
def test_forms_of_released_files(cell, form, time, is_utc):
    """Padded or not, with or without comma, seconds, zone: one time; a day that does not exist is none."""
    read = read_times([cell], [form])
    assert show(read.values) == [time] and read.is_utc.tolist() == [is_utc]


def test_the_first_form_that_fits_decides():
    """Each row is read by the first form that fits it."""
    cells = ["2025-06-18", "6/19/2025, 10:08:20 AM UTC", "x", "18/06/2025", "03/04/2025"]
    read = read_times(cells, [FLOCK, ISO, "%d/%m/%Y", "%m/%d/%Y"])
    assert read.forms.tolist() == [1, 0, -1, 2, 2]
    assert show(read.values)[-1] == "2025-04-03T00:00:00"


@pytest.mark.parametrize(
    "notation",
    [
        "%m/%d/%Y %Q", "%m/%d", "%m/%d/%Y %m", "%m/%d/%Y %I:%M", "%m/%d/%Y [%H", "%q/%Y", "%r/%q/%Y",
        "%m/%d/%Y %", "%Y-%m-%dT%H:%M:%S.000%z", "%Y-%m-%d" + "[ ]" * 40, "%Y-%m-%d" + " " * 200,
    ],
)  # fmt: skip
def test_forms_are_checked(notation):
    """A form that cannot be right is refused."""
    with pytest.raises(IngestError) as error:
        compile_form(notation)
    assert error.value.code == "wrong-value"


odd_hours = st.sampled_from([datetime(2025, 3, 9, 2, 30), datetime(2025, 11, 2, 1, 30)])
zones = st.sampled_from(["America/Los_Angeles", "America/New_York", "America/Phoenix", "Asia/Kolkata"])


@settings(max_examples=25, deadline=None)
@given(moments | odd_hours, zones)
def test_zones_agree_with_the_standard_library(moment, name):
    """Local times become UTC as Python's own zones say, odd hours of spring and autumn included."""
    utc, gaps, folds = convert_to_utc(np.array([moment], "datetime64[us]"), find_zone(name))
    first, second = (
        moment.replace(tzinfo=ZoneInfo(name), fold=fold).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        for fold in (0, 1)
    )
    assert show(utc) == [first.isoformat()]
    assert (gaps, folds) == (int(second < first), int(second > first))


def test_no_time_and_no_end_have_no_zone():
    """Missing times stay missing, and the last day of the calendar stays where it is."""
    cells = ["2025-07-01T00:00", "NaT", "9999-12-31T23:59:59"]
    utc, gaps, folds = convert_to_utc(np.array(cells, "datetime64[us]"), find_zone("America/Los_Angeles"))
    assert show(utc) == ["2025-07-01T07:00:00", None, cells[-1]] and (gaps, folds) == (0, 0)


@pytest.mark.parametrize(
    "name", ["PST8", "America/Los Angeles", "localtime", "right/UTC", "../../etc/passwd", ""]
)
def test_unknown_zones_are_refused(name):
    """The name of no zone is refused, whatever it looks like."""
    with pytest.raises(IngestError) as error:
        find_zone(name)
    assert error.value.code == "unknown-zone"


@pytest.mark.parametrize(
    ("cells", "day_first", "found"),
    [
        (["03/04/2019", "03/25/2019"], None, True),
        (["03/04/2019", "25/03/2019"], None, False),
        (["03/04/2019", "25/03/2019"], False, False),
        (["03/04/2019"], True, False),
        (["03/04/2019"], False, True),
        (["03/04/2019", "05/06/2019"], None, "open-day-order"),
        (["25/03/2019", "03/25/2019"], None, "two-day-orders"),
    ],
)
def test_the_order_of_day_and_month(cells, day_first, found):
    """One number above 12 decides for the whole file, against what was given if need be; else it is asked."""
    order = DayOrder()
    order.add(cells, ["%q/%q/%Y"])
    if isinstance(found, str):
        with pytest.raises(IngestError) as error:
            order.decide(day_first, "file.csv")
        assert error.value.code == found
        return
    assert order.decide(day_first, "file.csv")[0] is found
    day = "2019-03-04" if found else "2019-04-03"
    assert show(read_times(["03/04/2019"], ["%q/%q/%Y"], month_first=found).values) == [f"{day}T00:00:00"]
