"""How much history accumulates under a rule of retention, and whether cited growth adds up."""

import math

import pandas as pd

from helpers.errors import DataError
from helpers.facts.intervals import Interval, bound_value

# The mean month of the Gregorian calendar; a year is twelve of them.
DAYS_PER_MONTH = 365.2425 / 12
_DAYS = {
    "minutes": 1 / 1440,
    "hours": 1 / 24,
    "days": 1.0,
    "months": DAYS_PER_MONTH,
    "years": 12 * DAYS_PER_MONTH,
}
RULE = "retention-rule-"
NO_RULE = "none"


def list_rules(quantities: pd.DataFrame) -> pd.DataFrame:
    """List rules for how long plate reads are kept, the shortest first, and keeping everything as the last.

    Parameters
    ----------
    quantities
        Table `quantities`; a rule is a row whose id begins with `retention-rule-`.

    Returns
    -------
    DataFrame, one row per rule: rule, label, value, unit, days (infinite for `none`), qualifier, source_id, page,
    read_as. `none` has no source: it is the absence of a rule.

    Raises
    ------
    DataError
        A rule in a unit that is no time.
    """
    rows = quantities[quantities["quantity_id"].str.startswith(RULE)]
    wrong = rows[~rows["unit"].isin(_DAYS)]
    if len(wrong):
        place = f"quantities, {wrong['quantity_id'].iloc[0]}"
        raise DataError(place, f"the unit is {wrong['unit'].iloc[0]}", f"Use one of {', '.join(_DAYS)}.")
    rules = pd.DataFrame(
        {
            "rule": rows["quantity_id"].str.removeprefix(RULE),
            "label": rows["quantity"],
            "value": rows["value"],
            "unit": rows["unit"],
            "days": rows["value"] * rows["unit"].map(_DAYS),
            **{column: rows[column] for column in ("qualifier", "source_id", "page", "read_as")},
        }
    ).sort_values(["days", "rule"])
    none = {"rule": NO_RULE, "label": "Everything is kept", "days": math.inf}
    return pd.concat([rules, pd.DataFrame([none])], ignore_index=True)


def accumulate_history(rate: Interval, rules: pd.DataFrame, months_n: int) -> pd.DataFrame:
    """Compute how many reads are held, month by month, if they arrive at one rate and leave by a rule.

    Parameters
    ----------
    rate
        Reads added [reads a month]; both bounds are carried along.
    rules
        Result of `list_rules`, or rows of it.
    months_n
        Months from an empty start [months].

    Returns
    -------
    DataFrame, one row per rule and month from 0 to `months_n`: rule, label, month, held_low, held_high [reads],
    is_full (the oldest read is as old as the rule allows, so the store no longer grows).

    Notes
    -----
    held(t) = rate x min(t, d), with d the days of the rule in months: the stock of a flow that is kept for a fixed time.
    """
    if months_n < 1:
        raise DataError("months", f"{months_n} was given", "Count at least one month.")
    months = pd.DataFrame({"month": range(months_n + 1)})
    table = rules[["rule", "label", "days"]].merge(months, how="cross")
    kept = table["days"] / DAYS_PER_MONTH
    age = table["month"].where(table["month"] < kept, kept)
    table = table.assign(held_low=rate.low * age, held_high=rate.high * age, is_full=table["month"] >= kept)
    return table.drop(columns="days")


def fill_stock(rate: Interval, rules: pd.DataFrame, months_n: int) -> pd.DataFrame:
    """Say what each rule holds after some months, and the share of what keeping everything would hold.

    Returns
    -------
    DataFrame, one row per rule: rule, label, held_low, held_high [reads], share_frac (0-1), is_full.
    """
    last = accumulate_history(rate, rules, months_n).query("month == @months_n").drop(columns="month")
    return last.assign(share_frac=last["held_high"] / (rate.high * months_n)).reset_index(drop=True)


def compare_paths(first: float, last: float, months: Interval) -> pd.DataFrame:
    """Compare two simplest paths from one total to a later one: the same number each month, or the same percentage.

    Parameters
    ----------
    first, last
        The two totals as printed [records], both above zero.
    months
        What is known of the months between them.

    Returns
    -------
    DataFrame, two rows: path, start_low, start_high, mean_low, mean_high, end_low, end_high [records a month]: growth
    at the start, on average and at the end of the time. Bounds are those of `months` alone: where the totals are
    floors, the growth itself has no bounds.

    Raises
    ------
    DataError
        A total is not above zero, or no time lies between them.

    Notes
    -----
    The percentage path is exponential, N(t) = first x exp(kt) with k = ln(last / first) / months; its growth
    is k N(t).
    """
    if not (first > 0 and last > 0):
        raise DataError(
            "totals", f"{first:g} and {last:g}", "Growth by a percentage needs totals above zero."
        )
    if months.low <= 0:
        raise DataError(
            "months between the totals", f"{months.low:g}", "Give two totals of different months."
        )
    spans = {"low": months.high, "high": months.low}
    rows = {"the same number each month": {}, "the same percentage each month": {}}
    for bound, span in spans.items():
        mean, factor = (last - first) / span, math.log(last / first) / span
        rows["the same number each month"] |= {f"{part}_{bound}": mean for part in ("start", "mean", "end")}
        values = {f"start_{bound}": factor * first, f"mean_{bound}": mean, f"end_{bound}": factor * last}
        rows["the same percentage each month"] |= values
    columns = [f"{part}_{bound}" for part in ("start", "mean", "end") for bound in ("low", "high")]
    return pd.DataFrame(rows).T[columns].rename_axis("path").reset_index()


