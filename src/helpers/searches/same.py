"""Which rows are the same search: by id where there is one, otherwise by agency, second, networks and window.

A search is in the log of every agency whose data it touched, in the searcher's own log, and again in every
second release. Rows without an id, without a time to the second or without a name cannot be told apart; they
stay rows.
"""

from dataclasses import dataclass

import ibis
import pandas as pd

from helpers.canonical import COLUMNS
from helpers.searches import engine
from helpers.searches.logs import count_seconds, count_true, fold_name, join_texts, list_logs

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# What a key may be made of besides agency and second: a field enters if every log that could be linked has
# it.
_PARTS = {"networks": "networks_n", "window": "windows_n"}


@dataclass(frozen=True)
class Keyed:
    """A log whose rows say which search they record.

    Attributes
    ----------
    rows
        Ibis table: the log's columns and `search_key`, `key_kind` (`id`, `fields` or `none`), `fields_key`
        (the key without an id, missing where it cannot be made), `loose_key` (agency alone, missing where
        the row has no exact time or no name), `host`, `log_kind`.
    logs, parts
        Result of `list_logs`, and what the key without an id is made of.
    """

    rows: object
    logs: pd.DataFrame
    parts: tuple[str, ...]


def key_rows(log, logs: pd.DataFrame | None = None) -> Keyed:
    """Return the rows of a log, from `engine.read_log`, with the search that each records.

    An id in the form of a UUID is taken for the same search in any log, any other id for one of its host
    only. A row without an id joins the search of a row with one if agency, second and the other parts of the
    key agree. `logs` is the result of `list_logs(log)`, if it is there already.
    """
    logs = list_logs(log) if logs is None else logs
    exact = logs[logs["precision"] == "second"]
    named = exact[exact["named_n"] > 0]
    parts = [name for name, n in _PARTS.items() if len(named) and (2 * named[n] > named["rows_n"]).all()]
    host = ibis.coalesce(log.host_agency, log.source_id)
    unnamed = _is_in(log.source_id, logs.loc[logs["kind"] == "unnamed", "source_id"])
    is_exact = _is_in(log.source_id, exact["source_id"]) & log.searched_at.notnull()
    # in a log that names nobody, rows are told apart within its host only
    searcher = ibis.coalesce(fold_name(log.searcher_agency_as_printed), "host:" + fold_name(host))
    fields = [log.networks_n] if "networks" in parts else []
    fields += [count_seconds(log.window_start), count_seconds(log.window_end)] if "window" in parts else []
    text = join_texts(searcher, count_seconds(log.searched_at), *fields)
    is_named = log.searcher_agency_as_printed.notnull()
    low = log.search_id.lower()
    is_global = (low.length() == 36) & low.re_search(_UUID)
    local_id = join_texts(ibis.literal("h"), fold_name(host), log.search_id)
    rows = log.mutate(
        host=host,
        log_kind=_name_kind(log.source_id, logs),
        fields_key=(is_exact & (is_named | unnamed)).ifelse("f|" + text, ibis.null("string")),
        loose_key=(is_exact & is_named).ifelse(searcher, ibis.null("string")),
        id_key=ibis.cases(
            (log.search_id.isnull(), ibis.null("string")), (is_global, "i|" + low), else_=local_id
        ),
    )
    return Keyed(_link_rows(rows, logs), logs, ("agency", "second", *parts))


def _is_in(column, values):
    values = list(values)
    return column.isin(values) if values else ibis.literal(False)


def _name_kind(source_id, logs: pd.DataFrame):
    kinds = ("own", "unnamed")
    branches = [(_is_in(source_id, logs.loc[logs["kind"] == kind, "source_id"]), kind) for kind in kinds]
    return ibis.cases(*branches, else_="network")


def _link_rows(rows, logs: pd.DataFrame):
    """Give each row the key of its search; rows without an id take that of a row with the same fields."""
    if (logs["ids_n"] == logs["rows_n"]).all():
        return rows.mutate(search_key=rows.id_key, key_kind=ibis.literal("id")).drop("id_key")
    if (logs["ids_n"] > 0).any():
        known = rows.filter(rows.id_key.notnull() & rows.fields_key.notnull())
        known = known.group_by(linked_fields=known.fields_key).agg(linked_key=known.id_key.min())
        rows = rows.left_join(known, rows.fields_key == known.linked_fields).drop("linked_fields")
    else:
        rows = rows.mutate(linked_key=ibis.null("string"))
    lone = "r|" + join_texts(rows.source_id, rows.row_no)
    key = ibis.coalesce(rows.id_key, rows.linked_key, rows.fields_key, lone)
    kind = ibis.cases((rows.id_key.notnull(), "id"), (rows.fields_key.notnull(), "fields"), else_="none")
    return rows.mutate(search_key=key, key_kind=kind).drop("id_key", "linked_key")


