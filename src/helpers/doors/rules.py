"""Requirements on a query, and rules on sharing, compared with a log. Nothing here is legal advice."""

import functools
import operator
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.canonical import BLANK
from helpers.errors import DataError, offer_nearest
from helpers.facts.tables import load_table
from helpers.searches.suppression import FEWEST
from helpers.toml import load_toml

BOOKS = paths.DATA / "registry" / "rules"
# What can be said of a requirement on a query, and of a rule on sharing.
STATUSES = ("met", "not met", "cannot be seen")
LOOKS = ("would need a look", "nothing seen", "cannot be seen", "before the rule")


def load_rulebook(name: str | Path) -> dict:
    """Return a rulebook: requirements on a query (`kind = "query"`) or rules on sharing (`kind = "sharing"`).

    Parameters
    ----------
    name
        Name of one of the project's (`ice-2017`), or a TOML file of one's own.

    Raises
    ------
    DataError
        There is none of that name, or it does not fit the schema `rulebook`.
    """
    path = BOOKS / f"{name}.toml"
    path = path if path.is_file() else Path(name)
    if not path.is_file():
        place, way_out = (
            f"rulebook {path.name}",
            offer_nearest(str(name), sorted(f.stem for f in BOOKS.glob("*.toml"))),
        )
        raise DataError(place, "there is no such book or file", way_out, code="unknown-book")
    book = load_toml(path, "rulebook", error=DataError)
    ids = [rule["id"] for rule in book["rule"]]
    if doubled := [one for one in ids if ids.count(one) > 1]:
        raise DataError(path.name, f"two rules `{doubled[0]}`", "Give each an id of its own.", code="doubled")
    needed = {"query": {"check", "fields", "unseen"}, "sharing": {"look", "unseen_if", "asks", "cite"}}
    keys = needed[book["kind"]]
    for rule in book["rule"]:
        is_cited = "query_rule" in rule or {"asks", "cite"} <= set(rule)
        if missing := sorted(keys - set(rule)) or ([] if is_cited else ["query_rule"]):
            place, found = f"{path.name}, rule {rule['id']}", f"no `{missing[0]}`"
            raise DataError(place, found, f"Rules of the kind {book['kind']} have one.", code="missing-key")
    return book


def describe_rules(book: dict, facts: str | Path | None = None) -> pd.DataFrame:
    """Return the rules of a book with their sources, one row each: rule, label, and columns of `query_rules`.

    These are requirement, limit_value, limit_unit, source_id and page; for a statute the page is the section.
    DataError if a rule points to no row of `query_rules`.
    """
    known = load_table("query_rules", facts).set_index("rule_id")
    columns = ["requirement", "limit_value", "limit_unit", "source_id", "page"]
    rows = []
    for rule in book["rule"]:
        if "query_rule" not in rule:
            row = [rule["asks"], None, None, book["source_ids"][0], rule["cite"]]
        elif rule["query_rule"] in known.index:
            row = known.loc[rule["query_rule"], columns].tolist()
        else:
            found = f"no row `{rule['query_rule']}` in query_rules"
            raise DataError(f"rule {rule['id']}", found, "Correct the name.", code="unknown-rule")
        rows.append([rule["id"], rule["label"], *row])
    made = pd.DataFrame(rows, columns=["rule", "label", *columns])
    return made.astype({"limit_value": "float64", "limit_unit": "str", "page": "str"})


def check_queries(log, book: dict, described: pd.DataFrame | None = None):
    """Return what can be said of each requirement for each query of a log, as an Ibis table.

    Parameters
    ----------
    log
        Ibis table, canonical `searches`.
    book
        Rulebook of the kind `query`.
    described
        From `describe_rules`: limits of rules of the check `lookback`.

    Returns
    -------
    Ibis table, one row per row of the log: source_id, row_no, host_agency, and one column per rule with a
    word of STATUSES. No cell of the log but these.
    """
    import ibis

    if book["kind"] != "query":
        raise DataError("rulebook", "it is about sharing", "Use check_sharing.", code="kind")
    limits = {} if described is None else described.set_index("rule")["limit_value"].to_dict()
    made = {}
    for rule in book["rule"]:
        met, not_met = _CHECKS[rule["check"]](log, rule, limits)
        made[rule["id"]] = ibis.cases((met, STATUSES[0]), (not_met, STATUSES[1]), else_=STATUSES[2])
    return log.select("source_id", "row_no", "host_agency", **made)


