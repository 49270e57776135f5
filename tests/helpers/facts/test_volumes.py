"""Cited counts: bounds, what follows from them, contradictions, quoted entries."""

import math

import pandas as pd
import pytest

from helpers.errors import DataError
from helpers.facts import tables, volumes


def make_volumes() -> pd.DataFrame:
    """A monthly floor, two exact totals, a rounded one, and a series of two months."""
    rows = [
        ("series-2024-01", "others", "a log", "accesses", "total", 10, "exact", None, "2024-01", "2024-01"),
        ("series-2024-02", "others", "a log", "accesses", "total", 20, "exact", None, "2024-02", "2024-02"),
        ("two", "two officers", "an account", "queries", "total", 578, "exact", None, "2016-11", "2017-07"),
        ("floor", "ICE", "a contract", "queries", "month", 30000, "at_least", None, "2018", None),
        ("about", "one query", "a contract", "results", "total", 10000, "about", 1000, "2018-03", None),
        ("one", "one officer", "an account", "queries", "total", 278, "exact", None, "2016-11", "2017-07"),
    ]
    names = ["volume_id", "searcher", "through", "measure", "per", "value", "qualifier", "rounded_to"]
    table = pd.DataFrame(rows, columns=[*names, "period_start", "period_end"])
    table = table.astype({"value": "float", "rounded_to": "float"})
    return table.assign(unit="things", source_id="s", page=None, read_as="document", note=None)


def make_quantities() -> pd.DataFrame:
    """Two groups: one whose bounds exclude each other, one whose floors can hold together; and two officers."""
    rows = [
        ("high", 1500.0, "about", 100, "scans", "scans"),
        ("low", 500.0, "about", 100, "scans", "scans"),
        ("floor", 9000.0, "at_least", None, "users", "officers"),
        ("higher-floor", 9200.0, "at_least", None, "users", "employees"),
        ("officers", 2.0, "exact", None, None, "officers"),
    ]
    names = ["quantity_id", "value", "qualifier", "rounded_to", "conflict_group", "unit"]
    table = pd.DataFrame(rows, columns=names).astype({"rounded_to": "float"})
    return table.assign(
        quantity="q", source_id="s", page=None, read_as="document", note=None, period_start="2019"
    )


def test_the_qualifier_sets_the_bounds():
    """Exact has no width, about half a step to either side, at least no upper bound."""
    bounded = volumes.bound_rows(make_volumes()).set_index("volume_id")
    assert bounded.loc["two", ["low", "high"]].tolist() == [578, 578]
    assert bounded.loc["about", ["low", "high"]].tolist() == [9500, 10500]
    assert bounded.loc["floor", ["low", "high"]].tolist() == [30000, math.inf]


def test_volumes_come_measure_by_measure():
    """Queries come first, a rate before totals; the two measures are never mixed."""
    listed = volumes.list_volumes(make_volumes())
    assert listed["measure"].tolist() == ["queries"] * 3 + ["results"] + ["accesses"] * 2
    assert listed["volume_id"].tolist()[:3] == ["floor", "two", "one"]
    assert listed["period"].tolist()[1] == "2016-11 to 2017-07"


def test_measures_can_be_chosen_and_unknown_ones_are_refused():
    """One measure leaves its rows; an empty list keeps all; a misspelt one is answered with those that exist."""
    assert set(volumes.list_volumes(make_volumes(), ["results"])["measure"]) == {"results"}
    assert len(volumes.list_volumes(make_volumes(), [])) == 6
    with pytest.raises(DataError, match="Measures: accesses, queries, results"):
        volumes.list_volumes(make_volumes(), ["quieries"])


def test_every_measure_of_the_schema_has_a_place():
    """The order of measures names all that the schema allows."""
    fields = tables.describe_table("query_volumes")["schema"]["fields"]
    allowed = next(field["constraints"]["enum"] for field in fields if field["name"] == "measure")
    assert sorted(volumes.MEASURES) == sorted(allowed)


def test_months_of_a_series_share_a_line():
    """Figures that differ by the month alone form one series; its label spans the months."""
    grouped = volumes.group_series(volumes.list_volumes(make_volumes()))
    series = grouped[grouped["measure"] == "accesses"]
    assert series["series"].unique().tolist() == ["series"]
    assert series["label"].unique().tolist() == ["others · a log · 2024-01 to 2024-02"]


def test_series_of_months_come_in_order_with_their_first_and_highest():
    """10 in January and 20 in February 2024: a rise by 2; single figures are no series."""
    grouped = volumes.group_series(volumes.list_volumes(make_volumes().iloc[::-1]))
    months = volumes.list_months(grouped)
    assert months["month"].tolist() == ["2024-01", "2024-02"]
    rise = volumes.measure_rise(months)
    assert (rise["first"], rise["most"], rise["peak"], rise["factor"]) == (10, 20, "2024-02", 2)
    with pytest.raises(DataError, match="Series: series"):
        volumes.list_months(grouped, ["two"])
    with pytest.raises(DataError, match="two or more months"):
        volumes.measure_rise(months.iloc[:1])


def test_a_month_told_to_the_day_is_whole_only_with_all_its_days():
    """December 1 to 17 is a part of its month, February 1 to 28, 2026 all of it, and so is a month without days.

    Irvine's workbook ends on 11 February 2025 by another of its sheets.
    """
    table = volumes.group_series(volumes.list_volumes(tables.load_table("query_volumes")))
    months = volumes.list_months(table, ["conway-audit", "irvine-accesses"])
    assert months.loc[~months["is_whole"], "month"].tolist() == ["2025-12", "2026-04", "2025-02"]


