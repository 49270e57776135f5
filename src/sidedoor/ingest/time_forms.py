"""Forms of dates and times: from a notation to a pattern, and from the parts that it finds to a moment.

A form is written like `%m/%d/%Y, %I:%M[:%S] %p[ %z]`: numbers may be padded or not, a comma may be missing, a
blank stands for any number of blanks, what stands in square brackets may be absent. Directives: `%Y %y %m %d
%b %a %H %I %M %S %f %p`, `%z` for `UTC`, `Z` or an offset, and `%q` (twice) for a day and a month whose order
the rows decide.
"""

import functools
import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.errors import IngestError

_PARTS = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3,9})\.?", "a": r"(?P<a>[A-Za-z]{3,9})\.?", "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})", "S": r"(?P<S>\d{2})", "f": r"(?P<f>\d{1,9})", "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "z": r"(?P<z>Z|UTC|GMT|[ECMP][SD]T|AK[SD]T|HST|[+-]\d{2}(?::?\d{2})?)",
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Largest form: what may be absent doubles the shapes of a date.
_LONGEST, _OPTIONAL = 100, 6
# Names of zones that logs print [minutes from UTC]; those of the United States stand for nothing else here.
_HOURS = {
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
}
_ZONES = {
    "Z": 0.0,
    "UTC": 0.0,
    "GMT": 0.0,
    "HST": -600.0,
    **{name: hours * 60.0 for name, hours in _HOURS.items()},
}
_NO_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class TimeForm:
    """A form of dates, its pattern, and the parts in it."""

    notation: str
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
        raise _refuse_form(
            notation[:_LONGEST], f"more than {_LONGEST} characters, or {_OPTIONAL} parts that may be absent"
        )
    pattern, parts, at = "", [], 0
    while at < len(notation):
        sign = notation[at]
        if sign == "%":
            at += 1
            name = notation[at : at + 1]
            if name == "q":
                name = "r" if "q" in parts else "q"
                pattern += rf"(?P<{name}>\d{{1,2}})"
            elif name in _PARTS:
                pattern += _PARTS[name]
            else:
                raise _refuse_form(notation, f"the directive %{name}, which is none of ours")
            parts.append(name)
        elif sign in "[]":
            pattern += "(?:" if sign == "[" else ")?"
        elif sign == " ":
            pattern += r"\s*" if notation.startswith("%z", at + 1) else r"\s+"
        else:
            pattern += re.escape(sign) + ("?" if sign == "," else "")
        at += 1
    has = set(parts)
    if len(has) < len(parts):
        raise _refuse_form(notation, "a directive that stands twice")
    if not (has & {"Y", "y"} and ({"m", "d"} <= has or {"b", "d"} <= has or {"q", "r"} <= has)):
        raise _refuse_form(notation, "no whole date")
    if ("I" in has) != ("p" in has):
        raise _refuse_form(notation, "%I without %p, or %p without %I")
    try:
        re.compile(pattern)
    except re.error:
        raise _refuse_form(notation, "brackets that do not close") from None
    return TimeForm(notation, f"^{pattern}$", frozenset(has))


def _refuse_form(notation: str, found: str) -> IngestError:
    return IngestError(
        f"date form {notation!r}", found, "Write it like %m/%d/%Y, %I:%M:%S %p.", code="wrong-value"
    )


def read_form(text: pa.Array, notation: str, month_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Read times of one form by its pattern.

    Parameters
    ----------
    text
        Cells without outer blanks.
    notation, month_first
        The form, and how `%q/%q` is read.

    Returns
    -------
    Times as datetime64[us], NaT where the form does not fit; and a mask of those that are in UTC.
    """
    form = compile_form(notation)
    values, is_utc = np.full(len(text), _NO_TIME), np.zeros(len(text), bool)
    found = pc.extract_regex(text, form.pattern)
    fits = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
    if len(fits):
        values[fits], offset = _build_times(found.take(pa.array(fits)), month_first)
        is_utc[fits] = ~np.isnan(offset)
    return values, is_utc


def _build_times(found: pa.StructArray, month_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Put parts together: times as datetime64[us], NaT if there is no such time, and offsets in minutes, NaN
    for none.
    """
    names = [found.type.field(at).name for at in range(found.type.num_fields)]
    texts = dict(zip(names, found.flatten(), strict=True))

    def number(name: str, default: int = 0) -> np.ndarray:
        if name not in texts:
            return np.full(len(found), default, "int64")
        part = texts[name]
        return pc.cast(pc.if_else(pc.equal(part, ""), str(default), part), pa.int64()).to_numpy()

    year = number("Y") if "Y" in texts else number("y") + 2000
    if "b" in texts:
        starts = pc.utf8_lower(pc.utf8_slice_codeunits(texts["b"], 0, 3))
        month = pc.fill_null(pc.index_in(starts, pa.array(_MONTHS, starts.type)), -1).to_numpy() + 1
        day = number("d")
    elif "q" in texts:
        month, day = number("q"), number("r")
        month, day = (month, day) if month_first else (day, month)
    else:
        month, day = number("m"), number("d")
    hour, minute, second = number("I") if "I" in texts else number("H"), number("M"), number("S")
    half = pc.utf8_lower(texts["p"]) if "I" in texts else None
    is_late, is_given = (None if half is None else np.asarray(pc.equal(half, sign)) for sign in ("p", "a"))
    values = build_moments(year, month, day, hour, minute, second, is_late, is_given)
    if "f" in texts:
        padded = pc.utf8_slice_codeunits(pc.utf8_rpad(texts["f"], 6, "0"), 0, 6)
        values = values + pc.cast(padded, pa.int64()).to_numpy() * np.timedelta64(1, "us")
    offset = np.full(len(found), np.nan)
    if "z" in texts:
        offset = np.array([_read_offset(part) for part in texts["z"].to_pylist()])
        values = values - np.nan_to_num(offset).astype("int64") * np.timedelta64(60_000_000, "us")
    return values, offset


def build_moments(year, month, day, hour, minute, second, is_late=None, is_early=None) -> np.ndarray:
    """Build times out of whole numbers; NaT where there is no such time.

    Parameters
    ----------
    year, month, day, hour, minute, second
        Arrays of int64.
    is_late, is_early
        Masks of times with PM and with AM; None where the form has neither.

    Returns
    -------
    datetime64[us].
    """
    fine = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1900) & (minute < 60) & (second < 60)
    if is_late is not None:
        is_given = is_late | is_early
        # 00:15 AM and 13:05 PM are printed by some programs, and mean one thing only
        fine &= np.where(is_given, (hour <= 12) | (is_late & (hour < 24)), hour < 24)
        hour = np.where(is_given & (hour == 12), 0, hour) + np.where(is_late & (hour <= 12), 12, 0)
    fine &= hour < 24
    months = ((year - 1970) * 12 + np.where(fine, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(fine, day, 1) - 1)
    fine &= days.astype("datetime64[M]") == months
    values = days.astype("datetime64[us]") + ((hour * 60 + minute) * 60 + second) * np.timedelta64(
        1_000_000, "us"
    )
    values[~fine] = _NO_TIME
    return values


@functools.lru_cache(64)
def _read_offset(text: str) -> float:
    """Turn `Z`, `UTC` or `-07:00` into minutes; NaN for nothing."""
    if not text:
        return float("nan")
    if text in _ZONES:
        return _ZONES[text]
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return float(-minutes if text[0] == "-" else minutes)
