"""How few sightings single out one vehicle among all. For simulated traffic only: nothing here reads a record."""

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.facts.intervals import bound_share
from helpers.simulate.traffic import Sightings

# Length of a time cell [minutes].
TIMES = {"quarter of an hour": 15, "hour": 60, "day": 1440, "week": 10_080}
PLACES = ("camera", "zone")
_ZONES = (3, 2)  # across and along
_HELD = 64_000_000  # bits of vehicles in cells held at once [bytes]


def thin_sightings(
    sightings: Sightings, cameras_n: int | None = None, days_n: int | None = None
) -> Sightings:
    """Keep the sightings of the first cameras and the last days, as a smaller network or a rule of retention would.

    Raises
    ------
    DataError
        There are not so many cameras or days.
    """
    city = sightings.city
    cameras_n, days_n = cameras_n or city.cameras_n, days_n or city.days_n
    if not (1 <= cameras_n <= city.cameras_n and 1 <= days_n <= city.days_n):
        found = f"{cameras_n} cameras and {days_n} days of {city.cameras_n} and {city.days_n}"
        raise DataError("simulated traffic", found, "Keep at most what was simulated.")
    first = (city.days_n - days_n) * 1440
    kept = (sightings.camera < cameras_n) & (sightings.minute >= first)
    return Sightings(
        sightings.vehicle[kept], sightings.camera[kept], sightings.minute[kept] - np.int32(first),
        sightings.camera_x[:cameras_n], sightings.camera_y[:cameras_n],
        replace(city, cameras_n=cameras_n, days_n=days_n),
    )  # fmt: skip


