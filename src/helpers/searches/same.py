"""Which rows are the same search: by id where there is one, else by who searched, when, how wide and over which window.

A search stands in the log of every agency whose data it touched, in the searcher's own log, and again in every
re-release. Rows without an id, without a time to the second or without a name cannot be told apart; they stay rows.
"""

from dataclasses import dataclass

import ibis
import pandas as pd

from helpers.searches import engine
from helpers.searches.logs import count_seconds, count_true, fold_name, join_texts, list_logs

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# What a key may be made of besides agency and second: a field enters if every log that could be linked has it.
PARTS = {"networks": ("networks_n",), "window": ("window_start", "window_end")}


@dataclass(frozen=True)
class Keyed:
    """A log whose rows say which search they record.

    Attributes
    ----------
    rows
        Ibis table: the log's columns and `search_key`, `key_kind` (`id`, `fields` or `none`), `fields_key` (the key
        without an id, missing where it cannot be made), `host`, `log_kind`, `has_own_reason` (false in a file in which
        one reason was written over all others).
    logs
        Result of `list_logs`.
    parts
        What the key without an id is made of.
    """

    rows: object
    logs: pd.DataFrame
    parts: tuple[str, ...]


def key_rows(log, logs: pd.DataFrame | None = None) -> Keyed:
    """Say for each row which search it records.

    Parameters
    ----------
    log
        Ibis table of `searches`, from `engine.read_log`.
    logs
        Result of `list_logs(log)`, if it is there already.

    Returns
    -------
    Keyed. An id in the form of a UUID is taken for the same search in any log, any other id for one of its host only. A
    row without an id joins the search of a row with one if agency, second and the other parts of the key are the same.
    """
    logs = list_logs(log) if logs is None else logs
    exact = logs[logs["precision"] == "second"]
    parts = _choose_parts(exact)
    host = ibis.coalesce(log.host_agency, log.source_id)
    sources = list(exact["source_id"])
    is_exact = log.source_id.isin(sources) & log.searched_at.notnull() if sources else ibis.literal(False)
    # in a log that names nobody, rows are told apart within its host only
    searcher = ibis.coalesce(
        fold_name(log.searcher_agency_as_printed), ibis.literal("host:") + fold_name(host)
    )
    is_known = log.searcher_agency_as_printed.notnull() | _is_in(
        log.source_id, logs.loc[logs["kind"] == "unnamed", "source_id"]
    )
    fields = [log.networks_n] if "networks" in parts else []
    fields += [count_seconds(log.window_start), count_seconds(log.window_end)] if "window" in parts else []
    text = join_texts(searcher, count_seconds(log.searched_at), *fields)
    fields_key = (is_exact & is_known).ifelse(ibis.literal("f|") + text, ibis.null("string"))
    low = log.search_id.lower()
    is_global = (low.length() == 36) & low.re_search(_UUID)
    local_id = join_texts(ibis.literal("h"), fold_name(host), log.search_id)
    id_key = ibis.cases(
        (log.search_id.isnull(), ibis.null("string")), (is_global, ibis.literal("i|") + low), else_=local_id
    )
    rows = log.mutate(
        host=host,
        log_kind=_name_kind(log.source_id, logs),
        has_own_reason=~_is_in(log.source_id, logs.loc[logs["is_overwritten"], "source_id"]),
        fields_key=fields_key,
        id_key=id_key,
    )
    rows = _link_rows(rows, logs)
    return Keyed(rows, logs, ("searcher", "second", *parts))


def _choose_parts(exact: pd.DataFrame) -> list[str]:
    """Choose the parts of a key that all logs have which name who searched to the second."""
    named = exact[exact["named_n"] > 0]
    held = {"networks": "networks_n", "window": "windows_n"}
    return [name for name, count in held.items() if len(named) and (2 * named[count] > named["rows_n"]).all()]


def _is_in(column, values):
    values = list(values)
    return column.isin(values) if values else ibis.literal(False)


def _name_kind(source_id, logs: pd.DataFrame):
    branches = [
        (_is_in(source_id, logs.loc[logs["kind"] == kind, "source_id"]), kind) for kind in ("own", "unnamed")
    ]
    return ibis.cases(*branches, else_="network")


