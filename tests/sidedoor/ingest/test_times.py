"""Times in named forms, time zones, and days that may be months."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import IngestError
from sidedoor.ingest.times import DayOrder, compile_form, convert_to_utc, find_zone, read_times

FLOCK = "%m/%d/%Y, %I:%M[:%S] %p[ %z]"
ISO = "%Y-%m-%d[ %H:%M[:%S[.%f]]][%z]"
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


def text(*cells):
    """A column of text."""
    return pd.Series(cells, dtype="str")


def show(values):
    """Times as ISO text, None for none."""
    return [None if np.isnat(value) else str(value)[:19] for value in values]


def test_forms_of_released_files():
    """Padded or not, with or without comma and seconds, with a narrow blank before PM: one time each."""
    read = read_times(
        text(
            "6/19/2025, 10:08:20 AM UTC",
            "06/19/2025 10:08:20 PM UTC",
            "11/14/2025, 09:53\u202fPM UTC",
            "12/1/2025, 12:05:00 AM",
        ),
        [FLOCK],
    )
    assert show(read.values) == [
        "2025-06-19T10:08:20",
        "2025-06-19T22:08:20",
        "2025-11-14T21:53:00",
        "2025-12-01T00:05:00",
    ]
    assert read.is_utc.tolist() == [True, True, True, False]


def test_iso_and_offsets():
    """Fractions are kept to the microsecond; an offset is taken into account; a date alone is midnight."""
    read = read_times(
        text("2025-06-18 00:02:04.789", "2026-03-10 04:31:52-07:00", "2025-01-02", "2025-01-02Z"), [ISO]
    )
    assert str(read.values[0]) == "2025-06-18T00:02:04.789000"
    assert show(read.values[1:]) == ["2026-03-10T11:31:52", "2025-01-02T00:00:00", "2025-01-02T00:00:00"]
    assert read.is_utc.tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    "cell",
    [
        "2/30/2025, 1:00:00 AM UTC",
        "13/1/2025, 1:00:00 AM UTC",
        "1/1/2025, 25:00:00 AM UTC",
        "allow",
        "",
        "1/1/2025, 1:61:00 AM",
    ],
)
def test_what_is_no_time_is_none(cell):
    """A day that does not exist, or another text, is not read at all."""
    assert show(read_times(text(cell), [FLOCK]).values) == [None]


def test_the_first_form_that_fits_decides():
    """Each row is read by the first form that fits it, and the report can say which."""
    read = read_times(
        text("2025-06-18", "6/19/2025, 10:08:20 AM UTC", "Tue Sep 08 2026"), [FLOCK, ISO, "%a %b %d %Y"]
    )
    assert read.forms.tolist() == [1, 0, 2]
    assert show(read.values)[2] == "2026-09-08T00:00:00"


@pytest.mark.parametrize(
    "notation",
    [
        "%m/%d/%Y %Q",
        "%m/%d",
        "%m/%d/%Y %m",
        "%m/%d/%Y %I:%M",
        "%m/%d/%Y [%H",
        "%q/%Y",
        "%Y-%m-%d" + "[ ]" * 40,
        "%Y-%m-%d" + " " * 200,
    ],
)
def test_forms_are_checked(notation):
    """A form that cannot be right is refused by its notation."""
    with pytest.raises(IngestError, match="date form"):
        compile_form(notation)


@given(moments, st.booleans(), st.booleans())
def test_round_trip_of_flock_times(moment, is_padded, has_comma):
    """Any time, written as the vendor does, comes back."""
    day = f"{moment:%m/%d/%Y}" if is_padded else f"{moment.month}/{moment.day}/{moment.year}"
    hour = (
        f"{moment:%I:%M:%S %p}"
        if is_padded
        else f"{moment:%I}".lstrip("0") + f"{moment:%M:%S %p}".join([":", ""])
    )
    read = read_times(text(f"{day}{',' if has_comma else ''} {hour} UTC"), [FLOCK])
    assert show(read.values) == [moment.isoformat()]


@given(
    moments, st.sampled_from(["America/Los_Angeles", "America/New_York", "America/Phoenix", "Asia/Kolkata"])
)
def test_zones_agree_with_the_standard_library(moment, name):
    """Local times become UTC as Python's own zones say, the odd hours of spring and autumn included (first
    reading).
    """
    zone = ZoneInfo(name)
    utc, gaps, folds = convert_to_utc(np.array([moment], "datetime64[us]"), find_zone(name))
    first = moment.replace(tzinfo=zone, fold=0).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    second = moment.replace(tzinfo=zone, fold=1).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    assert show(utc) == [first.isoformat()]
    assert (gaps, folds) == (int(second < first), int(second > first))


def test_spring_and_autumn_are_counted():
    """In Los Angeles 2:30 of 9 March 2025 never was and 1:30 of 2 November was twice; missing times stay
    missing.
    """
    local = np.array(["2025-03-09T02:30", "2025-11-02T01:30", "2025-07-01T00:00", "NaT"], "datetime64[us]")
    utc, gaps, folds = convert_to_utc(local, find_zone("America/Los_Angeles"))
    assert show(utc) == ["2025-03-09T10:30:00", "2025-11-02T08:30:00", "2025-07-01T07:00:00", None]
    assert (gaps, folds) == (1, 1)


@pytest.mark.parametrize("name", ["PST8", "America/Los Angeles", "../../etc/passwd", ""])
def test_unknown_zones_are_refused(name):
    """The name of no zone is refused, whatever it looks like."""
    with pytest.raises(IngestError, match="name of no zone"):
        find_zone(name)


def decide(*cells, day_first=None):
    """Decide the order of some dates."""
    order = DayOrder()
    order.add(text(*cells), ["%q/%q/%Y"])
    return order.decide(day_first, "file.csv")[0]


def test_a_row_decides_the_order():
    """One row with a number above 12 decides for the whole file, against what was given if need be."""
    assert decide("03/04/2019", "03/25/2019") is True
    assert decide("03/04/2019", "25/03/2019") is False
    assert decide("03/04/2019", "25/03/2019", day_first=False) is False


def test_open_orders_are_refused():
    """Without such a row a person has to say it; rows that contradict each other are refused outright."""
    with pytest.raises(IngestError, match="can be read in two ways"):
        decide("03/04/2019", "05/06/2019")
    assert decide("03/04/2019", day_first=True) is False
    assert decide("03/04/2019", day_first=False) is True
    with pytest.raises(IngestError, match="both orders"):
        decide("25/03/2019", "03/25/2019")


def test_order_is_applied():
    """What was decided is how the dates are read."""
    cells = text("03/04/2019")
    assert show(read_times(cells, ["%q/%q/%Y"], month_first=True).values) == ["2019-03-04T00:00:00"]
    assert show(read_times(cells, ["%q/%q/%Y"], month_first=False).values) == ["2019-04-03T00:00:00"]


def test_many_times_at_once():
    """A hundred thousand times are read in a few seconds at most."""
    start = datetime(2025, 6, 1)
    cells = text(*[f"{start + timedelta(seconds=17 * n):%m/%d/%Y, %I:%M:%S %p} UTC" for n in range(100_000)])
    begun = datetime.now()
    read = read_times(cells, [FLOCK])
    assert (datetime.now() - begun).total_seconds() < 5
    assert show(read.values[[0, -1]]) == ["2025-06-01T00:00:00", "2025-06-20T16:13:03"]
