"""Numbers and plurals as a reader sees them."""

import math

# Beyond these a number is written with its word: 1.5 billion, not 1,500,000,000.
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def say_number(number: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 row`, `1,234 rows`; `many` where the plural is not `one` and an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def format_number(number: float) -> str:
    """Return a number as people write it.

    Whole numbers below a million are written in full with separators; larger ones with three significant
    digits and their word (`1.5 billion`); fractions with three significant digits.

    Examples
    --------
    >>> format_number(9200), format_number(1_500_000_000), format_number(54.9134)
    ('9,200', '1.5 billion', '54.9')
    """
    if isinstance(number, float) and not math.isfinite(number):
        return "no limit"
    size = abs(number)
    # a whole number that people read digit by digit, such as a count of 1,024,915, is a matter of its
    # sentence
    for least, word in _LARGE:
        if size >= least:
            return f"{_round(number / least)} {word}"
    return f"{int(number):,}" if float(number).is_integer() else _round(number)


def _round(number: float) -> str:
    digits = max(0, 2 - math.floor(math.log10(abs(number)))) if number else 0
    text = f"{number:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text
