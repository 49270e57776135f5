"""Compare published numbers with what the cited figures give."""

import ast
import calendar
import difflib
import math
import operator
from dataclasses import dataclass

import pandas as pd

from helpers.errors import DataError
from helpers.facts.dates import span_date
from helpers.facts.intervals import Interval, bound_value, is_bounded, overlaps

HOLDS, DIFFERS, UNCHECKED = "holds", "differs", "cannot be checked here"
COLUMNS = (
    "claim_id statement printed_value unit computed_value computed_low computed_high difference"
    " difference_percent verdict why from_table is_same_source"
).split()
CONSTANTS = (1, 100)
MAX_LENGTH = 2000  # longest formula read; the longest in the table is a sixth of it
SLACK = 1e-12  # share of the printed value that is taken for noise of floating-point arithmetic
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


@dataclass(frozen=True)
class Value:
    """A named figure that a formula may use.

    Attributes
    ----------
    point, interval
        The figure as printed or counted, and what its qualifier leaves open, in the same unit.
    table
        Fact table it comes from.
    period_start, period_end
        Partial dates (YYYY, YYYY-MM, YYYY-MM-DD) of the period it covers; empty where it has none.
    sources
        Names of the sources it rests on.
    """

    point: float
    interval: Interval
    table: str
    period_start: str = ""
    period_end: str = ""
    sources: frozenset[str] = frozenset()


def _get_text(value) -> str:
    """Take a missing cell, whatever pandas makes of it, for empty text."""
    return "" if value is None or pd.isna(value) else str(value)


def _get_number(value) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def collect_values(
    quantities: pd.DataFrame, query_volumes: pd.DataFrame, metros: pd.DataFrame, sharing_claims: pd.DataFrame
) -> dict[str, Value]:
    """Return all figures that formulas may name, from fact tables.

    Ids of `quantities` and `query_volumes` are named with `_` for `-`. Computed names:
    `metro_share_top50_YEAR` (percent of the country, for each year of `metros`); `counted_names_n` and
    `counted_names_in_ST_n` (names recovered of the release's list, as a plain count; ST is a postal code in
    lower case); `recovered_names_n`, `recovered_states_n`, `recovered_names_in_california_n` (the same
    counts, taken as lower bounds of the list, because the list itself was not recovered).

    Raises
    ------
    DataError
        Two figures have one name, or a row breaks its table's rules.
    """
    values: dict[str, Value] = {}

    def add(name: str, value: Value):
        if name in values:
            raise DataError(f"table {value.table}", f"the name {name!r} twice", "Give each figure an id.")
        values[name] = value

    for table, frame, key in (
        ("quantities", quantities, "quantity_id"),
        ("query_volumes", query_volumes, "volume_id"),
    ):
        for row in frame.to_dict("records"):
            point = float(row["value"])
            interval = bound_value(point, row["qualifier"], _get_number(row["rounded_to"]))
            ends = [_get_text(row[end]) for end in ("period_start", "period_end")]
            value = Value(point, interval, table, *ends, frozenset({row["source_id"]}))
            add(row[key].replace("-", "_"), value)
    census = frozenset(metros["source_id"])
    for name, share in _collect_metro_shares(metros):
        add(name, Value(share, bound_value(share, "exact"), "metros", sources=census))
    for name, listed, count, qualifier in _count_names(sharing_claims):
        rests_on = frozenset(listed["source_id"])
        add(name, Value(count, bound_value(count, qualifier), "sharing_claims", sources=rests_on))
    return values


def _collect_metro_shares(metros: pd.DataFrame) -> list[tuple[str, float]]:
    """Compute which percent of the country lives in its 50 largest areas, by year of the estimate."""
    year = metros["estimate_on"].str[:4]
    areas = metros[metros["area_kind"] == "metro"].sort_values("population", ascending=False)
    top = areas.groupby(year).head(50).groupby(year)["population"].sum()
    country = metros[metros["area_kind"] == "country"].groupby(year)["population"].sum()
    return [(f"metro_share_top50_{of}", float(100 * top[of] / country[of])) for of in top.index]


def _count_names(sharing_claims: pd.DataFrame) -> list[tuple[str, pd.DataFrame, int, str]]:
    """Count the agencies that a source names as on the release's list: (name, rows, count, qualifier)."""
    listed = sharing_claims[(sharing_claims["claim_kind"] == "listing") & (sharing_claims["is_in_release"])]
    listed = listed.dropna(subset=["agency_id"]).query("agency_id != ''").drop_duplicates("agency_id")
    by_state = {state: rows for state, rows in listed.groupby("state") if state}
    california = by_state.get("CA", listed.iloc[:0])
    counts = [(f"counted_names_in_{state.lower()}_n", rows) for state, rows in by_state.items()]
    counts = [("counted_names_n", listed), *counts]
    return [
        *((name, rows, len(rows), "exact") for name, rows in counts),
        ("recovered_names_n", listed, len(listed), "at_least"),
        ("recovered_states_n", listed, len(by_state), "at_least"),
        ("recovered_names_in_california_n", california, len(california), "at_least"),
    ]


