"""Documented ways from sharing reports, held against the whole lists, which were read apart from them."""

import pytest

from helpers.facts.tables import load_table

# kind of access, is it the owner's own list -> section of the list
SECTIONS = {
    ("front", True): "detections_shared",
    ("front", False): "detections_received",
    ("hot_list", True): "hot_lists_shared",
    ("hot_list", False): "hot_lists_received",
}


@pytest.fixture(scope="module")
def named():
    """Every name of every list, with the list's source."""
    return load_table("lists").merge(load_table("sharing_lists"), on=["list_id", "section"])


@pytest.fixture(scope="module")
def told(named):
    """Paths that rest on a list: the section, and the account at the other end."""
    owners = named.groupby("source_id")["reported_by"].first()
    paths = load_table("access_paths")
    paths = paths[paths["source_id"].isin(owners.index)]
    is_owner = paths["from_id"] == paths["source_id"].map(owners)
    account = paths["to_id"].where(is_owner, paths["from_id"])
    keys = zip(paths["door"], is_owner, strict=True)
    return paths.assign(account=account, section=[SECTIONS[key] for key in keys])


def test_every_way_from_a_list_stands_in_it_on_that_page(named, told):
    """The account is a row of that section of the list, on the page of the path."""
    pages = named.groupby(["source_id", "section", "agency_id"])["page"].agg(list)
    kept = set(zip(named["source_id"], named["section"], strict=True))
    missing, wrong, seen_n = [], [], 0
    for path in told.itertuples():
        printed = pages.get((path.source_id, path.section, path.account))
        if printed is None:
            missing += [path.path_id] if (path.source_id, path.section) in kept else []
            continue
        seen_n += 1
        wrong += [path.path_id for page in printed if path.page not in (page, page.split(",")[0])]

    assert seen_n >= 30 and (missing, wrong) == ([], [])


def test_a_way_that_ended_by_a_later_list_is_not_active_in_it(named, told):
    """No account that a later list of the same agency is said to have dropped is active in that list."""
    ended = told[told["standing_source_id"].isin(named["source_id"]) & (told["standing"] == "ended")]
    later = named[~named["is_inactive"].fillna(False).astype(bool)]
    active = set(zip(later["source_id"], later["section"], later["agency_id"], strict=True))
    gone = set(zip(ended["standing_source_id"], ended["section"], ended["account"], strict=True))

    assert len(ended) >= 20 and not gone & active
