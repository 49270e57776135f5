"""Dates known to the year, the month or the day."""

from datetime import date

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.facts import dates


@pytest.mark.parametrize(
    ("text", "written", "first", "last"),
    [
        ("2015", "2015", date(2015, 1, 1), date(2015, 12, 31)),
        ("2018-12", "December 2018", date(2018, 12, 1), date(2018, 12, 31)),
        ("2020-02", "February 2020", date(2020, 2, 1), date(2020, 2, 29)),
        ("2019-03-13", "13 March 2019", date(2019, 3, 13), date(2019, 3, 13)),
    ],
)
def test_a_date_is_written_as_precisely_as_it_is_known_and_spans_all_days_that_it_can_mean(
    text, written, first, last
):
    """No day is made up for a month, no month for a year; the middle is one of the days."""
    assert dates.write_date(text) == written and dates.span_date(text) == (first, last)
    assert first <= dates.find_middle(text) <= last


@pytest.mark.parametrize("text", ["2019-13", "2019-02-30", "March 2019", "", "2019-3", None])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(DataError) as error:
        dates.span_date(text)
    assert "YYYY" in str(error.value)


@pytest.mark.parametrize(
    ("ends", "months"),
    [(("2016-11", "2017-07"), 9), (("2018-02-08", "2018-08-28"), 7), (("2018-03",), 1), (("2018", None), 12)],
)
def test_months_are_counted_with_both_ends(ends, months):
    assert dates.count_months(*ends) == months
    with pytest.raises(DataError):
        dates.count_months("2018-03", "2018-02")


def test_a_month_stands_at_its_middle_or_at_its_first_day():
    """A month comes after its 5th day, or before it if asked; rows of one date keep their order."""
    on = ["2012-07", None, "2012-07-05", "2012-07-28", "2012-07"]
    table = pd.DataFrame({"on": on, "n": [1, 2, 3, 4, 5]})
    assert dates.order_by_date(table, "on")["n"].tolist() == [3, 1, 5, 4, 2]
    assert dates.order_by_date(table, "on", by_first=True)["n"].tolist() == [1, 5, 3, 4, 2]


def test_a_period_is_stated_from_the_first_to_the_last_date():
    """The last date is the one that reaches furthest, missing dates are passed over, no date is `undated`."""
    assert dates.state_period(["2018", None, "2016-11", "2018-02-27"]) == "November 2016 to 2018"
    assert dates.state_period(["2019-03-13", "2019-03-13"]) == "13 March 2019"
    assert dates.state_period([None, float("nan")]) == "undated"


@pytest.mark.parametrize(
    ("start", "end", "is_covered"),
    [
        ("2024-02", "2024-02", True),
        ("2024-02-01", "2024-02-29", True),
        ("2024-02-01", "2024-02-28", False),
        ("2024-02-02", "2024-02-29", False),
    ],
)
def test_a_month_is_covered_only_with_all_its_days(start, end, is_covered):
    assert dates.covers_month(start, end) == is_covered