def _is_given(log, field):
    """Whether a field holds a value, and whether it is blank."""
    import ibis

    cell = ibis.coalesce(log[f"{field}_cell"], "not_exported")
    if field == "has_case_number":
        has = ibis.coalesce(log.has_case_number, False)
        return has, cell.isin(BLANK) | ((cell == "value") & ~has)
    return cell == "value", cell.isin(BLANK)


def _check_given(log, rule: dict, limits: dict):
    """All fields hold a value; not met: one of them is blank."""
    given, blank = zip(*(_is_given(log, field) for field in rule["fields"]), strict=True)
    return functools.reduce(operator.and_, given), functools.reduce(operator.or_, blank)


def _check_code(log, rule: dict, limits: dict):
    """A code of the drop-down at the beginning of the reason, or a reason that comes from a drop-down."""
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
    absent = ibis.coalesce(log.has_case_number_cell, "not_exported") == "not_exported"
    not_met = (no_number & (blank | (given & log.reason_text.notnull()))) | (absent & blank)
    return has | (given & text.re_search(rule["pattern"])), not_met


def _check_lookback(log, rule: dict, limits: dict):
    """The window begins within so many years before the search, by the calendar, to the day."""
    import ibis

    years = limits.get(rule["id"])
    if years is None or years != years or years != int(years):
        place, way_out = f"rule {rule['id']}", "Cite a row of query_rules."
        raise DataError(place, "no limit in whole years", way_out, code="limit")
    start, _ = _is_given(log, "window_start")
    when, _ = _is_given(log, "searched_at")
    back, now = (
        (time.year() * 10_000 + time.month() * 100 + time.day()).cast("int64")
        for time in (log.window_start, log.searched_at)
    )
    within = ibis.coalesce(back + 10_000 * int(years) >= now, False)
    is_known = start & when & log.window_start.notnull() & log.searched_at.notnull()
    return start & when & within, is_known & ~within


def _check_unseen(log, rule: dict, limits: dict):
    """No log shows it."""
    import ibis

    return ibis.literal(False), ibis.literal(False)


_CHECKS = {
    "given": _check_given,
    "code": _check_code,
    "reference": _check_reference,
    "lookback": _check_lookback,
    "unseen": _check_unseen,
}


def count_checks(checked, book: dict):
    """Return queries by what `check_queries` says of them: rule, label, and a column for each of STATUSES."""
    from helpers.searches import engine

    rules = {rule["id"]: rule["label"] for rule in book["rule"]}
    columns = {
        f"{rule} {status}": (checked[rule] == status).cast("int64").sum()
        for rule in rules
        for status in STATUSES
    }
    found = engine.fetch(checked.aggregate(**columns)).fillna(0).iloc[0].astype(int)
    counts = found.to_numpy().reshape(len(rules), len(STATUSES))
    table = pd.DataFrame({"rule": rules.keys(), "label": rules.values()})
    return table.assign(**dict(zip(STATUSES, counts.T, strict=True)))


def read_quotes(quotes: pd.DataFrame, book: dict) -> pd.DataFrame:
    """Return the fact table `log_quotes` as a canonical log, so that the checks of a rulebook apply to it.

    The reason is the code alone, since the text is not kept; only the day is printed, so the time cannot be
    seen; what was not printed is `not_exported`. Whether words refer to a case is our class of the entry, by
    the rule of the check `reference`.
    """
    rule = next((rule for rule in book["rule"] if rule["check"] == "reference"), {})
    met, not_met = (quotes["topic"].isin(rule.get(key, ())) for key in ("topics_met", "topics_not_met"))
    return pd.DataFrame(
        {
            "source_id": quotes["source_id"],
            "row_no": range(1, len(quotes) + 1),
            "reason_text": quotes["reason_code"],
            "reason_text_cell": "value",
            "reason_origin": "reason",
            # a missing number is said only where our class says that the words refer to no case
            "has_case_number": met.where(met | not_met).astype("boolean"),
            "has_case_number_cell": (met | not_met).map({True: "value", False: "not_exported"}),
        }
    ).reset_index(drop=True)


