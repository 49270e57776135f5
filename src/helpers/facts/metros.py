"""How many people live in the largest metropolitan areas, by Census Bureau estimates."""

from dataclasses import dataclass

import pandas as pd

from helpers.errors import DataError


@dataclass(frozen=True)
class MetroShare:
    """Residents of some metropolitan areas against those of the country, in one year.

    Parameters
    ----------
    share
        Percent of the residents of the country.
    population, country_population
        Estimated residents on July 1.
    areas_n
        Areas added up.
    year
        Year of the estimate.
    """

    share: float
    population: int
    country_population: int
    areas_n: int
    year: int


def _select_year(metros: pd.DataFrame, year: int, least_n: int) -> tuple[pd.Series, int]:
    """Return the populations of a year's areas, largest first, and that of the country."""
    of_year = metros[pd.to_datetime(metros["estimate_on"]).dt.year == year]
    areas = of_year.loc[of_year["area_kind"] == "metro", "population"].sort_values(ascending=False)
    country = of_year.loc[of_year["area_kind"] == "country", "population"]
    if len(country) != 1 or len(areas) < least_n:
        years = sorted(pd.to_datetime(metros["estimate_on"]).dt.year.unique().tolist())
        raise DataError(
            "table metros",
            f"{len(areas)} areas and {len(country)} rows for the country in {year}, where {least_n} areas "
            "and one row are needed",
            f"Choose a year among {', '.join(map(str, years))} and at most as many areas as the table has.",
        )
    return areas, int(country.iloc[0])


def _build_share(populations: pd.Series, country: int, year: int) -> MetroShare:
    total = int(populations.sum())
    return MetroShare(100 * total / country, total, country, len(populations), year)


def measure_metro_share(metros: pd.DataFrame, top_n: int = 50, year: int = 2017) -> MetroShare:
    """Measure which percent of the country lives in its most populous metropolitan areas.

    Parameters
    ----------
    metros
        Table `metros` (Census Bureau, vintage 2019): one row per area and year, one per year for the country.
    top_n
        How many areas, counted from the largest of that year.
    year
        Year of the estimate (July 1).

    Returns
    -------
    MetroShare
        Percent, with the populations that it is made of.

    Raises
    ------
    DataError
        The table has not so many areas for that year, or no row for the country.
    """
    areas, country = _select_year(metros, year, _check_count(top_n))
    return _build_share(areas.head(top_n), country, year)


def compare_shares(metros: pd.DataFrame, tops: list[int], years: list[int] | None = None) -> pd.DataFrame:
    """Compare the share of the country in its largest areas, by the number of areas and the year of the estimate.

    Parameters
    ----------
    metros
        Table `metros`.
    tops
        Numbers of areas, counted from the largest of each year.
    years
        Years of the estimate; all of the table without any.

    Returns
    -------
    DataFrame, one row per number of areas and year: areas_n, year, share [percent], population, country_population.

    Raises
    ------
    DataError
        The table has not so many areas, or no such year.
    """
    years = years or sorted(pd.to_datetime(metros["estimate_on"]).dt.year.unique().tolist())
    found = [measure_metro_share(metros, top, year) for top in tops for year in years]
    columns = ["areas_n", "year", "share", "population", "country_population"]
    return pd.DataFrame([vars(one) for one in found])[columns]


def bound_metro_share(
    metros: pd.DataFrame, of_top: int = 30, n: int = 24, year: int = 2017
) -> tuple[MetroShare, MetroShare]:
    """Bound the percent of the country in `n` areas of the `of_top` largest, when it is not said which.

    Parameters
    ----------
    metros
        Table `metros`, as in `measure_metro_share`.
    of_top
        How many areas, counted from the largest, the choice is made from.
    n
        How many of them are meant.
    year
        Year of the estimate (July 1).

    Returns
    -------
    tuple of MetroShare
        The `n` smallest and the `n` largest of these areas: no choice of `n` has less or more residents.

    Raises
    ------
    DataError
        `n` is above `of_top`, or the table has not so many areas for that year.
    """
    if _check_count(n) > of_top:
        raise DataError("bound_metro_share", f"{n} areas of the top {of_top}", "Give n up to of_top.")
    areas, country = _select_year(metros, year, of_top)
    top = areas.head(of_top)
    return _build_share(top.tail(n), country, year), _build_share(top.head(n), country, year)


def _check_count(count: int) -> int:
    if count < 1:
        raise DataError("table metros", f"{count} areas asked for", "Ask for one area or more.")
    return count
