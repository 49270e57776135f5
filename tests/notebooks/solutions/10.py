"""Solutions of notebook 10: larger towns need more sightings; a day needs more points than an hour."""

from helpers.simulate.traces import measure_unicity
from helpers.simulate.traffic import City, simulate_traffic

# 1. Sightings at which nine in ten vehicles are unique (smaller towns here, to be quick).
for size in (2_000, 8_000):
    town = simulate_traffic(City(size, 14, 40, 2019))
    found = measure_unicity(town, [2, 3, 4, 5, 6, 7, 8], sample_n=200).set_index("points_n")["unique_frac"]
    print(f"{size:,} vehicles: {found.index[found >= 0.9].min()} sightings")

# 2. Points known to the camera and the day that are as good as three known to the hour.
hour = measure_unicity(town, [3], sample_n=200)["unique_frac"].iloc[0]
day = measure_unicity(town, list(range(3, 9)), time="day", sample_n=200).set_index("points_n")["unique_frac"]
print(f"{hour:.2f} at three by the hour; by the day: {day.round(2).to_dict()}")
