"""Agency names: `resolve_names` against the full cross-comparison with rapidfuzz, on invented names of known truth.

30,000 messy names are resolved against 18,000 agencies. Both ways start from the printed names and read them by the
same rules, so that the peer profits from our normalization too; it then compares every name with every agency and
takes the best above a threshold. Accuracy is printed before any time. The precision and recall on the hand-labelled
pairs of real names follow; these names are real, the 30,000 are not.
"""

import csv
import os
import random
import resource
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from helpers.agencies import (
    Registry,
    compare_names,
    load_registry,
    parse,
    parse_name,
    plain,
    resolve_names,
    words,
)

SEED, AGENCIES, NAMES = 20261124, 18_000, 30_000
PAIRS = Path(__file__).parent.parent / "tests" / "data" / "name_pairs.csv"
# Shares of the noise, set before any result was seen: real lists print about one typing slip in 500 names, a scan
# about three in 100; a quarter of one vendor's names has no state, hardly any of another's.
SHARES = {"typo": 0.03, "no_state": 0.05, "absent": 0.05, "inactive": 0.02}
PEER_FROM = 90  # the peer's threshold, of 100; it has no other way to say "not in the registry"

_FIRST = """
Ash Beech Bell Birch Brad Brook Burn Cedar Chat Clay Clear Cold Crest Dale Dan East Edge Elm Fair Fern Ford
Fox Glen Graf Green Hart Haw Hazel High Hill Holl Hunt Iron Jack Kings Lake Lang Lex Lin Mans Maple Mar Mead
Mid Mill Mon New North Oak Old Or Park Pem Pine Plain Quin Red Rich Ridge River Rock Rose Sand Shel Silver
South Spring Stan Stone Strat Sum Syl Thorn Tren Upper Val Wake War Water Web Wes West White Wil Win Wood York
""".split()
_LAST = """
aire bank berg boro bridge burg bury by dale den ell field ford gate grove ham haven hill hurst ington kirk
land ley lin low mere mont mouth nor port ridge ristown royal sey shire side stead ter ton town vale view
ville wick wold wood worth
""".split()
_WORDS = [
    *[""] * 6,
    " City",
    " Springs",
    " Park",
    " Heights",
    " Falls",
    " Beach",
    " Hills",
    " Grove",
    " Lake",
]


def invent_registry(rng: random.Random) -> pd.DataFrame:
    """Invent a registry: cities, counties, townships, campuses; place names recur in other states, as real ones do."""
    states = [code for code in words.STATES if code not in ("AS", "GU", "MP", "PR", "VI")]
    stems = [first + last for first in _FIRST for last in _LAST]
    rows, seen = [], set()
    while len(rows) < AGENCIES:
        stem, state, draw = rng.choice(stems) + rng.choice(_WORDS), rng.choice(states), rng.random()
        if draw < 0.75:
            name, role = f"{stem} Police Department", "police"
        elif draw < 0.94:
            name, role = f"{stem.split()[0]} County Sheriff's Office", "sheriff"
        elif draw < 0.98:
            name, role = f"{stem.split()[0]} Township Police Department", "police"
        else:
            name, role = f"{stem} University Police Department", "campus_police"
        if (name, state) not in seen:
            seen.add((name, state))
            rows.append((f"a{len(rows)}", name, state, role))
    return pd.DataFrame(rows, columns=["agency_id", "name", "state", "kind"])