def test_lines_that_look_alike_are_told_apart_by_their_note():
    """Two figures of one searcher and one log carry the opening of their notes."""
    table = (
        make_volumes()
        .iloc[[2, 2]]
        .assign(volume_id=["x", "y"], note=["Rows flagged.", "Rows that name ICE; more"])
    )
    labels = volumes.group_series(volumes.list_volumes(table))["label"].tolist()
    assert [label.split(" · ")[0] for label in labels] == [
        "two officers: rows flagged",
        "two officers: rows that name ICE",
    ]


def test_labels_of_the_real_table_are_different():
    """No two lines of a figure read alike."""
    grouped = volumes.group_series(volumes.list_volumes(tables.load_table("query_volumes")))
    assert grouped["label"].nunique() == grouped["series"].nunique()


def test_measures_are_counted_apart():
    """A rate and a total of one measure stay two lines."""
    table = volumes.count_by_measure(volumes.list_volumes(make_volumes()))
    assert table["figures_n"].tolist() == [1, 2, 1, 2]
    assert table.loc[1, ["lowest", "highest"]].tolist() == [278, 578]


def test_seven_months_of_a_floor_imply_a_floor():
    """Over 30,000 a month in seven months is at least 210,000, without an upper bound."""
    floor = volumes.find_figure(make_volumes(), "floor")
    total = volumes.imply_total(floor, 7)
    assert (total.low, total.high) == (210_000, math.inf)


def test_a_total_or_no_month_implies_nothing():
    """Only a monthly rate can be carried over months, and at least over one."""
    with pytest.raises(DataError, match="monthly rate"):
        volumes.imply_total(volumes.find_figure(make_volumes(), "two"), 7)
    with pytest.raises(DataError, match="monthly rate"):
        volumes.imply_total(volumes.find_figure(make_volumes(), "floor"), 0)


def test_two_floors_have_an_order_and_no_rate():
    """30,000 over 9,200 stands in single digits; 10 over 1 in tens; 1 over 20 in hundredths."""
    assert volumes.compare_floors(30_000, 9_200)["words"] == "single digits"
    assert volumes.compare_floors(10, 1)["order"] == 1
    assert volumes.compare_floors(1, 20)["words"] == "hundredths"
    with pytest.raises(DataError, match="above zero"):
        volumes.compare_floors(1, 0)


def test_queries_are_divided_by_officers_and_months():
    """578 queries of two officers in nine months are 32.1 each a month."""
    rates = volumes.rate_officers(make_volumes(), make_quantities(), {"two": "officers"})
    assert rates["months_n"].tolist() == [9]
    assert rates["period_start"].tolist() == ["2016-11"]
    assert rates["per_officer_month"].iloc[0] == pytest.approx(578 / 18)


def test_a_figure_that_is_not_there_is_refused_with_names_alike():
    """The error offers names that begin the same."""
    with pytest.raises(DataError, match="higher-floor"):
        volumes.find_figure(make_quantities(), "higher-floors")


def test_contradictions_are_told_from_differences():
    """500 and 1,500 exclude each other by 900 between their bounds; two floors can hold together."""
    compared = volumes.compare_conflicts(make_quantities())
    judged = volumes.judge_conflicts(compared).set_index("conflict_group")
    assert judged.loc["scans", ["factor", "gap", "can_agree"]].tolist() == [3, 900, False]
    assert judged.loc["users", ["gap", "can_agree"]].tolist() == [0, True]
    assert judged.loc["users", "unit"] == "officers or employees"
    assert compared["quantity_id"].tolist() == ["low", "high", "floor", "higher-floor"]


def test_groups_can_be_chosen_in_an_order():
    """Groups come as asked for; a group of one figure or of none is refused with those that exist."""
    compared = volumes.compare_conflicts(make_quantities(), ["users", "scans"])
    assert compared["conflict_group"].unique().tolist() == ["users", "scans"]
    with pytest.raises(DataError, match="Groups: scans, users"):
        volumes.compare_conflicts(make_quantities(), ["scan"])


def test_the_real_contradictions_are_kept():
    """1.5 billion and 500 million police scans, 6.1 and 6.37 million dollars exclude each other; the users do not."""
    judged = volumes.judge_conflicts(volumes.compare_conflicts(tables.load_table("quantities")))
    judged = judged.set_index("conflict_group")
    assert judged.loc["le-scans", ["smallest", "largest", "factor", "can_agree"]].tolist() == [
        5e8,
        1.5e9,
        3,
        False,
    ]
    assert judged.loc["contract-value", ["smallest", "largest", "can_agree"]].tolist() == [
        6.1e6,
        6_373_488,
        False,
    ]
    assert judged.loc["ice-users", ["smallest", "largest", "can_agree"]].tolist() == [9000, 9200, True]


def test_quoted_entries_are_counted_and_not_shared_out():
    """21 entries: INVESTIGATIONS 9, ADMINISTRATIVE 7, CRIMINAL 5; the table holds whole numbers only."""
    table = volumes.count_quotes(tables.load_table("log_quotes"))
    codes = table.drop(columns=["topic", "total"]).sum().to_dict()
    assert codes == {"INVESTIGATIONS": 9, "ADMINISTRATIVE": 7, "CRIMINAL": 5}
    assert table["total"].sum() == 21
    assert all(pd.api.types.is_integer_dtype(table[column]) for column in table.columns[1:])
