"""Agency names: ours beside the comparison of every name with every agency (rapidfuzz), on invented names.

Both read the printed names by our rules first, so that the full comparison profits from them; it then takes
the most similar agency from a threshold on. The two may differ: how many names each gets right is printed.
"""

import random
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20261124
SIZES = {"country": (18_000, 10_000), "tiny": (300, 100)}
TINY = "tiny"
WAYS, TASKS, LEFT_OUT = ["sidedoor", "rapidfuzz"], ["resolve"], []
# Shares of noise, set before any result was seen: real lists print about one typing slip in 500 names, a scan
# about three in 100.
SLIPS, ABSENT, NO_STATE = 0.03, 0.05, 0.05
ALIKE_FROM = 90  # of 100; below it the full comparison says that an agency is not in the registry
FIRST = (
    "Ash Beech Bell Birch Brad Brook Burn Cedar Chat Clay Clear Cold Crest Dale Dan East Edge Elm Fair Fern "
    "Ford Fox Glen Graf Green Hart Haw Hazel High Hill Holl Hunt Iron Jack Kings Lake Lang Lex Lin Mans Maple"
).split()
LAST = (
    "aire bank berg boro bridge burg bury by dale den ell field ford gate grove ham haven hill hurst ington "
    "kirk land ley lin low mere mont mouth nor port ridge shire side stead ter ton town vale view ville wick"
).split()
ENDS = ["", "", "", "", " City", " Springs", " Park", " Heights", " Falls", " Beach"]
STATES = (
    "AL AZ CA CO FL GA IA IL IN KS KY LA MA MD MI MN MO NC NE NJ NV NY OH OK OR PA TX UT VA WA WI".split()
)
POLICE, SHERIFF = "Police Department", "County Sheriff's Office"


def prepare(folder: Path, size: str) -> str:
    """Write a registry, messy names, and which agency each one means: none if it is not in the registry."""
    agencies_n, names_n = SIZES[size]
    source = random.Random(f"{SEED} {size}")
    known = {}
    while len(known) < agencies_n:
        known.setdefault(_invent(source), f"a{len(known)}")
    rows = [(agency_id, f"{place} {role}", state) for (place, role, state), agency_id in known.items()]
    pd.DataFrame(rows, columns=["agency_id", "name", "state"]).to_csv(folder / "registry.csv", index=False)
    listed, names = list(known), []
    while len(names) < names_n:
        agency = source.choice(listed)
        if source.random() < ABSENT:
            agency = _invent(source)
            if agency in known:
                continue
        names.append((_print(source, *agency), known.get(agency, "")))
    pd.DataFrame(names, columns=["printed", "agency_id"]).to_csv(folder / "names.csv", index=False)
    return f"{names_n:,} invented names, {agencies_n:,} invented agencies, seed {SEED}"


def _invent(source: random.Random) -> tuple[str, str, str]:
    """Invent a place, a role and a state; names of places recur in other states, as real ones do."""
    stem, role = source.choice(FIRST) + source.choice(LAST), source.choices([POLICE, SHERIFF], [4, 1])[0]
    return stem + (source.choice(ENDS) if role == POLICE else ""), role, source.choice(STATES)


def _print(source: random.Random, place: str, role: str, state: str) -> str:
    """Print a name as one of many lists would."""
    if source.random() < SLIPS:
        at = source.randrange(1, len(place.split()[0]))
        place = source.choice([place[:at] + place[at + 1 :], place[:at] + place[at] + place[at:]])
    county, short = ("", "PD") if role == POLICE else (" County", "SO")
    forms = [
        f"{place}{county} {state} {short}",
        f"{place} {role} ({state})",
        f"{state} - {place}{county} {short}",
    ]
    if source.random() < NO_STATE:
        forms = [f"{place} {role}"]
    return source.choice([*forms, forms[0].upper(), f"Inactive {forms[0]}"])


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype="str", keep_default_na=False)


def open_way(way: str, folder: Path) -> dict:
    """Give the task of one way as {task: (call, check)}."""
    registry, names = (_read(folder / f"{name}.csv") for name in ("registry", "names"))
    resolve = _open_sidedoor() if way == "sidedoor" else _open_rapidfuzz()
    return {
        "resolve": (lambda: resolve(names["printed"].tolist(), registry), lambda found: np.array(found, "U8"))
    }


def judge(folder: Path, found: np.ndarray) -> str:
    """Say how many names are linked rightly, or rightly not at all, and how many wrongly."""
    truth = _read(folder / "names.csv")["agency_id"].to_numpy()
    right, wrong = (found == truth).mean(), ((found != truth) & (found != "")).mean()
    return f"{right:.2%} right, {wrong:.2%} linked wrongly, {1 - right - wrong:.2%} not linked"


def _open_sidedoor():
    from helpers.agencies import resolve_names

    return lambda names, registry: resolve_names(names, registry)["agency_id"].tolist()


def _open_rapidfuzz():
    from rapidfuzz import fuzz, process

    from helpers.agencies import parse_name

    def write(name, state: str = "") -> str:
        return f"{name.place} {name.role} {name.state or state}".strip()

    def resolve(names: list[str], registry: pd.DataFrame) -> list[str]:
        pairs = zip(registry["name"], registry["state"], strict=True)
        there = [write(parse_name(name), state) for name, state in pairs]
        here, found = [write(parse_name(name)) for name in names], []
        for start in range(0, len(here), 1000):  # in slices: the whole matrix would take much memory
            part = here[start : start + 1000]
            scores = process.cdist(part, there, scorer=fuzz.ratio, dtype=np.uint8, workers=-1)
            best = zip(scores.argmax(axis=1), scores.max(axis=1), strict=True)
            found += [registry["agency_id"].iloc[at] if score >= ALIKE_FROM else "" for at, score in best]
        return found

    return resolve
