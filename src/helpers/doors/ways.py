"""The doors: the kinds of way by which one agency may come to read another's plate data."""

import pandas as pd

from helpers.doors.decide import load_registry


def describe_doors(observed: bool = False) -> pd.DataFrame:
    """Return each kind of access, in the order of the schema: door, label, what_it_is, opened_by.

    With `observed` also what only a search log can show: the back door, a search of one's own data, and what
    is undetermined.
    """
    doors = [door for door in load_registry()["door"] if observed or not door.get("observed")]
    columns = {"id": "door", "label": "label", "what_it_is": "what_it_is", "opened_by": "opened_by"}
    return pd.DataFrame(doors)[list(columns)].rename(columns=columns)
