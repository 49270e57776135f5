"""Sources: how they are named in print, what was not read, and what carries no finding alone."""

from helpers.facts.sources import cite_sources
from helpers.facts.tables import list_tables, load_table

CITED = {
    "vcstar-2019": "Ventura County Star (The Fresno Bee), 16 March 2019",
    "mercedsunstar": "Merced Sun-Star, April 2026",
    "ice-pia-039a-2017": "U.S. Department of Homeland Security, 27 December 2017",
    "laist": "LAist, undated",
}


def test_a_source_is_named_by_publisher_and_date():
    """A reader meets who published it and when, never a short name; an unknown date is said as such."""
    named = cite_sources(CITED)

    assert dict(zip(named["source_id"], named["cite_as"], strict=True)) == CITED


def test_no_fact_rests_on_what_was_not_read():
    """Documents not read have an address and what they would show; no row of another table cites them."""
    unread = load_table("sources").query("read_as == 'not_read'")
    cited = set()
    for table in (load_table(name) for name in list_tables() if name != "sources"):
        for column in {"source_id", "corroborated_by", "account_source_id", "standing_source_id"} & {*table}:
            cited |= set(table[column].dropna())

    assert not cited & set(unread["source_id"])
    assert {"unread-agency-list", "unread-search-logs"} <= set(unread["source_id"])
    assert unread[["url", "note"]].notna().all(axis=None) and {"not_reached"} == set(unread["checked_as"])
