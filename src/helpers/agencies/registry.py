"""The registry: agencies that names are resolved against."""

import gc
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.agencies.parse import AgencyName, parse_name
from helpers.agencies.plain import read_plain
from helpers.agencies.words import STATES, fold_scan
from helpers.errors import DataError

COLUMNS = ("agency_id", "name", "state", "kind", "also_known_as", "also_in", "source_id")
_NEEDED = ("agency_id", "name", "state")
_make = tuple.__new__  # of an AgencyName, without its checks: half the time


def load_registry(path: str | Path | None = None) -> pd.DataFrame:
    """Load a registry of agencies.

    Parameters
    ----------
    path
        A CSV with at least the columns agency_id, name and state; by default `data/registry/agencies.csv`.

    Returns
    -------
    DataFrame, one row per agency, text: agency_id, name, state (postal code or empty), kind, also_known_as (other
    names, separated by `;`), also_in (states that have another agency of this name, separated by `;`: without
    a state the name stays unsure), source_id.

    Raises
    ------
    DataError
        A column is missing, an id is given twice, or a state is no postal code.
    """
    path = Path(path) if path else paths.DATA / "registry" / "agencies.csv"
    table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    check_registry(table, path.name)
    return table.reindex(columns=[*COLUMNS], fill_value="")


def check_registry(table: pd.DataFrame, place: str = "registry") -> None:
    """Check a registry's columns, ids and states.

    Raises
    ------
    DataError
        The first thing that is wrong, with its row.
    """
    missing = [column for column in _NEEDED if column not in table.columns]
    if missing:
        raise DataError(
            place, f"no column {', '.join(missing)}", f"A registry has the columns {', '.join(COLUMNS)}."
        )
    if (twice := table["agency_id"].duplicated()).any():
        found = table.loc[twice, "agency_id"].iloc[0]
        way_out = "Give each agency one row; put spellings into also_known_as."
        raise DataError(place, f"agency_id `{found}` stands twice", way_out)
    states = table["state"].fillna("")
    if not (known := states.isin(["", *STATES])).all():
        row = int((~known).to_numpy().argmax())
        found = f"state `{states.iloc[row]}` of {table['name'].iloc[row]}"
        raise DataError(f"{place}, row {row + 2}", found, "Write the postal code, such as CA, or nothing.")


class Registry:
    """A registry, read and arranged for lookup. Build it once and resolve many lists against it.

    Parameters
    ----------
    table
        As `load_registry` returns it; agency_id, name and state are enough.
    """

    def __init__(self, table: pd.DataFrame):
        check_registry(table)
        size = len(table)
        columns = [_list(table[c]) if c in table.columns else [""] * size for c in COLUMNS]
        self.names: dict[str, str] = dict(zip(columns[0], columns[1], strict=True))
        # place without spaces, role, state, detail -> agency ids
        self.exact: dict[tuple[str, str, str, str], list[str]] = {}
        # state, role -> place without spaces, name as read, agency id
        self.blocks: dict[tuple[str, str], list[tuple[str, AgencyName, str]]] = {}
        self._elsewhere: dict[tuple[str, str, str], set[str]] = {}
        with pause_collector():
            for agency_id, name, state, _, others, also_in, _ in zip(*columns, strict=True):
                self._add(agency_id, name, state, also_in)
                if others:
                    for other in others.split(";"):
                        self._add(agency_id, other.strip(), state, also_in)
        self.roles = sorted({role for _, role in self.blocks})

    def _add(self, agency_id: str, printed: str, state: str, also_in: str) -> None:
        name = read_plain(printed) or parse_name(printed)
        place, role, printed_state, kind, is_inactive, rules, detail = name
        if not state:
            state = printed_state
        elif printed_state != state:
            name = _make(AgencyName, (place, role, state, kind, is_inactive, rules, detail))
        key = place.replace(" ", "")
        ids = self.exact.get((key, role, state, detail))
        if ids is None:
            self.exact[key, role, state, detail] = [agency_id]
        elif agency_id not in ids:
            ids.append(agency_id)
        block = self.blocks.get((state, role))
        if block is None:
            block = self.blocks[state, role] = []
        block.append((key, name, agency_id))
        if also_in:
            self._elsewhere.setdefault((key, role, detail), set()).update(also_in.split(";"))

    @cached_property
    def twins(self) -> dict[tuple[str, str, str], dict[str, str]]:
        """Agencies of one name: place without spaces, role, detail -> state (may be empty) -> agency id."""
        found: dict[tuple[str, str, str], dict[str, str]] = {}
        for (key, role, state, detail), ids in self.exact.items():
            found.setdefault((key, role, detail), {})[state] = ids[0]
        return found

    def find_states(self, name: AgencyName) -> set[str]:
        """Find the states in which an agency of this place and role is known, `also_in` included."""
        key = (name.place.replace(" ", ""), name.role, name.detail)
        return (set(self.twins.get(key, ())) | self._elsewhere.get(key, set())) - {""}

    @cached_property
    def folded(self) -> dict[tuple, list[str]]:
        """Agencies as in `exact`, by their place with a scan's confusions folded."""
        found: dict[tuple, list[str]] = {}
        # all places at once, as lines of one text: no confusion reaches over the end of a line
        folded = fold_scan("\n".join([key for key, _, _, _ in self.exact])).split("\n")
        for key, ((_, role, state, detail), ids) in zip(folded, self.exact.items(), strict=True):
            mine = found.get((key, role, state, detail))
            if mine is None:
                found[key, role, state, detail] = ids  # shared with `exact`: nobody changes a list of either
            else:
                found[key, role, state, detail] = [
                    *mine,
                    *(agency_id for agency_id in ids if agency_id not in mine),
                ]
        return found


@contextmanager
def pause_collector():
    """Pause the search for reference cycles while many small objects without cycles are made: a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # what was made is old now, and not looked through at once
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _list(column: pd.Series) -> list[str]:
    return column.fillna("").to_numpy(dtype=object).tolist()
