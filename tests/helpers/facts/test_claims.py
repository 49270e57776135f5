"""Published numbers against cited figures: formulas, verdicts, and the refusal to judge what is open."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import DataError
from helpers.facts.claims import (
    DIFFERS,
    HOLDS,
    UNCHECKED,
    Value,
    check_claims,
    collect_values,
    evaluate_formula,
    measure_days,
    measure_months,
)
from helpers.facts.intervals import Interval, bound_value
from helpers.facts.tables import load_table

TABLES = ("quantities", "query_volumes", "metros", "sharing_claims")


@pytest.fixture(scope="module")
def values():
    return collect_values(*map(load_table, TABLES))


@pytest.fixture(scope="module")
def checked(values):
    return check_claims(load_table("claims"), values).set_index("claim_id")


def make_value(point, qualifier="exact", rounded_to=None, start="", end="", source="s") -> Value:
    interval = bound_value(point, qualifier, rounded_to)
    return Value(point, interval, "quantities", start, end, frozenset({source}))


def check_one(printed, formula, values, qualifier="exact", rounded_to=None) -> pd.Series:
    """Check one made-up claim."""
    row = {"claim_id": "c", "statement": "s", "printed_value": printed, "unit": "u", "formula": formula}
    row |= {"qualifier": qualifier, "rounded_to": rounded_to, "note": "", "source_id": "s"}
    return check_claims(pd.DataFrame([row]), values).iloc[0]


# --- the cited claims -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "computed", "digits", "verdict"),
    [
        ("metros-60pct", 54.8, 1, DIFFERS),  # 2016, the year of the Census table that the post links
        ("dd1-hit-share", 0.448, 3, HOLDS),  # 11,384,164 / 2,541,566,055
        ("dd1-hit-rate", 99.55, 2, DIFFERS),  # rounds to 99.6
        ("dd1-mean-sharing", 160.2, 1, HOLDS),  # 29,642 / 185
        ("dd1-173-27", 200, 0, HOLDS),
        ("irvine-growth", 18.5, 1, HOLDS),  # 341,541 / 18,453
        ("irvine-2024-sum", 1_646_666, 0, HOLDS),
        ("irvine-hit-rate", 0.029, 3, HOLDS),
        ("contract-6m", 6_373_488, 0, DIFFERS),
        ("fpds-against-press", 273_488, 0, HOLDS),
        ("fpds-against-press-percent", 4.5, 1, HOLDS),
        ("fpds-obligation", 8.2, 1, HOLDS),
        ("queries-seven-months", 210_000, 0, HOLDS),
        ("long-beach-account", 856, 0, HOLDS),
        ("auditor-60pct", 60.4, 1, HOLDS),
        ("auditor-97pct", 97.4, 1, HOLDS),
        ("lapd-hits", 0.125, 3, HOLDS),
        ("uw-doors", 18, 0, HOLDS),
        ("lapd-mother-jones", 0.125, 3, DIFFERS),
        ("laist-four", 516_000_000, 0, HOLDS),
        ("conway-orgs", 1384, 0, HOLDS),
        ("conway-federal", 5929, 0, HOLDS),
        ("conway-federal-daily", 114.0, 1, DIFFERS),  # 5,929 / 52
        ("conway-audit-rows", 10_391, 0, HOLDS),
        ("conway-alerts", 1645, 0, HOLDS),
        ("conway-alerts-share", 78.6, 1, HOLDS),
        ("pcso-hit-rate", 0.147, 3, HOLDS),
        ("pcso-official", 302, 0, HOLDS),
        ("riverside-daily", 14_818, 0, DIFFERS),  # 489,000 / 33
        ("riverside-two-counts", 489_000, 0, DIFFERS),
        ("conway-audit-rows-text", 10_391, 0, DIFFERS),  # printed as about 10,389
        ("ocsd-2018", 1_024_915, 0, HOLDS),
        ("ocsd-2018-hit-rate", 0.084, 3, HOLDS),
        ("san-jose-hits", 0.255, 3, DIFFERS),
        ("san-jose-own", 6.6, 1, HOLDS),
        ("norfolk-526", 3.9, 1, HOLDS),
        ("rows-vs-searches", 7.47, 2, HOLDS),
        ("private-eyes-mean", 165.6, 1, HOLDS),
        ("private-eyes-reciprocity", 8.8, 1, HOLDS),
        ("private-eyes-reciprocity-sources", 68.5, 1, HOLDS),
        ("private-eyes-hit-rate", 0.81, 2, HOLDS),
        ("flock-flag", 22.5, 1, HOLDS),
        ("flock-flag-no-purpose", 14.4, 1, HOLDS),
        ("flock-flag-ice", 12.7, 1, HOLDS),
    ],
)
def test_claim_computes_as_the_sources_say(checked, claim, computed, digits, verdict):
    """Computed figures equal those worked out by hand from the cited counts, and get the right verdict."""
    row = checked.loc[claim]
    assert (round(row["computed_value"], digits), row["verdict"]) == (computed, verdict)


def test_years_fall_short_of_the_two_year_column(checked):
    """2016 and 2017 together miss 7,073,917 detections and 60,499 hits of EFF's two-year columns."""
    rows = checked.loc[["dd1-years-sum", "dd1-years-sum-hits"]]

    assert rows["difference"].tolist() == [-7_073_917, -60_499] and set(rows["verdict"]) == {DIFFERS}