def build_searches(keyed: Keyed):
    """Return one row per search, as an Ibis table.

    Columns: search_key, searched_at (earliest), searcher (as printed; missing where no row names it),
    search_type, networks_n and devices_n (the highest that a log gives), rows_n. Rows that cannot be told
    apart are one each.
    """
    rows = keyed.rows
    return rows.group_by("search_key").agg(
        searched_at=rows.searched_at.min(),
        searcher=rows.searcher_agency_as_printed.max(),
        search_type=rows.search_type.max(),
        networks_n=rows.networks_n.max(),
        devices_n=rows.devices_n.max(),
        rows_n=rows.count(),
    )


def count_steps(keyed: Keyed) -> pd.DataFrame:
    """Return, step by step, how rows become searches.

    Returns
    -------
    DataFrame: step, rows_n (rows taken off, or what is there at the beginning and the end), left_n (rows
    left after the step). `cannot be told apart` are rows that stay rows, counted apart.
    """
    table = keyed.rows.mutate(rows=1, lone=(keyed.rows.key_kind == "none").ifelse(1, 0))
    keys, sums = ["search_key", "host", "log_kind", "source_id"], ["rows", "lone"]
    for depth, name in ((4, ""), (3, "files"), (2, "logs"), (1, "hosts")):
        counted = {name: table.count()} if name else {}
        table = table.group_by(keys[:depth]).agg(**{one: table[one].sum() for one in sums}, **counted)
        sums += list(counted)
    totals = {one: table[one].sum() for one in ("rows", "files", "logs", "hosts", "lone")}
    found = engine.fetch(table.agg(**totals, searches=table.count())).iloc[0].astype(int)
    left = {
        "again in one file": found["files"],
        "again in another file of the same log": found["logs"],
        "own searches in both audits": found["hosts"],
        "again in another agency's log": found["searches"],
        "cannot be told apart": found["searches"] - found["lone"],
    }
    steps = pd.DataFrame({"step": left.keys(), "left_n": left.values()})
    steps["rows_n"] = steps["left_n"].shift(fill_value=found["rows"]) - steps["left_n"]
    ends = {"rows": found["rows"], "searches": left["cannot be told apart"]}
    first, last = (pd.DataFrame({"step": [name], "rows_n": n, "left_n": n}) for name, n in ends.items())
    return pd.concat([first, steps, last], ignore_index=True)[["step", "rows_n", "left_n"]]


@dataclass(frozen=True)
class Count:
    """A number of searches between bounds.

    Attributes
    ----------
    value
        Searches that are told apart, by id or by fields.
    low, high
        Fewest and most that the rows allow (see `count_searches`).
    by_id, by_fields
        Of `value`, how many have an id, and how many only fields.
    lone_n
        Rows that cannot be told apart.
    """

    value: int
    low: int
    high: int
    by_id: int
    by_fields: int
    lone_n: int


