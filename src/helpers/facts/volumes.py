"""Cited counts of queries and other figures: their bounds, what follows, and where they contradict."""

import math
import textwrap

import pandas as pd

from helpers.errors import DataError
from helpers.facts.dates import count_months, order_by_date, span_date, state_period
from helpers.facts.intervals import Interval, bound_value

# What one unit is, from what the release counts to what others count.
MEASURES = ["queries", "results", "searches", "lookups", "log_entries", "accesses", "shares"]
_ORDERS = {-2: "hundredths", -1: "tenths", 0: "single digits", 1: "tens", 2: "hundreds", 3: "thousands"}


def bound_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Add the bounds that each row's qualifier sets.

    Parameters
    ----------
    table
        Rows of `quantities` or `query_volumes`: value, qualifier, rounded_to.

    Returns
    -------
    The same rows with two more columns, in the row's own unit: low, high (infinite where nothing limits it).
    """
    steps = table["rounded_to"].astype("object").where(table["rounded_to"].notna(), None)
    bounds = [bound_value(*row) for row in zip(table["value"], table["qualifier"], steps, strict=True)]
    lows, highs = ([float(getattr(found, side)) for found in bounds] for side in ("low", "high"))
    return table.assign(low=lows, high=highs)


def list_volumes(volumes: pd.DataFrame, measures: list[str] | None = None) -> pd.DataFrame:
    """List cited volumes with their bounds, measure by measure; two measures are never added.

    Parameters
    ----------
    volumes
        Table `query_volumes`.
    measures
        Measures kept; none or an empty list keeps all.

    Returns
    -------
    DataFrame, one row per cited figure, by measure (in the order of MEASURES), rates before totals, then
    date: volume_id, measure, per, searcher, through, period, value, low, high [unit], unit, period_start,
    period_end, qualifier, source_id, page, read_as, note.

    Raises
    ------
    DataError
        A measure that no row has.
    """
    unknown = sorted(set(measures or []) - set(volumes["measure"]))
    if unknown:
        known = ", ".join(sorted(set(volumes["measure"])))
        raise DataError("query_volumes", f"no row with measure {', '.join(unknown)}", f"Measures: {known}.")
    kept = bound_rows(volumes[volumes["measure"].isin(measures)] if measures else volumes)
    kept = kept.assign(
        period=[state_period(pair) for pair in zip(kept["period_start"], kept["period_end"], strict=True)],
        rank=kept["measure"].map(MEASURES.index),
        is_total=kept["per"] == "total",
    )
    kept = order_by_date(kept, "period_start")
    kept = kept.sort_values(["rank", "is_total"], kind="stable", ignore_index=True)
    columns = ["volume_id", "measure", "per", "searcher", "through", "period", "value", "low", "high", "unit"]
    return kept[[*columns, "period_start", "period_end", "qualifier", "source_id", "page", "read_as", "note"]]


def group_series(listed: pd.DataFrame) -> pd.DataFrame:
    """Put monthly figures of one series on one line, and give every line a text that tells it apart.

    Parameters
    ----------
    listed
        Result of `list_volumes`.

    Returns
    -------
    The same rows with two more columns: series (figures named alike but for the month share one) and label
    (searcher with, where two lines share it, the opening of the note; through what; the period).
    """
    series = listed["volume_id"].str.replace(r"-\d{4}-\d{2}$", "", regex=True)
    listed = listed.assign(series=series)
    labels = {}
    for name, rows in listed.groupby("series", sort=False):
        first = rows.iloc[0]
        period = state_period(pd.concat([rows["period_start"], rows["period_end"]]))
        twins = listed[(listed["searcher"] == first["searcher"]) & (listed["through"] == first["through"])]
        # Lines that name the same searcher and log are told apart by the opening of their note.
        note = first["note"] if twins["series"].nunique() > 1 and isinstance(first["note"], str) else ""
        said = textwrap.shorten(note.split(";")[0].split(".")[0], 60, placeholder=" ...")
        head = f"{first['searcher']}: {said[0].lower()}{said[1:]}" if said else first["searcher"]
        labels[name] = f"{head} · {first['through']} · {period}"
    return listed.assign(label=listed["series"].map(labels))


def list_months(grouped: pd.DataFrame, names: list[str] | None = None) -> pd.DataFrame:
    """List the series of months, each in order of date.

    Parameters
    ----------
    grouped
        Result of `group_series`.
    names
        Series kept, in this order; none or an empty list keeps all that have two months or more.

    Returns
    -------
    The rows of these series with two more columns: month (`YYYY-MM`) and is_whole (the figure covers all days
    of its month).

    Raises
    ------
    DataError
        A series that is not there, or that has one figure only.
    """
    sizes = grouped["series"].value_counts()
    known = [name for name in dict.fromkeys(grouped["series"]) if sizes[name] > 1]
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise DataError("query_volumes", f"no series {', '.join(unknown)}", f"Series: {', '.join(known)}.")
    kept = order_by_date(grouped[grouped["series"].isin(names or known)], "period_start")
    kept = kept.assign(month=kept["period_start"].str[:7], order=kept["series"].map((names or known).index))
    kept["is_whole"] = [
        _covers_month(*row) for row in zip(kept["period_start"], kept["period_end"], strict=True)
    ]
    return kept.sort_values("order", kind="stable", ignore_index=True).drop(columns="order")


def _covers_month(start: str, end: str) -> bool:
    return (span_date(start)[0], span_date(end)[1]) == span_date(start[:7])


def measure_rise(months: pd.DataFrame) -> dict:
    """Measure how far one series rises from its first month to its highest.

    Parameters
    ----------
    months
        Rows of one series, in order of date, of `list_months`.

    Returns
    -------
    dict: first, start, most, peak (the two months), last, end, factor (highest over first).

    Raises
    ------
    DataError
        There are fewer than two months, or the first is not above zero.
    """
    if len(months) < 2 or not months["value"].iloc[0] > 0:
        found = f"{len(months)} months, the first of them with {months['value'].head(1).tolist()}"
        raise DataError(
            "series of months", found, "Take a series of two or more months that starts above zero."
        )
    first, last, peak = months.iloc[0], months.iloc[-1], months.loc[months["value"].idxmax()]
    rise = {"first": first["value"], "start": first["month"], "most": peak["value"], "peak": peak["month"]}
    return rise | {"last": last["value"], "end": last["month"], "factor": peak["value"] / first["value"]}


def count_by_measure(listed: pd.DataFrame) -> pd.DataFrame:
    """Count cited figures: measure, per, figures_n, sources_n, lowest, highest (as printed)."""
    grouped = listed.groupby(["measure", "per"], sort=False)
    return grouped.agg(
        figures_n=("volume_id", "size"),
        sources_n=("source_id", "nunique"),
        lowest=("value", "min"),
        highest=("value", "max"),
    ).reset_index()


def find_figure(table: pd.DataFrame, name: str) -> pd.Series:
    """Find one row of `quantities` or `query_volumes` by its name, with its bounds.

    Raises
    ------
    DataError
        There is no such row.
    """
    key = table.columns[0]
    found = table[table[key] == name]
    if found.empty:
        near = ", ".join(table.loc[table[key].str.contains(name.split("-")[0], regex=False), key].head(5))
        raise DataError(f"column {key}", f"no row named `{name}`", f"Names alike: {near or 'none'}.")
    return bound_rows(found).iloc[0]


def imply_total(monthly: pd.Series, months: int) -> Interval:
    """Derive what a monthly figure implies over some months, if every month keeps its bounds.

    Raises
    ------
    DataError
        The figure is no monthly rate, or the number of months is below 1.
    """
    if monthly["per"] != "month" or months < 1:
        place = f"query_volumes, {monthly['volume_id']}"
        found = f"per {monthly['per']}, {months} months"
        raise DataError(place, found, "Take a monthly rate and at least 1 month.")
    return Interval(monthly["low"], monthly["high"]) * months


def compare_floors(upper: float, lower: float) -> dict:
    """Set two lower bounds side by side.

    Returns
    -------
    dict: quotient, order (power of ten at or below it), words (`single digits`, `tens` ...).

    Raises
    ------
    DataError
        A floor is not above zero.

    Notes
    -----
    A quotient of two lower bounds has no bound of its own: both figures may be larger. It tells the order in
    which the two floors stand to each other, and it is never a rate.
    """
    if not (upper > 0 and lower > 0):
        raise DataError("floors", f"{upper} over {lower}", "Both must be above zero.")
    order = math.floor(math.log10(upper / lower))
    return {"quotient": upper / lower, "order": order, "words": _ORDERS.get(order, f"powers of ten, {order}")}


def rate_officers(volumes: pd.DataFrame, quantities: pd.DataFrame, pairs: dict[str, str]) -> pd.DataFrame:
    """Divide counts of queries by officers and months.

    Parameters
    ----------
    volumes, quantities
        Tables `query_volumes` and `quantities`.
    pairs
        Figure of officers (quantity_id) for each figure of queries (volume_id).

    Returns
    -------
    DataFrame, one row per pair: volume_id, searcher, officers_n, months_n, period_start, value [queries],
    per_officer_month, source_id, page. The quotient is a mean: nothing says that the officers searched alike, or in
    every month.
    """
    rows = []
    for volume_id, quantity_id in pairs.items():
        row, officers = find_figure(volumes, volume_id), find_figure(quantities, quantity_id)["value"]
        months_n = count_months(row["period_start"], row["period_end"])
        rate = row["value"] / officers / months_n
        who = [volume_id, row["searcher"], int(officers), months_n, row["period_start"]]
        rows.append([*who, row["value"], rate, row["source_id"], row["page"]])
    columns = ["volume_id", "searcher", "officers_n", "months_n", "period_start", "value"]
    return pd.DataFrame(rows, columns=[*columns, "per_officer_month", "source_id", "page"])


def compare_conflicts(quantities: pd.DataFrame, groups: list[str] | None = None) -> pd.DataFrame:
    """Set figures that claim to measure the same thing side by side.

    Parameters
    ----------
    quantities
        Table `quantities`; figures with the same `conflict_group` belong together.
    groups
        Groups kept, in this order; none or an empty list keeps all.

    Returns
    -------
    DataFrame, one row per figure in a group of two or more, by group and value: conflict_group, quantity_id,
    quantity, value, low, high, unit, qualifier, source_id, page, read_as, period_start, note.

    Raises
    ------
    DataError
        A group that no two rows share.
    """
    sizes = quantities["conflict_group"].value_counts()
    known = sorted(sizes.index[sizes > 1])
    unknown = [group for group in groups or [] if group not in known]
    if unknown:
        found = f"no conflict group {', '.join(unknown)}"
        raise DataError("quantities", found, f"Groups: {', '.join(known)}.")
    kept = bound_rows(quantities[quantities["conflict_group"].isin(groups or known)])
    order = kept["conflict_group"].map((groups or known).index)
    kept = kept.assign(order=order).sort_values(["order", "value", "quantity_id"], ignore_index=True)
    columns = ["conflict_group", "quantity_id", "quantity", "value", "low", "high", "unit", "qualifier"]
    return kept[[*columns, "source_id", "page", "read_as", "period_start", "note"]]


def judge_conflicts(compared: pd.DataFrame) -> pd.DataFrame:
    """Say of each group whether one value could satisfy all its figures.

    Returns
    -------
    DataFrame, one row per group, in the order given: conflict_group, unit (as printed; several are joined by
    `or`), figures_n, smallest, largest (as printed), factor (largest over smallest), gap (distance between
    the bounds that exclude each other, 0 where none do), can_agree.
    """
    rows = []
    for group, figures in compared.groupby("conflict_group", sort=False):
        smallest, largest = figures["value"].min(), figures["value"].max()
        gap = max(0.0, figures["low"].max() - figures["high"].min())
        unit = " or ".join(dict.fromkeys(figures["unit"]))
        rows.append([group, unit, len(figures), smallest, largest, largest / smallest, gap, gap == 0])
    columns = ["conflict_group", "unit", "figures_n", "smallest", "largest", "factor", "gap", "can_agree"]
    return pd.DataFrame(rows, columns=columns)


def count_quotes(quotes: pd.DataFrame) -> pd.DataFrame:
    """Count quoted log entries by topic and reason code, as counts and never as shares.

    Returns
    -------
    DataFrame, one row per topic, most entries first: topic, one column per reason code as printed, total.
    """
    table = pd.crosstab(quotes["topic"], quotes["reason_code"]).rename_axis(None, axis="columns")
    table = table.assign(total=table.sum(axis="columns")).reset_index()
    return table.sort_values(["total", "topic"], ascending=[False, True], ignore_index=True)
