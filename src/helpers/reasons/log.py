"""The log whose reasons are read: with month and form, and beside each row its truth where that is known."""

from dataclasses import replace

from helpers.reasons.months import mark_months
from helpers.searches.logbook import Log

# What is known of each row of a log that was made here, and of no other.
TRUTH = ("door", "purpose", "reason_bucket")


def mark_log(log: Log, zone: str) -> Log:
    """Mark each row of a log with its month and form, and with its truth.

    Parameters
    ----------
    log
        From `logbook.open_log`.
    zone
        Time zone that months are cut in.

    Returns
    -------
    Log whose table has the columns `month` and `form` as well, and those of TRUTH if its truth is known.
    """
    table = mark_months(log.table, zone)
    if log.has_truth:
        import ibis

        known = ibis.memtable(log.truth[["source_id", "row_no", *TRUTH]])
        table = table.left_join(known, ["source_id", "row_no"]).drop("source_id_right", "row_no_right")
    return replace(log, table=table)