def invent_names(rng: random.Random, registry: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Invent messy names; return them with the id that each one means, empty if it is not in the registry."""
    known = set(zip(registry["name"], registry["state"], strict=True))
    rows = registry.to_dict("records")
    names, truth = [], []
    while len(names) < NAMES:
        row = rng.choice(rows)
        name, state, agency_id = row["name"], row["state"], row["agency_id"]
        if rng.random() < SHARES["absent"]:
            name = rng.choice(_FIRST) + rng.choice(_LAST) + " " + name.split(" ", 1)[1]
            if (name, state) in known:
                continue
            agency_id = ""
        role = "PD" if "Police" in name else "SO"
        place = name.removesuffix(" Police Department").removesuffix(" Sheriff's Office")
        if rng.random() < SHARES["typo"]:
            place = _mistype(rng, place)
        names.append(_print_name(rng, place, role, "" if rng.random() < SHARES["no_state"] else state))
        truth.append(agency_id)
    return names, truth


def _mistype(rng: random.Random, place: str) -> str:
    at = rng.randrange(1, len(place.split()[0]))
    draw = rng.randrange(5)
    if draw == 0:
        return place[:at] + place[at + 1 :]
    if draw == 1:
        return place[:at] + place[at] + place[at:]
    if draw == 2 and at + 1 < len(place):
        return place[:at] + place[at + 1] + place[at] + place[at + 2 :]
    if draw == 3:
        return place[:at] + rng.choice("aeioulnrst") + place[at + 1 :]
    return place.replace("rn", "m").replace("ri", "n").replace("l", "I", 1)


def _print_name(rng: random.Random, place: str, role: str, state: str) -> str:
    long = {"PD": "Police Department", "SO": "Sheriffs Office"}[role]
    form = rng.random()
    if role == "SO" and form > 0.97:
        place = place.replace(" County", " Co")
    if not state:
        text = f"{place} {rng.choice([role, long])}"
    elif form < 0.55:
        text = f"{place} {state} {role}"
    elif form < 0.80:
        text = f"{place} {long} ({state})"
    elif form < 0.88:
        text = f"{place} {role} {state}"
    elif form < 0.92:
        text = f"{state} - {place} {role}"
    elif form < 0.96:
        text = f"{place} {state} {role}".upper()
    else:
        text = f"{place.replace('Township', 'Twp')} {long.replace('Department', 'Dept.')} {state}"
    return f"Inactive {text}" if rng.random() < SHARES["inactive"] else text


def _forget() -> None:
    """Empty the caches of reading, so that every repetition reads its names anew."""
    for cached in (parse._read, words.mend_word):
        cached.cache_clear()
    for cache in (plain._PLAIN, *plain._HEADS.values()):
        cache.clear()


def _resolve_house(registry: pd.DataFrame, names: list[str]) -> list[str]:
    return resolve_names(names, Registry(registry))["agency_id"].tolist()


def _resolve_peer(registry: pd.DataFrame, names: list[str]) -> list[str]:
    ids = registry["agency_id"].tolist()
    there = [
        _write(parse_name(name), state)
        for name, state in zip(registry["name"], registry["state"], strict=True)
    ]
    here = [_write(parse_name(name)) for name in names]
    found = []
    for start in range(0, len(here), 1000):  # in slices: the whole matrix would take half a gigabyte
        scores = process.cdist(
            here[start : start + 1000], there, scorer=fuzz.ratio, dtype=np.uint8, workers=-1
        )
        best = scores.argmax(axis=1)
        found += [ids[at] if scores[row, at] >= PEER_FROM else "" for row, at in enumerate(best)]
    return found


def _write(name, state: str = "") -> str:
    return f"{name.place} {name.role} {name.state or state}".strip()


def measure(reps: int) -> None:
    """Print accuracy, then times and ratios, then precision and recall on the labelled pairs."""
    rng = random.Random(SEED)
    registry = invent_registry(rng)
    names, truth = invent_names(rng, registry)
    print(f"{len(names):,} invented names, {len(registry):,} invented agencies, seed {SEED}")
    known = Registry(registry)
    ways = {
        "resolve_names, registry read anew": lambda: _resolve_house(registry, names),
        "resolve_names, registry at hand": lambda: resolve_names(names, known)["agency_id"].tolist(),
        "rapidfuzz cdist, all pairs, 2+ threads": lambda: _resolve_peer(registry, names),
    }
    print(
        f"{'way':<40}{'right':>8}{'wrong link':>12}{'no link':>9}  (right: linked rightly, or rightly not linked)"
    )
    for name, way in ways.items():
        found = way()
        right = sum(a == b for a, b in zip(found, truth, strict=True)) / len(truth)
        wrong = sum(bool(a) and a != b for a, b in zip(found, truth, strict=True)) / len(truth)
        print(f"{name:<40}{right:>8.2%}{wrong:>12.2%}{1 - right - wrong:>9.2%}")
    times = {name: [] for name in ways}
    for rep in range(reps):
        for name, way in ways.items():
            print(f"  repetition {rep + 1} of {reps}: {name}", file=sys.stderr)
            times[name].append(_clock(way))
    ours = next(iter(ways))
    print(f"n = {reps}{' (few)' if reps < 5 else ''}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'way':<40}{'wall s':>9}{'min':>8}{'max':>8}{'CPU s':>9}{'wall ratio':>12}{'CPU ratio':>11}")
    for name, runs in times.items():
        wall, cpu = zip(*runs, strict=True)
        paired = [median(a[k] / b[k] for a, b in zip(runs, times[ours], strict=True)) for k in (0, 1)]
        print(
            f"{name:<40}{median(wall):>9.2f}{min(wall):>8.2f}{max(wall):>8.2f}{median(cpu):>9.2f}"
            f"{paired[0]:>12.2f}{paired[1]:>11.2f}"
        )
    _print_pairs()


def _clock(way) -> tuple[float, float]:
    """Measure wall and CPU seconds of one way, its threads included."""
    _forget()
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    way()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_pairs(split: str) -> dict[str, tuple[int, int]]:
    """Count, on one half of the labelled pairs, precision and recall of `same` and the share of `unsure`.

    Returns
    -------
    Measure -> (hits, of how many). A pair labelled `cannot_tell` counts against precision when it is called the same.
    """
    known = Registry(load_registry())
    with PAIRS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    for row in rows:
        row["outcome"] = compare_names(row["name_a"], row["name_b"], known)[0]
    called = [row for row in rows if row["outcome"] == "same"]
    same = [row for row in rows if row["label"] == "same"]
    stated = [row for row in same if "state missing" not in row["why"]]
    missing = [row for row in same if "state missing" in row["why"]]
    different = [row for row in rows if row["label"] == "different"]

    def count(rows: list, key: str, value: str) -> tuple[int, int]:
        return sum(row[key] == value for row in rows), len(rows)

    return {
        "precision of same": count(called, "label", "same"),
        "recall of same": count(same, "outcome", "same"),
        "recall, the names say enough": count(stated, "outcome", "same"),
        "recall, a state is missing": count(missing, "outcome", "same"),
        "different called different": count(different, "outcome", "different"),
        "unsure, of all pairs": count(rows, "outcome", "unsure"),
    }


def bound(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Give the Wilson interval of a share, 95 percent."""
    if not of:
        return 0.0, 1.0
    share, room = hits / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / room
    half = z * ((share * (1 - share) + z * z / (4 * of)) / of) ** 0.5 / room
    return max(0.0, middle - half), min(1.0, middle + half)


def _print_pairs() -> None:
    print("hand-labelled pairs of real names: the rules were tuned on dev only")
    print(f"{'measure':<34}{'dev':>22}{'test':>22}{'test, Wilson 95 %':>22}")
    dev, test = measure_pairs("dev"), measure_pairs("test")
    for name, (hits, of) in test.items():
        low, high = bound(hits, of)
        first = f"{dev[name][0]}/{dev[name][1]} = {dev[name][0] / max(dev[name][1], 1):.3f}"
        print(
            f"{name:<34}{first:>22}{f'{hits}/{of} = {hits / max(of, 1):.3f}':>22}{f'{low:.3f} to {high:.3f}':>22}"
        )
