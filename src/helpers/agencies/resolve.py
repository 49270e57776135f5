"""Resolve many names against a registry of agencies: exactly first, then near ones, otherwise abstain."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from rapidfuzz import fuzz, process

from helpers import paths
from helpers.agencies.compare import ALIKE_FROM, compare_names, make_key
from helpers.agencies.parse import AgencyName, parse_name
from helpers.agencies.words import STATES, fold_scan
from helpers.errors import DataError

COLUMNS = ("agency_id", "name", "state", "kind", "also_known_as", "also_in", "source_id")
_WITHOUT_STATE = ("federal", "pool", "company")

Answer = tuple[str, str, str, float, str]  # outcome, agency_id, candidate_id, score, why


def load_registry(path: str | Path | None = None) -> pd.DataFrame:
    """Return a registry of agencies, one row per agency, all text.

    Parameters
    ----------
    path
        A CSV with at least the columns agency_id, name and state; by default `data/registry/agencies.csv`.

    Returns
    -------
    DataFrame: agency_id, name, state (postal code or empty), kind, also_known_as (other names, separated by
    `;`), also_in (states that have another agency of this name, separated by `;`: without a state the name
    stays unsure), source_id.

    Raises
    ------
    DataError
        A column is missing, an id is given twice, or a state is no postal code.
    """
    path = Path(path) if path else paths.DATA / "registry" / "agencies.csv"
    table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    _check(table, path.name)
    return table.reindex(columns=[*COLUMNS], fill_value="")


def _check(table: pd.DataFrame, place: str) -> None:
    missing = [column for column in COLUMNS[:3] if column not in table.columns]
    if missing:
        raise DataError(place, f"no column {', '.join(missing)}", f"A registry has: {', '.join(COLUMNS)}.")
    if (twice := table["agency_id"].duplicated()).any():
        found = f"agency_id `{table.loc[twice, 'agency_id'].iloc[0]}` twice"
        raise DataError(place, found, "Give each agency one row; put spellings into also_known_as.")
    if (odd := ~table["state"].fillna("").isin(["", *STATES])).any():
        row = int(odd.to_numpy().argmax())
        found = f"state `{table['state'].iloc[row]}` of {table['name'].iloc[row]}"
        raise DataError(f"{place}, row {row + 2}", found, "Write the postal code, such as CA, or nothing.")


class Registry:
    """A registry, read and arranged for lookup: build it once and resolve many lists against it."""

    def __init__(self, table: pd.DataFrame):
        _check(table, "registry")
        self.names: dict[str, str] = {}
        # place without spaces, role, detail -> state (may be empty) -> ids; then with a scan's slips folded
        self.exact: dict[tuple, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.folded: dict[tuple, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        # state, role -> name as read, id
        self.blocks: dict[tuple[str, str], list[tuple[AgencyName, str]]] = defaultdict(list)
        self.also_in: dict[tuple, set[str]] = defaultdict(set)
        for row in table.reindex(columns=[*COLUMNS], fill_value="").fillna("").itertuples(index=False):
            self.names[row.agency_id] = row.name
            for printed in [row.name, *filter(None, row.also_known_as.split(";"))]:
                name = parse_name(printed.strip())
                name = name._replace(state=row.state or name.state)
                key = (make_key(name), name.role, name.detail)
                for index, at in ((self.exact, key), (self.folded, (fold_scan(key[0]), *key[1:]))):
                    if row.agency_id not in index[at][name.state]:
                        index[at][name.state].append(row.agency_id)
                self.blocks[name.state, name.role].append((name, row.agency_id))
                self.also_in[key].update(filter(None, row.also_in.split(";")))

    def find_states(self, name: AgencyName) -> set[str]:
        """Return the states in which an agency of this place and role is known, `also_in` included."""
        key = (make_key(name), name.role, name.detail)
        return {*self.exact.get(key, ()), *self.also_in.get(key, ())} - {""}


def resolve_names(names: Iterable[str], registry: Registry | pd.DataFrame) -> pd.DataFrame:
    """Return which agency of a registry each name is, one row per name in the given order.

    Parameters
    ----------
    names
        Names as written. Missing values and repeats are allowed.
    registry
        A table as `load_registry` returns it, or a `Registry` built from one.

    Returns
    -------
    DataFrame: name; outcome (`same`; `different`: alike, but another agency than the nearest in the registry;
    `new`: nothing alike; `unsure`: a person must say); agency_id, filled only for `same`; score, 0 to 100;
    why; candidate_id, the nearest agency where there is one.
    """
    known = registry if isinstance(registry, Registry) else Registry(registry)
    given = ["" if name is None or name != name else str(name) for name in names]
    answers = {name: _answer(parse_name(name), known) for name in dict.fromkeys(given)}
    columns = ["name", "outcome", "agency_id", "candidate_id", "score", "why"]
    found = pd.DataFrame([(name, *answers[name]) for name in given], columns=columns)
    types = dict.fromkeys(columns, "str") | {"score": "float64"}
    return found.astype(types)[["name", "outcome", "agency_id", "score", "why", "candidate_id"]]


def _answer(name: AgencyName, known: Registry) -> Answer:
    """Answer by lookup, then by likeness within the state and role."""
    if name.kind in ("not_an_agency", "vendor_demo") or not (name.place or name.role):
        return "new", "", "", 0.0, f"kind: {name.kind}"
    nothing = ("new", "", "", 0.0, "nothing alike in the registry")
    return _look_up(name, known) or _find_near(name, known) or nothing


def _look_up(name: AgencyName, known: Registry) -> Answer | None:
    key = make_key(name)
    by_state = known.exact.get((key, name.role, name.detail), {})
    ids = by_state.get(name.state, ())
    if len(ids) > 1:
        return "unsure", "", ids[0], 100.0, f"the registry has this name {len(ids)} times: {', '.join(ids)}"
    if ids and (name.state or name.kind in _WITHOUT_STATE):
        return "same", ids[0], ids[0], 100.0, "same place, role and state"
    if not name.state and by_state:
        states = known.find_states(name)
        nearest = min(by_state.items())[1][0]
        if len(states) == 1 and (len(by_state) == 1 or name.kind != "federal"):
            only = by_state.get(min(states), [nearest])[0]
            return "same", only, only, 95.0, f"state missing, the registry knows this in {min(states)} only"
        where = ", ".join(sorted(states)) or "no state"
        return "unsure", "", nearest, 90.0, f"state missing, known in {where}"
    if "" in by_state:
        return "unsure", "", by_state[""][0], 90.0, "the registry's agency has no state"
    folded = known.folded.get((fold_scan(key), name.role, name.detail), {}).get(name.state, ())
    if not folded:
        return None
    if len(folded) == 1 and len(key) > 3 and name.state:
        return "same", folded[0], folded[0], 97.0, "same but for letters that a scan confuses"
    return "unsure", "", folded[0], 90.0, "same but for letters that a scan confuses"


def _find_near(name: AgencyName, known: Registry) -> Answer | None:
    """Answer by likeness: one that is the same, else one that may be, else the nearest that is not."""
    if name.state:
        block = known.blocks.get((name.state, name.role), [])
    else:  # held against every state; the best that it can get is `unsure`
        block = [entry for (_, role), part in known.blocks.items() if role == name.role for entry in part]
    near = process.extract(
        make_key(name),
        [make_key(other) for other, _ in block],
        scorer=fuzz.ratio,
        score_cutoff=ALIKE_FROM,
        limit=5,  # nearest places that are compared by the rules
    )
    order = ("same", "unsure", "different")
    best: Answer | None = None
    for _, _, at in near:
        other, agency_id = block[at]
        outcome, score, why = compare_names(name, other, known)
        if outcome == "same" == (best or [""])[0] and best[1] != agency_id:
            return "unsure", "", agency_id, score, "two agencies of the registry are equally near"
        if best is None or order.index(outcome) < order.index(best[0]):
            same_id = agency_id if outcome == "same" else ""
            best = (outcome, same_id, agency_id, score, f"{why}: {known.names[agency_id]}")
    return best
