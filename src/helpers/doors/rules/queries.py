"""Requirements on a query held against a log: met, not met, or cannot be seen in this export."""

import functools
import operator

import pandas as pd

from helpers.canonical import BLANK
from helpers.errors import DataError

STATUSES = ("met", "not met", "cannot be seen")


def check_queries(log, book: dict, limits: dict[str, int] | None = None):
    """Check each query of a log, as an Ibis expression.

    Parameters
    ----------
    log
        Ibis table, canonical `searches`.
    book
        Rulebook of the kind `query`.
    limits
        Years of a rule of the check `lookback`, by rule (see `read_limits`).

    Returns
    -------
    Ibis table, one row per row of the log: source_id, row_no, host_agency, and one column per rule with a word of
    `STATUSES`. No cell of the log but these.

    Raises
    ------
    DataError
        The book is about sharing, or a limit is missing or no whole number of years.
    """
    import ibis

    if book["kind"] != "query":
        raise DataError(
            "rulebook", f"its kind is {book['kind']}", "Hold it against cases with check_sharing."
        )
    made = {}
    for rule in book["rule"]:
        met, blank = _BY_CHECK[rule["check"]](log, rule, limits or {})
        made[rule["id"]] = ibis.cases((met, STATUSES[0]), (blank, STATUSES[1]), else_=STATUSES[2])
    return log.select(source_id=log.source_id, row_no=log.row_no, host_agency=log.host_agency, **made)


def read_limits(rules: pd.DataFrame) -> dict[str, int]:
    """Read limits in years from `rulebooks.describe_rules`."""
    limited = rules[rules["unit"] == "years"]
    return {row.rule: int(row.limit) for row in limited.itertuples() if float(row.limit).is_integer()}


def _is_given(log, field):
    """Whether a field holds a value, and whether it stands blank."""
    import ibis

    cell = ibis.coalesce(log[f"{field}_cell"], "not_exported")
    if field == "has_case_number":
        has = ibis.coalesce(log.has_case_number, False)
        return has, cell.isin(BLANK) | ((cell == "value") & ~has)
    return cell == "value", cell.isin(BLANK)


def _check_given(log, rule: dict, limits: dict):
    given, blank = zip(*(_is_given(log, field) for field in rule["fields"]), strict=True)
    return functools.reduce(operator.and_, given), functools.reduce(operator.or_, blank)


def _check_code(log, rule: dict, limits: dict):
    """A code of the drop-down at the head of the reason, or a reason that comes from a drop-down."""
    import ibis

    given, blank = _is_given(log, "reason_text")
    text = ibis.coalesce(log.reason_text.lower(), "")
    from_list = ibis.coalesce(log.reason_origin.isin(rule["origins"]), False)
    return given & (from_list | text.re_search(f"^(?:{'|'.join(rule['codes'])})\\b")), blank


def _check_reference(log, rule: dict, limits: dict):
    """A case number in its own field, or what looks like one in the reason."""
    import ibis

    has, no_number = _is_given(log, "has_case_number")
    given, blank = _is_given(log, "reason_text")
    text = ibis.coalesce(log.reason_text.lower(), "")
    met = has | (given & text.re_search(rule["pattern"]))
    absent = ibis.coalesce(log.has_case_number_cell, "not_exported") == "not_exported"
    is_read = log.reason_text.notnull()
    return met, (no_number & (blank | (given & is_read))) | (absent & blank)


def _check_lookback(log, rule: dict, limits: dict):
    """The window begins within so many years before the search, by the calendar, to the day."""
    import ibis

    if rule["id"] not in limits:
        raise DataError(f"rule {rule['id']}", "no limit in whole years", "Give it as read_limits reads it.")
    start, _ = _is_given(log, "window_start")
    when, _ = _is_given(log, "searched_at")
    back = _number_day(log.window_start) + 10_000 * limits[rule["id"]]
    within = ibis.coalesce(back >= _number_day(log.searched_at), False)
    return (
        start & when & within,
        start & when & ~within & log.window_start.notnull() & log.searched_at.notnull(),
    )


def _number_day(time):
    """Number a day so that a year later is ten thousand more: 20250301."""
    return (time.year() * 10_000 + time.month() * 100 + time.day()).cast("int64")


def _check_unseen(log, rule: dict, limits: dict):
    import ibis

    return ibis.literal(False), ibis.literal(False)


_BY_CHECK = {
    "given": _check_given, "code": _check_code, "reference": _check_reference, "lookback": _check_lookback,
    "unseen": _check_unseen,
}  # fmt: skip


def count_checks(checked, book: dict, by: str | None = None):
    """Count what became of each rule, as an Ibis expression with one row (or one per value of `by`).

    Parameters
    ----------
    checked
        From `check_queries`.
    book
        The same book.
    by
        A column of it to split by: `host_agency` or `source_id`.

    Returns
    -------
    Ibis table for `list_counts`: by, queries_n, and for each rule its counts of met and not met.
    """
    sums = {"queries_n": checked.count()}
    for rule in book["rule"]:
        for status in STATUSES[:2]:
            sums[f"{rule['id']} {status}"] = (checked[rule["id"]] == status).cast("int64").sum()
    return checked.group_by(by).aggregate(**sums).order_by(by) if by else checked.aggregate(**sums)


def list_counts(counted: pd.DataFrame, book: dict) -> pd.DataFrame:
    """List the counts of `count_checks`, fetched, for a reader.

    Returns
    -------
    DataFrame, one row per rule (and per value of `by`, if split), in the order of the book: rule, label, met_n, not_met_n,
    unseen_n [queries], unseen_because.
    """
    rows = []
    split = [column for column in ("host_agency", "source_id") if column in counted.columns]
    for row in counted.to_dict("records"):
        for rule in book["rule"]:
            met, blank = (int(row[f"{rule['id']} {status}"] or 0) for status in STATUSES[:2])
            made = {"rule": rule["id"], "label": rule["label"], "met_n": met, "not_met_n": blank}
            made |= {"unseen_n": int(row["queries_n"]) - met - blank, "unseen_because": rule["unseen"]}
            rows.append({column: row[column] for column in split} | made)
    return pd.DataFrame(rows)


def count_seen(checked, book: dict):
    """Count queries by how many rules are met, not met and cannot be seen, as an Ibis expression.

    Returns
    -------
    Ibis table, ordered: met_n, not_met_n, unseen_n [rules], queries_n.
    """
    ids = [rule["id"] for rule in book["rule"]]
    sums = {
        name: functools.reduce(operator.add, [(checked[rule] == status).cast("int64") for rule in ids])
        for name, status in zip(("met_n", "not_met_n", "unseen_n"), STATUSES, strict=True)
    }
    each = checked.select(**sums)
    return each.group_by(list(sums)).aggregate(queries_n=each.count()).order_by(list(sums))