def measure_unicity(
    sightings: Sightings,
    points: list[int],
    *,
    place: str = "camera",
    time: str = "hour",
    sample_n: int = 1_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the share of vehicles that a few of their own sightings single out.

    Parameters
    ----------
    sightings
        Simulated.
    points
        Numbers of sightings known [points], each at least 1.
    place, time
        How exactly a sighting is known: one of `PLACES`, one of `TIMES`. Sightings in one cell of place and time are
        one point.
    sample_n
        Vehicles looked at [vehicles].
    seed
        Of the draw of vehicles and of their points.

    Returns
    -------
    DataFrame, one row per number of points: points_n, place, time, eligible_n (vehicles with so many points),
    sampled_n, unique_n, unique_frac (0-1 of those sampled), low, high (95 percent Wilson interval of the sampling; it
    says nothing about how well the simulation fits a city).

    Raises
    ------
    DataError
        An unknown resolution, a number of points below 1, or no vehicle with so many points.

    Notes
    -----
    Unicity as in de Montjoye and others (2013): a vehicle is unique at p points if p of its points, drawn at
    random, are all among those of no other vehicle. The points of a vehicle at p are the first p of one draw.
    """
    if place not in PLACES or time not in TIMES:
        way_out = f"Places: {', '.join(PLACES)}; times: {', '.join(TIMES)}."
        raise DataError("resolution", f"`{place}` and `{time}`", way_out)
    if not points or min(points) < 1:
        raise DataError("points", f"{points}", "Ask for one point or more.")
    vehicle, cell, cells_n = _list_cells(sightings, place, TIMES[time])
    count = np.bincount(vehicle, minlength=sightings.city.vehicles_n)
    first = np.concatenate([[0], np.cumsum(count)])
    index = _Index(vehicle, cell, cells_n, sightings.city.vehicles_n)
    rows = []
    for wanted in sorted(set(points)):
        eligible = np.flatnonzero(count >= wanted)
        if not len(eligible):
            raise DataError(
                "points", f"no vehicle has {wanted} points", "Ask for fewer, or simulate more days."
            )
        rng = np.random.default_rng([seed, wanted])
        chosen = np.sort(rng.choice(eligible, min(sample_n, len(eligible)), replace=False))
        drawn = np.stack([cell[first[one] + _draw(seed, one, count[one], wanted)] for one in chosen])
        step = max(1, _HELD * 8 // (sightings.city.vehicles_n * wanted))
        parts = (drawn[start : start + step] for start in range(0, len(drawn), step))
        unique_n = sum(int((index.count_alike(part) == 1).sum()) for part in parts)
        share = bound_share(unique_n, len(chosen))
        rows.append(
            (
                wanted,
                place,
                time,
                len(eligible),
                len(chosen),
                unique_n,
                unique_n / len(chosen),
                share.low,
                share.high,
            )
        )
    columns = [
        "points_n",
        "place",
        "time",
        "eligible_n",
        "sampled_n",
        "unique_n",
        "unique_frac",
        "low",
        "high",
    ]
    return pd.DataFrame(rows, columns=columns)


def count_sightings(sightings: Sightings) -> pd.DataFrame:
    """Count vehicles by how often they were seen.

    Returns
    -------
    DataFrame: seen_n (0, 1, 2 and so on), vehicles_n, share_seen_frac (0-1 of the vehicles seen at all; missing for 0).
    """
    count = np.bincount(sightings.vehicle, minlength=sightings.city.vehicles_n)
    table = pd.Series(np.bincount(count)).rename_axis("seen_n").reset_index(name="vehicles_n")
    seen = table.loc[table["seen_n"] > 0, "vehicles_n"]
    return table.assign(share_seen_frac=(seen / seen.sum()).reindex(table.index))


def share_seen_twice(sightings: Sightings) -> float:
    """Compute the share of the vehicles seen at all that were seen twice or more (0-1)."""
    count = np.bincount(sightings.vehicle)
    return float((count > 1).sum() / (count > 0).sum())


def _list_cells(sightings: Sightings, place: str, length: int) -> tuple[np.ndarray, np.ndarray, int]:
    """List the different cells of each vehicle, by vehicle and cell: vehicles, cells, and how many cells there are."""
    times_n = -(-sightings.city.days_n * 1440 // length)
    where = sightings.camera.astype(np.int64)
    places_n = sightings.city.cameras_n
    if place == "zone":
        across, along = _ZONES
        side = sightings.city.blocks_n
        zone = (
            sightings.camera_x.astype(np.int64) * across // side * along
            + sightings.camera_y.astype(np.int64) * along // side
        )
        where, places_n = zone[sightings.camera], across * along
    cells_n = places_n * times_n
    # Time before place: the sightings lie in that order but for ties, which a stable sort uses.
    keys = sightings.vehicle.astype(np.int64) * cells_n + sightings.minute // length * places_n + where
    keys.sort(kind="stable")
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
    return keys // cells_n, keys % cells_n, cells_n


def _draw(seed: int, vehicle: int, cells_n: int, wanted: int) -> np.ndarray:
    """Draw points of one vehicle: with more points wanted, those drawn before stay."""
    return np.random.default_rng([seed, int(vehicle), 1]).permutation(cells_n)[:wanted]


class _Index:
    """Which vehicles were in a cell: one bit a vehicle, made for the cells that are asked for."""

    def __init__(self, vehicle: np.ndarray, cell: np.ndarray, cells_n: int, vehicles_n: int):
        order = np.argsort(cell, kind="stable")
        self._vehicle, self._vehicles_n = vehicle[order], vehicles_n
        self._first = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=cells_n))])

    def count_alike(self, drawn: np.ndarray) -> np.ndarray:
        """Count the vehicles that have all points of a row, for each row of drawn cells."""
        wanted, inverse = np.unique(drawn, return_inverse=True)
        bits = np.stack([self._pack(one) for one in wanted])
        rows = inverse.reshape(drawn.shape)
        shared = bits[rows[:, 0]]
        for column in rows.T[1:]:
            shared &= bits[column]
        return np.bitwise_count(shared).sum(axis=1, dtype=np.int64)

    def _pack(self, cell: int) -> np.ndarray:
        has = np.zeros(self._vehicles_n, dtype=bool)
        has[self._vehicle[self._first[cell] : self._first[cell + 1]]] = True
        return np.packbits(has)