OPEN = ["agencies-80", "states-dozen", "california-12", "queries-per-account", "growth-vendor"]


def test_open_bounds_settle_nothing(checked):
    """Recovered names against the whole list, and ratios or differences of lower bounds, get no verdict.

    More than 320 million images: 99.875 percent as printed, but any higher percentage is possible as well.
    """
    assert set(checked.loc[OPEN, "verdict"]) == {UNCHECKED} and set(checked.loc[OPEN, "computed_high"]) == {
        math.inf
    }
    row = checked.loc["lapd-not-on-list"]
    assert math.isnan(row["computed_value"]) and math.isnan(row["difference"])
    assert (row["verdict"], row["computed_high"]) == (UNCHECKED, 100)


def test_claims_name_their_tables_or_say_why_there_is_no_figure(checked):
    """Each computed figure can be walked back to the tables; one that needs other files gives its reason."""
    has_figure = checked["computed_value"].notna()
    named = {name for cell in checked.loc[has_figure, "from_table"] for name in cell.split(", ")}
    assert named == set(TABLES)
    assert set(checked.loc[~has_figure, "verdict"]) == {UNCHECKED}
    assert checked.loc[~has_figure, "why"].str.len().min() > 20


# --- formulas -------------------------------------------------------------------------------------


def test_formula_follows_the_order_of_arithmetic():
    """Products before sums, brackets first; bounds go along; a period counts as its length."""
    figures = {"a": make_value(6), "b": make_value(4, "about", 2)}
    assert evaluate_formula("100 + a * (b - 1)", figures) == (118, Interval(112, 124))
    april = {"a": make_value(660, start="2025-04-28", end="2025-05-30")}
    assert evaluate_formula("a / days(a)", april)[0] == 20


FOREIGN = [
    "__import__('os').system('true')", "abs(a)", "a.__class__", "f'{a}'", "a ** 2", "a // 2", "a % 100", "-a",
    "a < 1", "a if a else a", "2 * a", "1.0 * a", "True * a", "'a'", "days(days(a))", "days(a, a)", "days(x=a)",
    "import os", "", "(", "a / (a - a)", "a\x00", "(" * 500 + "a" + ")" * 500, "a+" * 5000 + "a",
]  # fmt: skip


@pytest.mark.parametrize("formula", FOREIGN, ids=str.__len__)
def test_anything_but_the_small_language_is_refused(formula):
    """Code, other constants, operators, attributes, calls and a division by zero raise an error."""
    with pytest.raises(DataError) as error:
        evaluate_formula(formula, {"a": make_value(2, start="2024", end="2024")})
    assert error.value.way_out


def test_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(DataError) as error:
        check_one(1, "contract_valeu_fpds", {"contract_value_fpds": make_value(1)})
    assert error.value.place == "table claims, c" and "contract_value_fpds" in error.value.way_out


@pytest.mark.parametrize(
    ("start", "end", "days", "months"),
    [
        ("2025-04-28", "2025-05-30", 33, 3 / 30 + 30 / 31),  # 3 days of April and 30 of May
        ("2026-03-01", "2026-04-21", 52, 1 + 21 / 30),
        ("2025-02-19", "2025-07-02", 134, 10 / 28 + 4 + 2 / 31),  # 10 + 31 + 30 + 31 + 30 + 2
        ("2024-06-01", "2025-05-05", 339, 11 + 5 / 31),  # 365 days less May 6 to May 31
        ("2024", "2024", 366, 12),
        ("2024-02", "2024-02", 29, 1),
        ("2025-01-01", "2025-01-01", 1, 1 / 31),
        ("2016-11", "2017-07", 273, 9),
        ("2017-12-22", "2020-09-30", 1014, 10 / 31 + 33),  # ten days of December, then 33 months
        ("2025-04-16", "2025-04-30", 15, 0.5),
    ],
)
def test_periods_count_both_ends(start, end, days, months):
    """A month or a year counts in full; parts of a month by their share of its days."""
    assert measure_days(start, end) == days and measure_months(start, end) == pytest.approx(months)


@pytest.mark.parametrize(("start", "end"), [("", ""), ("2024", ""), ("2024-02", "2024-01")])
@pytest.mark.parametrize("unit", ["days", "months"])
def test_figure_without_a_period_has_no_length(unit, start, end):
    """A moment, or a period that ends before it starts, cannot be counted."""
    with pytest.raises(DataError):
        evaluate_formula(f"{unit}(a)", {"a": make_value(1, start=start, end=end)})