def time_totals(totals: pd.DataFrame, rate: Interval) -> pd.DataFrame:
    """Compute how long a store would have to fill at one rate to hold each printed total.

    Parameters
    ----------
    totals
        Rows of `quantities`.
    rate
        Reads added [reads a month], above zero.

    Returns
    -------
    DataFrame, one row per total, in order of its date: quantity_id, quantity, period_start, value, months_low, months_high (infinite
    where the total is a floor), source_id, page, read_as.

    Raises
    ------
    DataError
        The rate is not above zero.
    """
    if rate.low <= 0:
        raise DataError("rate", f"{rate.low:g} reads a month", "A store fills only at a rate above zero.")
    steps = totals["rounded_to"].astype("object").where(totals["rounded_to"].notna(), None)
    bounds = [
        bound_value(*row) / rate for row in zip(totals["value"], totals["qualifier"], steps, strict=True)
    ]
    table = totals.assign(months_low=[one.low for one in bounds], months_high=[one.high for one in bounds])
    columns = [
        "quantity_id",
        "quantity",
        "period_start",
        "value",
        "months_low",
        "months_high",
        "source_id",
        "page",
        "read_as",
    ]
    return table.sort_values(["period_start", "value", "quantity_id"])[columns].reset_index(drop=True)


def describe_portals(quantities: pd.DataFrame, counted: dict[str, int] | None = None) -> pd.DataFrame:
    """Describe what portals print as their time of retention; what is no number of days stays a state of its own.

    Parameters
    ----------
    quantities
        Table `quantities`, with rows `private-eyes-retention-…`.
    counted
        Portals by what they print, as `details["retention_days"]` of an ingested file of portal pages has them; without
        it, the counts of the fact table.

    Returns
    -------
    DataFrame: retention (text), days (missing where it is no number), portals_n, share_frac (0-1 of all portals), by
    days with the states last.
    """
    if counted is None:
        rows = quantities[quantities["quantity_id"].str.startswith("private-eyes-retention-")]
        names = rows["quantity_id"].str.removeprefix("private-eyes-retention-")
        names = names.str.replace(r"^(\d+)-days$", r"\1", regex=True)
        counted = dict(zip(names.str.replace("-", " "), rows["value"].astype("int64"), strict=True))
    table = pd.DataFrame({"retention": list(counted), "portals_n": list(counted.values())})
    if table.empty:
        raise DataError(
            "portals", "no portal's retention is known", "Give a file of portal pages, or the fact tables."
        )
    days = pd.to_numeric(table["retention"], errors="coerce").astype("float64")
    table = table.assign(days=days, share_frac=table["portals_n"] / table["portals_n"].sum())
    table["retention"] = [
        f"{text} days" if known else text
        for text, known in zip(table["retention"], days.notna(), strict=True)
    ]
    return table.sort_values(["days", "retention"], na_position="last", ignore_index=True)[
        ["retention", "days", "portals_n", "share_frac"]
    ]


def count_depths(log, ages_days: list[int]) -> pd.DataFrame:
    """Count the rows of a log whose searches asked for plate reads older than some days.

    Parameters
    ----------
    log
        Ibis table of the canonical `searches`.
    ages_days
        Ages to ask about [days], each at least 0.

    Returns
    -------
    DataFrame, one row per age: days, older_n (the window begins more than so many days before the search), unknown_n (rows
    without a time of the search or a beginning of the window), rows_n, low_frac and high_frac (0-1 of all rows, with the unknown ones
    counted as not older and as older).

    Raises
    ------
    DataError
        No age, an age below zero, or a log without rows.

    Notes
    -----
    A window is what the searcher asked for, not proof that reads of that age were there. Rows are not searches: one
    search may stand in several logs. Decided in whole seconds.
    """
    from helpers.searches import engine

    if not ages_days or min(ages_days) < 0:
        raise DataError("ages", f"{ages_days}", "Ask about one age or more, from 0 days.")
    ages = sorted(set(ages_days))
    asked = log.searched_at.epoch_seconds() - log.window_start.epoch_seconds()
    counts = {
        "rows_n": log.count(),
        "unknown_n": (log.searched_at.isnull() | log.window_start.isnull()).sum(),
    }
    counts |= {f"older_{days}": (asked > days * 86_400).sum() for days in ages}
    found = engine.fetch(log.aggregate(**counts)).fillna(0).iloc[0]
    if not found["rows_n"]:
        raise DataError("log", "it holds no row", "Give a log with searches.")
    older = pd.Series([int(found[f"older_{days}"]) for days in ages])
    unknown, rows = int(found["unknown_n"]), int(found["rows_n"])
    table = pd.DataFrame({"days": ages, "older_n": older, "unknown_n": unknown, "rows_n": rows})
    return table.assign(low_frac=older / rows, high_frac=(older + unknown) / rows)