def measure_days(period_start: str, period_end: str) -> int:
    """Count the days of a period, both ends included; a month or a year counts in full."""
    return (span_date(period_end)[1] - span_date(period_start)[0]).days + 1


def measure_months(period_start: str, period_end: str) -> float:
    """Measure a period in calendar months; one that is covered in part counts as that part of its days."""
    start, end = span_date(period_start)[0], span_date(period_end)[1]
    if end < start:
        return 0.0
    between = (end.year - start.year) * 12 + end.month - start.month - 1
    first, last = (calendar.monthrange(day.year, day.month)[1] for day in (start, end))
    return between + (first - start.day + 1) / first + end.day / last


def evaluate_formula(
    formula: str, values: dict[str, Value], place: str = "formula"
) -> tuple[float, Interval]:
    """Compute a formula from named figures, without ever running it as code.

    Parameters
    ----------
    formula
        Names in `values`, the constants 1 and 100, `+ - * / ( )`, `days(name)`, `months(name)`; nothing else.
    values
        What `collect_values` returns.
    place
        Where the formula is, for error messages.

    Returns
    -------
    The result with every figure as printed, and the bounds that their qualifiers leave.

    Raises
    ------
    DataError
        Anything else is in the formula, a name is unknown, a period is missing, or a divisor is zero.
    """
    if len(formula) > MAX_LENGTH:
        raise DataError(place, f"{len(formula)} characters", f"Write a formula of at most {MAX_LENGTH}.")
    try:
        tree = ast.parse(formula, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataError(place, f"no formula in {formula[:80]!r}", "Write one expression.") from error
    return _evaluate(tree.body, values, place)


def _evaluate(node: ast.AST, values: dict[str, Value], place: str) -> tuple[float, Interval]:
    match node:
        case ast.Constant(value=number) if type(number) is int and number in CONSTANTS:
            return number, bound_value(number, "exact")
        case ast.Name(id=name):
            found = _find_value(name, values, place)
            return found.point, found.interval
        case ast.Call(func=ast.Name(id="days" | "months" as unit), args=[ast.Name(id=name)], keywords=[]):
            length = _measure_period(unit, name, _find_value(name, values, place), place)
            return length, bound_value(length, "exact")
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            one, one_bounds = _evaluate(left, values, place)
            two, two_bounds = _evaluate(right, values, place)
            if isinstance(sign, ast.Div) and two == 0:
                found = f"division by {ast.unparse(right)!r}, which is 0"
                raise DataError(place, found, "Change the divisor.")
            compute = _OPERATORS[type(sign)]
            return compute(one, two), compute(one_bounds, two_bounds)
    found = f"{ast.unparse(node)[:80]!r} is not of the formula language"
    way_out = "Use names of figures, 1, 100, + - * / ( ), days(name), months(name)."
    raise DataError(place, found, way_out)


def _find_value(name: str, values: dict[str, Value], place: str) -> Value:
    if name in values:
        return values[name]
    near = difflib.get_close_matches(name, values, n=1)
    hint = f"Nearest name: {near[0]}." if near else "Use an id of quantities or query_volumes, with _ for -."
    raise DataError(place, f"the unknown name {name!r}", hint)


def _measure_period(unit: str, name: str, value: Value, place: str) -> float:
    """Measure the period of a figure in days or months."""
    way_out = "Fill in both ends of its period, the earlier one first."
    if not value.period_start or not value.period_end:
        raise DataError(place, f"{unit}({name}) of a figure without a period", way_out)
    measure = {"days": measure_days, "months": measure_months}[unit]
    length = measure(value.period_start, value.period_end)
    if length <= 0:
        raise DataError(place, f"{unit}({name}) of a period that ends before it starts", way_out)
    return length


def _list_figures(formula: str, values: dict[str, Value]) -> list[Value]:
    """List the figures that a formula names; `days` and `months` are no figures."""
    names = {node.id for node in ast.walk(ast.parse(formula, mode="eval")) if isinstance(node, ast.Name)}
    return [values[name] for name in sorted(names) if name in values]


def _is_open(value: Value) -> bool:
    """Tell whether a figure is only a bound: its point is one end of what it leaves open."""
    low, high = value.interval.low, value.interval.high
    return low < high and value.point in (low, high)


def _judge(
    printed: float, target: Interval, point: float, bounds: Interval, has_open: bool
) -> tuple[str, str]:
    """Return verdict and reason; `target` is the interval of the printed figure."""
    allowed = f"the range that the printed figure allows, {_say_span(target)}"
    if target.low <= bounds.low and bounds.high <= target.high:
        return HOLDS, f"Computed {_say_span(bounds)}; inside {allowed}."
    if not overlaps(target, bounds):
        return DIFFERS, f"Computed {_say_span(bounds)}; outside {allowed}."
    if has_open and not any(map(math.isfinite, (bounds.low, bounds.high))):
        why = "Nothing follows: the figures used are only bounds, and together they leave any result open."
        return UNCHECKED, why
    if has_open or not is_bounded(bounds):
        why = f"Computed {_say_span(bounds)}, from figures that are only bounds; this neither confirms nor"
        return UNCHECKED, f"{why} refutes the printed {_say_number(printed)}."
    verdict, side = (HOLDS, "inside") if point in target else (DIFFERS, "outside")
    return verdict, f"Computed {_say_number(point)}, with rounding {_say_span(bounds)}; {side} {allowed}."


def _say_number(number: float) -> str:
    """Write numbers from 1,000 on in full, to the half where rounding ends there, and four digits below."""
    if abs(number) < 1000:
        return f"{number:.4g}"
    return f"{number:,.1f}" if abs(number) < 1e5 and not float(number).is_integer() else f"{number:,.0f}"


def _say_span(span: Interval) -> str:
    if math.isinf(span.low) and math.isinf(span.high):
        return "a figure without bounds"
    if math.isinf(span.high):
        return f"{_say_number(span.low)} or more"
    if math.isinf(span.low):
        return f"{_say_number(span.high)} or less"
    low, high = _say_number(span.low), _say_number(span.high)
    return low if low == high else f"{low} to {high}"


def check_claims(claims: pd.DataFrame, values: dict[str, Value]) -> pd.DataFrame:
    """Check every published number that can be computed from cited figures.

    The printed figure becomes an interval: half a step of its last digit to each side, or what its qualifier
    allows. It is set against the computed bounds:

    - all of them inside: `holds`; all of them outside: `differs`;
    - partly inside, and a figure in the formula is only a lower or upper bound: `cannot be checked here`. A
      ratio of two lower bounds and a count of recovered names against the whole list end here: never a false
      `holds` or `differs`;
    - partly inside, from rounded figures only: decided by the figure computed from the printed numbers;
    - no formula: `cannot be checked here`, with the claim's note as the reason.

    Parameters
    ----------
    claims, values
        The table `claims`, and what `collect_values` returns.

    Returns
    -------
    DataFrame, one row per claim, in the order of `claims`, with `COLUMNS`: difference is computed minus
    printed, in its unit, and as percent of the printed value; is_same_source says that every figure used is
    in the claim's own source (agreement is then consistency, not confirmation). Where there is no verdict,
    computed value and difference are missing; open bounds are infinite.
    """
    rows = [_check_claim(row, values) for row in claims.to_dict("records")]
    return pd.DataFrame(rows, columns=COLUMNS)


def _check_claim(row: dict, values: dict[str, Value]) -> dict:
    printed = float(row["printed_value"])
    formula = _get_text(row["formula"]).strip()
    result = {name: row[name] for name in ("claim_id", "statement", "unit")}
    result |= {"printed_value": printed, "from_table": "", "verdict": UNCHECKED, "is_same_source": False}
    if not formula:  # computed value, bounds and difference are missing
        return result | {"why": _get_text(row["note"]) or "It needs files that are not kept here."}
    place = f"table claims, {row['claim_id']}"
    point, bounds = evaluate_formula(formula, values, place)
    widen = SLACK * abs(printed)
    target = bound_value(printed, row["qualifier"], _get_number(row["rounded_to"]))
    target = Interval(target.low - widen, target.high + widen)
    figures = _list_figures(formula, values)
    verdict, why = _judge(printed, target, point, bounds, any(_is_open(figure) for figure in figures))
    if verdict == UNCHECKED:
        point = math.nan
    return result | {
        "computed_value": float(point),
        "computed_low": float(bounds.low),
        "computed_high": float(bounds.high),
        "difference": point - printed,
        "difference_percent": 100 * (point - printed) / printed if printed else math.nan,
        "verdict": verdict,
        "why": why,
        "from_table": ", ".join(sorted({figure.table for figure in figures})),
        "is_same_source": all(figure.sources == {row["source_id"]} for figure in figures),
    }