def _link_rows(rows, logs: pd.DataFrame):
    """Give each row the key of its search; rows without an id take that of a row with one and the same fields."""
    if (logs["ids_n"] == logs["rows_n"]).all():
        return rows.mutate(search_key=rows.id_key, key_kind=ibis.literal("id")).drop("id_key")
    if (logs["ids_n"] > 0).any():
        known = rows.filter(rows.id_key.notnull() & rows.fields_key.notnull())
        known = known.group_by(linked_fields=known.fields_key).agg(linked_key=known.id_key.min())
        rows = rows.left_join(known, rows.fields_key == known.linked_fields).drop("linked_fields")
    else:
        rows = rows.mutate(linked_key=ibis.null("string"))
    lone = ibis.literal("r|") + join_texts(rows.source_id, rows.row_no)
    key = ibis.coalesce(rows.id_key, rows.linked_key, rows.fields_key, lone)
    kind = ibis.cases((rows.id_key.notnull(), "id"), (rows.fields_key.notnull(), "fields"), else_="none")
    return rows.mutate(search_key=key, key_kind=kind).drop("id_key", "linked_key")


def build_searches(keyed: Keyed):
    """Build one row per search out of its rows.

    Parameters
    ----------
    keyed
        From `key_rows`.

    Returns
    -------
    Ibis table: search_key, key_kind (`none` where a row stands for itself), searched_at (earliest), searcher (as
    printed; missing where no row names it), search_type, networks_n, devices_n (the highest that a log gives),
    window_start, window_end, reason_text (the longest that a log gives, one from a file of one single reason only if
    there is no other), reason_state (its cell's state), has_case_number, rows_n, sources_n and hosts_n (logs that hold
    it), in_own (whether a log of the searcher's own does).
    """
    rows = keyed.rows
    rank = rows.has_own_reason.ifelse("1", "0") + rows.reason_text.length().cast("string").lpad(6, "0")
    state = (
        rows.has_own_reason.ifelse("1", "0")
        + (rows.reason_text_cell == "value").ifelse("1", "0")
        + rows.reason_text_cell
    )
    found = rows.group_by("search_key").agg(
        key_kind=rows.key_kind.max(),
        searched_at=rows.searched_at.min(),
        searcher=rows.searcher_agency_as_printed.max(),
        search_type=rows.search_type.max(),
        networks_n=rows.networks_n.max(),
        devices_n=rows.devices_n.max(),
        window_start=rows.window_start.min(),
        window_end=rows.window_end.max(),
        ranked=(rank + rows.reason_text).max(),
        stated=state.max(),
        has_case_number=rows.has_case_number.any(),
        rows_n=rows.count(),
        sources_n=rows.source_id.nunique(),
        hosts_n=rows.host.nunique(),
        in_own=(rows.log_kind != "network").any(),
    )
    return found.mutate(reason_text=found.ranked.substr(7), reason_state=found.stated.substr(2)).drop(
        "ranked", "stated"
    )


def count_steps(keyed: Keyed) -> pd.DataFrame:
    """Count, step by step, how rows become searches.

    Parameters
    ----------
    keyed
        From `key_rows`.

    Returns
    -------
    DataFrame, one row per step: step, rows_n (rows taken off, or what is there at the begin and the end), left_n (rows
    that are left after it). The steps are `rows`, `again in one file`, `again in another file of the same log`, `own
    searches in both audits`, `again in another agency's log`, `cannot be told apart` (rows that stay rows, counted
    apart), `searches`.
    """
    rows = keyed.rows
    pairs = rows.group_by("search_key", "host", "log_kind", "source_id").agg(
        rows_n=rows.count(), lone_n=count_true(rows.key_kind == "none")
    )
    logs = pairs.group_by("search_key", "host", "log_kind").agg(
        rows_n=pairs.rows_n.sum(), lone_n=pairs.lone_n.sum(), files_n=pairs.count()
    )
    hosts = logs.group_by("search_key", "host").agg(
        rows_n=logs.rows_n.sum(), lone_n=logs.lone_n.sum(), files_n=logs.files_n.sum(), logs_n=logs.count()
    )
    keys = hosts.group_by("search_key").agg(
        rows_n=hosts.rows_n.sum(), lone_n=hosts.lone_n.sum(), files_n=hosts.files_n.sum(), logs_n=hosts.logs_n.sum(),
        hosts_n=hosts.count(),
    )  # fmt: skip
    total = keys.agg(
        rows=keys.rows_n.sum(), files=keys.files_n.sum(), logs=keys.logs_n.sum(), hosts=keys.hosts_n.sum(), keys=keys.count(),
        lone=keys.lone_n.sum(),
    )  # fmt: skip
    found = engine.fetch(total).iloc[0]
    lefts = [int(found[name]) for name in ("rows", "files", "logs", "hosts", "keys")]
    names = [
        "rows",
        "again in one file",
        "again in another file of the same log",
        "own searches in both audits",
    ]
    steps = [(names[0], lefts[0], lefts[0])]
    for name, before, after in zip(
        [*names[1:], "again in another agency's log"], lefts, lefts[1:], strict=False
    ):
        steps.append((name, before - after, after))
    searches = lefts[-1] - int(found["lone"])
    steps.append(("cannot be told apart", int(found["lone"]), searches))
    steps.append(("searches", searches, searches))
    return pd.DataFrame(steps, columns=["step", "rows_n", "left_n"])


