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
from helpers.paths import FACTS


def read_table(name: str) -> pd.DataFrame:
    """Read a fact table as pandas reads it."""
    text = {"period_start": str, "period_end": str, "cbsa_code": str}
    return pd.read_csv(FACTS / f"{name}.csv", dtype=text)


@pytest.fixture(scope="module")
def values():
    """All figures of the fact tables."""
    names = ("quantities", "query_volumes", "metros", "sharing_claims")
    return collect_values(*(read_table(name) for name in names))


@pytest.fixture(scope="module")
def checked(values):
    """The verdicts on all claims, by claim."""
    return check_claims(read_table("claims"), values).set_index("claim_id")


def make_value(point, qualifier="exact", rounded_to=None, start="", end="", source="s") -> Value:
    """A figure of a made-up table."""
    interval = bound_value(point, qualifier, rounded_to)
    return Value(point, interval, "quantities", start, end, frozenset({source}))


def make_claim(printed, formula, qualifier="exact", rounded_to=None, note=""):
    """A table with one claim."""
    row = {"claim_id": "c", "statement": "s", "printed_value": printed, "unit": "u", "formula": formula}
    row |= {"qualifier": qualifier, "rounded_to": rounded_to, "note": note, "source_id": "s"}
    return pd.DataFrame([row])


def judge(printed, formula, values, **more) -> str:
    """The verdict on one made-up claim."""
    return check_claims(make_claim(printed, formula, **more), values)["verdict"].item()


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
    assert round(row["computed_value"], digits) == computed
    assert row["verdict"] == verdict


@pytest.mark.parametrize(("claim", "short"), [("dd1-years-sum", 7_073_917), ("dd1-years-sum-hits", 60_499)])
def test_years_fall_short_of_the_two_year_column(checked, claim, short):
    """2016 and 2017 together miss 7,073,917 detections and 60,499 hits of EFF's two-year columns."""
    assert checked.loc[claim, "difference"] == -short
    assert checked.loc[claim, "verdict"] == DIFFERS


@pytest.mark.parametrize(
    "claim", ["agencies-80", "states-dozen", "california-12", "queries-per-account", "growth-vendor"]
)
def test_open_bounds_settle_nothing(checked, claim):
    """Recovered names against the whole list, and ratios or differences of lower bounds, get no verdict."""
    row = checked.loc[claim]
    assert row["verdict"] == UNCHECKED
    assert math.isinf(row["computed_high"])
    assert "bounds" in row["why"]


def test_lower_bound_in_a_divisor_settles_nothing(checked):
    """More than 320 million images: 99.875 percent as printed, but any higher share is possible as well."""
    row = checked.loc["lapd-not-on-list"]
    assert math.isnan(row["computed_value"]) and math.isnan(row["difference"])
    assert (row["verdict"], row["computed_high"]) == (UNCHECKED, 100)


def test_claims_without_formula_say_why(checked):
    """A claim that needs files which are not kept here has no figure, and gives its note as the reason."""
    rows = checked[checked["computed_value"].isna()]
    assert set(rows["verdict"]) == {UNCHECKED}
    assert rows["why"].str.len().min() > 20


def test_every_computed_claim_names_its_tables(checked):
    """Each computed figure can be walked back to the fact tables that it came from."""
    rows = checked[checked["computed_value"].notna()]
    tables = {name for cell in rows["from_table"] for name in cell.split(", ")}
    assert tables == {"quantities", "query_volumes", "metros", "sharing_claims"}


# --- formulas -------------------------------------------------------------------------------------


def test_formula_follows_the_order_of_arithmetic():
    """Products before sums, brackets first; bounds go along."""
    figures = {"a": make_value(6), "b": make_value(4, "about", 2)}
    assert evaluate_formula("100 + a * (b - 1)", figures) == (118, Interval(112, 124))


FOREIGN = [
    "__import__('os')", "__import__('os').system('true')", "eval(a)", "abs(a)", "a.__class__", "a[1]", "f'{a}'",
    "a ** 2", "a // 2", "a % 100", "-a", "a < 1", "a if a else a", "2 * a", "1.0 * a", "True * a", "'a'", "[a]",
    "(a, a)", "lambda: a", "days(days(a))", "days(a, a)", "days(1)", "days(x=a)", "a := 1", "a; a", "a = 1",
    "import os", "", "(", "a / (a - a)", "a\x00", "(" * 500 + "a" + ")" * 500, "a+" * 5000 + "a",
]  # fmt: skip


@pytest.mark.parametrize("formula", FOREIGN, ids=str.__len__)
def test_anything_but_the_small_language_is_refused(formula):
    """Code, other constants, operators, attributes, calls and a division by zero raise an error."""
    with pytest.raises(DataError) as error:
        evaluate_formula(formula, {"a": make_value(2, start="2024", end="2024")})
    assert error.value.way_out


@given(st.text(max_size=40))
def test_any_text_gives_a_number_or_a_data_error(formula):
    """No text at all makes the reader of formulas fail in another way."""
    try:
        point, bounds = evaluate_formula(formula, {"a": make_value(2)})
    except DataError:
        return
    assert point in bounds


def test_unknown_name_is_refused_with_the_nearest_one():
    """A misspelt figure is named together with the one that was probably meant, and with its claim."""
    claims = make_claim(1, "contract_valeu_fpds")
    with pytest.raises(DataError, match="table claims, c: .*contract_valeu_fpds.*contract_value_fpds"):
        check_claims(claims, {"contract_value_fpds": make_value(1)})


