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
_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
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
    """A form of dates: its pattern, and its directives (`r` is the second `%q`)."""

    pattern: str
    parts: frozenset[str]


@functools.cache
def compile_form(notation: str) -> TimeForm:
    """Turn a notation into a form.

    Raises
    ------
    IngestError
        A directive that is not known or stands twice, brackets that do not close, a form without a whole
        date, a digit.
    """
    if len(notation) > _LONGEST or notation.count("[") > _OPTIONAL:
        found = f"more than {_LONGEST} characters, or {_OPTIONAL} parts that may be absent"
        raise _refuse_form(notation[:_LONGEST], found)
    pieces, parts = [], []
    for token in re.findall(r"(?s)%.?|.", notation):
        if token.isdigit():
            raise _refuse_form(notation, "a digit, which no directive stands for")
        if not token.startswith("%"):
            pieces.append(_SIGNS.get(token, re.escape(token)))
            continue
        if token[1:] not in _PARTS:
            raise _refuse_form(notation, f"the directive {token}, which is none of ours")
        part = "r" if token == "%q" and "q" in parts else token[1:]
        parts.append(part)
        pieces.append(_PARTS[token[1:]].replace(f"?P<{token[1:]}>", f"?P<{part}>"))
    pattern = "".join(pieces).replace(r"\s+" + _PARTS["z"], r"\s*" + _PARTS["z"])
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
    return [f"{notation}[ %H:%M:%S]" for notation in days]


@dataclass
class TimesRead:
    """What was read from a column of times."""

    values: np.ndarray  # datetime64[us], as printed if no zone is, else in UTC; NaT where no form fits
    is_utc: np.ndarray  # mask of cells that print a zone
    forms: np.ndarray  # position of the form that fits, -1 for none


def read_times(cells, forms: list[str], *, month_first: bool = True) -> TimesRead:
    """Read times in any of some forms; the first form that fits a cell decides.

    Parameters
    ----------
    cells
        A `cells.Column`, or what `make_column` takes.
    forms, month_first
        Notations, and how `%q/%q` in them is read.
    """
    text = make_column(cells).plain
    rows_n = len(text)
    read = TimesRead(np.full(rows_n, _NO_TIME), np.zeros(rows_n, bool), np.full(rows_n, -1, "int8"))
    if not pc.any(pc.not_equal(text, "")).as_py():
        return read
    # Cells that differ in their digits only are of one layout: a form fits all of them or none, and its parts
    # are at the same places.
    _, offsets, data = text.buffers()
    letters = np.frombuffer(data, "uint8")
    nines = pa.py_buffer(np.where((letters >= 48) & (letters < 58), np.uint8(57), letters))
    found = pa.StringArray.from_buffers(rows_n, offsets, nines, offset=text.offset).dictionary_encode()
    layouts, numbers = found.dictionary, np.asarray(found.indices)
    order = np.argsort(numbers, kind="stable")
    groups = np.split(order, np.searchsorted(numbers[order], np.arange(1, len(layouts))))
    for number, form in enumerate(map(compile_form, forms)):
        spans = pc.extract_regex_span(layouts, form.pattern)
        for at in np.flatnonzero(np.asarray(spans.is_valid())):
            rows = groups[at][read.forms[groups[at]] < 0]
            cells = text.take(pa.array(rows))
            values, is_utc = _build_times(spans[at].as_py(), layouts[at].as_py(), cells, month_first)
            rows, values = rows[~np.isnat(values)], values[~np.isnat(values)]
            read.values[rows], read.is_utc[rows], read.forms[rows] = values, is_utc, number
    return read


