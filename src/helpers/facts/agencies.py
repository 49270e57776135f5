"""One table of all agencies: whether they are on ICE's list, the evidence, the reply, the latest status."""

import pandas as pd

from helpers.errors import DataError
from helpers.facts.dates import order_by_date, write_date
from helpers.facts.sources import cite_sources
from helpers.facts.tables import load_table

# What a status says, as one phrase.
PHRASES = {
    "listed": "named on ICE's list",
    "denied": "denies it",
    "denied_and_stopped": "denies it, and took steps against sharing",
    "denied_and_suspended": "denies it, and suspended its reader",
    "unaware": "did not know of it",
    "denied_direct": "denies sharing directly",
    "denied_agreement": "denies an agreement with ICE",
    "denied_direct_and_stopped": "denies sharing directly, and switched sharing off",
    "admitted_and_stopped": "admits it, and moved to stop it",
    "confirmed_partly": "confirms sharing with Homeland Security Investigations",
    "stopped": "ended sharing",
    "under_review": "reviews it",
    "continues": "keeps using the system",
    "corrected": "the ACLU added a correction",
    "shares": "reported as sharing",
    "not_on_list": "no ICE account on its sharing list",
    "account_seen": "account seen",
    "dated": "date of a listing",
    "kept_apart": "two statements kept apart",
    # no statement, but the end of a row of `access_paths`
    "path_ended": "a later record says or suggests that it ended",
}
# Replies by which an agency itself confirms that ICE could search its data, and those that deny all of it.
CONFIRMS = ("admitted_and_stopped", "confirmed_partly", "stopped")
DENIES = ("denied", "denied_and_stopped", "denied_and_suspended")
DENIES_IN_PART = ("unaware", "denied_direct", "denied_agreement", "denied_direct_and_stopped")
ENDS = ("stopped", "denied_and_stopped", "denied_direct_and_stopped", "admitted_and_stopped")
# How a source was read, best first.
READINGS = {
    "document": "document read",
    "publisher_page": "publisher's page read",
    "press_excerpt": "opening of an article read",
    "derived": "computed from a file",
}
# Headers of the table for a reader.
HEADERS = {
    "name": "agency",
    "kind": "kind",
    "state": "state",
    "on_ice_list": "on ICE's list",
    "evidence": "evidence of sharing with ICE",
    "read_as": "how the evidence was read",
    "reply": "reply",
    "status": "latest status",
    "status_on": "date of the status",
    "lists_n": "sharing lists that name it",
    "listed_by": "agencies whose lists name it",
    "agreement_287g": "287(g) agreement with ICE",
}
_KINDS = ("police", "sheriff", "campus_police", "fusion_center", "federal")


def build_agency_table(facts=None) -> pd.DataFrame:
    """Return one row for each agency that a fact speaks of, by state and name.

    Parameters
    ----------
    facts
        Folder with the fact tables.

    Returns
    -------
    DataFrame with the columns `agency_id`, `name`, `kind`, `state` and

    - `on_ice_list`: `yes` (sources name it, and the agency confirms that ICE could search its data),
      `reported` (sources name it), `denied` (sources name it, and it denies all of it), `not named`;
    - `evidence`: publishers and dates of the sources by which it shared with ICE, with the list or without;
      `read_as`: how the best of them was read; `sources_n`: how many they are; `source_ids`;
    - `reply`: what it answered, one phrase and date for each answer; `status`, `status_on`: the latest
      statement, which is never the listing where the agency replied to it;
    - `lists_n`, `listed_by`: complete sharing lists of other agencies on which it can search the data, and
      whose they are;
    - `agreement_287g`: its agreements with ICE by ICE's own list of January 2026, with the dates of signing.

    Empty text where nothing is known. `HEADERS` has words for the columns.
    """
    agencies = load_table("agencies", facts).query("kind in @_KINDS")
    claims = load_table("sharing_claims", facts).dropna(subset=["agency_id"])
    table = agencies[["agency_id", "name", "kind", "state"]].set_index("agency_id")
    table = table.assign(kind=table["kind"].str.replace("_", " "), state=table["state"].fillna(""))
    replies = claims[claims["claim_kind"].isin(["reply", "correction"])]
    parts = [
        _judge_listing(claims, replies),
        _cite_evidence(collect_evidence(facts), facts),
        _write_replies(replies),
        _find_status(claims, facts),
        _find_lists(facts),
        _find_agreements(facts),
    ]
    table = table.join(parts)
    table["on_ice_list"] = table["on_ice_list"].fillna("not named")
    counts = ["sources_n", "lists_n"]
    table[counts] = table[counts].fillna(0).astype(int)
    texts = table.columns.difference(counts)
    table[texts] = table[texts].fillna("")
    return table.reset_index().sort_values(["state", "name"], ignore_index=True)


