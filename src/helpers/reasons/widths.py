"""How wide searches are by what their reason says: buckets of one rule set, never a text."""

import pandas as pd

from helpers.reasons.classify import tally_reasons
from helpers.reasons.counts import name_places
from helpers.reasons.rule_sets import RuleSet
from helpers.searches.suppression import FEWEST

_OTHER, _UNREAD = "no label fits", "no reason, "


def count_reason_widths(
    searches, rules: RuleSet, field: str = "networks_n", fewest: int = FEWEST
) -> pd.DataFrame:
    """Count searches by how many networks, or devices, each went over, and by the bucket of their reason.

    Parameters
    ----------
    searches
        Ibis table from `searches.same.build_searches`.
    rules
        Rule set whose buckets group the reasons, from `load_rule_set`. With another one other searches are in a group.
    field
        `networks_n` or `devices_n`.
    fewest
        A bucket of fewer searches with a width above zero is no group of its own. Of the others, say how many searches
        have such a width, and not how many have none: that may be a few.

    Returns
    -------
    DataFrame in the form of `searches.spread.count_widths`: group (a bucket in plain words; `no label fits`: another text, or
    a bucket of too few searches; `no reason, ` and the state of a cell without one), width (missing where no log gives
    it), searches_n.
    """
    import ibis

    # a search has no origin of its own: its text, or the state of its cell, is the best that a log gives
    table = searches.mutate(reason_text_cell=searches.reason_state, reason_origin=ibis.null("string"))
    tally = tally_reasons(table, [rules], [field])
    group = name_places(tally, rules, _OTHER, _UNREAD).str.replace("_", " ")
    tally = tally.assign(group=group, width=tally[field])
    sizes = (
        tally[tally["width"] > 0]
        .groupby("group")["rows_n"]
        .sum()
        .reindex(tally["group"].unique(), fill_value=0)
    )
    few = sizes.index[(sizes < fewest) & ~sizes.index.str.startswith(_UNREAD)]
    tally["group"] = tally["group"].where(~tally["group"].isin(few), _OTHER)
    counted = tally.groupby(["group", "width"], dropna=False)["rows_n"].sum()
    return counted.rename("searches_n").reset_index().sort_values(["group", "width"], ignore_index=True)