def asks_reasons(rule: dict) -> bool:
    """Return whether a rule on sharing looks at what reasons say: its counts are of a class of reasons."""
    return bool({"door", "named", "named_for"} & set(rule["look"]))


def check_sharing(cases: pd.DataFrame, book: dict, fewest: int = FEWEST) -> pd.DataFrame:
    """Return what a rulebook on sharing says of each case of a log.

    Parameters
    ----------
    cases
        From `verdicts.judge_cases`.
    book
        Rulebook of the kind `sharing`. Only hosts of its state are checked.
    fewest
        Rows of a host and kind of searcher that need a look by what reasons say, below which they cannot be
        seen.

    Returns
    -------
    DataFrame, one row per case of the state and rule: rule, label, host, searcher, party, where
    (`same_state`, `other_state`, `no_state`, or `none` for bodies that belong to no state), named_for, door,
    month, rows_n, source_id, first_row, status (of LOOKS). A search of an agency's own data is no sharing
    and left out, unless a reason names another agency.
    """
    if book["kind"] != "sharing":
        raise DataError("rulebook", "it is about queries", "Use check_queries.", code="kind")
    cases = _place_cases(cases, book.get("codes", ()))
    cases = cases[(cases["host_state"] == book["state"]) & (cases["door"] != "own")]
    first = int(book.get("in_force_from", "0000-00")[:7].replace("-", ""))
    parts = []
    for rule in book["rule"]:
        unseen, look = (
            pd.DataFrame({aspect: cases[aspect].isin(values) for aspect, values in rule[key].items()})
            for key in ("unseen_if", "look")
        )
        status = pd.Series(LOOKS[1], index=cases.index, dtype="str")
        status[unseen.any(axis="columns")] = LOOKS[2]
        status[look.all(axis="columns")] = LOOKS[0]
        status[(cases["month"] > 0) & (cases["month"] < first)] = LOOKS[3]
        if asks_reasons(rule):
            groups = cases.assign(status=status).groupby(["host", "party", "status"])
            sizes = groups["rows_n"].transform("sum")
            status[(status == LOOKS[0]) & (sizes < fewest)] = LOOKS[2]
        parts.append(cases.assign(rule=rule["id"], label=rule["label"], status=status))
    columns = ["rule", "label", "host", "searcher", "party", "where", "named_for", "door", "month", "rows_n"]
    return pd.concat(parts, ignore_index=True)[[*columns, "source_id", "first_row", "status"]]


def _place_cases(cases: pd.DataFrame, codes=()) -> pd.DataFrame:
    """Say whether each searcher is of the host's state; `codes` are words that stand for invented states."""
    made = cases.copy()
    for name, state in (("host", "host_state"), ("searcher", "state")):
        words = made[name].str.replace(r"[^A-Za-z]", " ", regex=True).str.split()
        found = words.map(lambda words: next((word for word in words if word in codes), ""))
        made[state] = made[state].where(made[state] != "", found)
    made["where"] = (made["host_state"] == made["state"]).map({True: "same_state", False: "other_state"})
    made.loc[made["state"] == "", "where"] = "no_state"
    made.loc[made["party"] == "federal", "where"] = "none"
    return made


def count_sharing(checked: pd.DataFrame, book: dict) -> pd.DataFrame:
    """Return rows of the log by rule (index: label) and status."""
    counted = checked.pivot_table(
        index="label", columns="status", values="rows_n", aggfunc="sum", fill_value=0
    )
    labels = [rule["label"] for rule in book["rule"]]
    return counted.reindex(index=labels, columns=list(LOOKS), fill_value=0).astype(int)