def _build_times(spans: dict, layout: str, cells: pa.Array, month_first: bool) -> tuple[np.ndarray, bool]:
    """Put the digits of cells of one layout together: times, NaT if there is no such time, and whether they
    print a zone. `spans` holds place and length of each part in the layout [bytes], None if it is absent.
    """
    layout = layout.encode()
    letters = np.frombuffer(cells.buffers()[2] or b"", "uint8", len(cells) * len(layout))
    letters = letters.reshape(len(cells), len(layout))

    def read(at: int, length: int) -> np.ndarray:
        return (letters[:, at : at + length] - np.int64(48)) @ 10 ** np.arange(length)[::-1]

    def number(name: str) -> np.ndarray:
        return read(*spans.get(name) or (0, 0))

    def word(name: str) -> str:
        at, length = spans.get(name) or (0, 0)
        return layout[at : at + length].decode()

    year = number("Y") if "Y" in spans else number("y") + 2000
    month, day = number("m"), number("d")
    if "b" in spans:
        month = np.full(len(cells), _MONTHS.get(word("b")[:3].lower(), 0))
    elif "q" in spans:
        month, day = (number(part) for part in ("qr" if month_first else "rq"))
    hour, minute, second = number("I") if "I" in spans else number("H"), number("M"), number("S")
    fine = (month >= 1) & (month <= 12) & (year >= 1900) & (minute < 60) & (second < 60)
    if half := word("p").lower():
        # 00:15 AM and 13:05 PM are printed by some programs, and mean one thing only
        fine &= (hour <= 12) | (half == "p")
        hour = np.where(hour <= 12, hour % 12 + 12 * (half == "p"), hour)
    fine &= hour < 24
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    fine &= days.astype("datetime64[M]") == months
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000
    if fraction := word("f"):
        length = min(len(fraction), 6)
        micros += read(spans["f"][0], length) * 10 ** (6 - length)
    zone = word("z")
    if zone in _ZONES:
        micros -= _ZONES[zone] * 3_600_000_000
    elif zone:
        at, length = spans["z"]
        offset = read(at + 1, 2) * 60 + (read(at + length - 2, 2) if length > 3 else 0)
        micros -= offset * (-60_000_000 if zone[0] == "-" else 60_000_000)
    values = days.astype("datetime64[us]") + micros.astype("timedelta64[us]")
    return np.where(fine, values, _NO_TIME), bool(zone)


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
            found = f"dates in both orders: the day first in {first_n:,} rows and second in {second_n:,}"
            way_out = "Split the file, or have the column exported as YYYY-MM-DD."
            raise IngestError(place, found, way_out, code="two-day-orders")
        if first_n or second_n:
            said = say_number(first_n or second_n, "row allows", "rows allow")
            text = f"The {'day' if first_n else 'month'} comes first in dates: {said} no other reading."
            return not first_n, text
        if day_first is None and self.rows_n:
            found = "dates such as 03/04/2019 that can be read in two ways, and no row that decides"
            way_out = "Say which comes first: --month-first or --day-first."
            raise IngestError(place, found, way_out, code="open-day-order", asks_for="day_first")
        return not day_first, f"The {'day' if day_first else 'month'} comes first in dates, as given."


def find_zone(name: str) -> ZoneInfo:
    """Find a time zone by its name.

    Raises
    ------
    IngestError
        There is none of this name.
    """
    try:
        if name.startswith(("localtime", "posix", "right/")):  # the machine's own, or with leap seconds
            raise ValueError
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError):
        found = f"{name!r} is the name of no zone"
        way_out = "Give one such as UTC, America/Los_Angeles or America/Chicago."
        raise IngestError("time zone", found, way_out, code="unknown-zone") from None


def convert_to_utc(local: np.ndarray, zone: ZoneInfo) -> tuple[np.ndarray, int, int]:
    """Convert times [datetime64[us]] as the clocks of a zone showed them into UTC.

    Returns
    -------
    Times in UTC, the number of times that the clocks skipped in spring, and of those they showed twice in
    autumn. Both are read with the offset that held before the change. The last day of the calendar, which
    means no end, stays as it is: no zone can move it into another year.
    """
    endless = local >= _LAST_DAY
    index = pd.DatetimeIndex(np.where(endless, _NO_TIME, local))
    moments = index.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").tz_convert(None)
    utc = np.where(endless, local, moments.to_numpy().astype("datetime64[us]"))
    gaps_n = folds_n = 0
    for at in np.flatnonzero(np.isnat(utc) & index.notna()):
        shown = index[at].to_pydatetime()
        first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        utc[at] = np.datetime64(first.replace(tzinfo=None), "us")
        gaps_n, folds_n = gaps_n + (second < first), folds_n + (second > first)
    return utc, gaps_n, folds_n
