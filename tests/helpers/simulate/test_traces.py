"""Behaviour of `helpers.simulate.traces` and the simulated traffic under it: by hand and by brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.simulate import traces
from helpers.simulate.traffic import City, Sightings, simulate_traffic


def make_sightings(*rows, vehicles_n=4, days_n=7):
    """Sightings from (vehicle, camera, minute), in any order."""
    rows = sorted(rows, key=lambda row: (row[0], row[2], row[1]))
    vehicle, camera, minute = (np.array(column, dtype="int32") for column in zip(*rows, strict=True))
    x = np.arange(camera.max() + 1, dtype="int16")
    return Sightings(vehicle, camera.astype("int16"), minute, x, x, City(vehicles_n, days_n, len(x), 0))


@pytest.fixture(scope="module")
def town():
    return simulate_traffic(City(vehicles_n=400, days_n=14, cameras_n=12, seed=5))


def test_unicity_by_hand():
    """Two vehicles share the first hour at camera 0; the second sighting tells them apart."""
    seen = make_sightings((0, 0, 10), (0, 1, 200), (1, 0, 50), (1, 1, 400), vehicles_n=2)
    table = traces.measure_unicity(seen, [2])
    alike, apart = (make_sightings((0, 0, 10), (1, 0, at), vehicles_n=2) for at in (50, 70))

    assert table[["unique_frac", "eligible_n"]].to_numpy().tolist() == [[1, 2]]
    assert traces.measure_unicity(alike, [1])["unique_n"].tolist() == [0]
    assert traces.measure_unicity(apart, [1])["unique_n"].tolist() == [2]


SIGHTING = st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 300))


@given(st.lists(SIGHTING, min_size=1, max_size=40, unique=True), st.sampled_from(["hour", "day"]))
def test_unicity_with_all_points_is_that_of_brute_force(rows, time):
    """Knowing all points of a vehicle, it is unique if no other vehicle has them all: compared as sets."""
    seen = make_sightings(*rows, vehicles_n=6)
    length = traces.TIMES[time]
    cells = {n: {(camera, minute // length) for one, camera, minute in rows if one == n} for n in range(6)}
    for points in {len(own) for own in cells.values() if own}:
        table = traces.measure_unicity(seen, [points], time=time)
        enough = [own for own in cells.values() if len(own) >= points]
        exact = [own for own in enough if len(own) == points]
        if len(exact) == len(enough):
            expected = sum(sum(own <= other for other in cells.values()) == 1 for own in enough)
            assert table["unique_n"].iloc[0] == expected
        assert table["eligible_n"].iloc[0] == len(enough)


def test_more_points_and_finer_cells_single_out_more_and_a_larger_town_hides_more(town):
    """Shares rise with points and from zone and week to camera and hour; fall with eight times the vehicles."""
    fine = traces.measure_unicity(town, [1, 2, 3, 4])["unique_frac"].tolist()
    coarse = traces.measure_unicity(town, [2], place="zone", time="week")["unique_frac"].iloc[0]
    large = traces.measure_unicity(simulate_traffic(City(3_200, 14, 12, seed=5)), [2])["unique_frac"].iloc[0]

    assert all(one <= other + 0.06 for one, other in itertools.pairwise(fine)) and fine[-1] > fine[0]
    assert coarse < fine[1] and large < fine[1]


def test_traffic_is_the_same_for_a_seed_and_another_for_another(town):
    """Simulated twice, the same bytes; with another seed, others."""
    again, other = simulate_traffic(town.city), simulate_traffic(City(400, 14, 12, seed=6))

    for name in ("vehicle", "camera", "minute", "camera_x", "camera_y"):
        assert getattr(town, name).tobytes() == getattr(again, name).tobytes()
    assert other.minute.tobytes() != town.minute.tobytes()


def test_traffic_is_in_its_bounds_and_in_order(town):
    """Vehicles, cameras and minutes are those of the city, sorted; a weekday is busier than a weekend."""
    city = town.city
    for values, most in (
        (town.vehicle, city.vehicles_n), (town.camera, city.cameras_n), (town.minute, city.days_n * 1440)
    ):  # fmt: skip
        assert 0 <= values.min() <= values.max() < most
    keys = town.vehicle.astype("int64") * city.days_n * 1440 + town.minute
    assert (np.diff(keys) >= 0).all()
    assert len(set(zip(town.camera_x.tolist(), town.camera_y.tolist(), strict=True))) == city.cameras_n
    by_day = np.bincount(town.minute // 1440, minlength=14).reshape(2, 7)
    assert by_day[:, :5].mean() > 1.3 * by_day[:, 5:].mean()


def test_thinning_keeps_the_first_cameras_and_the_last_days(town):
    """A shorter retention keeps the newest days; a smaller network the first cameras."""
    kept = traces.thin_sightings(town, cameras_n=5, days_n=3)
    first = 11 * 1440
    seen = zip(town.vehicle, town.camera, town.minute, strict=True)
    expected = [(v, c, m - first) for v, c, m in seen if c < 5 and m >= first]

    assert list(zip(kept.vehicle, kept.camera, kept.minute, strict=True)) == expected
    with pytest.raises(DataError):
        traces.thin_sightings(town, days_n=15)


@pytest.mark.parametrize(
    "city",
    [City(0, 1, 1, 0), City(1, 1, 700, 0), City(1, 1, 1, 0, read_frac=0), City(1, 1, 1, 0, blocks_n=1)],
)
def test_impossible_cities_are_refused(city):
    """No vehicle, more cameras than crossings, readers that read nothing, no street: each is an error."""
    with pytest.raises(DataError):
        simulate_traffic(city)


def test_wrong_questions_are_refused(town):
    """An unknown resolution, no points, and more points than any vehicle has are errors."""
    for wrong in ({"points": [2], "time": "month"}, {"points": []}, {"points": [0]}, {"points": [100_000]}):
        with pytest.raises(DataError):
            traces.measure_unicity(town, **wrong)
