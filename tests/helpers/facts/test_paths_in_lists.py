"""Documented ways from sharing reports, held against the whole lists, which were read apart from them."""

import pandas as pd
import pytest

from helpers.facts.tables import load_table

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
    """Paths that rest on a list: whose list it is, the section, and the account at the other end."""
    owners = named.groupby("source_id")["reported_by"].first()
    paths = load_table("access_paths")
    paths = paths[paths["source_id"].isin(owners.index)].assign(owner=paths["source_id"].map(owners))
    is_owner = paths["from_id"] == paths["owner"]
    account = paths["to_id"].where(is_owner, paths["from_id"])
    keys = zip(paths["door"], is_owner, strict=True)
    return paths.assign(account=account, section=[SECTIONS[key] for key in keys])


def test_every_way_from_a_list_stands_in_it_on_that_page(named, told):
    """The account is a row of that section of the list, on the page of the path."""
    rows = told.merge(
        named[["source_id", "section", "agency_id", "page"]],
        left_on=["source_id", "section", "account"],
        right_on=["source_id", "section", "agency_id"],
        suffixes=("", "_list"),
        how="left",
    )
    seen = named.groupby(["source_id", "section"]).size()
    kept = pd.MultiIndex.from_frame(rows[["source_id", "section"]]).isin(seen.index)
    missing = rows.loc[kept & rows["page_list"].isna(), "path_id"].tolist()
    pages = rows[rows["page_list"].notna()]
    wrong = [
        path.path_id
        for path in pages.itertuples()
        if path.page not in (path.page_list, path.page_list.split(",")[0])
    ]

    assert len(pages) >= 30
    assert (missing, wrong) == ([], [])


def test_a_way_that_ended_by_a_later_list_is_not_active_in_it(named, told):
    """No account that a later list of the same agency is said to have dropped is active in that list."""
    ended = told[told["standing_source_id"].isin(named["source_id"]) & (told["standing"] == "ended")]
    later = named[~named["is_inactive"].fillna(False).astype(bool)]
    later = set(zip(later["source_id"], later["section"], later["agency_id"], strict=True))
    still = [
        path.path_id
        for path in ended.itertuples()
        if (path.standing_source_id, path.section, path.account) in later
    ]

    assert len(ended) >= 20 and still == []
