"""The invented world of the simulated log: agencies, what they type as a reason, what their records hide.

Two states, ZZ and YY, that do not exist. Six agencies of ZZ release logs, each with a fault that real
releases have. Names and reasons are built to trap rules that look for "ice".
"""

from dataclasses import dataclass

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

# name: kind, share of all searches, share of its searches that it runs for a federal agency
AGENCIES: dict[str, tuple[str, float, float]] = {
    "Exampleton ZZ PD": ("local", 7.0, 0.02),
    "Sample County ZZ SO": ("local", 8.0, 0.09),
    "Inventory Falls ZZ PD": ("local", 4.0, 0.01),
    "Officeville ZZ PD": ("local", 4.0, 0.02),
    "Justice Harbor ZZ PD": ("local", 4.0, 0.01),
    "Lakemark ZZ PD": ("local", 2.0, 0.02),
    "ZZ State Police": ("local", 9.0, 0.06),
    "ZZ Department of Justice": ("local", 2.0, 0.0),
    "Office of the Sample District Attorney ZZ": ("local", 1.0, 0.0),
    "Millbrook ZZ PD": ("local", 2.5, 0.10),
    "Ashford Township ZZ PD": ("local", 1.2, 0.0),
    "Venice Landing ZZ PD": ("local", 1.6, 0.0),
    "Prairie County ZZ SO": ("local", 1.4, 0.12),
    "Quarry ZZ PD": ("local", 0.5, 0.0),
    "Ricefield ZZ PD": ("local", 0.6, 0.0),
    "Sample State University ZZ PD": ("local", 0.4, 0.0),
    "ZZ Sample Fusion Center": ("fusion", 2.2, 0.45),
    "Copperline YY PD": ("local", 6.0, 0.01),
    "Longreach YY PD": ("local", 5.0, 0.02),
    "YY Highway Patrol": ("local", 7.0, 0.08),
    "Basin County YY SO": ("local", 3.0, 0.10),
    "Cedar Flat YY PD": ("local", 1.8, 0.0),
    "Northgate YY PD": ("local", 1.4, 0.0),
    "Iceland Ridge YY PD": ("local", 1.0, 0.0),
    "Notice Creek YY PD": ("local", 0.7, 0.0),
    "Pine Mesa YY SO": ("local", 0.6, 0.05),
    "Halfway YY PD": ("local", 0.4, 0.0),
    "[Federal] Simulated Border Agency": ("federal", 2.4, 0.0),
    "[Federal] Simulated Immigration Agency": ("federal", 1.8, 0.0),
    "[Federal] Simulated Park Police": ("federal", 0.9, 0.0),
}
BORROWED = "Millbrook ZZ PD"  # a federal agent searches under a log-in of this department
BORROWED_SHARE = 0.08

# Declared lists: which federal agencies and relays a host names. Local ones are drawn.
DECLARED = {
    "exampleton": (
        "[Federal] Simulated Border Agency",
        "[Federal] Simulated Park Police",
        "ZZ Sample Fusion Center",
    ),
    "sample-county": ("[Federal] Simulated Border Agency", "ZZ Sample Fusion Center"),
    "inventory-falls": ("ZZ Sample Fusion Center",),
    "officeville": ("[Federal] Simulated Park Police", "ZZ Sample Fusion Center"),
    "justice-harbor": (),
    "lakemark": ("ZZ Sample Fusion Center",),
}
NO_LIST = "justice-harbor"  # its list was not released: what it declared cannot be known
POOL = "Simulated National Lookup"  # stands on one list and names nobody
POOLED = "inventory-falls"
LIST_ON = "2025-11-30"
# The same agency, printed otherwise on lists.
ALIASES = {
    "ZZ State Police": "State Police of ZZ",
    "Copperline YY PD": "Copperline Police Department (YY)",
    "Prairie County ZZ SO": "Prairie County Sheriff's Office ZZ",
}

BUCKETS = ("explicit_civil_immigration", "agency_named", "ambiguous", "other", "none")
PURPOSES = ("civil_immigration", "federal_criminal", "local")
# What is typed, by purpose: text, bucket in which an informed reader would put it, weight.
REASONS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "civil_immigration": (
        ("immigration", "explicit_civil_immigration", 9),
        ("Immigration Enforcement", "explicit_civil_immigration", 6),
        ("ICE ERO", "explicit_civil_immigration", 6),
        ("ice/ero assist", "explicit_civil_immigration", 4),
        ("ICE detainer", "explicit_civil_immigration", 4),
        ("illegal immigration", "explicit_civil_immigration", 2),
        ("deportation order", "explicit_civil_immigration", 2),
        ("imigration", "explicit_civil_immigration", 3),
        ("immigraton violation", "explicit_civil_immigration", 2),
        ("Assist ICE", "agency_named", 6),
        ("for ICE", "agency_named", 3),
        ("Border Patrol assist", "agency_named", 3),
        ("DHS request", "agency_named", 2),
        ("ICE", "ambiguous", 14),
        ("ice", "ambiguous", 6),
        ("federal assist", "ambiguous", 5),
        ("assist other agency", "other", 6),
        ("Investigation", "other", 10),
        ("inv", "other", 4),
        ("", "none", 4),
    ),
    "federal_criminal": (
        ("HSI", "agency_named", 10),
        ("HSI task force", "agency_named", 6),
        ("Assist HSI - narcotics", "agency_named", 5),
        ("CBP contraband case", "agency_named", 3),
        ("narcotics", "other", 4),
        ("Investigation", "other", 8),
        ("", "none", 2),
    ),
    "local": (
        ("Investigation", "other", 22),
        ("investigaton", "other", 3),
        ("INVESTIGATION", "other", 6),
        ("Inv", "other", 8),
        ("stolen vehicle", "other", 12),
        ("theft", "other", 10),
        ("burglary", "other", 6),
        ("hit and run", "other", 6),
        ("Police assist", "other", 4),
        ("office burglary", "other", 2),
        ("device theft", "other", 2),
        ("Justice Center incident", "other", 2),
        ("notice of trespass", "other", 2),
        ("self service car wash theft", "other", 1),
        ("price tag fraud", "other", 1),
        ("in custody transport", "other", 2),
        ("press charges", "other", 1),
        ("church burglary", "other", 1),
        ("bail jumping", "other", 1),
        ("traffic", "other", 4),
        ("missing juvenile", "other", 3),
        ("welfare check", "other", 3),
        ("shots fired", "other", 3),
        ("robbery", "other", 4),
        ("protest traffic plan", "other", 1),
        ("daytime search for best result", "other", 1),
        ("ice sales", "other", 1),
        ("ice", "ambiguous", 3),
        ("meth/ice distribution", "other", 1),
        ("", "none", 8),
        ("n/a", "none", 1),
    ),
}
# From `CATEGORIES_ON` on the form offers these, and none of them is immigration.
CATEGORIES = (
    ("Property crime", 30),
    ("Violent crime", 14),
    ("Traffic", 12),
    ("Drugs", 8),
    ("Missing person", 6),
    ("Assist other agency", 10),
    ("Administrative", 5),
)
TYPES = (("lookup", 52), ("search", 30), ("freeform", 8), ("visual", 4), ("multiGeo", 3), ("convoy", 1))
# How far back a search asks, in days.
WINDOWS = ((1, 20), (7, 16), (30, 48), (90, 8), (365, 6), (1825, 2))
