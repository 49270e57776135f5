"""How few sightings single out one vehicle among all: for simulated traffic, nothing here reads a record."""

from dataclasses import replace
from functools import reduce

import numpy as np
import pandas as pd

from helpers.errors import DataError
from helpers.facts.intervals import bound_share
from helpers.simulate.traffic import Sightings

# Length of a time cell [minutes].
TIMES = {"hour": 60, "day": 1440, "week": 10_080}
PLACES = ("camera", "zone")
_ZONES = (3, 2)  # across and along


def thin_sightings(
    sightings: Sightings, cameras_n: int | None = None, days_n: int | None = None
) -> Sightings:
    """Return the sightings of the first cameras and the last days, as a smaller network or a rule keeps.

    DataError if there are not so many cameras or days.
    """
    city = sightings.city
    cameras_n, days_n = cameras_n or city.cameras_n, days_n or city.days_n
    if not (1 <= cameras_n <= city.cameras_n and 1 <= days_n <= city.days_n):
        found = f"{cameras_n} cameras and {days_n} days of {city.cameras_n} and {city.days_n}"
        raise DataError("simulated traffic", found, "Keep at most what was simulated.", code="size")
    first = (city.days_n - days_n) * 1440
    kept = (sightings.camera < cameras_n) & (sightings.minute >= first)
    return Sightings(
        sightings.vehicle[kept],
        sightings.camera[kept],
        sightings.minute[kept] - np.int32(first),
        sightings.camera_x[:cameras_n],
        sightings.camera_y[:cameras_n],
        replace(city, cameras_n=cameras_n, days_n=days_n),
    )


def measure_unicity(
    sightings: Sightings,
    points: list[int],
    *,
    place: str = "camera",
    time: str = "hour",
    sample_n: int = 1_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the proportion of vehicles that a few of their own sightings single out.

    Parameters
    ----------
    points
        Numbers of sightings known [points], each at least 1.
    place, time
        How exactly a sighting is known: one of PLACES, one of TIMES. Sightings in one cell of place and time
        are one point.
    sample_n
        Vehicles looked at [vehicles].
    seed
        Of the draw of vehicles and of their points.

    Returns
    -------
    DataFrame, one row per number of points: points_n, place, time, eligible_n (vehicles with so many
    points), sampled_n, unique_n, unique_frac (0-1 of those sampled), low, high (95 percent Wilson interval
    of the sampling; it says nothing about how well the simulation fits a city). DataError for an unknown
    resolution, or if no vehicle has so many points.

    Notes
    -----
    Unicity as in de Montjoye and others (2013): a vehicle is unique at p points if p of its points, drawn at
    random, are all among those of no other vehicle. It falls with the number of vehicles, so a value belongs
    to a town of one size. The points of a vehicle at p are the first p of one draw.
    """
    if place not in PLACES or time not in TIMES:
        way_out = f"Places: {', '.join(PLACES)}; times: {', '.join(TIMES)}."
        raise DataError("resolution", f"`{place}` and `{time}`", way_out, code="resolution")
    if not points or min(points) < 1:
        raise DataError("points", f"{points}", "Ask for one point or more.", code="points")
    vehicle, cell = _list_cells(sightings, place, TIMES[time])
    count = np.bincount(vehicle, minlength=sightings.city.vehicles_n)
    first = np.concatenate([[0], np.cumsum(count)])
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(cell.max(initial=-1) + 2))
    holders = vehicle[order]
    rows = []
    for wanted in sorted(set(points)):
        eligible = np.flatnonzero(count >= wanted)
        if not len(eligible):
            found = f"no vehicle has {wanted} points"
            raise DataError("points", found, "Ask for fewer, or simulate more days.", code="points")
        rng = np.random.default_rng([seed, wanted])
        chosen = np.sort(rng.choice(eligible, min(sample_n, len(eligible)), replace=False))
        unique_n = 0
        for one in chosen:
            drawn = np.random.default_rng([seed, int(one), 1]).permutation(count[one])[:wanted]
            seen = [holders[starts[at] : starts[at + 1]] for at in cell[first[one] + drawn]]
            alike = reduce(lambda some, more: np.intersect1d(some, more, assume_unique=True), seen)
            unique_n += len(alike) == 1
        share = bound_share(unique_n, len(chosen))
        sizes = (len(eligible), len(chosen), unique_n, unique_n / len(chosen))
        rows.append((wanted, place, time, *sizes, share.low, share.high))
    columns = "points_n place time eligible_n sampled_n unique_n unique_frac low high".split()
    return pd.DataFrame(rows, columns=columns)


def _list_cells(sightings: Sightings, place: str, length: int) -> tuple[np.ndarray, np.ndarray]:
    """List the different cells of place and time of each vehicle, by vehicle and cell: vehicles, cells."""
    city = sightings.city
    where, places_n = sightings.camera.astype(np.int64), city.cameras_n
    if place == "zone":
        across, along = _ZONES
        x, y = sightings.camera_x.astype(np.int64), sightings.camera_y.astype(np.int64)
        where = (x * across // city.blocks_n * along + y * along // city.blocks_n)[sightings.camera]
        places_n = across * along
    cells_n = places_n * -(-city.days_n * 1440 // length)
    keys = np.unique(sightings.vehicle * np.int64(cells_n) + sightings.minute // length * places_n + where)
    return keys // cells_n, keys % cells_n
