"""Words that go with numbers: one row, two rows."""


def say_number(number: int, one: str, many: str = "") -> str:
    """Say a number with its word: `1 row`, `1,234 rows`; `many` where the plural is not `one` and an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
