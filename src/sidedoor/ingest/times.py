"""Dates and times in the forms that a format names (see `time_forms`), read into UTC; nothing is guessed."""

import re
from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.errors import IngestError
from helpers.wording import say_number
from sidedoor.ingest.columns import Column, make_column
from sidedoor.ingest.fixed_times import read_fixed
from sidedoor.ingest.time_forms import TimesRead, compile_form, read_slowly

_LAST_DAY = np.datetime64("9999-12-31", "us")


def list_days(forms: list[str]) -> list[str]:
    """Make forms of the days alone, for a column that holds them beside another with the time of day."""
    days = {re.sub(r"[\s,T\[]*%[HI].*$", "", notation): None for notation in forms}
    return [f"{notation}[ 00:00:00]" for notation in days]


def find_zone(name: str) -> ZoneInfo:
    """Find a time zone by its name.

    Raises
    ------
    IngestError
        There is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise IngestError(
            "time zone",
            f"{name!r} is the name of no zone",
            "Give one such as UTC, America/Los_Angeles or America/Chicago.",
        ) from None


def read_times(
    cells: pd.Series | pa.Array | Column, forms: list[str], *, month_first: bool = True
) -> TimesRead:
    """Read times in any of some forms; the first form that fits a cell decides.

    Parameters
    ----------
    cells
        Text; an Arrow array without outer blanks.
    forms
        Notations.
    month_first
        How `%q/%q` is read.

    Returns
    -------
    TimesRead, in the order of the cells.
    """
    text = cells if isinstance(cells, pa.Array) else make_column(cells).plain
    read = TimesRead(*read_fixed(text, tuple(forms), month_first))
    rest = np.flatnonzero(read.forms < 0)
    if len(rest):
        found = read_slowly(
            text if len(rest) == len(text) else text.take(pa.array(rest)), forms, month_first=month_first
        )
        read.values[rest], read.is_utc[rest], read.forms[rest] = found.values, found.is_utc, found.forms
    return read


@dataclass
class DayOrder:
    """Whether day or month comes first in a file: counts of first and second numbers above 12, over all its rows."""

    first_n: int = 0
    second_n: int = 0
    rows_n: int = 0

    def add(self, cells: pd.Series, forms: list[str]) -> None:
        """Count the rows of a part of the file that decide."""
        text = make_column(cells).plain
        for form in map(compile_form, forms):
            if "q" in form.parts:
                found = pc.extract_regex(text, form.pattern).drop_null()
                first, second = (
                    pc.cast(pc.struct_field(found, part), pa.int64()).to_numpy() for part in "qr"
                )
                self.first_n += int((first > 12).sum())
                self.second_n += int((second > 12).sum())
                self.rows_n += len(found)

    def decide(self, day_first: bool | None, place: str) -> tuple[bool, str]:
        """Decide whether the month comes first, and say how that is known.

        Raises
        ------
        IngestError
            The rows contradict each other, or no row decides and nobody said.
        """
        if self.first_n and self.second_n:
            raise IngestError(
                place,
                f"dates in both orders: the day comes first in {self.first_n:,} rows and second in "
                f"{self.second_n:,}",
                "Split the file, or have the column exported as YYYY-MM-DD.",
            )
        if self.first_n or self.second_n:
            count = self.first_n or self.second_n
            which = "day" if self.first_n else "month"
            return (
                not self.first_n,
                f"The {which} comes first in dates: {say_number(count, 'row allows', 'rows allow')} no other reading.",
            )
        if day_first is None and self.rows_n:
            raise IngestError(
                place,
                "dates such as 03/04/2019 that can be read in two ways, and no row that decides",
                "Say which comes first: --month-first or --day-first.",
            )
        return not day_first, f"The {'day' if day_first else 'month'} comes first in dates, as given."


def convert_to_utc(local: np.ndarray, zone: ZoneInfo) -> tuple[np.ndarray, int, int]:
    """Convert times as a clock on the wall showed them into UTC.

    Parameters
    ----------
    local
        datetime64[us].
    zone
        Where the clock hung.

    Returns
    -------
    Times in UTC, the number of times that the clocks skipped in spring, and of those they showed twice in autumn. Both
    are read with the offset that held before the change. The last day of the calendar, which stands for no end, stays as
    it is: no zone can move it into another year.
    """
    if zone.key in ("UTC", "Etc/UTC", "Etc/GMT", "GMT"):
        return local, 0, 0
    endless = local >= _LAST_DAY
    if endless.any():
        utc = local.copy()
        utc[~endless], gaps_n, folds_n = convert_to_utc(local[~endless], zone)
        return utc, gaps_n, folds_n
    index = pd.DatetimeIndex(local)
    first = index.tz_localize(zone, ambiguous=np.ones(len(index), bool), nonexistent="NaT")
    second = index.tz_localize(zone, ambiguous=np.zeros(len(index), bool), nonexistent="NaT")
    utc = first.tz_convert(None).to_numpy().astype("datetime64[us]")
    skipped = np.flatnonzero(np.isnat(utc) & ~np.isnat(local))
    for at in skipped:
        moment = pd.Timestamp(local[at]).to_pydatetime().replace(tzinfo=zone, fold=0)
        utc[at] = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
    return utc, len(skipped), int((first != second).sum() - (first.isna() | second.isna()).sum())