# --- periods --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2025-04-28", "2025-05-30", 33),  # 3 days of April and 30 of May
        ("2026-03-01", "2026-04-21", 52),  # 31 + 21
        ("2025-02-19", "2025-07-02", 134),  # 10 + 31 + 30 + 31 + 30 + 2
        ("2024-06-01", "2025-05-05", 339),  # 365 days less May 6 to May 31
        ("2024", "2024", 366),
        ("2024-02", "2024-02", 29),
        ("2025-01-01", "2025-01-01", 1),
    ],
)
def test_days_count_both_ends(start, end, days):
    """Days of a period include its first and its last; a month or a year counts in full."""
    assert measure_days(start, end) == days


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2016-11", "2017-07", 9),
        ("2016", "2017", 24),
        ("2024-02", "2024-02", 1),
        ("2017-12-22", "2020-09-30", 10 / 31 + 33),  # ten days of December, then 33 months
        ("2025-04-16", "2025-04-30", 0.5),
    ],
)
def test_months_count_parts_by_their_days(start, end, months):
    """Whole calendar months count one each, parts of a month by their share of its days."""
    assert measure_months(start, end) == pytest.approx(months)


def test_days_and_months_enter_formulas():
    """The functions take the period of the figure that they name."""
    figures = {"a": make_value(660, start="2025-04-28", end="2025-05-30")}
    assert evaluate_formula("a / days(a)", figures)[0] == 20


@pytest.mark.parametrize(("start", "end"), [("", ""), ("2024", ""), ("2024-02", "2024-01")])
def test_figure_without_a_period_has_no_length(start, end):
    """A moment, or a period that ends before it starts, cannot be counted in days."""
    with pytest.raises(DataError):
        evaluate_formula("days(a)", {"a": make_value(1, start=start, end=end)})


# --- verdicts -------------------------------------------------------------------------------------


def test_lower_bound_confirms_only_from_above():
    """81 names confirm at least 80; 48 neither confirm nor refute it; 48 of exactly 40 refute it."""
    recovered = {"n": make_value(48, "at_least"), "more": make_value(81, "at_least")}
    assert judge(80, "more", recovered, qualifier="at_least") == HOLDS
    assert judge(80, "n", recovered, qualifier="at_least") == UNCHECKED
    assert judge(40, "n", recovered) == DIFFERS


def test_agreement_within_one_source_is_marked():
    """A claim computed from figures of its own source alone is marked."""
    claim = make_claim(6, "a + b")

    own = check_claims(claim, {"a": make_value(2), "b": make_value(4)})
    met = check_claims(claim, {"a": make_value(2), "b": make_value(4, source="t")})
    assert [True, False] == [own["is_same_source"].item(), met["is_same_source"].item()]


def test_one_scan_in_billions_is_a_difference():
    """The allowance for floating-point noise hides no count."""
    assert judge(2541566055, "a", {"a": make_value(2541566054)}) == DIFFERS


def test_rounding_of_the_printed_figure_counts():
    """60.4 holds against about 60, 60.6 does not, and neither holds against exactly 60."""
    figures = {"near": make_value(60.4), "far": make_value(60.6)}
    assert judge(60, "near", figures, qualifier="about", rounded_to=1) == HOLDS
    assert judge(60, "far", figures, qualifier="about", rounded_to=1) == DIFFERS
    assert judge(60, "near", figures) == DIFFERS


def test_bounded_overlap_is_decided_by_the_printed_figures():
    """Where rounded figures leave bounds on both sides of the edge, the figures as printed decide."""
    figures = {"a": make_value(10, "about", 4), "b": make_value(13, "about", 8)}
    assert judge(10, "a", figures, qualifier="about", rounded_to=2) == HOLDS
    assert judge(10, "b", figures, qualifier="about", rounded_to=2) == DIFFERS


def test_noise_of_floating_point_arithmetic_does_not_differ():
    """A tenth and two tenths are three tenths."""
    figures = {"a": make_value(0.1), "b": make_value(0.2)}
    assert judge(0.3, "a + b", figures) == HOLDS


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
    verdict = judge(printed, "a", {"a": Value(point, figure, "quantities")}, qualifier=hedge)
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
    assert values["recovered_names_n"].interval == Interval(48, math.inf)
    assert values["recovered_states_n"].interval == Interval(6, math.inf)
    assert values["recovered_names_in_california_n"].interval == Interval(11, math.inf)


def test_other_records_replies_and_unnamed_rows_are_not_names_of_the_list(values):
    """Only named listings in the release count, and an agency listed by two sources counts once."""
    rows = [
        ("listing", True, "a", "TX"),
        ("listing", True, "a", "TX"),
        ("reply", True, "b", "TX"),
        ("other_record", False, "c", "CA"),
        ("listing", False, "d", "CA"),
        ("listing", True, None, "NJ"),
    ]
    claims = pd.DataFrame(rows, columns=["claim_kind", "is_in_release", "agency_id", "state"]).assign(
        source_id="s"
    )
    tables = [read_table(name) for name in ("quantities", "query_volumes", "metros")]
    found = collect_values(*tables, claims)
    assert (found["counted_names_n"].point, found["recovered_states_n"].point) == (1, 1)


def test_one_name_for_two_figures_is_refused():
    """An id that stands in both tables of figures is an error: formulas could not tell them apart."""
    quantities, volumes = read_table("quantities"), read_table("query_volumes")
    volumes.loc[0, "volume_id"] = quantities.loc[0, "quantity_id"]
    with pytest.raises(DataError, match="twice"):
        collect_values(quantities, volumes, read_table("metros"), read_table("sharing_claims"))
