"""Load fact tables, checked against `data/datapackage.json`, the one schema."""

from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.facts.schema import check_tables, describe_table, find_table, list_tables

__all__ = ["check_tables", "describe_table", "list_tables", "load_table"]
_DTYPES = {"string": "str", "date": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}


def load_table(name: str, facts: str | Path | None = None) -> pd.DataFrame:
    """Load one fact table.

    Parameters
    ----------
    name
        A name of `list_tables()`.
    facts
        Folder with the tables, from the repository's root; by default `data/facts`. All tables in it are checked once per session:
        types, constraints, primary keys and the keys that lead to other tables.

    Returns
    -------
    DataFrame, one row per record, columns and order as in the schema. Numbers are numbers, booleans are
    booleans, dates stay text (many are known only to the month or year), empty cells are missing.

    Raises
    ------
    DataError
        A table breaks the schema; the message names file, row and column.
    """
    resource = describe_table(name)
    folder = paths.find_facts(facts)
    check_tables(folder)
    types = {field["name"]: _DTYPES[field["type"]] for field in resource["schema"]["fields"]}
    table = pd.read_csv(find_table(resource, folder), dtype="str", keep_default_na=False, na_values=[""])
    booleans = [column for column, kind in types.items() if kind == "boolean"]
    table[booleans] = table[booleans].apply(lambda column: column.map({"true": True, "false": False}))
    return table.astype(types)
