"""Simulated city traffic past simulated plate readers: no vehicle, street or camera in it exists."""

from dataclasses import dataclass

import numpy as np

from helpers.errors import DataError

_PLACES = 5  # places besides home and work that a vehicle goes to
_WEIGHTS = np.array([0.35, 0.25, 0.18, 0.12, 0.10])
_CHUNK = 10_000  # vehicles worked out at a time
_DAY = 1440  # minutes


@dataclass(frozen=True)
class City:
    """What a simulated city is made of; one of numbers that no city can have is refused.

    Attributes
    ----------
    vehicles_n, days_n, cameras_n
        Vehicles, days and plate readers; each reader stands at a crossing of its own.
    seed
        Same seed, same city and same traffic.
    blocks_n
        Crossings along each side of the square grid of streets.
    read_frac
        Share of passes that a reader records (0-1).
    workers_frac
        Share of vehicles that are driven to work (0-1), on four of five weekdays.
    trips_n
        Mean number of other round trips of a vehicle on a day.
    """

    vehicles_n: int
    days_n: int
    cameras_n: int
    seed: int
    blocks_n: int = 24
    read_frac: float = 0.85
    workers_frac: float = 0.65
    trips_n: float = 0.9


@dataclass(frozen=True)
class Sightings:
    """Simulated passes of vehicles before cameras, by vehicle.

    Attributes
    ----------
    vehicle, camera, minute
        One entry per recorded pass: numbers of vehicle and camera from 0, and the minute from the first
        midnight.
    camera_x, camera_y
        Crossing of each camera. Cameras are numbered in the order in which they would be put up: the first
        few are a smaller network of the same kind.
    city
        What they were made from.
    """

    vehicle: np.ndarray
    camera: np.ndarray
    minute: np.ndarray
    camera_x: np.ndarray
    camera_y: np.ndarray
    city: City


def simulate_traffic(city: City) -> Sightings:
    """Return who passes which plate reader when.

    Vehicles have a home, a workplace and five other places, and drive between home and these along one corner
    of the street grid, by the same way each time. They leave for work at an hour of their own, a few minutes
    earlier or later from day to day. Readers are put where most routes pass. Only the seed decides about the
    result, not the machine or its threads.
    """
    _check(city)
    rng = np.random.default_rng(city.seed)
    home, places, is_x_first = _settle(city, rng)
    camera_x, camera_y = _place_cameras(city, home, places, is_x_first, rng)
    worker = rng.random(city.vehicles_n) < city.workers_frac
    leaves_at = 465 + rng.normal(0, 75, city.vehicles_n)
    parts = []
    for start in range(0, city.vehicles_n, _CHUNK):
        chunk = slice(start, min(start + _CHUNK, city.vehicles_n))
        routes = _pass_cameras(home[chunk], places[chunk], is_x_first[chunk], camera_x, camera_y)
        trips = _make_trips(city, worker[chunk], leaves_at[chunk], rng)
        vehicle, camera, minute = _drive(city, routes, trips, rng)
        parts.append((vehicle + np.int32(start), camera, minute))
    joined = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Sightings(*joined, camera_x, camera_y, city)


def _check(city: City) -> None:
    if min(city.vehicles_n, city.days_n, city.cameras_n) < 1 or city.blocks_n < 2:
        raise DataError("simulated city", "a size below one", "Give at least one vehicle, day and camera.")
    if city.cameras_n > city.blocks_n**2:
        found = f"{city.cameras_n} cameras at {city.blocks_n**2} crossings"
        raise DataError("simulated city", found, "Give fewer cameras, or more blocks.")
    if not (0 < city.read_frac <= 1 and 0 <= city.workers_frac <= 1 and city.trips_n >= 0):
        raise DataError("simulated city", "a share outside 0 to 1", "Give shares between 0 and 1.")


