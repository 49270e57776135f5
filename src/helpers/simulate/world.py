"""The invented world of the simulated log: agencies, what they type as a reason, what their records hide.

Two states, ZZ and YY, that do not exist. Six agencies of ZZ release logs, each with a fault that real
releases have. Names and reasons are built to trap rules that look for "ice".
"""

from dataclasses import dataclass

import pandas as pd

from helpers import paths

ZONE = "America/Los_Angeles"
FIRST, LAST = "2025-06-01", "2026-03-01"  # local days; the last one is not reached
# What a method should find again, in local days.
CHANGE_ON, CHANGE_FACTOR = "2025-09-15", 1.5  # every agency searches more from here on
BURST_ON, BURST_BY = "2025-11-08", "Copperline YY PD"  # one agency, one day
BREAK_ON, CATEGORIES_ON = "2025-12-17", "2026-01-01"  # the form loses columns; reasons become categories


@dataclass(frozen=True)
class Host:
    """An agency that released logs.

    Attributes
    ----------
    name, slug
        As printed, and for ids of sources.
    kinds
        Which of `network`, `org` and `portal` it released.
    has_ids
        Whether its files carried search ids before the form changed.
    missing
        Local months, or days, of which nothing was released.
    """

    name: str
    slug: str
    kinds: tuple[str, ...]
    has_ids: bool
    missing: tuple[str, ...] = ()


_LOST_DAYS = ("2025-10-10", "2025-10-11", "2025-10-12")
HOSTS = (
    Host("Exampleton ZZ PD", "exampleton", ("network", "org"), True),
    Host("Sample County ZZ SO", "sample-county", ("network", "org"), False, ("2025-08",)),
    Host("Inventory Falls ZZ PD", "inventory-falls", ("network",), False, _LOST_DAYS),
    Host("Officeville ZZ PD", "officeville", ("network",), False),
    Host("Justice Harbor ZZ PD", "justice-harbor", ("network",), True),
    Host("Lakemark ZZ PD", "lakemark", ("portal",), True),
)
OVERLAPPING = "sample-county"  # each monthly file holds the first day of the next month, too
RELEASED_TWICE = ("inventory-falls", "2025-09")
SHORTENED = "inventory-falls"  # "Investigation" was cut to "Inv"
OVERWRITTEN = "officeville"  # every reason reads "Investigation"
CAPPED = "justice-harbor"  # one file, cut off at a round number of rows
MASKED = "justice-harbor"  # a third of its reasons is masked, some agencies are redacted


def _read_table(name: str) -> pd.DataFrame:
    path = paths.DATA / "registry" / f"simulated_{name}.csv"
    return pd.read_csv(path, keep_default_na=False)


_AGENCIES = _read_table("agencies").set_index("name")
# name: kind, share of all searches, share of its searches that it runs for a federal agency
AGENCIES: dict[str, tuple[str, float, float]] = dict(
    zip(
        _AGENCIES.index,
        _AGENCIES[["kind", "searches_weight", "federal_share"]].itertuples(index=False, name=None),
    )
)
BORROWED = "Millbrook ZZ PD"  # a federal agent searches under a log-in of this department
BORROWED_SHARE = 0.08

# Declared lists: which federal agencies and relays a host names. Local ones are drawn.
DECLARED = {
    host.slug: tuple(_AGENCIES.index[_AGENCIES["declared_by"].str.split(";").map(set([host.slug]).issubset)])
    for host in HOSTS
}
NO_LIST = "justice-harbor"  # its list was not released: what it declared cannot be known
POOL = "Simulated National Lookup"  # stands on one list and names nobody
POOLED = "inventory-falls"
LIST_ON = "2025-11-30"
# The same agency, printed otherwise on lists.
ALIASES = _AGENCIES.loc[_AGENCIES["name_on_lists"] != "", "name_on_lists"].to_dict()

PURPOSES = ("civil_immigration", "federal_criminal", "local")
# What is typed, by purpose: text, bucket in which an informed reader would put it, weight.
REASONS: dict[str, tuple[tuple[str, str, float], ...]] = {
    purpose: tuple(rows[["text", "bucket", "weight"]].itertuples(index=False, name=None))
    for purpose, rows in _read_table("reasons").groupby("purpose", sort=False)
}
# From `CATEGORIES_ON` on the form offers these, and none of them is immigration.
CATEGORIES = tuple((text, weight) for text, _, weight in REASONS.pop("category"))
TYPES = (("lookup", 52), ("search", 30), ("freeform", 8), ("visual", 4), ("multiGeo", 3), ("convoy", 1))
# How far back a search asks, in days.
WINDOWS = ((1, 20), (7, 16), (30, 48), (90, 8), (365, 6), (1825, 2))