@dataclass(frozen=True)
class Count:
    """A number of searches between bounds.

    Attributes
    ----------
    value
        Searches that were told apart: by id, or by fields.
    low, high
        Fewest and most that the rows allow: rows of one file with the same fields may be one search or several, a search
        known by its id alone may be one that is known by its fields alone, and rows that cannot be told apart may all
        be repeats or all be searches.
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
    """Count searches, with the bounds that the ambiguity of their keys allows.

    Parameters
    ----------
    keyed
        From `key_rows`.
    """
    rows = keyed.rows
    if (keyed.logs["ids_n"] == keyed.logs["rows_n"]).all():  # nothing is ambiguous
        told = int(engine.fetch(rows.agg(n=rows.search_key.nunique()))["n"].iloc[0])
        return Count(told, told, told, told, 0, 0)
    per_file = rows.group_by("search_key", "source_id").agg(
        rows_n=rows.count(),
        ids_n=count_true(rows.key_kind == "id"),
        lone_n=count_true(rows.key_kind == "none"),
        seen_n=count_true(rows.fields_key.notnull() & rows.searcher_agency_as_printed.notnull()),
    )
    per_key = per_file.group_by("search_key").agg(
        most_n=per_file.rows_n.max(),
        ids_n=per_file.ids_n.sum(),
        lone_n=per_file.lone_n.sum(),
        seen_n=per_file.seen_n.sum(),
    )
    has_id, is_lone = per_key.ids_n > 0, per_key.lone_n > 0
    found = engine.fetch(
        per_key.agg(
            by_id=count_true(has_id),
            blind=count_true(has_id & (per_key.seen_n == 0)),
            by_fields=count_true(~has_id & ~is_lone),
            most_fields=(~has_id & ~is_lone).ifelse(per_key.most_n, 0).sum(),
            lone_n=count_true(is_lone),
        )
    )
    by_id, blind, by_fields, most_fields, lone_n = (int(found[name].fillna(0).iloc[0]) for name in found)
    told = by_id + by_fields
    low = max(told - min(blind, by_fields), _count_distinct(keyed) if lone_n else 0)
    return Count(told, low, by_id + most_fields + lone_n, by_id, by_fields, lone_n)


def _count_distinct(keyed: Keyed) -> int:
    """Count the rows that differ in what they show, among those that cannot be told apart: at least so many searches."""
    lone = keyed.rows.filter(keyed.rows.key_kind == "none")
    shown = [
        "searcher_agency_as_printed",
        "searched_at",
        "networks_n",
        "window_start",
        "window_end",
        "devices_n",
        "search_type",
    ]
    distinct = lone.select(*shown).distinct()
    return int(engine.fetch(distinct.agg(n=distinct.count()))["n"].iloc[0])


def measure_keys(keyed: Keyed) -> pd.DataFrame:
    """Measure how well keys of fields tell searches apart, on the rows that have both fields and an id.

    Parameters
    ----------
    keyed
        From `key_rows`.

    Returns
    -------
    DataFrame of one row: rows_n (with both), ids_n, keys_n, merged_n (ids that share their fields with another id: a
    count by fields would miss so many), split_n (further fields of one id: it would count so many twice). Empty if no
    row has both.
    """
    both = keyed.rows.filter((keyed.rows.key_kind == "id") & keyed.rows.fields_key.notnull())
    pairs = both.group_by("search_key", "fields_key").agg(rows_n=both.count())
    by_id = pairs.group_by("search_key").agg(rows_n=pairs.rows_n.sum(), keys_n=pairs.count())
    by_key = pairs.group_by("fields_key").agg(ids_n=pairs.count())
    ids = engine.fetch(
        by_id.agg(rows_n=by_id.rows_n.sum(), ids_n=by_id.count(), split_n=(by_id.keys_n - 1).sum())
    )
    keys = engine.fetch(by_key.agg(keys_n=by_key.count(), merged_n=(by_key.ids_n - 1).sum()))
    found = pd.concat([ids, keys], axis=1)
    return found[found["ids_n"] > 0][["rows_n", "ids_n", "keys_n", "merged_n", "split_n"]].astype("int64")