def collect_evidence(facts=None) -> pd.DataFrame:
    """Return the rows by which an agency shared with ICE: agency_id, source_id, page, read_as, as_of.

    Listings and other records of `sharing_claims`, the sources that corroborate them, and the rows of
    `access_paths` that lead to ICE or one of its parts; denied and halted ones and hot lists are left out.
    """
    claims = load_table("sharing_claims", facts)
    shares = claims[(claims["claim_kind"] == "listing") | claims["status"].isin(["shares"])]
    columns = ["agency_id", "source_id", "page", "read_as", "as_of"]
    second = shares.dropna(subset=["corroborated_by"]).assign(source_id=shares["corroborated_by"], page=pd.NA)
    known = load_table("sources", facts).set_index("source_id")["read_as"]
    second = second.assign(read_as=second["source_id"].map(known))
    paths = load_table("access_paths", facts)
    into = paths["to_id"].isin(list_parts("ice", facts)) & ~paths["standing"].isin(["denied", "halted"])
    opened = paths[into & (paths["door"] != "hot_list")].rename(columns={"from_id": "agency_id"})
    rows = pd.concat([shares[columns], second[columns], opened[columns]])
    return rows.dropna(subset=["agency_id"]).drop_duplicates(["agency_id", "source_id"], ignore_index=True)


def list_parts(agency_id: str, facts=None) -> set[str]:
    """Return an agency and all its parts, by id."""
    agencies = load_table("agencies", facts)
    if agency_id not in set(agencies["agency_id"]):
        raise DataError("agencies", f"no agency `{agency_id}`", "Take an agency_id of that table.")
    parts = {agency_id}
    while more := set(agencies.loc[agencies["part_of"].isin(parts), "agency_id"]) - parts:
        parts |= more
    return parts


def _judge_listing(claims: pd.DataFrame, replies: pd.DataFrame) -> pd.Series:
    listed = claims.loc[(claims["claim_kind"] == "listing") & claims["is_in_release"], "agency_id"].unique()
    words = pd.Series("reported", index=pd.Index(listed, name="agency_id"), name="on_ice_list")
    for word, statuses in (("denied", DENIES), ("yes", CONFIRMS)):
        said = replies.loc[replies["status"].isin(statuses), "agency_id"]
        words[words.index.isin(said)] = word
    return words


def _cite_evidence(rows: pd.DataFrame, facts) -> pd.DataFrame:
    cited = cite_sources(rows["source_id"], facts).set_index("source_id")["cite_as"]
    order = list(READINGS)
    rows = rows.assign(cite_as=rows["source_id"].map(cited), rank=rows["read_as"].map(order.index))
    grouped = rows.groupby("agency_id")
    return pd.DataFrame(
        {
            "evidence": grouped["cite_as"].agg("; ".join),
            "read_as": grouped["rank"].min().map(lambda rank: READINGS[order[rank]]),
            "sources_n": grouped["source_id"].nunique(),
            "source_ids": grouped["source_id"].agg(" ".join),
        }
    )


def _write_replies(replies: pd.DataFrame) -> pd.Series:
    ordered = order_by_date(replies, "as_of", by_first=True)
    dates = ordered["as_of"].map(write_date, na_action="ignore").fillna("undated")
    said = ordered["status"].map(PHRASES) + " (" + dates + ")"
    grouped = said.groupby(ordered["agency_id"])
    return grouped.agg(lambda texts: "; ".join(dict.fromkeys(texts))).rename("reply")


def _find_status(claims: pd.DataFrame, facts) -> pd.DataFrame:
    """Find the latest statement of each agency, or the end of its sharing; notes are neither.

    A reply comes after the listing that it is about, even where its own date is known only to the month or
    not at all.
    """
    ends = load_table("access_paths", facts).dropna(subset=["ended_on"])
    ends = ends[ends["to_id"].isin(list_parts("ice", facts))]
    ends = pd.DataFrame({"agency_id": ends["from_id"], "status": "path_ended", "as_of": ends["ended_on"]})
    replied = claims.loc[claims["claim_kind"].isin(["reply", "correction"]), "agency_id"]
    is_answered = (claims["claim_kind"] == "listing") & claims["agency_id"].isin(replied)
    said = claims[(claims["claim_kind"] != "note") & ~is_answered]
    # where a month and a day within it meet, the day is the later statement
    ordered = order_by_date(pd.concat([ends, said]), "as_of", by_first=True)
    # an undated statement is the latest only where there is no dated one
    ordered = pd.concat([ordered[ordered["as_of"].isna()], ordered[ordered["as_of"].notna()]])
    latest = ordered.groupby("agency_id").tail(1).set_index("agency_id")
    dates = latest["as_of"].map(write_date, na_action="ignore").fillna("undated")
    return pd.DataFrame({"status": latest["status"].map(PHRASES), "status_on": dates})


def _find_lists(facts) -> pd.DataFrame:
    lists = load_table("lists", facts).query("is_whole and section == 'detections_shared'")
    names = load_table("sharing_lists", facts).query("agency_id.notna() and not is_inactive")
    found = names.merge(lists[["list_id", "section", "reported_by"]], on=["list_id", "section"])
    found = found[found["agency_id"] != found["reported_by"]]
    known = load_table("agencies", facts).set_index("agency_id")["name"]
    found = found.assign(whose=found["reported_by"].map(known)).sort_values("whose", kind="stable")
    grouped = found.groupby("agency_id")
    return pd.DataFrame(
        {
            "lists_n": grouped["list_id"].nunique(),
            "listed_by": grouped["whose"].agg(lambda names: "; ".join(dict.fromkeys(names))),
        }
    )


def _find_agreements(facts) -> pd.Series:
    signed = load_table("agreements_287g", facts).dropna(subset=["agency_id"]).sort_values("signed_on")
    texts = signed["agreement_type"] + " (signed " + signed["signed_on"].map(write_date) + ")"
    return texts.groupby(signed["agency_id"]).agg("; ".join).rename("agreement_287g")
