"""The logs that were released: whose, of which kind, how long, and what their rows can be told apart by."""

import pandas as pd

from helpers.errors import DataError
from helpers.searches import engine

# Fewer rows with a value are no sign of a coarse clock or an overwritten column.
LEAST_ROWS = 20
_STEPS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
# Counts at which spreadsheets and exports are cut off without a word.
CEILINGS = {65_535: "old Excel", 65_536: "old Excel", 1_048_575: "Excel", 1_048_576: "Excel"}


def warn_of_rows(rows_n: int) -> list[str]:
    """Warn of a number of rows that looks like the end of a page, not the end of the records."""
    if rows_n in CEILINGS:
        return [f"{rows_n:,} rows is the most that {CEILINGS[rows_n]} holds: the file may be cut off."]
    if rows_n >= 1_000 and rows_n % 1_000 == 0:
        return [f"{rows_n:,} rows is a round number: the export may have been capped."]
    return []


def list_logs(log) -> pd.DataFrame:
    """Return the files of a log, one row each, with what decides how its rows can be counted.

    Parameters
    ----------
    log
        Ibis table of `searches`, from `engine.read_log`.

    Returns
    -------
    DataFrame, by agency and source: source_id, host (agency that released it, or the source if nobody said),
    kind (`network`: other agencies search in it; `own`: only the host does; `unnamed`: no row names who
    searched), rows_n, timed_n (rows with a time), named_n (rows that name who searched), ids_n (rows with a
    search id), networks_n and windows_n (rows with a number of networks, with a window), first and last
    (times in UTC), precision (`second`, `minute`, `hour` or `day`: the finest step in its times), and
    warning (a number of rows that looks like a cap; empty if none). DataError if there is no row.
    """
    own = fold_name(log.searcher_agency_as_printed) == fold_name(log.host_agency)
    second = count_seconds(log.searched_at)
    found = log.group_by("source_id").agg(
        host=log.host_agency.min(),
        rows_n=log.count(),
        timed_n=log.searched_at.count(),
        named_n=log.searcher_agency_as_printed.count(),
        own_n=count_true(own),
        ids_n=log.search_id.count(),
        networks_n=log.networks_n.count(),
        windows_n=log.window_start.count(),
        first=log.searched_at.min(),
        last=log.searched_at.max(),
        **{f"on_{name}_n": count_true(second % step == 0) for name, step in _STEPS.items() if step > 1},
    )
    logs = engine.fetch(found, ["host", "source_id"])
    if logs.empty:
        raise DataError("log", "it has no row", "Give a log with rows.")
    logs["host"] = logs["host"].fillna(logs["source_id"])
    logs["kind"] = "network"
    logs.loc[logs["own_n"] == logs["named_n"], "kind"] = "own"
    logs.loc[logs["named_n"] == 0, "kind"] = "unnamed"
    logs["precision"] = "second"
    for name in list(_STEPS)[1:]:
        is_coarse = (logs["timed_n"] >= LEAST_ROWS) & (logs[f"on_{name}_n"] == logs["timed_n"])
        logs.loc[is_coarse, "precision"] = name
    logs["warning"] = [" ".join(warn_of_rows(rows_n)) for rows_n in logs["rows_n"]]
    columns = "source_id host kind rows_n timed_n named_n ids_n networks_n windows_n".split()
    columns += ["first", "last", "precision", "warning"]
    return logs[columns].sort_values(["host", "source_id"], ignore_index=True)


def fold_name(name):
    """Fold a name of an agency, as an expression: small letters, no outer blanks."""
    return name.lower().strip()


def count_true(condition):
    """Count the rows for which a condition holds, as an expression; 0 where there is none."""
    return condition.fill_null(False).ifelse(1, 0).sum().cast("int64")


def count_seconds(times):
    """Count whole seconds since 1970, as an expression; fractions are cut off."""
    return times.truncate("s").epoch_seconds().cast("int64")


def join_texts(*parts):
    """Join expressions to one text, separated by `|`; a missing part is empty."""
    import ibis  # a quarter of a second, which only who counts a log waits for

    return ibis.literal("|").join([ibis.coalesce(part.cast("string"), ibis.literal("")) for part in parts])
