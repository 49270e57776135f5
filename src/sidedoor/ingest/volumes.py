"""From printed figures to the table `volumes`: a record is one cell that should hold a figure."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

from helpers.canonical import build_table
from sidedoor.ingest.report import Report, Skipped

_FIGURE = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d+)?")


def read_figure(text: str) -> float | None:
    """Read a figure such as `234,400,000` or `0.5`; None if the cell is no number, a negative one, or
    infinite.
    """
    text = text.strip()
    return float(text.replace(",", "")) if _FIGURE.fullmatch(text) else None


class VolumeTable:
    """Collects the figures of one file, and those set aside."""

    def __init__(self):
        self.rows: list[dict] = []
        self._skipped: dict[tuple[str, str], Skipped] = {}

    def add(self, **fields) -> None:
        """Take a figure; fields are those of the table."""
        self.rows.append(fields)

    def set_aside(self, place: str, reason: str, code: str = "no-figure") -> None:
        """Note a cell that holds no figure. Cells with one reason become one entry of the report."""
        self._skipped.setdefault((code, reason), Skipped(code, reason)).add(place)

    def close(self, report: Report) -> pd.DataFrame:
        """Put the table together and account for every record."""
        table = build_table("volumes", self.rows)
        report.rows_out += len(table)
        report.rows_in += len(table)
        report.skip(self._skipped)
        if len(table):
            starts, ends = (table[name].dropna() for name in ("period_start", "period_end"))
            report.span["volumes"] = [min(starts, default=None), max(ends, default=None)]
            report.details["figures"] = table["measure"].value_counts().sort_index().to_dict()
        return table


def find_sentinel(text: str, sentinels: Mapping[str, list[str]]) -> str | None:
    """Name the meaning of a cell without a figure by its words, in any letter case; `*` ends a beginning."""
    plain = " ".join(text.split()).casefold()
    for meaning, words in sentinels.items():
        for word in map(str.casefold, words):
            if plain == word or (word.endswith("*") and len(word) > 1 and plain.startswith(word[:-1])):
                return meaning
    return None


def state_dates(last: str, days: int) -> tuple[str, str]:
    """Return the first and last day of a period that ends on a day, as `YYYY-MM-DD`."""
    end = date.fromisoformat(last)
    return (end - timedelta(days=days)).isoformat(), end.isoformat()
