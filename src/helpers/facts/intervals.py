"""Intervals: what a cited figure leaves open, and arithmetic that carries it along."""

import itertools
import math
from dataclasses import dataclass

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from helpers.errors import DataError

QUALIFIERS = ("exact", "about", "just_under", "at_least", "at_most")


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`, both included; an infinite bound means that nothing bounds that side.

    Every operation returns an interval that contains the result for each choice of members. It may be wider
    than needed where one quantity enters a formula twice.

    Raises
    ------
    DataError
        The bounds are not numbers, or the wrong way round.
    """

    low: float
    high: float

    def __post_init__(self):
        well_formed = self.low <= self.high and self.low < math.inf and self.high > -math.inf
        if not well_formed:  # also false for NaN
            found = f"bounds {self.low!r} and {self.high!r}"
            raise DataError("interval", found, "Give two numbers, the lower one first.")

    def __add__(self, other):
        other = _as_interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __sub__(self, other):
        return self + (-_as_interval(other))

    def __mul__(self, other):
        other = _as_interval(other)
        corners = [_multiply(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(corners), max(corners))

    def __truediv__(self, other):
        other = _as_interval(other)
        if other.low < 0 < other.high or other.low == other.high == 0:
            return Interval(-math.inf, math.inf)
        if other.low < 0:
            return (-self) / (-other)
        if other.low == 0:
            # Divisors shrink towards 0 from above: each sign in the numerator opens one side.
            low = -math.inf if self.low < 0 else self.low / other.high
            high = math.inf if self.high > 0 else self.high / other.high
            return Interval(low, high)
        # inf / inf has no value, and its neighbors (finite / inf, inf / finite) already give the bounds.
        pairs = itertools.product((self.low, self.high), (other.low, other.high))
        corners = [a / b for a, b in pairs if math.isfinite(a) or math.isfinite(b)]
        return Interval(min(corners), max(corners))

    def __radd__(self, other):
        return self + other

    def __rsub__(self, other):
        return _as_interval(other) - self

    def __rmul__(self, other):
        return self * other

    def __rtruediv__(self, other):
        return _as_interval(other) / self

    def __contains__(self, number) -> bool:
        return self.low <= number <= self.high


def _as_interval(value) -> Interval:
    """Turn a number into the interval that contains only it."""
    return value if isinstance(value, Interval) else Interval(value, value)


def _multiply(a: float, b: float) -> float:
    """Multiply two bounds; zero times an open side is zero, because each member of that side is finite."""
    return 0 if a == 0 or b == 0 else a * b


def bound_value(value: float, qualifier: str, rounded_to: float | None = None) -> Interval:
    """Turn a printed figure and the word that hedges it into an interval, in the unit of the figure.

    Parameters
    ----------
    value
        The figure as printed, in full.
    qualifier
        `exact`: the figure alone. `about`: half a printed step to either side. `just_under` (almost,
        nearly): half a printed step below, up to the figure. `at_least`: the figure and all above.
        `at_most`: from zero to the figure, because nothing in the tables is below zero.
    rounded_to
        Step of the last printed digit; needed for `about` and `just_under`.

    Raises
    ------
    DataError
        The qualifier is unknown, a step is missing, or `at_most` is given for a figure below zero.
    """
    place = f"figure {value!r}"
    if qualifier == "exact":
        return Interval(value, value)
    if qualifier in ("about", "just_under"):
        if rounded_to is None or not rounded_to >= 0:
            found = f"`{qualifier}` without the step it is rounded to"
            raise DataError(place, found, "Fill in `rounded_to`.")
        return Interval(value - rounded_to / 2, value + (rounded_to / 2 if qualifier == "about" else 0))
    if qualifier == "at_least":
        return Interval(value, math.inf)
    if qualifier == "at_most":
        if value < 0:
            raise DataError(place, "`at_most` on a figure below zero", "Use `exact` or `about`.")
        return Interval(0, value)
    raise DataError(place, f"qualifier {qualifier!r}", f"Use one of {', '.join(QUALIFIERS)}.")


def bound_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `quantities` or `query_volumes` with the bounds that their qualifiers set: low, high.

    They are in the row's own unit, and infinite where nothing limits it.
    """
    steps = table["rounded_to"].astype("object").where(table["rounded_to"].notna(), None)
    bounds = [bound_value(*row) for row in zip(table["value"], table["qualifier"], steps, strict=True)]
    return table.assign(low=[float(one.low) for one in bounds], high=[float(one.high) for one in bounds])


def bound_share(part_n: int, all_n: int, level: float = 0.95) -> Interval:
    """Bound a share that was measured on a random sample, by Wilson's score interval.

    Parameters
    ----------
    part_n, all_n
        Members of the sample that have the property, and all of it; the sample is not empty.
    level
        How often such intervals contain the true proportion (0-1).

    Notes
    -----
    E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    if not 0 <= part_n <= all_n or all_n < 1 or not 0 < level < 1:
        found = f"{part_n} of {all_n} at level {level}"
        raise DataError("share", found, "Give a part of a sample of one or more.")
    low, high = proportion_confint(part_n, all_n, alpha=1 - level, method="wilson")
    # the arithmetic leaves an end that must be 0 or 1 a rounding error away from it
    return Interval(low if part_n else 0.0, high if part_n < all_n else 1.0)


def is_bounded(interval: Interval) -> bool:
    """Tell whether both bounds are finite."""
    return math.isfinite(interval.low) and math.isfinite(interval.high)


def overlaps(one: Interval, other: Interval) -> bool:
    """Tell whether the two intervals share at least one number."""
    return one.low <= other.high and other.low <= one.high
