"""The searches that happen in the simulated world, before any log is written: who, when, why, how wide."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.simulate import world

_HOUR = 3_600_000_000
_HOURS = np.array([4, 3, 2, 2, 2, 3, 5, 8, 10, 11, 11, 11, 10, 11, 12, 12, 12, 11, 10, 9, 9, 8, 7, 5], float)
_DAYS = np.array([10, 11, 11, 11, 10.5, 7.5, 6.5])
_ROUGH = {"own": 1, "state": 184, "nation": 5_400}
TWIN_SHARE = 0.004  # searches of one agency in one second over as many networks: no key but an id parts them

NAMES = tuple(world.AGENCIES)
KINDS = np.array([kind for kind, _, _ in world.AGENCIES.values()])
WEIGHTS = np.array([weight for _, weight, _ in world.AGENCIES.values()])
FEDERAL_SHARES = np.array([share for _, _, share in world.AGENCIES.values()])
IS_ZZ = np.array([" ZZ" in f" {name}" and "YY" not in name for name in NAMES])
# Every text that can stand as a reason, and its bucket; what an officer typed is a place in this list.
TEXTS: tuple[tuple[str, str], ...] = tuple(
    dict.fromkeys((text, bucket) for pool in world.REASONS.values() for text, bucket, _ in pool)
) + tuple((text, "other") for text, _ in world.CATEGORIES)
DOORS = ("none", "side", "relay", "account", "federal")


@dataclass(frozen=True)
class Events:
    """Searches in order of time, as arrays of one length.

    Attributes
    ----------
    number, time
        Number of the search, from 0; UTC, in microseconds.
    searcher, door, purpose, text, kind
        Places in `NAMES`, `DOORS`, `world.PURPOSES`, `TEXTS` and `world.TYPES`. The door of a federal agency
        depends on whose data it reads.
    window_days, networks, devices, scope
        Days that it asks back; networks and devices searched; 0 own, 1 state, 2 nation.
    has_case, plate_state
        Whether a case number was given; 0 none, 1 ZZ, 2 YY.
    """

    number: np.ndarray
    time: np.ndarray
    searcher: np.ndarray
    door: np.ndarray
    purpose: np.ndarray
    text: np.ndarray
    kind: np.ndarray
    window_days: np.ndarray
    networks: np.ndarray
    devices: np.ndarray
    scope: np.ndarray
    has_case: np.ndarray
    plate_state: np.ndarray


def convert_local(day: str) -> int:
    """Return the midnight at which a local day begins, in microseconds of UTC."""
    return pd.Timestamp(day, tz=world.ZONE).value // 1_000


def draw_events(seed: int, part: int, parts_n: int, events_n: int) -> Events:
    """Return the searches of one of several equal parts of the period, alike however often it is asked.

    Parameters
    ----------
    seed
        Seed of the world.
    part, parts_n
        Which part of the period, by number of searches, counted from 0.
    events_n
        Searches in this part.
    """
    pick = np.random.default_rng([seed, part, parts_n])
    time = _draw_times(pick, part, parts_n, events_n)
    searcher = pick.choice(len(NAMES), events_n, p=WEIGHTS / WEIGHTS.sum())
    burst = np.flatnonzero(_is_on(time, world.BURST_ON) & (pick.random(events_n) < 0.5))
    searcher[burst] = NAMES.index(world.BURST_BY)
    door, purpose = _draw_doors(pick, searcher, events_n)
    text = _draw_texts(pick, purpose, time, events_n)
    federal = pick.choice(3, events_n, p=[0, 0.35, 0.65])
    local = pick.choice(3, events_n, p=[0.3, 0.42, 0.28])
    scope = np.where(KINDS[searcher] == "federal", federal, local)
    scope = np.where(
        ~IS_ZZ[searcher] & (scope == 1), 2, scope
    )  # whoever is outside the state asks the nation
    base = np.array(list(_ROUGH.values()))[scope]
    networks = np.where(scope == 0, 1, base + pick.integers(-base // 12, base // 8 + 1))
    kind = _choose(pick, world.TYPES, events_n)
    devices = networks * pick.integers(9, 15, events_n)
    networks = np.where((kind == 3) | (pick.random(events_n) < 0.01), 0, networks)  # 0 does not mean none
    days = np.array([days for days, _ in world.WINDOWS])[_choose(pick, world.WINDOWS, events_n)]
    made = {
        "time": time,
        "searcher": searcher,
        "kind": kind,
        "window_days": days,
        "networks": networks,
        "devices": devices,
        "scope": scope,
        "door": door,
        "purpose": purpose,
        "text": text,
        "has_case": pick.random(events_n) < 0.55,
        "plate_state": pick.choice(3, events_n, p=[0.3, 0.45, 0.25]),
    }
    if events_n:
        twin = pick.random(events_n) < TWIN_SHARE
        twin[0] = False
        twin &= ~np.roll(twin, 1)
        for name in made.keys() - {"has_case", "plate_state"}:
            made[name] = np.where(twin, np.roll(made[name], 1), made[name])
    return Events(number=part * events_n + np.arange(events_n), **made)


def _draw_times(pick, part: int, parts_n: int, events_n: int) -> np.ndarray:
    """Draw times that follow hours, weekdays and the level of the year, in the part's share of all."""
    first, last = convert_local(world.FIRST), convert_local(world.LAST)
    hours = np.arange(first, last, _HOUR)
    local = pd.DatetimeIndex(hours.astype("datetime64[us]"), tz="UTC").tz_convert(world.ZONE)
    rate = _HOURS[local.hour] * _DAYS[local.day_of_week]
    rate = rate * np.where(hours >= convert_local(world.CHANGE_ON), world.CHANGE_FACTOR, 1.0)
    rate = rate * np.where(_is_on(hours, world.BURST_ON), 2.0, 1.0)
    cumulated = np.concatenate([[0.0], np.cumsum(rate)])
    places = (part + np.sort(pick.random(events_n))) / parts_n * cumulated[-1]
    times = np.interp(places, cumulated, np.append(hours, last).astype(float)).astype("int64")
    return times // 1_000_000 * 1_000_000