# --- verdicts -------------------------------------------------------------------------------------

ABOUT = {"qualifier": "about", "rounded_to": 1}
FIGURES = {
    "recovered": make_value(48, "at_least"), "more": make_value(81, "at_least"),
    "near": make_value(60.4), "far": make_value(60.6), "scans": make_value(2541566054),
    "ten": make_value(10, "about", 4), "thirteen": make_value(13, "about", 8),
    "tenth": make_value(0.1), "two_tenths": make_value(0.2),
}  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "formula", "how", "verdict"),
    [
        # a lower bound confirms only from above, and refutes what it exceeds
        (80, "more", {"qualifier": "at_least"}, HOLDS),
        (80, "recovered", {"qualifier": "at_least"}, UNCHECKED),
        (40, "recovered", {}, DIFFERS),
        # the allowance for floating-point noise hides no count
        (2541566055, "scans", {}, DIFFERS),
        (0.3, "tenth + two_tenths", {}, HOLDS),
        # rounding of the printed figure counts
        (60, "near", ABOUT, HOLDS),
        (60, "far", ABOUT, DIFFERS),
        (60, "near", {}, DIFFERS),
        # where rounded figures leave bounds on both sides of the edge, the figures as printed decide
        (10, "ten", {"qualifier": "about", "rounded_to": 2}, HOLDS),
        (10, "thirteen", {"qualifier": "about", "rounded_to": 2}, DIFFERS),
    ],
)
def test_verdicts_by_hand(printed, formula, how, verdict):
    assert check_one(printed, formula, FIGURES, **how)["verdict"] == verdict


def test_agreement_within_one_source_is_marked():
    """A claim computed from figures of its own source alone is marked."""
    figures = {"a": make_value(2), "b": make_value(4)}

    assert check_one(6, "a + b", figures)["is_same_source"]
    assert not check_one(6, "a + b", figures | {"b": make_value(4, source="t")})["is_same_source"]


@given(
    st.floats(1, 1e9),
    st.sampled_from(["exact", "at_least", "at_most"]),
    st.floats(1, 1e9),
    st.sampled_from(["exact", "at_least", "at_most"]),
    st.floats(1, 1e9),
)
def test_verdict_is_never_refuted_by_a_possible_value(printed, hedge, point, word, member):
    """For a figure that is only a bound, `holds` and `differs` are true of every value that it may have."""
    figure = bound_value(point, word)
    if member not in figure or word == "exact":
        return
    verdict = check_one(printed, "a", {"a": Value(point, figure, "quantities")}, hedge)["verdict"]
    target = bound_value(printed, hedge)
    slack = Interval(target.low - printed * 1e-9, target.high + printed * 1e-9)
    if verdict == HOLDS:
        assert member in slack
    if verdict == DIFFERS:
        assert member not in target


# --- figures that formulas may name ---------------------------------------------------------------


def test_recovered_names_are_counted_once_and_by_state(values):
    """48 names in six states: TX 19, CA 11, CT 8, IL 4, IN 3, GA 3 (dossier, section 0)."""
    by_state = {state: values[f"counted_names_in_{state}_n"].point for state in "tx ca ct il in ga".split()}
    assert by_state == {"tx": 19, "ca": 11, "ct": 8, "il": 4, "in": 3, "ga": 3}
    assert values["counted_names_n"].point == 48
    for name, least in (("names", 48), ("states", 6), ("names_in_california", 11)):
        assert values[f"recovered_{name}_n"].interval == Interval(least, math.inf)


def test_other_records_replies_and_unnamed_rows_are_not_names_of_the_list():
    """Only named listings in the release count, and an agency listed by two sources counts once."""
    rows = [
        ("listing", True, "a", "TX"),
        ("listing", True, "a", "TX"),
        ("reply", True, "b", "TX"),
        ("other_record", False, "c", "CA"),
        ("listing", False, "d", "CA"),
        ("listing", True, None, "NJ"),
    ]
    claims = pd.DataFrame(rows, columns=["claim_kind", "is_in_release", "agency_id", "state"])
    found = collect_values(*map(load_table, TABLES[:3]), claims.assign(source_id="s"))
    assert (found["counted_names_n"].point, found["recovered_states_n"].point) == (1, 1)


def test_one_name_for_two_figures_is_refused():
    """An id that stands in both tables of figures is an error: formulas could not tell them apart."""
    quantities, volumes, *others = map(load_table, TABLES)
    volumes.loc[0, "volume_id"] = quantities.loc[0, "quantity_id"]
    with pytest.raises(DataError) as error:
        collect_values(quantities, volumes, *others)
    assert "twice" in error.value.found