def _settle(city: City, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give each vehicle a home, the places it drives to (work first), and which way it turns to get there."""
    side, n = city.blocks_n, city.vehicles_n
    home = rng.integers(0, side, (n, 2), dtype=np.int16)
    middle = rng.normal(side / 2, side / 8, (n, 1, 2))
    anywhere = rng.uniform(0, side, (n, 1, 2))
    work = np.where(rng.random((n, 1, 1)) < 0.6, middle, anywhere)
    near = home[:, None, :] + rng.normal(0, side / 6, (n, _PLACES, 2))
    places = np.clip(np.rint(np.concatenate([work, near], axis=1)), 0, side - 1).astype(np.int16)
    return home, places, rng.random((n, _PLACES + 1)) < 0.5


def _place_cameras(city: City, home, places, is_x_first, rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw crossings without repetition, each with a chance by the number of routes that pass it."""
    side = city.blocks_n
    sample = slice(0, min(2_000, city.vehicles_n))
    grid = np.arange(side * side)
    crossing_x, crossing_y = (grid % side).astype(np.int16), (grid // side).astype(np.int16)
    passes, _ = _cross(home[sample], places[sample], is_x_first[sample], crossing_x, crossing_y)
    weight = passes.reshape(-1, side * side).sum(axis=0) + 1.0
    # exponential clocks: the first k to ring are a weighted sample without repetition, in order
    order = np.argsort(rng.exponential(size=side * side) / weight, kind="stable")[: city.cameras_n]
    return crossing_x[order], crossing_y[order]


def _cross(home, places, is_x_first, camera_x, camera_y):
    """Say which routes pass which cameras, and after how many blocks: two arrays (vehicle, place, camera)."""
    ox, oy = home[:, None, None, 0], home[:, None, None, 1]
    dx, dy = places[:, :, None, 0], places[:, :, None, 1]
    is_x = is_x_first[:, :, None]
    corner_x, corner_y = np.where(is_x, dx, ox), np.where(is_x, oy, dy)
    along_x = (camera_y == corner_y) & (camera_x >= np.minimum(ox, dx)) & (camera_x <= np.maximum(ox, dx))
    along_y = (camera_x == corner_x) & (camera_y >= np.minimum(oy, dy)) & (camera_y <= np.maximum(oy, dy))
    return along_x | along_y, np.abs(camera_x - ox) + np.abs(camera_y - oy)


def _pass_cameras(home, places, is_x_first, camera_x, camera_y):
    """List the cameras of each route: offsets into two arrays (camera, blocks driven); length of routes."""
    passes, blocks = _cross(home, places, is_x_first, camera_x, camera_y)
    flat = passes.reshape(-1, len(camera_x))
    route, camera = np.nonzero(flat)
    starts = np.concatenate([[0], np.cumsum(flat.sum(axis=1))])
    driven = np.broadcast_to(blocks, passes.shape).reshape(flat.shape)[route, camera]
    length = np.abs(places - home[:, None, :]).sum(axis=2).reshape(-1)
    return starts, camera.astype(np.int16), driven.astype(np.int32), length.astype(np.int32)


def _make_trips(city: City, worker, leaves_at, rng):
    """Make the round trips of some vehicles: route number, vehicle, minute of leaving, of starting back."""
    n, days = len(worker), city.days_n
    is_workday = np.arange(days) % 7 < 5
    works = (rng.random((n, days)) < 0.8) & worker[:, None] & is_workday
    vehicle, day = np.nonzero(works)
    out = day * _DAY + leaves_at[vehicle] + rng.normal(0, 12, len(vehicle))
    back = out + 510 + rng.normal(0, 30, len(vehicle))
    commutes = (vehicle * (_PLACES + 1), vehicle, out, back)
    others_n = rng.poisson(city.trips_n, (n, days))
    at = np.repeat(np.arange(n * days), others_n.reshape(-1))
    vehicle, day = at // days, at % days
    place = np.searchsorted(np.cumsum(_WEIGHTS)[:-1], rng.random(len(at)), side="right")
    out = day * _DAY + rng.uniform(540, 1200, len(at))
    back = out + 10 + rng.exponential(60, len(at))
    others = (vehicle * (_PLACES + 1) + 1 + place, vehicle, out, back)
    return [np.concatenate(pair) for pair in zip(commutes, others, strict=True)]


def _drive(city: City, routes, trips, rng):
    """Turn round trips into recorded passes, sorted by vehicle and minute; a block takes a minute."""
    starts, cameras, driven, length = routes
    route, vehicle, out, back = trips
    met = (starts[route + 1] - starts[route]).astype(np.int64)
    # the place in `cameras` of every camera met on every trip
    where = np.arange(met.sum()) + np.repeat(starts[route] - (np.cumsum(met) - met), met)
    who, camera, blocks = np.repeat(vehicle, met), cameras[where], driven[where]
    there = np.repeat(out, met) + blocks
    again = np.repeat(back, met) + np.repeat(length[route], met) - blocks
    who, camera = np.concatenate([who, who]), np.concatenate([camera, camera])
    minute = np.floor(np.concatenate([there, again])).astype(np.int64)
    kept = (rng.random(len(minute)) < city.read_frac) & (minute >= 0) & (minute < city.days_n * _DAY)
    who, camera, minute = who[kept], camera[kept], minute[kept]
    order = np.argsort((who * (city.days_n * _DAY) + minute) * city.cameras_n + camera, kind="stable")
    return who[order].astype(np.int32), camera[order], minute[order].astype(np.int32)