def _is_on(time: np.ndarray, day: str) -> np.ndarray:
    start = convert_local(day)
    return (time >= start) & (time < start + 24 * _HOUR)


def _draw_doors(pick, searcher: np.ndarray, events_n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw for whom each search is run, and what for."""
    kind = KINDS[searcher]
    for_federal = pick.random(events_n) < FEDERAL_SHARES[searcher]
    is_borrower = (searcher == NAMES.index(world.BORROWED)) & ~for_federal
    borrowed = is_borrower & (pick.random(events_n) < world.BORROWED_SHARE)
    door = np.zeros(events_n, "int64")
    door[for_federal] = DOORS.index("side")
    door[for_federal & (kind == "fusion")] = DOORS.index("relay")
    door[borrowed] = DOORS.index("account")
    door[kind == "federal"] = DOORS.index("federal")
    is_park_police = searcher == NAMES.index("[Federal] Simulated Park Police")
    is_civil = pick.random(events_n) < np.where(is_park_police, 0.0, 0.7)
    purpose = np.full(events_n, world.PURPOSES.index("local"))
    purpose[(door > 0) & is_civil] = world.PURPOSES.index("civil_immigration")
    purpose[(door > 0) & ~is_civil] = world.PURPOSES.index("federal_criminal")
    return door, purpose


def _draw_texts(pick, purpose: np.ndarray, time: np.ndarray, events_n: int) -> np.ndarray:
    """Draw what is typed; once the form offers categories, only these."""
    place = {text: number for number, text in enumerate(TEXTS)}
    text = np.zeros(events_n, "int64")
    for number, name in enumerate(world.PURPOSES):
        pool = world.REASONS[name]
        drawn = _choose(pick, [(entry, entry[2]) for entry in pool], events_n)
        text = np.where(purpose == number, np.array([place[entry[:2]] for entry in pool])[drawn], text)
    first = len(TEXTS) - len(world.CATEGORIES)
    offered = first + _choose(pick, world.CATEGORIES, events_n)
    assist = first + [name for name, _ in world.CATEGORIES].index("Assist other agency")
    is_assist = (purpose != world.PURPOSES.index("local")) & (pick.random(events_n) < 0.6)
    offered = np.where(is_assist, assist, offered)
    return np.where(time >= convert_local(world.CATEGORIES_ON), offered, text)


def _choose(pick, choices, events_n: int) -> np.ndarray:
    """Draw places in a list of (value, weight)."""
    weights = np.array([weight for _, weight in choices], float)
    return pick.choice(len(weights), events_n, p=weights / weights.sum())
