"""Shares of the population in the largest metropolitan areas, against Census Bureau figures."""

import csv

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.facts.metros import bound_metro_share, compare_shares, measure_metro_share
from helpers.paths import FACTS


@pytest.fixture(scope="module")
def metros():
    """The fact table itself."""
    return pd.read_csv(FACTS / "metros.csv", dtype={"cbsa_code": str})


@pytest.fixture
def small():
    """A country of 200 with areas of 50, 30, 20 and 10; a second year follows."""
    rows = [("country", 0, 200), ("metro", 1, 50), ("metro", 2, 30), ("metro", 3, 20), ("metro", 4, 10)]
    frame = pd.DataFrame(rows, columns=["area_kind", "rank", "population"]).assign(estimate_on="2017-07-01")
    return pd.concat([frame, frame.assign(estimate_on="2018-07-01", population=frame["population"] * 2)])


def test_fifty_largest_areas_of_2017(metros):
    """The 50 largest held 178,461,103 of 324,985,539 residents in 2017: 54.9 percent, not almost 60."""
    share = measure_metro_share(metros)
    assert (share.population, share.country_population) == (178_461_103, 324_985_539)
    assert round(share.share, 1) == 54.9


@pytest.mark.parametrize(("year", "percent"), [(2010, 54.0), (2019, 55.0)])
def test_fifty_largest_areas_of_other_years(metros, year, percent):
    """The share ran from 54.0 percent in 2010 to 55.0 in 2019 (dossier, section 2)."""
    assert round(measure_metro_share(metros, year=year).share, 1) == percent


@pytest.mark.parametrize(
    ("name", "year", "population"),
    [
        ("New York-Newark-Jersey City, NY-NJ-PA", 2019, 19_216_182),
        ("Los Angeles-Long Beach-Anaheim, CA", 2019, 13_214_799),
        ("Chicago-Naperville-Elgin, IL-IN-WI", 2019, 9_458_539),
        ("New York-Newark-Jersey City, NY-NJ-PA", 2017, 19_322_607),
    ],
)
def test_populations_are_those_of_the_bureau(metros, name, year, population):
    """Single rows carry the Bureau's estimates of vintage 2019."""
    row = metros[(metros["cbsa_name"] == name) & (metros["estimate_on"] == f"{year}-07-01")]
    assert row["population"].tolist() == [population]


def test_every_year_has_the_country_and_sixty_areas_in_order(metros):
    """Ten years, 61 rows each; ranks run from 0 to 60 and populations fall with the rank."""
    for year, rows in metros.groupby("estimate_on"):
        rows = rows.sort_values("rank")
        assert rows["rank"].tolist() == list(range(61)), year
        assert rows["population"].is_monotonic_decreasing, year
        assert rows["cbsa_code"].dropna().is_unique, year
    assert sorted(metros["estimate_on"].str[:4].astype(int).unique()) == list(range(2010, 2020))


def test_share_counts_from_the_largest(small):
    """Two areas of 50 and 30 in a country of 200 make 40 percent; doubling all changes nothing."""
    assert measure_metro_share(small, top_n=2).share == 40
    assert measure_metro_share(small, top_n=2, year=2018).share == 40
    assert measure_metro_share(small, top_n=2).areas_n == 2


def test_bounds_are_the_smallest_and_the_largest_choice(small):
    """Two of the three largest: 30 and 20 make 25 percent, 50 and 30 make 40; the fourth is left out."""
    smallest, largest = bound_metro_share(small, of_top=3, n=2)
    assert (smallest.share, largest.share) == (25, 40)


def test_bounds_meet_when_all_are_meant(small):
    """Three of the three largest leave nothing open."""
    smallest, largest = bound_metro_share(small, of_top=3, n=3)
    assert smallest == largest


@pytest.mark.parametrize(
    "call",
    [
        lambda table: measure_metro_share(table, year=1999),
        lambda table: measure_metro_share(table, top_n=5),
        lambda table: measure_metro_share(table, top_n=0),
        lambda table: bound_metro_share(table, of_top=3, n=4),
        lambda table: bound_metro_share(table, of_top=9, n=2),
    ],
)
def test_what_the_table_has_not_is_refused(small, call):
    """A year, or a number of areas, that the table does not hold raises an error with the way out."""
    with pytest.raises(DataError) as error:
        call(small)
    assert error.value.way_out


def test_shares_are_compared_by_areas_and_year(metros):
    """Each row is the plain quotient of the sums in the file, worked out here without the package."""
    with (FACTS / "metros.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = compare_shares(metros, [40, 50], [2010, 2017])

    for found in table.itertuples():
        of_year = [row for row in rows if row["estimate_on"].startswith(str(found.year))]
        sizes = sorted(
            (int(row["population"]) for row in of_year if row["area_kind"] == "metro"), reverse=True
        )
        country = next(int(row["population"]) for row in of_year if row["area_kind"] == "country")
        assert found.share == pytest.approx(100 * sum(sizes[: found.areas_n]) / country)
    assert table[["areas_n", "year"]].values.tolist() == [[40, 2010], [40, 2017], [50, 2010], [50, 2017]]
