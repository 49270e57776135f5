"""How wide searches are by what their reason says: buckets of one rule set, never a text."""

import pandas as pd

from helpers.reasons.classify import tally_reasons
from helpers.reasons.counts import name_places
from helpers.reasons.rule_sets import RuleSet


def count_reason_widths(searches, rules: RuleSet, field: str = "networks_n") -> pd.DataFrame:
    """Count searches by how many networks, or devices, each went over, and by the bucket of their reason.

    Parameters
    ----------
    searches
        Ibis table from `searches.same.build_searches`.
    rules
        Rule set whose buckets group the reasons, from `load_rule_set`. With another one other searches are in a group.
    field
        `networks_n` or `devices_n`.

    Returns
    -------
    DataFrame in the form of `searches.spread.count_widths`: group (a bucket in plain words; `no label fits`: another text;
    `no reason, ` and the state of a cell without one), width (missing where no log gives it), searches_n.
    """
    import ibis

    # a search has no origin of its own: its text, or the state of its cell, is the best that a log gives
    table = searches.mutate(reason_text_cell=searches.reason_state, reason_origin=ibis.null("string"))
    tally = tally_reasons(table, [rules], [field])
    group = name_places(tally, rules, "no label fits", "no reason, ").str.replace("_", " ")
    counted = (
        tally.assign(group=group, width=tally[field])
        .groupby(["group", "width"], dropna=False)["rows_n"]
        .sum()
    )
    return counted.rename("searches_n").reset_index().sort_values(["group", "width"], ignore_index=True)
