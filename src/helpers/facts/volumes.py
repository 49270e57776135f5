"""Find one cited figure by its name."""

import pandas as pd

from helpers.errors import DataError
from helpers.facts.intervals import bound_rows


def find_figure(table: pd.DataFrame, name: str) -> pd.Series:
    """Find one row of `quantities` or `query_volumes` by its name, with its bounds.

    Raises
    ------
    DataError
        There is no such row.
    """
    key = table.columns[0]
    found = table[table[key] == name]
    if found.empty:
        near = ", ".join(table.loc[table[key].str.contains(name.split("-")[0], regex=False), key].head(5))
        raise DataError(f"column {key}", f"no row named `{name}`", f"Names alike: {near or 'none'}.")
    return bound_rows(found).iloc[0]
