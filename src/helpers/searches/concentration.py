"""Concentration: how far few hold most of what is counted."""

from collections.abc import Iterable, Sequence

from helpers.errors import DataError


def measure_gini(counts: Sequence[int]) -> float | None:
    """Measure how unevenly counts are spread: 0 if all are alike, near 1 if one has all.

    Parameters
    ----------
    counts
        One whole number for each holder, zeros included where they are known; in any order.

    Returns
    -------
    Gini coefficient (0 to 1), half the mean difference of all pairs over the mean; None where there is
    nothing to hold.

    Raises
    ------
    DataError
        A count is missing or below zero.
    """
    sizes = _sort_counts(counts)
    n, total = len(sizes), sum(sizes)
    # in whole numbers up to the last division, so that no order of adding changes a digit
    return (
        sum((2 * place - n - 1) * size for place, size in enumerate(sizes, start=1)) / (n * total)
        if total
        else None
    )


def sum_largest(counts: Sequence[int], tops: Iterable[int]) -> dict[int, int]:
    """Sum what the largest holders have.

    Parameters
    ----------
    counts
        As for `measure_gini`.
    tops
        Of how many of the largest, each.

    Returns
    -------
    dict: sum by number of holders; of all, where there are fewer.

    Raises
    ------
    DataError
        As for `measure_gini`.
    """
    sizes = _sort_counts(counts)
    return {top: sum(sizes[max(0, len(sizes) - top) :]) for top in tops}


def _sort_counts(counts: Sequence[int]) -> list[int]:
    if not all(count >= 0 for count in counts):
        raise DataError(
            "counts", "one is missing or negative", "Give what was counted, unknown ones left out."
        )
    return sorted(int(count) for count in counts)
