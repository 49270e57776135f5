r"""Dates and times in the forms that a format names, read into UTC; nothing is guessed.

A form is written like `%m/%d/%Y, %I:%M[:%S] %p[ %z]`: numbers may be padded or not, a comma may be missing, a
blank stands for any number of blanks, what stands in square brackets may be absent. Directives: `%Y %y %m %d
%b %a %H %I %M %S %f %p`, `%z` for `UTC`, `Z` or an offset, and `%q` (twice) for a day and a month whose order
the rows decide.
"""

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

_PARTS = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})",
    "q": r"(?P<q>\d{1,2})", "b": r"(?P<b>[A-Za-z]{3,9})\.?", "a": r"[A-Za-z]{3,9}\.?",
    "H": r"(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})", "M": r"(?P<M>\d{2})", "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,9})", "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "z": r"(?P<z>Z|UTC|GMT|[ECMP][SD]T|AK[SD]T|HST|[+-]\d{2}(?::?\d{2})?)",
}  # fmt: skip
_SIGNS = {"[": "(?:", "]": ")?", ",": ",?", " ": r"\s+"}
_DAYS = ({"m", "d"}, {"b", "d"}, {"q", "r"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Largest form: what may be absent doubles the shapes of a date.
_LONGEST, _OPTIONAL = 100, 6
# Names of zones that logs print [hours from UTC]; those of the United States stand for nothing else here.
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
_NO_TIME, _LAST_DAY = np.datetime64("NaT", "us"), np.datetime64("9999-12-31", "us")


@dataclass(frozen=True)
class TimeForm:
    """A form of dates: its pattern, and the directives in it (`r` is the second `%q`)."""

    pattern: str
    parts: frozenset[str]


@functools.cache
def compile_form(notation: str) -> TimeForm:
    """Turn a notation into a form.

    Raises
    ------
    IngestError
        A directive that is not known or stands twice, brackets that do not close, a form without a whole
        date.
    """
    if len(notation) > _LONGEST or notation.count("[") > _OPTIONAL:
        found = f"more than {_LONGEST} characters, or {_OPTIONAL} parts that may be absent"
        raise _refuse_form(notation[:_LONGEST], found)
    pattern, parts = "", []
    for token in re.findall(r"(?s)%.?|.", notation):
        if not token.startswith("%"):
            pattern += _SIGNS.get(token, re.escape(token))
        elif token[1:] not in _PARTS:
            raise _refuse_form(notation, f"the directive {token}, which is none of ours")
        elif token == "%q" and "q" in parts:
            parts.append("r")
            pattern += _PARTS["q"].replace("q", "r")
        else:
            parts.append(token[1:])
            pattern += _PARTS[token[1:]]
    pattern = pattern.replace(r"\s+" + _PARTS["z"], r"\s*" + _PARTS["z"])
    has = frozenset(parts)
    if len(has) < len(parts):
        raise _refuse_form(notation, "a directive that stands twice")
    if not has & {"Y", "y"} or not any(day <= has for day in _DAYS):
        raise _refuse_form(notation, "no whole date")
    if ("I" in has) != ("p" in has):
        raise _refuse_form(notation, "%I without %p, or %p without %I")
    try:
        re.compile(pattern)
    except re.error:
        raise _refuse_form(notation, "brackets that do not close") from None
    return TimeForm(f"^{pattern}$", has)


def _refuse_form(notation: str, found: str) -> IngestError:
    way_out = "Write it like %m/%d/%Y, %I:%M:%S %p."
    return IngestError(f"date form {notation!r}", found, way_out, code="wrong-value")


def list_days(forms: list[str]) -> list[str]:
    """Make forms of the days alone, for a column that holds them beside another with the time of day."""
    days = {re.sub(r"[\s,T\[]*%[HI].*$", "", notation): None for notation in forms}
    return [f"{notation}[ 00:00:00]" for notation in days]


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
    read = TimesRead(np.full(rows_n, _NO_TIME), np.zeros(rows_n, bool), np.full(rows_n, -1, "int8"))
    rest = np.flatnonzero(np.asarray(pc.binary_length(text)))
    for number, notation in enumerate(forms):
        if not len(rest):
            break
        some = text if len(rest) == rows_n else text.take(pa.array(rest))
        found = pc.extract_regex(some, compile_form(notation).pattern)
        fits = np.flatnonzero(np.asarray(found.is_valid()))
        values, offsets = _build_times(found.drop_null(), month_first)
        is_time = ~np.isnat(values)
        fits, values, offsets = fits[is_time], values[is_time], offsets[is_time]
        rows = rest[fits]
        read.values[rows], read.is_utc[rows], read.forms[rows] = values, ~np.isnan(offsets), number
        rest = np.delete(rest, fits)
    return read


def _build_times(found: pa.StructArray, month_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Put parts together: times as datetime64[us], NaT if there is no such time, and offsets in minutes, NaN
    for none.
    """
    names = [found.type.field(at).name for at in range(found.type.num_fields)]
    texts = dict(zip(names, found.flatten(), strict=True))

    def number(name: str) -> np.ndarray:
        if name not in texts:
            return np.zeros(len(found), "int64")
        part = texts[name]
        return pc.cast(pc.if_else(pc.equal(part, ""), "0", part), pa.int64()).to_numpy()

    year = number("Y") if "Y" in texts else number("y") + 2000
    if "b" in texts:
        starts = pc.utf8_lower(pc.utf8_slice_codeunits(texts["b"], 0, 3))
        month = pc.fill_null(pc.index_in(starts, pa.array(_MONTHS, starts.type)), -1).to_numpy() + 1
        day = number("d")
    elif "q" in texts:
        month, day = (number(name) for name in ("qr" if month_first else "rq"))
    else:
        month, day = number("m"), number("d")
    hour, minute, second = number("I") if "I" in texts else number("H"), number("M"), number("S")
    fine = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1900) & (minute < 60) & (second < 60)
    if "p" in texts:
        half = pc.utf8_lower(texts["p"])
        is_late, is_given = np.asarray(pc.equal(half, "p")), np.asarray(pc.not_equal(half, ""))
        # 00:15 AM and 13:05 PM are printed by some programs, and mean one thing only
        fine &= ~is_given | is_late | (hour <= 12)
        hour = np.where(is_given & (hour == 12), 0, hour) + np.where(is_late & (hour <= 12), 12, 0)
    fine &= hour < 24
    months = ((year - 1970) * 12 + np.where(fine, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(fine, day, 1) - 1)
    fine &= days.astype("datetime64[M]") == months
    values = days.astype("datetime64[us]") + ((hour * 60 + minute) * 60 + second).astype("timedelta64[s]")
    values[~fine] = _NO_TIME
    if "f" in texts:
        padded = pc.utf8_slice_codeunits(pc.utf8_rpad(texts["f"], 6, "0"), 0, 6)
        values = values + pc.cast(padded, pa.int64()).to_numpy().astype("timedelta64[us]")
    offsets = np.full(len(found), np.nan)
    if "z" in texts and len(found):
        zones = texts["z"].dictionary_encode()
        offsets = np.array([_read_offset(zone) for zone in zones.dictionary.to_pylist()])[zones.indices]
        values = values - np.nan_to_num(offsets).astype("timedelta64[m]")
    return values, offsets


def _read_offset(text: str) -> float:
    """Turn `Z`, `UTC` or `-07:30` into minutes; NaN for nothing."""
    if not text:
        return float("nan")
    if text in _ZONES:
        return _ZONES[text] * 60.0
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60.0 + int(digits[2:])
    return -minutes if text[0] == "-" else minutes


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
                first, second = (pc.cast(pc.struct_field(found, part), pa.int64()) for part in "qr")
                self.first_n += pc.sum(pc.greater(first, 12)).as_py() or 0
                self.second_n += pc.sum(pc.greater(second, 12)).as_py() or 0
                self.rows_n += len(found)

    def decide(self, day_first: bool | None, place: str) -> tuple[bool, str]:
        """Decide whether the month comes first, and say how that is known.

        Raises
        ------
        IngestError
            The rows contradict each other, or no row decides and nobody said.
        """
        first_n, second_n = self.first_n, self.second_n
        if first_n and second_n:
            found = (
                f"dates in both orders: the day comes first in {first_n:,} rows and second in {second_n:,}"
            )
            way_out = "Split the file, or have the column exported as YYYY-MM-DD."
            raise IngestError(place, found, way_out, code="two-day-orders")
        if first_n or second_n:
            said = say_number(first_n or second_n, "row allows", "rows allow")
            text = f"The {'day' if first_n else 'month'} comes first in dates: {said} no other reading."
            return not first_n, text
        if day_first is None and self.rows_n:
            raise IngestError(
                place,
                "dates such as 03/04/2019 that can be read in two ways, and no row that decides",
                "Say which comes first: --month-first or --day-first.",
                code="open-day-order",
                asks_for="day_first",
            )
        return not day_first, f"The {'day' if day_first else 'month'} comes first in dates, as given."


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
        found, way_out = (
            f"{name!r} is the name of no zone",
            "Give one such as UTC, America/Los_Angeles or America/Chicago.",
        )
        raise IngestError("time zone", found, way_out, code="unknown-zone") from None


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
    index = pd.DatetimeIndex(np.where(endless, _NO_TIME, local))
    first = index.tz_localize(zone, ambiguous=np.ones(len(index), bool), nonexistent="NaT")
    second = index.tz_localize(zone, ambiguous=np.zeros(len(index), bool), nonexistent="NaT")
    utc = first.tz_convert(None).to_numpy().astype("datetime64[us]")
    skipped = np.flatnonzero(np.isnat(utc) & index.notna())
    for at in skipped:
        moment = pd.Timestamp(local[at]).to_pydatetime().replace(tzinfo=zone, fold=0)
        utc[at] = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
    folds_n = int((first != second).sum() - (first.isna() | second.isna()).sum())
    return np.where(endless, local, utc), len(skipped), folds_n
