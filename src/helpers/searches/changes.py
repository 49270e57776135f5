"""Weekdays, change points and days out of the ordinary in a daily series, each with how sure it is."""

import math

import numpy as np
import pandas as pd

from helpers.errors import DataError

WEEK = 7
# Half of the 95 % point of chi-squared with one degree of freedom: how far the likelihood may fall within an interval.
_DROP = 1.9207
_Z = 1.96
_LEAST_WEEKS = 4


def measure_weekdays(stretch: pd.DataFrame) -> pd.DataFrame:
    """Measure how many searches fall on each weekday, against the mean day of the same week.

    Parameters
    ----------
    stretch
        One result of `series.cut_stretches`.

    Returns
    -------
    DataFrame: weekday (0 is Monday), factor, low, high (95 %, by leaving out one week at a time), weeks_n. Only whole
    weeks enter.

    Raises
    ------
    DataError
        Fewer than four whole weeks.
    """
    counts = _take_weeks(stretch).sum(axis=0), _take_weeks(stretch)
    totals, weeks = counts
    n = len(weeks)
    value = totals * WEEK / totals.sum()
    left_out = (totals - weeks) * WEEK / (totals.sum() - weeks.sum(axis=1))[:, None]
    error = np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    frame = pd.DataFrame(
        {"weekday": range(WEEK), "factor": value, "low": value - _Z * error, "high": value + _Z * error}
    )
    return frame.assign(weeks_n=n)


def _take_weeks(stretch: pd.DataFrame) -> np.ndarray:
    """Take the whole weeks, Monday first, as a table of weeks by days."""
    start = (7 - int(stretch["day"].iloc[0].day_of_week)) % 7
    counts = stretch["searches_n"].to_numpy()[start:]
    weeks = counts[: len(counts) // WEEK * WEEK].reshape(-1, WEEK)
    if len(weeks) < _LEAST_WEEKS or not weeks.sum():
        found = f"{len(weeks)} whole weeks" if weeks.sum() or not len(weeks) else "no search"
        raise DataError("daily series", found, f"Weekdays need {_LEAST_WEEKS} weeks with searches.")
    return weeks


def split_season(stretch: pd.DataFrame) -> pd.DataFrame:
    """Split a daily series into level, weekday and rest (STL, robust: days out of the ordinary do not pull the level).

    Parameters
    ----------
    stretch
        One result of `series.cut_stretches`.

    Returns
    -------
    DataFrame: day, searches_n, level, season, rest: they add up to searches_n.

    Raises
    ------
    DataError
        Fewer than four weeks.
    """
    from statsmodels.tsa.seasonal import STL

    if len(stretch) < WEEK * _LEAST_WEEKS:
        raise DataError("daily series", f"{len(stretch)} days", f"A season needs {WEEK * _LEAST_WEEKS} days.")
    fit = STL(stretch["searches_n"].to_numpy(float), period=WEEK, robust=True).fit()
    return stretch[["day", "searches_n"]].assign(level=fit.trend, season=fit.seasonal, rest=fit.resid)


def find_changes(stretch: pd.DataFrame, least_days: int = 14, strictness: float = 3.0) -> pd.DataFrame:
    """Find the days on which the level of a daily series changed for good.

    Parameters
    ----------
    stretch
        One result of `series.cut_stretches`.
    least_days
        Shortest time between two changes [days].
    strictness
        Factor of the penalty for one more change; higher finds fewer.

    Returns
    -------
    DataFrame: day (from which the new level holds), low, high (days between which it may lie, 95 % by likelihood, the
    other changes held fast), factor (new level over old one), factor_low, factor_high (95 %, from the scatter of days
    within the levels), before_n and after_n (searches), before_days_n, after_days_n. Days are freed of their weekday
    and put on the square-root scale, on which counts of any size scatter alike; then `ruptures` (PELT) chooses.
    """
    import ruptures

    n = len(stretch)
    if n < 2 * least_days:
        return _list_changes([], stretch, [])
    counts = stretch["searches_n"].to_numpy(float)
    weekdays = stretch["day"].dt.day_of_week.to_numpy()
    try:
        factors = measure_weekdays(stretch)["factor"].to_numpy()
    except DataError:
        factors = np.ones(WEEK)
    scaled = 2 * np.sqrt(counts / np.maximum(factors, 0.05)[weekdays] + 0.375)
    # from differences of a week, so that levels do not enter; on this scale counts never scatter less than 1 by chance
    scatter = np.median(np.abs(scaled[WEEK:] - scaled[:-WEEK])) / (0.6745 * math.sqrt(2))
    scatter = max(scatter, 1.0)
    penalty = strictness * math.log(n) * scatter**2
    ends = ruptures.Pelt(model="l2", min_size=least_days, jump=1).fit(scaled[:, None]).predict(pen=penalty)
    cuts = [0, *ends]
    spans = [
        _span_change(scaled[before:after], at - before, scatter, least_days)
        for before, at, after in zip(cuts, cuts[1:], cuts[2:], strict=False)
    ]
    return _list_changes(cuts, stretch, spans)


def _span_change(values: np.ndarray, at: int, scatter: float, least_days: int) -> tuple[int, int]:
    """Find how far the place of one change can move, relative to it, before the likelihood falls too much."""
    places = np.arange(min(least_days, at), max(len(values) - least_days, at) + 1)
    cost = np.array(
        [values[:place].var() * place + values[place:].var() * (len(values) - place) for place in places]
    )
    spread = max(scatter**2, cost.min() / max(len(values) - 2, 1))
    near = places[cost <= cost.min() + 2 * _DROP * spread]
    return int(min(near.min(), at) - at), int(max(near.max(), at) - at)


def _list_changes(cuts: list[int], stretch: pd.DataFrame, spans: list[tuple[int, int]]) -> pd.DataFrame:
    counts, days = stretch["searches_n"].to_numpy(), stretch["day"]
    rows = []
    for (before, at, after), (low, high) in zip(
        zip(cuts, cuts[1:], cuts[2:], strict=False), spans, strict=True
    ):
        sums = [int(counts[before:at].sum()), int(counts[at:after].sum())]
        lengths = [at - before, after - at]
        means = [total / length for total, length in zip(sums, lengths, strict=True)]
        if not all(sums):
            continue
        # variance over mean of days within the levels: 1 for chance alone, more where days hang together
        excess = sum(
            ((part - mean) ** 2).sum() / mean
            for part, mean in zip((counts[before:at], counts[at:after]), means, strict=True)
        )
        scale = max(1.0, excess / max(sum(lengths) - 2, 1))
        factor, error = means[1] / means[0], math.sqrt(scale * (1 / sums[0] + 1 / sums[1]))
        rows.append(
            (days.iloc[at], days.iloc[at + low], days.iloc[min(at + high, len(days) - 1)], factor, factor * math.exp(-_Z * error),
             factor * math.exp(_Z * error), *sums, *lengths)
        )  # fmt: skip
    columns = [
        "day",
        "low",
        "high",
        "factor",
        "factor_low",
        "factor_high",
        "before_n",
        "after_n",
        "before_days_n",
        "after_days_n",
    ]
    found = pd.DataFrame(rows, columns=columns)
    return found if rows else found.astype({name: "datetime64[us]" for name in ("day", "low", "high")})