def count_searches(keyed: Keyed) -> Count:
    """Return the number of searches, with bounds.

    Notes
    -----
    Rows fall into tiers: the same id (the same search for sure); the same fields (one search in several
    logs, but two rows of one file may be two); fields that differ by networks, window or a second (two
    searches, or one that two logs print differently); and rows that name nobody or no exact time.

    The upper bound takes every difference for another search, and rows of one file with the same fields too.
    The lower bound takes rows of one agency whose seconds follow each other without a gap for one search
    unless their ids differ, takes ids that no named row has and rows of logs that name nobody for searches
    that are counted already, and is at least the largest number of different searches in one file.

    Without any id the truth of the simulated log was within the bounds for all 20 seeds that a test tries.
    """
    rows = keyed.rows
    if (keyed.logs["ids_n"] == keyed.logs["rows_n"]).all():  # nothing is ambiguous
        told = int(engine.fetch(rows.agg(n=rows.search_key.nunique()))["n"].iloc[0])
        return Count(told, told, told, told, 0, 0)
    per_file = rows.group_by("search_key", "source_id").agg(
        rows_n=rows.count(),
        id_n=count_true(rows.key_kind == "id"),
        lone_n=count_true(rows.key_kind == "none"),
        named_n=rows.loose_key.count(),
    )
    per_key = per_file.group_by("search_key").agg(
        most_n=per_file.rows_n.max(),
        id_n=per_file.id_n.sum(),
        lone_n=per_file.lone_n.sum(),
        named_n=per_file.named_n.sum(),
    )
    has_id, is_lone = per_key.id_n > 0, per_key.lone_n > 0
    by_fields = ~has_id & ~is_lone
    sums = {
        "by_id": count_true(has_id),
        "blind": count_true(has_id & (per_key.named_n == 0)),
        "by_fields": count_true(by_fields),
        "most_fields": by_fields.ifelse(per_key.most_n, 0).sum(),
        "lone": count_true(is_lone),
    }
    found = engine.fetch(per_key.agg(**sums)).fillna(0).iloc[0].astype(int)
    runs = _count_runs(rows)
    low = found["by_id"] + max(0, runs - found["blind"])
    low = max(low, _count_one_file(rows))
    value = found["by_id"] + found["by_fields"]
    high = found["by_id"] + found["most_fields"] + found["lone"]
    low = min(low, value or high)
    return Count(*map(int, (value, low, high, found["by_id"], found["by_fields"], found["lone"])))


def _count_runs(rows) -> int:
    """Count runs of seconds of one agency in which no row has an id: at least so many searches have none."""
    named = rows.filter(rows.loose_key.notnull())
    seconds = named.group_by("loose_key", second=count_seconds(named.searched_at)).agg(
        id_n=count_true(named.key_kind == "id")
    )
    before = seconds.second.lag().over(ibis.window(group_by=seconds.loose_key, order_by=seconds.second))
    starts = seconds.mutate(is_start=(seconds.second - before > 1).fill_null(True).cast("int64"))
    so_far = ibis.window(group_by=starts.loose_key, order_by=starts.second, preceding=None, following=0)
    runs = starts.mutate(run=starts.is_start.sum().over(so_far))
    runs = runs.group_by("loose_key", "run").agg(id_n=runs.id_n.sum())
    return _count_rows(runs.filter(runs.id_n == 0))


def _count_one_file(rows) -> int:
    """Count the different searches of the file that holds most: no second log can print these differently."""
    shown = ["searcher_agency_as_printed", "searched_at", "networks_n", "window_start", "search_type"]
    key = (rows.key_kind == "none").ifelse(
        join_texts(ibis.literal("n"), *(rows[name] for name in shown)), rows.search_key
    )
    by_file = rows.mutate(shown=key).select("source_id", "shown").distinct()
    sizes = by_file.group_by("source_id").agg(n=by_file.count())
    return int(engine.fetch(sizes.agg(n=sizes.n.max()))["n"].fillna(0).iloc[0])


def compare_methods(keyed: Keyed) -> pd.DataFrame:
    """Return the same log counted in the ways that are in use.

    Returns
    -------
    DataFrame: method, searches_n. `rows`: every line. `whole rows`: lines that differ in anything but their
    file, so that a cut reason makes two of one. `agency and second`: only these decide. `ids`: distinct ids,
    rows without one left out. `largest log`: the rows of the agency with most. `id, otherwise fields`:
    `count_searches`, missing where no row can be told apart.
    """
    rows = keyed.rows
    shown = [name for name in COLUMNS["searches"] if name not in ("source_id", "row_no", "host_agency")]
    counts = {
        "rows": int(keyed.logs["rows_n"].sum()),
        "whole rows": _count_rows(rows.select(*shown).distinct()),
        "agency and second": _count_rows(rows.select("searcher_agency_as_printed", "searched_at").distinct()),
        "ids": _count_rows(rows.filter(rows.search_id.notnull()).select("search_id").distinct()),
        "largest log": int(keyed.logs.groupby("host")["rows_n"].sum().max()),
        "id, otherwise fields": count_searches(keyed).value or pd.NA,
    }
    return pd.DataFrame(counts.items(), columns=["method", "searches_n"]).astype({"searches_n": "Int64"})


def _count_rows(table) -> int:
    return int(engine.fetch(table.agg(n=table.count()))["n"].iloc[0])
