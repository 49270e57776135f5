"""Dates and times in the forms that a format names (see `time_forms`), read into UTC; nothing is guessed."""

import functools
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
from sidedoor.ingest.cells import make_column
from sidedoor.ingest.time_forms import compile_form, read_form

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
            code="unknown-zone",
        ) from None


@dataclass
class TimesRead:
    """What was read from a column of times.

    Attributes
    ----------
    values
        datetime64[us], as printed if no zone is, else in UTC; NaT where no form fits.
    is_utc
        The cell prints a zone, and `values` is in UTC.
    forms
        Position of the form that fits, -1 for none.
    """

    values: np.ndarray
    is_utc: np.ndarray
    forms: np.ndarray


def read_times(cells, forms: list[str], *, month_first: bool = True) -> TimesRead:
    """Read times in any of some forms; the first form that fits a cell decides.

    DuckDB reads what is written exactly like a form; a pattern reads the rest, such as numbers without
    padding in odd places.

    Parameters
    ----------
    cells
        A `cells.Column`, or what `make_column` takes.
    forms
        Notations.
    month_first
        How `%q/%q` is read.

    Returns
    -------
    TimesRead, in the order of the cells.
    """
    text = make_column(cells).plain
    rows_n = len(text)
    read = TimesRead(
        np.full(rows_n, np.datetime64("NaT", "us")), np.zeros(rows_n, bool), np.full(rows_n, -1, "int8")
    )
    rest = np.flatnonzero(np.asarray(pc.binary_length(text)) > 0)

    def keep(number: int, values: np.ndarray, is_utc: np.ndarray | bool) -> None:
        nonlocal rest
        good = ~np.isnat(values)
        rows = rest[good]
        read.values[rows], read.forms[rows] = values[good], number
        read.is_utc[rows] = is_utc if isinstance(is_utc, bool) else is_utc[good]
        rest = rest[~good]

    for number, notation in enumerate(forms):
        for format_, suffix in _list_formats(notation, month_first) if len(rest) >= _FEW else ():
            if len(rest):
                values = _parse(text if len(rest) == rows_n else text.take(pa.array(rest)), format_, suffix)
                keep(number, values, bool(suffix))
        if len(rest):
            some = text if len(rest) == rows_n else text.take(pa.array(rest))
            keep(number, *read_form(some, notation, month_first))
    return read


# From so many cells on DuckDB is worth its call; the first year that any form knows.
_FEW, _FIRST_YEAR = 200, np.datetime64("1900-01-01", "us")


def _parse(text: pa.Array, format_: str, suffix: str) -> np.ndarray:
    """Parse cells of exactly one format with DuckDB; NaT for all others.

    What DuckDB cannot parse costs it more than what it can: cells with another end, and formats that no cell
    of a sample has, are left out.
    """
    values = np.full(len(text), np.datetime64("NaT", "us"))
    if suffix:
        rows = np.flatnonzero(np.asarray(pc.ends_with(text, suffix)))
    else:
        rows = np.flatnonzero(~np.asarray(pc.match_substring_regex(text, "(?:UTC|Z)$")))
    for some in (rows[:_FEW], rows):
        if len(some):
            connection = _connect()
            connection.register("cells", pa.table({"text": text.take(pa.array(some))}))
            found = connection.sql(
                "SELECT try_strptime(text, ?)::TIMESTAMP AS time FROM cells", params=[format_]
            )
            times = found.to_arrow_table().column("time").to_numpy()
            connection.unregister("cells")
            if np.isnat(times).all():
                break
            values[some] = np.where(times >= _FIRST_YEAR, times, np.datetime64("NaT", "us"))
    return values


@functools.cache
def _connect():
    import duckdb

    return duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": "false"})


@functools.lru_cache(64)
def _list_formats(notation: str, month_first: bool) -> list[tuple[str, str]]:
    """List the formats of `strptime` that a notation stands for, the longest first, each with the zone that
    it ends in.
    """
    if "%y" in notation:  # DuckDB takes 70 for 1970
        return []
    plain = notation.replace("%q", "%m" if month_first else "%d", 1).replace(
        "%q", "%d" if month_first else "%m", 1
    )
    found = [""]
    stack: list[list[str]] = []
    for part in re.findall(r"%.|\[|\]|.", plain):
        if part == "[":
            stack.append(found)
        elif part == "]":
            found = [*found, *stack.pop()]
        elif part == "%z":
            found = [text + zone for text in found for zone in ("UTC", "Z")]
        else:
            found = [text + part for text in found]
    return [
        (text, next((zone for zone in ("UTC", "Z") if text.endswith(zone)), ""))
        for text in dict.fromkeys(found)
    ]


@dataclass
class DayOrder:
    """Whether day or month comes first in a file: counts of first and second numbers above 12, over all its
    rows.
    """

    first_n: int = 0
    second_n: int = 0
    rows_n: int = 0

    def add(self, cells, forms: list[str]) -> None:
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
                code="two-day-orders",
            )
        if self.first_n or self.second_n:
            count = self.first_n or self.second_n
            which = "day" if self.first_n else "month"
            return (
                not self.first_n,
                f"The {which} comes first in dates: {say_number(count, 'row allows', 'rows allow')} "
                "no other reading.",
            )
        if day_first is None and self.rows_n:
            raise IngestError(
                place,
                "dates such as 03/04/2019 that can be read in two ways, and no row that decides",
                "Say which comes first: --month-first or --day-first.",
                code="open-day-order",
                asks_for="day_first",
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
    Times in UTC, the number of times that the clocks skipped in spring, and of those they showed twice in
    autumn. Both are read with the offset that held before the change. The last day of the calendar, which
    means no end, stays as it is: no zone can move it into another year.
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
